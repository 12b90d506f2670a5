#include "sbc/console/session.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/text.h"
#include "sbc/config/reader.h"
#include "sbc/console/show.h"
#include "sbc/console/show_call_stats.h"
#include "sbc/model/text_form.h"
#include "sbc/model/word_values.h"
#include "sbc/model/words.h"
#include "sbc/record/call_record.h"

namespace ringwall::sbc::console {
namespace {

using datastore::Datastore;
using datastore::Version;
using model::Tree;

using WordSpan = std::span<const std::string>;

std::string joined(WordSpan words) {
    std::string out;
    for (const std::string& each : words) {
        out.append(out.empty() ? "" : " ").append(each);
    }
    return out;
}

bool begins(std::string_view whole, std::string_view word) {
    return !word.empty() && whole.starts_with(word);
}

// The one of `keywords` that begins like this; empty: none, or more than one.
std::string_view keyword(std::string_view word, std::initializer_list<std::string_view> keywords) {
    std::string_view found;
    for (const std::string_view each : keywords) {
        if (each == word) {
            return each;
        }
        if (begins(each, word)) {
            if (!found.empty()) {
                return {};
            }
            found = each;
        }
    }
    return found;
}

}  // namespace

struct Session::Command {
    enum class Where : std::uint8_t { Exec, Configuration, Everywhere };
    Arguments words;
    std::string usage;  // of what follows
    std::string help;
    Where where = Where::Everywhere;
    Role role = Role::ReadOnly;
    std::size_t max_arguments = 0;
    Answer (*run)(Session& self, const Arguments& rest, bool as_json) = nullptr;
};

const std::vector<Session::Command>& Session::commands() {
    using enum Command::Where;
    static constexpr std::size_t any = SIZE_MAX;
    static const std::vector<Command> all{
        {{"configure"},
         "",
         "Changes the configuration.",
         Exec,
         Role::Administrator,
         0,
         [](Session& self, const Arguments&, bool) { return self.configure(); }},
        {{"exit"},
         "",
         "Leaves the mode, or the console.",
         Everywhere,
         Role::ReadOnly,
         0,
         [](Session& self, const Arguments&, bool) {
             if (!self.is_configuring_) {
                 return Answer{.ended = true};
             }
             return self.place_.empty() ? self.end() : self.leave(self.place_.size() - 1);
         }},
        {{"show", "services", "sbc", "sbe", "adjacencies"},
         "",
         "Security and address of each.",
         Everywhere,
         Role::ReadOnly,
         0,
         [](Session& self, const Arguments&, bool as_json) {
             return Answer{.output = show_adjacencies(*self.setup_.views, "", false, as_json)};
         }},
        {{"show", "services", "sbc", "sbe", "adjacencies", "detail"},
         "",
         "All of each.",
         Everywhere,
         Role::ReadOnly,
         0,
         [](Session& self, const Arguments&, bool as_json) {
             return Answer{.output = show_adjacencies(*self.setup_.views, "", true, as_json)};
         }},
        {{"show", "services", "sbc", "sbe", "adjacency"},
         "NAME",
         "All of one.",
         Everywhere,
         Role::ReadOnly,
         1,
         [](Session& self, const Arguments& rest, bool as_json) {
             const std::string name = rest.empty() ? "" : rest.front();
             std::string output = show_adjacencies(*self.setup_.views, name, true, as_json);
             if (name.empty() || output.empty()) {
                 return Answer{.fault = shown(name) + " is no adjacency that was committed"};
             }
             return Answer{.output = std::move(output)};
         }},
        {{"show", "services", "sbc", "sbe", "calls"},
         "",
         "Those that are up.",
         Everywhere,
         Role::ReadOnly,
         0,
         [](Session& self, const Arguments&, bool as_json) {
             return Answer{.output = show_calls(*self.setup_.views, as_json)};
         }},
        {{"show", "services", "sbc", "sbe", "registrations"},
         "",
         "Who is registered, from where, how long.",
         Everywhere,
         Role::ReadOnly,
         0,
         [](Session& self, const Arguments&, bool as_json) {
             return Answer{.output = show_registrations(*self.setup_.views, as_json)};
         }},
        {{"show", "services", "sbc", "sbe", "tls"},
         "",
         "Connections over TLS: version, cipher, identities.",
         Everywhere,
         Role::ReadOnly,
         0,
         [](Session& self, const Arguments&, bool as_json) {
             return Answer{.output = show_tls(*self.setup_.views, as_json)};
         }},
        {{"show", "services", "sbc", "sbe", "counters"},
         "",
         "What happened how often.",
         Everywhere,
         Role::ReadOnly,
         0,
         [](Session& self, const Arguments&, bool as_json) {
             return Answer{.output = show_counters(*self.setup_.views, as_json)};
         }},
        {{"show", "services", "sbc", "sbe", "call-stats"},
         "[global|src-adjacency NAME] [INTERVAL]",
         "Calls, and why attempts failed; INTERVAL is current5mins, previoushour ...",
         Everywhere,
         Role::ReadOnly,
         3,
         [](Session& self, const Arguments& rest, bool as_json) {
             auto shown = show_call_stats(*self.setup_.views, rest, as_json);
             return shown ? Answer{.output = std::move(*shown)}
                          : Answer{.fault = std::move(shown).error()};
         }},
        {{"show", "services", "sbc", "sbe", "call-policy"},
         "",
         "The tables in force.",
         Everywhere,
         Role::ReadOnly,
         0,
         [](Session& self, const Arguments&, bool as_json) {
             return Answer{.output = show_call_policy(*self.setup_.views, as_json)};
         }},
        {{"show", "services", "sbc", "sbe", "certificates"},
         "",
         "Ours, and whom they name.",
         Everywhere,
         Role::ReadOnly,
         0,
         [](Session& self, const Arguments&, bool as_json) {
             return Answer{.output = show_certificates(*self.setup_.views, as_json)};
         }},
        {{"clear", "services", "sbc", "sbe", "call-stats"},
         "",
         "Counters begin at 0.",
         Everywhere,
         Role::Operator,
         0,
         [](Session& self, const Arguments&, bool) {
             self.setup_.views->clear_counters();
             return Answer{};
         }},
        {{"clear", "services", "sbc", "sbe", "call"},
         "CALL",
         "Ends a call; both parties hear BYE.",
         Everywhere,
         Role::Operator,
         1,
         [](Session& self, const Arguments& rest, bool) {
             if (rest.empty() || !self.setup_.views->end_call(rest.front())) {
                 return Answer{.fault = "there is no call " +
                                        shown(rest.empty() ? "" : rest.front()) +
                                        "; 'show services sbc sbe calls' has them all"};
             }
             return Answer{};
         }},
        {{"show", "security-matrix"},
         "",
         "Which calls may go where, by the rules that decide.",
         Everywhere,
         Role::ReadOnly,
         0,
         [](Session&, const Arguments&, bool as_json) {
             return Answer{.output = show_security_matrix(as_json)};
         }},
        {{"show", "running-config"},
         "",
         "The configuration in force.",
         Everywhere,
         Role::ReadOnly,
         0,
         [](Session& self, const Arguments&, bool as_json) { return self.show_running(as_json); }},
        {{"show", "configuration"},
         "[diff|running-config|failed|commit list|version NUMBER]",
         "What is not committed yet; what runs; why the last commit failed; all commits.",
         Everywhere,
         Role::ReadOnly,
         2,
         [](Session& self, const Arguments& rest, bool as_json) {
             return self.show_configuration(rest, as_json);
         }},
        {{"show", "alarms"},
         "",
         "What is wrong with the store, a commit that waits, or the media engine.",
         Everywhere,
         Role::ReadOnly,
         0,
         [](Session& self, const Arguments&, bool as_json) {
             std::string text;
             for (const std::string& each : self.alarms()) {
                 text += each + "\n";
             }
             return Answer{.output = text.empty() && !as_json ? "No alarms.\n"
                                                              : show_lines(text, as_json)};
         }},
        {{"commit"},
         "[comment LINE|label WORD|confirmed [SECONDS]]",
         "What was changed is in force from now on.",
         Configuration,
         Role::Administrator,
         any,
         [](Session& self, const Arguments& rest, bool) { return self.commit(rest); }},
        {{"abort"},
         "",
         "Forgets what was changed, and leaves the configuration.",
         Configuration,
         Role::Administrator,
         0,
         [](Session& self, const Arguments&, bool) { return self.abort(); }},
        {{"clear"},
         "",
         "Forgets what was changed.",
         Configuration,
         Role::Administrator,
         0,
         [](Session& self, const Arguments&, bool) {
             self.candidate_.reset();
             self.place_.clear();
             self.setup_.datastore->end_writing(self.user_.session);
             return Answer{};
         }},
        {{"end"},
         "",
         "Leaves the configuration.",
         Configuration,
         Role::Administrator,
         0,
         [](Session& self, const Arguments&, bool) { return self.end(); }},
        {{"root"},
         "",
         "Leaves all modes but the outermost.",
         Configuration,
         Role::Administrator,
         0,
         [](Session& self, const Arguments&, bool) { return self.leave(0); }},
        {{"pwd"},
         "",
         "The mode that one is in.",
         Configuration,
         Role::Administrator,
         0,
         [](Session& self, const Arguments&, bool) {
             return Answer{.output = model::path_of(self.place_) + "\n"};
         }},
        {{"do"},
         "COMMAND",
         "A command of outside of the configuration.",
         Configuration,
         Role::Administrator,
         any,
         [](Session& self, const Arguments& rest, bool) {
             std::size_t used = 0;
             const Command* command = rest.empty() ? nullptr : self.find(rest, false, used);
             if (command == nullptr || command->where != Everywhere) {
                 return Answer{.fault = "'do' needs a command like 'show running-config'"};
             }
             return self.run(*command, rest, used);
         }},
        {{"rollback"},
         "[last [NUMBER]|to VERSION]",
         "Takes the candidate back to an earlier version; a commit makes it so.",
         Configuration,
         Role::Administrator,
         2,
         [](Session& self, const Arguments& rest, bool) { return self.rollback(rest); }},
        {{"load"},
         "FILE",
         "Says the commands of a file that was saved.",
         Configuration,
         Role::Administrator,
         1,
         [](Session& self, const Arguments& rest, bool) { return self.load(rest); }},
        {{"save"},
         "FILE",
         "Writes the running configuration into a file of the store.",
         Everywhere,
         Role::Administrator,
         1,
         [](Session& self, const Arguments& rest, bool) { return self.save(rest); }},
    };
    return all;
}

Session::Session(Setup setup, User user) : setup_(std::move(setup)), user_(std::move(user)) {}

void Session::on_gone() {
    setup_.audit(user_, "logout", "");
    setup_.datastore->end_writing(user_.session);
}

std::vector<std::string> Session::alarms() const {
    std::vector<std::string> all = setup_.datastore->alarms();
    const std::vector<std::string> of_what_runs = setup_.views->alarms();
    all.insert(all.end(), of_what_runs.begin(), of_what_runs.end());
    return all;
}

Reply Session::greet() {
    setup_.audit(user_, "login", "");
    std::string output;
    for (const std::string& each : alarms()) {
        output += "Alarm: " + each + "\n";
    }
    take_backs_seen_ = setup_.datastore->take_backs();
    return {.output = std::move(output), .prompt = prompt()};
}

std::string Session::prompt() const {
    if (asked_ == Asked::CommitBeforeExit) {
        return "Uncommitted changes found, commit them before exiting(yes/no/cancel)? [cancel]:";
    }
    std::string out = setup_.host;
    if (is_configuring_) {
        out += "(config";
        for (const model::Step& step : place_) {
            out += "-" + step.mode->prompt;
        }
        out += ")";
    }
    return out + "# ";
}

bool Session::has_changes() const {
    return candidate_ && !(*candidate_ == setup_.datastore->running());
}

// ---- a line -------------------------------------------------------------------------------------

Reply Session::on_line(std::string_view line) {
    const std::string before = prompt();
    Answer answer;
    std::vector<std::size_t> columns;
    if (asked_ != Asked::Nothing) {
        answer = question(line);
    } else {
        const auto lines = split_words(line);
        if (!lines) {
            answer.fault = lines.error().sentence;
        } else if (line.find("\xEF\xBF\xBD") != std::string_view::npos) {
            answer.fault = "the line holds octets that are no UTF-8";
        } else if (!lines->empty()) {
            columns = lines->front().columns;
            answer = run(lines->front().words);
        }
    }
    if (take_backs_seen_ != setup_.datastore->take_backs()) {
        take_backs_seen_ = setup_.datastore->take_backs();
        answer.output.insert(0, "What was committed and not confirmed has been taken back.\n");
    }
    Reply reply{.output = std::move(answer.output),
                .prompt = {},
                .failed = !answer.fault.empty(),
                .ended = answer.ended,
                .asks = asked_ != Asked::Nothing,
                .pending = candidate_ && is_changed_};
    if (answer.word) {
        const std::size_t octets =
            *answer.word < columns.size() ? columns[*answer.word] : line.size() + 1;
        const auto continued = std::ranges::count_if(
            line.substr(0, std::min(octets, line.size())),
            [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U; });
        const std::size_t column = octets - static_cast<std::size_t>(continued);
        reply.caret = std::string(before.size() + column, ' ') +
                      "^\n% Invalid input detected at '^' marker.\n";
    }
    reply.output += reply.failed ? "% " + answer.fault + "\n" : "";
    reply.prompt = prompt();
    return reply;
}

bool Session::is_here(const Command& command) const {
    return command.where == Command::Where::Everywhere ||
           (command.where == Command::Where::Configuration) == is_configuring_;
}

// The command whose words these begin with, each by its beginning: the longest, and of several the
// one that has most of them whole. Null: none, or two that are as good.
const Session::Command* Session::find(const Arguments& words, bool whole, std::size_t& used) const {
    const Command* found = nullptr;
    std::pair<std::size_t, std::size_t> best;  // its words, and how many of them are whole
    bool is_clear = true;
    std::set<std::string_view> first_words;
    for (const Command& command : commands()) {
        if (!is_here(command)) {
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

Session::Answer Session::run(const Arguments& words) {
    std::size_t used = 0;
    if (const Command* command = find(words, true, used)) {
        return run(*command, words, used);
    }
    if (is_configuring_) {
        const auto parsed = model::parse_command(place_, words);
        if (const Command* command = parsed ? nullptr : find(words, false, used)) {
            return run(*command, words, used);
        }
        const bool is_models = parsed || !model::suggest(place_, {}, words.front()).empty() ||
                               suggest(words.front()).empty();
        return is_models ? change(words) : not_understood(words);
    }
    if (const Command* command = find(words, false, used)) {
        return run(*command, words, used);
    }
    if (model::parse_command({}, words) || words.front() == "no") {
        return {.fault =
                    shown(words.front()) + " belongs into the configuration; say 'configure' first",
                .word = 0};
    }
    return not_understood(words);
}

// The first word that does not lead on.
Session::Answer Session::not_understood(const Arguments& words) {
    std::string before;
    for (std::size_t at = 0; at <= words.size(); ++at) {
        const std::vector<model::Suggestion> next = suggest(before);
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

Session::Answer Session::run(const Command& command, const Arguments& words, std::size_t used) {
    if (user_.role < command.role) {
        setup_.audit(user_, "refused", joined(words));
        return {.fault = "'" + joined(command.words) + "' is for " +
                         (command.role == Role::Operator ? "operators" : "administrators") +
                         "; you are " +
                         (user_.role == Role::ReadOnly ? "read-only" : "an operator")};
    }
    Arguments rest(words.begin() + static_cast<std::ptrdiff_t>(used), words.end());
    const bool is_do = command.words.front() == "do";  // the rest is another's
    const bool as_json =
        !is_do && rest.size() >= 2 && rest[rest.size() - 2] == "|" && rest.back() == "json";
    if (as_json) {
        rest.resize(rest.size() - 2);
    }
    const std::string usage =
        joined(command.words) + (command.usage.empty() ? "" : " " + command.usage);
    if (rest.size() > command.max_arguments) {
        return {.fault = "'" + joined(command.words) + "' has too many words; write: " + usage,
                .word = used + command.max_arguments};
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
    return command.run(*this, rest, as_json);
}

// "Uncommitted changes found ..."
Session::Answer Session::question(std::string_view line) {
    asked_ = Asked::Nothing;
    const std::string word = lower(trim(line));
    if (begins("yes", word)) {
        Answer answer = commit({});
        if (answer.fault.empty()) {
            is_configuring_ = false;
            place_.clear();
        }
        return answer;
    }
    if (begins("no", word)) {
        return abort();
    }
    return {};
}

// ---- exec ---------------------------------------------------------------------------------------

Session::Answer Session::configure() {
    is_configuring_ = true;
    place_.clear();
    const auto& writer = setup_.datastore->writer();
    if (writer && writer->session != user_.session) {
        return {.output = "The configuration is being changed by " + writer->name + " (session " +
                          writer->session + ", since " + to_iso8601(writer->since).substr(0, 19) +
                          "Z).\n"};
    }
    return {};
}

Session::Answer Session::show_running(bool as_json) {
    const Tree& running = setup_.datastore->running();
    return {.output = as_json ? running.without_secrets().to_json()
                              : to_text(running, model::Secrets::Hidden)};
}

Session::Answer Session::show_configuration(const Arguments& rest, bool as_json) {
    const Datastore& datastore = *setup_.datastore;
    const Tree& candidate = candidate_ ? *candidate_ : datastore.running();
    const auto said = [as_json](std::string text) {
        return Answer{.output = show_lines(std::move(text), as_json)};
    };
    if (rest.empty()) {
        return said(difference(datastore.running(), candidate, model::Secrets::Hidden));
    }
    const std::string_view what =
        keyword(rest[0], {"diff", "failed", "running-config", "commit", "version"});
    if (rest.size() == 1 && what == "running-config") {
        return show_running(as_json);
    }
    if (rest.size() == 1 && what == "diff") {
        return said(marked_difference(datastore.running(), candidate, model::Secrets::Hidden));
    }
    if (rest.size() == 1 && what == "failed") {
        return {.output = show_errors(failed_, as_json)};
    }
    if (rest.size() == 2 && what == "commit" && begins("list", rest[1])) {
        const bool waits = datastore.confirmation_ends().has_value();
        return {.output = show_versions(
                    datastore.versions(),
                    waits ? std::optional(datastore.running_version().number) : std::nullopt,
                    as_json)};
    }
    if (rest.size() == 2 && what == "version") {
        const auto number = parse_number(rest[1], 1U << 30U);
        const auto tree = datastore.version(static_cast<unsigned>(number.value_or(0)));
        if (!number || !tree) {
            return {.fault = "there is no version " + shown(rest[1]) +
                             "; 'show configuration commit list' has them all"};
        }
        return {.output = as_json ? tree->without_secrets().to_json()
                                  : to_text(*tree, model::Secrets::Hidden)};
    }
    return {.fault = shown(joined(rest)) +
                     " does not go after 'show configuration'; use diff, running-config, failed, "
                     "commit list or version NUMBER",
            .word = 2};
}

// ---- configuration ------------------------------------------------------------------------------

Result<void, std::string> Session::begin_candidate() {
    TRY(setup_.datastore->begin_writing(user_.session, user_.name));
    if (!candidate_) {
        made_of_ = setup_.datastore->generation();
    }
    return {};
}

Session::Answer Session::change(const Arguments& words) {
    const auto command = model::parse_command(place_, words);
    if (!command) {
        return {.fault = command.error().sentence, .word = command.error().word};
    }
    if (const auto mine = begin_candidate(); !mine) {
        return {.fault = mine.error()};
    }
    if (!candidate_) {
        candidate_ = setup_.datastore->running();
        is_changed_ = false;
    }
    const bool is_other = model::alters(*candidate_, *command);
    const auto after = model::apply(*candidate_, *command);
    if (!after) {
        return {.fault = after.error().sentence, .word = after.error().word};
    }
    is_changed_ = is_changed_ || is_other;
    setup_.audit(
        user_, "command",
        model::path_of(command->place) + (place_.empty() ? "" : " > ") + to_line(*command));
    place_ = *after;
    return {};
}

Session::Answer Session::commit(const Arguments& rest) {
    datastore::CommitRequest request{.author = user_.name};
    for (std::size_t at = 0; at < rest.size(); ++at) {
        const bool has_more = at + 1 < rest.size();
        const std::string_view what = keyword(rest[at], {"comment", "confirmed", "label"});
        if (what == "comment" && has_more) {
            request.comment = joined(WordSpan(rest).subspan(at + 1));
            break;
        }
        if (what == "label" && has_more) {
            request.label = rest[++at];
        } else if (what == "confirmed") {
            const auto seconds = has_more ? parse_number(rest[at + 1], 65535) : std::nullopt;
            request.confirm_within = std::chrono::seconds(seconds.value_or(600));
            if (seconds == 0U) {
                return {.fault = "'commit confirmed' needs 1 to 65535 seconds", .word = at + 2};
            }
            at += seconds ? 1 : 0;
        } else {
            return {.fault = what.empty() ? shown(rest[at]) +
                                                " does not go after 'commit'; use comment LINE, "
                                                "label WORD or confirmed SECONDS"
                                          : "'" + std::string(what) + "' needs another word",
                    .word = what.empty() ? at + 1 : at + 2};
        }
    }
    Datastore& datastore = *setup_.datastore;
    if (!has_changes()) {
        return confirm(request);
    }
    if (made_of_ != datastore.generation()) {
        made_of_ = datastore.generation();
        return {.fault =
                    "the running configuration is another than the one that you have changed; "
                    "'show configuration' shows what yours would change of it, and 'commit' "
                    "said again does that"};
    }
    const auto committed = datastore.commit(*candidate_, request);
    if (!committed) {
        failed_ = committed.error();
        setup_.audit(user_, "commit failed", show_errors(failed_, false));
        return {.output = show_errors(failed_, false),
                .fault = "Failed to commit: " + std::to_string(failed_.size()) +
                         (failed_.size() == 1 ? " thing is" : " things are") +
                         " wrong, and nothing was changed; 'show configuration failed' shows this "
                         "again"};
    }
    failed_.clear();
    candidate_.reset();
    datastore.end_writing(user_.session);
    setup_.audit(user_, "commit", std::to_string(committed->version));
    Answer answer;
    for (const ConfigError& warning : committed->warnings) {
        answer.output += "warning: " + warning.to_string() + "\n";
    }
    if (request.confirm_within) {
        answer.output += "It is taken back in " + std::to_string(request.confirm_within->count()) +
                         " s unless 'commit' is said again.\n";
    }
    return answer;
}

// A commit without changes.
Session::Answer Session::confirm(const datastore::CommitRequest& request) {
    Datastore& datastore = *setup_.datastore;
    candidate_.reset();
    datastore.end_writing(user_.session);
    if (!datastore.confirmation_ends() && !datastore.is_unsaved()) {
        return {.output = "% No configuration changes to commit.\n"};
    }
    if (request.confirm_within && datastore.confirmation_ends()) {
        datastore.confirm_within(*request.confirm_within);
        return {.output = "There are " + std::to_string(request.confirm_within->count()) +
                          " s more to confirm it.\n"};
    }
    if (auto confirmed = datastore.confirm(); !confirmed) {
        return {.fault = confirmed.error().front().sentence};
    }
    return {.output = "The configuration is confirmed.\n"};
}

Session::Answer Session::abort() {
    candidate_.reset();
    place_.clear();
    is_configuring_ = false;
    setup_.datastore->end_writing(user_.session);
    return {};
}

Session::Answer Session::leave(std::size_t depth) {
    place_.resize(depth);
    return {};
}

Session::Answer Session::end() {
    if (has_changes()) {
        asked_ = Asked::CommitBeforeExit;
        return {};
    }
    return abort();
}

Session::Answer Session::rollback(const Arguments& rest) {
    Datastore& datastore = *setup_.datastore;
    const std::vector<Version> all = datastore.versions();
    const unsigned now = datastore.running_version().number;
    std::optional<unsigned> wanted;
    const auto number =
        rest.size() == 2 ? parse_number(rest[1], 1U << 30U) : std::optional<std::uint64_t>(1);
    if (rest.empty() || (begins("last", rest[0]) && number)) {
        std::vector<unsigned> earlier;
        for (const Version& each : all) {
            if (each.number < now) {
                earlier.push_back(each.number);
            }
        }
        if (*number >= 1 && *number <= earlier.size()) {
            wanted = earlier[earlier.size() - *number];
        }
    } else if (begins("to", rest[0]) && rest.size() == 2 && number) {
        wanted = static_cast<unsigned>(*number);
    } else {
        return {.fault = "write: rollback [last [NUMBER]|to VERSION]", .word = 1};
    }
    const auto tree = wanted ? datastore.version(*wanted) : fail(std::string());
    if (!tree) {
        return {.fault = "there is no such version; 'show configuration commit list' has them all" +
                         (tree.error().empty() ? "" : " (" + tree.error() + ")")};
    }
    if (const auto mine = begin_candidate(); !mine) {
        return {.fault = mine.error()};
    }
    candidate_ = *tree;
    is_changed_ = true;
    made_of_ = datastore.generation();
    place_.clear();
    return {.output = "The candidate is version " + std::to_string(*wanted) +
                      " now; 'show configuration' has the difference, 'commit' makes it so.\n"};
}

// Of a folder of the store that has nothing else in it.
std::optional<std::filesystem::path> Session::saved_file(const Arguments& rest) const {
    const std::filesystem::path* folder = setup_.datastore->folder();
    if (rest.size() != 1 || folder == nullptr || !is_identifier(rest[0]) ||
        rest[0].starts_with('.')) {
        return std::nullopt;
    }
    return *folder / "saved" / rest[0];
}

Session::Answer Session::load(const Arguments& rest) {
    const auto path = saved_file(rest);
    if (!path) {
        return {.fault = "'load' needs the name of a file in the folder 'saved' of the store",
                .word = 1};
    }
    const auto text = read_from_disk(*path);
    if (!text) {
        return {.fault = path->string() + " cannot be read: " + text.error()};
    }
    const auto lines = split_words(*text);
    if (!lines) {
        return {.fault = rest[0] + ":" + std::to_string(lines.error().line) + ": " +
                         lines.error().sentence};
    }
    if (const auto mine = begin_candidate(); !mine) {
        return {.fault = mine.error()};
    }
    // All of it, or nothing.
    Tree candidate = candidate_ ? *candidate_ : setup_.datastore->running();
    model::Place place;
    for (const WordsLine& line : *lines) {
        if (line.words == Arguments{"exit"} && !place.empty()) {
            place.pop_back();
            continue;
        }
        const auto command = model::parse_command(place, line.words);
        const auto after = command ? model::apply(candidate, *command) : fail(command.error());
        if (!after) {
            return {.fault = rest[0] + ":" + std::to_string(line.number) + ": " +
                             after.error().sentence};
        }
        place = *after;
        setup_.audit(user_, "load", model::path_of(command->place) + " > " + to_line(*command));
    }
    candidate_ = std::move(candidate);
    is_changed_ = true;
    return {.output = std::to_string(lines->size()) + " commands loaded.\n"};
}

Session::Answer Session::save(const Arguments& rest) {
    const auto path = saved_file(rest);
    if (!path) {
        return {.fault = "'save' needs a name for a file in the folder 'saved' of the store",
                .word = 1};
    }
    std::error_code failed;
    std::filesystem::create_directory(path->parent_path(), failed);
    const std::string text = to_text(setup_.datastore->running(), model::Secrets::Written);
    if (auto written = datastore::write_file(*path, text); !written) {
        return {.fault = written.error()};
    }
    return {.output =
                "The running configuration is in " + path->string() + ", with its passwords.\n"};
}

// ---- help ---------------------------------------------------------------------------------------

std::vector<model::Suggestion> Session::suggest(std::string_view line) {
    const auto lines = split_words(line);
    if (!lines || asked_ != Asked::Nothing) {
        return {};
    }
    Arguments words = lines->empty() ? Arguments{} : lines->front().words;
    std::string begun;
    if (!words.empty() && !line.ends_with(' ')) {
        begun = words.back();
        words.pop_back();
    }
    std::vector<model::Suggestion> out;
    if (is_configuring_ && (words.empty() || words.front() != "do")) {
        out = model::suggest(place_, words, begun);
    }
    if (!words.empty() && words.front() == "do") {
        words.erase(words.begin());
    }
    for (const Command& command : commands()) {
        std::size_t at = 0;
        std::size_t given = 0;
        bool fits = is_here(command) && user_.role >= command.role;
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
