// Two ends of a dialog that offer when they may, whose messages cross: an offer is looked at by who
// waits for none, and when nothing is under way both ends agree whose turn it is.
#include "sip/session/offer_answer.h"

#include <deque>

#include "base/check.h"
#include "fuzz/input.h"
#include "fuzz/target.h"

namespace ringwall::fuzz {

void run(std::string_view octets) {
    using sip::session::OfferAnswer;
    enum class Word : std::uint8_t { Offer, Answer, Refusal };
    struct End {
        OfferAnswer machine;
        std::deque<Word> to_hear;
    };
    Input input(octets);
    End ends[2];
    while (!input.is_empty()) {
        const std::size_t which = input.below(2);
        End& self = ends[which];
        End& other = ends[1 - which];
        switch (input.below(3)) {
            case 0:
                if (self.machine.may_offer()) {
                    CHECK(!self.machine.is_open());
                    self.machine.on_offer_sent();
                    other.to_hear.push_back(Word::Offer);
                }
                break;
            case 1:
                if (self.machine.open() == OfferAnswer::Offer::Theirs) {
                    self.machine.close();
                    other.to_hear.push_back(input.flip() ? Word::Refusal : Word::Answer);
                }
                break;
            default:
                if (self.to_hear.empty()) {
                    break;
                }
                if (self.to_hear.front() != Word::Offer) {
                    CHECK(self.machine.open() == OfferAnswer::Offer::Ours);
                    self.machine.close();
                } else if (const int refusal = self.machine.refusal(); refusal == 0) {
                    self.machine.on_offer_received();
                } else {
                    CHECK(refusal == 491);  // an honest peer never offers twice
                    other.to_hear.push_back(Word::Refusal);
                }
                self.to_hear.pop_front();
                break;
        }
        if (ends[0].to_hear.empty() && ends[1].to_hear.empty()) {
            const auto a = ends[0].machine.open();
            const auto b = ends[1].machine.open();
            CHECK((a == OfferAnswer::Offer::Ours) == (b == OfferAnswer::Offer::Theirs));
            CHECK((b == OfferAnswer::Offer::Ours) == (a == OfferAnswer::Offer::Theirs));
        }
    }
}

}  // namespace ringwall::fuzz
