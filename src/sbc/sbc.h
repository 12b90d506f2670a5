// One worker of the border controller: wiring only. It takes what the shard delivers through the
// pipeline, to the registrar or to a call, and gives calls what they ask for.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/keyed_hash.h"
#include "base/log_limit.h"
#include "base/random.h"
#include "engine/shard.h"
#include "sbc/adjacency_status.h"
#include "sbc/admissions.h"
#include "sbc/b2bua/call.h"
#include "sbc/b2bua/call_host.h"
#include "sbc/b2bua/recent_requests.h"
#include "sbc/b2bua/relayed_register.h"
#include "sbc/b2bua/usage.h"
#include "sbc/config/snapshot.h"
#include "sbc/connections.h"
#include "sbc/counters.h"
#include "sbc/explanation.h"
#include "sbc/failover.h"
#include "sbc/locator.h"
#include "sbc/measures.h"
#include "sbc/media/link.h"
#include "sbc/overload_control.h"
#include "sbc/policy/pipeline.h"
#include "sbc/record/call_record.h"
#include "sbc/record/call_statistics.h"
#include "sbc/record/kept_records.h"
#include "sbc/registrar/edge_registrar.h"
#include "sbc/registrar/location.h"
#include "sbc/registrar/returning_phone.h"
#include "sbc/shared.h"
#include "sbc/trunk/challenges.h"
#include "sbc/trunk/pings.h"
#include "sbc/trunk/registrations.h"
#include "sip/auth/nonce_mint.h"
#include "sip/auth/nonce_window.h"

