#include "sbc/console/server.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/log.h"
#include "net/clock.h"
#include "sbc/console/people.h"
#include "sbc/console/wire.h"

namespace ringwall::sbc::console {

namespace {

constexpr mode_t socket_mode = 0660;
constexpr std::size_t max_sessions = 32;
constexpr std::size_t max_sessions_of_others = 24;  // the rest is for administrators
constexpr std::size_t max_sessions_of_one = 8;
constexpr std::size_t max_waiting = std::size_t{4} * 1024 * 1024;

bool is_one_line(std::string_view text) {
    return std::ranges::none_of(text, [](char c) {
        const auto octet = static_cast<unsigned char>(c);
        return (octet < ' ' && c != '\t') || octet == 127;
    });
}

// The socket of somebody new takes a sentence at once.
void refuse(net::UnixStream stream, const std::string& sentence) {
    stream.queue(to_wire({.output = sentence + "\n", .prompt = "", .failed = true, .ended = true}));
    stream.flush();
}

}  // namespace

std::optional<User> admit(uid_t user) {
    Person person = person_of(user);
    const auto role = role_of(user, geteuid(), person.groups);
    return role ? std::optional(User{std::move(person.name), *role, ""}) : std::nullopt;
}

class Server::Session final : public net::EventSource {
public:
    Session(Server& server, std::uint64_t number, OpenSession about, net::UnixStream stream,
            std::unique_ptr<Dialogue> dialogue)
        : server_(server),
          number_(number),
          about_(std::move(about)),
          stream_(std::move(stream)),
          dialogue_(std::move(dialogue)) {}
    ~Session() override {
        server_.loop_.unwatch(watch_);
        dialogue_->on_gone();
    }

    bool begin() {
        watch_ = server_.loop_.watch(stream_.fd(), net::Interest::Read, *this);
        say(dialogue_->greet());
        return watch_ != 0 && write();
    }

    const OpenSession& about() const { return about_; }

    // False: it is over.
    bool notify(const Notice& notice) {
        if (!is_ending_ && stream_.waiting() <= max_waiting) {
            stream_.queue(to_wire(notice));
        }
        return write();
    }

    // May end with the end of the session.
    void on_ready(net::Readiness readiness) override {
        const bool goes_on = (!readiness.is_readable || read()) && write();
        if (!goes_on) {
            server_.forget(number_);
        }
    }

private:
    // False: it is over. What is asked with the last words is still answered.
    bool read() {
        std::array<char, 16384> scratch;  // NOLINT: read() fills what is used
        if (!stream_.receive(scratch, received_)) {
            return false;
        }
        while (!is_ending_) {
            const auto line = take_line(received_);
            if (!line) {
                return received_.size() < max_request;
            }
            if (line->size() >= max_request || stream_.waiting() > max_waiting || !answer(*line)) {
                return false;
            }
        }
        return true;
    }

    bool answer(std::string_view line) {
        const auto request = parse_request(line);
        if (!request) {
            return false;
        }
        const bool is_clean = is_one_line(request->text);
        if (request->kind == Request::Kind::Suggest) {
            stream_.queue(to_wire(is_clean ? dialogue_->suggest(request->text)
                                           : std::vector<model::Suggestion>()));
        } else if (is_clean) {
            say(dialogue_->on_line(request->text));
        } else {
            say({.output = "% A line may hold no control characters.\n",
                 .prompt = prompt_,
                 .failed = true,
                 .ended = false,
                 .asks_secret = asks_secret_});
        }
        return stream_.flush();
    }

    void say(const Reply& reply) {
        prompt_ = reply.prompt;
        asks_secret_ = reply.asks_secret;
        is_ending_ = is_ending_ || reply.ended;
        stream_.queue(to_wire(reply));
    }

    // False: it is over, by the peer's end or by ours, with nothing left to say.
    bool write() {
        if (!stream_.flush() || (is_ending_ && stream_.waiting() == 0)) {
            return false;
        }
        const bool is_blocked = stream_.waiting() != 0;
        server_.loop_.change(watch_, is_ending_   ? net::Interest::Write
                                     : is_blocked ? net::Interest::ReadAndWrite
                                                  : net::Interest::Read);
        return true;
    }

