// Who may talk to the phone at all, before anything of what they say is looked at, in this order:
//
//   1 Restricted Access Domains: the addresses of the names in the list, kept as fresh as the DNS
//     says, and the servers of lines whose proxy is one of them. Everybody else gets no byte.
//   2 Restrict Source IP of the line: only its own servers. Everybody else gets no byte.
//   3 over TLS the verified name of the peer (Line::on_established).
//
// Auth INVITE and its like (Challenge) come after these.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/shard.h"
#include "phone/access_domains.h"
#include "phone/settings.h"

namespace ringwall::phone {

class Trust {
public:
    Trust(engine::Shard& shard, const PhoneSettings& settings);

    void start();
    // After on_timer's time the names are asked for again; none: never.
    std::optional<Duration> on_dns(const dns::Question& question, const dns::Answer& answer);
    void on_timer();

    const AccessDomains& domains() const { return domains_; }
    // One of the list's addresses as of now, or no list.
    bool may_speak(const IpAddress& address) const;

private:
    struct Known {
        std::vector<IpAddress> addresses;
        TimePoint until;
        bool is_asked = false;
    };
    void ask(const std::string& name);

    engine::Shard& shard_;
    AccessDomains domains_;
    std::map<std::string, Known> names_;
};

}  // namespace ringwall::phone
