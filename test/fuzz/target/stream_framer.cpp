// Framing: the same octets give the same messages however they are cut, and the parser finds the
// same end of a message as the framer.
#include "sip/framing/stream_framer.h"

#include <string>
#include <vector>

#include "base/check.h"
#include "fuzz/target.h"
#include "sip/message.h"

namespace ringwall::fuzz {
namespace {

using sip::StreamFramer;

struct Words {
    std::string operator()(const StreamFramer::WholeMessage& m) const { return "m" + m.bytes; }
    std::string operator()(const StreamFramer::Ping&) const { return "ping"; }
    std::string operator()(const StreamFramer::Pong&) const { return "pong"; }
    std::string operator()(const StreamFramer::Broken& b) const {
        return "b" + std::string(to_string(b.error.fault)) + std::to_string(b.error.offset) +
               b.head;
    }
};

enum class Drain : std::uint8_t { AfterEachPiece, AtTheEnd };

struct Outcome {
    std::vector<std::string> events;
    std::size_t pending = 0;
    bool operator==(const Outcome&) const = default;
};

Outcome frame(std::string_view octets, std::size_t piece, Drain drain) {
    StreamFramer framer;
    Outcome outcome;
    const auto take = [&] {
        while (const auto event = framer.next()) {
            outcome.events.push_back(std::visit(Words{}, *event));
        }
    };
    for (std::size_t at = 0; at < octets.size(); at += piece) {
        framer.feed(octets.substr(at, piece));
        if (drain == Drain::AfterEachPiece) {
            take();
        }
    }
    take();
    outcome.pending = framer.pending();
    return outcome;
}

void check_message(const std::string& bytes) {
    const sip::Parsed parsed = sip::Message::parse(bytes, sip::Framing::Stream);
    if (parsed.message == nullptr) {
        return;  // the octets of a message, but no start line of SIP
    }
    CHECK(parsed.message->bytes() == bytes);
    CHECK(!parsed.fault || (parsed.fault->fault != sip::ParseFault::Incomplete &&
                            parsed.fault->fault != sip::ParseFault::BadContentLength));
}

}  // namespace

void run(std::string_view octets) {
    if (octets.empty()) {
        return;
    }
    const std::size_t piece = static_cast<unsigned char>(octets.back()) % 61 + 1U;
    const Outcome whole = frame(octets, octets.size(), Drain::AtTheEnd);
    CHECK(frame(octets, piece, Drain::AfterEachPiece) == whole);
    CHECK(frame(octets, piece, Drain::AtTheEnd) == whole);
    CHECK(frame(octets, 1, Drain::AfterEachPiece) == whole);
    for (const std::string& event : whole.events) {
        if (event.front() == 'm') {
            check_message(event.substr(1));
        }
    }
}

}  // namespace ringwall::fuzz
