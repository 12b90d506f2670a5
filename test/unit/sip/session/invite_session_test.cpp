#include "sip/session/invite_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>

#include "base/visitor.h"

namespace ringwall::sip::session {
namespace {

using State = InviteSession::State;
using testing::ElementsAre;
using testing::HasSubstr;

// One end of a call with all that it has said, and the other end behind a wire that delivers when
// told to. Transactions are as on a perfect network: every request reaches the other end once.
class Ends {
public:
    struct End {
        explicit End(InviteSession::Setup setup) : session(std::move(setup)) {}
        InviteSession session;
        std::vector<std::string> said;  // what happened, in words
        std::vector<MessagePtr> sent;   // requests and ACKs
        std::vector<MessagePtr> responses;
        MessagePtr last_invite;
        std::string offer;  // what it offers when it may; empty: nothing
    };

    explicit Ends(InviteSession::Setup caller_setup = setup("alice"),
                  InviteSession::Setup callee_setup = setup("bob"))
        : caller(std::move(caller_setup)), callee(std::move(callee_setup)) {}

    static InviteSession::Setup setup(const std::string& user) {
        InviteSession::Setup setup;
        setup.contact = "<sip:" + user + "@h." + user + ">";
        return setup;
    }

    void invite(const std::string& offer = "offer") {
        tell(caller, [&](auto& out) {
            InviteSession::Invitation invitation;
            invitation.target = "sip:bob@example.com";
            invitation.from = "<sip:alice@example.com>";
            invitation.to = "<sip:bob@example.com>";
            invitation.call_id = "call";
            invitation.local_tag = "a";
            invitation.offer = offer;
            caller.session.invite(std::move(invitation), out);
        });
    }
    void ring() {
        tell(callee, [&](auto& out) { callee.session.ring(180, now, random, out); });
    }
    void accept(const std::string& description = "answer") {
        tell(callee, [&](auto& out) { callee.session.accept(description, now, out); });
    }
    void talk() {
        invite();
        deliver();
        ring();
        accept();
        deliver();
    }
    void offer(End& end, const std::string& description) {
        end.offer = description;
        tell(end, [&](auto& out) { end.session.want_offer(now, out); });
    }
    void hang_up(End& end) {
        tell(end, [&](auto& out) { end.session.hang_up(now, out); });
    }
    void pass(Duration time) {
        now += time;
        for (End* const end : {&caller, &callee}) {
            tell(*end, [&](auto& out) { end->session.on_time(now, out); });
        }
    }
    // A final response that the test writes to the caller's last request.
    void respond(End& to, int status, const std::string& fields = "", const std::string& body = "",
                 const std::string& tag = "b") {
        const MessagePtr request = to.sent.back();
        auto builder = reply(*request, status, tag);
        add(builder, fields);
        if (!body.empty()) {
            builder.body("application/sdp", body);
        }
        const MessagePtr response = builder.build();
        tell(to, [&](auto& out) { to.session.on_response(*request, *response, now, random, out); });
    }

    template <class Event>
    void tell(End& end, Event&& event) {
        InviteSession::Actions actions;
        event(actions);
        for (auto& action : actions) {
            perform(end, action);
        }
    }
    // Everything that is under way arrives, and what that causes.
    void deliver() {
        while (!wire.empty()) {
            const auto next = std::move(wire.front());
            wire.pop_front();
            next();
        }
    }

    End caller, callee;
    bool gives_up = true;  // of an invitation that is refused
    TimePoint now{};
    SeededRandom random{1};
    std::deque<std::function<void()>> wire;
    std::uint64_t last_id = 0;
    std::uint64_t invite_id = 0;
    std::map<std::uint64_t, MessagePtr> open;  // the callee's server transactions and the caller's

private:
    static void add(MessageBuilder& builder, const std::string& fields) {
        std::size_t at = 0;
        while (at < fields.size()) {
            const std::size_t end = fields.find('\n', at);
            const std::string line = fields.substr(at, end - at);
            const std::size_t colon = line.find(':');
            builder.header(line.substr(0, colon), line.substr(colon + 2));
            at = end == std::string::npos ? fields.size() : end + 1;
        }
    }
    End& other(End& end) { return &end == &caller ? callee : caller; }

