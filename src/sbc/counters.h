// What happened how often, by name and label. One set for each shard, one writer.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace ringwall::sbc {

class Counters {
public:
    // Labels come from closed lists of ours, never from a message: the table cannot be made to
    // grow.
    void add(std::string_view name, std::string_view label);
    std::uint64_t value(std::string_view name, std::string_view label) const;
    // What another set has counted too.
    Counters& operator+=(const Counters& other);
    // What was counted after `before`, an earlier state of the same.
    Counters since(const Counters& before) const;
    // "rejected{target-security}" -> 3
    const std::map<std::string, std::uint64_t, std::less<>>& all() const { return values_; }

private:
    std::map<std::string, std::uint64_t, std::less<>> values_;
    std::string key_;  // of add(): its memory is used again
};

}  // namespace ringwall::sbc
