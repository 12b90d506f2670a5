// A phone, a trunk's far end or a stranger: on the same core as the product, it plays its part of
// the plans, any number at a time. What it does is right but for what a plan asks for.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/shard.h"
#include "scenario/sim_network.h"
#include "simulation/plan.h"
#include "sip/dialog/dialog.h"

namespace ringwall::simulation {

// By what registrars know phones: the user part of their Contact there, by place and number.
using AddressBook = std::map<std::pair<int, int>, std::string>;

class Party final : public engine::ShardUser {
public:
    struct Identity {
        const Place* place = nullptr;
        int number = 0;  // among those of its kind at its place: picks how it answers
        int host = 2;    // of its address
        std::optional<IpAddress> address;  // a stranger's own
        sip::Transport transport = sip::Transport::Udp;
        std::string user;    // of its URIs, and of its account
        std::string domain;  // of its From
        std::string password;
        std::string contact_scheme = "sip";  // of its registration
        tls::PeerIdentity certificate;
        bool enrolls = false;  // a phone that is meant to be there,
        bool is_away = false;  // and never will be: who knows its password does not want it
        bool forces_doors = false;
    };

    Party(test::SimNetwork& net, Identity identity, const Topology& topology,
          const std::vector<Plan>& plans, AddressBook& book, std::uint64_t seed);
    ~Party() override { node_.leave(); }
    Party(const Party&) = delete;
    Party& operator=(const Party&) = delete;

    // Plays the caller of this plan, at its time from now.
    void call(const Plan& plan);
    // Takes the place of who is in that dialog: the value of Replaces.
    void take_over(const Plan& plan, const std::string& replaces);
    // Called when it wants the newcomer of a plan to do that.
    using HandOver = std::function<void(const Plan& plan, const std::string& replaces)>;
    void on_hand_over(HandOver hand_over) { hand_over_ = std::move(hand_over); }
    void enroll();        // as its own user
    void enroll_again();  // to be asked about once more by its registrar
    bool is_enrolled() const { return is_enrolled_; }
    // The final answer to its last REGISTER that no plan asked for; 0: none yet.
    int enrollment() const { return enrollment_; }
    void cut_after(Duration delay);  // all its connections die; a phone comes back
    const Identity& identity() const { return identity_; }

    // Dialogs that it still believes in. `and_reachable`: not those that a cut cable took from it.
    struct Open {
        const Plan* plan;
        bool is_caller;
        bool was_cut;
    };
    std::vector<Open> open() const;
    // Answered calls of which it never heard the ACK.
    std::vector<const Plan*> unacknowledged() const;

    // engine::ShardUser
    bool on_datagram_source(const engine::Flow&, const Endpoint&) override { return true; }
    engine::AcceptDecision on_accept(engine::ListenerId, const Endpoint&) override;
    bool on_established(const engine::Flow&) override { return true; }
    void on_flow_closed(const engine::Flow& flow, CloseReason, std::string_view) override;
    void on_request(sip::transaction::ServerId id, const sip::Hop& from,
                    const sip::MessagePtr& request, sip::transaction::ServerId cancelled) override;
    void on_ack(const sip::Hop& from, const sip::MessagePtr& request) override;
    void on_response(sip::transaction::ClientId id, const sip::Hop& from,
                     const sip::MessagePtr& response) override;
    void on_client_failed(sip::transaction::ClientId id,
                          sip::transaction::TerminationCause cause) override;
    void on_client_ended(sip::transaction::ClientId) override {}
    void on_server_ended(sip::transaction::ServerId, sip::transaction::TerminationCause) override {}
    void on_timer(std::uint64_t cookie) override;
    void on_trace(engine::Direction, const sip::Hop&, const sip::Message&) override {}

private:
    struct Leg {
        const Plan* plan = nullptr;
        bool is_caller = false;
        bool is_newcomer = false;
        bool is_target = false;  // of a REFER that the border controller obeyed
        Scheme scheme = Scheme::Sip;
        Media media = Media::Plain;  // as it is on this leg
        sip::Hop hop;
        sip::MessagePtr invite;
        sip::transaction::ClientId client;
        sip::transaction::ServerId server;
        bool is_answered = false;  // callee: a final response was sent
        bool is_cancelled = false;
        bool is_over = false;
        bool is_gone = false;  // vanished
        bool is_acknowledged = false;
        bool was_cut = false;
        std::optional<sip::Dialog> dialog;
        std::map<std::string, sip::Dialog> early;       // caller, by To tag
        std::set<std::string> heard;                    // reliable responses
        std::map<std::uint32_t, sip::MessagePtr> acks;  // by CSeq
    };
    using LegPtr = std::shared_ptr<Leg>;
    struct Sent {
        LegPtr leg;  // null: a REGISTER
        sip::MessagePtr request;
        bool has_credentials = false;
        bool has_plan = false;  // a REGISTER that a plan asked for
    };
    struct Repeated {  // a 2xx, until its ACK
        sip::transaction::ServerId invite;
        sip::MessagePtr response;
        LegPtr leg;
        Duration interval = 500ms;
        int left = 10;
    };

