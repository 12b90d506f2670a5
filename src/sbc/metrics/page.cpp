#include "sbc/metrics/page.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <limits>
#include <map>
#include <utility>

#include "base/text.h"
#include "sip/transport.h"

namespace ringwall::sbc::metrics {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

// A family, and the values that it gets.
class Family {
public:
    Family(std::vector<MetricFamily>& page, std::string_view name, MetricType type,
           std::string_view help)
        : page_(page) {
        family_.name = "ringwall_" + std::string(name);
        family_.help = help;
        family_.type = type;
    }
    ~Family() { page_.push_back(std::move(family_)); }
    Family(const Family&) = delete;
    Family& operator=(const Family&) = delete;

    void add(const Labels& labels, double value) {
        ClientMetric metric;
        for (const auto& [name, text] : labels) {
            metric.label.push_back({std::string(name), std::string(text)});
        }
        if (family_.type == MetricType::Counter) {
            metric.counter.value = value;
        } else {
            metric.gauge.value = value;
        }
        family_.metric.push_back(std::move(metric));
    }
    // The only one of a family; its bounds are in seconds.
    void add(const DelayCounts& delays) {
        ClientMetric metric;
        std::uint64_t count = 0;
        for (std::size_t i = 0; i < delays.counts.size(); ++i) {
            count += delays.counts[i];
            const bool is_last = i == DelayCounts::bounds.size();
            metric.histogram.bucket.push_back({count, is_last
                                                          ? std::numeric_limits<double>::infinity()
                                                          : DelayCounts::bounds[i] / 1000.0});
        }
        metric.histogram.sample_count = count;
        metric.histogram.sample_sum = std::chrono::duration<double>(delays.sum).count();
        family_.metric.push_back(std::move(metric));
    }
    void add(const Labels& labels, std::uint64_t value) { add(labels, static_cast<double>(value)); }

private:
    std::vector<MetricFamily>& page_;
    MetricFamily family_;
};

// Those of Counters, by name: "rejected{target-security}" is ringwall_rejected_total{what=...}.
// These are there before anything is counted; one that is not among them has no words, but is not
// left out.
struct CounterText {
    std::string_view name;
    std::string_view help;
};
constexpr std::array counter_texts{
    CounterText{"calls", "Calls that are over, by what became of them"},
    CounterText{"challenged", "Requests that were challenged, by the stage that did"},
    CounterText{"challenges", "Challenges of peers and phones to us, by what became of them"},
    CounterText{"connections_closed", "Connections that are over, by the reason"},
    CounterText{"connections_refused",
                "Connections that were closed before they began, by what held them off"},
    CounterText{"digest_replays", "Right credentials that were used before, by adjacency"},
    CounterText{"dropped", "Requests that nothing was answered to, by the stage that did"},
    CounterText{"log_lines_left_out", "Lines of the log that were too many"},
    CounterText{"overload", "Times that a worker began to turn new work away, or ended it"},
    CounterText{"peers", "Peers with ping-enable that went down or came up"},
    CounterText{"pings", "OPTIONS to peers with ping-enable, by what became of them"},
    CounterText{"refused_targets", "Targets that calls were refused, by the rule"},
    CounterText{"registrations", "REGISTERs of phones, by what became of them"},
    CounterText{"rejected", "Requests that were refused, by the stage that did"},
    CounterText{"relayed_registrations",
                "REGISTERs that went on to a registrar behind, by what became of them"},
    CounterText{"shed", "Requests that were turned away for there was too much work, by method"},
    CounterText{"sources_blacklisted", "Sources that were shut out, by the reason"},
    CounterText{"sources_limited", "What was too much of a source ('blacklist'), by the reason"},
    CounterText{"store", "Answers to REGISTERs that waited for the store too long"},
    CounterText{"trunk_registrations", "Our registrations at peers, by what became of them"},
};

class Writer {
public:
    explicit Writer(const Input& input) : input_(input) {}

    std::string write() {
        write_process();
        write_calls();
        write_messages();
        write_connections();
        write_peers();
        write_certificates();
        write_load();
        write_counters();
        return prometheus::TextSerializer().Serialize(page_);
    }

private:
    Family gauge(std::string_view name, std::string_view help) {
        return {page_, name, MetricType::Gauge, help};
    }
    Family counter(std::string_view name, std::string_view help) {
        return {page_, name, MetricType::Counter, help};
    }
    // Those that are configured.
    template <class Function>
    void for_each_adjacency(Function&& function) const {
        const auto& all = input_.snapshot.adjacencies;
        for (AdjacencyIndex i = 0; i < all.size(); ++i) {
            if (!all[i].is_removed) {
                function(i, all[i]);
            }
        }
    }
    const AdjacencyMeasures& measures(AdjacencyIndex index) const {
        static const AdjacencyMeasures none;
        const auto& all = input_.measures.adjacencies;
        return index < all.size() ? all[index] : none;
    }

