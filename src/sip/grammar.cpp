#include "sip/grammar.h"

#include "base/endpoint.h"

namespace ringwall::sip::grammar {
namespace {

constexpr std::size_t longest_host = 255;
constexpr std::size_t longest_ipv6_reference = 47;

bool is_ipv4(std::string_view text) {
    unsigned octets = 0;
    std::size_t at = 0;
    while (true) {
        unsigned value = 0;
        const std::size_t first = at;
        while (at < text.size() && is_digit(text[at]) && at - first < 3) {
            value = value * 10 + static_cast<unsigned>(text[at++] - '0');
        }
        if (at == first || value > 255) {
            return false;
        }
        ++octets;
        if (at == text.size()) {
            return octets == 4;
        }
        if (text[at++] != '.' || octets == 4) {
            return false;
        }
    }
}

// Labels are not empty and neither begin nor end with '-'; the last may be empty ("host.").
bool is_host_name(std::string_view text) {
    std::size_t label = 0;  // where it begins
    std::size_t last_label = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '.') {
            if (i == label || text[i - 1] == '-') {
                return false;
            }
            last_label = label;
            label = i + 1;
        } else if (text[i] == '-' && i == label) {
            return false;
        }
    }
    if (label < text.size()) {
        last_label = label;
    }
    // toplabel begins with a letter; what begins with a digit can only be an IPv4 address.
    return text.back() != '-' && !is_digit(text[last_label]);
}

}  // namespace

bool is_all(Chars chars, std::string_view text) {
    return !text.empty() && skip(chars, text, 0) == text.size();
}

bool is_all_or_escaped(Chars chars, std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%') {
            if (i + 2 >= text.size() || hex_digit(text[i + 1]) < 0 || hex_digit(text[i + 2]) < 0) {
                return false;
            }
            i += 2;
        } else if (!is(chars, text[i])) {
            return false;
        }
    }
    return true;
}

std::size_t skip_quoted(std::string_view text, std::size_t at) {
    for (++at; at < text.size(); ++at) {
        if (text[at] == '"') {
            return at + 1;
        }
        if (text[at] == '\\') {
            ++at;
        }
    }
    return std::string_view::npos;
}

std::size_t host_length(std::string_view text) {
    if (text.empty()) {
        return 0;
    }
    if (text.front() == '[') {
        const std::size_t end = text.substr(0, longest_ipv6_reference).find(']');
        if (end == std::string_view::npos || !IpAddress::parse(text.substr(0, end + 1))) {
            return 0;
        }
        return end + 1;
    }
    const std::size_t end = skip(Chars::HostName, text, 0);
    if (end == 0 || end > longest_host) {
        return 0;
    }
    const std::string_view host = text.substr(0, end);
    const bool is_good = (is_digit(host.front()) && is_ipv4(host)) || is_host_name(host);
    return is_good ? end : 0;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
    const auto number = parse_number(text, 65'535);
    if (!number || *number == 0) {
        return std::nullopt;
    }
    return static_cast<std::uint16_t>(*number);
}

bool is_parameters(std::string_view text) {
    return read_parameters(text, [](const Parameter&) {});
}

std::string_view next_value(std::string_view& rest) {
    const std::size_t comma = rest.find(',');
    if (comma == std::string_view::npos) {  // the most are the only one
        const std::string_view only = rest;
        rest = {};
        return trim_blanks(only);
    }
    const std::string_view plain = rest.substr(0, comma);
    if (plain.find('"') == std::string_view::npos && plain.find('<') == std::string_view::npos) {
        rest.remove_prefix(comma + 1);
        return trim_blanks(plain);
    }
    bool in_brackets = false;
    for (std::size_t at = 0; at < rest.size(); ++at) {
        const char c = rest[at];
        if (c == '"' && !in_brackets) {
            const std::size_t end = skip_quoted(rest, at);
            if (end == std::string_view::npos) {
                break;  // the whole rest is one value, and a bad one
            }
            at = end - 1;
        } else if (c == '<') {
            in_brackets = true;
        } else if (c == '>') {
            in_brackets = false;
        } else if (c == ',' && !in_brackets) {
            const std::string_view value = rest.substr(0, at);
            rest.remove_prefix(at + 1);
            return trim_blanks(value);
        }
    }
    const std::string_view value = rest;
    rest = {};
    return trim_blanks(value);
}

std::optional<Parameter> next_parameter(std::string_view& rest) {
    const std::size_t start = rest.find(';');
    if (start == std::string_view::npos) {
        rest = {};
        return std::nullopt;
    }
    rest.remove_prefix(start + 1);
    Parameter parameter;
    std::size_t equals = std::string_view::npos;
    std::size_t at = 0;
    while (at < rest.size() && rest[at] != ';') {
        if (rest[at] == '"') {
            const std::size_t end = skip_quoted(rest, at);
            at = end == std::string_view::npos ? rest.size() : end;
            continue;
        }
        if (rest[at] == '=' && equals == std::string_view::npos) {
            equals = at;
        }
        ++at;
    }
    parameter.name = trim_blanks(rest.substr(0, std::min(equals, at)));
    if (equals != std::string_view::npos) {
        parameter.has_value = true;
        parameter.value = trim_blanks(rest.substr(equals + 1, at - equals - 1));
    }
    rest.remove_prefix(at);
    return parameter;
}

}  // namespace ringwall::sip::grammar
