#include "sbc/datastore/datastore.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>

#include "sbc/config/reader.h"
#include "sbc/model/text_form.h"
#include "unit/sbc/datastore/fake_target.h"

namespace ringwall::sbc::datastore {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

namespace fs = std::filesystem;

model::Tree tree_of(const std::string& text) {
    auto file = read_tree(text, "test");
    EXPECT_TRUE(file) << (file ? "" : file.error().to_string());
    return file ? std::move(file->tree) : model::Tree();
}

std::string with_adjacency(const std::string& lines) {
    return "sbc mysbc\nsbe\nadjacency sip test\n" + lines;
}

Result<std::string, std::string> no_files(const std::string&) {
    return fail(std::string("No such file or directory"));
}

class Stored : public ::testing::Test {
protected:
    Stored() : folder_(fs::path(::testing::TempDir()) / ("store-" + std::to_string(::getpid()))) {
        fs::remove_all(folder_);
    }
    ~Stored() override { fs::remove_all(folder_); }

    Datastore make(VersionStore* store) {
        return Datastore({.store = store,
                          .target = &target_,
                          .read_file = no_files,
                          .now = [this] { return now_; },
                          .why_not_now = [this] { return hangs_; },
                          .on_point = on_point_});
    }
    static std::string text_of(const model::Tree& tree) {
        return to_text(tree, model::Secrets::Written);
    }

