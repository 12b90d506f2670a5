// What the border controller carries from leg to leg: methods and option tags. One list for what is
// refused, for what passes, and for our Allow.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "sbc/config/snapshot.h"
#include "sbc/policy/inbound.h"
#include "sip/message.h"
#include "sip/method.h"

namespace ringwall::sbc::policy {

// Outside any dialog: INVITE, OPTIONS, MESSAGE, SUBSCRIBE, PUBLISH, NOTIFY that nobody subscribed
// to, and REGISTER of phones.
bool is_carried_outside_dialogs(sip::Method method, Profile profile);
// Within a dialog; ACK, CANCEL and BYE are dealt with, all others are relayed.
bool is_carried_within_dialogs(sip::Method method);
// Makes a dialog when it is accepted.
bool makes_dialog(sip::Method method);
// The value of Allow towards peers of this profile.
std::string allowed_methods(Profile profile);

// Options that only the two user agents have to understand, because all that they need passes: the
// Session-Expires of RFC 4028 with re-INVITE and UPDATE; PRACK and reliable provisional responses,
// with the numbers of each leg; Refer-Sub (RFC 4488), Replaces, which we obey ourselves, and lists
// (RFC 4662). Not here: path and outbound, which are the registrar's, and gruu, which it has not.
bool is_passed_option(std::string_view tag);

// Whether what a phone there asks of whoever calls it goes on to who calls, and the answer back: a
// registrar behind us that the phone registers at, and nobody else ever (`registration
// challenges`).
bool carries_challenges(const Adjacency& phones, AdjacencyIndex caller);

// Whether a phone's credentials for this realm are for the registrar behind us that its REGISTER
// goes to. `has_asked`: that one has challenged with this realm.
bool is_for_registrar(std::string_view realm, std::string_view domain, bool has_asked);

// An untrusted caller hears the same of all that do not answer, whether a registrar behind us knows
// them or we do. Whether this failure of `asked`, such a registrar or an adjacency of phones that
// register here, tells more. Once a user has rung it is known to be there, and so is every other to
// phones of the same registrar: what a user says then does not. Nor does what must be known to call
// anybody there (421, 422).
bool tells_who_exists(const Snapshot& snapshot, AdjacencyIndex caller, AdjacencyIndex asked,
                      int status, bool has_rung);

// Whether why Ringwall itself sends nothing on these routes would tell a caller that a user is
// there: who is not there is not refused so. What was judged before anybody was looked for (a rule
// of `permit`) is the same for all, and is not asked here.
bool would_tell_who_exists(const Adjacency& caller, std::span<const Route> routes);

// Whether a phone that asks for a proof of this request is given its own subscriber's by us: of
// calls, and of what tells it something outside of them.
bool is_answered_for(const sip::Message& request);
// ... whoever sent it. A NOTIFY makes a phone start again, or say that there are messages: there
// the word of a trusted peer is as good as the proof, and no other.
bool is_vouched_for(const sip::Message& request, const Adjacency& sender);

// What a request demands and cannot get (RFC 3261 §8.2.2.3), for Unsupported; empty: it may go on.
// What a REGISTER requires, it requires of us.
std::string unsupported_options(const sip::Message& request);

}  // namespace ringwall::sbc::policy
