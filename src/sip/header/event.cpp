#include "sip/header/event.h"

#include "sip/grammar.h"

namespace ringwall::sip {

// event-type *( SEMI event-param ); the dots of templates are token characters.
Result<Event, ParseError> parse_event(std::string_view text) {
    const std::size_t end = grammar::skip(grammar::Chars::Token, text, 0);
    if (end == 0 || !grammar::is_parameters(text.substr(end))) {
        return fail(ParseError{ParseFault::BadParameter, end});
    }
    Event event;
    event.package = text.substr(0, end);
    event.parameters = Parameters{text.substr(end)};
    event.id = event.parameters.find("id").value_or("");
    return event;
}

bool is_same_event(const Event& a, const Event& b) {
    return a.package == b.package && a.id == b.id;
}

}  // namespace ringwall::sip
