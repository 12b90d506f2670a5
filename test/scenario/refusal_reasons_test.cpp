// Whatever Ringwall refuses in its own name says by which rule, where the adjacency may know
// (`refusal-reason`), and nothing where it may not. Whoever is not trusted hears no more by it of
// who exists. Of the stages: explain_test; where permit says no: there and in refusals_test.
#include "scenario/border.h"
#include "scenario/sim_media_engine.h"
#include "sip/message_builder.h"

namespace ringwall::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;
using Fields = Phone::Fields;

std::vector<std::string> warnings(const sip::MessagePtr& message) {
    std::vector<std::string> out;
    for (const auto& line : message->headers()) {
        if (line.id == sip::HeaderName::Warning) {
            out.emplace_back(line.value);
        }
    }
    return out;
}

// The final answer.
sip::MessagePtr hear(SimNetwork& net, Phone& phone, const std::string& method,
                     const std::string& uri, const Fields& fields = {},
                     const std::string& body = {}) {
    const auto is_over = [&phone, &method] {
        const auto last = phone.last_response(method);
        return last != nullptr && last->status() >= 200;
    };
    const std::size_t before = phone.responses().size();
    Fields all = fields;
    if (method == "INVITE" || method == "SUBSCRIBE") {
        all.emplace_back("Contact", phone.contact());
    }
    phone.send(method, uri, all, body);
    EXPECT_TRUE(net.run_until([&] { return phone.responses().size() > before && is_over(); }, 40s));
    net.run_for(1s);
    return phone.last_response(method);
}

struct Refused {
    const char* name;
    std::string method;
    std::string uri;
    Fields fields;
    std::string body;
    int status;
    std::string rule;
};

const std::string sdp =
    "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"
    "m=audio 4000 RTP/AVP 0\r\n";

// What a trusted softswitch hears. Nothing of it is sent on.
const std::vector<Refused> to_softswitch{
    {"of a user who is not registered",
     "INVITE",
     "sip:bob@example.com",
     {},
     "",
     480,
     "not-registered"},
    {"of nobody", "INVITE", "sip:eve@example.com", {}, "", 404, "no-such-user"},
    {"of a message to a user who is not registered",
     "MESSAGE",
     "sip:bob@example.com",
     {},
     "",
     480,
     "not-registered"},
    {"of a message to nobody", "MESSAGE", "sip:eve@example.com", {}, "", 404, "no-such-user"},
    {"of a session that is too short",
     "INVITE",
     "sip:bob@example.com",
     {{"Session-Expires", "60"}, {"Supported", "timer"}},
     "",
     422,
     "session-interval"},
    {"of a Replaces that names no dialog",
     "INVITE",
     "sip:bob@example.com",
     {{"Replaces", "nobody;to-tag=a;from-tag=b"}},
     "",
     481,
     "no-dialog"},
    {"of a Replaces that is none",
     "INVITE",
     "sip:bob@example.com",
     {{"Replaces", "nobody;to-tag"}},
     "",
     400,
     "replaces"},
    {"within no dialog",
     "BYE",
     "sip:bob@example.com",
     {{"To", "<sip:b@example.com>;tag=1"}},
     "",
     481,
     "no-dialog"},
    {"of a method that nobody knows", "FLY", "sip:bob@example.com", {}, "", 501, "sanity"},
    {"of a method that is not carried", "REGISTER", "sip:example.com", {}, "", 405, "sanity"},
    {"of an option",
     "INVITE",
     "sip:bob@example.com",
     {{"Require", "levitation"}},
     "",
     420,
     "sanity"},
    {"after too many hops",
     "INVITE",
     "sip:bob@example.com",
     {{"Max-Forwards", "0"}},
     "",
     483,
     "sanity"},
};

class SaysWhy : public SmallLab {
protected:
    explicit SaysWhy(std::string_view configuration = small_lab) : SmallLab(configuration) {}
};

TEST_F(SaysWhy, ToAPeerThatMayKnow) {
    for (const Refused& each : to_softswitch) {
        SCOPED_TRACE(each.name);
        const auto answer = hear(net, softswitch, each.method, each.uri, each.fields, each.body);
        EXPECT_EQ(answer->status(), each.status);
        EXPECT_THAT(warnings(answer),
                    ElementsAre(StartsWith("399 192.0.2.2 \"" + each.rule + ": ")));
    }
    EXPECT_EQ(sent_to(alice) + sent_to(bob) + sent_to(outside), 0U);
}

