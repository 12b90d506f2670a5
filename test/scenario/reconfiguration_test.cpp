// Another configuration while calls are up (docs/decisions/0054): what is new is judged by it,
// calls go on by what they began with, and what is detached goes down with its last call.
#include "scenario/border.h"
#include "sip/message_builder.h"

namespace ringwall::test {
namespace {

using sbc::AdjacencyState;
using sbc::ForcedDetach;
using sip::HeaderName;
using sip::Method;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// A configuration of trunks over UDP, that a test changes.
struct Plan {
    struct Trunk {
        std::vector<std::string> lines;
        bool is_attached = true;
    };
    std::map<std::string, Trunk> trunks;
    std::vector<std::pair<std::string, std::string>> routes;  // in this order

    std::string text() const {
        std::string out = "sbc mysbc\n sbe\n";
        for (const auto& [name, trunk] : trunks) {
            out += "  adjacency sip " + name + "\n";
            for (const std::string& line : trunk.lines) {
                out.append("   ").append(line).append("\n");
            }
            out += trunk.is_attached ? "   attach\n" : "";
        }
        out += "  call-policy-set 1\n   first-call-routing-table T\n   rtg-src-adjacency-table T\n";
        unsigned number = 0;
        for (const auto& [from, to] : routes) {
            out.append("    entry ").append(std::to_string(++number));
            out.append("\n     match-adjacency ").append(from);
            out.append("\n     dst-adjacency ").append(to);
            out.append("\n     action complete\n");
        }
        return out + "  active-call-policy-set 1\n";
    }
};

Plan::Trunk trunk(const std::string& ours, const std::string& peers) {
    return {{"signaling-address ipv4 " + ours, "remote-address ipv4 " + peers + " 255.255.255.255",
             "signaling-peer " + peers}};
}

// West calls east, and north where a test says so.
Plan trunks() {
    Plan plan;
    plan.trunks["west"] = trunk("192.0.2.4", "192.0.2.40");
    plan.trunks["east"] = trunk("192.0.2.5", "192.0.2.50");
    plan.routes = {{"west", "east"}, {"east", "west"}};
    return plan;
}

class Reconfiguration : public Trunks {
protected:
    Reconfiguration() : Trunks(trunks().text()) {}

    void publish() { border.publish(plan.text()); }
    void detach(const std::string& name) {
        plan.trunks[name].is_attached = false;
        publish();
    }
    void talk() {
        west.invite("sip:1000@192.0.2.4");
        ASSERT_TRUE(run_until([&] { return west.is_in_call() && !east.acks().empty(); }));
    }
    AdjacencyState state(std::string_view adjacency) const {
        return border.status(adjacency).state;
    }
    bool is_listening(const char* address) const {
        return net.is_listening({ip(address), 5060}, sip::Transport::Udp) ||
               net.is_listening({ip(address), 5060}, sip::Transport::Tcp);
    }
    bool is_told(const Phone& phone, int at_least) {
        return run_until([&] {
            const auto last = phone.last_response("INVITE");
            return last != nullptr && last->status() >= at_least;
        });
    }
    bool is_detached(std::string_view adjacency, Duration limit = 2s) {
        return run_until([&] { return state(adjacency) == AdjacencyState::Detached; }, limit);
    }

