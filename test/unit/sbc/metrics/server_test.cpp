// Who asks for metrics: slowly, by the hundred, or while nobody makes them.
#include "sbc/metrics/server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace ringwall::sbc::metrics {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using testing::AllOf;
using testing::HasSubstr;

TEST(AdminAddress, IsAPortOfTheLoopbackUnlessAnAddressIsSaid) {
    EXPECT_EQ(parse_admin_address("9101")->to_string(), "127.0.0.1:9101");
    EXPECT_EQ(parse_admin_address("192.0.2.1:9101")->to_string(), "192.0.2.1:9101");
    EXPECT_EQ(parse_admin_address("[2001:db8::1]:9101")->to_string(), "[2001:db8::1]:9101");
    for (const char* wrong : {"", "0", "70000", "host:9101", "192.0.2.1", "192.0.2.1:", ":9101",
                              "2001:db8::1:9101", "9101x"}) {
        EXPECT_FALSE(parse_admin_address(wrong)) << wrong;
    }
}

class Client {
public:
    explicit Client(const Endpoint& server) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(server.port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
    }
    ~Client() { ::close(socket_); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    void send(std::string_view text) const {
        ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
    }
    // All until the server closes.
    std::string read() const {
        std::string out;
        char buffer[4096];
        for (ssize_t count = 0; (count = ::recv(socket_, buffer, sizeof buffer, 0)) > 0;) {
            out.append(buffer, static_cast<std::size_t>(count));
        }
        return out;
    }

private:
    int socket_;
};

constexpr std::string_view get = "GET /metrics HTTP/1.1\r\nHost: here\r\n\r\n";

class MetricsServer : public testing::Test {
protected:
    // As the main thread does: makes what it is asked for, one after another.
    std::unique_ptr<Server> served(bool answers = true) {
        auto listening = Server::listen(
            {IpAddress::v4(127, 0, 0, 1), 0},
            {.post =
                 [answers](auto make) {
                     if (answers) {
                         std::thread(std::move(make)).detach();
                     }
                 },
             .page = [this] { return "ringwall_made " + std::to_string(++made) + "\n"; }});
        EXPECT_TRUE(listening);
        return std::move(*listening);
    }
    std::atomic<int> made = 0;
};

TEST_F(MetricsServer, GivesThePage) {
    const auto server = served();
    const Client client(server->local());
    client.send(get);
    EXPECT_THAT(client.read(), AllOf(HasSubstr("HTTP/1.1 200 OK"), HasSubstr("version=0.0.4"),
                                     HasSubstr("ringwall_made 1\n")));
}

TEST_F(MetricsServer, HasNothingElse) {
    const auto server = served();
    for (const char* request : {"GET / HTTP/1.1\r\nHost: here\r\n\r\n",
                                "POST /metrics HTTP/1.1\r\nHost: here\r\nContent-Length: 0\r\n\r\n",
                                "GET /metrics/../etc/passwd HTTP/1.1\r\nHost: here\r\n\r\n"}) {
        const Client client(server->local());
        client.send(request);
        EXPECT_THAT(client.read(), HasSubstr("HTTP/1.1 404")) << request;
    }
    EXPECT_EQ(made, 0);
}

// However many ask, it is made once in a second.
TEST_F(MetricsServer, ManyWhoAskCostOnePage) {
    const auto server = served();
    const auto began = Clock::now();
    std::vector<std::thread> crowd;
    crowd.reserve(8);
    std::atomic<int> answered = 0;
    for (int i = 0; i < 8; ++i) {
        crowd.emplace_back([&] {
            for (int j = 0; j < 25; ++j) {
                const Client client(server->local());
                client.send(get);
                answered += client.read().find("ringwall_made") != std::string::npos ? 1 : 0;
            }
        });
    }
    for (auto& each : crowd) {
        each.join();
    }
    EXPECT_EQ(answered, 200);
    EXPECT_LE(made, 1 + (Clock::now() - began) / 1s);
}

// Who says nothing is left while others wait.
TEST_F(MetricsServer, TheSlowDoNotKeepOthersOut) {
    const auto server = served();
    std::vector<std::unique_ptr<Client>> slow;
    for (int i = 0; i < 10; ++i) {
        slow.push_back(std::make_unique<Client>(server->local()));
        slow.back()->send("GET /metr");
    }
    const auto began = Clock::now();
    const Client client(server->local());
    client.send(get);
    EXPECT_THAT(client.read(), HasSubstr("ringwall_made 1\n"));
    EXPECT_LT(Clock::now() - began, 4s);
}

TEST_F(MetricsServer, WithoutAPageThereIsAnAnswerAllTheSame) {
    const auto server = served(false);
    const Client client(server->local());
    client.send(get);
    EXPECT_THAT(client.read(), HasSubstr("HTTP/1.1 503"));
}

TEST_F(MetricsServer, EndsAtOnceWhileSomebodyWaits) {
    auto server = served(false);
    const Client client(server->local());
    client.send(get);
    std::this_thread::sleep_for(100ms);
    const auto began = Clock::now();
    server.reset();
    EXPECT_LT(Clock::now() - began, 1s);
}

TEST_F(MetricsServer, APortThatIsTakenIsSaid) {
    const auto server = served();
    const auto again = Server::listen(
        server->local(), {.post = [](const auto&) {}, .page = [] { return std::string(); }});
    ASSERT_FALSE(again);
    EXPECT_THAT(again.error(),
                AllOf(HasSubstr(server->local().to_string()), HasSubstr("--metrics")));
}

}  // namespace
}  // namespace ringwall::sbc::metrics
