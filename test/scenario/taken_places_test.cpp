// Who may take somebody's place in a call, or speak in it: not whoever knows its ids. An
// application/dialog-info+xml body (RFC 4235) tells them to everybody who may watch a line.
#include "scenario/transfers.h"

namespace ringwall::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::string keys =
    "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"
    "m=audio 4000 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 "
    "inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd\r\n";

std::string with_mallory(std::string_view configuration) {
    std::string text(configuration);
    text.insert(text.find("  adjacency sip "),
                "  subscriber mallory@example.com\n   password guess\n");
    return text;
}

// As Ringwall has them: its own tag is the one to which the newcomer speaks.
std::string place_of(const sip::Dialog& dialog) {
    return dialog.call_id() + ";to-tag=" + dialog.remote_tag() + ";from-tag=" + dialog.local_tag();
}

class PlacesOfPhones : public SmallLab {
protected:
    explicit PlacesOfPhones(const std::string& configuration = with_mallory(small_lab))
        : SmallLab(configuration),
          mallory(net, ip("192.0.2.66"), sip::Transport::Tls, {ip("192.0.2.1"), 5061},
                  {"mallory", "example.com", "guess"}, 91) {}
    void SetUp() override {
        register_phones();
        mallory.register_now();
        ASSERT_TRUE(run_until([&] { return mallory.is_registered(); }));
        for (Phone* phone : {&alice, &bob, &mallory}) {
            phone->offer = keys;
        }
        talk();
        bobs = *bob.dialog();
    }
    // The final status of an INVITE that is to take bob's place.
    int takes_bobs_place(Phone& newcomer) {
        newcomer.invite_fields = {{"Replaces", place_of(*bobs)}};
        newcomer.invite("sip:bob@example.com");
        net.run_for(1s);
        return newcomer.statuses("INVITE").back();
    }

    Phone mallory;
    std::optional<sip::Dialog> bobs;
};

TEST_F(PlacesOfPhones, AreNotAnotherSubscribers) {
    const auto to_alice = alice.count("INVITE");
    EXPECT_EQ(takes_bobs_place(mallory), 403);
    EXPECT_EQ(bob.count("BYE"), 0U);
    EXPECT_EQ(alice.count("INVITE"), to_alice);
    EXPECT_THAT(std::string(mallory.last_response("INVITE")->bytes()), Not(HasSubstr("inline:")));
    EXPECT_EQ(border.sbc().counters().value("refused_targets", "replaces-own"), 1U);
    EXPECT_EQ(border.sbc().calls(), 1U);
    alice.bye();
}

TEST_F(PlacesOfPhones, AreTheSubscribersOwn) {
    Phone desk(net, ip("192.0.2.14"), sip::Transport::Tls, {ip("192.0.2.1"), 5061},
               {"bob", "example.com", "builder"}, 92);
    desk.offer = keys;
    EXPECT_EQ(takes_bobs_place(desk), 200);
    net.run_for(1s);
    EXPECT_EQ(bob.count("BYE"), 1U);
    EXPECT_TRUE(desk.is_in_call());
    desk.bye();
    net.run_for(1s);
}

class PlacesForAll : public PlacesOfPhones {
protected:
    PlacesForAll()
        : PlacesOfPhones(with_mallory(configured(small_lab, "phones", {"replaces trusted"}))) {}
};

// Call park and pick-up among those who trust each other.
TEST_F(PlacesForAll, ArePickedUpWhereTheOperatorSaysSo) {
    EXPECT_EQ(takes_bobs_place(mallory), 200);
    net.run_for(1s);
    EXPECT_EQ(bob.count("BYE"), 1U);
    mallory.bye();
    net.run_for(1s);
}

// ---- three trunks that are no friends -----------------------------------------------------------

class PlacesOfTrunks : public Trunks {
protected:
    void SetUp() override {
        east.invite("sip:wendy@192.0.2.5");
        net.run_for(1s);
        ASSERT_TRUE(east.is_in_call());
        wests = *west.dialog();
    }
    std::optional<sip::Dialog> wests;
};

TEST_F(PlacesOfTrunks, AreNotAnotherTrunks) {
    const auto to_east = east.count("INVITE");
    north.send("INVITE", "sip:wendy@192.0.2.6",
               {{"Contact", north.contact()}, {"Replaces", place_of(*wests)}}, north.offer);
    net.run_for(1s);
    EXPECT_EQ(north.statuses("INVITE").back(), 403);
    EXPECT_EQ(west.count("BYE"), 0U);
    EXPECT_EQ(east.count("INVITE"), to_east);
    EXPECT_EQ(border.sbc().calls(), 1U);
    east.bye();
    net.run_for(1s);
}

// ---- who speaks where it is no party ------------------------------------------------------------

class WordsInNoDialog : public Transfers {
protected:
    void SetUp() override { talk(); }
    void TearDown() override {
        west_hangs_up();
        Transfers::TearDown();
    }
    // What hears who sends a BYE in east's dialog, with this tag of its own.
    std::string answer_to(Phone& phone, const std::string& tag) {
        phone.send("BYE", easts->remote_target(),
                   {{"Call-ID", easts->call_id()},
                    {"From", "<sip:eric@east.example.net>;tag=" + tag},
                    {"To", "<sip:wendy@west.example.net>;tag=" + easts->remote_tag()},
                    {"CSeq", "5000 BYE"}});
        net.run_for(1s);
        EXPECT_EQ(border.sbc().calls(), 1U);
        return std::string(phone.last_response("BYE")->bytes());
    }
};

