// The part of Phone that says what is heard at its sound card besides calls: rings and tones.
#include <algorithm>
#include <utility>

#include "phone/phone.h"

namespace ringwall::phone {

std::string Phone::ring_of(const Call& call) const {
    const std::string& name = call.ring_name();
    if (name == "No Ring") {
        return {};
    }
    const bool is_cadence = name.size() == 1 && name[0] >= '1' && name[0] <= '9';
    return ring_script(
        settings_->phone.cadences[is_cadence ? static_cast<std::size_t>(name[0] - '1') : 0]);
}

const Call* Phone::find_audible(bool (*is_it)(const Call&)) const {
    const auto at = std::ranges::find_if(
        calls_, [&](const auto& each) { return !is_music(each.first) && is_it(*each.second); });
    return at == calls_.end() ? nullptr : at->second.get();
}

bool Phone::is_talking() const {
    return find_audible([](const Call& each) {
               return each.state() == Call::State::Active && !each.is_held();
           }) != nullptr;
}

std::string Phone::tone_after(const Call& changed) {
    const Tones& tones = settings_->phone.tones;
    if (changed.state() == Call::State::Ended) {
        announced_.erase(changed.id());
    }
    if (const Call* const ringing =
            find_audible([](const Call& each) { return each.state() == Call::State::Ringing; })) {
        return is_talking() ? tones.call_waiting : ring_of(*ringing);
    }
    if (find_audible([](const Call& each) { return each.hears_ringing(); }) != nullptr) {
        return tones.ring_back;
    }
    if (changed.state() == Call::State::Ended && !is_talking() && !is_music(changed.id())) {
        return tone_after_end(changed);
    }
    return tone_in_calls(changed);
}

std::string Phone::tone_after_end(const Call& ended) {
    const Tones& tones = settings_->phone.tones;
    const int status = ended.end_status();
    if (ended.is_hung_up_by_peer() && settings_->phone.reorder_delay) {
        start_reorder_timer(*settings_->phone.reorder_delay);
    }
    if (ended.origin() != Call::Origin::Ours || status < 300) {
        return {};
    }
    for (std::size_t i = 0; i < tones.sit.size(); ++i) {
        if (settings_->phone.sit_rsc[i].matches(status)) {
            return tones.sit[i];
        }
    }
    return status == 486 || status == 600 ? tones.busy : tones.reorder;
}

std::string Phone::tone_in_calls(const Call& changed) {
    const Tones& tones = settings_->phone.tones;
    // Who holds us and plays something himself is heard instead.
    const bool is_left_alone = find_audible([](const Call& each) {
                                   return each.state() == Call::State::Active && !each.is_held() &&
                                          each.is_held_by_peer() &&
                                          each.agreed()->direction == sdp::Direction::Inactive;
                               }) != nullptr;
    if (is_left_alone) {
        return tones.holding;
    }
    if (conference_.size() > 1) {
        return tones.conference;
    }
    if (changed.state() == Call::State::Active && !changed.is_held()) {
        Announced& announced = announced_[changed.id()];
        const bool is_page = std::exchange(announced.is_page, false);
        const bool was_secure = std::exchange(announced.is_secure, changed.is_secure());
        if (is_page) {
            return tones.page;
        }
        if (changed.is_secure() && !was_secure) {
            return tones.secure_call_indication;
        }
    }
    // What is announced once is heard to its end.
    const std::string& now = tones_.script();
    return is_talking() && (now == tones.page || now == tones.secure_call_indication)
               ? now
               : std::string();
}

// Reorder Delay after the far end has hung up, where nothing else has happened.
void Phone::on_reorder_timer() {
    if (!is_busy() && keypad_ == nullptr && tones_.script().empty()) {
        tones_.play(settings_->phone.tones.reorder);
    }
}

// There is a call to pick up, or no more.
void Phone::sound_pickup() {
    const std::string& tone = settings_->phone.tones.call_pickup;
    const bool is_any = std::ranges::any_of(watched_, [](const WatchedLine& each) {
        return each.key.picks_up && each.dialogs.ringing() != nullptr;
    });
    if (is_any && tones_.script().empty() && !is_busy()) {
        tones_.play(tone);
    } else if (!is_any && tones_.script() == tone) {
        tones_.stop();
    }
}

}  // namespace ringwall::phone
