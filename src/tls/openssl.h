// OpenSSL's types with owners, and its errors as text. For the files of this folder.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ringwall::tls {

template <auto release>
struct Release {
    template <class T>
    void operator()(T* pointer) const {
        release(pointer);
    }
};

using SslPointer = std::unique_ptr<SSL, Release<SSL_free>>;
using SslContextPointer = std::unique_ptr<SSL_CTX, Release<SSL_CTX_free>>;
using CertificatePointer = std::unique_ptr<X509, Release<X509_free>>;
using RevocationListPointer = std::unique_ptr<X509_CRL, Release<X509_CRL_free>>;
using KeyPointer = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
using BioPointer = std::unique_ptr<BIO, Release<BIO_free_all>>;

inline std::string reason_of(unsigned long error) {
    const char* const text = ERR_reason_error_string(error);
    return text == nullptr ? "unknown error" : text;
}

// All certificates of a PEM text, in order. Empty if there is none or one cannot be read.
std::vector<CertificatePointer> read_certificates(std::string_view pem);
std::vector<RevocationListPointer> read_revocation_lists(std::string_view pem);

}  // namespace ringwall::tls
