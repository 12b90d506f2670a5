// The words of a command as the value that the model keeps, and back: "ipv4 192.0.2.0
// 255.255.255.0" is 192.0.2.0/24.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "sbc/model/schema.h"

namespace ringwall::sbc::model {

struct Decoded {
    std::string value;
    std::size_t words = 1;  // how many it took
};
struct CodecFault {
    std::size_t word = 0;  // which of those given
    std::string sentence;  // "'x' is no IPv4 address; write it like 192.0.2.1"
};

// The first value of `words`, which are not empty, for a command written `command`.
Result<Decoded, CodecFault> decode(const Argument& argument, const std::string& command,
                                   std::span<const std::string> words);

// As it is written: one word or more, without quotes.
std::vector<std::string> encode(const Argument& argument, const std::string& value);

}  // namespace ringwall::sbc::model
