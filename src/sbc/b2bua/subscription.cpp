#include "sbc/b2bua/subscription.h"

#include <algorithm>
#include <utility>

#include "sbc/b2bua/tag.h"
#include "sbc/b2bua/topology_hiding.h"
#include "sip/header/event.h"
#include "sip/header/subscription_state.h"
#include "sip/message_builder.h"

namespace ringwall::sbc::b2bua {

using policy::Event;
using sip::HeaderName;
using sip::Method;
using sip::transaction::ClientId;
using sip::transaction::ServerId;
using sip::transaction::TerminationCause;

namespace {

constexpr std::size_t max_entries = 16;  // nobody forks like that
// Where neither side says for how long: an event package has its default, which is not looked at.
constexpr Duration default_duration = 3600s;
// What an end may promise itself, so that what is forgotten ends here some day.
constexpr Duration longest_duration = 24h;
constexpr Duration refer_duration = 180s;

std::string_view value_of(const sip::Message& message, HeaderName name) {
    const sip::HeaderLine* line = message.header(name);
    return line == nullptr ? std::string_view() : line->value;
}

// RFC 6665 §4.5.1: a NOTIFY belongs to a subscription to the same event. What a REFER implies is
// "refer", with or without an id (RFC 3515 §2.4.6).
bool is_for(const sip::Message& notify, const sip::Message& subscribe) {
    const auto event = sip::parse_event(value_of(notify, HeaderName::Event));
    if (!event) {
        return false;
    }
    if (subscribe.method() == Method::Refer) {
        return event->package == "refer";
    }
    const auto asked = sip::parse_event(value_of(subscribe, HeaderName::Event));
    return asked && sip::is_same_event(*event, *asked);
}

Duration asked_duration(const sip::Message& subscribe) {
    const auto expires = subscribe.expires();
    return expires ? std::min<Duration>(std::chrono::seconds(*expires), longest_duration)
                   : default_duration;
}

bool implies_no_subscription(const sip::Message& response) {  // RFC 4488 §4
    const sip::HeaderLine* line = response.header("Refer-Sub");
    return line != nullptr && line->value.starts_with("false");
}

}  // namespace

Subscription::Subscription(CallHost& host, Setup setup)
    : ForwardedRequest(host, std::move(setup)),
      host_(host),
      granted_(this->setup().request->method() == Method::Refer
                   ? refer_duration
                   : asked_duration(*this->setup().request)) {}

// ---- how it begins ------------------------------------------------------------------------------

void Subscription::on_sending(const Attempt& attempt) {
    host_.own_tag(attempt.tag, ref());
}

void Subscription::accept(const Attempt& attempt, const sip::MessagePtr& response) {
    for (std::size_t i = 0; i < attempts().size(); ++i) {
        if (&attempts()[i] == &attempt) {
            accepted_ = i;
        }
    }
    auto known = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
        const sip::Dialog& dialog = entry.pair->leg(Side::Callee).dialog;
        return dialog.local_tag() == attempt.tag && dialog.remote_tag() == response->to_tag();
    });
    const auto contact = sip::dialog_contact(*response);
    const bool is_allowed = contact && *contact &&
                            policy::permit(setup().security,
                                           policy::target_of(context().adjacency(attempt.adjacency),
                                                             (*contact)->uri.scheme),
                                           Event::RefreshByResponse)
                                .has_value();
    auto dialog = sip::Dialog::of_response(*attempt.sent, *response);
    Entry* entry = nullptr;
    if (is_allowed && dialog) {
        entry = known != entries_.end() ? &*known : add(attempt, attempt.hop, std::move(*dialog));
    }
    if (entry == nullptr) {
        // The notifier's NOTIFYs will find nothing, and that ends it there.
        accepted_.reset();
        end_those_of_failed_attempts();
        fail();
        return;
    }
    respond(
        passed_back(attempt, *response, entry->pair->leg(Side::Caller).dialog.local_tag(), true));
    if (implies_no_subscription(*response)) {
        end(*entry);
    } else {
        on_refreshed(*entry, *response);
    }
    check_over();
}

