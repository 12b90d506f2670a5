// A phone's REGISTER on its way to the registrar behind us (`registration target`): one transaction
// on each side. What the registrar's answer means here is the border controller's to say. Its
// challenge is of REGISTER, and passes; what proves the phone to it, and to nobody else, passes
// too.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "sbc/b2bua/call_host.h"
#include "sbc/b2bua/usage.h"
#include "sbc/config/snapshot.h"
#include "sbc/policy/permit.h"

namespace ringwall::sbc::b2bua {

class RelayedRegister final : public Usage {
public:
    struct Setup {
        CallRef ref;
        std::string name;
        sip::transaction::ServerId server;
        sip::MessagePtr request;
        sip::Hop from;
        SnapshotPtr snapshot;
        AdjacencyIndex adjacency = 0;  // of the phone
        AdjacencyIndex registrar = 0;
        policy::Permit permit;
        policy::CallSecurity security;
        policy::DecisionTrace decisions = {};  // so far
        Bucket bucket;

        const Adjacency& phones() const { return snapshot->adjacencies[adjacency]; }
    };
    // Who answers the phone.
    class Desk {
    public:
        virtual ~Desk() = default;
        virtual void on_registrar_answered(const Setup& setup, const sip::Message& response) = 0;
        // Credentials of the phone's, for that registrar?
        virtual bool is_for_registrar(const Setup& setup, const sip::HeaderLine& credentials) = 0;
        // Nobody answered.
        virtual void on_registrar_failed(const Setup& setup, int status) = 0;
    };

    // `under_way`: how many there are, this one among them for as long as it lives.
    RelayedRegister(CallHost& host, Desk& desk, std::size_t& under_way, Setup setup);
    ~RelayedRegister() override { --under_way_; }
    RelayedRegister(const RelayedRegister&) = delete;
    RelayedRegister& operator=(const RelayedRegister&) = delete;
    void begin();

    CallRef ref() const override { return setup_.ref; }
    const std::string& name() const override { return setup_.name; }
    void on_request(sip::transaction::ServerId id, const sip::Hop& from,
                    const sip::MessagePtr& request) override;
    void on_response(sip::transaction::ClientId id, const sip::MessagePtr& response) override;
    void on_client_failed(sip::transaction::ClientId id,
                          sip::transaction::TerminationCause cause) override;
    void on_timer(std::uint32_t cookie) override { (void)cookie; }
    void on_flow_closed(FlowId flow) override { (void)flow; }
    std::vector<AdjacencyIndex> adjacencies() const override;
    void terminate(std::string_view reason) override;
    bool is_over() const override { return is_over_; }
    bool is_consistent() const override { return true; }
    bool is_merged(const sip::Message& request) const override;

private:
    sip::MessagePtr request_for(sip::Transport transport) const;
    bool finish();
    void fail(int status);

    CallHost& host_;
    Desk& desk_;
    std::size_t& under_way_;
    Setup setup_;
    sip::MessagePtr sent_;
    bool is_over_ = false;
};

}  // namespace ringwall::sbc::b2bua
