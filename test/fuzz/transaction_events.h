// Events for one transaction machine, chosen by the input: what every such target has in common.
// The first octet is the transport and the state to begin in, each further one an event.
#pragma once

#include <iterator>

#include "fuzz/input.h"
#include "fuzz/transaction_witness.h"
#include "unit/sip/transaction/story.h"

namespace ringwall::fuzz {

inline constexpr int statuses[] = {100, 180, 183, 200, 202, 302, 404, 408, 486, 500, 603, 699};

// `Machine` has on_timer, terminate, rebind and the rest; `do_event(machine, which, out)` are the
// events that are only its own.
template <class Machine>
class Story {
public:
    explicit Story(Machine machine) : machine_(std::move(machine)) {}

    template <class Event>
    void happens(Event&& event) {
        const bool was_terminated = machine_.is_terminated();
        sip::transaction::Actions out;
        event(machine_, out);
        witness_.see(out);
        CHECK(!was_terminated || out.empty());
        CHECK(machine_.is_consistent());
        CHECK(machine_.is_terminated() == witness_.has_ended());
    }
    // A timer that runs when there is one, else a late one.
    void time_passes(Input& input) {
        const auto choice = static_cast<Witness::Timer>(input.below(12));
        Witness::Timer timer = choice;
        if (!witness_.running().empty() && !witness_.running().contains(choice)) {
            timer = *std::next(witness_.running().begin(),
                               static_cast<std::ptrdiff_t>(input.below(witness_.running().size())));
        }
        happens([this, timer](Machine& m, sip::transaction::Actions& out) {
            witness_.expire(timer);
            m.on_timer(timer, out);
        });
    }
    // All timers run out, again and again: a transaction that waits for time comes to its end.
    void time_ends() {
        for (int i = 0; i < 100 && !witness_.running().empty(); ++i) {
            const Witness::Timer timer = *witness_.running().rbegin();
            happens([this, timer](Machine& m, sip::transaction::Actions& out) {
                witness_.expire(timer);
                m.on_timer(timer, out);
            });
        }
        CHECK(witness_.running().empty());
    }
    const Machine& machine() const { return machine_; }

private:
    Machine machine_;
    Witness witness_;
};

}  // namespace ringwall::fuzz
