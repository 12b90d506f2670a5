// What the server under load uses, read from /proc: of the process and all that descend from it,
// for Kamailio is many.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "base/time.h"

namespace ringwall::bench {

class ServerProcess {
public:
    // `pid` 0: none is watched, and everything is 0.
    explicit ServerProcess(pid_t pid);

    bool is_watched() const { return !pids_.empty(); }
    // User and system time of all threads so far, as fine as the kernel's clock tick.
    Duration cpu() const;
    // Octets of memory in use; what several processes share is counted once.
    std::uint64_t memory() const;

private:
    std::vector<pid_t> pids_;
};

// Of this process.
Duration own_cpu();

}  // namespace ringwall::bench
