// Files that a running configuration names change: certificates are renewed, peers are revoked.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <optional>

#include "sbc/datastore/datastore.h"
#include "unit/sbc/datastore/fake_target.h"
#include "unit/tls/test_pki.h"

namespace ringwall::sbc::datastore {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using tls::test::new_year;

constexpr std::string_view encrypted =
    "sbc mysbc\nsbe\ntls certificate sbc.crt\ntls private-key sbc.key\ntls trust-anchors ca.crt\n"
    "adjacency sip phones\nsecurity trusted-encrypted\nsignaling-address ipv4 192.0.2.1\nattach\n";

class Reload : public ::testing::Test {
protected:
    Reload() { renew(); }

    void renew(WallTime not_after = new_year + std::chrono::days(90)) {
        renew({.alt_names = "URI:sip:sbc.example", .not_after = not_after});
    }
    void renew(const tls::test::Subject& subject) {
        const auto made = authority_.issue(subject);
        files_["sbc.crt"] = made.certificate;
        files_["sbc.key"] = made.key;
    }
    void commit(const std::string& more = "") {
        const auto file = read_tree(std::string(encrypted) + more, "test");
        ASSERT_TRUE(file);
        const auto committed = datastore_.commit(file->tree, {.author = "ops"});
        ASSERT_TRUE(committed) << committed.error().front().to_string();
    }
    // All that is wrong with it; empty: it is taken.
    std::string refusal(const std::string& more) {
        const auto file = read_tree(std::string(encrypted) + more, "test");
        const auto refused = datastore_.commit(file->tree, {.author = "ops"});
        std::string out;
        for (const ConfigError& each : refused ? ConfigErrors() : refused.error()) {
            out += each.to_string() + "\n";
        }
        return out;
    }
    const Adjacency& phones() const { return target_.published->adjacencies.front(); }

