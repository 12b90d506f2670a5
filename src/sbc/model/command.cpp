#include "sbc/model/command.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.h"
#include "sbc/model/codec.h"
#include "sbc/model/word_values.h"
#include "sbc/model/words.h"

namespace ringwall::sbc::model {
namespace {

using Words = std::span<const std::string>;

// A way to write a command.
struct Spelling {
    const Node* node;
    const Node::Words* words;
    const std::string* word(std::size_t at) const {
        return at < words->size() ? &(*words)[at] : nullptr;
    }
};
using Spellings = std::vector<Spelling>;

const Node& mode_at(const Place& place, std::size_t depth) {
    return depth == 0 ? Schema::instance().root() : *place[depth - 1].mode;
}

Place outer(const Place& place, std::size_t depth) {
    return {place.begin(), place.begin() + static_cast<std::ptrdiff_t>(depth)};
}

std::string entered_by(const Node& mode) {
    return mode.parent == nullptr ? "no mode" : "'" + mode.usage() + "'";
}

Spellings spellings_of(const Node& mode) {
    Spellings out;
    for (const auto& child : mode.children) {
        if (child->is_by_no_only) {
            continue;
        }
        out.push_back({child.get(), &child->words});
        for (const Node::Words& also : child->also) {
            out.push_back({child.get(), &also});
        }
    }
    return out;
}

Spellings with_word(const Spellings& among, std::size_t at, std::string_view word, bool whole) {
    Spellings out;
    std::ranges::copy_if(among, std::back_inserter(out), [&](const Spelling& each) {
        const std::string* own = each.word(at);
        return own != nullptr && (whole ? *own == word : own->starts_with(word));
    });
    return out;
}

std::vector<std::string_view> words_at(const Spellings& all, std::size_t at) {
    std::vector<std::string_view> out;
    for (const Spelling& each : all) {
        const std::string* word = each.word(at);
        if (word != nullptr && std::ranges::find(out, *word) == out.end()) {
            out.push_back(*word);
        }
    }
    return out;
}

struct Found {
    const Node* node = nullptr;
    std::size_t words = 0;  // of the command itself
};

// In one mode. A Found without a node: nothing here begins like this.
Result<Found, Fault> find(const Node& mode, Words words) {
    Spellings left = spellings_of(mode);
    for (std::size_t at = 0;; ++at) {
        Spellings ended;
        std::ranges::copy_if(left, std::back_inserter(ended),
                             [&](const Spelling& each) { return each.words->size() == at; });
        Spellings going;
        std::ranges::copy_if(left, std::back_inserter(going),
                             [&](const Spelling& each) { return each.words->size() > at; });
        if (at == words.size()) {
            if (!ended.empty()) {
                return Found{ended.front().node, at};
            }
            return fail(Fault{
                at, shown(words[at - 1]) + " needs another word; " + one_of(words_at(going, at)),
                words[at - 1]});
        }
        Spellings next = with_word(going, at, words[at], true);
        const bool is_value =
            next.empty() && !ended.empty() &&
            (going.empty() || ended.front().node->arguments.empty() ||
             decode(ended.front().node->arguments.front(), "", words.subspan(at)));
        if (is_value) {
            return Found{ended.front().node, at};
        }
        if (next.empty() && !words[at].empty()) {
            next = with_word(going, at, words[at], false);
            const auto which = words_at(next, at);
            if (which.size() > 1) {
                return fail(Fault{
                    at, shown(words[at]) + " could be more than one command; " + one_of(which),
                    words[at], true});
            }
        }
        if (next.empty()) {
            if (at == 0) {
                return Found{};
            }
            if (!ended.empty()) {
                return Found{ended.front().node, at};
            }
            return fail(Fault{at,
                              shown(words[at]) + " does not go after '" + words[at - 1] + "'; " +
                                  one_of(words_at(going, at)),
                              words[at]});
        }
        left = std::move(next);
    }
}

const Node* find_mode_of(const Node& mode, std::string_view first_word) {
    for (const auto& child : mode.children) {
        if (child->words.front() == first_word) {
            return &mode;
        }
        if (const Node* found = find_mode_of(*child, first_word)) {
            return found;
        }
    }
    return nullptr;
}

// Shows the word unless it may be a secret in the wrong place.
Fault not_understood(const Place& place, const std::string& word,
                     std::span<const std::string_view> others) {
    const Node& here = mode_at(place, place.size());
    if (const Node* mode = find_mode_of(Schema::instance().root(), word)) {
        const bool is_namesake = mode->words == here.words && mode->parent != nullptr;
        return {0,
                shown(word) + " does not belong here; it goes under " + entered_by(*mode) +
                    (is_namesake ? " of " + entered_by(*mode->parent) : ""),
                word};
    }
    std::vector<std::string_view> near(others.begin(), others.end());
    for (std::size_t depth = place.size() + 1; depth > 0; --depth) {
        for (const std::string_view each : words_at(spellings_of(mode_at(place, depth - 1)), 0)) {
            near.push_back(each);
        }
    }
    const std::string_view meant = nearest(word, near);
    const bool may_be_secret = here.parent != nullptr && here.has_secret() && meant.empty();
    std::string sentence = (may_be_secret ? "there" : shown(word)) + " is no command " +
                           (may_be_secret ? "like this " : "") +
                           (here.parent == nullptr ? "here" : "under " + entered_by(here));
    std::vector<std::string_view> all = words_at(spellings_of(here), 0);
    all.insert(all.end(), others.begin(), others.end());
    constexpr std::size_t worth_listing = 20;
    sentence += !meant.empty() ? "; did you mean '" + std::string(meant) + "'?"
                : others.empty() || all.size() <= worth_listing ? "; " + one_of(all)
                                                                : "; '?' shows what may stand here";
    return {0, std::move(sentence), may_be_secret ? "" : word};
}

struct Where {
    Found found;
    std::size_t depth = 0;
};

// From the inside to the outside.
Result<Where, Fault> find(const Place& place, Words words,
                          std::span<const std::string_view> others = {}) {
    std::optional<Fault> first;
    for (std::size_t depth = place.size() + 1; depth > 0; --depth) {
        const auto found = find(mode_at(place, depth - 1), words);
        if (found && found->node != nullptr) {
            return Where{*found, depth - 1};
        }
        if (!found && !first) {
            first = found.error();
            if (first->is_ambiguous) {
                break;  // not somewhere else: what is meant is here
            }
        }
    }
    return fail(first ? *first : not_understood(place, words.front(), others));
}

// ---- values -----------------------------------------------------------------------------------

Fault wrong_count(const Node& node, std::size_t word, std::string_view what) {
    return {
        word,
        "'" + node.command() + "' has too " + std::string(what) + " words; write: " + node.usage(),
        node.command()};
}

bool shows(const Node& node) {
    return std::ranges::none_of(node.arguments, &Argument::is_secret);
}

Result<Decoded, Fault> value(const Node& node, const Argument& argument, Words words,
                             std::size_t at) {
    auto decoded = decode(argument, node.command(), words.subspan(at));
    if (decoded) {
        return *decoded;
    }
    const std::size_t wrong = at + decoded.error().word;
    if (!shows(node) && node.kind == Node::Kind::Record) {
        // The words may stand in the wrong order.
        std::string needs;
        for (const Argument& each : node.arguments) {
            needs += (needs.empty()                     ? "a "
                      : &each == &node.arguments.back() ? " and a "
                                                        : ", a ") +
                     lower(each.placeholder);
        }
        return fail(Fault{wrong, "'" + node.command() + "' needs " + needs, ""});
    }
    const bool may_show = !argument.is_secret && wrong < words.size();
    return fail(Fault{wrong, decoded.error().sentence, may_show ? words[wrong] : ""});
}

// "sbc sbe": the name was forgotten.
bool is_forgotten_name(const Node& node, std::string_view name) {
    return node.kind == Node::Kind::Mode &&
           std::ranges::any_of(node.children, [&](const auto& each) {
               return each->kind == Node::Kind::Mode && each->arguments.empty() &&
                      each->words.front() == name;
           });
}

// All values that the command wants, `at` words after its beginning.
Result<std::vector<std::string>, Fault> all_values(const Node& node, Words words, std::size_t at) {
    std::vector<std::string> out;
    if (node.is_rest) {
        if (at == words.size()) {
            return fail(wrong_count(node, at, "few"));
        }
        std::string text;
        for (const std::string& word : words.subspan(at)) {
            text.append(text.empty() ? "" : " ").append(word);
        }
        const std::vector<std::string> one{std::move(text)};
        out.push_back(TRY(value(node, node.arguments.front(), one, 0)).value);
        return out;
    }
    if (!node.shorthand.empty() && at + 1 == words.size() && words[at] == node.shorthand[0]) {
        out.assign(node.shorthand.begin() + 1, node.shorthand.end());
        return out;
    }
    for (const Argument& argument : node.arguments) {
        do {
            if (at == words.size()) {
                return fail(wrong_count(node, at, "few"));
            }
            Decoded decoded = TRY(value(node, argument, words, at));
            if (is_forgotten_name(node, decoded.value)) {
                return fail(Fault{at,
                                  "'" + decoded.value + "' is a command within '" + node.usage() +
                                      "' and no name; write: " + node.usage(),
                                  decoded.value});
            }
            at += decoded.words;
            if (node.is_together && std::ranges::find(out, decoded.value) != out.end()) {
                return fail(Fault{at - 1, shown(words[at - 1]) + " is there twice; remove one",
                                  words[at - 1]});
            }
            out.push_back(std::move(decoded.value));
        } while (node.is_together && at < words.size());
    }
    if (at < words.size()) {
        return fail(wrong_count(node, at, "many"));
    }
    return out;
}

// "call-policy-set copy source 1 destination 2"
bool is_copy(const Node& node, Words words) {
    return node.kind == Node::Kind::Mode && words.size() == 5 && node.arguments.size() == 1 &&
           std::string_view("copy").starts_with(words[0]) &&
           std::string_view("source").starts_with(words[1]) &&
           std::string_view("destination").starts_with(words[3]);
}

// "call-policy-set copy source 1": what is no entry's key, with what would make it a copy.
Fault half_a_copy(const Node& node, Fault fault, Words words, std::size_t at) {
    const bool is_meant = node.kind == Node::Kind::Mode && node.arguments.size() == 1 &&
                          at < words.size() && words[at] == "copy";
    if (is_meant) {
        const std::string key = node.arguments.front().placeholder;
        fault.sentence = "'" + node.command() + " copy' is not whole; write: " + node.command() +
                         " copy source " + key + " destination " + key;
    }
    return fault;
}

Result<Command, Fault> parse_copy(Command command, Words words, std::size_t at) {
    const Node& node = *command.node;
    command.action = Command::Action::Copy;
    for (const std::size_t which : {at + 2, at + 4}) {
        command.values.push_back(TRY(value(node, node.arguments.front(), words, which)).value);
    }
    return command;
}

// After 'no'. A secret that follows is not looked at: it goes anyway.
Result<Command, Fault> parse_no(Command command, Words words, std::size_t at) {
    const Node& node = *command.node;
    command.action = Command::Action::Remove;
    if (node.no_also != nullptr && at < words.size() && !words[at].empty() &&
        node.no_also->words.front().starts_with(words[at])) {
        if (at + 1 == words.size()) {
            return fail(Fault{at + 1,
                              "'no " + node.command() + " " + node.no_also->command() +
                                  "' needs another word; " + "use " +
                                  node.no_also->arguments.front().placeholder,
                              ""});
        }
        command.also =
            TRY(value(*node.no_also, node.no_also->arguments.front(), words, at + 1)).value;
        at += 2;
    } else if (node.kind == Node::Kind::Mode || node.kind == Node::Kind::Record) {
        if (!node.arguments.empty()) {
            if (at == words.size()) {
                return fail(wrong_count(node, at, "few"));
            }
            Decoded key = TRY(value(node, node.arguments.front(), words, at));
            at += key.words;
            command.values.push_back(std::move(key.value));
        }
    } else if (node.kind == Node::Kind::LeafList && at < words.size()) {
        command.values = TRY(all_values(node, words, at));
        at = words.size();
    } else if (node.kind == Node::Kind::Leaf && node.value_of_no.empty() && at < words.size()) {
        if (shows(node)) {
            command.values = TRY(all_values(node, words, at));
        }
        at = words.size();
    }
    if (at < words.size() && node.no_also != nullptr) {
        const std::string written = "no " + node.command();
        return fail(Fault{at,
                          "'" + written + "' has too many words; write: " + written + " [" +
                              node.no_also->usage() + "]",
                          node.command()});
    }
    if (at < words.size()) {
        return fail(wrong_count(node, at, "many"));
    }
    if (!node.value_of_no.empty()) {
        command.action = Command::Action::Set;
        command.values = {node.value_of_no};
    }
    return command;
}

// Of a command with two words its own help, of several that begin alike what goes on.
std::string help_of_first(const Node& mode, const Node& child) {
    std::string seconds;
    std::size_t count = 0;
    for (const auto& each : mode.children) {
        if (each->words.front() == child.words.front() && each->words.size() > 1) {
            ++count;
            constexpr std::size_t worth_listing = 4;
            seconds += count == 1                   ? each->words[1]
                       : count <= worth_listing     ? ", " + each->words[1]
                       : count == worth_listing + 1 ? " ..."
                                                    : "";
        }
    }
    return count < 2 ? child.help : "One of: " + seconds;
}

std::vector<Suggestion> matching(std::vector<Suggestion> all, std::string_view begun) {
    std::erase_if(all, [&](const Suggestion& each) {
        return each.is_literal && !each.word.starts_with(begun);
    });
    return all;
}

// What has a name, where it may be named.
struct Names {
    const Tree& tree;
    const Place& place;

