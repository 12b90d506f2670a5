// A message as it is, and more header fields in it: what parameters of the phone add to what its
// lines and calls say.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sip/message.h"

namespace ringwall::phone {

sip::MessagePtr with_fields(const sip::Message& message,
                            const std::vector<std::pair<std::string, std::string>>& fields);

}  // namespace ringwall::phone
