// A caller whose connection is gone while its call still rings, or is being answered: how long it
// is waited for, where it is answered when it comes back, and who may cancel in its place. (RFC
// 3261 §9.2, §18.2.2; RFC 5626 §5.3)
#include <algorithm>

#include "scenario/border.h"
#include "sip/dialog/dialog.h"

namespace ringwall::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* keys =
    "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"
    "m=audio 4000 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 "
    "inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd\r\n";

std::string first_line(const std::string& bytes) {
    return bytes.substr(0, bytes.find("\r\n"));
}

sip::MessagePtr parsed(const std::string& bytes) {
    return sip::Message::parse(bytes, sip::Framing::Datagram).message;
}

class ReturningCallers : public SmallLab {
protected:
    explicit ReturningCallers(std::string_view configuration = small_lab)
        : SmallLab(configuration) {}

    void ring(Phone& caller, Phone& callee, const std::string& uri) {
        register_phones();
        call(caller, callee, uri);
    }
    void call(Phone& caller, Phone& callee, const std::string& uri) {
        callee.on_invite = Phone::OnInvite::Ring;
        caller.invite(uri);
        ASSERT_TRUE(run_until([&] {
            return !caller.statuses("INVITE").empty() && caller.statuses("INVITE").back() == 180;
        }));
        net.run_for(100ms);
    }
    // What came to a phone's address since then.
    std::vector<std::string> since(std::size_t mark, Phone& phone) const {
        std::vector<std::string> out;
        for (std::size_t i = mark; i < net.packets().size(); ++i) {
            if (net.packets()[i].to.address == phone.node().address()) {
                out.push_back(net.packets()[i].bytes);
            }
        }
        return out;
    }
    std::vector<std::string> lines_since(std::size_t mark, Phone& phone) const {
        std::vector<std::string> out;
        for (const std::string& bytes : since(mark, phone)) {
            const auto message = parsed(bytes);
            out.push_back(first_line(bytes) +
                          (message == nullptr || message->is_request()
                               ? ""
                               : " / " + std::string(message->cseq().method_text)));
        }
        return out;
    }
    // As it went over the wire last.
    sip::MessagePtr invite_of(Phone& caller) const {
        sip::MessagePtr found;
        for (const auto& packet : net.packets()) {
            if (packet.from.address == caller.node().address() &&
                packet.bytes.starts_with("INVITE ")) {
                found = parsed(packet.bytes);
            }
        }
        return found;
    }
    // The CANCEL of `caller`'s INVITE, sent by whoever: its own transaction went with its
    // connection.
    void cancel_of(Phone& caller, Phone& sender) const {
        const auto invite = invite_of(caller);
        const auto value = [&](sip::HeaderName name) {
            return std::string(invite->header(name)->value);
        };
        sender.send("CANCEL", std::string(invite->request_uri_text()),
                    {{"Via", value(sip::HeaderName::Via)},
                     {"From", value(sip::HeaderName::From)},
                     {"To", value(sip::HeaderName::To)},
                     {"Call-ID", value(sip::HeaderName::CallId)},
                     {"CSeq", std::to_string(invite->cseq().number) + " CANCEL"}});
    }
    // The caller takes the 200 that came since, though its own transaction is gone.
    void acknowledge(std::size_t mark, Phone& caller) {
        for (const std::string& bytes : since(mark, caller)) {
            const auto response = parsed(bytes);
            if (response->is_request() || response->status() != 200 ||
                response->cseq().method_text != "INVITE") {
                continue;
            }
            auto dialog = sip::Dialog::of_response(*invite_of(caller), *response);
            ASSERT_TRUE(dialog);
            caller.resume(*dialog);
            const auto value = [&](sip::HeaderName name) {
                return std::string(response->header(name)->value);
            };
            caller.send("ACK", dialog->remote_target(),
                        {{"From", value(sip::HeaderName::From)},
                         {"To", value(sip::HeaderName::To)},
                         {"Call-ID", value(sip::HeaderName::CallId)},
                         {"CSeq", std::to_string(response->cseq().number) + " ACK"}});
            return;
        }
        FAIL() << "no 200";
    }
    // As alice, by +sip.instance.
    static void register_instance(Phone& phone, const std::string& name,
                                  const std::string& contact) {
        phone.send("REGISTER", "sip:example.com",
                   {{"To", "<sip:alice@example.com>"},
                    {"From", "<sip:alice@example.com>;tag=r1"},
                    {"Contact", contact + ";+sip.instance=\"<urn:uuid:" + name + ">\""},
                    {"Expires", "3600"}});
    }
};

