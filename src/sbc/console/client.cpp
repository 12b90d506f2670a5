#include "sbc/console/client.h"

#include <poll.h>

#include <cerrno>
#include <utility>

#include "sbc/console/wire.h"

namespace ringwall::sbc::console {

namespace {

constexpr std::size_t scratch_size = std::size_t{256} * 1024;

void wait_for(int fd, short what) {
    pollfd state{fd, what, 0};
    poll(&state, 1, -1);
}

template <class Answer>
Result<Answer, std::string> expect(std::optional<Answer> answer,
                                   const std::filesystem::path& path) {
    if (!answer) {
        return fail(path.string() + ": what answers there is no console of ringwall-sbc");
    }
    return std::move(*answer);
}

}  // namespace

Result<Client, std::string> Client::connect(const std::filesystem::path& path) {
    auto stream = net::UnixStream::connect(path);
    if (stream) {
        return Client(std::move(*stream), path);
    }
    switch (stream.error().number) {
        case ENOENT:
        case ECONNREFUSED:
            return fail("no ringwall-sbc listens on " + path.string() +
                        "; is it running, and is that its console's socket?");
        case EACCES:
            return fail(path.string() + ": you may not use this console; ask its administrator");
        default:
            return fail(stream.error().sentence);
    }
}

Result<Reply, std::string> Client::greeting() {
    return expect(parse_reply(TRY(hear())), path_);
}

Result<Reply, std::string> Client::say(std::string_view line) {
    const std::string request = to_wire(Request{Request::Kind::Line, std::string(line)});
    if (request.size() > max_request) {
        return Reply{"% This line is too long.\n", "", true, false};
    }
    return expect(parse_reply(TRY(ask(request))), path_);
}

Result<std::vector<model::Suggestion>, std::string> Client::suggest(std::string_view line) {
    const std::string request = to_wire(Request{Request::Kind::Suggest, std::string(line)});
    if (request.size() > max_request) {
        return std::vector<model::Suggestion>();
    }
    return expect(parse_suggestions(TRY(ask(request))), path_);
}

std::optional<std::vector<std::string>> Client::notices() {
    const bool is_there = receive();
    next();  // nothing else was asked for
    if (!last_words_.empty() || (!is_there && notices_.empty())) {
        return std::nullopt;
    }
    return std::exchange(notices_, {});
}

std::string Client::farewell() const {
    if (!last_words_.empty()) {
        return last_words_;
    }
    return path_.string() + ": ringwall-sbc has closed this session, or has ended";
}

Result<std::string, std::string> Client::ask(const std::string& request) {
    stream_.queue(request);
    while (stream_.flush() && stream_.waiting() != 0) {
        wait_for(stream_.fd(), POLLOUT);
    }
    return hear();  // the last words, where it is gone
}

Result<std::string, std::string> Client::hear() {
    while (true) {
        if (auto line = next()) {
            return std::move(*line);
        }
        if (!last_words_.empty()) {
            return fail(farewell());
        }
        wait_for(stream_.fd(), POLLIN);
        if (!receive()) {
            return fail(farewell());
        }
    }
}

bool Client::receive() {
    std::string scratch(scratch_size, '\0');
    return stream_.receive(scratch, received_);
}

// The next line that was asked for, if it is there.
std::optional<std::string> Client::next() {
    while (auto line = take_line(received_)) {
        auto notice = parse_notice(*line);
        if (!notice) {
            return line;
        }
        if (notice->ended) {
            last_words_ = std::move(notice->text);
        } else {
            notices_.push_back(std::move(notice->text));
        }
    }
    return std::nullopt;
}

}  // namespace ringwall::sbc::console
