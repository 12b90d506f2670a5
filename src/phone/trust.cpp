#include "phone/trust.h"

#include <algorithm>

namespace ringwall::phone {
namespace {

// However short a record lives, and while nobody answers.
constexpr Duration shortest = 10s;
constexpr Duration longest = 3600s;

}  // namespace

Trust::Trust(engine::Shard& shard, const PhoneSettings& settings)
    : shard_(shard), domains_(settings.restricted_access_domains) {
    for (const std::string& name : domains_.names()) {
        names_[name];
    }
}

void Trust::start() {
    for (const auto& [name, known] : names_) {
        ask(name);
    }
}

void Trust::ask(const std::string& name) {
    names_[name].is_asked = true;
    shard_.query({dns::RecordType::A, name});
}

// While nobody answers what was known holds on: an outage of the DNS does not lock the server out.
std::optional<Duration> Trust::on_dns(const dns::Question& question, const dns::Answer& answer) {
    const auto found = names_.find(question.name);
    if (found == names_.end() || question.type != dns::RecordType::A || !found->second.is_asked) {
        return std::nullopt;
    }
    Known& known = found->second;
    known.is_asked = false;
    Duration life = shortest;
    if (answer.outcome != dns::Outcome::Failed) {
        known.addresses = answer.addresses;
        life = std::clamp(answer.lifetime, shortest, longest);
    }
    known.until = shard_.now().monotonic + life;
    return life;
}

void Trust::on_timer() {
    for (const auto& [name, known] : names_) {
        if (!known.is_asked && shard_.now().monotonic >= known.until) {
            ask(name);
        }
    }
}

bool Trust::may_speak(const IpAddress& address) const {
    const auto& addresses = domains_.addresses();
    return domains_.is_unrestricted() || std::ranges::find(addresses, address) != addresses.end() ||
           std::ranges::any_of(names_, [&](const auto& each) {
               return std::ranges::find(each.second.addresses, address) !=
                      each.second.addresses.end();
           });
}

}  // namespace ringwall::phone
