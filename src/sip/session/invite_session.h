// One INVITE usage as a user agent sees it, from the invitation to the BYE, on either side: RFC
// 3261 §13 to §15 with reliable provisional responses (RFC 3262), UPDATE (RFC 3311), session timers
// (RFC 4028), REFER (RFC 3515) and INFO (RFC 6086), for whoever has a call: a phone.
//
//   UAC: Idle -> Inviting ----- 2xx, ACK ----------------> Confirmed -- BYE --> Ended
//                   |  failure, or cancelled --> Ended          ^
//   UAS: Idle -> Incoming -- accept, 2xx --> Accepted -- ACK ---+
//                   |  reject, CANCEL --> Ended
//
// Pure: (event, now) -> actions, appended to `out`. A Send is whole but for its Via, and its end is
// told by on_response, on_failed and on_ended with the request as it was sent. Of all descriptions
// only whose turn it is, is known here (session/offer_answer): what they say is the owner's. No
// timer is ever stopped: on_time before next() does nothing. It may go when is_over().
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "sip/auth/client_authentication.h"
#include "sip/dialog/dialog.h"
#include "sip/header/replaces.h"
#include "sip/message.h"
#include "sip/message_builder.h"
#include "sip/session/offer_answer.h"
#include "sip/session/reliable_provisional.h"
#include "sip/transaction/actions.h"

namespace ringwall::sip::session {

class InviteSession {
public:
    using ServerId = transaction::ServerId;
    using Fields = std::vector<std::pair<std::string, std::string>>;

    struct Setup {
        std::string contact;  // a name-addr
        std::vector<auth::Account> accounts = {};
        unsigned max_auth = 2;  // challenges of one request that are answered
        std::uint32_t max_forwards = 70;
        transaction::Timers timers = {};
        bool is_reliable = false;  // our provisional responses, where the peer can
        // Seconds; what we ask for. None: we ask for nothing, and go along with what is asked of
        // us.
        std::optional<std::uint32_t> session_expires = {};
        std::uint32_t invite_expires = 0;    // Expires of INVITEs, in seconds; 0: none
        std::uint32_t reinvite_expires = 0;  // and of those within the dialog
        std::string user_agent = {};
    };
    struct Invitation {
        std::string target;  // Request-URI
        std::string from;    // name-addrs, without tags
        std::string to;
        std::string call_id;
        std::string local_tag;
        std::vector<std::string> routes = {};  // name-addrs
        Fields fields = {};
        std::string offer = {};
    };

    // What is to be done.
    struct Send {
        MessageBuilder request;
    };
    struct SendAck {
        MessageBuilder ack;
    };
    struct Respond {
        ServerId to;
        MessagePtr response;
    };
    struct CancelInvite {};  // the INVITE that was sent last
    struct StartTimer {
        Duration after;  // then on_time
    };
    // What has happened.
    struct Ringing {
        int status = 180;
    };
    // To our last offer. Before Established it is early media, and may come again otherwise.
    struct Answer {
        std::string description;
        std::string remote_tag;  // the dialog that it is of, where the INVITE has forked
    };
    // To be answered by answer() or refuse(). Without a description the peer wants our offer.
    struct Offer {
        std::string description;
    };
    struct OfferRefused {
        int status = 0;
    };
    // Nothing is in its way: to be answered by offer(), at once, with what holds now.
    struct OfferWanted {};
    struct Established {};
    struct Ended {
        int status = 0;  // of the final response; 0: BYE, CANCEL, or nobody answered
        std::string reason;
        bool is_by_peer = false;
    };
    // The invitation has failed. To be answered by invite_again() or give_up(), at once.
    struct Refused {
        int status = 0;                          // 0: nobody answered
        std::vector<std::string> contacts = {};  // of a 3xx, URIs, the preferred first
    };
    // To be answered by answer_referral().
    struct Referral {
        std::string refer_to;     // the value of the header field
        std::string referred_by;  // empty: none
    };
    // How far our own referral has come: the status line of a sipfrag, or the refusal of REFER.
    struct Referred {
        int status = 0;
        bool is_final = false;
    };
    struct Info {
        std::string content_type;
        std::string body;
    };
    using Action = std::variant<Send, SendAck, Respond, CancelInvite, StartTimer, Ringing, Refused,
                                Answer, Offer, OfferRefused, OfferWanted, Established, Ended,
                                Referral, Referred, Info>;
    using Actions = std::vector<Action>;

    enum class State : std::uint8_t { Idle, Inviting, Incoming, Accepted, Confirmed, Ended };

    explicit InviteSession(Setup setup);

