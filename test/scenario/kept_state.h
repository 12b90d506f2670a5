// What a border controller has kept, as its store would have it: told in place of the store, and
// given to the process that comes after.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sbc/call_journal.h"
#include "sbc/registrar/journal.h"
#include "sbc/registrar/kept_bindings.h"
#include "scenario/border.h"

namespace ringwall::test {

// Keeps what it is told, and says when the test lets it that it has.
class KeptState final : public sbc::registrar::Journal, public sbc::CallJournal {
public:
    KeptState(SimNetwork& net, Border& border) : net_(net), border_(border) {
        border.set_journals(this, this);
    }
    ~KeptState() override { border_.set_journals(nullptr, nullptr); }

    void on_bindings(std::string_view address_of_record,
                     const std::vector<sbc::registrar::Binding>& bindings) override {
        note();
        users.erase(std::string(address_of_record));
        if (!bindings.empty()) {
            users.emplace(address_of_record, to_text(bindings, border_.snapshot(), net_.now()));
        }
    }
    Count said() const override { return said_; }
    Count written() const override { return written_; }
    bool is_lagging(TimePoint) const override { return lags; }

    void on_call(const sbc::SnapshotPtr& snapshot, sbc::b2bua::KeptCall call) override {
        note();
        ++times_kept;
        const std::string name = call.name;
        calls[name] = to_text(call, *snapshot, net_.now());
    }
    void on_call_over(std::string_view name) override {
        note();
        calls.erase(std::string(name));
    }

    void write() {
        written_ = said_;
        border_.on_written();
    }
    // The process is killed, and another, with so many workers, has what this one kept.
    void kill(engine::ShardNumber workers = workers_under_test()) {
        const auto users_then = users;
        const auto calls_then = calls;
        border_.set_journals(nullptr, nullptr);
        border_.restart(workers);
        border_.set_journals(this, this);
        for (const auto& [user, text] : users_then) {
            border_.restore(user, text);
        }
        for (const auto& [name, text] : calls_then) {
            if (border_.restore_call(name, text) == sbc::Sbc::Restored::Over) {
                calls.erase(name);
            }
        }
    }

    std::map<std::string, std::string> users;
    std::map<std::string, std::string> calls;
    std::size_t times_kept = 0;
    bool is_slow = false;
    bool lags = false;

private:
    void note() {
        ++said_;
        if (!is_slow) {
            written_ = said_;
        }
    }

    SimNetwork& net_;
    Border& border_;
    Count said_ = 0, written_ = 0;
};

}  // namespace ringwall::test
