#include "sbc/policy/media_anchoring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringwall::sbc::policy {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Transport = media::Towards::Transport;

constexpr auto v4 = IpAddress::Family::V4;
constexpr std::string_view key =
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR\r\n";

std::string description(std::string_view protocol, std::string_view lines = "",
                        std::string_view address = "192.0.2.9") {
    return "v=0\r\no=- 1 1 IN IP4 " + std::string(address) + "\r\ns=-\r\nc=IN IP4 " +
           std::string(address) + "\r\nt=0 0\r\nm=audio 4000 " + std::string(protocol) + " 0\r\n" +
           std::string(lines);
}

Adjacency adjacency(MediaMode mode, MediaEngineDown down = MediaEngineDown::Refuse) {
    Adjacency out;
    out.media = mode;
    out.media_engine_down = down;
    return out;
}

MediaLeg leg(Security security, MediaSecurity media_security) {
    return {.security = security, .media_security = media_security};
}

TEST(MediaAnchoring, IsWhereOneSideSaysSo) {
    const Adjacency by = adjacency(MediaMode::Bypass);
    const Adjacency anchored = adjacency(MediaMode::Anchored);
    const Adjacency lenient = adjacency(MediaMode::Anchored, MediaEngineDown::Bypass);
    EXPECT_EQ(media_way(by, by, true), MediaWay::Bypass);
    EXPECT_EQ(media_way(by, by, false), MediaWay::Bypass);
    EXPECT_EQ(media_way(by, anchored, true), MediaWay::Anchored);
    EXPECT_EQ(media_way(anchored, by, true), MediaWay::Anchored);
    EXPECT_EQ(media_way(anchored, by, false), MediaWay::None);
    EXPECT_EQ(media_way(lenient, by, false), MediaWay::Bypass);
    EXPECT_EQ(media_way(by, lenient, false), MediaWay::Bypass);
    EXPECT_EQ(media_way(lenient, anchored, false), MediaWay::None);
}

// What a leg is offered, by its media-security and by what the other side speaks.
TEST(MediaAnchoring, ALegIsOfferedWhatItMayHave) {
    using enum Security;
    using enum MediaSecurity;
    const auto offered = [](const MediaLeg& to, const std::string& sdp) {
        return towards(to, sdp, v4).transport;
    };
    const std::string rtp = description("RTP/AVP");
    for (const std::string& srtp :
         {description("RTP/SAVP", key), description("RTP/AVP", key),
          description("UDP/TLS/RTP/SAVP", "a=fingerprint:sha-256 AA\r\n")}) {
        EXPECT_EQ(offered(leg(Untrusted, Off), srtp), Transport::Rtp);
        EXPECT_EQ(offered(leg(Untrusted, Preferred), srtp), Transport::Dtls);
        EXPECT_EQ(offered(leg(Untrusted, Required), srtp), Transport::Dtls);
        EXPECT_EQ(offered(leg(TrustedEncrypted, Off), srtp), Transport::Rtp);
        EXPECT_EQ(offered(leg(TrustedEncrypted, Preferred), srtp), Transport::Sdes);
        EXPECT_EQ(offered(leg(TrustedEncrypted, Required), srtp), Transport::Sdes);
    }
    EXPECT_EQ(offered(leg(Untrusted, Preferred), rtp), Transport::Rtp);
    EXPECT_EQ(offered(leg(Untrusted, Required), rtp), Transport::Dtls);
    EXPECT_EQ(offered(leg(TrustedUnencrypted, Preferred), rtp), Transport::SdesMaybe);
    EXPECT_EQ(offered(leg(TrustedUnencrypted, Required), rtp), Transport::Sdes);
    EXPECT_TRUE(towards(leg(Untrusted, Off), description("RTP/SAVPF", key), v4).has_feedback);
    EXPECT_EQ(offered(leg(TrustedEncrypted, Required), "no description"), Transport::Rtp);
}

// RFC 3264 §5: a call has no name. The engine leaves it as it is.
TEST(MediaAnchoring, TheNameOfTheSessionIsNotTold) {
    const std::string ends = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\n";
    const std::string after = "c=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";
    for (const char* const name :
         {"s=Alice's desk\r\n", "s=call from 192.0.2.9\r\n", "s= \r\n", "s=-\r\n"}) {
        std::string from_engine = description("RTP/AVP", "", "192.0.2.77");
        from_engine.replace(from_engine.find("s=-\r\n"), 5, name);
        const auto verdict = judge_from_engine(leg(Security::Untrusted, MediaSecurity::Off),
                                               ends + name + after, from_engine, std::nullopt);
        ASSERT_TRUE(verdict.passes()) << name;
        EXPECT_EQ(*verdict.body, description("RTP/AVP", "", "192.0.2.77")) << name;
    }
}

// Whatever the engine says: no key reaches a leg that is not trusted.
TEST(MediaAnchoring, KeysDoNotReachALegThatIsNotTrusted) {
    const std::string original = description("RTP/SAVP", key);
    for (const MediaSecurity security :
         {MediaSecurity::Off, MediaSecurity::Preferred, MediaSecurity::Required}) {
        const MediaLeg to = leg(Security::Untrusted, security);
        EXPECT_FALSE(judge_from_engine(to, original, original, std::nullopt).passes());
        const auto maybe =
            judge_from_engine(to, original, description("RTP/AVP", key), std::nullopt);
        EXPECT_TRUE(!maybe.passes() || maybe.body->find("inline:") == std::string::npos);
    }
}

