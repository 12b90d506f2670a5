#include "sbc/config/checks.h"

#include <algorithm>
#include <array>
#include <set>
#include <span>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "sbc/config/routing_checks.h"
#include "sbc/config/word_values.h"

namespace ringwall::sbc {
namespace {

using Done = Result<void, ConfigError>;

// Which kinds of adjacency a leaf means something on.
enum class AppliesTo : std::uint8_t { Trusted, Encrypted, TrustedUnencrypted, NotEncrypted };

struct LeafRule {
    std::string_view leaf;
    AppliesTo applies;
};

constexpr std::array leaf_rules{
    LeafRule{"sip-calls-in", AppliesTo::Trusted},
    LeafRule{"sip-calls-out", AppliesTo::Encrypted},
    LeafRule{"sips-conversion", AppliesTo::TrustedUnencrypted},
    LeafRule{"untrusted-callers", AppliesTo::TrustedUnencrypted},
    LeafRule{"preferred-transport", AppliesTo::NotEncrypted},
    LeafRule{"mandated-transport", AppliesTo::NotEncrypted},
    LeafRule{"tls client-authentication", AppliesTo::Encrypted},
    LeafRule{"tls peer-domain", AppliesTo::Encrypted},
    LeafRule{"tls allow-wildcard", AppliesTo::Encrypted},
    LeafRule{"tls handshake-timeout", AppliesTo::Encrypted},
    LeafRule{"tls certificate", AppliesTo::Encrypted},
    LeafRule{"tls private-key", AppliesTo::Encrypted},
    LeafRule{"tls trust-anchors", AppliesTo::Encrypted},
};

bool applies(AppliesTo rule, Security security) {
    switch (rule) {
        case AppliesTo::Trusted:
            return security != Security::Untrusted;
        case AppliesTo::Encrypted:
            return security == Security::TrustedEncrypted;
        case AppliesTo::TrustedUnencrypted:
            return security == Security::TrustedUnencrypted;
        case AppliesTo::NotEncrypted:
            return security != Security::TrustedEncrypted;
    }
    return false;
}

std::string_view remedy(AppliesTo rule) {
    switch (rule) {
        case AppliesTo::Trusted:
            return "remove it, or make the adjacency trusted-encrypted or trusted-unencrypted";
        case AppliesTo::Encrypted:
            return "remove it, or make the adjacency trusted-encrypted";
        case AppliesTo::TrustedUnencrypted:
            return "remove it, or make the adjacency trusted-unencrypted";
        case AppliesTo::NotEncrypted:
            return "remove it: a trusted-encrypted adjacency always uses TLS";
    }
    return "";
}

class Checker {
public:
    Checker(Draft& draft, const std::string& file_name) : draft_(draft), file_name_(file_name) {}

    Done run() {
        TRY(check_service());
        for (DraftSubscriber& each : draft_.subscribers) {
            TRY(check_subscriber(each));
        }
        for (DraftAdjacency& each : draft_.adjacencies) {
            fill_defaults(each);
            TRY(check_leaves(each));
            TRY(check_peer(each));
            TRY(check_place(each));
        }
        return check_shared_sockets();
    }

private:
    auto wrong(unsigned line, std::string_view word, std::string sentence) const {
        return fail(ConfigError{file_name_, line, std::string(word), std::move(sentence)});
    }

    Done check_service() const;
    Done check_subscriber(const DraftSubscriber& subscriber) const;
    void fill_defaults(DraftAdjacency& adjacency) const;
    Done check_leaves(const DraftAdjacency& adjacency) const;
    Done check_peer(const DraftAdjacency& adjacency) const;
    Done check_client(const DraftAdjacency& adjacency) const;
    Done check_place(const DraftAdjacency& adjacency) const;
    Done check_shared_sockets() const;
    Done check_pair(const DraftAdjacency& first, const DraftAdjacency& second) const;

