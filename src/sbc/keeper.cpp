#include "sbc/keeper.h"

#include <memory>
#include <utility>

#include "base/log.h"
#include "sbc/record/call_record.h"
#include "sbc/registrar/kept_bindings.h"

namespace ringwall::sbc {

using store::Kind;

class Keeper::Bindings final : public store::Writer::Value {
public:
    Bindings(const Keeper& keeper, std::vector<registrar::Binding> bindings)
        : keeper_(keeper), bindings_(std::move(bindings)) {}
    std::string text() const override {
        return registrar::to_text(bindings_, *keeper_.snapshot(), keeper_.setup_.now());
    }

private:
    const Keeper& keeper_;
    std::vector<registrar::Binding> bindings_;
};

class Keeper::Call final : public store::Writer::Value {
public:
    Call(const Keeper& keeper, SnapshotPtr snapshot, b2bua::KeptCall call)
        : keeper_(keeper), snapshot_(std::move(snapshot)), call_(std::move(call)) {}
    std::string text() const override {
        return b2bua::to_text(call_, *snapshot_, keeper_.setup_.now());
    }

private:
    const Keeper& keeper_;
    SnapshotPtr snapshot_;
    b2bua::KeptCall call_;
};

Keeper::Keeper(Setup setup)
    : setup_(std::move(setup)), snapshot_(std::make_shared<const Snapshot>()) {
    std::unique_ptr<store::State> opened;
    std::vector<std::pair<Kind, std::string>> there;
    auto state = setup_.open();
    if (state) {
        opened = std::move(*state);
        problem_ = opened->loss();
        for (const Kind kind : {Kind::Registrations, Kind::Calls, Kind::Records}) {
            auto items = opened->items(kind);
            if (!items) {
                problem_ = items.error();
                opened.reset();
                break;
            }
            for (const store::Item& each : *items) {
                there.emplace_back(kind, each.key);
            }
            left_[kind] = std::move(*items);
        }
    } else {
        problem_ = state.error();
    }
    if (!problem_.empty()) {
        log::error("state.unreadable", {{"reason", problem_}});
    }
    writer_.emplace(store::Writer::Setup{
        .open = [this]() -> Result<std::unique_ptr<store::State>, std::string> {
            auto anew = TRY(setup_.open());
            if (!anew->loss().empty()) {
                log::warning("state.opened-anew", {{"loss", anew->loss()}});
            }
            // It may be another file, or an older one.
            setup_.say_all_anew();
            return anew;
        },
        .opened = std::move(opened),
        .there = std::move(there),
        .on_written = [this](Count count) { setup_.on_written(count); },
        .on_change =
            [](const std::string& problem) {
                if (problem.empty()) {
                    log::warning("state.works-again");
                } else {
                    log::error("state.fails", {{"reason", problem}});
                }
            },
        .now = setup_.now,
        .lag = patience});
}

Keeper::~Keeper() = default;

std::vector<store::Item> Keeper::take_left(Kind kind) {
    return std::exchange(left_[kind], {});
}

void Keeper::drop_left_calls(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
        std::erase_if(left_[Kind::Calls], [&](const auto& each) { return each.key == name; });
        forget(Kind::Calls, name);
    }
}

void Keeper::forget(Kind kind, std::string_view key) {
    writer_->put(kind, key, nullptr);
}

void Keeper::take(SnapshotPtr snapshot) {
    const std::lock_guard lock(mutex_);
    snapshot_ = std::move(snapshot);
}

SnapshotPtr Keeper::snapshot() const {
    const std::lock_guard lock(mutex_);
    return snapshot_;
}

std::vector<std::string> Keeper::alarms(TimePoint now) const {
    std::vector<std::string> out;
    if (!problem_.empty()) {
        out.push_back("registrations and calls of the process before are not restored: " +
                      problem_);
    }
    if (std::string alarm = writer_->alarm(now); !alarm.empty()) {
        out.push_back(std::move(alarm));
    }
    return out;
}

std::string Keeper::why_not_now(const Now& now) const {
    constexpr Duration most = 2s;
    const auto since = writer_->hangs_since(now.monotonic, most);
    return since ? "the disk of the store does not answer since " + to_iso8601_seconds(*since) +
                       "; nothing was changed; try again when the alarm is over"
                 : "";
}

void Keeper::on_bindings(std::string_view address_of_record,
                         const std::vector<registrar::Binding>& bindings) {
    writer_->put(Kind::Registrations, address_of_record,
                 bindings.empty() ? nullptr : std::make_unique<const Bindings>(*this, bindings));
}

void Keeper::on_call(const SnapshotPtr& snapshot, b2bua::KeptCall call) {
    const std::string name = call.name;
    writer_->put(Kind::Calls, name, std::make_unique<const Call>(*this, snapshot, std::move(call)));
}

void Keeper::on_call_over(std::string_view name) {
    writer_->put(Kind::Calls, name, nullptr);
}

}  // namespace ringwall::sbc
