// Messages for the tests of the transaction layer, and its actions as words.
#pragma once

#include <string>
#include <vector>

#include "sip/message.h"
#include "sip/message_builder.h"
#include "sip/transaction/actions.h"

namespace ringwall::sip::transaction {

struct Draft {
    std::string method = "INVITE";
    std::string branch = "z9hG4bKnashds8";  // empty: no branch at all
    std::string sent_by = "pc33.example.com:5060";
    std::string uri = "sip:bob@example.com";
    std::string call_id = "a84b4c76e66710";
    std::string from_tag = "1928301774";
    std::string to_tag = {};
    unsigned cseq = 314159;
    std::vector<std::string> more = {};  // whole header lines without line end
};

MessagePtr make(const Draft& draft);
// As reply() gives it, with a To tag for all but 100.
MessagePtr answer_to(const MessagePtr& request, int status, std::string_view to_tag = "8321234356");

Hop udp_hop();
Hop tls_hop();
Hop hop_over(Reliability reliability);

// "transmit 486", "start G 500", "stop H", "new INVITE", "ack", "response 180", "failed timeout",
// "server ended normal", "client ended", "stray 200".
std::string to_string(const Action& action);
std::vector<std::string> to_strings(const Actions& actions);

template <class A>
std::vector<A> only(const Actions& actions) {
    std::vector<A> found;
    for (const Action& action : actions) {
        if (const A* one = std::get_if<A>(&action)) {
            found.push_back(*one);
        }
    }
    return found;
}

}  // namespace ringwall::sip::transaction
