#include "tls/identity.h"

#include <algorithm>

#include "base/text.h"

namespace ringwall::tls {

namespace {

std::string_view without_trailing_dot(std::string_view name) {
    if (name.ends_with('.')) name.remove_suffix(1);
    return name;
}

// "*.example.com" stands for one label: not for example.com, not for a.b.example.com. At least two
// labels must follow, so that nobody holds all of com.
bool matches_wildcard(std::string_view pattern, std::string_view domain) {
    if (!pattern.starts_with("*.")) return false;
    const std::string_view parent = pattern.substr(2);
    if (parent.find('.') == std::string_view::npos || parent.find('*') != std::string_view::npos) {
        return false;
    }
    const auto dot = domain.find('.');
    return dot != std::string_view::npos && dot > 0 &&
           equals_ignoring_case(domain.substr(dot + 1), parent);
}

std::string_view without_scheme(std::string_view uri) {
    for (const std::string_view scheme : {"sip:", "sips:"}) {
        if (equals_ignoring_case(uri.substr(0, scheme.size()), scheme)) {
            return uri.substr(scheme.size());
        }
    }
    return uri;
}

}  // namespace

std::vector<std::string> PeerIdentity::identities() const {
    if (!sip_domains.empty()) return sip_domains;
    if (!dns_names.empty()) return dns_names;
    if (!has_subject_alt_name && !common_name.empty()) return {common_name};
    return {};
}

bool matches_domain(const PeerIdentity& peer, std::string_view domain, Wildcards wildcards) {
    domain = without_trailing_dot(domain);
    if (!peer.is_verified || domain.empty() || domain.find('*') != std::string_view::npos) {
        return false;
    }
    const std::vector<std::string> identities = peer.identities();
    return std::any_of(identities.begin(), identities.end(), [&](std::string_view identity) {
        identity = without_trailing_dot(identity);
        return equals_ignoring_case(identity, domain) ||
               (wildcards == Wildcards::Allow && matches_wildcard(identity, domain));
    });
}

bool matches_user(const PeerIdentity& peer, std::string_view address_of_record) {
    const std::string_view wanted = without_scheme(address_of_record);
    const auto at = wanted.rfind('@');
    if (!peer.is_verified || at == std::string_view::npos || at == 0) return false;
    const std::string_view domain = without_trailing_dot(wanted.substr(at + 1));
    return std::any_of(
        peer.sip_users.begin(), peer.sip_users.end(), [&](std::string_view user_at_host) {
            const auto split = user_at_host.rfind('@');  // there is one, by construction
            if (split == std::string_view::npos) return false;
            // RFC 3261 §19.1.4: the user part is compared with its case, the host without.
            return user_at_host.substr(0, split) == wanted.substr(0, at) &&
                   equals_ignoring_case(without_trailing_dot(user_at_host.substr(split + 1)),
                                        domain);
        });
}

}  // namespace ringwall::tls
