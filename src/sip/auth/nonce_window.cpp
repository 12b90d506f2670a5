#include "sip/auth/nonce_window.h"

#include <algorithm>
#include <utility>

namespace ringwall::sip::auth {

NonceWindow::NonceWindow(Duration lifetime, std::size_t capacity)
    : lifetime_(lifetime), capacity_(std::max<std::size_t>(capacity, 2)) {}

NonceMint::Checked NonceWindow::check(const NonceMint& mint, std::string_view nonce,
                                      std::string_view realm, const IpAddress& source,
                                      WallTime now) const {
    const bool may_be_known = nonce.size() == NonceMint::nonce_length;
    const std::uint64_t number = may_be_known ? NonceMint::number_of(nonce) : 0;
    const Used* used = may_be_known ? find(number) : nullptr;
    const bool is_known =
        used != nullptr && used->realm == realm && used->source == source &&
        equal_in_constant_time(nonce, std::string_view(used->nonce.data(), used->nonce.size()));
    return is_known ? mint.check_age({.made = used->made, .number = number}, now)
                    : mint.check(nonce, realm, source, now);
}

const NonceWindow::Used* NonceWindow::find(std::uint64_t number) const {
    for (const Generation* generation : {&young_, &old_}) {
        if (const auto known = generation->find(number); known != generation->end()) {
            return &known->second;
        }
    }
    return nullptr;
}

NonceWindow::Verdict NonceWindow::use(const NonceMint::Checked& nonce, std::uint32_t count,
                                      WallTime now) {
    young_since_ = std::min(young_since_, now);  // the clock may have been set back
    if (young_.size() >= capacity_ / 2 || now - young_since_ > lifetime_) {
        turn(now);
    }
    for (Generation* generation : {&young_, &old_}) {
        if (const auto known = generation->find(nonce.number); known != generation->end()) {
            return take(known->second, count) ? Verdict::Fresh : Verdict::Replayed;
        }
    }
    if (nonce.number < oldest_unknown_) {
        return Verdict::Forgotten;
    }
    if (count == 0) {
        return Verdict::Replayed;  // counts begin at 1
    }
    Used& used = young_[nonce.number];
    used.highest = count;
    used.made = nonce.made;
    std::copy_n(nonce.nonce.begin(), std::min(nonce.nonce.size(), used.nonce.size()),
                used.nonce.begin());
    used.source = nonce.source;
    used.realm = nonce.realm;
    newest_young_ = std::max(newest_young_, nonce.number);
    return Verdict::Fresh;
}

bool NonceWindow::take(Used& used, std::uint32_t count) {
    if (count > used.highest) {
        const std::uint32_t up = count - used.highest;
        used.below = up < 64 ? used.below << up : 0;
        if (up <= 64) {
            used.below |= std::uint64_t{1} << (up - 1);
        }
        used.highest = count;
        return true;
    }
    const std::uint32_t down = used.highest - count;
    if (count == 0 || down == 0 || down > 64) {
        return false;
    }
    const std::uint64_t bit = std::uint64_t{1} << (down - 1);
    return (std::exchange(used.below, used.below | bit) & bit) == 0;
}

void NonceWindow::turn(WallTime now) {
    if (!old_.empty()) {
        oldest_unknown_ = std::max(oldest_unknown_, newest_old_ + 1);
    }
    old_ = std::exchange(young_, {});
    newest_old_ = newest_young_;
    young_since_ = now;
}

bool NonceWindow::is_consistent() const {
    return size() <= capacity_ + 1;
}

}  // namespace ringwall::sip::auth
