// Several targets: contacts of one address-of-record, a proxy further on that forks, and the next
// route after a failure. (RFC 3261 §13.2.2.4, §16.7; settled: forks.)
#include <set>

#include "scenario/border.h"

namespace ringwall::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// To tags of the responses with this status that a caller heard, in order, each once.
std::vector<std::string> tags(const Phone& caller, int status) {
    std::vector<std::string> out;
    for (const auto& response : caller.responses()) {
        const std::string tag(response->to_tag());
        if (response->status() == status && response->cseq().method_text == "INVITE" &&
            std::find(out.begin(), out.end(), tag) == out.end()) {
            out.push_back(tag);
        }
    }
    return out;
}

class TwoContacts : public SmallLab {
protected:
    void SetUp() override {
        bob.register_now();
        alice.register_now();
        desk.register_now();
        ASSERT_TRUE(run_until(
            [&] { return alice.is_registered() && bob.is_registered() && desk.is_registered(); }));
        ASSERT_EQ(border.sbc().location().binding_count(), 3U);
    }
    void call_and_ring() {
        alice.on_invite = desk.on_invite = Phone::OnInvite::Ring;
        bob.invite("sip:alice@example.com");
        ASSERT_TRUE(run_until([&] { return tags(bob, 180).size() == 2; }));
    }

    Phone desk{net,
               ip("192.0.2.14"),
               sip::Transport::Tls,
               {ip("192.0.2.1"), 5061},
               {"alice", "example.com", "wonderland"},
               105};
};

TEST_F(TwoContacts, BothRingAndTheFirstAnswerWins) {
    call_and_ring();
    desk.answer();
    ASSERT_TRUE(run_until([&] { return bob.is_in_call() && !desk.acks().empty(); }));
    net.run_for(1s);
    EXPECT_EQ(alice.count("CANCEL"), 1U);
    EXPECT_EQ(alice.count("BYE"), 0U);
    EXPECT_THAT(alice.acks(), IsEmpty());
    EXPECT_EQ(desk.count("CANCEL"), 0U);
    ASSERT_EQ(tags(bob, 200).size(), 1U);
    EXPECT_THAT(tags(bob, 180), Contains(tags(bob, 200)[0]));
    bob.bye();
    net.run_for(1s);
    EXPECT_EQ(desk.count("BYE"), 1U);
    EXPECT_EQ(alice.count("BYE"), 0U);
}

TEST_F(TwoContacts, BothAnswerAtOnceAndTheSecondIsAcknowledgedAndEnded) {
    call_and_ring();
    desk.answer();
    alice.answer();
    ASSERT_TRUE(run_until([&] { return bob.is_in_call(); }));
    net.run_for(1s);
    EXPECT_EQ(tags(bob, 200).size(), 1U);
    EXPECT_EQ(alice.acks().size(), 1U);
    EXPECT_EQ(desk.acks().size(), 1U);
    EXPECT_EQ(alice.count("BYE") + desk.count("BYE"), 1U);
    EXPECT_NE(alice.is_in_call(), desk.is_in_call());
    bob.bye();
    net.run_for(1s);
    EXPECT_EQ(alice.count("BYE"), 1U);
    EXPECT_EQ(desk.count("BYE"), 1U);
}

TEST_F(TwoContacts, TheCallerGivesUpAndBothStopRinging) {
    call_and_ring();
    bob.cancel();
    net.run_for(1s);
    EXPECT_EQ(alice.count("CANCEL"), 1U);
    EXPECT_EQ(desk.count("CANCEL"), 1U);
    EXPECT_EQ(tags(bob, 487).size(), 1U);
    EXPECT_EQ(border.sbc().calls(), 0U);
}

TEST_F(TwoContacts, OneDeclinesForAll) {
    call_and_ring();
    desk.reject(603);
    net.run_for(1s);
    EXPECT_EQ(alice.count("CANCEL"), 1U);
    EXPECT_EQ(bob.statuses("INVITE").back(), 603);
    EXPECT_EQ(border.sbc().calls(), 0U);
}

