// The media as they run: a thread, sockets on loopback. What the machines do is shown without them
// (test/unit/media); here, that packets pass, that the phone is told on its own thread, and that
// nothing is left when the last stream is closed.
#include "media/engine.h"

#include <gmock/gmock.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "media/rtp_packet.h"
#include "media/wav_file.h"
#include "net/clock.h"
#include "net/mailbox.h"
#include "net/udp_socket.h"
#include "unit/media/goertzel.h"

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

// ThreadSanitizer begins one of its own with the first that is made.
#ifdef __SANITIZE_THREAD__
constexpr std::size_t idle_threads = 2;
#else
constexpr std::size_t idle_threads = 1;
#endif

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
    Phone phone;
    EXPECT_LE(threads_of_process(), idle_threads) << "nothing exists before the first call";
    const auto one = phone.engine.open(loopback, {});
    const auto other = phone.engine.open(loopback, {});
    ASSERT_TRUE(one && other);
    EXPECT_EQ(threads_of_process(), idle_threads + 1);
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
    // The system may list a thread for a moment after it was joined.
    EXPECT_TRUE(phone.wait_for([&] { return threads_of_process() == idle_threads; }));
}

// At this end alone, before anything is agreed; its end is told, and what is wrong with it.
TEST(MediaEngine, PlaysATone) {
    Phone phone;
    const auto stream = phone.engine.open(loopback, {});
    ASSERT_TRUE(stream);
    phone.engine.set_tone(stream->id, {"600@-16;.1(.1/0/1)"});
    EXPECT_TRUE(phone.wait_for([&] { return phone.ended == 1; }));
    phone.engine.set_tone(stream->id, {"600@-16;"});
    EXPECT_TRUE(phone.wait_for([&] { return !phone.failure.empty(); }));
    EXPECT_EQ(phone.engine.statistics(stream->id).packets_sent, 0U);
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
    std::array<char, 128> control{};
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
    cmsghdr* item = CMSG_FIRSTHDR(&header);
    while (item != nullptr && (item->cmsg_level != IPPROTO_IP || item->cmsg_type != IP_TOS)) {
        item = CMSG_NXTHDR(&header, item);
    }
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

class Recording {
public:
    ~Recording() { std::filesystem::remove(path); }
    // One of the two channels, from the middle on: what was before the call began is left out.
    Samples channel(std::size_t which) const {
        std::ifstream file(path, std::ios::binary);
        const std::string octets((std::istreambuf_iterator<char>(file)), {});
        Samples samples;
        for (std::size_t at = 44 + 2 * which; at + 1 < octets.size(); at += 4) {
            samples.push_back(
                static_cast<std::int16_t>(static_cast<unsigned char>(octets[at]) |
                                          (static_cast<unsigned char>(octets[at + 1]) << 8)));
        }
        samples.erase(samples.begin(),
                      samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2));
        return samples;
    }
    const std::string path =
        testing::TempDir() + "ringwall-recording-" + std::to_string(getpid()) + ".wav";
};

// A file plays to its end, and the phone is told; what was recorded is there after the last close.
TEST(MediaEngine, PlaysAFileAndRecordsBothDirections) {
    Recording played;
    {
        Samples both(2 * 4000);
        for (std::size_t i = 0; i < 4000; ++i) {
            both[2 * i] = both[2 * i + 1] = static_cast<std::int16_t>(i % 16 < 8 ? 4000 : -4000);
        }
        ASSERT_TRUE(WavWriter::create(played.path, 8000)->write(both));
    }
    Phone phone;
    const auto one = phone.engine.open(loopback, {});
    const auto other = phone.engine.open(loopback, {});
    ASSERT_TRUE(one && other);
    ASSERT_TRUE(phone.engine.start(one->id, spec_to(other->rtp, 'a', 'b')));
    ASSERT_TRUE(phone.engine.start(other->id, spec_to(one->rtp, 'b', 'a')));
    phone.engine.set_source(one->id, File{played.path, false});
    EXPECT_TRUE(phone.wait_for([&] { return phone.ended == 1; }));

    EXPECT_FALSE(phone.engine.record(one->id, "/nonexistent/recording.wav"));
    EXPECT_FALSE(phone.engine.record(one->id, played.path));
    std::remove(played.path.c_str());
    ASSERT_TRUE(phone.engine.record(one->id, played.path));
    phone.engine.set_source(one->id, Tone{440, -12});
    phone.engine.set_source(other->id, Tone{660, -12});
    const std::uint64_t begun = phone.engine.statistics(one->id).packets_sent;
    EXPECT_TRUE(phone.wait_for(
        [&] { return phone.engine.statistics(one->id).packets_sent >= begun + 75; }));
    phone.engine.close(one->id);
    phone.engine.close(other->id);
    EXPECT_GT(share_of(440, played.channel(0), 8000), 0.97);
    EXPECT_GT(share_of(660, played.channel(1), 8000), 0.7);
}

