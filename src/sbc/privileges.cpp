#include "sbc/privileges.h"

#include <cap-ng.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace ringwall::sbc {

Result<void, std::string> become_user(const std::string& name) {
    const passwd* const user = ::getpwnam(name.c_str());
    if (user == nullptr) {
        return fail("--user " + name + ": there is no such user on this machine");
    }
    if (user->pw_uid == 0) {
        return fail("--user " + name +
                    " gives nothing up; name a user that is not root, as 'ringwall'");
    }
    if (::getuid() == user->pw_uid && ::geteuid() == user->pw_uid) {
        return {};
    }
    if (::geteuid() != 0) {
        return fail("--user " + name +
                    ": only root can become another user; start it as root, or as that user");
    }
    capng_clear(CAPNG_SELECT_BOTH);
    if (capng_update(CAPNG_ADD, static_cast<capng_type_t>(CAPNG_EFFECTIVE | CAPNG_PERMITTED),
                     CAP_NET_BIND_SERVICE) != 0 ||
        capng_change_id(static_cast<int>(user->pw_uid), static_cast<int>(user->pw_gid),
                        static_cast<capng_flags_t>(CAPNG_INIT_SUPP_GRP | CAPNG_CLEAR_BOUNDING)) !=
            0 ||
        ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return fail("--user " + name + ": the system does not let this process become that user");
    }
    return {};
}

}  // namespace ringwall::sbc
