#include "sbc/console/show_trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "sbc/console/show.h"
#include "sbc/model/word_values.h"
#include "sbc/policy/pipeline.h"
#include "sbc/policy/refusal_rule.h"

namespace ringwall::sbc::console {
namespace {

using Json = nlohmann::ordered_json;
using policy::DecisionTrace;
using policy::Event;
using policy::Finding;
using policy::JudgedTarget;
using policy::Rule;

std::string printed(const Json& json) {
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string_view verdict_text(DecisionTrace::Last last) {
    switch (last) {
        case DecisionTrace::Last::None:
            break;
        case DecisionTrace::Last::Continue:
            return "passed";
        case DecisionTrace::Last::Reject:
            return "refused";
        case DecisionTrace::Last::Challenge:
            return "challenged";
        case DecisionTrace::Last::Drop:
            return "dropped";
    }
    return "";
}

// What came up.
std::string_view event_text(const JudgedTarget& target) {
    if (target.finding == Finding::ReferralRefused && target.event != Event::Refer) {
        return "replacement";
    }
    switch (target.event) {
        case Event::Initial:
            return "route";
        case Event::Fork:
            return "contact";
        case Event::Hunting:
            return "next route";
        case Event::Redirect:
            return "redirection";
        case Event::RefreshByRequest:
        case Event::RefreshByResponse:
            return target.finding == Finding::MediaRefused ? "description" : "target refresh";
        case Event::Refer:
            return "REFER";
        case Event::Registration:
        case Event::RelayedRegistration:
            return "registration";
    }
    return "";
}

std::string_view finding_text(Finding finding) {
    switch (finding) {
        case Finding::Sent:
            return "allowed";
        case Finding::Refused:
        case Finding::MediaRefused:
        case Finding::ReferralRefused:
        case Finding::AtLimit:
            return "refused";
        case Finding::Detached:
            return "is detached";
        case Finding::Nowhere:
            return "has no peer that can be reached";
        case Finding::NotRegistered:
            return "the user is not registered";
        case Finding::NoSuchUser:
            return "there is no such user";
        case Finding::TooLong:
            return "an address would be too long there";
        case Finding::NotPrivate:
            return "the privacy that is asked for cannot be had there";
        case Finding::TooMany:
            return "the call has as many branches as it may";
    }
    return "";
}

std::string_view outcome_text(const JudgedTarget& target) {
    return policy::failure_of(target) ? "failed" : finding_text(target.finding);
}

std::string_view scheme_text(sip::Scheme scheme) {
    switch (scheme) {
        case sip::Scheme::Sip:
            return "sip";
        case sip::Scheme::Sips:
            return "sips";
        case sip::Scheme::Tel:
            return "tel";
        case sip::Scheme::Other:
            return "other";
    }
    return "";
}

std::string name_of(const Snapshot& snapshot, AdjacencyIndex adjacency) {
    return adjacency < snapshot.adjacencies.size() ? snapshot.adjacencies[adjacency].name : "";
}

// Every stage until the one that ended it; none within a dialog.
std::string stages_of(const DecisionTrace& trace, int status, std::string_view reason) {
    if (trace.last() == DecisionTrace::Last::None) {
        return "";
    }
    std::string out = "Stages\n";
    for (std::size_t i = 0; i <= trace.stage(); ++i) {
        const bool is_last = i == trace.stage();
        out += fmt::format("  {:<20}{}\n", policy::stages()[i].name,
                           is_last ? verdict_text(trace.last()) : "passed");
    }
    if (trace.last() != DecisionTrace::Last::Continue) {
        const Rule rule = policy::rule_of(trace, status, reason);
        out += fmt::format("    by {}: {}\n", rule.name, rule.sentence);
    }
    return out;
}

Json json_of_stages(const DecisionTrace& trace, int status, std::string_view reason) {
    Json out = Json::array();
    for (std::size_t i = 0; trace.last() != DecisionTrace::Last::None && i <= trace.stage(); ++i) {
        const policy::Stage& stage = policy::stages()[i];
        const bool is_last = i == trace.stage();
        Json line{{"stage", stage.name},
                  {"verdict", is_last ? verdict_text(trace.last()) : "passed"},
                  {"rule", stage.name},
                  {"sentence", stage.rule}};
        if (is_last) {
            const Rule rule = policy::rule_of(trace, status, reason);
            line["rule"] = rule.name;
            line["sentence"] = rule.sentence;
        }
        out.push_back(std::move(line));
    }
    return out;
}

std::string targets_of(const DecisionTrace& trace, const Snapshot& snapshot) {
    std::string out = trace.targets().empty() ? "" : "Targets\n";
    for (const JudgedTarget& each : trace.targets()) {
        const bool is_somewhere =
            each.finding != Finding::NotRegistered && each.finding != Finding::NoSuchUser;
        out += "  ";
        if (is_somewhere) {
            out += fmt::format("{} by {} ({}): ", event_text(each),
                               name_of(snapshot, each.adjacency), scheme_text(each.scheme));
        }
        out += fmt::format("{}\n", outcome_text(each));
        if (const auto rule = policy::rule_of(each)) {
            out += fmt::format("    by {}: {}\n", rule->name, rule->sentence);
        }
    }
    if (trace.left_out() > 0) {
        out += fmt::format("  and {} more\n", trace.left_out());
    }
    return out;
}

Json json_of_targets(const DecisionTrace& trace, const Snapshot& snapshot) {
    Json out = Json::array();
    for (const JudgedTarget& each : trace.targets()) {
        const auto rule = policy::rule_of(each);
        out.push_back({{"event", event_text(each)},
                       {"adjacency", name_of(snapshot, each.adjacency)},
                       {"scheme", scheme_text(each.scheme)},
                       {"verdict", outcome_text(each)},
                       {"rule", rule ? Json(rule->name) : Json()},
                       {"sentence", rule ? Json(rule->sentence) : Json()}});
    }
    return out;
}

// ---- what would become of a call ----------------------------------------------------------------

std::string ending_of(const Explanation& what) {
    switch (what.end) {
        case Explanation::End::Silence:
            return "The request would be dropped without an answer: " + what.detail + ".\n";
        case Explanation::End::Challenged:
            return "The caller would be challenged (401); nothing would be sent on.\n";
        case Explanation::End::Refused: {
            // The rule was said already.
            const bool says_more = !what.detail.empty() && !what.decisions.rule();
            return fmt::format("The caller would hear {} {}{}; nothing would be sent on.\n",
                               what.status, what.reason, says_more ? " (" + what.detail + ")" : "");
        }
        case Explanation::End::Called:
            return "";
    }
    return "";
}

std::string attempts_of(const Explanation& what, const Snapshot& snapshot) {
    std::string out;
    for (const Explanation::Attempt& each : what.attempts) {
        const bool is_known = !each.hop.remote.address.is_unspecified();
        out += fmt::format("{} INVITE {} by {} to {} over {}\n",
                           each.is_first ? "Would be sent:" : "If that fails:", each.request_uri,
                           name_of(snapshot, each.adjacency),
                           is_known ? each.hop.remote.to_string() : "whom the DNS names",
                           sip::to_string(each.hop.transport));
    }
    return out;
}

std::string text_of(const Explanation& what, const Snapshot& snapshot) {
    std::string out = fmt::format("Call of {} to {}, {}\n", what.from, what.uri,
                                  what.is_secure ? "secure" : "not secure");
    out += "Taken for granted\n";
    for (const std::string& each : what.assumptions) {
        out += "  " + each + "\n";
    }
    if (what.is_readable) {
        out += stages_of(what.decisions, what.status, what.reason) +
               targets_of(what.decisions, snapshot);
    }
    return out + attempts_of(what, snapshot) + ending_of(what);
}

std::string_view end_text(Explanation::End end) {
    switch (end) {
        case Explanation::End::Silence:
            return "dropped";
        case Explanation::End::Challenged:
            return "challenged";
        case Explanation::End::Refused:
            return "refused";
        case Explanation::End::Called:
            return "called";
    }
    return "";
}

Json json_of(const Explanation& what, const Snapshot& snapshot) {
    Json attempts = Json::array();
    for (const Explanation::Attempt& each : what.attempts) {
        const bool is_known = !each.hop.remote.address.is_unspecified();
        attempts.push_back({{"request-uri", each.request_uri},
                            {"adjacency", name_of(snapshot, each.adjacency)},
                            {"remote", is_known ? Json(each.hop.remote.to_string()) : Json()},
                            {"transport", sip::to_string(each.hop.transport)},
                            {"first", each.is_first}});
    }
    return {{"from", what.from},
            {"uri", what.uri},
            {"secure", what.is_secure},
            {"assumptions", what.assumptions},
            {"stages", what.is_readable ? json_of_stages(what.decisions, what.status, what.reason)
                                        : Json::array()},
            {"targets", json_of_targets(what.decisions, snapshot)},
            {"end", end_text(what.end)},
            {"status", what.status},
            {"reason", what.reason},
            {"detail", what.detail},
            {"attempts", std::move(attempts)}};
}

// ---- what has become of one ---------------------------------------------------------------------

std::string how_it_ended(const CallRecord& record) {
    if (record.status == 0) {
        return record.result + ": " + record.reason;
    }
    return fmt::format("{}, {} {}", record.result, record.status, record.reason);
}

Json json_of(const CallRecord& record) {
    return {{"call", record.call},
            {"method", record.method},
            {"time", to_iso8601(record.end.value_or(record.start))},
            {"caller", record.caller},
            {"callee", record.callee},
            {"from", record.from_adjacency},
            {"to", record.to_adjacency},
            {"within", record.within},
            {"secure", record.is_secure},
            {"result", record.result},
            {"status", record.status},
            {"reason", record.reason},
            {"stage", record.stage}};
}

// "From phones to softswitch, in call Jv8s0dQ2"
std::string where_of(const CallRecord& record) {
    std::string out = "From " + record.from_adjacency;
    out += record.to_adjacency.empty() ? "" : " to " + record.to_adjacency;
    return out + (record.within.empty() ? "" : ", in call " + record.within);
}

std::string list_of(const std::vector<CallRecord>& records, bool as_json) {
    std::string out;
    Json list = Json::array();
    for (const CallRecord& each : records) {
        list.push_back(json_of(each));
        out += fmt::format("{}  {}  {}  {} -> {}\n  {}: {}{}\n", each.call,
                           to_iso8601(each.end.value_or(each.start)), each.method, each.caller,
                           each.callee, where_of(each), how_it_ended(each),
                           each.stage.empty() ? "" : " (" + each.stage + ")");
    }
    return as_json ? printed(list) : out.empty() ? "None.\n" : out;
}

bool is_uri(const std::string& word) {
    return std::ranges::all_of(
               word, [](char c) { return c > ' ' && c != '<' && c != '>' && c != '"'; }) &&
           sip::parse_uri(word).has_value();
}

// "alice@example.com", "sips:alice@example.com", "tel:+4930123". False: it is none of them.
bool set_caller(const std::string& word, ExplainQuestion& question) {
    const auto has_scheme = [](std::string_view text) {
        const auto uri = sip::parse_uri(text);
        return uri && uri->scheme != sip::Scheme::Other;
    };
    const std::string text = has_scheme(word) ? word : "sip:" + word;
    if (!is_uri(text)) {
        return false;
    }
    const sip::Uri uri = *sip::parse_uri(text);
    if (uri.scheme != sip::Scheme::Tel && !uri.has_user) {
        return false;
    }
    question.identity = sip::address_of_record(uri);
    question.caller =
        std::string(sip::to_string(uri.scheme)).append(":").append(uri.user) +
        (uri.scheme == sip::Scheme::Tel ? std::string(uri.parameters.text) : "@" + lower(uri.host));
    return true;
}

}  // namespace

std::string show_trace(Views& views, const std::string& call, bool as_json) {
    const auto record = views.find_call(call);
    if (!record) {
        return "";
    }
    const Snapshot& snapshot = views.snapshot();
    if (as_json) {
        Json out = json_of(*record);
        out["stages"] = json_of_stages(record->decisions, record->status, record->reason);
        out["targets"] = json_of_targets(record->decisions, snapshot);
        return printed(out);
    }
    return fmt::format("{} {} of {} to {}, {}\n{}\n", record->method, record->call, record->caller,
                       record->callee, record->is_secure ? "secure" : "not secure",
                       where_of(*record)) +
           stages_of(record->decisions, record->status, record->reason) +
           targets_of(record->decisions, snapshot) + "Result\n  " + how_it_ended(*record) + "\n";
}

std::string show_refusals(Views& views, std::size_t count, bool as_json) {
    return list_of(views.refusals(count), as_json);
}

std::string show_ended_calls(Views& views, std::size_t count, bool as_json) {
    return list_of(views.ended_calls(count), as_json);
}

Answer explain_call(Views& views, const Arguments& words, bool as_json) {
    const auto& adjacencies = views.snapshot().adjacencies;
    const auto from = std::ranges::find_if(adjacencies, [&](const Adjacency& each) {
        return !words.empty() && each.name == words[0] && !each.is_removed;
    });
    if (from == adjacencies.end()) {
        return {.fault = words.empty() ? "'from' needs the name of an ADJACENCY"
                                       : no_adjacency(views.snapshot(), words[0]),
                .word = 0};
    }
    ExplainQuestion question{.from = static_cast<AdjacencyIndex>(from - adjacencies.begin())};
    std::size_t at = 1;
    if (at + 1 < words.size() && words[at] == "as") {
        if (!set_caller(words[at + 1], question)) {
            return {.fault = shown(words[at + 1]) +
                             " is nobody's address; write it like alice@example.com, "
                             "sip:alice@example.com or tel:+4930123",
                    .word = at + 1};
        }
        at += 2;
    }
    if (at + 2 != words.size() || words[at] != "to") {
        return {.fault = "write 'explain call from ADJACENCY [as IDENTITY] to URI'", .word = at};
    }
    if (!is_uri(words[at + 1])) {
        return {.fault = shown(words[at + 1]) +
                         " is no URI; write it like sip:bob@example.com, or tel:+4930123",
                .word = at + 1};
    }
    question.uri = words[at + 1];
    const Explanation what = views.explain(question);
    return {.output = as_json ? printed(json_of(what, views.snapshot()))
                              : text_of(what, views.snapshot())};
}

}  // namespace ringwall::sbc::console
