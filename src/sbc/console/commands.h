// The console's own commands: all that is no command of the model.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sbc/console/answer.h"
#include "sbc/console/configuration_mode.h"
#include "sbc/console/dialogue.h"
#include "sbc/console/password_question.h"
#include "sbc/console/sessions.h"
#include "sbc/console/views.h"
#include "sbc/datastore/datastore.h"

namespace ringwall::sbc {
class StoredSubscribers;
}

namespace ringwall::sbc::console {

// What a command has before it.
struct Desk {
    datastore::Datastore& datastore;
    Views& views;
    Sessions* sessions;  // null: this is the only one
    const User& user;
    ConfigurationMode& configuration;
    StoredSubscribers* subscribers;  // null: they cannot be changed
    PasswordQuestion& password;
    const Audit& audit;
};

struct Command {
    enum class Where : std::uint8_t { Exec, Configuration, Everywhere };
    Arguments words;
    std::string usage;  // of what follows
    std::string help;
    Where where = Where::Everywhere;
    Role role = Role::ReadOnly;
    std::size_t max_arguments = 0;
    // None: what follows is a command itself.
    Answer (*run)(Desk& desk, const Arguments& rest, bool as_json) = nullptr;
    // What is there to be named as the first argument.
    std::vector<model::Suggestion> (*names)(const Desk& desk) = nullptr;
    // What may follow those that are given, where it is more than one name.
    std::vector<model::Suggestion> (*next)(const Desk& desk, const Arguments& given) = nullptr;
    // How many of the words that follow it understands, where others may be a password in the wrong
    // place, to be shown and recorded nowhere. None: max_arguments.
    std::size_t (*understood)(const Arguments& rest) = nullptr;
};

// What it prints can be had as JSON: "| json".
bool has_json(const Command& command);

const std::vector<Command>& commands();

}  // namespace ringwall::sbc::console
