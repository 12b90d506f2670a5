#include "sbc/file_observer.h"

#include "sbc/console/audit_line.h"

namespace ringwall::sbc {

void FileObserver::write_records_as(RecordFormat format) {
    format_ = format;
    if (format == RecordFormat::Csv) {
        record.set_form({.first = csv_header(), .lost_begins = "# lost ", .lost_ends = ""});
    }
}

void FileObserver::on_record(const CallRecord& call) {
    if (record.is_open()) {
        std::string line = format_ == RecordFormat::Csv ? to_csv(call) : to_json(call);
        // What the pipeline refused is no call that anybody pays for, and strangers may cause many.
        if (records.is_started() && call.stage.empty()) {
            records.write(call.call, std::move(line), now_().monotonic);
        } else {
            record.post(std::move(line));
        }
    }
    if (call.cause == FailureCause::SetupPolicy && audit.is_open()) {
        note_refusal(call);
    }
}

// Strangers may cause many: no more of them than fill a disk in months.
void FileObserver::note_refusal(const CallRecord& call) {
    const Now now = now_();
    std::optional<std::uint64_t> left_out;
    {
        const std::scoped_lock lock(mutex_);
        left_out = refusals_.admit(now.monotonic);
    }
    if (!left_out) {
        return;
    }
    constexpr std::size_t longest = 128;  // of what a peer wrote
    std::string text = "call " + call.call + " of " + call.caller.substr(0, longest) + " by " +
                       call.from_adjacency + " to " + call.callee.substr(0, longest) + ": " +
                       std::to_string(call.status) + " " + call.reason;
    if (*left_out > 0) {
        text += "; before it " + std::to_string(*left_out) + " more that are not written here";
    }
    const console::User itself{"ringwall-sbc", console::Role::Administrator, ""};
    audit.post(console::audit_line(now.wall, itself, "trust refused", text));
}

}  // namespace ringwall::sbc
