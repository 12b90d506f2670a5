#include "sip/message_parser.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "sip/grammar.h"
#include "sip/header/contact.h"
#include "sip/header/moved.h"
#include "sip/limits.h"

namespace ringwall::sip {
namespace {

using grammar::Chars;

constexpr std::string_view sip_prefix = "SIP/";
constexpr std::string_view version_2_0 = "SIP/2.0";
constexpr std::string_view magic_cookie = "z9hG4bK";
constexpr std::size_t usual_header_lines = 16;
#ifdef NDEBUG
constexpr bool judges_own = false;
#else
constexpr bool judges_own = true;
#endif

// Fields of which a second one would leave it open which counts.
constexpr bool is_single(HeaderName name) {
    return name == HeaderName::From || name == HeaderName::To || name == HeaderName::CallId ||
           name == HeaderName::CSeq || name == HeaderName::MaxForwards ||
           name == HeaderName::ContentLength || name == HeaderName::ContentType;
}

// The same for those that only a request is judged by; a response with two is not worth dropping.
constexpr bool is_single_in_request(HeaderName name) {
    return name == HeaderName::Expires || name == HeaderName::Event ||
           name == HeaderName::SessionExpires || name == HeaderName::MinSe ||
           name == HeaderName::RAck || name == HeaderName::RSeq || name == HeaderName::Replaces ||
           name == HeaderName::ReferTo || name == HeaderName::ReferredBy ||
           name == HeaderName::SubscriptionState || name == HeaderName::ContentDisposition ||
           name == HeaderName::ContentEncoding;
}

constexpr bool is_list(HeaderName name) {
    return name == HeaderName::Require || name == HeaderName::ProxyRequire ||
           name == HeaderName::Supported || name == HeaderName::Unsupported ||
           name == HeaderName::Allow || name == HeaderName::Accept ||
           name == HeaderName::AllowEvents || name == HeaderName::InReplyTo ||
           name == HeaderName::Warning || name == HeaderName::ContentEncoding;
}

// SIP-Version: "SIP" "/" 1*DIGIT "." 1*DIGIT, in any case.
bool is_version(std::string_view text) {
    if (text == version_2_0) {
        return true;
    }
    if (text.size() < version_2_0.size() ||
        !equals_ignoring_case(text.substr(0, sip_prefix.size()), sip_prefix)) {
        return false;
    }
    text.remove_prefix(sip_prefix.size());
    const std::size_t dot = text.find('.');
    const auto is_digits = [](std::string_view digits) {
        return !digits.empty() && std::all_of(digits.begin(), digits.end(), is_digit);
    };
    return dot != std::string_view::npos && is_digits(text.substr(0, dot)) &&
           is_digits(text.substr(dot + 1));
}

// How many octets are control characters: eight at a time, for the whole head is looked at.
std::size_t count_controls(std::string_view text) {
    constexpr std::uint64_t each = 0x0101'0101'0101'0101U;
    constexpr std::uint64_t low = 0x7f * each;
    constexpr std::uint64_t high = 0x80 * each;
    std::size_t count = 0;
    std::size_t at = 0;
    while (at + 8 <= text.size()) {
        // As many words as a sum of eight octets can count.
        const std::size_t end = std::min(text.size() - 7, at + 31 * std::size_t{8});
        std::uint64_t sums = 0;
        for (; at < end; at += 8) {
            std::uint64_t octets = 0;
            std::memcpy(&octets, text.data() + at, 8);
            const std::uint64_t from_blank_on = ((octets & low) + 0x60 * each) | octets;
            const std::uint64_t other_than_delete = (((octets ^ low) & low) + low) | octets;
            sums += (~(from_blank_on & other_than_delete) & high) >> 7;
        }
        count += static_cast<std::size_t>((sums * each) >> 56);
    }
    for (; at < text.size(); ++at) {
        const auto octet = static_cast<unsigned char>(text[at]);
        count += (octet < 0x20 || octet == 0x7f) ? 1 : 0;
    }
    return count;
}

// Where the parts of a Via stand in a text.
struct WrittenVia {
    std::size_t parameters = 0;
    std::size_t branch = 0;  // the value of the first; 0: none
};

// The Via without "received" and "rport".
WrittenVia append_without_source(std::string& out, const Via& via) {
    const auto head = static_cast<std::size_t>(via.parameters.text.data() - via.text.data());
    out.append(grammar::trim_blanks(via.text.substr(0, head)));
    WrittenVia written{out.size(), 0};
    grammar::read_parameters(via.parameters.text, [&](const grammar::Parameter& parameter) {
        if (equals_ignoring_case(parameter.name, "received") ||
            equals_ignoring_case(parameter.name, "rport")) {
            return;
        }
        out.append(";").append(parameter.name);
        if (parameter.has_value) {
            out.append("=");
            if (parameter.value.data() == via.branch_value.data()) {
                written.branch = out.size();
            }
            out.append(parameter.value);
        }
    });
    return written;
}

// Writes what the Via is to be for a message from `source`. None: as it is.
std::optional<WrittenVia> append_stamped(std::string& out, const Via& via, const Endpoint& source) {
    // What the peer itself wrote there is worth nothing: responses would go where it says.
    std::optional<std::string_view> received, rport;
    grammar::read_parameters(via.parameters.text, [&](const grammar::Parameter& parameter) {
        if (!received && equals_ignoring_case(parameter.name, "received")) {
            received = parameter.value;
        } else if (!rport && equals_ignoring_case(parameter.name, "rport")) {
            rport = parameter.value;
        }
    });
    const bool is_source = IpAddress::parse(via.host) == source.address;
    if (is_source && !rport && !received) {
        return std::nullopt;
    }
    const std::string address = source.address.to_string();
    const std::string port = std::to_string(source.port);
    if (received == address && (rport ? *rport == port : !is_source)) {
        return std::nullopt;
    }
    const WrittenVia written = append_without_source(out, via);
    out.append(";received=").append(address);
    if (rport) {
        out.append(";rport=").append(port);
    }
    return written;
}

}  // namespace

Parsed MessageParser::parse(std::string bytes, Framing framing, Origin origin,
                            const Endpoint* source) {
    if (source != nullptr && bytes.capacity() < bytes.size() + Message::stamp_room) {
        bytes.reserve(bytes.size() + Message::stamp_room);
    }
    MessageParser parser(std::move(bytes), framing, origin);
    if (!parser.read_start_line()) {
        return {nullptr, ParseError{ParseFault::NotSip, 0}};
    }
    parser.read_head();
    if (source != nullptr) {
        parser.stamp(*source);
    }
    parser.read_body();
    parser.screen();
    return {std::move(parser.message_), parser.fault_};
}

Parsed MessageParser::take_written(std::string bytes, std::span<const WrittenLine> lines,
                                   std::size_t head_end, const Echo* echo) {
    MessageParser parser(std::move(bytes), Framing::Datagram, Origin::Own);
    if (!parser.read_start_line()) {
        return {nullptr, ParseError{ParseFault::NotSip, 0}};
    }
    parser.index(lines, head_end);
    parser.read_body();
    if (echo != nullptr) {
        parser.take(*echo);
    } else {
        parser.screen();
    }
    return {std::move(parser.message_), parser.fault_};
}

// Lets a Message be made together with the count of its owners.
struct MessageParser::Made final : Message {};

MessageParser::MessageParser(std::string bytes, Framing framing, Origin origin)
    : message_(std::make_shared<Made>()),
      framing_(framing),
      origin_(origin),
      is_judged_(origin == Origin::Received || judges_own) {
    message_->bytes_ = std::move(bytes);
    message_->headers_.reserve(usual_header_lines);
}

void MessageParser::fault(ParseFault what, std::string_view where) {
    fault(ParseError{what, 0}, where);
}

// `where` is the text that error.offset counts from: a part of the buffer, or of an unfolded value,
// which has no place in it.
void MessageParser::fault(const ParseError& error, std::string_view where) {
    if (fault_) {
        return;
    }
    fault_ = error;
    const std::string& bytes = message_->bytes_;
    const auto inside = std::less_equal<>{}(bytes.data(), where.data()) &&
                        std::less_equal<>{}(where.data(), bytes.data() + bytes.size());
    fault_->offset =
        inside ? error.offset + static_cast<std::size_t>(where.data() - bytes.data()) : 0;
}

bool MessageParser::read_start_line() {
    const std::string& bytes = message_->bytes_;
    while (bytes.compare(at_, 2, "\r\n") == 0) {  // RFC 3261 §7.5
        at_ += 2;
    }
    if (at_ > 0) {
        message_->bytes_.erase(0, at_);
        at_ = 0;
    }
    const std::size_t end = std::min(bytes.find("\r\n"), bytes.size());
    if (end == bytes.size()) {
        return false;
    }
    if (origin_ == Origin::Received && bytes.size() > limits::message) {
        fault(ParseFault::TooLarge, bytes);
    }
    const std::string_view line(bytes.data(), end);
    at_ = end + 2;
    if (line.size() >= sip_prefix.size() &&
        equals_ignoring_case(line.substr(0, sip_prefix.size()), sip_prefix)) {
        return read_status_line(line);
    }
    return read_request_line(line);
}

// Status-Line: SIP-Version SP 3DIGIT SP Reason-Phrase
bool MessageParser::read_status_line(std::string_view line) {
    const std::size_t space = std::min(line.find(' '), line.size());
    if (!is_version(line.substr(0, space))) {
        return false;
    }
    read_version(line.substr(0, space));
    const std::string_view rest = line.substr(std::min(space + 1, line.size()));
    const auto status = parse_number(rest.substr(0, std::min(rest.find(' '), rest.size())), 699);
    if (!status || *status < 100 || rest.size() < 4 || rest[3] != ' ') {
        fault(ParseFault::BadStartLine, rest);
        return true;
    }
    message_->status_ = static_cast<int>(*status);
    message_->reason_ = rest.substr(4);
    return true;
}

// Request-Line: Method SP Request-URI SP SIP-Version
bool MessageParser::read_request_line(std::string_view line) {
    const std::string_view trimmed = grammar::trim_blanks(line);
    const auto last = std::find_if(trimmed.rbegin(), trimmed.rend(), grammar::is_blank);
    const auto last_blank = static_cast<std::size_t>(trimmed.rend() - last) - 1;
    if (last == trimmed.rend() || !is_version(trimmed.substr(last_blank + 1))) {
        return false;
    }
    const std::size_t method_end = grammar::skip(Chars::Token, trimmed, 0);
    const std::string_view method = trimmed.substr(0, method_end);
    if (method.empty() || !grammar::is_blank(trimmed[method_end])) {
        return false;
    }
    message_->is_request_ = true;
    message_->method_text_ = method;
    message_->method_ = parse_method(method);
    read_version(trimmed.substr(last_blank + 1));
    if (method_end == last_blank) {
        fault(ParseFault::BadStartLine, trimmed.substr(last_blank));
        return true;
    }
    const std::string_view between = trimmed.substr(method_end + 1, last_blank - method_end - 1);
    const std::string_view uri = grammar::trim_blanks(between);
    // RFC 3261 §7.1: one SP each; a request that needs guessing is refused (RFC 4475 §3.1.2.8 to
    // 10).
    if (trimmed.size() != line.size() || uri.size() != between.size() || uri.empty() ||
        trimmed[method_end] != ' ' || trimmed[last_blank] != ' ') {
        fault(ParseFault::BadStartLine, between);
    }
    read_request_uri(uri);
    return true;
}

void MessageParser::read_version(std::string_view version) {
    if (!equals_ignoring_case(version, version_2_0)) {
        fault(ParseFault::BadVersion, version);
    }
}

void MessageParser::read_request_uri(std::string_view text) {
    message_->request_uri_text_ = text;
    auto uri = parse_uri(text);
    if (!uri) {
        fault(uri.error(), text);
        return;
    }
    message_->request_uri_ = *uri;
    if (uri->scheme == Scheme::Other) {
        fault(ParseFault::UnknownScheme, text);
    } else if (!uri->headers.empty()) {
        fault(ParseFault::BadUri, uri->headers);  // RFC 3261 §19.1.1, table 1
    }
}

// The next line with the lines folded into it, without the last line end; at_ moves behind it.
// Null: the octets end before it does.
std::string_view MessageParser::take_line() {
    const std::string& bytes = message_->bytes_;
    const std::size_t start = at_;
    std::size_t end = start;
    is_folded_ = false;
    while (true) {
        if (at_ == bytes.size()) {
            return {};
        }
        // Not a C string. NOLINTNEXTLINE(bugprone-not-null-terminated-result)
        const void* found = std::memchr(bytes.data() + at_, '\n', bytes.size() - at_);
        if (found == nullptr) {
            return {};
        }
        const auto feed = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
        end = feed;
        if (feed > at_ && bytes[feed - 1] == '\r') {
            --end;
        } else {
            fault(ParseFault::BadHeaderLine, {bytes.data() + feed, 1});  // LF alone ends no line
        }
        const bool is_empty = end == start;
        at_ = feed + 1;
        if (is_empty || at_ == bytes.size() || !grammar::is_blank(bytes[at_])) {
            return {bytes.data() + start, end - start};
        }
        is_folded_ = true;
    }
}

void MessageParser::read_head() {
    const std::string& bytes = message_->bytes_;
    const bool is_limited = origin_ == Origin::Received;
    while (true) {
        const std::size_t start = at_;
        const std::string_view line = take_line();
        if (line.data() == nullptr) {
            fault(at_ > limits::head && is_limited ? ParseFault::TooLarge : ParseFault::Incomplete,
                  std::string_view(bytes).substr(bytes.size()));
            at_ = bytes.size();
            break;
        }
        if (line.empty()) {
            has_head_end_ = true;
            break;
        }
        if (is_limited &&
            (at_ > limits::head || message_->headers_.size() == limits::header_lines)) {
            fault(ParseFault::TooLarge, line);
            at_ = bytes.size();
            break;
        }
        read_header(line, start);
    }
    if (is_judged_) {
        check_controls({bytes.data(), at_});
    }
}

void MessageParser::index(std::span<const WrittenLine> lines, std::size_t head_end) {
    const std::string_view bytes = message_->bytes_;
    constexpr std::size_t line_end = 2;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const WrittenLine& line = lines[i];
        const std::size_t end = i + 1 < lines.size() ? lines[i + 1].start : head_end - line_end;
        std::uint16_t& first = message_->first_[static_cast<std::size_t>(line.id)];
        if (first == 0) {
            first = static_cast<std::uint16_t>(i + 1);
        }
        message_->headers_.push_back(
            {line.id, bytes.substr(line.start, line.name_size),
             grammar::trim_blanks(bytes.substr(line.value_at, end - line_end - line.value_at)),
             bytes.substr(line.start, end - line.start)});
    }
    at_ = head_end;
    has_head_end_ = true;
}

