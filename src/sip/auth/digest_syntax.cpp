// The header values of digest authentication: WWW-Authenticate, Proxy-Authenticate, Authorization,
// Proxy-Authorization (RFC 3261 §25.1, RFC 7616 §3.3, §3.4).
#include <array>
#include <forward_list>
#include <initializer_list>
#include <span>
#include <utility>

#include "base/text.h"
#include "sip/auth/digest.h"
#include "sip/grammar.h"

namespace ringwall::sip::auth {
namespace {

using Value = std::optional<std::string_view>;

struct Parameter {
    std::string_view name;
    Value* value;
};

constexpr bool is_control(char c) {
    const auto octet = static_cast<unsigned char>(c);
    return octet == 0x7f || (octet < 0x20 && c != '\t');
}

// What may stand in a quoted string as it is.
constexpr std::array<bool, 256> quoted_text = [] {
    std::array<bool, 256> table{};
    for (std::size_t octet = 0; octet < table.size(); ++octet) {
        const char c = static_cast<char>(octet);
        table[octet] = !is_control(c) && c != '"' && c != '\\';
    }
    return table;
}();

class Reader {
public:
    explicit Reader(std::string_view text) : text_(text) {}

    // Reads `Digest` and the list after it into the values of `known`: views of the text or of the
    // reader.
    Result<void, ParseError> read(std::span<const Parameter> known);

private:
    Result<void, ParseError> read_parameter(std::span<const Parameter> known);
    std::string_view token();
    Result<std::string_view, ParseError> quoted_string();
    Result<std::string_view, ParseError> unescape_from(std::size_t start);
    void skip_blanks();
    bool take(char c);
    bool at_end() const { return at_ == text_.size(); }
    auto failure() const { return fail(ParseError{ParseFault::BadCredentials, at_}); }

