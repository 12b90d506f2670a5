#include "sip/transaction/invite_client_transaction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/sip/transaction/story.h"

namespace ringwall::sip::transaction {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using State = InviteClientTransaction::State;
using Words = std::vector<std::string>;

class Driver {
public:
    explicit Driver(Reliability reliability, const Timers& timers = {})
        : timers_(timers),
          invite_(make({.more = {"Route: <sip:p1.example.com;lr>", "Route: <sip:p2.example.com;lr>",
                                 "Require: 100rel"}})),
          machine_(ClientId{7}, hop_over(reliability), invite_, timers_) {}

    Words start() {
        return after([&] { machine_.start(out_); });
    }
    Words receive(int status, std::string_view to_tag = "8321234356") {
        return after(
            [&] { machine_.on_response(udp_hop(), answer_to(invite_, status, to_tag), out_); });
    }
    Words fire(Timer timer) {
        return after([&] { machine_.on_timer(timer, out_); });
    }
    Words transport_error() {
        return after([&] { machine_.on_transport_error(out_); });
    }
    Words cancel() {
        return after([&] { cancelled_with_ = machine_.cancel({}, out_); });
    }
    State state() const { return machine_.state(); }
    const InviteClientTransaction& machine() const { return machine_; }
    const MessagePtr& cancelled_with() const { return cancelled_with_; }
    MessagePtr transmitted() const {
        const auto sent = only<Transmit>(out_);
        return sent.empty() ? nullptr : sent.back().message;
    }
    const Actions& last() const { return out_; }

private:
    template <class Event>
    Words after(Event event) {
        out_.clear();
        event();
        EXPECT_TRUE(machine_.is_consistent()) << to_string(machine_.state());
        return to_strings(out_);
    }

