#include "net/tcp_stream.h"

#include <gmock/gmock.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/check.h"
#include "net/socket_address.h"
#include "net/tcp_listener.h"

namespace ringwall::net {
namespace {

using testing::HasSubstr;

const IpAddress localhost = IpAddress::v4(127, 0, 0, 1);

TcpListener listener() {
    auto out = TcpListener::listen({localhost, 0}, PortSharing::Exclusive);
    CHECK(out);
    return std::move(*out);
}

// "SIP TCP Port Min" and "Max" of a phone.
TEST(TcpStream, TheFirstPortThatIsFreeIsTaken) {
    TcpListener server = listener();
    const TcpListener taken = listener();
    const auto last = static_cast<std::uint16_t>(std::min(taken.local().port + 40, 65535));
    const auto fd = TcpStream::connect({localhost, server.local().port},
                                       {.ports = PortRange{taken.local().port, last}});
    ASSERT_TRUE(fd) << fd.error().sentence;
    EXPECT_GT(local_endpoint(fd->number()).port, taken.local().port);
    EXPECT_LE(local_endpoint(fd->number()).port, last);
}

// The same port to the same place is one connection, and no second.
TEST(TcpStream, ConnectionsToOnePlaceHavePortsOfTheirOwn) {
    TcpListener server = listener();
    const TcpListener taken = listener();
    const PortRange ports{taken.local().port,
                          static_cast<std::uint16_t>(std::min(taken.local().port + 40, 65535))};
    const auto first = TcpStream::connect({localhost, server.local().port}, {.ports = ports});
    const auto second = TcpStream::connect({localhost, server.local().port}, {.ports = ports});
    ASSERT_TRUE(first);
    ASSERT_TRUE(second);
    EXPECT_GT(local_endpoint(second->number()).port, local_endpoint(first->number()).port);
}

TEST(TcpStream, ARangeThatIsTakenIsSaid) {
    TcpListener server = listener();
    const TcpListener taken = listener();
    const auto fd =
        TcpStream::connect({localhost, server.local().port},
                           {.ports = PortRange{taken.local().port, taken.local().port}});
    ASSERT_FALSE(fd);
    EXPECT_THAT(fd.error().sentence, HasSubstr("in use"));
}

// RFC 2474: the octet that a phone's "SIP TOS" asks for, at both ends.
TEST(TcpStream, TheTypeOfServiceIsOfWhatIsOpenedAndOfWhatIsAccepted) {
    TcpListener server = listener();
    server.set_type_of_service(0x48);
    const auto opened = TcpStream::connect(server.local(), {.type_of_service = 0x68});
    ASSERT_TRUE(opened);
    pollfd state{server.fd(), POLLIN, 0};
    ASSERT_EQ(poll(&state, 1, 30'000), 1);
    const auto accepted = server.accept();
    ASSERT_EQ(accepted.outcome, TcpListener::Outcome::Accepted);
    const auto octet_of = [](int fd) {
        int octet = 0;
        socklen_t length = sizeof octet;
        EXPECT_EQ(getsockopt(fd, IPPROTO_IP, IP_TOS, &octet, &length), 0);
        return octet;
    };
    EXPECT_EQ(octet_of(opened->number()), 0x68);
    EXPECT_EQ(octet_of(accepted.fd.number()), 0x48);
}

}  // namespace
}  // namespace ringwall::net
