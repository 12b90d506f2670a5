#include "sdp/session_description.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>

namespace ringwall::sdp {
namespace {

using ::testing::ElementsAre;

constexpr std::string_view two_streams =
    "v=0\r\n"
    "o=alice 2890844526 2890844526 IN IP4 host.example.com\r\n"
    "s= \r\n"
    "c=IN IP4 192.0.2.1\r\n"
    "t=0 0\r\n"
    "a=sendonly\r\n"
    "m=audio 49170/2 RTP/SAVP 0 8 97\r\n"
    "a=rtpmap:97 iLBC/8000\r\n"
    "a=sendrecv\r\n"
    "x=unknown to all\r\n"
    "m=video 0 RTP/AVP 31\r\n"
    "c=IN IP6 2001:db8::1\r\n";

TEST(SessionDescription, FindsTheStreams) {
    const auto session = SessionDescription::parse(two_streams);
    ASSERT_TRUE(session);
    ASSERT_EQ(session->media().size(), 2U);
    const Media& audio = session->media()[0];
    EXPECT_EQ(audio.media, "audio");
    EXPECT_EQ(audio.port, 49170);
    EXPECT_EQ(audio.protocol, "RTP/SAVP");
    EXPECT_THAT(audio.formats, ElementsAre("0", "8", "97"));
    EXPECT_EQ(audio.connection, "IN IP4 192.0.2.1");
    EXPECT_EQ(audio.direction, Direction::SendRecv);
    ASSERT_NE(audio.find("rtpmap"), nullptr);
    EXPECT_EQ(audio.find("rtpmap")->value, "97 iLBC/8000");
    EXPECT_EQ(audio.find("fmtp"), nullptr);
    const Media& video = session->media()[1];
    EXPECT_EQ(video.port, 0);
    EXPECT_EQ(video.connection, "IN IP6 2001:db8::1");
    EXPECT_EQ(video.direction, Direction::SendOnly) << "the session's";
}

TEST(SessionDescription, KeepsEveryLine) {
    const auto session = SessionDescription::parse(two_streams);
    ASSERT_TRUE(session);
    EXPECT_EQ(session->text(), two_streams);
    EXPECT_EQ(session->without({}), two_streams);
    EXPECT_EQ(session->lines()[9].type, 'x');
}

TEST(SessionDescription, LeavesOutLines) {
    const auto session = SessionDescription::parse("v=0\r\ns=-\na=x\r\nt=0 0");
    ASSERT_TRUE(session);
    EXPECT_EQ(session->without(std::array<std::size_t, 2>{0, 2}), "s=-\nt=0 0");
}

TEST(SessionDescription, ToleratesEmptyLinesAtTheEndOnly) {
    EXPECT_TRUE(SessionDescription::parse("v=0\r\ns=-\r\n\r\n\r\n"));
    const auto broken = SessionDescription::parse("v=0\r\n\r\ns=-\r\n");
    ASSERT_FALSE(broken);
    EXPECT_EQ(broken.error().line, 2U);
}

TEST(SessionDescription, RefusesWhatIsNone) {
    const auto fault_of = [](std::string_view text) {
        const auto session = SessionDescription::parse(text);
        return session ? std::string("accepted") : std::string(to_string(session.error().fault));
    };
    EXPECT_EQ(fault_of(""), "bad-version");
    EXPECT_EQ(fault_of("o=-\r\n"), "bad-version");
    EXPECT_EQ(fault_of("v=1\r\n"), "bad-version");
    EXPECT_EQ(fault_of("v=0\r\nhello\r\n"), "bad-line");
    EXPECT_EQ(fault_of("v=0\r\n a=crypto:1\r\n"), "bad-line");
    // A line end for some peers: what stands behind it would pass unseen (RFC 8866 §9).
    EXPECT_EQ(fault_of("v=0\r\na=x\ra=crypto:1\r\n"), "bad-line");
    EXPECT_EQ(fault_of(std::string_view("v=0\r\na=x\0a=crypto:1\r\n", 22)), "bad-line");
    EXPECT_EQ(fault_of("v=0\r\nm=audio 1 RTP/AVP\r\n"), "bad-media");
    EXPECT_EQ(fault_of("v=0\r\nm=audio 99999 RTP/AVP 0\r\n"), "bad-media");
    EXPECT_EQ(fault_of("v=0\r\nm=audio -1 RTP/AVP 0\r\n"), "bad-media");
    std::string many = "v=0\r\n";
    for (int i = 0; i < 65; ++i) {
        many += "m=audio 1 RTP/AVP 0\r\n";
    }
    EXPECT_EQ(fault_of(many), "too-many");
}

}  // namespace
}  // namespace ringwall::sdp
