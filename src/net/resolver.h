// Asks the DNS (c-ares): the name servers of /etc/resolv.conf, and /etc/hosts before them. What is
// heard waits for take_answers(): nobody is called back from within.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "base/dns.h"
#include "base/time.h"
#include "net/loop.h"

namespace ringwall::net {

class Resolver {
public:
    using Answered = std::pair<dns::Question, dns::Answer>;

    // `loop` must outlive it.
    explicit Resolver(Loop& loop);
    ~Resolver();
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;

    // A question that is being asked is not asked again; both hear of the one answer.
    void query(const dns::Question& question);
    // How long until on_time() is to be called; Duration::max(): nothing is being asked.
    Duration time_to_wait() const;
    void on_time();
    std::vector<Answered> take_answers();

private:
    struct Channel;
    std::unique_ptr<Channel> channel_;
};

}  // namespace ringwall::net
