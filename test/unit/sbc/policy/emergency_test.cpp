#include "sbc/policy/emergency.h"

#include <gtest/gtest.h>

namespace ringwall::sbc::policy {
namespace {

// RFC 5031 §4.2.
TEST(Emergency, IsTheServiceSosAndWhatIsPartOfIt) {
    const Snapshot snapshot;
    const auto is_one = [&](std::string_view uri) {
        const auto parsed = sip::parse_uri(uri);
        return parsed && is_emergency(snapshot, *parsed);
    };
    EXPECT_TRUE(is_one("urn:service:sos"));
    EXPECT_TRUE(is_one("URN:service:SOS.fire"));
    EXPECT_FALSE(is_one("urn:service:sosig"));
    EXPECT_FALSE(is_one("urn:service:counseling"));
    EXPECT_FALSE(is_one("sip:sos@example.com"));
    EXPECT_FALSE(is_one("tel:112"));
}

}  // namespace
}  // namespace ringwall::sbc::policy