    void perform(End& end, InviteSession::Action& action) {
        std::visit(
            Visitor{
                [&](InviteSession::Send& send) { send_request(end, std::move(send.request)); },
                [&](InviteSession::SendAck& send) {
                    send.ack.header(HeaderName::Via, "SIP/2.0/TLS h;branch=z9hG4bKack");
                    const MessagePtr ack = send.ack.build();
                    end.sent.push_back(ack);
                    wire.emplace_back([this, &end, ack] {
                        End& to = other(end);
                        tell(to, [&](auto& out) { to.session.on_ack(*ack, now, out); });
                    });
                },
                [&](const InviteSession::Respond& respond) {
                    end.responses.push_back(respond.response);
                    wire.emplace_back([this, &end, respond] {
                        End& to = other(end);
                        const MessagePtr request = open[respond.to.value];
                        tell(to, [&](auto& out) {
                            to.session.on_response(*request, *respond.response, now, random, out);
                        });
                        if (respond.response->status() >= 200) {
                            to.session.on_ended(*request);
                        }
                    });
                },
                [&](const InviteSession::CancelInvite&) {
                    end.said.emplace_back("cancel");
                    wire.emplace_back([this, &end] {
                        End& to = other(end);
                        tell(to, [&](auto& out) { to.session.on_cancel(out); });
                    });
                },
                [](const InviteSession::StartTimer&) {},
                [&](const InviteSession::Ringing& ringing) {
                    end.said.push_back("ringing " + std::to_string(ringing.status));
                },
                [&](const InviteSession::Refused& refused) {
                    end.said.push_back("refused " + std::to_string(refused.status));
                    for (const std::string& contact : refused.contacts) {
                        end.said.push_back("to " + contact);
                    }
                    if (gives_up) {
                        tell(end, [&](auto& out) { end.session.give_up(out); });
                    }
                },
                [&](const InviteSession::Answer& answer) {
                    end.said.push_back("answer " + answer.description);
                },
                [&](const InviteSession::Offer& offer) {
                    end.said.push_back("offer " + offer.description);
                },
                [&](const InviteSession::OfferRefused& refused) {
                    end.said.push_back("refused " + std::to_string(refused.status));
                },
                [&](const InviteSession::OfferWanted&) {
                    end.said.emplace_back("offer wanted");
                    if (!end.offer.empty()) {
                        tell(end, [&](auto& out) { end.session.offer(end.offer, now, out); });
                    }
                },
                [&](const InviteSession::Established&) { end.said.emplace_back("established"); },
                [&](const InviteSession::Ended& ended) {
                    end.said.push_back("ended " + std::to_string(ended.status) +
                                       (ended.is_by_peer ? " by peer" : ""));
                },
                [&](const InviteSession::Referral& referral) {
                    end.said.push_back("referral " + referral.refer_to);
                },
                [&](const InviteSession::Referred& referred) {
                    end.said.push_back("referred " + std::to_string(referred.status) +
                                       (referred.is_final ? " final" : ""));
                },
                [&](const InviteSession::Info& info) { end.said.push_back("info " + info.body); }},
            action);
    }