    // UAC.
    void invite(Invitation invitation, Actions& out);
    // After Refused: the same call once more, to another target (RFC 3261 §8.1.3.4) or by another
    // server (RFC 3263 §4.3); or its end.
    void invite_again(std::string_view target, const std::string& offer, Actions& out);
    void give_up(Actions& out);
    // UAS: an initial INVITE that was not looked at yet. What cannot be taken is answered, and the
    // session has Ended without a word; else the owner looks at remote_offer().
    void on_invite(ServerId id, const MessagePtr& invite, std::string local_tag, Actions& out);
    const std::string& remote_offer() const { return remote_offer_; }  // empty: ours is wanted

    // Of the callee.
    void ring(int status, TimePoint now, Random& random, Actions& out);
    void accept(const std::string& description, TimePoint now, Actions& out);
    void reject(int status, const Fields& fields, Actions& out);
    // Of both: BYE, CANCEL or 603, as it stands.
    void hang_up(TimePoint now, Actions& out);
    // OfferWanted comes for it as soon as nothing else is under way, and again after a 491. What
    // was described before an offer of the peer's would not fit the one that comes after it.
    void want_offer(TimePoint now, Actions& out);
    void offer(const std::string& description, TimePoint now, Actions& out);
    void answer(const std::string& description, TimePoint now, Actions& out);
    void refuse(int status, TimePoint now, Actions& out);
    // There is a connection again. Where our Contact is another, too, the peer is told as soon as
    // may be, by a target refresh (RFC 3261 §12.2).
    void set_contact(std::string contact, TimePoint now, Actions& out);
    // REFER, as soon as nothing else is under way: who has not heard our ACK yet may refuse it with
    // 491.
    void refer(std::string refer_to, std::string referred_by, TimePoint now, Actions& out);
    void answer_referral(int status, Actions& out);
    // NOTIFY of a referral that was answered with 202.
    void tell_progress(int status, bool is_final, Actions& out);
    void info(std::string_view content_type, std::string_view body, Actions& out);

    // A request within the dialog, but ACK and CANCEL.
    void on_request(ServerId id, const MessagePtr& request, TimePoint now, Random& random,
                    Actions& out);
    // A CANCEL for the invitation; it is answered by the owner.
    void on_cancel(Actions& out);
    void on_ack(const Message& ack, TimePoint now, Actions& out);
    void on_response(const Message& request, const Message& response, TimePoint now, Random& random,
                     Actions& out);
    // It ended without a final response: nobody answers, it was not heard for want of a connection,
    // or its answer is not to be heard. What was lost is said again when set_contact() tells of
    // another connection: an offer as it is wanted then; a BYE within 64*T1.
    enum class Failure : std::uint8_t { Silence, Lost, Unheard };
    void on_failed(const Message& request, Failure why, TimePoint now, Actions& out);
    // Its transaction is gone.
    void on_ended(const Message& request);
    void on_time(TimePoint now, Actions& out);

    State state() const { return state_; }
    // Nothing of it is under way any more.
    bool is_over() const { return state_ == State::Ended && pending_.empty() && !is_bye_lost(); }
    // It has ended and waits for no answer; until is_over() only repeated ones may come.
    bool is_quiet() const;
    TimePoint next() const;
    // It names this dialog by these: the Call-ID, and our tag.
    const std::string& call_id() const { return call_id_; }
    const std::string& local_tag() const { return local_tag_; }
    // For a Replaces that the peer's peer sends to it; none before there is a dialog.
    std::optional<DialogIds> dialog_ids() const;
    bool is_dialog(const DialogIds& replaces) const;
    const std::string& remote_target() const { return legs_.front().dialog.remote_target(); }

private:
    // A dialog with what is negotiated in it. UAC: several while forks ring, then one.
    struct Leg {
        Dialog dialog;
        OfferAnswer offers;
        ReliableReceiver receiver = {};
        std::string preview = {};  // an answer in an unreliable response
    };
    // A request of ours whose transaction lives.
    struct Pending {
        std::uint32_t cseq = 0;
        Method method = Method::Unknown;
        bool bears_offer = false;
        bool is_answered = false;
        auth::ClientAuthentication::Tries tries = {};
    };
    // A request of the peer's that waits for our answer.
    struct Theirs {
        ServerId id;
        MessagePtr request;
        bool wants_offer = false;
    };
    struct Refer {
        std::string refer_to;
        std::string referred_by;  // empty: none
    };
    // A 2xx of ours that is repeated until it is acknowledged (RFC 3261 §13.3.1.4).
    struct Unacknowledged {
        ServerId id;
        MessagePtr response;
        std::uint32_t cseq = 0;
        bool bears_offer = false;
        Duration interval{};
        TimePoint due;
        TimePoint give_up;
    };
    struct Acknowledged {
        std::string tag;
        std::uint32_t cseq = 0;
        MessageBuilder ack;
    };

