// Calls that outlive the process: what is kept of them, and how they go on in another.
#include "scenario/kept_state.h"

namespace ringwall::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class KeptTrunkCalls : public Trunks {
protected:
    using Trunks::Trunks;
    void talk() {
        west.invite("sip:eric@east.example.net");
        ASSERT_TRUE(run_until([&] { return west.is_in_call() && !east.acks().empty(); }));
    }
    KeptState state{net, border};
    void east_hangs_up_before_the_ack() {
        west.ack_nothing();
        west.invite("sip:eric@east.example.net");
        ASSERT_TRUE(run_until([&] { return border.sbc().calls() == 1 && state.times_kept == 1; }));
        net.run_for(1s);
        east.bye();
        net.run_for(1s);
    }
};

TEST_F(KeptTrunkCalls, AreKeptFromTheAnswerToTheEnd) {
    west.invite("sip:eric@east.example.net");
    ASSERT_TRUE(run_until([&] { return west.is_in_call(); }));
    EXPECT_THAT(state.calls, SizeIs(1));
    ASSERT_TRUE(run_until([&] { return !east.acks().empty(); }));
    EXPECT_EQ(state.times_kept, 2U) << "at the answer, and when it was acknowledged";
    net.run_for(60s);
    EXPECT_EQ(state.times_kept, 2U) << "and not again while nothing changes";
    west.bye();
    ASSERT_TRUE(run_until([&] { return state.calls.empty(); }));
}

TEST_F(KeptTrunkCalls, OnesThatAreNotAnsweredAreNotKept) {
    east.on_invite = Phone::OnInvite::Reject;
    north.on_invite = Phone::OnInvite::Reject;
    west.invite("sip:eric@east.example.net");
    ASSERT_TRUE(run_until([&] { return !border.records.empty(); }));
    EXPECT_EQ(state.times_kept, 0U);
}

TEST_F(KeptTrunkCalls, TheAnswerWaitsForTheWrite) {
    state.is_slow = true;
    west.invite("sip:eric@east.example.net");
    ASSERT_TRUE(run_until([&] { return !state.calls.empty(); }));
    net.run_for(150ms);
    EXPECT_THAT(west.statuses("INVITE"), ElementsAre(100));
    state.write();
    net.run_for(50ms);
    EXPECT_THAT(west.statuses("INVITE"), ElementsAre(100, 200));
    EXPECT_THAT(east.acks(), SizeIs(1));
    west.bye();
    net.run_for(40s);
}

TEST_F(KeptTrunkCalls, ADiskThatIsTooSlowKeepsNobodyFromTalking) {
    state.is_slow = true;
    west.invite("sip:eric@east.example.net");
    ASSERT_TRUE(run_until([&] { return west.is_in_call(); }, 400ms));
    EXPECT_EQ(border.sbc().counters().value("store", "not-waited-for"), 1U);
    west.bye();
    net.run_for(40s);
}

// RFC 3261 §15: either side ends it, and the other hears so, whoever died in between.
TEST_F(KeptTrunkCalls, AreEndedByTheCaller) {
    talk();
    state.kill();
    EXPECT_EQ(border.sbc().calls(), 1U);
    west.bye();
    ASSERT_TRUE(run_until([&] { return east.count("BYE") == 1; }, 500ms));
    net.run_for(1s);
    EXPECT_THAT(west.statuses("BYE"), ElementsAre(200));
    ASSERT_THAT(border.records, SizeIs(1));
    const sbc::CallRecord& record = border.records.front();
    EXPECT_EQ(record.result, "answered");
    EXPECT_EQ(record.reason, "caller hung up");
    EXPECT_EQ(record.from_adjacency, "west");
    EXPECT_EQ(record.to_adjacency, "east");
    EXPECT_EQ(record.callee, "sip:eric@east.example.net");
    EXPECT_EQ(record.to_leg.peer, "192.0.2.50:5060");
    ASSERT_TRUE(record.answer && record.end);
    EXPECT_LT(record.start, *record.answer);
    EXPECT_LT(*record.answer, *record.end);
    EXPECT_THAT(state.calls, IsEmpty());
}

