// The oracle of `permit`: what the seed ("Encrypted SIP Signaling") and the settled rules of the
// product (docs/manual-sbc.md has them in prose) say, written by hand, a sentence a row. Nothing
// here is made by the code under test.
//
// A column is a set of values; ANY... is a wildcard. Who reads it: the unit test beside it, which
// walks through every combination, and the random simulation (test/simulation), which meets the
// rows on the wire.
#pragma once

#include <vector>

#include "sbc/policy/permit.h"

namespace ringwall::sbc::policy::table {

using sip::Scheme;

// A set of enumerators, by bit.
using Set = unsigned;
template <class E>
inline constexpr Set set_of(E value) {
    return 1U << static_cast<unsigned>(value);
}
template <class E, class... More>
inline constexpr Set set_of(E value, More... more) {
    return set_of(value) | set_of(more...);
}
template <class E>
constexpr bool has(Set set, E value) {
    return (set & set_of(value)) != 0;
}

// Security of caller and target.
inline constexpr Set UNTRUSTED = set_of(Security::Untrusted);
inline constexpr Set ENCRYPTED = set_of(Security::TrustedEncrypted);
inline constexpr Set LINK = set_of(Security::TrustedUnencrypted);
inline constexpr Set TRUSTED = ENCRYPTED | LINK;
inline constexpr Set ANY_TRUST = TRUSTED | UNTRUSTED;
// sip-calls-in.
inline constexpr Set IN_INSECURE = set_of(SipCallsIn::Insecure);
inline constexpr Set IN_SECURE = set_of(SipCallsIn::Secure);
inline constexpr Set IN_REJECT = set_of(SipCallsIn::Reject);
inline constexpr Set ANY_IN = IN_INSECURE | IN_SECURE | IN_REJECT;
// Schemes.
inline constexpr Set SIP = set_of(Scheme::Sip);
inline constexpr Set SIPS = set_of(Scheme::Sips);
inline constexpr Set TEL = set_of(Scheme::Tel);
inline constexpr Set OTHER = set_of(Scheme::Other);
inline constexpr Set KNOWN = SIP | SIPS | TEL;
// sip-calls-out.
inline constexpr Set OUT_REFUSE = set_of(SipCallsOut::Refuse);
inline constexpr Set OUT_SECURE_ONLY = set_of(SipCallsOut::SecureOnly);
inline constexpr Set OUT_ANY = set_of(SipCallsOut::Any);
inline constexpr Set ANY_OUT = OUT_REFUSE | OUT_SECURE_ONLY | OUT_ANY;
// sips-conversion.
inline constexpr Set CONV_OFF = set_of(SipsConversion::Off);
inline constexpr Set CONV_TO_SIP = set_of(SipsConversion::ToSip);
inline constexpr Set ANY_CONV = CONV_OFF | CONV_TO_SIP;
// untrusted-callers.
inline constexpr Set UC_ALLOW = set_of(UntrustedCallers::Allow);
inline constexpr Set UC_REFUSE = set_of(UntrustedCallers::Refuse);
inline constexpr Set ANY_UC = UC_ALLOW | UC_REFUSE;
// Events.
inline constexpr Set SET_UP = set_of(Event::Initial, Event::Fork, Event::Hunting);
inline constexpr Set REDIRECT = set_of(Event::Redirect);
inline constexpr Set REFRESH_REQUEST = set_of(Event::RefreshByRequest);
inline constexpr Set REFRESH_RESPONSE = set_of(Event::RefreshByResponse);
inline constexpr Set REFRESH = REFRESH_REQUEST | REFRESH_RESPONSE;
inline constexpr Set REFER = set_of(Event::Refer);
inline constexpr Set CALLS = SET_UP | REDIRECT | REFRESH | REFER;
inline constexpr Set REGISTRATION = set_of(Event::Registration);
inline constexpr Set RELAYED = set_of(Event::RelayedRegistration);
inline constexpr Set ANY_EVENT = CALLS | REGISTRATION | RELAYED;

// What a row expects: leave, and the scheme on that leg, or a refusal.
enum class Leg { Refused, Sip, Sips, AsItCame };
struct Expected {
    Leg leg = Leg::Refused;
    Refusal refusal = Refusal::UnknownScheme;  // when Refused
};
constexpr Expected refused(Refusal refusal) {
    return {Leg::Refused, refusal};
}
inline constexpr Expected AS_SIP{.leg = Leg::Sip};
inline constexpr Expected AS_SIPS{.leg = Leg::Sips};
inline constexpr Expected AS_IT_CAME{.leg = Leg::AsItCame};

struct Row {
    int number;
    Set caller, sip_calls_in, call;                                 // where from
    Set target, sip_calls_out, sips_conversion, untrusted_callers;  // where to
    Set target_scheme;
    Set events;
    Expected expected;
};

// clang-format off
inline const std::vector<Row> oracle = {
// number  caller  sip-calls-in  call  |  target  sip-calls-out  sips-conversion  untrusted-callers  target's scheme  events  verdict

// ---- Callers who are refused wherever they want to go

// Seed: "Inbound requests are rejected if the caller is untrusted and the target requires security."
{ 1, UNTRUSTED, ANY_IN, SIPS, ANY_TRUST, ANY_OUT, ANY_CONV, ANY_UC, KNOWN, ANY_EVENT, refused(Refusal::UntrustedCallerSecureTarget)},
// Settled: `sip-calls-in`: calls to sip URIs that come in here: (...) refused. (tel counts as sip.)
{ 2, TRUSTED, IN_REJECT, SIP | TEL, ANY_TRUST, ANY_OUT, ANY_CONV, ANY_UC, KNOWN, CALLS, refused(Refusal::SipCallsInReject)},

// ---- Untrusted callers of sip URIs. They come in where `sip-calls-in` does not exist: any value is the default

// Seed: "If a call does not require the outbound security, then the RPS considers only untrusted or trusted-unencrypted outbound adjacencies."
{10, UNTRUSTED, ANY_IN, SIP | TEL, UNTRUSTED, ANY_OUT, ANY_CONV, ANY_UC, SIP | TEL, CALLS, AS_IT_CAME},
// Seed: "Untrusted adjacencies do not permit the target of the call to be rerouted to a SIPS target."
{11, UNTRUSTED, ANY_IN, SIP | TEL, UNTRUSTED, ANY_OUT, ANY_CONV, ANY_UC, SIPS, REDIRECT | REFRESH | REFER, refused(Refusal::SchemeToSips)},
// Settled: Sip call to a sips contact: the Request-URI becomes sip, over TLS, (...) else 480 with Warning 381. (There is no TLS here.)
{12, UNTRUSTED, ANY_IN, SIP | TEL, UNTRUSTED, ANY_OUT, ANY_CONV, ANY_UC, SIPS, SET_UP, refused(Refusal::SchemeToSips)},
// Seed: "Calls received on untrusted adjacencies may not be routed over outbound secure-encrypted adjacencies." Settled: whatever `sip-calls-out` says.
{13, UNTRUSTED, ANY_IN, SIP | TEL, ENCRYPTED, ANY_OUT, ANY_CONV, ANY_UC, KNOWN, CALLS, refused(Refusal::UntrustedCallerEncryptedTarget)},
// Settled: `untrusted-callers`: insecure calls of untrusted callers may leave here (the RPS rule), or not: not.
{14, UNTRUSTED, ANY_IN, SIP | TEL, LINK, ANY_OUT, ANY_CONV, UC_REFUSE, KNOWN, CALLS, refused(Refusal::UntrustedCallersRefuse)},
// The same, and the default: they may.
{15, UNTRUSTED, ANY_IN, SIP | TEL, LINK, ANY_OUT, ANY_CONV, UC_ALLOW, SIP | TEL, CALLS, AS_IT_CAME},
// Seed: "The SBC does not redirect secure requests to insecure targets or vice-versa as a result of 3xx redirection or target-refresh."
{16, UNTRUSTED, ANY_IN, SIP | TEL, LINK, ANY_OUT, ANY_CONV, UC_ALLOW, SIPS, REDIRECT | REFRESH | REFER, refused(Refusal::SchemeToSips)},
// Settled: sip call to a sips contact: over TLS or not at all; a trusted link is not TLS.
{17, UNTRUSTED, ANY_IN, SIP | TEL, LINK, ANY_OUT, ANY_CONV, UC_ALLOW, SIPS, SET_UP, refused(Refusal::SchemeToSips)},

// ---- Trusted callers of SIPS URIs. `sip-calls-in` and `sip-calls-out` speak of sip URIs only

// Seed: "Only insecure calls (not the calls to SIPS URIs) may be made out of this adjacency."
{20, TRUSTED, ANY_IN, SIPS, UNTRUSTED, ANY_OUT, ANY_CONV, ANY_UC, KNOWN, CALLS, refused(Refusal::SecureCallUntrustedTarget)},
// Seed: "Only secure calls (calls to SIPS URIs) may be made out of this adjacency." and "if a call is originally targeted at a SIPS URI, it is sent out to a SIPS URI."
{21, TRUSTED, ANY_IN, SIPS, ENCRYPTED, ANY_OUT, ANY_CONV, ANY_UC, SIPS, CALLS, AS_SIPS},
// Settled: SIPS call to a sip contact: 480 with Warning 380.
{22, TRUSTED, ANY_IN, SIPS, ENCRYPTED, ANY_OUT, ANY_CONV, ANY_UC, SIP, SET_UP, refused(Refusal::SchemeToSip)},
// Seed: "a call directed to a SIPS Uniform Resource Identifier (URI) cannot be redirected to a SIP URI."
{23, TRUSTED, ANY_IN, SIPS, ENCRYPTED, ANY_OUT, ANY_CONV, ANY_UC, SIP, REDIRECT | REFRESH, refused(Refusal::SchemeToSip)},
// Settled: REFER that changes the scheme: 403, the call goes on.
{24, TRUSTED, ANY_IN, SIPS, ENCRYPTED, ANY_OUT, ANY_CONV, ANY_UC, SIP, REFER, refused(Refusal::SchemeToSip)},
// Settled: tel counts as sip; only a call to a SIPS URI is refused such a target.
{25, TRUSTED, ANY_IN, SIPS, TRUSTED, ANY_OUT, ANY_CONV, ANY_UC, TEL, CALLS, refused(Refusal::SchemeToSip)},
// Seed: "Either secure or insecure calls are made out of this adjacency." Settled: the adjacency's transport, also for SIPS URIs.
{26, TRUSTED, ANY_IN, SIPS, LINK, ANY_OUT, CONV_OFF, ANY_UC, SIPS, CALLS, AS_SIPS},
// Settled: SIPS call to a sip contact: 480 with Warning 380.
{27, TRUSTED, ANY_IN, SIPS, LINK, ANY_OUT, CONV_OFF, ANY_UC, SIP, SET_UP, refused(Refusal::SchemeToSip)},
// Seed: "trusted adjacencies do not permit the target of the call to be rerouted to a SIP target."
{28, TRUSTED, ANY_IN, SIPS, LINK, ANY_OUT, CONV_OFF, ANY_UC, SIP, REDIRECT | REFRESH | REFER, refused(Refusal::SchemeToSip)},
// Settled: `sips-conversion to-sip`: this leg carries sip URIs while the call stays secure.
{30, TRUSTED, ANY_IN, SIPS, LINK, ANY_OUT, CONV_TO_SIP, ANY_UC, SIP | SIPS, SET_UP, AS_SIP},
// Settled: on such a leg that leg's scheme is what 3xx, refresh (...) are compared with: sip stays sip.
{31, TRUSTED, ANY_IN, SIPS, LINK, ANY_OUT, CONV_TO_SIP, ANY_UC, SIP, REDIRECT | REFRESH, AS_SIP},
// The same: sips is the other scheme there, for a REFER too.
{32, TRUSTED, ANY_IN, SIPS, LINK, ANY_OUT, CONV_TO_SIP, ANY_UC, SIPS, REDIRECT | REFRESH | REFER, refused(Refusal::SchemeToSips)},
// Settled: a Refer-To goes on with the call's scheme.
{33, TRUSTED, ANY_IN, SIPS, LINK, ANY_OUT, CONV_TO_SIP, ANY_UC, SIP, REFER, AS_SIPS},

// ---- Trusted callers of sip URIs

// Settled: a call is secure if (...) it came in on a trusted adjacency whose `sip-calls-in` says `secure`: held to every rule of a secure call: no untrusted adjacency.
{40, TRUSTED, IN_SECURE, SIP | TEL, UNTRUSTED, ANY_OUT, ANY_CONV, ANY_UC, KNOWN, CALLS, refused(Refusal::SecureCallUntrustedTarget)},
// Seed: "If a call does not require the outbound security, then the RPS considers only untrusted or trusted-unencrypted outbound adjacencies."
{41, TRUSTED, IN_INSECURE, SIP | TEL, UNTRUSTED, ANY_OUT, ANY_CONV, ANY_UC, SIP | TEL, CALLS, AS_IT_CAME},
// Seed: "Untrusted adjacencies do not permit the target of the call to be rerouted to a SIPS target."
{42, TRUSTED, IN_INSECURE, SIP | TEL, UNTRUSTED, ANY_OUT, ANY_CONV, ANY_UC, SIPS, REDIRECT | REFRESH | REFER, refused(Refusal::SchemeToSips)},
// Settled: Sip call to a sips contact: (...) over TLS, (...) else 480 with Warning 381.
{43, TRUSTED, IN_INSECURE, SIP | TEL, UNTRUSTED, ANY_OUT, ANY_CONV, ANY_UC, SIPS, SET_UP, refused(Refusal::SchemeToSips)},
// Settled: `sip-calls-out`: calls with sip URIs that would leave here: none, as in the seed ("Only secure calls (calls to SIPS URIs) may be made out of this adjacency").
{50, TRUSTED, IN_INSECURE | IN_SECURE, SIP | TEL, ENCRYPTED, OUT_REFUSE, ANY_CONV, ANY_UC, KNOWN, SET_UP | REDIRECT, refused(Refusal::SipCallsOutRefuse)},
// Settled: `secure-only`: those that are secure by `sip-calls-in`; this one is not.
{51, TRUSTED, IN_INSECURE, SIP | TEL, ENCRYPTED, OUT_SECURE_ONLY, ANY_CONV, ANY_UC, KNOWN, SET_UP | REDIRECT, refused(Refusal::SipCallsOutRefuse)},
// The same: this one is.
{52, TRUSTED, IN_SECURE, SIP | TEL, ENCRYPTED, OUT_SECURE_ONLY, ANY_CONV, ANY_UC, SIP | TEL, SET_UP | REDIRECT, AS_IT_CAME},
// Settled: `any`: any call of a trusted caller. Seed: "if the call is originally targeted at a SIP URI, it is sent out to a SIP URI."
{53, TRUSTED, IN_INSECURE | IN_SECURE, SIP | TEL, ENCRYPTED, OUT_ANY, ANY_CONV, ANY_UC, SIP | TEL, SET_UP | REDIRECT, AS_IT_CAME},
// Settled: Sip call to a sips contact: the Request-URI becomes sip, over TLS, where `sip-calls-out` allows: `secure-only`, a secure call.
{54, TRUSTED, IN_SECURE, SIP | TEL, ENCRYPTED, OUT_SECURE_ONLY, ANY_CONV, ANY_UC, SIPS, SET_UP, AS_SIP},
// The same: `any`.
{55, TRUSTED, IN_INSECURE | IN_SECURE, SIP | TEL, ENCRYPTED, OUT_ANY, ANY_CONV, ANY_UC, SIPS, SET_UP, AS_SIP},
// Settled: 3xx: Contacts of the other scheme are never used.
{56, TRUSTED, IN_SECURE, SIP | TEL, ENCRYPTED, OUT_SECURE_ONLY, ANY_CONV, ANY_UC, SIPS, REDIRECT, refused(Refusal::SchemeToSips)},
// The same.
{57, TRUSTED, IN_INSECURE | IN_SECURE, SIP | TEL, ENCRYPTED, OUT_ANY, ANY_CONV, ANY_UC, SIPS, REDIRECT, refused(Refusal::SchemeToSips)},
// Settled: `sip-calls-out`: calls (...) that would leave here. A refresh or REFER on a leg that exists leaves nowhere: the caller's own leg may be one with `refuse`.
{58, TRUSTED, IN_INSECURE | IN_SECURE, SIP | TEL, ENCRYPTED, ANY_OUT, ANY_CONV, ANY_UC, SIP | TEL, REFRESH | REFER, AS_IT_CAME},
// Settled: target refresh whose Contact changes the scheme; REFER that changes the scheme.
{59, TRUSTED, IN_INSECURE | IN_SECURE, SIP | TEL, ENCRYPTED, ANY_OUT, ANY_CONV, ANY_UC, SIPS, REFRESH | REFER, refused(Refusal::SchemeToSips)},
// Seed: "Either secure or insecure calls are made out of this adjacency." (`untrusted-callers` does not speak of these, `sips-conversion` has nothing to convert.)
{60, TRUSTED, IN_INSECURE | IN_SECURE, SIP | TEL, LINK, ANY_OUT, ANY_CONV, ANY_UC, SIP | TEL, CALLS, AS_IT_CAME},
// Seed: "does not redirect secure requests to insecure targets or vice-versa". Settled: REFER that changes the scheme.
{61, TRUSTED, IN_INSECURE | IN_SECURE, SIP | TEL, LINK, ANY_OUT, ANY_CONV, ANY_UC, SIPS, REDIRECT | REFRESH | REFER, refused(Refusal::SchemeToSips)},
// Settled: Sip call to a sips contact: (...) over TLS, (...) else 480 with Warning 381; a trusted link is not TLS.
{62, TRUSTED, IN_INSECURE | IN_SECURE, SIP | TEL, LINK, ANY_OUT, ANY_CONV, ANY_UC, SIPS, SET_UP, refused(Refusal::SchemeToSips)},

// ---- Registrations: the call is the address-of-record, the target its Contact

// Settled: The leaves bind every out-of-dialog request but REGISTER; REGISTER of a sip address-of-record over TLS: accepted whatever `sip-calls-in` says.
{70, ANY_TRUST, ANY_IN, SIP | TEL, ANY_TRUST, ANY_OUT, ANY_CONV, ANY_UC, KNOWN, REGISTRATION, AS_IT_CAME},
// Seed: "Endpoints are not permitted to register a SIPS address-of-record unless they also provide a SIPS contact address."
{71, TRUSTED, ANY_IN, SIPS, ANY_TRUST, ANY_OUT, ANY_CONV, ANY_UC, SIP | TEL, REGISTRATION, refused(Refusal::RegistrationNeedsSips)},
// The same: they provide one.
{72, TRUSTED, ANY_IN, SIPS, ANY_TRUST, ANY_OUT, ANY_CONV, ANY_UC, SIPS, REGISTRATION, AS_SIPS},

// ---- Registrations that go on: the call is the address-of-record and where it came in, the target the registrar's adjacency

// Seed: "Calls received on untrusted adjacencies may not be routed over outbound secure-encrypted adjacencies." Nor their registrations.
{90, UNTRUSTED, ANY_IN, SIP | TEL, ENCRYPTED, ANY_OUT, ANY_CONV, ANY_UC, KNOWN, RELAYED, refused(Refusal::UntrustedCallerEncryptedTarget)},
// Settled: The leaves bind every out-of-dialog request but REGISTER.
{91, UNTRUSTED, ANY_IN, SIP | TEL, UNTRUSTED | LINK, ANY_OUT, ANY_CONV, ANY_UC, SIP | TEL, RELAYED, AS_IT_CAME},
// The same.
{92, TRUSTED, ANY_IN, SIP | TEL, ANY_TRUST, ANY_OUT, ANY_CONV, ANY_UC, SIP | TEL, RELAYED, AS_IT_CAME},
// RFC 5630 §5.1.1.1: with Contacts that are sip, From and To are.
{93, UNTRUSTED, ANY_IN, SIP | TEL, UNTRUSTED | LINK, ANY_OUT, ANY_CONV, ANY_UC, SIPS, RELAYED, refused(Refusal::SchemeToSips)},
// The same.
{94, TRUSTED, ANY_IN, SIP | TEL, ANY_TRUST, ANY_OUT, ANY_CONV, ANY_UC, SIPS, RELAYED, refused(Refusal::SchemeToSips)},
// Seed: "Only insecure calls (not the calls to SIPS URIs) may be made out of this adjacency." A SIPS address-of-record goes to a trusted registrar only.
{95, TRUSTED, ANY_IN, SIPS, UNTRUSTED, ANY_OUT, ANY_CONV, ANY_UC, KNOWN, RELAYED, refused(Refusal::SecureCallUntrustedTarget)},
// It does, over TLS.
{96, TRUSTED, ANY_IN, SIPS, ENCRYPTED, ANY_OUT, ANY_CONV, ANY_UC, SIPS, RELAYED, AS_SIPS},
// Or by the link that the operator vouches for: the adjacency's transport, also for SIPS URIs.
{97, TRUSTED, ANY_IN, SIPS, LINK, ANY_OUT, CONV_OFF, ANY_UC, SIPS, RELAYED, AS_SIPS},
// Never as sip: whoever called it there would not call a SIPS URI.
{98, TRUSTED, ANY_IN, SIPS, ENCRYPTED, ANY_OUT, ANY_CONV, ANY_UC, SIP | TEL, RELAYED, refused(Refusal::SchemeToSip)},
// The same.
{99, TRUSTED, ANY_IN, SIPS, LINK, ANY_OUT, CONV_OFF, ANY_UC, SIP | TEL, RELAYED, refused(Refusal::SchemeToSip)},
// The same, where the leg carries nothing but sip: `sips-conversion` converts calls, no registration.
{100, TRUSTED, ANY_IN, SIPS, LINK, ANY_OUT, CONV_TO_SIP, ANY_UC, KNOWN, RELAYED, refused(Refusal::SchemeToSip)},

// ---- Neither sip, sips nor tel

// RFC 3261 §8.2.2.1: a Request-URI with a scheme that we do not support.
{80, ANY_TRUST, ANY_IN, OTHER, ANY_TRUST, ANY_OUT, ANY_CONV, ANY_UC, KNOWN, ANY_EVENT, refused(Refusal::UnknownScheme)},
// Settled: Contacts of the other scheme are never used: nor is a scheme that carries no call at all.
{81, ANY_TRUST, ANY_IN, KNOWN | OTHER, ANY_TRUST, ANY_OUT, ANY_CONV, ANY_UC, OTHER, ANY_EVENT, refused(Refusal::UnknownScheme)},
};

struct AnswerRow {
    int number;
    Set refusals, events, call;
    Answer answer;
};
inline constexpr Set ANY_REFUSAL = (1U << refusal_count) - 1;

inline const std::vector<AnswerRow> answers = {
// Settled: untrusted caller, secure target: 403.
{ 1, set_of(Refusal::UntrustedCallerSecureTarget), SET_UP | REDIRECT | RELAYED, SIPS, {403, 0, false}},
// Settled: `sip-calls-in reject`: 480 with Warning 381.
{ 2, set_of(Refusal::SipCallsInReject), SET_UP | REDIRECT, SIP | TEL, {480, 381, false}},
// Settled: secure call, no trusted adjacency to route to: SIPS URI: 480 with Warning 380.
{ 3, set_of(Refusal::SecureCallUntrustedTarget), SET_UP | REDIRECT | RELAYED, SIPS, {480, 380, false}},
// Settled: the same: sip URI: 480.
{ 4, set_of(Refusal::SecureCallUntrustedTarget), SET_UP | REDIRECT, SIP | TEL, {480, 0, false}},
// Settled: with Warning 381 "SIPS Required" where `sip-calls-out refuse` was the reason.
{ 5, set_of(Refusal::SipCallsOutRefuse), SET_UP | REDIRECT, SIP | TEL, {480, 381, false}},
// Settled: other call: 480 when routes match but none is suitable.
{ 6, set_of(Refusal::UntrustedCallerEncryptedTarget, Refusal::UntrustedCallersRefuse), SET_UP | REDIRECT | RELAYED, SIP | TEL, {480, 0, false}},
// Settled: SIPS call to a sip contact: 480 with Warning 380.
{ 7, set_of(Refusal::SchemeToSip), SET_UP | RELAYED, SIPS, {480, 380, false}},
// Settled: Sip call to a sips contact: (...) else 480 with Warning 381.
{ 8, set_of(Refusal::SchemeToSips), SET_UP | RELAYED, SIP | TEL, {480, 381, false}},
// Settled: 3xx, none left: the caller gets 480 with Warning 380 or 381: 380 who called a SIPS URI.
{ 9, set_of(Refusal::SchemeToSip, Refusal::SchemeToSips), REDIRECT, SIPS, {480, 380, false}},
// The same: 381 who called a sip URI.
{10, set_of(Refusal::SchemeToSip, Refusal::SchemeToSips), REDIRECT, SIP | TEL, {480, 381, false}},
// Settled: target refresh, request: 488 on that side, then BYE to both.
{11, ANY_REFUSAL, REFRESH_REQUEST, KNOWN | OTHER, {488, 0, true}},
// Settled: target refresh, response: ACK where one is owed, then BYE to both.
{12, ANY_REFUSAL, REFRESH_RESPONSE, KNOWN | OTHER, {0, 0, true}},
// Settled: REFER that changes the scheme: 403, the call goes on.
{13, ANY_REFUSAL, REFER, KNOWN | OTHER, {403, 0, false}},
// Settled: REGISTER of a SIPS address-of-record: 400 unless every Contact is sips.
{14, set_of(Refusal::RegistrationNeedsSips), REGISTRATION, SIPS, {400, 0, false}},
// Settled: untrusted caller, secure target: 403. Seed: inbound *requests* are rejected.
{15, set_of(Refusal::UntrustedCallerSecureTarget), REGISTRATION, SIPS, {403, 0, false}},
// RFC 3261 §21.4.1: an address that nothing can be sent to.
{16, set_of(Refusal::UnknownScheme), REGISTRATION, KNOWN | OTHER, {400, 0, false}},
// RFC 3261 §8.2.2.1: 416 for the scheme of the Request-URI.
{17, set_of(Refusal::UnknownScheme), SET_UP | REDIRECT | RELAYED, OTHER, {416, 0, false}},
// Settled: 480 when none is suitable.
{18, set_of(Refusal::UnknownScheme), SET_UP | REDIRECT | RELAYED, KNOWN, {480, 0, false}},
};
// clang-format on

}  // namespace ringwall::sbc::policy::table
