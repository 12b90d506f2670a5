#include "simulation/oracle.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace ringwall::simulation {
namespace {

namespace table = sbc::policy::table;

constexpr std::array hunting_triggers{408, 480, 500, 502, 503, 504};  // the default

bool speaks_of(const table::Row& row, const Place& caller, Scheme call, const Place& target,
               SipsConversion conversion, Scheme target_scheme, Event event) {
    using table::has;
    return has(row.caller, caller.security) && has(row.sip_calls_in, caller.sip_calls_in) &&
           has(row.call, call) && has(row.target, target.security) &&
           has(row.sip_calls_out, target.sip_calls_out) && has(row.sips_conversion, conversion) &&
           has(row.untrusted_callers, target.untrusted_callers) &&
           has(row.target_scheme, target_scheme) && has(row.events, event);
}

bool may_have_keys(const Place& place) {
    return place.is_trusted() && place.media_security != MediaSecurity::Off;
}

// "SDES keys: only on trusted legs", `media-security`: may this description go from here to there?
bool media_passes(Media media, const Place& from, const Place& to) {
    const bool is_required = from.media_security == MediaSecurity::Required ||
                             to.media_security == MediaSecurity::Required;
    const bool keys_pass = may_have_keys(from) && may_have_keys(to);
    switch (media) {
        case Media::None:
            return true;
        case Media::Plain:
            return !is_required;
        case Media::Sdes:
            return keys_pass;
        case Media::SdesOnAvp:
            return keys_pass || !is_required;
    }
    return false;
}

class Forecast {
public:
    Forecast(const Plan& plan, const Topology& topology, const std::vector<Enrolled>& enrolled)
        : plan_(plan),
          topology_(topology),
          enrolled_(enrolled),
          from_(topology.place(plan.place)) {}

    Expectation run() {
        if (plan_.is_registration) {
            registration();
        } else if (!is_refused_before_routing()) {
            route();
        }
        if (plan_.cancel_after && !out_.is_silent && !out_.legs.empty()) {
            out_.endings.insert({487});
        }
        return std::move(out_);
    }

private:
    using Endings = std::set<Ending>;

    Judgement ask(const Place& target, Scheme scheme, Event event) {
        return judge(from_, plan_.scheme, target, scheme, event);
    }
    static Ending ending_of(const Judgement& refused) {
        const bool hunts =
            std::ranges::find(hunting_triggers, refused.answer.status) != hunting_triggers.end();
        return {refused.answer.status, refused.answer.warning, hunts};
    }

    void registration() {
        // Who may not call may not register either, whatever as.
        const bool is_refused = !from_.is_trusted() && plan_.scheme == Scheme::Sips;
        const Scheme contact = is_refused ? plan_.scheme : twisted(plan_.scheme, plan_.registered);
        const Judgement judgement = ask(from_, contact, Event::Registration);
        out_.judgements.push_back(judgement);
        // RFC 5630 §5.2: a SIPS Contact needs a SIPS Request-URI.
        const bool is_bound_by_less = contact == Scheme::Sips && plan_.scheme != Scheme::Sips;
        out_.endings.insert(!judgement.is_allowed ? Ending{judgement.answer.status}
                            : is_bound_by_less    ? Ending{400}
                                                  : Ending{200});
    }

    // In the order of the pipeline.
    bool is_refused_before_routing() {
        switch (plan_.caller) {
            case Caller::Honest:
            case Caller::ForeignFrom:
            case Caller::WrongPassword:
                break;
            case Caller::WrongName:
            case Caller::NoCertificate:
            case Caller::Stranger:
            case Caller::PlainOnTls:
            case Caller::TlsOnPlain:
                out_.is_silent = true;
                return true;
        }
        const bool is_untrusted_to_sips = !from_.is_trusted() && plan_.scheme == Scheme::Sips;
        const bool is_rejected = from_.is_trusted() && from_.sip_calls_in == SipCallsIn::Reject &&
                                 plan_.scheme != Scheme::Sips;
        if (plan_.scheme == Scheme::Other || is_untrusted_to_sips || is_rejected) {
            const Scheme any = plan_.scheme == Scheme::Other ? Scheme::Sip : plan_.scheme;
            const Judgement judgement = ask(from_, any, Event::Initial);
            CHECK(!judgement.is_allowed);
            out_.judgements.push_back(judgement);
            out_.endings.insert(ending_of(judgement));
            return true;
        }
        if (plan_.caller_contact != Twist::Same) {
            out_.endings.insert({400});
            return true;
        }
        if (plan_.caller == Caller::ForeignFrom) {
            out_.endings.insert({403});
            return true;
        }
        if (plan_.caller == Caller::WrongPassword) {
            out_.endings.insert({401});
            return true;
        }
        return false;
    }

    void route() {
        switch (plan_.called) {
            case Called::Nobody:
                out_.endings.insert({404});
                return;
            case Called::User:
                location();
                return;
            case Called::Trunk:
            case Called::TwoTrunks:
                trunks();
                return;
        }
    }

