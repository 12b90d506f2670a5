#include "simulation/disabled.h"

#include <string>

#include "sbc/policy/caller_identity.h"
#include "sbc/policy/permit.h"
#include "sbc/policy/stages.h"
#include "sip/uri/uri.h"

namespace ringwall::simulation {
namespace {

namespace policy = sbc::policy;
using policy::Inbound;
using policy::Verdict;
using Granted = Result<policy::Permit, policy::Refusal>;

std::string disabled;

}  // namespace

void disable(std::string_view rule) {
    disabled = rule;
}

// The names are those that the linker knows (--wrap): __real_ is the border controller's own,
// __wrap_ is what everybody calls instead.
#define REAL(symbol) asm("__real_" symbol)
#define WRAP(symbol) asm("__wrap_" symbol)
#define STAGE(name, rule, symbol)                                                       \
    Verdict real_##name(Inbound&) REAL(symbol);                                         \
    Verdict wrapped_##name(Inbound&) WRAP(symbol);                                      \
    Verdict wrapped_##name(Inbound& inbound) {                                          \
        return disabled == (rule) ? Verdict(policy::Continue{}) : real_##name(inbound); \
    }

STAGE(certificate_name, "certificate-name",
      "_ZN8ringwall3sbc6policy19check_peer_identityERNS1_7InboundE")
STAGE(target_security, "target-security",
      "_ZN8ringwall3sbc6policy31require_trust_for_secure_targetERNS1_7InboundE")
STAGE(route, "route", "_ZN8ringwall3sbc6policy12choose_routeERNS1_7InboundE")

// What came in the clear counts as though it had come by TLS, from somebody without a certificate.
Verdict real_transport_security(Inbound&)
    REAL("_ZN8ringwall3sbc6policy26require_transport_securityERNS1_7InboundE");
Verdict wrapped_transport_security(Inbound&)
    WRAP("_ZN8ringwall3sbc6policy26require_transport_securityERNS1_7InboundE");
Verdict wrapped_transport_security(Inbound& inbound) {
    if (disabled != "transport-security") {
        return real_transport_security(inbound);
    }
    static const tls::PeerIdentity nobody;
    if (inbound.identity == nullptr) {
        inbound.identity = &nobody;
    }
    return policy::Continue{};
}

// Everybody is who they say they are.
Verdict real_authenticate(Inbound&) REAL("_ZN8ringwall3sbc6policy12authenticateERNS1_7InboundE");
Verdict wrapped_authenticate(Inbound&) WRAP("_ZN8ringwall3sbc6policy12authenticateERNS1_7InboundE");
Verdict wrapped_authenticate(Inbound& inbound) {
    if (disabled != "authenticate") {
        return real_authenticate(inbound);
    }
    inbound.caller = sip::address_of_record(inbound.request.from().uri);
    return policy::Continue{};
}

// The stages behind it need some adjacency: without this one, whoever comes is of the first.
Verdict real_identify(Inbound&) REAL("_ZN8ringwall3sbc6policy8identifyERNS1_7InboundE");
Verdict wrapped_identify(Inbound&) WRAP("_ZN8ringwall3sbc6policy8identifyERNS1_7InboundE");
Verdict wrapped_identify(Inbound& inbound) {
    if (disabled != "identify") {
        return real_identify(inbound);
    }
    inbound.adjacency = 0;
    inbound.call =
        policy::call_from(inbound.from_adjacency(), inbound.request.request_uri().scheme);
    return policy::Continue{};
}

// Everybody may hear who calls.
bool real_privacy(const sbc::Adjacency&, const policy::Privacy&)
    REAL("_ZN8ringwall3sbc6policy17may_hear_identityERKNS0_9AdjacencyERKNS1_7PrivacyE");
bool wrapped_privacy(const sbc::Adjacency&, const policy::Privacy&)
    WRAP("_ZN8ringwall3sbc6policy17may_hear_identityERKNS0_9AdjacencyERKNS1_7PrivacyE");
bool wrapped_privacy(const sbc::Adjacency& to, const policy::Privacy& asked) {
    return disabled == "privacy" || real_privacy(to, asked);
}

Granted real_permit(const policy::CallSecurity&, const policy::Target&, policy::Event)
    REAL("_ZN8ringwall3sbc6policy6permitERKNS1_12CallSecurityERKNS1_6TargetENS1_5EventE");
Granted wrapped_permit(const policy::CallSecurity&, const policy::Target&, policy::Event)
    WRAP("_ZN8ringwall3sbc6policy6permitERKNS1_12CallSecurityERKNS1_6TargetENS1_5EventE");
Granted wrapped_permit(const policy::CallSecurity& call, const policy::Target& target,
                       policy::Event event) {
    if (disabled != "permit") {
        return real_permit(call, target, event);
    }
    // Nobody but `permit` can make a Permit: a question to which the answer is yes, with the scheme
    // that was asked for.
    policy::CallSecurity harmless{.caller = sbc::Security::TrustedUnencrypted,
                                  .sip_calls_in = sbc::SipCallsIn::Insecure,
                                  .scheme = target.scheme};
    policy::Target link{.security = sbc::Security::TrustedUnencrypted,
                        .sip_calls_out = sbc::SipCallsOut::Refuse,
                        .sips_conversion = sbc::SipsConversion::Off,
                        .untrusted_callers = sbc::UntrustedCallers::Allow,
                        .scheme = target.scheme};
    return real_permit(harmless, link, policy::Event::Initial);
}

}  // namespace ringwall::simulation