namespace ringwall::sbc {

// Where records and trace lines go.
class Observer {
public:
    virtual ~Observer() = default;
    virtual void on_record(const CallRecord& record) = 0;
    virtual void on_trace(const std::string& json_line) = 0;
};

// A connection over TLS that stands.
struct TlsConnection {
    AdjacencyIndex adjacency = 0;
    bool is_ours = false;  // we opened it
    Endpoint remote;
    std::shared_ptr<const tls::PeerIdentity> peer;
};

class Sbc final : public engine::ShardUser,
                  public b2bua::CallHost,
                  public b2bua::RelayedRegister::Desk {
public:
    struct ListenRequest {
        Endpoint local;
        sip::Transport transport = sip::Transport::Udp;  // Udp; Tcp also for what will speak TLS
        auto operator<=>(const ListenRequest&) const = default;
    };

    // `place`: which of the workers this one is.
    Sbc(Shared& shared, engine::Network& network, Random& random, Observer& observer,
        SnapshotPtr snapshot, Now start, engine::Place place = {},
        sip::transaction::Timers timers = {});

    // The sockets that the attached adjacencies want, each once.
    static std::vector<ListenRequest> listeners(const Snapshot& snapshot);
    void add_listener(engine::ListenerId id, const Endpoint& local, sip::Transport transport,
                      FlowId udp_flow);

    // Another configuration (sbc_configuration.cpp, docs/decisions/0054).
    //
    // The sockets that `next`, which succeeds the present one, wants and that are missing here.
    // Those that are here already stay for as long as somebody has `next`.
    std::vector<ListenRequest> expect(const SnapshotPtr& next);
    // From now on requests of no call are judged by `next`; calls go on by what they began with.
    // All workers take it between two of their turns, so that nothing is judged by half.
    void take(const SnapshotPtr& next);
    // What is here of each adjacency, added to what others said.
    void add_status(std::vector<AdjacencyStatus>& sum) const;
    // Those that are up, as their records would say it now.
    std::vector<CallRecord> calls_so_far() const;
    std::vector<TlsConnection> tls_connections() const;
    // Of an adjacency that was detached: its calls do not end by themselves.
    void detach(AdjacencyIndex adjacency, ForcedDetach mode);

    // To be driven by a worker or a simulated network.
    engine::Shard& shard() { return shard_; }
    void set_trace(bool on) { shard_.set_trace(on); }

    // Those that are not over.
    std::size_t calls() const { return active_calls_; }
    const Counters& counters() const { return counters_; }
    const CallStatistics& statistics() const { return statistics_; }
    // What is and was here, added to what others said.
    void add_measures(Measures& sum) const;
    void clear_statistics() { statistics_.clear(); }
    // What would become of that call now; nothing is sent, counted or kept (sbc_explain.cpp).
    Explanation explain(const ExplainQuestion& question);
    // Of that name (CallRecord::call): one that is up, or one of the last that are not.
    std::optional<CallRecord> find_call(std::string_view name) const;
    // The last ones here: requests and calls that were refused, and calls that ended otherwise.
    const KeptRecords& refusals() const { return refusals_; }
    const KeptRecords& ended_calls() const { return ended_calls_; }
    const registrar::Location& location() const { return shared_.location; }
    const Snapshot& snapshot() const { return *snapshot_; }
    // New calls `but` these hear 503 from now on, what is registered at providers is removed, and
    // nobody is pinged.
    void refuse_calls(policy::NewCalls but = policy::NewCalls::Emergency);
    const trunk::Registrations& registrations() const { return registrations_; }
    // All calls are ended, their peers told.
    void end_all(std::string_view reason);
    // The one of that name (CallRecord::call). False: it is not here.
    bool end_call(std::string_view name, std::string_view reason);
    bool is_consistent() const;
    // A record for each call that is not over: nobody will write it any more.
    void record_unfinished(std::string_view reason);
    // What an earlier process was told of that user, as text (registrar/kept_bindings.h). False:
    // nothing of it is good any more.
    bool restore(std::string_view address_of_record, std::string_view text);
    // A call that an earlier process has kept, as text (b2bua/kept_call.h): it is another worker's,
    // goes on here, or does not go on. Then it was recorded, unless it cannot be read.
    enum class Restored : std::uint8_t { Elsewhere, Up, Over };
    Restored restore_call(std::string_view name, std::string_view text);
    // What is kept of those that are up lacks in the file.
    void keep_calls_anew();
    // Any thread: an answer to a REGISTER or an INVITE waits until it is kept.
    bool waits_for_journal() const { return waits_for_journal_.load(); }
    // More is written now.
    void on_written();
    // New work is turned away, at least some of it. Any thread.
    bool is_shedding() const { return is_shedding_.load(); }
    // The media engine that is configured does not answer.
    bool misses_media_engine() const { return media_.is_configured() && !media_.is_up(); }
    // No call, and no request of ours (BYE, CANCEL ...) that waits for an answer.
    bool is_quiet() const;
    // Nothing is left of any call, transaction, or what finds them.
    bool is_empty() const;

    // engine::ShardUser
    bool on_datagram_source(const engine::Flow& flow, const Endpoint& remote) override;
    engine::AcceptDecision on_accept(engine::ListenerId listener, const Endpoint& remote) override;
    bool on_established(const engine::Flow& flow) override;
    void on_flow_closed(const engine::Flow& flow, CloseReason reason,
                        std::string_view detail) override;
    void on_flow_lost(const engine::Flow& flow) override;
    void on_request(sip::transaction::ServerId id, const sip::Hop& from,
                    const sip::MessagePtr& request, sip::transaction::ServerId cancelled) override;
    void on_ack(const sip::Hop& from, const sip::MessagePtr& request) override;
    void on_response(sip::transaction::ClientId id, const sip::Hop& from,
                     const sip::MessagePtr& response) override;
    void on_client_failed(sip::transaction::ClientId id,
                          sip::transaction::TerminationCause cause) override;
    void on_client_ended(sip::transaction::ClientId id) override;
    void on_server_ended(sip::transaction::ServerId id,
                         sip::transaction::TerminationCause cause) override;
    void on_timer(std::uint64_t cookie) override;
    std::optional<sip::Hop> way_back(const sip::Hop& lost, const sip::Message& response) override;
    sip::MessagePtr on_fault(const sip::Hop& from, const sip::Message& request,
                             const sip::ParseError& fault) override;
    void on_dns(const dns::Question& question, const dns::Answer& answer) override;
    void on_octets(FlowId flow, const Endpoint& remote, std::string_view bytes) override;
    void on_delay(Duration waited) override;
    void on_message(engine::Direction direction, const sip::Hop& hop,
                    const sip::Message& message) override;
    void on_trace(engine::Direction direction, const sip::Hop& hop,
                  const sip::Message& message) override;

    // b2bua::CallHost
    std::optional<policy::CacRefusal> admit(b2bua::CallRef call, const policy::CacEvent& event,
                                            policy::CacGate::Urgency urgency) override;
    std::optional<policy::CacRefusal> would_refuse(const policy::CacEvent& event,
                                                   policy::CacGate::Urgency urgency) const override;
    Now now() const override { return shard_.now(); }
    Random& random() override { return random_; }
    Bucket new_bucket() override { return shard_.place().new_bucket(random_); }
    const sip::transaction::Timers& timers() const override { return timers_; }
    sip::transaction::ClientId send_new(b2bua::CallRef call, const policy::Permit& permit,
                                        const sip::Hop& to, sip::MessagePtr request) override;
    sip::transaction::ClientId send_in_dialog(b2bua::CallRef call, const sip::Hop& to,
                                              sip::MessagePtr request) override;
    void send_ack(const sip::Hop& to, const sip::MessagePtr& ack) override;
    void respond(sip::transaction::ServerId id, sip::MessagePtr response) override;
    void refuse_unknown(sip::transaction::ServerId id, const sip::Hop& from,
                        const sip::Message& request) override;
    bool can_answer(sip::transaction::ServerId id) override;
    sip::transaction::ClientId cancel(b2bua::CallRef call, sip::transaction::ClientId invite,
                                      const sip::transaction::Reasons& reasons) override;
    void start_timer(b2bua::CallRef call, Duration after, std::uint32_t cookie) override;
    std::optional<sip::Hop> hop_to(b2bua::CallRef call, AdjacencyIndex adjacency) override;
    sip::Hop hop_of(sip::transaction::ClientId client, const sip::Hop& to) const override;
    std::optional<sip::Hop> hop_in_dialog(b2bua::CallRef call, const b2bua::Leg& leg) override;
    bool may_come_back(const b2bua::Leg& leg) override;
    b2bua::Proof proof_of(AdjacencyIndex adjacency, const sip::Hop& hop,
                          std::string_view address_of_record) override;
    bool is_peer_of(b2bua::CallRef call, const b2bua::Leg& leg, const sip::Hop& from) override;
    std::vector<registrar::Binding> find_location(b2bua::CallRef call,
                                                  std::string_view address_of_record) override;
    std::optional<registrar::Binding> find_contact(b2bua::CallRef call, std::string_view token,
                                                   AdjacencyIndex behind) override;
    bool is_subscriber(std::string_view address_of_record) const override;
    void challenge_passes(std::string_view phone, AdjacencyIndex registrar,
                          const sip::Message& challenge) override;
    bool is_answer(std::string_view phone, AdjacencyIndex registrar,
                   const sip::HeaderLine& credentials) override;
    void own_tag(std::string_view tag, b2bua::CallRef call) override;
    std::optional<std::string> vouch_for(const sip::DialogIds& ids,
                                         const b2bua::Speaker& speaker) override;
    void own_call_id(std::string_view call_id, b2bua::CallRef call) override;
    bool is_our_tag(std::string_view tag) const;
    bool is_elsewhere(std::string_view tag) const override;
    sip::transaction::ServerId begin_errand(const b2bua::OnBehalf& errand) override;
    void drop_errand(sip::transaction::ServerId errand, std::string_view reason) override;
    bool join_errand(sip::transaction::ServerId errand, std::string_view our_tag,
                     const b2bua::Leg& party, const sip::Message& asked,
                     const sip::MessagePtr& answer) override;
    bool is_media_engine_up() const override { return media_.is_up(); }
    media::Ticket ask_media(b2bua::CallRef call, std::string_view session,
                            std::string_view request) override {
        return media_.ask(call, session, request);
    }
    void forget_media(std::string_view session) override { media_.forget(session); }
    bool keeps_calls() const override { return shared_.call_journal != nullptr; }
    void keep(b2bua::CallRef call, b2bua::KeptCall kept) override;
    void respond_when_kept(sip::transaction::ServerId id, sip::MessagePtr response) override;
    void end(b2bua::CallRef call, const CallRecord& record) override;
    void release(b2bua::CallRef usage) override;
    void count_refusal(std::string_view name) override;
    void keep_refusal(CallRecord record) override;

    // b2bua::RelayedRegister::Desk (sbc_registrar.cpp)
    void on_registrar_answered(const b2bua::RelayedRegister::Setup& setup,
                               const sip::Message& response) override;
    void on_registrar_failed(const b2bua::RelayedRegister::Setup& setup, int status) override;
    bool is_for_registrar(const b2bua::RelayedRegister::Setup& setup,
                          const sip::HeaderLine& credentials) override;

private:
    struct CallEntry {
        SnapshotPtr snapshot;  // that it began with
        std::unique_ptr<b2bua::Usage> call;
        Admissions::Held admitted;  // by the admission policy, until it is over
        std::vector<std::string> tags;
        std::vector<std::string> call_ids;
        std::vector<FlowId> flows;
        std::vector<engine::Shard::TimerId> timers;  // and some that have run out
        std::size_t open_clients = 0;                // transactions whose responses are the call's
        bool is_kept = false;                        // beyond the process
    };
    struct Client {
        b2bua::CallRef call;
        bool is_waiting = false;  // for a final response; an INVITE's is the call's business
    };

    // An INVITE of a call here that another call here answers: no transaction is between them.
    static constexpr std::uint64_t errand_bit = std::uint64_t{1} << 63;
    static bool is_errand(sip::transaction::ServerId id) { return (id.value & errand_bit) != 0; }
    struct Errand {
        b2bua::CallRef by;
        b2bua::CallRef made;
        bool is_accepted = false;
    };

    const SnapshotPtr& snapshot_of(b2bua::CallRef call) const;
    bool is_still_trusted(const Snapshot& snapshot, AdjacencyIndex adjacency) const;
    bool may_begin_on(const Snapshot& snapshot, AdjacencyIndex adjacency) const;
    std::set<AdjacencyIndex> in_use() const;
    static constexpr std::uint64_t settle_cookie = UINT64_MAX - 2;
    static constexpr std::uint64_t journal_cookie = UINT64_MAX - 4;
    static constexpr std::uint64_t overload_cookie = UINT64_MAX - 5;
    void settle_in(Duration after);
    void settle();
    void depart(AdjacencyIndex adjacency);
    void drop(b2bua::CallRef ref, std::string_view reason);
    void close_what_changed(const Snapshot& next);
    void drop_bindings(const std::function<bool(const registrar::Binding&)>& is_over,
                       std::string_view reason);
    void release_listeners();
    bool is_wanted_by_calls(const ListenRequest& listener) const;
    std::optional<AdjacencyIndex> adjacency_of(const Snapshot& snapshot, const sip::Hop& hop) const;
    std::optional<AdjacencyIndex> adjacency_of(const engine::Flow& flow) const;
    std::optional<AdjacencyIndex> adjacency_of_phone(FlowId flow) const;
    AdjacencyMeasures& passed_on(AdjacencyIndex adjacency);
    bool shed(sip::transaction::ServerId id, const sip::Hop& from, const sip::Message& request);
    bool sheds_handshake(AdjacencyIndex adjacency, const IpAddress& source);
    void note_overload(OverloadControl::Change change);
    double draw();
    b2bua::Usage* call_of(b2bua::CallRef ref);
    // Whose a request with this To tag is.
    b2bua::Usage* call_of_tag(std::string_view tag);
    void on_out_of_dialog(sip::transaction::ServerId id, const sip::Hop& from,
                          const sip::MessagePtr& request);
    void on_cancel(sip::transaction::ServerId id, const sip::Hop& from,
                   const sip::MessagePtr& request, sip::transaction::ServerId cancelled);
    bool is_sender(sip::transaction::ServerId invite, const sip::Hop& from);
    bool is_merged(const sip::Message& request);
    bool act_on(const policy::Outcome& outcome, const policy::Inbound& inbound,
                sip::transaction::ServerId id, const sip::MessagePtr& request);
    void begin_call(policy::Inbound& inbound, sip::transaction::ServerId id,
                    const sip::MessagePtr& request, Admissions::Held admitted);
    b2bua::CallRef begin_call(b2bua::Call::Setup setup, Admissions::Held admitted);
    class Gate;
    void give_back_legs(b2bua::CallRef call);
    Admissions::Held count_standing(const b2bua::Leg& caller, const b2bua::Leg& callee);
    bool is_peers(AdjacencyIndex adjacency, const IpAddress& source);
    const SourceRule* rule_of_source(AdjacencyIndex adjacency, const IpAddress& source,
                                     SourceEvent event);
    bool note_source(AdjacencyIndex adjacency, const IpAddress& source, bool is_connection,
                     SourceEvent event);
    void shut_out(AdjacencyIndex adjacency, const IpAddress& source, SourceEvent reason,
                  Duration timeout);
    bool is_bound(const Ban& ban, const IpAddress& address);
    bool is_shut_out(AdjacencyIndex adjacency, const IpAddress& address);
    bool may_connect(AdjacencyIndex adjacency, const IpAddress& source);
    bool has_guessed(const sip::Hop& from, const sip::Message& request);
    bool is_over_rate(AdjacencyIndex adjacency, const IpAddress& source, bool is_emergency);
    bool is_too_much(sip::transaction::ServerId id, const sip::Hop& from,
                     const sip::Message& request);
    bool is_of_nobody(FlowId flow) const;
    void end_bans();
    static constexpr std::uint64_t blacklist_cookie = UINT64_MAX - 6;
    void replace(const policy::Inbound& inbound, sip::transaction::ServerId id,
                 const sip::MessagePtr& request);
    // None: it was refused before any call was asked.
    std::optional<b2bua::CallRef> replace(b2bua::Newcomer newcomer);
    b2bua::CallRef begin_errand(sip::transaction::ServerId id, const b2bua::OnBehalf& errand);
    void deliver_errands();
    void deliver_media();
    void forward(policy::Inbound& inbound, sip::transaction::ServerId id,
                 const sip::MessagePtr& request);
    void do_register(const policy::Inbound& inbound, sip::transaction::ServerId id,
                     const sip::MessagePtr& request);
    void relay_register(const policy::Inbound& inbound, sip::transaction::ServerId id,
                        const sip::MessagePtr& request);
    void end_relay(const b2bua::RelayedRegister::Setup& setup, std::string_view user);
    void take_registrars_answer(const b2bua::RelayedRegister::Setup& setup, const std::string& user,
                                const sip::Message& response);
    void refuse_register(const registrar::Registrant& registrant,
                         const b2bua::RelayedRegister::Setup& setup, const sip::Message& response);
    void note_register(const registrar::Registrant& registrant, int status, bool is_bound);
    void answer_register(const registrar::Registrant& registrant, sip::transaction::ServerId id,
                         const sip::Message& request, const registrar::RegisterOutcome& outcome,
                         const sip::Message* behind);
    void answer_options(const policy::Inbound& inbound, sip::transaction::ServerId id,
                        const sip::MessagePtr& request);
    void refuse(sip::transaction::ServerId id, const Adjacency& adjacency,
                const sip::Message& request, int status, std::string_view reason = {});
    void refuse(sip::transaction::ServerId id, const sip::Hop& from, const sip::Message& request,
                int status);
    bool may_log(log::Limit& lines, std::string_view kind);
    bool may_log_refusal();
    void record_refusal(const policy::Inbound& inbound, std::string_view stage,
                        const policy::Reject& reject);
    CallRecord record_of(const policy::Inbound& inbound, std::string_view stage);
    CallRecord record_of(const b2bua::RelayedRegister::Setup& setup);
    void keep_challenged(const policy::Inbound& inbound, std::string_view stage);
    void keep_refused(const policy::Inbound& inbound, const registrar::RegisterOutcome& outcome);
    void keep_refused(const b2bua::RelayedRegister::Setup& setup, int status,
                      std::string_view reason = {});
    void keep_refusal(const sip::Hop& from, const sip::Message& request, int status,
                      std::string_view reason);
    void refuse(const b2bua::Newcomer& newcomer, int status, std::string_view reason);
    void note_end(const CallRecord& record);
    static bool is_same_registrar(const Snapshot& before, const Snapshot& after,
                                  AdjacencyIndex phones);
    bool may_be_registered(const ExplainQuestion& question);
    policy::Inbound inbound_of(const sip::Message& request, const sip::Hop& from,
                               std::span<const std::string> registered);
    void own_client(sip::transaction::ClientId id, b2bua::CallRef call, bool is_waiting);
    void watch_newcomer(const engine::Flow& flow, AdjacencyIndex adjacency);
    void close_newcomers();
    void remember_gone(const engine::Flow& flow);
    void note_alias(const policy::Inbound& inbound);
    sip::transaction::ClientId send_by(b2bua::CallRef call, const sip::Hop& to,
                                       const sip::MessagePtr& request);
    void own_sent(const Failover::Sent& sent, bool is_waiting = false);
    // The 401 or 407 is for us, and answered.
    std::vector<sip::auth::Account> accounts_for(const Snapshot& snapshot,
                                                 const trunk::Challenges::Sent& sent,
                                                 const sip::Hop& from) const;
    bool answer_challenge(sip::transaction::ClientId id, const sip::Hop& from,
                          const sip::Message& response);
    sip::transaction::ClientId known_as(sip::transaction::ClientId id) const;
    // Keeps a request that may be challenged.
    void remember(b2bua::CallRef call, sip::transaction::ClientId id,
                  std::optional<AdjacencyIndex> peer, const sip::Hop& to,
                  const sip::MessagePtr& request, std::optional<policy::Permit> permit);
    void stop_waiting(Client& client);
    void own_flow(const sip::Hop& hop, b2bua::CallRef call);
    std::optional<sip::Hop> hop_back_to(const SnapshotPtr& snapshot, const b2bua::Leg& leg);
    std::optional<sip::Hop> hop_back_in_the_clear(const Snapshot& snapshot, const b2bua::Leg& leg,
                                                  std::uint16_t port);
    std::optional<sip::Hop> hop_of_phone(const b2bua::Proof& peer, std::string_view contact) const;
    // RFC 3261 §18.2.2: a connection to where a request came from, at the port of its Via; only
    // within a trusted adjacency, and over TLS only to who can prove to be its peer.
    std::optional<sip::Hop> hop_back(const Snapshot& snapshot, AdjacencyIndex adjacency,
                                     const sip::Hop& lost, std::uint16_t port);
    bool is_registered_at(const b2bua::Proof& peer, const Endpoint& remote) const;
    bool is_peer(const Snapshot& snapshot, const b2bua::Proof& peer, const sip::Hop& heard,
                 const sip::Hop& from) const;
    static bool is_another_server(const Adjacency& adjacency, const tls::PeerIdentity& identity);
    bool is_up(const sip::Hop& hop) const;
    b2bua::Usage* call_of(sip::transaction::ServerId request);
    void watch_expiry();
    void watch_journal(Duration after);
    void on_journal_late();
    void sweep();
    void forget_dialogs(b2bua::CallRef ref, CallEntry& entry);
    void forget_call_ids(b2bua::CallRef ref, const CallEntry& entry);
    std::string new_call_name();
    std::string new_tag();
    void tell_calls_on(FlowId flow);

    Shared& shared_;
    Random& random_;
    Observer& observer_;
    SnapshotPtr snapshot_;
    // Those before it, as long as a call goes on by them, and the one that is prepared.
    std::vector<std::weak_ptr<const Snapshot>> former_;
    std::weak_ptr<const Snapshot> expected_;
    std::vector<AdjacencyIndex> going_down_;  // detached, and not everything has departed
    std::optional<engine::Shard::TimerId> settle_timer_;
    sip::transaction::Timers timers_;
    engine::Shard shard_;
    Connections connections_;
    Locator locator_;
    Failover failover_;
    // Connections that were let in and do not stand yet: on what, and what that was then.
    struct Arrival {
        AdjacencyIndex adjacency = 0;
        Security security = Security::Untrusted;
    };
    std::map<std::pair<engine::ListenerId, Endpoint>, Arrival> arrivals_;
    struct Newcomer {
        FlowId flow;
        AdjacencyIndex adjacency = 0;
        Endpoint source;
        TimePoint patience_ends{};
    };
    std::deque<Newcomer> newcomers_;  // of this worker; some are known or gone by now
    // Connections of trusted peers that are gone, the last ones: responses may still be owed.
    std::deque<std::pair<FlowId, AdjacencyIndex>> gone_;
    Counters counters_;
    CallStatistics statistics_;
    OverloadControl overload_;
    std::uint64_t shed_ = 0;  // requests
    std::uint64_t handshakes_shed_ = 0;
    WallTime overload_changed_{};
    DelayCounts delays_;
    HashKey shed_tags_;
    std::atomic<bool> is_shedding_ = false;
    std::vector<AdjacencyMeasures> passed_;  // by adjacency; what is counted as it passes
    KeptRecords refusals_;
    KeptRecords ended_calls_;
    log::Limit refusal_lines_;
    log::Limit closing_lines_;     // of connections that nobody had
    SourceBuckets request_rates_;  // of this worker
    registrar::EdgeRegistrar registrar_;
    // A worker asks again for a nonce that another has made: who made it knows its counts.
    sip::auth::NonceMint nonces_;
    sip::auth::NonceWindow nonce_window_;
    sip::auth::Verifier verifier_;
    trunk::Challenges challenges_;
    trunk::Registrations registrations_;
    trunk::Pings pings_;
    media::Link media_;
    std::unordered_map<engine::ListenerId, ListenRequest> listeners_;
    std::size_t relayed_ = 0;  // REGISTERs on their way to a registrar behind us, among calls_
    std::unordered_map<b2bua::CallRef, CallEntry> calls_;
    std::unordered_map<std::string, b2bua::CallRef> by_tag_;
    // Peers choose half of them, hence the tree: no choice of theirs makes a search slow.
    std::map<std::string, b2bua::CallRef, std::less<>> by_call_id_;
    // The connections that a call was ever seen on: who is to be told when one is gone.
    std::unordered_map<FlowId, std::set<b2bua::CallRef>> by_flow_;
    std::unordered_map<sip::transaction::ClientId, Client> by_client_;
    std::unordered_map<sip::transaction::ServerId, b2bua::CallRef> by_server_;
    b2bua::RecentRequests recent_;
    std::unordered_map<sip::transaction::ServerId, Errand> errands_;
    // What was answered to them, and whoever is gone (null): told when the event is over.
    std::vector<std::pair<sip::transaction::ServerId, sip::MessagePtr>> errand_answers_;
    std::uint64_t last_errand_ = 0;
    std::vector<b2bua::CallRef> ended_;
    std::uint64_t last_call_ = 0;
    std::size_t active_calls_ = 0;
    std::size_t open_requests_ = 0;  // clients that are waiting
    policy::NewCalls new_calls_ = policy::NewCalls::All;
    std::optional<TimePoint> expiry_watched_;
    // Answers to REGISTERs and INVITEs that wait until they are kept, in the order of their counts.
    struct Unkept {
        registrar::Journal::Count count = 0;
        TimePoint since;
        sip::transaction::ServerId request;
        sip::MessagePtr response;
    };
    std::deque<Unkept> unkept_;
    std::atomic<bool> waits_for_journal_ = false;
    bool is_journal_watched_ = false;  // a timer runs
};

}  // namespace ringwall::sbc
