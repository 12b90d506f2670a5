#include "sbc/record/trace.h"

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "sbc/record/call_record.h"

namespace ringwall::sbc {

std::string trace_line(WallTime time, std::string_view call, std::string_view adjacency,
                       engine::Direction direction, const sip::Hop& hop,
                       const sip::Message& message) {
    std::string what;
    if (message.is_request()) {
        const sip::Uri& uri = message.request_uri();
        what.append(message.method_text()).append(" ");
        what.append(uri.text.empty() ? message.request_uri_text() : sip::without_secrets(uri));
    } else {
        what.append(std::to_string(message.status())).append(" ").append(message.reason());
    }
    const nlohmann::ordered_json line = {
        {"time", to_iso8601(time)},
        {"call", call},
        {"adjacency", adjacency},
        {"direction", direction == engine::Direction::In ? "in" : "out"},
        {"peer", hop.remote.to_string()},
        {"transport", lower(sip::to_string(hop.transport))},
        {"message", what},
        {"call_id", message.call_id()},
        {"cseq",
         std::to_string(message.cseq().number) + " " + std::string(message.cseq().method_text)},
    };
    return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace ringwall::sbc
