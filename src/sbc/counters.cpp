#include "sbc/counters.h"

namespace ringwall::sbc {
namespace {

std::string key(std::string_view name, std::string_view label) {
    std::string text(name);
    return text.append("{").append(label).append("}");
}

}  // namespace

void Counters::add(std::string_view name, std::string_view label) {
    ++values_[key(name, label)];
}

Counters& Counters::operator+=(const Counters& other) {
    for (const auto& [name, value] : other.values_) {
        values_[name] += value;
    }
    return *this;
}

std::uint64_t Counters::value(std::string_view name, std::string_view label) const {
    const auto found = values_.find(key(name, label));
    return found == values_.end() ? 0 : found->second;
}

}  // namespace ringwall::sbc