// ---- phones -------------------------------------------------------------------------------------

TEST_F(ReturningCallers, APhoneThatStaysAwayIsWaitedForAndThenTheCalleeHearsCancel) {
    ring(alice, bob, "sip:bob@example.com");
    alice.node().cut();
    net.run_for(31s);
    EXPECT_EQ(bob.count("CANCEL"), 0U);
    EXPECT_EQ(border.sbc().calls(), 1U);
    const std::size_t mark = net.packets().size();
    net.run_for(2s);
    EXPECT_EQ(bob.count("CANCEL"), 1U);
    EXPECT_EQ(border.sbc().calls(), 0U);
    ASSERT_EQ(border.records.size(), 1U);
    EXPECT_EQ(border.records[0].reason, "connection lost");
    EXPECT_THAT(since(mark, alice), IsEmpty());
}

TEST_F(ReturningCallers, APhoneThatIsBackHearsTheAnswerByItsNewConnection) {
    alice.offer = bob.offer = keys;
    ring(alice, bob, "sip:bob@example.com");
    alice.node().cut();
    net.run_for(10s);
    alice.register_now();
    net.run_for(1s);
    const std::size_t mark = net.packets().size();
    bob.answer();
    net.run_for(200ms);
    ASSERT_THAT(lines_since(mark, alice), Contains("SIP/2.0 200 OK / INVITE"));
    EXPECT_THAT(since(mark, alice), Contains(HasSubstr("inline:")));
    acknowledge(mark, alice);
    net.run_for(60s);
    EXPECT_EQ(bob.acks().size(), 1U);
    EXPECT_EQ(border.sbc().calls(), 1U);
    EXPECT_EQ(bob.count("BYE"), 0U);
    alice.bye();
    net.run_for(1s);
    EXPECT_EQ(bob.count("BYE"), 1U);
    EXPECT_EQ(border.records.back().reason, "caller hung up");
}

TEST_F(ReturningCallers, APhoneThatIsBackAfterTheAnswerHearsItRepeated) {
    ring(alice, bob, "sip:bob@example.com");
    alice.node().cut();
    net.run_for(5s);
    bob.answer();
    net.run_for(10s);
    const std::size_t mark = net.packets().size();
    alice.register_now();
    net.run_for(5s);
    acknowledge(mark, alice);
    net.run_for(60s);
    EXPECT_EQ(bob.acks().size(), 1U);
    EXPECT_EQ(border.sbc().calls(), 1U);
    alice.bye();
    net.run_for(1s);
    EXPECT_EQ(bob.count("BYE"), 1U);
}

TEST_F(ReturningCallers, APhoneThatIsBackHearsAFailureByItsNewConnection) {
    ring(alice, bob, "sip:bob@example.com");
    alice.node().cut();
    net.run_for(10s);
    alice.register_now();
    net.run_for(40s);  // it is not lost
    EXPECT_EQ(bob.count("CANCEL"), 0U);
    const std::size_t mark = net.packets().size();
    bob.reject(486);
    net.run_for(1s);
    EXPECT_THAT(lines_since(mark, alice), ElementsAre(HasSubstr("SIP/2.0 486 ")));
    EXPECT_EQ(border.records.back().status, 486);
}

// It loses that one, too, and nothing was said by it.
TEST_F(ReturningCallers, APhoneThatIsLostAgainIsWaitedForAgain) {
    ring(alice, bob, "sip:bob@example.com");
    alice.node().cut();
    net.run_for(10s);
    alice.register_now();
    net.run_for(30s);
    alice.node().cut();
    net.run_for(31s);
    EXPECT_EQ(border.sbc().calls(), 1U);
    net.run_for(2s);
    EXPECT_EQ(bob.count("CANCEL"), 1U);
    EXPECT_EQ(border.sbc().calls(), 0U);
}

TEST_F(ReturningCallers, ACancelByTheNewConnectionIsObeyed) {
    ring(alice, bob, "sip:bob@example.com");
    alice.node().cut();
    net.run_for(10s);
    alice.register_now();
    net.run_for(1s);
    const std::size_t mark = net.packets().size();
    cancel_of(alice, alice);
    net.run_for(1s);
    EXPECT_THAT(lines_since(mark, alice),
                ElementsAre("SIP/2.0 200 OK / CANCEL", HasSubstr("SIP/2.0 487 ")));
    EXPECT_EQ(bob.count("CANCEL"), 1U);
    ASSERT_EQ(border.records.size(), 1U);
    EXPECT_EQ(border.records[0].result, "cancelled");
}

