// A border controller that is a customer: it registers at its provider as a phone would, and proves
// itself whenever it is asked to (RFC 3261 §10.2, §22). The provider's challenge is for it alone.
#include "scenario/border.h"

namespace ringwall::test {
namespace {

using sip::HeaderName;
using sip::Method;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::Le;
using ::testing::Not;

// A phone that is a provider: it challenges every request, and registers who proves to be its
// customer.
class Provider {
public:
    explicit Provider(Phone& phone) : phone_(phone) {
        phone.answered_by_test = [this](sip::transaction::ServerId id,
                                        const sip::MessagePtr& request) {
            return meet(id, *request);
        };
    }

    std::string realm = "provider";
    std::string password = "secret";
    std::uint32_t granted = 600;
    bool challenges_calls = true;
    bool always_stale = false;
    std::size_t proven = 0;
    std::vector<std::uint32_t> registered;  // the expiry of each REGISTER that was good
    std::string contact;                    // of the last of them
    std::vector<std::string> wrong;         // credentials that proved nothing

    std::size_t challenged() const { return challenged_; }
    void forget_nonces() { counts_.clear(); }

private:
    bool meet(sip::transaction::ServerId id, const sip::Message& request) {
        if (request.method() == Method::Ack || request.method() == Method::Cancel) {
            return false;
        }
        const bool is_register = request.method() == Method::Register;
        if (!is_register && !challenges_calls) {
            return false;
        }
        if (!is_proven(request)) {
            ++challenged_;
            const std::string nonce = "nonce" + std::to_string(challenged_);
            counts_[nonce] = 0;
            auto builder = sip::reply(request, is_register ? 401 : 407, "challenge");
            builder.header(
                is_register ? HeaderName::WwwAuthenticate : HeaderName::ProxyAuthenticate,
                "Digest realm=\"" + realm + "\",nonce=\"" + nonce +
                    "\",qop=\"auth\",algorithm=SHA-256" + (always_stale ? ",stale=true" : ""));
            phone_.shard().respond(id, builder.build());
            return true;
        }
        ++proven;
        if (is_register) {
            const std::uint32_t expires = std::min(granted, request.expires().value_or(0));
            registered.push_back(expires);
            auto builder = sip::reply(request, 200, "registrar");
            const auto contacts = request.name_addrs(HeaderName::Contact);
            contact = contacts->front().uri.text;
            builder.header(HeaderName::Contact,
                           "<" + contact + ">;expires=" + std::to_string(expires));
            phone_.shard().respond(id, builder.build());
        }
        return is_register;
    }
    bool is_proven(const sip::Message& request) {
        const auto field = request.method() == Method::Register ? HeaderName::Authorization
                                                                : HeaderName::ProxyAuthorization;
        const auto* line = request.header(field);
        if (line == nullptr || always_stale) {
            return false;
        }
        const auto said = sip::auth::parse_credentials(line->value);
        const sip::auth::HashedPassword known("trunk", realm, Secret(password));
        const bool is_right = said && said->username == "trunk" && counts_.contains(said->nonce) &&
                              said->uri == request.request_uri_text() &&
                              said->nonce_count() > counts_[said->nonce] &&
                              sip::auth::verify(*said, known, request.method_text());
        if (!is_right) {
            wrong.emplace_back(line->value);
            return false;
        }
        counts_[said->nonce] = said->nonce_count();
        return true;
    }

    Phone& phone_;
    std::size_t challenged_ = 0;
    std::map<std::string, std::uint32_t> counts_;  // by nonce
};

const std::vector<std::string> customer{"   authentication-realm outbound provider trunk secret",
                                        "   register trunk@provider.example"};

// West is a softswitch, east the provider.
class AtProvider : public Trunks {
protected:
    explicit AtProvider(const std::vector<std::string>& lines = customer,
                        const std::vector<std::string>& wests = {"   refer pass"},
                        std::string_view configuration = three_trunks)
        : Trunks(configured(configured(configuration, "west", wests), "east", lines)),
          provider(east) {}

