// The workers as they run: threads, sockets, mailboxes. TLS phones register and call each other,
// trunks call over UDP, and most calls have a peer on another worker. No time is asserted; what two
// threads may not touch at once ThreadSanitizer sees (make sanitize).
#include <gmock/gmock.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "base/check.h"
#include "base/log.h"
#include "load/call_load.h"
#include "load/register_load.h"
#include "net/clock.h"
#include "net/tcp_listener.h"
#include "net/udp_socket.h"
#include "sbc/config/reader.h"
#include "sbc/config/succession.h"
#include "sbc/workers.h"
#include "unit/tls/test_pki.h"

namespace ringwall::sbc {
namespace {

using bench::CallLoad;
using bench::Ends;
using bench::Options;
using bench::RegisterLoad;

constexpr unsigned phones = 24;
constexpr std::uint64_t calls = 300;

// From any thread.
class Counting final : public Observer {
public:
    void on_record(const CallRecord& record) override {
        (record.result == "answered" ? answered : others).fetch_add(1);
    }
    void on_trace(const std::string& line) override {
        traced.fetch_add(line.empty() ? 0 : 1);
        hangs.wait(true);
    }

    std::atomic<std::uint64_t> answered{0}, others{0}, traced{0};
    std::atomic<bool> hangs{false};  // whoever has something to tell
};

// Of this process alone, so that tests may run side by side on fixed ports.
std::string own_address() {
    const auto pid = static_cast<unsigned>(getpid());
    return "127." + std::to_string(1 + pid / 65'536 % 200) + "." + std::to_string(pid / 256 % 256) +
           "." + std::to_string(1 + pid % 254);
}

// Free a moment ago.
std::uint16_t free_port() {
    return net::UdpSocket::bind({*IpAddress::parse("127.0.0.1"), 0}, net::PortSharing::Exclusive)
        ->local()
        .port;
}

std::string replaced(std::string text, std::string_view what, const std::string& by) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what)) {
        text.replace(at, what.size(), by);
    }
    return text;
}

// `more`: adjacencies besides, that have no part in any call.
std::string configuration(const std::string& address, std::uint16_t callee,
                          const std::string& more = {}) {
    std::string text = R"(
sbc mysbc
 sbe
  tls certificate border.pem
  tls private-key border.key
  tls trust-anchors anchors.pem
)";
    for (unsigned i = 0; i < phones; ++i) {
        for (const char* prefix : {"a", "b"}) {
            text += "  subscriber " + std::string(prefix) + std::to_string(i) +
                    "@example.com\n   password secret\n";
        }
    }
    text += R"(
  adjacency sip trunk-in
   security untrusted
   signaling-address ipv4 ADDRESS
   signaling-port 5070
   attach
  adjacency sip trunk-out
   security untrusted
   signaling-address ipv4 ADDRESS
   signaling-port 5080
   signaling-peer 127.0.0.1
   signaling-peer-port CALLEE
   attach
  adjacency sip tls-phones
   inherit profile preset-access
   security trusted-encrypted
   sip-calls-in secure
   sip-calls-out secure-only
   domain example.com
   signaling-address ipv4 ADDRESS
   tls client-authentication off
   attach
MORE  call-policy-set 1
   first-call-routing-table BY-SOURCE
   rtg-src-adjacency-table BY-SOURCE
    entry 1
     match-adjacency trunk-in
     dst-adjacency trunk-out
     action complete
  active-call-policy-set 1
)";
    return replaced(replaced(replaced(text, "MORE", more), "ADDRESS", address), "CALLEE",
                    std::to_string(callee));
}

long resident_kilobytes() {
    long size = 0;
    long resident = 0;
    std::ifstream("/proc/self/statm") >> size >> resident;
    return resident * ::sysconf(_SC_PAGESIZE) / 1024;
}

class WorkersUnderLoad : public ::testing::TestWithParam<engine::ShardNumber> {
protected:
    static tls::test::Subject subject() {
        tls::test::Subject subject{.common_name = "border",
                                   .alt_names = "URI:sip:example.com,DNS:example.com"};
        subject.not_before = net::system_clock().wall - std::chrono::days(1);
        subject.not_after = net::system_clock().wall + std::chrono::days(1);
        return subject;
    }
    void SetUp() override {
        log::set_level(log::Level::Error);
        border_ = authority_.issue(subject());
        auto created = Workers::create(GetParam(), read(), observer_);
        ASSERT_TRUE(created) << created.error().sentence;
        workers_ = std::move(*created);
        workers_->set_trace(true);
        const auto bound = workers_->listen();
        ASSERT_TRUE(bound) << bound.error().front().sentence;
        workers_->start();
    }
    void TearDown() override { log::set_level(log::Level::Info); }

