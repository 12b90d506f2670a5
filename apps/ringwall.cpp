// What people and scripts say to the programs.
#include <sysexits.h>

#include <CLI/CLI.hpp>

#include "phone/control/command.h"
#include "sbc/console/command.h"

int main(int argc, char** argv) {
    int status = EX_OK;
    CLI::App app("ringwall: commands for ringwall-sbc and ringwall-phone");
    app.require_subcommand(1);
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
