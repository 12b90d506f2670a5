// The registrar's side of REGISTER (RFC 3261 §10.3) for the phones of an access adjacency.
// The sender has been authenticated before; transactions absorb retransmissions before.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "sbc/config/snapshot.h"
#include "sbc/registrar/location.h"
#include "sip/message.h"
#include "sip/message_builder.h"

namespace ringwall::sbc::registrar {

struct RegistrarLimits {
    std::size_t contacts_per_user = 10;
    std::size_t bindings = 100'000;       // of all users together
    std::uint32_t default_expiry = 3600;  // seconds
    std::uint32_t max_expiry = 7200;      // longer is cut down to it
};

// What a REGISTER is answered with. Nothing was changed unless status is 200.
struct RegisterOutcome {
    int status = 200;
    std::string reason;                 // empty: the standard phrase
    std::vector<std::string> contacts;  // Contact values with the expiry that is left, for the 200
    std::optional<std::uint32_t> min_expires;  // with 423
    std::string address_of_record;             // canonical, once the To was found good
    bool is_registered = false;                // the user has a binding now
    bool is_outbound = false;                  // RFC 5626 §6: the 200 says so
};

class EdgeRegistrar {
public:
    explicit EdgeRegistrar(Location& location, RegistrarLimits limits = {});

    // `user` is the canonical address-of-record that the sender proved to be; `from` is the way it
    // came, and the way back to the phone from now on.
    RegisterOutcome on_register(const sip::Message& request, std::string_view user,
                                const Adjacency& adjacency, AdjacencyIndex index,
                                const sip::Hop& from, TimePoint now);

    // The response that says so, with a Date (RFC 3261 §10.3 step 8).
    sip::MessageBuilder response(const sip::Message& request, const RegisterOutcome& outcome,
                                 std::string_view to_tag, WallTime now);

private:
    Location& location_;
    RegistrarLimits limits_;
    // The last Date that was said: it is in every answer.
    std::chrono::sys_seconds date_of_{};
    std::string date_;
};

}  // namespace ringwall::sbc::registrar
