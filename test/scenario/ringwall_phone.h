// A whole Ringwall phone on the simulated network. Its sound is recorded, not made.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "phone/phone.h"
#include "scenario/sim_network.h"

namespace ringwall::test {

// What a phone asks of its media.
class RecordedMedia final : public media::Port {
public:
    struct Stream {
        Endpoint rtp;
        media::StreamOptions options;
        std::optional<media::StreamSpec> spec;
        media::Source source;
        std::string digits;
        std::string tone;
        bool is_closed = false;
    };

    Result<Opened, std::string> open(const IpAddress& local,
                                     const media::StreamOptions& options) override;
    Result<void, std::string> start(media::StreamId stream, const media::StreamSpec& spec) override;
    Result<void, std::string> check(const media::Source& source) const override {
        return std::holds_alternative<media::File>(source) && !source_fault.empty()
                   ? Result<void, std::string>(fail(source_fault))
                   : Result<void, std::string>();
    }
    void set_source(media::StreamId stream, const media::Source& source) override {
        streams.at(stream).source = source;
    }
    void set_sink(media::StreamId, const media::Sink&) override {}
    void set_tone(media::StreamId stream, const media::ToneScript& tone) override {
        streams.at(stream).tone = tone.script;
    }
    void send_digit(media::StreamId stream, char digit, Duration) override {
        streams.at(stream).digits.push_back(digit);
    }
    void mix(const std::vector<media::StreamId>& them) override;
    Result<void, std::string> record(media::StreamId, const std::string&) override { return {}; }
    media::StreamStatistics statistics(media::StreamId) const override { return {}; }
    media::StreamStatistics close(media::StreamId stream) override {
        streams.at(stream).is_closed = true;
        return {};
    }

    std::size_t open_streams() const;
    std::map<media::StreamId, Stream> streams;
    std::vector<media::StreamId> mixed;  // last, that still are; empty: all are alone
    std::string source_fault;            // of files; empty: none

private:
    std::vector<std::vector<media::StreamId>> mixes_;
    std::uint16_t next_port_ = 16384;
    std::uint64_t last_ = 0;
};

class RingwallPhone final : public phone::Observer {
public:
    RingwallPhone(SimNetwork& net, const IpAddress& address, const phone::Settings& settings,
                  std::uint64_t seed = 501, const phone::SoundOptions& sound = {});
    // What is heard at its sound card besides calls; empty: nothing.
    std::string tone() const;
    ~RingwallPhone() override { node_.leave(); }

    // The phone, at the present time.
    phone::Phone& operator*();
    phone::Phone* operator->() { return &**this; }
    SimNetwork::Node& node() { return node_; }
    phone::Line& line(std::size_t index = 0) { return *(*this)->lines().at(index); }
    bool is_registered(std::size_t index = 0) { return line(index).is_registered(); }
    // The only call that has not ended; null: there is none, or there are several.
    phone::Call* call();
    phone::CallId dial(const std::string& number, std::size_t line = 0);
    // The stream of its only call.
    const RecordedMedia::Stream& stream() { return media.streams.at(*call()->stream()); }

    void on_line_changed(const phone::Line& line) override { line_states.push_back(line.state()); }
    void on_call_changed(phone::Call& call) override {
        states.emplace_back(call.id().value, std::string(to_string(call.state())));
    }
    void on_digit(phone::Call&, char digit) override { digits.push_back(digit); }
    void on_transferred(phone::Call&, int status) override { transfers.push_back(status); }
    void on_call_back(phone::Call& call) override { called_back.push_back(call.id()); }
    void on_watched(const phone::WatchedLine& watched) override {
        lamps.push_back(watched.dialogs.state());
    }
    void on_order(const phone::Line&, std::string_view event) override {
        orders.emplace_back(event);
    }

    RecordedMedia media;
    std::vector<std::pair<std::uint64_t, std::string>> states;
    std::vector<phone::Line::State> line_states;  // of all lines, some twice in a row
    std::string digits;
    std::vector<int> transfers;
    std::vector<std::string> orders;
    std::vector<phone::CallId> called_back;
    std::vector<phone::DialogInfo::State> lamps;
    std::string last_error;

private:
    SimNetwork& net_;
    SimNetwork::Node& node_;
    SeededRandom random_;
    phone::Phone phone_;
};

// A phone with one line over TLS at border.example.com.
phone::Settings tls_line(const std::string& user, const std::string& password,
                         const std::string& proxy = "example.com");

}  // namespace ringwall::test
