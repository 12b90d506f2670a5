#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>

namespace ringwall::log {
namespace {

std::atomic<Level> threshold{Level::Info};

spdlog::logger& sink() {
    static const std::shared_ptr<spdlog::logger> logger = [] {
        auto made = spdlog::stderr_logger_mt("ringwall");
        made->set_pattern("%Y-%m-%dT%H:%M:%S.%fZ %l %v", spdlog::pattern_time_type::utc);
        made->set_level(spdlog::level::trace);
        made->flush_on(spdlog::level::info);
        return made;
    }();
    return *logger;
}

bool is_plain(char c) {
    return static_cast<unsigned char>(c) > 0x20 && c != '"' && c != '\\' && c != '=' && c != 0x7f;
}

void append_value(std::string& line, std::string_view value) {
    bool plain = !value.empty();
    for (const char c : value) {
        plain = plain && is_plain(c);
    }
    if (plain) {
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

spdlog::level::level_enum to_spdlog(Level level) {
    switch (level) {
        case Level::Debug:
            return spdlog::level::debug;
        case Level::Info:
            return spdlog::level::info;
        case Level::Warning:
            return spdlog::level::warn;
        case Level::Error:
            return spdlog::level::err;
    }
    return spdlog::level::err;
}

}  // namespace

void set_level(Level level) {
    threshold.store(level, std::memory_order_relaxed);
}

bool is_enabled(Level level) {
    return level >= threshold.load(std::memory_order_relaxed);
}

void write(Level level, std::string_view event, std::initializer_list<Field> fields) {
    std::string line(event);
    for (const Field& field : fields) {
        line.push_back(' ');
        line.append(field.name);
        line.push_back('=');
        append_value(line, field.value);
    }
    sink().log(to_spdlog(level), "{}", line);
}

}  // namespace ringwall::log
