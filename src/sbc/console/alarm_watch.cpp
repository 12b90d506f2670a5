#include "sbc/console/alarm_watch.h"

#include <algorithm>
#include <utility>

namespace ringwall::sbc::console {

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
        if (std::ranges::find(known_, each) == known_.end()) {
            out.push_back("% Alarm: " + each);
        }
    }
    for (const std::string& each : known_) {
        if (std::ranges::find(current, each) == current.end()) {
            out.push_back("% Alarm over: " + each);
        }
    }
    known_ = std::move(current);
    return out;
}

}  // namespace ringwall::sbc::console
