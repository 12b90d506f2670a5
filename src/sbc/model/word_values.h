// The values of configuration words: numbers, addresses, names. Each gives none for a word that is
// not one.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/endpoint.h"
#include "base/host_name.h"

namespace ringwall::sbc {

// A name for something of the configuration itself: letters, digits, '-', '_' and '.', at most 30
// (it also keeps TLS sessions apart, which have room for 32).
bool is_identifier(std::string_view word);
// 192.0.2.0 with 255.255.255.0; the mask's bits must stand together.
std::optional<std::uint8_t> prefix_of_mask(const IpAddress& mask);
// True when no bit of the address lies outside the first `prefix_length`.
bool is_network_address(const Network& network);
// "alice@example.com", with or without "sip:" or "sips:"; canonical.
std::optional<std::string> canonical_user(std::string_view word);

// "use a, b or c"
std::string one_of(std::span<const std::string_view> words);
// The one that `word` was most likely meant to be; empty: none is near.
std::string_view nearest(std::string_view word, std::span<const std::string_view> words);
// As it may stand in a sentence: not too long, printable.
std::string shown(std::string_view word);

}  // namespace ringwall::sbc
