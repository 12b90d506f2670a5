// The subscribers of the configuration, or those of the store, found by address-of-record and by
// domain however many there are. Their names are the operator's, so no peer chooses what makes a
// search slow.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash_index.h"
#include "sip/auth/digest.h"

namespace ringwall::sbc {

struct Subscriber {
    std::string address_of_record;  // "alice@example.com", canonical; stays as it was added
    std::string username;           // of the digest; default: the user part
    std::string realm;              // of the digest; default: the domain
    sip::auth::HashedPassword password;
    std::string
        certificate_name;  // a name in the phone's certificate that stands for it; may be empty
};

class Subscribers {
public:
    void push_back(Subscriber subscriber);

    const Subscriber* find(std::string_view address_of_record) const;
    // The places of those of a domain, as they were added.
    std::span<const std::uint32_t> of(std::string_view domain) const;

    std::size_t size() const { return list_.size(); }
    Subscriber& operator[](std::size_t index) { return list_[index]; }
    const Subscriber& operator[](std::size_t index) const { return list_[index]; }
    auto begin() const { return list_.begin(); }
    auto end() const { return list_.end(); }

private:
    std::vector<Subscriber> list_;
    HashIndex by_address_of_record_;
    std::map<std::string, std::vector<std::uint32_t>, std::less<>> by_domain_;
};

}  // namespace ringwall::sbc
