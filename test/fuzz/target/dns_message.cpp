// Answers of name servers. The first octet is the question, the rest the message. What was read
// answers the question, within its limits; written again without compression it reads the same.
#include "net/dns_message.h"

#include <algorithm>
#include <string>

#include "base/check.h"
#include "base/text.h"
#include "fuzz/input.h"
#include "fuzz/target.h"

namespace ringwall::fuzz {
namespace {

using dns::Answer;
using dns::Outcome;
using dns::Question;
using dns::RecordType;

constexpr std::uint16_t type_cname = 5;
constexpr std::uint16_t type_soa = 6;

bool is_plain(const std::string& name) {
    return name.size() < 255 && std::ranges::all_of(name, [](char c) {
               return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-' || c == '_' || c == '.';
           });
}

bool is_same(const Answer& a, const Answer& b) {
    return a.outcome == b.outcome && a.addresses == b.addresses && a.srv == b.srv &&
           a.naptr == b.naptr && a.alias == b.alias && a.lifetime == b.lifetime;
}

class Writer {
public:
    Writer& word(std::size_t value) { return octet(value >> 8).octet(value); }
    Writer& long_word(std::size_t value) { return word(value >> 16).word(value); }
    Writer& text(std::string_view value) {
        octet(value.size());
        octets.insert(octets.end(), value.begin(), value.end());
        return *this;
    }
    Writer& name(std::string_view value) {
        while (!value.empty()) {
            const std::size_t dot = std::min(value.find('.'), value.size());
            text(value.substr(0, dot));
            value.remove_prefix(std::min(dot + 1, value.size()));
        }
        return octet(0);
    }
    Writer& octet(std::size_t value) {
        octets.push_back(static_cast<std::uint8_t>(value));
        return *this;
    }
    // Of class Internet; `data` is what it says.
    Writer& record(const std::string& owner, std::uint16_t type, Duration lifetime,
                   const Writer& data) {
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(lifetime).count();
        name(owner).word(type).word(1).long_word(static_cast<std::size_t>(seconds));
        word(data.octets.size());
        octets.insert(octets.end(), data.octets.begin(), data.octets.end());
        return *this;
    }
    std::vector<std::uint8_t> octets;
};

std::vector<Writer> records_of(const Answer& answer) {
    std::vector<Writer> out;
    for (const IpAddress& address : answer.addresses) {
        Writer& one = out.emplace_back();
        const std::size_t size = address.family == IpAddress::Family::V4 ? 4 : 16;
        std::for_each_n(address.bytes.begin(), size, [&](std::uint8_t each) { one.octet(each); });
    }
    for (const dns::Srv& srv : answer.srv) {
        out.emplace_back().word(srv.priority).word(srv.weight).word(srv.port).name(srv.target);
    }
    for (const dns::Naptr& naptr : answer.naptr) {
        Writer& one = out.emplace_back();
        one.word(naptr.order).word(naptr.preference);
        one.text(naptr.flags).text(naptr.service).text(naptr.regexp).name(naptr.replacement);
    }
    return out;
}

std::vector<std::uint8_t> written(const Question& question, const Answer& answer) {
    const auto records = records_of(answer);
    const std::size_t answers = answer.alias.empty() ? records.size() : 1;
    const bool is_nothing = answer.outcome == Outcome::NoRecords;
    Writer out;
    out.word(1).word(0x8180).word(1).word(answers).word(is_nothing ? 1 : 0).word(0);
    out.name(question.name).word(net::number_of(question.type)).word(1);
    for (const Writer& data : records) {
        out.record(question.name, net::number_of(question.type), answer.lifetime, data);
    }
    if (!answer.alias.empty()) {
        out.record(question.name, type_cname, answer.lifetime, Writer().name(answer.alias));
    }
    if (is_nothing) {
        const auto minimum = std::chrono::duration_cast<std::chrono::seconds>(answer.lifetime);
        Writer data;
        data.name("a").name("b").long_word(1).long_word(1).long_word(1).long_word(1);
        data.long_word(static_cast<std::size_t>(minimum.count()));
        out.record("com", type_soa, answer.lifetime, data);
    }
    return out.octets;
}

void check(const Question& question, const Answer& answer) {
    const bool is_address = question.type == RecordType::A || question.type == RecordType::Aaaa;
    CHECK(answer.addresses.empty() || is_address);
    CHECK(answer.srv.empty() || question.type == RecordType::Srv);
    CHECK(answer.naptr.empty() || question.type == RecordType::Naptr);
    const std::size_t count = answer.addresses.size() + answer.srv.size() + answer.naptr.size();
    CHECK(count <= 256);
    CHECK(answer.alias.empty() || count == 0);
    CHECK((answer.outcome == Outcome::Records) == (count > 0 || !answer.alias.empty()));
    CHECK(answer.lifetime >= 0s && answer.lifetime <= std::chrono::seconds(0x7fffffff));
    CHECK(is_plain(answer.alias) && answer.alias != question.name);
    for (const IpAddress& address : answer.addresses) {
        CHECK((address.family == IpAddress::Family::V4) == (question.type == RecordType::A));
    }
    CHECK(std::ranges::all_of(answer.srv, [](const auto& srv) { return is_plain(srv.target); }));
    CHECK(std::ranges::all_of(answer.naptr,
                              [](const auto& naptr) { return is_plain(naptr.replacement); }));
}

}  // namespace

void run(std::string_view octets) {
    Input input(octets);
    const Question question{
        input.one_of({RecordType::A, RecordType::Aaaa, RecordType::Srv, RecordType::Naptr}),
        "a.example.com"};
    const std::string_view rest = input.rest();
    const Answer answer = net::read_dns_answer(
        {reinterpret_cast<const std::uint8_t*>(rest.data()), rest.size()}, question);
    check(question, answer);
    if (answer.outcome == Outcome::Failed) {
        CHECK(is_same(answer, Answer{}));
        return;
    }
    CHECK(is_same(net::read_dns_answer(written(question, answer), question), answer));
}

}  // namespace ringwall::fuzz
