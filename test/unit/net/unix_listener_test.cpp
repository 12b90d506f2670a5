#include "net/unix_listener.h"

#include <gmock/gmock.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <fstream>

#include "net/unix_address.h"
#include "net/unix_stream.h"

namespace ringwall::net {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

class UnixListenerTest : public testing::Test {
protected:
    UnixListenerTest() {
        std::string name = testing::TempDir() + "ringwall-XXXXXX";
        folder = mkdtemp(name.data());
        path = folder / "socket";
    }
    ~UnixListenerTest() override { std::filesystem::remove_all(folder); }

    // As a process that was killed leaves it.
    void leave_socket() const {
        const FileDescriptor fd(socket(AF_UNIX, SOCK_STREAM, 0));
        const UnixAddress address = *UnixAddress::of(path);
        ASSERT_EQ(bind(fd.number(), address.get(), address.length()), 0);
        ASSERT_EQ(listen(fd.number(), 1), 0);
    }

    std::filesystem::path folder;
    std::filesystem::path path;
};

TEST_F(UnixListenerTest, CarriesOctetsAndKnowsWhoIsThere) {
    auto listener = UnixListener::listen(path, 0660);
    ASSERT_TRUE(listener) << listener.error().sentence;
    EXPECT_EQ(listener->accept().outcome, AcceptOutcome::Nothing);
    auto client = UnixStream::connect(path);
    ASSERT_TRUE(client) << client.error().sentence;
    AcceptedSocket accepted = listener->accept();
    ASSERT_EQ(accepted.outcome, AcceptOutcome::Accepted);
    UnixStream server(std::move(accepted.fd));
    EXPECT_EQ(server.peer_user(), geteuid());

    client->queue("hel");
    client->queue("lo");
    EXPECT_TRUE(client->flush());
    std::array<char, 100> scratch{};
    std::string received;
    EXPECT_TRUE(server.receive(scratch, received));
    EXPECT_TRUE(server.receive(scratch, received)) << "nothing yet is not the end";
    EXPECT_EQ(received, "hello");
    { const UnixStream gone = std::move(*client); }
    EXPECT_FALSE(server.receive(scratch, received));
    server.queue("too late");
    EXPECT_FALSE(server.flush());
    EXPECT_EQ(server.waiting(), 0u);
}

TEST_F(UnixListenerTest, HoldsBackWhatIsNotRead) {
    auto listener = UnixListener::listen(path, 0660);
    auto client = UnixStream::connect(path);
    ASSERT_TRUE(client);
    UnixStream server(listener->accept().fd);
    const std::string long_text(1'000'000, 'x');
    server.queue(long_text);
    EXPECT_TRUE(server.flush());
    const std::size_t held = server.waiting();
    EXPECT_GT(held, 0u);
    EXPECT_LT(held, long_text.size());
    server.queue("end");
    std::array<char, 65536> scratch{};
    std::string received;
    for (int i = 0; i < 1000 && received.size() < long_text.size() + 3; ++i) {
        EXPECT_TRUE(client->receive(scratch, received));
        EXPECT_TRUE(server.flush());
    }
    EXPECT_EQ(received, long_text + "end");
}

TEST_F(UnixListenerTest, HasTheModeThatIsAskedForWhateverTheUmask) {
    const mode_t before = umask(0777);
    const auto listener = UnixListener::listen(path, 0660);
    umask(before);
    ASSERT_TRUE(listener) << listener.error().sentence;
    struct stat made {};
    ASSERT_EQ(stat(path.c_str(), &made), 0);
    EXPECT_EQ(made.st_mode & 07777, 0660u);
}

TEST_F(UnixListenerTest, TheNameGoesWithIt) {
    { const auto listener = UnixListener::listen(path, 0660); }
    EXPECT_FALSE(exists(path));
}

TEST_F(UnixListenerTest, ANameThatIsAnothersByNowStays) {
    {
        const auto listener = UnixListener::listen(path, 0660);
        std::filesystem::remove(path);
        leave_socket();
    }
    EXPECT_TRUE(exists(path));
}

TEST_F(UnixListenerTest, WhatADeadProcessLeftIsReplaced) {
    leave_socket();
    const auto listener = UnixListener::listen(path, 0660);
    ASSERT_TRUE(listener) << listener.error().sentence;
    EXPECT_TRUE(UnixStream::connect(path));
}

TEST_F(UnixListenerTest, ALivingOneIsAnErrorAndGoesOn) {
    auto first = UnixListener::listen(path, 0660);
    const auto second = UnixListener::listen(path, 0660);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().sentence,
              path.string() + ": another process listens there; end it, or name another place");
    EXPECT_TRUE(UnixStream::connect(path));
}

TEST_F(UnixListenerTest, WhatIsNoSocketStays) {
    std::ofstream(path) << "precious";
    const auto listener = UnixListener::listen(path, 0660);
    ASSERT_FALSE(listener);
    EXPECT_THAT(listener.error().sentence, HasSubstr("something else than a socket"));
    EXPECT_EQ(std::filesystem::file_size(path), 8u);
}

TEST_F(UnixListenerTest, APlaceThatIsNoneIsSaid) {
    const auto nowhere = UnixListener::listen(folder / "missing" / "socket", 0660);
    ASSERT_FALSE(nowhere);
    EXPECT_THAT(nowhere.error().sentence, EndsWith("socket: No such file or directory"));
    const auto too_long = UnixListener::listen(folder / std::string(200, 'x'), 0660);
    ASSERT_FALSE(too_long);
    EXPECT_THAT(too_long.error().sentence, HasSubstr("from 1 to 107 octets"));
    EXPECT_FALSE(UnixStream::connect(path));
}

// Otherwise the socket stays readable, and the loop turns for ever.
TEST_F(UnixListenerTest, OutOfDescriptorsWhoWaitsIsTurnedAway) {
    auto listener = UnixListener::listen(path, 0660);
    const auto first = UnixStream::connect(path);
    const auto second = UnixStream::connect(path);
    ASSERT_TRUE(first && second);
    rlimit before{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
    // Every descriptor below the limit is taken.
    std::vector<FileDescriptor> taken;
    const rlimit few{256, before.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
    for (FileDescriptor fd(dup(0)); fd; fd = FileDescriptor(dup(0))) {
        taken.push_back(std::move(fd));
    }
    const auto turned_away = listener->accept().outcome;
    const auto turned_away_too = listener->accept().outcome;
    taken.clear();
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_EQ(turned_away, AcceptOutcome::Gone);
    EXPECT_EQ(turned_away_too, AcceptOutcome::Gone);
    EXPECT_EQ(listener->accept().outcome, AcceptOutcome::Nothing);
}

}  // namespace
}  // namespace ringwall::net
