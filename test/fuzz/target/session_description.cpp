// Session descriptions: the lines give the text again; taking out what protects the media leaves a
// description that reads and has none of it.
#include "sdp/session_description.h"

#include <string>
#include <vector>

#include "base/check.h"
#include "fuzz/target.h"
#include "fuzz/views.h"

namespace ringwall::fuzz {
namespace {

using sdp::Media;
using sdp::SessionDescription;

void check_lines(const SessionDescription& session, std::string_view octets) {
    CHECK(session.text() == octets);
    std::string joined;
    for (const sdp::Line& line : session.lines()) {
        CHECK(is_within(line.raw, session.text()) && is_within(line.value, line.raw));
        joined.append(line.raw);
    }
    CHECK(joined == octets);
    CHECK(session.without({}) == octets);
}

void check_media(const SessionDescription& session) {
    std::size_t end = 0;
    for (const Media& media : session.media()) {
        CHECK(media.first_line >= end && media.end_line > media.first_line);
        CHECK(session.lines()[media.first_line].type == 'm');
        CHECK(!media.formats.empty() && !media.protocol.empty());
        end = media.end_line;
        for (const sdp::Attribute& attribute : media.attributes) {
            CHECK(attribute.line > media.first_line && attribute.line < media.end_line);
            CHECK(media.find(attribute.name) != nullptr);
        }
    }
    CHECK(end <= session.lines().size());
}

void check_without_crypto(const SessionDescription& session) {
    std::vector<std::size_t> lines;
    for (const Media& media : session.media()) {
        for (const sdp::Attribute& attribute : media.attributes) {
            if (attribute.name == "crypto") {
                lines.push_back(attribute.line);
            }
        }
    }
    const std::string without = session.without(lines);
    const auto rest = SessionDescription::parse(without);
    CHECK(rest && rest->lines().size() == session.lines().size() - lines.size());
    CHECK(rest->media().size() == session.media().size());
    for (std::size_t i = 0; i < rest->media().size(); ++i) {
        CHECK(rest->media()[i].find("crypto") == nullptr);
        CHECK(rest->media()[i].port == session.media()[i].port);
        CHECK(rest->media()[i].direction == session.media()[i].direction);
        CHECK(rest->media()[i].connection == session.media()[i].connection);
    }
}

}  // namespace

void run(std::string_view octets) {
    const auto session = SessionDescription::parse(octets);
    if (!session) {
        CHECK(session.error().line >= 1 && !to_string(session.error().fault).empty());
        return;
    }
    check_lines(*session, octets);
    check_media(*session);
    check_without_crypto(*session);
}

}  // namespace ringwall::fuzz
