#include "sip/transaction/server_transaction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/sip/transaction/story.h"

namespace ringwall::sip::transaction {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using State = ServerTransaction::State;
using Words = std::vector<std::string>;

class Driver {
public:
    explicit Driver(Reliability reliability, const Timers& timers = {})
        : timers_(timers),
          request_(make({.method = "OPTIONS"})),
          machine_(ServerId{7}, hop_over(reliability), request_, timers_) {}

    Words respond(int status) {
        return after([&] { machine_.respond(answer_to(request_, status), out_); });
    }
    Words request() {
        return after([&] { machine_.on_request(out_); });
    }
    Words fire(Timer timer) {
        return after([&] { machine_.on_timer(timer, out_); });
    }
    Words terminate() {
        return after([&] { machine_.terminate(out_); });
    }
    State state() const { return machine_.state(); }

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
    ServerTransaction machine_;
};

TEST(ServerTransaction, AbsorbsTheRequestAgainWhileItsUserIsTrying) {
    Driver t(Reliability::Unreliable);

    EXPECT_EQ(t.state(), State::Trying);
    EXPECT_THAT(t.request(), IsEmpty());
}

TEST(ServerTransaction, RepeatsItsProvisionalResponse) {
    Driver t(Reliability::Unreliable);

    EXPECT_THAT(t.respond(100), ElementsAre("transmit 100"));
    EXPECT_EQ(t.state(), State::Proceeding);
    EXPECT_THAT(t.request(), ElementsAre("transmit 100"));
    EXPECT_THAT(t.respond(100), ElementsAre("transmit 100"));
}

// RFC 4320 §4.1.
TEST(ServerTransaction, SendsNoProvisionalResponseBut100) {
    Driver t(Reliability::Unreliable);

    EXPECT_THAT(t.respond(183), IsEmpty());
    EXPECT_EQ(t.state(), State::Trying);
    t.respond(100);
    EXPECT_THAT(t.respond(180), IsEmpty());
    EXPECT_THAT(t.request(), ElementsAre("transmit 100"));
}

TEST(ServerTransaction, RepeatsItsFinalResponseUntilTimerJ) {
    for (const bool provisional_first : {false, true}) {
        Driver t(Reliability::Unreliable);
        if (provisional_first) {
            t.respond(100);
        }
        EXPECT_THAT(t.respond(200), ElementsAre("transmit 200", "start J 32000"));
        EXPECT_EQ(t.state(), State::Completed);
        EXPECT_THAT(t.request(), ElementsAre("transmit 200"));
        EXPECT_THAT(t.respond(404), IsEmpty());
        EXPECT_THAT(t.respond(100), IsEmpty());
        EXPECT_THAT(t.request(), ElementsAre("transmit 200"));
        EXPECT_THAT(t.fire(Timer::J), ElementsAre("server ended normal"));
        EXPECT_EQ(t.state(), State::Terminated);
    }
}

TEST(ServerTransaction, EndsWithItsFinalResponseOverAReliableTransport) {
    Driver t(Reliability::Reliable);

    EXPECT_THAT(t.respond(404), ElementsAre("transmit 404", "server ended normal"));
    EXPECT_EQ(t.state(), State::Terminated);
    EXPECT_THAT(t.request(), IsEmpty());
    EXPECT_THAT(t.respond(200), IsEmpty());
}

// RFC 4320 §4.2.
TEST(ServerTransaction, CompletesInSilenceInsteadOfSending408) {
    Driver t(Reliability::Unreliable);

    EXPECT_THAT(t.respond(408), ElementsAre("start J 32000"));
    EXPECT_EQ(t.state(), State::Completed);
    EXPECT_THAT(t.request(), IsEmpty());

    Driver proceeding(Reliability::Reliable);
    proceeding.respond(100);
    EXPECT_THAT(proceeding.respond(408), ElementsAre("server ended normal"));
}

// A phone's SIP Timer J.
TEST(ServerTransaction, AnotherTimerJ) {
    Driver t(Reliability::Unreliable, {.j = 16s});

    EXPECT_THAT(t.respond(200), ElementsAre("transmit 200", "start J 16000"));
}

TEST(ServerTransaction, IgnoresTimersThatDoNotRun) {
    for (int n = 0; n <= static_cast<int>(Timer::M); ++n) {
        const auto timer = static_cast<Timer>(n);
        Driver t(Reliability::Unreliable);
        EXPECT_THAT(t.fire(timer), IsEmpty()) << to_string(timer);
        t.respond(100);
        EXPECT_THAT(t.fire(timer), IsEmpty()) << to_string(timer);
        t.respond(200);
        if (timer != Timer::J) {
            EXPECT_THAT(t.fire(timer), IsEmpty()) << to_string(timer);
        }
        t.fire(Timer::J);
        EXPECT_THAT(t.fire(timer), IsEmpty()) << to_string(timer);
    }
}

TEST(ServerTransaction, SaysItsEndOnceHoweverOftenItIsEnded) {
    Driver t(Reliability::Unreliable);
    t.respond(486);

    EXPECT_THAT(t.terminate(), Contains("server ended normal"));
    EXPECT_THAT(t.terminate(), IsEmpty());
}

}  // namespace
}  // namespace ringwall::sip::transaction
