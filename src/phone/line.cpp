#include "phone/line.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "base/visitor.h"
#include "phone/user_agent_name.h"
#include "phone/with_fields.h"
#include "sip/registration/instance_id.h"
#include "sip/transaction/layer.h"

namespace ringwall::phone {

using sip::HeaderName;
using Timer = LineHost::Timer;

namespace {

constexpr Duration pong_limit = 10s;    // RFC 5626 §4.4.1
constexpr Duration in_use_again = 10s;  // until a line with calls is looked at again
constexpr std::size_t max_realms = 5;

std::string host_of(const IpAddress& address) {
    const std::string text = address.to_string();
    return address.family == IpAddress::Family::V6 ? "[" + text + "]" : text;
}

}  // namespace

bool is_sips_uri(std::string_view target) {
    const auto uri = sip::parse_uri(target);
    return uri && uri->is_secure();
}

Line::Line(engine::Shard& shard, Random& random, LineHost& host, SettingsPtr settings,
           std::size_t index, const AccessDomains& domains, std::shared_ptr<const tls::Context> tls,
           Sockets sockets)
    : shard_(shard),
      random_(random),
      host_(host),
      settings_(std::move(settings)),
      index_(index),
      domains_(domains),
      tls_(std::move(tls)),
      sockets_(sockets),
      domain_(domain_of(this->settings())),
      realms_{domain_},
      servers_(this->settings(), domains_),
      transport_(this->settings().is_transport_auto ? sip::Transport::Tls
                                                    : this->settings().sip_transport) {}

void Line::start() {
    if (!settings().line_enable || domain_.empty()) {
        problem_ = settings().problem;
        has_answer_ = true;
        return;
    }
    auto refused = domains_.refused_of(settings().proxy);
    if (!refused && settings().use_outbound_proxy) {
        refused = domains_.refused_of(settings().outbound_proxy);
    }
    if (refused) {
        problem_ = *refused + " is not in Restricted Access Domains";
        has_answer_ = true;
        return;
    }
    locate();
}

void Line::stop() {
    is_stopping_ = true;
    stay();
    if (registration_ && state_ == State::Up) {
        tell([&](Registration& registration, Registration::Actions& out) {
            registration.stop(now(), random_, out);
        });
    }
}

bool Line::is_registered() const {
    return state_ == State::Up && registration_ && !is_loss_untold_ &&
           registration_->is_registered(now());
}

bool Line::is_quiet() const {
    return !registration_ || registration_->state() != Registration::State::Leaving;
}

// ---- who and where we are -----------------------------------------------------------------------

std::string Line::address_of_record() const {
    return "sip:" + sip::escape_user(settings().user_id) + "@" + domain_;
}

std::string Line::contact(sip::Scheme scheme) const {
    const bool is_sips = scheme == sip::Scheme::Sips;
    std::string uri = (is_sips ? "sips:" : "sip:") + sip::escape_user(settings().user_id) + "@" +
                      host_of(local_.address) + ":" + std::to_string(local_.port);
    if (is_stream() && !is_sips) {  // RFC 5630 §3.1.4: there it says nothing new
        uri += ";transport=" + lower(sip::to_string(transport_));
    }
    return "<" + uri + ">";
}

sip::auth::Account Line::account() const {
    const bool has_own = settings().use_auth_id && !settings().auth_id.empty();
    return {has_own ? settings().auth_id : settings().user_id, settings().password};
}

std::vector<sip::auth::Account> Line::accounts_at_server() const {
    sip::auth::Account mine = account();
    if (!settings().is_register) {
        return {mine};  // nobody has said which realm is theirs
    }
    std::vector<sip::auth::Account> out;
    for (const std::string& realm : realms_) {
        mine.realm = realm;
        out.push_back(mine);
    }
    return out;
}

std::string Line::via_over(sip::Transport transport) const {
    return "SIP/2.0/" + std::string(sip::to_string(transport)) + " " + host_of(local_.address) +
           ":" + std::to_string(local_.port) +
           ";rport;branch=" + sip::transaction::make_branch(shard_.place().own_bucket(), random_);
}

bool Line::may_call(std::string_view target) const {
    return !is_sips_uri(target) || transport_ == sip::Transport::Tls;
}

std::optional<sip::Hop> Line::hop() {
    if (state_ == State::Up || state_ == State::Connecting) {
        return hop_;
    }
    if (state_ != State::Waiting || servers_.current() == nullptr) {
        return std::nullopt;
    }
    // What is to be said now does not wait for the next try.
    if (servers_.current()->way.transport == sip::Transport::Udp) {
        return sip::Hop{sockets_.udp, servers_.current()->way.remote, sip::Transport::Udp};
    }
    connect();
    return state_ == State::Connecting ? std::optional(hop_) : std::nullopt;
}

// ---- finding and reaching the server ------------------------------------------------------------

void Line::set_state(State state) {
    state_ = state;
    host_.on_line_changed(*this);
}

void Line::locate() {
    set_state(State::Locating);
    ask_for_servers();
}

void Line::ask_for_servers() {
    servers_.locate(IpAddress::Family::V4);
    const auto questions = servers_.open_questions();
    if (questions.empty()) {
        on_dns({}, {});
        return;
    }
    for (const dns::Question& question : questions) {
        shard_.query(question);
    }
}

void Line::on_dns(const dns::Question& question, const dns::Answer& answer) {
    if (keep_alive_search_) {
        keep_alive_search_->on_answer(question, answer);
        conclude_keep_alive();
    }
    if (state_ != State::Locating && !(is_looking_ && state_ == State::Up)) {
        return;
    }
    const auto before = servers_.open_questions();
    if (servers_.on_answer(question, answer, random_)) {
        on_servers_found();
        return;
    }
    for (const dns::Question& next : servers_.open_questions()) {
        if (std::ranges::find(before, next) == before.end()) {
            shard_.query(next);
        }
    }
}

void Line::on_servers_found() {
    if (!std::exchange(is_looking_, false)) {
        connect();
        return;
    }
    servers_.stay_at(hop_.remote);
    if (servers_.is_first_missing() || servers_.is_first()) {
        fall_back_later();
    } else {
        try_better();
    }
}

void Line::connect() {
    const Servers::Server* const server = servers_.current();
    if (server == nullptr) {
        problem_ = "no address of " + domain_ + " was found";
        wait();
        return;
    }
    use(*server);
}

void Line::use(const Servers::Server& server) {
    const Endpoint remote = server.way.remote;
    transport_ = server.way.transport;
    if (!is_stream()) {
        hop_ = {sockets_.udp, remote, sip::Transport::Udp};
        local_ = sockets_.udp_end;
        if (local_.address.is_unspecified()) {
            local_.address = shard_.source_towards(remote).value_or(local_.address);
        }
        come_up();
        return;
    }
    const engine::ConnectSpec spec = connect_spec(server);
    has_pong_ = false;
    is_pong_due_ = false;
    flow_ = shard_.connect(spec);
    hop_ = {flow_, remote, spec.transport};
    set_state(State::Connecting);
}

engine::ConnectSpec Line::connect_spec(const Servers::Server& server) const {
    engine::ConnectSpec spec;
    spec.transport = server.way.transport;
    spec.remote = server.way.remote;
    spec.type_of_service = settings().sip_tos;
    spec.local_ports = settings_->phone.sip_tcp_ports;
    spec.idle_timeout = Duration::zero();  // the pings notice that it is dead
    spec.purpose = static_cast<std::uint32_t>(index_);
    if (spec.transport == sip::Transport::Tls) {
        spec.tls = tls_;
        spec.server_name = server.domain;
    }
    return spec;
}

bool Line::on_established(const engine::Flow& flow) {
    const bool is_better = flow.id == better_flow_;
    const Servers::Server* const server = is_better ? servers_.first() : servers_.current();
    if (server == nullptr) {
        return false;
    }
    if (auto distrust = distrust_of(flow, *server); !distrust.empty()) {
        if (!is_better) {
            problem_ = std::move(distrust);
        }
        return false;
    }
    if (is_better) {
        ask_better(flow.id);
        return true;
    }
    local_ = flow.local;
    come_up();
    return true;
}

// Empty: it is who it should be.
std::string Line::distrust_of(const engine::Flow& flow, const Servers::Server& server) const {
    if (server.way.transport != sip::Transport::Tls) {
        return {};
    }
    const tls::PeerIdentity* const peer = flow.identity.get();
    const bool is_verified = peer != nullptr && peer->is_verified;
    if (is_verified &&
        (!settings().tls_name_validate || tls::matches_domain(*peer, server.domain))) {
        return {};
    }
    return is_verified ? "the certificate of the server does not bear " + server.domain
                       : "the certificate of the server does not verify";
}

void Line::come_up() {
    failures_ = settings().is_register ? failures_ : 0;  // there is a server when it says so
    up_at_ = now();
    const bool is_loss = std::exchange(is_loss_untold_, false);
    if (servers_.is_first()) {
        away_since_.reset();
    } else if (!away_since_) {
        away_since_ = now();
    }
    set_state(State::Up);
    fall_back_later();
    register_anew(is_loss);
    keep_alive();
}

// Its calls go by the new way as well.
void Line::register_anew(bool is_loss) {
    if (!settings().is_register) {
        problem_.clear();
        has_answer_ = true;
        host_.on_line_changed(*this);
        host_.on_line_reached(*this);
        return;
    }
    if (!registration_) {
        registration_.emplace(registration_setup());
    }
    registration_->set_contact(contact());
    if (has_given_up_ || is_stopping_) {
        host_.on_line_reached(*this);
        return;
    }
    tell([&](Registration& registration, Registration::Actions& out) {
        if (registration.state() == Registration::State::Registered && is_loss) {
            registration.on_flow_lost(now(), random_, out);
            registration.start(random_, out);  // how often is decided by who connects
        } else if (registration.state() == Registration::State::Trying) {
            registration.on_failed(registration.cseq(), now(), random_, out);
            registration.start(random_, out);
        } else {
            registration.start(random_, out);
        }
    });
    host_.on_line_reached(*this);
}

void Line::on_flow_closed(FlowId flow, CloseReason reason, std::string_view detail) {
    if (flow == better_flow_) {
        better_flow_ = {};
        fall_back_later();
        return;
    }
    flow_ = {};
    if (is_stopping_) {
        set_state(State::Off);
        return;
    }
    const bool was_up = state_ == State::Up;
    is_loss_untold_ = is_loss_untold_ || was_up;
    if (reason != CloseReason::IdentityMismatch) {
        problem_ = "connection: " + std::string(to_string(reason)) +
                   (detail.empty() ? "" : " (" + std::string(detail) + ")");
    }
    log::warning(
        "line.connection-lost",
        {{"line", settings().number}, {"server", hop_.remote.to_string()}, {"reason", problem_}});
    if (was_up) {
        const bool is_brief = now() - up_at_ < settings_->phone.reg_retry_intvl;
        brief_flows_ = is_brief ? brief_flows_ + 1 : 0;
    }
    if (was_up && fallen_from_) {
        go_back(problem_);
    } else if (was_up && brief_flows_ < 2) {
        connect();  // the same server: it may have been restarted
    } else {
        fail_over(problem_);
    }
}

void Line::leave(const sip::Hop& hop, const std::string& problem) {
    const bool is_current = hop.flow == hop_.flow && hop.remote == hop_.remote;
    if (is_current && (state_ == State::Up || state_ == State::Connecting) && !is_stopping_) {
        fail_over(problem);
    }
}

// To the next server at once; after the last one, later.
void Line::fail_over(std::string problem) {
    problem_ = std::move(problem);
    is_loss_untold_ = is_loss_untold_ || state_ == State::Up;
    if (flow_) {
        shard_.close(std::exchange(flow_, {}), CloseReason::LocalClosed);
    }
    stay();
    fallen_from_.reset();
    if (servers_.go_on()) {
        connect();
    } else {
        wait();
    }
}

// ---- back to the first server (Proxy Fallback Intvl) --------------------------------------------

void Line::fall_back_later() {
    better_call_id_.clear();
    fallback_at_ = TimePoint::max();
    if (servers_.is_first() || settings().proxy_fallback_intvl == Duration::zero() ||
        is_stopping_) {
        return;
    }
    const Duration next = until_fallback();
    fallback_at_ = now() + next;
    host_.start_timer(*this, Timer::Fallback, next);
}

// As soon as the interval is over, however often the connection to another server was made anew
// meanwhile; with Auto Register When Failover at a multiple of Register Expires.
Duration Line::until_fallback() const {
    const Duration interval = settings().proxy_fallback_intvl;
    const bool is_by_register = settings().auto_register_when_failover && settings().is_register;
    const Duration period = is_by_register ? Duration(register_expires()) : interval;
    const Duration since = now() - away_since_.value_or(now());
    const auto next = std::max((interval + period - Duration{1}) / period, since / period + 1);
    const Duration until = next * period - since;
    // What calls need is where they began.
    const bool is_overdue = since >= interval && !is_by_register && host_.is_in_use(*this);
    return is_overdue ? std::min(until, in_use_again) : until;
}

// The one in use stays until the first is there.
void Line::try_better() {
    const Servers::Server* const first = servers_.first();
    if (host_.is_in_use(*this) || first == nullptr) {
        fall_back_later();
        return;
    }
    fallback_at_ = TimePoint::max();
    if (servers_.is_first_missing()) {
        is_looking_ = true;
        ask_for_servers();
        return;
    }
    if (first->way.transport != sip::Transport::Udp) {
        better_flow_ = shard_.connect(connect_spec(*first));
    } else {
        ask_better(sockets_.udp);
    }
}

void Line::ask_better(FlowId flow) {
    better_call_id_ = bucket_token(shard_.place().own_bucket(), random_, 24);
    const sip::locate::Way& way = servers_.first()->way;
    send_plain("OPTIONS", {flow, way.remote, way.transport}, better_call_id_);
}

// It does not serve; the one in use does.
void Line::leave_better() {
    stay();
    fall_back_later();
}

// What becomes of the search for the first does not matter any more.
void Line::stay() {
    is_looking_ = false;
    better_call_id_.clear();
    if (better_flow_) {
        shard_.close(std::exchange(better_flow_, {}), CloseReason::LocalClosed);
    }
}

void Line::take_better() {
    log::info("line.falls-back", {{"line", settings().number},
                                  {"from", hop_.remote.to_string()},
                                  {"to", servers_.first()->way.remote.to_string()}});
    if (settings().is_register) {
        fallen_from_ = hop_.remote;
    }
    servers_.go_first();
    is_loss_untold_ = true;
    has_pong_ = false;
    is_pong_due_ = false;
    better_call_id_.clear();
    const FlowId old = std::exchange(flow_, std::exchange(better_flow_, {}));
    transport_ = servers_.first()->way.transport;
    if (!is_stream()) {
        if (old) {
            shard_.close(old, CloseReason::LocalClosed);
        }
        use(*servers_.first());
        return;
    }
    hop_ = {flow_, servers_.first()->way.remote, transport_};
    if (const engine::Flow* const flow = shard_.flow(flow_)) {
        local_ = flow->local;
    }
    if (old) {
        shard_.close(old, CloseReason::LocalClosed);
    }
    come_up();
}

// The first server is there, and does not register us: at once to the one that did.
void Line::go_back(const std::string& problem) {
    log::warning(
        "line.goes-back",
        {{"line", settings().number}, {"to", fallen_from_->to_string()}, {"reason", problem}});
    problem_ = problem;
    has_given_up_ = false;
    is_loss_untold_ = false;
    servers_.stay_at(*std::exchange(fallen_from_, std::nullopt));
    if (flow_) {
        shard_.close(std::exchange(flow_, {}), CloseReason::LocalClosed);
    }
    connect();
}

void Line::wait() {
    ++failures_;
    const Duration delay = retry_after(0, failures_).value_or(settings_->phone.reg_retry_intvl);
    reconnect_at_ = now() + delay;
    host_.start_timer(*this, Timer::Reconnect, delay);
    set_state(State::Waiting);
}

std::optional<Duration> Line::retry_after(int status, unsigned failures) const {
    const PhoneSettings& phone = settings_->phone;
    const bool is_lasting = phone.retry_reg_rsc.patterns.empty()
                                ? Registration::is_lasting(status)
                                : status != 0 && !phone.retry_reg_rsc.matches(status);
    if (is_lasting && phone.reg_retry_long_intvl == Duration::zero()) {
        return std::nullopt;
    }
    Duration delay = is_lasting ? phone.reg_retry_long_intvl : phone.reg_retry_intvl;
    if (!is_lasting && phone.reg_retry_intvl_cap > delay) {
        const unsigned doublings = std::clamp(failures, 1U, 21U) - 1;
        delay = std::min(delay * (1U << doublings), phone.reg_retry_intvl_cap);
    }
    const Duration spread =
        is_lasting ? phone.reg_retry_long_random_delay : phone.reg_retry_random_delay;
    return delay + Duration(static_cast<Duration::rep>(
                       random_.number() % (static_cast<std::uint64_t>(spread.count()) + 1)));
}

// ---- registration -------------------------------------------------------------------------------

std::chrono::seconds Line::register_expires() const {
    const PhoneSettings& phone = settings_->phone;
    return std::chrono::seconds(
        std::clamp(settings().register_expires, phone.reg_min_expires, phone.reg_max_expires));
}

Line::Registration::Setup Line::registration_setup() {
    const PhoneSettings& phone = settings_->phone;
    const Bucket bucket = shard_.place().own_bucket();
    if (instance_.empty()) {
        instance_ = sip::instance_id(
            {"ringwall-phone ", address_of_record(), " ", local_.address.to_string()});
    }
    return {
        .registrar = "sip:" + domain_,
        .address_of_record = address_of_record(),
        .contact = contact(),
        .call_id = bucket_token(bucket, random_, 24),
        .from_tag = bucket_token(bucket, random_, 20),
        .accounts = {account()},
        .expires = static_cast<std::uint32_t>(register_expires().count()),
        .instance = is_stream() ? instance_ : "",
        .reg_id = is_stream() ? 1U : 0U,
        .base_delay = phone.reg_retry_intvl,
        .retry = [this](int status, unsigned failures) { return retry_after(status, failures); },
        .max_auth = phone.max_auth,
        .user_agent = reg_user_agent_name(phone)};
}

// Remove Last Reg: with the binding of another contact than before, that one is removed.
void Line::send_register(sip::MessageBuilder request) {
    request.header(HeaderName::Via, via());
    sip::MessagePtr message = request.build();
    const bool has_moved = !registered_contact_.empty() && registered_contact_ != contact();
    if (settings_->phone.remove_last_reg && has_moved && message->count(HeaderName::Contact) == 1) {
        message = with_fields(*message, {{"Contact", registered_contact_ + ";expires=0"}});
    }
    host_.send_for(*this, hop_, std::move(message));
}

template <class Event>
void Line::tell(Event&& event) {
    Registration::Actions actions;
    event(*registration_, actions);
    for (Registration::Action& action : actions) {
        std::visit(
            Visitor{[&](Registration::Send& send) { send_register(std::move(send.request)); },
                    [&](const Registration::StartTimer& timer) {
                        host_.start_timer(*this, Timer::Registration, timer.after);
                    },
                    [&](const Registration::Registered& registered) {
                        problem_.clear();
                        failures_ = 0;
                        has_answer_ = true;
                        fallen_from_.reset();
                        registered_contact_ = contact();
                        log::info("line.registered", {{"line", settings().number},
                                                      {"user", address_of_record()},
                                                      {"server", hop_.remote.to_string()},
                                                      {"expires", registered.expires}});
                        host_.on_line_changed(*this);
                    },
                    [&](const Registration::Unregistered& unregistered) {
                        problem_ = unregistered.status == 0 ? unregistered.reason
                                                            : std::to_string(unregistered.status) +
                                                                  " " + unregistered.reason;
                        has_answer_ = has_answer_ || unregistered.status != 0;
                        has_given_up_ = !unregistered.retry && !is_stopping_;
                        log::warning("line.unregistered", {{"line", settings().number},
                                                           {"user", address_of_record()},
                                                           {"status", unregistered.status},
                                                           {"reason", unregistered.reason}});
                        host_.on_line_changed(*this);
                    }},
            action);
    }
}

void Line::on_response(const sip::Message& request, const sip::Message& response) {
    if (is_better_asked(request)) {
        const bool serves = response.status() != 408 && response.status() != 503 &&
                            !settings_->phone.try_backup_rsc.matches(response.status());
        if (!serves || state_ != State::Up || host_.is_in_use(*this)) {
            leave_better();
        } else {
            take_better();
        }
        return;
    }
    if (!registration_ || request.method() != sip::Method::Register ||
        request.count(HeaderName::Contact) == 0) {
        return;  // a keep-alive of ours
    }
    if (settings_->phone.try_backup_rsc.matches(response.status()) && servers_.count() > 1 &&
        !is_stopping_) {
        tell([&](Registration& registration, Registration::Actions& out) {
            registration.on_failed(request.cseq().number, now(), random_, out);
        });
        const std::string problem =
            std::to_string(response.status()) + " " + std::string(response.reason());
        if (fallen_from_) {
            go_back(problem);
        } else {
            fail_over(problem);
        }
        return;
    }
    learn_realms(response);
    tell([&](Registration& registration, Registration::Actions& out) {
        registration.on_response(request, response, now(), random_, out);
    });
    const bool has_ended = registration_->state() == Registration::State::Waiting ||
                           registration_->state() == Registration::State::Idle;
    if (fallen_from_ && has_ended && state_ == State::Up && !is_stopping_) {
        go_back(problem_);
    }
}

void Line::learn_realms(const sip::Message& response) {
    const bool is_challenge = response.status() == 401 || response.status() == 407;
    for (const sip::HeaderLine& line : response.headers()) {
        const bool is_one = is_challenge && (line.id == HeaderName::WwwAuthenticate ||
                                             line.id == HeaderName::ProxyAuthenticate);
        const auto challenge =
            is_one ? sip::auth::parse_challenge(line.value)
                   : Result<sip::auth::Challenge, sip::ParseError>(fail(sip::ParseError{}));
        if (challenge && realms_.size() < max_realms &&
            std::ranges::find(realms_, challenge->realm) == realms_.end()) {
            realms_.push_back(challenge->realm);
        }
    }
}

void Line::on_failed(const sip::Message& request) {
    if (is_better_asked(request)) {
        leave_better();
        return;
    }
    if (!registration_ || request.method() != sip::Method::Register ||
        request.count(HeaderName::Contact) == 0) {
        return;
    }
    tell([&](Registration& registration, Registration::Actions& out) {
        registration.on_failed(request.cseq().number, now(), random_, out);
    });
    if (state_ != State::Up || is_stopping_) {
        return;
    }
    if (fallen_from_) {
        go_back("the server does not answer");
    } else {
        fail_over("the server does not answer");
    }
}

// ---- time ---------------------------------------------------------------------------------------

void Line::on_timer(Timer timer) {
    if (is_stopping_) {
        return;
    }
    switch (timer) {
        case Timer::Registration:
            if (registration_ && state_ == State::Up) {
                tell([&](Registration& registration, Registration::Actions& out) {
                    registration.on_time(now(), random_, out);
                });
            }
            return;
        case Timer::Reconnect:
            if (state_ == State::Waiting && now() >= reconnect_at_) {
                locate();
            }
            return;
        case Timer::KeepAlive:
            if (state_ == State::Up && now() >= keep_alive_at_) {
                send_keep_alive();
            }
            return;
        case Timer::Fallback:
            if (state_ == State::Up && now() >= fallback_at_) {
                try_better();
            }
            return;
    }
}

// Over a connection at once: until the first pong nothing is known of the server.
void Line::keep_alive() {
    const Duration interval = settings_->phone.nat_keep_alive_intvl;
    if (interval == Duration::zero() || state_ != State::Up) {
        return;
    }
    if (is_stream()) {
        send_keep_alive();
    } else if (settings().nat_keep_alive_enable) {
        keep_alive_at_ = now() + interval;
        host_.start_timer(*this, Timer::KeepAlive, interval);
    }
}

void Line::send_keep_alive() {
    if (!is_stream()) {
        if (settings().nat_keep_alive_dest == "$PROXY") {
            send_keep_alive_message(hop_);
        } else if (keep_alive_to_) {
            send_keep_alive_message({hop_.flow, *keep_alive_to_, hop_.transport});
        } else {
            find_keep_alive();
        }
        keep_alive();
        return;
    }
    if (is_pong_due_ && has_pong_) {
        log::warning("line.no-pong", {{"line", settings().number}});
        // How long it takes to close is not waited for: nobody is there to close it as well.
        const FlowId dead = std::exchange(flow_, {});
        shard_.close(dead, CloseReason::LocalClosed);
        on_flow_closed(dead, CloseReason::LocalClosed, "a ping was not answered");
        return;
    }
    // A server that has answered a ping once answers the next within 10 s, or is gone; of one that
    // never did nothing is known (RFC 5626 §4.4.1). A little more than twice in an interval, so
    // that its loss is known before that is over.
    is_pong_due_ = true;
    shard_.ping(flow_);
    const Duration half = settings_->phone.nat_keep_alive_intvl * 9 / 20;
    const Duration next = has_pong_ ? std::min(pong_limit, half) : half;
    keep_alive_at_ = now() + next;
    host_.start_timer(*this, Timer::KeepAlive, next);
}

// NAT Keep Alive Msg, to the server or to another host.
void Line::send_keep_alive_message(const sip::Hop& hop) {
    const std::string& text = settings().nat_keep_alive_msg;
    if (!text.starts_with('$')) {
        shard_.send_octets(hop, text);
        return;
    }
    send_plain(text == "$REGISTER"  ? "REGISTER"
               : text == "$OPTIONS" ? "OPTIONS"
                                    : "NOTIFY",
               hop, bucket_token(shard_.place().own_bucket(), random_, 24));
}

// Out of any dialog, and without a body.
void Line::send_plain(std::string_view method, const sip::Hop& hop, const std::string& call_id) {
    auto builder = sip::MessageBuilder::request(method, "sip:" + domain_);
    const Bucket bucket = shard_.place().own_bucket();
    builder.header(HeaderName::Via, via_over(hop.transport))
        .header(HeaderName::MaxForwards, "70")
        .header(HeaderName::From,
                "<" + address_of_record() + ">;tag=" + bucket_token(bucket, random_, 20))
        .header(HeaderName::To, "<sip:" + domain_ + ">")
        .header(HeaderName::CallId, call_id)
        .header(HeaderName::CSeq, std::to_string(++keep_alive_cseq_) + " " + std::string(method));
    if (method == "NOTIFY") {
        builder.header(HeaderName::Event, "keep-alive");
    }
    host_.send_for(*this, hop, builder.build());
}

void Line::find_keep_alive() {
    const auto entries = parse_proxy(settings().nat_keep_alive_dest);
    if (!entries || !domains_.allows(entries->front().host)) {
        return;
    }
    const ProxyEntry& entry = entries->front();
    const std::uint16_t port =
        entry.port != 0 ? entry.port : sip::locate::default_port(sip::Transport::Udp);
    keep_alive_search_.emplace(
        sip::locate::Target{sip::Scheme::Sip, entry.host, port, sip::Transport::Udp},
        sip::locate::Abilities{{sip::Transport::Udp}, IpAddress::Family::V4});
    for (const dns::Question& question : keep_alive_search_->open_questions()) {
        shard_.query(question);
    }
    conclude_keep_alive();
}

void Line::conclude_keep_alive() {
    if (!keep_alive_search_->is_over()) {
        return;
    }
    const auto ways = keep_alive_search_->ways(random_);
    keep_alive_search_.reset();
    if (!ways.empty()) {
        keep_alive_to_ = ways.front().remote;
        send_keep_alive_message({hop_.flow, *keep_alive_to_, hop_.transport});
    }
}

}  // namespace ringwall::phone
