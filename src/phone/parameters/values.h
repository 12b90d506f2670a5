// The values of the phone's parameters: what differs from the defaults, and what the account `user`
// may do where that was changed. Every value that is in here fits its type.
#pragma once

#include <compare>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "phone/parameters/catalogue.h"

namespace ringwall::phone {

class Values {
public:
    // `n` is the extension, 0 where there is only one. The error is one sentence, which does not
    // say secrets: `Max Forward must be a number from 1 to 255, not "many"`.
    Result<void, std::string> set(std::string_view name, unsigned n, std::string_view value);
    Result<void, std::string> set(const Parameter& parameter, unsigned n, std::string_view value);
    Result<void, std::string> reset(const Parameter& parameter, unsigned n);
    Result<void, std::string> set_access(const Parameter& parameter, unsigned n, Access access);

    // Secrets included: not for showing.
    std::string get(const Parameter& parameter, unsigned n) const;
    std::string get(std::string_view name, unsigned n = 0) const;  // of the catalogue, else empty
    // The same for showing: "***" for a secret that is there.
    std::string shown(const Parameter& parameter, unsigned n) const;
    Access access(const Parameter& parameter, unsigned n) const;

    // Extensions that something was said of, ascending.
    std::vector<unsigned> extensions() const;
    // Of one that there is many times: those with a value, ascending.
    std::vector<unsigned> numbers_of(const Parameter& parameter) const;

    // In the order of the catalogue, then of n.
    struct Changed {
        const Parameter* parameter = nullptr;
        unsigned n = 0;
        bool has_value = false;
        bool has_access = false;
    };
    std::vector<Changed> changed() const;

    bool operator==(const Values&) const = default;

private:
    using Key = std::pair<const Parameter*, unsigned>;
    std::map<Key, std::string> values_;
    std::map<Key, Access> access_;
};

// Of a parameter there is one, or one for each n from 1. The error is a sentence.
Result<void, std::string> check_number(const Parameter& parameter, unsigned n);
// Why there is no such parameter, and which may have been meant.
std::string unknown_parameter(std::string_view name);

}  // namespace ringwall::phone
