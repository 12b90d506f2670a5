#include "sbc/b2bua/forwarded_request.h"

#include <algorithm>
#include <utility>

#include "sbc/b2bua/refer_to.h"
#include "sbc/b2bua/tag.h"
#include "sbc/b2bua/topology_hiding.h"
#include "sbc/policy/carried.h"
#include "sbc/policy/media_security.h"
#include "sbc/policy/referral.h"
#include "sbc/policy/refusal_rule.h"
#include "sip/message_builder.h"

namespace ringwall::sbc::b2bua {

using policy::Event;
using policy::Finding;
using sip::HeaderName;
using sip::Method;
using sip::transaction::ClientId;
using sip::transaction::TerminationCause;

namespace {

// How an attempt came to be.
Event event_of(std::string_view phone, std::size_t routes_tried) {
    return !phone.empty() ? Event::Fork : routes_tried > 1 ? Event::Hunting : Event::Initial;
}

constexpr std::size_t max_attempts = 32;  // of one request, over all routes and contacts

bool goes_to_all_contacts(Method method) {
    return method == Method::Message || method == Method::Notify;
}

// RFC 3428 §5 and RFC 3903 §4.1 have none.
bool has_contact(Method method) {
    return method != Method::Message && method != Method::Publish;
}

// It has no media that could tell who it is.
policy::Author author(std::string_view address_of_record) {
    return {address_of_record, {}, true};
}

}  // namespace

ForwardedRequest::ForwardedRequest(CallHost& host, Setup setup)
    : host_(host),
      setup_(std::move(setup)),
      context_{.host = host,
               .ref = setup_.ref,
               .snapshot = setup_.snapshot,
               .security = setup_.security,
               .bucket = setup_.bucket,
               .own_tag = make_tag(setup_.bucket, host.random())} {}

void ForwardedRequest::begin() {
    go_on_or_fail();
}

// ---- where to -----------------------------------------------------------------------------------

void ForwardedRequest::go_on_or_fail() {
    const bool is_any_open =
        std::any_of(attempts_.begin(), attempts_.end(), [](const Attempt& a) { return a.is_open; });
    if (is_answered_ || is_any_open) {
        return;
    }
    const bool to_all = goes_to_all_contacts(setup_.request->method());
    while (true) {
        bool is_sent = false;
        while (!targets_.empty() && (to_all || !is_sent)) {
            const Target target = std::move(targets_.back());
            targets_.pop_back();
            is_sent = send(target) || is_sent;
        }
        if (is_sent) {
            return;
        }
        if (next_route_ == setup_.routes.size()) {
            fail();
            return;
        }
        add_targets(setup_.routes[next_route_++]);
    }
}

void ForwardedRequest::add_targets(const policy::Route& route) {
    const sip::Uri& uri = setup_.request->request_uri();
    const Adjacency& in = context_.adjacency(setup_.sender.adjacency);
    if (const auto* to = std::get_if<policy::ToAdjacency>(&route)) {
        const Event event = next_route_ > 1 ? Event::Hunting : Event::Initial;
        const auto hop = host_.hop_to(ref(), to->adjacency);
        if (hop) {
            targets_.push_back(Target{.adjacency = to->adjacency,
                                      .hop = *hop,
                                      .uri = request_uri(uri, to->permit.leg_scheme(), in,
                                                         context_.adjacency(to->adjacency)),
                                      .address_of_record = {},
                                      .permit = to->permit,
                                      .event = event});
        } else {
            setup_.decisions.add(to->adjacency, event, uri.scheme, Finding::Nowhere);
        }
        return;
    }
    add_contacts(std::get<policy::ToLocation>(route));
}

void ForwardedRequest::add_contacts(const policy::ToLocation& route) {
    const Adjacency& in = context_.adjacency(setup_.sender.adjacency);
    const std::string user = sip::address_of_record(setup_.request->request_uri());
    std::vector<registrar::Binding> bindings;
    if (!route.token.empty()) {
        auto contact = host_.find_contact(ref(), route.token, setup_.sender.adjacency);
        if (!contact) {  // nobody else is meant by it
            setup_.decisions.add(0, Event::Fork, setup_.request->request_uri().scheme,
                                 Finding::NotRegistered);
            remember(
                unanswered(TerminationCause::TransportError, true, sip::Transport::Tcp, in, 0));
            return;
        }
        bindings.push_back(std::move(*contact));
    } else {
        bindings = host_.find_location(ref(), user);
        if (bindings.empty()) {
            const bool is_known = host_.is_subscriber(user);
            setup_.decisions.add(0, Event::Fork, setup_.request->request_uri().scheme,
                                 is_known ? Finding::NotRegistered : Finding::NoSuchUser);
            if (in.is_trusted() && !is_known) {
                remember({404, "Not Found", 0, nullptr, 0});
            }
        }
    }
    for (registrar::Round& round : registrar::rounds_of(std::move(bindings))) {
        for (registrar::Candidate& each : round) {
            if (auto target = target_of(std::move(each))) {
                targets_.insert(targets_.begin(), std::move(*target));
            }
        }
    }
}

// None: it may not go there.
std::optional<ForwardedRequest::Target> ForwardedRequest::target_of(
    registrar::Candidate candidate) {
    registrar::Binding& binding = candidate.binding;
    const auto allowed = policy::permit(
        setup_.security, policy::target_of(context_.adjacency(binding.adjacency), binding.scheme),
        Event::Fork);
    if (!allowed) {
        host_.count_refusal(policy::to_string(allowed.error()));
        setup_.decisions.add(binding.adjacency, Event::Fork, binding.scheme, allowed.error());
        const auto answer = policy::answer_to(allowed.error(), Event::Fork, setup_.security);
        // An untrusted sender learns nothing about who exists.
        remember(context_.adjacency(setup_.sender.adjacency).is_trusted()
                     ? Failure{.status = answer.status,
                               .reason = std::string(policy::reason_phrase(allowed.error())),
                               .warning = answer.warning,
                               .response = nullptr,
                               .rule = allowed.error()}
                     : Failure{480, "Temporarily Unavailable", 0, nullptr, 0});
        return std::nullopt;
    }
    const auto contact = sip::parse_uri(binding.contact);
    if (!contact) {
        return std::nullopt;
    }
    return Target{.adjacency = binding.adjacency,
                  .hop = binding.hop,
                  .uri = sip::with_scheme(*contact, allowed->leg_scheme()),
                  .address_of_record = binding.address_of_record,
                  .permit = *allowed,
                  .event = Event::Fork,
                  .token = registrar::token_of(binding),
                  .route = std::move(binding.path),
                  .other_flows = std::move(candidate.other_flows)};
}

// RFC 5626 §7: the phone itself did not answer. It is the next to be tried.
void ForwardedRequest::try_other_flow(std::size_t index) {
    std::vector<registrar::Binding> flows = std::move(attempts_[index].other_flows);
    while (!flows.empty()) {
        registrar::Candidate next{std::move(flows.front()), {}};
        flows.erase(flows.begin());
        next.other_flows = flows;
        if (auto target = target_of(std::move(next))) {
            targets_.push_back(std::move(*target));
            return;
        }
    }
}

// False when it may not go there as it is.
bool ForwardedRequest::send(const Target& target) {
    const sip::Message& request = *setup_.request;
    const Adjacency& in = context_.adjacency(setup_.sender.adjacency);
    const Adjacency& out = context_.adjacency(target.adjacency);
    const auto media = policy::judge_media(policy::media_leg(in), policy::media_leg(out), request);
    const auto note = [&](auto what) {
        setup_.decisions.add(target.adjacency, target.event, target.permit.leg_scheme(), what);
    };
    if (attempts_.size() >= max_attempts) {
        note(Finding::TooMany);
        return false;
    }
    if (!media.passes()) {
        note(*media.refusal);
        host_.count_refusal(policy::to_string(*media.refusal));
        const policy::MediaAnswer answer = policy::answer_to(*media.refusal);
        remember({answer.status, std::string(answer.text), answer.warning, nullptr, 0});
        return false;
    }
    Attempt attempt;
    attempt.adjacency = target.adjacency;
    attempt.scheme =
        target.permit.leg_scheme() == sip::Scheme::Sips ? sip::Scheme::Sips : sip::Scheme::Sip;
    attempt.hop = target.hop;
    attempt.address_of_record = target.address_of_record;
    attempt.token = target.token;
    attempt.other_flows = target.other_flows;
    attempt.tag = make_tag(setup_.bucket, host_.random());
    const std::string call_id = bucket_token(setup_.bucket, host_.random(), 24);

    if (policy::lacks_privacy(out, policy::privacy_of(request), true)) {
        note(Finding::NotPrivate);
        host_.count_refusal("privacy-critical");
        remember({500, "Privacy Not Available", 0, nullptr, 0});
        return false;
    }
    const sip::NameAddr& sender = told_from(request, out);
    const std::string from = from_address(sender, attempt.scheme, in, out) + ";tag=" + attempt.tag;
    const std::string called = to_address(request.to(), attempt.scheme, in, out);
    const std::string ours = contact(out, target.hop.transport, attempt.scheme, sender.uri.user);
    const std::string senders = contact_for_sender();
    if (const int status = refuse_length(target.uri, {from, called, ours, senders})) {
        note(Finding::TooLong);
        remember({status, std::string(sip::reason_phrase(status)), 0, nullptr, 0});
        return false;
    }

    auto builder = sip::MessageBuilder::request(request.method_text(), target.uri);
    builder.header(HeaderName::Via, context_.new_via(out, target.hop.transport));
    builder.header(HeaderName::MaxForwards,
                   std::to_string(request.max_forwards().value_or(70) - 1));
    builder.header(HeaderName::From, from);
    builder.header(HeaderName::To, called);
    builder.header(HeaderName::CallId, call_id);
    builder.header(HeaderName::CSeq, "1 " + std::string(request.method_text()));
    if (has_contact(request.method())) {
        builder.header(HeaderName::Contact, ours);
    }
    for (const std::string& each : target.route) {
        builder.header(HeaderName::Route, each);
    }
    if (policy::carries_challenges(out, setup_.sender.adjacency)) {
        copy_credentials(builder, request, [&](const sip::HeaderLine& line) {
            return host_.is_answer(target.token, setup_.sender.adjacency, line);
        });
    }
    const auto changes = changes_for(attempt);
    if (!changes) {
        note(Finding::TooLong);
        remember({400, "Refer-To Too Long", 0, nullptr, 0});
        return false;
    }
    copy_end_to_end(builder, request, in, out, author(setup_.sender.address_of_record),
                    changes->removed);
    for (const auto& [name, value] : changes->added) {
        builder.header(name, value);
    }
    copy_body(builder, request, media);
    attempt.sent = builder.build();
    host_.own_call_id(call_id, ref());
    note(Finding::Sent);
    on_sending(attempt);
    attempt.client = host_.send_new(ref(), target.permit, target.hop, attempt.sent);
    attempts_.push_back(std::move(attempt));
    return true;
}

std::optional<Changes> ForwardedRequest::changes_for(const Attempt& attempt) const {
    std::optional<Changes> changes{std::in_place};
    if (setup_.request->method() == Method::Refer) {
        const Adjacency& in = context_.adjacency(setup_.sender.adjacency);
        const auto allowed = policy::judge_refer(
            setup_.security, in, policy::callers_leg(in, setup_.security.scheme), *setup_.request);
        // The pipeline has said yes to it.
        changes = refer_changes(
            *setup_.request, allowed ? allowed->leg_scheme() : attempt.scheme, in,
            context_.adjacency(attempt.adjacency), [this](const sip::DialogIds& ids) {
                return host_.vouch_for(ids, {setup_.sender, setup_.from.remote.address});
            });
    }
    if (changes) {
        changes->removed.insert(changes->removed.end(), setup_.removed_headers.begin(),
                                setup_.removed_headers.end());
    }
    return changes;
}

// ---- what comes back ----------------------------------------------------------------------------

void ForwardedRequest::on_response(ClientId id, const sip::MessagePtr& response) {
    for (std::size_t i = 0; i < attempts_.size(); ++i) {
        Attempt& attempt = attempts_[i];
        const int status = response->status();
        if (attempt.client != id || status < 200 || !std::exchange(attempt.is_open, false)) {
            continue;
        }
        attempt.hop = host_.hop_of(attempt.client, attempt.hop);
        if (status < 300 && !is_answered_) {
            accept(attempt, response);
        } else if (status >= 300) {
            if (status == 430) {
                try_other_flow(i);
            }
            on_failure(i, {status, std::string(response->reason()), 0, response, i});
        }
        return;
    }
}

void ForwardedRequest::on_sent_again(ClientId id, const sip::MessagePtr& request) {
    for (Attempt& attempt : attempts_) {
        if (attempt.client == id) {
            attempt.sent = request;
        }
    }
}

void ForwardedRequest::on_client_failed(ClientId id, TerminationCause cause) {
    for (std::size_t i = 0; i < attempts_.size(); ++i) {
        if (attempts_[i].client == id && std::exchange(attempts_[i].is_open, false)) {
            const Event event = event_of(attempts_[i].address_of_record, next_route_);
            // The transaction ends in silence with a 408 (RFC 4320 §4.2), and so does the sender's:
            // nobody else is asked.
            if (cause == TerminationCause::Timeout) {
                targets_.clear();
                next_route_ = setup_.routes.size();
            } else {
                try_other_flow(i);
            }
            setup_.decisions.add(policy::failed(attempts_[i].adjacency, event, attempts_[i].scheme,
                                                cause == TerminationCause::Timeout
                                                    ? policy::TargetFailure::Silent
                                                    : policy::TargetFailure::Unreachable));
            on_failure(i, unanswered(cause, !attempts_[i].address_of_record.empty(),
                                     attempts_[i].hop.transport,
                                     context_.adjacency(setup_.sender.adjacency), i));
            return;
        }
    }
}

void ForwardedRequest::on_failure(std::size_t index, Failure failure) {
    const Attempt& attempt = attempts_[index];
    const Event event = event_of(attempt.address_of_record, next_route_);
    const Adjacency& out = context_.adjacency(attempt.adjacency);
    const auto& triggers = setup_.snapshot->hunting_triggers(out);
    const bool hunts =
        std::find(triggers.begin(), triggers.end(), failure.status) != triggers.end();
    if (failure.response != nullptr) {
        failure.warning = policy::scheme_warning(*failure.response, attempt.scheme,
                                                 setup_.request->request_uri().scheme);
    }
    if (failure.status >= 600 || failure.warning != 0 ||
        (!hunts && attempt.address_of_record.empty())) {
        targets_.clear();
        next_route_ = setup_.routes.size();
    }
    const int status = failure.status;
    const bool is_challenge = status == 401 || status == 407;
    const bool may_ask = policy::carries_challenges(out, setup_.sender.adjacency) &&
                         failure.response && bears_digest_challenge(*failure.response);
    if ((is_challenge && !may_ask) || status < 400 ||
        policy::tells_who_exists(*setup_.snapshot, setup_.sender.adjacency, attempt.adjacency,
                                 status, false)) {
        // A challenge is for us, never for the sender, nor who exists for one who is not trusted; a
        // redirection would name the other side's hosts.
        failure = Failure{480, "Temporarily Unavailable", 0, nullptr, index};
        if (is_challenge && !may_ask) {
            const bool is_proven = attempt.address_of_record.empty() ||
                                   (policy::is_answered_for(*setup_.request) && is_vouched_for());
            setup_.decisions.add(policy::failed(attempt.adjacency, event, attempt.scheme,
                                                policy::challenged(*attempt.sent, is_proven)));
        }
    } else if (status == 503) {  // RFC 3261 §16.7 step 6: it says nothing about us
        failure = Failure{500, "Server Internal Error", 0, nullptr, index};
    }
    remember(std::move(failure));
    go_on_or_fail();
}

void ForwardedRequest::accept(const Attempt& attempt, const sip::MessagePtr& response) {
    respond(passed_back(attempt, *response, context_.own_tag, false));
    finish();
}

std::string ForwardedRequest::contact_for_sender() const {
    return contact(context_.adjacency(setup_.sender.adjacency), setup_.from.transport,
                   setup_.request->request_uri().scheme, setup_.request->to().uri.user);
}

sip::MessagePtr ForwardedRequest::passed_back(const Attempt& attempt, const sip::Message& response,
                                              std::string_view tag, bool makes_dialog) const {
    const Adjacency& from = context_.adjacency(attempt.adjacency);
    const Adjacency& to = context_.adjacency(setup_.sender.adjacency);
    auto builder = sip::reply(*setup_.request, response.status(), tag, response.reason());
    if (makes_dialog) {
        builder.copy(HeaderName::RecordRoute, *setup_.request);  // RFC 3261 §12.1.1
        builder.header(HeaderName::Contact, contact_for_sender());
    }
    copy_end_to_end(builder, response, from, to, author(attempt.address_of_record));
    if (const int code = policy::scheme_warning(response, attempt.scheme,
                                                setup_.request->request_uri().scheme)) {
        builder.header(HeaderName::Warning, warning(to, code));
    }
    if (response.status() == 401 || response.status() == 407) {
        copy_digest_challenges(builder, response);
        host_.challenge_passes(attempt.token, setup_.sender.adjacency, response);
    }
    copy_body(builder, response,
              policy::judge_media(policy::media_leg(from), policy::media_leg(to), response));
    return builder.build();
}

void ForwardedRequest::respond(sip::MessagePtr response) {
    is_answered_ = true;
    host_.respond(setup_.server, std::move(response));
}

void ForwardedRequest::fail() {
    const Failure failure = best_.value_or(Failure{480, "Temporarily Unavailable", 0, nullptr, 0});
    const Adjacency& sender = context_.adjacency(setup_.sender.adjacency);
    if (attempts_.empty() && is_our_finding(failure) &&
        policy::would_tell_who_exists(sender, setup_.routes)) {
        is_answered_ = true;
        context_.answer(setup_.sender.adjacency, setup_.server, *setup_.request, 480,
                        sip::reason_phrase(480));
        keep_refusal(480, failure.reason);
    } else if (failure.response != nullptr) {
        respond(
            passed_back(attempts_[failure.attempt], *failure.response, context_.own_tag, false));
    } else {
        is_answered_ = true;
        context_.answer(setup_.sender.adjacency, setup_.server, *setup_.request, failure.status,
                        failure.reason, failure.warning,
                        rule_to_tell(failure, setup_.decisions, sender));
        keep_refusal(failure.status,
                     policy::reason_in_words(setup_.decisions, failure.status, failure.reason));
    }
    finish();
}

// It was answered in our own name.
void ForwardedRequest::keep_refusal(int status, std::string_view reason) {
    CallRecord record =
        record_of(*setup_.request, &context_.adjacency(setup_.sender.adjacency), host_.now().wall);
    record.call = setup_.name;
    if (!attempts_.empty()) {
        const Adjacency& tried = context_.adjacency(attempts_.back().adjacency);
        record.to_adjacency = tried.name;
        record.to_security = tried.security;
    }
    record.is_secure = setup_.security.is_secure();
    record.result = "refused";
    record.status = status;
    record.reason = reason;
    record.decisions = setup_.decisions;
    host_.keep_refusal(std::move(record));
}

void ForwardedRequest::finish() {
    if (!std::exchange(is_over_, true)) {
        host_.release(ref());
    }
}

void ForwardedRequest::on_request(sip::transaction::ServerId id, const sip::Hop& from,
                                  const sip::MessagePtr& request) {
    host_.refuse_unknown(id, from, *request);
}

bool ForwardedRequest::is_vouched_for() const {
    return policy::is_vouched_for(*setup_.request, context_.adjacency(setup_.sender.adjacency));
}

std::vector<AdjacencyIndex> ForwardedRequest::adjacencies() const {
    std::vector<AdjacencyIndex> out;
    if (!is_answered_) {
        out.push_back(setup_.sender.adjacency);
    }
    for (const Attempt& attempt : attempts_) {
        if (attempt.is_open) {
            out.push_back(attempt.adjacency);
        }
    }
    return out;
}

void ForwardedRequest::terminate(std::string_view reason) {
    if (!is_answered_) {
        is_answered_ = true;
        context_.answer(setup_.sender.adjacency, setup_.server, *setup_.request, 480, reason);
        keep_refusal(480, reason);
    }
    finish();
}

bool ForwardedRequest::is_consistent() const {
    // Somebody must still be able to answer it.
    return is_answered_ || std::any_of(attempts_.begin(), attempts_.end(),
                                       [](const Attempt& a) { return a.is_open; });
}

// It bears a Call-ID of ours, and has the Request-URI with which it went: it came back. What came
// twice is RecentRequests' business.
bool ForwardedRequest::is_merged(const sip::Message& request) const {
    return std::any_of(attempts_.begin(), attempts_.end(), [&](const Attempt& attempt) {
        return attempt.sent->call_id() == request.call_id() &&
               attempt.sent->request_uri_text() == request.request_uri_text();
    });
}

}  // namespace ringwall::sbc::b2bua
