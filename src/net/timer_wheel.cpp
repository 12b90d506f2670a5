#include "net/timer_wheel.h"

#include <algorithm>
#include <bit>

namespace ringwall::net {

namespace {

constexpr Duration tick_length = 1ms;

std::uint64_t whole_ticks(TimePoint time) {
    const auto ticks = time.time_since_epoch() / tick_length;
    return ticks < 0 ? 0 : static_cast<std::uint64_t>(ticks);
}

std::uint64_t ticks_rounded_up(TimePoint time) {
    const std::uint64_t ticks = whole_ticks(time);
    const bool is_whole = time.time_since_epoch() <= Duration(0) ||
                          time.time_since_epoch() % tick_length == Duration(0);
    return is_whole ? ticks : ticks + 1;
}

}  // namespace

TimerWheel::TimerWheel(TimePoint now) : now_(whole_ticks(now)) {
    heads_.fill(none);
}

TimerWheel::Handle TimerWheel::add(TimePoint deadline, std::uint64_t cookie) {
    std::uint32_t index = free_;
    if (index == none) {
        index = static_cast<std::uint32_t>(nodes_.size());
        nodes_.emplace_back();
    } else {
        free_ = nodes_[index].next;
    }
    Node& node = nodes_[index];
    node.tick = std::max(ticks_rounded_up(deadline), now_);
    node.cookie = cookie;
    node.is_set = true;
    link(index);
    ++size_;
    return {index, node.generation};
}

bool TimerWheel::cancel(Handle handle) {
    if (!handle || handle.index >= nodes_.size()) return false;
    const Node& node = nodes_[handle.index];
    if (!node.is_set || node.generation != handle.generation) return false;
    unlink(handle.index);
    release(handle.index);
    return true;
}

void TimerWheel::advance(TimePoint now, std::vector<std::uint64_t>& expired) {
    const Tick target = std::max(whole_ticks(now), now_);
    Due due{};
    while (first_due(due) && due.tick <= target) {
        now_ = std::max(now_, due.tick);
        std::uint32_t index = heads_[due.level * slots + due.slot];
        while (index != none) {
            const std::uint32_t next = nodes_[index].next;
            unlink(index);
            if (due.level == 0) {
                expired.push_back(nodes_[index].cookie);
                release(index);
            } else {
                link(index);
            }
            index = next;
        }
    }
    now_ = target;
}

TimePoint TimerWheel::next_deadline() const {
    Due due{};
    if (!first_due(due)) return TimePoint::max();
    constexpr auto last = static_cast<Tick>(TimePoint::max().time_since_epoch() / tick_length);
    if (due.tick >= last) return TimePoint::max();
    return TimePoint(tick_length * static_cast<Duration::rep>(due.tick));
}

void TimerWheel::link(std::uint32_t index) {
    Node& node = nodes_[index];
    const Tick difference = node.tick ^ now_;
    const auto level =
        difference == 0 ? 0U : (63U - static_cast<unsigned>(std::countl_zero(difference))) / bits;
    const auto slot = static_cast<unsigned>(node.tick >> (level * bits)) % slots;
    node.slot = static_cast<std::uint16_t>(level * slots + slot);
    node.previous = none;
    node.next = heads_[node.slot];
    if (node.next != none) nodes_[node.next].previous = index;
    heads_[node.slot] = index;
    occupied_[level] |= std::uint64_t{1} << slot;
}

void TimerWheel::unlink(std::uint32_t index) {
    const Node& node = nodes_[index];
    if (node.next != none) nodes_[node.next].previous = node.previous;
    if (node.previous != none) {
        nodes_[node.previous].next = node.next;
    } else {
        heads_[node.slot] = node.next;
        if (node.next == none) {
            occupied_[node.slot / slots] &= ~(std::uint64_t{1} << (node.slot % slots));
        }
    }
}

void TimerWheel::release(std::uint32_t index) {
    Node& node = nodes_[index];
    node.is_set = false;
    if (++node.generation == 0) node.generation = 1;
    node.next = free_;
    free_ = index;
    --size_;
}

bool TimerWheel::first_due(Due& due) const {
    for (unsigned level = 0; level < levels; ++level) {
        if (occupied_[level] == 0) continue;
        const auto slot = static_cast<unsigned>(std::countr_zero(occupied_[level]));
        const unsigned above = (level + 1) * bits;
        const Tick upper = above >= 64 ? 0 : (now_ >> above) << above;
        due = {level, slot, upper | (Tick{slot} << (level * bits))};
        return true;
    }
    return false;
}

}  // namespace ringwall::net
