// A configuration as the commands that make it: running-config, the file of a version, a diff.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sbc/model/command.h"
#include "sbc/model/tree.h"

namespace ringwall::sbc::model {

enum class Secrets : std::uint8_t { Hidden, Written };

// Every command on a line, modes indented and closed by '!'. Hidden: secrets are "***", so that
// what is printed cannot be read again.
std::string to_text(const Tree& tree, Secrets secrets);

// One command, as it may be shown.
std::string to_line(const Command& command);

// What leads from one to the other, as commands in their modes: what is gone as 'no'. Empty:
// nothing is different.
std::string difference(const Tree& from, const Tree& to, Secrets secrets);

// The same for reading: what is gone behind '-', what is new behind '+', the modes around behind '
// '.
std::string marked_difference(const Tree& from, const Tree& to, Secrets secrets);

}  // namespace ringwall::sbc::model
