// The servers of a line: those of its Proxy or Outbound Proxy, as DNS (RFC 3263) or the list in the
// parameter itself has them, best first; then those of Alternate Proxy or Alternate Outbound Proxy;
// and which of them is used now.
//
//   "sip.example.com"                 A or AAAA; with Use DNS SRV and DNS SRV Auto Prefix: SRV
//   first
//   "_sip._udp.sip.example.com"       with Use DNS SRV: SRV first
//   "a.example.com:5061:p=1|b.example.com:p=2:A=192.0.2.1,192.0.2.2"    static redundancy
//
// With SIP Transport AUTO their NAPTR and SRV records say how they are reached, all of them as the
// first is; and once that was TLS, it stays so.
//
// Pure: it asks by open_questions() and is told by on_answer().
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/dns.h"
#include "base/random.h"
#include "base/result.h"
#include "phone/access_domains.h"
#include "phone/settings.h"
#include "sip/locate/search.h"

namespace ringwall::phone {

struct ProxyEntry {
    std::string host;
    std::uint16_t port = 0;  // 0: none said
    std::uint16_t priority = 0;
    std::uint16_t weight = 1;
    std::vector<IpAddress> addresses = {};  // A=
    bool is_service = false;                // "_sip._udp." stood before the host
    bool operator==(const ProxyEntry&) const = default;
};
// The value of Proxy or Outbound Proxy, in its order. The error is a sentence.
Result<std::vector<ProxyEntry>, std::string> parse_proxy(std::string_view value);

// The domain of a line's account: the first host of its Proxy; empty where there is none.
std::string domain_of(const LineSettings& settings);

class Servers {
public:
    struct Server {
        sip::locate::Way way;
        std::string domain;  // as configured: what its certificate must bear
        bool is_alternate = false;
    };

    // An alternate that is not in `domains` is none.
    Servers(const LineSettings& settings, const AccessDomains& domains);

    // Asks anew. What was found before is used until all has been answered.
    void locate(IpAddress::Family family);
    std::vector<dns::Question> open_questions() const;
    // True when this was the last answer: current() is the best one now.
    bool on_answer(const dns::Question& question, const dns::Answer& answer, Random& random);

    // Null: there is none.
    const Server* current() const { return at_ < found_.size() ? &found_[at_] : nullptr; }
    // False: that was the last one; then current() is the first.
    bool go_on();
    // Is none better than current()? No alternate is the first, whatever was found.
    bool is_first() const { return at_ == 0 && !is_first_missing(); }
    bool is_first_missing() const { return found_.empty() || found_.front().is_alternate; }
    const Server* first() const { return found_.empty() ? nullptr : &found_.front(); }
    void go_first() { at_ = 0; }
    // After on_answer(): the one that is used, wherever it stands now.
    void stay_at(const Endpoint& remote);
    std::size_t count() const { return found_.size(); }
    // Is this the address of one of them, as far as is known?
    bool has(const IpAddress& address) const;

private:
    struct Named {
        ProxyEntry entry;
        bool is_alternate = false;
    };
    struct Located {
        Named named;
        sip::locate::Search search;
    };
    void add(std::string_view value, bool is_alternate);
    void conclude(Random& random);
    std::vector<Server> found_of(bool is_alternate, Random& random) const;

    std::optional<sip::Transport> transport() const;
    std::vector<sip::Transport> transports() const;
    std::uint16_t default_port() const;

    sip::Transport transport_;
    bool is_auto_;  // transport_ is that of the servers that were found last
    bool uses_srv_;
    bool adds_prefix_;
    ProxyRedundancyMethod method_;
    std::vector<Named> entries_;
    std::vector<Located> searches_;
    std::vector<Server> found_;
    std::size_t at_ = 0;
};

}  // namespace ringwall::phone
