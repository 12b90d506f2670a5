#include "registration.h"

namespace ringwall::bench {

std::string Registration::next(Random& random) {
    std::string authorization;
    if (challenge_) {
        authorization = sip::auth::to_string(
            sip::auth::answer(*challenge_, {party_.user, Secret(password_)}, "REGISTER",
                              "sip:" + party_.domain, ++nonce_count_, random));
    }
    ++cseq_;
    return register_text(party_, {call_id_, call_id_ + "-" + std::to_string(cseq_), cseq_}, expiry_,
                         authorization);
}

Registration::Answer Registration::on_response(const sip::Message& response) {
    if (response.status() == 200) return Answer::Registered;
    const sip::HeaderLine* line = response.header(sip::HeaderName::WwwAuthenticate);
    const bool was_answered = nonce_count_ > 0;
    if (response.status() != 401 || line == nullptr) return Answer::Refused;
    auto challenge = sip::auth::parse_challenge(line->value);
    if (!challenge || (was_answered && challenge_ && !challenge->stale)) return Answer::Refused;
    challenge_ = std::move(*challenge);
    nonce_count_ = 0;
    return Answer::Challenged;
}

}  // namespace ringwall::bench
