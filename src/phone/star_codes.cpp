#include "phone/star_codes.h"

#include <array>

namespace ringwall::phone {
namespace {

using Row = StarServiceRow;
using Then = Row::Then;

constexpr std::array rows{
    Row{StarService::CallReturn, "Call Return Code", Then::Nothing, ""},
    Row{StarService::BlindTransfer, "Blind Transfer Code", Then::Number, "Blind Transfer Serv"},
    Row{StarService::CallBackAct, "Call Back Act Code", Then::Nothing, "Call Back Serv"},
    Row{StarService::CallBackDeact, "Call Back Deact Code", Then::Nothing, "Call Back Serv"},
    Row{StarService::CfwdAllAct, "Cfwd All Act Code", Then::Number, "Cfwd All Serv"},
    Row{StarService::CfwdAllDeact, "Cfwd All Deact Code", Then::Nothing, "Cfwd All Serv"},
    Row{StarService::CfwdBusyAct, "Cfwd Busy Act Code", Then::Number, "Cfwd Busy Serv"},
    Row{StarService::CfwdBusyDeact, "Cfwd Busy Deact Code", Then::Nothing, "Cfwd Busy Serv"},
    Row{StarService::CfwdNoAnsAct, "Cfwd No Ans Act Code", Then::Number, "Cfwd No Ans Serv"},
    Row{StarService::CfwdNoAnsDeact, "Cfwd No Ans Deact Code", Then::Nothing, "Cfwd No Ans Serv"},
    Row{StarService::CwAct, "CW Act Code", Then::Nothing, ""},
    Row{StarService::CwDeact, "CW Deact Code", Then::Nothing, ""},
    Row{StarService::CwPerCallAct, "CW Per Call Act Code", Then::Call, ""},
    Row{StarService::CwPerCallDeact, "CW Per Call Deact Code", Then::Call, ""},
    Row{StarService::BlockCidAct, "Block CID Act Code", Then::Nothing, "Block CID Serv"},
    Row{StarService::BlockCidDeact, "Block CID Deact Code", Then::Nothing, "Block CID Serv"},
    Row{StarService::BlockCidPerCallAct, "Block CID Per Call Act Code", Then::Call,
        "Block CID Serv"},
    Row{StarService::BlockCidPerCallDeact, "Block CID Per Call Deact Code", Then::Call,
        "Block CID Serv"},
    Row{StarService::BlockAncAct, "Block ANC Act Code", Then::Nothing, "Block ANC Serv"},
    Row{StarService::BlockAncDeact, "Block ANC Deact Code", Then::Nothing, "Block ANC Serv"},
    Row{StarService::DndAct, "DND Act Code", Then::Nothing, "DND Serv"},
    Row{StarService::DndDeact, "DND Deact Code", Then::Nothing, "DND Serv"},
    Row{StarService::SecureAllCallAct, "Secure All Call Act Code", Then::Nothing,
        "Secure Call Serv"},
    Row{StarService::SecureNoCallAct, "Secure No Call Act Code", Then::Nothing, "Secure Call Serv"},
    Row{StarService::SecureOneCallAct, "Secure One Call Act Code", Then::Call, "Secure Call Serv"},
    Row{StarService::SecureOneCallDeact, "Secure One Call Deact Code", Then::Call,
        "Secure Call Serv"},
    Row{StarService::Paging, "Paging Code", Then::Number, "Paging Serv"},
    Row{StarService::CallPark, "Call Park Code", Then::Nothing, "Call Park Serv"},
    Row{StarService::CallPickup, "Call Pickup Code", Then::Number, "Call Pick Up Serv"},
    Row{StarService::CallUnPark, "Call UnPark Code", Then::Nothing, "Call Park Serv"},
    Row{StarService::GroupCallPickup, "Group Call Pickup Code", Then::Nothing,
        "Group Call Pick Up Serv"},
    Row{StarService::PreferG711u, "Prefer G711u Code", Then::Call, ""},
    Row{StarService::ForceG711u, "Force G711u Code", Then::Call, ""},
    Row{StarService::PreferG711a, "Prefer G711a Code", Then::Call, ""},
    Row{StarService::ForceG711a, "Force G711a Code", Then::Call, ""},
    Row{StarService::PreferG722, "Prefer G722 Code", Then::Call, ""},
    Row{StarService::ForceG722, "Force G722 Code", Then::Call, ""},
};

}  // namespace

std::span<const StarServiceRow> star_services() {
    return rows;
}

std::optional<StarDialled> find_star_code(std::span<const StarCode> codes, std::string_view keys) {
    const StarCode* longest = nullptr;
    for (const StarCode& each : codes) {
        if (keys.starts_with(each.code) &&
            (longest == nullptr || longest->code.size() < each.code.size())) {
            longest = &each;
        }
    }
    if (longest == nullptr) {
        return std::nullopt;
    }
    return StarDialled{*longest, keys.substr(longest->code.size())};
}

}  // namespace ringwall::phone