TEST_F(KeptTrunkCalls, AreEndedByTheCallee) {
    talk();
    state.kill();
    east.bye();
    ASSERT_TRUE(run_until([&] { return west.count("BYE") == 1; }, 500ms));
    net.run_for(1s);
    EXPECT_THAT(east.statuses("BYE"), ElementsAre(200));
    ASSERT_THAT(border.records, SizeIs(1));
    EXPECT_EQ(border.records.front().reason, "callee hung up");
}

TEST_F(KeptTrunkCalls, AreDescribedAnewByEitherSide) {
    talk();
    state.kill();
    west.reinvite();
    ASSERT_TRUE(run_until([&] { return east.acks().size() == 2; }));
    east.reinvite();
    ASSERT_TRUE(run_until([&] { return west.acks().size() == 1; }));
    const auto update = west.in_dialog(sip::Method::Update);
    ASSERT_TRUE(run_until([&] { return !west.statuses("UPDATE").empty(); }));
    (void)update;
    EXPECT_THAT(west.statuses("UPDATE"), ElementsAre(200));
    west.bye();
    ASSERT_TRUE(run_until([&] { return east.count("BYE") == 1; }));
    net.run_for(40s);
}

// Also where the second process dies before anything was said.
TEST_F(KeptTrunkCalls, OutliveOneProcessAfterAnother) {
    talk();
    state.kill();
    east.reinvite();
    ASSERT_TRUE(run_until([&] { return west.acks().size() == 1; }));
    state.kill();
    state.kill();
    east.reinvite();
    ASSERT_TRUE(run_until([&] { return west.acks().size() == 2; }));
    west.reinvite();
    ASSERT_TRUE(run_until([&] { return east.acks().size() == 2; }));
    east.bye();
    ASSERT_TRUE(run_until([&] { return west.count("BYE") == 1; }));
    net.run_for(40s);
    EXPECT_THAT(border.records, SizeIs(1));
}

// By the bucket in their tags they are found, however many workers there are.
TEST_F(KeptTrunkCalls, GoOnWithAnotherNumberOfWorkers) {
    talk();
    state.kill(workers_under_test() == 1 ? 4 : 1);
    west.reinvite();
    ASSERT_TRUE(run_until([&] { return east.acks().size() == 2; }));
    east.bye();
    ASSERT_TRUE(run_until([&] { return west.count("BYE") == 1; }));
    net.run_for(40s);
}

// Killed between the 200 and the ACK: that comes to who has never seen the INVITE.
TEST_F(KeptTrunkCalls, AreAcknowledgedAfterwards) {
    west.ack_nothing();
    west.invite("sip:eric@east.example.net");
    ASSERT_TRUE(run_until([&] {
        return west.last_response("INVITE") != nullptr &&
               west.last_response("INVITE")->status() == 200;
    }));
    ASSERT_THAT(east.acks(), IsEmpty());
    state.kill();
    west.ack_now();
    ASSERT_TRUE(run_until([&] { return !east.acks().empty(); }, 1s));
    west.bye();
    ASSERT_TRUE(run_until([&] { return east.count("BYE") == 1; }));
    net.run_for(40s);
}

// The ACK went with the process: whoever says something within the dialog has heard the 200.
TEST_F(KeptTrunkCalls, WhoseAckWasLostGoOn) {
    west.ack_nothing();
    west.invite("sip:eric@east.example.net");
    ASSERT_TRUE(run_until([&] {
        return west.last_response("INVITE") != nullptr &&
               west.last_response("INVITE")->status() == 200;
    }));
    state.kill();
    ASSERT_TRUE(run_until([&] { return west.count("OPTIONS") == 1; }, 33s));
    ASSERT_TRUE(run_until([&] { return !east.acks().empty(); }, 1s));
    net.run_for(100s);
    EXPECT_EQ(border.sbc().calls(), 1U);
    west.bye();
    net.run_for(40s);
}