// message-header: field-name HCOLON field-value
void MessageParser::read_header(std::string_view line, std::size_t start) {
    const std::size_t name_end = grammar::skip(Chars::Token, line, 0);
    const std::size_t colon = grammar::skip_blanks(line, name_end);
    if (name_end == 0 || colon == line.size() || line[colon] != ':') {
        fault(ParseFault::BadHeaderLine, line);
        return;
    }
    HeaderLine header;
    header.name = line.substr(0, name_end);
    header.id = parse_header_name(header.name);
    header.value = grammar::trim_blanks(line.substr(colon + 1));
    if (is_folded_) {
        header.value = unfold(header.value);
    }
    header.raw = {message_->bytes_.data() + start, at_ - start};

    std::uint16_t& first = message_->first_[static_cast<std::size_t>(header.id)];
    if (first == 0) {
        first = static_cast<std::uint16_t>(message_->headers_.size() + 1);
    } else if (is_single(header.id) || (message_->is_request_ && is_single_in_request(header.id))) {
        fault(ParseFault::DuplicateHeader, line);
    }
    if (is_judged_ && is_list(header.id) && header.value.size() > 2 * limits::list_values &&
        std::count(header.value.begin(), header.value.end(), ',') >=
            static_cast<std::ptrdiff_t>(limits::list_values)) {
        fault(ParseFault::TooLarge, line);
    }
    message_->headers_.push_back(header);
}

