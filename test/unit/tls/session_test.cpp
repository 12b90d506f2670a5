// Handshakes of two sessions with no socket between them.
#include "tls/session.h"

#include <gmock/gmock.h>
#include <openssl/ssl.h>

#include "unit/tls/test_pki.h"

namespace ringwall::tls {
namespace {

using test::Credentials;
using test::new_year;
using test::options_for;
using test::Subject;
using test::TestAuthority;
using testing::HasSubstr;
using State = Session::State;

std::shared_ptr<const Context> context(Context::Role role, const ContextOptions& options) {
    auto created = Context::create(role, options);
    EXPECT_TRUE(created.has_value());
    return *created;
}

// Two sessions and the wire between them.
struct Pair {
    Session client;
    Session server;
    WallTime now = new_year;
    std::size_t piece = SIZE_MAX;  // octets given at a time
    std::string to_client{};
    std::string to_server{};
    std::string client_got{};
    std::string server_got{};

    void start() { client.start(now, to_server); }
    // Carries octets until nobody has any left.
    void settle() {
        while (!to_server.empty() || !to_client.empty()) {
            carry(to_server, server, server_got, to_client);
            carry(to_client, client, client_got, to_server);
        }
    }
    void handshake() {
        start();
        settle();
    }

private:
    void carry(std::string& wire, Session& to, std::string& plaintext, std::string& answer) {
        const std::string bytes = std::exchange(wire, {});
        for (std::size_t i = 0; i < bytes.size(); i += std::min(piece, bytes.size() - i)) {
            to.feed(std::string_view(bytes).substr(i, piece), now, plaintext, answer);
        }
    }
};

class SessionTest : public testing::Test {
protected:
    TestAuthority authority;
    Credentials server_credentials =
        authority.issue({.common_name = "sbc", .alt_names = "URI:sip:sbc.example"});
    Credentials client_credentials =
        authority.issue({.common_name = "phone", .alt_names = "URI:sip:alice@sbc.example"});
    ContextOptions server_options = options_for(server_credentials, authority.certificate());
    ContextOptions client_options = options_for(client_credentials, authority.certificate());

