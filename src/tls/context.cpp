#include "tls/context.h"

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>
#include <array>
#include <variant>

#include "base/check.h"
#include "base/text.h"
#include "tls/certificate.h"
#include "tls/handshake_notes.h"
#include "tls/openssl.h"

namespace ringwall::tls {

namespace {

// RFC 9325 §4.2: forward secrecy and authenticated encryption only, the cheapest first.
constexpr const char* tls12_ciphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
// What TLS 1.0 and 1.1 have that OpenSSL has too.
constexpr const char* old_ciphers =
    "ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA:ECDHE-RSA-AES256-SHA:"
    "AES128-SHA:AES256-SHA";
constexpr const char* tls13_ciphers =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* key_exchange_groups = "X25519:P-256:P-384";
constexpr int security_level = 2;  // 112 bits: no SHA-1 signatures, no RSA keys below 2048 bits

ContextError last_error(std::string_view what) {
    std::string sentence = std::string(what) + ": " + reason_of(ERR_peek_last_error()) + ".";
    ERR_clear_error();
    return {std::move(sentence)};
}

int no_passphrase(char*, int, int, void*) {
    return -1;
}

Result<KeyPointer, ContextError> read_key(std::string_view pem) {
    if (pem.empty()) return fail(ContextError{"There is a certificate but no private key."});
    const BioPointer bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    KeyPointer key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
    if (key) return key;
    const unsigned long error = ERR_peek_last_error();
    ERR_clear_error();
    if (ERR_GET_REASON(error) == PEM_R_BAD_PASSWORD_READ || pem.find("ENCRYPTED") != pem.npos) {
        return fail(
            ContextError{"The private key is encrypted: a key without a passphrase is needed."});
    }
    return fail(ContextError{"The private key cannot be read: it is not a key in PEM."});
}

using Done = Result<std::monostate, ContextError>;

Done use_certificate(SSL_CTX* native, const ContextOptions& options) {
    std::vector<CertificatePointer> chain = read_certificates(options.certificate);
    if (chain.empty()) {
        return fail(
            ContextError{"The certificate cannot be read: it is not a certificate in PEM."});
    }
    const KeyPointer key = TRY(read_key(options.private_key.reveal()));  // for OpenSSL
    if (X509_check_private_key(chain.front().get(), key.get()) != 1) {
        ERR_clear_error();
        return fail(ContextError{"The private key does not belong to the certificate."});
    }
    if (SSL_CTX_use_certificate(native, chain.front().get()) != 1) {
        return fail(last_error("The certificate cannot be used"));
    }
    if (SSL_CTX_use_PrivateKey(native, key.get()) != 1) {
        return fail(last_error("The private key cannot be used"));
    }
    for (std::size_t i = 1; i < chain.size(); ++i) {
        if (SSL_CTX_add1_chain_cert(native, chain[i].get()) != 1) {
            return fail(last_error("The certificate's chain cannot be used"));
        }
    }
    return {};
}

Done use_trust_anchors(SSL_CTX* native, Context::Role role, std::string_view pem) {
    const std::vector<CertificatePointer> anchors = read_certificates(pem);
    if (anchors.empty()) {
        return fail(
            ContextError{"The trust anchors cannot be read: they are not certificates in PEM."});
    }
    X509_STORE* const store = SSL_CTX_get_cert_store(native);
    for (const CertificatePointer& anchor : anchors) {
        if (X509_STORE_add_cert(store, anchor.get()) != 1) {
            return fail(last_error("A trust anchor cannot be used"));
        }
        // So that a client with several certificates knows which one to show.
        if (role == Context::Role::Server) SSL_CTX_add_client_CA(native, anchor.get());
    }
    return {};
}

// Of an authority above there may be no list: that one is not asked.
int judge_revocation(int is_good, X509_STORE_CTX* store_context) {
    const bool is_missing_above =
        X509_STORE_CTX_get_error(store_context) == X509_V_ERR_UNABLE_TO_GET_CRL &&
        X509_STORE_CTX_get_error_depth(store_context) > 0;
    if (is_missing_above) {
        X509_STORE_CTX_set_error(store_context, X509_V_OK);  // else it is the result
        return 1;
    }
    return is_good;
}

Done use_revocation_lists(SSL_CTX* native, std::string_view pem) {
    const std::vector<RevocationListPointer> lists = read_revocation_lists(pem);
    if (lists.empty()) {
        return fail(ContextError{"The revocation lists cannot be read: they are not CRLs in PEM."});
    }
    X509_STORE* const store = SSL_CTX_get_cert_store(native);
    for (const RevocationListPointer& list : lists) {
        if (X509_STORE_add_crl(store, list.get()) != 1) {
            return fail(last_error("A revocation list cannot be used"));
        }
    }
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(native),
                                X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    return {};
}

// Of them in this order. Each with its length, so that nothing of one can pass for another's.
std::string hash_of(std::initializer_list<std::string_view> parts) {
    const std::unique_ptr<EVP_MD_CTX, Release<EVP_MD_CTX_free>> digest(EVP_MD_CTX_new());
    CHECK(digest != nullptr && EVP_DigestInit_ex(digest.get(), EVP_sha256(), nullptr) == 1);
    for (const std::string_view part : parts) {
        const std::string length = std::to_string(part.size()) + ",";
        CHECK(EVP_DigestUpdate(digest.get(), length.data(), length.size()) == 1);
        CHECK(EVP_DigestUpdate(digest.get(), part.data(), part.size()) == 1);
    }
    std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
    unsigned length = 0;
    CHECK(EVP_DigestFinal_ex(digest.get(), hash.data(), &length) == 1);
    return hex({reinterpret_cast<const char*>(hash.data()), length});
}

std::string trust_of(const ContextOptions& options) {
    return hash_of({std::to_string(static_cast<int>(options.min_version)),
                    std::to_string(static_cast<int>(options.client_authentication)),
                    options.trust_anchors, options.revocation_lists});
}

int verify_mode(Context::Role role, ClientAuthentication authentication) {
    if (role == Context::Role::Client) return SSL_VERIFY_PEER;
    switch (authentication) {
        case ClientAuthentication::Off:
            return SSL_VERIFY_NONE;
        case ClientAuthentication::Optional:
            return SSL_VERIFY_PEER;
        case ClientAuthentication::Required:
            return SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    }
    return SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
}

// The usage by RFC 5924, which OpenSSL does not know: hence X509_PURPOSE_ANY in the context.
bool is_usage_fit(X509_STORE_CTX* store_context, PeerRole role) {
    STACK_OF(X509)* const chain = X509_STORE_CTX_get0_chain(store_context);
    const int count = sk_X509_num(chain);
    for (int depth = 0; depth < count; ++depth) {
        // What a trust anchor may be used for is the operator's word, not its own.
        if (depth > 0 && depth == count - 1) break;
        X509* const certificate = sk_X509_value(chain, depth);
        if (!has_fit_extended_key_usage(certificate, role) ||
            (depth == 0 && !has_fit_key_usage(certificate, role))) {
            X509_STORE_CTX_set_error_depth(store_context, depth);
            X509_STORE_CTX_set_error(store_context, X509_V_ERR_INVALID_PURPOSE);
            return false;
        }
    }
    return true;
}

bool is_chain_good(X509_STORE_CTX* store_context, PeerRole role) {
    X509_STORE_CTX_set_verify_cb(store_context, judge_revocation);
    return X509_verify_cert(store_context) == 1 && is_usage_fit(store_context, role);
}

// The chain is judged by OpenSSL, at the time that the session has set.
int verify_chain(X509_STORE_CTX* store_context, void* /*unused*/) {
    auto* const ssl = static_cast<SSL*>(
        X509_STORE_CTX_get_ex_data(store_context, SSL_get_ex_data_X509_STORE_CTX_idx()));
    PeerIdentity& identity = static_cast<HandshakeNotes*>(SSL_get_app_data(ssl))->identity;
    identity = {};
    read_names(X509_STORE_CTX_get0_cert(store_context), identity);
    const PeerRole role = SSL_is_server(ssl) == 1 ? PeerRole::Client : PeerRole::Server;
    if (is_chain_good(store_context, role)) return 1;
    identity.failure = X509_verify_cert_error_string(X509_STORE_CTX_get_error(store_context));
    return 0;
}

bool is_old(Version version) {
    return version == Version::Tls10 || version == Version::Tls11;
}

int number_of(Version version) {
    switch (version) {
        case Version::Tls10:
            return TLS1_VERSION;
        case Version::Tls11:
            return TLS1_1_VERSION;
        case Version::Tls12:
            return TLS1_2_VERSION;
        case Version::Tls13:
            break;
    }
    return TLS1_3_VERSION;
}

// What an operator chooses is narrowed to what we would do: no word of his makes a weak cipher
// good.
std::string ours_of(SSL_CTX* native, const std::string& wanted) {
    const auto ours = split(tls12_ciphers, ':');
    std::string chosen;
    if (!wanted.empty() && SSL_CTX_set_cipher_list(native, wanted.c_str()) == 1) {
        const STACK_OF(SSL_CIPHER)* const ciphers = SSL_CTX_get_ciphers(native);
        for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); ++i) {
            const std::string_view name = SSL_CIPHER_get_name(sk_SSL_CIPHER_value(ciphers, i));
            if (std::ranges::find(ours, name) != ours.end()) {
                chosen.append(chosen.empty() ? "" : ":").append(name);
            }
        }
    }
    ERR_clear_error();
    return chosen;
}

