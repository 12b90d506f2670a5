// A configuration of the border controller, in the words of its console, as a snapshot.
//
//   text --> tree --> draft --> checks --> snapshot
//         commands of the model      draft_of.h  checks.h
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sbc/config/config_error.h"
#include "sbc/config/snapshot.h"
#include "sbc/model/tree.h"

namespace ringwall::sbc {

// A configuration that can run. Warnings are sentences about what will surprise its operator.
struct Configuration {
    SnapshotPtr snapshot;
    ConfigErrors warnings;
};

// The contents of a file that the configuration names, by the name as it stands there; or why it
// cannot be read ("no such file").
using FileReader = std::function<Result<std::string, std::string>(const std::string& name)>;

// All that is wrong with it, by path.
Result<Configuration, ConfigErrors> configure(const model::Tree& tree, const FileReader& read_file);

// What ran before: its commands, and what was made of them.
struct Former {
    const model::Tree& tree;
    const Snapshot& snapshot;
};
// An adjacency whose files are broken, or worse than what it has.
struct Broken {
    std::string adjacency;
    ConfigErrors why = {};
    bool is_out_of_service = false;  // else what was there before is still in force
};
// What is wrong with the TLS of an adjacency that could be made; none: it is taken.
using TlsJudge = std::function<std::optional<ConfigError>(const Adjacency&)>;
// What follows others that ran, the first of them before all. An adjacency whose files are broken
// or refused by the judge keeps what it had where nothing of its TLS is configured otherwise than
// there; else it is an error.
Result<Configuration, ConfigErrors> configure_after(std::span<const Former> formers,
                                                    const model::Tree& tree,
                                                    const FileReader& read_file,
                                                    const TlsJudge& worse,
                                                    std::vector<Broken>& broken);
// What is to be there again after a start: an adjacency whose files are broken is not attached.
Result<Configuration, ConfigErrors> configure_at_start(const model::Tree& tree,
                                                       const FileReader& read_file,
                                                       std::vector<Broken>& broken);

// What a file says. Each line by itself: what they say together is for configure(). A thing that is
// said twice is an error, for one of the two would be lost.
struct FileTree {
    std::string name;  // what errors call it
    model::Tree tree = {};
    std::map<std::string, unsigned, std::less<>> lines = {};  // by path
};
Result<FileTree, ConfigError> read_tree(std::string_view text, const std::string& file_name);

// From disk.
Result<FileTree, ConfigError> load_tree(const std::filesystem::path& path);

// With the first thing that is wrong, and its line.
Result<Configuration, ConfigError> configure(const FileTree& file, const FileReader& read_file);
// Both, with the first thing that is wrong. `file_name` is what errors call the text.
Result<Configuration, ConfigError> read_configuration(std::string_view text,
                                                      const std::string& file_name,
                                                      const FileReader& read_file);

// Nothing is read that is larger: 16 MB.
inline constexpr std::size_t largest_file = std::size_t{16} << 20U;
// Or why not.
Result<std::string, std::string> read_from_disk(const std::filesystem::path& path);

}  // namespace ringwall::sbc