    Pair pair() {
        return {Session::client(context(Context::Role::Client, client_options), "sbc.example"),
                Session::server(context(Context::Role::Server, server_options))};
    }
    void use_for_client(const Subject& subject) {
        client_options = options_for(authority.issue(subject), authority.certificate());
    }
    void use_for_server(const Subject& subject) {
        server_options = options_for(authority.issue(subject), authority.certificate());
    }
    // A client of raw OpenSSL that offers no more than this version, at no security level.
    std::string hello_of_version(int version) {
        SSL_CTX* const native = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_security_level(native, 0);
        SSL_CTX_set_min_proto_version(native, version);
        SSL_CTX_set_max_proto_version(native, version);
        SSL_CTX_set_cipher_list(native, "ALL:@SECLEVEL=0");
        SSL* const ssl = SSL_new(native);
        BIO* const in = BIO_new(BIO_s_mem());
        BIO* const out = BIO_new(BIO_s_mem());
        SSL_set_bio(ssl, in, out);
        SSL_connect(ssl);
        char* data = nullptr;
        const long length = BIO_get_mem_data(out, &data);
        std::string hello(data, static_cast<std::size_t>(length));
        SSL_free(ssl);
        SSL_CTX_free(native);
        return hello;
    }
};

TEST_F(SessionTest, Tls13IsSpokenWithMutualAuthentication) {
    server_options.client_authentication = ClientAuthentication::Required;
    Pair p = pair();
    p.handshake();

    ASSERT_EQ(p.client.state(), State::Established) << p.client.failure_detail();
    ASSERT_EQ(p.server.state(), State::Established) << p.server.failure_detail();
    EXPECT_EQ(p.server.identity().protocol, "TLSv1.3");
    EXPECT_EQ(p.server.identity().cipher, "TLS_AES_128_GCM_SHA256");
    EXPECT_TRUE(matches_domain(p.client.identity(), "sbc.example"));
    EXPECT_TRUE(matches_user(p.server.identity(), "alice@sbc.example"));
    EXPECT_EQ(p.server.identity().fingerprint.size(), 64u);
    EXPECT_NE(p.server.identity().fingerprint, p.client.identity().fingerprint);
}

TEST_F(SessionTest, Tls12IsSpokenWithForwardSecrecy) {
    Pair p = pair();
    const auto client_context = context(Context::Role::Client, client_options);
    SSL_CTX_set_max_proto_version(client_context->native(), TLS1_2_VERSION);
    p.client = Session::client(client_context, "");
    p.handshake();

    ASSERT_EQ(p.client.state(), State::Established) << p.client.failure_detail();
    ASSERT_EQ(p.server.state(), State::Established) << p.server.failure_detail();
    EXPECT_EQ(p.server.identity().protocol, "TLSv1.2");
    EXPECT_EQ(p.server.identity().cipher, "ECDHE-ECDSA-AES128-GCM-SHA256");
    EXPECT_TRUE(p.server.identity().is_verified);
}

TEST_F(SessionTest, Tls12IsRefusedWhereTls13IsTheLeast) {
    server_options.min_version = Version::Tls13;
    Pair p = pair();
    const auto client_context = context(Context::Role::Client, client_options);
    SSL_CTX_set_max_proto_version(client_context->native(), TLS1_2_VERSION);
    p.client = Session::client(client_context, "");
    p.handshake();

    EXPECT_EQ(p.server.state(), State::Failed);
    EXPECT_EQ(p.server.failure(), Failure::ProtocolVersion);
    EXPECT_EQ(p.client.failure(), Failure::ProtocolVersion);
}

// RFC 8996: TLS 1.1 is answered with the alert protocol_version.
TEST_F(SessionTest, Tls11AndBelowAreAnsweredWithAlert70) {
    for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
        Pair p = pair();
        p.to_server = hello_of_version(version);
        ASSERT_FALSE(p.to_server.empty());
        std::string out;
        p.server.feed(p.to_server, new_year, p.server_got, out);

        EXPECT_EQ(p.server.state(), State::Failed);
        EXPECT_EQ(p.server.failure(), Failure::ProtocolVersion);
        ASSERT_EQ(out.size(), 7u);
        EXPECT_EQ(out[0], 21);  // alert
        EXPECT_EQ(out[5], 2);   // fatal
        EXPECT_EQ(out[6], 70);
        EXPECT_THAT(p.server.failure_detail(), HasSubstr("sent alert 70"));
    }
}

TEST_F(SessionTest, OctetsGivenOneByOneMakeTheSameHandshake) {
    Pair p = pair();
    p.piece = 1;
    p.handshake();
    ASSERT_EQ(p.server.state(), State::Established);
    p.client.write("OPTIONS", p.to_server);
    p.server.write("200 OK", p.to_client);
    p.settle();
    EXPECT_EQ(p.server_got, "OPTIONS");
    EXPECT_EQ(p.client_got, "200 OK");
}

TEST_F(SessionTest, LargeWritesArriveWhole) {
    Pair p = pair();
    p.handshake();
    std::string large(300'000, '\0');
    for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 7 % 251);
    p.client.write(large, p.to_server);
    EXPECT_EQ(p.to_server.find(large.substr(0, 32)), std::string::npos);
    p.settle();
    EXPECT_EQ(p.server_got, large);
}

TEST_F(SessionTest, CloseNotifyEndsBothSides) {
    Pair p = pair();
    p.handshake();
    p.client.write("last words", p.to_server);
    p.client.close(p.to_server);
    EXPECT_EQ(p.client.state(), State::Closed);
    p.settle();
    EXPECT_EQ(p.server_got, "last words");
    EXPECT_EQ(p.server.state(), State::Closed);

    std::string out;
    p.server.write("too late", out);
    EXPECT_EQ(out, "");
}

TEST_F(SessionTest, NothingIsWrittenBeforeTheHandshakeIsDone) {
    Pair p = pair();
    std::string out;
    p.server.write("early", out);
    p.client.write("early", out);
    EXPECT_EQ(out, "");
}

TEST_F(SessionTest, ServerNameIsSentWhenItIsAName) {
    for (const auto& [name, is_sent] : std::vector<std::pair<std::string, bool>>{
             {"sbc.example", true}, {"192.0.2.77", false}, {"2001:db8::77", false}}) {
        std::string hello;
        Session::client(context(Context::Role::Client, client_options), name)
            .start(new_year, hello);
        EXPECT_EQ(hello.find(name) != std::string::npos, is_sent) << name;
    }
}

TEST_F(SessionTest, ClientWithoutCertificateMayComeWhereItIsOptional) {
    client_options.certificate.clear();
    client_options.private_key = Secret();
    for (const auto authentication : {ClientAuthentication::Optional, ClientAuthentication::Off}) {
        server_options.client_authentication = authentication;
        Pair p = pair();
        p.handshake();
        ASSERT_EQ(p.server.state(), State::Established) << p.server.failure_detail();
        EXPECT_FALSE(p.server.identity().has_certificate);
        EXPECT_FALSE(p.server.identity().is_verified);
        EXPECT_EQ(p.server.identity().protocol, "TLSv1.3");
    }
}

TEST_F(SessionTest, ClientIsNotAskedWhereItIsOff) {
    server_options.client_authentication = ClientAuthentication::Off;
    Pair p = pair();
    p.handshake();
    ASSERT_EQ(p.server.state(), State::Established);
    EXPECT_FALSE(p.server.identity().has_certificate);
}

TEST_F(SessionTest, ClientWithoutCertificateIsRefusedWhereItIsRequired) {
    client_options.certificate.clear();
    client_options.private_key = Secret();
    server_options.client_authentication = ClientAuthentication::Required;
    Pair p = pair();
    p.handshake();
    EXPECT_EQ(p.server.state(), State::Failed);
    EXPECT_EQ(p.server.failure(), Failure::NoCertificate);
    EXPECT_EQ(p.client.state(), State::Failed);
    EXPECT_EQ(p.client.failure(), Failure::Alert);
    EXPECT_THAT(p.client.failure_detail(), HasSubstr("received alert 116"));
}

TEST_F(SessionTest, BadClientCertificateIsRefusedEvenWhereItIsOptional) {
    struct Row {
        Subject subject;
        const char* failure;
    };
    const std::vector<Row> rows{
        {{.not_after = new_year - std::chrono::days(1)}, "certificate has expired"},
        {{.not_before = new_year + std::chrono::days(1)}, "certificate is not yet valid"},
        {{.extended_key_usage = "serverAuth"}, "unsuitable certificate purpose"},
        {{.extended_key_usage = "codeSigning"}, "unsuitable certificate purpose"},
        {{.key_usage = "keyEncipherment"}, "unsuitable certificate purpose"},
    };
    for (const auto authentication :
         {ClientAuthentication::Optional, ClientAuthentication::Required}) {
        for (const Row& row : rows) {
            use_for_client(row.subject);
            server_options.client_authentication = authentication;
            Pair p = pair();
            p.handshake();
            EXPECT_EQ(p.server.state(), State::Failed) << row.failure;
            EXPECT_EQ(p.server.failure(), Failure::BadCertificate) << row.failure;
            EXPECT_EQ(p.server.identity().failure, row.failure);
            EXPECT_TRUE(p.server.identity().has_certificate);
            EXPECT_FALSE(p.server.identity().is_verified);
            EXPECT_EQ(p.client.failure(), Failure::Alert) << row.failure;
        }
    }
}

TEST_F(SessionTest, CertificateOfUnknownIssuerIsRefused) {
    const TestAuthority stranger("Somebody Else");
    client_options = options_for(stranger.issue({}), authority.certificate());
    Pair p = pair();
    p.handshake();
    EXPECT_EQ(p.server.failure(), Failure::BadCertificate);
    EXPECT_THAT(p.server.identity().failure, HasSubstr("unable to get local issuer certificate"));
}

TEST_F(SessionTest, AnotherAuthorityOfTheSameNameIsNoTrustAnchor) {
    const TestAuthority impostor;
    client_options = options_for(impostor.issue({}), authority.certificate());
    Pair p = pair();
    p.handshake();
    EXPECT_EQ(p.server.state(), State::Failed);
    EXPECT_EQ(p.server.failure(), Failure::BadCertificate);
}

TEST_F(SessionTest, WithoutTrustAnchorsNobodyVerifies) {
    server_options.trust_anchors.clear();
    Pair p = pair();
    p.handshake();
    EXPECT_EQ(p.server.failure(), Failure::BadCertificate);
}

TEST_F(SessionTest, CertificateSignedWithSha1IsRefused) {
    // Our own context would not load it.
    const Credentials weak = authority.issue({.digest = EVP_sha1()});
    Pair p = pair();
    const auto client_context = context(Context::Role::Client, client_options);
    SSL_CTX_set_security_level(client_context->native(), 0);
    BIO* const bio =
        BIO_new_mem_buf(weak.certificate.data(), static_cast<int>(weak.certificate.size()));
    X509* const certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
    BIO* const key_bio = BIO_new_mem_buf(weak.key.data(), static_cast<int>(weak.key.size()));
    EVP_PKEY* const key = PEM_read_bio_PrivateKey(key_bio, nullptr, nullptr, nullptr);
    ASSERT_EQ(SSL_CTX_use_certificate(client_context->native(), certificate), 1);
    ASSERT_EQ(SSL_CTX_use_PrivateKey(client_context->native(), key), 1);
    p.client = Session::client(client_context, "");
    p.handshake();
    X509_free(certificate);
    EVP_PKEY_free(key);
    BIO_free(bio);
    BIO_free(key_bio);

    EXPECT_EQ(p.server.failure(), Failure::BadCertificate);
    EXPECT_THAT(p.server.identity().failure, HasSubstr("digest algorithm too weak"));
}

// RFC 5924 §4 and RFC 5280 §4.2.1.12.
TEST_F(SessionTest, UsagesThatFitAreTaken) {
    for (const char* usage : {"", "clientAuth", "clientAuth,codeSigning", "anyExtendedKeyUsage",
                              "1.3.6.1.5.5.7.3.20"}) {
        use_for_client({.extended_key_usage = usage, .key_usage = "digitalSignature"});
        Pair p = pair();
        p.handshake();
        EXPECT_EQ(p.server.state(), State::Established) << usage;
        EXPECT_TRUE(p.server.identity().is_verified) << usage;
    }
    for (const char* usage : {"", "serverAuth", "anyExtendedKeyUsage", "1.3.6.1.5.5.7.3.20"}) {
        use_for_server({.extended_key_usage = usage});
        Pair p = pair();
        p.handshake();
        EXPECT_EQ(p.client.state(), State::Established) << usage;
    }
}

TEST_F(SessionTest, BadServerCertificateIsAlwaysRefused) {
    const TestAuthority stranger("Somebody Else");
    const std::vector<Credentials> bad{
        authority.issue({.not_after = new_year - std::chrono::seconds(1)}),
        authority.issue({.not_before = new_year + std::chrono::days(1)}),
        authority.issue({.extended_key_usage = "clientAuth"}),
        stranger.issue({}),
    };
    for (const Credentials& credentials : bad) {
        server_options = options_for(credentials, authority.certificate());
        Pair p = pair();
        p.handshake();
        EXPECT_EQ(p.client.state(), State::Failed);
        EXPECT_EQ(p.client.failure(), Failure::BadCertificate);
        EXPECT_NE(p.client.identity().failure, "");
        EXPECT_EQ(p.server.failure(), Failure::Alert);
    }
}

TEST_F(SessionTest, ValidityIsJudgedAtTheTimeGiven) {
    Pair p = pair();
    p.now = new_year + std::chrono::days(31);
    p.handshake();
    EXPECT_EQ(p.client.failure(), Failure::BadCertificate);
    EXPECT_EQ(p.client.identity().failure, "certificate has expired");
}

// A handshake of raw OpenSSL, which keeps its ticket as our own client does not, with `server`.
SSL_SESSION* shake_hands(SSL_CTX* native, Session& server, SSL_SESSION* ticket, WallTime now) {
    SSL* const ssl = SSL_new(native);
    BIO* const in = BIO_new(BIO_s_mem());
    BIO* const out = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl, in, out);
    if (ticket != nullptr) SSL_set_session(ssl, ticket);
    for (int i = 0; i < 4; ++i) {
        SSL_connect(ssl);
        char* data = nullptr;
        const long length = BIO_get_mem_data(out, &data);
        std::string answer;
        std::string plaintext;
        server.feed({data, static_cast<std::size_t>(length)}, now, plaintext, answer);
        BIO_reset(out);
        BIO_write(in, answer.data(), static_cast<int>(answer.size()));
    }
    char octet = 0;
    SSL_read(ssl, &octet, 1);  // takes the ticket
    SSL_SESSION* const session = SSL_get1_session(ssl);
    SSL_shutdown(ssl);
    SSL_free(ssl);
    return session;
}

