#include "phone/parameters/script.h"

#include <algorithm>
#include <cstddef>
#include <string>

#include "base/text.h"
#include "media/tone_script.h"

namespace ringwall::phone {
namespace {

constexpr std::size_t most_parts = 6;
constexpr std::size_t most_octets = 127;

// Every part between separators, at least one and at most six, fits.
template <class Fits>
bool all_parts(std::string_view text, char separator, std::size_t most, Fits fits) {
    const auto parts = split(text, separator);
    return parts.size() <= most && std::ranges::all_of(parts, fits);
}

// "2", ".5", "30.25"
bool is_decimal(std::string_view text, std::size_t most_decimals) {
    const std::size_t point = text.find('.');
    const std::string_view whole = text.substr(0, point);
    const std::string_view decimals =
        point == std::string_view::npos ? std::string_view() : text.substr(point + 1);
    return (!whole.empty() || !decimals.empty()) && decimals.size() <= most_decimals &&
           (whole.empty() || parse_number(whole, 65535)) &&
           (decimals.empty() || parse_number(decimals));
}

bool is_time(std::string_view text) {
    return text == "*" || is_decimal(text, 3);
}

bool is_on_off(std::string_view text) {
    const std::size_t slash = text.find('/');
    return slash != std::string_view::npos && is_time(text.substr(0, slash)) &&
           is_time(text.substr(slash + 1));
}

// "10(...)": a time, and segments in brackets.
template <class Fits>
bool is_section(std::string_view text, Fits segment_fits) {
    const std::size_t open = text.find('(');
    return open != std::string_view::npos && text.ends_with(')') &&
           is_time(trim(text.substr(0, open))) &&
           all_parts(text.substr(open + 1, text.size() - open - 2), ',', most_parts, segment_fits);
}

}  // namespace

bool is_power_level(std::string_view text) {
    const bool is_negative = text.starts_with('-');
    const std::string_view level = text.substr(is_negative ? 1 : 0);
    return is_decimal(level, 1) &&
           parse_number(level.substr(0, level.find('.')), is_negative ? 90 : 3).has_value();
}

bool is_cadence_script(std::string_view text) {
    return text.size() <= most_octets && all_parts(text, ';', 2, [](std::string_view section) {
               return is_section(section, is_on_off);
           });
}

// How a ToneScript begins.
bool is_frequency_script(std::string_view text) {
    return text.find(';') == std::string_view::npos &&
           is_tone_script(std::string(text) + ";1(1/0/0)");
}

bool is_tone_script(std::string_view text) {
    return text.size() <= most_octets && media::parse_tone_script(text).has_value();
}

}  // namespace ringwall::phone
