// Requests outside any dialog that set up nothing: one transaction on each side, the same rules of
// policy and topology hiding as a call's.
#pragma once

#include <set>
#include <string>
#include <unordered_map>

#include "sbc/b2bua/call_host.h"
#include "sbc/policy/inbound.h"

namespace ringwall::sbc::b2bua {

class ForwardedRequests {
public:
    explicit ForwardedRequests(CallHost& host) : host_(host) {}

    // By the first route that is open; what can go nowhere is answered.
    void forward(const policy::Inbound& inbound, sip::transaction::ServerId id,
                 const sip::MessagePtr& request);
    // False: not one of these.
    bool on_response(sip::transaction::ClientId id, const sip::MessagePtr& response);
    bool on_failed(sip::transaction::ClientId id, sip::transaction::TerminationCause cause);
    void on_server_ended(sip::transaction::ServerId id);
    // RFC 3261 §8.2.2.2: a request that is under way, or was just answered, has come again by
    // another way; or (§16.3) one that we sent has come back.
    bool is_merged(const sip::Message& request) const;
    // Of all that is kept.
    std::size_t size() const { return open_.size() + own_call_ids_.size() + identities_.size(); }

private:
    struct Open {
        sip::transaction::ServerId server;
        sip::MessagePtr request;
        SnapshotPtr snapshot;
        AdjacencyIndex from = 0;
        AdjacencyIndex to = 0;
        std::string tag;
        std::string call_id;  // on the other side
    };
    struct Target {
        AdjacencyIndex adjacency;
        sip::Hop hop;
        std::string uri;
        policy::Permit permit;
    };
    std::optional<Target> choose(const policy::Inbound& inbound, policy::Answer& refusal,
                                 std::string& reason);

    Open take(sip::transaction::ClientId id);

    CallHost& host_;
    std::unordered_map<sip::transaction::ClientId, Open> open_;
    std::set<std::string, std::less<>> own_call_ids_;  // of those
    // What makes a request the same by every way that it comes, as long as its transaction lives.
    // Peers choose it, hence the tree.
    std::set<std::string> identities_;
    std::unordered_map<sip::transaction::ServerId, std::set<std::string>::iterator> by_server_;
};

}  // namespace ringwall::sbc::b2bua