// A fold, with all white space around it, is one blank (RFC 3261 §7.3.1).
std::string_view MessageParser::unfold(std::string_view value) {
    std::string& side = message_->unfolded_;
    if (side.capacity() < message_->bytes_.size()) {
        side.reserve(message_->bytes_.size());  // once: views into it must stay good
    }
    const std::size_t start = side.size();
    while (!value.empty()) {
        const std::size_t feed = std::min(value.find('\n'), value.size());
        const std::string_view piece = trim(value.substr(0, feed));
        if (side.size() > start && !piece.empty()) {
            side.push_back(' ');
        }
        side.append(piece);
        value.remove_prefix(std::min(feed + 1, value.size()));
    }
    return std::string_view(side).substr(start);
}

// Control characters may stand only behind a backslash (quoted-pair), CR and LF only as line ends.
void MessageParser::check_controls(std::string_view head) {
    const std::size_t line_ends = 2 * (message_->headers_.size() + (has_head_end_ ? 2 : 1));
    if (count_controls(head) == line_ends) {
        return;
    }
    for (std::size_t i = 0; i < head.size(); ++i) {
        const auto octet = static_cast<unsigned char>(head[i]);
        const bool is_control = (octet < 0x20 && octet != '\t') || octet == 0x7f;
        const bool ends_line = octet == '\n' && i > 0 && head[i - 1] == '\r';
        if (!is_control || ends_line) {
            continue;
        }
        const bool is_line_end = octet == '\r' && i + 1 < head.size() && head[i + 1] == '\n';
        const bool is_quoted = octet != '\r' && i > 0 && head[i - 1] == '\\';
        if (!is_line_end && !is_quoted) {
            fault(ParseFault::BadHeaderLine, head.substr(i));
            return;
        }
    }
}