    bool is_registered() { return !provider.registered.empty(); }
    void call() {
        west.invite("sip:+15551234@provider.example");
        ASSERT_TRUE(run_until([&] { return west.is_in_call() && !east.acks().empty(); }));
    }
    std::vector<sip::MessagePtr> heard(std::string_view method) const {
        std::vector<sip::MessagePtr> all;
        for (const auto& request : east.requests()) {
            if (request->method_text() == method) {
                all.push_back(request);
            }
        }
        return all;
    }
    // RFC 3261 §22.1: an ACK cannot be challenged, so it bears what its INVITE bore.
    static void expect_same_proof(const sip::Message& ack, const sip::Message& invite) {
        const auto* shown = ack.header(HeaderName::ProxyAuthorization);
        ASSERT_NE(shown, nullptr);
        EXPECT_EQ(shown->value, invite.header(HeaderName::ProxyAuthorization)->value);
    }
    // The softswitch hears nothing of challenges, and nobody of the password.
    void TearDown() override {
        for (const auto& response : west.responses()) {
            EXPECT_NE(response->status(), 401);
            EXPECT_NE(response->status(), 407);
            EXPECT_EQ(response->header(HeaderName::ProxyAuthenticate), nullptr);
            EXPECT_EQ(response->header(HeaderName::WwwAuthenticate), nullptr);
        }
        for (const auto& request : west.requests()) {
            EXPECT_EQ(request->header(HeaderName::ProxyAuthorization), nullptr);
            EXPECT_EQ(request->header(HeaderName::Authorization), nullptr);
        }
        for (const auto& packet : net.packets()) {
            EXPECT_THAT(packet.bytes, Not(HasSubstr("secret")));
        }
        for (std::size_t i = 0; i < border.worker_count(); ++i) {
            border.worker(i).refuse_calls();
        }
        Trunks::TearDown();
    }

