// Phones that ask whoever calls them for proof: answered on that leg from the subscriber's
// credentials, at most twice, only towards the contact that it registered, and seen by nobody else.
#include "scenario/border.h"
#include "sip/auth/server_authentication.h"
#include "sip/message_builder.h"

namespace ringwall::test {
namespace {

using sip::HeaderName;
using sip::Method;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

using Fields = std::vector<std::pair<std::string, std::string>>;

class ChallengingPhones : public SmallLab {
protected:
    struct Challenge {
        int status = 401;
        std::string realm = "example.com";
        bool is_never_content = false;  // every nonce is stale at once
    };
    explicit ChallengingPhones(const std::string& configuration = std::string(small_lab))
        : SmallLab(configuration) {}
    void SetUp() override { register_phones(); }

    void challenge(Phone& who, Method method, const Challenge& with) {
        who.answered_by_test = [this, &who, method, with](sip::transaction::ServerId id,
                                                          const sip::MessagePtr& request) {
            const bool is_proxy = with.status == 407;
            const HeaderName field =
                is_proxy ? HeaderName::ProxyAuthorization : HeaderName::Authorization;
            const bool is_signed = request->count(field) != 0;
            if (request->method() != method || (is_signed && !with.is_never_content)) {
                return false;
            }
            ++challenges_;
            auto response = sip::reply(*request, with.status, "challenger");
            response.header(is_proxy ? HeaderName::ProxyAuthenticate : HeaderName::WwwAuthenticate,
                            "Digest realm=\"" + with.realm + "\", nonce=\"nonce" +
                                std::to_string(challenges_) + "\", qop=\"auth\"" +
                                (is_signed ? ", stale=true" : ""));
            who.shard().respond(id, response.build());
            return true;
        };
    }
    // The user's password, for this very request.
    static bool is_proven(const sip::Message& request, const std::string& user,
                          const std::string& password) {
        const auto credentials = sip::auth::credentials_for(request, "example.com");
        return credentials && credentials->username == user &&
               sip::auth::proves(*credentials, {user, "example.com", Secret(password)}, request);
    }
    std::vector<sip::MessagePtr> heard(Phone& who, std::string_view method) const {
        std::vector<sip::MessagePtr> found;
        for (const auto& request : who.requests()) {
            if (request->method_text() == method) {
                found.push_back(request);
            }
        }
        return found;
    }
    // Nothing of a challenge, nor of what answers it.
    void expect_unaware(Phone& who) const {
        for (const auto& packet : net.packets_of(who.node().address())) {
            for (const char* word : {"SIP/2.0 401", "SIP/2.0 407", "WWW-Authenticate",
                                     "Proxy-Authenticate", "Authorization", "nonce="}) {
                EXPECT_THAT(packet.bytes, Not(HasSubstr(word)));
            }
        }
    }
    void notify() {
        softswitch.send("NOTIFY", "sip:alice@example.com",
                        {{"Contact", softswitch.contact()},
                         {"Event", "check-sync;reboot=false"},
                         {"Subscription-State", "terminated"}});
        net.run_for(2s);
    }