    tls::test::TestAuthority authority_;
    std::map<std::string, std::string> files_{{"ca.crt", authority_.certificate()}};
    std::map<std::string, int> read_;  // how often
    FakeTarget target_;
    Now now_{TimePoint(1h), new_year};
    Datastore::Setup setup_{
        .store = nullptr,
        .target = &target_,
        .read_file = [this](const std::string& name) -> Result<std::string, std::string> {
            ++read_[name];
            const auto found = files_.find(name);
            return found == files_.end() ? fail(std::string("No such file or directory"))
                                         : Result<std::string, std::string>(found->second);
        },
        .now = [this] { return now_; }};
    Datastore datastore_{setup_};
};

TEST_F(Reload, FilesThatAreAsTheyWereChangeNothing) {
    commit();
    const SnapshotPtr before = target_.published;
    EXPECT_FALSE(datastore_.reload());
    EXPECT_EQ(target_.published, before);
    EXPECT_EQ(datastore_.files(), (std::set<std::string>{"sbc.crt", "sbc.key", "ca.crt"}));
}

TEST_F(Reload, ARenewedCertificateIsShownInBothRolesAndTrustStays) {
    commit();
    const auto server = phones().tls_server;
    const auto client = phones().tls_client;
    renew(new_year + std::chrono::days(300));
    EXPECT_TRUE(datastore_.reload());
    EXPECT_EQ(phones().certificate.not_after, new_year + std::chrono::days(300));
    EXPECT_NE(phones().tls_server->origin(), server->origin());
    EXPECT_NE(phones().tls_client->origin(), client->origin());
    EXPECT_EQ(phones().tls_server->trust(), server->trust());
    EXPECT_EQ(datastore_.running_version().number, 1U);  // nobody has committed anything
}

TEST_F(Reload, ABrokenCertificateLeavesTheOneBeforeAndAnAlarmUntilItIsMended) {
    commit();
    const SnapshotPtr before = target_.published;
    const std::string key = files_["sbc.key"];
    files_["sbc.crt"] = "half of a certifi";
    EXPECT_FALSE(datastore_.reload());
    EXPECT_EQ(target_.published, before);
    EXPECT_THAT(datastore_.alarms(),
                ElementsAre(AllOf(HasSubstr("not a certificate in PEM"),
                                  HasSubstr("what was there before is still in force"))));
    files_.erase("sbc.crt");
    EXPECT_FALSE(datastore_.reload());
    EXPECT_THAT(datastore_.alarms(), ElementsAre(HasSubstr("'sbc.crt' cannot be read")));

    renew();
    const std::string new_key = std::exchange(files_["sbc.key"], key);  // it is still to come
    EXPECT_FALSE(datastore_.reload());
    EXPECT_THAT(datastore_.alarms(), ElementsAre(HasSubstr("does not belong to the certificate")));
    files_["sbc.key"] = new_key;
    EXPECT_TRUE(datastore_.reload());
    EXPECT_THAT(datastore_.alarms(), IsEmpty());
}

// The host's, for several adjacencies and both roles of each.
TEST_F(Reload, AFileOfSeveralIsReadOnceAndMissedOnce) {
    commit(
        "adjacency sip trunk\nsecurity trusted-encrypted\nsignaling-address ipv4 192.0.2.2\n"
        "signaling-peer trunk.test\nattach\n");
    files_.erase("sbc.crt");
    read_.clear();
    EXPECT_FALSE(datastore_.reload());
    EXPECT_THAT(read_, ElementsAre(std::pair("ca.crt", 1), std::pair("sbc.crt", 1),
                                   std::pair("sbc.key", 1)));
    EXPECT_THAT(datastore_.alarms(), ElementsAre(HasSubstr("'sbc.crt' cannot be read")));
}

// Each adjacency by itself: a broken file of one keeps no other from what is new for it.
TEST_F(Reload, WhatIsBrokenOfOneAdjacencyIsNoOthers) {
    const auto trunks = authority_.issue({.alt_names = "URI:sip:sbc.example"});
    files_["trunk.crt"] = trunks.certificate;
    files_["trunk.key"] = trunks.key;
    commit(
        "adjacency sip trunk\nsecurity trusted-encrypted\nsignaling-address ipv4 192.0.2.2\n"
        "signaling-peer trunk.test\ntls certificate trunk.crt\ntls private-key "
        "trunk.key\nattach\n");
    const auto trunk = [this]() -> const Adjacency& {
        return target_.published->adjacencies.at(1);
    };
    const auto trunks_before = trunk().tls_server;
    files_["trunk.crt"] = "half of a certifi";
    renew(new_year + std::chrono::days(300));
    EXPECT_TRUE(datastore_.reload());
    EXPECT_EQ(phones().certificate.not_after, new_year + std::chrono::days(300));
    EXPECT_EQ(trunk().tls_server, trunks_before);
    EXPECT_THAT(datastore_.alarms(), ElementsAre(HasSubstr("'trunk'")));
    // One that is worse is not shown either, and it is nobody else's.
    files_["trunk.crt"] = trunks.certificate;
    const auto expired = authority_.issue(
        {.alt_names = "URI:sip:sbc.example", .not_after = new_year - std::chrono::days(1)});
    files_["trunk.crt"] = expired.certificate;
    files_["trunk.key"] = expired.key;
    renew(new_year + std::chrono::days(400));
    EXPECT_TRUE(datastore_.reload());
    EXPECT_EQ(phones().certificate.not_after, new_year + std::chrono::days(400));
    EXPECT_EQ(trunk().tls_server, trunks_before);
    EXPECT_THAT(datastore_.alarms(), ElementsAre(HasSubstr("expired")));
    files_["trunk.crt"] = trunks.certificate;
    files_["trunk.key"] = trunks.key;
    datastore_.reload();
    EXPECT_THAT(datastore_.alarms(), IsEmpty());
}

class BrokenTrunk : public Reload {
protected:
    BrokenTrunk() {
        mend();
        commit(trunk_);
        trunks_before_ = trunk().tls_server;
        files_["trunk.crt"] = "half of a certifi";
        EXPECT_FALSE(datastore_.reload());
    }
    void mend() {
        const auto made = authority_.issue(
            {.alt_names = "URI:sip:sbc.example", .not_after = new_year + std::chrono::days(100)});
        files_["trunk.crt"] = made.certificate;
        files_["trunk.key"] = made.key;
    }
    const Adjacency& trunk() const { return target_.published->adjacencies.at(1); }

