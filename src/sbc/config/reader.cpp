#include "sbc/config/reader.h"

#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>
#include <utility>

#include "sbc/config/adjacency_tls.h"
#include "sbc/config/checks.h"
#include "sbc/config/draft.h"
#include "sbc/config/grammar.h"
#include "sbc/config/words.h"

namespace ringwall::sbc {
namespace {

RoutingTable table_of(DraftTable& draft) {
    RoutingTable table = std::move(draft.table);
    for (DraftEntry& each : draft.entries) {
        table.entries.push_back(std::move(each.entry));
    }
    return table;
}

SnapshotPtr snapshot_of(Draft draft) {
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->service = std::move(draft.service);
    if (draft.hunting_trigger) {
        snapshot->hunting_trigger = std::move(*draft.hunting_trigger);
    }
    for (DraftAdjacency& each : draft.adjacencies) {
        snapshot->adjacencies.push_back(std::move(each.adjacency));
    }
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
    return snapshot;
}

Result<std::string, std::string> read_from_disk(const std::filesystem::path& path) {
    constexpr std::size_t largest = 16U << 20U;
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
        if (text.size() > largest) {
            return fail(std::string("it is larger than 16 MB"));
        }
    }
    if (std::ferror(file.get()) != 0) {
        return fail(std::generic_category().message(errno));
    }
    return text;
}

}  // namespace

Result<Configuration, ConfigError> read_configuration(std::string_view text,
                                                      const std::string& file_name,
                                                      const FileReader& read_file) {
    const auto lines = split_words(text);
    if (!lines) {
        return fail(ConfigError{file_name, lines.error().line, "", lines.error().sentence});
    }
    Draft draft = TRY(read_draft(*lines, file_name));
    TRY(check_draft(draft, file_name));
    AdjacencyTls tls(draft.files, read_file, file_name);
    for (DraftAdjacency& each : draft.adjacencies) {
        if (each.adjacency.is_attached && each.adjacency.is_encrypted()) {
            TRY(tls.prepare(each));
        }
    }
    std::vector<ConfigError> warnings = find_surprises(draft, file_name);
    return Configuration{snapshot_of(std::move(draft)), std::move(warnings)};
}

Result<Configuration, ConfigError> load_configuration(const std::filesystem::path& path) {
    const auto text = read_from_disk(path);
    if (!text) {
        return fail(ConfigError{path.string(), 0, "", "it cannot be read: " + text.error()});
    }
    const std::filesystem::path folder = path.parent_path();
    return read_configuration(*text, path.string(), [&](const std::string& name) {
        return read_from_disk(folder / name);
    });
}

}  // namespace ringwall::sbc
