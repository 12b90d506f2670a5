#include "sbc/config/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <sstream>

#include "base/random.h"

namespace ringwall::sbc {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Result<std::string, std::string> read_pki(const std::string& name) {
    std::ifstream file(std::string(TEST_DATA) + "/unit/sbc/config/pki/" + name);
    if (!file) {
        return fail(std::string("No such file or directory"));
    }
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

Result<Configuration, ConfigError> read(const std::string& text) {
    return read_configuration(text, "ringwall.conf", read_pki);
}

std::string error_of(const std::string& text) {
    const auto result = read(text);
    return result ? "accepted" : result.error().to_string();
}

constexpr std::string_view head =
    "sbc mysbc\n"
    " sbe\n"
    "  tls certificate sbc.crt\n"
    "  tls private-key sbc.key\n"
    "  tls trust-anchors ca.crt\n";

// The lines of an adjacency begin on line 7.
std::string with_adjacency(const std::string& lines) {
    return std::string(head) + "  adjacency sip peer\n" + lines;
}

std::string with_policy(const std::string& lines) {
    return with_adjacency("   signaling-address ipv4 192.0.2.1\n") + lines;
}

constexpr std::string_view whole_file = R"(! the lab
sbc mysbc
 sbe
  tls certificate sbc.crt
  tls private-key sbc.key
  tls trust-anchors ca.crt
  sip hunting-trigger 408 503
  subscriber Alice@RINGWALL.test
   password "open sesame"
  subscriber sip:bob@ringwall.test
   password b!b
   username 4711
   realm home
   certificate-name bob-phone
  adjacency sip phones
   description "all the phones" ! in the house
   security trusted-encrypted
   sip-calls-in secure
   sip-calls-out secure-only
   inherit profile preset-access
   signaling-address ipv4 192.0.2.1
   remote-address ipv4 192.0.2.0 255.255.255.0
   domain Ringwall.test
   tls handshake-timeout 30
   attach
   exit
  adjacency sip softswitch
   security trusted-unencrypted
   sips-conversion to-sip
   untrusted-callers refuse
   media-security preferred
   signaling-address ipv4 192.0.2.1
   signaling-peer Switch.Example.COM
   signaling-peer-port 5070
   preferred-transport tcp
   mandated-transport tcp
   remote-address ipv4 198.51.100.0 255.255.255.252
   hunting-trigger 500
   redirect-mode recurse
   redirect-limit 3
   session-timer 600
   session-timer-minimum 120
   attach
  adjacency sip core
   security trusted-encrypted
   signaling-address ipv6 2001:db8::1
   signaling-peer core.example.com
   remote-address ipv6 2001:db8:1::/48
  adjacency sip outside
   no security
   no session-timer
   signaling-address ipv4 203.0.113.1
   activate
  call-policy-set 1
   first-call-routing-table BY-SOURCE
   rtg-src-adjacency-table BY-SOURCE
    entry 2
     match-adjacency phones
     dst-adjacency softswitch
     action complete
    entry 1
     match-adjacency outside
     action next-table BY-PREFIX
   rtg-dst-address-table BY-PREFIX
    entry 1
     match-prefix 49
     dst-adjacency softswitch
     weight 3
    entry 2
     action reject
   complete
  active-call-policy-set 1
)";

TEST(ConfigurationReader, ReadsAWholeFile) {
    const auto result = read(std::string(whole_file));
    ASSERT_TRUE(result) << result.error().to_string();
    const Snapshot& snapshot = *result->snapshot;
    EXPECT_EQ(snapshot.service, "mysbc");
    EXPECT_THAT(snapshot.hunting_trigger, ElementsAre(408, 503));
    ASSERT_EQ(snapshot.adjacencies.size(), 4U);

    const Adjacency& phones = snapshot.adjacencies[0];
    EXPECT_EQ(phones.description, "all the phones");
    EXPECT_TRUE(phones.is_attached);
    EXPECT_EQ(phones.security, Security::TrustedEncrypted);
    EXPECT_EQ(phones.sip_calls_in, SipCallsIn::Secure);
    EXPECT_EQ(phones.sip_calls_out, SipCallsOut::SecureOnly);
    EXPECT_EQ(phones.profile, Profile::Access);
    EXPECT_EQ(phones.signaling_port, 5061);
    EXPECT_EQ(phones.preferred_transport, sip::Transport::Tls);
    EXPECT_EQ(phones.media_security, MediaSecurity::Preferred);
    EXPECT_EQ(phones.refer, ReferMode::Pass);
    EXPECT_EQ(phones.tls_client_authentication, tls::ClientAuthentication::Optional);
    EXPECT_EQ(phones.tls_handshake_timeout, Duration(30s));
    EXPECT_THAT(phones.domains, ElementsAre("ringwall.test"));
    EXPECT_THAT(phones.remote_addresses, ElementsAre(Network{IpAddress::v4(192, 0, 2, 0), 24}));
    EXPECT_NE(phones.tls_server, nullptr);
    EXPECT_NE(phones.tls_client, nullptr);
    EXPECT_EQ(phones.own_host(), "ringwall.test");

    const Adjacency& softswitch = snapshot.adjacencies[1];
    EXPECT_EQ(softswitch.sips_conversion, SipsConversion::ToSip);
    EXPECT_EQ(softswitch.untrusted_callers, UntrustedCallers::Refuse);
    EXPECT_EQ(softswitch.media_security, MediaSecurity::Preferred);
    EXPECT_EQ(softswitch.signaling_port, 5060);
    EXPECT_EQ(softswitch.signaling_peer, "switch.example.com");
    EXPECT_FALSE(softswitch.signaling_peer_address);
    EXPECT_EQ(softswitch.signaling_peer_port, 5070);
    EXPECT_EQ(softswitch.preferred_transport, sip::Transport::Tcp);
    EXPECT_EQ(softswitch.mandated_transport, sip::Transport::Tcp);
    EXPECT_THAT(softswitch.hunting_trigger, ElementsAre(500));
    EXPECT_EQ(softswitch.redirect_mode, RedirectMode::Recurse);
    EXPECT_EQ(softswitch.redirect_limit, 3U);
    EXPECT_EQ(softswitch.session_timer, 600U);
    EXPECT_EQ(softswitch.session_timer_minimum, 120U);
    EXPECT_EQ(softswitch.tls_server, nullptr);
    EXPECT_EQ(softswitch.own_host(), "192.0.2.1");

    const Adjacency& outside = snapshot.adjacencies[3];
    EXPECT_EQ(outside.security, Security::Untrusted);
    EXPECT_EQ(outside.media_security, MediaSecurity::Off);
    EXPECT_EQ(outside.refer, ReferMode::Refuse);
    EXPECT_TRUE(outside.is_attached);
}

TEST(ConfigurationReader, GivesAnEncryptedPeerItsDefaults) {
    const auto result = read(std::string(whole_file));
    ASSERT_TRUE(result);
    const Adjacency& core = result->snapshot->adjacencies[2];
    EXPECT_FALSE(core.is_attached);
    EXPECT_EQ(core.tls_server, nullptr) << "certificates are for the attached";
    EXPECT_EQ(core.tls_client_authentication, tls::ClientAuthentication::Required);
    EXPECT_THAT(core.tls_peer_domains, ElementsAre("core.example.com"));
    EXPECT_EQ(core.own_host(), "[2001:db8::1]");
}

TEST(ConfigurationReader, ReadsSubscribersWithTheirDefaults) {
    const auto result = read(std::string(whole_file));
    ASSERT_TRUE(result);
    const Subscriber* alice = result->snapshot->subscriber("Alice@ringwall.test");
    ASSERT_NE(alice, nullptr);
    EXPECT_EQ(alice->username, "Alice");
    EXPECT_EQ(alice->realm, "ringwall.test");
    EXPECT_EQ(alice->password,
              sip::auth::HashedPassword(alice->username, alice->realm, Secret("open sesame")));
    const Subscriber* bob = result->snapshot->subscriber("bob@ringwall.test");
    ASSERT_NE(bob, nullptr);
    EXPECT_EQ(bob->username, "4711");
    EXPECT_EQ(bob->realm, "home");
    EXPECT_EQ(bob->password, sip::auth::HashedPassword(bob->username, bob->realm, Secret("b!b")));
    EXPECT_EQ(bob->certificate_name, "bob-phone");
    EXPECT_EQ(result->snapshot->subscriber("carol@ringwall.test"), nullptr);
}

TEST(ConfigurationReader, ReadsTheActiveCallPolicyByEntryNumber) {
    const auto result = read(std::string(whole_file));
    ASSERT_TRUE(result);
    ASSERT_TRUE(result->snapshot->call_policy);
    const CallPolicySet& policy = *result->snapshot->call_policy;
    EXPECT_EQ(policy.first_call_routing_table, "BY-SOURCE");
    ASSERT_EQ(policy.tables.size(), 2U);
    ASSERT_EQ(policy.tables[0].entries.size(), 2U);
    EXPECT_EQ(policy.tables[0].entries[0].next_table, "BY-PREFIX");
    EXPECT_EQ(policy.tables[0].entries[1].match, "phones");
    EXPECT_EQ(policy.tables[0].entries[1].destination, AdjacencyIndex{1});
    EXPECT_EQ(policy.tables[1].kind, RoutingTable::Kind::DestinationAddress);
    EXPECT_EQ(policy.tables[1].entries[0].weight, 3U);
    EXPECT_EQ(policy.tables[1].entries[1].action, RoutingEntry::Action::Reject);
}

TEST(ConfigurationReader, SaysWhatWouldBeRight) {
    EXPECT_EQ(error_of(with_adjacency("   security trusted-encryptd\n")),
              "ringwall.conf:7: 'trusted-encryptd' is no value of 'security'; use untrusted, "
              "trusted-encrypted or trusted-unencrypted");
}

struct Mistake {
    std::string lines;     // of adjacency "peer", from line 7 on
    unsigned line;         // where it is found
    std::string sentence;  // a part of it
};

class AdjacencyMistake : public ::testing::TestWithParam<Mistake> {};

TEST_P(AdjacencyMistake, IsNamedWithItsLine) {
    const auto result = read(with_adjacency(GetParam().lines));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().line, GetParam().line) << result.error().to_string();
    EXPECT_THAT(result.error().sentence, HasSubstr(GetParam().sentence));
}

