// Runs a fuzz target over the files of its corpus, each once: what was found stays found. Without
// libFuzzer, so that a target compiles and runs wherever the tests do. Arguments: files and
// folders.
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "fuzz/target.h"

namespace {

std::vector<std::filesystem::path> files_of(int count, char** names) {
    std::vector<std::filesystem::path> files;
    for (int i = 1; i < count; ++i) {
        if (!std::filesystem::is_directory(names[i])) {
            files.emplace_back(names[i]);
            continue;
        }
        for (const auto& entry : std::filesystem::directory_iterator(names[i])) {
            files.push_back(entry.path());
        }
    }
    return files;
}

// On the heap without a spare octet, so that AddressSanitizer sees one that is read behind the end.
void run_exactly(const std::string& octets) {
    const std::unique_ptr<char[]> copy(new char[octets.size()]);
    if (!octets.empty()) {
        std::memcpy(copy.get(), octets.data(), octets.size());
    }
    ringwall::fuzz::run({copy.get(), octets.size()});
}

}  // namespace

int main(int count, char** names) {
    const auto files = files_of(count, names);
    for (const auto& path : files) {
        std::ifstream file(path, std::ios::binary);
        std::ostringstream octets;
        octets << file.rdbuf();
        if (!file) {
            std::fprintf(stderr, "cannot read %s\n", path.c_str());
            return 1;
        }
        std::printf("%s\n", path.c_str());  // before it runs: a crash is that of the last one named
        std::fflush(stdout);
        run_exactly(octets.str());
    }
    return files.empty() ? 1 : 0;  // no corpus, no test
}
