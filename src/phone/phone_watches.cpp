// The part of Phone that subscribes: to what a line's mailbox holds (RFC 3842).
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

constexpr std::string_view summary_type = "application/simple-message-summary";

std::string mailbox_uri(const LineSettings& line) {
    const std::string& server = line.voice_mail_server;
    if (server.starts_with("sip:") || server.starts_with("sips:")) {
        return server;
    }
    const std::string& id = line.mailbox_id.empty() ? line.user_id : line.mailbox_id;
    return server.find('@') != std::string::npos ? "sip:" + server
                                                 : "sip:" + sip::escape_user(id) + "@" + server;
}

bool is_ready(const Line& line) {
    return line.state() == Line::State::Up &&
           (line.is_registered() || !line.settings().is_register);
}

}  // namespace

void Phone::watch(const Line& line) {
    Watch& watch = watches_.at(line.index());
    const bool was_ready = std::exchange(watch.is_ready, is_ready(line));
    if (was_ready || !watch.is_ready || line.settings().voice_mail_server.empty() || is_stopping_) {
        return;
    }
    if (!watch.subscription) {
        const PhoneSettings& phone = settings_->phone;
        const auto expires = std::chrono::duration_cast<std::chrono::seconds>(
            line.settings().voice_mail_subscribe_interval);
        watch.subscription.emplace(
            Subscription::Setup{.target = mailbox_uri(line.settings()),
                                .from = "<" + line.address_of_record() + ">",
                                .contact = line.contact(),
                                .event = "message-summary",
                                .accept = std::string(summary_type),
                                .expires = static_cast<std::uint32_t>(expires.count()),
                                .min_expires = phone.sub_min_expires,
                                .max_expires = phone.sub_max_expires,
                                .retry = phone.sub_retry_intvl,
                                .bucket = shard_.place().own_bucket(),
                                .accounts = {line.account()},
                                .max_auth = phone.max_auth,
                                .max_forwards = phone.max_forward,
                                .user_agent = user_agent_name(phone)});
    }
    tell_watch(line.index(), [&](Subscription& subscription, Subscription::Actions& out) {
        subscription.start(random_, out);
    });
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
        std::visit(Visitor{[&](Subscription::Send& send) {
                               send_for_watch(index, std::move(send.request));
                           },
                           [&](const Subscription::Respond& answer) {
                               shard_.respond(answer.to, answer.response);
                           },
                           [&](const Subscription::StartTimer& timer) {
                               start_watch_timer(index, timer.after);
                           },
                           [&](const Subscription::Notified& notified) {
                               if (sip::is_media_type(notified.content_type, "application",
                                                      "simple-message-summary")) {
                                   take_summary(*lines_.at(index), notified.body);
                               }
                           },
                           [&](const Subscription::Ended& ended) {
                               log::warning("line.messages-not-known",
                                            {{"line", lines_.at(index)->settings().number},
                                             {"status", ended.status},
                                             {"reason", ended.reason}});
                           }},
                   action);
    }
}

void Phone::send_for_watch(std::size_t index, sip::MessageBuilder request) {
    Line& line = *lines_.at(index);
    request.header(sip::HeaderName::Via, line.via());
    sip::MessagePtr message = request.build();
    const auto hop = line.hop();
    if (!hop) {
        on_watch_failed(index, *message);
        return;
    }
    const ClientId id = shard_.send_request(*hop, message);
    sent_[id] = Sent{Sent::For::Watch, index, {}, *hop, std::move(message)};
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

void Phone::move_watch(const Line& line) {
    tell_watch(line.index(), [&](Subscription& subscription, Subscription::Actions& out) {
        subscription.set_contact(line.contact(), out);
    });
}

void Phone::stop_watch(const Line& line) {
    tell_watch(line.index(), [](Subscription& subscription, Subscription::Actions& out) {
        subscription.stop(out);
    });
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
