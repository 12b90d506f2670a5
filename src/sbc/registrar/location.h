// Who is registered, and over which connection they are reached: the location service of the edge,
// in memory (RFC 3261 §10). One table for all workers, from any thread: in stripes, each with a
// mutex of its own, so that two workers seldom want the same. Time is a parameter.
//
// A binding lives until it expires, is removed by its phone, or loses its connection: what came in
// over a stream is reached only down that stream (RFC 5626 §5.3). What an earlier process was told
// of lives on, but over a stream as one that is stranded: nobody is reached by it, until its phone
// comes back.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/hash_index.h"
#include "base/id.h"
#include "base/time.h"
#include "sbc/config/snapshot.h"
#include "sbc/registrar/journal.h"
#include "sip/transport.h"
#include "sip/uri/uri.h"

namespace ringwall::sbc::registrar {

// A registrar behind us knows the contact too (`registration target`), by an address of ours.
struct Behind {
    std::string token;   // its user part
    TimePoint expires;   // there
    Duration granted{};  // by its last answer
};

struct Binding {
    std::string contact;  // the URI as the phone gave it, parameters and headers included
    sip::Scheme scheme = sip::Scheme::Sip;  // of the contact
    std::string address_of_record;          // canonical (sip::address_of_record)
    sip::Hop hop;  // where requests to it go; never the address in `contact`
    AdjacencyIndex adjacency = 0;
    std::string call_id;  // of the REGISTER that made or refreshed it last
    std::uint32_t cseq = 0;
    TimePoint expires;
    TimePoint refreshed;       // when that REGISTER came
    std::string instance;      // +sip.instance without quotes and <>, or empty
    std::uint32_t reg_id = 0;  // the number of its flow (RFC 5626 §4.2); 0: none
    std::string user_agent;
    std::uint16_t q = 1000;  // in thousandths
    // RFC 3327: the proxies between, as they want to be named in the Route of what goes there.
    std::vector<std::string> path;
    std::optional<Behind> behind;  // none: we are its registrar

    // Its connection was one of an earlier process.
    bool is_stranded() const { return hop.transport != sip::Transport::Udp && !hop.flow; }
};

// By which a registrar behind us knows it; empty: none does.
inline std::string token_of(const Binding& binding) {
    return binding.behind ? binding.behind->token : std::string();
}

class Location {
    using Bindings = std::vector<Binding>;
    struct User {
        std::string name;  // the address-of-record; empty: the place is free
        Bindings bindings;
        // When they are looked at for what has expired: not after the first, but before it where
        // that was refreshed. A refresh costs nothing here. max: not yet.
        TimePoint looked_at = TimePoint::max();
    };
    using Place = std::uint32_t;
    // Names of subscribers only, so no peer chooses what makes a search slow.
    struct Stripe {
        mutable std::mutex mutex;
        std::vector<User> users;
        std::vector<Place> free;
        HashIndex by_name;
        std::set<std::pair<TimePoint, Place>> by_time;  // when each user is looked at

        std::optional<Place> find(std::string_view address_of_record) const;
        Place add(std::string_view address_of_record);
        void remove(Place place);
    };

public:
    // The bindings of one canonical address-of-record, held: nobody else changes them meanwhile.
    class Held {
    public:
        // The live ones in the order of Location::find, and those that are stranded; good until
        // the next assign().
        std::vector<const Binding*> find(TimePoint now) const;
        // Replaces all; an empty list removes the user.
        void assign(std::vector<Binding> bindings);

    private:
        friend class Location;
        Held(Location& location, std::string_view address_of_record);
        Location& location_;
        const std::string_view address_of_record_;
        Stripe& stripe_;
        std::unique_lock<std::mutex> lock_;
        std::optional<Place> user_;
    };
    // `address_of_record` must outlive what is given back.
    Held hold(std::string_view address_of_record) { return {*this, address_of_record}; }

    // Is told of all changes from now on; null: nobody is.
    void set_journal(Journal* journal) { journal_.store(journal); }
    Journal* journal() const { return journal_.load(); }
    // Of all users, anew.
    void tell_all() const;
    // What an earlier process was told of that user, behind what this one knows already.
    void restore(std::string_view address_of_record, std::vector<Binding> bindings);

