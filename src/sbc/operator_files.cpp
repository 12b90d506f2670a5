#include "sbc/operator_files.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace ringwall::sbc {

Result<std::unique_ptr<OperatorFiles>, net::SocketError> OperatorFiles::create() {
    Threads threads;
    for (auto& each : threads) {
        each = TRY(net::MailThread::create());
    }
    return std::unique_ptr<OperatorFiles>(new OperatorFiles(std::move(threads)));
}

OperatorFiles::OperatorFiles(Threads threads)
    : threads_(std::move(threads)),
      observer_({.trace = threads_[0]->mailbox(),
                 .record = threads_[1]->mailbox(),
                 .audit = threads_[2]->mailbox()}) {}

// The threads end before what they use.
OperatorFiles::~OperatorFiles() {
    threads_ = {};
}

void OperatorFiles::start() {
    for (const auto& each : threads_) {
        each->start();
    }
}

bool OperatorFiles::stop(Duration patience) {
    observer_.records.stop();
    for (const auto& each : threads_) {
        each->stop(Duration(0));  // all are told before one is waited for
    }
    const TimePoint limit = net::system_clock().monotonic + patience;
    bool are_over = true;
    for (std::size_t i = 0; i < threads_.size(); ++i) {
        const Duration left = limit - net::system_clock().monotonic;
        if (threads_[i]->stop(std::max(left, Duration(0)))) {
            continue;
        }
        are_over = false;
        const LineFile& file = *files()[i];
        // These are in the store as well.
        const std::size_t records = &file == &observer_.record ? observer_.records.waiting() : 0;
        log::error("file.not-written", {{"file", file.what()},
                                        {"path", file.path().string()},
                                        {"lines", file.waiting() + records},
                                        {"records", records}});
    }
    return are_over;
}

void OperatorFiles::reopen() {
    std::ranges::for_each(files(), &LineFile::reopen);
}

void OperatorFiles::try_again(TimePoint now) {
    std::ranges::for_each(files(), &LineFile::try_again);
    observer_.records.look(now);
}

std::vector<std::string> OperatorFiles::alarms(const Now& now) const {
    std::vector<std::string> out{observer_.trace.alarm(now), observer_.record.alarm(now),
                                 observer_.audit.alarm(now),
                                 observer_.records.alarm(now.monotonic)};
    std::erase(out, "");
    return out;
}

}  // namespace ringwall::sbc
