// One line of configuration: its words, in the place where they are said, and what they change.
//
// Commands and choices may be written by their beginnings where that is clear. A command that is
// not of this mode but of one around it leaves all modes in between.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sbc/model/schema.h"
#include "sbc/model/tree.h"

namespace ringwall::sbc::model {

struct Command {
    enum class Action : std::uint8_t { Enter, Set, Remove, Copy };
    Action action = Action::Enter;
    Place place;  // the mode that the command stands in
    const Node* node = nullptr;
    // The model's: keys, or values. Of Copy: from, to. Of Remove maybe none.
    std::vector<std::string> values;
    std::size_t values_at = 0;  // which word of the line they begin with
    // 'no attach force normal': what is set as well.
    std::string also;
};

struct Fault {
    std::size_t word = 0;       // which word is wrong; the number of words: one is missing
    std::string sentence;       // what is wrong, and what would be right; never a secret
    std::string shown;          // the word at fault, as it may be shown; may be empty
    bool is_ambiguous = false;  // it could be more than one
};

// `words` is not empty. "exit" and what else moves within modes is no command of the model.
// `others`: what else may be said there, for a word that is near one of them.
Result<Command, Fault> parse_command(const Place& place, std::span<const std::string> words,
                                     std::span<const std::string_view> others = {});

// Whether commands of any mode begin with this word.
bool is_command(std::string_view first_word);

// What commands begin with that may be written like this: of the innermost mode that has any.
std::vector<std::string_view> commands_like(const Place& place, std::string_view begun);

// What is shown is no secret: '***' said in the place of one was copied from there, and would be
// everybody's password.
std::optional<Fault> refuse_hidden_secret(const Command& command);

// The place where one is after it.
Place place_after(const Command& command);

// Whether anything would be another after it; taking away counts always.
bool alters(const Tree& tree, const Command& command);

// Returns the place after it. A fault has changed nothing. To take away what has a
// name and is not there is one; to take away a value that is not set is none.
Result<Place, Fault> apply(Tree& tree, const Command& command);

// What may be the next word, for help ('?') and completion.
struct Suggestion {
    std::string word;  // "security", "trusted-encrypted"; or "NAME", "SECONDS"
    std::string help;
    bool is_literal = true;  // false: it stands for a value
};
// Nothing more is needed.
inline const Suggestion end_of_line{"<cr>", "the end of the line", false};
// `begun` is what is typed of the word so far, `tree` has the names that are there already. A line
// may end where `end_of_line` is among them.
std::vector<Suggestion> suggest(const Tree& tree, const Place& place,
                                std::span<const std::string> words, std::string_view begun);

}  // namespace ringwall::sbc::model