INSTANTIATE_TEST_SUITE_P(
    Words, AdjacencyMistake,
    ::testing::Values(
        Mistake{"   securty untrusted\n", 7, "did you mean 'security'?"},
        Mistake{"   xyzzyplugh\n", 7, "'xyzzyplugh' is no command under 'adjacency sip NAME'"},
        Mistake{"   password x\n", 7, "it goes under 'subscriber USER@DOMAIN'"},
        Mistake{"   tls certficate x\n", 7, "'certficate' does not go after 'tls'; use"},
        Mistake{"   tls\n", 7, "'tls' needs another word"},
        Mistake{"   security\n", 7, "too few words; write: security untrusted|"},
        Mistake{"   attach now\n", 7, "too many words; write: attach"},
        Mistake{"   security untrusted\n   no security\n", 8, "already given on line 7"},
        Mistake{"   signaling-port 70000\n", 7, "a number from 1 to 65535"},
        Mistake{"   signaling-port 5060x\n", 7, "a number from 1 to 65535"},
        Mistake{"   signaling-address ipv4 192.0.2.300\n", 7, "is no IPv4 address"},
        Mistake{"   signaling-address ipv4 2001:db8::1\n", 7, "is no IPv4 address"},
        Mistake{"   signaling-address ipv4 0.0.0.0\n", 7, "is no address of a host"},
        Mistake{"   remote-address ipv4 192.0.2.0 255.0.255.0\n", 7, "must stand together"},
        Mistake{"   remote-address ipv4 192.0.2.1 255.255.255.0\n", 7, "outside of its mask"},
        Mistake{"   remote-address ipv4 192.0.2.0\n", 7, "lacks its mask"},
        Mistake{"   remote-address ipv6 2001:db8::\n", 7, "like 2001:db8::/32"},
        Mistake{"   signaling-peer 10.0.0.300\n", 7, "neither a host name nor an address"},
        Mistake{"   domain exa_mple..com\n", 7, "is no domain name"},
        Mistake{"   hunting-trigger 404 200\n", 7, "codes from 400 to 699"},
        Mistake{"   tls handshake-timeout 10\n", 7, "from 15 to 120"},
        Mistake{"   description \"no end\n", 7, "opened and not closed"},
        Mistake{"  adjacency sip peer\n", 7, "there twice, first on line 6"},
        Mistake{"  adjacency sip a/b\n", 7, "is no name"},
        Mistake{"  sbc other\n", 7, "there is one service only"},
        Mistake{"  subscriber alice\n", 7, "like alice@example.com"}));