bool use_ciphers(SSL_CTX* native, const ContextOptions& options) {
    std::string chosen = ours_of(native, options.ciphers);
    if (chosen.empty()) {
        chosen = tls12_ciphers;
    }
    if (is_old(options.min_version)) {
        chosen.append(":").append(old_ciphers);
    }
    return SSL_CTX_set_cipher_list(native, chosen.c_str()) == 1;
}

Done set_policy(SSL_CTX* native, Context::Role role, const ContextOptions& options) {
    // Their signatures are of SHA-1, which no other level has.
    SSL_CTX_set_security_level(native, is_old(options.min_version) ? 0 : security_level);
    SSL_CTX_set_options(
        native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    // An idle connection gives its buffers back. The chain that we show is the configuration's:
    // without this mode OpenSSL builds one from the trust anchors in every full handshake.
    SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
    X509_VERIFY_PARAM* const parameters = SSL_CTX_get0_param(native);
    if (SSL_CTX_set_min_proto_version(native, number_of(options.min_version)) != 1 ||
        SSL_CTX_set_max_proto_version(native, TLS1_3_VERSION) != 1 ||
        !use_ciphers(native, options) || SSL_CTX_set_ciphersuites(native, tls13_ciphers) != 1 ||
        SSL_CTX_set1_groups_list(native, key_exchange_groups) != 1 ||
        X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_ANY) != 1 ||
        // A trust anchor need not be a root (RFC 5280 §6.1.1).
        X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN) != 1) {
        return fail(last_error("TLS cannot be set up"));
    }
    SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
    if (role != Context::Role::Server || options.session_id_context.empty()) {
        // Without a session-id context there is nothing to keep tickets apart by.
        SSL_CTX_set_options(native, SSL_OP_NO_TICKET);
        SSL_CTX_set_num_tickets(native, 0);
        return {};
    }
    // Hashed: OpenSSL takes 32 octets at most, and the names of adjacencies may be longer.
    std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
    unsigned length = 0;
    if (EVP_Digest(options.session_id_context.data(), options.session_id_context.size(),
                   hash.data(), &length, EVP_sha256(), nullptr) != 1 ||
        SSL_CTX_set_session_id_context(native, hash.data(), length) != 1) {
        return fail(last_error("The session-id context cannot be set"));
    }
    SSL_CTX_set_num_tickets(native, 1);
    return {};
}

}  // namespace

