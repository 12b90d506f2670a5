// The other end of the console's socket (console/wire.h has what passes). Every call waits for its
// answer; errors are a sentence.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/unix_stream.h"
#include "sbc/console/dialogue.h"

namespace ringwall::sbc::console {

class Client {
public:
    static Result<Client, std::string> connect(const std::filesystem::path& path);

    // The first thing that is heard.
    Result<Reply, std::string> greeting();
    Result<Reply, std::string> say(std::string_view line);
    Result<std::vector<model::Suggestion>, std::string> suggest(std::string_view line);

    // What the server said without being asked, lines; to be called when there is something to
    // read, too. Nothing: the server has gone, at any time; see farewell().
    std::optional<std::vector<std::string>> notices();
    std::string farewell() const;
    int fd() const { return stream_.fd(); }

private:
    Client(net::UnixStream stream, std::filesystem::path path)
        : stream_(std::move(stream)), path_(std::move(path)) {}
    Result<std::string, std::string> ask(const std::string& request);
    Result<std::string, std::string> hear();
    bool receive();
    std::optional<std::string> next();

    net::UnixStream stream_;
    std::filesystem::path path_;
    std::string received_;
    std::vector<std::string> notices_;
    std::string last_words_;  // why the session was ended
};

}  // namespace ringwall::sbc::console