TEST_F(KeptTrunkCalls, ThatNobodyAcknowledgesEnd) {
    west.ack_nothing();
    west.invite("sip:eric@east.example.net");
    ASSERT_TRUE(run_until([&] {
        return west.last_response("INVITE") != nullptr &&
               west.last_response("INVITE")->status() == 200;
    }));
    west.in_dialog_status = 0;
    state.kill();
    ASSERT_TRUE(run_until([&] { return !border.records.empty(); }, 70s));
    EXPECT_EQ(border.records.front().reason, "no ACK");
    net.run_for(40s);
}

// Where a BYE was heard the call is over, also for who comes later: it ends when it did.
TEST_F(KeptTrunkCalls, ThatAreOverForOneSideAreOverForTheOtherToo) {
    east_hangs_up_before_the_ack();
    EXPECT_THAT(east.statuses("BYE"), ElementsAre(200));
    const WallTime over = net.now().wall;
    state.kill();
    net.run_for(2s);
    west.ack_now();
    ASSERT_TRUE(run_until([&] { return west.count("BYE") == 1; }, 1s));
    net.run_for(1s);
    ASSERT_THAT(border.records, SizeIs(1));
    const sbc::CallRecord& record = border.records.front();
    EXPECT_EQ(record.result, "answered");
    EXPECT_EQ(record.reason, "callee hung up");
    EXPECT_EQ(record.cause, std::nullopt);
    EXPECT_LE(*record.end, over);
    EXPECT_LT(*record.answer, *record.end);
    EXPECT_THAT(state.calls, IsEmpty());
    EXPECT_EQ(border.sbc().calls(), 0U);
    net.run_for(40s);
    EXPECT_EQ(east.count("OPTIONS") + east.count("UPDATE") + east.count("INVITE"), 1U);
}

// The ACK went with the process, and so did the BYE that waited for it.
TEST_F(KeptTrunkCalls, ThatAreOverEndWhereWhoLacksTheByeIsHeard) {
    east_hangs_up_before_the_ack();
    state.kill();
    ASSERT_TRUE(run_until([&] { return west.count("OPTIONS") == 1; }, 33s));
    ASSERT_TRUE(run_until([&] { return west.count("BYE") == 1; }, 1s));
    net.run_for(1s);
    EXPECT_THAT(border.records, SizeIs(1));
    EXPECT_EQ(border.sbc().calls(), 0U);
}

TEST_F(KeptTrunkCalls, ThatAreOverAreRecordedAsTheyEndedWhateverBecameOfTheirAdjacency) {
    east_hangs_up_before_the_ack();
    ASSERT_THAT(state.calls, SizeIs(1));
    std::string text = state.calls.begin()->second;
    constexpr std::string_view adjacency = "\"adjacency\":\"east\"";
    ASSERT_NE(text.find(adjacency), std::string::npos);
    text.replace(text.find(adjacency), adjacency.size(), "\"adjacency\":\"gone\"");
    const std::size_t before = net.packets().size();
    EXPECT_EQ(border.restore_call("x", text), sbc::Sbc::Restored::Over);
    ASSERT_THAT(border.records, SizeIs(1));
    EXPECT_EQ(border.records.front().reason, "callee hung up");
    EXPECT_EQ(border.records.front().cause, std::nullopt);
    EXPECT_EQ(net.packets().size(), before);
    west.ack_now();
    net.run_for(40s);
}

// Each peer is asked once: who hung up while nothing ran has no such dialog any more.
TEST_F(KeptTrunkCalls, OfWhichAPeerKnowsNothingEnd) {
    talk();
    east.reinvite_status = 481;
    state.kill();
    ASSERT_TRUE(run_until([&] { return !border.records.empty(); }, 40s));
    EXPECT_EQ(border.records.front().result, "answered");
    EXPECT_EQ(border.records.front().reason, "peer lost the dialog");
    EXPECT_TRUE(run_until([&] { return west.count("BYE") == 1; }, 1s));
    net.run_for(40s);
}

TEST_F(KeptTrunkCalls, OfWhichBothPeersKnowGoOn) {
    talk();
    state.kill();
    net.run_for(600s);
    EXPECT_EQ(border.sbc().calls(), 1U);
    EXPECT_GE(west.count("OPTIONS") + west.count("UPDATE") + west.count("INVITE"), 1U);
    EXPECT_GE(east.count("OPTIONS") + east.count("UPDATE") + east.count("INVITE"), 2U);
    EXPECT_THAT(border.records, IsEmpty());
    west.bye();
    net.run_for(40s);
    EXPECT_THAT(border.records, SizeIs(1));
}

