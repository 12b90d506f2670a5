#include "sbc/line_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "base/log.h"

namespace ringwall::sbc {

class LineFile::Line final : public net::Letter {
public:
    Line(LineFile& file, std::string text) : file_(file), text_(std::move(text)) {}
    void open() override {
        file_.waiting_.fetch_sub(1, std::memory_order_relaxed);
        file_.write(text_);
    }

private:
    LineFile& file_;
    std::string text_;
};

bool LineFile::open(const std::filesystem::path& path) {
    if (path.empty()) {
        return true;
    }
    path_ = path;
    take(open_anew());
    return is_open();
}

void LineFile::take(net::FileDescriptor file) {
    file_ = std::move(file);
    is_cut_ = false;
    struct stat is {};
    if (!form_.first.empty() && is_open() && ::fstat(file_.number(), &is) == 0 && is.st_size == 0) {
        append(form_.first + "\n");
    }
}

net::FileDescriptor LineFile::open_anew() const {
    constexpr mode_t owner_only = 0600;
    return net::FileDescriptor(
        ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, owner_only));
}

void LineFile::reopen() {
    if (!is_open()) {
        return;
    }
    net::FileDescriptor opened = open_anew();
    if (opened.number() < 0) {
        log::error("file.not-reopened",
                   {{"file", what_}, {"path", path_.string()}, {"reason", std::strerror(errno)}});
        return;
    }
    struct stat was {};
    struct stat is {};
    ::fstat(file_.number(), &was);
    ::fstat(opened.number(), &is);
    if (was.st_dev != is.st_dev || was.st_ino != is.st_ino) {
        take(std::move(opened));
    }
}

void LineFile::post(std::string line) {
    if (!is_open()) {
        return;
    }
    if (waiting_.fetch_add(1, std::memory_order_relaxed) >= max_waiting) {
        waiting_.fetch_sub(1, std::memory_order_relaxed);
        overrun_.fetch_add(1, std::memory_order_relaxed);
        return;
    }
    mailbox_.post(std::make_unique<Line>(*this, std::move(line)));
}

std::string LineFile::alarm() const {
    return problem_.empty()
               ? ""
               : path_.string() + " cannot be written, so what belongs there is lost: " + problem_;
}

void LineFile::write(const std::string& line) {
    if (const std::uint64_t overrun = overrun_.exchange(0, std::memory_order_relaxed)) {
        lose(overrun, "too many lines at a time");
    }
    try_again();
    if (lost_ > 0 || !append(line + "\n")) {
        lose(1, reason_);
    }
}

void LineFile::try_again() {
    if (lost_ > 0 && append(form_.lost_begins + std::to_string(lost_) + form_.lost_ends + "\n")) {
        log::warning("file.works-again", {{"file", what_}, {"lost", lost_}});
        lost_ = 0;
        problem_.clear();
    }
}

// All of it, or nothing.
bool LineFile::append(std::string text) {
    if (is_cut_) {
        text.insert(text.begin(), '\n');
    }
    errno = 0;
    const ssize_t written = ::write(file_.number(), text.data(), text.size());
    if (written == static_cast<ssize_t>(text.size())) {
        is_cut_ = false;
        return true;
    }
    reason_ = errno != 0 ? std::strerror(errno) : std::strerror(ENOSPC);
    if (written > 0) {
        const off_t end = ::lseek(file_.number(), 0, SEEK_END);
        is_cut_ = is_cut_ || end < written || ::ftruncate(file_.number(), end - written) != 0;
    }
    return false;
}

void LineFile::lose(std::uint64_t count, const std::string& reason) {
    problem_ = reason;
    if (std::exchange(lost_, lost_ + count) == 0) {
        log::error("file.fails", {{"file", what_}, {"reason", reason}});
    }
}

}  // namespace ringwall::sbc
