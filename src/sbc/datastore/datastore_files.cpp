// Part of Datastore: the files that a configuration names, which change without it.
#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "sbc/config/adjacency_tls.h"
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
        if (is.tls_server != nullptr &&
            (was.tls_server == nullptr || was.tls_server->origin() != is.tls_server->origin() ||
             was.tls_client->origin() != is.tls_client->origin())) {
            out.append(out.empty() ? "" : ", ").append(is.name);
        }
    }
    return out;
}

// "certificate 'sbc.crt' expired at 2026-04-01T00:00:00Z"
std::string end_of(std::string_view what, const std::string& file, WallTime end, WallTime now) {
    return std::string(what) + " " + shown(file) + (end <= now ? " expired at " : " expires at ") +
           to_iso8601_seconds(end);
}

// Why nobody believes it now; empty: it counts.
std::string worthless(const Adjacency::Shown& certificate, WallTime now) {
    if (now < certificate.not_before) {
        return "certificate " + shown(certificate.file) + " is not valid before " +
               to_iso8601_seconds(certificate.not_before);
    }
    return now < certificate.not_after
               ? ""
               : end_of("certificate", certificate.file, certificate.not_after, now);
}

// Where an adjacency has what it shows in one of the two roles, and by what it judges who is there.
struct Role {
    Adjacency::Shown Adjacency::*certificate;
    Adjacency::Revocation Adjacency::*revocation;
    tls::Context::Role role;
};
constexpr std::array roles{
    Role{&Adjacency::certificate, &Adjacency::revocation, tls::Context::Role::Server},
    Role{&Adjacency::client_certificate, &Adjacency::client_revocation,
         tls::Context::Role::Client}};

bool bears(const Adjacency::Shown& certificate, std::string_view name) {
    return std::ranges::any_of(certificate.names, [&](const std::string& each) {
        return equals_ignoring_case(each, name);
    });
}

// The first of our names that it has lost; empty: none. Another file is another name's if whoever
// names it wants that.
std::string lost_name(const Adjacency& was, const Adjacency& is, const Role& role) {
    const Adjacency::Shown& before = was.*role.certificate;
    const Adjacency::Shown& after = is.*role.certificate;
    if (before.file != after.file) {
        return "";
    }
    std::vector<std::string> ours{was.local_id == is.local_id ? was.own_host() : is.own_host()};
    ours.insert(ours.end(), is.domains.begin(), is.domains.end());
    const auto lost = std::ranges::find_if(
        ours, [&](const std::string& name) { return bears(before, name) && !bears(after, name); });
    return lost == ours.end() ? "" : *lost;
}

// Why it must not take the place of the one before; empty: it may.
std::string worse(const Adjacency& was, const Adjacency& is, const Role& role, WallTime now) {
    const Adjacency::Shown& before = was.*role.certificate;
    const Adjacency::Shown& after = is.*role.certificate;
    if (!worthless(before, now).empty()) {
        return "";
    }
    if (const std::string why = worthless(after, now); !why.empty()) {
        return why + ", and the one that is shown is valid; take one that is";
    }
    if (!unfit_certificate(was, role.role).empty()) {
        return "";
    }
    if (const std::string why = unfit_certificate(is, role.role); !why.empty()) {
        return why + ", and the one that is shown is; take one that is";
    }
    const std::string name = lost_name(was, is, role);
    return name.empty() ? ""
                        : "certificate " + shown(after.file) + " does not bear " + shown(name) +
                              ", and the one that is shown does; take one that does, or name a "
                              "file of its own for another name";
}

// The same of a revocation list. An older one would let in again whom the other shuts out.
std::string worse(const tls::RevocationList& was, const tls::RevocationList* is, WallTime now) {
    const std::string name = shown(was.issuer);
    if (is == nullptr) {
        return "no list of " + name + ", and what is in force has; take one that has";
    }
    if (!was.counts_at(now)) {
        return is->made < was.made && was.made <= now
                   ? "a list of " + name +
                         " that is older than the one in force, which is over; take a newer one"
                   : "";
    }
    if (is->made < was.made) {
        return "a list of " + name + " that was made at " + to_iso8601_seconds(is->made) +
               ", and the one that is in force at " + to_iso8601_seconds(was.made) +
               "; take one that is not older";
    }
    if (now < is->made) {
        return "a list of " + name + " that does not count before " + to_iso8601_seconds(is->made) +
               ", and the one that is in force does; take one that does";
    }
    return now < is->ends
               ? ""
               : "a list of " + name + " that is over since " + to_iso8601_seconds(is->ends) +
                     ", and the one that is in force is not; take one that is not";
}

std::string worse(const Adjacency::Revocation& before, const Adjacency::Revocation& after,
                  WallTime now) {
    if (before.file != after.file) {
        return "";
    }
    for (const tls::RevocationList& was : before.lists) {
        if (before.is_anchor(was.signer) && !after.is_anchor(was.signer)) {
            continue;  // nobody trusts it any more
        }
        if (const std::string why = worse(was, after.find(was.signer), now); !why.empty()) {
            return "CRL " + shown(after.file) + " has " + why + ", or name another file";
        }
    }
    return "";
}

}  // namespace

