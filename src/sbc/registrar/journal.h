// Where the location service says what has changed, so that it is there again after the process was
// killed. Any thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace ringwall::sbc::registrar {

struct Binding;

class Journal {
public:
    virtual ~Journal() = default;

    // All bindings that the user has now; none: it is gone. What is said of one user comes in the
    // order in which it happened. Waits for nothing.
    virtual void on_bindings(std::string_view address_of_record,
                             const std::vector<Binding>& bindings) = 0;

    // Counts what was said; what was said up to a count is kept when written() is not less.
    using Count = std::uint64_t;
    virtual Count said() const = 0;
    virtual Count written() const = 0;
    // What was said longer ago than this is not written: nobody waits for it any more.
    static constexpr Duration patience = 200ms;
    virtual bool is_lagging(TimePoint now) const = 0;
};

}  // namespace ringwall::sbc::registrar
