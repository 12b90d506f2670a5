// What calls cost: N of them between phones of this process, each with sound both ways over
// loopback. Both ends are here, so a call is two streams; what is told is for one stream, as a
// phone has it.
//
//   bench_media [CALLS [SECONDS [pcmu|g722|opus [none|80|gcm]]]]
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "media/engine.h"

namespace {

using namespace ringwall;
using namespace ringwall::media;

class Nobody : public User {
public:
    void on_digit(StreamId, char, Duration) override {}
    void on_source_ended(StreamId) override {}
    void on_failed(StreamId, std::string_view sentence) override {
        std::printf("failed: %.*s\n", static_cast<int>(sentence.size()), sentence.data());
    }
};

double processor_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::string memory(const std::string& name) {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with(name + ":")) return line.substr(line.find_first_of("0123456789"));
    }
    return "?";
}

StreamSpec spec_to(const Endpoint& remote, const std::string& codec, const std::string& suite,
                   bool is_caller) {
    StreamSpec spec;
    spec.remote = remote;
    spec.codec = codec == "opus" ? Codec::Opus : codec == "g722" ? Codec::G722 : Codec::Pcmu;
    spec.payload_type = codec == "opus" ? 96 : codec == "g722" ? 9 : 0;
    spec.receive = {{spec.payload_type, spec.codec}};
    if (suite == "none") return spec;
    const auto which =
        suite == "gcm" ? sdp::CryptoSuite::AeadAes128Gcm : sdp::CryptoSuite::AesCm128HmacSha1Tag80;
    const auto key = [&](char of) {
        return SrtpKey{which, Secret(std::string(sdp::key_and_salt_length(which), of))};
    };
    spec.send_key = key(is_caller ? 'a' : 'b');
    spec.receive_key = key(is_caller ? 'b' : 'a');
    return spec;
}

struct Call {
    Port::Opened one;
    Port::Opened other;
};

}  // namespace

int main(int argc, char** argv) {
    const auto argument = [&](int index, const char* otherwise) {
        return std::string(argc > index ? argv[index] : otherwise);
    };
    const auto calls = static_cast<unsigned>(std::stoul(argument(1, "20")));
    const std::chrono::seconds time(std::stoul(argument(2, "10")));
    const std::string codec = argument(3, "pcmu");
    const std::string suite = argument(4, "80");

    Nobody nobody;
    Engine engine(nobody, [](const std::function<void()>&) {});
    std::printf("before the first call: %s resident\n", memory("VmRSS").c_str());
    StreamOptions options;
    options.last_port = 32'000;
    std::vector<Call> all;
    for (unsigned i = 0; i < calls; ++i) {
        const auto one = engine.open(IpAddress::v4(127, 0, 0, 1), options);
        const auto other = engine.open(IpAddress::v4(127, 0, 0, 1), options);
        if (!one || !other) {
            std::printf("%s\n", (one ? other.error() : one.error()).c_str());
            return 1;
        }
        all.push_back({*one, *other});
        for (const auto& [mine, far, is_caller] :
             {std::tuple(*one, *other, true), std::tuple(*other, *one, false)}) {
            const auto started = engine.start(mine.id, spec_to(far.rtp, codec, suite, is_caller));
            if (!started) {
                std::printf("%s\n", started.error().c_str());
                return 1;
            }
            engine.set_source(mine.id, Tone{});
        }
    }
    std::this_thread::sleep_for(2s);  // keys, tables and buffers are made
    const double before = processor_seconds();
    std::this_thread::sleep_for(time);
    const double used = processor_seconds() - before;
    const double streams = 2.0 * calls;
    std::printf(
        "%u calls, %s, SRTP %s: %.3f %% of a core for a stream (%.2f %% in all), %s resident\n",
        calls, codec.c_str(), suite.c_str(),
        100 * used / static_cast<double>(time.count()) / streams,
        100 * used / static_cast<double>(time.count()), memory("VmRSS").c_str());
    StreamStatistics worst;
    for (const Call& call : all) {
        for (const StreamId id : {call.one.id, call.other.id}) {
            const StreamStatistics last = engine.close(id);
            worst.packets_lost += last.packets_lost;
            worst.packets_concealed += last.packets_concealed;
            worst.packets_refused += last.packets_refused;
            worst.jitter = std::max(worst.jitter, last.jitter);
        }
    }
    std::printf("lost %llu, concealed %llu, refused %llu, jitter at most %.1f ms; afterwards %s\n",
                static_cast<unsigned long long>(worst.packets_lost),
                static_cast<unsigned long long>(worst.packets_concealed),
                static_cast<unsigned long long>(worst.packets_refused),
                static_cast<double>(worst.jitter.count()) / 1000, memory("VmRSS").c_str());
    return 0;
}
