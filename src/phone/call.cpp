#include "phone/call.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "base/visitor.h"
#include "phone/alert.h"
#include "phone/call_media.h"
#include "phone/user_agent_name.h"
#include "phone/with_fields.h"
#include "sip/header/media_type.h"
#include "sip/header/quoted_string.h"

namespace ringwall::phone {

using Session = sip::session::InviteSession;

namespace {

Session::Setup session_setup(const PhoneSettings& phone, const Line& line, Call::Peer peer) {
    return {.contact = line.contact(),
            .accounts = peer == Call::Peer::Server ? line.accounts_at_server()
                                                   : std::vector<sip::auth::Account>(),
            .max_auth = phone.max_auth,
            .max_forwards = phone.max_forward,
            .timers = transaction_timers(phone),
            .is_reliable = line.settings().sip_100rel_enable,
            .invite_expires = phone.invite_expires,
            .reinvite_expires = phone.reinvite_expires,
            .user_agent = user_agent_name(phone)};
}

void prefer(const Call::Dialled::Codec& wanted, std::vector<sdp::AudioCodec>& codecs) {
    const sdp::AudioCodec codec = to_sdp(wanted.codec);
    std::erase(codecs, codec);
    if (wanted.is_only) {
        codecs.clear();
    }
    codecs.insert(codecs.begin(), codec);
}

// "Signal=5" of application/dtmf-relay, or the digit alone of application/dtmf.
std::optional<char> digit_in(const Session::Info& info) {
    std::string_view text = info.body;
    if (sip::is_media_type(info.content_type, "application", "dtmf-relay")) {
        const auto at = text.find("Signal=");
        text = at == std::string_view::npos ? "" : text.substr(at + 7);
    } else if (!sip::is_media_type(info.content_type, "application", "dtmf")) {
        return std::nullopt;
    }
    text = trim(text);
    const bool is_key =
        !text.empty() &&
        std::string_view("0123456789*#ABCDabcd").find(text.front()) != std::string_view::npos;
    return is_key ? std::optional(text.front()) : std::nullopt;
}

// RFC 3261 §12.1.1: whether our Contact has to be a SIPS URI.
bool begins_sips_dialog(const sip::Message& invite) {
    if (invite.request_uri().is_secure()) {
        return true;
    }
    const auto routes = invite.name_addrs(sip::HeaderName::RecordRoute);
    if (routes && !routes->empty()) {
        return routes->front().uri.is_secure();
    }
    const auto contact = sip::dialog_contact(invite);
    return contact && *contact && (*contact)->uri.is_secure();
}

}  // namespace

std::string_view to_string(Call::State state) {
    switch (state) {
        case Call::State::Calling:
            return "calling";
        case Call::State::RemoteRinging:
            return "remote-ringing";
        case Call::State::Ringing:
            return "ringing";
        case Call::State::Answering:
            return "answering";
        case Call::State::Active:
            return "active";
        case Call::State::Ended:
            return "ended";
    }
    return "";
}

Call::Call(CallId id, Line& line, Origin origin, Peer peer, media::Port& media, Random& random,
           CallHost& host, SettingsPtr settings, const SoundOptions& sound)
    : id_(id),
      line_(line),
      origin_(origin),
      peer_(peer),
      media_(media),
      random_(random),
      host_(host),
      settings_(std::move(settings)),
      sound_(sound),
      session_(session_setup(settings_->phone, line, peer)),
      state_(origin == Origin::Ours ? State::Calling : State::Ringing),
      negotiation_(random) {}

Call::~Call() {
    close_stream();
}

TimePoint Call::now() const {
    return line_.now();
}

std::string Call::own_contact() const {
    return line_.contact(is_sips_ ? sip::Scheme::Sips : sip::Scheme::Sip);
}

void Call::set_sips(bool is_sips) {
    is_sips_ = is_sips;
    tell([&](Session::Actions& out) { session_.set_contact(own_contact(), now(), out); });
}

void Call::set_state(State state) {
    state_ = state;
    host_.on_call_changed(*this);
}

// Who calls, by the fields that Caller ID Header names, the first that is there.
void Call::set_remote_by(const sip::Message& invite) {
    set_remote(invite.from());
    const CallerIdHeader order = settings_->phone.caller_id_header;
    const auto by_paid = [&] {
        const auto asserted = invite.name_addrs(sip::HeaderName::PAssertedIdentity);
        if (!asserted || asserted->empty()) {
            return false;
        }
        set_remote(asserted->front());
        return true;
    };
    const auto by_rpid = [&] {
        const sip::HeaderLine* const line = invite.header("Remote-Party-ID");
        const auto who = line == nullptr
                             ? Result<sip::NameAddr, sip::ParseError>(fail(sip::ParseError{}))
                             : sip::parse_name_addr(line->value);
        if (!who) {
            return false;
        }
        set_remote(*who);
        return true;
    };
    switch (order) {
        case CallerIdHeader::PaidRpidFrom:
            if (!by_paid()) {
                by_rpid();
            }
            return;
        case CallerIdHeader::RpidPaidFrom:
            if (!by_rpid()) {
                by_paid();
            }
            return;
        case CallerIdHeader::PaidFrom:
            by_paid();
            return;
        case CallerIdHeader::RpidFrom:
            by_rpid();
            return;
        case CallerIdHeader::From:
            return;
    }
}

void Call::set_remote(const sip::NameAddr& who) {
    remote_uri_ = who.uri.text;
    remote_name_ = sip::unquote(who.display_name);
}

// ---- what the user does -------------------------------------------------------------------------

Result<void, std::string> Call::dial(const Dialled& what) {
    is_secure_wanted_ = what.is_secure_wanted;
    remote_uri_ = what.target;
    target_ = what.target;
    tried_ = {what.target};
    address_ = what.address;
    codec_ = what.codec;
    call_waiting_ = what.call_waiting;
    TRY(open_stream());
    set_sips(is_sips_uri(what.target));
    Session::Invitation invitation;
    invitation.target = what.target;
    invitation.from = own_identity();
    invitation.to = "<" + what.target + ">";
    invitation.call_id = bucket_token(Bucket{}, random_, 24);
    invitation.local_tag = bucket_token(Bucket{}, random_, 20);
    invitation.fields = what.fields;
    add_identity(what.is_hidden, invitation);
    invitation.offer = negotiation_.offer(local_of_offer(), random_);
    offered_ = negotiation_;
    set_state(State::Calling);
    tell([&](Session::Actions& out) { session_.invite(std::move(invitation), out); });
    return {};
}

// A name-addr.
std::string Call::own_identity() const {
    const std::string& name = line_.settings().display_name;
    return (name.empty() ? "" : sip::quote(name) + " ") + "<" + line_.address_of_record() + ">";
}

// Who calls, as the server is told and as the callee is to be told: Remote-Party-ID, and where he
// hides, Privacy (RFC 3323 §4.2, RFC 3325 §9.3).
void Call::add_identity(bool is_hidden, Session::Invitation& invitation) const {
    const LineSettings& line = line_.settings();
    if (!line.sip_proxy_require.empty()) {
        invitation.fields.emplace_back("Proxy-Require", line.sip_proxy_require);
    }
    if (line.sip_remote_party_id) {
        invitation.fields.emplace_back(
            "Remote-Party-ID",
            own_identity() + ";party=calling;screen=yes;privacy=" + (is_hidden ? "full" : "off"));
    }
    if (!is_hidden) {
        return;
    }
    if (!line.sip_remote_party_id) {
        invitation.fields.emplace_back("P-Preferred-Identity", own_identity());
    }
    invitation.fields.emplace_back("Privacy", "id");
    if (!line.sip_remote_party_id || line.use_anonymous_with_rpid) {
        invitation.from = "\"Anonymous\" <sip:anonymous@anonymous.invalid>";
    }
}

void Call::on_invite(sip::transaction::ServerId id, const sip::MessagePtr& invite) {
    invite_id_ = id;
    invite_ = invite;
    set_remote_by(*invite);
    ring_name_ = ring_of(*invite, line_.settings().default_ring);
    set_sips(begins_sips_dialog(*invite));
    tell([&](Session::Actions& out) {
        session_.on_invite(id, invite, bucket_token(Bucket{}, random_, 20), out);
    });
    if (session_.state() == Session::State::Ended) {
        set_state(State::Ended);
        return;
    }
    set_state(State::Ringing);
}

void Call::ring(int status) {
    tell([&](Session::Actions& out) { session_.ring(status, now(), random_, out); });
}

Result<void, std::string> Call::answer() {
    if (state_ != State::Ringing) {
        return fail(std::string("the call does not ring"));
    }
    if (auto opened = open_stream(); !opened) {
        reject(500);
        return opened;
    }
    std::optional<std::string> description;
    if (session_.remote_offer().empty()) {
        description = negotiation_.offer(local_of_offer(), random_);
    } else {
        description = answer_to(session_.remote_offer());
    }
    if (!description) {
        reject(488);
        return fail(std::string("nothing that the caller offers can be had"));
    }
    set_state(State::Answering);
    tell([&](Session::Actions& out) { session_.accept(*description, now(), out); });
    return {};
}

void Call::reject(int status, const Session::Fields& fields) {
    tell([&](Session::Actions& out) { session_.reject(status, fields, out); });
}

void Call::hang_up() {
    tell([&](Session::Actions& out) { session_.hang_up(now(), out); });
}

void Call::hold(bool is_held) {
    if (state_ != State::Active || is_held == is_held_) {
        return;
    }
    is_held_ = is_held;
    apply_source();
    is_rekeying_ = is_rekeying_ || !is_held;  // RFC 4568 §7.1.4
    tell([&](Session::Actions& out) { session_.want_offer(now(), out); });
    host_.on_call_changed(*this);
}

void Call::send_digits(std::string_view digits) {
    if (state_ != State::Active) {
        return;
    }
    const DtmfTxMethod method = line_.settings().dtmf_tx_method;
    const bool by_info = method == DtmfTxMethod::Info || method == DtmfTxMethod::InBandAndInfo ||
                         method == DtmfTxMethod::AvtAndInfo;
    const bool by_sound = method != DtmfTxMethod::Info;
    const Duration length = settings_->phone.dtmf_playback_length;
    const std::string milliseconds =
        std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(length).count());
    for (const char digit : digits) {
        if (by_sound && stream_) {
            media_.send_digit(*stream_, digit, length);
        }
        if (by_info) {
            tell([&](Session::Actions& out) {
                session_.info(
                    "application/dtmf-relay",
                    std::string("Signal=") + digit + "\r\nDuration=" + milliseconds + "\r\n", out);
            });
        }
    }
}

