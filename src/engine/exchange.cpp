#include "engine/exchange.h"

#include <utility>

#include "base/check.h"
#include "net/mailbox.h"

namespace ringwall::engine {

// Where one shard's letters come in, and its own wait for the end of the turn.
class Exchange::Desk final : public Siblings {
public:
    Desk(Exchange& exchange, ShardNumber count) : exchange_(exchange), outgoing_(count) {}

    ShardNumber count() const override { return static_cast<ShardNumber>(outgoing_.size()); }
    void post(ShardNumber to, Letter letter) override {
        outgoing_[to].push_back(std::move(letter));
    }
    void flush() override;
    void post_now(ShardNumber to, Letter letter) override;

    Worker* worker = nullptr;
    Shard* shard = nullptr;

private:
    Exchange& exchange_;
    std::vector<std::vector<Letter>> outgoing_;
};

class Exchange::Batch final : public net::Letter {
public:
    Batch(Desk& to, std::vector<engine::Letter> letters) : to_(to), letters_(std::move(letters)) {}
    void open() override {
        for (engine::Letter& each : letters_) {
            to_.shard->open(std::move(each), to_.worker->now());
        }
    }

private:
    Desk& to_;
    std::vector<engine::Letter> letters_;
};

void Exchange::Desk::flush() {
    for (std::size_t to = 0; to < outgoing_.size(); ++to) {
        if (!outgoing_[to].empty()) {
            Desk& desk = *exchange_.desks_[to];
            desk.worker->post(std::make_unique<Batch>(desk, std::exchange(outgoing_[to], {})));
        }
    }
}

// What was posted before it stays in front of it.
void Exchange::Desk::post_now(ShardNumber to, Letter letter) {
    post(to, std::move(letter));
    Desk& desk = *exchange_.desks_[to];
    desk.worker->post(std::make_unique<Batch>(desk, std::exchange(outgoing_[to], {})));
}

Exchange::Exchange(ShardNumber count) {
    CHECK(count >= 1 && count <= max_shards);
    for (ShardNumber i = 0; i < count; ++i) {
        desks_.push_back(std::make_unique<Desk>(*this, count));
    }
}

Exchange::~Exchange() = default;

Place Exchange::place(ShardNumber number) {
    return {number, desks_.size() == 1 ? nullptr : desks_[number].get()};
}

void Exchange::join(ShardNumber number, Worker& worker, Shard& shard) {
    desks_[number]->worker = &worker;
    desks_[number]->shard = &shard;
}

}  // namespace ringwall::engine
