// Restricted Access Domains as they are written: hosts, names or addresses; a port behind one says
// nothing. Everything that asks whether a server may be used asks here.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/endpoint.h"

namespace ringwall::phone {

class AccessDomains {
public:
    explicit AccessDomains(const std::vector<std::string>& entries);

    bool is_unrestricted() const { return names_.empty() && addresses_.empty(); }
    const std::vector<std::string>& names() const { return names_; }
    const std::vector<IpAddress>& addresses() const { return addresses_; }

    bool allows(std::string_view host) const;
    // The first host of a Proxy or Outbound Proxy that is not allowed; none: all are.
    std::optional<std::string> refused_of(std::string_view servers) const;

private:
    std::vector<std::string> names_;  // in lower case
    std::vector<IpAddress> addresses_;
};

}  // namespace ringwall::phone
