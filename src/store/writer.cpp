#include "store/writer.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace ringwall::store {

Writer::Writer(Setup setup) : setup_(std::move(setup)), state_(std::move(setup_.opened)) {
    for (const auto& [kind, key] : std::exchange(setup_.there, {})) {
        there_.insert(name_of(kind, key));
    }
    thread_ = std::thread([this] {
        run();
        const std::lock_guard lock(mutex_);
        is_over_ = true;
        over_.notify_all();
    });
}

Writer::~Writer() {
    {
        const std::lock_guard lock(mutex_);
        is_stopping_ = true;
    }
    bell_.notify_one();
    thread_.join();
}

bool Writer::finish(Duration patience) {
    std::unique_lock lock(mutex_);
    is_stopping_ = true;
    bell_.notify_one();
    while (true) {
        const Ticket before = written_.load();
        if (over_.wait_for(lock, patience, [this] { return is_over_; })) {
            return true;
        }
        if (written_.load() == before) {
            return false;
        }
    }
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
        std::string name = name_of(kind, key);
        const auto known = values_.find(name);
        if (value == nullptr && kind != Kind::Registrations && !there_.contains(name)) {
            if (known != values_.end()) {
                drop(known);
            }
            return last_.load();
        }
        ticket = last_.load() + 1;
        last_.store(ticket);
        was_idle = queue_.empty();
        if (known != values_.end()) {
            known->second.value = std::move(value);
        } else {
            queue_.push_back({ticket, since, kind, std::string(key)});
            values_.emplace(std::move(name), Entry{std::move(value), std::prev(queue_.end())});
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

// With the lock.
void Writer::drop(Values::iterator entry) {
    queue_.erase(entry->second.place);
    values_.erase(entry);
    if (!is_writing_) {
        note_progress();
    }
}

std::size_t Writer::waiting() const {
    const std::lock_guard lock(mutex_);
    return queue_.size();
}

std::optional<WallTime> Writer::hangs_since(TimePoint now, Duration patience) const {
    const std::lock_guard lock(mutex_);
    return writing_since_ && writing_since_->monotonic < now - patience
               ? std::optional(writing_since_->wall)
               : std::nullopt;
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
        is_writing_ = true;
        writing_since_ = setup_.now();
        lock.unlock();
        const auto written = write(batch);
        tell(written ? "" : written.error());
        lock.lock();
        is_writing_ = false;
        writing_since_.reset();
        if (written) {
            done(batch);
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
        const std::string name = name_of(place.kind, place.key);
        const auto found = values_.find(name);
        if (place.kind != Kind::Registrations && found->second.value != nullptr) {
            there_.insert(name);
        }
        batch.values.push_back(std::move(found->second.value));
        batch.places.push_back(std::move(place));
        values_.erase(found);
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
    if (state_ != nullptr) {
        tell(state_->why_gone());
    }
    state_.reset();
    auto opened = setup_.open();
    if (opened) {
        state_ = std::move(*opened);
        tell("");
    }
    const std::lock_guard lock(mutex_);
    lost_ = opened ? "" : opened.error();
}

// Without the lock.
void Writer::tell(const std::string& problem) {
    if (is_failing_ != problem.empty()) {
        return;  // as it was
    }
    is_failing_ = !problem.empty();
    if (setup_.on_change) {
        setup_.on_change(problem);
    }
}

void Writer::done(const Batch& batch) {
    problem_.clear();
    lost_.clear();
    for (std::size_t i = 0; i < batch.places.size(); ++i) {
        if (batch.values[i] == nullptr) {
            there_.erase(name_of(batch.places[i].kind, batch.places[i].key));
        }
    }
    note_progress();
}

void Writer::note_progress() {
    oldest_.store(queue_.empty() ? TimePoint::max() : queue_.front().since);
    written_.store(queue_.empty() ? last_.load() : queue_.front().ticket - 1);
}

// Before what has come meanwhile, which is newer: of the same key that counts, in the place of
// this.
void Writer::put_back(Batch batch, const std::string& problem) {
    problem_ = problem;
    for (std::size_t i = batch.places.size(); i-- > 0;) {
        Place& place = batch.places[i];
        const std::string name = name_of(place.kind, place.key);
        queue_.push_front(std::move(place));
        const auto newer = values_.find(name);
        if (newer == values_.end()) {
            values_.emplace(name, Entry{std::move(batch.values[i]), queue_.begin()});
        } else {
            queue_.erase(std::exchange(newer->second.place, queue_.begin()));
        }
    }
}

}  // namespace ringwall::store
