// Who the peer's certificate says it is (RFC 5922 §7). Pure values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ringwall::tls {

struct PeerIdentity {
    bool has_certificate = false;
    bool is_verified = false;  // chain to a trust anchor, in its time of validity, EKU fit
    std::string failure;       // why not, in OpenSSL's words: "certificate has expired"
    bool has_subject_alt_name = false;
    std::vector<std::string> sip_domains;  // SAN URI "sip:host" without user part
    std::vector<std::string> sip_users;    // SAN URI "sip:user@host", whole, without "sip:"
    std::vector<std::string> dns_names;    // SAN DNS
    std::string common_name;
    std::string fingerprint;  // SHA-256 of the certificate, hex: same peer as before?
    std::string protocol;     // "TLSv1.3"
    std::string cipher;       // "TLS_AES_128_GCM_SHA256"

    // The identities that count, by RFC 5922 §7.1: URIs first, DNS only if there is no URI, CN only
    // if there is no subjectAltName at all.
    std::vector<std::string> identities() const;
};

enum class Wildcards : bool { Refuse, Allow };

// RFC 5922 §7.2: full and case-insensitive match of one identity; no suffix; a wildcard label only
// where the adjacency allows it.
bool matches_domain(const PeerIdentity& peer, std::string_view domain,
                    Wildcards wildcards = Wildcards::Refuse);
// A phone's certificate bears its subscriber: SAN URI "sip:user@domain".
bool matches_user(const PeerIdentity& peer, std::string_view address_of_record);

}  // namespace ringwall::tls
