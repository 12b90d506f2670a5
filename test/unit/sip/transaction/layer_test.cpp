#include "sip/transaction/layer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "unit/sip/transaction/story.h"

namespace ringwall::sip::transaction {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Words = std::vector<std::string>;

class TransactionLayer : public testing::Test {
protected:
    Words receive(MessagePtr message, const Hop& from = udp_hop()) {
        return after([&] { layer.on_message(from, std::move(message), out); });
    }
    Words respond(ServerId id, int status) {
        return after([&] {
            if (const MessagePtr request = layer.request(id)) {
                answered = request;
            }
            if (answered) {
                layer.respond(id, answer_to(answered, status), out);
            }
        });
    }
    Words fire(AnyId id, Timer timer) {
        return after([&] { layer.on_timer(id, timer, out); });
    }
    Words transport_error(AnyId id) {
        return after([&] { layer.on_transport_error(id, out); });
    }
    ClientId send(const Draft& draft, const Hop& to = udp_hop()) {
        ClientId id;
        after([&] { id = layer.send(to, make(draft), out); });
        return id;
    }
    ClientId cancel(ClientId invite) {
        ClientId id;
        after([&] { id = layer.cancel(invite, {}, out); });
        return id;
    }
    ServerId newest() const { return only<NewRequest>(out).at(0).id; }

    template <class Event>
    Words after(Event event) {
        out.clear();
        event();
        EXPECT_TRUE(layer.is_consistent());
        return to_strings(out);
    }

