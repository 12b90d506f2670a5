#include "sbc/console/command.h"

#include <sysexits.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>

#include "sbc/console/caret.h"
#include "sbc/console/client.h"
#include "sbc/console/echo_off.h"
#include "sbc/console/terminal.h"

namespace ringwall::sbc::console {

namespace {

void print(const std::string& output) {
    std::fputs(output.c_str(), stdout);
    std::fflush(stdout);
}

int unavailable(const std::string& sentence) {
    std::fprintf(stderr, "%s\n", sentence.c_str());
    return EX_UNAVAILABLE;
}

// What a line could not be done for: behind its number, or below it where a caret points.
void complain(unsigned number, const std::string& output) {
    const bool is_one_line = std::ranges::count(output, '\n') <= 1;
    std::fprintf(stderr, "line %u:%s%s", number, is_one_line ? " " : "\n", output.c_str());
}

bool is_answer(std::string_view line) {
    return line == "yes" || line == "no" || line == "cancel";
}

// The next line of a script; from a terminal whose output goes elsewhere, silently.
bool next_line(const Reply& last, std::string& line) {
    std::optional<EchoOff> silence;
    if (last.asks_secret && isatty(STDIN_FILENO) != 0) {
        silence.emplace();
        std::fputs(last.prompt.c_str(), stderr);
    }
    const bool is_there = static_cast<bool>(std::getline(std::cin, line));
    if (silence) {
        std::fputs("\n", stderr);
    }
    if (line.ends_with('\r')) {
        line.pop_back();
    }
    return is_there;
}

// A question must be answered in so many words, a password be said twice, and what was changed be
// committed, or given up.
int run_script(Client& client) {
    std::string line;
    Reply last;
    for (unsigned number = 1; next_line(last, line); ++number) {
        if (last.asks && !is_answer(line)) {
            complain(number,
                     "the line before asks whether to commit; say yes, no or cancel here, "
                     "or 'commit' or 'abort' before it\n");
            return EXIT_FAILURE;
        }
        const auto reply = client.say(line);
        if (!reply) {
            return unavailable(reply.error());
        }
        if (reply->failed) {
            complain(number, reply->output);
            return EXIT_FAILURE;
        }
        print(reply->output);
        last = *reply;
        if (last.ended) {
            break;
        }
    }
    if (last.asks_secret) {
        std::fputs(
            "the script ended where a password was asked for, which belongs on the two lines "
            "behind the command; nothing was changed\n",
            stderr);
        return EXIT_FAILURE;
    }
    if (last.pending) {
        std::fputs(
            "the script ended with changes that were not committed: nothing of them is in "
            "force; say 'commit' or 'abort' at its end\n",
            stderr);
        return EXIT_FAILURE;
    }
    return EX_OK;
}

std::filesystem::path history_file() {
    const char* const home = std::getenv("HOME");  // before any thread
    return home == nullptr || *home == '\0' ? std::filesystem::path()
                                            : std::filesystem::path(home) / ".ringwall_history";
}

// One that was refused may be called back to be mended; on the disk goes only what the server has
// understood and knows to bear no secret.
void remember(Terminal& terminal, const std::string& line, const Reply& reply) {
    if (reply.is_memorable) {
        terminal.remember(line, Terminal::Memory::Lasting);
    } else if (reply.failed) {
        terminal.remember(line, Terminal::Memory::OfThisSession);
    }
}

int converse(Client& client, Reply last) {
    using Outcome = Terminal::Typed::Outcome;
    const auto suggest = [&client](const std::string& begun) {
        return client.suggest(begun).value_or(std::vector<model::Suggestion>());
    };
    Terminal terminal(
        client.fd(), suggest, [&client] { return client.notices(); }, history_file());
    while (true) {
        const bool is_secret = last.asks_secret;
        Terminal::Typed typed =
            is_secret ? terminal.read_secret(last.prompt) : terminal.read(last.prompt);
        switch (typed.outcome) {
            case Outcome::Line:
                break;
            case Outcome::Dropped:
                if (is_secret) {
                    break;  // nothing is an answer too
                }
                continue;
            case Outcome::Leaves:
                typed.line = is_secret ? "" : "exit";
                break;
            case Outcome::PeerGone:
                return unavailable(client.farewell());
            case Outcome::TerminalGone:
                return EX_OK;
        }
        const auto reply = client.say(typed.line);
        if (!reply) {
            return unavailable(reply.error());
        }
        print((reply->fault_at ? caret_below(last.prompt, typed.line, *reply->fault_at) : "") +
              reply->output);
        if (!is_secret) {
            remember(terminal, typed.line, *reply);
        }
        if (reply->ended) {
            return EX_OK;
        }
        for (const std::string& line : client.notices().value_or(std::vector<std::string>())) {
            print(line + "\n");  // not between a line and what is said of it
        }
        last = *reply;
    }
}

int run(const std::filesystem::path& socket) {
    auto client = Client::connect(socket);
    if (!client) {
        return unavailable(client.error());
    }
    const auto greeting = client->greeting();
    if (!greeting) {
        return unavailable(greeting.error());
    }
    if (greeting->failed) {
        std::fputs(greeting->output.c_str(), stderr);
        return EX_UNAVAILABLE;
    }
    const bool is_person = isatty(STDIN_FILENO) != 0 && isatty(STDOUT_FILENO) != 0;
    // Whoever reads what a script prints wants what it asked for: JSON and no alarm before it.
    std::fputs(greeting->output.c_str(), is_person ? stdout : stderr);
    std::fflush(stdout);
    if (greeting->ended) {
        return EX_OK;
    }
    return is_person ? converse(*client, *greeting) : run_script(*client);
}

}  // namespace

void add_command(CLI::App& app, int& status) {
    const auto socket = std::make_shared<std::string>("/run/ringwall/console");
    app.add_option("--socket", *socket, "The socket of the border controller's console")
        ->capture_default_str()
        ->envname("RINGWALL_CONSOLE");
    app.callback([socket, &status] { status = run(*socket); });
}

}  // namespace ringwall::sbc::console
