#include "sip/header/subscription_state.h"

#include "base/text.h"
#include "sip/grammar.h"
#include "sip/uri/uri.h"

namespace ringwall::sip {

bool SubscriptionState::is_terminated() const {
    return equals_ignoring_case(state, "terminated");
}

// substate-value *( SEMI subexp-params )
Result<SubscriptionState, ParseError> parse_subscription_state(std::string_view text) {
    const std::size_t end = grammar::skip(grammar::Chars::Token, text, 0);
    if (end == 0 || !grammar::is_parameters(text.substr(end))) {
        return fail(ParseError{ParseFault::BadParameter, end});
    }
    SubscriptionState value;
    value.state = text.substr(0, end);
    const Parameters parameters{text.substr(end)};
    value.reason = parameters.find("reason").value_or("");
    if (const auto number = parse_number(parameters.find("expires").value_or(""), UINT32_MAX)) {
        value.expires = static_cast<std::uint32_t>(*number);
    }
    return value;
}

}  // namespace ringwall::sip
