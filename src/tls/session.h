// One TLS connection without a socket: octets in, octets out. Pure; certificate validity is judged
// at the time given.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "tls/context.h"
#include "tls/identity.h"

namespace ringwall::tls {

enum class Failure : std::uint8_t {
    NotTls,           // the first octets are no TLS record
    ProtocolVersion,  // alert 70 was sent or received
    NoCertificate,    // a client certificate is required and none came
    BadCertificate,   // it did not verify: see identity().failure
    Alert,            // the peer ended it by an alert
    Protocol,         // anything else
};
std::string_view to_string(Failure failure);

class Session {
public:
    // `server_name` is sent as SNI when it is a name; it is not compared here: matches_domain does.
    static Session client(std::shared_ptr<const Context> context, std::string_view server_name);
    static Session server(std::shared_ptr<const Context> context);
    Session(Session&&) noexcept;
    Session& operator=(Session&&) noexcept;
    ~Session();

    enum class State : std::uint8_t { Handshaking, Established, Closed, Failed };
    State state() const;
    Failure failure() const;             // in Failed
    std::string failure_detail() const;  // a short text for the log, never a secret

    // Octets from the peer. Appends what is for the user to `plaintext` and what must go out to
    // `out` (handshake, alerts too: in Failed send `out`, then close).
    void feed(std::string_view bytes, WallTime now, std::string& plaintext, std::string& out);
    // Starts a client's handshake.
    void start(WallTime now, std::string& out);
    // Established only.
    void write(std::string_view plaintext, std::string& out);
    // close_notify.
    void close(std::string& out);

    // Established without a full handshake, by a ticket.
    bool is_resumed() const;
    // Whether `context`, of the same role, would still take the certificate that the peer has
    // shown; one that showed none has nothing to lose. Of a resumed connection those between it and
    // the anchor are not known.
    bool would_be_trusted_by(const Context& context, WallTime now) const;
    // Whole once Established; in Failed what was learned.
    const PeerIdentity& identity() const;

private:
    struct Impl;
    explicit Session(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

// Do the first octets of a connection begin a TLS record that holds a handshake (ClientHello or
// ServerHello)? Undecided while there are too few: at most 3 are needed.
enum class FirstBytes : std::uint8_t { Undecided, Tls, NotTls };
FirstBytes classify(std::string_view first_bytes);
// May this be the first octet of a TLS record of any kind, an alert too? No SIP message begins so:
// on a plain connection it is reason enough to close.
bool begins_tls_record(char first_byte);

}  // namespace ringwall::tls
