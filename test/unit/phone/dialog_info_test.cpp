#include "phone/dialog_info.h"

#include <gtest/gtest.h>

namespace ringwall::phone {
namespace {

using State = DialogInfo::State;

std::string info(const std::string& state, const std::string& dialogs) {
    return R"(<?xml version="1.0"?>
<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="0" state=")" +
           state + R"(" entity="sip:bob@example.com">)" + dialogs + "</dialog-info>";
}

// As in RFC 4235 §6.1, seen from who is called.
constexpr const char* ringing =
    R"(<dialog id="as7d900as8" call-id="a84b4c76e66710" local-tag="1928301774" remote-tag="456"
     direction="recipient"><state>early</state>
  <local><identity>sip:bob@example.com</identity><target uri="sip:bob@192.0.2.2"/></local>
  <remote><identity display="A &amp; B"> sip:alice@example.com </identity>
    <target uri="sip:alice@192.0.2.1:5061;transport=tls"/></remote></dialog>)";

TEST(DialogInfo, NothingIsKnownBeforeItIsTold) {
    DialogInfo dialogs;
    EXPECT_EQ(dialogs.state(), State::Unknown);
    ASSERT_TRUE(dialogs.take(info("full", "")));
    EXPECT_EQ(dialogs.state(), State::Idle);
    dialogs.forget();
    EXPECT_EQ(dialogs.state(), State::Unknown);
}

TEST(DialogInfo, SaysWhoRings) {
    DialogInfo dialogs;
    ASSERT_TRUE(dialogs.take(info("full", ringing)));
    EXPECT_EQ(dialogs.state(), State::Ringing);
    ASSERT_NE(dialogs.ringing(), nullptr);
    EXPECT_EQ(dialogs.ringing()->call_id, "a84b4c76e66710");
    EXPECT_EQ(dialogs.ringing()->local_tag, "1928301774");
    EXPECT_EQ(dialogs.ringing()->remote_tag, "456");
    EXPECT_EQ(dialogs.ringing()->remote, "sip:alice@example.com");
    EXPECT_EQ(dialogs.ringing()->remote_target, "sip:alice@192.0.2.1:5061;transport=tls");
}

TEST(DialogInfo, APartChangesThatPartOnly) {
    DialogInfo dialogs;
    ASSERT_TRUE(dialogs.take(info("full", ringing)));
    ASSERT_TRUE(dialogs.take(info("partial", R"(<dialog id="2" direction="initiator">)"
                                             "<state>confirmed</state></dialog>")));
    EXPECT_EQ(dialogs.state(), State::Ringing);
    ASSERT_TRUE(dialogs.take(
        info("partial", R"(<dialog id="as7d900as8" direction="recipient">)"
                        R"(<state event="rejected" code="486">terminated</state></dialog>)")));
    EXPECT_EQ(dialogs.state(), State::Busy);
    ASSERT_TRUE(dialogs.take(info("full", "")));
    EXPECT_EQ(dialogs.state(), State::Idle);
}

// Who calls, and who is in a call, is busy.
TEST(DialogInfo, OnlyWhoIsCalledRings) {
    DialogInfo dialogs;
    ASSERT_TRUE(dialogs.take(
        info("full", R"(<dialog id="1" direction="initiator"><state>early</state></dialog>)")));
    EXPECT_EQ(dialogs.state(), State::Busy);
    ASSERT_TRUE(dialogs.take(
        info("full", R"(<dialog id="1" direction="recipient"><state>confirmed</state></dialog>)")));
    EXPECT_EQ(dialogs.state(), State::Busy);
    EXPECT_EQ(dialogs.ringing(), nullptr);
}

TEST(DialogInfo, WhatCannotBeReadChangesNothing) {
    DialogInfo dialogs;
    ASSERT_TRUE(dialogs.take(info("full", ringing)));
    std::string many;
    for (int i = 0; i < 40; ++i) {
        many += "<dialog id=\"" + std::to_string(i) + "\"><state>early</state></dialog>";
    }
    for (const std::string& body :
         {std::string(), std::string("lamp on"), std::string("<presence/>"),
          info("full", "<dialog id=\"1\"><state>asleep</state></dialog>"), info("full", "<dialog>"),
          info("full", many), "<!DOCTYPE x [<!ENTITY e \"ee\">]>" + info("full", "").substr(22)}) {
        EXPECT_FALSE(dialogs.take(body)) << body;
    }
    EXPECT_EQ(dialogs.state(), State::Ringing);
}

}  // namespace
}  // namespace ringwall::phone
