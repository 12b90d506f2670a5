// What a certificate says: names (RFC 5922 §7.1) and fitness for SIP (RFC 5924).
#pragma once

#include "base/time.h"
#include "tls/identity.h"
#include "tls/openssl.h"

namespace ringwall::tls {

// Fills in the names and the fingerprint, and has_certificate.
void read_names(X509* certificate, PeerIdentity& identity);

// As RFC 4514 writes them.
std::string text_of(const X509_NAME* name);
std::string issuer_of(X509* certificate);
WallTime to_time(const ASN1_TIME* time);  // the epoch where it cannot be read

enum class PeerRole : std::uint8_t { Server, Client };
// May the certificate, or a certificate authority above it, be used for SIP over TLS in this role?
// RFC 5924 §4: no extended key usage, or one that has anyExtendedKeyUsage, id-kp-sipDomain or the
// usage of TLS.
bool has_fit_extended_key_usage(X509* certificate, PeerRole role);
// May its key sign a handshake?
bool has_fit_key_usage(X509* certificate, PeerRole role);

}  // namespace ringwall::tls
