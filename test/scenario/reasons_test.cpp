// Why a call ends: what whoever hangs up or gives up says by it reaches the other side. (RFC 3326;
// RFC 3261 §9, §15)
#include "scenario/border.h"

namespace ringwall::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* preempted = R"(preemption;cause=1;text="UA preemption")";
constexpr const char* cleared = R"(Q.850;cause=16;text="Normal call clearing")";
constexpr const char* answered = R"(SIP;cause=200;text="Call completed elsewhere")";

std::vector<std::string> reasons(const sip::MessagePtr& message) {
    std::vector<std::string> out;
    for (const auto& line : message->headers()) {
        if (line.id == sip::HeaderName::Reason) {
            out.emplace_back(line.value);
        }
    }
    return out;
}

class ReasonsTest : public Trunks {
protected:
    void talk() {
        west.invite("sip:5001@192.0.2.4");
        ASSERT_TRUE(run_until([&] { return west.is_in_call() && !east.acks().empty(); }));
    }
    void ring() {
        east.on_invite = Phone::OnInvite::Ring;
        west.invite("sip:5001@192.0.2.4");
        ASSERT_TRUE(run_until([&] {
            return !west.statuses("INVITE").empty() && west.statuses("INVITE").back() == 180;
        }));
    }
    // west's CANCEL of its INVITE, with what it says.
    void cancel_saying(const Phone::Fields& said) {
        for (const auto& packet : net.packets()) {
            if (packet.from.address != west.node().address() ||
                !packet.bytes.starts_with("INVITE ")) {
                continue;
            }
            const auto invite = sip::Message::parse(packet.bytes, sip::Framing::Datagram).message;
            const auto value = [&](sip::HeaderName name) {
                return std::string(invite->header(name)->value);
            };
            Phone::Fields fields{{"Via", value(sip::HeaderName::Via)},
                                 {"From", value(sip::HeaderName::From)},
                                 {"To", value(sip::HeaderName::To)},
                                 {"Call-ID", value(sip::HeaderName::CallId)},
                                 {"CSeq", std::to_string(invite->cseq().number) + " CANCEL"}};
            fields.insert(fields.end(), said.begin(), said.end());
            west.send("CANCEL", std::string(invite->request_uri_text()), fields);
            return;
        }
        FAIL() << "no INVITE";
    }
};

TEST_F(ReasonsTest, OfAByeReachTheOtherSide) {
    talk();
    west.dialog_fields = {{"Reason", cleared}, {"Reason", preempted}};
    west.bye();
    net.run_for(1s);
    ASSERT_EQ(east.count("BYE"), 1U);
    EXPECT_THAT(reasons(east.last_request("BYE")), ElementsAre(cleared, preempted));
    const auto ok = west.last_response("BYE");
    EXPECT_THAT(reasons(ok), IsEmpty());
    EXPECT_EQ(ok->body(), "");
}

TEST_F(ReasonsTest, OfTheCalleesByeReachTheCaller) {
    talk();
    east.dialog_fields = {{"Reason", std::string(cleared) + ", " + preempted}};
    east.bye();
    net.run_for(1s);
    ASSERT_EQ(west.count("BYE"), 1U);
    EXPECT_THAT(reasons(west.last_request("BYE")),
                ElementsAre(std::string(cleared) + ", " + preempted));
}

// What is of one side's hops and dialogs stays there, as of every request.
TEST_F(ReasonsTest, OfAByeComeWithoutWhatIsHidden) {
    talk();
    west.dialog_fields = {{"Reason", cleared},
                          {"Contact", "<sip:wendy@192.0.2.40>"},
                          {"Warning", "399 192.0.2.40 \"enough\""},
                          {"P-Asserted-Identity", "<sip:wendy@west.example.net>"}};
    west.bye();
    net.run_for(1s);
    ASSERT_EQ(east.count("BYE"), 1U);
    const std::string bye(east.last_request("BYE")->bytes());
    EXPECT_THAT(bye, Not(HasSubstr("192.0.2.40")));
    EXPECT_THAT(bye, Not(HasSubstr("P-Asserted-Identity")));
}

