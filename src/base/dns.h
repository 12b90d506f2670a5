// Questions to the DNS and what it answers, as values (RFC 1035, RFC 2782, RFC 3403). No sockets
// here: src/net/resolver asks.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/endpoint.h"
#include "base/time.h"

namespace ringwall::dns {

enum class RecordType : std::uint8_t { A, Aaaa, Srv, Naptr };
std::string_view to_string(RecordType type);  // "A", "AAAA", "SRV", "NAPTR"

struct Question {
    RecordType type = RecordType::A;
    std::string name;  // in lower case, without the final dot
    bool operator==(const Question&) const = default;
    auto operator<=>(const Question&) const = default;  // NOLINT(modernize-use-nullptr)
};

struct Srv {
    std::uint16_t priority = 0;
    std::uint16_t weight = 0;
    std::uint16_t port = 0;
    std::string target;  // empty: the root, "no such service here" (RFC 2782)
    bool operator==(const Srv&) const = default;
};

struct Naptr {
    std::uint16_t order = 0;
    std::uint16_t preference = 0;
    std::string flags;
    std::string service;
    std::string regexp;
    std::string replacement;
    bool operator==(const Naptr&) const = default;
};

enum class Outcome : std::uint8_t {
    Records,    // at least one, or an alias that leads on
    NoRecords,  // no such name, or none of this type
    Failed,     // nobody knows: no server answered, or none could
};

struct Answer {
    Outcome outcome = Outcome::Failed;
    std::vector<IpAddress> addresses;  // of A or AAAA
    std::vector<Srv> srv;
    std::vector<Naptr> naptr;
    std::string alias;    // the name that the question's leads to, when its records are not here
    Duration lifetime{};  // how long this holds; also of NoRecords (RFC 2308)
};

}  // namespace ringwall::dns
