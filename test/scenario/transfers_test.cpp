// REFER and Replaces: transfers through the border controller, as RFC 5589 has them, and who may
// not. What the far ends do for a transfer passes; what they name on the way is translated.
#include "scenario/transfers.h"

#include "sip/limits.h"

namespace ringwall::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

// RFC 5589 §6.1: the transferor hangs up before the transfer is done, and still hears of it.
TEST_F(Transfers, UnattendedTransfer) {
    talk();
    east.in_dialog_status = 0;
    refer(*to_east, "<sip:nora@north.example.net>");
    const auto refer = east.last_request("REFER");
    ASSERT_NE(refer, nullptr);
    EXPECT_EQ(refer->header("Refer-To")->value, "<sip:nora@north.example.net>");
    EXPECT_EQ(refer->to_tag(), easts->local_tag());
    accept();
    EXPECT_THAT(west.statuses("REFER"), ElementsAre(202));
    notify("active;expires=60", "SIP/2.0 100 Trying");
    ASSERT_NE(west.last_request("NOTIFY"), nullptr);
    EXPECT_EQ(west.last_request("NOTIFY")->body(), "SIP/2.0 100 Trying\r\n");
    west_hangs_up();
    EXPECT_EQ(border.sbc().calls(), 0U);
    east.invite("sip:nora@north.example.net");
    net.run_for(1s);
    ASSERT_TRUE(east.is_in_call());
    notify("terminated;reason=noresource", "SIP/2.0 200 OK");
    EXPECT_EQ(west.last_request("NOTIFY")->body(), "SIP/2.0 200 OK\r\n");
    EXPECT_EQ(east.statuses("NOTIFY").back(), 200);
    notify("active", "SIP/2.0 200 OK");
    EXPECT_EQ(east.statuses("NOTIFY").back(), 481);
    east.bye();
    net.run_for(1s);
}

// RFC 5589 §6.2 and §6.3: the target is busy, and the call goes on.
TEST_F(Transfers, ATransferThatFailedLeavesTheCallUp) {
    talk();
    east.in_dialog_status = 0;
    refer(*to_east, "<sip:nora@north.example.net>");
    accept();
    notify("terminated;reason=noresource", "SIP/2.0 486 Busy Here");
    EXPECT_EQ(west.last_request("NOTIFY")->body(), "SIP/2.0 486 Busy Here\r\n");
    EXPECT_EQ(border.sbc().calls(), 1U);
    west_hangs_up();
}

TEST_F(Transfers, ATransferThatIsDeclinedLeavesTheCallUp) {
    talk();
    east.in_dialog_status = 603;
    refer(*to_east, "<sip:nora@north.example.net>");
    EXPECT_THAT(west.statuses("REFER"), ElementsAre(603));
    EXPECT_EQ(border.sbc().calls(), 1U);
    west_hangs_up();
    notify("active", "SIP/2.0 100 Trying");
    EXPECT_EQ(east.statuses("NOTIFY").back(), 481);
}

// The CSeq of a REFER is its name in Event, and is another on each leg (RFC 3515 §2.4.6).
TEST_F(Transfers, TheIdOfTheEventIsTranslated) {
    talk();
    for (int i = 0; i < 5; ++i) {  // the numbers of the two legs part
        west.within(*to_east, sip::Method::Info, {});
        net.run_for(1s);
        east.within(*easts, sip::Method::Info, {});
        net.run_for(1s);
    }
    to_east->request(sip::Method::Info, "INFO");  // one that never came
    east.in_dialog_status = 0;
    refer(*to_east, "<sip:nora@north.example.net>");
    const std::uint32_t asked = to_east->local_cseq();
    const std::uint32_t heard = east.last_request("REFER")->cseq().number;
    ASSERT_NE(asked, heard);
    accept();
    notify("terminated", "SIP/2.0 200 OK", "refer;id=" + std::to_string(heard));
    EXPECT_EQ(west.last_request("NOTIFY")->header("Event")->value,
              "refer;id=" + std::to_string(asked));
    west_hangs_up();
}

// However long the far end says that it will go on: it may never say another word.
TEST_F(Transfers, NoCallIsKeptForeverForANotification) {
    talk();
    east.in_dialog_status = 0;
    refer(*to_east, "<sip:nora@north.example.net>");
    accept();
    notify("active;expires=4294967295", "SIP/2.0 100 Trying");
    west_hangs_up();
    net.run_for(2h);
    EXPECT_TRUE(border.sbc().is_empty());
}

// RFC 4488: nobody is told, and nothing waits.
TEST_F(Transfers, WithoutASubscription) {
    talk();
    east.in_dialog_status = 0;
    refer(*to_east, "<sip:nora@north.example.net>",
          {{"Refer-Sub", "false"}, {"Supported", "norefersub"}});
    EXPECT_EQ(east.last_request("REFER")->header("Refer-Sub")->value, "false");
    east.respond(200, "", {{"Contact", east.contact()}, {"Refer-Sub", "false"}});
    east.in_dialog_status = 200;
    net.run_for(1s);
    west_hangs_up();
    EXPECT_TRUE(border.sbc().is_quiet());
    notify("active", "SIP/2.0 100 Trying");
    EXPECT_EQ(east.statuses("NOTIFY").back(), 481);
}