    fs::path folder_;
    FakeTarget target_;
    Now now_{TimePoint(1h), WallTime(std::chrono::seconds(1'795'000'000))};
    std::function<void(CommitPoint)> on_point_ = [](CommitPoint) {};
    std::string hangs_;
};

TEST_F(Stored, ACommitIsInForceAndKept) {
    {
        auto store = VersionStore::open(folder_);
        ASSERT_TRUE(store) << store.error();
        Datastore datastore = make(&*store);
        ASSERT_TRUE(datastore.start());
        const auto committed =
            datastore.commit(tree_of(with_adjacency("description a b\n")),
                             {.author = "ops", .comment = "first light", .label = "one"});
        ASSERT_TRUE(committed) << committed.error().front().to_string();
        EXPECT_EQ(committed->version, 1U);
        ASSERT_NE(target_.published, nullptr);
        EXPECT_EQ(target_.published->adjacencies.front().description, "a b");
    }
    FakeTarget again;
    auto store = VersionStore::open(folder_);
    ASSERT_TRUE(store);
    Datastore datastore({.store = &*store, .target = &again, .read_file = no_files, .now = [this] {
                             return now_;
                         }});
    ASSERT_TRUE(datastore.start());
    EXPECT_EQ(text_of(datastore.running()), text_of(tree_of(with_adjacency("description a b\n"))));
    ASSERT_NE(again.published, nullptr);
    const auto versions = datastore.versions();
    ASSERT_THAT(versions, SizeIs(1));
    EXPECT_EQ(versions[0].author, "ops");
    EXPECT_EQ(versions[0].comment, "first light");
    EXPECT_EQ(versions[0].label, "one");
    EXPECT_EQ(versions[0].time, now_.wall);
}

TEST_F(Stored, ACommitDoesNotTouchADiskThatHangs) {
    auto store = VersionStore::open(folder_);
    ASSERT_TRUE(store) << store.error();
    Datastore datastore = make(&*store);
    ASSERT_TRUE(datastore.start());
    const model::Tree first = tree_of(with_adjacency(""));
    ASSERT_TRUE(datastore.commit(first, {.author = "anna", .confirm_within = 60s}));
    hangs_ = "the disk of the store does not answer";
    const auto refused = datastore.commit(tree_of("sbc mysbc\nsbe\n"), {.author = "anna"});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().front().sentence, hangs_);
    EXPECT_FALSE(datastore.confirm());
    EXPECT_TRUE(datastore.confirmation_ends());
    EXPECT_EQ(text_of(datastore.running()), text_of(first));
    EXPECT_EQ(store->last_number(), 1U);
    hangs_.clear();
    EXPECT_TRUE(datastore.confirm());
    EXPECT_FALSE(datastore.confirmation_ends());
}

TEST_F(Stored, NobodyElseMayReadIt) {
    auto store = VersionStore::open(folder_);
    ASSERT_TRUE(store);
    Datastore datastore = make(&*store);
    ASSERT_TRUE(datastore.commit(tree_of(with_adjacency("")), {.author = "ops"}));
    for (const fs::path& each : {folder_ / "running.conf", folder_ / "versions" / "000001.conf"}) {
        struct stat status {};
        ASSERT_EQ(::stat(each.c_str(), &status), 0) << each;
        EXPECT_EQ(status.st_mode & 0777U, 0600U) << each;
    }
}

TEST_F(Stored, AFolderIsOfOneProcess) {
    const auto store = VersionStore::open(folder_);
    ASSERT_TRUE(store);
    const auto second = VersionStore::open(folder_);
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error(), HasSubstr("is in use by another process"));
}

TEST_F(Stored, WhatIsWrongChangesNothing) {
    auto store = VersionStore::open(folder_);
    ASSERT_TRUE(store);
    Datastore datastore = make(&*store);
    ASSERT_TRUE(datastore.commit(tree_of(with_adjacency("")), {.author = "ops"}));
    const SnapshotPtr before = target_.published;
    const auto refused = datastore.commit(
        tree_of(with_adjacency("attach\nsip-calls-in secure\nmedia-security required\n")),
        {.author = "ops"});
    ASSERT_FALSE(refused);
    EXPECT_THAT(
        refused.error(),
        ElementsAre(Field(&ConfigError::path, "sbc mysbc sbe adjacency sip test sip-calls-in"),
                    Field(&ConfigError::path, "sbc mysbc sbe adjacency sip test media-security"),
                    Field(&ConfigError::path, "sbc mysbc sbe adjacency sip test")));
    EXPECT_EQ(target_.published, before);
    EXPECT_THAT(datastore.versions(), SizeIs(1));
}

TEST_F(Stored, ACircleIsSaidBesideATableThatIsNotThere) {
    Datastore datastore = make(nullptr);
    const auto refused =
        datastore.commit(tree_of("sbc m\nsbe\ncall-policy-set 1\nfirst-call-routing-table X\n"
                                 "rtg-dst-address-table X\nentry 1\naction next-table X\n"
                                 "entry 2\naction next-table Y\n"),
                         {.author = "ops"});
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error(), testing::UnorderedElementsAre(
                                     Field(&ConfigError::sentence, HasSubstr("'X' leads back")),
                                     Field(&ConfigError::sentence, HasSubstr("'Y' is no table"))));
}

TEST_F(Stored, WhatCannotBeBoundChangesNothing) {
    auto store = VersionStore::open(folder_);
    ASSERT_TRUE(store);
    Datastore datastore = make(&*store);
    target_.bind_fault = "192.0.2.1:5060 is taken";
    const auto refused = datastore.commit(tree_of(with_adjacency("")), {.author = "ops"});
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error(), ElementsAre(Field(&ConfigError::sentence, target_.bind_fault)));
    EXPECT_EQ(target_.published, nullptr);
    EXPECT_THAT(datastore.versions(), IsEmpty());
}

// What was there before comes back whatever else there is by then.
TEST_F(Stored, ObjectionsAreToCommitsOnly) {
    Datastore datastore = make(nullptr);
    const auto first = tree_of(with_adjacency("description one\n"));
    ASSERT_TRUE(datastore.commit(first, {.author = "ops"}));
    ASSERT_TRUE(datastore.commit(tree_of(with_adjacency("description two\n")),
                                 {.author = "ops", .confirm_within = 60s}));
    target_.objected = {{.sentence = "subscriber 'x' is in the store already"}};
    const auto refused = datastore.commit(first, {.author = "ops"});
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error(),
                ElementsAre(Field(&ConfigError::sentence, target_.objected.front().sentence)));
    ASSERT_TRUE(datastore.take_back());
    EXPECT_TRUE(datastore.running() == first);
}

