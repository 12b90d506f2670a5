#include "sbc/b2bua/call.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "sbc/b2bua/description.h"
#include "sbc/b2bua/own_credentials.h"
#include "sbc/b2bua/refer_to.h"
#include "sbc/b2bua/tag.h"
#include "sbc/b2bua/topology_hiding.h"
#include "sbc/policy/carried.h"
#include "sbc/policy/emergency.h"
#include "sbc/policy/media_security.h"
#include "sbc/policy/refusal_rule.h"
#include "sbc/record/media_kind.h"
#include "sip/message_builder.h"
#include "sip/transaction/layer.h"

namespace ringwall::sbc::b2bua {

using policy::Answer;
using policy::Event;
using policy::Finding;
using policy::Refusal;
using sip::HeaderName;
using sip::Method;
using sip::transaction::ClientId;
using sip::transaction::Reasons;
using sip::transaction::ServerId;
using sip::transaction::TerminationCause;

namespace {

// How a branch came to be.
Event event_of(unsigned redirects, std::string_view phone, std::size_t routes_tried) {
    return redirects > 0      ? Event::Redirect
           : !phone.empty()   ? Event::Fork
           : routes_tried > 1 ? Event::Hunting
                              : Event::Initial;
}

constexpr std::size_t max_branches = 32;  // of one call, over all routes, forks and redirects
constexpr std::size_t max_dialogs = 16;   // early dialogs of one branch
constexpr std::size_t max_dropped = 64;   // surplus 2xx of one branch that get a BYE
static_assert(max_branches * max_dialogs <= DialogPair::max_pairs);

// The user part that our Contact bears on a leg: that of the local party, so that people can read
// it.
std::string contact_user(const sip::NameAddr& local_party) {
    return std::string(local_party.uri.user);
}

// As much of an INVITE of ours as names its dialogs, and as its ACK needs.
std::string essence_of(const sip::Message& request) {
    constexpr std::size_t usual_length = 512;
    std::string octets;
    octets.reserve(usual_length);
    octets.append(request.method_text())
        .append(" ")
        .append(request.request_uri_text())
        .append(" SIP/2.0\r\n");
    for (const HeaderName name : {HeaderName::Via, HeaderName::From, HeaderName::To,
                                  HeaderName::CallId, HeaderName::CSeq}) {
        octets.append(request.header(name)->raw);
    }
    octets.append(own_credentials(request));
    octets.append("\r\n");
    octets.shrink_to_fit();
    return octets;
}

std::string contact_of(const sip::Message& request) {
    const auto contact = sip::dialog_contact(request);
    return contact && *contact ? std::string((*contact)->uri.text) : std::string();
}

sip::Scheme scheme_of(const sip::Uri& uri) {
    return uri.scheme == sip::Scheme::Sips ? sip::Scheme::Sips : sip::Scheme::Sip;
}

}  // namespace

Call::Call(CallHost& host, Setup setup)
    : host_(host),
      setup_(std::move(setup)),
      origin_{std::string(setup_.request->call_id()), std::string(setup_.request->from_tag()),
              setup_.request->cseq().number,
              setup_.caller.address_of_record.empty() ? "" : contact_of(*setup_.request)},
      caller_scheme_(scheme_of(setup_.request->request_uri())),
      anchorage_(host, setup_.ref, *setup_.snapshot),
      context_{host,
               setup_.ref,
               setup_.snapshot,
               setup_.security,
               setup_.bucket,
               make_tag(setup_.bucket, host.random()),
               &anchorage_,
               setup_.name},
      record_(std::make_unique<CallRecord>(
          record_of(*setup_.request, &caller_adjacency(), host.now().wall))) {
    record_->call = setup_.name;
    record_->is_secure = setup_.security.is_secure();
    record_->from_leg = {.identity = setup_.caller.address_of_record,
                         .scheme = std::string(to_string(caller_scheme_)),
                         .transport = std::string(to_string(setup_.from.transport)),
                         .peer = setup_.from.remote.to_string(),
                         .call_id = std::string(setup_.request->call_id()),
                         .media = {}};
    record_->decisions = setup_.decisions;
    context_.decisions = &record_->decisions;
    host_.own_tag(context_.own_tag, ref());
    host_.own_call_id(setup_.request->call_id(), ref());
}

// ---- set-up -------------------------------------------------------------------------------------

void Call::begin() {
    if (context_.refuse_short_session(setup_.caller.adjacency, setup_.invite, *setup_.request)) {
        is_answered_ = true;
        record_->cause = FailureCause::Signalling;
        finish("refused", 422, sip::reason_phrase(422));
    } else {
        host_.respond(setup_.invite, sip::reply(*setup_.request, 100, {}).build());
        go_on_or_fail();
    }
    check_over();
}

void Call::go_on_or_fail() {
    const bool is_any_open =
        std::any_of(branches_.begin(), branches_.end(), [](const Branch& b) { return b.is_open; });
    if (is_answered_ || is_any_open) {
        return;
    }
    while (!is_cancelled_ && (!rounds_.empty() || next_route_ < setup_.routes.size())) {
        if (rounds_.empty() ? try_next_route() : try_next_round()) {
            return;
        }
    }
    fail();
}

// What it refuses is in the trace; what it allows will be, once it is known what became of it.
Result<policy::Permit, Refusal> Call::permit(AdjacencyIndex to, sip::Scheme scheme, Event event) {
    auto decided = decide(to, scheme, event);
    if (!decided) {
        record_->decisions.add(to, event, scheme, decided.error());
    }
    return decided;
}

// For the call; and where somebody is to be joined to it, for what that one's own call would be.
Result<policy::Permit, Refusal> Call::decide(AdjacencyIndex to, sip::Scheme scheme,
                                             Event event) const {
    const policy::Target target = policy::target_of(adjacency(to), scheme);
    if (setup_.absent_caller) {
        TRY(policy::permit(*setup_.absent_caller, target, event));
    }
    return policy::permit(setup_.security, target, event);
}

// True when something was sent.
bool Call::try_next_route() {
    const std::size_t index = next_route_++;
    const policy::Route& route = setup_.routes[index];
    if (const auto* const location = std::get_if<policy::ToLocation>(&route)) {
        return open_location(location->token);
    }
    const AdjacencyIndex to = std::get<policy::ToAdjacency>(route).adjacency;
    const Event event = index == 0 ? Event::Initial : Event::Hunting;
    const auto allowed = permit(to, setup_.request->request_uri().scheme, event);
    if (!allowed) {
        refuse(allowed.error(), event);
        return false;
    }
    const auto hop = host_.hop_to(ref(), to);
    if (!hop) {
        record_->decisions.add(to, event, setup_.request->request_uri().scheme, Finding::Nowhere);
        remember({480, "Temporarily Unavailable", 0, nullptr, 0, FailureCause::Routing});
        return false;
    }
    const std::string target = request_uri(setup_.request->request_uri(), allowed->leg_scheme(),
                                           caller_adjacency(), adjacency(to));
    return open_branch(*allowed, {.adjacency = to, .hop = *hop, .uri = target});
}

// What the registrar behind us knows by a token may be there no more: nobody else is meant by it.
void Call::miss_contact() {
    record_->decisions.add(0, Event::Fork, setup_.request->request_uri().scheme,
                           Finding::NotRegistered);
    remember(unanswered(TerminationCause::TransportError, true, sip::Transport::Tcp,
                        caller_adjacency(), 0));
}

bool Call::open_location(std::string_view token) {
    if (!token.empty()) {
        auto contact = host_.find_contact(ref(), token, setup_.caller.adjacency);
        if (!contact) {
            miss_contact();
            return false;
        }
        rounds_ = registrar::rounds_of({std::move(*contact)});
        return try_next_round();
    }
    const std::string user = sip::address_of_record(setup_.request->request_uri());
    auto bindings = host_.find_location(ref(), user);
    if (bindings.empty()) {
        record_->decisions.add(
            0, Event::Fork, setup_.request->request_uri().scheme,
            host_.is_subscriber(user) ? Finding::NotRegistered : Finding::NoSuchUser);
        // An untrusted caller learns nothing about who exists.
        const bool may_know = caller_adjacency().is_trusted();
        const bool is_unknown = may_know && !host_.is_subscriber(user);
        remember({is_unknown ? 404 : 480, is_unknown ? "Not Found" : "Temporarily Unavailable", 0,
                  nullptr, 0, FailureCause::Routing});
        return false;
    }
    rounds_ = registrar::rounds_of(std::move(bindings));
    return try_next_round();
}

bool Call::try_next_round() {
    registrar::Round round = std::move(rounds_.front());
    rounds_.pop_front();
    bool is_sent = false;
    for (registrar::Candidate& each : round) {
        is_sent = open_contact(std::move(each)) || is_sent;
    }
    return is_sent;
}

bool Call::open_contact(registrar::Candidate candidate) {
    registrar::Binding& binding = candidate.binding;
    const auto allowed = permit(binding.adjacency, binding.scheme, Event::Fork);
    if (!allowed) {
        refuse(allowed.error(), Event::Fork);
        if (!caller_adjacency().is_trusted()) {
            best_ =
                Failure{480, "Temporarily Unavailable", 0, nullptr, 0, FailureCause::SetupPolicy};
        }
        return false;
    }
    const auto contact = sip::parse_uri(binding.contact);
    // Headers in the registered URI stay behind: with_scheme drops them (RFC 4475 §3.3.14).
    return contact &&
           open_branch(*allowed, {.adjacency = binding.adjacency,
                                  .hop = binding.hop,
                                  .uri = sip::with_scheme(*contact, allowed->leg_scheme()),
                                  .address_of_record = binding.address_of_record,
                                  .token = registrar::token_of(binding),
                                  .route = std::move(binding.path),
                                  .other_flows = std::move(candidate.other_flows)});
}

// RFC 5626 §7: only where the phone itself did not answer.
bool Call::try_other_flow(std::size_t index) {
    std::vector<registrar::Binding> flows = std::move(branches_[index].other_flows);
    const bool is_wanted = !is_cancelled_ && !is_answered_ && !branches_[index].is_cancelled;
    while (is_wanted && !flows.empty()) {
        registrar::Candidate next{std::move(flows.front()), {}};
        flows.erase(flows.begin());
        next.other_flows = flows;
        if (open_contact(std::move(next))) {
            return true;
        }
    }
    return false;
}

bool Call::open_branch(const policy::Permit& permit, Destination destination) {
    const AdjacencyIndex to = destination.adjacency;
    const Event event = event_of(destination.redirects, destination.address_of_record, next_route_);
    const auto note = [&](auto what) {
        record_->decisions.add(to, event, permit.leg_scheme(), what);
    };
    if (branches_.size() >= max_branches) {
        note(Finding::TooMany);
        remember({480, "Temporarily Unavailable", 0, nullptr, 0, FailureCause::Resource});
        return false;
    }
    const sip::Message& request = *setup_.request;
    const Adjacency& out = adjacency(to);
    const auto way = policy::media_way(caller_adjacency(), out, host_.is_media_engine_up());
    if (way == policy::MediaWay::None) {
        note(policy::MediaRefusal::EngineDown);
        refuse(policy::MediaRefusal::EngineDown);
        return false;
    }
    const sip::NameAddr& from = told_from(request, out);
    const sip::Scheme leg_scheme =
        permit.leg_scheme() == sip::Scheme::Sips ? sip::Scheme::Sips : sip::Scheme::Sip;
    Branch branch;
    branch.adjacency = to;
    branch.scheme = leg_scheme;
    branch.hop = destination.hop;
    branch.address_of_record = std::move(destination.address_of_record);
    branch.token = std::move(destination.token);
    branch.other_flows = std::move(destination.other_flows);
    branch.local_tag = make_tag(setup_.bucket, host_.random());
    branch.redirects = destination.redirects;
    branch.heard = host_.now().monotonic;
    branch.unsent = std::make_unique<Unsent>(Unsent{
        .permit = permit,
        .event = event,
        .request_uri = std::move(destination.uri),
        .from =
            from_address(from, leg_scheme, caller_adjacency(), out) + ";tag=" + branch.local_tag,
        .to = to_address(request.to(), leg_scheme, caller_adjacency(), out),
        .call_id = bucket_token(setup_.bucket, host_.random(), 24),
        .contact = contact(out, destination.hop.transport, leg_scheme, contact_user(from)),
        .route = std::move(destination.route),
        .ticket = {}});
    const Unsent& unsent = *branch.unsent;
    const std::string callers = contact(caller_adjacency(), setup_.from.transport, caller_scheme_,
                                        contact_user(request.to()));
    if (const int status =
            refuse_length(unsent.request_uri, {unsent.from, unsent.to, unsent.contact, callers})) {
        note(Finding::TooLong);
        remember({status, std::string(sip::reason_phrase(status)), 0, nullptr, 0});
        return false;
    }
    if (policy::lacks_privacy(out, policy::privacy_of(request),
                              way == policy::MediaWay::Anchored)) {
        note(Finding::NotPrivate);
        host_.count_refusal("privacy-critical");
        remember({500, "Privacy Not Available", 0, nullptr, 0, FailureCause::SetupPolicy});
        return false;
    }
    policy::MediaVerdict media;
    if (way == policy::MediaWay::Anchored) {
        branch.media = new_session();
    }
    if (branch.media != nullptr && bears_description(request)) {
        if (const auto ticket = anchorage_.ask(offer_of(branch))) {
            branch.unsent->ticket = *ticket;
        } else {
            media = judge_offer(branch);
        }
    } else {
        media = judge_offer(branch);
    }
    if (!media.passes()) {
        note(*media.refusal);
        refuse(*media.refusal);
        return false;
    }
    if (is_at_limit(permit, to, event)) {
        return false;
    }
    const bool is_ready = !unsent.ticket;
    host_.own_tag(branch.local_tag, ref());
    host_.own_call_id(unsent.call_id, ref());
    branches_.push_back(std::move(branch));
    record_->to_adjacency = out.name;
    record_->to_security = out.security;
    if (is_ready) {
        send_branch(branches_.size() - 1, media);
    }
    return true;
}

// Of the admission policy. It says nothing of us as a whole: RFC 3261 §16.7 step 6.
bool Call::is_at_limit(const policy::Permit& permit, AdjacencyIndex to, Event event) {
    const auto refusal =
        host_.admit(ref(),
                    {.kind = policy::CacEvent::Kind::Call,
                     .source = setup_.caller.adjacency,
                     .source_address = setup_.from.remote.address,
                     .destination = to},
                    policy::is_emergency(*setup_.snapshot, setup_.request->request_uri())
                        ? policy::CacGate::Urgency::Emergency
                        : policy::CacGate::Urgency::Normal);
    if (refusal) {
        record_->decisions.add(to, event, permit.leg_scheme(), refusal->limit);
        host_.count_refusal(to_string(refusal->limit));
        remember({480, "Temporarily Unavailable", 0, nullptr, 0, policy::cause_of(refusal->limit)});
        if (best_->status == 480 && is_our_finding(*best_)) {
            best_->detail = refusal->detail;  // the last one is said
        }
    }
    return refusal.has_value();
}

void Call::note_leg(const Branch& branch, std::string_view call_id) {
    record_->to_leg = {.identity = branch.address_of_record,
                       .scheme = std::string(to_string(branch.scheme)),
                       .transport = std::string(to_string(branch.hop.transport)),
                       .peer = branch.hop.remote.to_string(),
                       .call_id = std::string(call_id),
                       .media = {}};
}

policy::MediaVerdict Call::judge_offer(const Branch& branch) const {
    const Adjacency& out = adjacency(branch.adjacency);
    return branch.media != nullptr
               ? context_.anchorage->take(caller_adjacency(), out, *setup_.request)
               : policy::judge_media(policy::media_leg(caller_adjacency()), policy::media_leg(out),
                                     *setup_.request);
}

void Call::send_branch(std::size_t index, const policy::MediaVerdict& media) {
    Branch& branch = branches_[index];
    const std::unique_ptr<Unsent> unsent = std::move(branch.unsent);
    const sip::Message& request = *setup_.request;
    const Adjacency& out = adjacency(branch.adjacency);
    record_->decisions.add(branch.adjacency, unsent->event, unsent->permit.leg_scheme(),
                           Finding::Sent);
    note_leg(branch, unsent->call_id);
    auto builder = sip::MessageBuilder::request("INVITE", unsent->request_uri);
    builder.header(HeaderName::Via,
                   via(out, branch.hop.transport,
                       sip::transaction::make_branch(setup_.bucket, host_.random())));
    builder.header(HeaderName::MaxForwards,
                   std::to_string(request.max_forwards().value_or(70) - 1));
    builder.header(HeaderName::From, unsent->from);
    builder.header(HeaderName::To, unsent->to);
    builder.header(HeaderName::CallId, unsent->call_id);
    builder.header(HeaderName::CSeq, "1 INVITE");
    builder.header(HeaderName::Contact, unsent->contact);
    for (const std::string& each : unsent->route) {
        builder.header(HeaderName::Route, each);
    }
    if (policy::carries_challenges(out, setup_.caller.adjacency)) {
        copy_credentials(builder, request, [&](const sip::HeaderLine& line) {
            return host_.is_answer(branch.token, setup_.caller.adjacency, line);
        });
    }
    copy_end_to_end(builder, request, caller_adjacency(), out, caller(branch),
                    setup_.removed_headers);
    copy_body(builder, request, media);
    branch.invite = builder.build();
    branch.heard = host_.now().monotonic;
    branch.client = host_.send_new(ref(), unsent->permit, branch.hop, branch.invite);
    host_.start_timer(ref(), timer_c, static_cast<std::uint32_t>(index));
}

policy::MediaVerdict Call::judge_response(const Branch& branch, const sip::Message& response) {
    const Adjacency& out = adjacency(branch.adjacency);
    return branch.media != nullptr
               ? anchorage_.take(out, caller_adjacency(), response)
               : judge_answer(out, caller_adjacency(), *branch.invite, response);
}

void Call::refuse(Refusal refusal, Event event) {
    host_.count_refusal(policy::to_string(refusal));
    const Answer answer = policy::answer_to(refusal, event, setup_.security);
    remember({answer.status, std::string(policy::reason_phrase(refusal)), answer.warning, nullptr,
              0, FailureCause::SetupPolicy, refusal});
}

void Call::refuse(policy::MediaRefusal refusal) {
    host_.count_refusal(policy::to_string(refusal));
    const policy::MediaAnswer answer = policy::answer_to(refusal);
    remember({answer.status, std::string(answer.text), answer.warning, nullptr, 0,
              policy::cause_of(refusal)});
}

void Call::fail() {
    if (is_answered_) {
        return;
    }
    Failure failure = best_.value_or(
        Failure{480, "Temporarily Unavailable", 0, nullptr, 0, FailureCause::Routing});
    if (is_cancelled_) {
        failure = Failure{487, "Request Terminated", 0, nullptr, 0};
    }
    const bool is_any_sent = std::ranges::any_of(
        branches_, [](const Branch& branch) { return branch.invite != nullptr; });
    if (!is_cancelled_ && !is_any_sent && is_our_finding(failure) &&
        policy::would_tell_who_exists(caller_adjacency(), setup_.routes)) {
        failure.status = 480;  // for the record its reason stays
        context_.answer(setup_.caller.adjacency, setup_.invite, *setup_.request, 480,
                        sip::reason_phrase(480));
    } else if (failure.response == nullptr) {
        context_.answer(setup_.caller.adjacency, setup_.invite, *setup_.request, failure.status,
                        failure.reason, failure.warning,
                        rule_to_tell(failure, record_->decisions, caller_adjacency()));
    } else {
        const Branch& branch = branches_[failure.attempt];
        auto builder =
            sip::reply(*setup_.request, failure.status, context_.own_tag, failure.reason);
        const Adjacency& out = adjacency(branch.adjacency);
        copy_end_to_end(builder, *failure.response, out, caller_adjacency(), callee(branch));
        if (failure.warning != 0) {
            builder.header(HeaderName::Warning, warning(caller_adjacency(), failure.warning));
        }
        if (failure.status == 401 || failure.status == 407) {
            copy_digest_challenges(builder, *failure.response);
            host_.challenge_passes(branch.token, setup_.caller.adjacency, *failure.response);
        }
        if (failure.status < 400) {
            for (const auto& target : failure.response->name_addrs(HeaderName::Contact)
                                          .value_or(std::vector<sip::NameAddr>{})) {
                if (permit(branch.adjacency, target.uri.scheme, Event::Redirect)) {
                    // On a leg with `sips-conversion` it was sip; for the caller it is its own.
                    const auto contact = redirect_contact(
                        target, caller_scheme_, out, caller_adjacency(),
                        [&](const sip::DialogIds& ids) {
                            return host_.vouch_for(
                                ids, {{branch.adjacency, "", branch.address_of_record},
                                      branch.hop.remote.address});
                        });
                    if (contact) {
                        builder.header(HeaderName::Contact, *contact);
                    }
                }
            }
        }
        copy_body(
            builder, *failure.response,
            branch.media != nullptr
                ? anchorage_.take(out, caller_adjacency(), *failure.response)
                : policy::judge_media(policy::media_leg(out), policy::media_leg(caller_adjacency()),
                                      *failure.response));
        host_.respond(setup_.invite, builder.build());
    }
    is_answered_ = true;
    for (const auto& pair : pairs_) {
        pair->on_invite_answered();
    }
    if (!is_cancelled_) {
        record_->cause = failure.cause;
    }
    finish(is_cancelled_                 ? "cancelled"
           : failure.response == nullptr ? "refused"
                                         : "failed",
           failure.status,
           !failure.detail.empty() ? std::string_view(failure.detail)
           : failure.response == nullptr
               ? policy::reason_in_words(record_->decisions, failure.status, failure.reason)
               : std::string_view(failure.reason));
    drop_requests();
}

void Call::on_response(ClientId id, const sip::MessagePtr& response) {
    for (Branch& branch : branches_) {
        if (branch.client == id) {  // now: it is not known for long
            branch.hop = host_.hop_of(id, branch.hop);
        }
    }
    take({.kind = Arrival::Kind::Response, .client = id, .message = response});
}

void Call::on_response_now(ClientId id, const sip::MessagePtr& response) {
    for (std::size_t i = 0; i < branches_.size(); ++i) {
        Branch& branch = branches_[i];
        if (branch.client != id) {
            continue;
        }
        const int status = response->status();
        if (status < 200) {
            on_provisional(i, response);
        } else if (status < 300) {
            on_success(i, response);
        } else if (branch.is_open) {
            close_branch(i);
            if (status < 400) {
                on_redirect(i, response);
            } else if ((status != 408 && status != 430) || !try_other_flow(i)) {
                on_failure(i, {status, std::string(response->reason()), 0, response, i});
            }
        }
        check_over();
        return;
    }
    if (joining_ && joining_->client == id) {
        on_newcomers_answer(response);
        check_over();
        return;
    }
    if (const auto fate = transfer_ ? transfer_->on_response(id, response) : std::nullopt) {
        act_on(transfer_->pair(), *fate);
        check_over();
        return;
    }
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
        if (const auto fate = pairs_[i]->on_response(id, response)) {
            referrals_.on_response(i, *response, host_.now().monotonic, 64 * host_.timers().t1);
            act_on(i, *fate);
            check_over();
            return;
        }
    }
}