TEST_F(ReturningCallers, OfAReinviteTheAnswerGoesByTheNewConnection) {
    register_phones();
    talk();
    bob.reinvite_status = 0;
    alice.reinvite();
    net.run_for(1s);
    alice.node().cut();
    net.run_for(1s);
    alice.register_now();
    net.run_for(1s);
    const std::size_t mark = net.packets().size();
    bob.answer_reinvite();
    net.run_for(100ms);
    EXPECT_THAT(lines_since(mark, alice), Contains("SIP/2.0 200 OK / INVITE"));
    acknowledge(mark, alice);
    net.run_for(60s);
    EXPECT_EQ(border.sbc().calls(), 1U);
    EXPECT_EQ(bob.acks().size(), 2U);
    bob.bye();
}

// ---- who is somebody else -----------------------------------------------------------------------

class OtherPhone : public ReturningCallers {
protected:
    OtherPhone()
        : other(net, ip("192.0.2.13"), sip::Transport::Tls, {ip("192.0.2.1"), 5061},
                {"alice", "example.com", "wonderland"}, 77) {}
    Phone other;
};

// The same user, and keys in the answer: they are for who asked for them.
TEST_F(OtherPhone, OfTheSameUserHearsNothing) {
    alice.offer = bob.offer = keys;
    register_phones();
    register_instance(alice, "000a", alice.contact());
    net.run_for(1s);
    call(alice, bob, "sip:bob@example.com");
    alice.node().cut();
    net.run_for(1s);
    const std::size_t mark = net.packets().size();
    register_instance(other, "000b", alice.contact());
    net.run_for(1s);
    ASSERT_TRUE(other.is_registered());
    bob.answer();
    net.run_for(40s);
    EXPECT_THAT(since(mark, other), Not(Contains(HasSubstr("inline:"))));
    EXPECT_THAT(since(mark, other), Not(Contains(HasSubstr("INVITE"))));
    EXPECT_EQ(bob.count("BYE"), 1U);
    EXPECT_EQ(border.sbc().calls(), 0U);
}

TEST_F(ReturningCallers, APhoneIsKnownAgainByItsInstance) {
    register_phones();
    register_instance(alice, "000a", alice.contact());
    net.run_for(1s);
    call(alice, bob, "sip:bob@example.com");
    alice.node().cut();
    net.run_for(1s);
    register_instance(alice, "000a", "<sip:alice@192.0.2.11:5099;transport=tls>");
    net.run_for(1s);
    const std::size_t mark = net.packets().size();
    bob.answer();
    net.run_for(100ms);
    EXPECT_THAT(lines_since(mark, alice), Contains("SIP/2.0 200 OK / INVITE"));
    acknowledge(mark, alice);
    net.run_for(1s);
    EXPECT_EQ(bob.acks().size(), 1U);
    alice.bye();
}

TEST_F(ReturningCallers, NobodyElseMayCancel) {
    ring(alice, softswitch, "sip:9001@example.org");
    const auto expect_refused = [&](Phone& stranger) {
        const std::size_t mark = net.packets().size();
        cancel_of(alice, stranger);
        net.run_for(1s);
        EXPECT_THAT(lines_since(mark, stranger), ElementsAre(HasSubstr("SIP/2.0 481 ")));
        EXPECT_EQ(softswitch.count("CANCEL"), 0U);
        EXPECT_EQ(border.sbc().calls(), 1U);
    };
    expect_refused(bob);  // registered, of the same adjacency
    expect_refused(outside);
    alice.node().cut();
    net.run_for(6s);  // the strangers' transactions have ended
    expect_refused(bob);
    expect_refused(outside);
    softswitch.reject(486);
}

// From the address of the caller, but to another door: where it came from proves nothing there.
class AtTheSameAddress : public ReturningCallers {
protected:
    AtTheSameAddress()
        : ReturningCallers(
              configured(small_lab, "outside", {"remote-address ipv4 192.0.2.11 255.255.255.255"})),
          stranger(net, ip("192.0.2.11"), sip::Transport::Udp, {ip("192.0.2.3"), 5060},
                   {"mallory", "outside.example.net", ""}, 78) {}
    Phone stranger;
};