    void after(Duration delay, std::function<void()> what);
    engine::Shard& awake();
    void leave_old_door();
    sip::Hop hop();
    sip::Hop hop_of(Leg& leg);
    std::string mark(std::size_t length);
    void claim(sip::MessageBuilder& builder) const;
    std::string via(const sip::Hop& hop);
    std::string contact(Scheme leg, Twist twist) const;
    std::string sdp_type();
    void ask_for_interval(sip::MessageBuilder& builder);
    std::string refer_to(const Leg& leg, const Step& step) const;
    std::string uri_of(const Plan& plan) const;
    void prove_elsewhere(sip::MessageBuilder& builder) const;
    void begin(const Plan& plan);
    void send_odd(const Plan& plan, const sip::Message& invite);
    bool may_speak() const;
    void enroll_as(const std::string& user, Scheme scheme, const std::string& contact,
                   const std::string& call_id, const Plan* plan);
    void again_with_credentials(const Sent& sent, const sip::Message& response);
    void on_invite_response(const LegPtr& leg, const sip::MessagePtr& response);
    void on_dialog_response(const LegPtr& leg, const sip::MessagePtr& request,
                            const sip::MessagePtr& response);
    void acknowledge(Leg& leg, const sip::Message& response);
    void answer_invite(sip::transaction::ServerId id, const sip::Hop& from,
                       const sip::MessagePtr& request);
    void ring(const LegPtr& leg, const std::string& tag, bool is_reliable);
    void acknowledge_reliable(const LegPtr& leg, const sip::Message& response);
    void accept(const LegPtr& leg, const std::string& tag, Twist twist);
    void redirect(const LegPtr& leg, const Answering& answering);
    void refuse(const LegPtr& leg, int status);
    void repeat(sip::transaction::ServerId id, sip::MessagePtr response, const LegPtr& leg);
    void repeat_again(const std::string& key);
    void established(const LegPtr& leg);
    void leave(const LegPtr& leg);
    void answer_register(sip::transaction::ServerId id, const sip::Message& request);
    int judge_register(const sip::Message& request);
    void answer_subscribe(sip::transaction::ServerId id, const sip::Hop& from,
                          const sip::MessagePtr& request);
    void in_subscription(const LegPtr& leg, sip::Method method, const std::string& state);
    void do_step(const LegPtr& leg, std::size_t step);
    void in_dialog(const LegPtr& leg, sip::Method method, Twist twist, std::size_t step);
    void hang_up(const LegPtr& leg);
    LegPtr leg_of(const sip::Message& request) const;
    LegPtr subscriber_of(const sip::Message& notify) const;

    HandOver hand_over_;
    test::SimNetwork& net_;
    Identity identity_;
    const Topology& topology_;
    const std::vector<Plan>& plans_;
    AddressBook& book_;
    test::SimNetwork::Node& node_;
    SeededRandom random_;
    engine::Shard shard_;
    FlowId socket_;
    FlowId connection_;
    TimePoint connected_at_{};
    std::shared_ptr<const tls::Context> tls_;
    std::vector<std::function<void()>> timers_;
    std::map<std::uint64_t, Sent> sent_;
    std::vector<LegPtr> legs_;
    std::multimap<std::string, LegPtr, std::less<>> by_call_id_;
    std::map<std::string, Repeated> repeated_;
    std::map<int, int> visits_;  // INVITEs of a plan that came here
    std::uint32_t cseq_ = 0;
    std::uint32_t nonce_count_ = 0;
    bool is_enrolled_ = false;
    int enrollment_ = 0;
    std::string enrollment_call_id_;
    std::set<std::pair<int, int>> granted_;  // a registrar's: who was there, by place and number
};

// The session description of a side.
std::string description(Media media);
inline constexpr std::string_view party_media_address = "198.51.100.9";
// Whose REFER an INVITE is sent for, by its Referred-By; -1: it is not.
int plan_of_referred(const sip::Message& invite);
// A REGISTER that no plan asked for says which phone it is of: place and number.
std::string subject_of_phone(int place, int number);
std::optional<std::pair<int, int>> phone_of_subject(std::string_view subject);
// The realm by which a registrar asks, and the name under which its place proves itself to others.
std::string realm_of_registrar(int place);
std::string prover_of(int place);
// Which step of that plan the REFER was.
int step_of_referred(const sip::Message& request);
Media media_of(std::string_view body);
std::string_view word(Scheme scheme);

}  // namespace ringwall::simulation
