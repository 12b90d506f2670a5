#include "net/mailbox.h"

#include <gmock/gmock.h>
#include <poll.h>

#include <thread>
#include <vector>

namespace ringwall::net {
namespace {

using testing::ElementsAre;

bool is_ringing(const Mailbox& box) {
    pollfd state{box.fd(), POLLIN, 0};
    return poll(&state, 1, 0) == 1;
}

TEST(Mailbox, LettersAreOpenedInTheOrderInWhichTheyWerePosted) {
    const auto box = Mailbox::create().value();
    std::vector<int> opened;
    for (int i = 0; i < 4; ++i) box->post([&opened, i] { opened.push_back(i); });
    EXPECT_TRUE(is_ringing(*box));
    EXPECT_EQ(box->open_all(), 4u);
    EXPECT_THAT(opened, ElementsAre(0, 1, 2, 3));
    EXPECT_FALSE(is_ringing(*box));
    EXPECT_EQ(box->open_all(), 0u);
}

TEST(Mailbox, LetterPostedFromALetterRingsAgain) {
    const auto box = Mailbox::create().value();
    int opened = 0;
    box->post([&] { box->post([&] { ++opened; }); });
    EXPECT_EQ(box->open_all(), 1u);
    EXPECT_EQ(opened, 0);
    EXPECT_TRUE(is_ringing(*box));
    box->open_all();
    EXPECT_EQ(opened, 1);
}

TEST(Mailbox, LettersNeverOpenedAreFreed) {
    const auto kept = std::make_shared<int>(1);
    {
        const auto box = Mailbox::create().value();
        box->post([kept] {});
        EXPECT_EQ(kept.use_count(), 2);
    }
    EXPECT_EQ(kept.use_count(), 1);
}

TEST(Mailbox, ManySendersLoseNothingAndEachKeepsItsOrder) {
    constexpr int senders = 4;
    constexpr int each = 5'000;
    const auto box = Mailbox::create().value();
    std::vector<int> last(senders, -1);
    int opened = 0;
    std::vector<std::thread> threads;
    for (int sender = 0; sender < senders; ++sender) {
        threads.emplace_back([&, sender] {
            for (int i = 0; i < each; ++i) {
                box->post([&, sender, i] {
                    EXPECT_EQ(last[static_cast<std::size_t>(sender)], i - 1);
                    last[static_cast<std::size_t>(sender)] = i;
                    ++opened;
                });
            }
        });
    }
    while (opened < senders * each) {
        pollfd state{box->fd(), POLLIN, 0};
        ASSERT_EQ(poll(&state, 1, 30'000), 1) << "letters that nobody rings for";
        box->open_all();
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(opened, senders * each);
}

}  // namespace
}  // namespace ringwall::net
