// The part of Phone that knows what is meant by what was dialled: addresses, numbers by the line's
// dial plan, and the star codes of services.
#include <algorithm>
#include <utility>

#include "base/visitor.h"
#include "phone/dial_plan.h"
#include "phone/parameters/values.h"
#include "phone/phone.h"
#include "phone/target.h"
#include "sip/header/replaces.h"

namespace ringwall::phone {
namespace {

std::string_view yes_or_no(bool is) {
    return is ? "Yes" : "No";
}

// "4 0 3", as people write numbers; a name has none.
std::string without_blanks(std::string_view dialled) {
    std::string out(dialled);
    std::erase(out, ' ');
    return out;
}

bool is_keys(std::string_view dialled) {
    return dialled.find_first_not_of("0123456789*#") == std::string_view::npos;
}

// A code that is all of what is dialled. Those of a place where calls are parked, and of a group,
// are said to the server with what follows.
bool stands_alone(const StarCode& code) {
    return code.then == StarServiceRow::Then::Nothing && code.service != StarService::CallPark &&
           code.service != StarService::CallUnPark && code.service != StarService::GroupCallPickup;
}

}  // namespace

// A URI of an address or of a number that the line's server knows.
Result<std::string, std::string> Phone::target_of(const Line& line, std::string_view number) const {
    auto uri = phone::target_of(number, line.domain());
    if (!uri) {
        return fail("'" + std::string(number) + "' is neither a number nor a SIP address" +
                    (number.find('?') == std::string_view::npos
                         ? ""
                         : "; what stands behind a '?' is not called"));
    }
    return *std::move(uri);
}

Result<std::optional<CallId>, std::string> Phone::dial(std::size_t index,
                                                       std::string_view dialled) {
    if (index >= lines_.size()) {
        return fail(std::string("there is no such line"));
    }
    Line& line = *lines_[index];
    const std::string without = is_address(dialled) ? std::string() : without_blanks(dialled);
    const Wanted wanted = TRY(wanted_by(line, without.empty() ? dialled : without));
    if (wanted.call.target.empty()) {
        if (!is_busy()) {
            tones_.play(settings_->phone.tones.confirm);
        }
        return std::optional<CallId>();
    }
    last_dialled_[line.index()] = wanted.call;
    Call* const call = TRY(place_call(line, wanted.call, wanted.is_emergency));
    hold_others(*call);
    return std::optional(call->id());
}

Result<CallId, std::string> Phone::dial_voice_mail(std::size_t line) {
    const std::string& number = settings_->phone.voice_mail_number;
    if (number.empty()) {
        return fail(std::string("Voice Mail Number is not set"));
    }
    const auto call = TRY(dial(line, number));
    return call ? Result<CallId, std::string>(*call)
                : fail("Voice Mail Number is the code of a service: " + number);
}

Result<Phone::Wanted, std::string> Phone::wanted_by(Line& line, std::string_view dialled) {
    Wanted wanted;
    wanted.call.is_secure_wanted = services_.secure_calls;
    wanted.call.is_hidden = services_.blocks_caller_id;
    if (const auto star = find_star_code(settings_->phone.star_codes, dialled)) {
        TRY(do_service(*star, line, wanted));
        const bool is_for_a_call = star->code.then == StarServiceRow::Then::Call;
        if (!is_for_a_call || star->rest.empty()) {
            return wanted;
        }
        dialled = star->rest;
    } else {
        const auto secure = std::exchange(services_.is_next_call_secure, std::nullopt);
        const auto hidden = std::exchange(services_.is_next_call_hidden, std::nullopt);
        wanted.call.is_secure_wanted = secure.value_or(wanted.call.is_secure_wanted);
        wanted.call.is_hidden = hidden.value_or(wanted.call.is_hidden);
        wanted.call.call_waiting = std::exchange(services_.does_next_call_wait, std::nullopt);
    }
    TRY(dial_number(line, dialled, wanted));
    return wanted;
}

// An address, the number of an emergency, a speed dial, or what the dial plan makes of it.
Result<void, std::string> Phone::dial_number(Line& line, std::string_view dialled,
                                             Wanted& wanted) const {
    const auto& emergency = line.settings().emergency_number;
    wanted.is_emergency = std::ranges::find(emergency, dialled) != emergency.end();
    const std::string_view key = dialled.ends_with('#') ? dialled.substr(0, 1) : dialled;
    if (!wanted.is_emergency && key.size() == 1 && dialled.size() <= 2 && key[0] >= '2' &&
        key[0] <= '9') {
        const std::string& number =
            settings_->phone.speed_dial[static_cast<std::size_t>(key[0] - '0')];
        dialled = number.empty() ? dialled : std::string_view(number);
    }
    if (wanted.is_emergency || is_address(dialled) || !is_keys(dialled) ||
        line.settings().dial_plan.empty()) {
        wanted.call.target = TRY(target_of(line, dialled));
        return {};
    }
    DialPlan plan = TRY(DialPlan::parse(line.settings().dial_plan));
    plan.set_ip_dialling(line.settings().enable_ip_dialing ? IpDialling::Enabled
                                                           : IpDialling::Disabled);
    const DialResult result = plan.resolve(dialled);
    if (const auto* failure = std::get_if<DialFailure>(&result)) {
        return fail("'" + std::string(dialled) + "' is " +
                    (*failure == DialFailure::Barred ? "barred by" : "no number of") +
                    " the dial plan of line " + std::to_string(line.settings().number));
    }
    const auto& number = std::get<DialledNumber>(result);
    if (number.address) {
        wanted.call.address = number.address;
        wanted.call.target = "sip:" + number.number + (number.number.empty() ? "" : "@") +
                             number.address->to_string();
        return {};
    }
    wanted.call.target = number.gateway.empty()
                             ? TRY(target_of(line, number.number))
                             : TRY(target_of(line, number.number + "@" + number.gateway));
    return {};
}

Result<void, std::string> Phone::choose_codec(media::Codec codec, bool is_only,
                                              const std::string& number, Wanted& wanted) {
    wanted.call.codec = Call::Dialled::Codec{codec, is_only};
    if (number.empty()) {
        return fail(std::string("the number belongs behind the code of a codec"));
    }
    return {};
}

// The call that is spoken in.
Result<void, std::string> Phone::transfer_active(const Line& line, std::string_view number) {
    const auto active = std::ranges::find_if(calls_, [&](const auto& each) {
        return &each.second->line() == &line && each.second->state() == Call::State::Active &&
               !each.second->is_held();
    });
    return active == calls_.end() ? fail(std::string("there is no call to transfer"))
                                  : transfer(active->first, number);
}

// RFC 5359 §2.16: a call to who calls there, in place of the dialog that rings. None: nothing
// rings, or which dialog it is was not said.
std::optional<Call::Dialled> Phone::picking_up(const WatchedLine& watched) {
    const OtherDialog* const ringing = watched.dialogs.ringing();
    if (ringing == nullptr || ringing->call_id.empty() || ringing->local_tag.empty() ||
        ringing->remote_tag.empty()) {
        return std::nullopt;
    }
    const std::string& target =
        ringing->remote_target.empty() ? ringing->remote : ringing->remote_target;
    if (!is_target(target)) {
        return std::nullopt;
    }
    Call::Dialled what;
    what.target = target;
    // The receiver's view (RFC 3891 §3): his own tag is the other's remote one.
    what.fields.emplace_back("Replaces", sip::replaces_value({.call_id = ringing->call_id,
                                                              .to_tag = ringing->remote_tag,
                                                              .from_tag = ringing->local_tag,
                                                              .early_only = true}));
    what.fields.emplace_back("Require", "replaces");
    return what;
}

Result<CallId, std::string> Phone::press(unsigned key) {
    const auto found =
        std::ranges::find(watched_, key, [](const WatchedLine& each) { return each.key.number; });
    if (found == watched_.end()) {
        return fail("there is no line key " + std::to_string(key) + " with an Extended Function");
    }
    const auto line = std::ranges::find_if(
        lines_, [&](const auto& each) { return each->settings().number == found->key.line; });
    if (line == lines_.end()) {
        return fail(std::string("there is no such line"));
    }
    auto what = found->key.picks_up ? picking_up(*found) : std::nullopt;
    if (!what && !found->key.dials) {
        return fail(found->key.picks_up ? "nothing rings at " + found->key.name
                                        : "line key " + std::to_string(key) + " only watches");
    }
    if (!what) {
        what.emplace();
        what->target = found->key.address;
    }
    what->is_secure_wanted = services_.secure_calls;
    what->is_hidden = services_.blocks_caller_id;
    Call* const call = TRY(place_call(**line, *what));
    hold_others(*call);
    return call->id();
}

Result<void, std::string> Phone::forward_to(const Line& line, std::string_view parameter,
                                            const std::string& number, std::string& service) {
    if (!number.empty()) {
        TRY(target_of(line, number));
        Values values;
        TRY(values.set(parameter, 0, number));
    }
    service = number;
    observer_.on_service(parameter, number);
    return {};
}

Result<void, std::string> Phone::do_service(const StarDialled& what, Line& line, Wanted& wanted) {
    // Whoever presses keys may end the number with #.
    const bool has_end = what.code.then == StarServiceRow::Then::Number && what.rest.ends_with('#');
    const std::string number(what.rest.substr(0, what.rest.size() - (has_end ? 1 : 0)));
    if (what.code.then == StarServiceRow::Then::Number && number.empty()) {
        return fail(what.code.code + " wants a number behind it");
    }
    if (stands_alone(what.code) && !what.rest.empty() && what.rest != "#") {
        return fail("nothing belongs behind " + what.code.code + "; it was not done");
    }
    switch (what.code.service) {
        case StarService::DndAct:
        case StarService::DndDeact:
            services_.do_not_disturb = what.code.service == StarService::DndAct;
            observer_.on_service("DND Setting", yes_or_no(services_.do_not_disturb));
            return {};
        case StarService::CwAct:
        case StarService::CwDeact:
            services_.call_waiting = what.code.service == StarService::CwAct;
            observer_.on_service("CW Setting", yes_or_no(services_.call_waiting));
            return {};
        case StarService::SecureAllCallAct:
        case StarService::SecureNoCallAct:
            services_.secure_calls = what.code.service == StarService::SecureAllCallAct;
            observer_.on_service("Secure Call Setting", yes_or_no(services_.secure_calls));
            return {};
        case StarService::SecureOneCallAct:
        case StarService::SecureOneCallDeact:
            wanted.call.is_secure_wanted = what.code.service == StarService::SecureOneCallAct;
            if (number.empty()) {
                services_.is_next_call_secure = wanted.call.is_secure_wanted;
            }
            return {};
        case StarService::BlockCidAct:
        case StarService::BlockCidDeact:
            services_.blocks_caller_id = what.code.service == StarService::BlockCidAct;
            observer_.on_service("Block CID Setting", yes_or_no(services_.blocks_caller_id));
            return {};
        case StarService::BlockCidPerCallAct:
        case StarService::BlockCidPerCallDeact:
            wanted.call.is_hidden = what.code.service == StarService::BlockCidPerCallAct;
            if (number.empty()) {
                services_.is_next_call_hidden = wanted.call.is_hidden;
            }
            return {};
        case StarService::BlockAncAct:
        case StarService::BlockAncDeact:
            services_.blocks_anonymous = what.code.service == StarService::BlockAncAct;
            observer_.on_service("Block ANC Setting", yes_or_no(services_.blocks_anonymous));
            return {};
        case StarService::PreferG711u:
        case StarService::ForceG711u:
            return choose_codec(media::Codec::Pcmu, what.code.service == StarService::ForceG711u,
                                number, wanted);
        case StarService::PreferG711a:
        case StarService::ForceG711a:
            return choose_codec(media::Codec::Pcma, what.code.service == StarService::ForceG711a,
                                number, wanted);
        case StarService::PreferG722:
        case StarService::ForceG722:
            return choose_codec(media::Codec::G722, what.code.service == StarService::ForceG722,
                                number, wanted);
        case StarService::CallReturn: {
            const std::string caller = history_.last_caller(line.settings().number);
            if (caller.empty()) {
                return fail(std::string("nobody has called"));
            }
            if (!is_target(caller)) {
                return fail("who called last has no address that can be called: " + caller);
            }
            wanted.call.target = caller;
            return {};
        }
        case StarService::Paging:
            // Who is paged answers by itself.
            wanted.call.fields.emplace_back("Call-Info",
                                            "<sip:" + line.domain() + ">;answer-after=0");
            return dial_number(line, number, wanted);
        case StarService::CfwdAllAct:
            return forward_to(line, "Cfwd All Dest", number, services_.forward_all);
        case StarService::CfwdAllDeact:
            return forward_to(line, "Cfwd All Dest", "", services_.forward_all);
        case StarService::CfwdBusyAct:
            return forward_to(line, "Cfwd Busy Dest", number, services_.forward_busy);
        case StarService::CfwdBusyDeact:
            return forward_to(line, "Cfwd Busy Dest", "", services_.forward_busy);
        case StarService::CfwdNoAnsAct:
            return forward_to(line, "Cfwd No Ans Dest", number, services_.forward_no_answer);
        case StarService::CfwdNoAnsDeact:
            return forward_to(line, "Cfwd No Ans Dest", "", services_.forward_no_answer);
        case StarService::BlindTransfer:
            return transfer_active(line, number);
        case StarService::CallPickup: {
            const auto watched = std::ranges::find_if(watched_, [&](const WatchedLine& each) {
                const auto uri = sip::parse_uri(each.key.address);
                return uri && sip::unescape(uri->user) == number;
            });
            const auto there = watched == watched_.end() ? std::nullopt : picking_up(*watched);
            if (there) {
                wanted.call.target = there->target;
                wanted.call.fields = there->fields;
                return {};
            }
            wanted.call.target = TRY(target_of(line, what.code.code + number));
            return {};
        }
        case StarService::CallUnPark:
        case StarService::GroupCallPickup:
            wanted.call.target = TRY(target_of(line, what.code.code + number));
            return {};
        case StarService::CallPark:
            return transfer_active(line, what.code.code + number);
        case StarService::CwPerCallAct:
        case StarService::CwPerCallDeact:
            wanted.call.call_waiting = what.code.service == StarService::CwPerCallAct;
            if (number.empty()) {
                services_.does_next_call_wait = wanted.call.call_waiting;
            }
            return {};
        case StarService::CallBackAct:
            return start_call_back(line);
        case StarService::CallBackDeact:
            stop_call_back();
            return {};
    }
    return {};
}

}  // namespace ringwall::phone
