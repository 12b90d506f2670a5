// Ringwall phones over TLS at Ringwall's border controller.
#pragma once

#include <algorithm>
#include <string>

#include "scenario/border.h"
#include "scenario/phone.h"
#include "scenario/registrar.h"
#include "scenario/ringwall_phone.h"

namespace ringwall::test {

class PhoneLab : public Lab {
protected:
    using State = phone::Call::State;

    PhoneLab() : Lab(with_carol()) {
        net.answer({dns::RecordType::A, "border.example.com"}, addresses({ip("192.0.2.1")}));
    }
    static std::string with_carol() {
        std::string text(small_lab);
        const std::string before = "  subscriber bob@example.com\n";
        text.insert(text.find(before), "  subscriber carol@example.com\n   password lewis\n");
        return text;
    }
    // At the border, for the domain that it serves.
    static phone::Settings line_of(const std::string& user, const std::string& password) {
        phone::Settings settings = tls_line(user, password);
        settings.lines.front().outbound_proxy = "border.example.com";
        settings.lines.front().use_outbound_proxy = true;
        return settings;
    }
    // What the phone's end sent, in the clear, that holds this.
    std::size_t said(RingwallPhone& phone, std::string_view text) const {
        const auto packets = net.packets_of(phone.node().address());
        return static_cast<std::size_t>(std::ranges::count_if(packets, [&](const auto& packet) {
            return packet.from.address == phone.node().address() &&
                   packet.bytes.find(text) != std::string::npos;
        }));
    }
    void talk(RingwallPhone& caller, RingwallPhone& callee, const std::string& number) {
        ASSERT_TRUE(run_until([&] { return caller.is_registered() && callee.is_registered(); }));
        caller.dial(number);
        ASSERT_TRUE(run_until([&] { return is_in(callee, State::Ringing); })) << caller.last_error;
        ASSERT_TRUE(callee->answer(callee.call()->id()));
        ASSERT_TRUE(run_until(
            [&] { return is_in(caller, State::Active) && is_in(callee, State::Active); }));
    }
    static bool is_in(RingwallPhone& phone, State state) {
        const phone::Call* const call = phone.call();
        return call != nullptr && call->state() == state;
    }
};

// Alice, Bob and Carol, registered.
class ThreePhones : public PhoneLab {
protected:
    void SetUp() override {
        ASSERT_TRUE(run_until(
            [&] { return alice.is_registered() && bob.is_registered() && carol.is_registered(); }));
    }
    RingwallPhone alice{net, ip("192.0.2.11"), line_of("alice", "wonderland")};
    RingwallPhone bob{net, ip("192.0.2.12"), line_of("bob", "builder"), 502};
    RingwallPhone carol{net, ip("192.0.2.13"), line_of("carol", "lewis"), 503};
};

// Another server than Ringwall, over TLS.
inline Phone other_server(SimNetwork& net) {
    return Phone(net, ip("192.0.2.66"), sip::Transport::Tls, {ip("192.0.2.1"), 5061},
                 {"x", "example.com", ""}, 77);
}

// It registers whoever comes, in place of the border controller.
class TlsServer : public PhoneLab {
protected:
    TlsServer() {
        server.node().set_server_identity(certificate_of("border.example.com"));
        say_yes_to_registers(server);
        net.answer({dns::RecordType::A, "border.example.com"}, addresses({address}));
    }

    const IpAddress address = ip("192.0.2.66");
    Phone server = other_server(net);
};

// And a phone there.
class PhoneAtTlsServer : public TlsServer {
protected:
    void SetUp() override {
        ASSERT_TRUE(run_until([&] { return alice.is_registered(); }));
    }
    RingwallPhone alice{net, ip("192.0.2.11"), line_of("alice", "wonderland")};
};

}  // namespace ringwall::test
