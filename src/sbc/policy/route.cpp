// Stage "route": where to. A domain that is served here goes to location, whoever its users are, or
// to the registrar behind us that knows them; all else goes by the routing tables. Every adjacency
// is put to `permit` before anybody is looked up.
#include <algorithm>
#include <functional>

#include "base/text.h"
#include "sbc/policy/refusal_rule.h"
#include "sbc/policy/refusal_verdict.h"
#include "sbc/policy/routing.h"
#include "sbc/policy/stages.h"
#include "sbc/registrar/registrar_behind.h"

namespace ringwall::sbc::policy {

using sip::Scheme;

namespace {

// Why there is nowhere to go, when several adjacencies gave a reason: what the caller can do
// something about first.
class Refusals {
public:
    void add(Refusal refusal) {
        if (!worst_ || refusal == Refusal::SipCallsOutRefuse) {
            worst_ = refusal;
        }
    }
    void add_down() { is_any_down_ = true; }
    Reject verdict(const CallSecurity& call) const {
        if (worst_) {
            return reject_for(*worst_, Event::Initial, call);
        }
        return {.status = 480,
                .reason = "Temporarily Unavailable",
                .detail = is_any_down_ ? "no peer of the route is up"
                                       : "no adjacency of the route is attached",
                .cause = FailureCause::Routing};
    }

private:
    std::optional<Refusal> worst_;
    bool is_any_down_ = false;
};

bool serves(const Adjacency& adjacency, std::string_view domain) {
    return adjacency.profile == Profile::Access &&
           std::ranges::any_of(adjacency.domains, [domain](std::string_view served) {
               return equals_ignoring_case(served, domain);
           });
}

// Nobody is asked whose pings say that it is not there: the next one is tried at once.
bool is_down(Inbound& inbound, AdjacencyIndex index, sip::Scheme scheme, Refusals& refusals) {
    if (std::ranges::find(inbound.peers_down, index) == inbound.peers_down.end()) {
        return false;
    }
    inbound.decisions.add(failed(index, Event::Initial, scheme, TargetFailure::Down));
    refusals.add_down();
    return true;
}

// Contacts may be of either scheme; which, is not asked here, so as not to tell who exists.
bool could_take(Inbound& inbound, AdjacencyIndex index, Refusals& refusals) {
    const CallSecurity& call = inbound.call;
    const Adjacency& adjacency = inbound.snapshot->adjacencies[index];
    const auto same = permit(call, target_of(adjacency, call.scheme), Event::Fork);
    if (same) {
        return true;
    }
    refusals.add(same.error());
    const Scheme other = call.scheme == Scheme::Sips ? Scheme::Sip : Scheme::Sips;
    if (permit(call, target_of(adjacency, other), Event::Fork)) {
        return true;
    }
    inbound.decisions.add(index, Event::Fork, call.scheme, same.error());
    return false;
}

// The registrar at the signaling-peer of this adjacency calls a contact that it knows by an address
// of ours. None: it is no such call.
std::optional<Verdict> route_to_contact(Inbound& inbound) {
    const sip::Uri& uri = inbound.request.request_uri();
    const bool is_here = equals_ignoring_case(uri.host, inbound.from_adjacency().own_host()) ||
                         IpAddress::parse(uri.host) == inbound.local.address;
    if (uri.scheme == Scheme::Tel || !is_here || !registrar::is_contact_token(uri.user)) {
        return std::nullopt;
    }
    bool is_registrar = false;
    Refusals refusals;
    const auto& adjacencies = inbound.snapshot->adjacencies;
    for (AdjacencyIndex i = 0; i < adjacencies.size(); ++i) {
        if (adjacencies[i].registration_target != inbound.adjacency) {
            continue;
        }
        is_registrar = true;
        if (!adjacencies[i].is_attached) {
            inbound.decisions.add(i, Event::Fork, uri.scheme, Finding::Detached);
        } else if (could_take(inbound, i, refusals)) {
            inbound.routes.emplace_back(ToLocation{std::string(uri.user)});
            return Continue{};
        }
    }
    return is_registrar ? std::optional<Verdict>(refusals.verdict(inbound.call)) : std::nullopt;
}

// Whose phones register at a registrar behind us: that one knows where its users are, whoever calls
// them but itself.
bool is_for_registrar(const Inbound& inbound, const Adjacency& adjacency) {
    return adjacency.registration_target && adjacency.registration_target != inbound.adjacency;
}

bool could_go_to_registrar(Inbound& inbound, const Adjacency& of_phones, Refusals& refusals) {
    const AdjacencyIndex registrar = *of_phones.registration_target;
    const Adjacency& adjacency = inbound.snapshot->adjacencies[registrar];
    const Scheme scheme = inbound.call.scheme;
    if (!adjacency.is_attached) {
        inbound.decisions.add(registrar, Event::Initial, scheme, Finding::Detached);
        return false;
    }
    auto permitted = permit(inbound.call, target_of(adjacency, scheme), Event::Initial);
    if (!permitted) {
        refusals.add(permitted.error());
        inbound.decisions.add(registrar, Event::Initial, scheme, permitted.error());
        return false;
    }
    if (is_down(inbound, registrar, scheme, refusals)) {
        return false;
    }
    inbound.routes.emplace_back(ToAdjacency{registrar, *permitted});
    return true;
}

// None: the domain is not served here.
std::optional<Verdict> route_to_location(Inbound& inbound) {
    const sip::Uri& uri = inbound.request.request_uri();
    bool is_served = false;
    Refusals refusals;
    const auto& adjacencies = inbound.snapshot->adjacencies;
    for (AdjacencyIndex i = 0; i < adjacencies.size(); ++i) {
        if (uri.scheme == Scheme::Tel || !serves(adjacencies[i], uri.host)) {
            continue;
        }
        is_served = true;
        if (is_for_registrar(inbound, adjacencies[i])) {
            if (could_go_to_registrar(inbound, adjacencies[i], refusals)) {
                return Continue{};
            }
        } else if (!adjacencies[i].is_attached) {
            inbound.decisions.add(i, Event::Fork, uri.scheme, Finding::Detached);
        } else if (could_take(inbound, i, refusals)) {
            inbound.routes.emplace_back(ToLocation{});
            return Continue{};
        }
    }
    return is_served ? std::optional<Verdict>(refusals.verdict(inbound.call)) : std::nullopt;
}

// The number without what only the eye needs (RFC 3966 §5.1.1); another user as it is.
std::string called_address(const sip::Uri& uri) {
    std::string address = sip::unescape(uri.user);
    if (uri.scheme == Scheme::Tel) {
        std::erase_if(address, [](char c) { return c == '-' || c == '.' || c == '(' || c == ')'; });
    }
    return address;
}

Verdict route_by_tables(Inbound& inbound) {
    const Snapshot& snapshot = *inbound.snapshot;
    const sip::Uri& uri = inbound.request.request_uri();
    const std::string address = called_address(uri);
    RoutingAnswer found;
    if (snapshot.call_policy) {
        found = find_routes(*snapshot.call_policy,
                            {.source_adjacency = inbound.from_adjacency().name,
                             .address = address,
                             .domain = uri.host,
                             .draw = std::hash<std::string_view>()(inbound.request.call_id())});
    }
    if (found.is_rejected) {
        return Reject{.status = 403,
                      .reason = "Call Not Allowed",
                      .detail = "rejected by " + found.decided_by,
                      .cause = FailureCause::RoutingPolicy};
    }
    if (found.destinations.empty()) {
        return Reject{.status = 404,
                      .reason = "Not Found",
                      .detail = "no route",
                      .cause = FailureCause::Routing};
    }
    Refusals refusals;
    for (const AdjacencyIndex destination : found.destinations) {
        const Adjacency& adjacency = snapshot.adjacencies[destination];
        if (!adjacency.is_attached) {
            inbound.decisions.add(destination, Event::Initial, uri.scheme, Finding::Detached);
            continue;
        }
        auto permitted = permit(inbound.call, target_of(adjacency, uri.scheme), Event::Initial);
        if (permitted && is_down(inbound, destination, uri.scheme, refusals)) {
            continue;
        }
        if (permitted) {
            inbound.routes.emplace_back(ToAdjacency{destination, *permitted});
        } else {
            refusals.add(permitted.error());
            inbound.decisions.add(destination, Event::Initial, uri.scheme, permitted.error());
        }
    }
    if (inbound.routes.empty()) {
        return refusals.verdict(inbound.call);
    }
    return Continue{};
}

// Of either scheme, if the phone speaks of both: it is not made sip on the way.
Verdict route_to_registrar(Inbound& inbound) {
    const AdjacencyIndex registrar = *inbound.from_adjacency().registration_target;
    const Adjacency& adjacency = inbound.snapshot->adjacencies[registrar];
    CallSecurity call = inbound.call;
    if (inbound.request.to().uri.is_secure()) {
        call.scheme = Scheme::Sips;
    }
    Refusals refusals;
    if (!adjacency.is_attached) {
        inbound.decisions.add(registrar, Event::RelayedRegistration, call.scheme,
                              Finding::Detached);
        return refusals.verdict(call);
    }
    auto permitted = permit(call, target_of(adjacency, call.scheme), Event::RelayedRegistration);
    if (!permitted) {
        inbound.decisions.add(registrar, Event::RelayedRegistration, call.scheme,
                              permitted.error());
        return reject_for(permitted.error(), Event::RelayedRegistration, call);
    }
    inbound.routes.emplace_back(ToAdjacency{registrar, *permitted});
    return Continue{};
}

}  // namespace

Verdict choose_route(Inbound& inbound) {
    const sip::Method method = inbound.request.method();
    if (method == sip::Method::Register && inbound.from_adjacency().registration_target) {
        return route_to_registrar(inbound);
    }
    const bool replaces = method == sip::Method::Invite &&
                          inbound.request.header(sip::HeaderName::Replaces) != nullptr;
    if (method == sip::Method::Register || replaces ||
        (method == sip::Method::Options && is_addressed_to_us(inbound))) {
        return Continue{};  // answered here, or by the dialog that is named
    }
    if (auto verdict = route_to_contact(inbound)) {
        return std::move(*verdict);
    }
    if (auto verdict = route_to_location(inbound)) {
        return std::move(*verdict);
    }
    return route_by_tables(inbound);
}

}  // namespace ringwall::sbc::policy
