#include "sbc/config/draft_of.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "sbc/model/word_values.h"

namespace ringwall::sbc {
namespace {

using model::Node;
using model::Place;
using model::Tree;
using Values = std::vector<std::string>;

template <class T>
struct Choice {
    std::string_view word;
    T value;
};
template <class T>
Choice(const char*, T) -> Choice<T>;

constexpr std::array security_words{Choice{"untrusted", Security::Untrusted},
                                    Choice{"trusted-encrypted", Security::TrustedEncrypted},
                                    Choice{"trusted-unencrypted", Security::TrustedUnencrypted}};
constexpr std::array sip_calls_in_words{Choice{"insecure", SipCallsIn::Insecure},
                                        Choice{"secure", SipCallsIn::Secure},
                                        Choice{"reject", SipCallsIn::Reject}};
constexpr std::array sip_calls_out_words{Choice{"refuse", SipCallsOut::Refuse},
                                         Choice{"secure-only", SipCallsOut::SecureOnly},
                                         Choice{"any", SipCallsOut::Any}};
constexpr std::array sips_conversion_words{Choice{"off", SipsConversion::Off},
                                           Choice{"to-sip", SipsConversion::ToSip}};
constexpr std::array untrusted_callers_words{Choice{"allow", UntrustedCallers::Allow},
                                             Choice{"refuse", UntrustedCallers::Refuse}};
constexpr std::array refusal_reason_words{Choice{"off", false}, Choice{"on", true}};
constexpr std::array privacy_words{Choice{"trusted", std::optional(PrivacyMode::Trusted)},
                                   Choice{"on-request", std::optional(PrivacyMode::OnRequest)},
                                   Choice{"restricted", std::optional(PrivacyMode::Restricted)}};
constexpr std::array identity_words{Choice{"if-whole", SignatureMode::IfWhole},
                                    Choice{"pass", SignatureMode::Pass},
                                    Choice{"drop", SignatureMode::Drop}};
constexpr std::array anonymous_callers_words{Choice{"refuse", false}, Choice{"allow", true}};
constexpr std::array own_domain_callers_words{Choice{"refuse", false}, Choice{"allow", true}};
constexpr std::array media_security_words{Choice{"off", MediaSecurity::Off},
                                          Choice{"preferred", MediaSecurity::Preferred},
                                          Choice{"required", MediaSecurity::Required}};
constexpr std::array media_words{Choice{"bypass", MediaMode::Bypass},
                                 Choice{"anchored", MediaMode::Anchored}};
constexpr std::array media_engine_down_words{Choice{"refuse", MediaEngineDown::Refuse},
                                             Choice{"bypass", MediaEngineDown::Bypass}};
constexpr std::array refer_words{Choice{"pass", ReferMode::Pass},
                                 Choice{"refuse", ReferMode::Refuse},
                                 Choice{"handle", ReferMode::Handle}};
constexpr std::array replaces_words{Choice{"own", ReplacesMode::Own},
                                    Choice{"trusted", ReplacesMode::Trusted}};
constexpr std::array profile_words{Choice{"preset-access", Profile::Access},
                                   Choice{"preset-peering", Profile::Peering},
                                   Choice{"preset-core", Profile::Core}};
constexpr std::array transport_words{Choice{"tcp", sip::Transport::Tcp},
                                     Choice{"udp", sip::Transport::Udp}};
constexpr std::array client_authentication_words{
    Choice{"off", tls::ClientAuthentication::Off},
    Choice{"optional", tls::ClientAuthentication::Optional},
    Choice{"required", tls::ClientAuthentication::Required}};
constexpr std::array version_words{
    Choice{"1.0", tls::Version::Tls10}, Choice{"1.1", tls::Version::Tls11},
    Choice{"1.2", tls::Version::Tls12}, Choice{"1.3", tls::Version::Tls13}};
constexpr std::array digest_algorithm_words{
    Choice{"md5", sip::auth::Algorithm::Md5}, Choice{"sha-256", sip::auth::Algorithm::Sha256},
    Choice{"sha-512-256", sip::auth::Algorithm::Sha512t256}};
constexpr std::array registration_challenges_words{Choice{"refuse", false}, Choice{"pass", true}};
constexpr std::array redirect_words{Choice{"pass-through", RedirectMode::PassThrough},
                                    Choice{"recurse", RedirectMode::Recurse}};

template <class T, std::size_t size>
T chosen(const std::array<Choice<T>, size>& choices, const std::string& word) {
    const auto found = std::ranges::find(choices, word, &Choice<T>::word);
    CHECK(found != choices.end());  // the model has no other words
    return found->value;
}

template <class T>
T number(const std::string& word) {
    return static_cast<T>(parse_number(word).value_or(0));
}

// The values of one mode, by the names of the model.
class Leaves {
public:
    Leaves(const Tree& tree, Place place) : tree_(tree), place_(std::move(place)) {}

