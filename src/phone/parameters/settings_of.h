// The typed settings (phone/settings.h) of the parameters' values, with what no single value can
// see: values that contradict each other. The phone starts with what is sound of them.
#pragma once

#include <string>
#include <vector>

#include "phone/parameters/values.h"
#include "phone/settings.h"

namespace ringwall::phone {

struct DrawnSettings {
    SettingsPtr settings;
    // What contradicts what, and what is done instead, a sentence each.
    std::vector<std::string> remarks;
};
DrawnSettings settings_of(const Values& values);

}  // namespace ringwall::phone