    Provider provider;
};

TEST_F(AtProvider, RegistersAtTheStart) {
    ASSERT_TRUE(run_until([&] { return is_registered(); }));
    const auto all = heard("REGISTER");
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[1]->request_uri_text(), "sip:provider.example");
    EXPECT_EQ(all[1]->to().uri.text, "sip:trunk@provider.example");
    EXPECT_EQ(provider.contact, "sip:trunk@192.0.2.5:5060");
    EXPECT_EQ(all[0]->call_id(), all[1]->call_id());
    EXPECT_EQ(all[1]->cseq().number, all[0]->cseq().number + 1);
}

TEST_F(AtProvider, StaysRegistered) {
    net.run_for(3600s);
    EXPECT_THAT(provider.registered.size(), AllOf(Ge(6U), Le(9U)));
    EXPECT_EQ(provider.challenged(), 1U);  // each refresh is signed at once
    provider.forget_nonces();
    net.run_for(3600s);
    EXPECT_EQ(provider.challenged(), 2U);
    EXPECT_THAT(provider.registered.size(), AllOf(Ge(12U), Le(18U)));
}

TEST_F(AtProvider, UnregistersWhenItStops) {
    ASSERT_TRUE(run_until([&] { return is_registered(); }));
    border.worker(0).refuse_calls();
    net.run_for(5s);
    EXPECT_EQ(provider.registered.back(), 0U);
    const auto count = heard("REGISTER").size();
    net.run_for(7200s);
    EXPECT_EQ(heard("REGISTER").size(), count);
}

TEST_F(AtProvider, CallsOutThroughAChallenge) {
    call();
    const auto invites = heard("INVITE");
    ASSERT_EQ(invites.size(), 2U);
    EXPECT_EQ(invites[0]->call_id(), invites[1]->call_id());
    EXPECT_EQ(invites[0]->from_tag(), invites[1]->from_tag());
    EXPECT_EQ(invites[0]->request_uri_text(), invites[1]->request_uri_text());
    EXPECT_EQ(invites[0]->body(), invites[1]->body());
    EXPECT_EQ(invites[1]->cseq().number, invites[0]->cseq().number + 1);
    EXPECT_NE(invites[0]->top_via().branch(), invites[1]->top_via().branch());
    EXPECT_EQ(east.acks().front()->cseq().number, invites[1]->cseq().number);
    expect_same_proof(*east.acks().front(), *invites[1]);
    west.bye();
    ASSERT_TRUE(run_until([&] { return !east.is_in_call(); }));
    EXPECT_EQ(heard("BYE").size(), 2U);  // it is challenged too
    EXPECT_TRUE(provider.wrong.empty());
}

TEST_F(AtProvider, AnswersChallengesWithinTheDialog) {
    call();
    for (const Method method : {Method::Info, Method::Invite, Method::Update, Method::Info}) {
        const std::string name(sip::to_string(method));
        const auto answers = west.statuses(name).size();
        const auto before = heard(name).size();
        west.in_dialog(method);
        ASSERT_TRUE(run_until([&] {
            return west.statuses(name).size() > answers && west.statuses(name).back() == 200;
        })) << name;
        EXPECT_EQ(heard(name).size(), before + 2) << name;
        net.run_for(1s);
    }
    std::uint32_t last = 0;
    for (const auto& request : east.requests()) {
        if (request->call_id() == heard("INVITE").front()->call_id()) {
            EXPECT_GT(request->cseq().number, last) << request->bytes();
            last = request->cseq().number;
        }
    }
    ASSERT_EQ(east.acks().size(), 2U);
    expect_same_proof(*east.acks().back(), *heard("INVITE").back());
    east.in_dialog(Method::Info);  // the provider's own are not hampered
    ASSERT_TRUE(run_until([&] { return west.count("INFO") == 1U; }));
    west.bye();
}

TEST_F(AtProvider, AMessageIsAnsweredForToo) {
    west.send("MESSAGE", "sip:+15551234@provider.example", {{"Content-Type", "text/plain"}}, "hi");
    ASSERT_TRUE(run_until([&] { return !west.statuses("MESSAGE").empty(); }));
    EXPECT_EQ(west.statuses("MESSAGE").back(), 200);
    EXPECT_EQ(heard("MESSAGE").size(), 2U);
    EXPECT_EQ(heard("MESSAGE").back()->body(), "hi");
}

// A transfer that the softswitch asks for: the REFER is signed, and the provider obeys it once.
TEST_F(AtProvider, AReferWithinTheCallIsAnsweredForToo) {
    call();
    auto wests = *west.dialog();
    west.within(wests, Method::Refer,
                {{"Contact", west.contact()}, {"Refer-To", "<sip:+15559999@provider.example>"}});
    ASSERT_TRUE(run_until([&] { return !west.statuses("REFER").empty(); }));
    EXPECT_EQ(west.statuses("REFER").back(), 200);
    const auto refers = heard("REFER");
    ASSERT_EQ(refers.size(), 2U);
    EXPECT_EQ(refers[0]->header("Refer-To")->value, refers[1]->header("Refer-To")->value);
    EXPECT_EQ(refers[1]->cseq().number, refers[0]->cseq().number + 1);
    EXPECT_TRUE(provider.wrong.empty());
    west.bye();
}

// Its first SUBSCRIBE, and the one that refreshes it.
TEST_F(AtProvider, ASubscriptionAndItsRefreshAreAnsweredForToo) {
    east.in_dialog_status = 0;
    const Phone::Fields fields{
        {"Contact", west.contact()}, {"Event", "message-summary"}, {"Expires", "60"}};
    const auto id = west.send("SUBSCRIBE", "sip:+15551234@provider.example", fields);
    const auto asked = west.sent(id);
    ASSERT_TRUE(run_until([&] { return heard("SUBSCRIBE").size() == 2U; }));
    east.respond(200, "e1", {{"Contact", east.contact()}, {"Expires", "60"}});
    ASSERT_TRUE(run_until([&] { return !west.statuses("SUBSCRIBE").empty(); }));
    ASSERT_EQ(west.statuses("SUBSCRIBE").back(), 200);
    auto near = *sip::Dialog::of_response(*asked, *west.last_response("SUBSCRIBE"));
    provider.forget_nonces();
    west.within(near, Method::Subscribe, fields);
    ASSERT_TRUE(run_until([&] { return heard("SUBSCRIBE").size() == 4U; }));
    east.respond(200, "", {{"Contact", east.contact()}, {"Expires", "60"}});
    ASSERT_TRUE(run_until([&] { return west.statuses("SUBSCRIBE").size() == 2U; }));
    EXPECT_EQ(west.statuses("SUBSCRIBE").back(), 200);
    const auto subscribes = heard("SUBSCRIBE");
    EXPECT_EQ(subscribes[2]->to_tag(), "e1");
    EXPECT_EQ(subscribes[3]->to_tag(), "e1");
    EXPECT_EQ(subscribes[3]->cseq().number, subscribes[2]->cseq().number + 1);
}

TEST_F(AtProvider, IsCalledAtItsContact) {
    ASSERT_TRUE(run_until([&] { return is_registered(); }));
    east.invite(provider.contact);
    ASSERT_TRUE(run_until([&] { return east.is_in_call() && !west.acks().empty(); }));
    EXPECT_EQ(west.last_request("INVITE")->request_uri().user, "trunk");
    west.bye();
    ASSERT_TRUE(run_until([&] { return !east.is_in_call(); }));
}

class ReferringAtProvider : public AtProvider {
protected:
    ReferringAtProvider() : AtProvider(customer, {"   refer pass"}) {}
};

// The REFER that the provider took has another CSeq than the one that it challenged: that one names
// the notifications (RFC 3515 §2.4.6).
TEST_F(ReferringAtProvider, TheIdOfTheEventIsOfTheReferThatWasProven) {
    call();
    west.dialog_fields = {{"Refer-To", "<sip:nora@north.example.net>"}};
    const auto id = west.in_dialog(Method::Refer);
    ASSERT_TRUE(run_until([&] { return !west.statuses("REFER").empty(); }));
    ASSERT_EQ(west.statuses("REFER").back(), 200);
    ASSERT_EQ(heard("REFER").size(), 2U);
    east.dialog_fields = {{"Event", "refer;id=" + std::to_string(heard("REFER")[1]->cseq().number)},
                          {"Subscription-State", "terminated;reason=noresource"}};
    east.in_dialog(Method::Notify);
    ASSERT_TRUE(run_until([&] { return west.count("NOTIFY") == 1U; }));
    EXPECT_EQ(west.last_request("NOTIFY")->header("Event")->value,
              "refer;id=" + std::to_string(west.sent(id)->cseq().number));
    west.dialog_fields.clear();
    west.bye();
}

// The caller learns that it did not work, not why; the password is not tried again and again.
TEST_F(AtProvider, WithAWrongPasswordGivesUp) {
    provider.password = "another";
    west.invite("sip:+15551234@provider.example");
    ASSERT_TRUE(run_until([&] { return west.statuses("INVITE").size() > 1; }));
    EXPECT_EQ(west.statuses("INVITE").back(), 480);
    EXPECT_EQ(heard("INVITE").size(), 2U);
    net.run_for(900s);
    EXPECT_EQ(heard("REGISTER").size(), 2U);
    EXPECT_FALSE(border.worker(0).registrations().is_registered(1));
}

TEST_F(AtProvider, DoesNotRunInCircles) {
    provider.always_stale = true;
    west.invite("sip:+15551234@provider.example");
    ASSERT_TRUE(run_until([&] { return west.statuses("INVITE").size() > 1; }));
    EXPECT_EQ(west.statuses("INVITE").back(), 480);
    EXPECT_THAT(heard("INVITE").size(), Le(4U));
    net.run_for(900s);
    EXPECT_THAT(heard("REGISTER").size(), Le(4U));
}

// Another realm than the one that the account is for: somebody else asks.
TEST_F(AtProvider, SaysNothingToAnotherRealm) {
    provider.realm = "elsewhere";
    west.invite("sip:+15551234@provider.example");
    ASSERT_TRUE(run_until([&] { return west.statuses("INVITE").size() > 1; }));
    EXPECT_EQ(west.statuses("INVITE").back(), 480);
    for (const auto& request : east.requests()) {
        EXPECT_EQ(request->header(HeaderName::Authorization), nullptr);
        EXPECT_EQ(request->header(HeaderName::ProxyAuthorization), nullptr);
    }
}

// Our own refresh (RFC 4028), and a 2xx that comes when nobody waits for it any more.
TEST_F(AtProvider, TheAcksOfRefreshesAndOfLateAnswersShowItToo) {
    call();
    net.run_for(910s);
    ASSERT_EQ(heard("INVITE").size(), 4U);
    ASSERT_EQ(east.acks().size(), 2U);
    expect_same_proof(*east.acks().back(), *heard("INVITE").back());
    west.bye();
    net.run_for(40s);

    east.on_invite = Phone::OnInvite::Ring;
    east.obeys_cancel = false;
    west.invite("sip:+15551234@provider.example");
    net.run_for(1s);
    west.cancel();
    net.run_for(1s);
    east.answer();
    ASSERT_TRUE(run_until([&] { return east.acks().size() == 3U; }));
    expect_same_proof(*east.acks().back(), *heard("INVITE").back());
    net.run_for(40s);
}

// A wire of the operator's own where any address is taken for the provider's.
class AtProviderAnywhere : public AtProvider {
protected:
    explicit AtProviderAnywhere(const char* security = "   security trusted-unencrypted")
        : AtProvider({security, "   authentication-realm outbound provider trunk secret"}, {}, [] {
              std::string trunks(three_trunks);
              const std::string line = "   remote-address ipv4 192.0.2.50 255.255.255.255\n";
              trunks.erase(trunks.find(line), line.size());
              return trunks;
          }()) {}
};

// Whoever learned the tags of a call may ask for proof, but is no server of the provider's.
TEST_F(AtProviderAnywhere, ProofGoesToThePeersOwnAddressesOnly) {
    Phone thief{net,
                ip("192.0.2.55"),
                sip::Transport::Udp,
                {ip("192.0.2.5"), 5060},
                {"theo", "provider.example", ""},
                701};
    Provider theirs(thief);
    call();
    sip::Dialog stolen = *east.dialog();
    thief.within(stolen, Method::Info, {});
    ASSERT_TRUE(run_until([&] { return west.count("INFO") == 1U; }));
    west.in_dialog(Method::Info);
    ASSERT_TRUE(run_until([&] { return !west.statuses("INFO").empty(); }));
    EXPECT_EQ(west.statuses("INFO").back(), 480);
    EXPECT_EQ(theirs.challenged(), 1U);
    EXPECT_TRUE(theirs.wrong.empty());
    for (const auto& request : thief.requests()) {
        EXPECT_EQ(request->header(HeaderName::ProxyAuthorization), nullptr);
    }
    west.bye();
    net.run_for(40s);
}

// Where nobody is trusted, another address is another party, and not even asked.
class AtUntrustedProviderAnywhere : public AtProviderAnywhere {
protected:
    AtUntrustedProviderAnywhere() : AtProviderAnywhere("   security untrusted") {}
};

TEST_F(AtUntrustedProviderAnywhere, WhoKnowsTheIdsOfACallIsNotTheProvider) {
    Phone thief{net,
                ip("192.0.2.55"),
                sip::Transport::Udp,
                {ip("192.0.2.5"), 5060},
                {"theo", "provider.example", ""},
                701};
    call();
    sip::Dialog stolen = *east.dialog();
    thief.within(stolen, Method::Info, {});
    net.run_for(1s);
    EXPECT_EQ(thief.statuses("INFO").back(), 481);
    EXPECT_EQ(west.count("INFO"), 0U);
    west.in_dialog(Method::Info);
    ASSERT_TRUE(run_until([&] { return east.count("INFO") == 1U; }));
    west.bye();
    net.run_for(40s);
}

// The account is the provider's: no other peer is told anything.
TEST_F(AtProvider, AnswersNobodyElse) {
    Provider rival(west);
    rival.challenges_calls = true;
    east.invite("sip:someone@192.0.2.5");
    ASSERT_TRUE(run_until([&] { return east.statuses("INVITE").size() > 1; }));
    EXPECT_EQ(east.statuses("INVITE").back(), 480);
    EXPECT_EQ(east.last_response("INVITE")->header(HeaderName::ProxyAuthenticate), nullptr);
    EXPECT_EQ(west.count("INVITE"), 1U);
}

// The caller hangs up while the provider still asks who we are.
TEST_F(AtProvider, ACancelledCallIsNotSentAgain) {
    provider.challenges_calls = false;
    east.on_invite = Phone::OnInvite::Ring;
    west.invite("sip:+15551234@provider.example");
    ASSERT_TRUE(run_until([&] { return east.count("INVITE") == 1U; }));
    east.obeys_cancel = false;
    west.cancel();
    net.run_for(1s);
    auto challenge = sip::reply(*east.last_request("INVITE"), 407, "late");
    challenge.header(HeaderName::ProxyAuthenticate, "Digest realm=\"provider\",nonce=\"n\"");
    east.say(407, "late", {{"Proxy-Authenticate", "Digest realm=\"provider\",nonce=\"n\""}});
    net.run_for(40s);
    EXPECT_EQ(east.count("INVITE"), 1U);
    EXPECT_EQ(west.statuses("INVITE").back(), 487);
}

TEST_F(AtProvider, InBadWeatherToo) {
    Weather weather;
    weather.loss = 0.2;
    weather.duplicate = 0.1;
    net.set_weather(weather);
    ASSERT_TRUE(run_until([&] { return is_registered(); }, 300s));
    for (int i = 0; i < 5; ++i) {
        west.invite("sip:+15551234@provider.example");
        run_until([&] { return west.is_in_call() && !east.acks().empty(); }, 60s);
        west.bye();
        net.run_for(100s);
    }
    EXPECT_TRUE(provider.wrong.empty()) << provider.wrong.front();
    net.set_weather({});
}

// Its first server is busy with itself.
class AtProviderWithTwoServers : public Lab {
protected:
    static std::string configuration() {
        return configured(
            three_trunks, "east",
            {"signaling-peer east.example.net", "remote-address ipv4 192.0.2.50 255.255.255.254",
             "   authentication-realm outbound provider trunk secret",
             "   register trunk@east.example.net"});
    }
    AtProviderWithTwoServers()
        : Lab(configuration()),
          first(net, ip("192.0.2.50"), sip::Transport::Udp, {ip("192.0.2.5"), 5060},
                {"eric", "east.example.net", ""}, 301),
          second(net, ip("192.0.2.51"), sip::Transport::Udp, {ip("192.0.2.5"), 5060},
                 {"emil", "east.example.net", ""}, 501) {
        net.answer(
            {dns::RecordType::Srv, "_sip._udp.east.example.net"},
            services({{10, 0, 5060, "one.example.net"}, {20, 0, 5060, "two.example.net"}}, 3600s));
        net.answer({dns::RecordType::A, "one.example.net"}, addresses({ip("192.0.2.50")}));
        net.answer({dns::RecordType::A, "two.example.net"}, addresses({ip("192.0.2.51")}));
        first.answered_by_test = [this](sip::transaction::ServerId id,
                                        const sip::MessagePtr& request) {
            first.shard().respond(id, sip::reply(*request, 503, "busy").build());
            return true;
        };
        second.answered_by_test = [this](sip::transaction::ServerId id,
                                         const sip::MessagePtr& request) {
            auto builder = sip::reply(*request, 200, "r");
            builder.header("Contact", request->header("Contact")->value);
            second.shard().respond(id, builder.build());
            return true;
        };
    }
    void TearDown() override {
        border.sbc().refuse_calls();
        net.run_for(200s);
    }
    Phone first;
    Phone second;
};

TEST_F(AtProviderWithTwoServers, IsRegisteredAtTheSecondAtOnce) {
    net.run_for(1s);
    EXPECT_EQ(first.count("REGISTER"), 1U);
    EXPECT_EQ(second.count("REGISTER"), 1U);
}

// And not refreshed there: an answer is no reason to look at the first again before it has rested.
TEST_F(AtProviderWithTwoServers, LeavesTheFirstAlone) {
    net.run_for(30s);
    EXPECT_EQ(first.count("REGISTER"), 1U);
}

// ---- over connections ---------------------------------------------------------------------------

class AtProviderByTcp : public AtProvider {
protected:
    AtProviderByTcp()
        : AtProvider([] {
              auto lines = customer;
              lines.emplace_back("   preferred-transport tcp");
              return lines;
          }()) {}
};

// RFC 5626 §4.
TEST_F(AtProviderByTcp, RegistersItsFlowAndIsCalledByIt) {
    ASSERT_TRUE(run_until([&] { return is_registered(); }));
    const auto request = heard("REGISTER").back();
    EXPECT_THAT(std::string(request->header(HeaderName::Contact)->value),
                AllOf(HasSubstr("transport=tcp"), HasSubstr("+sip.instance=\"<urn:uuid:"),
                      HasSubstr(";reg-id=1")));
    EXPECT_TRUE(request->has_token(HeaderName::Supported, "outbound"));
}

TEST_F(AtProviderByTcp, RegistersAgainWhenTheConnectionIsGone) {
    ASSERT_TRUE(run_until([&] { return is_registered(); }));
    net.run_for(60s);
    east.node().cut();
    ASSERT_TRUE(run_until([&] { return provider.registered.size() == 2U; }, 10s));
    call();
    west.bye();
}

// ---- with certificates --------------------------------------------------------------------------

tls::PeerIdentity certificate_of(const std::string& name) {
    tls::PeerIdentity identity;
    identity.has_certificate = identity.is_verified = identity.has_subject_alt_name = true;
    identity.dns_names = {name};
    identity.fingerprint = "fingerprint of " + name;
    return identity;
}

class AtSecureProvider : public SmallLab {
protected:
    AtSecureProvider()
        : SmallLab([] {
              static const std::string text = [] {
                  std::string lab(small_lab);
                  lab.insert(lab.find("  call-policy-set"),
                             "  adjacency sip carrier\n"
                             "   security trusted-encrypted\n   sip-calls-out any\n"
                             "   signaling-address ipv4 192.0.2.7\n"
                             "   remote-address ipv4 192.0.2.70 255.255.255.255\n"
                             "   signaling-peer 192.0.2.70\n   tls peer-domain provider.example\n"
                             "   authentication-realm outbound provider trunk secret\n"
                             "   register sips:trunk@provider.example\n"
                             "   attach\n");
                  return lab;
              }();
              return std::string_view(text);
          }()) {}
    void be(const std::string& name) {
        carrier.node().set_client_identity(certificate_of(name));
        carrier.node().set_server_identity(certificate_of(name));
    }
    void TearDown() override {
        border.worker(0).refuse_calls();
        SmallLab::TearDown();
    }
    Phone carrier{net,
                  ip("192.0.2.70"),
                  sip::Transport::Tls,
                  {ip("192.0.2.7"), 5061},
                  {"carla", "provider.example", ""},
                  700};
    Provider provider{carrier};
};

TEST_F(AtSecureProvider, RegistersASipsAddressOfRecord) {
    be("provider.example");
    ASSERT_TRUE(run_until([&] { return !provider.registered.empty(); }));
    const auto request = carrier.last_request("REGISTER");
    EXPECT_EQ(request->request_uri_text(), "sips:provider.example");
    EXPECT_EQ(request->from().uri.text, "sips:trunk@provider.example");
    EXPECT_EQ(request->to().uri.text, "sips:trunk@provider.example");
    EXPECT_THAT(provider.contact, ::testing::StartsWith("sips:trunk@"));
}

TEST_F(AtSecureProvider, SaysNothingToWhoeverBearsAnotherName) {
    be("rival.example");
    net.run_for(300s);
    EXPECT_EQ(carrier.requests().size(), 0U);
    EXPECT_EQ(sent_to(carrier), 0U);
}

// ---- with several workers -----------------------------------------------------------------------

// The softswitch's adjacency, as one that leads to a provider.
std::string lab_at_provider() {
    std::string lab = configured(
        small_lab, "softswitch",
        {"security trusted-encrypted", "sip-calls-out any", "tls peer-domain provider.example",
         "authentication-realm outbound provider trunk secret"});
    const std::string tcp = "   preferred-transport tcp\n";
    lab.erase(lab.find(tcp), tcp.size());
    return lab;
}

// By the worker that has the caller: the connection to the provider is one of the four's, whoever
// calls.
class CallerOfEachWorker : public ::testing::TestWithParam<std::size_t> {
protected:
    static constexpr engine::ShardNumber workers = 4;
    // Whose first connection is of that worker.
    static IpAddress address_on(std::size_t worker, unsigned last) {
        const auto address = [&] { return ip(("192.0.2." + std::to_string(last)).c_str()); };
        while (SimNetwork::chosen({address(), 40000}, workers) != worker) {
            ++last;
        }
        return address();
    }
    CallerOfEachWorker() {
        carrier.node().set_client_identity(certificate_of("provider.example"));
        carrier.node().set_server_identity(certificate_of("provider.example"));
    }

