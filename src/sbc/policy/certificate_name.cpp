// Stage "certificate-name": "The fully-qualified domain name (FQDN) in the certificate offered by
// the remote peer is checked against the domain from which the request is received. The signal is
// dropped if the two do not match."
//
// A peer must show a certificate for its domain: `tls peer-domain`, or `signaling-peer` where that
// is a name, else the host of From. A phone (preset-access) may have none, then its identity is the
// digest; that its certificate bears its subscriber is checked by "authenticate".
#include <algorithm>

#include "base/text.h"
#include "sbc/policy/stages.h"

namespace ringwall::sbc::policy {

namespace {

// The names of which the certificate must bear one (RFC 5922 §7.3: the original ones, never what
// they were looked up to).
std::vector<std::string> expected_domains(const Inbound& inbound) {
    const Adjacency& adjacency = inbound.from_adjacency();
    if (!adjacency.tls_peer_domains.empty()) {
        return adjacency.tls_peer_domains;
    }
    if (!adjacency.signaling_peer.empty() && !IpAddress::parse(adjacency.signaling_peer)) {
        return {adjacency.signaling_peer};
    }
    // RFC 3323 §4.1.1.3: an anonymous From names nobody; who sent it stands in Via. A tel URI has
    // no domain either.
    const std::string_view from = inbound.request.from().uri.host;
    if (from.empty() || equals_ignoring_case(from, "anonymous.invalid")) {
        return {std::string(inbound.request.top_via().host)};
    }
    return {std::string(from)};
}

Verdict check_peer(Inbound& inbound) {
    const Adjacency& adjacency = inbound.from_adjacency();
    const tls::PeerIdentity& identity = *inbound.identity;
    if (!identity.has_certificate) {
        return Reject{.status = 403,
                      .reason = "Certificate Required",
                      .detail = "peer of adjacency " + adjacency.name + " showed no certificate"};
    }
    const auto wildcards =
        adjacency.tls_allow_wildcard ? tls::Wildcards::Allow : tls::Wildcards::Refuse;
    const auto domains = expected_domains(inbound);
    const auto match = std::ranges::find_if(domains, [&](const std::string& domain) {
        return tls::matches_domain(identity, domain, wildcards);
    });
    if (match == domains.end()) {
        return Drop{.why = "certificate does not bear " + domains.front() + " on adjacency " +
                           adjacency.name,
                    .close_connection = true};
    }
    inbound.proof = Proof::Certificate;
    inbound.caller = lower(*match);
    return Continue{};
}

}  // namespace

Verdict check_peer_identity(Inbound& inbound) {
    const Adjacency& adjacency = inbound.from_adjacency();
    if (!adjacency.is_encrypted()) {
        return Continue{};
    }
    const tls::PeerIdentity& identity = *inbound.identity;
    if (identity.has_certificate && !identity.is_verified) {
        return Drop{.why = "certificate on adjacency " + adjacency.name +
                           " is not valid: " + identity.failure,
                    .close_connection = true};
    }
    if (!identity.has_certificate &&
        adjacency.tls_client_authentication == tls::ClientAuthentication::Required) {
        return Drop{.why = "no certificate on adjacency " + adjacency.name,
                    .close_connection = true};
    }
    return adjacency.profile == Profile::Access ? Verdict(Continue{}) : check_peer(inbound);
}

}  // namespace ringwall::sbc::policy
