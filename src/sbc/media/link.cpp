#include "sbc/media/link.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace ringwall::sbc::media {

void Link::take(const std::optional<Endpoint>& engine) {
    if (remote_ == engine) {
        return;
    }
    close();
    remote_ = engine;
    was_up_ = true;
    if (remote_) {
        flow_ = shard_.open_udp(*remote_);
        Engine::Actions actions;
        engine_.emplace(random_).start(shard_.now().monotonic, actions);
        perform(std::move(actions));
    }
}

void Link::close() {
    engine_.reset();
    for (const auto& [ticket, call] : std::exchange(asked_, {})) {
        outcomes_.push_back({call, {ticket, std::nullopt}});
    }
    if (timer_) {
        shard_.stop_timer(*std::exchange(timer_, std::nullopt));
    }
    if (const FlowId flow = std::exchange(flow_, {})) {
        shard_.close_udp(flow);
    }
}

Ticket Link::ask(b2bua::CallRef call, std::string_view session, std::string_view request) {
    if (!engine_) {
        const Ticket none{UINT64_MAX - last_lost_++};
        outcomes_.push_back({call, {none, std::nullopt}});
        return none;
    }
    Engine::Actions actions;
    const Ticket ticket = engine_->ask(session, request, shard_.now().monotonic, actions);
    asked_.emplace(ticket, call);
    perform(std::move(actions));
    return ticket;
}

void Link::forget(std::string_view session) {
    if (engine_) {
        Engine::Actions actions;
        engine_->forget(session, shard_.now().monotonic, actions);
        perform(std::move(actions));
    }
}

void Link::on_octets(FlowId flow, const Endpoint& remote, std::string_view bytes) {
    if (flow == flow_ && remote == remote_ && engine_) {
        Engine::Actions actions;
        engine_->on_datagram(bytes, shard_.now().monotonic, actions);
        perform(std::move(actions));
    }
}

void Link::on_timer() {
    timer_.reset();
    if (engine_) {
        Engine::Actions actions;
        engine_->on_time(shard_.now().monotonic, actions);
        perform(std::move(actions));
    }
}

void Link::perform(Engine::Actions actions) {
    for (const std::string& datagram : actions.datagrams) {
        shard_.send_octets(flow_, *remote_, datagram);
    }
    for (Engine::Outcome& outcome : actions.outcomes) {
        note(outcome);
        if (const auto asked = asked_.find(outcome.ticket); asked != asked_.end()) {
            outcomes_.push_back({asked->second, std::move(outcome)});
            asked_.erase(asked);
        }
    }
    if (timer_) {
        shard_.stop_timer(*timer_);
    }
    timer_ = shard_.start_timer(
        std::max<Duration>(engine_->next_deadline() - shard_.now().monotonic, Duration::zero()),
        cookie);
    if (std::exchange(was_up_, engine_->is_up()) != engine_->is_up()) {
        if (was_up_) {
            log::info("media-engine.answers", {{"address", remote_->to_string()}});
        } else {
            log::error("media-engine.silent", {{"address", remote_->to_string()}});
        }
    }
}

// What it says of what peers describe, and so as often as they like.
void Link::note(const Engine::Outcome& outcome) {
    if (!outcome.reply || outcome.reply->result != NgReply::Result::Error) {
        return;
    }
    if (const auto left_out = refusal_lines_.admit(shard_.now().monotonic)) {
        log::warning("media-engine.refuses",
                     {{"reason", outcome.reply->reason}, {"lines_left_out", *left_out}});
    }
}

std::vector<Link::Outcome> Link::take_outcomes() {
    return std::exchange(outcomes_, {});
}

}  // namespace ringwall::sbc::media