    void write_process() {
        gauge("build_info", "Which Ringwall this is").add({{"version", input_.version}}, 1.0);
        gauge("workers", "Threads for the traffic").add({}, std::uint64_t{input_.workers});
        gauge("alarms", "Alarms that are up, as 'show alarms' lists them")
            .add({}, std::uint64_t{input_.alarms});
        gauge("store_unwritten",
              "Changes of registrations, calls and records that are not written yet")
            .add({}, input_.store_unwritten);
        gauge("store_lagging", "1: such changes wait too long, and answers to REGISTERs go without")
            .add({}, input_.is_store_lagging ? 1.0 : 0.0);
    }

    void write_calls() {
        const auto calls_now = [&](std::string_view name, std::string_view help, auto&& count_of) {
            Family family = gauge(name, help);
            for_each_adjacency([&](AdjacencyIndex index, const Adjacency& its) {
                family.add({{"adjacency", its.name}}, std::uint64_t{count_of(measures(index))});
            });
        };
        calls_now("calls_active", "Calls that are answered, by the adjacency that they came from",
                  [](const AdjacencyMeasures& of) { return of.active_calls; });
        calls_now("calls_activating", "Calls that are not answered yet, in the same way",
                  [](const AdjacencyMeasures& of) { return of.activating_calls; });
        const auto totals = [&](std::string_view name, std::string_view help, auto&& value_of) {
            Family family = counter(name, help);
            for_each_adjacency([&](AdjacencyIndex, const Adjacency& its) {
                const IntervalCounts* const found = input_.measures.statistics.from(its.name);
                family.add({{"adjacency", its.name}},
                           found == nullptr ? std::uint64_t{0} : value_of(found->total()));
            });
        };
        totals("call_attempts_total", "Call attempts, by the adjacency that they came from",
               [](const CallCounts& of) { return of.attempts; });
        totals("calls_answered_total", "Calls that were answered and ended",
               [](const CallCounts& of) { return of.answered; });
        totals("calls_answered_secure_total", "Secure ones of these",
               [](const CallCounts& of) { return of.secure; });
        totals("calls_cancelled_total", "Attempts that callers gave up",
               [](const CallCounts& of) { return of.cancelled; });
        Family failures = counter("call_failures_total",
                                  "Calls that failed, by the adjacency that they came from and by "
                                  "the cause (CISCO-SESS-BORDER-CTRLR-CALL-STATS-MIB)");
        for_each_adjacency([&](AdjacencyIndex, const Adjacency& its) {
            const IntervalCounts* const found = input_.measures.statistics.from(its.name);
            for (std::size_t i = 0; i < failure_cause_count; ++i) {
                failures.add(
                    {{"adjacency", its.name}, {"cause", to_string(static_cast<FailureCause>(i))}},
                    found == nullptr ? std::uint64_t{0} : found->total().failures[i]);
            }
        });
    }

    template <class Function>
    void for_each_way(Function&& function) const {
        for_each_adjacency([&](AdjacencyIndex index, const Adjacency& its) {
            function(its.name, "in", measures(index).messages.in);
            function(its.name, "out", measures(index).messages.out);
        });
    }

    void write_messages() {
        {
            Family requests = counter("requests_total", "Requests by method, repetitions too");
            for_each_way([&](std::string_view name, std::string_view direction,
                             const MessageCounts::Way& way) {
                for (std::size_t i = 0; i < way.requests.size(); ++i) {
                    const auto method = static_cast<sip::Method>(i);
                    requests.add(
                        {{"adjacency", name},
                         {"direction", direction},
                         {"method",
                          method == sip::Method::Unknown ? "unknown" : sip::to_string(method)}},
                        way.requests[i]);
                }
            });
        }
        {
            static constexpr std::array<std::string_view, MessageCounts::class_count> classes{
                "1xx", "2xx", "3xx", "4xx", "5xx", "6xx"};
            Family responses = counter("responses_total", "Responses by class, repetitions too");
            for_each_way([&](std::string_view name, std::string_view direction,
                             const MessageCounts::Way& way) {
                for (std::size_t i = 0; i < classes.size(); ++i) {
                    responses.add(
                        {{"adjacency", name}, {"direction", direction}, {"class", classes[i]}},
                        way.responses[i]);
                }
            });
        }
        const engine::ShardCounters& traffic = input_.measures.traffic;
        {
            Family messages = counter("messages_total", "Messages of all adjacencies and of none");
            messages.add({{"direction", "in"}}, traffic.messages_in);
            messages.add({{"direction", "out"}}, traffic.messages_out);
        }
        Family refused = counter("unread_total", "What came and went no further, by why");
        refused.add({{"what", "source-refused"}}, traffic.sources_refused);
        refused.add({{"what", "not-sip"}}, traffic.not_sip);
        refused.add({{"what", "fault-answered"}}, traffic.faults_answered);
        refused.add({{"what", "fault-dropped"}}, traffic.faults_dropped);
        refused.add({{"what", "stray-response"}}, traffic.strays);
    }