// Null where the subscriber's side can be no dialog.
Subscription::Entry* Subscription::add(const Attempt& attempt, const sip::Hop& notifier,
                                       sip::Dialog dialog) {
    const sip::Message& request = *setup().request;
    const std::string tag = make_tag(setup().bucket, host_.random());
    auto near = sip::Dialog::of_request(request, tag, sip::Dialog::State::Confirmed);
    if (!near) {
        return nullptr;
    }
    host_.own_tag(tag, ref());
    const sip::Scheme scheme =
        request.request_uri().scheme == sip::Scheme::Sips ? sip::Scheme::Sips : sip::Scheme::Sip;
    Leg subscriber{.peer = setup().sender,
                   .scheme = scheme,
                   .user = std::string(request.to().uri.user),
                   .hop = setup().from,
                   .dialog = std::move(*near),
                   .answered = {},
                   .accepted = {},
                   .asked = policy::privacy_of(request)};
    const sip::Hop reached = host_.hop_of(attempt.client, attempt.hop);
    Leg source{
        .peer = host_.proof_of(attempt.adjacency, reached, attempt.address_of_record),
        .scheme = attempt.scheme,
        .user = std::string(told_from(request, context().adjacency(attempt.adjacency)).uri.user),
        .hop = notifier,
        .dialog = std::move(dialog),
        .answered = {},
        .accepted = {},
        .went_out = true,
        .token = attempt.token};
    entries_.push_back(Entry{std::make_unique<DialogPair>(context(), entries_.size(), 0,
                                                          std::move(subscriber), std::move(source)),
                             false,
                             false,
                             {},
                             {}});
    stand_for(entries_.back(), 64 * host_.timers().t1);
    return &entries_.back();
}

// ---- requests in the dialogs --------------------------------------------------------------------

void Subscription::on_request(ServerId id, const sip::Hop& from, const sip::MessagePtr& request) {
    Entry* entry = nullptr;
    std::optional<Side> side;
    for (Entry& each : entries_) {
        side = each.pair->side_of(*request);
        if (side) {
            entry = &each;
            break;
        }
    }
    const bool is_notify = request->method() == Method::Notify;
    if (entry == nullptr && is_notify) {
        const Attempt* attempt = attempt_of(*request);
        entry = attempt == nullptr ? nullptr : entry_of(*request, *attempt, from);
        side = Side::Callee;
    }
    if (entry == nullptr || entry->pair->is_over()) {
        host_.refuse_unknown(id, from, *request);
        return;
    }
    const Method expected = *side == Side::Callee ? Method::Notify : Method::Subscribe;
    if (request->method() != expected) {
        context().answer(entry->pair->leg(*side).peer.adjacency, id, *request, 405,
                         "Method Not Allowed");
        return;
    }
    const sip::Dialog& told = entry->pair->leg(other_side(*side)).dialog;
    const std::uint32_t before = told.local_cseq();
    const Fate fate = entry->pair->on_request(*side, id, from, request);
    if (fate.kind == Fate::Kind::Lost) {
        notify_terminated(*entry, "deactivated");
        end(*entry);
    } else if (is_notify && told.local_cseq() != before) {  // it went on
        on_notify(*entry, *request);
    }
    check_over();
}

// The request that a NOTIFY in no dialog so far can be for: not answered yet, or by this 2xx.
const Subscription::Attempt* Subscription::attempt_of(const sip::Message& notify) const {
    for (std::size_t i = 0; i < attempts().size(); ++i) {
        const Attempt& attempt = attempts()[i];
        if (attempt.tag == notify.to_tag() && attempt.sent->call_id() == notify.call_id() &&
            (attempt.is_open || accepted_ == i) && is_for(notify, *setup().request)) {
            return &attempt;
        }
    }
    return nullptr;
}

