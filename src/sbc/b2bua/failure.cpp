#include "sbc/b2bua/failure.h"

#include <utility>

#include "sbc/policy/refusal_rule.h"
#include "sip/message_builder.h"

namespace ringwall::sbc::b2bua {

namespace {

int rank(const Failure& failure) {
    // RFC 5630 §5.3: what says which scheme is taken was decided there.
    const bool is_of_scheme = failure.response != nullptr && failure.warning != 0;
    const bool is_absence = failure.status == 404 || failure.status == 408 ||
                            failure.status == 430 || (failure.status == 480 && !is_of_scheme);
    return failure.status >= 600 ? 0 : 2 * (failure.status / 100) + (is_absence ? 1 : 0);
}

}  // namespace

std::optional<policy::Rule> rule_to_tell(const Failure& failure,
                                         const policy::DecisionTrace& decisions,
                                         const Adjacency& asking) {
    if (failure.rule) {
        return policy::rule_of(*failure.rule);
    }
    return failure.warning == 0 ? std::optional(policy::rule_of_answer(
                                      decisions, asking, failure.status, failure.reason))
                                : std::nullopt;
}

void keep_best(std::optional<Failure>& best, Failure failure) {
    if (!best || rank(failure) < rank(*best)) {
        best = std::move(failure);
    }
}

Failure unanswered(sip::transaction::TerminationCause cause, bool is_phone,
                   sip::Transport transport, const Adjacency& asking, std::size_t attempt) {
    const bool may_know = asking.is_trusted() && asking.profile != Profile::Access;
    const int status = cause == sip::transaction::TerminationCause::Timeout       ? 408
                       : is_phone && transport != sip::Transport::Udp && may_know ? 430
                                                                                  : 480;
    return {.status = status,
            .reason = std::string(sip::reason_phrase(status)),
            .warning = 0,
            .response = nullptr,
            .attempt = attempt,
            .cause = status == 408 ? FailureCause::Signalling : FailureCause::Routing};
}

}  // namespace ringwall::sbc::b2bua
