#include "sbc/b2bua/transfer.h"

#include <algorithm>
#include <utility>

#include "sbc/b2bua/description.h"
#include "sbc/b2bua/topology_hiding.h"
#include "sip/message_builder.h"

namespace ringwall::sbc::b2bua {

using sip::Method;
using sip::transaction::ClientId;
using sip::transaction::ServerId;
using sip::transaction::TerminationCause;

namespace {

// However often the target says that it rings.
constexpr Duration longest_ringing = 180s;
// While somebody else negotiates on the call.
constexpr Duration next_look = 500ms;

}  // namespace

Transfer::Transfer(const CallContext& context, DialogPair& pair, std::size_t index, Side referrer,
                   const sip::Message& refer, std::uint32_t number)
    : context_(context),
      pair_(pair),
      index_(index),
      referrer_(referrer),
      number_(number),
      subscription_(context, pair, referrer, refer) {}

void Transfer::begin(ServerId id, const sip::Message& refer, sip::MessagePtr invite) {
    const Leg& party = pair_.leg(remaining());
    const Leg& referrer = pair_.leg(referrer_);
    subscription_.accept(id, refer);
    errand_ = context_.host.begin_errand(
        {.by = context_.ref,
         .invite = std::move(invite),
         .party = party.peer,
         .hop = party.hop,
         .referrer = {referrer.peer, referrer.hop.remote.address},
         .bucket = context_.bucket,
         .security = context_.security,
         .as_caller = policy::call_from(context_.adjacency(party.peer.adjacency),
                                        context_.security.scheme)});
    start_timer(longest_ringing);
}

Fate Transfer::on_errand(ServerId errand, const sip::MessagePtr& response) {
    if (errand != errand_ || !is_open()) {
        return {};
    }
    if (response == nullptr) {
        errand_ = {};
        return fail(480, "Temporarily Unavailable");
    }
    const int status = response->status();
    if (state_ != State::Calling) {
        return {};
    }
    if (status < 200) {
        subscription_.say(status, response->reason());
        return {};
    }
    if (status >= 300) {
        errand_ = {};
        // An untrusted caller learns nothing about who exists, and so no untrusted referrer.
        const bool is_trusted =
            context_.adjacency(pair_.leg(referrer_).peer.adjacency).is_trusted();
        const bool may_know = status != 404 || is_trusted;
        return fail(may_know ? status : 480,
                    may_know ? response->reason() : sip::reason_phrase(480));
    }
    if (!bears_description(*response)) {
        return fail(488, "Not Acceptable Here");
    }
    target_ = response;
    deadline_ = context_.host.now().monotonic + 64 * context_.host.timers().t1;
    state_ = State::Waiting;
    ask();
    return {};
}

// The target's offer is the remaining party's to answer.
void Transfer::ask() {
    if (pair_.is_negotiating()) {
        start_timer(next_look);
        return;
    }
    const auto sent = pair_.send(remaining(), Method::Invite, [&](sip::MessageBuilder& invite) {
        copy_body(invite, keep_body(*target_));
    });
    if (!sent) {  // it may come back by another connection
        start_timer(next_look);
        return;
    }
    pair_.leg(remaining()).session.on_offer_sent();
    state_ = State::Asking;
    asked_ = *sent;
    is_asking_ = true;
    is_cancel_owed_ = false;
    start_timer(deadline_ - context_.host.now().monotonic);
}

std::optional<Fate> Transfer::on_response(ClientId id, const sip::MessagePtr& response) {
    if (subscription_.owns(id)) {
        subscription_.on_response(*response);
        return Fate{};
    }
    if (id != asked_ || !asked_) {
        return std::nullopt;
    }
    const int status = response->status();
    if (status < 200) {
        if (std::exchange(is_cancel_owed_, false)) {
            context_.host.cancel(context_.ref, asked_, {});
        }
        return Fate{};
    }
    if (!std::exchange(is_asking_, false)) {
        if (status < 300) {
            pair_.acknowledge(remaining(), response->cseq().number);
        }
        return Fate{};
    }
    return on_answer(response);
}

// Of the remaining party, the final one.
Fate Transfer::on_answer(const sip::MessagePtr& response) {
    const int status = response->status();
    Leg& party = pair_.leg(remaining());
    party.session.close();
    if (status >= 300 && state_ != State::Asking) {
        return {};
    }
    if (status == 491) {  // RFC 3261 §14.1: who made the Call-ID waits longer
        state_ = State::Waiting;
        const auto after =
            Duration(std::chrono::milliseconds(context_.host.random().number() % 2000));
        start_timer(after + (party.went_out ? 2100ms : 0ms));
        return {};
    }
    if (status == 408 || status == 481) {
        fail(status, response->reason());
        return Fate::lost("peer lost the dialog");
    }
    if (status >= 300) {
        const bool is_challenge = status == 401 || status == 407;
        return fail(is_challenge ? 480 : status,
                    is_challenge ? sip::reason_phrase(480) : response->reason());
    }
    pair_.acknowledge(remaining(), response->cseq().number);
    // From here on the party describes the session to the target: it cannot be left to the old one.
    if (state_ != State::Asking) {
        return Fate::lost("transfer given up too late");
    }
    if (pair_.refuses_target(remaining(), *response, policy::Event::RefreshByResponse)) {
        fail(488, "Not Acceptable Here");
        return Fate::lost("target refresh changes the URI scheme");
    }
    if (const auto target = sip::dialog_contact(*response); target && *target) {
        party.dialog.set_remote_target((*target)->uri.text);
    }
    if (!context_.host.join_errand(std::exchange(errand_, ServerId{}), target_->to_tag(),
                                   pair_.leg_to_go(remaining()), *party.invited, response)) {
        fail(488, "Not Acceptable Here");
        return Fate::lost("answer refused by media-security");
    }
    pair_.part(remaining());
    state_ = State::Joined;
    subscription_.say(200, "OK");
    return Fate::transferred();
}

std::optional<Fate> Transfer::on_client_failed(ClientId id, TerminationCause cause) {
    if (subscription_.owns(id)) {
        subscription_.on_client_failed();
        return Fate{};
    }
    if (id != asked_ || !std::exchange(is_asking_, false)) {
        return std::nullopt;
    }
    pair_.leg(remaining()).session.close();
    if (cause == TerminationCause::Timeout) {
        fail(408, sip::reason_phrase(408));
        return Fate::lost("peer does not answer");
    }
    const Fate fate = fail(480, sip::reason_phrase(480));
    pair_.wait_for_flow();  // the party may come back: the first call is as it was
    return fate;
}

void Transfer::on_sent_again(ClientId id, const sip::MessagePtr& request) {
    if (id == asked_ && is_asking_) {
        pair_.leg(remaining()).invited = request;  // its ACK bears the same proof
    }
}

std::optional<std::uint32_t> Transfer::next_cseq(ClientId id) {
    if (subscription_.owns(id)) {
        return pair_.leg(referrer_).dialog.next_cseq();
    }
    return id == asked_ && is_asking_ ? std::optional(pair_.leg(remaining()).dialog.next_cseq())
                                      : std::nullopt;
}

Fate Transfer::on_timer(std::uint32_t timer) {
    if (timer != (number_ << 16 | last_timer_) || !is_open()) {
        return {};
    }
    if (state_ == State::Waiting && context_.host.now().monotonic < deadline_) {
        ask();
        return {};
    }
    return fail(408, "Request Timeout");
}

// Who hangs up with an INVITE of its own under way leaves nothing to go on from.
bool Transfer::on_hang_up(Side by) {
    return by == referrer_ && (state_ == State::Asking || !pair_.is_negotiating());
}

void Transfer::give_up() {
    if (is_open()) {
        fail(487, "Request Terminated");
    }
}

Fate Transfer::fail(int status, std::string_view reason) {
    drop_errand("transfer failed");
    state_ = State::Failed;
    if (is_asking_) {
        is_cancel_owed_ = !context_.host.cancel(context_.ref, asked_, {});
    }
    subscription_.say(status, reason);
    return pair_.leg(referrer_).is_ended ? Fate::lost("transfer failed") : Fate{};
}

void Transfer::drop_errand(std::string_view reason) {
    if (const ServerId errand = std::exchange(errand_, ServerId{})) {
        context_.host.drop_errand(errand, reason);
    }
}

void Transfer::start_timer(Duration after) {
    const Duration wait = std::max<Duration>(after, Duration::zero());
    context_.host.start_timer(context_.ref, wait, timer_bit | number_ << 16 | ++last_timer_);
}

}  // namespace ringwall::sbc::b2bua
