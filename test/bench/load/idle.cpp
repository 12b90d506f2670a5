#include "idle.h"

#include "population.h"
#include "server_process.h"

namespace ringwall::bench {
namespace {

constexpr std::uint32_t connecting_at_a_time = 50;
constexpr Duration limit = 120s;

class Idlers final : public Player {
public:
    explicit Idlers(Population& population) : population_(population) {}

    void on_open(Channel& channel) override { population_.on_open(channel); }
    void on_lost(Channel&, std::string_view why) override {
        population_.fail_with("a connection was lost: " + std::string(why));
    }
    void on_message(Channel& channel, const Endpoint&, const sip::Message& message) override {
        population_.on_message(channel, message);
    }
    void on_turn(TimePoint) override { population_.on_turn(); }
    TimePoint next_deadline() const override { return TimePoint::max(); }

private:
    Population& population_;
};

}  // namespace

nlohmann::json run_idle(const Options& options, Ends& ends, Random& random) {
    Population population(options, ends, random);
    Idlers idlers(population);
    ends.set_player(idlers);
    const ServerProcess server(options.server_pid);
    const std::uint64_t before = server.memory();
    const TimePoint started = clock_now();
    nlohmann::json steps = nlohmann::json::array();
    std::uint32_t added = 0;
    for (const std::uint32_t wanted : {options.users / 10, options.users}) {
        while (added < wanted && population.failure().empty()) {
            const std::uint32_t count = std::min(connecting_at_a_time, wanted - added);
            const auto channels = population.add_channels(count, options.transport, options.server,
                                                          Population::Ports::Unknown);
            // Each connection its own user: the prefix makes them all different.
            for (Channel* channel : channels) {
                population.add_member(options.user_prefix + std::to_string(added), options.domain,
                                      *channel, Population::Registered::Yes);
                ++added;
            }
            while (!population.is_ready() && population.failure().empty()) {
                ends.turn(100ms);
                if (clock_now() - started > limit) population.fail_with("it takes too long");
            }
        }
        if (!population.failure().empty()) return {{"error", population.failure()}};
        for (const TimePoint until = clock_now() + 500ms; clock_now() < until;) ends.turn(50ms);
        const double more = static_cast<double>(server.memory()) - static_cast<double>(before);
        steps.push_back({{"connections", added}, {"bytes_per_connection", more / added}});
    }
    return {{"steps", steps}};
}

}  // namespace ringwall::bench
