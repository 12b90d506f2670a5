// A pair of dialogs: the caller's leg and the callee's, between which requests and their answers
// pass. It begins with the first response that makes a dialog downstream, early or confirmed, and
// ends with a BYE on both legs. (RFC 3261 §12, §13.2.2.4, §13.3.1.4, §14, §15; RFC 3262; RFC 3311;
// RFC 4028)
//
//      caller  <-- Leg ------ DialogPair ------ Leg -->  callee
//
// What is asked on one leg is asked on the other, with that leg's identifiers, and what is answered
// there is the answer here: a Relay is what waits between. An event that concerns the call as a
// whole is the Fate that the event's function returns; the pair never calls its owner.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sbc/b2bua/call_context.h"
#include "sbc/b2bua/leg.h"
#include "sbc/policy/media_security.h"
#include "sbc/policy/permit.h"
#include "sip/session/reliable_provisional.h"

namespace ringwall::sbc::b2bua {

enum class Side : std::uint8_t { Caller, Callee };
constexpr Side other_side(Side side) {
    return side == Side::Caller ? Side::Callee : Side::Caller;
}

// What an event means for the call: nothing, a BYE came, the dialogs are of no use any more, or one
// leg has gone to another call.
struct Fate {
    enum class Kind : std::uint8_t { Stands, HungUp, Lost, Transferred };
    Kind kind = Kind::Stands;
    Side by = Side::Caller;        // HungUp: who
    std::string_view reason = {};  // Lost: the record's word; of static storage
    int status = 0;                // Lost: how an INVITE that is still open is answered

    static Fate hung_up(Side by) { return {Kind::HungUp, by, {}, 0}; }
    static Fate lost(std::string_view reason, int status = 480) {
        return {Kind::Lost, Side::Caller, reason, status};
    }
    static Fate transferred() { return {Kind::Transferred, Side::Caller, {}, 0}; }
};

// What of a relayed request passes otherwise than it came: `removed` stays behind, `added` is said
// instead.
struct Changes {
    std::vector<sip::HeaderName> removed;
    std::vector<std::pair<sip::HeaderName, std::string>> added;
};

class DialogPair {
public:
    // Timers of a pair, as the owner's cookie carries them.
    enum class Timer : std::uint8_t {
        RelayTimerC,
        RepeatToCaller,
        RepeatToCallee,
        RepeatProvisional,
        LostFlow,
        Held,
        Session,
        Ask
    };
    static constexpr std::size_t max_pairs = 1024;  // of one call
    static constexpr std::size_t max_waiting = 64;  // requests of one side without an answer yet

    // `index` is how the owner finds it again; `branch` the owner's branch that it came from.
    DialogPair(const CallContext& context, std::size_t index, std::size_t branch, Leg caller,
               Leg callee);

    std::size_t branch() const { return branch_; }
    const Leg& leg(Side side) const { return side == Side::Caller ? caller_ : callee_; }
    Leg& leg(Side side) { return side == Side::Caller ? caller_ : callee_; }
    // Both ended: nothing more passes.
    bool is_over() const { return caller_.is_ended && callee_.is_ended; }
    // It was sent on, and has no answer yet.
    bool is_open_from(Side side, sip::Method method) const;
    // A BYE may still need another connection.
    bool is_parting() const { return caller_.goodbye || callee_.goodbye; }
    // An INVITE went out within the dialogs: its 2xx, or one more, may be there to acknowledge. Or
    // somebody waits for the answer to what he asked (a SUBSCRIBE outlives the call).
    bool is_owed() const;
    bool is_consistent() const;
    // Whose request this is, by its tags; none: not of these dialogs.
    std::optional<Side> side_of(const sip::Message& request) const;

