#include "sbc/model/word_values.h"

#include <algorithm>
#include <numeric>

#include "base/text.h"
#include "base/utf8.h"
#include "sip/uri/uri.h"

namespace ringwall::sbc {
namespace {

std::size_t octets_of(IpAddress::Family family) {
    return family == IpAddress::Family::V4 ? 4 : 16;
}

// Levenshtein. Both words are short: the caller sees to it.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t substitute = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({substitute, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row[b.size()];
}

}  // namespace

bool is_identifier(std::string_view word) {
    return !word.empty() && word.size() <= 30 && std::ranges::all_of(word, [](char c) {
        return is_alpha(c) || is_digit(c) || c == '-' || c == '_' || c == '.';
    });
}

std::optional<std::uint8_t> prefix_of_mask(const IpAddress& mask) {
    std::uint8_t length = 0;
    bool ended = false;
    for (std::size_t i = 0; i < octets_of(mask.family); ++i) {
        for (int bit = 7; bit >= 0; --bit) {
            const bool is_set = ((mask.bytes[i] >> bit) & 1) != 0;
            if (is_set && ended) {
                return std::nullopt;
            }
            ended = ended || !is_set;
            length = static_cast<std::uint8_t>(length + (is_set ? 1 : 0));
        }
    }
    return length;
}

bool is_network_address(const Network& network) {
    for (std::size_t i = 0; i < octets_of(network.address.family); ++i) {
        const std::size_t first_bit = i * 8;
        const std::size_t kept = network.prefix_length > first_bit
                                     ? std::min<std::size_t>(8, network.prefix_length - first_bit)
                                     : 0;
        if ((network.address.bytes[i] & (0xffU >> kept)) != 0) {
            return false;
        }
    }
    return true;
}

std::optional<std::string> canonical_user(std::string_view word) {
    const bool has_scheme = word.starts_with("sip:") || word.starts_with("sips:");
    const std::string text = has_scheme ? std::string(word) : "sip:" + std::string(word);
    const auto uri = sip::parse_uri(text);
    if (!uri || !uri->has_user || uri->user.empty() || !uri->password.empty() || uri->port != 0 ||
        !uri->parameters.text.empty() || !uri->headers.empty()) {
        return std::nullopt;
    }
    return sip::address_of_record(*uri);
}

std::string one_of(std::span<const std::string_view> words) {
    std::string out = "use ";
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i != 0) {
            out += i + 1 == words.size() ? " or " : ", ";
        }
        out += words[i];
    }
    return out;
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> words) {
    constexpr std::size_t longest_command = 40;
    if (word.size() > longest_command) {
        return {};
    }
    const std::string wanted = lower(word);
    std::string_view best;
    std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
    for (const std::string_view candidate : words) {
        const std::size_t d = distance(wanted, candidate);
        if (d < best_distance) {
            best = candidate;
            best_distance = d;
        }
    }
    return best;
}

std::string shown(std::string_view word) {
    constexpr std::size_t longest = 60;
    std::string out;
    while (!word.empty() && out.size() < longest) {
        const std::string_view one = cut_character(word);
        out.append(is_printable(one) ? one : "?");
    }
    return "'" + out + (word.empty() ? "'" : "...'");
}

}  // namespace ringwall::sbc
