// The part of Phone that goes on by itself: calling back, music for those on hold, and conferences
// at a bridge.
#include <algorithm>

#include "base/log.h"
#include "phone/phone.h"

namespace ringwall::phone {

// ---- call back ----------------------------------------------------------------------------------

// Whom this line called last, until he is free.
Result<void, std::string> Phone::start_call_back(const Line& line) {
    const auto last = last_dialled_.find(line.index());
    if (last == last_dialled_.end()) {
        return fail(std::string("nobody was called"));
    }
    call_back_ = CallBack{line.index(), last->second,
                          shard_.now().monotonic + settings_->phone.call_back_expires, CallId{}};
    try_call_back();
    return {};
}

void Phone::stop_call_back() {
    const CallId call = call_back_ ? call_back_->call : CallId{};
    call_back_.reset();
    put_down(call);
}

void Phone::try_call_back() {
    if (!call_back_ || is_stopping_) {
        return;
    }
    // Who talks is not called away; a line that has no server is asked again, too.
    if (!is_busy()) {
        if (const auto placed = place_call(*lines_.at(call_back_->line), call_back_->what)) {
            call_back_->call = (*placed)->id();
            return;
        }
    }
    wait_for_call_back();
}

void Phone::wait_for_call_back() {
    call_back_->call = {};
    const Duration again = settings_->phone.call_back_retry_intvl;
    if (shard_.now().monotonic + again > call_back_->until) {
        log::info("call-back.given-up", {{"line", lines_.at(call_back_->line)->settings().number}});
        call_back_.reset();
        return;
    }
    start_call_back_timer(again);
}

// It is told when it rings there for so long that somebody may answer.
void Phone::on_call_back_timer() {
    if (!call_back_) {
        return;
    }
    Call* const placed = call(call_back_->call);
    if (placed == nullptr) {
        try_call_back();
    } else if (placed->state() == Call::State::RemoteRinging) {
        call_back_.reset();
        observer_.on_call_back(*placed);
    }
}

void Phone::go_on_with_call_back(Call& changed) {
    if (!call_back_ || call_back_->call != changed.id()) {
        return;
    }
    const int status = changed.end_status();
    if (changed.state() == Call::State::RemoteRinging) {
        start_call_back_timer(settings_->phone.call_back_delay);
    } else if (changed.state() == Call::State::Active) {
        call_back_.reset();
        observer_.on_call_back(changed);
    } else if (changed.state() == Call::State::Ended && (status == 486 || status == 600)) {
        wait_for_call_back();
    } else if (changed.state() == Call::State::Ended) {
        call_back_.reset();
    }
}

// ---- music on hold ------------------------------------------------------------------------------

// MOH Server is called for each call that is held, and its sound goes to the far end of that.
void Phone::hold_call(Call& held, bool is_held) {
    if (!is_held) {
        end_music(held.id());
    }
    held.hold(is_held);
    const std::string& server = held.line().settings().moh_server;
    if (!is_held || server.empty() || music_.contains(held.id())) {
        return;
    }
    const auto target = target_of(held.line(), server);
    const auto placed =
        target ? place_call(held.line(), {.target = *target, .is_secure_wanted = held.has_keys()})
               : Result<Call*, std::string>(fail(target.error()));
    if (!placed) {
        log::warning("call.no-music", {{"call", held.id().value}, {"reason", placed.error()}});
        return;
    }
    (void)(*placed)->set_source(media::Silence{});
    music_[held.id()] = (*placed)->id();
}

bool Phone::is_music(CallId id) const {
    return std::ranges::any_of(music_, [&](const auto& each) { return each.second == id; });
}

void Phone::end_music(CallId held) {
    const auto found = music_.find(held);
    if (found == music_.end()) {
        return;
    }
    Call* const music = call(found->second);
    music_.erase(found);
    if (Call* const it = call(held); it != nullptr && it->stream()) {
        media_.mix({*it->stream()});
        mixed_.clear();
        mix_conference();
    }
    // Maybe from within a call that has ended: all of them stay for now.
    if (music != nullptr && music->state() != Call::State::Ended) {
        music->hang_up();
    }
}

void Phone::go_on_with_music(Call& changed) {
    if (changed.state() == Call::State::Ended) {
        end_music(changed.id());
        std::erase_if(music_, [&](const auto& each) { return each.second == changed.id(); });
        return;
    }
    if (!changed.is_held() && music_.contains(changed.id())) {
        end_music(changed.id());  // the far end did not want to be held
        return;
    }
    const auto found =
        std::ranges::find_if(music_, [&](const auto& each) { return each.second == changed.id(); });
    if (changed.state() != Call::State::Active || found == music_.end()) {
        return;
    }
    Call* const held = call(found->first);
    if (held != nullptr && held->stream() && changed.stream()) {
        media_.mix({*held->stream(), *changed.stream()});
    }
}

// ---- conference at a bridge ---------------------------------------------------------------------

// The bridge is called, and when it answers the others are sent there (RFC 4579 §5.5).
Result<void, std::string> Phone::meet_at_bridge(const std::vector<CallId>& calls) {
    Line& line = call(calls.front())->line();
    Call::Dialled what;
    what.target = TRY(target_of(line, line.settings().conference_bridge_url));
    what.is_secure_wanted = services_.secure_calls;
    const Call* const bridge = TRY(place_call(line, what));
    bridges_[bridge->id()] = {what.target, calls};
    hold_others(*bridge);
    return {};
}

void Phone::go_on_with_bridge(Call& changed) {
    const auto found = bridges_.find(changed.id());
    if (found == bridges_.end()) {
        return;
    }
    const Bridge bridge = found->second;
    if (changed.state() == Call::State::Active) {
        bridges_.erase(found);
        for (const CallId id : bridge.calls) {
            if (Call* const each = call(id);
                each != nullptr && each->state() == Call::State::Active) {
                each->transfer("<" + bridge.target + ">");
            }
        }
    } else if (changed.state() == Call::State::Ended) {
        log::warning("conference.no-bridge",
                     {{"call", changed.id().value}, {"status", changed.end_status()}});
        bridges_.erase(found);
    }
}

}  // namespace ringwall::phone
