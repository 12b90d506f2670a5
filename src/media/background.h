// A thread for what may take its time: reading and writing files, opening sound cards. It begins
// with the first job, and ends when all are done.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace ringwall::media {

class Background {
public:
    using Job = std::function<void()>;
    Background() = default;
    ~Background();
    Background(const Background&) = delete;
    Background& operator=(const Background&) = delete;

    // Any thread. One after another.
    void post(Job job);

private:
    void run();
    std::mutex mutex_;
    std::condition_variable bell_;
    std::deque<Job> jobs_;
    bool is_ending_ = false;
    std::thread thread_;
};

// A thread that signals do not interrupt: they are for the main thread.
std::thread quiet_thread(std::function<void()> body);

}  // namespace ringwall::media
