// What a scrape reads.
#include "sbc/metrics/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "sip/message.h"
#include "sip/message_builder.h"

namespace ringwall::sbc::metrics {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

sip::MessagePtr request(std::string_view method) {
    const std::string text = std::string(method) + " sip:b@192.0.2.1 SIP/2.0\r\n" +
                             "Via: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1\r\n" +
                             "From: <sip:a@192.0.2.7>;tag=1\r\nTo: <sip:b@192.0.2.1>\r\n" +
                             "Call-ID: one\r\nCSeq: 1 " + std::string(method) +
                             "\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n";
    return sip::Message::parse(text, sip::Framing::Datagram).message;
}

class MetricsPage : public testing::Test {
protected:
    MetricsPage() {
        snapshot.adjacencies.resize(2);
        snapshot.adjacencies[0].name = "phones";
        snapshot.adjacencies[0].profile = Profile::Access;
        snapshot.adjacencies[0].is_attached = true;
        snapshot.adjacencies[1].name = "trunk";
        measures.adjacencies.resize(2);
    }
    std::string page() const {
        return metrics::page({.snapshot = snapshot,
                              .measures = measures,
                              .outages = outages,
                              .registrations = {7, 0},
                              .workers = 4,
                              .alarms = 2,
                              .version = "1.2.3"});
    }

