// A media engine on the simulated network: it speaks the ng protocol of rtpengine and describes
// each session with addresses and keys of its own, as that does. No media passes.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sbc/media/bencode.h"
#include "scenario/sim_network.h"

namespace ringwall::test {

class SimMediaEngine final : public DatagramUser {
public:
    SimMediaEngine(SimNetwork& net, const Endpoint& local);
    ~SimMediaEngine() override { node_.leave(); }
    SimMediaEngine(const SimMediaEngine&) = delete;
    SimMediaEngine& operator=(const SimMediaEngine&) = delete;

    // What it does.
    bool is_silent = false;       // it is not there
    bool refuses = false;         // every offer
    bool renumbers_tags = false;  // of keys, in answers: a fault
    bool is_careless = false;     // it puts keys where none were asked for, or shows the other side
    std::uint64_t packets = 0;    // that it has seen of every session; one more with each look
    bool has_media = true;        // false: no more
    void restart() { sessions_.clear(); }  // and knows nothing any more

    // What it heard and knows.
    std::size_t sessions() const { return sessions_.size(); }
    std::size_t count(std::string_view command) const;
    std::vector<std::string> commands() const;

    // engine::NetworkUser
    void on_datagram(engine::ListenerId listener, FlowId flow, const Endpoint& remote,
                     std::string_view bytes, Now now) override;

private:
    // By the tag of who offered: its protocol, and the keys by tag.
    struct Offer {
        std::string protocol;
        std::string crypto_tag;
        std::string suite;
    };
    struct Session {
        std::map<std::string, Offer, std::less<>> offers;
        std::uint64_t packets = 0;
    };
    sbc::media::Bencode answer(const sbc::media::Bencode& request);
    std::string describe(std::string_view sdp, const std::string& protocol,
                         const std::string& keys) const;
    sbc::media::Bencode describe_carelessly(std::string_view sdp);

    SimNetwork::Node& node_;
    std::map<std::string, Session, std::less<>> sessions_;
    std::map<std::string, std::string> answered_;  // by cookie
    std::vector<std::string> commands_;
    std::uint16_t next_port_ = 30000;
    unsigned carelessness_ = 0;
};

}  // namespace ringwall::test
