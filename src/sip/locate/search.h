// Locating SIP servers (RFC 3263): from a target to the ways that lead there, in the order in which
// to try them.
//
//   address ------------------------------------------------------------> way
//   name:port -------------------------------------------> A or AAAA ---> ways
//   name, transport known ----------------------> SRV ---> A or AAAA ---> ways
//   name --------------------------> NAPTR -----> SRV ---> A or AAAA ---> ways
//                                      |           |            ^
//                                      | none: SRV | none: A or |
//                                      | of each   | AAAA of    |
//                                      v transport v the name --+
//
// Pure: it asks by open_questions(), is told by on_answer() in any order, and forgets nothing until
// it goes. How much answers can make it do is limited (search.cpp).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/dns.h"
#include "base/random.h"
#include "sip/locate/way.h"
#include "sip/uri/uri.h"

namespace ringwall::sip::locate {

struct Target {
    Scheme scheme = Scheme::Sip;         // Sips: TLS or nothing (§4.1)
    std::string host;                    // a name or an address
    std::uint16_t port = 0;              // 0: none said
    std::optional<Transport> transport;  // the transport parameter
};

// What the asking side can and may do.
struct Abilities {
    std::vector<Transport> transports;  // the preferred one first
    IpAddress::Family family = IpAddress::Family::V4;
};

class Search {
public:
    Search(Target target, Abilities abilities);

    // What it has to know to go on. Empty: it is over.
    const std::vector<dns::Question>& open_questions() const { return open_; }
    bool is_over() const { return open_.empty(); }
    // An answer to a question that is not open is ignored.
    void on_answer(const dns::Question& question, const dns::Answer& answer);

    // When it is over: each way once, by priority, and within one by chance and weight (RFC 2782).
    std::vector<Way> ways(Random& random) const;

private:
    struct Service {
        Transport transport = Transport::Udp;
        std::string name;  // of its SRV records
    };

    const dns::Answer* find(dns::RecordType type, const std::string& name) const;
    void look_up(dns::RecordType type, const std::string& name);
    void look_up_addresses(const std::string& host);
    std::vector<Service> services() const;
    std::vector<Service> services_of(const dns::Answer& naptr) const;
    void go_on();
    void add(Transport transport, const std::string& host, std::uint16_t port,
             std::vector<Way>& out) const;

    Target target_;
    Abilities abilities_;  // its transports: only those by which the target may be reached
    std::optional<IpAddress> address_;
    std::map<dns::Question, dns::Answer> answers_;
    std::vector<dns::Question> open_;
};

// RFC 2782: by priority; within one by chance, the heavier the likelier.
std::vector<dns::Srv> in_order(std::vector<dns::Srv> records, Random& random);

}  // namespace ringwall::sip::locate
