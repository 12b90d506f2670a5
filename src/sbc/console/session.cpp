#include "sbc/console/session.h"

#include <algorithm>
#include <fstream>
#include <set>
#include <utility>

#include "base/text.h"
#include "sbc/config/reader.h"
#include "sbc/console/show.h"
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

std::string lines_of(const ConfigErrors& errors) {
    std::string out;
    for (const ConfigError& each : errors) {
        out += each.to_string() + "\n";
    }
    return out;
}

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

// "- adjacency sip x" for what is gone, "+ ..." for what is new.
std::string as_diff(const std::string& commands) {
    std::string out;
    std::string_view rest = commands;
    while (!rest.empty()) {
        const std::string_view line = cut(rest, '\n');
        const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
        const std::string_view command = line.substr(indent);
        if (command == "!") {
            continue;
        }
        const bool is_gone = command.starts_with("no ");
        out.append(is_gone ? "-" : "+").append(line.substr(0, indent)).append(" ");
        out.append(is_gone ? command.substr(3) : command).append("\n");
    }
    return out;
}

std::string line_of(const Version& version) {
    std::string out = std::to_string(version.number) + "  " +
                      to_iso8601(version.time).substr(0, 19) + "Z  " + version.author;
    out += version.label.empty() ? "" : "  [" + version.label + "]";
    out += version.comment.empty() ? "" : "  " + version.comment;
    return out + "\n";
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
             return !rest.empty() && begins("running-config", rest[0]) && rest.size() == 1
                        ? self.show_running(as_json)
                        : self.show_configuration(rest);
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
         "Says the commands of a file in the store's folder.",
         Configuration,
         Role::Administrator,
         1,
         [](Session& self, const Arguments& rest, bool) { return self.load(rest); }},
        {{"save"},
         "FILE",
         "Writes the running configuration into the store's folder.",
         Everywhere,
         Role::Administrator,
         1,
         [](Session& self, const Arguments& rest, bool) { return self.save(rest); }},
    };
    return all;
}

Session::Session(Setup setup, User user) : setup_(std::move(setup)), user_(std::move(user)) {}

Session::~Session() {
    setup_.datastore->end_writing(user_.session);
}

void Session::on_gone() {
    setup_.audit(user_, "logout", "");
    setup_.datastore->end_writing(user_.session);
}

Reply Session::greet() {
    setup_.audit(user_, "login", "");
    std::string output;
    if (!setup_.datastore->store_problem().empty()) {
        output = "Alarm: " + setup_.datastore->store_problem() + "\n";
    }
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
        } else if (!lines->empty()) {
            columns = lines->front().columns;
            answer = run(lines->front().words);
        }
    }
    Reply reply{.output = std::move(answer.output),
                .prompt = {},
                .failed = !answer.fault.empty(),
                .ended = answer.ended,
                .caret = {}};
    if (answer.word) {
        const std::size_t column =
            *answer.word < columns.size() ? columns[*answer.word] : line.size() + 1;
        reply.caret = std::string(before.size() + column, ' ') +
                      "^\n% Invalid input detected at '^' marker.\n";
    }
    reply.output += reply.failed ? "% " + answer.fault + "\n" : "";
    reply.prompt = prompt();
    return reply;
}

