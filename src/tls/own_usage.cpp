#include "tls/own_usage.h"

#include "tls/certificate.h"
#include "tls/openssl.h"

namespace ringwall::tls {

namespace {

// What a root may be used for is the word of whoever trusts it.
bool is_root(X509* certificate) {
    return X509_NAME_cmp(X509_get_subject_name(certificate), X509_get_issuer_name(certificate)) ==
           0;
}

}  // namespace

bool is_fit_for_role(const Context& own) {
    const PeerRole role = own.role() == Context::Role::Server ? PeerRole::Server : PeerRole::Client;
    X509* const certificate = SSL_CTX_get0_certificate(own.native());
    if (certificate == nullptr) {
        return true;  // none is shown
    }
    bool is_fit =
        has_fit_extended_key_usage(certificate, role) && has_fit_key_usage(certificate, role);
    STACK_OF(X509)* above = nullptr;
    SSL_CTX_get0_chain_certs(own.native(), static_cast<void*>(&above));
    for (int i = 0; i < sk_X509_num(above); ++i) {
        X509* const authority = sk_X509_value(above, i);
        is_fit = is_fit && (is_root(authority) || has_fit_extended_key_usage(authority, role));
    }
    return is_fit;
}

}  // namespace ringwall::tls
