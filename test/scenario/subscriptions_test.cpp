// Subscriptions through the border controller (RFC 6665): how their dialogs begin, are refreshed
// and end, on both sides, and what of one side is not seen on the other.
#include "scenario/border.h"
#include "sip/header/event.h"

namespace ringwall::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::string waiting = "Messages-Waiting: yes\r\n";

// West subscribes to what east knows.
class Subscriptions : public Trunks {
protected:
    explicit Subscriptions(const std::string& configuration = std::string(three_trunks))
        : Trunks(configuration) {
        east.in_dialog_status = 0;
    }

    void subscribe(const Phone::Fields& more = {}) {
        Phone::Fields fields{{"Contact", west.contact()}, {"Event", "message-summary"}};
        fields.insert(fields.end(), more.begin(), more.end());
        const auto id = west.send("SUBSCRIBE", "sip:eric@east.example.net", fields);
        asked = west.sent(id);
        net.run_for(1s);
    }
    // East says yes.
    void grant(const std::string& expires = "60", const std::string& tag = "e1") {
        east.respond(200, tag, {{"Contact", east.contact()}, {"Expires", expires}});
        net.run_for(1s);
        const auto response = west.last_response("SUBSCRIBE");
        ASSERT_EQ(response->status(), 200);
        if (!near) {
            near = *sip::Dialog::of_response(*asked, *response);
        }
    }
    sip::Dialog dialog_of_east(const std::string& tag = "e1") {
        return *sip::Dialog::of_request(*east.last_request("SUBSCRIBE"), tag,
                                        sip::Dialog::State::Confirmed);
    }
    void notify(sip::Dialog& dialog, const std::string& state,
                const std::string& event = "message-summary") {
        east.within(dialog, sip::Method::Notify,
                    {{"Contact", east.contact()},
                     {"Event", event},
                     {"Subscription-State", state},
                     {"Content-Type", "application/simple-message-summary"}},
                    waiting);
        net.run_for(1s);
    }
    void subscribed() {
        subscribe();
        grant();
        far = dialog_of_east();
        notify(*far, "active;expires=60");
    }
    void ended() {
        notify(*far, "terminated;reason=noresource");
        EXPECT_EQ(east.statuses("NOTIFY").back(), 200);
    }
    void refresh(const std::string& expires) {
        west.within(
            *near, sip::Method::Subscribe,
            {{"Contact", west.contact()}, {"Event", "message-summary"}, {"Expires", expires}});
        net.run_for(1s);
    }

    sip::MessagePtr asked;
    std::optional<sip::Dialog> near;  // west's
    std::optional<sip::Dialog> far;   // east's
};

TEST_F(Subscriptions, PassWithTheirNotifications) {
    subscribed();
    const auto subscribe = east.last_request("SUBSCRIBE");
    ASSERT_NE(subscribe, nullptr);
    EXPECT_EQ(subscribe->header("Event")->value, "message-summary");
    const auto notify = west.last_request("NOTIFY");
    ASSERT_NE(notify, nullptr);
    EXPECT_EQ(notify->body(), waiting);
    EXPECT_EQ(notify->header("Subscription-State")->value, "active;expires=60");
    EXPECT_EQ(notify->to_tag(), asked->from_tag());
    EXPECT_EQ(notify->from_tag(), near->remote_tag());
    EXPECT_EQ(east.statuses("NOTIFY").back(), 200);
    ended();
    EXPECT_TRUE(border.sbc().is_quiet());
}

