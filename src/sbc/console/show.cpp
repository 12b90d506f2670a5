#include "sbc/console/show.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/endpoint.h"
#include "base/text.h"
#include "sbc/model/word_values.h"
#include "sbc/policy/permit.h"
#include "sbc/record/call_record.h"

namespace ringwall::sbc::console {
namespace {

using Json = nlohmann::ordered_json;

std::string printed(const Json& json) {
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

// As the seed prints it: "Trusted-Encrypted".
std::string title(std::string_view word) {
    std::string out(word);
    bool is_first = true;
    for (char& c : out) {
        if (is_first && c >= 'a' && c <= 'z') {
            c = static_cast<char>(c - 32);
        }
        is_first = c == '-';
    }
    return out;
}

std::string_view state_text(AdjacencyState state) {
    switch (state) {
        case AdjacencyState::Attached:
            return "Attached";
        case AdjacencyState::GoingDown:
            return "Going Down";
        case AdjacencyState::Detached:
            return "Detached";
    }
    return "";
}

bool has_address(const Adjacency& adjacency) {
    return !adjacency.signaling_address.is_unspecified();
}

std::string address_of(const Adjacency& adjacency) {
    return has_address(adjacency)
               ? Endpoint{adjacency.signaling_address, adjacency.signaling_port}.to_string()
               : "none";
}

std::string peer_of(const Adjacency& adjacency) {
    std::string out = adjacency.signaling_peer.empty() ? "none" : adjacency.signaling_peer;
    if (adjacency.signaling_peer_port != 0) {
        out += " port " + std::to_string(adjacency.signaling_peer_port);
    }
    return out;
}

std::string networks_of(const Adjacency& adjacency) {
    std::string out;
    for (const Network& each : adjacency.remote_addresses) {
        out.append(out.empty() ? "" : ", ").append(each.address.to_string());
        out.append("/").append(std::to_string(each.prefix_length));
    }
    return out.empty() ? "any" : out;
}

std::string joined(const std::vector<std::string>& words) {
    std::string out;
    for (const std::string& each : words) {
        out.append(out.empty() ? "" : ", ").append(each);
    }
    return out.empty() ? "none" : out;
}

std::string_view profile_text(Profile profile) {
    switch (profile) {
        case Profile::Peering:
            return "preset-peering";
        case Profile::Access:
            return "preset-access";
        case Profile::Core:
            return "preset-core";
    }
    return "";
}

std::string_view client_authentication_text(tls::ClientAuthentication mode) {
    switch (mode) {
        case tls::ClientAuthentication::Off:
            return "No";
        case tls::ClientAuthentication::Optional:
            return "Optional";
        case tls::ClientAuthentication::Required:
            return "Yes";
    }
    return "";
}

std::string_view version_text(tls::Version version) {
    static constexpr std::array<std::string_view, 4> words{"1.0", "1.1", "1.2", "1.3"};
    return words[static_cast<std::size_t>(version)];
}

std::string_view refer_text(ReferMode mode) {
    switch (mode) {
        case ReferMode::Pass:
            return "pass";
        case ReferMode::Refuse:
            return "refuse";
        case ReferMode::Handle:
            return "handle";
    }
    return "";
}

std::string session_timer_of(const Adjacency& adjacency) {
    return !adjacency.session_timer
               ? "off"
               : std::to_string(*adjacency.session_timer) + " seconds, at least " +
                     std::to_string(adjacency.session_timer_minimum);
}

std::string codes_of(const Adjacency& adjacency) {
    std::string out;
    for (const int code : adjacency.hunting_trigger) {
        out += (out.empty() ? "" : " ") + std::to_string(code);
    }
    return out.empty() ? "Global Triggers" : out;
}

std::string_view peer_text(Outages::Peer peer) {
    switch (peer) {
        case Outages::Peer::Unknown:
            return "not known yet";
        case Outages::Peer::Up:
            return "up";
        case Outages::Peer::Down:
            return "down";
    }
    return "";
}

std::string peer_since(const Outages::State& state) {
    return state.peer == Outages::Peer::Unknown
               ? std::string(peer_text(state.peer))
               : std::string(peer_text(state.peer)) + " since " + to_iso8601_seconds(state.since);
}

bool is_down(const AdjacencyStatus& status) {
    return status.peer && status.peer->peer == Outages::Peer::Down;
}

std::string ping_of(const Adjacency& adjacency) {
    const auto seconds = [](Duration time) {
        return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time).count());
    };
    return !adjacency.ping
               ? "Disabled"
               : "Enabled, Ping Interval: " + seconds(adjacency.ping->interval) +
                     " seconds, Ping Lifetime: " + seconds(adjacency.ping->lifetime) +
                     " seconds, Ping Fail Count: " + std::to_string(adjacency.ping->fail_count);
}

// The field's names, one on a line.
std::string details(const Snapshot& snapshot, const Adjacency& adjacency,
                    const AdjacencyStatus& status) {
    std::string out = " Adjacency " + adjacency.name + " (SIP)\n";
    const auto line = [&](std::string_view what, const std::string& value) {
        constexpr std::size_t width = 25;
        std::string name = "   " + std::string(what) + ":";
        name.resize(std::max(name.size() + 1, width), ' ');
        out += name + value + "\n";
    };
    if (!adjacency.description.empty()) {
        line("Description", adjacency.description);
    }
    line("Status", std::string(state_text(status.state)));
    line("Signaling address", address_of(adjacency));
    line("Signaling-peer", peer_of(adjacency));
    line("Remote address", networks_of(adjacency));
    line("Profile", std::string(profile_text(adjacency.profile)));
    line("Local-id", adjacency.local_id.empty() ? "None" : adjacency.local_id);
    line("Security", title(to_string(adjacency.security)));
    if (adjacency.is_trusted()) {
        line("SIP calls in", std::string(to_string(adjacency.sip_calls_in)));
    }
    if (adjacency.is_encrypted()) {
        line("SIP calls out", std::string(to_string(adjacency.sip_calls_out)));
        line("TLS minimum version",
             std::string(version_text(adjacency.tls_min_version)) +
                 (adjacency.tls_min_version < tls::Version::Tls12 ? " (weak)" : ""));
        if (!adjacency.tls_ciphers.empty()) {
            line("TLS ciphers", adjacency.tls_ciphers);
        }
        line("TLS mutual authentication",
             std::string(client_authentication_text(adjacency.tls_client_authentication)));
        line("TLS peer domains", joined(adjacency.tls_peer_domains));
        line("TLS certificate names", joined(adjacency.certificate.names));
    } else if (adjacency.is_trusted()) {
        line("SIPS conversion", std::string(to_string(adjacency.sips_conversion)));
        line("Untrusted callers", std::string(to_string(adjacency.untrusted_callers)));
    }
    line("Media security", std::string(to_string(adjacency.media_security)));
    // So who is called sees the caller's address there.
    line("Media",
         adjacency.anchors_media() ? "Anchored" : "By-passed, its addresses are not hidden");
    line("Privacy", std::string(to_string(adjacency.privacy_mode())));
    if (adjacency.mandated_transport) {
        line("Mandated transport", lower(sip::to_string(*adjacency.mandated_transport)));
    }
    line("Session timer", session_timer_of(adjacency));
    line("REFER", std::string(refer_text(adjacency.refer)));
    line("Hunting Triggers", codes_of(adjacency));
    line("Redirect mode", adjacency.redirect_mode == RedirectMode::Recurse
                              ? "Recurse, at most " + std::to_string(adjacency.redirect_limit)
                              : "Pass-through");
    if (adjacency.profile == Profile::Access) {
        line("Reg-min-expiry", std::to_string(adjacency.reg_min_expiry) + " seconds");
        if (adjacency.registration_target) {
            line("Registration target", snapshot.adjacencies[*adjacency.registration_target].name);
        }
        line("Registrations", std::to_string(status.registrations));
    }
    if (adjacency.registration) {
        line("Registered at the peer", status.is_registered_at_peer ? "Yes" : "No");
    }
    if (adjacency.profile != Profile::Access) {
        line("Ping", ping_of(adjacency));
    }
    if (status.peer) {
        line("Peer", peer_since(*status.peer));
    }
    line("Calls", std::to_string(status.calls));
    return out;
}

Json json_of(const Adjacency& adjacency, const AdjacencyStatus& status) {
    Json out{{"name", adjacency.name},
             {"status", state_text(status.state)},
             {"signaling-address", has_address(adjacency) ? Json(address_of(adjacency)) : Json()},
             {"security", to_string(adjacency.security)},
             {"profile", profile_text(adjacency.profile)},
             {"remote-address", networks_of(adjacency)},
             {"signaling-peer", adjacency.signaling_peer},
             {"media-security", to_string(adjacency.media_security)},
             {"media", adjacency.anchors_media() ? "anchored" : "by-passed"},
             {"privacy", to_string(adjacency.privacy_mode())},
             {"identity", to_string(adjacency.identity)},
             {"calls", status.calls},
             {"registrations", status.registrations},
             {"description", adjacency.description},
             {"local-id", adjacency.local_id},
             {"mandated-transport", adjacency.mandated_transport
                                        ? Json(lower(sip::to_string(*adjacency.mandated_transport)))
                                        : Json()},
             {"session-timer", adjacency.session_timer ? Json(*adjacency.session_timer) : Json()},
             {"session-timer-minimum", adjacency.session_timer_minimum},
             {"refer", refer_text(adjacency.refer)},
             {"hunting-trigger", adjacency.hunting_trigger},
             {"redirect-mode",
              adjacency.redirect_mode == RedirectMode::Recurse ? "recurse" : "pass-through"},
             {"redirect-limit", adjacency.redirect_limit}};
    if (adjacency.profile == Profile::Access) {
        out["reg-min-expiry"] = adjacency.reg_min_expiry;
    }
    if (adjacency.is_trusted() && !adjacency.is_encrypted()) {
        out["sips-conversion"] = to_string(adjacency.sips_conversion);
        out["untrusted-callers"] = to_string(adjacency.untrusted_callers);
    }
    if (adjacency.is_trusted()) {
        out["sip-calls-in"] = to_string(adjacency.sip_calls_in);
    }
    if (adjacency.is_encrypted()) {
        out["sip-calls-out"] = to_string(adjacency.sip_calls_out);
        out["tls-minimum-version"] = version_text(adjacency.tls_min_version);
        out["tls-client-authentication"] = to_string(adjacency.tls_client_authentication);
        out["tls-ciphers"] = adjacency.tls_ciphers;
        out["weak"] = adjacency.tls_min_version < tls::Version::Tls12;
        out["peer-domains"] = adjacency.tls_peer_domains;
        out["certificate-names"] = adjacency.certificate.names;
    }
    if (adjacency.registration) {
        out["registered-at-peer"] = status.is_registered_at_peer;
    }
    if (status.peer) {
        const auto seconds = [](Duration time) {
            return std::chrono::duration_cast<std::chrono::seconds>(time).count();
        };
        out["ping-interval"] = seconds(adjacency.ping ? adjacency.ping->interval : Duration{});
        out["ping-lifetime"] = seconds(adjacency.ping ? adjacency.ping->lifetime : Duration{});
        out["ping-fail-count"] = adjacency.ping ? adjacency.ping->fail_count : 0;
        out["peer"] =
            status.peer->peer == Outages::Peer::Unknown ? "unknown" : peer_text(status.peer->peer);
        out["peer-since"] = status.peer->peer == Outages::Peer::Unknown
                                ? Json()
                                : Json(to_iso8601_seconds(status.peer->since));
    }
    return out;
}

// The seed's two lines.
std::string summary(const Adjacency& adjacency) {
    return "Signaling address: " + address_of(adjacency) +
           "\nSecurity: " + title(to_string(adjacency.security)) + "\n";
}

// ---- the matrix
// -----------------------------------------------------------------------------------

struct Column {
    std::string_view name;
    policy::Target target;
};

const std::vector<Column>& columns() {
    using enum Security;
    static const std::vector<Column> all{
        {"untrusted", {.security = Untrusted}},
        {"trusted-unencrypted", {.security = TrustedUnencrypted}},
        {"trusted-unencrypted, untrusted-callers refuse",
         {.security = TrustedUnencrypted, .untrusted_callers = UntrustedCallers::Refuse}},
        {"trusted-unencrypted, sips-conversion to-sip",
         {.security = TrustedUnencrypted, .sips_conversion = SipsConversion::ToSip}},
        {"trusted-encrypted", {.security = TrustedEncrypted}},
        {"trusted-encrypted, sip-calls-out secure-only",
         {.security = TrustedEncrypted, .sip_calls_out = SipCallsOut::SecureOnly}},
        {"trusted-encrypted, sip-calls-out any",
         {.security = TrustedEncrypted, .sip_calls_out = SipCallsOut::Any}}};
    return all;
}

struct Row {
    std::string name;
    policy::CallSecurity call;
};

std::vector<Row> rows() {
    std::vector<Row> out;
    const auto add = [&](Security security, SipCallsIn in, std::string_view with) {
        for (const sip::Scheme scheme : {sip::Scheme::Sips, sip::Scheme::Sip}) {
            out.push_back({std::string(to_string(security)) + std::string(with) +
                               (scheme == sip::Scheme::Sips ? ", to a SIPS URI" : ", to a SIP URI"),
                           {.caller = security, .sip_calls_in = in, .scheme = scheme}});
        }
    };
    add(Security::Untrusted, SipCallsIn::Insecure, "");
    for (const Security security : {Security::TrustedUnencrypted, Security::TrustedEncrypted}) {
        add(security, SipCallsIn::Insecure, "");
        add(security, SipCallsIn::Secure, ", sip-calls-in secure");
        add(security, SipCallsIn::Reject, ", sip-calls-in reject");
    }
    return out;
}

// "yes", or the rule that forbids it.
std::string_view verdict(const policy::CallSecurity& call, policy::Target target) {
    if (const auto refusal = policy::refuse_caller(call, policy::Event::Initial)) {
        return policy::to_string(*refusal);
    }
    target.scheme = call.scheme;
    const auto permit = policy::permit(call, target, policy::Event::Initial);
    return permit ? "yes" : policy::to_string(permit.error());
}

}  // namespace

