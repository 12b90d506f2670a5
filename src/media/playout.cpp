#include "media/playout.h"

#include <algorithm>
#include <cmath>

namespace ringwall::media {

namespace {

// RFC 3550 appendix A.1: beyond it a sequence number means that the sender began anew.
constexpr std::int64_t max_misorder = 100;
constexpr Duration margin = 10ms;
constexpr Duration max_wait = 300ms;  // of who begins to talk again
// Sound made up for longer than this is silence; whoever pauses for longer begins to talk again.
constexpr Duration max_starving = 200ms;
// More than this too much is cut at once, less in steps that are not heard.
constexpr Duration cut_at_once = 60ms;
constexpr Duration cut_step = 10ms;
constexpr Duration overlap = 5ms;
// Timestamps that move by more than this have begun anew.
constexpr Duration max_step_back = 1s;

struct LevelTimes {
    Duration start;   // wait of the first packet
    Duration period;  // a step of shrinking in so much time
};

LevelTimes times_of(JitterLevel level) {
    switch (level) {
        case JitterLevel::Low:
            return {40ms, 500ms};
        case JitterLevel::Medium:
            return {60ms, 1s};
        case JitterLevel::High:
            return {80ms, 2s};
        case JitterLevel::VeryHigh:
            return {120ms, 4s};
        case JitterLevel::ExtremelyHigh:
            return {160ms, 8s};
    }
    return {80ms, 2s};
}

bool may_grow(JitterAdjustment adjustment) {
    return adjustment == JitterAdjustment::UpAndDown || adjustment == JitterAdjustment::UpOnly;
}

bool may_shrink(JitterAdjustment adjustment) {
    return adjustment == JitterAdjustment::UpAndDown || adjustment == JitterAdjustment::DownOnly;
}

}  // namespace

Playout::Playout(JitterLevel level, JitterAdjustment adjustment)
    : level_(level), adjustment_(adjustment) {}

Duration Playout::minimum_wait() const {
    return std::max<Duration>(30ms, 10ms + time_of(packet_length_));
}

std::size_t Playout::samples_in(Duration time) const {
    return static_cast<std::size_t>(time.count() * rates_.samples / 1'000'000);
}

Duration Playout::time_of(std::int64_t clocks) const {
    return Duration(clocks * 1'000'000 / static_cast<std::int64_t>(rates_.clock));
}

Duration Playout::time_of_samples(std::size_t count) const {
    return Duration(static_cast<std::int64_t>(count) * 1'000'000 /
                    static_cast<std::int64_t>(rates_.samples));
}

void Playout::begin(const RtpHeader& header, Codec codec) {
    if (decoder_ == nullptr || codec != codec_) {
        decoder_ = make_decoder(codec);
        ready_.clear();
    }
    codec_ = codec;
    rates_ = rates_of(codec);
    packet_length_ = rates_.clock / frames_per_second;
    ssrc_ = header.ssrc;
    for (Slot& slot : slots_) slot.is_used = false;
    waiting_ = 0;
    is_begun_ = true;
    is_talking_ = false;
    newest_ = (std::uint64_t{1} << 32) + header.sequence;  // room below for what comes out of order
    next_ = newest_;
    newest_timestamp_ = header.timestamp;
    after_jump_.reset();
    starved_ = 0;
    starved_packets_ = 0;
}

Playout::Slot* Playout::slot_of(std::uint64_t sequence) {
    Slot& slot = slots_[sequence % slot_count];
    return slot.is_used && slot.sequence == sequence ? &slot : nullptr;
}

const Playout::Slot* Playout::next_waiting() const {
    if (waiting_ == 0) return nullptr;
    for (std::uint64_t i = 0; i < slot_count; ++i) {
        const Slot& slot = slots_[(next_ + i) % slot_count];
        if (slot.is_used) return &slot;
    }
    return nullptr;
}

Playout::Order Playout::place(std::uint16_t sequence, std::uint64_t& extended) {
    const auto forward =
        std::int64_t{static_cast<std::int16_t>(sequence - static_cast<std::uint16_t>(newest_))};
    extended = newest_ + static_cast<std::uint64_t>(forward);
    if (forward < -max_misorder || extended >= next_ + slot_count) {
        const bool is_anew = after_jump_ == sequence;
        after_jump_ = static_cast<std::uint16_t>(sequence + 1);
        return is_anew ? Order::Elsewhere : Order::Late;
    }
    after_jump_.reset();
    return extended < next_ ? Order::Late : Order::Fits;
}

void Playout::push(const RtpPacket& packet, Codec codec, TimePoint arrival) {
    const RtpHeader& header = packet.header;
    if (!is_begun_ || header.ssrc != ssrc_ || codec != codec_) begin(header, codec);
    std::uint64_t sequence = 0;
    Order order = place(header.sequence, sequence);
    if (order == Order::Elsewhere) {
        begin(header, codec);
        sequence = newest_;
        order = Order::Fits;
    }
    // Before the first is played, one that was overtaken is the first.
    if (order == Order::Late && !is_talking_ && waiting_ > 0 && sequence < next_ &&
        sequence + slot_count > newest_) {
        next_ = sequence;
        order = Order::Fits;
    }
    if (order == Order::Late) {
        note_late(header.timestamp, arrival);
        return;
    }
    if (slot_of(sequence) != nullptr || decoder_->length(packet.payload) == 0) return;
    Slot& slot = slots_[sequence % slot_count];
    slot.is_used = true;
    slot.has_sound = true;
    slot.sequence = sequence;
    slot.timestamp =
        newest_timestamp_ +
        static_cast<std::int32_t>(header.timestamp - static_cast<std::uint32_t>(newest_timestamp_));
    slot.arrival = arrival;
    slot.payload.assign(packet.payload.begin(), packet.payload.end());
    ++waiting_;
    newest_ = std::max(newest_, sequence);
    newest_timestamp_ = slot.timestamp;
    if (is_talking_) note_wait(slot);
}

// Something later was there in its place: the wait is too short for how packets overtake here.
void Playout::note_late(std::uint32_t timestamp, TimePoint arrival) {
    ++late_;
    if (!is_talking_ || !may_grow(adjustment_)) return;
    const auto behind =
        static_cast<std::int32_t>(static_cast<std::uint32_t>(position_) - timestamp);
    const Duration lateness =
        time_of(behind) - time_of_samples(ready_.size()) + (arrival - last_pull_);
    if (lateness > Duration{} && lateness < max_starving) {
        to_grow_ = std::max(to_grow_, samples_in(lateness));
    }
}

void Playout::push_soundless(const RtpHeader& header) {
    if (!is_begun_ || header.ssrc != ssrc_) return;
    std::uint64_t sequence = 0;
    if (place(header.sequence, sequence) != Order::Fits || slot_of(sequence) != nullptr) return;
    Slot& slot = slots_[sequence % slot_count];
    slot.is_used = true;
    slot.has_sound = false;
    slot.sequence = sequence;
    ++waiting_;
    newest_ = std::max(newest_, sequence);
}

// How long it waits until its sound is heard, and how much earlier that could be: it has to be
// there some time before the pull that needs it, and pulls take whole frames.
void Playout::note_wait(const Slot& slot) {
    if (starved_ > 0) return;  // when it is heard is only known when it is played
    const Duration ahead = time_of_samples(ready_.size()) + time_of(slot.timestamp - position_);
    if (ahead < -frame_time || ahead > max_step_back) return;  // it says nothing
    const Duration since_pull = slot.arrival - last_pull_;
    const Duration wait = frame_time + ahead - since_pull;
    const auto pulls = std::max<std::int64_t>((since_pull + margin - 1us) / frame_time, 0);
    longest_wait_ = std::max(longest_wait_, wait);
    least_excess_ = std::min(least_excess_, ahead - pulls * frame_time);
    delay_ = delay_ == Duration{} ? wait : delay_ + (wait - delay_) / 8;
}

void Playout::pull(TimePoint now, Samples& frame) {
    const std::size_t wanted = rates_.samples / frames_per_second;
    frame.clear();
    if (is_begun_) {
        adapt(now);
        grow();
        while (ready_.size() < wanted && fill(now)) {
        }
        if (to_cut_ > 0) cut(wanted, now);
        if (ready_.size() < wanted && is_talking_) starve(wanted - ready_.size());
    }
    const std::size_t count = std::min(wanted, ready_.size());
    frame.assign(ready_.begin(), ready_.begin() + static_cast<std::ptrdiff_t>(count));
    frame.resize(wanted);
    ready_.erase(ready_.begin(), ready_.begin() + static_cast<std::ptrdiff_t>(count));
    last_pull_ = now;
}

bool Playout::fill(TimePoint now) {
    if (Slot* const slot = slot_of(next_)) {
        if (slot->has_sound) {
            play(*slot, now);
        }
        slot->is_used = false;
        --waiting_;
        ++next_;
        return true;
    }
    const Slot* const behind = next_waiting();
    if (behind == nullptr) return false;
    if (behind->has_sound) use_starved(*behind);
    if (is_talking_ && behind->has_sound && behind->timestamp > position_) {
        make_up(*behind);
    }
    ++next_;
    return true;
}

// What was made up while nothing came was in the place of packets that will not come.
void Playout::use_starved(const Slot& behind) {
    const std::size_t per_clock = rates_.samples / rates_.clock;
    const auto missing = static_cast<std::int64_t>(behind.sequence - next_);
    const std::int64_t used = std::clamp<std::int64_t>(
        behind.timestamp - position_, 0,
        std::min(static_cast<std::int64_t>(starved_ / per_clock), missing * packet_length_));
    if (starved_ == 0 || !may_grow(adjustment_)) return;
    position_ += used;
    starved_ -= static_cast<std::size_t>(used) * per_clock;
    starved_packets_ = 0;  // make_up, or what is lost, counts them
    concealed_ += static_cast<std::uint64_t>(used / packet_length_);
}

// In the place of one packet that does not come, at most up to the one behind it.
void Playout::make_up(const Slot& behind) {
    const auto missing = static_cast<std::int64_t>(behind.sequence - next_);
    const std::int64_t gap = behind.timestamp - position_;
    // More than the missing ones can have held: the sender was silent. play() will see to it.
    if (gap > missing * packet_length_ + 2 * packet_length_) return;
    const std::int64_t length = std::min(gap, packet_length_);
    const auto count = static_cast<std::size_t>(length) * (rates_.samples / rates_.clock);
    if (missing == 1) {
        decoder_->recover(behind.payload, count, ready_);
    } else {
        decoder_->conceal(count, ready_);
    }
    position_ += length;
    ++concealed_;
}

void Playout::play(Slot& slot, TimePoint now) {
    const std::size_t per_clock = rates_.samples / rates_.clock;
    packet_length_ = static_cast<std::int64_t>(decoder_->length(slot.payload) / per_clock);
    const bool has_paused = is_talking_ && slot.timestamp > position_;
    const bool has_moved = is_talking_ && time_of(position_ - slot.timestamp) > max_step_back;
    const bool was_starved_long = is_talking_ && starved_ >= samples_in(max_starving);
    if (!has_paused && !has_moved) concealed_ += starved_packets_;
    if (!is_talking_ || has_paused || has_moved || was_starved_long) begin_talking(slot, now);
    starved_ = 0;
    starved_packets_ = 0;

    const std::size_t before = ready_.size();
    decoder_->decode(slot.payload, ready_);
    // What was made up in its place already is not played again.
    const std::int64_t overlapping =
        std::clamp<std::int64_t>(position_ - slot.timestamp, 0, packet_length_);
    if (overlapping == packet_length_) ++late_;
    const auto surplus =
        static_cast<std::ptrdiff_t>(static_cast<std::size_t>(overlapping) * per_clock);
    const auto begin = ready_.begin() + static_cast<std::ptrdiff_t>(before);
    ready_.erase(begin, begin + surplus);
    position_ = std::max(position_, slot.timestamp + packet_length_);
}

// Silence first, so that the packet waits as it should from its arrival.
void Playout::begin_talking(const Slot& slot, TimePoint now) {
    const Duration wait =
        std::max(minimum_wait(), is_talking_ ? std::min(delay_, max_wait) : times_of(level_).start);
    const Duration lead = slot.arrival + wait - now - time_of_samples(ready_.size());
    if (lead > Duration{}) ready_.resize(ready_.size() + samples_in(std::min(lead, wait)));
    position_ = slot.timestamp;
    if (!is_talking_) {
        last_adapted_ = now;
        delay_ = wait;
        least_excess_ = Duration::max();
        longest_wait_ = {};
    }
    is_talking_ = true;
}

// Nothing is there. Where the wait may not grow, the time passes and what comes is late.
void Playout::starve(std::size_t count) {
    if (starved_ < samples_in(max_starving)) {
        decoder_->conceal(count, ready_);
        ++starved_packets_;
    } else {
        ready_.resize(ready_.size() + count);
    }
    starved_ += count;
    if (may_grow(adjustment_)) return;
    position_ += static_cast<std::int64_t>(count / (rates_.samples / rates_.clock));
}

void Playout::grow() {
    if (to_grow_ == 0 || !is_talking_) return;
    decoder_->conceal(to_grow_, ready_);
    to_grow_ = 0;
}

void Playout::adapt(TimePoint now) {
    if (!is_talking_ || now - last_adapted_ < times_of(level_).period) return;
    last_adapted_ = now;
    if (may_shrink(adjustment_) && least_excess_ != Duration::max()) {
        const Duration excess = std::min(least_excess_, longest_wait_ - minimum_wait());
        const Duration above_start = longest_wait_ - times_of(level_).start;
        if (excess > cut_at_once && above_start > cut_at_once) {
            to_cut_ = samples_in(std::min(excess, above_start));
        } else if (excess >= cut_step / 2) {
            to_cut_ = samples_in(std::min(excess, cut_step));
        }
    }
    least_excess_ = Duration::max();
    longest_wait_ = {};
}

// Takes about `to_cut_` samples out of the sound where it is most like itself, as far as it is
// there.
void Playout::cut(std::size_t wanted, TimePoint now) {
    const std::size_t across = samples_in(overlap);
    while (ready_.size() < wanted + across + to_cut_ && slot_of(next_) != nullptr) fill(now);
    const std::size_t spare = ready_.size() > wanted + across ? ready_.size() - wanted - across : 0;
    const std::size_t most = std::min(to_cut_, spare);
    to_cut_ = 0;
    if (most < across) return;
    const std::size_t lag = best_lag(most - std::min(most / 2, samples_in(cut_step)), most);
    for (std::size_t i = 0; i < across; ++i) {
        const auto weight = static_cast<int>(i);
        const auto whole = static_cast<int>(across);
        ready_[lag + i] = static_cast<std::int16_t>(
            (ready_[i] * (whole - weight) + ready_[lag + i] * weight) / whole);
    }
    ready_.erase(ready_.begin(), ready_.begin() + static_cast<std::ptrdiff_t>(lag));
}

std::size_t Playout::best_lag(std::size_t from, std::size_t to) const {
    const std::size_t across = samples_in(overlap);
    const std::size_t step = rates_.samples / 8000;
    std::size_t best = to;
    std::int64_t least = INT64_MAX;
    for (std::size_t lag = from; lag <= to; ++lag) {
        std::int64_t difference = 0;
        for (std::size_t i = 0; i < across; i += step) {
            difference += std::abs(ready_[i] - ready_[lag + i]);
        }
        if (difference <= least) {
            least = difference;
            best = lag;
        }
    }
    return best;
}

}  // namespace ringwall::media
