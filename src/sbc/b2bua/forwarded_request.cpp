#include "sbc/b2bua/forwarded_request.h"

#include "sbc/b2bua/topology_hiding.h"
#include "sbc/policy/media_security.h"
#include "sip/message_builder.h"
#include "sip/transaction/layer.h"

namespace ringwall::sbc::b2bua {

using sip::HeaderName;

namespace {

std::string identity_of(const sip::Message& request) {
    std::string identity(request.call_id());
    identity.append(" ").append(std::to_string(request.cseq().number));
    identity.append(" ").append(request.method_text());
    return identity.append(" ").append(request.from_tag());
}

}  // namespace

std::optional<ForwardedRequests::Target> ForwardedRequests::choose(const policy::Inbound& inbound,
                                                                   policy::Answer& refusal,
                                                                   std::string& reason) {
    const Snapshot& snapshot = *inbound.snapshot;
    const sip::Uri& uri = inbound.request.request_uri();
    for (const policy::Route& route : inbound.routes) {
        if (const auto* to = std::get_if<policy::ToAdjacency>(&route)) {
            if (const auto hop = host_.hop_to(to->adjacency)) {
                return Target{to->adjacency, *hop,
                              request_uri(uri, to->permit.leg_scheme(), inbound.from_adjacency(),
                                          snapshot.adjacencies[to->adjacency]),
                              to->permit};
            }
            continue;
        }
        for (const auto& binding : host_.find_location(sip::address_of_record(uri))) {
            const auto allowed = policy::permit(
                inbound.call,
                policy::target_of(snapshot.adjacencies[binding.adjacency], binding.scheme),
                policy::Event::Fork);
            const auto contact = sip::parse_uri(binding.contact);
            if (allowed && contact) {
                return Target{binding.adjacency, binding.hop,
                              sip::with_scheme(*contact, allowed->leg_scheme()), *allowed};
            }
            if (!allowed) {
                host_.count_refusal(policy::to_string(allowed.error()));
                refusal = policy::answer_to(allowed.error(), policy::Event::Fork, inbound.call);
                reason = policy::reason_phrase(allowed.error());
            }
        }
    }
    return std::nullopt;
}

void ForwardedRequests::forward(const policy::Inbound& inbound, sip::transaction::ServerId id,
                                const sip::MessagePtr& request) {
    policy::Answer refusal{480, 0, false};
    std::string reason = "Temporarily Unavailable";
    const Bucket bucket = host_.new_bucket();
    const std::string tag = bucket_token(bucket, host_.random(), 20);
    const auto target = choose(inbound, refusal, reason);
    if (!target) {
        auto builder = sip::reply(*request, refusal.status, tag, reason);
        if (refusal.warning != 0) {
            builder.header(HeaderName::Warning,
                           std::to_string(refusal.warning) + " " +
                               inbound.from_adjacency().own_host() + " \"" +
                               std::string(policy::warning_text(refusal.warning)) + "\"");
        }
        host_.respond(id, builder.build());
        return;
    }
    const Adjacency& in = inbound.from_adjacency();
    const Adjacency& out = inbound.snapshot->adjacencies[target->adjacency];
    const auto media = policy::judge_media(policy::media_leg(in), policy::media_leg(out), *request);
    if (!media.passes()) {
        host_.count_refusal(policy::to_string(*media.refusal));
        const policy::MediaAnswer answer = policy::answer_to(*media.refusal);
        host_.respond(id, sip::reply(*request, answer.status, tag).build());
        return;
    }
    const sip::Scheme scheme = target->permit.leg_scheme();
    auto builder = sip::MessageBuilder::request(request->method_text(), target->uri);
    builder.header(HeaderName::Via, via(out, target->hop.transport,
                                        sip::transaction::make_branch(bucket, host_.random())));
    builder.header(HeaderName::MaxForwards,
                   std::to_string(request->max_forwards().value_or(70) - 1));
    builder.header(HeaderName::From, address(request->from(), out, scheme) +
                                         ";tag=" + bucket_token(bucket, host_.random(), 20));
    builder.header(HeaderName::To, address(request->to(), out, scheme));
    const std::string call_id = bucket_token(bucket, host_.random(), 24);
    builder.header(HeaderName::CallId, call_id);
    builder.header(HeaderName::CSeq, "1 " + std::string(request->method_text()));
    if (request->method() != sip::Method::Message) {  // RFC 3428 §5
        builder.header(HeaderName::Contact,
                       contact(out, target->hop.transport, scheme, request->from().uri.user));
    }
    copy_end_to_end(builder, *request, in, out, inbound.removed_headers);
    copy_body(builder, *request, media);
    const auto client = host_.send_new({}, target->permit, target->hop, builder.build());
    open_[client] =
        Open{id, request, inbound.snapshot, *inbound.adjacency, target->adjacency, tag, call_id};
    own_call_ids_.insert(call_id);
    by_server_[id] = identities_.insert(identity_of(*request)).first;
}

ForwardedRequests::Open ForwardedRequests::take(sip::transaction::ClientId id) {
    auto node = open_.extract(id);
    own_call_ids_.erase(node.mapped().call_id);
    return std::move(node.mapped());
}

void ForwardedRequests::on_server_ended(sip::transaction::ServerId id) {
    if (const auto found = by_server_.find(id); found != by_server_.end()) {
        identities_.erase(found->second);
        by_server_.erase(found);
    }
}

bool ForwardedRequests::is_merged(const sip::Message& request) const {
    return own_call_ids_.contains(request.call_id()) || identities_.contains(identity_of(request));
}

bool ForwardedRequests::on_response(sip::transaction::ClientId id,
                                    const sip::MessagePtr& response) {
    const auto found = open_.find(id);
    if (found == open_.end()) {
        return false;
    }
    if (response->status() < 200) {
        return true;
    }
    const Open open = take(id);
    const Adjacency& from = open.snapshot->adjacencies[open.from];
    const Adjacency& to = open.snapshot->adjacencies[open.to];
    // A challenge is for us, never for the sender; a redirection would name the other side's hosts.
    const int status = response->status();
    const bool is_ours = status == 401 || status == 407 || (status >= 300 && status < 400);
    if (is_ours) {
        host_.respond(open.server, sip::reply(*open.request, 480, open.tag).build());
        return true;
    }
    auto builder = sip::reply(*open.request, status, open.tag, response->reason());
    copy_end_to_end(builder, *response, to, from);
    copy_body(builder, *response,
              policy::judge_media(policy::media_leg(to), policy::media_leg(from), *response));
    host_.respond(open.server, builder.build());
    return true;
}

bool ForwardedRequests::on_failed(sip::transaction::ClientId id,
                                  sip::transaction::TerminationCause cause) {
    const auto found = open_.find(id);
    if (found == open_.end()) {
        return false;
    }
    const Open open = take(id);
    // The transaction ends in silence with a 408 (RFC 4320 §4.2).
    const bool is_timeout = cause == sip::transaction::TerminationCause::Timeout;
    host_.respond(open.server, sip::reply(*open.request, is_timeout ? 408 : 480, open.tag).build());
    return true;
}

}  // namespace ringwall::sbc::b2bua
