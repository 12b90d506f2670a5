#include "sip/message_builder.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>

#include "base/check.h"
#include "sip/grammar.h"
#include "sip/header/moved.h"
#include "sip/message_parser.h"

namespace ringwall::sip {
namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::size_t usual_size = 1024;
constexpr std::size_t usual_lines = 16;

bool ends_line(char c) {
    return c == '\r' || c == '\n' || c == '\0';
}

// Is any octet below 0x10, as those are? Eight at a time.
bool may_end_line(std::string_view text) {
    constexpr std::uint64_t each = 0x0101'0101'0101'0101U;
    std::uint64_t found = 0;
    std::size_t at = 0;
    for (; at + 8 <= text.size(); at += 8) {
        std::uint64_t octets = 0;
        std::memcpy(&octets, text.data() + at, 8);
        found |= (octets - 0x10 * each) & ~octets & 0x80 * each;
    }
    for (; at < text.size(); ++at) {
        found |= static_cast<unsigned char>(text[at]) < 0x10 ? 1 : 0;
    }
    return found != 0;
}

void append_clean(std::string& out, std::string_view text) {
    const std::size_t start = out.size();
    out.append(text);
    if (may_end_line(text)) {
        std::replace_if(out.begin() + static_cast<std::ptrdiff_t>(start), out.end(), ends_line,
                        ' ');
    }
}

#ifndef NDEBUG
bool is_same(const Message& a, const Message& b) {
    return std::ranges::equal(a.headers(), b.headers(),
                              [](const HeaderLine& x, const HeaderLine& y) {
                                  return x.id == y.id && x.name == y.name && x.value == y.value &&
                                         x.raw == y.raw;
                              }) &&
           a.top_via() == b.top_via() && a.from() == b.from() && a.from_tag() == b.from_tag() &&
           a.to() == b.to() && a.to_tag() == b.to_tag() && a.call_id() == b.call_id() &&
           a.cseq() == b.cseq();
}
#endif

}  // namespace

MessageBuilder::MessageBuilder() {
    text_.reserve(usual_size);
    lines_.reserve(usual_lines);
}

// What is written next is a header line whose value stands `to_value` octets behind its beginning.
void MessageBuilder::begin_line(HeaderName id, std::size_t name_size, std::size_t to_value) {
    lines_.push_back({id, static_cast<std::uint32_t>(text_.size()),
                      static_cast<std::uint32_t>(name_size),
                      static_cast<std::uint32_t>(text_.size() + to_value)});
}

MessageBuilder MessageBuilder::request(std::string_view method, std::string_view request_uri) {
    MessageBuilder builder;
    append_clean(builder.text_, method);
    builder.text_.push_back(' ');
    append_clean(builder.text_, request_uri);
    builder.text_.append(" SIP/2.0\r\n");
    return builder;
}

MessageBuilder MessageBuilder::response(int status, std::string_view reason) {
    CHECK(status >= 100 && status <= 699);
    MessageBuilder builder;
    builder.text_.append("SIP/2.0 ").append(std::to_string(status)).push_back(' ');
    append_clean(builder.text_, reason);
    builder.text_.append(line_end);
    return builder;
}

MessageBuilder& MessageBuilder::header(HeaderName name, std::string_view value) {
    const std::string_view text = to_string(name);
    begin_line(name, text.size(), text.size() + 2);
    text_.append(text).append(": ");
    append_clean(text_, value);
    text_.append(line_end);
    return *this;
}

MessageBuilder& MessageBuilder::header(std::string_view name, std::string_view value) {
    begin_line(parse_header_name(name), name.size(), name.size() + 2);
    append_clean(text_, name);
    text_.append(": ");
    append_clean(text_, value);
    text_.append(line_end);
    return *this;
}

