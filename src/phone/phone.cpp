#include "phone/phone.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "phone/alert.h"
#include "phone/call_media.h"
#include "phone/with_fields.h"
#include "sip/header/event.h"
#include "sip/header/replaces.h"
#include "sip/locate/way.h"

namespace ringwall::phone {

using sip::HeaderName;
using sip::Method;

namespace {

constexpr std::ptrdiff_t max_ringing_strangers = 4;
constexpr std::uint32_t ring_limit = 180;  // seconds
// Connections of those who are no servers of ours, so that they do not take all descriptors.
constexpr std::size_t max_strangers = 32;
constexpr std::ptrdiff_t max_of_source = 8;
constexpr Duration stranger_silence = 5s;  // before the first octet
constexpr Duration stranger_idle = 240s;   // a call rings for less
constexpr Duration line_start_limit = 20s;
constexpr std::string_view allowed =
    "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, REFER, NOTIFY";

// What a timer of ours is for: kind, small number, id.
enum class TimerKind : std::uint8_t {
    Line = 1,
    Call,
    Trust,
    NextLine,
    NoAnswer,
    Watch,
    CallBack,
    Keypad,
    Reorder,
    Ringing
};
constexpr std::uint64_t cookie_of(TimerKind kind, std::uint64_t id, std::uint8_t which = 0) {
    return std::uint64_t{static_cast<std::uint8_t>(kind)} << 56 | std::uint64_t{which} << 48 | id;
}

// What there is no service for is off, whatever the user's page says.
UserServices user_services(const PhoneSettings& phone) {
    const Services& there = phone.services;
    const auto forward = [](bool is_there, const std::string& to) {
        return is_there ? to : std::string();
    };
    return {.do_not_disturb = there.dnd && phone.dnd_setting,
            .call_waiting = phone.cw_setting,
            .secure_calls = there.secure_call && phone.secure_call_setting,
            .blocks_caller_id = there.block_cid && phone.block_cid_setting,
            .blocks_anonymous = there.block_anc && phone.block_anc_setting,
            .forward_all = forward(there.cfwd_all, phone.cfwd_all_dest),
            .forward_busy = forward(there.cfwd_busy, phone.cfwd_busy_dest),
            .forward_no_answer = forward(there.cfwd_no_ans, phone.cfwd_no_ans_dest)};
}

// RFC 3323 §4.1: who calls does not want to be known.
bool is_anonymous(const sip::Message& invite) {
    const sip::Uri& from = invite.from().uri;
    return equals_ignoring_case(from.user, "anonymous") ||
           equals_ignoring_case(from.host, "anonymous.invalid");
}

// "2/8 (0/2)" of a Voice-Message line (RFC 3842 §5.2).
void read_counts(std::string_view text, Mailbox& mailbox) {
    text = trim(text);
    const auto slash = text.find('/');
    const auto end = text.find_first_not_of("0123456789", slash + 1);
    mailbox.fresh = static_cast<unsigned>(parse_number(text.substr(0, slash), 9999).value_or(0));
    if (slash != std::string_view::npos) {
        mailbox.old = static_cast<unsigned>(
            parse_number(text.substr(slash + 1, end - slash - 1), 9999).value_or(0));
    }
}

Mailbox read_summary(std::string_view body) {
    Mailbox mailbox;
    while (!body.empty()) {
        const auto end = std::min(body.find('\n'), body.size() - 1);
        const std::string_view line = trim(body.substr(0, end + 1));
        body.remove_prefix(end + 1);
        const auto colon = line.find(':');
        if (colon == std::string_view::npos) {
            continue;
        }
        const std::string_view name = trim(line.substr(0, colon));
        const std::string_view value = trim(line.substr(colon + 1));
        if (equals_ignoring_case(name, "Messages-Waiting")) {
            mailbox.is_waiting = equals_ignoring_case(value, "yes");
        } else if (equals_ignoring_case(name, "Voice-Message")) {
            read_counts(value, mailbox);
        }
    }
    return mailbox;
}

bool is_order(std::string_view event) {
    return event == "resync" || event == "check-sync" || event == "reboot" ||
           event == "reboot_now" || event == "restart_now" || event == "report";
}

}  // namespace

Phone::Phone(engine::Network& network, media::Port& media, Random& random, SettingsPtr settings,
             std::shared_ptr<const tls::Context> tls, Now start, Observer& observer,
             SoundOptions sound)
    : media_(media),
      random_(random),
      settings_(std::move(settings)),
      tls_(std::move(tls)),
      observer_(observer),
      sound_(std::move(sound)),
      tones_(media, sound_.sink, stream_options(settings_->phone, {})),
      shard_(network, *this, transaction_timers(settings_->phone), start),
      trust_(shard_, settings_->phone),
      challenge_(random),
      mailboxes_(settings_->lines.size()),
      services_(user_services(settings_->phone)) {
    plan_watches();
}

std::vector<Phone::Socket> Phone::sockets(const Settings& settings) {
    std::vector<Socket> sockets;
    for (const LineSettings& line : settings.lines) {
        const auto is_same = [&](const Socket& each) {
            return each.transport == line.sip_transport && each.port == line.sip_port;
        };
        if (line.line_enable && line.sip_transport != sip::Transport::Tls &&
            std::ranges::none_of(sockets, is_same)) {
            sockets.push_back({line.sip_transport, line.sip_port, line.sip_tos});
        }
    }
    return sockets;
}

void Phone::add_listener(engine::ListenerId id, const Endpoint& local, sip::Transport transport,
                         FlowId udp_flow) {
    listeners_.push_back({id, local, transport, udp_flow});
    shard_.add_listener(id, local, transport, udp_flow);
}

// ---- lines --------------------------------------------------------------------------------------

void Phone::start() {
    trust_.start();
    for (std::size_t i = 0; i < settings_->lines.size(); ++i) {
        const LineSettings& settings = settings_->lines[i];
        Line::Sockets sockets;
        for (const Listener& each : listeners_) {
            if (each.transport == sip::Transport::Udp && each.local.port == settings.sip_port &&
                settings.sip_transport == sip::Transport::Udp) {
                sockets = {each.udp_flow, each.local};
            }
        }
        lines_.push_back(std::make_unique<Line>(shard_, random_, *this, settings_, i,
                                                trust_.domains(), tls_, sockets));
    }
    start_next_line();
}

// One after the other: the next when the one before has its connection and the answer to its first
// REGISTER, or after 20 s.
void Phone::start_next_line() {
    while (started_ < lines_.size()) {
        Line& line = *lines_[started_++];
        line.start();
        if (!line.has_started()) {
            shard_.start_timer(line_start_limit, cookie_of(TimerKind::NextLine, started_));
            return;
        }
    }
}

void Phone::on_line_changed(Line& line) {
    if (line.index() + 1 == started_ && line.has_started() && !is_stopping_) {
        start_next_line();
    }
    watch(line);
    observer_.on_line_changed(line);
}

void Phone::on_line_reached(Line& line) {
    for (const auto& [id, call] : calls_) {
        if (&call->line() == &line) {
            call->on_line_reached();
        }
    }
    move_watches(line);
}

void Phone::send_for(Line& line, const sip::Hop& hop, sip::MessagePtr request) {
    const ClientId id = shard_.send_request(hop, request);
    sent_[id] = Sent{Sent::For::Line, line.index(), {}, hop, std::move(request)};
}

void Phone::start_timer(Line& line, Timer timer, Duration after) {
    shard_.start_timer(after,
                       cookie_of(TimerKind::Line, line.index(), static_cast<std::uint8_t>(timer)));
}

bool Phone::is_in_use(const Line& line) const {
    return std::ranges::any_of(calls_, [&](const auto& each) {
        return &each.second->line() == &line && each.second->state() != Call::State::Ended;
    });
}

void Phone::stop() {
    is_stopping_ = true;
    call_back_.reset();
    music_.clear();
    for (const auto& [id, call] : calls_) {
        call->hang_up();
    }
    stop_watches();
    for (const auto& line : lines_) {
        line->stop();
    }
}

bool Phone::is_quiet() const {
    return std::ranges::all_of(lines_, [](const auto& line) { return line->is_quiet(); }) &&
           std::ranges::all_of(calls_, [](const auto& each) { return each.second->is_quiet(); });
}

// ---- who may talk -------------------------------------------------------------------------------

bool Phone::is_at(const Line& line, std::uint16_t port, sip::Transport transport) {
    const LineSettings& settings = line.settings();
    return settings.line_enable && settings.sip_port == port && line.transport() == transport;
}

bool Phone::is_server_at(std::uint16_t port, sip::Transport transport,
                         const IpAddress& address) const {
    return std::ranges::any_of(lines_, [&](const auto& line) {
        return is_at(*line, port, transport) && line->is_server(address);
    });
}

bool Phone::is_welcome(const Endpoint& remote, std::uint16_t port, sip::Transport transport) const {
    const bool is_server = is_server_at(port, transport, remote.address);
    if (!trust_.may_speak(remote.address) && !is_server) {
        return false;
    }
    // Two lines on one port: the servers of both.
    const bool is_open = std::ranges::any_of(lines_, [&](const auto& line) {
        return is_at(*line, port, transport) && !line->settings().restrict_source_ip;
    });
    return is_open || is_server;
}

bool Phone::on_datagram_source(const engine::Flow& flow, const Endpoint& remote) {
    return is_welcome(remote, flow.local.port, sip::Transport::Udp);
}

engine::AcceptDecision Phone::on_accept(engine::ListenerId listener, const Endpoint& remote) {
    const auto found = std::ranges::find(listeners_, listener, &Listener::id);
    engine::AcceptDecision decision;
    decision.is_admitted =
        found != listeners_.end() && is_welcome(remote, found->local.port, sip::Transport::Tcp);
    if (decision.is_admitted &&
        !is_server_at(found->local.port, sip::Transport::Tcp, remote.address)) {
        decision.is_admitted = has_room_for(remote.address);
        decision.handshake_timeout = stranger_silence;
        decision.idle_timeout = stranger_idle;
        if (decision.is_admitted) {
            strangers_.insert(remote);
        }
    }
    return decision;
}

// One host can have all addresses of its /64.
bool Phone::has_room_for(const IpAddress& stranger) const {
    const bool is_v4 = stranger.family == IpAddress::Family::V4;
    const Network source{stranger, static_cast<std::uint8_t>(is_v4 ? 32 : 64)};
    const auto of_source = std::ranges::count_if(
        strangers_, [&](const Endpoint& each) { return source.contains(each.address); });
    return strangers_.size() < max_strangers && of_source < max_of_source;
}

Line* Phone::line_of(const engine::Flow& flow) {
    if (!flow.purpose || *flow.purpose >= lines_.size()) {
        return nullptr;
    }
    Line* const line = lines_[*flow.purpose].get();
    return line->has_flow(flow.id) ? line : nullptr;
}

bool Phone::on_established(const engine::Flow& flow) {
    if (flow.listener) {
        return true;  // in the clear, by a door of ours
    }
    Line* const line = line_of(flow);
    return line != nullptr && line->on_established(flow);
}

void Phone::on_flow_closed(const engine::Flow& flow, CloseReason reason, std::string_view detail) {
    if (const auto found = strangers_.find(flow.remote);
        flow.listener && found != strangers_.end()) {
        strangers_.erase(found);
    }
    if (Line* const line = line_of(flow)) {
        line->on_flow_closed(flow.id, reason, detail);
    }
}

void Phone::on_pong(const engine::Flow& flow) {
    if (Line* const line = line_of(flow)) {
        line->on_pong();
    }
}

// What came over the line's connection is the line's; else by the port, and the user that is meant.
Line* Phone::line_of(const sip::Hop& from, const sip::Message& request) {
    const engine::Flow* const flow = shard_.flow(from.flow);
    if (flow == nullptr) {
        return nullptr;
    }
    if (!flow->listener) {
        return line_of(*flow);
    }
    Line* any = nullptr;
    for (const auto& line : lines_) {
        if (!is_at(*line, flow->local.port, from.transport)) {
            continue;
        }
        if (is_for(*line, request)) {
            return line.get();
        }
        any = any == nullptr ? line.get() : any;
    }
    return any;
}

// ---- requests -----------------------------------------------------------------------------------

void Phone::answer_plainly(ServerId id, const sip::Message& request, int status,
                           std::string_view reason) {
    auto builder = sip::reply(request, status, bucket_token(Bucket{}, random_, 20), reason);
    if (status == 200 || status == 405) {
        builder.header(HeaderName::Allow, allowed)
            .header(HeaderName::Accept, "application/sdp")
            .header(HeaderName::Supported, "100rel, replaces, timer");
    }
    respond(id, builder.build());
}

Call* Phone::call_of(const sip::Message& request) {
    for (const auto& [id, call] : calls_) {
        const auto& session = call->session();
        if (session.call_id() == request.call_id() && session.local_tag() == request.to_tag()) {
            return call.get();
        }
    }
    return nullptr;
}

void Phone::on_request(ServerId id, const sip::Hop& from, const sip::MessagePtr& request,
                       ServerId cancelled) {
    if (request->method() == Method::Cancel) {
        on_cancel(id, *request, cancelled);
    } else if (request->to_tag().empty()) {
        on_new_request(id, from, request);
    } else if (Call* const call = call_of(*request)) {
        call->on_request(id, request);
    } else if (request->method() == Method::Notify && is_notified(id, *request)) {
        // told
    } else {
        answer_plainly(id, *request, 481);
    }
    forget_ended();
}

void Phone::on_cancel(ServerId id, const sip::Message& cancel, ServerId cancelled) {
    answer_plainly(id, cancel, cancelled ? 200 : 481);
    for (const auto& [number, call] : calls_) {
        if (cancelled && call->invite_id() == cancelled) {
            call->on_cancel();
            return;
        }
    }
}

void Phone::on_new_request(ServerId id, const sip::Hop& from, const sip::MessagePtr& request) {
    Line* const line = line_of(from, *request);
    const bool is_known =
        line != nullptr && (is_for(*line, *request) || request->method() == Method::Options);
    // Where callers have to prove themselves, nobody else learns which users there are.
    if (!is_known && (line == nullptr || !line->settings().auth_invite)) {
        answer_plainly(id, *request, 404);
        return;
    }
    switch (request->method()) {
        case Method::Invite:
            on_invite(*line, id, from, request);
            return;
        case Method::Options:
            answer_plainly(id, *request, 200);
            return;
        case Method::Notify:
            on_notify(*line, id, from, *request);
            return;
        case Method::Bye:
        case Method::Prack:
        case Method::Update:
        case Method::Info:
        case Method::Refer:
            answer_plainly(id, *request, 481);
            return;
        case Method::Ack:
        case Method::Cancel:
            return;
        case Method::Register:
        case Method::Message:
        case Method::Subscribe:
        case Method::Publish:
        case Method::Unknown:
            answer_plainly(id, *request, 405);
            return;
    }
}

bool Phone::is_for(const Line& line, const sip::Message& request) {
    return sip::unescape(request.request_uri().user) == line.settings().user_id;
}

// Whoever sent it has to know the line's password.
bool Phone::passes_line_challenge(const Line& line, ServerId id, const sip::Hop& from,
                                  const sip::Message& request) {
    const std::string& own = line.settings().reserved_auth_realm;
    return passes_challenge(
        {line.account(), own.empty() ? line.domain() : own, line.settings().auth_support_rfc8760},
        id, from, request);
}

bool Phone::passes_challenge(const Challenge::Wanted& wanted, ServerId id, const sip::Hop& from,
                             const sip::Message& request) {
    const IpAddress& source = from.remote.address;
    const WallTime now = shard_.now().wall;
    const auto verdict = challenge_.check(request, wanted, source, now);
    if (verdict == Challenge::Verdict::Proven) {
        return true;
    }
    const auto refusal = challenge_.refusal(request, verdict, wanted, source, now);
    shard_.respond_once(id, with_server_name(*refusal));
    return false;
}

void Phone::on_invite(Line& line, ServerId id, const sip::Hop& from,
                      const sip::MessagePtr& request) {
    if (is_stopping_ || !has_room_for_a_call()) {
        answer_plainly(id, *request, 480);
        return;
    }
    const LineSettings& settings = line.settings();
    auto peer = line.is_server(from) ? Call::Peer::Server : Call::Peer::Stranger;
    const auto prove = [&peer] { peer = peer == Call::Peer::Stranger ? Call::Peer::Proven : peer; };
    if (settings.auth_page && is_answered_by_itself(line, *request)) {
        const std::string& own = settings.auth_page_realm;
        if (!passes_challenge({{line.account().username, settings.auth_page_password},
                               own.empty() ? line.domain() : own,
                               settings.auth_support_rfc8760},
                              id, from, *request)) {
            return;
        }
        prove();
    } else if (settings.auth_invite) {
        if (!passes_line_challenge(line, id, from, *request)) {
            return;
        }
        prove();
    }
    if (!is_for(line, *request)) {
        answer_plainly(id, *request, 404);
        return;
    }
    // RFC 5630 §5.1.2: it came in the clear, whatever it says.
    if (request->request_uri().is_secure() && from.transport != sip::Transport::Tls) {
        auto refusal = sip::reply(*request, 480, bucket_token(Bucket{}, random_, 20));
        respond(id, with_fields(*refusal.build(),
                                {{"Warning", "380 " + line.domain() + " \"SIPS Not Allowed\""}}));
        return;
    }
    if (!line.is_registered() && line.settings().is_register &&
        !line.settings().ans_call_without_reg) {
        answer_plainly(id, *request, 480);
        return;
    }
    if (!may_ring(peer)) {
        answer_plainly(id, *request, 486);
        return;
    }
    take_call(line, peer, id, request);
}

// So that strangers leave room for others.
bool Phone::may_ring(Call::Peer peer) const {
    return peer != Call::Peer::Stranger ||
           std::ranges::count_if(calls_, [](const auto& each) {
               return each.second->state() == Call::State::Ringing &&
                      each.second->peer() == Call::Peer::Stranger;
           }) < max_ringing_strangers;
}

// RFC 3261 §13.3.1: no longer than the caller wants it, nor for ever.
void Phone::limit_ringing(const Call& call) {
    const std::uint32_t wanted = call.invite()->expires().value_or(ring_limit);
    shard_.start_timer(
        std::chrono::seconds(std::min(wanted, ring_limit)),
        cookie_of(TimerKind::Ringing, call.id().value, wanted <= ring_limit ? 1 : 0));
}

bool Phone::is_busy() const {
    return std::ranges::any_of(
        calls_, [](const auto& each) { return each.second->state() != Call::State::Ended; });
}

// A page, by Auto Answer Page.
bool Phone::is_answered_by_itself(const Line& line, const sip::Message& invite) const {
    return settings_->phone.auto_answer_page && is_page(invite) &&
           (!is_busy() || line.settings().auto_ans_page_on_active_call);
}

void Phone::take_call(Line& line, Call::Peer peer, ServerId id, const sip::MessagePtr& invite) {
    Call* replaced = nullptr;
    if (const sip::HeaderLine* const replaces = invite->header(HeaderName::Replaces)) {
        const auto ids = sip::parse_replaces(replaces->value);
        if (!ids) {
            answer_plainly(id, *invite, 400);
            return;
        }
        for (const auto& [number, each] : calls_) {
            const bool is_it = each->session().is_dialog(*ids);
            replaced = is_it && each->state() != Call::State::Ended ? each.get() : replaced;
        }
        // RFC 3891 §3: an early dialog that the far end began is not replaced.
        if (replaced == nullptr || replaced->state() == Call::State::Ringing) {
            answer_plainly(id, *invite, 481);
            return;
        }
        if (ids->early_only && replaced->state() == Call::State::Active) {
            answer_plainly(id, *invite, 486);
            return;
        }
    }
    const bool was_busy = is_busy();
    const bool is_paged = peer != Call::Peer::Stranger && is_answered_by_itself(line, *invite);
    const CallId number{++last_call_};
    auto made = std::make_unique<Call>(number, line, Call::Origin::Theirs, peer, media_, random_,
                                       *this, settings_, sound_);
    Call& call = *calls_.emplace(number, std::move(made)).first->second;
    call.on_invite(id, invite);
    if (call.state() == Call::State::Ended) {
        return;
    }
    log::info(
        "call.incoming",
        {{"call", number.value}, {"line", line.settings().number}, {"from", call.remote_uri()}});
    if (replaced != nullptr) {
        const CallId old = replaced->id();
        if (call.answer()) {
            put_down(old);
        }
        return;
    }
    if (refuse_or_forward(call, was_busy)) {
        return;
    }
    if (!call.can_be_answered()) {
        call.reject(488);
        return;
    }
    if (is_paged) {
        announced_[number].is_page = true;
        if (call.answer()) {
            hold_others(call);
        }
        return;
    }
    limit_ringing(call);
    call.ring(was_busy && line.settings().reply_182_on_call_waiting ? 182 : 180);
    if (!services_.forward_no_answer.empty()) {
        shard_.start_timer(settings_->phone.cfwd_no_ans_delay,
                           cookie_of(TimerKind::NoAnswer, number.value));
    }
    if (sound_.auto_answer && !was_busy) {
        (void)call.answer();
    }
}

// As the calls that go on were dialled, or else as ever.
bool Phone::has_call_waiting() const {
    for (const auto& [id, each] : calls_) {
        if (each->state() != Call::State::Ended && each->call_waiting()) {
            return *each->call_waiting();
        }
    }
    return services_.call_waiting;
}

bool Phone::refuse_or_forward(Call& call, bool was_busy) {
    if (services_.blocks_anonymous && is_anonymous(*call.invite())) {
        call.reject(433);  // RFC 5079
        return true;
    }
    if (forward(call, services_.forward_all, "unconditional")) {
        return true;
    }
    if (!services_.do_not_disturb && (!was_busy || has_call_waiting())) {
        return false;
    }
    if (!forward(call, services_.forward_busy, "user-busy")) {
        call.reject(486);
    }
    return true;
}

// 302 to where its user wants it (RFC 5359 §2.8), with who sent it there.
bool Phone::forward(Call& call, const std::string& destination, std::string_view reason) {
    if (destination.empty()) {
        return false;
    }
    const auto target = target_of(call.line(), destination);
    if (!target) {
        return false;
    }
    call.reject(302, {{"Contact", "<" + *target + ">"},
                      {"Diversion",
                       "<" + call.line().address_of_record() + ">;reason=" + std::string(reason)}});
    return true;
}

void Phone::on_notify(Line& line, ServerId id, const sip::Hop& from, const sip::Message& request) {
    const sip::HeaderLine* const field = request.header(HeaderName::Event);
    // As FusionPBX has it; no event by the grammar, so nobody is obeyed who has not proved himself.
    const bool is_odd_reboot = field != nullptr && field->value == "reboot=true";
    const auto event = field == nullptr
                           ? Result<sip::Event, sip::ParseError>(fail(sip::ParseError{}))
                           : sip::parse_event(is_odd_reboot ? "reboot" : field->value);
    if (!event) {
        answer_plainly(id, request, 400);
        return;
    }
    const bool is_summary = event->package == "message-summary";
    const bool is_an_order = is_order(event->package);
    if (!is_summary && !is_an_order) {
        answer_plainly(id, request, 489);
        return;
    }
    const bool is_challenged =
        is_summary ? line.settings().auth_invite : line.settings().auth_resync_reboot;
    if ((is_challenged || is_odd_reboot) && !passes_line_challenge(line, id, from, request)) {
        return;
    }
    if (!is_for(line, request)) {
        answer_plainly(id, request, 404);
        return;
    }
    answer_plainly(id, request, 200);
    if (is_summary) {
        take_summary(line, request.body());
    } else {
        observer_.on_order(line, event->package);
    }
}

void Phone::take_summary(const Line& line, std::string_view body) {
    mailboxes_.at(line.index()) = read_summary(body);
    observer_.on_messages(line);
}

void Phone::start_keypad_timer(Duration after) {
    shard_.start_timer(after, cookie_of(TimerKind::Keypad, ++keypad_timer_));
}

void Phone::start_call_back_timer(Duration after) {
    shard_.start_timer(after, cookie_of(TimerKind::CallBack, ++call_back_timer_));
}

void Phone::start_reorder_timer(Duration after) {
    shard_.start_timer(after, cookie_of(TimerKind::Reorder, ++reorder_timer_));
}

void Phone::start_watch_timer(std::size_t index, Duration after) {
    shard_.start_timer(after, cookie_of(TimerKind::Watch, index));
}

void Phone::on_ack(const sip::Hop& from, const sip::MessagePtr& request) {
    (void)from;
    if (Call* const call = call_of(*request)) {
        call->on_ack(*request);
        forget_ended();
    }
}

// ---- responses ----------------------------------------------------------------------------------

// By the server of the line, where the request went there, and nobody else. A call with anybody
// else has nothing to say to a challenge.
bool Phone::may_be_challenged(const Sent& sent, const sip::Hop& from) {
    if (from.flow != sent.hop.flow || from.remote.address != sent.hop.remote.address) {
        return false;
    }
    const Call* const it = sent.whom == Sent::For::Call ? call(sent.call) : nullptr;
    return (it != nullptr && it->peer() != Call::Peer::Server) ||
           lines_.at(sent.line)->is_server(sent.hop);
}

void Phone::on_response(ClientId id, const sip::Hop& from, const sip::MessagePtr& response) {
    const auto found = sent_.find(id);
    if (found == sent_.end()) {
        return;
    }
    const Sent sent = found->second;
    const bool is_challenge = response->status() == 401 || response->status() == 407;
    if (is_challenge && !may_be_challenged(sent, from)) {
        log::warning("challenge.from-another", {{"source", from.remote.to_string()}});
        on_client_failed(id, sip::transaction::TerminationCause::Normal);
        return;
    }
    if (sent.whom == Sent::For::Line) {
        lines_.at(sent.line)->on_response(*sent.request, *response);
    } else if (sent.whom == Sent::For::Watch) {
        on_watch_response(sent.watch, *sent.request, *response);
    } else if (Call* const it = call(sent.call)) {
        it->on_response(*sent.request, *response);
        forget_ended();
    }
}

void Phone::on_client_failed(ClientId id, sip::transaction::TerminationCause cause) {
    const auto found = sent_.find(id);
    if (found == sent_.end()) {
        return;
    }
    const Sent sent = found->second;
    if (sent.whom == Sent::For::Line) {
        lines_.at(sent.line)->on_failed(*sent.request);
    } else if (sent.whom == Sent::For::Watch) {
        on_watch_failed(sent.watch, *sent.request);
    } else if (Call* const it = call(sent.call)) {
        using enum sip::transaction::TerminationCause;
        using Failure = Call::Session::Failure;
        it->on_failed(*sent.request, cause == TransportError ? Failure::Lost
                                     : cause == Timeout      ? Failure::Silence
                                                             : Failure::Unheard);
    }
}

void Phone::on_client_ended(ClientId id) {
    const auto found = sent_.find(id);
    if (found == sent_.end()) {
        return;
    }
    const Sent sent = std::move(found->second);
    sent_.erase(found);
    if (Call* const it = call(sent.call)) {
        it->on_transaction_ended(*sent.request);
        forget_ended();
    }
}

// A response whose connection is gone goes by the line's new one.
std::optional<sip::Hop> Phone::way_back(const sip::Hop& lost, const sip::Message& response) {
    (void)response;
    for (const auto& line : lines_) {
        const bool is_same_transport = line->transport() == lost.transport;
        if (is_same_transport && line->is_server(lost.remote.address)) {
            return line->hop();
        }
    }
    return std::nullopt;
}

void Phone::on_timer(std::uint64_t cookie) {
    const auto kind = static_cast<TimerKind>(cookie >> 56);
    const auto which = static_cast<std::uint8_t>(cookie >> 48 & 0xff);
    const std::uint64_t id = cookie & 0xffff'ffff'ffffU;
    switch (kind) {
        case TimerKind::Line:
            lines_.at(id)->on_timer(static_cast<Timer>(which));
            return;
        case TimerKind::Call:
            if (Call* const it = call(CallId{id})) {
                it->on_timer();
                forget_ended();
            }
            return;
        case TimerKind::Trust:
            trust_.on_timer();
            return;
        case TimerKind::NextLine:
            if (id == started_ && !is_stopping_) {
                start_next_line();
            }
            return;
        case TimerKind::Watch:
            on_watch_timer(id);
            return;
        case TimerKind::Keypad:
            if (id == keypad_timer_) {
                on_keypad_timer();
            }
            return;
        case TimerKind::Reorder:
            if (id == reorder_timer_) {
                on_reorder_timer();
            }
            return;
        case TimerKind::CallBack:
            if (id == call_back_timer_) {
                on_call_back_timer();
                forget_ended();
            }
            return;
        case TimerKind::Ringing:
            if (Call* const it = call(CallId{id});
                it != nullptr && it->state() == Call::State::Ringing) {
                it->reject(which != 0 ? 487 : 480);
                forget_ended();
            }
            return;
        case TimerKind::NoAnswer:
            if (Call* const it = call(CallId{id});
                it != nullptr && it->state() == Call::State::Ringing) {
                forward(*it, services_.forward_no_answer, "no-answer");
            }
            return;
    }
}

void Phone::on_dns(const dns::Question& question, const dns::Answer& answer) {
    if (const auto again = trust_.on_dns(question, answer)) {
        shard_.start_timer(*again, cookie_of(TimerKind::Trust, 0));
    }
    for (const auto& line : lines_) {
        line->on_dns(question, answer);
    }
}

void Phone::on_trace(engine::Direction direction, const sip::Hop& hop,
                     const sip::Message& message) {
    observer_.on_trace(direction == engine::Direction::In ? "in" : "out", hop, message);
}

}  // namespace ringwall::phone
