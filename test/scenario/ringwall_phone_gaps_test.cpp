// What a Ringwall phone says while its server does not hear it, or does not agree.
#include "scenario/phone_lab.h"
#include "scenario/udp_phone.h"

namespace ringwall::test {
namespace {

class PhoneGaps : public PhoneAtTlsServer {
protected:
    void SetUp() override {
        PhoneAtTlsServer::SetUp();
        server.invite("sip:alice@192.0.2.11");
        ASSERT_TRUE(run_until([&] { return is_in(alice, State::Ringing); }));
        ASSERT_TRUE(alice->answer(alice.call()->id()));
        ASSERT_TRUE(run_until([&] { return is_in(alice, State::Active); }));
        net.run_for(60s);
    }
    // Its server is gone, and there is no other.
    void lose_server() {
        net.refuse_connections({address, 5061});
        alice.node().cut();
        ASSERT_TRUE(run_until([&] { return !alice.is_registered(); }));
        net.run_for(5s);
    }
    void find_server() {
        const Endpoint local{address, 5061};
        server.shard().add_listener(server.node().listen_tcp(local), local, sip::Transport::Tcp,
                                    {});
        ASSERT_TRUE(run_until([&] { return alice.is_registered(); }, 90s));
    }
};

TEST_F(PhoneGaps, AHoldIsHeardAfterwards) {
    lose_server();
    ASSERT_TRUE(alice->hold(alice.call()->id(), true));
    net.run_for(5s);
    find_server();
    ASSERT_TRUE(run_until([&] { return server.count("INVITE") == 1; }));
    EXPECT_NE(server.last_request("INVITE")->body().find("a=sendonly"), std::string_view::npos);
    net.run_for(40s);
    EXPECT_TRUE(is_in(alice, State::Active));
    EXPECT_TRUE(alice.call()->is_held());
}

// What holds by then.
TEST_F(PhoneGaps, AHoldThatWasTakenBackIsNot) {
    lose_server();
    ASSERT_TRUE(alice->hold(alice.call()->id(), true));
    ASSERT_TRUE(alice->hold(alice.call()->id(), false));
    find_server();
    ASSERT_TRUE(run_until([&] { return server.count("INVITE") == 1; }));
    EXPECT_EQ(server.last_request("INVITE")->body().find("a=sendonly"), std::string_view::npos);
    EXPECT_FALSE(alice.call()->is_held());
}

TEST_F(PhoneGaps, AByeIsHeardAfterwards) {
    lose_server();
    ASSERT_TRUE(alice->hang_up(alice.call()->id()));
    net.run_for(2s);
    EXPECT_EQ(alice->calls().size(), 1U);
    find_server();
    ASSERT_TRUE(run_until([&] { return server.count("BYE") == 1; }));
    net.run_for(40s);
    EXPECT_TRUE(alice->calls().empty());
}

// It is not for ever that somebody is to be told.
TEST_F(PhoneGaps, AByeThatNobodyCanHearIsForgotten) {
    lose_server();
    ASSERT_TRUE(alice->hang_up(alice.call()->id()));
    net.run_for(33s);
    EXPECT_TRUE(alice->calls().empty());
    find_server();
    net.run_for(5s);
    EXPECT_EQ(server.count("BYE"), 0U);
}

// The far end has no such call any more.
TEST_F(PhoneGaps, ACallThatIsGoneThereIsGoneHere) {
    lose_server();
    ASSERT_TRUE(alice->hold(alice.call()->id(), true));
    server.reinvite_status = 481;
    find_server();
    EXPECT_TRUE(run_until([&] { return alice.call() == nullptr; }));
}

// 491 and 500 with Retry-After come again; what is refused was not done.
TEST_F(PhoneAtServer, AHoldThatIsRefusedIsNone) {
    RingwallPhone phone(net, phone_address, settings);
    net.run_for(1s);
    const phone::CallId call = phone.dial("1002");
    ASSERT_TRUE(net.run_until([&] { return is_active(phone); }, 5s));
    server.reinvite_status = 488;
    ASSERT_TRUE(phone->hold(call, true));
    net.run_for(2s);
    EXPECT_FALSE(phone.call()->is_held());
    server.reinvite_status = 491;
    ASSERT_TRUE(phone->hold(call, true));
    net.run_for(100ms);
    server.reinvite_status = 200;
    net.run_for(10s);
    EXPECT_TRUE(phone.call()->is_held());
    EXPECT_TRUE(is_active(phone));
    server.reinvite_status = 488;
    ASSERT_TRUE(phone->hold(call, false));
    net.run_for(2s);
    EXPECT_TRUE(phone.call()->is_held());

    // RFC 3261 §12.2.1.2: who does not answer is not there.
    server.reinvite_status = 0;
    ASSERT_TRUE(phone->hold(call, false));
    net.run_for(40s);
    EXPECT_EQ(phone.call(), nullptr);
}

// Only calls that go on take a place: what is left of the others are transactions.
TEST_F(PhoneAtServer, CallsThatAreOverTakeNoPlace) {
    RingwallPhone phone(net, phone_address, settings);
    net.run_for(1s);
    for (int i = 0; i < 70; ++i) {
        const phone::CallId call = phone.dial("1002");
        ASSERT_TRUE(net.run_until([&] { return is_active(phone); }, 1s)) << phone.last_error;
        ASSERT_TRUE(phone->hang_up(call));
        net.run_for(50ms);
    }
    server.invite("sip:1001@192.0.2.77:5060");
    net.run_for(1s);
    EXPECT_EQ(server.statuses("INVITE"), std::vector<int>{180});
    net.run_for(40s);
}

// An answer that cannot be had ends the call, and that is the reason.
TEST_F(PhoneAtServer, ABadAnswerIsTheReason) {
    RingwallPhone phone(net, phone_address, settings);
    server.offer.replace(server.offer.find("audio 4000"), 10, "audio 0");
    net.run_for(1s);
    const phone::CallId call = phone.dial("1002");
    ASSERT_TRUE(net.run_until([&] { return phone.call() == nullptr; }, 5s));
    ASSERT_NE(phone->call(call), nullptr);
    EXPECT_EQ(phone->call(call)->end_status(), 488);
    EXPECT_NE(phone->call(call)->end_reason(), "hung up");
    net.run_for(40s);
}

TEST_F(PhoneAtServer, ASourceThatCannotBePlayedLeavesTheCallAsItIs) {
    RingwallPhone phone(net, phone_address, settings);
    net.run_for(1s);
    phone.dial("1002");
    ASSERT_TRUE(net.run_until([&] { return is_active(phone); }, 5s));
    ASSERT_TRUE(phone.call()->set_source(media::Tone{440}));
    phone.media.source_fault = "there is none";
    EXPECT_EQ(phone.call()->set_source(media::File{"/none.wav", true}).error(), "there is none");
    EXPECT_TRUE(std::holds_alternative<media::Tone>(phone.stream().source));
    EXPECT_TRUE(is_active(phone));
}

TEST_F(PhoneAtServer, BlanksOfANumberAreNoneOfIt) {
    RingwallPhone phone(net, phone_address, settings);
    net.run_for(1s);
    phone.dial("4 0 3");
    ASSERT_TRUE(net.run_until([&] { return server.count("INVITE") == 1; }, 5s)) << phone.last_error;
    EXPECT_EQ(server.last_request("INVITE")->request_uri_text(), "sip:403@pbx.example.org");
}

TEST_F(PhoneAtServer, AConferenceIsOfTwoCallsAndThePhone) {
    RingwallPhone phone(net, phone_address, settings);
    net.run_for(1s);
    const phone::CallId call = phone.dial("1002");
    ASSERT_TRUE(net.run_until([&] { return is_active(phone); }, 5s));
    EXPECT_FALSE(phone->conference({call}));
    EXPECT_FALSE(phone->conference({call, call}));
    EXPECT_EQ(phone->conference({call, phone::CallId{98}, phone::CallId{99}}).error(),
              "a conference is of this phone and two different calls");
    EXPECT_TRUE(phone.media.mixed.empty());
}

}  // namespace
}  // namespace ringwall::test
