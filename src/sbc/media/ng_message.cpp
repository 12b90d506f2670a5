#include "sbc/media/ng_message.h"

#include <algorithm>

#include "sbc/media/bencode.h"

namespace ringwall::sbc::media {
namespace {

// What protects nothing, or little, and what nobody knows: the descriptions become long of it.
BencodeList sdes_flags() {
    BencodeList flags{"pad"};
    for (const char* const suite :
         {"no-NULL_HMAC_SHA1_80", "no-NULL_HMAC_SHA1_32", "no-F8_128_HMAC_SHA1_80",
          "no-F8_128_HMAC_SHA1_32", "no-AES_192_CM_HMAC_SHA1_80", "no-AES_192_CM_HMAC_SHA1_32"}) {
        flags.emplace_back(suite);
    }
    return flags;
}

std::string protocol_of(const Towards& towards) {
    const auto profile = [&]() -> std::string {
        switch (towards.transport) {
            case Towards::Transport::Rtp:
            case Towards::Transport::SdesMaybe:
                return "RTP/AVP";
            case Towards::Transport::Sdes:
                return "RTP/SAVP";
            case Towards::Transport::Dtls:
                return "UDP/TLS/RTP/SAVP";
        }
        return {};
    };
    return profile() + (towards.has_feedback ? "F" : "");
}

// Addresses of one side are not seen on the other: candidates go, origin and connection are the
// engine's.
void append_common(BencodeDictionary& request) {
    request.emplace_back("ICE", "remove");
    request.emplace_back("replace", BencodeList{"origin", "session-connection"});
    request.emplace_back("rtcp-mux", BencodeList{"demux"});
}

const Bencode* at(const Bencode* value, std::string_view key) {
    return value == nullptr ? nullptr : value->find(key);
}

// Every direction of every medium is off.
bool is_silent(const Bencode& reply) {
    const Bencode* const tags = reply.find("tags");
    bool has_media = false;
    if (tags == nullptr || tags->dictionary() == nullptr) {
        return false;
    }
    for (const auto& [tag, party] : *tags->dictionary()) {
        const Bencode* const media = party.find("medias");
        for (const Bencode& each :
             media == nullptr || media->list() == nullptr ? BencodeList() : *media->list()) {
            const Bencode* const flags = each.find("flags");
            has_media = true;
            if (flags != nullptr && flags->list() != nullptr &&
                std::ranges::find(*flags->list(), Bencode("send")) != flags->list()->end()) {
                return false;
            }
        }
    }
    return has_media;
}

}  // namespace

std::string write(const NgOffer& offer) {
    BencodeDictionary request{{"command", "offer"},
                              {"call-id", offer.session},
                              {"from-tag", offer.from_tag},
                              {"sdp", offer.sdp}};
    append_common(request);
    request.emplace_back("transport-protocol", protocol_of(offer.towards));
    request.emplace_back("address-family",
                         offer.towards.family == IpAddress::Family::V6 ? "IP6" : "IP4");
    BencodeList sdes = sdes_flags();
    if (offer.towards.transport == Towards::Transport::Dtls) {
        sdes.emplace_back("off");
    } else {
        request.emplace_back("DTLS", "off");
    }
    if (offer.towards.transport == Towards::Transport::SdesMaybe) {
        request.emplace_back("OSRTP", BencodeList{"offer"});
    }
    request.emplace_back("SDES", std::move(sdes));
    return Bencode(std::move(request)).encoded();
}

std::string write(const NgAnswer& answer) {
    BencodeDictionary request{{"command", "answer"},
                              {"call-id", answer.session},
                              {"from-tag", answer.from_tag},
                              {"to-tag", answer.to_tag},
                              {"sdp", answer.sdp}};
    append_common(request);
    request.emplace_back("SDES", sdes_flags());
    return Bencode(std::move(request)).encoded();
}

std::string write_query(std::string_view session) {
    return Bencode(BencodeDictionary{{"command", "query"}, {"call-id", session}}).encoded();
}

// At once: the ports are wanted.
std::string write_delete(std::string_view session) {
    return Bencode(BencodeDictionary{{"command", "delete"},
                                     {"call-id", session},
                                     {"delete-delay", std::int64_t{0}}})
        .encoded();
}

std::string write_ping() {
    return Bencode(BencodeDictionary{{"command", "ping"}}).encoded();
}

std::optional<NgReply> parse_ng_reply(std::string_view octets) {
    const auto value = parse_bencode(octets);
    if (!value || value->dictionary() == nullptr) {
        return std::nullopt;
    }
    const std::string_view result = value->text_of("result");
    NgReply reply;
    if (result == "ok" || result == "pong") {
        reply.result = NgReply::Result::Ok;
        reply.sdp = value->text_of("sdp");
        const Bencode* const packets = at(at(value->find("totals"), "RTP"), "packets");
        if (packets != nullptr && packets->number() != nullptr) {
            reply.packets = static_cast<std::uint64_t>(*packets->number());
        }
        reply.is_silent = is_silent(*value);
    } else {
        const std::string_view reason = value->text_of("error-reason");
        reply.reason = reason.empty() ? value->text_of("message") : reason;
        if (reply.reason.empty()) {
            reply.reason = result;
        }
    }
    return reply;
}

std::optional<NgDatagram> split_ng_datagram(std::string_view octets) {
    const auto blank = octets.find(' ');
    if (blank == std::string_view::npos || blank == 0) {
        return std::nullopt;
    }
    return NgDatagram{octets.substr(0, blank), octets.substr(blank + 1)};
}

}  // namespace ringwall::sbc::media
