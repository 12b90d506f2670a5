#include "tls/revocation_lists.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "tls/certificate.h"
#include "tls/openssl.h"

namespace ringwall::tls {

namespace {

std::string hash_of_key(X509* certificate) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
    unsigned length = 0;
    return X509_pubkey_digest(certificate, EVP_sha256(), hash.data(), &length) == 1
               ? hex({reinterpret_cast<const char*>(hash.data()), length})
               : "";
}

bool is_signed_by(X509_CRL* list, X509* authority) {
    EVP_PKEY* const key = X509_get0_pubkey(authority);
    return X509_NAME_cmp(X509_CRL_get_issuer(list), X509_get_subject_name(authority)) == 0 &&
           key != nullptr && X509_CRL_verify(list, key) == 1;
}

}  // namespace

std::vector<Authority> authorities(std::string_view trust_anchors,
                                   std::string_view revocation_lists) {
    const auto lists = read_revocation_lists(revocation_lists);
    std::vector<Authority> out;
    for (const CertificatePointer& each : read_certificates(trust_anchors)) {
        Authority authority{
            .name = subject_of(each.get()), .key = hash_of_key(each.get()), .listed = std::nullopt};
        for (const RevocationListPointer& list : lists) {
            if (is_signed_by(list.get(), each.get())) {
                const WallTime made = to_time(X509_CRL_get0_lastUpdate(list.get()));
                authority.listed = std::max(authority.listed.value_or(made), made);
            }
        }
        out.push_back(std::move(authority));
    }
    ERR_clear_error();
    return out;
}

std::optional<WallTime> next_update(std::string_view revocation_lists) {
    std::optional<WallTime> out;
    for (const RevocationListPointer& each : read_revocation_lists(revocation_lists)) {
        const ASN1_TIME* const time = X509_CRL_get0_nextUpdate(each.get());
        if (time != nullptr) {
            out = std::min(out.value_or(WallTime::max()), to_time(time));
        }
    }
    return out;
}

}  // namespace ringwall::tls
