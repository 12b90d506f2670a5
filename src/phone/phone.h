// A phone: its lines, its calls and who may talk to it, put together over one shard. Everything
// happens on the shard's thread; what the user wants comes by the functions, what has happened goes
// to the Observer.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/shard.h"
#include "media/port.h"
#include "phone/call.h"
#include "phone/call_history.h"
#include "phone/challenge.h"
#include "phone/dial_plan.h"
#include "phone/dialog_info.h"
#include "phone/line.h"
#include "phone/settings.h"
#include "phone/tone_player.h"
#include "phone/trust.h"
#include "sip/subscription/client_subscription.h"

namespace ringwall::phone {

// Somebody else's line, by a line key.
struct WatchedLine {
    LineKey key;
    DialogInfo dialogs;
};

// Told after the fact; it may call the phone's functions.
class Observer {
public:
    virtual ~Observer() = default;
    virtual void on_line_changed(const Line& line) = 0;
    virtual void on_call_changed(Call& call) = 0;
    virtual void on_digit(Call& /*call*/, char /*digit*/) {}
    virtual void on_transferred(Call& /*call*/, int /*status*/) {}
    virtual void on_messages(const Line& /*line*/) {}
    // Whom *66 waited for rings now, or has answered.
    virtual void on_call_back(Call& /*call*/) {}
    virtual void on_watched(const WatchedLine& /*watched*/) {}
    // NOTIFY "resync", "check-sync", "reboot", "reboot_now", "restart_now" or "report", after its
    // challenge.
    virtual void on_order(const Line& /*line*/, std::string_view /*event*/) {}
    // A star code has set what that parameter says.
    virtual void on_service(std::string_view /*parameter*/, std::string_view /*value*/) {}
    virtual void on_trace(std::string_view /*direction*/, const sip::Hop& /*hop*/,
                          const sip::Message& /*message*/) {}
};

// What a mailbox holds (RFC 3842).
struct Mailbox {
    bool is_waiting = false;
    unsigned fresh = 0, old = 0;
};

// What the user may change by star codes, from what the parameters say at the start.
struct UserServices {
    bool do_not_disturb = false;
    bool call_waiting = true;
    bool secure_calls = false;
    bool blocks_caller_id = false;  // ours
    bool blocks_anonymous = false;  // theirs
    std::string forward_all, forward_busy, forward_no_answer;
    // By the codes of one call, for the one that comes next.
    std::optional<bool> is_next_call_secure = {};
    std::optional<bool> is_next_call_hidden = {};
    std::optional<bool> does_next_call_wait = {};
};

class Phone final : public engine::ShardUser, public LineHost, public CallHost, public media::User {
public:
    // `tls` is the client's side of lines over TLS; null where there are none.
    Phone(engine::Network& network, media::Port& media, Random& random, SettingsPtr settings,
          std::shared_ptr<const tls::Context> tls, Now start, Observer& observer,
          SoundOptions sound = {});

    // The sockets that the settings ask for. With TLS alone there are none.
    struct Socket {
        sip::Transport transport = sip::Transport::Udp;
        std::uint16_t port = 5060;
        std::uint8_t type_of_service = 0;
    };
    static std::vector<Socket> sockets(const Settings& settings);
    // Before start().
    void add_listener(engine::ListenerId id, const Endpoint& local, sip::Transport transport,
                      FlowId udp_flow);
    void start();
    // Hangs up and unregisters; is_quiet() when the others have said so.
    void stop();
    bool is_quiet() const;
    engine::Shard& shard() { return shard_; }

    // What the user does. Errors are sentences.
    // A URI, user@domain, a number as the line's dial plan has it, or a star code. None: it was the
    // code of a service, which is done.
    Result<std::optional<CallId>, std::string> dial(std::size_t line, std::string_view number);
    // Keys one by one, as on a keypad: what they come to is dialled, maybe later. None: the handset
    // is lifted.
    Result<void, std::string> press_keys(std::size_t line, std::string_view keys);
    // Voice Mail Number.
    Result<CallId, std::string> dial_voice_mail(std::size_t line);
    Result<void, std::string> answer(CallId call);
    Result<void, std::string> reject(CallId call, int status = 486);
    Result<void, std::string> hang_up(CallId call);
    Result<void, std::string> hold(CallId call, bool is_held);
    Result<void, std::string> send_digits(CallId call, std::string_view digits);
    Result<void, std::string> transfer(CallId call, std::string_view number);
    Result<void, std::string> transfer(CallId call, CallId to);
    // Everybody hears everybody; fewer than two: nobody is joined any more.
    Result<void, std::string> conference(const std::vector<CallId>& calls);

