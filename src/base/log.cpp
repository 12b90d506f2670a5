#include "base/log.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <mutex>
#include <thread>
#include <utility>

#include "base/check.h"

namespace ringwall::log {
namespace {

std::atomic<Level> threshold{Level::Info};

std::string_view to_string(Level level) {
    switch (level) {
        case Level::Debug:
            return "debug";
        case Level::Info:
            return "info";
        case Level::Warning:
            return "warning";
        case Level::Error:
            return "error";
    }
    return "?";
}

// What waits for the Writer. More is lost rather than that anybody waits.
constexpr std::size_t max_pending = std::size_t{1} << 20;
// How long a line waits for others to be written together with it.
constexpr std::chrono::milliseconds gathering{20};

struct Queue {
    std::mutex mutex;
    std::condition_variable is_filled;
    std::string lines;
    std::uint64_t lost = 0;
    bool is_written_by_thread = false;
    bool is_stopping = false;
    std::condition_variable is_written;  // all, and the thread is over
};

// Never destroyed: what ends last may log.
Queue& queue() {
    static Queue& one = *new Queue;
    return one;
}

void write_out(std::string_view text) {
    while (!text.empty()) {
        const ssize_t done = ::write(STDERR_FILENO, text.data(), text.size());
        if (done < 0 && errno != EINTR) {
            return;  // there is nobody to tell
        }
        text.remove_prefix(done < 0 ? 0 : static_cast<std::size_t>(done));
    }
}

// "2026-01-31T12:00:00", of the last second that was asked for: there are many lines in one.
std::string_view second_text(std::time_t second) {
    struct Last {
        std::time_t second = -1;
        std::array<char, 64> text{};
        std::size_t length = 0;
    };
    thread_local Last last;
    if (last.second != second) {
        std::tm parts{};
        gmtime_r(&second, &parts);
        last.second = second;
        last.length =
            std::strftime(last.text.data(), last.text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
    }
    return {last.text.data(), last.length};
}

// What stands before each line: the time and the level.
void append_head(std::string& line, Level level) {
    using namespace std::chrono;
    const auto now = duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
    line.append(second_text(now / 1'000'000));
    std::array<char, 8> fraction{'.', '0', '0', '0', '0', '0', '0', 'Z'};
    auto rest = now % 1'000'000;
    for (std::size_t at = 6; at > 0; --at) {
        fraction[at] = static_cast<char>('0' + rest % 10);
        rest /= 10;
    }
    line.append(fraction.data(), fraction.size());
    line.append(" ").append(to_string(level)).append(" ");
}

void put(const std::string& text) {
    Queue& to = queue();
    std::unique_lock lock(to.mutex);
    if (!to.is_written_by_thread) {
        write_out(text);
        return;
    }
    if (to.lines.size() + text.size() > max_pending) {
        ++to.lost;
        return;
    }
    const bool was_empty = to.lines.empty();
    to.lines.append(text);
    lock.unlock();
    if (was_empty) {
        to.is_filled.notify_one();
    }
}

// Out of a program that dies goes what still waits, if the lock can be had.
void on_abort(int) {
    Queue& from = queue();
    if (from.mutex.try_lock()) {
        write_out(from.lines);
    }
    std::signal(SIGABRT, SIG_DFL);
    std::abort();
}

void write_queue() {
    Queue& from = queue();
    std::string lines;
    std::unique_lock lock(from.mutex);
    while (true) {
        from.is_filled.wait(lock, [&] { return from.is_stopping || !from.lines.empty(); });
        from.is_filled.wait_for(lock, gathering, [&] { return from.is_stopping; });
        lines.swap(from.lines);
        const std::uint64_t lost = std::exchange(from.lost, 0);
        lock.unlock();
        if (lost > 0) {
            append_head(lines, Level::Warning);
            lines.append("log.lost lines=").append(std::to_string(lost)).append("\n");
        }
        write_out(lines);
        lines.clear();
        lock.lock();
        if (from.is_stopping && from.lines.empty()) {
            from.is_written_by_thread = false;
            from.is_written.notify_all();
            return;
        }
    }
}

bool is_plain(char c) {
    return static_cast<unsigned char>(c) > 0x20 && c != '"' && c != '\\' && c != '=' && c != 0x7f;
}

void append_value(std::string& line, std::string_view value) {
    if (!value.empty() && std::ranges::all_of(value, is_plain)) {
        line.append(value);
        return;
    }
    static constexpr std::string_view digits = "0123456789abcdef";
    line.push_back('"');
    for (const char c : value) {
        const auto octet = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            line.push_back('\\');
            line.push_back(c);
        } else if (octet < 0x20 || octet == 0x7f) {
            line.append("\\x");
            line.push_back(digits[octet >> 4]);
            line.push_back(digits[octet & 15]);
        } else {
            line.push_back(c);
        }
    }
    line.push_back('"');
}

}  // namespace

void set_level(Level level) {
    threshold.store(level, std::memory_order_relaxed);
}

bool is_enabled(Level level) {
    return level >= threshold.load(std::memory_order_relaxed);
}

void write(Level level, std::string_view event, std::initializer_list<Field> fields) {
    thread_local std::string line;  // its memory is used again
    line.clear();
    append_head(line, level);
    line.append(event);
    for (const Field& field : fields) {
        line.push_back(' ');
        line.append(field.name);
        line.push_back('=');
        append_value(line, field.value());
    }
    line.push_back('\n');
    put(line);
}

struct Writer::Impl {
    std::thread thread{write_queue};
};

Writer::Writer() {
    Queue& its = queue();
    {
        const std::lock_guard lock(its.mutex);
        CHECK(!its.is_written_by_thread);  // there is one standard error
        its.is_written_by_thread = true;
        its.is_stopping = false;
    }
    std::signal(SIGABRT, on_abort);
    impl_ = std::make_unique<Impl>();
}

Writer::~Writer() {
    while (!finish(std::chrono::hours(1))) {
    }
}

bool Writer::finish(std::chrono::milliseconds patience) {
    if (!impl_->thread.joinable()) {
        return true;
    }
    Queue& its = queue();
    {
        std::unique_lock lock(its.mutex);
        its.is_stopping = true;
        its.is_filled.notify_one();
        if (!its.is_written.wait_for(lock, patience, [&] { return !its.is_written_by_thread; })) {
            return false;
        }
    }
    impl_->thread.join();
    std::signal(SIGABRT, SIG_DFL);
    return true;
}

}  // namespace ringwall::log
