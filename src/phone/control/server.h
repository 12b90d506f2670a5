// The phone's control: JSON over HTTP on the loopback address, for programs on this machine
// (control/api.h has what can be said). A page in somebody's browser is not a program on this
// machine: what bears an Origin, another Host, or is not JSON, is refused.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "engine/worker.h"
#include "phone/configuration.h"
#include "phone/phone.h"

namespace ringwall::phone::control {

class Server final : public Observer {
public:
    // `set` or a NOTIFY has changed something, and no call is up: the phone is to start again. Any
    // thread.
    using OnChanged = std::function<void()>;
    Server(Configuration& configuration, OnChanged on_changed);
    ~Server() override;

    // The error is a sentence.
    Result<void, std::string> listen(std::uint16_t port);
    void stop();

    // Which phone it is: before its thread starts, until before it stops.
    void attach(engine::Worker& worker, Phone& phone);
    void detach();
    // For what on_service() has told: it is in the configuration then, or could not be.
    void wait_kept();

    // On the phone's thread.
    void on_line_changed(const Line& line) override;
    void on_call_changed(Call& call) override;
    void on_digit(Call& call, char digit) override;
    void on_transferred(Call& call, int status) override;
    void on_messages(const Line& line) override;
    void on_call_back(Call& call) override;
    void on_watched(const WatchedLine& watched) override;
    void on_service(std::string_view parameter, std::string_view value) override;
    void on_order(const Line& line, std::string_view event) override;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace ringwall::phone::control