// It waits for the ACK (RFC 3261 §15), and says then what it would have said.
TEST_F(ReasonsTest, OfAByeThatHasToWaitReachTheCallerWithIt) {
    west.ack_nothing();
    west.invite("sip:5001@192.0.2.4");
    ASSERT_TRUE(run_until([&] {
        return west.last_response("INVITE") != nullptr &&
               west.last_response("INVITE")->status() == 200;
    }));
    east.dialog_fields = {{"Reason", preempted}};
    east.bye();
    net.run_for(1s);
    EXPECT_EQ(west.count("BYE"), 0U);
    west.ack_now();
    net.run_for(1s);
    ASSERT_EQ(west.count("BYE"), 1U);
    EXPECT_THAT(reasons(west.last_request("BYE")), ElementsAre(preempted));
}

TEST_F(ReasonsTest, ABodyOfAByePassesOctetByOctet) {
    talk();
    const std::string octets("\x01\x10\x02\x00\xff\r\n--\r\n\r\nrest", 17);
    west.dialog_fields = {{"Content-Type", "application/ISUP;version=itu-t92+"},
                          {"Content-Disposition", "signal;handling=optional"},
                          {"MIME-Version", "1.0"}};
    west.dialog_body = octets;
    west.bye();
    net.run_for(1s);
    ASSERT_EQ(east.count("BYE"), 1U);
    const auto bye = east.last_request("BYE");
    EXPECT_EQ(bye->body(), octets);
    ASSERT_NE(bye->header(sip::HeaderName::ContentDisposition), nullptr);
    ASSERT_NE(bye->header(sip::HeaderName::ContentType), nullptr);
    EXPECT_EQ(bye->header(sip::HeaderName::ContentType)->value,
              "application/ISUP;version=itu-t92+");
    EXPECT_EQ(bye->header(sip::HeaderName::ContentDisposition)->value, "signal;handling=optional");
}

TEST_F(ReasonsTest, OfACancelReachWhoeverRings) {
    ring();
    cancel_saying({{"Reason", preempted}, {"Reason", cleared}, {"X-Note", "192.0.2.40"}});
    net.run_for(1s);
    ASSERT_EQ(east.count("CANCEL"), 1U);
    EXPECT_THAT(reasons(east.last_request("CANCEL")), ElementsAre(preempted, cleared));
    EXPECT_THAT(std::string(east.last_request("CANCEL")->bytes()), Not(HasSubstr("192.0.2.40")));
}

TEST_F(ReasonsTest, OfACancelThatSayNothingStayHere) {
    ring();
    cancel_saying({{"Reason", ""}, {"Reason", preempted}});
    net.run_for(1s);
    ASSERT_EQ(east.count("CANCEL"), 1U);
    EXPECT_THAT(reasons(east.last_request("CANCEL")), ElementsAre(preempted));
}

// RFC 3261 §9.1: not before a provisional response.
TEST_F(ReasonsTest, OfACancelThatHasToWaitReachWhoeverRingsWithIt) {
    east.on_invite = Phone::OnInvite::Ignore;
    west.invite("sip:5001@192.0.2.4");
    ASSERT_TRUE(run_until([&] { return east.count("INVITE") == 1; }));
    cancel_saying({{"Reason", preempted}});
    net.run_for(1s);
    EXPECT_EQ(east.count("CANCEL"), 0U);
    east.ring();
    net.run_for(1s);
    ASSERT_EQ(east.count("CANCEL"), 1U);
    EXPECT_THAT(reasons(east.last_request("CANCEL")), ElementsAre(preempted));
}

// They have crossed: the answer is acknowledged and ended for the reason of the CANCEL.
TEST_F(ReasonsTest, OfACancelEndAnAnswerThatComesTooLate) {
    ring();
    east.obeys_cancel = false;
    cancel_saying({{"Reason", preempted}});
    net.run_for(100ms);
    east.answer();
    net.run_for(1s);
    ASSERT_EQ(east.count("BYE"), 1U);
    EXPECT_THAT(reasons(east.last_request("BYE")), ElementsAre(preempted));
}

