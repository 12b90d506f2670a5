#include "sbc/record_journal.h"

#include <memory>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "base/log.h"
#include "sbc/registrar/journal.h"

namespace ringwall::sbc {

using store::Kind;

class RecordJournal::Delivery final : public net::Letter {
public:
    explicit Delivery(RecordJournal& journal) : journal_(journal) {}
    void open() override { journal_.deliver(); }

private:
    RecordJournal& journal_;
};

class RecordJournal::Text final : public store::Writer::Value {
public:
    explicit Text(std::string text) : text_(std::move(text)) {}
    std::string text() const override { return text_; }

private:
    std::string text_;
};

namespace {

// Of a line of a record, in either form: what comes first in each.
std::string_view call_of(std::string_view line) {
    constexpr std::string_view json = "{\"call\":\"";
    const bool is_json = line.starts_with(json);
    line.remove_prefix(is_json ? json.size() : 0);
    return line.substr(0, line.find(is_json ? '"' : ','));
}

}  // namespace

// However many have come after it: a store that hangs may have kept what went to the file long ago.
std::unordered_set<std::string_view> RecordJournal::in_file(
    const std::vector<store::Item>& calls) const {
    std::unordered_set<std::string_view> wanted;
    for (const store::Item& each : calls) {
        wanted.insert(each.key);
    }
    std::unordered_set<std::string_view> out;
    if (!wanted.empty()) {
        file_.read_back([&](std::string_view beginning) {
            if (const auto found = wanted.find(call_of(beginning)); found != wanted.end()) {
                out.insert(*found);
            }
        });
    }
    return out;
}

void RecordJournal::start(store::Writer& store, const std::vector<store::Item>& left) {
    store_ = &store;
    const auto calls = in_file(left);
    for (const store::Item& each : left) {
        if (calls.contains(each.key)) {
            store.put(Kind::Records, each.key, nullptr);
        } else {
            ready_.push_back({each.key, each.value, 0, {}});
        }
    }
    if (!left.empty()) {
        log::info("records.recovered", {{"left", left.size()}, {"lacked", ready_.size()}});
    }
    is_started_ = true;
    const std::scoped_lock lock(mutex_);
    ask_for_delivery();
}

std::vector<std::string> RecordJournal::recorded(const std::vector<store::Item>& calls) const {
    std::vector<std::string> out;
    auto known = in_file(calls);
    for (const Entry& each : ready_) {
        known.insert(each.call);
    }
    for (const store::Item& each : calls) {
        if (known.contains(each.key)) {
            out.push_back(each.key);
        }
    }
    return out;
}

void RecordJournal::stop() {
    is_started_ = false;
    const std::scoped_lock lock(mutex_);
    for (Entry& each : std::exchange(unkept_, {})) {
        ready_.push_back(std::move(each));
    }
    ask_for_delivery();
}

void RecordJournal::write(std::string_view call, std::string line, TimePoint now) {
    {
        const std::scoped_lock lock(mutex_);
        if (unkept_.size() + ready_.size() >= max_waiting) {
            ++left_out_;
            return;
        }
        const auto ticket = store_->put(Kind::Records, call, std::make_unique<const Text>(line));
        unkept_.push_back({std::string(call), std::move(line), ticket, now});
    }
    if (store_->is_lagging(now)) {
        look(now);
    }
}

void RecordJournal::on_written(store::Writer::Ticket ticket) {
    const std::scoped_lock lock(mutex_);
    while (!unkept_.empty() && unkept_.front().ticket <= ticket) {
        ready_.push_back(std::move(unkept_.front()));
        unkept_.pop_front();
    }
    ask_for_delivery();
}

void RecordJournal::say_all_anew() {
    const std::scoped_lock lock(mutex_);
    for (auto* const entries : {&ready_, &unkept_}) {
        for (Entry& each : *entries) {
            each.ticket =
                store_->put(Kind::Records, each.call, std::make_unique<const Text>(each.line));
        }
    }
}

void RecordJournal::look(TimePoint now) {
    const std::scoped_lock lock(mutex_);
    while (!unkept_.empty() && unkept_.front().since <= now - registrar::Journal::patience) {
        ready_.push_back(std::move(unkept_.front()));
        unkept_.pop_front();
    }
    ask_for_delivery();
}

// With the lock.
void RecordJournal::ask_for_delivery() {
    if (!ready_.empty() && !std::exchange(is_asked_for_, true)) {
        mailbox_.post(std::make_unique<Delivery>(*this));
    }
}

// The file's thread.
void RecordJournal::deliver() {
    std::unique_lock lock(mutex_);
    is_asked_for_ = false;
    if (const std::uint64_t left_out = std::exchange(left_out_, 0); left_out > 0) {
        file_.lose(left_out, "too many lines at a time");
    }
    while (!ready_.empty()) {
        if (!file_.is_open()) {
            problem_ = "none is named (--record), so they stay in the store";
            return;
        }
        const Entry& first = ready_.front();
        lock.unlock();  // whoever adds more adds it behind
        const auto written = file_.offer(first.line);
        lock.lock();
        if (!written) {
            problem_ = written.error();
            return;
        }
        problem_.clear();
        store_->put(Kind::Records, ready_.front().call, nullptr);
        ready_.pop_front();
    }
}

std::size_t RecordJournal::waiting() const {
    const std::scoped_lock lock(mutex_);
    return unkept_.size() + ready_.size();
}

std::string RecordJournal::alarm(TimePoint now) const {
    const bool is_hanging = file_.hangs(now);
    const std::scoped_lock lock(mutex_);
    if (is_hanging && !ready_.empty()) {
        return "records of calls wait in the store and in memory for their file, which hangs: up "
               "to " +
               std::to_string(max_waiting) + ", and the next are lost";
    }
    return problem_.empty() ? ""
                            : std::to_string(ready_.size()) +
                                  " records of calls wait for their file: " + problem_;
}

}  // namespace ringwall::sbc
