#include "sbc/keeper.h"

#include <memory>
#include <utility>

#include "base/log.h"
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

Keeper::Keeper(Setup setup)
    : setup_(std::move(setup)), snapshot_(std::make_shared<const Snapshot>()) {
    std::unique_ptr<store::State> opened;
    auto state = setup_.open();
    if (state) {
        opened = std::move(*state);
        problem_ = opened->loss();
        auto items = opened->items(Kind::Registrations);
        if (items) {
            left_ = std::move(*items);
        } else {
            problem_ = items.error();
            opened.reset();
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
            log::warning("state.opened-anew", {{"loss", anew->loss()}});
            // It may be another file, or an older one.
            setup_.say_all_anew();
            return anew;
        },
        .opened = std::move(opened),
        .on_written = [this](Count) { setup_.on_written(); },
        .now = setup_.now,
        .lag = patience});
}

Keeper::~Keeper() = default;

std::vector<store::Item> Keeper::take_left() {
    return std::exchange(left_, {});
}

void Keeper::forget(std::string_view address_of_record) {
    writer_->put(Kind::Registrations, address_of_record, nullptr);
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
        out.push_back("registrations of the process before are not restored: " + problem_);
    }
    if (std::string alarm = writer_->alarm(now); !alarm.empty()) {
        out.push_back(std::move(alarm));
    }
    return out;
}

void Keeper::on_bindings(std::string_view address_of_record,
                         const std::vector<registrar::Binding>& bindings) {
    writer_->put(Kind::Registrations, address_of_record,
                 bindings.empty() ? nullptr : std::make_unique<const Bindings>(*this, bindings));
}

}  // namespace ringwall::sbc
