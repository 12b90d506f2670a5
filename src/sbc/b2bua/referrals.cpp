#include "sbc/b2bua/referrals.h"

#include <algorithm>
#include <string>

#include "base/text.h"
#include "sip/header/event.h"
#include "sip/header/subscription_state.h"

namespace ringwall::sbc::b2bua {

using sip::HeaderName;
using sip::Method;

namespace {

// Where a NOTIFY does not say for how long: as long as an INVITE may ring.
constexpr Duration default_duration = timer_c;
// Whatever it says: a NOTIFY makes it as long again, and without one the call is not kept for it.
constexpr Duration longest_duration = 3600s;

std::optional<sip::Event> refer_event(const sip::Message& request) {
    const sip::HeaderLine* line = request.header(HeaderName::Event);
    const auto event = sip::parse_event(line == nullptr ? "" : line->value);
    return event && event->package == "refer" ? std::optional(*event) : std::nullopt;
}

}  // namespace

std::optional<std::uint32_t> Referrals::add(std::size_t pair, Side asking, std::uint32_t asked_as,
                                            std::uint32_t sent_as, TimePoint deadline) {
    if (is_full()) {
        return std::nullopt;
    }
    open_.push_back(Referral{++last_, pair, asking, asked_as, sent_as, deadline, 0, false});
    return last_;
}

bool Referrals::has(std::size_t pair) const {
    return std::any_of(open_.begin(), open_.end(),
                       [pair](const Referral& r) { return r.pair == pair; });
}

// RFC 3515 §2.4.6: without an id it is the first.
Referrals::Referral* Referrals::find(std::size_t pair, Side from, const sip::Message& request) {
    const auto event = refer_event(request);
    if (!event) {
        return nullptr;
    }
    const auto id = parse_number(event->id, UINT32_MAX);
    const auto found = std::find_if(open_.begin(), open_.end(), [&](const Referral& r) {
        const std::uint32_t number = from == r.asking ? r.asked_as : r.sent_as;
        return r.pair == pair && (event->id.empty() || id == number);
    });
    return found == open_.end() ? nullptr : &*found;
}

Changes Referrals::changes(std::size_t pair, Side from, const sip::Message& request) const {
    const auto event = refer_event(request);
    const auto id = event ? parse_number(event->id, UINT32_MAX) : std::nullopt;
    for (const Referral& r : open_) {
        if (id && r.pair == pair && *id == (from == r.asking ? r.asked_as : r.sent_as)) {
            const std::uint32_t other = from == r.asking ? r.sent_as : r.asked_as;
            return {{HeaderName::Event},
                    {{HeaderName::Event, "refer;id=" + std::to_string(other)}}};
        }
    }
    return {};
}

void Referrals::on_notify(std::size_t pair, Side from, const sip::Message& notify,
                          std::uint32_t passed_as, TimePoint now, Duration limit) {
    Referral* referral = find(pair, from, notify);
    const sip::HeaderLine* line = notify.header(HeaderName::SubscriptionState);
    if (referral == nullptr || from == referral->asking) {
        return;
    }
    referral->notified_as = passed_as;
    const auto state = sip::parse_subscription_state(line == nullptr ? "" : line->value);
    if (state && state->is_terminated()) {
        referral->is_ending = true;
        referral->deadline = now + limit;
    } else if (state && state->expires) {
        referral->deadline =
            now + std::min<Duration>(std::chrono::seconds(*state->expires), longest_duration) +
            limit;
    } else {
        referral->deadline = now + default_duration + limit;
    }
}

void Referrals::on_response(std::size_t pair, const sip::Message& response, TimePoint now,
                            Duration limit) {
    const int status = response.status();
    if (status < 200) {
        return;
    }
    if (response.cseq().method == Method::Notify) {
        std::erase_if(open_, [&](const Referral& r) {
            return r.pair == pair && r.notified_as == response.cseq().number &&
                   (r.is_ending || status == 481);
        });
    } else if (response.cseq().method == Method::Refer) {
        const sip::HeaderLine* subscribes = response.header("Refer-Sub");  // RFC 4488 §4
        const bool is_none =
            status >= 300 || (subscribes != nullptr && subscribes->value.starts_with("false"));
        const auto is_it = [&](const Referral& r) {
            return r.pair == pair && r.sent_as == response.cseq().number;
        };
        if (is_none) {
            std::erase_if(open_, is_it);
        } else if (const auto found = std::find_if(open_.begin(), open_.end(), is_it);
                   found != open_.end()) {
            found->deadline = std::max(found->deadline, now + limit);
        }
    }
}

void Referrals::renumber(std::size_t pair, std::uint32_t from, std::uint32_t to) {
    for (Referral& r : open_) {
        if (r.pair == pair && r.sent_as == from) {
            r.sent_as = to;
        }
    }
}

std::optional<TimePoint> Referrals::deadline(std::uint32_t number) const {
    const auto found = std::find_if(open_.begin(), open_.end(),
                                    [number](const Referral& r) { return r.number == number; });
    return found == open_.end() ? std::nullopt : std::optional(found->deadline);
}

void Referrals::drop(std::uint32_t number) {
    std::erase_if(open_, [number](const Referral& r) { return r.number == number; });
}

}  // namespace ringwall::sbc::b2bua
