// Several workers: a call has one, wherever its peers' connections are.
#include <set>

#include "scenario/border.h"
#include "sip/header/replaces.h"
#include "sip/message_builder.h"

namespace ringwall::test {
namespace {

using sip::HeaderName;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr engine::ShardNumber workers = 4;

// An address of 192.0.2.x, from x on, whose `port` is served by this worker.
IpAddress address_on(std::size_t worker, unsigned from, std::uint16_t port) {
    for (unsigned last = from; last < 255; ++last) {
        const IpAddress address = ip(("192.0.2." + std::to_string(last)).c_str());
        if (SimNetwork::chosen({address, port}, workers) == worker) {
            return address;
        }
    }
    return {};
}
// Connections go out from this port on.
constexpr std::uint16_t first_connection = 40000;

class FourWorkers : public ::testing::Test {
protected:
    FourWorkers()
        : border(net, std::string(small_lab), 11, workers),
          alice(net, address_on(1, 100, first_connection), sip::Transport::Tls,
                {ip("192.0.2.1"), 5061}, {"alice", "example.com", "wonderland"}, 101),
          bob(net, address_on(2, 150, first_connection), sip::Transport::Tls,
              {ip("192.0.2.1"), 5061}, {"bob", "example.com", "builder"}, 102),
          softswitch(net, ip("192.0.2.20"), sip::Transport::Tcp, {ip("192.0.2.2"), 5060},
                     {"switch", "switch.example.com", ""}, 103) {}
    void SetUp() override {
        alice.register_now();
        bob.register_now();
        ASSERT_TRUE(run_until([&] { return alice.is_registered() && bob.is_registered(); }));
    }
    void TearDown() override {
        net.settle();
        EXPECT_TRUE(border.sbc().is_empty());
    }
    bool run_until(const std::function<bool()>& condition, Duration limit = 40s) {
        return net.run_until(condition, limit);
    }
    std::vector<std::size_t> calls() {
        std::vector<std::size_t> out;
        for (std::size_t i = 0; i < workers; ++i) {
            out.push_back(border.worker(i).calls());
        }
        return out;
    }
    std::uint64_t handed_over() { return border.sbc().shard().counters().handed_over; }