void Call::transfer(std::string_view refer_to) {
    tell([&](Session::Actions& out) {
        session_.refer(std::string(refer_to), "<" + line_.address_of_record() + ">", now(), out);
    });
}

void Call::answer_referral(int status) {
    tell([&](Session::Actions& out) { session_.answer_referral(status, out); });
}

void Call::tell_progress(int status, bool is_final) {
    tell([&](Session::Actions& out) { session_.tell_progress(status, is_final, out); });
}

Result<void, std::string> Call::set_source(const media::Source& source) {
    TRY(media_.check(source));
    source_ = source;
    if (is_started_) {
        apply_source();
    }
    return {};
}

// Who is held does not hear what is said here.
void Call::apply_source() {
    if (stream_) {
        media_.set_source(
            *stream_, is_held_ ? media::Source(media::Silence{}) : source_.value_or(sound_.source));
    }
}

Result<void, std::string> Call::record(const std::string& path) {
    return stream_ ? media_.record(*stream_, path)
                   : Result<void, std::string>(fail(std::string("the call has no sound yet")));
}

media::StreamStatistics Call::statistics() const {
    return stream_ ? media_.statistics(*stream_) : last_statistics_;
}

// ---- what the session is told -------------------------------------------------------------------

void Call::on_request(sip::transaction::ServerId id, const sip::MessagePtr& request) {
    tell([&](Session::Actions& out) { session_.on_request(id, request, now(), random_, out); });
}

