// A line of the console as a person types it, with libedit: history, TAB, '?'.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sbc/model/command.h"

namespace ringwall::sbc::console {

class Terminal {
public:
    // What may follow what is typed so far.
    using Suggest = std::function<std::vector<model::Suggestion>(const std::string& begun)>;

    // On the terminal of this process, one at a time. `peer` is watched: a socket that may be
    // closed at its other end while somebody types. `history` is a file, read now and
    // written with each line that may be kept (secret_line.h); empty: there is none.
    Terminal(int peer, Suggest suggest, std::filesystem::path history);
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

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace ringwall::sbc::console