    SimNetwork net;
    Border border{net, lab_at_provider(), 11, workers};
    Phone alice{net,
                address_on(GetParam(), 100),
                sip::Transport::Tls,
                {ip("192.0.2.1"), 5061},
                {"alice", "example.com", "wonderland"},
                101};
    Phone bob{net,
              address_on((GetParam() + 1) % workers, 200),
              sip::Transport::Tls,
              {ip("192.0.2.1"), 5061},
              {"bob", "example.com", "builder"},
              102};
    Phone carrier{net,
                  ip("192.0.2.20"),
                  sip::Transport::Tls,
                  {ip("192.0.2.2"), 5061},
                  {"carla", "provider.example", ""},
                  700};
    Provider provider{carrier};

    void SetUp() override {
        alice.register_now();
        bob.register_now();
        ASSERT_TRUE(
            net.run_until([&] { return alice.is_registered() && bob.is_registered(); }, 40s));
        open_by_another();
    }
    // The worker of the caller knows nothing of the connection so far.
    void open_by_another() {
        const auto before = bob.statuses("MESSAGE").size();
        bob.send("MESSAGE", "sip:+15551234@provider.example", {});
        ASSERT_TRUE(net.run_until([&] { return bob.statuses("MESSAGE").size() > before; }, 40s));
        ASSERT_EQ(bob.statuses("MESSAGE").back(), 200);
    }
};

TEST_P(CallerOfEachWorker, GetsThroughAChallenge) {
    alice.invite("sip:+15551234@provider.example");
    ASSERT_TRUE(net.run_until([&] { return alice.is_in_call() && !carrier.acks().empty(); }, 40s));
    EXPECT_EQ(border.worker(GetParam()).calls(), 1U);
    EXPECT_EQ(carrier.count("INVITE"), 2U);
    alice.bye();
    ASSERT_TRUE(net.run_until([&] { return !carrier.is_in_call(); }, 40s));
    EXPECT_EQ(carrier.count("BYE"), 2U);
    EXPECT_TRUE(provider.wrong.empty());
    EXPECT_THAT(alice.statuses("INVITE"), Not(Contains(407)));
    net.settle();
    EXPECT_TRUE(border.sbc().is_empty());
}

// Within the call too, when another has opened the connection anew.
TEST_P(CallerOfEachWorker, GetsThroughAChallengeOnTheNextConnection) {
    alice.invite("sip:+15551234@provider.example");
    ASSERT_TRUE(net.run_until([&] { return alice.is_in_call() && !carrier.acks().empty(); }, 40s));
    carrier.node().cut();
    net.run_for(1s);
    open_by_another();
    alice.in_dialog(Method::Info);
    ASSERT_TRUE(net.run_until([&] { return !alice.statuses("INFO").empty(); }, 40s));
    EXPECT_EQ(alice.statuses("INFO").back(), 200);
    EXPECT_EQ(carrier.count("INFO"), 2U);
    alice.bye();
    ASSERT_TRUE(net.run_until([&] { return carrier.count("BYE") == 2U; }, 40s));
    net.settle();
    EXPECT_TRUE(border.sbc().is_empty());
    EXPECT_TRUE(border.sbc().is_consistent());
}

INSTANTIATE_TEST_SUITE_P(Workers, CallerOfEachWorker, ::testing::Values(0, 1, 2, 3));

}  // namespace
}  // namespace ringwall::test
