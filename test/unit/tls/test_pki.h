// Certificates made on the spot: an authority, and what it signs. P-256, valid around a moment
// that the test names, so that no test depends on the date.
#pragma once

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <vector>

#include "base/secret.h"
#include "base/time.h"
#include "tls/context.h"

namespace ringwall::tls::test {

// 2026-01-01 00:00:00 UTC.
inline constexpr WallTime new_year{std::chrono::seconds(1'767'225'600)};

struct Subject {
    std::string common_name = "somebody";
    std::string alt_names{};           // as in openssl.cnf: "DNS:example.com,URI:sip:example.com"
    std::string extended_key_usage{};  // "serverAuth,clientAuth"; empty: none
    std::string key_usage{};           // "digitalSignature"; empty: none
    WallTime not_before = new_year - std::chrono::days(30);
    WallTime not_after = new_year + std::chrono::days(30);
    const EVP_MD* digest = EVP_sha256();
};

struct Credentials {
    std::string certificate;
    std::string key;
};

class TestAuthority {
public:
    explicit TestAuthority(const std::string& name = "Test CA",
                           const TestAuthority* above = nullptr)
        : key_(EVP_EC_gen("P-256")) {
        Subject subject;
        subject.common_name = name;
        subject.not_before = new_year - std::chrono::days(3650);
        subject.not_after = new_year + std::chrono::days(3650);
        certificate_ = make(subject, key_.get(), above, "critical,CA:TRUE");
    }

    std::string certificate() const { return pem(certificate_.get()); }

    Credentials issue(const Subject& subject) const {
        const Key key(EVP_EC_gen("P-256"));
        return {pem(make(subject, key.get(), this, "CA:FALSE").get()), pem(key.get())};
    }

    // An authority below this one.
    TestAuthority below(const std::string& name) const { return TestAuthority(name, this); }

    // Its list, with these on it.
    std::string revoke(const std::vector<Credentials>& revoked,
                       WallTime next_update = new_year + std::chrono::days(30),
                       WallTime made = new_year - std::chrono::days(1)) const {
        const auto seconds = [](WallTime time) {
            return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
        };
        const std::unique_ptr<X509_CRL, Free> list(X509_CRL_new());
        X509_CRL_set_version(list.get(), 1);
        X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(certificate_.get()));
        const std::unique_ptr<ASN1_TIME, Free> begin(ASN1_TIME_set(nullptr, seconds(made)));
        const std::unique_ptr<ASN1_TIME, Free> end(ASN1_TIME_set(nullptr, seconds(next_update)));
        X509_CRL_set1_lastUpdate(list.get(), begin.get());
        X509_CRL_set1_nextUpdate(list.get(), end.get());
        for (const Credentials& each : revoked) {
            const std::unique_ptr<BIO, Free> bio(BIO_new_mem_buf(each.certificate.data(), -1));
            const Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
            X509_REVOKED* const entry = X509_REVOKED_new();
            X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(certificate.get()));
            X509_REVOKED_set_revocationDate(entry, begin.get());
            X509_CRL_add0_revoked(list.get(), entry);
        }
        X509_CRL_sort(list.get());
        X509_CRL_sign(list.get(), key_.get(), EVP_sha256());
        const std::unique_ptr<BIO, Free> bio(BIO_new(BIO_s_mem()));
        PEM_write_bio_X509_CRL(bio.get(), list.get());
        return text(bio.get());
    }

    static std::string new_key() { return pem(Key(EVP_EC_gen("P-256")).get()); }

private:
    struct Free {
        void operator()(X509* pointer) const { X509_free(pointer); }
        void operator()(EVP_PKEY* pointer) const { EVP_PKEY_free(pointer); }
        void operator()(BIO* pointer) const { BIO_free(pointer); }
        void operator()(X509_CRL* pointer) const { X509_CRL_free(pointer); }
        void operator()(ASN1_TIME* pointer) const { ASN1_TIME_free(pointer); }
    };
    using Certificate = std::unique_ptr<X509, Free>;
    using Key = std::unique_ptr<EVP_PKEY, Free>;

    static void extend(X509* certificate, X509* issuer, int nid, const std::string& value) {
        if (value.empty()) return;
        X509V3_CTX context;
        X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
        X509_EXTENSION* const extension =
            X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
        if (extension == nullptr) std::abort();
        X509_add_ext(certificate, extension, -1);
        X509_EXTENSION_free(extension);
    }

    static Certificate make(const Subject& subject, EVP_PKEY* key, const TestAuthority* authority,
                            const std::string& constraints) {
        static long serial = 1;
        const auto seconds = [](WallTime time) {
            return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
        };
        Certificate certificate(X509_new());
        X509_set_version(certificate.get(), X509_VERSION_3);
        ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial++);
        ASN1_TIME_set(X509_getm_notBefore(certificate.get()), seconds(subject.not_before));
        ASN1_TIME_set(X509_getm_notAfter(certificate.get()), seconds(subject.not_after));
        X509_NAME_add_entry_by_txt(
            X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
            reinterpret_cast<const unsigned char*>(subject.common_name.c_str()), -1, -1, 0);
        X509* const issuer = authority ? authority->certificate_.get() : certificate.get();
        X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer));
        X509_set_pubkey(certificate.get(), key);
        extend(certificate.get(), issuer, NID_basic_constraints, constraints);
        extend(certificate.get(), issuer, NID_subject_alt_name, subject.alt_names);
        extend(certificate.get(), issuer, NID_ext_key_usage, subject.extended_key_usage);
        extend(certificate.get(), issuer, NID_key_usage, subject.key_usage);
        X509_sign(certificate.get(), authority ? authority->key_.get() : key, subject.digest);
        return certificate;
    }

    static std::string text(BIO* bio) {
        char* data = nullptr;
        const long length = BIO_get_mem_data(bio, &data);
        return {data, static_cast<std::size_t>(length)};
    }
    static std::string pem(X509* certificate) {
        const std::unique_ptr<BIO, Free> bio(BIO_new(BIO_s_mem()));
        PEM_write_bio_X509(bio.get(), certificate);
        return text(bio.get());
    }
    static std::string pem(EVP_PKEY* key) {
        const std::unique_ptr<BIO, Free> bio(BIO_new(BIO_s_mem()));
        PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
        return text(bio.get());
    }

    Key key_;
    Certificate certificate_;
};

inline ContextOptions options_for(const Credentials& credentials,
                                  const std::string& trust_anchors) {
    ContextOptions options;
    options.certificate = credentials.certificate;
    options.private_key = Secret(credentials.key);
    options.trust_anchors = trust_anchors;
    return options;
}

}  // namespace ringwall::tls::test
