#include "sbc/registrar/edge_registrar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringwall::sbc::registrar {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

// A REGISTER in parts, so that a test names only what it is about.
struct Register {
    std::string contact;  // lines, with CRLF
    unsigned cseq = 1;
    std::string call_id = "call-1";
    std::string to = "<sip:alice@example.com>";
    std::string uri = "sip:example.com";
};

class EdgeRegistrarTest : public ::testing::Test {
protected:
    EdgeRegistrarTest() {
        phones.profile = Profile::Access;
        phones.security = Security::TrustedEncrypted;
        phones.domains = {"example.com"};
        phones.signaling_address = IpAddress::v4(192, 0, 2, 1);
        phones.reg_min_expiry = 60;
    }

    static std::string text_of(const Register& parts) {
        return "REGISTER " + parts.uri +
               " SIP/2.0\r\n"
               "Via: SIP/2.0/TLS 192.0.2.7:40000;branch=z9hG4bK1\r\n"
               "Max-Forwards: 70\r\n"
               "From: " +
               parts.to + ";tag=1\r\nTo: " + parts.to + "\r\nCall-ID: " + parts.call_id +
               "\r\nCSeq: " + std::to_string(parts.cseq) + " REGISTER\r\nUser-Agent: phone\r\n" +
               parts.contact + "Content-Length: 0\r\n\r\n";
    }

    static sip::MessagePtr message(const Register& parts) {
        const auto parsed = sip::Message::parse(text_of(parts), sip::Framing::Stream);
        EXPECT_TRUE(parsed.message && !parsed.fault) << text_of(parts);
        return parsed.message;
    }

    RegisterOutcome send(const Register& parts, std::string_view user = "alice@example.com") {
        return registrar.on_register(*message(parts), user, phones, 3, hop, now);
    }

    std::vector<Binding> bindings() { return location.find("alice@example.com", now); }

    Adjacency phones;
    Location location;
    RegisterOrder order;
    EdgeRegistrar registrar{location, order};
    TimePoint now{1000s};
    sip::Hop hop{{5}, {IpAddress::v4(192, 0, 2, 7), 40000}, sip::Transport::Tls};
};

TEST_F(EdgeRegistrarTest, BindsAContactToItsConnection) {
    const auto outcome = send({.contact = "Contact: <sip:alice@192.0.2.7:5061;transport=tls>\r\n"});
    EXPECT_EQ(outcome.status, 200);
    EXPECT_TRUE(outcome.is_registered);
    EXPECT_THAT(outcome.contacts,
                ElementsAre("<sip:alice@192.0.2.7:5061;transport=tls>;expires=3600"));
    ASSERT_EQ(bindings().size(), 1U);
    const Binding binding = bindings()[0];
    EXPECT_EQ(binding.hop, hop) << "the connection, not what the Contact says";
    EXPECT_EQ(binding.adjacency, 3U);
    EXPECT_EQ(binding.expires, now + 3600s);
    EXPECT_EQ(binding.user_agent, "phone");
}

// What a limit is asked for: nothing is bound by it.
TEST_F(EdgeRegistrarTest, ForeseesWhereTheContactsOfAUserWouldBe) {
    const EdgeRegistrar::Ways::value_type way{3, hop.remote.address};
    const auto foresee = [&](const Register& parts) {
        return registrar.foresee(*message(parts), {"alice@example.com", phones, 3, hop}, now);
    };
    const Register first{.contact = "Contact: <sip:a@192.0.2.7>, <sip:b@192.0.2.7>\r\n"};
    EXPECT_THAT(foresee(first).before, IsEmpty());
    EXPECT_THAT(foresee(first).after, ElementsAre(way, way));
    EXPECT_THAT(bindings(), IsEmpty());
    send(first);
    const auto change = foresee(
        {.contact =
             "Contact: <sip:a@192.0.2.7>;expires=0, <sip:b@192.0.2.7>, <sip:c@192.0.2.7>\r\n",
         .cseq = 2});
    EXPECT_THAT(change.before, ElementsAre(way, way));
    EXPECT_THAT(change.after, ElementsAre(way, way));
    const auto refused = foresee({.contact = "Contact: <tel:+4930123>\r\n", .cseq = 2});
    EXPECT_THAT(refused.before, IsEmpty());
    EXPECT_THAT(refused.after, IsEmpty());
    EXPECT_EQ(bindings().size(), 2U);
}