    SnapshotPtr read(const std::string& more = {}) const {
        const auto read =
            read_configuration(configuration(own_address(), callee_port_, more), "test.conf",
                               [&](const std::string& name) -> Result<std::string, std::string> {
                                   if (name == "anchors.pem") {
                                       return authority_.certificate();
                                   }
                                   return name == "border.key" ? border_.key : border_.certificate;
                               });
        CHECK(read.has_value());
        return read->snapshot;
    }
    // A further adjacency, of which a test may ask whether it is there.
    static std::string adjacency_at(std::uint16_t port, bool is_attached = true) {
        return "  adjacency sip further\n   signaling-address ipv4 " + own_address() +
               "\n   signaling-port " + std::to_string(port) + "\n" +
               (is_attached ? "   attach\n" : "");
    }
    SnapshotPtr next(const std::string& more) const {
        return succeed(workers_->snapshot(), *read(more));
    }
    void publish(const std::string& more) {
        auto prepared = workers_->prepare(next(more));
        ASSERT_TRUE(prepared) << prepared.error().front().sentence;
        workers_->publish(std::move(*prepared));
    }
    static Endpoint at(std::uint16_t port) { return {*IpAddress::parse(own_address()), port}; }
    static bool is_free(std::uint16_t port) {
        return net::UdpSocket::bind(at(port), net::PortSharing::Exclusive).has_value() &&
               net::TcpListener::listen(at(port), net::PortSharing::Exclusive).has_value();
    }
    // They are given up by the workers in their own time.
    static bool becomes_free(std::uint16_t port) {
        for (int i = 0; i < 500 && !is_free(port); ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        return is_free(port);
    }

    Options options(sip::Transport transport) const {
        Options out;
        const bool is_tls = transport == sip::Transport::Tls;
        out.transport = transport;
        out.callee_transport = transport;
        const std::uint16_t port = is_tls ? 5061 : 5070;
        out.server = {*IpAddress::parse(own_address()), port};
        out.callee_server = out.server;
        if (is_tls) {
            out.domain = "example.com";
            out.callee_domain = "example.com";
            out.authentication = bench::Authentication::Reuse;
        } else {
            out.callee_listen = callee_port_;
        }
        out.users = phones;
        out.connections = phones;
        out.window = phones;
        out.count = calls;
        out.seconds = 60;
        out.timeout = 30;
        return out;
    }
    std::unique_ptr<Ends> ends() const {
        tls::ContextOptions its;
        its.trust_anchors = authority_.certificate();
        auto made = Ends::create(*tls::Context::create(tls::Context::Role::Client, its));
        CHECK(made.has_value());
        return std::move(*made);
    }
    void expect_calls(sip::Transport transport) {
        const Options its = options(transport);
        const auto both = ends();
        CallLoad load(its, *both, random_);
        both->set_player(load);
        load.run();
        const auto result = load.result();
        ASSERT_FALSE(load.has_failed()) << result.dump();
        EXPECT_GE(result["good"].get<std::uint64_t>(), calls) << result.dump();
        EXPECT_EQ(result["failed"].get<std::uint64_t>(), 0U) << result.dump();
    }

    tls::test::TestAuthority authority_;
    tls::test::Credentials border_;
    const std::uint16_t callee_port_ = free_port();
    Counting observer_;
    SystemRandom random_;
    std::unique_ptr<Workers> workers_;
};

TEST_P(WorkersUnderLoad, CallsOverUdp) {
    expect_calls(sip::Transport::Udp);
    workers_->log_counters();
    workers_->end_all("the test is over");
    workers_->stop();
    EXPECT_GE(observer_.answered, calls);
    EXPECT_GT(observer_.traced, calls * 10);
}

TEST_P(WorkersUnderLoad, CallsOverTls) {
    expect_calls(sip::Transport::Tls);
    workers_->stop();
    EXPECT_GE(observer_.answered, calls);
}

TEST_P(WorkersUnderLoad, RegistrationsOverTls) {
    const Options its = options(sip::Transport::Tls);
    const auto both = ends();
    RegisterLoad load(its, *both, random_);
    both->set_player(load);
    load.run();
    EXPECT_FALSE(load.has_failed());
    EXPECT_EQ(load.result()["failed"].get<std::uint64_t>(), 0U) << load.result().dump();
}

// A peer that asks for a sign of life, from a port of its own each time, so that every worker is
// asked.
class Asker {
public:
    void ask(const Endpoint& whom) {
        auto socket =
            net::UdpSocket::bind({*IpAddress::parse("127.0.0.1"), 0}, net::PortSharing::Exclusive);
        CHECK(socket.has_value());
        const std::string mine = socket->local().to_string();
        socket->queue(whom,
                      "OPTIONS sip:" + whom.to_string() + " SIP/2.0\r\nVia: SIP/2.0/UDP " + mine +
                          ";branch=z9hG4bK" + std::to_string(++asked_) +
                          "\r\nMax-Forwards: 70\r\nFrom: <sip:a@127.0.0.1>;tag=1\r\nTo: <sip:" +
                          whom.to_string() + ">\r\nCall-ID: " + mine +
                          "\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n");
        socket->flush();
        sockets_.push_back(std::move(*socket));
    }
    // How many were answered with that status, as soon as as many as were asked.
    std::size_t heard(std::string_view status, Duration limit) {
        std::vector<pollfd> ready;
        for (const net::UdpSocket& socket : sockets_) {
            ready.push_back({socket.fd(), POLLIN, 0});
        }
        const auto end = std::chrono::steady_clock::now() + limit;
        for (auto left = limit; heard_ < sockets_.size() && left > Duration::zero();
             left = std::chrono::duration_cast<Duration>(end - std::chrono::steady_clock::now())) {
            ::poll(ready.data(), ready.size(), static_cast<int>(left / 1ms) + 1);
            for (net::UdpSocket& socket : sockets_) {
                socket.receive(batch_);
                for (std::size_t i = 0; i < batch_.count(); ++i) {
                    heard_ += batch_[i].bytes.starts_with("SIP/2.0 " + std::string(status)) ? 1 : 0;
                }
            }
        }
        return heard_;
    }

private:
    std::vector<net::UdpSocket> sockets_;
    net::DatagramBatch batch_;
    std::size_t asked_ = 0;
    std::size_t heard_ = 0;
};

// Without being waited for; and so is that it turns again.
TEST_P(WorkersUnderLoad, OneThatHangsIsNoticed) {
    const auto turn_within = [this](std::chrono::milliseconds limit) {
        const auto end = std::chrono::steady_clock::now() + limit;
        bool all = workers_->have_turned();
        while (!all && std::chrono::steady_clock::now() < end) {
            std::this_thread::sleep_for(5ms);
            all = workers_->have_turned();
        }
        return all;
    };
    EXPECT_TRUE(turn_within(5s));
    EXPECT_TRUE(turn_within(5s)) << "again and again";
    observer_.hangs = true;
    Asker asker;
    asker.ask(at(5070));
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (observer_.traced == 0 && std::chrono::steady_clock::now() < end) {
        std::this_thread::sleep_for(1ms);
    }
    EXPECT_NE(observer_.traced, 0U);
    workers_->have_turned();  // what was asked before may have been answered
    EXPECT_FALSE(turn_within(300ms));
    observer_.hangs = false;
    observer_.hangs.notify_all();
    EXPECT_TRUE(turn_within(5s));
}

TEST_P(WorkersUnderLoad, ANewAdjacencyAnswersWhenItIsPublishedAndNotBefore) {
    constexpr std::uint16_t port = 5090;
    constexpr std::size_t asked = 16;
    auto prepared = workers_->prepare(next(adjacency_at(port)));
    ASSERT_TRUE(prepared) << prepared.error().front().sentence;
    EXPECT_FALSE(is_free(port));
    Asker asker;
    for (std::size_t i = 0; i < asked; ++i) {
        asker.ask(at(port));
    }
    EXPECT_EQ(asker.heard("200", 100ms), 0U);
    workers_->publish(std::move(*prepared));
    EXPECT_EQ(asker.heard("200", 5s), asked);
    EXPECT_EQ(workers_->status().size(), 4U);
    EXPECT_EQ(workers_->status()[3].state, AdjacencyState::Attached);

    publish(adjacency_at(port, false));
    EXPECT_TRUE(becomes_free(port));
    EXPECT_EQ(workers_->status()[3].state, AdjacencyState::Detached);
    publish(adjacency_at(port));
    Asker again;
    for (std::size_t i = 0; i < asked; ++i) {
        again.ask(at(port));
    }
    EXPECT_EQ(again.heard("200", 5s), asked);
}

// Some workers have given the socket up and some have not.
TEST_P(WorkersUnderLoad, AnAddressThatIsGivenUpAndWantedAgainIsThere) {
    constexpr std::uint16_t port = 5090;
    for (int i = 0; i < 20; ++i) {
        publish(adjacency_at(port));
        publish(adjacency_at(port, false));
        std::this_thread::sleep_for(std::chrono::milliseconds(i % 4));
    }
    publish(adjacency_at(port));
    Asker asker;
    for (int i = 0; i < 16; ++i) {
        asker.ask(at(port));
    }
    EXPECT_EQ(asker.heard("200", 5s), 16U);
}

TEST_P(WorkersUnderLoad, WhatIsPreparedAndNotPublishedLeavesNothing) {
    { ASSERT_TRUE(workers_->prepare(next(adjacency_at(5090)))); }
    EXPECT_TRUE(is_free(5090));
    EXPECT_EQ(workers_->status().size(), 3U);
}

TEST_P(WorkersUnderLoad, WhatCannotBeBoundChangesNothing) {
    const auto taken = net::TcpListener::listen(at(5091), net::PortSharing::Exclusive);
    const auto taken_too = net::TcpListener::listen(at(5092), net::PortSharing::Exclusive);
    ASSERT_TRUE(taken && taken_too);
    const std::string another = replaced(adjacency_at(5090), "further", "free") +
                                adjacency_at(5091) +
                                replaced(adjacency_at(5092), "further", "last");
    const auto prepared = workers_->prepare(next(another));
    ASSERT_FALSE(prepared);
    ASSERT_EQ(prepared.error().size(), 2U);  // all that cannot be bound, each once
    EXPECT_EQ(prepared.error()[0].adjacencies, "further");
    EXPECT_EQ(prepared.error()[0].local, at(5091));
    EXPECT_EQ(prepared.error()[1].adjacencies, "last");
    EXPECT_TRUE(is_free(5090));
    EXPECT_EQ(workers_->status().size(), 3U);
    expect_calls(sip::Transport::Udp);
}

TEST_P(WorkersUnderLoad, CallsGoOnWhileConfigurationsChange) {
    std::atomic<bool> is_over{false};
    std::atomic<unsigned> published{0};
    std::thread operating([&] {
        while (!is_over) {
            publish(adjacency_at(5090, published % 2 == 0));
            ++published;
        }
    });
    expect_calls(sip::Transport::Udp);
    expect_calls(sip::Transport::Tls);
    is_over = true;
    operating.join();
    EXPECT_GT(published, 2U);
    workers_->stop();
    EXPECT_GE(observer_.answered, 2 * calls);
}

// As many as RINGWALL_RELOADS says (`make reloads`: 10,000), while phones call over TLS: no call
// fails, memory does not grow, and nobody holds a context or a configuration when all is over. (A
// call that has ended holds its own for half a minute.)
TEST_P(WorkersUnderLoad, RenewedCertificatesLeaveNothingBehind) {
    constexpr long growth = 32 * 1024;  // kB, where there are enough to tell
    const char* const wanted = std::getenv("RINGWALL_RELOADS");
    const int reloads = wanted == nullptr ? 100 : std::atoi(wanted);
    const tls::test::Credentials both[] = {border_, authority_.issue(subject())};
    std::vector<std::weak_ptr<const tls::Context>> contexts;
    std::vector<std::weak_ptr<const Snapshot>> snapshots;
    long before = 0;
    std::atomic<bool> is_over{false};
    std::thread operating([&] {
        for (int i = 0; i < reloads; ++i) {
            border_ = both[i % 2];
            const SnapshotPtr renewed = next("");
            for (const Adjacency& each : renewed->adjacencies) {
                if (each.tls_server != nullptr) {
                    contexts.emplace_back(each.tls_server);
                    contexts.emplace_back(each.tls_client);
                }
            }
            snapshots.emplace_back(renewed);
            auto prepared = workers_->prepare(renewed);
            CHECK(prepared.has_value());
            workers_->publish(std::move(*prepared));
            if (i == reloads / 5) {
                before = resident_kilobytes();
            }
        }
        is_over = true;
    });
    do {
        expect_calls(sip::Transport::Tls);
    } while (!is_over && !HasFailure());
    operating.join();
    const long after = resident_kilobytes();
    std::printf("%d reloads: %ld kB after a fifth, %ld kB after all\n", reloads, before, after);
    EXPECT_TRUE(reloads < 10'000 || after - before < growth);
    workers_->stop();
    workers_.reset();
    const auto is_alive = [](const auto& each) { return !each.expired(); };
    EXPECT_EQ(contexts.size(), 2 * snapshots.size());
    EXPECT_EQ(std::ranges::count_if(snapshots, is_alive), 0);
    EXPECT_EQ(std::ranges::count_if(contexts, is_alive), 0);
}

INSTANTIATE_TEST_SUITE_P(Workers, WorkersUnderLoad, ::testing::Values(1, 2, 4));

}  // namespace
}  // namespace ringwall::sbc
