#include "engine/siblings.h"

#include <string_view>

#include "base/text.h"
#include "sip/grammar.h"

namespace ringwall::engine {
namespace {

// Of the dialog that an INVITE is to replace: ours is the To tag there (RFC 3891 §3).
std::optional<Bucket> bucket_of_replaced(const sip::Message& invite) {
    const sip::HeaderLine* const replaces = invite.header(sip::HeaderName::Replaces);
    if (replaces == nullptr) {
        return std::nullopt;
    }
    std::string_view rest = replaces->value;
    rest.remove_prefix(std::min(rest.find(';'), rest.size()));
    while (const auto parameter = sip::grammar::next_parameter(rest)) {
        if (equals_ignoring_case(parameter->name, "to-tag")) {
            return bucket_of(parameter->value);
        }
    }
    return std::nullopt;
}

}  // namespace

std::optional<Bucket> owner_named_by(const sip::Message& message) {
    if (!message.is_request()) {
        constexpr std::string_view cookie = "z9hG4bK";
        const std::string_view branch = message.top_via().branch();
        return branch.starts_with(cookie) ? bucket_of(branch.substr(cookie.size())) : std::nullopt;
    }
    if (!message.to_tag().empty()) {
        return bucket_of(message.to_tag());
    }
    return message.method() == sip::Method::Invite ? bucket_of_replaced(message) : std::nullopt;
}

Bucket Place::new_bucket(Random& random) const {
    const unsigned step = count();
    const unsigned own = (bucket_count - number + step - 1) / step;
    return {static_cast<std::uint8_t>(random.number() % own * step + number)};
}

}  // namespace ringwall::engine
