// The random simulation. Each world comes from one number:
//
//   simulation --seed N              that world only, with every packet: how a failure is replayed
//   simulation --calls N [--from S] [--minimum M] [--progress]
//   simulation --minutes N ...
//
// Ends with 0 when no world broke a rule and every row of the table was met at least M times, but
// those that no world can come to, which were not.
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string>

#include "base/log.h"
#include "simulation/world.h"

namespace ringwall::simulation {
namespace {

struct Options {
    std::optional<std::uint64_t> seed;
    std::uint64_t from = 1;
    std::size_t calls = 1000;
    double minutes = 0;
    std::size_t minimum = 0;
    bool progress = false;
};

// Of the world that runs, for whoever finds the process dead.
char current[128];

extern "C" void say_seed(int signal_number) {
    [[maybe_unused]] const auto written = write(STDERR_FILENO, current, std::strlen(current));
    std::signal(signal_number, SIG_DFL);
    std::raise(signal_number);
}

bool read(int argc, char** argv, Options& options) {
    for (int i = 1; i < argc; ++i) {
        const std::string word = argv[i];
        if (word == "--progress") {
            options.progress = true;
            continue;
        }
        if (i + 1 == argc) {
            return false;
        }
        const char* value = argv[++i];
        if (word == "--seed") {
            options.seed = std::strtoull(value, nullptr, 10);
        } else if (word == "--from") {
            options.from = std::strtoull(value, nullptr, 10);
        } else if (word == "--calls") {
            options.calls = std::strtoull(value, nullptr, 10);
        } else if (word == "--minutes") {
            options.minutes = std::strtod(value, nullptr);
        } else if (word == "--minimum") {
            options.minimum = std::strtoull(value, nullptr, 10);
        } else {
            return false;
        }
    }
    return true;
}

void complain(std::uint64_t seed, const Violation& violation) {
    std::cerr << "FAILED: " << violation.check << "\n"
              << violation.text << "\nreplay: simulation --seed " << seed << "\n";
}

// What no world can come to: a REGISTER goes on to the registrar behind us as what it is, never in
// another scheme; and where who registers is not trusted no SIPS contact is bound that could be
// called (RFC 5630 §5.2).
bool can_be_met(const sbc::policy::table::Row& row) {
    namespace table = sbc::policy::table;
    const bool changes_scheme = row.events == table::RELAYED && (row.target_scheme & row.call) == 0;
    const bool is_unbound = row.target == table::UNTRUSTED && row.target_scheme == table::SIPS &&
                            row.events == table::SET_UP;
    return !changes_scheme && !is_unbound;
}
bool can_be_met(const auto& /*of the answers*/) {
    return true;
}

bool print_rows(const char* name, const auto& table, const std::vector<std::size_t>& counts,
                std::size_t minimum) {
    bool is_right = true;
    for (std::size_t i = 0; i < table.size(); ++i) {
        const char* const fault = !can_be_met(table[i]) ? (counts[i] != 0 ? "  CANNOT BE" : "")
                                  : counts[i] < minimum ? "  TOO FEW"
                                                        : "";
        is_right = is_right && *fault == '\0';
        std::printf("%s row %2d: %zu%s\n", name, table[i].number, counts[i], fault);
    }
    return is_right;
}

int run(const Options& options) {
    Tally tally;
    std::size_t calls = 0;
    std::size_t packets = 0;
    std::size_t next_progress = 1000;
    const auto start = std::chrono::steady_clock::now();
    const auto elapsed = [&] {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    };
    const auto goes_on = [&] {
        return options.minutes > 0 ? elapsed() < 60 * options.minutes : calls < options.calls;
    };
    for (std::uint64_t seed = options.from; goes_on(); ++seed) {
        std::snprintf(current, sizeof current, "died at: simulation --seed %llu\n",
                      static_cast<unsigned long long>(seed));
        const Outcome outcome = run_world(seed, nullptr);
        if (outcome.violation) {
            complain(seed, *outcome.violation);
            return 1;
        }
        tally.add(outcome.tally);
        calls += outcome.calls;
        packets += outcome.packets;
        if (options.progress && calls >= next_progress) {
            std::printf("%zu calls, %zu packets, %.0f s\n", calls, packets, elapsed());
            std::fflush(stdout);
            next_progress = calls + calls / 2;
        }
    }
    const bool rows = print_rows("rule", sbc::policy::table::oracle, tally.rows, options.minimum);
    const bool answers =
        print_rows("answer", sbc::policy::table::answers, tally.answers, options.minimum);
    bool flows = true;
    for (std::size_t i = 0; i < flow_names.size(); ++i) {
        const bool is_below = tally.flows[i] < options.minimum;
        flows = flows && !is_below;
        std::printf("%.*s: %zu%s\n", static_cast<int>(flow_names[i].size()), flow_names[i].data(),
                    tally.flows[i], is_below ? "  TOO FEW" : "");
    }
    for (const auto& [status, count] : tally.endings) {
        std::printf("ended with %d: %zu\n", status, count);
    }
    std::printf("%zu calls, %zu packets, %.1f s\n", calls, packets, elapsed());
    return rows && answers && flows ? 0 : 1;
}

int replay(std::uint64_t seed) {
    const Outcome outcome = run_world(seed, &std::cout);
    if (outcome.violation) {
        complain(seed, *outcome.violation);
        return 1;
    }
    return 0;
}

}  // namespace
}  // namespace ringwall::simulation

int main(int argc, char** argv) {
    using namespace ringwall;
    simulation::Options options;
    if (!simulation::read(argc, argv, options)) {
        std::cerr << "simulation --seed N | --calls N | --minutes N [--from S] [--minimum M] "
                     "[--progress]\n";
        return 2;
    }
    log::set_level(log::Level::Error);
    std::signal(SIGABRT, simulation::say_seed);
    std::signal(SIGSEGV, simulation::say_seed);
    return options.seed ? simulation::replay(*options.seed) : simulation::run(options);
}