    Layer layer{Timers{}};
    Actions out;
    MessagePtr answered;  // the request that was answered last
};

TEST_F(TransactionLayer, HandsOverARequestOnceAndNeverAgainWhileItsTransactionLives) {
    EXPECT_THAT(receive(make({})), ElementsAre("new INVITE"));
    const ServerId id = newest();
    EXPECT_TRUE(id);
    EXPECT_THAT(receive(make({})), IsEmpty());
    respond(id, 180);
    EXPECT_THAT(receive(make({})), ElementsAre("transmit 180"));
    respond(id, 486);
    EXPECT_THAT(receive(make({})), ElementsAre("transmit 486"));
    EXPECT_EQ(layer.server_count(), 1U);
}

TEST_F(TransactionLayer, KeepsTheAckOfAFailureToItself) {
    receive(make({}));
    const ServerId id = newest();
    respond(id, 486);

    EXPECT_THAT(receive(make({.method = "ACK", .to_tag = "8321234356"})),
                ElementsAre("stop G", "stop H", "start I 5000"));
    EXPECT_THAT(receive(make({.method = "ACK", .to_tag = "8321234356"})), IsEmpty());
    EXPECT_THAT(fire(id, Timer::I), ElementsAre("server ended normal"));
    EXPECT_EQ(layer.server_count(), 0U);
}

TEST_F(TransactionLayer, HandsOverTheAckOfA2xxWithoutATransaction) {
    receive(make({}));
    const ServerId id = newest();
    respond(id, 200);

    EXPECT_THAT(receive(make({.method = "ACK", .branch = "z9hG4bKother", .to_tag = "8321234356"})),
                ElementsAre("ack"));
    // A peer that reuses the branch of the INVITE (RFC 6026 §7.1).
    EXPECT_THAT(receive(make({.method = "ACK", .to_tag = "8321234356"})), ElementsAre("ack"));
    EXPECT_EQ(layer.server_count(), 1U);
}

TEST_F(TransactionLayer, TransmitsTheUsersRepeated2xx) {
    receive(make({}));
    const ServerId id = newest();

    EXPECT_THAT(respond(id, 200), ElementsAre("transmit 200", "start L 32000"));
    EXPECT_THAT(respond(id, 200), ElementsAre("transmit 200"));
    EXPECT_THAT(receive(make({})), IsEmpty());
    EXPECT_THAT(fire(id, Timer::L), ElementsAre("server ended normal"));
    EXPECT_THAT(respond(id, 200), IsEmpty());
}

// RFC 3261 §17.2.3: branch, sent-by and method; nothing less.
TEST_F(TransactionLayer, TellsTransactionsApartByBranchSentByAndMethod) {
    EXPECT_THAT(receive(make({})), ElementsAre("new INVITE"));
    EXPECT_THAT(receive(make({.branch = "z9hG4bKnashds9"})), ElementsAre("new INVITE"));
    EXPECT_THAT(receive(make({.sent_by = "pc34.example.com:5060"})), ElementsAre("new INVITE"));
    EXPECT_THAT(receive(make({.sent_by = "pc33.example.com:5070"})), ElementsAre("new INVITE"));
    EXPECT_THAT(receive(make({.method = "OPTIONS"})), ElementsAre("new OPTIONS"));
    EXPECT_THAT(receive(make({.method = "X-OWN"})), ElementsAre("new X-OWN"));
    EXPECT_THAT(receive(make({.method = "X-OTHER"})), ElementsAre("new X-OTHER"));
    EXPECT_EQ(layer.server_count(), 7U);
    // A host name is compared in any case.
    EXPECT_THAT(receive(make({.sent_by = "PC33.Example.COM:5060"})), IsEmpty());
}

// No choice of branch and sent-by may look like another pair.
TEST_F(TransactionLayer, CannotBeMadeToMixUpThePartsOfAKey) {
    receive(make({.branch = "z9hG4bKa1", .sent_by = "b.example.com"}));
    EXPECT_THAT(receive(make({.branch = "z9hG4bKa", .sent_by = "1b.example.com"})),
                ElementsAre("new INVITE"));
    EXPECT_THAT(receive(make({.branch = "z9hG4bKa113", .sent_by = "b.example.com"})),
                ElementsAre("new INVITE"));
    EXPECT_EQ(layer.server_count(), 3U);
}

TEST_F(TransactionLayer, MatchesRequestsWithoutTheMagicCookieAsRfc2543Did) {
    for (const char* branch : {"", "390skdjuw"}) {
        Draft draft;
        draft.branch = branch;
        EXPECT_THAT(receive(make(draft)), ElementsAre("new INVITE")) << branch;
        EXPECT_THAT(receive(make(draft)), IsEmpty()) << branch;
        for (const Draft& other :
             {Draft{.branch = branch, .uri = "sip:carol@example.com"},
              Draft{.branch = branch, .call_id = "another"}, Draft{.branch = branch, .cseq = 2},
              Draft{.branch = branch, .from_tag = "another"},
              Draft{.branch = branch, .to_tag = "in-dialog"},
              Draft{.branch = branch, .sent_by = "pc34.example.com"}}) {
            EXPECT_THAT(receive(make(other)), ElementsAre("new INVITE")) << branch;
        }
    }
    EXPECT_EQ(layer.server_count(), 14U);
}

TEST_F(TransactionLayer, MatchesTheAckOfAnRfc2543PeerByTheTagOfTheResponse) {
    const Draft invite{.branch = ""};
    receive(make(invite));
    const ServerId id = newest();
    const auto ack = [](const char* tag) {
        return make({.method = "ACK", .branch = "", .to_tag = tag});
    };
    EXPECT_THAT(receive(ack("8321234356")), ElementsAre("ack"));  // nothing was answered yet
    respond(id, 486);

    EXPECT_THAT(receive(ack("another")), ElementsAre("ack"));
    EXPECT_THAT(receive(ack("8321234356")), ElementsAre("stop G", "stop H", "start I 5000"));
}

TEST_F(TransactionLayer, MatchesTheAckOfAnRfc2543ReInvite) {
    receive(make({.branch = "", .to_tag = "8321234356"}));
    const ServerId id = newest();
    respond(id, 488);

    EXPECT_THAT(receive(make({.method = "ACK", .branch = "", .to_tag = "8321234356"})),
                ElementsAre("stop G", "stop H", "start I 5000"));
}

// RFC 3261 §9.2.
TEST_F(TransactionLayer, NamesTheInviteThatACancelSpeaksOf) {
    receive(make({}));
    const ServerId invite = newest();

    EXPECT_THAT(receive(make({.method = "CANCEL"})), ElementsAre("new CANCEL"));
    EXPECT_EQ(only<NewRequest>(out)[0].cancelled, invite);
    const ServerId cancel = newest();
    EXPECT_NE(cancel, invite);
    EXPECT_THAT(respond(cancel, 200), ElementsAre("transmit 200", "start J 32000"));
    EXPECT_THAT(receive(make({.method = "CANCEL"})), ElementsAre("transmit 200"));
    EXPECT_THAT(respond(invite, 487), ElementsAre("transmit 487", "start G 500", "start H 32000"));
}

TEST_F(TransactionLayer, NamesNoInviteForACancelThatMatchesNone) {
    receive(make({}));
    EXPECT_THAT(receive(make({.method = "CANCEL", .branch = "z9hG4bKelse"})),
                ElementsAre("new CANCEL"));
    EXPECT_FALSE(only<NewRequest>(out)[0].cancelled);
    receive(make({.method = "CANCEL", .sent_by = "elsewhere.example.com"}));
    EXPECT_FALSE(only<NewRequest>(out)[0].cancelled);
    // Not another method than INVITE.
    receive(make({.method = "OPTIONS", .branch = "z9hG4bKoptions"}));
    receive(make({.method = "CANCEL", .branch = "z9hG4bKoptions"}));
    EXPECT_FALSE(only<NewRequest>(out)[0].cancelled);
}

TEST_F(TransactionLayer, NamesTheInviteForACancelOfAnRfc2543Peer) {
    receive(make({.branch = ""}));
    const ServerId invite = newest();
    receive(make({.method = "CANCEL", .branch = ""}));

    EXPECT_EQ(only<NewRequest>(out)[0].cancelled, invite);
}

// RFC 3261 §17.1.3.
TEST_F(TransactionLayer, MatchesResponsesByBranchAndMethod) {
    const Draft options{.method = "OPTIONS"};
    const ClientId id = send(options);

    EXPECT_THAT(receive(answer_to(make({.method = "OPTIONS", .branch = "z9hG4bKelse"}), 200)),
                ElementsAre("stray 200"));
    EXPECT_THAT(receive(answer_to(make({.method = "INVITE"}), 200)), ElementsAre("stray 200"));
    EXPECT_THAT(receive(answer_to(make({.method = "OPTIONS", .branch = ""}), 200)),
                ElementsAre("stray 200"));
    EXPECT_THAT(receive(answer_to(make(options), 200)),
                ElementsAre("response 200", "stop E", "stop F", "start K 5000"));
    EXPECT_EQ(only<NewResponse>(out)[0].id, id);
    EXPECT_THAT(fire(id, Timer::K), ElementsAre("client ended"));
    EXPECT_EQ(layer.client_count(), 0U);
    EXPECT_THAT(receive(answer_to(make(options), 200)), ElementsAre("stray 200"));
}

TEST_F(TransactionLayer, SendsACancelInATransactionOfItsOwn) {
    const ClientId invite = send({});
    EXPECT_FALSE(cancel(invite));  // nothing has come yet
    EXPECT_FALSE(layer.has_provisional(invite));
    receive(answer_to(make({}), 180));
    EXPECT_TRUE(layer.has_provisional(invite));

    const ClientId cancelling = cancel(invite);
    EXPECT_TRUE(cancelling);
    EXPECT_THAT(to_strings(out),
                ElementsAre("start B 32000", "transmit CANCEL", "start E 500", "start F 32000"));
    EXPECT_EQ(layer.client_count(), 2U);
    EXPECT_FALSE(cancel(invite));
    EXPECT_FALSE(cancel(cancelling));

    EXPECT_THAT(receive(answer_to(make({.method = "CANCEL"}), 200)),
                ElementsAre("response 200", "stop E", "stop F", "start K 5000"));
    EXPECT_EQ(only<NewResponse>(out)[0].id, cancelling);
    EXPECT_THAT(receive(answer_to(make({}), 487)),
                ElementsAre("stop B", "transmit ACK", "response 487", "start D 32000"));
    EXPECT_EQ(only<NewResponse>(out)[0].id, invite);
    EXPECT_FALSE(cancel(invite));
}

TEST_F(TransactionLayer, DoesNothingForAnIdThatIsGone) {
    receive(make({.method = "OPTIONS"}), tls_hop());
    const ServerId server = newest();
    respond(server, 200);
    const ClientId client = send({.method = "OPTIONS"}, tls_hop());
    receive(answer_to(make({.method = "OPTIONS"}), 200), tls_hop());
    ASSERT_EQ(layer.server_count(), 0U);
    ASSERT_EQ(layer.client_count(), 0U);

    // The slots are used again, under other ids.
    receive(make({.method = "OPTIONS"}), tls_hop());
    EXPECT_NE(newest(), server);
    const ClientId second = send({.method = "OPTIONS", .branch = "z9hG4bKsecond"}, tls_hop());
    EXPECT_NE(second, client);

    EXPECT_THAT(fire(server, Timer::J), IsEmpty());
    EXPECT_THAT(fire(client, Timer::F), IsEmpty());
    EXPECT_THAT(transport_error(client), IsEmpty());
    EXPECT_THAT(transport_error(server), IsEmpty());
    EXPECT_FALSE(cancel(client));
    layer.respond(server, answer_to(make({.method = "OPTIONS"}), 200), out);
    EXPECT_THAT(out, IsEmpty());
    EXPECT_FALSE(layer.request(server));
    EXPECT_FALSE(layer.request(client));
    EXPECT_EQ(layer.hop(server), nullptr);
    EXPECT_EQ(layer.hop(client), nullptr);
    EXPECT_FALSE(layer.has_provisional(client));
    EXPECT_TRUE(layer.request(second));
    for (const AnyId id : {AnyId(ServerId{}), AnyId(ClientId{}), AnyId(ServerId{UINT64_MAX})}) {
        EXPECT_THAT(fire(id, Timer::F), IsEmpty());
    }
}

TEST_F(TransactionLayer, FailsAClientTransactionWithItsTransport) {
    const ClientId id = send({});

    EXPECT_THAT(transport_error(id),
                ElementsAre("stop A", "stop B", "failed transport-error", "client ended"));
    EXPECT_EQ(layer.client_count(), 0U);
}

// RFC 3261 §17.2.4 as amended by RFC 6026.
TEST_F(TransactionLayer, KeepsAServerTransactionWhoseTransportFailedForAnotherConnection) {
    receive(make({}), tls_hop());
    const ServerId id = newest();
    respond(id, 180);

    EXPECT_THAT(transport_error(id), IsEmpty());
    Hop other = tls_hop();
    other.flow = FlowId{99};
    layer.rebind(id, other);
    respond(id, 200);
    EXPECT_EQ(only<Transmit>(out)[0].hop, other);
}

TEST_F(TransactionLayer, EndsATransactionWithItsTimersWhenItsUserWantsNoMoreOfIt) {
    receive(make({}));
    const ServerId invite = newest();
    respond(invite, 486);
    EXPECT_THAT(after([&] { layer.forget(invite, out); }),
                ElementsAre("stop G", "stop H", "server ended normal"));
    receive(make({.method = "OPTIONS"}));
    const ServerId options = newest();
    EXPECT_THAT(after([&] { layer.forget(options, out); }), ElementsAre("server ended normal"));
    EXPECT_EQ(layer.server_count(), 0U);

    EXPECT_THAT(after([&] { layer.forget(options, out); }), IsEmpty());
}

// RFC 3261 §26.3.2.4.
TEST_F(TransactionLayer, KeepsNothingOfWhatItAnswersOnce) {
    receive(make({}));
    const ServerId invite = newest();
    const MessagePtr response = answer_to(layer.request(invite), 401);
    EXPECT_THAT(after([&] { layer.respond_once(invite, response, out); }),
                ElementsAre("transmit 401", "server ended normal"));
    EXPECT_EQ(layer.server_count(), 0U);
    EXPECT_THAT(after([&] { layer.respond_once(invite, response, out); }), IsEmpty());
    // Its ACK is nobody's; it itself, again, is a new one.
    EXPECT_THAT(receive(make({.method = "ACK", .to_tag = "8321234356"})), ElementsAre("ack"));
    EXPECT_EQ(layer.server_count(), 0U);
    receive(make({}));
    EXPECT_NE(newest(), invite);
    EXPECT_EQ(layer.server_count(), 1U);
    EXPECT_TRUE(layer.is_consistent());
}

TEST_F(TransactionLayer, RetransmitsToTheConnectionThatItWasBoundTo) {
    const ClientId id = send({.method = "OPTIONS"});
    Hop other = udp_hop();
    other.remote.port = 5070;
    layer.rebind(id, other);

    fire(id, Timer::E);
    ASSERT_EQ(only<Transmit>(out).size(), 1U);
    EXPECT_EQ(only<Transmit>(out)[0].hop, other);
    EXPECT_EQ(*layer.hop(id), other);
}

TEST_F(TransactionLayer, AnswersOverTheHopThatResponsesGoTo) {
    Hop from = udp_hop();
    from.remote.port = 40000;
    receive(make({.sent_by = "pc33.example.com:5070"}), from);
    respond(newest(), 180);

    EXPECT_EQ(only<Transmit>(out)[0].hop.remote.port, 5070);
}

MessagePtr with_via(const std::string& via) {
    return MessageBuilder::request("OPTIONS", "sip:bob@example.com")
        .header(HeaderName::Via, via)
        .header(HeaderName::From, "<sip:alice@example.org>;tag=1")
        .header(HeaderName::To, "<sip:bob@example.com>")
        .header(HeaderName::CallId, "1")
        .header(HeaderName::CSeq, "1 OPTIONS")
        .header(HeaderName::MaxForwards, "70")
        .build();
}

// RFC 3261 §18.2.2, RFC 3581 §4.
TEST(ResponseHop, IsTheSourceWithRportAndTheSentByPortWithout) {
    const Hop from{FlowId{1}, Endpoint{IpAddress::v4(198, 51, 100, 7), 40000}, Transport::Udp};
    const auto hop = [&](const std::string& via) {
        return response_hop(*stamp_source(with_via(via), from.remote), from).remote.to_string();
    };
    EXPECT_EQ(hop("SIP/2.0/UDP 10.0.0.1:5070;branch=z9hG4bK1;rport"), "198.51.100.7:40000");
    EXPECT_EQ(hop("SIP/2.0/UDP 10.0.0.1:5070;branch=z9hG4bK1"), "198.51.100.7:5070");
    EXPECT_EQ(hop("SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1"), "198.51.100.7:5060");
    // What the peer writes about itself does not lead responses elsewhere.
    EXPECT_EQ(hop("SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1;received=203.0.113.9;maddr=203.0.113.9"),
              "198.51.100.7:5060");
}

TEST(ResponseHop, IsTheSameConnectionOverAStream) {
    const MessagePtr request = with_via("SIP/2.0/TLS 10.0.0.1:5070;branch=z9hG4bK1");
    EXPECT_EQ(response_hop(*request, tls_hop()), tls_hop());
}

TEST(MakeBranch, NamesItsOwnerAndIsNeverTheSame) {
    SeededRandom random(1);
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) {
        const std::string branch = make_branch(Bucket{42}, random);
        EXPECT_EQ(branch.substr(0, 7), "z9hG4bK");
        EXPECT_EQ(bucket_of(branch.substr(7)), Bucket{42});
        EXPECT_EQ(branch.size(), 29U);
        EXPECT_TRUE(seen.insert(branch).second);
    }
}

}  // namespace
}  // namespace ringwall::sip::transaction
