#include "sbc/console/command_match.h"

#include <algorithm>
#include <set>
#include <utility>

#include "sbc/model/word_values.h"
#include "sbc/model/words.h"

namespace ringwall::sbc::console {

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

namespace {

bool is_here(const Desk& desk, const Command& command) {
    return command.where == Command::Where::Everywhere ||
           (command.where == Command::Where::Configuration) == desk.configuration.is_on();
}

// Once, and if it begins like that.
void offer(const model::Suggestion& one, const std::string& begun,
           std::vector<model::Suggestion>& out) {
    const bool is_known = std::ranges::any_of(
        out, [&](const model::Suggestion& each) { return each.word == one.word; });
    if (!is_known && !one.word.empty() &&
        (one.is_literal ? one.word.starts_with(begun) : begun.empty())) {
        out.push_back(one);
    }
}

// How far words are those of a command, each by its beginning.
struct Fit {
    std::size_t words = 0;  // of the command
    std::size_t given = 0;  // of those that were said
    std::size_t whole = 0;
};

Fit fit_of(const Command& command, const Arguments& words) {
    Fit out;
    while (out.words < command.words.size() && out.given < words.size()) {
        const std::string& word = command.words[out.words];
        const std::string& said = words[out.given];
        // "show services sbc mysbc sbe": the service's name may stand there, or not.
        const bool may_be_name = word == "sbe" && out.given == out.words && said != word;
        const bool is_before = out.given + 1 < words.size() && words[out.given + 1] == word;
        const bool is_name = may_be_name && (is_before || !begins(word, said));
        if (!is_name && !begins(word, said)) {
            break;
        }
        out.words += is_name ? 0 : 1;
        out.whole += said == word ? 1 : 0;
        ++out.given;
    }
    return out;
}

// Of a word that is not the last of its command's.
std::string_view help_of(std::string_view word) {
    using namespace std::string_view_literals;
    for (const auto& [each, help] :
         {std::pair{"show"sv, "What there is, and how it is."sv},
          std::pair{"subscriber"sv, "Those who register here: what the store has of them."sv},
          std::pair{"explain"sv, "What would become of a call, and why."sv},
          std::pair{"clear"sv, "Ends something, or lets counters begin at 0."sv},
          std::pair{"services"sv, "What is configured, and what it does."sv},
          std::pair{"sbc"sv, "The border controller."sv}, std::pair{"sbe"sv, "Its signaling."sv}}) {
        if (each == word) {
            return help;
        }
    }
    return "";
}

const model::Suggestion bar{"|", "'| json': the same as JSON", true};

void offer_end(const Command& command, const std::string& begun,
               std::vector<model::Suggestion>& out) {
    offer(model::end_of_line, begun, out);
    if (has_json(command)) {
        offer(bar, begun, out);
    }
}

// `words` are there before the one that is begun.
void suggest_next(const Desk& desk, const Command& command, const Fit& fit, const Arguments& words,
                  const std::string& begun, std::vector<model::Suggestion>& out) {
    if (fit.words < command.words.size()) {
        if (command.words[fit.words] == "sbe" && fit.given == fit.words) {
            offer({desk.views.snapshot().service, "the service", true}, begun, out);
        }
        const bool is_last = fit.words + 1 == command.words.size();
        offer({command.words[fit.words],
               is_last ? command.help : std::string(help_of(command.words[fit.words])), true},
              begun, out);
        return;
    }
    if (command.next != nullptr) {
        const Arguments given(words.begin() + static_cast<std::ptrdiff_t>(fit.given), words.end());
        for (const model::Suggestion& each : command.next(desk, given)) {
            if (each.word == model::end_of_line.word) {
                offer_end(command, begun, out);
            } else {
                offer(each, begun, out);
            }
        }
        return;
    }
    if (words.size() > fit.given || command.usage.empty()) {  // all of it is there
        offer_end(command, begun, out);
        return;
    }
    for (const model::Suggestion& each :
         command.names == nullptr ? std::vector<model::Suggestion>() : command.names(desk)) {
        offer(each, begun, out);
    }
    offer({command.usage, command.help, false}, begun, out);
}

}  // namespace

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
        const Fit fit = fit_of(command, words);
        const std::pair score(command.words.size(), fit.whole);
        if (fit.words != command.words.size() || (found != nullptr && score < best) ||
            (whole && words.front() != command.words.front())) {
            continue;
        }
        is_clear = found == nullptr || score > best;
        found = &command;
        best = score;
        used = fit.given;
    }
    const bool is_one = first_words.size() == 1 || first_words.contains(words.front());
    return is_clear && is_one ? found : nullptr;
}

const std::vector<std::string_view>& first_words() {
    static const std::vector<std::string_view> all = [] {
        std::vector<std::string_view> out;
        for (const Command& each : commands()) {
            if (each.where != Command::Where::Exec &&
                std::ranges::find(out, each.words.front()) == out.end()) {
                out.emplace_back(each.words.front());
            }
        }
        return out;
    }();
    return all;
}

Answer not_understood(const Desk& desk, const Arguments& words, std::string before) {
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
        before += quoted(words[at]) + " ";
    }
    return {};
}

std::vector<model::Suggestion> suggest(const Desk& desk, std::string_view line) {
    const auto lines = split_words(line);
    if (!lines) {
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
    const bool is_do = !words.empty() && words.front() == "do";
    if (is_do) {
        words.erase(words.begin());
    }
    const auto the_bar = std::ranges::find(words, "|");
    if (the_bar != words.end() && the_bar != words.begin()) {
        const Arguments before(words.begin(), the_bar);
        std::size_t used = 0;
        const Command* const command = find(desk, before, false, used);
        if (command != nullptr && has_json(*command)) {
            const bool is_json = the_bar + 1 != words.end();
            offer(is_json ? model::end_of_line : model::Suggestion{"json", "as JSON", true}, begun,
                  out);
            return out;
        }
    }
    std::vector<std::pair<const Command*, Fit>> begun_by;
    std::size_t most = 0;
    for (const Command& command : commands()) {
        const bool may =
            (is_do ? command.where == Command::Where::Everywhere : is_here(desk, command)) &&
            desk.user.role >= command.role;
        const Fit fit = fit_of(command, words);
        const bool is_over = fit.words == command.words.size();
        const std::size_t more = words.size() - fit.given;
        if (may && (more == 0 || (is_over && (command.next != nullptr ||
                                              (more == 1 && command.max_arguments == 1))))) {
            begun_by.emplace_back(&command, fit);
            most = std::max(most, fit.whole);
        }
    }
    for (const auto& [command, fit] : begun_by) {
        if (fit.whole == most) {  // "call" is itself, and no beginning of "call-stats"
            suggest_next(desk, *command, fit, words, begun, out);
        }
    }
    return out;
}

}  // namespace ringwall::sbc::console
