// The phone's control: JSON over HTTP on the loopback address, for programs on this machine.
//
//   GET  /state                       lines and calls
//   GET  /events?after=N              what has happened since event N; the last 256 are kept
//   POST /dial        {"line": 1, "to": "bob"}           -> {"call": 1}
//   POST /conference  {"calls": [1, 2]}
//   POST /calls/1/answer  /hangup  /hold  /resume
//   POST /calls/1/reject    {"status": 486}
//   POST /calls/1/digits    {"digits": "12#"}
//   POST /calls/1/transfer  {"to": "carol"} or {"call": 2}
//   POST /calls/1/source    {"tone": 440} or {"file": "a.wav"} or {}
//   POST /calls/1/record    {"path": "a.wav"}
//
// What fails is answered with 4xx and {"error": sentence}. A page in somebody's browser is not a
// program on this machine: what bears an Origin, another Host, or is not JSON, is refused.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "engine/worker.h"
#include "phone/phone.h"

namespace ringwall::phone {

class Control final : public Observer {
public:
    // Both outlive it; the phone is told of it as its Observer before it is handed here.
    Control();
    ~Control() override;

    // The worker runs already. The error is a sentence.
    Result<void, std::string> listen(engine::Worker& worker, Phone& phone, std::uint16_t port);
    void stop();

    // On the phone's thread.
    void on_line_changed(const Line& line) override;
    void on_call_changed(Call& call) override;
    void on_digit(Call& call, char digit) override;
    void on_transferred(Call& call, int status) override;
    void on_messages(const Line& line) override;
    void on_order(const Line& line, std::string_view event) override;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace ringwall::phone
