// The counts of nonces that were used, in a small window: none is ever accepted twice, and no more
// is kept than may be.
#include "sip/auth/nonce_window.h"

#include <set>
#include <vector>

#include "base/check.h"
#include "fuzz/input.h"
#include "fuzz/target.h"

namespace ringwall::fuzz {

void run(std::string_view octets) {
    using Window = sip::auth::NonceWindow;
    Input input(octets);
    const std::size_t capacity = 2 + input.below(6);
    const Duration lifetime = 300s;
    Window window(lifetime, capacity);
    WallTime now{std::chrono::years(56)};
    std::vector<sip::auth::NonceMint::Checked> minted;
    std::set<std::pair<std::uint64_t, std::uint32_t>> accepted;
    while (!input.is_empty()) {
        switch (input.below(4)) {
            case 0:
                minted.push_back({sip::auth::NonceMint::Verdict::Good, now, minted.size()});
                break;
            case 1: {
                const std::chrono::milliseconds step(input.octet() * input.octet() * 10);
                now += input.below(8) == 0 ? -step : step;  // somebody sets the clock
                break;
            }
            default: {
                if (minted.empty()) {
                    break;
                }
                const auto& nonce = minted[minted.size() - 1 -
                                           input.below(std::min<std::size_t>(minted.size(), 200))];
                const std::uint32_t count = input.below(8) == 0
                                                ? input.number()
                                                : static_cast<std::uint32_t>(input.octet());
                if (now < nonce.made || now - nonce.made > lifetime) {
                    break;  // its minter says that it is stale
                }
                if (window.use(nonce, count, now) == Window::Verdict::Fresh) {
                    CHECK(count != 0 && accepted.emplace(nonce.number, count).second);
                }
                break;
            }
        }
        CHECK(window.is_consistent() && window.size() <= capacity + 1);
    }
}

}  // namespace ringwall::fuzz
