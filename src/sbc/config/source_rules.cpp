#include "sbc/config/source_rules.h"

#include <algorithm>

namespace ringwall::sbc {
namespace {

// A phone with an old password tries a few times in a minute, and behind one address there may be a
// house full of them; who guesses tries thousands.
constexpr SourceRule default_of_failures{.trigger = {.size = 100, .period = 60s}, .timeout = 300s};

constexpr std::size_t at(SourceEvent event) {
    return static_cast<std::size_t>(event);
}

}  // namespace

std::string_view to_string(SourceEvent event) {
    static constexpr std::array<std::string_view, source_event_count> words{
        "authentication-failure", "corrupt-message", "handshake-failure", "connection-rate",
        "request-rate"};
    return words.at(at(event));
}

SourceRules::SourceRules() {
    of_all(SourceEvent::AuthenticationFailure) = default_of_failures;
}

std::optional<SourceRule>& SourceRules::of_all(SourceEvent event) {
    return of_all_.at(at(event));
}

std::optional<SourceRule>& SourceRules::of(const IpAddress& address, SourceEvent event) {
    auto found = std::ranges::find(of_addresses_, address, &OfAddress::address);
    if (found == of_addresses_.end()) {
        found = of_addresses_.insert(found, OfAddress{.address = address, .rules = {}});
    }
    found->is_said.at(at(event)) = true;
    return found->rules.at(at(event));
}

const SourceRule* SourceRules::find(SourceEvent event, const IpAddress& source,
                                    bool is_peer) const {
    const auto its = std::ranges::find(of_addresses_, source, &OfAddress::address);
    const bool is_said = its != of_addresses_.end() && its->is_said.at(at(event));
    if (is_peer && !is_said) {
        return nullptr;
    }
    const auto& rule = is_said ? its->rules.at(at(event)) : of_all_.at(at(event));
    return rule ? &*rule : nullptr;
}

}  // namespace ringwall::sbc
