#include "sip/locate/search.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace ringwall::sip::locate {
namespace {

using dns::Answer;
using dns::Question;
using dns::RecordType;

// What answers can make of one search.
constexpr std::size_t max_questions = 64;
constexpr std::size_t max_servers = 16;   // of one SRV answer
constexpr std::size_t max_addresses = 8;  // of one server
constexpr std::size_t max_ways = 32;
constexpr unsigned max_aliases = 8;  // one after the other; a circle ends here too
constexpr std::size_t max_name = 253;

struct ServiceWord {
    std::string_view naptr;  // RFC 3263 §4.1
    std::string_view srv;
    Transport transport;
};
constexpr std::array service_words{
    ServiceWord{"SIP+D2U", "_sip._udp.", Transport::Udp},
    ServiceWord{"SIP+D2T", "_sip._tcp.", Transport::Tcp},
    ServiceWord{"SIPS+D2T", "_sips._tcp.", Transport::Tls},
};

std::string_view srv_prefix(Transport transport) {
    return std::ranges::find(service_words, transport, &ServiceWord::transport)->srv;
}

// Names are compared without regard to case, and the final dot says nothing.
std::string canonical(std::string_view name) {
    if (name.ends_with('.')) {
        name.remove_suffix(1);
    }
    return lower(name);
}

// TLS or nothing: for sips, and where nothing else may be used.
bool is_secure(const Target& target, const Abilities& abilities) {
    return target.scheme == Scheme::Sips || target.transport == Transport::Tls ||
           std::ranges::all_of(abilities.transports,
                               [](Transport each) { return each == Transport::Tls; });
}

std::vector<dns::Srv> first_servers(const Answer& answer) {
    std::vector<dns::Srv> servers = answer.srv;
    std::ranges::stable_sort(servers, {}, &dns::Srv::priority);
    servers.resize(std::min(servers.size(), max_servers));
    return servers;
}

}  // namespace

Search::Search(Target target, Abilities abilities)
    : target_(std::move(target)), abilities_(std::move(abilities)) {
    const bool must_be_tls = is_secure(target_, abilities_);
    if (must_be_tls && target_.transport == Transport::Tcp) {
        target_.transport = Transport::Tls;  // RFC 3261 §26.2.2: sips over TCP is TLS
    }
    std::erase_if(abilities_.transports, [&](Transport each) {
        return (must_be_tls && each != Transport::Tls) ||
               (target_.transport && *target_.transport != each);
    });
    address_ = IpAddress::parse(target_.host);
    target_.host = canonical(target_.host);
    go_on();
}

void Search::on_answer(const Question& question, const Answer& answer) {
    if (std::ranges::find(open_, question) == open_.end()) {
        return;
    }
    answers_[question] = answer;
    go_on();
}

// Every answer that is here is walked again: what is missing then is what is open.
void Search::go_on() {
    open_.clear();
    if (abilities_.transports.empty() || address_) {
        return;
    }
    if (target_.port != 0) {
        look_up_addresses(target_.host);
        return;
    }
    if (!target_.transport) {
        look_up(RecordType::Naptr, target_.host);
        if (!open_.empty()) {
            return;
        }
    }
    bool is_any_srv = false;
    for (const Service& service : services()) {
        look_up(RecordType::Srv, service.name);
        const Answer* srv = find(RecordType::Srv, service.name);
        is_any_srv = is_any_srv || (srv != nullptr && !srv->srv.empty());
        for (const dns::Srv& server :
             srv != nullptr ? first_servers(*srv) : std::vector<dns::Srv>{}) {
            if (!server.target.empty()) {
                look_up_addresses(canonical(server.target));
            }
        }
    }
    if (open_.empty() && !is_any_srv) {
        look_up_addresses(target_.host);
    }
}

// The answer at the end of the aliases. Null: not known (yet), or it cannot be had.
const Answer* Search::find(RecordType type, const std::string& name) const {
    std::string at = name;
    for (unsigned aliases = 0; aliases <= max_aliases; ++aliases) {
        const auto found = answers_.find(Question{type, at});
        if (found == answers_.end() || found->second.alias.empty()) {
            return found == answers_.end() ? nullptr : &found->second;
        }
        at = canonical(found->second.alias);
    }
    return nullptr;
}

void Search::look_up(RecordType type, const std::string& name) {
    Question question{type, name};
    for (unsigned aliases = 0; aliases <= max_aliases; ++aliases) {
        const auto found = answers_.find(question);
        if (found == answers_.end()) {
            const bool is_new = std::ranges::find(open_, question) == open_.end();
            if (is_new && !question.name.empty() && question.name.size() <= max_name &&
                answers_.size() + open_.size() < max_questions) {
                open_.push_back(std::move(question));
            }
            return;
        }
        if (found->second.alias.empty()) {
            return;
        }
        question.name = canonical(found->second.alias);
    }
}