void Call::on_cancel() {
    tell([&](Session::Actions& out) { session_.on_cancel(out); });
}

void Call::on_ack(const sip::Message& ack) {
    tell([&](Session::Actions& out) { session_.on_ack(ack, now(), out); });
}

void Call::on_response(const sip::Message& request, const sip::Message& response) {
    tell([&](Session::Actions& out) {
        session_.on_response(request, response, now(), random_, out);
    });
}

void Call::on_failed(const sip::Message& request, Session::Failure why) {
    tell([&](Session::Actions& out) { session_.on_failed(request, why, now(), out); });
}

void Call::on_timer() {
    tell([&](Session::Actions& out) { session_.on_time(now(), out); });
}

// The connection is another, and so is our Contact.
void Call::on_line_reached() {
    tell([&](Session::Actions& out) { session_.set_contact(own_contact(), now(), out); });
}

// A far end that sends keys by INFO too (AVT+INFO, InBand+INFO) is heard once: INFO comes first.
void Call::on_digit(char digit) {
    if (!has_info_keys_) {
        host_.on_digit(*this, digit);
    }
}

void Call::on_media_failed(std::string_view sentence) {
    log::warning("call.media-failed", {{"call", id_.value}, {"reason", sentence}});
    end_by_fault(500, sentence);
}

