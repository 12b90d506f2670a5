// One call: the leg that it came in by, the branches that it went out by, and from the first answer
// on pairs of dialogs. Set-up is here; what happens within dialogs is DialogPair's. (RFC 3261 §13,
// §16.7, §9; RFC 7092 calls this a signalling B2BUA.)
//
//                  INVITE                          INVITE
//      caller  ------------>  Call  --+-- Branch ----------->  target
//                                     +-- Branch ----------->  target      (fork, hunting, 3xx)
//
//      caller  <-- Leg --- DialogPair --- Leg -->  callee      one for each dialog downstream, with
//                                                              a To tag of its own upstream
//
// Every target goes through policy::permit first. The first 2xx that may be passed wins; all others
// are acknowledged and ended. A call is over when both its legs are, and no branch is open.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sbc/b2bua/anchorage.h"
#include "sbc/b2bua/call_context.h"
#include "sbc/b2bua/call_host.h"
#include "sbc/b2bua/dialog_pair.h"
#include "sbc/b2bua/failure.h"
#include "sbc/b2bua/kept_call.h"
#include "sbc/b2bua/leg.h"
#include "sbc/b2bua/referrals.h"
#include "sbc/b2bua/transfer.h"
#include "sbc/b2bua/usage.h"
#include "sbc/policy/inbound.h"
#include "sbc/policy/media_security.h"
#include "sbc/policy/permit.h"
#include "sbc/policy/verdict.h"
#include "sbc/record/call_record.h"
#include "sbc/registrar/contact_order.h"
#include "sip/header/replaces.h"

namespace ringwall::sbc::b2bua {

class Call final : public Usage {
public:
    struct Setup {
        CallRef ref;
        std::string name;  // for record, log and trace
        sip::transaction::ServerId invite;
        sip::MessagePtr request;
        sip::Hop from;
        SnapshotPtr snapshot;
        Proof caller;
        policy::CallSecurity security;
        // Set: the caller is not there yet, but will be joined (OnBehalf); what its own call would
        // be. Every target is asked about twice.
        std::optional<policy::CallSecurity> absent_caller = std::nullopt;
        std::vector<policy::Route> routes;
        policy::DecisionTrace decisions = {};  // so far
        std::vector<sip::HeaderName> removed_headers;
        Bucket bucket;
    };

    Call(CallHost& host, Setup setup);
    // One that another process kept: up, with nothing under way. `setup` without a request.
    Call(CallHost& host, Setup setup, KeptCall kept);
    // Answers 100 and tries the first route.
    void begin();
    // Its timers run again.
    void resume();

    // A request within one of the dialogs, by its tags. `from` is who sends it now; a peer that is
    // not the one of the dialog is told 481, as anybody who guesses.
    void on_request(sip::transaction::ServerId id, const sip::Hop& from,
                    const sip::MessagePtr& request) override;
    // The INVITE or re-INVITE with this server transaction is cancelled (§9.2). The CANCEL itself
    // has been answered.
    void on_cancel(sip::transaction::ServerId invite,
                   const sip::transaction::Reasons& reasons) override;
    void on_ack(const sip::Hop& from, const sip::MessagePtr& ack) override;
    void on_response(sip::transaction::ClientId id, const sip::MessagePtr& response) override;
    void on_client_failed(sip::transaction::ClientId id,
                          sip::transaction::TerminationCause cause) override;
    std::uint32_t next_cseq(sip::transaction::ClientId id, std::uint32_t used) override;
    void on_sent_again(sip::transaction::ClientId id, const sip::MessagePtr& request) override;
    void on_timer(std::uint32_t cookie) override;
    // A connection is gone. If a leg's peer, or who waits for the answer to the INVITE, does not
    // come back by another, the call ends in 32 s.
    void on_flow_closed(FlowId flow) override;
    std::optional<Sender> sender_of(sip::transaction::ServerId id) const override;
    // BYE to both, or `status` and CANCEL: the operator or a rule ends it.
    void terminate(std::string_view reason) override { terminate(reason, 480); }
    void terminate(std::string_view reason, int status);

    bool replace(const sip::DialogIds& ids, const Newcomer& newcomer) override;
    void on_errand(sip::transaction::ServerId errand, const sip::MessagePtr& response) override;
    bool join(std::string_view our_tag, const Leg& party, const sip::Message& asked,
              const sip::MessagePtr& answer) override;
    void on_media(media::Ticket ticket, const std::optional<media::NgReply>& reply) override;

    void keep_anew() override;