TEST_F(Transfers, ReferredByPasses) {
    talk();
    east.in_dialog_status = 0;
    refer(*to_east, "<sip:nora@north.example.net>",
          {{"Referred-By", "<sip:wendy@west.example.net>;cid=\"x@y\""}});
    EXPECT_EQ(east.last_request("REFER")->header("Referred-By")->value,
              "<sip:wendy@west.example.net>;cid=\"x@y\"");
    accept(603);
    refer(*to_east, "<sip:nora@north.example.net>", {{"Referred-By", "<sip:wendy@192.0.2.40>"}});
    EXPECT_EQ(east.last_request("REFER")->header("Referred-By")->value, "<sip:wendy@192.0.2.5>");
    west_hangs_up();
}

// A host of ours, or an address of that side, is ours on the other.
TEST_F(Transfers, TheTargetNamesNoHostOfTheOtherSide) {
    talk();
    east.in_dialog_status = 0;
    for (const char* host : {"192.0.2.4", "192.0.2.40:5060"}) {
        refer(*to_east, std::string("Nora <sip:nora@") + host + ";transport=udp>");
        EXPECT_EQ(east.last_request("REFER")->header("Refer-To")->value,
                  "Nora <sip:nora@192.0.2.5:5060>");
        east.respond(603);
        net.run_for(1s);
    }
    west_hangs_up();
}

// RFC 6665 §4.1.3: who knows no more of one REFER may wait for the other.
TEST_F(Transfers, ANotificationThatIsRefusedEndsOnlyItsOwnRefer) {
    talk();
    std::vector<std::string> events;
    for (const char* target : {"<sip:nora@north.example.net>", "<sip:ned@north.example.net>"}) {
        east.in_dialog_status = 0;
        refer(*to_east, target);
        events.push_back("refer;id=" + std::to_string(east.last_request("REFER")->cseq().number));
        accept();
    }
    west.in_dialog_status = 481;
    notify("active", "SIP/2.0 100 Trying", events[1]);
    EXPECT_EQ(east.statuses("NOTIFY").back(), 481);
    west.in_dialog_status = 200;
    west_hangs_up();
    notify("terminated;reason=noresource", "SIP/2.0 200 OK", events[0]);
    EXPECT_EQ(east.statuses("NOTIFY").back(), 200);
    EXPECT_TRUE(border.sbc().is_quiet());
}

// RFC 3515 §2.4.5 asks for no more than the status line; what else there is names that side.
TEST_F(Transfers, OfAFragmentOnlyTheStatusLinePasses) {
    talk();
    east.in_dialog_status = 0;
    refer(*to_east, "<sip:nora@north.example.net>");
    accept();
    notify("active;expires=60",
           "SIP/2.0 180 Ringing\r\nVia: SIP/2.0/UDP 192.0.2.50;branch=z9hG4bKsecret\r\n"
           "Contact: <sip:nora@10.1.1.1>\r\nCall-ID: secret@192.0.2.50");
    EXPECT_EQ(west.last_request("NOTIFY")->body(), "SIP/2.0 180 Ringing\r\n");
    notify("active;expires=60", "INVITE sip:nora@10.1.1.1 SIP/2.0");
    ASSERT_EQ(west.count("NOTIFY"), 2U);
    EXPECT_EQ(west.last_request("NOTIFY")->body(), "");
    EXPECT_EQ(west.last_request("NOTIFY")->header("Content-Type"), nullptr);
    notify("terminated;reason=noresource", "SIP/2.0 200 OK");
    west_hangs_up();
}

// The name that we look up for it is no less than an address.
class TransfersOfANamedPeer : public Trunks {
protected:
    TransfersOfANamedPeer()
        : Trunks(
              configured(three_domains("pass"), "west", {"signaling-peer pbx.west.example.net"})) {}
};

TEST_F(TransfersOfANamedPeer, ItsNameIsNotSeenInARefer) {
    west.invite("sip:eric@east.example.net");
    net.run_for(1s);
    sip::Dialog dialog = *west.dialog();
    east.in_dialog_status = 603;
    west.within(
        dialog, sip::Method::Refer,
        {{"Contact", west.contact()}, {"Refer-To", "<sip:nora@PBX.west.example.net:5070>"}});
    net.run_for(1s);
    ASSERT_EQ(east.count("REFER"), 1U);
    EXPECT_EQ(east.last_request("REFER")->header("Refer-To")->value, "<sip:nora@192.0.2.5:5060>");
    west.within(dialog, sip::Method::Bye, {});
    net.run_for(1s);
}

