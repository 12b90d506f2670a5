// Which command words mean, what may follow them, and what is wrong with them. Every word may be
// written by its beginning where that is clear.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sbc/console/answer.h"
#include "sbc/console/commands.h"
#include "sbc/model/command.h"

namespace ringwall::sbc::console {

// The command whose words these begin with, each by its beginning: the longest, and of several the
// one that has most of them whole. `whole`: the first word at least is. Null: none, or two that are
// as good.
const Command* find(const Desk& desk, const Arguments& words, bool whole, std::size_t& used);

// What may follow `line`, the model's commands among it.
std::vector<model::Suggestion> suggest(const Desk& desk, std::string_view line);

// Of words that are no command: the first that does not lead on.
// `before` is what stands before them: "do ".
Answer not_understood(const Desk& desk, const Arguments& words, std::string before = "");

// What the console's own commands begin with where one configures.
const std::vector<std::string_view>& first_words();

std::string joined(std::span<const std::string> words);
bool begins(std::string_view whole, std::string_view word);

}  // namespace ringwall::sbc::console
