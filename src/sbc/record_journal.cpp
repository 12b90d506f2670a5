#include "sbc/record_journal.h"

#include <algorithm>
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

// The calls of lines of records, in either form: what comes first in each.
std::unordered_set<std::string_view> calls_in(std::string_view lines) {
    constexpr std::string_view json = "{\"call\":\"";
    std::unordered_set<std::string_view> out;
    while (!lines.empty()) {
        std::string_view line = lines.substr(0, lines.find('\n'));
        lines.remove_prefix(std::min(line.size() + 1, lines.size()));
        const bool is_json = line.starts_with(json);
        line.remove_prefix(is_json ? json.size() : 0);
        out.insert(line.substr(0, line.find(is_json ? '"' : ',')));
    }
    return out;
}

}  // namespace

void RecordJournal::start(store::Writer& store, const std::vector<store::Item>& left) {
    store_ = &store;
    const std::string lines = left.empty() ? std::string() : file_.tail();
    const auto calls = calls_in(lines);
    std::size_t written = 0;
    for (const store::Item& each : left) {
        if (file_.is_open() && !calls.contains(each.key)) {
            ready_.push_back({each.key, each.value, 0, {}});
            ++written;
        } else {
            store.put(Kind::Records, each.key, nullptr);
        }
    }
    if (!left.empty()) {
        log::info("records.recovered", {{"left", left.size()}, {"lacked", written}});
    }
    is_started_ = true;
    const std::scoped_lock lock(mutex_);
    ask_for_delivery();
}

std::vector<std::string> RecordJournal::recorded(const std::vector<store::Item>& calls) const {
    std::vector<std::string> out;
    const std::string lines = calls.empty() ? std::string() : file_.tail();
    auto known = calls_in(lines);
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
    is_last_ = true;
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

// With the lock. Where the store takes nothing any more it is not waited for.
bool RecordJournal::has_room_in_both() {
    const store::Writer::Ticket written = store_->written();
    while (!in_both_.empty() && in_both_.front().ticket <= written) {
        octets_in_both_ -= in_both_.front().octets;
        in_both_.pop_front();
    }
    if (octets_in_both_ >= max_in_both && store_->has_failed()) {
        in_both_.clear();
        octets_in_both_ = 0;
    }
    return octets_in_both_ < max_in_both;
}

// The file's thread.
void RecordJournal::deliver() {
    std::unique_lock lock(mutex_);
    is_asked_for_ = false;
    if (const std::uint64_t left_out = std::exchange(left_out_, 0); left_out > 0) {
        file_.lose(left_out, "too many lines at a time");
    }
    while (!ready_.empty() && (is_last_ || has_room_in_both())) {
        const Entry& first = ready_.front();
        lock.unlock();  // whoever adds more adds it behind
        const auto written = file_.offer(first.line);
        lock.lock();
        if (!written) {
            problem_ = written.error();
            return;
        }
        problem_.clear();
        const auto ticket = store_->put(Kind::Records, ready_.front().call, nullptr);
        in_both_.push_back({ready_.front().line.size(), ticket});
        octets_in_both_ += in_both_.back().octets;
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
