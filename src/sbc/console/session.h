// One user at the console: modes, candidate configuration, commands. No I/O: lines in, text out.
//
//   ringwall#                                 exec: show, configure, exit
//   ringwall(config)#                         the candidate: commands of the model, and
//   ringwall(config-sbc-sbe-adj-sip)#         commit, abort, end, exit, root, do, rollback ...
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "sbc/console/dialogue.h"
#include "sbc/console/views.h"
#include "sbc/datastore/datastore.h"

namespace ringwall::sbc::console {

// What is done and by whom: for the audit log. Secrets are hidden in it.
using Audit = std::function<void(const User& user, std::string_view what, const std::string& text)>;

class Session final : public Dialogue {
public:
    struct Setup {
        datastore::Datastore* datastore = nullptr;
        Views* views = nullptr;
        Audit audit = [](const User&, std::string_view, const std::string&) {};
        std::string host = "ringwall";  // of the prompt
    };
    Session(Setup setup, User user);

    Reply greet() override;
    Reply on_line(std::string_view line) override;
    std::vector<model::Suggestion> suggest(std::string_view line) override;
    void on_gone() override;

    // What a line comes to.
    struct Answer {
        std::string output = {};
        std::string fault = {};                // a sentence; empty: none
        std::optional<std::size_t> word = {};  // that is at fault; the number of words: one lacks
        bool ended = false;
    };

private:
    struct Command;
    using Arguments = std::vector<std::string>;
    static const std::vector<Command>& commands();
    const Command* find(const Arguments& words, bool whole, std::size_t& used) const;

    bool is_here(const Command& command) const;
    Answer run(const Arguments& words);
    Answer run(const Command& command, const Arguments& words, std::size_t used);
    Answer not_understood(const Arguments& words);
    Answer question(std::string_view line);
    std::string prompt() const;
    std::vector<std::string> alarms() const;
    bool has_changes() const;

    // exec
    Answer configure();
    Answer show_configuration(const Arguments& rest, bool as_json);
    Result<void, std::string> begin_candidate();
    std::optional<std::filesystem::path> saved_file(const Arguments& rest) const;
    Answer confirm(const datastore::CommitRequest& request);
    Answer show_running(bool as_json);
    // configuration
    Answer change(const Arguments& words);
    Answer commit(const Arguments& rest);
    Answer abort();
    Answer leave(std::size_t depth);
    Answer end();
    Answer rollback(const Arguments& rest);
    Answer load(const Arguments& rest);
    Answer save(const Arguments& rest);

    Setup setup_;
    User user_;
    bool is_configuring_ = false;
    model::Place place_;
    std::optional<model::Tree> candidate_;  // none: nothing was changed
    bool is_changed_ = false;               // something of it was made another
    unsigned made_of_ = 0;                  // the generation of what the candidate was made of
    unsigned take_backs_seen_ = 0;
    ConfigErrors failed_;  // of the last commit
    enum class Asked : std::uint8_t { Nothing, CommitBeforeExit };
    Asked asked_ = Asked::Nothing;
};

}  // namespace ringwall::sbc::console
