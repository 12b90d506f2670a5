#include "tls/context.h"

#include <gmock/gmock.h>
#include <openssl/ssl.h>

#include "unit/tls/test_pki.h"

namespace ringwall::tls {
namespace {

using test::options_for;
using test::TestAuthority;
using testing::HasSubstr;

class ContextTest : public testing::Test {
protected:
    std::string sentence(Context::Role role, const ContextOptions& options) {
        const auto context = Context::create(role, options);
        return context ? "" : context.error().sentence;
    }

    TestAuthority authority;
    test::Credentials credentials = authority.issue({});
};

TEST_F(ContextTest, CertificateAndKeyThatBelongTogetherAreTaken) {
    const auto options = options_for(credentials, authority.certificate());
    EXPECT_EQ(sentence(Context::Role::Server, options), "");
    EXPECT_EQ(sentence(Context::Role::Client, options), "");
}

TEST_F(ContextTest, ClientNeedsNoCertificate) {
    EXPECT_EQ(sentence(Context::Role::Client, {}), "");
}

TEST_F(ContextTest, ServerWithoutCertificateIsRefused) {
    EXPECT_EQ(sentence(Context::Role::Server, {}),
              "A TLS server needs a certificate, and none is given.");
}

TEST_F(ContextTest, KeyOfAnotherCertificateIsRefused) {
    credentials.key = TestAuthority::new_key();
    EXPECT_EQ(sentence(Context::Role::Server, options_for(credentials, "")),
              "The private key does not belong to the certificate.");
}

TEST_F(ContextTest, CertificateAloneAndKeyAloneAreRefused) {
    EXPECT_EQ(sentence(Context::Role::Server, options_for({credentials.certificate, ""}, "")),
              "There is a certificate but no private key.");
    EXPECT_EQ(sentence(Context::Role::Client, options_for({"", credentials.key}, "")),
              "There is a private key but no certificate.");
}

TEST_F(ContextTest, WhatIsNoPemIsSaidByName) {
    EXPECT_THAT(sentence(Context::Role::Server, options_for({"x", credentials.key}, "")),
                HasSubstr("The certificate cannot be read"));
    EXPECT_THAT(sentence(Context::Role::Server, options_for({credentials.certificate, "x"}, "")),
                HasSubstr("The private key cannot be read"));
    EXPECT_THAT(sentence(Context::Role::Server, options_for(credentials, "x")),
                HasSubstr("The trust anchors cannot be read"));
    // One that breaks off is worse than none.
    EXPECT_THAT(
        sentence(Context::Role::Server,
                 options_for({credentials.certificate + "-----BEGIN CERTIFICATE-----\nAAAA\n",
                              credentials.key},
                             "")),
        HasSubstr("The certificate cannot be read"));
}

TEST_F(ContextTest, ExpiredCertificateIsNoErrorHere) {
    const auto expired = authority.issue({.not_after = test::new_year - std::chrono::days(1)});
    EXPECT_EQ(sentence(Context::Role::Server, options_for(expired, "")), "");
}

TEST_F(ContextTest, OwnCertificateSignedWithSha1IsRefused) {
    const auto weak = authority.issue({.digest = EVP_sha1()});
    EXPECT_THAT(sentence(Context::Role::Server, options_for(weak, "")),
                HasSubstr("The certificate cannot be used"));
}

// What an operator wants is a choice among ours; nothing that we would not do comes in by it.
TEST_F(ContextTest, CiphersAreAChoiceAmongOurs) {
    const auto ciphers = [](const std::string& wanted) {
        ContextOptions options;
        options.ciphers = wanted;
        const auto context = Context::create(Context::Role::Client, options);
        std::vector<std::string> names;
        const STACK_OF(SSL_CIPHER)* const list = SSL_CTX_get_ciphers((*context)->native());
        for (int i = 0; i < sk_SSL_CIPHER_num(list); ++i) {
            const std::string name = SSL_CIPHER_get_name(sk_SSL_CIPHER_value(list, i));
            if (!name.starts_with("TLS_")) {  // of TLS 1.3
                names.push_back(name);
            }
        }
        return names;
    };
    EXPECT_THAT(ciphers("AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:AES256-SHA"),
                testing::ElementsAre("ECDHE-RSA-AES256-GCM-SHA384"));
    EXPECT_EQ(ciphers("").size(), 6U);
    EXPECT_EQ(ciphers("no such cipher"), ciphers(""));
    EXPECT_EQ(ciphers("AES256-SHA"), ciphers(""));
}

// OpenSSL takes 32 octets; an adjacency's name may have more.
TEST_F(ContextTest, SessionIdContextOfAnyLengthWillDo) {
    ContextOptions options = options_for(credentials, "");
    options.session_id_context = std::string(253, 'x');
    EXPECT_EQ(sentence(Context::Role::Server, options), "");
}

}  // namespace
}  // namespace ringwall::tls
