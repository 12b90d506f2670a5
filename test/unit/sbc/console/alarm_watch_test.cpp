#include "sbc/console/alarm_watch.h"

#include <gmock/gmock.h>

namespace ringwall::sbc::console {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using Lines = std::vector<std::string>;

TEST(AlarmWatch, TellsWhatIsRaisedAndWhatIsOverOnce) {
    AlarmWatch watch;
    TimePoint now{};
    const auto news = [&](const Lines& alarms) {
        now += AlarmWatch::interval;
        return watch.news(now, [&] { return alarms; });
    };
    EXPECT_THAT(news({}), IsEmpty());
    EXPECT_THAT(news({"the disk is full"}), ElementsAre("% Alarm: the disk is full"));
    EXPECT_THAT(news({"the disk is full"}), IsEmpty());
    EXPECT_THAT(news({"the disk is gone"}),
                ElementsAre("% Alarm: the disk is gone", "% Alarm over: the disk is full"));
    EXPECT_THAT(news({}), ElementsAre("% Alarm over: the disk is gone"));
}

TEST(AlarmWatch, TellsNoAlarmAgainForItsCount) {
    AlarmWatch watch;
    TimePoint now{};
    const auto news = [&](const Lines& alarms) {
        now += AlarmWatch::interval;
        return watch.news(now, [&] { return alarms; });
    };
    EXPECT_THAT(news({"9 records wait"}), ElementsAre("% Alarm: 9 records wait"));
    EXPECT_THAT(news({"10 records wait"}), IsEmpty());
    EXPECT_THAT(news({"10 workers wait"}),
                ElementsAre("% Alarm: 10 workers wait", "% Alarm over: 10 records wait"));
}

TEST(AlarmWatch, AsksOnceInASecondHoweverMuchHappens) {
    AlarmWatch watch;
    int asked = 0;
    Lines told;
    for (TimePoint now{}; now < TimePoint(3s); now += 1ms) {
        for (std::string& line : watch.news(now, [&] {
                 ++asked;
                 return asked == 2 ? Lines{"the disk is full"} : Lines();
             })) {
            told.push_back(std::move(line));
        }
    }
    EXPECT_EQ(asked, 3);
    EXPECT_THAT(told, ElementsAre("% Alarm: the disk is full", "% Alarm over: the disk is full"));
}

}  // namespace
}  // namespace ringwall::sbc::console
