#include "media/background.h"

#include <pthread.h>

#include <csignal>

namespace ringwall::media {

std::thread quiet_thread(std::function<void()> body) {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    std::thread thread(std::move(body));
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return thread;
}

Background::~Background() {
    {
        const std::lock_guard lock(mutex_);
        is_ending_ = true;
    }
    bell_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void Background::post(Job job) {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
    if (!thread_.joinable()) thread_ = quiet_thread([this] { run(); });
    bell_.notify_one();
}

void Background::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        bell_.wait(lock, [&] { return is_ending_ || !jobs_.empty(); });
        if (jobs_.empty()) return;
        Job job = std::move(jobs_.front());
        jobs_.pop_front();
        lock.unlock();
        job();
        job = nullptr;  // and what it holds, before the lock
        lock.lock();
    }
}

}  // namespace ringwall::media
