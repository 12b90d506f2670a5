#include "phone/trust.h"

#include <algorithm>

#include "base/text.h"

namespace ringwall::phone {
namespace {

// However short a record lives, and while nobody answers.
constexpr Duration shortest = 10s;
constexpr Duration longest = 3600s;

}  // namespace

Trust::Trust(engine::Shard& shard, const PhoneSettings& settings) : shard_(shard) {
    for (const std::string& each : settings.restricted_access_domains) {
        const std::string name = lower(trim(each));
        if (name.empty()) {
            continue;
        }
        domains_.push_back(name);
        if (const auto address = IpAddress::parse(name)) {
            literal_.push_back(*address);
        } else {
            names_[name];
        }
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

bool Trust::may_use(std::string_view host) const {
    return domains_.empty() || std::ranges::find(domains_, lower(host)) != domains_.end();
}

bool Trust::may_speak(const IpAddress& address) const {
    return domains_.empty() || std::ranges::find(literal_, address) != literal_.end() ||
           std::ranges::any_of(names_, [&](const auto& each) {
               return std::ranges::find(each.second.addresses, address) !=
                      each.second.addresses.end();
           });
}

}  // namespace ringwall::phone
