#include "sbc/trunk/registrations.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "base/log.h"
#include "base/visitor.h"
#include "sbc/b2bua/topology_hiding.h"
#include "sip/registration/instance_id.h"
#include "sip/transaction/derived_request.h"
#include "sip/transaction/layer.h"

namespace ringwall::sbc::trunk {
namespace {

using sip::ClientRegistration;
using sip::HeaderName;
using sip::transaction::ClientId;

sip::Transport transport_of(const Adjacency& adjacency) {
    return adjacency.is_encrypted() ? sip::Transport::Tls : adjacency.preferred_transport;
}

ClientRegistration::Setup setup_of(const Snapshot& snapshot, const Adjacency& adjacency,
                                   Bucket bucket, Random& random) {
    const OutboundRegistration& what = *adjacency.registration;
    const sip::Transport transport = transport_of(adjacency);
    const bool has_flow = transport != sip::Transport::Udp;
    return {.registrar = what.registrar(),
            .address_of_record = what.uri(),
            // The account's user: what the provider sends here is routed like any call to it.
            .contact = b2bua::contact(adjacency, transport, what.scheme, what.user),
            .call_id = bucket_token(bucket, random, 24),
            .from_tag = bucket_token(bucket, random, 20),
            .accounts = adjacency.outbound_accounts,
            .expires = adjacency.registration_expiry,
            .instance = has_flow ? sip::instance_id({snapshot.service, " ", adjacency.name, " ",
                                                     adjacency.own_host(), " ",
                                                     adjacency.registration->uri()})
                                 : "",
            .reg_id = has_flow ? 1U : 0U};
}

bool is_same(const sip::auth::Account& one, const sip::auth::Account& other) {
    return one.username == other.username && one.password == other.password &&
           one.realm == other.realm && one.hashed == other.hashed;
}

// A registrar would not see which of the two it hears, nor where it comes from.
bool is_same(const Adjacency& one, const Adjacency& other) {
    const auto said = [](const Adjacency& each) {
        const sip::Transport transport = transport_of(each);
        return std::tuple(
            each.registration->uri(), each.registration_expiry, transport,
            b2bua::contact(each, transport, each.registration->scheme, each.registration->user),
            each.signaling_peer, each.signaling_peer_port, each.signaling_address,
            each.signaling_port);
    };
    return said(one) == said(other) &&
           std::ranges::equal(one.outbound_accounts, other.outbound_accounts,
                              [](const auto& a, const auto& b) { return is_same(a, b); });
}

}  // namespace

Registrations::Trunk Registrations::begun(AdjacencyIndex index) const {
    return {.adjacency = index,
            .snapshot = snapshot_,
            .registration = ClientRegistration(setup_of(*snapshot_, snapshot_->adjacencies[index],
                                                        shard_.place().own_bucket(), random_)),
            .is_leaving = false,
            .flow = {},
            .waiting = {}};
}

bool Registrations::is_wanted(AdjacencyIndex index) const {
    const Adjacency& its = snapshot_->adjacencies[index];
    return its.is_attached && its.registration;
}

void Registrations::take(const SnapshotPtr& snapshot) {
    snapshot_ = snapshot;
    if (is_stopping_) {
        return;
    }
    for (std::size_t i = 0; i < trunks_.size(); ++i) {
        take(i);
    }
    for (AdjacencyIndex i = 0; i < snapshot_->adjacencies.size(); ++i) {
        if (is_wanted(i) && std::ranges::find(trunks_, i, &Trunk::adjacency) == trunks_.end()) {
            trunks_.push_back(begun(i));
            shard_.start_timer(Duration::zero(), trunks_.size());
        }
    }
}

void Registrations::take(std::size_t index) {
    Trunk& trunk = trunks_[index];
    if (!trunk.is_leaving && is_wanted(trunk.adjacency) &&
        is_same(adjacency(trunk), snapshot_->adjacencies[trunk.adjacency])) {
        trunk.snapshot = snapshot_;
        return;
    }
    if (!std::exchange(trunk.is_leaving, true)) {
        tell(index, [&](ClientRegistration& registration, ClientRegistration::Actions& out) {
            registration.stop(now(), random_, out);
        });
    }
    begin_again(index);
}

// Not before the other is gone: a registrar might take what removes that for this one's.
void Registrations::begin_again(std::size_t index) {
    Trunk& trunk = trunks_[index];
    if (trunk.is_leaving && trunk.registration.state() == ClientRegistration::State::Idle &&
        is_wanted(trunk.adjacency) && !is_stopping_) {
        trunk = begun(trunk.adjacency);
        std::erase_if(by_client_, [&](const auto& each) { return each.second.trunk == index; });
        shard_.start_timer(Duration::zero(), index + 1);
    }
}

void Registrations::on_timer(std::uint64_t cookie) {
    if (cookie > trunks_.size() || is_stopping_ || trunks_[cookie - 1].is_leaving) {
        return;
    }
    tell(cookie - 1, [&](ClientRegistration& registration, ClientRegistration::Actions& out) {
        if (registration.state() == ClientRegistration::State::Idle) {
            registration.start(random_, out);
        } else {
            registration.on_time(now(), random_, out);
        }
    });
}

bool Registrations::on_response(ClientId id, const sip::Message& response) {
    const auto found = by_client_.find(id);
    if (found == by_client_.end()) {
        return false;
    }
    const Request request = found->second;
    if (response.status() == 503 && try_next(request, Locator::rest_after(response))) {
        return true;
    }
    tell(request.trunk, [&](ClientRegistration& registration, ClientRegistration::Actions& out) {
        registration.on_response(*request.message, response, now(), random_, out);
    });
    return true;
}

bool Registrations::on_failed(ClientId id) {
    const auto found = by_client_.find(id);
    if (found == by_client_.end()) {
        return false;
    }
    const Request request = found->second;
    if (try_next(request, Locator::rest)) {
        return true;
    }
    tell(request.trunk, [&](ClientRegistration& registration, ClientRegistration::Actions& out) {
        registration.on_failed(request.message->cseq().number, now(), random_, out);
    });
    return true;
}

void Registrations::on_flow_lost(FlowId flow) {
    for (std::size_t i = 0; i < trunks_.size(); ++i) {
        if (trunks_[i].flow == flow && !is_stopping_) {
            trunks_[i].flow = {};
            tell(i, [&](ClientRegistration& registration, ClientRegistration::Actions& out) {
                registration.on_flow_lost(now(), random_, out);
            });
        }
    }
}

void Registrations::stop() {
    if (std::exchange(is_stopping_, true)) {
        return;
    }
    for (std::size_t i = 0; i < trunks_.size(); ++i) {
        tell(i, [&](ClientRegistration& registration, ClientRegistration::Actions& out) {
            registration.stop(now(), random_, out);
        });
    }
}

// One event, and all that follows from it.
template <class Event>
void Registrations::tell(std::size_t index, Event&& event) {
    ClientRegistration::Actions actions;
    event(trunks_[index].registration, actions);
    const SnapshotPtr snapshot = trunks_[index].snapshot;
    const Adjacency& peer = snapshot->adjacencies[trunks_[index].adjacency];
    for (ClientRegistration::Action& action : actions) {
        std::visit(
            Visitor{
                [&](ClientRegistration::Send& each) { send(index, std::move(each.request)); },
                [&](ClientRegistration::StartTimer& each) {
                    shard_.start_timer(each.after, index + 1);
                },
                [&](ClientRegistration::Registered& each) {
                    counters_.add("trunk_registrations", each.is_refresh ? "refreshed" : "made");
                    log::info("trunk.registered", {{"adjacency", peer.name},
                                                   {"user", peer.registration->uri()},
                                                   {"expires", each.expires},
                                                   {"refresh", each.is_refresh ? "yes" : "no"}});
                },
                [&](ClientRegistration::Unregistered& each) {
                    counters_.add("trunk_registrations", each.retry ? "failed" : "removed");
                    const auto retry = each.retry.value_or(Duration::zero());
                    log::write(each.retry ? log::Level::Warning : log::Level::Info,
                               "trunk.unregistered",
                               {{"adjacency", peer.name},
                                {"user", peer.registration->uri()},
                                {"status", each.status},
                                {"reason", each.reason},
                                {"retry",
                                 std::chrono::duration_cast<std::chrono::seconds>(retry).count()}});
                },
            },
            action);
    }
    begin_again(index);
}

void Registrations::send(std::size_t index, sip::MessageBuilder request) {
    Trunk& trunk = trunks_[index];
    if (const auto ways = locator_.find(trunk.snapshot, trunk.adjacency, index)) {
        send_by(index, *ways, std::move(request));
    } else {
        trunk.waiting = std::move(request);
    }
}

void Registrations::on_ways(const Locator::Found& found) {
    if (found.waiter < trunks_.size() && trunks_[found.waiter].waiting) {
        sip::MessageBuilder request = std::move(*trunks_[found.waiter].waiting);
        trunks_[found.waiter].waiting.reset();
        send_by(found.waiter, found.ways, std::move(request));
    }
}

// Without a way to the peer it is as good as unanswered.
void Registrations::send_by(std::size_t index, Locator::Ways ways, sip::MessageBuilder request) {
    request.header(HeaderName::Via,
                   new_via(trunks_[index], transport_of(adjacency(trunks_[index]))));
    if (!send_by(index, std::move(ways), *request.build(), {})) {
        tell(index, [&](ClientRegistration& registration, ClientRegistration::Actions& out) {
            registration.on_failed(registration.cseq(), now(), random_, out);
        });
    }
}

bool Registrations::send_by(std::size_t index, Locator::Ways ways, const sip::Message& request,
                            std::span<const HeaderName> without) {
    Trunk& trunk = trunks_[index];
    while (!ways.empty() && adjacency(trunk).is_attached) {
        const sip::locate::Way way = ways.front();
        ways.erase(ways.begin());
        if (const auto hop = connections_.hop_by(*trunk.snapshot, trunk.adjacency, way)) {
            const sip::MessagePtr message =
                sip::transaction::make_again(request, new_via(trunk, hop->transport), without);
            trunk.flow = hop->transport == sip::Transport::Udp ? FlowId{} : hop->flow;
            by_client_[shard_.send_request(*hop, message)] =
                Request{index, message, way, std::move(ways)};
            return true;
        }
    }
    return false;
}

bool Registrations::try_next(const Request& request, Duration rest) {
    Trunk& trunk = trunks_[request.trunk];
    locator_.avoid(trunk.adjacency, request.way, rest);
    if (request.message->cseq().number != trunk.registration.cseq()) {
        return false;  // another was sent since, maybe the one that removes
    }
    // What proves our account to one server is not for the next.
    constexpr std::array proof{HeaderName::Authorization, HeaderName::ProxyAuthorization};
    return send_by(request.trunk, request.others, *request.message, proof);
}

std::string Registrations::new_via(const Trunk& trunk, sip::Transport transport) {
    return b2bua::via(adjacency(trunk), transport,
                      sip::transaction::make_branch(shard_.place().own_bucket(), random_));
}

bool Registrations::is_quiet() const {
    return std::ranges::none_of(trunks_, [](const Trunk& trunk) {
        return trunk.registration.state() == ClientRegistration::State::Leaving;
    });
}

bool Registrations::is_leaving(AdjacencyIndex index) const {
    return std::ranges::any_of(trunks_, [&](const Trunk& trunk) {
        return trunk.adjacency == index &&
               trunk.registration.state() == ClientRegistration::State::Leaving;
    });
}

void Registrations::drop(AdjacencyIndex index) {
    const auto trunk = std::ranges::find(trunks_, index, &Trunk::adjacency);
    if (trunk == trunks_.end() || !trunk->is_leaving) {
        return;
    }
    std::vector<ClientId> open;
    for (const auto& [id, request] : by_client_) {
        if (trunks_[request.trunk].adjacency == index) {
            open.push_back(id);
        }
    }
    trunk->waiting.reset();
    trunk->registration = ClientRegistration({});
    for (const ClientId id : open) {
        shard_.forget(id);
    }
}

bool Registrations::is_registered(AdjacencyIndex index) const {
    return std::ranges::any_of(trunks_, [&](const Trunk& trunk) {
        return trunk.adjacency == index && trunk.registration.is_registered(now());
    });
}

bool Registrations::is_consistent() const {
    return std::ranges::all_of(
        trunks_, [](const Trunk& trunk) { return trunk.registration.is_consistent(); });
}

}  // namespace ringwall::sbc::trunk
