// A TLS context: certificate, trust anchors and policy of one adjacency in one role. Built when the
// configuration is prepared, shared and immutable afterwards. (RFC 9325: TLS 1.2 and 1.3.)
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "tls/ticket_keys.h"

struct ssl_ctx_st;
struct ssl_st;

namespace ringwall::tls {

// What is wrong with what the operator gave: one sentence for a human.
struct ContextError {
    std::string sentence;
};

enum class ClientAuthentication : std::uint8_t { Off, Optional, Required };
// Before 1.2 is for old phones only, and weak (RFC 9325 §3.1.1): whoever allows it gets OpenSSL's
// security level 0 and, for these versions, ciphers of AES with SHA-1.
enum class Version : std::uint8_t { Tls10, Tls11, Tls12, Tls13 };

struct ContextOptions {
    // PEM texts, not file names: the caller reads files. The chain may follow the certificate.
    std::string certificate;  // empty: none (client role only)
    Secret private_key;
    std::string trust_anchors;  // empty: none, then no peer verifies
    // PEM. Empty: nobody is asked whether a certificate was revoked. Else there must be one, in its
    // time, of whoever issued the peer's certificate; those of authorities above count where there
    // are any.
    std::string revocation_lists = {};
    ClientAuthentication client_authentication = ClientAuthentication::Optional;  // server role
    Version min_version = Version::Tls12;
    // Of TLS 1.2, in OpenSSL's words, a choice among our own; empty, or none of them: our own list.
    std::string ciphers = {};
    // Keeps tickets of one adjacency apart from those of others (server role).
    std::string session_id_context;
    // Random, of this process and secret: contexts of one name that trust the same take each
    // other's tickets. So a ticket outlives a change of our certificate, and none outlives a change
    // of anchors, revocation lists, versions or of whether clients show one. Empty: only its own.
    Secret ticket_root = {};
};

class Context {
public:
    enum class Role : std::uint8_t { Server, Client };
    // A client context verifies the server's chain always.
    static Result<std::shared_ptr<const Context>, ContextError> create(
        Role role, const ContextOptions& options);
    // Whether any of these, in OpenSSL's words, are ours.
    static bool has_ciphers(const std::string& wanted);
    ~Context();
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;

    Role role() const { return role_; }
    ClientAuthentication client_authentication() const { return client_authentication_; }
    ssl_ctx_st* native() const { return native_; }  // for Session only
    // Whether this one would take the certificate that the peer has shown. For Session only.
    bool trusts(ssl_st* connection, WallTime now) const;
    // Two that are the same here let in the same peers: a hash of anchors, revocation lists,
    // versions and client authentication.
    const std::string& trust() const { return trust_; }
    // Two that are the same here were made of the same: a hash of everything.
    const std::string& origin() const { return origin_; }

private:
    Context() = default;
    ssl_ctx_st* native_ = nullptr;
    std::unique_ptr<const TicketKeys> ticket_keys_;  // server role
    Role role_ = Role::Server;
    std::string trust_;
    std::string origin_;
    ClientAuthentication client_authentication_ = ClientAuthentication::Off;
};

// What a certificate of our own says.
struct OwnCertificate {
    // What may stand in our Contact. First SIP URI hosts, then DNS names, by the same rules as for
    // a peer (RFC 5922 §7.1).
    std::vector<std::string> names;
    std::string issuer;  // "CN=Lab CA,O=Ringwall", as RFC 4514 writes it
    WallTime not_before{};
    WallTime not_after{};  // the first of those in the file to expire
};
Result<OwnCertificate, ContextError> read_own_certificate(std::string_view pem);

}  // namespace ringwall::tls
