// What a call asks of the border controller around it. One interface: effects in, nothing called
// back from within.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "sbc/b2bua/call_ref.h"
#include "sbc/b2bua/leg.h"
#include "sbc/media/engine.h"
#include "sbc/policy/cac.h"
#include "sbc/policy/permit.h"
#include "sbc/record/call_record.h"
#include "sbc/registrar/location.h"
#include "sip/header/replaces.h"
#include "sip/transaction/actions.h"

namespace ringwall::sbc::b2bua {

struct KeptCall;

// An INVITE of our own for a party of a call here (REFER, `refer handle`): an errand. What it sets
// up is a call in whose caller's leg nobody is until the party is joined to it.
struct OnBehalf {
    CallRef by;              // the call that the party is in
    sip::MessagePtr invite;  // as the party would have sent it, without a description
    Proof party;
    sip::Hop hop;      // of the party
    Speaker referrer;  // who wants it called
    Bucket bucket;
    policy::CallSecurity security;   // of that call: it is kept
    policy::CallSecurity as_caller;  // what the party's own call would be
};

class CallHost {
public:
    virtual ~CallHost() = default;

    virtual Now now() const = 0;
    virtual Random& random() = 0;
    // For the identifiers of a new call, or whatever else is answered here later.
    virtual Bucket new_bucket() = 0;
    virtual const sip::transaction::Timers& timers() const = 0;

    // A request towards a new target: only with the proof that the policy allows it. Where `to` is
    // of hop_to(), it goes from one of the peer's servers to the next until one answers (RFC 3263
    // §4.3): what is heard then is of the last, and its hop is hop_of().
    virtual sip::transaction::ClientId send_new(CallRef call, const policy::Permit& permit,
                                                const sip::Hop& to, sip::MessagePtr request) = 0;
    // Within a dialog whose target was permitted.
    virtual sip::transaction::ClientId send_in_dialog(CallRef call, const sip::Hop& to,
                                                      sip::MessagePtr request) = 0;
    virtual void send_ack(const sip::Hop& to, const sip::MessagePtr& ack) = 0;
    virtual void respond(sip::transaction::ServerId id, sip::MessagePtr response) = 0;
    // 481 to what is of no dialog of ours, or not from the peer of it: in the name of the adjacency
    // that it came by, which may be another than the dialog's.
    virtual void refuse_unknown(sip::transaction::ServerId id, const sip::Hop& from,
                                const sip::Message& request) = 0;
    // Can who sent that request hear its answer? If its connection is gone: by the one that the
    // phone registered on since, or by a new one to a trusted peer (RFC 3261 §18.2.2), which is
    // opened and can be asked for later. What is answered goes there from then on.
    virtual bool can_answer(sip::transaction::ServerId id) = 0;
    virtual sip::transaction::ClientId cancel(CallRef call, sip::transaction::ClientId invite,
                                              const sip::transaction::Reasons& reasons) = 0;
    // Call::on_timer(cookie) after that time.
    virtual void start_timer(CallRef call, Duration after, std::uint32_t cookie) = 0;

    // What follows is by the configuration that `call` began with.
    //
    // To an adjacency's signaling-peer, by a way that is found when something is sent there. None
    // when it has no peer, is detached (by now), or is known to be nowhere.
    virtual std::optional<sip::Hop> hop_to(CallRef call, AdjacencyIndex adjacency) = 0;
    // Where a request that was sent to `to` has gone last.
    virtual sip::Hop hop_of(sip::transaction::ClientId client, const sip::Hop& to) const = 0;
    // The way to a leg's peer for the next in-dialog request; none when it cannot be reached now.
    virtual std::optional<sip::Hop> hop_in_dialog(CallRef call, const Leg& leg) = 0;
    // It cannot be reached now, but its registration at an earlier process has not run out yet.
    virtual bool may_come_back(const Leg& leg) = 0;
    // Who is at the other end of this hop now.
    virtual Proof proof_of(AdjacencyIndex adjacency, const sip::Hop& hop,
                           std::string_view address_of_record) = 0;
    // Does `from` belong to the peer that this leg's dialog was made with?
    virtual bool is_peer_of(CallRef call, const Leg& leg, const sip::Hop& from) = 0;
    // Those that the call knows the adjacencies of.
    virtual std::vector<registrar::Binding> find_location(CallRef call,
                                                          std::string_view address_of_record) = 0;
    // The one that the registrar at `behind` knows by this token; none: not now.
    virtual std::optional<registrar::Binding> find_contact(CallRef call, std::string_view token,
                                                           AdjacencyIndex behind) = 0;
    virtual bool is_subscriber(std::string_view address_of_record) const = 0;

