#include "sbc/config/reader.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <system_error>
#include <tuple>
#include <utility>

#include "base/text.h"
#include "sbc/config/adjacency_tls.h"
#include "sbc/config/checks.h"
#include "sbc/config/draft_of.h"
#include "sbc/model/command.h"
#include "sbc/model/word_values.h"
#include "sbc/model/words.h"

namespace ringwall::sbc {
namespace {

RoutingTable table_of(DraftTable& draft) {
    RoutingTable table = std::move(draft.table);
    for (DraftEntry& each : draft.entries) {
        table.entries.push_back(std::move(each.entry));
    }
    return table;
}

CacPolicySet cac_policy_of(DraftCacPolicySet& draft) {
    CacPolicySet out{.number = draft.number, .first_scope = draft.first_scope, .tables = {}};
    for (DraftCacTable& table : draft.tables) {
        if (table.table.name == draft.first_table) {
            out.first_table = out.tables.size();
        }
        CacTable& added = out.tables.emplace_back(std::move(table.table));
        for (DraftCacEntry& each : table.entries) {
            added.entries.push_back(std::move(each.entry));
        }
    }
    return out;
}

SnapshotPtr snapshot_of(Draft draft) {
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->service = std::move(draft.services.front());
    snapshot->media_engine = draft.media_engine;
    snapshot->media_timeout = draft.media_timeout;
    if (draft.hunting_trigger) {
        snapshot->hunting_trigger = std::move(*draft.hunting_trigger);
    }
    for (DraftAdjacency& each : draft.adjacencies) {
        snapshot->adjacencies.push_back(std::move(each.adjacency));
    }
    snapshot->note_domains();
    for (DraftSubscriber& each : draft.subscribers) {
        each.subscriber.password = sip::auth::HashedPassword(each.subscriber.username,
                                                             each.subscriber.realm, each.password);
        snapshot->subscribers.push_back(std::move(each.subscriber));
    }
    for (DraftPolicySet& set : draft.policy_sets) {
        if (set.number != draft.active_policy_set) {
            continue;
        }
        CallPolicySet& active = snapshot->call_policy.emplace();
        active.number = set.number;
        active.first_call_routing_table = std::move(set.first_table);
        for (DraftTable& table : set.tables) {
            active.tables.push_back(table_of(table));
        }
    }
    for (DraftCacPolicySet& set : draft.cac_policy_sets) {
        if (set.number == draft.active_cac_policy_set) {
            snapshot->cac_policy = cac_policy_of(set);
        }
    }
    for (const DraftSourceRule& each : draft.source_rules) {
        (each.address ? snapshot->source_rules.of(*each.address, each.event)
                      : snapshot->source_rules.of_all(each.event)) = each.rule;
    }
    snapshot->emergency_numbers = std::move(draft.emergency_numbers);
    return snapshot;
}

// Reads line after line into a tree.
class TreeReader {
public:
    explicit TreeReader(std::string file_name) : out_{.name = std::move(file_name)} {}

    Result<void, ConfigError> read(const WordsLine& line) {
        if (line.words.front() == "exit" && line.words.size() == 1) {
            if (place_.empty()) {
                return fail(error(line.number, {}, "exit", "'exit' has no mode to leave here"));
            }
            place_.pop_back();
            return {};
        }
        const auto command = model::parse_command(place_, line.words);
        if (!command) {
            return refuse(line, command.error());
        }
        if (const auto hidden = model::refuse_hidden_secret(*command)) {
            return refuse(line, *hidden);
        }
        TRY(note(line, *command));
        auto after = model::apply(out_.tree, *command);
        if (!after) {
            return refuse(line, after.error());
        }
        place_ = std::move(*after);
        return {};
    }

    FileTree take() { return std::move(out_); }

private:
    ConfigError error(unsigned line, std::string path, std::string word,
                      std::string sentence) const {
        return {.file = out_.name,
                .line = line,
                .path = std::move(path),
                .word = std::move(word),
                .sentence = std::move(sentence)};
    }
    Result<void, ConfigError> refuse(const WordsLine& line, const model::Fault& fault) const {
        return fail(error(line.number, model::path_of(place_), fault.shown, fault.sentence));
    }

    // What is said again must be what may be said many times.
    Result<void, ConfigError> note(const WordsLine& line, const model::Command& command) {
        using enum model::Node::Kind;
        const model::Node& node = *command.node;
        std::string path = model::path_of(command.place, node);
        const bool is_named = node.kind == Mode || node.kind == Record;
        if (is_named && !command.values.empty()) {
            path += " " + command.values.front();
        }
        const bool may_come_again = node.kind == Flag ||
                                    (node.kind == LeafList && !node.is_together) ||
                                    (node.kind == Mode && node.arguments.empty());
        const auto [at, is_new] = out_.lines.emplace(path, line.number);
        if (is_new || may_come_again) {
            return {};
        }
        const std::string first = std::to_string(at->second);
        if (node.kind == Record) {
            return fail(error(line.number, path, "",
                              "this " + lower(node.arguments.front().placeholder) +
                                  " already has an account on this adjacency, on line " + first +
                                  "; keep one of them"));
        }
        if (is_named) {
            return fail(error(line.number, path, command.values.front(),
                              "'" + node.command() + "' " + shown(command.values.front()) +
                                  " is there twice, first on line " + first +
                                  "; give one of them another name or remove it"));
        }
        return fail(error(
            line.number, path, node.command(),
            "'" + node.command() + "' was already given on line " + first + "; keep one of them"));
    }

