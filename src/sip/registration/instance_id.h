// The +sip.instance of a user agent (RFC 5626 §4.1): the same across restarts, another for each.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace ringwall::sip {

// A URN made of what names the agent, as RFC 4122 §4.3 makes name-based ones.
std::string instance_id(std::initializer_list<std::string_view> names);

}  // namespace ringwall::sip
