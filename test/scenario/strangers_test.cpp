// Connections of strangers are limited by source, so that phones and trunks find descriptors.
#include "scenario/border.h"

namespace ringwall::test {
namespace {

class Strangers : public SmallLab {
protected:
    engine::AcceptDecision connects(const char* source) {
        return border.worker(0).on_accept(listener, {ip(source), 40000});
    }
    void closed(const char* source, CloseReason reason) {
        engine::Flow flow;
        flow.id = FlowId{999'999};
        flow.listener = listener;
        flow.local = local;
        flow.remote = {ip(source), 40000};
        border.worker(0).on_flow_closed(flow, reason, "");
    }
    void listen_on(const char* address, std::uint16_t port) {
        local = {ip(address), port};
        listener = engine::ListenerId{777'777};
        border.worker(0).add_listener(listener, local, sip::Transport::Tcp, {});
    }
    Endpoint local;
    engine::ListenerId listener;
};

TEST_F(Strangers, OneSourceHasAHundredConnectionsAndNoMore) {
    listen_on("192.0.2.3", 5060);
    for (int i = 0; i < 100; ++i) {
        ASSERT_TRUE(connects("192.0.2.30").is_admitted) << i;
    }
    EXPECT_FALSE(connects("192.0.2.30").is_admitted);
    closed("192.0.2.30", CloseReason::NotAdmitted);  // that one: it does not make room
    EXPECT_FALSE(connects("192.0.2.30").is_admitted);
    closed("192.0.2.30", CloseReason::PeerClosed);
    EXPECT_TRUE(connects("192.0.2.30").is_admitted);
}

TEST_F(Strangers, TrustedPeersAreNotCounted) {
    listen_on("192.0.2.2", 5060);
    for (int i = 0; i < 500; ++i) {
        ASSERT_TRUE(connects("192.0.2.20").is_admitted) << i;
    }
}

}  // namespace
}  // namespace ringwall::test
