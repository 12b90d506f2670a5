// What would become of a call: the same stages, the same rule, and nobody hears of it. And what has
// become of one, asked afterwards.
#include "sbc/policy/pipeline.h"
#include "scenario/border.h"

namespace ringwall::test {
namespace {

using sbc::Explanation;
using sbc::policy::Event;
using sbc::policy::Finding;
using sbc::policy::Refusal;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Explained : public SmallLab {
protected:
    using SmallLab::SmallLab;
    // Not a packet and not a count comes of it.
    Explanation explain(std::string_view from, const std::string& identity, const std::string& uri,
                        const std::string& caller = "") {
        const std::size_t before = net.packets().size();
        const auto counts = border.sbc().counters().all();
        const Explanation out =
            border.worker(0).explain({border.index_of(from), identity, uri, caller});
        net.run_for(1s);
        EXPECT_EQ(net.packets().size(), before);
        EXPECT_EQ(border.sbc().counters().all(), counts);
        EXPECT_EQ(border.sbc().calls(), 0U);
        return out;
    }
    static std::string_view stage_of(const Explanation& what) {
        return sbc::policy::stages()[what.decisions.stage()].name;
    }
};

TEST_F(Explained, AnUntrustedCallersSipsUriIsRefusedByItsRule) {
    const Explanation what = explain("outside", "", "sips:alice@example.com");
    EXPECT_EQ(what.end, Explanation::End::Refused);
    EXPECT_EQ(what.status, 403);
    EXPECT_EQ(stage_of(what), "target-security");
    EXPECT_EQ(what.decisions.rule(), Refusal::UntrustedCallerSecureTarget);
    EXPECT_THAT(what.attempts, IsEmpty());
}

TEST_F(Explained, APhoneThatIsNobodyIsChallenged) {
    EXPECT_EQ(explain("phones", "", "sip:bob@example.com").end, Explanation::End::Challenged);
    EXPECT_EQ(explain("phones", "eve@example.com", "sip:bob@example.com").end,
              Explanation::End::Challenged);
}

TEST_F(Explained, ARegisteredUserIsCalledAtItsContact) {
    register_phones();
    const Explanation what = explain("phones", "alice@example.com", "sip:bob@example.com");
    EXPECT_EQ(what.end, Explanation::End::Called);
    EXPECT_TRUE(what.is_secure);
    ASSERT_EQ(what.attempts.size(), 1U);
    EXPECT_EQ(what.attempts[0].adjacency, border.index_of("phones"));
    EXPECT_EQ(what.attempts[0].hop.remote.address, bob.node().address());
    ASSERT_EQ(what.decisions.targets().size(), 1U);
    EXPECT_EQ(what.decisions.targets()[0].finding, Finding::Sent);
    EXPECT_EQ(what.decisions.targets()[0].event, Event::Fork);
}

TEST_F(Explained, ACallerMayBeNamedByATelUri) {
    register_phones();
    const Explanation known =
        explain("phones", "alice@example.com", "sip:bob@example.com", "sips:alice@example.com");
    EXPECT_EQ(known.from, "sips:alice@example.com");
    EXPECT_EQ(known.end, Explanation::End::Called);
    const Explanation peer =
        explain("softswitch", "+4930123", "sip:bob@example.com", "tel:+4930123");
    EXPECT_EQ(peer.from, "tel:+4930123");
    EXPECT_TRUE(peer.is_readable);
    EXPECT_EQ(peer.end, Explanation::End::Called);
    const Explanation phone = explain("phones", "+4930123", "sip:bob@example.com", "tel:+4930123");
    EXPECT_EQ(phone.end, Explanation::End::Challenged) << "a number proves nothing";
}

TEST_F(Explained, WhoIsNotThereIsToldApartFromWhoIsNobodyForWhomMayKnow) {
    const Explanation absent = explain("softswitch", "", "sip:bob@example.com");
    EXPECT_EQ(absent.status, 480);
    EXPECT_EQ(absent.decisions.targets()[0].finding, Finding::NotRegistered);
    const Explanation nobody = explain("softswitch", "", "sip:eve@example.com");
    EXPECT_EQ(nobody.status, 404);
    EXPECT_EQ(nobody.decisions.targets()[0].finding, Finding::NoSuchUser);
}

TEST_F(Explained, ASecureCallThatWouldLeaveByTheOutsideIsRefusedAtTheRoute) {
    const Explanation what = explain("softswitch", "", "sip:5001@outside.example.com");
    EXPECT_EQ(what.status, 480);
    EXPECT_EQ(stage_of(what), "route");
    EXPECT_EQ(what.decisions.rule(), Refusal::SecureCallUntrustedTarget);
    ASSERT_EQ(what.decisions.targets().size(), 1U);
    EXPECT_EQ(what.decisions.targets()[0].adjacency, border.index_of("outside"));
}

TEST_F(Explained, AUriThatIsNoneMeetsNoStage) {
    const Explanation what = explain("outside", "", "mailto:alice@example.com");
    EXPECT_EQ(what.status, 416);
}

// ---- what is said of a refusal ------------------------------------------------------------------

std::vector<std::string> warnings(const sip::Message& message) {
    std::vector<std::string> out;
    for (const auto& line : message.headers()) {
        if (line.id == sip::HeaderName::Warning) {
            out.emplace_back(line.value);
        }
    }
    return out;
}

class RefusalReason : public SmallLab {
protected:
    using SmallLab::SmallLab;
    sip::MessagePtr refused(Phone& caller, const std::string& uri) {
        caller.invite(uri);
        EXPECT_TRUE(run_until([&] {
            return caller.last_response("INVITE") != nullptr &&
                   caller.last_response("INVITE")->status() >= 300;
        }));
        return caller.last_response("INVITE");
    }
};

TEST_F(RefusalReason, IsToldToATrustedPeerAndToNoOther) {
    const auto told = warnings(*refused(softswitch, "sip:5001@outside.example.com"));
    EXPECT_THAT(told, ElementsAre(HasSubstr("399 192.0.2.2 \"secure-call-untrusted-target: A call "
                                            "that requires security goes out by trusted")));
    EXPECT_THAT(warnings(*refused(outside, "sips:alice@example.com")), IsEmpty());
}

class RefusalReasonTurned : public RefusalReason {
protected:
    RefusalReasonTurned()
        : RefusalReason(configured(configured(small_lab, "softswitch", {"refusal-reason off"}),
                                   "outside", {"refusal-reason on"})) {}
};

TEST_F(RefusalReasonTurned, IsToldWhereTheAdjacencySaysSo) {
    EXPECT_THAT(warnings(*refused(softswitch, "sip:5001@outside.example.com")), IsEmpty());
    EXPECT_THAT(warnings(*refused(outside, "sips:alice@example.com")),
                ElementsAre(HasSubstr("399 192.0.2.3 \"untrusted-caller-secure-target: ")));
}

// The route was allowed, and the contact that it leads to is not.
TEST_F(RefusalReason, OfAContactIsToldToo) {
    register_phones();
    softswitch.set_scheme("sips");
    const auto answer = refused(softswitch, "sips:bob@example.com");
    EXPECT_EQ(answer->status(), 480);
    EXPECT_THAT(warnings(*answer),
                ElementsAre(HasSubstr("380 "), HasSubstr("399 192.0.2.2 \"scheme-to-sip: ")));
}

TEST_F(RefusalReason, WhatWasRefusedIsKept) {
    refused(outside, "sips:alice@example.com");
    std::size_t found = 0;
    for (std::size_t i = 0; i < border.worker_count(); ++i) {
        for (const sbc::CallRecord& each : border.worker(i).refusals().last(10)) {
            EXPECT_EQ(each.decisions.rule(), Refusal::UntrustedCallerSecureTarget);
            EXPECT_TRUE(border.worker(i).find_call(each.call).has_value());
            ++found;
        }
    }
    EXPECT_EQ(found, 1U);
}

class ThreeTrunks : public Trunks {};

TEST_F(ThreeTrunks, WhatIsTriedAfterAFailureIsExplainedToo) {
    const Explanation what =
        border.worker(0).explain({border.index_of("west"), "", "sip:5001@192.0.2.4"});
    ASSERT_EQ(what.attempts.size(), 2U);
    EXPECT_EQ(what.attempts[0].adjacency, border.index_of("east"));
    EXPECT_TRUE(what.attempts[0].is_first);
    EXPECT_EQ(what.attempts[1].adjacency, border.index_of("north"));
    EXPECT_FALSE(what.attempts[1].is_first);
    EXPECT_EQ(what.decisions.targets()[1].event, Event::Hunting);
}

TEST_F(ThreeTrunks, ACallKeepsTheTraceOfAllThatWasTried) {
    east.on_invite = Phone::OnInvite::Reject;
    east.reject_status = 503;
    west.invite("sip:5001@192.0.2.4");
    ASSERT_TRUE(run_until([&] { return west.is_in_call(); }));
    west.bye();
    ASSERT_TRUE(run_until([&] { return !border.records.empty(); }));
    const auto targets = border.records.back().decisions.targets();
    ASSERT_EQ(targets.size(), 2U);
    EXPECT_EQ(targets[0].adjacency, border.index_of("east"));
    EXPECT_EQ(targets[0].finding, Finding::Sent);
    EXPECT_EQ(targets[1].adjacency, border.index_of("north"));
    EXPECT_EQ(targets[1].event, Event::Hunting);
}

}  // namespace
}  // namespace ringwall::test
