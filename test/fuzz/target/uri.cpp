// URIs. The octets are two, a line each: parts lie in the text and give it again, comparing is
// reflexive and symmetric, and what is equal has one address-of-record.
#include "sip/uri/uri.h"

#include <string>

#include "base/check.h"
#include "fuzz/input.h"
#include "fuzz/target.h"
#include "fuzz/views.h"

namespace ringwall::fuzz {
namespace {

using sip::Scheme;
using sip::Uri;

bool is_sip(const Uri& uri) {
    return uri.scheme == Scheme::Sip || uri.scheme == Scheme::Sips;
}

std::string written(const Uri& uri) {
    std::string text(uri.text.substr(0, uri.text.find(':') + 1));
    text.append(uri.user);
    if (!uri.password.empty()) {
        text.append(":").append(uri.password);
    }
    text.append(uri.has_user ? "@" : "").append(uri.host);
    if (uri.port != 0) {
        text.append(":").append(std::to_string(uri.port));
    }
    text.append(uri.parameters.text);
    if (!uri.headers.empty()) {
        text.append("?").append(uri.headers);
    }
    return text;
}

void check_parts(const Uri& uri, std::string_view octets) {
    CHECK(uri.text == octets);
    for (const std::string_view part :
         {uri.user, uri.password, uri.host, uri.parameters.text, uri.headers}) {
        CHECK(is_within(part, octets));
    }
    CHECK(is_sip(uri) == !uri.host.empty());
    CHECK(!uri.has_user || !uri.user.empty());
    CHECK(equivalent(uri, uri));
    if (uri.scheme != Scheme::Other) {
        const std::string text = written(uri);
        const auto again = sip::parse_uri(text);
        CHECK(again && again->scheme == uri.scheme && again->user == uri.user);
        CHECK(again->password == uri.password && again->host == uri.host);
        CHECK(again->port == uri.port && again->parameters.text == uri.parameters.text);
        CHECK(again->headers == uri.headers && equivalent(uri, *again));
    }
}

void check_scheme_change(const Uri& uri) {
    for (const Scheme scheme : {Scheme::Sip, Scheme::Sips}) {
        const std::string text = with_scheme(uri, scheme);
        const auto other = sip::parse_uri(text);
        CHECK(other && other->headers.empty() == (is_sip(uri) || uri.headers.empty()));
        CHECK(other->scheme == (is_sip(uri) ? scheme : uri.scheme));
        CHECK(address_of_record(*other) == address_of_record(uri));
    }
}

void check_user(std::string_view octets) {
    const std::string escaped = sip::escape_user(octets);
    CHECK(sip::unescape(escaped) == octets);
    const std::string text = "sip:" + escaped + "@example.com";
    const auto uri = sip::parse_uri(text);
    CHECK(octets.empty() || text.size() > 4096 || (uri && uri->user == escaped));
}

}  // namespace

void run(std::string_view octets) {
    Input input(octets);
    const std::string_view first = input.until('\n');
    const std::string_view second = input.rest();
    check_user(first);
    const auto a = sip::parse_uri(first);
    if (!a) {
        CHECK(a.error().offset <= first.size());
        return;
    }
    check_parts(*a, first);
    check_scheme_change(*a);
    const auto b = sip::parse_uri(second);
    if (!b) {
        return;
    }
    const bool are_equal = equivalent(*a, *b);
    CHECK(are_equal == equivalent(*b, *a));
    CHECK(!are_equal || address_of_record(*a) == address_of_record(*b));
}

}  // namespace ringwall::fuzz
