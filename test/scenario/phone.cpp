#include "scenario/phone.h"

#include <algorithm>

#include "scenario/tls_contexts.h"
#include "sip/message_builder.h"

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
        connection_ = shard_.connect(spec);
    }
    return {connection_, server_, transport_};
}

std::string Phone::via() {
    return "SIP/2.0/" + std::string(sip::to_string(transport_)) + " " +
           node_.address().to_string() + ":5060;branch=" +
           sip::transaction::make_branch(Bucket{}, random_) + ";rport";
}

std::string Phone::contact() const {
    const std::string scheme = contact_scheme.empty() ? account_.scheme : contact_scheme;
    return "<" + scheme + ":" + account_.user + "@" + node_.address().to_string() + ":5060" +
           (transport_ == sip::Transport::Tls && scheme == "sip" ? ";transport=tls" : "") + ">";
}

ClientId Phone::send(Sent what, const std::string& call_id, std::uint32_t cseq,
                     const std::string& from_tag) {
    auto builder = sip::MessageBuilder::request(what.method, what.uri);
    builder.header(HeaderName::Via, via());
    const auto has = [&](std::string_view name) {
        return std::any_of(what.fields.begin(), what.fields.end(),
                           [&](const auto& field) { return field.first == name; });
    };
    const std::string self = account_.scheme + ":" + account_.user + "@" + account_.domain;
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
    if (!what.body.empty()) {
        builder.body("application/sdp", what.body);
    }
    const sip::Hop to = hop();
    const auto request = builder.build();
    if (what.method == "ACK") {
        shard_.send_ack(to, request);
        return {};
    }
    const ClientId id = shard_.send_request(to, request);
    sent_[id.value] = std::move(what);
    return id;
}

ClientId Phone::send(const std::string& method, const std::string& uri,
                     const std::vector<std::pair<std::string, std::string>>& fields,
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
    invite_ = send(Sent{"INVITE", uri, {{"Contact", contact()}}, offer, false}, invite_call_id_,
                   ++cseq_, random_.token(8));
}

void Phone::cancel() { shard_.cancel(invite_); }

void Phone::in_dialog(Method method) {
    if (!dialog_) {
        return;
    }
    auto builder = dialog_->request(method, sip::to_string(method));
    builder.header(HeaderName::Via, via());
    if (method == Method::Invite || method == Method::Update) {
        builder.header(HeaderName::Contact, contact());
        builder.body("application/sdp", offer);
    }
    const auto request = builder.build();
    const ClientId id = shard_.send_request(hop(), request);
    sent_[id.value] = Sent{std::string(sip::to_string(method)), "", {}, "", true};
    if (method == Method::Invite) {
        invite_ = id;
    }
}

void Phone::bye() {
    in_dialog(Method::Bye);
    dialog_.reset();
    is_confirmed_ = false;
}

void Phone::reinvite() { in_dialog(Method::Invite); }

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
    if (what.method == "INVITE" && status >= 200 && status < 300) {
        if (!dialog_) {
            if (const auto request = shard_.transactions().request(id)) {
                auto made = sip::Dialog::of_response(*request, *response);
                if (made) {
                    dialog_ = std::move(*made);
                }
            }
        }
        if (dialog_ && acks_) {
            is_confirmed_ = true;
            const std::string key =
                std::string(response->to_tag()) + "/" + std::to_string(response->cseq().number);
            if (!acks_sent_.contains(key)) {
                acks_sent_[key] = ack_for(*dialog_, response->cseq().number);
            }
            shard_.send_ack(hop(), acks_sent_[key]);
        }
    }
}

sip::MessagePtr Phone::ack_for(sip::Dialog& dialog, std::uint32_t cseq) {
    auto builder = dialog.ack(cseq);
    builder.header(HeaderName::Via, via());
    return builder.build();
}

