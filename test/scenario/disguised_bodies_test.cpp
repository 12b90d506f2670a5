// Session descriptions whose type is spelled as few do, or is another one, or cannot be read:
// they are what they are. (RFC 3261 §25.1: SLASH = SWS "/" SWS; RFC 2045 §5.1.)
#include "scenario/border.h"

namespace ringwall::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string sdes =
    "v=0\r\no=- 1 1 IN IP4 198.51.100.9\r\ns=-\r\nc=IN IP4 198.51.100.9\r\nt=0 0\r\n"
    "m=audio 4000 RTP/SAVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n";

const std::vector<std::string> required{"sip-calls-in insecure", "media-security required"};

// How a description is sent: the type, and what stands around it.
struct Disguise {
    const char* name;
    const char* type;
    const char* before = "";
    const char* after = "";
};
void PrintTo(const Disguise& disguise, std::ostream* out) {
    *out << disguise.name;
}

const Disguise disguises[] = {
    {"None", "application/sdp"},
    {"Blanks", "application / sdp"},
    {"BlankBehindTheSlash", "application/ sdp"},
    {"Fold", "application/\r\n sdp"},
    {"Case", "APPLICATION /SDP ; charset=utf-8"},
    {"Comment", "application/sdp (x)"},
    {"TwoTypes", "text/plain, application/sdp"},
    {"NoType", "application"},
    {"OtherType", "text/plain"},
    {"PartAfterBlanks", "multipart / mixed;boundary=b",
     "--b\r\nContent-Type: application/sdp\r\n\r\n", "--b--\r\n"},
    {"PartWithBlanks", "multipart/mixed;boundary=b",
     "--b\r\nContent-Type: application / sdp\r\n\r\n", "--b--\r\n"},
    {"PartWithAComment", "multipart/mixed;boundary=b",
     "--b\r\nContent-Type: application/sdp (x)\r\n\r\n", "--b--\r\n"},
    {"PartFolded", "multipart/mixed;boundary=b",
     "--b\r\nContent-Type: application/\r\n sdp\r\n\r\n", "--b--\r\n"},
    {"PartOfAnotherType", "multipart/mixed;boundary=b", "--b\r\nContent-Type: text/plain\r\n\r\n",
     "--b--\r\n"},
    {"NoDelimiter", "multipart/mixed;boundary=b"},
    {"MessageSip", "message/sip", "INVITE sip:a@example.com SIP/2.0\r\n\r\n"},
    {"ExternalBody", "message/external-body", "Content-Type: application/sdp\r\n\r\n"},
};

class Disguised : public SmallLab, public ::testing::WithParamInterface<Disguise> {
protected:
    explicit Disguised(const std::vector<std::string>& lines = {"sip-calls-in insecure"})
        : SmallLab(configured(small_lab, "softswitch", lines)) {}
    void TearDown() override {
        for (const auto& packet : net.packets_of(outside.node().address())) {
            EXPECT_THAT(packet.bytes, Not(HasSubstr("inline:")));
        }
        SmallLab::TearDown();
    }
    static std::string body(const std::string& description) {
        return GetParam().before + description + GetParam().after;
    }
    static Phone::Fields fields(Phone& sender) {
        return {{"Contact", sender.contact()}, {"Content-Type", GetParam().type}};
    }
};

TEST_P(Disguised, KeysAreRefusedAndNothingIsSent) {
    const std::size_t before = sent_to(outside);
    for (const char* method : {"INVITE", "MESSAGE"}) {
        softswitch.send(method, "sip:5001@outside.example.com", fields(softswitch), body(sdes));
        net.run_for(2s);
        EXPECT_EQ(softswitch.statuses(method).back(), 488) << method;
    }
    EXPECT_EQ(sent_to(outside), before);
}

// The control: the same without keys goes on as it is.
TEST_P(Disguised, WithoutKeysPassesOctetByOctet) {
    outside.on_invite = Phone::OnInvite::Reject;
    softswitch.send("INVITE", "sip:5001@outside.example.com", fields(softswitch),
                    body(softswitch.offer));
    net.run_for(2s);
    EXPECT_EQ(softswitch.statuses("INVITE").back(), 486);
    ASSERT_EQ(outside.count("INVITE"), 1U);
    // A message within a message does not pass, whatever it bears.
    const bool is_message = std::string_view(GetParam().type) == "message/sip";
    EXPECT_EQ(outside.last_request("INVITE")->body(), is_message ? "" : body(softswitch.offer));
}

TEST_P(Disguised, KeysInAnAnswerDoNotGoOn) {
    softswitch.on_invite = Phone::OnInvite::Ring;
    outside.invite("sip:9001@switch.example.com");
    ASSERT_TRUE(run_until([&] { return softswitch.count("INVITE") == 1; }));
    softswitch.say(200, "z", fields(softswitch), body(sdes));
    net.run_for(2s);
    EXPECT_GE(outside.statuses("INVITE").back(), 400);
    EXPECT_EQ(softswitch.acks().size(), 1U);
    EXPECT_EQ(softswitch.count("BYE"), 1U);
    EXPECT_EQ(border.sbc().calls(), 0U);
}

class DisguisedToKeys : public Disguised {
protected:
    DisguisedToKeys() : Disguised(required) {}
};

TEST_P(DisguisedToKeys, PlainRtpIsRefusedAndNothingIsSent) {
    const std::size_t before = sent_to(softswitch);
    outside.send("INVITE", "sip:9001@switch.example.com", fields(outside), body(outside.offer));
    net.run_for(2s);
    EXPECT_THAT(outside.statuses("INVITE"), ElementsAre(100, 488));
    EXPECT_EQ(sent_to(softswitch), before);
}

// The control: what is no description passes.
class ToRequiredSrtp : public SmallLab {
protected:
    ToRequiredSrtp() : SmallLab(configured(small_lab, "softswitch", required)) {}
};

TEST_F(ToRequiredSrtp, OtherBodiesPass) {
    outside.send("MESSAGE", "sip:9001@switch.example.com", {{"Content-Type", "text / plain"}},
                 "hello, v=0\r\n");
    net.run_for(2s);
    ASSERT_EQ(softswitch.count("MESSAGE"), 1U);
    EXPECT_EQ(softswitch.last_request("MESSAGE")->body(), "hello, v=0\r\n");
}

const auto name_of = [](const auto& info) { return std::string(info.param.name); };
INSTANTIATE_TEST_SUITE_P(Types, Disguised, ::testing::ValuesIn(disguises), name_of);
INSTANTIATE_TEST_SUITE_P(Types, DisguisedToKeys, ::testing::ValuesIn(disguises), name_of);

}  // namespace
}  // namespace ringwall::test
