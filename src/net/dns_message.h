// What a name server answered, read (RFC 1035 §4, RFC 2308, RFC 2782, RFC 3403 §4). The octets are
// anybody's: whatever they are, reading ends soon, and a record that makes no sense is left out.
#pragma once

#include <cstdint>
#include <span>

#include "base/dns.h"

namespace ringwall::net {

// Aliases are followed as far as the message goes. Failed: no message, or one that says so.
dns::Answer read_dns_answer(std::span<const std::uint8_t> message, const dns::Question& question);

// The number of the type in a question.
std::uint16_t number_of(dns::RecordType type);

}  // namespace ringwall::net
