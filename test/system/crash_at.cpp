// Loaded before a program (LD_PRELOAD), kills it at one of its writes, as nobody else can so
// exactly: CRASH_AT=SUFFIX:N:WHERE is the Nth write to a file whose name ends so, WHERE is before,
// half or after.
#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

enum class Where { Nowhere, Before, Half, After };

struct Point {
    std::string suffix;
    long number = 0;
    Where where = Where::Nowhere;
};

Point read_point() {
    const char* const text = std::getenv("CRASH_AT");
    const std::string_view all = text == nullptr ? "" : text;
    const std::size_t first = all.find(':');
    const std::size_t second = all.find(':', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) {
        return {};
    }
    const std::string_view where = all.substr(second + 1);
    return {std::string(all.substr(0, first)), std::strtol(all.data() + first + 1, nullptr, 10),
            where == "before" ? Where::Before
            : where == "half" ? Where::Half
                              : Where::After};
}

bool is_of(int file, std::string_view suffix) {
    std::array<char, 4096> name{};
    const std::string link = "/proc/self/fd/" + std::to_string(file);
    const ssize_t size = ::readlink(link.c_str(), name.data(), name.size());
    return size > 0 &&
           std::string_view(name.data(), static_cast<std::size_t>(size)).ends_with(suffix);
}

// Whether this write is the one.
Where judge(int file) {
    static const Point point = read_point();
    static std::atomic<long> writes = 0;
    const bool is_it =
        point.where != Where::Nowhere && is_of(file, point.suffix) && ++writes == point.number;
    return is_it ? point.where : Where::Nowhere;
}

template <class Write>
ssize_t crash_around(int file, std::size_t size, Write write) {
    const Where where = judge(file);
    if (where == Where::Before) {
        ::kill(::getpid(), SIGKILL);
    }
    const ssize_t done = write(where == Where::Half ? size / 2 : size);
    if (where != Where::Nowhere) {
        ::kill(::getpid(), SIGKILL);
    }
    return done;
}

template <class Function>
Function next(const char* name) {
    return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

ssize_t write(int file, const void* octets, std::size_t size) {
    static const auto real = next<ssize_t (*)(int, const void*, std::size_t)>("write");
    return crash_around(file, size, [&](std::size_t count) { return real(file, octets, count); });
}

ssize_t pwrite(int file, const void* octets, std::size_t size, off_t at) {
    static const auto real = next<ssize_t (*)(int, const void*, std::size_t, off_t)>("pwrite");
    return crash_around(file, size,
                        [&](std::size_t count) { return real(file, octets, count, at); });
}

ssize_t pwrite64(int file, const void* octets, std::size_t size, off64_t at) {
    static const auto real = next<ssize_t (*)(int, const void*, std::size_t, off64_t)>("pwrite64");
    return crash_around(file, size,
                        [&](std::size_t count) { return real(file, octets, count, at); });
}
}