TEST_F(EdgeRegistrarTest, ListsAllBindingsWithTheTimeThatIsLeft) {
    send({.contact = "Contact: <sip:a@192.0.2.7>;q=0.25, "
                     "<sip:b@192.0.2.7>;expires=600;+sip.instance=\"<urn:uuid:1>\"\r\n"
                     "Expires: 120\r\n"});
    now += 20s + 1ms;
    const auto fetched = send({});
    EXPECT_EQ(fetched.status, 200);
    EXPECT_THAT(fetched.contacts,
                ElementsAre("<sip:b@192.0.2.7>;expires=580;+sip.instance=\"<urn:uuid:1>\"",
                            "<sip:a@192.0.2.7>;expires=100;q=0.250"));
}

// RFC 5626 §6: the key of a flow is the instance and its number.
TEST_F(EdgeRegistrarTest, AFlowTakesThePlaceOfTheOneWithItsNumber) {
    const auto flow = [](int port, std::string_view instance, int number) {
        return "Contact: <sip:alice@192.0.2.7:" + std::to_string(port) +
               ">;+sip.instance=\"<urn:uuid:" + std::string(instance) +
               ">\";reg-id=" + std::to_string(number) + "\r\nSupported: path, outbound\r\n";
    };
    const auto first = send({.contact = flow(1000, "A", 1)});
    EXPECT_TRUE(first.is_outbound);
    EXPECT_THAT(first.contacts, ElementsAre(HasSubstr(";reg-id=1")));
    const Register again{.contact = flow(2000, "a", 1), .call_id = "call-2"};
    EXPECT_EQ(send(again).contacts.size(), 1U);
    EXPECT_EQ(bindings()[0].contact, "sip:alice@192.0.2.7:2000");
    EXPECT_EQ(send({.contact = flow(3000, "a", 2), .call_id = "call-3"}).contacts.size(), 2U);
    EXPECT_EQ(send({.contact = flow(4000, "b", 1), .call_id = "call-4"}).contacts.size(), 3U);
    const auto response =
        registrar
            .response(*message(again), send({.contact = flow(2000, "a", 1), .call_id = "call-5"}),
                      "t", WallTime{})
            .build();
    EXPECT_TRUE(response->has_token(sip::HeaderName::Require, "outbound"));
}

TEST_F(EdgeRegistrarTest, ANumberMeansNothingWithoutInstanceOrOption) {
    const std::string contact = "Contact: <sip:alice@192.0.2.7:1000>;reg-id=1";
    EXPECT_FALSE(send({.contact = contact + "\r\nSupported: outbound\r\n"}).is_outbound);
    const auto outcome =
        send({.contact = contact + ";+sip.instance=\"<urn:uuid:a>\"\r\n", .call_id = "call-2"});
    EXPECT_EQ(outcome.status, 200);
    EXPECT_FALSE(outcome.is_outbound);
    EXPECT_EQ(bindings()[0].reg_id, 0U);
}

TEST_F(EdgeRegistrarTest, TwoFlowsAtOnceAreRefused) {
    const auto outcome =
        send({.contact = "Contact: <sip:a@192.0.2.7>;+sip.instance=\"<urn:uuid:a>\";reg-id=1, "
                         "<sip:b@192.0.2.7>;+sip.instance=\"<urn:uuid:a>\";reg-id=2\r\n"});
    EXPECT_EQ(outcome.status, 400);
    EXPECT_THAT(bindings(), IsEmpty());
}

TEST_F(EdgeRegistrarTest, AFlowThroughAnotherProxyIsNotOurs) {
    const std::string contact =
        "Via: SIP/2.0/TLS 192.0.2.8;branch=z9hG4bK2\r\n"
        "Contact: <sip:a@192.0.2.7>;+sip.instance=\"<urn:uuid:a>\";reg-id=1\r\n";
    EXPECT_EQ(send({.contact = contact + "Supported: outbound\r\n"}).status, 439);
    EXPECT_THAT(bindings(), IsEmpty());
    EXPECT_EQ(send({.contact = contact}).status, 200);
    EXPECT_EQ(bindings()[0].reg_id, 0U);
}

