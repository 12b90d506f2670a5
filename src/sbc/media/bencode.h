// Bencoding (BEP 3), in which the media engine is spoken to: numbers, octet strings, lists, and
// dictionaries with octet strings for keys. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace ringwall::sbc::media {

class Bencode;
using BencodeList = std::vector<Bencode>;
using BencodeDictionary = std::vector<std::pair<std::string, Bencode>>;

class Bencode {
public:
    Bencode() = default;
    Bencode(std::int64_t number) : value_(number) {}        // NOLINT(google-explicit-constructor)
    Bencode(std::string text) : value_(std::move(text)) {}  // NOLINT(google-explicit-constructor)
    Bencode(std::string_view text)
        : value_(std::string(text)) {}                        // NOLINT(google-explicit-constructor)
    Bencode(const char* text) : value_(std::string(text)) {}  // NOLINT(google-explicit-constructor)
    Bencode(BencodeList list) : value_(std::move(list)) {}    // NOLINT(google-explicit-constructor)
    Bencode(BencodeDictionary entries)
        : value_(std::move(entries)) {}  // NOLINT(google-explicit-constructor)

    // Null where it is something else.
    const std::int64_t* number() const { return std::get_if<std::int64_t>(&value_); }
    const std::string* text() const { return std::get_if<std::string>(&value_); }
    const BencodeList* list() const { return std::get_if<BencodeList>(&value_); }
    const BencodeDictionary* dictionary() const { return std::get_if<BencodeDictionary>(&value_); }
    // Of a dictionary, the first of that name; null: there is none, or it is no dictionary.
    const Bencode* find(std::string_view key) const;
    // Text of that name; empty where there is none.
    std::string_view text_of(std::string_view key) const;

    std::string encoded() const;
    bool operator==(const Bencode&) const = default;

private:
    void append_to(std::string& out) const;

    std::variant<std::int64_t, std::string, BencodeList, BencodeDictionary> value_;
};

namespace bencode_limits {
inline constexpr std::size_t depth = 16;
inline constexpr std::size_t values = 16'384;
}  // namespace bencode_limits

// The whole of `octets` as one value; none: it is none, or goes beyond the limits.
std::optional<Bencode> parse_bencode(std::string_view octets);

}  // namespace ringwall::sbc::media
