// Parameters of a Contact as a registrar writes them; empty where there is nothing to say.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ringwall::sbc::registrar {

std::string q_parameter(std::uint16_t thousandths);         // ";q=0.25"
std::string instance_parameter(std::string_view instance);  // ";+sip.instance=\"<urn:...>\""

}  // namespace ringwall::sbc::registrar
