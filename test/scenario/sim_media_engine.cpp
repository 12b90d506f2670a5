#include "scenario/sim_media_engine.h"

#include <algorithm>

#include "base/check.h"
#include "sbc/media/ng_message.h"
#include "sdp/crypto_attribute.h"
#include "sdp/session_description.h"

namespace ringwall::test {

using sbc::media::Bencode;
using sbc::media::BencodeDictionary;

namespace {

constexpr std::string_view own_fingerprint = "a=fingerprint:sha-256 AA:BB\r\n";
constexpr std::string_view own_key = "RU5HSU5FLUVOR0lORS1FTkdJTkUtRU5HSU5FLUVO";

Bencode fault(std::string_view reason) {
    return BencodeDictionary{{"result", "error"}, {"error-reason", reason}};
}

std::string crypto_line(std::string_view tag, std::string_view suite) {
    return "a=crypto:" + std::string(tag) + " " + std::string(suite) +
           " inline:" + std::string(own_key) + "\r\n";
}

}  // namespace

SimMediaEngine::SimMediaEngine(SimNetwork& net, const Endpoint& local)
    : node_(net.add_node(local.address)) {
    node_.listen_udp(local);
    node_.set_user(*this);
}

std::size_t SimMediaEngine::count(std::string_view command) const {
    return static_cast<std::size_t>(std::ranges::count(commands_, command));
}

std::vector<std::string> SimMediaEngine::commands() const {
    std::vector<std::string> out = commands_;
    std::erase(out, "ping");
    std::erase(out, "query");
    return out;
}

void SimMediaEngine::on_datagram(engine::ListenerId, FlowId flow, const Endpoint& remote,
                                 std::string_view bytes, Now) {
    if (is_silent) {
        return;
    }
    const auto datagram = sbc::media::split_ng_datagram(bytes);
    CHECK(datagram.has_value());
    const std::string cookie(datagram->cookie);
    if (!answered_.contains(cookie)) {
        const auto request = sbc::media::parse_bencode(datagram->content);
        CHECK(request.has_value());
        commands_.emplace_back(request->text_of("command"));
        answered_[cookie] = cookie + " " + answer(*request).encoded();
    }
    node_.send_datagram(flow, remote, answered_[cookie]);
}

Bencode SimMediaEngine::answer(const Bencode& request) {
    const std::string_view command = request.text_of("command");
    const std::string_view id = request.text_of("call-id");
    if (command == "ping") {
        return BencodeDictionary{{"result", "pong"}};
    }
    if (command == "offer" && refuses) {
        return fault("No more ports");
    }
    const auto found = sessions_.find(id);
    if (command == "offer") {
        const std::string sdp(request.text_of("sdp"));
        const auto session = sdp::SessionDescription::parse(sdp);
        CHECK(session && !session->media().empty());
        Offer offer;
        offer.protocol = session->media()[0].protocol;
        for (const auto& each : session->media()[0].attributes) {
            if (each.name == "crypto" && offer.suite.empty()) {
                const auto crypto = sdp::parse_crypto_attribute(each.value);
                CHECK(crypto.has_value());
                offer.crypto_tag = std::to_string(crypto->tag);
                offer.suite = crypto->suite_text;
            }
        }
        sessions_[std::string(id)].offers[std::string(request.text_of("from-tag"))] = offer;
        const std::string protocol(request.text_of("transport-protocol"));
        const bool has_keys = protocol.starts_with("RTP/SAVP") || request.find("OSRTP") != nullptr;
        std::string keys = has_keys ? crypto_line("1", "AES_CM_128_HMAC_SHA1_80") : "";
        if (protocol.starts_with("UDP/TLS")) {
            keys = "a=setup:actpass\r\n" + std::string(own_fingerprint);
        }
        if (is_careless) {
            return describe_carelessly(sdp);
        }
        return BencodeDictionary{{"result", "ok"}, {"sdp", describe(sdp, protocol, keys)}};
    }
    if (found == sessions_.end()) {
        return command == "delete" ? Bencode(BencodeDictionary{{"result", "ok"}})
                                   : fault("Unknown call-id");
    }
    if (command == "answer") {
        const auto offer = found->second.offers.find(request.text_of("from-tag"));
        if (offer == found->second.offers.end()) {
            return fault("Unknown tag");
        }
        if (is_careless) {
            return describe_carelessly(request.text_of("sdp"));
        }
        const std::string tag = renumbers_tags ? "7" : offer->second.crypto_tag;
        std::string keys = offer->second.suite.empty() ? "" : crypto_line(tag, offer->second.suite);
        if (offer->second.protocol.starts_with("UDP/TLS")) {
            keys = "a=setup:passive\r\n" + std::string(own_fingerprint);
        }
        return BencodeDictionary{
            {"result", "ok"},
            {"sdp", describe(request.text_of("sdp"), offer->second.protocol, keys)}};
    }
    if (command == "query") {
        found->second.packets += has_media ? 50 : 0;
        return BencodeDictionary{
            {"result", "ok"},
            {"totals", BencodeDictionary{
                           {"RTP", BencodeDictionary{{"packets", static_cast<std::int64_t>(
                                                                     found->second.packets)}}}}}};
    }
    CHECK(command == "delete");
    sessions_.erase(found);
    return BencodeDictionary{{"result", "ok"}};
}

// Each time something else that the leg may not have.
Bencode SimMediaEngine::describe_carelessly(std::string_view sdp) {
    const std::string keys = crypto_line("1", "AES_CM_128_HMAC_SHA1_80");
    const auto turn = carelessness_++ % 4;
    std::string out = turn == 0   ? describe(sdp, "RTP/AVP", keys)
                      : turn == 1 ? describe(sdp, "RTP/SAVP", keys)
                      : turn == 2 ? describe(sdp, "RTP/AVP", "")
                                  : std::string(sdp);
    return BencodeDictionary{{"result", "ok"}, {"sdp", std::move(out)}};
}

// Its own address and port in place of the party's, and no key but its own.
std::string SimMediaEngine::describe(std::string_view sdp, const std::string& protocol,
                                     const std::string& keys) const {
    const auto session = sdp::SessionDescription::parse(sdp);
    CHECK(session.has_value());
    const std::string address = node_.address().to_string();
    std::string out;
    std::size_t number = 0;
    for (const sdp::Line& line : session->lines()) {
        const std::string_view value = line.value;
        if (line.type == 'o') {
            out.append("o=")
                .append(value.substr(0, value.rfind(' ')))
                .append(" " + address + "\r\n");
        } else if (line.type == 'c') {
            out.append("c=IN IP4 " + address + "\r\n");
        } else if (line.type == 'm') {
            const sdp::Media& media = session->media()[number++];
            const bool is_rtp = media.protocol.find("RTP/") != std::string_view::npos;
            out.append("m=").append(media.media).append(" ");
            out.append(std::to_string(next_port_)).append(" ");
            out.append(is_rtp ? protocol : std::string(media.protocol));
            for (const std::string_view format : media.formats) {
                out.append(" ").append(format);
            }
            out.append("\r\n");
        } else if (!value.starts_with("crypto:") && !value.starts_with("candidate:") &&
                   !value.starts_with("fingerprint:") && !value.starts_with("setup:")) {
            out.append(line.raw);
        }
    }
    return out + keys;
}

}  // namespace ringwall::test
