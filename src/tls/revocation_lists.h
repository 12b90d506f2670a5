// What revocation lists say of themselves (RFC 5280 §5): whose they are, and of when.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace ringwall::tls {

struct RevocationList {
    std::string issuer;  // "CN=Lab CA,O=Ringwall", as RFC 4514 writes it
    // Of a trust anchor: a hash of the public key that has signed it, the same in a certificate
    // that it renews. Of others, whose signature nobody can judge here: who it says that it is of.
    std::string signer;
    WallTime made{};
    WallTime ends = WallTime::max();  // when there is to be another

    bool counts_at(WallTime now) const { return made <= now && now < ends; }
};

// Held against the trust anchors.
struct Revocations {
    std::vector<RevocationList> lists;  // the newest of each signer
    std::vector<std::string> anchors;   // as signers, whether they have a list or not
    // The name of an anchor on a list that no anchor has signed; empty: there is none.
    std::string pretender;

    bool has_list_of_anchor() const;
    bool is_anchor(std::string_view signer) const;
    const RevocationList* find(std::string_view signer) const;
};
// Of PEM texts; what cannot be read counts for nothing.
Revocations read_revocations(std::string_view trust_anchors, std::string_view revocation_lists);

// When the first of these lists is out of date; none: there is no list, or none says so.
std::optional<WallTime> next_update(std::string_view revocation_lists);

}  // namespace ringwall::tls
