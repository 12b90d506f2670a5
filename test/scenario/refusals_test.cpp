// What is kept of requests that were refused and are no calls: `show ... refusals`, and the trace
// of each. Refusals within a call: transfers_test, security_lines_test; by a registrar behind us:
// registrar_behind_test.
#include "sbc/policy/refusal_rule.h"
#include "scenario/border.h"
#include "sip/message_builder.h"

namespace ringwall::test {
namespace {

using sbc::CallRecord;
using sbc::policy::Event;
using sbc::policy::Finding;
using sbc::policy::Refusal;
using sbc::policy::rule_of;
using sbc::policy::TargetFailure;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class Kept : public SmallLab {
protected:
    using SmallLab::SmallLab;
    // As alice, who proves herself where she is asked.
    sip::MessagePtr answered(Phone& phone, const std::string& method, const std::string& uri,
                             const Phone::Fields& fields) {
        phone.send(method, uri, fields);
        net.run_for(1s);
        return phone.last_response(method);
    }
    std::size_t count(std::string_view name, std::string_view label) {
        return border.sbc().counters().value(name, label);
    }
    // The one that there is.
    CallRecord only() {
        const auto all = border.refusals();
        EXPECT_EQ(all.size(), 1U);
        CallRecord record = all.empty() ? CallRecord{} : all.back();
        bool is_found = false;
        for (std::size_t i = 0; i < border.worker_count(); ++i) {
            is_found = is_found || border.worker(i).find_call(record.call).has_value();
        }
        EXPECT_TRUE(is_found) << "by its name";
        EXPECT_THAT(border.records, IsEmpty()) << "it is no call";
        return record;
    }
    const Phone::Fields to_alice{{"To", "<sip:alice@example.com>"}};
};

// ---- REGISTER -----------------------------------------------------------------------------------

TEST_F(Kept, AFirstChallengeIsNoRefusal) {
    register_phones();
    EXPECT_THAT(border.refusals(), IsEmpty());
    EXPECT_EQ(count("challenged", "authenticate"), 2U);
}

TEST_F(Kept, WrongCredentialsAreOne) {
    Phone eve(net, ip("192.0.2.13"), sip::Transport::Tls, {ip("192.0.2.1"), 5061},
              {"alice", "example.com", "looking-glass"});
    eve.register_now();
    net.run_for(2s);
    EXPECT_THAT(eve.statuses("REGISTER"), ElementsAre(401, 401));
    EXPECT_EQ(border.sbc().location().binding_count(), 0U);
    const CallRecord record = only();
    EXPECT_EQ(record.method, "REGISTER");
    EXPECT_EQ(record.status, 401);
    EXPECT_EQ(record.result, "refused");
    EXPECT_EQ(record.reason, "wrong password");
    EXPECT_EQ(record.stage, "authenticate");
    EXPECT_EQ(record.from_adjacency, "phones");
    EXPECT_EQ(record.decisions.last(), sbc::policy::DecisionTrace::Last::Challenge);
    EXPECT_EQ(count("challenged", "authenticate"), 2U);
    EXPECT_EQ(count("rejected", "authenticate"), 0U) << "it is counted as a challenge";
}

TEST_F(Kept, WhatTheRegistrarRefusesHasItsRule) {
    Phone::Fields fields{{"From", "<sips:alice@example.com>;tag=1"},
                         {"To", "<sips:alice@example.com>"},
                         {"Contact", "<sip:alice@192.0.2.11;transport=tls>"}};
    const auto answer = answered(alice, "REGISTER", "sips:example.com", fields);
    EXPECT_EQ(answer->status(), 400);
    EXPECT_THAT(
        std::string(answer->bytes()),
        HasSubstr("Warning: 399 border.example.com \"registration-needs-sips: A SIPS address-of-"));
    const CallRecord record = only();
    EXPECT_EQ(record.status, 400);
    EXPECT_EQ(record.reason, "SIPS Contact Required");
    ASSERT_EQ(record.decisions.targets().size(), 1U);
    const auto& target = record.decisions.targets()[0];
    EXPECT_EQ(target.refusal(), Refusal::RegistrationNeedsSips);
    EXPECT_EQ(target.event, Event::Registration);
    EXPECT_EQ(target.scheme, sip::Scheme::Sip);
    EXPECT_EQ(record.decisions.last(), sbc::policy::DecisionTrace::Last::Continue);
    EXPECT_EQ(count("registrations", "400"), 1U);
    EXPECT_EQ(border.sbc().location().binding_count(), 0U);
}

TEST_F(Kept, WhatIsTooBriefOrNotServedIsOneEach) {
    Phone::Fields brief = to_alice;
    brief.emplace_back("Contact", "<sip:alice@192.0.2.11;transport=tls>;expires=1");
    EXPECT_EQ(answered(alice, "REGISTER", "sip:example.com", brief)->status(), 423);
    EXPECT_EQ(only().reason, "Interval Too Brief");
    EXPECT_EQ(answered(alice, "REGISTER", "sip:elsewhere.example.net", to_alice)->status(), 404);
    const auto all = border.refusals();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(count("registrations", "423"), 1U);
    EXPECT_EQ(count("registrations", "404"), 1U);
}

// The stages before it say no.
TEST_F(Kept, OfAnotherSubscriberOrWithAnotherScheme) {
    answered(alice, "REGISTER", "sip:example.com",
             {{"From", "<sip:bob@example.com>;tag=1"}, {"To", "<sip:alice@example.com>"}});
    EXPECT_EQ(alice.last_response("REGISTER")->status(), 403);
    EXPECT_EQ(only().stage, "authenticate");
    EXPECT_EQ(count("rejected", "authenticate"), 1U);
}

// ---- MESSAGE and REFER outside of dialogs -------------------------------------------------------

// As the INVITE in the same place: RefusalReason.OfAContactIsToldToo.
TEST_F(Kept, AMessageThatItsTargetMayNotHaveIsToldAndKept) {
    register_phones();
    softswitch.set_scheme("sips");
    const auto answer = answered(softswitch, "MESSAGE", "sips:bob@example.com", {});
    EXPECT_EQ(answer->status(), 480);
    EXPECT_THAT(std::string(answer->bytes()),
                AllOf(HasSubstr("Warning: 380 192.0.2.2 \"SIPS Not Allowed\""),
                      HasSubstr("Warning: 399 192.0.2.2 \"scheme-to-sip: A call to a SIPS URI")));
    EXPECT_EQ(bob.count("MESSAGE"), 0U);
    const CallRecord record = only();
    EXPECT_EQ(record.method, "MESSAGE");
    EXPECT_EQ(record.status, 480);
    EXPECT_EQ(record.from_adjacency, "softswitch");
    EXPECT_TRUE(record.is_secure);
    ASSERT_EQ(record.decisions.targets().size(), 1U);
    EXPECT_EQ(record.decisions.targets()[0].refusal(), Refusal::SchemeToSip);
    EXPECT_EQ(record.decisions.targets()[0].event, Event::Fork);
    EXPECT_EQ(record.decisions.last(), sbc::policy::DecisionTrace::Last::Continue);
    EXPECT_EQ(count("refused_targets", "scheme-to-sip"), 1U);
}

TEST_F(Kept, AMessageToNobodySaysSo) {
    EXPECT_EQ(answered(softswitch, "MESSAGE", "sip:bob@example.com", {})->status(), 480);
    EXPECT_EQ(only().decisions.targets()[0].finding, Finding::NotRegistered);
    EXPECT_EQ(answered(softswitch, "MESSAGE", "sip:eve@example.com", {})->status(), 404);
    std::vector<Finding> findings;
    for (const CallRecord& each : border.refusals()) {
        findings.push_back(each.decisions.targets()[0].finding);
    }
    EXPECT_THAT(findings,
                ::testing::UnorderedElementsAre(Finding::NotRegistered, Finding::NoSuchUser));
}

TEST_F(Kept, AMessageThatTheRouteRefusesIsKeptOnce) {
    const auto answer = answered(softswitch, "MESSAGE", "sip:5001@outside.example.com", {});
    EXPECT_EQ(answer->status(), 480);
    EXPECT_EQ(sent_to(outside), 0U);
    EXPECT_EQ(only().decisions.rule(), Refusal::SecureCallUntrustedTarget);
    EXPECT_EQ(count("rejected", "route"), 1U);
}

// What the far side says is not a refusal of ours.
TEST_F(Kept, NoMessageThatPassedIs) {
    register_phones();
    bob.in_dialog_status = 486;
    EXPECT_EQ(answered(softswitch, "MESSAGE", "sip:bob@example.com", {})->status(), 486);
    EXPECT_THAT(border.refusals(), IsEmpty());
}

TEST_F(Kept, AReferOutsideOfDialogsThatChangesTheScheme) {
    register_phones();
    softswitch.set_scheme("sips");
    const auto answer =
        answered(softswitch, "REFER", "sips:bob@example.com",
                 {{"Contact", softswitch.contact()}, {"Refer-To", "<sip:5001@192.0.2.20>"}});
    EXPECT_EQ(answer->status(), 403);
    EXPECT_THAT(std::string(answer->bytes()), HasSubstr("399 192.0.2.2 \"scheme-to-sip: "));
    EXPECT_EQ(bob.count("REFER"), 0U);
    EXPECT_EQ(only().decisions.rule(), Refusal::SchemeToSip);
}

// ---- what was sent, and failed in our own name
// ---------------------------------------------------

// Of what went out to one target, and failed there.
std::optional<TargetFailure> failure_in(const CallRecord& record) {
    const auto targets = record.decisions.targets();
    EXPECT_EQ(targets.size(), 2U);
    if (targets.size() != 2) {
        return std::nullopt;
    }
    EXPECT_EQ(targets[0].finding, Finding::Sent);
    EXPECT_EQ(targets[0].event, targets[1].event);
    EXPECT_EQ(targets[0].adjacency, targets[1].adjacency);
    return failure_of(targets[1]);
}

class InVain : public SmallLab {
protected:
    using SmallLab::SmallLab;
    void asks_for_proof(Phone& phone, std::string realm) {
        phone.answered_by_test = [&phone, realm = std::move(realm)](
                                     sip::transaction::ServerId id,
                                     const sip::MessagePtr& request) {
            if (request->method() == sip::Method::Ack) {
                return false;
            }
            auto response = sip::reply(*request, 401, "challenger");
            response.header(sip::HeaderName::WwwAuthenticate,
                            "Digest realm=\"" + realm + "\", nonce=\"n\"");
            phone.shard().respond(id, response.build());
            return true;
        };
    }
    CallRecord call(const std::string& uri, int status) {
        softswitch.invite(uri);
        net.run_for(40s);
        EXPECT_EQ(softswitch.statuses("INVITE").back(), status);
        EXPECT_EQ(border.records.size(), 1U);
        return border.records.empty() ? CallRecord{} : border.records.back();
    }
};

TEST_F(InVain, AChallengeForAnotherRealmIsTheReason) {
    register_phones();
    asks_for_proof(bob, "bank.example");
    const CallRecord record = call("sip:bob@example.com", 480);
    EXPECT_EQ(bob.count("INVITE"), 1U) << "nothing was proven";
    EXPECT_THAT(std::string(softswitch.last_response("INVITE")->bytes()),
                HasSubstr("SIP/2.0 480 Temporarily Unavailable"));
    EXPECT_EQ(record.reason, rule_of(TargetFailure::ChallengeUnknown).sentence);
    EXPECT_EQ(failure_in(record), TargetFailure::ChallengeUnknown);
}

TEST_F(InVain, SoIsAPasswordThatWasNotAccepted) {
    register_phones();
    asks_for_proof(bob, "example.com");
    const CallRecord record = call("sip:bob@example.com", 480);
    EXPECT_GT(bob.count("INVITE"), 1U);
    EXPECT_EQ(record.reason, rule_of(TargetFailure::ProofNotAccepted).sentence);
    EXPECT_EQ(failure_in(record), TargetFailure::ProofNotAccepted);
}

TEST_F(InVain, AMessageThatIsChallengedHasItInItsRefusal) {
    register_phones();
    asks_for_proof(bob, "example.com");
    softswitch.send("MESSAGE", "sip:bob@example.com", {});
    net.run_for(1s);
    EXPECT_EQ(softswitch.last_response("MESSAGE")->status(), 480);
    EXPECT_EQ(bob.count("MESSAGE"), 1U);
    ASSERT_EQ(border.refusals().size(), 1U);
    const CallRecord record = border.refusals().back();
    EXPECT_EQ(record.reason, rule_of(TargetFailure::ChallengeNotVouched).sentence);
    EXPECT_EQ(failure_in(record), TargetFailure::ChallengeNotVouched);
}

// North calls west, and that has no other way.
class LeadsNowhere : public Trunks {
protected:
    using Trunks::Trunks;
    CallRecord call(const std::string& status_line) {
        north.invite("sip:5001@192.0.2.6");
        net.run_for(40s);
        EXPECT_THAT(std::string(north.last_response("INVITE")->bytes()), HasSubstr(status_line));
        EXPECT_EQ(border.records.size(), 1U);
        return border.records.empty() ? CallRecord{} : border.records.back();
    }
};

class HasNoAddress : public LeadsNowhere {
protected:
    HasNoAddress()
        : LeadsNowhere(configured(three_trunks, "west", {"signaling-peer nowhere.invalid"})) {}
};

TEST_F(HasNoAddress, IsTheReason) {
    const CallRecord record = call("SIP/2.0 480 Temporarily Unavailable\r\n");
    EXPECT_EQ(sent_to(west), 0U);
    EXPECT_EQ(record.reason,
              "No address was found for the peer, or none that was found could be reached.");
    EXPECT_EQ(failure_in(record), TargetFailure::Unreachable);
}

TEST_F(LeadsNowhere, SilenceIsTheReason) {
    west.node().leave();
    const CallRecord record = call("SIP/2.0 408 Request Timeout\r\n");
    EXPECT_EQ(record.reason, "The peer did not answer in time.");
    EXPECT_EQ(failure_in(record), TargetFailure::Silent);
}

// ---- a rule of one stage among several ----------------------------------------------------------

TEST_F(Kept, AContactOfAnotherSchemeHasItsOwnSentence) {
    const auto answer =
        answered(softswitch, "INVITE", "sips:bob@example.com", {{"Contact", "<sip:x@192.0.2.20>"}});
    EXPECT_EQ(answer->status(), 400);
    EXPECT_THAT(
        std::string(answer->bytes()),
        AllOf(HasSubstr("SIP/2.0 400 Contact Has Another URI Scheme Than The Call"),
              HasSubstr("399 192.0.2.2 \"contact-scheme: The Contact of a caller has the")));
    ASSERT_EQ(border.records.size(), 1U);
    const CallRecord& record = border.records[0];
    EXPECT_EQ(rule_of(record.decisions, record.status, record.reason).name, "contact-scheme");
    EXPECT_EQ(border.records[0].stage, "target-security");
}

// ---- what must not be in it ---------------------------------------------------------------------

TEST_F(Kept, NoSecretIs) {
    answered(alice, "REGISTER", "sip:elsewhere.example.net",
             {{"From", "<sip:alice:wonderland@example.com?Authorization=Digest>;tag=1"},
              {"To", "<sip:alice@example.com>"}});
    const CallRecord record = only();
    EXPECT_EQ(record.caller, "sip:alice@example.com");
    EXPECT_EQ(record.callee, "sip:elsewhere.example.net");
}

}  // namespace
}  // namespace ringwall::test
