#include "net/mail_thread.h"

#include <poll.h>

#include <utility>

namespace ringwall::net {

Result<std::unique_ptr<MailThread>, SocketError> MailThread::create() {
    auto mailbox = TRY(Mailbox::create());
    return std::unique_ptr<MailThread>(new MailThread(std::move(mailbox)));
}

MailThread::~MailThread() {
    while (!stop(std::chrono::hours(1))) {
    }
}

void MailThread::start() {
    thread_ = std::thread([this] { run(); });
}

bool MailThread::stop(Duration patience) {
    if (!thread_.joinable()) {
        return true;
    }
    if (!std::exchange(is_told_, true)) {
        mailbox_->post([this] { is_last_ = true; });
    }
    {
        std::unique_lock lock(mutex_);
        if (!over_.wait_for(lock, patience, [this] { return is_over_; })) {
            return false;
        }
    }
    thread_.join();
    return true;
}

void MailThread::run() {
    while (!is_last_) {
        pollfd waits{.fd = mailbox_->fd(), .events = POLLIN, .revents = 0};
        ::poll(&waits, 1, -1);
        mailbox_->open_all();
    }
    const std::scoped_lock lock(mutex_);
    is_over_ = true;
    over_.notify_all();
}

}  // namespace ringwall::net
