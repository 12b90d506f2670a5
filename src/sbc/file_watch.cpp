#include "sbc/file_watch.h"

#include <sys/stat.h>

namespace ringwall::sbc {

FileWatch::Look FileWatch::look(const std::string& file) const {
    struct stat status {};
    if (::stat((folder_ / file).c_str(), &status) != 0) {
        return {};
    }
    return {status.st_dev, status.st_ino, status.st_size, status.st_ctim.tv_sec,
            status.st_ctim.tv_nsec};
}

bool FileWatch::have_changed(const std::set<std::string>& files) {
    bool is_any_other = false;
    std::map<std::string, Look> now;
    for (const std::string& each : files) {
        const Look looks = look(each);
        const auto before = seen_.find(each);
        is_any_other = is_any_other || before == seen_.end() || before->second != looks;
        now.emplace(each, looks);
    }
    seen_ = std::move(now);
    return is_any_other;
}

}  // namespace ringwall::sbc