std::uint32_t Call::next_cseq(ClientId id, std::uint32_t used) {
    if (joining_ && joining_->client == id) {
        const Place& place = joining_->place;
        return pairs_[place.pair]->leg(other_side(place.side)).dialog.next_cseq();
    }
    if (const auto cseq = transfer_ ? transfer_->next_cseq(id) : std::nullopt) {
        return *cseq;
    }
    for (const auto& pair : pairs_) {
        if (const auto cseq = pair->next_cseq(id)) {
            return *cseq;
        }
    }
    return used + 1;
}

void Call::on_sent_again(ClientId id, const sip::MessagePtr& request) {
    for (Branch& branch : branches_) {
        if (branch.client == id) {
            branch.invite = request;
        }
    }
    if (joining_ && joining_->client == id) {
        const Place& place = joining_->place;
        pairs_[place.pair]->leg(other_side(place.side)).invited = request;
    }
    if (transfer_) {
        transfer_->on_sent_again(id, request);
    }
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
        const auto before = pairs_[i]->on_sent_again(id, request);
        if (before != nullptr && request->method() == Method::Refer) {
            referrals_.renumber(i, before->cseq().number, request->cseq().number);
        }
    }
}

void Call::on_provisional(std::size_t index, const sip::MessagePtr& response) {
    Branch& branch = branches_[index];
    branch.heard = host_.now().monotonic;
    if (branch.is_cancelled) {
        cancel_branch(branch);  // it had to wait for this (RFC 3261 §9.1)
        return;
    }
    if (response->status() == 100 || is_answered_ || !branch.is_open) {
        return;
    }
    if (response->to_tag().empty()) {
        ring_without_dialog(branch, *response);
        return;
    }
    const auto dialogs = static_cast<std::size_t>(std::count_if(
        pairs_.begin(), pairs_.end(), [&](const auto& pair) { return pair->branch() == index; }));
    if (dialogs >= max_dialogs && find_pair(index, *response) == nullptr) {
        return;  // nobody forks like that: what there is may still answer
    }
    const auto media = judge_response(branch, *response);
    DialogPair* pair = media.passes() ? pair_for(index, response) : nullptr;
    if (pair == nullptr) {  // a description or a Contact that may not pass: this branch is no good
        if (media.refusal) {
            refuse(*media.refusal);
        }
        cancel_branch(branch);
        return;
    }
    if (pair->is_over()) {
        return;
    }
    note_ringing(branch, *response);
    auto builder = sip::reply(*setup_.request, response->status(),
                              pair->leg(Side::Caller).dialog.local_tag(), response->reason());
    builder.copy(HeaderName::RecordRoute, *setup_.request);  // RFC 3261 §12.1.1
    builder.header(HeaderName::Contact, contact(caller_adjacency(), setup_.from.transport,
                                                caller_scheme_, pair->leg(Side::Caller).user));
    pair->pass_provisional({Side::Caller, setup_.invite, setup_.request, branch.invite}, *response,
                           media, builder);
}