INSTANTIATE_TEST_SUITE_P(
    LeavesThatMeanNothing, AdjacencyMistake,
    ::testing::Values(
        Mistake{"   sip-calls-in secure\n", 7, "means nothing on an adjacency that is untrusted"},
        Mistake{"   sip-calls-out any\n   security trusted-unencrypted\n", 7,
                "make the adjacency trusted-encrypted"},
        Mistake{"   security trusted-encrypted\n   sips-conversion to-sip\n", 8,
                "make the adjacency trusted-unencrypted"},
        Mistake{"   untrusted-callers allow\n", 7, "means nothing"},
        Mistake{"   security trusted-encrypted\n   preferred-transport udp\n", 8,
                "always uses TLS"},
        Mistake{"   security trusted-encrypted\n   mandated-transport tcp\n", 8, "always uses TLS"},
        Mistake{"   mandated-transport tcp\n   preferred-transport udp\n", 8,
                "not what 'mandated-transport' demands"},
        Mistake{"   tls client-authentication off\n", 7, "means nothing"},
        Mistake{"   tls allow-wildcard\n", 7, "means nothing"},
        Mistake{"   tls certificate sbc.crt\n", 7, "means nothing"},
        Mistake{"   media-security required\n", 7, "needs DTLS-SRTP through the media engine"},
        Mistake{"   privacy trusted\n", 7, "would believe whoever asserts"},
        Mistake{"   anonymous-callers allow\n", 7, "means nothing on an adjacency without"},
        Mistake{"   security trusted-unencrypted\n   own-domain-callers allow\n", 8,
                "means nothing on an adjacency that is trusted"},
        Mistake{"   inherit profile preset-access\n   own-domain-callers allow\n", 8,
                "means nothing on an adjacency that is trusted or inherits preset-access"},
        Mistake{"   media anchored\n", 7, "add 'media-engine ipv4 ADDRESS' to sbe"},
        Mistake{"   signaling-peer-port 5070\n", 7, "needs a 'signaling-peer'"},
        Mistake{"   inherit profile preset-access\n", 6, "add 'domain NAME'"}));

INSTANTIATE_TEST_SUITE_P(
    Attached, AdjacencyMistake,
    ::testing::Values(
        Mistake{"   attach\n", 6, "add 'signaling-address"},
        Mistake{"   security trusted-encrypted\n   signaling-address ipv4 192.0.2.1\n"
                "   signaling-peer 192.0.2.9\n",
                9, "add 'tls peer-domain NAME'"},
        Mistake{"   signaling-address ipv4 192.0.2.1\n   remote-address ipv6 2001:db8::/32\n", 8,
                "can never reach"},
        Mistake{"   signaling-address ipv4 192.0.2.1\n   signaling-peer 2001:db8::9\n", 8,
                "cannot be reached"},
        Mistake{"   security trusted-encrypted\n   signaling-address ipv4 192.0.2.1\n"
                "   tls certificate gone.crt\n   attach\n",
                9, "'gone.crt' cannot be read: No such file or directory"},
        Mistake{"   security trusted-encrypted\n   signaling-address ipv4 192.0.2.1\n"
                "   tls private-key other.key\n   attach\n",
                3, "TLS of adjacency 'peer'"}));

// ---- a customer of a provider, and session timers -----------------------------------------------

const std::string provider =
    "   signaling-address ipv4 192.0.2.1\n   signaling-peer provider.example\n";

TEST(ConfigurationReader, ReadsACustomersAccountAndRegistration) {
    const auto result =
        read(with_adjacency(provider + "   authentication-realm outbound home trunk secret\n"
                                       "   authentication-realm outbound away other secret\n"
                                       "   register sip:Trunk@provider.example\n"
                                       "   registration-expiry 600\n"));
    ASSERT_TRUE(result) << result.error().to_string();
    const Adjacency& peer = result->snapshot->adjacencies.front();
    ASSERT_EQ(peer.outbound_accounts.size(), 2U);
    EXPECT_EQ(peer.outbound_accounts[0].realm, "home");
    EXPECT_EQ(peer.outbound_accounts[0].username, "trunk");
    EXPECT_EQ(peer.outbound_accounts[1].realm, "away");
    ASSERT_TRUE(peer.registration);
    EXPECT_EQ(peer.registration->user, "Trunk");
    EXPECT_EQ(peer.registration->domain, "provider.example");
    EXPECT_EQ(peer.registration->scheme, sip::Scheme::Sip);
    EXPECT_EQ(peer.registration_expiry, 600U);
}