    SimNetwork net;
    Border border;
    Phone alice;
    Phone bob;
    Phone softswitch;
};

TEST_F(FourWorkers, ACallLivesWhereItsFirstMessageCameIn) {
    alice.invite("sip:bob@example.com");
    ASSERT_TRUE(run_until([&] { return alice.is_in_call() && !bob.acks().empty(); }));
    EXPECT_THAT(calls(), ElementsAre(0, 1, 0, 0));
    EXPECT_EQ(handed_over(), 1U);  // the 200 of bob
    bob.bye();
    ASSERT_TRUE(run_until([&] { return alice.count("BYE") == 1; }));
    net.run_for(100ms);
    EXPECT_THAT(bob.statuses("BYE"), ElementsAre(200));
    ASSERT_THAT(border.records, SizeIs(1));
    EXPECT_EQ(border.records[0].result, "answered");
}

TEST_F(FourWorkers, AConnectionOfAnotherWorkerIsMissedAsOnesOwn) {
    alice.invite("sip:bob@example.com");
    ASSERT_TRUE(run_until([&] { return alice.is_in_call() && !bob.acks().empty(); }));
    bob.node().cut();
    net.run_for(31s);
    EXPECT_THAT(calls(), ElementsAre(0, 1, 0, 0));  // he might come back
    net.run_for(2s);
    EXPECT_EQ(alice.count("BYE"), 1U);
    EXPECT_THAT(calls(), ElementsAre(0, 0, 0, 0));
}

TEST_F(FourWorkers, ARequestOnAConnectionThatCloses_Fails) {
    bob.on_invite = Phone::OnInvite::Ring;
    alice.invite("sip:bob@example.com");
    ASSERT_TRUE(run_until([&] { return bob.count("INVITE") == 1; }));
    bob.node().cut();
    ASSERT_TRUE(run_until([&] { return alice.last_response("INVITE")->status() >= 200; }, 1s));
    EXPECT_EQ(alice.last_response("INVITE")->status(), 480);
}

TEST_F(FourWorkers, AllUseOneConnectionToATarget) {
    softswitch.on_invite = Phone::OnInvite::Reject;
    const std::array phones{&alice, &bob};
    for (Phone* phone : phones) {
        phone->invite("sip:9001@switch.example.com");
    }
    ASSERT_TRUE(run_until([&] {
        return alice.last_response("INVITE") != nullptr && bob.last_response("INVITE") != nullptr &&
               softswitch.count("INVITE") == 2;
    }));
    std::set<Endpoint> from;
    for (const auto& packet : net.packets_of(softswitch.node().address())) {
        if (packet.to.address == softswitch.node().address()) {
            from.insert(packet.from);
        }
    }
    EXPECT_THAT(from, SizeIs(1));
}

TEST_F(FourWorkers, AUserRegistersOnOneWorkerAndIsKnownToAll) {
    EXPECT_EQ(border.sbc().location().binding_count(), 2U);
    softswitch.invite("sip:bob@example.com");
    ASSERT_TRUE(run_until([&] { return bob.count("INVITE") == 1; }));
    net.run_for(1s);
    softswitch.bye();
}

// The workers of two who call at once: between all pairs, whichever worker is to have the
// connection to the switch is once the second, who knows of it before it is asked to open it.
class TwoAtOnce : public ::testing::TestWithParam<std::pair<std::size_t, std::size_t>> {};

TEST_P(TwoAtOnce, ReachATargetThatNobodyIsConnectedTo) {
    SimNetwork net;
    Border border(net, std::string(small_lab), 11, workers);
    Phone alice(net, address_on(GetParam().first, 100, first_connection), sip::Transport::Tls,
                {ip("192.0.2.1"), 5061}, {"alice", "example.com", "wonderland"}, 101);
    Phone bob(net, address_on(GetParam().second, 150, first_connection), sip::Transport::Tls,
              {ip("192.0.2.1"), 5061}, {"bob", "example.com", "builder"}, 102);
    Phone softswitch(net, ip("192.0.2.20"), sip::Transport::Tcp, {ip("192.0.2.2"), 5060},
                     {"switch", "switch.example.com", ""}, 103);
    softswitch.on_invite = Phone::OnInvite::Reject;
    alice.register_now();
    bob.register_now();
    ASSERT_TRUE(net.run_until([&] { return alice.is_registered() && bob.is_registered(); }, 40s));
    alice.invite("sip:9001@switch.example.com");
    bob.invite("sip:9001@switch.example.com");
    net.run_for(1s);
    EXPECT_EQ(softswitch.count("INVITE"), 2U);
    net.settle();
    EXPECT_TRUE(border.sbc().is_empty());
}

INSTANTIATE_TEST_SUITE_P(Workers, TwoAtOnce,
                         ::testing::Values(std::pair(1, 0), std::pair(1, 2), std::pair(1, 3),
                                           std::pair(0, 1)));

// A peer with two ports, whose datagrams go to two workers.
class TwoPorts final : public DatagramUser {
public:
    TwoPorts(SimNetwork& net, const IpAddress& address, std::uint16_t one, std::uint16_t other)
        : node_(net.add_node(address)),
          first(node_.listen_udp({address, one}).flow),
          second(node_.listen_udp({address, other}).flow) {
        node_.set_user(*this);
    }
    void send(FlowId from, const Endpoint& to, const std::string& text) {
        node_.send_datagram(from, to, text);
    }
    void on_datagram(engine::ListenerId, FlowId, const Endpoint&, std::string_view bytes,
                     Now) override {
        const auto message =
            sip::Message::parse(std::string(bytes), sip::Framing::Datagram).message;
        if (!message->is_request()) {
            heard.push_back(std::to_string(message->status()) + " " +
                            std::string(message->cseq().method_text));
        }
    }

private:
    SimNetwork::Node& node_;

public:
    const FlowId first;
    const FlowId second;
    std::vector<std::string> heard;
};

class CancelByAnotherWay : public ::testing::Test {
protected:
    static std::uint16_t port_on(std::size_t worker) {
        std::uint16_t port = 6000;
        while (SimNetwork::chosen({ip("192.0.2.40"), port}, workers) != worker) {
            ++port;
        }
        return port;
    }
    CancelByAnotherWay()
        : border(net, std::string(three_trunks), 11, workers),
          west(net, ip("192.0.2.40"), port_on(0), port_on(2)),
          east(net, ip("192.0.2.50"), sip::Transport::Udp, {ip("192.0.2.5"), 5060},
               {"eric", "east.example.net", ""}, 301) {
        east.on_invite = Phone::OnInvite::Ring;
    }
    static std::string request(const std::string& method, const std::string& branch) {
        return std::string(sip::MessageBuilder::request(method, "sip:eric@192.0.2.4")
                               .header(HeaderName::Via,
                                       "SIP/2.0/UDP 192.0.2.40:6000;rport;branch=z9hG4bK" + branch)
                               .header(HeaderName::MaxForwards, "70")
                               .header(HeaderName::From, "<sip:wendy@west.example.net>;tag=w")
                               .header(HeaderName::To, "<sip:eric@192.0.2.4>")
                               .header(HeaderName::CallId, "the-call")
                               .header(HeaderName::CSeq, "1 " + method)
                               .header(HeaderName::Contact, "<sip:wendy@192.0.2.40:6000>")
                               .build()
                               ->bytes());
    }