    void trunks() {
        std::vector<std::pair<const Place*, Scheme>> routes;
        Endings refusals;
        for (const int number : plan_.destinations) {
            const Place& to = topology_.place(number);
            const Judgement judgement = ask(to, plan_.scheme, Event::Initial);
            out_.judgements.push_back(judgement);
            if (judgement.is_allowed) {
                routes.emplace_back(&to, judgement.leg);
                out_.legs[number].insert(judgement.leg);
            } else {
                refusals.insert(ending_of(judgement));
            }
        }
        if (routes.empty()) {
            out_.endings = refusals;
            return;
        }
        // What went before is remembered: when all fail, the best of it is the answer.
        Endings before;
        for (const auto& [to, leg] : routes) {
            const Endings now = called(*to, to->number, leg);
            const bool goes_on =
                std::ranges::any_of(now, [](const Ending& each) { return each.hunts; });
            const bool must_go_on =
                std::ranges::all_of(now, [](const Ending& each) { return each.hunts; });
            if (!must_go_on) {
                out_.endings.insert(now.begin(), now.end());
            }
            before.insert(now.begin(), now.end());
            if (!goes_on) {
                const bool succeeds = now.size() == 1 && now.begin()->status < 300;
                if (!succeeds) {
                    out_.endings.insert(before.begin(), before.end());
                }
                return;
            }
        }
        out_.endings.insert(before.begin(), before.end());
    }

    void location() {
        const Place& to = topology_.place(plan_.called_place);
        const Judgement same = ask(to, plan_.scheme, Event::Fork);
        const Scheme other = plan_.scheme == Scheme::Sips ? Scheme::Sip : Scheme::Sips;
        if (!same.is_allowed && !ask(to, other, Event::Fork).is_allowed) {
            out_.judgements.push_back(same);
            out_.endings.insert(ending_of(same));
            return;
        }
        Endings all;
        std::size_t sure = 0;
        bool is_any_risky = false;
        bool is_any_there = false;
        for (const Enrolled& phone : enrolled_) {
            if (phone.place != plan_.called_place || phone.user != plan_.called_user) {
                continue;
            }
            is_any_there = true;
            const Judgement judgement = ask(to, phone.contact, Event::Fork);
            out_.judgements.push_back(judgement);
            if (!judgement.is_allowed) {
                // An untrusted caller gets the same answer for known and unknown users.
                all.insert(from_.is_trusted() ? ending_of(judgement) : Ending{480, 0});
                continue;
            }
            out_.legs[to.number].insert(judgement.leg);
            const Endings now = called(to, phone.number, judgement.leg);
            const bool is_sure = now.size() == 1 && now.begin()->status == 200;
            sure += is_sure ? 1 : 0;
            is_any_risky =
                is_any_risky || std::ranges::any_of(now, [](const Ending& each) {
                    return each.status >= 600 || each.status == 480 || each.status == 488;
                });
            all.insert(now.begin(), now.end());
        }
        if (!is_any_there) {
            const bool is_unknown = plan_.called_user > users_of_access;
            all.insert({is_unknown && from_.is_trusted() ? 404 : 480, 0});
        }
        if (sure > 0 && !is_any_risky) {
            all = {Ending{200}};
        }
        out_.endings.insert(all.begin(), all.end());
    }

    // What a call to one target may come to.
    Endings called(const Place& to, int who, Scheme leg) {
        if (!media_passes(plan_.media, from_, to)) {
            return {Ending{488, -1, true}};
        }
        if (plan_.is_message || plan_.is_subscription) {
            return {Ending{200}};
        }
        const Answering& answering = plan_.answering(who);
        switch (answering.kind) {
            case Answering::Kind::Answer:
            case Answering::Kind::RingAnswer:
                return answered(to, answering.contact, leg);
            case Answering::Kind::Reject:
                return {rejected(answering.status)};
            case Answering::Kind::Redirect:
                return redirected(to, answering, leg);
            case Answering::Kind::Ring:
                return {Ending{487}};
            case Answering::Kind::Mute:
                return {Ending{408, -1, true}};
        }
        return {};
    }

    Endings answered(const Place& to, Twist contact, Scheme leg) {
        // A 2xx is looked at for its description first, then for its Contact.
        if (plan_.media == Media::None && !media_passes(Media::Plain, to, from_)) {
            return {Ending{488}};
        }
        const bool is_allowed = ask(to, twisted(leg, contact), Event::RefreshByResponse).is_allowed;
        return {Ending{is_allowed ? 200 : 480}};
    }

    static Ending rejected(int status) {
        const bool hunts = std::ranges::find(hunting_triggers, status) != hunting_triggers.end();
        if (status == 401 || status == 407) {
            return {480, -1, hunts};  // a challenge is for us, never for the caller
        }
        return {status == 503 ? 500 : status, -1, hunts};
    }

