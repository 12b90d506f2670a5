#include "sbc/record/kept_records.h"

#include <algorithm>

namespace ringwall::sbc {

void KeptRecords::keep(const CallRecord& record) {
    if (next_ == records_.size()) {
        records_.emplace_back();
    }
    CallRecord& kept = records_[next_];
    kept = record;
    for (std::string* text :
         {&kept.method, &kept.caller, &kept.callee, &kept.reason, &kept.from_leg.call_id}) {
        if (text->size() > longest) {
            text->resize(longest);
            text->shrink_to_fit();
        }
    }
    next_ = (next_ + 1) % capacity;
}

const CallRecord& KeptRecords::newest(std::size_t before) const {
    return records_[(next_ + records_.size() - 1 - before) % records_.size()];
}

const CallRecord* KeptRecords::find(std::string_view call) const {
    const auto found = std::ranges::find(records_, call, &CallRecord::call);
    return found == records_.end() ? nullptr : &*found;
}

std::vector<CallRecord> KeptRecords::last(std::size_t count) const {
    std::vector<CallRecord> out;
    for (std::size_t i = 0; i < std::min(count, records_.size()); ++i) {
        out.push_back(newest(i));
    }
    return out;
}

}  // namespace ringwall::sbc
