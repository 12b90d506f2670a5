#include "sbc/media/ng_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbc/media/bencode.h"

namespace ringwall::sbc::media {
namespace {

using ::testing::Contains;
using ::testing::Not;

Bencode offered(Towards::Transport transport, bool has_feedback = false,
                IpAddress::Family family = IpAddress::Family::V4) {
    return parse_bencode(
               write(NgOffer{"session", "tag", "v=0\r\n", {transport, has_feedback, family}}))
        .value();
}

TEST(NgMessage, OffersEachProfile) {
    using enum Towards::Transport;
    EXPECT_EQ(offered(Rtp).text_of("transport-protocol"), "RTP/AVP");
    EXPECT_EQ(offered(Rtp, true).text_of("transport-protocol"), "RTP/AVPF");
    EXPECT_EQ(offered(SdesMaybe).text_of("transport-protocol"), "RTP/AVP");
    EXPECT_EQ(offered(Sdes).text_of("transport-protocol"), "RTP/SAVP");
    EXPECT_EQ(offered(Dtls, true).text_of("transport-protocol"), "UDP/TLS/RTP/SAVPF");
    EXPECT_EQ(offered(Rtp).text_of("address-family"), "IP4");
    EXPECT_EQ(offered(Rtp, false, IpAddress::Family::V6).text_of("address-family"), "IP6");
}

// Keys with their padding, and none that protect nothing; a leg with DTLS gets none at all.
TEST(NgMessage, SaysWhichKeysAreWanted) {
    using enum Towards::Transport;
    const Bencode sdes = offered(Sdes);
    EXPECT_THAT(*sdes.find("SDES")->list(), Contains(Bencode("pad")));
    EXPECT_THAT(*sdes.find("SDES")->list(), Contains(Bencode("no-NULL_HMAC_SHA1_80")));
    EXPECT_THAT(*sdes.find("SDES")->list(), Not(Contains(Bencode("off"))));
    EXPECT_EQ(sdes.text_of("DTLS"), "off");
    EXPECT_EQ(sdes.find("OSRTP"), nullptr);
    EXPECT_NE(offered(SdesMaybe).find("OSRTP"), nullptr);
    const Bencode dtls = offered(Dtls);
    EXPECT_THAT(*dtls.find("SDES")->list(), Contains(Bencode("off")));
    EXPECT_EQ(dtls.find("DTLS"), nullptr);
}

TEST(NgMessage, HidesOneSideFromTheOther) {
    for (const std::string& octets :
         {write(NgOffer{"s", "t", "v=0\r\n", {}}), write(NgAnswer{"s", "t", "u", "v=0\r\n"})}) {
        const Bencode request = parse_bencode(octets).value();
        EXPECT_EQ(request.text_of("ICE"), "remove");
        EXPECT_THAT(*request.find("replace")->list(), Contains(Bencode("origin")));
        EXPECT_THAT(*request.find("replace")->list(), Contains(Bencode("session-connection")));
    }
}

TEST(NgMessage, ReadsReplies) {
    const auto ok = parse_ng_reply("d6:result2:ok3:sdp5:v=0\r\ne");
    ASSERT_TRUE(ok);
    EXPECT_EQ(ok->result, NgReply::Result::Ok);
    EXPECT_EQ(ok->sdp, "v=0\r\n");
    const auto pong = parse_ng_reply("d6:result4:ponge");
    EXPECT_EQ(pong->result, NgReply::Result::Ok);
    const auto fault = parse_ng_reply("d6:result5:error12:error-reason15:Unknown call-ide");
    EXPECT_EQ(fault->result, NgReply::Result::Error);
    EXPECT_EQ(fault->reason, "Unknown call-id");
    const auto full = parse_ng_reply("d6:result10:load limit7:message4:fulle");
    EXPECT_EQ(full->result, NgReply::Result::Error);
    EXPECT_EQ(full->reason, "full");
    EXPECT_FALSE(parse_ng_reply("li1ee"));
    EXPECT_FALSE(parse_ng_reply("d6:result"));
}

TEST(NgMessage, ReadsWhatPasses) {
    const auto talking = parse_ng_reply(
        "d6:totalsd3:RTPd7:packetsi42eee4:tagsd1:ad6:mediasld5:flagsl4:send4:recveeee"
        "1:bd6:mediasld5:flagsl11:initializedeeeee6:result2:oke");
    ASSERT_TRUE(talking);
    EXPECT_EQ(talking->packets, 42U);
    EXPECT_FALSE(talking->is_silent);
    const auto held =
        parse_ng_reply("d4:tagsd1:ad6:mediasld5:flagsl11:initializedeeeee6:result2:oke");
    ASSERT_TRUE(held);
    EXPECT_TRUE(held->is_silent);
}

TEST(NgMessage, FindsTheCookie) {
    EXPECT_EQ(split_ng_datagram("abc d6:result2:oke")->cookie, "abc");
    EXPECT_EQ(split_ng_datagram("abc d6:result2:oke")->content, "d6:result2:oke");
    EXPECT_FALSE(split_ng_datagram("abc"));
    EXPECT_FALSE(split_ng_datagram(" abc"));
    EXPECT_FALSE(split_ng_datagram(""));
}

}  // namespace
}  // namespace ringwall::sbc::media