// RFC 3261 §12.1.2: of a peer of RFC 2543. It makes no dialog there. Its body would be of none,
// and its reliability too, which RFC 3262 §4 acknowledges within one: both stay behind.
void Call::ring_without_dialog(Branch& branch, const sip::Message& response) {
    note_ringing(branch, response);
    auto builder =
        sip::reply(*setup_.request, response.status(), context_.own_tag, response.reason());
    constexpr std::array not_required{HeaderName::Require};
    copy_end_to_end(builder, response, adjacency(branch.adjacency), caller_adjacency(),
                    callee(branch), not_required);
    host_.respond(setup_.invite, builder.build());
}

void Call::note_ringing(Branch& branch, const sip::Message& response) {
    branch.has_rung = true;
    if (!record_->ringing && response.status() == 180) {
        record_->ringing = host_.now().wall;
    }
}

DialogPair* Call::find_pair(std::size_t branch, const sip::Message& response) {
    for (const auto& pair : pairs_) {
        if (pair->branch() == branch &&
            pair->leg(Side::Callee).dialog.remote_tag() == response.to_tag()) {
            return pair.get();
        }
    }
    return nullptr;
}

// The pair of dialogs that a response with this To tag belongs to. Null where it may not exist: the
// Contact changes the scheme, or does not parse.
DialogPair* Call::pair_for(std::size_t index, const sip::MessagePtr& response) {
    if (DialogPair* known = find_pair(index, *response)) {
        return known;
    }
    Branch& branch = branches_[index];
    const auto their_contact = sip::dialog_contact(*response);
    if (!their_contact) {
        remember({502, "Bad Gateway", 0, nullptr, 0});
        return nullptr;
    }
    if (*their_contact) {
        const auto allowed =
            permit(branch.adjacency, (*their_contact)->uri.scheme, Event::RefreshByResponse);
        if (!allowed) {
            host_.count_refusal(policy::to_string(allowed.error()));
            const Answer answer =
                policy::answer_to(allowed.error(), Event::Initial, setup_.security);
            remember({answer.status == 0 ? 480 : answer.status,
                      std::string(policy::reason_phrase(allowed.error())), answer.warning, nullptr,
                      0, FailureCause::SetupPolicy, allowed.error()});
            return nullptr;
        }
    }
    auto callee = sip::Dialog::of_response(*branch.invite, *response);
    const std::string tag = make_tag(setup_.bucket, host_.random());
    auto caller = sip::Dialog::of_request(*setup_.request, tag, sip::Dialog::State::Early);
    if (!callee || !caller) {
        remember({502, "Bad Gateway", 0, nullptr, 0});
        return nullptr;
    }
    host_.own_tag(tag, ref());
    Leg callers{.peer = setup_.caller,
                .scheme = caller_scheme_,
                .user = contact_user(setup_.request->to()),
                .hop = setup_.from,
                .dialog = std::move(*caller),
                .asked = policy::privacy_of(*setup_.request),
                .is_ended = setup_.absent_caller.has_value()};
    Leg callees{.peer = host_.proof_of(branch.adjacency, branch.hop, branch.address_of_record),
                .scheme = branch.scheme,
                .user = contact_user(told_from(*setup_.request, adjacency(branch.adjacency))),
                .hop = branch.hop,
                .dialog = std::move(*callee),
                .went_out = true,
                .token = branch.token};
    if (bears_description(*setup_.request)) {
        callers.session.on_offer_received();
        callees.session.on_offer_sent();
    }
    pairs_.push_back(std::make_unique<DialogPair>(context_, pairs_.size(), index,
                                                  std::move(callers), std::move(callees)));
    pairs_.back()->set_anchor(
        {.session = branch.media, .callee_tag = std::string(response->to_tag())});
    return pairs_.back().get();
}