    // Media of the two goes through this session of the media engine, which knows them by these
    // tags; null: by-passed.
    struct Anchor {
        MediaSessionPtr session;
        std::string caller_tag = "caller";
        std::string callee_tag = "callee";
    };
    void set_anchor(Anchor anchor) { anchor_ = std::move(anchor); }
    const Anchor& anchor() const { return anchor_; }
    const MediaSessionPtr& media_session() const { return anchor_.session; }
    // Who writes what comes on that side.
    policy::Author author(Side side) const;
    void note_privacy(Side side, const sip::Message& message);
    // What is to be shown to the engine before this is looked at; none: nothing.
    std::optional<MediaQuestion> question(Side side, const sip::Hop& from,
                                          const sip::MessagePtr& request) const;
    std::optional<MediaQuestion> question(sip::transaction::ClientId id,
                                          const sip::MessagePtr& response) const;
    MediaQuestion question(Side describing, MediaQuestion::Kind kind,
                           const sip::MessagePtr& message) const;

    // The INVITE that a response answers: as it came, and as it went on.
    struct Invitation {
        Side asking;
        sip::transaction::ServerId server;
        sip::MessagePtr request;
        sip::MessagePtr sent;
    };
    // A provisional response passes to who asked; reliably where it came so (RFC 3262), but a
    // repetition of what has passed does not. `passed` has what the asking leg says in its own
    // name.
    void pass_provisional(const Invitation& invitation, const sip::Message& response,
                          const policy::MediaVerdict& media, sip::MessageBuilder& passed);
    // A final response was sent to the INVITE that made the dialogs.
    void on_invite_answered();
    // The callee's 2xx to the INVITE that made the dialogs passes: `success` is what the caller is
    // to hear, from its owner, and then again until it acknowledges.
    void confirm(const Invitation& invitation, const sip::MessagePtr& success);
    // `side` repeats its 2xx: the ACK again, once there is one.
    void repeat_ack(Side side, std::uint32_t cseq);

    // BYE ends, everything else is relayed, with `changes`.
    Fate on_request(Side side, sip::transaction::ServerId id, const sip::Hop& from,
                    const sip::MessagePtr& request, const Changes& changes = {});
    // A request that Ringwall obeys itself, of a method that is carried: whether it may. Else it
    // was answered, and this is what that means.
    std::optional<Fate> admit(Side side, sip::transaction::ServerId id, const sip::Hop& from,
                              const sip::MessagePtr& request);
    Fate on_ack(Side side, const sip::Hop& from, const sip::MessagePtr& ack);
    // A re-INVITE with this server transaction is cancelled (§9.2).
    void on_cancel(sip::transaction::ServerId invite, const sip::transaction::Reasons& reasons);
    // A relayed request is challenged: see Usage. None: the transaction is not of this pair.
    std::optional<std::uint32_t> next_cseq(sip::transaction::ClientId id);
    // What was sent until now; null: nothing of this pair.
    sip::MessagePtr on_sent_again(sip::transaction::ClientId id, const sip::MessagePtr& request);
    // None: the transaction is not of this pair.
    std::optional<Fate> on_response(sip::transaction::ClientId id, const sip::MessagePtr& response);
    std::optional<Fate> on_client_failed(sip::transaction::ClientId id,
                                         sip::transaction::TerminationCause cause);
    Fate on_timer(Timer timer, std::uint32_t number);
    void on_flow_closed(FlowId flow);
    // A peer's connection is gone: it may come back by another.
    void wait_for_flow();

    // Of a request that waits for its answer, or was the last INVITE.
    std::optional<Sender> sender_of(sip::transaction::ServerId id) const;

