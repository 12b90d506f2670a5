#include "net/tcp_stream.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace ringwall::net {
namespace {

using testing::HasSubstr;

const IpAddress localhost = IpAddress::v4(127, 0, 0, 1);

std::uint16_t port_of(int fd) {
    sockaddr_in address{};
    socklen_t length = sizeof address;
    EXPECT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length), 0);
    return ntohs(address.sin_port);
}

// A port of its own, that nobody else can have.
class Listener {
public:
    Listener() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(bind(fd_.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
                  0);
        EXPECT_EQ(listen(fd_.number(), 4), 0);
    }
    std::uint16_t port() const { return port_of(fd_.number()); }

private:
    FileDescriptor fd_;
};

// "SIP TCP Port Min" and "Max" of a phone.
TEST(TcpStream, TheFirstPortThatIsFreeIsTaken) {
    const Listener server;
    const Listener taken;
    const auto last = static_cast<std::uint16_t>(std::min(taken.port() + 40, 65535));
    const auto fd =
        TcpStream::connect({localhost, server.port()}, {.ports = PortRange{taken.port(), last}});
    ASSERT_TRUE(fd) << fd.error().sentence;
    EXPECT_GT(port_of(fd->number()), taken.port());
    EXPECT_LE(port_of(fd->number()), last);
}

// The same port to the same place is one connection, and no second.
TEST(TcpStream, ConnectionsToOnePlaceHavePortsOfTheirOwn) {
    const Listener server;
    const Listener taken;
    const PortRange ports{taken.port(),
                          static_cast<std::uint16_t>(std::min(taken.port() + 40, 65535))};
    const auto first = TcpStream::connect({localhost, server.port()}, {.ports = ports});
    const auto second = TcpStream::connect({localhost, server.port()}, {.ports = ports});
    ASSERT_TRUE(first);
    ASSERT_TRUE(second);
    EXPECT_GT(port_of(second->number()), port_of(first->number()));
}

TEST(TcpStream, ARangeThatIsTakenIsSaid) {
    const Listener server;
    const Listener taken;
    const auto fd = TcpStream::connect({localhost, server.port()},
                                       {.ports = PortRange{taken.port(), taken.port()}});
    ASSERT_FALSE(fd);
    EXPECT_THAT(fd.error().sentence, HasSubstr("in use"));
}

}  // namespace
}  // namespace ringwall::net
