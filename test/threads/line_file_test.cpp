#include "sbc/line_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <set>
#include <thread>
#include <vector>

namespace ringwall::sbc {
namespace {

TEST(LineFile, TakesWholeLinesFromSeveralThreads) {
    const auto path =
        std::filesystem::temp_directory_path() / ("ringwall-lines-" + std::to_string(getpid()));
    const auto mailbox = std::move(*net::Mailbox::create());
    LineFile file("record", *mailbox);
    ASSERT_TRUE(file.open(path));
    std::vector<std::thread> writers;
    for (int writer = 0; writer < 4; ++writer) {
        writers.emplace_back([&file, writer] {
            for (int i = 0; i < 1000; ++i) {
                file.post(std::to_string(writer) + "." + std::to_string(i));
            }
        });
    }
    for (std::thread& each : writers) {
        each.join();
    }
    mailbox->open_all();
    std::ifstream in(path);
    std::set<std::string> lines;
    for (std::string line; std::getline(in, line);) {
        lines.insert(line);
    }
    EXPECT_EQ(lines.size(), 4000U);
    EXPECT_TRUE(lines.contains("3.999"));
    std::filesystem::remove(path);
}

// Nobody waits for a disk, and nothing grows without end.
TEST(LineFile, LosesWhatIsTooMuch) {
    const auto path =
        std::filesystem::temp_directory_path() / ("ringwall-too-much-" + std::to_string(getpid()));
    const auto mailbox = std::move(*net::Mailbox::create());
    LineFile file("trace", *mailbox);
    ASSERT_TRUE(file.open(path));
    for (int i = 0; i < 25'000; ++i) {
        file.post("line");
    }
    mailbox->open_all();
    EXPECT_EQ(std::filesystem::file_size(path), 20'000U * 5);
    file.post("again");
    mailbox->open_all();
    EXPECT_EQ(std::filesystem::file_size(path), 20'000U * 5 + 6);
    std::filesystem::remove(path);
}

}  // namespace
}  // namespace ringwall::sbc
