// Profiles of the phone: whatever is read, values fit their types, and written they read the same.
#include <algorithm>

#include "base/check.h"
#include "fuzz/target.h"
#include "phone/parameters/profile.h"
#include "phone/parameters/settings_of.h"

namespace ringwall::fuzz {

void run(std::string_view octets) {
    using namespace phone;
    Values values;
    std::size_t line = 1;
    for (const Remark& remark : read_profile(octets, values)) {
        CHECK(remark.line >= line && !remark.sentence.empty());
        line = remark.line;
    }
    const auto lines = static_cast<std::size_t>(std::ranges::count(octets, '\n')) + 1;
    CHECK(line <= lines);
    for (const Values::Changed& each : values.changed()) {
        CHECK(spelled(each.parameter->type, values.get(*each.parameter, each.n)) ==
              values.get(*each.parameter, each.n));
    }
    Values again;
    CHECK(read_profile(write_profile(values, Secrets::Written), again).empty());
    CHECK(again == values);
    const DrawnSettings drawn = settings_of(values);
    CHECK(drawn.settings->lines.size() == values.extensions().size());
}

}  // namespace ringwall::fuzz
