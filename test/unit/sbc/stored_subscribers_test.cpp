#include "sbc/stored_subscribers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace ringwall::sbc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A store in memory whose disk a test fills.
struct Disk {
    std::vector<store::Subscriber> kept;
    std::string open_fault;
    std::string fault;
    std::string read_only;
    bool is_missing = false;
    int opened = 0;
    std::string hangs;
};

class FakeStore final : public store::Store {
public:
    explicit FakeStore(Disk& disk) : disk_(disk) {}
    Result<std::vector<store::Subscriber>, std::string> subscribers() override {
        return disk_.fault.empty() ? Result<std::vector<store::Subscriber>, std::string>(disk_.kept)
                                   : fail(disk_.fault);
    }
    Result<void, std::string> put(const store::Subscriber& subscriber) override {
        TRY(remove_subscriber(subscriber.address_of_record));
        disk_.kept.push_back(subscriber);
        return {};
    }
    Result<void, std::string> remove_subscriber(std::string_view name) override {
        if (!disk_.fault.empty()) {
            return fail(disk_.fault);
        }
        std::erase_if(disk_.kept, [&](const auto& each) { return each.address_of_record == name; });
        return {};
    }
    Result<void, std::string> try_change() override {
        return disk_.fault.empty() ? Result<void, std::string>() : fail(disk_.fault);
    }
    std::string why_read_only() const override {
        return disk_.is_missing ? "ringwall.db was removed" : disk_.read_only;
    }

private:
    Disk& disk_;
};

class StoredSubscribersTest : public ::testing::Test {
protected:
    StoredSubscribersTest() {
        running.subscribers.push_back({"bob@example.com", "bob", "example.com", {}, {}});
    }
    StoredSubscribers::Setup setup() {
        return {.open = [this](store::IfMissing if_missing)
                    -> Result<std::unique_ptr<store::Store>, std::string> {
                    if (disk.is_missing && if_missing == store::IfMissing::Refuse) {
                        return fail(std::string("ringwall.db was removed"));
                    }
                    disk.is_missing = false;
                    if (!disk.open_fault.empty()) {
                        return fail(disk.open_fault);
                    }
                    ++disk.opened;
                    return std::make_unique<FakeStore>(disk);
                },
                .running = [this]() -> const Snapshot& { return running; },
                .publish =
                    [this](auto table) {
                        running.stored_subscribers = std::move(table);
                        ++published;
                    },
                .why_not_now = [this] { return disk.hangs; }};
    }
    std::vector<std::string> names() const {
        std::vector<std::string> out;
        for (const Subscriber& each : *running.stored_subscribers) {
            out.push_back(each.address_of_record);
        }
        return out;
    }
    static std::string why_not(const StoredSubscribers::Done& done) {
        return done ? "" : done.error();
    }

    Disk disk;
    Snapshot running;
    int published = 0;
    StoredSubscribers stored{setup()};
    const Secret secret{std::string("wonderland")};
};

TEST_F(StoredSubscribersTest, WhatIsAddedIsInForceAndComesBack) {
    stored.load();
    EXPECT_THAT(names(), IsEmpty());
    EXPECT_EQ(why_not(stored.add("alice@example.com", {}, secret)), "");
    const Subscriber alice = *running.subscriber("alice@example.com");
    EXPECT_EQ(alice.username, "alice");
    EXPECT_EQ(alice.realm, "example.com");
    EXPECT_EQ(alice.password, sip::auth::HashedPassword("alice", "example.com", secret));
    ASSERT_EQ(disk.kept.size(), 1U);
    EXPECT_EQ(disk.kept[0].ha1.size(), 3U);
    for (const auto& each : disk.kept[0].ha1) {
        EXPECT_EQ(each.value.reveal().find("wonderland"), std::string::npos);
    }

    running.stored_subscribers.reset();
    StoredSubscribers again(setup());
    again.load();
    EXPECT_EQ(running.subscriber("alice@example.com")->password, alice.password);
    EXPECT_EQ(running.subscriber_count(), 2U);
    EXPECT_EQ(running.subscriber_of("example.com", 0).address_of_record, "bob@example.com");
    EXPECT_THAT(again.alarms(), IsEmpty());
}

TEST_F(StoredSubscribersTest, ANameIsInOnePlace) {
    stored.load();
    EXPECT_EQ(why_not(stored.add("bob@example.com", {}, secret)),
              "subscriber 'bob@example.com' is in the configuration already; change it there, or "
              "remove it there first");
    EXPECT_EQ(why_not(stored.change_password("bob@example.com", secret)),
              "subscriber 'bob@example.com' is in the configuration; change it there");
    EXPECT_EQ(why_not(stored.add("alice@example.com", {}, secret)), "");
    EXPECT_EQ(why_not(stored.add("alice@example.com", {}, secret)),
              "subscriber 'alice@example.com' is there already; 'subscriber password "
              "alice@example.com' gives it another password");
    EXPECT_EQ(why_not(stored.remove("eve@example.com")),
              "there is no subscriber 'eve@example.com'; 'show services sbc sbe subscribers' has "
              "them all");
    EXPECT_EQ(published, 2);
}