std::string show_adjacencies(Views& views, std::string_view name, bool with_details, bool as_json) {
    const auto& all = views.snapshot().adjacencies;
    std::string out = with_details ? "SBC Service \"" + views.snapshot().service + "\"\n" : "";
    Json list = Json::array();
    std::size_t count = 0;
    const std::vector<AdjacencyStatus> statuses = views.statuses();
    std::vector<AdjacencyIndex> chosen;
    for (AdjacencyIndex i = 0; i < std::min(all.size(), statuses.size()); ++i) {
        const bool is_gone = all[i].is_removed && statuses[i].state == AdjacencyState::Detached;
        if (!is_gone && (name.empty() || all[i].name == name)) {
            chosen.push_back(i);
        }
    }
    const bool are_many = chosen.size() > 1;
    for (const AdjacencyIndex i : chosen) {
        const AdjacencyStatus& status = statuses[i];
        list.push_back(json_of(all[i], status));
        out += count++ == 0 || with_details ? "" : "\n";
        if (with_details) {
            out += details(views.snapshot(), all[i], status);
        } else {
            out += are_many ? "Adjacency " + all[i].name + ", " +
                                  std::string(state_text(status.state)) + "\n"
                            : "";
            out += summary(all[i]);
            out += is_down(status) ? "Peer: " + peer_since(*status.peer) + "\n" : "";
        }
    }
    if (count == 0 && !name.empty()) {
        return "";
    }
    return as_json ? printed(list) : out;
}

