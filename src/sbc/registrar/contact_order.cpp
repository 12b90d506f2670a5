#include "sbc/registrar/contact_order.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace ringwall::sbc::registrar {
namespace {

bool is_other_flow(const Binding& one, const Binding& other) {
    return one.reg_id != 0 && other.reg_id != 0 &&
           equals_ignoring_case(one.instance, other.instance);
}

Candidate* find_instance(std::deque<Round>& rounds, const Binding& binding) {
    for (Round& round : rounds) {
        for (Candidate& each : round) {
            if (is_other_flow(each.binding, binding)) {
                return &each;
            }
        }
    }
    return nullptr;
}

}  // namespace

std::deque<Round> rounds_of(std::vector<Binding> bindings) {
    std::deque<Round> rounds;
    for (Binding& each : bindings) {
        if (Candidate* const same = find_instance(rounds, each)) {
            same->other_flows.push_back(std::move(each));
            continue;
        }
        if (rounds.empty() || rounds.back().front().binding.q != each.q) {
            rounds.emplace_back();
        }
        rounds.back().push_back({std::move(each), {}});
    }
    return rounds;
}

}  // namespace ringwall::sbc::registrar
