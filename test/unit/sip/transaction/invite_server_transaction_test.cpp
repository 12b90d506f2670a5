#include "sip/transaction/invite_server_transaction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/sip/transaction/story.h"

namespace ringwall::sip::transaction {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using State = InviteServerTransaction::State;
using Words = std::vector<std::string>;

class Driver {
public:
    explicit Driver(Reliability reliability, const Timers& timers = {})
        : timers_(timers),
          invite_(make({})),
          machine_(ServerId{7}, hop_over(reliability), invite_, timers_) {}

    Words respond(int status) {
        return after([&] { machine_.respond(answer_to(invite_, status), out_); });
    }
    Words invite() {
        return after([&] { machine_.on_request(out_); });
    }
    Words ack() {
        return after([&] {
            machine_.on_ack(udp_hop(), make({.method = "ACK", .to_tag = "8321234356"}), out_);
        });
    }
    Words fire(Timer timer) {
        return after([&] { machine_.on_timer(timer, out_); });
    }
    Words terminate() {
        return after([&] { machine_.terminate(out_); });
    }
    State state() const { return machine_.state(); }
    const InviteServerTransaction& machine() const { return machine_; }

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
    MessagePtr invite_;
    InviteServerTransaction machine_;
};

TEST(InviteServerTransaction, WaitsInSilenceForItsUser) {
    Driver t(Reliability::Unreliable);

    EXPECT_EQ(t.state(), State::Proceeding);
    EXPECT_THAT(t.invite(), IsEmpty());  // nothing was sent yet that could be repeated
    EXPECT_THAT(t.ack(), IsEmpty());
    EXPECT_EQ(t.state(), State::Proceeding);
}

TEST(InviteServerTransaction, RepeatsItsLastProvisionalResponse) {
    Driver t(Reliability::Unreliable);

    EXPECT_THAT(t.respond(100), ElementsAre("transmit 100"));
    EXPECT_THAT(t.invite(), ElementsAre("transmit 100"));
    EXPECT_THAT(t.respond(180), ElementsAre("transmit 180"));
    EXPECT_THAT(t.invite(), ElementsAre("transmit 180"));
    EXPECT_EQ(t.state(), State::Proceeding);
}

// RFC 3261 §17.2.1: timer G starts at T1 and doubles up to T2.
TEST(InviteServerTransaction, RetransmitsFailureWithDoublingIntervalUntilNobodyHasAcknowledged) {
    Driver t(Reliability::Unreliable);

    EXPECT_THAT(t.respond(486), ElementsAre("transmit 486", "start G 500", "start H 32000"));
    for (const char* next : {"start G 1000", "start G 2000", "start G 4000", "start G 4000"}) {
        EXPECT_THAT(t.fire(Timer::G), ElementsAre("transmit 486", next));
    }
    EXPECT_THAT(t.invite(), ElementsAre("transmit 486"));
    EXPECT_EQ(t.state(), State::Completed);
    EXPECT_THAT(t.fire(Timer::H), ElementsAre("stop G", "server ended timeout"));
    EXPECT_EQ(t.state(), State::Terminated);
}

TEST(InviteServerTransaction, AbsorbsEverythingOnceAFailureIsAcknowledged) {
    Driver t(Reliability::Unreliable);
    t.respond(404);

    EXPECT_THAT(t.ack(), ElementsAre("stop G", "stop H", "start I 5000"));
    EXPECT_EQ(t.state(), State::Confirmed);
    EXPECT_THAT(t.ack(), IsEmpty());
    EXPECT_THAT(t.invite(), IsEmpty());
    EXPECT_THAT(t.respond(200), IsEmpty());
    EXPECT_THAT(t.fire(Timer::I), ElementsAre("server ended normal"));
    EXPECT_EQ(t.state(), State::Terminated);
}

// RFC 3261 Table 4: nothing is sent twice over a reliable transport, and timer I is zero.
TEST(InviteServerTransaction, EndsWithTheAckOverAReliableTransport) {
    Driver t(Reliability::Reliable);

    EXPECT_THAT(t.respond(486), ElementsAre("transmit 486", "start H 32000"));
    EXPECT_THAT(t.fire(Timer::G), IsEmpty());
    EXPECT_THAT(t.ack(), ElementsAre("stop H", "server ended normal"));
    EXPECT_EQ(t.state(), State::Terminated);
}

TEST(InviteServerTransaction, WaitsForTheAckOverAReliableTransportToo) {
    Driver t(Reliability::Reliable);
    t.respond(503);

    EXPECT_THAT(t.fire(Timer::H), ElementsAre("server ended timeout"));
}

// RFC 6026 §7.1.
TEST(InviteServerTransaction, StaysInAcceptedForTheUsersRepeated2xx) {
    for (const auto reliability : {Reliability::Unreliable, Reliability::Reliable}) {
        Driver t(reliability);
        t.respond(180);

        EXPECT_THAT(t.respond(200), ElementsAre("transmit 200", "start L 32000"));
        EXPECT_EQ(t.state(), State::Accepted);
        EXPECT_THAT(t.invite(), IsEmpty());
        EXPECT_THAT(t.respond(200), ElementsAre("transmit 200"));
        EXPECT_THAT(t.respond(486), IsEmpty());
        EXPECT_THAT(t.respond(180), IsEmpty());
        EXPECT_THAT(t.ack(), ElementsAre("ack"));
        EXPECT_EQ(t.state(), State::Accepted);
        EXPECT_THAT(t.fire(Timer::L), ElementsAre("server ended normal"));
        EXPECT_EQ(t.state(), State::Terminated);
    }
}

TEST(InviteServerTransaction, HoldsToItsFirstFailure) {
    Driver t(Reliability::Unreliable);
    t.respond(486);

    EXPECT_THAT(t.respond(200), IsEmpty());
    EXPECT_THAT(t.respond(180), IsEmpty());
    EXPECT_THAT(t.respond(500), IsEmpty());
    EXPECT_THAT(t.invite(), ElementsAre("transmit 486"));
}

// A phone's SIP Timer H.
TEST(InviteServerTransaction, AnotherTimerH) {
    Driver t(Reliability::Unreliable, {.h = 16s});

    EXPECT_THAT(t.respond(486), ElementsAre("transmit 486", "start G 500", "start H 16000"));
}

TEST(InviteServerTransaction, IgnoresTimersThatDoNotRun) {
    const auto fire_all_but = [](Driver& t, std::initializer_list<Timer> running) {
        for (int n = 0; n <= static_cast<int>(Timer::M); ++n) {
            const auto timer = static_cast<Timer>(n);
            if (std::find(running.begin(), running.end(), timer) == running.end()) {
                EXPECT_THAT(t.fire(timer), IsEmpty()) << to_string(timer);
            }
        }
    };
    Driver t(Reliability::Unreliable);
    fire_all_but(t, {});
    t.respond(486);
    fire_all_but(t, {Timer::G, Timer::H});
    t.ack();
    fire_all_but(t, {Timer::I});
    t.fire(Timer::I);
    fire_all_but(t, {});

    Driver accepted(Reliability::Unreliable);
    accepted.respond(200);
    fire_all_but(accepted, {Timer::L});
}

TEST(InviteServerTransaction, DoesNothingOnceTerminated) {
    Driver t(Reliability::Reliable);
    t.respond(486);
    t.ack();

    EXPECT_THAT(t.invite(), IsEmpty());
    EXPECT_THAT(t.ack(), IsEmpty());
    EXPECT_THAT(t.respond(200), IsEmpty());
    EXPECT_TRUE(t.machine().is_terminated());
}

TEST(InviteServerTransaction, SaysItsEndOnceHoweverOftenItIsEnded) {
    Driver t(Reliability::Unreliable);
    t.respond(486);

    EXPECT_THAT(t.terminate(), Contains("server ended normal"));
    EXPECT_THAT(t.terminate(), IsEmpty());
}

}  // namespace
}  // namespace ringwall::sip::transaction
