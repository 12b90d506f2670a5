// What this phone calls itself: in User-Agent of its requests, of REGISTER, and in Server of its
// responses.
#pragma once

#include <string>

#include "phone/settings.h"

namespace ringwall::phone {

inline std::string user_agent_name(const PhoneSettings& phone) {
    return phone.sip_user_agent_name.empty() ? std::string("Ringwall-Phone")
                                             : phone.sip_user_agent_name;
}
inline std::string reg_user_agent_name(const PhoneSettings& phone) {
    return phone.sip_reg_user_agent_name.empty() ? user_agent_name(phone)
                                                 : phone.sip_reg_user_agent_name;
}
inline std::string server_name(const PhoneSettings& phone) {
    return phone.sip_server_name.empty() ? std::string("Ringwall-Phone") : phone.sip_server_name;
}

}  // namespace ringwall::phone
