// The registrar's own subscribers at the console: those of the store are added, changed and
// removed here, those of the configuration where one configures.
#pragma once

#include <string>
#include <vector>

#include "sbc/console/answer.h"
#include "sbc/console/commands.h"

namespace ringwall::sbc::console {

// Of both; no password, and nothing that was made of one.
std::string show_subscribers(const Snapshot& snapshot, bool as_json);

// They ask for the password. The first takes what a subscriber of the configuration may have
// besides.
Answer add_subscriber(Desk& desk, const Arguments& rest);
std::size_t words_of_subscriber_add(const Arguments& rest);
std::vector<model::Suggestion> after_subscriber_add(const Desk& desk, const Arguments& given);
Answer change_subscriber_password(Desk& desk, const Arguments& rest);
Answer remove_subscriber(Desk& desk, const Arguments& rest);

// Some of those of the store.
std::vector<model::Suggestion> stored_subscribers(const Desk& desk);

}  // namespace ringwall::sbc::console
