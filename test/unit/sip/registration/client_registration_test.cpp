// The conversation of a client with its registrar, one event at a time.
#include "sip/registration/client_registration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/visitor.h"

namespace ringwall::sip {
namespace {

using State = ClientRegistration::State;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

ClientRegistration::Setup setup() {
    return {.registrar = "sip:provider.example",
            .address_of_record = "sip:trunk@provider.example",
            .contact = "<sip:trunk@192.0.2.1:5060;transport=tcp>",
            .call_id = "one-and-the-same",
            .from_tag = "mine",
            .accounts = {{"trunk", Secret("secret"), "provider"}}};
}

class Registration : public testing::Test {
protected:
    // What the machine asked for since the last look.
    void take(ClientRegistration::Actions& out) {
        sent = nullptr;
        ended.reset();
        registered.reset();
        timer.reset();
        for (auto& action : out) {
            std::visit(Visitor{[&](ClientRegistration::Send& send) {
                                   EXPECT_EQ(sent, nullptr) << "one at a time";
                                   send.request.header(HeaderName::Via,
                                                       "SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK1");
                                   sent = send.request.build();
                                   ++sendings;
                               },
                               [&](ClientRegistration::StartTimer& start) { timer = start.after; },
                               [&](ClientRegistration::Registered& is) { registered = is; },
                               [&](ClientRegistration::Unregistered& is) { ended = is; }},
                       action);
        }
        last = sent != nullptr ? sent : last;
        EXPECT_TRUE(machine.is_consistent());
    }
    template <class Event>
    void on(Event&& event) {
        ClientRegistration::Actions out;
        event(out);
        take(out);
    }
    void start() {
        on([&](auto& out) { machine.start(random, out); });
    }
    void stop() {
        on([&](auto& out) { machine.stop(now, random, out); });
    }
    using Fields = std::vector<std::pair<std::string, std::string>>;
    void hear(int status, const Fields& fields = {}) {
        auto builder = reply(*last, status, "theirs");
        for (const auto& [name, value] : fields) {
            builder.header(name, value);
        }
        const MessagePtr response = builder.build();
        on([&](auto& out) { machine.on_response(*last, *response, now, random, out); });
    }
    void hear_nothing() {
        on([&](auto& out) { machine.on_failed(last->cseq().number, now, random, out); });
    }
    void pass(Duration time) {
        now += time;
        on([&](auto& out) { machine.on_time(now, random, out); });
    }
    void lose_flow() {
        on([&](auto& out) { machine.on_flow_lost(now, random, out); });
    }
    void challenge(const std::string& nonce, const std::string& more = {}, int status = 401) {
        hear(status, {{status == 401 ? "WWW-Authenticate" : "Proxy-Authenticate",
                       "Digest realm=\"provider\",nonce=\"" + nonce + "\",qop=\"auth\"" + more}});
    }
    void accept(unsigned expires = 3600) {
        hear(200, {{"Contact", "<sip:someone@192.0.2.99>;expires=7"},
                   {"Contact", "<sip:trunk@192.0.2.1:5060;transport=tcp>;expires=" +
                                   std::to_string(expires)}});
    }
    std::string credentials() const {
        const HeaderLine* line = last->header(HeaderName::Authorization);
        return line == nullptr ? "" : std::string(line->value);
    }

