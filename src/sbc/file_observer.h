// What is written down of calls: the trace, their records, and in the audit log who was refused for
// want of trust. All workers tell it.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

#include "base/log_limit.h"
#include "net/clock.h"
#include "net/mailbox.h"
#include "sbc/line_file.h"
#include "sbc/record_journal.h"
#include "sbc/sbc.h"

namespace ringwall::sbc {

enum class RecordFormat : std::uint8_t { Json, Csv };

class FileObserver final : public Observer {
public:
    // Each is opened by the thread that writes that file.
    struct Mailboxes {
        net::Mailbox& trace;
        net::Mailbox& record;
        net::Mailbox& audit;
    };
    explicit FileObserver(const Mailboxes& mailboxes, std::function<Now()> now = net::system_clock)
        : trace("trace", mailboxes.trace),
          record("record", mailboxes.record),
          audit("audit", mailboxes.audit),
          records(record, mailboxes.record),
          now_(std::move(now)) {}
    LineFile trace;
    LineFile record;
    LineFile audit;
    RecordJournal records;  // to `record`, by the store once it is started
    // Before they are opened.
    void write_records_as(RecordFormat format);
    void on_record(const CallRecord& call) override;
    void on_trace(const std::string& json_line) override { trace.post(json_line); }

private:
    void note_refusal(const CallRecord& call);

    RecordFormat format_ = RecordFormat::Json;
    std::function<Now()> now_;
    std::mutex mutex_;  // of what follows
    log::Limit refusals_{10};
};

}  // namespace ringwall::sbc
