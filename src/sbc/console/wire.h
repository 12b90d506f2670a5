// What passes between the console's server and a client: one JSON object on each line.
//
//   client   {"line": "..."}           server   {"output", "fault_at", "prompt", "failed", "ended",
//                                             "asks", "asks_secret", "pending", "memorable"}
//            {"suggest": "..."}                 {"suggestions": [{"word", "help", "literal"}]}
//
// The server speaks first, with a reply that greets; then each line of the client has one answer,
// in their order. Between them, at any time, what nobody asked for: {"notice": "...", "ended"}.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sbc/console/dialogue.h"

namespace ringwall::sbc::console {

struct Request {
    enum class Kind : std::uint8_t { Line, Suggest };
    Kind kind = Kind::Line;
    std::string text;
};

// One line for whoever is there: an alarm, or why this is the end of the session.
struct Notice {
    std::string text;
    bool ended = false;
};
constexpr std::size_t max_request = std::size_t{64} * 1024;  // octets on the wire

// With the end of the line. What is shown on a terminal cannot steer it: control characters in it
// are question marks.
std::string to_wire(const Request& request);
std::string to_wire(const Reply& reply);
std::string to_wire(const Notice& notice);
std::string to_wire(const std::vector<model::Suggestion>& suggestions);

// Without the end of the line. Nothing: it is no such thing.
std::optional<Request> parse_request(std::string_view line);
std::optional<Reply> parse_reply(std::string_view line);
std::optional<Notice> parse_notice(std::string_view line);
std::optional<std::vector<model::Suggestion>> parse_suggestions(std::string_view line);

// The first whole line of what has been received, cut off it.
std::optional<std::string> take_line(std::string& received);

}  // namespace ringwall::sbc::console