// A callee that was replaced, or a fork that was too late.
TEST_F(WordsInNoDialog, AreAnsweredInTheNameOfTheSideThatTheyCameFrom) {
    const std::string heard = answer_to(east, "of-no-dialog");
    EXPECT_THAT(heard, HasSubstr("SIP/2.0 481 "));
    EXPECT_THAT(heard, HasSubstr("Warning: 399 192.0.2.5 \"no-dialog: "));
    EXPECT_EQ(west.count("BYE"), 0U);
}

TEST_F(WordsInNoDialog, AreAnsweredOnTheAdjacencyOfWhoStoleTheIds) {
    const std::string heard = answer_to(north, easts->local_tag());
    EXPECT_THAT(heard, HasSubstr("SIP/2.0 481 "));
    EXPECT_THAT(heard, HasSubstr("Warning: 399 192.0.2.6 \"no-dialog: "));
    EXPECT_EQ(west.count("BYE"), 0U);
    EXPECT_EQ(east.count("BYE"), 0U);
}

// ---- who refers ---------------------------------------------------------------------------------

class PlacesInRefers : public AttendedTransfers {
protected:
    // East, who is no party of west's call with north, refers west to it.
    void east_gives_norths_place_away() {
        consult();
        easts = *east.dialog();
        east.within(
            *easts, sip::Method::Refer,
            {{"Contact", east.contact()},
             {"Refer-To", "<sip:nora@north.example.net?" + escaped(place_of(*norths)) + ">"}});
        net.run_for(1s);
    }
};

TEST_F(PlacesInRefers, AreNotGivenAwayByWhoIsNoParty) {
    east_gives_norths_place_away();
    const auto refer = west.last_request("REFER");
    ASSERT_NE(refer, nullptr);
    const auto target = refer->name_addrs(sip::HeaderName::ReferTo)->front();
    west.invite_fields = {{"Replaces", sip::uri_header(target.uri.headers, "Replaces")}};
    west.invite(sip::with_scheme(target.uri, sip::Scheme::Sip));
    net.run_for(1s);
    EXPECT_EQ(west.statuses("INVITE").back(), 403);
    EXPECT_EQ(north.count("BYE"), 0U);
    north.within(*norths, sip::Method::Bye, {});
    net.run_for(1s);
    border.sbc().end_all("test");
    net.run_for(40s);
}

// ---- phones without a connection ----------------------------------------------------------------

constexpr std::string_view homes = R"(
sbc mysbc
 sbe
  subscriber alice@example.com
   password wonderland
  subscriber bob@example.com
   password builder
  adjacency sip home
   security untrusted
   inherit profile preset-access
   domain example.com
   signaling-address ipv4 192.0.2.1
   attach
)";

class PhonesOverUdp : public Lab {
protected:
    PhonesOverUdp()
        : Lab(with_mallory(homes)),
          alice(net, ip("192.0.2.11"), sip::Transport::Udp, {ip("192.0.2.1"), 5060},
                {"alice", "example.com", "wonderland"}, 51),
          bob(net, ip("192.0.2.12"), sip::Transport::Udp, {ip("192.0.2.1"), 5060},
              {"bob", "example.com", "builder"}, 52),
          mallory(net, ip("192.0.2.66"), sip::Transport::Udp, {ip("192.0.2.1"), 5060},
                  {"mallory", "example.com", "guess"}, 53) {}
    void SetUp() override {
        for (Phone* phone : {&alice, &bob, &mallory}) {
            phone->register_now();
        }
        ASSERT_TRUE(run_until([&] {
            return alice.is_registered() && bob.is_registered() && mallory.is_registered();
        }));
        alice.invite("sip:bob@example.com");
        ASSERT_TRUE(run_until([&] { return alice.is_in_call() && !bob.acks().empty(); }));
        bobs = *bob.dialog();
    }
    // A request with bob's ids from somebody. Its status.
    int says(Phone& phone, const std::string& method, unsigned cseq) {
        phone.send(method, bobs->remote_target(),
                   {{"Call-ID", bobs->call_id()},
                    {"From", "<sip:bob@example.com>;tag=" + bobs->local_tag()},
                    {"To", "<sip:alice@example.com>;tag=" + bobs->remote_tag()},
                    {"CSeq", std::to_string(cseq) + " " + method}});
        net.run_for(1s);
        return phone.statuses(method).back();
    }

    Phone alice;
    Phone bob;
    Phone mallory;
    std::optional<sip::Dialog> bobs;
};

TEST_F(PhonesOverUdp, WhoKnowsTheIdsIsNotThePhone) {
    EXPECT_EQ(says(mallory, "INFO", 5000), 481);
    EXPECT_EQ(alice.count("INFO"), 0U);
    alice.in_dialog(sip::Method::Info);
    net.run_for(1s);
    EXPECT_EQ(bob.count("INFO"), 1U);
    EXPECT_THAT(mallory.requests(), IsEmpty());
    EXPECT_EQ(says(mallory, "BYE", 5001), 481);
    EXPECT_EQ(alice.count("BYE"), 0U);
    EXPECT_EQ(border.sbc().calls(), 1U);
    alice.bye();
    net.run_for(1s);
    EXPECT_EQ(border.sbc().calls(), 0U);
}

// It has moved, and says so first.
TEST_F(PhonesOverUdp, WhoRegisteredAtAnotherAddressIsThePhone) {
    Phone elsewhere(net, ip("192.0.2.13"), sip::Transport::Udp, {ip("192.0.2.1"), 5060},
                    {"bob", "example.com", "builder"}, 54);
    EXPECT_EQ(says(elsewhere, "INFO", 5000), 481);
    elsewhere.register_now();
    ASSERT_TRUE(run_until([&] { return elsewhere.is_registered(); }));
    EXPECT_EQ(says(elsewhere, "INFO", 5001), 200);
    EXPECT_EQ(alice.count("INFO"), 1U);
    alice.bye();
    net.run_for(1s);
}

}  // namespace
}  // namespace ringwall::test
