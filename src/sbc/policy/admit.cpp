// Stage "admit": whether there is room for one more call or registration, by the active
// cac-policy-set; of a call, as far as that can be said before it is known where it leaves (the
// rest is asked for each adjacency that it would leave by, CallHost::admit). Whoever is refused
// hears 503, and when to come again.
//
// No call to an emergency number is refused by a limit, nor while we are about to end and calls
// have time to do so. Nor is an INVITE with Replaces by a limit: it takes a place in a call that is
// counted. Whoever is registered already may stay so.
#include <algorithm>

#include "sbc/policy/emergency.h"
#include "sbc/policy/stages.h"

namespace ringwall::sbc::policy {

using sip::HeaderName;
using sip::Method;

namespace {

Reject refused(const CacRefusal& refusal, int status) {
    // Where a place must become free nobody knows how long that takes. Not at once again.
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(refusal.wait).count();
    constexpr std::int64_t some_time = 10;
    return {.status = status,
            .reason = "Service Unavailable",
            .detail = refusal.detail,
            .fields = {{HeaderName::RetryAfter, std::to_string(seconds > 0 ? seconds : some_time)}},
            .cause = cause_of(refusal.limit),
            .limit = refusal.limit};
}

// Of a REGISTER: it asks for something to be bound.
bool binds(const sip::Message& request) {
    return std::ranges::any_of(request.contacts().list,
                               [](const sip::Contact& each) { return each.expires != 0U; });
}

CacEvent event_of(const Inbound& inbound, CacEvent::Kind kind) {
    return {.kind = kind, .source = *inbound.adjacency, .source_address = inbound.source.address};
}

}  // namespace

Verdict admit_call(Inbound& inbound) {
    const sip::Message& request = inbound.request;
    const Snapshot& snapshot = *inbound.snapshot;
    const bool is_call =
        request.method() == Method::Invite && request.header(HeaderName::Replaces) == nullptr;
    if (request.method() == Method::Invite &&
        !takes(inbound.new_calls, snapshot, request.request_uri())) {
        return Reject{.status = 503,
                      .reason = "Service Unavailable",
                      .detail = "stopping",
                      .fields = {{sip::HeaderName::RetryAfter, "10"}},
                      .cause = FailureCause::Congestion};
    }
    if (inbound.gate == nullptr || !snapshot.cac_policy) {
        return Continue{};
    }
    std::optional<CacRefusal> refusal;
    if (is_call) {
        refusal = inbound.gate->admit_call(
            demands_of(snapshot, event_of(inbound, CacEvent::Kind::Call)),
            is_emergency(snapshot, request.request_uri()) ? CacGate::Urgency::Emergency
                                                          : CacGate::Urgency::Normal);
    } else if (request.method() == Method::Register && binds(request)) {
        refusal = inbound.gate->admit_registration(
            demands_of(snapshot, event_of(inbound, CacEvent::Kind::Registration)), inbound);
    }
    return refusal ? Verdict(refused(*refusal, 503)) : Verdict(Continue{});
}

}  // namespace ringwall::sbc::policy