// RFC 8446 §C.4: each ticket once, and the next comes with each resumption, also when the key has
// changed since. What is older than the keys is shaken hands with anew.
TEST_F(SessionTest, EveryTicketOfTheLastHourResumesAndBringsTheNext) {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        server_options.session_id_context = "phones";
        const auto server_context = context(Context::Role::Server, server_options);
        SSL_CTX* const native = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_max_proto_version(native, version);
        WallTime now = new_year;
        Session begun = Session::server(server_context);
        SSL_SESSION* ticket = shake_hands(native, begun, nullptr, now);
        for (int i = 0; i < 6; ++i) {
            now += std::chrono::minutes(50);
            Session server = Session::server(server_context);
            SSL_SESSION* const next = shake_hands(native, server, ticket, now);
            EXPECT_EQ(server.state(), State::Established);
            EXPECT_TRUE(server.is_resumed()) << version << " after " << i;
            SSL_SESSION_free(std::exchange(ticket, next));
        }
        Session late = Session::server(server_context);
        SSL_SESSION_free(shake_hands(native, late, ticket, now + std::chrono::minutes(121)));
        EXPECT_EQ(late.state(), State::Established);
        EXPECT_FALSE(late.is_resumed());
        SSL_SESSION_free(ticket);
        SSL_CTX_free(native);
    }
}

