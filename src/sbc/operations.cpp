#include "sbc/operations.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "sbc/config/succession.h"
#include "sbc/record/call_record.h"

namespace ringwall::sbc {

namespace {

// A name is kept in one place.
ConfigError stored_already(const Snapshot& next, const std::string& name) {
    return {.path = "sbc " + next.service + " sbe subscriber " + name,
            .word = name,
            .sentence = "subscriber '" + name +
                        "' is in the store already; say 'subscriber remove " + name +
                        "' first, or leave it out here"};
}

}  // namespace

ConfigErrors Operations::objections(const Snapshot& next) {
    ConfigErrors out;
    const auto& stored = workers_.snapshot().stored_subscribers;
    for (const Subscriber& each : next.subscribers) {
        const std::string& name = each.address_of_record;
        if (stored != nullptr && stored->find(name) != nullptr) {
            out.push_back(stored_already(next, name));
        }
    }
    return out;
}

Result<void, ConfigErrors> Operations::prepare(SnapshotPtr next) {
    auto prepared = workers_.prepare(succeed(workers_.snapshot(), *next));
    if (!prepared) {
        ConfigErrors out;
        for (const Workers::BindFailure& why : prepared.error()) {
            out.push_back({.path = "sbc " + next->service + " sbe adjacency sip " + why.adjacencies,
                           .word = why.adjacencies,
                           .sentence = "adjacency " + why.adjacencies + ": " + why.sentence +
                                       "; end the program that has the address, or change "
                                       "'signaling-address' or 'signaling-port'"});
        }
        return fail(std::move(out));
    }
    prepared_ = std::move(*prepared);
    return {};
}

void Operations::publish() {
    workers_.publish(std::move(*prepared_));
    prepared_.reset();
    const Snapshot& now = workers_.snapshot();
    log::info("configuration.published", {{"service", now.service},
                                          {"adjacencies", now.adjacencies.size()},
                                          {"subscribers", now.subscriber_count()}});
}

std::vector<std::string> Operations::alarms() {
    std::vector<std::string> out;
    const auto& engine = workers_.snapshot().media_engine;
    if (engine && workers_.misses_media_engine()) {
        out.push_back("the media engine at " + engine->to_string() +
                      " does not answer; calls that need it are refused or by-passed as "
                      "'media-engine-down' says");
    }
    if (const std::size_t count = workers_.shedding_count(); count > 0) {
        out.push_back(
            std::to_string(count) + " of " + std::to_string(workers_.count()) +
            " workers have more to do than they can; new calls and registrations are partly "
            "answered 503, see 'show services sbc sbe overload'");
    }
    const auto& adjacencies = workers_.snapshot().adjacencies;
    for (const AdjacencyIndex each : workers_.outages().down()) {
        const auto state = workers_.outages().state(each);
        if (state && each < adjacencies.size()) {
            out.push_back(
                "the peer of adjacency '" + adjacencies[each].name + "', " +
                adjacencies[each].signaling_peer + ", is down since " +
                to_iso8601_seconds(state->since) +
                ": it does not answer OPTIONS; new calls go by other routes, or hear 480");
        }
    }
    return out;
}

datastore::Target::States Operations::states() {
    States out;
    const std::vector<AdjacencyStatus> statuses = workers_.status();
    const auto& adjacencies = workers_.snapshot().adjacencies;
    for (std::size_t i = 0; i < std::min(statuses.size(), adjacencies.size()); ++i) {
        out.emplace(adjacencies[i].name, statuses[i].state);
    }
    return out;
}

void Operations::detach(std::string_view adjacency, ForcedDetach how) {
    const auto& all = workers_.snapshot().adjacencies;
    const auto found = std::ranges::find(all, adjacency, &Adjacency::name);
    if (found != all.end()) {
        workers_.detach(static_cast<AdjacencyIndex>(found - all.begin()), how);
    }
}

}  // namespace ringwall::sbc