    const std::vector<std::unique_ptr<Line>>& lines() const { return lines_; }
    const std::map<CallId, std::unique_ptr<Call>>& calls() const { return calls_; }
    Call* call(CallId id);
    // What a line key is for: picks up the call that rings there, or else calls it.
    Result<CallId, std::string> press(unsigned key);

    const std::vector<WatchedLine>& watched() const { return watched_; }
    const Mailbox& mailbox(const Line& line) const { return mailboxes_.at(line.index()); }
    const CallHistory& history() const { return history_; }
    const UserServices& services() const { return services_; }

    // What the next phone of this process goes on with, so that no number of a call comes twice.
    struct Memory {
        CallHistory history;
        std::uint64_t last_call = 0;
    };
    void remember(Memory memory) {
        history_ = std::move(memory.history);
        last_call_ = memory.last_call;
    }
    Memory memory() const { return {history_, last_call_}; }

    // engine::ShardUser
    bool on_datagram_source(const engine::Flow& flow, const Endpoint& remote) override;
    engine::AcceptDecision on_accept(engine::ListenerId listener, const Endpoint& remote) override;
    bool on_established(const engine::Flow& flow) override;
    void on_flow_closed(const engine::Flow& flow, CloseReason reason,
                        std::string_view detail) override;
    void on_pong(const engine::Flow& flow) override;
    void on_request(sip::transaction::ServerId id, const sip::Hop& from,
                    const sip::MessagePtr& request, sip::transaction::ServerId cancelled) override;
    void on_ack(const sip::Hop& from, const sip::MessagePtr& request) override;
    void on_response(sip::transaction::ClientId id, const sip::Hop& from,
                     const sip::MessagePtr& response) override;
    void on_client_failed(sip::transaction::ClientId id,
                          sip::transaction::TerminationCause cause) override;
    void on_client_ended(sip::transaction::ClientId id) override;
    void on_server_ended(sip::transaction::ServerId, sip::transaction::TerminationCause) override {}
    std::optional<sip::Hop> way_back(const sip::Hop& lost, const sip::Message& response) override;
    void on_timer(std::uint64_t cookie) override;
    void on_dns(const dns::Question& question, const dns::Answer& answer) override;
    void on_trace(engine::Direction direction, const sip::Hop& hop,
                  const sip::Message& message) override;

    // LineHost
    void send_for(Line& line, const sip::Hop& hop, sip::MessagePtr request) override;
    void start_timer(Line& line, Timer timer, Duration after) override;
    void on_line_changed(Line& line) override;
    void on_line_reached(Line& line) override;
    bool is_in_use(const Line& line) const override;

    // CallHost
    void send_for(Call& call, sip::MessageBuilder request) override;
    void acknowledge_for(Call& call, sip::MessageBuilder ack) override;
    void respond(sip::transaction::ServerId id, const sip::MessagePtr& response) override;
    sip::MessagePtr with_server_name(const sip::Message& response) const;
    void cancel_invite_of(Call& call) override;
    void start_timer(Call& call, Duration after) override;
    void on_call_changed(Call& call) override;
    void on_referral(Call& call, const Call::Session::Referral& referral) override;
    void on_referred(Call& call, int status, bool is_final) override;
    bool has_other_way(Call& call, int status) override;
    void on_digit(Call& call, char digit) override;

    // media::User
    void on_digit(media::StreamId stream, char digit, Duration length) override;
    void on_source_ended(media::StreamId stream) override;
    void on_failed(media::StreamId stream, std::string_view sentence) override;

private:
    using ServerId = sip::transaction::ServerId;
    using ClientId = sip::transaction::ClientId;
    struct Sent {
        enum class For : std::uint8_t { Line, Call, Watch };
        For whom = For::Line;
        std::size_t line = 0;
        CallId call;
        sip::Hop hop;
        sip::MessagePtr request;
        std::size_t watch = 0;
    };
    static constexpr std::size_t max_calls = 64;  // that are not over
    // With those of which only transactions linger, for 32 s each.
    static constexpr std::size_t max_remembered = 1024;
    struct Listener {
        engine::ListenerId id;
        Endpoint local;
        sip::Transport transport = sip::Transport::Udp;
        FlowId udp_flow;
    };

