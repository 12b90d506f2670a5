// RFC 5630 §6: Bob has a PC that cannot SIPS and a phone that can, and Alice calls him in three
// ways. Ringwall is Proxy A, Edge Proxy B, the registrar and Proxy B in one. What Bob's devices and
// Alice say of themselves is as printed there.
#include <algorithm>

#include "scenario/border.h"

namespace ringwall::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

// Bob's phone is "best effort": it takes calls to both schemes. So sip calls may leave to it.
constexpr std::string_view example_com = R"(
sbc mysbc
 sbe
  tls certificate border.pem
  tls private-key border.key
  tls trust-anchors anchors.pem
  subscriber bob@example.com
   password builder
  adjacency sip bobphones
   security trusted-encrypted
   sip-calls-out any
   inherit profile preset-access
   domain example.com
   local-id host pb.example.com
   signaling-address ipv4 192.0.2.1
   attach
  adjacency sip bobpcs
   inherit profile preset-access
   domain example.com
   local-id host pb.example.com
   signaling-address ipv4 192.0.2.1
   attach
  adjacency sip alice-tls
   security trusted-encrypted
   signaling-address ipv4 192.0.2.2
   remote-address ipv4 192.0.2.40 255.255.255.255
   tls peer-domain alice-1.example.net
   attach
  adjacency sip alice-tcp
   security trusted-unencrypted
   signaling-address ipv4 192.0.2.2
   remote-address ipv4 192.0.2.41 255.255.255.255
   attach
  adjacency sip outside
   signaling-address ipv4 192.0.2.3
   attach
)";

constexpr std::string_view pc_contact =
    R"(<sip:bob@bobpc.example.com>;+sip.instance="<urn:uuid:0C67446E-F1A1-11D9-94D3-000A95A0E128>";reg-id=1)";
constexpr std::string_view phone_contact =
    R"(<sips:bob@bobphone.example.com>;+sip.instance="<urn:uuid:6F85D4E3-E8AA-46AA-B768-BF39D5912143>";reg-id=1)";

class SipsFlows : public Lab {
protected:
    SipsFlows()
        : Lab(std::string(example_com)),
          bobpc(net, ip("192.0.2.11"), sip::Transport::Tcp, {ip("192.0.2.1"), 5060},
                {"bob", "example.com", "builder"}, 601),
          bobphone(net, ip("192.0.2.12"), sip::Transport::Tls, {ip("192.0.2.1"), 5061},
                   {"bob", "example.com", "builder", "sips"}, 602),
          alice_by_tls(net, ip("192.0.2.40"), sip::Transport::Tls, {ip("192.0.2.2"), 5061},
                       {"alice", "example.net", "", "sips"}, 603),
          alice_by_tcp(net, ip("192.0.2.41"), sip::Transport::Tcp, {ip("192.0.2.2"), 5060},
                       {"alice", "example.net", ""}, 604),
          mallory(net, ip("192.0.2.30"), sip::Transport::Tcp, {ip("192.0.2.3"), 5060},
                  {"mallory", "outside.example.com", ""}, 605) {
        alice_by_tls.node().set_client_identity(certificate_of("alice-1.example.net"));
        bobpc.on_invite = Phone::OnInvite::Ring;
        bobphone.on_invite = Phone::OnInvite::Ring;
    }

    // F1 and F5.
    void register_pc() {
        register_at("sip:pb.example.com", bobpc, "Bob <sip:bob@example.com>", pc_contact);
    }
    void register_phone() {
        register_at("sips:pb.example.com", bobphone, "Bob <sips:bob@example.com>", phone_contact);
    }
    // F9. The scheme of all that Alice says is that of the URI.
    void call(Phone& alice, const std::string& scheme) {
        alice.set_scheme(scheme);
        alice.invite_fields = {{"To", "Bob <" + scheme + ":bob@example.com>"},
                               {"From", "Alice <" + scheme + ":alice@example.net>;tag=8675309"}};
        bobphone.contact_scheme = scheme;  // §5.1.2: as the Request-URI
        alice.invite(scheme + ":bob@example.com");
        net.run_for(1s);
    }
    // §6.3 and §6.4: both of Bob's devices ring by sip; he answers on the phone.
    void both_ring_and_the_phone_answers(Phone& alice) {
        register_pc();
        register_phone();
        call(alice, "sip");
        for (const Phone* device : {&bobpc, &bobphone}) {
            ASSERT_EQ(device->count("INVITE"), 1U);
        }
        EXPECT_EQ(bobpc.last_request("INVITE")->request_uri_text(), "sip:bob@bobpc.example.com");
        EXPECT_EQ(bobphone.last_request("INVITE")->request_uri_text(),
                  "sip:bob@bobphone.example.com");
        EXPECT_THAT(all_of(*bobphone.last_request("INVITE")), Not(HasSubstr("sips:")));
        EXPECT_THAT(all_of(*bobphone.last_request("INVITE")), HasSubstr("Via: SIP/2.0/TLS"));
        EXPECT_THAT(all_of(*bobpc.last_request("INVITE")), HasSubstr("Via: SIP/2.0/TCP"));
        bobphone.answer();
        net.run_for(1s);
        EXPECT_THAT(alice.statuses("INVITE"), ElementsAre(100, 180, 180, 200));
        EXPECT_EQ(bobphone.acks().size(), 1U);
        EXPECT_EQ(bobpc.count("CANCEL"), 1U);
        EXPECT_THAT(bobpc.acks(), IsEmpty());  // that of its 487 stays in the transaction
        expect_clear_only_to({&bobpc.node().address(), &alice_by_tcp.node().address()});
        alice.bye();
        net.run_for(1s);
        EXPECT_EQ(bobphone.count("BYE"), 1U);
        EXPECT_EQ(bobpc.count("BYE"), 0U);
        EXPECT_FALSE(border.records.back().is_secure);
    }
    // Every packet was encrypted, but for those to and from these.
    void expect_clear_only_to(const std::vector<const IpAddress*>& in_the_clear) {
        for (const auto& packet : net.packets()) {
            const bool may_be = std::ranges::any_of(in_the_clear, [&](const IpAddress* each) {
                return packet.to.address == *each || packet.from.address == *each;
            });
            EXPECT_EQ(packet.is_encrypted, !may_be) << packet.bytes;
        }
    }
    // What the caller hears; nothing goes to any device of Bob.
    sip::MessagePtr refused(Phone& caller, const std::string& scheme) {
        const std::size_t before = sent_to(bobpc) + sent_to(bobphone);
        call(caller, scheme);
        EXPECT_EQ(sent_to(bobpc) + sent_to(bobphone), before);
        return caller.last_response("INVITE");
    }
    static std::string all_of(const sip::Message& message) { return std::string(message.bytes()); }

