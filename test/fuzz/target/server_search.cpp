// Locating servers (RFC 3263) with a DNS that answers anything: few questions, each asked once, and
// an end; where only TLS may be used nothing else is found, and no address of the other family.
#include <algorithm>
#include <set>
#include <string>

#include "base/check.h"
#include "base/random.h"
#include "fuzz/input.h"
#include "fuzz/target.h"
#include "sip/locate/search.h"

namespace ringwall::fuzz {
namespace {

using dns::Answer;
using dns::Question;
using sip::Transport;
using sip::locate::Abilities;
using sip::locate::Search;
using sip::locate::Target;

// Few, so that they lead to each other; or any, up to the end of the line.
std::string name(Input& input) {
    const std::size_t choice = input.below(10);
    if (choice == 9) {
        return std::string(input.until('\n'));
    }
    constexpr const char* names[] = {"",
                                     "example.com",
                                     "A.Example.com.",
                                     "b.example.com",
                                     "_sip._udp.example.com",
                                     "_sips._tcp.example.com",
                                     "192.0.2.1",
                                     "[2001:db8::1]",
                                     "."};
    return names[choice];
}

IpAddress address(Input& input) {
    IpAddress out = IpAddress::v4(input.octet(), 0, 2, input.octet());
    if (input.flip()) {
        out.family = IpAddress::Family::V6;
    }
    return out;
}

Answer answer(Input& input) {
    Answer out;
    out.outcome =
        input.one_of({dns::Outcome::Failed, dns::Outcome::NoRecords, dns::Outcome::Records});
    for (std::size_t more = input.below(20); more > 0 && !input.is_empty(); --more) {
        switch (input.below(4)) {
            case 0:
                out.addresses.push_back(address(input));
                break;
            case 1:
                out.srv.push_back({input.octet(), static_cast<std::uint16_t>(257 * input.octet()),
                                   input.octet(), name(input)});
                break;
            case 2:
                out.naptr.push_back({input.octet(), input.octet(),
                                     input.one_of({"s", "S", "a", ""}),
                                     input.one_of({"SIP+D2U", "sip+d2t", "SIPS+D2T", "E2U+sip"}),
                                     input.one_of({"", "", "!.*!sip:x!"}), name(input)});
                break;
            default:
                out.alias = name(input);
                break;
        }
    }
    return out;
}

Abilities abilities(Input& input) {
    Abilities out;
    for (const Transport each : {Transport::Udp, Transport::Tcp, Transport::Tls}) {
        if (!input.flip()) {
            out.transports.push_back(each);
        }
    }
    out.family = input.flip() ? IpAddress::Family::V6 : IpAddress::Family::V4;
    return out;
}

Target target(Input& input) {
    Target out;
    out.scheme = input.flip() ? sip::Scheme::Sips : sip::Scheme::Sip;
    out.host = name(input);
    out.port = input.flip() ? input.octet() : 0;
    const std::size_t transport = input.below(4);
    if (transport != 0) {
        out.transport = static_cast<Transport>(transport - 1);
    }
    return out;
}

// RFC 2782: none is lost, and never a later priority before an earlier one.
void check_order(Input& input) {
    std::vector<dns::Srv> records;
    while (!input.is_empty() && records.size() < 40) {
        records.push_back({static_cast<std::uint16_t>(input.below(3)), input.octet(),
                           static_cast<std::uint16_t>(records.size()), ""});
    }
    SeededRandom random(records.size());
    const auto sorted = sip::locate::in_order(records, random);
    CHECK(std::ranges::is_sorted(sorted, {}, &dns::Srv::priority));
    std::set<std::uint16_t> ports;
    for (const dns::Srv& each : sorted) {
        CHECK(each == records.at(each.port) && ports.insert(each.port).second);
    }
    CHECK(ports.size() == records.size());
}

}  // namespace

void run(std::string_view octets) {
    Input input(octets);
    const Target wanted = target(input);
    const Abilities able = abilities(input);
    Search search(wanted, able);
    std::set<Question> asked;
    while (!search.is_over()) {
        const auto open = search.open_questions();
        const Question question = open[input.below(std::min<std::size_t>(open.size(), 256))];
        CHECK(!question.name.empty() && question.name.size() <= 253);
        CHECK(asked.insert(question).second);
        CHECK(asked.size() <= 64);
        search.on_answer(question, answer(input));
        const auto then = search.open_questions();
        search.on_answer(question, answer(input));  // nobody asks any more
        CHECK(search.open_questions() == then);
    }
    SeededRandom random(octets.size());
    const auto ways = search.ways(random);
    CHECK(ways.size() <= 32);
    for (auto way = ways.begin(); way != ways.end(); ++way) {
        CHECK(std::ranges::find(able.transports, way->transport) != able.transports.end());
        CHECK(way->transport == Transport::Tls || wanted.scheme == sip::Scheme::Sip);
        CHECK(way->transport == Transport::Tls || wanted.transport != Transport::Tls);
        CHECK(way->remote.address.family == able.family && way->remote.port != 0);
        CHECK(!way->remote.address.is_unspecified());
        CHECK(!way->remote.address.is_broadcast_or_multicast());
        CHECK(std::find(way + 1, ways.end(), *way) == ways.end());
    }
    check_order(input);
}

}  // namespace ringwall::fuzz
