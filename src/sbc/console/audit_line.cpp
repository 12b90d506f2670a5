#include "sbc/console/audit_line.h"

#include <nlohmann/json.hpp>

#include "sbc/record/call_record.h"

namespace ringwall::sbc::console {

std::string audit_line(WallTime time, const User& who, std::string_view what,
                       const std::string& text) {
    const nlohmann::ordered_json line{{"time", to_iso8601(time)},
                                      {"user", who.name},
                                      {"session", who.session},
                                      {"what", what},
                                      {"text", text}};
    return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace ringwall::sbc::console
