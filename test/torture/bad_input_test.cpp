// Bad input at a whole border controller: what it answers, where it is silent, what it counts, and
// that nothing of it goes on to the other side.
#include <algorithm>
#include <utility>

#include "torture/lab.h"

namespace ringwall::test {
namespace {

using sip::HeaderName;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class BadInput : public TortureLab {
protected:
    explicit BadInput(std::string_view configuration = two_trunks) : TortureLab(configuration) {}

    // The final answers to one request, over UDP.
    std::vector<int> answers_to(const std::string& bytes) {
        near.forget();
        near.send(to_near, bytes);
        run();
        return near.statuses();
    }
    Wire stranger{net, ip("192.0.2.99")};

    std::vector<int> answers_to(const Request& request) { return answers_to(request.text()); }
    void expect_nothing_sent_on() { EXPECT_THAT(far.heard(), IsEmpty()); }
};

// A call from near to far that stands.
class BadInputInACall : public BadInput {
protected:
    void SetUp() override {
        ASSERT_THAT(answers_to(Request{.method = "INVITE", .name = "call"}), ElementsAre(200));
        success_ = near.last_response();
        near.send(to_near, within("ACK", 7));
        run();
        far.forget();
    }
    void TearDown() override {
        border.sbc().end_all("the test is over");
        BadInput::TearDown();
    }
    // A request of near's in the dialog.
    std::string within(const std::string& method, int cseq, int max_forwards = 70) {
        std::string out = method + " sip:192.0.2.3 SIP/2.0\r\n";
        out += "Via: SIP/2.0/UDP 192.0.2.30;branch=z9hG4bK-" + method + std::to_string(cseq) +
               "\r\nMax-Forwards: " + std::to_string(max_forwards) + "\r\n";
        out.append(success_->header(HeaderName::From)->raw);
        out.append(success_->header(HeaderName::To)->raw);
        out.append(success_->header(HeaderName::CallId)->raw);
        return out + "CSeq: " + std::to_string(cseq) + " " + method +
               "\r\nContact: <sip:caller@192.0.2.30>\r\nContent-Length: 0\r\n\r\n";
    }