void Call::on_success(std::size_t index, const sip::MessagePtr& response) {
    Branch& branch = branches_[index];
    const bool was_open = std::exchange(branch.is_open, false);
    if (confirmed_) {
        DialogPair& pair = *pairs_[*confirmed_];
        if (pair.branch() == index &&
            pair.leg(Side::Callee).dialog.remote_tag() == response->to_tag()) {
            pair.repeat_ack(Side::Callee, response->cseq().number);
            return;
        }
    }
    if (branch.acknowledged && branch.acknowledged->to_tag == response->to_tag()) {
        if (const std::string& ack = branch.acknowledged->ack; !ack.empty()) {
            host_.send_ack(branch.acknowledged->hop,
                           sip::Message::parse(ack, sip::Framing::Datagram).message);
        }
        return;
    }
    const DialogPair* early = find_pair(index, *response);
    const bool is_given_up = early != nullptr && early->is_over();
    if (is_answered_ || branch.is_cancelled || is_given_up) {
        drop_surplus(branch, response);
        if (is_given_up) {
            next_route_ = setup_.routes.size();  // it was answered: nobody else is tried
        }
        if (was_open) {
            go_on_or_fail();
        }
        return;
    }
    const auto media = judge_response(branch, *response);
    DialogPair* pair = nullptr;
    if (media.passes()) {
        pair = pair_for(index, response);
        if (pair != nullptr &&
            pair->leg(Side::Callee).dialog.state() == sip::Dialog::State::Early) {
            // The Contact of the 2xx counts, whatever a 1xx said.
            const auto their_contact = sip::dialog_contact(*response);
            const bool is_allowed =
                their_contact &&
                (!*their_contact ||
                 permit(branch.adjacency, (*their_contact)->uri.scheme, Event::RefreshByResponse)
                     .has_value());
            if (!is_allowed || !pair->leg(Side::Callee).dialog.confirm(*response)) {
                remember({480, "Target refresh changes the URI scheme", 0, nullptr, 0,
                          FailureCause::SetupPolicy});
                pair = nullptr;
            }
        }
    } else {
        refuse(*media.refusal);
    }
    if (pair == nullptr) {
        // RFC 3261 §13.2.2.4: ACK is owed, then BYE; the caller gets the negative response.
        drop_surplus(branch, response);
        cancel_branches(std::nullopt);
        next_route_ = setup_.routes.size();
        if (const auto best = best_; best && best->response != nullptr) {
            best_->response = nullptr;
        }
        fail();
        return;
    }
    confirm(*pair, response, media);
    cancel_branches(index, {R"(SIP;cause=200;text="Call completed elsewhere")"});  // RFC 3326 §3.1
}

