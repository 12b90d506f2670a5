// Writes a message, header line by header line, in the order given. Content-Length is written by
// build(). The lines are indexed as they are written; where NDEBUG is not defined what is built is
// parsed too, so nobody can send what we would refuse unnoticed: a build with a fault is a bug of
// ours (a CHECK there; a release sends it, for its parts may come from a peer). The limits of
// sip/limits.h are for what we receive.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/endpoint.h"
#include "sip/message.h"
#include "sip/message_parser.h"

namespace ringwall::sip {

class MessageBuilder {
public:
    static MessageBuilder request(std::string_view method, std::string_view request_uri);
    static MessageBuilder response(int status, std::string_view reason);

    // A CR, LF or NUL in `value` becomes a blank: nothing can write a line of its own.
    MessageBuilder& header(HeaderName name, std::string_view value);
    MessageBuilder& header(std::string_view name, std::string_view value);
    // A line as received, octet by octet.
    MessageBuilder& raw(const HeaderLine& line);
    // All lines of a field of `other`, as received.
    MessageBuilder& copy(HeaderName name, const Message& other);
    MessageBuilder& body(std::string_view content_type, std::string_view body);
    // Body without touching Content-Type (copied by the caller).
    MessageBuilder& body(std::string_view body);

    // Once: the builder is empty afterwards.
    MessagePtr build();

private:
    friend MessageBuilder reply(const Message& request, int status, std::string_view to_tag,
                                std::string_view reason);
    MessageBuilder();
    void begin_line(HeaderName id, std::size_t name_size, std::size_t to_value);
    void echo(const Message& request, std::string_view to_tag);
    NameAddr write_tagged(const NameAddr& to, std::string_view tag);

    std::string text_;
    std::vector<WrittenLine> lines_;
    bool is_indexed_ = true;  // false: it has lines that only a parser can tell apart
    std::string body_;
    bool may_have_fault_ = false;  // echoes a request that may have one
    // Of a response; views of text_, good while that stands where it stood then.
    std::optional<Echo> echo_;
    const char* echo_text_ = nullptr;
};

// The phrase that RFC 3261 §21 and the IANA registry give for a status: "Not Found".
std::string_view reason_phrase(int status);

// A response to `request` (RFC 3261 §8.2.6): Via, From, To, Call-ID and CSeq of the request, in
// that order, and Timestamp in a 100; nothing else. `to_tag` is added when the request's To has
// none and it is not empty. Works for requests with a fault too: it echoes what there is, the first
// where there are two, and a To that cannot be read gets no tag. Without `reason`:
// reason_phrase(status).
MessageBuilder reply(const Message& request, int status, std::string_view to_tag,
                     std::string_view reason = {});

// What Message::parse does with a source, for a request that was parsed without. Itself where
// nothing changes.
MessagePtr stamp_source(const MessagePtr& request, const Endpoint& source);

}  // namespace ringwall::sip
