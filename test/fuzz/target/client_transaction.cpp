// The non-INVITE client transaction: any events in any order, begun in each state.
#include "sip/transaction/client_transaction.h"

#include "fuzz/target.h"
#include "fuzz/transaction_events.h"

namespace ringwall::fuzz {
namespace {

using namespace sip::transaction;
using sip::Hop;
using Machine = ClientTransaction;

void begin_in(Machine::State state, Story<Machine>& story, const sip::MessagePtr& request) {
    const auto hears = [&](int status) {
        story.happens([&](Machine& m, Actions& out) {
            m.on_response(m.hop(), answer_to(request, status), out);
        });
    };
    switch (state) {
        case Machine::State::Trying:
            return;
        case Machine::State::Proceeding:
            return hears(100);
        case Machine::State::Completed:
            return hears(200);
        case Machine::State::Terminated:
            return story.happens([](Machine& m, Actions& out) { m.on_transport_error(out); });
    }
}

}  // namespace

void run(std::string_view octets) {
    static const sip::MessagePtr request = make({.method = "OPTIONS"});
    Input input(octets);
    const Hop hop = input.flip() ? tls_hop() : udp_hop();
    const Timers timers;
    Story<Machine> story(Machine(ClientId{1}, hop, request, timers));
    story.happens([](Machine& m, Actions& out) { m.start(out); });
    begin_in(static_cast<Machine::State>(input.below(4)), story, request);
    while (!input.is_empty()) {
        switch (input.below(4)) {
            case 0: {
                const int status = input.one_of(statuses);
                story.happens([&](Machine& m, Actions& out) {
                    m.on_response(m.hop(), answer_to(request, status), out);
                });
                break;
            }
            case 1:
                story.happens([](Machine& m, Actions&) { m.rebind(udp_hop()); });
                break;
            case 2:
                if (input.below(8) == 0) {
                    story.happens([](Machine& m, Actions& out) { m.on_transport_error(out); });
                }
                break;
            default:
                story.time_passes(input);
                break;
        }
    }
    story.time_ends();
    CHECK(story.machine().is_terminated());  // it waits for nothing but time
}

}  // namespace ringwall::fuzz
