#include "sbc/registrar/location.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"

namespace ringwall::sbc::registrar {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr TimePoint start{1000s};

Binding binding(const std::string& user, const std::string& contact, FlowId flow,
                TimePoint expires = start + 60s) {
    Binding out;
    out.address_of_record = user;
    out.contact = contact;
    out.hop = {.flow = flow, .remote = {}, .transport = sip::Transport::Tls};
    out.expires = expires;
    out.refreshed = start;
    return out;
}

auto contact_is(const std::string& contact) {
    return Field(&Binding::contact, contact);
}

TEST(Location, OrdersByQThenByAge) {
    Location location;
    Binding low = binding("a@x", "sip:low", {1});
    low.q = 500;
    Binding old = binding("a@x", "sip:old", {2});
    Binding fresh = binding("a@x", "sip:fresh", {3});
    fresh.refreshed = start + 1s;
    location.assign("a@x", {low, old, fresh});
    EXPECT_THAT(location.find("a@x", start),
                ElementsAre(contact_is("sip:fresh"), contact_is("sip:old"), contact_is("sip:low")));
    EXPECT_THAT(location.find("b@x", start), IsEmpty());
}

TEST(Location, ForgetsWhatHasExpired) {
    Location location;
    location.assign("a@x", {binding("a@x", "sip:1", {1}, start + 10s),
                            binding("a@x", "sip:2", {1}, start + 20s)});
    EXPECT_EQ(location.next_expiry(), start + 10s);
    EXPECT_THAT(location.find("a@x", start + 10s), ElementsAre(contact_is("sip:2")));
    EXPECT_THAT(location.expire(start + 9s), IsEmpty());
    EXPECT_THAT(location.expire(start + 10s), ElementsAre(contact_is("sip:1")));
    EXPECT_EQ(location.next_expiry(), start + 20s);
    EXPECT_EQ(location.binding_count(), 1U);
    EXPECT_THAT(location.registered_on({1}, start + 20s), IsEmpty());
    EXPECT_THAT(location.expire(start + 20s), ElementsAre(contact_is("sip:2")));
    EXPECT_EQ(location.user_count(), 0U);
    EXPECT_FALSE(location.next_expiry());
}

// It is looked at when it would have expired, and again when it does.
TEST(Location, ExpiresWhatWasRefreshedAtItsNewTime) {
    Location location;
    location.assign("a@x", {binding("a@x", "sip:1", {1}, start + 10s)});
    location.assign("a@x", {binding("a@x", "sip:1", {1}, start + 30s)});
    EXPECT_TRUE(location.is_consistent());
    EXPECT_THAT(location.expire(start + 10s), IsEmpty());
    EXPECT_EQ(location.next_expiry(), start + 30s);
    location.assign("a@x", {binding("a@x", "sip:1", {1}, start + 20s)});
    EXPECT_EQ(location.next_expiry(), start + 20s);
    EXPECT_TRUE(location.is_consistent());
    EXPECT_THAT(location.expire(start + 20s), ElementsAre(contact_is("sip:1")));
    EXPECT_EQ(location.user_count(), 0U);
    EXPECT_TRUE(location.is_consistent());
}

// RFC 5626 §5.3: a binding is no better than its connection.
TEST(Location, DropsTheBindingsOfAClosedConnection) {
    Location location;
    location.assign("a@x", {binding("a@x", "sip:1", {1}), binding("a@x", "sip:2", {2})});
    location.assign("b@x", {binding("b@x", "sip:3", {1})});
    EXPECT_THAT(location.registered_on({1}, start), UnorderedElementsAre("a@x", "b@x"));
    EXPECT_THAT(location.drop_flow({1}),
                UnorderedElementsAre(contact_is("sip:1"), contact_is("sip:3")));
    EXPECT_THAT(location.registered_on({1}, start), IsEmpty());
    EXPECT_THAT(location.find("a@x", start), ElementsAre(contact_is("sip:2")));
    EXPECT_THAT(location.find("b@x", start), IsEmpty());
    EXPECT_THAT(location.drop_flow({1}), IsEmpty());
}

// All phones over UDP share the flow of the socket.
TEST(Location, TakesNoUdpSocketForAConnection) {
    Location location;
    Binding udp = binding("a@x", "sip:1", {1});
    udp.hop.transport = sip::Transport::Udp;
    location.assign("a@x", {udp});
    EXPECT_THAT(location.registered_on({1}, start), IsEmpty());
    EXPECT_THAT(location.drop_flow({1}), IsEmpty());
    EXPECT_EQ(location.binding_count(), 1U);
}

TEST(Location, MovesABindingToItsNewConnection) {
    Location location;
    location.assign("a@x", {binding("a@x", "sip:1", {1})});
    location.assign("a@x", {binding("a@x", "sip:1", {2})});
    EXPECT_THAT(location.drop_flow({1}), IsEmpty());
    EXPECT_THAT(location.registered_on({2}, start), ElementsAre("a@x"));
}

TEST(Location, StaysConsistentWhateverHappens) {
    Location location;
    SeededRandom random(11);
    TimePoint now = start;
    for (int round = 0; round < 5000; ++round) {
        const std::string user = std::to_string(random.number() % 10) + "@x";
        switch (random.number() % 4) {
            case 0:
                location.drop_flow({1 + random.number() % 8});
                break;
            case 1:
                now += std::chrono::seconds(random.number() % 5);
                location.expire(now);
                break;
            default: {
                std::vector<Binding> bindings;
                for (std::uint64_t i = random.number() % 4; i > 0; --i) {
                    bindings.push_back(binding(user, "sip:" + std::to_string(i),
                                               {1 + random.number() % 8},
                                               now + std::chrono::seconds(random.number() % 30)));
                    if (random.number() % 4 == 0) {
                        bindings.back().hop.transport = sip::Transport::Udp;
                    }
                }
                location.assign(user, std::move(bindings));
            }
        }
        ASSERT_TRUE(location.is_consistent()) << "after step " << round;
    }
}

TEST(Location, DropsAndCountsByAdjacency) {
    Location location;
    Binding other = binding("a@x", "sip:2", {2});
    other.adjacency = 1;
    location.assign("a@x", {binding("a@x", "sip:1", {1}), other});
    location.assign("b@x", {binding("b@x", "sip:3", {3})});
    EXPECT_THAT(location.count_by_adjacency(3), ElementsAre(2, 1, 0));

    const auto dropped = location.drop_if([](const Binding& each) { return each.adjacency == 0; });
    EXPECT_THAT(dropped, UnorderedElementsAre(contact_is("sip:1"), contact_is("sip:3")));
    EXPECT_THAT(location.find("a@x", start), ElementsAre(contact_is("sip:2")));
    EXPECT_EQ(location.user_count(), 1U);
    EXPECT_THAT(location.registered_on({1}, start), IsEmpty());
    EXPECT_TRUE(location.is_consistent());
}

}  // namespace
}  // namespace ringwall::sbc::registrar
