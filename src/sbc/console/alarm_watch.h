// What is new of the alarms: what those who are at the console are told.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/time.h"
#include "sbc/console/views.h"
#include "sbc/datastore/datastore.h"

namespace ringwall::sbc::console {

// What is wrong with the configuration and its files, and with what runs.
std::vector<std::string> alarms_of(const datastore::Datastore& datastore, Views& views);

class AlarmWatch {
public:
    // To ask means to wait for every worker.
    static constexpr Duration interval = std::chrono::seconds(1);

    // Lines: "% Alarm: ..." of each that was not there last time, "% Alarm over: ..." of each that
    // is there no more; a count at its beginning may change. `alarms` is asked once in an interval,
    // however often this is.
    std::vector<std::string> news(TimePoint now,
                                  const std::function<std::vector<std::string>()>& alarms);
    // That were there last time.
    std::size_t count() const { return known_.size(); }

private:
    TimePoint next_;
    std::vector<std::string> known_;
};

}  // namespace ringwall::sbc::console
