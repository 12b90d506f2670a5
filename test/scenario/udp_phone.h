// A Ringwall phone over UDP at a server that a test plays.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>

#include "scenario/border.h"
#include "scenario/phone.h"
#include "scenario/ringwall_phone.h"

namespace ringwall::test {

class UdpPhone : public ::testing::Test {
protected:
    static phone::Settings udp_line() {
        phone::LineSettings line;
        line.proxy = "pbx.example.org";
        line.user_id = "1001";
        line.password = Secret("secret");
        line.is_register = false;
        phone::Settings settings;
        settings.lines.push_back(line);
        return settings;
    }
    UdpPhone() {
        net.answer({dns::RecordType::A, "pbx.example.org"}, addresses({ip("198.51.100.1")}, 60s));
    }
    static bool is_active(RingwallPhone& phone) {
        return phone.call() != nullptr && phone.call()->state() == phone::Call::State::Active;
    }
    std::size_t packets_from(const IpAddress& address) const {
        const auto packets = net.packets_of(address);
        return static_cast<std::size_t>(std::ranges::count_if(
            packets, [&](const auto& packet) { return packet.from.address == address; }));
    }
    std::size_t requests_to_sips(const IpAddress& from) const {
        const auto packets = net.packets_of(from);
        return static_cast<std::size_t>(std::ranges::count_if(packets, [&](const auto& packet) {
            const auto line = packet.bytes.substr(0, packet.bytes.find("\r\n"));
            return packet.from.address == from && line.find(" sips:") != std::string::npos;
        }));
    }
    // What it says to everything that may be said to it.
    void knock(Phone& stranger) {
        for (const char* const method : {"OPTIONS", "INVITE", "NOTIFY", "MESSAGE", "BYE"}) {
            stranger.send(method, "sip:1001@192.0.2.77:5060",
                          {{"Contact", "<sip:x@203.0.113.9>"}, {"Event", "message-summary"}});
        }
        net.run_for(40s);
    }

    SimNetwork net{1};
    const IpAddress phone_address = ip("192.0.2.77");
};

// And that server.
class PhoneAtServer : public UdpPhone {
protected:
    phone::Settings settings = udp_line();
    Phone server{net,
                 ip("198.51.100.1"),
                 sip::Transport::Udp,
                 {phone_address, 5060},
                 {"pbx", "pbx.example.org", ""},
                 602};
};

}  // namespace ringwall::test
