// What one user of the console talks to, line by line. The server (server.h) carries it to a client
// over a socket; tests talk to it as it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sbc/model/command.h"

namespace ringwall::sbc::console {

// What a user may do, by UNIX group: look; also end calls and reset counters; also configure.
enum class Role : std::uint8_t { ReadOnly, Operator, Administrator };

struct User {
    std::string name;  // of the system: "ops"
    Role role = Role::ReadOnly;
    std::string session;  // "3": which of those that are open; never used twice
};

struct Reply {
    std::string output;        // whole lines, or empty
    std::string prompt;        // "ringwall(config-sbc)# ": what is to be shown for the next line
    bool failed = false;       // the line could not be done: a script stops here
    bool ended = false;        // the session is over
    bool asks = false;         // the next line is the answer to a question
    bool asks_secret = false;  // the next line is a secret: it is neither shown nor kept anywhere
    bool pending = false;      // there are changes that are not committed
    // Where in the line the word at fault begins, in octets: a terminal points there (caret.h).
    std::optional<std::size_t> fault_at = {};
    // The line was understood and bears no secret: it may be kept in a history.
    bool is_memorable = false;
};

class Dialogue {
public:
    virtual ~Dialogue() = default;
    virtual Reply greet() = 0;
    virtual Reply on_line(std::string_view line) = 0;
    // What may follow `line`, whose last word may be begun ("sec") or not yet ("security ").
    virtual std::vector<model::Suggestion> suggest(std::string_view line) = 0;
    // The connection is gone.
    virtual void on_gone() = 0;
};

}  // namespace ringwall::sbc::console
