#include "sip/auth/nonce_mint.h"

#include <gtest/gtest.h>

#include "sip/auth/nonce_window.h"

namespace ringwall::sip::auth {
namespace {

using Verdict = NonceMint::Verdict;

class Nonces : public testing::Test {
protected:
    SeededRandom random{1};
    NonceMint mint{random, 300s};
    IpAddress source = IpAddress::v4(192, 0, 2, 1);
    WallTime made{std::chrono::seconds(1'800'000'000)};
    std::string nonce = mint.make("phones", source, made);

    // A window that knows the nonce agrees.
    Verdict check(std::string_view text, std::string_view realm, const IpAddress& from,
                  WallTime now) const {
        NonceWindow window(300s);
        window.use(mint.check(nonce, "phones", source, made), 1, made);
        const NonceMint::Checked known = window.check(mint, text, realm, from, now);
        const NonceMint::Checked checked = mint.check(text, realm, from, now);
        EXPECT_EQ(known.verdict, checked.verdict);
        EXPECT_EQ(known.made, checked.made);
        EXPECT_EQ(known.number, checked.number);
        return checked.verdict;
    }
};

TEST_F(Nonces, AreGoodForTheirLifetimeAndStaleAfter) {
    EXPECT_EQ(check(nonce, "phones", source, made), Verdict::Good);
    EXPECT_EQ(check(nonce, "phones", source, made + 300s), Verdict::Good);
    EXPECT_EQ(check(nonce, "phones", source, made + 300s + 1ms), Verdict::Stale);
    EXPECT_EQ(check(nonce, "phones", source, made + 24h * 365), Verdict::Stale);
}

TEST_F(Nonces, AreStaleWhenTheClockWasSetBack) {
    EXPECT_EQ(check(nonce, "phones", source, made - 1s), Verdict::Stale);
}

TEST_F(Nonces, AreForgedForAnotherRealmOrSource) {
    EXPECT_EQ(check(nonce, "phone", source, made), Verdict::Forged);
    EXPECT_EQ(check(nonce, "phonesx", source, made), Verdict::Forged);
    EXPECT_EQ(check(nonce, "", source, made), Verdict::Forged);
    EXPECT_EQ(check(nonce, "phones", IpAddress::v4(192, 0, 2, 2), made), Verdict::Forged);
    IpAddress same_octets = source;
    same_octets.family = IpAddress::Family::V6;
    EXPECT_EQ(check(nonce, "phones", same_octets, made), Verdict::Forged);
}

TEST_F(Nonces, AreForgedWithAnotherKey) {
    const NonceMint other(random, 300s);
    EXPECT_EQ(other.check(nonce, "phones", source, made).verdict, Verdict::Forged);
}

TEST_F(Nonces, AreForgedWhenAnyOctetIsAnother) {
    for (std::size_t at = 0; at < nonce.size(); ++at) {
        std::string changed = nonce;
        changed[at] = changed[at] == '0' ? '1' : '0';
        EXPECT_EQ(check(changed, "phones", source, made), Verdict::Forged) << at;
        EXPECT_EQ(check(nonce.substr(0, at), "phones", source, made), Verdict::Forged) << at;
    }
    EXPECT_EQ(check(nonce + "0", "phones", source, made), Verdict::Forged);
}

TEST_F(Nonces, AreForgedWhenTheyAreGarbage) {
    for (const std::string& text :
         {std::string(), std::string("x"), std::string(60, '\0'), std::string(60, 'f'),
          std::string(100'000, 'a'), std::string(60, '\xff')}) {
        EXPECT_EQ(check(text, "phones", source, made), Verdict::Forged);
    }
}

TEST_F(Nonces, AreNeverTheSame) {
    EXPECT_NE(mint.make("phones", source, made), nonce);
}

}  // namespace
}  // namespace ringwall::sip::auth
