#include "sbc/kept_value.h"

#include <algorithm>
#include <chrono>

namespace ringwall::sbc::kept {

std::int64_t to_wall(TimePoint time, Now now) {
    const auto at = now.wall + std::chrono::floor<std::chrono::milliseconds>(time - now.monotonic);
    return at.time_since_epoch().count();
}

TimePoint from_wall(std::int64_t milliseconds, Now now) {
    constexpr std::chrono::milliseconds furthest = std::chrono::years(10);
    const auto until = WallTime(std::chrono::milliseconds(milliseconds)) - now.wall;
    return now.monotonic + std::clamp<std::chrono::milliseconds>(until, -furthest, furthest);
}

std::optional<AdjacencyIndex> find_by_name(const Snapshot& snapshot, std::string_view name) {
    const auto found = std::ranges::find(snapshot.adjacencies, name, &Adjacency::name);
    return found == snapshot.adjacencies.end()
               ? std::nullopt
               : std::optional(static_cast<AdjacencyIndex>(found - snapshot.adjacencies.begin()));
}

void write_hop(Json& out, const sip::Hop& hop) {
    out["transport"] = to_string(hop.transport);
    out["address"] = hop.remote.address.to_string();
    out["port"] = hop.remote.port;
}

const Json& Reader::member(const char* name) {
    static const Json nothing;
    const auto found = is_good ? object_.find(name) : object_.end();
    is_good = is_good && found != object_.end();
    return is_good ? *found : nothing;
}

std::string Reader::text(const char* name) {
    const Json& found = member(name);
    is_good = is_good && found.is_string();
    return is_good ? found.get<std::string>() : std::string();
}

std::int64_t Reader::number(const char* name, std::uint64_t most) {
    const Json& found = member(name);
    is_good = is_good && found.is_number_unsigned() && found.get<std::uint64_t>() <= most;
    return is_good ? found.get<std::int64_t>() : 0;
}

bool Reader::flag(const char* name) {
    const Json& found = member(name);
    is_good = is_good && found.is_boolean();
    return is_good && found.get<bool>();
}

std::vector<std::string> Reader::texts(const char* name) {
    std::vector<std::string> out;
    const Json& found = member(name);
    is_good = is_good && found.is_array();
    if (is_good) {
        for (const Json& each : found) {
            is_good = is_good && each.is_string();
            out.push_back(is_good ? each.get<std::string>() : std::string());
        }
    }
    return out;
}

sip::Hop Reader::hop() {
    sip::Hop out;
    out.transport = word("transport", transports);
    const auto address = IpAddress::parse(text("address"));
    is_good = is_good && address.has_value();
    out.remote.address = address.value_or(IpAddress{});
    out.remote.port = static_cast<std::uint16_t>(number("port", UINT16_MAX));
    return out;
}

}  // namespace ringwall::sbc::kept
