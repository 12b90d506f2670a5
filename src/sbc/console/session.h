// One user at the console: modes, candidate configuration, commands. No I/O: lines in, text out.
//
//   ringwall#                                 exec: show, configure, exit
//   ringwall(config)#                         the candidate: commands of the model, and
//   ringwall(config-sbc-sbe-adj-sip)#         commit, abort, end, exit, root, do, rollback ...
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sbc/console/commands.h"
#include "sbc/console/configuration_mode.h"
#include "sbc/console/dialogue.h"
#include "sbc/console/views.h"
#include "sbc/datastore/datastore.h"

namespace ringwall::sbc::console {

class Session final : public Dialogue {
public:
    struct Setup {
        datastore::Datastore* datastore = nullptr;
        Views* views = nullptr;
        Sessions* sessions = nullptr;
        StoredSubscribers* subscribers = nullptr;
        Audit audit = [](const User&, std::string_view, const std::string&) {};
        std::string host = "ringwall";  // of the prompt
    };
    Session(Setup setup, User user);
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    Reply greet() override;
    Reply on_line(std::string_view line) override;
    std::vector<model::Suggestion> suggest(std::string_view line) override;
    void on_gone() override;

private:
    // What is asked for is not a command.
    Answer answer_question(std::string_view line);
    bool is_asking() const { return configuration_.is_asking() || password_.is_open(); }
    Answer run(const Arguments& words);
    std::string_view text_in(const Arguments& words) const;  // what kind; empty: none
    Answer run(const Command& command, const Arguments& words, std::size_t used);
    Answer run_outside(const Arguments& words);  // behind 'do'
    std::string prompt() const;

    Setup setup_;
    User user_;
    ConfigurationMode configuration_;
    PasswordQuestion password_;
    Desk desk_{*setup_.datastore, *setup_.views,      setup_.sessions, user_,
               configuration_,    setup_.subscribers, password_,       setup_.audit};
    unsigned take_backs_seen_ = 0;
};

}  // namespace ringwall::sbc::console
