// What is kept of requests that were refused and are no calls: `show ... refusals`, and the trace
// of each. Refusals within a call: transfers_test, security_lines_test; by a registrar behind us:
// registrar_behind_test.
#include "scenario/border.h"

namespace ringwall::test {
namespace {

using sbc::CallRecord;
using sbc::policy::Event;
using sbc::policy::Finding;
using sbc::policy::Refusal;
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
