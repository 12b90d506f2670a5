#include "sbc/policy/refusal_rule.h"

#include <algorithm>
#include <array>
#include <ranges>

#include "sbc/policy/pipeline.h"
#include "sip/header/warning.h"

namespace ringwall::sbc::policy {

namespace {

constexpr Rule no_peer{"no-peer", "The adjacency has no peer that can be reached."};

Rule rule_of_target_security(std::string_view reason) {
    if (reason == "refer-to") {
        return {"refer-target", "A REFER names one target, in one Refer-To."};
    }
    return {"contact-scheme",
            "The Contact of a caller has the URI scheme of the call: a request back to it would "
            "lead out of that."};
}

bool is_any_down(const DecisionTrace& decisions) {
    return std::ranges::any_of(decisions.targets(), [](const JudgedTarget& each) {
        return failure_of(each) == TargetFailure::Down;
    });
}

std::optional<Rule> rule_of_route(const DecisionTrace& decisions, int status) {
    switch (status) {
        case 403:
            return Rule{"action-reject",
                        "An entry of the routing tables says that this call is not to be ('action "
                        "reject')."};
        case 404:
            return Rule{"no-route", "No entry of the routing tables leads this call anywhere."};
        case 480:
            if (is_any_down(decisions)) {
                return rule_of(TargetFailure::Down);
            }
            return Rule{"detached", "No adjacency that this call could go by is attached."};
        default:
            return std::nullopt;
    }
}

bool answers(TargetFailure failure, int status) {
    switch (failure) {
        case TargetFailure::Silent:
            return status == 408;
        case TargetFailure::Down:  // it was passed over: what came of the others is the answer
            return false;
        case TargetFailure::Unreachable:
        case TargetFailure::ChallengeUnknown:
        case TargetFailure::ChallengeNotVouched:
        case TargetFailure::ProofNotAccepted:
            return status == 480 || status == 430;
    }
    return false;
}

struct Row {
    int status;
    std::string_view reason;  // empty: any other
    Rule rule;
};

// Those with a reason phrase stand before the one without.
constexpr std::array rows{
    Row{400, "One Flow At A Time", {"one-flow", "A REGISTER has one Contact with a reg-id."}},
    Row{400, "Bad Path", {"path", "A Path of the REGISTER cannot be read."}},
    Row{400, "Path Too Long", {"path", "The Path of the REGISTER is longer than what is kept."}},
    Row{400, "Path Is No SIP URI", {"path", "A Path of a REGISTER is a SIP or SIPS URI."}},
    Row{400,
        "SIPS Path Required",
        {"path", "Where one Path of a REGISTER is a SIPS URI, all are (RFC 5630 5.2)."}},
    Row{400,
        "Contact Is No SIP URI",
        {"contact", "A Contact that is registered is a SIP or SIPS URI."}},
    Row{400,
        "SIPS Request-URI Required",
        {"register-scheme", "A SIPS Contact is registered at a SIPS Request-URI (RFC 5630 5.2)."}},
    Row{400, "Bad Replaces", {"replaces", "An INVITE names one dialog in one Replaces."}},
    Row{400,
        "Refer-To Too Long",
        {"address-too-long", "The Refer-To would be too long on the other side."}},
    Row{400,
        "",
        {"bad-request",
         "It cannot be read, or not be acted on as it is, for what the reason phrase says."}},
    Row{403,
        "No Registrations Here",
        {"no-registrar", "Phones register on adjacencies with the profile preset-access only."}},
    Row{403,
        "Not Your Address-Of-Record",
        {"not-yours", "A phone registers the address-of-record that it has proven to be."}},
    Row{403,
        "Too Many Contacts",
        {"too-many-contacts", "A user has as many contacts here as one may have."}},
    Row{403, "", {"forbidden", "It is not allowed here, for what the reason phrase says."}},
    Row{404, "Domain Not Served", {"domain", "The domain is none that is served here."}},
    Row{404, "", {"no-such-user", "There is no such user here."}},
    Row{405, "", {"method", "The method is not carried here (see Allow)."}},
    Row{408, "", {"silent", "The peer did not answer in time."}},
    Row{414, "", {"address-too-long", "The Request-URI would be too long on the other side."}},
    Row{415, "", {"encoded-body", "A body that is encoded is not passed here."}},
    Row{416,
        "",
        {"uri-scheme", "The scheme of the Request-URI is none of those that are carried here."}},
    Row{420, "", {"option", "An option that is required is none of ours (see Unsupported)."}},
    Row{422,
        "",
        {"session-interval",
         "The session interval is below 'session-timer-minimum' (see Min-SE)."}},
    Row{423, "", {"interval-too-brief", "The registration would end too soon (see Min-Expires)."}},
    Row{430, "", {"flow-failed", "The connection that the phone registered over is gone."}},
    Row{439,
        "",
        {"no-outbound", "The first proxy on the way does not support outbound (RFC 5626)."}},
    Row{480, "", {"not-there", "Nobody who could take it was reached."}},
    Row{481, "", {"no-dialog", "There is no such dialog or transaction here."}},
    Row{482, "", {"merged-request", "The same request has come here before, by another way."}},
    Row{483, "", {"hops", "It has passed as many hops as it may (Max-Forwards)."}},
    Row{486, "", {"taken", "Somebody else is just taking that place in the call."}},
    Row{488, "", {"not-acceptable", "What it asks for is not allowed in this call."}},
    Row{491, "", {"pending", "It crosses another request that has no answer yet."}},
    Row{500, "CSeq Out Of Order", {"cseq-order", "A REGISTER with a higher CSeq came before it."}},
    Row{500,
        "Registrar Is Full",
        {"registrar-full", "There is no room for one more registration."}},
    Row{500,
        "Privacy Not Available",
        {"privacy-critical", "The privacy that is asked for cannot be had on that way."}},
    Row{500, "", {"cannot-now", "It cannot be done now, here or at who was asked."}},
    Row{501, "", {"method", "The method is not known here (see Allow)."}},
    Row{502, "", {"bad-answer", "The answer of who was asked cannot be passed on."}},
    Row{503,
        "Too Many Wrong Passwords",
        {"authentication-failure",
         "From where it comes, more passwords were wrong than may be ('blacklist')."}},
    Row{503, "", {"unavailable", "Nothing can be taken just now, or who must be asked is gone."}},
    Row{504, "", {"not-acknowledged", "A provisional response was never acknowledged."}},
    Row{505, "", {"version", "The version of SIP is not 2.0."}},
    Row{513, "", {"too-large", "The message is larger than what is taken here."}},
};

bool is_absence(int status) {
    return status == 404 || status == 408 || status == 430 || status == 480;
}

// Where it is what the status answers.
std::optional<Rule> rule_of_finding(const JudgedTarget& target, int status) {
    switch (target.finding) {
        case Finding::Sent:
        case Finding::Refused:  // has its own: the failure bears it
        case Finding::ReferralRefused:
            return std::nullopt;
        case Finding::MediaRefused:
            return answer_to(*target.media_refusal()).status == status ? rule_of(target)
                                                                       : std::nullopt;
        case Finding::AtLimit:
            return status == 480 ? rule_of(target) : std::nullopt;
        case Finding::Detached:
            return status == 480
                       ? std::optional(Rule{"detached", "The adjacency takes no calls just now."})
                       : std::nullopt;
        case Finding::Nowhere:
            if (const auto failure = failure_of(target)) {
                return answers(*failure, status) ? std::optional(rule_of(*failure)) : std::nullopt;
            }
            return status == 480 || status == 503 ? std::optional(no_peer) : std::nullopt;
        case Finding::NotRegistered:
            return status == 480
                       ? std::optional(Rule{"not-registered", "The user is not registered."})
                       : std::nullopt;
        case Finding::NoSuchUser:
            return status == 404 ? std::optional(rule_of_answer(404)) : std::nullopt;
        case Finding::TooLong:
            return status == 400 ? std::optional(Rule{"address-too-long",
                                                      "An address would be too long on the other "
                                                      "side."})
                                 : std::nullopt;
        case Finding::NotPrivate:
            return status == 500 ? std::optional(rule_of_answer(500, "Privacy Not Available"))
                                 : std::nullopt;
        case Finding::TooMany:
            return status == 480 ? std::optional(Rule{"too-many-branches",
                                                      "The call has as many branches as it may."})
                                 : std::nullopt;
    }
    return std::nullopt;
}

}  // namespace

Rule rule_of_answer(int status, std::string_view reason) {
    const auto* const row = std::ranges::find_if(rows, [&](const Row& each) {
        return each.status == status && (each.reason.empty() || each.reason == reason);
    });
    return row == rows.end() ? Rule{"refused", "It was refused, for what the reason phrase says."}
                             : row->rule;
}

Rule rule_of_answer(const DecisionTrace& decisions, const Adjacency& asking, int status,
                    std::string_view reason) {
    if (asking.is_trusted() || !is_absence(status)) {
        for (const JudgedTarget& each : decisions.targets() | std::views::reverse) {
            if (const auto rule = rule_of_finding(each, status)) {
                return *rule;
            }
        }
    }
    return rule_of_answer(status, reason);
}

Rule rule_of(const DecisionTrace& decisions, int status, std::string_view reason) {
    const Rule rule = rule_of(decisions);
    const bool is_of_the_stage = decisions.last() == DecisionTrace::Last::Reject &&
                                 rule.name == stages()[decisions.stage()].name;
    if (is_of_the_stage && rule.name == "target-security" && status == 400) {
        return rule_of_target_security(reason);
    }
    if (is_of_the_stage && rule.name == "identify") {  // strangers hear nothing
        return {
            "going-down",
            "The adjacency takes no new calls: it is detached ('no attach'), and goes down with "
            "its last call."};
    }
    return is_of_the_stage && rule.name == "route" ? rule_of_route(decisions, status).value_or(rule)
                                                   : rule;
}

JudgedTarget failed(AdjacencyIndex adjacency, Event event, sip::Scheme scheme,
                    TargetFailure failure) {
    return {adjacency, event, scheme, Finding::Nowhere, static_cast<std::uint8_t>(failure)};
}

std::optional<TargetFailure> failure_of(const JudgedTarget& target) {
    return target.finding == Finding::Nowhere && target.rule != 0
               ? std::optional(static_cast<TargetFailure>(target.rule))
               : std::nullopt;
}

Rule rule_of(TargetFailure failure) {
    switch (failure) {
        case TargetFailure::Unreachable:
            return {"unreachable",
                    "No address was found for the peer, or none that was found could be reached."};
        case TargetFailure::Silent:
            return {"silent", "The peer did not answer in time."};
        case TargetFailure::ChallengeUnknown:
            return {"challenge-unknown",
                    "The peer challenged the request, and no password here is for its realm."};
        case TargetFailure::ChallengeNotVouched:
            return {"challenge-not-vouched",
                    "The peer challenged the request, and no password is used for such a one."};
        case TargetFailure::ProofNotAccepted:
            return {"proof-not-accepted",
                    "The peer challenged the request again, and did not accept the password."};
        case TargetFailure::Down:
            return {"peer-down",
                    "The peer answers none of its OPTIONS pings ('ping-enable'), and counts as "
                    "down until it does."};
    }
    return {};
}

TargetFailure challenged(const sip::Message& sent, bool is_proven) {
    if (!is_proven) {
        return TargetFailure::ChallengeNotVouched;
    }
    const bool bears_proof = sent.header(sip::HeaderName::Authorization) != nullptr ||
                             sent.header(sip::HeaderName::ProxyAuthorization) != nullptr;
    return bears_proof ? TargetFailure::ProofNotAccepted : TargetFailure::ChallengeUnknown;
}

int scheme_warning(const sip::Message& answer, sip::Scheme asked, sip::Scheme called) {
    const bool is_sips = asked == sip::Scheme::Sips;
    if (answer.status() != 480 || is_sips != (called == sip::Scheme::Sips)) {
        return 0;
    }
    const int wanted = is_sips ? sip::warning_sips_not_allowed : sip::warning_sips_required;
    const bool is_said = std::ranges::any_of(answer.values(sip::HeaderName::Warning),
                                             [wanted](std::string_view value) {
                                                 const auto warning = sip::parse_warning(value);
                                                 return warning && warning->code == wanted;
                                             });
    return is_said ? wanted : 0;
}

std::string_view reason_in_words(const DecisionTrace& decisions, int status,
                                 std::string_view reason) {
    for (const JudgedTarget& each : decisions.targets() | std::views::reverse) {
        const auto failure = failure_of(each);
        if (each.finding == Finding::Nowhere && !failure && status == 480) {
            return no_peer.sentence;
        }
        const bool is_it = failure ? answers(*failure, status)
                           : each.limit()
                               ? status == 480
                               : each.media_refusal() == MediaRefusal::EngineDown &&
                                     status == answer_to(MediaRefusal::EngineDown).status;
        if (is_it) {
            return rule_of(each)->sentence;
        }
    }
    return reason;
}

}  // namespace ringwall::sbc::policy