TEST_F(AttendedTransfers, TheTransfereeTakesTheTransferorsPlace) {
    consult();
    east.in_dialog_status = 0;
    refer(*to_east, "<sip:nora@north.example.net?" + escaped(replaces_of(*to_north)) + ">");
    accept();
    obey();
    // Nothing of west's dialog is seen by east, and the INVITE comes here.
    EXPECT_THAT(replaces, Not(HasSubstr(to_north->call_id())));
    EXPECT_THAT(replaces, Not(HasSubstr(to_north->local_tag())));
    // North hears an offer in its dialog, not a call.
    ASSERT_EQ(north.count("INVITE"), 2U);
    EXPECT_EQ(north.last_request("INVITE")->to_tag(), norths->local_tag());
    EXPECT_EQ(north.last_request("INVITE")->body(), east.offer);
    EXPECT_EQ(north.last_request("INVITE")->max_forwards(), 69U);
    ASSERT_EQ(east.last_response("INVITE")->status(), 200);
    EXPECT_EQ(east.last_response("INVITE")->body(), north.offer);
    EXPECT_EQ(west.count("BYE"), 1U);  // of the call that east is in now
    EXPECT_EQ(north.acks().size(), 2U);
    notify("terminated;reason=noresource", "SIP/2.0 200 OK");
    EXPECT_EQ(west.last_request("NOTIFY")->body(), "SIP/2.0 200 OK\r\n");
    west_hangs_up();
    EXPECT_EQ(border.sbc().calls(), 1U);
    north.within(*norths, sip::Method::Info, {});
    net.run_for(1s);
    EXPECT_EQ(east.count("INFO"), 1U);
    north.within(*norths, sip::Method::Bye, {});
    net.run_for(1s);
    EXPECT_EQ(east.count("BYE"), 2U);
    EXPECT_EQ(border.sbc().calls(), 0U);
}

// What the transferee is given is good for that call, and says nothing else of it: our tag in it is
// neither named nor enough.
TEST_F(AttendedTransfers, ATagIsNoVoucher) {
    consult();
    east.in_dialog_status = 0;
    refer(*to_east, "<sip:nora@north.example.net?" + escaped(replaces_of(*to_north)) + ">");
    accept();
    EXPECT_THAT(std::string(east.last_request("REFER")->bytes()),
                Not(HasSubstr(to_north->remote_tag())));
    const std::string& tag = to_north->remote_tag();
    east.invite_fields = {{"Replaces", tag + ";to-tag=" + tag + ";from-tag=" + tag}};
    east.invite("sip:nora@192.0.2.5");
    net.run_for(1s);
    EXPECT_EQ(east.last_response("INVITE")->status(), 481);
    EXPECT_EQ(north.count("INVITE"), 1U);
    obey();
    EXPECT_EQ(east.last_response("INVITE")->status(), 200);
    north.within(*norths, sip::Method::Bye, {});
    net.run_for(1s);
    west_hangs_up();
}

// RFC 3891 §3: all three ids must name it. One of them is not enough to take somebody's place, nor
// to have it taken.
TEST_F(AttendedTransfers, ATagAloneBuysNothing) {
    consult();
    const std::string& tag = to_north->remote_tag();
    for (const std::string& ids : {"wrong;to-tag=" + tag + ";from-tag=" + to_north->local_tag(),
                                   to_north->call_id() + ";to-tag=" + tag + ";from-tag=wrong",
                                   tag + ";to-tag=" + tag + ";from-tag=" + tag}) {
        east.in_dialog_status = 0;
        refer(*to_east, "<sip:nora@north.example.net?" + escaped(ids) + ">");
        accept();
        obey();
        EXPECT_EQ(east.last_response("INVITE")->status(), 481) << ids;
    }
    EXPECT_EQ(north.count("INVITE"), 1U);
    EXPECT_EQ(west.count("BYE"), 0U);
    EXPECT_EQ(north.count("BYE"), 0U);
    north.within(*norths, sip::Method::Bye, {});
    net.run_for(1s);
    west_hangs_up();
}

// RFC 4028 §9: as of any answer.
TEST_F(AttendedTransfers, ANewcomerIsGrantedNoMoreThanItAskedFor) {
    consult();
    east.in_dialog_status = 0;
    refer(*to_east, "<sip:nora@north.example.net?" + escaped(replaces_of(*to_north)) + ">");
    accept();
    north.success_fields = {{"Session-Expires", "4000000;refresher=uas"}};
    obey({{"Supported", "timer"}, {"Session-Expires", "1200;refresher=uac"}});
    ASSERT_EQ(east.last_response("INVITE")->status(), 200);
    EXPECT_EQ(east.last_response("INVITE")->header("Session-Expires")->value, "1200;refresher=uas");
    north.within(*norths, sip::Method::Bye, {});
    net.run_for(1s);
    west_hangs_up();
}

// RFC 4028 §7.2: the two ends of the call are others now, and so is what they agreed on.
TEST_F(AttendedTransfers, TheIntervalOfWhoWasReplacedEndsWithIt) {
    west.invite_fields = {{"Supported", "timer"}, {"Session-Expires", "90;refresher=uac"}};
    north.success_fields = {{"Require", "timer"}, {"Session-Expires", "90;refresher=uac"}};
    consult();
    north.success_fields = {};
    take_the_place();
    ASSERT_EQ(east.last_response("INVITE")->status(), 200);
    west_hangs_up();
    net.run_for(1000s);
    EXPECT_EQ(north.count("BYE"), 0U);
    EXPECT_EQ(border.sbc().calls(), 1U);
    EXPECT_EQ(north.count("INVITE"), 3U);  // each is asked by Ringwall, as without any interval
    north.within(*norths, sip::Method::Bye, {});
    net.run_for(1s);
}