Result<std::shared_ptr<const Context>, ContextError> Context::create(
    Role role, const ContextOptions& options) {
    ERR_clear_error();
    std::shared_ptr<Context> context(new Context);
    context->role_ = role;
    context->client_authentication_ = options.client_authentication;
    context->native_ = SSL_CTX_new(TLS_method());
    if (context->native_ == nullptr) return fail(last_error("TLS cannot be set up"));
    SSL_CTX* const native = context->native_;

    context->trust_ = trust_of(options);
    context->origin_ = hash_of({context->trust_, options.certificate, options.private_key.reveal(),
                                options.ciphers, options.session_id_context});
    TRY(set_policy(native, role, options));
    if (role == Role::Server) {
        TicketKeys::Secret secret{};
        if (!options.ticket_root.empty()) {
            secret = TicketKeys::secret_of(options.ticket_root.reveal(), options.session_id_context,
                                           context->trust_);
        } else if (SSL_CTX_get_tlsext_ticket_keys(native, secret.data(), secret.size()) != 1) {
            return fail(last_error("Session tickets cannot be set up"));
        }
        context->ticket_keys_ = std::make_unique<TicketKeys>(secret);
        OPENSSL_cleanse(secret.data(), secret.size());
        if (!context->ticket_keys_->serve(native)) {
            return fail(last_error("Session tickets cannot be set up"));
        }
    }
    if (!options.certificate.empty()) {
        TRY(use_certificate(native, options));
    } else if (role == Role::Server) {
        return fail(ContextError{"A TLS server needs a certificate, and none is given."});
    } else if (!options.private_key.empty()) {
        return fail(ContextError{"There is a private key but no certificate."});
    }
    if (!options.trust_anchors.empty()) TRY(use_trust_anchors(native, role, options.trust_anchors));
    if (!options.revocation_lists.empty()) {
        TRY(use_revocation_lists(native, options.revocation_lists));
    }
    SSL_CTX_set_verify(native, verify_mode(role, options.client_authentication), nullptr);
    SSL_CTX_set_cert_verify_callback(native, verify_chain, nullptr);
    return context;
}

