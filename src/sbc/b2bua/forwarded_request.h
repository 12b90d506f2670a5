// Requests outside any dialog that set up nothing: one transaction on each side, the same rules of
// policy and topology hiding as a call's.
#pragma once

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
    std::size_t size() const { return open_.size(); }

private:
    struct Open {
        sip::transaction::ServerId server;
        sip::MessagePtr request;
        SnapshotPtr snapshot;
        AdjacencyIndex from = 0;
        AdjacencyIndex to = 0;
        std::string tag;
    };
    struct Target {
        AdjacencyIndex adjacency;
        sip::Hop hop;
        std::string uri;
        policy::Permit permit;
    };
    std::optional<Target> choose(const policy::Inbound& inbound, policy::Answer& refusal,
                                 std::string& reason);

    CallHost& host_;
    std::unordered_map<sip::transaction::ClientId, Open> open_;
};

}  // namespace ringwall::sbc::b2bua