TEST_F(AttendedTransfers, TheIntervalOfANewcomerBeginsWithItsAnswer) {
    west.invite_fields = {{"Supported", "timer"}, {"Session-Expires", "1800;refresher=uac"}};
    north.success_fields = {{"Require", "timer"}, {"Session-Expires", "1800;refresher=uac"}};
    consult();
    net.run_for(890s);
    take_the_place({{"Supported", "timer"}, {"Session-Expires", "1800;refresher=uac"}});
    ASSERT_EQ(east.last_response("INVITE")->status(), 200);
    west_hangs_up();
    net.run_for(1750s);
    EXPECT_EQ(north.count("BYE"), 0U);
    EXPECT_EQ(border.sbc().calls(), 1U);
    net.run_for(20s);  // RFC 4028 §10: 32 s before the end
    EXPECT_EQ(north.count("BYE"), 1U);
    EXPECT_EQ(border.records.back().reason, "session expired");
    EXPECT_EQ(border.sbc().calls(), 0U);
}

// As of any caller: too short is 422, and nothing is sent; too long is shortened.
TEST_F(AttendedTransfers, TheIntervalThatANewcomerAsksForIsLimited) {
    consult();
    take_the_place({{"Supported", "timer"}, {"Session-Expires", "50"}});
    EXPECT_EQ(east.last_response("INVITE")->status(), 422);
    ASSERT_NE(east.last_response("INVITE")->header("Min-SE"), nullptr);
    EXPECT_EQ(east.last_response("INVITE")->header("Min-SE")->value, "90");
    EXPECT_EQ(north.count("INVITE"), 1U);
    EXPECT_EQ(west.count("BYE"), 0U);
    obey({{"Supported", "timer"}, {"Session-Expires", "86400"}});
    EXPECT_EQ(east.last_response("INVITE")->status(), 200);
    EXPECT_EQ(north.last_request("INVITE")->header("Session-Expires")->value, "1800");
    north.within(*norths, sip::Method::Bye, {});
    net.run_for(1s);
    west_hangs_up();
}

// RFC 4028 §6: without the Min-SE it could not ask again.
TEST_F(AttendedTransfers, WhyTheTargetRefusesReachesTheNewcomer) {
    consult();
    north.answered_by_test = [this](sip::transaction::ServerId id, const sip::MessagePtr& request) {
        if (request->method() != sip::Method::Invite) {
            return false;
        }
        auto response = sip::reply(*request, 422, norths->local_tag());
        response.header(sip::HeaderName::MinSe, "3600");
        response.header(sip::HeaderName::Contact, north.contact());
        north.shard().respond(id, response.build());
        return true;
    };
    take_the_place({{"Supported", "timer"}, {"Session-Expires", "1200"}});
    EXPECT_EQ(east.last_response("INVITE")->status(), 422);
    ASSERT_NE(east.last_response("INVITE")->header("Min-SE"), nullptr);
    EXPECT_EQ(east.last_response("INVITE")->header("Min-SE")->value, "3600");
    EXPECT_EQ(east.last_response("INVITE")->header("Contact"), nullptr);
    EXPECT_EQ(west.count("BYE"), 0U);
    north.within(*norths, sip::Method::Bye, {});
    net.run_for(1s);
    west_hangs_up();
}

// What it requires of the one that it replaces, it does not require of the leg that remains; and no
// provisional response of that one passes, so none is asked for reliably.
TEST_F(AttendedTransfers, TheTargetNeedKnowNeitherReplacesNorReliableResponses) {
    consult();
    take_the_place({{"Require", "replaces, 100rel"}, {"Supported", "replaces"}});
    ASSERT_EQ(north.count("INVITE"), 2U);
    EXPECT_EQ(north.last_request("INVITE")->header("Require"), nullptr);
    EXPECT_EQ(north.last_request("INVITE")->header("Supported"), nullptr);
    EXPECT_EQ(east.last_response("INVITE")->status(), 200);
    north.within(*norths, sip::Method::Bye, {});
    net.run_for(1s);
    west_hangs_up();
}

TEST_F(AttendedTransfers, WhatElseANewcomerRequiresPasses) {
    consult();
    take_the_place({{"Require", "Replaces, timer"}, {"Supported", "100rel, timer, norefersub"}});
    ASSERT_EQ(north.count("INVITE"), 2U);
    EXPECT_EQ(north.last_request("INVITE")->header("Require")->value, "timer");
    EXPECT_EQ(north.last_request("INVITE")->header("Supported")->value, "timer, norefersub");
    EXPECT_EQ(east.last_response("INVITE")->status(), 200);
    north.within(*norths, sip::Method::Bye, {});
    net.run_for(1s);
    west_hangs_up();
}

// A REFER is like any other request then, though it may outlive a call.
TEST_F(AttendedTransfers, WhatWasAskedOfTheOneReplacedIsAnswered) {
    consult();
    west.in_dialog_status = 0;
    north.within(*norths, sip::Method::Refer,
                 {{"Contact", north.contact()}, {"Refer-To", "<sip:ned@north.example.net>"}});
    net.run_for(1s);
    ASSERT_EQ(west.count("REFER"), 1U);
    west.in_dialog_status = 200;
    east.in_dialog_status = 0;
    refer(*to_east, "<sip:nora@north.example.net?" + escaped(replaces_of(*to_north)) + ">");
    accept();
    obey();
    EXPECT_EQ(east.last_response("INVITE")->status(), 200);
    EXPECT_THAT(north.statuses("REFER"), ElementsAre(480));
    north.within(*norths, sip::Method::Bye, {});
    net.run_for(1s);
    west_hangs_up();
}