TEST_F(SessionTest, ResumedSessionKeepsItsIdentityUntilTheCertificateExpires) {
    const WallTime last_minutes = new_year + std::chrono::days(30) - std::chrono::minutes(10);
    server_options.session_id_context = "phones";
    server_options.ticket_root = Secret("root");
    const auto server_context = context(Context::Role::Server, server_options);
    SSL_CTX* const native = SSL_CTX_new(TLS_client_method());
    BIO* const bio = BIO_new_mem_buf(client_credentials.certificate.data(), -1);
    BIO* const key_bio = BIO_new_mem_buf(client_credentials.key.data(), -1);
    X509* const certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
    EVP_PKEY* const key = PEM_read_bio_PrivateKey(key_bio, nullptr, nullptr, nullptr);
    SSL_CTX_use_certificate(native, certificate);
    SSL_CTX_use_PrivateKey(native, key);

    Session first = Session::server(server_context);
    SSL_SESSION* const ticket = shake_hands(native, first, nullptr, last_minutes);
    ASSERT_EQ(first.state(), State::Established) << first.failure_detail();
    ASSERT_EQ(SSL_SESSION_is_resumable(ticket), 1);

    // Without its certificate it can only be known by its ticket.
    SSL_CTX* const anonymous = SSL_CTX_new(TLS_client_method());
    Session second = Session::server(server_context);
    SSL_SESSION_free(shake_hands(anonymous, second, ticket, last_minutes));
    EXPECT_EQ(second.state(), State::Established) << second.failure_detail();
    EXPECT_TRUE(matches_user(second.identity(), "alice@sbc.example"));
    EXPECT_EQ(second.identity().fingerprint, first.identity().fingerprint);

    Session third = Session::server(server_context);
    SSL_SESSION_free(
        shake_hands(anonymous, third, ticket, last_minutes + std::chrono::minutes(20)));
    EXPECT_EQ(third.state(), State::Failed);
    EXPECT_EQ(third.failure(), Failure::BadCertificate);
    EXPECT_EQ(third.identity().failure, "certificate has expired");

    // Another certificate of ours changes nothing for it.
    use_for_server({.common_name = "sbc", .alt_names = "URI:sip:sbc.example"});
    server_options.session_id_context = "phones";
    server_options.ticket_root = Secret("root");
    Session renewed = Session::server(context(Context::Role::Server, server_options));
    SSL_SESSION_free(shake_hands(anonymous, renewed, ticket, last_minutes));
    EXPECT_TRUE(renewed.is_resumed());
    // Other trust does, and so does another adjacency.
    ContextOptions other_name = server_options;
    other_name.session_id_context = "other phones";
    ContextOptions other_trust = server_options;
    other_trust.revocation_lists = authority.revoke({});
    for (const ContextOptions& other : {other_name, other_trust}) {
        Session changed = Session::server(context(Context::Role::Server, other));
        SSL_SESSION_free(shake_hands(anonymous, changed, ticket, last_minutes));
        EXPECT_EQ(changed.state(), State::Established);
        EXPECT_FALSE(changed.is_resumed());
        EXPECT_FALSE(changed.identity().has_certificate);
    }

    SSL_SESSION_free(ticket);
    SSL_CTX_free(native);
    SSL_CTX_free(anonymous);
    X509_free(certificate);
    EVP_PKEY_free(key);
    BIO_free(bio);
    BIO_free(key_bio);
}