TEST_F(EdgeRegistrarTest, MovesTheBindingWhenItsPhoneComesBackOverAnotherConnection) {
    send({.contact = "Contact: <sip:alice@192.0.2.7:5061>\r\n"});
    hop.flow = {6};
    send({.contact = "Contact: <sip:%61lice@192.0.2.7:5061>\r\n", .cseq = 1, .call_id = "call-2"});
    ASSERT_EQ(bindings().size(), 1U) << "the same URI, RFC 3261 §19.1.4";
    EXPECT_EQ(bindings()[0].hop.flow, FlowId{6});
    EXPECT_THAT(location.drop_flow({5}), IsEmpty());
}

TEST_F(EdgeRegistrarTest, RemovesOneBindingOrAll) {
    send({.contact = "Contact: <sip:a@192.0.2.7>, <sip:b@192.0.2.7>, <sip:c@192.0.2.7>\r\n"});
    const auto one = send({.contact = "Contact: <sip:a@192.0.2.7>;expires=0\r\n", .cseq = 2});
    EXPECT_EQ(one.contacts.size(), 2U);
    const auto none = send({.contact = "Contact: *\r\nExpires: 0\r\n", .cseq = 3});
    EXPECT_EQ(none.status, 200);
    EXPECT_THAT(none.contacts, IsEmpty());
    EXPECT_FALSE(none.is_registered);
    EXPECT_EQ(location.binding_count(), 0U);
}

// RFC 3261 §10.2.2: any other star does not come past the screening of messages.
TEST_F(EdgeRegistrarTest, TakesAStarOnlyWithExpiresZero) {
    for (const char* lines : {"Contact: *\r\n", "Contact: *\r\nExpires: 60\r\n",
                              "Contact: *, <sip:b@192.0.2.7>\r\nExpires: 0\r\n"}) {
        const auto parsed = sip::Message::parse(text_of({.contact = lines}), sip::Framing::Stream);
        ASSERT_TRUE(parsed.fault) << lines;
        EXPECT_EQ(parsed.fault->status(), 400) << lines;
    }
}

// RFC 3261 §10.3 step 7: an update that comes late must not undo a newer one.
TEST_F(EdgeRegistrarTest, RefusesAnUpdateOutOfOrder) {
    send({.contact = "Contact: <sip:a@192.0.2.7>\r\n", .cseq = 5});
    for (const unsigned cseq : {4U, 5U}) {
        EXPECT_EQ(
            send({.contact = "Contact: <sip:a@192.0.2.7>;expires=0\r\n", .cseq = cseq}).status,
            500);
        EXPECT_EQ(send({.contact = "Contact: *\r\nExpires: 0\r\n", .cseq = cseq}).status, 500);
    }
    EXPECT_EQ(bindings().size(), 1U);
    EXPECT_EQ(
        send({.contact = "Contact: *\r\nExpires: 0\r\n", .cseq = 1, .call_id = "other"}).status,
        200);
}

TEST_F(EdgeRegistrarTest, ChangesNothingUnlessAllIsGood) {
    send({.contact = "Contact: <sip:a@192.0.2.7>\r\n", .cseq = 5});
    EXPECT_EQ(
        send({.contact = "Contact: <sip:b@192.0.2.7>, <sip:a@192.0.2.7>\r\n", .cseq = 4}).status,
        500);
    EXPECT_EQ(
        send({.contact = "Contact: <sip:b@192.0.2.7>, <sip:c@192.0.2.7>;expires=1\r\n", .cseq = 6})
            .status,
        423);
    EXPECT_THAT(bindings(), ElementsAre(Field(&Binding::contact, "sip:a@192.0.2.7")));
}

TEST_F(EdgeRegistrarTest, HoldsExpiryBetweenItsLimits) {
    const auto brief = send({.contact = "Contact: <sip:a@192.0.2.7>;expires=59\r\n"});
    EXPECT_EQ(brief.status, 423);
    EXPECT_EQ(brief.min_expires, 60U);
    EXPECT_EQ(send({.contact = "Contact: <sip:a@192.0.2.7>;expires=60\r\n"}).status, 200);
    now += 1s;
    send({.contact = "Contact: <sip:b@192.0.2.7>;expires=4294967295\r\n", .cseq = 2});
    EXPECT_THAT(send({}).contacts, ElementsAre(HasSubstr("expires=7200"), HasSubstr("expires=59")));
}