    const std::string trunk_ =
        "adjacency sip trunk\nsecurity trusted-encrypted\nsignaling-address ipv4 192.0.2.2\n"
        "signaling-peer trunk.test\ntls certificate trunk.crt\ntls private-key "
        "trunk.key\nattach\n";
    std::shared_ptr<const tls::Context> trunks_before_;
};

TEST_F(BrokenTrunk, HoldsBackNoCommitOfSomethingElse) {
    const auto file =
        read_tree(std::string(encrypted) + "description new\n" + trunk_ + "description new\n", "");
    const auto committed = datastore_.commit(file->tree, {.author = "ops"});
    ASSERT_TRUE(committed) << committed.error().front().to_string();
    EXPECT_THAT(committed->warnings,
                ::testing::Contains(::testing::Field(
                    &ConfigError::sentence,
                    AllOf(HasSubstr("adjacency 'trunk'"), HasSubstr("'trunk.crt'"),
                          HasSubstr("; what was there before is still in force")))));
    EXPECT_EQ(phones().description, "new");
    EXPECT_EQ(trunk().description, "new");
    EXPECT_EQ(trunk().tls_server, trunks_before_);
    EXPECT_TRUE(trunk().is_attached);
    EXPECT_THAT(datastore_.alarms(), ElementsAre(HasSubstr("'trunk'")));
    // What another adjacency shows is not trunk's.
    files_["more.crt"] = files_["sbc.crt"];
    EXPECT_EQ(refusal("tls certificate more.crt\n" + trunk_), "");
    EXPECT_EQ(phones().certificate.file, "more.crt");
    EXPECT_EQ(trunk().tls_server, trunks_before_);
    EXPECT_THAT(datastore_.alarms(), ElementsAre(HasSubstr("'trunk'")));
    mend();
    EXPECT_TRUE(datastore_.reload());
    EXPECT_THAT(datastore_.alarms(), IsEmpty());
    EXPECT_NE(trunk().tls_server, trunks_before_);
}

// Its own leaves, and the host's that it uses.
TEST_F(BrokenTrunk, RefusesACommitThatChangesItsTls) {
    files_["more.pem"] = files_["ca.crt"];
    files_["none.crl"] = authority_.revoke({});
    const SnapshotPtr before = target_.published;
    for (const char* change :
         {"tls minimum-version 1.3\n", "tls ciphers ECDHE-ECDSA-AES128-GCM-SHA256\n",
          "tls trust-anchors more.pem\n", "tls client-trust-anchors more.pem\n",
          "tls crl none.crl\n", "tls peer-domain other.test\n", "tls allow-wildcard\n",
          "tls handshake-timeout 30\n", "local-id host sbc.example\n",
          "exit\ntls crl none.crl\n"}) {
        EXPECT_THAT(refusal(trunk_ + change), HasSubstr("adjacency 'trunk'")) << change;
        EXPECT_EQ(target_.published, before) << change;
    }
    EXPECT_EQ(refusal(trunk_ + "description new\n"), "") << "the same without a change of TLS";
}

TEST_F(BrokenTrunk, IsReadWhereItIsAttachedAgain) {
    std::string detached = trunk_;
    detached.resize(detached.size() - std::string_view("attach\n").size());
    EXPECT_EQ(refusal(detached), "");
    EXPECT_THAT(refusal(trunk_), HasSubstr("adjacency 'trunk'"));
    mend();
    EXPECT_EQ(refusal(trunk_), "");
}

// Certificates that break while somebody thinks about a configuration do not keep it.
TEST_F(BrokenTrunk, HoldsBackNothingThatIsTakenBack) {
    const auto file = read_tree(std::string(encrypted) + "description new\n" + trunk_, "");
    ASSERT_TRUE(datastore_.commit(file->tree,
                                  {.author = "ops", .confirm_within = std::chrono::seconds(60)}));
    EXPECT_EQ(phones().description, "new");
    EXPECT_TRUE(datastore_.take_back());
    EXPECT_EQ(phones().description, "");
    EXPECT_EQ(trunk().tls_server, trunks_before_);
    EXPECT_THAT(datastore_.alarms(), ElementsAre(HasSubstr("'trunk'")));
    // Where it was configured otherwise for so long, it is what it was before.
    mend();
    const auto other = read_tree(std::string(encrypted) + trunk_ + "tls minimum-version 1.3\n", "");
    ASSERT_TRUE(datastore_.commit(other->tree,
                                  {.author = "ops", .confirm_within = std::chrono::seconds(60)}));
    EXPECT_NE(trunk().tls_server, trunks_before_);
    files_.erase("trunk.crt");
    EXPECT_TRUE(datastore_.take_back());
    EXPECT_EQ(trunk().tls_server, trunks_before_);
    EXPECT_THAT(datastore_.alarms(), ElementsAre(HasSubstr("'trunk.crt' cannot be read")));
}

// A start from the store: the others serve, and it does when it is mended.
class StartedBroken : public BrokenTrunk {
protected:
    StartedBroken()
        : folder_(std::filesystem::path(::testing::TempDir()) /
                  ("broken-" + std::to_string(::getpid()))) {
        std::filesystem::remove_all(folder_);
        store_.emplace(*VersionStore::open(folder_));
        mend();
        begin();
        commit(trunk_);
        files_["trunk.crt"] = "half of a certifi";
    }
    ~StartedBroken() override { std::filesystem::remove_all(folder_); }
    void begin() {
        target_.published.reset();
        setup_.store = &*store_;
        datastore_ = Datastore(setup_);
        const auto started = datastore_.start();
        ASSERT_TRUE(started) << started.error().front().to_string();
    }

