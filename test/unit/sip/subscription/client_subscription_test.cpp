// The conversation of a subscriber with its notifier, one event at a time.
#include "sip/subscription/client_subscription.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/visitor.h"

namespace ringwall::sip {
namespace {

using State = ClientSubscription::State;
using testing::ElementsAre;
using testing::IsEmpty;

class Subscription : public testing::Test {
protected:
    static ClientSubscription::Setup setup() {
        return {.target = "sip:201@example.com",
                .from = "<sip:201@example.com>",
                .contact = "<sip:201@192.0.2.7>",
                .event = "message-summary",
                .accept = "application/simple-message-summary",
                .expires = 3600,
                .accounts = {{"201", Secret("secret"), ""}}};
    }
    template <class Event>
    void on(Event&& event) {
        ClientSubscription::Actions out;
        event(out);
        for (auto& action : out) {
            std::visit(
                Visitor{[&](ClientSubscription::Send& send) {
                            send.request.header(HeaderName::Via, "SIP/2.0/TCP h;branch=z9hG4bK1");
                            sent.push_back(send.request.build());
                        },
                        [&](const ClientSubscription::Respond& respond) {
                            answers.push_back(respond.response->status());
                        },
                        [&](const ClientSubscription::StartTimer& start) { timer = start.after; },
                        [&](const ClientSubscription::Notified& notified) {
                            bodies.push_back(notified.body);
                        },
                        [&](const ClientSubscription::Ended& is) { ended = is; }},
                action);
        }
    }
    void start() {
        on([&](auto& out) { machine.start(random, out); });
    }
    using Fields = std::vector<std::pair<std::string, std::string>>;
    void hear(int status, const Fields& fields = {}) {
        auto builder = reply(*sent.back(), status, "theirs");
        for (const auto& [name, value] : fields) {
            builder.header(name, value);
        }
        const MessagePtr response = builder.build();
        on([&](auto& out) { machine.on_response(*sent.back(), *response, now, random, out); });
    }
    void accept(const std::string& expires = "3600") {
        hear(200, {{"Contact", "<sip:mwi@192.0.2.1>"}, {"Expires", expires}});
    }
    void notify(const std::string& state, const std::string& body = "yes",
                const std::string& tag = "theirs", const std::string& event = "message-summary") {
        auto builder = MessageBuilder::request("NOTIFY", "sip:201@192.0.2.7");
        builder.header(HeaderName::Via, "SIP/2.0/TCP n;branch=z9hG4bKn")
            .header(HeaderName::MaxForwards, "70")
            .header(HeaderName::From, "<sip:201@example.com>;tag=" + tag)
            .header(HeaderName::To,
                    "<sip:201@example.com>;tag=" + std::string(sent.back()->from_tag()))
            .header(HeaderName::CallId, sent.back()->call_id())
            .header(HeaderName::CSeq, std::to_string(++their_cseq) + " NOTIFY")
            .header(HeaderName::Contact, "<sip:mwi@192.0.2.1>")
            .header(HeaderName::Event, event)
            .header(HeaderName::SubscriptionState, state)
            .body("application/simple-message-summary", body);
        const MessagePtr message = builder.build();
        EXPECT_TRUE(machine.is_notified_by(*message));
        on([&](auto& out) {
            machine.on_notify(transaction::ServerId{1}, *message, now, random, out);
        });
    }
    void pass(Duration time) {
        now += time;
        on([&](auto& out) { machine.on_time(now, random, out); });
    }

