// What the border controller keeps for a request: a call, a subscription, a request on its way. It
// is found by the tags, Call-IDs and transactions that it owns (CallHost), and told what comes for
// it. RFC 5057 calls what lives in a dialog its usage.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "sbc/b2bua/call_host.h"
#include "sbc/b2bua/leg.h"
#include "sbc/record/call_record.h"
#include "sip/header/replaces.h"
#include "sip/message.h"
#include "sip/transaction/actions.h"

namespace ringwall::sbc::b2bua {

// An INVITE from outside that is to take the place of the peer of a dialog (RFC 3891).
struct Newcomer {
    sip::transaction::ServerId invite;
    sip::MessagePtr request;
    sip::Hop from;
    Proof peer;
    policy::CallSecurity security;
    Speaker speaker;  // who names the dialog
    // Set: who asks is not there yet, but will be joined (OnBehalf); what its own call would be.
    std::optional<policy::CallSecurity> absent_caller = std::nullopt;
    policy::DecisionTrace decisions = {};  // what it has met
};

class Usage {
public:
    virtual ~Usage() = default;

    virtual CallRef ref() const = 0;
    virtual const std::string& name() const = 0;  // for record, log and trace

    // A request within one of the dialogs, by its tags. `from` is who sends it now.
    virtual void on_request(sip::transaction::ServerId id, const sip::Hop& from,
                            const sip::MessagePtr& request) = 0;
    virtual void on_response(sip::transaction::ClientId id, const sip::MessagePtr& response) = 0;
    virtual void on_client_failed(sip::transaction::ClientId id,
                                  sip::transaction::TerminationCause cause) = 0;
    // The peer of that transaction challenges us. The CSeq of the same request once more, and what
    // was sent then in its place: its responses come under the same id.
    virtual std::uint32_t next_cseq(sip::transaction::ClientId id, std::uint32_t used) {
        (void)id;
        return used + 1;
    }
    virtual void on_sent_again(sip::transaction::ClientId id, const sip::MessagePtr& request) {
        (void)id;
        (void)request;
    }
    // A phone asks whoever sent this for a proof, and hears one of ours. False: who asked us to
    // send it is not one whose word is as good.
    virtual bool is_vouched_for() const { return true; }
    virtual void on_timer(std::uint32_t cookie) = 0;
    virtual void on_flow_closed(FlowId flow) = 0;
    // Of a request that is this usage's to answer; none: nobody waits for that any more.
    virtual std::optional<Sender> sender_of(sip::transaction::ServerId id) const {
        (void)id;
        return std::nullopt;
    }
    // Only an INVITE is cancelled or acknowledged.
    virtual void on_cancel(sip::transaction::ServerId invite,
                           const sip::transaction::Reasons& reasons) {
        (void)invite;
        (void)reasons;
    }
    virtual void on_ack(const sip::Hop& from, const sip::MessagePtr& ack) {
        (void)from;
        (void)ack;
    }

    // False: no dialog of these ids can be replaced. Else the INVITE was answered, or will be.
    virtual bool replace(const sip::DialogIds& ids, const Newcomer& newcomer) {
        (void)ids;
        (void)newcomer;
        return false;
    }

    // What was answered to an INVITE of its own on behalf of a party (CallHost); null: whoever had
    // said yes is gone.
    virtual void on_errand(sip::transaction::ServerId errand, const sip::MessagePtr& response) {
        (void)errand;
        (void)response;
    }
    // The party for whose sake the dialog with this tag was made comes to it. `asked` is the offer
    // that it was told, `answer` its 2xx. False: that may not pass, and the dialog is ended.
    virtual bool join(std::string_view our_tag, const Leg& party, const sip::Message& asked,
                      const sip::MessagePtr& answer) {
        (void)our_tag;
        (void)party;
        (void)asked;
        (void)answer;
        return false;
    }

    // Of what it asked the media engine. None: that does not answer.
    virtual void on_media(media::Ticket ticket, const std::optional<media::NgReply>& reply) {
        (void)ticket;
        (void)reply;
    }

    // What is kept of it (CallHost) lacks in the file.
    virtual void keep_anew() {}

    virtual bool is_call() const { return false; }
    // Of a call that is up: where it came from, and whether it was answered. None: it is none.
    struct Progress {
        AdjacencyIndex from = 0;
        bool is_answered = false;
    };
    virtual std::optional<Progress> progress() const { return std::nullopt; }
    // Where it has something: a leg, or what waits for an answer. None once nothing is left of it.
    virtual std::vector<AdjacencyIndex> adjacencies() const = 0;

    // Everybody is told that it is over.
    virtual void terminate(std::string_view reason) = 0;
    virtual bool is_over() const = 0;
    // It is over, but something may still come for it; CallHost::release says when no more.
    virtual bool lingers() const { return false; }
    // It is over, but its transactions are not: whatever they do not need goes. True: no request
    // within a dialog and no timer is for it any more.
    virtual bool keep_least() { return false; }
    virtual bool is_consistent() const = 0;
    // The request that made it, come by another way (RFC 3261 §8.2.2.2), or what became of it, come
    // back as it went (§16.3).
    virtual bool is_merged(const sip::Message& request) const = 0;
    // What the record would be if the program ended now; none: it is no call.
    virtual std::optional<CallRecord> record_so_far(std::string_view reason) const {
        (void)reason;
        return std::nullopt;
    }
};

}  // namespace ringwall::sbc::b2bua
