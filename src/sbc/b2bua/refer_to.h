// Where one side sends the other: Refer-To, Referred-By and the Contacts of a redirection, for the
// other leg. No host and no dialog of one side is named there.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "sbc/b2bua/dialog_pair.h"
#include "sbc/config/snapshot.h"
#include "sip/header/name_addr.h"
#include "sip/header/replaces.h"
#include "sip/message.h"

namespace ringwall::sbc::b2bua {

// What stands for this dialog, if its to-tag is one that we made.
using Vouch = std::function<std::optional<std::string>(const sip::DialogIds& ids)>;

// The Refer-To of a REFER that came in by `from` and goes on to a peer of `to`, written anew. A
// host of ours or an address becomes our host there; of another host's URI what says how to get
// there stays behind. A Replaces that names a dialog of ours becomes a voucher for it, and its URI
// one of ours, so that the INVITE comes here. None: what it becomes is too long to be read.
std::optional<std::string> refer_to(const sip::NameAddr& original, sip::Scheme scheme,
                                    const Adjacency& from, const Adjacency& to, const Vouch& vouch);
// What passes of a REFER otherwise than it came: that field. None: see there.
std::optional<Changes> refer_changes(const sip::Message& refer, sip::Scheme scheme,
                                     const Adjacency& from, const Adjacency& to,
                                     const Vouch& vouch);
// The INVITE that the party to whom a REFER would go on sends because of it, as Ringwall makes it
// in its place: to no offer of its own, and with the Replaces as it was named. Null: its Refer-To
// would be too long to be read.
struct Referred {
    const Adjacency& from;  // of who referred
    std::string_view by;    // its address-of-record; empty: no phone
    const Adjacency& to;    // of the party
    const Leg& party;
    const CallContext& context;
};
sip::MessagePtr referred_invite(const sip::Message& refer, sip::Scheme scheme,
                                const Referred& referred);
// A Contact of a 3xx (RFC 3261 §8.1.3.4) that passes to the caller, with its q and expires; else as
// refer_to.
std::optional<std::string> redirect_contact(const sip::NameAddr& original, sip::Scheme scheme,
                                            const Adjacency& from, const Adjacency& to,
                                            const Vouch& vouch);

// A Replaces that names a dialog of ours by one word, and nothing of the peer's: any worker sees in
// it whose call it is, and neither side's ids are seen on the other. The word is what vouch gave.
sip::DialogIds voucher(std::string_view word);
bool is_voucher(const sip::DialogIds& ids);

}  // namespace ringwall::sbc::b2bua