// As after a backup was put back, or a commit that nobody confirmed was taken back.
TEST_F(StoredSubscribersTest, OneThatIsInBothIsTheConfigurationsAndAnAlarm) {
    stored.load();
    EXPECT_EQ(why_not(stored.add("alice@example.com", {}, secret)), "");
    running.subscribers.push_back({"alice@example.com", "al", "example.com", {}, {}});
    EXPECT_EQ(running.subscriber("alice@example.com")->username, "al");
    EXPECT_THAT(stored.alarms(), ElementsAre(HasSubstr("subscriber 'alice@example.com' is in the "
                                                       "configuration and in the store; what the "
                                                       "configuration says is in force")));
    EXPECT_EQ(why_not(stored.remove("alice@example.com")), "");
    EXPECT_THAT(stored.alarms(), IsEmpty());
}

// SIGHUP: to close and to open a database is to write, and its disk may hang.
TEST_F(StoredSubscribersTest, AStoreThatIsWhatItWasIsNotOpenedAnew) {
    stored.load();
    stored.load();
    EXPECT_EQ(disk.opened, 1);
    disk.read_only = "ringwall.db was removed or replaced while it was open";
    stored.load();
    EXPECT_EQ(disk.opened, 2);
}

TEST_F(StoredSubscribersTest, ADiskThatHangsIsNotTouched) {
    stored.load();
    EXPECT_EQ(why_not(stored.add("alice@example.com", {}, secret)), "");
    disk.hangs = "the disk of the store does not answer";
    disk.read_only = "ringwall.db was removed or replaced while it was open";
    stored.load();
    EXPECT_EQ(disk.opened, 1);
    EXPECT_EQ(why_not(stored.add("carol@example.com", {}, secret)), disk.hangs);
    EXPECT_EQ(why_not(stored.change_password("alice@example.com", secret)), disk.hangs);
    EXPECT_EQ(why_not(stored.remove("alice@example.com")), disk.hangs);
    EXPECT_THAT(names(), ElementsAre("alice@example.com"));
    EXPECT_EQ(disk.kept.size(), 1U);
    disk.hangs.clear();
    stored.load();
    EXPECT_EQ(disk.opened, 2);
}

TEST_F(StoredSubscribersTest, AnotherPasswordTakesThePlaceOfTheFirst) {
    stored.load();
    EXPECT_EQ(why_not(stored.add("alice@example.com", {}, secret)), "");
    const Secret other{std::string("looking-glass")};
    EXPECT_EQ(why_not(stored.change_password("alice@example.com", other)), "");
    EXPECT_EQ(running.subscriber("alice@example.com")->password,
              sip::auth::HashedPassword("alice", "example.com", other));
    EXPECT_THAT(names(), ElementsAre("alice@example.com"));
    EXPECT_EQ(why_not(stored.remove("alice@example.com")), "");
    EXPECT_EQ(running.subscriber("alice@example.com"), nullptr);
    EXPECT_THAT(disk.kept, IsEmpty());
}

TEST_F(StoredSubscribersTest, TheAlarmGoesWhenThereIsRoomThoughNobodyWrites) {
    stored.load();
    disk.fault = "the disk is full";
    EXPECT_EQ(why_not(stored.add("carol@example.com", {}, secret)), "the disk is full");
    EXPECT_THAT(stored.alarms(), ElementsAre("the disk is full"));
    disk.fault.clear();
    EXPECT_THAT(stored.alarms(), IsEmpty());
    EXPECT_THAT(names(), IsEmpty()) << "who was refused is not there";
    // One that could not be read is not mended by that it could be written.
    disk.fault = "it is damaged";
    stored.load();
    disk.fault.clear();
    EXPECT_THAT(stored.alarms(), ElementsAre("it is damaged"));
}

TEST_F(StoredSubscribersTest, WhatCannotBeWrittenIsNotInForceAndAnAlarmUntilItCan) {
    stored.load();
    EXPECT_EQ(why_not(stored.add("alice@example.com", {}, secret)), "");
    disk.fault = "the disk is full";
    EXPECT_EQ(why_not(stored.add("carol@example.com", {}, secret)), "the disk is full");
    EXPECT_EQ(why_not(stored.remove("alice@example.com")), "the disk is full");
    EXPECT_THAT(names(), ElementsAre("alice@example.com"));
    EXPECT_THAT(stored.alarms(), ElementsAre("the disk is full"));
    stored.load();
    EXPECT_THAT(names(), ElementsAre("alice@example.com")) << "what was loaded stays in force";
    disk.open_fault = "and gone";
    stored.load();
    EXPECT_THAT(names(), ElementsAre("alice@example.com"));
    EXPECT_THAT(stored.alarms(), ElementsAre("and gone"));
    EXPECT_EQ(published, 2);
    disk.fault.clear();
    disk.open_fault.clear();
    EXPECT_EQ(why_not(stored.add("carol@example.com", {}, secret)), "");
    EXPECT_THAT(stored.alarms(), IsEmpty());
}

