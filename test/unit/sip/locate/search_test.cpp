// RFC 3263: from a target to the ways that lead there.
#include "sip/locate/search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace ringwall::sip::locate {
namespace {

using dns::Question;
using dns::RecordType;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

IpAddress ip(const char* text) {
    return IpAddress::parse(text).value();
}

Way way(Transport transport, const char* address, std::uint16_t port) {
    return {transport, {ip(address), port}};
}

const Abilities everything{{Transport::Udp, Transport::Tcp, Transport::Tls}, {}};
const Abilities udp_and_tcp{{Transport::Udp, Transport::Tcp}, {}};
const Abilities only_tls{{Transport::Tls}, {}};

// A DNS of a few records, and a searcher that notes what it is asked.
class Searching : public ::testing::Test {
protected:
    void a(const std::string& name, std::vector<IpAddress> addresses) {
        dns::Answer& answer = records[{RecordType::A, name}];
        answer.outcome = dns::Outcome::Records;
        answer.addresses = std::move(addresses);
    }
    void srv(const std::string& name, std::vector<dns::Srv> servers) {
        dns::Answer& answer = records[{RecordType::Srv, name}];
        answer.outcome = dns::Outcome::Records;
        answer.srv = std::move(servers);
    }
    void naptr(const std::string& name, std::vector<dns::Naptr> all) {
        dns::Answer& answer = records[{RecordType::Naptr, name}];
        answer.outcome = dns::Outcome::Records;
        answer.naptr = std::move(all);
    }
    void alias(RecordType type, const std::string& name, const std::string& to) {
        dns::Answer& answer = records[{type, name}];
        answer.outcome = dns::Outcome::Records;
        answer.alias = to;
    }
    std::vector<Way> find(const Target& target, const Abilities& abilities) {
        Search search(target, abilities);
        for (int turn = 0; turn < 200 && !search.is_over(); ++turn) {
            const Question question = search.open_questions().front();
            asked.push_back(question);
            const auto known = records.find(question);
            dns::Answer none;
            none.outcome = otherwise;
            search.on_answer(question, known == records.end() ? none : known->second);
        }
        EXPECT_TRUE(search.is_over());
        return search.ways(random);
    }

