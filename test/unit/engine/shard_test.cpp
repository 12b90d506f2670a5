// The shard's timers, with transactions whose end is known: what is stopped does not fire, in
// whatever order things happen. Sockets and threads are in worker_test.cpp.
#include "engine/shard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "sip/message_builder.h"

namespace ringwall::engine {
namespace {

using sip::HeaderName;
using sip::transaction::ClientId;
using sip::transaction::ServerId;
using sip::transaction::TerminationCause;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr ListenerId listener{1};
constexpr FlowId socket_flow{2};
const Endpoint local{*IpAddress::parse("192.0.2.1"), 5060};
const Endpoint peer{*IpAddress::parse("192.0.2.9"), 5060};

constexpr FlowId own_socket{3};
constexpr FlowId gone_connection{4};

class Wire final : public Network {
public:
    void send_datagram(FlowId, const Endpoint&, std::string_view bytes) override {
        sent.emplace_back(bytes);
    }
    void send(FlowId, std::string_view) override {}
    FlowId connect(const ConnectSpec&) override { return {}; }
    FlowId open_udp(const Endpoint&) override { return own_socket; }
    void connect_as(FlowId id, const ConnectSpec&) override { opened.push_back(id); }
    void close(FlowId, CloseReason) override {}
    void query(const dns::Question&) override {}
    std::size_t count(std::string_view start) const {
        return static_cast<std::size_t>(std::count_if(
            sent.begin(), sent.end(), [&](const auto& text) { return text.starts_with(start); }));
    }

    std::vector<std::string> sent;
    std::vector<FlowId> opened;
};

class Listening final : public ShardUser {
public:
    bool on_datagram_source(const Flow&, const Endpoint&) override { return true; }
    AcceptDecision on_accept(ListenerId, const Endpoint&) override { return {}; }
    bool on_established(const Flow&) override { return true; }
    void on_flow_closed(const Flow&, CloseReason, std::string_view) override {}
    void on_request(ServerId, const sip::Hop&, const sip::MessagePtr&, ServerId) override {}
    void on_ack(const sip::Hop&, const sip::MessagePtr&) override {}
    void on_response(ClientId, const sip::Hop&, const sip::MessagePtr& response) override {
        statuses.push_back(response->status());
    }
    void on_client_failed(ClientId id, TerminationCause) override { failed.push_back(id.value); }
    void on_client_ended(ClientId id) override { ended.push_back(id.value); }
    void on_server_ended(ServerId, TerminationCause) override {}
    void on_timer(std::uint64_t cookie) override { timers.push_back(cookie); }
    void on_trace(Direction, const sip::Hop&, const sip::Message&) override {}
    void on_octets(FlowId, const Endpoint&, std::string_view) override { on_answer(); }

    std::function<void()> on_answer;
    std::vector<int> statuses;
    std::vector<std::uint64_t> failed, ended, timers;
};

class ShardTimers : public ::testing::Test {
protected:
    ShardTimers() { shard.add_listener(listener, local, sip::Transport::Udp, socket_flow); }

    sip::MessagePtr request(const std::string& method) {
        const std::string number = std::to_string(++number_);
        return sip::MessageBuilder::request(method, "sip:eric@192.0.2.9")
            .header(HeaderName::Via, "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK" + number)
            .header(HeaderName::MaxForwards, "70")
            .header(HeaderName::From, "<sip:w@192.0.2.1>;tag=" + number)
            .header(HeaderName::To, "<sip:eric@192.0.2.9>")
            .header(HeaderName::CallId, "call" + number)
            .header(HeaderName::CSeq, "1 " + method)
            .header(HeaderName::Contact, "<sip:w@192.0.2.1>")
            .build();
    }
    ClientId send(const sip::MessagePtr& message) {
        return shard.send_request({socket_flow, peer, sip::Transport::Udp}, message);
    }
    void hear(const sip::Message& request, int status) {
        shard.on_datagram(listener, socket_flow, peer,
                          sip::reply(request, status, "t").build()->bytes(), now);
    }
    // As the loop does: from deadline to deadline.
    void run_for(Duration duration) {
        const TimePoint limit = now.monotonic + duration;
        while (shard.next_deadline() <= limit) {
            now.monotonic = std::max(now.monotonic, shard.next_deadline());
            shard.on_time(now);
        }
        now.monotonic = limit;
        shard.on_time(now);
    }
    // One turn of a loop that was held up: whatever has become due fires at once.
    void sleep_for(Duration duration) {
        now.monotonic += duration;
        shard.on_time(now);
    }

