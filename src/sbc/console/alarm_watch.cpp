#include "sbc/console/alarm_watch.h"

#include <algorithm>

namespace ringwall::sbc::console {

std::vector<std::string> alarms_of(const datastore::Datastore& datastore, Views& views) {
    std::vector<std::string> all = datastore.alarms();
    std::ranges::move(views.alarms(), std::back_inserter(all));
    return all;
}

std::vector<std::string> AlarmWatch::news(const std::vector<std::string>& alarms) {
    std::vector<std::string> out;
    for (const std::string& each : alarms) {
        if (std::ranges::find(known_, each) == known_.end()) {
            out.push_back("% Alarm: " + each);
        }
    }
    for (const std::string& each : known_) {
        if (std::ranges::find(alarms, each) == alarms.end()) {
            out.push_back("% Alarm over: " + each);
        }
    }
    known_ = alarms;
    return out;
}

}  // namespace ringwall::sbc::console
