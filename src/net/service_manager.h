// What the service manager that started this process is told, and what it asks for (sd_notify(3)):
// datagrams to the socket that it names. Started by hand there is none, and nothing is sent.
// Without libsystemd: docs/decisions/0080.
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"

namespace ringwall::net {

class ServiceManager {
public:
    // NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, which are then taken out of the environment.
    // Before any thread.
    static ServiceManager from_environment();

    void ready() const { tell("READY=1"); }
    void reloading() const;  // until ready()
    void stopping() const { tell("STOPPING=1"); }
    // It is to have patience for so long from now, whatever it would have.
    void extend(Duration patience) const;
    void feed_watchdog() const { tell("WATCHDOG=1"); }
    // Who has not fed it for that long is ended; Duration::max(): nobody watches.
    Duration watchdog_patience() const { return watchdog_patience_; }

private:
    void tell(std::string_view state) const;

    std::string socket_;  // a path, or @NAME (abstract)
    Duration watchdog_patience_ = Duration::max();
};

}  // namespace ringwall::net