TEST_F(SessionTest, PlainTextIsNoTlsAndGetsNoAnswer) {
    for (const std::string_view text : {"INVITE sip:bob@example.com SIP/2.0\r\n", "\r\n\r\n",
                                        "\x16"
                                        "foo",
                                        "\x16\x03\x05", "\x80\x2e\x01", "\x15\x03\x03"}) {
        for (const std::size_t piece : {std::size_t{1}, std::size_t{100}}) {
            Session server = Session::server(context(Context::Role::Server, server_options));
            std::string plaintext;
            std::string out;
            for (std::size_t i = 0; i < text.size(); i += piece) {
                server.feed(text.substr(i, piece), new_year, plaintext, out);
            }
            EXPECT_EQ(server.state(), State::Failed);
            EXPECT_EQ(server.failure(), Failure::NotTls);
            EXPECT_EQ(out, "");
            EXPECT_EQ(plaintext, "");
        }
    }
}

TEST_F(SessionTest, ServerThatAnswersInPlainTextIsNoTls) {
    Pair p = pair();
    p.start();
    std::string plaintext;
    std::string out;
    p.client.feed("SIP/2.0 400 Bad Request\r\n", new_year, plaintext, out);
    EXPECT_EQ(p.client.failure(), Failure::NotTls);
    EXPECT_EQ(out, "");
}