    const Node& mode() const { return *place_.back().mode; }
    const std::string& key() const { return place_.back().keys.front(); }
    std::string path() const { return model::path_of(place_); }

    Values all(std::string_view name) const { return tree_.values(place_, node(name)); }
    bool has(std::string_view name) const { return !all(name).empty(); }
    std::vector<Values> records(std::string_view name) const {
        return tree_.entries(place_, node(name));
    }
    std::vector<Leaves> modes(std::string_view name) const {
        std::vector<Leaves> out;
        for (Values& keys : tree_.entries(place_, node(name))) {
            Place inner = place_;
            inner.push_back({&node(name), std::move(keys)});
            out.emplace_back(tree_, std::move(inner));
        }
        return out;
    }

    void text(std::string_view name, std::string& out) const {
        if (Values values = all(name); !values.empty()) {
            out = std::move(values.front());
        }
    }
    template <class T, std::size_t size>
    void choice(std::string_view name, const std::array<Choice<T>, size>& choices, T& out) const {
        if (const Values values = all(name); !values.empty()) {
            out = chosen(choices, values.front());
        }
    }
    template <class T>
    void number(std::string_view name, T& out) const {
        if (const Values values = all(name); !values.empty()) {
            out = sbc::number<T>(values.front());
        }
    }
    void codes(std::string_view name, std::vector<int>& out) const {
        for (const std::string& value : all(name)) {
            out.push_back(sbc::number<int>(value));
        }
    }
    SaidLeaves said() const {
        SaidLeaves out;
        for (const auto& child : mode().children) {
            if (!tree_.entries(place_, *child).empty()) {
                out.insert(child->command());
            }
        }
        return out;
    }
    TlsFiles files(const std::string& prefix = "tls") const {
        TlsFiles out;
        out.path = path();
        text(prefix + "-certificate", out.certificate);
        text(prefix + "-private-key", out.private_key);
        text(prefix + "-trust-anchors", out.trust_anchors);
        text(prefix + "-crl", out.crl);
        return out;
    }

private:
    const Node& node(std::string_view name) const {
        const Node* found = mode().child(name);
        CHECK(found != nullptr);  // the model has what is read here
        return *found;
    }