    Actions out_;
    Timers timers_;
    MessagePtr cancelled_with_;
    MessagePtr invite_;
    InviteClientTransaction machine_;
};

// RFC 3261 §17.1.1.2: timer A doubles without a bound; B is 64*T1.
TEST(InviteClientTransaction, RetransmitsWithDoublingIntervalUntilItGivesUp) {
    Driver t(Reliability::Unreliable);

    EXPECT_THAT(t.start(), ElementsAre("transmit INVITE", "start A 500", "start B 32000"));
    for (const char* next : {"start A 1000", "start A 2000", "start A 4000", "start A 8000",
                             "start A 16000", "start A 32000"}) {
        EXPECT_THAT(t.fire(Timer::A), ElementsAre("transmit INVITE", next));
    }
    EXPECT_EQ(t.state(), State::Calling);
    EXPECT_THAT(t.fire(Timer::B), ElementsAre("stop A", "failed timeout", "client ended"));
    EXPECT_EQ(t.state(), State::Terminated);
}

TEST(InviteClientTransaction, SendsOnceOverAReliableTransport) {
    Driver t(Reliability::Reliable);

    EXPECT_THAT(t.start(), ElementsAre("transmit INVITE", "start B 32000"));
    EXPECT_THAT(t.fire(Timer::A), IsEmpty());
    EXPECT_THAT(t.fire(Timer::B), ElementsAre("failed timeout", "client ended"));
}

TEST(InviteClientTransaction, StopsRetransmittingWithTheFirstProvisionalResponse) {
    Driver t(Reliability::Unreliable);
    t.start();

    EXPECT_FALSE(t.machine().has_provisional());
    EXPECT_THAT(t.receive(100), ElementsAre("stop A", "stop B", "response 100"));
    EXPECT_EQ(t.state(), State::Proceeding);
    EXPECT_TRUE(t.machine().has_provisional());
    EXPECT_THAT(t.receive(180), ElementsAre("response 180"));
    EXPECT_THAT(t.receive(180), ElementsAre("response 180"));
}

TEST(InviteClientTransaction, AcknowledgesEveryRepetitionOfAFailure) {
    for (const bool provisional_first : {false, true}) {
        Driver t(Reliability::Unreliable);
        t.start();
        if (provisional_first) {
            t.receive(180);
            EXPECT_THAT(t.receive(486),
                        ElementsAre("transmit ACK", "response 486", "start D 32000"));
        } else {
            EXPECT_THAT(t.receive(486), ElementsAre("stop A", "stop B", "transmit ACK",
                                                    "response 486", "start D 32000"));
        }
        EXPECT_EQ(t.state(), State::Completed);
        EXPECT_FALSE(t.machine().has_provisional());
        EXPECT_THAT(t.receive(486), ElementsAre("transmit ACK"));
        EXPECT_THAT(t.receive(180), IsEmpty());
        EXPECT_THAT(t.receive(200), IsEmpty());
        EXPECT_THAT(t.fire(Timer::D), ElementsAre("client ended"));
        EXPECT_EQ(t.state(), State::Terminated);
        EXPECT_THAT(t.receive(486), IsEmpty());
    }
}

TEST(InviteClientTransaction, EndsWithAFailureOverAReliableTransport) {
    Driver t(Reliability::Reliable);
    t.start();

    EXPECT_THAT(t.receive(404),
                ElementsAre("stop B", "transmit ACK", "response 404", "client ended"));
    EXPECT_EQ(t.state(), State::Terminated);
}

// RFC 3261 §17.1.1.3.
TEST(InviteClientTransaction, BuildsTheAckOfAFailureFromTheInviteAndTheResponse) {
    Driver t(Reliability::Unreliable);
    t.start();
    t.receive(486, "remote");

    const MessagePtr ack = t.transmitted();
    ASSERT_TRUE(ack);
    EXPECT_EQ(ack->method(), Method::Ack);
    EXPECT_EQ(ack->request_uri_text(), "sip:bob@example.com");
    EXPECT_THAT(ack->values(HeaderName::Via),
                ElementsAre("SIP/2.0/UDP pc33.example.com:5060;branch=z9hG4bKnashds8"));
    EXPECT_THAT(ack->values(HeaderName::Route),
                ElementsAre("<sip:p1.example.com;lr>", "<sip:p2.example.com;lr>"));
    EXPECT_EQ(ack->from_tag(), "1928301774");
    EXPECT_EQ(ack->to_tag(), "remote");
    EXPECT_EQ(ack->call_id(), "a84b4c76e66710");
    EXPECT_EQ(ack->cseq().number, 314159U);
    EXPECT_EQ(ack->cseq().method, Method::Ack);
    EXPECT_EQ(ack->header(HeaderName::Require), nullptr);
    EXPECT_EQ(ack->body(), "");
}

// RFC 6026 §7.2.
TEST(InviteClientTransaction, HandsOverEvery2xxAndNothingElseInAccepted) {
    for (const auto reliability : {Reliability::Unreliable, Reliability::Reliable}) {
        Driver t(reliability);
        t.start();
        t.receive(180);

        EXPECT_THAT(t.receive(200), ElementsAre("response 200", "start M 32000"));
        EXPECT_EQ(t.state(), State::Accepted);
        EXPECT_THAT(t.receive(200), ElementsAre("response 200"));
        EXPECT_THAT(t.receive(200, "another-fork"), ElementsAre("response 200"));
        EXPECT_THAT(t.receive(180), IsEmpty());
        EXPECT_THAT(t.receive(486), IsEmpty());
        EXPECT_THAT(t.transport_error(), IsEmpty());
        EXPECT_THAT(t.fire(Timer::M), ElementsAre("client ended"));
        EXPECT_EQ(t.state(), State::Terminated);
        EXPECT_THAT(t.receive(200), IsEmpty());
    }
}

TEST(InviteClientTransaction, AcceptsFromCallingToo) {
    Driver t(Reliability::Unreliable);
    t.start();

    EXPECT_THAT(t.receive(200), ElementsAre("stop A", "stop B", "response 200", "start M 32000"));
}

TEST(InviteClientTransaction, BringsTheRequestWithEachResponse) {
    Driver t(Reliability::Reliable);
    const MessagePtr request = t.machine().request();
    t.start();
    t.receive(407);

    ASSERT_EQ(only<NewResponse>(t.last()).size(), 1U);
    EXPECT_EQ(only<NewResponse>(t.last())[0].request, request);
}

TEST(InviteClientTransaction, FailsWithItsTransport) {
    Driver calling(Reliability::Unreliable);
    calling.start();
    EXPECT_THAT(calling.transport_error(),
                ElementsAre("stop A", "stop B", "failed transport-error", "client ended"));
    EXPECT_THAT(calling.transport_error(), IsEmpty());

    Driver proceeding(Reliability::Reliable);
    proceeding.start();
    proceeding.receive(180);
    EXPECT_THAT(proceeding.transport_error(),
                ElementsAre("failed transport-error", "client ended"));
}

TEST(InviteClientTransaction, EndsWithoutAFailureWhenTheAckCannotBeSent) {
    Driver t(Reliability::Unreliable);
    t.start();
    t.receive(486);

    EXPECT_THAT(t.transport_error(), ElementsAre("stop D", "client ended"));
}

// RFC 3261 §9.1.
TEST(InviteClientTransaction, BuildsACancelOnlyBetweenProvisionalAndFinalResponse) {
    Driver t(Reliability::Unreliable);
    t.start();
    EXPECT_THAT(t.cancel(), IsEmpty());
    EXPECT_FALSE(t.cancelled_with());

    t.receive(180);
    EXPECT_THAT(t.cancel(), ElementsAre("start B 32000"));
    const MessagePtr cancel = t.cancelled_with();
    ASSERT_TRUE(cancel);
    EXPECT_EQ(cancel->method(), Method::Cancel);
    EXPECT_EQ(cancel->request_uri_text(), "sip:bob@example.com");
    EXPECT_THAT(cancel->values(HeaderName::Via),
                ElementsAre("SIP/2.0/UDP pc33.example.com:5060;branch=z9hG4bKnashds8"));
    EXPECT_EQ(cancel->count(HeaderName::Route), 2U);
    EXPECT_EQ(cancel->to_tag(), "");
    EXPECT_EQ(cancel->cseq().number, 314159U);
    EXPECT_EQ(cancel->header(HeaderName::Require), nullptr);

    EXPECT_THAT(t.cancel(), IsEmpty());  // once
    EXPECT_FALSE(t.cancelled_with());
    EXPECT_THAT(t.receive(487),
                ElementsAre("stop B", "transmit ACK", "response 487", "start D 32000"));
    t.cancel();
    EXPECT_FALSE(t.cancelled_with());
}

TEST(InviteClientTransaction, GivesUpWhenACancelBringsNoFinalResponse) {
    Driver t(Reliability::Reliable);
    t.start();
    t.receive(180);
    t.cancel();

    EXPECT_THAT(t.receive(180), ElementsAre("response 180"));
    EXPECT_THAT(t.fire(Timer::B), ElementsAre("failed timeout", "client ended"));
}

// A phone's SIP Timer B. What is cancelled has 64*T1 all the same.
TEST(InviteClientTransaction, AnotherTimerB) {
    Driver t(Reliability::Reliable, {.b = 16s});

    EXPECT_THAT(t.start(), ElementsAre("transmit INVITE", "start B 16000"));
    t.receive(180);
    EXPECT_THAT(t.cancel(), testing::Contains("start B 32000"));
}

TEST(InviteClientTransaction, IgnoresTimersThatDoNotRun) {
    for (int n = 0; n <= static_cast<int>(Timer::M); ++n) {
        const auto timer = static_cast<Timer>(n);
        Driver t(Reliability::Unreliable);
        t.start();
        if (timer != Timer::A && timer != Timer::B) {
            EXPECT_THAT(t.fire(timer), IsEmpty()) << to_string(timer);
        }
        t.receive(180);
        EXPECT_THAT(t.fire(timer), IsEmpty()) << to_string(timer);

        Driver completed(Reliability::Unreliable);
        completed.start();
        completed.receive(486);
        if (timer != Timer::D) {
            EXPECT_THAT(completed.fire(timer), IsEmpty()) << to_string(timer);
        }
        completed.fire(Timer::D);
        EXPECT_THAT(completed.fire(timer), IsEmpty()) << to_string(timer);

        t.receive(200);
        if (timer != Timer::M) {
            EXPECT_THAT(t.fire(timer), IsEmpty()) << to_string(timer);
        }
    }
}

}  // namespace
}  // namespace ringwall::sip::transaction
