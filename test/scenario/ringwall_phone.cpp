#include "scenario/ringwall_phone.h"

#include <algorithm>

#include "scenario/tls_contexts.h"

namespace ringwall::test {

Result<media::Port::Opened, std::string> RecordedMedia::open(const IpAddress& local,
                                                             const media::StreamOptions& options) {
    const media::StreamId id{++last_};
    streams[id] = Stream{{local, next_port_}, options, {}, media::Silence{}, {}, {}, false};
    next_port_ = static_cast<std::uint16_t>(next_port_ + 2);
    return Opened{id, streams[id].rtp};
}

Result<void, std::string> RecordedMedia::start(media::StreamId stream,
                                               const media::StreamSpec& spec) {
    streams.at(stream).spec = spec;
    return {};
}

void RecordedMedia::mix(const std::vector<media::StreamId>& them) {
    std::erase_if(mixes_, [&](const auto& before) {
        return std::ranges::find_first_of(before, them) != before.end();
    });
    if (them.size() >= 2) {
        mixes_.push_back(them);
    }
    mixed = mixes_.empty() ? std::vector<media::StreamId>() : mixes_.back();
}

std::size_t RecordedMedia::open_streams() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(streams, [](const auto& each) { return !each.second.is_closed; }));
}

RingwallPhone::RingwallPhone(SimNetwork& net, const IpAddress& address,
                             const phone::Settings& settings, std::uint64_t seed,
                             const phone::SoundOptions& sound)
    : net_(net),
      node_(net.add_node(address)),
      random_(seed),
      phone_(node_, media, random_, std::make_shared<const phone::Settings>(settings),
             client_context(), net.now(), *this, sound) {
    for (const auto& wanted : phone::Phone::sockets(settings)) {
        const Endpoint local{address, wanted.port};
        if (wanted.transport == sip::Transport::Udp) {
            const auto socket = node_.listen_udp(local);
            phone_.add_listener(socket.id, local, wanted.transport, socket.flow);
        } else {
            phone_.add_listener(node_.listen_tcp(local), local, wanted.transport, {});
        }
    }
    node_.set_user(phone_.shard());
    phone_.start();
}

phone::Phone& RingwallPhone::operator*() {
    phone_.shard().wake(net_.now());
    return phone_;
}

std::string RingwallPhone::tone() const {
    for (const auto& [id, stream] : media.streams) {
        if (!stream.is_closed && !stream.tone.empty()) {
            return stream.tone;
        }
    }
    return {};
}

phone::Call* RingwallPhone::call() {
    phone::Call* only = nullptr;
    for (const auto& [id, each] : phone_.calls()) {
        if (each->state() == phone::Call::State::Ended) {
            continue;
        }
        if (only != nullptr) {
            return nullptr;
        }
        only = each.get();
    }
    return only;
}

phone::CallId RingwallPhone::dial(const std::string& number, std::size_t line) {
    const auto dialled = (*this)->dial(line, number);
    last_error = dialled ? "" : dialled.error();
    return dialled ? dialled->value_or(phone::CallId{}) : phone::CallId{};
}

phone::Settings tls_line(const std::string& user, const std::string& password,
                         const std::string& proxy) {
    phone::LineSettings line;
    line.proxy = proxy;
    line.user_id = user;
    line.password = Secret(password);
    line.sip_transport = sip::Transport::Tls;
    phone::Settings settings;
    settings.lines.push_back(line);
    return settings;
}

}  // namespace ringwall::test