// It is hung up, and says why.
void Call::end_by_fault(int status, std::string_view why) {
    if (state_ == State::Ended) {
        return;
    }
    fault_status_ = status;
    fault_ = why;
    hang_up();
}

// ---- and what it says ---------------------------------------------------------------------------

template <class Event>
void Call::tell(Event&& event) {
    Session::Actions actions;
    event(actions);
    for (Session::Action& action : actions) {
        perform(action);
    }
}

// Stats In BYE: the figures of the call in a BYE, or in the answer to one.
sip::MessagePtr Call::with_stats(const sip::MessagePtr& message) const {
    const bool is_of_bye = message->cseq().method == sip::Method::Bye &&
                           (message->is_request() || message->status() == 200);
    if (!settings_->phone.stats_in_bye || !is_of_bye || message->header("P-RTP-Stat") != nullptr) {
        return message;
    }
    return with_fields(*message, {{"P-RTP-Stat", rtp_stat(statistics(), agreed_)}});
}

void Call::perform(Session::Action& action) {
    std::visit(
        Visitor{
            [&](Session::Send& send) { host_.send_for(*this, std::move(send.request)); },
            [&](Session::SendAck& send) { host_.acknowledge_for(*this, std::move(send.ack)); },
            [&](const Session::Respond& respond) {
                host_.respond(respond.to, with_stats(respond.response));
            },
            [&](const Session::CancelInvite&) { host_.cancel_invite_of(*this); },
            [&](const Session::StartTimer& timer) { host_.start_timer(*this, timer.after); },
            [&](const Session::Ringing& ringing) { on_ringing(ringing.status); },
            [&](Session::Refused& refused) { on_refused(refused); },
            [&](const Session::Answer& answer) { on_answer(answer); },
            [&](const Session::Offer& offer) { on_offer(offer.description); },
            [&](const Session::OfferRefused& refused) {
                log::info("call.offer-refused", {{"call", id_.value}, {"status", refused.status}});
                on_offer_refused();
            },
            [&](const Session::OfferWanted&) { offer(); },
            [&](const Session::Established&) {
                if (state_ != State::Ended) {
                    set_state(State::Active);
                }
            },
            [&](Session::Ended& ended) { on_session_ended(ended); },
            [&](const Session::Referral& referral) { host_.on_referral(*this, referral); },
            [&](const Session::Referred& referred) {
                host_.on_referred(*this, referred.status, referred.is_final);
            },
            [&](const Session::Info& info) {
                if (const auto digit = digit_in(info)) {
                    has_info_keys_ = true;
                    host_.on_digit(*this, *digit);
                }
            }},
        action);
}

// What rings there is heard here, until the far end sends sound of its own. After a 183 with sound
// a 180 without is ringing again, but for Sticky 183.
void Call::on_ringing(int status) {
    const bool was_heard = hears_ringing_;
    if (std::exchange(bears_sound_, false)) {
        sound_status_ = status;
        hears_ringing_ = false;
    } else if (status == 180 || status == 182) {
        hears_ringing_ = sound_status_ == 0 ||
                         (sound_status_ == 183 && !line_.settings().sticky_183) || hears_ringing_;
    }
    if (state_ == State::Calling && status >= 180) {
        set_state(State::RemoteRinging);
    } else if (was_heard != hears_ringing_) {
        host_.on_call_changed(*this);
    }
}

// Another server for the same target, another target, or the end.
void Call::on_refused(Session::Refused& refused) {
    forks_.clear();
    targets_.insert(targets_.begin(), std::make_move_iterator(refused.contacts.begin()),
                    std::make_move_iterator(refused.contacts.end()));
    const bool has_way = host_.has_other_way(*this, refused.status) && line_.may_call(target_);
    if (!has_way) {
        const auto next = next_target();
        if (!next) {
            tell([&](Session::Actions& out) { session_.give_up(out); });
            return;
        }
        log::info("call.redirected",
                  {{"call", id_.value}, {"status", refused.status}, {"target", *next}});
        target_ = *next;
        set_sips(is_sips_uri(target_));
        address_.reset();
        tried_.push_back(*next);
    }
    if (state_ == State::RemoteRinging) {
        set_state(State::Calling);
    }
    // Whoever refused it knows the keys of what it was offered.
    negotiation_ = *offered_;
    negotiation_.renew_keys();
    const std::string description = negotiation_.offer(local_of_offer(), random_);
    offered_ = negotiation_;
    tell([&](Session::Actions& out) { session_.invite_again(target_, description, out); });
}

