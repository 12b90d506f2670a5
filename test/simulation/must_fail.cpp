// The random simulation with one rule taken out: it must notice, and soon. Says which check did.
// With none taken out the same worlds must pass, else what was noticed proves nothing.
//
//   simulation_must_fail RULE | none
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <string>

#include "base/log.h"
#include "simulation/disabled.h"
#include "simulation/world.h"

namespace ringwall::simulation {
namespace {

constexpr std::uint64_t worlds = 50;

// 0: not noticed.
int look_for_it() {
    for (std::uint64_t seed = 1; seed <= worlds; ++seed) {
        const Outcome outcome = run_world(seed, nullptr);
        if (outcome.violation) {
            std::cout << "caught by " << outcome.violation->check << " within "
                      << seed * calls_of_world << " calls:\n"
                      << outcome.violation->text << "\n";
            return 1;
        }
    }
    return 0;
}

// What is built on a rule may well fall over without it: in a process of its own.
bool is_noticed(const std::string& rule) {
    const pid_t child = fork();
    if (child == 0) {
        disable(rule);
        const int found = look_for_it();
        std::cout.flush();
        _exit(found);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child) {
        return false;
    }
    if (WIFSIGNALED(status)) {  // a crash proves nothing of the checks
        std::cout << "the process ended by signal " << WTERMSIG(status) << "\n";
        return false;
    }
    return WEXITSTATUS(status) == 1;
}

}  // namespace
}  // namespace ringwall::simulation

int main(int argc, char** argv) {
    using namespace ringwall;
    const std::string_view rule = argc == 2 ? argv[1] : "";
    const bool is_control = rule == "none";
    if (!is_control && std::ranges::find(simulation::rules, rule) == simulation::rules.end()) {
        std::cerr << "simulation_must_fail RULE | none\n";
        return 2;
    }
    log::set_level(log::Level::Error);
    if (is_control) {
        return simulation::look_for_it();
    }
    if (!simulation::is_noticed(argv[1])) {
        std::cout << argv[1] << " was disabled, and nobody noticed\n";
        return 1;
    }
    return 0;
}
