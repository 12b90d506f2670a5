#include "sbc/policy/referral.h"

#include <string>

namespace ringwall::sbc::policy {

Result<Permit, Reject> judge_refer(const CallSecurity& call, const Adjacency& from, Target leg,
                                   const sip::Message& refer) {
    if (from.refer == ReferMode::Refuse) {
        return fail(Reject{.status = 403, .reason = "REFER Not Allowed", .detail = "refer-refuse"});
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
                           .detail = std::string(to_string(allowed.error()))});
    }
    return *allowed;
}

std::optional<Reject> refuse_replacement(const Replacement& replacement) {
    const auto refused = [](std::string_view why) {
        return Reject{
            .status = 403, .reason = "Replacement Not Allowed", .detail = std::string(why)};
    };
    const bool is_sips = replacement.call.scheme == sip::Scheme::Sips;
    if (replacement.newcomer.is_secure() != replacement.call.is_secure() ||
        (replacement.newcomer.scheme == sip::Scheme::Sips) != is_sips) {
        return refused("replaces-changes-security");
    }
    if (replacement.replaced_on.is_trusted() && !replacement.newcomer_on.is_trusted()) {
        return refused("replaces-by-untrusted");
    }
    const auto to_remaining =
        permit(replacement.newcomer,
               target_of(replacement.remaining_on, replacement.remaining_scheme), Event::Fork);
    if (!to_remaining) {
        return refused(to_string(to_remaining.error()));
    }
    if (!replacement.replaces_caller) {
        const auto to_newcomer =
            permit(replacement.call,
                   target_of(replacement.newcomer_on, replacement.newcomer.scheme), Event::Fork);
        if (!to_newcomer) {
            return refused(to_string(to_newcomer.error()));
        }
    }
    return std::nullopt;
}

}  // namespace ringwall::sbc::policy
