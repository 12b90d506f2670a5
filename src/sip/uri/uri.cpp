#include "sip/uri/uri.h"

#include <algorithm>

#include "base/endpoint.h"
#include "base/text.h"
#include "sip/grammar.h"
#include "sip/limits.h"
#include "sip/uri/escape.h"

namespace ringwall::sip {
namespace {

using grammar::Chars;

ParseError bad_uri(std::string_view whole, std::string_view at) {
    return {ParseFault::BadUri, static_cast<std::size_t>(at.data() - whole.data())};
}

Result<Scheme, ParseError> parse_scheme(std::string_view text, std::size_t colon) {
    const std::string_view name = text.substr(0, colon);
    if (equals_ignoring_case(name, "sip")) {
        return Scheme::Sip;
    }
    if (equals_ignoring_case(name, "sips")) {
        return Scheme::Sips;
    }
    if (equals_ignoring_case(name, "tel")) {
        return Scheme::Tel;
    }
    if (name.empty() || !is_alpha(name.front())) {
        return fail(ParseError{ParseFault::BadUri, 0});
    }
    for (const char c : name) {
        if (!is_alpha(c) && !is_digit(c) && c != '+' && c != '-' && c != '.') {
            return fail(ParseError{ParseFault::BadUri, 0});
        }
    }
    return Scheme::Other;
}

// uri-parameters: *( ";" pname [ "=" pvalue ] )
Result<Parameters, ParseError> parse_parameters(std::string_view whole, std::string_view text) {
    std::string_view rest = text;
    std::size_t count = 0;
    while (!rest.empty()) {
        const std::string_view here = rest;
        const std::size_t end = std::min(rest.find(';', 1), rest.size());
        const std::string_view one = rest.substr(1, end - 1);
        rest.remove_prefix(end);
        const std::size_t equals = std::min(one.find('='), one.size());
        const std::string_view name = one.substr(0, equals);
        if (name.empty() || !grammar::is_all_or_escaped(Chars::UriParameter, name)) {
            return fail(bad_uri(whole, here));
        }
        if (equals < one.size()) {
            const std::string_view value = one.substr(equals + 1);
            if (value.empty() || !grammar::is_all_or_escaped(Chars::UriParameter, value)) {
                return fail(bad_uri(whole, here));
            }
        }
        if (++count > limits::uri_parameters) {
            return fail(ParseError{ParseFault::TooLarge, bad_uri(whole, here).offset});
        }
    }
    return Parameters{text, true};
}

// headers: "?" header *( "&" header ), here without the '?'
Result<std::string_view, ParseError> parse_headers(std::string_view whole, std::string_view text) {
    std::string_view rest = text;
    std::size_t count = 0;
    while (true) {
        const std::size_t end = std::min(rest.find('&'), rest.size());
        const std::string_view one = rest.substr(0, end);
        const std::size_t equals = one.find('=');
        if (equals == std::string_view::npos || equals == 0 ||
            !grammar::is_all_or_escaped(Chars::UriHeader, one.substr(0, equals)) ||
            !grammar::is_all_or_escaped(Chars::UriHeader, one.substr(equals + 1))) {
            return fail(bad_uri(whole, rest));
        }
        if (++count > limits::uri_parameters) {
            return fail(ParseError{ParseFault::TooLarge, bad_uri(whole, rest).offset});
        }
        if (end == rest.size()) {
            return text;
        }
        rest.remove_prefix(end + 1);
    }
}

Result<Uri, ParseError> parse_sip(Uri uri, std::string_view rest) {
    const std::string_view text = uri.text;
    if (const std::size_t at = rest.find('@'); at != std::string_view::npos) {
        const std::string_view userinfo = rest.substr(0, at);
        const std::size_t colon = std::min(userinfo.find(':'), userinfo.size());
        uri.has_user = true;
        uri.user = userinfo.substr(0, colon);
        if (uri.user.empty() || !grammar::is_all_or_escaped(Chars::User, uri.user)) {
            return fail(bad_uri(text, rest));
        }
        if (colon < userinfo.size()) {
            uri.password = userinfo.substr(colon + 1);
            if (!grammar::is_all_or_escaped(Chars::Password, uri.password)) {
                return fail(bad_uri(text, uri.password));
            }
        }
        rest.remove_prefix(at + 1);
    }
    const std::size_t host = grammar::host_length(rest);
    if (host == 0) {
        return fail(bad_uri(text, rest));
    }
    uri.host = rest.substr(0, host);
    rest.remove_prefix(host);
    if (!rest.empty() && rest.front() == ':') {
        std::size_t end = 1;
        while (end < rest.size() && rest[end] != ';' && rest[end] != '?') {
            ++end;
        }
        const auto port = grammar::parse_port(rest.substr(1, end - 1));
        if (!port) {
            return fail(bad_uri(text, rest));
        }
        uri.port = *port;
        rest.remove_prefix(end);
    }
    if (!rest.empty() && rest.front() == ';') {
        const std::size_t end = std::min(rest.find('?'), rest.size());
        uri.parameters = TRY(parse_parameters(text, rest.substr(0, end)));
        rest.remove_prefix(end);
    }
    if (!rest.empty()) {
        if (rest.front() != '?') {
            return fail(bad_uri(text, rest));
        }
        uri.headers = TRY(parse_headers(text, rest.substr(1)));
    }
    return uri;
}

constexpr bool is_visual_separator(char c) {
    return c == '-' || c == '.' || c == '(' || c == ')';
}

// RFC 3966 §3. A local number without phone-context is let through: whoever routes it knows its
// context.
Result<Uri, ParseError> parse_tel(Uri uri, std::string_view rest) {
    const std::size_t end = std::min(rest.find(';'), rest.size());
    uri.user = rest.substr(0, end);
    const bool is_global = !uri.user.empty() && uri.user.front() == '+';
    bool has_digit = false;
    for (const char c : uri.user.substr(is_global ? 1 : 0)) {
        const bool is_local_only = grammar::hex_digit(c) >= 10 || c == '*' || c == '#';
        if (is_digit(c) || (is_local_only && !is_global)) {
            has_digit = true;
        } else if (!is_visual_separator(c)) {
            return fail(bad_uri(uri.text, rest));
        }
    }
    if (!has_digit) {
        return fail(bad_uri(uri.text, rest));
    }
    uri.parameters = TRY(parse_parameters(uri.text, rest.substr(end)));
    return uri;
}

bool is_opaque(std::string_view text) {
    for (const char c : text) {
        if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f || c == '<' || c == '>' ||
            c == '"') {
            return false;
        }
    }
    return !text.empty();
}

bool is_named(const grammar::Parameter& parameter, std::string_view name, bool may_be_escaped) {
    if (may_be_escaped && parameter.name.find('%') != std::string_view::npos) {
        return equals_ignoring_case(unescape(parameter.name), name);
    }
    return equals_ignoring_case(parameter.name, name);
}

void append_digits(std::string& out, std::string_view number) {
    for (const char c : number) {
        if (!is_visual_separator(c)) {
            out.push_back(to_lower(c));
        }
    }
}

}  // namespace

