#include "base/close_reason.h"

namespace ringwall {

std::string_view to_string(CloseReason reason) {
    switch (reason) {
        case CloseReason::PeerClosed:
            return "peer-closed";
        case CloseReason::LocalClosed:
            return "local-closed";
        case CloseReason::Reset:
            return "reset";
        case CloseReason::ConnectFailed:
            return "connect-failed";
        case CloseReason::TlsOnPlain:
            return "tls-on-plain";
        case CloseReason::PlainOnTls:
            return "plain-on-tls";
        case CloseReason::HandshakeTimeout:
            return "handshake-timeout";
        case CloseReason::HandshakeFailed:
            return "handshake-failed";
        case CloseReason::IdentityMismatch:
            return "identity-mismatch";
        case CloseReason::NotTrusted:
            return "not-trusted";
        case CloseReason::Idle:
            return "idle";
        case CloseReason::Framing:
            return "framing";
        case CloseReason::WriteQueueFull:
            return "write-queue-full";
        case CloseReason::NotAdmitted:
            return "not-admitted";
        case CloseReason::TooMany:
            return "too-many";
        case CloseReason::Shutdown:
            return "shutdown";
    }
    return "unknown";
}

}  // namespace ringwall
