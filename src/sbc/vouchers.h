// What a transferee shows in a Replaces for a dialog that it does not know (docs/decisions/0013): a
// random word for one of our tags. One table for all workers, from any thread; time is a parameter.
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

namespace ringwall::sbc {

class Vouchers {
public:
    static constexpr Duration lifetime = 300s;  // longer than an INVITE may ring
    // When there are more, the oldest goes.
    static constexpr std::size_t capacity = 16'384;

    // A new one for `tag`, which says by its bucket whose call that is; or for what `tag` itself
    // stands for, if it is one.
    std::string issue(std::string_view tag, TimePoint now, Random& random);
    // The tag that it stands for; none: nobody was given it, or too long ago.
    std::optional<std::string> find(std::string_view voucher, TimePoint now);
    std::size_t size() const;

private:
    struct Issued {
        std::string tag;
        TimePoint until;
    };
    void forget_old(TimePoint now);
    std::optional<std::string> known(std::string_view voucher) const;

    mutable std::mutex mutex_;
    std::unordered_map<std::string, Issued> issued_;
    std::deque<std::string> in_order_;  // as issued: all live as long
};

}  // namespace ringwall::sbc
