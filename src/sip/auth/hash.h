// The hashes that digest authentication needs. The one file of src/sip that knows OpenSSL.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;  // OpenSSL's EVP_MD_CTX

namespace ringwall::sip::auth {

// RFC 7616 §3.2; the last is SHA-512/256, which is not the first half of SHA-512.
enum class Algorithm : std::uint8_t { Md5, Sha256, Sha512t256 };
inline constexpr std::size_t algorithm_count = 3;
inline constexpr std::size_t largest_digest = 32;  // octets

// In lower-case hexadecimal.
class HexDigest {
public:
    std::string_view text() const { return {digits_.data(), length_}; }
    operator std::string_view() const { return text(); }

private:
    friend class Hasher;
    std::array<char, 2 * largest_digest> digits_{};
    std::size_t length_ = 0;
};

// One digest after another, of the parts as if they stood side by side.
class Hasher {
public:
    explicit Hasher(Algorithm algorithm);
    HexDigest operator()(std::initializer_list<std::string_view> parts);

private:
    struct Free {
        void operator()(evp_md_ctx_st* context) const;
    };
    Algorithm algorithm_;
    std::unique_ptr<evp_md_ctx_st, Free> context_;
};

std::string hash_hex(Algorithm algorithm, std::initializer_list<std::string_view> parts);

// HMAC-SHA256 (RFC 2104) with one key: what depends on the key alone is computed once.
class HmacSha256 {
public:
    explicit HmacSha256(std::string_view key);
    ~HmacSha256();
    HmacSha256(HmacSha256&&) noexcept;
    HmacSha256& operator=(HmacSha256&&) noexcept;

    std::string operator()(std::string_view text) const;  // 32 octets

private:
    struct Contexts;
    std::unique_ptr<Contexts> contexts_;
};

// Takes as long whatever the octets are; the lengths are not secret.
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace ringwall::sip::auth