// A NOTIFY before the 2xx, or of another notifier that the request was forked to (RFC 6665 §4.5.4).
Subscription::Entry* Subscription::entry_of(const sip::Message& notify, const Attempt& attempt,
                                            const sip::Hop& from) {
    auto dialog = sip::Dialog::of_notify(*attempt.sent, notify);
    if (!dialog || entries_.size() >= max_entries) {
        return nullptr;
    }
    const sip::Hop reached = host_.hop_of(attempt.client, attempt.hop);
    const Leg asked{.peer = host_.proof_of(attempt.adjacency, reached, attempt.address_of_record),
                    .user = {},
                    .hop = reached,
                    .dialog = *dialog};
    if (!host_.is_peer_of(ref(), asked, from)) {
        return nullptr;  // and takes nobody's place
    }
    return add(attempt, reached, std::move(*dialog));
}

void Subscription::on_notify(Entry& entry, const sip::Message& notify) {
    const auto state =
        sip::parse_subscription_state(value_of(notify, HeaderName::SubscriptionState));
    if (state && state->is_terminated()) {
        entry.is_ending = true;  // when it is answered
        stand_for(entry, 64 * host_.timers().t1);
        return;
    }
    const bool is_first = !std::exchange(entry.is_notified, true);
    if (state && state->expires) {
        stand_for(entry,
                  std::min<Duration>(std::chrono::seconds(*state->expires), longest_duration) +
                      64 * host_.timers().t1);
    } else if (is_first) {
        stand_for(entry, granted_ + 64 * host_.timers().t1);
    }
}

// ---- responses ----------------------------------------------------------------------------------

std::uint32_t Subscription::next_cseq(ClientId id, std::uint32_t used) {
    for (const Entry& entry : entries_) {
        if (const auto cseq = entry.pair->next_cseq(id)) {
            return *cseq;
        }
    }
    return used + 1;
}

void Subscription::on_sent_again(ClientId id, const sip::MessagePtr& request) {
    for (const Entry& entry : entries_) {
        entry.pair->on_sent_again(id, request);
    }
    ForwardedRequest::on_sent_again(id, request);
}

void Subscription::on_response(ClientId id, const sip::MessagePtr& response) {
    const int status = response->status();
    const bool is_notify = response->cseq().method == Method::Notify;
    for (Entry& entry : entries_) {
        const auto fate = entry.pair->on_response(id, response);
        if (!fate) {
            continue;
        }
        const bool is_forgotten = status == 408 || status == 481;
        if (status >= 200 &&
            (fate->kind == Fate::Kind::Lost || is_forgotten || (is_notify && entry.is_ending))) {
            if (is_notify && is_forgotten && !entry.is_ending) {
                entry.pair->turn_away_open(481);  // a refresh of what it does not know
            }
            end(entry);
        } else if (status >= 200 && status < 300 && !is_notify) {
            on_refreshed(entry, *response);
        }
        check_over();
        return;
    }
    ForwardedRequest::on_response(id, response);
    end_those_of_failed_attempts();
}

void Subscription::on_client_failed(ClientId id, TerminationCause cause) {
    for (Entry& entry : entries_) {
        if (entry.pair->on_client_failed(id, cause)) {
            // A lost connection ends nothing: by another the peer may still say what there is to
            // say. If nobody does, the subscription runs out.
            const bool is_told_again = entry.pair->is_open_from(Side::Callee, Method::Notify) ||
                                       entry.pair->is_open_from(Side::Caller, Method::Notify);
            if (cause == TerminationCause::Timeout || (entry.is_ending && !is_told_again)) {
                end(entry);  // who asked was told; the other side's part runs out
            }
            check_over();
            return;
        }
    }
    ForwardedRequest::on_client_failed(id, cause);
    end_those_of_failed_attempts();
}

// A 2xx to the first SUBSCRIBE or a later one. Until the NOTIFY that follows, timer N.
void Subscription::on_refreshed(Entry& entry, const sip::Message& response) {
    if (const auto expires = response.expires()) {
        granted_ = std::min<Duration>(std::chrono::seconds(*expires), longest_duration);
    }
    const Duration grace = 64 * host_.timers().t1;
    if (!entry.is_ending) {
        stand_for(entry, entry.is_notified ? granted_ + grace : grace);
    }
}

