#include "tls/revocation_lists.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "tls/certificate.h"
#include "tls/openssl.h"

namespace ringwall::tls {

namespace {

std::string_view octets(const unsigned char* begin, int length) {
    return {reinterpret_cast<const char*>(begin), static_cast<std::size_t>(length)};
}

std::string signer_of_key(X509* certificate) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
    unsigned length = 0;
    return X509_pubkey_digest(certificate, EVP_sha256(), hash.data(), &length) == 1
               ? "key " + hex(octets(hash.data(), static_cast<int>(length)))
               : "";
}

// RFC 5280 §5.2.1: which of several keys of that name.
std::string signer_by_name(X509_CRL* list, const std::string& issuer) {
    const std::unique_ptr<AUTHORITY_KEYID, Release<AUTHORITY_KEYID_free>> key(
        static_cast<AUTHORITY_KEYID*>(
            X509_CRL_get_ext_d2i(list, NID_authority_key_identifier, nullptr, nullptr)));
    const ASN1_OCTET_STRING* const id = key ? key->keyid : nullptr;
    return "name " + issuer +
           (id == nullptr ? ""
                          : " " + hex(octets(ASN1_STRING_get0_data(id), ASN1_STRING_length(id))));
}

bool is_signed_by(X509_CRL* list, X509* authority) {
    EVP_PKEY* const key = X509_get0_pubkey(authority);
    return key != nullptr && X509_CRL_verify(list, key) == 1;
}

void keep_newest(std::vector<RevocationList>& lists, RevocationList list) {
    const auto known = std::ranges::find(lists, list.signer, &RevocationList::signer);
    if (known == lists.end()) {
        lists.push_back(std::move(list));
    } else if (known->made < list.made) {
        *known = std::move(list);
    }
}

}  // namespace

bool Revocations::is_anchor(std::string_view signer) const {
    return std::ranges::find(anchors, signer) != anchors.end();
}

bool Revocations::has_list_of_anchor() const {
    return std::ranges::any_of(lists, [&](const auto& each) { return is_anchor(each.signer); });
}

const RevocationList* Revocations::find(std::string_view signer) const {
    const auto found = std::ranges::find(lists, signer, &RevocationList::signer);
    return found == lists.end() ? nullptr : &*found;
}

Revocations read_revocations(std::string_view trust_anchors, std::string_view revocation_lists) {
    const auto anchors = read_certificates(trust_anchors);
    Revocations out;
    for (const CertificatePointer& each : anchors) {
        out.anchors.push_back(signer_of_key(each.get()));
    }
    for (const RevocationListPointer& each : read_revocation_lists(revocation_lists)) {
        const X509_NAME* const name = X509_CRL_get_issuer(each.get());
        RevocationList list{.issuer = text_of(name),
                            .signer = {},
                            .made = to_time(X509_CRL_get0_lastUpdate(each.get()))};
        if (const ASN1_TIME* const ends = X509_CRL_get0_nextUpdate(each.get())) {
            list.ends = to_time(ends);
        }
        bool bears_an_anchors_name = false;
        for (std::size_t i = 0; i < anchors.size() && list.signer.empty(); ++i) {
            if (X509_NAME_cmp(name, X509_get_subject_name(anchors[i].get())) == 0) {
                bears_an_anchors_name = true;
                list.signer = is_signed_by(each.get(), anchors[i].get()) ? out.anchors[i] : "";
            }
        }
        if (bears_an_anchors_name && list.signer.empty()) {
            out.pretender = list.issuer;
        }
        if (list.signer.empty()) {
            list.signer = signer_by_name(each.get(), list.issuer);
        }
        keep_newest(out.lists, std::move(list));
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
