// Files that a running configuration names change: certificates are renewed, peers are revoked.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbc/datastore/datastore.h"
#include "unit/sbc/datastore/fake_target.h"
#include "unit/tls/test_pki.h"

namespace ringwall::sbc::datastore {
namespace {

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
        tls::test::Subject subject{.alt_names = "URI:sip:sbc.example"};
        subject.not_after = not_after;
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
    const Adjacency& phones() const { return target_.published->adjacencies.front(); }

    tls::test::TestAuthority authority_;
    std::map<std::string, std::string> files_{{"ca.crt", authority_.certificate()}};
    std::map<std::string, int> read_;  // how often
    FakeTarget target_;
    Now now_{TimePoint(1h), new_year};
    Datastore datastore_{
        {.store = nullptr,
         .target = &target_,
         .read_file = [this](const std::string& name) -> Result<std::string, std::string> {
             ++read_[name];
             const auto found = files_.find(name);
             return found == files_.end() ? fail(std::string("No such file or directory"))
                                          : Result<std::string, std::string>(found->second);
         },
         .now = [this] { return now_; }}};
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
                                  HasSubstr("what was there before is still shown"))));
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

// Whose certificate is good follows from the peer, where nothing else says so.
TEST_F(Reload, APeerWhoseNameIsCheckedIsAnotherOnlyWhileDetached) {
    commit("signaling-peer other.test\n");
    const SnapshotPtr before = target_.published;
    const auto refusal = [&](const std::string& more) {
        const auto file = read_tree(std::string(encrypted) + more, "test");
        const auto refused = datastore_.commit(file->tree, {.author = "ops"});
        std::string out;
        for (const ConfigError& each : refused ? ConfigErrors() : refused.error()) {
            out += each.to_string() + "\n";
        }
        return out;
    };
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
                            "still shown"));
    const auto file = read_tree(std::string(encrypted) + "description new\n", "test");
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
