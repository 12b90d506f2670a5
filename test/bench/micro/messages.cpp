// A message alone: from octets to the index, and back.
#include <benchmark/benchmark.h>

#include "sip/message.h"
#include "sip/message_builder.h"
#include "user_agent_texts.h"

namespace ringwall::bench {
namespace {

std::string invite() {
    const Party caller{"alice", "bench.test", sip::Transport::Udp, 5060, "a73kszlfl"};
    return invite_text(caller, {"c1.1.Wb8xNq2k", "c1.1.Wb8xNq2k-INVITE", 1}, "sip:bob@bench.test");
}

void parse_invite(benchmark::State& state) {
    const std::string text = invite();
    for (auto _ : state) {
        benchmark::DoNotOptimize(sip::Message::parse(text, sip::Framing::Datagram));
    }
    state.counters["octets"] = static_cast<double>(text.size());
}
BENCHMARK(parse_invite);

// As the far leg's INVITE is made: line by line, and then, for what is built is parsed, read again.
void build_invite(benchmark::State& state) {
    const sip::Parsed parsed = sip::Message::parse(invite(), sip::Framing::Datagram);
    for (auto _ : state) {
        auto builder = sip::MessageBuilder::request("INVITE", parsed.message->request_uri_text());
        for (const sip::HeaderLine& line : parsed.message->headers()) {
            if (line.id != sip::HeaderName::ContentLength) builder.raw(line);
        }
        builder.body(parsed.message->body());
        benchmark::DoNotOptimize(builder.build());
    }
}
BENCHMARK(build_invite);

void reply_to_invite(benchmark::State& state) {
    const sip::Parsed parsed = sip::Message::parse(invite(), sip::Framing::Datagram);
    for (auto _ : state) {
        benchmark::DoNotOptimize(sip::reply(*parsed.message, 180, "1928301774").build());
    }
}
BENCHMARK(reply_to_invite);

}  // namespace
}  // namespace ringwall::bench