TEST_F(TwoContacts, OneIsBusyAndTheOtherAnswers) {
    call_and_ring();
    desk.reject(486);
    net.run_for(1s);
    EXPECT_THAT(bob.statuses("INVITE"), Not(Contains(486)));
    alice.answer();
    ASSERT_TRUE(run_until([&] { return bob.is_in_call() && !alice.acks().empty(); }));
    bob.bye();
}

TEST_F(TwoContacts, BusyTellsMoreThanNotFoundInWhateverOrder) {
    for (const bool busy_first : {true, false}) {
        bob.invite("sip:alice@example.com");
        alice.on_invite = desk.on_invite = Phone::OnInvite::Ring;
        net.run_for(1s);
        desk.reject(busy_first ? 486 : 404);
        net.run_for(1s);
        alice.reject(busy_first ? 404 : 486);
        net.run_for(1s);
        EXPECT_EQ(bob.statuses("INVITE").back(), 486);
    }
    EXPECT_EQ(border.sbc().calls(), 0U);
}

TEST_F(TwoContacts, AFailureOfTheLowerClassWins) {
    call_and_ring();
    desk.reject(503);
    net.run_for(1s);
    alice.reject(486);
    net.run_for(1s);
    EXPECT_EQ(bob.statuses("INVITE").back(), 486);
}

// RFC 3261 §16.7 step 6: 503 says nothing about us.
TEST_F(TwoContacts, ServiceUnavailableDoesNotGoOn) {
    call_and_ring();
    desk.reject(503);
    alice.reject(503);
    net.run_for(1s);
    EXPECT_EQ(bob.statuses("INVITE").back(), 500);
}

// A challenge from behind is for us, never for the caller.
TEST_F(TwoContacts, AChallengeDoesNotGoOn) {
    call_and_ring();
    desk.reject(401);
    alice.reject(407);
    net.run_for(1s);
    EXPECT_EQ(bob.statuses("INVITE").back(), 480);
}

class ProxyBehind : public Trunks {
protected:
    void SetUp() override {
        east.on_invite = Phone::OnInvite::Ring;
        west.invite("sip:5001@192.0.2.4");
        ASSERT_TRUE(run_until([&] { return east.count("INVITE") == 1; }));
        east.ring(180, "fork-a");
        east.ring(183, "fork-b");
        net.run_for(1s);
    }
};

TEST_F(ProxyBehind, EachEarlyDialogHasAToTagOfItsOwn) {
    EXPECT_EQ(tags(west, 180).size(), 2U);  // ceric and fork-a
    EXPECT_EQ(tags(west, 183).size(), 1U);
    std::set<std::string> all;
    for (const int status : {180, 183}) {
        for (const auto& tag : tags(west, status)) {
            all.insert(tag);
            EXPECT_THAT(tag, Not(HasSubstr("fork")));
            EXPECT_THAT(tag, Not(HasSubstr("ceric")));
        }
    }
    EXPECT_EQ(all.size(), 3U);

    east.answer("fork-b");
    ASSERT_TRUE(run_until([&] { return west.is_in_call() && !east.acks().empty(); }));
    EXPECT_EQ(tags(west, 200), tags(west, 183));
    EXPECT_EQ(east.acks().back()->to_tag(), "fork-b");
    west.bye();
    net.run_for(1s);
    EXPECT_EQ(east.last_request("BYE")->to_tag(), "fork-b");
    EXPECT_EQ(east.count("BYE"), 1U);
}

