// The log: an event name and fields, one line each, fit for journald.
//
//   log::info("call.rejected", {{"call", id}, {"adjacency", name}, {"stage", "admit"}});
//   -> call.rejected call=7f3a adjacency=phones stage=admit
//
// Values are quoted where they hold blanks, quotes or control characters, so that a peer cannot
// write a line of its own. Secrets have a type (base/secret.h) that does not convert.
#pragma once

#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

namespace ringwall::log {

enum class Level { Debug, Info, Warning, Error };

// For the length of a call of write(): it holds a view of the value, or the digits of a number.
class Field {
public:
    Field(std::string_view n, std::string_view v) : name(n), text_(v) {}
    Field(std::string_view n, const char* v) : name(n), text_(v) {}
    Field(std::string_view n, const std::string& v) : name(n), text_(v) {}
    template <class Number>
    requires std::is_integral_v<Number> Field(std::string_view n, Number v) : name(n) {
        char* const end = std::to_chars(digits_.data(), digits_.data() + digits_.size(), v).ptr;
        digits_length_ = static_cast<std::size_t>(end - digits_.data());
    }

    const std::string_view name;
    std::string_view value() const {
        return digits_length_ > 0 ? std::string_view(digits_.data(), digits_length_) : text_;
    }

private:
    std::string_view text_;
    std::array<char, 24> digits_{};
    std::size_t digits_length_ = 0;
};

void set_level(Level level);
bool is_enabled(Level level);
void write(Level level, std::string_view event, std::initializer_list<Field> fields);

inline void debug(std::string_view event, std::initializer_list<Field> fields = {}) {
    if (is_enabled(Level::Debug)) write(Level::Debug, event, fields);
}
inline void info(std::string_view event, std::initializer_list<Field> fields = {}) {
    if (is_enabled(Level::Info)) write(Level::Info, event, fields);
}
inline void warning(std::string_view event, std::initializer_list<Field> fields = {}) {
    if (is_enabled(Level::Warning)) write(Level::Warning, event, fields);
}
inline void error(std::string_view event, std::initializer_list<Field> fields = {}) {
    if (is_enabled(Level::Error)) write(Level::Error, event, fields);
}

// While one lives, a thread of its own writes the lines, those of 20 ms together, so that nobody
// who logs waits for who reads the log. What does not fit (1 MB) is lost, and counted: log.lost.
// Without one a line is written at once. Create it when the signals that a thread inherits are
// blocked.
class Writer {
public:
    Writer();
    // What waits is written, however long that takes.
    ~Writer();
    // The same, as far as that can be done in that time. False: who reads standard error keeps the
    // thread, and whoever logs from here on is not heard.
    bool finish(std::chrono::milliseconds patience);
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace ringwall::log