TEST_F(ReasonsTest, OfAnEarlyByeBecomeThoseOfTheCancel) {
    ring();
    const auto ringing = west.last_response("INVITE");
    west.send("BYE", "sip:5001@192.0.2.4:5060",
              {{"Call-ID", std::string(ringing->call_id())},
               {"From", std::string(ringing->header(sip::HeaderName::From)->value)},
               {"To", std::string(ringing->header(sip::HeaderName::To)->value)},
               {"CSeq", "1000 BYE"},
               {"Reason", cleared}});
    net.run_for(1s);
    ASSERT_EQ(east.count("CANCEL"), 1U);
    EXPECT_THAT(reasons(east.last_request("CANCEL")), ElementsAre(cleared));
}

TEST_F(ReasonsTest, OfTheCancelOfAReinviteReachTheOtherSide) {
    talk();
    east.reinvite_status = 0;
    west.reinvite();
    net.run_for(100ms);
    east.ring_reinvite();
    net.run_for(100ms);
    // The INVITE that went last.
    sip::MessagePtr invite;
    for (const auto& packet : net.packets()) {
        if (packet.from.address == west.node().address() && packet.bytes.starts_with("INVITE ")) {
            invite = sip::Message::parse(packet.bytes, sip::Framing::Datagram).message;
        }
    }
    const auto value = [&](sip::HeaderName name) {
        return std::string(invite->header(name)->value);
    };
    west.send("CANCEL", std::string(invite->request_uri_text()),
              {{"Via", value(sip::HeaderName::Via)},
               {"From", value(sip::HeaderName::From)},
               {"To", value(sip::HeaderName::To)},
               {"Call-ID", value(sip::HeaderName::CallId)},
               {"CSeq", std::to_string(invite->cseq().number) + " CANCEL"},
               {"Reason", preempted}});
    net.run_for(1s);
    ASSERT_EQ(east.count("CANCEL"), 1U);
    EXPECT_THAT(reasons(east.last_request("CANCEL")), ElementsAre(preempted));
    west.bye();
}

// ---- what Ringwall says itself ------------------------------------------------------------------

// bob calls alice, who is registered twice.
class AnsweredElsewhere : public SmallLab {
protected:
    AnsweredElsewhere()
        : desk(net, ip("192.0.2.14"), sip::Transport::Tls, {ip("192.0.2.1"), 5061},
               {"alice", "example.com", "wonderland"}, 55) {}
    void SetUp() override {
        register_phones();
        desk.register_now();
        ASSERT_TRUE(run_until([&] { return desk.is_registered(); }));
        alice.on_invite = desk.on_invite = Phone::OnInvite::Ring;
        bob.invite("sip:alice@example.com");
        ASSERT_TRUE(
            run_until([&] { return alice.count("INVITE") == 1 && desk.count("INVITE") == 1; }));
        net.run_for(100ms);
    }
    Phone desk;
};

TEST_F(AnsweredElsewhere, TheOthersLearnThatItWas) {
    desk.answer();
    net.run_for(1s);
    ASSERT_EQ(alice.count("CANCEL"), 1U);
    EXPECT_THAT(reasons(alice.last_request("CANCEL")), ElementsAre(answered));
    bob.bye();
}

TEST_F(AnsweredElsewhere, OrThatSomebodyDeclinedForAll) {
    desk.reject(603);
    net.run_for(1s);
    ASSERT_EQ(alice.count("CANCEL"), 1U);
    EXPECT_THAT(reasons(alice.last_request("CANCEL")), ElementsAre("SIP;cause=603"));
}

// ---- what a BYE must not carry ------------------------------------------------------------------

const std::string sdes =
    "v=0\r\no=- 1 1 IN IP4 198.51.100.9\r\ns=-\r\nc=IN IP4 198.51.100.9\r\nt=0 0\r\n"
    "m=audio 4000 RTP/SAVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n";

class ByeTowardsTheOutside : public SmallLab {
protected:
    ByeTowardsTheOutside()
        : SmallLab(configured(small_lab, "softswitch", {"sip-calls-in insecure"})) {}
    void hang_up_saying(const Phone::Fields& fields, const std::string& body) {
        softswitch.invite("sip:5001@outside.example.com");
        ASSERT_TRUE(run_until([&] { return softswitch.is_in_call() && !outside.acks().empty(); }));
        softswitch.dialog_fields = fields;
        softswitch.dialog_body = body;
        softswitch.bye();
        net.run_for(1s);
        ASSERT_EQ(outside.count("BYE"), 1U);
        EXPECT_THAT(softswitch.statuses("BYE"), ElementsAre(200));
        EXPECT_EQ(border.sbc().calls(), 0U);
    }
};

