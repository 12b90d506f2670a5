// The part of Phone that subscribes: to what a line's mailbox holds (RFC 3842), and to the dialogs
// of other lines (RFC 4235).
#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "base/visitor.h"
#include "phone/phone.h"
#include "phone/user_agent_name.h"
#include "sip/header/media_type.h"

namespace ringwall::phone {

using Subscription = sip::ClientSubscription;

namespace {

constexpr const char* summary_type = "application/simple-message-summary";
constexpr const char* dialog_info_type = "application/dialog-info+xml";

bool is_ready(const Line& line) {
    return line.state() == Line::State::Up &&
           (line.is_registered() || !line.settings().is_register);
}

}  // namespace

void Phone::plan_watches() {
    for (std::size_t i = 0; i < settings_->lines.size(); ++i) {
        if (!settings_->lines[i].voice_mail_server.empty()) {
            watches_.push_back({.line = i});
        }
    }
    for (const LineKey& key : settings_->keys) {
        const auto line = std::ranges::find(settings_->lines, key.line, &LineSettings::number);
        watched_.push_back({key, {}});
        if (key.watches && line != settings_->lines.end()) {
            watches_.push_back({.line = static_cast<std::size_t>(line - settings_->lines.begin()),
                                .watched = watched_.size() - 1});
        }
    }
}

Subscription::Setup Phone::watch_setup(const Watch& watch) const {
    const PhoneSettings& phone = settings_->phone;
    const Line& line = *lines_.at(watch.line);
    Subscription::Setup setup;
    setup.from = "<" + line.address_of_record() + ">";
    setup.contact = line.contact();
    setup.min_expires = phone.sub_min_expires;
    setup.max_expires = phone.sub_max_expires;
    setup.retry = phone.sub_retry_intvl;
    setup.bucket = shard_.place().own_bucket();
    setup.accounts = line.accounts_at_server();
    setup.max_auth = phone.max_auth;
    setup.max_forwards = phone.max_forward;
    setup.user_agent = user_agent_name(phone);
    if (watch.watched) {
        setup.target = watched_[*watch.watched].key.address;
        setup.event = "dialog";
        setup.accept = dialog_info_type;
        setup.expires = line.settings().subscription_expires;
    } else {
        setup.target = mailbox_uri(line.settings());
        setup.event = "message-summary";
        setup.accept = summary_type;
        setup.expires =
            static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::seconds>(
                                           line.settings().voice_mail_subscribe_interval)
                                           .count());
    }
    return setup;
}

void Phone::watch(const Line& line) {
    for (std::size_t i = 0; i < watches_.size(); ++i) {
        Watch& watch = watches_[i];
        if (watch.line != line.index()) {
            continue;
        }
        const bool was_ready = std::exchange(watch.is_ready, is_ready(line));
        if (was_ready || !watch.is_ready || is_stopping_) {
            continue;
        }
        if (!watch.subscription) {
            watch.subscription.emplace(watch_setup(watch));
        }
        tell_watch(i, [&](Subscription& subscription, Subscription::Actions& out) {
            subscription.start(random_, out);
        });
    }
}

void Phone::take_watched(const Watch& watch, std::string_view content_type, std::string_view body) {
    if (!watch.watched) {
        if (sip::is_media_type(content_type, "application", "simple-message-summary")) {
            take_summary(*lines_.at(watch.line), body);
        }
        return;
    }
    WatchedLine& watched = watched_[*watch.watched];
    if (!sip::is_media_type(content_type, "application", "dialog-info+xml")) {
        return;
    }
    if (watched.dialogs.take(body)) {
        sound_pickup();
        observer_.on_watched(watched);
    } else {
        log::warning("key.bad-dialog-info", {{"key", watched.key.number}});
    }
}

