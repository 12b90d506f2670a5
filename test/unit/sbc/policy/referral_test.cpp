// Who may take whose place in a call, and what a REFER may ask for.
#include "sbc/policy/referral.h"

#include <gtest/gtest.h>

#include <string>

namespace ringwall::sbc::policy {
namespace {

using sip::Scheme;

Adjacency on(Security security) {
    Adjacency adjacency;
    adjacency.security = security;
    adjacency.refer = security == Security::Untrusted ? ReferMode::Refuse : ReferMode::Pass;
    return adjacency;
}

const Adjacency outside = on(Security::Untrusted);
const Adjacency core = on(Security::TrustedUnencrypted);
const Adjacency phones = on(Security::TrustedEncrypted);

std::string verdict(const CallSecurity& call, const CallSecurity& newcomer,
                    const Adjacency& newcomer_on, const Adjacency& replaced_on,
                    const Adjacency& remaining_on, bool replaces_caller) {
    const auto reject = refuse_replacement({.call = call,
                                            .newcomer = newcomer,
                                            .newcomer_on = newcomer_on,
                                            .replaced_on = replaced_on,
                                            .remaining_on = remaining_on,
                                            .remaining_scheme = call.scheme,
                                            .replaces_caller = replaces_caller});
    if (!reject) {
        return "yes";
    }
    EXPECT_EQ(reject->status, 403);
    return reject->detail;
}

TEST(Replacement, IsForWhoIsAsTrusted) {
    const CallSecurity of_core = call_from(core, Scheme::Sip);
    const CallSecurity of_outside = call_from(outside, Scheme::Sip);
    EXPECT_EQ(verdict(of_core, of_core, core, core, outside, true), "yes");
    EXPECT_EQ(verdict(of_core, of_core, core, outside, core, false), "yes");
    EXPECT_EQ(verdict(of_core, of_outside, outside, core, core, true), "replaces-by-untrusted");
    EXPECT_EQ(verdict(of_core, of_outside, outside, core, outside, false), "replaces-by-untrusted");
}

TEST(Replacement, KeepsASecureCallSecure) {
    const CallSecurity secure = call_from(core, Scheme::Sips);
    const CallSecurity plain = call_from(core, Scheme::Sip);
    EXPECT_EQ(verdict(secure, secure, core, core, phones, true), "yes");
    EXPECT_EQ(verdict(secure, plain, core, core, phones, true), "replaces-changes-security");
    EXPECT_EQ(verdict(plain, secure, core, core, core, true), "replaces-changes-security");
}

// An untrusted caller is not led to a trusted-encrypted adjacency by way of a replacement.
TEST(Replacement, DoesNotLeadACallWhereItCouldNotGo) {
    const CallSecurity of_outside = call_from(outside, Scheme::Sip);
    const CallSecurity of_phones = call_from(phones, Scheme::Sip);
    EXPECT_EQ(verdict(of_outside, of_phones, phones, core, outside, false),
              "untrusted-caller-encrypted-target");
    EXPECT_EQ(verdict(of_outside, of_outside, outside, outside, phones, true),
              "untrusted-caller-encrypted-target");
}

std::string asks(const CallSecurity& call, const Adjacency& from, const std::string& refer_to) {
    const auto parsed = sip::Message::parse(
        "REFER sip:b@example.com SIP/2.0\r\n"
        "Via: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKx\r\n"
        "From: <sip:a@example.com>;tag=1\r\nTo: <sip:b@example.com>;tag=2\r\n"
        "Call-ID: x\r\nCSeq: 1 REFER\r\nMax-Forwards: 70\r\n" +
            refer_to + "Content-Length: 0\r\n\r\n",
        sip::Framing::Stream);
    const auto allowed = judge_refer(call, from, callers_leg(from, call.scheme), *parsed.message);
    return allowed ? std::string(sip::to_string(allowed->leg_scheme()))
                   : std::to_string(allowed.error().status) + " " + allowed.error().detail;
}

TEST(Refer, IsJudgedByItsLeafAndItsTarget) {
    const CallSecurity plain = call_from(core, Scheme::Sip);
    const CallSecurity secure = call_from(core, Scheme::Sips);
    EXPECT_EQ(asks(plain, core, "Refer-To: <sip:c@example.com>\r\n"), "sip");
    EXPECT_EQ(asks(plain, core, "r: <tel:+4712345678>\r\n"), "tel");
    EXPECT_EQ(asks(secure, core, "Refer-To: <sips:c@example.com>\r\n"), "sips");
    EXPECT_EQ(asks(plain, core, "Refer-To: <sips:c@example.com>\r\n"), "403 scheme-to-sips");
    EXPECT_EQ(asks(secure, core, "Refer-To: <sip:c@example.com>\r\n"), "403 scheme-to-sip");
    EXPECT_EQ(asks(secure, core, "Refer-To: <tel:+4712345678>\r\n"), "403 scheme-to-sip");
    EXPECT_EQ(asks(plain, core, "Refer-To: <http://example.com>\r\n"), "403 unknown-scheme");
    EXPECT_EQ(asks(plain, core, ""), "400 refer-to");
    EXPECT_EQ(asks(plain, core, "Refer-To: <sip:c@a>, <sip:d@a>\r\n"), "400 refer-to");
    EXPECT_EQ(asks(call_from(outside, Scheme::Sip), outside, "Refer-To: <sip:c@example.com>\r\n"),
              "403 refer-refuse");
}

}  // namespace
}  // namespace ringwall::sbc::policy