    bool is_call() const override { return true; }
    std::optional<Progress> progress() const override;
    std::vector<AdjacencyIndex> adjacencies() const override;

    CallRef ref() const override { return setup_.ref; }
    const std::string& name() const override { return setup_.name; }
    bool is_established() const { return confirmed_.has_value(); }
    // Its record is written. Responses that are still under way may come in.
    bool is_over() const override { return is_over_; }
    // The NOTIFYs of a REFER come after the BYE, which may need another connection.
    bool lingers() const override {
        return !referrals_.empty() || (transfer_ != nullptr && !transfer_->is_told()) ||
               std::ranges::any_of(pairs_, [](const auto& pair) { return pair->is_parting(); });
    }
    bool keep_least() override;
    // What the record would be if the program ended now.
    std::optional<CallRecord> record_so_far(std::string_view reason) const override;
    bool is_secure() const { return setup_.security.is_secure(); }
    bool is_consistent() const override;
    bool is_merged(const sip::Message& request) const override;

private:
    struct Destination {
        AdjacencyIndex adjacency = 0;
        sip::Hop hop;
        std::string uri;
        // Of a registered phone.
        std::string address_of_record = {};
        std::string token = {};                            // of one at a registrar behind us
        std::vector<std::string> route = {};               // the proxies between
        std::vector<registrar::Binding> other_flows = {};  // if this one fails
        unsigned redirects = 0;                            // that led there
    };
    // An INVITE whose description is being shown to the media engine.
    struct Unsent {
        policy::Permit permit;
        policy::Event event = policy::Event::Initial;
        std::string request_uri;
        std::string from, to, call_id, contact;
        std::vector<std::string> route;
        media::Ticket ticket;
    };
    struct Branch {
        AdjacencyIndex adjacency = 0;
        sip::Scheme scheme = sip::Scheme::Sip;  // of the leg
        sip::Hop hop;
        std::string address_of_record;                // of a registered phone; else empty
        std::string token;                            // of one at a registrar behind us
        std::vector<registrar::Binding> other_flows;  // of that phone, if this one fails
        sip::MessagePtr invite;   // as it was sent; null once the call is answered
        std::string kept_invite;  // then: what a 2xx that comes too late is held against
        sip::transaction::ClientId client;
        std::string local_tag;
        unsigned redirects = 0;
        TimePoint heard;  // last provisional response: timer C runs from here
        bool has_rung = false;
        bool is_cancelled = false;
        bool is_cancel_sent = false;
        sip::transaction::Reasons reasons;  // why it is cancelled
        bool is_open = true;                // no final response yet
        std::vector<std::string> dropped;   // To tags of 2xx whose dialogs were ended at once
        // Once the call is over: how its 2xx was acknowledged, for it may come again.
        struct Acknowledged {
            std::string to_tag;
            sip::Hop hop;
            std::string ack;  // its octets; empty: the caller never acknowledged
        };
        std::unique_ptr<Acknowledged> acknowledged;
        MediaSessionPtr media;           // null: by-passed
        std::unique_ptr<Unsent> unsent;  // until it is sent
    };
    // What tells the request that made the call when it comes again.
    struct Origin {
        std::string call_id;
        std::string from_tag;
        std::uint32_t cseq = 0;
        std::string contact;  // of a phone, else empty
    };

    const Adjacency& adjacency(AdjacencyIndex index) const {
        return setup_.snapshot->adjacencies[index];
    }
    const Adjacency& caller_adjacency() const { return adjacency(setup_.caller.adjacency); }

    // Who wrote the INVITE, and who its answers on that branch.
    policy::Author caller(const Branch& branch) const {
        return {.address_of_record = setup_.caller.address_of_record,
                .is_media_hidden = branch.media != nullptr,
                .is_ourselves = setup_.absent_caller.has_value()};
    }
    static policy::Author callee(const Branch& branch) {
        return {branch.address_of_record, {}, branch.media != nullptr};
    }