TEST_F(SessionTest, ServerThatAnswersWithAnAlertIsHeard) {
    Pair p = pair();
    p.start();
    std::string plaintext;
    std::string out;
    p.client.feed(std::string_view("\x15\x03\x03\x00\x02\x02\x28", 7), new_year, plaintext, out);
    EXPECT_EQ(p.client.failure(), Failure::Alert);
    EXPECT_THAT(p.client.failure_detail(), HasSubstr("received alert 40 (handshake failure)"));
}

TEST_F(SessionTest, RubbishInARecordFailsTheHandshake) {
    Session server = Session::server(context(Context::Role::Server, server_options));
    std::string plaintext;
    std::string out;
    server.feed(std::string("\x16\x03\x01\x00\x10", 5) + std::string(16, 'x'), new_year, plaintext,
                out);
    EXPECT_EQ(server.state(), State::Failed);
    EXPECT_EQ(server.failure(), Failure::Protocol);
    server.feed("more", new_year, plaintext, out);
    EXPECT_EQ(plaintext, "");
}

TEST_F(SessionTest, TamperedRecordEndsAnEstablishedSession) {
    Pair p = pair();
    p.handshake();
    p.client.write("INVITE", p.to_server);
    p.to_server.back() = static_cast<char>(p.to_server.back() ^ 1);
    p.settle();
    EXPECT_EQ(p.server.state(), State::Failed);
    EXPECT_EQ(p.server_got, "");
    EXPECT_EQ(p.client.failure(), Failure::Alert);
}

