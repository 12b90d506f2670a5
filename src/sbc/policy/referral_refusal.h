// Why a REFER or a Replaces is refused, where it is not `permit` that says so.
#pragma once

#include <cstdint>
#include <string_view>

namespace ringwall::sbc::policy {

enum class ReferralRefusal : std::uint8_t {
    ReferRefuse,              // `refer refuse` where it comes from
    ReplacesChangesSecurity,  // the newcomer's call is secure or SIPS, and the other is not; or not
    ReplacesByUntrusted,      // who is less trusted than the one that it replaces
    ReplacesOwn,              // `replaces own`, and the dialog is another's
};
// The word in counter, log and record, and the rule itself.
std::string_view to_string(ReferralRefusal refusal);
std::string_view sentence(ReferralRefusal refusal);

}  // namespace ringwall::sbc::policy