// What no honest program writes.
TEST_F(SaysWhy, OfWhatCannotBeRead) {
    softswitch.send("OPTIONS", "sip:bob@example.com", {});
    net.run_for(1s);
    ASSERT_THAT(softswitch.shard().connections(), SizeIs(1));
    const FlowId flow = softswitch.shard().connections().front().id;
    const std::string fields =
        "Via: SIP/2.0/TCP 192.0.2.20:5060;branch=z9hG4bK-raw\r\nMax-Forwards: 70\r\n"
        "From: <sip:x@switch.example.com>;tag=1\r\nTo: <sip:bob@example.com>\r\nCall-ID: raw\r\n";
    struct Raw {
        std::string text;
        std::string status;
        std::string rule;
    };
    const std::vector<Raw> all{
        {"INVITE mailto:bob@example.com SIP/2.0\r\n" + fields +
             "CSeq: 1 INVITE\r\nContact: <sip:x@192.0.2.20>\r\nContent-Length: 0\r\n\r\n",
         "416", "uri-scheme"},
        {"OPTIONS sip:bob@example.com SIP/2.0\r\n" + fields +
             "CSeq: 2 OPTIONS\r\nContact: <<\r\nContent-Length: 0\r\n\r\n",
         "400", "bad-request"},
        {"OPTIONS sip:bob@example.com SIP/2.0\r\n" + fields + "X-Padding: " +
             std::string(33'000, 'x') + "\r\nCSeq: 3 OPTIONS\r\nContent-Length: 0\r\n\r\n",
         "513", "too-large"},
    };
    for (const Raw& each : all) {
        SCOPED_TRACE(each.status);
        const std::size_t before = net.packets().size();
        softswitch.node().send(flow, each.text);
        net.run_for(1s);
        std::vector<std::string> answers;
        for (std::size_t i = before; i < net.packets().size(); ++i) {
            if (net.packets()[i].bytes.starts_with("SIP/2.0 ")) {
                answers.push_back(net.packets()[i].bytes);
            }
        }
        ASSERT_THAT(answers, SizeIs(1));
        EXPECT_THAT(answers.front(), StartsWith("SIP/2.0 " + each.status + " "));
        EXPECT_THAT(answers.front(), HasSubstr("Warning: 399 192.0.2.2 \"" + each.rule + ": "));
    }
    EXPECT_EQ(sent_to(alice) + sent_to(bob) + sent_to(outside), 0U);
}

TEST_F(SaysWhy, OfTheSameRequestByAnotherWay) {
    register_phones();
    bob.on_invite = Phone::OnInvite::Ring;
    const Fields same{{"From", "<sip:x@example.net>;tag=1"},
                      {"Call-ID", "twice"},
                      {"CSeq", "7 INVITE"},
                      {"Contact", softswitch.contact()}};
    softswitch.send("INVITE", "sip:bob@example.com", same);
    net.run_for(1s);
    if (border.worker_count() == 1) {
        softswitch.send("INVITE", "sip:bob@example.com", same);
        net.run_for(1s);
        EXPECT_EQ(softswitch.last_response("INVITE")->status(), 482);
        EXPECT_THAT(warnings(softswitch.last_response("INVITE")),
                    ElementsAre(StartsWith("399 192.0.2.2 \"merged-request: ")));
        EXPECT_EQ(bob.count("INVITE"), 1U);
    }
    bob.reject(486);
    net.run_for(1s);
    EXPECT_THAT(warnings(softswitch.last_response("INVITE")), IsEmpty()) << "that is bob's answer";
}

// ---- REGISTER -----------------------------------------------------------------------------------

const std::vector<Refused> to_phone{
    {"of what is too brief",
     "REGISTER",
     "sip:example.com",
     {{"Contact", "<sip:alice@192.0.2.11;transport=tls>;expires=1"}},
     "",
     423,
     "interval-too-brief"},
    {"of another domain", "REGISTER", "sip:elsewhere.example.net", {}, "", 404, "domain"},
    {"of a Contact that is no SIP URI",
     "REGISTER",
     "sip:example.com",
     {{"Contact", "<tel:+49301234>"}},
     "",
     400,
     "contact"},
    {"of a second flow at a time",
     "REGISTER",
     "sip:example.com",
     {{"Supported", "outbound, path"},
      {"Contact",
       "<sip:a@192.0.2.11;transport=tls>;reg-id=1;+sip.instance=\"<urn:uuid:1>\","
       "<sip:b@192.0.2.11;transport=tls>;reg-id=2;+sip.instance=\"<urn:uuid:1>\""}},
     "",
     400,
     "one-flow"},
};

TEST_F(SaysWhy, OfARegistration) {
    for (const Refused& each : to_phone) {
        SCOPED_TRACE(each.name);
        Fields fields = each.fields;
        fields.emplace_back("To", "<sip:alice@example.com>");
        alice.send(each.method, each.uri, fields);
        net.run_for(1s);  // it is challenged first, or is known by then
        const auto answer = alice.last_response("REGISTER");
        EXPECT_EQ(answer->status(), each.status);
        EXPECT_THAT(warnings(answer),
                    ElementsAre(StartsWith("399 border.example.com \"" + each.rule + ": ")));
    }
    EXPECT_EQ(border.sbc().location().binding_count(), 0U);
}

// The same at a registrar behind us that is not there, and one that says what names its side.
class SaysWhyBehind : public SmallLab {
protected:
    SaysWhyBehind()
        : SmallLab(configured(configured(small_lab, "phones",
                                         {"registration target adjacency softswitch",
                                          "sip-calls-in insecure", "sip-calls-out any"}),
                              "softswitch", {"sip-calls-in insecure"})) {}
    std::vector<std::string> refused(int status) {
        alice.register_now();
        EXPECT_TRUE(run_until([&] { return !alice.statuses("REGISTER").empty(); }));
        EXPECT_EQ(alice.statuses("REGISTER").back(), status);
        EXPECT_FALSE(alice.is_registered());
        return warnings(alice.last_response("REGISTER"));
    }
    void answers(int status) {
        softswitch.answered_by_test = [this, status](sip::transaction::ServerId id,
                                                     const sip::MessagePtr& request) {
            softswitch.shard().respond(id, sip::reply(*request, status, "t").build());
            return true;
        };
    }
};

TEST_F(SaysWhyBehind, IsNotThere) {
    softswitch.node().leave();
    EXPECT_THAT(refused(503), ElementsAre(StartsWith("399 border.example.com \"unavailable: ")));
}

TEST_F(SaysWhyBehind, Redirects) {
    answers(302);
    EXPECT_THAT(refused(480), ElementsAre(StartsWith("399 border.example.com \"not-there: ")));
}

TEST_F(SaysWhyBehind, CannotNow) {
    answers(503);
    EXPECT_THAT(refused(500), ElementsAre(StartsWith("399 border.example.com \"cannot-now: ")));
}

TEST_F(SaysWhyBehind, WhatItSaysItselfIsItsOwn) {
    answers(403);
    EXPECT_THAT(refused(403), IsEmpty());
}

// ---- peers that cannot be had -------------------------------------------------------------------

// North, who may know, calls west.
class SaysWhyOfAPeer : public Trunks {
protected:
    explicit SaysWhyOfAPeer(const std::vector<std::string>& of_west = {})
        : Trunks(configured(configured(three_trunks, "west", of_west), "north",
                            {"refusal-reason on"})) {}
    std::vector<std::string> refused(int status, const std::string& method = "INVITE",
                                     const Fields& fields = {}) {
        const auto answer = hear(net, north, method, "sip:5001@192.0.2.6", fields);
        EXPECT_EQ(answer->status(), status);
        return warnings(answer);
    }
};

class HasNoKnownAddress : public SaysWhyOfAPeer {
protected:
    HasNoKnownAddress()
        : SaysWhyOfAPeer({"security trusted-unencrypted", "signaling-peer nowhere.invalid"}) {}
};

TEST_F(HasNoKnownAddress, IsNotToldToWhoIsNotTrusted) {
    EXPECT_THAT(refused(480), ElementsAre(StartsWith("399 192.0.2.6 \"not-there: ")));
}

class IsToldOfNoAddress : public Trunks {
protected:
    IsToldOfNoAddress()
        : Trunks(configured(
              configured(three_trunks, "west",
                         {"security trusted-unencrypted", "signaling-peer nowhere.invalid"}),
              "north", {"security trusted-unencrypted"})) {}
};

TEST_F(IsToldOfNoAddress, WhereItMayKnow) {
    for (const auto& [method, rule] :
         {std::pair{"INVITE", "unreachable: "}, std::pair{"MESSAGE", "no-peer: "}}) {
        const auto answer = hear(net, north, method, "sip:5001@192.0.2.6");
        EXPECT_EQ(answer->status(), 480);
        EXPECT_THAT(warnings(answer),
                    ElementsAre(StartsWith("399 192.0.2.6 \"" + std::string(rule))));
    }
    EXPECT_EQ(sent_to(west), 0U);
}

TEST_F(SaysWhyOfAPeer, IsSilent) {
    west.node().leave();
    EXPECT_THAT(refused(408), ElementsAre(StartsWith("399 192.0.2.6 \"silent: ")));
}

TEST_F(SaysWhyOfAPeer, HasNoPrivacy) {
    EXPECT_THAT(refused(500, "INVITE", {{"Privacy", "session;critical"}}),
                ElementsAre(StartsWith("399 192.0.2.6 \"privacy-critical: ")));
    EXPECT_EQ(sent_to(west), 0U);
}

TEST_F(SaysWhyOfAPeer, WouldHaveTooLongAnAddress) {
    EXPECT_THAT(refused(400, "INVITE", {{"To", "<sip:" + std::string(4080, 'x') + "@192.0.2.6>"}}),
                ElementsAre(StartsWith("399 192.0.2.6 \"address-too-long: ")));
    EXPECT_EQ(sent_to(west), 0U);
}

TEST_F(SaysWhyOfAPeer, CannotNow) {
    west.in_dialog_status = 503;
    EXPECT_THAT(refused(500, "MESSAGE"), ElementsAre(StartsWith("399 192.0.2.6 \"cannot-now: ")));
}

class SaysWhyOfTheEngine : public Trunks {
protected:
    static std::string with_engine() {
        std::string text =
            configured(three_trunks, "north",
                       {"refusal-reason on", "media anchored", "media-engine-down refuse"});
        const std::string_view sbe = " sbe\n";
        return text.insert(text.find(sbe) + sbe.size(),
                           "  media-engine ipv4 192.0.2.77\n  media-engine-port 2223\n");
    }
    SaysWhyOfTheEngine() : Trunks(with_engine()) {}
    SimMediaEngine engine{net, {ip("192.0.2.77"), 2223}};
};

TEST_F(SaysWhyOfTheEngine, IsDown) {
    engine.is_silent = true;
    net.run_for(6s);
    const auto answer = hear(net, north, "INVITE", "sip:5001@192.0.2.6",
                             {{"Content-Type", "application/sdp"}}, sdp);
    EXPECT_EQ(answer->status(), 503);
    EXPECT_THAT(warnings(answer), ElementsAre(StartsWith("399 192.0.2.6 \"media-engine-down: ")));
    EXPECT_EQ(sent_to(west), 0U);
}

// ---- where nothing is said ----------------------------------------------------------------------

class SaysNothing : public SaysWhy {
protected:
    SaysNothing()
        : SaysWhy(configured(configured(small_lab, "softswitch", {"refusal-reason off"}), "phones",
                             {"refusal-reason off"})) {}
};

TEST_F(SaysNothing, WhereItIsOff) {
    for (const Refused& each : to_softswitch) {
        SCOPED_TRACE(each.name);
        const auto answer = hear(net, softswitch, each.method, each.uri, each.fields, each.body);
        EXPECT_EQ(answer->status(), each.status);
        EXPECT_THAT(warnings(answer), IsEmpty());
    }
    for (const Refused& each : to_phone) {
        SCOPED_TRACE(each.name);
        Fields fields = each.fields;
        fields.emplace_back("To", "<sip:alice@example.com>");
        alice.send(each.method, each.uri, fields);
        net.run_for(1s);
        EXPECT_EQ(alice.last_response("REGISTER")->status(), each.status);
        EXPECT_THAT(warnings(alice.last_response("REGISTER")), IsEmpty());
    }
}

// A stranger who may know by which rule: not of whom.
class StrangersWhoAsk : public SmallLab {
protected:
    StrangersWhoAsk()
        : SmallLab(configured(configured(small_lab, "outside", {"refusal-reason on"}), "phones",
                              {"sip-calls-out any", "sip-calls-in insecure"})) {}
    std::string heard(const std::string& method, const std::string& user) {
        const auto answer = hear(net, outside, method, "sip:" + user + "@example.com");
        std::string out = std::to_string(answer->status()) + " " + std::string(answer->reason());
        for (const auto& line : answer->headers()) {
            if (line.id != sip::HeaderName::Via && line.id != sip::HeaderName::To &&
                line.id != sip::HeaderName::CallId && line.id != sip::HeaderName::From) {
                out.append("\n").append(line.name).append(": ").append(line.value);
            }
        }
        return out;
    }
};

TEST_F(StrangersWhoAsk, HearTheSameOfAllWhoAreNotThere) {
    // Alice is registered where no stranger calls; bob is not.
    alice.register_now();
    ASSERT_TRUE(run_until([&] { return alice.is_registered(); }));
    const std::size_t before = sent_to(alice);
    for (const char* const method : {"INVITE", "MESSAGE", "SUBSCRIBE"}) {
        const std::string of_nobody = heard(method, "nobody");
        EXPECT_THAT(of_nobody, StartsWith("480 "));
        EXPECT_THAT(of_nobody, HasSubstr("Warning: 399 192.0.2.3 \"untrusted-caller-"));
        const auto without_cseq = [](std::string text) {
            const auto at = text.find("\nCSeq: ");
            return text.erase(at, text.find('\n', at + 1) - at);
        };
        EXPECT_EQ(without_cseq(heard(method, "bob")), without_cseq(of_nobody));
        EXPECT_EQ(without_cseq(heard(method, "alice")), without_cseq(of_nobody));
    }
    EXPECT_EQ(sent_to(alice), before);
}

}  // namespace
}  // namespace ringwall::test
