// The media as they run: a thread, sockets on loopback. What the machines do is shown without them
// (test/unit/media); here, that packets pass, that the phone is told on its own thread, and that
// nothing is left when the last stream is closed.
#include <gmock/gmock.h>
#include <poll.h>
#include <sys/socket.h>

#include <filesystem>
#include <thread>

#include "media/engine.h"
#include "media/rtp_packet.h"
#include "net/clock.h"
#include "net/mailbox.h"
#include "net/udp_socket.h"

namespace ringwall::media {
namespace {

const IpAddress loopback = IpAddress::v4(127, 0, 0, 1);

class Phone : public User {
public:
    void on_digit(StreamId, char digit, Duration) override {
        EXPECT_EQ(std::this_thread::get_id(), thread);
        digits += digit;
    }
    void on_source_ended(StreamId) override { ++ended; }
    void on_failed(StreamId, std::string_view sentence) override { failure = sentence; }

    // Until it is so, for 10 s at most.
    bool wait_for(const std::function<bool()>& condition) {
        const TimePoint end = net::system_clock().monotonic + 10s;
        while (!condition() && net::system_clock().monotonic < end) {
            pollfd bell{mailbox->fd(), POLLIN, 0};
            poll(&bell, 1, 20);
            mailbox->open_all();
        }
        return condition();
    }

    std::unique_ptr<net::Mailbox> mailbox = *net::Mailbox::create();
    std::thread::id thread = std::this_thread::get_id();
    std::string digits;
    unsigned ended = 0;
    std::string failure;
    Engine engine{*this,
                  [this](std::function<void()> function) { mailbox->post(std::move(function)); }};
};

std::size_t threads_of_process() {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator("/proc/self/task"), {}));
}

StreamSpec spec_to(const Endpoint& remote, char send, char receive) {
    StreamSpec spec;
    spec.remote = remote;
    spec.receive = {{0, Codec::Pcmu}};
    spec.event_to_send = spec.event_to_receive = 101;
    const auto suite = sdp::CryptoSuite::AesCm128HmacSha1Tag80;
    spec.send_key = SrtpKey{suite, Secret(std::string(30, send))};
    spec.receive_key = SrtpKey{suite, Secret(std::string(30, receive))};
    return spec;
}

TEST(MediaEngine, CarriesACallOverLoopbackAndLeavesNothing) {
    const std::size_t before = threads_of_process();
    Phone phone;
    EXPECT_EQ(threads_of_process(), before) << "nothing exists before the first call";
    const auto one = phone.engine.open(loopback, {});
    const auto other = phone.engine.open(loopback, {});
    ASSERT_TRUE(one && other);
    EXPECT_EQ(threads_of_process(), before + 1);
    EXPECT_EQ(one->rtp.port % 2, 0);
    ASSERT_TRUE(phone.engine.start(one->id, spec_to(other->rtp, 'a', 'b')));
    ASSERT_TRUE(phone.engine.start(other->id, spec_to(one->rtp, 'b', 'a')));
    phone.engine.set_source(one->id, Tone{});
    phone.engine.send_digit(one->id, '4', 60ms);
    phone.engine.send_digit(one->id, '2', 60ms);

    EXPECT_TRUE(phone.wait_for([&] {
        return phone.digits == "42" && phone.engine.statistics(other->id).packets_received >= 20 &&
               phone.engine.statistics(one->id).packets_received >= 20;
    }));
    const StreamStatistics last = phone.engine.close(one->id);
    EXPECT_GE(last.packets_sent, 20U);
    EXPECT_EQ(last.packets_refused, 0U);
    phone.engine.close(other->id);
    EXPECT_EQ(threads_of_process(), before);
}

// Another phone's socket in the place of the far end.
TEST(MediaEngine, SetsTheTypeOfServiceAndUsesItsPorts) {
    Phone phone;
    auto far = net::UdpSocket::bind({loopback, 0}, net::PortSharing::Exclusive);
    ASSERT_TRUE(far);
    const int on = 1;
    ASSERT_EQ(setsockopt(far->fd(), IPPROTO_IP, IP_RECVTOS, &on, sizeof on), 0);
    const auto stream = phone.engine.open(loopback, {});
    ASSERT_TRUE(stream);
    StreamSpec spec;
    spec.remote = far->local();
    ASSERT_TRUE(phone.engine.start(stream->id, spec));

    pollfd readable{far->fd(), POLLIN, 0};
    ASSERT_EQ(poll(&readable, 1, 10'000), 1);
    std::array<std::uint8_t, 2048> octets{};
    std::array<char, 64> control{};
    net::SocketAddress from;
    iovec part{octets.data(), octets.size()};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_name = from.get();
    header.msg_namelen = sizeof(sockaddr_storage);
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    const auto length = recvmsg(far->fd(), &header, 0);
    ASSERT_GT(length, 0);
    EXPECT_EQ(from.endpoint(), stream->rtp);
    const auto packet = parse_rtp(OctetsView(octets).first(static_cast<std::size_t>(length)));
    ASSERT_TRUE(packet);
    EXPECT_EQ(packet->payload.size(), 160U);
    const cmsghdr* const item = CMSG_FIRSTHDR(&header);
    ASSERT_NE(item, nullptr);
    EXPECT_EQ(*CMSG_DATA(item), 0xb8);
}

TEST(MediaEngine, SaysWhenNoPortIsFree) {
    Phone phone;
    StreamOptions options;
    options.first_port = options.last_port = 17'001;
    const auto none = phone.engine.open(loopback, options);
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error(), "the range of RTP ports 17001 to 17001 has no even port and its next");
    const auto stranger = phone.engine.open(IpAddress::v4(192, 0, 2, 1), {});
    ASSERT_FALSE(stranger);
    EXPECT_THAT(stranger.error(), testing::HasSubstr("cannot bind 192.0.2.1:"));
}

// Whatever is open when the engine goes is closed, and nobody is told any more.
TEST(MediaEngine, EndsWithStreamsOpen) {
    Phone phone;
    auto engine = std::make_unique<Engine>(
        phone, [&](std::function<void()> function) { phone.mailbox->post(std::move(function)); });
    const auto one = engine->open(loopback, {});
    const auto other = engine->open(loopback, {});
    ASSERT_TRUE(one && other);
    ASSERT_TRUE(engine->start(one->id, spec_to(other->rtp, 'a', 'b')));
    ASSERT_TRUE(engine->start(other->id, spec_to(one->rtp, 'b', 'a')));
    engine->send_digit(one->id, '4', 40ms);
    EXPECT_TRUE(phone.wait_for([&] { return phone.digits == "4"; }));
    engine->send_digit(one->id, '5', 40ms);
    engine.reset();
    phone.mailbox->open_all();
    EXPECT_EQ(phone.digits, "4");
}

}  // namespace
}  // namespace ringwall::media
