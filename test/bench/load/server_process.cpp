#include "server_process.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>

#include "base/text.h"

namespace ringwall::bench {
namespace {

// Fields of /proc/PID/stat from the third on: the second, the name, may hold blanks.
std::vector<std::string> stat_fields(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    std::getline(file, line);
    const auto name_end = line.rfind(')');
    std::vector<std::string> fields;
    if (name_end == std::string::npos) return fields;
    std::istringstream rest(line.substr(name_end + 1));
    for (std::string field; rest >> field;) fields.push_back(field);
    return fields;
}

constexpr std::size_t parent_field = 1;
constexpr std::size_t user_time_field = 11;
constexpr std::size_t system_time_field = 12;

}  // namespace

ServerProcess::ServerProcess(pid_t pid) {
    if (pid == 0) return;
    std::vector<std::pair<pid_t, pid_t>> parents;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
        const auto number = parse_number(entry.path().filename().string());
        if (!number) continue;
        const auto fields = stat_fields(static_cast<pid_t>(*number));
        if (fields.size() <= parent_field) continue;  // it is gone
        parents.emplace_back(static_cast<pid_t>(*number), std::stoi(fields[parent_field]));
    }
    pids_.push_back(pid);
    for (std::size_t i = 0; i < pids_.size(); ++i) {
        for (const auto& [child, parent] : parents) {
            if (parent == pids_[i]) pids_.push_back(child);
        }
    }
}

Duration ServerProcess::cpu() const {
    std::int64_t ticks = 0;
    for (const pid_t pid : pids_) {
        const auto fields = stat_fields(pid);
        if (fields.size() > system_time_field) {
            ticks += std::stoll(fields[user_time_field]) + std::stoll(fields[system_time_field]);
        }
    }
    return Duration(ticks * 1'000'000 / sysconf(_SC_CLK_TCK));
}

std::uint64_t ServerProcess::memory() const {
    std::uint64_t kilobytes = 0;
    for (const pid_t pid : pids_) {
        std::ifstream file("/proc/" + std::to_string(pid) + "/smaps_rollup");
        for (std::string line; std::getline(file, line);) {
            if (line.starts_with("Pss:")) {
                kilobytes += std::stoull(line.substr(4));
                break;
            }
        }
    }
    return kilobytes * 1024;
}

Duration own_cpu() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto of = [](const timeval& time) {
        return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
    };
    return of(usage.ru_utime) + of(usage.ru_stime);
}

}  // namespace ringwall::bench