TEST(MediaAnchoring, WhatIsRequiredIsNotBelievedButSeen) {
    const MediaLeg to = leg(Security::TrustedEncrypted, MediaSecurity::Required);
    const auto verdict = judge_from_engine(to, description("RTP/AVP"),
                                           description("RTP/AVP", "", "192.0.2.77"), std::nullopt);
    EXPECT_EQ(verdict.refusal, MediaRefusal::NotSecure);
}

TEST(MediaAnchoring, NoAddressOfTheOtherSideIsLeft) {
    const MediaLeg to = leg(Security::Untrusted, MediaSecurity::Off);
    const std::string original = description(
        "RTP/AVP", "a=source-filter: incl IN IP4 * 192.0.2.9\r\na=rtpmap:0 PCMU/8000\r\n");
    const auto verdict = judge_from_engine(
        to, original,
        description("RTP/AVP",
                    "a=source-filter: incl IN IP4 * 192.0.2.9\r\na=rtpmap:0 PCMU/8000\r\n",
                    "192.0.2.77"),
        std::nullopt);
    ASSERT_TRUE(verdict.passes());
    EXPECT_THAT(*verdict.body, Not(HasSubstr("192.0.2.9")));
    EXPECT_THAT(*verdict.body, HasSubstr("a=rtpmap:0 PCMU/8000\r\n"));
    // An origin that was not replaced.
    std::string bad = description("RTP/AVP", "", "192.0.2.77");
    bad.replace(bad.find("192.0.2.77"), 10, "192.0.2.9");
    EXPECT_FALSE(judge_from_engine(to, original, bad, std::nullopt).passes());
}

// rtpengine knows nothing of MSRP.
TEST(MediaAnchoring, WhatTheEngineLeavesAloneDoesNotPass) {
    const MediaLeg to = leg(Security::Untrusted, MediaSecurity::Off);
    const auto with_chat = [](std::string_view port, std::string_view audio) {
        return description("RTP/AVP",
                           "m=message " + std::string(port) +
                               " TCP/MSRP *\r\nc=IN IP4 192.0.2.9\r\n"
                               "a=path:msrp://192.0.2.9:5000/x;tcp\r\n",
                           audio);
    };
    EXPECT_EQ(judge_from_engine(to, with_chat("5000", "192.0.2.9"), with_chat("5000", "192.0.2.77"),
                                std::nullopt)
                  .refusal,
              MediaRefusal::NotAnchored);
    const auto refused = judge_from_engine(to, with_chat("0", "192.0.2.9"),
                                           with_chat("0", "192.0.2.77"), std::nullopt);
    ASSERT_TRUE(refused.passes());
    EXPECT_THAT(*refused.body, HasSubstr("m=message 0 TCP/MSRP *\r\n"));
    EXPECT_THAT(*refused.body, Not(HasSubstr("192.0.2.9")));
}

// A call that comes through the engine twice.
TEST(MediaAnchoring, TheEnginesOwnAddressIsNobodyElses) {
    const MediaLeg to = leg(Security::Untrusted, MediaSecurity::Off);
    std::string next = description("RTP/AVP", "", "192.0.2.77");
    next.replace(next.find("4000"), 4, "4004");
    EXPECT_TRUE(judge_from_engine(to, description("RTP/AVP", "", "192.0.2.77"), next, std::nullopt)
                    .passes());
}

sip::MessagePtr invite_with(const std::string& sdp) {
    return sip::Message::parse(
               "INVITE sip:a@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKa\r\n"
               "Max-Forwards: 70\r\nFrom: <sip:b@example.com>;tag=1\r\n"
               "To: <sip:a@example.com>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n"
               "Contact: <sip:b@192.0.2.9>\r\nContent-Type: application/sdp\r\n"
               "Content-Length: " +
                   std::to_string(sdp.size()) + "\r\n\r\n" + sdp,
               sip::Framing::Datagram)
        .message;
}

TEST(MediaAnchoring, TheEngineIsShownNoKeysThatTheirLegMayNotHave) {
    const auto shown = [](const MediaLeg& from, const std::string& sdp) {
        return judge_for_engine(from, *invite_with(sdp), std::nullopt);
    };
    const std::string besides = description("RTP/AVP", key);
    using enum MediaSecurity;
    for (const MediaLeg& from :
         {leg(Security::TrustedEncrypted, Off), leg(Security::Untrusted, Off),
          leg(Security::Untrusted, Preferred)}) {
        const MediaVerdict verdict = shown(from, besides);
        ASSERT_TRUE(verdict.body.has_value());
        EXPECT_EQ(*verdict.body, description("RTP/AVP"));
        EXPECT_FALSE(shown(from, description("RTP/SAVP", key)).passes());
    }
    EXPECT_FALSE(shown(leg(Security::TrustedEncrypted, Preferred), besides).body.has_value());
    EXPECT_EQ(shown(leg(Security::Untrusted, Required), besides).refusal,
              MediaRefusal::KeysWouldBeRemoved);
}

TEST(MediaAnchoring, AnAnswerIsHeldAgainstItsOffer) {
    const MediaLeg to = leg(Security::TrustedEncrypted, MediaSecurity::Required);
    const std::string offer = description("RTP/SAVP", key);
    std::string answer = description("RTP/SAVP", key, "192.0.2.77");
    EXPECT_TRUE(judge_from_engine(to, description("RTP/AVP"), answer, offer).passes());
    answer.replace(answer.find("crypto:1"), 8, "crypto:2");
    EXPECT_EQ(judge_from_engine(to, description("RTP/AVP"), answer, offer).refusal,
              MediaRefusal::AnswerNotOffered);
}

}  // namespace
}  // namespace ringwall::sbc::policy
