// Who somebody of this machine is to the console: a name and a role, by UNIX group.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "sbc/console/dialogue.h"

namespace ringwall::sbc::console {

struct Person {
    std::string name;  // "ops"; "uid 1007" where the system knows none
    std::vector<std::string> groups;
};

// As the system's user and group database has it.
Person person_of(uid_t user);

// Of several groups the one that may do most. `own` is the user that this process runs as. None:
// does not get in.
std::optional<Role> role_of(uid_t user, uid_t own, const std::vector<std::string>& groups);

}  // namespace ringwall::sbc::console
