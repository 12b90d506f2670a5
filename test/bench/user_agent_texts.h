// What the bench's user agents say, as octets: written by hand and not by sip::MessageBuilder, so
// that a load generator costs little and errs in other ways than what it measures.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sip/message.h"
#include "sip/transport.h"

namespace ringwall::bench {

// One user at one local address.
struct Party {
    std::string user;
    std::string domain;
    sip::Transport transport = sip::Transport::Udp;
    std::uint16_t port = 0;  // of ours, on 127.0.0.1
    std::string tag;         // of the dialogs that it begins

    std::string address_of_record() const { return "sip:" + user + "@" + domain; }
    std::string contact() const;
};

struct RequestIds {
    std::string call_id;
    std::string branch;  // after the magic cookie
    std::uint32_t cseq = 1;
};

extern const std::string_view session_description;

// `authorization` may be empty.
std::string register_text(const Party& party, const RequestIds& ids, unsigned expires,
                          std::string_view authorization);
std::string options_text(const Party& party, const RequestIds& ids);
// With a session description: about 1 kB.
std::string invite_text(const Party& party, const RequestIds& ids, std::string_view request_uri);
// ACK or BYE within the dialog that this 2xx made, as its caller (RFC 3261 §12.2.1.1).
std::string dialog_text(std::string_view method, const Party& party, const RequestIds& ids,
                        const sip::Message& success);
// ACK of a refusal, of the INVITE's own transaction (RFC 3261 §17.1.1.3).
std::string refusal_ack_text(std::string_view request_uri, const RequestIds& ids,
                             const sip::Message& refusal);

// With Contact and session description for the 2xx of an INVITE.
std::string response_text(const sip::Message& request, int status, std::string_view to_tag,
                          std::string_view contact);

}  // namespace ringwall::bench
