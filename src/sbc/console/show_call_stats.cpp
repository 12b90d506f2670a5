#include "sbc/console/show_call_stats.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "sbc/console/command_match.h"
#include "sbc/console/show.h"

namespace ringwall::sbc::console {
namespace {

struct Period {
    std::string_view word;
    std::string_view text;
    Interval interval = Interval::FiveMinutes;
    bool is_previous = false;
};

constexpr std::string_view total = "total";

constexpr std::array<Period, 8> periods{
    {{"current5mins", "the current 5 minutes", Interval::FiveMinutes, false},
     {"previous5mins", "the previous 5 minutes", Interval::FiveMinutes, true},
     {"current15mins", "the current 15 minutes", Interval::FifteenMinutes, false},
     {"previous15mins", "the previous 15 minutes", Interval::FifteenMinutes, true},
     {"currenthour", "the current hour", Interval::Hour, false},
     {"previoushour", "the previous hour", Interval::Hour, true},
     {"currentday", "the current day", Interval::Day, false},
     {"previousday", "the previous day", Interval::Day, true}}};

constexpr std::array<std::string_view, failure_cause_count> texts{
    "Failures by routing",       "Failures by routing policy", "Failures by number analysis policy",
    "Failures by set-up policy", "Failures by signalling",     "Failures by media",
    "RTP-disallowed failures",   "SRTP-disallowed failures",   "Failures by resource",
    "Failures by congestion",    "Active-call failures",       "Failures by CAC call-limit",
    "Failures by CAC rate-limit"};

struct Asked {
    std::string adjacency;           // "": all
    const Period* period = nullptr;  // null: since they were cleared
};

std::string periods_in_words() {
    std::string out(total);
    for (const Period& each : periods) {
        out.append(", ").append(each.word);
    }
    return out;
}

// What may be said may be said by its beginning.
std::string unabbreviated(const std::string& word) {
    std::vector<std::string_view> all{"global", "src-adjacency", total};
    for (const Period& each : periods) {
        all.push_back(each.word);
    }
    std::erase_if(all, [&](std::string_view each) { return !begins(each, word); });
    return all.size() == 1 ? std::string(all.front()) : word;
}

Result<Asked, std::string> asked_by(std::vector<std::string> words, const Snapshot& snapshot) {
    Asked out;
    std::size_t at = 0;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const bool is_name = i == 1 && words[0] == "src-adjacency";
        words[i] = is_name ? words[i] : unabbreviated(words[i]);
    }
    if (at < words.size() && words[at] == "global") {
        ++at;
    } else if (at < words.size() && words[at] == "src-adjacency") {
        const std::string name = at + 1 < words.size() ? words[at + 1] : "";
        if (std::ranges::find(snapshot.adjacencies, name, &Adjacency::name) ==
            snapshot.adjacencies.end()) {
            return fail(name.empty() ? "the adjacency's name is missing after 'src-adjacency'"
                                     : no_adjacency(snapshot, name));
        }
        out.adjacency = name;
        at += 2;
    }
    if (at < words.size() && words[at] != total) {
        const auto found = std::ranges::find(periods, words[at], &Period::word);
        if (found == periods.end()) {
            return fail("'" + words[at] + "' is none of global, src-adjacency NAME, " +
                        periods_in_words());
        }
        out.period = &*found;
    }
    if (at + 1 < words.size()) {
        return fail("'" + words[at + 1] + "' is one word too many");
    }
    return out;
}

CallCounts counts_of(const IntervalCounts* all, const Period* period, WallTime now) {
    if (all == nullptr) {
        return {};
    }
    if (period == nullptr) {
        return all->total();
    }
    return period->is_previous ? all->previous(period->interval, now)
                               : all->current(period->interval, now);
}

}  // namespace

std::vector<model::Suggestion> call_stats_intervals() {
    std::vector<model::Suggestion> out{{std::string(total), "since they were cleared", true}};
    for (const Period& each : periods) {
        out.push_back({std::string(each.word), std::string(each.text), true});
    }
    return out;
}

Result<std::string, std::string> show_call_stats(Views& views,
                                                 const std::vector<std::string>& words,
                                                 bool as_json) {
    const auto asked = asked_by(words, views.snapshot());
    if (!asked) {
        return fail(asked.error());
    }
    const CallStatistics statistics = views.statistics();
    const IntervalCounts* const all =
        asked->adjacency.empty() ? &statistics.all() : statistics.from(asked->adjacency);
    const CallCounts counts = counts_of(all, asked->period, views.now().wall);
    std::uint64_t active = 0;
    std::uint64_t activating = 0;
    for (const CallRecord& call : views.calls()) {
        if (asked->adjacency.empty() || call.from_adjacency == asked->adjacency) {
            ++(call.answer ? active : activating);
        }
    }

    const std::string_view period = asked->period == nullptr ? total : asked->period->word;
    nlohmann::ordered_json json{
        {"adjacency", asked->adjacency.empty() ? nlohmann::ordered_json()
                                               : nlohmann::ordered_json(asked->adjacency)},
        {"period", period}};
    std::string out = fmt::format(
        "Statistics of {} for {}\n",
        asked->period == nullptr ? "all calls since they were cleared" : asked->period->text,
        asked->adjacency.empty() ? "the whole SBC" : "source adjacency " + asked->adjacency);
    const auto line = [&](std::string_view text, std::string_view name, std::uint64_t value) {
        out += fmt::format("  {:<36}{}\n", std::string(text) + ":", value);
        json[name] = value;
    };
    line("Active calls", "active", active);
    line("Activating calls", "activating", activating);
    line("Total call attempts", "attempts", counts.attempts);
    line("Calls that were answered and ended", "answered", counts.answered);
    line("Secure ones of these", "secure", counts.secure);
    line("Attempts that callers gave up", "cancelled", counts.cancelled);
    line("Total failed call attempts", "failed", counts.failed_attempts());
    for (std::size_t i = 0; i < texts.size(); ++i) {
        line(texts[i], to_string(static_cast<FailureCause>(i)), counts.failures[i]);
    }
    line("Failures by CAC policy", "cac-policy", counts.cac_policy_failures());
    return as_json
               ? json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n"
               : out;
}

}  // namespace ringwall::sbc::console
