// Media that goes through the media engine: what each side is told of the other, and that the
// engine forgets whatever comes to nothing.
#include "scenario/border.h"
#include "scenario/sim_media_engine.h"
#include "scenario/transfers.h"

namespace ringwall::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view srtp =
    "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"
    "m=audio 4000 RTP/SAVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR\r\n"
    "a=candidate:1 1 UDP 2130706431 192.0.2.9 4000 typ host\r\n"
    "a=source-filter: incl IN IP4 * 192.0.2.9\r\n";
constexpr std::string_view fax =
    "v=0\r\no=- 1 2 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"
    "m=image 4000 udptl t38\r\na=T38FaxVersion:0\r\n";

const Endpoint engine_at{IpAddress::v4(192, 0, 2, 77), 2223};

std::string with_engine(const std::vector<std::string>& west, const std::vector<std::string>& east,
                        const std::vector<std::string>& north = {}) {
    std::string text = configured(configured(configured(three_trunks, "west", west), "east", east),
                                  "north", north);
    const std::string_view sbe = " sbe\n";
    return text.insert(text.find(sbe) + sbe.size(),
                       "  media-engine ipv4 192.0.2.77\n  media-engine-port 2223\n");
}

// West is trusted and speaks SRTP only; east is not, and speaks RTP.
std::string srtp_to_rtp(const std::string& more = "media-engine-down refuse") {
    return with_engine(
        {"security trusted-unencrypted", "media-security required", "media anchored", more}, {});
}

class Anchored : public Trunks {
protected:
    explicit Anchored(const std::string& configuration = srtp_to_rtp()) : Trunks(configuration) {
        west.offer = srtp;
    }
    void SetUp() override { net.run_for(1s); }
    void call() {
        west.invite("sip:5001@192.0.2.4");
        ASSERT_TRUE(run_until([&] { return west.is_in_call() && !east.acks().empty(); }));
    }
    void hang_up() {
        west.bye();
        net.run_for(1s);
        EXPECT_EQ(east.count("BYE"), 1U);
        EXPECT_EQ(engine.sessions(), 0U);
    }
    void expect_ended(std::string_view reason) {
        EXPECT_EQ(west.count("BYE") + east.count("BYE"), 2U);
        ASSERT_EQ(border.records.size(), 1U);
        EXPECT_EQ(border.records[0].reason, reason);
    }
    void lose_to_engine(std::string_view command) {
        net.lose([command](const SimNetwork::Packet& packet) {
            return packet.to == engine_at && packet.bytes.find(command) != std::string::npos;
        });
    }
    void heal() { net.lose({}); }

    SimMediaEngine engine{net, engine_at};
};

const auto is_engines = [](std::string_view protocol) {
    return AllOf(HasSubstr("c=IN IP4 192.0.2.77\r\n"), HasSubstr(protocol),
                 Not(HasSubstr("192.0.2.9")), Not(HasSubstr("PS1uQCVe")));
};

std::string body_of(const sip::MessagePtr& message) {
    return message == nullptr ? "(no message)" : std::string(message->body());
}

TEST_F(Anchored, SrtpIsRtpOnTheOtherSide) {
    west.offer.replace(west.offer.find("crypto:1"), 8, "crypto:3");
    call();
    EXPECT_THAT(body_of(east.last_request("INVITE")),
                AllOf(is_engines("RTP/AVP 0"), Not(HasSubstr("inline:"))));
    EXPECT_THAT(body_of(west.last_response("INVITE")),
                AllOf(is_engines("RTP/SAVP 0"), HasSubstr("a=crypto:3 AES_CM_128_HMAC_SHA1_80")));
    EXPECT_EQ(engine.sessions(), 1U);
    hang_up();
    EXPECT_THAT(engine.commands(), ElementsAre("offer", "answer", "delete"));
}