    Plan plan = trunks();
};

TEST_F(Reconfiguration, ANewAdjacencyIsListenedForAndCalledThrough) {
    EXPECT_FALSE(is_listening("192.0.2.6"));
    plan.trunks["north"] = trunk("192.0.2.6", "192.0.2.60");
    plan.routes = {{"west", "north"}, {"north", "east"}};
    publish();
    EXPECT_TRUE(is_listening("192.0.2.6"));
    EXPECT_EQ(state("north"), AdjacencyState::Attached);

    west.invite("sip:1000@192.0.2.4");
    ASSERT_TRUE(run_until([&] { return west.is_in_call() && !north.acks().empty(); }));
    EXPECT_EQ(east.count("INVITE"), 0U);
    north.bye();
    net.run_for(1s);
    EXPECT_EQ(west.count("BYE"), 1U);

    north.invite("sip:1000@192.0.2.6");
    ASSERT_TRUE(run_until([&] { return north.is_in_call() && !east.acks().empty(); }));
    north.bye();
}

TEST_F(Reconfiguration, ADetachedAdjacencyGoesDownWithItsLastCall) {
    talk();
    detach("east");
    EXPECT_EQ(state("east"), AdjacencyState::GoingDown);
    EXPECT_EQ(border.status("east").calls, 1U);
    EXPECT_EQ(border.status("west").calls, 1U);
    net.run_for(10s);
    EXPECT_EQ(state("east"), AdjacencyState::GoingDown);

    // Nothing new: not out,
    const std::size_t before = sent_to(east);
    west.send("INVITE", "sip:1001@192.0.2.4", {{"Contact", west.contact()}});
    net.run_for(1s);
    EXPECT_EQ(west.last_response("INVITE")->status(), 480);
    EXPECT_EQ(sent_to(east), before);
    // nor in, of whatever method.
    for (const char* method : {"INVITE", "OPTIONS", "MESSAGE"}) {
        east.send(method, "sip:1002@192.0.2.5", {{"Contact", east.contact()}});
        net.run_for(1s);
        EXPECT_EQ(east.last_response(method)->status(), 503) << method;
    }
    EXPECT_EQ(west.count("INVITE") + west.count("MESSAGE") + west.count("OPTIONS"), 0U);

    // What is said within the call is said.
    east.reinvite();
    ASSERT_TRUE(run_until([&] { return west.count("INVITE") == 1; }));
    net.run_for(1s);
    west.reinvite();
    ASSERT_TRUE(run_until([&] { return east.count("INVITE") == 2; }));
    net.run_for(1s);
    east.bye();
    ASSERT_TRUE(run_until([&] { return west.count("BYE") == 1; }));
    EXPECT_TRUE(is_detached("east"));
    net.run_for(2s);
    EXPECT_THAT(east.statuses("BYE"), ElementsAre(200));
    EXPECT_FALSE(is_listening("192.0.2.5"));
    EXPECT_TRUE(is_listening("192.0.2.4"));
}

TEST_F(Reconfiguration, WithoutCallsItIsDetachedAtOnceAndSilent) {
    detach("east");
    EXPECT_TRUE(is_detached("east", 0s));
    net.run_for(1s);
    EXPECT_FALSE(is_listening("192.0.2.5"));
    const std::size_t before = sent_to(east);
    east.invite("sip:1002@192.0.2.5");
    net.run_for(40s);  // until the phone gives up
    EXPECT_EQ(sent_to(east), before);

    plan.trunks["east"].is_attached = true;
    publish();
    EXPECT_TRUE(is_listening("192.0.2.5"));
    talk();
    west.bye();
}

// It was not over when it was wanted again.
TEST_F(Reconfiguration, WhatGoesDownMayBeAttachedAgain) {
    talk();
    detach("east");
    net.run_for(1s);
    plan.trunks["east"].is_attached = true;
    publish();
    EXPECT_EQ(state("east"), AdjacencyState::Attached);
    east.bye();
    net.run_for(1s);
    EXPECT_EQ(west.count("BYE"), 1U);
    EXPECT_EQ(state("east"), AdjacencyState::Attached);
    west.invite("sip:1001@192.0.2.4");
    ASSERT_TRUE(run_until([&] { return west.is_in_call() && east.acks().size() == 2; }));
    west.bye();
}

TEST_F(Reconfiguration, ForcedDetachEndsCallsWithBye) {
    talk();
    detach("east");
    border.detach("east", ForcedDetach::Normal);
    net.run_for(1s);
    EXPECT_EQ(west.count("BYE"), 1U);
    EXPECT_EQ(east.count("BYE"), 1U);
    EXPECT_TRUE(is_detached("east"));
    net.run_for(1s);
    EXPECT_FALSE(is_listening("192.0.2.5"));
    ASSERT_THAT(border.records, SizeIs(1));
    EXPECT_EQ(border.records[0].result, "answered");
    EXPECT_EQ(border.records[0].reason, "detached");
}

TEST_F(Reconfiguration, ForcedDetachCancelsWhatRings) {
    east.on_invite = Phone::OnInvite::Ring;
    west.invite("sip:1000@192.0.2.4");
    ASSERT_TRUE(is_told(west, 180));
    detach("east");
    border.detach("east", ForcedDetach::Normal);
    net.run_for(1s);
    EXPECT_EQ(east.count("CANCEL"), 1U);
    EXPECT_EQ(west.last_response("INVITE")->status(), 480);
    EXPECT_TRUE(is_detached("east"));
}

TEST_F(Reconfiguration, AbortDropsCallsWithoutAWord) {
    talk();
    detach("east");
    net.run_for(1s);
    const std::size_t before = net.packets().size();
    border.detach("east", ForcedDetach::Abort);
    EXPECT_EQ(state("east"), AdjacencyState::Detached);
    EXPECT_EQ(border.sbc().calls(), 0U);
    net.run_for(60s);
    EXPECT_EQ(net.packets().size(), before);
    EXPECT_FALSE(is_listening("192.0.2.5"));
    ASSERT_THAT(border.records, SizeIs(1));
    EXPECT_EQ(border.records[0].reason, "detached");
}

TEST_F(Reconfiguration, AbortDropsWhatRingsToo) {
    east.on_invite = Phone::OnInvite::Ring;
    west.invite("sip:1000@192.0.2.4");
    ASSERT_TRUE(is_told(west, 180));
    detach("east");
    const std::size_t before = net.packets().size();
    border.detach("east", ForcedDetach::Abort);
    net.run_for(200s);
    EXPECT_EQ(net.packets().size(), before);
    EXPECT_TRUE(border.sbc().is_empty());
}

TEST_F(Reconfiguration, OnlyCallsOfTheDetachedAdjacencyAreForced) {
    plan.trunks["north"] = trunk("192.0.2.6", "192.0.2.60");
    plan.routes.emplace_back("north", "west");
    publish();
    north.invite("sip:1000@192.0.2.6");
    ASSERT_TRUE(run_until([&] { return north.is_in_call() && !west.acks().empty(); }));
    detach("east");
    border.detach("east", ForcedDetach::Abort);
    border.detach("west", ForcedDetach::Abort);  // it is attached
    net.run_for(1s);
    EXPECT_EQ(border.sbc().calls(), 1U);
    north.bye();
    net.run_for(1s);
    EXPECT_EQ(west.count("BYE"), 1U);
}

// The call hunts to its next route, and that is detached by now.
TEST_F(Reconfiguration, ACallDoesNotHuntToWhatWasDetachedMeanwhile) {
    plan.trunks["north"] = trunk("192.0.2.6", "192.0.2.60");
    plan.trunks["others"] = {{"signaling-address ipv4 192.0.2.6"}};  // the socket stays
    plan.routes = {{"west", "east"}, {"west", "north"}};
    publish();
    east.on_invite = Phone::OnInvite::Ring;
    west.invite("sip:1000@192.0.2.4");
    ASSERT_TRUE(run_until([&] { return east.count("INVITE") == 1; }));
    detach("north");
    east.reject(480);
    ASSERT_TRUE(is_told(west, 200));
    EXPECT_EQ(west.last_response("INVITE")->status(), 480);
    EXPECT_EQ(sent_to(north), 0U);
}

TEST_F(Reconfiguration, ACallIsRedirectedAsWasSaidWhenItBegan) {
    plan.trunks["east"].lines.emplace_back("redirect-mode recurse");
    publish();
    east.on_invite = Phone::OnInvite::Ring;
    west.invite("sip:1000@192.0.2.4");
    ASSERT_TRUE(run_until([&] { return east.count("INVITE") == 1; }));
    plan.trunks["east"].lines.back() = "redirect-mode pass-through";
    publish();
    east.say(302, "moved", {{"Contact", "<sip:1001@192.0.2.50>"}});
    ASSERT_TRUE(run_until([&] { return east.count("INVITE") == 2; }));
    EXPECT_THAT(east.last_request("INVITE")->request_uri_text(), HasSubstr("1001"));
    east.answer();
    ASSERT_TRUE(run_until([&] { return west.is_in_call() && !east.acks().empty(); }));
    west.bye();
    net.run_for(1s);

    east.on_invite = Phone::OnInvite::Redirect;
    east.redirect_to = "<sip:1001@192.0.2.50>";
    west.invite("sip:1000@192.0.2.4");
    ASSERT_TRUE(is_told(west, 300));
    EXPECT_EQ(west.last_response("INVITE")->status(), 302);
    EXPECT_EQ(east.count("INVITE"), 3U);
}

TEST_F(Reconfiguration, AnAdjacencyThatIsRemovedAndAddedAgainIsTheSame) {
    talk();
    const auto index = border.index_of("east");
    const Plan all = plan;
    plan.trunks.erase("east");
    plan.routes = {};
    publish();
    EXPECT_EQ(border.index_of("east"), index);
    EXPECT_TRUE(border.snapshot().adjacencies[index].is_removed);
    EXPECT_EQ(state("east"), AdjacencyState::GoingDown);

    east.reinvite();
    ASSERT_TRUE(run_until([&] { return west.count("INVITE") == 1; }));
    net.run_for(1s);
    west.bye();
    ASSERT_TRUE(run_until([&] { return east.count("BYE") == 1; }));
    EXPECT_TRUE(is_detached("east"));
    net.run_for(1s);
    EXPECT_FALSE(is_listening("192.0.2.5"));

    plan = all;
    publish();
    EXPECT_EQ(border.index_of("east"), index);
    EXPECT_EQ(border.snapshot().adjacencies.size(), 2U);
    west.invite("sip:1001@192.0.2.4");
    ASSERT_TRUE(run_until([&] { return west.is_in_call() && east.acks().size() == 2; }));
    west.bye();
}

// A socket of two: the narrow one keeps its peer as long as it is configured.
TEST_F(Reconfiguration, ADetachedPeerIsRefusedAndARemovedOneIsAnybody) {
    plan.trunks["others"] = {{"signaling-address ipv4 192.0.2.5"}};
    plan.routes.emplace_back("others", "west");
    detach("east");
    net.run_for(1s);
    EXPECT_TRUE(is_listening("192.0.2.5"));
    const std::size_t before = sent_to(east);
    east.invite("sip:1000@192.0.2.5");
    net.run_for(1s);
    EXPECT_EQ(sent_to(east), before);
    EXPECT_EQ(west.count("INVITE"), 0U);
    net.run_for(40s);  // the phone gives up

    plan.trunks.erase("east");
    plan.routes = {{"others", "west"}};
    publish();
    east.invite("sip:1000@192.0.2.5");
    ASSERT_TRUE(run_until([&] { return east.is_in_call() && !west.acks().empty(); }));
    EXPECT_EQ(border.status("others").calls, 1U);
    east.bye();
}

// The address of an adjacency is another: calls stay on the one that they began on.
TEST_F(Reconfiguration, ACallStaysOnTheSocketThatItBeganOn) {
    talk();
    plan.trunks["east"] = trunk("192.0.2.15", "192.0.2.51");
    publish();
    EXPECT_TRUE(is_listening("192.0.2.15"));
    net.run_for(5s);
    EXPECT_TRUE(is_listening("192.0.2.5"));
    east.reinvite();
    ASSERT_TRUE(run_until([&] { return west.count("INVITE") == 1; }));
    net.run_for(1s);

    // But no new one comes from there.
    const std::size_t before = sent_to(east);
    east.send("INVITE", "sip:1001@192.0.2.5", {{"Contact", east.contact()}});
    net.run_for(1s);
    EXPECT_EQ(sent_to(east), before);
    west.bye();
    ASSERT_TRUE(run_until([&] { return east.count("BYE") == 1; }));
    net.run_for(40s);  // until nothing of the call is left
    EXPECT_FALSE(is_listening("192.0.2.5"));
    EXPECT_EQ(state("east"), AdjacencyState::Attached);
}

// East is a registrar that takes everybody.
class AtRegistrar : public Reconfiguration {
protected:
    AtRegistrar() {
        east.answered_by_test = [this](sip::transaction::ServerId id,
                                       const sip::MessagePtr& request) {
            if (request->method() != Method::Register || !answers) {
                return request->method() == Method::Register;
            }
            asked.push_back(request->expires().value_or(0));
            auto builder = sip::reply(*request, 200, "registrar");
            builder.header(HeaderName::Expires, std::to_string(asked.back()));
            east.shard().respond(id, builder.build());
            return true;
        };
    }
    void register_for(const std::string& seconds) {
        plan.trunks["east"] = trunk("192.0.2.5", "192.0.2.50");
        plan.trunks["east"].lines.emplace_back("register trunk@provider.example");
        plan.trunks["east"].lines.emplace_back("registration-expiry " + seconds);
        publish();
    }

