// The INVITE server transaction: any events in any order, begun in each state.
#include "sip/transaction/invite_server_transaction.h"

#include "fuzz/target.h"
#include "fuzz/transaction_events.h"

namespace ringwall::fuzz {
namespace {

using namespace sip::transaction;
using sip::Hop;
using Machine = InviteServerTransaction;

struct Texts {
    sip::MessagePtr invite = make({});
    sip::MessagePtr ack = make({.method = "ACK", .to_tag = "8321234356"});
};

void begin_in(Machine::State state, Story<Machine>& story, const Texts& texts) {
    const auto answer = [&](int status) {
        story.happens(
            [&](Machine& m, Actions& out) { m.respond(answer_to(texts.invite, status), out); });
    };
    switch (state) {
        case Machine::State::Proceeding:
            return;
        case Machine::State::Completed:
            return answer(486);
        case Machine::State::Confirmed:
            answer(486);
            return story.happens(
                [&](Machine& m, Actions& out) { m.on_ack(m.hop(), texts.ack, out); });
        case Machine::State::Accepted:
            return answer(200);
        case Machine::State::Terminated:
            return story.happens([](Machine& m, Actions& out) { m.terminate(out); });
    }
}

}  // namespace

void run(std::string_view octets) {
    static const Texts texts;
    Input input(octets);
    const Hop hop = input.flip() ? tls_hop() : udp_hop();
    const Timers timers;
    Story<Machine> story(Machine(ServerId{1}, hop, texts.invite, timers));
    begin_in(static_cast<Machine::State>(input.below(5)), story, texts);
    while (!input.is_empty()) {
        switch (input.below(6)) {
            case 0:
                story.happens([](Machine& m, Actions& out) { m.on_request(out); });
                break;
            case 1:
                story.happens([](Machine& m, Actions& out) { m.on_ack(m.hop(), texts.ack, out); });
                break;
            case 2: {
                const int status = input.one_of(statuses);
                story.happens([&](Machine& m, Actions& out) {
                    m.respond(answer_to(texts.invite, status), out);
                });
                break;
            }
            case 3:
                story.happens([](Machine& m, Actions&) { m.rebind(udp_hop()); });
                break;
            case 4:
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
    CHECK(story.machine().is_terminated() || story.machine().state() == Machine::State::Proceeding);
}

}  // namespace ringwall::fuzz
