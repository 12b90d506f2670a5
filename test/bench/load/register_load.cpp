#include "register_load.h"

namespace ringwall::bench {

RegisterLoad::RegisterLoad(const Options& options, Ends& ends, Random& random)
    : Load(options, ends, random) {
    const auto channels = population().add_channels(options.connections, options.transport,
                                                    options.server, Population::Ports::Unknown);
    population().add_members(options.users, options.user_prefix, options.domain, channels,
                             options.authentication == Authentication::Reuse
                                 ? Population::Registered::Yes
                                 : Population::Registered::No);
    set_slots(options.users);
}

void RegisterLoad::begin(std::size_t slot) {
    Member& member = population().member(slot);
    if (options().authentication == Authentication::Each) member.registration.forget_challenge();
    ends().send(*member.channel, member.registration.next(random()));
}

void RegisterLoad::on_operation_message(Channel& channel, const Endpoint&,
                                        const sip::Message& message) {
    const std::size_t slot = index_of(message.call_id());
    if (message.is_request() || message.status() < 200 || slot >= options().users ||
        !is_busy(slot)) {
        note_event("strays");
        return;
    }
    Registration& registration = population().member(slot).registration;
    switch (registration.on_response(message)) {
        case Registration::Answer::Registered:
            note_latency("register", since_begin(slot));
            finish(slot, true);
            return;
        case Registration::Answer::Challenged:
            note_event("challenges");
            if (options().authentication == Authentication::None) {
                finish(slot, false);
            } else {
                ends().send(channel, registration.next(random()));
            }
            return;
        case Registration::Answer::Refused:
            note_event("status_" + std::to_string(message.status()));
            finish(slot, false);
            return;
    }
}

}  // namespace ringwall::bench
