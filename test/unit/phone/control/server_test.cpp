#include "phone/control/server.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <future>
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

// The phone's thread does not wait for files: here for one that nobody has written yet.
TEST(ControlOfServices, ArePutIntoTheProfileInTheBackground) {
    std::string name = (std::filesystem::temp_directory_path() / "ringwall-XXXXXX").string();
    const std::filesystem::path folder = ::mkdtemp(name.data());
    const auto file = folder / "phone.conf", anchors = folder / "ca.crt";
    std::ofstream(file) << "Proxy[1] \"a.example\" ;\nUser_ID[1] \"u\" ;\n"
                           "SIP_Transport[1] \"TLS\" ;\nCustom_CA_File \""
                        << anchors.string() << "\" ;\n";
    const std::string certificate = TEST_DATA "/unit/sbc/config/pki/ca.crt";
    std::filesystem::copy_file(certificate, anchors);
    Configuration configuration(file);
    ASSERT_TRUE(configuration.load());
    std::filesystem::remove(anchors);
    ASSERT_EQ(::mkfifo(anchors.c_str(), 0600), 0);
    Server server(configuration, [] {});
    const auto told = std::async(std::launch::async, [&] {
        server.on_service("DND Setting", "Yes");
        server.on_service("DND Setting", "No");
        server.on_service("Cfwd All Dest", "207");
    });
    EXPECT_EQ(told.wait_for(std::chrono::seconds(10)), std::future_status::ready);
    std::ofstream pipe(anchors);  // waits until it is being read
    std::filesystem::copy_file(certificate, folder / "next");
    std::filesystem::rename(folder / "next", anchors);
    pipe << std::ifstream(certificate).rdbuf();
    pipe.close();
    server.wait_kept();
    EXPECT_EQ(configuration.get("DND Setting")->value, "No");
    EXPECT_EQ(configuration.get("Cfwd All Dest")->value, "207");
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace ringwall::phone::control