// A SUBSCRIBE within a call may outlive it, but not for ever.
TEST_F(Transfers, OfASubscribeThatIsOpenWhenTheCallEndsNothingIsLeft) {
    talk();
    east.in_dialog_status = 0;
    west.in_dialog(sip::Method::Subscribe);
    net.run_for(1s);
    ASSERT_EQ(east.count("SUBSCRIBE"), 1U);
    west_hangs_up();
    net.settle(100s);
    EXPECT_TRUE(border.sbc().is_empty());
}

// Nobody keeps one for later.
TEST_F(AttendedTransfers, AVoucherIsGoodForMinutes) {
    consult();
    east.in_dialog_status = 0;
    refer(*to_east, "<sip:nora@north.example.net?" + escaped(replaces_of(*to_north)) + ">");
    accept();
    net.run_for(301s);
    obey();
    EXPECT_EQ(east.last_response("INVITE")->status(), 481);
    EXPECT_EQ(north.count("INVITE"), 1U);
    north.within(*norths, sip::Method::Bye, {});
    net.run_for(1s);
    west_hangs_up();
}

// A tag of ours is known by its looks, where the call is another worker's.
TEST_F(AttendedTransfers, ADialogOfAnotherWorkerBecomesAVoucherToo) {
    consult_in_a_call_that_came_in();
    east.in_dialog_status = 0;
    refer(*to_east, "<sip:nora@north.example.net?" + escaped(replaces_of(*to_north)) + ">");
    accept();
    obey();
    EXPECT_THAT(replaces, Not(HasSubstr(to_north->call_id())));
    ASSERT_EQ(north.count("INVITE"), 2U);
    EXPECT_EQ(north.last_request("INVITE")->to_tag(), norths->local_tag());
    EXPECT_EQ(east.last_response("INVITE")->status(), 200);
    west_hangs_up();
    north.within(*norths, sip::Method::Bye, {});
    net.run_for(1s);
    EXPECT_EQ(border.sbc().calls(), 0U);
}

// A refresh of Ringwall's own says what the newcomer said, not where the replaced one is (RFC 4028
// §7.4).
TEST_F(AttendedTransfers, ARefreshAfterwardsDescribesTheNewcomer) {
    consult();
    east.offer.replace(east.offer.find("4000"), 4, "4002");
    east.in_dialog_status = 0;
    refer(*to_east, "<sip:nora@north.example.net?" + escaped(replaces_of(*to_north)) + ">");
    accept();
    obey();
    ASSERT_EQ(north.count("INVITE"), 2U);
    west_hangs_up();
    net.run_for(1000s);
    ASSERT_EQ(north.count("INVITE"), 3U);
    EXPECT_EQ(north.last_request("INVITE")->body(), east.offer);
    north.within(*norths, sip::Method::Bye, {});
    net.run_for(1s);
}

// RFC 3261 §13.2.2.4: a 2xx that is repeated is acknowledged again.
TEST_F(AttendedTransfers, ALostAckToTheTargetIsSentAgain) {
    consult();
    east.in_dialog_status = 0;
    refer(*to_east, "<sip:nora@north.example.net?" + escaped(replaces_of(*to_north)) + ">");
    accept();
    int lost = 0;
    net.lose([&](const SimNetwork::Packet& packet) {
        return packet.to.address == ip("192.0.2.60") && packet.bytes.starts_with("ACK ") &&
               lost++ == 0;
    });
    obey();
    net.run_for(70s);
    EXPECT_GE(lost, 2);
    EXPECT_EQ(north.count("BYE"), 0U);
    north.within(*norths, sip::Method::Bye, {});
    net.run_for(1s);
    west_hangs_up();
}

// The time that a newcomer has is its own, not what an earlier one left.
TEST_F(AttendedTransfers, ANewcomerHasAsMuchTimeAsTheOneBefore) {
    consult();
    north.reinvite_status = 488;
    east.in_dialog_status = 0;
    refer(*to_east, "<sip:nora@north.example.net?" + escaped(replaces_of(*to_north)) + ">");
    accept();
    obey();
    ASSERT_EQ(east.last_response("INVITE")->status(), 488);
    net.run_for(170s);
    north.reinvite_status = 0;
    obey();
    north.ring_reinvite();
    net.run_for(20s);
    EXPECT_EQ(east.last_response("INVITE")->status(), 100);
    north.answer_reinvite();
    net.run_for(1s);
    EXPECT_EQ(east.last_response("INVITE")->status(), 200);
    north.within(*norths, sip::Method::Bye, {});
    net.run_for(1s);
    west_hangs_up();
}

TEST_F(AttendedTransfers, ARefusalByTheTargetLeavesBothCalls) {
    consult();
    north.reinvite_status = 488;
    east.in_dialog_status = 0;
    refer(*to_east, "<sip:nora@192.0.2.4?" + escaped(replaces_of(*to_north)) + ">");
    accept();
    obey();
    EXPECT_EQ(east.last_response("INVITE")->status(), 488);
    EXPECT_EQ(west.count("BYE"), 0U);
    EXPECT_EQ(border.sbc().calls(), 2U);
    north.within(*norths, sip::Method::Bye, {});
    net.run_for(1s);
    west_hangs_up();
}