    void send_request(End& end, MessageBuilder builder) {
        const std::uint64_t id = ++last_id;
        builder.header(HeaderName::Via, "SIP/2.0/TLS h;branch=z9hG4bK" + std::to_string(id));
        const MessagePtr request = builder.build();
        end.sent.push_back(request);
        open[id] = request;
        wire.emplace_back([this, &end, id, request] {
            End& to = other(end);
            const transaction::ServerId server{id};
            const bool is_initial =
                request->method() == Method::Invite && request->to_tag().empty();
            tell(to, [&](auto& out) {
                if (is_initial) {
                    invite_id = id;
                    to.session.on_invite(server, request, "b", out);
                } else {
                    to.session.on_request(server, request, now, random, out);
                }
            });
        });
    }
};

std::vector<std::string> methods(const Ends::End& end) {
    std::vector<std::string> out;
    out.reserve(end.sent.size());
    for (const MessagePtr& each : end.sent) {
        out.emplace_back(each->method_text());
    }
    return out;
}

std::vector<int> statuses(const Ends::End& end) {
    std::vector<int> out;
    out.reserve(end.responses.size());
    for (const MessagePtr& each : end.responses) {
        out.push_back(each->status());
    }
    return out;
}

TEST(InviteSession, ACallFromTheInvitationToTheBye) {
    Ends ends;
    ends.talk();
    EXPECT_THAT(ends.caller.said, ElementsAre("ringing 180", "answer answer", "established"));
    EXPECT_THAT(ends.callee.said, ElementsAre("established"));
    EXPECT_EQ(ends.callee.session.remote_offer(), "offer");
    ends.hang_up(ends.callee);
    ends.deliver();
    EXPECT_EQ(ends.caller.said.back(), "ended 0 by peer");
    EXPECT_EQ(ends.callee.said.back(), "ended 0");
    EXPECT_THAT(methods(ends.caller), ElementsAre("INVITE", "ACK"));
    EXPECT_TRUE(ends.caller.session.is_over());
    EXPECT_TRUE(ends.callee.session.is_over());
}

// RFC 3261 §13.2.1: no offer in the INVITE: it is in the 2xx, and the answer in the ACK. An ACK
// without one ends the call.
TEST(InviteSession, AnInvitationWithoutAnOfferWantsOurs) {
    Ends ends;
    ends.invite("");
    ends.deliver();
    EXPECT_EQ(ends.callee.session.remote_offer(), "");
    ends.accept("ours");
    ends.deliver();
    EXPECT_EQ(ends.callee.said.back(), "ended 0");
    EXPECT_EQ(methods(ends.callee).back(), "BYE");
}

TEST(InviteSession, ARejectedCallHasItsStatus) {
    Ends ends;
    ends.invite();
    ends.deliver();
    ends.tell(ends.callee, [&](auto& out) { ends.callee.session.reject(486, {}, out); });
    ends.deliver();
    EXPECT_EQ(ends.caller.said.back(), "ended 486 by peer");
    EXPECT_TRUE(ends.caller.session.is_over());
    EXPECT_TRUE(ends.callee.session.is_over());
}

TEST(InviteSession, ARedirectionNamesItsTargets) {
    Ends ends;
    ends.invite();
    ends.respond(ends.caller, 302, "Contact: <sip:carol@example.com>, <sip:dave@example.com>");
    EXPECT_THAT(ends.caller.said, ElementsAre("refused 302", "to sip:carol@example.com",
                                              "to sip:dave@example.com", "ended 302 by peer"));
}

// RFC 3261 §8.1.3.4: the preferred first, with the same Call-ID, From and To.
TEST(InviteSession, ARedirectionIsFollowed) {
    Ends ends;
    ends.gives_up = false;
    ends.invite();
    ends.respond(ends.caller, 180);
    ends.respond(ends.caller, 302,
                 "Contact: <sip:dave@example.com>;q=0.1, <sip:carol@example.com>;q=0.5");
    EXPECT_EQ(ends.caller.said.back(), "to sip:dave@example.com");
    ends.tell(ends.caller, [&](auto& out) {
        ends.caller.session.invite_again("sip:carol@example.com", "offer 2", out);
    });
    const Message& first = *ends.caller.sent.front();
    const Message& second = *ends.caller.sent.back();
    EXPECT_EQ(second.request_uri_text(), "sip:carol@example.com");
    EXPECT_EQ(second.call_id(), first.call_id());
    EXPECT_EQ(second.from_tag(), first.from_tag());
    EXPECT_EQ(second.to().uri.text, "sip:bob@example.com");
    EXPECT_EQ(second.cseq().number, first.cseq().number + 1);
    EXPECT_EQ(second.body(), "offer 2");
    // It has no provisional response yet: no CANCEL.
    ends.hang_up(ends.caller);
    EXPECT_EQ(ends.caller.said.back(), "ended 0");
}

// RFC 3261 §9.1: no CANCEL before a provisional response.
TEST(InviteSession, ACancelWaitsForAProvisionalResponse) {
    Ends ends;
    ends.invite();
    ends.hang_up(ends.caller);
    EXPECT_THAT(ends.caller.said, ElementsAre("ended 0"));
    ends.deliver();  // the INVITE arrives
    ends.ring();
    ends.deliver();
    EXPECT_THAT(ends.caller.said, ElementsAre("ended 0", "cancel"));
    EXPECT_THAT(ends.callee.said, ElementsAre("ended 0 by peer"));
    EXPECT_THAT(statuses(ends.callee), ElementsAre(180, 487));
    EXPECT_TRUE(ends.caller.session.is_over());
}

// The answer crosses the CANCEL: acknowledged, and ended (RFC 3261 §9.1).
TEST(InviteSession, AnAnswerThatCrossesTheCancelIsEnded) {
    Ends ends;
    ends.invite();
    ends.deliver();
    ends.hang_up(ends.caller);
    ends.accept();
    ends.deliver();
    EXPECT_THAT(methods(ends.caller), ElementsAre("INVITE", "ACK", "BYE"));
    EXPECT_EQ(ends.callee.said.back(), "ended 0 by peer");
    EXPECT_TRUE(ends.callee.session.is_over());
}

// A CANCEL that is never answered: 64*T1, and the session is over.
TEST(InviteSession, AnUnansweredCancelIsGivenUp) {
    Ends ends;
    ends.invite();
    ends.hang_up(ends.caller);
    EXPECT_FALSE(ends.caller.session.is_over());
    ends.pass(32s);
    EXPECT_TRUE(ends.caller.session.is_over());
}

// RFC 3261 §13.2.2.4: another fork answers too: ACK and BYE. The first is repeated: the same ACK.
TEST(InviteSession, ASecondAnswerIsAcknowledgedAndEnded) {
    Ends ends;
    ends.invite();
    const MessagePtr invite = ends.caller.sent.back();
    const auto answer = [&](const std::string& tag) {
        auto builder = reply(*invite, 200, tag);
        builder.header(HeaderName::Contact, "<sip:bob@" + tag + ">").body("application/sdp", "x");
        const MessagePtr response = builder.build();
        ends.tell(ends.caller, [&](auto& out) {
            ends.caller.session.on_response(*invite, *response, ends.now, ends.random, out);
        });
    };
    answer("b1");
    answer("b1");
    answer("b2");
    answer("b2");
    EXPECT_THAT(methods(ends.caller), ElementsAre("INVITE", "ACK", "ACK", "ACK", "BYE", "ACK"));
    EXPECT_EQ(ends.caller.sent[3]->request_uri_text(), "sip:bob@b2");
    EXPECT_EQ(ends.caller.sent[4]->request_uri_text(), "sip:bob@b2");
    EXPECT_EQ(ends.caller.session.state(), State::Confirmed);
}

// Early media of a fork is told, and that of the one that answers counts.
TEST(InviteSession, TheAnswerOfTheForkThatAnswersCounts) {
    Ends ends;
    ends.invite();
    ends.respond(ends.caller, 183, "Contact: <sip:b@b1>", "early", "b1");
    ends.respond(ends.caller, 200, "Contact: <sip:b@b2>", "late", "b2");
    EXPECT_THAT(ends.caller.said,
                ElementsAre("answer early", "ringing 183", "answer late", "established"));
}

// A 2xx without a description where none came before: nobody can be heard.
TEST(InviteSession, AnAnswerWithoutADescriptionEndsTheCall) {
    Ends ends;
    ends.invite();
    ends.respond(ends.caller, 200, "Contact: <sip:b@b1>");
    EXPECT_THAT(methods(ends.caller), ElementsAre("INVITE", "ACK", "BYE"));
    EXPECT_EQ(ends.caller.said.back(), "ended 0");
}

// RFC 3262: acknowledged once, by PRACK; a repetition is passed over.
TEST(InviteSession, AReliableProvisionalResponseIsAcknowledged) {
    InviteSession::Setup bob = Ends::setup("bob");
    bob.is_reliable = true;
    Ends ends(Ends::setup("alice"), bob);
    ends.invite();
    ends.deliver();
    ends.ring();
    EXPECT_TRUE(ends.callee.responses.back()->has_token(HeaderName::Require, "100rel"));
    ends.pass(500ms);  // nobody has acknowledged yet: once more
    ends.deliver();
    EXPECT_THAT(methods(ends.caller), ElementsAre("INVITE", "PRACK"));
    EXPECT_THAT(statuses(ends.callee), ElementsAre(180, 180, 200));
    ends.pass(40s);
    ends.accept();
    ends.deliver();
    EXPECT_EQ(ends.callee.said.back(), "established");
}

TEST(InviteSession, WithoutAPrackTheCallIsRefused) {
    InviteSession::Setup bob = Ends::setup("bob");
    bob.is_reliable = true;
    Ends ends(Ends::setup("alice"), bob);
    ends.invite();
    ends.deliver();
    ends.ring();
    ends.wire.clear();
    for (int i = 0; i < 100; ++i) {
        ends.pass(500ms);
    }
    EXPECT_EQ(ends.callee.responses.back()->status(), 500);
    EXPECT_EQ(ends.callee.session.state(), State::Ended);
}

// RFC 3261 §13.3.1.4: T1, doubling up to T2, for 64*T1; then BYE.
TEST(InviteSession, AnAnswerIsRepeatedUntilItIsAcknowledged) {
    Ends ends;
    ends.invite();
    ends.deliver();
    ends.accept();
    ends.wire.clear();
    ends.pass(500ms);
    ends.pass(1s);
    EXPECT_THAT(statuses(ends.callee), ElementsAre(200, 200, 200));
    for (int i = 0; i < 40; ++i) {
        ends.pass(1s);
    }
    EXPECT_EQ(methods(ends.callee).back(), "BYE");
    EXPECT_EQ(ends.callee.said.back(), "ended 0");
}

// RFC 3261 §15: the callee hangs up before the ACK: BYE after it.
TEST(InviteSession, TheCalleesByeWaitsForTheAck) {
    Ends ends;
    ends.invite();
    ends.deliver();
    ends.accept();
    ends.hang_up(ends.callee);
    EXPECT_TRUE(ends.callee.sent.empty());
    ends.deliver();
    EXPECT_THAT(methods(ends.callee), ElementsAre("BYE"));
    EXPECT_EQ(ends.caller.said.back(), "ended 0 by peer");
}

TEST(InviteSession, AnOfferWithinTheDialogIsAnswered) {
    Ends ends;
    ends.talk();
    ends.offer(ends.caller, "hold");
    ends.deliver();
    EXPECT_EQ(ends.callee.said.back(), "offer hold");
    ends.tell(ends.callee, [&](auto& out) { ends.callee.session.answer("held", ends.now, out); });
    ends.deliver();
    EXPECT_EQ(ends.caller.said.back(), "answer held");
    EXPECT_EQ(methods(ends.caller).back(), "ACK");
    // And refused.
    ends.offer(ends.callee, "video");
    ends.deliver();
    ends.tell(ends.caller, [&](auto& out) { ends.caller.session.refuse(488, ends.now, out); });
    ends.deliver();
    EXPECT_EQ(ends.callee.said.back(), "refused 488");
    EXPECT_EQ(ends.callee.session.state(), State::Confirmed);
}

// RFC 3261 §14.1: both offer at once: 491 to both, and the callee comes first. What the caller
// offers then is what holds by then.
TEST(InviteSession, GlareIsResolvedByWaiting) {
    Ends ends;
    ends.talk();
    ends.offer(ends.caller, "hers");
    ends.offer(ends.callee, "his");
    ends.deliver();
    EXPECT_EQ(ends.callee.responses.back()->status(), 491);
    EXPECT_EQ(ends.caller.responses.back()->status(), 491);
    for (int i = 0; i < 21; ++i) {  // the callee waits for up to 2 s, the caller for at least 2.1 s
        ends.pass(100ms);
        ends.deliver();
        if (ends.caller.said.back() == "offer his") {
            break;
        }
    }
    EXPECT_EQ(ends.caller.said.back(), "offer his");
    ends.caller.offer = "hers, after his";
    ends.tell(ends.caller, [&](auto& out) { ends.caller.session.answer("ok", ends.now, out); });
    ends.deliver();
    ends.pass(4s);
    ends.deliver();
    EXPECT_EQ(ends.callee.said.back(), "offer hers, after his");
}

// A second offer while the first waits for its answer goes out after it.
TEST(InviteSession, AnOfferWaitsForTheOneBefore) {
    Ends ends;
    ends.talk();
    ends.offer(ends.caller, "one");
    ends.offer(ends.caller, "two");
    EXPECT_EQ(methods(ends.caller), (std::vector<std::string>{"INVITE", "ACK", "INVITE"}));
    ends.deliver();
    ends.tell(ends.callee, [&](auto& out) { ends.callee.session.answer("1", ends.now, out); });
    ends.deliver();
    EXPECT_EQ(ends.callee.said.back(), "offer two");
}

// RFC 3261 §22.2: signed once, with a higher CSeq and the same Call-ID and tag; a wrong password
// ends it.
TEST(InviteSession, AChallengeIsAnswered) {
    InviteSession::Setup alice = Ends::setup("alice");
    alice.accounts = {{"alice", Secret("wonderland")}};
    Ends ends(alice);
    ends.invite();
    ends.respond(ends.caller, 401,
                 "WWW-Authenticate: Digest realm=\"example.com\", nonce=\"1\", qop=\"auth\"");
    const MessagePtr again = ends.caller.sent.back();
    EXPECT_EQ(again->cseq().number, 2U);
    EXPECT_EQ(again->call_id(), "call");
    EXPECT_EQ(again->from_tag(), "a");
    EXPECT_EQ(again->body(), "offer");
    EXPECT_EQ(again->count(HeaderName::Authorization), 1U);
    ends.respond(ends.caller, 401,
                 "WWW-Authenticate: Digest realm=\"example.com\", nonce=\"2\", qop=\"auth\"");
    EXPECT_EQ(ends.caller.said.back(), "ended 401 by peer");
}

TEST(InviteSession, WithoutAnAccountAChallengeIsAFailure) {
    Ends ends;
    ends.invite();
    ends.respond(ends.caller, 401,
                 "WWW-Authenticate: Digest realm=\"example.com\", nonce=\"1\", qop=\"auth\"");
    EXPECT_THAT(methods(ends.caller), ElementsAre("INVITE"));
    EXPECT_EQ(ends.caller.said.back(), "ended 401 by peer");
}

// RFC 4028: who refreshes does so in the half of the interval, by UPDATE; who does not hears no
// refresh and ends the call.
TEST(InviteSession, TheSessionIsRefreshed) {
    InviteSession::Setup alice = Ends::setup("alice");
    alice.session_expires = 90;
    Ends ends(alice);
    ends.talk();
    EXPECT_THAT(std::string(ends.callee.responses.back()->bytes()),
                HasSubstr("Session-Expires: 90;refresher=uac"));
    ends.pass(45s);
    ends.deliver();
    EXPECT_EQ(methods(ends.caller).back(), "UPDATE");
    ends.pass(30s);
    EXPECT_EQ(ends.callee.session.state(), State::Confirmed);
    ends.wire.clear();
    // Nothing passes any more.
    for (int i = 0; i < 10; ++i) {
        ends.pass(10s);
        ends.wire.clear();
    }
    EXPECT_EQ(ends.callee.session.state(), State::Ended);
    EXPECT_EQ(methods(ends.callee).back(), "BYE");
}

// RFC 3261 §12.2: another Contact is told by a refresh, UPDATE where the peer has it.
TEST(InviteSession, AnotherContactIsTold) {
    Ends ends;
    ends.talk();
    const auto move = [&](Ends::End& end, const std::string& contact) {
        ends.tell(end, [&](auto& out) { end.session.set_contact(contact, ends.now, out); });
    };
    move(ends.callee, "<sip:bob@elsewhere>");
    ends.deliver();
    EXPECT_EQ(methods(ends.callee).back(), "UPDATE");
    EXPECT_EQ(ends.caller.session.remote_target(), "sip:bob@elsewhere");
    EXPECT_TRUE(ends.callee.sent.back()->body().empty());

    // While an offer is under way it waits for its end.
    ends.offer(ends.callee, "offer 2");
    move(ends.callee, "<sip:bob@third>");
    EXPECT_EQ(methods(ends.callee).back(), "INVITE");
    ends.deliver();
    ends.tell(ends.caller, [&](auto& out) { ends.caller.session.answer("2", ends.now, out); });
    ends.deliver();
    EXPECT_EQ(methods(ends.callee).back(), "UPDATE");
    EXPECT_EQ(ends.caller.session.remote_target(), "sip:bob@third");
}

// Before there is a dialog it is told in the answer, or as soon as there is one.
TEST(InviteSession, AnotherContactOfOneWhoCallsIsToldAfterTheAnswer) {
    Ends ends;
    ends.invite();
    ends.tell(ends.caller, [&](auto& out) {
        ends.caller.session.set_contact("<sip:alice@elsewhere>", ends.now, out);
    });
    EXPECT_EQ(methods(ends.caller).size(), 1U);
    ends.deliver();
    ends.tell(ends.callee, [&](auto& out) {
        ends.callee.session.set_contact("<sip:bob@elsewhere>", ends.now, out);
    });
    ends.accept();
    ends.deliver();
    EXPECT_EQ(methods(ends.caller), (std::vector<std::string>{"INVITE", "ACK", "UPDATE"}));
    EXPECT_TRUE(methods(ends.callee).empty());
    EXPECT_EQ(ends.callee.session.remote_target(), "sip:alice@elsewhere");
    EXPECT_EQ(ends.caller.session.remote_target(), "sip:bob@elsewhere");
}

// Without UPDATE it takes a re-INVITE, whose offer is the owner's to make; 491 lets it wait.
TEST(InviteSession, AnotherContactIsToldByAReinvite) {
    Ends ends;
    ends.invite();
    ends.respond(ends.caller, 200, "Contact: <sip:bob@h>\nAllow: INVITE", "answer");
    ends.wire.clear();
    ends.tell(ends.caller, [&](auto& out) {
        ends.caller.session.set_contact("<sip:alice@elsewhere>", ends.now, out);
    });
    EXPECT_EQ(ends.caller.said.back(), "offer wanted");
    ends.offer(ends.caller, "the same");
    EXPECT_EQ(methods(ends.caller).back(), "INVITE");
    EXPECT_THAT(std::string(ends.caller.sent.back()->bytes()),
                HasSubstr("Contact: <sip:alice@elsewhere>"));
    ends.respond(ends.caller, 491);
    const auto tries = methods(ends.caller).size();
    ends.pass(5s);
    EXPECT_EQ(methods(ends.caller).size(), tries + 1);
}

TEST(InviteSession, AnIntervalThatIsTooShortIsMadeLonger) {
    InviteSession::Setup alice = Ends::setup("alice");
    alice.session_expires = 90;
    Ends ends(alice);
    ends.invite();
    ends.respond(ends.caller, 422, "Min-SE: 300");
    EXPECT_EQ(ends.caller.sent.back()->header(HeaderName::SessionExpires)->value, "300");
    EXPECT_EQ(ends.caller.sent.back()->header(HeaderName::MinSe)->value, "300");
}

// RFC 3515: accepted, NOTIFY at once, NOTIFY at the end.
TEST(InviteSession, AReferralIsReportedOn) {
    Ends ends;
    ends.talk();
    ends.tell(ends.caller, [&](auto& out) {
        ends.caller.session.refer("<sip:carol@example.com>", "", ends.now, out);
    });
    ends.deliver();
    EXPECT_EQ(ends.callee.said.back(), "referral <sip:carol@example.com>");
    ends.tell(ends.callee, [&](auto& out) {
        ends.callee.session.answer_referral(202, out);
        ends.callee.session.tell_progress(100, false, out);
    });
    ends.deliver();
    EXPECT_EQ(ends.caller.said.back(), "referred 100");
    ends.tell(ends.callee, [&](auto& out) { ends.callee.session.tell_progress(200, true, out); });
    ends.deliver();
    EXPECT_EQ(ends.caller.said.back(), "referred 200 final");
    // A NOTIFY for nothing.
    EXPECT_EQ(ends.caller.responses.back()->status(), 200);
}

// linphonec answers a REFER that comes before our ACK with 491.
TEST(InviteSession, AReferralWaitsForTheEndOfAnOffer) {
    for (const int status : {200, 488}) {
        Ends ends;
        ends.talk();
        ends.offer(ends.caller, "hold");
        ends.tell(ends.caller, [&](auto& out) {
            ends.caller.session.refer("<sip:carol@example.com>", "", ends.now, out);
        });
        EXPECT_EQ(methods(ends.caller).back(), "INVITE");
        ends.deliver();
        ends.tell(ends.callee, [&](auto& out) {
            if (status == 200) {
                ends.callee.session.answer("held", ends.now, out);
            } else {
                ends.callee.session.refuse(status, ends.now, out);
            }
        });
        ends.deliver();
        const std::vector<std::string> sent = methods(ends.caller);
        EXPECT_EQ(sent.back(), "REFER");
        EXPECT_EQ(std::ranges::count(sent, "REFER"), 1);
        EXPECT_EQ(sent[sent.size() - 2], status == 200 ? "ACK" : "INVITE");
        EXPECT_EQ(ends.callee.said.back(), "referral <sip:carol@example.com>");
    }
}

TEST(InviteSession, ARefusedReferralIsTold) {
    Ends ends;
    ends.talk();
    ends.tell(ends.caller, [&](auto& out) {
        ends.caller.session.refer("<sip:carol@example.com>", "", ends.now, out);
    });
    ends.deliver();
    ends.tell(ends.callee, [&](auto& out) { ends.callee.session.answer_referral(603, out); });
    ends.deliver();
    EXPECT_EQ(ends.caller.said.back(), "referred 603 final");
}

TEST(InviteSession, InfoIsPassedOn) {
    Ends ends;
    ends.talk();
    ends.tell(ends.caller, [&](auto& out) {
        ends.caller.session.info("application/dtmf-relay", "Signal=5", out);
    });
    ends.deliver();
    EXPECT_EQ(ends.callee.said.back(), "info Signal=5");
}

// RFC 3261 §12.2.1.2: 481 within the dialog: there is none any more.
TEST(InviteSession, ADialogThatIsGoneEnds) {
    Ends ends;
    ends.talk();
    ends.offer(ends.caller, "hold");
    ends.wire.clear();
    ends.respond(ends.caller, 481);
    EXPECT_EQ(ends.caller.said.back(), "ended 481 by peer");
}

// What cannot be taken is answered, and nobody is rung.
TEST(InviteSession, InvitationsThatCannotBeTakenAreAnswered) {
    struct Case {
        const char* field;
        const char* body_type;
        int status;
    };
    for (const Case& each : {Case{"Require: precondition", "application/sdp", 420},
                             Case{"Session-Expires: 30", "application/sdp", 422},
                             Case{"Subject: x", "text/plain", 415}}) {
        Ends ends;
        const std::string text =
            "INVITE sip:bob@h SIP/2.0\r\nVia: SIP/2.0/TLS h;branch=z9hG4bK9\r\n"
            "From: <sip:a@h>;tag=a\r\nTo: <sip:bob@h>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n"
            "Max-Forwards: 70\r\nContact: <sip:a@h>\r\n" +
            std::string(each.field) + "\r\nContent-Type: " + each.body_type +
            "\r\nContent-Length: 1\r\n\r\nx";
        const auto parsed = Message::parse(text, Framing::Datagram);
        ASSERT_FALSE(parsed.fault);
        ends.tell(ends.callee,
                  [&](auto& out) { ends.callee.session.on_invite({9}, parsed.message, "b", out); });
        EXPECT_THAT(statuses(ends.callee), ElementsAre(each.status));
        EXPECT_EQ(ends.callee.session.state(), State::Ended);
    }
}

void fail(Ends& ends, InviteSession::Failure why) {
    ends.wire.clear();
    ends.caller.offer.clear();
    const MessagePtr request = ends.caller.sent.back();
    ends.tell(ends.caller,
              [&](auto& out) { ends.caller.session.on_failed(*request, why, ends.now, out); });
    ends.caller.session.on_ended(*request);
}

void reach(Ends& ends) {
    ends.tell(ends.caller, [&](auto& out) {
        ends.caller.session.set_contact("<sip:alice@h.alice>", ends.now, out);
    });
}

// A connection that is lost in the midst of an offer ends neither: what holds by then is offered
// over the next one.
TEST(InviteSession, AnOfferThatIsLostIsMadeAgain) {
    Ends ends;
    ends.talk();
    ends.offer(ends.caller, "hold");
    fail(ends, InviteSession::Failure::Lost);
    EXPECT_EQ(methods(ends.caller).back(), "INVITE");
    EXPECT_EQ(ends.caller.session.state(), State::Confirmed);
    reach(ends);
    EXPECT_EQ(ends.caller.said.back(), "offer wanted");
    ends.offer(ends.caller, "as it is now");
    EXPECT_EQ(ends.caller.sent.back()->body(), "as it is now");
    const auto said = methods(ends.caller).size();
    ends.respond(ends.caller, 200, "Contact: <sip:bob@h>", "answer");
    reach(ends);
    EXPECT_EQ(methods(ends.caller).size(), said + 1);  // the ACK
}

// RFC 3261 §12.2.1.2: silence is 408, and that ends it.
TEST(InviteSession, AnOfferThatNobodyAnswersEndsTheCall) {
    Ends ends;
    ends.talk();
    ends.offer(ends.caller, "hold");
    fail(ends, InviteSession::Failure::Silence);
    EXPECT_EQ(methods(ends.caller).back(), "BYE");
    EXPECT_EQ(ends.caller.session.state(), State::Ended);
}

// Nor so long that nobody would know any more what it was about.
TEST(InviteSession, AnOfferIsNotPutOffForLong) {
    Ends ends;
    ends.talk();
    ends.offer(ends.caller, "hold");
    ends.respond(ends.caller, 500, "Retry-After: 61 (at lunch)");
    EXPECT_EQ(ends.caller.said.back(), "refused 500");
}

// It was heard, and whatever was said to it is not: the session goes on as it was agreed.
TEST(InviteSession, AnOfferWhoseAnswerIsNotHeardIsOver) {
    Ends ends;
    ends.talk();
    ends.offer(ends.caller, "hold");
    fail(ends, InviteSession::Failure::Unheard);
    EXPECT_EQ(ends.caller.said.back(), "refused 0");
    EXPECT_EQ(ends.caller.session.state(), State::Confirmed);
    ends.offer(ends.caller, "again");
    EXPECT_EQ(ends.caller.sent.back()->body(), "again");
}

// Over the next connection; when there is none for 64*T1, no more.
TEST(InviteSession, AByeThatIsLostIsSaidAgain) {
    for (const Duration after : {31s, 33s}) {
        Ends ends;
        ends.talk();
        ends.hang_up(ends.caller);
        fail(ends, InviteSession::Failure::Lost);
        EXPECT_FALSE(ends.caller.session.is_over());
        const auto said = methods(ends.caller).size();
        ends.pass(after);
        reach(ends);
        EXPECT_EQ(methods(ends.caller).size(), said + (after < 32s ? 1U : 0U));
        EXPECT_EQ(methods(ends.caller).back(), "BYE");
        EXPECT_EQ(ends.caller.session.is_over(), after > 32s);
    }
}

// RFC 3261 §14.2: they can take none just now. Not for ever.
TEST(InviteSession, AnOfferIsPutOffAsLongAsThePeerSays) {
    Ends ends;
    ends.talk();
    ends.offer(ends.caller, "hold");
    ends.respond(ends.caller, 500, "Retry-After: 4");
    ends.wire.clear();
    const auto said = methods(ends.caller).size();
    ends.pass(3s);
    EXPECT_EQ(methods(ends.caller).size(), said);
    ends.pass(1s);
    EXPECT_EQ(methods(ends.caller).size(), said + 1);
    EXPECT_EQ(ends.caller.sent.back()->body(), "hold");
    for (int i = 0; i < 20; ++i) {
        ends.respond(ends.caller, 500, "Retry-After: 4");
        ends.pass(5s);
    }
    EXPECT_EQ(methods(ends.caller).size(), said + 8);
    EXPECT_EQ(ends.caller.said.back(), "refused 500");
}

}  // namespace
}  // namespace ringwall::sip::session