TEST_F(Stored, AStoreThatCannotBeWrittenRefusesTheCommit) {
    auto store = VersionStore::open(folder_);
    ASSERT_TRUE(store);
    Datastore datastore = make(&*store);
    fs::create_directory(folder_ / "next.conf");  // no file can be written there
    fs::create_directory(folder_ / "next.conf" / "x");
    const auto refused = datastore.commit(tree_of(with_adjacency("")), {.author = "ops"});
    ASSERT_FALSE(refused);
    EXPECT_EQ(target_.published, nullptr);
    EXPECT_EQ(target_.prepared, nullptr) << "what was bound is given back";
    EXPECT_THAT(datastore.alarms(),
                ElementsAre(AllOf(HasSubstr("the last commit was refused, for "),
                                  HasSubstr("next.conf cannot be written"))));
    fs::remove_all(folder_ / "next.conf");
    ASSERT_TRUE(datastore.commit(tree_of(with_adjacency("")), {.author = "ops"}));
    EXPECT_THAT(datastore.alarms(), IsEmpty());
}

// One that is damaged, or was put there by hand: whatever it says within.
TEST_F(Stored, ANumberThatIsTakenIsNotUsedAgain) {
    auto store = VersionStore::open(folder_);
    ASSERT_TRUE(store);
    Datastore datastore = make(&*store);
    ASSERT_TRUE(datastore.commit(tree_of(with_adjacency("")), {.author = "ops"}));
    fs::copy(folder_ / "running.conf", folder_ / "versions" / "000002.conf");
    std::ofstream(folder_ / "versions" / "000007.taken-back.conf") << "rubbish\n";
    const auto committed =
        datastore.commit(tree_of(with_adjacency("description two\n")), {.author = "ops"});
    ASSERT_TRUE(committed) << committed.error().front().to_string();
    EXPECT_EQ(committed->version, 8U);
    EXPECT_THAT(datastore.version(7).error(), HasSubstr("000007.taken-back.conf is no"));
}

TEST_F(Stored, WhatNoStartWouldReadIsNotCommitted) {
    auto store = VersionStore::open(folder_);
    ASSERT_TRUE(store);
    Datastore datastore = make(&*store);
    std::string much;
    much.resize(9'000'000, 'x');
    const auto half = [&](const char* name) {
        return std::string("adjacency sip ") + name + "\ndescription " + much + "\n";
    };
    const auto one = tree_of("sbc mysbc\nsbe\n" + half("a"));
    ASSERT_TRUE(datastore.commit(one, {.author = "ops"}));
    const auto refused =
        datastore.commit(tree_of("sbc mysbc\nsbe\n" + half("a") + half("b")), {.author = "ops"});
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().front().sentence, HasSubstr("16 MB"));
    EXPECT_TRUE(datastore.running() == one);
    EXPECT_TRUE(store->running());
}

// The alarm is of the last time that it was written.
TEST_F(Stored, ACommitThatWaitsEndsTheAlarmOfOneThatFailed) {
    auto store = VersionStore::open(folder_);
    ASSERT_TRUE(store);
    Datastore datastore = make(&*store);
    fs::create_directories(folder_ / "next.conf" / "x");
    ASSERT_FALSE(datastore.commit(tree_of(with_adjacency("")), {.author = "ops"}));
    ASSERT_THAT(datastore.alarms(), SizeIs(1));
    fs::remove_all(folder_ / "next.conf");
    ASSERT_TRUE(datastore.commit(tree_of(with_adjacency("")),
                                 {.author = "ops", .confirm_within = std::chrono::seconds(9)}));
    EXPECT_THAT(datastore.alarms(), IsEmpty());
}

TEST_F(Stored, AStoreThatCannotBeReadIsNoStart) {
    {
        auto store = VersionStore::open(folder_);
        ASSERT_TRUE(store);
        Datastore datastore = make(&*store);
        ASSERT_TRUE(datastore.commit(tree_of(with_adjacency("")), {.author = "ops"}));
    }
    std::ofstream(folder_ / "running.conf", std::ios::app) << "nonsense\n";
    auto store = VersionStore::open(folder_);
    ASSERT_TRUE(store);
    FakeTarget again;
    Datastore datastore(
        {.store = &*store, .target = &again, .read_file = no_files, .now = [&] { return now_; }});
    const auto started = datastore.start();
    ASSERT_FALSE(started);
    EXPECT_THAT(started.error().front().to_string(), HasSubstr("running.conf:"));
    EXPECT_EQ(again.published, nullptr);
}

