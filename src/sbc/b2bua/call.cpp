#include "sbc/b2bua/call.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "sbc/b2bua/topology_hiding.h"
#include "sbc/policy/carried.h"
#include "sbc/policy/media_security.h"
#include "sip/message_builder.h"
#include "sip/transaction/layer.h"

namespace ringwall::sbc::b2bua {

using policy::Answer;
using policy::Event;
using policy::Refusal;
using sip::HeaderName;
using sip::Method;
using sip::transaction::ClientId;
using sip::transaction::ServerId;
using sip::transaction::TerminationCause;

namespace {

// RFC 3261 §16.6 step 11: more than three minutes.
constexpr Duration timer_c = 181s;
constexpr std::size_t max_branches = 32;  // of one call, over all routes, forks and redirects
constexpr std::size_t max_dialogs = 16;   // early dialogs of one branch
constexpr std::size_t max_dropped = 64;   // surplus 2xx of one branch that get a BYE
// RFC 3261 says nothing of a peer whose connection is gone; within this it may come back.
constexpr Duration lost_flow_limit = 32s;

enum class TimerKind : std::uint32_t {
    TimerC,
    RelayTimerC,
    RepeatToCaller,
    RepeatToCallee,
    LostFlow
};

std::uint32_t cookie(TimerKind kind, std::size_t index) {
    return static_cast<std::uint32_t>(kind) << 24 | (static_cast<std::uint32_t>(index) & 0xffffffU);
}

bool is_refresh(Method method) {
    return method == Method::Invite || method == Method::Update;
}

// The user part that our Contact bears on a leg: that of the local party, so that people can read
// it.
std::string contact_user(const sip::NameAddr& local_party) {
    return std::string(local_party.uri.user);
}

// Multipart bodies are judged as a whole by judge_media.
bool is_sdp(const sip::Message& message) {
    return !message.body().empty() &&
           equals_ignoring_case(message.content_type(), "application/sdp");
}

// An offer or an answer, on its own or among other parts.
bool bears_description(const sip::Message& message) {
    return is_sdp(message) ||
           (!message.body().empty() &&
            equals_ignoring_case(message.content_type().substr(0, 10), "multipart/"));
}

// What `response` from a leg on `from` says may pass to one on `to`, and answers what was offered.
policy::MediaVerdict judge_answer(const Adjacency& from, const Adjacency& to,
                                  const sip::Message& offer, const sip::Message& response) {
    auto media = policy::judge_media(policy::media_leg(from), policy::media_leg(to), response);
    if (media.passes() && is_sdp(offer) && is_sdp(response)) {
        media.refusal = policy::answer_matches_offer(offer.body(), response.body());
    }
    return media;
}

sip::Scheme scheme_of(const sip::Uri& uri) {
    return uri.scheme == sip::Scheme::Sips ? sip::Scheme::Sips : sip::Scheme::Sip;
}

}  // namespace

Call::Call(CallHost& host, Setup setup)
    : host_(host),
      setup_(std::move(setup)),
      caller_scheme_(scheme_of(setup_.request->request_uri())),
      failure_tag_(bucket_token(setup_.bucket, host.random(), 20)) {
    record_.call = setup_.name;
    record_.caller = std::string(setup_.request->from().uri.text);
    record_.callee = std::string(setup_.request->request_uri_text());
    record_.from_adjacency = caller_adjacency().name;
    record_.from_security = caller_adjacency().security;
    record_.is_secure = setup_.security.is_secure();
    record_.start = host_.now().wall;
    host_.own_tag(failure_tag_, ref());
    host_.own_call_id(setup_.request->call_id(), ref());
}

// ---- set-up -------------------------------------------------------------------------------------

void Call::begin() {
    host_.respond(setup_.invite, sip::reply(*setup_.request, 100, {}).build());
    go_on_or_fail();
    check_over();
}

void Call::go_on_or_fail() {
    const bool is_any_open =
        std::any_of(branches_.begin(), branches_.end(), [](const Branch& b) { return b.is_open; });
    if (is_answered_ || is_any_open) {
        return;
    }
    while (!is_cancelled_ && next_route_ < setup_.routes.size()) {
        if (try_next_route()) {
            return;
        }
    }
    fail();
}

// True when something was sent.
bool Call::try_next_route() {
    const std::size_t index = next_route_++;
    const policy::Route& route = setup_.routes[index];
    if (std::holds_alternative<policy::ToLocation>(route)) {
        return open_location();
    }
    const AdjacencyIndex to = std::get<policy::ToAdjacency>(route).adjacency;
    const Event event = index == 0 ? Event::Initial : Event::Hunting;
    const auto allowed = policy::permit(
        setup_.security, policy::target_of(adjacency(to), setup_.request->request_uri().scheme),
        event);
    if (!allowed) {
        refuse(allowed.error(), event);
        return false;
    }
    const auto hop = host_.hop_to(to);
    if (!hop) {
        remember({480, "Temporarily Unavailable", 0, nullptr, 0});
        return false;
    }
    const std::string target = request_uri(setup_.request->request_uri(), allowed->leg_scheme(),
                                           caller_adjacency(), adjacency(to));
    return open_branch(*allowed, to, *hop, target, {}, 0);
}

bool Call::open_location() {
    const std::string user = sip::address_of_record(setup_.request->request_uri());
    const auto bindings = host_.find_location(user);
    if (bindings.empty()) {
        // An untrusted caller learns nothing about who exists.
        const bool may_know = caller_adjacency().is_trusted();
        const bool is_unknown = may_know && !host_.is_subscriber(user);
        remember({is_unknown ? 404 : 480, is_unknown ? "Not Found" : "Temporarily Unavailable", 0,
                  nullptr, 0});
        return false;
    }
    bool is_sent = false;
    for (const registrar::Binding& binding : bindings) {
        const auto allowed = policy::permit(
            setup_.security, policy::target_of(adjacency(binding.adjacency), binding.scheme),
            Event::Fork);
        if (!allowed) {
            refuse(allowed.error(), Event::Fork);
            if (!caller_adjacency().is_trusted()) {
                best_ = Failure{480, "Temporarily Unavailable", 0, nullptr, 0};
            }
            continue;
        }
        const auto contact = sip::parse_uri(binding.contact);
        if (!contact) {
            continue;
        }
        // Headers in the registered URI stay behind: with_scheme drops them (RFC 4475 §3.3.14).
        is_sent = open_branch(*allowed, binding.adjacency, binding.hop,
                              sip::with_scheme(*contact, allowed->leg_scheme()), user, 0) ||
                  is_sent;
    }
    return is_sent;
}

bool Call::open_branch(const policy::Permit& permit, AdjacencyIndex to, const sip::Hop& hop,
                       std::string_view target, std::string_view address_of_record,
                       unsigned redirects) {
    if (branches_.size() >= max_branches) {
        remember({480, "Temporarily Unavailable", 0, nullptr, 0});
        return false;
    }
    const sip::Message& request = *setup_.request;
    const Adjacency& out = adjacency(to);
    const auto media =
        policy::judge_media(policy::media_leg(caller_adjacency()), policy::media_leg(out), request);
    if (!media.passes()) {
        refuse(*media.refusal);
        return false;
    }
    const std::string tag = bucket_token(setup_.bucket, host_.random(), 20);
    const std::string call_id = bucket_token(setup_.bucket, host_.random(), 24);
    const sip::Scheme leg_scheme =
        permit.leg_scheme() == sip::Scheme::Sips ? sip::Scheme::Sips : sip::Scheme::Sip;

    auto builder = sip::MessageBuilder::request("INVITE", target);
    builder.header(
        HeaderName::Via,
        via(out, hop.transport, sip::transaction::make_branch(setup_.bucket, host_.random())));
    builder.header(HeaderName::MaxForwards,
                   std::to_string(request.max_forwards().value_or(70) - 1));
    builder.header(HeaderName::From, address(request.from(), out, leg_scheme) + ";tag=" + tag);
    builder.header(HeaderName::To, address(request.to(), out, leg_scheme));
    builder.header(HeaderName::CallId, call_id);
    builder.header(HeaderName::CSeq, "1 INVITE");
    builder.header(HeaderName::Contact,
                   contact(out, hop.transport, leg_scheme, contact_user(request.from())));
    copy_end_to_end(builder, request, caller_adjacency(), out, setup_.removed_headers);
    copy_body(builder, request, media);

    Branch branch;
    branch.adjacency = to;
    branch.scheme = leg_scheme;
    branch.hop = hop;
    branch.address_of_record = address_of_record;
    branch.invite = builder.build();
    branch.local_tag = tag;
    branch.redirects = redirects;
    branch.heard = host_.now().monotonic;
    host_.own_tag(tag, ref());
    host_.own_call_id(call_id, ref());
    branch.client = host_.send_new(ref(), permit, hop, branch.invite);
    host_.start_timer(ref(), timer_c, cookie(TimerKind::TimerC, branches_.size()));
    branches_.push_back(std::move(branch));
    record_.to_adjacency = out.name;
    record_.to_security = out.security;
    return true;
}

void Call::refuse(Refusal refusal, Event event) {
    host_.count_refusal(policy::to_string(refusal));
    const Answer answer = policy::answer_to(refusal, event, setup_.security);
    remember(
        {answer.status, std::string(policy::reason_phrase(refusal)), answer.warning, nullptr, 0});
}

void Call::refuse(policy::MediaRefusal refusal) {
    host_.count_refusal(policy::to_string(refusal));
    const policy::MediaAnswer answer = policy::answer_to(refusal);
    remember({answer.status, std::string(answer.text), answer.warning, nullptr, 0});
}

// RFC 3261 §16.7 step 6: a 6xx, else the lowest class; within a class what was decided ("busy")
// before what only says that nobody was there, else the first.
void Call::remember(Failure failure) {
    const auto rank = [](const Failure& f) {
        const bool is_absence = f.status == 404 || f.status == 408 || f.status == 480;
        return f.status >= 600 ? 0 : 2 * (f.status / 100) + (is_absence ? 1 : 0);
    };
    if (!best_ || rank(failure) < rank(*best_)) {
        best_ = std::move(failure);
    }
}

void Call::fail() {
    if (is_answered_) {
        return;
    }
    Failure failure = best_.value_or(Failure{480, "Temporarily Unavailable", 0, nullptr, 0});
    if (is_cancelled_) {
        failure = Failure{487, "Request Terminated", 0, nullptr, 0};
    }
    if (failure.response == nullptr) {
        answer(setup_.invite, *setup_.request, failure.status, failure.reason, failure.warning);
    } else {
        const Branch& branch = branches_[failure.branch];
        auto builder = sip::reply(*setup_.request, failure.status, failure_tag_, failure.reason);
        const Adjacency& out = adjacency(branch.adjacency);
        copy_end_to_end(builder, *failure.response, out, caller_adjacency());
        if (failure.status < 400) {
            for (const auto& target : failure.response->name_addrs(HeaderName::Contact)
                                          .value_or(std::vector<sip::NameAddr>{})) {
                if (policy::permit(
                        setup_.security,
                        policy::target_of(adjacency(branch.adjacency), target.uri.scheme),
                        Event::Redirect)) {
                    // On a leg with `sips-conversion` it was sip; for the caller it is its own.
                    const bool is_sip = target.uri.scheme != sip::Scheme::Tel;
                    const bool differs = is_sip && scheme_of(target.uri) != caller_scheme_;
                    builder.header(HeaderName::Contact,
                                   differs
                                       ? "<" + sip::with_scheme(target.uri, caller_scheme_) + ">"
                                       : std::string(target.text));
                }
            }
        }
        copy_body(builder, *failure.response,
                  policy::judge_media(policy::media_leg(out), policy::media_leg(caller_adjacency()),
                                      *failure.response));
        host_.respond(setup_.invite, builder.build());
    }
    is_answered_ = true;
    finish(is_cancelled_                 ? "cancelled"
           : failure.response == nullptr ? "refused"
                                         : "failed",
           failure.status, failure.reason);
}

void Call::on_response(ClientId id, const sip::MessagePtr& response) {
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
            branch.is_open = false;
            if (status < 400) {
                on_redirect(i, response);
            } else {
                on_failure(i, {status, std::string(response->reason()), 0, response, i});
            }
        }
        check_over();
        return;
    }
    for (Relay& relay : relays_) {
        if (relay.client == id) {
            on_relayed_response(relay, response);
            check_over();
            return;
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
    const auto dialogs = static_cast<std::size_t>(std::count_if(
        pairs_.begin(), pairs_.end(), [&](const auto& pair) { return pair->branch == index; }));
    if (dialogs >= max_dialogs && find_pair(index, *response) == nullptr) {
        return;  // nobody forks like that: what there is may still answer
    }
    const Adjacency& out = adjacency(branch.adjacency);
    const auto media = judge_answer(out, caller_adjacency(), *branch.invite, *response);
    Pair* pair = media.passes() ? pair_for(index, response) : nullptr;
    if (pair == nullptr) {  // a description or a Contact that may not pass: this branch is no good
        if (media.refusal) {
            refuse(*media.refusal);
        }
        cancel_branch(branch);
        return;
    }
    if (!record_.ringing && response->status() == 180) {
        record_.ringing = host_.now().wall;
    }
    auto builder = sip::reply(*setup_.request, response->status(), pair->caller.dialog.local_tag(),
                              response->reason());
    builder.copy(HeaderName::RecordRoute, *setup_.request);  // RFC 3261 §12.1.1
    builder.header(HeaderName::Contact, contact(caller_adjacency(), setup_.from.transport,
                                                caller_scheme_, pair->caller.user));
    copy_end_to_end(builder, *response, out, caller_adjacency());
    copy_body(builder, *response, media);
    host_.respond(setup_.invite, builder.build());
}

Call::Pair* Call::find_pair(std::size_t branch, const sip::Message& response) {
    for (const auto& pair : pairs_) {
        if (pair->branch == branch && pair->callee.dialog.remote_tag() == response.to_tag()) {
            return pair.get();
        }
    }
    return nullptr;
}

// The pair of dialogs that a response with this To tag belongs to. Null where it may not exist: the
// Contact changes the scheme, or does not parse.
Call::Pair* Call::pair_for(std::size_t index, const sip::MessagePtr& response) {
    if (Pair* known = find_pair(index, *response)) {
        return known;
    }
    Branch& branch = branches_[index];
    const auto their_contact = sip::dialog_contact(*response);
    if (!their_contact) {
        remember({502, "Bad Gateway", 0, nullptr, 0});
        return nullptr;
    }
    if (*their_contact) {
        const auto allowed = policy::permit(
            setup_.security,
            policy::target_of(adjacency(branch.adjacency), (*their_contact)->uri.scheme),
            Event::RefreshByResponse);
        if (!allowed) {
            host_.count_refusal(policy::to_string(allowed.error()));
            const Answer answer =
                policy::answer_to(allowed.error(), Event::Initial, setup_.security);
            remember({answer.status == 0 ? 480 : answer.status,
                      std::string(policy::reason_phrase(allowed.error())), answer.warning, nullptr,
                      0});
            return nullptr;
        }
    }
    auto callee = sip::Dialog::of_response(*branch.invite, *response);
    const std::string tag = bucket_token(setup_.bucket, host_.random(), 20);
    auto caller = sip::Dialog::of_request(*setup_.request, tag, sip::Dialog::State::Early);
    if (!callee || !caller) {
        remember({502, "Bad Gateway", 0, nullptr, 0});
        return nullptr;
    }
    host_.own_tag(tag, ref());
    pairs_.push_back(std::make_unique<Pair>(
        Pair{index,
             Leg{setup_.caller,
                 caller_scheme_,
                 contact_user(setup_.request->to()),
                 setup_.from,
                 std::move(*caller),
                 {},
                 {},
                 false},
             Leg{host_.proof_of(branch.adjacency, branch.hop, branch.address_of_record),
                 branch.scheme,
                 contact_user(setup_.request->from()),
                 branch.hop,
                 std::move(*callee),
                 {},
                 {},
                 false}}));
    return pairs_.back().get();
}

void Call::on_success(std::size_t index, const sip::MessagePtr& response) {
    Branch& branch = branches_[index];
    const bool was_open = std::exchange(branch.is_open, false);
    if (confirmed_) {
        Pair& pair = *pairs_[*confirmed_];
        if (pair.branch == index && pair.callee.dialog.remote_tag() == response->to_tag()) {
            if (pair.callee.accepted && pair.callee.accepted->ack != nullptr) {
                send_ack(pair, Side::Callee);
            }
            return;  // else its ACK comes when the caller's does
        }
    }
    if (is_answered_ || branch.is_cancelled) {
        drop_surplus(branch, response);
        if (was_open) {
            go_on_or_fail();
        }
        return;
    }
    const Adjacency& out = adjacency(branch.adjacency);
    const auto media = judge_answer(out, caller_adjacency(), *branch.invite, *response);
    Pair* pair = nullptr;
    if (media.passes()) {
        pair = pair_for(index, response);
        if (pair != nullptr && pair->callee.dialog.state() == sip::Dialog::State::Early) {
            // The Contact of the 2xx counts, whatever a 1xx said.
            const auto their_contact = sip::dialog_contact(*response);
            const bool is_allowed =
                their_contact &&
                (!*their_contact ||
                 policy::permit(setup_.security,
                                policy::target_of(out, (*their_contact)->uri.scheme),
                                Event::RefreshByResponse)
                     .has_value());
            if (!is_allowed || !pair->callee.dialog.confirm(*response)) {
                remember({480, "Target refresh changes the URI scheme", 0, nullptr, 0});
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
    cancel_branches(index);
}

void Call::confirm(Pair& pair, const sip::MessagePtr& response, const policy::MediaVerdict& media) {
    const Branch& branch = branches_[pair.branch];
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
        if (pairs_[i].get() == &pair) {
            confirmed_ = i;
        }
    }
    const Adjacency& out = adjacency(branch.adjacency);
    auto builder = sip::reply(*setup_.request, response->status(), pair.caller.dialog.local_tag(),
                              response->reason());
    builder.copy(HeaderName::RecordRoute, *setup_.request);  // RFC 3261 §12.1.1
    builder.header(HeaderName::Contact, contact(caller_adjacency(), setup_.from.transport,
                                                caller_scheme_, pair.caller.user));
    copy_end_to_end(builder, *response, out, caller_adjacency());
    copy_body(builder, *response, media);
    const sip::MessagePtr success = builder.build();

    pair.callee.accepted = Leg::Accepted{1, nullptr};
    pair.caller.dialog.confirm();
    pair.caller.answered = Leg::Answered{setup_.invite,
                                         success,
                                         setup_.request->cseq().number,
                                         host_.timers().t1,
                                         host_.now().monotonic + 64 * host_.timers().t1,
                                         bears_description(*setup_.request)};
    is_answered_ = true;
    record_.answer = host_.now().wall;
    record_.to_adjacency = out.name;
    record_.to_security = out.security;
    host_.respond(setup_.invite, success);
    start_repeating(*confirmed_, Side::Caller);
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
            const auto allowed =
                policy::permit(setup_.security, policy::target_of(adjacency(to), target.uri.scheme),
                               Event::Redirect);
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
                                 ? host_.hop_to(to)
                                 : std::nullopt;
            if (hop) {
                is_any_sent = open_branch(*allowed, to, *hop,
                                          target.uri.scheme == sip::Scheme::Tel
                                              ? std::string(target.uri.text)
                                              : sip::with_scheme(target.uri, allowed->leg_scheme()),
                                          {}, branches_[index].redirects + 1) ||
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
                           answer.warning, nullptr, index});
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
    const auto& triggers =
        out.hunting_trigger.empty() ? setup_.snapshot->hunting_trigger : out.hunting_trigger;
    const bool hunts =
        std::find(triggers.begin(), triggers.end(), failure.status) != triggers.end();
    const bool is_phone = !branch.address_of_record.empty();
    if (failure.status >= 600) {  // RFC 3261 §16.7 step 5: nobody else is asked
        cancel_branches(std::nullopt);
        next_route_ = setup_.routes.size();
    } else if (!hunts && !is_phone && failure.status >= 300) {
        next_route_ = setup_.routes.size();
    }
    if (failure.status == 401 || failure.status == 407) {
        // A challenge is for us, never for the caller.
        failure = Failure{480, "Temporarily Unavailable", 0, nullptr, index};
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
            if (std::exchange(branches_[i].is_open, false)) {
                on_failure(i, is_timeout ? Failure{408, "Request Timeout", 0, nullptr, i}
                                         : Failure{480, "Temporarily Unavailable", 0, nullptr, i});
            }
            check_over();
            return;
        }
    }
    for (Relay& relay : relays_) {
        if (relay.client == id && relay.is_open) {
            fail_relay(relay, is_timeout ? 408 : 480,
                       is_timeout ? "Request Timeout" : "Temporarily Unavailable");
            check_over();
            return;
        }
    }
}

void Call::cancel_branches(std::optional<std::size_t> but) {
    for (std::size_t i = 0; i < branches_.size(); ++i) {
        if (but != i && branches_[i].is_open) {
            cancel_branch(branches_[i]);
        }
    }
}

void Call::cancel_branch(Branch& branch) {
    branch.is_cancelled = true;
    if (branch.is_cancel_sent || !branch.is_open) {
        return;
    }
    // No id: not before the first provisional response (RFC 3261 §9.1). Once it is cancelled, the
    // transaction gives up by itself when no final response comes.
    branch.is_cancel_sent = static_cast<bool>(host_.cancel(ref(), branch.client));
}

void Call::on_cancel(ServerId invite) {
    if (invite == setup_.invite) {
        if (is_answered_) {
            return;  // RFC 3261 §9.2: a final response was sent, nothing happens
        }
        is_cancelled_ = true;
        cancel_branches(std::nullopt);
        fail();
    } else {
        for (Relay& relay : relays_) {
            if (relay.server == invite && relay.is_open) {
                // Before any provisional response it has to wait for one (RFC 3261 §9.1).
                relay.is_cancel_owed = !host_.cancel(ref(), relay.client);
            }
        }
    }
    check_over();
}

// A 2xx that nobody waits for (RFC 3261 §13.2.2.4): it is acknowledged and its dialog ended.
void Call::drop_surplus(Branch& branch, const sip::MessagePtr& response) {
    auto dialog = sip::Dialog::of_response(*branch.invite, *response);
    if (!dialog) {
        // Its Contact or Record-Route cannot be read: what can be is the way that the INVITE went.
        dialog = sip::Dialog::of_response(
            *branch.invite, *sip::reply(*branch.invite, 200, response->to_tag()).build());
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
    auto ack = dialog->ack(1);
    ack.header(HeaderName::Via, own_via());
    host_.send_ack(branch.hop, ack.build());
    if (is_repeated) {
        return;
    }
    branch.dropped.emplace_back(response->to_tag());
    auto bye = dialog->request(Method::Bye, "BYE");
    bye.header(HeaderName::Via, own_via());
    host_.send_in_dialog(ref(), branch.hop, bye.build());
}

// ---- within dialogs -----------------------------------------------------------------------------

std::optional<Call::Place> Call::place_of(const sip::Message& request) const {
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
        for (const Side side : {Side::Caller, Side::Callee}) {
            const sip::Dialog& dialog = pairs_[i]->leg(side).dialog;
            if (dialog.local_tag() == request.to_tag() &&
                dialog.remote_tag() == request.from_tag() &&
                dialog.call_id() == request.call_id()) {
                return Place{i, side};
            }
        }
    }
    return std::nullopt;
}

void Call::on_request(ServerId id, const sip::Hop& from, const sip::MessagePtr& request) {
    const auto place = place_of(*request);
    if (!place || !host_.is_peer_of(pairs_[place->pair]->leg(place->side), from)) {
        answer(id, *request, 481, "Call/Transaction Does Not Exist");
        return;
    }
    Pair& pair = *pairs_[place->pair];
    Leg& leg = pair.leg(place->side);
    if (leg.is_ended) {
        answer(id, *request, 481, "Call/Transaction Does Not Exist");
        return;
    }
    if (!leg.dialog.accept_cseq(*request)) {
        answer(id, *request, 500, "Server Internal Error");
        return;
    }
    leg.hop = from;
    if (request->method() == Method::Bye) {
        on_bye(*place, id, request);
    } else {
        relay(*place, id, request);
    }
    check_over();
}

void Call::on_bye(Place place, ServerId id, const sip::MessagePtr& request) {
    Pair& pair = *pairs_[place.pair];
    answer(id, *request, 200, "OK");
    pair.leg(place.side).is_ended = true;
    if (confirmed_ == place.pair) {
        end_pair(pair, place.side == Side::Caller ? "caller hung up" : "callee hung up");
        return;
    }
    // RFC 3261 §15: a BYE on an early dialog. Of the caller it ends the attempt.
    if (place.side == Side::Caller && !is_answered_) {
        is_cancelled_ = true;
        cancel_branches(std::nullopt);
        fail();
    }
}

void Call::relay(Place place, ServerId id, const sip::MessagePtr& request) {
    Pair& pair = *pairs_[place.pair];
    Leg& from = pair.leg(place.side);
    const Side other = place.side == Side::Caller ? Side::Callee : Side::Caller;
    Leg& to = pair.leg(other);
    const bool refreshes = is_refresh(request->method());
    if (!policy::is_carried_within_dialogs(request->method())) {
        const bool is_unknown = request->method() == Method::Unknown;
        answer(id, *request, is_unknown ? 501 : 405,
               is_unknown ? "Not Implemented" : "Method Not Allowed");
        return;
    }
    const std::uint32_t hops_left = request->max_forwards().value_or(70);
    if (hops_left == 0) {  // RFC 7332 §3: also within a dialog
        answer(id, *request, 483, "Too Many Hops");
        return;
    }
    if (!policy::unsupported_options(*request).empty()) {
        answer(id, *request, 420, "Bad Extension");
        return;
    }
    if (request->method() == Method::Invite) {
        // RFC 3261 §14.2: one INVITE at a time. A second of the same side: 500; ours towards it is
        // still open: glare.
        const auto is_open_from = [&](Side side) {
            return std::any_of(relays_.begin(), relays_.end(), [&](const Relay& r) {
                return r.is_open && r.pair == place.pair && r.from == side &&
                       r.request->method() == Method::Invite;
            });
        };
        if (is_open_from(place.side)) {
            auto builder = sip::reply(*request, 500, failure_tag_);
            builder.header(HeaderName::RetryAfter, std::to_string(host_.random().number() % 11));
            host_.respond(id, builder.build());
            return;
        }
        const bool is_crossing =
            to.answered.has_value() || from.answered.has_value() || is_open_from(other);
        if (is_crossing || confirmed_ != place.pair) {
            answer(id, *request, 491, "Request Pending");
            return;
        }
    }
    if (refreshes) {
        Answer refusal;
        if (refuses_refresh(place, *request, Event::RefreshByRequest, refusal)) {
            answer(id, *request, refusal.status, "Target refresh changes the URI scheme",
                   refusal.warning);
            if (refusal.ends_call) {
                lose(place.pair, "target refresh changes the URI scheme");
            }
            return;
        }
    }
    const Adjacency& in = adjacency(from.peer.adjacency);
    const Adjacency& out = adjacency(to.peer.adjacency);
    const auto media = policy::judge_media(policy::media_leg(in), policy::media_leg(out), *request);
    if (!media.passes()) {
        host_.count_refusal(policy::to_string(*media.refusal));
        const policy::MediaAnswer refusal = policy::answer_to(*media.refusal);
        answer(id, *request, refusal.status, refusal.text, refusal.warning);
        return;
    }
    if (refreshes) {
        if (const auto target = sip::dialog_contact(*request); target && *target) {
            from.dialog.set_remote_target((*target)->uri.text);
        }
    }
    const auto hop = to.is_ended ? std::nullopt : host_.hop_in_dialog(to);
    if (!hop) {
        answer(id, *request, 480, "Temporarily Unavailable");
        return;
    }
    auto builder = to.dialog.request(request->method(), request->method_text(), hops_left - 1);
    builder.header(
        HeaderName::Via,
        via(out, hop->transport, sip::transaction::make_branch(setup_.bucket, host_.random())));
    if (refreshes) {
        builder.header(HeaderName::Contact, contact(out, hop->transport, to.scheme, to.user));
    }
    copy_end_to_end(builder, *request, in, out);
    copy_body(builder, *request, media);
    const sip::MessagePtr sent = builder.build();
    const std::uint32_t number = ++last_relay_;
    if (request->method() == Method::Invite) {
        host_.respond(id, sip::reply(*request, 100, {}).build());
        host_.start_timer(ref(), timer_c, cookie(TimerKind::RelayTimerC, number));
    }
    const ClientId client = host_.send_in_dialog(ref(), *hop, sent);
    // What is done with goes; an answered INVITE stays until the next, for repetitions of its 2xx.
    std::erase_if(relays_, [&](const Relay& old) {
        return !old.is_open &&
               (old.request->method() != Method::Invite || request->method() == Method::Invite);
    });
    relays_.push_back(Relay{number, place.pair, place.side, id, client, request, sent});
}

void Call::on_relayed_response(Relay& relay, const sip::MessagePtr& response) {
    Pair& pair = *pairs_[relay.pair];
    Leg& asking = pair.leg(relay.from);
    const Side other = relay.from == Side::Caller ? Side::Callee : Side::Caller;
    Leg& asked = pair.leg(other);
    const bool is_invite = relay.request->method() == Method::Invite;
    const int status = response->status();
    if (!relay.is_open) {
        if (is_invite && status >= 200 && status < 300 && asked.accepted &&
            asked.accepted->ack != nullptr && asked.accepted->cseq == response->cseq().number) {
            send_ack(pair, other);
        }
        return;
    }
    if (status < 200 && std::exchange(relay.is_cancel_owed, false)) {
        host_.cancel(ref(), relay.client);
    }
    if (status == 100 || (status < 200 && !is_invite)) {
        return;
    }
    const Adjacency& in = adjacency(asked.peer.adjacency);
    const Adjacency& out = adjacency(asking.peer.adjacency);
    const bool is_success = status >= 200 && status < 300;
    const auto media = judge_answer(in, out, *relay.sent, *response);
    if (!is_success && status < 200 && !media.passes()) {
        return;  // the final response decides
    }
    Answer refusal;
    const bool is_refresh_refused =
        is_success && is_refresh(relay.request->method()) &&
        refuses_refresh({relay.pair, other}, *response, Event::RefreshByResponse, refusal);
    if (is_success && (!media.passes() || is_refresh_refused)) {
        // ACK where one is owed, then BYE to both.
        relay.is_open = false;
        if (is_invite) {
            asked.accepted = Leg::Accepted{response->cseq().number, nullptr};
            send_ack(pair, other);
        }
        if (media.refusal) {
            host_.count_refusal(policy::to_string(*media.refusal));
        }
        answer(relay.server, *relay.request, 488, "Not Acceptable Here");
        lose(relay.pair, is_refresh_refused ? "target refresh changes the URI scheme"
                                            : "answer refused by media-security");
        return;
    }
    if (status == 401 || status == 407 || status == 503) {
        // A challenge is for us, never for the other side; a 503 says nothing about us.
        relay.is_open = false;
        answer(relay.server, *relay.request, status == 503 ? 500 : 480,
               sip::reason_phrase(status == 503 ? 500 : 480));
        return;
    }
    auto builder =
        sip::reply(*relay.request, status, asking.dialog.local_tag(), response->reason());
    if (is_refresh(relay.request->method()) && status < 300) {
        builder.header(HeaderName::Contact,
                       contact(out, asking.hop.transport, asking.scheme, asking.user));
    }
    copy_end_to_end(builder, *response, in, out);
    copy_body(builder, *response, media);
    const sip::MessagePtr passed = builder.build();
    if (is_success && is_refresh(relay.request->method())) {
        if (const auto target = sip::dialog_contact(*response); target && *target) {
            asked.dialog.set_remote_target((*target)->uri.text);
        }
    }
    if (is_success && is_invite) {
        asked.accepted = Leg::Accepted{response->cseq().number, nullptr};
        asking.answered = Leg::Answered{relay.server,
                                        passed,
                                        relay.request->cseq().number,
                                        host_.timers().t1,
                                        host_.now().monotonic + 64 * host_.timers().t1,
                                        bears_description(*relay.request)};
        start_repeating(relay.pair, relay.from);
    }
    host_.respond(relay.server, passed);
    if (status >= 200) {
        relay.is_open = false;
    }
    // RFC 3261 §12.2.1.2: the peer knows of no such dialog any more.
    if (status == 408 || status == 481) {
        lose(relay.pair, "peer lost the dialog");
    }
}

void Call::fail_relay(Relay& relay, int status, std::string_view reason) {
    relay.is_open = false;
    answer(relay.server, *relay.request, status, reason);
    lose(relay.pair, "peer does not answer");
}

// A dialog is of no use any more. Only that of the call itself ends the call: an early one that
// lost is ended by its own side.
void Call::lose(std::size_t pair, std::string_view reason) {
    if (!confirmed_ || *confirmed_ == pair) {
        terminate(reason);
    }
}

// A Contact that would take this leg across the line between sip and sips.
bool Call::refuses_refresh(Place place, const sip::Message& message, Event event, Answer& answer) {
    const Leg& leg = pairs_[place.pair]->leg(place.side);
    const auto target = sip::dialog_contact(message);
    if (!target) {
        answer = Answer{400, 0, false};
        return message.is_request();
    }
    if (!*target) {
        return false;
    }
    const Adjacency& on = adjacency(leg.peer.adjacency);
    const sip::Scheme scheme = (*target)->uri.scheme;
    const auto allowed = policy::permit(setup_.security,
                                        place.side == Side::Caller ? policy::callers_leg(on, scheme)
                                                                   : policy::target_of(on, scheme),
                                        event);
    if (allowed) {
        return false;
    }
    host_.count_refusal(policy::to_string(allowed.error()));
    answer = policy::answer_to(allowed.error(), event, setup_.security);
    return true;
}

void Call::on_ack(const sip::Hop& from, const sip::MessagePtr& ack) {
    const auto place = place_of(*ack);
    if (!place) {
        return;
    }
    Pair& pair = *pairs_[place->pair];
    Leg& leg = pair.leg(place->side);
    if (!host_.is_peer_of(leg, from) || !leg.answered || leg.answered->cseq != ack->cseq().number) {
        return;
    }
    leg.hop = from;
    const Leg::Answered answered = *std::exchange(leg.answered, std::nullopt);
    const Side other = place->side == Side::Caller ? Side::Callee : Side::Caller;
    Leg& to = pair.leg(other);
    if (leg.is_bye_owed) {
        send_bye(pair, place->side);
        check_over();
        return;
    }
    if (to.is_ended || !to.accepted || to.accepted->ack != nullptr) {
        return;
    }
    // Where the INVITE bore the offer, the ACK has nothing to say about media.
    const bool has_answer = !answered.had_offer && !ack->body().empty();
    const auto media = has_answer
                           ? judge_answer(adjacency(leg.peer.adjacency),
                                          adjacency(to.peer.adjacency), *answered.response, *ack)
                           : policy::MediaVerdict{};
    send_ack(pair, other, ack.get(), has_answer ? &media : nullptr);
    if (!media.passes()) {
        host_.count_refusal(policy::to_string(*media.refusal));
        terminate("answer refused by media-security");
    }
    check_over();
}

// Acknowledges the 2xx that `to` sent; the first time with what the other side's ACK carries.
void Call::send_ack(Pair& pair, Side side, const sip::Message* from,
                    const policy::MediaVerdict* media) {
    Leg& to = pair.leg(side);
    CHECK(to.accepted.has_value());
    const auto hop = host_.hop_in_dialog(to);
    if (!hop) {
        return;
    }
    if (to.accepted->ack == nullptr) {
        const Adjacency& out = adjacency(to.peer.adjacency);
        const Leg& other = pair.leg(side == Side::Caller ? Side::Callee : Side::Caller);
        auto builder = to.dialog.ack(to.accepted->cseq);
        builder.header(
            HeaderName::Via,
            via(out, hop->transport, sip::transaction::make_branch(setup_.bucket, host_.random())));
        if (from != nullptr) {
            const Adjacency& in = adjacency(other.peer.adjacency);
            copy_end_to_end(builder, *from, in, out);
            if (media != nullptr) {
                copy_body(builder, *from, *media);
            }
        }
        to.accepted->ack = builder.build();
    }
    host_.send_ack(*hop, to.accepted->ack);
}

// RFC 3261 §13.3.1.4: the 2xx again after T1, 2*T1, ... up to T2, also over TLS, until the ACK.
void Call::start_repeating(std::size_t pair, Side side) {
    const Leg::Answered& answered = *pairs_[pair]->leg(side).answered;
    host_.start_timer(
        ref(), std::min(answered.interval, answered.give_up - host_.now().monotonic),
        cookie(side == Side::Caller ? TimerKind::RepeatToCaller : TimerKind::RepeatToCallee, pair));
}

void Call::on_timer(std::uint32_t timer) {
    const std::size_t index = timer & 0xffffffU;
    const auto kind = static_cast<TimerKind>(timer >> 24);
    switch (kind) {
        case TimerKind::TimerC: {
            Branch& branch = branches_[index];
            if (!branch.is_open || branch.is_cancelled) {
                break;
            }
            const Duration silent = host_.now().monotonic - branch.heard;
            if (silent < timer_c) {
                host_.start_timer(ref(), timer_c - silent, timer);
                break;
            }
            remember({408, "Request Timeout", 0, nullptr, index});
            cancel_branch(branch);
            break;
        }
        case TimerKind::RelayTimerC:
            for (Relay& relay : relays_) {
                if (relay.number == index && relay.is_open) {
                    relay.is_cancel_owed = !host_.cancel(ref(), relay.client);
                }
            }
            break;
        case TimerKind::LostFlow: {
            Pair& pair = *pairs_[index];
            const bool is_lost = [&] {
                return (!pair.caller.is_ended && !host_.hop_in_dialog(pair.caller)) ||
                       (!pair.callee.is_ended && !host_.hop_in_dialog(pair.callee));
            }();
            if (is_lost) {
                end_pair(pair, "connection lost");
            }
            break;
        }
        case TimerKind::RepeatToCaller:
        case TimerKind::RepeatToCallee: {
            const Side side = kind == TimerKind::RepeatToCaller ? Side::Caller : Side::Callee;
            Pair& pair = *pairs_[index];
            Leg& leg = pair.leg(side);
            if (!leg.answered || leg.is_ended) {
                break;
            }
            if (host_.now().monotonic >= leg.answered->give_up) {
                leg.answered.reset();
                end_pair(pair, "no ACK");
                break;
            }
            host_.respond(leg.answered->invite, leg.answered->response);
            leg.answered->interval = std::min(2 * leg.answered->interval, host_.timers().t2);
            start_repeating(index, side);
            break;
        }
    }
    check_over();
}

void Call::on_flow_closed(FlowId flow) {
    if (!confirmed_ || is_over_) {
        return;
    }
    const Pair& pair = *pairs_[*confirmed_];
    if (pair.caller.hop.flow == flow || pair.callee.hop.flow == flow) {
        host_.start_timer(ref(), lost_flow_limit, cookie(TimerKind::LostFlow, *confirmed_));
    }
}

void Call::terminate(std::string_view reason) {
    if (confirmed_) {
        end_pair(*pairs_[*confirmed_], reason);
    } else {
        remember({480, std::string(reason), 0, nullptr, 0});
        next_route_ = setup_.routes.size();
        cancel_branches(std::nullopt);
        fail();
    }
    check_over();
}

void Call::end_pair(Pair& pair, std::string_view reason) {
    close_relays();
    send_bye(pair, Side::Callee);
    send_bye(pair, Side::Caller);
    finish("answered", record_.status == 0 ? 200 : record_.status, reason);
}

// Nobody is left waiting for an answer.
void Call::close_relays() {
    for (Relay& relay : relays_) {
        if (!std::exchange(relay.is_open, false)) {
            continue;
        }
        if (relay.request->method() == Method::Invite) {
            answer(relay.server, *relay.request, 487, "Request Terminated");
            host_.cancel(ref(), relay.client);
        } else {
            answer(relay.server, *relay.request, 481, "Call/Transaction Does Not Exist");
        }
    }
}

void Call::send_bye(Pair& pair, Side side) {
    Leg& leg = pair.leg(side);
    if (!leg.is_ended && leg.answered && leg.answered->invite == setup_.invite) {
        leg.is_bye_owed = true;
        return;
    }
    if (std::exchange(leg.is_ended, true)) {
        return;
    }
    leg.answered.reset();
    if (leg.accepted && leg.accepted->ack == nullptr) {
        send_ack(pair, side);
    }
    const auto hop = host_.hop_in_dialog(leg);
    if (!hop) {
        return;  // its connection is gone: the dialog ends here
    }
    auto bye = leg.dialog.request(Method::Bye, "BYE");
    bye.header(HeaderName::Via, via(adjacency(leg.peer.adjacency), hop->transport,
                                    sip::transaction::make_branch(setup_.bucket, host_.random())));
    host_.send_in_dialog(ref(), *hop, bye.build());
}

void Call::finish(std::string_view result, int status, std::string_view reason) {
    if (!record_.result.empty()) {
        return;
    }
    record_.result = result;
    record_.status = status;
    record_.reason = reason;
    record_.end = host_.now().wall;
}

void Call::check_over() {
    if (is_over_ || record_.result.empty()) {
        return;
    }
    const bool is_any_open =
        std::any_of(branches_.begin(), branches_.end(), [](const Branch& b) { return b.is_open; });
    const bool is_pair_up = confirmed_ && (!pairs_[*confirmed_]->caller.is_ended ||
                                           !pairs_[*confirmed_]->callee.is_ended);
    if (is_any_open || is_pair_up) {
        return;
    }
    close_relays();
    is_over_ = true;
    host_.end(ref(), record_);
}

std::optional<CallRecord> Call::record_so_far(std::string_view reason) const {
    CallRecord record = record_;
    if (record.result.empty()) {
        record.result = is_established() ? "answered" : "failed";
        record.reason = reason;
        record.end = host_.now().wall;
    }
    return record;
}

bool Call::is_merged(const sip::Message& request) const {
    const sip::Message& first = *setup_.request;
    if (request.method() != Method::Invite) {
        return false;
    }
    return request.call_id() != first.call_id() ||  // it bears a Call-ID of ours: it came back
           (request.from_tag() == first.from_tag() && request.cseq().number == first.cseq().number);
}

bool Call::is_consistent() const {
    if (confirmed_ && (*confirmed_ >= pairs_.size() || !is_answered_)) {
        return false;
    }
    // Somebody must still be able to end it.
    return is_over_ || !record_.result.empty() || is_established() ||
           std::any_of(branches_.begin(), branches_.end(),
                       [](const Branch& b) { return b.is_open; });
}

sip::MessagePtr Call::response_to(const sip::Message& request, int status, std::string_view reason,
                                  std::string_view tag, int warning) const {
    auto builder = sip::reply(request, status, tag, reason);
    if (warning != 0) {
        std::string text = std::to_string(warning);
        text.append(" ").append(caller_adjacency().own_host()).append(" \"");
        text.append(policy::warning_text(warning).empty() ? reason : policy::warning_text(warning))
            .append("\"");
        builder.header(HeaderName::Warning, text);
    }
    if (status == 405 || status == 501) {
        builder.header(HeaderName::Allow, policy::allowed_methods(caller_adjacency().profile));
    }
    if (const std::string options = policy::unsupported_options(request);
        status == 420 && !options.empty()) {
        builder.header(HeaderName::Unsupported, options);
    }
    return builder.build();
}

void Call::answer(ServerId id, const sip::Message& request, int status, std::string_view reason,
                  int warning) {
    host_.respond(id, response_to(request, status, reason, failure_tag_, warning));
}

}  // namespace ringwall::sbc::b2bua
