// Reads the configuration file of the border controller, in the words of its console, into a
// snapshot: all of it, or the first thing that is wrong with it.
//
//   text --> lines of words --> draft (what was said, and on which line) --> checks --> snapshot
//            words.h            grammar.h, draft.h                          checks.h
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sbc/config/config_error.h"
#include "sbc/config/snapshot.h"

namespace ringwall::sbc {

// A configuration that can run. Warnings are sentences about what will surprise its operator.
struct Configuration {
    SnapshotPtr snapshot;
    std::vector<ConfigError> warnings;
};

// The contents of a file that the configuration names, by the name as it stands there; or why it
// cannot be read ("no such file").
using FileReader = std::function<Result<std::string, std::string>(const std::string& name)>;

// `file_name` is what errors call the text.
Result<Configuration, ConfigError> read_configuration(std::string_view text,
                                                      const std::string& file_name,
                                                      const FileReader& read_file);

// From disk; the names of files in it are relative to its folder.
Result<Configuration, ConfigError> load_configuration(const std::filesystem::path& path);

}  // namespace ringwall::sbc
