// What is new of the alarms: what those who are at the console are told.
#pragma once

#include <string>
#include <vector>

namespace ringwall::sbc::console {

class AlarmWatch {
public:
    // Lines: "% Alarm: ..." of each that was not there last time, "% Alarm over: ..." of each that
    // is there no more.
    std::vector<std::string> news(const std::vector<std::string>& alarms);

private:
    std::vector<std::string> known_;
};

}  // namespace ringwall::sbc::console