    model::Place place_;
    FileTree out_;
};

// The line of a path, or of what it stands in.
unsigned line_of(const FileTree& file, std::string_view path) {
    while (true) {
        const auto found = file.lines.find(path);
        if (found != file.lines.end()) {
            return found->second;
        }
        const std::size_t blank = path.rfind(' ');
        if (blank == std::string_view::npos) {
            return 0;
        }
        path = path.substr(0, blank);
    }
}

void violations_of(const model::Tree& tree, ConfigErrors& out) {
    for (model::Violation& each : tree.violations()) {
        out.push_back({.path = std::move(each.path),
                       .word = each.command,
                       .sentence = "'" + each.command + "' " + each.sentence});
    }
}

// The same fault of a file that several name is said once.
void add(ConfigErrors& errors, ConfigErrors more) {
    for (ConfigError& each : more) {
        const bool is_known = std::ranges::any_of(errors, [&](const ConfigError& known) {
            return known.word == each.word && known.sentence == each.sentence;
        });
        if (!is_known) {
            errors.push_back(std::move(each));
        }
    }
}

// One that ran, as it was configured and as it was made.
class Earlier {
public:
    explicit Earlier(const Former& former) : draft_(draft_of(former.tree)), made_(former.snapshot) {
        ConfigErrors none;
        check_draft(draft_, none);
    }

    // Gives an adjacency of the TLS that it had there, in the place of what it has. None: it was
    // not there, or its TLS was configured otherwise; else whether it has any.
    std::optional<bool> keep_tls(const Draft& draft, DraftAdjacency& is) const {
        const std::string& name = is.adjacency.name;
        const auto was =
            std::ranges::find(draft_.adjacencies, name,
                              [](const DraftAdjacency& each) { return each.adjacency.name; });
        const auto made = std::ranges::find(made_.adjacencies, name, &Adjacency::name);
        if (was == draft_.adjacencies.end() || made == made_.adjacencies.end() ||
            !is_tls_of(*was, draft_.files, is, draft.files)) {
            return std::nullopt;
        }
        Adjacency& keeps = is.adjacency;
        keeps.tls_server = made->tls_server;
        keeps.tls_client = made->tls_client;
        keeps.certificate = made->certificate;
        keeps.client_certificate = made->client_certificate;
        keep_lists(*made, keeps);
        keeps.crl_next_update = made->crl_next_update;
        keeps.tls_files.insert(made->tls_files.begin(), made->tls_files.end());
        return made->tls_server != nullptr;
    }

    // What was known there of revocations, for comparing.
    void keep_lists(Adjacency& is) const {
        const auto made = std::ranges::find(made_.adjacencies, is.name, &Adjacency::name);
        if (made != made_.adjacencies.end()) {
            keep_lists(*made, is);
        }
    }

private:
    static void keep_lists(const Adjacency& was, Adjacency& is) {
        is.revocation = was.revocation;
        is.client_revocation = was.client_revocation;
    }

    // Is all that is said of TLS, and of our name, on both the same?
    static bool is_tls_of(const DraftAdjacency& was, const TlsFiles& defaults_were,
                          const DraftAdjacency& is, const TlsFiles& defaults_are) {
        const auto said = [](const Adjacency& its) {
            return std::tie(its.is_attached, its.security, its.local_id,
                            its.tls_client_authentication, its.tls_peer_domains,
                            its.tls_allow_wildcard, its.tls_min_version, its.tls_ciphers,
                            its.tls_handshake_timeout);
        };
        return said(was.adjacency) == said(is.adjacency) &&
               file_names(was, defaults_were) == file_names(is, defaults_are);
    }

    Draft draft_;
    const Snapshot& made_;
};

// What runs of an adjacency whose files are broken.
class Substitute {
public:
    enum class Without : std::uint8_t { Refused, OutOfService };  // of those that never ran

    Substitute(std::span<const Former> formers, Without without) : without_(without) {
        for (const Former& each : formers) {
            earlier_.emplace_back(each);
        }
    }

    // None: there is none.
    std::optional<Broken> take(const Draft& draft, DraftAdjacency& broken) const {
        Adjacency& adjacency = broken.adjacency;
        bool is_known = without_ == Without::OutOfService;
        for (const Earlier& each : earlier_) {
            const auto has_some = each.keep_tls(draft, broken);
            if (has_some == true) {
                return Broken{.adjacency = adjacency.name};
            }
            is_known = is_known || has_some.has_value();
        }
        if (!is_known) {
            return std::nullopt;
        }
        adjacency.is_attached = false;
        adjacency.tls_server.reset();
        adjacency.tls_client.reset();
        adjacency.certificate = {};
        adjacency.client_certificate = {};
        adjacency.crl_next_update.reset();
        keep_lists(adjacency);
        return Broken{.adjacency = adjacency.name, .is_out_of_service = true};
    }

