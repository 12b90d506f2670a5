#include "sbc/console/sessions.h"

#include <nlohmann/json.hpp>

#include "sbc/record/call_record.h"

namespace ringwall::sbc::console {
namespace {

std::string_view name_of(Role role) {
    switch (role) {
        case Role::ReadOnly:
            return "read-only";
        case Role::Operator:
            return "operator";
        case Role::Administrator:
            return "administrator";
    }
    return "";
}

}  // namespace

std::string show_sessions(const std::vector<OpenSession>& sessions, std::string_view writing,
                          std::string_view own, bool as_json) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    std::string text;
    for (const auto& [user, since] : sessions) {
        const bool is_writing = user.session == writing;
        list.push_back({{"session", user.session},
                        {"user", user.name},
                        {"role", name_of(user.role)},
                        {"since", to_iso8601(since)},
                        {"changes_configuration", is_writing}});
        text += user.session + "  " + user.name + ", " + std::string(name_of(user.role)) +
                ", since " + to_iso8601_seconds(since) +
                (is_writing ? ", changes the configuration" : "") +
                (user.session == own ? " (this session)" : "") + "\n";
    }
    return as_json ? list.dump(2) + "\n" : text;
}

}  // namespace ringwall::sbc::console