    void write_connections() {
        {
            Family connections = gauge("connections", "Connections that stand");
            for_each_adjacency([&](AdjacencyIndex index, const Adjacency& its) {
                for (const auto transport : {sip::Transport::Tcp, sip::Transport::Tls}) {
                    connections.add(
                        {{"adjacency", its.name}, {"transport", lower(sip::to_string(transport))}},
                        std::uint64_t{
                            measures(index).connections[static_cast<std::size_t>(transport)]});
                }
            });
        }
        Family failed = counter("handshakes_failed_total",
                                "Handshakes of connections that came to nothing, by why");
        for_each_adjacency([&](AdjacencyIndex index, const Adjacency& its) {
            for (std::size_t i = 0; i < close_reason_count; ++i) {
                const auto reason = static_cast<CloseReason>(i);
                if (is_failed_handshake(reason)) {
                    failed.add({{"adjacency", its.name}, {"cause", to_string(reason)}},
                               measures(index).handshakes_failed[i]);
                }
            }
        });
    }

    void write_peers() {
        {
            Family attached = gauge("adjacency_attached", "1: it is attached");
            for_each_adjacency([&](AdjacencyIndex, const Adjacency& its) {
                attached.add({{"adjacency", its.name}}, its.is_attached ? 1.0 : 0.0);
            });
        }
        {
            Family up = gauge("peer_up", "Of peers with ping-enable that were asked: 1, it is up");
            for_each_adjacency([&](AdjacencyIndex index, const Adjacency& its) {
                const auto state = input_.outages.state(index);
                if (state && state->peer != Outages::Peer::Unknown) {
                    up.add({{"adjacency", its.name}}, state->peer == Outages::Peer::Up ? 1.0 : 0.0);
                }
            });
        }
        Family registrations =
            gauge("registered_contacts", "Contacts of phones that are registered");
        for_each_adjacency([&](AdjacencyIndex index, const Adjacency& its) {
            if (its.profile == Profile::Access) {
                const auto& counts = input_.registrations;
                registrations.add({{"adjacency", its.name}},
                                  std::uint64_t{index < counts.size() ? counts[index] : 0});
            }
        });
    }

    void write_certificates() {
        const auto seconds = [](WallTime time) {
            return std::chrono::duration<double>(time.time_since_epoch()).count();
        };
        {
            Family until = gauge("certificate_not_after_timestamp_seconds",
                                 "When a certificate that is shown expires");
            for_each_adjacency([&](AdjacencyIndex, const Adjacency& its) {
                if (!its.certificate.file.empty()) {
                    until.add({{"adjacency", its.name}, {"role", "server"}},
                              seconds(its.certificate.not_after));
                    until.add({{"adjacency", its.name}, {"role", "client"}},
                              seconds(its.client_certificate.not_after));
                }
            });
        }
        Family crl =
            gauge("crl_next_update_timestamp_seconds", "When what was revoked must be asked again");
        for_each_adjacency([&](AdjacencyIndex, const Adjacency& its) {
            if (its.crl_next_update) {
                crl.add({{"adjacency", its.name}}, seconds(*its.crl_next_update));
            }
        });
    }

    void write_load() {
        Family(page_, "queue_delay_seconds", MetricType::Histogram,
               "How long what was handled had waited for a worker")
            .add(input_.measures.delays);
        Family share = gauge("shed_share", "The share of new work that is turned away, by worker");
        std::size_t number = 0;
        for (const WorkerLoad& each : input_.measures.workers) {
            share.add({{"worker", std::to_string(number++)}}, each.share);
        }
    }

    void write_counters() {
        std::map<std::string_view, std::string_view> helps;
        for (const CounterText& each : counter_texts) {
            helps.emplace(each.name, each.help);
        }
        const auto& all = input_.measures.counters.all();
        for (const auto& [key, value] : all) {
            helps.emplace(std::string_view(key).substr(0, key.find('{')), "A counter");
        }
        for (const auto& [name, help] : helps) {
            Family family = counter(std::string(name) + "_total", help);
            const std::string begin = std::string(name) + "{";
            for (auto at = all.lower_bound(begin); at != all.end() && at->first.starts_with(begin);
                 ++at) {
                const std::string_view key = at->first;
                family.add({{"what", key.substr(begin.size(), key.size() - begin.size() - 1)}},
                           at->second);
            }
        }
    }

    const Input& input_;
    std::vector<MetricFamily> page_;
};

}  // namespace

std::string page(const Input& input) {
    return Writer(input).write();
}

}  // namespace ringwall::sbc::metrics
