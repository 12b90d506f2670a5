#include "sbc/console/show_admission.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace ringwall::sbc::console {
namespace {

using Json = nlohmann::ordered_json;

std::string printed(const Json& json) {
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string limits_of(const CacEntry& entry, Json& json) {
    std::string out;
    for (std::size_t i = 0; i < cac_limit_count; ++i) {
        const auto limit = static_cast<CacLimit>(i);
        if (const auto most = entry.limit(limit)) {
            out += fmt::format("{}{} {}", out.empty() ? "" : ", ", to_string(limit), *most);
            json[to_string(limit)] = *most;
        }
    }
    return out.empty() ? "no limit" : out;
}

std::string usage_of(const Admissions* admissions, const CacTable& table, const CacEntry& entry,
                     Json& json) {
    std::string out;
    if (admissions == nullptr) {
        return out;
    }
    for (const Admissions::Usage& each : admissions->usage(table, entry)) {
        out += fmt::format("      {} {}: {} call{} up\n", each.scope,
                           each.scope_of.empty() ? "all" : each.scope_of, each.calls,
                           each.calls == 1 ? "" : "s");
        json.push_back({{"scope", each.scope}, {"of", each.scope_of}, {"calls", each.calls}});
    }
    return out;
}

}  // namespace

std::string show_cac_policy(Views& views, bool as_json) {
    const Snapshot& snapshot = views.snapshot();
    if (!snapshot.cac_policy) {
        return as_json ? "null\n" : "No cac-policy-set is active.\n";
    }
    const CacPolicySet& set = *snapshot.cac_policy;
    std::string out = fmt::format("cac-policy-set {} begins with table {}, scope {}\n", set.number,
                                  set.tables[set.first_table].name, to_string(set.first_scope));
    Json tables = Json::array();
    for (const CacTable& table : set.tables) {
        const std::string kind =
            table.is_policy_set ? "policy-set" : fmt::format("limit {}", to_string(table.match));
        out += fmt::format("Table {}, {}\n", table.name, kind);
        Json entries = Json::array();
        for (const CacEntry& entry : table.entries) {
            Json line{{"entry", entry.number}, {"match", entry.match}};
            if (entry.scope) {
                line["cac-scope"] = to_string(*entry.scope);
            }
            out += fmt::format(
                "  {}  {}  {}{}{}\n", entry.number, entry.match.empty() ? "any" : entry.match,
                limits_of(entry, line),
                entry.scope ? fmt::format(", scope {}", to_string(*entry.scope)) : "",
                entry.next_table ? "  -> table " + set.tables[*entry.next_table].name : "");
            line["next-table"] =
                entry.next_table ? Json(set.tables[*entry.next_table].name) : Json();
            Json counted = Json::array();
            out += usage_of(views.admissions(), table, entry, counted);
            line["counted"] = std::move(counted);
            entries.push_back(std::move(line));
        }
        tables.push_back({{"table", table.name}, {"type", kind}, {"entries", std::move(entries)}});
    }
    return as_json ? printed({{"cac-policy-set", set.number},
                              {"first-cac-table", set.tables[set.first_table].name},
                              {"first-cac-scope", to_string(set.first_scope)},
                              {"tables", std::move(tables)}})
                   : out;
}

}  // namespace ringwall::sbc::console
