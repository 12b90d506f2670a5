// What OpenSSL's callbacks write down about a connection: SSL_get_app_data points to it.
#pragma once

#include "base/time.h"
#include "tls/identity.h"

namespace ringwall::tls {

inline constexpr int no_alert = -1;

struct HandshakeNotes {
    WallTime now;           // of the step that OpenSSL takes
    PeerIdentity identity;  // also of a peer that is then refused
    int alert_sent = no_alert;
    int alert_received = no_alert;
};

}  // namespace ringwall::tls
