// One run of operations: first the population, then a warm-up, then what is measured, then the rest
// of what is under way. In a closed loop (a window) or at a rate.
#pragma once

#include <deque>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "ends.h"
#include "latencies.h"
#include "options.h"
#include "population.h"
#include "server_process.h"

namespace ringwall::bench {

class Load : public Player {
public:
    Load(const Options& options, Ends& ends, Random& random);

    // Turns until all is done, or the set-up has failed.
    void run();
    nlohmann::json result() const;
    bool has_failed() const { return !population_.failure().empty(); }

    void on_open(Channel& channel) override;
    void on_lost(Channel& channel, std::string_view why) override;
    void on_message(Channel& channel, const Endpoint& from, const sip::Message& message) override;
    void on_turn(TimePoint now) override;
    TimePoint next_deadline() const override;

protected:
    // Operation `slot` begins. It ends by finish(), or by its timeout.
    virtual void begin(std::size_t slot) = 0;
    virtual void on_operation_message(Channel& channel, const Endpoint& from,
                                      const sip::Message& message) = 0;

    void set_slots(std::size_t count);
    bool is_busy(std::size_t slot) const { return slots_[slot].is_busy; }
    std::uint64_t generation(std::size_t slot) const { return slots_[slot].generation; }
    Duration since_begin(std::size_t slot) const { return clock_now() - slots_[slot].begun; }
    void finish(std::size_t slot, bool is_good);
    // Of the operations that are measured.
    void note_latency(const std::string& name, Duration latency) {
        if (phase_ == Phase::Measured || phase_ == Phase::Draining) latencies_[name].add(latency);
    }
    void note_event(const std::string& name) { ++events_[name]; }

    const Options& options() const { return options_; }
    Ends& ends() { return ends_; }
    Population& population() { return population_; }
    Random& random() { return random_; }

private:
    enum class Phase : std::uint8_t { SetUp, WarmUp, Measured, Draining, Done };
    struct Slot {
        TimePoint begun;
        std::uint64_t generation = 0;
        bool is_busy = false;
    };
    struct Timeout {
        TimePoint at;
        std::size_t slot;
        std::uint64_t generation;
    };

    void expire(TimePoint now);
    void advance(TimePoint now);
    bool may_begin(TimePoint now) const;

    const Options& options_;
    Ends& ends_;
    Random& random_;
    Population population_;
    ServerProcess server_;
    Phase phase_ = Phase::SetUp;
    std::vector<Slot> slots_;
    std::deque<std::size_t> free_;
    std::deque<Timeout> timeouts_;
    std::size_t in_flight_ = 0;
    TimePoint created_;
    TimePoint next_begin_;

    std::uint64_t begun_ = 0;  // in the present phase
    std::uint64_t good_ = 0;
    std::uint64_t failed_ = 0;
    TimePoint started_;
    TimePoint ended_;
    Duration server_cpu_{0};
    Duration own_cpu_{0};
    std::map<std::string, Latencies> latencies_;
    std::map<std::string, std::uint64_t> events_;
};

}  // namespace ringwall::bench
