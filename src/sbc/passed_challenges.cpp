#include "sbc/passed_challenges.h"

#include <algorithm>

#include "sip/auth/digest.h"

namespace ringwall::sbc {
namespace {

using sip::HeaderName;

// A 401 is answered in Authorization, a 407 in Proxy-Authorization (RFC 3261 §22.2, §22.3).
bool is_of_proxy(HeaderName name) {
    return name == HeaderName::ProxyAuthenticate || name == HeaderName::ProxyAuthorization;
}

bool is_challenge(HeaderName name) {
    return name == HeaderName::WwwAuthenticate || name == HeaderName::ProxyAuthenticate;
}

// What a peer chooses may be long; kept are hashes.
std::string what_of(AdjacencyIndex registrar, HeaderName field,
                    const sip::auth::Protection& protection) {
    return sip::auth::hash_hex(
        sip::auth::Algorithm::Sha256,
        {std::to_string(registrar), is_of_proxy(field) ? " proxy " : " server ",
         std::to_string(protection.realm.size()), " ", protection.realm, protection.nonce});
}

}  // namespace

// ---- of phones ----------------------------------------------------------------------------------

void PassedChallenges::add(std::string_view phone, AdjacencyIndex registrar,
                           const sip::Message& challenge, TimePoint now) {
    const std::lock_guard lock(mutex_);
    forget_old(now);
    for (const sip::HeaderLine& line : challenge.headers()) {
        if (is_challenge(line.id)) {
            if (const auto protection = sip::auth::parse_protection(line.value)) {
                add(std::string(phone), what_of(registrar, line.id, *protection), now);
            }
        }
    }
}

void PassedChallenges::add(const std::string& phone, std::string what, TimePoint now) {
    std::deque<Asked>& asked = by_phone_[phone];
    asked.push_back({++last_, std::move(what)});
    in_order_.emplace(last_, Place{phone, now + lifetime});
    if (asked.size() > of_one_phone) {
        forget(asked.front().number);
    }
    if (in_order_.size() > capacity) {
        forget(in_order_.begin()->first);
    }
}

bool PassedChallenges::is_answer(std::string_view phone, AdjacencyIndex registrar,
                                 const sip::HeaderLine& line, TimePoint now) {
    const auto protection = sip::auth::parse_protection(line.value);
    if (!protection) {
        return false;
    }
    const std::string what = what_of(registrar, line.id, *protection);
    const std::lock_guard lock(mutex_);
    forget_old(now);
    const auto found = by_phone_.find(std::string(phone));
    return found != by_phone_.end() &&
           std::ranges::find(found->second, what, &Asked::what) != found->second.end();
}

std::size_t PassedChallenges::size() const {
    const std::lock_guard lock(mutex_);
    return in_order_.size();
}

// It is the oldest of its phone.
void PassedChallenges::forget(std::uint64_t number) {
    const auto place = in_order_.find(number);
    const auto phone = by_phone_.find(place->second.phone);
    phone->second.pop_front();
    if (phone->second.empty()) {
        by_phone_.erase(phone);
    }
    in_order_.erase(place);
}

void PassedChallenges::forget_old(TimePoint now) {
    while (!in_order_.empty() && in_order_.begin()->second.until <= now) {
        forget(in_order_.begin()->first);
    }
}

// ---- of registrars ------------------------------------------------------------------------------

void Realms::add(AdjacencyIndex registrar, const sip::Message& challenge) {
    const std::lock_guard lock(mutex_);
    for (const sip::HeaderLine& line : challenge.headers()) {
        if (!is_challenge(line.id)) {
            continue;
        }
        const auto protection = sip::auth::parse_protection(line.value);
        if (!protection) {
            continue;
        }
        std::deque<std::string>& known = by_registrar_[registrar];
        if (std::ranges::find(known, protection->realm) == known.end()) {
            known.push_back(protection->realm);
        }
        if (known.size() > of_one_registrar) {
            known.pop_front();
        }
    }
}

bool Realms::contains(AdjacencyIndex registrar, std::string_view realm) const {
    const std::lock_guard lock(mutex_);
    const auto found = by_registrar_.find(registrar);
    return found != by_registrar_.end() &&
           std::ranges::find(found->second, realm) != found->second.end();
}

void Realms::forget(AdjacencyIndex registrar) {
    const std::lock_guard lock(mutex_);
    by_registrar_.erase(registrar);
}

}  // namespace ringwall::sbc