    const Endpoint to{ip("192.0.2.4"), 5060};
    SimNetwork net;
    Border border;
    TwoPorts west;
    Phone east;
};

TEST_F(CancelByAnotherWay, IsFoundByAskingTheOthers) {
    west.send(west.first, to, request("INVITE", "one"));
    ASSERT_TRUE(net.run_until([&] { return east.count("INVITE") == 1; }, 1s));
    EXPECT_EQ(border.worker(0).calls(), 1U);
    net.run_for(100ms);
    west.send(west.second, to, request("CANCEL", "one"));
    ASSERT_TRUE(net.run_until([&] { return east.count("CANCEL") == 1; }, 1s));
    net.run_for(100ms);
    EXPECT_THAT(west.heard, Contains("200 CANCEL"));
    EXPECT_THAT(west.heard, Contains("487 INVITE"));
    EXPECT_EQ(border.sbc().calls(), 0U);
    net.settle();
    EXPECT_TRUE(border.sbc().is_empty());
}

TEST_F(CancelByAnotherWay, HearsOneRefusalWhenNobodyKnowsIt) {
    west.send(west.second, to, request("CANCEL", "two"));
    west.send(west.second, to, request("CANCEL", "two"));
    net.run_for(1s);
    EXPECT_THAT(west.heard, ElementsAre("481 CANCEL", "481 CANCEL"));
    EXPECT_EQ(border.sbc().counters().value("rejected", "no-transaction"), 1U);
    net.settle();
    EXPECT_TRUE(border.sbc().is_empty());
}

// Three trunks, each with a worker of its own: west calls east, north calls west.
class ThreeTrunksOnThreeWorkers : public ::testing::Test {
protected:
    static std::string configuration() {
        std::string text(three_trunks);
        for (const std::string name : {"west", "east", "north"}) {
            text = configured(text, name, {"security trusted-unencrypted", "refer pass"});
        }
        for (const auto& [last, address] :
             {std::pair{"40", wests}, std::pair{"50", easts}, std::pair{"60", norths}}) {
            const std::string written = std::string("192.0.2.") + last;
            for (auto at = text.find(written); at != std::string::npos;
                 at = text.find(written, at + 1)) {
                text.replace(at, written.size(), address.to_string());
            }
        }
        return text;
    }
    ThreeTrunksOnThreeWorkers()
        : border(net, configuration(), 11, workers),
          west(net, wests, sip::Transport::Udp, {ip("192.0.2.4"), 5060},
               {"wendy", "west.example.net", ""}, 201),
          east(net, easts, sip::Transport::Udp, {ip("192.0.2.5"), 5060},
               {"eric", "east.example.net", ""}, 301),
          north(net, norths, sip::Transport::Udp, {ip("192.0.2.6"), 5060},
                {"nora", "north.example.net", ""}, 401) {}
    void TearDown() override {
        net.settle(400s);
        EXPECT_TRUE(border.sbc().is_empty());
    }

    std::uint64_t handed_over() { return border.sbc().shard().counters().handed_over; }