void Call::confirm(DialogPair& pair, const sip::MessagePtr& response,
                   const policy::MediaVerdict& media) {
    const Branch& branch = branches_[pair.branch()];
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
        if (pairs_[i].get() == &pair) {
            confirmed_ = i;
        }
    }
    const Adjacency& out = adjacency(branch.adjacency);
    auto builder = sip::reply(*setup_.request, response->status(),
                              pair.leg(Side::Caller).dialog.local_tag(), response->reason());
    builder.copy(HeaderName::RecordRoute, *setup_.request);  // RFC 3261 §12.1.1
    builder.header(HeaderName::Contact, contact(caller_adjacency(), setup_.from.transport,
                                                caller_scheme_, pair.leg(Side::Caller).user));
    pair.note_privacy(Side::Callee, *response);
    copy_answer(builder, *response, *branch.invite, out, caller_adjacency(),
                pair.author(Side::Callee));
    copy_body(builder, *response, media);
    const sip::MessagePtr success = builder.build();

    is_answered_ = true;
    for (const auto& each : pairs_) {
        each->on_invite_answered();
    }
    record_->answer = host_.now().wall;
    record_->answered_at = host_.now().monotonic;
    record_->to_adjacency = out.name;
    record_->to_security = out.security;
    note_leg(branch, pair.leg(Side::Callee).dialog.call_id());
    record_->from_leg.media = media_kind(*success);
    record_->to_leg.media = media_kind(*response);
    record_->is_media_anchored = pair.media_session() != nullptr;
    pair.confirm({Side::Caller, setup_.invite, setup_.request, branch.invite}, success);
    keep();
    host_.respond_when_kept(setup_.invite, success);
    drop_requests();
    watch_media();
}

void Call::on_redirect(std::size_t index, const sip::MessagePtr& response) {
    Branch& branch = branches_[index];
    const AdjacencyIndex to = branch.adjacency;
    const auto targets = response->name_addrs(HeaderName::Contact);
    bool is_any_allowed = false;
    bool is_any_sent = false;
    std::optional<Refusal> refusal;
    if (targets && !branch.is_cancelled && !is_answered_) {
        for (const sip::NameAddr& target : *targets) {
            const auto allowed = permit(to, target.uri.scheme, Event::Redirect);
            if (!allowed) {
                refusal = allowed.error();
                host_.count_refusal(policy::to_string(allowed.error()));
                continue;
            }
            is_any_allowed = true;
            // A target from a 3xx stays on that adjacency and goes by its peer. Phones have none:
            // what they redirect to is the caller's to try.
            const auto hop = adjacency(to).redirect_mode == RedirectMode::Recurse &&
                                     branches_[index].redirects < adjacency(to).redirect_limit
                                 ? host_.hop_to(ref(), to)
                                 : std::nullopt;
            if (hop) {
                const bool is_tel = target.uri.scheme == sip::Scheme::Tel;
                is_any_sent =
                    open_branch(*allowed, {.adjacency = to,
                                           .hop = *hop,
                                           .uri = is_tel ? std::string(target.uri.text)
                                                         : sip::with_scheme(target.uri,
                                                                            allowed->leg_scheme()),
                                           .redirects = branches_[index].redirects + 1}) ||
                    is_any_sent;
            }
        }
    }
    if (is_any_sent) {
        return;
    }
    if (!is_any_allowed && refusal) {
        const Answer answer = policy::answer_to(*refusal, Event::Redirect, setup_.security);
        on_failure(index, {answer.status, std::string(policy::reason_phrase(*refusal)),
                           answer.warning, nullptr, index, FailureCause::SetupPolicy, refusal});
        return;
    }
    if (!is_any_allowed) {
        on_failure(index, {480, "Temporarily Unavailable", 0, nullptr, index});
        return;
    }
    on_failure(index, {response->status(), std::string(response->reason()), 0, response, index});
}