// So that it can be looked at before anything is bound.
TEST_F(Stored, WhatIsReadIsNotInForceBeforeTheStart) {
    {
        auto store = VersionStore::open(folder_);
        ASSERT_TRUE(store);
        ASSERT_TRUE(make(&*store).commit(tree_of(with_adjacency("")), {.author = "ops"}));
    }
    FakeTarget again;
    auto store = VersionStore::open(folder_);
    ASSERT_TRUE(store);
    Datastore datastore(
        {.store = &*store, .target = &again, .read_file = no_files, .now = [&] { return now_; }});
    ASSERT_TRUE(datastore.read());
    EXPECT_TRUE(datastore.running() == tree_of(with_adjacency("")));
    EXPECT_EQ(again.published, nullptr);
    ASSERT_TRUE(datastore.start());
    EXPECT_NE(again.published, nullptr);
}

// ---- security only while detached
// -----------------------------------------------------------------

TEST_F(Stored, SecurityIsChangedOnlyWhileDetached) {
    Datastore datastore = make(nullptr);
    const std::string address = "signaling-address ipv4 192.0.2.1\n";
    ASSERT_TRUE(datastore.commit(tree_of(with_adjacency(address + "attach\n")), {.author = "ops"}));
    for (const std::string& lines : {address + "attach\nsecurity trusted-unencrypted\n",
                                     address + "no attach\nsecurity trusted-unencrypted\n"}) {
        const auto refused = datastore.commit(tree_of(with_adjacency(lines)), {.author = "ops"});
        ASSERT_FALSE(refused) << lines;
        EXPECT_EQ(
            refused.error().front().to_string(),
            "sbc mysbc sbe adjacency sip test security: 'security' of adjacency 'test' can be "
            "changed only while it is detached, and it is attached: commit 'no attach' "
            "first, and this when it is Detached");
    }
    ASSERT_TRUE(datastore.commit(tree_of(with_adjacency(address)), {.author = "ops"}));
    const auto candidate = tree_of(with_adjacency(address + "security trusted-unencrypted\n"));
    target_.forced["test"] = AdjacencyState::GoingDown;
    const auto refused = datastore.commit(candidate, {.author = "ops"});
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().front().sentence, HasSubstr("it is going down: wait"));
    target_.forced["test"] = AdjacencyState::Detached;
    EXPECT_TRUE(datastore.commit(candidate, {.author = "ops"}));
}

TEST_F(Stored, AnAdjacencyIsRemovedOnlyWhileDetached) {
    Datastore datastore = make(nullptr);
    ASSERT_TRUE(datastore.commit(
        tree_of(with_adjacency("signaling-address ipv4 192.0.2.1\nattach\n")), {.author = "ops"}));
    const auto refused = datastore.commit(tree_of("sbc mysbc\nsbe\n"), {.author = "ops"});
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().front().sentence, HasSubstr("can be removed only while"));
    EXPECT_NE(target_.published->adjacencies.size(), 0U);
}

// What a trial added is removed when it is taken back, under a live call.
TEST_F(Stored, WhatWasTakenBackComesAgainOnlyWhenItIsDetached) {
    Datastore datastore = make(nullptr);
    ASSERT_TRUE(datastore.commit(tree_of("sbc mysbc\nsbe\n"), {.author = "ops"}));
    const std::string address = "signaling-address ipv4 192.0.2.1\n";
    ASSERT_TRUE(datastore.commit(tree_of(with_adjacency(address + "attach\n")),
                                 {.author = "ops", .confirm_within = 60s}));
    ASSERT_TRUE(datastore.take_back());
    target_.forced["test"] = AdjacencyState::GoingDown;
    const auto candidate =
        tree_of(with_adjacency(address + "security trusted-unencrypted\nattach\n"));
    const SnapshotPtr before = target_.published;
    const auto refused = datastore.commit(candidate, {.author = "ops"});
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error(),
                ElementsAre(Field(&ConfigError::sentence,
                                  HasSubstr("calls of an adjacency 'test' that was removed"))));
    EXPECT_EQ(target_.published, before);
    target_.forced["test"] = AdjacencyState::Detached;
    EXPECT_TRUE(datastore.commit(candidate, {.author = "ops"}));
}

