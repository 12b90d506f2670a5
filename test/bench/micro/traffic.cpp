// A call and a registration through the whole border controller, without sockets. Its own time
// only: the peers' is not counted. A millisecond passes between two operations, so that timers and
// ended transactions are those of 1,000 a second. What goes wrong ends the program: no figure then.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <optional>

#include "base/check.h"
#include "micro/border.h"
#include "sip/auth/digest.h"
#include "user_agent_texts.h"

namespace ringwall::bench {
namespace {

constexpr std::uint16_t phones_port = 5070;
constexpr std::uint16_t trunk_in_port = 5060;
constexpr std::uint16_t trunk_out_port = 5061;
constexpr std::uint16_t caller_port = 6000;
constexpr std::uint16_t callee_port = 6001;

constexpr const char* configuration = R"(
sbc bench
 sbe
  subscriber alice@bench.test
   password secret
  adjacency sip phones
   inherit profile preset-access
   authentication algorithm md5
   signaling-address ipv4 127.0.0.1
   signaling-port 5070
   domain bench.test
   attach
  adjacency sip trunk-in
   signaling-address ipv4 127.0.0.1
   signaling-port 5060
   attach
  adjacency sip trunk-out
   signaling-address ipv4 127.0.0.1
   signaling-port 5061
   signaling-peer 127.0.0.1
   signaling-peer-port 6001
   attach
  call-policy-set 1
   first-call-routing-table BY-SOURCE
   rtg-src-adjacency-table BY-SOURCE
    entry 1
     match-adjacency trunk-in
     dst-adjacency trunk-out
     action complete
   complete
  active-call-policy-set 1
)";

Endpoint at(std::uint16_t port) {
    return {IpAddress::v4(127, 0, 0, 1), port};
}

sip::MessagePtr parsed(const std::string& bytes) {
    return sip::Message::parse(bytes, sip::Framing::Datagram).message;
}

// The first of what was sent that is a request of this method, or a response of this status.
sip::MessagePtr find(const std::vector<KeepingNetwork::Packet>& packets, std::string_view start) {
    for (const auto& packet : packets) {
        if (packet.bytes.starts_with(start)) return parsed(packet.bytes);
    }
    return nullptr;
}

const Party caller{"carol", "trunk.test", sip::Transport::Udp, caller_port, "a1"};

std::vector<KeepingNetwork::Packet> from_caller(Border& border, const std::string& bytes) {
    return border.receive(trunk_in_port, at(caller_port), bytes);
}
std::vector<KeepingNetwork::Packet> from_callee(Border& border, const std::string& bytes) {
    return border.receive(trunk_out_port, at(callee_port), bytes);
}
std::string call_id(std::uint64_t number) {
    return "c1." + std::to_string(number);
}

// INVITE, 100, 180, 200, ACK. The 200 as the caller got it; null when something of it is missing.
sip::MessagePtr establish(Border& border, std::uint64_t number) {
    const std::string id = call_id(number);
    auto sent = from_caller(border, invite_text(caller, {id, id + "i", 1}, "sip:bob@callee.test"));
    const auto invite = find(sent, "INVITE");
    if (!invite) return nullptr;
    const std::string contact = "sip:bob@127.0.0.1:6001";
    from_callee(border, response_text(*invite, 180, "b1", contact));
    sent = from_callee(border, response_text(*invite, 200, "b1", contact));
    auto success = find(sent, "SIP/2.0 200");
    if (!success) return nullptr;
    sent = from_caller(border, dialog_text("ACK", caller, {id, id + "a", 1}, *success));
    return find(sent, "ACK") ? success : nullptr;
}

// BYE, 200. False when something of it is missing.
bool hang_up(Border& border, std::uint64_t number, const sip::Message& success) {
    const std::string id = call_id(number);
    const auto sent = from_caller(border, dialog_text("BYE", caller, {id, id + "b", 2}, success));
    const auto bye = find(sent, "BYE");
    if (!bye || !find(sent, "SIP/2.0 200")) return false;
    from_callee(border, response_text(*bye, 200, "b1", ""));
    return true;
}

bool call(Border& border, std::uint64_t number) {
    const auto success = establish(border, number);
    return success && hang_up(border, number, *success);
}

void call_through_border(benchmark::State& state) {
    Border border(configuration);
    std::uint64_t number = 0;
    for (auto _ : state) {
        CHECK(call(border, ++number));
        border.pass(1ms);
        state.SetIterationTime(border.seconds_taken());
    }
}
BENCHMARK(call_through_border)->UseManualTime();

// What a call keeps: while it stands (and the transactions of its INVITE have ended), just after it
// has ended, and when its transactions have ended too. In octets of the heap.
void memory_of_a_call(benchmark::State& state) {
    constexpr std::uint64_t count = 1000;
    const auto in_use = [] { return static_cast<double>(mallinfo2().uordblks); };
    for (auto _ : state) {
        Border border(configuration);
        CHECK(call(border, 1));  // what is made once, is
        border.pass(64s);
        // What the peer keeps is allocated before.
        std::vector<std::string> successes(count, std::string(1500, ' '));
        const double before = in_use();
        for (std::uint64_t i = 0; i < count; ++i) {
            const auto success = establish(border, 2 + i);
            CHECK(success && success->bytes().size() <= successes[i].size());
            successes[i].assign(success->bytes());
        }
        const double fresh = in_use();
        border.pass(33s);
        const double standing = in_use();
        for (std::uint64_t i = 0; i < count; ++i) {
            CHECK(hang_up(border, 2 + i, *parsed(successes[i])));
        }
        const double ended = in_use();
        border.pass(33s);
        const double gone = in_use();
        const auto each = [&](double now) { return (now - before) / count; };
        state.counters["answered_B"] = each(fresh);
        state.counters["standing_B"] = each(standing);
        state.counters["ended_B"] = each(ended);
        state.counters["gone_B"] = each(gone);
    }
}
BENCHMARK(memory_of_a_call)->Iterations(1);

class Phone {
public:
    explicit Phone(Border& border) : border_(border) {}

