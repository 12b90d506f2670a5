// Who somebody is, and who may hear it: RFC 3323 (privacy) and RFC 3325 (asserted identities)
// between the adjacencies. Pure.
//
// The trust domain of RFC 3325 is those adjacencies whose `privacy` is `trusted`: by default the
// trusted ones, but not those of phones. What is asserted there is believed. Ringwall is the
// privacy service (RFC 3323 §5) of whoever calls out of it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sbc/config/snapshot.h"
#include "sip/message.h"

namespace ringwall::sbc::policy {

// What a message asks for (RFC 3323 §4.2, RFC 3325 §9.3, RFC 7044 §10.1).
struct Privacy {
    bool is_said = false;  // it has the field
    bool header = false;
    bool session = false;
    bool user = false;
    bool id = false;
    bool history = false;
    bool none = false;
    bool critical = false;
    bool unknown = false;  // something else

    bool operator==(const Privacy&) const = default;
};
Privacy privacy_of(const sip::Message& message);

// Whose message it is.
struct Author {
    std::string_view address_of_record = {};  // of a phone, proven; else empty
    Privacy asked = {};                       // when the dialog began
    bool is_media_hidden = false;  // it passes through the media engine, or there is none
    bool is_ourselves = false;     // an INVITE that Ringwall makes in his place (`refer handle`)
};
// A message that says nothing of it is not meant to tell more than the one before.
Privacy asked_in(const sip::Message& message, const Author& author);

bool is_in_trust_domain(const Adjacency& adjacency);
// What is asserted by peers there counts. A phone is who it has proven to be, whatever it says.
bool is_believed(const Adjacency& from);

// Nobody untrusted speaks as a user of a domain that is served here, whatever user it is
// (docs/decisions/0076). What stands behind the @ counts, of im:, pres: and whatever else (RFC
// 3861) too; of a tel URI the domain that its number is of (phone-context).
std::string_view domain_named(const sip::Uri& uri);
bool may_speak_for(const Adjacency& from, const sip::Uri& whom);

// May it say that answers go there (Reply-To)? Nobody else's user reads them. What cannot be read
// is not told for who may not name all.
bool may_be_replied_at(const Adjacency& from, std::string_view reply_to);

// May it say that this one has referred (RFC 3892)? A phone names nobody but itself: anybody else
// it has not proven. A stranger names none of our users.
bool may_name_referrer(const Adjacency& from, const Author& author, const sip::NameAddr& referrer);

// Who it is is not to be known there.
bool is_withheld(const Adjacency& to, const Privacy& asked);
// May an identity besides From be told there?
bool may_hear_identity(const Adjacency& to, const Privacy& asked);
// From and what else a user has put in is not told there (RFC 3323 §5.3).
bool hides_user(const Adjacency& to, const Privacy& asked);
// More is asked for than can be had there, and nothing less will do (RFC 3323 §5: 500).
bool lacks_privacy(const Adjacency& to, const Privacy& asked, bool is_media_hidden);
// What remains to be asked there; empty: nothing. RFC 3323 §5: what has been done is not asked for
// again. "id" and "history" stay: whoever shows a number has to know that it is withheld.
std::string privacy_left(const sip::Message& message, const Adjacency& to, const Author& author);

// Of Remote-Party-ID, Diversion and History-Info: does the message or the field itself ask that it
// is not told outside? What cannot be read does.
bool asks_for_privacy(const Privacy& asked, const sip::HeaderLine& claim);

// RFC 3323 §4.1.1.3.
inline constexpr std::string_view anonymous = "anonymous@anonymous.invalid";
// A telephone number (RFC 8224 §8.3), whatever host stands with it.
bool is_number(std::string_view user);

}  // namespace ringwall::sbc::policy
