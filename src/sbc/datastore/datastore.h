// The configurations of a running border controller: the running one, its versions, and who may
// change it.
//
//   commit:  validate -> diff -> prepare (bind, load) -> stage (write, sync) -> publish -> activate
//                 any of these may fail, and then nothing has changed      |
//                                                                          one rename
//
// Of one thread: the main one. The workers see snapshots only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "sbc/adjacency_status.h"
#include "sbc/config/config_error.h"
#include "sbc/config/reader.h"
#include "sbc/config/snapshot.h"
#include "sbc/datastore/version_store.h"
#include "sbc/model/tree.h"

namespace ringwall::sbc::datastore {

// What a configuration is for: the workers, as a commit sees them.
class Target {
public:
    virtual ~Target() = default;
    // What must not be committed beside what else there is; what comes back, or is there at a
    // start, is not asked.
    virtual ConfigErrors objections(const Snapshot& next) = 0;
    // Binds what the next one needs beside what there is. After an error nothing has changed.
    virtual Result<void, ConfigErrors> prepare(SnapshotPtr next) = 0;
    // What was prepared is in force.
    virtual void publish() = 0;
    // What was prepared is given back.
    virtual void drop() = 0;
    // By name; one that is not there is detached.
    using States = std::map<std::string, AdjacencyState, std::less<>>;
    virtual States states() = 0;
    // Of one that was attached until now, or is going down.
    virtual void detach(std::string_view adjacency, ForcedDetach how) = 0;
};

// Named places within a commit, in their order.
enum class CommitPoint : std::uint8_t { Validated, Prepared, Staged, Published, Activated };

struct CommitRequest {
    std::string author;
    std::string comment = {};
    std::string label = {};
    // As long as nobody confirms it, it is not activated; afterwards what was there comes back.
    std::optional<std::chrono::seconds> confirm_within = {};
};

class Datastore {
public:
    struct Setup {
        VersionStore* store = nullptr;  // null: nothing is kept
        Target* target = nullptr;
        FileReader read_file;
        std::function<Now()> now;
        // What is wrong with what else is written: the audit log, records, the trace.
        std::function<std::vector<std::string>()> other_alarms = [] {
            return std::vector<std::string>();
        };
        // Why the store's disk is not to be touched now: it would keep us. Empty: it may be.
        std::function<std::string()> why_not_now = [] { return std::string(); };
        // For tests: told at each of them.
        std::function<void(CommitPoint)> on_point = [](CommitPoint) {};
    };
    explicit Datastore(Setup setup);

    // What the store has is the running one, and nothing is in force yet. The error: it is there
    // and cannot be read.
    Result<void, ConfigErrors> read();
    // It is in force; it is read before where it was not yet. An adjacency whose files are broken
    // is not attached, and an alarm says so. The error: it cannot run.
    Result<void, ConfigErrors> start();

    const model::Tree& running() const { return running_; }
    const Version& running_version() const { return version_; }

    // ---- the one writer ------------------------------------------------------------------------
    struct Writer {
        std::string session;
        std::string name;
        WallTime since{};
    };
    // The error says who else has it.
    Result<void, std::string> begin_writing(const std::string& session, const std::string& name);
    void end_writing(const std::string& session);
    const std::optional<Writer>& writer() const { return writer_; }

    // ---- commits -------------------------------------------------------------------------------
    struct Committed {
        unsigned version = 0;
        ConfigErrors warnings;
    };
    // All that is wrong; where nothing is, all that the system refuses. Broken files of an
    // adjacency whose TLS stays as it was configured are no fault: a warning says so.
    Result<Committed, ConfigErrors> commit(const model::Tree& candidate,
                                           const CommitRequest& request);
    // Whether the running configuration waits to be confirmed, and until when.
    std::optional<TimePoint> confirmation_ends() const;
    // It runs, and the store does not have it: confirm() tries again.
    bool is_unsaved() const { return is_unsaved_; }
    Result<void, ConfigErrors> confirm();
    // More time for whoever is to confirm it.
    void confirm_within(std::chrono::seconds time);
    // Brings back what was there before; to be called when the time is over. The error: it could
    // not be, and will be tried again.
    Result<void, ConfigErrors> take_back();
    // How often the running configuration has become another: what a candidate was made of may be
    // gone.
    unsigned generation() const { return generation_; }
    unsigned take_backs() const { return take_backs_; }

    std::vector<Version> versions() const;
    Result<model::Tree, std::string> version(unsigned number) const;

    // The files that the running configuration names may have others' contents now: certificates,
    // anchors, revocation lists. Those that can be used are in force afterwards, the others' alarm
    // says why not. Whether anything was exchanged.
    bool reload();
    // What was refused because it did not count yet may count now.
    bool has_come_of_age() const { return counts_from_ && *counts_from_ <= setup_.now().wall; }
    // Those files, by the names that the configuration has for them.
    std::set<std::string> files() const;

    // Sentences: the store could not be written, last time; the time to confirm is over, and what
    // was there before cannot be brought back; a file that was changed cannot be used; a
    // certificate or a revocation list is at its end.
    std::vector<std::string> alarms() const;
    const std::filesystem::path* folder() const {
        return setup_.store == nullptr ? nullptr : &setup_.store->folder();
    }

private:
    struct Unconfirmed {
        model::Tree before;
        SnapshotPtr snapshot_before;
        Version version_before;
        TimePoint ends{};
    };
    // What may follow what runs, or ran.
    Result<Configuration, ConfigErrors> configuration_after(std::span<const Former> formers,
                                                            const model::Tree& tree,
                                                            std::vector<Broken>& broken);
    Former former() const { return {running_, *in_force_}; }
    // What would be shown in the place of a certificate that counts, and does not count itself; or
    // lists that say less of who was shut out.
    std::optional<ConfigError> worse_files(const Adjacency& is);
    void note_age(const Adjacency& refused, WallTime now);
    // Of adjacencies that keep what they had, or are out of service.
    void report(const std::vector<Broken>& broken);
    ConfigErrors refused_changes(const model::Tree& candidate, const Snapshot* next) const;
    ConfigErrors lasting_changes(const model::Tree& candidate, const Snapshot* next) const;
    Result<void, ConfigErrors> bring_in_force(const Result<Configuration, ConfigErrors>& made,
                                              const std::vector<Broken>& broken);
    void detach_by_force(const model::Tree& before);
    Result<void, ConfigErrors> may_touch_store() const;
    Result<void, ConfigErrors> activate();
    void publish(SnapshotPtr snapshot);
    std::vector<std::string> endings() const;

    Setup setup_;
    model::Tree running_;
    Version version_;
    std::optional<Writer> writer_;
    std::optional<Unconfirmed> unconfirmed_;
    std::string store_problem_;
    std::string take_back_problem_;
    SnapshotPtr in_force_ = std::make_shared<const Snapshot>();
    std::vector<std::string> reload_problems_;
    std::optional<WallTime> counts_from_;  // the first of what does not count yet
    bool is_unsaved_ = false;
    bool is_read_ = false;
    unsigned last_number_ = 0;  // of all versions, those that were taken back too
    unsigned generation_ = 0;
    unsigned take_backs_ = 0;
};

}  // namespace ringwall::sbc::datastore