TEST_F(StoredSubscribersTest, AStoreThatCannotBeOpenedIsAnAlarmAndTriedAgain) {
    disk.open_fault = "ringwall.db is damaged; put a backup in its place";
    stored.load();
    EXPECT_EQ(running.stored_subscribers, nullptr);
    EXPECT_THAT(stored.alarms(), ElementsAre(disk.open_fault + "; no subscriber of it is known"));
    EXPECT_EQ(why_not(stored.add("alice@example.com", {}, secret)), disk.open_fault);
    EXPECT_EQ(why_not(stored.remove("alice@example.com")), disk.open_fault);
    disk.open_fault.clear();
    EXPECT_EQ(why_not(stored.add("alice@example.com", {}, secret)), "");
    EXPECT_THAT(stored.alarms(), IsEmpty());
    disk.read_only = "ringwall.db can only be read";
    EXPECT_THAT(stored.alarms(), ElementsAre(disk.read_only));
}

// A SIGHUP that is for something else: nobody loses his telephone by it.
TEST_F(StoredSubscribersTest, AStoreThatIsGoneIsAnAlarmAndWhatWasLoadedStays) {
    disk.is_missing = true;
    stored.load();
    EXPECT_EQ(why_not(stored.add("alice@example.com", {}, secret)), "") << "the first is made";
    disk.is_missing = true;
    disk.kept.clear();
    stored.load();
    EXPECT_THAT(stored.alarms(), ElementsAre("ringwall.db was removed"));
    EXPECT_EQ(why_not(stored.add("carol@example.com", {}, secret)), "ringwall.db was removed");
    EXPECT_EQ(why_not(stored.remove("alice@example.com")), "ringwall.db was removed");
    EXPECT_THAT(names(), ElementsAre("alice@example.com"));
    EXPECT_TRUE(disk.is_missing) << "none is made";
    disk.is_missing = false;
    stored.load();
    EXPECT_THAT(names(), IsEmpty());
    EXPECT_THAT(stored.alarms(), IsEmpty());
}

// As those of the configuration may have.
TEST_F(StoredSubscribersTest, WhatIsSaidOfOneIsKept) {
    stored.load();
    EXPECT_EQ(why_not(stored.add("alice@example.com", {"4711", "home", "phone-7"}, secret)), "");
    StoredSubscribers again(setup());
    again.load();
    const auto expect_alice = [&](const Secret& password) {
        const Subscriber alice = *running.subscriber("alice@example.com");
        EXPECT_EQ(alice.username, "4711");
        EXPECT_EQ(alice.realm, "home");
        EXPECT_EQ(alice.certificate_name, "phone-7");
        EXPECT_EQ(alice.password, sip::auth::HashedPassword("4711", "home", password));
    };
    expect_alice(secret);
    const Secret other{std::string("looking-glass")};
    EXPECT_EQ(why_not(again.change_password("alice@example.com", other)), "");
    expect_alice(other);
}

TEST_F(StoredSubscribersTest, WithoutAStoreNothingIsKept) {
    auto without = setup();
    without.open = nullptr;
    StoredSubscribers none(without);
    none.load();
    EXPECT_THAT(none.alarms(), IsEmpty());
    EXPECT_EQ(
        why_not(none.may_add("alice@example.com")),
        "there is no store to keep subscribers in; start ringwall-sbc with --store FOLDER, or "
        "configure 'subscriber'");
    EXPECT_THAT(why_not(none.remove("alice@example.com")), HasSubstr("there is no subscriber"));
}

// One that was put there by another program, with one algorithm: it is known by that one alone.
TEST_F(StoredSubscribersTest, AnAlgorithmThatIsNotKeptProvesNothing) {
    const sip::auth::HashedPassword whole("alice", "example.com", secret);
    disk.kept = {{"alice@example.com",
                  "alice",
                  "example.com",
                  {{"SHA-256", whole.of(sip::auth::Algorithm::Sha256)}, {"ROT-13", secret}}}};
    stored.load();
    const Subscriber* const alice = running.subscriber("alice@example.com");
    EXPECT_FALSE(alice->password.empty());
    EXPECT_EQ(alice->password.of(sip::auth::Algorithm::Sha256),
              whole.of(sip::auth::Algorithm::Sha256));
    EXPECT_TRUE(alice->password.of(sip::auth::Algorithm::Md5).empty());
}

}  // namespace
}  // namespace ringwall::sbc
