#include "net/mailbox.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace ringwall::net {

namespace {

class FunctionLetter : public Letter {
public:
    explicit FunctionLetter(std::function<void()> function) : function_(std::move(function)) {}
    void open() override { function_(); }

private:
    std::function<void()> function_;
};

}  // namespace

Result<std::unique_ptr<Mailbox>, SocketError> Mailbox::create() {
    FileDescriptor bell(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    if (!bell) return fail(SocketError::of("cannot create an eventfd", errno));
    return std::unique_ptr<Mailbox>(new Mailbox(std::move(bell)));
}

Mailbox::~Mailbox() {
    for (Letter* letter = newest_.load(); letter != nullptr;) {
        delete std::exchange(letter, letter->next_);
    }
}

void Mailbox::post(std::unique_ptr<Letter> letter) {
    Letter* const mine = letter.release();
    Letter* before = newest_.load(std::memory_order_relaxed);
    do {
        mine->next_ = before;  // `mine` may be opened and gone as soon as it is in
    } while (!newest_.compare_exchange_weak(before, mine, std::memory_order_release,
                                            std::memory_order_relaxed));
    if (before != nullptr) return;
    const std::uint64_t one = 1;
    // Fails only when the counter is full, and then the receiver is awake.
    [[maybe_unused]] const auto written = write(bell_.number(), &one, sizeof one);
}

void Mailbox::post(std::function<void()> function) {
    post(std::make_unique<FunctionLetter>(std::move(function)));
}

std::size_t Mailbox::open_all() {
    std::uint64_t rings = 0;
    [[maybe_unused]] const auto got = read(bell_.number(), &rings, sizeof rings);
    Letter* newest = newest_.exchange(nullptr, std::memory_order_acquire);
    Letter* oldest = nullptr;
    while (newest != nullptr) {
        Letter* const next = newest->next_;
        newest->next_ = oldest;
        oldest = newest;
        newest = next;
    }
    std::size_t count = 0;
    while (oldest != nullptr) {
        const std::unique_ptr<Letter> letter(std::exchange(oldest, oldest->next_));
        letter->open();
        ++count;
    }
    return count;
}

}  // namespace ringwall::net
