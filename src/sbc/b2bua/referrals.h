// The subscriptions that REFERs within a call imply (RFC 3515 §2.4.4): from the REFER to the NOTIFY
// that says "terminated", which may come after the BYE. An Event names its REFER by the CSeq that
// it had on that leg; here is which number is which.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"
#include "sbc/b2bua/dialog_pair.h"
#include "sip/message.h"

namespace ringwall::sbc::b2bua {

class Referrals {
public:
    static constexpr std::size_t max_open = 16;  // of one call

    // A REFER passed. `limit`: how long anything of it may be outstanding (64*T1). The number is
    // for the timer; none: there are enough of them.
    std::optional<std::uint32_t> add(std::size_t pair, Side asking, std::uint32_t asked_as,
                                     std::uint32_t sent_as, TimePoint deadline);
    bool is_full() const { return open_.size() >= max_open; }
    bool empty() const { return open_.empty(); }
    bool has(std::size_t pair) const;

    // NOTIFY and SUBSCRIBE pass with the other leg's number.
    Changes changes(std::size_t pair, Side from, const sip::Message& request) const;
    // A NOTIFY for one of them passed, with that CSeq.
    void on_notify(std::size_t pair, Side from, const sip::Message& notify, std::uint32_t passed_as,
                   TimePoint now, Duration limit);
    // The final answer to a REFER, or to a NOTIFY, on that pair.
    void on_response(std::size_t pair, const sip::Message& response, TimePoint now, Duration limit);
    // The REFER was challenged, and sent again.
    void renumber(std::size_t pair, std::uint32_t from, std::uint32_t to);
    // When it may be forgotten; none: it is gone.
    std::optional<TimePoint> deadline(std::uint32_t number) const;
    void drop(std::uint32_t number);

private:
    struct Referral {
        std::uint32_t number = 0;
        std::size_t pair = 0;
        Side asking = Side::Caller;
        std::uint32_t asked_as = 0;  // CSeq of the REFER on that side, and on the other
        std::uint32_t sent_as = 0;
        TimePoint deadline;
        std::uint32_t notified_as = 0;  // CSeq of the last NOTIFY on the side that asked
        bool is_ending = false;         // a NOTIFY said so; it waits for its answer
    };

    Referral* find(std::size_t pair, Side from, const sip::Message& request);

    std::vector<Referral> open_;
    std::uint32_t last_ = 0;
};

}  // namespace ringwall::sbc::b2bua
