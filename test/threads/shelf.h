// A store in memory, which can be kept from writing.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "store/state.h"

namespace ringwall::sbc {

struct Shelf {
    std::mutex mutex;
    std::map<std::string, std::string> records;
    bool is_stuck = false;
    bool is_broken = false;
    std::condition_variable bell;
};

class ShelfState final : public store::State {
public:
    explicit ShelfState(Shelf& shelf) : shelf_(shelf) {}
    Result<std::vector<store::Item>, std::string> items(store::Kind) override {
        return std::vector<store::Item>{};
    }
    Result<void, std::string> apply(const std::vector<store::Change>& changes) override {
        std::unique_lock lock(shelf_.mutex);
        shelf_.bell.wait(lock, [this] { return !shelf_.is_stuck; });
        if (shelf_.is_broken) {
            return fail(std::string("broken"));
        }
        for (const store::Change& each : changes) {
            if (each.value) {
                shelf_.records[each.key] = *each.value;
            } else {
                shelf_.records.erase(each.key);
            }
        }
        return {};
    }

private:
    Shelf& shelf_;
};

}  // namespace ringwall::sbc
