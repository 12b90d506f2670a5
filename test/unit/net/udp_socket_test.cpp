#include "net/udp_socket.h"

#include <gmock/gmock.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <poll.h>
#include <sys/socket.h>

#include <thread>

#include "net/clock.h"

namespace ringwall::net {
namespace {

using testing::HasSubstr;

Endpoint loopback(IpAddress::Family family) {
    return {*IpAddress::parse(family == IpAddress::Family::V4 ? "127.0.0.1" : "::1"), 0};
}

class UdpSocketTest : public testing::TestWithParam<IpAddress::Family> {
protected:
    void await(const UdpSocket& socket) {
        pollfd state{socket.fd(), POLLIN, 0};
        ASSERT_EQ(poll(&state, 1, 30'000), 1);
    }
};

// RFC 2474: the octet that a phone's "SIP TOS" asks for.
TEST_P(UdpSocketTest, TheTypeOfServiceIsTheSockets) {
    auto socket = UdpSocket::bind(loopback(GetParam()), PortSharing::Exclusive);
    ASSERT_TRUE(socket);
    socket->set_type_of_service(0x68);
    int octet = 0;
    socklen_t length = sizeof octet;
    const bool is_v4 = GetParam() == IpAddress::Family::V4;
    ASSERT_EQ(getsockopt(socket->fd(), is_v4 ? IPPROTO_IP : IPPROTO_IPV6,
                         is_v4 ? IP_TOS : IPV6_TCLASS, &octet, &length),
              0);
    EXPECT_EQ(octet, 0x68);
}

TEST_P(UdpSocketTest, BatchesArriveWithTheirSender) {
    auto sender = UdpSocket::bind(loopback(GetParam()), PortSharing::Exclusive);
    auto receiver = UdpSocket::bind(loopback(GetParam()), PortSharing::Exclusive);
    ASSERT_TRUE(sender && receiver);
    ASSERT_NE(receiver->local().port, 0);
    constexpr std::size_t count = 40;
    for (std::size_t i = 0; i < count; ++i) {
        sender->queue(receiver->local(), "datagram " + std::to_string(i));
    }
    EXPECT_TRUE(sender->has_queued());
    sender->flush();
    EXPECT_FALSE(sender->has_queued());

    DatagramBatch batch;
    std::size_t got = 0;
    while (got < count) {
        await(*receiver);
        receiver->receive(batch);
        ASSERT_GT(batch.count(), 0u);
        for (std::size_t i = 0; i < batch.count(); ++i, ++got) {
            EXPECT_EQ(batch[i].bytes, "datagram " + std::to_string(got));
            EXPECT_EQ(batch[i].remote, sender->local());
        }
    }
    receiver->receive(batch);
    EXPECT_EQ(batch.count(), 0u);
}

// For whoever wants to know how long it has waited.
TEST_P(UdpSocketTest, ABatchSaysWhenItsFirstCame) {
    auto sender = UdpSocket::bind(loopback(GetParam()), PortSharing::Exclusive);
    auto receiver = UdpSocket::bind(loopback(GetParam()), PortSharing::Exclusive);
    ASSERT_TRUE(sender && receiver);
    DatagramBatch batch;
    const auto waited = [&] {
        sender->queue(receiver->local(), "first");
        sender->flush();
        await(*receiver);
        std::this_thread::sleep_for(std::chrono::milliseconds(30));
        sender->queue(receiver->local(), "second");
        sender->flush();
        receiver->receive(batch);
        EXPECT_EQ(batch.count(), 2U);
        EXPECT_TRUE(batch.arrival().has_value());
        EXPECT_FALSE(batch.has_lost());
        return system_clock().wall - batch.arrival().value_or(WallTime());
    };
    // The kernel begins to note it a moment after it was first asked to.
    Duration longest{};
    for (int i = 0; i < 100 && longest < std::chrono::milliseconds(30); ++i) {
        longest = waited();
    }
    EXPECT_GE(longest, std::chrono::milliseconds(30));
    EXPECT_LT(longest, std::chrono::seconds(20));
    receiver->receive(batch);
    EXPECT_EQ(batch.count(), 0U);
    EXPECT_FALSE(batch.arrival().has_value());
}

TEST_P(UdpSocketTest, ABatchSaysWhetherOthersWereLost) {
    auto sender = UdpSocket::bind(loopback(GetParam()), PortSharing::Exclusive);
    auto receiver = UdpSocket::bind(loopback(GetParam()), PortSharing::Exclusive);
    ASSERT_TRUE(sender && receiver);
    const int little = 4096;
    ASSERT_EQ(setsockopt(receiver->fd(), SOL_SOCKET, SO_RCVBUF, &little, sizeof little), 0);
    for (int i = 0; i < 100; ++i) {
        sender->queue(receiver->local(), std::string(500, 'x'));
    }
    sender->flush();
    await(*receiver);
    const auto receive_all = [&] {
        bool has_lost = false;
        DatagramBatch batch;
        for (receiver->receive(batch); batch.count() > 0; receiver->receive(batch)) {
            has_lost = batch.has_lost() || has_lost;
        }
        return has_lost;
    };
    EXPECT_FALSE(receive_all()) << "these came before";
    sender->queue(receiver->local(), "there is room again");
    sender->flush();
    await(*receiver);
    EXPECT_TRUE(receive_all());
    sender->queue(receiver->local(), "and still");
    sender->flush();
    await(*receiver);
    EXPECT_FALSE(receive_all()) << "it is said once";
}

INSTANTIATE_TEST_SUITE_P(Families, UdpSocketTest,
                         testing::Values(IpAddress::Family::V4, IpAddress::Family::V6),
                         [](const auto& param) {
                             return param.param == IpAddress::Family::V4 ? "IPv4" : "IPv6";
                         });

TEST(UdpSocket, DatagramThatCannotBeSentDoesNotHoldUpTheNext) {
    auto sender = UdpSocket::bind(loopback(IpAddress::Family::V4), PortSharing::Exclusive);
    auto receiver = UdpSocket::bind(loopback(IpAddress::Family::V4), PortSharing::Exclusive);
    ASSERT_TRUE(sender && receiver);
    sender->queue(Endpoint{*IpAddress::parse("::1"), 5060}, "wrong family");
    sender->queue(receiver->local(), std::string(70'000, 'x'));
    sender->queue(receiver->local(), "good");
    sender->flush();
    pollfd state{receiver->fd(), POLLIN, 0};
    ASSERT_EQ(poll(&state, 1, 30'000), 1);
    DatagramBatch batch;
    receiver->receive(batch);
    ASSERT_EQ(batch.count(), 1u);
    EXPECT_EQ(batch[0].bytes, "good");
}

TEST(UdpSocket, AddressInUseIsSaidBySentenceUnlessItIsShared) {
    const auto first = UdpSocket::bind(loopback(IpAddress::Family::V4), PortSharing::Exclusive);
    ASSERT_TRUE(first);
    const auto second = UdpSocket::bind(first->local(), PortSharing::Exclusive);
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error().sentence,
                HasSubstr("cannot bind " + first->local().to_string() + ": Address already"));

    const auto third = UdpSocket::bind(loopback(IpAddress::Family::V4), PortSharing::Shared);
    ASSERT_TRUE(third);
    EXPECT_TRUE(UdpSocket::bind(third->local(), PortSharing::Shared));
}

}  // namespace
}  // namespace ringwall::net