std::string no_adjacency(const Snapshot& snapshot, std::string_view name) {
    std::vector<std::string_view> names;
    for (const Adjacency& each : snapshot.adjacencies) {
        if (!each.is_removed) {
            names.push_back(each.name);
        }
    }
    constexpr std::size_t worth_listing = 20;
    return shown(name) + " is no adjacency that was committed; " +
           (names.empty()                  ? "there is none yet"
            : names.size() > worth_listing ? "'show services sbc sbe adjacencies' has them all"
                                           : one_of(names));
}

std::string show_calls(Views& views, bool as_json) {
    std::string out;
    Json list = Json::array();
    const WallTime now = views.now().wall;
    for (const CallRecord& call : views.calls()) {
        const auto seconds =
            std::chrono::duration_cast<std::chrono::seconds>(std::max(now, call.start) - call.start)
                .count();
        const std::string_view state = call.answer    ? "answered"
                                       : call.ringing ? "ringing"
                                                      : "trying";
        out += call.call + "  " + call.caller + " -> " + call.callee + "\n";
        out +=
            "  From " + call.from_adjacency + " to " +
            (call.to_adjacency.empty() ? "nowhere yet" : call.to_adjacency) + ", " +
            std::string(state) + ", " + std::to_string(seconds) + " s, " +
            (call.is_secure ? "secure" : "not secure") + "; media is " +
            (call.is_media_anchored ? "anchored\n" : "by-passed, its addresses are not hidden\n");
        list.push_back({{"call", call.call},
                        {"caller", call.caller},
                        {"callee", call.callee},
                        {"from", call.from_adjacency},
                        {"to", call.to_adjacency},
                        {"state", state},
                        {"seconds", seconds},
                        {"secure", call.is_secure},
                        {"media", call.is_media_anchored ? "anchored" : "by-passed"}});
    }
    return as_json ? printed(list) : out.empty() ? "No calls.\n" : out;
}