// What is answered here changes nothing: neither a guess of somebody else, nor what comes too late
// in its order, nor what has gone too far.
TEST_F(Subscriptions, ARefusedNotificationDoesNotEndTheSubscription) {
    subscribe();
    grant("600");
    far = dialog_of_east();
    notify(*far, "active;expires=600");
    ASSERT_EQ(west.count("NOTIFY"), 1U);
    const auto refused = [&](Phone& by, sip::Dialog dialog, const std::string& hops) {
        const std::uint32_t cseq = dialog.next_cseq();
        by.send("NOTIFY", dialog.remote_target(),
                {{"Call-ID", dialog.call_id()},
                 {"From", "<sip:eric@192.0.2.50>;tag=" + dialog.local_tag()},
                 {"To", "<sip:wendy@192.0.2.5>;tag=" + dialog.remote_tag()},
                 {"CSeq", std::to_string(cseq) + " NOTIFY"},
                 {"Max-Forwards", hops},
                 {"Contact", by.contact()},
                 {"Event", "message-summary"},
                 {"Subscription-State", "terminated;reason=noresource"}});
        net.run_for(1s);
        return by.statuses("NOTIFY").back();
    };
    EXPECT_EQ(refused(north, *far, "70"), 481);
    EXPECT_EQ(refused(east, *far, "0"), 483);
    EXPECT_EQ(refused(east, dialog_of_east(), "70"), 500);
    EXPECT_EQ(west.count("NOTIFY"), 1U);
    net.run_for(60s);
    far->next_cseq();  // the one of the 483
    notify(*far, "active;expires=500");
    EXPECT_EQ(east.statuses("NOTIFY").back(), 200);
    EXPECT_EQ(west.count("NOTIFY"), 2U);
    ended();
}

TEST_F(Subscriptions, NothingOfOneSideIsSeenOnTheOther) {
    subscribed();
    const std::string subscribe(east.last_request("SUBSCRIBE")->bytes());
    EXPECT_THAT(subscribe, Not(HasSubstr("192.0.2.40")));
    EXPECT_THAT(subscribe, Not(HasSubstr(std::string(asked->call_id()))));
    EXPECT_THAT(subscribe, Not(HasSubstr(std::string(asked->from_tag()))));
    const std::string notify(west.last_request("NOTIFY")->bytes());
    EXPECT_THAT(notify, Not(HasSubstr("192.0.2.50")));
    EXPECT_THAT(notify, Not(HasSubstr("tag=e1")));
    const std::string granted(west.last_response("SUBSCRIBE")->bytes());
    EXPECT_THAT(granted, Not(HasSubstr("192.0.2.50")));
    EXPECT_THAT(granted, Not(HasSubstr("tag=e1")));
    ended();
}

// RFC 6665 §4.1.2.4: the NOTIFY may be first, and its dialog is that of the 2xx.
TEST_F(Subscriptions, ANotificationBeforeTheAnswer) {
    subscribe();
    far = dialog_of_east();
    notify(*far, "active;expires=60");
    ASSERT_NE(west.last_request("NOTIFY"), nullptr);
    EXPECT_EQ(east.statuses("NOTIFY").back(), 200);
    grant();
    EXPECT_EQ(west.last_request("NOTIFY")->from_tag(), near->remote_tag());
    ended();
    EXPECT_EQ(west.last_request("NOTIFY")->from_tag(), near->remote_tag());
}

// RFC 6665 §4.4.1: a fetch; its only NOTIFY may come first, too.
TEST_F(Subscriptions, AFetch) {
    subscribe({{"Expires", "0"}});
    far = dialog_of_east();
    notify(*far, "terminated;reason=timeout");
    EXPECT_EQ(east.statuses("NOTIFY").back(), 200);
    grant("0");
    EXPECT_EQ(west.last_request("NOTIFY")->from_tag(), near->remote_tag());
    EXPECT_TRUE(border.sbc().is_quiet());
}

// RFC 6665 §4.5.4: each of those that it was forked to has a dialog of its own.
TEST_F(Subscriptions, ForkedNotificationsAreDialogsOfTheirOwn) {
    subscribe();
    grant();
    far = dialog_of_east();
    notify(*far, "active;expires=60");
    const std::string first(west.last_request("NOTIFY")->from_tag());
    sip::Dialog other = dialog_of_east("e2");
    notify(other, "active;expires=60");
    EXPECT_EQ(west.count("NOTIFY"), 2U);
    EXPECT_NE(west.last_request("NOTIFY")->from_tag(), first);
    EXPECT_EQ(near->remote_tag(), first);
    notify(other, "terminated");
    EXPECT_EQ(west.count("NOTIFY"), 3U);
    ended();
}