    bool answers = true;
    std::vector<std::uint32_t> asked;  // the expiry of each REGISTER
};

TEST_F(AtRegistrar, ARegistrationIsBegunChangedAndRemoved) {
    register_for("600");
    ASSERT_TRUE(run_until([&] { return border.status("east").is_registered_at_peer; }));
    EXPECT_THAT(asked, ElementsAre(600));
    publish();  // nothing of it is another
    net.run_for(1s);
    EXPECT_THAT(asked, ElementsAre(600));

    register_for("900");
    ASSERT_TRUE(run_until([&] { return asked.size() == 3; }));
    EXPECT_THAT(asked, ElementsAre(600, 0, 900));

    detach("east");
    EXPECT_EQ(state("east"), AdjacencyState::GoingDown);
    ASSERT_TRUE(run_until([&] { return asked.size() == 4; }));
    EXPECT_THAT(asked, ElementsAre(600, 0, 900, 0));
    EXPECT_TRUE(is_detached("east"));
    net.run_for(1s);
    EXPECT_FALSE(border.status("east").is_registered_at_peer);
    EXPECT_FALSE(is_listening("192.0.2.5"));
}

TEST_F(AtRegistrar, ANewRegistrationWaitsUntilTheOldOneIsGone) {
    register_for("600");
    ASSERT_TRUE(run_until([&] { return border.status("east").is_registered_at_peer; }));
    answers = false;
    register_for("900");
    net.run_for(31s);
    EXPECT_THAT(asked, ElementsAre(600));
    answers = true;  // nobody hears the one that removes any more
    ASSERT_TRUE(run_until([&] { return asked.size() == 2; }, 5s));
    EXPECT_THAT(asked, ElementsAre(600, 900));
    answers = false;
    detach("east");
    border.detach("east", ForcedDetach::Abort);
    EXPECT_EQ(state("east"), AdjacencyState::Detached);
}

// The seed's rule holds through every change: what is secure stays on trusted adjacencies.
class SecureReconfiguration : public Reconfiguration {
protected:
    SecureReconfiguration() {
        for (const char* name : {"west", "east"}) {
            secure(name);
        }
        publish();
    }
    void secure(const std::string& name) {
        auto& lines = plan.trunks[name].lines;
        lines.insert(lines.begin(), "sip-calls-in secure");
        lines.insert(lines.begin(), "security trusted-unencrypted");
    }
    void make_untrusted(const std::string& name) {
        auto& lines = plan.trunks[name].lines;
        lines.erase(lines.begin(), lines.begin() + 2);
    }
};

TEST_F(SecureReconfiguration, ASecureCallDoesNotHuntToWhatBecameUntrusted) {
    plan.trunks["north"] = trunk("192.0.2.6", "192.0.2.60");
    secure("north");
    plan.routes = {{"west", "east"}, {"west", "north"}};
    publish();
    east.on_invite = Phone::OnInvite::Ring;
    west.invite("sip:1000@192.0.2.4");
    ASSERT_TRUE(run_until([&] { return east.count("INVITE") == 1; }));
    detach("north");
    ASSERT_TRUE(is_detached("north"));
    plan.trunks["north"].is_attached = true;
    make_untrusted("north");
    publish();
    east.reject(480);
    ASSERT_TRUE(is_told(west, 200));
    EXPECT_EQ(west.last_response("INVITE")->status(), 480);
    EXPECT_EQ(sent_to(north), 0U);
}

// No commit does that to an adjacency with calls; if one did, they would not cross.
TEST_F(SecureReconfiguration, ACallDoesNotGoOnWithWhatBecameUntrusted) {
    talk();
    make_untrusted("east");
    publish();
    const std::size_t before = sent_to(east);
    west.reinvite();
    net.run_for(5s);
    EXPECT_EQ(sent_to(east), before);
    east.in_dialog(Method::Info);
    net.run_for(1s);
    EXPECT_THAT(east.statuses("INFO"), ElementsAre(481));
    EXPECT_EQ(west.count("INFO"), 0U);
    west.bye();
    net.run_for(1s);
    EXPECT_EQ(border.sbc().calls(), 0U);
    EXPECT_EQ(east.count("BYE"), 0U);
}

// Phones over TLS.
class PhonesReconfiguration : public SmallLab {
protected:
    PhonesReconfiguration() { register_phones(); }
    std::string detached(std::string_view adjacency) const {
        std::string text(small_lab);
        const auto head = text.find("adjacency sip " + std::string(adjacency));
        text.erase(text.find("   attach\n", head), 10);
        return text;
    }
    AdjacencyState state(std::string_view adjacency) const {
        return border.status(adjacency).state;
    }
};

TEST_F(PhonesReconfiguration, ConnectionsStayUntilTheLastCallIsOver) {
    talk();
    EXPECT_EQ(border.status("phones").registrations, 2U);
    border.publish(detached("phones"));
    EXPECT_EQ(state("phones"), AdjacencyState::GoingDown);
    net.run_for(10s);

    alice.send("MESSAGE", "sip:bob@example.com", {});
    net.run_for(1s);
    EXPECT_EQ(alice.last_response("MESSAGE")->status(), 503);
    EXPECT_EQ(bob.count("MESSAGE"), 0U);
    Phone carol(net, ip("192.0.2.13"), sip::Transport::Tls, {ip("192.0.2.1"), 5061},
                {"carol", "example.com", "x"}, 103);
    carol.register_now();
    net.run_for(1s);
    EXPECT_THAT(carol.responses(), IsEmpty());  // it is not let in

    bob.bye();
    ASSERT_TRUE(run_until([&] { return alice.count("BYE") == 1; }));
    net.run_for(1s);
    EXPECT_THAT(bob.statuses("BYE"), ElementsAre(200));
    EXPECT_EQ(state("phones"), AdjacencyState::Detached);
    EXPECT_EQ(border.status("phones").registrations, 0U);
    EXPECT_FALSE(net.is_listening({ip("192.0.2.1"), 5061}, sip::Transport::Tcp));
    for (const auto& flow : {alice.shard().connections(), bob.shard().connections()}) {
        EXPECT_THAT(flow, IsEmpty());
    }

    border.publish(std::string(small_lab));
    register_phones();
    alice.invite("sip:bob@example.com");
    ASSERT_TRUE(run_until([&] { return alice.is_in_call() && bob.acks().size() == 2; }));
    alice.bye();
}

// It was let in as a phone: a narrower adjacency over the same socket does not have it.
TEST_F(PhonesReconfiguration, AConnectionStaysWithTheAdjacencyThatLetItIn) {
    std::string text(small_lab);
    text.insert(text.find("  call-policy-set"), R"(  adjacency sip one
   security trusted-encrypted
   signaling-address ipv4 192.0.2.1
   remote-address ipv4 192.0.2.11 255.255.255.255
   tls peer-domain one.example.com
   attach
)");
    border.publish(text);
    talk();
    EXPECT_EQ(border.status("phones").calls, 1U);
    EXPECT_EQ(border.status("one").calls, 0U);
    bob.bye();
    net.run_for(1s);

    alice.node().cut();
    alice.invite("sip:bob@example.com");
    net.run_for(2s);
    EXPECT_EQ(bob.count("INVITE"), 1U);
}

TEST_F(PhonesReconfiguration, WhoIsNoSubscriberAnyMoreIsNotRegistered) {
    std::string text(small_lab);
    const std::string alices = "  subscriber alice@example.com\n   password wonderland\n";
    text.erase(text.find(alices), alices.size());
    border.publish(text);
    EXPECT_EQ(border.status("phones").registrations, 1U);
    alice.invite("sip:bob@example.com");
    net.run_for(2s);
    EXPECT_FALSE(alice.is_in_call());
    EXPECT_EQ(bob.count("INVITE"), 0U);
}

TEST_F(PhonesReconfiguration, ANewPasswordHasToBeProven) {
    std::string text(small_lab);
    text.replace(text.find("wonderland"), 10, "underground");
    border.publish(text);
    EXPECT_EQ(border.status("phones").registrations, 1U);
    bob.invite("sip:alice@example.com");
    net.run_for(2s);
    EXPECT_EQ(bob.last_response("INVITE")->status(), 480);
    EXPECT_EQ(alice.count("INVITE"), 0U);
}

// `remote-address` is narrower now: what came from outside of it is not that adjacency's any more.
TEST_F(PhonesReconfiguration, WhoeverIsOutsideOfItNowIsForgottenAndItsConnectionClosed) {
    ASSERT_EQ(border.status("phones").registrations, 2U);
    const std::size_t connections = border.sbc().shard().flow_count();
    border.publish(
        configured(small_lab, "phones", {"remote-address ipv4 192.0.2.11 255.255.255.255"}));
    net.run_for(1s);
    EXPECT_EQ(border.status("phones").registrations, 1U);
    EXPECT_EQ(border.sbc().shard().flow_count(), connections - 1);
    const std::size_t before = sent_to(bob);
    alice.invite("sip:bob@example.com");
    net.run_for(1s);
    EXPECT_EQ(alice.statuses("INVITE").back(), 480);
    EXPECT_EQ(sent_to(bob), before);
    // Nor is one let in that takes nobody else's place; and who is inside is reached as before.
    bob.register_now();
    net.run_for(1s);
    EXPECT_EQ(border.status("phones").registrations, 1U);
    softswitch.invite("sip:alice@example.com");
    ASSERT_TRUE(run_until([&] { return softswitch.is_in_call(); }));
    softswitch.bye();
    net.run_for(1s);
}

class NarrowedPhonesOverUdp : public SmallLab {
protected:
    static std::string configuration(const char* mask) {
        std::string out(small_lab);
        const std::string_view next = "  adjacency sip outside\n";
        return out.insert(out.find(next), std::string(R"(  subscriber carol@example.com
   password singer
  adjacency sip old
   security trusted-unencrypted
   inherit profile preset-access
   domain example.com
   signaling-address ipv4 192.0.2.7
   remote-address ipv4 192.0.2.0 )") + mask + "\n   attach\n");
    }
    NarrowedPhonesOverUdp() : SmallLab(configuration("255.255.255.0")) {}
    Phone carol{net,
                ip("192.0.2.13"),
                sip::Transport::Udp,
                {ip("192.0.2.7"), 5060},
                {"carol", "example.com", "singer"},
                105};
};

TEST_F(NarrowedPhonesOverUdp, AreForgottenToo) {
    carol.register_now();
    ASSERT_TRUE(run_until([&] { return carol.is_registered(); }));
    border.publish(configuration("255.255.255.240"));
    EXPECT_EQ(border.status("old").registrations, 1U) << "192.0.2.13 is inside";
    const std::size_t before = sent_to(carol);
    border.publish(configuration("255.255.255.248"));
    EXPECT_EQ(border.status("old").registrations, 0U);
    softswitch.set_scheme("sip");
    softswitch.invite("sip:carol@example.com");
    net.run_for(1s);
    EXPECT_EQ(softswitch.statuses("INVITE").back(), 480);
    EXPECT_EQ(sent_to(carol), before);
}

// ---- whom certificates let in -------------------------------------------------------------------

class Trust : public SmallLab {
protected:
    void publish(std::string_view anchors) {
        std::string configuration(small_lab);
        const std::string_view was = "anchors.pem";
        configuration.replace(configuration.find(was), was.size(), anchors);
        border.publish(configuration);
        net.run_for(1s);
    }
    std::uint64_t closed(CloseReason reason) {
        return border.sbc().shard().counters().closed[static_cast<std::size_t>(reason)];
    }
};

TEST_F(Trust, OtherAnchorsCloseOnlyWhatTheyDoNotLetIn) {
    register_phones();
    talk();
    net.revoke("fp-example.com");
    publish("more-anchors.pem");
    EXPECT_EQ(closed(CloseReason::NotTrusted), 0U);
    EXPECT_EQ(border.sbc().calls(), 1U);
    EXPECT_EQ(border.sbc().location().binding_count(), 2U);
    alice.bye();
    net.run_for(1s);
    EXPECT_EQ(bob.count("BYE"), 1U);  // by the connection of before
}

TEST_F(Trust, WhoeverIsRevokedIsClosed) {
    bob.node().set_client_identity(certificate_of_user("bob@example.com"));
    register_phones();
    net.revoke("fp-bob@example.com");
    publish("anchors.pem");
    EXPECT_EQ(closed(CloseReason::NotTrusted), 0U);  // nobody has looked again
    publish("more-anchors.pem");
    EXPECT_EQ(closed(CloseReason::NotTrusted), 1U);
    alice.invite("sip:bob@example.com");
    net.run_for(1s);
    EXPECT_EQ(bob.count("INVITE"), 0U);
    EXPECT_EQ(alice.statuses("INVITE").back(), 480);
}

}  // namespace
}  // namespace ringwall::test
