#include "sbc/config/subscribers.h"

#include <utility>

namespace ringwall::sbc {

void Subscribers::push_back(Subscriber subscriber) {
    const std::string& name = subscriber.address_of_record;
    const std::size_t at_sign = name.rfind('@');
    if (find(name) == nullptr) {
        by_address_of_record_.insert(std::hash<std::string_view>{}(name),
                                     static_cast<std::uint32_t>(list_.size()));
    }
    by_domain_[at_sign == name.npos ? "" : name.substr(at_sign + 1)].push_back(
        static_cast<std::uint32_t>(list_.size()));
    list_.push_back(std::move(subscriber));
}

const Subscriber* Subscribers::find(std::string_view address_of_record) const {
    const auto place = by_address_of_record_.find(
        std::hash<std::string_view>{}(address_of_record),
        [&](std::uint32_t each) { return list_[each].address_of_record == address_of_record; });
    return place ? &list_[*place] : nullptr;
}

std::span<const std::uint32_t> Subscribers::of(std::string_view domain) const {
    const auto found = by_domain_.find(domain);
    return found == by_domain_.end() ? std::span<const std::uint32_t>() : found->second;
}

}  // namespace ringwall::sbc
