#include "tls/certificate.h"

#include <openssl/objects.h>
#include <openssl/pem.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace ringwall::tls {

namespace {

using GeneralNamesPointer = std::unique_ptr<GENERAL_NAMES, Release<GENERAL_NAMES_free>>;
using ExtendedKeyUsagePointer =
    std::unique_ptr<EXTENDED_KEY_USAGE, Release<EXTENDED_KEY_USAGE_free>>;

// Printable ASCII without blanks, or nothing: an embedded NUL or a line end is no name.
std::string_view name_text(std::string_view text) {
    const bool is_clean =
        std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
    return is_clean ? text : std::string_view();
}

std::string_view name_text(const ASN1_STRING* string) {
    return name_text({reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
                      static_cast<std::size_t>(ASN1_STRING_length(string))});
}

// The host of what follows "sip:" or "user@", without port, parameters and headers.
std::string_view host_part(std::string_view text) {
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        return end == std::string_view::npos ? std::string_view() : text.substr(0, end + 1);
    }
    return text.substr(0, text.find_first_of(":;?/"));
}

// RFC 5922 §7.1: only the scheme sip; with a user part it names a user, not a domain.
void read_uri(std::string_view uri, PeerIdentity& identity) {
    constexpr std::string_view scheme = "sip:";
    if (!equals_ignoring_case(uri.substr(0, scheme.size()), scheme)) return;
    uri.remove_prefix(scheme.size());
    const auto at = uri.rfind('@');
    if (at == std::string_view::npos) {
        const std::string_view host = host_part(uri);
        if (!host.empty()) identity.sip_domains.emplace_back(host);
        return;
    }
    const std::string_view host = host_part(uri.substr(at + 1));
    if (at > 0 && !host.empty()) {
        identity.sip_users.push_back(std::string(uri.substr(0, at + 1)) + std::string(host));
    }
}

// The last of them: the most specific.
std::string common_name(X509* certificate) {
    X509_NAME* const subject = X509_get_subject_name(certificate);
    int index = -1;
    for (int next = -1; (next = X509_NAME_get_index_by_NID(subject, NID_commonName, next)) >= 0;) {
        index = next;
    }
    if (index < 0) return {};
    unsigned char* utf8 = nullptr;
    const int length =
        ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, index)));
    if (length < 0) return {};
    std::string name(
        name_text({reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(length)}));
    OPENSSL_free(utf8);
    return name;
}

std::string fingerprint(X509* certificate) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    if (X509_digest(certificate, EVP_sha256(), digest.data(), &length) != 1) return {};
    return hex({reinterpret_cast<const char*>(digest.data()), length});
}

bool is_sip_domain_usage(const ASN1_OBJECT* usage) {
    // id-kp-sipDomain (RFC 5924 §4), which OpenSSL has no number for.
    std::array<char, 64> text{};
    OBJ_obj2txt(text.data(), static_cast<int>(text.size()), usage, 1);
    return std::string_view(text.data()) == "1.3.6.1.5.5.7.3.20";
}

}  // namespace

namespace {

// All of one kind, by OpenSSL's reader of that kind.
template <class Pointer, class Read>
std::vector<Pointer> read_all(std::string_view pem, Read read) {
    std::vector<Pointer> all;
    const BioPointer bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    ERR_clear_error();
    while (auto* const one = read(bio.get(), nullptr, nullptr, nullptr)) {
        all.emplace_back(one);
    }
    const unsigned long error = ERR_peek_last_error();
    const bool is_end =
        ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    if (!is_end) all.clear();
    return all;
}

}  // namespace

std::vector<CertificatePointer> read_certificates(std::string_view pem) {
    return read_all<CertificatePointer>(pem, PEM_read_bio_X509);
}

std::vector<RevocationListPointer> read_revocation_lists(std::string_view pem) {
    return read_all<RevocationListPointer>(pem, PEM_read_bio_X509_CRL);
}

std::string text_of(const X509_NAME* name) {
    const BioPointer bio(BIO_new(BIO_s_mem()));
    X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253);
    char* text = nullptr;
    const long length = BIO_get_mem_data(bio.get(), &text);
    return {text, static_cast<std::size_t>(std::max(length, 0L))};
}

std::string issuer_of(X509* certificate) {
    return text_of(X509_get_issuer_name(certificate));
}

WallTime to_time(const ASN1_TIME* time) {
    std::tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
    return WallTime(std::chrono::seconds(::timegm(&parts)));
}

void read_names(X509* certificate, PeerIdentity& identity) {
    identity.has_certificate = true;
    identity.fingerprint = fingerprint(certificate);
    identity.common_name = common_name(certificate);
    identity.has_subject_alt_name = X509_get_ext_by_NID(certificate, NID_subject_alt_name, -1) >= 0;
    const GeneralNamesPointer names(static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
    if (!names) return;
    for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
        const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
        if (name->type == GEN_URI) {
            read_uri(name_text(name->d.uniformResourceIdentifier), identity);
        } else if (name->type == GEN_DNS) {
            const std::string_view dns = name_text(name->d.dNSName);
            if (!dns.empty()) identity.dns_names.emplace_back(dns);
        }
    }
}

bool has_fit_extended_key_usage(X509* certificate, PeerRole role) {
    int critical = 0;
    const ExtendedKeyUsagePointer usages(static_cast<EXTENDED_KEY_USAGE*>(
        X509_get_ext_d2i(certificate, NID_ext_key_usage, &critical, nullptr)));
    if (!usages) return critical == -1;  // -1: absent; anything else: unreadable, or there twice
    const int wanted = role == PeerRole::Server ? NID_server_auth : NID_client_auth;
    for (int i = 0; i < sk_ASN1_OBJECT_num(usages.get()); ++i) {
        const ASN1_OBJECT* const usage = sk_ASN1_OBJECT_value(usages.get(), i);
        const int nid = OBJ_obj2nid(usage);
        if (nid == wanted || nid == NID_anyExtendedKeyUsage || is_sip_domain_usage(usage)) {
            return true;
        }
    }
    return false;
}

bool has_fit_key_usage(X509* certificate, PeerRole role) {
    const std::uint32_t usage = X509_get_key_usage(certificate);  // all bits if absent
    const std::uint32_t wanted = role == PeerRole::Server
                                     ? KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT | KU_KEY_AGREEMENT
                                     : KU_DIGITAL_SIGNATURE | KU_KEY_AGREEMENT;
    return (usage & wanted) != 0;
}

}  // namespace ringwall::tls
