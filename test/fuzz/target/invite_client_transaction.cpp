// The INVITE client transaction: any events in any order, begun in each state.
#include "sip/transaction/invite_client_transaction.h"

#include "fuzz/target.h"
#include "fuzz/transaction_events.h"

namespace ringwall::fuzz {
namespace {

using namespace sip::transaction;
using sip::Hop;
using Machine = InviteClientTransaction;

// A To so long that no ACK can hold it, too.
sip::MessagePtr answer(const sip::MessagePtr& invite, int status, bool is_long) {
    static const std::string long_tag(32'700, 't');
    return answer_to(invite, status, is_long ? std::string_view(long_tag) : "8321234356");
}

void begin_in(Machine::State state, Story<Machine>& story, const sip::MessagePtr& invite) {
    const auto hears = [&](int status) {
        story.happens([&](Machine& m, Actions& out) {
            m.on_response(m.hop(), answer(invite, status, false), out);
        });
    };
    switch (state) {
        case Machine::State::Calling:
            return;
        case Machine::State::Proceeding:
            return hears(180);
        case Machine::State::Completed:
            return hears(486);
        case Machine::State::Accepted:
            return hears(200);
        case Machine::State::Terminated:
            return story.happens([](Machine& m, Actions& out) { m.on_transport_error(out); });
    }
}

}  // namespace

void run(std::string_view octets) {
    static const sip::MessagePtr invite = make({});
    Input input(octets);
    const Hop hop = input.flip() ? tls_hop() : udp_hop();
    const Timers timers;
    Story<Machine> story(Machine(ClientId{1}, hop, invite, timers));
    story.happens([](Machine& m, Actions& out) { m.start(out); });
    begin_in(static_cast<Machine::State>(input.below(5)), story, invite);
    bool is_cancelled = false;
    while (!input.is_empty()) {
        switch (input.below(5)) {
            case 0: {
                const int status = input.one_of(statuses);
                const bool is_long = input.below(16) == 1;
                story.happens([&](Machine& m, Actions& out) {
                    m.on_response(m.hop(), answer(invite, status, is_long), out);
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
            case 3:
                story.happens([&](Machine& m, Actions& out) {
                    const bool was_proceeding = m.state() == Machine::State::Proceeding;
                    const bool is_sent = m.cancel({}, out) != nullptr;
                    CHECK(is_sent == (was_proceeding && !is_cancelled));  // §9.1, and once
                    is_cancelled = is_cancelled || is_sent;
                });
                break;
            default:
                story.time_passes(input);
                break;
        }
    }
    story.time_ends();
    // Without a CANCEL it may ring for ever: timer C is the user's.
    CHECK(story.machine().is_terminated() ||
          (story.machine().state() == Machine::State::Proceeding && !is_cancelled));
}

}  // namespace ringwall::fuzz