TEST_F(Stored, WhatFollowsForPhonesAndPeersIsChangedOnlyWhileDetached) {
    Datastore datastore = make(nullptr);
    const std::string access =
        "signaling-address ipv4 192.0.2.1\ninherit profile preset-access\ndomain a.example\n";
    ASSERT_TRUE(datastore.commit(tree_of(with_adjacency(access + "attach\n")), {.author = "ops"}));
    const auto refusal = [&](const std::string& lines) {
        const auto refused = datastore.commit(tree_of(with_adjacency(lines)), {.author = "ops"});
        return refused ? "" : refused.error().front().to_string();
    };
    EXPECT_EQ(refusal("signaling-address ipv4 192.0.2.1\ndomain a.example\nattach\n"),
              "sbc mysbc sbe adjacency sip test inherit profile: 'inherit profile' of adjacency "
              "'test' can be changed (who is at the far end: a peer instead of phones) only while "
              "it is detached, and it is attached: commit 'no attach' first, and this when it is "
              "Detached");
    EXPECT_THAT(refusal(access + "domain b.example\nattach\n"),
                HasSubstr("'domain' of adjacency 'test' can be changed (the domains whose users "
                          "register here: a.example, b.example instead of a.example)"));
    EXPECT_EQ(refusal(access + "signaling-peer other.example\nattach\n"), "");
    ASSERT_EQ(refusal(access), "");
    EXPECT_EQ(refusal(access + "domain b.example\nattach\n"), "");
}

TEST_F(Stored, EverythingCanBeRemovedAndThatIsReadAgain) {
    {
        auto store = VersionStore::open(folder_);
        ASSERT_TRUE(store);
        Datastore datastore = make(&*store);
        ASSERT_TRUE(datastore.commit(tree_of(with_adjacency("")), {.author = "ops"}));
        const auto emptied = datastore.commit(model::Tree(), {.author = "ops"});
        ASSERT_TRUE(emptied) << emptied.error().front().to_string();
        EXPECT_THAT(target_.published->adjacencies, IsEmpty());
    }
    auto store = VersionStore::open(folder_);
    ASSERT_TRUE(store);
    Datastore datastore = make(&*store);
    ASSERT_TRUE(datastore.start());
    EXPECT_TRUE(datastore.running().is_empty());
    EXPECT_EQ(datastore.running_version().number, 2U);
}

TEST_F(Stored, AllFilesThatAreMissingAreSaid) {
    Datastore datastore = make(nullptr);
    const auto refused = datastore.commit(
        tree_of("sbc mysbc\nsbe\ntls certificate a.pem\ntls private-key b.pem\n"
                "tls trust-anchors c.pem\nadjacency sip test\nsecurity trusted-encrypted\n"
                "signaling-address ipv4 192.0.2.1\nattach\n"),
        {.author = "ops"});
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error(),
                ElementsAre(Field(&ConfigError::word, "a.pem"), Field(&ConfigError::word, "b.pem"),
                            Field(&ConfigError::word, "c.pem")));
}

TEST_F(Stored, ForceIsUsedOnce) {
    Datastore datastore = make(nullptr);
    const std::string address = "signaling-address ipv4 192.0.2.1\n";
    ASSERT_TRUE(datastore.commit(tree_of(with_adjacency(address + "attach\n")), {.author = "ops"}));
    const auto force = [&](const std::string& more) {
        return datastore
            .commit(tree_of(with_adjacency(address + "no attach force normal\n" + more)),
                    {.author = "ops"})
            .has_value();
    };
    ASSERT_TRUE(force(""));
    EXPECT_THAT(target_.detached, ElementsAre(Pair("test", ForcedDetach::Normal)));
    ASSERT_TRUE(force("description x\n"));
    EXPECT_THAT(target_.detached, SizeIs(1));
}