// The command whose words these begin with, each by its beginning: the longest, and of several the
// one that has most of them whole. Null: none, or two that are as good.
const Session::Command* Session::find(const Arguments& words, bool whole, std::size_t& used) const {
    const auto is_here = [this](const Command& command) {
        return command.where == Command::Where::Everywhere ||
               (command.where == Command::Where::Configuration) == is_configuring_;
    };
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
    const bool as_json = rest.size() >= 2 && rest[rest.size() - 2] == "|" && rest.back() == "json";
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
    if (command.words.front() != "do") {  // what is done by it says so itself
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

Session::Answer Session::show_configuration(const Arguments& rest) {
    const Datastore& datastore = *setup_.datastore;
    const std::string pending =
        candidate_ ? difference(datastore.running(), *candidate_, model::Secrets::Hidden) : "";
    if (rest.empty()) {
        return {.output = pending};
    }
    if (rest.size() == 1 && begins("diff", rest[0])) {
        return {.output = as_diff(pending)};
    }
    if (rest.size() == 1 && begins("failed", rest[0])) {
        return {.output = lines_of(failed_)};
    }
    if (rest.size() == 2 && begins("commit", rest[0]) && begins("list", rest[1])) {
        Answer answer;
        const std::vector<Version> all = datastore.versions();
        for (auto each = all.rbegin(); each != all.rend(); ++each) {
            answer.output += line_of(*each);
        }
        return answer;
    }
    if (rest.size() == 2 && begins("version", rest[0])) {
        const auto number = parse_number(rest[1], 1U << 30U);
        const auto tree = datastore.version(static_cast<unsigned>(number.value_or(0)));
        if (!number || !tree) {
            return {.fault = "there is no version " + shown(rest[1]) +
                             "; 'show configuration commit list' has them all"};
        }
        return {.output = to_text(*tree, model::Secrets::Hidden)};
    }
    return {.fault = shown(joined(rest)) +
                     " does not go after 'show configuration'; use diff, running-config, failed, "
                     "commit list or version NUMBER"};
}

// ---- configuration
// --------------------------------------------------------------------------------

Session::Answer Session::change(const Arguments& words) {
    const auto command = model::parse_command(place_, words);
    if (!command) {
        return {.fault = command.error().sentence, .word = command.error().word};
    }
    if (const auto mine = setup_.datastore->begin_writing(user_.session, user_.name); !mine) {
        return {.fault = mine.error()};
    }
    Tree candidate = candidate_ ? *candidate_ : setup_.datastore->running();
    const auto after = model::apply(candidate, *command);
    if (!after) {
        return {.fault = after.error().sentence, .word = after.error().word};
    }
    setup_.audit(
        user_, "command",
        model::path_of(command->place) + (place_.empty() ? "" : " > ") + to_line(*command));
    candidate_ = std::move(candidate);
    place_ = *after;
    return {};
}

Session::Answer Session::commit(const Arguments& rest) {
    datastore::CommitRequest request{.author = user_.name};
    for (std::size_t at = 0; at < rest.size(); ++at) {
        const bool has_more = at + 1 < rest.size();
        if (begins("comment", rest[at]) && has_more) {
            request.comment = joined(WordSpan(rest).subspan(at + 1));
            break;
        }
        if (begins("label", rest[at]) && has_more) {
            request.label = rest[++at];
        } else if (begins("confirmed", rest[at])) {
            const auto seconds = has_more ? parse_number(rest[at + 1], 65535) : std::nullopt;
            request.confirm_within = std::chrono::seconds(600);
            if (seconds) {
                if (*seconds < 1) {
                    return {.fault = "'commit confirmed' needs 1 to 65535 seconds"};
                }
                request.confirm_within = std::chrono::seconds(*seconds);
                ++at;
            }
        } else {
            return {.fault = shown(rest[at]) +
                             " does not go after 'commit'; use comment LINE, label WORD or "
                             "confirmed SECONDS",
                    .word = at + 1};
        }
    }
    Datastore& datastore = *setup_.datastore;
    if (!has_changes()) {
        candidate_.reset();
        datastore.end_writing(user_.session);
        if (!datastore.confirmation_ends()) {
            return {.output = "% No configuration changes to commit.\n"};
        }
        if (auto confirmed = datastore.confirm(); !confirmed) {
            return {.fault = lines_of(confirmed.error())};
        }
        return {.output = "The configuration is confirmed.\n"};
    }
    const auto committed = datastore.commit(*candidate_, request);
    if (!committed) {
        failed_ = committed.error();
        setup_.audit(user_, "commit failed", lines_of(failed_));
        return {.output = lines_of(failed_),
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
    if (const auto mine = datastore.begin_writing(user_.session, user_.name); !mine) {
        return {.fault = mine.error()};
    }
    candidate_ = *tree;
    place_.clear();
    return {.output = "The candidate is version " + std::to_string(*wanted) +
                      " now; 'show configuration' has the difference, 'commit' makes it so.\n"};
}

Session::Answer Session::load(const Arguments& rest) {
    const std::filesystem::path* folder = setup_.datastore->folder();
    if (rest.size() != 1 || folder == nullptr || !is_identifier(rest[0])) {
        return {.fault = "'load' needs the name of a file in the store's folder, without '/'"};
    }
    const auto text = read_from_disk(*folder / rest[0]);
    if (!text) {
        return {.fault = shown(rest[0]) + " cannot be read: " + text.error()};
    }
    const auto lines = split_words(*text);
    if (!lines) {
        return {.fault = rest[0] + ":" + std::to_string(lines.error().line) + ": " +
                         lines.error().sentence};
    }
    if (const auto mine = setup_.datastore->begin_writing(user_.session, user_.name); !mine) {
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
    }
    candidate_ = std::move(candidate);
    return {.output = std::to_string(lines->size()) + " commands loaded.\n"};
}

Session::Answer Session::save(const Arguments& rest) {
    const std::filesystem::path* folder = setup_.datastore->folder();
    static const std::set<std::string, std::less<>> taken{"running.conf", "staged.conf", "lock",
                                                          "versions"};
    if (rest.size() != 1 || folder == nullptr || !is_identifier(rest[0]) ||
        taken.contains(rest[0]) || rest[0].starts_with('.')) {
        return {.fault =
                    "'save' needs the name of a file in the store's folder, without '/', and "
                    "none of the store's own"};
    }
    if (auto written = datastore::write_file(
            *folder / rest[0], to_text(setup_.datastore->running(), model::Secrets::Written));
        !written) {
        return {.fault = written.error()};
    }
    return {.output = "The running configuration is in " + (*folder / rest[0]).string() +
                      ", with its passwords.\n"};
}

// ---- help
// -----------------------------------------------------------------------------------------

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
        const bool is_here = command.where == Command::Where::Everywhere ||
                             (command.where == Command::Where::Configuration) == is_configuring_;
        std::size_t at = 0;
        std::size_t given = 0;
        bool fits = is_here && user_.role >= command.role;
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