    SeededRandom random{5};
    TimePoint now{1h};
    ClientRegistration machine{setup()};
    MessagePtr sent, last;
    int sendings = 0;
    std::optional<ClientRegistration::Unregistered> ended;
    std::optional<ClientRegistration::Registered> registered;
    std::optional<Duration> timer;
};

// RFC 3261 §10.2.
TEST_F(Registration, AsksForABindingOfItsContact) {
    start();
    ASSERT_NE(sent, nullptr);
    EXPECT_EQ(sent->method(), Method::Register);
    EXPECT_EQ(sent->request_uri_text(), "sip:provider.example");
    EXPECT_EQ(sent->to().uri.text, "sip:trunk@provider.example");
    EXPECT_EQ(sent->from().uri.text, "sip:trunk@provider.example");
    EXPECT_EQ(sent->header(HeaderName::Contact)->value,
              "<sip:trunk@192.0.2.1:5060;transport=tcp>;expires=3600");
    EXPECT_EQ(sent->expires(), 3600U);
    EXPECT_EQ(credentials(), "");
    accept(1800);
    ASSERT_TRUE(registered);
    EXPECT_EQ(registered->expires, 1800U);
    EXPECT_FALSE(registered->is_refresh);
    EXPECT_TRUE(machine.is_registered(now));
}

TEST_F(Registration, IsRefreshedWellBeforeItExpiresWithTheSameCallIdAndAHigherCSeq) {
    start();
    accept(1000);
    ASSERT_TRUE(timer);
    EXPECT_GE(*timer, 750s);
    EXPECT_LE(*timer, 900s);
    pass(*timer - 1s);
    EXPECT_EQ(sent, nullptr);
    pass(1s);
    ASSERT_NE(sent, nullptr);
    EXPECT_EQ(sent->call_id(), "one-and-the-same");
    EXPECT_EQ(sent->cseq().number, 2U);
    EXPECT_TRUE(machine.is_registered(now));
    accept(1000);
    EXPECT_TRUE(registered->is_refresh);
}

TEST_F(Registration, AnswersAChallengeAndSignsTheRefreshAtOnce) {
    start();
    challenge("n1");
    EXPECT_THAT(credentials(), HasSubstr("nonce=\"n1\""));
    EXPECT_EQ(last->cseq().number, 2U);
    accept();
    pass(3500s);
    EXPECT_THAT(credentials(), HasSubstr("nc=00000002"));
    challenge("n2", ",stale=true");
    EXPECT_THAT(credentials(), HasSubstr("nonce=\"n2\""));
    accept();
    EXPECT_TRUE(registered);
}

TEST_F(Registration, AnswersAProxyAsItDoesTheRegistrar) {
    start();
    challenge("n1", "", 407);
    EXPECT_NE(last->header(HeaderName::ProxyAuthorization), nullptr);
    accept();
    EXPECT_TRUE(registered);
}

TEST_F(Registration, SaysAWrongPasswordOnceInALongTime) {
    start();
    challenge("n1");
    challenge("n2");
    EXPECT_EQ(sent, nullptr);
    ASSERT_TRUE(ended && ended->retry);
    EXPECT_EQ(ended->status, 401);
    EXPECT_GE(*ended->retry, 1800s);
    EXPECT_EQ(sendings, 2);
    EXPECT_THAT(ended->reason, Not(HasSubstr("secret")));
}

TEST_F(Registration, IsNotChallengedWithoutEnd) {
    start();
    for (int i = 0; i < 50; ++i) {
        challenge("n" + std::to_string(i), ",stale=true");
    }
    EXPECT_LE(sendings, 4);
    EXPECT_EQ(machine.state(), State::Waiting);
}

TEST_F(Registration, WithoutAnAccountWaitsInsteadOfAsking) {
    start();
    hear(401, {{"WWW-Authenticate", "Digest realm=\"other\",nonce=\"n\""}});
    EXPECT_EQ(sent, nullptr);
    EXPECT_EQ(machine.state(), State::Waiting);
    start();
    hear(401, {{"WWW-Authenticate", "Basic realm=\"provider\""}});
    EXPECT_EQ(sent, nullptr);
}

// RFC 3261 §10.2.8.
TEST_F(Registration, AsksForAsLongAsTheRegistrarWantsButOnlyOnce) {
    start();
    hear(423, {{"Min-Expires", "7200"}});
    ASSERT_NE(sent, nullptr);
    EXPECT_EQ(sent->expires(), 7200U);
    hear(423, {{"Min-Expires", "9000"}});
    EXPECT_EQ(sent, nullptr);
    EXPECT_EQ(machine.state(), State::Waiting);
}

TEST_F(Registration, DoesNotBelieveEvery423) {
    for (const char* value : {"", "60", "3600", "nonsense", "4294967295", "99999999999999999999"}) {
        start();
        hear(423, *value == '\0' ? Fields{} : Fields{{"Min-Expires", value}});
        EXPECT_EQ(sent, nullptr) << value;
        EXPECT_EQ(machine.state(), State::Waiting) << value;
    }
}

// RFC 5626 §4.5: base 30 s, doubled, at most 1800 s, of which up to a half is left away.
TEST_F(Registration, WaitsLongerAfterEveryFailure) {
    Duration most = 30s;
    start();
    for (int i = 0; i < 12; ++i) {
        hear_nothing();
        ASSERT_TRUE(timer);
        EXPECT_GE(*timer, most / 2);
        EXPECT_LE(*timer, most);
        most = std::min<Duration>(most * 2, 1800s);
        pass(*timer);
        ASSERT_NE(sent, nullptr);
    }
    accept();
    pass(3600s);
    hear_nothing();
    EXPECT_LE(*timer, 30s);
}

TEST_F(Registration, ObeysRetryAfterWithinReason) {
    start();
    hear(503, {{"Retry-After", "600"}});
    EXPECT_GE(*timer, 600s);
    pass(*timer);
    hear(503, {{"Retry-After", "4294967295"}});
    EXPECT_LE(*timer, 24h);
}

TEST_F(Registration, DoesNotHammerWhereItIsForbidden) {
    for (const int status : {403, 404, 603}) {
        start();
        hear(status);
        EXPECT_GE(*timer, 1800s);
    }
    start();
    hear(302, {{"Contact", "<sip:evil@192.0.2.66>"}});  // nobody sends us elsewhere
    EXPECT_EQ(sent, nullptr);
    EXPECT_EQ(machine.state(), State::Waiting);
}

TEST_F(Registration, IsMadeAgainAtOnceWhenTheConnectionIsLost) {
    start();
    accept();
    pass(60s);
    lose_flow();
    ASSERT_NE(sent, nullptr);
    EXPECT_TRUE(ended);
    EXPECT_FALSE(machine.is_registered(now));
    accept();
    EXPECT_FALSE(registered->is_refresh);
}

TEST_F(Registration, IsNotMadeAgainAtOnceWhenConnectionsDoNotLast) {
    start();
    accept();
    pass(1s);
    lose_flow();
    EXPECT_EQ(sent, nullptr);
    EXPECT_EQ(machine.state(), State::Waiting);
    EXPECT_GE(*timer, 15s);
}

TEST_F(Registration, IsRemovedWithExpiresNought) {
    start();
    accept();
    stop();
    ASSERT_NE(sent, nullptr);
    EXPECT_EQ(sent->expires(), 0U);
    challenge("n1");
    EXPECT_EQ(sent->expires(), 0U);
    hear(200);
    EXPECT_EQ(machine.state(), State::Idle);
    EXPECT_FALSE(machine.is_registered(now));
    EXPECT_FALSE(ended->retry);
    pass(24h);
    EXPECT_EQ(sent, nullptr);
}

TEST_F(Registration, IsNotRemovedWhereThereIsNone) {
    stop();
    EXPECT_EQ(sent, nullptr);
    start();
    hear(500);
    stop();
    EXPECT_EQ(sent, nullptr);
    EXPECT_EQ(machine.state(), State::Idle);
}

TEST_F(Registration, EndsWhenNobodyAnswersItsEnd) {
    start();
    accept();
    stop();
    hear_nothing();
    EXPECT_EQ(machine.state(), State::Idle);
}

// The answer to the first comes after stop(): it is too late.
TEST_F(Registration, IgnoresAnswersToWhatItAskedBefore) {
    start();
    const MessagePtr first = last;
    stop();
    ClientRegistration::Actions out;
    const MessagePtr late =
        reply(*first, 200, "t").header(HeaderName::Contact, setup().contact).build();
    machine.on_response(*first, *late, now, random, out);
    machine.on_failed(first->cseq().number, now, random, out);
    EXPECT_THAT(out, IsEmpty());
    EXPECT_EQ(machine.state(), State::Leaving);
}

TEST_F(Registration, IsNoneWhenTheContactIsNotAmongThoseListed) {
    start();
    hear(200, {{"Contact", "<sip:someone@192.0.2.99>;expires=3600"}});
    EXPECT_FALSE(registered);
    EXPECT_EQ(machine.state(), State::Waiting);
}

TEST_F(Registration, TakesTheRegistrarsWordWhereItListsNothing) {
    start();
    hear(200, {{"Expires", "120"}});
    ASSERT_TRUE(registered);
    EXPECT_EQ(registered->expires, 120U);
}

// RFC 5626 §4.1, §4.2: the registrar may list another URI for the same flow.
TEST_F(Registration, IsKnownByItsInstanceAndFlow) {
    auto with_instance = setup();
    with_instance.instance = "urn:uuid:00000000-0000-1000-8000-000A95A0E128";
    with_instance.reg_id = 1;
    machine = ClientRegistration(with_instance);
    start();
    const std::string_view contact = sent->header(HeaderName::Contact)->value;
    EXPECT_THAT(std::string(contact),
                HasSubstr(";+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-000A95A0E128>\""
                          ";reg-id=1"));
    EXPECT_TRUE(sent->has_token(HeaderName::Supported, "outbound"));
    hear(200, {{"Contact",
                "<sip:trunk@203.0.113.5:999>;+sip.instance=\"<urn:uuid:"
                "00000000-0000-1000-8000-000a95a0e128>\";reg-id=1;expires=300"}});
    ASSERT_TRUE(registered);
    EXPECT_EQ(registered->expires, 300U);
}

// Thousands of trunks that began together do not stay together.
TEST_F(Registration, RefreshesAreSpread) {
    std::vector<Duration> times;
    for (int i = 0; i < 50; ++i) {
        machine = ClientRegistration(setup());
        start();
        accept();
        times.push_back(*timer);
    }
    const auto [least, most] = std::minmax_element(times.begin(), times.end());
    EXPECT_GT(*most - *least, 200s);
}

}  // namespace
}  // namespace ringwall::sip
