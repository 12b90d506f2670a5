// What the workers of one border controller share. Everything here may be used from any thread;
// nothing else of a border controller may.
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <set>

#include "base/endpoint.h"
#include "base/time.h"
#include "sbc/admissions.h"
#include "sbc/blacklist.h"
#include "sbc/call_journal.h"
#include "sbc/config/snapshot.h"
#include "sbc/connections.h"
#include "sbc/outages.h"
#include "sbc/passed_challenges.h"
#include "sbc/registrar/location.h"
#include "sbc/registrar/register_order.h"
#include "sbc/vouchers.h"

namespace ringwall::sbc {

// How many of something each source has. Here and below a source is an IPv4 address or a /64 of
// IPv6, of which one host has all addresses if it likes.
class BySource {
public:
    explicit BySource(unsigned most) : most_(most) {}

    // False: it has enough of them.
    bool admit(AdjacencyIndex adjacency, const IpAddress& source);
    void release(AdjacencyIndex adjacency, const IpAddress& source);

private:
    const unsigned most_;
    std::mutex mutex_;
    std::map<std::pair<AdjacencyIndex, IpAddress>, unsigned> open_;
};

// Connections towards an untrusted adjacency: so that one stranger does not take the descriptors
// that phones and trunks need.
class Strangers : public BySource {
public:
    static constexpr unsigned max_connections = 100;
    Strangers() : BySource(max_connections) {}
};

// REGISTERs that a registrar behind us has not answered yet, of whom nobody has proven anything: a
// house full of phones has as many at once, but not all that there may be.
class Applicants : public BySource {
public:
    static constexpr unsigned max_under_way = 1000;
    Applicants() : BySource(max_under_way) {}
};

// Connections at an encrypted door of which nobody knows yet whose they are: no client certificate
// was shown (a trunk's must bear its name), and no request was let through. They may be many, since
// all phones of a house may come back at once from one address, but neither all that there are nor
// for long. And the sources of which one was known once: where there is too much work, those are
// let in before others.
class Newcomers {
public:
    static constexpr std::size_t max_connections = 1000;  // of one source
    static constexpr Duration patience = 64s;             // after the handshake
    // Then the one goes that has shown for longest ago that it is one.
    static constexpr std::size_t max_known_sources = 65'536;

    // False: the source has enough of them.
    bool admit(AdjacencyIndex adjacency, const Endpoint& source);
    bool contains(AdjacencyIndex adjacency, const Endpoint& source);
    // It is known now whose it is.
    void make_known(AdjacencyIndex adjacency, const Endpoint& source);
    // It is closed.
    void remove(AdjacencyIndex adjacency, const Endpoint& source);
    // Was one from there made known?
    bool has_known(AdjacencyIndex adjacency, const IpAddress& source);

private:
    using Who = std::pair<AdjacencyIndex, IpAddress>;
    bool take(AdjacencyIndex adjacency, const Endpoint& source);

    std::mutex mutex_;
    std::map<Who, std::set<Endpoint>> open_;
    std::atomic<bool> is_empty_ = true;  // so that nobody waits for the mutex while all are known
    std::map<Who, std::list<Who>::iterator> known_;
    std::list<Who> turns_;  // the one that was made known last in front
};

// Which workers still have something on adjacencies that are detached: they go down until no worker
// has.
class Departures {
public:
    void set(AdjacencyIndex adjacency, engine::ShardNumber worker, bool is_busy);
    bool is_busy(AdjacencyIndex adjacency) const;

private:
    mutable std::mutex mutex_;
    std::map<AdjacencyIndex, std::set<engine::ShardNumber>> busy_;
};

struct Shared {
    registrar::Location location;
    registrar::RegisterOrder register_order;
    OpenedConnections connections;
    Strangers strangers;
    Newcomers newcomers;
    Applicants applicants;
    Vouchers vouchers;
    PassedChallenges passed_challenges;
    Realms realms;
    Admissions admissions;
    Blacklist blacklist;
    Departures departures;
    std::atomic<CallJournal*> call_journal = nullptr;  // null: calls are not kept
    Outages outages;
};

}  // namespace ringwall::sbc
