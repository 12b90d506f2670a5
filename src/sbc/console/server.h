// The console's socket: several users at once, each with a Dialogue of its own (console/wire.h has
// what passes). All on one thread, the loop's; who reads slowly holds up nobody.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "net/loop.h"
#include "net/unix_listener.h"
#include "net/unix_stream.h"
#include "sbc/console/dialogue.h"
#include "sbc/console/sessions.h"

namespace ringwall::sbc::console {

// Who a user of this machine is, without a session; none: does not get in.
using Admission = std::function<std::optional<User>(uid_t)>;
// root and the user of this process are administrators; others by group (people.h).
std::optional<User> admit(uid_t user);

// Who did not get in, and what was said of it.
using OnRefused = std::function<void(const std::string& name, const std::string& why)>;

class Server final : public net::EventSource, public Sessions {
public:
    using MakeDialogue = std::function<std::unique_ptr<Dialogue>(const User&)>;

    // The error is a sentence. `loop` must outlive the server.
    static Result<std::unique_ptr<Server>, net::SocketError> listen(
        net::Loop& loop, const std::filesystem::path& path, MakeDialogue make_dialogue,
        Admission admission = admit,
        OnRefused on_refused = [](const std::string&, const std::string&) {});
    // Every session ends, and the socket is removed.
    ~Server() override;

    std::size_t sessions() const { return sessions_.size(); }
    // A line for everybody who is there. Not to be called from within a dialogue.
    void announce(const std::string& line);
    std::vector<OpenSession> open_sessions() const override;
    bool end_session(const std::string& session, const std::string& why) override;
    void on_ready(net::Readiness readiness) override;

private:
    class Session;

    Server(net::Loop& loop, net::UnixListener listener, MakeDialogue make_dialogue,
           Admission admission, OnRefused on_refused);
    void open(net::UnixStream stream);
    std::string refusal(const User& user) const;  // empty: there is room
    void forget(std::uint64_t number);

    net::Loop& loop_;
    net::UnixListener listener_;
    MakeDialogue make_dialogue_;
    Admission admission_;
    OnRefused on_refused_;
    net::Loop::Watch watch_ = 0;
    std::uint64_t last_session_ = 0;
    std::map<std::uint64_t, std::unique_ptr<Session>> sessions_;
};

}  // namespace ringwall::sbc::console
