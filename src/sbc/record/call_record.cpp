#include "sbc/record/call_record.h"

#include <fmt/chrono.h>

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

std::string to_json(const CallRecord& record) {
    const auto time = [](const std::optional<WallTime>& at) {
        return at ? nlohmann::ordered_json(to_iso8601(*at)) : nlohmann::ordered_json();
    };
    const auto security = [](const std::optional<Security>& value) {
        return value ? nlohmann::ordered_json(std::string(to_string(*value)))
                     : nlohmann::ordered_json();
    };
    const nlohmann::ordered_json line = {
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
        {"cause", record.cause ? nlohmann::ordered_json(std::string(to_string(*record.cause)))
                               : nlohmann::ordered_json()},
        {"start", to_iso8601(record.start)},
        {"ringing", time(record.ringing)},
        {"answer", time(record.answer)},
        {"end", time(record.end)},
    };
    // Octets that are no UTF-8 come from peers: replaced, never thrown about.
    return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace ringwall::sbc
