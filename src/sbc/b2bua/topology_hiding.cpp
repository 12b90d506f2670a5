#include "sbc/b2bua/topology_hiding.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>
#include <vector>

#include "base/text.h"
#include "sbc/policy/carried.h"
#include "sbc/policy/permit.h"
#include "sip/auth/digest.h"
#include "sip/body_parts.h"
#include "sip/header/media_type.h"
#include "sip/header/name_addr.h"
#include "sip/header/replaces.h"
#include "sip/header/warning.h"
#include "sip/limits.h"
#include "sip/session/session_timer.h"

namespace ringwall::sbc::b2bua {
namespace {

// What a Via, a Contact or another value that we write seldom exceeds.
constexpr std::size_t usual_length = 128;

enum class Passage : std::uint8_t {
    EndToEnd,  // passes as received, octet by octet
    Hop,       // written anew for each leg, or meant for us only
    Methods,   // a list of methods: those that we carry
    Options,   // a list of option tags: those that we let pass
    Body,      // goes with the body, or not at all: copy_body
    Interval,  // a session's: may be shortened
    Identity,  // says who somebody is: copy_identity, once
    Privacy,   // what of it is not done here
    Signed,    // a signature over who somebody is: while it is good
    Personal,  // of the user's: not where he does not want to be known (RFC 3323 §5.3)
    Referrer,  // names who referred: written anew
    Software,  // of the far end: not for the untrusted
    Urls,      // of things at hosts: not at our own hosts for the untrusted
};

Passage passage(sip::HeaderName name) {
    using sip::HeaderName;
    switch (name) {
        case HeaderName::Via:
        case HeaderName::From:
        case HeaderName::To:
        case HeaderName::CallId:
        case HeaderName::CSeq:
        case HeaderName::Contact:
        case HeaderName::Route:
        case HeaderName::RecordRoute:
        case HeaderName::MaxForwards:
        case HeaderName::ContentLength:
        case HeaderName::Authorization:
        case HeaderName::ProxyAuthorization:
        case HeaderName::WwwAuthenticate:
        case HeaderName::ProxyAuthenticate:
        case HeaderName::AuthenticationInfo:
        case HeaderName::Path:
        case HeaderName::ServiceRoute:
        case HeaderName::ProxyRequire:
        case HeaderName::PPreferredIdentity:
        case HeaderName::Replaces:   // names dialogs of the other side
        case HeaderName::InReplyTo:  // names Call-IDs of the other side
        case HeaderName::RAck:       // numbered for each leg
        case HeaderName::RSeq:
        case HeaderName::Warning:  // names hosts of the other side
        case HeaderName::Timestamp:
        case HeaderName::ReferTo:  // of a REFER: see refer_to
            return Passage::Hop;
        case HeaderName::ReferredBy:
            return Passage::Referrer;
        case HeaderName::SessionExpires:
            return Passage::Interval;
        case HeaderName::Allow:
            return Passage::Methods;
        case HeaderName::Supported:
        case HeaderName::Require:
        case HeaderName::Unsupported:
            return Passage::Options;
        case HeaderName::PAssertedIdentity:
            return Passage::Identity;
        case HeaderName::Privacy:
            return Passage::Privacy;
        case HeaderName::Identity:
        case HeaderName::IdentityInfo:
            return Passage::Signed;
        case HeaderName::Subject:
        case HeaderName::Organization:
            return Passage::Personal;
        case HeaderName::UserAgent:  // RFC 3261 §20.35, §20.41
        case HeaderName::Server:
            return Passage::Software;
        case HeaderName::AlertInfo:
        case HeaderName::CallInfo:
        case HeaderName::ErrorInfo:
            return Passage::Urls;
        case HeaderName::ContentType:
        case HeaderName::ContentEncoding:
        case HeaderName::ContentDisposition:
        case HeaderName::MimeVersion:
            return Passage::Body;
        case HeaderName::Expires:
        case HeaderName::MinExpires:
        case HeaderName::Accept:
        case HeaderName::Event:
        case HeaderName::SubscriptionState:
        case HeaderName::MinSe:
        case HeaderName::RetryAfter:
        case HeaderName::Reason:
        case HeaderName::Date:
        case HeaderName::Priority:
        case HeaderName::AllowEvents:
        case HeaderName::AcceptContact:
        case HeaderName::RejectContact:
        case HeaderName::RequestDisposition:
        case HeaderName::Other:
            return Passage::EndToEnd;
    }
    return Passage::Hop;
}

bool is_one_of(std::span<const std::string_view> names, std::string_view name) {
    return std::ranges::any_of(
        names, [&](std::string_view each) { return equals_ignoring_case(each, name); });
}

// Join (RFC 3911), Target-Dialog (RFC 4538) and Original-Dialog-ID (3GPP TS 24.337) name dialogs of
// the other side, as Replaces does.
bool names_dialog(std::string_view name) {
    constexpr std::array<std::string_view, 3> names{"Join", "Target-Dialog", "Original-Dialog-ID"};
    return is_one_of(names, name);
}

// Between two neighbours: RFC 7615 §4, RFC 3329 §2, RFC 5626 §11.3, RFC 7315 §4.5 and §4.6.
bool is_of_one_hop(std::string_view name) {
    constexpr std::array<std::string_view, 7> names{
        "Proxy-Authentication-Info",
        "Security-Client",
        "Security-Server",
        "Security-Verify",
        "Flow-Timer",
        "P-Charging-Vector",
        "P-Charging-Function-Addresses",
    };
    return is_one_of(names, name);
}

// Who is served, charged or vouched for, by whom and where, as those say who trust each other. RFC
// 3427 had P- fields registered for such private networks only, and their RFCs (3325, 5002, 5502,
// 5503, 6050, 7315, 7316, 8496 ...) say so of each; 3GPP TS 24.229 has some without it.
bool is_of_trust_domain(std::string_view name) {
    constexpr std::array<std::string_view, 9> names{
        "Additional-Identity", "Attestation-Info", "Cellular-Network-Info",
        "Origination-Id",      "Priority-Verstat", "Relayed-Charge",
        "Response-Source",     "Restoration-Info", "Service-Interact-Info",
    };
    return equals_ignoring_case(name.substr(0, 2), "P-") || is_one_of(names, name);
}

// Of these, what a phone says of itself and asks for: RFC 5009, RFC 6050, RFC 7315 §5.4.
bool is_a_phones_to_say(std::string_view name) {
    constexpr std::array<std::string_view, 4> names{
        "Cellular-Network-Info",
        "P-Access-Network-Info",
        "P-Early-Media",
        "P-Preferred-Service",
    };
    return is_one_of(names, name);
}

// Who somebody is, in fields older or newer than RFC 3325: Remote-Party-ID, and who passed the call
// on (RFC 5806, RFC 7044).
bool claims_identity(std::string_view name) {
    return equals_ignoring_case(name, "Remote-Party-ID") ||
           equals_ignoring_case(name, "Diversion") || equals_ignoring_case(name, "History-Info");
}

// A message on its way from leg to leg.
struct Passing {
    const sip::Message& message;
    const Adjacency& from;
    const Adjacency& to;
    const policy::Author& author;
    policy::Privacy asked;
    bool hides_user = false;
};

// May a field that we have no rule for pass?
bool may_pass(const Passing& passing, const sip::HeaderLine& line) {
    const Adjacency& from = passing.from;
    const Adjacency& to = passing.to;
    if (claims_identity(line.name)) {
        return policy::is_believed(from) && policy::may_hear_identity(to, passing.asked) &&
               (policy::is_in_trust_domain(to) || !policy::asks_for_privacy(passing.asked, line));
    }
    if (names_dialog(line.name) || is_of_one_hop(line.name)) {
        return false;
    }
    if (equals_ignoring_case(line.name, "Reply-To")) {
        return !passing.hides_user && policy::may_be_replied_at(from, line.value);
    }
    return !is_of_trust_domain(line.name) ||
           (to.is_trusted() && !policy::is_withheld(to, passing.asked) &&
            (policy::is_believed(from) || (from.is_trusted() && is_a_phones_to_say(line.name))));
}

// RFC 4028 §8.1: a request asks for no more than the `session-timer` of where it goes, nor for less
// than its sender's minimum. None: as it is.
std::optional<std::string> shortened_session(const sip::Message& message, const Adjacency& to) {
    auto asked = message.is_request() ? sip::session::session_expires(message) : std::nullopt;
    if (!asked || !to.session_timer) {
        return std::nullopt;
    }
    const std::uint32_t longest = std::max(
        {*to.session_timer, to.session_timer_minimum, sip::session::min_se(message).value_or(0)});
    if (asked->seconds <= longest) {
        return std::nullopt;
    }
    asked->seconds = longest;
    return sip::to_string(*asked);
}

bool is_carried(std::string_view method) {
    return policy::is_carried_within_dialogs(sip::parse_method(method));
}

template <class Keep>
void copy_list(sip::MessageBuilder& builder, const sip::Message& message, sip::HeaderName name,
               Keep&& keep) {
    const std::vector<std::string_view> values = message.values(name);
    std::string kept;
    kept.reserve(usual_length);
    for (auto value = values.begin(); value != values.end(); ++value) {
        // A peer may say a thing a hundred times.
        if (keep(*value) && std::find(values.begin(), value, *value) == value) {
            kept.append(kept.empty() ? "" : ", ").append(*value);
        }
    }
    if (!kept.empty()) {
        builder.header(name, kept);
    }
}

// What passes of a fragment of the other side's message (RFC 3420): how it went, which is all that
// RFC 3515 §2.4.5 asks for. The rest names hosts and dialogs. Empty: it is no response.
std::string status_line(std::string_view fragment) {
    return fragment.starts_with("SIP/2.0 ")
               ? std::string(fragment.substr(0, fragment.find_first_of("\r\n"))) + "\r\n"
               : std::string();
}

// Of what bears a message of the other side: its status line where it is a fragment, else nothing.
std::string without_message(std::string_view content_type, std::string_view content) {
    if (sip::is_media_type(content_type, "message", "sip")) {
        return {};
    }
    return sip::is_media_type(content_type, "message", "sipfrag") ? status_line(content)
                                                                  : std::string(content);
}

// The same of each part. All keep their places, so that the rest can be read as before.
std::string without_messages(std::string_view multipart) {
    std::string kept;
    std::size_t done = 0;
    for (const sip::BodyPart& part : sip::body_parts(multipart)) {
        const auto begin = static_cast<std::size_t>(part.content.data() - multipart.data());
        kept.append(multipart.substr(done, begin - done));
        kept.append(without_message(part.content_type, part.content));
        done = begin + part.content.size();
    }
    return kept.append(multipart.substr(done));
}

// RFC 3261 §19.1.4: case does not count; nor does the dot at the end of a name.
bool is_same_host(std::string_view a, std::string_view b) {
    const auto without_dot = [](std::string_view name) {
        return name.ends_with('.') ? name.substr(0, name.size() - 1) : name;
    };
    return equals_ignoring_case(without_dot(a), without_dot(b));
}

bool is_address(std::string_view host) {
    return IpAddress::parse(host).has_value();
}

std::string host_text(const std::string& host) {
    const bool is_bare_v6 = host.find(':') != std::string::npos && host.front() != '[';
    return is_bare_v6 ? "[" + host + "]" : host;
}

// RFC 3986 §3.2: of "http://user@host:80/path". Empty: it names none.
std::string_view host_of(const sip::Uri& uri) {
    const auto authority = uri.text.find("://");
    if (uri.scheme != sip::Scheme::Other || authority == std::string_view::npos) {
        return uri.host;
    }
    std::string_view host = uri.text.substr(authority + 3);
    host = host.substr(0, host.find_first_of("/?#"));
    host.remove_prefix(host.rfind('@') + 1);  // npos + 1 is 0
    return host.substr(0, host.starts_with('[') ? host.find(']') + 1 : host.find(':'));
}

// Is what the trusted `from` points to at a host of its own? An address is taken for one, but for
// 127.0.0.1, which is none, and by which phones know tunes.
bool is_inside(const sip::NameAddr& value, const Adjacency& from) {
    std::string_view host = host_of(value.uri);
    host.remove_suffix(host.ends_with('.') ? 1 : 0);
    return (is_address(host) && host != "127.0.0.1") || is_same_host(host, from.own_host()) ||
           (!from.signaling_peer.empty() && is_same_host(host, from.signaling_peer));
}

// Call-Info and the like for the untrusted. What cannot be read is not told.
void copy_urls(sip::MessageBuilder& builder, const sip::HeaderLine& line, const Adjacency& from) {
    std::string kept;
    if (const auto values = sip::parse_name_addr_list(line.value)) {
        for (const sip::NameAddr& each : *values) {
            if (!is_inside(each, from)) {
                kept.append(kept.empty() ? "" : ", ").append(each.text);
            }
        }
    }
    if (!kept.empty()) {
        builder.header(line.id, kept);
    }
}

std::string_view transport_parameter(sip::Transport transport, sip::Scheme scheme) {
    switch (transport) {
        case sip::Transport::Udp:
            return "";
        case sip::Transport::Tcp:
            return ";transport=tcp";
        // RFC 5630 §5.1.1.1: sips says TLS by itself, transport=tls is deprecated there.
        case sip::Transport::Tls:
            return scheme == sip::Scheme::Sips ? "" : ";transport=tls";
    }
    return "";
}

// RFC 3261 §19.1.1: what the user part is, whatever the host.
std::string_view parameter_of_user(const sip::Uri& uri) {
    const auto user = uri.parameters.find("user");
    return user && equals_ignoring_case(*user, "phone") ? ";user=phone" : "";
}

// `is_ours`: the host becomes `our_host`, as an IP address does.
std::string address(const sip::NameAddr& original, const std::string& our_host,
                    sip::Scheme leg_scheme, bool is_ours) {
    std::string value;
    value.reserve(usual_length);
    if (!original.display_name.empty()) {
        value.append(original.display_name).append(" ");
    }
    const sip::Uri& uri = original.uri;
    if (uri.scheme != sip::Scheme::Sip && uri.scheme != sip::Scheme::Sips) {
        return value.append("<").append(uri.text).append(">");
    }
    const bool is_secure = uri.scheme == sip::Scheme::Sips && leg_scheme == sip::Scheme::Sips;
    value.append(is_secure ? "<sips:" : "<sip:");
    if (uri.has_user) {
        value.append(uri.user).append("@");
    }
    const bool is_replaced = is_ours || is_address(uri.host);
    value.append(is_replaced ? host_text(our_host) : std::string(uri.host));
    return value.append(parameter_of_user(uri)).append(">");
}

// Of an identity that is sips where it is known: also on a leg that carries sip URIs only?
sip::Scheme told_scheme(sip::Scheme known, const Adjacency& to) {
    return to.sips_conversion == SipsConversion::ToSip ? sip::Scheme::Sip : known;
}

// RFC 3325 §9.1, RFC 5876 §4.5: one sip or sips URI and one tel URI; more are nobody's.
std::string asserted_by_peer(const Passing& passing) {
    std::string value;
    bool has_sip = false;
    bool has_tel = false;
    const auto named = passing.message.name_addrs(sip::HeaderName::PAssertedIdentity);
    if (!named) {
        return {};
    }
    for (const sip::NameAddr& each : *named) {
        bool& has = each.uri.scheme == sip::Scheme::Tel ? has_tel : has_sip;
        if (each.uri.scheme != sip::Scheme::Other && !std::exchange(has, true)) {
            value.append(value.empty() ? "" : ", ")
                .append(from_address(each, told_scheme(each.uri.scheme, passing.to), passing.from,
                                     passing.to));
        }
    }
    return value;
}

// Who wrote it, as the trust domain says to itself and, unless he asks otherwise, to others: what a
// peer asserts, or what a phone has proven. Its display name it has not.
void copy_identity(sip::MessageBuilder& builder, const Passing& passing) {
    std::string value;
    if (policy::is_believed(passing.from)) {
        if (policy::may_hear_identity(passing.to, passing.asked)) {
            value = asserted_by_peer(passing);
        }
    } else if (const auto user = passing.author.address_of_record;
               !user.empty() && policy::is_in_trust_domain(passing.to) &&
               passing.message.method() != sip::Method::Ack) {  // RFC 5876 §3
        const auto at = user.rfind('@');
        const sip::Message& message = passing.message;
        const sip::NameAddr& written = message.is_request() ? message.from() : message.to();
        const bool is_sips = told_scheme(written.uri.scheme, passing.to) == sip::Scheme::Sips;
        value.append(is_sips ? "<sips:" : "<sip:").append(sip::escape_user(user.substr(0, at)));
        value.append(user.substr(at)).append(">");
    }
    if (!value.empty()) {
        builder.header(sip::HeaderName::PAssertedIdentity, value);
    }
}

// RFC 8224 §4.1, §8.3: a signature covers who calls and who is called (a number without its host),
// as they stand outside a dialog. One of RFC 4474 covers Contact and Call-ID too.
bool is_still_signed(const Passing& passing, const sip::HeaderLine& line) {
    const sip::Message& message = passing.message;
    if (line.id == sip::HeaderName::IdentityInfo ||
        line.value.find(";info=") == std::string_view::npos || !message.is_request() ||
        !message.to_tag().empty()) {
        return false;
    }
    const auto is_kept = [](const sip::NameAddr& before, const std::string& after) {
        const auto now = sip::parse_name_addr(after);
        return policy::is_number(before.uri.user) ||
               (now && sip::address_of_record(now->uri) == sip::address_of_record(before.uri));
    };
    return !passing.hides_user &&
           is_kept(message.from(), from_address(message.from(), message.from().uri.scheme,
                                                passing.from, passing.to)) &&
           is_kept(message.to(),
                   to_address(message.to(), message.to().uri.scheme, passing.from, passing.to)) &&
           // "mky": the keys of a description that is written anew.
           !(passing.author.is_media_hidden &&
             message.body().find("a=fingerprint:") != std::string_view::npos);
}

bool may_pass_signature(const Passing& passing, const sip::HeaderLine& line) {
    if (policy::is_withheld(passing.to, passing.asked)) {  // it has in it who signed for whom
        return false;
    }
    switch (passing.to.identity) {
        case SignatureMode::IfWhole:
            return is_still_signed(passing, line);
        case SignatureMode::Pass:
            return true;
        case SignatureMode::Drop:
            return false;
    }
    return false;
}

}  // namespace

const sip::NameAddr& told_from(const sip::Message& request, const Adjacency& to) {
    static const sip::NameAddr nobody =
        *sip::parse_name_addr("\"Anonymous\" <sip:anonymous@anonymous.invalid>");
    return policy::hides_user(to, policy::privacy_of(request)) ? nobody : request.from();
}

std::string via(const Adjacency& adjacency, sip::Transport transport, std::string_view branch) {
    std::string value;
    value.reserve(usual_length);
    value.append("SIP/2.0/").append(sip::to_string(transport)).append(" ");
    value.append(host_text(adjacency.own_host()));
    value.append(":").append(std::to_string(adjacency.signaling_port));
    value.append(";branch=").append(branch).append(";rport");
    // RFC 5923 §5: the peer of a trunk may send its own requests over this connection.
    if (transport == sip::Transport::Tls && adjacency.profile != Profile::Access) {
        value.append(";alias");
    }
    return value;
}

std::string contact(const Adjacency& adjacency, sip::Transport transport, sip::Scheme scheme,
                    std::string_view user) {
    std::string value;
    value.reserve(usual_length);
    value.append(scheme == sip::Scheme::Sips ? "<sips:" : "<sip:");
    if (!user.empty()) {
        value.append(user).append("@");
    }
    value.append(host_text(adjacency.own_host()));
    value.append(":").append(std::to_string(adjacency.signaling_port));
    value.append(transport_parameter(transport, scheme)).append(">");
    return value;
}

std::string from_address(const sip::NameAddr& original, sip::Scheme leg_scheme,
                         const Adjacency& from, const Adjacency& to) {
    // A phone's address-of-record stays, even if its domain is our name there.
    const bool is_ours =
        from.profile != Profile::Access && is_same_host(original.uri.host, from.own_host());
    // Under a name that is a domain served here it would be one of our users who calls.
    const bool is_stranger = !from.is_trusted() && from.profile != Profile::Access;
    return address(
        original,
        is_stranger && to.is_named_as_domain ? to.signaling_address.to_string() : to.own_host(),
        leg_scheme, is_ours);
}

std::string to_address(const sip::NameAddr& original, sip::Scheme leg_scheme, const Adjacency& from,
                       const Adjacency& to) {
    return address(original, to.own_host(), leg_scheme,
                   is_same_host(original.uri.host, from.own_host()));
}

int refuse_length(std::string_view request_uri, std::initializer_list<std::string_view> addresses) {
    if (request_uri.size() > sip::limits::uri) {
        return 414;
    }
    const bool can_be_read = std::ranges::all_of(addresses, [](std::string_view each) {
        return each.size() <= sip::limits::uri || sip::parse_name_addr(each).has_value();
    });
    return can_be_read ? 0 : 400;
}

std::string request_uri(const sip::Uri& original, sip::Scheme leg_scheme, const Adjacency& from,
                        const Adjacency& to) {
    const bool names_us =
        original.scheme != sip::Scheme::Tel &&
        (is_same_host(original.host, from.own_host()) || is_address(original.host));
    if (original.scheme == sip::Scheme::Tel) {
        return sip::with_scheme(original, leg_scheme);
    }
    std::string value = leg_scheme == sip::Scheme::Sips ? "sips:" : "sip:";
    if (original.has_user) {
        value.append(original.user).append("@");
    }
    const bool is_renamed = names_us && !to.signaling_peer.empty();
    value.append(is_renamed ? host_text(to.signaling_peer) : std::string(original.host));
    return is_renamed ? value.append(parameter_of_user(original))
                      : value.append(parameters_of_user(original.parameters.text));
}

std::string parameters_of_user(std::string_view parameters) {
    std::string kept;
    while (!parameters.empty()) {
        const std::string_view one = parameters.substr(0, parameters.find(';', 1));
        const std::string name = sip::unescape(one.substr(1, one.find('=') - 1));
        const bool is_of_the_way =
            equals_ignoring_case(name, "transport") || equals_ignoring_case(name, "maddr") ||
            equals_ignoring_case(name, "ttl") || equals_ignoring_case(name, "lr");
        if (!is_of_the_way) {
            kept.append(one);
        }
        parameters.remove_prefix(one.size());
    }
    return kept;
}

std::optional<std::string> referred_by(std::string_view original, const Adjacency& from,
                                       const Adjacency& to, const policy::Author& author) {
    const auto parsed = sip::parse_name_addr(original);
    if (!parsed || !policy::may_name_referrer(from, author, *parsed)) {
        return std::nullopt;
    }
    std::string value =
        from_address(*parsed, to.is_encrypted() ? sip::Scheme::Sips : sip::Scheme::Sip, from, to);
    if (const auto cid = parsed->parameters.find("cid")) {
        value.append(";cid=").append(*cid);
    }
    return value;
}

std::string warning(const Adjacency& adjacency, int code, std::string_view text) {
    const std::string_view known = policy::warning_text(code);
    return sip::warning_value(code, adjacency.own_host(), known.empty() ? text : known);
}

std::string rule_warning(const Adjacency& adjacency, std::string_view rule,
                         std::string_view sentence) {
    return warning(adjacency, 399, std::string(rule).append(": ").append(sentence));
}

void copy_challenges(sip::MessageBuilder& builder, const sip::Message& response) {
    builder.copy(sip::HeaderName::WwwAuthenticate, response);
    builder.copy(sip::HeaderName::ProxyAuthenticate, response);
}

namespace {

bool is_digest_challenge(const sip::HeaderLine& line) {
    return (line.id == sip::HeaderName::WwwAuthenticate ||
            line.id == sip::HeaderName::ProxyAuthenticate) &&
           sip::auth::parse_protection(line.value);
}

}  // namespace

void copy_digest_challenges(sip::MessageBuilder& builder, const sip::Message& response) {
    for (const sip::HeaderLine& line : response.headers()) {
        if (is_digest_challenge(line)) {
            builder.header(line.id, line.value);
        }
    }
}

bool bears_digest_challenge(const sip::Message& response) {
    return std::ranges::any_of(response.headers(), is_digest_challenge);
}

void copy_credentials(sip::MessageBuilder& builder, const sip::Message& request,
                      const std::function<bool(const sip::HeaderLine&)>& is_for_them) {
    for (const sip::HeaderLine& line : request.headers()) {
        const bool is_credentials = line.id == sip::HeaderName::Authorization ||
                                    line.id == sip::HeaderName::ProxyAuthorization;
        if (is_credentials && is_for_them(line)) {
            builder.header(line.id, line.value);
        }
    }
}

void copy_end_to_end(sip::MessageBuilder& builder, const sip::Message& message,
                     const Adjacency& from, const Adjacency& to, const policy::Author& author,
                     std::span<const sip::HeaderName> removed) {
    Passing passing{.message = message,
                    .from = from,
                    .to = to,
                    .author = author,
                    .asked = policy::asked_in(message, author)};
    passing.hides_user = policy::hides_user(to, passing.asked);
    bool allow_done = false;
    bool supported_done = false;
    bool require_done = false;
    bool unsupported_done = false;
    bool privacy_done = false;
    for (const sip::HeaderLine& line : message.headers()) {
        if (std::find(removed.begin(), removed.end(), line.id) != removed.end()) {
            continue;
        }
        switch (passage(line.id)) {
            case Passage::Hop:
                break;
            case Passage::EndToEnd:
                if (line.id != sip::HeaderName::Other || may_pass(passing, line)) {
                    builder.raw(line);
                }
                break;
            case Passage::Personal:
                if (!passing.hides_user) {
                    builder.raw(line);
                }
                break;
            case Passage::Signed:
                if (may_pass_signature(passing, line)) {
                    builder.raw(line);
                }
                break;
            case Passage::Software:
                if (to.is_trusted() && !passing.hides_user) {
                    builder.raw(line);
                }
                break;
            case Passage::Urls:
                if (passing.hides_user && line.id == sip::HeaderName::CallInfo) {
                    break;
                }
                if (from.is_trusted() && !to.is_trusted()) {
                    copy_urls(builder, line, from);
                } else {
                    builder.raw(line);
                }
                break;
            case Passage::Identity:
                break;
            case Passage::Privacy:
                if (!std::exchange(privacy_done, true)) {
                    const std::string left = policy::privacy_left(message, to, author);
                    if (!left.empty()) {
                        builder.header(line.id, left);
                    }
                }
                break;
            case Passage::Interval:
                if (const auto shorter = shortened_session(message, to)) {
                    builder.header(line.id, *shorter);
                } else {
                    builder.raw(line);
                }
                break;
            case Passage::Referrer:
                if (const auto value = referred_by(line.value, from, to, author);
                    value && !passing.hides_user) {
                    builder.header(line.id, *value);
                }
                break;
            case Passage::Body:
                break;
            case Passage::Methods:
                if (!std::exchange(allow_done, true)) {
                    copy_list(builder, message, line.id, is_carried);
                }
                break;
            case Passage::Options:
                if (bool& done = line.id == sip::HeaderName::Require       ? require_done
                                 : line.id == sip::HeaderName::Unsupported ? unsupported_done
                                                                           : supported_done;
                    !std::exchange(done, true)) {
                    copy_list(builder, message, line.id, policy::is_passed_option);
                }
                break;
        }
    }
    copy_identity(builder, passing);
}

void copy_options(sip::MessageBuilder& builder, const sip::Message& message, sip::HeaderName field,
                  std::span<const std::string_view> removed) {
    copy_list(builder, message, field, [removed](std::string_view tag) {
        return !is_one_of(removed, tag) && policy::is_passed_option(tag);
    });
}

sip::transaction::Reasons reasons_of(const sip::Message& request) {
    sip::transaction::Reasons reasons;
    for (const sip::HeaderLine& line : request.headers()) {
        if (line.id == sip::HeaderName::Reason && !line.value.empty()) {
            reasons.emplace_back(line.value);
        }
    }
    return reasons;
}

void copy_answer(sip::MessageBuilder& builder, const sip::Message& response,
                 const sip::Message& sent, const Adjacency& from, const Adjacency& to,
                 const policy::Author& author) {
    const auto interval = sip::session::granted(sent, response);
    if (interval == sip::session::session_expires(response)) {
        copy_end_to_end(builder, response, from, to, author);
        return;
    }
    constexpr std::array replaced{sip::HeaderName::SessionExpires};
    copy_end_to_end(builder, response, from, to, author, replaced);
    builder.header(sip::HeaderName::SessionExpires, sip::to_string(*interval));
}

void copy_body(sip::MessageBuilder& builder, const sip::Message& message,
               const policy::MediaVerdict& verdict) {
    if (!verdict.passes()) {
        return;
    }
    std::string_view body = verdict.body ? std::string_view(*verdict.body) : message.body();
    const auto type = sip::parse_media_type(message.content_type());
    std::string kept;
    if (type && (type->is_message() || type->is_multipart())) {
        kept = type->is_multipart() ? without_messages(body)
                                    : without_message(message.content_type(), body);
        body = kept;
    }
    if (body.empty()) {
        return;
    }
    for (const sip::HeaderLine& line : message.headers()) {
        if (passage(line.id) == Passage::Body) {
            builder.raw(line);
        }
    }
    builder.body(body);
}

KeptBody keep_body(const sip::Message& message) {
    KeptBody kept{{}, std::string(message.body())};
    for (const sip::HeaderLine& line : message.headers()) {
        if (passage(line.id) == Passage::Body) {
            kept.lines.append(line.raw);
        }
    }
    return kept;
}

void copy_body(sip::MessageBuilder& builder, const KeptBody& body) {
    builder.raw(sip::HeaderLine{.name = {}, .value = {}, .raw = body.lines});
    builder.body(body.octets);
}

}  // namespace ringwall::sbc::b2bua
