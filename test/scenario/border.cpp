#include "scenario/border.h"

#include <algorithm>
#include <sstream>

#include "base/check.h"
#include "base/text.h"
#include "sbc/config/reader.h"
#include "scenario/tls_contexts.h"

namespace ringwall::test {

IpAddress ip(const char* text) {
    const auto address = IpAddress::parse(text);
    CHECK(address.has_value());
    return *address;
}

Border::Border(SimNetwork& net, const std::string& configuration, std::uint64_t seed)
    : random_(seed), node_(&net.add_node(ip("192.0.2.1"))) {
    const auto read =
        sbc::read_configuration(configuration, "test.conf",
                                [](const std::string& name) -> Result<std::string, std::string> {
                                    if (name == "border.pem") {
                                        return border_certificate();
                                    }
                                    if (name == "border.key") {
                                        return border_key();
                                    }
                                    if (name == "anchors.pem") {
                                        return trust_anchors();
                                    }
                                    return fail(std::string("no such file"));
                                });
    if (!read) {
        check_failed(read.error().to_string().c_str(), __FILE__, __LINE__);
    }
    snapshot_ = read->snapshot;
    sbc_ = std::make_unique<sbc::Sbc>(*node_, random_, *this, snapshot_, net.now());
    for (const auto& wanted : sbc::Sbc::listeners(*snapshot_)) {
        if (wanted.transport == sip::Transport::Udp) {
            const auto socket = node_->listen_udp(wanted.local);
            sbc_->add_listener(socket.id, wanted.local, wanted.transport, socket.flow);
        } else {
            sbc_->add_listener(node_->listen_tcp(wanted.local), wanted.local, wanted.transport, {});
        }
    }
    node_->set_server_identity(certificate_of("border.example.com"));
    node_->set_client_identity(certificate_of("border.example.com"));
    node_->set_user(sbc_->shard());
    net.on_step([this] { CHECK(sbc_->is_consistent()); });
}

SmallLab::SmallLab(std::string_view configuration, std::uint64_t seed)
    : Lab(std::string(configuration), seed),
      alice(net, ip("192.0.2.11"), sip::Transport::Tls, {ip("192.0.2.1"), 5061},
            {"alice", "example.com", "wonderland"}, 101),
      bob(net, ip("192.0.2.12"), sip::Transport::Tls, {ip("192.0.2.1"), 5061},
          {"bob", "example.com", "builder"}, 102),
      softswitch(net, ip("192.0.2.20"), sip::Transport::Tcp, {ip("192.0.2.2"), 5060},
                 {"switch", "switch.example.com", ""}, 103),
      outside(net, ip("192.0.2.30"), sip::Transport::Udp, {ip("192.0.2.3"), 5060},
              {"mallory", "outside.example.com", ""}, 104) {}

void SmallLab::register_phones() {
    alice.register_now();
    bob.register_now();
    ASSERT_TRUE(run_until([&] { return alice.is_registered() && bob.is_registered(); }));
}

void SmallLab::talk() {
    alice.invite("sip:bob@example.com");
    ASSERT_TRUE(run_until([&] { return alice.is_in_call() && !bob.acks().empty(); }));
}

Trunks::Trunks(const std::string& configuration, std::uint64_t seed)
    : Lab(configuration, seed),
      west(net, ip("192.0.2.40"), sip::Transport::Udp, {ip("192.0.2.4"), 5060},
           {"wendy", "west.example.net", ""}, 201 + seed),
      east(net, ip("192.0.2.50"), sip::Transport::Udp, {ip("192.0.2.5"), 5060},
           {"eric", "east.example.net", ""}, 301 + seed),
      north(net, ip("192.0.2.60"), sip::Transport::Udp, {ip("192.0.2.6"), 5060},
            {"nora", "north.example.net", ""}, 401 + seed) {}

std::string configured(std::string_view configuration, std::string_view adjacency,
                       const std::vector<std::string>& lines) {
    const std::string head = "adjacency sip " + std::string(adjacency);
    std::istringstream in{std::string(configuration)};
    std::string out;
    bool is_inside = false;
    for (std::string line; std::getline(in, line);) {
        const std::string_view words = trim(line);
        if (words == head) {
            is_inside = true;
        } else if (is_inside && words == "attach") {
            for (const std::string& each : lines) {
                out.append(each).append("\n");
            }
            is_inside = false;
        } else if (is_inside && std::any_of(lines.begin(), lines.end(), [&](const auto& each) {
                       return words.starts_with(each.substr(0, each.rfind(' ')));
                   })) {
            continue;
        }
        out.append(line).append("\n");
    }
    return out;
}

std::size_t Lab::sent_to(Phone& phone) const {
    const auto& packets = net.packets();
    return static_cast<std::size_t>(
        std::count_if(packets.begin(), packets.end(), [&](const SimNetwork::Packet& packet) {
            return packet.to.address == phone.node().address();
        }));
}

void Lab::TearDown() {
    net.settle();
    EXPECT_EQ(border.sbc().calls(), 0U);
    EXPECT_TRUE(border.sbc().is_empty());
    EXPECT_EQ(border.sbc().shard().transactions().server_count(), 0U);
    EXPECT_EQ(border.sbc().shard().transactions().client_count(), 0U);
}

}  // namespace ringwall::test
