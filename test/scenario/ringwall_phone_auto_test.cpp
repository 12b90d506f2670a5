// SIP Transport AUTO: a line that goes to its server as the DNS says (RFC 3263).
#include <memory>

#include "base/text.h"
#include "scenario/registrar.h"
#include "scenario/tls_contexts.h"
#include "scenario/udp_phone.h"

namespace ringwall::test {
namespace {

using sip::Transport;

class AutoTransport : public UdpPhone {
protected:
    AutoTransport() {
        settings.lines.front().is_register = true;
        settings.lines.front().is_transport_auto = true;
        net.answer({dns::RecordType::A, "edge.example.org"}, addresses({server_address}, 60s));
    }
    // Its services, the preferred one first, at 5061 for TLS and else at 5060.
    void point_to(const std::vector<std::string>& services) {
        dns::Answer naptr;
        naptr.outcome = dns::Outcome::Records;
        naptr.lifetime = 60s;
        for (const std::string& service : services) {
            const auto order = static_cast<std::uint16_t>(naptr.naptr.size());
            const std::string name = "_" + lower(service) + ".pbx.example.org";
            naptr.naptr.push_back({order, 0, "s", service, "", name});
            const std::uint16_t port = service == "SIPS+D2T" ? 5061 : 5060;
            dns::Answer srv;
            srv.outcome = dns::Outcome::Records;
            srv.lifetime = 60s;
            srv.srv = {{0, 0, port, "edge.example.org"}};
            net.answer({dns::RecordType::Srv, name}, srv);
        }
        net.answer({dns::RecordType::Naptr, "pbx.example.org"}, naptr);
    }
    std::unique_ptr<Phone> registrar(Transport transport) {
        auto server = std::make_unique<Phone>(net, server_address, transport,
                                              Endpoint{phone_address, 5060}, itself, 602);
        server->node().set_server_identity(certificate_of("pbx.example.org"));
        say_yes_to_registers(*server);
        return server;
    }
    // What it said by UDP.
    std::size_t datagrams() const {
        const auto packets = net.packets_of(phone_address);
        return static_cast<std::size_t>(std::ranges::count_if(packets, [&](const auto& packet) {
            return packet.from.address == phone_address && packet.is_datagram;
        }));
    }

    const IpAddress server_address = ip("198.51.100.1");
    const Phone::Account itself{"pbx", "pbx.example.org", ""};
    phone::Settings settings = udp_line();
};

TEST_F(AutoTransport, TheRecordsSayTls) {
    point_to({"SIPS+D2T", "SIP+D2U"});
    const auto server = registrar(Transport::Tls);
    RingwallPhone phone(net, phone_address, settings);
    ASSERT_TRUE(net.run_until([&] { return phone.is_registered(); }, 10s))
        << phone.line().problem();
    EXPECT_EQ(phone.line().hop()->remote, (Endpoint{server_address, 5061}));
    EXPECT_NE(server->last_request("REGISTER")->bytes().find(";transport=tls"),
              std::string_view::npos);
    // As a line over TLS: keys are offered, and by the port for UDP nobody is heard.
    phone.dial("1002");
    ASSERT_TRUE(net.run_until([&] { return server->count("INVITE") == 1; }, 10s));
    EXPECT_NE(server->last_request("INVITE")->body().find("RTP/SAVP"), std::string_view::npos);
    Phone stranger(net, ip("203.0.113.9"), Transport::Udp, {phone_address, 5060},
                   {"x", "example.net", ""}, 603);
    knock(stranger);
    EXPECT_TRUE(stranger.responses().empty());
    EXPECT_EQ(datagrams(), 0U);
}

TEST_F(AutoTransport, TheRecordsSayUdpOrTcp) {
    for (const auto& [service, transport] :
         {std::pair{"SIP+D2U", Transport::Udp}, std::pair{"SIP+D2T", Transport::Tcp}}) {
        point_to({service});
        const std::size_t before = datagrams();
        const auto server = registrar(transport);
        RingwallPhone phone(net, phone_address, settings);
        ASSERT_TRUE(net.run_until([&] { return phone.is_registered(); }, 10s)) << service;
        EXPECT_EQ(phone.line().hop()->transport, transport);
        phone.dial("1002");
        ASSERT_TRUE(net.run_until([&] { return is_active(phone); }, 10s)) << phone.last_error;
        EXPECT_NE(server->last_request("INVITE")->body().find("RTP/AVP"), std::string_view::npos);
        EXPECT_EQ(datagrams() > before, transport == Transport::Udp);
    }
}

// RFC 3263 §4.1.
TEST_F(AutoTransport, WithoutRecordsItIsUdp) {
    const auto server = registrar(Transport::Udp);
    RingwallPhone phone(net, phone_address, settings);
    ASSERT_TRUE(net.run_until([&] { return phone.is_registered(); }, 10s));
    EXPECT_EQ(phone.line().hop()->remote, (Endpoint{server_address, 5060}));
}

// Whoever answers for the DNS meanwhile: what was encrypted does not become readable.
TEST_F(AutoTransport, ALineThatWasOverTlsStaysSo) {
    point_to({"SIPS+D2T"});
    auto server = registrar(Transport::Tls);
    RingwallPhone phone(net, phone_address, settings);
    ASSERT_TRUE(net.run_until([&] { return phone.is_registered(); }, 10s));
    point_to({"SIP+D2U"});
    server.reset();
    const auto other = registrar(Transport::Udp);
    net.run_for(600s);
    EXPECT_FALSE(phone.is_registered());
    EXPECT_TRUE(other->requests().empty());
    EXPECT_EQ(datagrams(), 0U);
    server = registrar(Transport::Tls);
    EXPECT_TRUE(net.run_until([&] { return phone.is_registered(); }, 120s));
}

}  // namespace
}  // namespace ringwall::test
