// The ng protocol of rtpengine (docs/decisions/0056): a request is a cookie, a blank, and a
// bencoded dictionary; its answer begins with the same cookie. Pure.
//
// A session of the engine stands for the descriptions of two parties, each known by a tag: what one
// offers, the engine says to the other with addresses of its own, and back what that one answers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/endpoint.h"

namespace ringwall::sbc::media {

// How the engine is to describe the session towards the one that is offered it.
struct Towards {
    enum class Transport : std::uint8_t {
        Rtp,        // RTP/AVP
        SdesMaybe,  // RTP/AVP with keys: SRTP where the other end knows them (RFC 8643)
        Sdes,       // RTP/SAVP
        Dtls,       // UDP/TLS/RTP/SAVP
    };
    Transport transport = Transport::Rtp;
    bool has_feedback = false;  // ...F (RFC 4585)
    IpAddress::Family family = IpAddress::Family::V4;
    bool operator==(const Towards&) const = default;
};

struct NgOffer {
    std::string session;
    std::string from_tag;
    std::string sdp;
    Towards towards;
};

struct NgAnswer {
    std::string session;
    std::string from_tag;  // of who offered
    std::string to_tag;    // of who answers
    std::string sdp;
};

std::string write(const NgOffer& offer);
std::string write(const NgAnswer& answer);
std::string write_query(std::string_view session);
std::string write_delete(std::string_view session);
std::string write_ping();

struct NgReply {
    enum class Result : std::uint8_t { Ok, Error };
    Result result = Result::Error;
    std::string reason;         // Error: in the engine's words
    std::string sdp;            // of an offer or answer
    std::uint64_t packets = 0;  // of a query: RTP that has come for the session so far
    bool is_silent = false;     // of a query: no party is to send (hold)
};

// What follows the cookie; none: it is no reply.
std::optional<NgReply> parse_ng_reply(std::string_view octets);
// The cookie of a datagram, and what follows it. None: it has none.
struct NgDatagram {
    std::string_view cookie;
    std::string_view content;
};
std::optional<NgDatagram> split_ng_datagram(std::string_view octets);

}  // namespace ringwall::sbc::media