bool Context::has_ciphers(const std::string& wanted) {
    const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> native(SSL_CTX_new(TLS_method()),
                                                                   &SSL_CTX_free);
    return native != nullptr && !ours_of(native.get(), wanted).empty();
}

bool Context::trusts(ssl_st* connection, WallTime now) const {
    const CertificatePointer certificate(SSL_get1_peer_certificate(connection));
    const std::unique_ptr<X509_STORE_CTX, Release<X509_STORE_CTX_free>> judge(X509_STORE_CTX_new());
    CHECK(judge != nullptr);  // only memory can lack
    if (!certificate ||
        X509_STORE_CTX_init(judge.get(), SSL_CTX_get_cert_store(native_), certificate.get(),
                            SSL_get_peer_cert_chain(connection)) != 1) {
        return false;
    }
    X509_VERIFY_PARAM* const parameters = X509_STORE_CTX_get0_param(judge.get());
    X509_VERIFY_PARAM_set1(parameters, SSL_CTX_get0_param(native_));
    X509_VERIFY_PARAM_set_time(
        parameters, std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count());
    const bool is_good =
        is_chain_good(judge.get(), role_ == Role::Server ? PeerRole::Client : PeerRole::Server);
    ERR_clear_error();
    return is_good;
}

Context::~Context() {
    SSL_CTX_free(native_);
}

Result<OwnCertificate, ContextError> read_own_certificate(std::string_view pem) {
    const std::vector<CertificatePointer> chain = read_certificates(pem);
    if (chain.empty()) {
        return fail(
            ContextError{"The certificate cannot be read: it is not a certificate in PEM."});
    }
    X509* const certificate = chain.front().get();
    PeerIdentity identity;
    read_names(certificate, identity);
    OwnCertificate out{.names = identity.identities(),
                       .issuer = issuer_of(certificate),
                       .not_before = to_time(X509_get0_notBefore(certificate)),
                       .not_after = to_time(X509_get0_notAfter(certificate))};
    for (const CertificatePointer& each : chain) {
        out.not_after = std::min(out.not_after, to_time(X509_get0_notAfter(each.get())));
    }
    return out;
}

}  // namespace ringwall::tls
