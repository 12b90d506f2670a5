// The worker over loopback sockets, its clock in the hand of the test.
#include "engine/worker.h"

#include <gmock/gmock.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <list>
#include <map>
#include <thread>

#include "net/socket_address.h"
#include "net/tcp_listener.h"
#include "tls/session.h"
#include "unit/tls/test_pki.h"

namespace ringwall::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const Endpoint any_port{IpAddress::v4(127, 0, 0, 1), 0};

// Writes down what it is told.
struct Recorder : NetworkUser {
    struct Datagram {
        ListenerId listener;
        FlowId flow;
        Endpoint remote;
        std::string bytes;
    };
    struct Established {
        FlowId flow;
        ListenerId listener;
        Endpoint remote;
        bool is_encrypted;
        tls::PeerIdentity identity;
    };
    struct Closed {
        FlowId flow;
        ListenerId listener;
        CloseReason reason;
        std::string detail;
    };

    void on_datagram(ListenerId listener, FlowId flow, const Endpoint& remote,
                     std::string_view bytes, Now) override {
        datagrams.push_back({listener, flow, remote, std::string(bytes)});
        if (when_datagram) when_datagram(datagrams.back());
    }
    AcceptDecision on_accept(ListenerId, const Endpoint&) override {
        ++accepts;
        return decision;
    }
    bool on_established(FlowId flow, ListenerId listener, const Endpoint& remote,
                        const tls::PeerIdentity* identity, Now) override {
        established.push_back({flow, listener, remote, identity != nullptr,
                               identity != nullptr ? *identity : tls::PeerIdentity{}});
        if (when_established) when_established(flow);
        return is_welcome;
    }
    void on_stream(FlowId flow, std::string_view bytes, Now) override {
        streams[flow] += bytes;
        if (when_stream) when_stream(flow);
    }
    void on_closed(FlowId flow, ListenerId listener, const Endpoint&, CloseReason reason,
                   std::string_view detail, Now) override {
        closed.push_back({flow, listener, reason, std::string(detail)});
        if (when_closed) when_closed(flow);
    }
    void on_time(Now now) override {
        times.push_back(now.monotonic);
        if (deadline <= now.monotonic) deadline = TimePoint::max();
    }
    void on_delay(Duration waited, Now) override { delays.push_back(waited); }
    TimePoint next_deadline() const override { return deadline; }

    std::vector<CloseReason> reasons() const {
        std::vector<CloseReason> all;
        for (const Closed& one : closed) all.push_back(one.reason);
        return all;
    }

    AcceptDecision decision{.is_admitted = true, .tls = nullptr};
    bool is_welcome = true;
    TimePoint deadline = TimePoint::max();
    int accepts = 0;
    std::vector<Datagram> datagrams;
    std::vector<Established> established;
    std::map<FlowId, std::string> streams;
    std::vector<Closed> closed;
    std::vector<TimePoint> times;
    std::vector<Duration> delays;
    std::function<void(const Datagram&)> when_datagram;
    std::function<void(FlowId)> when_established;
    std::function<void(FlowId)> when_stream;
    std::function<void(FlowId)> when_closed;
};