void Call::on_failure(std::size_t index, Failure failure) {
    const Branch& branch = branches_[index];
    const Adjacency& out = adjacency(branch.adjacency);
    const Event event = event_of(branch.redirects, branch.address_of_record, next_route_);
    const auto& triggers = setup_.snapshot->hunting_triggers(out);
    const bool hunts =
        std::find(triggers.begin(), triggers.end(), failure.status) != triggers.end();
    const bool is_phone = !branch.address_of_record.empty();
    const int scheme_warning =
        failure.response == nullptr
            ? 0
            : policy::scheme_warning(*failure.response, branch.scheme, caller_scheme_);
    if (scheme_warning != 0) {
        failure.warning = scheme_warning;
        rounds_.clear();
        next_route_ = setup_.routes.size();
    }
    if (failure.status >= 600) {  // RFC 3261 §16.7 step 5: nobody else is asked
        cancel_branches(std::nullopt,
                        {"SIP;cause=" + std::to_string(failure.status)});  // RFC 3326 §2
        rounds_.clear();
        next_route_ = setup_.routes.size();
    } else if (!hunts && !is_phone && failure.status >= 300) {
        next_route_ = setup_.routes.size();
    }
    const bool is_challenge = failure.status == 401 || failure.status == 407;
    const bool is_for_us =
        is_challenge && !(policy::carries_challenges(out, setup_.caller.adjacency) &&
                          failure.response && bears_digest_challenge(*failure.response));
    // Another of its phones counts too.
    const bool has_rung =
        branch.has_rung ||
        (is_phone && std::ranges::any_of(branches_, [&](const Branch& each) {
             return each.has_rung && each.address_of_record == branch.address_of_record;
         }));
    if (is_for_us || policy::tells_who_exists(*setup_.snapshot, setup_.caller.adjacency,
                                              branch.adjacency, failure.status, has_rung)) {
        // A challenge is never for the caller, nor who exists for one who is not trusted.
        failure = Failure{480, "Temporarily Unavailable", 0, nullptr, index};
        if (is_for_us && !branch.is_cancelled && branch.invite != nullptr) {
            record_->decisions.add(policy::failed(branch.adjacency, event, branch.scheme,
                                                  policy::challenged(*branch.invite, true)));
        }
    } else if (failure.status == 503) {
        // RFC 3261 §16.7 step 6: it says nothing about us.
        failure = Failure{500, "Server Internal Error", 0, nullptr, index};
    }
    if (!branch.is_cancelled || failure.status >= 600) {  // else it only obeyed
        remember(std::move(failure));
    }
    go_on_or_fail();
}

void Call::on_client_failed(ClientId id, TerminationCause cause) {
    const bool is_timeout = cause == TerminationCause::Timeout;
    for (std::size_t i = 0; i < branches_.size(); ++i) {
        if (branches_[i].client == id) {
            if (branches_[i].is_open) {
                close_branch(i);
                if (!try_other_flow(i)) {
                    const Branch& branch = branches_[i];
                    if (!branch.is_cancelled) {
                        record_->decisions.add(policy::failed(
                            branch.adjacency,
                            event_of(branch.redirects, branch.address_of_record, next_route_),
                            branch.scheme,
                            is_timeout ? policy::TargetFailure::Silent
                                       : policy::TargetFailure::Unreachable));
                    }
                    on_failure(i, unanswered(cause, !branch.address_of_record.empty(),
                                             branch.hop.transport, caller_adjacency(), i));
                }
            }
            check_over();
            return;
        }
    }
    if (joining_ && joining_->client == id) {
        const std::size_t pair = joining_->place.pair;
        drop_newcomer(is_timeout ? 408 : 480, is_timeout ? "Request Timeout" : "Not Reached");
        joining_.reset();
        pairs_[pair]->leg(Side::Caller).session.close();
        pairs_[pair]->leg(Side::Callee).session.close();
        if (is_timeout) {
            act_on(pair, Fate::lost("peer does not answer"));
        } else {
            pairs_[pair]->wait_for_flow();
        }
        check_over();
        return;
    }
    if (const auto fate = transfer_ ? transfer_->on_client_failed(id, cause) : std::nullopt) {
        act_on(transfer_->pair(), *fate);
        check_over();
        return;
    }
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
        if (const auto fate = pairs_[i]->on_client_failed(id, cause)) {
            act_on(i, *fate);
            check_over();
            return;
        }
    }
}

void Call::cancel_branches(std::optional<std::size_t> but, const Reasons& reasons) {
    for (std::size_t i = 0; i < branches_.size(); ++i) {
        if (but != i && branches_[i].is_open) {
            cancel_branch(branches_[i], reasons);
        }
    }
}

void Call::cancel_branch(Branch& branch, const Reasons& reasons) {
    if (!std::exchange(branch.is_cancelled, true)) {
        branch.reasons = reasons;
    }
    if (branch.unsent != nullptr) {
        branch.unsent.reset();
        branch.is_open = false;
        return;
    }
    if (branch.is_cancel_sent || !branch.is_open) {
        return;
    }
    // No id: not before the first provisional response (RFC 3261 §9.1). Once it is cancelled, the
    // transaction gives up by itself when no final response comes.
    branch.is_cancel_sent = static_cast<bool>(host_.cancel(ref(), branch.client, branch.reasons));
}

void Call::on_cancel(ServerId invite, const Reasons& reasons) {
    if (invite == setup_.invite) {
        if (is_answered_) {
            return;  // RFC 3261 §9.2: a final response was sent, nothing happens
        }
        is_cancelled_ = true;
        cancel_branches(std::nullopt, reasons);
        fail();
    } else if (joining_ && joining_->newcomer.invite == invite) {
        drop_newcomer(487, "Request Terminated", reasons);
    } else if (!drop_arrival(invite)) {
        for (const auto& pair : pairs_) {
            pair->on_cancel(invite, reasons);
        }
    }
    check_over();
}

// It has its final response, and its early dialogs end with it (RFC 3261 §12.3).
void Call::close_branch(std::size_t index) {
    branches_[index].is_open = false;
    for (const auto& pair : pairs_) {
        if (pair->branch() == index) {
            pair->abandon();
        }
    }
}

// One early dialog is of no use any more: its branch goes on if it forked downstream, the call if
// anybody else may still answer. False: nobody may.
bool Call::drop_early(std::size_t pair) {
    const std::size_t index = pairs_[pair]->branch();
    const bool has_forked = std::ranges::any_of(pairs_, [&](const auto& other) {
        return other != pairs_[pair] && other->branch() == index && !other->is_over();
    });
    if (has_forked && branches_[index].is_open) {
        pairs_[pair]->send_bye(Side::Callee);
    }
    pairs_[pair]->abandon();
    const bool is_left = std::ranges::any_of(branches_, [&](const Branch& branch) {
        return branch.is_open && !branch.is_cancelled &&
               (&branch != &branches_[index] || has_forked);
    });
    if (is_left && !has_forked) {
        cancel_branch(branches_[index], pairs_[pair]->reasons());
    }
    return is_left;
}

