#include "sbc/registrar/kept_bindings.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "sbc/kept_value.h"
#include "sbc/policy/adjacency_selection.h"

namespace ringwall::sbc::registrar {
namespace {

using kept::from_wall;
using kept::Json;
using kept::to_wall;

constexpr int form = 1;  // of the text

Json to_json(const Binding& binding, const Snapshot& snapshot, Now now) {
    Json out = {
        {"contact", binding.contact},
        {"scheme", to_string(binding.scheme)},
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
    kept::write_hop(out, binding.hop);
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

struct Read {
    Binding binding;
    std::string adjacency;
    std::string registrar;  // the adjacency of the one behind; empty: we are it
};

std::optional<Read> read(const Json& json, Now now) {
    kept::Reader in(json);
    Read out;
    Binding& binding = out.binding;
    binding.contact = in.text("contact");
    binding.scheme = in.word("scheme", kept::schemes);
    binding.hop = in.hop();
    out.adjacency = in.text("adjacency");
    binding.call_id = in.text("call_id");
    binding.cseq = static_cast<std::uint32_t>(in.number("cseq", UINT32_MAX));
    const std::int64_t expires = in.number("expires");
    const std::int64_t refreshed = in.number("refreshed");
    // Whatever became of the clock: no longer than it was granted, and not made in the future.
    const auto granted = std::min<std::chrono::milliseconds>(
        std::chrono::milliseconds(expires - refreshed), std::chrono::years(10));
    binding.expires = std::min(from_wall(expires, now), now.monotonic + granted);
    binding.refreshed = std::min(from_wall(refreshed, now), now.monotonic);
    binding.instance = in.text("instance");
    binding.reg_id = static_cast<std::uint32_t>(in.number("reg_id", UINT32_MAX));
    binding.user_agent = in.text("user_agent");
    binding.q = static_cast<std::uint16_t>(in.number("q", 1000));
    binding.path = in.texts("path");
    if (in.has("behind")) {
        kept::Reader its(in.member("behind"));
        out.registrar = its.text("adjacency");
        binding.behind =
            Behind{.token = its.text("token"),
                   .expires = from_wall(its.number("expires"), now),
                   .granted = std::chrono::milliseconds(its.number("granted", UINT32_MAX))};
        binding.behind->expires =
            std::min(binding.behind->expires, now.monotonic + binding.behind->granted);
        in.is_good = in.is_good && its.is_good;
    }
    return in.is_good ? std::optional(std::move(out)) : std::nullopt;
}

// Would its phone be bound so today, by what has been proven then?
bool is_still_good(const Read& read, std::string_view address_of_record, const Snapshot& snapshot,
                   TimePoint now) {
    const auto index = kept::find_by_name(snapshot, read.adjacency);
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
            one->binding.adjacency = *kept::find_by_name(snapshot, one->adjacency);
            out.push_back(std::move(one->binding));
        }
    }
    return out;
}

}  // namespace ringwall::sbc::registrar
