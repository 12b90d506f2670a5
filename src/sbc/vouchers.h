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
#include "sbc/b2bua/leg.h"
#include "sip/header/replaces.h"

namespace ringwall::sbc {

class Vouchers {
public:
    static constexpr Duration lifetime = 300s;  // longer than an INVITE may ring
    // When there are more, the oldest goes.
    static constexpr std::size_t capacity = 16'384;

    // A dialog, and who named it: what a voucher stands for.
    struct Word {
        sip::DialogIds ids;
        b2bua::Speaker speaker;
    };
    // A new one for a dialog whose to-tag says by its bucket whose call that is; or for what that
    // to-tag itself stands for, if it is one. Whether it names a dialog, and the speaker's own, is
    // asked when it is shown.
    std::string issue(const Word& word, TimePoint now, Random& random);
    // What it stands for; none: nobody was given it, or too long ago.
    std::optional<Word> find(std::string_view voucher, TimePoint now);
    std::size_t size() const;

private:
    struct Issued {
        Word word;
        TimePoint until;
    };
    void forget_old(TimePoint now);
    std::optional<Word> known(std::string_view voucher) const;

    mutable std::mutex mutex_;
    std::unordered_map<std::string, Issued> issued_;
    std::deque<std::string> in_order_;  // as issued: all live as long
};

}  // namespace ringwall::sbc
