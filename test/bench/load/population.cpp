#include "population.h"

#include "base/text.h"

namespace ringwall::bench {

namespace {
constexpr std::size_t at_a_time = 32;  // below what a listener's backlog holds
}

std::size_t index_of(std::string_view call_id) {
    const auto end = call_id.find('.');
    if (end == std::string_view::npos || end < 2) return SIZE_MAX;
    return parse_number(call_id.substr(1, end - 1)).value_or(SIZE_MAX);
}

Population::Population(const Options& options, Ends& ends, Random& random)
    : options_(options), ends_(ends), random_(random), run_(random.token(8)) {}

std::vector<Channel*> Population::add_channels(std::uint32_t count, sip::Transport transport,
                                               const Endpoint& server, Ports ports,
                                               std::uint16_t port) {
    std::vector<Channel*> added;
    while (added.size() < count) {
        const auto channel = ends_.open(transport, server, port);
        if (!channel) {
            fail_with(channel.error());
            break;
        }
        added.push_back(*channel);
        if (!(*channel)->is_open) ++opening_;
        if (transport != sip::Transport::Udp && ports == Ports::Learned) {
            to_probe_.push_back(*channel);
        }
    }
    return added;
}

void Population::add_member(const std::string& user, const std::string& domain, Channel& channel,
                            Registered registered) {
    const std::size_t index = members_.size();
    Party party{.user = user,
                .domain = domain,
                .transport = channel.transport,
                .port = channel.port,
                .tag = "t" + std::to_string(index) + run_};
    members_.push_back(
        {&channel, Registration(std::move(party), options_.password,
                                "r" + std::to_string(index) + "." + run_, options_.expires)});
    if (registered == Registered::Yes) to_register_.push_back(index);
}

void Population::add_members(std::uint32_t count, const std::string& prefix,
                             const std::string& domain, const std::vector<Channel*>& channels,
                             Registered registered) {
    for (std::uint32_t i = 0; i < count && !channels.empty(); ++i) {
        add_member(prefix + std::to_string(i), domain, *channels[i % channels.size()], registered);
    }
}

bool Population::is_ready() const {
    return opening_ == 0 && in_flight_ == 0 && probed_ == to_probe_.size() &&
           registered_ == to_register_.size();
}

void Population::fail_with(std::string why) {
    if (failure_.empty()) failure_ = std::move(why);
}

void Population::on_open(Channel&) {
    --opening_;
}

void Population::on_turn() {
    if (opening_ > 0) return;
    while (in_flight_ < at_a_time && probed_ < to_probe_.size()) {
        Channel& channel = *to_probe_[probed_];
        const std::string call_id = "o" + std::to_string(probed_) + "." + run_;
        const Party prober{.user = "probe",
                           .domain = options_.domain,
                           .transport = channel.transport,
                           .port = channel.port,
                           .tag = "probe"};
        ends_.send(channel, options_text(prober, {call_id, call_id, 1}));
        ++probed_;
        ++in_flight_;
    }
    // The ports first: they stand in the Contact.
    if (registered_ == 0 && in_flight_ > 0 && !to_probe_.empty()) return;
    while (in_flight_ < at_a_time && registered_ < to_register_.size()) {
        Member& member = members_[to_register_[registered_]];
        member.registration.party().port = member.channel->port;
        ends_.send(*member.channel, member.registration.next(random_));
        ++registered_;
        ++in_flight_;
    }
}

bool Population::on_message(const Channel& channel, const sip::Message& message) {
    if (message.is_request()) return false;
    const std::size_t index = index_of(message.call_id());
    if (message.cseq().method == sip::Method::Options) {
        if (index < to_probe_.size()) {
            to_probe_[index]->port = message.top_via().rport().value_or(0);
            --in_flight_;
        }
        return true;
    }
    if (message.cseq().method != sip::Method::Register) return false;
    if (index >= members_.size() || message.status() < 200) return true;
    Registration& registration = members_[index].registration;
    switch (registration.on_response(message)) {
        case Registration::Answer::Registered:
            --in_flight_;
            break;
        case Registration::Answer::Challenged:
            ends_.send(channel, registration.next(random_));
            break;
        case Registration::Answer::Refused:
            fail_with("registration of " + registration.party().user + " refused: " +
                      std::to_string(message.status()) + " " + std::string(message.reason()));
            break;
    }
    return true;
}

}  // namespace ringwall::bench
