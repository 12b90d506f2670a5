#include "sbc/console/echo_off.h"

#include <unistd.h>

namespace ringwall::sbc::console {

EchoOff::EchoOff() {
    if (tcgetattr(STDIN_FILENO, &before_) == 0) {
        termios silent = before_;
        silent.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHONL);
        // What was typed before anybody asked is no answer.
        is_off_ = tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0;
    }
}

EchoOff::~EchoOff() {
    if (is_off_) {
        tcsetattr(STDIN_FILENO, TCSADRAIN, &before_);
    }
}

}  // namespace ringwall::sbc::console
