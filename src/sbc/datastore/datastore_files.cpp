// Part of Datastore: the files that a configuration names, which change without it.
#include <algorithm>
#include <utility>

#include "base/log.h"
#include "sbc/datastore/datastore.h"
#include "sbc/model/word_values.h"
#include "sbc/record/call_record.h"

namespace ringwall::sbc::datastore {

namespace {

// The adjacencies whose TLS was made of other files' contents.
std::string renewed(const Snapshot& before, const Snapshot& after) {
    std::string out;
    for (std::size_t i = 0; i < after.adjacencies.size(); ++i) {
        const Adjacency& was = before.adjacencies[i];
        const Adjacency& is = after.adjacencies[i];
        if (is.tls_server != nullptr && (was.tls_server->origin() != is.tls_server->origin() ||
                                         was.tls_client->origin() != is.tls_client->origin())) {
            out.append(out.empty() ? "" : ", ").append(is.name);
        }
    }
    return out;
}

}  // namespace

bool Datastore::reload() {
    const auto refuse = [&](const ConfigErrors& errors) {
        reload_problems_.clear();
        for (const ConfigError& each : errors) {
            reload_problems_.push_back(each.sentence + "; what was there before is still shown");
            log::warning("certificates.not-reloaded", {{"reason", each.sentence}});
        }
        return false;
    };
    auto configuration = configuration_of(running_);
    if (!configuration) {
        return refuse(configuration.error());
    }
    // It was made of the same commands, so the same adjacencies are at the same places.
    const std::string names = renewed(*in_force_, *configuration->snapshot);
    if (names.empty()) {
        reload_problems_.clear();
        return false;
    }
    if (auto prepared = setup_.target->prepare(configuration->snapshot); !prepared) {
        return refuse(prepared.error());
    }
    publish(configuration->snapshot);
    log::info("certificates.reloaded", {{"adjacencies", names}});
    return true;
}

std::set<std::string> Datastore::files() const {
    std::set<std::string> out;
    for (const Adjacency& each : in_force_->adjacencies) {
        out.insert(each.tls_files.begin(), each.tls_files.end());
    }
    return out;
}

namespace {

// As whoever renews certificates by the calendar does: when a third of its time is left, and not
// before 30 days.
bool ends_soon(const Adjacency::Shown& certificate, WallTime now) {
    const auto lifetime = certificate.not_after - certificate.not_before;
    const auto early = std::min<WallTime::duration>(lifetime / 3, std::chrono::days(30));
    return !certificate.file.empty() && now >= certificate.not_after - early;
}

std::string end_of(std::string_view what, const std::string& file, WallTime end, WallTime now) {
    return std::string(what) + " " + shown(file) + (end <= now ? " expired at " : " expires at ") +
           to_iso8601_seconds(end);
}

}  // namespace

std::vector<std::string> Datastore::endings() const {
    const WallTime now = setup_.now().wall;
    std::set<std::string> out;  // of one file only once
    for (const Adjacency& each : in_force_->adjacencies) {
        for (const Adjacency::Shown* its : {&each.certificate, &each.client_certificate}) {
            if (ends_soon(*its, now)) {
                out.insert(end_of("certificate", its->file, its->not_after, now));
            }
        }
        if (each.crl_next_update && *each.crl_next_update <= now) {
            out.insert("the CRL of adjacency '" + each.name +
                       "' is out of date, so no certificate of a peer is good there");
        }
    }
    return {out.begin(), out.end()};
}

}  // namespace ringwall::sbc::datastore