TEST(Classify, NeedsThreeOctetsAtMost) {
    EXPECT_EQ(classify(""), FirstBytes::Undecided);
    EXPECT_EQ(classify("\x16"), FirstBytes::Undecided);
    EXPECT_EQ(classify("\x16\x03"), FirstBytes::Undecided);
    for (char minor = 0; minor <= 4; ++minor) {
        EXPECT_EQ(classify(std::string("\x16\x03") + minor), FirstBytes::Tls);
    }
    EXPECT_EQ(classify("\x16\x03\x05"), FirstBytes::NotTls);
    EXPECT_EQ(classify("\x16\x02"), FirstBytes::NotTls);
    EXPECT_EQ(classify("I"), FirstBytes::NotTls);
    EXPECT_EQ(classify("\r"), FirstBytes::NotTls);
    EXPECT_EQ(classify("\x15\x03\x03"), FirstBytes::NotTls);
}

TEST(BeginsTlsRecord, NoSipMessageDoes) {
    for (int octet = 0; octet < 256; ++octet) {
        EXPECT_EQ(begins_tls_record(static_cast<char>(octet)), octet >= 20 && octet <= 24) << octet;
    }
}

// ---- revocation ---------------------------------------------------------------------------------

class Revocation : public SessionTest {
protected:
    // Of the client's certificate, by a server with these lists.
    std::string judged_by(const std::string& lists, WallTime now = new_year) {
        server_options.client_authentication = ClientAuthentication::Required;
        server_options.revocation_lists = lists;
        Pair p = pair();
        p.now = now;
        p.handshake();
        EXPECT_EQ(p.server.state() == State::Established, p.server.identity().is_verified);
        return p.server.state() == State::Established ? "good" : p.server.identity().failure;
    }
};

TEST_F(Revocation, WhatIsOnTheListIsRefused) {
    EXPECT_EQ(judged_by(authority.revoke({})), "good");
    EXPECT_EQ(judged_by(authority.revoke({server_credentials})), "good");
    EXPECT_EQ(judged_by(authority.revoke({client_credentials})), "certificate revoked");
}

TEST_F(Revocation, AServersCertificateIsJudgedTheSame) {
    client_options.revocation_lists = authority.revoke({server_credentials});
    Pair p = pair();
    p.handshake();
    EXPECT_EQ(p.client.failure(), Failure::BadCertificate);
    EXPECT_EQ(p.client.identity().failure, "certificate revoked");
}

TEST_F(Revocation, AListThatIsOldOrOfSomebodyElseLetsNobodyIn) {
    EXPECT_EQ(judged_by(authority.revoke({}, new_year + std::chrono::days(1)),
                        new_year + std::chrono::days(2)),
              "CRL has expired");
    EXPECT_EQ(judged_by(TestAuthority("Another CA").revoke({})), "unable to get certificate CRL");
    EXPECT_EQ(judged_by(TestAuthority().revoke({})), "CRL signature failure");  // of the same name
}