// A peer that is nothing but a socket.
class RawPeer {
public:
    explicit RawPeer(const Endpoint& remote) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        const net::SocketAddress address(remote);
        EXPECT_EQ(connect(fd_.number(), address.get(), address.length), 0);
    }
    explicit RawPeer(net::FileDescriptor fd) : fd_(std::move(fd)) {}

    void send(std::string_view bytes) {
        EXPECT_EQ(::send(fd_.number(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(bytes.size()));
    }
    // Takes what is there. `is_over` when the other side has closed.
    void take() {
        char buffer[65'536];
        while (!is_over) {
            const ssize_t length = recv(fd_.number(), buffer, sizeof buffer, MSG_DONTWAIT);
            if (length < 0 && errno == EAGAIN) return;
            if (length <= 0) {
                is_over = true;
            } else {
                received.append(buffer, static_cast<std::size_t>(length));
            }
        }
    }
    // False when nothing comes for half a minute.
    bool await() {
        pollfd state{fd_.number(), POLLIN, 0};
        return poll(&state, 1, 30'000) == 1;
    }
    void close() { fd_.close(); }

    std::string received;
    bool is_over = false;

private:
    net::FileDescriptor fd_;
};

// A peer that speaks TLS over a RawPeer.
struct TlsPeer {
    RawPeer raw;
    tls::Session session;
    std::string plaintext{};

    void start() {
        std::string out;
        session.start(tls::test::new_year, out);
        raw.send(out);
    }
    void pump() {
        raw.take();
        std::string out;
        session.feed(std::exchange(raw.received, {}), tls::test::new_year, plaintext, out);
        if (!out.empty() && !raw.is_over) raw.send(out);
    }
    void write(std::string_view text) {
        std::string out;
        session.write(text, out);
        raw.send(out);
    }
};

class WorkerTest : public testing::Test {
protected:
    WorkerTest() {
        WorkerOptions options;
        options.clock = [this] { return now; };
        use(options);
    }
    void use(WorkerOptions options) {
        options.clock = [this] { return now; };
        worker = std::move(*Worker::create(options));
        worker->set_user(user);
    }
    template <class Condition>
    [[nodiscard]] bool turn_until(Condition condition) {
        for (int i = 0; i < 2'000; ++i) {
            if (condition()) return true;
            worker->turn(10ms);
        }
        return condition();
    }
    bool turn_until_closed(std::size_t count = 1) {
        return turn_until([&] { return user.closed.size() >= count; });
    }
    bool turn_until_established(std::size_t count = 1) {
        return turn_until([&] { return user.established.size() >= count; });
    }
    bool turn_until_over(RawPeer& peer) {
        return turn_until([&] {
            peer.take();
            return peer.is_over;
        });
    }
    Endpoint listen() { return worker->add_tcp(any_port).value().bound; }
    ConnectSpec to(const Endpoint& remote) {
        ConnectSpec spec;
        spec.remote = remote;
        return spec;
    }
    ConnectSpec tls_to(const Endpoint& remote) {
        ConnectSpec spec = to(remote);
        spec.transport = sip::Transport::Tls;
        spec.tls = client_context();
        spec.server_name = "sbc.example";
        return spec;
    }
    // A listener of the test's own: what the worker connects to.
    net::TcpListener elsewhere() {
        return std::move(*net::TcpListener::listen(any_port, net::PortSharing::Exclusive));
    }
    RawPeer accept(net::TcpListener& listener) {
        net::TcpListener::Accepted accepted;
        EXPECT_TRUE(turn_until([&] {
            accepted = listener.accept();
            return accepted.outcome == net::TcpListener::Outcome::Accepted;
        }));
        return RawPeer(std::move(accepted.fd));
    }
    std::shared_ptr<const tls::Context> server_context(
        tls::ClientAuthentication authentication = tls::ClientAuthentication::Optional) {
        tls::ContextOptions options = tls::test::options_for(
            authority.issue({.common_name = "sbc", .alt_names = "URI:sip:sbc.example"}),
            authority.certificate());
        options.client_authentication = authentication;
        return *tls::Context::create(tls::Context::Role::Server, options);
    }
    std::shared_ptr<const tls::Context> client_context() {
        return *tls::Context::create(
            tls::Context::Role::Client,
            tls::test::options_for(
                authority.issue({.common_name = "phone", .alt_names = "URI:sip:al@sbc.example"}),
                authority.certificate()));
    }

    Now now{TimePoint(1'000s), tls::test::new_year};
    tls::test::TestAuthority authority;
    Recorder user;
    std::unique_ptr<Worker> worker;
};

TEST_F(WorkerTest, DatagramsAreEchoedInOneBatch) {
    const auto listener = worker->add_udp(any_port).value();
    const auto other = worker->add_udp(any_port).value();
    EXPECT_NE(listener.id, other.id);
    EXPECT_NE(listener.flow, other.flow);
    user.when_datagram = [&](const Recorder::Datagram& datagram) {
        if (datagram.listener == listener.id) {
            worker->send_datagram(datagram.flow, datagram.remote, "echo " + datagram.bytes);
        }
    };
    for (int i = 0; i < 50; ++i) {
        worker->send_datagram(other.flow, listener.bound, std::to_string(i));
    }
    ASSERT_TRUE(turn_until([&] { return user.datagrams.size() == 100; }));
    int echoes = 0;
    for (const auto& datagram : user.datagrams) {
        if (datagram.listener != other.id) continue;
        EXPECT_EQ(datagram.flow, other.flow);
        EXPECT_EQ(datagram.remote, listener.bound);
        EXPECT_EQ(datagram.bytes, "echo " + std::to_string(echoes++));
    }
    EXPECT_EQ(echoes, 50);
}

TEST_F(WorkerTest, AddressInUseIsAnError) {
    const auto tcp = worker->add_tcp(any_port).value();
    const auto again = worker->add_tcp(tcp.bound);
    ASSERT_FALSE(again);
    EXPECT_THAT(again.error().sentence, HasSubstr(tcp.bound.to_string()));
}

TEST_F(WorkerTest, RemovedListenersAreSilentAndTheirConnectionsStay) {
    const auto tcp = worker->add_tcp(any_port).value();
    const auto udp = worker->add_udp(any_port).value();
    RawPeer peer(tcp.bound);
    ASSERT_TRUE(turn_until_established());
    worker->remove(tcp.id);
    worker->remove(udp.id);
    peer.send("still here");
    ASSERT_TRUE(turn_until([&] { return !user.streams.empty(); }));
    // Both addresses are free again.
    EXPECT_TRUE(worker->add_tcp(tcp.bound));
    EXPECT_TRUE(worker->add_udp(udp.bound));
}

TEST_F(WorkerTest, TcpCarriesBothWays) {
    const auto listener = worker->add_tcp(any_port).value();
    user.when_stream = [&](FlowId flow) {
        if (user.streams[flow] == "request") worker->send(flow, "response");
    };
    const FlowId ours = worker->connect(to(listener.bound));
    worker->send(ours, "re");  // held back until it is connected
    worker->send(ours, "quest");
    ASSERT_TRUE(turn_until([&] { return user.streams[ours] == "response"; }));

    ASSERT_THAT(user.established, SizeIs(2));
    for (const auto& established : user.established) {
        EXPECT_FALSE(established.is_encrypted);
        EXPECT_EQ(established.listener, established.flow == ours ? ListenerId{} : listener.id);
    }
    EXPECT_EQ(worker->connections(), 2u);

    worker->close(ours, CloseReason::LocalClosed);
    worker->close(ours, CloseReason::LocalClosed);
    ASSERT_TRUE(turn_until_closed(2));
    EXPECT_THAT(user.reasons(),
                testing::UnorderedElementsAre(CloseReason::LocalClosed, CloseReason::PeerClosed));
    EXPECT_EQ(worker->connections(), 0u);
    for (int i = 0; i < 5; ++i) worker->turn(Duration(0));
    EXPECT_THAT(user.closed, SizeIs(2));
}

TEST_F(WorkerTest, TlsCarriesBothWaysWithBothIdentities) {
    const auto listener = worker->add_tcp(any_port).value();
    user.decision.tls = server_context(tls::ClientAuthentication::Required);
    user.when_stream = [&](FlowId flow) {
        if (user.streams[flow] == "request") worker->send(flow, "response");
    };
    const FlowId ours = worker->connect(tls_to(listener.bound));
    worker->send(ours, "request");
    ASSERT_TRUE(turn_until([&] { return user.streams[ours] == "response"; }));

    ASSERT_THAT(user.established, SizeIs(2));
    for (const auto& established : user.established) {
        EXPECT_TRUE(established.is_encrypted);
        EXPECT_TRUE(established.identity.is_verified);
        if (established.flow == ours) {
            EXPECT_TRUE(tls::matches_domain(established.identity, "sbc.example"));
        } else {
            EXPECT_TRUE(tls::matches_user(established.identity, "al@sbc.example"));
        }
    }
    worker->send(ours, "last words");
    worker->close(ours, CloseReason::LocalClosed);
    worker->send(ours, "too late");
    ASSERT_TRUE(turn_until_closed(2));
    EXPECT_THAT(user.reasons(),
                testing::UnorderedElementsAre(CloseReason::LocalClosed, CloseReason::PeerClosed));
    for (const auto& [flow, text] : user.streams) {
        EXPECT_EQ(text, flow == ours ? "response" : "requestlast words");
    }
}

TEST_F(WorkerTest, LargeAnswersArriveWholeThroughASlowReader) {
    use({.write_queue_limit = 8U << 20});
    const Endpoint address = listen();
    std::string large(6'000'000, '\0');
    for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 31 % 253);
    user.when_stream = [&](FlowId flow) {
        worker->send(flow, large);
        worker->close(flow, CloseReason::LocalClosed);
    };
    RawPeer peer(address);
    peer.send("give");
    // Several turns without a read: the system's buffers fill.
    for (int i = 0; i < 5; ++i) worker->turn(1ms);
    EXPECT_THAT(user.closed, IsEmpty());
    ASSERT_TRUE(turn_until_over(peer));
    EXPECT_TRUE(peer.received == large);
    peer.close();
    ASSERT_TRUE(turn_until_closed());
    EXPECT_THAT(user.reasons(), ElementsAre(CloseReason::LocalClosed));
}

TEST_F(WorkerTest, PeerThatClosesIsToldAfterWhatItSaid) {
    const Endpoint address = listen();
    RawPeer peer(address);
    peer.send("bye");
    peer.close();
    ASSERT_TRUE(turn_until_closed());
    ASSERT_THAT(user.streams, SizeIs(1));
    EXPECT_EQ(user.streams.begin()->second, "bye");
    EXPECT_THAT(user.reasons(), ElementsAre(CloseReason::PeerClosed));
}

// First bytes decide.

TEST_F(WorkerTest, TlsOnAcceptedPlainConnectionIsClosedWithoutAnOctet) {
    const Endpoint address = listen();
    // Even if we have something to say before the peer has spoken.
    user.when_established = [&](FlowId flow) { worker->send(flow, "OPTIONS sip:you SIP/2.0"); };
    TlsPeer peer{RawPeer(address), tls::Session::client(client_context(), "")};
    ASSERT_TRUE(turn_until_established());
    for (int i = 0; i < 3; ++i) worker->turn(Duration(0));
    peer.start();
    ASSERT_TRUE(turn_until_closed());
    EXPECT_THAT(user.reasons(), ElementsAre(CloseReason::TlsOnPlain));
    EXPECT_NE(user.closed[0].listener, ListenerId{});
    EXPECT_THAT(user.streams, IsEmpty());
    ASSERT_TRUE(turn_until_over(peer.raw));
    EXPECT_EQ(peer.raw.received, "");
}

TEST_F(WorkerTest, WhatIsHeldBackOnAnAcceptedConnectionFollowsTheFirstOctet) {
    const Endpoint address = listen();
    user.when_established = [&](FlowId flow) { worker->send(flow, "OPTIONS"); };
    RawPeer peer(address);
    ASSERT_TRUE(turn_until_established());
    worker->turn(Duration(0));
    peer.take();
    EXPECT_EQ(peer.received, "");
    peer.send("\r\n");
    ASSERT_TRUE(turn_until([&] {
        peer.take();
        return peer.received == "OPTIONS";
    }));
}

TEST_F(WorkerTest, TlsOnOpenedPlainConnectionIsClosedAtItsFirstOctet) {
    net::TcpListener listener = elsewhere();
    const FlowId flow = worker->connect(to(listener.local()));
    RawPeer peer = accept(listener);
    ASSERT_TRUE(turn_until_established());
    peer.send("\x15\x03\x01");  // an alert: a TLS server that was greeted with plain text
    ASSERT_TRUE(turn_until_closed());
    EXPECT_EQ(user.closed[0].flow, flow);
    EXPECT_THAT(user.reasons(), ElementsAre(CloseReason::TlsOnPlain));
    ASSERT_TRUE(turn_until_over(peer));
    EXPECT_EQ(peer.received, "");
}

TEST_F(WorkerTest, PlainOnAcceptedTlsConnectionIsClosedWithoutAnOctet) {
    const Endpoint address = listen();
    user.decision.tls = server_context();
    RawPeer peer(address);
    peer.send("REGISTER sip:sbc.example SIP/2.0\r\n");
    ASSERT_TRUE(turn_until_closed());
    EXPECT_THAT(user.reasons(), ElementsAre(CloseReason::PlainOnTls));
    EXPECT_THAT(user.established, IsEmpty());
    EXPECT_NE(user.closed[0].listener, ListenerId{});
    ASSERT_TRUE(turn_until_over(peer));
    EXPECT_EQ(peer.received, "");
}

TEST_F(WorkerTest, PlainOnOpenedTlsConnectionIsClosedWithoutASipOctet) {
    net::TcpListener listener = elsewhere();
    const FlowId flow = worker->connect(tls_to(listener.local()));
    worker->send(flow, "INVITE sip:secret@sbc.example SIP/2.0");
    RawPeer peer = accept(listener);
    peer.send("SIP/2.0 400 Bad Request\r\n\r\n");
    ASSERT_TRUE(turn_until_closed());
    EXPECT_THAT(user.reasons(), ElementsAre(CloseReason::PlainOnTls));
    EXPECT_THAT(user.established, IsEmpty());
    ASSERT_TRUE(turn_until_over(peer));
    EXPECT_EQ(peer.received.find("INVITE"), std::string::npos);
}

// Handshakes that fail.

TEST_F(WorkerTest, HandshakeThatTakesTooLongIsClosed) {
    const Endpoint address = listen();
    user.decision.tls = server_context();
    user.decision.handshake_timeout = 3s;
    RawPeer peer(address);
    ASSERT_TRUE(turn_until([&] { return user.accepts == 1; }));
    peer.send("\x16");  // one octet does not help
    now.monotonic += 2'999ms;
    for (int i = 0; i < 3; ++i) worker->turn(Duration(0));
    EXPECT_THAT(user.closed, IsEmpty());
    now.monotonic += 1ms;
    ASSERT_TRUE(turn_until_closed());
    EXPECT_THAT(user.reasons(), ElementsAre(CloseReason::HandshakeTimeout));
    ASSERT_TRUE(turn_until_over(peer));
    EXPECT_EQ(peer.received, "");
}

TEST_F(WorkerTest, ServerThatDoesNotAnswerTheHelloIsClosed) {
    net::TcpListener listener = elsewhere();
    ConnectSpec spec = tls_to(listener.local());
    spec.handshake_timeout = 2s;
    worker->connect(spec);
    RawPeer peer = accept(listener);
    ASSERT_TRUE(turn_until([&] {
        peer.take();
        return !peer.received.empty();
    }));
    now.monotonic += 2s;
    ASSERT_TRUE(turn_until_closed());
    EXPECT_THAT(user.reasons(), ElementsAre(CloseReason::HandshakeTimeout));
}

TEST_F(WorkerTest, ClientWithoutRequiredCertificateHearsAnAlert) {
    const Endpoint address = listen();
    user.decision.tls = server_context(tls::ClientAuthentication::Required);
    tls::ContextOptions options;
    options.trust_anchors = authority.certificate();
    TlsPeer peer{
        RawPeer(address),
        tls::Session::client(*tls::Context::create(tls::Context::Role::Client, options), "")};
    peer.start();
    ASSERT_TRUE(turn_until([&] {
        peer.pump();
        return peer.raw.is_over;
    }));
    peer.raw.close();
    ASSERT_TRUE(turn_until_closed());
    EXPECT_THAT(user.reasons(), ElementsAre(CloseReason::HandshakeFailed));
    EXPECT_THAT(user.closed[0].detail, HasSubstr("no certificate: "));
    EXPECT_EQ(peer.session.failure(), tls::Failure::Alert);
    EXPECT_THAT(user.established, IsEmpty());
}

TEST_F(WorkerTest, PeerThatIgnoresTheAlertIsClosedSoonAllTheSame) {
    const Endpoint address = listen();
    user.decision.tls = server_context();
    RawPeer peer(address);
    peer.send(std::string("\x16\x03\x01\x00\x04", 5) + "junk");
    ASSERT_TRUE(turn_until_over(peer));
    EXPECT_EQ(peer.received[0], 21);  // an alert
    EXPECT_THAT(user.closed, IsEmpty());
    now.monotonic += 1s;
    ASSERT_TRUE(turn_until_closed());
    EXPECT_THAT(user.reasons(), ElementsAre(CloseReason::HandshakeFailed));
}

TEST_F(WorkerTest, ServerThatDoesNotVerifyGetsNothing) {
    net::TcpListener listener = elsewhere();
    const FlowId flow = worker->connect(tls_to(listener.local()));
    worker->send(flow, "INVITE");
    const tls::test::TestAuthority stranger("Somebody Else");
    const auto context = *tls::Context::create(
        tls::Context::Role::Server,
        tls::test::options_for(stranger.issue({.alt_names = "DNS:sbc.example"}), ""));
    TlsPeer peer{accept(listener), tls::Session::server(context)};
    ASSERT_TRUE(turn_until([&] {
        peer.pump();
        return peer.raw.is_over;
    }));
    peer.raw.close();
    ASSERT_TRUE(turn_until_closed());
    EXPECT_THAT(user.reasons(), ElementsAre(CloseReason::HandshakeFailed));
    EXPECT_THAT(user.closed[0].detail, HasSubstr("certificate of sbc.example"));
    EXPECT_EQ(peer.plaintext, "");
}

// RFC 5922 §7.3.
TEST_F(WorkerTest, PeerWithTheWrongNameGetsNothing) {
    net::TcpListener listener = elsewhere();
    const FlowId flow = worker->connect(tls_to(listener.local()));
    worker->send(flow, "INVITE");
    user.is_welcome = false;
    user.when_established = [&](FlowId its_flow) { worker->send(its_flow, "more"); };
    TlsPeer peer{accept(listener), tls::Session::server(server_context())};
    ASSERT_TRUE(turn_until([&] {
        peer.pump();
        return peer.raw.is_over;
    }));
    ASSERT_TRUE(turn_until_closed());
    EXPECT_THAT(user.reasons(), ElementsAre(CloseReason::IdentityMismatch));
    EXPECT_EQ(peer.plaintext, "");
    EXPECT_NE(peer.session.state(), tls::Session::State::Established);
}

TEST_F(WorkerTest, UnwelcomePlainConnectionIsClosed) {
    const Endpoint address = listen();
    user.is_welcome = false;
    RawPeer peer(address);
    ASSERT_TRUE(turn_until_closed());
    EXPECT_THAT(user.reasons(), ElementsAre(CloseReason::IdentityMismatch));
    ASSERT_TRUE(turn_until_over(peer));
}

// Limits.

TEST_F(WorkerTest, ConnectionThatNobodyUsesIsClosed) {
    const Endpoint address = listen();
    user.decision.idle_timeout = 60s;
    RawPeer peer(address);
    ASSERT_TRUE(turn_until_established());
    now.monotonic += 59s;
    peer.send("\r\n\r\n");
    ASSERT_TRUE(turn_until([&] { return !user.streams.empty(); }));
    now.monotonic += 59s;
    for (int i = 0; i < 3; ++i) worker->turn(Duration(0));
    EXPECT_THAT(user.closed, IsEmpty());
    now.monotonic += 1s;
    ASSERT_TRUE(turn_until_over(peer));
    peer.close();
    ASSERT_TRUE(turn_until_closed());
    EXPECT_THAT(user.reasons(), ElementsAre(CloseReason::Idle));
}

TEST_F(WorkerTest, ConnectionInTheClearThatSaysNothingIsClosedAfterTheHandshakesLimit) {
    const Endpoint address = listen();
    user.decision.handshake_timeout = 20s;
    RawPeer peer(address);
    ASSERT_TRUE(turn_until_established());
    now.monotonic += 19s;
    for (int i = 0; i < 3; ++i) worker->turn(Duration(0));
    EXPECT_THAT(user.closed, IsEmpty());
    now.monotonic += 1s;
    ASSERT_TRUE(turn_until_over(peer));
    peer.close();
    ASSERT_TRUE(turn_until_closed());
    EXPECT_THAT(user.reasons(), ElementsAre(CloseReason::Idle));
}

TEST_F(WorkerTest, QueueThatIsFullClosesTheConnection) {
    use({.write_queue_limit = 1000});
    const Endpoint address = listen();
    RawPeer peer(address);
    ASSERT_TRUE(turn_until_established());
    const FlowId flow = user.established[0].flow;
    worker->send(flow, std::string(1000, 'x'));
    worker->send(flow, "y");
    EXPECT_THAT(user.closed, IsEmpty()) << "not from within a call of ours";
    worker->send(flow, "z");
    ASSERT_TRUE(turn_until_closed());
    EXPECT_THAT(user.reasons(), ElementsAre(CloseReason::WriteQueueFull));
}

TEST_F(WorkerTest, PeerThatNeverReadsFillsTheQueue) {
    const Endpoint address = listen();
    RawPeer peer(address);
    peer.send("\r\n");
    ASSERT_TRUE(turn_until([&] { return !user.streams.empty(); }));
    const FlowId flow = user.established[0].flow;
    const std::string message(100'000, 'x');
    ASSERT_TRUE(turn_until([&] {
        worker->send(flow, message);
        return !user.closed.empty();
    }));
    EXPECT_THAT(user.reasons(), ElementsAre(CloseReason::WriteQueueFull));
}

TEST_F(WorkerTest, PeerThatNeverReadsDoesNotHoldUpAClose) {
    use({.write_queue_limit = 64U << 20, .flush_timeout = 5s});
    const Endpoint address = listen();
    RawPeer peer(address);
    peer.send("\r\n");
    ASSERT_TRUE(turn_until([&] { return !user.streams.empty(); }));
    const FlowId flow = user.established[0].flow;
    worker->send(flow, std::string(32U << 20, 'x'));
    worker->close(flow, CloseReason::LocalClosed);
    for (int i = 0; i < 3; ++i) worker->turn(Duration(0));
    EXPECT_THAT(user.closed, IsEmpty());
    now.monotonic += 5s;
    ASSERT_TRUE(turn_until_closed());
    EXPECT_THAT(user.reasons(), ElementsAre(CloseReason::LocalClosed));
}

TEST_F(WorkerTest, ConnectionsBeyondTheLimitAreClosed) {
    use({.max_connections = 2});
    const Endpoint address = listen();
    RawPeer first(address);
    RawPeer second(address);
    ASSERT_TRUE(turn_until_established(2));
    RawPeer third(address);
    ASSERT_TRUE(turn_until_closed());
    EXPECT_THAT(user.reasons(), ElementsAre(CloseReason::TooMany));
    EXPECT_EQ(user.accepts, 2);
    worker->connect(to(address));
    ASSERT_TRUE(turn_until_closed(2));
    EXPECT_EQ(user.closed[1].reason, CloseReason::TooMany);

    first.close();
    ASSERT_TRUE(turn_until_closed(3));
    RawPeer fourth(address);
    ASSERT_TRUE(turn_until_established(3));
}

TEST_F(WorkerTest, WhoIsNotAdmittedIsClosedAndCounted) {
    const auto listener = worker->add_tcp(any_port).value();
    user.decision = {.is_admitted = false, .tls = server_context()};
    TlsPeer peer{RawPeer(listener.bound), tls::Session::client(client_context(), "")};
    peer.start();
    ASSERT_TRUE(turn_until_closed());
    EXPECT_THAT(user.reasons(), ElementsAre(CloseReason::NotAdmitted));
    EXPECT_EQ(user.closed[0].listener, listener.id);
    EXPECT_THAT(user.established, IsEmpty());
    ASSERT_TRUE(turn_until_over(peer.raw));
    EXPECT_EQ(peer.raw.received, "") << "no handshake begins";
}

// Those whom a turn leaves in the kernel's queue wait as well, however short the turns are.
TEST_F(WorkerTest, WhoWaitsToBeAcceptedIsWaitedFor) {
    const Endpoint address = listen();
    std::list<RawPeer> peers;
    for (int i = 0; i < 200; ++i) peers.emplace_back(address);
    for (int turn = 0; turn < 4; ++turn) {
        worker->turn(1s);
        now.monotonic += 150ms;
    }
    ASSERT_EQ(user.accepts, 200);
    EXPECT_THAT(user.delays, ElementsAre(0ms, 150ms, 300ms, 0ms));
    peers.emplace_back(address);
    worker->turn(1s);
    EXPECT_EQ(user.delays.back(), 0ms);
}

TEST_F(WorkerTest, LackOfDescriptorsDoesNotSpin) {
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "the check of virtual calls (UBSan) opens a pipe, which here fails";
#endif
    const Endpoint address = listen();
    RawPeer waiting(address);
    rlimit before{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
    std::vector<net::FileDescriptor> filler;
    rlimit low = before;
    low.rlim_cur = 128;
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
    while (filler.empty() || filler.back()) filler.emplace_back(dup(0));
    // The first turn finds out; after that nothing is ready until the pause is over.
    worker->turn(Duration(0));
    const std::size_t turns = user.times.size();
    for (int i = 0; i < 10; ++i) worker->turn(Duration(0));
    EXPECT_EQ(user.times.size(), turns);
    filler.clear();
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_EQ(user.accepts, 0);
    now.monotonic += 100ms;
    ASSERT_TRUE(turn_until_established());
}

// Connections of ours.

TEST_F(WorkerTest, RefusedConnectionIsToldNotReturned) {
    Endpoint nobody;
    { nobody = elsewhere().local(); }
    const FlowId flow = worker->connect(to(nobody));
    EXPECT_NE(flow, FlowId{});
    worker->send(flow, "held back");
    EXPECT_THAT(user.closed, IsEmpty());
    ASSERT_TRUE(turn_until_closed());
    EXPECT_EQ(user.closed[0].flow, flow);
    EXPECT_THAT(user.reasons(), ElementsAre(CloseReason::ConnectFailed));
    EXPECT_THAT(user.closed[0].detail, HasSubstr("refused"));
    EXPECT_THAT(user.established, IsEmpty());
}

TEST_F(WorkerTest, AddressThatIsNotOursCannotBeConnectedFrom) {
    net::TcpListener listener = elsewhere();
    ConnectSpec spec = to(listener.local());
    spec.local = IpAddress::v4(192, 0, 2, 1);
    worker->connect(spec);
    EXPECT_THAT(user.closed, IsEmpty());
    ASSERT_TRUE(turn_until_closed());
    EXPECT_THAT(user.reasons(), ElementsAre(CloseReason::ConnectFailed));
}

TEST_F(WorkerTest, LocalAddressIsUsed) {
    net::TcpListener listener = elsewhere();
    ConnectSpec spec = to(listener.local());
    spec.local = IpAddress::v4(127, 0, 0, 9);
    worker->connect(spec);
    net::TcpListener::Accepted accepted;
    ASSERT_TRUE(turn_until([&] {
        accepted = listener.accept();
        return accepted.outcome == net::TcpListener::Outcome::Accepted;
    }));
    EXPECT_EQ(accepted.remote.address, *spec.local);
}

// A full backlog: the system answers no more, and the connection hangs.
TEST_F(WorkerTest, ConnectionThatIsNotAnsweredIsGivenUp) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const net::FileDescriptor owner(fd);
    const net::SocketAddress address(any_port);
    ASSERT_EQ(bind(fd, address.get(), address.length), 0);
    ASSERT_EQ(::listen(fd, 0), 0);
    const Endpoint full = net::local_endpoint(fd);
    std::vector<FlowId> flows;
    for (int i = 0; i < 8; ++i) flows.push_back(worker->connect(to(full)));
    for (int i = 0; i < 10; ++i) worker->turn(1ms);
    ASSERT_LT(user.established.size(), flows.size());
    const std::size_t hanging = flows.size() - user.established.size();
    now.monotonic += 10s;
    ASSERT_TRUE(turn_until_closed(hanging));
    for (const CloseReason reason : user.reasons()) EXPECT_EQ(reason, CloseReason::ConnectFailed);
}

TEST_F(WorkerTest, ConnectionClosedBeforeItIsEstablishedIsAbandoned) {
    net::TcpListener listener = elsewhere();
    const FlowId flow = worker->connect(to(listener.local()));
    worker->send(flow, "never");
    worker->close(flow, CloseReason::LocalClosed);
    ASSERT_TRUE(turn_until_closed());
    EXPECT_THAT(user.reasons(), ElementsAre(CloseReason::LocalClosed));
    EXPECT_THAT(user.established, IsEmpty());
}

TEST_F(WorkerTest, UserThatConnectsAgainAtOnceDoesNotHoldUpTheTurn) {
    ConnectSpec spec = to({IpAddress::v4(127, 0, 0, 1), 9});
    spec.local = IpAddress::v4(192, 0, 2, 1);
    user.when_closed = [&](FlowId) { worker->connect(spec); };
    worker->connect(spec);
    for (int i = 0; i < 5; ++i) worker->turn(Duration(0));
    EXPECT_THAT(user.closed, SizeIs(5));
}

TEST_F(WorkerTest, NothingIsHeardOfAFlowThatWeHaveClosed) {
    const Endpoint address = listen();
    user.when_stream = [&](FlowId flow) { worker->close(flow, CloseReason::Framing); };
    RawPeer peer(address);
    peer.send("garbage");
    ASSERT_TRUE(turn_until_over(peer));
    peer.send("more garbage");
    peer.close();
    ASSERT_TRUE(turn_until_closed());
    EXPECT_EQ(user.streams.begin()->second, "garbage");
    EXPECT_THAT(user.reasons(), ElementsAre(CloseReason::Framing));
}

// Turns.

TEST_F(WorkerTest, OnTimeIsCalledAfterEventsAndWhenItsTimeHasCome) {
    worker->turn(Duration(0));
    EXPECT_THAT(user.times, IsEmpty());
    user.deadline = now.monotonic + 500ms;
    worker->turn(Duration(0));
    EXPECT_THAT(user.times, IsEmpty());
    now.monotonic += 500ms;
    worker->turn();  // does not wait
    EXPECT_THAT(user.times, ElementsAre(now.monotonic));

    const auto udp = worker->add_udp(any_port).value();
    worker->send_datagram(udp.flow, udp.bound, "x");
    std::size_t told_before_time = 0;
    user.when_datagram = [&](const Recorder::Datagram&) { told_before_time = user.times.size(); };
    ASSERT_TRUE(turn_until([&] { return !user.datagrams.empty(); }));
    EXPECT_EQ(user.times.size(), told_before_time + 1);
}

TEST_F(WorkerTest, LettersFromOtherThreadsAreOpenedOnTheWorkersThread) {
    const auto home = std::this_thread::get_id();
    int opened = 0;
    std::thread sender([&] {
        for (int i = 0; i < 100; ++i) {
            worker->post([&] {
                EXPECT_EQ(std::this_thread::get_id(), home);
                ++opened;
            });
        }
    });
    EXPECT_TRUE(turn_until([&] { return opened == 100; }));
    sender.join();
    EXPECT_FALSE(user.times.empty());
}

TEST_F(WorkerTest, StopClosesAllConnections) {
    use({.flush_timeout = 5s, .linger_timeout = 1s});
    const Endpoint address = listen();
    std::string received;
    std::thread other([&] {
        RawPeer peer(address);
        peer.send("hello");
        while (!peer.is_over && peer.await()) {
            peer.take();
            if (peer.received == "last words") worker->stop();
        }
        received = peer.received;
    });
    user.when_stream = [&](FlowId flow) { worker->send(flow, "last words"); };
    worker->run();
    other.join();
    EXPECT_EQ(received, "last words");
    EXPECT_THAT(user.reasons(), ElementsAre(CloseReason::Shutdown));
    EXPECT_EQ(worker->connections(), 0u);
}

TEST_F(WorkerTest, ConnectionsOfTwoWorkersHaveDifferentIdsAndTheirUdpSocketsTheSame) {
    WorkerOptions options;
    options.number = 1;
    const auto second = std::move(*Worker::create(options));
    EXPECT_EQ(worker->add_udp(any_port)->flow, second->add_udp(any_port)->flow);
    const Endpoint nobody{*IpAddress::parse("127.0.0.1"), 1};
    EXPECT_NE(worker->connect(to(nobody)), second->connect(to(nobody)));
}

}  // namespace
}  // namespace ringwall::engine
