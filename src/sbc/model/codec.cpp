#include "sbc/model/codec.h"

#include <libyang/libyang.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <utility>

#include "base/endpoint.h"
#include "base/text.h"
#include "sbc/model/word_values.h"
#include "sip/uri/uri.h"

namespace ringwall::sbc::model {
namespace {

using Words = std::span<const std::string>;
using Decoding = Result<Decoded, CodecFault>;

auto wrong(std::size_t word, const std::string& text, std::string_view sentence) {
    return fail(CodecFault{word, shown(text) + " " + std::string(sentence)});
}

// ---- addresses ------------------------------------------------------------------------------

Result<IpAddress::Family, CodecFault> family_of(Words words, const std::string& command) {
    if (words[0] == "ipv4" || words[0] == "ipv6") {
        if (words.size() < 2) {
            return fail(CodecFault{1, "'" + command + " " + words[0] + "' needs an address"});
        }
        return words[0] == "ipv4" ? IpAddress::Family::V4 : IpAddress::Family::V6;
    }
    return wrong(0, words[0], "is no value of '" + command + "'; use ipv4 or ipv6");
}

Result<IpAddress, CodecFault> address(Words words, std::size_t at, const std::string& text,
                                      IpAddress::Family family) {
    const auto parsed = IpAddress::parse(text);
    if (!parsed || parsed->family != family) {
        return wrong(at, words[at],
                     family == IpAddress::Family::V4
                         ? "is no IPv4 address; write it like 192.0.2.1"
                         : "is no IPv6 address; write it like 2001:db8::1");
    }
    return *parsed;
}

Decoding read_address(const std::string& command, Words words) {
    const auto family = TRY(family_of(words, command));
    const IpAddress local = TRY(address(words, 1, words[1], family));
    if (local.is_unspecified() || local.is_broadcast_or_multicast()) {
        return wrong(1, words[1], "is no address of a host; give one address of this machine");
    }
    return Decoded{local.to_string(), 2};
}

Decoding read_network(const std::string& command, Words words) {
    const auto family = TRY(family_of(words, command));
    Network network;
    std::size_t used = 2;
    if (family == IpAddress::Family::V4) {
        if (words.size() < 3) {
            return wrong(2, words[1], "lacks its mask; write: " + command + " ipv4 NET MASK");
        }
        used = 3;
        network.address = TRY(address(words, 1, words[1], family));
        const auto prefix = prefix_of_mask(TRY(address(words, 2, words[2], family)));
        if (!prefix) {
            return wrong(2, words[2],
                         "is no mask: its ones must stand together, as in 255.255.255.0");
        }
        network.prefix_length = *prefix;
    } else {
        const std::size_t slash = words[1].find('/');
        const auto prefix = slash == std::string::npos
                                ? std::nullopt
                                : parse_number(std::string_view(words[1]).substr(slash + 1), 128);
        if (!prefix) {
            return wrong(1, words[1], "is no IPv6 network; write it like 2001:db8::/32");
        }
        network.address = TRY(address(words, 1, words[1].substr(0, slash), family));
        network.prefix_length = static_cast<std::uint8_t>(*prefix);
    }
    if (!is_network_address(network)) {
        return wrong(1, words[1],
                     "has bits outside of its mask; write the address of the network, or the mask "
                     "of a single host");
    }
    return Decoded{network.address.to_string() + "/" + std::to_string(network.prefix_length), used};
}

std::string mask_of(std::uint64_t prefix_length) {
    const std::uint64_t bits = prefix_length == 0 ? 0 : 0xffff'ffffULL << (32 - prefix_length);
    return std::to_string((bits >> 24) & 0xff) + "." + std::to_string((bits >> 16) & 0xff) + "." +
           std::to_string((bits >> 8) & 0xff) + "." + std::to_string(bits & 0xff);
}

// ---- names ----------------------------------------------------------------------------------

Decoding read_host_name(const std::string&, Words words) {
    auto host = host_name(words[0]);
    if (!host) {
        return wrong(0, words[0], "is no domain name; write it like example.com");
    }
    return Decoded{std::move(*host)};
}

Decoding read_host(const std::string&, Words words) {
    if (const auto literal = IpAddress::parse(words[0])) {
        return Decoded{literal->to_string()};
    }
    auto host = host_name(words[0]);
    if (!host) {
        return wrong(0, words[0], "is neither a host name nor an address");
    }
    return Decoded{std::move(*host)};
}

// As it stands in a URI.
Decoding read_own_host(const std::string& command, Words words) {
    Decoded host = TRY(read_host(command, words));
    if (host.value.find(':') != std::string::npos) {
        host.value = "[" + host.value + "]";
    }
    return host;
}

// Escaped as in a URI, in one way only. Not shown where it is wrong: a password may have slipped in
// ("alice:secret@example.com").
Decoding read_user(const std::string& command, Words words) {
    const auto user = canonical_user(words[0]);
    if (!user) {
        return fail(CodecFault{0, "'" + command +
                                      "' needs an address-of-record like alice@example.com, "
                                      "without port, password or parameters"});
    }
    const std::size_t at = user->rfind('@');
    return Decoded{sip::escape_user(user->substr(0, at)) + user->substr(at)};
}

Decoding read_registered_user(const std::string& command, Words words) {
    Decoded user = TRY(read_user(command, words));
    if (words[0].starts_with("sips:")) {
        user.value = "sips:" + user.value;
    }
    return user;
}

struct Codec {
    std::string_view name;
    Decoding (*read)(const std::string& command, Words words);
};
constexpr std::array codecs{Codec{"address", read_address},
                            Codec{"network", read_network},
                            Codec{"host-name", read_host_name},
                            Codec{"host", read_host},
                            Codec{"own-host", read_own_host},
                            Codec{"user", read_user},
                            Codec{"registered-user", read_registered_user}};

// ---- words that are the value ---------------------------------------------------------------

const lysc_type& type_of(const lysc_node& leaf) {
    return leaf.nodetype == LYS_LEAFLIST ? *reinterpret_cast<const lysc_node_leaflist&>(leaf).type
                                         : *reinterpret_cast<const lysc_node_leaf&>(leaf).type;
}

const lysc_range* range_of(const lysc_type& type) {
    if (type.basetype == LY_TYPE_UINT16 || type.basetype == LY_TYPE_UINT32) {
        return reinterpret_cast<const lysc_type_num&>(type).range;
    }
    if (type.basetype == LY_TYPE_UNION) {
        auto* const* types = reinterpret_cast<const lysc_type_union&>(type).types;
        for (LY_ARRAY_COUNT_TYPE i = 0; i < LY_ARRAY_COUNT(types); ++i) {
            if (const lysc_range* range = range_of(*types[i])) {
                return range;
            }
        }
    }
    return nullptr;
}

// Of a number: what its range says, or all that the type can hold.
struct Bounds {
    std::uint64_t least = 0;
    std::uint64_t most = 0;
};
std::optional<Bounds> bounds_of(const lysc_type& type) {
    if (const lysc_range* range = range_of(type)) {
        return Bounds{range->parts[0].min_u64, range->parts[0].max_u64};
    }
    if (type.basetype == LY_TYPE_UINT16) {
        return Bounds{0, std::numeric_limits<std::uint16_t>::max()};
    }
    if (type.basetype == LY_TYPE_UINT32) {
        return Bounds{0, std::numeric_limits<std::uint32_t>::max()};
    }
    return std::nullopt;
}

const char* message_of(const lysc_type& type) {
    if (const lysc_range* range = range_of(type)) {
        return range->emsg;
    }
    if (type.basetype == LY_TYPE_STRING) {
        const auto& text = reinterpret_cast<const lysc_type_str&>(type);
        if (LY_ARRAY_COUNT(text.patterns) != 0) {
            return text.patterns[0]->emsg;
        }
    }
    return nullptr;
}

bool is_value_of(const Argument& argument, const std::string& word) {
    return lyd_value_validate(Schema::instance().context(), argument.leaf, word.c_str(),
                              word.size(), nullptr, nullptr, nullptr) == LY_SUCCESS;
}

// A choice may be written by its beginning.
const std::string* chosen(const Argument& argument, const std::string& word) {
    const std::string* found = nullptr;
    for (const Argument::Word& each : argument.words) {
        if (each.word == word) {
            return &each.word;
        }
        if (!word.empty() && each.word.starts_with(word)) {
            if (found != nullptr) {
                return nullptr;
            }
            found = &each.word;
        }
    }
    return found;
}

std::string sentence_for(const Argument& argument, const std::string& command,
                         const std::string& word) {
    if (word.empty()) {
        return "'" + command + "' must not be empty";
    }
    if (argument.is_secret) {
        return "the value of '" + command + "' cannot be used";
    }
    const lysc_type& type = type_of(*argument.leaf);
    if (const char* message = message_of(type)) {
        return shown(word) + " " + message;
    }
    if (const auto bounds = bounds_of(type)) {
        std::string sentence = shown(word) + " does not fit '" + command + "'; use a number from " +
                               std::to_string(bounds->least) + " to " +
                               std::to_string(bounds->most);
        for (const Argument::Word& each : argument.words) {
            sentence += ", or " + each.word;
        }
        return sentence;
    }
    std::vector<std::string_view> words;
    words.reserve(argument.words.size());
    for (const Argument::Word& each : argument.words) {
        words.push_back(each.word);
    }
    return shown(word) + " is no value of '" + command + "'" +
           (words.empty() ? "" : "; " + one_of(words));
}

}  // namespace

Result<Decoded, CodecFault> decode(const Argument& argument, const std::string& command,
                                   std::span<const std::string> words) {
    if (const std::string* word = chosen(argument, words[0])) {
        return Decoded{*word};
    }
    std::string value = words[0];
    std::size_t used = 1;
    const auto codec = std::ranges::find(codecs, argument.reads, &Codec::name);
    if (codec != codecs.end()) {
        Decoded decoded = TRY(codec->read(command, words));
        value = std::move(decoded.value);
        used = decoded.words;
    }
    if (!is_value_of(argument, value)) {
        return fail(CodecFault{0, sentence_for(argument, command, words[0])});
    }
    return Decoded{std::move(value), used};
}

std::vector<std::string> encode(const Argument& argument, const std::string& value) {
    const bool is_v6 = value.find(':') != std::string::npos;
    if (argument.reads == "address") {
        return {is_v6 ? "ipv6" : "ipv4", value};
    }
    if (argument.reads == "network") {
        const std::size_t slash = value.find('/');
        if (is_v6 || slash == std::string::npos) {
            return {"ipv6", value};
        }
        const auto length = parse_number(std::string_view(value).substr(slash + 1), 32);
        return {"ipv4", value.substr(0, slash), mask_of(length.value_or(32))};
    }
    return {value};
}

}  // namespace ringwall::sbc::model
