#include "phone/access_domains.h"

#include <algorithm>

#include "base/text.h"
#include "phone/servers.h"

namespace ringwall::phone {
namespace {

std::optional<IpAddress> address_in(std::string_view host) {
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
    }
    return IpAddress::parse(host);
}

}  // namespace

AccessDomains::AccessDomains(const std::vector<std::string>& entries) {
    for (const std::string& each : entries) {
        const std::string text = lower(trim(each));
        if (text.empty()) {
            continue;
        }
        if (const auto address = address_in(text)) {
            addresses_.push_back(*address);
            continue;
        }
        // What cannot be read is nobody's name, and restricts all the same.
        const auto server = parse_proxy(text);
        const std::string host = server ? server->front().host : text;
        if (const auto address = address_in(host)) {
            addresses_.push_back(*address);
        } else {
            names_.push_back(host);
        }
    }
}

bool AccessDomains::allows(std::string_view host) const {
    if (is_unrestricted()) {
        return true;
    }
    const auto address = address_in(host);
    return address ? std::ranges::find(addresses_, *address) != addresses_.end()
                   : std::ranges::find(names_, lower(host)) != names_.end();
}

std::optional<std::string> AccessDomains::refused_of(std::string_view servers) const {
    const auto entries = parse_proxy(servers);
    if (is_unrestricted() || !entries) {
        return std::nullopt;  // what cannot be read is no server
    }
    const auto refused =
        std::ranges::find_if(*entries, [&](const auto& each) { return !allows(each.host); });
    return refused == entries->end() ? std::nullopt : std::optional(refused->host);
}

}  // namespace ringwall::phone
