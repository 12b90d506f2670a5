// What a server that a test plays says to REGISTER.
#pragma once

#include "scenario/phone.h"
#include "sip/message_builder.h"

namespace ringwall::test {

// 200 with its Contacts, as a registrar that knows the phone says. False: it is no REGISTER.
inline bool accept_register(Phone& server, sip::transaction::ServerId id,
                            const sip::MessagePtr& request) {
    if (request->method() != sip::Method::Register) {
        return false;
    }
    auto response = sip::reply(*request, 200, "t");
    response.copy(sip::HeaderName::Contact, *request);
    server.shard().respond(id, response.build());
    return true;
}

inline void say_yes_to_registers(Phone& server) {
    server.answered_by_test = [&server](sip::transaction::ServerId id,
                                        const sip::MessagePtr& request) {
        return accept_register(server, id, request);
    };
}

}  // namespace ringwall::test
