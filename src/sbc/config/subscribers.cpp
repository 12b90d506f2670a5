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
    first_by_domain_.emplace(at_sign == name.npos ? "" : name.substr(at_sign + 1), list_.size());
    list_.push_back(std::move(subscriber));
}

const Subscriber* Subscribers::find(std::string_view address_of_record) const {
    const auto place = by_address_of_record_.find(
        std::hash<std::string_view>{}(address_of_record),
        [&](std::uint32_t each) { return list_[each].address_of_record == address_of_record; });
    return place ? &list_[*place] : nullptr;
}

const Subscriber* Subscribers::first_of(std::string_view domain) const {
    const auto found = first_by_domain_.find(domain);
    return found == first_by_domain_.end() ? nullptr : &list_[found->second];
}

}  // namespace ringwall::sbc
