#include "sbc/registrar/registrar_behind.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "sbc/registrar/contact_parameters.h"
#include "sbc/registrar/outbound.h"
#include "sip/auth/hash.h"
#include "sip/header/name_addr.h"
#include "sip/limits.h"
#include "sip/uri/uri.h"

namespace ringwall::sbc::registrar {
namespace {

constexpr std::string_view token_prefix = "rw-";
constexpr std::size_t token_digits = 32;

std::string hash_of(std::initializer_list<std::string_view> parts) {
    return sip::auth::hash_hex(sip::auth::Algorithm::Sha256, parts).substr(0, token_digits);
}

// A registrar that lists contacts but not ours has not bound it; one that lists none has bound all.
// None: what it says of ours cannot be read. RFC 3261 §10.2.1.1 has a phone's malformed `expires`
// mean an hour; what is granted is not guessed at. What it says of others is not looked at.
std::optional<std::uint32_t> granted_by(const sip::Message& response, std::string_view token,
                                        std::uint32_t asked) {
    const auto shortest = [asked](std::optional<std::uint64_t> seconds) {
        return seconds ? std::optional(
                             static_cast<std::uint32_t>(std::min<std::uint64_t>(*seconds, asked)))
                       : std::nullopt;
    };
    std::optional<std::uint32_t> by_header = asked;
    if (response.header(sip::HeaderName::Expires) != nullptr) {
        by_header = shortest(response.expires());
    }
    if (response.header(sip::HeaderName::Contact) == nullptr) {
        return by_header;
    }
    const auto contacts = response.values(sip::HeaderName::Contact);
    bool is_any_unreadable = contacts.empty();
    for (const std::string_view each : contacts) {
        const auto address = sip::parse_name_addr(each);
        if (address && address->uri.user == token) {
            const auto seconds = address->parameters.find("expires");
            return seconds ? shortest(parse_number(*seconds, sip::limits::delta_seconds))
                           : by_header;
        }
        is_any_unreadable = is_any_unreadable || !address;
    }
    return is_any_unreadable ? std::nullopt : std::optional(0U);
}

}  // namespace

std::string contact_token(const sip::Message& request, const sip::Contact& contact) {
    const std::string user = sip::address_of_record(request.to().uri);
    const std::string hash =
        is_flow(contact) && has_outbound(request)
            ? hash_of({user, " ", contact.instance, " ", std::to_string(contact.reg_id)})
            : hash_of({user, " <", contact.address.uri.text, ">"});
    return std::string(token_prefix) + hash;
}

bool is_contact_token(std::string_view user) {
    return user.size() == token_prefix.size() + token_digits && user.starts_with(token_prefix) &&
           user.find_first_not_of("0123456789abcdef", token_prefix.size()) ==
               std::string_view::npos;
}

std::string call_id_behind(const sip::Message& request) {
    return hash_of({"Call-ID ", request.to().uri.text, " ", request.call_id()});
}

std::string from_tag_behind(const sip::Message& request) {
    return hash_of({"tag ", request.from_tag(), " ", request.call_id()});
}

std::uint32_t asked_behind(const Adjacency& adjacency, const sip::Contact& contact) {
    const std::uint32_t ours = adjacency.registration_outgoing_timer;
    const std::uint32_t wanted = contact.expires.value_or(ours);
    return wanted == 0 ? 0 : std::max(wanted, ours);
}

std::vector<ContactBehind> contacts_behind(const sip::Message& request,
                                           const Adjacency& adjacency) {
    std::vector<ContactBehind> out;
    for (const sip::Contact& each : request.contacts().list) {
        out.push_back({contact_token(request, each),
                       ";expires=" + std::to_string(asked_behind(adjacency, each)) +
                           q_parameter(each.q) + instance_parameter(each.instance)});
    }
    return out;
}

std::optional<Behind> granted_behind(std::string token, std::uint32_t asked,
                                     const sip::Message* response, TimePoint now) {
    const auto seconds = response == nullptr || asked == 0 ? std::optional(asked)
                                                           : granted_by(*response, token, asked);
    if (!seconds) {
        return std::nullopt;
    }
    const std::chrono::seconds granted(*seconds);
    return Behind{.token = std::move(token), .expires = now + granted, .granted = granted};
}

std::chrono::seconds expiry_here(const Adjacency& adjacency, sip::Transport transport,
                                 const Behind& behind, TimePoint now) {
    constexpr Duration longest_answer = 32s;  // 64*T1
    const Duration reserve = std::min<Duration>(behind.granted / 10, longest_answer);
    const auto left = std::chrono::floor<std::chrono::seconds>(behind.expires - now - reserve);
    const std::chrono::seconds ours(transport == sip::Transport::Udp
                                        ? adjacency.fast_register_interval
                                        : adjacency.registration_incoming_timer);
    return std::clamp(left, std::chrono::seconds(0), ours);
}

}  // namespace ringwall::sbc::registrar