// Whoever is not asked cannot use up what those that are may have.
TEST_F(Subscriptions, NotificationsOfStrangersTakeNobodysPlace) {
    subscribe();
    grant();
    far = dialog_of_east();
    for (int i = 0; i < 20; ++i) {
        sip::Dialog wrong = dialog_of_east("n" + std::to_string(i));
        north.within(wrong, sip::Method::Notify,
                     {{"Contact", north.contact()},
                      {"Event", "message-summary"},
                      {"Subscription-State", "active;expires=60"}});
        net.run_for(100ms);
    }
    EXPECT_THAT(north.statuses("NOTIFY"), ::testing::Each(481));
    EXPECT_EQ(west.count("NOTIFY"), 0U);
    sip::Dialog other = dialog_of_east("e2");
    notify(other, "active;expires=60");
    EXPECT_EQ(west.count("NOTIFY"), 1U);
    notify(other, "terminated");
    ended();
}

TEST_F(Subscriptions, ARefreshPassesAndKeepsItUp) {
    subscribed();
    for (int i = 0; i < 3; ++i) {
        net.run_for(40s);
        refresh("60");
        east.respond(200, "", {{"Contact", east.contact()}, {"Expires", "60"}});
        net.run_for(1s);
        EXPECT_EQ(west.statuses("SUBSCRIBE").back(), 200);
    }
    notify(*far, "active;expires=60");
    EXPECT_EQ(west.count("NOTIFY"), 2U);
    ended();
}

TEST_F(Subscriptions, AnUnsubscription) {
    subscribed();
    refresh("0");
    EXPECT_EQ(east.last_request("SUBSCRIBE")->expires(), 0U);
    east.respond(200, "", {{"Contact", east.contact()}, {"Expires", "0"}});
    net.run_for(1s);
    notify(*far, "terminated;reason=timeout");
    EXPECT_EQ(west.count("NOTIFY"), 2U);
    EXPECT_TRUE(border.sbc().is_empty() || border.sbc().is_quiet());
    notify(*far, "active");
    EXPECT_EQ(east.statuses("NOTIFY").back(), 481);
}

// Nobody refreshes it, and the notifier does not say that it is over.
TEST_F(Subscriptions, OneThatExpiresEndsForTheSubscriberToo) {
    subscribed();
    net.run_for(95s);
    ASSERT_EQ(west.count("NOTIFY"), 2U);
    EXPECT_EQ(west.last_request("NOTIFY")->header("Subscription-State")->value,
              "terminated;reason=timeout");
    notify(*far, "active");
    EXPECT_EQ(east.statuses("NOTIFY").back(), 481);
}

// As long as the field can say; nobody is believed for longer than a day.
TEST_F(Subscriptions, OneForAHundredYearsEndsAfterADay) {
    const std::string longest = "4294967295";
    subscribe({{"Expires", longest}});
    grant(longest);
    far = dialog_of_east();
    notify(*far, "active;expires=" + longest);
    net.run_for(24h - 60s);
    notify(*far, "active;expires=" + longest);
    EXPECT_EQ(east.statuses("NOTIFY").back(), 200);
    EXPECT_EQ(west.count("NOTIFY"), 2U);
    net.run_for(24h - 60s);
    EXPECT_EQ(west.count("NOTIFY"), 2U);
    net.run_for(120s);
    ASSERT_EQ(west.count("NOTIFY"), 3U);
    EXPECT_EQ(west.last_request("NOTIFY")->header("Subscription-State")->value,
              "terminated;reason=timeout");
    notify(*far, "active");
    EXPECT_EQ(east.statuses("NOTIFY").back(), 481);
    EXPECT_TRUE(border.sbc().is_quiet());
}

// RFC 6665 §4.1.2.4, timer N.
TEST_F(Subscriptions, OneThatIsNeverNotifiedEnds) {
    subscribe();
    grant("600");
    far = dialog_of_east();
    net.run_for(33s);
    notify(*far, "active;expires=600");
    EXPECT_EQ(east.statuses("NOTIFY").back(), 481);
    EXPECT_EQ(west.count("NOTIFY"), 0U);
}

