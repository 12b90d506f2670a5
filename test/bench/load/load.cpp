#include "load.h"

#include <algorithm>

namespace ringwall::bench {

namespace {
constexpr Duration set_up_limit = 60s;

Duration seconds(double value) {
    return Duration(static_cast<Duration::rep>(value * 1e6));
}
}  // namespace

Load::Load(const Options& options, Ends& ends, Random& random)
    : options_(options),
      ends_(ends),
      random_(random),
      population_(options, ends, random),
      server_(options.server_pid),
      created_(clock_now()) {}

void Load::set_slots(std::size_t count) {
    slots_.resize(count);
    for (std::size_t i = 0; i < count; ++i) free_.push_back(i);
}

void Load::run() {
    on_turn(clock_now());
    while (phase_ != Phase::Done && population_.failure().empty()) ends_.turn();
}

void Load::on_open(Channel& channel) {
    population_.on_open(channel);
}

void Load::on_lost(Channel&, std::string_view why) {
    note_event("connections_lost");
    if (phase_ == Phase::SetUp) population_.fail_with("a connection was lost: " + std::string(why));
}

void Load::on_message(Channel& channel, const Endpoint& from, const sip::Message& message) {
    if (phase_ == Phase::SetUp && population_.on_message(channel, message)) return;
    on_operation_message(channel, from, message);
}

void Load::finish(std::size_t slot, bool is_good) {
    Slot& its = slots_[slot];
    if (!its.is_busy) return;
    its.is_busy = false;
    --in_flight_;
    free_.push_back(slot);
    ++(is_good ? good_ : failed_);
}

void Load::expire(TimePoint now) {
    while (!timeouts_.empty() && timeouts_.front().at <= now) {
        const Timeout timeout = timeouts_.front();
        timeouts_.pop_front();
        const Slot& slot = slots_[timeout.slot];
        if (slot.is_busy && slot.generation == timeout.generation) {
            note_event("timeouts");
            finish(timeout.slot, false);
        }
    }
    // Those that have ended meanwhile need not be waited for.
    while (!timeouts_.empty() &&
           (!slots_[timeouts_.front().slot].is_busy ||
            slots_[timeouts_.front().slot].generation != timeouts_.front().generation)) {
        timeouts_.pop_front();
    }
}

void Load::advance(TimePoint now) {
    switch (phase_) {
        case Phase::SetUp:
            population_.on_turn();
            if (now - created_ > set_up_limit) population_.fail_with("the set-up takes too long");
            if (!population_.is_ready()) return;
            phase_ = Phase::WarmUp;
            next_begin_ = now;
            [[fallthrough]];
        case Phase::WarmUp:
            if (good_ + failed_ < options_.warm_up) return;
            phase_ = Phase::Measured;
            begun_ = good_ = failed_ = 0;
            started_ = clock_now();
            server_cpu_ = server_.cpu();
            own_cpu_ = own_cpu();
            return;
        case Phase::Measured:
            if (begun_ < options_.count && now - started_ < seconds(options_.seconds)) return;
            phase_ = Phase::Draining;
            [[fallthrough]];
        case Phase::Draining:
            if (in_flight_ > 0) return;
            ended_ = clock_now();
            server_cpu_ = server_.cpu() - server_cpu_;
            own_cpu_ = own_cpu() - own_cpu_;
            phase_ = Phase::Done;
            return;
        case Phase::Done:
            return;
    }
}

bool Load::may_begin(TimePoint now) const {
    if ((phase_ != Phase::WarmUp && phase_ != Phase::Measured) || free_.empty()) return false;
    if (options_.rate > 0) return next_begin_ <= now;
    return in_flight_ < options_.window;
}

void Load::on_turn(TimePoint now) {
    expire(now);
    advance(now);
    while (may_begin(now)) {
        const std::size_t slot = free_.front();
        free_.pop_front();
        Slot& its = slots_[slot];
        its.is_busy = true;
        ++its.generation;
        its.begun = clock_now();
        ++in_flight_;
        ++begun_;
        if (options_.rate > 0) next_begin_ += seconds(1 / options_.rate);
        timeouts_.push_back({now + seconds(options_.timeout), slot, its.generation});
        begin(slot);
        if (phase_ == Phase::Measured && begun_ >= options_.count) break;
    }
}

TimePoint Load::next_deadline() const {
    TimePoint next = TimePoint::max();
    if (!timeouts_.empty()) next = timeouts_.front().at;
    if (phase_ == Phase::SetUp) next = created_ + set_up_limit + 1ms;
    if (options_.rate > 0 && !free_.empty() &&
        (phase_ == Phase::WarmUp || phase_ == Phase::Measured)) {
        next = std::min(next, next_begin_);
    }
    return next;
}

nlohmann::json Load::result() const {
    nlohmann::json out;
    if (has_failed()) {
        out["error"] = population_.failure();
        return out;
    }
    const auto length = static_cast<double>((ended_ - started_).count()) / 1e6;
    const auto operations = static_cast<double>(std::max<std::uint64_t>(good_ + failed_, 1));
    out["good"] = good_;
    out["failed"] = failed_;
    out["seconds"] = length;
    out["rate"] = static_cast<double>(good_) / length;
    for (const auto& [name, latencies] : latencies_) {
        out["latency_us"][name] = {{"p50", latencies.percentile(0.5).count()},
                                   {"p99", latencies.percentile(0.99).count()}};
    }
    if (server_.is_watched()) {
        out["server_cpu_us_per_op"] = static_cast<double>(server_cpu_.count()) / operations;
        out["server_cpu_share"] = static_cast<double>(server_cpu_.count()) / 1e6 / length;
    }
    out["own_cpu_us_per_op"] = static_cast<double>(own_cpu_.count()) / operations;
    out["own_cpu_share"] = static_cast<double>(own_cpu_.count()) / 1e6 / length;
    out["events"] = events_;
    if (ends_.unreadable() > 0) out["unreadable"] = ends_.unreadable();
    return out;
}

}  // namespace ringwall::bench