    std::map<Question, dns::Answer> records;
    dns::Outcome otherwise = dns::Outcome::NoRecords;
    std::vector<Question> asked;
    SeededRandom random{1};
};

Target sip_to(const std::string& host, std::uint16_t port = 0,
              std::optional<Transport> transport = {}) {
    return {Scheme::Sip, host, port, transport};
}
Target sips_to(const std::string& host, std::uint16_t port = 0,
               std::optional<Transport> transport = {}) {
    return {Scheme::Sips, host, port, transport};
}

// RFC 3263 §4.1: the example of the RFC, with its three records.
class ExampleOfTheRfc : public Searching {
protected:
    void SetUp() override {
        naptr("example.com", {{50, 50, "s", "SIPS+D2T", "", "_sips._tcp.example.com"},
                              {90, 50, "s", "SIP+D2T", "", "_sip._tcp.example.com"},
                              {100, 50, "s", "SIP+D2U", "", "_sip._udp.example.com"}});
        srv("_sip._tcp.example.com",
            {{0, 1, 5060, "server1.example.com"}, {0, 2, 5060, "server2.example.com"}});
        srv("_sips._tcp.example.com", {{0, 1, 5061, "server1.example.com"}});
        srv("_sip._udp.example.com", {{0, 1, 5060, "server2.example.com"}});
        a("server1.example.com", {ip("192.0.2.1")});
        a("server2.example.com", {ip("192.0.2.2")});
    }
};

TEST_F(ExampleOfTheRfc, WhoSpeaksTcpAndUdpTakesTcpForItsOrderIsLower) {
    EXPECT_THAT(find(sip_to("example.com"), udp_and_tcp),
                UnorderedElementsAre(way(Transport::Tcp, "192.0.2.1", 5060),
                                     way(Transport::Tcp, "192.0.2.2", 5060)));
    EXPECT_THAT(asked, Each(testing::Not(Question{RecordType::Srv, "_sip._udp.example.com"})));
}

TEST_F(ExampleOfTheRfc, WhoSpeaksTlsTakesItAlsoForSip) {
    EXPECT_THAT(find(sip_to("example.com"), everything),
                ElementsAre(way(Transport::Tls, "192.0.2.1", 5061)));
}

TEST_F(ExampleOfTheRfc, SipsDiscardsWhatIsNotSips) {
    EXPECT_THAT(find(sips_to("Example.COM."), everything),
                ElementsAre(way(Transport::Tls, "192.0.2.1", 5061)));
}

TEST_F(ExampleOfTheRfc, SipsWithoutTlsLeadsNowhereAndAsksNothing) {
    EXPECT_THAT(find(sips_to("example.com"), udp_and_tcp), IsEmpty());
    EXPECT_THAT(find(sips_to("example.com", 5060, Transport::Udp), everything), IsEmpty());
    EXPECT_THAT(find(sips_to("192.0.2.1", 0, Transport::Udp), everything), IsEmpty());
    EXPECT_THAT(asked, IsEmpty());
}

// §4.1: only SIP records there: a SIPS target still goes by _sips._tcp, never by those.
TEST_F(ExampleOfTheRfc, SipsWithoutSipsRecordAsksForTheServiceItself) {
    naptr("example.com", {{90, 50, "s", "SIP+D2T", "", "_sip._tcp.example.com"},
                          {100, 50, "s", "SIP+D2U", "", "_sip._udp.example.com"}});
    EXPECT_THAT(find(sips_to("example.com"), everything),
                ElementsAre(way(Transport::Tls, "192.0.2.1", 5061)));
    EXPECT_THAT(asked, ElementsAre(Question{RecordType::Naptr, "example.com"},
                                   Question{RecordType::Srv, "_sips._tcp.example.com"},
                                   Question{RecordType::A, "server1.example.com"}));
}

TEST_F(ExampleOfTheRfc, AdjacencyThatIsAllTlsIsAsSips) {
    EXPECT_THAT(find(sip_to("example.com"), only_tls),
                ElementsAre(way(Transport::Tls, "192.0.2.1", 5061)));
}

TEST_F(ExampleOfTheRfc, KnownTransportNeedsNoNaptr) {
    EXPECT_THAT(find(sip_to("example.com", 0, Transport::Udp), everything),
                ElementsAre(way(Transport::Udp, "192.0.2.2", 5060)));
    EXPECT_THAT(asked, ElementsAre(Question{RecordType::Srv, "_sip._udp.example.com"},
                                   Question{RecordType::A, "server2.example.com"}));
}

TEST_F(ExampleOfTheRfc, TransportTcpWithSipsIsTls) {
    EXPECT_THAT(find(sips_to("example.com", 0, Transport::Tcp), everything),
                ElementsAre(way(Transport::Tls, "192.0.2.1", 5061)));
}

TEST_F(Searching, AddressNeedsNoQuestion) {
    EXPECT_THAT(find(sip_to("192.0.2.9"), udp_and_tcp),
                ElementsAre(way(Transport::Udp, "192.0.2.9", 5060)));
    EXPECT_THAT(find(sips_to("192.0.2.9"), everything),
                ElementsAre(way(Transport::Tls, "192.0.2.9", 5061)));
    EXPECT_THAT(find(sip_to("[2001:db8::9]", 5070), {{Transport::Tcp}, IpAddress::Family::V6}),
                ElementsAre(way(Transport::Tcp, "2001:db8::9", 5070)));
    EXPECT_THAT(asked, IsEmpty());
}

TEST_F(Searching, AddressOfTheOtherFamilyLeadsNowhere) {
    EXPECT_THAT(find(sip_to("2001:db8::9"), udp_and_tcp), IsEmpty());
}

// §4.2: a port means A or AAAA and nothing else.
TEST_F(Searching, PortMeansNoServices) {
    a("proxy.example.com", {ip("192.0.2.3"), ip("192.0.2.4")});
    EXPECT_THAT(find(sips_to("proxy.example.com", 5071), everything),
                ElementsAre(way(Transport::Tls, "192.0.2.3", 5071),
                            way(Transport::Tls, "192.0.2.4", 5071)));
    EXPECT_THAT(asked, ElementsAre(Question{RecordType::A, "proxy.example.com"}));
}

TEST_F(Searching, WithoutNaptrEachTransportIsAskedFor) {
    srv("_sip._udp.example.com", {{0, 0, 5070, "u.example.com"}});
    srv("_sip._tcp.example.com", {{0, 0, 5080, "t.example.com"}});
    a("u.example.com", {ip("192.0.2.5")});
    a("t.example.com", {ip("192.0.2.6")});
    EXPECT_THAT(find(sip_to("example.com"), udp_and_tcp),
                ElementsAre(way(Transport::Udp, "192.0.2.5", 5070),
                            way(Transport::Tcp, "192.0.2.6", 5080)));
}

TEST_F(Searching, WithoutServicesTheNameItselfCounts) {
    a("example.com", {ip("192.0.2.7")});
    EXPECT_THAT(find(sip_to("example.com"), udp_and_tcp),
                ElementsAre(way(Transport::Udp, "192.0.2.7", 5060)));
    EXPECT_THAT(find(sips_to("example.com"), everything),
                ElementsAre(way(Transport::Tls, "192.0.2.7", 5061)));
}

TEST_F(Searching, NameServerThatFailsIsAsOneWithoutServices) {
    otherwise = dns::Outcome::Failed;
    a("example.com", {ip("192.0.2.7")});
    EXPECT_THAT(find(sip_to("example.com"), udp_and_tcp), SizeIs(1));
}

TEST_F(Searching, SixthVersionAsksForItsOwnAddresses) {
    dns::Answer& answer = records[{RecordType::Aaaa, "example.com"}];
    answer.outcome = dns::Outcome::Records;
    answer.addresses = {ip("2001:db8::1")};
    a("example.com", {ip("192.0.2.7")});
    EXPECT_THAT(find(sip_to("example.com"), {{Transport::Udp}, IpAddress::Family::V6}),
                ElementsAre(way(Transport::Udp, "2001:db8::1", 5060)));
    EXPECT_THAT(asked, Each(testing::Not(Question{RecordType::A, "example.com"})));
}

// RFC 2782: a target of "." says that the service is decidedly not there.
TEST_F(Searching, RootAsServerMeansNoService) {
    srv("_sip._udp.example.com", {{0, 0, 0, ""}});
    a("example.com", {ip("192.0.2.7")});
    EXPECT_THAT(find(sip_to("example.com"), {{Transport::Udp}, {}}), IsEmpty());
}

TEST_F(Searching, UnknownFlagsServicesAndExpressionsAreDiscarded) {
    naptr("example.com", {{1, 1, "u", "SIP+D2U", "", "_sip._udp.wrong.example.com"},
                          {1, 2, "s", "SIP+D2S", "", "_sip._sctp.example.com"},
                          {1, 3, "s", "E2U+sip", "!^.*$!sip:x!", ""},
                          {1, 4, "s", "SIP+D2U", "!x!y!", "_sip._udp.wrong.example.com"},
                          {2, 1, "S", "sip+d2u", "", "_SIP._udp.right.example.com."}});
    srv("_sip._udp.right.example.com", {{0, 0, 5062, "192.0.2.8"}});
    EXPECT_THAT(find(sip_to("example.com"), udp_and_tcp),
                ElementsAre(way(Transport::Udp, "192.0.2.8", 5062)));
}

TEST_F(Searching, AliasIsFollowedAndACircleEnds) {
    alias(RecordType::A, "a.example.com", "b.example.com");
    a("b.example.com", {ip("192.0.2.9")});
    EXPECT_THAT(find(sip_to("a.example.com", 5060), udp_and_tcp), SizeIs(1));

    alias(RecordType::A, "x.example.com", "y.example.com");
    alias(RecordType::A, "y.example.com", "x.example.com");
    EXPECT_THAT(find(sip_to("x.example.com", 5060), udp_and_tcp), IsEmpty());
}

TEST_F(Searching, EndlessAliasesEnd) {
    for (int i = 0; i < 100; ++i) {
        alias(RecordType::A, "n" + std::to_string(i), "n" + std::to_string(i + 1));
    }
    EXPECT_THAT(find(sip_to("n0", 5060), udp_and_tcp), IsEmpty());
    EXPECT_LE(asked.size(), 10U);
}

TEST_F(Searching, HugeAnswersMakeLittleWork) {
    std::vector<dns::Srv> many;
    std::vector<IpAddress> addresses;
    for (std::uint8_t i = 0; i < 200; ++i) {
        many.push_back({i, 0, 5060, "s" + std::to_string(i) + ".example.com"});
        addresses.push_back(IpAddress::v4(192, 0, 2, i));
    }
    for (const dns::Srv& each : many) {
        a(each.target, addresses);
    }
    srv("_sip._udp.example.com", many);
    EXPECT_LE(find(sip_to("example.com"), udp_and_tcp).size(), 32U);
    EXPECT_LE(asked.size(), 20U);
}

TEST_F(Searching, MulticastAndUnspecifiedAddressesAreNoWays) {
    a("example.com", {ip("0.0.0.0"), ip("224.0.1.75"), ip("255.255.255.255")});
    EXPECT_THAT(find(sip_to("example.com", 5060), udp_and_tcp), IsEmpty());
}

// RFC 2782: priorities in order, weights by chance.
TEST(ServersInOrder, PriorityComesFirst) {
    SeededRandom random(3);
    const auto order = in_order({{20, 100, 1, "c"}, {10, 0, 1, "a"}, {15, 0, 1, "b"}}, random);
    EXPECT_EQ(order[0].target + order[1].target + order[2].target, "abc");
}

TEST(ServersInOrder, WeightIsTheShareOfBeingFirst) {
    SeededRandom random(3);
    std::map<std::string, int> first;
    for (int i = 0; i < 4000; ++i) {
        ++first[in_order({{1, 1, 1, "light"}, {1, 3, 1, "heavy"}}, random).front().target];
    }
    // A sum is drawn from 0 to 4, both included: the light one has 0 and 1.
    EXPECT_NEAR(first["light"], 1600, 150);
    EXPECT_NEAR(first["heavy"], 2400, 150);
}

TEST(ServersInOrder, WeightOfNothingIsSeldomFirstButItMayBe) {
    SeededRandom random(3);
    int nothing = 0;
    for (int i = 0; i < 4000; ++i) {
        const auto order = in_order({{1, 99, 1, "all"}, {1, 0, 1, "nothing"}}, random);
        ASSERT_EQ(order.size(), 2U);
        nothing += order.front().target == "nothing" ? 1 : 0;
    }
    EXPECT_NEAR(nothing, 40, 25);
}

}  // namespace
}  // namespace ringwall::sip::locate
