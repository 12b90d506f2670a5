// A client's answers to 401 and 407 (RFC 3261 §22, RFC 7616 §3.3, RFC 8760 §2.4): which of several
// challenges is answered, by which account, and when no more. Pure; what was challenged once is
// signed at once the next time, with a count of its own.
//
// Of one realm the topmost challenge that we know is taken, but never MD5 where a better one stands
// beside it. Basic is never answered, nor are algorithms that we do not know.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "sip/auth/digest.h"
#include "sip/message.h"
#include "sip/message_builder.h"

namespace ringwall::sip::auth {

class ClientAuthentication {
public:
    // How often one request is answered for: `max_answers`, and once more for a stale nonce where
    // that is `OnceMore`.
    enum class Stale : std::uint8_t { OnceMore, Counted };
    explicit ClientAuthentication(std::vector<Account> accounts, unsigned max_answers = 2,
                                  Stale stale = Stale::OnceMore)
        : accounts_(std::move(accounts)), max_answers_(max_answers), stale_(stale) {}

    // How often one request was sent again. One for each request: it ends the endless.
    struct Tries {
        unsigned answered = 0;
        bool had_stale = false;
    };
    enum class Verdict : std::uint8_t {
        Answer,     // send it again, signed
        NoAccount,  // no challenge that we know and have an account for
        Refused,    // the password is wrong
        TooOften,
    };
    // `response` is the 401 or 407 to `request`.
    Verdict on_challenge(const Message& request, const Message& response, Tries& tries);

    // Authorization and Proxy-Authorization for all that was challenged so far.
    void sign(MessageBuilder& builder, std::string_view method, std::string_view uri,
              std::string_view body, Random& random);
    // The same request once more (RFC 3261 §22.2), signed, whole but for its Via.
    MessageBuilder again(const Message& request, std::uint32_t cseq, Random& random);
    // The next request is sent without credentials.
    void forget() { answers_.clear(); }

private:
    struct Answer {
        HeaderName field = HeaderName::Authorization;
        std::size_t account = 0;
        Challenge challenge;
        std::uint32_t count = 0;
    };
    const Account* account_for(std::string_view realm) const;

    std::vector<Account> accounts_;
    unsigned max_answers_;
    Stale stale_;
    std::vector<Answer> answers_;  // one for each field and realm
};

}  // namespace ringwall::sip::auth