TEST_F(Revocation, AnAuthorityBelowIsAskedForWhereItHasAList) {
    const TestAuthority below = authority.below("Below");
    const Credentials phone = below.issue({.common_name = "phone"});
    client_options =
        options_for({phone.certificate + below.certificate(), phone.key}, authority.certificate());
    EXPECT_EQ(judged_by(below.revoke({})), "good");
    EXPECT_EQ(judged_by(below.revoke({}) + authority.revoke({})), "good");
    EXPECT_EQ(judged_by(below.revoke({}) + authority.revoke({{below.certificate(), ""}})),
              "certificate revoked");
    EXPECT_EQ(judged_by(authority.revoke({})), "unable to get certificate CRL");
}

TEST_F(Revocation, AConnectionThatStandsIsJudgedAgain) {
    server_options.client_authentication = ClientAuthentication::Required;
    Pair p = pair();
    p.handshake();
    ASSERT_EQ(p.server.state(), State::Established);
    const auto trusted = [&](const std::string& anchors, const std::string& lists) {
        ContextOptions other = server_options;
        other.trust_anchors = anchors;
        other.revocation_lists = lists;
        return p.server.would_be_trusted_by(*context(Context::Role::Server, other), new_year);
    };
    EXPECT_TRUE(trusted(authority.certificate(), ""));
    EXPECT_TRUE(trusted(authority.certificate(), authority.revoke({server_credentials})));
    EXPECT_FALSE(trusted(authority.certificate(), authority.revoke({client_credentials})));
    EXPECT_FALSE(trusted(TestAuthority().certificate(), ""));
    EXPECT_FALSE(p.server.would_be_trusted_by(*context(Context::Role::Server, server_options),
                                              new_year + std::chrono::days(31)));
    ContextOptions other = client_options;
    other.revocation_lists = authority.revoke({server_credentials});
    EXPECT_FALSE(p.client.would_be_trusted_by(*context(Context::Role::Client, other), new_year));
}

TEST_F(Revocation, WhoShowedNothingHasNothingToLose) {
    client_options.certificate.clear();
    client_options.private_key = Secret();
    Pair p = pair();
    p.handshake();
    ASSERT_EQ(p.server.state(), State::Established);
    ContextOptions other = server_options;
    other.trust_anchors = TestAuthority().certificate();
    EXPECT_TRUE(p.server.would_be_trusted_by(*context(Context::Role::Server, other), new_year));
}

TEST_F(Revocation, WhatIsNoListIsSaidSo) {
    server_options.revocation_lists = authority.certificate();
    const auto created = Context::create(Context::Role::Server, server_options);
    ASSERT_FALSE(created);
    EXPECT_EQ(created.error().sentence,
              "The revocation lists cannot be read: they are not CRLs in PEM.");
}

// ---- old phones ---------------------------------------------------------------------------------

TEST_F(SessionTest, OldVersionsAreSpokenOnlyWhereTheyAreAskedFor) {
    for (const auto& [version, least] :
         {std::pair(TLS1_VERSION, Version::Tls10), std::pair(TLS1_1_VERSION, Version::Tls11)}) {
        server_options.min_version = least;
        client_options.min_version = least;
        const auto client_context = context(Context::Role::Client, client_options);
        SSL_CTX_set_max_proto_version(client_context->native(), version);
        Pair p = pair();
        p.client = Session::client(client_context, "");
        p.handshake();
        ASSERT_EQ(p.server.state(), State::Established) << p.server.failure_detail();
        EXPECT_EQ(p.server.identity().protocol, version == TLS1_VERSION ? "TLSv1" : "TLSv1.1");
        EXPECT_THAT(p.server.identity().cipher, testing::EndsWith("-SHA"));
    }
}

// Whoever can do better does.
TEST_F(SessionTest, NewPhonesGetNewVersionsWhereOldOnesAreAllowed) {
    server_options.min_version = Version::Tls10;
    Pair p = pair();
    p.handshake();
    ASSERT_EQ(p.server.state(), State::Established) << p.server.failure_detail();
    EXPECT_EQ(p.server.identity().protocol, "TLSv1.3");
}

}  // namespace
}  // namespace ringwall::tls
