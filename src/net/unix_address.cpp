#include "net/unix_address.h"

#include <algorithm>
#include <cerrno>

namespace ringwall::net {

Result<UnixAddress, SocketError> UnixAddress::of(const std::filesystem::path& path) {
    UnixAddress out;
    const std::string& text = path.native();
    constexpr std::size_t longest = sizeof out.address_.sun_path - 1;
    if (text.empty() || text.size() > longest) {
        return fail(SocketError{ENAMETOOLONG, "'" + text +
                                                  "': the path of a socket has from 1 to " +
                                                  std::to_string(longest) + " octets"});
    }
    out.address_.sun_family = AF_UNIX;
    std::ranges::copy(text, std::begin(out.address_.sun_path));
    return out;
}

}  // namespace ringwall::net
