#include "sdp/session_description.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.h"

namespace ringwall::sdp {
namespace {

std::vector<std::string_view> split(std::string_view text) {
    std::vector<std::string_view> out;
    while (true) {
        const std::size_t start = text.find_first_not_of(" \t");
        if (start == std::string_view::npos) {
            return out;
        }
        text.remove_prefix(start);
        const std::size_t end = std::min(text.find_first_of(" \t"), text.size());
        out.push_back(text.substr(0, end));
        text.remove_prefix(end);
    }
}

// Cuts the first line off `text`. Ends are CRLF, or LF alone (RFC 8866 §5). A CR alone or a NUL,
// which end a line for some peers, stand in none (RFC 8866 §9): what is behind them would pass
// unseen.
Line take_line(std::string_view& text) {
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
        content.find_first_of(std::string_view("\r\0", 2)) == std::string_view::npos) {
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
    const auto words = split(value);
    if (words.size() < 4) {
        return std::nullopt;
    }
    const auto port = parse_number(words[1].substr(0, words[1].find('/')), 65535);
    if (!port) {
        return std::nullopt;
    }
    Media media;
    media.media = words[0];
    media.port = static_cast<std::uint16_t>(*port);
    media.protocol = words[2];
    media.formats.assign(words.begin() + 3, words.end());
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
    session.text_ = std::make_shared<const std::string>(text);
    std::string_view rest = *session.text_;
    std::string_view connection;
    Direction direction = Direction::SendRecv;

    while (!rest.empty()) {
        const Line line = take_line(rest);
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
    out.reserve(text_->size());
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
