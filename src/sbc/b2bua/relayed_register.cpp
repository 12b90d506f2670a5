#include "sbc/b2bua/relayed_register.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "sbc/b2bua/topology_hiding.h"
#include "sbc/registrar/registrar_behind.h"
#include "sip/message_builder.h"
#include "sip/transaction/layer.h"

namespace ringwall::sbc::b2bua {

using sip::HeaderName;
using sip::transaction::ClientId;
using sip::transaction::TerminationCause;

namespace {

// The one that it has signed, if it named the domain; some name the host that they connect to.
std::string registrar_uri(const sip::Message& request, sip::Scheme scheme) {
    const sip::Uri& uri = request.request_uri();
    const std::string_view domain = request.to().uri.host;
    return equals_ignoring_case(uri.host, domain)
               ? sip::with_scheme(uri, scheme)
               : std::string(sip::to_string(scheme)).append(":").append(domain);
}

// RFC 3261 §10.2: the address-of-record and nothing else.
std::string user_of(const sip::Message& request) {
    const sip::Uri& to = request.to().uri;
    return std::string("<")
        .append(sip::to_string(to.scheme))
        .append(":")
        .append(to.user)
        .append("@")
        .append(to.host)
        .append(">");
}

}  // namespace

RelayedRegister::RelayedRegister(CallHost& host, Desk& desk, std::size_t& under_way, Setup setup)
    : host_(host), desk_(desk), under_way_(under_way), setup_(std::move(setup)) {
    ++under_way_;
}

void RelayedRegister::begin() {
    const auto hop = host_.hop_to(ref(), setup_.registrar);
    setup_.decisions.add(setup_.registrar, policy::Event::RelayedRegistration,
                         setup_.permit.leg_scheme(),
                         hop ? policy::Finding::Sent : policy::Finding::Nowhere);
    if (!hop) {
        fail(503);
        return;
    }
    sent_ = request_for(hop->transport);
    host_.own_call_id(sent_->call_id(), ref());
    host_.send_new(ref(), setup_.permit, *hop, sent_);
}

sip::MessagePtr RelayedRegister::request_for(sip::Transport transport) const {
    const sip::Message& request = *setup_.request;
    const Adjacency& in = setup_.phones();
    const Adjacency& out = setup_.snapshot->adjacencies[setup_.registrar];
    const sip::Scheme scheme = setup_.permit.leg_scheme();
    auto builder = sip::MessageBuilder::request("REGISTER", registrar_uri(request, scheme));
    builder.header(
        HeaderName::Via,
        via(out, transport, sip::transaction::make_branch(setup_.bucket, host_.random())));
    builder.header(HeaderName::MaxForwards,
                   std::to_string(std::max(request.max_forwards().value_or(70), 1U) - 1));
    const std::string user = user_of(request);
    builder.header(HeaderName::From, user + ";tag=" + registrar::from_tag_behind(request));
    builder.header(HeaderName::To, user);
    builder.header(HeaderName::CallId, registrar::call_id_behind(request));
    builder.header(HeaderName::CSeq, std::to_string(request.cseq().number) + " REGISTER");
    copy_credentials(builder, request, [&](const sip::HeaderLine& line) {
        return desk_.is_for_registrar(setup_, line);
    });
    for (const registrar::ContactBehind& each : registrar::contacts_behind(request, in)) {
        builder.header(HeaderName::Contact,
                       contact(out, transport, scheme, each.token) + each.parameters);
    }
    if (request.contacts().is_star) {
        builder.header(HeaderName::Contact, "*").header(HeaderName::Expires, "0");
    }
    constexpr std::array written{HeaderName::Expires};
    // Nobody is known by it yet.
    copy_end_to_end(builder, request, in, out, {.is_media_hidden = true}, written);
    return builder.build();
}

void RelayedRegister::on_response(ClientId id, const sip::MessagePtr& response) {
    (void)id;  // the only one
    if (response->status() >= 200 && finish()) {
        desk_.on_registrar_answered(setup_, *response);
    }
}

void RelayedRegister::on_client_failed(ClientId id, TerminationCause cause) {
    (void)id;
    fail(cause == TerminationCause::Timeout ? 408 : 503);
}

void RelayedRegister::on_request(sip::transaction::ServerId id, const sip::Hop& from,
                                 const sip::MessagePtr& request) {
    host_.refuse_unknown(id, from, *request);
}

void RelayedRegister::terminate(std::string_view reason) {
    (void)reason;
    fail(503);
}

std::vector<AdjacencyIndex> RelayedRegister::adjacencies() const {
    return is_over_ ? std::vector<AdjacencyIndex>{}
                    : std::vector{setup_.adjacency, setup_.registrar};
}

bool RelayedRegister::is_merged(const sip::Message& request) const {
    return sent_ != nullptr && sent_->call_id() == request.call_id() &&
           sent_->request_uri_text() == request.request_uri_text();
}

// True once.
bool RelayedRegister::finish() {
    if (std::exchange(is_over_, true)) {
        return false;
    }
    host_.release(ref());
    return true;
}

void RelayedRegister::fail(int status) {
    if (finish()) {
        desk_.on_registrar_failed(setup_, status);
    }
}

}  // namespace ringwall::sbc::b2bua
