#include "sbc/config/subscribers.h"

#include <utility>

namespace ringwall::sbc {

void Subscribers::push_back(Subscriber subscriber) {
    const std::string& name = subscriber.address_of_record;
    const std::size_t at_sign = name.rfind('@');
    by_address_of_record_.emplace(name, list_.size());
    first_by_domain_.emplace(at_sign == name.npos ? "" : name.substr(at_sign + 1), list_.size());
    list_.push_back(std::move(subscriber));
}

const Subscriber* Subscribers::find(std::string_view address_of_record) const {
    return at(by_address_of_record_, address_of_record);
}

const Subscriber* Subscribers::first_of(std::string_view domain) const {
    return at(first_by_domain_, domain);
}

const Subscriber* Subscribers::at(const Index& index, std::string_view key) const {
    const auto found = index.find(key);
    return found == index.end() ? nullptr : &list_[found->second];
}

}  // namespace ringwall::sbc
