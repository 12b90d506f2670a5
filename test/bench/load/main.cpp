// bench_load: plays phones and peers against a running server, over loopback, and prints what it
// saw as JSON. Ends by itself: every scenario is bounded in count and time.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

#include "call_load.h"
#include "handshakes.h"
#include "idle.h"
#include "net/socket_address.h"
#include "register_load.h"
#include "tls/context.h"

namespace ringwall::bench {
namespace {

std::string contents(const std::string& file) {
    std::ifstream in(file);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

std::optional<Endpoint> parse_endpoint(const std::string& text) {
    const auto colon = text.rfind(':');
    if (colon == std::string::npos) return std::nullopt;
    const auto address = IpAddress::parse(text.substr(0, colon));
    const std::string port = text.substr(colon + 1);
    if (!address || port.empty() || port.find_first_not_of("0123456789") != std::string::npos) {
        return std::nullopt;
    }
    return Endpoint{*address, static_cast<std::uint16_t>(std::stoul(port))};
}

// CLI11 takes to_string of a type of ours for its own, so enumerations come as words.
template <class Value>
CLI::Option* add_choice(CLI::App& app, const std::string& name, Value& value,
                        const std::map<std::string, Value>& words,
                        const std::string& description = {}) {
    return app
        .add_option_function<std::string>(
            name, [&value, words](const std::string& word) { value = words.at(word); }, description)
        ->check([words](const std::string& word) {
            return words.contains(word) ? std::string() : "there is no " + word;
        });
}

void add_options(CLI::App& app, Options& options, std::string& server, std::string& callee_server) {
    const std::map<std::string, Scenario> scenarios{{"register", Scenario::Register},
                                                    {"call", Scenario::Call},
                                                    {"held", Scenario::Held},
                                                    {"idle", Scenario::Idle},
                                                    {"handshake", Scenario::Handshake}};
    const std::map<std::string, sip::Transport> transports{
        {"udp", sip::Transport::Udp}, {"tcp", sip::Transport::Tcp}, {"tls", sip::Transport::Tls}};
    const std::map<std::string, Authentication> authentications{{"none", Authentication::None},
                                                                {"reuse", Authentication::Reuse},
                                                                {"each", Authentication::Each}};
    add_choice(app, "--scenario", options.scenario, scenarios)->required();
    app.add_option("--server", server, "ADDRESS:PORT")->required();
    app.add_option("--server-pid", options.server_pid, "Whose CPU time and memory are read");
    add_choice(app, "--transport", options.transport, transports);
    add_choice(app, "--callee-transport", options.callee_transport, transports);
    app.add_option("--callee-server", callee_server, "Where callees register");
    app.add_option("--callee-listen", options.callee_listen,
                   "UDP port where the callee waits, unregistered");
    app.add_option("--domain", options.domain);
    app.add_option("--callee-domain", options.callee_domain);
    app.add_option("--user-prefix", options.user_prefix, "Users are PREFIX0, PREFIX1 ...");
    add_choice(app, "--digest", options.authentication, authentications,
               "none; reuse: one challenge, its nonce again and again; each: always challenged."
               " In calls: other than none, the callers register");
    app.add_option("--password", options.password);
    app.add_option("--expires", options.expires, "Seconds, of registrations");
    app.add_option("--users", options.users, "Users; calls at the same time, where at a rate");
    app.add_option("--connections", options.connections, "Or UDP sockets, of each end");
    app.add_option("--window", options.window, "Operations at the same time")
        ->check(CLI::Range(1U, 1000U));
    app.add_option("--rate", options.rate, "Operations a second; 0: as the window lets");
    app.add_option("--warm-up", options.warm_up, "Operations before the clock runs");
    app.add_option("--count", options.count);
    app.add_option("--seconds", options.seconds)->check(CLI::Range(0.1, 600.0));
    app.add_option("--timeout", options.timeout, "Seconds, of one operation");
    app.add_option("--trust-anchors", options.trust_anchors, "PEM file: TLS");
    app.add_option("--certificate", options.certificate, "PEM file of the phones");
    app.add_option("--private-key", options.private_key);
    app.add_flag("--resume", options.resume, "Handshakes are resumed");
    app.add_flag("--break-off", options.break_off, "Handshakes end after the server's hello");
    app.add_option("--tls", options.tls_version, "Handshakes: 12 or 13")
        ->check(CLI::IsMember({12, 13}));
}

Result<std::shared_ptr<const tls::Context>, std::string> client_context(const Options& options) {
    if (options.trust_anchors.empty()) return nullptr;
    tls::ContextOptions its;
    its.trust_anchors = contents(options.trust_anchors);
    if (!options.certificate.empty()) {
        its.certificate = contents(options.certificate);
        its.private_key = Secret(contents(options.private_key));
    }
    auto context = tls::Context::create(tls::Context::Role::Client, its);
    if (!context) return fail(context.error().sentence);
    return std::move(*context);
}

nlohmann::json run(const Options& options) {
    if (options.scenario == Scenario::Handshake) return run_handshakes(options);
    const auto context = client_context(options);
    if (!context) return {{"error", context.error()}};
    const auto ends = Ends::create(*context);
    if (!ends) return {{"error", ends.error()}};
    SystemRandom random;
    switch (options.scenario) {
        case Scenario::Idle:
            return run_idle(options, **ends, random);
        case Scenario::Register: {
            RegisterLoad load(options, **ends, random);
            (*ends)->set_player(load);
            load.run();
            return load.result();
        }
        case Scenario::Call:
        case Scenario::Held: {
            CallLoad load(options, **ends, random);
            (*ends)->set_player(load);
            load.run();
            nlohmann::json result = load.result();
            if (options.scenario == Scenario::Held && !load.has_failed()) {
                result.update(load.hang_up());
            }
            return result;
        }
        case Scenario::Handshake:
            break;
    }
    return {{"error", "no such scenario"}};
}

}  // namespace
}  // namespace ringwall::bench

int main(int argc, char** argv) {
    using namespace ringwall;
    bench::Options options;
    std::string server;
    std::string callee_server;
    CLI::App app("bench_load: phones and peers that measure a SIP server on this host");
    bench::add_options(app, options, server, callee_server);
    CLI11_PARSE(app, argc, argv);
    const auto endpoint = bench::parse_endpoint(server);
    const auto callee_endpoint = bench::parse_endpoint(callee_server);
    const auto is_loopback = [](const Endpoint& each) { return each.address.bytes[0] == 127; };
    if (!endpoint || !is_loopback(*endpoint) ||
        (!callee_server.empty() && (!callee_endpoint || !is_loopback(*callee_endpoint)))) {
        std::fprintf(stderr, "bench_load: servers are given as 127.x.x.x:PORT: loopback only\n");
        return 64;
    }
    options.server = *endpoint;
    options.callee_server = callee_endpoint.value_or(*endpoint);
    std::signal(SIGPIPE, SIG_IGN);
    // Whatever goes wrong: it ends.
    constexpr unsigned longest_set_up = 200;
    alarm(longest_set_up + static_cast<unsigned>(options.seconds));
    const nlohmann::json result = bench::run(options);
    std::cout << result.dump(1) << '\n';
    return result.contains("error") ? 1 : 0;
}