    // A request of our own within the dialog on `to`; `write` adds fields and body. Its answer is
    // the asker's business. None: the peer cannot be reached now.
    std::optional<sip::transaction::ClientId> send(
        Side to, sip::Method method, const std::function<void(sip::MessageBuilder&)>& write,
        std::uint32_t max_forwards = 70);
    // An INVITE is open on either leg, or its 2xx is not acknowledged.
    bool is_negotiating() const;
    // A Contact that would take this leg across the line between sip and sips, or is none.
    bool refuses_target(Side side, const sip::Message& message, policy::Event event) {
        return refuse_refresh(side, message, event).has_value();
    }
    // A 2xx came to the last INVITE of our own on that leg: its ACK is owed.
    void accept_own(Side side, std::uint32_t cseq);
    // The same, for the first time or again; nobody has anything to say in the ACK.
    void acknowledge(Side side, std::uint32_t cseq);
    // The ends have agreed on a session timer (RFC 4028).
    bool is_interval_agreed() const { return is_interval_agreed_; }
    // It was kept by another process, which was killed: its legs go on. Each peer is asked once
    // whether it still has the dialog, and who does not come back by a connection in time has lost
    // it.
    void resume(bool is_interval_agreed);
    // That leg as it goes on in another pair. In this one it ends with `part`.
    Leg leg_to_go(Side side) const;
    void part(Side side);
    // Who is to be on that side has come, and its answer is still being shown to the media engine.
    void seat(Side side, Leg party);
    // The same, with the answer to the other's offer.
    void join(Side side, Leg party, const sip::Message& answer, const policy::MediaVerdict& media);
    // As replace, for a newcomer whose INVITE the other leg has answered: `client` is that one,
    // `success` what the newcomer hears until it acknowledges. The one replaced hears BYE.
    void take_over(Side side, Leg newcomer, sip::transaction::ServerId invite,
                   sip::transaction::ClientId client, const sip::MessagePtr& asked,
                   const sip::MessagePtr& success);
    // `leg` takes the place of the one on that side, which is handed out with its dialog still up.
    // Who waits for an answer from the one or the other side gets one.
    Leg replace(Side side, Leg leg);

    // Why whoever hung up did so.
    sip::transaction::Reasons reasons() const;
    // BYE to both; who waits for an answer gets one.
    void end();
    // The early dialogs come to nothing, and nobody is told but who waits for an answer.
    void abandon();
    void send_bye(Side side);
    // Nobody is left waiting for an answer.
    void close_relays();
    // What is under way is answered: it cannot be passed on any more. An INVITE waits.
    void turn_away_open(int status = 480);

private:
    // A request of one leg that waits for the answer of the other.
    struct Relay {
        std::uint32_t number = 0;
        Side from;  // whose request it is
        sip::transaction::ServerId server;
        sip::transaction::ClientId client;
        sip::MessagePtr request;
        sip::MessagePtr sent;  // what became of it on the other leg
        bool is_open = true;
        bool is_cancel_owed = false;
        sip::transaction::Reasons reasons = {};  // of that CANCEL
        bool offers = false;                     // a description that the answer is to answer
        std::uint8_t repeats = 0;                // by other connections
        bool lacks_prack = false;                // cancelled for that reason: 504 (RFC 3262 §3)
    };
    // Reliable provisional responses to the INVITE that is open, or was last.
    struct Provisionals {
        Side asking;
        sip::transaction::ServerId server;
        std::uint32_t asked_cseq = 0;  // of the INVITE as it was sent
        sip::session::ReliableReceiver received;
        sip::session::ReliableSender sent;
        sip::MessagePtr offer;  // the one that bore an offer
    };

    // A request for a peer whose connection is gone: it goes on when the peer is back.
    struct Held {
        Side from;
        sip::transaction::ServerId server;
        sip::MessagePtr request;
        TimePoint since;
    };

