// Cuts a byte stream into messages (RFC 3261 §18.3, §7.5; RFC 5626 §3.5.1 keep-alive). Pure: the
// same octets give the same messages however they are cut.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "sip/parse_error.h"

namespace ringwall::sip {

class StreamFramer {
public:
    struct WholeMessage {
        std::string bytes;  // head and body, without leading CRLFs
    };
    struct Ping {};  // double CRLF between messages: to be answered with one CRLF
    struct Pong {};  // a single CRLF between messages; also the first half of a Ping
    // The stream cannot be followed any further: answer `head` (which may be empty) if it is a
    // request, then close. (No, negative, double or too large Content-Length; a head without end or
    // with a bare LF; a first octet that begins no message.)
    struct Broken {
        ParseError error;
        std::string head;
    };
    using Event = std::variant<WholeMessage, Ping, Pong, Broken>;

    // Feed, then call next() until it gives nothing. After Broken nothing follows.
    void feed(std::string_view bytes);
    std::optional<Event> next();

    // Octets held back for a message that is not whole yet: 0 between messages. A peer that stays
    // above 0 for long is to be closed by its owner.
    std::size_t pending() const;

private:
    std::optional<Event> next_line_end();
    std::string take_message();
    std::optional<ParseError> find_head_end();
    Event break_off(const ParseError& error, std::size_t head);

    std::string buffer_;
    std::size_t start_ = 0;        // first octet not yet handed out
    std::size_t scanned_ = 0;      // up to here the end of the head was sought
    std::size_t line_ = 0;         // where the line begins that scanned_ is in
    std::size_t head_so_far_ = 0;  // of a message that cannot be followed
    std::size_t size_ = 0;         // of the message at start_; 0: its head is not whole
    bool is_in_message_ = false;
    bool is_second_line_end_ = false;  // the next CRLF would be the second half of a Ping
    bool broken_ = false;
};

}  // namespace ringwall::sip
