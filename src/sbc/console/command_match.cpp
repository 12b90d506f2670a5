#include "sbc/console/command_match.h"

#include <algorithm>
#include <set>
#include <utility>

#include "sbc/model/word_values.h"
#include "sbc/model/words.h"

namespace ringwall::sbc::console {
namespace {

bool is_here(const Desk& desk, const Command& command) {
    return command.where == Command::Where::Everywhere ||
           (command.where == Command::Where::Configuration) == desk.configuration.is_on();
}

}  // namespace

std::string joined(std::span<const std::string> words) {
    std::string out;
    for (const std::string& each : words) {
        out.append(out.empty() ? "" : " ").append(each);
    }
    return out;
}

bool begins(std::string_view whole, std::string_view word) {
    return !word.empty() && whole.starts_with(word);
}

const Command* find(const Desk& desk, const Arguments& words, bool whole, std::size_t& used) {
    const Command* found = nullptr;
    std::pair<std::size_t, std::size_t> best;  // its words, and how many of them are whole
    bool is_clear = true;
    std::set<std::string_view> first_words;
    for (const Command& command : commands()) {
        if (!is_here(desk, command)) {
            continue;
        }
        if (begins(command.words.front(), words.front())) {
            first_words.insert(command.words.front());
        }
        std::size_t at = 0;
        std::size_t exact = 0;
        bool fits = true;
        for (const std::string& word : command.words) {
            // "show services sbc mysbc sbe": the service's name may stand there, or not.
            const bool is_name = word == "sbe" && at + 1 < words.size() && words[at] != "sbe" &&
                                 words[at + 1] == "sbe";
            at += is_name ? 1 : 0;
            const bool is_whole = at < words.size() && words[at] == word;
            fits = is_whole || (at < words.size() && begins(word, words[at]) &&
                                !(whole && &word == &command.words.front()));
            if (!fits) {
                break;
            }
            exact += is_whole ? 1 : 0;
            ++at;
        }
        const std::pair score(command.words.size(), exact);
        if (!fits || (found != nullptr && score < best)) {
            continue;
        }
        is_clear = found == nullptr || score > best;
        found = &command;
        best = score;
        used = at;
    }
    const bool is_one = first_words.size() == 1 || first_words.contains(words.front());
    return is_clear && is_one ? found : nullptr;
}

Answer not_understood(const Desk& desk, const Arguments& words) {
    std::string before;
    for (std::size_t at = 0; at <= words.size(); ++at) {
        const std::vector<model::Suggestion> next = suggest(desk, before);
        std::vector<std::string_view> all;
        std::vector<std::string_view> begun;
        for (const model::Suggestion& each : next) {
            if (each.is_literal) {
                all.push_back(each.word);
                if (at < words.size() && begins(each.word, words[at])) {
                    begun.push_back(each.word);
                }
            }
        }
        if (at == words.size()) {
            return {.fault = shown(words.back()) + " needs another word; " + one_of(all),
                    .word = at};
        }
        const bool is_whole = std::ranges::find(begun, words[at]) != begun.end();
        if (begun.size() > 1 && !is_whole) {
            return {.fault = shown(words[at]) + " could be more than one command; " + one_of(begun),
                    .word = at};
        }
        // The name of the service is no literal.
        if (begun.empty() && !(at == 3 && words[2] == "sbc")) {
            return {.fault = shown(words[at]) +
                             (at == 0 ? " is no command here; "
                                      : " does not go after '" + words[at - 1] + "'; ") +
                             one_of(all),
                    .word = at};
        }
        before += words[at] + " ";
    }
    return {};
}

std::vector<model::Suggestion> suggest(const Desk& desk, std::string_view line) {
    const auto lines = split_words(line);
    if (!lines || desk.configuration.is_asking()) {
        return {};
    }
    Arguments words = lines->empty() ? Arguments{} : lines->front().words;
    std::string begun;
    if (!words.empty() && !line.ends_with(' ')) {
        begun = words.back();
        words.pop_back();
    }
    std::vector<model::Suggestion> out;
    if (desk.configuration.is_on() && (words.empty() || words.front() != "do")) {
        out = model::suggest(desk.configuration.tree(), desk.configuration.place(), words, begun);
    }
    if (!words.empty() && words.front() == "do") {
        words.erase(words.begin());
    }
    for (const Command& command : commands()) {
        std::size_t at = 0;
        std::size_t given = 0;
        bool fits = is_here(desk, command) && desk.user.role >= command.role;
        while (fits && given < words.size() && at < command.words.size()) {
            const bool is_name = command.words[at] == "sbe" && !begins("sbe", words[given]);
            fits = is_name || begins(command.words[at], words[given]);
            at += is_name ? 0 : 1;
            ++given;
        }
        if (!fits || given < words.size()) {
            continue;
        }
        const bool is_over = at == command.words.size();
        const std::string word =
            is_over ? (command.usage.empty() ? "<cr>" : command.usage) : command.words[at];
        const bool is_last = at + 1 >= command.words.size();
        const bool is_known = std::ranges::any_of(
            out, [&](const model::Suggestion& each) { return each.word == word; });
        if (!is_known && (is_over ? begun.empty() : word.starts_with(begun))) {
            out.push_back({word, is_last ? command.help : "", !is_over});
        }
    }
    return out;
}

}  // namespace ringwall::sbc::console