TEST(ConfigurationReader, ReadsHowThePeerIsPinged) {
    const auto ping = [](const std::string& lines) {
        const auto result = read(with_adjacency(provider + lines));
        EXPECT_TRUE(result) << result.error().to_string();
        return result ? result->snapshot->adjacencies.front().ping : std::nullopt;
    };
    EXPECT_EQ(ping(""), std::nullopt);
    const auto by_default = ping("   ping-enable\n");
    ASSERT_TRUE(by_default.has_value());
    EXPECT_EQ(by_default->interval, 32s);
    EXPECT_EQ(by_default->lifetime, 32s);
    EXPECT_EQ(by_default->fail_count, 3U);
    const auto other = ping(
        "   ping-enable\n    ping-interval 10\n    ping-lifetime 4\n"
        "    ping-fail-count 2\n");
    ASSERT_TRUE(other.has_value());
    EXPECT_EQ(other->interval, 10s);
    EXPECT_EQ(other->lifetime, 4s);
    EXPECT_EQ(other->fail_count, 2U);
}

TEST(ConfigurationReader, ReadsTheRegistrarBehind) {
    const std::string phones =
        "  adjacency sip phones\n   inherit profile preset-access\n   domain ringwall.test\n";
    const auto result =
        read(with_adjacency(provider + phones +
                            "   registration target adjacency peer\n"
                            "   registration outgoing timer 7200\n"
                            "   registration incoming timer 1800\n"
                            "   fast-register-interval 60\n   registration challenges pass\n"));
    ASSERT_TRUE(result) << result.error().to_string();
    const Adjacency& its = result->snapshot->adjacencies.back();
    EXPECT_EQ(its.registration_target, AdjacencyIndex{0});
    EXPECT_EQ(its.registration_outgoing_timer, 7200U);
    EXPECT_EQ(its.registration_incoming_timer, 1800U);
    EXPECT_EQ(its.fast_register_interval, 60U);
    EXPECT_TRUE(its.passes_challenges);
    const auto own = read(with_adjacency(provider + phones));
    ASSERT_TRUE(own);
    EXPECT_EQ(own->snapshot->adjacencies.back().registration_target, std::nullopt);
    EXPECT_FALSE(own->snapshot->adjacencies.back().passes_challenges);
}

TEST(ConfigurationReader, ADomainHasOneRegistrar) {
    const std::string phones = "   inherit profile preset-access\n   domain ringwall.test\n";
    const std::string target = "   registration target adjacency peer\n";
    const auto both = [&](const std::string& one, const std::string& other) {
        return read(with_adjacency(provider + "  adjacency sip one\n" + phones + one +
                                   "  adjacency sip other\n" + phones + other));
    };
    EXPECT_TRUE(both(target, target));
    EXPECT_TRUE(both("", ""));
    for (const auto& result : {both(target, ""), both("", target)}) {
        ASSERT_FALSE(result);
        EXPECT_THAT(result.error().to_string(),
                    HasSubstr("register here and on adjacency 'one' at different registrars"));
    }
}

TEST(ConfigurationReader, ReadsSessionTimersAndTheMandatedTransport) {
    const auto result =
        read(with_adjacency(provider + "   session-timer 600\n   session-timer-minimum 120\n"
                                       "   mandated-transport tcp\n"));
    ASSERT_TRUE(result) << result.error().to_string();
    const Adjacency& peer = result->snapshot->adjacencies.front();
    EXPECT_EQ(peer.session_timer, 600U);
    EXPECT_EQ(peer.session_timer_minimum, 120U);
    EXPECT_EQ(peer.mandated_transport, sip::Transport::Tcp);
    const auto none = read(with_adjacency(provider + "   no session-timer\n"));
    ASSERT_TRUE(none);
    EXPECT_EQ(none->snapshot->adjacencies.front().session_timer, std::nullopt);
}

TEST(ConfigurationReader, ReadsWhatBecomesOfARefer) {
    for (const auto& [word, mode] : {std::pair{"pass", ReferMode::Pass},
                                     {"refuse", ReferMode::Refuse},
                                     {"handle", ReferMode::Handle}}) {
        const auto result = read(with_adjacency(provider + "   refer " + word + "\n"));
        ASSERT_TRUE(result) << result.error().to_string();
        EXPECT_EQ(result->snapshot->adjacencies.front().refer, mode) << word;
    }
}

