#include "sip/uri/uri.h"

#include <gtest/gtest.h>

namespace ringwall::sip {
namespace {

Uri uri(std::string_view text) {
    auto parsed = parse_uri(text);
    EXPECT_TRUE(parsed) << text;
    return parsed ? *parsed : Uri{};
}

ParseFault fault(std::string_view text) {
    auto parsed = parse_uri(text);
    EXPECT_FALSE(parsed) << text;
    return parsed ? ParseFault::NotSip : parsed.error().fault;
}

TEST(Uri, HasAllItsParts) {
    const Uri u = uri("sips:alice:pass@[2001:db8::9]:5070;transport=tcp;lr?subject=project%20x&a=");
    EXPECT_EQ(u.scheme, Scheme::Sips);
    EXPECT_TRUE(u.is_secure());
    EXPECT_TRUE(u.has_user);
    EXPECT_EQ(u.user, "alice");
    EXPECT_EQ(u.password, "pass");
    EXPECT_EQ(u.host, "[2001:db8::9]");
    EXPECT_EQ(u.port, 5070);
    EXPECT_EQ(u.parameters.text, ";transport=tcp;lr");
    EXPECT_EQ(u.parameters.find("TRANSPORT"), "tcp");
    EXPECT_EQ(u.parameters.find("lr"), "");
    EXPECT_TRUE(u.parameters.has("lr"));
    EXPECT_FALSE(u.parameters.has("l"));
    EXPECT_EQ(u.headers, "subject=project%20x&a=");
}

TEST(Uri, MayBeAHostAlone) {
    const Uri u = uri("SIP:example.com");
    EXPECT_EQ(u.scheme, Scheme::Sip);
    EXPECT_FALSE(u.has_user);
    EXPECT_EQ(u.host, "example.com");
    EXPECT_EQ(u.port, 0);
}

// RFC 3261 §25.1: user-unreserved holds ; ? / and more.
TEST(Uri, UserMayHoldWhatWouldEndAHost) {
    EXPECT_EQ(uri("sip:user;par=u%40example.net@example.com").user, "user;par=u%40example.net");
    EXPECT_FALSE(uri("sip:user;par=u%40example.net@example.com").parameters.has("par"));
    EXPECT_EQ(uri("sip:a?b=c/d@h").user, "a?b=c/d");
    EXPECT_EQ(uri("sip:a:b=&+$,@h").password, "b=&+$,");
    EXPECT_EQ(uri("sip:a:@h").password, "");
}

TEST(Uri, NamesOfParametersMayBeEscaped) {
    const Uri u = uri("sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31");
    EXPECT_TRUE(u.parameters.has("lr"));
    ASSERT_TRUE(u.parameters.find("name"));
    EXPECT_EQ(unescape(*u.parameters.find("name")), "value%41");
}

TEST(Uri, AcceptsHostsOfEveryKind) {
    for (const char* text : {"sip:h", "sip:host.example.com.", "sip:my_host", "sip:192.0.2.1:5060",
                             "sip:[::1]", "sip:[2001:db8::192.0.2.1]:1", "sip:a-b.c-d",
                             "sip:1a.example", "sip:3com.com", "sip:xn--bcher-kva.example:65535"}) {
        EXPECT_TRUE(parse_uri(text)) << text;
    }
}

TEST(Uri, RefusesWhatTheGrammarDoesNotGive) {
    for (const char* text : {"",
                             ":",
                             "sip",
                             "sip:",
                             "sip:@host",
                             "sip:a@",
                             "sip:a@b@c",
                             "sip:a b@c",
                             "sip:a@b c",
                             " sip:a@b",
                             "sip:a@b ",
                             "<sip:a@b>",
                             "sip:a@b>",
                             "sip:a%4@b",
                             "sip:a%zz@b",
                             "sip:a%@b",
                             "sip:a@b;",
                             "sip:a@b;;lr",
                             "sip:a@b;=x",
                             "sip:a@b;x=",
                             "sip:a@b; lr",
                             "sip:a@b?",
                             "sip:a@b?x",
                             "sip:a@b?=x",
                             "sip:a@b?x=y&",
                             "sip:a@b:",
                             "sip:a@b:0",
                             "sip:a@b:65536",
                             "sip:a@b:-1",
                             "sip:a@b:5060x",
                             "sip:a@b:99999999999999999999",
                             "sip:a@-b",
                             "sip:a@b-",
                             "sip:a@b..c",
                             "sip:a@.b",
                             "sip:a@1.2.3",
                             "sip:a@1.2.3.256",
                             "sip:a@1.2.3.4.5",
                             "sip:a@2001:db8::1",
                             "sip:a@[2001:db8::1",
                             "sip:a@[1.2.3.4]",
                             "sip:a@[]",
                             "sip:a@[fe80::1%25eth0]",
                             "sip:a\"b@c",
                             "sip:a@b;x=\"y\"",
                             "sip:\xc3\xa4@b",
                             "1sip:a@b",
                             "s p:x",
                             "sip:a@b\r\n",
                             "x:",
                             "x:a b",
                             "alan@jasomi.com"}) {
        EXPECT_EQ(fault(text), ParseFault::BadUri) << text;
    }
    EXPECT_EQ(fault(std::string_view("sip:a\0@b", 8)), ParseFault::BadUri);
}

TEST(Uri, HasLimits) {
    EXPECT_EQ(fault("sip:" + std::string(5000, 'a') + "@b"), ParseFault::TooLarge);
    std::string many = "sip:a@b";
    for (int i = 0; i < 64; ++i) {
        many += ";p" + std::to_string(i);
    }
    EXPECT_TRUE(parse_uri(many));
    EXPECT_EQ(fault(many + ";one-more"), ParseFault::TooLarge);
    EXPECT_EQ(fault("sip:a@" + std::string(256, 'h')), ParseFault::BadUri);
}

TEST(Uri, OfAnUnknownSchemeIsOpaque) {
    const Uri u = uri("nobodyKnowsThisScheme:totallyopaquecontent");
    EXPECT_EQ(u.scheme, Scheme::Other);
    EXPECT_EQ(u.text, "nobodyKnowsThisScheme:totallyopaquecontent");
    EXPECT_EQ(uri("soap.beep://192.0.2.103:3002").scheme, Scheme::Other);
    EXPECT_EQ(uri("urn:service:sos").scheme, Scheme::Other);
}

TEST(Uri, OfATelephoneHasItsNumber) {
    const Uri u = uri("tel:+1-201-555-0123;ext=7");
    EXPECT_EQ(u.scheme, Scheme::Tel);
    EXPECT_EQ(u.user, "+1-201-555-0123");
    EXPECT_EQ(u.parameters.find("ext"), "7");
    EXPECT_EQ(uri("TEL:*61#;phone-context=example.com").user, "*61#");
    for (const char* text :
         {"tel:", "tel:+", "tel:+1a", "tel:hello", "tel:+1 2", "tel:-", "tel:+*1"}) {
        EXPECT_EQ(fault(text), ParseFault::BadUri) << text;
    }
}

struct Pair {
    const char* a;
    const char* b;
};

// RFC 3261 §19.1.4, the examples and more.
TEST(UriComparison, FindsEqual) {
    for (const Pair& p : {
             Pair{"sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"},
             Pair{"sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"},
             Pair{"sip:carol@chicago.com", "sip:carol@chicago.com;security=on"},
             Pair{"sip:carol@chicago.com;newparam=5", "sip:carol@chicago.com;security=on"},
             Pair{"sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
                  "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com"},
             Pair{"sip:alice@atlanta.com?subject=project%20x&priority=urgent",
                  "sip:alice@atlanta.com?priority=urgent&subject=project%20x"},
             Pair{"sip:a@h?Subject=x", "sip:a@h?subject=x"},
             Pair{"sip:a%3bb@h", "sip:a%3Bb@h"},
             Pair{"sip:a@[2001:db8::1]", "sip:a@[2001:DB8:0:0:0:0:0:1]"},
             Pair{"sip:a@h;%6Cr", "sip:a@h;lr"},
             Pair{"sip:a@h;lr", "sip:a@h"},
             Pair{"SIP:a@h", "sip:a@h"},
             Pair{"tel:+1-201-555-0123", "tel:+1(201)5550123"},
             Pair{"tel:+1201;ext=7;isub=2", "tel:+1201;ISUB=2;ext=7"},
             Pair{"urn:service:sos", "urn:service:sos"},
         }) {
        EXPECT_TRUE(equivalent(uri(p.a), uri(p.b))) << p.a << " " << p.b;
        EXPECT_TRUE(equivalent(uri(p.b), uri(p.a))) << p.b << " " << p.a;
    }
}

TEST(UriComparison, FindsDifferent) {
    for (const Pair& p : {
             Pair{"SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"},
             Pair{"sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"},
             Pair{"sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"},
             Pair{"sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"},
             Pair{"sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"},
             Pair{"sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"},
             Pair{"sip:carol@chicago.com;security=off", "sip:carol@chicago.com;security=on"},
             Pair{"sip:a@h", "sips:a@h"},
             Pair{"sip:a@h;user=phone", "sip:a@h"},
             Pair{"sip:a@h;ttl=1", "sip:a@h"},
             Pair{"sip:a@h;method=INVITE", "sip:a@h"},
             Pair{"sip:a@h;maddr=1.2.3.4", "sip:a@h"},
             Pair{"sip:a@h;m%61ddr=1.2.3.4", "sip:a@h"},
             Pair{"sip:a:b@h", "sip:a@h"},
             Pair{"sip:a:B@h", "sip:a:b@h"},
             Pair{"sip:h", "sip:a@h"},
             Pair{"sip:a%3Bb@h", "sip:a;b@h"},
             Pair{"sip:null-%00@h", "sip:null-%00%00@h"},
             Pair{"sip:%00@h", "sip:%00%00@h"},
             Pair{"sip:a%2541@h", "sip:a%41@h"},
             Pair{"sip:a%2541@h", "sip:aA@h"},
             Pair{"sip:a@[2001:db8::1]", "sip:a@[2001:db8::2]"},
             Pair{"sip:a@h?x=1", "sip:a@h?x=1&x=1"},
             Pair{"sip:a@h?x=1&y=1", "sip:a@h?x=1&z=1"},
             Pair{"tel:+1201", "tel:1201"},
             Pair{"tel:+1201;ext=7", "tel:+1201"},
             Pair{"tel:+1201", "sip:+1201@h"},
             Pair{"urn:a", "urn:A"},
         }) {
        EXPECT_FALSE(equivalent(uri(p.a), uri(p.b))) << p.a << " " << p.b;
        EXPECT_FALSE(equivalent(uri(p.b), uri(p.a))) << p.b << " " << p.a;
    }
}

// The same parameter twice is not allowed (RFC 3261 §19.1.1), but a phone that writes so is still
// the phone that it was.
TEST(UriComparison, FindsAUriEqualToItself) {
    const char* const text = "sip:a@h;x=1;x=2";
    EXPECT_TRUE(equivalent(uri(text), uri(std::string(text))));
    EXPECT_TRUE(equivalent(uri("sip:a@h:5070;x=1;x=2"), uri("sip:a@h:05070;x=1;x=2")));
}

TEST(AddressOfRecord, IsTheSameForEveryWayToWriteAUser) {
    for (const char* text :
         {"sip:alice@example.com", "sips:alice@EXAMPLE.com", "sip:%61lice@example.com",
          "sip:alice@example.com:5061", "sip:alice:pw@example.com;transport=tls",
          "sip:alice@example.com.", "sip:alice@example.com?a=b"}) {
        EXPECT_EQ(address_of_record(uri(text)), "alice@example.com") << text;
    }
    EXPECT_EQ(address_of_record(uri("sip:a@[2001:DB8:0::1]:5060")), "a@[2001:db8::1]");
    EXPECT_EQ(address_of_record(uri("sip:example.com")), "example.com");
    EXPECT_EQ(address_of_record(uri("tel:+1-201-555")), "+1201555");
    EXPECT_EQ(address_of_record(uri("sip:sips%3Auser%40example.com@example.net")),
              "sips:user@example.com@example.net");
    EXPECT_EQ(address_of_record(uri("sip:null-%00-null@example.com")),
              std::string("null-\0-null@example.com", 23));
}

TEST(AddressOfRecord, KeepsTheCaseOfTheUser) {
    EXPECT_NE(address_of_record(uri("sip:Alice@h")), address_of_record(uri("sip:alice@h")));
}

TEST(Escapes, AreResolvedOnce) {
    EXPECT_EQ(unescape("%41%2541%zz%4"), "A%41%zz%4");
    EXPECT_EQ(escape_user("I have@ \xc3\xa4#"), "I%20have%40%20%C3%A4%23");
    const std::string odd = "a;b?c/d%e\"<>";
    EXPECT_EQ(unescape(escape_user(odd)), odd);
    EXPECT_TRUE(parse_uri("sip:" + escape_user(odd) + "@h"));
}

// RFC 3261 §19.1.1: a password in a URI is in the clear; and headers may hold credentials.
TEST(WithoutSecrets, HasNeitherPasswordNorHeaders) {
    EXPECT_EQ(without_secrets(uri("sips:a:wonderland@h:5060;lr?Authorization=Digest")),
              "sips:a@h:5060;lr");
    EXPECT_EQ(without_secrets(uri("sip:a:@h")), "sip:a:@h");
    EXPECT_EQ(without_secrets(uri("sip:a@[2001:db8::1]:5061;lr")), "sip:a@[2001:db8::1]:5061;lr");
    EXPECT_EQ(without_secrets(uri("sip:h?x=y")), "sip:h");
    EXPECT_EQ(without_secrets(uri("tel:+1;phone-context=x")), "tel:+1;phone-context=x");
}

TEST(WithScheme, ChangesTheSchemeAndDropsHeaders) {
    EXPECT_EQ(with_scheme(uri("sip:a@h:5060;lr?x=y"), Scheme::Sips), "sips:a@h:5060;lr");
    EXPECT_EQ(with_scheme(uri("SIPS:a@h"), Scheme::Sip), "sip:a@h");
    EXPECT_EQ(with_scheme(uri("tel:+1"), Scheme::Sips), "tel:+1");
}

}  // namespace
}  // namespace ringwall::sip
