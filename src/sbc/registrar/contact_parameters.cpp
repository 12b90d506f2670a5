#include "sbc/registrar/contact_parameters.h"

namespace ringwall::sbc::registrar {

std::string q_parameter(std::uint16_t thousandths) {
    if (thousandths >= 1000) {
        return {};
    }
    const std::string digits = std::to_string(thousandths);
    return std::string(";q=0.").append(3 - digits.size(), '0').append(digits);
}

std::string instance_parameter(std::string_view instance) {
    return instance.empty() ? std::string{}
                            : std::string(";+sip.instance=\"<").append(instance).append(">\"");
}

}  // namespace ringwall::sbc::registrar
