#include "sbc/line_file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <iterator>
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
    const std::uintmax_t with_mark = 20'000U * 5 + 14;  // {"lost":5000}
    EXPECT_EQ(std::filesystem::file_size(path), with_mark);
    file.post("again");
    mailbox->open_all();
    EXPECT_EQ(std::filesystem::file_size(path), with_mark + 6);
    std::filesystem::remove(path);
}

// What is done at the console stands there before it is answered, however much it is.
TEST(LineFile, WritesAtOnceWhatMustNotBeLost) {
    const auto path =
        std::filesystem::temp_directory_path() / ("ringwall-at-once-" + std::to_string(getpid()));
    const auto mailbox = std::move(*net::Mailbox::create());
    LineFile file("audit", *mailbox);
    ASSERT_TRUE(file.open(path));
    for (int i = 0; i < 25'000; ++i) {
        file.write("line");
    }
    EXPECT_EQ(std::filesystem::file_size(path), 25'000U * 5);
    std::filesystem::remove(path);
}

// A disk that is full in the middle of the second line.
TEST(LineFile, MarksWhatIsLostAndLeavesNoHalfLine) {
    const auto path =
        std::filesystem::temp_directory_path() / ("ringwall-full-" + std::to_string(getpid()));
    const auto mailbox = std::move(*net::Mailbox::create());
    LineFile file("audit", *mailbox);
    ASSERT_TRUE(file.open(path));
    const auto write = [&](const char* line) {
        file.post(line);
        mailbox->open_all();
    };
    rlimit before{};
    getrlimit(RLIMIT_FSIZE, &before);
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit little{.rlim_cur = 15, .rlim_max = before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &little);
    write("the first");
    EXPECT_EQ(file.alarm(), "");
    write("the second");
    write("the third");
    file.try_again();
    const std::string alarm = file.alarm();
    setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
    EXPECT_EQ(alarm,
              path.string() +
                  " cannot be written, so what belongs there is lost: No space left on device");
    const auto text = [&] {
        std::ifstream in(path);
        return std::string(std::istreambuf_iterator<char>(in), {});
    };
    EXPECT_EQ(text(), "the first\n");
    file.try_again();
    EXPECT_EQ(file.alarm(), "");
    write("the fourth");
    EXPECT_EQ(text(), "the first\n{\"lost\":2}\nthe fourth\n");
    std::filesystem::remove(path);
}

}  // namespace
}  // namespace ringwall::sbc