    const Adjacency& adjacency_of(const Leg& leg) const {
        return context_.adjacency(leg.peer.adjacency);
    }
    // What is known of a request that may pass.
    struct Passing {
        bool bears = false;    // a description,
        bool offers = false;   // that is an offer,
        bool answers = false;  // or the answer to one
        std::optional<std::string> rack;
        policy::MediaVerdict media;
    };
    std::optional<policy::MediaRefusal> refuse_answer_to_us(Side side, const sip::Message& asked,
                                                            const sip::Message& response) const;
    policy::MediaVerdict judge(Side from, const sip::Message& message,
                               const sip::Message* offer = nullptr) const;
    std::optional<Fate> refuse(Side side, sip::transaction::ServerId id,
                               const sip::Message& request, Passing& passing);
    Fate relay(Side side, sip::transaction::ServerId id, const sip::MessagePtr& request,
               const Changes& changes);
    bool may_wait(Side side, const sip::Message& request) const;
    void hold(Side side, sip::transaction::ServerId id, const sip::MessagePtr& request);
    Fate pass_held();
    bool tell_again(Relay& relay);
    int refuse_turn(Side side, const sip::Message& request, bool offers) const;
    std::optional<std::string> translate_rack(Side side, const sip::Message& prack);
    Fate repeat_provisional();
    bool accept(Side side, sip::transaction::ServerId id, const sip::Hop& from,
                const sip::Message& request);
    void take_target(Side side, const sip::Message& request);
    static void note_description(Leg& told, const sip::Message& message);
    void refreshed(const sip::Message& sent, const sip::Message& success);
    void watch_session();
    Fate keep_session();
    void ask(std::uint32_t sides);
    void take_as_acknowledged(Side side);
    bool is_busy(Side side) const;
    void refresh(Side side);
    Fate on_refresh_response(Side side, const sip::Message& response);
    void open_exchange(Side offerer);
    void close_exchange();
    void describe(Side asking, bool asked_with_offer, const sip::Message& response);
    Fate on_relayed_response(Relay& relay, const sip::MessagePtr& response);
    struct RefusedRefresh {
        policy::Answer answer;
        std::optional<policy::Rule> rule = std::nullopt;  // none: it cannot be read
    };
    std::optional<RefusedRefresh> refuse_refresh(Side side, const sip::Message& message,
                                                 policy::Event event);
    void keep_refusal(Side side, const sip::Message& message, const policy::JudgedTarget& target,
                      int status) const;
    void keep_refusal(Side side, const sip::Message& message, policy::MediaRefusal rule,
                      int status = 0) const;
    void answer(const Leg& to, sip::transaction::ServerId id, const sip::Message& request,
                int status, std::string_view reason, int warning = 0,
                std::optional<policy::Rule> rule = std::nullopt);
    void send_bye(Leg& to);
    void pass_bye(const Leg& to, sip::MessageBuilder& bye) const;
    void send_ack(Side to, const sip::Message* from = nullptr,
                  const policy::MediaVerdict* media = nullptr);
    void send_ack(const Leg& to, const Leg::Accepted& again);
    void start_repeating(Side side);
    void start_timer(Duration after, Timer timer, std::uint32_t number = 0);

    const CallContext& context_;
    std::size_t index_;
    std::size_t branch_;
    bool is_confirmed_ = false;
    bool is_session_watched_ = false;  // its timer runs
    bool is_interval_agreed_ = false;  // the ends keep a timer between them: none of our requests
                                       // may take its place
    Leg caller_;
    Leg callee_;
    Anchor anchor_;
    std::vector<Relay> relays_;
    std::vector<Held> held_;
    std::uint16_t last_relay_ = 0;
    std::uint16_t last_repetition_ = 0;
    std::unique_ptr<Provisionals> provisionals_;
    sip::MessagePtr bye_;                   // that came
    std::optional<policy::Rule> ended_by_;  // what our own BYE gives as its reason
};

// The owner's cookie for a pair's timer, and back.
struct PairTimer {
    std::size_t pair = 0;
    DialogPair::Timer timer = DialogPair::Timer::RelayTimerC;
    std::uint32_t number = 0;
};
std::uint32_t cookie_of(const PairTimer& timer);
std::optional<PairTimer> pair_timer(std::uint32_t cookie);

}  // namespace ringwall::sbc::b2bua
