#include "sbc/sbc_admission.h"

#include <vector>

namespace ringwall::sbc {

std::optional<policy::CacRefusal> Sbc::Gate::admit_call(std::span<const policy::CacDemand> demands,
                                                        Urgency urgency) {
    const TimePoint now = sbc_.now().monotonic;
    if (purpose_ == Purpose::Question) {
        return urgency == Urgency::Emergency
                   ? std::nullopt
                   : sbc_.shared_.admissions.would_refuse_call(demands, std::nullopt, now);
    }
    return sbc_.shared_.admissions.admit_call(demands, std::nullopt, urgency, held_, now);
}

std::optional<policy::CacRefusal> Sbc::Gate::admit_registration(
    std::span<const policy::CacDemand> demands) {
    std::vector<std::size_t> registered;
    registered.reserve(demands.size());
    for (const policy::CacDemand& each : demands) {
        registered.push_back(
            each.entry->limit(CacLimit::MaxRegs)
                ? sbc_.shared_.location.count(each.population.adjacencies, each.population.source)
                : 0);
    }
    return sbc_.shared_.admissions.admit_registration(demands, registered, sbc_.now().monotonic);
}

bool Sbc::Gate::is_registered(std::string_view address_of_record) const {
    return !sbc_.shared_.location.find(address_of_record, sbc_.now().monotonic).empty();
}

// By what is in force now: a limit that an operator changes counts at once, for calls too that
// began before. An adjacency keeps its index for ever.
std::optional<policy::CacRefusal> Sbc::admit(b2bua::CallRef call, const policy::CacEvent& event,
                                             policy::CacGate::Urgency urgency) {
    const auto entry = calls_.find(call);
    if (!snapshot_->cac_policy || entry == calls_.end()) {
        return std::nullopt;
    }
    return shared_.admissions.admit_call(policy::demands_of(*snapshot_, event), event.destination,
                                         urgency, entry->second.admitted, now().monotonic);
}

std::optional<policy::CacRefusal> Sbc::would_refuse(const policy::CacEvent& event,
                                                    policy::CacGate::Urgency urgency) const {
    return urgency == policy::CacGate::Urgency::Emergency
               ? std::nullopt
               : shared_.admissions.would_refuse_call(policy::demands_of(*snapshot_, event),
                                                      event.destination, now().monotonic);
}

// It has tried several adjacencies, and is not at all of them any more.
void Sbc::give_back_legs(b2bua::CallRef call) {
    const auto found = calls_.find(call);
    if (found != calls_.end() && found->second.admitted.has_several_legs()) {
        found->second.admitted.keep_legs(found->second.call->adjacencies());
    }
}

}  // namespace ringwall::sbc
