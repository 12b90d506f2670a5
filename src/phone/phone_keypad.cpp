// The part of Phone that takes keys one by one, with the dial plan's timers, and plays what a
// handset would.
#include "base/log.h"
#include "phone/phone.h"

namespace ringwall::phone {

// One number after the other, until it is dialled.
struct Phone::Keypad {
    Keypad(std::size_t the_line, DialPlan the_plan, const PhoneSettings& phone)
        : line(the_line),
          plan(std::move(the_plan)),
          long_timer(phone.interdigit_long_timer),
          short_timer(phone.interdigit_short_timer) {
        for (const StarCode& each : phone.star_codes) {
            plan.add_code(each.code);
        }
        collector.emplace(plan, long_timer, short_timer);
    }
    std::size_t line;
    DialPlan plan;
    Duration long_timer, short_timer;
    std::optional<DialCollector> collector;
    std::string code;  // of a service whose number comes now
};

Result<void, std::string> Phone::press_keys(std::size_t index, std::string_view keys) {
    if (index >= lines_.size()) {
        return fail(std::string("there is no such line"));
    }
    if (keys.find_first_not_of("0123456789*#") != std::string_view::npos) {
        return fail(std::string("keys are 0 to 9, * and #"));
    }
    if (keypad_ == nullptr || keypad_->line != index) {
        TRY(lift_handset(index));
    }
    for (const char key : keys) {
        if (keypad_ == nullptr) {
            return fail(std::string("a number ended before the last of these keys"));
        }
        tones_.play({});
        std::vector<DialCollector::Event> events;
        keypad_->collector->on_key(key, shard_.now().monotonic, events);
        TRY(go_on_with_keypad(events));
    }
    return {};
}

Result<void, std::string> Phone::lift_handset(std::size_t index) {
    const LineSettings& line = lines_[index]->settings();
    DialPlan plan = TRY(DialPlan::parse(line.dial_plan));
    plan.set_ip_dialling(line.enable_ip_dialing ? IpDialling::Enabled : IpDialling::Disabled);
    keypad_ = std::make_shared<Keypad>(index, std::move(plan), settings_->phone);
    const Tones& tones = settings_->phone.tones;
    tones_.play(!services_.forward_all.empty()    ? tones.cfwd_dial
                : mailboxes_.at(index).is_waiting ? tones.mwi_dial
                                                  : tones.dial);
    std::vector<DialCollector::Event> events;
    keypad_->collector->start(shard_.now().monotonic, events);
    return go_on_with_keypad(events);
}

void Phone::on_keypad_timer() {
    if (keypad_ == nullptr) {
        return;
    }
    std::vector<DialCollector::Event> events;
    keypad_->collector->on_time(shard_.now().monotonic, events);
    if (const auto done = go_on_with_keypad(events); !done) {
        log::info("keypad.not-dialled", {{"reason", done.error()}});
    }
}

Result<void, std::string> Phone::go_on_with_keypad(
    const std::vector<DialCollector::Event>& events) {
    for (const DialCollector::Event& event : events) {
        if (const auto* const result = std::get_if<DialResult>(&event)) {
            return dial_collected(*result);
        }
        tones_.play(settings_->phone.tones.outside_dial);
    }
    if (const TimePoint next = keypad_->collector->next(); next != TimePoint::max()) {
        start_keypad_timer(next - shard_.now().monotonic);
    }
    return {};
}

// By its keys: dial() reads them by the plan as well. A hot line has none.
Result<void, std::string> Phone::dial_collected(const DialResult& result) {
    std::string keys = keypad_->code + std::string(keypad_->collector->keys());
    if (const auto star = find_star_code(settings_->phone.star_codes, keys);
        star && star->rest.empty() && star->code.then != StarServiceRow::Then::Nothing) {
        keypad_->code = keys;
        keypad_->collector.emplace(keypad_->plan, keypad_->long_timer, keypad_->short_timer);
        tones_.play(settings_->phone.tones.prompt);
        std::vector<DialCollector::Event> events;
        keypad_->collector->start(shard_.now().monotonic, events);
        return {};
    }
    const std::size_t line = keypad_->line;
    keypad_.reset();
    const auto* const number = std::get_if<DialledNumber>(&result);
    if (keys.empty() && number != nullptr) {
        keys = number->number + "@" + lines_[line]->domain();
    }
    const auto dialled = number != nullptr ? dial(line, keys)
                                           : Result<std::optional<CallId>, std::string>(fail(
                                                 "'" + keys + "' is no number of the dial plan"));
    if (!dialled) {
        tones_.play(settings_->phone.tones.reorder);
        return fail(dialled.error());
    }
    return {};
}

}  // namespace ringwall::phone
