// `ringwall console`: the border controller's console, for people at a terminal and for scripts.
#pragma once

namespace CLI {  // NOLINT(readability-identifier-naming): the library's name
class App;
}

namespace ringwall::sbc::console {

// Makes `app` that command. It leaves the exit status in `status`: 0; 1 when a line of a script
// could not be done, 69 (EX_UNAVAILABLE) when there is no console, when it does not let one in, or
// when it goes away.
void add_command(CLI::App& app, int& status);

}  // namespace ringwall::sbc::console