// ---- how it ends --------------------------------------------------------------------------------

void Subscription::stand_for(Entry& entry, Duration duration) {
    entry.deadline = host_.now().monotonic + duration;
    arm(entry);
}

void Subscription::arm(Entry& entry) {
    if (!entry.armed || entry.deadline < *entry.armed) {
        entry.armed = entry.deadline;
        const auto index = static_cast<std::uint32_t>(&entry - entries_.data());
        host_.start_timer(ref(), entry.deadline - host_.now().monotonic, index);
    }
}

void Subscription::on_timer(std::uint32_t index) {
    Entry& entry = entries_[index];
    const TimePoint now = host_.now().monotonic;
    if (entry.pair->is_over() || !entry.armed || now < *entry.armed) {
        return;  // an earlier one has taken its place
    }
    entry.armed.reset();
    if (now < entry.deadline) {
        arm(entry);
        return;
    }
    if (entry.is_notified && !entry.is_ending) {
        notify_terminated(entry, "timeout");
    }
    end(entry);
    check_over();
}

void Subscription::end(Entry& entry) {
    entry.pair->leg(Side::Caller).is_ended = true;
    entry.pair->leg(Side::Callee).is_ended = true;
    entry.pair->close_relays();
}

void Subscription::end_those_of_failed_attempts() {
    for (Entry& entry : entries_) {
        const std::string& tag = entry.pair->leg(Side::Callee).dialog.local_tag();
        for (std::size_t i = 0; i < attempts().size(); ++i) {
            if (attempts()[i].tag == tag && !attempts()[i].is_open && accepted_ != i) {
                end(entry);
            }
        }
    }
}

// The notifier says no more: what it owes, Ringwall says.
void Subscription::notify_terminated(Entry& entry, std::string_view reason) {
    const std::string_view event = value_of(*setup().request, HeaderName::Event);
    entry.pair->send(Side::Caller, Method::Notify, [&](sip::MessageBuilder& notify) {
        notify.header(HeaderName::Event, event.empty() ? "refer" : event);
        notify.header(HeaderName::SubscriptionState, "terminated;reason=" + std::string(reason));
    });
}

void Subscription::unsubscribe(Entry& entry) {
    const std::string_view event = value_of(*setup().request, HeaderName::Event);
    entry.pair->send(Side::Callee, Method::Subscribe, [&](sip::MessageBuilder& subscribe) {
        subscribe.header(HeaderName::Event, event.empty() ? "refer" : event);
        subscribe.header(HeaderName::Expires, "0");
    });
}

std::vector<AdjacencyIndex> Subscription::adjacencies() const {
    std::vector<AdjacencyIndex> out = ForwardedRequest::adjacencies();
    for (const Entry& entry : entries_) {
        if (!entry.pair->is_over()) {
            out.push_back(entry.pair->leg(Side::Caller).peer.adjacency);
            out.push_back(entry.pair->leg(Side::Callee).peer.adjacency);
        }
    }
    return out;
}

void Subscription::terminate(std::string_view reason) {
    for (Entry& entry : entries_) {
        if (!entry.pair->is_over()) {
            notify_terminated(entry, "deactivated");
            unsubscribe(entry);
            end(entry);
        }
    }
    ForwardedRequest::terminate(reason);
}

void Subscription::check_over() {
    const bool is_any_up = std::any_of(entries_.begin(), entries_.end(),
                                       [](const Entry& e) { return !e.pair->is_over(); });
    if (is_answered() && !is_any_up) {
        finish();
    }
}

bool Subscription::is_consistent() const {
    const TimePoint now = host_.now().monotonic;
    const bool are_watched = std::all_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
        return entry.pair->is_over() || (entry.armed && *entry.armed >= now);
    });
    const bool is_any_up = std::any_of(entries_.begin(), entries_.end(),
                                       [](const Entry& e) { return !e.pair->is_over(); });
    return are_watched && ForwardedRequest::is_consistent() &&
           (is_over() ? !is_any_up : is_any_up || !is_answered());
}

}  // namespace ringwall::sbc::b2bua