MessageBuilder& MessageBuilder::raw(const HeaderLine& line) {
    // A folded value stands elsewhere, and lines that were kept together have no names here.
    const auto is_within = [&line](std::string_view part) {
        return std::less_equal<>{}(line.raw.data(), part.data()) &&
               std::less_equal<>{}(part.data() + part.size(), line.raw.data() + line.raw.size());
    };
    if (!line.name.empty() && is_within(line.name) && is_within(line.value)) {
        begin_line(line.id, line.name.size(),
                   static_cast<std::size_t>(line.value.data() - line.raw.data()));
    } else {
        is_indexed_ = false;
    }
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
    header(HeaderName::ContentLength, std::to_string(body_.size()));
    text_.append(line_end);
    const std::size_t head_end = text_.size();
    text_.append(body_);
#ifndef NDEBUG
    const Parsed whole = MessageParser::parse(text_, Framing::Datagram, MessageParser::Origin::Own);
#endif
    const Echo* echo = echo_ && text_.data() == echo_text_ ? &*echo_ : nullptr;
    Parsed parsed =
        is_indexed_
            ? MessageParser::take_written(std::move(text_), lines_, head_end, echo)
            : MessageParser::parse(std::move(text_), Framing::Datagram, MessageParser::Origin::Own);
    CHECK(parsed.message != nullptr);
#ifndef NDEBUG
    CHECK(may_have_fault_ || !whole.fault);
    CHECK(whole.fault || is_same(*whole.message, *parsed.message));
#endif
    return std::move(parsed.message);
}

// Via, From, To, Call-ID and CSeq. Not the raw lines: those of a refused request may hold what we
// would not send. What was read of them there is not read again here.
void MessageBuilder::echo(const Message& request, std::string_view to_tag) {
    const auto write = [this](HeaderName name, std::string_view value) {
        header(name, value);
        return Moved(value, text_.data() + lines_.back().value_at);
    };
    const char* const before = text_.data();
    Echo echo;
    const HeaderLine* top = request.header(HeaderName::Via);
    for (const HeaderLine& line : request.headers()) {
        if (line.id == HeaderName::Via) {
            const Moved moved = write(HeaderName::Via, line.value);
            echo.top_via = &line == top ? moved(request.top_via()) : echo.top_via;
        }
    }
    if (const HeaderLine* from = request.header(HeaderName::From)) {
        const Moved moved = write(HeaderName::From, from->value);
        echo.from = moved(request.from());
        echo.from_tag = moved(request.from_tag());
    }
    if (const HeaderLine* to = request.header(HeaderName::To)) {
        const bool is_read = !request.to().text.empty();
        if (is_read && request.to_tag().empty() && !to_tag.empty()) {
            echo.to = write_tagged(request.to(), to_tag);
            echo.to_tag = *echo.to.first_tag;
        } else {
            const Moved moved = write(HeaderName::To, to->value);
            echo.to = moved(request.to());
            echo.to_tag = moved(request.to_tag());
        }
    }
    if (const HeaderLine* call_id = request.header(HeaderName::CallId)) {
        header(HeaderName::CallId, call_id->value);
    }
    if (const HeaderLine* cseq = request.header(HeaderName::CSeq)) {
        const Moved moved = write(HeaderName::CSeq, cseq->value);
        echo.cseq = request.cseq();
        echo.cseq.method_text = moved(echo.cseq.method_text);
    }
    const bool is_whole = !echo.top_via.text.empty() && !echo.from.text.empty() &&
                          !echo.to.text.empty() && !echo.cseq.method_text.empty();
    if (is_whole && text_.data() == before) {
        echo_ = echo;
        echo_text_ = before;
    }
}

// The To of a request that had no tag, with one.
NameAddr MessageBuilder::write_tagged(const NameAddr& to, std::string_view tag) {
    std::string value;
    value.reserve(to.text.size() + 5 + tag.size());
    value.append(to.text).append(";tag=").append(tag);
    header(HeaderName::To, value);
    const char* const at = text_.data() + lines_.back().value_at;
    NameAddr tagged = Moved(to.text, at)(to);
    tagged.text = {at, value.size()};
    tagged.parameters.text = tagged.text.substr(to.text.size() - to.parameters.text.size());
    tagged.first_tag = tagged.text.substr(tagged.text.size() - tag.size());
    return tagged;
}

MessageBuilder reply(const Message& request, int status, std::string_view to_tag,
                     std::string_view reason) {
    MessageBuilder response =
        MessageBuilder::response(status, reason.empty() ? reason_phrase(status) : reason);
    response.may_have_fault_ = true;
    response.echo(request, to_tag);
    if (const HeaderLine* line = request.header(HeaderName::Timestamp);
        line != nullptr && status == 100) {  // RFC 3261 §8.2.6.1
        response.header(HeaderName::Timestamp, line->value);
    }
    return response;
}

MessagePtr stamp_source(const MessagePtr& request, const Endpoint& source) {
    Parsed stamped = MessageParser::parse(std::string(request->bytes()), Framing::Datagram,
                                          MessageParser::Origin::Own, &source);
    return stamped.message->bytes() == request->bytes() ? request : stamped.message;
}

}  // namespace ringwall::sip
