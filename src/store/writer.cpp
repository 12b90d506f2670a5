#include "store/writer.h"

#include <algorithm>
#include <utility>

namespace ringwall::store {

Writer::Writer(Setup setup) : setup_(std::move(setup)), state_(std::move(setup_.opened)) {
    thread_ = std::thread([this] { run(); });
}

Writer::~Writer() {
    {
        const std::lock_guard lock(mutex_);
        is_stopping_ = true;
    }
    bell_.notify_one();
    thread_.join();
}

std::string Writer::name_of(Kind kind, std::string_view key) {
    std::string name(1, static_cast<char>(kind));
    return name.append(key);
}

Writer::Ticket Writer::put(Kind kind, std::string_view key, std::unique_ptr<const Value> value) {
    const TimePoint since = setup_.now().monotonic;
    bool was_idle = false;
    Ticket ticket = 0;
    {
        const std::lock_guard lock(mutex_);
        ticket = last_.load() + 1;
        last_.store(ticket);
        was_idle = queue_.empty();
        auto [waiting, is_new] = values_.try_emplace(name_of(kind, key));
        waiting->second = std::move(value);
        if (is_new) {
            queue_.push_back({ticket, since, kind, std::string(key)});
        }
        if (oldest_.load() == TimePoint::max()) {
            oldest_.store(since);
        }
    }
    if (was_idle) {
        bell_.notify_one();
    }
    return ticket;
}

std::string Writer::alarm(TimePoint now) const {
    const std::lock_guard lock(mutex_);
    const std::string& known = problem_.empty() ? lost_ : problem_;
    if (!is_lagging(now) && lost_.empty()) {
        return "";
    }
    return "what is registered or called is not on the disk, so acknowledgements are not "
           "durable: " +
           (known.empty() ? std::string("the disk is too slow") : known);
}

void Writer::run() {
    std::unique_lock lock(mutex_);
    while (true) {
        if (problem_.empty()) {
            bell_.wait_for(lock, setup_.look, [this] { return is_stopping_ || !queue_.empty(); });
        } else {
            bell_.wait_for(lock, setup_.retry, [this] { return is_stopping_; });
        }
        if (queue_.empty()) {
            if (is_stopping_) {
                return;
            }
            lock.unlock();
            look();
            lock.lock();
            continue;
        }
        Batch batch = take();
        lock.unlock();
        const auto written = write(batch);
        lock.lock();
        if (written) {
            done();
        } else {
            put_back(std::move(batch), written.error());
            if (is_stopping_) {
                return;
            }
        }
        if (written && setup_.on_written) {
            const Ticket ticket = written_.load();
            lock.unlock();
            setup_.on_written(ticket);
            lock.lock();
        }
    }
}

Writer::Batch Writer::take() {
    Batch batch;
    while (!queue_.empty() && batch.places.size() < setup_.batch) {
        Place place = std::move(queue_.front());
        queue_.pop_front();
        if (auto found = values_.extract(name_of(place.kind, place.key))) {
            batch.places.push_back(std::move(place));
            batch.values.push_back(std::move(found.mapped()));
        }
    }
    return batch;
}

Result<void, std::string> Writer::write(const Batch& batch) {
    if (state_ == nullptr) {
        state_ = TRY(setup_.open());
    }
    std::vector<Change> changes;
    changes.reserve(batch.places.size());
    for (std::size_t i = 0; i < batch.places.size(); ++i) {
        const Value* const value = batch.values[i].get();
        changes.push_back({batch.places[i].kind, batch.places[i].key,
                           value == nullptr ? std::nullopt : std::optional(value->text())});
    }
    auto applied = state_->apply(changes);
    if (!applied) {
        state_.reset();
    }
    return applied;
}

void Writer::look() {
    const bool was_there = state_ != nullptr || !lost_.empty();
    if (!was_there || (state_ != nullptr && state_->why_gone().empty())) {
        return;
    }
    state_.reset();
    auto opened = setup_.open();
    if (opened) {
        state_ = std::move(*opened);
    }
    const std::lock_guard lock(mutex_);
    lost_ = opened ? "" : opened.error();
}

void Writer::done() {
    problem_.clear();
    lost_.clear();
    oldest_.store(queue_.empty() ? TimePoint::max() : queue_.front().since);
    written_.store(queue_.empty() ? last_.load() : queue_.front().ticket - 1);
}

// Before what has come meanwhile, which is newer.
void Writer::put_back(Batch batch, const std::string& problem) {
    problem_ = problem;
    for (std::size_t i = batch.places.size(); i-- > 0;) {
        Place& place = batch.places[i];
        values_.try_emplace(name_of(place.kind, place.key), std::move(batch.values[i]));
        queue_.push_front(std::move(place));
    }
}

}  // namespace ringwall::store
