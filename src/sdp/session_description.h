// A session description (RFC 8866): every line kept octet by octet, known or not, with an index of
// its media. What is not changed on purpose is serialised as it came, line ends included.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ringwall::sdp {

enum class Fault : std::uint8_t {
    BadLine,     // not "x=value"
    BadVersion,  // the first line is not "v=0"
    BadMedia,    // an m= line without media, port, protocol and a format
    TooMany,     // a limit below
};
std::string_view to_string(Fault fault);

struct SdpError {
    Fault fault = Fault::BadLine;
    std::size_t line = 0;  // 1 is the first
};

namespace limits {
inline constexpr std::size_t lines = 4'096;
inline constexpr std::size_t media = 64;
}  // namespace limits

struct Line {
    char type = 0;           // 'v', 'o', 'm', 'a', ...
    std::string_view value;  // after '=', without the line end
    std::string_view raw;    // with the line end
};

struct Attribute {
    std::string_view name;   // "crypto"
    std::string_view value;  // after ':', or empty
    std::size_t line = 0;    // index into lines()
};

enum class Direction : std::uint8_t { SendRecv, SendOnly, RecvOnly, Inactive };

struct Media {
    std::string_view media;     // "audio"
    std::uint16_t port = 0;     // 0: refused, or not used
    std::string_view protocol;  // "RTP/SAVP"
    std::vector<std::string_view> formats;
    std::string_view connection;                // value of its own c= line, else of the session's
    Direction direction = Direction::SendRecv;  // its own, else the session's
    std::vector<Attribute> attributes;          // its own
    std::size_t first_line = 0;                 // index of the m= line
    std::size_t end_line = 0;                   // one past its last line

    const Attribute* find(std::string_view name) const;
};

class SessionDescription {
public:
    // Views into `text`: keep it alive.
    static Result<SessionDescription, SdpError> parse(std::string_view text);

    std::string_view text() const { return text_; }
    std::span<const Line> lines() const { return lines_; }
    std::span<const Media> media() const { return media_; }
    // Of the session, before the first m= line.
    std::span<const Attribute> attributes() const { return attributes_; }

    // The text without these lines (indices, ascending), all others as they came.
    std::string without(std::span<const std::size_t> lines) const;

private:
    SessionDescription() = default;

    std::string_view text_;
    std::vector<Line> lines_;
    std::vector<Media> media_;
    std::vector<Attribute> attributes_;
};

}  // namespace ringwall::sdp
