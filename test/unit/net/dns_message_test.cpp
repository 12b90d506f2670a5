// Answers of name servers, written octet by octet (RFC 1035 §4).
#include "net/dns_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"

namespace ringwall::net {
namespace {

using dns::Outcome;
using dns::Question;
using dns::RecordType;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

IpAddress ip(const char* text) {
    return IpAddress::parse(text).value();
}

// A message as a name server writes it, without compression but where the test asks for it.
class Message {
public:
    explicit Message(const Question& question, std::uint8_t code = 0) {
        bytes = {0x12, 0x34, 0x81, static_cast<std::uint8_t>(0x80 | code), 0, 1, 0, 0, 0, 0, 0, 0};
        name(question.name);
        word(number_of(question.type)).word(1);
    }
    Message& word(unsigned value) {
        bytes.push_back(static_cast<std::uint8_t>(value >> 8));
        bytes.push_back(static_cast<std::uint8_t>(value));
        return *this;
    }
    Message& octets(std::vector<std::uint8_t> more) {
        bytes.insert(bytes.end(), more.begin(), more.end());
        return *this;
    }
    Message& text(std::string_view value) {
        bytes.push_back(static_cast<std::uint8_t>(value.size()));
        bytes.insert(bytes.end(), value.begin(), value.end());
        return *this;
    }
    Message& name(std::string_view value) {
        while (!value.empty()) {
            const auto dot = std::min(value.find('.'), value.size());
            text(value.substr(0, dot));
            value.remove_prefix(std::min(dot + 1, value.size()));
        }
        bytes.push_back(0);
        return *this;
    }
    // An answer; what `write` writes is its data. `section`: 6 answers, 8 authority.
    template <class Write>
    Message& record(std::string_view owner, unsigned type, unsigned lifetime, Write&& write,
                    std::size_t section = 6) {
        name(owner);
        word(type).word(1).word(lifetime >> 16).word(lifetime & 0xffffU);
        const std::size_t at = bytes.size();
        word(0);
        write(*this);
        const std::size_t size = bytes.size() - at - 2;
        bytes[at] = static_cast<std::uint8_t>(size >> 8);
        bytes[at + 1] = static_cast<std::uint8_t>(size);
        ++bytes[section + 1];
        return *this;
    }
    std::vector<std::uint8_t> bytes;
};

const Question address{RecordType::A, "sip.example.com"};
const Question services{RecordType::Srv, "_sip._udp.example.com"};
const Question pointers{RecordType::Naptr, "example.com"};

TEST(DnsMessage, AddressesWithTheShortestLifetime) {
    Message message(address);
    message.record("sip.example.com", 1, 300, [](Message& m) { m.octets({192, 0, 2, 1}); });
    message.record("SIP.Example.Com", 1, 60, [](Message& m) { m.octets({192, 0, 2, 2}); });
    const auto answer = read_dns_answer(message.bytes, address);
    EXPECT_EQ(answer.outcome, Outcome::Records);
    EXPECT_THAT(answer.addresses, ElementsAre(ip("192.0.2.1"), ip("192.0.2.2")));
    EXPECT_EQ(answer.lifetime, 60s);
}

TEST(DnsMessage, SixthVersion) {
    const Question question{RecordType::Aaaa, "sip.example.com"};
    Message message(question);
    message.record("sip.example.com", 28, 300, [](Message& m) {
        m.octets({0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
    });
    EXPECT_THAT(read_dns_answer(message.bytes, question).addresses, ElementsAre(ip("2001:db8::1")));
}

TEST(DnsMessage, ServicesAndTheRoot) {
    Message message(services);
    message.record("_sip._udp.example.com", 33, 300,
                   [](Message& m) { m.word(10).word(20).word(5060).name("Server1.example.com"); });
    message.record("_sip._udp.example.com", 33, 300,
                   [](Message& m) { m.word(0).word(0).word(0).name(""); });
    const auto answer = read_dns_answer(message.bytes, services);
    EXPECT_THAT(answer.srv,
                ElementsAre(dns::Srv{10, 20, 5060, "server1.example.com"}, dns::Srv{0, 0, 0, ""}));
}

TEST(DnsMessage, Pointers) {
    Message message(pointers);
    message.record("example.com", 35, 300, [](Message& m) {
        m.word(50).word(60).text("s").text("SIPS+D2T").text("").name("_sips._tcp.example.com");
    });
    EXPECT_THAT(read_dns_answer(message.bytes, pointers).naptr,
                ElementsAre(dns::Naptr{50, 60, "s", "SIPS+D2T", "", "_sips._tcp.example.com"}));
}

TEST(DnsMessage, AliasesWithinTheMessageAreFollowed) {
    Message message(address);
    message.record("sip.example.com", 5, 30, [](Message& m) { m.name("a.example.com"); });
    message.record("a.example.com", 5, 300, [](Message& m) { m.name("b.example.com"); });
    message.record("b.example.com", 1, 300, [](Message& m) { m.octets({192, 0, 2, 3}); });
    const auto answer = read_dns_answer(message.bytes, address);
    EXPECT_THAT(answer.addresses, ElementsAre(ip("192.0.2.3")));
    EXPECT_EQ(answer.lifetime, 30s);
    EXPECT_EQ(answer.alias, "");
}

TEST(DnsMessage, AliasThatLeadsOutOfTheMessageIsTold) {
    Message message(address);
    message.record("sip.example.com", 5, 30, [](Message& m) { m.name("a.example.org"); });
    const auto answer = read_dns_answer(message.bytes, address);
    EXPECT_EQ(answer.outcome, Outcome::Records);
    EXPECT_EQ(answer.alias, "a.example.org");
}

TEST(DnsMessage, CircleOfAliasesEnds) {
    Message message(address);
    message.record("sip.example.com", 5, 30, [](Message& m) { m.name("a.example.com"); });
    message.record("a.example.com", 5, 30, [](Message& m) { m.name("sip.example.com"); });
    EXPECT_THAT(read_dns_answer(message.bytes, address).addresses, IsEmpty());
}

TEST(DnsMessage, RecordOfAnotherNameIsNotTheAnswer) {
    Message message(address);
    message.record("evil.example.com", 1, 300, [](Message& m) { m.octets({192, 0, 2, 66}); });
    EXPECT_EQ(read_dns_answer(message.bytes, address).outcome, Outcome::NoRecords);
}

TEST(DnsMessage, NameThatNoHostHasIsLeftOut) {
    Message message(services);
    message.record("_sip._udp.example.com", 33, 300,
                   [](Message& m) { m.word(0).word(0).word(1).text("a\r\nb").octets({0}); });
    EXPECT_THAT(read_dns_answer(message.bytes, services).srv, IsEmpty());
}

// RFC 2308 §5.
TEST(DnsMessage, NothingHoldsAsLongAsTheSoaSays) {
    for (const std::uint8_t code : {std::uint8_t{0}, std::uint8_t{3}}) {
        Message message(address, code);
        message.record(
            "example.com", 6, 900,
            [](Message& m) {
                m.name("ns.example.com").name("root.example.com");
                m.octets(std::vector<std::uint8_t>(16, 0)).word(0).word(120);
            },
            8);
        const auto answer = read_dns_answer(message.bytes, address);
        EXPECT_EQ(answer.outcome, Outcome::NoRecords);
        EXPECT_EQ(answer.lifetime, 120s);
    }
}

TEST(DnsMessage, ServerThatCannotSayFails) {
    EXPECT_EQ(read_dns_answer(Message(address, 2).bytes, address).outcome, Outcome::Failed);
    EXPECT_EQ(read_dns_answer(Message(address, 5).bytes, address).outcome, Outcome::Failed);
    EXPECT_EQ(read_dns_answer({}, address).outcome, Outcome::Failed);
}

TEST(DnsMessage, CompressedNameThatPointsAtItselfFails) {
    Message message(address);
    const auto here = static_cast<std::uint8_t>(message.bytes.size());
    message.octets({0xc0, here, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1});
    ++message.bytes[7];
    EXPECT_EQ(read_dns_answer(message.bytes, address).outcome, Outcome::Failed);
}

TEST(DnsMessage, CompressedNameIsReadWhereItPoints) {
    Message message(address);
    message.octets({0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1});
    ++message.bytes[7];
    EXPECT_THAT(read_dns_answer(message.bytes, address).addresses, ElementsAre(ip("192.0.2.1")));
}

// Cut anywhere or with any octet changed, it is read to an end and nothing beyond it is looked at.
TEST(DnsMessage, BrokenMessagesDoNoHarm) {
    Message message(services);
    for (int i = 0; i < 4; ++i) {
        message.record("_sip._udp.example.com", 33, 300, [](Message& m) {
            m.word(10).word(20).word(5060).name("server1.example.com");
        });
    }
    for (std::size_t size = 0; size < message.bytes.size(); ++size) {
        const std::vector<std::uint8_t> cut(message.bytes.begin(),
                                            message.bytes.begin() + static_cast<long>(size));
        EXPECT_EQ(read_dns_answer(cut, services).outcome, Outcome::Failed) << size;
    }
    SeededRandom random(5);
    for (int i = 0; i < 20'000; ++i) {
        auto bytes = message.bytes;
        for (int n = 0; n < 3; ++n) {
            bytes[random.number() % bytes.size()] = static_cast<std::uint8_t>(random.number());
        }
        EXPECT_LE(read_dns_answer(bytes, services).srv.size(), 256U);
    }
}

}  // namespace
}  // namespace ringwall::net
