// What is to be measured: the command line of bench_load.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "base/endpoint.h"
#include "sip/transport.h"

namespace ringwall::bench {

enum class Scenario : std::uint8_t { Register, Call, Held, Idle, Handshake };
enum class Authentication : std::uint8_t {
    None,   // no credentials: a challenge is a failure
    Reuse,  // one challenge for each user, before the clock runs; then its nonce again and again
    Each,   // every registration is challenged
};

struct Options {
    Scenario scenario = Scenario::Register;
    sip::Transport transport = sip::Transport::Udp;
    Endpoint server;
    std::string domain = "bench.test";
    Authentication authentication = Authentication::None;
    std::string password = "secret";
    std::string user_prefix = "a";
    unsigned expires = 3600;  // seconds, of a registration

    // The callee's end of a call.
    sip::Transport callee_transport = sip::Transport::Udp;
    Endpoint callee_server;           // where it registers
    std::uint16_t callee_listen = 0;  // or where it waits, over UDP, and does not register
    std::string callee_domain = "bench.test";

    std::uint32_t users = 1000;
    std::uint32_t connections = 64;  // or UDP sockets, of each end
    std::uint32_t window = 32;       // at the same time
    double rate = 0;                 // a second; 0: as fast as the window lets
    std::uint64_t warm_up = 0;
    std::uint64_t count = 10'000;
    double seconds = 2;  // at most
    double timeout = 2;  // of one operation

    std::string trust_anchors;  // file
    std::string certificate;    // file, with its key
    std::string private_key;
    bool resume = false;     // handshakes
    bool break_off = false;  // handshakes, after the server's hello
    int tls_version = 13;    // 12 or 13: handshakes

    pid_t server_pid = 0;
};

}  // namespace ringwall::bench
