// The non-INVITE server transaction: any events in any order, begun in each state.
#include "sip/transaction/server_transaction.h"

#include "fuzz/target.h"
#include "fuzz/transaction_events.h"

namespace ringwall::fuzz {
namespace {

using namespace sip::transaction;
using sip::Hop;
using Machine = ServerTransaction;

void begin_in(Machine::State state, Story<Machine>& story, const sip::MessagePtr& request) {
    const auto answer = [&](int status) {
        story.happens(
            [&](Machine& m, Actions& out) { m.respond(answer_to(request, status), out); });
    };
    switch (state) {
        case Machine::State::Trying:
            return;
        case Machine::State::Proceeding:
            return answer(100);
        case Machine::State::Completed:
            return answer(200);
        case Machine::State::Terminated:
            return story.happens([](Machine& m, Actions& out) { m.terminate(out); });
    }
}

}  // namespace

void run(std::string_view octets) {
    static const sip::MessagePtr request = make({.method = "OPTIONS"});
    Input input(octets);
    const Hop hop = input.flip() ? tls_hop() : udp_hop();
    const Timers timers;
    Story<Machine> story(Machine(ServerId{1}, hop, request, timers));
    begin_in(static_cast<Machine::State>(input.below(4)), story, request);
    while (!input.is_empty()) {
        switch (input.below(5)) {
            case 0:
                story.happens([](Machine& m, Actions& out) { m.on_request(out); });
                break;
            case 1: {
                const int status = input.one_of(statuses);
                story.happens(
                    [&](Machine& m, Actions& out) { m.respond(answer_to(request, status), out); });
                break;
            }
            case 2:
                story.happens([](Machine& m, Actions&) { m.rebind(udp_hop()); });
                break;
            case 3:
                if (input.below(8) == 0) {
                    story.happens([](Machine& m, Actions& out) { m.terminate(out); });
                }
                break;
            default:
                story.time_passes(input);
                break;
        }
    }
    story.time_ends();
    // Only the user can end one that he has not answered.
    const Machine::State state = story.machine().state();
    CHECK(state == Machine::State::Terminated || state == Machine::State::Trying ||
          state == Machine::State::Proceeding);
}

}  // namespace ringwall::fuzz
