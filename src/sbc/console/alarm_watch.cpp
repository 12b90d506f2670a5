#include "sbc/console/alarm_watch.h"

#include <algorithm>
#include <utility>

namespace ringwall::sbc::console {

namespace {

// "12 records of calls wait": that there are 13 a second later is no news.
std::string_view without_count(std::string_view alarm) {
    return alarm.substr(std::min(alarm.find_first_not_of("0123456789"), alarm.size()));
}

bool has(const std::vector<std::string>& alarms, std::string_view alarm) {
    return std::ranges::find(alarms, without_count(alarm), without_count) != alarms.end();
}

}  // namespace

std::vector<std::string> alarms_of(const datastore::Datastore& datastore, Views& views) {
    std::vector<std::string> all = datastore.alarms();
    std::ranges::move(views.alarms(), std::back_inserter(all));
    return all;
}

std::vector<std::string> AlarmWatch::news(TimePoint now,
                                          const std::function<std::vector<std::string>()>& alarms) {
    std::vector<std::string> out;
    if (now < next_) {
        return out;
    }
    next_ = now + interval;
    std::vector<std::string> current = alarms();
    for (const std::string& each : current) {
        if (!has(known_, each)) {
            out.push_back("% Alarm: " + each);
        }
    }
    for (const std::string& each : known_) {
        if (!has(current, each)) {
            out.push_back("% Alarm over: " + each);
        }
    }
    known_ = std::move(current);
    return out;
}

}  // namespace ringwall::sbc::console