    int challenges_ = 0;
};

TEST_F(ChallengingPhones, ANotifyThatNobodySubscribedToIsAnsweredFor) {
    challenge(alice, Method::Notify, {});
    notify();
    EXPECT_THAT(softswitch.statuses("NOTIFY"), ElementsAre(200));
    const auto notifies = heard(alice, "NOTIFY");
    ASSERT_EQ(notifies.size(), 2U);
    EXPECT_FALSE(is_proven(*notifies[0], "alice", "wonderland"));
    EXPECT_TRUE(is_proven(*notifies[1], "alice", "wonderland"));
    EXPECT_EQ(notifies[1]->cseq().number, notifies[0]->cseq().number + 1);
    EXPECT_THAT(std::string(notifies[1]->bytes()), HasSubstr("Event: check-sync;reboot=false"));
    expect_unaware(softswitch);
}

// Its challenge is all that keeps others from making it start again.
TEST_F(ChallengingPhones, NobodyIsVouchedForWhoIsNotTrusted) {
    challenge(alice, Method::Notify, {});
    bob.send("NOTIFY", "sip:alice@example.com",
             {{"Contact", bob.contact()},
              {"Event", "check-sync;reboot=true"},
              {"Subscription-State", "terminated"}});
    net.run_for(2s);
    EXPECT_EQ(heard(alice, "NOTIFY").size(), 1U);
    EXPECT_EQ(bob.statuses("NOTIFY").back(), 480);
    EXPECT_EQ(bob.last_response("NOTIFY")->header(HeaderName::WwwAuthenticate), nullptr);
    for (const auto& each : heard(alice, "NOTIFY")) {
        EXPECT_EQ(each->count(HeaderName::Authorization), 0U);
    }
}

// In the clear, and from anywhere: it is known by the connection that it registered over.
struct DesksOverTcp : ChallengingPhones {
    static std::string with_desks() {
        std::string out(small_lab);
        const std::string_view before = "  adjacency sip softswitch\n";
        return out.insert(out.find(before),
                          "  subscriber dave@example.com\n   password rosebud\n"
                          "  adjacency sip desks\n   security trusted-unencrypted\n"
                          "   inherit profile preset-access\n   domain example.com\n"
                          "   signaling-address ipv4 192.0.2.6\n   attach\n");
    }
    DesksOverTcp() : ChallengingPhones(with_desks()) {}
    Phone dave{net,
               ip("192.0.2.61"),
               sip::Transport::Tcp,
               {ip("192.0.2.6"), 5060},
               {"dave", "example.com", "rosebud"},
               105};
};
TEST_F(DesksOverTcp, AreAnsweredForToo) {
    dave.register_now();
    ASSERT_TRUE(run_until([&] { return dave.is_registered(); }));
    challenge(dave, Method::Invite, {});
    softswitch.invite("sip:dave@example.com");
    ASSERT_TRUE(run_until([&] { return softswitch.is_in_call(); }));
    ASSERT_EQ(heard(dave, "INVITE").size(), 2U);
    EXPECT_TRUE(is_proven(*heard(dave, "INVITE")[1], "dave", "rosebud"));
    softswitch.bye();
    net.run_for(1s);
}

TEST_F(ChallengingPhones, OnlyCallsAndNotificationsAreAnsweredFor) {
    challenge(alice, Method::Message, {});
    softswitch.send("MESSAGE", "sip:alice@example.com", {{"Content-Type", "text/plain"}}, "hi");
    net.run_for(2s);
    EXPECT_EQ(softswitch.statuses("MESSAGE").back(), 480);
    EXPECT_EQ(heard(alice, "MESSAGE").size(), 1U);
}

TEST_F(ChallengingPhones, AnInviteIsAnsweredForByEitherChallenge) {
    for (const int status : {401, 407}) {
        challenge(alice, Method::Invite, {.status = status});
        softswitch.invite("sip:alice@example.com");
        ASSERT_TRUE(run_until([&] { return softswitch.is_in_call() && !alice.acks().empty(); }))
            << status;
        softswitch.bye();
        net.run_for(1s);
    }
    EXPECT_EQ(challenges_, 2);
    EXPECT_THAT(softswitch.statuses("INVITE"), Not(Contains(401)));
    expect_unaware(softswitch);
}

// "A 401 to INVITE": one within the call is one too.
TEST_F(ChallengingPhones, AReinviteIsAnsweredForToo) {
    softswitch.invite("sip:alice@example.com");
    ASSERT_TRUE(run_until([&] { return softswitch.is_in_call() && !alice.acks().empty(); }));
    challenge(alice, Method::Invite, {});
    softswitch.reinvite();
    net.run_for(2s);
    EXPECT_EQ(softswitch.statuses("INVITE").back(), 200);
    EXPECT_EQ(challenges_, 1);
    EXPECT_TRUE(is_proven(*heard(alice, "INVITE").back(), "alice", "wonderland"));
    softswitch.bye();
    net.run_for(1s);
    EXPECT_EQ(alice.count("BYE"), 1U);
    expect_unaware(softswitch);
}

TEST_F(ChallengingPhones, WhoIsNeverContentIsAnsweredTwice) {
    for (const Method method : {Method::Invite, Method::Notify}) {
        challenges_ = 0;
        challenge(alice, method, {.is_never_content = true});
        if (method == Method::Notify) {
            notify();
        } else {
            softswitch.invite("sip:alice@example.com");
            net.run_for(2s);
        }
        EXPECT_EQ(softswitch.statuses(sip::to_string(method)).back(), 480);
        EXPECT_EQ(challenges_, 3) << "the request, and two with proof";
    }
    expect_unaware(softswitch);
    EXPECT_EQ(border.sbc().calls(), 0U);
}

TEST_F(ChallengingPhones, ARealmThatIsNotTheSubscribersGetsNoProof) {
    challenge(alice, Method::Notify, {.realm = "elsewhere.example"});
    notify();
    EXPECT_EQ(softswitch.statuses("NOTIFY").back(), 480);
    EXPECT_EQ(challenges_, 1);
    for (const auto& packet : net.packets_of(alice.node().address())) {
        EXPECT_FALSE(packet.to.address == alice.node().address() &&
                     packet.bytes.find("Authorization:") != std::string::npos);
    }
    expect_unaware(softswitch);
}

// A trunk asks for proof that we have not: it is not the phone's to give.
TEST_F(ChallengingPhones, AChallengeFromBehindDoesNotGoToAPhone) {
    for (const int status : {401, 407}) {
        challenge(softswitch, Method::Invite, {.status = status, .realm = "switch.example.com"});
        alice.invite("sip:9001@switch.example.com");
        net.run_for(2s);
        EXPECT_EQ(alice.statuses("INVITE").back(), 480) << status;
    }
    challenge(softswitch, Method::Message, {.realm = "switch.example.com"});
    alice.send("MESSAGE", "sip:9001@switch.example.com", {{"Content-Type", "text/plain"}}, "hi");
    net.run_for(2s);
    EXPECT_THAT(alice.statuses("MESSAGE"), ElementsAre(480));
    EXPECT_EQ(challenges_, 3);
    for (const auto& packet : net.packets_of(alice.node().address())) {
        EXPECT_THAT(packet.bytes, Not(HasSubstr("switch.example.com\", nonce")));
    }
}

// What a phone proves to us it proves to nobody else.
TEST_F(ChallengingPhones, CredentialsOfAPhoneGoNoFurther) {
    alice.reconnect();
    alice.invite("sip:9001@switch.example.com");
    ASSERT_TRUE(run_until([&] { return alice.is_in_call() && !softswitch.acks().empty(); }));
    EXPECT_THAT(alice.statuses("INVITE"), ElementsAre(401, 100, 200));
    alice.bye();
    net.run_for(1s);
    expect_unaware(softswitch);
}

}  // namespace
}  // namespace ringwall::test
