// The stages of the pipeline from "source" to "target-security", "header-profile-in" and the two
// that let everything pass. "authenticate" and "route" have files of their own.
#include "sbc/policy/stages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/sbc/policy/arrival.h"

namespace ringwall::sbc::policy {
namespace {

using sip::HeaderName;
using sip::Transport;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// --- source

TEST(Source, AnAddressThatNoHostHasIsDropped) {
    for (const char* address : {"0.0.0.0", "::", "255.255.255.255", "224.0.0.1", "ff02::1"}) {
        Arrival arrival;
        arrival.source.address = *IpAddress::parse(address);
        EXPECT_TRUE(dropped(screen_source(arrival.inbound())).close_connection) << address;
    }
}

TEST(Source, PortZeroIsDropped) {
    Arrival arrival;
    arrival.source.port = 0;
    EXPECT_THAT(dropped(screen_source(arrival.inbound())).why, HasSubstr("port 0"));
}

TEST(Source, AnyOtherSourceContinues) {
    Arrival arrival;
    EXPECT_TRUE(continues(screen_source(arrival.inbound())));
}

// --- identify

TEST(Identify, FindsTheAdjacencyAndWhatTheCallIsWorth) {
    Arrival arrival{.by = softswitch, .request_uri = "sip:bob@example.com"};
    Inbound& inbound = arrival.inbound();
    EXPECT_TRUE(continues(identify(inbound)));
    EXPECT_EQ(inbound.adjacency, softswitch);
    EXPECT_EQ(inbound.call.caller, Security::TrustedUnencrypted);
    EXPECT_EQ(inbound.call.sip_calls_in, SipCallsIn::Secure);
    EXPECT_EQ(inbound.call.scheme, sip::Scheme::Sip);
}

TEST(Identify, AStrangerIsDropped) {
    Arrival arrival;
    arrival.adjacency().remote_addresses = {{IpAddress::v4(203, 0, 113, 0), 24}};
    EXPECT_TRUE(dropped(identify(arrival.inbound())).close_connection);
}

TEST(Identify, ADetachedAdjacencyTakesNothing) {
    Arrival arrival;
    arrival.adjacency().is_attached = false;
    const Drop drop = dropped(identify(arrival.inbound()));
    EXPECT_THAT(drop.why, HasSubstr("phones is detached"));
    EXPECT_TRUE(drop.close_connection);
}

TEST(Identify, OneThatGoesDownSaysThatThereAreNoNewCalls) {
    Arrival arrival;
    arrival.adjacency().is_attached = false;
    Inbound& inbound = arrival.inbound();
    const std::array going_down{arrival.by};
    inbound.going_down = going_down;
    EXPECT_EQ(rejected(identify(inbound)).status, 503);
}

TEST(Identify, AConnectionStaysWithTheAdjacencyThatLetItIn) {
    Arrival arrival{.by = phones};
    Inbound& inbound = arrival.inbound();
    inbound.of_connection = carrier;
    EXPECT_TRUE(continues(identify(inbound)));
    EXPECT_EQ(inbound.adjacency, carrier);
}

// --- transport-security

// Seed: "Encrypted adjacencies do not accept unencrypted traffic."
TEST(TransportSecurity, AnEncryptedAdjacencyTakesNothingButTls) {
    for (const Transport transport : {Transport::Udp, Transport::Tcp}) {
        Arrival arrival{.by = carrier, .transport = transport};
        const Drop drop = dropped(require_transport_security(arrival.identified()));
        EXPECT_EQ(drop.why, "TLS required on adjacency carrier");
        EXPECT_TRUE(drop.close_connection);
    }
    Arrival over_tls{.by = carrier};
    EXPECT_TRUE(continues(require_transport_security(over_tls.identified())));
}

TEST(TransportSecurity, TlsWithoutAnIdentityIsNoTls) {
    Arrival arrival{.by = carrier, .has_tls_identity = false};
    dropped(require_transport_security(arrival.identified()));
}

// Seed: "Unencrypted adjacencies do not accept encrypted traffic."
TEST(TransportSecurity, AnUnencryptedAdjacencyTakesNoTls) {
    for (const AdjacencyIndex by : {softswitch, outside}) {
        Arrival arrival{.by = by, .transport = Transport::Tls};
        EXPECT_TRUE(dropped(require_transport_security(arrival.identified())).close_connection);
        arrival.transport = Transport::Tcp;
        EXPECT_TRUE(continues(require_transport_security(arrival.identified())));
    }
}

// --- certificate-name

TEST(CertificateName, APeerIsKnownByTheNameOfItsSignalingPeer) {
    Arrival arrival{.by = carrier};
    arrival.show_certificate("Carrier.Example");
    Inbound& inbound = arrival.identified();
    EXPECT_TRUE(continues(check_peer_identity(inbound)));
    EXPECT_EQ(inbound.proof, Proof::Certificate);
    EXPECT_EQ(inbound.caller, "carrier.example");
}

// Seed: "The signal is dropped if the two do not match."
TEST(CertificateName, APeerWithAnotherNameIsDroppedWithItsConnection) {
    Arrival arrival{.by = carrier};
    arrival.show_certificate("mallory.example");
    const Drop drop = dropped(check_peer_identity(arrival.identified()));
    EXPECT_TRUE(drop.close_connection);
    EXPECT_THAT(drop.why, HasSubstr("carrier.example"));
}

TEST(CertificateName, PeerDomainComesBeforeTheNameOfTheSignalingPeer) {
    Arrival arrival{.by = carrier};
    arrival.adjacency().tls_peer_domains = {"a.example", "b.example"};
    arrival.show_certificate("b.example");
    EXPECT_TRUE(continues(check_peer_identity(arrival.identified())));
    arrival.identity.dns_names = {"carrier.example"};
    dropped(check_peer_identity(arrival.identified()));
}

// Settled: "else the From host".
TEST(CertificateName, WithoutAPeerDomainTheFromHostCounts) {
    for (const char* peer : {"", "192.0.2.7"}) {
        Arrival arrival{.by = carrier, .from = "<sip:x@partner.example>"};
        arrival.adjacency().signaling_peer = peer;
        arrival.show_certificate("partner.example");
        EXPECT_TRUE(continues(check_peer_identity(arrival.identified())));
        arrival.from = "<sip:x@other.example>";
        dropped(check_peer_identity(arrival.identified()));
    }
}

// Settled: "for anonymous.invalid the Via sent-by"; a tel URI has no host at all.
TEST(CertificateName, AnAnonymousOrTelFromIsJudgedByTheVia) {
    for (const char* from : {"<sip:anonymous@anonymous.invalid>", "<tel:+15551234>"}) {
        Arrival arrival{.by = carrier, .from = from, .via_host = "partner.example"};
        arrival.adjacency().signaling_peer.clear();
        arrival.show_certificate("partner.example");
        EXPECT_TRUE(continues(check_peer_identity(arrival.identified()))) << from;
        arrival.via_host = "other.example";
        dropped(check_peer_identity(arrival.identified()));
    }
}

// Settled: no wildcard unless `tls allow-wildcard`.
TEST(CertificateName, AWildcardCountsOnlyWhereAllowed) {
    Arrival arrival{.by = carrier};
    arrival.adjacency().tls_peer_domains = {"sip.carrier.example"};
    arrival.show_certificate("*.carrier.example");
    dropped(check_peer_identity(arrival.identified()));
    arrival.adjacency().tls_allow_wildcard = true;
    EXPECT_TRUE(continues(check_peer_identity(arrival.identified())));
}

TEST(CertificateName, ACertificateThatIsNotValidIsDroppedFromPeerAndPhone) {
    for (const AdjacencyIndex by : {phones, carrier}) {
        Arrival arrival{.by = by};
        arrival.show_certificate("carrier.example");
        arrival.identity.is_verified = false;
        arrival.identity.failure = "certificate has expired";
        const Drop drop = dropped(check_peer_identity(arrival.identified()));
        EXPECT_TRUE(drop.close_connection);
        EXPECT_THAT(drop.why, HasSubstr("certificate has expired"));
    }
}

// Settled: "a peer that showed neither a valid certificate nor a digest gets nothing routed".
TEST(CertificateName, APeerWithoutACertificateGetsNothing) {
    for (const auto asked : {tls::ClientAuthentication::Off, tls::ClientAuthentication::Optional}) {
        Arrival arrival{.by = carrier};
        arrival.adjacency().tls_client_authentication = asked;
        EXPECT_EQ(rejected(check_peer_identity(arrival.identified())).status, 403);
    }
}

TEST(CertificateName, WhereOneIsRequiredItsAbsenceEndsTheConnection) {
    for (const AdjacencyIndex by : {phones, carrier}) {
        Arrival arrival{.by = by};
        arrival.adjacency().tls_client_authentication = tls::ClientAuthentication::Required;
        EXPECT_TRUE(dropped(check_peer_identity(arrival.identified())).close_connection);
    }
}

TEST(CertificateName, APhoneMayHaveNone) {
    Arrival arrival;
    Inbound& inbound = arrival.identified();
    EXPECT_TRUE(continues(check_peer_identity(inbound)));
    EXPECT_EQ(inbound.proof, Proof::None);
}

TEST(CertificateName, NothingIsAskedWithoutEncryption) {
    for (const AdjacencyIndex by : {softswitch, outside}) {
        Arrival arrival{.by = by};
        EXPECT_TRUE(continues(check_peer_identity(arrival.identified())));
    }
}

// --- sanity

TEST(Sanity, InviteOptionsAndMessageContinue) {
    for (const char* method : {"INVITE", "OPTIONS", "MESSAGE"}) {
        Arrival arrival{.method = method};
        EXPECT_TRUE(continues(check_message(arrival.identified()))) << method;
    }
}

TEST(Sanity, AnUnknownMethodIs501WithAllow) {
    Arrival arrival{.method = "DANCE"};
    const Reject reject = rejected(check_message(arrival.identified()));
    EXPECT_EQ(reject.status, 501);
    ASSERT_EQ(reject.fields.size(), 1u);
    EXPECT_EQ(reject.fields[0].name, HeaderName::Allow);
    EXPECT_THAT(reject.fields[0].value, HasSubstr("INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER"));
}

TEST(Sanity, WhatBelongsIntoADialogIs481OutsideOne) {
    for (const char* method : {"BYE", "UPDATE", "INFO"}) {
        Arrival arrival{.method = method};
        EXPECT_EQ(rejected(check_message(arrival.identified())).status, 481) << method;
    }
}

// RFC 6665 §8.2: SUBSCRIBE makes a dialog, and needs a Contact for it; so does REFER.
TEST(Sanity, WhatMakesADialogNeedsOneContact) {
    for (const char* method : {"INVITE", "SUBSCRIBE", "REFER"}) {
        Arrival arrival{.method = method, .headers = {}};
        EXPECT_EQ(rejected(check_message(arrival.identified())).status, 400) << method;
    }
    Arrival arrival{.method = "PUBLISH", .headers = {}};
    EXPECT_TRUE(continues(check_message(arrival.identified())));
}

// A peering adjacency "does not store registration info".
TEST(Sanity, RegisterIsForPhonesOnly) {
    Arrival arrival{.method = "REGISTER", .request_uri = "sip:example.com"};
    EXPECT_TRUE(continues(check_message(arrival.identified())));
    arrival.by = softswitch;
    const Reject reject = rejected(check_message(arrival.identified()));
    EXPECT_EQ(reject.status, 405);
    ASSERT_EQ(reject.fields.size(), 1u);
    EXPECT_EQ(reject.fields[0].name, HeaderName::Allow);
    EXPECT_THAT(reject.fields[0].value, testing::Not(HasSubstr("REGISTER")));
}

// RFC 3261 §16.3.
TEST(Sanity, ARequestWithoutHopsLeftIs483) {
    Arrival arrival{.max_forwards = 0};
    EXPECT_EQ(rejected(check_message(arrival.identified())).status, 483);
    arrival.max_forwards = 1;
    EXPECT_TRUE(continues(check_message(arrival.identified())));
}

// RFC 3261 §16.3, §11: OPTIONS and REGISTER to ourselves have arrived.
TEST(Sanity, WhatIsForUsNeedsNoHops) {
    for (const char* uri : {"sip:example.com", "sip:10.1.0.2:5061", "sip:sbc.example.com"}) {
        Arrival arrival{.method = "OPTIONS", .request_uri = uri, .max_forwards = 0};
        EXPECT_TRUE(continues(check_message(arrival.identified()))) << uri;
    }
    Arrival reg{.method = "REGISTER", .request_uri = "sip:example.com", .max_forwards = 0};
    EXPECT_TRUE(continues(check_message(reg.identified())));
    Arrival user{.method = "OPTIONS", .request_uri = "sip:bob@example.com", .max_forwards = 0};
    EXPECT_EQ(rejected(check_message(user.identified())).status, 483);
    Arrival elsewhere{.method = "OPTIONS", .request_uri = "sip:other.example", .max_forwards = 0};
    EXPECT_EQ(rejected(check_message(elsewhere.identified())).status, 483);
}

// RFC 3261 §8.2.2.3.
TEST(Sanity, AnOptionThatWeDoNotPassIs420AndNamed) {
    Arrival arrival;
    arrival.headers.push_back("Require: timer, nothingSupportsThis, path");
    arrival.headers.push_back("Proxy-Require: sec-agree");
    const Reject reject = rejected(check_message(arrival.identified()));
    EXPECT_EQ(reject.status, 420);
    EXPECT_THAT(reject.fields, ElementsAre(Reject::Field{HeaderName::Unsupported,
                                                         "nothingSupportsThis, path, sec-agree"}));
}

// RFC 3323 §5: a privacy service is what that asks for.
TEST(Sanity, PrivacyMayBeRequiredOfUs) {
    Arrival arrival;
    arrival.headers.push_back("Proxy-Require: Privacy");
    EXPECT_TRUE(continues(check_message(arrival.identified())));
}

TEST(Sanity, OptionsThatTheFarEndHandlesPass) {
    Arrival arrival;
    arrival.headers.push_back("Require: Timer");
    EXPECT_TRUE(continues(check_message(arrival.identified())));
}

TEST(Sanity, WhatARegisterRequiresItRequiresOfUs) {
    Arrival arrival{.method = "REGISTER", .request_uri = "sip:example.com"};
    arrival.headers.push_back("Require: timer");
    EXPECT_EQ(rejected(check_message(arrival.identified())).status, 420);
}

// RFC 3261 §8.1.1.8.
TEST(Sanity, AnInviteNeedsExactlyOneContact) {
    for (const std::vector<std::string>& headers :
         {std::vector<std::string>{}, {"Contact: <sip:a@192.0.2.7>, <sip:b@192.0.2.7>"}}) {
        Arrival arrival{.headers = headers};
        EXPECT_EQ(rejected(check_message(arrival.identified())).status, 400);
    }
}

// --- target-security

// Settled: 403; the Reason text names the rule.
TEST(TargetSecurity, AnUntrustedCallerDoesNotReachASipsUri) {
    for (const char* uri : {"sips:bob@example.com", "sips:nobody@example.com"}) {
        Arrival arrival{.by = outside, .request_uri = uri};
        const Reject reject = rejected(require_trust_for_secure_target(arrival.identified()));
        EXPECT_EQ(reject.status, 403);
        EXPECT_EQ(reject.reason, "SIPS Target Not Allowed From Untrusted Caller");
        EXPECT_EQ(reject.warning, 0);
        EXPECT_EQ(reject.detail, "untrusted-caller-secure-target");
    }
}

TEST(TargetSecurity, SipCallsInRejectIs480WithWarning381) {
    for (const char* uri : {"sip:bob@example.com", "tel:+15551234"}) {
        Arrival arrival{.by = carrier, .request_uri = uri};
        arrival.adjacency().sip_calls_in = SipCallsIn::Reject;
        const Reject reject = rejected(require_trust_for_secure_target(arrival.identified()));
        EXPECT_EQ(reject.status, 480);
        EXPECT_EQ(reject.warning, 381);
    }
}

TEST(TargetSecurity, EverybodyElseContinues) {
    for (const AdjacencyIndex by : {phones, carrier, softswitch}) {
        for (const char* uri : {"sip:bob@example.com", "sips:bob@example.com", "tel:+15551234"}) {
            Arrival arrival{.by = by, .request_uri = uri};
            if (arrival.request_uri.starts_with("sips:")) {
                arrival.headers = {"Contact: <sips:alice@192.0.2.7>"};
            }
            EXPECT_TRUE(continues(require_trust_for_secure_target(arrival.identified())));
        }
    }
    Arrival untrusted{.by = outside};
    EXPECT_TRUE(continues(require_trust_for_secure_target(untrusted.identified())));
}

// RFC 3261 §8.1.1.8, RFC 5630 §5.3: inconsistent URIs.
TEST(TargetSecurity, ASipsCallWithASipContactIs400) {
    for (const char* contact : {"Contact: <sip:alice@192.0.2.7>", "Contact: <tel:+15551234>"}) {
        Arrival arrival{.by = carrier, .request_uri = "sips:bob@example.com"};
        arrival.headers = {contact};
        EXPECT_EQ(rejected(require_trust_for_secure_target(arrival.identified())).status, 400);
    }
    Arrival untrusted{.by = outside, .request_uri = "sips:bob@example.com"};
    EXPECT_EQ(rejected(require_trust_for_secure_target(untrusted.identified())).status, 403);
}

// Settled: REGISTER of a sip address-of-record: accepted whatever `sip-calls-in` says.
TEST(TargetSecurity, SipCallsInDoesNotSpeakOfRegister) {
    Arrival arrival{.method = "REGISTER", .request_uri = "sip:example.com"};
    arrival.adjacency().sip_calls_in = SipCallsIn::Reject;
    EXPECT_TRUE(continues(require_trust_for_secure_target(arrival.identified())));
}

// --- header-profile-in

TEST(HeaderProfileIn, TheAssertedIdentityOfAnUntrustedCallerIsTakenOut) {
    Arrival arrival{.by = outside};
    arrival.headers.push_back("P-Asserted-Identity: <sip:president@example.com>");
    Inbound& inbound = arrival.identified();
    EXPECT_TRUE(continues(apply_inbound_profile(inbound)));
    EXPECT_THAT(inbound.removed_headers, ElementsAre(HeaderName::PAssertedIdentity));
}

TEST(HeaderProfileIn, ATrustedOneKeepsIt) {
    Arrival arrival{.by = softswitch};
    arrival.headers.push_back("P-Asserted-Identity: <sip:president@example.com>");
    Inbound& inbound = arrival.identified();
    EXPECT_TRUE(continues(apply_inbound_profile(inbound)));
    EXPECT_THAT(inbound.removed_headers, IsEmpty());
}

// --- number-analysis, admit

TEST(NumberAnalysisAndAdmit, LetEverythingPassWhileNothingCanBeConfigured) {
    Arrival arrival;
    EXPECT_TRUE(continues(analyse_number(arrival.identified())));
    EXPECT_TRUE(continues(admit_call(arrival.identified())));
}

TEST(Admit, TakesNoNewCallsWhenWeAreAboutToEnd) {
    Arrival arrival;
    Inbound& inbound = arrival.identified();
    inbound.new_calls = NewCalls::Emergency;
    const Verdict verdict = admit_call(inbound);
    const auto* reject = std::get_if<Reject>(&verdict);
    ASSERT_NE(reject, nullptr);
    EXPECT_EQ(reject->status, 503);
    EXPECT_EQ(reject->cause, FailureCause::Congestion);
    arrival.method = "OPTIONS";
    Inbound& other = arrival.identified();
    other.new_calls = NewCalls::None;
    EXPECT_TRUE(continues(admit_call(other)));
}

TEST(Admit, TakesCallsForHelpAsLongAsOthersHaveTimeToEnd) {
    Arrival arrival;
    arrival.snapshot.emergency_numbers = {"112"};
    arrival.request_uri = "sip:112@example.com";
    Inbound& inbound = arrival.identified();
    inbound.new_calls = NewCalls::Emergency;
    EXPECT_TRUE(continues(admit_call(inbound)));
    inbound.new_calls = NewCalls::None;
    EXPECT_FALSE(continues(admit_call(inbound)));
}

}  // namespace
}  // namespace ringwall::sbc::policy