std::string show_registrations(Views& views, bool as_json) {
    std::string out;
    Json list = Json::array();
    const TimePoint now = views.now().monotonic;
    const auto& adjacencies = views.snapshot().adjacencies;
    std::vector<registrar::Binding> all = views.registrations();
    std::ranges::sort(all, {}, &registrar::Binding::address_of_record);
    for (const registrar::Binding& each : all) {
        const auto seconds =
            std::chrono::duration_cast<std::chrono::seconds>(each.expires - now).count();
        const std::string adjacency =
            each.adjacency < adjacencies.size() ? adjacencies[each.adjacency].name : "";
        const std::string source = each.hop.remote.to_string();
        std::optional<std::int64_t> behind;
        if (each.behind) {
            behind = std::chrono::floor<std::chrono::seconds>(each.behind->expires - now).count();
        }
        out += fmt::format("{}\n  {} from {} by {}, {} s left{}{}\n", each.address_of_record,
                           each.contact, source, adjacency, seconds,
                           behind ? fmt::format(", {} s at the registrar", *behind) : "",
                           each.is_stranded() ? ", not connected since the start" : "");
        list.push_back({{"user", each.address_of_record},
                        {"contact", each.contact},
                        {"source", source},
                        {"adjacency", adjacency},
                        {"expires", seconds},
                        {"registrar-expires", behind ? Json(*behind) : Json()},
                        {"user-agent", each.user_agent},
                        {"connected", !each.is_stranded()}});
    }
    return as_json ? printed(list) : out.empty() ? "No registrations.\n" : out;
}

