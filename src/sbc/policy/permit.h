// The rule of the product: may this call go to this target? Every single target that comes up, at
// set-up and later, is decided here and nowhere else, and only here can a Permit be made; a request
// towards a new target cannot be sent without one. Pure and total; the oracle is the hand-written
// table in test/unit/sbc/policy.
#pragma once

#include <cstdint>
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
    Registration,       // the Contact of a REGISTER (the target) for its address-of-record (the call)
};

// What a call is, fixed at its first message. (facts: "What makes a call secure".)
struct CallSecurity {
    Security caller = Security::Untrusted;         // of the adjacency that it came in by
    SipCallsIn sip_calls_in = SipCallsIn::Insecure;  // of the same
    sip::Scheme scheme = sip::Scheme::Sip;         // of the Request-URI; tel counts as sip

    // SIPS, or from a trusted adjacency with `sip-calls-in secure`.
    bool is_secure() const;
};

// Where it is to go: an adjacency's leaves, and the URI that it would be sent to there.
struct Target {
    Security security = Security::Untrusted;
    SipCallsOut sip_calls_out = SipCallsOut::Refuse;
    SipsConversion sips_conversion = SipsConversion::Off;
    UntrustedCallers untrusted_callers = UntrustedCallers::Allow;
    sip::Scheme scheme = sip::Scheme::Sip;
};
Target target_of(const Adjacency& adjacency, sip::Scheme scheme);
CallSecurity call_from(const Adjacency& adjacency, sip::Scheme request_uri);

// Why not. The name is the metric label and the word in log and record.
enum class Refusal : std::uint8_t {
    UntrustedCallerSecureTarget,   // 403
    SipCallsInReject,              // 480, Warning 381
    SecureCallUntrustedTarget,     // 480, Warning 380 for a SIPS URI
    SipCallsOutRefuse,             // 480, Warning 381 "SIPS Required"
    UntrustedCallerEncryptedTarget,// untrusted in, trusted-encrypted out: never
    UntrustedCallersRefuse,        // trusted-unencrypted with `untrusted-callers refuse`
    SchemeToSip,                   // a sips call would become sip
    SchemeToSips,                  // a sip call would become sips
    RegistrationNeedsSips,         // 400
};
std::string_view to_string(Refusal refusal);

// How to answer a refusal at this event (facts: "question / answer").
struct Answer {
    int status = 0;              // final response; 0: none (the target is only left out)
    int warning = 0;             // Warning code 380 or 381; 0: none
    bool ends_call = false;      // BYE to both sides
};

// The proof that `permit` said yes, and the scheme that the URI takes on that leg.
class Permit {
public:
    sip::Scheme leg_scheme() const { return leg_scheme_; }

private:
    explicit Permit(sip::Scheme leg_scheme) : leg_scheme_(leg_scheme) {}
    friend Result<Permit, Refusal> permit(const CallSecurity&, const Target&, Event);
    sip::Scheme leg_scheme_;
};

Result<Permit, Refusal> permit(const CallSecurity& call, const Target& target, Event event);
Answer answer_to(Refusal refusal, Event event, const CallSecurity& call);

}  // namespace ringwall::sbc::policy