    // set-up
    Result<policy::Permit, policy::Refusal> permit(AdjacencyIndex to, sip::Scheme scheme,
                                                   policy::Event event);
    Result<policy::Permit, policy::Refusal> decide(AdjacencyIndex to, sip::Scheme scheme,
                                                   policy::Event event) const;
    bool try_next_route();
    bool open_location(std::string_view token);
    void miss_contact();
    bool try_next_round();
    bool open_contact(registrar::Candidate candidate);
    bool try_other_flow(std::size_t index);
    bool open_branch(const policy::Permit& permit, Destination destination);
    // Its media by-passes us where nothing else was said.
    policy::MediaVerdict judge_offer(const Branch& branch) const;
    void note_leg(const Branch& branch, std::string_view call_id);
    void send_branch(std::size_t index, const policy::MediaVerdict& media);
    policy::MediaVerdict judge_response(const Branch& branch, const sip::Message& response);
    void on_provisional(std::size_t index, const sip::MessagePtr& response);
    void ring_without_dialog(Branch& branch, const sip::Message& response);
    void note_ringing(Branch& branch, const sip::Message& response);
    void on_success(std::size_t index, const sip::MessagePtr& response);
    void on_redirect(std::size_t index, const sip::MessagePtr& response);
    void on_failure(std::size_t index, Failure failure);
    void cancel_branches(std::optional<std::size_t> but,
                         const sip::transaction::Reasons& reasons = {});
    void cancel_branch(Branch& branch, const sip::transaction::Reasons& reasons = {});
    void remember(Failure failure) { keep_best(best_, std::move(failure)); }
    void refuse(policy::Refusal refusal, policy::Event event);
    void refuse(policy::MediaRefusal refusal);
    bool is_at_limit(const policy::Permit& permit, AdjacencyIndex to, policy::Event event);
    void go_on_or_fail();
    void fail();
    void drop_surplus(Branch& branch, const sip::MessagePtr& response);
    void drop_requests();
    void close_branch(std::size_t index);
    bool drop_early(std::size_t pair);
    DialogPair* find_pair(std::size_t branch, const sip::Message& response);
    DialogPair* pair_for(std::size_t branch, const sip::MessagePtr& response);
    void confirm(DialogPair& pair, const sip::MessagePtr& response,
                 const policy::MediaVerdict& media);

    // media that goes through the engine (call_media.cpp)
    //
    // What comes for a call with such media is looked at in the order in which it came.
    struct Arrival {
        enum class Kind : std::uint8_t { Request, Ack, Response, Join };
        Kind kind = Kind::Request;
        sip::transaction::ServerId server = {};
        sip::transaction::ClientId client = {};
        sip::Hop from = {};
        sip::MessagePtr message = nullptr;
        Side side = Side::Caller;  // Join: of who comes
        bool is_asked = false;
    };
    bool is_anchored() const { return !sessions_.empty() && !is_over_; }
    MediaSessionPtr new_session();
    void take(Arrival arrival);
    void advance();
    void look_at(const Arrival& arrival);
    std::optional<MediaQuestion> question(const Arrival& arrival) const;
    std::optional<MediaQuestion> question_of_branch(const Branch& branch,
                                                    const sip::MessagePtr& response) const;
    std::optional<MediaQuestion> question_of_newcomer(const sip::MessagePtr& response) const;
    MediaQuestion offer_of(const Branch& branch) const;
    void on_branch_media(std::size_t index, const std::optional<media::NgReply>& reply);
    void on_newcomer_media(const std::optional<media::NgReply>& reply);
    bool drop_arrival(sip::transaction::ServerId invite);
    void release_media();
    void watch_media();
    void look_at_media();
    void on_watch(const std::optional<media::NgReply>& reply);
    void take_back_offer();
    void on_offer_taken_back();
    void on_response_now(sip::transaction::ClientId id, const sip::MessagePtr& response);
    void on_request_now(sip::transaction::ServerId id, const sip::Hop& from,
                        const sip::MessagePtr& request);
    void on_ack_now(const sip::Hop& from, const sip::MessagePtr& ack);
    void on_joined(const Arrival& arrival);

