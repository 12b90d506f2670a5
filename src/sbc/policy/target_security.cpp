// Stage "target-security": the seed's "UAS side". An untrusted caller does not reach a SIPS URI,
// and `sip-calls-in reject` is kept. Nobody's existence is asked for: the answer is the same for
// all users. A call whose own Contact has another scheme would be led out of its scheme by the
// first request back (RFC 3261 §8.1.1.8, RFC 5630 §5.1.1.2 and §5.3).
#include <algorithm>

#include "sbc/policy/carried.h"
#include "sbc/policy/referral.h"
#include "sbc/policy/refusal_verdict.h"
#include "sbc/policy/stages.h"

namespace ringwall::sbc::policy {

namespace {

// The first request back would be a refresh that `permit` refuses, or could not be sent at all.
bool leads_out_of_its_scheme(const Inbound& inbound) {
    const sip::Message& request = inbound.request;
    if (!makes_dialog(request.method())) {
        return false;
    }
    return std::ranges::any_of(request.contacts().list, [&](const sip::Contact& contact) {
        const sip::Scheme scheme = contact.address.uri.scheme;
        return (scheme != sip::Scheme::Sip && scheme != sip::Scheme::Sips) ||
               !permit(inbound.call, callers_leg(inbound.from_adjacency(), scheme),
                       Event::RefreshByRequest);
    });
}

}  // namespace

Verdict require_trust_for_secure_target(Inbound& inbound) {
    const Event event =
        inbound.request.method() == sip::Method::Register ? Event::Registration : Event::Initial;
    if (const auto refusal = refuse_caller(inbound.call, event)) {
        return reject_for(*refusal, event, inbound.call);
    }
    if (leads_out_of_its_scheme(inbound)) {
        return Reject{.status = 400, .reason = "Contact Has Another URI Scheme Than The Call"};
    }
    if (inbound.request.method() == sip::Method::Refer) {
        const Adjacency& from = inbound.from_adjacency();
        const auto allowed = judge_refer(inbound.call, from, callers_leg(from, inbound.call.scheme),
                                         inbound.request);
        if (!allowed) {
            return allowed.error();
        }
    }
    return Continue{};
}

}  // namespace ringwall::sbc::policy