TEST_F(AttendedTransfers, ATransferThatIsCancelledLeavesBothCalls) {
    consult();
    north.reinvite_status = 0;
    east.in_dialog_status = 0;
    refer(*to_east, "<sip:nora@192.0.2.4?" + escaped(replaces_of(*to_north)) + ">");
    accept();
    obey();
    north.ring_reinvite();
    net.run_for(1s);
    east.cancel();
    net.run_for(2s);
    EXPECT_EQ(north.count("CANCEL"), 1U);
    EXPECT_EQ(east.last_response("INVITE")->status(), 487);
    EXPECT_EQ(border.sbc().calls(), 2U);
    north.within(*norths, sip::Method::Bye, {});
    net.run_for(1s);
    west_hangs_up();
}

// RFC 3261 §9.1: the CANCEL waits for the first provisional response; it is not forgotten.
TEST_F(AttendedTransfers, ATransferThatIsCancelledBeforeTheTargetRingsLeavesBothCalls) {
    consult();
    north.reinvite_status = 0;
    east.in_dialog_status = 0;
    refer(*to_east, "<sip:nora@192.0.2.4?" + escaped(replaces_of(*to_north)) + ">");
    accept();
    obey();
    east.cancel();
    net.run_for(1s);
    EXPECT_EQ(east.last_response("INVITE")->status(), 487);
    EXPECT_EQ(north.count("CANCEL"), 0U);
    north.ring_reinvite();
    net.run_for(2s);
    EXPECT_EQ(north.count("CANCEL"), 1U);
    EXPECT_EQ(border.sbc().calls(), 2U);
    north.within(*norths, sip::Method::Bye, {});
    net.run_for(1s);
    west_hangs_up();
}

TEST_F(AttendedTransfers, TheTransferorHangsUpWhileItIsUnderWay) {
    consult();
    north.reinvite_status = 0;
    east.in_dialog_status = 0;
    refer(*to_east, "<sip:nora@192.0.2.4?" + escaped(replaces_of(*to_north)) + ">");
    accept();
    obey();
    west.within(*to_north, sip::Method::Bye, {});
    net.run_for(1s);
    EXPECT_EQ(north.count("BYE"), 1U);
    EXPECT_EQ(east.last_response("INVITE")->status(), 480);
    north.answer_reinvite();
    net.run_for(1s);
    west_hangs_up();
    EXPECT_EQ(border.sbc().calls(), 0U);
}

// ---- a Refer-To that cannot pass ----------------------------------------------------------------

// On the other side it has a longer host, and nobody could read it.
class LongTargets : public Transfers, public ::testing::WithParamInterface<const char*> {
protected:
    LongTargets() : Transfers(GetParam()) {}
};

TEST_P(LongTargets, AreRefusedAndTheCallGoesOn) {
    talk();
    const std::string tail = "@192.0.2.40";
    refer(*to_east, "<sip:" + std::string(sip::limits::uri - 4 - tail.size(), '5') + tail + ">");
    EXPECT_THAT(west.statuses("REFER"), ElementsAre(400));
    EXPECT_EQ(east.count("REFER"), 0U);
    EXPECT_EQ(north.count("INVITE"), 0U);
    EXPECT_EQ(border.sbc().calls(), 1U);
    west_hangs_up();
}

INSTANTIATE_TEST_SUITE_P(Transfers, LongTargets, ::testing::Values("pass", "handle"));

// ---- an INVITE with Replaces --------------------------------------------------------------------

TEST_F(AttendedTransfers, OfADialogThatIsNotOursIs481) {
    consult();
    for (const std::string& named :
         {std::string("nobody@nowhere;to-tag=a;from-tag=b"),
          replaces_of(*to_north).replace(0, 4, "some"),
          to_north->call_id() + ";to-tag=" + to_north->remote_tag() + ";from-tag=guessed"}) {
        east.send("INVITE", "sip:nora@192.0.2.5",
                  {{"Contact", east.contact()}, {"Replaces", named}}, east.offer);
        net.run_for(1s);
        EXPECT_EQ(east.last_response("INVITE")->status(), 481) << named;
    }
    EXPECT_EQ(north.count("INVITE"), 1U);
    north.within(*norths, sip::Method::Bye, {});
    net.run_for(1s);
    west_hangs_up();
}

TEST_F(AttendedTransfers, OnlyAnEarlyDialogWhereItStandsIs486) {
    consult();
    east.send("INVITE", "sip:nora@192.0.2.5",
              {{"Contact", east.contact()}, {"Replaces", replaces_of(*to_north) + ";early-only"}},
              east.offer);
    net.run_for(1s);
    EXPECT_EQ(east.last_response("INVITE")->status(), 486);
    EXPECT_EQ(north.count("INVITE"), 1U);
    north.within(*norths, sip::Method::Bye, {});
    net.run_for(1s);
    west_hangs_up();
}