// The call is answered, and may stand for long. What is asked of its requests from now on is
// little.
void Call::drop_requests() {
    setup_.request.reset();
    best_.reset();
    for (Branch& branch : branches_) {
        if (const auto invite = std::exchange(branch.invite, nullptr)) {
            branch.kept_invite = essence_of(*invite);
        }
    }
}

// A 2xx that nobody waits for (RFC 3261 §13.2.2.4): it is acknowledged and its dialog ended.
void Call::drop_surplus(Branch& branch, const sip::MessagePtr& response) {
    const sip::MessagePtr invite =
        branch.invite != nullptr
            ? branch.invite
            : sip::Message::parse(branch.kept_invite, sip::Framing::Datagram).message;
    auto dialog = sip::Dialog::of_response(*invite, *response);
    if (!dialog) {
        // Its Contact or Record-Route cannot be read: what can be is the way that the INVITE went.
        dialog = sip::Dialog::of_response(*invite,
                                          *sip::reply(*invite, 200, response->to_tag()).build());
    }
    if (!dialog || branch.dropped.size() >= max_dropped) {
        return;
    }
    const Adjacency& out = adjacency(branch.adjacency);
    const bool is_repeated = std::find(branch.dropped.begin(), branch.dropped.end(),
                                       response->to_tag()) != branch.dropped.end();
    const auto own_via = [&] {
        return via(out, branch.hop.transport,
                   sip::transaction::make_branch(setup_.bucket, host_.random()));
    };
    auto ack = dialog->ack(response->cseq().number);
    ack.header(HeaderName::Via, own_via());
    add_credentials(ack, own_credentials(*invite));
    host_.send_ack(branch.hop, ack.build());
    if (is_repeated) {
        return;
    }
    branch.dropped.emplace_back(response->to_tag());
    auto bye = dialog->request(Method::Bye, "BYE");
    bye.header(HeaderName::Via, own_via());
    for (const std::string& reason : branch.reasons) {
        bye.header(HeaderName::Reason, reason);
    }
    host_.send_in_dialog(ref(), branch.hop, bye.build());
}

// ---- within dialogs -----------------------------------------------------------------------------

std::optional<Call::Place> Call::place_of(const sip::Message& request) const {
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
        if (const auto side = pairs_[i]->side_of(request)) {
            return Place{i, *side};
        }
    }
    return std::nullopt;
}

void Call::on_request(ServerId id, const sip::Hop& from, const sip::MessagePtr& request) {
    take({.kind = Arrival::Kind::Request, .server = id, .from = from, .message = request});
}

void Call::on_request_now(ServerId id, const sip::Hop& from, const sip::MessagePtr& request) {
    if (const auto place = place_of(*request)) {
        act_on(place->pair, pass_on(*place, id, from, request));
    } else {
        host_.refuse_unknown(id, from, *request);
    }
    check_over();
}

void Call::on_ack(const sip::Hop& from, const sip::MessagePtr& ack) {
    take({.kind = Arrival::Kind::Ack, .from = from, .message = ack});
}

void Call::on_ack_now(const sip::Hop& from, const sip::MessagePtr& ack) {
    if (const auto place = place_of(*ack)) {
        act_on(place->pair, pairs_[place->pair]->on_ack(place->side, from, ack));
        check_over();
    }
}

void Call::act_on(std::size_t pair, const Fate& fate) {
    switch (fate.kind) {
        case Fate::Kind::Stands:
            return;
        case Fate::Kind::HungUp:
            if (confirmed_ == pair && is_transferring() && transfer_->on_hang_up(fate.by)) {
                return;  // whoever remains is still to be joined to the target
            }
            if (confirmed_ == pair) {
                end_pair(fate.by == Side::Caller ? "caller hung up" : "callee hung up");
            } else if (fate.by == Side::Caller && !drop_early(pair) && !is_answered_) {
                // RFC 3261 §15: a BYE on an early dialog ends that one. On the last it ends the
                // attempt.
                is_cancelled_ = true;
                cancel_branches(std::nullopt, pairs_[pair]->reasons());
                fail();
            }
            return;
        case Fate::Kind::Transferred:
            on_transferred();
            return;
        case Fate::Kind::Lost:
            if (confirmed_ != pair && drop_early(pair)) {
                remember({fate.status, std::string(fate.reason), 0, nullptr, 0});
            } else if (confirmed_ == pair || !is_answered_) {
                lose(fate.reason, fate.status);
            }
            return;
    }
}

void Call::on_timer(std::uint32_t timer) {
    if (const auto of_pair = pair_timer(timer)) {
        CHECK(of_pair->pair < pairs_.size());  // no timer outlives its pair: keep_least
        act_on(of_pair->pair, pairs_[of_pair->pair]->on_timer(of_pair->timer, of_pair->number));
    } else if ((timer & referral_timer) != 0) {
        on_referral_timer(timer & ~referral_timer);
    } else if ((timer & newcomer_timer) != 0) {
        if (joining_ && (timer & ~newcomer_timer) == joining_->number) {
            drop_newcomer(408, "Request Timeout");
        }
    } else if ((timer & Transfer::timer_bit) != 0) {
        act_on(transfer_->pair(), transfer_->on_timer(timer & ~Transfer::timer_bit));
    } else if (timer == referrer_timer) {
        pairs_[*confirmed_]->end();  // after the NOTIFY it should have
    } else if (timer == caller_timer) {
        on_caller_timer();
    } else if (timer == media_timer) {
        look_at_media();
    } else if ((timer & lost_newcomer_timer) != 0) {
        on_newcomer_timer(timer & ~lost_newcomer_timer);
    } else {
        on_timer_c(timer);
    }
    check_over();
}

// Of the branch with that index.
void Call::on_timer_c(std::uint32_t index) {
    Branch& branch = branches_[index];
    if (!branch.is_open || branch.is_cancelled) {
        return;
    }
    const Duration silent = host_.now().monotonic - branch.heard;
    if (silent < timer_c) {
        host_.start_timer(ref(), timer_c - silent, index);
        return;
    }
    remember({408, "Request Timeout", 0, nullptr, index});
    cancel_branch(branch);
}

void Call::on_flow_closed(FlowId flow) {
    if (joining_ && !joining_->is_answered && !joining_->is_awaited &&
        !host_.can_answer(joining_->newcomer.invite)) {
        joining_->is_awaited = true;
        host_.start_timer(ref(), lost_flow_limit, lost_newcomer_timer | joining_->number);
    }
    if (confirmed_ && !is_over_) {
        pairs_[*confirmed_]->on_flow_closed(flow);
    } else if (!is_answered_ && !is_caller_awaited_ && !host_.can_answer(setup_.invite)) {
        is_caller_awaited_ = true;
        host_.start_timer(ref(), lost_flow_limit, caller_timer);
    }
}

