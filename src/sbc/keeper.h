// What of a border controller is there again after its process was killed: the registrations
// (docs/decisions/0083) and the calls that are up (0092). What changes is written by a thread of
// its own (store::Writer), within milliseconds, and a 200 to a REGISTER or an INVITE waits for it;
// what cannot be written is an alarm, and the signalling goes on.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "sbc/call_journal.h"
#include "sbc/config/snapshot.h"
#include "sbc/registrar/journal.h"
#include "store/writer.h"

namespace ringwall::sbc {

class Keeper final : public registrar::Journal, public CallJournal {
public:
    using Open = std::function<Result<std::unique_ptr<store::State>, std::string>()>;
    struct Setup {
        Open open;
        std::function<Now()> now;
        // What was said up to there; on a thread of our own.
        std::function<void(Count)> on_written;
        std::function<void()> say_all_anew;  // whatever there is: it lacks in the file; as that
    };
    explicit Keeper(Setup setup);
    ~Keeper() override;

    // What the process before has left, once: by address-of-record, or by the call's name.
    std::vector<store::Item> take_left(store::Kind kind);
    const std::vector<store::Item>& left_calls() { return left_[store::Kind::Calls]; }
    // These have a record: they are over.
    void drop_left_calls(const std::vector<std::string>& names);
    // Nothing of it was good.
    void forget(store::Kind kind, std::string_view key);
    store::Writer& writer() { return *writer_; }

    // Of the adjacencies that bindings are of: before the first of them is told.
    void take(SnapshotPtr snapshot);
    std::vector<std::string> alarms(TimePoint now) const;
    // Why whoever must not wait had better not touch that disk now: a sentence; empty: it answers,
    // as far as is known.
    std::string why_not_now(const Now& now) const;

    // registrar::Journal
    void on_bindings(std::string_view address_of_record,
                     const std::vector<registrar::Binding>& bindings) override;
    Count said() const override { return writer_->last(); }
    Count written() const override { return writer_->written(); }
    bool is_lagging(TimePoint now) const override { return writer_->is_lagging(now); }

    // CallJournal
    void on_call(const SnapshotPtr& snapshot, b2bua::KeptCall call) override;
    void on_call_over(std::string_view name) override;

private:
    class Bindings;
    class Call;

    SnapshotPtr snapshot() const;

    Setup setup_;
    std::map<store::Kind, std::vector<store::Item>> left_;
    std::string problem_;       // why what was left cannot be read; empty: it could
    mutable std::mutex mutex_;  // of what follows
    SnapshotPtr snapshot_;
    std::optional<store::Writer> writer_;  // the last: its thread uses all the others
};

}  // namespace ringwall::sbc