// RFC 3261 §18.2.1, RFC 3581 §4. The line is replaced in place, and what stands behind it moves.
void MessageParser::stamp(const Endpoint& source) {
    const std::uint16_t first = message_->first_[static_cast<std::size_t>(HeaderName::Via)];
    if (fault_ || !message_->is_request_ || first == 0) {
        return;
    }
    std::vector<HeaderLine>& headers = message_->headers_;
    HeaderLine& line = headers[first - 1U];
    std::string_view rest = line.value;
    const auto via = parse_via(grammar::next_value(rest));
    if (!via) {
        return;  // to be refused
    }
    std::string text;
    text.reserve(line.raw.size() + Message::stamp_room);
    text.append(line.name).append(": ");
    const std::size_t name_size = text.size();
    const auto written = append_stamped(text, *via, source);
    if (!written) {
        message_->top_via_ = *via;
        return;
    }
    const std::size_t stamped_size = text.size() - name_size;
    std::string& bytes = message_->bytes_;
    const auto start = static_cast<std::size_t>(line.raw.data() - bytes.data());
    const std::size_t length = line.raw.size();
    const auto via_end =
        static_cast<std::size_t>(via->text.data() - line.value.data()) + via->text.size();
    text.append(line.value.substr(via_end));
    const std::size_t value_at = start + name_size;
    const std::size_t value_size = text.size() - name_size;
    text.append("\r\n");
    CHECK(bytes.size() - length + text.size() <= bytes.capacity());  // stamp_room: nothing moves
    bytes.replace(start, length, text);

    const std::string_view all = bytes;
    Via& stamped = message_->top_via_;
    stamped = Moved(via->text, all.data() + value_at)(*via);
    stamped.text = all.substr(value_at, stamped_size);
    stamped.parameters.text = stamped.text.substr(written->parameters - name_size);
    if (written->branch != 0) {
        stamped.branch_value = all.substr(start + written->branch, stamped.branch_value.size());
    }
    line.name = all.substr(start, line.name.size());
    line.value = all.substr(value_at, value_size);
    line.raw = all.substr(start, text.size());
    // A folded line may have become shorter.
    const auto move = [by = static_cast<std::ptrdiff_t>(text.size()) -
                            static_cast<std::ptrdiff_t>(length)](std::string_view& view) {
        view = {view.data() + by, view.size()};
    };
    for (std::size_t i = first; i < headers.size(); ++i) {
        move(headers[i].name);
        move(headers[i].raw);
        if (!is_unfolded(headers[i].value)) {
            move(headers[i].value);
        }
    }
    at_ += text.size() - length;
}