TEST_F(Subscriptions, ARefusalPasses) {
    subscribe();
    east.respond(489, "e1", {{"Allow-Events", "presence"}});
    net.run_for(1s);
    ASSERT_EQ(west.last_response("SUBSCRIBE")->status(), 489);
    EXPECT_EQ(west.last_response("SUBSCRIBE")->header("Allow-Events")->value, "presence");
}

// The dialog that a NOTIFY made goes with the SUBSCRIBE that fails.
TEST_F(Subscriptions, ARefusalAfterANotification) {
    subscribe();
    far = dialog_of_east();
    notify(*far, "active;expires=60");
    east.respond(403, "e1");
    net.run_for(1s);
    EXPECT_EQ(west.last_response("SUBSCRIBE")->status(), 403);
}

TEST_F(Subscriptions, TheNextRouteIsTriedWhenTheFirstIsNotThere) {
    subscribe();
    north.in_dialog_status = 404;
    east.respond(503, "e1");
    net.run_for(1s);
    EXPECT_EQ(north.count("SUBSCRIBE"), 1U);
    EXPECT_EQ(west.statuses("SUBSCRIBE").back(), 404);
}

TEST_F(Subscriptions, ASubscriberThatForgotItEndsIt) {
    subscribed();
    west.in_dialog_status = 481;
    notify(*far, "active");
    EXPECT_EQ(east.statuses("NOTIFY").back(), 481);
    west.in_dialog_status = 200;
    notify(*far, "active");
    EXPECT_EQ(west.count("NOTIFY"), 2U);
}

// It asks for more of it before it says so: the notifier's 2xx would leave it waiting for ever.
TEST_F(Subscriptions, ASubscriberThatForgotItIsNotRefreshed) {
    subscribed();
    refresh("60");
    west.in_dialog_status = 481;
    notify(*far, "active");
    EXPECT_EQ(east.statuses("NOTIFY").back(), 481);
    EXPECT_EQ(west.statuses("SUBSCRIBE").back(), 481);
    east.respond(200, "", {{"Contact", east.contact()}, {"Expires", "60"}});
    net.run_for(1s);
    EXPECT_EQ(west.statuses("SUBSCRIBE").back(), 481);
    EXPECT_TRUE(border.sbc().is_quiet());
}

TEST_F(Subscriptions, ANotifierThatForgotItEndsIt) {
    subscribed();
    refresh("60");
    east.respond(481);
    net.run_for(1s);
    EXPECT_EQ(west.statuses("SUBSCRIBE").back(), 481);
    notify(*far, "active");
    EXPECT_EQ(west.count("NOTIFY"), 1U);
}

class SubscriptionsOverTcp : public Subscriptions {
protected:
    SubscriptionsOverTcp()
        : Subscriptions(configured(three_trunks, "east", {"preferred-transport tcp"})) {}
};

// Its connection is lost while it is asked, and it comes back by another.
TEST_F(SubscriptionsOverTcp, ANotifierThatWasCutOffStillSaysItsLast) {
    subscribe();
    grant();
    far = dialog_of_east();
    refresh("60");
    ASSERT_EQ(east.count("SUBSCRIBE"), 2U);
    east.node().cut();
    net.run_for(1s);
    EXPECT_EQ(west.statuses("SUBSCRIBE").back(), 480);
    ended();
    ASSERT_EQ(west.count("NOTIFY"), 1U);
    EXPECT_EQ(west.last_request("NOTIFY")->header("Subscription-State")->value,
              "terminated;reason=noresource");
    EXPECT_TRUE(border.sbc().is_quiet());
}

TEST_F(Subscriptions, OnlyWhatBelongsThereIsTakenInTheDialog) {
    subscribed();
    for (const auto method : {sip::Method::Info, sip::Method::Bye, sip::Method::Message}) {
        west.within(*near, method, {});
        net.run_for(1s);
        EXPECT_THAT(west.statuses(sip::to_string(method)), ElementsAre(405));
        EXPECT_EQ(east.count(sip::to_string(method)), 0U);
    }
    ended();
}

