// One call: an INVITE usage (sip/session) with its sound (media::Port) and what was agreed about it
// (sdp/negotiation).
//
//   outgoing: Calling -> RemoteRinging -> Active       incoming: Ringing -> Answering -> Active
//                    \________ Ended ________/                  \_____ Ended _____/
//
// Held by us, held by the far end, or muted are qualities of Active. The stream lives from the
// first description to the end of the call.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "media/port.h"
#include "phone/line.h"
#include "phone/settings.h"
#include "phone/sound_options.h"
#include "sdp/negotiation.h"
#include "sip/session/invite_session.h"

namespace ringwall::phone {

using CallId = Id<struct PhoneCallTag>;

class Call;

// What a call asks of the phone.
class CallHost {
public:
    virtual ~CallHost() = default;
    virtual void send_for(Call& call, sip::MessageBuilder request) = 0;  // whole but for its Via
    virtual void acknowledge_for(Call& call, sip::MessageBuilder ack) = 0;
    virtual void respond(sip::transaction::ServerId id, const sip::MessagePtr& response) = 0;
    virtual void cancel_invite_of(Call& call) = 0;
    virtual void start_timer(Call& call, Duration after) = 0;
    virtual void on_call_changed(Call& call) = 0;
    // The far end wants us to call somebody else: accepted or not by call.answer_referral().
    virtual void on_referral(Call& call, const sip::session::InviteSession::Referral& referral) = 0;
    // How far a transfer of ours has come.
    virtual void on_referred(Call& call, int status, bool is_final) = 0;
    // There is another way to a server than that by which its INVITE has failed.
    virtual bool has_other_way(Call& call, int status) = 0;
    virtual void on_digit(Call& call, char digit) = 0;
};

class Call {
public:
    using Session = sip::session::InviteSession;
    enum class State : std::uint8_t { Calling, RemoteRinging, Ringing, Answering, Active, Ended };
    enum class Origin : std::uint8_t { Ours, Theirs };
    // With whom its signalling is. Only a server of the line is answered when it challenges.
    enum class Peer : std::uint8_t {
        Server,    // of the line
        Proven,    // somebody else, who has shown the line's password, or that of pages
        Stranger,  // anybody; whoever IP dialling reaches
    };

    Call(CallId id, Line& line, Origin origin, Peer peer, media::Port& media, Random& random,
         CallHost& host, SettingsPtr settings, const SoundOptions& sound);
    ~Call();
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

    // Outgoing, once. The error is a sentence.
    struct Dialled {
        std::string target;  // a URI
        bool is_secure_wanted = false;
        Session::Fields fields = {};           // Replaces, Referred-By, Diversion
        bool is_hidden = false;                // who calls is not to be known (RFC 3323)
        std::optional<Endpoint> address = {};  // of IP dialling
        struct Codec {
            media::Codec codec = media::Codec::Pcmu;
            bool is_only = false;
        };
        std::optional<Codec> codec = {};        // before others, or alone
        std::optional<bool> call_waiting = {};  // while it lasts; none: as ever
    };
    Result<void, std::string> dial(const Dialled& what);
    // Incoming, once. What cannot be taken is answered, and the call has ended.
    void on_invite(sip::transaction::ServerId id, const sip::MessagePtr& invite);
    // Is there something in its offer that can be had? Before it rings.
    bool can_be_answered() const;
    void ring(int status = 180);

    Result<void, std::string> answer();
    void reject(int status, const Session::Fields& fields = {});
    void hang_up();
    void hold(bool is_held);
    void send_digits(std::string_view digits);
    void transfer(std::string_view refer_to);
    void answer_referral(int status);
    void tell_progress(int status, bool is_final);
    // With an error nothing has changed.
    Result<void, std::string> set_source(const media::Source& source);
    Result<void, std::string> record(const std::string& path);