    Draft& draft_;
    const std::string& file_name_;
};

Done Checker::check_service() const {
    if (!draft_.has_sbe) {
        return wrong(0, "", "nothing is configured; begin with 'sbc NAME' and 'sbe'");
    }
    return {};
}

Done Checker::check_subscriber(const DraftSubscriber& subscriber) const {
    if (subscriber.password.empty()) {
        return wrong(subscriber.line, "subscriber",
                     "subscriber '" + subscriber.subscriber.address_of_record +
                         "' has no password; add 'password WORD'");
    }
    return {};
}

void Checker::fill_defaults(DraftAdjacency& draft) const {
    Adjacency& adjacency = draft.adjacency;
    if (adjacency.is_encrypted()) {
        adjacency.preferred_transport = sip::Transport::Tls;
        if (!draft.said.has("signaling-port")) {
            adjacency.signaling_port = 5061;
        }
        if (!draft.said.has("media-security")) {
            adjacency.media_security = MediaSecurity::Preferred;
        }
        if (!draft.said.has("tls client-authentication") && !adjacency.signaling_peer.empty()) {
            adjacency.tls_client_authentication = tls::ClientAuthentication::Required;
        }
        // The domain that we set out for is the one that the certificate must bear.
        if (adjacency.tls_peer_domains.empty() && !adjacency.signaling_peer.empty() &&
            !adjacency.signaling_peer_address) {
            adjacency.tls_peer_domains.push_back(adjacency.signaling_peer);
        }
    }
    if (!adjacency.is_trusted() && !draft.said.has("refer")) {
        adjacency.refer = ReferMode::Refuse;
    }
}

Done Checker::check_leaves(const DraftAdjacency& draft) const {
    const Security security = draft.adjacency.security;
    for (const LeafRule& rule : leaf_rules) {
        const unsigned line =
            std::max(draft.said.line(rule.leaf), draft.files.said.line(rule.leaf));
        if (line != 0 && !applies(rule.applies, security)) {
            return wrong(line, rule.leaf,
                         "'" + std::string(rule.leaf) + "' means nothing on adjacency '" +
                             draft.adjacency.name + "', which is " +
                             std::string(to_string(security)) + "; " +
                             std::string(remedy(rule.applies)));
        }
    }
    if (security == Security::Untrusted &&
        draft.adjacency.media_security == MediaSecurity::Required) {
        return wrong(draft.said.line("media-security"), "required",
                     "'media-security required' on an untrusted adjacency needs DTLS-SRTP through "
                     "a media engine, which is not available; use off or preferred");
    }
    if (draft.adjacency.profile == Profile::Access && draft.adjacency.domains.empty()) {
        return wrong(draft.line, draft.adjacency.name,
                     "adjacency '" + draft.adjacency.name +
                         "' inherits preset-access and has no domain; add 'domain NAME', the "
                         "domain whose users register here");
    }
    return {};
}

Done Checker::check_peer(const DraftAdjacency& draft) const {
    const Adjacency& adjacency = draft.adjacency;
    if (adjacency.is_encrypted() && adjacency.signaling_peer_address &&
        adjacency.tls_peer_domains.empty()) {
        return wrong(draft.said.line("signaling-peer"), adjacency.signaling_peer,
                     "signaling-peer " + shown(adjacency.signaling_peer) +
                         " is an address, so it does not say which name the peer's certificate "
                         "must bear; add 'tls peer-domain NAME'");
    }
    if (adjacency.mandated_transport && draft.said.has("preferred-transport") &&
        adjacency.preferred_transport != *adjacency.mandated_transport) {
        return wrong(draft.said.line("preferred-transport"), "preferred-transport",
                     "'preferred-transport' is not what 'mandated-transport' demands; remove one "
                     "of them");
    }
    TRY(check_client(draft));
    if (draft.said.has("signaling-peer-port") && adjacency.signaling_peer.empty()) {
        return wrong(draft.said.line("signaling-peer-port"), "signaling-peer-port",
                     "'signaling-peer-port' needs a 'signaling-peer'");
    }
    return {};
}

// What we do as a client of the signaling-peer.
Done Checker::check_client(const DraftAdjacency& draft) const {
    const Adjacency& adjacency = draft.adjacency;
    for (const std::string_view leaf : {"register", "authentication-realm outbound"}) {
        if (draft.said.has(leaf) &&
            (adjacency.signaling_peer.empty() || adjacency.profile == Profile::Access)) {
            return wrong(draft.said.line(leaf), leaf,
                         "'" + std::string(leaf) +
                             "' needs a 'signaling-peer', and means nothing "
                             "where phones register (preset-access)");
        }
    }
    if (draft.said.has("registration-expiry") && !adjacency.registration) {
        return wrong(draft.said.line("registration-expiry"), "registration-expiry",
                     "'registration-expiry' needs a 'register'");
    }
    if (adjacency.registration && adjacency.registration->scheme == sip::Scheme::Sips &&
        !adjacency.is_encrypted()) {
        return wrong(draft.said.line("register"), "register",
                     "a SIPS address-of-record is registered over TLS only; make the adjacency "
                     "trusted-encrypted, or register the sip one");
    }
    return {};
}

Done Checker::check_place(const DraftAdjacency& draft) const {
    const Adjacency& adjacency = draft.adjacency;
    if (!draft.said.has("signaling-address")) {
        if (adjacency.is_attached) {
            return wrong(draft.line, adjacency.name,
                         "adjacency '" + adjacency.name +
                             "' cannot be attached without an address to listen on; add "
                             "'signaling-address ipv4 ADDRESS'");
        }
        return {};
    }
    const IpAddress::Family family = adjacency.signaling_address.family;
    const auto unlike = std::ranges::find_if(
        adjacency.remote_addresses,
        [&](const Network& network) { return network.address.family != family; });
    if (unlike != adjacency.remote_addresses.end()) {
        return wrong(draft.said.line("remote-address"), unlike->address.to_string(),
                     shown(unlike->address.to_string()) +
                         " can never reach the signaling-address of adjacency '" + adjacency.name +
                         "'; use addresses of one IP version");
    }
    if (adjacency.signaling_peer_address && adjacency.signaling_peer_address->family != family) {
        return wrong(draft.said.line("signaling-peer"), adjacency.signaling_peer,
                     shown(adjacency.signaling_peer) +
                         " cannot be reached from the signaling-address of adjacency '" +
                         adjacency.name + "'; use addresses of one IP version");
    }
    return {};
}

Done Checker::check_shared_sockets() const {
    std::map<Endpoint, std::vector<const DraftAdjacency*>> by_socket;
    for (const DraftAdjacency& each : draft_.adjacencies) {
        if (each.said.has("signaling-address")) {
            by_socket[{each.adjacency.signaling_address, each.adjacency.signaling_port}].push_back(
                &each);
        }
    }
    for (const auto& [endpoint, adjacencies] : by_socket) {
        const std::string socket = endpoint.to_string();
        // The networks of the adjacencies on a socket: each picks one adjacency. None: any source.
        std::map<std::pair<IpAddress, std::uint8_t>, const DraftAdjacency*> owners;
        const DraftAdjacency* any_source = nullptr;
        for (const DraftAdjacency* each : adjacencies) {
            TRY(check_pair(*adjacencies.front(), *each));
            const auto shared = [&](const DraftAdjacency& other, std::string_view source) {
                std::string sentence = "adjacencies '" + other.adjacency.name + "' and '";
                sentence.append(each->adjacency.name).append("' share ").append(socket);
                sentence.append(" and both take ").append(source);
                sentence.append("; tell them apart by 'remote-address'");
                return wrong(each->line, each->adjacency.name, std::move(sentence));
            };
            if (each->adjacency.remote_addresses.empty()) {
                if (any_source != nullptr) {
                    return shared(*any_source, "any source");
                }
                any_source = each;
            }
            for (const Network& network : each->adjacency.remote_addresses) {
                const auto [at, is_new] =
                    owners.emplace(std::pair(network.address, network.prefix_length), each);
                if (!is_new) {
                    return shared(*at->second, network.address.to_string() + "/" +
                                                   std::to_string(network.prefix_length));
                }
            }
        }
    }
    return {};
}

Done Checker::check_pair(const DraftAdjacency& first, const DraftAdjacency& second) const {
    if (first.adjacency.is_encrypted() == second.adjacency.is_encrypted()) {
        return {};
    }
    const DraftAdjacency& plain = first.adjacency.is_encrypted() ? second : first;
    const DraftAdjacency& encrypted = first.adjacency.is_encrypted() ? first : second;
    const Endpoint socket{plain.adjacency.signaling_address, plain.adjacency.signaling_port};
    return wrong(second.line, second.adjacency.name,
                 "adjacencies '" + encrypted.adjacency.name + "' (encrypted) and '" +
                     plain.adjacency.name + "' (not encrypted) cannot share " + socket.to_string() +
                     "; give one of them another 'signaling-port'");
}

bool bears_name(const Adjacency& adjacency, std::string_view host) {
    return std::ranges::any_of(adjacency.certificate_names, [&](const std::string& name) {
        return equals_ignoring_case(name, host);
    });
}

}  // namespace

Result<void, ConfigError> check_draft(Draft& draft, const std::string& file_name) {
    TRY(Checker(draft, file_name).run());
    return check_routing(draft, file_name);
}

std::vector<ConfigError> find_surprises(const Draft& draft, const std::string& file_name) {
    std::vector<ConfigError> out;
    const auto warn = [&](unsigned line, const std::string& word, std::string sentence) {
        out.push_back({file_name, line, word, std::move(sentence)});
    };
    std::set<std::string> served;
    bool any_attached = false;
    for (const DraftAdjacency& each : draft.adjacencies) {
        const Adjacency& adjacency = each.adjacency;
        any_attached = any_attached || adjacency.is_attached;
        if (adjacency.profile == Profile::Access) {
            served.insert(adjacency.domains.begin(), adjacency.domains.end());
        } else if (!adjacency.domains.empty()) {
            warn(each.said.line("domain"), "domain",
                 "'domain' has no effect on adjacency '" + adjacency.name +
                     "' unless it inherits preset-access");
        }
        if (adjacency.profile == Profile::Access && adjacency.is_encrypted() &&
            adjacency.sip_calls_out == SipCallsOut::Refuse) {
            const unsigned line = each.said.line("sip-calls-out");
            warn(line == 0 ? each.line : line, adjacency.name,
                 "'sip-calls-out refuse' on adjacency '" + adjacency.name +
                     "': its phones cannot be called by sip URIs; use secure-only or any if they "
                     "do not know sips");
        }
        if (adjacency.is_attached && adjacency.is_encrypted() &&
            !bears_name(adjacency, adjacency.own_host())) {
            const unsigned line = each.said.line("local-id host");
            warn(line == 0 ? each.line : line, adjacency.own_host(),
                 shown(adjacency.own_host()) + ", our name on adjacency '" + adjacency.name +
                     "', is not in our certificate there; peers that check it will refuse us");
        }
    }
    for (const DraftSubscriber& each : draft.subscribers) {
        const std::string& user = each.subscriber.address_of_record;
        if (!served.contains(user.substr(user.rfind('@') + 1))) {
            warn(each.line, user,
                 "subscriber '" + user +
                     "' can register nowhere: no adjacency with preset-access has its domain");
        }
    }
    if (!any_attached) {
        warn(0, "", "no adjacency is attached, so no call can be made; add 'attach'");
    }
    if (!draft.policy_sets.empty() && !draft.active_policy_set) {
        warn(draft.policy_sets.front().line, "call-policy-set",
             "no call-policy-set is active; add 'active-call-policy-set NUMBER'");
    }
    return out;
}

}  // namespace ringwall::sbc