TEST_F(KeptTrunkCalls, OfAnAdjacencyThatIsGoneAreRecordedAndNothingIsSent) {
    talk();
    const auto calls = state.calls;
    border.publish(configured(three_trunks, "east", {"security trusted-unencrypted"}));
    west.bye();
    net.run_for(40s);
    border.records.clear();
    const std::size_t before = net.packets().size();
    ASSERT_THAT(calls, SizeIs(1));
    EXPECT_EQ(border.restore_call(calls.begin()->first, calls.begin()->second),
              sbc::Sbc::Restored::Over);
    ASSERT_THAT(border.records, SizeIs(1));
    EXPECT_EQ(border.records.front().result, "answered");
    EXPECT_THAT(border.records.front().reason, HasSubstr("adjacency east is not what it was"));
    EXPECT_EQ(net.packets().size(), before);
    EXPECT_EQ(border.sbc().calls(), 0U);
}

TEST_F(KeptTrunkCalls, ThatCannotBeReadAreNobodys) {
    talk();
    std::string text = state.calls.begin()->second;
    west.bye();
    net.run_for(40s);
    border.records.clear();
    for (const std::string_view member : {"remote_target", "own_tag", "bucket", "answer", "port"}) {
        std::string damaged = text;
        const std::size_t at = damaged.find("\"" + std::string(member) + "\"");
        ASSERT_NE(at, std::string::npos) << member;
        damaged.replace(at + 1, 1, "_");
        EXPECT_EQ(border.restore_call("x", damaged), sbc::Sbc::Restored::Over) << member;
    }
    EXPECT_EQ(border.restore_call("x", text.substr(0, text.size() / 2)), sbc::Sbc::Restored::Over);
    EXPECT_EQ(border.sbc().calls(), 0U);
    EXPECT_THAT(border.records, IsEmpty());
}

// A call that was brought back has its place in what the admission policy allows.
class KeptCallsThatAreLimited : public KeptTrunkCalls {
protected:
    KeptCallsThatAreLimited()
        : KeptTrunkCalls(std::string(three_trunks) +
                         "  cac-policy-set 1\n   first-cac-table LIMITS\n"
                         "   cac-table LIMITS\n    table-type limit src-adjacency\n"
                         "    entry 1\n     match-value west\n     max-num-calls 1\n"
                         "  active-cac-policy-set 1\n") {}
};

TEST_F(KeptCallsThatAreLimited, AreCountedAgain) {
    talk();
    net.run_for(1s);
    state.kill();
    net.run_for(1s);
    ASSERT_EQ(border.sbc().calls(), 1U);
    const auto first = west.dialog();
    west.invite("sip:erna@east.example.net");
    ASSERT_TRUE(run_until([&] { return west.last_response("INVITE")->status() == 503; }));
    EXPECT_EQ(east.count("INVITE"), 1U);
    west.resume(*first);
    west.bye();
    ASSERT_TRUE(run_until([&] { return border.sbc().calls() == 0; }));
    west.invite("sip:erna@east.example.net");
    ASSERT_TRUE(run_until([&] { return east.count("INVITE") == 2; }));
    net.run_for(1s);
    west.bye();
    net.run_for(1s);
}

class KeptSessionTimers : public KeptTrunkCalls {
protected:
    KeptSessionTimers()
        : KeptTrunkCalls(configured(configured(three_trunks, "west", {"session-timer 1800"}),
                                    "east", {"session-timer 1800"})) {}
};

// RFC 4028: what was agreed on runs from the refresh, not from the start of the process.
TEST_F(KeptSessionTimers, GoOnFromTheLastRefresh) {
    west.invite_fields = {{"Session-Expires", "180;refresher=uac"}, {"Supported", "timer"}};
    east.success_fields = {{"Session-Expires", "180;refresher=uac"}, {"Require", "timer"}};
    talk();
    net.run_for(100s);
    state.kill();
    net.run_for(30s);
    EXPECT_EQ(border.sbc().calls(), 1U);
    ASSERT_TRUE(run_until([&] { return !border.records.empty(); }, 40s));
    EXPECT_EQ(border.records.front().reason, "session expired");
    net.run_for(40s);
}

