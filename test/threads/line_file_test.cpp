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

#include "net/clock.h"

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

// What was done at the console stands there in that order, however much it is at a time.
TEST(LineFile, WritesInTheOrderInWhichItWasTold) {
    const auto path =
        std::filesystem::temp_directory_path() / ("ringwall-in-order-" + std::to_string(getpid()));
    const auto mailbox = std::move(*net::Mailbox::create());
    LineFile file("audit", *mailbox);
    ASSERT_TRUE(file.open(path));
    std::string told;
    for (int i = 0; i < 20'000; ++i) {
        file.post(std::to_string(i));
        told += std::to_string(i) + "\n";
    }
    mailbox->open_all();
    std::ifstream in(path);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), told);
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
    const auto try_again = [&] {
        file.try_again();
        mailbox->open_all();
    };
    const auto alarm_now = [&] { return file.alarm(net::system_clock()); };
    EXPECT_EQ(alarm_now(), "");
    write("the second");
    write("the third");
    try_again();
    const std::string alarm = alarm_now();
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
    try_again();
    EXPECT_EQ(alarm_now(), "");
    write("the fourth");
    EXPECT_EQ(text(), "the first\n{\"lost\":2}\nthe fourth\n");
    std::filesystem::remove(path);
}

// Somebody has removed it: it goes on in a new one, and where there can be none that is told.
TEST(LineFile, GoesOnInANewFileWhereTheOldOneWasRemoved) {
    const auto folder =
        std::filesystem::temp_directory_path() / ("ringwall-removed-" + std::to_string(getpid()));
    std::filesystem::create_directory(folder);
    const auto path = folder / "calls.csv";
    const auto mailbox = std::move(*net::Mailbox::create());
    LineFile file("record", *mailbox);
    file.set_form({.first = "head"});
    ASSERT_TRUE(file.open(path));
    const auto write = [&](const char* line) {
        file.post(line);
        mailbox->open_all();
    };
    const auto text = [](const std::filesystem::path& of) {
        std::ifstream in(of);
        return std::string(std::istreambuf_iterator<char>(in), {});
    };
    write("1");
    std::filesystem::remove(path);
    write("2");
    EXPECT_EQ(text(path), "head\n2\n");
    // Moved away it goes on until SIGHUP.
    std::filesystem::rename(path, folder / "calls.csv.1");
    write("3");
    EXPECT_EQ(text(folder / "calls.csv.1"), "head\n2\n3\n");
    EXPECT_FALSE(std::filesystem::exists(path));

    std::filesystem::remove_all(folder);
    write("4");
    EXPECT_FALSE(file.offer("5"));
    EXPECT_EQ(
        file.alarm(net::system_clock()),
        path.string() +
            " cannot be written, so what belongs there is lost: it was removed, and cannot be "
            "made anew: No such file or directory");
    std::filesystem::create_directory(folder);
    file.try_again();
    mailbox->open_all();
    EXPECT_EQ(file.alarm(net::system_clock()), "");
    write("6");
    EXPECT_EQ(text(path), "head\n{\"lost\":1}\n6\n");
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace ringwall::sbc