TEST_F(AtTheSameAddress, ADatagramCancelsNothing) {
    ring(alice, softswitch, "sip:9001@example.org");
    cancel_of(alice, stranger);
    net.run_for(1s);
    EXPECT_THAT(stranger.statuses("CANCEL"), ElementsAre(481));
    EXPECT_EQ(softswitch.count("CANCEL"), 0U);
    EXPECT_EQ(border.sbc().calls(), 1U);
    alice.cancel();  // and is not in the way of who may
    net.run_for(1s);
    EXPECT_EQ(softswitch.count("CANCEL"), 1U);
}

// ---- newcomers (RFC 3891) -----------------------------------------------------------------------

// Alice is to take bob's place, and the softswitch takes its time to answer.
class ReturningNewcomers : public ReturningCallers {
protected:
    ReturningNewcomers()
        : ReturningCallers(configured(small_lab, "phones", {"replaces trusted"})) {}
    void SetUp() override {
        register_phones();
        softswitch.invite("sip:bob@example.com");
        ASSERT_TRUE(run_until([&] { return softswitch.is_in_call() && !bob.acks().empty(); }));
        const sip::Dialog bobs = *bob.dialog();
        softswitch.reinvite_status = 0;
        alice.invite_fields = {{"Replaces", bobs.call_id() + ";to-tag=" + bobs.remote_tag() +
                                                ";from-tag=" + bobs.local_tag()}};
        alice.invite("sip:bob@example.com");
        net.run_for(1s);
        ASSERT_EQ(softswitch.count("INVITE"), 1U);
        softswitch.ring_reinvite();
        net.run_for(1s);
        alice.node().cut();
    }
    void hang_up() {
        softswitch.bye();
        net.run_for(1s);
        EXPECT_EQ(border.sbc().calls(), 0U);
    }
};

TEST_F(ReturningNewcomers, OneThatStaysAwayIsWaitedForAsACallerIs) {
    net.run_for(31s);
    EXPECT_EQ(softswitch.count("CANCEL"), 0U);
    net.run_for(2s);
    EXPECT_EQ(softswitch.count("CANCEL"), 1U);
    EXPECT_EQ(bob.count("BYE"), 0U);
    EXPECT_EQ(border.sbc().calls(), 1U);
    hang_up();
    EXPECT_EQ(bob.count("BYE"), 1U);
}

TEST_F(ReturningNewcomers, OneThatIsBackHearsTheAnswer) {
    net.run_for(10s);
    alice.register_now();
    net.run_for(40s);
    EXPECT_EQ(softswitch.count("CANCEL"), 0U);
    const std::size_t mark = net.packets().size();
    softswitch.answer_reinvite();
    net.run_for(100ms);
    EXPECT_THAT(lines_since(mark, alice), Contains("SIP/2.0 200 OK / INVITE"));
    acknowledge(mark, alice);
    net.run_for(1s);
    EXPECT_EQ(bob.count("BYE"), 1U);
    hang_up();
    EXPECT_EQ(alice.count("BYE"), 1U);
}

// ---- trusted peers ------------------------------------------------------------------------------

TEST_F(ReturningCallers, ATrustedPeerThatTakesAConnectionIsNotLost) {
    ring(softswitch, bob, "sip:bob@example.com");
    softswitch.node().cut();
    net.run_for(60s);
    EXPECT_EQ(bob.count("CANCEL"), 0U);
    EXPECT_EQ(border.sbc().calls(), 1U);
    const std::size_t mark = net.packets().size();
    bob.answer();
    net.run_for(100ms);
    EXPECT_THAT(lines_since(mark, softswitch), Contains("SIP/2.0 200 OK / INVITE"));
    acknowledge(mark, softswitch);
    net.run_for(1s);
    EXPECT_EQ(bob.acks().size(), 1U);
    softswitch.bye();
    net.run_for(1s);
    EXPECT_EQ(bob.count("BYE"), 1U);
}