// What is wrong with the contents of its files; none: they are at least as good as those in force.
std::optional<ConfigError> Datastore::worse_files(const Adjacency& is) {
    const WallTime now = setup_.now().wall;
    const auto was = std::ranges::find(in_force_->adjacencies, is.name, &Adjacency::name);
    for (const Role& role : roles) {
        if (was != in_force_->adjacencies.end()) {
            if (std::string why = worse((*was).*role.revocation, is.*role.revocation, now);
                !why.empty()) {
                note_age(is, now);
                return ConfigError{.path = "adjacency sip " + is.name + " tls crl",
                                   .word = (is.*role.revocation).file,
                                   .sentence = std::move(why)};
            }
        }
        const std::string& file = (is.*role.certificate).file;
        if (file.empty()) {
            continue;
        }
        const bool is_first =
            was == in_force_->adjacencies.end() || ((*was).*role.certificate).file.empty();
        std::string why =
            is_first ? useless_certificate(is, role.role) : worse(*was, is, role, now);
        if (is_first && !why.empty()) {
            why += "; take one that is";
        }
        if (!why.empty()) {
            note_age(is, now);
            return ConfigError{.path = "adjacency sip " + is.name + " tls certificate",
                               .word = file,
                               .sentence = why};
        }
    }
    return std::nullopt;
}

// Its files may stay as they are.
void Datastore::note_age(const Adjacency& refused, WallTime now) {
    const auto note = [&](WallTime begins) {
        if (now < begins) {
            counts_from_ = std::min(counts_from_.value_or(begins), begins);
        }
    };
    for (const Role& role : roles) {
        note((refused.*role.certificate).not_before);
        for (const tls::RevocationList& each : (refused.*role.revocation).lists) {
            note(each.made);
        }
    }
}

namespace {

// To go on after it.
std::string without_stop(std::string sentence) {
    if (sentence.ends_with('.')) {
        sentence.pop_back();
    }
    return sentence;
}

}  // namespace

void Datastore::report(const std::vector<Broken>& broken) {
    // A file of several is said once.
    std::map<std::string, std::string> out_of_service;  // by what is wrong: whose it is
    std::set<std::string> kept;
    for (const Broken& each : broken) {
        for (const ConfigError& why : each.why) {
            if (!each.is_out_of_service) {
                kept.insert(without_stop(why.sentence));
                continue;
            }
            std::string& names = out_of_service[without_stop(why.sentence)];
            names.append(names.empty() ? "" : ", ").append(shown(each.adjacency));
        }
    }
    reload_problems_.clear();
    for (const std::string& why : kept) {
        reload_problems_.push_back(why + "; what was there before is still in force");
        log::warning("certificates.not-reloaded", {{"reason", why}});
    }
    for (const auto& [why, names] : out_of_service) {
        std::string& alarm = reload_problems_.emplace_back(why);
        alarm.append("; until it is mended, out of service: ").append(names);
        log::error("adjacency.out-of-service", {{"adjacency", names}, {"reason", why}});
    }
}

// Each adjacency by itself: what is broken of one keeps no other from its certificates and
// revocations.
bool Datastore::reload() {
    counts_from_.reset();
    std::vector<Broken> broken;
    const auto configuration = configuration_after(std::array{former()}, running_, broken);
    if (!configuration) {
        report({{.adjacency = "", .why = configuration.error()}});
        return false;
    }
    // It was made of the same commands, so the same adjacencies are at the same places.
    const std::string names = renewed(*in_force_, *configuration->snapshot);
    if (names.empty()) {
        report(broken);
        return false;
    }
    if (auto prepared = setup_.target->prepare(configuration->snapshot); !prepared) {
        broken.push_back({.adjacency = "", .why = std::move(prepared.error())});
        report(broken);
        return false;
    }
    publish(configuration->snapshot);
    report(broken);
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
    return now >= certificate.not_after - early;
}

}  // namespace

std::vector<std::string> Datastore::endings() const {
    const WallTime now = setup_.now().wall;
    std::set<std::string> out;  // of one file only once
    for (const Adjacency& each : in_force_->adjacencies) {
        for (const Role& role : roles) {
            const Adjacency::Shown* const its = &(each.*role.certificate);
            if (its->file.empty()) {
                continue;
            }
            if (const std::string why = useless_certificate(each, role.role); !why.empty()) {
                out.insert(why);
            }
            if (now < its->not_before) {
                out.insert(worthless(*its, now));
            } else if (ends_soon(*its, now)) {
                out.insert(end_of("certificate", its->file, its->not_after, now));
            }
        }
        for (const Role& role : roles) {
            for (const tls::RevocationList& list : (each.*role.revocation).lists) {
                if (each.tls_server != nullptr && now < list.made) {
                    out.insert("the CRL of adjacency '" + each.name + "' has a list of " +
                               shown(list.issuer) + " that does not count before " +
                               to_iso8601_seconds(list.made) +
                               ", so no certificate that it is about is good there");
                }
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
