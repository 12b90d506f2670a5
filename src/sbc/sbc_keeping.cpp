// What outlives the process: what was kept of another, and what waits until it is kept
// (docs/decisions/0083, 0092).
#include <algorithm>

#include "base/log.h"
#include "sbc/b2bua/kept_call.h"
#include "sbc/registrar/kept_bindings.h"
#include "sbc/sbc.h"

namespace ringwall::sbc {

using b2bua::CallRef;
using sip::transaction::ServerId;

bool Sbc::restore(std::string_view address_of_record, std::string_view text) {
    auto bindings = registrar::from_text(address_of_record, text, *snapshot_, now());
    if (!bindings) {
        log::warning("registration.unreadable", {{"user", address_of_record}});
        return false;
    }
    for (registrar::Binding& each : *bindings) {
        if (each.hop.transport == sip::Transport::Udp) {
            const Adjacency& adjacency = snapshot_->adjacencies[each.adjacency];
            each.hop.flow =
                connections_.socket({adjacency.signaling_address, adjacency.signaling_port});
        }
    }
    const bool is_any = !bindings->empty();
    shared_.location.restore(address_of_record, std::move(*bindings));
    watch_expiry();
    return is_any;
}

Sbc::Restored Sbc::restore_call(std::string_view name, std::string_view text) {
    auto read = b2bua::read_call(text, *snapshot_, now());
    const engine::Place& place = shard_.place();
    if (place.owner(read ? read->call.bucket : Bucket{}) != place.number) {
        return Restored::Elsewhere;
    }
    if (!read) {
        log::warning("call.unreadable", {{"call", name}});
        return Restored::Over;
    }
    b2bua::KeptCall& kept = read->call;
    kept.name = name;
    kept.record.call = name;
    if (!read->obstacle.empty()) {
        CallRecord& record = kept.record;
        if (record.result.empty()) {
            record.result = "answered";
            record.status = record.status == 0 ? 200 : record.status;
            record.reason = "not gone on with after a restart: " + read->obstacle;
            record.cause = FailureCause::ActiveCall;
            record.end = now().wall;
        }
        log::info("call.ended",
                  {{"call", name}, {"result", record.result}, {"reason", record.reason}});
        note_end(record);
        return Restored::Over;
    }
    for (b2bua::Leg* leg : {&kept.caller, &kept.callee}) {
        if (leg->hop.transport == sip::Transport::Udp) {
            const Adjacency& adjacency = snapshot_->adjacencies[leg->peer.adjacency];
            leg->hop.flow =
                connections_.socket({adjacency.signaling_address, adjacency.signaling_port});
        }
    }
    const CallRef ref{++last_call_};
    CallEntry& entry = calls_[ref];
    entry.snapshot = snapshot_;
    entry.is_kept = keeps_calls();
    entry.admitted = count_standing(kept.caller, kept.callee);
    ++active_calls_;
    b2bua::Call::Setup setup{.ref = ref,
                             .name = kept.name,
                             .invite = {},
                             .request = nullptr,
                             .from = kept.caller.hop,
                             .snapshot = snapshot_,
                             .caller = kept.caller.peer,
                             .security = kept.security,
                             .routes = {},
                             .removed_headers = {},
                             .bucket = kept.bucket};
    auto call = std::make_unique<b2bua::Call>(*this, std::move(setup), std::move(kept));
    b2bua::Call& restored = *call;
    entry.call = std::move(call);
    restored.resume();
    return Restored::Up;
}

void Sbc::keep(CallRef call, b2bua::KeptCall kept) {
    CallEntry& entry = calls_[call];
    entry.is_kept = true;
    shared_.call_journal.load()->on_call(entry.snapshot, std::move(kept));
}

bool Sbc::may_come_back(const b2bua::Leg& leg) {
    const std::string& user = leg.peer.address_of_record;
    if (leg.hop.transport == sip::Transport::Udp || user.empty()) {
        return false;
    }
    const auto held = shared_.location.hold(user);
    return std::ranges::any_of(held.find(now().monotonic), [&](const registrar::Binding* each) {
        return each->is_stranded() && each->adjacency == leg.peer.adjacency;
    });
}

void Sbc::keep_calls_anew() {
    for (const auto& [ref, entry] : calls_) {
        entry.call->keep_anew();
    }
}

// Whoever hears 200 is registered, or in a call, whatever becomes of this process. But nobody waits
// for a disk that is too slow: then it is said so (Keeper::alarms).
void Sbc::respond_when_kept(ServerId id, sip::MessagePtr response) {
    const registrar::Journal* const journal = shared_.location.journal();
    const bool is_lagging = journal != nullptr && journal->is_lagging(now().monotonic);
    if (is_lagging) {
        counters_.add("store", "not-waited-for");
    }
    if (journal == nullptr || is_lagging || is_errand(id)) {
        respond(id, std::move(response));
        return;
    }
    watch_journal(registrar::Journal::patience);
    unkept_.push_back({journal->said(), now().monotonic, id, std::move(response)});
    waits_for_journal_.store(true);
    on_written();  // it may be already
}

void Sbc::on_written() {
    const registrar::Journal* const journal = shared_.location.journal();
    while (!unkept_.empty() &&
           (journal == nullptr || unkept_.front().count <= journal->written())) {
        respond(unkept_.front().request, std::move(unkept_.front().response));
        unkept_.pop_front();
    }
    waits_for_journal_.store(!unkept_.empty());
}

void Sbc::watch_journal(Duration after) {
    if (!std::exchange(is_journal_watched_, true)) {
        shard_.start_timer(after, journal_cookie);
    }
}

void Sbc::on_journal_late() {
    is_journal_watched_ = false;
    const TimePoint late = now().monotonic - registrar::Journal::patience;
    while (!unkept_.empty() && unkept_.front().since <= late) {
        counters_.add("store", "not-waited-for");
        respond(unkept_.front().request, std::move(unkept_.front().response));
        unkept_.pop_front();
    }
    waits_for_journal_.store(!unkept_.empty());
    if (!unkept_.empty()) {
        watch_journal(unkept_.front().since - late);
    }
}

}  // namespace ringwall::sbc