// RFC 5359 §2.16, pickup: decision 13 says why not.
TEST_F(Transfers, ACallThatStillRingsIsNotPickedUpAndGoesOn) {
    east.on_invite = Phone::OnInvite::Ignore;
    west.invite("sip:eric@east.example.net");
    net.run_for(1s);
    east.ring(180, "ringing");
    net.run_for(1s);
    const auto rung = east.last_request("INVITE");
    const auto heard = west.last_response("INVITE");
    ASSERT_EQ(heard->status(), 180);
    const std::string of_east = std::string(rung->call_id()) +
                                ";to-tag=" + std::string(rung->from_tag()) + ";from-tag=ringing";
    const std::string of_west = std::string(heard->call_id()) +
                                ";to-tag=" + std::string(heard->to_tag()) +
                                ";from-tag=" + std::string(heard->from_tag());
    for (const std::string& named : {of_east, of_east + ";early-only", of_west}) {
        north.send("INVITE", "sip:eric@east.example.net",
                   {{"Contact", north.contact()}, {"Replaces", named}}, north.offer);
        net.run_for(1s);
        EXPECT_EQ(north.statuses("INVITE").back(), 481) << named;
    }
    EXPECT_THAT(west.requests(), IsEmpty());
    EXPECT_EQ(east.requests().size(), 1U);
    east.answer("ringing");
    net.run_for(1s);
    EXPECT_TRUE(west.is_in_call());
    EXPECT_EQ(east.acks().size(), 1U);
    west.bye();
    net.run_for(1s);
    EXPECT_EQ(border.sbc().calls(), 0U);
}

TEST_F(AttendedTransfers, WhatCannotBeReadIs400) {
    consult();
    east.send("INVITE", "sip:nora@192.0.2.5",
              {{"Contact", east.contact()}, {"Replaces", "only-a-call-id"}}, east.offer);
    net.run_for(1s);
    EXPECT_EQ(east.last_response("INVITE")->status(), 400);
    ASSERT_EQ(border.refusals().size(), 1U);
    EXPECT_EQ(border.refusals()[0].reason, "Bad Replaces");
    north.within(*norths, sip::Method::Bye, {});
    net.run_for(1s);
    west_hangs_up();
}

// ---- who may not --------------------------------------------------------------------------------

class NoTransfers : public Transfers {
protected:
    NoTransfers() : Transfers("refuse") {}
};

TEST_F(NoTransfers, ARefusedReferGoesNowhereAndTheCallGoesOn) {
    talk();
    refer(*to_east, "<sip:nora@north.example.net>");
    EXPECT_THAT(west.statuses("REFER"), ElementsAre(403));
    EXPECT_EQ(east.count("REFER"), 0U);
    EXPECT_EQ(border.sbc().calls(), 1U);
    EXPECT_EQ(border.sbc().counters().value("refused_targets", "refer-refuse"), 1U);
    EXPECT_THAT(std::string(west.last_response("REFER")->bytes()),
                HasSubstr("Warning: 399 192.0.2.4 \"refer-refuse: This adjacency may not refer"));
    west_hangs_up();
    const auto refused = border.refusals();
    ASSERT_EQ(refused.size(), 1U);
    EXPECT_EQ(refused[0].method, "REFER");
    EXPECT_EQ(refused[0].status, 403);
    EXPECT_EQ(refused[0].from_adjacency, "west");
    EXPECT_EQ(refused[0].to_adjacency, "east");
    EXPECT_EQ(refused[0].within, border.records.back().call);
    EXPECT_EQ(refused[0].decisions.targets().back().referral_refusal(),
              sbc::policy::ReferralRefusal::ReferRefuse);
    EXPECT_EQ(border.records.back().decisions.targets().back(),
              refused[0].decisions.targets().back());
}

TEST_F(NoTransfers, OutsideADialogEither) {
    west.send("REFER", "sip:eric@east.example.net",
              {{"Contact", west.contact()}, {"Refer-To", "<sip:nora@north.example.net>"}});
    net.run_for(1s);
    EXPECT_THAT(west.statuses("REFER"), ElementsAre(403));
    EXPECT_THAT(east.requests(), IsEmpty());
    EXPECT_THAT(std::string(west.last_response("REFER")->bytes()), HasSubstr("refer-refuse: "));
    const auto refused = border.refusals();
    ASSERT_EQ(refused.size(), 1U);
    EXPECT_EQ(refused[0].stage, "target-security");
    EXPECT_EQ(refused[0].decisions.referral_rule(), sbc::policy::ReferralRefusal::ReferRefuse);
    EXPECT_EQ(border.sbc().counters().value("rejected", "target-security"), 1U);
}

// North may call east, but is not as trusted as west is.
class UntrustedNewcomer : public Trunks {
protected:
    UntrustedNewcomer() : Trunks(three_domains("pass", "untrusted")) {}
};

