// A call beyond its process: what is kept of it while it is up, and how it goes on in another.
#include <functional>
#include <utility>

#include "sbc/b2bua/call.h"
#include "sbc/b2bua/kept_call.h"
#include "sbc/b2bua/tag.h"

namespace ringwall::sbc::b2bua {

namespace {

// Without what is the process's own.
Leg without_transactions(Leg leg) {
    if (leg.answered) {
        leg.answered->response = nullptr;
    }
    leg.accepted_before.reset();
    leg.session = {};
    leg.invited = nullptr;
    leg.refresh.reset();
    leg.goodbye.reset();
    return leg;
}

class Mark {
public:
    template <class Value>
    Mark& add(const Value& value) {
        constexpr std::size_t prime = 0x100'0000'01b3;  // as FNV's: any change shows
        value_ = (value_ ^ std::hash<Value>{}(value)) * prime;
        return *this;
    }
    void add(const Leg& leg) {
        const auto& timer = leg.timer.parts();
        add(leg.dialog.local_tag()).add(leg.dialog.remote_tag()).add(leg.dialog.remote_target());
        add(leg.dialog.local_cseq() / (unwritten_requests / 2));
        add(leg.hop.remote.to_string()).add(leg.hop.transport).add(leg.peer.fingerprint);
        add(timer.agreed.value_or(0)).add(timer.refreshed.time_since_epoch().count());
        add(leg.answered.has_value()).add(leg.is_ended);
        add(leg.accepted ? leg.accepted->cseq : 0).add(leg.accepted && leg.accepted->ack.empty());
        add(leg.described ? leg.described->octets : std::string());
    }
    std::size_t value() const { return value_ == 0 ? 1 : value_; }

private:
    std::size_t value_ = 0xcbf2'9ce4'8422'2325;
};

}  // namespace

Call::Call(CallHost& host, Setup setup, KeptCall kept)
    : host_(host),
      setup_(std::move(setup)),
      origin_{kept.caller.dialog.call_id(), kept.caller.dialog.remote_tag(), 0, {}},
      caller_scheme_(kept.caller.scheme),
      anchorage_(host, setup_.ref, *setup_.snapshot),
      context_{host,          setup_.ref,   setup_.snapshot, setup_.security,
               setup_.bucket, kept.own_tag, &anchorage_,     setup_.name},
      record_(std::make_unique<CallRecord>(std::move(kept.record))) {
    record_->call = setup_.name;
    if (record_->answer) {  // what it lasted before, only the clock of the wall knows
        const auto since = host_.now().wall - *record_->answer;
        record_->answered_at = host_.now().monotonic - std::max<Duration>(since, Duration::zero());
    }
    context_.decisions = &record_->decisions;
    Branch branch;
    branch.adjacency = kept.callee.peer.adjacency;
    branch.scheme = kept.callee.scheme;
    branch.hop = kept.callee.hop;
    branch.address_of_record = kept.callee.peer.address_of_record;
    branch.token = kept.callee.token;
    branch.local_tag = kept.callee.dialog.local_tag();
    branch.is_open = false;
    DialogPair::Anchor anchor;
    if (kept.media) {
        sessions_.push_back(std::make_shared<MediaSession>(*std::move(kept.media)));
        branch.media = sessions_.back();
        anchor = {.session = sessions_.back(),
                  .caller_tag = std::move(kept.caller_media_tag),
                  .callee_tag = std::move(kept.callee_media_tag)};
    }
    branches_.push_back(std::move(branch));
    host_.own_tag(context_.own_tag, ref());
    for (const Leg* leg : {&kept.caller, &kept.callee}) {
        host_.own_tag(leg->dialog.local_tag(), ref());
        host_.own_call_id(leg->dialog.call_id(), ref());
    }
    pairs_.push_back(std::make_unique<DialogPair>(context_, 0, 0, std::move(kept.caller),
                                                  std::move(kept.callee)));
    pairs_.back()->set_anchor(std::move(anchor));
    pairs_.back()->resume(kept.is_interval_agreed);
    confirmed_ = 0;
    is_answered_ = true;
}

void Call::resume() {
    if (record_->result.empty()) {
        watch_media();
    } else {
        pairs_[*confirmed_]->end();  // who had not acknowledged is still to hear it
    }
    check_over();
}

KeptCall Call::kept() const {
    const DialogPair& pair = *pairs_[*confirmed_];
    const DialogPair::Anchor& anchor = pair.anchor();
    KeptCall out{.name = setup_.name,
                 .bucket = setup_.bucket,
                 .own_tag = context_.own_tag,
                 .security = setup_.security,
                 .record = *record_,
                 .caller = without_transactions(pair.leg(Side::Caller)),
                 .callee = without_transactions(pair.leg(Side::Callee)),
                 .is_interval_agreed = pair.is_interval_agreed(),
                 .media = std::nullopt,
                 .caller_media_tag = anchor.caller_tag,
                 .callee_media_tag = anchor.callee_tag};
    if (anchor.session != nullptr) {
        out.media = *anchor.session;
    }
    return out;
}

// Not what comes and goes with each request: heard a moment ago, and the like.
std::size_t Call::mark_of_kept() const {
    const DialogPair& pair = *pairs_[*confirmed_];
    Mark mark;
    mark.add(*confirmed_);
    mark.add(pair.leg(Side::Caller));
    mark.add(pair.leg(Side::Callee));
    mark.add(pair.is_interval_agreed());
    mark.add(record_->result);
    if (const MediaSessionPtr& session = pair.media_session(); session != nullptr) {
        mark.add(session->id);
        mark.add(session->agreed ? session->agreed->answer : std::string());
    }
    return mark.value();
}

void Call::keep() {
    if (!host_.keeps_calls() || is_over_ || !confirmed_) {
        return;
    }
    const DialogPair& pair = *pairs_[*confirmed_];
    const bool is_any_ended = pair.leg(Side::Caller).is_ended || pair.leg(Side::Callee).is_ended;
    if (is_any_ended && record_->result.empty()) {
        return;
    }
    if (const std::size_t mark = mark_of_kept(); mark != kept_mark_) {
        kept_mark_ = mark;
        host_.keep(ref(), kept());
    }
}

void Call::keep_anew() {
    kept_mark_ = 0;
    keep();
}

}  // namespace ringwall::sbc::b2bua
