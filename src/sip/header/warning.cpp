#include "sip/header/warning.h"

#include "sip/grammar.h"
#include "sip/header/quoted_string.h"

namespace ringwall::sip {

// warning-value: warn-code SP warn-agent SP warn-text
Result<Warning, ParseError> parse_warning(std::string_view text) {
    const std::size_t agent = grammar::skip_blanks(text, 3);
    const auto code = parse_number(text.substr(0, 3), 999);
    if (!code || *code < 100 || agent == 3 || agent >= text.size()) {
        return fail(ParseError{ParseFault::BadNumber, 0});
    }
    Warning warning;
    warning.code = static_cast<int>(*code);
    const std::size_t agent_end = grammar::skip(grammar::Chars::Value, text, agent);
    warning.agent = text.substr(agent, agent_end - agent);
    const std::size_t start = grammar::skip_blanks(text, agent_end);
    if (agent == agent_end || start == agent_end || start == text.size() || text[start] != '"' ||
        grammar::skip_quoted(text, start) != text.size()) {
        return fail(ParseError{ParseFault::BadParameter, start});
    }
    warning.text = text.substr(start);
    return warning;
}

std::string warning_value(int code, std::string_view agent, std::string_view text) {
    return std::to_string(code).append(" ").append(agent).append(" ").append(quote(text));
}

}  // namespace ringwall::sip
