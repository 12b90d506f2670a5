#include "media/stream.h"

#include <algorithm>

namespace ringwall::media {

namespace {

// How long packets under the key before may still be on their way when the first under the new one
// is there. Until then the far end may not have our answer, and uses the old one.
constexpr Duration key_overlap = 1s;
// RFC 3550 §6.2, §6.3.1: two members need no more than the least interval.
constexpr Duration report_interval = 5s;
constexpr double compensation = 1.21828;
constexpr std::size_t canonical_name_length = 16;  // RFC 7022 §4.2: 96 bits at least
constexpr std::uint32_t max_rtcp_index = 0x7fff'ffff;

Result<void, std::string> check_key(const SrtpKey& key) {
    const auto suite = suite_parameters(key.suite);
    if (!suite) return fail(std::string("the media have no such SRTP suite"));
    if (key.key_and_salt.reveal().size() != suite->key_length + suite->salt_length) {
        return fail("an SRTP key of this suite has " +
                    std::to_string(suite->key_length + suite->salt_length) +
                    " octets with its salt, not " +
                    std::to_string(key.key_and_salt.reveal().size()));
    }
    return {};
}

Result<void, std::string> check(const StreamSpec& spec) {
    if (spec.send_key.has_value() != spec.receive_key.has_value()) {
        return fail(std::string("SRTP needs a key for each direction, and there is only one"));
    }
    if (spec.send_key) {
        TRY(check_key(*spec.send_key));
        TRY(check_key(*spec.receive_key));
    }
    if (spec.remote.port == 0) return fail(std::string("there is no port to send to"));
    return {};
}

}  // namespace

Stream::Stream(const StreamOptions& options, Random& random, Wire& wire)
    : random_(random),
      wire_(wire),
      canonical_name_(random.token(canonical_name_length)),
      digits_out_(options.key_level),
      playout_(options.jitter_level, options.jitter_adjustment) {
    begin_sender();
}

// RFC 3550 §5.1: all three are random. The sequence number begins in the lower half, so that no
// loss of the first packets leaves the receiver in doubt about the rollover (RFC 3711 §3.3.1).
void Stream::begin_sender() {
    ssrc_ = static_cast<std::uint32_t>(random_.number());
    index_ = random_.number() & 0x7fff;
    timestamp_ = random_.number() & 0xffff'ffff;
    rtcp_index_ = 0;
    is_pausing_ = true;
    packets_of_ssrc_ = octets_of_ssrc_ = 0;
}

Result<void, std::string> Stream::set(const StreamSpec& spec, Now now) {
    TRY(check(spec));
    set_keys(spec);
    if (!spec_ || spec_->codec != spec.codec) {
        encoder_ = make_encoder(spec.codec);
        rates_ = rates_of(spec.codec);
        collected_.clear();
        is_pausing_ = true;
    }
    if (!started_) {
        started_ = now.monotonic;
        wall_offset_ = std::chrono::duration_cast<Duration>(now.wall.time_since_epoch()) -
                       now.monotonic.time_since_epoch();
        schedule_report(now.monotonic, 0.5);
    }
    spec_ = spec;
    return {};
}

void Stream::set_keys(const StreamSpec& spec) {
    if (!spec.send_key) {
        rtp_seal_.reset();
        rtcp_seal_.reset();
        receiver_.reset();
        receiver_before_.reset();
        return;
    }
    if (!spec_ || spec_->send_key != spec.send_key) {
        // The counter goes on with a new key (RFC 3711 §3.3.1), but some peers begin theirs at 0.
        // Where that makes a difference, a new SSRC leaves no doubt.
        if (rtp_seal_ != nullptr && index_ > 0xffff) begin_sender();
        const SuiteParameters suite = *suite_parameters(spec.send_key->suite);
        const Secret& key = spec.send_key->key_and_salt;
        rtp_seal_ = std::make_unique<SrtpTransform>(
            suite, derive_session_keys(suite, key, SrtpPurpose::Rtp));
        rtcp_seal_ = std::make_unique<SrtpTransform>(
            suite, derive_session_keys(suite, key, SrtpPurpose::Rtcp));
    }
    if (!spec_ || spec_->receive_key != spec.receive_key) {
        receiver_before_ = std::move(receiver_);
        heard_by_new_key_.reset();
        receiver_ = std::make_unique<SrtpReceiver>(*spec.receive_key);
        if (receiver_before_ != nullptr) receiver_->continue_from(*receiver_before_);
    }
}

bool Stream::may_send() const {
    // RFC 3264 §8.4: the old way to put a stream on hold.
    return spec_ && !spec_->remote.address.is_unspecified() &&
           (spec_->direction == Direction::SendReceive || spec_->direction == Direction::SendOnly);
}

bool Stream::may_hear() const {
    return spec_ && (spec_->direction == Direction::SendReceive ||
                     spec_->direction == Direction::ReceiveOnly);
}

bool Stream::open(Octets& packet, const Endpoint& from, TimePoint now, SrtpPurpose purpose) {
    const auto with = [&](SrtpReceiver& receiver, Octets& octets) {
        const SrtpVerdict verdict =
            purpose == SrtpPurpose::Rtp ? receiver.open_rtp(octets) : receiver.open_rtcp(octets);
        return verdict == SrtpVerdict::Genuine;
    };
    // In the clear, the address is all there is to know a peer by; its port may be a NAT's.
    if (receiver_ == nullptr) return from.address == spec_->remote.address;
    if (heard_by_new_key_ && now - *heard_by_new_key_ > key_overlap) receiver_before_.reset();
    if (receiver_before_ == nullptr) return with(*receiver_, packet);
    Octets copy = packet;
    if (with(*receiver_, copy)) {
        heard_by_new_key_ = heard_by_new_key_.value_or(now);
        packet = std::move(copy);
        return true;
    }
    return with(*receiver_before_, packet);
}

void Stream::on_rtp(Octets& packet, const Endpoint& from, TimePoint arrival) {
    if (!spec_) return;
    if (!open(packet, from, arrival, SrtpPurpose::Rtp)) {
        ++statistics_.packets_refused;
        return;
    }
    const auto parsed = parse_rtp(packet);
    if (!parsed) return;
    const RtpHeader& header = parsed->header;
    ++statistics_.packets_received;
    statistics_.octets_received += parsed->payload.size();
    // RFC 3550 §8.2: the one who notices takes another; if that comes as well, it is an echo of
    // ours.
    if (header.ssrc == ssrc_ && !std::exchange(has_collided_, true)) begin_sender();

    const auto receive = std::find_if(spec_->receive.begin(), spec_->receive.end(),
                                      [&](const StreamSpec::Receive& candidate) {
                                          return candidate.payload_type == header.payload_type;
                                      });
    const bool has_sound = receive != spec_->receive.end();
    reception_.on_packet(
        header, has_sound ? std::optional(rates_of(receive->codec).clock) : std::nullopt, arrival);
    if (!may_hear()) return;
    if (has_sound) {
        playout_.push(*parsed, receive->codec, arrival);
        return;
    }
    playout_.push_soundless(header);
    if (spec_->event_to_receive != header.payload_type) return;  // comfort noise and others
    has_events_ = true;
    if (const auto digit = events_.on_packet(header, parsed->payload, arrival)) {
        digits_in_.push_back(*digit);
    }
}

void Stream::on_rtcp(Octets& packet, const Endpoint& from, TimePoint arrival) {
    if (!spec_) return;
    if (!open(packet, from, arrival, SrtpPurpose::Rtcp)) {
        ++statistics_.packets_refused;
        return;
    }
    const auto rtcp = parse_rtcp(packet);
    if (!rtcp) return;
    if (rtcp->sender) reception_.on_sender_report(rtcp->sender->ntp, arrival);
    for (const ReportBlock& block : rtcp->reports) {
        if (block.ssrc == ssrc_) on_report(block, arrival);
    }
}

void Stream::on_report(const ReportBlock& block, TimePoint arrival) {
    statistics_.remote_loss = block.fraction_lost / 256.0;
    statistics_.remote_jitter =
        Duration(std::int64_t{block.jitter} * 1'000'000 / static_cast<std::int64_t>(rates_.clock));
    encoder_->expect_loss(*statistics_.remote_loss);
    if (block.last_sender_report == 0) return;
    // RFC 3550 §6.4.1: now, less when our report left, less how long it lay there.
    const auto now = static_cast<std::uint32_t>(ntp_at(arrival) >> 16);
    const auto there = static_cast<std::int32_t>(now - block.last_sender_report - block.delay);
    statistics_.round_trip = Duration(std::max<std::int64_t>(there, 0) * 1'000'000 / 65'536);
}

const Samples& Stream::hear(TimePoint now) {
    playout_.pull(now, heard_);
    if (!may_hear()) std::fill(heard_.begin(), heard_.end(), std::int16_t{0});
    if (const auto digit = events_.on_time(now)) digits_in_.push_back(*digit);
    if (!has_events_ && may_hear()) tones_.hear(heard_, heard_rate(), digits_in_);
    return heard_;
}

void Stream::speak(SamplesView frame, TimePoint now) {
    if (!spec_) return;
    spoken_.assign(frame.begin(), frame.end());
    if (!may_send()) {
        std::fill(spoken_.begin(), spoken_.end(), std::int16_t{0});
        collected_.clear();
        is_pausing_ = true;
    } else if (!speak_digit(now)) {
        collected_.insert(collected_.end(), spoken_.begin(), spoken_.end());
        send_sound();
    }
    timestamp_ += rates_.clock / frames_per_second;
    if (now >= next_report_) {
        send_report(now, false);
        schedule_report(now, 1.0);
    }
}

// True if an event took the place of the sound.
bool Stream::speak_digit(TimePoint) {
    if (digits_out_.is_idle()) return false;
    if (!spec_->event_to_send) {
        digits_out_.step_tone(spoken_, rates_.samples);
        return false;
    }
    const auto step = digits_out_.step_event();
    if (!step) return false;
    if (step->is_first) {
        event_timestamp_ = static_cast<std::uint32_t>(timestamp_ * event_clock / rates_.clock);
    }
    collected_.clear();
    std::fill(spoken_.begin(), spoken_.end(), std::int16_t{0});
    is_pausing_ = true;
    payload_.clear();
    append_telephone_event(step->event, payload_);
    send_packet(*spec_->event_to_send, event_timestamp_, step->is_first);
    return true;
}

void Stream::send_sound() {
    const Duration packet_time = packet_time_of(spec_->codec, spec_->packet_time);
    const auto samples = static_cast<std::size_t>(packet_time.count() * rates_.samples / 1'000'000);
    const std::size_t per_clock = rates_.samples / rates_.clock;
    std::size_t taken = 0;
    while (collected_.size() - taken >= samples) {
        // The last sample collected is the last of this frame.
        const std::uint64_t first =
            timestamp_ + rates_.clock / frames_per_second - (collected_.size() - taken) / per_clock;
        payload_.clear();
        encoder_->encode(SamplesView(collected_).subspan(taken, samples), payload_);
        taken += samples;
        send_packet(spec_->payload_type, static_cast<std::uint32_t>(first), is_pausing_);
        is_pausing_ = false;
    }
    collected_.erase(collected_.begin(), collected_.begin() + static_cast<std::ptrdiff_t>(taken));
}

void Stream::send_packet(std::uint8_t payload_type, std::uint32_t timestamp, bool has_marker) {
    RtpHeader header;
    header.has_marker = has_marker;
    header.payload_type = payload_type;
    header.sequence = static_cast<std::uint16_t>(index_);
    header.timestamp = timestamp;
    header.ssrc = ssrc_;
    begin_rtp(header, packet_);
    const std::size_t header_length = packet_.size();
    packet_.insert(packet_.end(), payload_.begin(), payload_.end());
    if (rtp_seal_ != nullptr) rtp_seal_->seal_rtp(header_length, index_, packet_);
    ++index_;
    ++packets_of_ssrc_;
    octets_of_ssrc_ += static_cast<std::uint32_t>(payload_.size());
    ++statistics_.packets_sent;
    statistics_.octets_sent += payload_.size();
    wire_.send_rtp(packet_, spec_->remote);
}

void Stream::send_report(TimePoint now, bool is_goodbye) {
    Rtcp rtcp;
    rtcp.ssrc = ssrc_;
    rtcp.is_goodbye = is_goodbye;
    if (statistics_.packets_sent != packets_at_report_) {
        rtcp.sender = SenderInfo{ntp_at(now), static_cast<std::uint32_t>(timestamp_),
                                 packets_of_ssrc_, octets_of_ssrc_};
    }
    packets_at_report_ = statistics_.packets_sent;
    if (const auto block = reception_.report(now)) rtcp.reports.push_back(*block);
    build_rtcp(rtcp, canonical_name_, packet_);
    if (rtcp_seal_ != nullptr) {
        if (rtcp_index_ == max_rtcp_index) return;  // RFC 3711 §9.2: the key has no more
        rtcp_seal_->seal_rtcp(++rtcp_index_, packet_);
    }
    const Endpoint next_port{spec_->remote.address,
                             static_cast<std::uint16_t>(spec_->remote.port + 1)};
    wire_.send_rtcp(packet_, spec_->remote_rtcp.value_or(next_port));
}

// RFC 3550 §6.3.1: from half to one and a half of the interval, by chance.
void Stream::schedule_report(TimePoint now, double share) {
    const double chance = 0.5 + static_cast<double>(random_.number() % 1024) / 1024;
    const double wait =
        static_cast<double>(report_interval.count()) * share * chance / compensation;
    next_report_ = now + Duration(static_cast<std::int64_t>(wait));
}

std::uint64_t Stream::ntp_at(TimePoint now) const {
    return ntp_time(std::chrono::sys_time<Duration>(now.time_since_epoch() + wall_offset_));
}

StreamStatistics Stream::statistics(TimePoint now) const {
    StreamStatistics all = statistics_;
    if (started_) all.duration = now - *started_;
    all.packets_lost = reception_.lost();
    all.packets_late = playout_.late();
    all.packets_concealed = playout_.concealed();
    all.jitter = reception_.jitter();
    all.buffered = playout_.delay();
    return all;
}

void Stream::close(TimePoint now) {
    if (spec_) send_report(now, true);
}

}  // namespace ringwall::media