TEST_F(KeptSessionTimers, AreKeptByRefreshes) {
    west.invite_fields = {{"Session-Expires", "180;refresher=uac"}, {"Supported", "timer"}};
    east.success_fields = {{"Session-Expires", "180;refresher=uac"}, {"Require", "timer"}};
    talk();
    net.run_for(80s);
    state.kill();
    west.dialog_fields = west.invite_fields;
    west.reinvite();
    ASSERT_TRUE(run_until([&] { return east.acks().size() == 2; }));
    net.run_for(100s);
    EXPECT_EQ(border.sbc().calls(), 1U) << "180 s after the first";
    west.bye();
    net.run_for(40s);
}

class KeptPhoneCalls : public SmallLab {
protected:
    void come_back(Phone& phone) {
        net.run_for(50ms);  // it hears that its connection is gone
        const std::size_t before = phone.statuses("REGISTER").size();
        phone.register_now();
        ASSERT_TRUE(run_until([&] {
            const auto heard = phone.statuses("REGISTER");
            return heard.size() > before && heard.back() == 200;
        }));
    }
    KeptState state{net, border};
};

// A BYE that comes before the phone is back ends the call there.
TEST_F(KeptPhoneCalls, OverTlsEndWhereThePhoneIsNotBack) {
    register_phones();
    talk();
    state.kill();
    net.run_for(2s);
    EXPECT_EQ(border.sbc().calls(), 1U);
    alice.register_now();
    ASSERT_TRUE(run_until([&] { return alice.is_registered(); }));
    alice.bye();
    net.run_for(1s);
    EXPECT_THAT(alice.statuses("BYE"), ElementsAre(200));
    EXPECT_EQ(bob.count("BYE"), 0U);
    ASSERT_THAT(border.records, SizeIs(1));
    EXPECT_TRUE(border.records.front().is_secure);
    EXPECT_EQ(border.records.front().from_leg.identity, "alice@example.com");
    net.run_for(40s);
}

TEST_F(KeptPhoneCalls, OverTlsGoOnWhenBothHaveRegisteredAgain) {
    register_phones();
    talk();
    state.kill();
    come_back(alice);
    come_back(bob);
    alice.reinvite();
    ASSERT_TRUE(run_until([&] { return bob.acks().size() == 2; }));
    net.run_for(120s);
    EXPECT_EQ(border.sbc().calls(), 1U);
    bob.bye();
    ASSERT_TRUE(run_until([&] { return alice.count("BYE") == 1; }));
    net.run_for(40s);
    EXPECT_THAT(border.records, SizeIs(1));
}

// One of the phones that were called keeps silent after its CANCEL: the call is not there for it.
TEST_F(KeptPhoneCalls, ThatWereHungUpDoNotComeBackForAPhoneThatRings) {
    Phone desk{net,
               ip("192.0.2.14"),
               sip::Transport::Tls,
               {ip("192.0.2.1"), 5061},
               {"alice", "example.com", "wonderland"},
               105};
    register_phones();
    desk.register_now();
    ASSERT_TRUE(run_until([&] { return desk.is_registered(); }));
    alice.on_invite = desk.on_invite = Phone::OnInvite::Ring;
    alice.obeys_cancel = false;
    bob.invite("sip:alice@example.com");
    ASSERT_TRUE(run_until([&] { return alice.count("INVITE") + desk.count("INVITE") == 2; }));
    net.run_for(1s);
    desk.answer();
    ASSERT_TRUE(run_until([&] { return bob.is_in_call() && !desk.acks().empty(); }));
    net.run_for(2s);
    ASSERT_EQ(alice.count("CANCEL"), 1U);
    bob.bye();
    net.run_for(1s);
    EXPECT_THAT(bob.statuses("BYE"), ElementsAre(200));
    EXPECT_EQ(desk.count("BYE"), 1U);
    const WallTime over = net.now().wall;
    state.kill();
    net.run_for(1s);
    EXPECT_EQ(border.sbc().calls(), 0U);
    EXPECT_THAT(state.calls, IsEmpty());
    ASSERT_THAT(border.records, SizeIs(1));
    const sbc::CallRecord& record = border.records.front();
    EXPECT_EQ(record.reason, "caller hung up");
    EXPECT_EQ(record.cause, std::nullopt);
    ASSERT_TRUE(record.answer && record.end);
    EXPECT_LE(*record.end, over);
    EXPECT_LT(*record.answer, *record.end);
    come_back(desk);
    net.run_for(40s);
    EXPECT_EQ(desk.count("OPTIONS") + desk.count("UPDATE"), 0U) << "nobody is asked";
    EXPECT_THAT(border.records, SizeIs(1));
}

