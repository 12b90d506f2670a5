#include "sbc/counters.h"

namespace ringwall::sbc {
namespace {

void append_key(std::string& out, std::string_view name, std::string_view label) {
    out.append(name).append("{").append(label).append("}");
}

}  // namespace

void Counters::add(std::string_view name, std::string_view label) {
    key_.clear();
    append_key(key_, name, label);
    if (const auto found = values_.find(key_); found != values_.end()) {
        ++found->second;
    } else {
        values_.emplace(key_, 1);
    }
}

Counters& Counters::operator+=(const Counters& other) {
    for (const auto& [name, value] : other.values_) {
        values_[name] += value;
    }
    return *this;
}

std::uint64_t Counters::value(std::string_view name, std::string_view label) const {
    std::string key;
    append_key(key, name, label);
    const auto found = values_.find(key);
    return found == values_.end() ? 0 : found->second;
}

Counters Counters::since(const Counters& before) const {
    Counters out;
    for (const auto& [name, value] : values_) {
        const auto found = before.values_.find(name);
        const std::uint64_t earlier = found == before.values_.end() ? 0 : found->second;
        if (value > earlier) {
            out.values_.emplace(name, value - earlier);
        }
    }
    return out;
}

}  // namespace ringwall::sbc