TEST_F(Anchored, RtpIsSrtpOnTheOtherSide) {
    east.invite("sip:1000@192.0.2.5");
    ASSERT_TRUE(run_until([&] { return east.is_in_call() && !west.acks().empty(); }));
    EXPECT_THAT(body_of(west.last_request("INVITE")),
                AllOf(is_engines("RTP/SAVP 0"), HasSubstr("a=crypto:1 AES_CM_128_HMAC_SHA1_80")));
    EXPECT_THAT(body_of(east.last_response("INVITE")),
                AllOf(is_engines("RTP/AVP 0"), Not(HasSubstr("inline:"))));
    east.bye();
    net.run_for(1s);
    EXPECT_EQ(engine.sessions(), 0U);
}

TEST_F(Anchored, WhatIsNotSrtpIsRefusedAndNothingIsSent) {
    west.offer = east.offer;
    west.invite("sip:5001@192.0.2.4");
    net.run_for(1s);
    EXPECT_THAT(west.statuses("INVITE"), ElementsAre(100, 488));
    EXPECT_EQ(sent_to(east), 0U);
    EXPECT_EQ(engine.count("offer"), 0U);
}

TEST_F(Anchored, EarlyMediaAndWhatFollowsKeepsItsOrder) {
    west.invite_fields = {{"Supported", "100rel"}};
    west.pracks = true;
    east.on_invite = Phone::OnInvite::Ignore;
    west.invite("sip:5001@192.0.2.4");
    net.run_for(100ms);
    east.ring_reliably(183, east.offer);
    net.run_for(200ms);
    const auto progress = west.last_response("INVITE");
    ASSERT_EQ(progress->status(), 183);
    EXPECT_THAT(body_of(progress), is_engines("RTP/SAVP 0"));
    east.in_dialog(sip::Method::Update);
    net.run_for(100ms);
    EXPECT_THAT(body_of(west.last_request("UPDATE")), is_engines("RTP/SAVP 0"));
    // While a 183 is being shown, the 200 comes: it waits.
    lose_to_engine("answer");
    east.say(183, "ceric", {}, east.offer);
    east.ring(181);
    east.answer();
    net.run_for(100ms);
    EXPECT_THAT(west.statuses("INVITE"), ElementsAre(100, 183));
    heal();
    ASSERT_TRUE(run_until([&] { return west.is_in_call() && !east.acks().empty(); }));
    EXPECT_THAT(west.statuses("INVITE"), ElementsAre(100, 183, 183, 181, 200));
    hang_up();
}

TEST_F(Anchored, OffersWithinTheDialogInEitherDirection) {
    call();
    west.reinvite();
    net.run_for(500ms);
    EXPECT_EQ(west.statuses("INVITE").back(), 200);
    EXPECT_THAT(body_of(east.last_request("INVITE")), is_engines("RTP/AVP 0"));
    east.reinvite();
    net.run_for(500ms);
    EXPECT_THAT(body_of(west.last_request("INVITE")), is_engines("RTP/SAVP 0"));
    EXPECT_EQ(east.statuses("INVITE").back(), 200);
    EXPECT_EQ(engine.sessions(), 1U);
    hang_up();
}

TEST_F(Anchored, ARefusedOfferIsTakenBack) {
    call();
    east.reinvite_status = 488;
    west.reinvite();
    net.run_for(500ms);
    EXPECT_EQ(west.statuses("INVITE").back(), 488);
    EXPECT_THAT(engine.commands(), ElementsAre("offer", "answer", "offer", "offer", "answer"));
    east.reinvite_status = 200;
    west.reinvite();
    net.run_for(500ms);
    EXPECT_EQ(west.statuses("INVITE").back(), 200);
    hang_up();
}

TEST_F(Anchored, FaxIsNotSrtp) {
    call();
    west.offer = fax;
    east.offer = fax;
    east.reinvite();
    net.run_for(500ms);
    EXPECT_EQ(east.statuses("INVITE").back(), 488);  // west speaks SRTP only
    hang_up();
}