// Whoever rings would ring, and answer, for nobody.
void Call::on_caller_timer() {
    is_caller_awaited_ = false;
    if (confirmed_) {
        act_on(*confirmed_, pairs_[*confirmed_]->on_timer(DialogPair::Timer::LostFlow, 0));
    } else if (!is_answered_ && !host_.can_answer(setup_.invite)) {
        best_.reset();  // nobody hears what others said
        lose("connection lost", 480);
    }
}

// The leg that remains would answer for nobody, and the one that it has would hear BYE.
void Call::on_newcomer_timer(std::uint32_t number) {
    if (joining_ && joining_->number == number) {
        joining_->is_awaited = false;
        if (!host_.can_answer(joining_->newcomer.invite)) {
            drop_newcomer(480, "Temporarily Unavailable");
        }
    }
}

std::optional<Sender> Call::sender_of(ServerId id) const {
    if (id == setup_.invite) {
        return Sender{setup_.caller, origin_.contact};
    }
    if (joining_ && joining_->newcomer.invite == id) {
        return Sender{joining_->newcomer.peer, contact_of(*joining_->newcomer.request)};
    }
    for (const auto& pair : pairs_) {
        if (auto sender = pair->sender_of(id)) {
            return sender;
        }
    }
    const auto waits = std::ranges::find(arrivals_, id, &Arrival::server);
    const auto place = waits == arrivals_.end() ? std::nullopt : place_of(*waits->message);
    if (place) {
        const Leg& leg = pairs_[place->pair]->leg(place->side);
        return Sender{leg.peer, leg.dialog.remote_target()};
    }
    return std::nullopt;
}

std::vector<AdjacencyIndex> Call::adjacencies() const {
    std::vector<AdjacencyIndex> out;
    if (!is_over_ && !confirmed_) {
        out.push_back(setup_.caller.adjacency);
    }
    for (const Branch& branch : branches_) {
        if (branch.is_open) {
            out.push_back(branch.adjacency);
        }
    }
    for (const auto& pair : pairs_) {
        for (const Side side : {Side::Caller, Side::Callee}) {
            const Leg& leg = pair->leg(side);
            if (!leg.is_ended || leg.answered || leg.is_bye_owed || lingers()) {
                out.push_back(leg.peer.adjacency);
            }
        }
    }
    if (joining_) {
        out.push_back(joining_->newcomer.peer.adjacency);
    }
    return out;
}

// Neither a party nor an operator ends it.
void Call::lose(std::string_view reason, int status) {
    if (confirmed_ && record_->result.empty()) {
        record_->cause = FailureCause::ActiveCall;
    }
    terminate(reason, status);
}

void Call::terminate(std::string_view reason, int status) {
    if (confirmed_) {
        end_pair(reason);
    } else if (!is_over_) {
        const Failure failure{status, std::string(reason), 0, nullptr, 0};
        if (status >= 500) {
            best_ = failure;  // whatever other branches said
        } else {
            remember(failure);
        }
        next_route_ = setup_.routes.size();
        cancel_branches(std::nullopt);
        fail();
    }
    check_over();
}

void Call::end_pair(std::string_view reason) {
    drop_newcomer(480, "Temporarily Unavailable");
    if (transfer_ != nullptr) {
        transfer_->give_up();
    }
    close_relays();
    pairs_[*confirmed_]->end();
    finish("answered", record_->status == 0 ? 200 : record_->status, reason);
}

// Nobody is left waiting for an answer.
void Call::close_relays() {
    for (const auto& pair : pairs_) {
        pair->close_relays();
    }
}

void Call::finish(std::string_view result, int status, std::string_view reason) {
    if (is_over_ || !record_->result.empty()) {
        return;
    }
    record_->result = result;
    record_->status = status;
    record_->reason = reason;
    record_->end = host_.now().wall;
    if (record_->answered_at) {
        record_->lasted = host_.now().monotonic - *record_->answered_at;
    }
}

void Call::check_over() {
    release_media();
    take_back_offer();
    if (is_over_ && was_lingering_ && !lingers()) {
        was_lingering_ = false;
        host_.release(ref());
    }
    if (is_over_ || record_->result.empty()) {
        keep();
        return;
    }
    const bool is_any_open =
        std::any_of(branches_.begin(), branches_.end(), [](const Branch& b) { return b.is_open; });
    const bool is_pair_up = confirmed_ && !pairs_[*confirmed_]->is_over();
    if (is_any_open || is_pair_up) {
        keep();
        return;
    }
    close_relays();
    is_over_ = true;
    release_media();
    was_lingering_ = lingers();
    host_.end(ref(), *record_);
    advance();  // whoever waits is told that it is over
}

bool Call::keep_least() {
    const bool is_owed = joining_ || transfer_ || std::ranges::any_of(pairs_, [](const auto& pair) {
                             return pair->is_owed();
                         });
    if (!is_over_ || lingers() || is_owed) {
        return false;
    }
    if (confirmed_) {
        const DialogPair& pair = *pairs_[*confirmed_];
        const Leg& callee = pair.leg(Side::Callee);
        Branch& branch = branches_[pair.branch()];
        branch.acknowledged = std::make_unique<Branch::Acknowledged>(Branch::Acknowledged{
            callee.dialog.remote_tag(), host_.hop_in_dialog(ref(), callee).value_or(branch.hop),
            callee.accepted ? callee.accepted->ack : ""});
        confirmed_.reset();
    }
    pairs_.clear();
    pairs_.shrink_to_fit();
    context_.decisions = nullptr;
    record_.reset();
    return true;
}

std::optional<Usage::Progress> Call::progress() const {
    return is_over()
               ? std::nullopt
               : std::optional(Progress{setup_.caller.adjacency, record_->answer.has_value()});
}

std::optional<CallRecord> Call::record_so_far(std::string_view reason) const {
    CallRecord record = *record_;
    record.is_media_anchored =
        confirmed_ ? pairs_[*confirmed_]->media_session() != nullptr : !sessions_.empty();
    if (record.result.empty()) {
        record.result = is_established() ? "answered" : "failed";
        record.reason = reason;
        record.end = host_.now().wall;
    }
    return record;
}

bool Call::is_merged(const sip::Message& request) const {
    if (request.method() != Method::Invite) {
        return false;
    }
    if (request.call_id() == origin_.call_id) {
        return request.from_tag() == origin_.from_tag && request.cseq().number == origin_.cseq;
    }
    // It bears a Call-ID of ours. By another Request-URI than it went it is a spiral, and a call of
    // its own, as long as Max-Forwards lasts.
    const std::string as_sent = "INVITE " + std::string(request.request_uri_text()) + " ";
    return std::ranges::any_of(branches_, [&](const Branch& branch) {
        return branch.invite != nullptr ? branch.invite->bytes().starts_with(as_sent)
                                        : branch.kept_invite.starts_with(as_sent);
    });
}

bool Call::is_consistent() const {
    if (confirmed_ && (*confirmed_ >= pairs_.size() || !is_answered_)) {
        return false;
    }
    if (!std::ranges::all_of(pairs_, [](const auto& pair) { return pair->is_consistent(); })) {
        return false;
    }
    // Somebody must still be able to end it.
    return is_over_ || !record_->result.empty() || is_established() ||
           std::any_of(branches_.begin(), branches_.end(),
                       [](const Branch& b) { return b.is_open; });
}

}  // namespace ringwall::sbc::b2bua
