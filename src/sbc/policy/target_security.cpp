// Stage "target-security": the seed's "UAS side". An untrusted caller does not reach a SIPS URI,
// and `sip-calls-in reject` is kept. Nobody's existence is asked for: the answer is the same for
// all users. A SIPS call whose own Contact is not sips would be led out of its scheme by the first
// request back (RFC 3261 §8.1.1.8, RFC 5630 §5.3).
#include <algorithm>

#include "sbc/policy/refusal_verdict.h"
#include "sbc/policy/stages.h"

namespace ringwall::sbc::policy {

namespace {

bool leads_out_of_sips(const sip::Message& request) {
    if (request.method() != sip::Method::Invite ||
        request.request_uri().scheme != sip::Scheme::Sips) {
        return false;
    }
    const auto contacts = request.name_addrs(sip::HeaderName::Contact);
    return !contacts || std::ranges::any_of(*contacts, [](const sip::NameAddr& contact) {
        return contact.uri.scheme != sip::Scheme::Sips;
    });
}

}  // namespace

Verdict require_trust_for_secure_target(Inbound& inbound) {
    const Event event =
        inbound.request.method() == sip::Method::Register ? Event::Registration : Event::Initial;
    if (const auto refusal = refuse_caller(inbound.call, event)) {
        return reject_for(*refusal, event, inbound.call);
    }
    if (leads_out_of_sips(inbound.request)) {
        return Reject{.status = 400, .reason = "SIPS Call Needs SIPS Contact"};
    }
    return Continue{};
}

}  // namespace ringwall::sbc::policy
