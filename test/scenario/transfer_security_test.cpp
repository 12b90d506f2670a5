// What a REFER cannot do where Ringwall obeys it: the target is put to `permit` for the call, and
// for what a call of the party that remains would be; descriptions are held to the rule about keys.
#include "scenario/transfers.h"

namespace ringwall::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::string keys =
    "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"
    "m=audio 4000 RTP/SAVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj\r\n";

// Three networks that have their REFERs obeyed, each with further lines.
class TransferLines : public Trunks {
protected:
    using Lines = std::vector<std::string>;
    explicit TransferLines(const Lines& wests, const Lines& easts = {}, const Lines& norths = {})
        : Trunks(configured(
              configured(configured(three_domains("handle"), "west", wests), "east", easts),
              "north", norths)) {}

    void call(Phone& from, const std::string& uri, Phone& to) {
        from.invite(uri);
        net.run_for(1s);
        ASSERT_TRUE(from.is_in_call());
        referrers = *from.dialog();
        partys = *to.dialog();
    }
    void refer(Phone& from, const std::string& target) {
        from.within(*referrers, sip::Method::Refer,
                    {{"Contact", from.contact()}, {"Refer-To", target}});
        net.run_for(2s);
    }
    static std::string told(const Phone& phone) {
        const auto notify = phone.last_request("NOTIFY");
        return notify == nullptr ? "" : std::string(notify->body());
    }
    void hang_up(Phone& phone, sip::Dialog& dialog) {
        phone.within(dialog, sip::Method::Bye, {});
        net.run_for(1s);
        EXPECT_EQ(border.sbc().calls(), 0U);
    }

    std::optional<sip::Dialog> referrers;
    std::optional<sip::Dialog> partys;
};

class SecureCallReferred : public TransferLines {
protected:
    SecureCallReferred() : TransferLines({"sip-calls-in secure"}, {}, {"security untrusted"}) {}
};

// East's own call there would be insecure, and might go. The one that it is in may not.
TEST_F(SecureCallReferred, ToAnUntrustedTargetGoesNowhere) {
    call(west, "sip:eric@east.example.net", east);
    refer(west, "<sip:nora@north.example.net>");
    EXPECT_THAT(told(west), HasSubstr("SIP/2.0 480 "));
    EXPECT_THAT(north.requests(), IsEmpty());
    EXPECT_EQ(sent_to(north), 0U);
    EXPECT_EQ(border.sbc().counters().value("refused_targets", "secure-call-untrusted-target"), 1U);
    EXPECT_EQ(border.sbc().calls(), 1U);
    hang_up(west, *referrers);
}

TEST_F(SecureCallReferred, IsSecureAfterwards) {
    call(west, "sip:eric@east.example.net", east);
    refer(west, "<sip:will@west.example.net>");
    EXPECT_THAT(told(west), HasSubstr("SIP/2.0 200 "));
    west.within(*referrers, sip::Method::Bye, {});
    net.run_for(1s);
    hang_up(east, *partys);
    ASSERT_EQ(border.records.size(), 2U);
    EXPECT_TRUE(border.records.back().is_secure);
}

class PartyMayNotCall : public TransferLines {
protected:
    PartyMayNotCall()
        : TransferLines({}, {"security untrusted", "refer handle"}, {"untrusted-callers refuse"}) {}
};

// West may call there, and east may not.
TEST_F(PartyMayNotCall, SoNobodyCallsForIt) {
    call(west, "sip:eric@east.example.net", east);
    refer(west, "<sip:nora@north.example.net>");
    EXPECT_THAT(told(west), HasSubstr("SIP/2.0 480 "));
    EXPECT_THAT(north.requests(), IsEmpty());
    EXPECT_EQ(sent_to(north), 0U);
    hang_up(west, *referrers);
}

class UntrustedReferrer : public TransferLines {
protected:
    UntrustedReferrer()
        : TransferLines({"security untrusted", "refer handle"}, {}, {"untrusted-callers refuse"}) {}
};

