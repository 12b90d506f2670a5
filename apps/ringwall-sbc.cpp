// The session border controller.
#include <sysexits.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "sbc/process.h"

// jemalloc reads it at its start: memory of what has ended goes back within a second, by a thread
// of its own.
extern "C" const char* malloc_conf;
const char* malloc_conf = "background_thread:true,dirty_decay_ms:500,muzzy_decay_ms:0";

int main(int argc, char** argv) {
    ringwall::sbc::ProcessOptions options;
    options.version = RINGWALL_VERSION;
    CLI::App app("ringwall-sbc: a session border controller for secure SIP");
    app.add_option("--config", options.configuration,
                   "The configuration file; with --store only the first one");
    app.add_option("--store", options.store,
                   "The folder in which committed configurations are kept");
    app.add_option("--console", options.console, "The socket that `ringwall console` talks to");
    app.add_option("--trace", options.trace, "Append a JSON line for each SIP message (no bodies)");
    app.add_option("--record", options.record, "Append a line for each call: JSON, or see below");
    app.add_flag("--record-csv", options.is_record_csv,
                 "Values that are separated by commas instead, with a line of their names");
    app.add_option(
        "--metrics", options.metrics,
        "Where Prometheus finds metrics (GET /metrics): a port of 127.0.0.1, or ADDRESS:PORT");
    app.add_option("--user", options.user,
                   "Started as root: become this user, and keep only what ports below 1024 need");
    app.add_option("--workers", options.workers, "Threads for the traffic; one for each core")
        ->check(CLI::Range(1, 64));
    app.add_option("--drain", options.drain,
                   "After SIGTERM calls have so many seconds to end by themselves, and no new ones "
                   "are taken")
        ->check(CLI::Range(0, 86'400));
    app.add_flag("--check", options.only_check, "Read the configuration, say what is wrong, end");
    app.set_version_flag("--version", "ringwall-sbc " RINGWALL_VERSION);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? EX_OK : EX_USAGE;
    }
    if (options.configuration.empty() && options.store.empty()) {
        std::cerr << "ringwall-sbc needs a configuration: --config FILE, or --store FOLDER\n";
        return EX_USAGE;
    }
    return ringwall::sbc::run_process(options);
}
