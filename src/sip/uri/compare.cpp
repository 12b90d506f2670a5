// Equality of URIs (RFC 3261 §19.1.4, RFC 3966 §4). The number of parameters and of headers is
// limited when a URI is parsed, so that comparing each with each stays cheap.
#include <array>

#include "base/endpoint.h"
#include "sip/grammar.h"
#include "sip/limits.h"
#include "sip/uri/escape.h"
#include "sip/uri/uri.h"

namespace ringwall::sip {
namespace {

// A parameter of these never equals its absence, even with the default value.
constexpr std::array<std::string_view, 5> significant{"user", "ttl", "method", "maddr",
                                                      "transport"};

std::optional<grammar::Parameter> find(std::string_view parameters, std::string_view name) {
    while (const auto parameter = grammar::next_parameter(parameters)) {
        if (equals_escaped(parameter->name, name, Case::Ignored)) {
            return parameter;
        }
    }
    return std::nullopt;
}

bool is_significant(std::string_view name) {
    for (const std::string_view one : significant) {
        if (equals_escaped(one, name, Case::Ignored)) {
            return true;
        }
    }
    return false;
}

// What a parameter means that only one of the two URIs has.
enum class Missing : std::uint8_t { IsEqualUnlessSignificant, Differs };

// Every parameter of `a` against `b`.
bool are_in(std::string_view a, std::string_view b, Missing missing) {
    while (const auto parameter = grammar::next_parameter(a)) {
        const auto other = find(b, parameter->name);
        if (other) {
            if (!equals_escaped(parameter->value, other->value, Case::Ignored)) {
                return false;
            }
        } else if (missing == Missing::Differs || is_significant(parameter->name)) {
            return false;
        }
    }
    return true;
}

bool parameters_match(const Uri& a, const Uri& b, Missing missing) {
    const std::string_view left = a.parameters.text;
    const std::string_view right = b.parameters.text;
    // Where one stands twice, its first value is not its second.
    return left == right || (are_in(left, right, missing) && are_in(right, left, missing));
}

struct Header {
    std::string_view name;
    std::string_view value;
};

std::optional<Header> next_header(std::string_view& rest) {
    if (rest.empty()) {
        return std::nullopt;
    }
    const std::size_t end = std::min(rest.find('&'), rest.size());
    const std::string_view one = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const std::size_t equals = std::min(one.find('='), one.size());
    return Header{one.substr(0, equals), one.substr(std::min(equals + 1, one.size()))};
}

// The same headers the same number of times, in any order: none is ever ignored.
bool headers_match(std::string_view a, std::string_view b) {
    std::array<Header, limits::uri_parameters> unmatched;
    std::size_t count = 0;
    while (const auto header = next_header(b)) {
        if (count == unmatched.size()) {
            return false;
        }
        unmatched[count++] = *header;
    }
    while (const auto header = next_header(a)) {
        std::size_t i = 0;
        while (i < count && !(equals_escaped(header->name, unmatched[i].name, Case::Ignored) &&
                              equals_escaped(header->value, unmatched[i].value, Case::Sensitive))) {
            ++i;
        }
        if (i == count) {
            return false;
        }
        unmatched[i] = unmatched[--count];
    }
    return count == 0;
}

bool hosts_match(std::string_view a, std::string_view b) {
    if (a.starts_with('[') && b.starts_with('[')) {  // RFC 5954 §4.2: by value
        return IpAddress::parse(a) == IpAddress::parse(b);
    }
    return equals_ignoring_case(a, b);
}

// RFC 3966 §4: without visual separators.
bool numbers_match(std::string_view a, std::string_view b) {
    const auto next = [](std::string_view text, std::size_t& at) {
        while (at < text.size() &&
               (text[at] == '-' || text[at] == '.' || text[at] == '(' || text[at] == ')')) {
            ++at;
        }
        return at < text.size() ? to_lower(text[at++]) : '\0';
    };
    std::size_t in_a = 0;
    std::size_t in_b = 0;
    while (true) {
        const char left = next(a, in_a);
        if (left != next(b, in_b)) {
            return false;
        }
        if (left == '\0') {
            return true;
        }
    }
}

}  // namespace

bool equivalent(const Uri& a, const Uri& b) {
    if (a.scheme != b.scheme) {
        return false;
    }
    if (a.text == b.text) {
        return true;
    }
    switch (a.scheme) {
        case Scheme::Other:
            return a.text == b.text;
        case Scheme::Tel:
            return numbers_match(a.user, b.user) && parameters_match(a, b, Missing::Differs);
        case Scheme::Sip:
        case Scheme::Sips:
            break;
    }
    return a.has_user == b.has_user && equals_escaped(a.user, b.user, Case::Sensitive) &&
           equals_escaped(a.password, b.password, Case::Sensitive) && hosts_match(a.host, b.host) &&
           a.port == b.port && parameters_match(a, b, Missing::IsEqualUnlessSignificant) &&
           headers_match(a.headers, b.headers);
}

}  // namespace ringwall::sip