// ---- confirmed
// ------------------------------------------------------------------------------------

TEST_F(Stored, WhatNobodyConfirmsIsTakenBack) {
    auto store = VersionStore::open(folder_);
    ASSERT_TRUE(store);
    Datastore datastore = make(&*store);
    const auto first = tree_of(with_adjacency("description one\n"));
    const auto second = tree_of(with_adjacency("description two\n"));
    ASSERT_TRUE(datastore.commit(first, {.author = "ops"}));
    ASSERT_TRUE(datastore.commit(second, {.author = "ops", .confirm_within = 60s}));
    EXPECT_TRUE(datastore.running() == second);
    EXPECT_EQ(datastore.confirmation_ends(), now_.monotonic + 60s);
    EXPECT_THAT(store->running()->value().commands, HasSubstr("one")) << "until it is confirmed";
    ASSERT_TRUE(datastore.take_back());
    EXPECT_TRUE(datastore.running() == first);
    EXPECT_EQ(target_.published->adjacencies.front().description, "one");
    ASSERT_THAT(datastore.versions(), SizeIs(2));
    EXPECT_TRUE(datastore.versions().back().is_taken_back);
    EXPECT_EQ(datastore.running_version().number, 1U);

    const auto again = datastore.commit(second, {.author = "ops", .confirm_within = 60s});
    ASSERT_TRUE(again);
    EXPECT_EQ(again->version, 3U) << "a number is used once";
    EXPECT_TRUE(datastore.version(2)) << "and is still there";
    ASSERT_TRUE(datastore.confirm());
    EXPECT_EQ(datastore.confirmation_ends(), std::nullopt);
    EXPECT_THAT(store->running()->value().commands, HasSubstr("two"));
    EXPECT_FALSE(datastore.versions().back().is_taken_back);
}

TEST_F(Stored, ACommitAfterOneThatWaitsLeavesItsVersionAsItWas) {
    auto store = VersionStore::open(folder_);
    ASSERT_TRUE(store);
    Datastore datastore = make(&*store);
    for (const char* text : {"one", "two", "three"}) {
        CommitRequest request{.author = "ops"};
        if (text == std::string_view("two")) {
            request.confirm_within = 60s;
        }
        ASSERT_TRUE(datastore.commit(
            tree_of(with_adjacency("description " + std::string(text) + "\n")), request));
    }
    ASSERT_THAT(datastore.versions(), SizeIs(3));
    EXPECT_THAT(store->version(2)->commands, HasSubstr("description two"));
    EXPECT_THAT(store->running()->value().commands, HasSubstr("description three"));
}

// A start must not take what nobody has confirmed for versions that lost their running one.
TEST_F(Stored, WhatWasNeverConfirmedIsGoneAtTheNextStart) {
    {
        auto store = VersionStore::open(folder_);
        ASSERT_TRUE(store);
        Datastore datastore = make(&*store);
        for (const char* text : {"description one\n", "description two\n"}) {
            ASSERT_TRUE(datastore.commit(tree_of(with_adjacency(text)),
                                         {.author = "ops", .confirm_within = 60s}));
        }
    }
    const auto store = VersionStore::open(folder_);
    ASSERT_TRUE(store) << store.error();
    EXPECT_THAT(store->versions(), testing::Each(Field(&Version::is_taken_back, true)));
    ASSERT_TRUE(store->taken_back_at_start());
    EXPECT_EQ(store->taken_back_at_start()->number, 2U);
    EXPECT_FALSE(store->running()->has_value());
}

TEST_F(Stored, AFailureToStageLeavesWhatWaitsToBeConfirmed) {
    auto store = VersionStore::open(folder_);
    ASSERT_TRUE(store);
    Datastore datastore = make(&*store);
    ASSERT_TRUE(datastore.commit(tree_of(with_adjacency("")), {.author = "ops"}));
    ASSERT_TRUE(datastore.commit(tree_of(with_adjacency("description two\n")),
                                 {.author = "ops", .confirm_within = 60s}));
    fs::create_directories(folder_ / "next.conf" / "x");
    EXPECT_FALSE(
        datastore.commit(tree_of(with_adjacency("description three\n")), {.author = "ops"}));
    fs::remove_all(folder_ / "next.conf");
    ASSERT_TRUE(datastore.confirm());
    EXPECT_THAT(store->running()->value().commands, HasSubstr("description two"));
}