    static const IpAddress wests;
    static const IpAddress easts;
    static const IpAddress norths;
    SimNetwork net;
    Border border;
    Phone west;
    Phone east;
    Phone north;
};

const IpAddress ThreeTrunksOnThreeWorkers::wests = address_on(0, 40, 5060);
const IpAddress ThreeTrunksOnThreeWorkers::easts = address_on(1, 80, 5060);
const IpAddress ThreeTrunksOnThreeWorkers::norths = address_on(2, 120, 5060);

// RFC 5589 §7.3, where the two calls and the transferee are of three workers: the tag that Replaces
// names is known by its looks where the REFER comes, and the INVITE finds the call that it is of.
TEST_F(ThreeTrunksOnThreeWorkers, AnAttendedTransferIsOneWhereverTheCallsAre) {
    west.invite("sip:eric@east.example.net");
    net.run_for(1s);
    ASSERT_TRUE(west.is_in_call());
    sip::Dialog to_east = *west.dialog();
    sip::Dialog of_east = *east.dialog();
    north.invite("sip:wendy@west.example.net");
    net.run_for(1s);
    ASSERT_TRUE(north.is_in_call());
    const sip::Dialog to_north = *west.dialog();
    sip::Dialog of_north = *north.dialog();
    ASSERT_EQ(border.worker(0).calls(), 1U);
    ASSERT_EQ(border.worker(2).calls(), 1U);

    const std::string named = to_north.call_id() + ";to-tag=" + to_north.remote_tag() +
                              ";from-tag=" + to_north.local_tag();
    west.within(to_east, sip::Method::Refer,
                {{"Contact", west.contact()},
                 {"Refer-To", "<sip:nora@north.example.net?" +
                                  sip::with_uri_header("Replaces=", "Replaces", named) + ">"}});
    net.run_for(1s);
    const auto refer = east.last_request("REFER");
    ASSERT_NE(refer, nullptr);
    const auto target = refer->name_addrs(HeaderName::ReferTo)->front();
    EXPECT_EQ(target.uri.host, "192.0.2.5");
    const std::string replaces = sip::uri_header(target.uri.headers, "Replaces");
    EXPECT_THAT(replaces, Not(HasSubstr(to_north.call_id())));
    EXPECT_THAT(replaces, Not(HasSubstr(to_north.local_tag())));

    const auto before = handed_over();
    east.invite_fields = {{"Replaces", replaces}};
    east.invite(std::string("sip:nora@") + std::string(target.uri.host));
    net.run_for(1s);
    EXPECT_GT(handed_over(), before);
    ASSERT_EQ(east.last_response("INVITE")->status(), 200);
    EXPECT_EQ(north.last_request("INVITE")->to_tag(), of_north.local_tag());
    EXPECT_EQ(west.count("BYE"), 1U);
    north.within(of_north, sip::Method::Bye, {});
    west.within(to_east, sip::Method::Bye, {});
    net.run_for(1s);
    EXPECT_EQ(east.count("BYE"), 2U);
    EXPECT_EQ(border.sbc().calls(), 0U);
}

// RFC 3842: the voicemail's NOTIFYs come to another worker than the SUBSCRIBE did.
TEST_F(ThreeTrunksOnThreeWorkers, ASubscriptionForMessagesWaitingIsOneWhereverTheNotifierIs) {
    east.in_dialog_status = 0;
    west.send("SUBSCRIBE", "sip:eric@east.example.net",
              {{"Contact", west.contact()}, {"Event", "message-summary"}});
    net.run_for(1s);
    ASSERT_EQ(east.count("SUBSCRIBE"), 1U);
    auto far = *sip::Dialog::of_request(*east.last_request("SUBSCRIBE"), "e1",
                                        sip::Dialog::State::Confirmed);
    const auto notify = [&](const std::string& state) {
        east.within(far, sip::Method::Notify,
                    {{"Contact", east.contact()},
                     {"Event", "message-summary"},
                     {"Subscription-State", state},
                     {"Content-Type", "application/simple-message-summary"}},
                    "Messages-Waiting: yes\r\n");
        net.run_for(1s);
    };
    notify("active;expires=60");  // before the 2xx
    EXPECT_EQ(west.count("NOTIFY"), 1U);
    east.respond(200, "e1", {{"Contact", east.contact()}, {"Expires", "60"}});
    net.run_for(1s);
    EXPECT_THAT(west.statuses("SUBSCRIBE"), ElementsAre(200));
    notify("terminated;reason=noresource");
    EXPECT_EQ(west.count("NOTIFY"), 2U);
    EXPECT_THAT(east.statuses("NOTIFY"), ElementsAre(200, 200));
    EXPECT_GE(handed_over(), 2U);
    EXPECT_TRUE(border.sbc().is_quiet());
}

}  // namespace
}  // namespace ringwall::test
