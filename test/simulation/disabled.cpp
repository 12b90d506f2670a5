#include "simulation/disabled.h"

#include <optional>
#include <string>
#include <vector>

#include "sbc/media/link.h"
#include "sbc/policy/caller_identity.h"
#include "sbc/policy/carried.h"
#include "sbc/policy/media_anchoring.h"
#include "sbc/policy/permit.h"
#include "sbc/policy/stages.h"
#include "sbc/registrar/edge_registrar.h"
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

// Calls need none to be made; a REGISTER that goes on behind would have nowhere to go, and the
// process would fall over.
Verdict real_route(Inbound&) REAL("_ZN8ringwall3sbc6policy12choose_routeERNS1_7InboundE");
Verdict wrapped_route(Inbound&) WRAP("_ZN8ringwall3sbc6policy12choose_routeERNS1_7InboundE");
Verdict wrapped_route(Inbound& inbound) {
    const bool is_call = inbound.request.method() != sip::Method::Register;
    return disabled == "route" && is_call ? Verdict(policy::Continue{}) : real_route(inbound);
}

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

// Media goes past the media engine, whatever is configured.
policy::MediaWay real_media_way(const sbc::Adjacency&, const sbc::Adjacency&, bool)
    REAL("_ZN8ringwall3sbc6policy9media_wayERKNS0_9AdjacencyES4_b");
policy::MediaWay wrapped_media_way(const sbc::Adjacency&, const sbc::Adjacency&, bool)
    WRAP("_ZN8ringwall3sbc6policy9media_wayERKNS0_9AdjacencyES4_b");
policy::MediaWay wrapped_media_way(const sbc::Adjacency& from, const sbc::Adjacency& to,
                                   bool is_engine_up) {
    return disabled == "media-way" ? policy::MediaWay::Bypass
                                   : real_media_way(from, to, is_engine_up);
}

// Any description is shown to the engine as it came.
using Offer = std::optional<std::string_view>;
policy::MediaVerdict real_to_engine(const policy::MediaLeg&, const sip::Message&, Offer) REAL(
    "_ZN8ringwall3sbc6policy16judge_for_engineERKNS1_8MediaLegERKNS_3sip7MessageESt8optional"
    "ISt17basic_string_viewIcSt11char_traitsIcEEE");
policy::MediaVerdict wrapped_to_engine(const policy::MediaLeg&, const sip::Message&, Offer) WRAP(
    "_ZN8ringwall3sbc6policy16judge_for_engineERKNS1_8MediaLegERKNS_3sip7MessageESt8optional"
    "ISt17basic_string_viewIcSt11char_traitsIcEEE");
policy::MediaVerdict wrapped_to_engine(const policy::MediaLeg& from, const sip::Message& message,
                                       Offer offer) {
    return disabled == "media-to-engine" ? policy::MediaVerdict{}
                                         : real_to_engine(from, message, offer);
}

// The engine is believed.
policy::MediaVerdict real_from_engine(const policy::MediaLeg&, std::string_view, std::string_view,
                                      Offer)
    REAL(
        "_ZN8ringwall3sbc6policy17judge_from_engineERKNS1_8MediaLegESt17basic_string_viewIcSt11"
        "char_traitsIcEES8_St8optionalIS8_E");
policy::MediaVerdict wrapped_from_engine(const policy::MediaLeg&, std::string_view,
                                         std::string_view, Offer)
    WRAP(
        "_ZN8ringwall3sbc6policy17judge_from_engineERKNS1_8MediaLegESt17basic_string_viewIcSt11"
        "char_traitsIcEES8_St8optionalIS8_E");
policy::MediaVerdict wrapped_from_engine(const policy::MediaLeg& to, std::string_view original,
                                         std::string_view description, Offer offer) {
    return disabled == "media-from-engine"
               ? policy::MediaVerdict{.refusal = {}, .body = std::string(description)}
               : real_from_engine(to, original, description, offer);
}

// The engine is never told that a call is over.
void real_forget(sbc::media::Link&, std::string_view)
    REAL("_ZN8ringwall3sbc5media4Link6forgetESt17basic_string_viewIcSt11char_traitsIcEE");
void wrapped_forget(sbc::media::Link&, std::string_view)
    WRAP("_ZN8ringwall3sbc5media4Link6forgetESt17basic_string_viewIcSt11char_traitsIcEE");
void wrapped_forget(sbc::media::Link& link, std::string_view session) {
    if (disabled != "media-release") {
        real_forget(link, session);
    }
}

// Who was registered stays so, whatever the registrar behind says.
using Bindings = std::vector<sbc::registrar::Binding>;
#define ON_REFUSED_BEHIND                                                                        \
    "_ZN8ringwall3sbc9registrar13EdgeRegistrar17on_refused_behindERKNS_3sip7MessageERKNS1_"      \
    "10RegistrantENSt6chrono10time_pointINS_14MonotonicClockENSA_8durationIlSt5ratioILl1ELl1000" \
    "000EEEEEE"
Bindings real_refused(sbc::registrar::EdgeRegistrar&, const sip::Message&,
                      const sbc::registrar::Registrant&, TimePoint) REAL(ON_REFUSED_BEHIND);
Bindings wrapped_refused(sbc::registrar::EdgeRegistrar&, const sip::Message&,
                         const sbc::registrar::Registrant&, TimePoint) WRAP(ON_REFUSED_BEHIND);
Bindings wrapped_refused(sbc::registrar::EdgeRegistrar& registrar, const sip::Message& request,
                         const sbc::registrar::Registrant& registrant, TimePoint now) {
    return disabled == "registrar-refusal" ? Bindings{}
                                           : real_refused(registrar, request, registrant, now);
}

// What proves somebody goes on to every phone, and every challenge to every caller.
bool real_challenges(const sbc::Adjacency&, sbc::AdjacencyIndex)
    REAL("_ZN8ringwall3sbc6policy18carries_challengesERKNS0_9AdjacencyEj");
bool wrapped_challenges(const sbc::Adjacency&, sbc::AdjacencyIndex)
    WRAP("_ZN8ringwall3sbc6policy18carries_challengesERKNS0_9AdjacencyEj");
bool wrapped_challenges(const sbc::Adjacency& phones, sbc::AdjacencyIndex caller) {
    return disabled == "challenges" || real_challenges(phones, caller);
}

}  // namespace ringwall::simulation
