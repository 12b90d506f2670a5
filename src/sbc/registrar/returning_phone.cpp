#include "sbc/registrar/returning_phone.h"

#include "base/text.h"
#include "sip/uri/uri.h"

namespace ringwall::sbc::registrar {

std::optional<sip::Hop> find_again(std::span<const Binding> bindings, const LostPhone& phone) {
    const auto target = sip::parse_uri(phone.target);
    for (const Binding& binding : bindings) {
        if (binding.adjacency != phone.adjacency ||
            !equals_ignoring_case(binding.instance, phone.instance)) {
            continue;  // another instance is another phone, and so is one that has one all at once
        }
        if (!phone.instance.empty()) {
            return binding.hop;
        }
        const auto contact = sip::parse_uri(binding.contact);
        if (target && contact && target->user == contact->user && target->port == contact->port &&
            equals_ignoring_case(target->host, contact->host)) {
            return binding.hop;
        }
    }
    return std::nullopt;
}

}  // namespace ringwall::sbc::registrar