std::string_view to_string(Scheme scheme) {
    switch (scheme) {
        case Scheme::Sip:
            return "sip";
        case Scheme::Sips:
            return "sips";
        case Scheme::Tel:
            return "tel";
        case Scheme::Other:
            return "other";
    }
    return "other";
}

std::optional<std::string_view> Parameters::find(std::string_view name) const {
    std::string_view rest = text;
    if (rest.empty()) {
        return std::nullopt;
    }
    while (const auto parameter = grammar::next_parameter(rest)) {
        if (is_named(*parameter, name, may_be_escaped)) {
            return parameter->value;
        }
    }
    return std::nullopt;
}

bool Parameters::has(std::string_view name) const {
    return find(name).has_value();
}

Result<Uri, ParseError> parse_uri(std::string_view text) {
    if (text.size() > limits::uri) {
        return fail(ParseError{ParseFault::TooLarge, 0});
    }
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) {
        return fail(ParseError{ParseFault::BadUri, 0});
    }
    Uri uri;
    uri.text = text;
    uri.scheme = TRY(parse_scheme(text, colon));
    const std::string_view rest = text.substr(colon + 1);
    switch (uri.scheme) {
        case Scheme::Sip:
        case Scheme::Sips:
            return parse_sip(uri, rest);
        case Scheme::Tel:
            return parse_tel(uri, rest);
        case Scheme::Other:
            break;
    }
    if (!is_opaque(rest)) {
        return fail(bad_uri(text, rest));
    }
    return uri;
}

std::string address_of_record(const Uri& uri) {
    std::string key;
    if (uri.scheme == Scheme::Other) {
        return std::string(uri.text);
    }
    if (uri.scheme == Scheme::Tel) {
        append_digits(key, uri.user);
        return key;
    }
    key.reserve(uri.user.size() + uri.host.size() + 1);
    if (uri.has_user) {
        key.append(unescape(uri.user)).push_back('@');
    }
    std::string_view host = uri.host;
    if (host.starts_with('[')) {
        if (const auto address = IpAddress::parse(host)) {
            key.append("[").append(address->to_string()).append("]");
            return key;
        }
    }
    if (host.ends_with('.')) {
        host.remove_suffix(1);
    }
    const std::size_t start = key.size();
    key.append(host);
    std::transform(key.begin() + static_cast<std::ptrdiff_t>(start), key.end(),
                   key.begin() + static_cast<std::ptrdiff_t>(start), to_lower);
    return key;
}

std::string without_secrets(const Uri& uri) {
    std::string_view text = uri.text;
    if (!uri.headers.empty()) {
        text.remove_suffix(uri.headers.size() + 1);
    }
    std::string out(text);
    if (!uri.password.empty()) {
        const auto at = static_cast<std::size_t>(uri.password.data() - uri.text.data());
        out.erase(at - 1, uri.password.size() + 1);
    }
    return out;
}

std::string with_scheme(const Uri& uri, Scheme scheme) {
    const bool is_sip = uri.scheme == Scheme::Sip || uri.scheme == Scheme::Sips;
    const bool to_sip = scheme == Scheme::Sip || scheme == Scheme::Sips;
    if (!is_sip || !to_sip) {
        return std::string(uri.text);  // there is no other form of a number or of a foreign URI
    }
    std::string_view rest = uri.text.substr(uri.text.find(':'));
    if (!uri.headers.empty()) {
        rest.remove_suffix(uri.headers.size() + 1);
    }
    return std::string(to_string(scheme)).append(rest);
}

}  // namespace ringwall::sip