    // What is subscribed to, by one of the lines: its mailbox, or a line that is watched.
    struct Watch {
        std::size_t line = 0;
        std::optional<std::size_t> watched = {};  // in watched_; none: the mailbox
        std::optional<sip::ClientSubscription> subscription = {};
        bool is_ready = false;  // its line is
    };

    // Whom *66 waits for.
    struct CallBack {
        std::size_t line = 0;
        Call::Dialled what;
        TimePoint until;
        CallId call;  // that is placed; none: it waits
    };
    struct Keypad;
    // Of a call, by tones that are played once.
    struct Announced {
        bool is_page = false;  // to be
        bool is_secure = false;
    };
    // A conference that waits for its bridge.
    struct Bridge {
        std::string target;
        std::vector<CallId> calls;
    };

    bool has_room_for_a_call() const;
    void start_next_line();
    static bool is_at(const Line& line, std::uint16_t port, sip::Transport transport);
    bool is_server_at(std::uint16_t port, sip::Transport transport, const IpAddress& address) const;
    bool has_room_for(const IpAddress& stranger) const;
    bool is_welcome(const Endpoint& remote, std::uint16_t port, sip::Transport transport) const;
    Line* line_of(const engine::Flow& flow);
    Line* line_of(const sip::Hop& from, const sip::Message& request);
    Call* call_of(const sip::Message& request);
    void answer_plainly(ServerId id, const sip::Message& request, int status,
                        std::string_view reason = {});
    void on_new_request(ServerId id, const sip::Hop& from, const sip::MessagePtr& request);
    void on_invite(Line& line, ServerId id, const sip::Hop& from, const sip::MessagePtr& request);
    void on_notify(Line& line, ServerId id, const sip::Hop& from, const sip::Message& request);
    void on_cancel(ServerId id, const sip::Message& cancel, ServerId cancelled);
    bool passes_challenge(const Challenge::Wanted& wanted, ServerId id, const sip::Hop& from,
                          const sip::Message& request);
    static bool is_for(const Line& line, const sip::Message& request);
    bool passes_line_challenge(const Line& line, ServerId id, const sip::Hop& from,
                               const sip::Message& request);
    bool is_busy() const;
    bool has_call_waiting() const;
    bool is_answered_by_itself(const Line& line, const sip::Message& invite) const;
    bool may_ring(Call::Peer peer) const;
    void take_call(Line& line, Call::Peer peer, ServerId id, const sip::MessagePtr& invite);
    void limit_ringing(const Call& call);
    bool may_be_challenged(const Sent& sent, const sip::Hop& from);
    bool refuse_or_forward(Call& call, bool was_busy);
    bool forward(Call& call, const std::string& destination, std::string_view reason);
    Result<Call*, std::string> place_call(Line& line, const Call::Dialled& what,
                                          bool is_emergency = false);
    Result<std::string, std::string> target_of(const Line& line, std::string_view number) const;
    struct Wanted {
        Call::Dialled call;  // without a target: it was a service
        bool is_emergency = false;
    };
    Result<Wanted, std::string> wanted_by(Line& line, std::string_view dialled);
    static Result<void, std::string> choose_codec(media::Codec codec, bool is_only,
                                                  const std::string& number, Wanted& wanted);
    Result<void, std::string> forward_to(const Line& line, std::string_view parameter,
                                         const std::string& number, std::string& service);
    Result<void, std::string> do_service(const StarDialled& what, Line& line, Wanted& wanted);
    Result<void, std::string> transfer_active(const Line& line, std::string_view number);
    static std::optional<Call::Dialled> picking_up(const WatchedLine& watched);
    Result<void, std::string> dial_number(Line& line, std::string_view number,
                                          Wanted& wanted) const;
    Result<void, std::string> lift_handset(std::size_t index);
    void start_keypad_timer(Duration after);
    void on_keypad_timer();
    Result<void, std::string> go_on_with_keypad(const std::vector<DialCollector::Event>& events);
    Result<void, std::string> dial_collected(const DialResult& result);
    void mix_conference();
    void hold_others(const Call& active);
    std::string tone_after(const Call& changed);
    std::string tone_after_end(const Call& ended);
    std::string tone_in_calls(const Call& changed);
    std::string ring_of(const Call& call) const;
    const Call* find_audible(bool (*is_it)(const Call&)) const;
    bool is_talking() const;
    void start_reorder_timer(Duration after);
    void on_reorder_timer();
    void sound_pickup();
    Result<void, std::string> start_call_back(const Line& line);
    void stop_call_back();
    void try_call_back();
    void wait_for_call_back();
    void start_call_back_timer(Duration after);
    void on_call_back_timer();
    void go_on_with_call_back(Call& changed);
    void hold_call(Call& held, bool is_held);
    bool is_music(CallId id) const;
    void end_music(CallId held);
    void go_on_with_music(Call& changed);
    Result<void, std::string> meet_at_bridge(const std::vector<CallId>& calls);
    void go_on_with_bridge(Call& changed);
    void put_down(CallId call);
    void forget_ended();
    void take_summary(const Line& line, std::string_view body);
    void plan_watches();
    sip::ClientSubscription::Setup watch_setup(const Watch& watch) const;
    void watch(const Line& line);
    void take_watched(const Watch& watch, std::string_view content_type, std::string_view body);
    void lose_watched(const Watch& watch, int status, std::string_view reason);
    template <class Event>
    void tell_watch(std::size_t index, Event&& event);
    void send_for_watch(std::size_t index, sip::MessageBuilder request);
    void start_watch_timer(std::size_t index, Duration after);
    void on_watch_response(std::size_t index, const sip::Message& request,
                           const sip::Message& response);
    void on_watch_failed(std::size_t index, const sip::Message& request);
    void on_watch_timer(std::size_t index);
    void move_watches(const Line& line);
    void stop_watches();
    bool is_notified(ServerId id, const sip::Message& request);
    bool may_speak(const Line& line, const IpAddress& address) const;
    static Result<void, std::string> may_go(const Line& line, std::string_view target);
    bool goes_straight(const Line& line, const std::optional<Endpoint>& address) const;
    std::optional<sip::Hop> hop_of(Call& call, const sip::Message& request);
    std::optional<sip::Hop> any_hop_of(Call& call, const sip::Message& request);

