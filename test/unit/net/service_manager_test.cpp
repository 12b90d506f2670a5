#include "net/service_manager.h"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>

#include "net/file_descriptor.h"
#include "net/unix_address.h"

namespace ringwall::net {
namespace {

using testing::MatchesRegex;

// Listens where a manager would, and leaves no variable behind.
class ServiceManagerTest : public testing::Test {
protected:
    ServiceManagerTest() {
        std::string name = testing::TempDir() + "ringwall-XXXXXX";
        folder = mkdtemp(name.data());
        const UnixAddress address = *UnixAddress::of(folder / "notify");
        EXPECT_EQ(bind(socket.number(), address.get(), address.length()), 0);
        setenv("NOTIFY_SOCKET", (folder / "notify").c_str(), 1);
    }
    ~ServiceManagerTest() override {
        for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) {
            unsetenv(name);
        }
        std::filesystem::remove_all(folder);
    }

    // "": nothing was said.
    std::string heard() const {
        std::array<char, 256> text{};
        const auto size = recv(socket.number(), text.data(), text.size(), MSG_DONTWAIT);
        return size < 0 ? "" : std::string(text.data(), static_cast<std::size_t>(size));
    }

    std::filesystem::path folder;
    FileDescriptor socket{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
};

TEST_F(ServiceManagerTest, IsToldWhatBecomesOfTheProcess) {
    const auto manager = ServiceManager::from_environment();
    manager.ready();
    EXPECT_EQ(heard(), "READY=1");
    manager.reloading();
    EXPECT_THAT(heard(), MatchesRegex("RELOADING=1\nMONOTONIC_USEC=[0-9]+"));
    manager.feed_watchdog();
    EXPECT_EQ(heard(), "WATCHDOG=1");
    manager.stopping();
    EXPECT_EQ(heard(), "STOPPING=1");
    EXPECT_EQ(getenv("NOTIFY_SOCKET"), nullptr) << "nobody else is to speak for us";
}

TEST_F(ServiceManagerTest, IsFoundByANameThatIsNoFile) {
    FileDescriptor abstract(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const std::string name = "ringwall-" + std::to_string(getpid());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name.copy(address.sun_path + 1, name.size());
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    ASSERT_EQ(bind(abstract.number(), reinterpret_cast<sockaddr*>(&address), length), 0);
    setenv("NOTIFY_SOCKET", ("@" + name).c_str(), 1);
    ServiceManager::from_environment().ready();
    socket = std::move(abstract);
    EXPECT_EQ(heard(), "READY=1");
}

TEST_F(ServiceManagerTest, IsNotMissed) {
    unsetenv("NOTIFY_SOCKET");
    ServiceManager::from_environment().ready();
    setenv("NOTIFY_SOCKET", (folder / "nobody").c_str(), 1);
    ServiceManager::from_environment().ready();
    setenv("NOTIFY_SOCKET", std::string(200, 'x').c_str(), 1);
    ServiceManager::from_environment().ready();
    EXPECT_EQ(heard(), "");
}

TEST_F(ServiceManagerTest, SaysHowLongItWaits) {
    const auto patience = [] { return ServiceManager::from_environment().watchdog_patience(); };
    EXPECT_EQ(patience(), Duration::max());
    setenv("WATCHDOG_USEC", "30000000", 1);
    EXPECT_EQ(patience(), 30s);
    EXPECT_EQ(patience(), Duration::max()) << "the variable is gone";
    setenv("WATCHDOG_USEC", "30000000", 1);
    setenv("WATCHDOG_PID", std::to_string(getpid()).c_str(), 1);
    EXPECT_EQ(patience(), 30s);
    setenv("WATCHDOG_USEC", "30000000", 1);
    setenv("WATCHDOG_PID", std::to_string(getpid() + 1).c_str(), 1);
    EXPECT_EQ(patience(), Duration::max()) << "another's";
    for (const char* wrong : {"0", "-1", "many", "", "99999999999999999999"}) {
        setenv("WATCHDOG_USEC", wrong, 1);
        EXPECT_EQ(patience(), Duration::max()) << wrong;
    }
}

}  // namespace
}  // namespace ringwall::net
