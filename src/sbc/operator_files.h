// The trace, the records of calls and the audit log, each written by a thread of its own: a disk
// that is slow, full or hangs keeps that file's thread, and nobody else (docs/decisions/0095).
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "net/mail_thread.h"
#include "sbc/file_observer.h"

namespace ringwall::sbc {

class OperatorFiles {
public:
    static Result<std::unique_ptr<OperatorFiles>, net::SocketError> create();
    ~OperatorFiles();
    OperatorFiles(const OperatorFiles&) = delete;
    OperatorFiles& operator=(const OperatorFiles&) = delete;

    FileObserver& observer() { return observer_; }
    // When they are open, and the records have been started: from here on others write them.
    void start();
    // Nothing is written down any more: what waits is written. False: a disk still keeps some of it
    // after that time, which the log says; then this, and the store of the records, must stay.
    bool stop(Duration patience);

    // They have been moved away, to begin others (logrotate).
    void reopen();
    // Now and then: what could not be written.
    void try_again(TimePoint now);
    std::vector<std::string> alarms(const Now& now) const;

private:
    using Threads = std::array<std::unique_ptr<net::MailThread>, 3>;
    explicit OperatorFiles(Threads threads);
    std::array<LineFile*, 3> files() {
        return {&observer_.trace, &observer_.record, &observer_.audit};
    }

    Threads threads_;
    FileObserver observer_;
};

}  // namespace ringwall::sbc
