// ringwall-sbc as a process: configuration, sockets, signals, and an orderly end.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace ringwall::sbc {

struct ProcessOptions {
    std::filesystem::path configuration;  // a file; may be empty where there is a store
    // The folder of configurations and subscribers; empty: none is kept.
    std::filesystem::path store;
    std::filesystem::path console;  // the socket for `ringwall console`; empty: none
    std::filesystem::path trace;    // a JSON line for each message; empty: none
    std::filesystem::path record;   // a JSON line for each call; empty: none
    std::string metrics;            // where Prometheus finds them; empty: nowhere
    std::string version;            // of this program
    std::string user;               // whom a process of root becomes; empty: stays who it is
    bool is_record_csv = false;     // with commas instead
    std::uint16_t workers = 0;      // threads; 0: one for each core
    std::uint32_t drain = 0;        // seconds that calls have to end by themselves after SIGTERM
    bool only_check = false;        // read the configuration, say what is wrong, start nothing
};

// The exit status: 0, 78 (EX_CONFIG) for a wrong configuration or an address that cannot be bound,
// 74 (EX_IOERR) when a file cannot be opened, 77 (EX_NOPERM) when it cannot become `user`. SIGTERM
// and SIGINT end all calls first, after `drain` or a second one; SIGUSR1 logs the counters; SIGHUP
// reads files again. A service manager is told (net/service_manager.h).
int run_process(const ProcessOptions& options);

}  // namespace ringwall::sbc