    // Set-up and end: invite_session.cpp.
    void send_invite(Actions& out);
    void on_invite_response(Pending& pending, const Message& request, const Message& response,
                            TimePoint now, Random& random, Actions& out);
    void on_provisional(const Message& request, const Message& response, Actions& out);
    void on_invite_success(const Message& request, const Message& response, TimePoint now,
                           Actions& out);
    void on_surplus(const Message& request, const Message& response, Actions& out);
    void on_invite_failure(const Message& response, Actions& out);
    void refuse_invitation(Ended end, std::vector<std::string> contacts, Actions& out);
    bool acknowledge_again(const Message& response, Actions& out) const;
    void acknowledge(const Leg& leg, std::uint32_t cseq, Actions& out);
    bool retry_challenged(const Pending& pending, const Message& request, const Message& response,
                          Random& random, Actions& out);
    bool retry_longer(const Message& response, Actions& out);
    void send_bye(Leg& leg, Actions& out);
    void end(int status, std::string_view reason, bool is_by_peer, Actions& out);
    void say(Send send, Pending pending, Actions& out);
    void respond(ServerId id, MessageBuilder builder, Actions& out) const;
    void refuse(ServerId id, const Message& request, int status, Actions& out,
                const Fields& fields = {}) const;
    Leg* leg_of(std::string_view remote_tag);
    Pending* pending_of(const Message& request);

    // Within the dialog: invite_session_dialog.cpp.
    void on_offer_request(Leg& leg, ServerId id, const MessagePtr& request, Random& random,
                          TimePoint now, Actions& out);
    void on_bye(ServerId id, const Message& request, Actions& out);
    void on_prack(ServerId id, const Message& request, Actions& out);
    void on_notify(ServerId id, const Message& request, Actions& out);
    void on_refer(ServerId id, const MessagePtr& request, Actions& out);
    void on_offer_response(const Pending& pending, const Message& request, const Message& response,
                           TimePoint now, Random& random, Actions& out);
    void on_other_response(const Pending& pending, const Message& response, Actions& out);
    void succeed(const Theirs& theirs, const std::string& description, TimePoint now, Actions& out);
    MessageBuilder success(const Message& request, TimePoint now);
    void proceed(TimePoint now, Actions& out);
    void send_offer(Method method, const std::string& description, Actions& out);
    void refresh(Actions& out);
    void send_refer(Actions& out);
    void take_session_timer(const Message& request, const Message& success, TimePoint now);
    void start_session_timer(std::uint32_t seconds, bool is_ours, TimePoint now);
    bool is_exchanging() const;
    bool is_bye_lost() const { return lost_bye_until_ != TimePoint::max(); }
    void on_offer_failed(Failure why, bool bears_offer, Actions& out);
    void try_offer_later(const Pending& pending, Duration after, TimePoint now);
    void arm(TimePoint now, Actions& out);
    void note_peer(const Message& message);
    void add_own_fields(MessageBuilder& builder, bool is_target_refresh) const;

    Setup setup_;
    auth::ClientAuthentication authentication_;
    State state_ = State::Idle;
    std::string call_id_;
    std::string local_tag_;
    std::vector<Leg> legs_;
    std::vector<Pending> pending_;
    std::vector<Acknowledged> acknowledged_;

    // UAC
    Invitation invitation_;
    std::uint32_t cseq_ = 0;
    std::uint32_t min_se_ = 0;
    bool has_provisional_ = false;
    bool is_cancelled_ = false;
    bool is_cancel_sent_ = false;
    std::optional<Ended> refusal_;  // that waits for the owner's word

    // UAS
    ServerId invite_id_;
    MessagePtr invite_;
    std::string remote_offer_;
    std::optional<ReliableSender> reliable_;
    TimePoint reliable_due_ = TimePoint::max();

    std::optional<Theirs> theirs_;
    std::optional<Unacknowledged> unacknowledged_;
    TimePoint glare_until_{};
    unsigned deferrals_ = 0;  // of an offer, in a row
    bool is_offer_lost_ = false;
    bool is_refresh_lost_ = false;
    bool is_offer_wanted_ = false;  // of the owner, as soon as nothing else is under way
    TimePoint lost_bye_until_ = TimePoint::max();
    bool wants_bye_ = false;
    bool is_refresh_wanted_ = false;  // as soon as nothing else is under way
    std::optional<std::uint32_t> session_seconds_;
    bool is_refresher_ = false;
    TimePoint refreshed_{};
    TimePoint refresh_due_ = TimePoint::max();  // by us
    TimePoint cancel_until_ = TimePoint::max();
    bool can_update_ = false;            // the peer allows UPDATE
    std::optional<Refer> wanted_refer_;  // as soon as nothing else is under way
    bool is_referring_ = false;
    std::optional<Theirs> referral_request_;  // the peer's REFER that waits for our answer
    std::optional<std::uint32_t> referral_;   // CSeq of the one that we report on
    TimePoint armed_ = TimePoint::max();
};

}  // namespace ringwall::sip::session