    std::string_view text_;
    std::size_t at_ = 0;
    std::forward_list<std::string> unescaped_;
};

Result<void, ParseError> Reader::read(std::span<const Parameter> known) {
    skip_blanks();
    if (!equals_ignoring_case(token(), "Digest") || at_end() || !is_space(text_[at_])) {
        return failure();
    }
    do {
        TRY(read_parameter(known));
    } while (take(','));
    if (!at_end()) {
        return failure();
    }
    return {};
}

Result<void, ParseError> Reader::read_parameter(std::span<const Parameter> known) {
    skip_blanks();
    const std::string_view name = token();
    if (name.empty() || !take('=')) {
        return failure();
    }
    skip_blanks();
    std::string_view value;
    if (!at_end() && text_[at_] == '"') {
        value = TRY(quoted_string());
    } else {
        value = token();
        if (value.empty()) {
            return failure();
        }
    }
    for (const Parameter& parameter : known) {
        if (equals_ignoring_case(parameter.name, name)) {
            if (parameter.value->has_value()) {
                return failure();
            }
            *parameter.value = value;
            break;
        }
    }
    skip_blanks();
    return {};
}

std::string_view Reader::token() {
    const std::size_t start = at_;
    at_ = grammar::skip(grammar::Chars::Token, text_, start);
    return text_.substr(start, at_ - start);
}

Result<std::string_view, ParseError> Reader::quoted_string() {
    const std::size_t start = ++at_;
    while (!at_end() && quoted_text[static_cast<unsigned char>(text_[at_])]) {
        ++at_;
    }
    if (at_end() || text_[at_] != '"') {
        return unescape_from(start);
    }
    ++at_;
    return text_.substr(start, at_ - 1 - start);
}

Result<std::string_view, ParseError> Reader::unescape_from(std::size_t start) {
    std::string& value = unescaped_.emplace_front();
    at_ = start;
    while (true) {
        const std::size_t plain = at_;
        while (!at_end() && quoted_text[static_cast<unsigned char>(text_[at_])]) {
            ++at_;
        }
        value.append(text_.substr(plain, at_ - plain));
        if (at_end() || is_control(text_[at_])) {
            return failure();
        }
        if (text_[at_++] == '"') {
            return std::string_view(value);
        }
        if (at_end() || is_control(text_[at_])) {  // behind a backslash
            return failure();
        }
        value.push_back(text_[at_++]);
    }
}

void Reader::skip_blanks() {
    while (!at_end() && is_space(text_[at_])) {
        ++at_;
    }
}

bool Reader::take(char c) {
    const std::size_t start = at_;
    skip_blanks();
    if (at_end() || text_[at_] != c) {
        at_ = start;
        return false;
    }
    ++at_;
    return true;
}

auto not_for_us() {
    return fail(ParseError{ParseFault::BadCredentials, 0});
}

// RFC 7616 §3.3: MD5 when there is none.
Result<Algorithm, ParseError> algorithm_of(const Value& text) {
    if (!text || equals_ignoring_case(*text, "MD5")) {
        return Algorithm::Md5;
    }
    if (equals_ignoring_case(*text, "SHA-256")) {
        return Algorithm::Sha256;
    }
    if (equals_ignoring_case(*text, "SHA-512-256")) {
        return Algorithm::Sha512t256;
    }
    return not_for_us();
}

bool offers(std::string_view list, std::string_view qop) {
    while (!list.empty()) {
        if (equals_ignoring_case(trim(cut(list, ',')), qop)) {
            return true;
        }
    }
    return false;
}

Result<Qop, ParseError> qop_of(const Value& text) {
    if (!text) {
        return Qop::None;
    }
    if (equals_ignoring_case(*text, "auth")) {
        return Qop::Auth;
    }
    if (equals_ignoring_case(*text, "auth-int")) {
        return Qop::AuthInt;
    }
    return not_for_us();
}

bool is_nonce_count(std::string_view text) {
    return text.size() == 8 && text.find_first_not_of("0123456789abcdefABCDEF") == text.npos;
}

void append_quoted(std::string& out, std::string_view name, std::string_view value) {
    out.append(out.empty() ? "Digest " : ", ").append(name).append("=\"");
    for (const char c : value) {
        if (c == '"' || c == '\\') {
            out.push_back('\\');
        }
        out.push_back(c);
    }
    out.push_back('"');
}

void append_token(std::string& out, std::string_view name, std::string_view value) {
    out.append(", ").append(name).append("=").append(value);
}

}  // namespace

Result<Challenge, ParseError> parse_challenge(std::string_view value) {
    Value realm, nonce, opaque, algorithm, qop, stale, userhash;
    const Parameter known[] = {
        {"realm", &realm},         {"nonce", &nonce}, {"opaque", &opaque},    {"qop", &qop},
        {"algorithm", &algorithm}, {"stale", &stale}, {"userhash", &userhash}};
    Reader reader(value);
    TRY(reader.read(known));
    Challenge challenge;
    challenge.qop_auth = qop && offers(*qop, "auth");
    challenge.qop_auth_int = qop && offers(*qop, "auth-int");
    if (!realm || !nonce || (qop && !challenge.qop_auth && !challenge.qop_auth_int)) {
        return not_for_us();
    }
    challenge.algorithm = TRY(algorithm_of(algorithm));
    challenge.realm = *realm;
    challenge.nonce = *nonce;
    challenge.opaque = opaque.value_or("");
    challenge.stale = stale && equals_ignoring_case(*stale, "true");
    challenge.userhash = userhash && equals_ignoring_case(*userhash, "true");
    return challenge;
}

Result<Credentials, ParseError> parse_credentials(std::string_view value) {
    Value username, realm, nonce, uri, response, algorithm, opaque, qop, cnonce, nc, userhash;
    const Parameter known[] = {
        {"username", &username}, {"realm", &realm},
        {"nonce", &nonce},       {"uri", &uri},
        {"response", &response}, {"algorithm", &algorithm},
        {"opaque", &opaque},     {"qop", &qop},
        {"cnonce", &cnonce},     {"nc", &nc},
        {"userhash", &userhash},
    };
    Reader reader(value);
    TRY(reader.read(known));
    if (!username || !realm || !nonce || !uri || !response) {
        return not_for_us();
    }
    Credentials credentials;
    credentials.qop = TRY(qop_of(qop));
    if (qop && (!cnonce || !nc || !is_nonce_count(*nc))) {
        return not_for_us();
    }
    credentials.algorithm = TRY(algorithm_of(algorithm));
    credentials.username = *username;
    credentials.realm = *realm;
    credentials.nonce = *nonce;
    credentials.uri = *uri;
    credentials.response = *response;
    credentials.opaque = opaque.value_or("");
    credentials.userhash = userhash && equals_ignoring_case(*userhash, "true");
    if (qop) {
        credentials.cnonce = *cnonce;
        credentials.nc = *nc;
    }
    return credentials;
}

Result<Protection, ParseError> parse_protection(std::string_view value) {
    Value realm, nonce;
    const Parameter known[] = {{"realm", &realm}, {"nonce", &nonce}};
    Reader reader(value);
    TRY(reader.read(known));
    if (!realm || !nonce) {
        return not_for_us();
    }
    return Protection{std::string(*realm), std::string(*nonce)};
}

std::string to_string(const Challenge& challenge) {
    std::string out;
    append_quoted(out, "realm", challenge.realm);
    append_quoted(out, "nonce", challenge.nonce);
    if (!challenge.opaque.empty()) {
        append_quoted(out, "opaque", challenge.opaque);
    }
    append_token(out, "algorithm", to_string(challenge.algorithm));
    if (challenge.qop_auth || challenge.qop_auth_int) {
        append_quoted(out, "qop",
                      !challenge.qop_auth_int ? "auth"
                      : challenge.qop_auth    ? "auth,auth-int"
                                              : "auth-int");
    }
    if (challenge.stale) {
        append_token(out, "stale", "true");
    }
    if (challenge.userhash) {
        append_token(out, "userhash", "true");
    }
    return out;
}

std::string to_string(const Credentials& credentials) {
    std::string out;
    append_quoted(out, "username", credentials.username);
    append_quoted(out, "realm", credentials.realm);
    append_quoted(out, "nonce", credentials.nonce);
    append_quoted(out, "uri", credentials.uri);
    append_quoted(out, "response", credentials.response);
    append_token(out, "algorithm", to_string(credentials.algorithm));
    if (!credentials.opaque.empty()) {
        append_quoted(out, "opaque", credentials.opaque);
    }
    if (credentials.qop != Qop::None) {
        append_token(out, "qop", credentials.qop == Qop::Auth ? "auth" : "auth-int");
        append_quoted(out, "cnonce", credentials.cnonce);
        append_token(out, "nc", credentials.nc);
    }
    if (credentials.userhash) {
        append_token(out, "userhash", "true");
    }
    return out;
}

}  // namespace ringwall::sip::auth
