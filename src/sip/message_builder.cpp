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
    for (std::size_t i = start; i < out.size(); ++i) {
        if (out[i] == '\r' || out[i] == '\n' || out[i] == '\0') {
            out[i] = ' ';
        }
    }
}

MessagePtr parse_own(std::string bytes) {
    return MessageParser::parse(std::move(bytes), Framing::Datagram, MessageParser::Origin::Own)
        .message;
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
    return header(to_string(name), value);
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
    std::string bytes = text_;
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

namespace {

// The Via without "received" and "rport".
std::string without_source(const Via& via) {
    const auto head = static_cast<std::size_t>(via.parameters.text.data() - via.text.data());
    std::string out(grammar::trim_blanks(via.text.substr(0, head)));
    std::string_view rest = via.parameters.text;
    while (const auto parameter = grammar::next_parameter(rest)) {
        if (equals_ignoring_case(parameter->name, "received") ||
            equals_ignoring_case(parameter->name, "rport")) {
            continue;
        }
        out.append(";").append(parameter->name);
        if (parameter->has_value) {
            out.append("=").append(parameter->value);
        }
    }
    return out;
}

}  // namespace

MessagePtr stamp_source(MessagePtr request, const Endpoint& source) {
    const Via& via = request->top_via();
    if (via.text.empty()) {
        return request;  // no Via that could be read
    }
    // What the peer itself wrote there is worth nothing: responses would go where it says.
    const auto received = via.parameters.find("received");
    const bool has_rport = via.parameters.has("rport");
    const bool is_source = IpAddress::parse(via.host) == source.address;
    if (is_source && !has_rport && !received) {
        return request;
    }
    const std::string address = source.address.to_string();
    const std::string port = std::to_string(source.port);
    if (received == address && (has_rport ? via.parameters.find("rport") == port : !is_source)) {
        return request;
    }
    std::string value = without_source(via).append(";received=").append(address);
    if (has_rport) {
        value.append(";rport=").append(port);
    }

    const HeaderLine& line = *request->header(HeaderName::Via);
    const std::string_view bytes = request->bytes();
    const auto start = static_cast<std::size_t>(line.raw.data() - bytes.data());
    const auto top_end =
        static_cast<std::size_t>(via.text.data() - line.value.data()) + via.text.size();
    std::string stamped;
    stamped.reserve(bytes.size() + value.size());
    stamped.append(bytes.substr(0, start));
    stamped.append(line.name).append(": ").append(value).append(line.value.substr(top_end));
    stamped.append(line_end).append(bytes.substr(start + line.raw.size()));
    return parse_own(std::move(stamped));
}

}  // namespace ringwall::sip