    // A phone's challenge goes on to the registrar behind us that called it; and whether these
    // credentials of that registrar's answer one of the phone's. `phone`: the token of its contact,
    // or our tag of a dialog with it.
    virtual void challenge_passes(std::string_view phone, AdjacencyIndex registrar,
                                  const sip::Message& challenge) = 0;
    virtual bool is_answer(std::string_view phone, AdjacencyIndex registrar,
                           const sip::HeaderLine& credentials) = 0;

    // By the admission policy: may the call leave by that adjacency too? What it is counted with is
    // given back when no leg of the call is there any more. None: it may.
    virtual std::optional<policy::CacRefusal> admit(CallRef call, const policy::CacEvent& event,
                                                    policy::CacGate::Urgency urgency) = 0;
    // What admit() would say; nothing is counted.
    virtual std::optional<policy::CacRefusal> would_refuse(
        const policy::CacEvent& event, policy::CacGate::Urgency urgency) const = 0;

    // Requests whose To tag is `tag` are this call's, until it is over.
    virtual void own_tag(std::string_view tag, CallRef call) = 0;
    // What stands for a dialog of ours by its to-tag: of a call here; or, by its looks, of another
    // worker. None: it is not ours. It is worth as much as `speaker`'s own word.
    virtual std::optional<std::string> vouch_for(const sip::DialogIds& ids,
                                                 const Speaker& speaker) = 0;
    virtual void own_call_id(std::string_view call_id, CallRef call) = 0;
    // The dialog with this tag of ours is of a call on another worker.
    virtual bool is_elsewhere(std::string_view tag) const = 0;

    // The routes are those of a call of the party, each of them put to `permit` for the call too.
    // Where the INVITE bears a Replaces it takes somebody's place in a call of this worker. What is
    // answered comes to Usage::on_errand, later.
    virtual sip::transaction::ServerId begin_errand(const OnBehalf& errand) = 0;
    // Whoever is being called hears CANCEL, whoever has answered BYE. Nothing more comes of it.
    virtual void drop_errand(sip::transaction::ServerId errand, std::string_view reason) = 0;
    // See Usage::join. The errand is over.
    virtual bool join_errand(sip::transaction::ServerId errand, std::string_view our_tag,
                             const Leg& party, const sip::Message& asked,
                             const sip::MessagePtr& answer) = 0;
    // The media engine. What it says to a request about one of its sessions comes to
    // Usage::on_media, later; where it does not answer, too.
    virtual bool is_media_engine_up() const = 0;
    virtual media::Ticket ask_media(CallRef call, std::string_view session,
                                    std::string_view request) = 0;
    virtual void forget_media(std::string_view session) = 0;

    // Calls that are up are to outlive the process.
    virtual bool keeps_calls() const = 0;
    // What would be needed of this one now. It replaces what was kept of it; end() removes it.
    virtual void keep(CallRef call, KeptCall kept) = 0;
    // respond(), once what was kept until now is written, if that does not take too long.
    virtual void respond_when_kept(sip::transaction::ServerId id, sip::MessagePtr response) = 0;

    // The last word of a call. It is destroyed when its transactions have ended.
    virtual void end(CallRef call, const CallRecord& record) = 0;
    // The same of what is no call: nothing is recorded.
    virtual void release(CallRef usage) = 0;
    // A refusal by `permit` or the media rule, counted under its name.
    virtual void count_refusal(std::string_view name) = 0;
    // What was refused, and is no call: kept with the last ones. It gets a name if it has none.
    virtual void keep_refusal(CallRecord record) = 0;
};

}  // namespace ringwall::sbc::b2bua
