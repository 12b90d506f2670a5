#include "sbc/registrar/kept_bindings.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "sbc/policy/adjacency_selection.h"

namespace ringwall::sbc::registrar {
namespace {

using Json = nlohmann::ordered_json;

constexpr int form = 1;  // of the text

constexpr std::array transports{std::pair{sip::Transport::Udp, "UDP"},
                                std::pair{sip::Transport::Tcp, "TCP"},
                                std::pair{sip::Transport::Tls, "TLS"}};
constexpr std::array schemes{std::pair{sip::Scheme::Sip, "sip"},
                             std::pair{sip::Scheme::Sips, "sips"}};

template <class Value, std::size_t size>
std::optional<Value> find(const std::array<std::pair<Value, const char*>, size>& words,
                          std::string_view word) {
    const auto* const found =
        std::ranges::find_if(words, [word](const auto& each) { return each.second == word; });
    return found == words.end() ? std::nullopt : std::optional(found->first);
}

std::int64_t to_wall(TimePoint time, Now now) {
    const auto at = now.wall + std::chrono::floor<std::chrono::milliseconds>(time - now.monotonic);
    return at.time_since_epoch().count();
}

// Whatever stands there: not further away than a binding can be.
TimePoint from_wall(std::int64_t milliseconds, Now now) {
    constexpr std::chrono::milliseconds furthest = std::chrono::years(10);
    const auto until = WallTime(std::chrono::milliseconds(milliseconds)) - now.wall;
    return now.monotonic + std::clamp<std::chrono::milliseconds>(until, -furthest, furthest);
}

Json to_json(const Binding& binding, const Snapshot& snapshot, Now now) {
    Json out = {
        {"contact", binding.contact},
        {"scheme", to_string(binding.scheme)},
        {"transport", to_string(binding.hop.transport)},
        {"address", binding.hop.remote.address.to_string()},
        {"port", binding.hop.remote.port},
        {"adjacency", snapshot.adjacencies.at(binding.adjacency).name},
        {"call_id", binding.call_id},
        {"cseq", binding.cseq},
        {"expires", to_wall(binding.expires, now)},
        {"refreshed", to_wall(binding.refreshed, now)},
        {"instance", binding.instance},
        {"reg_id", binding.reg_id},
        {"user_agent", binding.user_agent},
        {"q", binding.q},
        {"path", binding.path},
    };
    if (binding.behind) {
        const AdjacencyIndex target =
            snapshot.adjacencies.at(binding.adjacency).registration_target.value_or(0);
        out["behind"] = {
            {"adjacency", snapshot.adjacencies.at(target).name},
            {"token", binding.behind->token},
            {"expires", to_wall(binding.behind->expires, now)},
            {"granted",
             std::chrono::floor<std::chrono::milliseconds>(binding.behind->granted).count()}};
    }
    return out;
}

// Nothing throws: each is asked what it is before it is read.
class Reader {
public:
    explicit Reader(const Json& object) : object_(object) {}

    std::string text(const char* name) {
        const auto found = object_.find(name);
        is_good = is_good && found != object_.end() && found->is_string();
        return is_good ? found->get<std::string>() : std::string();
    }
    std::int64_t number(const char* name, std::uint64_t most = INT64_MAX) {
        const auto found = object_.find(name);
        is_good = is_good && found != object_.end() && found->is_number_unsigned() &&
                  found->get<std::uint64_t>() <= most;
        return is_good ? found->get<std::int64_t>() : 0;
    }
    std::vector<std::string> texts(const char* name) {
        std::vector<std::string> out;
        const auto found = object_.find(name);
        is_good = is_good && found != object_.end() && found->is_array();
        if (is_good) {
            for (const Json& each : *found) {
                is_good = is_good && each.is_string();
                out.push_back(is_good ? each.get<std::string>() : std::string());
            }
        }
        return out;
    }