TEST_F(UntrustedNewcomer, ARefusedReplacesGoesNowhereAndTheCallGoesOn) {
    west.invite("sip:eric@east.example.net");
    net.run_for(1s);
    ASSERT_TRUE(west.is_in_call());
    sip::Dialog wests = *west.dialog();
    sip::Dialog easts = *east.dialog();
    const auto take_over = [&](const sip::Dialog& named) {
        const std::string replaces =
            named.call_id() + ";to-tag=" + named.remote_tag() + ";from-tag=" + named.local_tag();
        const std::size_t to_west = west.requests().size();
        const std::size_t to_east = east.requests().size();
        north.send("INVITE", "sip:eric@east.example.net",
                   {{"Contact", north.contact()}, {"Replaces", replaces}}, north.offer);
        net.run_for(1s);
        EXPECT_EQ(north.statuses("INVITE").back(), 403);
        EXPECT_EQ(west.requests().size(), to_west);
        EXPECT_EQ(east.requests().size(), to_east);
    };
    take_over(wests);
    take_over(easts);
    EXPECT_THAT(north.requests(), IsEmpty());
    EXPECT_EQ(border.sbc().counters().value("refused_targets", "replaces-by-untrusted"), 2U);
    const auto refused = border.refusals();
    ASSERT_EQ(refused.size(), 2U);
    for (const sbc::CallRecord& each : refused) {
        EXPECT_EQ(each.from_adjacency, "north");
        EXPECT_EQ(each.decisions.last(), sbc::policy::DecisionTrace::Last::Continue);
        EXPECT_EQ(each.decisions.targets().back().referral_refusal(),
                  sbc::policy::ReferralRefusal::ReplacesByUntrusted);
    }
    EXPECT_THAT(std::string(north.last_response("INVITE")->bytes()), Not(HasSubstr("Warning")))
        << "a stranger learns no more";
    EXPECT_EQ(border.sbc().calls(), 1U);
    west.within(wests, sip::Method::Info, {});
    net.run_for(1s);
    EXPECT_EQ(east.count("INFO"), 1U);
    west.within(wests, sip::Method::Bye, {});
    net.run_for(1s);
    EXPECT_EQ(east.count("BYE"), 1U);
    EXPECT_EQ(border.sbc().calls(), 0U);
}

// REFER that changes the scheme: 403, the call goes on.
TEST_F(Transfers, AReferThatChangesTheSchemeIs403) {
    talk();
    for (const char* target : {"<sips:nora@north.example.net>", "<http://north.example.net>"}) {
        refer(*to_east, target);
        EXPECT_EQ(west.statuses("REFER").back(), 403) << target;
    }
    EXPECT_EQ(east.count("REFER"), 0U);
    EXPECT_THAT(std::string(west.last_response("REFER")->bytes()), HasSubstr("399 192.0.2.4 \""));
    std::vector<std::string> reasons;
    for (const sbc::CallRecord& each : border.refusals()) {
        EXPECT_EQ(each.method, "REFER");
        EXPECT_EQ(each.decisions.targets().back().event, sbc::policy::Event::Refer);
        reasons.push_back(each.reason);
    }
    EXPECT_THAT(reasons, ::testing::UnorderedElementsAre("scheme-to-sips", "unknown-scheme"));
    EXPECT_EQ(border.sbc().calls(), 1U);
    west_hangs_up();
}

TEST_F(Transfers, AReferWithoutOneTargetIs400) {
    talk();
    west.within(*to_east, sip::Method::Refer, {{"Contact", west.contact()}});
    net.run_for(1s);
    EXPECT_THAT(west.statuses("REFER"), ElementsAre(400));
    refer(*to_east, "<sip:a@north.example.net>, <sip:b@north.example.net>");
    EXPECT_EQ(west.statuses("REFER").back(), 400);
    EXPECT_EQ(east.count("REFER"), 0U);
    west_hangs_up();
}

// A peer that is not the dialog's own, whatever it knows.
TEST_F(Transfers, AReferFromSomewhereElseFindsNothing) {
    talk();
    north.within(*to_east, sip::Method::Refer,
                 {{"Contact", north.contact()}, {"Refer-To", "<sip:x@north.example.net>"}});
    net.run_for(1s);
    EXPECT_THAT(north.statuses("REFER"), ElementsAre(481));
    EXPECT_EQ(east.count("REFER"), 0U);
    west_hangs_up();
}

// RFC 5359 §2.18, click to dial: REFER outside any dialog, with the subscription that it implies.
TEST_F(Transfers, AReferOutsideADialogPassesWithItsNotifications) {
    east.in_dialog_status = 0;
    const auto id =
        west.send("REFER", "sip:eric@east.example.net",
                  {{"Contact", west.contact()}, {"Refer-To", "<sip:nora@north.example.net>"}});
    const auto asked = west.sent(id);
    net.run_for(1s);
    east.respond(202, "e1", {{"Contact", east.contact()}});
    net.run_for(1s);
    ASSERT_EQ(west.last_response("REFER")->status(), 202);
    easts =
        *sip::Dialog::of_request(*east.last_request("REFER"), "e1", sip::Dialog::State::Confirmed);
    notify("active;expires=60", "SIP/2.0 100 Trying");
    notify("terminated;reason=noresource", "SIP/2.0 200 OK");
    EXPECT_EQ(west.count("NOTIFY"), 2U);
    EXPECT_EQ(west.last_request("NOTIFY")->body(), "SIP/2.0 200 OK\r\n");
    EXPECT_EQ(west.last_request("NOTIFY")->to_tag(), asked->from_tag());
    EXPECT_TRUE(border.sbc().is_quiet());
}

}  // namespace
}  // namespace ringwall::test