// It stands beside the octets of the message.
bool MessageParser::is_unfolded(std::string_view value) const {
    const std::string& side = message_->unfolded_;
    return std::less_equal<>{}(side.data(), value.data()) &&
           std::less_equal<>{}(value.data(), side.data() + side.size());
}

void MessageParser::read_body() {
    std::string& bytes = message_->bytes_;
    const std::size_t available = bytes.size() - at_;
    std::size_t length = available;
    if (const HeaderLine* line = message_->header(HeaderName::ContentLength)) {
        const auto number = parse_number(line->value);
        if (!number) {
            fault(ParseFault::BadContentLength, line->value);
        } else if (*number > available) {
            fault(ParseFault::Incomplete, line->value);
        } else {
            length = static_cast<std::size_t>(*number);
        }
    } else if (framing_ == Framing::Stream) {
        fault(ParseFault::MissingHeader, std::string_view(bytes).substr(at_, 0));
    }
    if (length < available) {
        if (framing_ == Framing::Stream) {
            fault(ParseFault::BadContentLength, std::string_view(bytes).substr(at_, 0));
        }
        if (!fault_) {
            bytes.resize(at_ + length);  // RFC 3261 §18.3; shrinking moves nothing
        }
    }
    message_->body_ = std::string_view(bytes).substr(at_, length);
}

