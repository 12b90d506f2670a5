#include "sbc/console/people.h"

#include <grp.h>
#include <pwd.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace ringwall::sbc::console {

namespace {

std::string name_of(gid_t group) {
    const struct group* const entry = getgrgid(group);
    return entry == nullptr ? "" : entry->gr_name;
}

std::vector<std::string> groups_of(const char* user, gid_t primary) {
    int count = 64;
    std::vector<gid_t> ids(static_cast<std::size_t>(count));
    while (getgrouplist(user, primary, ids.data(), &count) < 0) {
        ids.resize(static_cast<std::size_t>(count));
    }
    ids.resize(static_cast<std::size_t>(count));
    std::vector<std::string> names(ids.size());
    std::ranges::transform(ids, names.begin(), name_of);
    return names;
}

}  // namespace

// Only the main thread asks: these calls keep their answers in one place.
Person person_of(uid_t user) {
    const passwd* const entry = getpwuid(user);
    if (entry == nullptr) {
        return {"uid " + std::to_string(user), {}};
    }
    const std::string name = entry->pw_name;
    return {name, groups_of(name.c_str(), entry->pw_gid)};
}

std::optional<Role> role_of(uid_t user, uid_t own, const std::vector<std::string>& groups) {
    if (user == 0 || user == own) {
        return Role::Administrator;
    }
    using namespace std::string_view_literals;
    for (const auto& [name, role] : {std::pair{"ringwall-admin"sv, Role::Administrator},
                                     std::pair{"ringwall-operator"sv, Role::Operator},
                                     std::pair{"ringwall-read"sv, Role::ReadOnly}}) {
        if (std::ranges::find(groups, name) != groups.end()) {
            return role;
        }
    }
    return std::nullopt;
}

}  // namespace ringwall::sbc::console
