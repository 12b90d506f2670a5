#include "sbc/line_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "base/log.h"
#include "net/clock.h"
#include "sbc/record/call_record.h"

namespace ringwall::sbc {

namespace {

// The last octets of an open file; empty where there are none.
std::string read_end(int file, std::size_t most) {
    const off_t size = file < 0 ? 0 : ::lseek(file, 0, SEEK_END);
    std::string out(std::min(most, static_cast<std::size_t>(std::max<off_t>(size, 0))), '\0');
    std::size_t got = 0;
    while (got < out.size()) {
        const ssize_t count = ::pread(file, out.data() + got, out.size() - got,
                                      size - static_cast<off_t>(out.size() - got));
        if (count <= 0) {
            return {};
        }
        got += static_cast<std::size_t>(count);
    }
    return out;
}

// Of the last octets of an open file: of each line what it begins with.
void read_beginnings(int file, std::size_t most,
                     const std::function<void(std::string_view beginning)>& take) {
    constexpr std::size_t longest = 256;
    const off_t size = file < 0 ? 0 : ::lseek(file, 0, SEEK_END);
    off_t at = std::max<off_t>(size - static_cast<off_t>(most), 0);
    bool is_whole = at == 0;
    std::string block(std::size_t{1} << 20, '\0');
    std::string beginning;
    while (at < size) {
        const ssize_t count = ::pread(file, block.data(), block.size(), at);
        if (count <= 0) {
            return;
        }
        at += count;
        std::string_view left(block.data(), static_cast<std::size_t>(count));
        while (!left.empty()) {
            const std::size_t end = left.find('\n');
            beginning.append(left.substr(0, std::min(end, longest - beginning.size())));
            if (end == std::string_view::npos) {
                break;
            }
            if (is_whole) {
                take(beginning);
            }
            is_whole = true;
            beginning.clear();
            left.remove_prefix(end + 1);
        }
    }
    if (is_whole && !beginning.empty()) {
        take(beginning);
    }
}

}  // namespace

// While one lives the disk has been asked for something, and may keep whoever asked.
class LineFile::Work {
public:
    explicit Work(LineFile& file) : file_(file) {
        const std::scoped_lock lock(file_.mutex_);
        file_.busy_since_ = net::system_clock();
    }
    ~Work() {
        const std::scoped_lock lock(file_.mutex_);
        file_.busy_since_.reset();
    }
    Work(const Work&) = delete;
    Work& operator=(const Work&) = delete;

private:
    LineFile& file_;
};

class LineFile::Line final : public net::Letter {
public:
    Line(LineFile& file, std::string text) : file_(file), text_(std::move(text)) {}
    void open() override {
        file_.write(text_);
        file_.waiting_.fetch_sub(1, std::memory_order_relaxed);
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
    is_open_ = file_.number() >= 0;
    is_cut_ = false;
    take_out_half_a_line();
    struct stat is {};
    if (!form_.first.empty() && is_open() && ::fstat(file_.number(), &is) == 0 && is.st_size == 0) {
        append(form_.first + "\n");
    }
}

// A process that was killed may have left one; whatever was in it is not in the file.
void LineFile::take_out_half_a_line() {
    constexpr std::size_t longest = 65'536;
    const net::FileDescriptor file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    const off_t size = file.number() < 0 ? 0 : ::lseek(file.number(), 0, SEEK_END);
    const std::string end = read_end(file.number(), longest);
    const std::size_t last = end.rfind('\n');
    const bool is_whole = end.empty() || last == end.size() - 1;
    if (is_whole || (last == std::string::npos && end.size() == longest)) {
        return;
    }
    const std::size_t half = end.size() - (last == std::string::npos ? 0 : last + 1);
    is_cut_ = ::ftruncate(file_.number(), size - static_cast<off_t>(half)) != 0;
}

void LineFile::read_back(const std::function<void(std::string_view beginning)>& take) const {
    if (path_.empty()) {
        return;
    }
    for (const std::string& path : {path_.string() + ".1", path_.string()}) {
        const net::FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        read_beginnings(file.number(), reach, take);
    }
}

net::FileDescriptor LineFile::open_anew() const {
    constexpr mode_t owner_only = 0600;
    return net::FileDescriptor(
        ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, owner_only));
}

void LineFile::reopen() {
    if (is_open() && !is_reopen_asked_for_.exchange(true)) {
        mailbox_.post([this] { go_on_in_another(); });
    }
}

void LineFile::go_on_in_another() {
    is_reopen_asked_for_ = false;  // whoever asks from here on has moved this one
    const Work work(*this);
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

bool LineFile::hangs(TimePoint now) const {
    const std::scoped_lock lock(mutex_);
    return is_kept_at(now);
}

// With the lock.
bool LineFile::is_kept_at(TimePoint now) const {
    return busy_since_ && busy_since_->monotonic < now - patience;
}

std::string LineFile::alarm(const Now& now) const {
    const std::scoped_lock lock(mutex_);
    if (is_kept_at(now.monotonic)) {
        return path_.string() + " hangs: its disk has kept what was begun at " +
               to_iso8601_seconds(busy_since_->wall) + "; up to " + std::to_string(max_waiting) +
               (overrun_ > 0 ? " lines wait for it, and more are being lost"
                             : " lines can wait for it, and the next are lost");
    }
    return problem_.empty()
               ? ""
               : path_.string() + " cannot be written, so what belongs there is lost: " + problem_;
}

void LineFile::write(const std::string& line) {
    const Work work(*this);
    if (const std::uint64_t overrun = overrun_.exchange(0, std::memory_order_relaxed)) {
        lose(overrun, "too many lines at a time");
    }
    say_what_is_lost();
    if (lost_ > 0 || !append(line + "\n")) {
        lose(1, reason_);
    }
}

Result<void, std::string> LineFile::offer(const std::string& line) {
    const Work work(*this);
    say_what_is_lost();
    if (lost_ > 0 || !append(line + "\n")) {
        return fail(path_.string() + ": " + reason_);
    }
    return {};
}

void LineFile::try_again() {
    if (is_open() && !is_try_asked_for_.exchange(true)) {
        mailbox_.post([this] {
            is_try_asked_for_ = false;
            const Work work(*this);
            say_what_is_lost();
        });
    }
}

void LineFile::say_what_is_lost() {
    if (lost_ > 0 && append(form_.lost_begins + std::to_string(lost_) + form_.lost_ends + "\n")) {
        log::warning("file.works-again", {{"file", what_}, {"lost", lost_}});
        lost_ = 0;
        const std::scoped_lock lock(mutex_);
        problem_.clear();
    }
}

// What is written to a file that was removed is nowhere: it goes on in a new one, or the reason
// says why not.
bool LineFile::is_there_still() {
    struct stat is {};
    if (::fstat(file_.number(), &is) != 0 || is.st_nlink > 0) {
        return true;
    }
    net::FileDescriptor opened = open_anew();
    if (opened.number() < 0) {
        reason_ = std::string("it was removed, and cannot be made anew: ") + std::strerror(errno);
        return false;
    }
    log::warning("file.was-removed", {{"file", what_}, {"path", path_.string()}});
    take(std::move(opened));
    return true;
}

// All of it, or nothing.
bool LineFile::append(std::string text) {
    if (!is_there_still()) {
        return false;
    }
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
    {
        const std::scoped_lock lock(mutex_);
        problem_ = reason;
    }
    if (std::exchange(lost_, lost_ + count) == 0) {
        log::error("file.fails", {{"file", what_}, {"reason", reason}});
    }
}

}  // namespace ringwall::sbc
