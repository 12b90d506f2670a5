// Our tags (RFC 3261 §19.3): unguessable, and all of one form, by which a worker knows those of the
// others.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"

namespace ringwall::sbc::b2bua {

inline constexpr std::size_t tag_randomness = 20;  // characters after the bucket

inline std::string make_tag(Bucket bucket, Random& random) {
    return bucket_token(bucket, random, tag_randomness);
}

// Of what make_tag may have made; none for anything else.
inline std::optional<Bucket> bucket_of_tag(std::string_view tag) {
    constexpr std::size_t bucket_digits = 2;
    return tag.size() == bucket_digits + tag_randomness ? bucket_of(tag) : std::nullopt;
}

}  // namespace ringwall::sbc::b2bua
