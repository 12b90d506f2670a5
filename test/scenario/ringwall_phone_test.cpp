// Ringwall's phone at Ringwall's border controller.
#include "scenario/ringwall_phone.h"

#include "scenario/border.h"

namespace ringwall::test {
namespace {

using ::testing::ElementsAre;
using State = phone::Call::State;

class PhoneLab : public Lab {
protected:
    PhoneLab() : Lab(std::string(small_lab)) {
        net.answer({dns::RecordType::A, "border.example.com"}, addresses({ip("192.0.2.1")}));
    }
    // At the border, for the domain that it serves.
    static phone::Settings line_of(const std::string& user, const std::string& password) {
        phone::Settings settings = tls_line(user, password);
        settings.lines.front().outbound_proxy = "border.example.com";
        settings.lines.front().use_outbound_proxy = true;
        return settings;
    }
    static bool is_in(RingwallPhone& phone, State state) {
        const phone::Call* const call = phone.call();
        return call != nullptr && call->state() == state;
    }
};

TEST_F(PhoneLab, RegistersOverTls) {
    RingwallPhone alice(net, ip("192.0.2.11"), line_of("alice", "wonderland"));
    ASSERT_TRUE(run_until([&] { return alice.is_registered(); }));
}

// RFC 3665 §3.1: both talk, each sends with the key that the other has for receiving.
TEST_F(PhoneLab, CallsAnotherWithKeysOfTheirOwn) {
    RingwallPhone alice(net, ip("192.0.2.11"), line_of("alice", "wonderland"));
    RingwallPhone bob(net, ip("192.0.2.12"), line_of("bob", "builder"), 502);
    ASSERT_TRUE(run_until([&] { return alice.is_registered() && bob.is_registered(); }));

    alice.dial("bob");
    ASSERT_TRUE(run_until([&] { return is_in(bob, State::Ringing); })) << alice.last_error;
    ASSERT_TRUE(run_until([&] { return is_in(alice, State::RemoteRinging); }));
    ASSERT_TRUE(bob->answer(bob.call()->id()));
    ASSERT_TRUE(
        run_until([&] { return is_in(alice, State::Active) && is_in(bob, State::Active); }));

    const auto& hers = *alice.stream().spec;
    const auto& his = *bob.stream().spec;
    EXPECT_EQ(hers.remote, bob.stream().rtp);
    EXPECT_EQ(his.remote, alice.stream().rtp);
    ASSERT_TRUE(hers.send_key && his.send_key);
    EXPECT_EQ(hers.send_key, his.receive_key);
    EXPECT_EQ(hers.receive_key, his.send_key);

    ASSERT_TRUE(alice->hang_up(alice.call()->id()));
    ASSERT_TRUE(run_until([&] { return bob.call() == nullptr; }));
    EXPECT_EQ(alice.media.open_streams() + bob.media.open_streams(), 0U);
    net.run_for(40s);
    EXPECT_TRUE(alice->calls().empty());
    EXPECT_TRUE(bob->calls().empty());
}

}  // namespace
}  // namespace ringwall::test
