#include "phone/challenge.h"

#include <algorithm>

#include "sip/auth/server_authentication.h"
#include "sip/transaction/key.h"

namespace ringwall::phone {

using sip::auth::Algorithm;

namespace {

std::vector<Algorithm> algorithms_of(const Challenge::Wanted& wanted) {
    return wanted.may_be_sha256 ? std::vector{Algorithm::Sha256, Algorithm::Md5}
                                : std::vector{Algorithm::Md5};
}

}  // namespace

Challenge::Verdict Challenge::check(const sip::Message& request, const Wanted& wanted,
                                    const IpAddress& source, WallTime now) {
    const auto& [account, realm, may_be_sha256] = wanted;
    const auto algorithms = algorithms_of(wanted);
    const auto credentials = sip::auth::credentials_for(request, realm);
    if (!credentials || credentials->username != account.username ||
        std::ranges::find(algorithms, credentials->algorithm) == algorithms.end() ||
        !sip::auth::proves(*credentials,
                           sip::auth::HashedPassword(account.username, realm, account.password),
                           request)) {
        return Verdict::Unproven;
    }
    const auto nonce = mint_.check(credentials->nonce, realm, source, now);
    const bool is_fresh = nonce.verdict == sip::auth::NonceMint::Verdict::Good &&
                          window_.use(nonce, credentials->nonce_count(), now) ==
                              sip::auth::NonceWindow::Verdict::Fresh;
    return is_fresh ? Verdict::Proven : Verdict::Stale;
}

// RFC 3261 §8.2.7: the same for the same request, as nobody else can make it.
std::string Challenge::tag_for(const sip::Message& request) const {
    const std::string key =
        sip::transaction::server_key(request, request.method_text(), request.to_tag());
    return std::to_string(keyed_hash(tag_key_, key));
}

sip::MessagePtr Challenge::refusal(const sip::Message& request, Verdict verdict,
                                   const Wanted& wanted, const IpAddress& source, WallTime now) {
    auto builder = sip::reply(request, 401, tag_for(request));
    sip::auth::Challenge challenge;
    challenge.realm = wanted.realm;
    challenge.nonce = mint_.make(wanted.realm, source, now);
    challenge.qop_auth = true;
    challenge.stale = verdict == Verdict::Stale;
    for (const Algorithm algorithm : algorithms_of(wanted)) {
        challenge.algorithm = algorithm;
        builder.header(sip::HeaderName::WwwAuthenticate, sip::auth::to_string(challenge));
    }
    return builder.build();
}

}  // namespace ringwall::phone
