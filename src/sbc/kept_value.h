// What is kept over the death of the process, as text: JSON with the names of adjacencies and times
// of the wall, for another process has other indexes and another clock. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "sbc/config/snapshot.h"
#include "sip/transport.h"
#include "sip/uri/uri.h"

namespace ringwall::sbc::kept {

using Json = nlohmann::ordered_json;

// Words of enumerations, and back.
template <class Value, std::size_t size>
using Words = std::array<std::pair<Value, std::string_view>, size>;

template <class Value, std::size_t size>
std::optional<Value> find(const Words<Value, size>& words, std::string_view word) {
    for (const auto& [value, name] : words) {
        if (name == word) {
            return value;
        }
    }
    return std::nullopt;
}

inline constexpr Words<sip::Transport, 3> transports{
    {{sip::Transport::Udp, "UDP"}, {sip::Transport::Tcp, "TCP"}, {sip::Transport::Tls, "TLS"}}};
inline constexpr Words<sip::Scheme, 2> schemes{
    {{sip::Scheme::Sip, "sip"}, {sip::Scheme::Sips, "sips"}}};

// Milliseconds since 1970.
std::int64_t to_wall(TimePoint time, Now now);
// Whatever stands there: not further away than ten years.
TimePoint from_wall(std::int64_t milliseconds, Now now);

std::optional<AdjacencyIndex> find_by_name(const Snapshot& snapshot, std::string_view name);

// "transport", "address" and "port" of where somebody was heard; the flow is the process's own.
void write_hop(Json& out, const sip::Hop& hop);

// An object's members. Nothing throws: each is asked what it is before it is read, and what is
// missing or of another kind makes it no good.
class Reader {
public:
    explicit Reader(const Json& object) : is_good(object.is_object()), object_(object) {}

    bool is_good;

    std::string text(const char* name);
    std::int64_t number(const char* name, std::uint64_t most = INT64_MAX);
    bool flag(const char* name);
    std::vector<std::string> texts(const char* name);
    // One of those words.
    template <class Value, std::size_t size>
    Value word(const char* name, const Words<Value, size>& words) {
        const auto found = find(words, text(name));
        is_good = is_good && found.has_value();
        return found.value_or(Value{});
    }
    sip::Hop hop();
    bool has(const char* name) const { return object_.is_object() && object_.contains(name); }
    // Null where it is not there.
    const Json& member(const char* name);

private:
    const Json& object_;
};

}  // namespace ringwall::sbc::kept
