#include "engine/siblings.h"

#include <gtest/gtest.h>

#include <set>

#include "sip/message_builder.h"
#include "sip/transaction/layer.h"

namespace ringwall::engine {
namespace {

using sip::HeaderName;

class ThreeSiblings final : public Siblings {
public:
    ShardNumber count() const override { return 3; }
    void post(ShardNumber, Letter) override {}
    void flush() override {}
    void post_now(ShardNumber, Letter) override {}
};

sip::MessageBuilder request(const std::string& method, const std::string& to_tag = {}) {
    auto builder = sip::MessageBuilder::request(method, "sip:bob@example.com");
    builder.header(HeaderName::Via, "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1")
        .header(HeaderName::MaxForwards, "70")
        .header(HeaderName::From, "<sip:alice@example.com>;tag=a")
        .header(HeaderName::To, "<sip:bob@example.com>" + (to_tag.empty() ? "" : ";tag=" + to_tag))
        .header(HeaderName::CallId, "c")
        .header(HeaderName::CSeq, "1 " + method)
        .header(HeaderName::Contact, "<sip:alice@192.0.2.1>");
    return builder;
}

TEST(OwnerNamedBy, TheBranchOfAResponse) {
    SeededRandom random(1);
    const std::string branch = sip::transaction::make_branch(Bucket{42}, random);
    const auto sent = sip::MessageBuilder::request("OPTIONS", "sip:bob@example.com")
                          .header(HeaderName::Via, "SIP/2.0/UDP 192.0.2.1;branch=" + branch)
                          .header(HeaderName::MaxForwards, "70")
                          .header(HeaderName::From, "<sip:alice@example.com>;tag=a")
                          .header(HeaderName::To, "<sip:bob@example.com>")
                          .header(HeaderName::CallId, "c")
                          .header(HeaderName::CSeq, "1 OPTIONS")
                          .build();
    EXPECT_EQ(owner_named_by(*sip::reply(*sent, 200, "theirs").build()), Bucket{42});
    EXPECT_FALSE(owner_named_by(*sip::reply(*request("OPTIONS").build(), 200, "x").build()));
}

TEST(OwnerNamedBy, TheToTagOfARequest) {
    SeededRandom random(1);
    const std::string tag = bucket_token(Bucket{7}, random, 20);
    EXPECT_EQ(owner_named_by(*request("BYE", tag).build()), Bucket{7});
    EXPECT_FALSE(owner_named_by(*request("BYE", "theirs").build()));
    EXPECT_FALSE(owner_named_by(*request("INVITE").build()));
}

// RFC 3891 §3: the To tag of a dialog that is matched is the receiver's own.
TEST(OwnerNamedBy, TheDialogThatAnInviteIsToReplace) {
    SeededRandom random(1);
    const std::string tag = bucket_token(Bucket{9}, random, 20);
    const auto replaces = "c1;from-tag=05theirs;to-tag=" + tag;
    EXPECT_EQ(owner_named_by(*request("INVITE").header(HeaderName::Replaces, replaces).build()),
              Bucket{9});
    EXPECT_FALSE(owner_named_by(*request("INVITE").header(HeaderName::Replaces, "c1").build()));
}

TEST(Place, EveryBucketHasOneOwner) {
    ThreeSiblings siblings;
    SeededRandom random(3);
    std::set<unsigned> seen;
    for (ShardNumber number = 0; number < 3; ++number) {
        const Place place{number, &siblings};
        EXPECT_EQ(place.owner(place.own_bucket()), number);
        for (int i = 0; i < 1000; ++i) {
            const Bucket bucket = place.new_bucket(random);
            ASSERT_LT(bucket.value, bucket_count);
            ASSERT_EQ(place.owner(bucket), number);
            seen.insert(bucket.value);
        }
    }
    EXPECT_EQ(seen.size(), bucket_count);
}

TEST(Place, AloneOwnsAll) {
    const Place alone;
    for (unsigned value = 0; value < bucket_count; ++value) {
        EXPECT_EQ(alone.owner(Bucket{static_cast<std::uint8_t>(value)}), 0);
    }
}

}  // namespace
}  // namespace ringwall::engine