TEST_F(Anchored, CancelledWhileTheEngineIsAsked) {
    lose_to_engine("offer");
    west.invite("sip:5001@192.0.2.4");
    net.run_for(100ms);
    west.cancel();
    net.run_for(100ms);
    EXPECT_THAT(west.statuses("INVITE"), ElementsAre(100, 487));
    heal();
    net.run_for(5s);
    EXPECT_EQ(sent_to(east), 0U);
    EXPECT_EQ(engine.sessions(), 0U);
}

TEST_F(Anchored, CancelledWhileTheAnswerIsShown) {
    lose_to_engine("answer");
    west.invite("sip:5001@192.0.2.4");
    net.run_for(100ms);
    EXPECT_EQ(east.count("INVITE"), 1U);
    west.cancel();
    net.run_for(100ms);
    EXPECT_THAT(west.statuses("INVITE"), ElementsAre(100, 487));
    heal();
    net.run_for(5s);
    EXPECT_EQ(east.acks().size(), 1U);
    EXPECT_EQ(east.count("BYE"), 1U);
    EXPECT_EQ(engine.sessions(), 0U);
}

TEST_F(Anchored, AReinviteIsCancelledWhileItWaits) {
    call();
    lose_to_engine("offer");
    const auto invite = west.in_dialog(sip::Method::Invite);
    net.run_for(100ms);
    west.shard().cancel(invite);
    net.run_for(100ms);
    EXPECT_EQ(west.statuses("INVITE").back(), 487);
    heal();
    net.run_for(3s);
    EXPECT_EQ(east.count("INVITE"), 1U);
    hang_up();
}

TEST_F(Anchored, HungUpWhileAReinviteWaits) {
    call();
    lose_to_engine("offer");
    west.reinvite();
    net.run_for(100ms);
    border.sbc().end_all("ended at the console");
    net.run_for(100ms);
    heal();
    net.run_for(1s);
    EXPECT_EQ(west.count("BYE") + east.count("BYE"), 2U);
    EXPECT_THAT(west.statuses("INVITE").back(), 481);
    EXPECT_EQ(engine.sessions(), 0U);
}

TEST_F(Anchored, ADatagramToTheEngineIsLost) {
    net.set_weather({.loss = 0.2, .latency = 5ms});
    west.invite("sip:5001@192.0.2.4");
    run_until([&] { return west.is_in_call(); });
    net.set_weather({});
    net.run_for(10s);
    west.bye();
    net.run_for(40s);
    EXPECT_EQ(engine.sessions(), 0U);
}

TEST_F(Anchored, TheEngineRefuses) {
    engine.refuses = true;
    west.invite("sip:5001@192.0.2.4");
    net.run_for(1s);
    EXPECT_THAT(west.statuses("INVITE"), ElementsAre(100, 488));
    EXPECT_EQ(sent_to(east), 0U);
}

TEST_F(Anchored, AnAnswerWithATagThatWasNotOfferedEndsTheAttempt) {
    engine.renumbers_tags = true;
    west.invite("sip:5001@192.0.2.4");
    net.run_for(1s);
    EXPECT_THAT(west.statuses("INVITE"), ElementsAre(100, 488));
    EXPECT_EQ(east.count("BYE"), 1U);
    EXPECT_EQ(engine.sessions(), 0U);
}

TEST_F(Anchored, WithoutTheEngineItIsRefusedAndNothingIsSent) {
    engine.is_silent = true;
    west.invite("sip:5001@192.0.2.4");  // nobody knows yet that it is not there
    net.run_for(3s);
    EXPECT_THAT(west.statuses("INVITE"), ElementsAre(100, 503));
    EXPECT_EQ(sent_to(east), 0U);
    EXPECT_TRUE(border.worker(0).misses_media_engine() || border.worker_count() > 1);
    net.run_for(3s);
    west.invite("sip:5001@192.0.2.4");  // now it is known
    net.run_for(100ms);
    EXPECT_EQ(west.statuses("INVITE").back(), 503);
    EXPECT_EQ(west.last_response("INVITE")->reason(), "Service Unavailable");
    EXPECT_EQ(sent_to(east), 0U);
    EXPECT_EQ(border.records.size(), 2U);
    for (const sbc::CallRecord& each : border.records) {
        const auto rule = sbc::policy::rule_of(each.decisions.targets().back());
        ASSERT_TRUE(rule.has_value());
        EXPECT_EQ(rule->name, "media-engine-down");
        EXPECT_THAT(std::string(rule->sentence),
                    HasSubstr("The media engine does not answer, and the call is not to do "));
        EXPECT_EQ(each.reason, rule->sentence);
    }
    engine.is_silent = false;
    net.run_for(2s);
    call();
    hang_up();
}

