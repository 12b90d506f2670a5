#include "net/dns_message.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/text.h"

namespace ringwall::net {
namespace {

constexpr std::uint16_t type_cname = 5;
constexpr std::uint16_t type_soa = 6;
constexpr std::uint16_t class_internet = 1;
constexpr std::size_t max_records = 256;  // that are looked at
constexpr unsigned max_aliases = 8;
constexpr unsigned max_jumps = 64;  // of one compressed name
constexpr std::size_t max_name = 255;
constexpr std::size_t header_size = 12;
constexpr Duration unknown_lifetime = 30s;  // of "nothing there" without an SOA

bool is_of_a_name(char c) {
    return is_alpha(c) || is_digit(c) || c == '-' || c == '_';
}

// Reads on from a place; past the end everything is zero and is_good() false.
class Reader {
public:
    Reader(std::span<const std::uint8_t> message, std::size_t at) : message_(message), at_(at) {}

    bool is_good() const { return is_good_; }
    std::size_t at() const { return at_; }
    std::uint8_t octet() {
        if (at_ >= message_.size()) {
            is_good_ = false;
            return 0;
        }
        return message_[at_++];
    }
    std::uint16_t word() {
        const unsigned high = octet();
        return static_cast<std::uint16_t>(high << 8 | octet());
    }
    std::uint32_t long_word() {
        const std::uint32_t high = word();
        return high << 16 | word();
    }
    void skip(std::size_t count) {
        is_good_ = is_good_ && count <= message_.size() - at_;
        at_ = is_good_ ? at_ + count : message_.size();
    }
    // <character-string>
    std::string text() {
        const std::size_t length = octet();
        std::string out;
        for (std::size_t i = 0; i < length && is_good_; ++i) {
            out.push_back(static_cast<char>(octet()));
        }
        return out;
    }
    std::string name();

private:
    std::span<const std::uint8_t> message_;
    std::size_t at_;
    bool is_good_ = true;
    bool is_plain_ = true;

public:
    // Whether the names so far have only the letters that names of hosts and services have.
    bool is_plain() const { return is_plain_; }
};

// Labels; a pointer leads to where the rest stands (§4.1.4). In lower case, without the final dot.
std::string Reader::name() {
    std::string out;
    std::optional<std::size_t> back;
    for (unsigned jumps = 0; is_good_;) {
        const std::uint8_t length = octet();
        if (length == 0) {
            break;
        }
        if ((length & 0xc0U) == 0xc0U) {
            const std::size_t to = (length & 0x3fU) << 8 | octet();
            is_good_ = is_good_ && ++jumps <= max_jumps && to < message_.size();
            back = back.value_or(at_);
            at_ = to;
            continue;
        }
        is_good_ = is_good_ && length < 64 && out.size() + length < max_name;
        out.append(out.empty() ? "" : ".");
        for (unsigned i = 0; i < length && is_good_; ++i) {
            const char c = to_lower(static_cast<char>(octet()));
            is_plain_ = is_plain_ && is_of_a_name(c);
            out.push_back(c);
        }
    }
    at_ = back.value_or(at_);
    return out;
}

struct Record {
    std::string name;
    std::uint16_t type = 0;
    Duration lifetime{};
    std::size_t data = 0;  // where it begins
    std::size_t size = 0;
};

std::optional<Record> read_record(Reader& reader) {
    Record record;
    record.name = reader.name();
    record.type = reader.word();
    const std::uint16_t its_class = reader.word();
    const std::uint32_t lifetime = reader.long_word();
    // RFC 2181 §8: a lifetime with the top bit set is none.
    record.lifetime = std::chrono::seconds(lifetime > 0x7fffffffU ? 0 : lifetime);
    record.size = reader.word();
    record.data = reader.at();
    reader.skip(record.size);
    if (!reader.is_good()) {
        return std::nullopt;
    }
    if (its_class != class_internet) {
        record.type = 0;
    }
    return record;
}

class AnswerReader {
public:
    AnswerReader(std::span<const std::uint8_t> message, const dns::Question& question)
        : message_(message), question_(question) {}

    dns::Answer read();

private:
    std::vector<Record> read_records(Reader& reader, std::size_t count) const;
    // The name at the end of the aliases, and how long they hold.
    std::string follow(const std::vector<Record>& records, Duration& lifetime) const;
    void take(const Record& record, dns::Answer& out) const;
    Duration lifetime_of_nothing(const std::vector<Record>& authority) const;