TEST_F(Subscriptions, ANotificationForAnotherEventFindsNothing) {
    subscribe();
    grant();
    far = dialog_of_east("e9");
    notify(*far, "active", "presence");
    EXPECT_EQ(east.statuses("NOTIFY").back(), 481);
    EXPECT_EQ(west.count("NOTIFY"), 0U);
}

// A stranger who knows the ids is still not the peer of the dialog.
TEST_F(Subscriptions, ANotificationFromSomewhereElseFindsNothing) {
    subscribe();
    grant();
    far = dialog_of_east();
    north.within(*far, sip::Method::Notify,
                 {{"Contact", north.contact()},
                  {"Event", "message-summary"},
                  {"Subscription-State", "active"}});
    net.run_for(1s);
    EXPECT_THAT(north.statuses("NOTIFY"), ElementsAre(481));
    EXPECT_EQ(west.count("NOTIFY"), 0U);
}

TEST_F(Subscriptions, NoContactNoSubscription) {
    west.send("SUBSCRIBE", "sip:eric@east.example.net", {{"Event", "presence"}});
    net.run_for(1s);
    EXPECT_THAT(west.statuses("SUBSCRIBE"), ElementsAre(400));
    EXPECT_THAT(east.requests(), IsEmpty());
}

// A Contact that would lead the subscription from sip to sips.
TEST_F(Subscriptions, ANotificationThatChangesTheSchemeEndsIt) {
    subscribed();
    east.within(*far, sip::Method::Notify,
                {{"Contact", "<sips:eric@192.0.2.50>"},
                 {"Event", "message-summary"},
                 {"Subscription-State", "active"}});
    net.run_for(1s);
    EXPECT_EQ(east.statuses("NOTIFY").back(), 488);
    ASSERT_EQ(west.count("NOTIFY"), 2U);
    EXPECT_THAT(std::string(west.last_request("NOTIFY")->header("Subscription-State")->value),
                HasSubstr("terminated"));
}

TEST_F(Subscriptions, TheEndOfTheProgramIsToldToBothSides) {
    subscribed();
    border.sbc().end_all("shutdown");
    net.run_for(1s);
    EXPECT_THAT(std::string(west.last_request("NOTIFY")->header("Subscription-State")->value),
                HasSubstr("terminated"));
    EXPECT_EQ(east.last_request("SUBSCRIBE")->expires(), 0U);
    east.respond(200);
    net.run_for(1s);
}

// ---- requests that leave nothing behind ---------------------------------------------------------

class Publications : public Subscriptions {};

// RFC 3903 §4: the entity tags pass.
TEST_F(Publications, PassWithTheirEntityTags) {
    west.send("PUBLISH", "sip:eric@east.example.net",
              {{"Event", "presence"}, {"SIP-If-Match", "dx200xyz"}, {"Expires", "1800"}});
    net.run_for(1s);
    const auto publish = east.last_request("PUBLISH");
    ASSERT_NE(publish, nullptr);
    EXPECT_EQ(publish->header("SIP-If-Match")->value, "dx200xyz");
    EXPECT_EQ(publish->expires(), 1800U);
    EXPECT_EQ(publish->count(sip::HeaderName::Contact), 0U);
    east.respond(200, "e1", {{"SIP-ETag", "kwj449x"}, {"Expires", "1800"}});
    net.run_for(1s);
    EXPECT_EQ(west.last_response("PUBLISH")->header("SIP-ETag")->value, "kwj449x");
    EXPECT_EQ(west.last_response("PUBLISH")->expires(), 1800U);
}

TEST_F(Publications, AConditionThatFailedPasses) {
    west.send("PUBLISH", "sip:eric@east.example.net",
              {{"Event", "presence"}, {"SIP-If-Match", "old"}});
    net.run_for(1s);
    east.respond(412, "e1");
    net.run_for(1s);
    EXPECT_THAT(west.statuses("PUBLISH"), ElementsAre(412));
    EXPECT_THAT(north.requests(), IsEmpty());
}