    void add(const std::vector<std::string>& names, std::vector<Suggestion>& out) const {
        for (const std::string& name : names) {
            if (quoted(name) == name) {
                out.push_back({name, "is there", true});
            }
        }
    }
    std::vector<std::string> keys_of(const Place& where, const Node& list) const {
        std::vector<std::string> out;
        for (const std::vector<std::string>& keys : tree.entries(where, list)) {
            if (!keys.empty()) {
                out.push_back(keys.front());
            }
        }
        return out;
    }
    // Of the command's own list, or of the lists whose names the argument takes.
    void suggest(const Node& node, const Argument& argument, std::vector<Suggestion>& out) const {
        if (node.kind == Node::Kind::Mode || node.kind == Node::Kind::Record) {
            if (&argument == &node.arguments.front()) {
                add(keys_of(place, node), out);
            }
            return;
        }
        for (const std::string& list : argument.names_of) {
            for (std::size_t depth = place.size() + 1; depth > 0; --depth) {
                if (const Node* found = mode_at(place, depth - 1).child(list)) {
                    add(keys_of(outer(place, depth - 1), *found), out);
                    break;
                }
            }
        }
    }
};

void suggest_argument(const Argument& argument, std::size_t words_given,
                      std::vector<Suggestion>& out) {
    if (argument.reads == "address" || argument.reads == "network") {
        if (words_given == 0) {
            out.push_back({"ipv4", "an address of IPv4", true});
            out.push_back({"ipv6", "an address of IPv6", true});
        } else {
            out.push_back({words_given == 1 ? "ADDRESS" : "MASK", argument.help, false});
        }
        return;
    }
    for (const Argument::Word& each : argument.words) {
        out.push_back({each.word, each.help, true});
    }
    if (!argument.is_choice() || argument.placeholder.find('|') == std::string::npos ||
        argument.placeholder.starts_with("SECONDS")) {
        out.push_back({argument.placeholder, argument.help, false});
    }
}

void suggest_values(const Names& names, const Node& node, Words words,
                    std::vector<Suggestion>& out) {
    std::size_t at = 0;
    for (const Argument& argument : node.arguments) {
        if (at == words.size()) {
            names.suggest(node, argument, out);
            suggest_argument(argument, 0, out);
            return;
        }
        const auto decoded = decode(argument, node.command(), words.subspan(at));
        if (!decoded) {
            suggest_argument(argument, words.size() - at, out);
            return;
        }
        at += decoded->words;
        while (node.is_together && at < words.size()) {
            ++at;
        }
    }
    if (node.is_together || node.is_rest) {
        suggest_argument(node.arguments.front(), 0, out);
    }
    out.push_back(end_of_line);
}

// Behind 'no'.
void suggest_removal(const Names& names, const Node& node, Words words,
                     std::vector<Suggestion>& out) {
    const bool is_named = (node.kind == Node::Kind::Mode || node.kind == Node::Kind::Record) &&
                          !node.arguments.empty();
    if (is_named && words.empty()) {
        names.suggest(node, node.arguments.front(), out);
        suggest_argument(node.arguments.front(), 0, out);
    } else if (node.no_also != nullptr && words.size() == 1) {
        suggest_argument(node.no_also->arguments.front(), 0, out);
    } else if (node.kind == Node::Kind::LeafList && (words.empty() || node.is_together)) {
        names.add(names.tree.values(names.place, node), out);
        out.push_back(end_of_line);
    } else {
        if (node.no_also != nullptr && words.empty()) {
            out.push_back({node.no_also->words.front(), node.no_also->help, true});
        }
        out.push_back(end_of_line);
    }
}

}  // namespace

Result<Command, Fault> parse_command(const Place& place, std::span<const std::string> words,
                                     std::span<const std::string_view> others) {
    const bool is_no = words.front() == "no";
    if (is_no && words.size() == 1) {
        return fail(Fault{1, "'no' needs the command that is to be taken back", "no"});
    }
    const Words rest = words.subspan(is_no ? 1 : 0);
    const auto raised = [&](Fault fault) {
        fault.word += is_no ? 1 : 0;
        return fail(std::move(fault));
    };
    const auto where = find(place, rest, is_no ? std::span<const std::string_view>() : others);
    if (!where) {
        return raised(where.error());
    }
    Command command;
    command.place = outer(place, where->depth);
    command.node = where->found.node;
    const std::size_t at = where->found.words;
    command.values_at = at + (is_no ? 1 : 0);
    if (is_no) {
        auto parsed = parse_no(std::move(command), rest, at);
        return parsed ? parsed : raised(parsed.error());
    }
    if (is_copy(*command.node, rest.subspan(at))) {
        return parse_copy(std::move(command), rest, at);
    }
    command.action =
        command.node->kind == Node::Kind::Mode ? Command::Action::Enter : Command::Action::Set;
    auto values = all_values(*command.node, rest, at);
    if (!values) {
        return fail(half_a_copy(*command.node, std::move(values).error(), rest, at));
    }
    command.values = std::move(*values);
    return command;
}

bool is_command(std::string_view first_word) {
    return find_mode_of(Schema::instance().root(), first_word) != nullptr;
}

std::vector<std::string_view> commands_like(const Place& place, std::string_view begun) {
    std::vector<std::string_view> out;
    for (std::size_t depth = place.size() + 1; depth > 0 && out.empty(); --depth) {
        out = words_at(with_word(spellings_of(mode_at(place, depth - 1)), 0, begun, false), 0);
    }
    return out;
}

std::optional<Fault> refuse_hidden_secret(const Command& command) {
    const Node& node = *command.node;
    const std::size_t count = std::min(command.values.size(), node.arguments.size());
    for (std::size_t i = 0; i < count; ++i) {
        if (command.action == Command::Action::Set && node.arguments[i].is_secret &&
            command.values[i] == hidden_secret) {
            return Fault{command.values_at + i,
                         "'***' is what is shown in the place of a secret; say the one that '" +
                             node.command() + "' is to have ('save FILE' writes them too)",
                         ""};
        }
    }
    return std::nullopt;
}

Place place_after(const Command& command) {
    Place place = command.place;
    if (command.action == Command::Action::Enter) {
        place.push_back({command.node, command.values});
    }
    return place;
}

bool alters(const Tree& tree, const Command& command) {
    const Node& node = *command.node;
    if (command.action == Command::Action::Enter) {
        return !tree.has(place_after(command));
    }
    if (command.action != Command::Action::Set) {
        return true;
    }
    const auto now = tree.entries(command.place, node);
    if (node.kind == Node::Kind::Record) {
        return std::ranges::find(now, command.values) == now.end();
    }
    const std::vector<std::string> values = tree.values(command.place, node);
    if (node.kind == Node::Kind::LeafList && !node.is_together) {
        return std::ranges::find(values, command.values.front()) == values.end();
    }
    return node.kind == Node::Kind::Flag ? values.empty() : values != command.values;
}

namespace {

// The first of the values that is not there to be taken away, by its position.
std::optional<std::size_t> missing(const Tree& tree, const Command& command) {
    const Node& node = *command.node;
    const bool is_leaf = node.kind == Node::Kind::Leaf;
    const bool is_list = node.kind == Node::Kind::LeafList || is_leaf;
    const std::vector<std::string> values =
        is_list ? tree.values(command.place, node) : std::vector<std::string>();
    if (is_leaf && values.empty()) {
        return std::nullopt;  // it is as it is wanted
    }
    const auto entries =
        is_list ? std::vector<std::vector<std::string>>() : tree.entries(command.place, node);
    for (std::size_t i = 0; i < command.values.size(); ++i) {
        const bool is_there = is_list
                                  ? std::ranges::find(values, command.values[i]) != values.end()
                                  : std::ranges::any_of(entries, [&](const auto& each) {
                                        return !each.empty() && each.front() == command.values[i];
                                    });
        if (!is_there) {
            return i;
        }
    }
    return std::nullopt;
}

Fault nothing_there(const Command& command, std::size_t which) {
    const Node& node = *command.node;
    std::string what = node.command();
    for (const std::string& word : encode(node.arguments.front(), command.values[which])) {
        what += " " + quoted(word);
    }
    return {command.values_at + (node.is_together ? which : 0),
            "there is no '" + what + "'" +
                (command.place.empty() ? " here" : " in '" + path_of(command.place) + "'") +
                "; nothing was taken away",
            command.values[which]};
}

}  // namespace

Result<Place, Fault> apply(Tree& tree, const Command& command) {
    const Node& node = *command.node;
    Place after = place_after(command);
    switch (command.action) {
        case Command::Action::Enter:
            tree.enter(after);
            break;
        case Command::Action::Set:
            tree.set(command.place, node, command.values);
            if (node.no_also != nullptr) {
                tree.remove(command.place, *node.no_also, {});
            }
            break;
        case Command::Action::Remove:
            if (const auto which = missing(tree, command)) {
                return fail(nothing_there(command, *which));
            }
            tree.remove(command.place, node, command.values);
            if (node.no_also != nullptr) {
                tree.remove(command.place, *node.no_also, {});
                if (!command.also.empty()) {
                    tree.set(command.place, *node.no_also, {command.also});
                }
            }
            break;
        case Command::Action::Copy:
            if (const auto which = missing(tree, command); which == 0U) {
                return fail(Fault{command.values_at + 2,
                                  "'" + node.command() + " " + command.values[0] + "' is not there",
                                  command.values[0]});
            }
            if (!tree.copy(command.place, node, {command.values[0]}, {command.values[1]})) {
                return fail(
                    Fault{command.values_at + 4,
                          "'" + node.command() + " " + command.values[1] + "' is there already",
                          command.values[1]});
            }
            break;
    }
    return after;
}

std::vector<Suggestion> suggest(const Tree& tree, const Place& place,
                                std::span<const std::string> words, std::string_view begun) {
    std::vector<Suggestion> out;
    const bool is_no = !words.empty() && words.front() == "no";
    const Words rest = words.subspan(is_no ? 1 : 0);
    if (rest.empty()) {
        for (std::size_t depth = place.size() + 1; depth > 0; --depth) {
            for (const auto& child : mode_at(place, depth - 1).children) {
                const bool is_new = std::ranges::none_of(
                    out, [&](const Suggestion& each) { return each.word == child->words.front(); });
                if (is_new && !child->is_by_no_only) {
                    out.push_back({child->words.front(),
                                   help_of_first(mode_at(place, depth - 1), *child), true});
                }
            }
            if (depth == place.size() + 1 && !out.empty()) {
                break;  // what stands around is not shown
            }
        }
        return matching(std::move(out), begun);
    }
    const auto where = find(place, rest);
    if (where && where->found.words <= rest.size()) {
        const Place around = outer(place, where->depth);
        const Words values = rest.subspan(where->found.words);
        const Names names{tree, around};
        if (is_no) {
            suggest_removal(names, *where->found.node, values, out);
        } else {
            suggest_values(names, *where->found.node, values, out);
        }
    }
    // Other second words of the same first one.
    for (std::size_t depth = place.size() + 1; depth > 0 && rest.size() == 1; --depth) {
        for (const Spelling& each :
             with_word(spellings_of(mode_at(place, depth - 1)), 0, rest[0], false)) {
            const std::string* second = each.word(1);
            if (second != nullptr) {
                out.push_back({*second, each.node->help, true});
            }
        }
        if (!out.empty()) {
            break;
        }
    }
    return matching(std::move(out), begun);
}

}  // namespace ringwall::sbc::model
