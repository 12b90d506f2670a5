// Letters from other threads: an intrusive queue with many senders and one receiver, and an
// eventfd that wakes it. The sender that finds the box empty rings; the receiver takes all at once.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "base/result.h"
#include "net/file_descriptor.h"

namespace ringwall::net {

class Letter {
public:
    virtual ~Letter() = default;
    virtual void open() = 0;  // on the receiver's thread

private:
    friend class Mailbox;
    Letter* next_ = nullptr;
};

class Mailbox {
public:
    static Result<std::unique_ptr<Mailbox>, SocketError> create();
    ~Mailbox();
    Mailbox(const Mailbox&) = delete;
    Mailbox& operator=(const Mailbox&) = delete;

    // Any thread.
    void post(std::unique_ptr<Letter> letter);
    void post(std::function<void()> function);

    // The receiver's thread: opens all, in the order in which they were posted. The number of
    // letters.
    std::size_t open_all();
    int fd() const { return bell_.number(); }  // readable when there are letters

private:
    explicit Mailbox(FileDescriptor bell) : bell_(std::move(bell)) {}
    FileDescriptor bell_;
    std::atomic<Letter*> newest_{nullptr};
};

}  // namespace ringwall::net