    media::Port& media_;
    Random& random_;
    SettingsPtr settings_;
    std::shared_ptr<const tls::Context> tls_;
    Observer& observer_;
    SoundOptions sound_;
    TonePlayer tones_;
    engine::Shard shard_;
    Trust trust_;
    Challenge challenge_;
    std::vector<Listener> listeners_;
    std::multiset<Endpoint> strangers_;  // that are connected
    std::vector<std::unique_ptr<Line>> lines_;
    std::vector<Mailbox> mailboxes_;
    std::vector<WatchedLine> watched_;
    std::vector<Watch> watches_;
    std::size_t started_ = 0;  // lines
    std::map<CallId, std::unique_ptr<Call>> calls_;
    std::uint64_t last_call_ = 0;
    CallHistory history_;
    std::unordered_map<ClientId, Sent> sent_;
    std::map<CallId, ClientId> invites_;       // the transaction of its last INVITE
    std::map<CallId, CallId> referrals_;       // the call that was made for another's REFER
    std::map<CallId, std::size_t> failovers_;  // of its INVITE, to other servers
    std::vector<CallId> conference_;
    std::vector<media::StreamId> mixed_;                 // of it, but for those who are held
    std::shared_ptr<Keypad> keypad_;                     // while a number is collected
    std::uint64_t keypad_timer_ = 0;                     // the last
    std::map<std::size_t, Call::Dialled> last_dialled_;  // by line
    std::optional<CallBack> call_back_;
    std::uint64_t call_back_timer_ = 0;  // the last: others are of calls back that are no more
    std::uint64_t reorder_timer_ = 0;    // the last
    std::map<CallId, Announced> announced_;
    std::map<CallId, CallId> music_;    // by the call that is held
    std::map<CallId, Bridge> bridges_;  // by the call to it
    UserServices services_;
    bool is_stopping_ = false;
};

}  // namespace ringwall::phone
