// Values under ids that are never good for another: an id is a slot and the generation of its use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace ringwall::sip::transaction {

template <class IdType, class Value>
class SlotMap {
public:
    // `make(id)` gives the std::unique_ptr<Value> that is kept. A value stays where it is.
    template <class Make>
    IdType insert(Make&& make) {
        if (free_.empty()) {
            free_.push_back(static_cast<std::uint32_t>(slots_.size()));
            slots_.emplace_back();
        }
        const std::uint32_t at = free_.back();
        free_.pop_back();
        const IdType id{(std::uint64_t{slots_[at].generation} << 32) | at};
        slots_[at].value = std::forward<Make>(make)(id);
        ++size_;
        return id;
    }

    // Null when the id is gone.
    Value* find(IdType id) const {
        const auto at = static_cast<std::uint32_t>(id.value);
        const auto generation = static_cast<std::uint32_t>(id.value >> 32);
        return at < slots_.size() && slots_[at].generation == generation ? slots_[at].value.get()
                                                                         : nullptr;
    }

    // The slot of an id.
    static std::uint32_t slot_of(IdType id) { return static_cast<std::uint32_t>(id.value); }
    // What lies in a slot now; null: nothing.
    Value* at(std::uint32_t slot) const { return slots_[slot].value.get(); }

    void erase(IdType id) {
        if (find(id) == nullptr) {
            return;
        }
        const auto at = static_cast<std::uint32_t>(id.value);
        Slot& slot = slots_[at];
        slot.value.reset();
        slot.generation = slot.generation == UINT32_MAX ? 1 : slot.generation + 1;
        free_.push_back(at);
        --size_;
    }

    std::size_t size() const { return size_; }

    template <class Predicate>
    bool all_of(Predicate&& predicate) const {
        for (const Slot& slot : slots_) {
            if (slot.value && !predicate(*slot.value)) {
                return false;
            }
        }
        return true;
    }

private:
    struct Slot {
        std::uint32_t generation = 1;  // never 0: no id is 0
        std::unique_ptr<Value> value;
    };
    std::vector<Slot> slots_;
    std::vector<std::uint32_t> free_;
    std::size_t size_ = 0;
};

}  // namespace ringwall::sip::transaction