    // Of one that judges nobody now: whoever is shut out stays so when it is attached again.
    void keep_lists(Adjacency& adjacency) const {
        adjacency.revocation = {};
        adjacency.client_revocation = {};
        if (!earlier_.empty()) {
            earlier_.front().keep_lists(adjacency);
        }
    }

private:
    std::vector<Earlier> earlier_;
    Without without_;
};

Result<Configuration, ConfigErrors> configure(const model::Tree& tree, const FileReader& read_file,
                                              const TlsJudge& worse, const Substitute& substitute,
                                              std::vector<Broken>& broken) {
    ConfigErrors errors;
    violations_of(tree, errors);
    Draft draft = draft_of(tree);
    check_draft(draft, errors);
    AdjacencyTls tls(draft.files, read_file);
    for (DraftAdjacency& each : draft.adjacencies) {
        if (!each.adjacency.is_attached || !each.adjacency.is_encrypted()) {
            substitute.keep_lists(each.adjacency);
            continue;
        }
        ConfigErrors why;
        if (auto prepared = tls.prepare(each); !prepared) {
            why = std::move(prepared.error());
        } else if (auto judged = worse(each.adjacency)) {
            why.push_back(std::move(*judged));
        } else {
            continue;
        }
        if (auto instead = substitute.take(draft, each)) {
            instead->why = std::move(why);
            broken.push_back(std::move(*instead));
        } else {
            add(errors, std::move(why));
        }
    }
    if (!errors.empty()) {
        return fail(std::move(errors));
    }
    ConfigErrors warnings = find_surprises(draft);
    return Configuration{snapshot_of(std::move(draft)), std::move(warnings)};
}

std::optional<ConfigError> none_is_worse(const Adjacency& /*adjacency*/) {
    return std::nullopt;
}

}  // namespace

Result<Configuration, ConfigErrors> configure(const model::Tree& tree,
                                              const FileReader& read_file) {
    std::vector<Broken> none;
    return configure(tree, read_file, none_is_worse, Substitute({}, Substitute::Without::Refused),
                     none);
}

Result<Configuration, ConfigErrors> configure_after(std::span<const Former> formers,
                                                    const model::Tree& tree,
                                                    const FileReader& read_file,
                                                    const TlsJudge& worse,
                                                    std::vector<Broken>& broken) {
    return configure(tree, read_file, worse, Substitute(formers, Substitute::Without::Refused),
                     broken);
}

Result<Configuration, ConfigErrors> configure_at_start(const model::Tree& tree,
                                                       const FileReader& read_file,
                                                       std::vector<Broken>& broken) {
    return configure(tree, read_file, none_is_worse,
                     Substitute({}, Substitute::Without::OutOfService), broken);
}

Result<FileTree, ConfigError> read_tree(std::string_view text, const std::string& file_name) {
    const auto lines = split_words(text);
    if (!lines) {
        return fail(ConfigError{
            .file = file_name, .line = lines.error().line, .sentence = lines.error().sentence});
    }
    TreeReader reader(file_name);
    for (const WordsLine& line : *lines) {
        TRY(reader.read(line));
    }
    return reader.take();
}

Result<FileTree, ConfigError> load_tree(const std::filesystem::path& path) {
    const auto text = read_from_disk(path);
    if (!text) {
        return fail(
            ConfigError{.file = path.string(), .sentence = "it cannot be read: " + text.error()});
    }
    return read_tree(*text, path.string());
}

Result<Configuration, ConfigError> configure(const FileTree& file, const FileReader& read_file) {
    const auto place = [&](ConfigError& error) {
        error.file = file.name;
        error.line = line_of(file, error.path);
    };
    auto configuration = configure(file.tree, read_file);
    if (!configuration) {
        ConfigError first = configuration.error().front();
        place(first);
        return fail(std::move(first));
    }
    for (ConfigError& warning : configuration->warnings) {
        place(warning);
    }
    return std::move(*configuration);
}

Result<Configuration, ConfigError> read_configuration(std::string_view text,
                                                      const std::string& file_name,
                                                      const FileReader& read_file) {
    return configure(TRY(read_tree(text, file_name)), read_file);
}

Result<std::string, std::string> read_from_disk(const std::filesystem::path& path) {
    std::error_code status_error;
    const auto status = std::filesystem::status(path, status_error);
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
        return fail(std::string("it is no regular file"));
    }
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                               std::fclose);
    if (!file) {
        return fail(std::generic_category().message(errno));
    }
    std::string text;
    char block[16384];
    while (const std::size_t count = std::fread(block, 1, sizeof block, file.get())) {
        text.append(block, count);
        if (text.size() > largest_file) {
            return fail(std::string("it is larger than 16 MB"));
        }
    }
    if (std::ferror(file.get()) != 0) {
        return fail(std::generic_category().message(errno));
    }
    return text;
}

}  // namespace ringwall::sbc
