// The last calls that ended, or requests that were refused, so that somebody can ask why. As many
// as have room: the oldest goes. What a peer wrote is cut, so that all of them are not more than
// about 2 MB (1 KB each); while nobody calls, nothing.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "sbc/record/call_record.h"

namespace ringwall::sbc {

class KeptRecords {
public:
    static constexpr std::size_t capacity = 2048;
    static constexpr std::size_t longest = 128;  // of a text in it

    void keep(const CallRecord& record);
    // Null: it is gone, or never was.
    const CallRecord* find(std::string_view call) const;
    // The newest first.
    std::vector<CallRecord> last(std::size_t count) const;
    std::size_t size() const { return records_.size(); }

private:
    const CallRecord& newest(std::size_t before) const;

    std::vector<CallRecord> records_;
    std::size_t next_ = 0;  // where the next one goes
};

}  // namespace ringwall::sbc
