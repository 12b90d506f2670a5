// Two streams and the network between them, on a clock that is turned by hand.
#pragma once

#include <algorithm>
#include <functional>
#include <stdexcept>

#include "media/stream.h"
#include "media/tone.h"

namespace ringwall::media {

struct Packet {
    Octets octets;
    bool is_rtcp = false;
};

// One end: what it speaks, what it hears, what it puts on the wire.
class Talker final : public Wire {
public:
    explicit Talker(std::uint8_t host, const StreamOptions& options = {})
        : random(host),
          stream(options, random, *this),
          address{IpAddress::v4(192, 0, 2, host), 4000} {}

    void send_rtp(OctetsView packet, const Endpoint&) override {
        sent.push_back({{packet.begin(), packet.end()}, false});
    }
    void send_rtcp(OctetsView packet, const Endpoint&) override {
        sent.push_back({{packet.begin(), packet.end()}, true});
    }

    SeededRandom random;
    Stream stream;
    Endpoint address;
    std::vector<Packet> sent;  // not yet taken to the other
    std::vector<Octets> rtp;   // all of it, as it was on the wire
    std::vector<Octets> rtcp;
    Samples heard;  // all
    std::vector<Digit> digits;
    std::optional<Oscillator> tone;
};

class Talk {
public:
    // What the network does with a packet: none, it is lost; else how long it takes.
    using Weather = std::function<std::optional<Duration>(const Packet&)>;

    Talk() {
        alice.tone.emplace(440, -12);
        bob.tone.emplace(660, -12);
    }

    StreamSpec spec_for(const Talker& of, Codec codec = Codec::Pcmu) const {
        StreamSpec spec;
        spec.remote = &of == &alice ? bob.address : alice.address;
        spec.codec = codec;
        spec.payload_type = codec == Codec::Opus   ? 96
                            : codec == Codec::G722 ? 9
                            : codec == Codec::Pcma ? 8
                                                   : 0;
        spec.receive = {{spec.payload_type, codec}};
        return spec;
    }
    // Both ends with the same codec, and keys when there is a suite.
    void start(Codec codec = Codec::Pcmu, std::optional<sdp::CryptoSuite> suite = std::nullopt,
               char key = 'k') {
        StreamSpec of_alice = spec_for(alice, codec);
        StreamSpec of_bob = spec_for(bob, codec);
        if (suite) {
            const std::size_t length = sdp::key_and_salt_length(*suite);
            const SrtpKey one{*suite, Secret(std::string(length, key))};
            const SrtpKey other{*suite, Secret(std::string(length, static_cast<char>(key + 1)))};
            of_alice.send_key = of_bob.receive_key = one;
            of_alice.receive_key = of_bob.send_key = other;
        }
        set(alice, of_alice);
        set(bob, of_bob);
    }
    void set(Talker& of, const StreamSpec& spec) {
        const auto done = of.stream.set(spec, {now, wall});
        if (!done) throw std::runtime_error(done.error());
    }

    void run_for(Duration time) {
        for (const TimePoint end = now + time; now < end; now += frame_time) turn();
    }

    Talker alice{1};
    Talker bob{2};
    Weather weather = [](const Packet&) { return Duration(5ms); };
    TimePoint now{1000s};
    WallTime wall{1'800'000'000s};

private:
    struct UnderWay {
        TimePoint arrival;
        Packet packet;
        Talker* to;
    };

    void turn() {
        std::stable_sort(under_way_.begin(), under_way_.end(),
                         [](const auto& a, const auto& b) { return a.arrival < b.arrival; });
        while (!under_way_.empty() && under_way_.front().arrival <= now) {
            UnderWay next = std::move(under_way_.front());
            under_way_.erase(under_way_.begin());
            const Endpoint& from = next.to == &alice ? bob.address : alice.address;
            if (next.packet.is_rtcp) {
                next.to->stream.on_rtcp(next.packet.octets, from, next.arrival);
            } else {
                next.to->stream.on_rtp(next.packet.octets, from, next.arrival);
            }
        }
        step(alice, bob);
        step(bob, alice);
    }
    void step(Talker& of, Talker& other) {
        const Samples& frame = of.stream.hear(now);
        of.heard.insert(of.heard.end(), frame.begin(), frame.end());
        for (const Digit& digit : of.stream.take_digits()) of.digits.push_back(digit);
        Samples spoken(of.stream.spoken_rate() / frames_per_second);
        if (of.tone) of.tone->add_to(spoken, of.stream.spoken_rate());
        of.stream.speak(spoken, now);
        for (Packet& packet : of.sent) {
            (packet.is_rtcp ? of.rtcp : of.rtp).push_back(packet.octets);
            if (const auto delay = weather(packet)) {
                under_way_.push_back({now + *delay, std::move(packet), &other});
            }
        }
        of.sent.clear();
    }

    std::vector<UnderWay> under_way_;
};

// The last part of what was heard.
inline SamplesView last(const Samples& heard, Duration time, unsigned rate) {
    const auto count = static_cast<std::size_t>(time.count() * rate / 1'000'000);
    return SamplesView(heard).last(std::min(count, heard.size()));
}

}  // namespace ringwall::media
