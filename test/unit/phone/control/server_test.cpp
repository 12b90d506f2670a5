#include "phone/control/server.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <string>

#include "net/file_descriptor.h"
#include "phone/configuration.h"

namespace ringwall::phone::control {
namespace {

class ControlServer : public testing::Test {
protected:
    // Nobody has it when this returns.
    static std::uint16_t free_port() {
        const net::FileDescriptor probe(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* const any = reinterpret_cast<sockaddr*>(&address);
        EXPECT_EQ(::bind(probe.number(), any, size), 0);
        EXPECT_EQ(::getsockname(probe.number(), any, &size), 0);
        return ntohs(address.sin_port);
    }

    Configuration configuration{"/nonexistent/phone.conf"};
};

// A phone that cannot start, its SIP port being taken, ends before its control has begun.
TEST_F(ControlServer, IsStoppedBeforeItHasBegun) {
    for (int i = 0; i < 50; ++i) {
        Server server(configuration, [] {});
        ASSERT_TRUE(server.listen(free_port()));
        server.stop();
    }
}

TEST_F(ControlServer, SharesItsPortWithNobody) {
    const std::uint16_t port = free_port();
    Server first(configuration, [] {});
    ASSERT_TRUE(first.listen(port));
    Server second(configuration, [] {});
    const auto listening = second.listen(port);
    ASSERT_FALSE(listening);
    EXPECT_EQ(listening.error(),
              "cannot listen on 127.0.0.1:" + std::to_string(port) +
                  " for control; end the program that has it, or choose another --control");
}

}  // namespace
}  // namespace ringwall::phone::control