// A disk that is full after 100 octets.
TEST_F(Stored, AFileThatCannotBeWrittenWholeLeavesTheOneBefore) {
    fs::create_directories(folder_);
    ASSERT_TRUE(write_file(folder_ / "keep", "good\n"));
    rlimit before{};
    getrlimit(RLIMIT_FSIZE, &before);
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit little{.rlim_cur = 100, .rlim_max = before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &little);
    const auto written = write_file(folder_ / "keep", std::string(200, 'x'));
    setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
    ASSERT_FALSE(written);
    EXPECT_THAT(written.error(), HasSubstr("keep cannot be written: File too large"));
    EXPECT_EQ(read_from_disk(folder_ / "keep").value_or(""), "good\n");
    EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST_F(Stored, WhatRunsAndCouldNotBeKeptIsTriedAgain) {
    auto store = VersionStore::open(folder_);
    ASSERT_TRUE(store);
    Datastore datastore = make(&*store);
    fs::create_directories(folder_ / "running.conf" / "x");  // nothing can take its name
    const auto committed = datastore.commit(tree_of(with_adjacency("")), {.author = "ops"});
    ASSERT_TRUE(committed) << "it is in force";
    EXPECT_NE(target_.published, nullptr);
    EXPECT_TRUE(datastore.is_unsaved());
    EXPECT_THAT(datastore.alarms(), ElementsAre(HasSubstr("a restart would lose it")));
    EXPECT_FALSE(datastore.confirm());
    fs::remove_all(folder_ / "running.conf");
    ASSERT_TRUE(datastore.confirm());
    EXPECT_FALSE(datastore.is_unsaved());
    EXPECT_TRUE(store->running()->has_value());
}

TEST_F(Stored, VersionsWithoutARunningOneAreNoStartAndStay) {
    {
        auto store = VersionStore::open(folder_);
        ASSERT_TRUE(store);
        Datastore datastore = make(&*store);
        ASSERT_TRUE(datastore.commit(tree_of(with_adjacency("")), {.author = "ops"}));
    }
    fs::rename(folder_ / "running.conf", folder_ / "elsewhere");
    const auto store = VersionStore::open(folder_);
    ASSERT_FALSE(store);
    EXPECT_THAT(store.error(), HasSubstr("running.conf is not there, and versions are"));
    EXPECT_TRUE(fs::exists(folder_ / "versions" / "000001.conf"));
}

TEST_F(Stored, WhatCannotBeTakenBackIsTriedAgainAndAnAlarm) {
    Datastore datastore = make(nullptr);
    const auto first = tree_of(with_adjacency("description one\n"));
    ASSERT_TRUE(datastore.commit(first, {.author = "ops"}));
    ASSERT_TRUE(datastore.commit(tree_of(with_adjacency("description two\n")),
                                 {.author = "ops", .confirm_within = 60s}));
    target_.bind_fault = "192.0.2.1:5060 is taken";
    EXPECT_FALSE(datastore.take_back());
    EXPECT_THAT(datastore.alarms(), ElementsAre(HasSubstr("192.0.2.1:5060 is taken")));
    EXPECT_TRUE(datastore.confirmation_ends());
    target_.bind_fault.clear();
    ASSERT_TRUE(datastore.take_back());
    EXPECT_TRUE(datastore.running() == first);
    EXPECT_THAT(datastore.alarms(), IsEmpty());
}

// Calls may be up when it would be taken back.
TEST_F(Stored, SecurityIsNotChangedUntilFurtherNotice) {
    Datastore datastore = make(nullptr);
    ASSERT_TRUE(datastore.commit(tree_of(with_adjacency("")), {.author = "ops"}));
    const auto candidate = tree_of(with_adjacency("security trusted-unencrypted\n"));
    const auto refused = datastore.commit(candidate, {.author = "ops", .confirm_within = 60s});
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().front().sentence, HasSubstr("by 'commit confirmed'"));
    // Nor in two steps.
    ASSERT_TRUE(
        datastore.commit(tree_of("sbc mysbc\nsbe\n"), {.author = "ops", .confirm_within = 60s}));
    const auto again = datastore.commit(candidate, {.author = "ops", .confirm_within = 60s});
    ASSERT_FALSE(again);
    EXPECT_THAT(again.error().front().sentence, HasSubstr("by 'commit confirmed'"));
    ASSERT_TRUE(datastore.take_back());
    EXPECT_TRUE(datastore.commit(candidate, {.author = "ops"}));
}

