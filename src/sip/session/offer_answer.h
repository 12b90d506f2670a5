// Whose turn it is to describe the session (RFC 3264, RFC 3261 §13.2.1 and §14, RFC 3262 §5,
// RFC 3311 §5): one offer at a time on a dialog, in either direction, and an answer before the
// next.
//
//             received offer              sent offer
//        +------------------- Nobody's -------------------+
//        v                      ^  ^                      v
//      Theirs -- closed --------+  +---------- closed -- Ours
//
// An offer that arrives in Ours is glare: 491. One that arrives in Theirs comes before its sender
// has the answer to the last: 500 with Retry-After. An exchange is closed by the answer, or by the
// refusal of what bore the offer. Pure: a value.
#pragma once

#include <cstdint>

namespace ringwall::sip::session {

class OfferAnswer {
public:
    enum class Offer : std::uint8_t { Nobodys, Ours, Theirs };

    Offer open() const { return open_; }
    bool is_open() const { return open_ != Offer::Nobodys; }

    // An offer may be sent: none waits for its answer.
    bool may_offer() const { return !is_open(); }
    // What an offer that arrives gets: 0 when it may be looked at, else 491 or 500.
    int refusal() const {
        switch (open_) {
            case Offer::Nobodys:
                return 0;
            case Offer::Ours:
                return 491;
            case Offer::Theirs:
                return 500;
        }
        return 500;
    }
    void on_offer_sent() { open_ = Offer::Ours; }
    void on_offer_received() { open_ = Offer::Theirs; }
    void close() { open_ = Offer::Nobodys; }

private:
    Offer open_ = Offer::Nobodys;
};

}  // namespace ringwall::sip::session