TEST_F(Anchored, WithoutTheEngineExplainNamesTheRule) {
    engine.is_silent = true;
    net.run_for(10s);
    const std::size_t before = net.packets_of(ip("192.0.2.50")).size();
    const auto what = border.worker(0).explain({border.index_of("west"), "", "sip:5001@192.0.2.4"});
    EXPECT_EQ(what.end, sbc::Explanation::End::Refused);
    EXPECT_EQ(what.status, 503);
    EXPECT_EQ(what.detail, "media-engine-down");
    ASSERT_EQ(what.decisions.targets().size(), 2U) << "east, and north after it";
    for (const auto& target : what.decisions.targets()) {
        const auto rule = sbc::policy::rule_of(target);
        ASSERT_TRUE(rule.has_value());
        EXPECT_THAT(std::string(rule->sentence), HasSubstr("The media engine does not answer"));
    }
    EXPECT_EQ(net.packets_of(ip("192.0.2.50")).size(), before);
}

TEST_F(Anchored, TheEngineBeginsAnewAndTheCallEnds) {
    call();
    engine.restart();
    net.run_for(6s);
    expect_ended("media engine lost the call");
}

TEST_F(Anchored, TheEngineDiesAndTheCallEnds) {
    call();
    engine.is_silent = true;
    net.run_for(13s);
    expect_ended("media engine does not answer");
}

TEST_F(Anchored, NothingIsHeardAndTheCallEnds) {
    call();
    net.run_for(120s);
    EXPECT_TRUE(west.is_in_call());
    EXPECT_EQ(border.sbc().calls(), 1U);
    engine.has_media = false;
    net.run_for(54s);
    EXPECT_EQ(border.sbc().calls(), 1U);
    net.run_for(12s);
    EXPECT_EQ(border.sbc().calls(), 0U);
    EXPECT_EQ(border.records.at(0).reason, "no media");
}

TEST_F(Anchored, TheNextRouteHasASessionOfItsOwn) {
    east.on_invite = Phone::OnInvite::Reject;
    east.reject_status = 503;
    west.invite("sip:5001@192.0.2.4");
    ASSERT_TRUE(run_until([&] { return west.is_in_call() && !north.acks().empty(); }));
    EXPECT_THAT(body_of(north.last_request("INVITE")), is_engines("RTP/AVP 0"));
    EXPECT_EQ(engine.sessions(), 1U);
    west.bye();
    net.run_for(1s);
    EXPECT_EQ(engine.sessions(), 0U);
}

TEST_F(Anchored, DialogsOfAForkDownstream) {
    east.on_invite = Phone::OnInvite::Ignore;
    west.invite("sip:5001@192.0.2.4");
    net.run_for(100ms);
    east.say(183, "one", {}, east.offer);
    east.say(183, "two", {}, east.offer);
    net.run_for(100ms);
    EXPECT_THAT(west.statuses("INVITE"), ElementsAre(100, 183, 183));
    east.answer("two");
    ASSERT_TRUE(run_until([&] { return west.is_in_call() && !east.acks().empty(); }));
    hang_up();
}

TEST_F(Anchored, TheOfferIsInTheAnswer) {
    west.offer = "";
    west.ack_body = srtp;
    call();
    EXPECT_THAT(body_of(west.last_response("INVITE")), is_engines("RTP/SAVP 0"));
    EXPECT_THAT(body_of(east.acks().back()), is_engines("RTP/AVP 0"));
    hang_up();
}

