#include "scenario/border.h"

#include "base/check.h"
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
    const auto read = sbc::read_configuration(
        configuration, "test.conf",
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
    : net(seed),
      border(net, std::string(configuration)),
      alice(net, ip("192.0.2.11"), sip::Transport::Tls, {ip("192.0.2.1"), 5061},
            {"alice", "example.com", "wonderland"}, 101),
      bob(net, ip("192.0.2.12"), sip::Transport::Tls, {ip("192.0.2.1"), 5061},
          {"bob", "example.com", "builder"}, 102),
      softswitch(net, ip("192.0.2.20"), sip::Transport::Tcp, {ip("192.0.2.2"), 5060},
                 {"switch", "switch.example.com", ""}, 103),
      outside(net, ip("192.0.2.30"), sip::Transport::Udp, {ip("192.0.2.3"), 5060},
              {"mallory", "outside.example.com", ""}, 104) {}

void SmallLab::TearDown() {
    net.settle();
    EXPECT_EQ(border.sbc().calls(), 0U);
    EXPECT_TRUE(border.sbc().is_quiet());
    EXPECT_EQ(border.sbc().shard().transactions().server_count(), 0U);
    EXPECT_EQ(border.sbc().shard().transactions().client_count(), 0U);
}

}  // namespace ringwall::test
