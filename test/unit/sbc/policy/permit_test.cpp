// What the oracle does not see of permit: that it cannot be forged, and how adjacencies become
// questions.
#include "sbc/policy/permit.h"

#include <gtest/gtest.h>

#include <set>
#include <type_traits>

namespace ringwall::sbc::policy {
namespace {

using sip::Scheme;

// "Nothing else can make one."
static_assert(!std::is_default_constructible_v<Permit>);
static_assert(!std::is_constructible_v<Permit, Scheme>);
static_assert(!std::is_aggregate_v<Permit>);
static_assert(!std::is_default_constructible_v<Result<Permit, Refusal>>);

Adjacency adjacency(Security security) {
    Adjacency result;
    result.security = security;
    return result;
}

// A call is secure if its Request-URI is SIPS, or by `sip-calls-in secure` where it came in; that
// leaf exists on trusted adjacencies only.
TEST(CallSecurity, IsSecureBySchemeOrByTheLeafOfATrustedAdjacency) {
    Adjacency phones = adjacency(Security::TrustedEncrypted);
    EXPECT_FALSE(call_from(phones, Scheme::Sip).is_secure());
    EXPECT_TRUE(call_from(phones, Scheme::Sips).is_secure());
    phones.sip_calls_in = SipCallsIn::Secure;
    EXPECT_TRUE(call_from(phones, Scheme::Sip).is_secure());
    EXPECT_TRUE(call_from(phones, Scheme::Tel).is_secure());

    Adjacency outside = adjacency(Security::Untrusted);
    outside.sip_calls_in = SipCallsIn::Secure;
    EXPECT_FALSE(call_from(outside, Scheme::Sip).is_secure());
}

// A SIPS call that came in from an adjacency with `sips-conversion to-sip` came in with SIPS URIs:
// its caller refreshes with those. The same adjacency as a way out carries sip.
TEST(Permit, TheCallersOwnLegIsNotConverted) {
    Adjacency link = adjacency(Security::TrustedUnencrypted);
    link.sips_conversion = SipsConversion::ToSip;
    const CallSecurity call = call_from(link, Scheme::Sips);

    const Target caller = callers_leg(link, Scheme::Sips);
    EXPECT_TRUE(permit(call, caller, Event::RefreshByRequest).has_value());
    const Target callee = target_of(link, Scheme::Sips);
    EXPECT_FALSE(permit(call, callee, Event::RefreshByRequest).has_value());
}

// Each refusal is a metric label, so two must not share one, and a human reads the phrase.
TEST(Refusal, HasAnOwnNameAndAPhrase) {
    std::set<std::string_view> names;
    for (int i = 0; i < refusal_count; ++i) {
        const auto refusal = static_cast<Refusal>(i);
        names.insert(to_string(refusal));
        EXPECT_FALSE(reason_phrase(refusal).empty());
        EXPECT_EQ(reason_phrase(refusal).find_first_of("\r\n"), std::string_view::npos);
    }
    EXPECT_EQ(names.size(), static_cast<std::size_t>(refusal_count));
    EXPECT_FALSE(names.contains("unknown"));
}

TEST(Answer, WarningsBearTheTextOfTheirCode) {
    EXPECT_EQ(warning_text(380), "SIPS Not Allowed");
    EXPECT_EQ(warning_text(381), "SIPS Required");
    EXPECT_EQ(warning_text(0), "");
}

}  // namespace
}  // namespace ringwall::sbc::policy