TEST_F(Publications, TheNextRouteIsTriedWhenTheFirstIsNotThere) {
    west.send("PUBLISH", "sip:eric@east.example.net", {{"Event", "presence"}});
    net.run_for(1s);
    east.respond(503, "e1");
    net.run_for(1s);
    EXPECT_EQ(north.count("PUBLISH"), 1U);
    EXPECT_THAT(west.statuses("PUBLISH"), ElementsAre(200));
}

// ---- the lab ------------------------------------------------------------------------------------

class PhonesWithLamps : public SmallLab {
protected:
    // The softswitch's dialog of what alice subscribed to, after its first NOTIFY.
    sip::Dialog lit() {
        auto far = *sip::Dialog::of_request(*softswitch.last_request("SUBSCRIBE"), "s1",
                                            sip::Dialog::State::Confirmed);
        softswitch.within(far, sip::Method::Notify,
                          {{"Contact", softswitch.contact()},
                           {"Event", "message-summary"},
                           {"Subscription-State", "active;expires=100"}});
        net.run_for(1s);
        return far;
    }
    void SetUp() override { register_phones(); }
    void notify_bob(Phone& from) {
        from.send("NOTIFY", "sip:bob@example.com",
                  {{"Contact", from.contact()},
                   {"Event", "message-summary"},
                   {"Subscription-State", "active"},
                   {"Content-Type", "application/simple-message-summary"}},
                  waiting);
        net.run_for(2s);
    }
};

// RFC 3842 with a voice mail server that nobody subscribed to.
TEST_F(PhonesWithLamps, AnUnsolicitedNotificationReachesThePhone) {
    notify_bob(softswitch);
    ASSERT_NE(bob.last_request("NOTIFY"), nullptr);
    EXPECT_EQ(bob.last_request("NOTIFY")->body(), waiting);
    EXPECT_THAT(softswitch.statuses("NOTIFY"), ElementsAre(200));
    EXPECT_EQ(alice.count("NOTIFY"), 0U);
}

TEST_F(PhonesWithLamps, AllPhonesOfAUserGetIt) {
    Phone second(net, ip("192.0.2.13"), sip::Transport::Tls, {ip("192.0.2.1"), 5061},
                 {"bob", "example.com", "builder"}, 303);
    second.register_now();
    ASSERT_TRUE(run_until([&] { return second.is_registered(); }));
    notify_bob(softswitch);
    EXPECT_EQ(bob.count("NOTIFY"), 1U);
    EXPECT_EQ(second.count("NOTIFY"), 1U);
    EXPECT_THAT(softswitch.statuses("NOTIFY"), ElementsAre(200));
}

TEST_F(PhonesWithLamps, AStrangerDoesNotLightThem) {
    notify_bob(outside);
    EXPECT_THAT(outside.statuses("NOTIFY"), ElementsAre(480));
    EXPECT_EQ(bob.count("NOTIFY"), 0U);
}

// The leaves bind every out-of-dialog request: a SIPS URI stays secure, as a call does.
TEST_F(PhonesWithLamps, ASubscriptionToASipsUriOfAStrangerGoesNowhere) {
    outside.send("SUBSCRIBE", "sips:bob@example.com",
                 {{"Contact", "<sips:mallory@192.0.2.30>"}, {"Event", "dialog"}});
    net.run_for(2s);
    EXPECT_THAT(outside.statuses("SUBSCRIBE"), ElementsAre(403));
    EXPECT_EQ(bob.count("SUBSCRIBE"), 0U);
}

// The softswitch may not send what is secure to the outside.
TEST_F(PhonesWithLamps, ASecureSubscriptionDoesNotLeaveByAnUntrustedAdjacency) {
    softswitch.send("SUBSCRIBE", "sip:mallory@outside.example.com",
                    {{"Contact", softswitch.contact()}, {"Event", "presence"}});
    net.run_for(2s);
    EXPECT_THAT(softswitch.statuses("SUBSCRIBE"), ElementsAre(480));
    EXPECT_THAT(outside.requests(), IsEmpty());
}

