// Answering challenges to requests of ours: of a peer that we have an account at
// (`authentication-realm outbound`), and of a registered phone, which asks whoever calls it for its
// own subscriber's password. A 401 or 407 is answered by the same request, signed: same Call-ID,
// From tag and target, CSeq one higher, a new branch, through the same Permit. At most twice; a
// peer once more for a stale nonce. Whoever sent the request goes on knowing it by its first id,
// and never sees the challenge.
//
// Kept are only requests towards adjacencies with an account, and to phones those outside of
// dialogs and every INVITE, for as long as their transactions live.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/random.h"
#include "sbc/config/snapshot.h"
#include "sbc/policy/permit.h"
#include "sip/auth/client_authentication.h"
#include "sip/message.h"
#include "sip/transaction/actions.h"
#include "sip/transport.h"

namespace ringwall::sbc::trunk {

class Challenges {
public:
    using ClientId = sip::transaction::ClientId;

    // A request as it is sent. Of one that is sent again `again` is its id until now.
    struct Sent {
        AdjacencyIndex adjacency = 0;
        sip::Hop hop;
        sip::MessagePtr request;
        std::optional<policy::Permit> permit;  // none: within a dialog
    };
    void sent(ClientId id, Sent what);

    // What is to be sent, with this Via and CSeq number; null when the challenge is not ours to
    // answer, or not any more. The next sent() with this request continues what `id` began.
    using Stale = sip::auth::ClientAuthentication::Stale;
    sip::MessagePtr answer(ClientId id, const std::vector<sip::auth::Account>& accounts,
                           Stale stale, const sip::Message& response, std::string_view via,
                           std::uint32_t cseq, Random& random);
    const Sent* find(ClientId id) const;

    // What the sender of a request knows it by, and under which id it is under way now.
    ClientId first(ClientId id) const;
    ClientId current(ClientId first) const;

    // Its challenges are not answered any more: it is cancelled.
    void give_up(ClientId first);
    void ended(ClientId id);
    std::size_t size() const { return open_.size() + current_.size(); }

private:
    struct Chain {
        Chain(const std::vector<sip::auth::Account>& accounts, Stale stale)
            : authentication(accounts, 2, stale) {}
        sip::auth::ClientAuthentication authentication;
        sip::auth::ClientAuthentication::Tries tries;
    };
    struct Open {
        Sent sent;
        ClientId first;
        std::unique_ptr<Chain> chain;  // null: not challenged yet
        bool is_given_up = false;
    };

    std::unordered_map<ClientId, Open> open_;
    std::unordered_map<ClientId, ClientId> current_;  // first to current, where they differ
    // Between answer() and sent().
    struct Next {
        sip::MessagePtr request;
        ClientId first;
        std::unique_ptr<Chain> chain;
    };
    std::optional<Next> next_;
};

}  // namespace ringwall::sbc::trunk
