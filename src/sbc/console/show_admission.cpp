#include "sbc/console/show_admission.h"

#include <fmt/format.h>

#include <functional>
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

namespace {

// "100 in 60 s, then shut out for 300 s"
std::string text_of(SourceEvent event, const std::optional<SourceRule>& rule) {
    if (!rule) {
        return "off";
    }
    const auto seconds = [](Duration time) {
        return std::chrono::floor<std::chrono::seconds>(time).count();
    };
    return fmt::format(
        "{} in {} s{}", rule->trigger.size, seconds(rule->trigger.period),
        leads_to_ban(event) ? fmt::format(", then shut out for {} s", seconds(rule->timeout)) : "");
}

std::string rules_of(const std::string& whose, const SourceRules::Rules& rules,
                     const std::function<bool(std::size_t)>& is_said, Json& list) {
    std::string out = whose + "\n";
    for (std::size_t i = 0; i < source_event_count; ++i) {
        const auto event = static_cast<SourceEvent>(i);
        if (is_said(i)) {
            out += fmt::format("  {:<24}{}\n", to_string(event), text_of(event, rules.at(i)));
            list.push_back(
                {{"of", whose},
                 {"reason", to_string(event)},
                 {"trigger-size", rules.at(i) ? Json(rules.at(i)->trigger.size) : Json()}});
        }
    }
    return out;
}

std::string name_of(const Snapshot& snapshot, AdjacencyIndex adjacency) {
    return adjacency < snapshot.adjacencies.size() ? snapshot.adjacencies[adjacency].name : "";
}

}  // namespace

std::string show_blacklist(Views& views, bool as_json) {
    const Snapshot& snapshot = views.snapshot();
    const TimePoint now = views.now().monotonic;
    std::string out;
    Json bans = Json::array();
    Json limited = Json::array();
    if (const Blacklist* const list = views.blacklist()) {
        for (const Ban& each : list->bans(now)) {
            const auto left = std::chrono::ceil<std::chrono::seconds>(each.ends - now).count();
            out += fmt::format("{} on {}: shut out for {}, {} s left\n", each.source.to_string(),
                               name_of(snapshot, each.adjacency), to_string(each.reason), left);
            bans.push_back({{"source", each.source.to_string()},
                            {"adjacency", name_of(snapshot, each.adjacency)},
                            {"reason", to_string(each.reason)},
                            {"seconds-left", left}});
        }
        for (const SourceBuckets::Key& each : list->limited(now)) {
            out += fmt::format("{} on {}: limited for {}\n", each.source.to_string(),
                               name_of(snapshot, each.adjacency), to_string(each.event));
            limited.push_back({{"source", each.source.to_string()},
                               {"adjacency", name_of(snapshot, each.adjacency)},
                               {"reason", to_string(each.event)}});
        }
    }
    out = out.empty() ? "Nobody is shut out or limited.\n" : out;
    Json rules = Json::array();
    const SourceRules& its = snapshot.source_rules;
    out += rules_of(
        "address-default", its.of_all(), [](std::size_t) { return true; }, rules);
    for (const SourceRules::OfAddress& each : its.of_addresses()) {
        out += rules_of(
            each.address.to_string(), each.rules, [&](std::size_t i) { return each.is_said.at(i); },
            rules);
    }
    return as_json ? printed({{"blacklist", std::move(bans)},
                              {"limited", std::move(limited)},
                              {"rules", std::move(rules)}})
                   : out;
}

}  // namespace ringwall::sbc::console