// RFC 3261 §8.1.3.4: none twice, not for ever, and from a SIPS URI to nothing less (§26.2.2).
std::optional<std::string> Call::next_target() {
    while (!targets_.empty() && tried_.size() <= settings_->phone.max_redirection) {
        std::string text = std::move(targets_.front());
        targets_.erase(targets_.begin());
        const auto target = sip::parse_uri(text);
        if (!target || target->scheme == sip::Scheme::Other || !target->headers.empty()) {
            continue;
        }
        const bool is_refused = std::ranges::any_of(tried_, [&](const std::string& each) {
            const auto before = sip::parse_uri(each);
            return !before || sip::equivalent(*before, *target) ||
                   (before->scheme == sip::Scheme::Sips && target->scheme != sip::Scheme::Sips);
        });
        if (!is_refused && line_.may_call(text)) {
            return text;
        }
    }
    return std::nullopt;
}

// All stays as it was agreed, and so does who is held.
void Call::on_offer_refused() {
    if (state_ == State::Active && is_held_ != is_hold_agreed_) {
        is_held_ = is_hold_agreed_;
        apply_source();
        host_.on_call_changed(*this);
    }
}

void Call::on_session_ended(Session::Ended& ended) {
    end_status_ = fault_.empty() ? ended.status : fault_status_;
    end_reason_ = fault_.empty() ? ended.reason : fault_;
    is_hung_up_by_peer_ = ended.is_by_peer && state_ == State::Active;
    close_stream();
    set_state(State::Ended);
}

void Call::offer() {
    const std::string description = description_of_offer();
    tell([&](Session::Actions& out) { session_.offer(description, now(), out); });
}

// Within the dialog: as it is wanted by now.
std::string Call::description_of_offer() {
    if (std::exchange(is_rekeying_, false)) {
        negotiation_.renew_keys();
    }
    is_hold_offered_ = is_held_;
    return negotiation_.offer(local_of_offer(), random_);
}

// A new offer within the dialog, or the wish for one of ours.
void Call::on_offer(const std::string& description) {
    if (description.empty()) {
        is_rekeying_ = true;  // it may be for somebody else
        const std::string ours = description_of_offer();
        tell([&](Session::Actions& out) { session_.answer(ours, now(), out); });
        return;
    }
    auto answer = answer_to(description);
    tell([&](Session::Actions& out) {
        if (answer) {
            session_.answer(*answer, now(), out);
        } else {
            session_.refuse(488, now(), out);
        }
    });
    host_.on_call_changed(*this);
}

void Call::on_answer(const Session::Answer& answer) {
    const auto description = sdp::SessionDescription::parse(answer.description);
    // Every fork answers the same offer: each has a machine of its own.
    const bool is_fork = state_ == State::Calling || state_ == State::RemoteRinging;
    if (is_fork && offered_) {
        negotiation_ = forks_.try_emplace(answer.remote_tag, *offered_).first->second;
    }
    const auto stream =
        description
            ? negotiation_.judge(*description)
            : Result<sdp::AudioStream, sdp::NegotiationFault>(fail(sdp::NegotiationFault::NoAudio));
    const bool is_good = stream && agree(*stream);
    is_hold_agreed_ = is_hold_offered_;
    if (is_fork) {
        forks_.insert_or_assign(answer.remote_tag, negotiation_);
        bears_sound_ = true;
    }
    if (!is_good) {
        const std::string why(stream ? "media" : to_string(stream.error()));
        log::warning("call.bad-answer", {{"call", id_.value}, {"reason", why}});
        // An answer in a provisional response ends nothing yet, but there is no sound either.
        end_by_fault(488, "the answer to the call cannot be had: " + why);
    }
}

// ---- sound --------------------------------------------------------------------------------------

Result<void, std::string> Call::open_stream() {
    if (stream_) {
        return {};
    }
    const auto opened =
        TRY(media_.open(line_.local().address, stream_options(settings_->phone, line_.settings())));
    stream_ = opened.id;
    rtp_ = opened.rtp;
    return {};
}

