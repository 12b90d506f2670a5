#include "phone/settings.h"

#include <algorithm>
#include <string_view>

#include "sip/uri/uri.h"

namespace ringwall::phone {
namespace {

bool fits(std::string_view pattern, std::string_view status) {
    if (pattern.empty()) {
        return status.empty();
    }
    if (pattern.front() == '*') {
        return fits(pattern.substr(1), status) ||
               (!status.empty() && fits(pattern, status.substr(1)));
    }
    return !status.empty() && (pattern.front() == '?' || pattern.front() == status.front()) &&
           fits(pattern.substr(1), status.substr(1));
}

}  // namespace

bool ResponseTemplate::matches(int status) const {
    const std::string text = std::to_string(status);
    return std::ranges::any_of(patterns,
                               [&](const std::string& pattern) { return fits(pattern, text); });
}

std::string mailbox_uri(const LineSettings& line) {
    const std::string& server = line.voice_mail_server;
    if (server.starts_with("sip:") || server.starts_with("sips:")) {
        return server;
    }
    const std::string& id = line.mailbox_id.empty() ? line.user_id : line.mailbox_id;
    return server.find('@') != std::string::npos ? "sip:" + server
                                                 : "sip:" + sip::escape_user(id) + "@" + server;
}

sip::transaction::Timers transaction_timers(const PhoneSettings& phone) {
    return {.t1 = phone.sip_t1,
            .t2 = phone.sip_t2,
            .t4 = phone.sip_t4,
            .d = phone.sip_timer_d,
            .b = phone.sip_timer_b,
            .f = phone.sip_timer_f,
            .h = phone.sip_timer_h,
            .j = phone.sip_timer_j};
}

}  // namespace ringwall::phone