// Whoever is there is asked, whether the other has come back or not.
TEST_F(KeptPhoneCalls, EndWhereTheOneThatIsThereKnowsNothingOfThem) {
    register_phones();
    alice.invite("sip:123@example.net");
    ASSERT_TRUE(run_until([&] { return alice.is_in_call() && !softswitch.acks().empty(); }));
    softswitch.reinvite_status = softswitch.in_dialog_status = 481;
    state.kill();
    ASSERT_TRUE(run_until([&] { return !border.records.empty(); }, 45s));
    EXPECT_EQ(border.records.front().reason, "peer lost the dialog");
    EXPECT_EQ(border.sbc().calls(), 0U);
    net.run_for(40s);
}

// Their media goes on without us: they have the time that they had to register again.
TEST_F(KeptPhoneCalls, OfPhonesThatDoNotComeBackEndAndAreBilled) {
    alice.register_now(300);
    bob.register_now(300);
    ASSERT_TRUE(run_until([&] { return alice.is_registered() && bob.is_registered(); }));
    talk();
    state.kill();
    net.run_for(250s);
    EXPECT_EQ(border.sbc().calls(), 1U);
    ASSERT_TRUE(run_until([&] { return !border.records.empty(); }, 100s));
    EXPECT_EQ(border.records.front().result, "answered");
    EXPECT_EQ(border.records.front().reason, "connection lost");
    EXPECT_THAT(state.calls, IsEmpty());
    net.run_for(40s);
}

// What one asks of a phone that is not back waits for 32 s, and then ends the call.
TEST_F(KeptPhoneCalls, EndWhereSomebodyAsksInVain) {
    register_phones();
    talk();
    state.kill();
    come_back(alice);
    net.run_for(60s);
    EXPECT_EQ(border.sbc().calls(), 1U);
    alice.reinvite();
    net.run_for(20s);
    EXPECT_EQ(border.sbc().calls(), 1U);
    ASSERT_TRUE(run_until([&] { return !border.records.empty(); }, 20s));
    EXPECT_EQ(border.records.front().reason, "connection lost");
    EXPECT_TRUE(run_until([&] { return alice.count("BYE") == 1; }, 1s));
    net.run_for(40s);
}

// Nobody is taken for the phone that has not proven to be it.
TEST_F(KeptPhoneCalls, AreNotGivenToAStranger) {
    register_phones();
    talk();
    state.kill();
    alice.reconnect();
    alice.bye();
    net.run_for(1s);
    EXPECT_THAT(alice.statuses("BYE"), ElementsAre(481));
    EXPECT_EQ(border.sbc().calls(), 1U);
    net.run_for(3700s);  // until their registrations have run out
}

TEST_F(KeptPhoneCalls, FindTheirTrunkByAConnectionOfTheirOwn) {
    register_phones();
    alice.invite("sip:123@example.net");
    ASSERT_TRUE(run_until([&] { return alice.is_in_call() && !softswitch.acks().empty(); }));
    state.kill();
    come_back(alice);
    alice.bye();
    ASSERT_TRUE(run_until([&] { return softswitch.count("BYE") == 1; }, 5s));
    net.run_for(40s);
    EXPECT_THAT(border.records, SizeIs(1));
}

}  // namespace
}  // namespace ringwall::test
