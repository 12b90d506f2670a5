// The registrar's own subscribers: kept in the store, in force on all workers. What is changed is
// on the disk first and published then (Snapshot::stored_subscribers, docs/decisions/0059); what
// cannot be read or written is an alarm, and what was in force stays so.
//
// Of the main thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "sbc/config/snapshot.h"
#include "store/store.h"

namespace ringwall::sbc {

class StoredSubscribers {
public:
    using Open =
        std::function<Result<std::unique_ptr<store::Store>, std::string>(store::IfMissing)>;
    struct Setup {
        Open open;  // null: nothing is kept
        // What is in force on the workers.
        std::function<const Snapshot&()> running;
        std::function<void(std::shared_ptr<const Subscribers>)> publish;
        // Why its disk is not to be touched now: it would keep us. Empty: it may be.
        std::function<std::string()> why_not_now = [] { return std::string(); };
    };
    explicit StoredSubscribers(Setup setup) : setup_(std::move(setup)) {}

    // The store is opened anew if it is another file by now, or was written by another program;
    // what it has is in force, if it can be read. It is made where there is none, but not where
    // there was one: what is in force stays so.
    void load();

    // An error is a sentence. Names are addresses-of-record, canonical. Each may be asked before
    // whether it could be done, as things are.
    using Done = Result<void, std::string>;
    Done may_add(const std::string& name);
    // What an empty one is where it is not said: see Subscriber.
    struct Options {
        std::string username;
        std::string realm;
        std::string certificate_name;
    };
    Done add(const std::string& name, const Options& options, const Secret& password);
    Done may_change(const std::string& name);
    Done change_password(const std::string& name, const Secret& password);
    Done remove(const std::string& name);

    // What could not be written is tried before it is said again.
    std::vector<std::string> alarms();

private:
    Done may_touch() const;
    Done open();
    Done read();
    Done keep(const Subscriber& subscriber);
    // What the store was told: where it could not do it, an alarm.
    Done noted(Done done);
    Done written(Done done);
    void publish_without(const std::string& name, const Subscriber* in_its_place);

    Setup setup_;
    std::unique_ptr<store::Store> store_;
    std::string problem_;  // why it could not be read or written, last time
    bool is_of_write_ = false;
};

}  // namespace ringwall::sbc