// Three calls of this phone are one conference: every far end hears the two others.
TEST(MediaEngine, MixesAConference) {
    Recording recording;
    Phone phone;
    Phone far;
    std::vector<StreamId> mine;
    std::vector<StreamId> theirs;
    for (unsigned i = 0; i < 3; ++i) {
        const auto one = phone.engine.open(loopback, {});
        const auto other = far.engine.open(loopback, {});
        ASSERT_TRUE(one && other);
        ASSERT_TRUE(phone.engine.start(one->id, spec_to(other->rtp, 'a', 'b')));
        ASSERT_TRUE(far.engine.start(other->id, spec_to(one->rtp, 'b', 'a')));
        far.engine.set_source(other->id, Tone{400 + 200 * i, -20});
        mine.push_back(one->id);
        theirs.push_back(other->id);
    }
    phone.engine.mix(mine);
    ASSERT_TRUE(far.engine.record(theirs[0], recording.path));
    EXPECT_TRUE(
        far.wait_for([&] { return far.engine.statistics(theirs[0]).packets_received >= 100; }));
    for (const StreamId id : theirs) far.engine.close(id);
    const Samples heard = recording.channel(1);
    EXPECT_LT(share_of(400, heard, 8000), 0.05);
    EXPECT_GT(share_of(600, heard, 8000), 0.3);
    EXPECT_GT(share_of(800, heard, 8000), 0.3);
    phone.engine.mix({mine[0]});
    for (const StreamId id : mine) phone.engine.close(id);
}

// Each is one sentence, and the stream goes on.
TEST(MediaEngine, SaysWhatCannotBeUsed) {
    Phone phone;
    const auto stream = phone.engine.open(loopback, {});
    ASSERT_TRUE(stream);
    StreamSpec spec;
    spec.remote = {loopback, 9};
    ASSERT_TRUE(phone.engine.start(stream->id, spec));
    phone.engine.set_source(stream->id, SoundCard{"no such card"});
    EXPECT_TRUE(phone.wait_for([&] { return !phone.failure.empty(); }));
    EXPECT_THAT(phone.failure,
                testing::StartsWith("the microphone \"no such card\" cannot be used: "));
    phone.failure.clear();
    phone.engine.set_sink(stream->id, SoundCard{"no such card"});
    EXPECT_TRUE(phone.wait_for([&] { return !phone.failure.empty(); }));
    EXPECT_THAT(phone.failure,
                testing::StartsWith("the speaker \"no such card\" cannot be used: "));
    phone.failure.clear();
    phone.engine.set_source(stream->id, File{"/nonexistent/a.wav", false});
    EXPECT_TRUE(phone.wait_for([&] { return !phone.failure.empty(); }));
    EXPECT_EQ(phone.failure, "sound file /nonexistent/a.wav: No such file or directory");
    phone.failure.clear();
    phone.engine.set_source(stream->id, ToneScript{"440"});
    EXPECT_TRUE(phone.wait_for([&] { return !phone.failure.empty(); }));
    EXPECT_THAT(phone.failure, testing::StartsWith("tone script \"440\", at character 4: "));
    EXPECT_GT(phone.engine.close(stream->id).packets_sent, 0U);
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