    bool is_good = true;

private:
    const Json& object_;
};

std::optional<AdjacencyIndex> find_by_name(const Snapshot& snapshot, std::string_view name) {
    const auto found = std::ranges::find(snapshot.adjacencies, name, &Adjacency::name);
    return found == snapshot.adjacencies.end()
               ? std::nullopt
               : std::optional(static_cast<AdjacencyIndex>(found - snapshot.adjacencies.begin()));
}

struct Read {
    Binding binding;
    std::string adjacency;
    std::string registrar;  // the adjacency of the one behind; empty: we are it
};

std::optional<Read> read(const Json& json, Now now) {
    if (!json.is_object()) {
        return std::nullopt;
    }
    Reader in(json);
    Read out;
    Binding& binding = out.binding;
    binding.contact = in.text("contact");
    const auto scheme = find(schemes, in.text("scheme"));
    const auto transport = find(transports, in.text("transport"));
    const auto address = IpAddress::parse(in.text("address"));
    binding.hop.remote.port = static_cast<std::uint16_t>(in.number("port", UINT16_MAX));
    out.adjacency = in.text("adjacency");
    binding.call_id = in.text("call_id");
    binding.cseq = static_cast<std::uint32_t>(in.number("cseq", UINT32_MAX));
    binding.expires = from_wall(in.number("expires"), now);
    // Not in the future, whatever became of the clock.
    binding.refreshed = std::min(from_wall(in.number("refreshed"), now), now.monotonic);
    binding.instance = in.text("instance");
    binding.reg_id = static_cast<std::uint32_t>(in.number("reg_id", UINT32_MAX));
    binding.user_agent = in.text("user_agent");
    binding.q = static_cast<std::uint16_t>(in.number("q", 1000));
    binding.path = in.texts("path");
    if (const auto behind = json.find("behind"); behind != json.end()) {
        if (!behind->is_object()) {
            return std::nullopt;
        }
        Reader its(*behind);
        out.registrar = its.text("adjacency");
        binding.behind =
            Behind{.token = its.text("token"),
                   .expires = from_wall(its.number("expires"), now),
                   .granted = std::chrono::milliseconds(its.number("granted", UINT32_MAX))};
        in.is_good = in.is_good && its.is_good;
    }
    if (!in.is_good || !scheme || !transport || !address) {
        return std::nullopt;
    }
    binding.scheme = *scheme;
    binding.hop.transport = *transport;
    binding.hop.remote.address = *address;
    return out;
}

// Would its phone be bound so today, by what has been proven then?
bool is_still_good(const Read& read, std::string_view address_of_record, const Snapshot& snapshot,
                   TimePoint now) {
    const auto index = find_by_name(snapshot, read.adjacency);
    if (!index || read.binding.expires <= now) {
        return false;
    }
    const Adjacency& adjacency = snapshot.adjacencies[*index];
    const Endpoint local{adjacency.signaling_address, adjacency.signaling_port};
    const sip::Hop& hop = read.binding.hop;
    const bool is_its_user =
        adjacency.registration_target
            ? read.registrar == snapshot.adjacencies[*adjacency.registration_target].name
            : read.registrar.empty() && snapshot.subscriber(address_of_record) != nullptr;
    return is_its_user && adjacency.profile == Profile::Access &&
           adjacency.is_encrypted() == (hop.transport == sip::Transport::Tls) &&
           policy::find_adjacency(snapshot, local, hop.remote.address) == index;
}

}  // namespace

std::string to_text(const std::vector<Binding>& bindings, const Snapshot& snapshot, Now now) {
    Json list = Json::array();
    for (const Binding& each : bindings) {
        list.push_back(to_json(each, snapshot, now));
    }
    // What a phone wrote need not be UTF-8.
    return Json{{"form", form}, {"bindings", std::move(list)}}.dump(-1, ' ', false,
                                                                    Json::error_handler_t::replace);
}

std::optional<std::vector<Binding>> from_text(std::string_view address_of_record,
                                              std::string_view text, const Snapshot& snapshot,
                                              Now now) {
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object() || json.value("form", Json()) != form || !json.contains("bindings") ||
        !json["bindings"].is_array()) {
        return std::nullopt;
    }
    std::vector<Binding> out;
    for (const Json& each : json["bindings"]) {
        auto one = read(each, now);
        if (!one) {
            return std::nullopt;
        }
        if (is_still_good(*one, address_of_record, snapshot, now.monotonic)) {
            one->binding.address_of_record = address_of_record;
            one->binding.adjacency = *find_by_name(snapshot, one->adjacency);
            out.push_back(std::move(one->binding));
        }
    }
    return out;
}

}  // namespace ringwall::sbc::registrar
