// A SIP message: one owned buffer, an index of its header lines, and what every message must have,
// parsed once. Immutable; shared by pointer. Everything handed out is a view into the buffer.
//
//   parse() --> Parsed{message, fault}
//     no message          no start line of SIP: nothing can be answered
//     message and fault   a request that gets fault.status(), a response that is dropped. Only the
//                         raw index (header, all, start line) may be used: see `reply` in
//                         message_builder.h
//     message, no fault   screened: the accessors below need no further check
//
// What may stand only once and is looked at by everybody (From, To, Call-ID, CSeq, Max-Forwards,
// Content-Length, Expires where it is used ...) is refused when doubled. Header fields that we do
// not know are kept octet by octet. Requests of RFC 2543 are processed: no branch, no From tag, no
// Max-Forwards and, in a datagram, no Content-Length.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/endpoint.h"
#include "base/result.h"
#include "sip/header/contact.h"
#include "sip/header/cseq.h"
#include "sip/header/name_addr.h"
#include "sip/header/via.h"
#include "sip/method.h"
#include "sip/parse_error.h"
#include "sip/uri/uri.h"

namespace ringwall::sip {

// The header fields that some code of ours asks for. All others are Other.
enum class HeaderName : std::uint8_t {
    Via,
    From,
    To,
    CallId,
    CSeq,
    Contact,
    Route,
    RecordRoute,
    MaxForwards,
    ContentLength,
    ContentType,
    ContentEncoding,
    ContentDisposition,
    Expires,
    MinExpires,
    Require,
    ProxyRequire,
    Supported,
    Unsupported,
    Allow,
    Accept,
    Authorization,
    ProxyAuthorization,
    WwwAuthenticate,
    ProxyAuthenticate,
    AuthenticationInfo,
    Path,
    ServiceRoute,
    PAssertedIdentity,
    PPreferredIdentity,
    Privacy,
    Identity,
    ReferTo,
    ReferredBy,
    Replaces,
    Event,
    SubscriptionState,
    SessionExpires,
    MinSe,
    RAck,
    RSeq,
    RetryAfter,
    Warning,
    Reason,
    Date,
    Timestamp,
    UserAgent,
    Server,
    Subject,
    Organization,
    AlertInfo,
    CallInfo,
    ErrorInfo,
    InReplyTo,
    Priority,
    MimeVersion,
    AllowEvents,
    AcceptContact,
    RejectContact,
    RequestDisposition,
    IdentityInfo,  // compact forms
    Other,
};
inline constexpr std::size_t header_name_count = static_cast<std::size_t>(HeaderName::Other) + 1;

// Compact forms and any case are known (RFC 3261 §7.3.3).
HeaderName parse_header_name(std::string_view text);
std::string_view to_string(HeaderName name);  // the full form as we write it

struct HeaderLine {
    HeaderName id = HeaderName::Other;
    std::string_view name;   // as received
    std::string_view value;  // trimmed; a folded value with each fold made one blank
    std::string_view raw;    // the whole line or lines as received, with the last CRLF
};

class Message;
using MessagePtr = std::shared_ptr<const Message>;

struct Parsed {
    MessagePtr message;
    std::optional<ParseError> fault;
};

// How the end of a message was found.
enum class Framing : std::uint8_t {
    Datagram,  // Content-Length may be missing; octets after the body are dropped (RFC 3261 §18.3)
    Stream,    // exactly one message; Content-Length is mandatory
};

class Message {
public:
    // `bytes` holds one message. Never fails hard: see Parsed.
    static Parsed parse(std::string bytes, Framing framing);
    // The same for what came from `source`: a request gets "received" and "rport" on its top Via
    // (RFC 3261 §18.2.1, RFC 3581 §4), as if the peer had written them.
    static Parsed parse(std::string bytes, Framing framing, const Endpoint& source);
    // That many octets of capacity to spare in `bytes` save a copy of them.
    static constexpr std::size_t stamp_room = 80;

    Message(const Message&) = delete;
    Message& operator=(const Message&) = delete;

    std::string_view bytes() const { return bytes_; }

    bool is_request() const { return is_request_; }
    // Requests.
    Method method() const { return method_; }
    std::string_view method_text() const { return method_text_; }
    std::string_view request_uri_text() const { return request_uri_text_; }
    const Uri& request_uri() const { return request_uri_; }  // screened; Scheme::Other is a fault
    // Responses.
    int status() const { return status_; }
    std::string_view reason() const { return reason_; }

    // The raw index.
    std::span<const HeaderLine> headers() const { return headers_; }
    const HeaderLine* header(HeaderName name) const;        // the first, or nullptr
    const HeaderLine* header(std::string_view name) const;  // any field, long or compact name
    std::size_t count(HeaderName name) const;               // lines, not values
    // Values of a comma-separated field over all its lines, in order, split outside quotes and <>.
    std::vector<std::string_view> values(HeaderName name) const;
    // True when a token list (Require, Supported, Allow ...) has `token`, in any case.
    bool has_token(HeaderName name, std::string_view token) const;
    // All values as name-addrs: Contact, Route, Record-Route, Path. "Contact: *" is not one: see
    // is_contact_star.
    Result<std::vector<NameAddr>, ParseError> name_addrs(HeaderName name) const;
    bool is_contact_star() const;
    // Of a request that was received, screened too. See parse_contacts for others.
    const Contacts& contacts() const { return contacts_; }

    // Screened: present and well-formed whenever there was no fault.
    const Via& top_via() const { return top_via_; }
    const NameAddr& from() const { return from_; }
    const NameAddr& to() const { return to_; }
    std::string_view from_tag() const { return from_tag_; }  // may be empty (RFC 2543)
    std::string_view to_tag() const { return to_tag_; }      // empty: no dialog yet
    std::string_view call_id() const { return call_id_; }
    const CSeq& cseq() const { return cseq_; }
    std::optional<std::uint32_t> max_forwards() const { return max_forwards_; }
    // Seconds. A request with another value is refused; in a response it counts as none.
    std::optional<std::uint32_t> expires() const { return expires_; }

    std::string_view body() const { return body_; }
    std::string_view content_type() const;  // "application/sdp" without parameters; may be empty

private:
    friend class MessageParser;
    Message() = default;

    std::string bytes_;
    std::string unfolded_;  // values of folded lines
    std::vector<HeaderLine> headers_;
    std::array<std::uint16_t, header_name_count>
        first_{};  // 1 + the index of the first line; 0: none
    bool is_request_ = false;
    Method method_ = Method::Unknown;
    int status_ = 0;
    std::string_view method_text_, request_uri_text_, reason_, from_tag_, to_tag_, call_id_, body_;
    Uri request_uri_;
    Via top_via_;
    NameAddr from_, to_;
    Contacts contacts_;
    CSeq cseq_;
    std::optional<std::uint32_t> max_forwards_, expires_;
};

}  // namespace ringwall::sip
