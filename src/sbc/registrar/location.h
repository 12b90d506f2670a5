// Who is registered, and over which connection they are reached: the location service of the edge,
// in memory (RFC 3261 §10). Owned by one shard; time is a parameter.
//
// A binding lives until it expires, is removed by its phone, or loses its connection: what came in
// over a stream is reached only down that stream (RFC 5626 §5.3).
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "sbc/config/snapshot.h"
#include "sip/transport.h"
#include "sip/uri/uri.h"

namespace ringwall::sbc::registrar {

struct Binding {
    std::string contact;  // the URI as the phone gave it, parameters and headers included
    sip::Scheme scheme = sip::Scheme::Sip;  // of the contact
    std::string address_of_record;          // canonical (sip::address_of_record)
    sip::Hop hop;  // where requests to it go; never the address in `contact`
    AdjacencyIndex adjacency = 0;
    std::string call_id;  // of the REGISTER that made or refreshed it last
    std::uint32_t cseq = 0;
    TimePoint expires;
    TimePoint refreshed;   // when that REGISTER came
    std::string instance;  // +sip.instance without quotes and <>, or empty
    std::string user_agent;
    std::uint16_t q = 1000;  // in thousandths
};

class Location {
public:
    // The live bindings of a canonical address-of-record: highest q first, then the newest.
    std::vector<Binding> find(std::string_view address_of_record, TimePoint now) const;
    // The addresses-of-record with a live registration on this connection. A UDP socket is no
    // connection: none.
    std::vector<std::string> registered_on(FlowId flow, TimePoint now) const;

    // Replaces all bindings of an address-of-record; an empty list removes it.
    void assign(const std::string& address_of_record, std::vector<Binding> bindings);

    // The connection is closed: its bindings are gone. Returns them.
    std::vector<Binding> drop_flow(FlowId flow);
    // Removes what has expired by `now`. Returns it.
    std::vector<Binding> expire(TimePoint now);
    // When expire() has something to do next.
    std::optional<TimePoint> next_expiry() const;

    std::size_t user_count() const { return users_.size(); }
    std::size_t binding_count() const { return binding_count_; }
    bool is_consistent() const;

private:
    using Bindings = std::vector<Binding>;

    void index(const std::string& address_of_record, const Bindings& bindings);
    void unindex(const std::string& address_of_record, const Bindings& bindings);

    std::unordered_map<std::string, Bindings> users_;
    std::unordered_map<FlowId, std::set<std::string>> users_by_flow_;
    std::set<std::pair<TimePoint, std::string>> by_expiry_;  // every binding's expiry
    std::size_t binding_count_ = 0;
};

}  // namespace ringwall::sbc::registrar