TEST_F(EdgeRegistrarTest, RegistersNobodyElse) {
    const Register own{.contact = "Contact: <sip:a@192.0.2.7>\r\n"};
    EXPECT_EQ(send(own, "bob@example.com").status, 403);
    EXPECT_EQ(send(own, "").status, 403);
    Register foreign = own;
    foreign.to = "<sip:alice@elsewhere.example>";
    EXPECT_EQ(send(foreign, "alice@elsewhere.example").status, 404);
    foreign = own;
    foreign.uri = "sip:elsewhere.example";
    EXPECT_EQ(send(foreign).status, 404);
    phones.profile = Profile::Peering;
    EXPECT_EQ(send(own).status, 403);
    EXPECT_EQ(location.binding_count(), 0U);
}

// baresip writes the port of its account into From and To.
TEST_F(EdgeRegistrarTest, TakesAnAddressOfRecordWithAPort) {
    const auto outcome = send({.contact = "Contact: <sip:a@192.0.2.7>\r\n",
                               .to = "<sip:alice@Example.COM:5061>",
                               .uri = "sip:192.0.2.1:5061"});
    EXPECT_EQ(outcome.status, 200);
    EXPECT_EQ(outcome.address_of_record, "alice@example.com");
}

TEST_F(EdgeRegistrarTest, WantsSipsContactsForASipsAddressOfRecord) {
    const std::string sips = "<sips:alice@example.com>";
    const std::string uri = "sips:example.com";
    EXPECT_EQ(send({.contact = "Contact: <sips:a@192.0.2.7>, <sip:b@192.0.2.7>\r\n",
                    .to = sips,
                    .uri = uri})
                  .status,
              400);
    EXPECT_EQ(location.binding_count(), 0U);
    EXPECT_EQ(send({.contact = "Contact: <sips:a@192.0.2.7>\r\n", .to = sips, .uri = uri}).status,
              200);
    ASSERT_EQ(bindings().size(), 1U) << "sips and sip name the same user";
    EXPECT_EQ(bindings()[0].scheme, sip::Scheme::Sips);
}

// RFC 5630 §5.2: the Request-URI and the Contacts count, the From and the To do not.
TEST_F(EdgeRegistrarTest, BindsNothingSecureByWhatIsNot) {
    const std::string contact = "Contact: <sips:a@192.0.2.7>\r\n";
    const std::string sip = "<sip:alice@example.com>";
    const auto refused = send({.contact = contact, .to = sip, .uri = "sip:example.com"});
    EXPECT_EQ(refused.status, 400);
    EXPECT_EQ(refused.reason, "SIPS Request-URI Required");
    EXPECT_EQ(location.binding_count(), 0U);
    EXPECT_EQ(send({.contact = contact, .to = sip, .uri = "sips:example.com"}).status, 200);
    EXPECT_EQ(bindings().size(), 1U);
}

// RFC 5630 §5.1.1.1: the later one replaces the one before.
TEST_F(EdgeRegistrarTest, AContactOfTheOtherSchemeIsTheSameContact) {
    const std::string sips = "Contact: <sips:a@192.0.2.7>\r\n";
    EXPECT_EQ(send({.contact = "Contact: <sip:a@192.0.2.7>\r\n"}).status, 200);
    EXPECT_EQ(send({.contact = sips, .cseq = 2, .uri = "sips:example.com"}).status, 200);
    ASSERT_EQ(bindings().size(), 1U);
    EXPECT_EQ(bindings()[0].scheme, sip::Scheme::Sips);
    EXPECT_EQ(send({.contact = "Contact: <sip:a@192.0.2.7>\r\n", .cseq = 3}).status, 200);
    ASSERT_EQ(bindings().size(), 1U);
    EXPECT_EQ(bindings()[0].scheme, sip::Scheme::Sip);
}

TEST_F(EdgeRegistrarTest, RefusesAContactThatIsNoSipUri) {
    EXPECT_EQ(send({.contact = "Contact: <mailto:alice@example.com>\r\n"}).status, 400);
    EXPECT_EQ(send({.contact = "Contact: <tel:+123>\r\n"}).status, 400);
}

// RFC 4475 §3.3.12, §3.3.13, §3.3.14.
TEST_F(EdgeRegistrarTest, KeepsTheUriOfAContactWhole) {
    const auto outcome =
        send({.contact = "Contact: sip:a@192.0.2.7;unknownparam\r\n"
                         "Contact: <sip:b@192.0.2.7;unknownparam>\r\n"
                         "Contact: <sip:c@192.0.2.7?Route=%3Csip:sip.example.com%3E>\r\n"});
    EXPECT_THAT(outcome.contacts,
                UnorderedElementsAre(
                    "<sip:a@192.0.2.7>;expires=3600", "<sip:b@192.0.2.7;unknownparam>;expires=3600",
                    "<sip:c@192.0.2.7?Route=%3Csip:sip.example.com%3E>;expires=3600"));
}

