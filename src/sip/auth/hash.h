// The hashes that digest authentication needs. The one file of src/sip that knows OpenSSL.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace ringwall::sip::auth {

enum class Algorithm : std::uint8_t { Md5, Sha256 };

// In lower-case hexadecimal, of the parts as if they stood side by side.
std::string hash_hex(Algorithm algorithm, std::initializer_list<std::string_view> parts);

// 32 octets.
std::string hmac_sha256(std::string_view key, std::string_view text);

// Takes as long whatever the octets are; the lengths are not secret.
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace ringwall::sip::auth
