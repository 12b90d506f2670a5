#include "sbc/registrar/kept_bindings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringwall::sbc::registrar {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

constexpr Now then{TimePoint(5000s), WallTime(1'764'000'000s)};
// Another process, on another clock, ten seconds later.
constexpr Now later{TimePoint(70s), WallTime(1'764'000'010s)};

Adjacency phones(const std::string& name, Security security) {
    Adjacency out;
    out.name = name;
    out.profile = Profile::Access;
    out.security = security;
    out.is_attached = true;
    out.signaling_address = IpAddress::v4(192, 0, 2, 1);
    out.signaling_port = security == Security::TrustedEncrypted ? 5061 : 5060;
    out.remote_addresses = {{IpAddress::v4(192, 0, 2, 0), 24}};
    out.domains = {"example.com"};
    return out;
}

class KeptBindings : public ::testing::Test {
protected:
    KeptBindings() {
        snapshot.adjacencies = {phones("old", Security::Untrusted),
                                phones("home", Security::TrustedEncrypted)};
        Subscriber alice;
        alice.address_of_record = "alice@example.com";
        snapshot.subscribers.push_back(alice);
        udp.contact = "sip:alice@192.0.2.7:5062;x=\"1\"";
        udp.address_of_record = "alice@example.com";
        udp.hop = {{9}, {IpAddress::v4(192, 0, 2, 7), 5062}, sip::Transport::Udp};
        udp.call_id = "c1@192.0.2.7";
        udp.cseq = 4'000'000'000U;
        udp.expires = then.monotonic + 60s;
        udp.refreshed = then.monotonic - 5s;
        udp.user_agent = "a \"phone\"";
        udp.q = 700;
        tls = udp;
        tls.contact = "sips:alice@192.0.2.8:40001";
        tls.scheme = sip::Scheme::Sips;
        tls.hop = {{12}, {IpAddress::v4(192, 0, 2, 8), 40001}, sip::Transport::Tls};
        tls.adjacency = 1;
        tls.call_id = "c2";
        tls.instance = "urn:uuid:0C67446E-F1A1-11D9-94D3-000A95A0E128";
        tls.reg_id = 2;
        tls.path = {"<sips:proxy.example.com;lr>"};
    }
    std::vector<Binding> there_and_back(const std::vector<Binding>& bindings) {
        auto out =
            from_text("alice@example.com", to_text(bindings, snapshot, then), snapshot, later);
        EXPECT_TRUE(out);
        return out.value_or(std::vector<Binding>{});
    }

    Snapshot snapshot;
    Binding udp, tls;
};

TEST_F(KeptBindings, ComeBackWithTheTimeThatIsLeft) {
    const auto back = there_and_back({udp, tls});
    ASSERT_THAT(back, SizeIs(2));
    EXPECT_EQ(back[0].contact, udp.contact);
    EXPECT_EQ(back[0].address_of_record, udp.address_of_record);
    EXPECT_EQ(back[0].hop.remote, udp.hop.remote);
    EXPECT_FALSE(back[0].hop.flow) << "its socket is another";
    EXPECT_FALSE(back[0].is_stranded());
    EXPECT_EQ(back[0].adjacency, udp.adjacency);
    EXPECT_EQ(back[0].call_id, udp.call_id);
    EXPECT_EQ(back[0].cseq, udp.cseq);
    EXPECT_EQ(back[0].expires, later.monotonic + 50s);
    EXPECT_EQ(back[0].refreshed, later.monotonic - 15s);
    EXPECT_EQ(back[0].user_agent, udp.user_agent);
    EXPECT_EQ(back[0].q, 700);
    EXPECT_FALSE(back[0].behind);
    EXPECT_EQ(back[1].scheme, sip::Scheme::Sips);
    EXPECT_EQ(back[1].hop.transport, sip::Transport::Tls);
    EXPECT_TRUE(back[1].is_stranded());
    EXPECT_EQ(back[1].adjacency, 1);
    EXPECT_EQ(back[1].instance, tls.instance);
    EXPECT_EQ(back[1].reg_id, 2U);
    EXPECT_THAT(back[1].path, ElementsAre("<sips:proxy.example.com;lr>"));
}

// A machine without a battery for its clock begins in 1970.
TEST_F(KeptBindings, LastNoLongerThanTheyWereGrantedWhateverTheClockSays) {
    const std::string text = to_text({udp, tls}, snapshot, then);
    constexpr Now before{TimePoint(70s), WallTime(8s)};
    const auto back = from_text("alice@example.com", text, snapshot, before);
    ASSERT_TRUE(back);
    ASSERT_THAT(*back, SizeIs(2));
    for (const Binding& each : *back) {
        EXPECT_EQ(each.expires, before.monotonic + 65s);
        EXPECT_EQ(each.refreshed, before.monotonic);
    }
}

TEST_F(KeptBindings, ComeBackToTheAdjacencyOfThatName) {
    const std::string text = to_text({udp, tls}, snapshot, then);
    std::swap(snapshot.adjacencies[0], snapshot.adjacencies[1]);
    const auto back = from_text("alice@example.com", text, snapshot, later);
    ASSERT_TRUE(back);
    ASSERT_THAT(*back, SizeIs(2));
    EXPECT_EQ((*back)[0].adjacency, 1);
    EXPECT_EQ((*back)[1].adjacency, 0);
}

TEST_F(KeptBindings, OfARegistrarBehindBearItsToken) {
    snapshot.adjacencies.push_back(phones("core", Security::TrustedUnencrypted));
    snapshot.adjacencies[0].registration_target = 2;
    udp.behind = Behind{"rw-0123456789abcdef0123456789abcdef", then.monotonic + 900s, 1000s};
    const auto back = there_and_back({udp});
    ASSERT_THAT(back, SizeIs(1));
    ASSERT_TRUE(back[0].behind);
    EXPECT_EQ(back[0].behind->token, udp.behind->token);
    EXPECT_EQ(back[0].behind->expires, later.monotonic + 890s);
    EXPECT_EQ(back[0].behind->granted, 1000s);
}

// Each of these is somebody whom nobody registered so.
TEST_F(KeptBindings, AreGoneWhereTheyWouldNotBeMadeToday) {
    const std::string text = to_text({udp}, snapshot, then);
    const auto left = [&](const Snapshot& now, Now when = later) {
        const auto back = from_text("alice@example.com", text, now, when);
        EXPECT_TRUE(back);
        return back ? back->size() : 99;
    };
    ASSERT_EQ(left(snapshot), 1U);
    EXPECT_EQ(left(snapshot, {later.monotonic, later.wall + 50s}), 0U) << "expired";
    Snapshot other = snapshot;
    other.adjacencies[0].name = "elsewhere";
    EXPECT_EQ(left(other), 0U) << "no such adjacency";
    other = snapshot;
    other.adjacencies[0].profile = Profile::Peering;
    EXPECT_EQ(left(other), 0U) << "none of phones";
    other = snapshot;
    other.adjacencies[0].security = Security::TrustedEncrypted;
    EXPECT_EQ(left(other), 0U) << "encrypted now";
    other = snapshot;
    other.adjacencies[0].remote_addresses = {{IpAddress::v4(192, 0, 2, 128), 25}};
    EXPECT_EQ(left(other), 0U) << "it would not be let in";
    other = snapshot;
    other.subscribers = {};
    EXPECT_EQ(left(other), 0U) << "no subscriber any more";
    other = snapshot;
    other.adjacencies[0].registration_target = 1;
    EXPECT_EQ(left(other), 0U) << "another registrar";
}

TEST_F(KeptBindings, WhatCannotBeReadIsNothing) {
    const std::string good = to_text({udp, tls}, snapshot, then);
    ASSERT_TRUE(from_text("alice@example.com", good, snapshot, later));
    for (const std::string text :
         {"", "{", "[]", "{}", "null", "{\"form\":2,\"bindings\":[]}", "{\"form\":1}",
          "{\"form\":1,\"bindings\":{}}", "{\"form\":1,\"bindings\":[7]}",
          "{\"form\":1,\"bindings\":[{}]}"}) {
        EXPECT_FALSE(from_text("alice@example.com", text, snapshot, later)) << text;
    }
    // Any octet of it may be broken: nothing is made of that, or what still makes sense.
    for (std::size_t i = 0; i < good.size(); ++i) {
        for (const char octet : {'"', '9', '-', '\xff', '{'}) {
            std::string broken = good;
            broken[i] = octet;
            const auto back = from_text("alice@example.com", broken, snapshot, later);
            if (back) {
                EXPECT_LE(back->size(), 2U);
            }
        }
    }
}

}  // namespace
}  // namespace ringwall::sbc::registrar
