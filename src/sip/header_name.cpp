// The names of the header fields that we know, and a hash table over them made by the compiler.
#include <array>

#include "base/text.h"
#include "sip/message.h"

namespace ringwall::sip {
namespace {

// In the order of HeaderName.
constexpr std::array<std::string_view, header_name_count> full_names{
    "Via",
    "From",
    "To",
    "Call-ID",
    "CSeq",
    "Contact",
    "Route",
    "Record-Route",
    "Max-Forwards",
    "Content-Length",
    "Content-Type",
    "Content-Encoding",
    "Content-Disposition",
    "Expires",
    "Min-Expires",
    "Require",
    "Proxy-Require",
    "Supported",
    "Unsupported",
    "Allow",
    "Accept",
    "Authorization",
    "Proxy-Authorization",
    "WWW-Authenticate",
    "Proxy-Authenticate",
    "Authentication-Info",
    "Path",
    "Service-Route",
    "P-Asserted-Identity",
    "P-Preferred-Identity",
    "Privacy",
    "Identity",
    "Refer-To",
    "Referred-By",
    "Replaces",
    "Event",
    "Subscription-State",
    "Session-Expires",
    "Min-SE",
    "RAck",
    "RSeq",
    "Retry-After",
    "Warning",
    "Reason",
    "Date",
    "Timestamp",
    "User-Agent",
    "Server",
    "Subject",
    "Organization",
    "Alert-Info",
    "Call-Info",
    "Error-Info",
    "In-Reply-To",
    "Priority",
    "MIME-Version",
    "Allow-Events",
    "Accept-Contact",
    "Reject-Contact",
    "Request-Disposition",
    "Identity-Info",
    "",
};
static_assert(full_names[static_cast<std::size_t>(HeaderName::IdentityInfo)] == "Identity-Info");
static_assert(full_names[static_cast<std::size_t>(HeaderName::Reason)] == "Reason");

struct CompactForm {
    char letter;
    HeaderName id;
};
constexpr std::array compact_forms{
    CompactForm{'a', HeaderName::AcceptContact},   CompactForm{'b', HeaderName::ReferredBy},
    CompactForm{'c', HeaderName::ContentType},     CompactForm{'d', HeaderName::RequestDisposition},
    CompactForm{'e', HeaderName::ContentEncoding}, CompactForm{'f', HeaderName::From},
    CompactForm{'i', HeaderName::CallId},          CompactForm{'j', HeaderName::RejectContact},
    CompactForm{'k', HeaderName::Supported},       CompactForm{'l', HeaderName::ContentLength},
    CompactForm{'m', HeaderName::Contact},         CompactForm{'n', HeaderName::IdentityInfo},
    CompactForm{'o', HeaderName::Event},           CompactForm{'r', HeaderName::ReferTo},
    CompactForm{'s', HeaderName::Subject},         CompactForm{'t', HeaderName::To},
    CompactForm{'u', HeaderName::AllowEvents},     CompactForm{'v', HeaderName::Via},
    CompactForm{'x', HeaderName::SessionExpires},  CompactForm{'y', HeaderName::Identity},
};

constexpr std::size_t table_size = 256;

// Case does not matter: 0x20 is set in every character that counts.
constexpr std::size_t hash(std::string_view name) {
    const auto letter = [name](std::size_t at) {
        return static_cast<std::size_t>(static_cast<unsigned char>(name[at]) | 0x20U);
    };
    const std::size_t middle = name.size() / 2;
    return (name.size() * 7 + letter(0) * 31 + letter(middle) * 5 + letter(name.size() - 1) * 3) %
           table_size;
}

// Open addressing: an entry stands at its hash or in the next free place. 255: free.
constexpr std::array<std::uint8_t, table_size> make_table() {
    std::array<std::uint8_t, table_size> table{};
    table.fill(255);
    for (std::size_t id = 0; id + 1 < full_names.size(); ++id) {
        std::size_t at = hash(full_names[id]);
        while (table[at] != 255) {
            at = (at + 1) % table_size;
        }
        table[at] = static_cast<std::uint8_t>(id);
    }
    return table;
}
constexpr std::array<std::uint8_t, table_size> table = make_table();

constexpr std::array<HeaderName, 26> make_compact_table() {
    std::array<HeaderName, 26> letters{};
    letters.fill(HeaderName::Other);
    for (const CompactForm& form : compact_forms) {
        letters[static_cast<std::size_t>(form.letter - 'a')] = form.id;
    }
    return letters;
}
constexpr std::array<HeaderName, 26> compact_table = make_compact_table();

}  // namespace

HeaderName parse_header_name(std::string_view text) {
    if (text.size() <= 1) {
        return !text.empty() && is_alpha(text.front())
                   ? compact_table[static_cast<std::size_t>(to_lower(text.front()) - 'a')]
                   : HeaderName::Other;
    }
    for (std::size_t at = hash(text); table[at] != 255; at = (at + 1) % table_size) {
        const std::string_view name = full_names[table[at]];
        if (name == text || equals_ignoring_case(name, text)) {  // most write it as we do
            return static_cast<HeaderName>(table[at]);
        }
    }
    return HeaderName::Other;
}

std::string_view to_string(HeaderName name) {
    return full_names[static_cast<std::size_t>(name)];
}

}  // namespace ringwall::sip
