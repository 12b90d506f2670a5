#include "sip/auth/hash.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <array>

#include "base/check.h"

namespace ringwall::sip::auth {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

// EVP_sha256() and its like are looked up in the providers at every use, under a lock; what was
// fetched is not. Fetched once, for the life of the process.
const EVP_MD* fetched(Algorithm algorithm) {
    static const std::array<const EVP_MD*, algorithm_count> all{
        EVP_MD_fetch(nullptr, "MD5", nullptr),
        EVP_MD_fetch(nullptr, "SHA256", nullptr),
        EVP_MD_fetch(nullptr, "SHA512-256", nullptr),
    };
    const EVP_MD* kind = all[static_cast<std::size_t>(algorithm)];
    CHECK(kind != nullptr);
    return kind;
}

Context begin(Algorithm algorithm) {
    Context context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    CHECK(context != nullptr);
    CHECK(EVP_DigestInit_ex2(context.get(), fetched(algorithm), nullptr) == 1);
    return context;
}

void add(const Context& context, std::string_view text) {
    CHECK(EVP_DigestUpdate(context.get(), text.data(), text.size()) == 1);
}

struct Octets {
    std::array<char, EVP_MAX_MD_SIZE> room{};  // as much of it as `length` says
    unsigned length = 0;
    std::string_view text() const { return {room.data(), length}; }
};
Octets finish(const Context& context) {
    Octets octets;
    void* const room = octets.room.data();
    CHECK(EVP_DigestFinal_ex(context.get(), static_cast<unsigned char*>(room), &octets.length) ==
          1);
    return octets;
}

}  // namespace

void Hasher::Free::operator()(EVP_MD_CTX* context) const {
    EVP_MD_CTX_free(context);
}

Hasher::Hasher(Algorithm algorithm) : algorithm_(algorithm), context_(EVP_MD_CTX_new()) {
    CHECK(context_ != nullptr);
}

HexDigest Hasher::operator()(std::initializer_list<std::string_view> parts) {
    EVP_MD_CTX* const context = context_.get();
    CHECK(EVP_DigestInit_ex2(context, fetched(algorithm_), nullptr) == 1);
    for (const std::string_view part : parts) {
        CHECK(EVP_DigestUpdate(context, part.data(), part.size()) == 1);
    }
    std::array<unsigned char, EVP_MAX_MD_SIZE> octets;  // NOLINT: as much is read as is written
    unsigned length = 0;
    CHECK(EVP_DigestFinal_ex(context, octets.data(), &length) == 1);
    HexDigest digest;
    CHECK(2 * std::size_t{length} <= digest.digits_.size());
    for (unsigned i = 0; i < length; ++i) {
        digest.digits_[digest.length_++] = hex_digits[octets[i] >> 4];
        digest.digits_[digest.length_++] = hex_digits[octets[i] & 15];
    }
    return digest;
}

std::string hash_hex(Algorithm algorithm, std::initializer_list<std::string_view> parts) {
    return std::string(Hasher(algorithm)(parts).text());
}

struct HmacSha256::Contexts {
    Context inner = begin(Algorithm::Sha256);  // has seen the key with ipad
    Context outer = begin(Algorithm::Sha256);  // has seen the key with opad
};

HmacSha256::HmacSha256(std::string_view key) : contexts_(std::make_unique<Contexts>()) {
    constexpr std::size_t block = 64;
    std::string padded(key);
    if (padded.size() > block) {
        const Context context = begin(Algorithm::Sha256);
        add(context, padded);
        padded = finish(context).text();
    }
    padded.resize(block, '\0');
    const auto masked = [&padded](unsigned char mask) {
        std::string out = padded;
        for (char& c : out) {
            c = static_cast<char>(static_cast<unsigned char>(c) ^ mask);
        }
        return out;
    };
    std::string ipad = masked(0x36);
    std::string opad = masked(0x5c);
    add(contexts_->inner, ipad);
    add(contexts_->outer, opad);
    for (std::string* each : {&padded, &ipad, &opad}) {
        OPENSSL_cleanse(each->data(), each->size());
    }
}

HmacSha256::~HmacSha256() = default;
HmacSha256::HmacSha256(HmacSha256&&) noexcept = default;
HmacSha256& HmacSha256::operator=(HmacSha256&&) noexcept = default;

std::string HmacSha256::operator()(std::string_view text) const {
    const Context context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    CHECK(context != nullptr);
    CHECK(EVP_MD_CTX_copy_ex(context.get(), contexts_->inner.get()) == 1);
    add(context, text);
    const Octets inner = finish(context);
    CHECK(EVP_MD_CTX_copy_ex(context.get(), contexts_->outer.get()) == 1);
    add(context, inner.text());
    return std::string(finish(context).text());
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace ringwall::sip::auth
