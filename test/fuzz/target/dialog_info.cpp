// Documents of RFC 4235, one after the other, with a NUL between them: what cannot be read changes
// nothing, and what rings is what the lamp says.
#include "phone/dialog_info.h"

#include "base/check.h"
#include "base/text.h"
#include "fuzz/target.h"

namespace ringwall::fuzz {

void run(std::string_view octets) {
    using State = phone::DialogInfo::State;
    phone::DialogInfo dialogs;
    for (const std::string_view body : split(octets, '\0')) {
        const State before = dialogs.state();
        const bool is_taken = dialogs.take(body);
        const State after = dialogs.state();
        CHECK(is_taken ? after != State::Unknown : after == before);
        const phone::OtherDialog* const ringing = dialogs.ringing();
        CHECK((ringing != nullptr) == (after == State::Ringing));
        CHECK(ringing == nullptr || ringing->is_recipient);
    }
}

}  // namespace ringwall::fuzz