    Endings redirected(const Place& to, const Answering& answering, Scheme leg) {
        Endings refusals;
        bool is_any_allowed = false;
        for (const Twist twist : answering.targets) {
            const Judgement judgement = ask(to, twisted(leg, twist), Event::Redirect);
            is_any_allowed = is_any_allowed || judgement.is_allowed;
            if (!judgement.is_allowed) {
                refusals.insert(ending_of(judgement));
            }
        }
        if (!is_any_allowed) {
            return refusals;
        }
        // Phones have no peer by which a redirection could be followed.
        return to.recurses && !to.is_access ? answered(to, Twist::Same, leg) : Endings{Ending{302}};
    }

    const Plan& plan_;
    const Topology& topology_;
    const std::vector<Enrolled>& enrolled_;
    const Place& from_;
    Expectation out_;
};

}  // namespace

void Tally::add(const Tally& other) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
        rows[i] += other.rows[i];
    }
    for (std::size_t i = 0; i < answers.size(); ++i) {
        answers[i] += other.answers[i];
    }
    for (std::size_t i = 0; i < flows.size(); ++i) {
        flows[i] += other.flows[i];
    }
    for (const auto& [status, count] : other.endings) {
        endings[status] += count;
    }
}

void Judgement::count(Tally& tally) const {
    ++tally.rows[row];
    if (answer_row) {
        ++tally.answers[*answer_row];
    }
}

Judgement judge(const Place& caller, Scheme call, const Place& target, Scheme target_scheme,
                Event event, bool is_callers_leg) {
    const SipsConversion conversion = is_callers_leg ? SipsConversion::Off : target.sips_conversion;
    Judgement out;
    const auto row = std::ranges::find_if(table::oracle, [&](const table::Row& each) {
        return speaks_of(each, caller, call, target, conversion, target_scheme, event);
    });
    CHECK(row != table::oracle.end());
    out.row = static_cast<std::size_t>(row - table::oracle.begin());
    switch (row->expected.leg) {
        case table::Leg::Sip:
            out.leg = Scheme::Sip;
            break;
        case table::Leg::Sips:
            out.leg = Scheme::Sips;
            break;
        case table::Leg::AsItCame:
            out.leg = target_scheme;
            break;
        case table::Leg::Refused: {
            const auto answer = std::ranges::find_if(table::answers, [&](const auto& each) {
                return table::has(each.refusals, row->expected.refusal) &&
                       table::has(each.events, event) && table::has(each.call, call);
            });
            CHECK(answer != table::answers.end());
            out.answer_row = static_cast<std::size_t>(answer - table::answers.begin());
            out.answer = answer->answer;
            return out;
        }
    }
    out.is_allowed = true;
    return out;
}

int expect_replacement(const Plan& plan, const Topology& topology, const Replacement& asked) {
    const Place& caller = topology.place(plan.place);
    const bool is_sips = asked.scheme == Scheme::Sips;
    const bool is_rejected = asked.newcomer.sip_calls_in == SipCallsIn::Reject && !is_sips;
    if (asked.newcomer.is_trusted() ? is_rejected : is_sips) {
        return is_sips ? 403 : 480;
    }
    const bool changes_security =
        is_secure(asked.newcomer, asked.scheme) != is_secure(caller, plan.scheme) ||
        is_sips != (plan.scheme == Scheme::Sips);
    const bool is_less_trusted = asked.replaced.is_trusted() && !asked.newcomer.is_trusted();
    if (changes_security || is_less_trusted) {
        return 403;
    }
    // It must be allowed to call who remains, and if it is the one who was called, to be called.
    const bool may_call =
        judge(asked.newcomer, asked.scheme, asked.remaining, asked.remaining_scheme, Event::Fork)
            .is_allowed;
    const bool may_be_called =
        asked.replaces_caller ||
        judge(caller, plan.scheme, asked.newcomer, asked.scheme, Event::Fork).is_allowed;
    if (!may_call || !may_be_called) {
        return 403;
    }
    return media_passes(Media::Plain, asked.newcomer, asked.remaining) ? 200 : 488;
}

bool is_secure(const Place& caller, Scheme call) {
    return call == Scheme::Sips ||
           (caller.is_trusted() && caller.sip_calls_in == SipCallsIn::Secure);
}

Scheme twisted(Scheme leg, Twist twist) {
    switch (twist) {
        case Twist::Same:
            return leg == Scheme::Sips ? Scheme::Sips : Scheme::Sip;
        case Twist::Other:
            return leg == Scheme::Sips ? Scheme::Sip : Scheme::Sips;
        case Twist::Tel:
            return Scheme::Tel;
        case Twist::Odd:
            return Scheme::Other;
    }
    return leg;
}

bool Expectation::allows(int status, int warning) const {
    return std::ranges::any_of(endings, [&](const Ending& each) {
        return each.status == status && (each.warning == -1 || each.warning == warning);
    });
}

Expectation expect(const Plan& plan, const Topology& topology,
                   const std::vector<Enrolled>& enrolled) {
    return Forecast(plan, topology, enrolled).run();
}

}  // namespace ringwall::simulation