TEST_F(Anchored, AmongOtherPartsADescriptionIsRefused) {
    west.send("INVITE", "sip:5001@192.0.2.4",
              {{"Contact", west.contact()}, {"Content-Type", "multipart/mixed;boundary=x"}},
              "--x\r\nContent-Type: application/sdp\r\n\r\n" + std::string(srtp) + "\r\n--x--\r\n");
    net.run_for(1s);
    EXPECT_THAT(west.statuses("INVITE"), ElementsAre(100, 488));
    EXPECT_EQ(sent_to(east), 0U);
}

class ByPassedWithoutEngine : public Anchored {
protected:
    ByPassedWithoutEngine()
        : Anchored(with_engine({"media anchored", "media-engine-down bypass"}, {})) {
        west.offer = north.offer;
    }
};

TEST_F(ByPassedWithoutEngine, ItPassesAsItCame) {
    engine.is_silent = true;
    west.invite("sip:5001@192.0.2.4");
    net.run_for(3s);
    EXPECT_TRUE(west.is_in_call());
    EXPECT_EQ(body_of(east.last_request("INVITE")), west.offer);
    west.bye();
    net.run_for(3s);
    west.invite("sip:5001@192.0.2.4");
    net.run_for(100ms);
    EXPECT_EQ(east.count("INVITE"), 2U);
    west.bye();
    net.run_for(1s);
}

TEST_F(ByPassedWithoutEngine, FaxPasses) {
    call();
    west.offer = fax;
    east.offer = fax;
    east.reinvite();
    net.run_for(500ms);
    EXPECT_THAT(body_of(west.last_request("INVITE")), is_engines("udptl t38"));
    EXPECT_THAT(body_of(east.last_response("INVITE")), is_engines("udptl t38"));
    hang_up();
}

class KeysFromOutside : public Anchored {
protected:
    KeysFromOutside()
        : Anchored(with_engine({"media anchored"},
                               {"security trusted-unencrypted", "media-security preferred"})) {
        west.offer = srtp;
        west.offer.replace(west.offer.find("RTP/SAVP"), 8, "RTP/AVP");
    }
};

// They are no part of what it offers: else the engine would send it SRTP, and it knows nothing of
// that.
TEST_F(KeysFromOutside, AreNotShownToTheEngine) {
    call();
    EXPECT_THAT(body_of(east.last_request("INVITE")),
                AllOf(is_engines("RTP/AVP 0"), HasSubstr("a=crypto:1 AES_CM_128_HMAC_SHA1_80")))
        << "besides, as of one who speaks RTP (RFC 8643)";
    EXPECT_THAT(body_of(west.last_response("INVITE")),
                AllOf(is_engines("RTP/AVP 0"), Not(HasSubstr("inline:"))));
    for (const auto& packet : net.packets()) {
        EXPECT_TRUE(packet.to != engine_at || packet.bytes.find("inline:") == std::string::npos)
            << packet.bytes;
    }
    hang_up();
}

// Keys that nobody sees: DTLS-SRTP on a leg that is not trusted.
class DtlsOutside : public Anchored {
protected:
    DtlsOutside()
        : Anchored(with_engine({"security trusted-unencrypted", "media-security required"},
                               {"media-security required", "media anchored"})) {}
};

TEST_F(DtlsOutside, IsWhatItIsOffered) {
    east.offer =
        "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"
        "m=audio 4000 UDP/TLS/RTP/SAVP 0\r\na=setup:active\r\na=fingerprint:sha-256 CC:DD\r\n";
    call();
    EXPECT_THAT(body_of(east.last_request("INVITE")),
                AllOf(is_engines("UDP/TLS/RTP/SAVP 0"), HasSubstr("a=fingerprint:sha-256 AA:BB"),
                      Not(HasSubstr("inline:"))));
    EXPECT_THAT(body_of(west.last_response("INVITE")),
                AllOf(is_engines("RTP/SAVP 0"), Not(HasSubstr("CC:DD"))));
    hang_up();
}