TEST_F(ProxyBehind, ASurplusAnswerIsAcknowledgedAndEnded) {
    east.extra_tags = {"fork-b", "fork-c"};
    east.answer("fork-a");
    ASSERT_TRUE(run_until([&] { return west.is_in_call(); }));
    net.run_for(1s);
    EXPECT_EQ(tags(west, 200).size(), 1U);
    EXPECT_EQ(west.count("BYE"), 0U);
    std::vector<std::string> acknowledged;
    for (const auto& ack : east.acks()) {
        acknowledged.emplace_back(ack->to_tag());
    }
    EXPECT_THAT(acknowledged, ::testing::UnorderedElementsAre("fork-a", "fork-b", "fork-c"));
    std::vector<std::string> ended;
    for (const auto& request : east.requests()) {
        if (request->method() == sip::Method::Bye) {
            ended.emplace_back(request->to_tag());
        }
    }
    EXPECT_THAT(ended, ::testing::UnorderedElementsAre("fork-b", "fork-c"));
    EXPECT_TRUE(east.is_in_call());
    west.bye();
    net.run_for(1s);
    EXPECT_EQ(east.last_request("BYE")->to_tag(), "fork-a");
}

TEST_F(ProxyBehind, IsSpokenToByItsRecordRoute) {
    east.record_route = "<sip:192.0.2.50:5060;lr;x=proxy>";
    east.answer("fork-a");
    ASSERT_TRUE(run_until([&] { return west.is_in_call() && !east.acks().empty(); }));
    EXPECT_THAT(std::string(east.acks().back()->bytes()),
                HasSubstr("Route: <sip:192.0.2.50:5060;lr;x=proxy>"));
    west.bye();
    net.run_for(1s);
    EXPECT_THAT(std::string(east.last_request("BYE")->bytes()),
                HasSubstr("Route: <sip:192.0.2.50:5060;lr;x=proxy>"));
}

class Hunting : public Trunks {
protected:
    explicit Hunting(const std::string& configuration = std::string(three_trunks))
        : Trunks(configuration) {}
    void call() {
        west.invite("sip:5001@192.0.2.4");
        run_until([&] {
            return !west.statuses("INVITE").empty() && west.statuses("INVITE").back() >= 200;
        });
    }
};

TEST_F(Hunting, GoesToTheNextRouteOnATriggerCode) {
    east.on_invite = Phone::OnInvite::Reject;
    east.reject_status = 503;
    call();
    EXPECT_THAT(west.statuses("INVITE"), ElementsAre(100, 200));
    EXPECT_EQ(east.count("INVITE"), 1U);
    EXPECT_EQ(north.count("INVITE"), 1U);
    net.run_for(1s);
    EXPECT_EQ(border.sbc().calls(), 1U);
    west.bye();
    net.run_for(1s);
    EXPECT_EQ(north.count("BYE"), 1U);
    EXPECT_EQ(east.count("BYE"), 0U);
    EXPECT_EQ(border.records.back().to_adjacency, "north");
}

TEST_F(Hunting, GoesToTheNextRouteWhenNobodyAnswers) {
    east.on_invite = Phone::OnInvite::Ignore;
    call();
    EXPECT_THAT(west.statuses("INVITE"), ElementsAre(100, 200));
    EXPECT_EQ(north.count("INVITE"), 1U);
    west.bye();
}

TEST_F(Hunting, EndsWithACodeThatIsNoTrigger) {
    east.on_invite = Phone::OnInvite::Reject;
    east.reject_status = 486;
    call();
    EXPECT_THAT(west.statuses("INVITE"), ElementsAre(100, 486));
    EXPECT_EQ(north.count("INVITE"), 0U);
}

TEST_F(Hunting, EndsWhenNoRouteIsLeft) {
    east.on_invite = north.on_invite = Phone::OnInvite::Reject;
    east.reject_status = 480;
    north.reject_status = 500;
    call();
    EXPECT_THAT(west.statuses("INVITE"), ElementsAre(100, 480));
    EXPECT_EQ(east.count("INVITE") + north.count("INVITE"), 2U);
}

TEST_F(Hunting, EndsWhenTheCallerGaveUp) {
    east.on_invite = Phone::OnInvite::Ring;
    west.invite("sip:5001@192.0.2.4");
    ASSERT_TRUE(run_until([&] { return tags(west, 180).size() == 1; }));
    west.cancel();
    net.run_for(1s);
    EXPECT_EQ(west.statuses("INVITE").back(), 487);
    EXPECT_EQ(north.count("INVITE"), 0U);
}