namespace {

// RFC 9325: a version before 1.2, or a cipher that does not authenticate what it encrypts.
bool is_weak(const tls::PeerIdentity& peer) {
    const auto has = [&](std::string_view part) {
        return peer.cipher.find(part) != std::string::npos;
    };
    const bool is_new = peer.protocol == "TLSv1.2" || peer.protocol == "TLSv1.3";
    return !is_new || !(has("GCM") || has("CHACHA20") || has("CCM"));
}

}  // namespace

std::string show_tls(Views& views, bool as_json) {
    std::string out;
    Json list = Json::array();
    const auto& adjacencies = views.snapshot().adjacencies;
    for (const TlsConnection& each : views.tls_connections()) {
        const std::string adjacency =
            each.adjacency < adjacencies.size() ? adjacencies[each.adjacency].name : "";
        const tls::PeerIdentity& peer = *each.peer;
        const std::string names = !peer.has_certificate ? "no certificate"
                                  : peer.is_verified    ? joined(peer.identities())
                                                        : "not verified: " + peer.failure;
        out += fmt::format("{} {} {}, {}, {}{}, {}\n", each.remote.to_string(),
                           each.is_ours ? "opened by us for" : "at", adjacency, peer.protocol,
                           peer.cipher, is_weak(peer) ? " (weak)" : "", names);
        list.push_back({{"remote", each.remote.to_string()},
                        {"adjacency", adjacency},
                        {"opened-by-us", each.is_ours},
                        {"version", peer.protocol},
                        {"cipher", peer.cipher},
                        {"weak", is_weak(peer)},
                        {"verified", peer.has_certificate && peer.is_verified},
                        {"identities", peer.identities()}});
    }
    return as_json ? printed(list) : out.empty() ? "No connections over TLS.\n" : out;
}