TEST_F(ByeTowardsTheOutside, LeavesKeysBehindAndEndsTheCall) {
    hang_up_saying({{"Content-Type", "application/sdp"}, {"Reason", cleared}}, sdes);
    const auto bye = outside.last_request("BYE");
    EXPECT_EQ(bye->body(), "");
    EXPECT_EQ(bye->content_type(), "");
    EXPECT_THAT(reasons(bye), ElementsAre(cleared));
    for (const auto& packet : net.packets_of(outside.node().address())) {
        EXPECT_THAT(packet.bytes, Not(HasSubstr("inline:")));
    }
}

TEST_F(ByeTowardsTheOutside, LeavesWhatOnlyAnUnpackerKnowsBehind) {
    hang_up_saying({{"Content-Type", "text/plain"}, {"Content-Encoding", "gzip"}},
                   "\x1f\x8b\x08 what stands here only an unpacker knows");
    const auto bye = outside.last_request("BYE");
    EXPECT_EQ(bye->body(), "");
    EXPECT_EQ(bye->header(sip::HeaderName::ContentEncoding), nullptr);
}

// A message of the other side within the body, and what passes of it: of a fragment the status
// line, whatever its lines end with, and of a whole message nothing.
struct Quotation {
    const char* type;
    const char* body;
    const char* passed;
};

const std::vector<Quotation> quotations{
    {"message/sipfrag", "SIP/2.0 486 Busy Here\r\nVia: SIP/2.0/TCP 192.0.2.20\r\n",
     "SIP/2.0 486 Busy Here\r\n"},
    {"message/sipfrag", "SIP/2.0 486 Busy Here\nVia: SIP/2.0/TCP 192.0.2.20\n",
     "SIP/2.0 486 Busy Here\r\n"},
    {"Message/SIPfrag ; version=2.0", "SIP/2.0 486 Busy Here\rVia: SIP/2.0/TCP 192.0.2.20\r",
     "SIP/2.0 486 Busy Here\r\n"},
    {"message/sipfrag", "BYE sip:192.0.2.20 SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.20\r\n", ""},
    {"message/sip", "SIP/2.0 486 Busy Here\r\nVia: SIP/2.0/TCP 192.0.2.20\r\n\r\n", ""},
    {"multipart/mixed;boundary=b",
     "--b\r\nContent-Type: message/sipfrag\r\n\r\n"
     "SIP/2.0 486 Busy Here\r\nVia: SIP/2.0/TCP 192.0.2.20\r\n"
     "--b\r\nContent-Type: message/sip\r\n\r\nBYE sip:192.0.2.20 SIP/2.0\r\n\r\n"
     "--b\r\nContent-Type: text/plain\r\n\r\nSIP/2.0 as it is\nwritten\r\n--b--\r\nafter it",
     "--b\r\nContent-Type: message/sipfrag\r\n\r\nSIP/2.0 486 Busy Here\r\n"
     "--b\r\nContent-Type: message/sip\r\n\r\n"
     "--b\r\nContent-Type: text/plain\r\n\r\nSIP/2.0 as it is\nwritten\r\n--b--\r\nafter it"},
};

class QuotedMessages : public ByeTowardsTheOutside,
                       public ::testing::WithParamInterface<Quotation> {};

TEST_P(QuotedMessages, NameNoHosts) {
    hang_up_saying({{"Content-Type", GetParam().type}}, GetParam().body);
    EXPECT_EQ(outside.last_request("BYE")->body(), GetParam().passed);
    EXPECT_THAT(std::string(outside.last_request("BYE")->bytes()), Not(HasSubstr("192.0.2.20")));
}

INSTANTIATE_TEST_SUITE_P(Kinds, QuotedMessages, ::testing::ValuesIn(quotations));

}  // namespace
}  // namespace ringwall::test