    sip::MessagePtr success_;
};

class BadInputWithReferrals : public BadInput {
protected:
    BadInputWithReferrals() : BadInput(configured(two_trunks, "near", {"refer pass"})) {}
};

class BadInputWithPhones : public TortureLabWithPhones {};

// ---- refused by rule ----------------------------------------------------------------------------

TEST_F(BadInput, MalformedRequestsHear400) {
    const std::string good = Request{.method = "INVITE"}.text();
    EXPECT_THAT(answers_to(replaced(good, "CSeq: 7", "CSeq: x")), ElementsAre(400));
    EXPECT_THAT(answers_to(replaced(good, "To: <", "To: ")), ElementsAre(400));
    EXPECT_THAT(answers_to(replaced(good, "Call-ID: ", "X-Call-ID: ")), ElementsAre(400));
    EXPECT_THAT(answers_to(replaced(good, "\r\nFrom", "\nFrom")), ElementsAre(400));
    EXPECT_THAT(answers_to(replaced(good, "Max-Forwards: 70", "Max-Forwards: 256")),
                ElementsAre(400));
    EXPECT_THAT(answers_to(replaced(good, "Contact: <sip:caller@192.0.2.30>\r\n", "")),
                ElementsAre(400));
    EXPECT_EQ(counters().faults_answered, 5U);
    EXPECT_EQ(counted("rejected", "sanity"), 1U);
    expect_nothing_sent_on();
}

TEST_F(BadInput, UnknownSchemeHears416) {
    EXPECT_THAT(answers_to(Request{.method = "INVITE", .uri = "http://example.com"}),
                ElementsAre(416));
    EXPECT_EQ(counters().faults_answered, 1U);
    expect_nothing_sent_on();
    // And `show ... refusals` has it, without a stage.
    const auto refused = border.refusals();
    ASSERT_THAT(refused, SizeIs(1));
    EXPECT_EQ(refused[0].method, "INVITE");
    EXPECT_EQ(refused[0].status, 416);
    EXPECT_EQ(refused[0].from_adjacency, "near");
    EXPECT_EQ(refused[0].callee, "http://example.com");
    EXPECT_EQ(refused[0].decisions.last(), sbc::policy::DecisionTrace::Last::None);
    // What a stranger says is not kept.
    stranger.send(to_near, Request{.method = "INVITE", .uri = "http://example.com"}.text());
    run();
    EXPECT_THAT(border.refusals(), SizeIs(1));
}

TEST_F(BadInput, UnknownRequirementsHear420AndTheirNames) {
    EXPECT_THAT(answers_to(Request{.method = "INVITE",
                                   .fields = "Require: timer, first\r\nProxy-Require: second\r\n"
                                             "Require: third\r\n"}),
                ElementsAre(420));
    EXPECT_THAT(near.last_response()->values(HeaderName::Unsupported),
                ElementsAre("first", "third", "second"));
    EXPECT_EQ(counted("rejected", "sanity"), 1U);
    expect_nothing_sent_on();
}

TEST_F(BadInput, RequestsOfADialogThatIsNotThereHear481) {
    for (const char* method : {"BYE", "INVITE", "UPDATE", "INFO", "OPTIONS", "MESSAGE"}) {
        EXPECT_THAT(answers_to(Request{
                        .method = method, .name = std::string("gone-") + method, .to_tag = "gone"}),
                    ElementsAre(481))
            << method;
    }
    EXPECT_EQ(counted("rejected", "no-dialog"), 6U);
    expect_nothing_sent_on();
}

TEST_F(BadInput, RequestsThatBelongIntoADialogHear481OutsideOfOne) {
    for (const char* method : {"BYE", "UPDATE", "INFO"}) {
        EXPECT_THAT(answers_to(Request{.method = method, .name = method}), ElementsAre(481))
            << method;
    }
    EXPECT_EQ(counted("rejected", "sanity"), 3U);
    expect_nothing_sent_on();
}

TEST_F(BadInput, CancelOfNothingHears481) {
    EXPECT_THAT(answers_to(Request{.method = "CANCEL"}), ElementsAre(481));
    EXPECT_EQ(counted("rejected", "no-transaction"), 1U);
    expect_nothing_sent_on();
}

// RFC 3261 §9.2 has it ended by whoever knows its branch; we ask that it come from where the INVITE
// came from.
TEST_F(BadInput, CancelOfSomebodyElsesInviteHears481) {
    far.answer = Wire::silence;
    near.send(to_near, Request{.method = "INVITE"}.text());
    run();
    const FlowId connection = near.connect(to_near);
    near.stream(connection, Request{.method = "CANCEL"}.text());
    run();
    EXPECT_THAT(near.statuses(), ElementsAre(481));
    EXPECT_EQ(border.sbc().calls(), 1U);
    EXPECT_THAT(far.requests("CANCEL"), IsEmpty());
}

// An ACK is never answered.
TEST_F(BadInput, AckOfNothingMeetsSilence) {
    EXPECT_THAT(answers_to(Request{.method = "ACK", .to_tag = "gone"}), IsEmpty());
    EXPECT_EQ(counted("dropped", "no-dialog"), 1U);
    EXPECT_THAT(answers_to(replaced(Request{.method = "ACK"}.text(), "CSeq: 7", "CSeq: x")),
                IsEmpty());
    EXPECT_EQ(counters().faults_dropped, 1U);
    EXPECT_EQ(counters().messages_out, 0U);
}

// RFC 3261 §8.2.2.2: the same request by another way.
TEST_F(BadInput, MergedRequestsHear482) {
    far.answer = Wire::silence;
    for (const std::string method : {"INVITE", "MESSAGE", "OPTIONS"}) {
        near.forget();
        far.forget();
        const std::string request = Request{.method = method, .name = method}.text();
        near.send(to_near, request);
        run(100ms);
        near.send(to_near, replaced(request, "branch=z9hG4bK", "branch=z9hG4bK-another-way"));
        run(100ms);
        EXPECT_THAT(near.statuses(), ElementsAre(482)) << method;
        EXPECT_THAT(far.requests(method), SizeIs(1)) << method;
    }
    EXPECT_EQ(counted("rejected", "merged-request"), 3U);
}

// Also when the first one has been answered, as long as its transaction lives.
TEST_F(BadInput, AMessageIsNotDeliveredTwice) {
    const std::string request = Request{.method = "MESSAGE"}.text();
    EXPECT_THAT(answers_to(request), ElementsAre(200));
    EXPECT_THAT(answers_to(replaced(request, "branch=z9hG4bK", "branch=z9hG4bK-another-way")),
                ElementsAre(482));
    EXPECT_THAT(far.requests(), SizeIs(1));
    // The next message of the same conversation is another one.
    EXPECT_THAT(answers_to(again(request)), ElementsAre(200));
}

// RFC 3261 §16.3 item 4: what we sent comes back to us.
TEST_F(BadInput, RequestsThatComeBackHear482) {
    if (border.worker_count() > 1) {
        GTEST_SKIP() << "what comes back to another worker is stopped there when it comes again";
    }
    far.answer = Wire::silence;
    for (const std::string method : {"INVITE", "MESSAGE", "OPTIONS"}) {
        far.forget();
        near.forget();
        near.send(to_near, Request{.method = method, .name = method}.text());
        run(100ms);
        ASSERT_THAT(far.requests(), SizeIs(1));
        const auto sent = far.requests()[0];
        far.send(to_far, replaced(std::string(sent->bytes()), "Via: ",
                                  "Via: SIP/2.0/UDP 192.0.2.40;branch=z9hG4bK-loop" + method +
                                      "\r\nVia: "));
        run(100ms);
        EXPECT_THAT(far.statuses(), ElementsAre(482)) << method;
        EXPECT_THAT(near.requests(), IsEmpty()) << method;
    }
    EXPECT_EQ(counted("rejected", "merged-request"), 3U);
}

TEST_F(BadInput, NoHopsLeftHears483) {
    for (const char* method : {"INVITE", "OPTIONS", "MESSAGE"}) {
        EXPECT_THAT(answers_to(Request{.method = method, .name = method, .max_forwards = "0"}),
                    ElementsAre(483))
            << method;
    }
    EXPECT_EQ(counted("rejected", "sanity"), 3U);
    expect_nothing_sent_on();
    // What is for us need go no further.
    EXPECT_THAT(answers_to(Request{.name = "us", .uri = "sip:192.0.2.3", .max_forwards = "0"}),
                ElementsAre(200));
}

TEST_F(BadInputInACall, NoHopsLeftHears483) {
    EXPECT_THAT(answers_to(within("INFO", 8, 0)), ElementsAre(483));
    EXPECT_THAT(far.requests(), IsEmpty());
    EXPECT_THAT(answers_to(within("INFO", 9, 5)), ElementsAre(200));
    ASSERT_THAT(far.requests(), SizeIs(1));
    EXPECT_EQ(far.requests()[0]->max_forwards(), 4U);
}

TEST_F(BadInputInACall, MethodsThatAreNotCarriedHear405AndUnknownOnes501WithAllow) {
    EXPECT_THAT(answers_to(within("PUBLISH", 8)), ElementsAre(405));
    EXPECT_THAT(near.last_response()->values(HeaderName::Allow), Contains("INVITE"));
    EXPECT_THAT(answers_to(within("BREW", 9)), ElementsAre(501));
    EXPECT_THAT(near.last_response()->values(HeaderName::Allow), Contains("INVITE"));
    EXPECT_THAT(far.requests(), IsEmpty());
    EXPECT_EQ(border.sbc().calls(), 1U);
}

// RFC 3261 §12.2.2: what is older than what came before.
TEST_F(BadInputInACall, AnOlderCSeqHears500) {
    EXPECT_THAT(answers_to(within("INFO", 20)), ElementsAre(200));
    EXPECT_THAT(answers_to(within("INFO", 19)), ElementsAre(500));
    EXPECT_THAT(far.requests(), SizeIs(1));
}

// A dialog is its Call-ID and both tags (RFC 3261 §12): a second call with the Call-ID of the first
// takes nothing from it.
TEST_F(BadInputInACall, TwoCallsWithOneCallIdAreTwoCalls) {
    const std::string other = replaced(Request{.method = "INVITE", .name = "two"}.text(),
                                       "Call-ID: two@", "Call-ID: call@");
    ASSERT_THAT(answers_to(other), ElementsAre(200));
    const sip::MessagePtr first = std::exchange(success_, near.last_response());
    near.send(to_near, within("ACK", 7));
    run();
    EXPECT_NE(first->to_tag(), success_->to_tag());
    EXPECT_EQ(border.sbc().calls(), 2U);
    EXPECT_THAT(answers_to(within("BYE", 8)), ElementsAre(200));
    EXPECT_EQ(border.sbc().calls(), 1U);
    success_ = first;
    EXPECT_THAT(answers_to(within("BYE", 9)), ElementsAre(200));
    EXPECT_THAT(far.requests("BYE"), SizeIs(2));
}

// The dialog is found by our tag, but it is of another Call-ID or another peer.
TEST_F(BadInputInACall, AStolenTagHears481) {
    EXPECT_THAT(answers_to(replaced(within("BYE", 8), "Call-ID: call", "Call-ID: other")),
                ElementsAre(481));
    EXPECT_THAT(answers_to(replaced(within("BYE", 9), ";tag=from-call", ";tag=other")),
                ElementsAre(481));
    far.send(to_far, within("BYE", 10));
    run();
    EXPECT_THAT(far.statuses(), ElementsAre(481));
    EXPECT_EQ(border.sbc().calls(), 1U);
    EXPECT_THAT(far.requests(), IsEmpty());
}

// An in-dialog request that asks for what we cannot give is refused here like outside of one.
TEST_F(BadInputInACall, UnknownRequirementsHear420AndTheirNames) {
    EXPECT_THAT(
        answers_to(replaced(within("INFO", 8), "Max-Forwards", "Require: x\r\nMax-Forwards")),
        ElementsAre(420));
    EXPECT_THAT(near.last_response()->values(HeaderName::Unsupported), ElementsAre("x"));
    EXPECT_THAT(far.requests(), IsEmpty());
}

TEST_F(BadInput, MethodsThatAreNotCarriedHear405AndUnknownOnes501WithAllow) {
    EXPECT_THAT(answers_to(Request{.method = "REGISTER", .name = "register"}), ElementsAre(405));
    EXPECT_THAT(near.last_response()->values(HeaderName::Allow),
                AllOf(Contains("INVITE"), Not(Contains("REGISTER"))));
    EXPECT_THAT(answers_to(Request{.method = "BREW"}), ElementsAre(501));
    EXPECT_THAT(near.last_response()->values(HeaderName::Allow), Contains("INVITE"));
    // Methods are case-sensitive.
    EXPECT_THAT(answers_to(Request{.method = "invite", .name = "lower"}), ElementsAre(501));
    EXPECT_EQ(counted("rejected", "sanity"), 3U);
    expect_nothing_sent_on();
}

TEST_F(BadInput, OtherVersionsHear505) {
    const std::string good = Request{}.text();
    EXPECT_THAT(answers_to(replaced(good, "SIP/2.0\r\n", "SIP/3.0\r\n")), ElementsAre(505));
    EXPECT_THAT(answers_to(replaced(good, "SIP/2.0\r\n", "SIP/2.1\r\n")), ElementsAre(505));
    EXPECT_EQ(counters().faults_answered, 2U);
    expect_nothing_sent_on();
}

TEST_F(BadInput, TooLargeMessagesHear513) {
    const std::string padding = "X-Padding: " + std::string(33'000, 'x') + "\r\n";
    EXPECT_THAT(answers_to(Request{.fields = padding}), ElementsAre(513));
    EXPECT_THAT(answers_to(Request{.name = "body", .body = std::string(66'000, 'x')}),
                ElementsAre(513));
    std::string lines;
    for (int i = 0; i < 300; ++i) {
        lines += "X-" + std::to_string(i) + ": 1\r\n";
    }
    EXPECT_THAT(answers_to(Request{.name = "lines", .fields = lines}), ElementsAre(513));
    std::string vias;
    for (int i = 0; i < 71; ++i) {
        vias += "Via: SIP/2.0/UDP h" + std::to_string(i) + ";branch=z9hG4bK1\r\n";
    }
    EXPECT_THAT(answers_to(Request{.name = "vias", .fields = vias}), ElementsAre(513));
    EXPECT_EQ(counters().faults_answered, 4U);
    expect_nothing_sent_on();
}

// On a stream the size is known before the body comes: it is not waited for.
TEST_F(BadInput, TooLargeMessagesOnAStreamHear513AndItIsClosed) {
    for (const std::string& request :
         {replaced(Request{}.text(), "Content-Length: 0", "Content-Length: 70000"),
          Request{.fields = "X-Padding: " + std::string(33'000, 'x') + "\r\n"}.text()}) {
        near.forget();
        const FlowId connection = near.connect(to_near);
        near.stream(connection, request);
        run();
        EXPECT_THAT(near.statuses(), ElementsAre(513));
        EXPECT_TRUE(near.is_closed(connection));
    }
    EXPECT_EQ(counters().faults_answered, 2U);
    EXPECT_EQ(counted("connections_closed", "framing"), 2U);
    expect_nothing_sent_on();
}

TEST_F(BadInputWithPhones, RegistrationsOfOthersAreRefused) {
    const std::string mine = torture_message("cparam01.dat");
    EXPECT_EQ(do_register(mine, "user"), 403);  // watson is not user
    EXPECT_EQ(border.sbc().location().binding_count(), 0U);
    EXPECT_EQ(counted("rejected", "authenticate"), 1U);
    phone.forget();
    phone.send(to_phones, with_credentials(
                              again(mine),
                              *[&] {
                                  phone.send(to_phones, again(again(mine)));
                                  run();
                                  return phone.last_response();
                              }(),
                              "watson", "guessed"));
    run();
    EXPECT_THAT(phone.statuses(), Each(401));
    EXPECT_EQ(border.sbc().location().binding_count(), 0U);
}

// ---- silence ------------------------------------------------------------------------------------

TEST_F(BadInput, FaultyResponsesAreDropped) {
    int count = 0;
    far.answer = [&](const sip::Message& request) {
        const std::string good = Wire::agree(request);
        if (request.method() != sip::Method::Invite) {
            return good;
        }
        const std::array<std::string, 4> bad{
            replaced(good, "SIP/2.0 200", "SIP/2.0 2000"), replaced(good, "CSeq: 1", "CSeq: x"),
            replaced(good, "SIP/2.0 200", "SIP/2.1 200"), replaced(good, "Call-ID:", "X-Call-ID:")};
        return count < 4 ? bad[static_cast<std::size_t>(count++)] : good;
    };
    EXPECT_THAT(answers_to(Request{.method = "INVITE"}), IsEmpty());
    run(20s);
    EXPECT_THAT(near.statuses(),
                ElementsAre(200));  // the INVITE was repeated until a good one came
    EXPECT_EQ(counters().faults_dropped, 4U);
}

TEST_F(BadInput, StrayResponsesAreDroppedAndCounted) {
    near.send(to_near,
              "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.3;branch=z9hG4bKnobody\r\n"
              "From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nCall-ID: stray\r\n"
              "CSeq: 1 INVITE\r\nContact: <sip:a@192.0.2.30>\r\n\r\n");
    run();
    EXPECT_EQ(counters().strays, 1U);
    EXPECT_THAT(near.heard(), IsEmpty());
    expect_nothing_sent_on();
}

// A response whose branch is ours but whose method is another's.
TEST_F(BadInput, ResponsesToAnotherMethodAreStrays) {
    far.answer = [](const sip::Message& request) {
        return replaced(Wire::agree(request), "CSeq: 1 INVITE", "CSeq: 1 OPTIONS");
    };
    EXPECT_THAT(answers_to(Request{.method = "INVITE"}), IsEmpty());
    EXPECT_GT(counters().strays, 0U);
    run(40s);
    EXPECT_THAT(near.statuses(), ElementsAre(408));
}

TEST_F(BadInput, GarbageMeetsSilence) {
    const std::string zeros(1000, '\0');
    SeededRandom random(7);
    std::string noise(1000, ' ');
    random.fill({reinterpret_cast<std::uint8_t*>(noise.data()), noise.size()});
    const std::string client_hello = std::string("\x16\x03\x01\x02\x00\x01", 6) + noise;
    const std::vector<std::string> garbage{zeros,
                                           noise,
                                           client_hello,
                                           std::string(1, '\0'),
                                           "x",
                                           "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n",
                                           "INVITE",
                                           "INVITE sip:user@example.com SIP/2.0",
                                           "\xff\xfe\xfd",
                                           "SIP/2.0\r\n\r\n",
                                           "\r\n\r\n\r\nhello\r\n"};
    for (const std::string& bytes : garbage) {
        near.send(to_near, bytes);
    }
    run();
    EXPECT_THAT(near.heard(), IsEmpty());
    EXPECT_EQ(counters().messages_out, 0U);
    EXPECT_EQ(counters().not_sip + counters().faults_dropped, garbage.size());
    EXPECT_GE(counters().not_sip, garbage.size() - 1);
    expect_nothing_sent_on();
    EXPECT_THAT(answers_to(Request{}), ElementsAre(200));  // and life goes on
}

TEST_F(BadInput, GarbageOnAStreamClosesItWithoutAWord) {
    const std::vector<std::string> garbage{std::string(100, '\0'),
                                           std::string("\x16\x03\x01\x02\x00\x01", 6),
                                           "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n",
                                           "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi",
                                           "\r\r\n\n",
                                           "\"quoted\""};
    for (const std::string& bytes : garbage) {
        const FlowId connection = near.connect(to_near);
        near.stream(connection, bytes);
        near.stream(connection, Request{.method = "MESSAGE"}.text());
        run();
        EXPECT_TRUE(near.is_closed(connection)) << bytes;
        EXPECT_EQ(near.octets(connection), "") << bytes;
    }
    EXPECT_EQ(counters().not_sip, garbage.size());
    EXPECT_EQ(counted("connections_closed", "framing"), garbage.size());
    expect_nothing_sent_on();
}

TEST_F(BadInput, StrangersMeetSilence) {
    stranger.send(to_near, Request{}.text());
    const FlowId connection = stranger.connect(to_near);
    stranger.stream(connection, Request{}.text());
    run();
    EXPECT_THAT(stranger.heard(), IsEmpty());
    EXPECT_TRUE(stranger.is_closed(connection));
    EXPECT_EQ(stranger.octets(connection), "");
    EXPECT_EQ(counters().sources_refused, 1U);
    EXPECT_EQ(counted("connections_closed", "not-admitted"), 1U);
    EXPECT_EQ(counters().messages_in, 0U);
    expect_nothing_sent_on();
}

// ---- streams ------------------------------------------------------------------------------------

// Also when its octets drip in: the time runs from the first one.
TEST_F(BadInput, HalfAMessageIsNotWaitedForForLong) {
    const FlowId silent = near.connect(to_near);
    near.stream(silent, Request{.method = "INVITE"}.text().substr(0, 100));
    const FlowId dripping = near.connect(to_near);
    const FlowId half_an_end_of_line = near.connect(to_near);
    near.stream(half_an_end_of_line, "\r");
    const std::string request = Request{.method = "INVITE", .name = "drip"}.text();
    for (std::size_t i = 0; i < 30; ++i) {
        near.stream(dripping, request.substr(i, 1));
        run();
    }
    for (const FlowId connection : {silent, dripping, half_an_end_of_line}) {
        EXPECT_FALSE(near.is_closed(connection));
    }
    run(5s);
    for (const FlowId connection : {silent, dripping, half_an_end_of_line}) {
        EXPECT_TRUE(near.is_closed(connection));
        EXPECT_EQ(near.octets(connection), "");
    }
    EXPECT_EQ(counted("connections_closed", "framing"), 3U);
    expect_nothing_sent_on();
}

// One watch for each message: a slow one behind a whole one has its own time.
TEST_F(BadInput, AMessageThatComesInPartsInTimeIsTaken) {
    const FlowId connection = near.connect(to_near);
    const std::string first = Request{.name = "first"}.text();
    const std::string second = Request{.name = "second"}.text();
    near.stream(connection, first.substr(0, 50));
    run(20s);
    near.stream(connection, first.substr(50) + second.substr(0, 50));
    run(20s);
    near.stream(connection, second.substr(50));
    run(60s);
    EXPECT_THAT(near.statuses(), ElementsAre(200, 200));
    EXPECT_FALSE(near.is_closed(connection));
}

// RFC 5626 §3.5.1: a double CRLF is answered by one. Over UDP there is no such thing: silence.
TEST_F(BadInput, KeepAlives) {
    const FlowId connection = near.connect(to_near);
    near.stream(connection, "\r\n\r\n");
    run();
    EXPECT_EQ(near.octets(connection), "\r\n");
    near.stream(connection, "\r\n");  // a pong, to a ping that we did not send
    run();
    EXPECT_EQ(near.octets(connection), "\r\n");
    near.stream(connection, "\r\n\r\n\r\n" + Request{}.text());
    run();
    EXPECT_THAT(near.statuses(), ElementsAre(200));
    EXPECT_TRUE(near.octets(connection).starts_with("\r\n\r\n\r\nSIP/2.0 200"));
    near.stream(connection, "\r\n\r\n");
    run();
    EXPECT_TRUE(near.octets(connection).ends_with("\r\n\r\n\r\n"));  // its end, and the pong
    EXPECT_FALSE(near.is_closed(connection));

    near.forget();
    for (const char* ping : {"\r\n\r\n", "\r\n", "\r", ""}) {
        near.send(to_near, ping);
    }
    run();
    EXPECT_THAT(near.heard(), IsEmpty());
    EXPECT_EQ(counters().not_sip, 0U);
}

TEST_F(BadInput, AFaultInAMessageLeavesTheStreamUsable) {
    const FlowId connection = near.connect(to_near);
    near.stream(connection, replaced(Request{.name = "bad"}.text(), "CSeq: 7", "CSeq: x") +
                                Request{.name = "good"}.text());
    run();
    EXPECT_THAT(near.statuses(), ElementsAre(400, 200));
    EXPECT_FALSE(near.is_closed(connection));
}

// ---- hostile peers on the way back --------------------------------------------------------------

// What a response says where to go is never followed beyond its adjacency.
TEST_F(BadInput, AResponseCannotSendUsElsewhere) {
    far.answer = [](const sip::Message& request) {
        return replaced(Wire::agree(request), "<sip:agreeable@192.0.2.40>",
                        "<sip:trap@203.0.113.9:7?Route=%3Csip:203.0.113.9%3E>");
    };
    EXPECT_THAT(answers_to(Request{.method = "INVITE"}), ElementsAre(200));
    run(60s);
    ASSERT_THAT(far.requests("BYE"), SizeIs(1));  // nobody acknowledged the 200
    EXPECT_EQ(far.requests("BYE")[0]->request_uri_text(), "sip:trap@203.0.113.9:7");
    for (const auto& packet : net.packets()) {
        EXPECT_NE(packet.to.address, ip("203.0.113.9"));
    }
}

// Whatever a dialog is made of, on either side, what we send in it is good SIP (the peers look at
// each request), and goes to the peers only (the lab looks at each packet).
TEST_F(BadInputWithReferrals, ContactsAndRoutesOfAllKinds) {
    const std::vector<std::string> fields{
        "Contact: <tel:+1-201-555-0123>\r\n",
        "Contact: <http://example.com/>\r\n",
        "Contact: <sips:x@example.com>\r\n",
        "Contact: *\r\n",
        "Contact: <sip:x@example.com>, <sip:y@example.com>\r\n",
        "Contact: <sip:x@example.com;method=BYE;transport=nonsense;ttl=1;maddr=224.0.0.1>\r\n",
        "Contact: <sip:x@[2001:db8::1]:65535;lr?Route=%3Csip:y%3E&Subject=z>\r\n",
        "Contact: <sip:" + std::string(4'000, 'x') + "@example.com>\r\n",
        "Contact: <sip:%0d%0aVia:%20x@example.com>\r\n",
        "Contact: <sip:255.255.255.255>\r\n",
        "Contact: <sip:x@example.com>\r\nRecord-Route: <http://example.com>\r\n",
        "Contact: <sip:x@example.com>\r\nRecord-Route: <tel:+1201>\r\n",
        "Contact: <sip:x@example.com>\r\nRecord-Route: <sip:strict.example.com?Subject=x>\r\n",
        "Contact: <sip:x@example.com>\r\nRecord-Route: <sip:224.0.0.1;lr>, \"x\" "
        "<sips:y;lr>;z=1\r\n",
        "Contact: <sip:x@example.com>\r\nRecord-Route: nonsense\r\n",
        "Contact: nonsense\r\n",
        "",
    };
    std::string contact;
    far.answer = [&](const sip::Message& request) {
        return replaced(Wire::agree(request), "Contact: <sip:agreeable@192.0.2.40>\r\n", contact);
    };
    const std::string readable = "Contact: <sip:caller@192.0.2.30>\r\n";
    const std::vector<std::pair<std::string, std::string>> methods{
        {"INVITE", ""},
        {"SUBSCRIBE", readable + "Event: message-summary\r\n"},
        {"REFER", readable + "Refer-To: <sip:other@example.com>\r\n"},
    };
    int count = 0;
    for (const auto& [method, own] : methods) {
        for (const std::string& each : fields) {
            for (const bool is_response : {false, true}) {
                contact = is_response ? each : "Contact: <sip:far@192.0.2.40>\r\n";
                const std::string name = "n" + std::to_string(++count);
                const std::string request =
                    Request{.method = method, .name = name, .fields = own}.text();
                const auto answers =
                    answers_to(is_response ? request : replaced(request, readable, each));
                EXPECT_THAT(answers, SizeIs(1)) << method << " " << each;
                net.settle(70s);
            }
        }
        EXPECT_GE(far.requests(method).size(), fields.size()) << method;
    }
}

// What our side of a dialog cannot be made of is refused before anything is sent on.
TEST_F(BadInputWithReferrals, ARouteSetOfOtherSchemesMakesNoDialog) {
    for (const std::string method : {"INVITE", "SUBSCRIBE", "REFER"}) {
        for (const std::string route : {"<tel:+1201>", "<sip:a;lr>, <http://example.com>"}) {
            std::string fields = "Record-Route: " + route + "\r\n";
            if (method != "INVITE") {
                fields +=
                    "Contact: <sip:caller@192.0.2.30>\r\nEvent: x\r\n"
                    "Refer-To: <sip:other@example.com>\r\n";
            }
            const Request request{
                .method = method, .name = method + route.substr(1, 3), .fields = fields};
            EXPECT_THAT(answers_to(request), ElementsAre(400)) << method << " " << route;
        }
    }
    expect_nothing_sent_on();
}

// Nor by the Via of a request: answers go to where it came from.
TEST_F(BadInput, ARequestCannotSendTheAnswerElsewhere) {
    const std::string request =
        replaced(Request{}.text(), "UDP 192.0.2.30;",
                 "UDP 203.0.113.9:7;received=203.0.113.9;maddr=203.0.113.9;rport=7;");
    EXPECT_THAT(answers_to(request), ElementsAre(200));
    EXPECT_THAT(answers_to(replaced(request, "CSeq: 7", "CSeq: x")), ElementsAre(400));
}

// A header field of the request cannot write a line of its own into what we send.
TEST_F(BadInput, NothingIsSmuggledIntoTheOtherSide) {
    EXPECT_THAT(answers_to(Request{.fields = "Subject: one\r\n \r\n two\r\n"}), ElementsAre(200));
    EXPECT_THAT(answers_to(Request{.name = "cr", .fields = "Subject: one\rVia: two\r\n"}),
                ElementsAre(400));
    EXPECT_THAT(answers_to(Request{.name = "nul", .fields = std::string("Subject: \0\r\n", 12)}),
                ElementsAre(400));
    EXPECT_THAT(far.requests(), SizeIs(1));
}

}  // namespace
}  // namespace ringwall::test