std::string show_counters(Views& views, bool as_json) {
    const Counters counters = views.counters();
    if (as_json) {
        Json out = Json::object();
        for (const auto& [name, value] : counters.all()) {
            out[name] = value;
        }
        return printed(out);
    }
    std::string out;
    for (const auto& [name, value] : counters.all()) {
        out += name + " " + std::to_string(value) + "\n";
    }
    return out;
}

std::string show_overload(Views& views, bool as_json) {
    std::string out;
    Json list = Json::array();
    std::size_t number = 0;
    for (const WorkerLoad& each : views.measures().workers) {
        const auto delay =
            std::chrono::duration_cast<std::chrono::milliseconds>(each.queue_delay).count();
        const auto percent = std::lround(each.share * 100);
        const std::string does = each.is_shedding
                                     ? fmt::format("turns away {} % of new work since {}", percent,
                                                   to_iso8601_seconds(each.since))
                                     : "takes all";
        out += fmt::format(
            "Worker {}: queue delay {} ms, {}; {} requests and {} TLS connections turned away so "
            "far\n",
            number, delay, does, each.shed, each.handshakes_shed);
        list.push_back({{"worker", number},
                        {"queue-delay-ms", delay},
                        {"shedding", each.is_shedding},
                        {"share", percent},
                        {"since", each.is_shedding ? Json(to_iso8601_seconds(each.since)) : Json()},
                        {"shed", each.shed},
                        {"handshakes-shed", each.handshakes_shed}});
        ++number;
    }
    return as_json ? printed(list) : out;
}

std::string show_call_policy(Views& views, bool as_json) {
    const Snapshot& snapshot = views.snapshot();
    if (!snapshot.call_policy) {
        return as_json ? "null\n" : "No call-policy-set is active.\n";
    }
    const CallPolicySet& set = *snapshot.call_policy;
    std::string out = "call-policy-set " + std::to_string(set.number) + " begins with table " +
                      set.first_call_routing_table + "\n";
    Json tables = Json::array();
    for (const RoutingTable& table : set.tables) {
        static constexpr std::array kinds{"source adjacency", "destination address",
                                          "destination domain"};
        const char* kind = kinds[static_cast<std::size_t>(table.kind)];
        out += "Table " + table.name + ", by " + kind + "\n";
        Json entries = Json::array();
        for (const RoutingEntry& entry : table.entries) {
            std::string where = "rejected";
            if (entry.action == RoutingEntry::Action::NextTable) {
                where = "table " + entry.next_table;
            } else if (entry.destination) {
                where = "adjacency " + snapshot.adjacencies[*entry.destination].name;
            }
            const std::string match = entry.match.empty() ? "any" : entry.match;
            out += fmt::format("  {}  {}  -> {}{}\n", entry.number, match, where,
                               entry.weight == 0 ? "" : fmt::format(", weight {}", entry.weight));
            entries.push_back({{"entry", entry.number},
                               {"match", match},
                               {"to", where},
                               {"weight", entry.weight}});
        }
        tables.push_back({{"table", table.name}, {"by", kind}, {"entries", std::move(entries)}});
    }
    return as_json ? printed({{"call-policy-set", set.number},
                              {"first-call-routing-table", set.first_call_routing_table},
                              {"tables", std::move(tables)}})
                   : out;
}

namespace {

// Days that are left, as whoever renews it counts them.
std::string left_until(WallTime end, WallTime now) {
    if (end <= now) {
        return "expired";
    }
    return fmt::format("{} days left", std::chrono::floor<std::chrono::days>(end - now).count());
}

}  // namespace

