#include "phone/call_media.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace ringwall::phone {
namespace {

// Of a phone before this one, say.
TEST(CallMedia, ARecordingGetsANameThatIsFree) {
    std::string name = (std::filesystem::temp_directory_path() / "ringwall-XXXXXX").string();
    const std::filesystem::path folder = ::mkdtemp(name.data());
    for (const char* const expected : {"call-7.wav", "call-7-2.wav", "call-7-3.wav"}) {
        const std::string path = recording_path(folder.string(), 7);
        EXPECT_EQ(path, (folder / expected).string());
        std::ofstream(path) << "sound";
    }
    EXPECT_EQ(recording_path(folder.string(), 8), (folder / "call-8.wav").string());
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace ringwall::phone
