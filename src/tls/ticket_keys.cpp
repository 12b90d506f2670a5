#include "tls/ticket_keys.h"

#include <openssl/core_names.h>
#include <openssl/hmac.h>
#include <openssl/params.h>

#include <algorithm>
#include <string>

#include "base/check.h"
#include "tls/handshake_notes.h"
#include "tls/openssl.h"

namespace ringwall::tls {
namespace {

// What OpenSSL's callback answers.
constexpr int no_ticket = 0;
constexpr int done = 1;
constexpr int done_renew = 2;
constexpr int broken = -1;

std::uint64_t period_at(WallTime now) {
    const auto since = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch();
    return static_cast<std::uint64_t>(since / TicketKeys::rotation);
}

bool begin(const TicketKeys::Key& key, const unsigned char* iv, EVP_CIPHER_CTX* cipher,
           EVP_MAC_CTX* mac, bool seals) {
    std::array<std::uint8_t, 32> mac_key = key.mac;
    char digest[] = "SHA256";
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, mac_key.data(), mac_key.size()),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end()};
    const bool is_ready = EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.cipher.data(),
                                            iv, seals ? 1 : 0) == 1 &&
                          EVP_MAC_CTX_set_params(mac, parameters) == 1;
    OPENSSL_cleanse(mac_key.data(), mac_key.size());
    return is_ready;
}

int seal_or_open(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                 EVP_MAC_CTX* mac, int seals) {
    const auto* const keys =
        static_cast<const TicketKeys*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
    const WallTime now = static_cast<HandshakeNotes*>(SSL_get_app_data(ssl))->now;
    if (seals == 1) {
        const TicketKeys::Key key = keys->newest(now);
        // OpenSSL's own randomness: as much as a key is long, which is more than an IV.
        std::array<std::uint8_t, EVP_MAX_KEY_LENGTH> random{};
        if (EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, nullptr, nullptr) != 1 ||
            EVP_CIPHER_CTX_rand_key(cipher, random.data()) != 1) {
            return broken;
        }
        std::copy_n(random.begin(), EVP_CIPHER_get_iv_length(EVP_aes_256_cbc()), iv);
        std::ranges::copy(key.name, name);
        return begin(key, iv, cipher, mac, true) ? done : broken;
    }
    const std::span<const std::uint8_t, TicketKeys::name_length> given(name,
                                                                       TicketKeys::name_length);
    const auto key = keys->find(given, now);
    if (!key) return no_ticket;
    if (!begin(*key, iv, cipher, mac, false)) return broken;
    // RFC 8446 §C.4: a ticket of TLS 1.3 is for one use, so the client is given the next.
    const bool is_newest = std::ranges::equal(keys->newest(now).name, given);
    return is_newest && SSL_version(ssl) != TLS1_3_VERSION ? done : done_renew;
}

}  // namespace

TicketKeys::Key::~Key() {
    OPENSSL_cleanse(cipher.data(), cipher.size());
    OPENSSL_cleanse(mac.data(), mac.size());
}

TicketKeys::~TicketKeys() {
    OPENSSL_cleanse(secret_.data(), secret_.size());
}

TicketKeys::Secret TicketKeys::secret_of(std::string_view root, std::string_view name,
                                         std::string_view trust) {
    std::string input = std::to_string(name.size()) + "," + std::string(name) + std::string(trust);
    std::array<std::uint8_t, 128> blocks{};  // two of SHA-512
    for (std::size_t at = 0; at < blocks.size(); at += 64) {
        input += '+';
        CHECK(HMAC(EVP_sha512(), root.data(), static_cast<int>(root.size()),
                   reinterpret_cast<const unsigned char*>(input.data()), input.size(), &blocks[at],
                   nullptr) != nullptr);
    }
    Secret secret{};
    std::copy_n(blocks.begin(), secret.size(), secret.begin());
    OPENSSL_cleanse(blocks.data(), blocks.size());
    return secret;
}

TicketKeys::Key TicketKeys::of_period(std::uint64_t period) const {
    Key key;
    constexpr std::size_t own_name = name_length - sizeof period;
    std::copy_n(secret_.begin(), own_name, key.name.begin());
    for (unsigned i = 0; i < sizeof period; ++i) {
        key.name.at(own_name + i) = static_cast<std::uint8_t>(period >> (8 * i));
    }
    // Two keys of one name: the octet behind it tells what each is for.
    std::array<std::uint8_t, name_length + 1> input{};
    std::ranges::copy(key.name, input.begin());
    for (auto* const out : {&key.cipher, &key.mac}) {
        ++input.back();
        HMAC(EVP_sha256(), secret_.data() + own_name, static_cast<int>(secret_length - own_name),
             input.data(), input.size(), out->data(), nullptr);
    }
    return key;
}

TicketKeys::Key TicketKeys::newest(WallTime now) const {
    return of_period(period_at(now));
}

std::optional<TicketKeys::Key> TicketKeys::find(std::span<const std::uint8_t, name_length> name,
                                                WallTime now) const {
    const std::uint64_t period = period_at(now);
    for (const std::uint64_t each : {period, period - 1}) {
        Key key = of_period(each);
        if (std::ranges::equal(key.name, name)) return key;
    }
    return std::nullopt;
}

bool TicketKeys::serve(ssl_ctx_st* context) const {
    // OpenSSL keeps it as void*, and only lends it to the callback, which changes nothing.
    SSL_CTX_set_app_data(context, const_cast<TicketKeys*>(this));
    SSL_CTX_set_timeout(context, static_cast<long>(rotation.count()));
    return SSL_CTX_set_tlsext_ticket_key_evp_cb(context, seal_or_open) == 1;
}

}  // namespace ringwall::tls
