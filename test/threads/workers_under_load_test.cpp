// The workers as they run: threads, sockets, mailboxes. TLS phones register and call each other,
// trunks call over UDP, and most calls have a peer on another worker. No time is asserted; what two
// threads may not touch at once ThreadSanitizer sees (make sanitize).
#include <gmock/gmock.h>
#include <unistd.h>

#include <atomic>

#include "base/check.h"
#include "base/log.h"
#include "load/call_load.h"
#include "load/register_load.h"
#include "net/clock.h"
#include "net/udp_socket.h"
#include "sbc/config/reader.h"
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
    void on_trace(const std::string& line) override { traced.fetch_add(line.empty() ? 0 : 1); }

    std::atomic<std::uint64_t> answered{0}, others{0}, traced{0};
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

std::string configuration(const std::string& address, std::uint16_t callee) {
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
  call-policy-set 1
   first-call-routing-table BY-SOURCE
   rtg-src-adjacency-table BY-SOURCE
    entry 1
     match-adjacency trunk-in
     dst-adjacency trunk-out
     action complete
  active-call-policy-set 1
)";
    return replaced(replaced(text, "ADDRESS", address), "CALLEE", std::to_string(callee));
}

class WorkersUnderLoad : public ::testing::TestWithParam<engine::ShardNumber> {
protected:
    void SetUp() override {
        log::set_level(log::Level::Error);
        tls::test::Subject subject{.common_name = "border",
                                   .alt_names = "URI:sip:example.com,DNS:example.com"};
        subject.not_before = net::system_clock().wall - std::chrono::days(1);
        subject.not_after = net::system_clock().wall + std::chrono::days(1);
        const tls::test::Credentials border = authority_.issue(subject);
        const auto read =
            read_configuration(configuration(own_address(), callee_port_), "test.conf",
                               [&](const std::string& name) -> Result<std::string, std::string> {
                                   if (name == "anchors.pem") {
                                       return authority_.certificate();
                                   }
                                   return name == "border.key" ? border.key : border.certificate;
                               });
        ASSERT_TRUE(read) << read.error().to_string();
        auto created = Workers::create(GetParam(), read->snapshot, observer_);
        ASSERT_TRUE(created) << created.error().sentence;
        workers_ = std::move(*created);
        workers_->set_trace(true);
        const auto bound = workers_->listen();
        ASSERT_TRUE(bound) << bound.error().sentence;
        workers_->start();
    }
    void TearDown() override { log::set_level(log::Level::Info); }

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

INSTANTIATE_TEST_SUITE_P(Workers, WorkersUnderLoad, ::testing::Values(1, 2, 4));

}  // namespace
}  // namespace ringwall::sbc