    Phone bobpc;
    Phone bobphone;
    Phone alice_by_tls;
    Phone alice_by_tcp;
    Phone mallory;

private:
    void register_at(const std::string& registrar, Phone& device, const std::string& bob,
                     std::string_view contact) {
        device.send("REGISTER", registrar,
                    {{"To", bob},
                     {"From", bob + ";tag=456248"},
                     {"Supported", "path, outbound"},
                     {"Contact", std::string(contact)}});
        ASSERT_TRUE(run_until([&] { return device.is_registered(); }));
    }
};

// §6.1
TEST_F(SipsFlows, BobRegistersHisContacts) {
    register_pc();
    const auto contacts = [](const Phone& device) {
        const auto response = device.last_response("REGISTER");
        std::vector<std::string> out;
        for (const auto value : response->values(sip::HeaderName::Contact)) {
            out.emplace_back(value.substr(0, value.find('>') + 1));
        }
        return out;
    };
    EXPECT_THAT(contacts(bobpc), ElementsAre("<sip:bob@bobpc.example.com>"));
    register_phone();
    EXPECT_THAT(contacts(bobphone), UnorderedElementsAre("<sip:bob@bobpc.example.com>",
                                                         "<sips:bob@bobphone.example.com>"));
    for (const Phone* device : {&bobpc, &bobphone}) {
        EXPECT_THAT(device->statuses("REGISTER"), ElementsAre(401, 200));
        EXPECT_THAT(all_of(*device->last_response("REGISTER")), HasSubstr("Require: outbound"));
    }
    EXPECT_EQ(border.sbc().location().binding_count(), 2U);
}

// §6.2: only the phone rings. All is sips, and all goes over TLS.
TEST_F(SipsFlows, AliceCallsBobsSipsAddressOfRecord) {
    register_pc();
    register_phone();
    const std::size_t before = net.packets().size();
    const std::size_t to_pc = sent_to(bobpc);
    call(alice_by_tls, "sips");
    ASSERT_EQ(bobphone.count("INVITE"), 1U);
    EXPECT_EQ(bobphone.last_request("INVITE")->request_uri_text(), "sips:bob@bobphone.example.com");
    bobphone.answer();
    net.run_for(1s);
    EXPECT_THAT(alice_by_tls.statuses("INVITE"), ElementsAre(100, 180, 200));
    EXPECT_EQ(bobphone.acks().size(), 1U);
    alice_by_tls.bye();
    net.run_for(1s);
    EXPECT_EQ(bobphone.count("BYE"), 1U);
    EXPECT_EQ(sent_to(bobpc), to_pc);
    for (std::size_t i = before; i < net.packets().size(); ++i) {
        EXPECT_TRUE(net.packets()[i].is_encrypted);
        EXPECT_THAT(net.packets()[i].bytes, Not(HasSubstr("sip:")));
    }
    EXPECT_TRUE(border.records.back().is_secure);
}

// §6.3
TEST_F(SipsFlows, AliceCallsBobsSipAddressOfRecordByTcp) {
    both_ring_and_the_phone_answers(alice_by_tcp);
}

// §6.4: the same, but TLS to Alice; the URIs stay sip.
TEST_F(SipsFlows, AliceCallsBobsSipAddressOfRecordByTls) {
    both_ring_and_the_phone_answers(alice_by_tls);
}

// §5.3: there is nobody left whom a SIPS call may go to.
TEST_F(SipsFlows, ASipsCallWhereOnlyThePcIsRegisteredGoesNowhere) {
    register_pc();
    const auto response = refused(alice_by_tls, "sips");
    EXPECT_EQ(response->status(), 480);
    ASSERT_NE(response->header(sip::HeaderName::Warning), nullptr);
    EXPECT_THAT(std::string(response->header(sip::HeaderName::Warning)->value), HasSubstr("380 "));
}

// An untrusted caller reaches the PC, which is as untrusted, and never the phone.
TEST_F(SipsFlows, AnUntrustedCallByTcpDoesNotReachThePhone) {
    register_phone();
    const auto response = refused(mallory, "sip");
    EXPECT_EQ(response->status(), 480);
    EXPECT_EQ(response->header(sip::HeaderName::Warning), nullptr);
    register_pc();
    const std::size_t to_phone = sent_to(bobphone);
    call(mallory, "sip");
    EXPECT_EQ(bobpc.count("INVITE"), 1U);
    EXPECT_EQ(sent_to(bobphone), to_phone);
    mallory.cancel();
    net.run_for(1s);
}

}  // namespace
}  // namespace ringwall::test
