// Vertical service activation codes: what *72 and the like ask of the phone.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ringwall::phone {

enum class StarService : std::uint8_t {
    CallReturn,
    BlindTransfer,
    CallBackAct,
    CallBackDeact,
    CfwdAllAct,
    CfwdAllDeact,
    CfwdBusyAct,
    CfwdBusyDeact,
    CfwdNoAnsAct,
    CfwdNoAnsDeact,
    CwAct,
    CwDeact,
    CwPerCallAct,
    CwPerCallDeact,
    BlockCidAct,
    BlockCidDeact,
    BlockCidPerCallAct,
    BlockCidPerCallDeact,
    BlockAncAct,
    BlockAncDeact,
    DndAct,
    DndDeact,
    SecureAllCallAct,
    SecureNoCallAct,
    SecureOneCallAct,
    SecureOneCallDeact,
    Paging,
    CallPark,
    CallPickup,
    CallUnPark,
    GroupCallPickup,
    PreferG711u,
    ForceG711u,
    PreferG711a,
    ForceG711a,
    PreferG722,
    ForceG722,
};

struct StarServiceRow {
    enum class Then : std::uint8_t {
        Nothing,  // it is done
        Number,   // a number belongs to it
        Call,     // it is good for the call whose number follows
    };
    StarService service = StarService::CallReturn;
    std::string_view parameter;  // that says its code
    Then then = Then::Nothing;
    std::string_view needs;  // the parameter that says whether there is such a service, or empty
};
std::span<const StarServiceRow> star_services();

// One that can be dialled.
struct StarCode {
    StarService service = StarService::CallReturn;
    StarServiceRow::Then then = StarServiceRow::Then::Nothing;
    std::string code;  // "*72"
    bool operator==(const StarCode&) const = default;
};

// The code that `keys` begin with, the longest, and what follows it.
struct StarDialled {
    StarCode code;
    std::string_view rest;
};
std::optional<StarDialled> find_star_code(std::span<const StarCode> codes, std::string_view keys);

}  // namespace ringwall::phone
