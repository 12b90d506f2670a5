#include "sbc/measures.h"

#include <algorithm>

namespace ringwall::sbc {
namespace {

template <class Number, std::size_t size>
void add_all(std::array<Number, size>& to, const std::array<Number, size>& other) {
    for (std::size_t i = 0; i < size; ++i) {
        to[i] += other[i];
    }
}

}  // namespace

void MessageCounts::add(engine::Direction direction, const sip::Message& message) {
    Way& way = direction == engine::Direction::In ? in : out;
    if (message.is_request()) {
        ++way.requests[static_cast<std::size_t>(message.method())];
    } else {
        ++way.responses[static_cast<std::size_t>(std::clamp(message.status() / 100, 1, 6) - 1)];
    }
}

MessageCounts& MessageCounts::operator+=(const MessageCounts& other) {
    add_all(in.requests, other.in.requests);
    add_all(in.responses, other.in.responses);
    add_all(out.requests, other.out.requests);
    add_all(out.responses, other.out.responses);
    return *this;
}

void DelayCounts::add(Duration waited) {
    const auto* const bound = std::ranges::find_if(
        bounds, [&](int each) { return waited <= std::chrono::milliseconds(each); });
    ++counts[static_cast<std::size_t>(bound - bounds.begin())];
    sum += waited;
}

DelayCounts& DelayCounts::operator+=(const DelayCounts& other) {
    add_all(counts, other.counts);
    sum += other.sum;
    return *this;
}

AdjacencyMeasures& AdjacencyMeasures::operator+=(const AdjacencyMeasures& other) {
    active_calls += other.active_calls;
    activating_calls += other.activating_calls;
    add_all(connections, other.connections);
    messages += other.messages;
    add_all(handshakes_failed, other.handshakes_failed);
    return *this;
}

}  // namespace ringwall::sbc
