// The one question of the console whose answer is a secret: a new password, asked for twice, so
// that neither a slip of the finger nor a command is taken for one. It is in no reply, history or
// log; what becomes of it is the business of whoever asked.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/secret.h"
#include "sbc/console/answer.h"

namespace ringwall::sbc::console {

class PasswordQuestion {
public:
    using Take = std::function<Answer(const Secret& password)>;

    void ask(std::string whose, Take take);
    bool is_open() const { return take_ != nullptr; }
    std::string prompt() const;
    // The next line. Nothing, or two that are not the same: nothing is done.
    Answer answer(std::string_view line);

private:
    std::string whose_;
    Take take_;
    Secret first_;
};

}  // namespace ringwall::sbc::console