// ---- older models
// ----------------------------------------------------------------------------------

// Written by the first model; it must be read by every later one. Not to be made again.
TEST_F(Stored, WhatTheFirstModelWroteIsRead) {
    fs::copy(fs::path(TEST_DATA) / "unit/sbc/datastore/first_model", folder_,
             fs::copy_options::recursive);
    auto store = VersionStore::open(folder_);
    ASSERT_TRUE(store) << store.error();
    Datastore datastore = make(&*store);
    const auto started = datastore.start();
    ASSERT_TRUE(started) << started.error().front().to_string();
    EXPECT_EQ(datastore.running_version().label, "first");
    ASSERT_EQ(target_.published->adjacencies.size(), 2U);
    EXPECT_EQ(target_.published->adjacencies[0].session_timer, std::nullopt);
    EXPECT_EQ(target_.published->call_policy->tables[0].entries[0].weight, 3U);
    EXPECT_NE(target_.published->subscriber("o'brien@example.com"), nullptr);
    EXPECT_THAT(datastore.versions(), SizeIs(1));
    EXPECT_TRUE(datastore.version(1).value() == datastore.running());
}

// ---- killed -------------------------------------------------------------------------------------

TEST_F(Stored, WhoeverIsKilledComesBackWithTheOldOrTheNewOne) {
    const auto old_one = tree_of(with_adjacency("description old\n"));
    const auto new_one = tree_of(with_adjacency("description new\n"));
    constexpr std::array points{CommitPoint::Validated, CommitPoint::Prepared, CommitPoint::Staged,
                                CommitPoint::Published, CommitPoint::Activated};
    constexpr int times = 10;
    int old_seen = 0;
    int new_seen = 0;
    for (const CommitPoint point : points) {
        for (int i = 0; i < times; ++i) {
            fs::remove_all(folder_);
            const pid_t child = ::fork();
            ASSERT_GE(child, 0);
            if (child == 0) {
                auto store = VersionStore::open(folder_);
                bool is_second = false;
                on_point_ = [&](CommitPoint at) {
                    if (is_second && at == point) {
                        std::raise(SIGKILL);
                    }
                };
                Datastore datastore = make(store ? &*store : nullptr);
                if (datastore.commit(old_one, {.author = "ops"})) {
                    is_second = true;
                    (void)datastore.commit(new_one, {.author = "ops"});
                }
                ::_exit(1);
            }
            int status = 0;
            ASSERT_EQ(::waitpid(child, &status, 0), child);
            ASSERT_TRUE(WIFSIGNALED(status)) << "it was to be killed";

            auto store = VersionStore::open(folder_);
            ASSERT_TRUE(store) << store.error();
            FakeTarget target;
            Datastore datastore(
                {.store = &*store, .target = &target, .read_file = no_files, .now = [this] {
                     return now_;
                 }});
            ASSERT_TRUE(datastore.start());
            const bool is_old = datastore.running() == old_one;
            const bool is_new = datastore.running() == new_one;
            ASSERT_TRUE(is_old || is_new);
            EXPECT_EQ(is_new, point == CommitPoint::Activated);
            EXPECT_EQ(datastore.versions().back().number, datastore.running_version().number);
            (is_old ? old_seen : new_seen) += 1;
            // And it goes on.
            ASSERT_TRUE(datastore.commit(is_old ? new_one : old_one, {.author = "ops"}));
        }
    }
    EXPECT_EQ(old_seen, 4 * times);
    EXPECT_EQ(new_seen, times);
}

}  // namespace
}  // namespace ringwall::sbc::datastore