sdp::SrtpPolicy Call::policy_of_offer() const {
    return srtp_policy_of_offer(line_.settings().secure_call_option, line_.transport(),
                                is_secure_wanted_);
}

// A call that was agreed on in the clear, over a line in the clear, is told no keys.
sdp::LocalAudio Call::local_of_offer() const {
    sdp::LocalAudio out = local();
    const auto wanted = policy_of_offer();
    if (agreed_ && !has_keys() && wanted == sdp::SrtpPolicy::PlainOnly) {
        out.srtp = wanted;
    }
    return out;
}

sdp::LocalAudio Call::local() const {
    sdp::LocalAudio local = local_audio(settings_->phone, line_.settings(), rtp_);
    if (codec_) {
        prefer(*codec_, local.codecs);
    }
    local.direction = is_held_ ? sdp::Direction::SendOnly : sdp::Direction::SendRecv;
    const bool is_first_answer = origin_ == Origin::Theirs;
    local.srtp = is_first_answer && !session_.remote_offer().empty()
                     ? srtp_policy_of_answer(line_.settings().secure_call_option, line_.transport())
                     : policy_of_offer();
    return local;
}

bool Call::can_be_answered() const {
    if (session_.remote_offer().empty()) {
        return true;  // the offer is ours
    }
    const auto description = sdp::SessionDescription::parse(session_.remote_offer());
    sdp::LocalAudio likely = local();
    likely.rtp = line_.local();
    sdp::Negotiation trial = negotiation_;
    const auto answer = description ? trial.answer(*description, likely, random_)
                                    : Result<sdp::Negotiation::Answer, sdp::NegotiationFault>(
                                          fail(sdp::NegotiationFault::NoAudio));
    if (!answer) {
        log::info("call.offer-not-acceptable",
                  {{"call", id_.value}, {"reason", to_string(answer.error())}});
    }
    return answer.has_value();
}

std::optional<std::string> Call::answer_to(const std::string& offer) {
    const auto description = sdp::SessionDescription::parse(offer);
    if (!description) {
        return std::nullopt;
    }
    const sdp::Negotiation before = negotiation_;
    auto answer = negotiation_.answer(*description, local(), random_);
    if (answer && is_of_another(answer->stream)) {
        negotiation_ = before;
        negotiation_.renew_keys();
        answer = negotiation_.answer(*description, local(), random_);
    }
    if (!answer) {
        log::info("call.offer-not-acceptable",
                  {{"call", id_.value}, {"reason", to_string(answer.error())}});
        return std::nullopt;
    }
    if (!agree(std::move(answer->stream))) {
        return std::nullopt;
    }
    is_hold_agreed_ = is_held_;
    return std::move(answer->text);
}

// Other keys or another address: whoever knew ours before is not to hear what we say now.
bool Call::is_of_another(const sdp::AudioStream& offered) const {
    return agreed_ && agreed_->send_key &&
           (offered.receive_key != agreed_->receive_key || offered.remote != agreed_->remote);
}

bool Call::agree(sdp::AudioStream stream) {
    if (!stream_) {
        return false;
    }
    if (const auto started = media_.start(*stream_, stream_spec(stream)); !started) {
        log::warning("call.media-failed", {{"call", id_.value}, {"reason", started.error()}});
        return false;
    }
    agreed_ = std::move(stream);
    if (!std::exchange(is_started_, true)) {
        apply_source();
        media_.set_sink(*stream_, sound_.sink);
        if (!sound_.recording_folder.empty()) {
            const std::string path = recording_path(sound_.recording_folder, id_.value);
            if (const auto recorded = media_.record(*stream_, path); !recorded) {
                log::warning("call.not-recorded",
                             {{"call", id_.value}, {"reason", recorded.error()}});
            }
        }
    }
    return true;
}

void Call::close_stream() {
    if (!stream_) {
        return;
    }
    last_statistics_ = media_.close(*std::exchange(stream_, std::nullopt));
    const auto seconds =
        std::chrono::duration_cast<std::chrono::seconds>(last_statistics_.duration).count();
    log::info("call.statistics", {{"call", id_.value},
                                  {"seconds", seconds},
                                  {"sent", last_statistics_.packets_sent},
                                  {"received", last_statistics_.packets_received},
                                  {"lost", last_statistics_.packets_lost},
                                  {"late", last_statistics_.packets_late},
                                  {"concealed", last_statistics_.packets_concealed},
                                  {"refused", last_statistics_.packets_refused}});
}

}  // namespace ringwall::phone
