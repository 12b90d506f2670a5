// One user's registrations: what to send next, and what an answer means.
#pragma once

#include <optional>
#include <string>

#include "options.h"
#include "sip/auth/digest.h"
#include "user_agent_texts.h"

namespace ringwall::bench {

class Registration {
public:
    // `expiry`: seconds.
    Registration(Party party, std::string password, std::string call_id, unsigned expiry)
        : party_(std::move(party)),
          password_(std::move(password)),
          call_id_(std::move(call_id)),
          expiry_(expiry) {}

    Party& party() { return party_; }
    // The next REGISTER; with credentials when there was a challenge.
    std::string next(Random& random);
    enum class Answer : std::uint8_t { Registered, Challenged, Refused };
    Answer on_response(const sip::Message& response);
    // The next one is to be challenged again.
    void forget_challenge() { challenge_.reset(); }

private:
    Party party_;
    std::string password_;
    std::string call_id_;
    unsigned expiry_;
    std::uint32_t cseq_ = 0;
    std::uint32_t nonce_count_ = 0;
    std::optional<sip::auth::Challenge> challenge_;
};

}  // namespace ringwall::bench
