#include "sbc/policy/decision_trace.h"

#include <limits>

namespace ringwall::sbc::policy {

void DecisionTrace::end_at(std::size_t stage, Last last, std::optional<Refusal> rule) {
    stage_ = static_cast<std::uint8_t>(stage);
    last_ = last;
    rule_ = rule;
}

void DecisionTrace::add(const JudgedTarget& target) {
    if (count_ < capacity) {
        targets_[count_++] = target;
    } else if (left_out_ < std::numeric_limits<std::uint16_t>::max()) {
        ++left_out_;
    }
}

void DecisionTrace::add(AdjacencyIndex adjacency, Event event, sip::Scheme scheme,
                        Finding finding) {
    add({adjacency, event, scheme, finding, 0});
}

void DecisionTrace::add(AdjacencyIndex adjacency, Event event, sip::Scheme scheme,
                        Refusal refusal) {
    add({adjacency, event, scheme, Finding::Refused, static_cast<std::uint8_t>(refusal)});
}

void DecisionTrace::add(AdjacencyIndex adjacency, Event event, sip::Scheme scheme,
                        MediaRefusal refusal) {
    add({adjacency, event, scheme, Finding::MediaRefused, static_cast<std::uint8_t>(refusal)});
}

}  // namespace ringwall::sbc::policy
