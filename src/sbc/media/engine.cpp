#include "sbc/media/engine.h"

#include <algorithm>
#include <utility>

namespace ringwall::sbc::media {

namespace {

constexpr std::size_t cookie_length = 22;  // not to be guessed

}  // namespace

void Engine::start(TimePoint now, Actions& out) {
    send({}, write_ping(), now, out);
    next_ping_ = now + quiet_limit;
}

void Engine::send(Pending pending, std::string_view request, TimePoint now, Actions& out) {
    std::string cookie = random_.token(cookie_length);
    pending.datagram = cookie;
    pending.datagram.append(" ").append(request);
    pending.began = now;
    pending.interval = first_repeat;
    pending.repeat = now + first_repeat;
    ticketed_ += pending.ticket ? 1 : 0;
    deletions_ += pending.is_deletion ? 1 : 0;
    out.datagrams.push_back(pending.datagram);
    pending_.emplace(std::move(cookie), std::move(pending));
}

Ticket Engine::ask(std::string_view session, std::string_view request, TimePoint now,
                   Actions& out) {
    const Ticket ticket{++last_ticket_};
    if (is_up_) {
        Pending pending;
        pending.ticket = ticket;
        pending.session = session;
        send(std::move(pending), request, now, out);
    } else {
        out.outcomes.push_back({ticket, std::nullopt});
    }
    return ticket;
}

void Engine::forget(std::string_view session, TimePoint now, Actions& out) {
    bool is_asked = false;
    for (auto& [cookie, pending] : pending_) {
        if (pending.session == session && !pending.is_deletion) {
            is_asked = true;
            pending.is_to_be_forgotten = true;
        }
    }
    // One that does not answer forgets by itself in time.
    if (!is_asked && is_up_) {
        Pending pending;
        pending.session = session;
        pending.is_deletion = true;
        send(std::move(pending), write_delete(session), now, out);
    }
}

void Engine::remove(Pendings::iterator at, TimePoint now, Actions& out) {
    const Pending pending = std::move(at->second);
    pending_.erase(at);
    ticketed_ -= pending.ticket ? 1 : 0;
    deletions_ -= pending.is_deletion ? 1 : 0;
    const bool is_last = std::ranges::none_of(
        pending_, [&](const auto& each) { return each.second.session == pending.session; });
    if (pending.is_to_be_forgotten && is_last) {
        forget(pending.session, now, out);
    }
}

void Engine::on_datagram(std::string_view bytes, TimePoint now, Actions& out) {
    const auto datagram = split_ng_datagram(bytes);
    const auto found = datagram ? pending_.find(std::string(datagram->cookie)) : pending_.end();
    auto reply = found == pending_.end() ? std::nullopt : parse_ng_reply(datagram->content);
    if (!reply) {
        return;  // late, doubled, or not its
    }
    is_up_ = true;
    heard_ = now;
    next_ping_ = now + quiet_limit;
    if (const Ticket ticket = found->second.ticket) {
        out.outcomes.push_back({ticket, std::move(reply)});
    }
    remove(found, now, out);
}

void Engine::on_time(TimePoint now, Actions& out) {
    const bool is_silent = std::ranges::any_of(
        pending_, [&](const auto& each) { return silent_at(each.second) <= now; });
    if (is_silent) {
        set_down(now, out);
    } else {
        give_up_old(now, out);
    }
    for (auto& [cookie, pending] : pending_) {
        if (pending.repeat <= now) {
            pending.interval *= 2;
            pending.repeat = now + pending.interval;
            out.datagrams.push_back(pending.datagram);
        }
    }
    if (next_ping_ <= now) {
        next_ping_ = now + (is_up_ ? quiet_limit : next_look);
        if (std::ranges::none_of(pending_,
                                 [](const auto& each) { return each.second.session.empty(); })) {
            send({}, write_ping(), now, out);
        }
    }
}

// When it has said nothing, neither to this nor to anything else, for too long.
TimePoint Engine::silent_at(const Pending& pending) const {
    return std::max(pending.began, heard_) + give_up;
}

void Engine::give_up_old(TimePoint now, Actions& out) {
    std::vector<std::string> old;
    for (const auto& [cookie, pending] : pending_) {
        if (pending.began + give_one_up <= now) {
            old.push_back(cookie);
        }
    }
    for (const std::string& cookie : old) {
        const auto found = pending_.find(cookie);
        if (const Ticket ticket = found->second.ticket) {
            out.outcomes.push_back({ticket, std::nullopt});
        }
        remove(found, now, out);
    }
}

// Whoever waits need not wait for as long as the one that has waited longest.
void Engine::set_down(TimePoint now, Actions& out) {
    is_up_ = false;
    next_ping_ = std::min(next_ping_, now + next_look);
    for (auto& [cookie, pending] : std::exchange(pending_, {})) {
        if (pending.ticket) {
            out.outcomes.push_back({pending.ticket, std::nullopt});
        }
    }
    ticketed_ = deletions_ = 0;
}

TimePoint Engine::next_deadline() const {
    TimePoint next = next_ping_;
    for (const auto& [cookie, pending] : pending_) {
        next = std::min({next, pending.repeat, silent_at(pending), pending.began + give_one_up});
    }
    return next;
}

}  // namespace ringwall::sbc::media
