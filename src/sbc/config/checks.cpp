#include "sbc/config/checks.h"

#include <algorithm>
#include <array>
#include <set>
#include <span>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "sbc/config/adjacency_tls.h"
#include "sbc/config/cac_checks.h"
#include "sbc/config/routing_checks.h"
#include "sbc/model/word_values.h"

namespace ringwall::sbc {
namespace {

class Checker {
public:
    Checker(Draft& draft, ConfigErrors& out) : draft_(draft), out_(out) {}

    void run() {
        check_service();
        for (DraftSubscriber& each : draft_.subscribers) {
            check_subscriber(each);
        }
        for (DraftAdjacency& each : draft_.adjacencies) {
            fill_defaults(each);
            check_leaves(each);
            check_peer(each);
            check_place(each);
            check_registrar_behind(each);
        }
        check_registrars();
        check_source_rules();
        check_shared_sockets();
    }

private:
    void wrong(std::string path, std::string_view word, std::string sentence) const {
        out_.push_back(
            {.path = std::move(path), .word = std::string(word), .sentence = std::move(sentence)});
    }

    void check_service() const;
    void check_source_rules() const;
    void check_subscriber(const DraftSubscriber& subscriber) const;
    void fill_defaults(DraftAdjacency& adjacency) const;
    void check_leaves(const DraftAdjacency& adjacency) const;
    void check_peer(const DraftAdjacency& adjacency) const;
    void check_client(const DraftAdjacency& adjacency) const;
    void check_place(const DraftAdjacency& adjacency) const;
    void check_registrar_behind(DraftAdjacency& adjacency) const;
    void check_registrars() const;
    void say_two_registrars(const DraftAdjacency& adjacency, const std::string& domain,
                            const Adjacency& other) const;
    void check_shared_sockets() const;
    void check_pair(const DraftAdjacency& first, const DraftAdjacency& second) const;