// A phone's subscription goes on by the connection that it registers anew on.
TEST_F(PhonesWithLamps, APhoneSubscribesToItsLamp) {
    softswitch.in_dialog_status = 0;
    const auto id = alice.send("SUBSCRIBE", "sip:voicemail@switch.example.com",
                               {{"Contact", alice.contact()}, {"Event", "message-summary"}});
    const auto asked = alice.sent(id);
    net.run_for(1s);
    softswitch.respond(200, "s1", {{"Contact", softswitch.contact()}, {"Expires", "100"}});
    net.run_for(1s);
    ASSERT_EQ(alice.last_response("SUBSCRIBE")->status(), 200);
    auto far = lit();
    EXPECT_EQ(alice.count("NOTIFY"), 1U);
    alice.node().cut();
    net.run_for(1s);
    alice.register_now();
    net.run_for(2s);
    softswitch.within(far, sip::Method::Notify,
                      {{"Contact", softswitch.contact()},
                       {"Event", "message-summary"},
                       {"Subscription-State", "terminated;reason=noresource"}});
    net.run_for(1s);
    EXPECT_EQ(alice.count("NOTIFY"), 2U);
    EXPECT_EQ(softswitch.statuses("NOTIFY").back(), 200);
}

// The last one was under way when the subscriber lost its connection: once more, by another.
TEST_F(PhonesWithLamps, ATrustedPeerThatWasCutOffIsToldTheLast) {
    bob.in_dialog_status = 0;
    softswitch.send("SUBSCRIBE", "sip:bob@example.com",
                    {{"Contact", softswitch.contact()}, {"Event", "dialog"}});
    net.run_for(1s);
    ASSERT_EQ(bob.count("SUBSCRIBE"), 1U);
    bob.respond(200, "b1", {{"Contact", bob.contact()}, {"Expires", "60"}});
    net.run_for(1s);
    auto dialog = *sip::Dialog::of_request(*bob.last_request("SUBSCRIBE"), "b1",
                                           sip::Dialog::State::Confirmed);
    const auto last_ones = [&] {
        return std::ranges::count_if(net.packets(), [&](const auto& packet) {
            return packet.to.address == softswitch.node().address() &&
                   packet.bytes.starts_with("NOTIFY ");
        });
    };
    bob.within(dialog, sip::Method::Notify,
               {{"Contact", bob.contact()},
                {"Event", "dialog"},
                {"Subscription-State", "terminated;reason=noresource"}});
    ASSERT_TRUE(run_until([&] { return last_ones() == 1; }));
    softswitch.node().cut();
    net.run_for(2s);
    EXPECT_EQ(last_ones(), 2);
    EXPECT_EQ(softswitch.count("NOTIFY"), 1U);
    EXPECT_EQ(bob.statuses("NOTIFY"), std::vector<int>{200});
    net.run_for(60s);
    EXPECT_TRUE(border.sbc().is_quiet());
}

// It is cut off while it is notified, and nobody says more: it is told when the time is up.
TEST_F(PhonesWithLamps, APhoneThatWasCutOffIsToldWhenItsSubscriptionRunsOut) {
    softswitch.in_dialog_status = 0;
    alice.in_dialog_status = 0;
    alice.send("SUBSCRIBE", "sip:voicemail@switch.example.com",
               {{"Contact", alice.contact()}, {"Event", "message-summary"}});
    net.run_for(1s);
    softswitch.respond(200, "s1", {{"Contact", softswitch.contact()}, {"Expires", "100"}});
    net.run_for(1s);
    auto far = lit();
    ASSERT_EQ(alice.count("NOTIFY"), 1U);
    alice.node().cut();
    net.run_for(1s);
    EXPECT_EQ(softswitch.statuses("NOTIFY").back(), 480);
    alice.register_now();
    alice.in_dialog_status = 200;
    net.run_for(140s);
    ASSERT_EQ(alice.count("NOTIFY"), 2U);
    EXPECT_EQ(alice.last_request("NOTIFY")->header("Subscription-State")->value,
              "terminated;reason=timeout");
}

}  // namespace
}  // namespace ringwall::test
