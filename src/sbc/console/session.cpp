#include "sbc/console/session.h"

#include <algorithm>
#include <utility>

#include "sbc/console/alarm_watch.h"
#include "sbc/console/command_match.h"
#include "sbc/model/word_values.h"
#include "sbc/model/words.h"

namespace ringwall::sbc::console {

namespace {

// What commands of the model and of the console begin with alike is neither's: "a" is no 'abort'
// where 'attach' may stand. None: it is clear whose it is.
std::optional<Answer> refuse_ambiguous(const model::Place& place, const std::string& word) {
    std::vector<std::string_view> all = model::commands_like(place, word);
    const std::size_t of_the_model = all.size();
    if (all.empty() || std::ranges::find(all, word) != all.end()) {
        return std::nullopt;
    }
    std::ranges::copy_if(first_words(), std::back_inserter(all),
                         [&](std::string_view each) { return begins(each, word); });
    if (all.size() == of_the_model) {
        return std::nullopt;
    }
    return Answer{.fault = shown(word) + " could be more than one command; " + one_of(all),
                  .word = 0};
}

}  // namespace

Session::Session(Setup setup, User user)
    : setup_(std::move(setup)),
      user_(std::move(user)),
      configuration_(*setup_.datastore, user_, setup_.audit) {}

void Session::on_gone() {
    setup_.audit(user_, "logout", "");
    setup_.datastore->end_writing(user_.session);
}

Reply Session::greet() {
    setup_.audit(user_, "login", "");
    std::string output;
    for (const std::string& each : alarms_of(*setup_.datastore, *setup_.views)) {
        output += "Alarm: " + each + "\n";
    }
    take_backs_seen_ = setup_.datastore->take_backs();
    return {.output = std::move(output), .prompt = prompt()};
}

std::string Session::prompt() const {
    if (password_.is_open()) {
        return password_.prompt();
    }
    if (configuration_.is_asking()) {
        return "Uncommitted changes found, commit them before exiting(yes/no/cancel)? [cancel]:";
    }
    std::string out = setup_.host;
    if (configuration_.is_on()) {
        out += "(config";
        for (const model::Step& step : configuration_.place()) {
            out += "-" + step.mode->prompt;
        }
        out += ")";
    }
    return out + "# ";
}

// ---- a line -------------------------------------------------------------------------------------

Reply Session::on_line(std::string_view line) {
    constexpr std::string_view replaced = "\xEF\xBF\xBD";  // what is no character comes as this one
    const bool is_answer = is_asking();
    Answer answer;
    std::vector<std::size_t> columns;
    std::optional<std::size_t> fault_at;
    if (is_answer) {
        answer = answer_question(line);
    } else {
        const auto lines = split_words(line);
        if (!lines) {
            answer.fault = lines.error().sentence;
            fault_at = lines.error().column;
        } else if (line.find(replaced) != std::string_view::npos) {
            answer.fault = "the line holds octets that are no UTF-8";
            fault_at = line.find(replaced);
        } else if (!lines->empty()) {
            columns = lines->front().columns;
            const std::string_view text =
                lines->front().has_comment ? text_in(lines->front().words) : "";
            answer = text.empty() ? run(lines->front().words)
                                  : Answer{.fault = "'!' begins what is not read; put the " +
                                                    std::string(text) + " in quotes",
                                           .word = columns.size()};
        }
    }
    if (take_backs_seen_ != setup_.datastore->take_backs()) {
        take_backs_seen_ = setup_.datastore->take_backs();
        answer.output.insert(0, "What was committed and not confirmed has been taken back.\n");
    }
    if (answer.word) {
        fault_at = *answer.word < columns.size() ? columns[*answer.word] : line.size() + 1;
    }
    const bool failed = !answer.fault.empty();
    Reply reply{.output = std::move(answer.output),
                .prompt = {},
                .failed = failed,
                .ended = answer.ended,
                .asks = configuration_.is_asking(),
                .asks_secret = password_.is_open(),
                .pending = configuration_.may_have_changes(),
                .fault_at = fault_at,
                // Nor does anybody know what a comment holds.
                .is_memorable = !failed && !is_answer && !columns.empty() && !answer.has_secret &&
                                line.find('!') == std::string_view::npos};
    reply.output += reply.failed ? "% " + answer.fault + "\n" : "";
    reply.prompt = prompt();
    return reply;
}

Answer Session::answer_question(std::string_view line) {
    return password_.is_open() ? password_.answer(line) : configuration_.question(line);
}

// "commit comment fix ! bang", "description fix ! bang": nothing of it is to be lost without a
// word.
std::string_view Session::text_in(const Arguments& words) const {
    std::size_t used = 0;
    const Command* const command = find(desk_, words, false, used);
    if (command != nullptr && command->words.front() == "commit" &&
        std::ranges::any_of(words, [](const std::string& each) {
            return each.size() > 3 && begins("comment", each);
        })) {
        return "comment";
    }
    Arguments with_text = words;
    with_text.emplace_back("text");  // "description !x" has none yet
    const auto parsed = model::parse_command(configuration_.place(), with_text);
    const bool is_text =
        parsed && parsed->node->is_rest && parsed->action == model::Command::Action::Set;
    return is_text ? "text" : "";
}

Answer Session::run(const Arguments& words) {
    std::size_t used = 0;
    if (const Command* command = find(desk_, words, true, used)) {
        return run(*command, words, used);
    }
    if (configuration_.is_on()) {
        if (auto ambiguous = refuse_ambiguous(configuration_.place(), words.front())) {
            return std::move(*ambiguous);
        }
        const auto parsed = model::parse_command(configuration_.place(), words);
        if (const Command* command = parsed ? nullptr : find(desk_, words, false, used)) {
            return run(*command, words, used);
        }
        const bool is_models =
            parsed ||
            !model::suggest(configuration_.tree(), configuration_.place(), {}, words.front())
                 .empty() ||
            suggest(words.front()).empty();
        return is_models ? configuration_.change(words) : not_understood(desk_, words);
    }
    if (const Command* command = find(desk_, words, false, used)) {
        return run(*command, words, used);
    }
    const bool is_of_the_configuration = std::ranges::any_of(commands(), [&](const Command& each) {
        return each.where == Command::Where::Configuration && each.words.front() == words.front();
    });
    if (is_of_the_configuration || model::parse_command({}, words) || words.front() == "no" ||
        model::is_command(words.front())) {
        return {.fault =
                    shown(words.front()) + " belongs into the configuration; say 'configure' first",
                .word = 0};
    }
    return not_understood(desk_, words);
}

Answer Session::run(const Command& command, const Arguments& words, std::size_t used) {
    Arguments rest(words.begin() + static_cast<std::ptrdiff_t>(used), words.end());
    const std::size_t most =
        command.understood == nullptr ? command.max_arguments : command.understood(rest);
    if (user_.role < command.role) {
        // What it does not take is anything: a password that was typed behind it.
        const std::size_t taken = std::min(rest.size(), most);
        setup_.audit(user_, "refused", joined(std::span(words).first(used + taken)));
        return {.fault = "'" + joined(command.words) + "' is for " +
                         (command.role == Role::Operator ? "operators" : "administrators") +
                         "; you are " +
                         (user_.role == Role::ReadOnly ? "read-only" : "an operator"),
                .word = 0};
    }
    const bool is_do = command.run == nullptr;  // the rest is another's
    const bool can_be_json = has_json(command);
    const bool as_json =
        can_be_json && rest.size() >= 2 && rest[rest.size() - 2] == "|" && rest.back() == "json";
    if (as_json) {
        rest.resize(rest.size() - 2);
    }
    const std::string usage =
        joined(command.words) + (command.usage.empty() ? "" : " " + command.usage);
    const auto bar =
        std::ranges::find_if(rest, [](const std::string& each) { return each.starts_with('|'); });
    if (can_be_json && bar != rest.end()) {
        const auto at = static_cast<std::size_t>(bar - rest.begin());
        const bool is_alone = *bar == "|" && at + 1 < rest.size();
        return {.fault = shown(rest[at + (is_alone ? 1 : 0)]) +
                         " does not go here; only '| json' may follow: " + joined(command.words) +
                         " | json",
                .word = used + at + (*bar == "|" ? 1 : 0)};
    }
    if (rest.size() > most) {
        return {.fault = "'" + joined(command.words) + "' has too many words; write: " + usage,
                .word = used + most};
    }
    const auto service = std::ranges::find(command.words, "sbe");
    const std::string& name = setup_.views->snapshot().service;
    if (service != command.words.end() && used > command.words.size() && words[3] != name) {
        return {.fault = "there is no service " + shown(words[3]) +
                         (name.empty() ? " yet" : "; use " + name),
                .word = 3};
    }
    if (!is_do) {
        setup_.audit(user_, "command", joined(words));
    }
    Answer answer = is_do ? run_outside(rest) : command.run(desk_, rest, as_json);
    if (answer.word) {
        *answer.word += used;
    }
    return answer;
}

Answer Session::run_outside(const Arguments& words) {
    std::size_t used = 0;
    const Command* command = words.empty() ? nullptr : find(desk_, words, false, used);
    if (words.empty()) {
        return {.fault = "'do' needs a command like 'show running-config'", .word = 0};
    }
    if (command == nullptr || command->where != Command::Where::Everywhere) {
        return not_understood(desk_, words, "do ");
    }
    return run(*command, words, used);
}

std::vector<model::Suggestion> Session::suggest(std::string_view line) {
    return is_asking() ? std::vector<model::Suggestion>() : console::suggest(desk_, line);
}

}  // namespace ringwall::sbc::console
