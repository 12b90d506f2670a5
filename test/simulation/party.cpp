#include "simulation/party.h"

#include <algorithm>
#include <array>
#include <utility>

#include "scenario/tls_contexts.h"
#include "sip/auth/digest.h"
#include "sip/message_builder.h"

namespace ringwall::simulation {

using sip::HeaderName;
using sip::Method;
using sip::transaction::ClientId;
using sip::transaction::ServerId;

namespace {

constexpr Duration step_interval = 2s;

// "plan 17" and, in a refresh, "plan 17 step 2".
std::string subject(const Plan& plan, std::optional<std::size_t> step = {}) {
    std::string out = "plan " + std::to_string(plan.number);
    return step ? out + " step " + std::to_string(*step) : out;
}

int number_after(std::string_view text, std::string_view word) {
    const auto at = text.find(word);
    return at == std::string_view::npos
               ? -1
               : std::atoi(std::string(text.substr(at + word.size(), 8)).c_str());
}

}  // namespace

std::string_view word(Scheme scheme) {
    switch (scheme) {
        case Scheme::Sip:
            return "sip";
        case Scheme::Sips:
            return "sips";
        case Scheme::Tel:
            return "tel";
        case Scheme::Other:
            break;
    }
    return "im";
}

// Where media goes is said by the body, which passes as it is unless a media engine carries it: its
// address is nobody's.
std::string description(Media media) {
    if (media == Media::None) {
        return {};
    }
    const std::string address = "IN IP4 " + std::string(party_media_address) + "\r\n";
    std::string out = "v=0\r\no=- 1 1 " + address + "s=-\r\nc=" + address + "t=0 0\r\n";
    out += media == Media::Sdes   ? "m=audio 4000 RTP/SAVP 0\r\n"
           : media == Media::Dtls ? "m=audio 4000 UDP/TLS/RTP/SAVP 0\r\n"
                                  : "m=audio 4000 RTP/AVP 0\r\n";
    if (media == Media::Dtls) {
        out += "a=setup:actpass\r\na=fingerprint:sha-256 CC:DD\r\n";
    } else if (media != Media::Plain) {
        out +=
            "a=crypto:1 AES_CM_128_HMAC_SHA1_80 "
            "inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj\r\n";
    }
    return out + "a=source-filter: incl IN IP4 * " + std::string(party_media_address) + "\r\n";
}

std::string subject_of_phone(int place, int number) {
    return "phone " + std::to_string(place) + " number " + std::to_string(number);
}

std::optional<std::pair<int, int>> phone_of_subject(std::string_view subject) {
    const std::pair out(number_after(subject, "phone "), number_after(subject, "number "));
    return out.first < 0 || out.second < 0 ? std::nullopt : std::optional(out);
}

std::string realm_of_registrar(int place) {
    return "registrar-" + std::to_string(place);
}

std::string prover_of(int place) {
    return "prover-" + std::to_string(place);
}

int plan_of_referred(const sip::Message& invite) {
    const sip::HeaderLine* by = invite.header(HeaderName::ReferredBy);
    return by == nullptr ? -1 : number_after(by->value, "plan-");
}

int step_of_referred(const sip::Message& request) {
    const sip::HeaderLine* by = request.header(HeaderName::ReferredBy);
    return by == nullptr ? -1 : number_after(by->value, "-step-");
}

Media media_of(std::string_view body) {
    if (body.empty()) {
        return Media::None;
    }
    if (body.find("UDP/TLS") != std::string_view::npos) {
        return Media::Dtls;
    }
    if (body.find("RTP/SAVP") != std::string_view::npos) {
        return Media::Sdes;
    }
    return body.find("a=crypto") != std::string_view::npos ? Media::SdesOnAvp : Media::Plain;
}

Party::Party(test::SimNetwork& net, Identity identity, const Topology& topology,
             const std::vector<Plan>& plans, AddressBook& book, std::uint64_t seed)
    : net_(net),
      identity_(std::move(identity)),
      topology_(topology),
      plans_(plans),
      book_(book),
      node_(net.add_node(identity_.address.value_or(identity_.place->address(identity_.host)))),
      random_(seed),
      shard_(node_, *this, {}, net.now()) {
    const Endpoint local{node_.address(), 5060};
    if (identity_.transport == sip::Transport::Udp) {
        const auto socket = node_.listen_udp(local);
        socket_ = socket.flow;
        shard_.add_listener(socket.id, local, sip::Transport::Udp, socket.flow);
    }
    shard_.add_listener(node_.listen_tcp(local), local, sip::Transport::Tcp, {});
    if (identity_.transport == sip::Transport::Tls) {
        const Endpoint encrypted{node_.address(), 5061};
        shard_.add_listener(node_.listen_tcp(encrypted), encrypted, sip::Transport::Tcp, {});
        tls_ = test::client_context();
    }
    node_.set_client_identity(identity_.certificate);
    node_.set_server_identity(identity_.certificate);
    if (identity_.forces_doors) {
        node_.force_doors();
    }
    node_.set_user(shard_);
}

engine::AcceptDecision Party::on_accept(engine::ListenerId, const Endpoint&) {
    engine::AcceptDecision decision;
    decision.is_admitted = true;
    decision.tls = identity_.transport == sip::Transport::Tls ? test::server_context() : nullptr;
    return decision;
}

void Party::on_flow_closed(const engine::Flow& flow, CloseReason, std::string_view) {
    for (const LegPtr& leg : legs_) {
        leg->was_cut = leg->was_cut || leg->hop.flow == flow.id;
    }
    if (flow.id != connection_) {
        return;
    }
    connection_ = {};
    if (std::exchange(is_enrolled_, false)) {
        after(1s, [this] { enroll(); });
    }
}

void Party::cut_after(Duration delay) {
    after(delay, [this] { node_.cut(); });
}

engine::Shard& Party::awake() {
    shard_.wake(net_.now());
    return shard_;
}

void Party::after(Duration delay, std::function<void()> what) {
    timers_.push_back(std::move(what));
    awake().start_timer(delay, timers_.size() - 1);
}

void Party::on_timer(std::uint64_t cookie) {
    const auto what = std::exchange(timers_[cookie], nullptr);
    what();
}

// Who was never let in has 64 s from its handshake (docs/decisions/0051). What it sent in the
// moment that its connection is closed would hear nothing, and that is nobody's fault.
void Party::leave_old_door() {
    const bool is_used = std::ranges::any_of(
        legs_, [this](const LegPtr& leg) { return !leg->is_over && leg->hop.flow == connection_; });
    if (connection_ && !is_enrolled_ && !is_used && identity_.place->is_access &&
        net_.now().monotonic > connected_at_ + 60s) {
        awake().close(std::exchange(connection_, {}), CloseReason::LocalClosed);
    }
}

sip::Hop Party::hop() {
    const Endpoint server = identity_.place->border();
    if (identity_.transport == sip::Transport::Udp) {
        return {socket_, server, identity_.transport};
    }
    if (!connection_) {
        engine::ConnectSpec spec;
        spec.transport = identity_.transport;
        spec.remote = server;
        spec.tls = tls_;
        connection_ = awake().connect(spec);
        connected_at_ = net_.now().monotonic;
    }
    return {connection_, server, identity_.transport};
}

sip::Hop Party::hop_of(Leg& leg) {
    if (leg.hop.transport != sip::Transport::Udp && shard_.flow(leg.hop.flow) == nullptr) {
        leg.hop = hop();
    }
    return leg.hop;
}

std::string Party::mark(std::size_t length) {
    return "~" + std::to_string(identity_.place->number) + "~" + random_.token(length);
}

// What stays on this side, and what passes only among those who trust each other.
void Party::claim(sip::MessageBuilder& builder) const {
    const std::string number = std::to_string(identity_.place->number);
    builder.header("Original-Dialog-ID", "~" + number + "~original;remote-tag=1;local-tag=2");
    builder.header("P-Charge-Info", "<sip:charged@example.org>;npi=" + number);
    if (!identity_.place->is_access) {  // a phone's must be its own
        builder.header(HeaderName::PAssertedIdentity, "<sip:asserted-" + number + "@example.org>");
        if (identity_.place->number % 2 == 0) {
            builder.header(HeaderName::Privacy, "id");
        }
    }
}

std::string Party::via(const sip::Hop& to) {
    return "SIP/2.0/" + std::string(sip::to_string(to.transport)) + " " +
           host_text(node_.address()) + ":5060;branch=z9hG4bK" + mark(16) + ";rport";
}

// Mostly as everybody writes it.
std::string Party::sdp_type() {
    constexpr std::array<const char*, 4> others{"Application/SDP", "application / sdp",
                                                "application/sdp;charset=utf-8",
                                                "application\t/\r\n sdp"};
    const std::uint64_t drawn = random_.number() % 32;
    return drawn < others.size() ? others[drawn] : "application/sdp";
}

// RFC 4028: intervals that the border controller has to shorten, or to lengthen never.
void Party::ask_for_interval(sip::MessageBuilder& builder) {
    constexpr std::array<const char*, 4> intervals{"90", "300", "7200", "4294967295"};
    const std::uint64_t drawn = random_.number() % 8;
    if (drawn < intervals.size()) {
        builder.header(HeaderName::SessionExpires, intervals[drawn]);
    }
}

std::string Party::contact(Scheme leg, Twist twist) const {
    if (twist == Twist::Tel) {
        return "<tel:+15551234>";
    }
    if (twist == Twist::Odd) {
        return "<mailto:" + identity_.user + "@moved.example.org>";
    }
    const bool is_sips = (leg == Scheme::Sips) != (twist == Twist::Other);
    std::string out = is_sips ? "<sips:" : "<sip:";
    out += identity_.user + "@" + host_text(node_.address()) + ":5060";
    switch (identity_.transport) {
        case sip::Transport::Udp:
            break;
        case sip::Transport::Tcp:
            out += ";transport=tcp";
            break;
        case sip::Transport::Tls:
            out += is_sips ? "" : ";transport=tls";
            break;
    }
    return out + ">";
}

// Some trunk, or some user.
std::string Party::refer_to(const Leg& leg, const Step& step) const {
    if (identity_.place->refer != sbc::ReferMode::Handle) {
        return contact(leg.scheme, step.contact);
    }
    const Place& target = topology_.place(step.target_place);
    const bool is_sips = (leg.scheme == Scheme::Sips) != (step.contact == Twist::Other);
    std::string out = is_sips ? "<sips:" : "<sip:";
    if (target.is_access) {
        out += "u" + std::to_string(step.target_user) + "@" + target.domain();
    } else {
        out += "7" + std::to_string(target.number) + "1234@pstn.example.org";
    }
    return out + ">";
}

// By what the registrar knows a phone; one that it does not know could be anybody's.
std::string Party::uri_of(const Plan& plan) const {
    if (plan.called != Called::Contact) {
        return plan.uri;
    }
    constexpr std::string_view unknown = "rw-0123456789abcdef0123456789abcdef";
    const auto known = book_.find({plan.called_place, plan.called_phone});
    return std::string(word(plan.scheme)) + ":" +
           (known == book_.end() ? std::string(unknown) : known->second) + "@" +
           host_text(identity_.place->border().address);
}

// What proves somebody to a realm behind the border controller is nobody else's to see.
void Party::prove_elsewhere(sip::MessageBuilder& builder) const {
    if (topology_.has_registrars()) {
        builder.header(HeaderName::Authorization,
                       "Digest username=\"" + prover_of(identity_.place->number) +
                           "\", realm=\"behind\", nonce=\"n\", uri=\"sip:behind\", "
                           "response=\"0123456789abcdef0123456789abcdef\"");
    }
}

// ---- registering --------------------------------------------------------------------------------

// A phone whose connection died is nobody until it has registered over the next one.
bool Party::may_speak() const {
    return !identity_.enrolls || identity_.is_away || identity_.transport == sip::Transport::Udp ||
           is_enrolled_;
}

void Party::enroll() {
    // RFC 5630 §5.2: a SIPS Contact needs a SIPS Request-URI.
    const Scheme scheme = identity_.contact_scheme == "sips" ? Scheme::Sips : Scheme::Sip;
    enrollment_call_id_ = mark(12);
    enroll_as(identity_.user, scheme, contact(scheme, Twist::Same), enrollment_call_id_, nullptr);
}

// What changes nothing is answered without it.
void Party::enroll_again() {
    const Scheme scheme = identity_.contact_scheme == "sips" ? Scheme::Sips : Scheme::Sip;
    enroll_as(identity_.user, scheme, contact(scheme, Twist::Same) + ";q=0.5", enrollment_call_id_,
              nullptr);
}

void Party::enroll_as(const std::string& user, Scheme scheme, const std::string& uri,
                      const std::string& call_id, const Plan* plan) {
    const std::string domain = identity_.place->domain();
    const std::string self = "<" + std::string(word(scheme)) + ":" + user + "@" + domain + ">";
    const sip::Hop to = hop();
    auto builder =
        sip::MessageBuilder::request("REGISTER", std::string(word(scheme)) + ":" + domain);
    builder.header(HeaderName::Via, via(to));
    builder.header(HeaderName::MaxForwards, "70");
    builder.header(HeaderName::From, self + ";tag=" + mark(8));
    builder.header(HeaderName::To, self);
    builder.header(HeaderName::CallId, call_id);
    builder.header(HeaderName::CSeq, std::to_string(++cseq_) + " REGISTER");
    builder.header(HeaderName::Contact, uri);
    builder.header(HeaderName::Expires, "7200");
    builder.header(HeaderName::Subject,
                   plan != nullptr ? subject(*plan)
                                   : subject_of_phone(identity_.place->number, identity_.number));
    enrollment_ = plan == nullptr ? 0 : enrollment_;
    const auto request = builder.build();
    const ClientId id = awake().send_request(to, request);
    sent_[id.value] = Sent{nullptr, request, false, plan != nullptr};
}

// The same request with credentials and the next CSeq (RFC 3261 §22.2).
void Party::again_with_credentials(const Sent& sent, const sip::Message& response) {
    for (const auto& line : response.headers()) {
        const auto challenge = line.id == HeaderName::WwwAuthenticate
                                   ? sip::auth::parse_challenge(line.value)
                                   : fail(sip::ParseError{});
        if (!challenge) {
            continue;
        }
        const sip::Message& first = *sent.request;
        std::string user(first.method() == Method::Register ? first.to().uri.user
                                                            : std::string_view(identity_.user));
        const std::string password = identity_.password == password_of(identity_.user)
                                         ? password_of(user)
                                         : identity_.password;
        const auto credentials =
            sip::auth::answer(*challenge, {user, Secret(password)}, first.method_text(),
                              first.request_uri_text(), ++nonce_count_, random_);
        const sip::Hop to = hop();
        auto builder = sip::MessageBuilder::request(first.method_text(), first.request_uri_text());
        builder.header(HeaderName::Via, via(to));
        for (const auto& each : first.headers()) {
            if (each.id == HeaderName::CSeq) {
                builder.header(HeaderName::CSeq, std::to_string(first.cseq().number + 1) + " " +
                                                     std::string(first.method_text()));
            } else if (each.id != HeaderName::Via && each.id != HeaderName::ContentLength &&
                       each.id != HeaderName::ContentType) {
                builder.raw(each);
            }
        }
        builder.header(HeaderName::Authorization, sip::auth::to_string(credentials));
        if (!first.body().empty()) {
            builder.body(sdp_type(), first.body());
        }
        cseq_ = std::max(cseq_, first.cseq().number + 1);
        const auto request = builder.build();
        const LegPtr leg = sent.leg;
        const ClientId id = awake().send_request(to, request);
        sent_[id.value] = Sent{leg, request, true, sent.has_plan};
        if (leg != nullptr) {
            leg->client = id;
            leg->invite = request;
            leg->hop = to;
        }
        return;
    }
}

// ---- calling ------------------------------------------------------------------------------------

void Party::call(const Plan& plan) {
    after(plan.start, [this, &plan] { begin(plan); });
}

void Party::begin(const Plan& plan) {
    leave_old_door();
    if (plan.is_registration) {
        enroll_as("u" + std::to_string(plan.user), plan.scheme,
                  contact(plan.scheme, plan.registered), mark(12), &plan);
        return;
    }
    const auto leg = std::make_shared<Leg>();
    leg->plan = &plan;
    leg->is_caller = true;
    leg->scheme = plan.scheme == Scheme::Sips ? Scheme::Sips : Scheme::Sip;
    leg->media = plan.media;
    leg->hop = hop();
    const bool is_odd = plan.scheme == Scheme::Other;
    const std::string uri = uri_of(plan);
    const std::string user =
        plan.caller == Caller::ForeignFrom ? "u" + std::to_string(absent_user) : identity_.user;
    const std::string method = plan.is_message        ? "MESSAGE"
                               : plan.is_subscription ? "SUBSCRIBE"
                                                      : "INVITE";
    auto builder = sip::MessageBuilder::request(method, is_odd ? "sip:odd.example.org" : uri);
    builder.header(HeaderName::Via, via(leg->hop));
    builder.header(HeaderName::MaxForwards, "70");
    builder.header(HeaderName::From, "<" + std::string(word(leg->scheme)) + ":" + user + "@" +
                                         identity_.domain + ">;tag=" + mark(8));
    builder.header(HeaderName::To, "<" + uri + ">");
    builder.header(HeaderName::CallId, mark(14) + "@" + host_text(node_.address()));
    builder.header(HeaderName::CSeq, std::to_string(++cseq_) + " " + method);
    if (!plan.is_message) {
        builder.header(HeaderName::Contact, contact(leg->scheme, plan.caller_contact));
    }
    builder.header(HeaderName::Subject, subject(plan));
    claim(builder);
    prove_elsewhere(builder);
    if (plan.is_subscription) {
        builder.header(HeaderName::Event, "message-summary");
    }
    if (plan.has_100rel) {
        builder.header(HeaderName::Supported, "100rel");
    }
    if (!plan.is_message && !plan.is_subscription) {
        ask_for_interval(builder);
    }
    if (plan.media != Media::None) {
        builder.body(sdp_type(), description(plan.media));
    }
    leg->invite = builder.build();
    if (is_odd) {
        send_odd(plan, *leg->invite);
        return;
    }
    legs_.push_back(leg);
    by_call_id_.emplace(std::string(leg->invite->call_id()), leg);
    leg->client = awake().send_request(leg->hop, leg->invite);
    sent_[leg->client.value] = Sent{leg, leg->invite, false};
    if (plan.cancel_after) {
        after(*plan.cancel_after, [this, leg] {
            if (!leg->dialog && !leg->is_over) {
                leg->is_cancelled = true;
                awake().cancel(leg->client);
            }
        });
    }
}

void Party::take_over(const Plan& plan, const std::string& replaces) {
    if (!may_speak()) {
        after(1s, [this, &plan, replaces] { take_over(plan, replaces); });
        return;
    }
    const auto leg = std::make_shared<Leg>();
    leg->plan = &plan;
    leg->is_caller = true;
    leg->is_newcomer = true;
    leg->scheme = plan.newcomer_scheme;
    leg->media = natural_media(topology_, *identity_.place);
    leg->hop = hop();
    const std::string scheme(word(leg->scheme));
    const std::string uri = scheme + ":replaced@" + host_text(identity_.place->border().address);
    auto builder = sip::MessageBuilder::request("INVITE", uri);
    builder.header(HeaderName::Via, via(leg->hop));
    builder.header(HeaderName::MaxForwards, "70");
    builder.header(HeaderName::From, "<" + scheme + ":" + identity_.user + "@" + identity_.domain +
                                         ">;tag=" + mark(8));
    builder.header(HeaderName::To, "<" + uri + ">");
    builder.header(HeaderName::CallId, mark(14) + "@" + host_text(node_.address()));
    builder.header(HeaderName::CSeq, std::to_string(++cseq_) + " INVITE");
    builder.header(HeaderName::Contact, contact(leg->scheme, Twist::Same));
    builder.header(HeaderName::Replaces, replaces);
    builder.header(HeaderName::Subject, "newcomer " + std::to_string(plan.number));
    builder.body(sdp_type(), description(leg->media));
    leg->invite = builder.build();
    legs_.push_back(leg);
    by_call_id_.emplace(std::string(leg->invite->call_id()), leg);
    leg->client = awake().send_request(leg->hop, leg->invite);
    sent_[leg->client.value] = Sent{leg, leg->invite, false};
}

// What no honest stack would write, by hand and past the transactions.
void Party::send_odd(const Plan& plan, const sip::Message& invite) {
    constexpr std::string_view uri = "sip:odd.example.org";
    std::string bytes(invite.bytes());
    bytes.replace(bytes.find(uri), uri.size(), plan.uri);
    const sip::Hop to = hop();
    if (to.transport == sip::Transport::Udp) {
        node_.send_datagram(to.flow, to.remote, bytes);
    } else {
        node_.send(to.flow, bytes);
    }
}

void Party::on_response(ClientId id, const sip::Hop&, const sip::MessagePtr& response) {
    const auto found = sent_.find(id.value);
    if (found == sent_.end()) {
        return;
    }
    const Sent sent = found->second;
    const int status = response->status();
    if (status == 401 && !sent.has_credentials && !identity_.password.empty()) {
        again_with_credentials(sent, *response);
        return;
    }
    if (sent.leg == nullptr) {
        if (sent.has_plan) {
            is_enrolled_ = is_enrolled_ || status == 200;
        } else {
            enrollment_ = status;
            is_enrolled_ = status == 200;
        }
        if (!sent.has_plan && status >= 500) {  // its registrar was away for a moment
            after(2s, [this] { enroll(); });
        }
    } else if (sent.request == sent.leg->invite && sent.leg->is_caller) {
        on_invite_response(sent.leg, response);
    } else {
        on_dialog_response(sent.leg, sent.request, response);
    }
}

void Party::on_invite_response(const LegPtr& leg, const sip::MessagePtr& response) {
    const int status = response->status();
    if (status < 200) {
        if (leg->is_cancelled) {
            awake().cancel(leg->client);  // it had to wait for this (RFC 3261 §9.1)
        }
        if (response->has_token(HeaderName::Require, "100rel")) {
            acknowledge_reliable(leg, *response);
        }
        return;
    }
    if (status >= 300 || leg->plan->is_message) {
        leg->is_over = true;
        return;
    }
    const bool is_new = !leg->dialog;
    if (is_new) {
        auto made = sip::Dialog::of_response(*leg->invite, *response);
        if (!made) {
            leg->is_over = true;
            return;
        }
        leg->dialog = std::move(*made);
        if (const auto early = leg->early.find(std::string(response->to_tag()));
            early != leg->early.end() && early->second.confirm(*response)) {
            leg->dialog = std::move(early->second);
        }
        leg->media = leg->plan->media == Media::None ? media_of(response->body()) : leg->media;
    }
    if (leg->plan->is_subscription) {
        after(1200ms, [this, leg] { in_subscription(leg, Method::Subscribe, {}); });
        return;
    }
    acknowledge(*leg, *response);
    if (is_new && leg->is_cancelled) {  // it crossed the CANCEL
        hang_up(leg);
    } else if (is_new) {
        established(leg);
    }
}

// PRACK (RFC 3262 §4): once for each.
void Party::acknowledge_reliable(const LegPtr& leg, const sip::Message& response) {
    const sip::HeaderLine* number = response.header(HeaderName::RSeq);
    const std::string tag(response.to_tag());
    if (number == nullptr || leg->is_cancelled ||
        !leg->heard.insert(tag + "/" + std::string(number->value)).second) {
        return;
    }
    auto early = leg->early.find(tag);
    if (early == leg->early.end()) {
        auto made = sip::Dialog::of_response(*leg->invite, response);
        if (!made) {
            return;
        }
        early = leg->early.emplace(tag, std::move(*made)).first;
    }
    auto builder = early->second.request(Method::Prack, "PRACK");
    const sip::Hop to = hop_of(*leg);
    builder.header(HeaderName::Via, via(to));
    builder.header(HeaderName::RAck, std::string(number->value) + " " +
                                         std::to_string(response.cseq().number) + " INVITE");
    const auto request = builder.build();
    const ClientId id = awake().send_request(to, request);
    sent_[id.value] = Sent{leg, request, true};
}

void Party::acknowledge(Leg& leg, const sip::Message& response) {
    sip::MessagePtr& ack = leg.acks[response.cseq().number];
    const sip::Hop to = hop_of(leg);
    if (ack == nullptr) {
        auto builder = leg.dialog->ack(response.cseq().number);
        builder.header(HeaderName::Via, via(to));
        if (leg.is_caller && !leg.is_newcomer && leg.plan->media == Media::None &&
            response.cseq().number == leg.invite->cseq().number) {
            builder.body(sdp_type(), description(media_of(response.body())));
        }
        ack = builder.build();
    }
    awake().send_ack(to, ack);
}

void Party::on_dialog_response(const LegPtr& leg, const sip::MessagePtr& request,
                               const sip::MessagePtr& response) {
    const int status = response->status();
    if (status < 200) {
        return;
    }
    if (request->method() == Method::Bye) {
        leg->is_over = true;
        return;
    }
    if (request->method() == Method::Invite && status < 300 && leg->dialog) {
        acknowledge(*leg, *response);
    }
    if (request->method() != Method::Prack && (status == 481 || status == 408)) {
        hang_up(leg);  // RFC 3261 §12.2.1.2
    }
}

void Party::on_client_failed(ClientId id, sip::transaction::TerminationCause) {
    const auto found = sent_.find(id.value);
    if (found == sent_.end()) {
        return;
    }
    const Sent sent = found->second;
    if (sent.leg == nullptr) {
        if (!is_enrolled_ && !sent.has_plan) {
            after(2s, [this] { enroll(); });
        }
        return;
    }
    if (sent.request->method() == Method::Bye || sent.request == sent.leg->invite) {
        sent.leg->is_over = true;
    } else if (sent.request->method() != Method::Prack) {
        hang_up(sent.leg);
    }
}

// ---- being called -------------------------------------------------------------------------------

Party::LegPtr Party::leg_of(const sip::Message& request) const {
    const auto [first, last] = by_call_id_.equal_range(request.call_id());
    for (auto it = first; it != last; ++it) {
        if (it->second->dialog && it->second->dialog->local_tag() == request.to_tag()) {
            return it->second;
        }
    }
    return nullptr;
}

// RFC 6665 §4.1.2.4: a NOTIFY may come before the answer to the SUBSCRIBE.
Party::LegPtr Party::subscriber_of(const sip::Message& notify) const {
    const auto [first, last] = by_call_id_.equal_range(notify.call_id());
    for (auto it = first; it != last; ++it) {
        const Leg& leg = *it->second;
        if (leg.is_caller && leg.plan->is_subscription && !leg.dialog &&
            leg.invite->from_tag() == notify.to_tag()) {
            return it->second;
        }
    }
    return nullptr;
}

void Party::on_request(ServerId id, const sip::Hop& from, const sip::MessagePtr& request,
                       ServerId cancelled) {
    if (request->method() == Method::Cancel) {
        awake().respond(id, sip::reply(*request, 200, mark(6)).build());
        for (const LegPtr& leg : legs_) {
            if (cancelled && leg->server == cancelled && !leg->is_answered) {
                refuse(leg, 487);
            }
        }
        return;
    }
    if (request->method() == Method::Register) {
        answer_register(id, *request);
        return;
    }
    if (request->method() == Method::Invite && request->to_tag().empty()) {
        answer_invite(id, from, request);
        return;
    }
    if (request->method() == Method::Subscribe && request->to_tag().empty()) {
        answer_subscribe(id, from, request);
        return;
    }
    if (request->method() == Method::Message && request->to_tag().empty()) {
        awake().respond(id, sip::reply(*request, 200, mark(6)).build());
        return;
    }
    if (request->method() == Method::Prack) {
        const int status = by_call_id_.contains(request->call_id()) ? 200 : 481;
        awake().respond(id, sip::reply(*request, status, {}).build());
        return;
    }
    LegPtr leg = leg_of(*request);
    if (leg == nullptr && request->method() == Method::Notify) {
        leg = subscriber_of(*request);
    }
    if (leg != nullptr && leg->is_gone) {
        return;
    }
    if (leg == nullptr || leg->is_over) {
        awake().respond(id, sip::reply(*request, 481, mark(6)).build());
        return;
    }
    leg->hop = from;
    if (request->method() == Method::Bye) {
        leg->is_over = true;
        awake().respond(id, sip::reply(*request, 200, {}).build());
        return;
    }
    if (leg->plan->is_subscription) {
        const sip::HeaderLine* state = request->header(HeaderName::SubscriptionState);
        leg->is_over = state != nullptr && state->value.starts_with("terminated");
        auto builder = sip::reply(*request, 200, {});
        builder.header(HeaderName::Contact, contact(leg->scheme, Twist::Same));
        if (request->method() == Method::Subscribe) {
            builder.header(HeaderName::Expires, "60");
        }
        awake().respond(id, builder.build());
        return;
    }
    if (request->method() == Method::Refer) {
        awake().respond(id, sip::reply(*request, 202, {}).build());
        after(200ms, [this, leg] {
            if (!leg->is_over) {
                in_dialog(leg, Method::Notify, Twist::Same, 0);
            }
        });
        return;
    }
    if (request->method() != Method::Invite && request->method() != Method::Update) {
        awake().respond(id, sip::reply(*request, 200, {}).build());
        return;
    }
    const sip::HeaderLine* subject_line = request->header(HeaderName::Subject);
    const int step = subject_line == nullptr ? -1 : number_after(subject_line->value, "step ");
    const Twist twist =
        step < 0 ? Twist::Same : leg->plan->steps[static_cast<std::size_t>(step)].answer;
    auto builder = sip::reply(*request, 200, {});
    builder.header(HeaderName::Contact, contact(leg->scheme, twist));
    if (!request->body().empty()) {
        builder.body(sdp_type(), description(media_of(request->body())));
    }
    const auto response = builder.build();
    if (request->method() == Method::Invite) {
        repeat(id, response, leg);
    } else {
        awake().respond(id, response);
    }
}

void Party::answer_invite(ServerId id, const sip::Hop& from, const sip::MessagePtr& request) {
    const sip::HeaderLine* line = request->header(HeaderName::Subject);
    const int referred = plan_of_referred(*request);
    const int number = line == nullptr ? referred : number_after(line->value, "plan ");
    if (number < 0 || static_cast<std::size_t>(number) >= plans_.size()) {
        awake().respond(id, sip::reply(*request, 404, mark(6)).build());
        return;
    }
    const auto leg = std::make_shared<Leg>();
    leg->plan = &plans_[static_cast<std::size_t>(number)];
    leg->is_target = line == nullptr;
    leg->scheme = request->request_uri().scheme == Scheme::Sips ? Scheme::Sips : Scheme::Sip;
    leg->media = leg->is_target ? leg->plan->media : media_of(request->body());
    leg->hop = from;
    leg->invite = request;
    leg->server = id;
    legs_.push_back(leg);
    by_call_id_.emplace(std::string(request->call_id()), leg);
    Answering answering = leg->plan->answering(identity_.number);
    const bool is_redirected = ++visits_[number] > 1;  // or hunted, here again
    if (is_redirected && answering.kind == Answering::Kind::Redirect) {
        answering = Answering{};
    }
    for (int i = 0; i < answering.early_dialogs; ++i) {
        ring(leg, mark(8), false);
    }
    const std::string tag = mark(8);
    switch (answering.kind) {
        case Answering::Kind::Answer:
            accept(leg, tag, answering.contact);
            for (int i = 0; i < answering.surplus; ++i) {
                after(100ms, [this, leg] { accept(leg, mark(8), Twist::Same); });
            }
            return;
        case Answering::Kind::RingAnswer:
            ring(leg, tag, answering.is_reliable);
            after(1500ms, [this, leg, tag, twist = answering.contact] {
                if (!leg->is_answered) {
                    accept(leg, tag, twist);
                }
            });
            return;
        case Answering::Kind::Reject:
            after(300ms, [this, leg, status = answering.status] { refuse(leg, status); });
            return;
        case Answering::Kind::Redirect:
            redirect(leg, answering);
            return;
        case Answering::Kind::Ring:
            ring(leg, tag, answering.is_reliable);
            return;
        case Answering::Kind::Mute:
            return;
    }
}

// What it says as a registrar to the first word, and to the proof.
int Party::judge_register(const sip::Message& request) {
    const sip::Uri& who = request.to().uri;
    const auto phones = std::ranges::find(topology_.places, std::string(who.host), &Place::domain);
    if (phones == topology_.places.end() || phones->registrar != identity_.place->number) {
        return 404;
    }
    const std::string realm = realm_of_registrar(identity_.place->number);
    const sip::HeaderLine* proof = request.header(HeaderName::Authorization);
    if (proof == nullptr) {
        return 401;
    }
    const auto credentials = sip::auth::parse_credentials(proof->value);
    const sip::auth::HashedPassword password(who.user, realm,
                                             Secret(password_of(std::string(who.user))));
    if (!credentials || credentials->username != who.user || credentials->realm != realm ||
        !sip::auth::verify(*credentials, password, request.method_text())) {
        return 403;
    }
    if (phones->refused_users.contains(number_after(who.user, "u"))) {
        return 403;
    }
    const sip::HeaderLine* subject_line = request.header(HeaderName::Subject);
    const auto phone = phone_of_subject(subject_line == nullptr ? "" : subject_line->value);
    const bool is_back = phone && !granted_.insert(*phone).second;
    return is_back && phones->revoked_phones.contains(phone->second) ? 403 : 200;
}

void Party::answer_register(ServerId id, const sip::Message& request) {
    const int status = judge_register(request);
    auto builder = sip::reply(request, status, mark(6));
    if (status == 401) {
        builder.header(HeaderName::WwwAuthenticate,
                       "Digest realm=\"" + realm_of_registrar(identity_.place->number) +
                           "\", nonce=\"" + random_.token(8) + "\", algorithm=MD5, qop=\"auth\"");
    } else if (status == 200) {
        builder.copy(HeaderName::Contact, request);
        // Who else the user is there is none of the phone's business.
        builder.header(HeaderName::Contact,
                       "<sip:" + mark(4) + "@" + host_text(node_.address()) + ">;expires=9");
        const sip::HeaderLine* subject_line = request.header(HeaderName::Subject);
        const auto phone = phone_of_subject(subject_line == nullptr ? "" : subject_line->value);
        if (phone && !request.contacts().list.empty()) {
            book_[*phone] = request.contacts().list.front().address.uri.user;
        }
    }
    awake().respond(id, builder.build());
}

// It says twice what there is to say: that it is active, and that it is over.
void Party::answer_subscribe(ServerId id, const sip::Hop& from, const sip::MessagePtr& request) {
    const sip::HeaderLine* line = request->header(HeaderName::Subject);
    const int number = line == nullptr ? -1 : number_after(line->value, "plan ");
    const std::string tag = mark(8);
    auto dialog = sip::Dialog::of_request(*request, tag, sip::Dialog::State::Confirmed);
    if (number < 0 || static_cast<std::size_t>(number) >= plans_.size() || !dialog) {
        awake().respond(id, sip::reply(*request, 404, tag).build());
        return;
    }
    const auto leg = std::make_shared<Leg>();
    leg->plan = &plans_[static_cast<std::size_t>(number)];
    leg->scheme = request->request_uri().scheme == Scheme::Sips ? Scheme::Sips : Scheme::Sip;
    leg->hop = from;
    leg->invite = request;
    leg->is_answered = true;
    leg->is_acknowledged = true;  // nobody does
    leg->dialog = std::move(*dialog);
    legs_.push_back(leg);
    by_call_id_.emplace(std::string(request->call_id()), leg);
    auto builder = sip::reply(*request, 200, tag);
    builder.header(HeaderName::Contact, contact(leg->scheme, Twist::Same));
    builder.header(HeaderName::Expires, "60");
    awake().respond(id, builder.build());
    after(200ms, [this, leg] { in_subscription(leg, Method::Notify, "active;expires=60"); });
    after(3s, [this, leg] { in_subscription(leg, Method::Notify, "terminated;reason=timeout"); });
}

void Party::in_subscription(const LegPtr& leg, Method method, const std::string& state) {
    if (leg->is_over) {
        return;
    }
    if (!may_speak()) {
        after(1s, [this, leg, method, state] { in_subscription(leg, method, state); });
        return;
    }
    leg->is_over = state.starts_with("terminated");
    const sip::Hop to = hop_of(*leg);
    auto builder = leg->dialog->request(method, sip::to_string(method));
    builder.header(HeaderName::Via, via(to));
    builder.header(HeaderName::Contact, contact(leg->scheme, Twist::Same));
    builder.header(HeaderName::Event, "message-summary");
    if (method == Method::Notify) {
        builder.header(HeaderName::SubscriptionState, state);
    } else {
        builder.header(HeaderName::Expires, "60");
    }
    const auto request = builder.build();
    const ClientId id = awake().send_request(to, request);
    sent_[id.value] = Sent{leg, request, true};
}

void Party::ring(const LegPtr& leg, const std::string& tag, bool is_reliable) {
    auto builder = sip::reply(*leg->invite, 180, tag);
    if (is_reliable && leg->invite->has_token(HeaderName::Supported, "100rel")) {
        builder.header(HeaderName::Require, "100rel");
        builder.header(HeaderName::RSeq, std::to_string(1 + random_.number() % 1000));
    }
    builder.header(HeaderName::Contact, contact(leg->scheme, Twist::Same));
    claim(builder);
    awake().respond(leg->server, builder.build());
}

void Party::refuse(const LegPtr& leg, int status) {
    if (std::exchange(leg->is_answered, true)) {
        return;
    }
    leg->is_over = true;
    auto builder = sip::reply(*leg->invite, status, mark(8));
    if (status == 401) {
        builder.header(HeaderName::WwwAuthenticate,
                       "Digest realm=\"behind\", nonce=\"" + random_.token(8) + "\"");
    } else if (status == 407) {
        builder.header(HeaderName::ProxyAuthenticate,
                       "Digest realm=\"behind\", nonce=\"" + random_.token(8) + "\"");
    }
    awake().respond(leg->server, builder.build());
}

void Party::redirect(const LegPtr& leg, const Answering& answering) {
    if (std::exchange(leg->is_answered, true)) {
        return;
    }
    leg->is_over = true;
    auto builder = sip::reply(*leg->invite, 302, mark(8));
    for (const Twist twist : answering.targets) {
        const bool is_sips = (leg->scheme == Scheme::Sips) != (twist == Twist::Other);
        const bool is_sip = twist == Twist::Same || twist == Twist::Other;
        const bool is_elsewhere = is_sip && random_.number() % 2 == 0;
        builder.header(HeaderName::Contact,
                       is_elsewhere
                           ? std::string(is_sips ? "<sips:" : "<sip:") + "new@moved.example.org>"
                           : contact(leg->scheme, twist));
    }
    awake().respond(leg->server, builder.build());
}

void Party::accept(const LegPtr& leg, const std::string& tag, Twist twist) {
    leg->is_answered = true;
    LegPtr mine = leg;
    if (leg->dialog) {  // a further 2xx: a dialog of its own
        mine = std::make_shared<Leg>(*leg);
        mine->dialog.reset();
        legs_.push_back(mine);
        by_call_id_.emplace(std::string(leg->invite->call_id()), mine);
    }
    auto made = sip::Dialog::of_request(*leg->invite, tag, sip::Dialog::State::Confirmed);
    if (!made) {
        refuse(leg, 400);
        return;
    }
    mine->dialog = std::move(*made);
    auto builder = sip::reply(*leg->invite, 200, tag);
    builder.header(HeaderName::Contact, contact(leg->scheme, twist));
    claim(builder);
    if (leg->invite->header(HeaderName::SessionExpires) != nullptr) {
        ask_for_interval(builder);
    }
    const Media natural = natural_media(topology_, *identity_.place);
    const bool chooses = leg->media == Media::None || (leg->is_target && topology_.has_engine());
    mine->media = chooses ? natural : leg->media;
    // RFC 8643: keys that the engine offers besides are taken, or not.
    const bool is_engines = leg->invite->body().find(engine_address) != std::string_view::npos;
    const bool declines = is_engines && leg->media == Media::SdesOnAvp && random_.number() % 2 == 0;
    builder.body(sdp_type(), description(declines ? Media::Plain : mine->media));
    repeat(leg->server, builder.build(), mine);
}

// RFC 3261 §13.3.1.4: until the ACK; without one it hangs up.
void Party::repeat(ServerId id, sip::MessagePtr response, const LegPtr& leg) {
    const std::string key =
        std::string(response->to_tag()) + "/" + std::to_string(response->cseq().number);
    awake().respond(id, response);
    repeated_[key] = Repeated{id, std::move(response), leg};
    after(500ms, [this, key] { repeat_again(key); });
}

void Party::repeat_again(const std::string& key) {
    const auto found = repeated_.find(key);
    if (found == repeated_.end()) {
        return;
    }
    Repeated& each = found->second;
    if (each.left-- == 0) {
        const LegPtr leg = each.leg;
        repeated_.erase(found);
        hang_up(leg);
        return;
    }
    awake().respond(each.invite, each.response);
    each.interval = std::min<Duration>(2 * each.interval, 4s);
    after(each.interval, [this, key] { repeat_again(key); });
}

void Party::on_ack(const sip::Hop&, const sip::MessagePtr& request) {
    const std::string key =
        std::string(request->to_tag()) + "/" + std::to_string(request->cseq().number);
    const auto found = repeated_.find(key);
    if (found == repeated_.end()) {
        return;
    }
    const LegPtr leg = found->second.leg;
    repeated_.erase(found);
    if (!leg->is_caller && !std::exchange(leg->is_acknowledged, true)) {
        established(leg);
    }
}

// ---- within the call ----------------------------------------------------------------------------

void Party::established(const LegPtr& leg) {
    if (leg->is_newcomer || leg->is_target) {
        after(step_interval, [this, leg] { hang_up(leg); });
        return;
    }
    const auto& steps = leg->plan->steps;
    for (std::size_t i = 0; i < steps.size(); ++i) {
        if (steps[i].by_caller == leg->is_caller) {
            after(step_interval * (i + 1), [this, leg, i] { do_step(leg, i); });
        }
    }
    if (leg->plan->caller_hangs_up == leg->is_caller) {
        after(step_interval * (steps.size() + 1), [this, leg] { leave(leg); });
    }
}

// It hangs up, vanishes, or lets another take its place, who has a while for that.
void Party::leave(const LegPtr& leg) {
    const Plan& plan = *leg->plan;
    if (leg->is_over || !leg->dialog) {
        return;
    }
    if (plan.vanishes) {
        leg->is_gone = true;
        leg->is_over = true;
    } else if (plan.newcomer_place != 0) {
        const sip::Dialog& dialog = *leg->dialog;
        hand_over_(plan, dialog.call_id() + ";to-tag=" + dialog.remote_tag() +
                             ";from-tag=" + dialog.local_tag());
        after(3 * step_interval, [this, leg] { hang_up(leg); });
    } else {
        hang_up(leg);
    }
}

void Party::do_step(const LegPtr& leg, std::size_t step) {
    if (leg->is_over) {
        return;
    }
    if (!may_speak()) {
        after(1s, [this, leg, step] { do_step(leg, step); });
        return;
    }
    const Step& what = leg->plan->steps[step];
    switch (what.kind) {
        case Step::Kind::Reinvite:
            in_dialog(leg, Method::Invite, what.contact, step);
            return;
        case Step::Kind::Update:
            in_dialog(leg, Method::Update, what.contact, step);
            return;
        case Step::Kind::Info:
            in_dialog(leg, Method::Info, what.contact, step);
            return;
        case Step::Kind::Refer:
            in_dialog(leg, Method::Refer, what.contact, step);
            return;
    }
}

void Party::in_dialog(const LegPtr& leg, Method method, Twist twist, std::size_t step) {
    const sip::Hop to = hop_of(*leg);
    auto builder = leg->dialog->request(method, sip::to_string(method));
    builder.header(HeaderName::Via, via(to));
    builder.header(HeaderName::Subject, subject(*leg->plan, step));
    if (method == Method::Notify) {  // RFC 3515 §2.4.5: of the REFER, and the last
        builder.header(HeaderName::Event, "refer");
        builder.header(HeaderName::SubscriptionState, "terminated;reason=noresource");
        builder.body("message/sipfrag", "SIP/2.0 200 OK\r\n");
    }
    if (method == Method::Refer) {
        builder.header(HeaderName::ReferTo, refer_to(*leg, leg->plan->steps[step]));
        // A phone names nobody but itself there.
        builder.header(HeaderName::ReferredBy, "\"plan-" + std::to_string(leg->plan->number) +
                                                   "-step-" + std::to_string(step) + "\" <sip:" +
                                                   identity_.user + "@" + identity_.domain + ">");
    }
    if (method == Method::Invite || method == Method::Update || method == Method::Refer ||
        method == Method::Notify) {
        builder.header(HeaderName::Contact,
                       contact(leg->scheme, method == Method::Refer ? Twist::Same : twist));
    }
    if (method == Method::Invite) {
        builder.body(sdp_type(), description(leg->media));
    }
    const auto request = builder.build();
    const ClientId id = awake().send_request(to, request);
    sent_[id.value] = Sent{leg, request, true};
}

void Party::hang_up(const LegPtr& leg) {
    if (leg->is_over || !leg->dialog) {
        return;
    }
    if (leg->plan->is_subscription) {
        leg->is_over = true;
        return;
    }
    if (!may_speak()) {
        after(1s, [this, leg] { hang_up(leg); });
        return;
    }
    leg->is_over = true;
    const sip::Hop to = hop_of(*leg);
    auto builder = leg->dialog->request(Method::Bye, "BYE");
    builder.header(HeaderName::Via, via(to));
    const auto request = builder.build();
    const ClientId id = awake().send_request(to, request);
    sent_[id.value] = Sent{leg, request, true};
}

std::vector<Party::Open> Party::open() const {
    std::vector<Open> out;
    for (const LegPtr& leg : legs_) {
        if (!leg->is_over && (leg->dialog || leg->is_caller)) {
            out.push_back({leg->plan, leg->is_caller, leg->was_cut});
        }
    }
    return out;
}

std::vector<const Plan*> Party::unacknowledged() const {
    std::vector<const Plan*> out;
    for (const LegPtr& leg : legs_) {
        if (!leg->is_caller && leg->dialog && !leg->is_acknowledged) {
            out.push_back(leg->plan);
        }
    }
    return out;
}

}  // namespace ringwall::simulation
