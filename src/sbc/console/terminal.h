// A line of the console as a person types it, with libedit: history, TAB, '?'.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sbc/model/command.h"

namespace ringwall::sbc::console {

class Terminal {
public:
    // What may follow what is typed so far.
    using Suggest = std::function<std::vector<model::Suggestion>(const std::string& begun)>;

    // What was said meanwhile, lines. Nothing: there is nobody any more.
    using Hear = std::function<std::optional<std::vector<std::string>>()>;

    // On the terminal of this process, one at a time. `peer` is watched while somebody types: a
    // socket that may be closed at its other end, or where something may be heard. `history` is a
    // file, read now and written with each line that lasts; empty: there is none.
    Terminal(int peer, Suggest suggest, Hear hear, std::filesystem::path history);
    ~Terminal();
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;

    struct Typed {
        enum class Outcome : std::uint8_t {
            Line,
            Dropped,  // by ctrl-C
            Leaves,   // by ctrl-D
            PeerGone,
            TerminalGone,
        };
        Outcome outcome = Outcome::Line;
        std::string line;
    };
    Typed read(const std::string& prompt);
    // The same without showing, completing or remembering any of it.
    Typed read_secret(const std::string& prompt) const;

    enum class Memory : std::uint8_t { OfThisSession, Lasting };
    void remember(const std::string& line, Memory memory);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace ringwall::sbc::console
