#include "sbc/stored_subscribers.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/log.h"

namespace ringwall::sbc {

namespace {

using sip::auth::Algorithm;
using sip::auth::HashedPassword;

constexpr std::array algorithms{Algorithm::Md5, Algorithm::Sha256, Algorithm::Sha512t256};

store::Subscriber to_store(const Subscriber& subscriber) {
    store::Subscriber out{subscriber.address_of_record,
                          subscriber.username,
                          subscriber.realm,
                          {},
                          subscriber.certificate_name};
    for (const Algorithm each : algorithms) {
        if (const Secret& ha1 = subscriber.password.of(each); !ha1.empty()) {
            out.ha1.push_back({std::string(sip::auth::to_string(each)), ha1});
        }
    }
    return out;
}

Subscriber of_store(const store::Subscriber& kept) {
    HashedPassword::ByAlgorithm by_algorithm;
    for (const Algorithm each : algorithms) {
        const auto found = std::ranges::find(kept.ha1, sip::auth::to_string(each),
                                             &store::Subscriber::Ha1::algorithm);
        if (found != kept.ha1.end()) {
            by_algorithm[static_cast<std::size_t>(each)] = found->value;
        }
    }
    Subscriber out;
    out.address_of_record = kept.address_of_record;
    out.username = kept.username;
    out.realm = kept.realm;
    out.password = HashedPassword(std::move(by_algorithm));
    out.certificate_name = kept.certificate_name;
    return out;
}

bool is_stored(const Snapshot& running, const std::string& name) {
    return running.stored_subscribers != nullptr &&
           running.stored_subscribers->find(name) != nullptr;
}

}  // namespace

void StoredSubscribers::load() {
    if (setup_.open == nullptr) {
        return;
    }
    const bool is_what_it_was =
        store_ != nullptr && problem_.empty() && store_->why_read_only().empty();
    if (!is_what_it_was) {
        if (const Done may = may_touch(); !may) {
            log::warning("subscribers.not-loaded", {{"reason", may.error()}});
            return;
        }
        store_.reset();
    }
    if (noted(read())) {
        log::info("subscribers.loaded", {{"count", setup_.running().stored_subscribers->size()}});
    }
}

StoredSubscribers::Done StoredSubscribers::may_touch() const {
    if (std::string why = setup_.why_not_now(); !why.empty()) {
        return fail(std::move(why));
    }
    return {};
}

StoredSubscribers::Done StoredSubscribers::open() {
    if (store_ == nullptr) {
        const bool was_there = setup_.running().stored_subscribers != nullptr;
        store_ = TRY(setup_.open(was_there ? store::IfMissing::Refuse : store::IfMissing::Create));
    }
    return {};
}

StoredSubscribers::Done StoredSubscribers::read() {
    TRY(open());
    const auto kept = TRY(store_->subscribers());
    auto table = std::make_shared<Subscribers>();
    for (const store::Subscriber& each : kept) {
        table->push_back(of_store(each));
    }
    setup_.publish(std::move(table));
    return {};
}

StoredSubscribers::Done StoredSubscribers::noted(Done done) {
    is_of_write_ = false;
    problem_ = done ? "" : done.error();
    if (!done) {
        log::warning("subscribers.store", {{"reason", problem_}});
    }
    return done;
}

StoredSubscribers::Done StoredSubscribers::written(Done done) {
    done = noted(std::move(done));
    is_of_write_ = !done;
    return done;
}

StoredSubscribers::Done StoredSubscribers::may_add(const std::string& name) {
    if (setup_.open == nullptr) {
        return fail(
            std::string("there is no store to keep subscribers in; start ringwall-sbc with "
                        "--store FOLDER, or configure 'subscriber'"));
    }
    TRY(may_touch());
    if (store_ == nullptr) {
        TRY(noted(read()));
    }
    if (setup_.running().subscribers.find(name) != nullptr) {
        return fail("subscriber '" + name +
                    "' is in the configuration already; change it there, or remove it there "
                    "first");
    }
    if (is_stored(setup_.running(), name)) {
        return fail("subscriber '" + name + "' is there already; 'subscriber password " + name +
                    "' gives it another password");
    }
    return {};
}

StoredSubscribers::Done StoredSubscribers::add(const std::string& name, const Options& options,
                                               const Secret& password) {
    TRY(may_add(name));
    Subscriber subscriber;
    const std::size_t at = name.rfind('@');
    subscriber.address_of_record = name;
    subscriber.username = options.username.empty() ? name.substr(0, at) : options.username;
    subscriber.realm = options.realm.empty() ? name.substr(at + 1) : options.realm;
    subscriber.certificate_name = options.certificate_name;
    subscriber.password = HashedPassword(subscriber.username, subscriber.realm, password);
    return keep(subscriber);
}

StoredSubscribers::Done StoredSubscribers::may_change(const std::string& name) {
    TRY(may_touch());
    if (setup_.open != nullptr && store_ == nullptr) {
        TRY(noted(read()));
    }
    if (is_stored(setup_.running(), name)) {
        return {};
    }
    if (setup_.running().subscribers.find(name) != nullptr) {
        return fail("subscriber '" + name + "' is in the configuration; change it there");
    }
    return fail("there is no subscriber '" + name +
                "'; 'show services sbc sbe subscribers' has them all");
}

StoredSubscribers::Done StoredSubscribers::change_password(const std::string& name,
                                                           const Secret& password) {
    TRY(may_change(name));
    Subscriber subscriber = *setup_.running().stored_subscribers->find(name);
    subscriber.password = HashedPassword(subscriber.username, subscriber.realm, password);
    return keep(subscriber);
}

StoredSubscribers::Done StoredSubscribers::remove(const std::string& name) {
    TRY(may_change(name));
    TRY(written(store_->remove_subscriber(name)));
    publish_without(name, nullptr);
    return {};
}

StoredSubscribers::Done StoredSubscribers::keep(const Subscriber& subscriber) {
    TRY(written(store_->put(to_store(subscriber))));
    publish_without(subscriber.address_of_record, &subscriber);
    return {};
}

void StoredSubscribers::publish_without(const std::string& name, const Subscriber* in_its_place) {
    auto table = std::make_shared<Subscribers>();
    for (const Subscriber& each : *setup_.running().stored_subscribers) {
        if (each.address_of_record != name) {
            table->push_back(each);
        }
    }
    if (in_its_place != nullptr) {
        table->push_back(*in_its_place);
    }
    setup_.publish(std::move(table));
}

std::vector<std::string> StoredSubscribers::alarms() {
    if (is_of_write_ && store_ != nullptr && may_touch() && store_->try_change()) {
        is_of_write_ = false;
        problem_.clear();
    }
    std::vector<std::string> out;
    if (!problem_.empty()) {
        const bool is_loaded = setup_.running().stored_subscribers != nullptr;
        out.push_back(problem_ + (is_loaded ? "" : "; no subscriber of it is known"));
    } else if (store_ != nullptr && !store_->why_read_only().empty()) {
        out.push_back(store_->why_read_only());
    }
    for (const Subscriber& each : setup_.running().subscribers) {
        if (is_stored(setup_.running(), each.address_of_record)) {
            out.push_back("subscriber '" + each.address_of_record +
                          "' is in the configuration and in the store; what the configuration says "
                          "is in force: say 'subscriber remove " +
                          each.address_of_record + "', or remove it from the configuration");
        }
    }
    return out;
}

}  // namespace ringwall::sbc
