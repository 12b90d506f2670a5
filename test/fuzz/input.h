// The octets of a fuzz target read as decisions: what happens next, to whom, with which number.
// When they have run out every decision is the first choice, and is_empty() says so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ringwall::fuzz {

class Input {
public:
    explicit Input(std::string_view octets) : rest_(octets) {}

    bool is_empty() const { return rest_.empty(); }
    std::uint8_t octet() {
        if (rest_.empty()) {
            return 0;
        }
        const auto first = static_cast<std::uint8_t>(rest_.front());
        rest_.remove_prefix(1);
        return first;
    }
    // 0 to count - 1; count is 1 to 256.
    std::size_t below(std::size_t count) { return octet() % count; }
    bool flip() { return below(2) == 1; }
    // The same probability for each; the type of the list's members.
    template <class Value, std::size_t N>
    Value one_of(const Value (&values)[N]) {
        return values[below(N)];
    }
    std::uint32_t number() {
        std::uint32_t value = 0;
        for (int i = 0; i < 4; ++i) {
            value = value << 8 | octet();
        }
        return value;
    }
    std::string_view take(std::size_t length) {
        const std::string_view text = rest_.substr(0, length);
        rest_.remove_prefix(text.size());
        return text;
    }
    // Up to this octet, which is taken too, or to the end.
    std::string_view until(char end) {
        const std::string_view text = take(rest_.find(end));
        take(1);
        return text;
    }
    std::string_view rest() { return take(rest_.size()); }

private:
    std::string_view rest_;
};

}  // namespace ringwall::fuzz
