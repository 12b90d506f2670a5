// The half of Phone that is about calls: what the user does with them, and what they ask for.
#include <algorithm>
#include <utility>

#include "base/log.h"
#include "phone/phone.h"
#include "phone/user_agent_name.h"
#include "phone/with_fields.h"
#include "sip/header/replaces.h"

namespace ringwall::phone {

using sip::HeaderName;

namespace {

constexpr std::string_view no_such_call = "there is no such call";

auto no_call() {
    return fail(std::string(no_such_call));
}

}  // namespace

Call* Phone::call(CallId id) {
    const auto found = calls_.find(id);
    return found == calls_.end() ? nullptr : found->second.get();
}

bool Phone::has_room_for_a_call() const {
    const auto going_on = std::ranges::count_if(
        calls_, [](const auto& each) { return each.second->state() != Call::State::Ended; });
    return static_cast<std::size_t>(going_on) < max_calls && calls_.size() < max_remembered;
}

// ---- the user -----------------------------------------------------------------------------------

Result<Call*, std::string> Phone::place_call(Line& line, const Call::Dialled& what,
                                             bool is_emergency) {
    if (is_stopping_ || (!has_room_for_a_call() && !is_emergency)) {
        return fail(std::string("there are too many calls"));
    }
    const std::string& problem = line.problem();
    const std::string why = problem.empty() ? "it has not answered yet" : problem;
    const bool has_way = line.state() == Line::State::Up || (is_emergency && line.hop());
    if (!has_way) {
        return fail("line " + std::to_string(line.settings().number) +
                    " has no connection to its server: " + why);
    }
    if (!line.is_registered() && line.settings().is_register &&
        !line.settings().make_call_without_reg && !is_emergency) {
        return fail("line " + std::to_string(line.settings().number) +
                    " is not registered: " + why);
    }
    TRY(may_go(line, what.target));
    const CallId id{++last_call_};
    const auto peer = goes_straight(line, what.address) ? Call::Peer::Stranger : Call::Peer::Server;
    auto made = std::make_unique<Call>(id, line, Call::Origin::Ours, peer, media_, random_, *this,
                                       settings_, sound_);
    Call& call = *calls_.emplace(id, std::move(made)).first->second;
    if (auto dialled = call.dial(what); !dialled) {
        calls_.erase(id);
        return fail(std::move(dialled.error()));
    }
    return &call;
}

Result<void, std::string> Phone::answer(CallId id) {
    Call* const it = call(id);
    if (it == nullptr) {
        return no_call();
    }
    TRY(it->answer());
    hold_others(*it);
    return {};
}

Result<void, std::string> Phone::reject(CallId id, int status) {
    Call* const it = call(id);
    if (it == nullptr || it->state() != Call::State::Ringing) {
        return no_call();
    }
    it->reject(status);
    forget_ended();
    return {};
}

Result<void, std::string> Phone::hang_up(CallId id) {
    Call* const it = call(id);
    if (it == nullptr || it->state() == Call::State::Ended) {
        return no_call();
    }
    put_down(id);
    return {};
}

Result<void, std::string> Phone::hold(CallId id, bool is_held) {
    Call* const it = call(id);
    if (it == nullptr || it->state() != Call::State::Active) {
        return fail(std::string("there is no such active call"));
    }
    hold_call(*it, is_held);
    if (!is_held) {
        hold_others(*it);
    }
    return {};
}

Result<void, std::string> Phone::send_digits(CallId id, std::string_view digits) {
    Call* const it = call(id);
    if (it == nullptr || it->state() != Call::State::Active) {
        return fail(std::string("there is no such active call"));
    }
    if (digits.find_first_not_of("0123456789*#ABCD") != std::string_view::npos) {
        return fail(std::string("digits are 0 to 9, *, # and A to D"));
    }
    it->send_digits(digits);
    return {};
}

Result<void, std::string> Phone::transfer(CallId id, std::string_view number) {
    Call* const it = call(id);
    if (it == nullptr || it->state() != Call::State::Active) {
        return fail(std::string("there is no such active call"));
    }
    if (!settings_->phone.services.blind_transfer) {
        return fail(std::string("'Blind Transfer Serv' is No"));
    }
    const std::string target = TRY(target_of(it->line(), number));
    TRY(may_go(it->line(), target));
    it->hold(true);
    it->transfer("<" + target + ">");
    return {};
}

// Attended: the far end of one call takes the place of us in the other (RFC 5359 §2.5).
Result<void, std::string> Phone::transfer(CallId id, CallId to) {
    Call* const it = call(id);
    Call* const other = call(to);
    if (it == nullptr || other == nullptr || it == other || it->state() != Call::State::Active ||
        other->state() != Call::State::Active) {
        return fail(std::string("there are no two such active calls"));
    }
    if (!settings_->phone.services.attn_transfer) {
        return fail(std::string("'Attn Transfer Serv' is No"));
    }
    const auto ids = other->session().dialog_ids();
    const std::string replaces =
        sip::with_uri_header("Replaces=", "Replaces", sip::replaces_value(*ids));
    it->hold(true);
    it->transfer("<" + other->session().remote_target() + "?" + replaces + ">");
    return {};
}

Result<void, std::string> Phone::conference(const std::vector<CallId>& calls) {
    if (!settings_->phone.services.conference) {
        return fail(std::string("'Conference Serv' is No"));
    }
    // None ends it. Here it is of three: two calls, and who has them; at a bridge of any number.
    const std::set<CallId> different(calls.begin(), calls.end());
    const Call* const first = calls.empty() ? nullptr : call(calls.front());
    const bool has_bridge =
        first != nullptr && !first->line().settings().conference_bridge_url.empty();
    if (!calls.empty() && (different.size() != calls.size() || calls.size() < 2 ||
                           (calls.size() > 2 && !has_bridge))) {
        return fail(std::string("a conference is of this phone and two different calls"));
    }
    for (const CallId id : calls) {
        const Call* const it = call(id);
        if (it == nullptr || it->state() != Call::State::Active || !it->stream()) {
            return fail(std::string("a conference is of active calls"));
        }
    }
    if (has_bridge) {
        return meet_at_bridge(calls);
    }
    conference_ = calls;
    for (const CallId id : calls) {
        hold_call(*call(id), false);
    }
    mix_conference();
    if (!calls.empty()) {
        tones_.play(tone_after(*call(calls.front())));
    } else if (tones_.script() == settings_->phone.tones.conference) {
        tones_.stop();
    }
    return {};
}

// Whoever is held hears nothing of the others, nor they of him.
void Phone::mix_conference() {
    std::vector<media::StreamId> wanted;
    for (const CallId id : conference_) {
        const Call* const each = call(id);
        if (each != nullptr && each->state() == Call::State::Active && !each->is_held() &&
            each->stream()) {
            wanted.push_back(*each->stream());
        }
    }
    if (wanted.size() < 2) {
        wanted.clear();
    }
    if (wanted == mixed_) {
        return;
    }
    for (const auto& [id, each] : calls_) {
        if (each->stream() && std::ranges::find(mixed_, *each->stream()) != mixed_.end()) {
            media_.mix({*each->stream()});
        }
    }
    mixed_ = wanted;
    if (!wanted.empty()) {
        media_.mix(wanted);
    }
}

// One is spoken with; whoever is in a conference with it stays. Who holds us and waits for what
// becomes of his REFER is not told more than that.
void Phone::hold_others(const Call& active) {
    const auto is_joined = [&](CallId id) {
        return std::ranges::find(conference_, id) != conference_.end();
    };
    std::vector<CallId> others;  // the music for them is a call as well
    for (const auto& [id, each] : calls_) {
        const bool waits =
            each->is_held_by_peer() && std::ranges::any_of(referrals_, [&](const auto& referral) {
                return referral.second == id;
            });
        const bool stays = (is_joined(id) && is_joined(active.id())) || waits;
        if (each.get() != &active && each->state() == Call::State::Active && !stays &&
            !is_music(id)) {
            others.push_back(id);
        }
    }
    for (const CallId id : others) {
        hold_call(*call(id), true);
    }
}

void Phone::put_down(CallId id) {
    if (Call* const it = call(id)) {
        it->hang_up();
    }
    forget_ended();
}

void Phone::forget_ended() {
    for (auto at = calls_.begin(); at != calls_.end();) {
        if (at->second->is_over()) {
            referrals_.erase(at->first);
            failovers_.erase(at->first);
            invites_.erase(at->first);
            at = calls_.erase(at);
        } else {
            ++at;
        }
    }
}

// ---- what calls ask for -------------------------------------------------------------------------

// That address would be heard as well.
bool Phone::may_speak(const Line& line, const IpAddress& address) const {
    return trust_.may_speak(address) &&
           (!line.settings().restrict_source_ip || line.is_server(address));
}

Result<void, std::string> Phone::may_go(const Line& line, std::string_view target) {
    if (line.may_call(target)) {
        return {};
    }
    return fail("'" + std::string(target) + "' is called over TLS alone, and line " +
                std::to_string(line.settings().number) + " has " +
                std::string(sip::to_string(line.transport())) +
                "; set 'SIP Transport' to TLS, or call a sip: address");
}

// IP dialling, by no server.
bool Phone::goes_straight(const Line& line, const std::optional<Endpoint>& address) const {
    return address && line.transport() == sip::Transport::Udp && may_speak(line, address->address);
}

// None as well where a SIPS dialog has lost its TLS: the line may have gone to another server.
std::optional<sip::Hop> Phone::hop_of(Call& call, const sip::Message& request) {
    const auto hop = any_hop_of(call, request);
    const bool needs_tls = call.is_sips() || request.request_uri().is_secure();
    return hop && needs_tls && hop->transport != sip::Transport::Tls ? std::nullopt : hop;
}

// Over a connection everything goes by the line's own. Over UDP a dialog has its own way, where
// that is an address and may be spoken to.
std::optional<sip::Hop> Phone::any_hop_of(Call& call, const sip::Message& request) {
    Line& line = call.line();
    const sip::Method method = request.method();
    const bool can_wait =
        !request.to_tag().empty() && (method == sip::Method::Invite ||
                                      method == sip::Method::Update || method == sip::Method::Bye);
    auto by_line = line.hop();
    // The server is to hear of us first: then what was lost is said.
    if (can_wait && line.state() != Line::State::Up && line.transport() != sip::Transport::Udp) {
        by_line.reset();
    }
    const LineSettings& settings = line.settings();
    if (by_line && goes_straight(line, call.address())) {
        return sip::Hop{by_line->flow, *call.address(), sip::Transport::Udp};
    }
    const bool is_within = !request.to_tag().empty();
    const bool by_outbound = settings.use_outbound_proxy && settings.use_ob_proxy_in_dialog;
    if (!by_line || by_line->transport != sip::Transport::Udp || !is_within || by_outbound) {
        return by_line;
    }
    sip::Uri next = request.request_uri();
    if (const auto routes = request.name_addrs(HeaderName::Route); routes && !routes->empty()) {
        next = routes->front().uri;
    }
    const auto address = IpAddress::parse(next.host);
    if (!address || !may_speak(line, *address)) {
        return by_line;
    }
    const std::uint16_t port =
        next.port != 0 ? next.port : sip::locate::default_port(sip::Transport::Udp);
    return sip::Hop{by_line->flow, {*address, port}, sip::Transport::Udp};
}

void Phone::send_for(Call& call, sip::MessageBuilder request) {
    request.header(HeaderName::Via, call.line().via());
    sip::MessagePtr message = call.with_stats(request.build());
    const auto hop = hop_of(call, *message);
    if (!hop) {
        // As good as unanswered, but not from within.
        log::warning("call.no-way", {{"call", call.id().value}});
        call.on_failed(*message, Call::Session::Failure::Lost);
        call.on_transaction_ended(*message);
        return;
    }
    const ClientId id = shard_.send_request(*hop, message);
    if (message->method() == sip::Method::Invite) {
        invites_[call.id()] = id;
    }
    sent_[id] = Sent{Sent::For::Call, call.line().index(), call.id(), *hop, std::move(message)};
}

void Phone::acknowledge_for(Call& call, sip::MessageBuilder ack) {
    ack.header(HeaderName::Via, call.line().via());
    const sip::MessagePtr message = ack.build();
    if (const auto hop = hop_of(call, *message)) {
        shard_.send_ack(*hop, message);
    }
}

void Phone::respond(ServerId id, const sip::MessagePtr& response) {
    shard_.respond(id, with_server_name(*response));
}

sip::MessagePtr Phone::with_server_name(const sip::Message& response) const {
    return with_fields(response, {{"Server", server_name(settings_->phone)}});
}

void Phone::cancel_invite_of(Call& call) {
    if (const auto found = invites_.find(call.id()); found != invites_.end()) {
        shard_.cancel(found->second);
    }
}

void Phone::start_timer(Call& call, Duration after) {
    constexpr std::uint64_t kind_of_calls = 2;
    shard_.start_timer(after, kind_of_calls << 56 | call.id().value);
}

void Phone::on_call_changed(Call& call) {
    log::info("call.state", {{"call", call.id().value},
                             {"state", to_string(call.state())},
                             {"remote", call.remote_uri()}});
    if (const auto found = referrals_.find(call.id()); found != referrals_.end()) {
        if (Call* const referrer = this->call(found->second)) {
            if (call.state() == Call::State::RemoteRinging) {
                referrer->tell_progress(180, false);
            } else if (call.state() == Call::State::Active) {
                referrer->tell_progress(200, true);
                referrals_.erase(found);
            } else if (call.state() == Call::State::Ended) {
                const int status = call.end_status();
                referrer->tell_progress(status >= 300 ? status : 503, true);
                referrals_.erase(found);
            }
        }
    }
    if (call.state() == Call::State::Ended) {
        std::erase(conference_, call.id());
    }
    mix_conference();
    go_on_with_call_back(call);
    go_on_with_music(call);
    go_on_with_bridge(call);
    tones_.play(tone_after(call));
    history_.note(call, call.line().settings().number, shard_.now().wall);
    observer_.on_call_changed(call);
}

// RFC 5359 §2.4: the call to whom they name goes by our own server, as any call. So nobody may ask
// for it whom that server, or a challenge, has not let in.
void Phone::on_referral(Call& call, const Call::Session::Referral& referral) {
    const auto refer_to = sip::parse_name_addr(referral.refer_to);
    const bool is_callable = refer_to && refer_to->uri.scheme != sip::Scheme::Other &&
                             (refer_to->uri.headers.empty() ||
                              !sip::uri_header(refer_to->uri.headers, "Replaces").empty());
    if (call.peer() == Call::Peer::Stranger) {
        log::warning("call.referral-refused", {{"call", call.id().value}});
        call.answer_referral(403);
        return;
    }
    // From a SIPS call to nothing less (RFC 3261 §26.2.2).
    if (!is_callable || (call.is_sips() && !refer_to->uri.is_secure()) ||
        !may_go(call.line(), refer_to->uri.text)) {
        call.answer_referral(603);
        return;
    }
    Call::Dialled what;
    const std::string_view text = refer_to->uri.text;
    const std::size_t headers = refer_to->uri.headers.size();
    what.target = text.substr(0, text.size() - (headers == 0 ? 0 : headers + 1));
    what.is_secure_wanted = call.has_keys();
    what.is_hidden = services_.blocks_caller_id;
    if (const std::string replaces = sip::uri_header(refer_to->uri.headers, "Replaces");
        !replaces.empty()) {
        what.fields.emplace_back("Replaces", replaces);
        what.fields.emplace_back("Require", "replaces");
    }
    if (!referral.referred_by.empty()) {
        what.fields.emplace_back("Referred-By", referral.referred_by);
    }
    call.answer_referral(202);
    call.tell_progress(100, false);
    const auto placed = place_call(call.line(), what);
    if (!placed) {
        call.tell_progress(503, true);
        return;
    }
    referrals_[(*placed)->id()] = call.id();
    hold_others(**placed);
}

void Phone::on_referred(Call& call, int status, bool is_final) {
    observer_.on_transferred(call, status);
    if (!is_final) {
        return;
    }
    if (status >= 200 && status < 300) {
        call.hang_up();  // RFC 5359 §2.4: who transferred leaves
    } else {
        call.hold(false);
    }
}

// RFC 3263 §4.3: silence, a lost connection, 503 and Try Backup RSC say that the next server is to
// be tried. A server that is silent is left by the whole line; one that only says no, where no
// other call of the line stands with it.
bool Phone::has_other_way(Call& call, int status) {
    Line& line = call.line();
    const auto invite = invites_.find(call.id());
    const auto sent = invite == invites_.end() ? sent_.end() : sent_.find(invite->second);
    const bool is_silent = status == 0;
    if (is_stopping_ || sent == sent_.end() || failovers_[call.id()] >= line.server_count() ||
        (!is_silent && status != 503 && !settings_->phone.try_backup_rsc.matches(status))) {
        return false;
    }
    const bool is_alone = std::ranges::none_of(calls_, [&](const auto& each) {
        return each.second.get() != &call && &each.second->line() == &line &&
               !each.second->is_over();
    });
    const sip::Hop failed = sent->second.hop;
    if ((is_silent || is_alone) && line.server_count() > 1) {
        line.leave(failed, is_silent ? "the server does not answer" : std::to_string(status));
    }
    // That of a line which waits was the last of them; a connection there would be another.
    const bool was_last =
        line.state() == Line::State::Waiting && line.transport() == sip::Transport::Udp;
    const auto way = was_last ? std::nullopt : line.hop();
    if (!way || (way->flow == failed.flow && way->remote == failed.remote)) {
        return false;
    }
    ++failovers_[call.id()];
    return true;
}

void Phone::on_digit(Call& call, char digit) {
    observer_.on_digit(call, digit);
}

// ---- media --------------------------------------------------------------------------------------

void Phone::on_digit(media::StreamId stream, char digit, Duration) {
    for (const auto& [id, each] : calls_) {
        if (each->stream() == stream) {
            each->on_digit(digit);
            return;
        }
    }
}

void Phone::on_source_ended(media::StreamId stream) {
    tones_.on_ended(stream);
}

void Phone::on_failed(media::StreamId stream, std::string_view sentence) {
    if (tones_.on_ended(stream)) {
        log::warning("phone.no-tone", {{"reason", sentence}});
        return;
    }
    for (const auto& [id, each] : calls_) {
        if (each->stream() == stream) {
            each->on_media_failed(sentence);
            return;
        }
    }
}

}  // namespace ringwall::phone