// RFC 4475 §3.1.1.4.
TEST_F(EdgeRegistrarTest, KeepsUsersWithEscapedNullsApart) {
    const std::string user("null-\0-null@example.com", 23);
    const auto outcome = send({.contact = "Contact: <sip:%00@192.0.2.7>\r\n"
                                          "Contact: <sip:%00%00@192.0.2.7>\r\n",
                               .to = "<sip:null-%00-null@example.com>"},
                              user);
    EXPECT_EQ(outcome.status, 200);
    EXPECT_EQ(outcome.contacts.size(), 2U);
    EXPECT_EQ(location.find(user, now).size(), 2U);
    EXPECT_THAT(location.find("null-", now), IsEmpty());
}

TEST_F(EdgeRegistrarTest, LimitsContactsOfAUserAndOfAll) {
    EdgeRegistrar small(location, order, {.contacts_per_user = 2, .bindings = 3});
    const auto add = [&](const std::string& user, const std::string& contacts) {
        return small
            .on_register(
                *message({.contact = "Contact: " + contacts + "\r\n", .to = "<sip:" + user + ">"}),
                user, phones, 0, hop, now)
            .status;
    };
    EXPECT_EQ(add("a@example.com", "<sip:1@h>, <sip:2@h>, <sip:3@h>"), 403);
    EXPECT_EQ(add("a@example.com", "<sip:1@h>, <sip:2@h>"), 200);
    EXPECT_EQ(add("b@example.com", "<sip:1@h>, <sip:2@h>"), 500);
    EXPECT_EQ(add("b@example.com", "<sip:1@h>"), 200);
    EXPECT_EQ(location.binding_count(), 3U);
}

// RFC 3327 §5.3: what the proxies between have said is kept, and told to the phone.
TEST_F(EdgeRegistrarTest, KeepsThePath) {
    const Register behind_proxy{
        .contact =
            "Contact: <sip:a@192.0.2.7>\r\nSupported: path\r\n"
            "Path: <sip:p2.example.com;lr>, <sip:p1.example.com;lr;ob>\r\n"};
    const auto outcome = send(behind_proxy);
    EXPECT_THAT(bindings()[0].path,
                ElementsAre("<sip:p2.example.com;lr>", "<sip:p1.example.com;lr;ob>"));
    EXPECT_THAT(outcome.path, bindings()[0].path);
    const auto response =
        registrar.response(*message(behind_proxy), outcome, "t", WallTime{}).build();
    EXPECT_THAT(response->values(sip::HeaderName::Path),
                ElementsAre("<sip:p2.example.com;lr>", "<sip:p1.example.com;lr;ob>"));
    // Nobody's requests are known by a connection of a proxy.
    EXPECT_THAT(location.registered_on(hop.flow, now), IsEmpty());
    send({.contact = "Contact: <sip:a@192.0.2.7>\r\n", .cseq = 2});
    EXPECT_THAT(location.registered_on(hop.flow, now), ElementsAre("alice@example.com"));
}

// RFC 5630 §5.2
TEST_F(EdgeRegistrarTest, WantsASipsPathForASipsContact) {
    const auto status = [&](const std::string& contact, const std::string& path) {
        return send({.contact = "Contact: <" + contact + ">\r\nPath: " + path + "\r\n",
                     .uri = contact.substr(0, contact.find(':')) + ":example.com"})
            .status;
    };
    EXPECT_EQ(status("sips:a@192.0.2.7", "<sip:p.example.com;lr>"), 400);
    EXPECT_EQ(status("sips:a@192.0.2.7", "<sips:q.example.com;lr>, <sip:p.example.com;lr>"), 400);
    EXPECT_EQ(status("sip:a@192.0.2.7", "<tel:+1>"), 400);
    const std::string proxy = "<sip:" + std::string(500, 'u') + "@p.example.com;lr>";
    const std::string long_path = proxy + ", " + proxy + ", " + proxy + ", " + proxy;
    EXPECT_EQ(status("sip:a@192.0.2.7", long_path), 400);
    EXPECT_THAT(bindings(), IsEmpty());
    EXPECT_EQ(status("sips:a@192.0.2.7", "<sips:p.example.com;lr>"), 200);
    EXPECT_EQ(status("sip:b@192.0.2.7", "<sips:p.example.com;lr>"), 200);
}

