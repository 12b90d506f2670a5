// The registrar's side of REGISTER (RFC 3261 §10.3) for the phones of an access adjacency.
// The sender has been authenticated before; transactions absorb retransmissions before.
//
// Where a registrar behind us has the last word (`registration target`), it authenticates. What we
// hold is its 200, kept for the calls that come from there, and for the refreshes that it need not
// see: a phone over UDP keeps its NAT open by them (registrar_behind).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "sbc/config/snapshot.h"
#include "sbc/policy/permit.h"
#include "sbc/registrar/location.h"
#include "sbc/registrar/register_order.h"
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
    std::string reason;  // empty: the standard phrase
    // Where `permit` refused a contact, and the scheme of that.
    std::optional<policy::Refusal> rule;
    sip::Scheme scheme = sip::Scheme::Sip;
    std::vector<std::string> contacts;  // Contact values with the expiry that is left, for the 200
    std::optional<std::uint32_t> min_expires;  // with 423
    std::string address_of_record;             // canonical, once the To was found good
    bool is_registered = false;                // the user has a binding now
    bool is_outbound = false;                  // RFC 5626 §6: the 200 says so
    std::vector<std::string> path;             // RFC 3327 §5.3: so does it of the proxies between
};

// Who sends a REGISTER, and from where: the way back to the phone from then on.
struct Registrant {
    std::string_view user;  // the canonical address-of-record that it proved, or has to prove
    const Adjacency& adjacency;
    AdjacencyIndex index = 0;
    sip::Hop from;
};

class EdgeRegistrar {
public:
    EdgeRegistrar(Location& location, RegisterOrder& order, RegistrarLimits limits = {});

    // `user` is the canonical address-of-record that the sender proved to be; `from` is the way it
    // came, and the way back to the phone from now on.
    RegisterOutcome on_register(const sip::Message& request, std::string_view user,
                                const Adjacency& adjacency, AdjacencyIndex index,
                                const sip::Hop& from, TimePoint now) {
        return bind(request, {user, adjacency, index, from}, nullptr, nullptr, now);
    }
    // What it would make of the contacts of its user, by where they are reached; nothing is done.
    // Both are empty where it would be refused here.
    using Ways = std::vector<std::pair<AdjacencyIndex, IpAddress>>;
    struct Change {
        Ways before;
        Ways after;
    };
    Change foresee(const sip::Message& request, const Registrant& registrant, TimePoint now);

    // What no registrar behind need be asked. None: it is to be asked.
    std::optional<RegisterOutcome> answer_here(const sip::Message& request,
                                               const Registrant& registrant, TimePoint now);
    // It said yes, by this 200. Where that grants nothing that could be read: 502.
    RegisterOutcome on_accepted_behind(const sip::Message& request, const Registrant& registrant,
                                       const sip::Message& response, TimePoint now) {
        return bind(request, registrant, &response, nullptr, now);
    }
    // It said that there is no such user, or not for this phone: what the phone had here is gone.
    std::vector<Binding> on_refused_behind(const sip::Message& request,
                                           const Registrant& registrant, TimePoint now);

    // The response that says so, with a Date (RFC 3261 §10.3 step 8).
    sip::MessageBuilder response(const sip::Message& request, const RegisterOutcome& outcome,
                                 std::string_view to_tag, WallTime now);

private:
    // `foreseen`: not null where this is only to see what it would come to.
    RegisterOutcome bind(const sip::Message& request, const Registrant& registrant,
                         const sip::Message* granted, Change* foreseen, TimePoint now);
    std::optional<RegisterOutcome> refuse_sender(const sip::Message& request,
                                                 const Registrant& registrant) const;
    Binding binding_of(const sip::Message& request, const sip::Contact& contact,
                       const Registrant& registrant, TimePoint now) const;
    RegisterOutcome outcome_of(const sip::Message& request, const Location::Held& held,
                               TimePoint now) const;

    Location& location_;
    RegisterOrder& order_;
    RegistrarLimits limits_;
    // The last Date that was said: it is in every answer.
    std::chrono::sys_seconds date_of_{};
    std::string date_;
};

}  // namespace ringwall::sbc::registrar