    const Tree& tree_;
    Place place_;
};

DraftSubscriber subscriber_of(const Leaves& leaves) {
    DraftSubscriber out;
    out.path = leaves.path();
    const std::string user = canonical_user(leaves.key()).value_or(leaves.key());
    const std::size_t at = user.rfind('@');
    out.subscriber.address_of_record = user;
    out.subscriber.username = user.substr(0, at);
    out.subscriber.realm = user.substr(at + 1);
    std::string password;
    leaves.text("password", password);
    out.password = Secret(std::move(password));
    leaves.text("username", out.subscriber.username);
    leaves.text("realm", out.subscriber.realm);
    leaves.text("certificate-name", out.subscriber.certificate_name);
    return out;
}

void read_security(const Leaves& leaves, Adjacency& out) {
    leaves.choice("security", security_words, out.security);
    leaves.choice("sip-calls-in", sip_calls_in_words, out.sip_calls_in);
    leaves.choice("sip-calls-out", sip_calls_out_words, out.sip_calls_out);
    leaves.choice("sips-conversion", sips_conversion_words, out.sips_conversion);
    leaves.choice("untrusted-callers", untrusted_callers_words, out.untrusted_callers);
    leaves.choice("media-security", media_security_words, out.media_security);
    leaves.choice("media", media_words, out.media);
    leaves.choice("media-engine-down", media_engine_down_words, out.media_engine_down);
    leaves.choice("refusal-reason", refusal_reason_words, out.tells_rule);
    leaves.choice("privacy", privacy_words, out.privacy);
    leaves.choice("identity", identity_words, out.identity);
    leaves.choice("anonymous-callers", anonymous_callers_words, out.takes_anonymous);
    leaves.choice("own-domain-callers", own_domain_callers_words, out.takes_own_callers);
    leaves.choice("replaces", replaces_words, out.replaces);
    leaves.choice("refer", refer_words, out.refer);
    leaves.choice("tls-client-authentication", client_authentication_words,
                  out.tls_client_authentication);
    leaves.choice("tls-minimum-version", version_words, out.tls_min_version);
    for (const std::string& each : leaves.all("tls-ciphers")) {
        out.tls_ciphers += (out.tls_ciphers.empty() ? "" : ":") + each;
    }
    out.tls_peer_domains = leaves.all("tls-peer-domain");
    out.tls_allow_wildcard = leaves.has("tls-allow-wildcard");
    unsigned seconds = 20;
    leaves.number("tls-handshake-timeout", seconds);
    out.tls_handshake_timeout = std::chrono::seconds(seconds);
}

IpAddress address(const std::string& word) {
    return IpAddress::parse(word).value_or(IpAddress());
}

Network network(const std::string& word) {
    const std::size_t slash = word.find('/');
    return {address(word.substr(0, slash)), number<std::uint8_t>(word.substr(slash + 1))};
}

void read_place(const Leaves& leaves, Adjacency& out) {
    leaves.choice("profile", profile_words, out.profile);
    if (const Values values = leaves.all("signaling-address"); !values.empty()) {
        out.signaling_address = address(values.front());
    }
    leaves.number("signaling-port", out.signaling_port);
    for (const std::string& value : leaves.all("remote-address")) {
        out.remote_addresses.push_back(network(value));
    }
    leaves.text("signaling-peer", out.signaling_peer);
    out.signaling_peer_address = IpAddress::parse(out.signaling_peer);
    leaves.number("signaling-peer-port", out.signaling_peer_port);
    leaves.choice("preferred-transport", transport_words, out.preferred_transport);
    if (leaves.has("mandated-transport")) {
        leaves.choice("mandated-transport", transport_words, out.mandated_transport.emplace());
    }
    leaves.text("local-id-host", out.local_id);
    out.domains = leaves.all("domain");
    out.is_attached = leaves.has("attach");
}

OutboundRegistration registration(const std::string& word) {
    const bool is_secure = word.starts_with("sips:");
    const std::string user = is_secure ? word.substr(5) : word;
    const std::size_t at = user.rfind('@');
    return {.scheme = is_secure ? sip::Scheme::Sips : sip::Scheme::Sip,
            .user = user.substr(0, at),
            .domain = user.substr(at + 1)};
}

void read_ping(const Leaves& leaves, sip::OptionsPing::Setup& out) {
    const auto seconds = [&](std::string_view name, Duration& time) {
        if (const Values words = leaves.all(name); !words.empty()) {
            time = std::chrono::seconds(number<std::uint32_t>(words.front()));
        }
    };
    seconds("ping-interval", out.interval);
    seconds("ping-lifetime", out.lifetime);
    leaves.number("ping-fail-count", out.fail_count);
}

void read_client(const Leaves& leaves, Adjacency& out) {
    if (const Values words = leaves.all("authentication-algorithm"); !words.empty()) {
        out.digest_algorithms.clear();
        for (const std::string& word : words) {
            out.digest_algorithms.push_back(chosen(digest_algorithm_words, word));
        }
    }
    for (const Values& account : leaves.records("outbound-account")) {
        out.outbound_accounts.push_back({account[1], Secret(account[2]), account[0]});
    }
    if (const Values words = leaves.all("register"); !words.empty()) {
        out.registration = registration(words.front());
    }
    leaves.number("registration-expiry", out.registration_expiry);
    for (const Leaves& ping : leaves.modes("ping")) {
        read_ping(ping, out.ping.emplace());
    }
}

void read_calls(const Leaves& leaves, Adjacency& out) {
    leaves.choice("redirect-mode", redirect_words, out.redirect_mode);
    leaves.number("redirect-limit", out.redirect_limit);
    if (const Values words = leaves.all("session-timer"); !words.empty()) {
        out.session_timer.reset();
        if (words.front() != "off") {
            out.session_timer = number<std::uint32_t>(words.front());
        }
    }
    leaves.number("session-timer-minimum", out.session_timer_minimum);
    leaves.codes("hunting-trigger", out.hunting_trigger);
    leaves.number("reg-min-expiry", out.reg_min_expiry);
}

void read_registrar_behind(const Leaves& leaves, Adjacency& out) {
    leaves.number("registration-outgoing-timer", out.registration_outgoing_timer);
    leaves.number("registration-incoming-timer", out.registration_incoming_timer);
    leaves.number("fast-register-interval", out.fast_register_interval);
    leaves.choice("registration-challenges", registration_challenges_words, out.passes_challenges);
}

DraftAdjacency adjacency_of(const Leaves& leaves) {
    DraftAdjacency out;
    out.path = leaves.path();
    out.said = leaves.said();
    out.files = leaves.files();
    out.client_files = leaves.files("tls-client");
    out.adjacency.name = leaves.key();
    leaves.text("description", out.adjacency.description);
    leaves.text("account", out.adjacency.account);
    read_security(leaves, out.adjacency);
    read_place(leaves, out.adjacency);
    read_client(leaves, out.adjacency);
    read_calls(leaves, out.adjacency);
    read_registrar_behind(leaves, out.adjacency);
    leaves.text("registration-target", out.registration_target);
    return out;
}

DraftEntry entry_of(const Leaves& leaves) {
    DraftEntry out;
    out.path = leaves.path();
    out.entry.number = number<unsigned>(leaves.key());
    leaves.text("dst-adjacency", out.destination);
    leaves.number("weight", out.entry.weight);
    if (const Values words = leaves.all("action"); !words.empty()) {
        out.entry.action = words.front() == "reject" ? RoutingEntry::Action::Reject
                                                     : RoutingEntry::Action::Complete;
    }
    leaves.text("next-table", out.entry.next_table);
    if (!out.entry.next_table.empty()) {
        out.entry.action = RoutingEntry::Action::NextTable;
    }
    for (const auto& child : leaves.mode().children) {
        if (child->name.starts_with("match-") && leaves.has(child->name)) {
            out.match_command = child->command();
            leaves.text(child->name, out.entry.match);
        }
    }
    return out;
}

DraftPolicySet policy_set_of(const Leaves& leaves) {
    static constexpr std::array kinds{
        Choice{"rtg-src-adjacency-table", RoutingTable::Kind::SourceAdjacency},
        Choice{"rtg-dst-address-table", RoutingTable::Kind::DestinationAddress},
        Choice{"rtg-dst-domain-table", RoutingTable::Kind::DestinationDomain}};
    DraftPolicySet out;
    out.path = leaves.path();
    out.number = number<unsigned>(leaves.key());
    leaves.text("first-call-routing-table", out.first_table);
    for (const auto& kind : kinds) {
        for (const Leaves& table : leaves.modes(kind.word)) {
            DraftTable& added = out.tables.emplace_back();
            added.path = table.path();
            added.table.name = table.key();
            added.table.kind = kind.value;
            for (const Leaves& entry : table.modes("entry")) {
                added.entries.push_back(entry_of(entry));
            }
        }
    }
    return out;
}

constexpr std::array cac_scope_words{Choice{"global", CacScope::Global},
                                     Choice{"call", CacScope::Call},
                                     Choice{"src-account", CacScope::SourceAccount},
                                     Choice{"dst-account", CacScope::DestinationAccount},
                                     Choice{"src-adjacency", CacScope::SourceAdjacency},
                                     Choice{"dst-adjacency", CacScope::DestinationAdjacency},
                                     Choice{"src-address", CacScope::SourceAddress}};
constexpr std::array cac_match_words{Choice{"all", CacMatch::All},
                                     Choice{"account", CacMatch::Account},
                                     Choice{"src-account", CacMatch::SourceAccount},
                                     Choice{"dst-account", CacMatch::DestinationAccount},
                                     Choice{"adjacency", CacMatch::Adjacency},
                                     Choice{"src-adjacency", CacMatch::SourceAdjacency},
                                     Choice{"dst-adjacency", CacMatch::DestinationAdjacency},
                                     Choice{"src-address", CacMatch::SourceAddress}};

DraftCacEntry cac_entry_of(const Leaves& leaves) {
    DraftCacEntry out;
    out.path = leaves.path();
    out.said = leaves.said();
    out.entry.number = number<unsigned>(leaves.key());
    leaves.text("match-value", out.entry.match);
    leaves.text("next-table", out.next_table);
    if (leaves.has("cac-scope")) {
        leaves.choice("cac-scope", cac_scope_words, out.entry.scope.emplace());
    }
    for (std::size_t i = 0; i < cac_limit_count; ++i) {
        const std::string_view name = to_string(static_cast<CacLimit>(i));
        if (leaves.has(name)) {
            leaves.number(name, out.entry.limits[i].emplace());
        }
    }
    return out;
}

DraftCacPolicySet cac_policy_set_of(const Leaves& leaves) {
    DraftCacPolicySet out;
    out.path = leaves.path();
    out.number = number<unsigned>(leaves.key());
    leaves.text("first-cac-table", out.first_table);
    leaves.choice("first-cac-scope", cac_scope_words, out.first_scope);
    for (const Leaves& table : leaves.modes("cac-table")) {
        DraftCacTable& added = out.tables.emplace_back();
        added.path = table.path();
        added.said = table.said();
        added.table.name = table.key();
        added.table.is_policy_set = table.has("policy-set");
        table.choice("table-type", cac_match_words, added.table.match);
        for (const Leaves& entry : table.modes("entry")) {
            added.entries.push_back(cac_entry_of(entry));
        }
    }
    return out;
}

constexpr std::array source_event_words{
    Choice{"authentication-failure", SourceEvent::AuthenticationFailure},
    Choice{"corrupt-message", SourceEvent::CorruptMessage},
    Choice{"handshake-failure", SourceEvent::HandshakeFailure},
    Choice{"connection-rate", SourceEvent::ConnectionRate},
    Choice{"request-rate", SourceEvent::RequestRate}};

void read_blacklist(const Leaves& leaves, const std::optional<IpAddress>& whose, Draft& out) {
    for (const Leaves& reason : leaves.modes("reason")) {
        DraftSourceRule& added = out.source_rules.emplace_back();
        added.address = whose;
        added.event = chosen(source_event_words, reason.key());
        added.path = reason.path();
        added.is_said = reason.has("trigger-size");
        if (reason.all("trigger-size") == Values{"off"}) {
            continue;
        }
        std::uint32_t period = 60;
        std::uint32_t timeout = 300;
        SourceRule& rule = added.rule.emplace();
        reason.number("trigger-size", rule.trigger.size);
        reason.number("trigger-period", period);
        reason.number("timeout", timeout);
        rule.trigger.period = std::chrono::seconds(period);
        rule.timeout = std::chrono::seconds(timeout);
    }
}

void read_admission(const Leaves& sbe, Draft& out) {
    for (const Leaves& each : sbe.modes("blacklist-default")) {
        read_blacklist(each, std::nullopt, out);
    }
    for (const Leaves& each : sbe.modes("blacklist")) {
        read_blacklist(each, address(each.key()), out);
    }
    for (const Leaves& each : sbe.modes("cac-policy-set")) {
        out.cac_policy_sets.push_back(cac_policy_set_of(each));
    }
    if (sbe.has("active-cac-policy-set")) {
        sbe.number("active-cac-policy-set", out.active_cac_policy_set.emplace());
    }
    out.emergency_numbers = sbe.all("emergency-number");
}

void read_media(const Leaves& sbe, Draft& out) {
    if (const Values values = sbe.all("media-engine"); !values.empty()) {
        out.media_engine = Endpoint{address(values.front()), 2223};
        sbe.number("media-engine-port", out.media_engine->port);
    }
    if (const Values words = sbe.all("media-timeout"); !words.empty()) {
        out.media_timeout.reset();
        if (words.front() != "off") {
            out.media_timeout = std::chrono::seconds(number<std::uint32_t>(words.front()));
        }
    }
}

void read_sbe(const Leaves& sbe, Draft& out) {
    out.path = sbe.path();
    out.files = sbe.files();
    if (sbe.has("sip-hunting-trigger")) {
        sbe.codes("sip-hunting-trigger", out.hunting_trigger.emplace());
    }
    read_media(sbe, out);
    read_admission(sbe, out);
    for (const Leaves& each : sbe.modes("subscriber")) {
        out.subscribers.push_back(subscriber_of(each));
    }
    for (const Leaves& each : sbe.modes("adjacency")) {
        out.adjacencies.push_back(adjacency_of(each));
    }
    for (const Leaves& each : sbe.modes("call-policy-set")) {
        out.policy_sets.push_back(policy_set_of(each));
    }
    if (sbe.has("active-call-policy-set")) {
        sbe.number("active-call-policy-set", out.active_policy_set.emplace());
    }
}

}  // namespace

Draft draft_of(const Tree& tree) {
    Draft out;
    const Node& service = *model::Schema::instance().root().child("sbc");
    for (Values& keys : tree.entries({}, service)) {
        const Leaves leaves(tree, {{&service, keys}});
        out.services.push_back(leaves.key());
        for (const Leaves& sbe : leaves.modes("sbe")) {
            read_sbe(sbe, out);
        }
    }
    return out;
}

}  // namespace ringwall::sbc