    std::filesystem::path folder_;
    std::optional<VersionStore> store_;
};

TEST_F(StartedBroken, DoesNotServeUntilItIsMended) {
    begin();
    EXPECT_TRUE(phones().is_attached);
    EXPECT_NE(phones().tls_server, nullptr);
    EXPECT_FALSE(trunk().is_attached);
    EXPECT_EQ(trunk().tls_server, nullptr);
    EXPECT_EQ(trunk().tls_client, nullptr);
    EXPECT_THAT(datastore_.alarms(),
                ElementsAre(AllOf(HasSubstr("TLS of adjacency 'trunk'"),
                                  HasSubstr("not a certificate in PEM"),
                                  HasSubstr("; until it is mended, out of service: 'trunk'"))));
    EXPECT_THAT(datastore_.files(), ::testing::IsSupersetOf({"trunk.crt", "trunk.key"}))
        << "they are looked at";
    EXPECT_FALSE(datastore_.reload());
    EXPECT_FALSE(trunk().is_attached);
    EXPECT_THAT(datastore_.alarms(), ElementsAre(HasSubstr("out of service: 'trunk'")));
    mend();
    EXPECT_TRUE(datastore_.reload());
    EXPECT_TRUE(trunk().is_attached);
    EXPECT_NE(trunk().tls_server, nullptr);
    EXPECT_THAT(datastore_.alarms(), IsEmpty());
    EXPECT_EQ(datastore_.running_version().number, 1U);
}

TEST_F(StartedBroken, HoldsBackNoCommitOfSomethingElseAndIsMendedByOne) {
    begin();
    EXPECT_EQ(refusal("description new\n" + trunk_), "");
    EXPECT_EQ(phones().description, "new");
    EXPECT_FALSE(trunk().is_attached);
    EXPECT_THAT(datastore_.alarms(), ElementsAre(HasSubstr("out of service: 'trunk'")));
    EXPECT_THAT(refusal(trunk_ + "tls minimum-version 1.3\n"), HasSubstr("adjacency 'trunk'"));
    EXPECT_FALSE(trunk().is_attached);
    mend();
    EXPECT_EQ(refusal(trunk_ + "tls minimum-version 1.3\n"), "");
    EXPECT_TRUE(trunk().is_attached);
    EXPECT_THAT(datastore_.alarms(), IsEmpty());
}

TEST_F(StartedBroken, AFileOfAllIsSaidOnce) {
    files_.erase("ca.crt");
    begin();
    EXPECT_FALSE(phones().is_attached);
    EXPECT_FALSE(trunk().is_attached);
    EXPECT_THAT(datastore_.alarms(),
                ElementsAre(AllOf(HasSubstr("'ca.crt' cannot be read"),
                                  HasSubstr("out of service: 'phones', 'trunk'"))));
}

TEST_F(Reload, WhatCannotBePublishedLeavesTheOneBefore) {
    commit();
    renew();
    target_.bind_fault = "no descriptor is left";
    EXPECT_FALSE(datastore_.reload());
    EXPECT_THAT(datastore_.alarms(), ElementsAre(HasSubstr("no descriptor is left")));
    target_.bind_fault.clear();
    EXPECT_TRUE(datastore_.reload());
    EXPECT_THAT(datastore_.alarms(), IsEmpty());
}

TEST_F(Reload, OtherAnchorsOrListsAreOtherTrust) {
    files_["crl.pem"] = authority_.revoke({});
    commit("tls crl crl.pem\n");
    const std::string trust = phones().tls_server->trust();
    files_["crl.pem"] = authority_.revoke({{files_["sbc.crt"], ""}});
    EXPECT_TRUE(datastore_.reload());
    EXPECT_NE(phones().tls_server->trust(), trust);
    files_["ca.crt"] += tls::test::TestAuthority("Another").certificate();
    const std::string revoked = phones().tls_server->trust();
    EXPECT_TRUE(datastore_.reload());
    EXPECT_NE(phones().tls_server->trust(), revoked);
}

// Whoever was shut out stays so, and whoever may come is not shut out by somebody else's list.
TEST_F(Reload, ListsThatSayLessAreNotTaken) {
    const WallTime end = new_year + std::chrono::days(30);
    const std::string good = authority_.revoke({}, end, new_year);
    files_["crl.pem"] = good;
    commit("tls crl crl.pem\n");
    const SnapshotPtr before = target_.published;
    const tls::test::TestAuthority another("Another");
    const std::string older = authority_.revoke({}, end, new_year - std::chrono::hours(1));
    const std::pair<std::string, std::string> cases[] = {
        {another.revoke({}),
         "CRL 'crl.pem' has no list of an authority among the trust anchors 'ca.crt', so no peer "
         "would be let in; take one that has, or add the certificate of whoever signs it to them"},
        {tls::test::TestAuthority().revoke({}), "CRL 'crl.pem' has no list of an authority"},
        {older,
         "CRL 'crl.pem' has a list of 'CN=Test CA' that was made at 2025-12-31T23:00:00Z, and the "
         "one that is in force at 2026-01-01T00:00:00Z; take one that is not older, or name "
         "another file"},
    };
    for (const auto& [lists, why] : cases) {
        files_["crl.pem"] = lists;
        EXPECT_FALSE(datastore_.reload());
        EXPECT_EQ(target_.published, before);
        EXPECT_THAT(datastore_.alarms(),
                    ElementsAre(AllOf(HasSubstr(why),
                                      HasSubstr("; what was there before is still in force"))));
    }
    files_["crl.pem"] = good;
    EXPECT_FALSE(datastore_.reload());
    EXPECT_THAT(datastore_.alarms(), IsEmpty());
    files_["another.pem"] = another.revoke({});
    EXPECT_THAT(refusal("tls crl another.pem\n"),
                HasSubstr("CRL 'another.pem' has no list of an authority"));
    EXPECT_EQ(target_.published, before);
    files_["another.pem"] = older;  // whoever names it wants it
    EXPECT_EQ(refusal("tls crl another.pem\n"), "");
    EXPECT_NE(target_.published, before);
}

// Lists of which each shuts out somebody, or everybody, or lets somebody in again.
class WorseLists : public Reload {
protected:
    static constexpr std::string_view trunk =
        "exit\nadjacency sip trunk\nsecurity trusted-encrypted\nsignaling-address ipv4 192.0.2.2\n"
        "signaling-peer trunk.test\ntls certificate trunk.crt\ntls private-key trunk.key\n"
        "tls crl none.crl\nattach\n";

