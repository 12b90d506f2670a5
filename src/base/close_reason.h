// Why a connection ended. Every one is counted under its name.
#pragma once

#include <cstdint>
#include <string_view>

namespace ringwall {

enum class CloseReason : std::uint8_t {
    PeerClosed,
    LocalClosed,  // we had no more use for it
    Reset,        // an error of the socket
    ConnectFailed,
    TlsOnPlain,  // a TLS record on an unencrypted connection, accepted or opened
    PlainOnTls,  // anything but TLS on an encrypted one, accepted or opened
    HandshakeTimeout,
    HandshakeFailed,   // see the detail: version, certificate, alert
    IdentityMismatch,  // the certificate does not bear the expected domain (RFC 5922 §7.3)
    NotTrusted,        // its certificate is not good any more: revoked, or of other anchors
    Idle,
    Framing,  // the stream is not SIP: see ParseFault
    WriteQueueFull,
    NotAdmitted,  // no adjacency for this source, or it is detached
    TooMany,      // limit of connections
    Shutdown,
};
std::string_view to_string(CloseReason reason);
inline constexpr int close_reason_count = 16;

}  // namespace ringwall
