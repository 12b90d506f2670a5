#include "sip/header/via.h"

#include <algorithm>

#include "sip/grammar.h"

namespace ringwall::sip {
namespace {

using grammar::Chars;

constexpr std::string_view magic_cookie = "z9hG4bK";

std::optional<Transport> parse_transport(std::string_view text) {
    if (equals_ignoring_case(text, "UDP")) {
        return Transport::Udp;
    }
    if (equals_ignoring_case(text, "TCP")) {
        return Transport::Tcp;
    }
    if (equals_ignoring_case(text, "TLS")) {
        return Transport::Tls;
    }
    return std::nullopt;
}

}  // namespace

bool Via::has_rfc3261_branch() const {
    const std::string_view value = branch();
    return value.size() > magic_cookie.size() &&
           equals_ignoring_case(value.substr(0, magic_cookie.size()), magic_cookie);
}

std::optional<IpAddress> Via::received() const {
    return IpAddress::parse(parameters.find("received").value_or(""));
}

std::optional<std::uint16_t> Via::rport() const {
    return grammar::parse_port(parameters.find("rport").value_or(""));
}

// sent-protocol LWS sent-by *( SEMI via-params ); blanks may stand around every separator.
Result<Via, ParseError> parse_via(std::string_view text) {
    std::size_t at = 0;
    const auto bad = [&at] { return fail(ParseError{ParseFault::BadVia, at}); };
    const auto token = [&at, text] {
        const std::size_t first = at = grammar::skip_blanks(text, at);
        at = grammar::skip(Chars::Token, text, at);
        return text.substr(first, at - first);
    };
    const auto separator = [&at, text](char c) {
        at = grammar::skip_blanks(text, at);
        if (at == text.size() || text[at] != c) {
            return false;
        }
        ++at;
        return true;
    };

    Via via;
    via.text = text;
    if (!equals_ignoring_case(token(), "SIP") || !separator('/') || token() != "2.0" ||
        !separator('/')) {
        return bad();
    }
    via.transport_text = token();
    if (via.transport_text.empty()) {
        return bad();
    }
    via.transport = parse_transport(via.transport_text);
    const std::size_t host = grammar::skip_blanks(text, at);
    if (host == at) {
        return bad();
    }
    at = host;
    via.host = text.substr(at, grammar::host_length(text.substr(at)));
    if (via.host.empty()) {
        return bad();
    }
    at += via.host.size();
    if (separator(':')) {
        at = grammar::skip_blanks(text, at);
        const std::size_t first = at;
        while (at < text.size() && is_digit(text[at])) {
            ++at;
        }
        const auto port = grammar::parse_port(text.substr(first, at - first));
        if (!port) {
            return bad();
        }
        via.port = *port;
        at = grammar::skip_blanks(text, at);
    }
    via.parameters.text = text.substr(at);
    bool has_branch = false;
    const auto take = [&via, &has_branch](const grammar::Parameter& parameter) {
        if (!equals_ignoring_case(parameter.name, "branch")) {
            via.has_rport = via.has_rport || equals_ignoring_case(parameter.name, "rport");
            return;
        }
        if (has_branch) {
            via.has_two_branches = true;
        } else {
            via.branch_value = parameter.value;
        }
        has_branch = true;
    };
    if (!grammar::read_parameters(via.parameters.text, take)) {
        return bad();
    }
    return via;
}

}  // namespace ringwall::sip
