#include "sbc/console/configuration_mode.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "base/utf8.h"
#include "sbc/config/reader.h"
#include "sbc/console/command_match.h"
#include "sbc/console/show.h"
#include "sbc/model/text_form.h"
#include "sbc/model/word_values.h"
#include "sbc/model/words.h"
#include "sbc/record/call_record.h"

namespace ringwall::sbc::console {
namespace {

using datastore::Version;
using model::Tree;

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

const std::string no_store = "ringwall-sbc runs without '--store FOLDER'";
constexpr std::string_view where_they_are = "; 'show configuration commit list' has them all";

bool is_showable(std::string_view text) {
    while (!text.empty()) {
        if (!is_printable(cut_character(text))) {
            return false;
        }
    }
    return true;
}

}  // namespace

// The lock is for who has changed something.
void ConfigurationMode::give_back_what_is_as_it_was() {
    if (!may_have_changes()) {
        candidate_.reset();
        datastore_.end_writing(user_.session);
    }
}

bool ConfigurationMode::has_changes() const {
    return candidate_ && !(*candidate_ == datastore_.running());
}

Answer ConfigurationMode::configure() {
    is_configuring_ = true;
    place_.clear();
    const auto& writer = datastore_.writer();
    if (writer && writer->session != user_.session) {
        return {.output = "The configuration is being changed by " + writer->name + " (session " +
                          writer->session + ", since " + to_iso8601_seconds(writer->since) +
                          ").\n"};
    }
    return {};
}

Answer ConfigurationMode::show_running(bool as_json) {
    const Tree& running = datastore_.running();
    return {.output = as_json ? running.without_secrets().to_json()
                              : to_text(running, model::Secrets::Hidden)};
}

Answer ConfigurationMode::show_configuration(const Arguments& rest, bool as_json) {
    const Tree& candidate = candidate_ ? *candidate_ : datastore_.running();
    const auto said = [as_json](std::string text) {
        return Answer{.output = show_lines(std::move(text), as_json)};
    };
    if (rest.empty()) {
        return said(difference(datastore_.running(), candidate, model::Secrets::Hidden));
    }
    const std::string_view what =
        keyword(rest[0], {"diff", "failed", "running-config", "commit", "version"});
    if (rest.size() == 1 && what == "running-config") {
        return show_running(as_json);
    }
    if (rest.size() == 1 && what == "diff") {
        return said(marked_difference(datastore_.running(), candidate, model::Secrets::Hidden));
    }
    if (rest.size() == 1 && what == "failed") {
        return {.output = show_errors(failed_, as_json)};
    }
    if (rest.size() == 2 && what == "commit" && begins("list", rest[1])) {
        const bool waits = datastore_.confirmation_ends().has_value();
        return {.output = show_versions(
                    datastore_.versions(),
                    waits ? std::optional(datastore_.running_version().number) : std::nullopt,
                    as_json)};
    }
    if (rest.size() == 2 && what == "version") {
        const auto number = parse_number(rest[1], 1U << 30U);
        if (!number) {
            return {.fault =
                        shown(rest[1]) + " is no number of a version" + std::string(where_they_are),
                    .word = 1};
        }
        const auto tree = datastore_.version(static_cast<unsigned>(*number));
        if (!tree) {
            return {.fault = tree.error() + std::string(where_they_are), .word = 1};
        }
        return {.output = as_json ? tree->without_secrets().to_json()
                                  : to_text(*tree, model::Secrets::Hidden)};
    }
    return {.fault = shown(joined(rest)) +
                     " does not go after 'show configuration'; use diff, running-config, failed, "
                     "commit list or version NUMBER",
            .word = 0};
}

Result<void, std::string> ConfigurationMode::begin_candidate() {
    if (auto mine = datastore_.begin_writing(user_.session, user_.name); !mine) {
        return fail(std::move(mine.error()) + ", or end it: 'clear session " +
                    datastore_.writer()->session + "'");
    }
    if (!candidate_) {
        made_of_ = datastore_.generation();
    }
    return {};
}

Answer ConfigurationMode::change(const Arguments& words) {
    const auto command = model::parse_command(place_, words, first_words());
    if (!command) {
        return {.fault = command.error().sentence, .word = command.error().word};
    }
    if (const auto hidden = model::refuse_hidden_secret(*command)) {
        return {.fault = hidden->sentence, .word = hidden->word};
    }
    // Who only walks, or says what is so already, keeps nobody from writing.
    const bool is_other = model::alters(tree(), *command);
    if (is_other) {
        if (const auto mine = begin_candidate(); !mine) {
            return {.fault = mine.error()};
        }
        if (!candidate_) {
            candidate_ = datastore_.running();
            is_changed_ = false;
        }
        if (const auto done = model::apply(*candidate_, *command); !done) {
            give_back_what_is_as_it_was();
            return {.fault = done.error().sentence, .word = done.error().word};
        }
        is_changed_ = true;
    }
    audit_(user_, "command",
           model::path_of(command->place) + (place_.empty() ? "" : " > ") + to_line(*command));
    place_ = model::place_after(*command);
    return {.has_secret =
                std::ranges::any_of(command->node->arguments, &model::Argument::is_secret)};
}

Answer ConfigurationMode::commit(const Arguments& rest) {
    datastore::CommitRequest request{.author = user_.name};
    for (std::size_t at = 0; at < rest.size(); ++at) {
        const bool has_more = at + 1 < rest.size();
        const std::string_view what = keyword(rest[at], {"comment", "confirmed", "label"});
        if (const auto wrong = std::ranges::find_if_not(
                rest.begin() + static_cast<std::ptrdiff_t>(at), rest.end(), is_showable);
            wrong != rest.end() && (what == "comment" || what == "label")) {
            return {.fault = "a " + std::string(what) + " must not hold control characters",
                    .word = static_cast<std::size_t>(wrong - rest.begin())};
        }
        if (what == "comment" && has_more) {
            request.comment = joined(std::span(rest).subspan(at + 1));
            break;
        }
        if (what == "label" && has_more) {
            request.label = rest[++at];
        } else if (what == "confirmed") {
            const auto seconds = has_more ? parse_number(rest[at + 1], 65535) : std::nullopt;
            request.confirm_within = std::chrono::seconds(seconds.value_or(600));
            const bool is_number =
                has_more && keyword(rest[at + 1], {"comment", "confirmed", "label"}).empty();
            if (seconds == 0U || (is_number && !seconds)) {
                return {.fault = "'commit confirmed' needs 1 to 65535 seconds", .word = at + 1};
            }
            at += seconds ? 1 : 0;
        } else {
            return {.fault = what.empty() ? shown(rest[at]) +
                                                " does not go after 'commit'; use comment LINE, "
                                                "label WORD or confirmed SECONDS"
                                          : "'" + std::string(what) + "' needs another word",
                    .word = what.empty() ? at : at + 1};
        }
    }
    if (!has_changes()) {
        return confirm(request);
    }
    if (made_of_ != datastore_.generation()) {
        made_of_ = datastore_.generation();
        return {.fault =
                    "the running configuration is another than the one that you have changed; "
                    "'show configuration' shows what yours would change of it, and 'commit' "
                    "said again does that"};
    }
    const auto waited =
        datastore_.confirmation_ends() ? std::optional(datastore_.running_version()) : std::nullopt;
    const auto committed = datastore_.commit(*candidate_, request);
    if (!committed) {
        failed_ = committed.error();
        audit_(user_, "commit failed", show_errors(failed_, false));
        return {.output = show_errors(failed_, false),
                .fault = "Failed to commit: " + std::to_string(failed_.size()) +
                         (failed_.size() == 1 ? " thing is" : " things are") +
                         " wrong, and nothing was changed; 'show configuration failed' shows this "
                         "again"};
    }
    failed_.clear();
    candidate_.reset();
    datastore_.end_writing(user_.session);
    Answer answer;
    if (waited && !request.confirm_within) {
        audit_(user_, "confirmed", std::to_string(waited->number));
        answer.output = "Version " + std::to_string(waited->number) + " of " + waited->author +
                        ", which waited to be confirmed, is confirmed by it.\n";
    }
    audit_(user_, "commit", std::to_string(committed->version));
    for (const ConfigError& warning : committed->warnings) {
        answer.output += "warning: " + warning.to_string() + "\n";
    }
    if (datastore_.folder() == nullptr) {
        answer.output += "warning: " + no_store + ", so this is gone at the next start\n";
    }
    if (request.confirm_within) {
        answer.output += "It is taken back in " + std::to_string(request.confirm_within->count()) +
                         " s unless 'commit' is said again.\n";
    }
    return answer;
}

// A commit without changes.
Answer ConfigurationMode::confirm(const datastore::CommitRequest& request) {
    candidate_.reset();
    datastore_.end_writing(user_.session);
    if (!datastore_.confirmation_ends() && !datastore_.is_unsaved()) {
        return {.output = "% No configuration changes to commit.\n"};
    }
    if (request.confirm_within && datastore_.confirmation_ends()) {
        datastore_.confirm_within(*request.confirm_within);
        return {.output = "There are " + std::to_string(request.confirm_within->count()) +
                          " s more to confirm it.\n"};
    }
    if (auto confirmed = datastore_.confirm(); !confirmed) {
        return {.fault = confirmed.error().front().sentence};
    }
    audit_(user_, "confirmed", std::to_string(datastore_.running_version().number));
    return {.output = "The configuration is confirmed.\n"};
}

Answer ConfigurationMode::abort() {
    candidate_.reset();
    place_.clear();
    is_configuring_ = false;
    datastore_.end_writing(user_.session);
    return {};
}

Answer ConfigurationMode::clear() {
    candidate_.reset();
    place_.clear();
    datastore_.end_writing(user_.session);
    return {};
}

Answer ConfigurationMode::leave(std::size_t depth) {
    place_.resize(depth);
    return {};
}

Answer ConfigurationMode::end() {
    if (has_changes()) {
        asked_ = Asked::CommitBeforeExit;
        return {};
    }
    return abort();
}

Answer ConfigurationMode::rollback(const Arguments& rest) {
    const std::vector<Version> all = datastore_.versions();
    const unsigned now = datastore_.running_version().number;
    std::optional<unsigned> wanted;
    const auto number =
        rest.size() == 2 ? parse_number(rest[1], 1U << 30U) : std::optional<std::uint64_t>(1);
    if (rest.empty() || (begins("last", rest[0]) && number)) {
        std::vector<unsigned> earlier;
        for (const Version& each : all) {
            if (each.number < now && !each.is_taken_back) {
                earlier.push_back(each.number);
            }
        }
        if (*number >= 1 && *number <= earlier.size()) {
            wanted = earlier[earlier.size() - *number];
        }
    } else if (begins("to", rest[0]) && rest.size() == 2 && number) {
        wanted = static_cast<unsigned>(*number);
    } else {
        return {.fault = "write: rollback [last [NUMBER]|to VERSION]", .word = 0};
    }
    if (!wanted &&
        std::ranges::all_of(
            all, [&](const Version& each) { return each.number >= now || each.is_taken_back; }) &&
        (rest.empty() || begins("last", rest[0]))) {
        return {.fault = "there is no version before the one that runs", .word = 0};
    }
    const auto tree = wanted ? datastore_.version(*wanted)
                             : fail(std::string("so many versions there are not before the one "
                                                "that runs"));
    if (!tree) {
        return {.fault = tree.error() + std::string(where_they_are),
                .word = rest.size() == 2 ? 1 : 0};
    }
    if (const auto mine = begin_candidate(); !mine) {
        return {.fault = mine.error()};
    }
    candidate_ = *tree;
    is_changed_ = has_changes();
    made_of_ = datastore_.generation();
    place_.clear();
    give_back_what_is_as_it_was();
    return {.output = "The candidate is version " + std::to_string(*wanted) +
                      " now; 'show configuration' has the difference, 'commit' makes it so.\n"};
}

// Of a folder of the store that has nothing else in it.
std::optional<std::filesystem::path> ConfigurationMode::saved_file(const Arguments& rest) const {
    const std::filesystem::path* folder = datastore_.folder();
    if (rest.size() != 1 || folder == nullptr || !is_identifier(rest[0]) ||
        rest[0].starts_with('.')) {
        return std::nullopt;
    }
    return *folder / "saved" / rest[0];
}

std::vector<std::string> ConfigurationMode::saved_files() const {
    std::vector<std::string> out;
    if (const std::filesystem::path* folder = datastore_.folder()) {
        std::error_code failed;
        for (const auto& each : std::filesystem::directory_iterator(*folder / "saved", failed)) {
            const std::string name = each.path().filename().string();
            if (!name.starts_with('.')) {  // one that is being written
                out.push_back(name);
            }
        }
    }
    std::ranges::sort(out);
    return out;
}

Answer ConfigurationMode::load(const Arguments& rest) {
    const auto path = saved_file(rest);
    if (!path) {
        return {.fault = datastore_.folder() == nullptr
                             ? no_store + ", so no file is there to be loaded"
                             : "'load' needs the name of a file in the folder 'saved' of the store",
                .word = 0};
    }
    const auto text = read_from_disk(*path);
    if (!text) {
        return {.fault = path->string() + " cannot be read: " + text.error(), .word = 0};
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
    Tree candidate = candidate_ ? *candidate_ : datastore_.running();
    model::Place place;
    for (const WordsLine& line : *lines) {
        if (line.words == Arguments{"exit"} && !place.empty()) {
            place.pop_back();
            continue;
        }
        const auto command = model::parse_command(place, line.words);
        const auto hidden = command ? model::refuse_hidden_secret(*command) : std::nullopt;
        const auto after = hidden    ? fail(*hidden)
                           : command ? model::apply(candidate, *command)
                                     : fail(command.error());
        if (!after) {
            give_back_what_is_as_it_was();
            return {.fault = rest[0] + ":" + std::to_string(line.number) + ": " +
                             after.error().sentence};
        }
        place = *after;
        audit_(user_, "load", model::path_of(command->place) + " > " + to_line(*command));
    }
    candidate_ = std::move(candidate);
    is_changed_ = has_changes();
    give_back_what_is_as_it_was();
    return {.output = std::to_string(lines->size()) + " commands loaded.\n"};
}

Answer ConfigurationMode::save(const Arguments& rest) {
    const auto path = saved_file(rest);
    if (!path) {
        return {.fault = datastore_.folder() == nullptr
                             ? no_store + ", so nothing can be saved"
                             : "'save' needs a name for a file in the folder 'saved' of the store",
                .word = 0};
    }
    std::error_code failed;
    std::filesystem::create_directory(path->parent_path(), failed);
    if (failed) {
        return {.fault = path->parent_path().string() + " cannot be made: " + failed.message()};
    }
    const std::string text = to_text(datastore_.running(), model::Secrets::Written);
    if (auto written = datastore::write_file(*path, text); !written) {
        return {.fault = written.error()};
    }
    return {.output =
                "The running configuration is in " + path->string() + ", with its passwords.\n"};
}

// "Uncommitted changes found ..."
Answer ConfigurationMode::question(std::string_view line) {
    asked_ = Asked::Nothing;
    const std::string word = lower(trim(line));
    if (begins("yes", word) || begins("no", word)) {
        audit_(user_, "command", word);
    }
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

}  // namespace ringwall::sbc::console
