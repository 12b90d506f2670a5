// What the show commands say of admission: the limits in force, and what is counted of each.
#pragma once

#include <string>

#include "sbc/console/views.h"

namespace ringwall::sbc::console {

std::string show_cac_policy(Views& views, bool as_json);
// Who is shut out, who is limited just now, and by which rules.
std::string show_blacklist(Views& views, bool as_json);

}  // namespace ringwall::sbc::console