    CallId id() const { return id_; }
    Line& line() { return line_; }
    const Line& line() const { return line_; }
    Origin origin() const { return origin_; }
    Peer peer() const { return peer_; }
    State state() const { return state_; }
    bool is_over() const { return state_ == State::Ended && session_.is_over(); }
    bool is_quiet() const { return state_ == State::Ended && session_.is_quiet(); }
    bool is_held() const { return is_held_; }  // by us
    bool is_held_by_peer() const { return agreed_ && agreed_->is_held; }
    bool has_keys() const { return agreed_ && agreed_->send_key.has_value(); }
    // Signalling and media are encrypted: keys that went in the clear are everybody's.
    bool is_secure() const { return has_keys() && line_.transport() == sip::Transport::Tls; }
    // Its dialog is one of SIPS URIs: no request of it goes but over TLS (RFC 5630 §5.1.1).
    bool is_sips() const { return is_sips_; }
    const std::string& remote_uri() const { return remote_uri_; }
    const std::string& remote_name() const { return remote_name_; }
    // Why it ended: "486 Busy Here", "hung up".
    int end_status() const { return end_status_; }
    const std::string& end_reason() const { return end_reason_; }
    bool is_hung_up_by_peer() const { return is_hung_up_by_peer_; }  // after it was answered
    std::optional<media::StreamId> stream() const { return stream_; }
    const std::optional<sdp::AudioStream>& agreed() const { return agreed_; }
    // As of now, or of its end.
    media::StreamStatistics statistics() const;
    sip::MessagePtr with_stats(const sip::MessagePtr& message) const;
    const Session& session() const { return session_; }
    // Ours rings there, and no sound of theirs says so.
    bool hears_ringing() const { return state_ == State::RemoteRinging && hears_ringing_; }
    const std::optional<bool>& call_waiting() const { return call_waiting_; }
    const std::optional<Endpoint>& address() const { return address_; }  // of IP dialling
    // Of an incoming one: a cadence's number, "No Ring" or "User 1".
    const std::string& ring_name() const { return ring_name_; }
    sip::transaction::ServerId invite_id() const { return invite_id_; }
    const sip::MessagePtr& invite() const { return invite_; }

    // From the phone, for its session.
    void on_request(sip::transaction::ServerId id, const sip::MessagePtr& request);
    void on_cancel();
    void on_ack(const sip::Message& ack);
    void on_response(const sip::Message& request, const sip::Message& response);
    void on_failed(const sip::Message& request, Session::Failure why);
    void on_transaction_ended(const sip::Message& request) { session_.on_ended(request); }
    void on_timer();
    void on_line_reached();
    void on_digit(char digit);  // of its stream
    void on_media_failed(std::string_view sentence);

private:
    template <class Event>
    void tell(Event&& event);
    void perform(Session::Action& action);
    std::string own_identity() const;
    void add_identity(bool is_hidden, Session::Invitation& invitation) const;
    void offer();
    std::string description_of_offer();
    void on_offer(const std::string& description);
    void on_answer(const Session::Answer& answer);
    void on_ringing(int status);
    void on_refused(Session::Refused& refused);
    std::optional<std::string> next_target();
    std::string own_contact() const;
    void on_offer_refused();
    void on_session_ended(Session::Ended& ended);
    Result<void, std::string> open_stream();
    sdp::SrtpPolicy policy_of_offer() const;
    sdp::LocalAudio local() const;
    sdp::LocalAudio local_of_offer() const;
    // None: what they offer cannot be had.
    std::optional<std::string> answer_to(const std::string& offer);
    void apply_source();
    bool is_of_another(const sdp::AudioStream& offered) const;
    bool agree(sdp::AudioStream stream);
    void end_by_fault(int status, std::string_view why);
    void close_stream();
    void set_state(State state);
    void set_sips(bool is_sips);
    void set_remote_by(const sip::Message& invite);
    void set_remote(const sip::NameAddr& who);
    TimePoint now() const;

    CallId id_;
    Line& line_;
    Origin origin_;
    Peer peer_;
    media::Port& media_;
    Random& random_;
    CallHost& host_;
    SettingsPtr settings_;
    const SoundOptions& sound_;
    Session session_;
    State state_;
    sdp::Negotiation negotiation_;
    std::optional<sdp::Negotiation> offered_;        // as the INVITE went out
    std::map<std::string, sdp::Negotiation> forks_;  // by the dialog's remote tag
    std::optional<media::StreamId> stream_;
    Endpoint rtp_;
    std::optional<sdp::AudioStream> agreed_;
    std::optional<media::Source> source_;
    bool is_started_ = false;
    bool has_info_keys_ = false;
    bool hears_ringing_ = false;
    bool bears_sound_ = false;  // the provisional response that is looked at
    int sound_status_ = 0;      // of that which bore sound last
    bool is_held_ = false;
    bool is_hold_offered_ = false;  // as it was when our last offer went out
    bool is_hold_agreed_ = false;   // the far end has answered to that
    bool is_rekeying_ = false;      // the next offer has new keys
    bool is_secure_wanted_ = false;
    bool is_sips_ = false;
    std::string remote_uri_, remote_name_;
    std::optional<Endpoint> address_;
    std::optional<Dialled::Codec> codec_;
    std::optional<bool> call_waiting_;
    std::string ring_name_;
    std::string target_;                // of the INVITE
    std::vector<std::string> targets_;  // of 3xx responses, not yet tried
    std::vector<std::string> tried_;
    int end_status_ = 0;
    std::string end_reason_;
    int fault_status_ = 0;
    std::string fault_;  // because of which it is ended here
    bool is_hung_up_by_peer_ = false;
    media::StreamStatistics last_statistics_;
    sip::transaction::ServerId invite_id_;
    sip::MessagePtr invite_;
};

std::string_view to_string(Call::State state);

}  // namespace ringwall::phone