    Snapshot snapshot;
    Measures measures;
    Outages outages;
};

TEST_F(MetricsPage, SaysWhichProgramItIs) {
    EXPECT_THAT(page(), AllOf(HasSubstr("# TYPE ringwall_build_info gauge\n"),
                              HasSubstr("ringwall_build_info{version=\"1.2.3\"} 1\n"),
                              HasSubstr("ringwall_workers 4\n"), HasSubstr("ringwall_alarms 2\n")));
}

TEST_F(MetricsPage, HasCallsByAdjacencyAndCause) {
    measures.adjacencies[0].active_calls = 3;
    measures.adjacencies[0].activating_calls = 1;
    measures.statistics.on_attempt("phones", WallTime{});
    CallRecord record;
    record.from_adjacency = "phones";
    record.result = "refused";
    record.cause = FailureCause::SrtpDisallowed;
    measures.statistics.on_end(record, WallTime{});
    EXPECT_THAT(
        page(),
        AllOf(
            HasSubstr("ringwall_calls_active{adjacency=\"phones\"} 3\n"),
            HasSubstr("ringwall_calls_activating{adjacency=\"phones\"} 1\n"),
            HasSubstr("ringwall_calls_active{adjacency=\"trunk\"} 0\n"),
            HasSubstr("ringwall_call_attempts_total{adjacency=\"phones\"} 1\n"),
            HasSubstr("ringwall_call_failures_total{adjacency=\"phones\",cause=\"srtp-disallowed\"}"
                      " 1\n"),
            HasSubstr("ringwall_call_failures_total{adjacency=\"trunk\",cause=\"routing\"} 0\n")));
}

TEST_F(MetricsPage, HasMessagesByMethodAndClass) {
    MessageCounts& messages = measures.adjacencies[1].messages;
    messages.add(engine::Direction::In, *request("INVITE"));
    messages.add(engine::Direction::In, *request("INVITE"));
    messages.add(engine::Direction::Out, *sip::reply(*request("INVITE"), 486, "t").build());
    EXPECT_THAT(page(),
                AllOf(HasSubstr("ringwall_requests_total{adjacency=\"trunk\",direction=\"in\","
                                "method=\"INVITE\"} 2\n"),
                      HasSubstr("ringwall_requests_total{adjacency=\"trunk\",direction=\"out\","
                                "method=\"INVITE\"} 0\n"),
                      HasSubstr("ringwall_responses_total{adjacency=\"trunk\",direction=\"out\","
                                "class=\"4xx\"} 1\n")));
}

// A method that a peer has made up is no label of its own.
TEST_F(MetricsPage, HasNoLabelOfThePeers) {
    const auto before = std::ranges::count(page(), '\n');
    for (int i = 0; i < 100; ++i) {
        measures.adjacencies[0].messages.add(engine::Direction::In,
                                             *request("FOO" + std::to_string(i)));
    }
    const std::string text = page();
    EXPECT_THAT(text, HasSubstr("ringwall_requests_total{adjacency=\"phones\",direction=\"in\","
                                "method=\"unknown\"} 100\n"));
    EXPECT_THAT(text, Not(HasSubstr("FOO")));
    EXPECT_EQ(std::ranges::count(text, '\n'), before);
}

TEST_F(MetricsPage, HasHandshakesByWhyTheyFailed) {
    measures.adjacencies[0]
        .handshakes_failed[static_cast<std::size_t>(CloseReason::HandshakeTimeout)] = 5;
    EXPECT_THAT(page(),
                AllOf(HasSubstr("ringwall_handshakes_failed_total{adjacency=\"phones\","
                                "cause=\"" +
                                std::string(to_string(CloseReason::HandshakeTimeout)) + "\"} 5\n"),
                      Not(HasSubstr("cause=\"" + std::string(to_string(CloseReason::PeerClosed)) +
                                    "\"}"))));
}

TEST_F(MetricsPage, HasCertificatesAndPeers) {
    snapshot.adjacencies[1].certificate.file = "sbc.crt";
    snapshot.adjacencies[1].certificate.not_after = WallTime{1'800'000'000s};
    snapshot.adjacencies[1].client_certificate = snapshot.adjacencies[1].certificate;
    outages.set(1, Outages::State{Outages::Peer::Down, WallTime{}});
    EXPECT_THAT(
        page(),
        AllOf(HasSubstr("ringwall_certificate_not_after_timestamp_seconds{adjacency=\"trunk\","
                        "role=\"server\"} 1800000000\n"),
              HasSubstr("ringwall_peer_up{adjacency=\"trunk\"} 0\n"),
              HasSubstr("ringwall_registered_contacts{adjacency=\"phones\"} 7\n"),
              HasSubstr("ringwall_adjacency_attached{adjacency=\"phones\"} 1\n"),
              HasSubstr("ringwall_adjacency_attached{adjacency=\"trunk\"} 0\n")));
}

TEST_F(MetricsPage, HasTheCountersUnderTheirNames) {
    measures.counters.add("rejected", "target-security");
    measures.counters.add("rejected", "target-security");
    measures.counters.add("sources_blacklisted", "corrupt-message");
    measures.counters.add("sources_limited", "corrupt-message");
    EXPECT_THAT(page(),
                AllOf(HasSubstr("ringwall_rejected_total{what=\"target-security\"} 2\n"),
                      HasSubstr("ringwall_sources_blacklisted_total{what=\"corrupt-message\"} 1\n"),
                      HasSubstr("ringwall_sources_limited_total{what=\"corrupt-message\"} 1\n")));
}

TEST_F(MetricsPage, HasCountersThatItHasNoWordsFor) {
    measures.counters.add("new_ones", "first");
    measures.counters.add("new_ones", "second");
    EXPECT_THAT(page(), AllOf(HasSubstr("# TYPE ringwall_new_ones_total counter\n"),
                              HasSubstr("ringwall_new_ones_total{what=\"first\"} 1\n"),
                              HasSubstr("ringwall_new_ones_total{what=\"second\"} 1\n")));
}

TEST_F(MetricsPage, HasDelaysAsAHistogram) {
    measures.delays.add(3ms);
    measures.delays.add(3ms);
    measures.delays.add(20s);
    measures.workers = {{.share = 0.25}, {}};
    EXPECT_THAT(page(), AllOf(HasSubstr("# TYPE ringwall_queue_delay_seconds histogram\n"),
                              HasSubstr("ringwall_queue_delay_seconds_bucket{le=\"0.001\"} 0\n"),
                              HasSubstr("ringwall_queue_delay_seconds_bucket{le=\"0.005\"} 2\n"),
                              HasSubstr("ringwall_queue_delay_seconds_bucket{le=\"1\"} 2\n"),
                              HasSubstr("ringwall_queue_delay_seconds_bucket{le=\"+Inf\"} 3\n"),
                              HasSubstr("ringwall_queue_delay_seconds_count 3\n"),
                              HasSubstr("ringwall_shed_share{worker=\"0\"} 0.25\n"),
                              HasSubstr("ringwall_shed_share{worker=\"1\"} 0\n")));
}

TEST_F(MetricsPage, LeavesOutWhatIsNotConfiguredAnyMore) {
    snapshot.adjacencies[1].is_removed = true;
    EXPECT_THAT(page(), Not(HasSubstr("\"trunk\"")));
}

// Every family once, and no series twice: Prometheus takes nothing of a page otherwise.
TEST_F(MetricsPage, SaysNothingTwice) {
    measures.counters.add("rejected", "sanity");
    std::istringstream lines(page());
    std::set<std::string> series;
    std::set<std::string> families;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("# TYPE ")) {
            EXPECT_TRUE(families.insert(line.substr(0, line.rfind(' '))).second) << line;
        } else if (!line.starts_with("#")) {
            EXPECT_TRUE(series.insert(line.substr(0, line.rfind(' '))).second) << line;
        }
    }
    EXPECT_GT(families.size(), 20U);
}

}  // namespace
}  // namespace ringwall::sbc::metrics