sip::MessagePtr Phone::success(const sip::Message& request, const std::string& tag) {
    auto builder = sip::reply(request, 200, tag);
    builder.copy(HeaderName::RecordRoute, request);
    builder.header(HeaderName::Contact, contact());
    builder.body("application/sdp", offer);
    return builder.build();
}

void Phone::on_request(ServerId id, const sip::Hop& from, const sip::MessagePtr& request,
                       ServerId cancelled) {
    requests_.push_back(request);
    if (transport_ != sip::Transport::Udp && !connection_) {
        connection_ = from.flow;
    }
    switch (request->method()) {
        case Method::Invite:
            if (!request->to_tag().empty()) {
                const auto response = success(*request, "");
                shard_.respond(id, response);
                unacked_ = Unacked{id, response, 500ms, 10};
                shard_.start_timer(500ms, 1);
                return;
            }
            incoming_ = id;
            incoming_request_ = request;
            answer_invite(id, request);
            return;
        case Method::Cancel:
            shard_.respond(id, sip::reply(*request, 200, "x" + random_.token(6)).build());
            if (cancelled && incoming_request_ != nullptr) {
                shard_.respond(cancelled,
                               sip::reply(*incoming_request_, 487, "c" + account_.user).build());
                incoming_request_.reset();
            }
            return;
        case Method::Bye:
            if (answers_bye) {
                shard_.respond(id, sip::reply(*request, 200, "").build());
            }
            dialog_.reset();
            is_confirmed_ = false;
            unacked_.reset();
            return;
        case Method::Ack:
        case Method::Options:
        case Method::Register:
        case Method::Prack:
        case Method::Update:
        case Method::Info:
        case Method::Message:
        case Method::Subscribe:
        case Method::Notify:
        case Method::Refer:
        case Method::Publish:
        case Method::Unknown:
            if (request->method() == Method::Update) {
                shard_.respond(id, success(*request, ""));
            } else {
                shard_.respond(id, sip::reply(*request, 200, "o" + random_.token(6)).build());
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
            shard_.respond(id, builder.build());
            return;
        }
        case OnInvite::Ring:
        case OnInvite::RingThenAnswer: {
            auto builder = sip::reply(*request, 180, tag);
            builder.copy(HeaderName::RecordRoute, *request);
            builder.header(HeaderName::Contact, contact());
            shard_.respond(id, builder.build());
            if (on_invite == OnInvite::RingThenAnswer) {
                shard_.start_timer(2s, 2);
            }
            return;
        }
        case OnInvite::Answer:
            answer();
            return;
    }
}

void Phone::answer() {
    if (incoming_request_ == nullptr) {
        return;
    }
    const std::string tag = "c" + account_.user;
    const auto response = success(*incoming_request_, tag);
    auto made = sip::Dialog::of_request(*incoming_request_, tag, sip::Dialog::State::Confirmed);
    if (made) {
        dialog_ = std::move(*made);
    }
    is_confirmed_ = true;
    shard_.respond(incoming_, response);
    unacked_ = Unacked{incoming_, response, 500ms, 10};
    shard_.start_timer(500ms, 1);
    for (const std::string& other : extra_tags) {
        shard_.respond(incoming_, success(*incoming_request_, other));
    }
    incoming_request_.reset();
}

void Phone::reject(int status) {
    if (incoming_request_ != nullptr) {
        shard_.respond(incoming_,
                       sip::reply(*incoming_request_, status, "c" + account_.user).build());
        incoming_request_.reset();
    }
}

void Phone::on_timer(std::uint64_t cookie) {
    if (cookie == 2) {
        answer();
        return;
    }
    if (unacked_ && unacked_->left-- > 0) {
        shard_.respond(unacked_->invite, unacked_->response);
        unacked_->interval = std::min<Duration>(2 * unacked_->interval, 4s);
        shard_.start_timer(unacked_->interval, 1);
    }
}

void Phone::on_ack(const sip::Hop&, const sip::MessagePtr& request) {
    acks_heard_.push_back(request);
    unacked_.reset();
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