    // The answer to one REGISTER.
    sip::MessagePtr send_register() {
        const std::string id = "r1." + std::to_string(++cseq_);
        std::string authorization;
        if (challenge_) {
            authorization = sip::auth::to_string(
                sip::auth::answer(*challenge_, {"alice", Secret("secret")}, "REGISTER",
                                  "sip:bench.test", ++nonce_count_, random_));
        }
        const auto sent =
            border_.receive(phones_port, at(caller_port),
                            register_text(party_, {"r1", id, cseq_}, 3600, authorization));
        return sent.empty() ? nullptr : parsed(sent.front().bytes);
    }
    bool take_challenge(const sip::Message& response) {
        const auto* line = response.header(sip::HeaderName::WwwAuthenticate);
        if (line == nullptr) return false;
        const auto challenge = sip::auth::parse_challenge(line->value);
        if (!challenge) return false;
        challenge_ = *challenge;
        nonce_count_ = 0;
        return true;
    }

private:
    Border& border_;
    SeededRandom random_{2};
    Party party_{"alice", "bench.test", sip::Transport::Udp, caller_port, "a1"};
    std::uint32_t cseq_ = 0;
    std::uint32_t nonce_count_ = 0;
    std::optional<sip::auth::Challenge> challenge_;
};

// Without credentials: the answer is a challenge.
void register_challenged(benchmark::State& state) {
    Border border(configuration);
    Phone phone(border);
    for (auto _ : state) {
        const auto answer = phone.send_register();
        CHECK(answer && answer->status() == 401);
        border.pass(1ms);
        state.SetIterationTime(border.seconds_taken());
    }
}
BENCHMARK(register_challenged)->UseManualTime();

void register_with_digest(benchmark::State& state) {
    Border border(configuration);
    Phone phone(border);
    for (auto _ : state) {
        auto answer = phone.send_register();
        if (answer && answer->status() == 401) {  // the first, and when the nonce is old
            phone.take_challenge(*answer);
            answer = phone.send_register();
        }
        CHECK(answer && answer->status() == 200);
        border.pass(1ms);
        state.SetIterationTime(border.seconds_taken());
    }
}
BENCHMARK(register_with_digest)->UseManualTime();

}  // namespace
}  // namespace ringwall::bench