    SeededRandom random{5};
    TimePoint now{1h};
    ClientSubscription machine{setup()};
    std::vector<MessagePtr> sent;
    std::vector<int> answers;
    std::vector<std::string> bodies;
    std::optional<Duration> timer;
    std::optional<ClientSubscription::Ended> ended;
    std::uint32_t their_cseq = 0;
};

// RFC 6665 §4.1.2.
TEST_F(Subscription, IsRefreshedInItsDialog) {
    start();
    EXPECT_EQ(sent.back()->request_uri_text(), "sip:201@example.com");
    EXPECT_EQ(sent.back()->header(HeaderName::Event)->value, "message-summary");
    EXPECT_EQ(sent.back()->expires(), 3600U);
    accept("1000");
    notify("active;expires=1000");
    EXPECT_THAT(answers, ElementsAre(200));
    EXPECT_THAT(bodies, ElementsAre("yes"));
    ASSERT_TRUE(timer);
    EXPECT_GE(*timer, 750s);
    EXPECT_LE(*timer, 900s);
    pass(*timer);
    ASSERT_EQ(sent.size(), 2U);
    EXPECT_EQ(sent[1]->request_uri_text(), "sip:mwi@192.0.2.1");
    EXPECT_EQ(sent[1]->to_tag(), "theirs");
    EXPECT_EQ(sent[1]->call_id(), sent[0]->call_id());
    EXPECT_EQ(sent[1]->cseq().number, sent[0]->cseq().number + 1);
}

// RFC 6665 §4.4.1.
TEST_F(Subscription, ItsNotifyMayOvertakeTheAnswer) {
    start();
    notify("active;expires=600");
    EXPECT_EQ(machine.state(), State::Active);
    accept("600");
    EXPECT_EQ(machine.state(), State::Active);
    pass(600s);
    EXPECT_EQ(sent.back()->cseq().number, 2U);
    EXPECT_EQ(sent.back()->to_tag(), "theirs");
}

TEST_F(Subscription, AnswersAChallenge) {
    start();
    hear(401, {{"WWW-Authenticate", "Digest realm=\"r\",nonce=\"n\",qop=\"auth\""}});
    ASSERT_EQ(sent.size(), 2U);
    EXPECT_EQ(sent[1]->count(HeaderName::Authorization), 1U);
    accept();
    EXPECT_EQ(machine.state(), State::Active);
}

// RFC 6665 §4.1.3.
TEST_F(Subscription, BeginsAnewOrEndsAsItsNotifierSays) {
    start();
    accept();
    notify("terminated;reason=timeout");
    EXPECT_EQ(machine.state(), State::Waiting);
    pass(1s);
    EXPECT_NE(sent[1]->call_id(), sent[0]->call_id());
    EXPECT_EQ(sent[1]->to_tag(), "");
    accept();
    notify("terminated;reason=rejected");
    EXPECT_EQ(machine.state(), State::Idle);
    ASSERT_TRUE(ended);
    EXPECT_FALSE(ended->retry);
}

TEST_F(Subscription, IsTriedAgainAfterSubRetryIntvl) {
    start();
    hear(503);
    pass(9s);
    EXPECT_EQ(sent.size(), 1U);
    pass(1s);
    EXPECT_EQ(sent.size(), 2U);
    // But not where there is none.
    hear(489);
    pass(86'400s);
    EXPECT_EQ(sent.size(), 2U);
}

TEST_F(Subscription, AsksForAsMuchAsIsWanted) {
    start();
    hear(423, {{"Min-Expires", "7200"}});
    EXPECT_EQ(sent.back()->expires(), 7200U);
    hear(423, {{"Min-Expires", "9000"}});
    EXPECT_EQ(machine.state(), State::Waiting);
}

TEST_F(Subscription, IsEndedWithExpiresNought) {
    start();
    accept();
    on([&](auto& out) { machine.stop(out); });
    EXPECT_EQ(sent.back()->expires(), 0U);
    notify("terminated;reason=timeout");
    EXPECT_THAT(answers, ElementsAre(200));
    EXPECT_THAT(bodies, IsEmpty());
    pass(86'400s);
    EXPECT_EQ(sent.size(), 2U);
}

TEST_F(Subscription, WhatIsNotItsOwnIsRefused) {
    start();
    accept();
    notify("active", "yes", "another");
    notify("active", "yes", "theirs", "presence");
    EXPECT_THAT(answers, ElementsAre(481, 489));
    EXPECT_THAT(bodies, IsEmpty());
    notify("active");
    their_cseq = 0;
    notify("active");
    EXPECT_THAT(answers, ElementsAre(481, 489, 200, 500));
}

}  // namespace
}  // namespace ringwall::sip
