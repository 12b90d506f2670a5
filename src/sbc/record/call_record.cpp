#include "sbc/record/call_record.h"

#include <fmt/chrono.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace ringwall::sbc {

std::string to_iso8601(WallTime time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    const auto milliseconds = (time - seconds).count();
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                       fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)), milliseconds);
}

std::string to_iso8601_seconds(WallTime time) {
    return to_iso8601(time).substr(0, 19) + "Z";
}

CallRecord record_of(const sip::Message& message, const Adjacency* from, WallTime now) {
    CallRecord record;
    const bool is_request = message.is_request();
    record.method = is_request ? message.method_text() : message.cseq().method_text;
    record.caller = sip::without_secrets((is_request ? message.from() : message.to()).uri);
    const bool is_first = is_request && message.to_tag().empty();
    record.callee = sip::without_secrets(is_first     ? message.request_uri()
                                         : is_request ? message.to().uri
                                                      : message.from().uri);
    if (from != nullptr) {
        record.from_adjacency = from->name;
        record.from_security = from->security;
    }
    record.start = now;
    return record;
}

namespace {

using Json = nlohmann::ordered_json;

// In the order of docs/records.md.
Json line_of(const CallRecord& record) {
    const auto time = [](const std::optional<WallTime>& at) {
        return at ? Json(to_iso8601(*at)) : Json();
    };
    const auto security = [](const std::optional<Security>& value) {
        return value ? Json(std::string(to_string(*value))) : Json();
    };
    const auto text = [](const std::string& value) { return value.empty() ? Json() : Json(value); };
    const auto duration = [](const CallRecord& of) {
        using std::chrono::milliseconds;
        if (of.lasted) {
            return Json(std::chrono::duration_cast<milliseconds>(*of.lasted).count());
        }
        return of.answer && of.end
                   ? Json(std::max(milliseconds(*of.end - *of.answer), milliseconds(0)).count())
                   : Json();
    };
    Json line = {
        {"call", record.call},
        {"caller", record.caller},
        {"callee", record.callee},
        {"from_adjacency", record.from_adjacency},
        {"to_adjacency", record.to_adjacency},
        {"from_security", security(record.from_security)},
        {"to_security", security(record.to_security)},
        {"secure", record.is_secure},
        {"result", record.result},
        {"status", record.status},
        {"reason", record.reason},
        {"stage", record.stage},
        {"cause", record.cause ? Json(std::string(to_string(*record.cause))) : Json()},
        {"start", to_iso8601(record.start)},
        {"ringing", time(record.ringing)},
        {"answer", time(record.answer)},
        {"end", time(record.end)},
        {"duration", duration(record)},
        {"media", !record.answer             ? Json()
                  : record.is_media_anchored ? "anchored"
                                             : "by-passed"},
    };
    for (const auto& [side, leg] :
         {std::pair<std::string, const RecordedLeg&>{"from_", record.from_leg},
          {"to_", record.to_leg}}) {
        line[side + "identity"] = text(leg.identity);
        line[side + "scheme"] = text(leg.scheme);
        line[side + "transport"] = text(leg.transport);
        line[side + "peer"] = text(leg.peer);
        line[side + "call_id"] = text(leg.call_id);
        line[side + "media"] = text(leg.media);
    }
    return line;
}

// Octets that are no UTF-8 come from peers: replaced, never thrown about.
std::string written(const Json& value) {
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// A value of JSON as RFC 4180 has it: null is nothing, and what must be is quoted.
std::string cell(const Json& value) {
    if (value.is_null()) {
        return {};
    }
    if (!value.is_string()) {
        return written(value);
    }
    // What is no UTF-8 is replaced by the same hand.
    std::string text = Json::parse(written(value)).get<std::string>();
    if (text.find_first_of(",\"\r\n") == std::string::npos) {
        return text;
    }
    std::string quoted = "\"";
    for (const char octet : text) {
        quoted.append(octet == '"' ? 2 : 1, octet);
    }
    return quoted + '"';
}

}  // namespace

std::string to_json(const CallRecord& record) {
    return written(line_of(record));
}

std::string to_csv(const CallRecord& record) {
    const Json line = line_of(record);
    std::string out;
    for (const auto& [name, value] : line.items()) {
        out.append(cell(value)).append(",");
    }
    out.pop_back();
    return out;
}

std::string csv_header() {
    const Json line = line_of({});
    std::string out;
    for (const auto& [name, value] : line.items()) {
        out.append(name).append(",");
    }
    out.pop_back();
    return out;
}

}  // namespace ringwall::sbc
