// What a transferee shows in a Replaces for a dialog that it does not know (docs/decisions/0013): a
// random word for the three ids by which the transferor named it. One table for all workers, from
// any thread; time is a parameter.
#pragma once

#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/random.h"
#include "base/time.h"
#include "sip/header/replaces.h"

namespace ringwall::sbc {

class Vouchers {
public:
    static constexpr Duration lifetime = 300s;  // longer than an INVITE may ring
    // When there are more, the oldest goes.
    static constexpr std::size_t capacity = 16'384;

    // A new one for `ids`, whose to-tag says by its bucket whose call that is; or for what that
    // to-tag itself stands for, if it is one. Whether they name a dialog is asked when it is shown.
    std::string issue(const sip::DialogIds& ids, TimePoint now, Random& random);
    // The ids that it stands for; none: nobody was given it, or too long ago.
    std::optional<sip::DialogIds> find(std::string_view voucher, TimePoint now);
    std::size_t size() const;

private:
    struct Issued {
        sip::DialogIds ids;
        TimePoint until;
    };
    void forget_old(TimePoint now);
    std::optional<sip::DialogIds> known(std::string_view voucher) const;

    mutable std::mutex mutex_;
    std::unordered_map<std::string, Issued> issued_;
    std::deque<std::string> in_order_;  // as issued: all live as long
};

}  // namespace ringwall::sbc