class HuntingOfTrusted : public Hunting {
protected:
    HuntingOfTrusted() : Hunting(all_trusted()) {}
    static std::string all_trusted() {
        std::string out(three_trunks);
        for (const char* each : {"west", "east", "north"}) {
            out = configured(out, each, {"security trusted-unencrypted"});
        }
        return out;
    }
    // east says 480 to this, with that Warning.
    void refuse(const std::string& scheme, const std::string& warning) {
        east.on_invite = Phone::OnInvite::Ignore;
        west.set_scheme(scheme);
        const std::size_t asked = east.count("INVITE");
        const std::size_t finals = west.statuses("INVITE").size();
        west.invite(scheme + ":5001@192.0.2.4");
        ASSERT_TRUE(run_until([&] { return east.count("INVITE") == asked + 1; }));
        east.say(480, "east",
                 {{"Warning", "399 east.example \"busy, 381\""}, {"Warning", warning}});
        ASSERT_TRUE(run_until([&] {
            return west.statuses("INVITE").size() > finals && west.statuses("INVITE").back() >= 200;
        }));
        net.run_for(1s);
    }
};

// RFC 5630 §5.3: whoever calls hears that it was the scheme, by no name of the other side.
TEST_F(HuntingOfTrusted, EndsWhereTheOtherSchemeIsWanted) {
    const auto warned = [&] {
        const auto values = west.last_response("INVITE")->values(sip::HeaderName::Warning);
        return values.size() == 1 ? std::string(values.front()) : std::string();
    };
    refuse("sips", "380 east.example \"SIPS Not Allowed\"");
    EXPECT_EQ(west.last_response("INVITE")->status(), 480);
    EXPECT_EQ(warned(), "380 192.0.2.4 \"SIPS Not Allowed\"");
    refuse("sip", "381 east.example \"SIPS Required\"");
    EXPECT_EQ(west.last_response("INVITE")->status(), 480);
    EXPECT_EQ(warned(), "381 192.0.2.4 \"SIPS Required\"");
    EXPECT_EQ(north.count("INVITE"), 0U);

    east.in_dialog_status = 0;
    west.set_scheme("sip");
    west.send("MESSAGE", "sip:5001@192.0.2.4", {});
    ASSERT_TRUE(run_until([&] { return east.count("MESSAGE") == 1; }));
    east.respond(480, "east", {{"Warning", "381 east.example \"SIPS Required\""}});
    net.run_for(1s);
    EXPECT_EQ(west.statuses("MESSAGE").back(), 480);
    EXPECT_THAT(west.last_response("MESSAGE")->values(sip::HeaderName::Warning),
                ElementsAre("381 192.0.2.4 \"SIPS Required\""));
    EXPECT_EQ(north.count("MESSAGE"), 0U);
}

// A Warning that is about the scheme that was not used says nothing.
TEST_F(HuntingOfTrusted, GoesOnWhereAWarningSaysSomethingElse) {
    refuse("sip", "380 east.example \"SIPS Not Allowed\"");
    EXPECT_EQ(north.count("INVITE"), 1U);
    EXPECT_EQ(west.last_response("INVITE")->status(), 200);
    west.bye();
    net.run_for(1s);
}

class HuntingOn603 : public Hunting {
protected:
    HuntingOn603() : Hunting(configured(three_trunks, "east", {"hunting-trigger 603"})) {}
};

// RFC 3261 §16.7 step 5: whatever the triggers say, nobody else is asked after a 6xx.
TEST_F(HuntingOn603, StopsAtA6xx) {
    east.on_invite = Phone::OnInvite::Reject;
    east.reject_status = 603;
    call();
    EXPECT_THAT(west.statuses("INVITE"), ElementsAre(100, 603));
    EXPECT_EQ(north.count("INVITE"), 0U);
}

}  // namespace
}  // namespace ringwall::test
