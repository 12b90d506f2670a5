// Who may call as whom: "every out-of-dialog request of a phone except REGISTER (always by digest),
// ACK and CANCEL is challenged unless its TLS connection carries a live registration; its From and
// P-Asserted-Identity must be an address-of-record of that registration, else 403".
#include <gtest/gtest.h>

#include <map>

#include "sbc/policy/stages.h"
#include "unit/sbc/policy/arrival.h"

namespace ringwall::sbc::policy {
namespace {

using sip::auth::Algorithm;

struct DigestOptions {
    std::string username = "alice";
    std::string password = "alice's password";
    std::string realm = "example.com";
    std::string uri = {};  // empty: the Request-URI
    Algorithm algorithm = Algorithm::Sha256;
    bool qop_auth = true;
    WallTime made = {};  // of the nonce; 0: when the request comes
    std::optional<IpAddress> nonce_source = {};
};

void sign(Arrival& arrival, DigestOptions options = {}) {
    const sip::auth::Challenge challenge{
        .realm = options.realm,
        .nonce = arrival.nonces.make(options.realm,
                                     options.nonce_source.value_or(arrival.source.address),
                                     options.made == WallTime{} ? arrival.wall : options.made),
        .opaque = "",
        .algorithm = options.algorithm,
        .qop_auth = options.qop_auth};
    const auto credentials = sip::auth::answer(
        challenge, {options.username, Secret(options.password)}, arrival.method,
        options.uri.empty() ? arrival.request_uri : options.uri, 1, arrival.random);
    arrival.headers.push_back("Authorization: " + to_string(credentials));
}

Arrival registration(std::string_view user = "alice") {
    const std::string who = "<sip:" + std::string(user) + "@example.com>";
    return Arrival{.method = "REGISTER", .request_uri = "sip:example.com", .from = who, .to = who};
}

// --- by registration

TEST(Authenticate, APhoneOnItsRegisteredConnectionIsWhoItRegisteredAs) {
    Arrival arrival{.registered = {"alice@example.com"}};
    Inbound& inbound = arrival.identified();
    EXPECT_TRUE(continues(authenticate(inbound)));
    EXPECT_EQ(inbound.proof, Proof::Registration);
    EXPECT_EQ(inbound.caller, "alice@example.com");
}

TEST(Authenticate, TheSchemeOfTheFromDoesNotMatter) {
    Arrival arrival{.from = "<sips:alice@EXAMPLE.com>", .registered = {"alice@example.com"}};
    EXPECT_TRUE(continues(authenticate(arrival.identified())));
}

TEST(Authenticate, AFromThatIsNotRegisteredThereIs403) {
    for (const char* from : {"<sip:bob@example.com>", "<sip:nobody@example.com>",
                             "<sip:anonymous@anonymous.invalid>", "<tel:+15551234>"}) {
        Arrival arrival{.from = from, .registered = {"alice@example.com"}};
        EXPECT_EQ(rejected(authenticate(arrival.identified())).status, 403) << from;
    }
}

TEST(Authenticate, AnAssertedIdentityOfSomebodyElseIs403) {
    Arrival arrival{.registered = {"alice@example.com"}};
    arrival.headers.push_back(
        "P-Asserted-Identity: <sip:alice@example.com>, <sip:bob@example.com>");
    EXPECT_EQ(rejected(authenticate(arrival.identified())).status, 403);
}

// All lines of a phone share its connection.
TEST(Authenticate, AnotherLineOfTheSameConnectionMayBeAsserted) {
    Arrival arrival{.registered = {"bob@example.com", "alice@example.com"}};
    arrival.headers.push_back("P-Asserted-Identity: <sip:bob@example.com>");
    EXPECT_TRUE(continues(authenticate(arrival.identified())));
}

TEST(Authenticate, ABrokenAssertedIdentityIs400) {
    Arrival arrival{.registered = {"alice@example.com"}};
    arrival.headers.push_back("P-Asserted-Identity: <sip:alice@example.com");
    EXPECT_EQ(rejected(authenticate(arrival.identified())).status, 400);
}

TEST(Authenticate, EveryAssertedIdentityMustBeItsOwn) {
    for (const char* asserted :
         {"<sip:bob@example.com>", "<sip:alice@example.com>, <tel:+15551234>", "<tel:+15551234>",
          "<sip:alice@example.org>", "<sip:anonymous@anonymous.invalid>"}) {
        Arrival arrival{.registered = {"alice@example.com"}};
        arrival.headers.push_back("P-Asserted-Identity: " + std::string(asserted));
        EXPECT_EQ(rejected(authenticate(arrival.identified())).status, 403) << asserted;
    }
    Arrival several{.registered = {"alice@example.com", "bob@example.com"}};
    several.headers.push_back("P-Asserted-Identity: <sips:alice@EXAMPLE.com>");
    several.headers.push_back("P-Asserted-Identity: <sip:bob@example.com>");
    several.headers.push_back("Privacy: id");
    EXPECT_TRUE(continues(authenticate(several.identified())));
}

// RFC 3325 §9.2: which of its lines a phone wants to be is a hint.
TEST(Authenticate, ThePreferredLineIsTheCallerWhereItIsOne) {
    const auto caller = [](std::initializer_list<const char*> fields) {
        Arrival arrival{.registered = {"alice@example.com", "bob@example.com"}};
        for (const char* field : fields) {
            arrival.headers.emplace_back(field);
        }
        Inbound& inbound = arrival.identified();
        EXPECT_TRUE(continues(authenticate(inbound)));
        EXPECT_EQ(inbound.proof, Proof::Registration);
        return inbound.caller;
    };
    EXPECT_EQ(caller({"P-Preferred-Identity: \"Bob\" <sip:bob@example.com>"}), "bob@example.com");
    EXPECT_EQ(caller({"P-Preferred-Identity: <tel:+15551234>, <sip:bob@example.com>"}),
              "bob@example.com");
    EXPECT_EQ(caller({"P-Preferred-Identity: <sip:president@example.com>"}), "alice@example.com");
    EXPECT_EQ(caller({"P-Preferred-Identity: <sip:broken"}), "alice@example.com");
    EXPECT_EQ(caller({"P-Preferred-Identity: <sip:alice@example.com>",
                      "P-Asserted-Identity: <sip:bob@example.com>"}),
              "bob@example.com");
}

TEST(Authenticate, APreferenceProvesNothing) {
    Arrival arrival{.registered = {"alice@example.com"}};
    arrival.from = "<sip:bob@example.com>";
    arrival.headers.push_back("P-Preferred-Identity: <sip:alice@example.com>");
    EXPECT_EQ(rejected(authenticate(arrival.identified())).status, 403);
}

// --- who leaves itself out of From (`anonymous-callers allow`)

struct Nameless : Arrival {
    explicit Nameless(std::vector<std::string> lines = {}) {
        adjacency().takes_anonymous = true;
        from = "\"Anonymous\" <sip:anonymous@anonymous.invalid>";
        registered = std::move(lines);
    }
};

TEST(Authenticate, AnAnonymousPhoneIsWhoItsConnectionSays) {
    Nameless arrival({"alice@example.com", "bob@example.com"});
    Inbound& inbound = arrival.identified();
    EXPECT_TRUE(continues(authenticate(inbound)));
    EXPECT_EQ(inbound.caller, "alice@example.com");
    arrival.headers.push_back("P-Preferred-Identity: <sip:bob@example.com>");
    Inbound& preferring = arrival.identified();
    EXPECT_TRUE(continues(authenticate(preferring)));
    EXPECT_EQ(preferring.caller, "bob@example.com");
}

TEST(Authenticate, AnAnonymousPhoneThatIsNotKnownIsChallenged) {
    Nameless arrival;
    EXPECT_EQ(challenged(authenticate(arrival.identified())).realm, "example.com");
    Nameless by_udp({"alice@example.com"});
    by_udp.transport = sip::Transport::Udp;
    by_udp.adjacency().security = Security::Untrusted;
    challenged(authenticate(by_udp.identified()));
    sign(arrival);
    Inbound& inbound = arrival.identified();
    EXPECT_TRUE(continues(authenticate(inbound)));
    EXPECT_EQ(inbound.proof, Proof::Digest);
    EXPECT_EQ(inbound.caller, "alice@example.com");
}

TEST(Authenticate, AnAnonymousPhonesCertificateMustBearWhoItIs) {
    Nameless arrival({"alice@example.com"});
    arrival.show_user_certificate("alice@example.com");
    EXPECT_TRUE(continues(authenticate(arrival.identified())));
    // It shows alice's, says that it is alice, and proves to be bob.
    Nameless stolen;
    stolen.show_user_certificate("alice@example.com");
    stolen.headers.push_back("P-Preferred-Identity: <sip:alice@example.com>");
    sign(stolen, {.username = "bob", .password = "bob's password"});
    EXPECT_EQ(rejected(authenticate(stolen.identified())).status, 403);
}

TEST(Authenticate, NobodyRegistersAnonymously) {
    Nameless arrival;
    arrival.method = "REGISTER";
    arrival.request_uri = "sip:example.com";
    arrival.to = "<sip:alice@example.com>";
    sign(arrival);
    EXPECT_EQ(rejected(authenticate(arrival.identified())).status, 403);
}

// A UDP socket is no connection.
TEST(Authenticate, NoRegistrationCountsOverUdp) {
    Arrival arrival{.transport = sip::Transport::Udp, .registered = {"alice@example.com"}};
    arrival.adjacency().security = Security::Untrusted;
    EXPECT_EQ(challenged(authenticate(arrival.identified())).realm, "example.com");
}

TEST(Authenticate, AnotherLineMayProveItselfByDigestBeforeItRegisters) {
    Arrival arrival{.from = "<sip:bob@example.com>", .registered = {"alice@example.com"}};
    sign(arrival, {.username = "bob", .password = "bob's password"});
    Inbound& inbound = arrival.identified();
    EXPECT_TRUE(continues(authenticate(inbound)));
    EXPECT_EQ(inbound.caller, "bob@example.com");
}

// --- by digest

TEST(Authenticate, APhoneWithoutARegistrationIsChallenged) {
    for (const char* method : {"INVITE", "OPTIONS", "MESSAGE"}) {
        Arrival arrival{.method = method};
        const Challenge challenge = challenged(authenticate(arrival.identified()));
        EXPECT_EQ(challenge.realm, "example.com");
        EXPECT_FALSE(challenge.stale);
    }
}

TEST(Authenticate, GoodCredentialsOfEveryAlgorithmAreTheUser) {
    for (const Algorithm algorithm : {Algorithm::Md5, Algorithm::Sha256, Algorithm::Sha512t256}) {
        Arrival arrival;
        arrival.adjacency().digest_algorithms = {Algorithm::Sha512t256, Algorithm::Sha256,
                                                 Algorithm::Md5};
        sign(arrival, {.algorithm = algorithm});
        Inbound& inbound = arrival.identified();
        EXPECT_TRUE(continues(authenticate(inbound)));
        EXPECT_EQ(inbound.proof, Proof::Digest);
        EXPECT_EQ(inbound.caller, "alice@example.com");
    }
}

TEST(Authenticate, ARegisterIsAlwaysProvenByDigest) {
    Arrival arrival = registration();
    arrival.registered = {"alice@example.com"};
    challenged(authenticate(arrival.identified()));
    sign(arrival);
    EXPECT_TRUE(continues(authenticate(arrival.identified())));
}

TEST(Authenticate, AWrongPasswordIsChallengedAfresh) {
    Arrival arrival;
    sign(arrival, {.password = "guess"});
    EXPECT_EQ(challenged(authenticate(arrival.identified())), (Challenge{"example.com", false}));
}

TEST(Authenticate, AnOldNonceIsStaleButOnlyForWhoKnowsThePassword) {
    Arrival arrival;
    sign(arrival, {.made = arrival.wall - std::chrono::seconds(301)});
    EXPECT_EQ(challenged(authenticate(arrival.identified())), (Challenge{"example.com", true}));

    Arrival wrong;
    sign(wrong, {.password = "guess", .made = wrong.wall - std::chrono::seconds(301)});
    EXPECT_EQ(challenged(authenticate(wrong.identified())), (Challenge{"example.com", false}));
}

// Nor is the answer another for who knows the password: nobody could count such guesses.
TEST(Authenticate, WhatIsMadeForANonceThatIsNotOursIsNotLookedAt) {
    for (const char* password : {"alice's password", "guess"}) {
        Arrival arrival;
        sign(arrival, {.password = password, .nonce_source = IpAddress::v4(192, 0, 2, 8)});
        Inbound& inbound = arrival.identified();
        EXPECT_EQ(challenged(authenticate(inbound)), (Challenge{"example.com", true})) << password;
        EXPECT_EQ(arrival.verifier.count(), 0U) << password;
        EXPECT_FALSE(inbound.is_guess) << password;
        EXPECT_EQ(inbound.wrong_credentials, "") << password;
    }
}

// A phone that is registered by this connection may be right itself; a guesser who has one line
// learns nothing of the others, existing or not.
TEST(Authenticate, WhereTooManyWereWrongOnlyTheirOwnPasswordsAreLookedAt) {
    for (const char* user : {"alice", "bob", "eve"}) {
        Arrival arrival = registration(user);
        arrival.transport = sip::Transport::Tls;
        arrival.registered = {"bob@example.com"};
        sign(arrival, {.username = user, .password = std::string(user) + "'s password"});
        Inbound& inbound = arrival.identified();
        inbound.has_guessed = true;
        const Verdict verdict = authenticate(inbound);
        if (std::string_view(user) == "bob") {
            EXPECT_TRUE(continues(verdict));
        } else {
            EXPECT_EQ(rejected(verdict).status, 503) << user;
            EXPECT_EQ(arrival.verifier.count(), 0U) << user;
        }
    }
}

// RFC 7616 §3.4.6.
TEST(Authenticate, CredentialsForAnotherRequestUriProveNothing) {
    Arrival arrival;
    sign(arrival, {.uri = "sip:other@example.com"});
    challenged(authenticate(arrival.identified()));
    Arrival same;
    sign(same, {.uri = "sip:bob@EXAMPLE.com"});
    EXPECT_TRUE(continues(authenticate(same.identified())));
}

TEST(Authenticate, CredentialsForAnotherMethodProveNothing) {
    Arrival arrival{.method = "OPTIONS"};
    sign(arrival);
    arrival.method = "INVITE";
    challenged(authenticate(arrival.identified()));
}

TEST(Authenticate, CredentialsForAnotherRealmAreNotForUs) {
    Arrival arrival;
    sign(arrival, {.realm = "carrier.example"});
    EXPECT_EQ(challenged(authenticate(arrival.identified())).realm, "example.com");
    sign(arrival);  // a second field, for us
    EXPECT_TRUE(continues(authenticate(arrival.identified())));
}

// What was heard on the way and sent again proves nothing (RFC 7616 §3.4.5).
TEST(Authenticate, ReplayedCredentialsAreChallengedAfreshAndNoticed) {
    Arrival arrival = registration();
    sign(arrival);
    Inbound& first = arrival.identified();
    EXPECT_TRUE(continues(authenticate(first)));
    EXPECT_FALSE(first.is_replay);
    for (int i = 0; i < 3; ++i) {
        Inbound& again = arrival.identified();
        EXPECT_TRUE(challenged(authenticate(again)).stale);
        EXPECT_TRUE(again.is_replay);
        EXPECT_EQ(again.proof, Proof::None);
    }
}

// Wrong ones neither use a count up nor learn that it was used.
TEST(Authenticate, WrongCredentialsLeaveNoTraceInTheWindow) {
    Arrival arrival = registration();
    sign(arrival, {.password = "guess"});
    EXPECT_FALSE(challenged(authenticate(arrival.identified())).stale);
    EXPECT_EQ(arrival.nonce_window.size(), 0U);
}

TEST(Authenticate, ANonceOfAnotherWorkerIsAskedForAgain) {
    Arrival arrival = registration();
    sign(arrival);
    SeededRandom other_random{99};
    arrival.nonces = sip::auth::NonceMint(other_random);
    EXPECT_TRUE(challenged(authenticate(arrival.identified())).stale);
}

TEST(Authenticate, AHashedUserNameIsNotTaken) {
    Arrival arrival = registration();
    sign(arrival);
    arrival.headers.back() += ", userhash=true";
    challenged(authenticate(arrival.identified()));
}

TEST(Authenticate, WithoutQopNothingIsProven) {
    Arrival arrival;
    sign(arrival, {.qop_auth = false});
    challenged(authenticate(arrival.identified()));
}

TEST(Authenticate, BrokenCredentialsAreChallengedAfresh) {
    Arrival arrival;
    arrival.headers.push_back("Authorization: Digest username=\"alice");
    arrival.headers.push_back("Authorization: Basic YWxpY2U6eA==");
    challenged(authenticate(arrival.identified()));
}

TEST(Authenticate, ASubscriberWithoutAPasswordCannotProveItself) {
    Arrival arrival;
    arrival.snapshot.subscribers[0].password = {};
    sign(arrival, {.password = ""});
    challenged(authenticate(arrival.identified()));
}

// Bob proves that he is bob: that he is not alice is then no secret.
TEST(Authenticate, AFromThatIsNotTheDigestsUserIs403) {
    Arrival arrival;
    sign(arrival, {.username = "bob", .password = "bob's password"});
    EXPECT_EQ(rejected(authenticate(arrival.identified())).status, 403);

    Arrival third_party = registration();
    third_party.from = "<sip:bob@example.com>";
    sign(third_party);
    EXPECT_EQ(rejected(authenticate(third_party.identified())).status, 403);
}

TEST(Authenticate, ARegisterForSomebodyElseIs403) {
    Arrival arrival = registration();
    arrival.to = "<sip:bob@example.com>";
    sign(arrival);
    EXPECT_EQ(rejected(authenticate(arrival.identified())).status, 403);
}

// The answers must not tell who exists.
TEST(Authenticate, AnUnknownUserIsChallengedLikeAKnownOne) {
    for (const bool with_credentials : {false, true}) {
        Arrival known = registration("alice");
        Arrival unknown = registration("nobody");
        for (Arrival* each : {&known, &unknown}) {
            each->snapshot.subscribers[0].realm = "realm of the house";
            each->snapshot.subscribers[1].realm = "realm of the house";
            if (with_credentials) {
                sign(*each, {.password = "guess", .realm = "realm of the house"});
            }
        }
        EXPECT_EQ(challenged(authenticate(known.identified())),
                  challenged(authenticate(unknown.identified())));
    }
}

// Nor does the work for it, however few of the subscribers are of the domain.
TEST(Authenticate, WhoseRealmAnUnknownUserHearsIsFoundAtOnce) {
    Snapshot snapshot = example_snapshot();
    for (int i = 0; i < 1000; ++i) {
        const std::string user = "u" + std::to_string(i);
        snapshot.subscribers.push_back(
            {user + "@other.example", user, "other", {user, "other", Secret("x")}, ""});
    }
    ASSERT_EQ(snapshot.subscriber_count("example.com"), 2U);
    EXPECT_EQ(snapshot.subscriber_of("example.com", 1).address_of_record, "bob@example.com");
    EXPECT_EQ(snapshot.subscriber_count("other.example"), 1000U);
    auto stored = std::make_shared<Subscribers>();
    stored->push_back({.address_of_record = "carol@example.com",
                       .username = "carol",
                       .realm = "example.com",
                       .password = {},
                       .certificate_name = ""});
    snapshot.stored_subscribers = std::move(stored);
    ASSERT_EQ(snapshot.subscriber_count("example.com"), 3U);
    EXPECT_EQ(snapshot.subscriber_of("example.com", 2).address_of_record, "carol@example.com");
    EXPECT_EQ(snapshot.subscriber_count("nowhere.example"), 0U);
}

// Where one domain has several realms an unknown user has one of them too, and keeps it.
TEST(Authenticate, TheRealmDoesNotTellWhoExists) {
    Arrival arrival;
    for (int i = 0; i < 40; ++i) {
        const std::string user = "u" + std::to_string(i);
        const std::string realm = i % 4 == 0 ? "old.example" : "example.com";
        auto& list = arrival.snapshot.subscribers;  // of two domains, side by side
        list.push_back({user + "@example.com", user, realm, {user, realm, Secret("x")}, ""});
        list.push_back(
            {user + "@other.example", user, "other realm", {user, "other realm", Secret("x")}, ""});
    }
    const auto realm_of = [&arrival](const std::string& user) {
        arrival.from = "<sip:" + user + "@example.com>";
        return challenged(authenticate(arrival.identified())).realm;
    };
    EXPECT_EQ(realm_of("u0"), "old.example");
    std::map<std::string, int> heard;
    std::vector<std::string> first;
    for (int i = 0; i < 200; ++i) {
        first.push_back(realm_of("nobody" + std::to_string(i)));
        ++heard[first.back()];
        EXPECT_EQ(realm_of("nobody" + std::to_string(i)), first.back());
    }
    EXPECT_EQ(heard.size(), 2U);
    EXPECT_GT(heard["old.example"], 10);  // about as many as of those who are known
    EXPECT_LT(heard["old.example"], 90);
    // One more subscriber, and nearly all hear what they heard before.
    arrival.snapshot.subscribers.push_back({.address_of_record = "new@example.com",
                                            .username = "new",
                                            .realm = "old.example",
                                            .password = {"new", "old.example", Secret("x")},
                                            .certificate_name = ""});
    int others = 0;
    for (int i = 0; i < 200; ++i) {
        others +=
            realm_of("nobody" + std::to_string(i)) == first[static_cast<std::size_t>(i)] ? 0 : 1;
    }
    EXPECT_LT(others, 20);
}

TEST(Authenticate, ASubscriberOfAnotherDomainIsNobodyHere) {
    Arrival arrival{.from = "<sip:carol@elsewhere.example>"};
    arrival.snapshot.subscribers.push_back({.address_of_record = "carol@elsewhere.example",
                                            .username = "carol",
                                            .realm = "example.com",
                                            .password = {"carol", "example.com", Secret("x")},
                                            .certificate_name = ""});
    sign(arrival, {.username = "carol", .password = "x"});
    EXPECT_EQ(challenged(authenticate(arrival.identified())).realm, "example.com");
}

// --- certificates of phones

TEST(Authenticate, APhonesCertificateMustBearItsSubscriber) {
    Arrival arrival{.registered = {"alice@example.com"}};
    arrival.show_user_certificate("alice@example.com");
    EXPECT_TRUE(continues(authenticate(arrival.identified())));

    Arrival stolen{.from = "<sip:bob@example.com>", .registered = {"bob@example.com"}};
    stolen.show_user_certificate("alice@example.com");
    EXPECT_EQ(rejected(authenticate(stolen.identified())).status, 403);
}

// Settled: "or the leaf that maps names".
TEST(Authenticate, ANameInTheCertificateMayStandForASubscriber) {
    Arrival arrival{.registered = {"alice@example.com"}};
    arrival.identity.has_certificate = arrival.identity.is_verified = true;
    arrival.identity.common_name = "001122AABBCC";
    EXPECT_EQ(rejected(authenticate(arrival.identified())).status, 403);
    arrival.snapshot.subscribers[0].certificate_name = "001122aabbcc";
    EXPECT_TRUE(continues(authenticate(arrival.identified())));
}

TEST(Authenticate, ACertificateDoesNotReplaceTheDigest) {
    Arrival arrival = registration();
    arrival.show_user_certificate("alice@example.com");
    challenged(authenticate(arrival.identified()));
}

// --- peers

// --- where a registrar behind us knows the passwords

Arrival behind_us(Arrival arrival) {
    arrival.snapshot.adjacencies[phones].registration_target = softswitch;
    return arrival;
}

TEST(Authenticate, ARegisterGoesOnToWhoKnowsThePassword) {
    Arrival arrival = behind_us(registration("carol"));
    Inbound& inbound = arrival.identified();
    EXPECT_TRUE(continues(authenticate(inbound))) << "no subscriber of ours";
    EXPECT_EQ(inbound.caller, "carol@example.com");
    EXPECT_EQ(inbound.proof, Proof::None);
    Arrival other = behind_us(registration("carol"));
    other.from = "<sip:bob@example.com>";
    EXPECT_EQ(rejected(authenticate(other.identified())).status, 403) << "for itself alone";
}

TEST(Authenticate, WithoutARegistrationThereNothingElseGoesOn) {
    Arrival stranger = behind_us({});
    EXPECT_EQ(rejected(authenticate(stranger.identified())).status, 403);
    sign(stranger);  // what we might know of alice does not count
    EXPECT_EQ(rejected(authenticate(stranger.identified())).status, 403);
    Arrival known = behind_us({.registered = {"alice@example.com"}});
    EXPECT_TRUE(continues(authenticate(known.identified())));
    Arrival other =
        behind_us({.from = "<sip:carol@example.com>", .registered = {"alice@example.com"}});
    EXPECT_EQ(rejected(authenticate(other.identified())).status, 403);
}

// Of whatever network it is that a registrar behind us serves, too.
TEST(Authenticate, AStrangerIsNoUserOfADomainThatIsServedHere) {
    for (const char* from :
         {"<sip:alice@example.com>", "<sip:x@Example.COM.>", "<im:alice@example.com>",
          "<pres:alice@EXAMPLE.com?subject=x>", "<tel:+123;phone-context=Example.com>",
          "<tel:1001;phone-context=example.com.>", "<tel:1001;x=y;Phone-Context=%65xample.com>"}) {
        Arrival arrival{.by = outside, .from = from};
        const Reject reject = rejected(authenticate(arrival.identified()));
        EXPECT_EQ(reject.status, 403);
        EXPECT_EQ(reject.reason, "From Is Not Yours");
        EXPECT_NE(reject.detail.find("is served here, and adjacency outside is untrusted"),
                  std::string::npos);
        arrival.adjacency().takes_own_callers = true;
        EXPECT_TRUE(continues(authenticate(arrival.identified())));
    }
    for (const AdjacencyIndex by : {carrier, softswitch}) {
        Arrival arrival{.by = by};
        EXPECT_TRUE(continues(authenticate(arrival.identified())));
    }
    for (const char* from : {"<tel:+493012345>", "<tel:1001>", "<tel:1001;phone-context=+4930>",
                             "<tel:1001;phone-context=example.net>"}) {
        Arrival arrival{.by = outside, .from = from};
        EXPECT_TRUE(continues(authenticate(arrival.identified()))) << from;
    }
    Arrival registrar{.by = outside};
    registrar.snapshot.adjacencies[phones].registration_target = outside;
    EXPECT_TRUE(continues(authenticate(registrar.identified())));
    registrar.by = softswitch;
    registrar.adjacency().security = Security::Untrusted;
    EXPECT_EQ(rejected(authenticate(registrar.identified())).status, 403);
}

TEST(Authenticate, APeerIsNotChallenged) {
    for (const AdjacencyIndex by : {carrier, softswitch, outside}) {
        Arrival arrival{.by = by, .from = "<sip:anybody@anywhere.example>"};
        EXPECT_TRUE(continues(authenticate(arrival.identified())));
    }
}

// --- who guesses

struct Guess {
    Verdict verdict;
    bool is_guess = false;
    std::uint64_t digests = 0;
};

Guess guess(const std::string& user, const DigestOptions& options) {
    Arrival arrival = registration(user);
    sign(arrival, options);
    Inbound& inbound = arrival.identified();
    Guess out{.verdict = authenticate(inbound)};
    out.is_guess = inbound.is_guess;
    out.digests = arrival.verifier.count();
    return out;
}

// Neither the answer nor the work tells who exists.
TEST(Authenticate, WhoIsNotKnownCostsWhatAWrongPasswordCosts) {
    const Guess known = guess("alice", {.password = "guess"});
    const Guess unknown = guess("eve", {.username = "eve", .password = "guess"});
    EXPECT_EQ(known.verdict, unknown.verdict);
    EXPECT_EQ(known.digests, 1U);
    EXPECT_EQ(unknown.digests, 1U);
    // Nobody's password is nobody's to use.
    EXPECT_EQ(guess("nobody", {.username = "nobody", .password = "nothing", .realm = "example.com"})
                  .verdict,
              known.verdict);
}

TEST(Authenticate, AGuessIsOneForANonceThatThisSourceWasSent) {
    EXPECT_TRUE(guess("alice", {.password = "guess"}).is_guess);
    EXPECT_TRUE(guess("eve", {.username = "eve", .password = "guess"}).is_guess);
    EXPECT_FALSE(guess("alice", {}).is_guess);
    // A datagram that somebody sent with this address in it: its nonce was somebody else's.
    EXPECT_FALSE(guess("alice", {.password = "guess", .nonce_source = IpAddress::v4(192, 0, 2, 8)})
                     .is_guess);
}

}  // namespace
}  // namespace ringwall::sbc::policy
