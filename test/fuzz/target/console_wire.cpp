// What passes over the console's socket: whoever speaks, a line is one thing of the wire or none,
// is the same when it is written and read again, and holds nothing that steers a terminal.
#include "base/check.h"
#include "fuzz/target.h"
#include "sbc/console/wire.h"

namespace ringwall::fuzz {
namespace {

using namespace sbc::console;

bool is_line(const std::string& octets) {
    return octets.find('\n') == octets.size() - 1;
}

void check_request(std::string_view line) {
    const auto request = parse_request(line);
    if (!request) {
        return;
    }
    const std::string written = to_wire(*request);
    CHECK(is_line(written));
    const auto again = parse_request(written);
    CHECK(again && again->kind == request->kind && again->text == request->text);
}

void check_reply(std::string_view line) {
    const auto reply = parse_reply(line);
    if (!reply) {
        return;
    }
    const std::string written = to_wire(*reply);
    CHECK(is_line(written));
    const auto again = parse_reply(written);
    CHECK(again && again->failed == reply->failed && again->ended == reply->ended &&
          again->asks == reply->asks && again->pending == reply->pending &&
          again->fault_at == reply->fault_at && again->asks_secret == reply->asks_secret &&
          again->is_memorable == reply->is_memorable);
    CHECK(again->output.find('\x1b') == std::string::npos);
    CHECK(to_wire(*again) == written);
}

void check_others(std::string_view line) {
    if (const auto notice = parse_notice(line)) {
        const auto again = parse_notice(to_wire(*notice));
        CHECK(again && again->ended == notice->ended);
        CHECK(again->text.find('\x1b') == std::string::npos);
    }
    if (const auto suggestions = parse_suggestions(line)) {
        const std::string written = to_wire(*suggestions);
        const auto again = parse_suggestions(written);
        CHECK(again && again->size() == suggestions->size() && to_wire(*again) == written);
    }
}

}  // namespace

void run(std::string_view octets) {
    std::string received(octets);
    while (const auto line = take_line(received)) {
        check_request(*line);
        check_reply(*line);
        check_others(*line);
        CHECK(!(parse_notice(*line) && parse_reply(*line)));
    }
    CHECK(received.find('\n') == std::string::npos);
}

}  // namespace ringwall::fuzz
