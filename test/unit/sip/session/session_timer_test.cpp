#include "sip/session/session_timer.h"

#include <gtest/gtest.h>

#include "sip/session/offer_answer.h"

namespace ringwall::sip::session {
namespace {

MessagePtr message(const std::string& start, const std::string& fields) {
    return Message::parse(start +
                              "\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\n"
                              "To: <sip:b@h>;tag=2\r\nCall-ID: c\r\nCSeq: 7 INVITE\r\n" +
                              fields + "Content-Length: 0\r\n\r\n",
                          Framing::Datagram)
        .message;
}

TEST(SessionExpires, IsReadAndWritten) {
    EXPECT_EQ(parse_session_expires("1800"), (SessionExpires{1800, Refresher::Unsaid}));
    EXPECT_EQ(parse_session_expires("1800;refresher=uac"), (SessionExpires{1800, Refresher::Uac}));
    EXPECT_EQ(parse_session_expires("90 ; x=y ; Refresher=UAS"),
              (SessionExpires{90, Refresher::Uas}));
    EXPECT_FALSE(parse_session_expires("").has_value());
    EXPECT_FALSE(parse_session_expires("x").has_value());
    EXPECT_FALSE(parse_session_expires("-1").has_value());
    EXPECT_FALSE(parse_session_expires("1800;refresher=both").has_value());
    EXPECT_EQ(to_string(SessionExpires{1800, Refresher::Uas}), "1800;refresher=uas");
    EXPECT_EQ(to_string(SessionExpires{90, Refresher::Unsaid}), "90");
    EXPECT_EQ(parse_min_se("90;x"), 90U);
}

// RFC 4028 §10: 32 s before the end, or a third of the interval.
TEST(SessionTimer, WhoWaitsGivesUpBeforeTheEnd) {
    EXPECT_EQ(give_up_at(TimePoint{}, 1800), TimePoint{} + 1768s);
    EXPECT_EQ(give_up_at(TimePoint{}, 90), TimePoint{} + 60s);
    EXPECT_EQ(refresh_at(TimePoint{}, 1800), TimePoint{} + 900s);
}

TEST(SessionTimer, WhatWasAgreedOn) {
    const auto able = message("INVITE sip:b@h SIP/2.0", "Supported: timer\r\nMin-SE: 120\r\n");
    const auto unable = message("INVITE sip:b@h SIP/2.0", "");
    const auto ok = [](const std::string& value) {
        return message("SIP/2.0 200 OK", value.empty() ? "" : "Session-Expires: " + value + "\r\n");
    };
    EXPECT_EQ(agreed(*able, *ok("1800;refresher=uac")), (SessionExpires{1800, Refresher::Uac}));
    EXPECT_EQ(agreed(*able, *ok("")), std::nullopt);
    EXPECT_EQ(agreed(*able, *ok("60;refresher=uac")), std::nullopt);
    EXPECT_EQ(agreed(*unable, *ok("1800;refresher=uas")), (SessionExpires{1800, Refresher::Uas}));
    EXPECT_EQ(agreed(*unable, *ok("1800;refresher=uac")), std::nullopt);
    const auto asking =
        message("INVITE sip:b@h SIP/2.0", "Supported: timer\r\nSession-Expires: 1800\r\n");
    EXPECT_EQ(agreed(*asking, *ok("86400000;refresher=uac")),
              (SessionExpires{1800, Refresher::Uac}));
    EXPECT_EQ(agreed(*asking, *ok("600;refresher=uas")), (SessionExpires{600, Refresher::Uas}));
    EXPECT_EQ(min_se(*able), 120U);
    EXPECT_EQ(min_se(*unable), std::nullopt);
}

TEST(SessionTimer, OurOwnAsksAfterHalfOfItsIntervalWithoutASign) {
    SessionTimer timer(1800, TimePoint{});
    EXPECT_EQ(timer.next(), TimePoint{} + 900s);
    EXPECT_FALSE(timer.is_refresh_due(TimePoint{} + 899s));
    EXPECT_TRUE(timer.is_refresh_due(TimePoint{} + 900s));
    timer.on_heard(TimePoint{} + 600s);
    EXPECT_FALSE(timer.is_refresh_due(TimePoint{} + 900s));
    EXPECT_EQ(timer.next(), TimePoint{} + 1500s);
    EXPECT_FALSE(timer.is_expired(TimePoint{} + 100000s));
}

TEST(SessionTimer, WhatWasAgreedOnTakesThePlaceOfOurOwn) {
    SessionTimer timer(1800, TimePoint{});
    timer.on_refreshed(SessionExpires{90, Refresher::Uac}, TimePoint{} + 10s);
    EXPECT_FALSE(timer.is_refresh_due(TimePoint{} + 2000s));
    EXPECT_FALSE(timer.is_expired(TimePoint{} + 69s));
    timer.on_heard(TimePoint{} + 69s);  // no refresh
    EXPECT_TRUE(timer.is_expired(TimePoint{} + 70s));
    timer.on_refreshed(std::nullopt, TimePoint{} + 70s);
    EXPECT_FALSE(timer.is_expired(TimePoint{} + 5000s));
    EXPECT_EQ(timer.next(), TimePoint{} + 970s);
}

TEST(SessionTimer, WhatIsLongerThanOurOwnDoesNotTakeItsPlace) {
    SessionTimer timer(1800, TimePoint{});
    timer.on_refreshed(SessionExpires{4000000000, Refresher::Uas}, TimePoint{} + 10s);
    EXPECT_EQ(timer.next(), TimePoint{} + 910s);
    EXPECT_TRUE(timer.is_refresh_due(TimePoint{} + 910s));
    timer.on_refreshed(SessionExpires{1800, Refresher::Uas}, TimePoint{} + 20s);
    EXPECT_EQ(timer.next(), TimePoint{} + 1788s);
}

TEST(SessionTimer, OffUnlessTheEndsAgree) {
    SessionTimer timer(std::nullopt, TimePoint{});
    EXPECT_EQ(timer.next(), std::nullopt);
    EXPECT_FALSE(timer.is_refresh_due(TimePoint{} + 100000s));
    timer.on_refreshed(SessionExpires{1800, Refresher::Uas}, TimePoint{});
    EXPECT_EQ(timer.next(), TimePoint{} + 1768s);
}

// RFC 3311 §5.2
TEST(OfferAnswer, OneOfferAtATime) {
    OfferAnswer session;
    EXPECT_TRUE(session.may_offer());
    EXPECT_EQ(session.refusal(), 0);
    session.on_offer_sent();
    EXPECT_EQ(session.refusal(), 491);
    EXPECT_FALSE(session.may_offer());
    session.close();
    EXPECT_EQ(session.refusal(), 0);
    session.on_offer_received();
    EXPECT_EQ(session.refusal(), 500);
    EXPECT_FALSE(session.may_offer());
    session.close();
    EXPECT_TRUE(session.may_offer());
}

}  // namespace
}  // namespace ringwall::sip::session
