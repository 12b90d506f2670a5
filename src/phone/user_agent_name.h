// What stands in User-Agent.
#pragma once

#include <string>

#include "phone/settings.h"

namespace ringwall::phone {

inline std::string user_agent_name(const PhoneSettings& phone) {
    return phone.sip_user_agent_name.empty() ? std::string("Ringwall-Phone")
                                             : phone.sip_user_agent_name;
}

}  // namespace ringwall::phone
