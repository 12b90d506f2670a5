#include "sip/registration/client_registration.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/text.h"
#include "sip/header/contact.h"
#include "sip/header/retry_after.h"
#include "sip/uri/uri.h"

namespace ringwall::sip {
namespace {

constexpr std::uint32_t shortest = 10;            // seconds: a registrar that grants less is obeyed
                                                  // at this pace
constexpr std::uint32_t longest = 30U * 86'400U;  // of a 423: above it is no sane answer

// Between the two, evenly.
Duration between(Duration from, Duration to, Random& random) {
    const auto span = static_cast<std::uint64_t>(std::max<Duration::rep>((to - from).count(), 0));
    return from + Duration(static_cast<Duration::rep>(random.number() % (span + 1)));
}

}  // namespace

ClientRegistration::ClientRegistration(Setup setup)
    : setup_(std::move(setup)),
      authentication_(setup_.accounts, setup_.max_auth),
      asked_(setup_.expires) {}

// ---- what the owner wants -----------------------------------------------------------------------

void ClientRegistration::start(Random& random, Actions& out) {
    if (state_ == State::Idle || state_ == State::Waiting) {
        asked_ = setup_.expires;
        begin(random, out);
    }
}

void ClientRegistration::stop(TimePoint now, Random& random, Actions& out) {
    const bool may_be_bound = is_registered(now) || state_ == State::Trying;
    if (state_ == State::Idle || state_ == State::Leaving) {
        return;
    }
    next_ = TimePoint::max();
    if (!may_be_bound) {
        give_up(0, "asked for", out);
        return;
    }
    asked_ = 0;
    begin(random, out);
    state_ = State::Leaving;
}

// A new attempt, with its own allowance of challenges.
void ClientRegistration::begin(Random& random, Actions& out) {
    tries_ = {};
    is_brief_ = false;
    state_ = State::Trying;
    next_ = TimePoint::max();
    send(random, out);
}

void ClientRegistration::send(Random& random, Actions& out) {
    auto builder = MessageBuilder::request("REGISTER", setup_.registrar);
    builder.header(HeaderName::MaxForwards, "70");
    builder.header(HeaderName::From, "<" + setup_.address_of_record + ">;tag=" + setup_.from_tag);
    builder.header(HeaderName::To, "<" + setup_.address_of_record + ">");
    builder.header(HeaderName::CallId, setup_.call_id);
    builder.header(HeaderName::CSeq, std::to_string(++cseq_) + " REGISTER");
    std::string contact = setup_.contact;
    if (!setup_.instance.empty()) {
        contact += ";+sip.instance=\"<" + setup_.instance + ">\"";
        if (setup_.reg_id != 0) {
            contact += ";reg-id=" + std::to_string(setup_.reg_id);
        }
    }
    builder.header(HeaderName::Contact, contact + ";expires=" + std::to_string(asked_));
    builder.header(HeaderName::Expires, std::to_string(asked_));
    const bool is_outbound = !setup_.instance.empty() && setup_.reg_id != 0;
    builder.header(HeaderName::Supported, is_outbound ? "path, outbound" : "path");
    if (!setup_.user_agent.empty()) {
        builder.header(HeaderName::UserAgent, setup_.user_agent);
    }
    authentication_.sign(builder, "REGISTER", setup_.registrar, "", random);
    out.emplace_back(Send{std::move(builder)});
}

// ---- what the registrar says --------------------------------------------------------------------

void ClientRegistration::on_response(const Message& request, const Message& response, TimePoint now,
                                     Random& random, Actions& out) {
    const bool is_awaited = state_ == State::Trying || state_ == State::Leaving;
    const int status = response.status();
    if (!is_awaited || request.cseq().number != cseq_ || status < 200) {
        return;
    }
    if (status < 300) {
        on_success(response, now, random, out);
    } else if (status == 401 || status == 407) {
        using Verdict = auth::ClientAuthentication::Verdict;
        const Verdict verdict = authentication_.on_challenge(request, response, tries_);
        switch (verdict) {
            case Verdict::Answer:
                send(random, out);
                return;
            case Verdict::NoAccount:
                fail_attempt(status, "no account for this realm", {}, now, random, out);
                return;
            case Verdict::Refused:
                authentication_.forget();
                fail_attempt(status, "credentials refused", {}, now, random, out);
                return;
            case Verdict::TooOften:
                authentication_.forget();
                fail_attempt(status, "challenged again and again", {}, now, random, out);
                return;
        }
    } else if (status == 423) {
        on_too_brief(response, now, random, out);
    } else {
        Duration least{};
        if (const auto asked = retry_after(response)) {
            least = std::min<Duration>(*asked, 24h);
        }
        fail_attempt(status, response.reason(), least, now, random, out);
    }
}

void ClientRegistration::on_success(const Message& response, TimePoint now, Random& random,
                                    Actions& out) {
    if (state_ == State::Leaving) {
        give_up(response.status(), "asked for", out);
        return;
    }
    const auto seconds = granted(response);
    if (!seconds || *seconds == 0) {
        fail_attempt(response.status(), "the response has no contact of ours", {}, now, random,
                     out);
        return;
    }
    const bool was_registered = is_registered(now);
    made_ = was_registered ? made_ : now;
    failures_ = 0;
    state_ = State::Registered;
    const Duration life = std::chrono::seconds(std::max(*seconds, shortest));
    expires_ = now + std::chrono::seconds(*seconds);
    out.emplace_back(Registered{*seconds, was_registered});
    // Well before the end, and not with all the others that began when we did (RFC 5626 §4.4.1
    // spreads its keep-alives in the same way).
    wait(between(life * 3 / 4, life * 9 / 10, random), now, out);
}

// The Contact of ours in a 2xx: by its URI, else by its instance. A registrar that lists nothing
// granted what was asked for, or its Expires.
std::optional<std::uint32_t> ClientRegistration::granted(const Message& response) const {
    const auto contacts = parse_contacts(response);
    const std::uint32_t by_default = response.expires().value_or(asked_);
    if (!contacts || contacts->list.empty()) {
        return by_default;  // what another agent registered may be beyond reading
    }
    const auto ours = parse_name_addr(setup_.contact);
    for (const Contact& each : contacts->list) {
        const bool is_same_uri = ours && equivalent(ours->uri, each.address.uri);
        const bool is_same_instance = !setup_.instance.empty() &&
                                      equals_ignoring_case(setup_.instance, each.instance) &&
                                      setup_.reg_id == each.reg_id;
        if (is_same_uri || is_same_instance) {
            return each.expires.value_or(by_default);
        }
    }
    return std::nullopt;
}

// RFC 3261 §10.2.8: once again with what it wants, once for each attempt.
void ClientRegistration::on_too_brief(const Message& response, TimePoint now, Random& random,
                                      Actions& out) {
    const HeaderLine* line = response.header(HeaderName::MinExpires);
    const auto least = line == nullptr ? std::nullopt : parse_number(line->value, longest);
    if (!least || *least <= asked_ || state_ == State::Leaving || std::exchange(is_brief_, true)) {
        fail_attempt(423, response.reason(), {}, now, random, out);
        return;
    }
    asked_ = static_cast<std::uint32_t>(*least);
    send(random, out);
}

// ---- what goes wrong ----------------------------------------------------------------------------

void ClientRegistration::on_failed(std::uint32_t cseq, TimePoint now, Random& random,
                                   Actions& out) {
    if (cseq == cseq_ && (state_ == State::Trying || state_ == State::Leaving)) {
        fail_attempt(0, "no answer", {}, now, random, out);
    }
}

void ClientRegistration::on_flow_lost(TimePoint now, Random& random, Actions& out) {
    switch (state_) {
        case State::Registered:
            expires_ = now;
            if (now - made_ < setup_.base_delay) {
                fail_attempt(0, "connection lost", {}, now, random, out);
                return;
            }
            // RFC 5626 §4.3: a new flow at once; only when that fails, or did not last, we wait.
            out.emplace_back(Unregistered{0, "connection lost", Duration::zero()});
            begin(random, out);
            return;
        case State::Trying:  // its transaction fails, and says so
        case State::Leaving:
        case State::Waiting:
        case State::Idle:
            return;
    }
}

void ClientRegistration::fail_attempt(int status, std::string_view reason, Duration at_least,
                                      TimePoint now, Random& random, Actions& out) {
    if (state_ == State::Leaving) {
        give_up(status, reason, out);
        return;
    }
    failures_ = std::min(failures_ + 1, 32U);
    const auto delay = retry_delay(status, random);
    if (!delay) {
        give_up(status, reason, out);
        return;
    }
    state_ = State::Waiting;
    out.emplace_back(Unregistered{status, std::string(reason), std::max(*delay, at_least)});
    wait(std::max(*delay, at_least), now, out);
}

std::optional<Duration> ClientRegistration::retry_delay(int status, Random& random) const {
    if (setup_.retry) {
        return setup_.retry(status, failures_);
    }
    const Duration delay = back_off(random);
    return is_lasting(status) ? std::max(delay, setup_.max_delay) : delay;
}

bool ClientRegistration::is_lasting(int status) {
    return status == 401 || status == 403 || status == 404 || status == 405 || status == 407 ||
           status == 410 || status == 416 || status >= 600;
}

// RFC 5626 §4.5: min(max, base * 2^failures), of which a random half is left away.
Duration ClientRegistration::back_off(Random& random) const {
    Duration most = setup_.base_delay;
    for (unsigned i = 1; i < failures_ && most < setup_.max_delay; ++i) {
        most *= 2;
    }
    most = std::min(most, setup_.max_delay);
    return between(most / 2, most, random);
}

void ClientRegistration::give_up(int status, std::string_view reason, Actions& out) {
    state_ = State::Idle;
    expires_ = {};
    next_ = TimePoint::max();
    out.emplace_back(Unregistered{status, std::string(reason), std::nullopt});
}

void ClientRegistration::wait(Duration after, TimePoint now, Actions& out) {
    next_ = now + after;
    out.emplace_back(StartTimer{after});
}

void ClientRegistration::on_time(TimePoint now, Random& random, Actions& out) {
    if (now >= next_ && (state_ == State::Registered || state_ == State::Waiting)) {
        begin(random, out);
    }
}

bool ClientRegistration::is_consistent() const {
    const bool has_timer = next_ != TimePoint::max();
    return has_timer == (state_ == State::Registered || state_ == State::Waiting);
}

}  // namespace ringwall::sip
