#include "sbc/file_watch.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace ringwall::sbc {
namespace {

namespace fs = std::filesystem;

class Watched : public ::testing::Test {
protected:
    Watched() {
        fs::remove_all(folder_);
        fs::create_directories(folder_);
        write("a", "one");
        watch_.have_changed(files_);
    }
    ~Watched() override { fs::remove_all(folder_); }
    void write(const std::string& name, const std::string& text) const {
        std::ofstream(folder_ / name) << text;
    }

    fs::path folder_ = fs::path(::testing::TempDir()) / ("watch-" + std::to_string(::getpid()));
    std::set<std::string> files_{"a", "b"};
    FileWatch watch_{folder_};
};

TEST_F(Watched, NothingHasChangedWhereNothingWasDone) {
    EXPECT_FALSE(watch_.have_changed(files_));
}

TEST_F(Watched, OtherContentsAreNoticedOnce) {
    write("a", "another");
    EXPECT_TRUE(watch_.have_changed(files_));
    EXPECT_FALSE(watch_.have_changed(files_));
}

TEST_F(Watched, AFileThatComesOrGoesIsNoticed) {
    write("b", "");
    EXPECT_TRUE(watch_.have_changed(files_));
    fs::remove(folder_ / "a");
    EXPECT_TRUE(watch_.have_changed(files_));
}

// As certificates are renewed: of the same size, and at once.
TEST_F(Watched, AFileThatTakesThePlaceOfAnotherIsNoticed) {
    write("next", "two");
    fs::rename(folder_ / "next", folder_ / "a");
    EXPECT_TRUE(watch_.have_changed(files_));
    write("next", "six");
    fs::remove(folder_ / "a");
    fs::create_symlink("next", folder_ / "a");
    EXPECT_TRUE(watch_.have_changed(files_));
}

// It was read before, and nobody looked then.
TEST_F(Watched, WhatIsLookedAtForTheFirstTimeMayHaveChanged) {
    files_.insert("c");
    EXPECT_TRUE(watch_.have_changed(files_));
    EXPECT_FALSE(watch_.have_changed(files_));
}

}  // namespace
}  // namespace ringwall::sbc