    // within dialogs
    struct Place {
        std::size_t pair = 0;
        Side side = Side::Caller;
    };
    // A newcomer whose INVITE waits for the answer of the leg that remains.
    struct Joining {
        Newcomer newcomer;
        Place place;  // of the leg that it replaces
        sip::transaction::ClientId client;
        std::uint32_t number = 0;  // for its timers
        bool is_answered = false;  // it gave up, or was told no
        bool is_cancel_owed = false;
        sip::transaction::Reasons reasons = {};  // of that CANCEL
        bool is_awaited = false;                 // its connection is gone, and the time for it runs
        MediaSessionPtr media = nullptr;         // null: by-passed
        media::Ticket ticket = {};  // its offer is being shown to the engine: nothing is sent yet
    };
    bool send_newcomers_invite(const policy::MediaVerdict& media);
    void turn_newcomer_away(int status, std::string_view reason,
                            std::optional<policy::MediaRefusal> rule = std::nullopt);
    void refuse(const Newcomer& newcomer, const Place& place, int status, std::string_view reason,
                std::optional<policy::JudgedTarget> target = std::nullopt);
    void keep_refusal(const Newcomer& newcomer, const Place& place, int status,
                      std::string_view reason, std::optional<policy::JudgedTarget> target);
    MediaQuestion offer_of(const Joining& joining) const;
    std::optional<Place> place_of(const sip::Message& request) const;
    std::optional<Place> place_of(const sip::DialogIds& ids) const;
    std::optional<policy::Reject> refuse_replacement(const Place& place,
                                                     const Newcomer& newcomer) const;
    void on_newcomers_answer(const sip::MessagePtr& response);
    void refuse_newcomer(const Joining& joining, const sip::Message& response);
    void on_newcomer_timer(std::uint32_t number);
    void drop_newcomer(int status, std::string_view reason,
                       const sip::transaction::Reasons& reasons = {});
    Fate pass_on(Place place, sip::transaction::ServerId id, const sip::Hop& from,
                 const sip::MessagePtr& request);
    Fate on_refer(Place place, sip::transaction::ServerId id, const sip::Hop& from,
                  const sip::MessagePtr& request);
    std::optional<Fate> follow(Place place, sip::transaction::ServerId id, const sip::Hop& from,
                               const sip::MessagePtr& refer, sip::Scheme scheme);
    void keep_refused_answer(const Leg& party, const Leg& other, const sip::Message& answer,
                             policy::MediaRefusal rule);
    void on_transferred();
    bool is_transferring() const { return transfer_ != nullptr && transfer_->is_open(); }
    void on_referral_timer(std::uint32_t number);
    void act_on(std::size_t pair, const Fate& fate);
    void on_timer_c(std::uint32_t index);
    void on_caller_timer();
    void end_pair(std::string_view reason);
    void close_relays();
    void lose(std::string_view reason, int status);
    void finish(std::string_view result, int status, std::string_view reason);
    // What it would be in another process (call_keeping.cpp).
    KeptCall kept() const;
    std::size_t mark_of_kept() const;
    void keep();
    void check_over();

    // Timers of their own: see on_timer. Branches count from 0.
    static constexpr std::uint32_t referral_timer = 1U << 30;
    static constexpr std::uint32_t newcomer_timer = 1U << 29;
    static constexpr std::uint32_t referrer_timer = 1U << 27;
    static constexpr std::uint32_t caller_timer = 1U << 26;
    static constexpr std::uint32_t lost_newcomer_timer = 1U << 25;
    static constexpr std::uint32_t media_timer = 1U << 24;

    CallHost& host_;
    Setup setup_;  // its request: until it is answered
    Origin origin_;
    sip::Scheme caller_scheme_;
    Anchorage anchorage_;
    CallContext context_;  // it points to record_
    std::size_t next_route_ = 0;
    std::deque<registrar::Round> rounds_;  // of the user who is called, still to be tried
    std::vector<Branch> branches_;
    std::vector<std::unique_ptr<DialogPair>> pairs_;
    Referrals referrals_;
    std::optional<Joining> joining_;
    std::unique_ptr<Transfer> transfer_;  // the last one that Ringwall makes itself
    std::uint32_t transfers_ = 0;
    std::uint32_t last_newcomer_ = 0;
    std::optional<std::size_t> confirmed_;  // the pair that the call is
    bool is_answered_ = false;              // a final response went to the caller
    bool is_cancelled_ = false;
    bool is_caller_awaited_ = false;  // its connection is gone, and the time for it runs
    bool is_over_ = false;
    bool was_lingering_ = false;             // when it was over
    std::vector<MediaSessionPtr> sessions_;  // of the media engine, that it has not forgotten
    std::deque<Arrival> arrivals_;
    std::optional<MediaQuestion> asked_;  // of the first of them
    media::Ticket asked_ticket_;
    media::Ticket watch_ticket_;
    media::Ticket take_back_ticket_;
    MediaSessionPtr watched_;  // of that
    bool is_media_watched_ = false;
    unsigned silent_looks_ = 0;  // that the engine did not answer, one after another
    std::size_t kept_mark_ = 0;  // of what is kept of it; 0: nothing is
    // What the caller is told when nothing is left.
    std::optional<Failure> best_;
    std::unique_ptr<CallRecord> record_;  // until it is written and the rest goes
};

}  // namespace ringwall::sbc::b2bua
