#include "sbc/console/alarm_watch.h"

#include <gmock/gmock.h>

namespace ringwall::sbc::console {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(AlarmWatch, TellsWhatIsRaisedAndWhatIsOverOnce) {
    AlarmWatch watch;
    EXPECT_THAT(watch.news({}), IsEmpty());
    EXPECT_THAT(watch.news({"the disk is full"}), ElementsAre("% Alarm: the disk is full"));
    EXPECT_THAT(watch.news({"the disk is full"}), IsEmpty());
    EXPECT_THAT(watch.news({"the disk is gone"}),
                ElementsAre("% Alarm: the disk is gone", "% Alarm over: the disk is full"));
    EXPECT_THAT(watch.news({}), ElementsAre("% Alarm over: the disk is gone"));
}

}  // namespace
}  // namespace ringwall::sbc::console
