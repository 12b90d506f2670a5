// A thread that opens the letters of a mailbox of its own, for what may take as long as it likes.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "base/time.h"
#include "net/mailbox.h"

namespace ringwall::net {

class MailThread {
public:
    static Result<std::unique_ptr<MailThread>, SocketError> create();
    // Waits for what was posted, however long it takes: stop() says whether it will.
    ~MailThread();
    MailThread(const MailThread&) = delete;
    MailThread& operator=(const MailThread&) = delete;

    Mailbox& mailbox() { return *mailbox_; }
    // Inherits the signals that are blocked.
    void start();
    // What was posted before is opened, and then the thread ends. False: not within that time,
    // since a letter is still being opened. Then what the letters use must stay; it can be asked
    // again.
    bool stop(Duration patience);

private:
    explicit MailThread(std::unique_ptr<Mailbox> mailbox) : mailbox_(std::move(mailbox)) {}
    void run();

    std::unique_ptr<Mailbox> mailbox_;
    bool is_told_ = false;  // to end
    bool is_last_ = false;  // of the thread: the letters that it opens are the last
    std::mutex mutex_;      // of what follows
    std::condition_variable over_;
    bool is_over_ = false;
    std::thread thread_;
};

}  // namespace ringwall::net