void Search::look_up_addresses(const std::string& host) {
    if (!IpAddress::parse(host)) {
        look_up(abilities_.family == IpAddress::Family::V4 ? RecordType::A : RecordType::Aaaa,
                host);
    }
}

// RFC 3263 §4.1: what the NAPTR records say; without any, each transport that we have.
std::vector<Search::Service> Search::services() const {
    if (const Answer* naptr = find(RecordType::Naptr, target_.host); naptr != nullptr) {
        auto found = services_of(*naptr);
        if (!found.empty()) {
            return found;
        }
    }
    std::vector<Service> all;
    all.reserve(abilities_.transports.size());
    for (const Transport each : abilities_.transports) {
        all.push_back({each, std::string(srv_prefix(each)) + target_.host});
    }
    return all;
}

// Of the lowest order that has something for us (RFC 3403 §4.1), by preference.
std::vector<Search::Service> Search::services_of(const Answer& naptr) const {
    std::vector<dns::Naptr> records = naptr.naptr;
    std::ranges::stable_sort(
        records, {}, [](const dns::Naptr& each) { return std::pair(each.order, each.preference); });
    std::vector<Service> found;
    std::optional<std::uint16_t> order;
    for (const dns::Naptr& record : records) {
        const auto word = std::ranges::find_if(service_words, [&](const ServiceWord& each) {
            return equals_ignoring_case(record.service, each.naptr) &&
                   std::ranges::find(abilities_.transports, each.transport) !=
                       abilities_.transports.end();
        });
        const bool is_usable = word != service_words.end() && record.regexp.empty() &&
                               equals_ignoring_case(record.flags, "s") &&
                               !canonical(record.replacement).empty();
        if (!is_usable || (order && *order != record.order) || found.size() == max_servers) {
            continue;
        }
        order = record.order;
        found.push_back({word->transport, canonical(record.replacement)});
    }
    return found;
}

std::vector<Way> Search::ways(Random& random) const {
    std::vector<Way> out;
    if (abilities_.transports.empty()) {
        return out;
    }
    const Transport preferred = abilities_.transports.front();
    if (address_ || target_.port != 0) {
        add(preferred, target_.host, target_.port, out);
        return out;
    }
    const auto all = services();
    bool is_any_srv = false;
    for (const Service& service : all) {
        const Answer* srv = find(RecordType::Srv, service.name);
        if (srv == nullptr) {
            continue;
        }
        is_any_srv = is_any_srv || !srv->srv.empty();
        for (const dns::Srv& server : in_order(first_servers(*srv), random)) {
            add(service.transport, canonical(server.target), server.port, out);
        }
    }
    if (!is_any_srv) {
        add(all.front().transport, target_.host, 0, out);
    }
    return out;
}

void Search::add(Transport transport, const std::string& host, std::uint16_t port,
                 std::vector<Way>& out) const {
    const std::uint16_t at = port != 0 ? port : default_port(transport);
    const auto add_one = [&](const IpAddress& address) {
        const Way way{transport, Endpoint{address, at}};
        if (address.family == abilities_.family && !address.is_unspecified() &&
            !address.is_broadcast_or_multicast() && out.size() < max_ways &&
            std::ranges::find(out, way) == out.end()) {
            out.push_back(way);
        }
    };
    if (const auto literal = IpAddress::parse(host)) {
        add_one(*literal);
        return;
    }
    const Answer* answer =
        find(abilities_.family == IpAddress::Family::V4 ? RecordType::A : RecordType::Aaaa, host);
    if (answer == nullptr) {
        return;
    }
    const std::size_t count = std::min(answer->addresses.size(), max_addresses);
    std::for_each_n(answer->addresses.begin(), count, add_one);
}

std::vector<dns::Srv> in_order(std::vector<dns::Srv> records, Random& random) {
    // Those of weight 0 first, so that they have a chance at all.
    std::ranges::stable_sort(records, {}, [](const dns::Srv& each) {
        return std::pair(each.priority, each.weight != 0);
    });
    for (auto next = records.begin(); next != records.end(); ++next) {
        std::uint64_t sum = 0;
        auto end = next;
        for (; end != records.end() && end->priority == next->priority; ++end) {
            sum += end->weight;
        }
        const std::uint64_t drawn = random.number() % (sum + 1);
        std::uint64_t running = 0;
        const auto chosen = std::find_if(next, end, [&](const dns::Srv& each) {
            running += each.weight;
            return running >= drawn;
        });
        std::rotate(next, chosen, std::next(chosen));
    }
    return records;
}

}  // namespace ringwall::sip::locate
