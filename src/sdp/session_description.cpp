#include "sdp/session_description.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.h"

namespace ringwall::sdp {
namespace {

constexpr std::size_t usual_lines = 24;
constexpr std::size_t usual_media = 2;

constexpr bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

// The next word of `text`, cut off; empty when there is none.
std::string_view take_word(std::string_view& text) {
    const auto* const start = std::ranges::find_if_not(text, is_blank);
    const auto* const end = std::find_if(start, text.end(), is_blank);
    const std::string_view word(start, end);
    text = {end, text.end()};
    return word;
}

// Cuts the first line off `text`. Ends are CRLF, or LF alone (RFC 8866 §5). A CR alone or a NUL,
// which end a line for some peers, stand in none (RFC 8866 §9): what is behind them would pass
// unseen. `has_nul`: there is one somewhere in the text.
Line take_line(std::string_view& text, bool has_nul) {
    const std::size_t end = text.find('\n');
    Line line;
    line.raw = text.substr(0, end == std::string_view::npos ? end : end + 1);
    text.remove_prefix(line.raw.size());
    std::string_view content = line.raw;
    if (content.ends_with('\n')) {
        content.remove_suffix(1);
    }
    if (content.ends_with('\r')) {
        content.remove_suffix(1);
    }
    if (content.size() >= 2 && is_alpha(content[0]) && content[1] == '=' &&
        content.find('\r') == std::string_view::npos &&
        (!has_nul || content.find('\0') == std::string_view::npos)) {
        line.type = content[0];
        line.value = content.substr(2);
    }
    return line;
}

bool is_empty_line(const Line& line) {
    return trim(line.raw).empty();
}

Attribute attribute_of(const Line& line, std::size_t index) {
    const std::size_t colon = line.value.find(':');
    return {.name = line.value.substr(0, colon),
            .value =
                colon == std::string_view::npos ? std::string_view() : line.value.substr(colon + 1),
            .line = index};
}

std::optional<Direction> direction_of(std::string_view name) {
    if (name == "sendrecv") {
        return Direction::SendRecv;
    }
    if (name == "sendonly") {
        return Direction::SendOnly;
    }
    if (name == "recvonly") {
        return Direction::RecvOnly;
    }
    if (name == "inactive") {
        return Direction::Inactive;
    }
    return std::nullopt;
}

// "audio 49170/2 RTP/AVP 0 8"
std::optional<Media> media_of(std::string_view value) {
    constexpr std::size_t usual_count = 8;
    Media media;
    media.formats.reserve(usual_count);
    media.attributes.reserve(usual_count);
    media.media = take_word(value);
    const std::string_view ports = take_word(value);
    const auto port = parse_number(ports.substr(0, ports.find('/')), 65535);
    media.protocol = take_word(value);
    for (auto format = take_word(value); !format.empty(); format = take_word(value)) {
        media.formats.push_back(format);
    }
    if (!port || media.formats.empty()) {
        return std::nullopt;
    }
    media.port = static_cast<std::uint16_t>(*port);
    return media;
}

}  // namespace

std::string_view to_string(Fault fault) {
    switch (fault) {
        case Fault::BadLine:
            return "bad-line";
        case Fault::BadVersion:
            return "bad-version";
        case Fault::BadMedia:
            return "bad-media";
        case Fault::TooMany:
            return "too-many";
    }
    return "";
}

const Attribute* Media::find(std::string_view name) const {
    const auto found = std::ranges::find(attributes, name, &Attribute::name);
    return found == attributes.end() ? nullptr : &*found;
}

Result<SessionDescription, SdpError> SessionDescription::parse(std::string_view text) {
    SessionDescription session;
    session.text_ = text;
    std::string_view rest = text;
    const bool has_nul = text.find('\0') != std::string_view::npos;
    session.lines_.reserve(usual_lines);
    session.media_.reserve(usual_media);
    std::string_view connection;
    Direction direction = Direction::SendRecv;

    while (!rest.empty()) {
        const Line line = take_line(rest, has_nul);
        const std::size_t index = session.lines_.size();
        if (index == limits::lines) {
            return fail(SdpError{Fault::TooMany, index + 1});
        }
        session.lines_.push_back(line);
        if (line.type == 0) {
            // Empty lines are seen at the end only.
            if (index != 0 && is_empty_line(line) && trim(rest).empty()) {
                continue;
            }
            return fail(SdpError{Fault::BadLine, index + 1});
        }
        if (index == 0 && (line.type != 'v' || trim(line.value) != "0")) {
            return fail(SdpError{Fault::BadVersion, 1});
        }
        if (line.type == 'm') {
            auto media = media_of(line.value);
            if (!media) {
                return fail(SdpError{Fault::BadMedia, index + 1});
            }
            if (session.media_.size() == limits::media) {
                return fail(SdpError{Fault::TooMany, index + 1});
            }
            media->first_line = index;
            media->connection = connection;
            media->direction = direction;
            session.media_.push_back(std::move(*media));
        }
        Media* const media = session.media_.empty() ? nullptr : &session.media_.back();
        if (media != nullptr) {
            media->end_line = index + 1;
        }
        if (line.type == 'c') {
            (media != nullptr ? media->connection : connection) = line.value;
        } else if (line.type == 'a') {
            const Attribute attribute = attribute_of(line, index);
            if (const auto said = direction_of(attribute.name)) {
                (media != nullptr ? media->direction : direction) = *said;
            }
            (media != nullptr ? media->attributes : session.attributes_).push_back(attribute);
        }
    }
    if (session.lines_.empty()) {
        return fail(SdpError{Fault::BadVersion, 1});
    }
    return session;
}

std::string SessionDescription::without(std::span<const std::size_t> lines) const {
    std::string out;
    out.reserve(text_.size());
    for (std::size_t i = 0; i < lines_.size(); ++i) {
        if (!lines.empty() && lines.front() == i) {
            lines = lines.subspan(1);
        } else {
            out += lines_[i].raw;
        }
    }
    return out;
}

}  // namespace ringwall::sdp
