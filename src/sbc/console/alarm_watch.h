// What is new of the alarms: what those who are at the console are told.
#pragma once

#include <string>
#include <vector>

#include "sbc/console/views.h"
#include "sbc/datastore/datastore.h"

namespace ringwall::sbc::console {

// What is wrong with the configuration and its files, and with what runs.
std::vector<std::string> alarms_of(const datastore::Datastore& datastore, Views& views);

class AlarmWatch {
public:
    // Lines: "% Alarm: ..." of each that was not there last time, "% Alarm over: ..." of each that
    // is there no more.
    std::vector<std::string> news(const std::vector<std::string>& alarms);

private:
    std::vector<std::string> known_;
};

}  // namespace ringwall::sbc::console
