// A dial plan up to the first NUL, then keys and time: a collector ends with one result, waits for
// a time that is to come, and hears what resolve() says of the same keys when they are ended by
// hand.
#include "phone/dial_plan.h"

#include "base/check.h"
#include "fuzz/input.h"
#include "fuzz/target.h"

namespace ringwall::fuzz {

void run(std::string_view octets) {
    using namespace phone;
    Input input(octets);
    auto plan = DialPlan::parse(input.until('\0'));
    if (!plan) {
        CHECK(plan.error().starts_with("at "));
        return;
    }
    plan->add_code("*72");
    plan->set_ip_dialling(input.flip() ? IpDialling::Enabled : IpDialling::Disabled);
    DialCollector collector(*plan, 10s, 3s);
    TimePoint now{};
    std::vector<DialCollector::Event> events;
    collector.start(now, events);
    while (!input.is_empty() && !collector.is_over()) {
        const std::size_t what = input.below(14);
        if (what < 12) {
            collector.on_key("0123456789*#"[what], now, events);
        } else if (what == 12) {
            now += 1s;
            collector.on_time(now, events);
        } else {
            const std::string keys(collector.keys());
            const std::size_t before = events.size();
            collector.on_key('#', now, events);
            if (collector.is_over() && !keys.empty() && collector.keys() == keys &&
                keys.size() < 100) {
                CHECK(events.size() == before + 1);
                CHECK(std::get<DialResult>(events.back()) == plan->resolve(keys));
            }
        }
        CHECK(collector.next() > now);
    }
    std::size_t results = 0;
    for (const auto& event : events) {
        results += std::holds_alternative<DialResult>(event) ? 1 : 0;
    }
    CHECK(results == (collector.is_over() ? 1U : 0U));
}

}  // namespace ringwall::fuzz
