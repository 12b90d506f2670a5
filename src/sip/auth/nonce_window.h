// Which counts (nc) of a nonce were used (RFC 7616 §3.4.5): a response that was once accepted is
// not accepted again. Bounded: in two generations, of which the older is forgotten whole. What was
// forgotten is never taken for new: a nonce as old, by its number, as the newest of a forgotten
// generation is refused unless it is still known, and the client asks for another. The clock has no
// say in that: it may be set back.
//
// Only what was proven by a right password comes in here, so strangers cannot fill it. Of each
// nonce it is also known for which realm and source it was found to be good, so that this is
// compared and not hashed when the nonce is used again.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/time.h"
#include "sip/auth/nonce_mint.h"

namespace ringwall::sip::auth {

class NonceWindow {
public:
    // Nonces kept: at most `capacity`, and no longer than two lifetimes.
    explicit NonceWindow(Duration lifetime, std::size_t capacity = 65'536);

    enum class Verdict : std::uint8_t { Fresh, Replayed, Forgotten };
    // What `mint` says of a nonce.
    NonceMint::Checked check(const NonceMint& mint, std::string_view nonce, std::string_view realm,
                             const IpAddress& source, WallTime now) const;
    // `nonce` is Good, its count comes with a right response.
    Verdict use(const NonceMint::Checked& nonce, std::uint32_t count, WallTime now);

    std::size_t size() const { return young_.size() + old_.size(); }
    bool is_consistent() const;

private:
    // The highest count and the 64 below it: a phone may have several requests under way.
    struct Used {
        std::uint32_t highest = 0;
        std::uint64_t below = 0;  // bit n: highest - 1 - n was used
        WallTime made;
        std::array<char, NonceMint::nonce_length> nonce{};
        IpAddress source;
        std::string realm;
    };
    using Generation = std::unordered_map<std::uint64_t, Used>;

    static bool take(Used& used, std::uint32_t count);
    const Used* find(std::uint64_t number) const;
    void turn(WallTime now);

    Duration lifetime_;
    std::size_t capacity_;
    Generation young_, old_;
    WallTime young_since_{};
    std::uint64_t newest_young_ = 0, newest_old_ = 0;  // numbers
    std::uint64_t oldest_unknown_ = 0;  // what is below that and not known was forgotten
};

}  // namespace ringwall::sip::auth
