#include "sip/message_builder.h"

#include "base/check.h"
#include "sip/grammar.h"
#include "sip/message_parser.h"

namespace ringwall::sip {
namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::size_t usual_size = 1024;

void append_clean(std::string& out, std::string_view text) {
    const std::size_t start = out.size();
    out.append(text);
    for (const char bad : {'\r', '\n', '\0'}) {  // one search each: nearly always there is none
        for (auto at = out.find(bad, start); at != std::string::npos; at = out.find(bad, at)) {
            out[at] = ' ';
        }
    }
}

}  // namespace

MessageBuilder MessageBuilder::request(std::string_view method, std::string_view request_uri) {
    MessageBuilder builder;
    builder.text_.reserve(usual_size);
    append_clean(builder.text_, method);
    builder.text_.push_back(' ');
    append_clean(builder.text_, request_uri);
    builder.text_.append(" SIP/2.0\r\n");
    return builder;
}

MessageBuilder MessageBuilder::response(int status, std::string_view reason) {
    CHECK(status >= 100 && status <= 699);
    MessageBuilder builder;
    builder.text_.reserve(usual_size);
    builder.text_.append("SIP/2.0 ").append(std::to_string(status)).push_back(' ');
    append_clean(builder.text_, reason);
    builder.text_.append(line_end);
    return builder;
}

MessageBuilder& MessageBuilder::header(HeaderName name, std::string_view value) {
    text_.append(to_string(name)).append(": ");
    append_clean(text_, value);
    text_.append(line_end);
    return *this;
}

MessageBuilder& MessageBuilder::header(std::string_view name, std::string_view value) {
    append_clean(text_, name);
    text_.append(": ");
    append_clean(text_, value);
    text_.append(line_end);
    return *this;
}

MessageBuilder& MessageBuilder::raw(const HeaderLine& line) {
    text_.append(line.raw);
    return *this;
}

MessageBuilder& MessageBuilder::copy(HeaderName name, const Message& other) {
    for (const HeaderLine& line : other.headers()) {
        if (line.id == name) {
            raw(line);
        }
    }
    return *this;
}

MessageBuilder& MessageBuilder::body(std::string_view content_type, std::string_view body) {
    header(HeaderName::ContentType, content_type);
    return this->body(body);
}

MessageBuilder& MessageBuilder::body(std::string_view body) {
    body_ = body;
    return *this;
}

MessagePtr MessageBuilder::build() {
    std::string bytes = std::move(text_);
    bytes.append("Content-Length: ").append(std::to_string(body_.size())).append("\r\n\r\n");
    bytes.append(body_);
    Parsed parsed =
        MessageParser::parse(std::move(bytes), Framing::Datagram, MessageParser::Origin::Own);
    CHECK(parsed.message != nullptr);
#ifndef NDEBUG
    CHECK(may_have_fault_ || !parsed.fault);
#endif
    return std::move(parsed.message);
}

MessageBuilder reply(const Message& request, int status, std::string_view to_tag,
                     std::string_view reason) {
    MessageBuilder response =
        MessageBuilder::response(status, reason.empty() ? reason_phrase(status) : reason);
    response.may_have_fault_ = true;
    // Not the raw lines: those of a refused request may hold what we would not send.
    for (const HeaderLine& line : request.headers()) {
        if (line.id == HeaderName::Via) {
            response.header(HeaderName::Via, line.value);
        }
    }
    const auto echo = [&request, &response](HeaderName name) {
        if (const HeaderLine* line = request.header(name)) {
            response.header(name, line->value);
        }
    };
    echo(HeaderName::From);
    const bool to_is_read = !request.to().text.empty();
    if (to_is_read && request.to_tag().empty() && !to_tag.empty()) {
        response.header(HeaderName::To,
                        std::string(request.to().text).append(";tag=").append(to_tag));
    } else {
        echo(HeaderName::To);
    }
    echo(HeaderName::CallId);
    echo(HeaderName::CSeq);
    if (status == 100) {
        echo(HeaderName::Timestamp);  // RFC 3261 §8.2.6.1
    }
    return response;
}

MessagePtr stamp_source(const MessagePtr& request, const Endpoint& source) {
    Parsed stamped = MessageParser::parse(std::string(request->bytes()), Framing::Datagram,
                                          MessageParser::Origin::Own, &source);
    return stamped.message->bytes() == request->bytes() ? request : stamped.message;
}

}  // namespace ringwall::sip
