// Carries letters between shards that run on workers, each on its own thread. What a shard posts in
// a turn goes as one batch to each other shard when the turn ends.
#pragma once

#include <memory>
#include <vector>

#include "engine/shard.h"
#include "engine/siblings.h"
#include "engine/worker.h"

namespace ringwall::engine {

class Exchange {
public:
    explicit Exchange(ShardNumber count);
    ~Exchange();
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    // For the shard's constructor: of one that is alone, no siblings at all.
    Place place(ShardNumber number);
    // All, before the first turn of any. Both must outlive the last turn of all.
    void join(ShardNumber number, Worker& worker, Shard& shard);

private:
    class Desk;
    class Batch;
    std::vector<std::unique_ptr<Desk>> desks_;
};

}  // namespace ringwall::engine
