#include "tls/identity.h"

#include <gmock/gmock.h>

#include "tls/context.h"
#include "unit/tls/test_pki.h"

namespace ringwall::tls {
namespace {

using test::Subject;
using test::TestAuthority;
using testing::ElementsAre;
using testing::IsEmpty;

PeerIdentity verified() {
    PeerIdentity peer;
    peer.has_certificate = true;
    peer.is_verified = true;
    return peer;
}

PeerIdentity with_dns(std::string name) {
    PeerIdentity peer = verified();
    peer.has_subject_alt_name = true;
    peer.dns_names = {std::move(name)};
    return peer;
}

std::vector<std::string> names(const Subject& subject) {
    return read_own_certificate(TestAuthority().issue(subject).certificate).value().names;
}

// RFC 5922 §7.1: URI, else DNS, else CN without any subjectAltName.
TEST(CertificateNames, SipUriComesBeforeDnsAndCommonName) {
    EXPECT_THAT(
        names({.common_name = "cn.example", .alt_names = "DNS:dns.example,URI:sip:uri.example"}),
        ElementsAre("uri.example"));
}

TEST(CertificateNames, DnsCountsWhenThereIsNoSipUri) {
    EXPECT_THAT(names({.common_name = "cn.example",
                       .alt_names = "DNS:a.example,DNS:b.example,URI:https://web.example"}),
                ElementsAre("a.example", "b.example"));
}

TEST(CertificateNames, CommonNameCountsOnlyWithoutSubjectAltName) {
    EXPECT_THAT(names({.common_name = "cn.example"}), ElementsAre("cn.example"));
    EXPECT_THAT(names({.common_name = "cn.example", .alt_names = "IP:192.0.2.1"}), IsEmpty());
}

TEST(CertificateNames, UriWithUserPartOrOtherSchemeIsNoDomain) {
    EXPECT_THAT(names({.common_name = "cn.example",
                       .alt_names = "URI:sip:alice@uri.example,URI:sips:sips.example"}),
                IsEmpty());
    EXPECT_THAT(names({.alt_names = "URI:sip:alice@uri.example,DNS:dns.example"}),
                ElementsAre("dns.example"));
}

TEST(CertificateNames, PortAndParametersAreNoPartOfTheDomain) {
    EXPECT_THAT(names({.alt_names = "URI:SIP:a.example;transport=tls,URI:sip:b.example:5061"}),
                ElementsAre("a.example", "b.example"));
}

// RFC 5280 §7.2: an internationalized name stands there as its A-labels.
TEST(CertificateNames, OtherOctetsThanAsciiAreNoName) {
    EXPECT_THAT(names({.alt_names = "DNS:xn--bcher-kva.example"}),
                ElementsAre("xn--bcher-kva.example"));
    EXPECT_THAT(names({.alt_names = "DNS:b\xc3\xbc"
                                    "cher.example"}),
                IsEmpty());
    EXPECT_THAT(names({.common_name = "b\xc3\xbc"
                                      "cher.example"}),
                IsEmpty());
}

TEST(CertificateNames, TextThatIsNoCertificateIsSaidSo) {
    const auto result = read_own_certificate("nonsense");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().sentence,
              "The certificate cannot be read: it is not a certificate in PEM.");
}

TEST(OwnCertificate, LastsUntilTheFirstOfItsChainExpires) {
    TestAuthority authority;
    const Subject leaf{.common_name = "sbc.example"};
    Subject above{.common_name = "above"};
    above.not_after = leaf.not_after - std::chrono::days(3);
    const std::string certificate = authority.issue(leaf).certificate;
    const auto alone = read_own_certificate(certificate);
    ASSERT_TRUE(alone);
    EXPECT_EQ(alone->not_before, leaf.not_before);
    EXPECT_EQ(alone->not_after, leaf.not_after);
    EXPECT_THAT(alone->issuer, testing::StartsWith("CN="));
    const auto both = read_own_certificate(certificate + authority.issue(above).certificate);
    ASSERT_TRUE(both);
    EXPECT_EQ(both->names, alone->names);
    EXPECT_EQ(both->not_after, above.not_after);
}

struct MatchRow {
    const char* identity;
    const char* domain;
    bool is_match;
    bool is_match_with_wildcards;
};

class DomainMatch : public testing::TestWithParam<MatchRow> {};

// RFC 5922 §7.2.
TEST_P(DomainMatch, FollowsTheTable) {
    const MatchRow& row = GetParam();
    const PeerIdentity peer = with_dns(row.identity);
    EXPECT_EQ(matches_domain(peer, row.domain), row.is_match);
    EXPECT_EQ(matches_domain(peer, row.domain, Wildcards::Allow), row.is_match_with_wildcards);
}

INSTANTIATE_TEST_SUITE_P(Table, DomainMatch,
                         testing::Values(MatchRow{"example.com", "example.com", true, true},
                                         MatchRow{"Example.COM", "eXample.com", true, true},
                                         MatchRow{"example.com.", "example.com", true, true},
                                         MatchRow{"example.com", "example.com.", true, true},
                                         MatchRow{"example.com", "sip.example.com", false, false},
                                         MatchRow{"sip.example.com", "example.com", false, false},
                                         MatchRow{"example.com", "example.co", false, false},
                                         MatchRow{"example.com", "", false, false},
                                         MatchRow{"*.example.com", "sip.example.com", false, true},
                                         MatchRow{"*.example.com", "SIP.Example.com.", false, true},
                                         MatchRow{"*.example.com", "example.com", false, false},
                                         MatchRow{"*.example.com", "a.b.example.com", false, false},
                                         MatchRow{"*.example.com", ".example.com", false, false},
                                         MatchRow{"*.example.com", "*.example.com", false, false},
                                         MatchRow{"s*.example.com", "sip.example.com", false,
                                                  false},
                                         MatchRow{"*.com", "example.com", false, false},
                                         MatchRow{"*", "example", false, false}));

TEST(MatchesDomain, NobodyUnverifiedMatches) {
    PeerIdentity peer = with_dns("example.com");
    peer.is_verified = false;
    EXPECT_FALSE(matches_domain(peer, "example.com"));
}

TEST(MatchesDomain, OneOfSeveralIsEnough) {
    PeerIdentity peer = verified();
    peer.sip_domains = {"a.example", "b.example"};
    EXPECT_TRUE(matches_domain(peer, "b.example"));
}

TEST(MatchesUser, UserWithCaseAndHostWithout) {
    PeerIdentity peer = verified();
    peer.sip_users = {"alice@Example.com"};
    EXPECT_TRUE(matches_user(peer, "alice@example.com"));
    EXPECT_TRUE(matches_user(peer, "sip:alice@example.com"));
    EXPECT_TRUE(matches_user(peer, "sips:alice@example.COM."));
    EXPECT_FALSE(matches_user(peer, "Alice@example.com"));
    EXPECT_FALSE(matches_user(peer, "bob@example.com"));
    EXPECT_FALSE(matches_user(peer, "alice@example.org"));
    EXPECT_FALSE(matches_user(peer, "@example.com"));
    EXPECT_FALSE(matches_user(peer, "example.com"));
    peer.is_verified = false;
    EXPECT_FALSE(matches_user(peer, "alice@example.com"));
}

}  // namespace
}  // namespace ringwall::tls
