#include "sbc/console/password_question.h"

#include <utility>

#include "sbc/model/tree.h"

namespace ringwall::sbc::console {

void PasswordQuestion::ask(std::string whose, Take take) {
    whose_ = std::move(whose);
    take_ = std::move(take);
    first_ = {};
}

std::string PasswordQuestion::prompt() const {
    return (first_.empty() ? "Password for " : "Again the password for ") + whose_ + ": ";
}

Answer PasswordQuestion::answer(std::string_view line) {
    constexpr std::string_view replaced = "\xEF\xBF\xBD";  // what is no character comes as this one
    Secret said{std::string(line)};
    const bool is_text = line.find(replaced) == std::string_view::npos;
    if (first_.empty() && !said.empty() && is_text) {
        first_ = std::move(said);
        return {};
    }
    const Take take = std::exchange(take_, nullptr);
    const Secret first = std::exchange(first_, Secret());
    if (said.empty()) {
        return {.fault = "no password was given; nothing was changed"};
    }
    if (said.reveal() == model::hidden_secret) {
        return {.fault =
                    "'***' stands where a password is not shown, and is none; nothing was "
                    "changed"};
    }
    if (!is_text) {
        return {.fault = "the password holds octets that are no UTF-8; nothing was changed"};
    }
    if (said != first) {
        return {.fault = "the two passwords are not the same; nothing was changed"};
    }
    return take(first);
}

}  // namespace ringwall::sbc::console
