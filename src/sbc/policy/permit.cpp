// How to read this file: refuse_caller is the seed's "UAS side", may_leave_by its "routing",
// scheme_on its "UAC side"; permit asks them in that order. Sentences in quotes are the seed's.
#include "sbc/policy/permit.h"

namespace ringwall::sbc::policy {

using sip::Scheme;

namespace {

// The event asks for a request to somewhere new. At the others the leg exists already.
bool is_new_request(Event event) {
    switch (event) {
        case Event::Initial:
        case Event::Fork:
        case Event::Hunting:
        case Event::Redirect:
            return true;
        case Event::RefreshByRequest:
        case Event::RefreshByResponse:
        case Event::Refer:
        case Event::Registration:
        case Event::RelayedRegistration:
            return false;
    }
    return true;
}

// A tel URI counts as sip; Scheme::Other was refused before anybody asks.
Scheme as_sip_or_sips(Scheme scheme) {
    return scheme == Scheme::Sips ? Scheme::Sips : Scheme::Sip;
}

bool carries_sip_only(const Target& target) {
    return target.security == Security::TrustedUnencrypted &&
           target.sips_conversion == SipsConversion::ToSip;
}

bool allows_sip_call_out(const CallSecurity& call, SipCallsOut sip_calls_out) {
    switch (sip_calls_out) {
        case SipCallsOut::Refuse:
            return false;
        case SipCallsOut::SecureOnly:
            return call.is_secure();
        case SipCallsOut::Any:
            return true;
    }
    return false;
}

// "Calls received on untrusted adjacencies may not be routed over outbound secure-encrypted
// adjacencies", "the RPS considers only the trusted outbound adjacencies". Trust is asked at every
// event: on a leg that exists it holds by construction, and costs nothing to ask again.
// `sip-calls-out` speaks of calls that leave, and so not of the leg that a call came in by.
std::optional<Refusal> may_leave_by(const CallSecurity& call, const Target& target, Event event) {
    const bool is_untrusted_caller = call.caller == Security::Untrusted;
    switch (target.security) {
        case Security::Untrusted:
            if (call.is_secure()) {
                return Refusal::SecureCallUntrustedTarget;
            }
            return std::nullopt;
        case Security::TrustedEncrypted:
            if (is_untrusted_caller) {
                return Refusal::UntrustedCallerEncryptedTarget;
            }
            if (call.scheme != Scheme::Sips && is_new_request(event) &&
                !allows_sip_call_out(call, target.sip_calls_out)) {
                return Refusal::SipCallsOutRefuse;
            }
            return std::nullopt;
        case Security::TrustedUnencrypted:
            if (is_untrusted_caller && target.untrusted_callers == UntrustedCallers::Refuse) {
                return Refusal::UntrustedCallersRefuse;
            }
            return std::nullopt;
    }
    return Refusal::SecureCallUntrustedTarget;
}

// The leaves speak of calls; trust speaks of every request.
std::optional<Refusal> may_register_by(const CallSecurity& address_of_record,
                                       const Target& registrar) {
    if (address_of_record.scheme == Scheme::Sips && registrar.security == Security::Untrusted) {
        return Refusal::SecureCallUntrustedTarget;
    }
    if (address_of_record.caller == Security::Untrusted &&
        registrar.security == Security::TrustedEncrypted) {
        return Refusal::UntrustedCallerEncryptedTarget;
    }
    return std::nullopt;
}

// A target at set-up: what was routed, or a contact that location knows.
Result<Scheme, Refusal> scheme_at_set_up(const CallSecurity& call, const Target& target) {
    if (call.scheme == Scheme::Sips) {
        if (carries_sip_only(target)) {
            return Scheme::Sip;
        }
        if (target.scheme != Scheme::Sips) {
            return fail(Refusal::SchemeToSip);
        }
        return Scheme::Sips;
    }
    if (target.scheme == Scheme::Sips) {
        // RFC 5630 §5.3: a sip request does not go to a sips Request-URI; it becomes sip, and then
        // TLS is owed. Only an encrypted adjacency has it.
        if (target.security != Security::TrustedEncrypted) {
            return fail(Refusal::SchemeToSips);
        }
        return Scheme::Sip;
    }
    return target.scheme;
}

// A target that came up later: compared with the scheme of the leg, never rewritten.
Result<Scheme, Refusal> scheme_on_leg(const CallSecurity& call, const Target& target) {
    const Scheme leg = carries_sip_only(target) ? Scheme::Sip : as_sip_or_sips(call.scheme);
    if (leg != as_sip_or_sips(target.scheme)) {
        return fail(leg == Scheme::Sips ? Refusal::SchemeToSip : Refusal::SchemeToSips);
    }
    return target.scheme;
}

// "Endpoints are not permitted to register a SIPS address-of-record unless they also provide a SIPS
// contact address." A sip one may have contacts of either scheme.
Result<Scheme, Refusal> scheme_of_contact(const CallSecurity& address_of_record,
                                          const Target& contact) {
    if (address_of_record.scheme == Scheme::Sips && contact.scheme != Scheme::Sips) {
        return fail(Refusal::RegistrationNeedsSips);
    }
    return contact.scheme;
}

// A SIPS address-of-record is told to no registrar that would have it called by sip: a leg with
// `sips-conversion` is one.
Result<Scheme, Refusal> scheme_at_registrar(const CallSecurity& address_of_record,
                                            const Target& registrar) {
    if (address_of_record.scheme == Scheme::Sips && carries_sip_only(registrar)) {
        return fail(Refusal::SchemeToSip);
    }
    return scheme_on_leg(address_of_record, registrar);
}

Result<Scheme, Refusal> scheme_on(const CallSecurity& call, const Target& target, Event event) {
    if (event == Event::Registration) {
        return scheme_of_contact(call, target);
    }
    if (event == Event::RelayedRegistration) {
        return scheme_at_registrar(call, target);
    }
    // tel counts as sip; only a call to a SIPS URI is refused such a target, on a leg that carries
    // sip too.
    if (call.scheme == Scheme::Sips && target.scheme == Scheme::Tel) {
        return fail(Refusal::SchemeToSip);
    }
    switch (event) {
        case Event::Initial:
        case Event::Fork:
        case Event::Hunting:
            return scheme_at_set_up(call, target);
        case Event::Redirect:
        case Event::RefreshByRequest:
        case Event::RefreshByResponse:
            return scheme_on_leg(call, target);
        case Event::Refer: {
            const Scheme scheme = TRY(scheme_on_leg(call, target));
            return call.scheme == Scheme::Sips ? Scheme::Sips : scheme;
        }
        case Event::Registration:  // above
        case Event::RelayedRegistration:
            break;
    }
    return fail(Refusal::UnknownScheme);
}

int warning_for_scheme(const CallSecurity& call) {
    return call.scheme == Scheme::Sips ? 380 : 381;
}

// The final response to a caller who has no target left.
Answer answer_to_caller(Refusal refusal, const CallSecurity& call) {
    switch (refusal) {
        case Refusal::UntrustedCallerSecureTarget:
            return {.status = 403};
        case Refusal::SecureCallUntrustedTarget:
            return {.status = 480, .warning = call.scheme == Scheme::Sips ? 380 : 0};
        case Refusal::SipCallsInReject:
        case Refusal::SipCallsOutRefuse:
            return {.status = 480, .warning = 381};
        case Refusal::SchemeToSip:
        case Refusal::SchemeToSips:
            return {.status = 480, .warning = warning_for_scheme(call)};
        case Refusal::UntrustedCallerEncryptedTarget:
        case Refusal::UntrustedCallersRefuse:
            return {.status = 480};
        case Refusal::RegistrationNeedsSips:
            return {.status = 400};
        case Refusal::UnknownScheme:
            return {.status = call.scheme == Scheme::Other ? 416 : 480};
    }
    return {.status = 403};
}

}  // namespace

bool CallSecurity::is_secure() const {
    return scheme == Scheme::Sips ||
           (caller != Security::Untrusted && sip_calls_in == SipCallsIn::Secure);
}

Target target_of(const Adjacency& adjacency, Scheme scheme) {
    return {.security = adjacency.security,
            .sip_calls_out = adjacency.sip_calls_out,
            .sips_conversion = adjacency.sips_conversion,
            .untrusted_callers = adjacency.untrusted_callers,
            .scheme = scheme};
}

Target callers_leg(const Adjacency& adjacency, Scheme scheme) {
    Target target = target_of(adjacency, scheme);
    target.sips_conversion = SipsConversion::Off;
    return target;
}

CallSecurity call_from(const Adjacency& adjacency, Scheme request_uri) {
    return {.caller = adjacency.security,
            .sip_calls_in = adjacency.sip_calls_in,
            .scheme = request_uri};
}

std::optional<Refusal> refuse_caller(const CallSecurity& call, Event event) {
    if (call.scheme == Scheme::Other) {
        return Refusal::UnknownScheme;
    }
    // "Inbound requests are rejected if the caller is untrusted and the target requires security."
    if (call.caller == Security::Untrusted && call.scheme == Scheme::Sips) {
        return Refusal::UntrustedCallerSecureTarget;
    }
    const bool is_register = event == Event::Registration || event == Event::RelayedRegistration;
    if (!is_register && call.caller != Security::Untrusted &&
        call.sip_calls_in == SipCallsIn::Reject && call.scheme != Scheme::Sips) {
        return Refusal::SipCallsInReject;
    }
    return std::nullopt;
}

Result<Permit, Refusal> permit(const CallSecurity& call, const Target& target, Event event) {
    if (target.scheme == Scheme::Other) {
        return fail(Refusal::UnknownScheme);
    }
    if (const auto refusal = refuse_caller(call, event)) {
        return fail(*refusal);
    }
    if (event != Event::Registration) {
        const auto refusal = event == Event::RelayedRegistration
                                 ? may_register_by(call, target)
                                 : may_leave_by(call, target, event);
        if (refusal) {
            return fail(*refusal);
        }
    }
    return Permit(TRY(scheme_on(call, target, event)));
}

Answer answer_to(Refusal refusal, Event event, const CallSecurity& call) {
    switch (event) {
        case Event::Initial:
        case Event::Fork:
        case Event::Hunting:
        case Event::Redirect:
        case Event::RelayedRegistration:
            return answer_to_caller(refusal, call);
        case Event::RefreshByRequest:
            return {.status = 488, .ends_call = true};
        case Event::RefreshByResponse:
            return {.ends_call = true};
        case Event::Refer:
            return {.status = 403};
        case Event::Registration:
            return {.status = refusal == Refusal::UntrustedCallerSecureTarget ? 403 : 400};
    }
    return {.status = 403};
}

std::string_view to_string(Refusal refusal) {
    switch (refusal) {
        case Refusal::UntrustedCallerSecureTarget:
            return "untrusted-caller-secure-target";
        case Refusal::SipCallsInReject:
            return "sip-calls-in-reject";
        case Refusal::SecureCallUntrustedTarget:
            return "secure-call-untrusted-target";
        case Refusal::SipCallsOutRefuse:
            return "sip-calls-out-refuse";
        case Refusal::UntrustedCallerEncryptedTarget:
            return "untrusted-caller-encrypted-target";
        case Refusal::UntrustedCallersRefuse:
            return "untrusted-callers-refuse";
        case Refusal::SchemeToSip:
            return "scheme-to-sip";
        case Refusal::SchemeToSips:
            return "scheme-to-sips";
        case Refusal::RegistrationNeedsSips:
            return "registration-needs-sips";
        case Refusal::UnknownScheme:
            return "unknown-scheme";
    }
    return "unknown";
}

std::string_view reason_phrase(Refusal refusal) {
    switch (refusal) {
        case Refusal::UntrustedCallerSecureTarget:
            return "SIPS Target Not Allowed From Untrusted Caller";
        case Refusal::SipCallsInReject:
            return "SIPS Required Here";
        case Refusal::SecureCallUntrustedTarget:
            return "No Trusted Route For Secure Call";
        case Refusal::SipCallsOutRefuse:
            return "SIPS Required By Next Hop";
        case Refusal::UntrustedCallerEncryptedTarget:
        case Refusal::UntrustedCallersRefuse:
            return "No Route For Untrusted Caller";
        case Refusal::SchemeToSip:
            return "SIPS Call Must Not Become SIP";
        case Refusal::SchemeToSips:
            return "SIP Call Must Not Become SIPS";
        case Refusal::RegistrationNeedsSips:
            return "SIPS Address-of-Record Needs SIPS Contact";
        case Refusal::UnknownScheme:
            return "Unsupported URI Scheme";
    }
    return "Forbidden";
}

std::string_view sentence(Refusal refusal) {
    switch (refusal) {
        case Refusal::UntrustedCallerSecureTarget:
            return "A request is rejected if its caller is untrusted and its target requires "
                   "security.";
        case Refusal::SipCallsInReject:
            return "This adjacency takes calls to SIPS URIs only ('sip-calls-in reject').";
        case Refusal::SecureCallUntrustedTarget:
            return "A call that requires security goes out by trusted adjacencies only.";
        case Refusal::SipCallsOutRefuse:
            return "Only calls to SIPS URIs go out by a trusted-encrypted adjacency, unless "
                   "'sip-calls-out' there says otherwise.";
        case Refusal::UntrustedCallerEncryptedTarget:
            return "A call from an untrusted adjacency never goes out by a trusted-encrypted one.";
        case Refusal::UntrustedCallersRefuse:
            return "This adjacency takes no calls of untrusted callers ('untrusted-callers "
                   "refuse').";
        case Refusal::SchemeToSip:
            return "A call to a SIPS URI is never led to a SIP URI.";
        case Refusal::SchemeToSips:
            return "A call to a SIP URI is never led to a SIPS URI, unless by TLS with its own "
                   "scheme.";
        case Refusal::RegistrationNeedsSips:
            return "A SIPS address-of-record is registered with SIPS contacts only.";
        case Refusal::UnknownScheme:
            return "A URI is sip, sips or tel; nothing is known of the security of others.";
    }
    return "";
}

std::string_view warning_text(int warning) {
    switch (warning) {
        case 380:
            return "SIPS Not Allowed";
        case 381:
            return "SIPS Required";
        default:
            return {};
    }
}

}  // namespace ringwall::sbc::policy
