#include "sbc/config/config_error.h"

namespace ringwall::sbc {

std::string ConfigError::to_string() const {
    std::string out = file.empty() ? path : file;
    if (line != 0) {
        out += ':';
        out += std::to_string(line);
    }
    return out + (out.empty() ? "" : ": ") + sentence;
}

}  // namespace ringwall::sbc
