#include "scenario/phone.h"

#include <algorithm>

#include "scenario/tls_contexts.h"
#include "sip/header/rack.h"
#include "sip/message_builder.h"
#include "sip/session/reliable_provisional.h"

namespace ringwall::test {

using sip::HeaderName;
using sip::Method;
using sip::transaction::ClientId;
using sip::transaction::ServerId;

Phone::Phone(SimNetwork& net, const IpAddress& address, sip::Transport transport,
             const Endpoint& server, Account account, std::uint64_t seed)
    : net_(net),
      node_(net.add_node(address)),
      transport_(transport),
      server_(server),
      account_(std::move(account)),
      random_(seed),
      shard_(node_, *this, {}, net.now()) {
    const Endpoint local{address, 5060};
    if (transport == sip::Transport::Udp) {
        const auto socket = node_.listen_udp(local);
        socket_ = socket.flow;
        shard_.add_listener(socket.id, local, sip::Transport::Udp, socket.flow);
    }
    shard_.add_listener(node_.listen_tcp(local), local, sip::Transport::Tcp, {});
    if (transport == sip::Transport::Tls) {
        const Endpoint encrypted{address, 5061};
        shard_.add_listener(node_.listen_tcp(encrypted), encrypted, sip::Transport::Tcp, {});
        tls_ = client_context();
    }
    node_.set_user(shard_);
}

engine::AcceptDecision Phone::on_accept(engine::ListenerId, const Endpoint&) {
    engine::AcceptDecision decision;
    decision.is_admitted = true;
    decision.tls = transport_ == sip::Transport::Tls ? server_context() : nullptr;
    return decision;
}

void Phone::on_flow_closed(const engine::Flow& flow, CloseReason, std::string_view) {
    if (flow.id == connection_) {
        connection_ = {};
        is_registered_ = false;
    }
}

sip::Hop Phone::hop() {
    if (transport_ == sip::Transport::Udp) {
        return {socket_, server_, transport_};
    }
    if (!connection_) {
        engine::ConnectSpec spec;
        spec.transport = transport_;
        spec.remote = server_;
        spec.tls = tls_;
        connection_ = awake().connect(spec);
    }
    return {connection_, server_, transport_};
}

engine::Shard& Phone::awake() {
    shard_.wake(net_.now());
    return shard_;
}

std::string Phone::host() const {
    const std::string address = node_.address().to_string();
    return node_.address().family == IpAddress::Family::V6 ? "[" + address + "]" : address;
}

std::string Phone::via() {
    return "SIP/2.0/" + std::string(sip::to_string(transport_)) + " " + host() + ":" +
           std::to_string(via_port) +
           ";branch=" + sip::transaction::make_branch(Bucket{}, random_) + via_parameters;
}

std::string Phone::contact() const {
    const std::string scheme = contact_scheme.empty() ? account_.scheme : contact_scheme;
    return "<" + scheme + ":" + account_.user + "@" + host() + ":5060" +
           (transport_ == sip::Transport::Tls && scheme == "sip" ? ";transport=tls" : "") + ">";
}

ClientId Phone::send(Sent what, const std::string& call_id, std::uint32_t cseq,
                     const std::string& from_tag) {
    auto builder = sip::MessageBuilder::request(what.method, what.uri);
    const auto has = [&](std::string_view name) {
        return std::any_of(what.fields.begin(), what.fields.end(),
                           [&](const auto& field) { return field.first == name; });
    };
    const std::string self = account_.scheme + ":" + account_.user + "@" + account_.domain;
    if (!has("Via")) {
        builder.header(HeaderName::Via, via());
    }
    if (!has("Max-Forwards")) {
        builder.header(HeaderName::MaxForwards, "70");
    }
    if (!has("From")) {
        builder.header(HeaderName::From, "<" + self + ">;tag=" + from_tag);
    }
    if (!has("To")) {
        builder.header(HeaderName::To, "<" + (what.method == "REGISTER" ? self : what.uri) + ">");
    }
    if (!has("Call-ID")) {
        builder.header(HeaderName::CallId, call_id);
    }
    if (!has("CSeq")) {
        builder.header(HeaderName::CSeq, std::to_string(cseq) + " " + what.method);
    }
    for (const auto& [name, value] : what.fields) {
        builder.header(name, value);
    }
    if (has("Content-Type")) {
        builder.body(what.body);
    } else if (!what.body.empty()) {
        builder.body("application/sdp", what.body);
    }
    const sip::Hop to = hop();
    const auto request = builder.build();
    if (what.method == "ACK") {
        awake().send_ack(to, request);
        return {};
    }
    const ClientId id = awake().send_request(to, request);
    what.request = request;
    sent_[id.value] = std::move(what);
    return id;
}

ClientId Phone::send(const std::string& method, const std::string& uri, const Fields& fields,
                     const std::string& body) {
    return send(Sent{method, uri, fields, body, false}, "test-" + random_.token(10), ++cseq_,
                random_.token(8));
}

void Phone::register_now(std::uint32_t expires) {
    if (register_call_id_.empty()) {
        register_call_id_ = "reg-" + random_.token(10);
    }
    send(Sent{"REGISTER",
              account_.scheme + ":" + account_.domain,
              {{"Contact", contact()}, {"Expires", std::to_string(expires)}},
              {},
              false},
         register_call_id_, ++cseq_, random_.token(8));
}

void Phone::invite(const std::string& uri) {
    invite_call_id_ = "call-" + random_.token(10) + "@" + node_.address().to_string();
    dialog_.reset();
    is_confirmed_ = false;
    is_cancelled_ = false;
    Fields fields = invite_fields;
    fields.emplace_back("Contact", contact());
    invite_ = send(Sent{"INVITE", uri, std::move(fields), offer, false}, invite_call_id_, ++cseq_,
                   random_.token(8));
}

void Phone::cancel() {
    is_cancelled_ = true;
    awake().cancel(invite_);
}

ClientId Phone::in_dialog(Method method) {
    if (!dialog_) {
        return {};
    }
    auto builder = dialog_->request(method, sip::to_string(method));
    builder.header(HeaderName::Via, via());
    for (const auto& [name, value] : dialog_fields) {
        builder.header(name, value);
    }
    if (method == Method::Invite || method == Method::Update) {
        builder.header(HeaderName::Contact, contact());
        if (!offer.empty()) {
            builder.body("application/sdp", offer);
        }
    } else if (!dialog_body.empty()) {
        builder.body(dialog_body);
    }
    const auto request = builder.build();
    const ClientId id = awake().send_request(hop(), request);
    sent_[id.value] = Sent{std::string(sip::to_string(method)), "", {}, "", true, request};
    if (method == Method::Invite) {
        invite_ = id;
    }
    return id;
}

void Phone::bye() {
    in_dialog(Method::Bye);
    dialog_.reset();
    is_confirmed_ = false;
}

void Phone::on_response(ClientId id, const sip::Hop&, const sip::MessagePtr& response) {
    responses_.push_back(response);
    const auto found = sent_.find(id.value);
    if (found == sent_.end()) {
        return;
    }
    const Sent what = found->second;
    const int status = response->status();
    if (status == 401 && !what.is_second) {
        // The topmost challenge that it understands (RFC 8760 §2.4).
        for (const auto& line : response->headers()) {
            if (line.id != HeaderName::WwwAuthenticate) {
                continue;
            }
            const auto challenge = sip::auth::parse_challenge(line.value);
            if (!challenge) {
                continue;
            }
            const auto credentials =
                sip::auth::answer(*challenge, {account_.user, Secret(account_.password)},
                                  what.method, what.uri, ++nonce_count_, random_);
            Sent again = what;
            again.is_second = true;
            again.fields.emplace_back("Authorization", sip::auth::to_string(credentials));
            const ClientId next = send(again, std::string(response->call_id()), ++cseq_,
                                       std::string(response->from_tag()));
            if (what.method == "INVITE") {
                invite_ = next;
            }
            return;
        }
    }
    if (what.method == "REGISTER" && status == 200) {
        is_registered_ = response->count(HeaderName::Contact) > 0;
    }
    if (what.method == "INVITE" && status > 100 && status < 200 && pracks) {
        acknowledge_provisional(id, *response);
    }
    if (what.method == "INVITE" && status >= 200 && status < 300) {
        if (dialog_ && dialog_->state() == sip::Dialog::State::Early &&
            dialog_->remote_tag() == response->to_tag()) {
            (void)dialog_->confirm(*response);
        }
        const bool is_current = response->call_id() == invite_call_id_ && id == invite_;
        if (!dialog_ && is_current && !is_confirmed_) {
            auto made = sip::Dialog::of_response(*what.request, *response);
            if (made) {
                dialog_ = std::move(*made);
            }
        }
        not_acked_ = response;
        if (acks_) {
            acknowledge(*response);
        }
    }
}

void Phone::acknowledge_provisional(ClientId id, const sip::Message& response) {
    const auto rseq = sip::session::reliable_number(response);
    const auto invite = shard_.transactions().request(id);
    if (!rseq || invite == nullptr) {
        return;
    }
    const std::string name = std::string(response.to_tag()) + "/" + std::to_string(*rseq);
    if (std::exchange(pracked_, name) == name) {
        return;
    }
    if (!dialog_) {
        auto made = sip::Dialog::of_response(*invite, response);
        if (!made) {
            return;
        }
        dialog_ = std::move(*made);
    }
    auto builder = dialog_->request(Method::Prack, "PRACK");
    builder.header(HeaderName::Via, via());
    builder.header(HeaderName::RAck, std::to_string(*rseq) + " " +
                                         std::to_string(response.cseq().number) + " INVITE");
    if (!prack_body.empty()) {
        builder.body("application/sdp", prack_body);
    }
    const auto request = builder.build();
    const ClientId prack = awake().send_request(hop(), request);
    sent_[prack.value] = Sent{"PRACK", "", {}, "", true, request};
}

void Phone::ack_now() {
    acks_ = true;
    acknowledge(*not_acked_);
}

// The same ACK for every repetition (RFC 3261 §13.2.2.4), after the call too.
void Phone::acknowledge(const sip::Message& response) {
    const std::string key = std::string(response.call_id()) + "/" + std::string(response.to_tag()) +
                            "/" + std::to_string(response.cseq().number);
    if (!acks_sent_.contains(key)) {
        if (!dialog_) {
            return;
        }
        acks_sent_[key] = ack_for(*dialog_, response.cseq().number);
        is_confirmed_ = true;
    }
    awake().send_ack(hop(), acks_sent_[key]);
    if (is_cancelled_ && dialog_) {  // it crossed the CANCEL
        bye();
    }
}

sip::MessagePtr Phone::ack_for(sip::Dialog& dialog, std::uint32_t cseq) {
    auto builder = dialog.ack(cseq);
    builder.header(HeaderName::Via, via());
    if (!ack_body.empty()) {
        builder.body("application/sdp", ack_body);
    }
    return builder.build();
}

sip::MessagePtr Phone::success(const sip::Message& request, const std::string& tag) {
    auto builder = sip::reply(request, 200, tag);
    if (!record_route.empty()) {
        builder.header(HeaderName::RecordRoute, record_route);
    }
    builder.header(HeaderName::Contact, contact());
    for (const auto& [name, value] : success_fields) {
        builder.header(name, value);
    }
    builder.body("application/sdp", offer);
    return builder.build();
}

void Phone::on_request(ServerId id, const sip::Hop& from, const sip::MessagePtr& request,
                       ServerId cancelled) {
    requests_.push_back(request);
    if (transport_ != sip::Transport::Udp && !connection_) {
        connection_ = from.flow;
    }
    if (answered_by_test && answered_by_test(id, request)) {
        return;
    }
    switch (request->method()) {
        case Method::Invite:
            if (!request->to_tag().empty()) {
                reinvite_ = id;
                reinvite_request_ = request;
                if (reinvite_status == 200) {
                    answer_reinvite();
                } else if (reinvite_status != 0) {
                    awake().respond(id, sip::reply(*request, reinvite_status, "").build());
                }
                return;
            }
            incoming_ = id;
            incoming_request_ = request;
            last_incoming_ = request;
            answer_invite(id, request);
            return;
        case Method::Cancel:
            if (cancelled && cancelled == reinvite_) {
                awake().respond(reinvite_, sip::reply(*reinvite_request_, 487, "").build());
            }
            awake().respond(id, sip::reply(*request, 200, "x" + random_.token(6)).build());
            if (cancelled && incoming_request_ != nullptr && obeys_cancel) {
                awake().respond(cancelled,
                                sip::reply(*incoming_request_, 487, "c" + account_.user).build());
                incoming_request_.reset();
            }
            return;
        case Method::Bye:
            if (answers_bye) {
                awake().respond(id, sip::reply(*request, 200, "").build());
            }
            if (dialog_ && dialog_->local_tag() == request->to_tag() &&
                dialog_->call_id() == request->call_id()) {
                dialog_.reset();
                is_confirmed_ = false;
                unacked_.reset();
            }
            return;
        case Method::Prack:
            on_prack(id, *request);
            return;
        case Method::Ack:
        case Method::Options:
        case Method::Register:
        case Method::Update:
        case Method::Info:
        case Method::Message:
        case Method::Subscribe:
        case Method::Notify:
        case Method::Refer:
        case Method::Publish:
        case Method::Unknown:
            other_ = id;
            if (in_dialog_status == 0) {
                return;
            }
            if (request->method() == Method::Update && in_dialog_status == 200) {
                awake().respond(id, success(*request, ""));
            } else {
                awake().respond(
                    id, sip::reply(*request, in_dialog_status, "o" + random_.token(6)).build());
            }
            return;
    }
}

void Phone::answer_invite(ServerId id, const sip::MessagePtr& request) {
    const std::string tag = "c" + account_.user;
    switch (on_invite) {
        case OnInvite::Ignore:
            return;
        case OnInvite::Reject:
            reject(reject_status);
            return;
        case OnInvite::Redirect: {
            auto builder = sip::reply(*request, 302, tag);
            builder.header(HeaderName::Contact, redirect_to);
            awake().respond(id, builder.build());
            return;
        }
        case OnInvite::EarlyMedia:
            ring(183);
            return;
        case OnInvite::Ring:
        case OnInvite::RingThenAnswer:
            ring();
            if (on_invite == OnInvite::RingThenAnswer) {
                awake().start_timer(2s, 2);
            }
            return;
        case OnInvite::Answer:
            answer();
            return;
    }
}

void Phone::ring(int status, const std::string& given_tag) {
    if (incoming_request_ == nullptr) {
        return;
    }
    const std::string tag = given_tag.empty() ? "c" + account_.user : given_tag;
    auto builder = sip::reply(*incoming_request_, status, tag);
    if (!record_route.empty()) {
        builder.header(HeaderName::RecordRoute, record_route);
    }
    builder.header(HeaderName::Contact, contact());
    if (status == 183) {
        builder.body("application/sdp", offer);
    }
    awake().respond(incoming_, builder.build());
}

void Phone::ring_reliably(int status, const std::string& body, const std::string& given_tag) {
    const std::string tag = given_tag.empty() ? "c" + account_.user : given_tag;
    auto builder = sip::reply(*incoming_request_, status, tag);
    builder.header(HeaderName::Contact, contact());
    builder.header(HeaderName::Require, "100rel");
    rseq_ += rseq_ == 0 ? 4711 : 1;
    builder.header(HeaderName::RSeq, std::to_string(rseq_));
    if (!body.empty()) {
        builder.body("application/sdp", body);
    }
    const auto response = builder.build();
    auto made = sip::Dialog::of_request(*incoming_request_, tag, sip::Dialog::State::Early);
    if (made && !dialog_) {
        dialog_ = std::move(*made);
    }
    awake().respond(incoming_, response);
    unpracked_ = Unacked{incoming_, response, 500ms, 7};
    repetition_ += 16;
    awake().start_timer(500ms, repetition_ | 1);
}

// RFC 3262 §3: 200 to what acknowledges the response that waits, 481 to anything else.
void Phone::on_prack(ServerId id, const sip::Message& prack) {
    const auto* line = prack.header(HeaderName::RAck);
    const auto rack = sip::parse_rack(line == nullptr ? "" : line->value);
    const bool is_awaited = rack && unpracked_ && rack->response == rseq_ &&
                            rack->request.number == unpracked_->response->cseq().number;
    auto builder = sip::reply(prack, is_awaited ? 200 : 481, "");
    if (is_awaited) {
        unpracked_.reset();
        if (!prack_answer.empty()) {
            builder.body("application/sdp", prack_answer);
        }
    }
    awake().respond(id, builder.build());
}

void Phone::answer(const std::string& given_tag) {
    if (incoming_request_ == nullptr) {
        return;
    }
    const std::string tag = given_tag.empty() ? "c" + account_.user : given_tag;
    const auto response = success(*incoming_request_, tag);
    const bool is_early = dialog_ && dialog_->local_tag() == tag &&
                          dialog_->call_id() == incoming_request_->call_id();
    auto made = sip::Dialog::of_request(*incoming_request_, tag, sip::Dialog::State::Confirmed);
    if (is_early) {
        dialog_->confirm();
    } else if (made) {
        dialog_ = std::move(*made);
    }
    is_confirmed_ = true;
    repeat(incoming_, response);
    for (const std::string& other : extra_tags) {
        awake().respond(incoming_, success(*incoming_request_, other));
    }
    incoming_request_.reset();
}

void Phone::say(int status, const std::string& tag, const Fields& fields, const std::string& body) {
    auto builder = sip::reply(*last_incoming_, status, tag);
    bool has_type = false;
    for (const auto& [name, value] : fields) {
        builder.header(name, value);
        has_type = has_type || name == "Content-Type";
    }
    if (has_type) {
        builder.body(body);
    } else if (!body.empty()) {
        builder.body("application/sdp", body);
    }
    awake().respond(incoming_, builder.build());
}

void Phone::respond(int status, const std::string& tag, const Fields& fields,
                    const std::string& body) {
    auto builder = sip::reply(*shard_.transactions().request(other_), status, tag);
    for (const auto& [name, value] : fields) {
        builder.header(name, value);
    }
    if (!body.empty()) {
        builder.body(body);
    }
    awake().respond(other_, builder.build());
}

ClientId Phone::within(sip::Dialog& dialog, Method method, const Fields& fields,
                       const std::string& body) {
    auto builder = dialog.request(method, sip::to_string(method));
    builder.header(HeaderName::Via, via());
    for (const auto& [name, value] : fields) {
        builder.header(name, value);
    }
    if (!body.empty()) {
        builder.body(body);
    }
    const auto request = builder.build();
    const ClientId id = awake().send_request(hop(), request);
    sent_[id.value] = Sent{std::string(sip::to_string(method)), "", {}, "", true, request};
    return id;
}

void Phone::answer_reinvite() {
    repeat(reinvite_, success(*reinvite_request_, ""));
}

void Phone::ring_reinvite() {
    awake().respond(reinvite_, sip::reply(*reinvite_request_, 180, "").build());
}

// RFC 3261 §13.3.1.4: until the ACK; without one it hangs up.
void Phone::repeat(const ServerId& invite, sip::MessagePtr response) {
    awake().respond(invite, response);
    unacked_ = Unacked{invite, std::move(response), 500ms, 10};
    repetition_ += 16;
    awake().start_timer(500ms, repetition_);
}

void Phone::reject(int status) {
    if (incoming_request_ != nullptr) {
        awake().respond(incoming_,
                        sip::reply(*incoming_request_, status, "c" + account_.user).build());
        incoming_request_.reset();
    }
}

void Phone::on_timer(std::uint64_t cookie) {
    if (cookie == 2) {
        answer();
        return;
    }
    if (unpracked_ && cookie == (repetition_ | 1) && unpracked_->left-- > 0) {
        awake().respond(unpracked_->invite, unpracked_->response);
        unpracked_->interval *= 2;
        awake().start_timer(unpracked_->interval, cookie);
    }
    if (!unacked_ || cookie != repetition_) {
        return;
    }
    if (unacked_->left-- == 0) {
        unacked_.reset();
        bye();
        return;
    }
    awake().respond(unacked_->invite, unacked_->response);
    unacked_->interval = std::min<Duration>(2 * unacked_->interval, 4s);
    awake().start_timer(unacked_->interval, repetition_);
}

void Phone::on_ack(const sip::Hop&, const sip::MessagePtr& request) {
    acks_heard_.push_back(request);
    if (unacked_ && unacked_->response->to_tag() == request->to_tag()) {
        unacked_.reset();
    }
}

sip::MessagePtr Phone::last_request(std::string_view method) const {
    const auto found = std::find_if(requests_.rbegin(), requests_.rend(), [&](const auto& each) {
        return each->method_text() == method;
    });
    return found == requests_.rend() ? nullptr : *found;
}

sip::MessagePtr Phone::last_response(std::string_view method) const {
    const auto found = std::find_if(responses_.rbegin(), responses_.rend(), [&](const auto& each) {
        return each->cseq().method_text == method;
    });
    return found == responses_.rend() ? nullptr : *found;
}

std::vector<int> Phone::statuses(std::string_view method) const {
    std::vector<int> out;
    for (const auto& response : responses_) {
        if (response->cseq().method_text == method) {
            out.push_back(response->status());
        }
    }
    return out;
}

std::size_t Phone::count(std::string_view method) const {
    return static_cast<std::size_t>(
        std::count_if(requests_.begin(), requests_.end(),
                      [&](const auto& request) { return request->method_text() == method; }));
}

}  // namespace ringwall::test
