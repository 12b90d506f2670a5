// Who takes part: opens their channels, learns the ports of those that are to be called, registers
// them. All before the clock runs, some at a time.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "ends.h"
#include "options.h"
#include "registration.h"

namespace ringwall::bench {

struct Member {
    Channel* channel = nullptr;
    Registration registration;
};

class Population {
public:
    Population(const Options& options, Ends& ends, Random& random);

    // Channels to `server`; for members that are called, their port is learned.
    enum class Ports : std::uint8_t { Unknown, Learned };
    std::vector<Channel*> add_channels(std::uint32_t count, sip::Transport transport,
                                       const Endpoint& server, Ports ports, std::uint16_t port = 0);
    enum class Registered : std::uint8_t { No, Yes };
    void add_member(const std::string& user, const std::string& domain, Channel& channel,
                    Registered registered);
    // Users prefix0, prefix1 ... over these channels in turn.
    void add_members(std::uint32_t count, const std::string& prefix, const std::string& domain,
                     const std::vector<Channel*>& channels, Registered registered);
    Member& member(std::size_t index) { return members_[index]; }
    const std::string& run() const { return run_; }

    // All that was added is in place.
    bool is_ready() const;
    const std::string& failure() const { return failure_; }

    void on_turn();
    void on_open(Channel& channel);
    // True when the message was for the population.
    bool on_message(const Channel& channel, const sip::Message& message);
    void fail_with(std::string why);

private:
    const Options& options_;
    Ends& ends_;
    Random& random_;
    std::string run_;  // tells this run's Call-IDs and branches from all others
    std::vector<Channel*> to_probe_;
    std::size_t probed_ = 0;
    std::deque<Member> members_;
    std::vector<std::size_t> to_register_;
    std::size_t registered_ = 0;
    std::size_t opening_ = 0;
    std::size_t in_flight_ = 0;
    std::string failure_;
};

// The number behind the first letter of a Call-ID of ours.
std::size_t index_of(std::string_view call_id);

}  // namespace ringwall::bench