// A BYE that its connection took along goes once more, by another; and not again and again.
TEST_F(ReturningCallers, ATrustedPeerThatWasLostHearsThatTheCallIsOver) {
    ring(softswitch, bob, "sip:bob@example.com");
    bob.answer();
    ASSERT_TRUE(run_until([&] { return softswitch.is_in_call() && bob.acks().size() == 1; }));
    net.run_for(1s);
    const auto byes_to_softswitch = [&] {
        return std::ranges::count_if(net.packets(), [&](const auto& packet) {
            return packet.to.address == softswitch.node().address() &&
                   packet.bytes.starts_with("BYE ");
        });
    };
    bob.bye();
    ASSERT_TRUE(run_until([&] { return byes_to_softswitch() == 1; }));
    softswitch.node().cut();  // it is still under way
    net.run_for(1s);
    EXPECT_EQ(byes_to_softswitch(), 2);
    EXPECT_EQ(softswitch.count("BYE"), 1U);
    EXPECT_FALSE(softswitch.is_in_call());

    softswitch.answers_bye = false;
    call(softswitch, bob, "sip:bob@example.com");
    bob.answer();
    ASSERT_TRUE(run_until([&] { return softswitch.is_in_call() && bob.acks().size() == 2; }));
    bob.bye();
    for (int i = 3; i <= 5; ++i) {
        ASSERT_TRUE(run_until([&] { return byes_to_softswitch() == i; }));
        softswitch.node().cut();
    }
    net.run_for(60s);
    EXPECT_EQ(byes_to_softswitch(), 5);
    EXPECT_EQ(border.sbc().calls(), 0U);
    EXPECT_TRUE(border.sbc().is_empty());
}

TEST_F(ReturningCallers, ATrustedPeerThatTakesNoneIsLost) {
    net.refuse_connections({ip("192.0.2.20"), 5060});
    ring(softswitch, bob, "sip:bob@example.com");
    softswitch.node().cut();
    net.run_for(31s);
    EXPECT_EQ(bob.count("CANCEL"), 0U);
    net.run_for(2s);
    EXPECT_EQ(bob.count("CANCEL"), 1U);
    EXPECT_EQ(border.sbc().calls(), 0U);
    ASSERT_EQ(border.records.size(), 1U);
    EXPECT_EQ(border.records[0].reason, "connection lost");
}

TEST_F(ReturningCallers, ATrustedPeerMayCancelByANewConnection) {
    net.refuse_connections({ip("192.0.2.20"), 5060});
    ring(softswitch, bob, "sip:bob@example.com");
    softswitch.node().cut();
    net.run_for(1s);
    const std::size_t mark = net.packets().size();
    cancel_of(softswitch, softswitch);
    net.run_for(1s);
    EXPECT_THAT(lines_since(mark, softswitch),
                ElementsAre("SIP/2.0 200 OK / CANCEL", HasSubstr("SIP/2.0 487 ")));
    EXPECT_EQ(bob.count("CANCEL"), 1U);
}

// Also where the connection was another worker's: of several, some are.
TEST_F(ReturningCallers, OfATrustedPeersReinviteTheAnswerGoesByANewConnection) {
    register_phones();
    softswitch.invite("sip:bob@example.com");
    ASSERT_TRUE(run_until([&] { return softswitch.is_in_call() && !bob.acks().empty(); }));
    bob.reinvite_status = 0;
    for (std::size_t i = 1; i <= 6; ++i) {
        softswitch.reconnect();
        softswitch.reinvite();
        net.run_for(1s);
        ASSERT_EQ(bob.count("INVITE"), 1 + i);
        softswitch.node().cut();
        net.run_for(1s);
        const std::size_t mark = net.packets().size();
        bob.answer_reinvite();
        net.run_for(100ms);
        ASSERT_THAT(lines_since(mark, softswitch), Contains("SIP/2.0 200 OK / INVITE"));
        acknowledge(mark, softswitch);
        net.run_for(1s);
        ASSERT_EQ(bob.acks().size(), 1 + i);
    }
    softswitch.bye();
}

// Nothing tells two hosts of such an adjacency apart but their addresses.
class TwoTrustedHosts : public ReturningCallers {
protected:
    TwoTrustedHosts()
        : ReturningCallers(configured(small_lab, "softswitch",
                                      {"remote-address ipv4 192.0.2.16 255.255.255.240"})),
          other(net, ip("192.0.2.21"), sip::Transport::Tcp, {ip("192.0.2.2"), 5060},
                {"other", "other.example.com", ""}, 99) {}
    Phone other;
};

TEST_F(TwoTrustedHosts, TheOneDoesNotCancelForTheOther) {
    ring(softswitch, bob, "sip:bob@example.com");
    cancel_of(softswitch, other);
    net.run_for(1s);
    EXPECT_THAT(other.statuses("CANCEL"), ElementsAre(481));
    EXPECT_EQ(bob.count("CANCEL"), 0U);
    EXPECT_EQ(border.sbc().calls(), 1U);
    softswitch.cancel();
}

}  // namespace
}  // namespace ringwall::test