std::string show_certificates(Views& views, bool as_json) {
    std::string out;
    Json list = Json::array();
    const WallTime now = views.now().wall;
    const auto add = [&](const Adjacency& adjacency, const Adjacency::Shown& own,
                         std::string_view role) {
        out +=
            fmt::format("{}{}: {}\n  {}\n  Issued by {}, valid from {} until {} ({})\n",
                        adjacency.name, role.empty() ? "" : fmt::format(" as {}", role), own.file,
                        joined(own.names), own.issuer, to_iso8601_seconds(own.not_before),
                        to_iso8601_seconds(own.not_after), left_until(own.not_after, now));
        list.push_back({{"adjacency", adjacency.name},
                        {"role", role.empty() ? "both" : role},
                        {"file", own.file},
                        {"names", own.names},
                        {"issuer", own.issuer},
                        {"not-before", to_iso8601(own.not_before)},
                        {"not-after", to_iso8601(own.not_after)},
                        {"expired", own.not_after <= now}});
    };
    for (const Adjacency& each : views.snapshot().adjacencies) {
        if (each.certificate.file.empty() || each.is_removed) {
            continue;
        }
        const bool are_two = each.client_certificate.file != each.certificate.file;
        add(each, each.certificate, are_two ? "server" : "");
        if (are_two) {
            add(each, each.client_certificate, "client");
        }
        if (each.crl_next_update) {
            out += fmt::format("  What was revoked must be asked again before {} ({})\n",
                               to_iso8601_seconds(*each.crl_next_update),
                               left_until(*each.crl_next_update, now));
            list.back()["crl-next-update"] = to_iso8601(*each.crl_next_update);
        }
    }
    return as_json ? printed(list) : out.empty() ? "No certificates are shown.\n" : out;
}

std::string show_lines(std::string text, bool as_json) {
    if (!as_json) {
        return text;
    }
    Json out = Json::array();
    for (std::string_view rest = text; !rest.empty();) {
        out.push_back(cut(rest, '\n'));
    }
    return printed(out);
}

std::string show_errors(const ConfigErrors& errors, bool as_json) {
    std::string out;
    Json list = Json::array();
    for (const ConfigError& each : errors) {
        out += each.to_string() + "\n";
        list.push_back({{"path", each.path}, {"sentence", each.sentence}});
    }
    return as_json ? printed(list) : out;
}

std::string show_versions(std::vector<datastore::Version> versions, std::optional<unsigned> waiting,
                          bool as_json) {
    std::string out;
    Json list = Json::array();
    std::ranges::reverse(versions);
    for (const datastore::Version& each : versions) {
        if (each.is_damaged) {
            out += fmt::format("{}  cannot be read\n", each.number);
            list.push_back({{"version", each.number}, {"damaged", true}});
            continue;
        }
        out += fmt::format("{}  {}  {}{}{}\n{}", each.number, to_iso8601_seconds(each.time),
                           each.author, each.label.empty() ? "" : "  [" + each.label + "]",
                           each.comment.empty() ? "" : "  " + each.comment,
                           each.number == waiting ? "   (waits to be confirmed)\n"
                           : each.is_taken_back   ? "   (taken back: nobody confirmed it)\n"
                                                  : "");
        list.push_back({{"version", each.number},
                        {"time", to_iso8601(each.time)},
                        {"author", each.author},
                        {"label", each.label},
                        {"comment", each.comment},
                        {"confirmed", each.number != waiting && !each.is_taken_back}});
    }
    return as_json ? printed(list) : out;
}

std::string show_security_matrix(bool as_json) {
    std::string out;
    Json list = Json::array();
    for (const Row& row : rows()) {
        out += "From " + row.name + "\n";
        for (const Column& column : columns()) {
            const std::string_view answer = verdict(row.call, column.target);
            out.append("  by ").append(column.name).append(": ").append(answer).append("\n");
            list.push_back({{"from", row.name}, {"by", column.name}, {"verdict", answer}});
        }
    }
    return as_json ? printed(list) : out;
}

}  // namespace ringwall::sbc::console
