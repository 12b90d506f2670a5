#include <gtest/gtest.h>

#include "sip/header/event.h"
#include "sip/header/replaces.h"
#include "sip/header/subscription_state.h"

namespace ringwall::sip {
namespace {

TEST(EventHeader, HasAPackageAndAnId) {
    const auto event = parse_event("presence.winfo;id=7;x=y");
    ASSERT_TRUE(event);
    EXPECT_EQ(event->package, "presence.winfo");
    EXPECT_EQ(event->id, "7");
    EXPECT_FALSE(parse_event(""));
    EXPECT_FALSE(parse_event(";id=7"));
}

// RFC 6665 §8.2.1: other parameters do not count.
TEST(EventHeader, IsTheSameByPackageAndId) {
    EXPECT_TRUE(is_same_event(*parse_event("a;id=1;x=1"), *parse_event("a;x=2;id=1")));
    EXPECT_FALSE(is_same_event(*parse_event("a;id=1"), *parse_event("a")));
    EXPECT_FALSE(is_same_event(*parse_event("a"), *parse_event("A")));
}

TEST(SubscriptionStateHeader, SaysHowLongAndWhy) {
    const auto active = parse_subscription_state("active;expires=600");
    ASSERT_TRUE(active);
    EXPECT_FALSE(active->is_terminated());
    EXPECT_EQ(active->expires, 600U);
    const auto ended = parse_subscription_state("Terminated;reason=timeout;expires=x");
    ASSERT_TRUE(ended);
    EXPECT_TRUE(ended->is_terminated());
    EXPECT_EQ(ended->reason, "timeout");
    EXPECT_FALSE(ended->expires);
    EXPECT_FALSE(parse_subscription_state(""));
}

// RFC 3891 §6.1: exactly these two tags.
TEST(ReplacesHeader, NamesADialog) {
    const auto ids = parse_replaces("a84b@host ;from-tag=2;to-tag=1;early-only");
    ASSERT_TRUE(ids);
    EXPECT_EQ(ids->call_id, "a84b@host");
    EXPECT_EQ(ids->to_tag, "1");
    EXPECT_EQ(ids->from_tag, "2");
    EXPECT_TRUE(ids->early_only);
    for (const char* bad : {"", "a", "a;to-tag=1", "a;from-tag=1", ";to-tag=1;from-tag=2",
                            "a b;to-tag=1;from-tag=2", "a;to-tag=;from-tag=2"}) {
        EXPECT_FALSE(parse_replaces(bad)) << bad;
    }
}

TEST(ReplacesHeader, StandsEscapedInAUri) {
    const std::string value = replaces_value({"a@b", "1", "2", false});
    EXPECT_EQ(value, "a@b;to-tag=1;from-tag=2");
    const std::string headers = with_uri_header("Subject=x&replaces=old", "Replaces", value);
    EXPECT_EQ(headers, "Subject=x&Replaces=a%40b%3Bto-tag%3D1%3Bfrom-tag%3D2");
    EXPECT_EQ(uri_header(headers, "Replaces"), value);
    EXPECT_EQ(uri_header(headers, "Require"), "");
}

}  // namespace
}  // namespace ringwall::sip
