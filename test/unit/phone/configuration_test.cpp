#include "phone/configuration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace ringwall::phone {
namespace {

class ProfileFile : public testing::Test {
protected:
    ProfileFile() {
        std::string name = (std::filesystem::temp_directory_path() / "ringwall-XXXXXX").string();
        folder = ::mkdtemp(name.data());
        file = folder / "phone.conf";
        write("Proxy[1] \"a.example\" ;\nUser_ID[1] \"u\" ;\n");
    }
    ~ProfileFile() override { std::filesystem::remove_all(folder); }
    void write(const std::string& text) const { std::ofstream(file) << text; }

    std::filesystem::path folder;
    std::filesystem::path file;
};

TEST_F(ProfileFile, AFolderIsNone) {
    Configuration configuration(folder);
    const auto loaded = configuration.load();
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error(), folder.string() + ": cannot be read: Is a directory");
}

// As a phone reads it again when it is told to.
TEST_F(ProfileFile, WhatCannotBeReadAgainChangesNothing) {
    Configuration configuration(file);
    ASSERT_TRUE(configuration.load());
    std::filesystem::remove(file);
    std::filesystem::create_directory(file);
    EXPECT_FALSE(configuration.reload());
    EXPECT_EQ(configuration.get("User ID[1]")->value, "u");
    EXPECT_FALSE(configuration.set("User ID[1]", "v"));
    EXPECT_EQ(configuration.get("User ID[1]")->value, "u");
}

// The other lines start; and what has nothing to do with it can be set.
TEST_F(ProfileFile, WithoutCertificatesNoLineOverTlsIsStarted) {
    write(
        "Proxy[1] \"a.example\" ;\nUser_ID[1] \"u\" ;\nSIP_Transport[1] \"TLS\" ;\n"
        "Proxy[2] \"a.example\" ;\nUser_ID[2] \"v\" ;\nCustom_CA_File \"" +
        folder.string() + "\" ;\n");
    Configuration configuration(file);
    const auto loaded = configuration.load();
    ASSERT_TRUE(loaded);
    const std::string sentence =
        "Custom CA File: " + folder.string() + ": cannot be read: Is a directory";
    EXPECT_EQ(*loaded,
              std::vector{file.string() + ": " + sentence + "; no line over TLS is started"});
    const auto start = configuration.start();
    EXPECT_EQ(start.tls, nullptr);
    EXPECT_FALSE(start.settings->lines[0].line_enable);
    EXPECT_EQ(start.settings->lines[0].problem, sentence);
    EXPECT_TRUE(start.settings->lines[1].line_enable);
    EXPECT_TRUE(configuration.set("DND Setting", "Yes"));
    EXPECT_FALSE(configuration.reload());
}

}  // namespace
}  // namespace ringwall::phone