void Phone::lose_watched(const Watch& watch, int status, std::string_view reason) {
    if (!watch.watched) {
        log::warning("line.messages-not-known", {{"line", lines_.at(watch.line)->settings().number},
                                                 {"status", status},
                                                 {"reason", reason}});
        return;
    }
    WatchedLine& watched = watched_[*watch.watched];
    log::warning("key.not-known",
                 {{"key", watched.key.number}, {"status", status}, {"reason", reason}});
    watched.dialogs.forget();
    sound_pickup();
    observer_.on_watched(watched);
}

template <class Event>
void Phone::tell_watch(std::size_t index, Event&& event) {
    Watch& watch = watches_.at(index);
    if (!watch.subscription) {
        return;
    }
    Subscription::Actions actions;
    event(*watch.subscription, actions);
    for (Subscription::Action& action : actions) {
        std::visit(
            Visitor{
                [&](Subscription::Send& send) { send_for_watch(index, std::move(send.request)); },
                [&](const Subscription::Respond& answer) { respond(answer.to, answer.response); },
                [&](const Subscription::StartTimer& timer) {
                    start_watch_timer(index, timer.after);
                },
                [&](const Subscription::Notified& notified) {
                    take_watched(watch, notified.content_type, notified.body);
                },
                [&](const Subscription::Ended& ended) {
                    lose_watched(watch, ended.status, ended.reason);
                }},
            action);
    }
}

void Phone::send_for_watch(std::size_t index, sip::MessageBuilder request) {
    Line& line = *lines_.at(watches_.at(index).line);
    request.header(sip::HeaderName::Via, line.via());
    sip::MessagePtr message = request.build();
    const auto hop = line.hop();
    // RFC 5630 §5.1.1: a SIPS URI over TLS alone.
    const bool needs_tls = message->request_uri().is_secure();
    if (!hop || (needs_tls && hop->transport != sip::Transport::Tls)) {
        log::warning("watch.no-way", {{"target", message->request_uri_text()}});
        on_watch_failed(index, *message);
        return;
    }
    const ClientId id = shard_.send_request(*hop, message);
    sent_[id] = Sent{Sent::For::Watch, line.index(), {}, *hop, std::move(message), index};
}

void Phone::on_watch_response(std::size_t index, const sip::Message& request,
                              const sip::Message& response) {
    tell_watch(index, [&](Subscription& subscription, Subscription::Actions& out) {
        subscription.on_response(request, response, shard_.now().monotonic, random_, out);
    });
}

void Phone::on_watch_failed(std::size_t index, const sip::Message& request) {
    tell_watch(index, [&](Subscription& subscription, Subscription::Actions& out) {
        subscription.on_failed(request, shard_.now().monotonic, random_, out);
    });
}

void Phone::on_watch_timer(std::size_t index) {
    tell_watch(index, [&](Subscription& subscription, Subscription::Actions& out) {
        subscription.on_time(shard_.now().monotonic, random_, out);
    });
}

void Phone::move_watches(const Line& line) {
    for (std::size_t i = 0; i < watches_.size(); ++i) {
        if (watches_[i].line == line.index()) {
            tell_watch(i, [&](Subscription& subscription, Subscription::Actions& out) {
                subscription.set_contact(line.contact(), out);
            });
        }
    }
}

void Phone::stop_watches() {
    for (std::size_t i = 0; i < watches_.size(); ++i) {
        tell_watch(i, [](Subscription& subscription, Subscription::Actions& out) {
            subscription.stop(out);
        });
    }
}

// It is of a subscription of ours, which is told.
bool Phone::is_notified(ServerId id, const sip::Message& request) {
    for (std::size_t i = 0; i < watches_.size(); ++i) {
        const auto& subscription = watches_[i].subscription;
        if (subscription && subscription->is_notified_by(request)) {
            tell_watch(i, [&](Subscription& its, Subscription::Actions& out) {
                its.on_notify(id, request, shard_.now().monotonic, random_, out);
            });
            return true;
        }
    }
    return false;
}

}  // namespace ringwall::phone
