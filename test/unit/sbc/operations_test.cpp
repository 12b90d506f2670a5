#include "sbc/operations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringwall::sbc {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;

class NoObserver final : public Observer {
public:
    void on_record(const CallRecord&) override {}
    void on_trace(const std::string&) override {}
};

class OperationsTest : public ::testing::Test {
protected:
    OperationsTest() { workers->start(); }
    ~OperationsTest() override { workers->stop(); }

    static Subscriber named(const std::string& name) {
        Subscriber out;
        out.address_of_record = name;
        return out;
    }
    void store(std::initializer_list<const char*> names) {
        auto table = std::make_shared<Subscribers>();
        for (const char* each : names) {
            table->push_back(named(each));
        }
        workers->publish(table);
    }

    NoObserver observer;
    std::unique_ptr<Workers> workers =
        std::move(*Workers::create(2, std::make_shared<const Snapshot>(), observer));
    Operations operations{*workers};
};

TEST_F(OperationsTest, ACommitTakesNoNameThatTheStoreHas) {
    store({"alice@example.com", "carol@example.com"});
    Snapshot next;
    next.service = "mysbc";
    next.subscribers.push_back(named("bob@example.com"));
    EXPECT_THAT(operations.objections(next), IsEmpty());
    next.subscribers.push_back(named("alice@example.com"));
    EXPECT_THAT(
        operations.objections(next),
        ElementsAre(Field(&ConfigError::sentence,
                          "subscriber 'alice@example.com' is in the store already; say "
                          "'subscriber remove alice@example.com' first, or leave it out here")));
}

// Neither takes from the other.
TEST_F(OperationsTest, StoreAndConfigurationArePublishedByThemselves) {
    store({"alice@example.com"});
    auto next = std::make_shared<Snapshot>();
    next->subscribers.push_back(named("bob@example.com"));
    ASSERT_TRUE(operations.prepare(next));
    operations.publish();
    EXPECT_NE(workers->snapshot().subscriber("alice@example.com"), nullptr);
    EXPECT_NE(workers->snapshot().subscriber("bob@example.com"), nullptr);
    const auto generation = workers->snapshot().generation;
    store({});
    EXPECT_EQ(workers->snapshot().generation, generation + 1);
    EXPECT_EQ(workers->snapshot().subscriber("alice@example.com"), nullptr);
    EXPECT_NE(workers->snapshot().subscriber("bob@example.com"), nullptr);
}

}  // namespace
}  // namespace ringwall::sbc
