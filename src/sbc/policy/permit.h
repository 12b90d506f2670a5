// The rule of the product: may this call go to this target? Every single target that comes up, at
// set-up and later, is decided here and nowhere else, and only here can a Permit be made; a request
// towards a new target cannot be sent without one. Pure and total; the oracle is the hand-written
// table in test/unit/sbc/policy.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "sbc/config/snapshot.h"
#include "sip/uri/uri.h"

namespace ringwall::sbc::policy {

// What is asked.
enum class Event : std::uint8_t {
    Initial,            // the route that was chosen for a new call or other out-of-dialog request
    Fork,               // one of several targets: contacts of one address-of-record
    Hunting,            // the next route after a failure
    Redirect,           // a Contact of a 3xx
    RefreshByRequest,   // the Contact of a re-INVITE or UPDATE
    RefreshByResponse,  // the Contact of a 2xx that sets up or refreshes a dialog
    Refer,              // Refer-To
    Registration,  // the Contact of a REGISTER (the target) for its address-of-record (the call)
    RelayedRegistration,  // a REGISTER that goes on to the registrar of an adjacency (the target)
};

// What a call is, fixed at its first message (docs/manual-sbc.md, "A call is secure").
struct CallSecurity {
    Security caller = Security::Untrusted;           // of the adjacency that it came in by
    SipCallsIn sip_calls_in = SipCallsIn::Insecure;  // of the same
    sip::Scheme scheme = sip::Scheme::Sip;           // of the Request-URI; tel counts as sip

    // SIPS, or from a trusted adjacency with `sip-calls-in secure`.
    bool is_secure() const;
};

// Where it is to go: an adjacency's leaves, and the scheme of the URI that came up. A leaf counts
// only on the kind of adjacency that has it (snapshot.h); elsewhere its value is as good as the
// default.
struct Target {
    Security security = Security::Untrusted;
    SipCallsOut sip_calls_out = SipCallsOut::Refuse;
    SipsConversion sips_conversion = SipsConversion::Off;
    UntrustedCallers untrusted_callers = UntrustedCallers::Allow;
    sip::Scheme scheme = sip::Scheme::Sip;
};
// A leg that goes out by this adjacency.
Target target_of(const Adjacency& adjacency, sip::Scheme scheme);
// The leg that the call came in by, for its refreshes and REFERs: its scheme is the call's,
// whatever `sips-conversion` says of calls that leave there.
Target callers_leg(const Adjacency& adjacency, sip::Scheme scheme);
CallSecurity call_from(const Adjacency& adjacency, sip::Scheme request_uri);

// Why not. The name is the metric label and the word in log and record.
enum class Refusal : std::uint8_t {
    UntrustedCallerSecureTarget,     // an untrusted caller, a SIPS URI
    SipCallsInReject,                // `sip-calls-in reject` where the call came in
    SecureCallUntrustedTarget,       // a secure call would leave by an untrusted adjacency
    SipCallsOutRefuse,               // `sip-calls-out` where the call would leave
    UntrustedCallerEncryptedTarget,  // untrusted in, trusted-encrypted out: never
    UntrustedCallersRefuse,          // `untrusted-callers refuse` where the call would leave
    SchemeToSip,                     // a SIPS call would become sip (or tel)
    SchemeToSips,                    // what is sip on this leg would become sips
    RegistrationNeedsSips,           // a SIPS address-of-record with a Contact that is not sips
    UnknownScheme,                   // neither sip, sips nor tel
};
inline constexpr int refusal_count = 10;
std::string_view to_string(Refusal refusal);  // "untrusted-caller-secure-target", ...
std::string_view reason_phrase(
    Refusal refusal);  // for the status line; names the rule, nothing else

// The rule itself, for who asks why: what the specification says, in a sentence.
std::string_view sentence(Refusal refusal);

// How to answer a refusal at this event.
struct Answer {
    // The final response: to the caller when no other target is left (set-up, 3xx), to the request
    // itself (refresh, REFER, REGISTER). 0: none, it was a response that was refused.
    int status = 0;
    int warning = 0;         // Warning code (RFC 5630 §5.3): 380, 381 or 0 for none
    bool ends_call = false;  // ACK where one is owed, then BYE to both sides
    bool operator==(const Answer&) const = default;
};
// "SIPS Not Allowed", "SIPS Required": the text of Warning 380 and 381; empty for another code.
std::string_view warning_text(int warning);

// The proof that `permit` said yes, and the scheme that the URI takes on that leg. A tel URI stays
// one (it counts as sip); for Event::Refer it is the scheme with which the Refer-To goes on.
class Permit {
public:
    sip::Scheme leg_scheme() const { return leg_scheme_; }

private:
    explicit Permit(sip::Scheme leg_scheme) : leg_scheme_(leg_scheme) {}
    friend Result<Permit, Refusal> permit(const CallSecurity&, const Target&, Event);
    sip::Scheme leg_scheme_;
};

// The inbound half: what is refused wherever it would go, before anything else is asked, so that
// the answer tells nothing about who exists. REGISTER is a request like any other here only for the
// rule about SIPS URIs: no leaf binds it.
std::optional<Refusal> refuse_caller(const CallSecurity& call, Event event);

// For refreshes and REFER the target is the leg on which they came: callers_leg or target_of.
Result<Permit, Refusal> permit(const CallSecurity& call, const Target& target, Event event);
Answer answer_to(Refusal refusal, Event event, const CallSecurity& call);

}  // namespace ringwall::sbc::policy
