// What people and scripts say to the programs.
#include <sysexits.h>

#include <CLI/CLI.hpp>

#include "phone/control/command.h"
#include "sbc/console/command.h"

namespace {

// What is no command is named; that one is missing would say less.
std::string message_of(const CLI::App* app, const CLI::Error& error) {
    const auto rest = app->remaining(true);
    const CLI::App* asked = app;
    while (!asked->get_subcommands().empty()) {
        asked = asked->get_subcommands().front();
    }
    return asked->get_require_subcommand_min() > 0 && !rest.empty()
               ? "there is no command '" + rest.front() + "'; --help has them all\n"
               : CLI::FailureMessage::simple(app, error);
}

}  // namespace

int main(int argc, char** argv) {
    int status = EX_OK;
    CLI::App app("ringwall: commands for ringwall-sbc and ringwall-phone");
    app.require_subcommand(1);
    app.failure_message(message_of);
    app.set_version_flag("--version", "ringwall " RINGWALL_VERSION);
    ringwall::sbc::console::add_command(
        *app.add_subcommand("console", "The console of a border controller of this machine"),
        status);
    ringwall::phone::control::add_commands(
        *app.add_subcommand("phone", "Commands for a phone of this machine"), status);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? EX_OK : EX_USAGE;
    }
    return status;
}
