#include "sip/transaction/client_transaction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/sip/transaction/story.h"

namespace ringwall::sip::transaction {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using State = ClientTransaction::State;
using Words = std::vector<std::string>;

class Driver {
public:
    explicit Driver(Reliability reliability, const Timers& timers = {})
        : timers_(timers),
          request_(make({.method = "OPTIONS"})),
          machine_(ClientId{7}, hop_over(reliability), request_, timers_) {}

    Words start() {
        return after([&] { machine_.start(out_); });
    }
    Words receive(int status) {
        return after([&] { machine_.on_response(udp_hop(), answer_to(request_, status), out_); });
    }
    Words fire(Timer timer) {
        return after([&] { machine_.on_timer(timer, out_); });
    }
    Words transport_error() {
        return after([&] { machine_.on_transport_error(out_); });
    }
    State state() const { return machine_.state(); }
    const ClientTransaction& machine() const { return machine_; }

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
    MessagePtr request_;
    ClientTransaction machine_;
};

// RFC 3261 §17.1.2.2: timer E doubles up to T2; F is 64*T1.
TEST(ClientTransaction, RetransmitsWithDoublingIntervalUntilItGivesUp) {
    Driver t(Reliability::Unreliable);

    EXPECT_THAT(t.start(), ElementsAre("transmit OPTIONS", "start E 500", "start F 32000"));
    for (const char* next : {"start E 1000", "start E 2000", "start E 4000", "start E 4000"}) {
        EXPECT_THAT(t.fire(Timer::E), ElementsAre("transmit OPTIONS", next));
    }
    EXPECT_EQ(t.state(), State::Trying);
    EXPECT_THAT(t.fire(Timer::F), ElementsAre("stop E", "failed timeout", "client ended"));
    EXPECT_EQ(t.state(), State::Terminated);
}

TEST(ClientTransaction, RetransmitsEveryT2AfterAProvisionalResponse) {
    Driver t(Reliability::Unreliable);
    t.start();

    EXPECT_THAT(t.receive(100), ElementsAre("response 100"));
    EXPECT_EQ(t.state(), State::Proceeding);
    EXPECT_TRUE(t.machine().has_provisional());
    EXPECT_THAT(t.receive(183), ElementsAre("response 183"));
    EXPECT_THAT(t.fire(Timer::E), ElementsAre("transmit OPTIONS", "start E 4000"));
    EXPECT_THAT(t.fire(Timer::E), ElementsAre("transmit OPTIONS", "start E 4000"));
    EXPECT_THAT(t.fire(Timer::F), ElementsAre("stop E", "failed timeout", "client ended"));
}

TEST(ClientTransaction, AbsorbsRepeatedFinalResponsesUntilTimerK) {
    for (const bool provisional_first : {false, true}) {
        Driver t(Reliability::Unreliable);
        t.start();
        if (provisional_first) {
            t.receive(100);
        }
        EXPECT_THAT(t.receive(200),
                    ElementsAre("response 200", "stop E", "stop F", "start K 5000"));
        EXPECT_EQ(t.state(), State::Completed);
        EXPECT_FALSE(t.machine().has_provisional());
        EXPECT_THAT(t.receive(200), IsEmpty());
        EXPECT_THAT(t.receive(404), IsEmpty());
        EXPECT_THAT(t.receive(100), IsEmpty());
        EXPECT_THAT(t.transport_error(), IsEmpty());
        EXPECT_THAT(t.fire(Timer::K), ElementsAre("client ended"));
        EXPECT_EQ(t.state(), State::Terminated);
        EXPECT_THAT(t.receive(200), IsEmpty());
        EXPECT_THAT(t.transport_error(), IsEmpty());
    }
}

TEST(ClientTransaction, SendsOnceAndEndsWithTheFinalResponseOverAReliableTransport) {
    Driver t(Reliability::Reliable);

    EXPECT_THAT(t.start(), ElementsAre("transmit OPTIONS", "start F 32000"));
    EXPECT_THAT(t.fire(Timer::E), IsEmpty());
    EXPECT_THAT(t.receive(401), ElementsAre("response 401", "stop F", "client ended"));
    EXPECT_EQ(t.state(), State::Terminated);
}

TEST(ClientTransaction, FailsWithItsTransport) {
    Driver trying(Reliability::Unreliable);
    trying.start();
    EXPECT_THAT(trying.transport_error(),
                ElementsAre("stop E", "stop F", "failed transport-error", "client ended"));

    Driver proceeding(Reliability::Reliable);
    proceeding.start();
    proceeding.receive(100);
    EXPECT_THAT(proceeding.transport_error(),
                ElementsAre("stop F", "failed transport-error", "client ended"));
    EXPECT_EQ(proceeding.state(), State::Terminated);
}

// A phone's SIP Timer F; T1 says when the request is sent again.
TEST(ClientTransaction, AnotherTimerF) {
    Driver t(Reliability::Unreliable, {.f = 16s});

    EXPECT_THAT(t.start(), ElementsAre("transmit OPTIONS", "start E 500", "start F 16000"));
}

TEST(ClientTransaction, IgnoresTimersThatDoNotRun) {
    for (int n = 0; n <= static_cast<int>(Timer::M); ++n) {
        const auto timer = static_cast<Timer>(n);
        Driver t(Reliability::Unreliable);
        t.start();
        if (timer != Timer::E && timer != Timer::F) {
            EXPECT_THAT(t.fire(timer), IsEmpty()) << to_string(timer);
            t.receive(100);
            EXPECT_THAT(t.fire(timer), IsEmpty()) << to_string(timer);
        }
        t.receive(200);
        if (timer != Timer::K) {
            EXPECT_THAT(t.fire(timer), IsEmpty()) << to_string(timer);
        }
        t.fire(Timer::K);
        EXPECT_THAT(t.fire(timer), IsEmpty()) << to_string(timer);
    }
}

}  // namespace
}  // namespace ringwall::sip::transaction
