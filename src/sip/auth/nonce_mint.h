// Nonces that nobody keeps: time, a number, and a keyed hash over both, the realm and the source,
// so that one made here for this source can be told from any other without keeping it. Each worker
// has a mint, and so a key, of its own: the nonce of another worker is as foreign as one from
// before a restart, and is asked for again (stale).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/endpoint.h"
#include "base/random.h"
#include "base/time.h"
#include "sip/auth/hash.h"

namespace ringwall::sip::auth {

class NonceMint {
public:
    explicit NonceMint(Random& random, Duration lifetime = 300s);

    std::string make(std::string_view realm, const IpAddress& source, WallTime now);

    enum class Verdict : std::uint8_t { Good, Stale, Forged };
    struct Checked {
        Verdict verdict = Verdict::Forged;
        // Of one that was made here: when by a clock that may be set, and the number, which is
        // higher than that of any made before.
        WallTime made{};
        std::uint64_t number = 0;
        // What was checked: views of it.
        std::string_view nonce = {}, realm = {};
        IpAddress source = {};
    };
    Checked check(std::string_view nonce, std::string_view realm, const IpAddress& source,
                  WallTime now) const;
    // The verdict on one that was made here: how old is it?
    Checked check_age(Checked nonce, WallTime now) const;

    static constexpr std::size_t nonce_length = 60;
    // The number of what may be a nonce of that length.
    static std::uint64_t number_of(std::string_view nonce);

    Duration lifetime() const { return lifetime_; }

private:
    HmacSha256 hmac_;
    Duration lifetime_;
    std::uint64_t last_;
};

}  // namespace ringwall::sip::auth
