#include "sip/auth/digest.h"

#include <gtest/gtest.h>

namespace ringwall::sip::auth {
namespace {

const Account mufasa{"Mufasa", Secret("Circle of Life")};

bool verify(const Credentials& c, const Account& account, std::string_view method,
            std::string_view body = {}) {
    return auth::verify(c, HashedPassword(account.username, c.realm, account.password), method,
                        body);
}

constexpr std::string_view rfc7616_nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
constexpr std::string_view rfc7616_cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";

Credentials of_rfc7616(Algorithm algorithm, std::string_view response) {
    Credentials c;
    c.username = "Mufasa";
    c.realm = "http-auth@example.org";
    c.nonce = rfc7616_nonce;
    c.uri = "/dir/index.html";
    c.response = response;
    c.cnonce = rfc7616_cnonce;
    c.nc = "00000001";
    c.algorithm = algorithm;
    c.qop = Qop::Auth;
    return c;
}

TEST(Digest, SaysWhatItProtectsWhateverItsAlgorithm) {
    const auto read = [](std::string_view value) {
        const auto protection = parse_protection(value);
        return protection ? protection->realm + "|" + protection->nonce : "-";
    };
    EXPECT_EQ(read(R"(Digest realm="a\"b", nonce="n", algorithm=AKAv1-MD5)"), "a\"b|n");
    EXPECT_EQ(read(R"(digest username="u", nonce="n", realm="r", qop=what)"), "r|n");
    EXPECT_EQ(read(R"(Basic realm="r")"), "-");
    EXPECT_EQ(read(R"(Digest realm="r")"), "-");
    EXPECT_EQ(read(R"(Digest realm="r", nonce="n", realm="q")"), "-");
    EXPECT_EQ(read("Digest"), "-");
}

// RFC 7616 §3.9.1.
TEST(Digest, VerifiesTheExamplesOfRfc7616) {
    const Credentials md5 = of_rfc7616(Algorithm::Md5, "8ca523f5e9506fed4657c9700eebdbec");
    EXPECT_TRUE(verify(md5, mufasa, "GET"));
    const Credentials sha256 = of_rfc7616(
        Algorithm::Sha256, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
    EXPECT_TRUE(verify(sha256, mufasa, "GET"));
}

// What it keeps of one request is not taken for another's.
TEST(Digest, VerifierTellsMethodsUrisAndBodiesApart) {
    const HashedPassword password("Mufasa", "http-auth@example.org", mufasa.password);
    const Credentials get = of_rfc7616(Algorithm::Md5, "8ca523f5e9506fed4657c9700eebdbec");
    Credentials elsewhere = get;
    elsewhere.uri = "/dir/other.html";
    Credentials whole = get;
    whole.qop = Qop::AuthInt;
    Verifier verifier;
    for (int round = 0; round < 2; ++round) {
        EXPECT_TRUE(verifier.verify(get, password, "GET"));
        EXPECT_FALSE(verifier.verify(get, password, "POST"));
        EXPECT_FALSE(verifier.verify(elsewhere, password, "GET"));
        EXPECT_FALSE(verifier.verify(whole, password, "GET"));
        EXPECT_TRUE(verifier.verify(get, password, "GET"));
        EXPECT_TRUE(verifier.verify(
            of_rfc7616(Algorithm::Sha256,
                       "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
            password, "GET"));
    }
}

// RFC 7616 §3.9.2 as corrected by its erratum 4897: SHA-512-256, a hashed user name, UTF-8.
TEST(Digest, VerifiesTheExampleWithSha512t256) {
    const Account account{"J\xc3\xa4s\xc3\xb8n Doe", Secret("Secret, or not?")};
    Credentials c;
    c.username = "793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b";
    c.userhash = true;
    c.realm = "api@example.org";
    c.nonce = "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK";
    c.uri = "/doe.json";
    c.cnonce = "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v";
    c.nc = "00000001";
    c.qop = Qop::Auth;
    c.algorithm = Algorithm::Sha512t256;
    c.response = "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5";
    EXPECT_TRUE(verify(c, account, "GET"));
    c.response = "ae66e67d6b427bd3f120414a82e4acff38e8ecd9101d6c861229025f607a79dd";  // as printed
    EXPECT_FALSE(verify(c, account, "GET"));

    SeededRandom random(1);
    Challenge challenge;
    challenge.realm = c.realm;
    challenge.algorithm = c.algorithm;
    challenge.qop_auth = challenge.userhash = true;
    EXPECT_EQ(answer(challenge, account, "GET", c.uri, 1, random).username, c.username);
}

// RFC 7616 §3.4.3.
TEST(Digest, WithAuthIntProvesTheBodyToo) {
    SeededRandom random(1);
    Challenge challenge;
    challenge.realm = "r";
    challenge.nonce = "n";
    challenge.qop_auth_int = true;
    const auto read = parse_challenge(to_string(challenge));
    ASSERT_TRUE(read);
    const auto sent = answer(*read, mufasa, "INVITE", "sip:x", 1, random, "v=0\r\n");
    const auto got = parse_credentials(to_string(sent));
    ASSERT_TRUE(got);
    EXPECT_EQ(got->qop, Qop::AuthInt);
    EXPECT_TRUE(verify(*got, mufasa, "INVITE", "v=0\r\n"));
    EXPECT_FALSE(verify(*got, mufasa, "INVITE", "v=0\n"));
    EXPECT_FALSE(verify(*got, mufasa, "INVITE"));
}

TEST(Digest, TakesAuthWhereBothAreOffered) {
    SeededRandom random(1);
    Challenge challenge;
    challenge.qop_auth = challenge.qop_auth_int = true;
    EXPECT_NE(to_string(challenge).find("qop=\"auth,auth-int\""), std::string::npos);
    EXPECT_EQ(answer(challenge, mufasa, "A", "b", 1, random, "body").qop, Qop::Auth);
}

TEST(Digest, IsNotProvenWithoutAPassword) {
    const Credentials good = of_rfc7616(Algorithm::Md5, "8ca523f5e9506fed4657c9700eebdbec");
    EXPECT_FALSE(auth::verify(good, HashedPassword(), "GET"));
    EXPECT_TRUE(HashedPassword("u", "r", Secret()).empty());
}

TEST(Digest, CountsInHexadecimal) {
    Credentials c;
    EXPECT_EQ(c.nonce_count(), 0U);
    c.nc = "0000001F";
    EXPECT_EQ(c.nonce_count(), 31U);
    c.nc = "ffffffff";
    EXPECT_EQ(c.nonce_count(), 0xffff'ffffU);
}

// RFC 2617 §3.5.
TEST(Digest, VerifiesTheExampleOfRfc2617) {
    const auto c = parse_credentials(
        "Digest username=\"Mufasa\", realm=\"testrealm@host.com\", "
        "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", uri=\"/dir/index.html\", qop=auth, "
        "nc=00000001, cnonce=\"0a4f113b\", response=\"6629fae49393a05397450978507c4ef1\", "
        "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"");
    ASSERT_TRUE(c);
    EXPECT_EQ(c->opaque, "5ccc069c403ebaf9f0171e9517f40e41");
    EXPECT_TRUE(verify(*c, {"Mufasa", Secret("Circle Of Life")}, "GET"));
}

TEST(Digest, RefusesWhatWasMadeForAnythingElse) {
    const Credentials good = of_rfc7616(Algorithm::Md5, "8ca523f5e9506fed4657c9700eebdbec");
    EXPECT_FALSE(verify(good, mufasa, "POST"));
    EXPECT_FALSE(verify(good, {"Mufasa", Secret("Circle of Lif")}, "GET"));
    EXPECT_FALSE(verify(good, {"Simba", Secret("Circle of Life")}, "GET"));
    const auto changed = [&](auto change) {
        Credentials c = good;
        change(c);
        return verify(c, mufasa, "GET");
    };
    EXPECT_FALSE(changed([](Credentials& c) { c.realm += "x"; }));
    EXPECT_FALSE(changed([](Credentials& c) { c.nonce += "x"; }));
    EXPECT_FALSE(changed([](Credentials& c) { c.uri += "x"; }));
    EXPECT_FALSE(changed([](Credentials& c) { c.cnonce += "x"; }));
    EXPECT_FALSE(changed([](Credentials& c) { c.nc = "00000002"; }));
    EXPECT_FALSE(changed([](Credentials& c) { c.qop = Qop::None; }));
    EXPECT_FALSE(changed([](Credentials& c) { c.algorithm = Algorithm::Sha256; }));
    EXPECT_FALSE(changed([](Credentials& c) { c.response.clear(); }));
    EXPECT_FALSE(changed([](Credentials& c) { c.response.pop_back(); }));
    EXPECT_FALSE(changed([](Credentials& c) { c.response.back() = 'd'; }));
}

TEST(Digest, TakesTheResponseInCapitalsToo) {
    EXPECT_TRUE(
        verify(of_rfc7616(Algorithm::Md5, "8CA523F5E9506FED4657C9700EEBDBEC"), mufasa, "GET"));
}

TEST(Digest, AnswersAChallengeSoThatTheServerIsConvinced) {
    SeededRandom random(1);
    const Account account{"bob \"the\" b\\uilder", Secret("s3cret")};
    for (const auto algorithm : {Algorithm::Md5, Algorithm::Sha256, Algorithm::Sha512t256}) {
        for (const bool qop : {true, false}) {
            Challenge challenge;
            challenge.realm = "phones \"inside\"";
            challenge.nonce = "abc";
            challenge.opaque = "o";
            challenge.algorithm = algorithm;
            challenge.qop_auth = qop;
            const auto read = parse_challenge(to_string(challenge));
            ASSERT_TRUE(read);
            const Credentials sent =
                answer(*read, account, "REGISTER", "sip:example.com", 255, random);
            const auto got = parse_credentials(to_string(sent));
            ASSERT_TRUE(got) << to_string(sent);
            EXPECT_EQ(got->username, account.username);
            EXPECT_EQ(got->realm, challenge.realm);
            EXPECT_EQ(got->opaque, "o");
            EXPECT_EQ(got->algorithm, algorithm);
            EXPECT_EQ(got->nc, qop ? "000000ff" : "");
            EXPECT_TRUE(verify(*got, account, "REGISTER"));
            EXPECT_FALSE(verify(*got, account, "INVITE"));
        }
    }
}

TEST(Digest, MakesAFreshCnonceForEachAnswer) {
    SeededRandom random(1);
    Challenge challenge;
    challenge.qop_auth = true;
    EXPECT_NE(answer(challenge, mufasa, "A", "b", 1, random).cnonce,
              answer(challenge, mufasa, "A", "b", 1, random).cnonce);
}

// A parameter is its whole name: what only ends or begins like one is another.
TEST(DigestChallenge, HasItsRealmInNoOtherParameter) {
    const auto c = parse_challenge(
        "Digest xrealm=\"evil\", nonce=\"n\", realm=\"good\", realmx=\"evil\", x=\"realm=evil\"");
    ASSERT_TRUE(c);
    EXPECT_EQ(c->realm, "good");
    EXPECT_FALSE(parse_challenge("Digest xrealm=\"evil\", nonce=\"n\""));
}

TEST(DigestChallenge, IsReadWithItsParametersInAnyOrderAndCase) {
    const auto c = parse_challenge(
        "dIgEsT  QOP=\"auth-int,  AUTH\" ,stale=TRUE,\tRealm = \"a\\\"b\\\\c\", domain=\"sip:x\", "
        "algorithm=\"sha-256\",nonce=\"n,1\",x-more=1,opaque=\"\", userhash=false");
    ASSERT_TRUE(c);
    EXPECT_EQ(c->realm, "a\"b\\c");
    EXPECT_EQ(c->nonce, "n,1");
    EXPECT_EQ(c->opaque, "");
    EXPECT_EQ(c->algorithm, Algorithm::Sha256);
    EXPECT_TRUE(c->qop_auth);
    EXPECT_TRUE(c->stale);
}

TEST(DigestChallenge, IsOfRfc2069WithoutQopAndMd5WithoutAlgorithm) {
    const auto c = parse_challenge("Digest realm=\"r\",nonce=\"n\"");
    ASSERT_TRUE(c);
    EXPECT_FALSE(c->qop_auth);
    EXPECT_FALSE(c->stale);
    EXPECT_EQ(c->algorithm, Algorithm::Md5);
}

TEST(DigestChallenge, IsRefusedWhenMalformedOrNotForUs) {
    for (const char* text : {
             "",
             "Digest",
             "Digest ",
             "Basic realm=\"r\"",
             "Digestrealm=\"r\",nonce=\"n\"",
             "Digest realm=\"r\"",
             "Digest nonce=\"n\"",
             "Digest realm=\"r\",nonce=\"n\",",
             "Digest ,realm=\"r\",nonce=\"n\"",
             "Digest realm=\"r\" nonce=\"n\"",
             "Digest realm=\"r\",nonce=\"n",
             "Digest realm=\"r\",nonce=\"n\\",
             "Digest realm=\"r\",nonce=\"n\\\"",
             "Digest realm=\"r\",nonce=\"n\"x",
             "Digest realm=\"r\",nonce=",
             "Digest realm=\"r\",nonce",
             "Digest realm=\"r\",=\"n\"",
             "Digest realm=\"r\",nonce=\"n\x01\"",
             "Digest realm=\"r\",nonce=\"n\\\n\"",
             "Digest realm=\"r\",realm=\"r\",nonce=\"n\"",
             "Digest realm=\"r\",nonce=\"n\",NONCE=\"m\"",
             "Digest realm=\"r\",nonce=\"n\",qop=\"token\"",
             "Digest realm=\"r\",nonce=\"n\",qop=\"\"",
             "Digest realm=\"r\",nonce=\"n\",algorithm=MD5-sess",
             "Digest realm=\"r\",nonce=\"n\",algorithm=SHA-512",
             "Digest realm=\"r\",nonce=\"n\",algorithm=SHA-512-256-sess",
         }) {
        const auto c = parse_challenge(text);
        ASSERT_FALSE(c) << text;
        EXPECT_EQ(c.error().fault, ParseFault::BadCredentials) << text;
    }
}

TEST(DigestCredentials, AreRefusedWhenMalformedOrNotForUs) {
    const std::string good =
        "Digest username=\"u\",realm=\"r\",nonce=\"n\",uri=\"sip:x\",response=\"0\"";
    EXPECT_TRUE(parse_credentials(good));
    EXPECT_TRUE(parse_credentials(good + ",qop=auth,nc=0000000A,cnonce=\"c\""));
    EXPECT_TRUE(parse_credentials(good + ",qop=\"auth\",nc=00000001,cnonce=\"c\",userhash=false"));
    EXPECT_TRUE(parse_credentials(good + ",algorithm=md5,unknown=\"auth\",unknown=2"));
    for (const char* more : {
             ",qop=auth",
             ",qop=auth,nc=00000001",
             ",qop=auth,cnonce=\"c\"",
             ",qop=auth,cnonce=\"c\",nc=1",
             ",qop=auth,cnonce=\"c\",nc=0000000g",
             ",qop=token,cnonce=\"c\",nc=00000001",
             ",qop=auth-int,nc=00000001",
             ",username=\"v\"",
             ",Response=\"1\"",
             ",algorithm=MD5-sess",
             ", Digest realm=\"s\"",
         }) {
        EXPECT_FALSE(parse_credentials(good + more)) << more;
    }
    for (const char* name : {"username", "realm", "nonce", "uri", "response"}) {
        std::string lacking = good;
        lacking.replace(lacking.find(name), std::string_view(name).size(), "other");
        EXPECT_FALSE(parse_credentials(lacking)) << name;
    }
}

TEST(DigestCredentials, AreReadInLinearTimeHoweverLong) {
    std::string text = "Digest realm=\"r\",nonce=\"";
    text.append(1'000'000, '\\').append("\"");
    EXPECT_TRUE(parse_challenge(text));
    text = "Digest ";
    for (int i = 0; i < 200'000; ++i) {
        text += "a=b,";
    }
    EXPECT_FALSE(parse_challenge(text));
}

// Whatever one octet of it becomes, a value is read or refused.
TEST(DigestCredentials, SurviveEveryChangeOfOneOctet) {
    const std::string good =
        "Digest username=\"u\\\"\",realm=\"r\",nonce=\"n\",uri=\"sip:x\",qop=auth,nc=00000001,"
        "cnonce=\"c\",response=\"0\"";
    for (std::size_t at = 0; at < good.size(); ++at) {
        EXPECT_FALSE(parse_credentials(good.substr(0, at))) << at;
        for (int octet = 0; octet < 256; ++octet) {
            std::string changed = good;
            changed[at] = static_cast<char>(octet);
            const auto c = parse_credentials(changed);
            if (c) {
                EXPECT_TRUE(parse_credentials(to_string(*c))) << changed;
            }
        }
    }
}

}  // namespace
}  // namespace ringwall::sip::auth
