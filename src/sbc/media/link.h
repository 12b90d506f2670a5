// The courier between a worker and the media engine: a UDP socket of its own, a timer of the shard,
// and what each call has asked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/endpoint.h"
#include "base/log_limit.h"
#include "engine/shard.h"
#include "sbc/b2bua/call_ref.h"
#include "sbc/media/engine.h"

namespace ringwall::sbc::media {

class Link {
public:
    Link(engine::Shard& shard, Random& random) : shard_(shard), random_(random) {}

    // The engine that is configured from now on; none: none is. Whoever waits for the one before
    // hears that it does not answer.
    void take(const std::optional<Endpoint>& engine);
    bool is_configured() const { return engine_.has_value(); }
    bool is_up() const { return engine_ && engine_->is_up(); }
    bool is_idle() const { return !engine_ || (engine_->is_idle() && outcomes_.empty()); }

    Ticket ask(b2bua::CallRef call, std::string_view session, std::string_view request);
    void forget(std::string_view session);

    void on_octets(FlowId flow, const Endpoint& remote, std::string_view bytes);
    static constexpr std::uint64_t cookie = UINT64_MAX - 3;
    void on_timer();

    // What has come of what was asked, in order, to be told.
    struct Outcome {
        b2bua::CallRef call;
        Engine::Outcome outcome;
    };
    std::vector<Outcome> take_outcomes();

private:
    static constexpr std::uint32_t refusal_lines_a_second = 10;

    void perform(Engine::Actions actions);
    void close();
    void note(const Engine::Outcome& outcome);

    engine::Shard& shard_;
    Random& random_;
    std::optional<Endpoint> remote_;
    std::optional<Engine> engine_;
    FlowId flow_;
    std::optional<engine::Shard::TimerId> timer_;
    std::unordered_map<Ticket, b2bua::CallRef> asked_;
    std::vector<Outcome> outcomes_;
    std::uint64_t last_lost_ = 0;
    bool was_up_ = true;
    log::Limit refusal_lines_{refusal_lines_a_second};
};

}  // namespace ringwall::sbc::media
