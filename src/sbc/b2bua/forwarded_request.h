// A request outside any dialog that sets up no call: MESSAGE, OPTIONS, PUBLISH, an unsolicited
// NOTIFY. One transaction on the near side, one for each target on the other, the same rules of
// policy and topology hiding as a call's. SUBSCRIBE and REFER leave dialogs behind: Subscription.
//
//   routes in order; MESSAGE and NOTIFY go to all contacts of a registered user at once, the others
//   to one after another. The first 2xx is the answer, else the best failure (RFC 3261 §16.7).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sbc/b2bua/call_context.h"
#include "sbc/b2bua/call_host.h"
#include "sbc/b2bua/dialog_pair.h"
#include "sbc/b2bua/failure.h"
#include "sbc/b2bua/leg.h"
#include "sbc/b2bua/usage.h"
#include "sbc/policy/inbound.h"
#include "sbc/registrar/contact_order.h"

namespace ringwall::sbc::b2bua {

class ForwardedRequest : public Usage {
public:
    struct Setup {
        CallRef ref;
        std::string name;
        sip::transaction::ServerId server;
        sip::MessagePtr request;
        sip::Hop from;
        SnapshotPtr snapshot;
        b2bua::Proof sender;
        policy::CallSecurity security;
        std::vector<policy::Route> routes;
        policy::DecisionTrace decisions = {};  // so far
        std::vector<sip::HeaderName> removed_headers;
        Bucket bucket;
    };

    ForwardedRequest(CallHost& host, Setup setup);
    // By the first route that is open; what can go nowhere is answered.
    void begin();

    CallRef ref() const override { return setup_.ref; }
    const std::string& name() const override { return setup_.name; }
    void on_request(sip::transaction::ServerId id, const sip::Hop& from,
                    const sip::MessagePtr& request) override;
    void on_response(sip::transaction::ClientId id, const sip::MessagePtr& response) override;
    void on_client_failed(sip::transaction::ClientId id,
                          sip::transaction::TerminationCause cause) override;
    void on_sent_again(sip::transaction::ClientId id, const sip::MessagePtr& request) override;
    bool is_vouched_for() const override;
    void on_timer(std::uint32_t cookie) override { (void)cookie; }
    void on_flow_closed(FlowId flow) override { (void)flow; }
    std::vector<AdjacencyIndex> adjacencies() const override;
    void terminate(std::string_view reason) override;
    bool is_over() const override { return is_over_; }
    bool is_consistent() const override;
    bool is_merged(const sip::Message& request) const override;

protected:
    // The request as it went to one target.
    struct Attempt {
        AdjacencyIndex adjacency = 0;
        sip::Scheme scheme = sip::Scheme::Sip;  // of what it became there
        sip::Hop hop;
        std::string address_of_record;  // of a registered phone; else empty
        std::string token;              // of one at a registrar behind us
        sip::MessagePtr sent;
        std::string tag;                              // our From tag
        std::vector<registrar::Binding> other_flows;  // of the phone, if this one fails
        sip::transaction::ClientId client;
        bool is_open = true;  // no final response yet
    };

    // It goes out: what comes back may come before `client` is known.
    virtual void on_sending(const Attempt& attempt) { (void)attempt; }
    // A 2xx came, the first. Here it passes, and that is all.
    virtual void accept(const Attempt& attempt, const sip::MessagePtr& response);
    // `response` for the sender, with our Contact and his Record-Route where it makes a dialog.
    sip::MessagePtr passed_back(const Attempt& attempt, const sip::Message& response,
                                std::string_view tag, bool makes_dialog) const;
    std::string contact_for_sender() const;
    void respond(sip::MessagePtr response);
    void fail();
    void finish();

    const Setup& setup() const { return setup_; }
    const CallContext& context() const { return context_; }
    const std::vector<Attempt>& attempts() const { return attempts_; }
    bool is_answered() const { return is_answered_; }

private:
    struct Target {
        AdjacencyIndex adjacency = 0;
        sip::Hop hop;
        std::string uri;
        std::string address_of_record;
        policy::Permit permit;
        policy::Event event = policy::Event::Initial;
        std::string token = {};                            // of a phone at a registrar behind us
        std::vector<std::string> route = {};               // the proxies between
        std::vector<registrar::Binding> other_flows = {};  // if this one fails
    };
    void go_on_or_fail();
    void add_targets(const policy::Route& route);
    void add_contacts(const policy::ToLocation& route);
    std::optional<Target> target_of(registrar::Candidate candidate);
    void try_other_flow(std::size_t index);
    bool send(const Target& target);
    std::optional<Changes> changes_for(const Attempt& attempt) const;
    void on_failure(std::size_t index, Failure failure);
    void keep_refusal(int status, std::string_view reason);
    void remember(Failure failure) { keep_best(best_, std::move(failure)); }

    CallHost& host_;
    Setup setup_;
    CallContext context_;
    std::size_t next_route_ = 0;
    std::vector<Target> targets_;  // of the route that is tried, still to be tried; last first
    std::vector<Attempt> attempts_;
    std::optional<Failure> best_;
    bool is_answered_ = false;
    bool is_over_ = false;
};

}  // namespace ringwall::sbc::b2bua