    Server& server_;
    std::uint64_t number_;
    OpenSession about_;
    net::UnixStream stream_;
    std::unique_ptr<Dialogue> dialogue_;
    net::Loop::Watch watch_ = 0;
    std::string received_;
    std::string prompt_;
    bool asks_secret_ = false;  // behind that prompt
    bool is_ending_ = false;
};

Result<std::unique_ptr<Server>, net::SocketError> Server::listen(net::Loop& loop,
                                                                 const std::filesystem::path& path,
                                                                 MakeDialogue make_dialogue,
                                                                 Admission admission,
                                                                 OnRefused on_refused) {
    net::UnixListener listener = TRY(net::UnixListener::listen(path, socket_mode));
    std::unique_ptr<Server> out(new Server(loop, std::move(listener), std::move(make_dialogue),
                                           std::move(admission), std::move(on_refused)));
    out->watch_ = loop.watch(out->listener_.fd(), net::Interest::Read, *out);
    if (out->watch_ == 0) {
        return fail(net::SocketError::of("cannot watch the console's socket", errno));
    }
    return out;
}

Server::Server(net::Loop& loop, net::UnixListener listener, MakeDialogue make_dialogue,
               Admission admission, OnRefused on_refused)
    : loop_(loop),
      listener_(std::move(listener)),
      make_dialogue_(std::move(make_dialogue)),
      admission_(std::move(admission)),
      on_refused_(std::move(on_refused)) {}

Server::~Server() {
    sessions_.clear();
    loop_.unwatch(watch_);
}

void Server::on_ready(net::Readiness /*readiness*/) {
    net::AcceptedSocket accepted = listener_.accept();
    if (accepted.outcome == net::AcceptOutcome::Accepted) {
        open(net::UnixStream(std::move(accepted.fd)));
    }
}

void Server::open(net::UnixStream stream) {
    const auto uid = stream.peer_user();
    auto user = uid ? admission_(*uid) : std::nullopt;
    const std::string sentence = user ? refusal(*user)
                                      : "You may not use the console: it is for members of "
                                        "ringwall-admin, ringwall-operator and ringwall-read.";
    if (!sentence.empty()) {
        on_refused_(user ? user->name : uid ? person_of(*uid).name : "unknown", sentence);
        refuse(std::move(stream), sentence);
        return;
    }
    const std::uint64_t number = ++last_session_;
    user->session = std::to_string(number);
    auto session =
        std::make_unique<Session>(*this, number, OpenSession{*user, net::system_clock().wall},
                                  std::move(stream), make_dialogue_(*user));
    if (session->begin()) {
        sessions_.emplace(number, std::move(session));
    }
}

// Nobody keeps everybody else out, and those who can look only nobody who can end their sessions.
std::string Server::refusal(const User& user) const {
    const auto own = std::ranges::count_if(
        sessions_, [&](const auto& each) { return each.second->about().user.name == user.name; });
    if (static_cast<std::size_t>(own) >= max_sessions_of_one) {
        return "You have " + std::to_string(own) + " sessions already; end one of them first.";
    }
    if (sessions_.size() >= max_sessions ||
        (user.role != Role::Administrator && sessions_.size() >= max_sessions_of_others)) {
        return "The console has " + std::to_string(sessions_.size()) +
               " sessions already; one of them must end first.";
    }
    return "";
}

void Server::forget(std::uint64_t number) {
    sessions_.erase(number);
}

void Server::announce(const std::string& line) {
    std::erase_if(sessions_, [&](const auto& each) { return !each.second->notify({line}); });
}

std::vector<OpenSession> Server::open_sessions() const {
    std::vector<OpenSession> out;
    out.reserve(sessions_.size());
    for (const auto& [number, session] : sessions_) {
        out.push_back(session->about());
    }
    return out;
}

// What it cannot take at once it never hears: whoever holds the lock must not keep it by not
// reading.
bool Server::end_session(const std::string& session, const std::string& why) {
    const auto found = std::ranges::find_if(
        sessions_, [&](const auto& each) { return each.second->about().user.session == session; });
    if (found == sessions_.end()) {
        return false;
    }
    found->second->notify({.text = why, .ended = true});
    sessions_.erase(found);
    return true;
}

}  // namespace ringwall::sbc::console
