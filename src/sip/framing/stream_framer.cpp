#include "sip/framing/stream_framer.h"

#include <algorithm>
#include <cstring>

#include "base/text.h"
#include "sip/grammar.h"
#include "sip/limits.h"
#include "sip/message.h"

namespace ringwall::sip {
namespace {

// The Content-Length of a head (RFC 3261 §20.14); the same rules as in the message parser, so that
// both find the same end.
Result<std::size_t, ParseError> content_length(std::string_view head) {
    std::optional<std::size_t> length;
    std::size_t at = head.find('\n') + 1;  // behind the start line
    while (at < head.size()) {
        const std::size_t start = at;
        do {  // one header line with the lines folded into it
            at = std::min(head.find('\n', at), head.size() - 1) + 1;
        } while (at < head.size() && grammar::is_blank(head[at]));
        const char first = to_lower(head[start]);
        if (first != 'c' && first != 'l') {
            continue;
        }
        const std::string_view line = head.substr(start, at - start);
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos || parse_header_name(grammar::trim_blanks(line.substr(
                                                   0, colon))) != HeaderName::ContentLength) {
            continue;
        }
        if (length) {
            return fail(ParseError{ParseFault::DuplicateHeader, start});
        }
        const auto number = parse_number(trim(line.substr(colon + 1)));
        if (!number) {
            return fail(ParseError{ParseFault::BadContentLength, start});
        }
        if (*number > limits::message || head.size() + *number > limits::message) {
            return fail(ParseError{ParseFault::TooLarge, start});
        }
        length = static_cast<std::size_t>(*number);
    }
    if (!length) {
        return fail(ParseError{ParseFault::MissingHeader, head.size()});
    }
    return *length;
}

}  // namespace

void StreamFramer::feed(std::string_view bytes) {
    if (broken_) {
        return;
    }
    if (start_ > buffer_.size() / 2) {  // at most one octet is moved for each that was read
        buffer_.erase(0, start_);
        scanned_ -= start_;
        line_ -= start_;
        start_ = 0;
    }
    if (buffer_.empty()) {
        buffer_.reserve(bytes.size() + Message::stamp_room);  // perhaps it is one message
    }
    buffer_.append(bytes);
}

std::size_t StreamFramer::pending() const {
    return buffer_.size() - start_;
}

std::optional<StreamFramer::Event> StreamFramer::next() {
    if (broken_ || start_ == buffer_.size()) {
        return std::nullopt;
    }
    if (!is_in_message_) {
        if (buffer_[start_] == '\r') {
            return next_line_end();
        }
        if (!grammar::is(grammar::Chars::Token, buffer_[start_])) {
            return break_off({ParseFault::NotSip, 0}, 0);
        }
        is_in_message_ = true;
        is_second_line_end_ = false;
    }
    if (size_ == 0) {
        if (auto error = find_head_end()) {
            return break_off(*error, head_so_far_);
        }
    }
    if (size_ == 0 || pending() < size_) {
        return std::nullopt;
    }
    is_in_message_ = false;
    return WholeMessage{take_message()};
}

// What was read is mostly one message and no more: then it is handed out in its own memory, and an
// idle connection keeps no buffer.
std::string StreamFramer::take_message() {
    std::string bytes;
    if (start_ == 0 && size_ == buffer_.size()) {
        bytes.swap(buffer_);
    } else {
        bytes.reserve(size_ + Message::stamp_room);
        bytes.assign(buffer_, start_, size_);
        start_ += size_;
    }
    if (start_ == buffer_.size()) {
        std::string().swap(buffer_);
        start_ = 0;
    }
    scanned_ = line_ = start_;
    size_ = 0;
    return bytes;
}

// A CRLF between messages. Nobody can know whether a second one follows, so the first half of a
// ping gives a Pong of its own.
std::optional<StreamFramer::Event> StreamFramer::next_line_end() {
    if (pending() < 2) {
        return std::nullopt;
    }
    if (buffer_[start_ + 1] != '\n') {
        return break_off({ParseFault::NotSip, 0}, 0);
    }
    start_ += 2;
    scanned_ = line_ = start_;
    is_second_line_end_ = !is_second_line_end_;
    if (is_second_line_end_) {
        return Pong{};
    }
    return Ping{};
}

// Goes on where it stopped: every octet is looked at once. Sets size_ when the head is whole.
std::optional<ParseError> StreamFramer::find_head_end() {
    while (scanned_ < buffer_.size() && scanned_ - start_ < limits::head) {
        const std::size_t until = std::min(buffer_.size(), start_ + limits::head);
        const void* found = std::memchr(buffer_.data() + scanned_, '\n', until - scanned_);
        if (found == nullptr) {
            scanned_ = until;
            break;
        }
        const auto feed =
            static_cast<std::size_t>(static_cast<const char*>(found) - buffer_.data());
        scanned_ = feed + 1;
        if (buffer_[feed - 1] != '\r') {
            head_so_far_ = feed + 1 - start_;
            return ParseError{ParseFault::BadHeaderLine, feed - start_};
        }
        const bool is_empty_line = feed - line_ == 1;
        line_ = feed + 1;
        if (is_empty_line) {
            head_so_far_ = line_ - start_;
            auto length = content_length({buffer_.data() + start_, head_so_far_});
            if (!length) {
                return length.error();
            }
            size_ = head_so_far_ + *length;
            return std::nullopt;
        }
    }
    if (scanned_ - start_ >= limits::head) {
        head_so_far_ = limits::head;
        return ParseError{ParseFault::TooLarge, limits::head};
    }
    return std::nullopt;
}

StreamFramer::Event StreamFramer::break_off(const ParseError& error, std::size_t head) {
    Broken broken{error, buffer_.substr(start_, head)};
    broken_ = true;
    buffer_.clear();
    start_ = 0;
    return broken;
}

}  // namespace ringwall::sip
