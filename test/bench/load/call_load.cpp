#include "call_load.h"

#include <algorithm>

namespace ringwall::bench {

using sip::Method;

CallLoad::CallLoad(const Options& options, Ends& ends, Random& random)
    : Load(options, ends, random), server_(options.server_pid) {
    const bool callees_register = options.callee_listen == 0;
    const auto caller_channels = population().add_channels(
        options.connections, options.transport, options.server, Population::Ports::Unknown);
    const std::uint32_t callees = callees_register ? options.connections : 1;
    const auto callee_channels = population().add_channels(
        callees, options.callee_transport, options.callee_server,
        callees_register ? Population::Ports::Learned : Population::Ports::Unknown,
        options.callee_listen);
    population().add_members(
        options.connections, options.user_prefix, options.domain, caller_channels,
        options.authentication == Authentication::None ? Population::Registered::No
                                                       : Population::Registered::Yes);
    population().add_members(
        callees, "b", options.callee_domain, callee_channels,
        callees_register ? Population::Registered::Yes : Population::Registered::No);

    const std::uint32_t slots = std::max(options.window, options.users);
    for (std::uint32_t i = 0; i < slots; ++i) {
        targets_.push_back("sip:b" + std::to_string(i % callees) + "@" + options.callee_domain);
    }
    is_answered_.resize(slots);
    set_slots(slots);
}

RequestIds CallLoad::ids(std::size_t slot, std::uint32_t cseq, std::string_view method) {
    std::string call_id = "c" + std::to_string(slot) + "." + std::to_string(generation(slot)) +
                          "." + population().run();
    std::string branch = call_id;
    branch.append("-").append(method);
    return {std::move(call_id), std::move(branch), cseq};
}

const Party& CallLoad::caller(std::size_t slot) {
    return population().member(slot % options().connections).registration.party();
}

void CallLoad::begin(std::size_t slot) {
    if (memory_before_ == 0) memory_before_ = server_.memory();
    is_answered_[slot] = 0;
    ends().send(*population().member(slot % options().connections).channel,
                invite_text(caller(slot), ids(slot, 1, "INVITE"), targets_[slot]));
}

void CallLoad::on_operation_message(Channel& channel, const Endpoint& from,
                                    const sip::Message& message) {
    if (message.is_request()) {
        answer(channel, from, message);
        return;
    }
    if (options().scenario == Scenario::Held && message.cseq().method == Method::Bye) {
        ++byes_answered_;
        return;
    }
    const std::size_t slot = index_of(message.call_id());
    if (slot >= targets_.size() || !is_busy(slot) ||
        message.call_id() != ids(slot, 1, "").call_id) {
        note_event("strays");
        return;
    }
    if (message.status() >= 200) on_response(channel, slot, message);
}

void CallLoad::answer(const Channel& channel, const Endpoint& from, const sip::Message& request) {
    if (request.method() == Method::Ack) {
        note_event("acks_heard");
        return;
    }
    if (request.method() != Method::Invite) {
        ends().send_to(channel, from, response_text(request, 200, "b", ""));
        return;
    }
    const Party party{
        .user = "b", .domain = {}, .transport = channel.transport, .port = channel.port, .tag = {}};
    const std::string contact = party.contact();
    const std::string tag = "b" + std::string(request.call_id().substr(0, 12));
    ends().send_to(channel, from, response_text(request, 180, tag, contact));
    ends().send_to(channel, from, response_text(request, 200, tag, contact));
}

void CallLoad::on_response(const Channel& channel, std::size_t slot, const sip::Message& response) {
    const Party& party = caller(slot);
    if (response.cseq().method == Method::Bye) {
        if (response.status() != 200) note_event("bye_" + std::to_string(response.status()));
        finish(slot, response.status() == 200);
        return;
    }
    if (response.status() >= 300) {
        note_event("status_" + std::to_string(response.status()));
        ends().send(channel, refusal_ack_text(targets_[slot], ids(slot, 1, "INVITE"), response));
        finish(slot, false);
        return;
    }
    ends().send(channel, dialog_text("ACK", party, ids(slot, 1, "ACK"), response));
    if (is_answered_[slot] != 0) {
        note_event("repeated_200");
        return;
    }
    note_latency("invite_200", since_begin(slot));
    is_answered_[slot] = 1;
    std::string bye = dialog_text("BYE", party, ids(slot, 2, "BYE"), response);
    if (options().scenario == Scenario::Held) {
        byes_.emplace_back(slot % options().connections, std::move(bye));
        finish(slot, true);
        return;
    }
    ends().send(channel, bye);
}

nlohmann::json CallLoad::hang_up() {
    const auto settle = [this](const TimePoint limit, const auto& is_done) {
        while (!is_done() && clock_now() < limit) ends().turn(50ms);
    };
    settle(clock_now() + 500ms, [] { return false; });
    const std::uint64_t memory_up = server_.memory();
    std::size_t sent = 0;
    settle(clock_now() + 20s, [&] {
        for (; sent < byes_.size() && sent - byes_answered_ < options().window; ++sent) {
            ends().send(*population().member(byes_[sent].first).channel, byes_[sent].second);
        }
        return byes_answered_ >= byes_.size();
    });
    // An INVITE's transactions live for 32 s after its 2xx, over whatever transport (RFC 6026 §7.1,
    // timers L and M); over UDP the others do too (RFC 3261 §17.2.2).
    settle(clock_now() + 34s, [] { return false; });
    const std::uint64_t memory_after = server_.memory();
    const auto per_call = [this](std::uint64_t more, std::uint64_t less) {
        return (static_cast<double>(more) - static_cast<double>(less)) /
               static_cast<double>(std::max<std::size_t>(byes_.size(), 1));
    };
    return {{"calls", byes_.size()},
            {"ended", byes_answered_},
            {"bytes_per_call", per_call(memory_up, memory_before_)},
            {"bytes_kept_per_call", per_call(memory_after, memory_before_)}};
}

}  // namespace ringwall::bench
