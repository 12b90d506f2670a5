// What of a border controller is there again after its process was killed: the registrations
// (docs/decisions/0083). What changes is written by a thread of its own (store::Writer), within
// milliseconds, and a 200 to a REGISTER waits for it; what cannot be written is an alarm, and the
// signalling goes on.
#pragma once

#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "sbc/config/snapshot.h"
#include "sbc/registrar/journal.h"
#include "store/writer.h"

namespace ringwall::sbc {

class Keeper final : public registrar::Journal {
public:
    using Open = std::function<Result<std::unique_ptr<store::State>, std::string>()>;
    struct Setup {
        Open open;
        std::function<Now()> now;
        std::function<void()> on_written;    // what was waited for; on a thread of our own
        std::function<void()> say_all_anew;  // to on_bindings(): it lacks in the file; as that
    };
    explicit Keeper(Setup setup);
    ~Keeper() override;

    // What the process before has left, once: by address-of-record.
    std::vector<store::Item> take_left();
    // Nothing of it was good.
    void forget(std::string_view address_of_record);

    // Of the adjacencies that bindings are of: before the first of them is told.
    void take(SnapshotPtr snapshot);
    std::vector<std::string> alarms(TimePoint now) const;

    // registrar::Journal
    void on_bindings(std::string_view address_of_record,
                     const std::vector<registrar::Binding>& bindings) override;
    Count said() const override { return writer_->last(); }
    Count written() const override { return writer_->written(); }
    bool is_lagging(TimePoint now) const override { return writer_->is_lagging(now); }

private:
    class Bindings;

    SnapshotPtr snapshot() const;

    Setup setup_;
    std::vector<store::Item> left_;
    std::string problem_;       // why what was left cannot be read; empty: it could
    mutable std::mutex mutex_;  // of what follows
    SnapshotPtr snapshot_;
    std::optional<store::Writer> writer_;  // the last: its thread uses all the others
};

}  // namespace ringwall::sbc
