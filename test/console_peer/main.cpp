// The console's server with a dialogue that is none, for tests of `ringwall console`.
//
//   console_peer SOCKET
//
// Ends with SIGTERM. SIGUSR1: announces something. SIGUSR2: ends the session 1.
#include <csignal>
#include <cstdio>
#include <memory>

#include "net/signals.h"
#include "sbc/console/server.h"
#include "unit/sbc/console/fake_dialogue.h"

int main(int argc, char** argv) {
    using namespace ringwall;
    using namespace ringwall::sbc::console;
    if (argc != 2) {
        std::fprintf(stderr, "console_peer: SOCKET\n");
        return 1;
    }
    auto loop = net::Loop::create();
    bool is_running = true;
    std::unique_ptr<Server> console;
    const auto signals = net::Signals::create(*loop, {SIGTERM, SIGUSR1, SIGUSR2}, [&](int number) {
        if (number == SIGUSR1) {
            console->announce("% Alarm: the disk is full");
        } else if (number == SIGUSR2) {
            console->end_session("1", "This session was ended by eve (session 2).");
        } else {
            is_running = false;
        }
    });
    auto server = Server::listen(
        *loop, argv[1], [](const User& user) { return std::make_unique<FakeDialogue>(user); });
    if (!signals || !server) {
        std::fprintf(stderr, "%s\n", (signals ? server.error() : signals.error()).sentence.c_str());
        return 1;
    }
    console = std::move(*server);
    while (is_running) {
        loop->turn(Duration::max(), [] {});
    }
    return 0;
}
