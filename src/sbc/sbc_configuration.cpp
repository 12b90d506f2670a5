// Part of Sbc: another configuration while it runs (docs/decisions/0054).
//
//                take, attached                     take, not attached
//   Detached ----------------------> Attached -------------------------> Going Down
//      ^                                 ^                                 |     |
//      |                                 +------- take, attached ----------+     |
//      +--------------------------------------------------------------------- depart
//                       nothing of a call is left on any worker
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "sbc/policy/adjacency_selection.h"
#include "sbc/sbc.h"

namespace ringwall::sbc {

using b2bua::CallRef;
using sip::transaction::ClientId;
using sip::transaction::ServerId;

namespace {

constexpr Duration settle_interval = 250ms;

// Did what comes from there belong to that adjacency, and does its own `remote-address` not take it
// any more? Who was let in stays where a narrower adjacency is put beside it; what is detached goes
// down by itself.
bool is_outside_now(const Snapshot& before, const Snapshot& after, AdjacencyIndex index,
                    const IpAddress& source) {
    const auto takes = [&](const Snapshot& snapshot) {
        return policy::takes_source(snapshot.adjacencies[index], source);
    };
    return after.adjacencies[index].is_attached && takes(before) && !takes(after);
}

}  // namespace

// ---- what a call began with ---------------------------------------------------------------------

const SnapshotPtr& Sbc::snapshot_of(CallRef call) const {
    const auto found = calls_.find(call);
    return found == calls_.end() ? snapshot_ : found->second.snapshot;
}

// Whoever was known on it then would be known as the same today. No leg is in two worlds: what does
// not hold any more is no way to or from a call.
bool Sbc::is_still_trusted(const Snapshot& snapshot, AdjacencyIndex index) const {
    return index < snapshot.adjacencies.size() &&
           is_as_trusted(snapshot.adjacencies[index], snapshot_->adjacencies[index]);
}

// A call of that configuration may have a new leg there.
bool Sbc::may_begin_on(const Snapshot& snapshot, AdjacencyIndex index) const {
    return is_still_trusted(snapshot, index) && snapshot.adjacencies[index].is_attached &&
           snapshot_->adjacencies[index].is_attached;
}

// ---- the next one -------------------------------------------------------------------------------

std::vector<Sbc::ListenRequest> Sbc::expect(const SnapshotPtr& next) {
    expected_ = next;
    std::vector<ListenRequest> missing = listeners(*next);
    std::erase_if(missing, [&](const ListenRequest& wanted) {
        return std::ranges::any_of(listeners_,
                                   [&](const auto& each) { return each.second == wanted; });
    });
    return missing;
}

// Whoever has granted what phones have there has the last word still.
bool Sbc::is_same_registrar(const Snapshot& before, const Snapshot& after, AdjacencyIndex phones) {
    const auto target = before.adjacencies[phones].registration_target;
    if (target != after.adjacencies[phones].registration_target) {
        return false;
    }
    if (!target) {
        return true;  // we are
    }
    const Adjacency& was = before.adjacencies[*target];
    const Adjacency& is = after.adjacencies[*target];
    return was.signaling_peer == is.signaling_peer &&
           was.signaling_peer_port == is.signaling_peer_port && is_as_trusted(was, is);
}

void Sbc::take(const SnapshotPtr& next) {
    CHECK(next->generation > snapshot_->generation);
    for (AdjacencyIndex i = 0; i < snapshot_->adjacencies.size(); ++i) {
        if (next->adjacencies[i].is_attached) {
            std::erase(going_down_, i);
        } else if (snapshot_->adjacencies[i].is_attached) {
            going_down_.push_back(i);
        }
        // As long as not all have looked there may be something.
        shared_.departures.set(i, shard_.place().number,
                               std::ranges::find(going_down_, i) != going_down_.end());
    }
    close_what_changed(*next);
    former_.emplace_back(snapshot_);
    const SnapshotPtr before = std::exchange(snapshot_, next);
    media_.take(snapshot_->media_engine);
    if (shard_.place().number == 0) {
        for (AdjacencyIndex i = 0; i < before->adjacencies.size(); ++i) {
            const auto target = before->adjacencies[i].registration_target;
            if (target && !is_same_registrar(*before, *snapshot_, i)) {
                shared_.realms.forget(*target);
            }
        }
        drop_bindings(
            [&](const registrar::Binding& each) {
                if (!is_same_registrar(*before, *snapshot_, each.adjacency) ||
                    is_outside_now(*before, *snapshot_, each.adjacency, each.hop.remote.address)) {
                    return true;
                }
                if (each.behind) {
                    return !is_still_trusted(*before, each.adjacency);
                }
                const Subscriber* const was = before->subscriber(each.address_of_record);
                const Subscriber* const is = snapshot_->subscriber(each.address_of_record);
                return was == nullptr || is == nullptr || was->password != is->password ||
                       !is_still_trusted(*before, each.adjacency);
            },
            "configuration");
        registrations_.take(snapshot_);
        pings_.take(snapshot_);
    }
    settle_in(Duration::zero());
}

// No connection is worth more, or less, than when it was made; one to a peer whose names are others
// now is not the peer's any more, nor is one whose certificate is not good any more, or one that
// came from where nobody is let in any more.
void Sbc::close_what_changed(const Snapshot& next) {
    for (const engine::Flow& flow : shard_.connections()) {
        if (!flow.purpose) {
            continue;
        }
        const Adjacency& was = snapshot_->adjacencies[*flow.purpose];
        const Adjacency& is = next.adjacencies[*flow.purpose];
        const bool has_lost_its_name = flow.is_established &&
                                       Connections::is_peer_genuine(was, flow.identity.get()) &&
                                       !Connections::is_peer_genuine(is, flow.identity.get());
        const bool is_outside =
            flow.listener && is_outside_now(*snapshot_, next, *flow.purpose, flow.remote.address);
        if (!is_as_trusted(was, is) || has_lost_its_name || is_outside) {
            shard_.close(flow.id, CloseReason::LocalClosed);
            continue;
        }
        const auto& before = flow.listener ? was.tls_server : was.tls_client;
        const auto& now = flow.listener ? is.tls_server : is.tls_client;
        if (before != nullptr && now != nullptr && before->trust() != now->trust()) {
            shard_.judge_again(flow.id, *now);
        }
    }
}

void Sbc::drop_bindings(const std::function<bool(const registrar::Binding&)>& is_over,
                        std::string_view reason) {
    for (const registrar::Binding& binding : shared_.location.drop_if(is_over)) {
        log::info("registration.lost", {{"user", binding.address_of_record}, {"reason", reason}});
    }
}

// ---- what goes down -----------------------------------------------------------------------------

// Where something of this worker's is left: a leg, a request that waits for its answer.
std::set<AdjacencyIndex> Sbc::in_use() const {
    std::set<AdjacencyIndex> out;
    for (const auto& [ref, entry] : calls_) {
        const std::vector<AdjacencyIndex> its = entry.call->adjacencies();
        out.insert(its.begin(), its.end());
    }
    for (const auto& [id, client] : by_client_) {
        const sip::Hop* const hop = client.is_waiting ? shard_.transactions().hop(id) : nullptr;
        const auto index =
            hop == nullptr ? std::nullopt : adjacency_of(*snapshot_of(client.call), *hop);
        if (index) {
            out.insert(*index);
        }
    }
    for (const AdjacencyIndex index : going_down_) {
        if (registrations_.is_leaving(index)) {
            out.insert(index);
        }
    }
    return out;
}

// Again and again until all that was detached has departed.
void Sbc::settle() {
    if (!going_down_.empty()) {
        const std::set<AdjacencyIndex> used = in_use();
        for (const AdjacencyIndex index : std::vector(going_down_)) {
            shared_.departures.set(index, shard_.place().number, used.contains(index));
            if (!shared_.departures.is_busy(index)) {
                depart(index);
            }
        }
    }
    std::erase_if(former_, [](const auto& each) { return each.expired(); });
    release_listeners();
    const std::vector<ListenRequest> wanted = listeners(*snapshot_);
    const bool is_any_left = std::ranges::any_of(listeners_, [&](const auto& each) {
        return std::ranges::find(wanted, each.second) == wanted.end();
    });
    if (!going_down_.empty() || is_any_left) {
        settle_in(settle_interval);
    }
}

void Sbc::settle_in(Duration after) {
    if (settle_timer_) {
        shard_.stop_timer(*settle_timer_);
    }
    settle_timer_ = shard_.start_timer(after, settle_cookie);
}

void Sbc::depart(AdjacencyIndex index) {
    std::erase(going_down_, index);
    for (const engine::Flow& flow : shard_.connections()) {
        if (flow.purpose == index) {
            shard_.close(flow.id, CloseReason::LocalClosed);
        }
    }
    std::erase_if(gone_, [&](const auto& each) { return each.second == index; });
    drop_bindings([&](const registrar::Binding& each) { return each.adjacency == index; },
                  "detached");
    locator_.forget(index);
    if (shard_.place().number == 0) {
        log::info("adjacency.detached", {{"adjacency", snapshot_->adjacencies[index].name}});
    }
}

void Sbc::release_listeners() {
    const std::vector<ListenRequest> wanted = listeners(*snapshot_);
    const SnapshotPtr expected = expected_.lock();
    const std::vector<ListenRequest> soon =
        expected == nullptr ? std::vector<ListenRequest>{} : listeners(*expected);
    for (auto each = listeners_.begin(); each != listeners_.end();) {
        const auto [id, listener] = *each;
        if (std::ranges::find(wanted, listener) != wanted.end() ||
            std::ranges::find(soon, listener) != soon.end() || is_wanted_by_calls(listener)) {
            ++each;
            continue;
        }
        if (listener.transport == sip::Transport::Udp) {
            connections_.remove_socket(listener.local);
        }
        shard_.remove_listener(id);
        each = listeners_.erase(each);
    }
}

// An adjacency had it when calls began that are not over, and has not departed since.
bool Sbc::is_wanted_by_calls(const ListenRequest& listener) const {
    return std::ranges::any_of(former_, [&](const auto& each) {
        const SnapshotPtr former = each.lock();
        for (AdjacencyIndex i = 0; former != nullptr && i < former->adjacencies.size(); ++i) {
            const Adjacency& its = former->adjacencies[i];
            const bool is_still_up = snapshot_->adjacencies[i].is_attached ||
                                     std::ranges::find(going_down_, i) != going_down_.end();
            if (its.is_attached && is_still_up &&
                Endpoint{its.signaling_address, its.signaling_port} == listener.local) {
                return true;
            }
        }
        return false;
    });
}

// ---- what the operator asks ---------------------------------------------------------------------

void Sbc::add_status(std::vector<AdjacencyStatus>& sum) const {
    sum.resize(snapshot_->adjacencies.size());
    const std::set<AdjacencyIndex> used = in_use();
    for (AdjacencyIndex i = 0; i < sum.size(); ++i) {
        if (snapshot_->adjacencies[i].is_attached) {
            sum[i].state = AdjacencyState::Attached;
        } else if (used.contains(i)) {
            sum[i].state = AdjacencyState::GoingDown;
        }
    }
    for (const auto& [ref, entry] : calls_) {
        if (entry.call->is_call() && !entry.call->is_over()) {
            const std::vector<AdjacencyIndex> its = entry.call->adjacencies();
            for (const AdjacencyIndex index : std::set(its.begin(), its.end())) {
                ++sum[index].calls;
            }
        }
    }
    if (shard_.place().number == 0) {
        const auto bindings = shared_.location.count_by_adjacency(sum.size());
        for (AdjacencyIndex i = 0; i < sum.size(); ++i) {
            sum[i].registrations = bindings[i];
            sum[i].is_registered_at_peer = registrations_.is_registered(i);
            sum[i].peer = shared_.outages.state(i);
        }
    }
}

void Sbc::detach(AdjacencyIndex index, ForcedDetach mode) {
    if (snapshot_->adjacencies[index].is_attached) {
        return;
    }
    std::vector<CallRef> those;
    for (const auto& [ref, entry] : calls_) {
        const std::vector<AdjacencyIndex> its = entry.call->adjacencies();
        if (std::ranges::find(its, index) != its.end()) {
            those.push_back(ref);
        }
    }
    for (const CallRef ref : those) {
        b2bua::Usage* const call = call_of(ref);
        if (call == nullptr) {
            continue;
        }
        if (mode == ForcedDetach::Abort) {
            drop(ref, "detached");
        } else {
            call->terminate("detached");
        }
    }
    if (mode == ForcedDetach::Abort) {
        registrations_.drop(index);
    }
    sweep();
    settle();
}

// Its record is written, and that is all: nobody is told, and no answer is waited for.
void Sbc::drop(CallRef ref, std::string_view reason) {
    const auto found = calls_.find(ref);
    if (found == calls_.end()) {
        return;
    }
    CallEntry entry = std::move(found->second);
    calls_.erase(found);
    if (entry.call->is_call() && !entry.call->is_over()) {
        --active_calls_;
        counters_.add("calls", "dropped");
        if (const auto record = entry.call->record_so_far(reason)) {
            note_end(*record);
        }
    }
    forget_dialogs(ref, entry);
    forget_call_ids(ref, entry);
    std::vector<ClientId> clients;
    for (const auto& [id, client] : by_client_) {
        if (client.call == ref) {
            clients.push_back(id);
        }
    }
    for (const ClientId id : clients) {
        failover_.cancel(ref, id);
        shard_.forget(id);
    }
    std::vector<ServerId> servers;
    for (const auto& [id, owner] : by_server_) {
        if (owner == ref) {
            servers.push_back(id);
        }
    }
    for (const ServerId id : servers) {
        shard_.forget(id);
    }
    std::vector<CallRef> made;
    for (const auto& [id, errand] : errands_) {
        if (errand.by == ref) {
            made.push_back(errand.made);
        } else if (errand.made == ref) {
            errand_answers_.emplace_back(id, nullptr);
        }
    }
    std::erase_if(errands_, [&](const auto& each) { return each.second.by == ref; });
    for (const CallRef each : made) {
        drop(each, reason);
    }
}

}  // namespace ringwall::sbc
