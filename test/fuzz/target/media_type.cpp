// media-type, and the parts of a body: what is read lies within the text and reads the same again.
#include "sip/header/media_type.h"

#include <string>

#include "base/check.h"
#include "fuzz/target.h"
#include "fuzz/views.h"
#include "sip/body_parts.h"

namespace ringwall::fuzz {

void run(std::string_view octets) {
    std::size_t sum = 0;
    for (const sip::BodyPart& part : sip::body_parts(octets)) {
        CHECK(is_within(part.content, octets) && is_within(part.content_type, octets));
        sum += part.content.size();
    }
    CHECK(sum <= octets.size());
    const auto type = sip::parse_media_type(octets);
    if (!type) {
        CHECK(type.error().offset <= octets.size());
        return;
    }
    CHECK(is_within(type->type, octets) && is_within(type->subtype, octets));
    CHECK(type->end <= octets.size());
    const std::string plain = std::string(type->type) + "/" + std::string(type->subtype);
    CHECK(sip::is_media_type(plain, type->type, type->subtype));
    CHECK(sip::is_media_type(octets.substr(0, type->end), type->type, type->subtype));
}

}  // namespace ringwall::fuzz