    WorseLists() {
        renew_trunk();
        files_["none.crl"] = authority_.revoke({});
        files_["crl.pem"] = list(new_year);
        now_.wall = new_year + std::chrono::hours(1);
    }
    std::string list(WallTime made, WallTime ends = new_year + std::chrono::days(30)) const {
        return authority_.revoke({}, ends, made);
    }
    void renew_trunk() {
        const auto made = authority_.issue({.alt_names = "URI:sip:trunk.example"});
        files_["trunk.crt"] = made.certificate;
        files_["trunk.key"] = made.key;
    }
    void use(const std::string& more = "") {
        commit("tls crl crl.pem\n" + more + std::string(trunk));
    }
    void expect_kept(const std::string& why) {
        EXPECT_EQ(phones().tls_server, kept_);
        EXPECT_THAT(datastore_.alarms(), ElementsAre(HasSubstr(why)));
    }

    std::shared_ptr<const tls::Context> kept_;
};

// Whatever else is published meanwhile.
TEST_F(WorseLists, AreRefusedForAsLongAsTheyAreThere) {
    use();
    kept_ = phones().tls_server;
    files_["crl.pem"] = list(new_year - std::chrono::hours(1));
    EXPECT_FALSE(datastore_.reload());
    expect_kept("older");
    for (int i = 0; i < 3; ++i) {
        renew_trunk();
        EXPECT_TRUE(datastore_.reload());
        expect_kept("older");
    }
    use("description new\n");
    expect_kept("older");
    EXPECT_FALSE(datastore_.reload());
    expect_kept("older");
    renew();
    EXPECT_FALSE(datastore_.reload());
    expect_kept("older");
    files_["crl.pem"] = list(new_year + std::chrono::minutes(1));
    EXPECT_TRUE(datastore_.reload());
    EXPECT_NE(phones().tls_server, kept_);
    EXPECT_THAT(datastore_.alarms(), IsEmpty());
}

TEST_F(WorseLists, AreThoseThatDoNotCountNow) {
    use();
    kept_ = phones().tls_server;
    files_["crl.pem"] = list(now_.wall + std::chrono::seconds(20));
    EXPECT_FALSE(datastore_.reload());
    expect_kept(
        "CRL 'crl.pem' has a list of 'CN=Test CA' that does not count before "
        "2026-01-01T01:00:20Z, and the one that is in force does; take one that does, or "
        "name another file");
    files_["crl.pem"] = list(new_year + std::chrono::minutes(1), now_.wall);
    EXPECT_FALSE(datastore_.reload());
    expect_kept("that is over since 2026-01-01T01:00:00Z, and the one that is in force is not");
    EXPECT_FALSE(datastore_.has_come_of_age());
    files_["crl.pem"] = list(now_.wall + std::chrono::seconds(20));
    EXPECT_FALSE(datastore_.reload());
    EXPECT_FALSE(datastore_.has_come_of_age());
    now_.wall += std::chrono::seconds(20);
    EXPECT_TRUE(datastore_.has_come_of_age());
    EXPECT_TRUE(datastore_.reload());
    EXPECT_FALSE(datastore_.has_come_of_age());
    EXPECT_THAT(datastore_.alarms(), IsEmpty());
}

// Nothing to compare with: then an alarm says it, and what is in its time takes its place.
TEST_F(WorseLists, OfTheFutureMakeRoomForOneThatCounts) {
    files_["crl.pem"] = list(now_.wall + std::chrono::hours(2));
    use();
    EXPECT_THAT(datastore_.alarms(),
                ElementsAre("the CRL of adjacency 'phones' has a list of 'CN=Test CA' that does "
                            "not count before 2026-01-01T03:00:00Z, so no certificate that it is "
                            "about is good there"));
    files_["crl.pem"] = list(new_year);
    EXPECT_TRUE(datastore_.reload());
    EXPECT_THAT(datastore_.alarms(), IsEmpty());
}

TEST_F(WorseLists, AreAlsoThoseOfAnAuthorityBelow) {
    const tls::test::TestAuthority below = authority_.below("Below");
    const std::string roots = list(new_year);
    const auto below_list = [&](WallTime made) {
        return below.revoke({}, new_year + std::chrono::days(30), made);
    };
    files_["crl.pem"] = roots + below_list(new_year);
    use();
    kept_ = phones().tls_server;
    files_["crl.pem"] = roots + below_list(new_year - std::chrono::hours(1));
    EXPECT_FALSE(datastore_.reload());
    expect_kept("has a list of 'CN=Below' that was made at 2025-12-31T23:00:00Z");
    files_["crl.pem"] = roots;
    EXPECT_FALSE(datastore_.reload());
    expect_kept(
        "CRL 'crl.pem' has no list of 'CN=Below', and what is in force has; take one that "
        "has, or name another file");
    files_["crl.pem"] = roots + below_list(new_year + std::chrono::minutes(1));
    EXPECT_TRUE(datastore_.reload());
    EXPECT_THAT(datastore_.alarms(), IsEmpty());
}

TEST_F(WorseLists, AreThoseOfWhoBearsAnAnchorsNameAlone) {
    use();
    kept_ = phones().tls_server;
    files_["crl.pem"] += tls::test::TestAuthority().revoke({});
    EXPECT_FALSE(datastore_.reload());
    expect_kept(
        "CRL 'crl.pem' has a list that bears the name of trust anchor 'CN=Test CA' and is "
        "not signed by it");
}

TEST_F(WorseLists, AreRememberedWhileNobodyIsJudged) {
    use();
    files_["crl.pem"] = list(new_year - std::chrono::hours(1));
    const std::string detached = "tls crl crl.pem\nno attach\n" + std::string(trunk);
    EXPECT_EQ(refusal(detached), "");
    EXPECT_FALSE(phones().is_attached);
    EXPECT_THAT(refusal("tls crl crl.pem\n" + std::string(trunk)), HasSubstr("has a list of"));
    EXPECT_FALSE(phones().is_attached);
    files_["crl.pem"] = list(new_year);
    use();
    EXPECT_TRUE(phones().is_attached);
}

// A list of one of two authorities takes nothing away; that of the other must not go.
TEST_F(Reload, EachAuthorityKeepsItsList) {
    const tls::test::TestAuthority another("Another");
    files_["ca.crt"] += another.certificate();
    files_["crl.pem"] = authority_.revoke({});
    commit("tls crl crl.pem\n");
    files_["crl.pem"] = another.revoke({});
    EXPECT_FALSE(datastore_.reload());
    EXPECT_THAT(datastore_.alarms(), ElementsAre(HasSubstr("no list of 'CN=Test CA'")));
    files_["crl.pem"] = another.revoke({}) + authority_.revoke({});
    EXPECT_TRUE(datastore_.reload());
    EXPECT_THAT(datastore_.alarms(), IsEmpty());
    // Nobody asks for the list of whoever is trusted no more.
    files_["ca.crt"] = authority_.certificate();
    files_["crl.pem"] = authority_.revoke({});
    EXPECT_TRUE(datastore_.reload());
    EXPECT_THAT(datastore_.alarms(), IsEmpty());
}

// Whose certificate is good follows from the peer, where nothing else says so.
TEST_F(Reload, APeerWhoseNameIsCheckedIsAnotherOnlyWhileDetached) {
    commit("signaling-peer other.test\n");
    const SnapshotPtr before = target_.published;
    EXPECT_THAT(refusal("signaling-peer evil.test\n"),
                HasSubstr("'signaling-peer' of adjacency 'phones' can be changed (the names of "
                          "which the peer's certificate must bear one: evil.test instead of "
                          "other.test) only while it is detached"));
    EXPECT_THAT(refusal(""), HasSubstr("whether the far end must show a certificate: optional "
                                       "instead of required"));
    EXPECT_EQ(target_.published, before);
    EXPECT_EQ(refusal("signaling-peer other.test\ntls minimum-version 1.3\n"), "");
}

TEST_F(Reload, EachRoleMayShowItsOwn) {
    const auto own = authority_.issue({.common_name = "trunk", .alt_names = "URI:sip:me.example"});
    files_["me.crt"] = own.certificate;
    files_["me.key"] = own.key;
    commit("tls client-certificate me.crt\ntls client-private-key me.key\n");
    EXPECT_THAT(phones().certificate.names, ElementsAre("sbc.example"));
    EXPECT_THAT(phones().client_certificate.names, ElementsAre("me.example"));
    EXPECT_EQ(datastore_.files(),
              (std::set<std::string>{"sbc.crt", "sbc.key", "ca.crt", "me.crt", "me.key"}));
    const auto server = phones().tls_server;
    files_.erase("me.key");
    EXPECT_FALSE(datastore_.reload());
    EXPECT_THAT(datastore_.alarms(), ElementsAre(HasSubstr("'me.key' cannot be read")));
    EXPECT_EQ(phones().tls_server, server);
}

TEST_F(Reload, WhatDoesNotCountNeverReplacesWhatDoes) {
    renew(new_year + std::chrono::days(90));
    commit();
    now_.wall = new_year + std::chrono::days(10);
    const SnapshotPtr before = target_.published;
    renew(new_year + std::chrono::days(5));
    EXPECT_FALSE(datastore_.reload());
    EXPECT_EQ(target_.published, before);
    EXPECT_THAT(datastore_.alarms(),
                ElementsAre("certificate 'sbc.crt' expired at 2026-01-06T00:00:00Z, and the one "
                            "that is shown is valid; take one that is; what was there before is "
                            "still in force"));
    const auto file = read_tree(std::string(encrypted) + "tls minimum-version 1.3\n", "test");
    ASSERT_TRUE(file);
    const auto committed = datastore_.commit(file->tree, {.author = "ops"});
    ASSERT_FALSE(committed);
    EXPECT_THAT(committed.error().front().to_string(), HasSubstr("'sbc.crt' expired at"));
    EXPECT_EQ(target_.published, before);
    renew(new_year + std::chrono::days(200));
    EXPECT_TRUE(datastore_.reload());
    EXPECT_THAT(datastore_.alarms(), IsEmpty());
    // Where none counts, nothing is worse.
    now_.wall = new_year + std::chrono::days(201);
    renew(new_year + std::chrono::days(200));
    EXPECT_TRUE(datastore_.reload());
}

constexpr const char* ours = "URI:sip:sbc.example";

TEST_F(Reload, WhatCannotServeItsRoleNeverReplacesWhatCan) {
    commit();
    const SnapshotPtr before = target_.published;
    for (const tls::test::Subject& unfit :
         {tls::test::Subject{.alt_names = ours, .extended_key_usage = "clientAuth"},
          tls::test::Subject{.alt_names = ours,
          .extended_key_usage = "codeSigning,emailProtection"},
          tls::test::Subject{.alt_names = ours, .key_usage = "keyCertSign"}}) {
        renew(unfit);
        EXPECT_FALSE(datastore_.reload());
        EXPECT_EQ(target_.published, before);
        EXPECT_THAT(datastore_.alarms(),
                    ElementsAre("certificate 'sbc.crt' is not for a server, by its key usage or "
                                "extended key usage, and the one that is shown is; take one that "
                                "is; what was there before is still in force"));
        EXPECT_THAT(refusal("tls minimum-version 1.3\n"),
                    HasSubstr("certificate 'sbc.crt' is not for a server"));
        EXPECT_EQ(target_.published, before);
    }
    renew({.alt_names = ours, .extended_key_usage = "serverAuth"});
    EXPECT_FALSE(datastore_.reload()) << "it is shown to peers as a client's too";
    EXPECT_EQ(target_.published, before);
    EXPECT_THAT(datastore_.alarms(), ElementsAre(HasSubstr("'sbc.crt' is not for a client")));
    renew({.alt_names = ours,
           .extended_key_usage = "serverAuth,clientAuth",
           .key_usage = "digitalSignature"});
    EXPECT_TRUE(datastore_.reload());
    EXPECT_THAT(datastore_.alarms(), IsEmpty());
}

// One file in both roles towards a peer: without clientAuth the peer would refuse us where we
// connect.
TEST_F(Reload, OneFileOfBothRolesThatLosesOneIsShownInNeither) {
    const std::string peer = "signaling-peer other.test\n";
    commit(peer);
    const auto server = phones().tls_server;
    const auto client = phones().tls_client;
    renew({.alt_names = ours, .extended_key_usage = "serverAuth"});
    EXPECT_FALSE(datastore_.reload());
    EXPECT_EQ(phones().tls_server, server);
    EXPECT_EQ(phones().tls_client, client);
    EXPECT_THAT(datastore_.alarms(),
                ElementsAre("certificate 'sbc.crt' is not for a client, by its key usage or "
                            "extended key usage, and the one that is shown is; take one that is; "
                            "what was there before is still in force"));
    // Another file for the client's role, and it is a server's only.
    const auto own = authority_.issue({.alt_names = ours, .extended_key_usage = "clientAuth"});
    files_["me.crt"] = own.certificate;
    files_["me.key"] = own.key;
    EXPECT_EQ(refusal(peer + "tls client-certificate me.crt\ntls client-private-key me.key\n"), "");
    EXPECT_NE(phones().tls_server->origin(), server->origin());
    EXPECT_THAT(datastore_.alarms(), IsEmpty());
}

TEST_F(Reload, ToPhonesNobodyConnects) {
    commit("inherit profile preset-access\ndomain sbc.example\n");
    renew({.alt_names = ours, .extended_key_usage = "serverAuth"});
    EXPECT_TRUE(datastore_.reload());
    EXPECT_THAT(datastore_.alarms(), IsEmpty());
}

// An authority in the file that is for clients only makes what it has signed so.
TEST_F(Reload, AChainIsJudgedWhole) {
    commit();
    const SnapshotPtr before = target_.published;
    renew();
    files_["sbc.crt"] +=
        authority_.issue({.common_name = "above", .extended_key_usage = "clientAuth"}).certificate;
    EXPECT_FALSE(datastore_.reload());
    EXPECT_EQ(target_.published, before);
    EXPECT_THAT(datastore_.alarms(), ElementsAre(HasSubstr("is not for a server")));
}

TEST_F(Reload, AClientCertificateIsOneForClients) {
    const auto own = [&](const char* usage) {
        const auto made = authority_.issue({.alt_names = ours, .extended_key_usage = usage});
        files_["me.crt"] = made.certificate;
        files_["me.key"] = made.key;
    };
    const std::string me = "tls client-certificate me.crt\ntls client-private-key me.key\n";
    own("serverAuth");
    EXPECT_THAT(refusal(me), HasSubstr("certificate 'me.crt' is not for a client"));
    EXPECT_EQ(target_.published, nullptr);
    own("clientAuth");
    EXPECT_EQ(refusal(me), "");
    const SnapshotPtr before = target_.published;
    own("serverAuth");
    EXPECT_FALSE(datastore_.reload());
    EXPECT_EQ(target_.published, before);
    EXPECT_THAT(datastore_.alarms(), ElementsAre(HasSubstr("'me.crt' is not for a client")));
}

TEST_F(Reload, AFirstCertificateThatCannotServeIsRefused) {
    renew({.alt_names = ours, .extended_key_usage = "clientAuth"});
    EXPECT_THAT(refusal(""),
                HasSubstr("certificate 'sbc.crt' is not for a server, by its key usage or extended "
                          "key usage; take one that is"));
    EXPECT_EQ(target_.published, nullptr);
    // A check of the configuration says so too.
    const auto file = read_tree(encrypted, "test");
    const auto checked =
        configure(file->tree, [this](const std::string& name) -> Result<std::string, std::string> {
            return files_.at(name);
        });
    ASSERT_TRUE(checked);
    EXPECT_THAT(checked->warnings,
                ::testing::Contains(::testing::Field(&ConfigError::sentence,
                                                     HasSubstr("'sbc.crt' is not for a server"))));
    renew();
    EXPECT_EQ(refusal(""), "");
}

TEST_F(Reload, WhatDoesNotBearOurNameNeverReplacesWhatDoes) {
    const std::string access = "inherit profile preset-access\ndomain sip.example\n";
    renew({.alt_names = "URI:sip:sbc.example,URI:sip:sip.example"});
    commit(access);
    const SnapshotPtr before = target_.published;
    renew({.alt_names = "DNS:else.test"});
    EXPECT_FALSE(datastore_.reload());
    EXPECT_EQ(target_.published, before);
    EXPECT_THAT(datastore_.alarms(),
                ElementsAre("certificate 'sbc.crt' does not bear 'sbc.example', and the one that "
                            "is shown does; take one that does, or name a file of its own for "
                            "another name; what was there before is still in force"));
    EXPECT_THAT(refusal(access + "tls minimum-version 1.3\n"),
                HasSubstr("does not bear 'sbc.example'"));
    renew({.alt_names = ours});
    EXPECT_FALSE(datastore_.reload()) << "phones look for their domain";
    EXPECT_THAT(datastore_.alarms(), ElementsAre(HasSubstr("does not bear 'sip.example'")));
    EXPECT_EQ(target_.published, before);
    renew({.alt_names = "DNS:more.test,DNS:SIP.example,DNS:sbc.example"});
    EXPECT_TRUE(datastore_.reload());
    EXPECT_THAT(datastore_.alarms(), IsEmpty());
    // Whoever takes another name says so.
    const auto made = authority_.issue({.alt_names = "DNS:else.test"});
    files_["else.crt"] = made.certificate;
    files_["else.key"] = made.key;
    EXPECT_EQ(refusal(access + "tls certificate else.crt\ntls private-key else.key\n"), "");
}

TEST_F(Reload, ANameThatChangesWithItsCertificateIsTheNewOne) {
    commit();
    renew({.alt_names = "DNS:else.test"});
    EXPECT_THAT(refusal("local-id host sbc.example\n"), HasSubstr("does not bear 'sbc.example'"));
    EXPECT_EQ(refusal("local-id host else.test\n"), "");
}

TEST_F(Reload, EndsAreForetold) {
    renew(new_year + std::chrono::days(90));  // of 120 days
    files_["crl.pem"] = authority_.revoke({}, new_year + std::chrono::days(70));
    commit("tls crl crl.pem\n");
    now_.wall = new_year + std::chrono::days(59);
    EXPECT_THAT(datastore_.alarms(), IsEmpty());
    now_.wall = new_year + std::chrono::days(61);
    EXPECT_THAT(datastore_.alarms(),
                ElementsAre("certificate 'sbc.crt' expires at 2026-04-01T00:00:00Z"));
    now_.wall = new_year + std::chrono::days(91);
    EXPECT_THAT(datastore_.alarms(),
                UnorderedElementsAre("certificate 'sbc.crt' expired at 2026-04-01T00:00:00Z",
                                     HasSubstr("the CRL of adjacency 'phones' is out of date")));
    renew(new_year + std::chrono::days(400));
    files_["crl.pem"] = authority_.revoke({}, new_year + std::chrono::days(400));
    EXPECT_TRUE(datastore_.reload());
    EXPECT_THAT(datastore_.alarms(), IsEmpty());
}

}  // namespace
}  // namespace ringwall::sbc::datastore