    std::span<const std::uint8_t> message_;
    const dns::Question& question_;
};

dns::Answer AnswerReader::read() {
    constexpr unsigned no_such_name = 3;
    dns::Answer out;
    Reader reader(message_, 0);
    reader.word();
    const std::uint16_t flags = reader.word();
    const std::size_t questions = reader.word();
    const std::size_t answers = reader.word();
    const std::size_t authorities = reader.word();
    const unsigned code = flags & 0xfU;
    const bool is_response = (flags & 0x8000U) != 0;
    if (message_.size() < header_size || !is_response || (code != 0 && code != no_such_name)) {
        return out;
    }
    reader.skip(2);
    for (std::size_t i = 0; i < questions && reader.is_good(); ++i) {
        reader.name();
        reader.skip(4);
    }
    const auto records = read_records(reader, answers);
    const auto authority = read_records(reader, authorities);
    if (!reader.is_good()) {
        return out;
    }
    Duration lifetime = Duration::max();
    const std::string name = follow(records, lifetime);
    for (const Record& record : records) {
        if (record.type == number_of(question_.type) && record.name == name) {
            take(record, out);
            lifetime = std::min(lifetime, record.lifetime);
        }
    }
    const bool is_empty = out.addresses.empty() && out.srv.empty() && out.naptr.empty();
    if (is_empty && code == 0 && name != question_.name) {
        out.alias = name;
    }
    out.outcome = is_empty && out.alias.empty() ? dns::Outcome::NoRecords : dns::Outcome::Records;
    out.lifetime =
        out.outcome == dns::Outcome::NoRecords ? lifetime_of_nothing(authority) : lifetime;
    return out;
}

std::vector<Record> AnswerReader::read_records(Reader& reader, std::size_t count) const {
    std::vector<Record> records;
    for (std::size_t i = 0; i < count; ++i) {
        auto record = read_record(reader);
        if (!record) {
            break;
        }
        if (records.size() < max_records) {
            records.push_back(std::move(*record));
        }
    }
    return records;
}

std::string AnswerReader::follow(const std::vector<Record>& records, Duration& lifetime) const {
    std::map<std::string, const Record*> aliases;
    for (const Record& record : records) {
        if (record.type == type_cname) {
            aliases.emplace(record.name, &record);
        }
    }
    std::string name = question_.name;
    for (unsigned i = 0; i < max_aliases; ++i) {
        const auto alias = aliases.find(name);
        if (alias == aliases.end()) {
            break;
        }
        Reader reader(message_, alias->second->data);
        std::string target = reader.name();
        if (!reader.is_good() || !reader.is_plain()) {
            break;
        }
        lifetime = std::min(lifetime, alias->second->lifetime);
        name = std::move(target);
    }
    return name;
}

void AnswerReader::take(const Record& record, dns::Answer& out) const {
    Reader reader(message_, record.data);
    switch (question_.type) {
        case dns::RecordType::A:
        case dns::RecordType::Aaaa: {
            IpAddress address;
            const bool is_v4 = question_.type == dns::RecordType::A;
            address.family = is_v4 ? IpAddress::Family::V4 : IpAddress::Family::V6;
            const std::size_t size = is_v4 ? 4 : 16;
            if (record.size == size) {
                std::generate_n(address.bytes.begin(), size, [&] { return reader.octet(); });
                out.addresses.push_back(address);
            }
            return;
        }
        case dns::RecordType::Srv: {
            dns::Srv srv;
            srv.priority = reader.word();
            srv.weight = reader.word();
            srv.port = reader.word();
            srv.target = reader.name();
            if (reader.is_good() && reader.is_plain()) {
                out.srv.push_back(std::move(srv));
            }
            return;
        }
        case dns::RecordType::Naptr: {
            dns::Naptr naptr;
            naptr.order = reader.word();
            naptr.preference = reader.word();
            naptr.flags = reader.text();
            naptr.service = reader.text();
            naptr.regexp = reader.text();
            naptr.replacement = reader.name();
            if (reader.is_good() && reader.is_plain()) {
                out.naptr.push_back(std::move(naptr));
            }
            return;
        }
    }
}

// RFC 2308 §5: the smaller of the SOA's own lifetime and its MINIMUM.
Duration AnswerReader::lifetime_of_nothing(const std::vector<Record>& authority) const {
    const auto soa = std::ranges::find(authority, type_soa, &Record::type);
    if (soa == authority.end()) {
        return unknown_lifetime;
    }
    Reader reader(message_, soa->data);
    reader.name();
    reader.name();
    reader.skip(16);
    const std::uint32_t minimum = reader.long_word();
    return reader.is_good() ? std::min<Duration>(soa->lifetime, std::chrono::seconds(minimum))
                            : unknown_lifetime;
}

}  // namespace

dns::Answer read_dns_answer(std::span<const std::uint8_t> message, const dns::Question& question) {
    return AnswerReader(message, question).read();
}

std::uint16_t number_of(dns::RecordType type) {
    switch (type) {
        case dns::RecordType::A:
            return 1;
        case dns::RecordType::Aaaa:
            return 28;
        case dns::RecordType::Srv:
            return 33;
        case dns::RecordType::Naptr:
            return 35;
    }
    return 0;
}

}  // namespace ringwall::net
