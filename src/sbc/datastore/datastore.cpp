#include "sbc/datastore/datastore.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/log.h"
#include "sbc/model/text_form.h"

namespace ringwall::sbc::datastore {
namespace {

using model::Node;
using model::Place;
using model::Tree;
using Values = std::vector<std::string>;

const Node& adjacency_mode() {
    static const Node& mode =
        *model::Schema::instance().root().child("sbc")->child("sbe")->child("adjacency");
    return mode;
}

// Every adjacency of a configuration, by name.
std::map<std::string, Place> adjacencies_of(const Tree& tree) {
    std::map<std::string, Place> out;
    const Node& service = *model::Schema::instance().root().child("sbc");
    for (Values& keys : tree.entries({}, service)) {
        const Place sbe{{&service, keys}, {service.child("sbe"), {}}};
        for (Values& name : tree.entries(sbe, adjacency_mode())) {
            Place place = sbe;
            place.push_back({&adjacency_mode(), name});
            out.emplace(name.front(), std::move(place));
        }
    }
    return out;
}

Values value_of(const Tree& tree, const Place& place, std::string_view leaf) {
    return tree.values(place, *adjacency_mode().child(leaf));
}

ConfigError error(std::string path, std::string word, std::string sentence) {
    return {.path = std::move(path), .word = std::move(word), .sentence = std::move(sentence)};
}

const Adjacency* find_adjacency(const Snapshot* snapshot, std::string_view name) {
    if (snapshot == nullptr) {
        return nullptr;
    }
    const auto found = std::ranges::find(snapshot->adjacencies, name, &Adjacency::name);
    return found == snapshot->adjacencies.end() ? nullptr : &*found;
}

std::string list_of(const Values& words) {
    std::string out;
    for (const std::string& each : words) {
        out.append(out.empty() ? "" : ", ").append(each);
    }
    return out.empty() ? "none" : out;
}

// What follows from a leaf that is of security only by what follows.
struct Consequence {
    std::string_view leaf;
    std::string_view what;
    std::string (*of)(const Adjacency&);
};
constexpr std::array consequences{
    Consequence{"signaling-peer", "the names of which the peer's certificate must bear one",
                [](const Adjacency& each) { return list_of(each.tls_peer_domains); }},
    Consequence{"signaling-peer", "whether the far end must show a certificate",
                [](const Adjacency& each) {
                    return std::string(to_string(each.tls_client_authentication));
                }},
    Consequence{"profile", "who is at the far end",
                [](const Adjacency& each) {
                    return std::string(each.profile == Profile::Access ? "phones" : "a peer");
                }},
    Consequence{"domain", "the domains whose users register here", [](const Adjacency& each) {
                    return list_of(each.profile == Profile::Access ? each.domains : Values());
                }}};

// A leaf of an adjacency that makes its security another.
struct SecurityChange {
    const Node* leaf;
    std::string why;  // "; by it ... would be x and no longer y"; empty: the leaf itself is of it
};

// An adjacency's configuration, as it was said and as it comes out.
struct Side {
    const Tree& tree;
    const Place& place;
    const Adjacency* adjacency;  // null: not known
};

std::vector<SecurityChange> security_changes(const Side& before, const Side& after) {
    std::vector<SecurityChange> out;
    const auto is_other = [&](const Node& leaf) {
        return before.tree.values(before.place, leaf) != after.tree.values(after.place, leaf);
    };
    for (const auto& leaf : adjacency_mode().children) {
        // Of a leaf these are its values, of a flag whether it is there.
        if (leaf->is_while_detached && is_other(*leaf)) {
            out.push_back({leaf.get(), ""});
        }
    }
    for (const Consequence& each : consequences) {
        const Node& leaf = *adjacency_mode().child(each.leaf);
        if (before.adjacency == nullptr || after.adjacency == nullptr || !is_other(leaf)) {
            continue;
        }
        const std::string was = each.of(*before.adjacency);
        const std::string is = each.of(*after.adjacency);
        if (was != is) {
            std::string why = " (";
            why.append(each.what).append(": ").append(is).append(" instead of ").append(was);
            out.push_back({&leaf, why.append(")")});
        }
    }
    return out;
}

// Of the commands: before them stands the version's head, with a comment of one line.
constexpr std::size_t largest_text = largest_file - (std::size_t{256} << 10U);

std::string how_to_detach(AdjacencyState state) {
    return state == AdjacencyState::GoingDown
               ? "it is going down: wait for its last call to end, or commit 'no attach force "
                 "normal'"
               : "it is attached: commit 'no attach' first, and this when it is Detached";
}

// What a new store has, and may be gone back to.
Result<Configuration, ConfigErrors> nothing_at_all() {
    return Configuration{std::make_shared<const Snapshot>(), {}};
}

}  // namespace

Datastore::Datastore(Setup setup) : setup_(std::move(setup)) {}

Result<void, ConfigErrors> Datastore::read() {
    is_read_ = true;
    if (setup_.store == nullptr) {
        return {};
    }
    const auto stored = setup_.store->running();
    if (!stored) {
        return fail(ConfigErrors{error("", "", stored.error())});
    }
    if (!*stored) {
        return {};
    }
    auto file = read_tree((*stored)->commands, (setup_.store->folder() / "running.conf").string());
    if (!file) {
        return fail(ConfigErrors{file.error()});
    }
    running_ = std::move(file->tree);
    version_ = (*stored)->version;
    return {};
}

Result<void, ConfigErrors> Datastore::start() {
    if (!is_read_) {
        TRY(read());
    }
    if (version_.number == 0) {
        return {};
    }
    std::vector<Broken> broken;
    return bring_in_force(running_.is_empty()
                              ? nothing_at_all()
                              : configure_at_start(running_, setup_.read_file, broken),
                          broken);
}

Result<void, std::string> Datastore::begin_writing(const std::string& session,
                                                   const std::string& name) {
    if (writer_ && writer_->session != session) {
        return fail("the configuration is being changed by " + writer_->name + " (session " +
                    writer_->session + "); wait for that one's commit or abort");
    }
    if (!writer_) {
        writer_ = Writer{session, name, setup_.now().wall};
    }
    return {};
}

void Datastore::end_writing(const std::string& session) {
    if (writer_ && writer_->session == session) {
        writer_.reset();
    }
}

// What may be changed only while an adjacency is detached: compared with what runs.
ConfigErrors Datastore::refused_changes(const Tree& candidate, const Snapshot* next) const {
    ConfigErrors out;
    const auto before = adjacencies_of(running_);
    const auto after = adjacencies_of(candidate);
    const Target::States states = setup_.target->states();
    for (const auto& [name, state] : states) {
        // What was taken back while calls were up.
        const auto found = after.find(name);
        if (state != AdjacencyState::Detached && !before.contains(name) && found != after.end()) {
            out.push_back(error(path_of(found->second), name,
                                "calls of an adjacency '" + name +
                                    "' that was removed are still up; wait for the last of them "
                                    "to end, or end them ('clear services sbc sbe call'), or use "
                                    "another name"));
        }
    }
    for (const auto& [name, place] : before) {
        const auto known = states.find(name);
        const AdjacencyState state =
            known == states.end() ? AdjacencyState::Detached : known->second;
        const auto found = after.find(name);
        if (found == after.end()) {
            if (state != AdjacencyState::Detached) {
                out.push_back(error(path_of(place), name,
                                    "adjacency '" + name + "' can be removed only while it is " +
                                        "detached, and " + how_to_detach(state)));
            }
            continue;
        }
        if (state == AdjacencyState::Detached) {
            continue;
        }
        for (const auto& [leaf, why] :
             security_changes({running_, place, find_adjacency(in_force_.get(), name)},
                              {candidate, found->second, find_adjacency(next, name)})) {
            out.push_back(error(path_of(place, *leaf), leaf->command(),
                                ("'" + leaf->command() + "' of adjacency '" + name)
                                        .append("' can be changed")
                                        .append(why)
                                        .append(" only while it is detached, and ") +
                                    how_to_detach(state)));
        }
    }
    return out;
}

// Calls may be up when it would be taken back: compared with what would come back.
ConfigErrors Datastore::lasting_changes(const Tree& candidate, const Snapshot* next) const {
    ConfigErrors out;
    const Tree& before = unconfirmed_ ? unconfirmed_->before : running_;
    const Snapshot* const was =
        unconfirmed_ ? unconfirmed_->snapshot_before.get() : in_force_.get();
    const auto after = adjacencies_of(candidate);
    for (const auto& [name, place] : adjacencies_of(before)) {
        const auto found = after.find(name);
        if (found == after.end()) {
            continue;
        }
        for (const auto& [leaf, why] :
             security_changes({before, place, find_adjacency(was, name)},
                              {candidate, found->second, find_adjacency(next, name)})) {
            out.push_back(error(path_of(place, *leaf), leaf->command(),
                                ("'" + leaf->command() + "' of adjacency '" + name)
                                        .append("' cannot be changed")
                                        .append(why) +
                                    " by 'commit confirmed': calls may be up when it would be "
                                    "taken back; commit it for good"));
        }
    }
    return out;
}

Result<Configuration, ConfigErrors> Datastore::configuration_after(std::span<const Former> formers,
                                                                   const Tree& tree,
                                                                   std::vector<Broken>& broken) {
    return tree.is_empty() ? nothing_at_all()
                           : configure_after(
                                 formers, tree, setup_.read_file,
                                 [this](const Adjacency& is) { return worse_files(is); }, broken);
}

Result<Datastore::Committed, ConfigErrors> Datastore::commit(const Tree& candidate,
                                                             const CommitRequest& request) {
    TRY(may_touch_store());
    std::vector<Broken> broken;
    auto configuration = configuration_after(std::array{former()}, candidate, broken);
    const Snapshot* const follows = configuration ? configuration->snapshot.get() : nullptr;
    ConfigErrors errors = refused_changes(candidate, follows);
    if (errors.empty() && request.confirm_within) {
        errors = lasting_changes(candidate, follows);
    }
    if (!configuration) {
        errors.insert(errors.end(), configuration.error().begin(), configuration.error().end());
    } else {
        std::ranges::move(setup_.target->objections(*follows), std::back_inserter(errors));
    }
    const std::string text = to_text(candidate, model::Secrets::Written);
    if (text.size() > largest_text) {
        errors.push_back(error("", "",
                               "the configuration is larger than 16 MB, and no start would read "
                               "it; take something away"));
    }
    if (!errors.empty()) {
        return fail(std::move(errors));
    }
    setup_.on_point(CommitPoint::Validated);

    if (auto prepared = setup_.target->prepare(configuration->snapshot); !prepared) {
        return fail(std::move(prepared).error());
    }
    setup_.on_point(CommitPoint::Prepared);

    last_number_ = std::max(
        {last_number_, version_.number, setup_.store == nullptr ? 0 : setup_.store->last_number()});
    Version next{.number = last_number_ + 1,
                 .time = setup_.now().wall,
                 .author = request.author,
                 .label = request.label,
                 .comment = request.comment};
    if (setup_.store != nullptr) {
        const auto staged = setup_.store->stage(next, text);
        if (!staged) {
            setup_.target->drop();
            store_problem_ = "the last commit was refused, for " + staged.error();
            log::warning("store.not-written", {{"reason", staged.error()}});
            return fail(ConfigErrors{error("", "", staged.error())});
        }
        store_problem_.clear();
    }
    setup_.on_point(CommitPoint::Staged);

    SnapshotPtr snapshot_before = in_force_;
    publish(configuration->snapshot);
    report(broken);
    ++generation_;
    Tree before = std::exchange(running_, candidate);
    detach_by_force(before);
    setup_.on_point(CommitPoint::Published);

    last_number_ = next.number;
    Version version_before = std::exchange(version_, next);
    Committed committed{next.number, std::move(configuration->warnings)};
    for (const std::string& each : reload_problems_) {
        committed.warnings.push_back(error("", "", each));
    }
    take_back_problem_.clear();
    if (request.confirm_within) {
        // What comes back is what was there before the first that nobody confirmed.
        if (!unconfirmed_) {
            unconfirmed_ = Unconfirmed{std::move(before), std::move(snapshot_before),
                                       std::move(version_before)};
        }
        confirm_within(*request.confirm_within);
        if (setup_.store != nullptr) {
            if (const auto held = setup_.store->hold(); !held) {
                committed.warnings.push_back(error("", "", held.error()));
            }
        }
        return committed;
    }
    unconfirmed_.reset();
    if (const auto activated = activate(); !activated) {
        committed.warnings.insert(committed.warnings.end(), activated.error().begin(),
                                  activated.error().end());
    }
    return committed;
}

Result<void, ConfigErrors> Datastore::may_touch_store() const {
    if (setup_.store == nullptr) {
        return {};
    }
    if (std::string why = setup_.why_not_now(); !why.empty()) {
        return fail(ConfigErrors{error("", "", std::move(why))});
    }
    return {};
}

Result<void, ConfigErrors> Datastore::activate() {
    store_problem_.clear();
    if (setup_.store != nullptr) {
        if (auto activated = setup_.store->activate(); !activated) {
            is_unsaved_ = true;
            store_problem_ =
                "the configuration runs, and a restart would lose it: " + activated.error() +
                "; 'commit' tries again";
            log::warning("store.not-written", {{"reason", store_problem_}});
            return fail(ConfigErrors{error("", "", store_problem_)});
        }
    }
    is_unsaved_ = false;
    setup_.on_point(CommitPoint::Activated);
    return {};
}

// Those that say how they are to be detached, and were not detached before.
void Datastore::detach_by_force(const Tree& before) {
    const auto earlier = adjacencies_of(before);
    for (const auto& [name, place] : adjacencies_of(running_)) {
        const Values how = value_of(running_, place, "deactivation-mode");
        const auto was = earlier.find(name);
        const bool is_new = was == earlier.end() ||
                            value_of(before, was->second, "deactivation-mode") != how ||
                            !value_of(before, was->second, "attach").empty();
        if (!how.empty() && is_new) {
            setup_.target->detach(
                name, how.front() == "abort" ? ForcedDetach::Abort : ForcedDetach::Normal);
        }
    }
}

std::optional<TimePoint> Datastore::confirmation_ends() const {
    return unconfirmed_ ? std::optional(unconfirmed_->ends) : std::nullopt;
}

Result<void, ConfigErrors> Datastore::confirm() {
    if (!unconfirmed_ && !is_unsaved_) {
        return {};
    }
    TRY(may_touch_store());
    unconfirmed_.reset();
    take_back_problem_.clear();
    return activate();
}

void Datastore::confirm_within(std::chrono::seconds time) {
    if (unconfirmed_) {
        unconfirmed_->ends = setup_.now().monotonic + time;
    }
}

Result<void, ConfigErrors> Datastore::take_back() {
    if (!unconfirmed_) {
        return {};
    }
    std::vector<Broken> broken;
    const std::array formers{former(),
                             Former{unconfirmed_->before, *unconfirmed_->snapshot_before}};
    const auto before = configuration_after(formers, unconfirmed_->before, broken);
    if (auto back = bring_in_force(before, broken); !back) {
        constexpr std::chrono::seconds until_next_trial{10};
        confirm_within(until_next_trial);
        take_back_problem_ =
            "nobody has confirmed the configuration, and the one before cannot be "
            "brought back: " +
            back.error().front().to_string();
        return back;
    }
    take_back_problem_.clear();
    running_ = std::move(unconfirmed_->before);
    version_ = std::move(unconfirmed_->version_before);
    unconfirmed_.reset();
    ++generation_;
    ++take_backs_;
    if (setup_.store != nullptr) {
        setup_.store->release();
    }
    return {};
}

Result<void, ConfigErrors> Datastore::bring_in_force(
    const Result<Configuration, ConfigErrors>& made, const std::vector<Broken>& broken) {
    if (!made) {
        return fail(made.error());
    }
    if (auto prepared = setup_.target->prepare(made->snapshot); !prepared) {
        return fail(std::move(prepared).error());
    }
    publish(made->snapshot);
    report(broken);
    return {};
}

void Datastore::publish(SnapshotPtr snapshot) {
    setup_.target->publish();
    in_force_ = std::move(snapshot);
    reload_problems_.clear();
}

std::vector<std::string> Datastore::alarms() const {
    std::vector<std::string> out = setup_.other_alarms();
    out.insert(out.end(), reload_problems_.begin(), reload_problems_.end());
    std::ranges::move(endings(), std::back_inserter(out));
    for (const std::string* each : {&store_problem_, &take_back_problem_}) {
        if (!each->empty()) {
            out.push_back(*each);
        }
    }
    return out;
}

std::vector<Version> Datastore::versions() const {
    std::vector<Version> out;
    if (setup_.store != nullptr) {
        out = setup_.store->versions();
    }
    return out;
}

Result<Tree, std::string> Datastore::version(unsigned number) const {
    if (setup_.store == nullptr) {
        return fail(std::string("there is no store, so there are no versions"));
    }
    const auto stored = TRY(setup_.store->version(number));
    auto file = read_tree(stored.commands, "version " + std::to_string(number));
    if (!file) {
        return fail(file.error().to_string());
    }
    return std::move(file->tree);
}

}  // namespace ringwall::sbc::datastore
