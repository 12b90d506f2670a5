// The oracle of `permit`: what the seed ("Encrypted SIP Signaling") and the settled rules of the
// product (docs/manual-sbc.md has them in prose) say, written by hand, a sentence a row. Nothing
// here is made by the code under test.
//
// A column is a set of values; ANY... is a wildcard. The test walks through every combination of
// all columns, demands that exactly one row speaks of it, and compares verdict, reason and scheme
// of the leg with that row, and the answer with the second table. Then it spoils the tables, row by
// row, and demands to be failed.
#include <gtest/gtest.h>

#include <array>
#include <sstream>
#include <string>
#include <vector>

#include "sbc/policy/permit.h"

namespace ringwall::sbc::policy {
namespace {

using sip::Scheme;

// A set of enumerators, by bit.
using Set = unsigned;
template <class E>
constexpr Set set_of(E value) {
    return 1U << static_cast<unsigned>(value);
}
template <class E, class... More>
constexpr Set set_of(E value, More... more) {
    return set_of(value) | set_of(more...);
}
template <class E>
constexpr bool has(Set set, E value) {
    return (set & set_of(value)) != 0;
}

// Security of caller and target.
constexpr Set UNTRUSTED = set_of(Security::Untrusted);
constexpr Set ENCRYPTED = set_of(Security::TrustedEncrypted);
constexpr Set LINK = set_of(Security::TrustedUnencrypted);
constexpr Set TRUSTED = ENCRYPTED | LINK;
constexpr Set ANY_TRUST = TRUSTED | UNTRUSTED;
// sip-calls-in.
constexpr Set IN_INSECURE = set_of(SipCallsIn::Insecure);
constexpr Set IN_SECURE = set_of(SipCallsIn::Secure);
constexpr Set IN_REJECT = set_of(SipCallsIn::Reject);
constexpr Set ANY_IN = IN_INSECURE | IN_SECURE | IN_REJECT;
// Schemes.
constexpr Set SIP = set_of(Scheme::Sip);
constexpr Set SIPS = set_of(Scheme::Sips);
constexpr Set TEL = set_of(Scheme::Tel);
constexpr Set OTHER = set_of(Scheme::Other);
constexpr Set KNOWN = SIP | SIPS | TEL;
// sip-calls-out.
constexpr Set OUT_REFUSE = set_of(SipCallsOut::Refuse);
constexpr Set OUT_SECURE_ONLY = set_of(SipCallsOut::SecureOnly);
constexpr Set OUT_ANY = set_of(SipCallsOut::Any);
constexpr Set ANY_OUT = OUT_REFUSE | OUT_SECURE_ONLY | OUT_ANY;
// sips-conversion.
constexpr Set CONV_OFF = set_of(SipsConversion::Off);
constexpr Set CONV_TO_SIP = set_of(SipsConversion::ToSip);
constexpr Set ANY_CONV = CONV_OFF | CONV_TO_SIP;
// untrusted-callers.
constexpr Set UC_ALLOW = set_of(UntrustedCallers::Allow);
constexpr Set UC_REFUSE = set_of(UntrustedCallers::Refuse);
constexpr Set ANY_UC = UC_ALLOW | UC_REFUSE;
// Events.
constexpr Set SET_UP = set_of(Event::Initial, Event::Fork, Event::Hunting);
constexpr Set REDIRECT = set_of(Event::Redirect);
constexpr Set REFRESH_REQUEST = set_of(Event::RefreshByRequest);
constexpr Set REFRESH_RESPONSE = set_of(Event::RefreshByResponse);
constexpr Set REFRESH = REFRESH_REQUEST | REFRESH_RESPONSE;
constexpr Set REFER = set_of(Event::Refer);
constexpr Set CALLS = SET_UP | REDIRECT | REFRESH | REFER;
constexpr Set REGISTRATION = set_of(Event::Registration);
constexpr Set ANY_EVENT = CALLS | REGISTRATION;

// What a row expects: leave, and the scheme on that leg, or a refusal.
enum class Leg { Refused, Sip, Sips, AsItCame };
struct Expected {
    Leg leg = Leg::Refused;
    Refusal refusal = Refusal::UnknownScheme;  // when Refused
};
constexpr Expected refused(Refusal refusal) {
    return {Leg::Refused, refusal};
}
constexpr Expected AS_SIP{.leg = Leg::Sip};
constexpr Expected AS_SIPS{.leg = Leg::Sips};
constexpr Expected AS_IT_CAME{.leg = Leg::AsItCame};

struct Row {
    int number;
    Set caller, sip_calls_in, call;                                 // where from
    Set target, sip_calls_out, sips_conversion, untrusted_callers;  // where to
    Set target_scheme;
    Set events;
    Expected expected;
};

// clang-format off
const std::vector<Row> oracle = {
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
constexpr Set ANY_REFUSAL = (1U << refusal_count) - 1;

const std::vector<AnswerRow> answers = {
// Settled: untrusted caller, secure target: 403.
{ 1, set_of(Refusal::UntrustedCallerSecureTarget), SET_UP | REDIRECT, SIPS, {403, 0, false}},
// Settled: `sip-calls-in reject`: 480 with Warning 381.
{ 2, set_of(Refusal::SipCallsInReject), SET_UP | REDIRECT, SIP | TEL, {480, 381, false}},
// Settled: secure call, no trusted adjacency to route to: SIPS URI: 480 with Warning 380.
{ 3, set_of(Refusal::SecureCallUntrustedTarget), SET_UP | REDIRECT, SIPS, {480, 380, false}},
// Settled: the same: sip URI: 480.
{ 4, set_of(Refusal::SecureCallUntrustedTarget), SET_UP | REDIRECT, SIP | TEL, {480, 0, false}},
// Settled: with Warning 381 "SIPS Required" where `sip-calls-out refuse` was the reason.
{ 5, set_of(Refusal::SipCallsOutRefuse), SET_UP | REDIRECT, SIP | TEL, {480, 381, false}},
// Settled: other call: 480 when routes match but none is suitable.
{ 6, set_of(Refusal::UntrustedCallerEncryptedTarget, Refusal::UntrustedCallersRefuse), SET_UP | REDIRECT, SIP | TEL, {480, 0, false}},
// Settled: SIPS call to a sip contact: 480 with Warning 380.
{ 7, set_of(Refusal::SchemeToSip), SET_UP, SIPS, {480, 380, false}},
// Settled: Sip call to a sips contact: (...) else 480 with Warning 381.
{ 8, set_of(Refusal::SchemeToSips), SET_UP, SIP | TEL, {480, 381, false}},
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
{17, set_of(Refusal::UnknownScheme), SET_UP | REDIRECT, OTHER, {416, 0, false}},
// Settled: 480 when none is suitable.
{18, set_of(Refusal::UnknownScheme), SET_UP | REDIRECT, KNOWN, {480, 0, false}},
};
// clang-format on

struct Combination {
    CallSecurity call;
    Target target;
    Event event = Event::Initial;
};

std::string describe(const Combination& c) {
    std::ostringstream out;
    out << "caller " << int(c.call.caller) << " sip-calls-in " << int(c.call.sip_calls_in)
        << " call " << int(c.call.scheme) << " -> target " << int(c.target.security)
        << " sip-calls-out " << int(c.target.sip_calls_out) << " sips-conversion "
        << int(c.target.sips_conversion) << " untrusted-callers " << int(c.target.untrusted_callers)
        << " target's scheme " << int(c.target.scheme) << ", event " << int(c.event);
    return out.str();
}

bool speaks_of(const Row& row, const Combination& c) {
    return has(row.caller, c.call.caller) && has(row.call, c.call.scheme) &&
           has(row.target, c.target.security) && has(row.target_scheme, c.target.scheme) &&
           has(row.events, c.event) && has(row.sip_calls_in, c.call.sip_calls_in) &&
           has(row.sip_calls_out, c.target.sip_calls_out) &&
           has(row.sips_conversion, c.target.sips_conversion) &&
           has(row.untrusted_callers, c.target.untrusted_callers);
}

template <class Visit>
void for_every_combination(Visit visit) {
    constexpr std::array schemes{Scheme::Sip, Scheme::Sips, Scheme::Tel, Scheme::Other};
    constexpr std::array securities{Security::Untrusted, Security::TrustedEncrypted,
                                    Security::TrustedUnencrypted};
    constexpr std::array events{Event::Initial,
                                Event::Fork,
                                Event::Hunting,
                                Event::Redirect,
                                Event::RefreshByRequest,
                                Event::RefreshByResponse,
                                Event::Refer,
                                Event::Registration};
    Combination c;
    for (auto caller : securities)
        for (auto in : {SipCallsIn::Insecure, SipCallsIn::Secure, SipCallsIn::Reject})
            for (auto call : schemes)
                for (auto target : securities)
                    for (auto out :
                         {SipCallsOut::Refuse, SipCallsOut::SecureOnly, SipCallsOut::Any})
                        for (auto conversion : {SipsConversion::Off, SipsConversion::ToSip})
                            for (auto callers : {UntrustedCallers::Allow, UntrustedCallers::Refuse})
                                for (auto scheme : schemes)
                                    for (auto event : events) {
                                        c.call = {caller, in, call};
                                        c.target = {target, out, conversion, callers, scheme};
                                        c.event = event;
                                        visit(c);
                                    }
}

// What permit says, in the words of a row.
Expected asked(const Combination& c) {
    const auto result = permit(c.call, c.target, c.event);
    if (!result) {
        return refused(result.error());
    }
    if (result->leg_scheme() == c.target.scheme) {
        return AS_IT_CAME;
    }
    return result->leg_scheme() == Scheme::Sips ? AS_SIPS : AS_SIP;
}

// A row that names the scheme means the same as AsItCame where that is the scheme which came.
bool agrees(const Expected& expected, const Expected& found, Scheme came) {
    const auto leg = [came](const Expected& e) {
        if (e.leg == Leg::Sip) return Scheme::Sip;
        if (e.leg == Leg::Sips) return Scheme::Sips;
        return came;
    };
    if ((expected.leg == Leg::Refused) != (found.leg == Leg::Refused)) {
        return false;
    }
    return expected.leg == Leg::Refused ? expected.refusal == found.refusal
                                        : leg(expected) == leg(found);
}

struct Examination {
    std::size_t combinations = 0;
    std::size_t complaints = 0;
    std::string first_complaints;  // some
    std::vector<std::size_t> row_hits, answer_hits;

    void complain(const Combination& c, const std::string& what) {
        if (++complaints <= 10) {
            first_complaints += what + ": " + describe(c) + "\n";
        }
    }
};

void examine_answer(const std::vector<AnswerRow>& table, Refusal refusal, const Combination& c,
                    Examination& out) {
    const AnswerRow* found = nullptr;
    for (std::size_t i = 0; i < table.size(); ++i) {
        const AnswerRow& row = table[i];
        if (!has(row.refusals, refusal) || !has(row.events, c.event) ||
            !has(row.call, c.call.scheme)) {
            continue;
        }
        if (found != nullptr) {
            out.complain(c, "answer rows " + std::to_string(found->number) + " and " +
                                std::to_string(row.number) + " both speak of it");
        }
        found = &row;
        ++out.answer_hits[i];
    }
    if (found == nullptr) {
        out.complain(c, "no answer row");
    } else if (answer_to(refusal, c.event, c.call) != found->answer) {
        out.complain(c, "answer row " + std::to_string(found->number) + " disagrees");
    }
}

bool everything(const Combination&) {
    return true;
}

// Of the combinations, those for which `among` holds.
template <class Among>
Examination examine(const std::vector<Row>& rows, const std::vector<AnswerRow>& answer_rows,
                    Among among) {
    Examination out;
    out.row_hits.resize(rows.size());
    out.answer_hits.resize(answer_rows.size());
    for_every_combination([&](const Combination& c) {
        if (!among(c)) {
            return;
        }
        ++out.combinations;
        const Row* found = nullptr;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            if (!speaks_of(rows[i], c)) {
                continue;
            }
            if (found != nullptr) {
                out.complain(c, "rows " + std::to_string(found->number) + " and " +
                                    std::to_string(rows[i].number) + " both speak of it");
            }
            found = &rows[i];
            ++out.row_hits[i];
        }
        if (found == nullptr) {
            out.complain(c, "no row");
            return;
        }
        if (!agrees(found->expected, asked(c), c.target.scheme)) {
            out.complain(c, "row " + std::to_string(found->number) + " disagrees");
        }
        if (found->expected.leg == Leg::Refused) {
            examine_answer(answer_rows, found->expected.refusal, c, out);
        }
    });
    return out;
}

TEST(PermitOracle, EveryCombinationHasOneRowAndPermitAgreesWithIt) {
    const Examination result = examine(oracle, answers, everything);

    EXPECT_EQ(result.complaints, 0u) << result.first_complaints;
    EXPECT_EQ(result.combinations, 3u * 3 * 4 * 3 * 3 * 2 * 2 * 4 * 8);
    for (std::size_t i = 0; i < oracle.size(); ++i) {
        EXPECT_GT(result.row_hits[i], 0u) << "row " << oracle[i].number << " speaks of nothing";
    }
    for (std::size_t i = 0; i < answers.size(); ++i) {
        EXPECT_GT(result.answer_hits[i], 0u) << "answer row " << answers[i].number << " is idle";
    }
}

// The oracle is worth something only if it can fail.
TEST(PermitOracle, AWrongVerdictInAnyRowIsNoticed) {
    for (std::size_t i = 0; i < oracle.size(); ++i) {
        const auto row_i = [i](const Combination& c) { return speaks_of(oracle[i], c); };
        auto spoilt = oracle;
        auto& expected = spoilt[i].expected;
        expected = expected.leg == Leg::Refused ? AS_IT_CAME : refused(Refusal::SchemeToSip);
        const Examination result = examine(spoilt, answers, row_i);
        EXPECT_GT(result.complaints, 0u) << "row " << oracle[i].number;
    }
}

TEST(PermitOracle, AWrongReasonOrSchemeInAnyRowIsNoticed) {
    for (std::size_t i = 0; i < oracle.size(); ++i) {
        const auto row_i = [i](const Combination& c) { return speaks_of(oracle[i], c); };
        auto spoilt = oracle;
        auto& expected = spoilt[i].expected;
        if (expected.leg == Leg::Refused) {
            expected.refusal = static_cast<Refusal>((int(expected.refusal) + 1) % refusal_count);
        } else {
            expected = expected.leg == Leg::Sips ? AS_SIP : AS_SIPS;
        }
        const Examination result = examine(spoilt, answers, row_i);
        EXPECT_GT(result.complaints, 0u) << "row " << oracle[i].number;
    }
}

TEST(PermitOracle, AMissingOrDoubledRowIsNoticed) {
    for (std::size_t i = 0; i < oracle.size(); ++i) {
        const auto row_i = [i](const Combination& c) { return speaks_of(oracle[i], c); };
        auto shorter = oracle;
        shorter.erase(shorter.begin() + static_cast<std::ptrdiff_t>(i));
        EXPECT_GT(examine(shorter, answers, row_i).complaints, 0u) << "row " << oracle[i].number;

        auto longer = oracle;
        longer.push_back(oracle[i]);
        EXPECT_GT(examine(longer, answers, row_i).complaints, 0u) << "row " << oracle[i].number;
    }
}

TEST(PermitOracle, AWrongAnswerInAnyRowIsNoticed) {
    for (std::size_t i = 0; i < answers.size(); ++i) {
        const auto row_i = [i](const Combination& c) {
            return has(answers[i].events, c.event) && has(answers[i].call, c.call.scheme);
        };
        for (int field = 0; field < 3; ++field) {
            auto spoilt = answers;
            Answer& answer = spoilt[i].answer;
            if (field == 0) ++answer.status;
            if (field == 1) answer.warning = answer.warning == 380 ? 381 : 380;
            if (field == 2) answer.ends_call = !answer.ends_call;
            EXPECT_GT(examine(oracle, spoilt, row_i).complaints, 0u)
                << "answer row " << answers[i].number << ", field " << field;
        }
    }
}

}  // namespace
}  // namespace ringwall::sbc::policy
