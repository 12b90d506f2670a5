#include "sbc/vouchers.h"

#include <utility>

namespace ringwall::sbc {

namespace {

constexpr std::size_t length = 20;  // as long as a tag of ours

}  // namespace

std::string Vouchers::issue(const Word& word, TimePoint now, Random& random) {
    const std::lock_guard lock(mutex_);
    forget_old(now);
    const std::string& tag = word.ids.to_tag;
    Issued issued{known(tag).value_or(word), now + lifetime};
    std::string voucher = bucket_token(bucket_of(tag).value_or(Bucket{}), random, length);
    if (issued_.size() >= capacity) {
        issued_.erase(in_order_.front());
        in_order_.pop_front();
    }
    in_order_.push_back(voucher);
    issued_.insert_or_assign(voucher, std::move(issued));
    return voucher;
}

std::optional<Vouchers::Word> Vouchers::find(std::string_view voucher, TimePoint now) {
    const std::lock_guard lock(mutex_);
    forget_old(now);
    return known(voucher);
}

std::size_t Vouchers::size() const {
    const std::lock_guard lock(mutex_);
    return issued_.size();
}

std::optional<Vouchers::Word> Vouchers::known(std::string_view voucher) const {
    const auto found = issued_.find(std::string(voucher));
    return found == issued_.end() ? std::nullopt : std::optional(found->second.word);
}

void Vouchers::forget_old(TimePoint now) {
    while (!in_order_.empty() && issued_.at(in_order_.front()).until <= now) {
        issued_.erase(in_order_.front());
        in_order_.pop_front();
    }
}

}  // namespace ringwall::sbc