    Now now{TimePoint{} + 1h, WallTime{}};
    Wire wire;
    Listening user;
    Shard shard{wire, user, {}, now};

private:
    int number_ = 0;
};

TEST_F(ShardTimers, WhatIsStoppedLeavesTheWheel) {
    const auto invite = request("INVITE");
    send(invite);
    EXPECT_EQ(shard.timer_count(), 2U);  // A and B
    hear(*invite, 180);
    EXPECT_EQ(shard.timer_count(), 0U);
    EXPECT_EQ(shard.next_deadline(), TimePoint::max());
    run_for(100s);
    EXPECT_EQ(wire.count("INVITE"), 1U);
    EXPECT_THAT(user.failed, IsEmpty());
}

// RFC 3261 §9.1: timer B runs a second time, from the CANCEL on.
TEST_F(ShardTimers, TheFirstTimerBDoesNotEndACancelledInvite) {
    const auto invite = request("INVITE");
    const ClientId id = send(invite);
    hear(*invite, 180);
    run_for(30s);
    ASSERT_TRUE(shard.cancel(id));
    run_for(31s);
    EXPECT_THAT(user.failed, ::testing::Not(::testing::Contains(id.value)));
    EXPECT_EQ(shard.transactions().request(id), invite);
    run_for(2s);
    EXPECT_THAT(user.failed, ::testing::Contains(id.value));
    EXPECT_EQ(shard.transactions().client_count(), 0U);
}

// B fires before A, or F before E, and ends the transaction of the other, which has expired too.
// Its slot is free once, not twice.
TEST_F(ShardTimers, WhatIsStoppedInTheTurnInWhichItExpiredDoesNotFire) {
    for (const char* method : {"INVITE", "OPTIONS"}) {
        SCOPED_TRACE(method);
        user.timers.clear();
        const ClientId id = send(request(method));
        run_for(31'900ms);
        ASSERT_EQ(shard.timer_count(), 2U);
        sleep_for(40s);
        EXPECT_EQ(shard.timer_count(), 0U);
        EXPECT_EQ(std::count(user.failed.begin(), user.failed.end(), id.value), 1);
        EXPECT_EQ(std::count(user.ended.begin(), user.ended.end(), id.value), 1);
        EXPECT_EQ(shard.transactions().client_count(), 0U);
        for (const std::uint64_t cookie : {1U, 2U, 3U}) {
            shard.start_timer(1s, cookie);
        }
        run_for(2s);
        EXPECT_THAT(user.timers, ElementsAre(1U, 2U, 3U));
    }
}

// The slot of a stopped timer belongs to another one now.
TEST_F(ShardTimers, ASlotThatIsUsedAgainIsNotMistakenForWhatItHeld) {
    const auto first = request("INVITE");
    send(first);
    hear(*first, 180);  // A and B are stopped
    shard.start_timer(32s, 77);
    shard.start_timer(60s, 78);
    run_for(33s);
    EXPECT_THAT(user.timers, ElementsAre(77U));
    EXPECT_THAT(user.failed, IsEmpty());
    hear(*first, 486);  // D
    EXPECT_EQ(shard.timer_count(), 2U);
    run_for(100s);
    EXPECT_THAT(user.timers, ElementsAre(77U, 78U));
    EXPECT_EQ(shard.timer_count(), 0U);
    EXPECT_EQ(user.ended.size(), 1U);
}

// A timer of a user that starts another one when it fires takes the slot that has just become free,
// while what expired with it still waits for its turn.
TEST_F(ShardTimers, ManyThatExpireTogetherFireOnceEach) {
    for (std::uint64_t i = 0; i < 50; ++i) {
        shard.start_timer(1s, i);
        send(request("OPTIONS"));
    }
    sleep_for(90s);
    EXPECT_EQ(user.timers.size(), 50U);
    run_for(90s);
    EXPECT_EQ(user.timers.size(), 50U);
    EXPECT_EQ(user.failed.size(), 50U);
    EXPECT_EQ(shard.timer_count(), 0U);
}

TEST_F(ShardTimers, WhatTheUserStopsDoesNotFireAndIsNotStoppedTwice) {
    const auto stopped = shard.start_timer(1s, 1);
    shard.stop_timer(stopped);
    EXPECT_EQ(shard.timer_count(), 0U);
    const auto next = shard.start_timer(1s, 2);  // in its place
    shard.stop_timer(stopped);
    EXPECT_TRUE(shard.is_running(next));
    run_for(2s);
    EXPECT_THAT(user.timers, ElementsAre(2U));
    EXPECT_FALSE(shard.is_running(next));
}

// ---- connections that a sibling asks for --------------------------------------------------------

// Who sends by a connection that is gone has the id of what failed before it is told.
TEST_F(ShardTimers, NothingFailsBeforeWhoSentItHasReturned) {
    ASSERT_EQ(shard.open_udp(peer), own_socket);
    std::vector<std::uint64_t> sent;
    const auto send_in_vain = [&] {
        sent.push_back(
            shard.send_request({gone_connection, peer, sip::Transport::Tcp}, request("OPTIONS"))
                .value);
        EXPECT_EQ(user.failed.size(), sent.size() - 1);
    };
    user.on_answer = send_in_vain;
    shard.on_datagram(listener, own_socket, peer, "an answer", now);
    EXPECT_EQ(user.failed, sent);
    shard.work(now, send_in_vain);
    EXPECT_EQ(user.failed, sent);
    EXPECT_EQ(sent.size(), 2U);
}

class Letters final : public Siblings {
public:
    ShardNumber count() const override { return 3; }
    void post(ShardNumber to, Letter letter) override {
        if (const auto* gone = std::get_if<FlowGone>(&letter)) {
            told_gone.emplace_back(to, gone->flow);
        }
    }
    void flush() override {}
    void post_now(ShardNumber to, Letter letter) override { post(to, std::move(letter)); }

    std::vector<std::pair<ShardNumber, FlowId>> told_gone;
};

class AskedConnections : public ::testing::Test {
protected:
    static constexpr FlowId asked = make_flow_id(1, 3, 7);  // of the shard, chosen by its sibling 2
    void close(FlowId flow) {
        shard.on_closed(flow, {}, peer, CloseReason::ConnectFailed, "", now);
    }

    Now now{TimePoint{} + 1h, WallTime{}};
    Wire wire;
    Listening user;
    Letters letters;
    Shard shard{wire, user, {}, now, {1, &letters}};
    const ConnectSpec spec{};
};

TEST_F(AskedConnections, AreOpenedByTheLetter) {
    shard.open(Open{asked, spec, 2}, now);
    EXPECT_THAT(wire.opened, ElementsAre(asked));
    EXPECT_TRUE(shard.assure(asked, spec));
    EXPECT_THAT(wire.opened, ElementsAre(asked));
}

TEST_F(AskedConnections, AreOpenedAtOnceWhenTheyAreUsedBeforeTheLetterComes) {
    EXPECT_TRUE(shard.assure(asked, spec));
    EXPECT_THAT(wire.opened, ElementsAre(asked));
    EXPECT_NE(shard.flow(asked), nullptr);
    shard.open(Open{asked, spec, 2}, now);
    EXPECT_THAT(wire.opened, ElementsAre(asked));
    close(asked);
    EXPECT_THAT(letters.told_gone, ElementsAre(std::pair(ShardNumber{2}, asked)));
}

TEST_F(AskedConnections, ThatDieBeforeTheLetterComesAreNotOpenedAgain) {
    EXPECT_TRUE(shard.assure(asked, spec));
    close(asked);
    EXPECT_FALSE(shard.assure(asked, spec));
    shard.open(Open{asked, spec, 2}, now);
    EXPECT_THAT(wire.opened, ElementsAre(asked));
    EXPECT_THAT(letters.told_gone, ElementsAre(std::pair(ShardNumber{2}, asked)));
}

TEST_F(AskedConnections, ThatThePeerOpenedAreNotOpenedByUs) {
    EXPECT_FALSE(shard.assure(make_flow_id(1, 0, 7), spec));
    EXPECT_THAT(wire.opened, IsEmpty());
}

TEST_F(AskedConnections, OfASiblingAreLeftToIt) {
    EXPECT_TRUE(shard.assure(make_flow_id(0, 0, 7), spec));
    EXPECT_THAT(wire.opened, IsEmpty());
}

}  // namespace
}  // namespace ringwall::engine