    Draft& draft_;
    ConfigErrors& out_;
};

void Checker::check_source_rules() const {
    for (const DraftSourceRule& each : draft_.source_rules) {
        if (!each.is_said) {
            wrong(each.path, to_string(each.event),
                  "reason " + std::string(to_string(each.event)) +
                      " does not say how many; add 'trigger-size NUMBER', or 'trigger-size off'");
        }
    }
}

void Checker::check_service() const {
    if (draft_.path.empty()) {
        wrong("", "", "nothing is configured; begin with 'sbc NAME' and 'sbe'");
    }
    if (draft_.services.size() > 1) {
        wrong("sbc " + draft_.services[1], draft_.services[1],
              "there is one service only, and '" + draft_.services[0] +
                  "' is there already; remove one of them");
    }
}

void Checker::check_subscriber(const DraftSubscriber& subscriber) const {
    if (subscriber.password.empty()) {
        wrong(subscriber.path, "subscriber",
              "subscriber '" + subscriber.subscriber.address_of_record +
                  "' has no password; add 'password WORD'");
    }
}

void Checker::fill_defaults(DraftAdjacency& draft) const {
    Adjacency& adjacency = draft.adjacency;
    if (adjacency.is_encrypted()) {
        adjacency.preferred_transport = sip::Transport::Tls;
        if (!draft.said.contains("signaling-port")) {
            adjacency.signaling_port = 5061;
        }
        if (!draft.said.contains("media-security")) {
            adjacency.media_security = MediaSecurity::Preferred;
        }
        if (!draft.said.contains("tls client-authentication") &&
            !adjacency.signaling_peer.empty()) {
            adjacency.tls_client_authentication = tls::ClientAuthentication::Required;
        }
        // The domain that we set out for is the one that the certificate must bear.
        if (adjacency.tls_peer_domains.empty() && !adjacency.signaling_peer.empty() &&
            !adjacency.signaling_peer_address) {
            adjacency.tls_peer_domains.push_back(adjacency.signaling_peer);
        }
    }
    if (!draft.said.contains("refusal-reason")) {
        adjacency.tells_rule = adjacency.is_trusted();
    }
    if (!adjacency.is_trusted() && !draft.said.contains("refer")) {
        adjacency.refer = ReferMode::Refuse;
    }
}

void Checker::check_leaves(const DraftAdjacency& draft) const {
    if (!draft.adjacency.is_trusted() && !draft.adjacency.anchors_media() &&
        draft.adjacency.media_security == MediaSecurity::Required) {
        wrong(draft.path + " " + "media-security", "required",
              "'media-security required' on an untrusted adjacency needs DTLS-SRTP through "
              "the media engine; add 'media anchored', or use off or preferred");
    }
    if (draft.adjacency.anchors_media() && !draft_.media_engine) {
        wrong(draft.path + " media", "anchored",
              "'media anchored' needs a media engine; add 'media-engine ipv4 ADDRESS' to sbe");
    }
    if (!draft.adjacency.is_trusted() && draft.adjacency.privacy == PrivacyMode::Trusted) {
        wrong(draft.path + " privacy", "trusted",
              "'privacy trusted' on an untrusted adjacency would believe whoever asserts an "
              "identity there; make the adjacency trusted, or use on-request or restricted");
    }
    if (draft.adjacency.profile == Profile::Access && draft.adjacency.domains.empty()) {
        wrong(draft.path, draft.adjacency.name,
              "adjacency '" + draft.adjacency.name +
                  "' inherits preset-access and has no domain; add 'domain NAME', the "
                  "domain whose users register here");
    }
}

void Checker::check_peer(const DraftAdjacency& draft) const {
    const Adjacency& adjacency = draft.adjacency;
    if (adjacency.is_encrypted() && adjacency.signaling_peer_address &&
        adjacency.tls_peer_domains.empty()) {
        wrong(draft.path + " " + "signaling-peer", adjacency.signaling_peer,
              "signaling-peer " + shown(adjacency.signaling_peer) +
                  " is an address, so it does not say which name the peer's certificate "
                  "must bear; add 'tls peer-domain NAME'");
    }
    if (adjacency.mandated_transport && draft.said.contains("preferred-transport") &&
        adjacency.preferred_transport != *adjacency.mandated_transport) {
        wrong(draft.path + " " + "preferred-transport", "preferred-transport",
              "'preferred-transport' is not what 'mandated-transport' demands; remove one "
              "of them");
    }
    check_client(draft);
}

// What we do as a client of the signaling-peer.
void Checker::check_client(const DraftAdjacency& draft) const {
    const Adjacency& adjacency = draft.adjacency;
    if (adjacency.ping &&
        (adjacency.signaling_peer.empty() || adjacency.profile == Profile::Access)) {
        wrong(draft.path + " ping-enable", "ping-enable",
              "'ping-enable' needs a 'signaling-peer', and means nothing where phones register "
              "(preset-access)");
    }
    for (const std::string_view leaf : {"register", "authentication-realm outbound"}) {
        if (draft.said.contains(leaf) &&
            (adjacency.signaling_peer.empty() || adjacency.profile == Profile::Access)) {
            const std::string realm =
                leaf == "register" ? "" : " " + adjacency.outbound_accounts.front().realm;
            wrong(draft.path + " " + std::string(leaf) + realm, leaf,
                  "'" + std::string(leaf) +
                      "' needs a 'signaling-peer', and means nothing "
                      "where phones register (preset-access)");
        }
    }
    if (adjacency.registration && adjacency.registration->scheme == sip::Scheme::Sips &&
        !adjacency.is_encrypted()) {
        wrong(draft.path + " " + "register", "register",
              "a SIPS address-of-record is registered over TLS only; make the adjacency "
              "trusted-encrypted, or register the sip one");
    }
}

void Checker::check_place(const DraftAdjacency& draft) const {
    const Adjacency& adjacency = draft.adjacency;
    if (!draft.said.contains("signaling-address")) {
        if (adjacency.is_attached) {
            wrong(draft.path, adjacency.name,
                  "adjacency '" + adjacency.name +
                      "' cannot be attached without an address to listen on; add "
                      "'signaling-address ipv4 ADDRESS'");
        }
        return;
    }
    const IpAddress::Family family = adjacency.signaling_address.family;
    const auto unlike = std::ranges::find_if(
        adjacency.remote_addresses,
        [&](const Network& network) { return network.address.family != family; });
    if (unlike != adjacency.remote_addresses.end()) {
        wrong(draft.path + " " + "remote-address", unlike->address.to_string(),
              shown(unlike->address.to_string()) +
                  " can never reach the signaling-address of adjacency '" + adjacency.name +
                  "'; use addresses of one IP version");
    }
    if (adjacency.signaling_peer_address && adjacency.signaling_peer_address->family != family) {
        wrong(draft.path + " " + "signaling-peer", adjacency.signaling_peer,
              shown(adjacency.signaling_peer) +
                  " cannot be reached from the signaling-address of adjacency '" + adjacency.name +
                  "'; use addresses of one IP version");
    }
}

void Checker::check_registrar_behind(DraftAdjacency& draft) const {
    const std::string& name = draft.registration_target;
    if (name.empty()) {
        return;
    }
    const auto target = std::ranges::find(
        draft_.adjacencies, name, [](const DraftAdjacency& each) { return each.adjacency.name; });
    const std::string path = draft.path + " registration target adjacency";
    if (target == draft_.adjacencies.end()) {
        wrong(path, name, shown(name) + " is no adjacency; define it or correct the name");
        return;
    }
    if (target->adjacency.profile == Profile::Access || target->adjacency.signaling_peer.empty()) {
        wrong(path, name,
              "adjacency " + shown(name) +
                  " leads to no registrar; name one with a 'signaling-peer' where no phones "
                  "register");
    }
    draft.adjacency.registration_target =
        static_cast<AdjacencyIndex>(target - draft_.adjacencies.begin());
}

void Checker::say_two_registrars(const DraftAdjacency& adjacency, const std::string& domain,
                                 const Adjacency& other) const {
    wrong(adjacency.path + " domain", domain,
          "the phones of domain " + shown(domain) + " register here and on adjacency " +
              shown(other.name) + " at different registrars; a domain has one, so say the same " +
              "'registration target adjacency' on both, or on neither");
}

// What one of two registrars has granted would be the other's to take away, and to see.
void Checker::check_registrars() const {
    std::map<std::string_view, const Adjacency*> first_of;
    for (const DraftAdjacency& draft : draft_.adjacencies) {
        const Adjacency& adjacency = draft.adjacency;
        for (const std::string& domain : adjacency.domains) {
            const auto [first, is_new] = first_of.emplace(domain, &adjacency);
            const Adjacency& other = *first->second;
            if (!is_new && other.registration_target != adjacency.registration_target) {
                say_two_registrars(draft, domain, other);
            }
        }
    }
}

void Checker::check_shared_sockets() const {
    std::map<Endpoint, std::vector<const DraftAdjacency*>> by_socket;
    for (const DraftAdjacency& each : draft_.adjacencies) {
        if (each.said.contains("signaling-address")) {
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
            check_pair(*adjacencies.front(), *each);
            const auto shared = [&](const DraftAdjacency& other, std::string_view source) {
                std::string sentence = "adjacencies '" + other.adjacency.name + "' and '";
                sentence.append(each->adjacency.name).append("' share ").append(socket);
                sentence.append(" and both take ").append(source);
                sentence.append("; tell them apart by 'remote-address'");
                wrong(each->path, each->adjacency.name, std::move(sentence));
            };
            if (each->adjacency.remote_addresses.empty()) {
                if (any_source != nullptr) {
                    shared(*any_source, "any source");
                }
                any_source = each;
            }
            for (const Network& network : each->adjacency.remote_addresses) {
                const auto [at, is_new] =
                    owners.emplace(std::pair(network.address, network.prefix_length), each);
                if (!is_new) {
                    shared(*at->second, network.address.to_string() + "/" +
                                            std::to_string(network.prefix_length));
                }
            }
        }
    }
}

void Checker::check_pair(const DraftAdjacency& first, const DraftAdjacency& second) const {
    if (first.adjacency.is_encrypted() == second.adjacency.is_encrypted()) {
        return;
    }
    const DraftAdjacency& plain = first.adjacency.is_encrypted() ? second : first;
    const DraftAdjacency& encrypted = first.adjacency.is_encrypted() ? first : second;
    const Endpoint socket{plain.adjacency.signaling_address, plain.adjacency.signaling_port};
    wrong(second.path, second.adjacency.name,
          "adjacencies '" + encrypted.adjacency.name + "' (encrypted) and '" +
              plain.adjacency.name + "' (not encrypted) cannot share " + socket.to_string() +
              "; give one of them another 'signaling-port'");
}

bool bears_name(const Adjacency& adjacency, std::string_view host) {
    return std::ranges::any_of(adjacency.certificate.names, [&](const std::string& name) {
        return equals_ignoring_case(name, host);
    });
}

}  // namespace

void check_draft(Draft& draft, ConfigErrors& out) {
    Checker(draft, out).run();
    check_routing(draft, out);
    check_cac(draft, out);
}

ConfigErrors find_surprises(const Draft& draft) {
    ConfigErrors out;
    const auto warn = [&](std::string path, const std::string& word, std::string sentence) {
        out.push_back({.path = std::move(path), .word = word, .sentence = std::move(sentence)});
    };
    std::set<std::string> served;
    bool any_attached = false;
    for (const DraftAdjacency& each : draft.adjacencies) {
        const Adjacency& adjacency = each.adjacency;
        any_attached = any_attached || adjacency.is_attached;
        if (adjacency.profile == Profile::Access) {
            served.insert(adjacency.domains.begin(), adjacency.domains.end());
        } else if (!adjacency.domains.empty()) {
            warn(each.path + " domain", "domain",
                 "'domain' has no effect on adjacency '" + adjacency.name +
                     "' unless it inherits preset-access");
        }
        if (adjacency.profile == Profile::Access && adjacency.is_encrypted() &&
            adjacency.sip_calls_out == SipCallsOut::Refuse) {
            warn(each.path + " sip-calls-out", adjacency.name,
                 "'sip-calls-out refuse' on adjacency '" + adjacency.name +
                     "': its phones cannot be called by sip URIs; use secure-only or any if they "
                     "do not know sips");
        }
        if (adjacency.registration_target && !adjacency.is_trusted() &&
            draft.adjacencies[*adjacency.registration_target].adjacency.is_encrypted()) {
            warn(each.path + " registration target adjacency", each.registration_target,
                 "no phone can register on adjacency '" + adjacency.name +
                     "': nothing goes from an untrusted adjacency to a trusted-encrypted one");
        }
        if (adjacency.registration_target && adjacency.is_encrypted()) {
            const Adjacency& registrar =
                draft.adjacencies[*adjacency.registration_target].adjacency;
            if (!registrar.is_trusted()) {
                warn(
                    each.path + " registration target adjacency", each.registration_target,
                    "what phones on adjacency '" + adjacency.name +
                        "' prove their passwords with over TLS goes on in the clear to adjacency "
                        "'" +
                        registrar.name +
                        "', which is untrusted; who listens there can guess passwords and end "
                        "registrations: make '" +
                        registrar.name +
                        "' trusted-encrypted, or trusted-unencrypted if something else secures it");
            }
        }
        for (const auto role : {tls::Context::Role::Server, tls::Context::Role::Client}) {
            if (const std::string why = useless_certificate(adjacency, role); !why.empty()) {
                warn(each.path + " tls certificate", adjacency.name,
                     why + "; peers of adjacency '" + adjacency.name +
                         "' that check it will refuse us, and a commit that shows it first is "
                         "refused");
            }
        }
        if (adjacency.is_attached && adjacency.is_encrypted() &&
            !bears_name(adjacency, adjacency.own_host())) {
            warn(each.path + " local-id host", adjacency.own_host(),
                 shown(adjacency.own_host()) + ", our name on adjacency '" + adjacency.name +
                     "', is not in our certificate there; peers that check it will refuse us");
        }
    }
    for (const DraftSubscriber& each : draft.subscribers) {
        const std::string& user = each.subscriber.address_of_record;
        if (!served.contains(user.substr(user.rfind('@') + 1))) {
            warn(each.path, user,
                 "subscriber '" + user +
                     "' can register nowhere: no adjacency with preset-access has its domain");
        }
    }
    if (!any_attached) {
        warn("", "", "no adjacency is attached, so no call can be made; add 'attach'");
    }
    if (!draft.policy_sets.empty() && !draft.active_policy_set) {
        warn(draft.policy_sets.front().path, "call-policy-set",
             "no call-policy-set is active; add 'active-call-policy-set NUMBER'");
    }
    return out;
}

}  // namespace ringwall::sbc