// Whoever asks for TLS on the way does not get a way that nobody vouches for.
TEST_F(EdgeRegistrarTest, TakesNoSipsPathWhereNobodyIsTrusted) {
    phones.security = Security::Untrusted;
    const auto status = [&](const std::string& path) {
        return send({.contact = "Contact: <sip:a@192.0.2.7>\r\nPath: " + path + "\r\n"}).status;
    };
    EXPECT_EQ(status("<sips:p.example.com;lr>"), 403);
    EXPECT_EQ(status("<sip:q.example.com;lr>, <sips:p.example.com;lr>"), 403);
    EXPECT_THAT(bindings(), IsEmpty());
    EXPECT_EQ(status("<sip:p.example.com;lr>"), 200);
}

// RFC 5626 §6: the edge proxy keeps the flow, and says so.
TEST_F(EdgeRegistrarTest, AFlowOfAnEdgeProxyCounts) {
    const auto through = [&](const std::string& path) {
        std::string text = text_of(
            {.contact = "Contact: <sip:a@192.0.2.7>;+sip.instance=\"<urn:uuid:a>\";reg-id=1\r\n"
                        "Supported: path, outbound\r\n" +
                        path});
        text.insert(text.find("Via:"), "Via: SIP/2.0/TLS p.example.com;branch=z9hG4bK2\r\n");
        const auto parsed = sip::Message::parse(text, sip::Framing::Stream);
        location.assign("alice@example.com", {});
        return registrar.on_register(*parsed.message, "alice@example.com", phones, 3, hop, now);
    };
    EXPECT_EQ(through("").status, 439);
    EXPECT_EQ(through("Path: <sip:p.example.com;lr>\r\n").status, 439);
    EXPECT_EQ(through("Path: <sip:q.example.com;lr;ob>, <sip:p.example.com;lr>\r\n").status, 439)
        << "the first of the way stands last";
    const auto outcome = through("Path: <sip:q.example.com;lr>, <sip:p.example.com;lr;ob>\r\n");
    EXPECT_EQ(outcome.status, 200);
    EXPECT_TRUE(outcome.is_outbound);
    EXPECT_EQ(bindings()[0].reg_id, 1U);
}

TEST_F(EdgeRegistrarTest, WritesTheResponse) {
    const auto request = message({.contact = "Contact: <sip:a@192.0.2.7>\r\n"});
    const auto outcome = registrar.on_register(*request, "alice@example.com", phones, 0, hop, now);
    const WallTime wall{std::chrono::seconds(1289690940)};
    const auto response = registrar.response(*request, outcome, "tag", wall).build();
    ASSERT_EQ(response->status(), 200);
    ASSERT_NE(response->header(sip::HeaderName::Date), nullptr);
    EXPECT_EQ(response->header(sip::HeaderName::Date)->value, "Sat, 13 Nov 2010 23:29:00 GMT");
    for (const auto& [later, date] : {std::pair{999ms, "Sat, 13 Nov 2010 23:29:00 GMT"},
                                      std::pair{1000ms, "Sat, 13 Nov 2010 23:29:01 GMT"}}) {
        const auto next = registrar.response(*request, outcome, "tag", wall + later).build();
        EXPECT_EQ(next->header(sip::HeaderName::Date)->value, std::string_view(date));
    }
    EXPECT_EQ(response->header(sip::HeaderName::Contact)->value, "<sip:a@192.0.2.7>;expires=3600");

    const auto brief_request =
        message({.contact = "Contact: <sip:a@192.0.2.7>;expires=5\r\n", .cseq = 2});
    const auto brief =
        registrar.on_register(*brief_request, "alice@example.com", phones, 0, hop, now);
    const auto refusal = registrar.response(*brief_request, brief, "tag", wall).build();
    EXPECT_EQ(refusal->status(), 423);
    ASSERT_NE(refusal->header(sip::HeaderName::MinExpires), nullptr);
    EXPECT_EQ(refusal->header(sip::HeaderName::MinExpires)->value, "60");
    EXPECT_EQ(refusal->header(sip::HeaderName::Contact), nullptr);
}

}  // namespace
}  // namespace ringwall::sbc::registrar