void MessageParser::screen() {
    screen_via();
    screen_address(HeaderName::From, message_->from_, message_->from_tag_);
    screen_address(HeaderName::To, message_->to_, message_->to_tag_);
    screen_call_id();
    screen_cseq();
    screen_numbers();
    if (message_->is_request_ && is_judged_) {
        screen_addresses();
    }
}

void MessageParser::take(const Echo& echo) {
    message_->top_via_ = echo.top_via;
    message_->from_ = echo.from;
    message_->from_tag_ = echo.from_tag;
    message_->to_ = echo.to;
    message_->to_tag_ = echo.to_tag;
    message_->cseq_ = echo.cseq;
    screen_call_id();
    screen_numbers();
}

const HeaderLine* MessageParser::mandatory(HeaderName name) {
    const HeaderLine* line = message_->header(name);
    if (line == nullptr) {
        fault(ParseFault::MissingHeader, std::string_view(message_->bytes_).substr(at_, 0));
    }
    return line;
}

void MessageParser::screen_via() {
    const HeaderLine* line = mandatory(HeaderName::Via);
    if (line == nullptr) {
        return;
    }
    std::string_view rest = line->value;
    const std::string_view top = grammar::next_value(rest);
    const bool is_stamped = !message_->top_via_.text.empty();
    if (!is_stamped || judges_own) {
        auto via = parse_via(top);
        if (!via) {
            fault(via.error(), top);
            return;
        }
        CHECK(!is_stamped || message_->top_via_ == *via);
        message_->top_via_ = *via;
    }
    const Via& via = message_->top_via_;
    if (equals_ignoring_case(via.branch(), magic_cookie) || via.has_two_branches) {
        fault(ParseFault::BadVia, top);  // no transaction can be told from another
    }
    if (origin_ != Origin::Received) {
        return;
    }
    std::size_t count = 0;
    for (const HeaderLine& one : message_->headers_) {
        if (one.id == HeaderName::Via) {
            ++count;
            for (auto at = one.value.find(','); at != one.value.npos;
                 at = one.value.find(',', at + 1)) {
                ++count;
            }
        }
    }
    if (count > limits::vias) {
        fault(ParseFault::TooLarge, top);
    }
}

