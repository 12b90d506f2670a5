#include "sbc/policy/referral.h"

#include <string>

namespace ringwall::sbc::policy {

namespace {

Reject refused(std::string_view reason, ReferralRefusal rule) {
    return {.status = 403,
            .reason = std::string(reason),
            .detail = std::string(to_string(rule)),
            .referral_rule = rule};
}

}  // namespace

Result<Permit, Reject> judge_refer(const CallSecurity& call, const Adjacency& from, Target leg,
                                   const sip::Message& refer) {
    if (from.refer == ReferMode::Refuse) {
        return fail(refused("REFER Not Allowed", ReferralRefusal::ReferRefuse));
    }
    const auto targets = refer.name_addrs(sip::HeaderName::ReferTo);
    if (!targets || targets->size() != 1) {
        return fail(
            Reject{.status = 400, .reason = "REFER Needs One Refer-To", .detail = "refer-to"});
    }
    leg.scheme = targets->front().uri.scheme;
    const auto allowed = permit(call, leg, Event::Refer);
    if (!allowed) {
        return fail(Reject{.status = answer_to(allowed.error(), Event::Refer, call).status,
                           .reason = std::string(reason_phrase(allowed.error())),
                           .detail = std::string(to_string(allowed.error())),
                           .rule = allowed.error()});
    }
    return *allowed;
}

std::optional<Reject> refuse_replacement(const Replacement& replacement) {
    constexpr std::string_view reason = "Replacement Not Allowed";
    const auto not_permitted = [&](Refusal rule) {
        return Reject{.status = 403,
                      .reason = std::string(reason),
                      .detail = std::string(to_string(rule)),
                      .rule = rule};
    };
    const bool is_sips = replacement.call.scheme == sip::Scheme::Sips;
    if (replacement.newcomer.is_secure() != replacement.call.is_secure() ||
        (replacement.newcomer.scheme == sip::Scheme::Sips) != is_sips) {
        return refused(reason, ReferralRefusal::ReplacesChangesSecurity);
    }
    if (replacement.replaced_on.is_trusted() && !replacement.newcomer_on.is_trusted()) {
        return refused(reason, ReferralRefusal::ReplacesByUntrusted);
    }
    const auto to_remaining =
        permit(replacement.newcomer,
               target_of(replacement.remaining_on, replacement.remaining_scheme), Event::Fork);
    if (!to_remaining) {
        return not_permitted(to_remaining.error());
    }
    if (!replacement.replaces_caller) {
        const auto to_newcomer =
            permit(replacement.call,
                   target_of(replacement.newcomer_on, replacement.newcomer.scheme), Event::Fork);
        if (!to_newcomer) {
            return not_permitted(to_newcomer.error());
        }
    }
    return std::nullopt;
}

std::string_view to_string(ReferralRefusal refusal) {
    switch (refusal) {
        case ReferralRefusal::ReferRefuse:
            return "refer-refuse";
        case ReferralRefusal::ReplacesChangesSecurity:
            return "replaces-changes-security";
        case ReferralRefusal::ReplacesByUntrusted:
            return "replaces-by-untrusted";
        case ReferralRefusal::ReplacesOwn:
            return "replaces-own";
    }
    return "unknown";
}

std::string_view sentence(ReferralRefusal refusal) {
    switch (refusal) {
        case ReferralRefusal::ReferRefuse:
            return "This adjacency may not refer anybody ('refer refuse').";
        case ReferralRefusal::ReplacesChangesSecurity:
            return "Who takes a place in a call has a call of the same security and the same URI "
                   "scheme.";
        case ReferralRefusal::ReplacesByUntrusted:
            return "The place of a trusted peer is not taken by an untrusted one.";
        case ReferralRefusal::ReplacesOwn:
            return "Who takes the place of a peer here is that peer, or was sent by it ('replaces "
                   "own').";
    }
    return "";
}

}  // namespace ringwall::sbc::policy
