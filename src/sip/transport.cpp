#include "sip/transport.h"

namespace ringwall::sip {

std::string_view to_string(Transport transport) {
    switch (transport) {
        case Transport::Udp:
            return "UDP";
        case Transport::Tcp:
            return "TCP";
        case Transport::Tls:
            return "TLS";
    }
    return "UDP";
}

}  // namespace ringwall::sip
