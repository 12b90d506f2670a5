// One end of a call without signalling, for tests against other implementations: a tone of 440 Hz
// is sent, what is heard is recorded.
//
//   media_peer REMOTE_PORT SUITE SEND_KEY RECEIVE_KEY SECONDS RECORDING
//
// Keys are in hexadecimal, with their salts; "-" for SUITE: in the clear. It prints its port, and
// at the end its statistics as "name value" lines.
#include <cstdio>
#include <string>
#include <thread>

#include "media/engine.h"
#include "unit/media/hex.h"

namespace {

using namespace ringwall;
using namespace ringwall::media;

class Teller : public User {
public:
    void on_digit(StreamId, char digit, Duration) override { std::printf("digit %c\n", digit); }
    void on_source_ended(StreamId) override {}
    void on_failed(StreamId, std::string_view sentence) override {
        std::printf("failed %.*s\n", static_cast<int>(sentence.size()), sentence.data());
    }
};

int complain(const std::string& sentence) {
    std::fprintf(stderr, "media_peer: %s\n", sentence.c_str());
    return 1;
}

void print(const char* name, std::uint64_t value) {
    std::printf("%s %llu\n", name, static_cast<unsigned long long>(value));
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 7) return complain("six arguments are wanted");
    const IpAddress loopback = IpAddress::v4(127, 0, 0, 1);
    Teller teller;
    // The only thread that is told waits below, and so nothing needs to be handed over.
    Engine engine(teller, [](const std::function<void()>&) {});
    const auto opened = engine.open(loopback, {});
    if (!opened) return complain(opened.error());
    StreamSpec spec;
    spec.remote = {loopback, static_cast<std::uint16_t>(std::stoul(argv[1]))};
    spec.receive = {{0, Codec::Pcmu}};
    if (const std::string suite = argv[2]; suite != "-") {
        spec.send_key = SrtpKey{sdp::parse_crypto_suite(suite), secret(hex(argv[3]))};
        spec.receive_key = SrtpKey{sdp::parse_crypto_suite(suite), secret(hex(argv[4]))};
    }
    engine.set_source(opened->id, Tone{});
    if (const auto done = engine.start(opened->id, spec); !done) return complain(done.error());
    if (const auto done = engine.record(opened->id, argv[6]); !done) return complain(done.error());
    std::printf("port %d\n", opened->rtp.port);
    std::fflush(stdout);
    std::this_thread::sleep_for(std::chrono::milliseconds(std::stoul(argv[5]) * 1000));
    const StreamStatistics last = engine.close(opened->id);
    print("sent", last.packets_sent);
    print("received", last.packets_received);
    print("refused", last.packets_refused);
    print("lost", last.packets_lost);
    print("concealed", last.packets_concealed);
    return 0;
}
