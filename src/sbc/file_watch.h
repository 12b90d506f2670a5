// Whether files have changed since they were last looked at: by name, inode, size and time. A file
// that is exchanged by renaming, or through a link, has changed too.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <tuple>

namespace ringwall::sbc {

class FileWatch {
public:
    // Names that are relative begin here.
    explicit FileWatch(std::filesystem::path folder) : folder_(std::move(folder)) {}
    // Those that are looked at for the first time may have changed since they were read.
    bool have_changed(const std::set<std::string>& files);

private:
    // Device, inode, size, seconds and nanoseconds of the last change; all 0: it is not there.
    using Look = std::tuple<std::uint64_t, std::uint64_t, std::int64_t, std::int64_t, std::int64_t>;
    Look look(const std::string& file) const;

    std::filesystem::path folder_;
    std::map<std::string, Look> seen_;
};

}  // namespace ringwall::sbc
