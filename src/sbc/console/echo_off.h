// What is typed is not shown, for a secret.
#pragma once

#include <termios.h>

namespace ringwall::sbc::console {

// On standard input, as long as this is there; nothing where that is no terminal.
class EchoOff {
public:
    EchoOff();
    ~EchoOff();
    EchoOff(const EchoOff&) = delete;
    EchoOff& operator=(const EchoOff&) = delete;

private:
    termios before_{};
    bool is_off_ = false;
};

}  // namespace ringwall::sbc::console