TEST_F(UntrustedReferrer, ReachesNobodyByAReferWhomItMayNotCall) {
    call(west, "sip:eric@east.example.net", east);
    refer(west, "<sip:nora@north.example.net>");
    EXPECT_THAT(told(west), HasSubstr("SIP/2.0 480 "));
    EXPECT_THAT(north.requests(), IsEmpty());
    EXPECT_EQ(sent_to(north), 0U);
    hang_up(west, *referrers);
}

TEST_F(UntrustedReferrer, LearnsNothingAboutWhoExists) {
    call(west, "sip:eric@east.example.net", east);
    refer(west, "<sip:nobody@nowhere.example.net>");
    EXPECT_EQ(told(west), "SIP/2.0 480 Temporarily Unavailable\r\n");
    hang_up(west, *referrers);
}

class SipsCallReferred : public TransferLines {
protected:
    explicit SipsCallReferred(const Lines& easts = {}) : TransferLines({}, easts) {
        west.set_scheme("sips");
        north.set_scheme("sips");
    }
};

TEST_F(SipsCallReferred, ToASipUriIs403AndGoesNowhere) {
    east.set_scheme("sips");
    call(west, "sips:eric@east.example.net", east);
    for (const char* target : {"<sip:nora@north.example.net>", "<tel:+15551234>"}) {
        refer(west, target);
        EXPECT_EQ(west.statuses("REFER").back(), 403) << target;
    }
    EXPECT_EQ(told(west), "");
    EXPECT_THAT(north.requests(), IsEmpty());
    EXPECT_EQ(east.count("REFER"), 0U);
    EXPECT_EQ(east.count("INVITE"), 1U);
    EXPECT_EQ(border.sbc().calls(), 1U);
    hang_up(west, *referrers);
}

class SipsCallOfASipParty : public SipsCallReferred {
protected:
    SipsCallOfASipParty() : SipsCallReferred({"sips-conversion to-sip"}) {}
};

// The leg of a party that was called carries sip, on whatever side of a call it is now.
TEST_F(SipsCallOfASipParty, KeepsTheSchemeOfEachLeg) {
    call(west, "sips:eric@east.example.net", east);
    refer(west, "<sips:nora@north.example.net>");
    EXPECT_THAT(told(west), HasSubstr("SIP/2.0 200 "));
    EXPECT_EQ(north.last_request("INVITE")->request_uri().scheme, sip::Scheme::Sips);
    west.within(*referrers, sip::Method::Bye, {});
    net.run_for(1s);
    east.reinvite();
    net.run_for(1s);
    EXPECT_EQ(east.statuses("INVITE").back(), 200);
    EXPECT_EQ(north.count("INVITE"), 2U);
    partys = *east.dialog();
    hang_up(east, *partys);
    EXPECT_EQ(north.count("BYE"), 1U);
}

class KeysReferred : public TransferLines {
protected:
    KeysReferred() : TransferLines({}, {}, {"media-security preferred"}) {}
};

TEST_F(KeysReferred, AnOfferWithKeysDoesNotReachALegThatMayNotHaveThem) {
    north.offer = keys;
    call(west, "sip:eric@east.example.net", east);
    refer(west, "<sip:nora@north.example.net>");
    EXPECT_THAT(told(west), HasSubstr("SIP/2.0 488 "));
    EXPECT_EQ(east.count("INVITE"), 1U);
    EXPECT_EQ(north.count("BYE"), 1U);
    EXPECT_EQ(border.sbc().calls(), 1U);
    hang_up(west, *referrers);
}

TEST_F(KeysReferred, AnAnswerWithKeysDoesNotGoOnAndEndsTheCall) {
    call(west, "sip:eric@east.example.net", east);
    east.offer = keys;
    refer(west, "<sip:nora@north.example.net>");
    EXPECT_THAT(told(west), HasSubstr("SIP/2.0 488 "));
    ASSERT_EQ(north.acks().size(), 1U);
    EXPECT_THAT(north.acks().back()->body(), Not(HasSubstr("inline")));
    EXPECT_EQ(north.count("BYE"), 1U);
    EXPECT_EQ(east.count("BYE"), 1U);
    EXPECT_EQ(west.count("BYE"), 1U);
    EXPECT_EQ(border.sbc().calls(), 0U);
}

}  // namespace
}  // namespace ringwall::test
