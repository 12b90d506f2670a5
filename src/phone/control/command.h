// `ringwall phone ...`: what the control's API has, for people and scripts.
#pragma once

namespace CLI {  // NOLINT(readability-identifier-naming): the library's name
class App;
}

namespace ringwall::phone::control {

// Adds the commands to `app`. Which one it was is done by its callback; it leaves the exit status
// in `status`: 0; 1 when the phone says that it cannot be done; 64 (EX_USAGE); 69 (EX_UNAVAILABLE)
// when no phone listens.
void add_commands(CLI::App& app, int& status);

}  // namespace ringwall::phone::control