TEST(ConfigurationReader, AnAdjacencyThatSaysNothingOfThemHasTheirDefaults) {
    const auto result = read(with_adjacency(provider));
    ASSERT_TRUE(result);
    const Adjacency& peer = result->snapshot->adjacencies.front();
    EXPECT_TRUE(peer.outbound_accounts.empty());
    EXPECT_EQ(peer.registration, std::nullopt);
    EXPECT_EQ(peer.registration_expiry, 3600U);
    EXPECT_EQ(peer.session_timer, 1800U);
    EXPECT_EQ(peer.session_timer_minimum, 90U);
    EXPECT_EQ(peer.mandated_transport, std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(
    Provider, AdjacencyMistake,
    ::testing::Values(
        Mistake{"   authentication-realm outbound home trunk\n", 7, "too few words"},
        Mistake{"   authentication-realm outbound home trunk \"\"\n", 7,
                "needs a realm, a user and a password"},
        Mistake{"   authentication-realm outbound home a b\n"
                "   authentication-realm outbound home c d\n",
                8, "this realm already has an account on this adjacency"},
        Mistake{"   authentication-realm outbound home trunk secret\n", 7,
                "needs a 'signaling-peer'"},
        Mistake{"   register trunk\n", 7, "needs an address-of-record like"},
        Mistake{"   register trunk@provider.example\n", 7, "needs a 'signaling-peer'"},
        Mistake{provider + "   register sips:trunk@provider.example\n", 9, "over TLS only"},
        Mistake{provider + "   register a@b.example\n   register c@d.example\n", 10,
                "already given on line 9"},
        Mistake{provider + "   registration-expiry 600\n", 9, "needs a 'register'"},
        Mistake{"   ping-enable\n", 7, "'ping-enable' needs a 'signaling-peer'"},
        Mistake{provider + "   ping-enable\n    ping-lifetime 33\n", 10, "a number from 1 to 32"},
        Mistake{"   registration-expiry 59\n", 7, "a number from 60 to 86400"},
        Mistake{provider + "   registration target adjacency peer\n", 9,
                "means nothing where no phones register"},
        Mistake{"   inherit profile preset-access\n   domain a.test\n"
                "   registration target adjacency nobody\n",
                9, "'nobody' is no adjacency"},
        Mistake{"   inherit profile preset-access\n   domain a.test\n"
                "   registration target adjacency peer\n",
                9, "leads to no registrar"},
        Mistake{"   fast-register-interval 30\n", 7, "needs a 'registration target adjacency'"},
        Mistake{"   session-timer 89\n", 7, "a number from 90 to 86400"},
        Mistake{"   session-timer-minimum 86401\n", 7, "a number from 90 to 86400"},
        Mistake{"   mandated-transport tls\n", 7, "is no value of 'mandated-transport'"},
        Mistake{provider + "   preferred-transport udp\n   mandated-transport tcp\n", 9,
                "is not what 'mandated-transport' demands"}));

TEST(ConfigurationReader, WantsCertificateKeyAndAnchorsOfAnAttachedEncryptedAdjacency) {
    const std::string text =
        "sbc s\n sbe\n  adjacency sip peer\n   security trusted-encrypted\n"
        "   signaling-address ipv4 192.0.2.1\n   attach\n";
    EXPECT_EQ(error_of(text),
              "ringwall.conf:3: adjacency 'peer' cannot be attached encrypted without 'tls "
              "certificate FILE'; add it there, or under 'sbe' for all");
}

TEST(ConfigurationReader, DoesNotShowWhatMayBeAPassword) {
    for (const char* line : {"password=wonderland", "wonderland", "\"wonder land\""}) {
        const std::string error =
            error_of(std::string(head) + "  subscriber alice@ringwall.test\n   " + line +
                     "\n   password a\n");
        EXPECT_THAT(error, HasSubstr(":7: there is no command like this"));
        EXPECT_THAT(error, Not(HasSubstr("wonder")));
    }
}

TEST(ConfigurationReader, WantsAPasswordForEverySubscriber) {
    EXPECT_THAT(error_of(std::string(head) + "  subscriber alice@ringwall.test\n"),
                HasSubstr(":6: subscriber 'alice@ringwall.test' has no password"));
    EXPECT_THAT(
        error_of(std::string(head) + "  subscriber alice@ringwall.test\n   password \"\"\n"),
        HasSubstr(":7: 'password' must not be empty"));
}

// Users are compared by address-of-record, however they are written.
TEST(ConfigurationReader, FindsTheSameSubscriberTwice) {
    EXPECT_THAT(
        error_of(std::string(head) + "  subscriber alice@ringwall.test\n   password a\n"
                                     "  subscriber sips:%61lice@RINGWALL.TEST\n   password b\n"),
        HasSubstr(":8: 'subscriber' 'alice@ringwall.test' is there twice, first on line 6"));
}

TEST(ConfigurationReader, NeverRepeatsAPassword) {
    const std::string user = std::string(head) + "  subscriber alice@ringwall.test\n";
    for (const std::string& lines :
         {user + "   password hunter2 hunter2\n", user + "   password \"hunter2\n",
          user + "   password \"x\"hunter2\n", user + "   pasword hunter2\n",
          user + "   password hunter2\n   password hunter2\n",
          std::string(head) + "  password hunter2\n",
          std::string(head) + "  subscriber alice@ringwall.test password hunter2\n",
          std::string(head) + "  subscriber alice:hunter2@ringwall.test\n",
          user + "   password hunter2\n   usrname alice\n", user + "   no password hunter2\n"}) {
        EXPECT_THAT(error_of(lines), AllOf(Not(HasSubstr("hunter2")), Not("accepted"))) << lines;
    }
}

TEST(ConfigurationReader, LeavesModesForACommandOfOneAroundThem) {
    const auto result = read("sbc s\nsbe\nadjacency sip a\nadjacency sip b\nexit\nexit\nexit\n");
    ASSERT_TRUE(result) << result.error().to_string();
    EXPECT_EQ(result->snapshot->adjacencies.size(), 2U);
    EXPECT_THAT(error_of("sbc s\nexit\nexit\n"), HasSubstr(":3: 'exit' has no mode to leave"));
}

TEST(ConfigurationReader, RefusesAFileThatConfiguresNothing) {
    EXPECT_EQ(error_of("! nothing\n"),
              "ringwall.conf: nothing is configured; begin with 'sbc NAME' and 'sbe'");
}

TEST(ConfigurationReader, KeepsAdjacenciesOnOneSocketApart) {
    const std::string first = "   signaling-address ipv4 192.0.2.1\n   signaling-port 5060\n";
    EXPECT_THAT(error_of(with_adjacency(first + "  adjacency sip two\n" + first)),
                HasSubstr("share 192.0.2.1:5060 and both take any source"));
    EXPECT_THAT(error_of(with_adjacency(first +
                                        "  adjacency sip two\n   security "
                                        "trusted-encrypted\n" +
                                        first)),
                HasSubstr("'two' (encrypted) and 'peer' (not encrypted) cannot share"));
    const std::string network = "   remote-address ipv4 10.0.0.0 255.0.0.0\n";
    EXPECT_THAT(
        error_of(with_adjacency(first + network + "  adjacency sip two\n" + first + network)),
        HasSubstr("both take 10.0.0.0/8"));
    EXPECT_EQ(error_of(with_adjacency(first + network + "  adjacency sip two\n" + first)),
              "accepted");
}

// What one peer's authority signs means nothing at another's, and no peer sees another's
// certificate.
TEST(ConfigurationReader, GivesEveryAdjacencyTlsContextsOfItsOwn) {
    const auto result =
        read(with_adjacency("   security trusted-encrypted\n   signaling-address ipv4 192.0.2.1\n"
                            "   signaling-peer one.example\n   attach\n  adjacency sip two\n"
                            "   security trusted-encrypted\n   signaling-address ipv4 192.0.2.2\n"
                            "   signaling-peer two.example\n   attach\n"));
    ASSERT_TRUE(result) << result.error().to_string();
    const auto& adjacencies = result->snapshot->adjacencies;
    ASSERT_EQ(adjacencies.size(), 2U);
    ASSERT_NE(adjacencies[0].tls_server, nullptr);
    EXPECT_NE(adjacencies[0].tls_server, adjacencies[1].tls_server);
    EXPECT_NE(adjacencies[0].tls_client, adjacencies[1].tls_client);
}

TEST(ConfigurationReader, RefusesACallPolicyThatLeadsNowhere) {
    const std::string set =
        "  call-policy-set 1\n   first-call-routing-table A\n   rtg-src-adjacency-table A\n";
    EXPECT_THAT(error_of(with_policy(set + "    entry 1\n     dst-adjacency pear\n")),
                HasSubstr(":12: 'pear' is no adjacency; use peer"));
    EXPECT_THAT(error_of(with_policy(set + "    entry 1\n     match-adjacency pear\n"
                                           "     action reject\n")),
                HasSubstr(":12: 'pear' is no adjacency"));
    EXPECT_THAT(error_of(with_policy(set + "    entry 1\n     action next-table B\n")),
                HasSubstr(":12: 'B' is no table of this call-policy-set; use A"));
    EXPECT_THAT(error_of(with_policy(set + "    entry 1\n     action complete\n")),
                HasSubstr(":11: entry 1 leads nowhere"));
    EXPECT_THAT(error_of(with_policy(set + "    entry 1\n     match-prefix 49\n")),
                HasSubstr("it goes under 'entry NUMBER' of 'rtg-dst-address-table NAME'"));
    EXPECT_THAT(error_of(with_policy("  call-policy-set 1\n   first-call-routing-table A\n")),
                HasSubstr(":9: 'A' is no table of call-policy-set 1"));
    EXPECT_THAT(error_of(with_policy(set + "  active-call-policy-set 2\n")),
                HasSubstr(":11: there is no call-policy-set 2"));
}

TEST(ConfigurationReader, RefusesTablesThatLeadRoundInACircle) {
    EXPECT_THAT(error_of(with_policy("  call-policy-set 1\n   first-call-routing-table A\n"
                                     "   rtg-src-adjacency-table A\n"
                                     "    entry 1\n     action next-table B\n"
                                     "   rtg-dst-address-table B\n"
                                     "    entry 1\n     action next-table A\n")),
                HasSubstr(":15: 'next-table' 'A' leads back"));
}

// Copied out of a `show`: nobody's password is that.
TEST(ConfigurationReader, WhatIsShownInThePlaceOfASecretIsNone) {
    const std::string user = std::string(head) + "  subscriber alice@ringwall.test\n";
    EXPECT_EQ(error_of(user + "   password ***\n"),
              "ringwall.conf:7: '***' is what is shown in the place of a secret; say the one that "
              "'password' is to have ('save FILE' writes them too)");
    EXPECT_EQ(error_of(user + "   password ****\n"), "accepted");
    EXPECT_THAT(error_of(with_adjacency("   signaling-address ipv4 192.0.2.1\n"
                                        "   signaling-peer 192.0.2.9\n"
                                        "   authentication-realm outbound home joe ***\n")),
                HasSubstr(":9: '***' is what is shown in the place of a secret; say the one that "
                          "'authentication-realm outbound' is to have"));
}

// Two ways to one table are no circle.
TEST(ConfigurationReader, AcceptsTwoWaysToOneTable) {
    EXPECT_EQ(error_of(with_policy("  call-policy-set 1\n   first-call-routing-table A\n"
                                   "   rtg-dst-address-table A\n"
                                   "    entry 1\n     match-prefix 1\n     action next-table B\n"
                                   "    entry 2\n     action next-table B\n"
                                   "   rtg-dst-domain-table B\n"
                                   "    entry 1\n     action reject\n"
                                   "  call-policy-set default 1\n")),
              "accepted");
}

std::vector<std::string> warnings_of(const std::string& text) {
    const auto result = read(text);
    if (!result) {
        return {result.error().to_string()};
    }
    std::vector<std::string> out;
    for (const ConfigError& each : result->warnings) {
        out.push_back(each.to_string());
    }
    return out;
}

TEST(ConfigurationReader, HasNoWarningForAGoodFile) {
    EXPECT_THAT(warnings_of(std::string(whole_file)), IsEmpty());
}

TEST(ConfigurationReader, WarnsAboutPhonesThatCannotBeCalled) {
    const std::string phones =
        "   security trusted-encrypted\n   inherit profile preset-access\n"
        "   domain ringwall.test\n   signaling-address ipv4 192.0.2.1\n   attach\n";
    EXPECT_THAT(warnings_of(with_adjacency(phones)),
                ElementsAre(HasSubstr("cannot be called by sip URIs")));
    EXPECT_THAT(warnings_of(with_adjacency(phones + "   sip-calls-out any\n   local-id host "
                                                    "other.test\n")),
                ElementsAre(HasSubstr("'other.test', our name on adjacency 'peer', is not in our "
                                      "certificate")));
}

TEST(ConfigurationReader, WarnsAboutPhonesThatCannotRegister) {
    const std::string phones =
        "  adjacency sip phones\n   inherit profile preset-access\n   domain ringwall.test\n"
        "   registration target adjacency peer\n";
    EXPECT_THAT(warnings_of(with_adjacency("   security trusted-encrypted\n" + provider + phones)),
                ::testing::Contains(HasSubstr("no phone can register on adjacency 'phones'")));
}

TEST(ConfigurationReader, WarnsAboutDigestsOfTlsPhonesInTheClear) {
    const auto phones = [](const std::string& security) {
        return "  adjacency sip phones\n   inherit profile preset-access\n   domain ringwall.test\n"
               "   security " +
               security +
               "\n   sip-calls-out any\n   registration target adjacency peer\n   attach\n"
               "   signaling-address ipv4 192.0.2.1\n";
    };
    const std::string lacks_trust =
        "what phones on adjacency 'phones' prove their passwords with over TLS goes on in the "
        "clear "
        "to adjacency 'peer', which is untrusted; who listens there can guess passwords and end "
        "registrations: make 'peer' trusted-encrypted, or trusted-unencrypted if something else "
        "secures it";
    EXPECT_THAT(warnings_of(with_adjacency(provider + phones("trusted-encrypted"))),
                ElementsAre(HasSubstr(lacks_trust)));
    EXPECT_THAT(warnings_of(with_adjacency("   security trusted-unencrypted\n" + provider +
                                           phones("trusted-encrypted"))),
                IsEmpty());
    EXPECT_THAT(
        warnings_of(with_adjacency(provider + "   attach\n" +
                                   "  adjacency sip phones\n   inherit profile preset-access\n"
                                   "   domain ringwall.test\n"
                                   "   registration target adjacency peer\n")),
        IsEmpty())
        << "in the clear before as well";
}

// Whatever words come in whatever order: an answer, and never a crash.
TEST(ConfigurationReader, SurvivesRandomWords) {
    constexpr std::array words{"sbc",
                               "sbe",
                               "s",
                               "adjacency",
                               "sip",
                               "a",
                               "b",
                               "security",
                               "no",
                               "attach",
                               "tls",
                               "trusted-encrypted",
                               "certificate",
                               "entry",
                               "1",
                               "exit",
                               "\"",
                               "!",
                               "\n",
                               "\n",
                               "\n",
                               "default",
                               "action",
                               "complete",
                               "next-table",
                               "T",
                               "call-policy-set",
                               "rtg-src-adjacency-table",
                               "subscriber",
                               "a@b",
                               "password",
                               "remote-address",
                               "ipv4",
                               "10.0.0.0",
                               "255.0.0.0",
                               "ipv6",
                               "::/0",
                               "domain",
                               "x.y",
                               "\x01\xff"};
    SeededRandom random(7);
    for (int round = 0; round < 3000; ++round) {
        std::string text = round % 2 == 0 ? "sbc s\nsbe\n" : "";
        for (std::uint64_t count = random.number() % 40; count > 0; --count) {
            text += words[random.number() % words.size()];
            text += ' ';
        }
        const auto result = read(text);
        if (!result) {
            EXPECT_FALSE(result.error().sentence.empty()) << text;
        }
    }
}

constexpr std::string_view admission =
    "  cac-policy-set 1\n"
    "   first-cac-table A\n"
    "   cac-table A\n";

std::string with_admission(const std::string& lines) {
    return with_policy("   account home\n" + std::string(admission) + lines);
}

TEST(ConfigurationReader, ReadsTheAdmissionPolicyThatIsActive) {
    const auto result =
        read(with_admission("    table-type limit src-adjacency\n"
                            "    entry 2\n"
                            "     max-num-calls-per-scope 7\n"
                            "    entry 1\n"
                            "     match-value peer\n"
                            "     cac-scope src-address\n"
                            "     max-call-rate 60\n"
                            "     max-in-call-rate 61\n"
                            "     max-out-call-rate 62\n"
                            "     max-regs 0\n"
                            "     max-reg-rate 63\n"
                            "     action next-table B\n"
                            "   cac-table B\n"
                            "    table-type policy-set\n"
                            "    entry 1\n"
                            "     max-num-calls 3\n"
                            "     action cac-complete\n"
                            "   first-cac-scope dst-account\n"
                            "   complete\n"
                            "  cac-policy-set global 1\n"
                            "  emergency-number 110 112\n"));
    ASSERT_TRUE(result) << result.error().to_string();
    const Snapshot& snapshot = *result->snapshot;
    EXPECT_EQ(snapshot.adjacencies[0].account, "home");
    EXPECT_THAT(snapshot.emergency_numbers, ElementsAre("110", "112"));
    ASSERT_TRUE(snapshot.cac_policy);
    const CacPolicySet& set = *snapshot.cac_policy;
    EXPECT_EQ(set.first_scope, CacScope::DestinationAccount);
    ASSERT_EQ(set.tables.size(), 2U);
    EXPECT_EQ(set.tables[set.first_table].name, "A");
    EXPECT_EQ(set.tables[0].match, CacMatch::SourceAdjacency);
    const CacEntry& first = set.tables[0].entries[0];
    EXPECT_EQ(first.number, 1U);
    EXPECT_EQ(first.adjacency, 0U);
    EXPECT_EQ(first.scope, CacScope::SourceAddress);
    EXPECT_EQ(first.limit(CacLimit::MaxNumCalls), std::nullopt);
    EXPECT_EQ(first.limit(CacLimit::MaxCallRate), 60U);
    EXPECT_EQ(first.limit(CacLimit::MaxInCallRate), 61U);
    EXPECT_EQ(first.limit(CacLimit::MaxOutCallRate), 62U);
    EXPECT_EQ(first.limit(CacLimit::MaxRegs), 0U);
    EXPECT_EQ(first.limit(CacLimit::MaxRegRate), 63U);
    EXPECT_EQ(first.next_table, 1U);
    EXPECT_EQ(set.tables[0].entries[1].limit(CacLimit::MaxNumCalls), 7U);
    EXPECT_TRUE(set.tables[1].is_policy_set);
    EXPECT_EQ(set.tables[1].entries[0].next_table, std::nullopt);
}

TEST(ConfigurationReader, AnAdmissionPolicyThatIsNotActiveLimitsNothing) {
    const auto result = read(with_admission("    entry 1\n     max-num-calls 0\n"));
    ASSERT_TRUE(result) << result.error().to_string();
    EXPECT_FALSE(result->snapshot->cac_policy);
}

TEST(ConfigurationReader, RefusesAdmissionPoliciesThatCannotBeKept) {
    const auto error = [](const std::string& lines) { return error_of(with_admission(lines)); };
    EXPECT_THAT(error_of(with_policy("  cac-policy-set 1\n")),
                HasSubstr("cac-policy-set 1 does not say where to begin; add 'first-cac-table"));
    EXPECT_THAT(error_of(with_policy("  cac-policy-set 1\n   first-cac-table B\n")),
                HasSubstr("'B' is no table of cac-policy-set 1"));
    EXPECT_THAT(error("  active-cac-policy-set 2\n"), HasSubstr("there is no cac-policy-set 2"));
    EXPECT_THAT(error("    entry 1\n     action next-table B\n"),
                HasSubstr("'B' is no table of cac-policy-set 1"));
    EXPECT_THAT(error("    entry 1\n     action next-table A\n"),
                HasSubstr("'next-table' 'A' leads back to a table on the way here"));
    EXPECT_THAT(error("    entry 1\n     action next-table B\n   cac-table B\n    entry 1\n"
                      "     action next-table A\n"),
                HasSubstr("leads back to a table on the way here"));
    EXPECT_THAT(error("    entry 1\n     match-value peer\n"),
                HasSubstr("'match-value' means nothing in a table that all meet"));
    EXPECT_THAT(error("    table-type policy-set\n    entry 1\n     match-value peer\n"),
                HasSubstr("'match-value' means nothing in a table that all meet"));
    EXPECT_THAT(error("    table-type limit dst-adjacency\n    entry 1\n     match-value pear\n"),
                HasSubstr("'pear' is no adjacency"));
    EXPECT_THAT(error("    table-type limit account\n    entry 1\n     match-value nobody\n"),
                HasSubstr("'nobody' is the account of no adjacency; add 'account nobody'"));
    for (const char* const address : {"peer", "192.0.2.1/33", "192.0.2.1/24", "192.0.2.0/"}) {
        EXPECT_THAT(error("    table-type limit src-address\n    entry 1\n     match-value " +
                          std::string(address) + "\n"),
                    HasSubstr("is no address; write it like 192.0.2.1, 192.0.2.0/24"))
            << address;
    }
    EXPECT_THAT(error("    entry 1\n     cac-scope call\n"),
                HasSubstr("nothing of that is limited here"));
    EXPECT_THAT(error("   first-cac-scope call\n"), HasSubstr("nothing of that is limited here"));
    for (const std::string word :
         {"max-updates 3", "max-bandwidth 3", "max-channels 3", "codec-preference-list L"}) {
        EXPECT_THAT(error("    entry 1\n     " + word + "\n"),
                    HasSubstr("is known but not supported, and would limit nothing; remove it"))
            << word;
    }
}

TEST(ConfigurationReader, ReadsWhatASourceMayDo) {
    const auto result =
        read(with_policy("  blacklist address-default\n"
                         "   reason authentication-failure\n"
                         "    trigger-size 7\n"
                         "    trigger-period 30\n"
                         "    timeout 900\n"
                         "   reason request-rate\n"
                         "    trigger-size 50\n"
                         "  blacklist ipv4 192.0.2.9\n"
                         "   reason authentication-failure\n"
                         "    trigger-size off\n"));
    ASSERT_TRUE(result) << result.error().to_string();
    const SourceRules& rules = result->snapshot->source_rules;
    const auto find = [&](SourceEvent event, const char* source) {
        const SourceRule* const found = rules.find(event, *IpAddress::parse(source), false);
        return found == nullptr ? std::optional<SourceRule>() : *found;
    };
    EXPECT_EQ(find(SourceEvent::AuthenticationFailure, "192.0.2.1"), (SourceRule{{7, 30s}, 900s}));
    EXPECT_EQ(find(SourceEvent::AuthenticationFailure, "192.0.2.9"), std::nullopt);
    EXPECT_EQ(find(SourceEvent::RequestRate, "192.0.2.9"), (SourceRule{{50, 60s}, 300s}));
    EXPECT_EQ(find(SourceEvent::CorruptMessage, "192.0.2.1"), std::nullopt);
    EXPECT_THAT(
        error_of(with_policy("  blacklist ipv4 192.0.2.9\n   reason corrupt-message\n")),
        HasSubstr("reason corrupt-message does not say how many; add 'trigger-size NUMBER'"));
}

TEST(ConfigurationReader, NamesAFileThatCannotBeRead) {
    const auto missing = load_tree(std::string(TEST_DATA) + "/unit/sbc/config/pki/gone.conf");
    ASSERT_FALSE(missing);
    EXPECT_THAT(missing.error().to_string(), HasSubstr("gone.conf: it cannot be read: No such"));
    EXPECT_THAT(error_of(std::string(head) + "  adjacency sip a\n   security trusted-encrypted\n"
                                             "   signaling-address ipv4 192.0.2.1\n"
                                             "   tls trust-anchors gone.crt\n   attach\n"),
                HasSubstr("ringwall.conf:9: 'gone.crt' cannot be read"));
}

}  // namespace
}  // namespace ringwall::sbc
