// The phone's own challenges (Auth INVITE, Auth Resync-Reboot): whoever calls, or tells of messages
// or of a new profile, has to know the line's password. 401 with SHA-256 first and MD5 behind it
// (RFC 8760), realm: the line's domain or its Reserved Auth Realm.
//
// Nothing is kept of whom it is said to: the same request gets the same To tag.
//
// What is challenged at all is the phone's to say: the initial INVITE and NOTIFY outside of
// dialogs, never ACK, CANCEL or what is within a dialog.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/keyed_hash.h"
#include "base/random.h"
#include "base/time.h"
#include "sip/auth/digest.h"
#include "sip/auth/nonce_mint.h"
#include "sip/auth/nonce_window.h"
#include "sip/message.h"
#include "sip/message_builder.h"

namespace ringwall::phone {

class Challenge {
public:
    explicit Challenge(Random& random)
        : mint_(random), window_(mint_.lifetime(), 256), tag_key_(HashKey::make(random)) {}

    // What has to be shown.
    struct Wanted {
        sip::auth::Account account;
        std::string realm;
        bool may_be_sha256 = true;  // offered before MD5; else MD5 alone
    };
    enum class Verdict : std::uint8_t { Proven, Unproven, Stale };
    Verdict check(const sip::Message& request, const Wanted& wanted, const IpAddress& source,
                  WallTime now);
    sip::MessagePtr refusal(const sip::Message& request, Verdict verdict, const Wanted& wanted,
                            const IpAddress& source, WallTime now);

private:
    std::string tag_for(const sip::Message& request) const;

    sip::auth::NonceMint mint_;
    sip::auth::NonceWindow window_;
    HashKey tag_key_;
};

}  // namespace ringwall::phone