TEST_F(DtlsOutside, AnAnswerInTheClearEndsTheAttempt) {
    west.invite("sip:5001@192.0.2.4");
    net.run_for(1s);
    EXPECT_EQ(west.statuses("INVITE").back(), 488);
    EXPECT_EQ(east.count("BYE"), 1U);
    EXPECT_EQ(engine.sessions(), 0U);
}

// Who takes a place in a call has a session of the engine with who remains.
class AnchoredTransfers : public AttendedTransfers {
protected:
    explicit AnchoredTransfers(const std::string& refer = "pass")
        : AttendedTransfers(refer + "\n   media anchored", "  media-engine ipv4 192.0.2.77\n") {}
    void SetUp() override { net.run_for(1s); }

    SimMediaEngine engine{net, engine_at};
};

TEST_F(AnchoredTransfers, ANewcomerTakesAPlace) {
    consult();
    EXPECT_EQ(engine.sessions(), 2U);
    east.in_dialog_status = 0;
    refer(*to_east, "<sip:nora@north.example.net?" + escaped(replaces_of(*to_north)) + ">");
    accept();
    ASSERT_EQ(east.count("REFER"), 1U);
    obey();
    net.run_for(1s);
    ASSERT_TRUE(east.is_in_call());
    EXPECT_THAT(body_of(north.last_request("INVITE")), is_engines("RTP/AVP 0"));
    EXPECT_THAT(body_of(east.last_response("INVITE")), is_engines("RTP/AVP 0"));
    west_hangs_up();
    EXPECT_EQ(engine.sessions(), 1U);
    east.bye();
    net.run_for(1s);
    EXPECT_EQ(engine.sessions(), 0U);
}

TEST_F(AnchoredTransfers, ANewcomerIsRefusedByTheEngine) {
    consult();
    engine.refuses = true;
    const auto before = north.count("INVITE");
    east.in_dialog_status = 0;
    refer(*to_east, "<sip:nora@north.example.net?" + escaped(replaces_of(*to_north)) + ">");
    accept();
    obey();
    net.run_for(1s);
    EXPECT_EQ(east.statuses("INVITE").back(), 488);
    EXPECT_EQ(north.count("INVITE"), before);
    EXPECT_EQ(border.sbc().calls(), 2U);
    EXPECT_EQ(engine.sessions(), 2U);
    west_hangs_up();
    north.bye();
    net.run_for(1s);
}

class AnchoredHandled : public AnchoredTransfers {
protected:
    AnchoredHandled() : AnchoredTransfers("handle") {}
};

TEST_F(AnchoredHandled, TheRemainingPartyIsJoinedToTheTarget) {
    talk();
    refer(*to_east, "<sip:nora@north.example.net>");
    net.run_for(2s);
    ASSERT_EQ(north.count("INVITE"), 1U);
    EXPECT_THAT(body_of(east.last_request("INVITE")), is_engines("RTP/AVP 0"));
    ASSERT_EQ(north.acks().size(), 1U);
    EXPECT_THAT(body_of(north.acks().back()), is_engines("RTP/AVP 0"));
    west_hangs_up();
    EXPECT_EQ(border.sbc().calls(), 1U);
    EXPECT_EQ(engine.sessions(), 1U);
    net.run_for(30s);
    EXPECT_EQ(border.sbc().calls(), 1U);
    north.bye();
    net.run_for(1s);
    EXPECT_EQ(engine.sessions(), 0U);
}

TEST_F(AnchoredHandled, TheEngineIsGoneWhenThePartyAnswers) {
    talk();
    net.lose([](const SimNetwork::Packet& packet) {
        return packet.to == engine_at && packet.bytes.find("answer") != std::string::npos;
    });
    refer(*to_east, "<sip:nora@north.example.net>");
    net.run_for(5s);
    net.lose({});
    net.run_for(30s);
    EXPECT_EQ(north.count("BYE"), 1U);
    west_hangs_up();
    EXPECT_EQ(border.sbc().calls(), 0U);  // what one that did not answer still has, it drops itself
}

}  // namespace
}  // namespace ringwall::test