    // The live bindings of a canonical address-of-record that can be reached: highest q first, then
    // the newest.
    std::vector<Binding> find(std::string_view address_of_record, TimePoint now) const;
    // The live one that a registrar behind us knows by this token.
    std::optional<Binding> find_token(std::string_view token, TimePoint now) const;
    // Of all users, those that are stranded too.
    std::vector<Binding> find_all(TimePoint now) const;
    // The addresses-of-record with a live registration on this connection. A UDP socket is no
    // connection: none. Nor is what proxies are between: their connection says nothing of who
    // sends.
    std::vector<std::string> registered_on(FlowId flow, TimePoint now) const;

    // Replaces all bindings of an address-of-record; an empty list removes it.
    void assign(std::string_view address_of_record, std::vector<Binding> bindings);

    // The connection is closed: its bindings are gone. Returns them.
    std::vector<Binding> drop_flow(FlowId flow);
    // Removes all of which this is true. Returns them.
    std::vector<Binding> drop_if(const std::function<bool(const Binding&)>& is_over);
    // By adjacency, of so many.
    std::vector<std::size_t> count_by_adjacency(std::size_t adjacencies) const;
    // Of these adjacencies, of all where there is none; and from that network only.
    std::size_t count(std::span<const AdjacencyIndex> adjacencies,
                      const std::optional<Network>& source) const;
    // Removes what has expired by `now`. Returns it.
    std::vector<Binding> expire(TimePoint now);
    // When to call expire() next: not after anything expires, but perhaps before, where what would
    // have expired was refreshed or removed.
    std::optional<TimePoint> next_expiry() const;

    std::size_t user_count() const;
    std::size_t binding_count() const { return binding_count_.load(std::memory_order_relaxed); }
    // While nobody changes anything.
    bool is_consistent() const;

private:
    // By connection. Its mutex is taken after a Stripe's, never before.
    struct FlowStripe {
        mutable std::mutex mutex;
        std::unordered_map<FlowId, std::set<std::string, std::less<>>> users;
    };
    // By token: whose. Its mutex is taken as that of a FlowStripe.
    struct TokenStripe {
        mutable std::mutex mutex;
        std::unordered_map<std::string, std::string> users;
    };
    static constexpr std::size_t stripe_count = 64;
    // How many there are from each address. Its mutex is taken as that of a FlowStripe.
    struct Sources {
        mutable std::mutex mutex;
        std::map<std::pair<AdjacencyIndex, IpAddress>, std::size_t> bindings;
    };

    Stripe& stripe(std::string_view address_of_record) const;
    FlowStripe& stripe(FlowId flow) const;
    TokenStripe& token_stripe(std::string_view token) const;
    std::set<std::string, std::less<>> users_on(FlowId flow) const;
    void expires_at(TimePoint time);
    // `user` is the one of that address-of-record, or none. Gives it back as it is then.
    std::optional<Place> assign(Stripe& stripe, std::optional<Place> user,
                                std::string_view address_of_record, Bindings bindings);
    void look_at(Stripe& stripe, Place user, TimePoint time);
    // Of one user, from what was to what is: one of the two may be empty.
    void reindex(std::string_view address_of_record, const Bindings& before, const Bindings& after);
    void add_to_flow(FlowId flow, std::string_view address_of_record);
    void remove_from_flow(FlowId flow, std::string_view address_of_record);
    void reindex_sources(const Bindings& before, const Bindings& after);
    void reindex_tokens(std::string_view address_of_record, const Bindings& before,
                        const Bindings& after);

    mutable std::array<Stripe, stripe_count> stripes_;
    mutable std::array<FlowStripe, stripe_count> flow_stripes_;
    mutable std::array<TokenStripe, stripe_count> token_stripes_;
    Sources sources_;
    std::atomic<std::size_t> binding_count_{0};
    std::atomic<TimePoint> next_expiry_{TimePoint::max()};  // not after the first
    std::atomic<Journal*> journal_{nullptr};
};

}  // namespace ringwall::sbc::registrar
