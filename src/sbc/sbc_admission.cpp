#include "sbc/sbc_admission.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/log.h"
#include "sbc/b2bua/refusal.h"
#include "sbc/policy/emergency.h"
#include "sbc/source.h"

namespace ringwall::sbc {
namespace {

// Something is said of that very address.
bool is_named(const SourceRules& rules, SourceEvent event, const IpAddress& address) {
    return std::ranges::any_of(rules.of_addresses(), [&](const SourceRules::OfAddress& each) {
        return each.address == address && each.is_said.at(static_cast<std::size_t>(event));
    });
}

// Who is named is counted by itself, all others of a /64 together.
IpAddress counted_as(const SourceRules& rules, SourceEvent event, const IpAddress& address) {
    return is_named(rules, event, address) ? address : source_of(address);
}

}  // namespace

std::optional<policy::CacRefusal> Sbc::Gate::admit_call(std::span<const policy::CacDemand> demands,
                                                        Urgency urgency) {
    const TimePoint now = sbc_.now().monotonic;
    if (purpose_ == Purpose::Question) {
        return urgency == Urgency::Emergency
                   ? std::nullopt
                   : sbc_.shared_.admissions.would_refuse_call(demands, std::nullopt, now);
    }
    return sbc_.shared_.admissions.admit_call(demands, std::nullopt, urgency, held_, now);
}

std::optional<policy::CacRefusal> Sbc::Gate::admit_registration(
    std::span<const policy::CacDemand> demands, const policy::Inbound& inbound) {
    using registrar::EdgeRegistrar;
    if (demands.empty()) {
        return std::nullopt;
    }
    const TimePoint now = sbc_.now().monotonic;
    const EdgeRegistrar::Change change = sbc_.registrar_.foresee(
        inbound.request,
        {inbound.caller, inbound.from_adjacency(), *inbound.adjacency, inbound.hop}, now);
    std::vector<Admissions::Contacts> contacts;
    contacts.reserve(demands.size());
    for (const policy::CacDemand& each : demands) {
        const auto are_there = [&](const EdgeRegistrar::Ways& ways) {
            return std::ranges::count_if(ways, [&](const auto& way) {
                return each.population.contains(way.first, way.second);
            });
        };
        const auto added = are_there(change.after) - are_there(change.before);
        contacts.push_back(
            added > 0 && each.entry->limit(CacLimit::MaxRegs)
                ? Admissions::Contacts{.registered = sbc_.shared_.location.count(
                                           each.population.adjacencies, each.population.source),
                                       .added = static_cast<std::size_t>(added)}
                : Admissions::Contacts{});
    }
    const bool is_new = change.before.empty() && !change.after.empty();
    return sbc_.shared_.admissions.admit_registration(demands, contacts, is_new, now);
}

// By what is in force now: a limit that an operator changes counts at once, for calls too that
// began before. An adjacency keeps its index for ever.
std::optional<policy::CacRefusal> Sbc::admit(b2bua::CallRef call, const policy::CacEvent& event,
                                             policy::CacGate::Urgency urgency) {
    const auto entry = calls_.find(call);
    if (!snapshot_->cac_policy || entry == calls_.end()) {
        return std::nullopt;
    }
    return shared_.admissions.admit_call(policy::demands_of(*snapshot_, event), event.destination,
                                         urgency, entry->second.admitted, now().monotonic);
}

std::optional<policy::CacRefusal> Sbc::would_refuse(const policy::CacEvent& event,
                                                    policy::CacGate::Urgency urgency) const {
    return urgency == policy::CacGate::Urgency::Emergency
               ? std::nullopt
               : shared_.admissions.would_refuse_call(policy::demands_of(*snapshot_, event),
                                                      event.destination, now().monotonic);
}

// Of a call that an earlier process left: it is up, so it counts, whatever the limits say.
Admissions::Held Sbc::count_standing(const b2bua::Leg& caller, const b2bua::Leg& callee) {
    Admissions::Held held;
    policy::CacEvent event{.source = caller.peer.adjacency,
                           .source_address = caller.hop.remote.address};
    for (const auto leg : {std::optional<AdjacencyIndex>(), std::optional(callee.peer.adjacency)}) {
        event.destination = leg;
        shared_.admissions.admit_call(policy::demands_of(*snapshot_, event), leg,
                                      Admissions::Urgency::Standing, held, now().monotonic);
    }
    return held;
}

// It may have tried several adjacencies, and be at some of them no more, whether the others are
// counted or not.
void Sbc::give_back_legs(b2bua::CallRef call) {
    const auto found = calls_.find(call);
    if (found != calls_.end() && !found->second.admitted.is_empty()) {
        found->second.admitted.keep_legs(found->second.call->adjacencies());
    }
}

// ---- sources ------------------------------------------------------------------------------------

// The address of its signaling-peer.
bool Sbc::is_peers(AdjacencyIndex index, const IpAddress& source) {
    const Adjacency& adjacency = snapshot_->adjacencies[index];
    if (adjacency.profile == Profile::Access || adjacency.signaling_peer.empty()) {
        return false;
    }
    return adjacency.signaling_peer_address == source ||
           std::ranges::any_of(locator_.last_ways(*snapshot_, index),
                               [&](const auto& way) { return way.remote.address == source; });
}

// What counts for it there; null: nothing. The address of a signaling-peer is no stranger's.
const SourceRule* Sbc::rule_of_source(AdjacencyIndex index, const IpAddress& source,
                                      SourceEvent event) {
    const SourceRules& rules = snapshot_->source_rules;
    const SourceRule* const rule = rules.find(event, source, false);
    return rule != nullptr && is_peers(index, source) ? rules.find(event, source, true) : rule;
}

// One more of these. False: there were too many, and over a connection, by which it has shown that
// it is at that address, it is shut out for that.
bool Sbc::note_source(AdjacencyIndex adjacency, const IpAddress& source, bool is_connection,
                      SourceEvent event) {
    const SourceRule* const rule = rule_of_source(adjacency, source, event);
    if (rule == nullptr ||
        shared_.blacklist.note(
            {adjacency, counted_as(snapshot_->source_rules, event, source), event}, *rule,
            now().monotonic)) {
        return true;
    }
    counters_.add("sources_limited", to_string(event));
    if (is_connection && leads_to_ban(event)) {
        shut_out(adjacency, source, event, rule->timeout);
    }
    return false;
}

// Its connections end too, but those of phones that are registered by them, and of calls that are
// up.
void Sbc::shut_out(AdjacencyIndex adjacency, const IpAddress& source, SourceEvent reason,
                   Duration timeout) {
    const Ban ban{.adjacency = adjacency,
                  .source = counted_as(snapshot_->source_rules, reason, source),
                  .reason = reason,
                  .ends = now().monotonic + timeout};
    if (!shared_.blacklist.add(ban, now().monotonic)) {
        return;
    }
    counters_.add("sources_blacklisted", to_string(reason));
    log::warning("blacklist.added",
                 {{"adjacency", snapshot_->adjacencies[adjacency].name},
                  {"source", ban.source.to_string()},
                  {"reason", to_string(reason)},
                  {"seconds", std::chrono::floor<std::chrono::seconds>(timeout).count()}});
    shard_.start_timer(timeout, blacklist_cookie);
    for (const engine::Flow& flow : shard_.connections()) {
        if (flow.listener && flow.purpose == adjacency &&
            source_of(flow.remote.address) == source_of(source) &&
            is_bound(ban, flow.remote.address) && is_of_nobody(flow.id)) {
            shard_.close(flow.id, CloseReason::LocalClosed);
        }
    }
}

// Nobody is registered by that connection, and no call has it.
bool Sbc::is_of_nobody(FlowId flow) const {
    return !by_flow_.contains(flow) &&
           shared_.location.registered_on(flow, now().monotonic).empty();
}

// That address. Who is named is counted by itself and not bound by what others of its /64 did, nor
// is a signaling-peer.
bool Sbc::is_bound(const Ban& ban, const IpAddress& address) {
    const SourceRules& rules = snapshot_->source_rules;
    return is_named(rules, ban.reason, address)
               ? ban.source == address && rules.find(ban.reason, address, false) != nullptr
               : !is_peers(ban.adjacency, address);
}

bool Sbc::is_shut_out(AdjacencyIndex adjacency, const IpAddress& address) {
    return std::ranges::any_of(shared_.blacklist.bans_of(adjacency, address, now().monotonic),
                               [&](const Ban& each) { return is_bound(each, address); });
}

bool Sbc::may_connect(AdjacencyIndex adjacency, const IpAddress& source) {
    if (is_shut_out(adjacency, source)) {
        counters_.add("connections_refused", "blacklist");
        return false;
    }
    if (!note_source(adjacency, source, true, SourceEvent::ConnectionRate)) {
        counters_.add("connections_refused", to_string(SourceEvent::ConnectionRate));
        return false;
    }
    return true;
}

// One more request of it, which has sent as many as it may.
bool Sbc::is_over_rate(AdjacencyIndex adjacency, const IpAddress& source, bool is_emergency) {
    constexpr auto event = SourceEvent::RequestRate;
    const SourceRule* const rule = rule_of_source(adjacency, source, event);
    if (rule == nullptr ||
        request_rates_.take(
            {adjacency, counted_as(snapshot_->source_rules, event, source), event, is_emergency},
            rule->trigger, now().monotonic)) {
        return false;
    }
    counters_.add("dropped", to_string(event));
    return true;
}

// It shows credentials, and too many were wrong that came from there.
bool Sbc::has_guessed(const sip::Hop& from, const sip::Message& request) {
    const auto adjacency = adjacency_of(*snapshot_, from);
    if (!adjacency || request.header(sip::HeaderName::Authorization) == nullptr) {
        return false;
    }
    constexpr auto event = SourceEvent::AuthenticationFailure;
    const SourceRule* const rule = rule_of_source(*adjacency, from.remote.address, event);
    return rule != nullptr &&
           shared_.blacklist.is_over(
               {*adjacency, counted_as(snapshot_->source_rules, event, from.remote.address), event},
               *rule, now().monotonic);
}

// A request of no call, before anything is made of it: by whom there were too many, or too many
// failures. It has been dealt with if so. Over UDP that is silence: whoever has this address hears
// no more of others who write it.
bool Sbc::is_too_much(sip::transaction::ServerId id, const sip::Hop& from,
                      const sip::Message& request) {
    const auto adjacency = adjacency_of(*snapshot_, from);
    if (!adjacency) {
        return false;
    }
    const IpAddress& source = from.remote.address;
    const bool is_connection = from.transport != sip::Transport::Udp;
    if (is_connection && is_shut_out(*adjacency, source) && is_of_nobody(from.flow)) {
        counters_.add("dropped", "blacklist");
        shard_.forget(id);
        shard_.close(from.flow, CloseReason::LocalClosed);
        return true;
    }
    if (!is_connection && has_guessed(from, request)) {
        counters_.add("dropped", to_string(SourceEvent::AuthenticationFailure));
        shard_.forget(id);
        return true;
    }
    const bool is_emergency = request.method() == sip::Method::Invite &&
                              policy::is_emergency(*snapshot_, request.request_uri());
    if (!is_over_rate(*adjacency, source, is_emergency)) {
        return false;
    }
    if (!is_connection) {
        shard_.forget(id);
        return true;
    }
    constexpr auto event = SourceEvent::RequestRate;
    const SourceRule* const rule = rule_of_source(*adjacency, source, event);
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(
        std::max(rule->trigger.period / rule->trigger.size, Duration(1s)));
    respond(id, b2bua::refusal(&snapshot_->adjacencies[*adjacency], request, new_tag(),
                               {.status = 503,
                                .rule = policy::Rule{to_string(event),
                                                     "One source has sent as many requests as "
                                                     "one may ('blacklist')."}})
                    .header(sip::HeaderName::RetryAfter, std::to_string(seconds.count()))
                    .build());
    return true;
}

void Sbc::end_bans() {
    for (const Ban& each : shared_.blacklist.expire(now().monotonic)) {
        log::info("blacklist.removed", {{"adjacency", snapshot_->adjacencies[each.adjacency].name},
                                        {"source", each.source.to_string()},
                                        {"reason", to_string(each.reason)},
                                        {"by", "timeout"}});
    }
}

}  // namespace ringwall::sbc
