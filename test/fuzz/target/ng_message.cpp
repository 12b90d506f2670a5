// What the media engine says: what was read is written alike and read once more; a reply has no
// more in it than came.
#include "sbc/media/ng_message.h"

#include "base/check.h"
#include "fuzz/target.h"
#include "sbc/media/bencode.h"

namespace ringwall::fuzz {

void run(std::string_view octets) {
    using namespace sbc::media;
    if (const auto value = parse_bencode(octets)) {
        const std::string written = value->encoded();
        const auto again = parse_bencode(written);
        CHECK(again.has_value());
        CHECK(*again == *value);
        CHECK(written.size() <= octets.size());  // a length or number may have leading zeros
    }
    if (const auto reply = parse_ng_reply(octets)) {
        CHECK(reply->sdp.size() <= octets.size() && reply->reason.size() <= octets.size());
    }
    if (const auto datagram = split_ng_datagram(octets)) {
        CHECK(datagram->cookie.size() + datagram->content.size() + 1 == octets.size());
    }
}

}  // namespace ringwall::fuzz