void MessageParser::screen_address(HeaderName name, NameAddr& address, std::string_view& tag) {
    const HeaderLine* line = mandatory(name);
    if (line == nullptr) {
        return;
    }
    auto parsed = parse_name_addr(line->value);
    if (!parsed) {
        fault(parsed.error(), line->value);
        return;
    }
    address = *parsed;
    if (address.first_tag) {
        tag = *address.first_tag;
        if (tag.empty() || address.has_two_tags) {
            fault(ParseFault::BadParameter, line->value);
        }
    }
}

// callid: word [ "@" word ]
void MessageParser::screen_call_id() {
    if (const HeaderLine* line = mandatory(HeaderName::CallId)) {
        message_->call_id_ = line->value;
        if (is_judged_ && !grammar::is_all(Chars::Word, line->value)) {
            fault(ParseFault::BadHeaderLine, line->value);
        }
    }
}

void MessageParser::screen_cseq() {
    const HeaderLine* line = mandatory(HeaderName::CSeq);
    if (line == nullptr) {
        return;
    }
    auto cseq = parse_cseq(line->value);
    if (!cseq) {
        fault(cseq.error(), line->value);
        return;
    }
    message_->cseq_ = *cseq;
    if (message_->is_request_ && cseq->method_text != message_->method_text_) {
        fault(ParseFault::MethodMismatch, line->value);
    }
}

void MessageParser::screen_numbers() {
    const auto read = [this](HeaderName name, std::uint64_t max) -> std::optional<std::uint32_t> {
        const HeaderLine* line = message_->header(name);
        if (line == nullptr) {
            return std::nullopt;
        }
        const auto number = parse_number(line->value, max);
        if (number) {
            return static_cast<std::uint32_t>(*number);
        }
        if (message_->is_request_) {
            fault(ParseFault::BadNumber, line->value);
        }
        return std::nullopt;
    };
    message_->max_forwards_ = read(HeaderName::MaxForwards, limits::max_forwards);
    message_->expires_ = read(HeaderName::Expires, limits::delta_seconds);
}

// The addresses that a request gives us to send to: whoever uses them later need not fear them.
void MessageParser::screen_addresses() {
    for (const HeaderName name : {HeaderName::Route, HeaderName::RecordRoute, HeaderName::Path}) {
        if (message_->header(name) == nullptr) {
            continue;
        }
        if (auto list = message_->name_addrs(name); !list) {
            fault(list.error(), message_->header(name)->value);
        }
    }
    if (message_->header(HeaderName::Contact) == nullptr) {
        return;
    }
    if (auto contacts = parse_contacts(*message_)) {
        message_->contacts_ = std::move(*contacts);
    } else {
        fault(contacts.error(), message_->header(HeaderName::Contact)->value);
    }
}

}  // namespace ringwall::sip
