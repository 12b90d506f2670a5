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
        case Media::Dtls:  // no key is seen
            return from.media_security != MediaSecurity::Off &&
                   to.media_security != MediaSecurity::Off;
    }
    return false;
}

// Through the media engine each leg is judged by itself.
bool enters_engine(Media media, const Place& from) {
    const bool is_required = from.media_security == MediaSecurity::Required;
    switch (media) {
        case Media::None:
            return true;
        case Media::Plain:
            return !is_required;
        case Media::Sdes:
            return may_have_keys(from);
        case Media::SdesOnAvp:
            return may_have_keys(from) || !is_required;
        case Media::Dtls:
            return from.media_security != MediaSecurity::Off;
    }
    return false;
}

// The answer to a description that goes from here to there; 0: it passes.
int refuse_media(const Topology& topology, Media media, const Place& from, const Place& to) {
    switch (media_way(topology, from, to)) {
        case MediaWay::None:
            return 503;
        case MediaWay::Bypass:
            return media_passes(media, from, to) ? 0 : 488;
        case MediaWay::Anchored:
            break;
    }
    const bool is_refused = topology.engine == EngineMood::Refuses && media != Media::None;
    return enters_engine(media, from) && !is_refused ? 0 : 488;
}

bool is_srtp(Media media, const Place& place) {
    return media == Media::Sdes || (media == Media::SdesOnAvp && may_have_keys(place));
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

    // The registrar behind is asked for what may go there, and has the last word.
    int judge_behind() {
        if (from_.registrar == 0) {
            return 200;
        }
        out_.registrar = from_.registrar;
        const bool is_refused =
            plan_.has_wrong_password || from_.refused_users.contains(plan_.user);
        out_.flows.insert(is_refused ? Flow::RefusedBehind : Flow::RegisteredBehind);
        return is_refused ? 403 : 200;
    }

    void registration() {
        // Who may not call may not register either, whatever as.
        const bool is_refused = !from_.is_trusted() && plan_.scheme == Scheme::Sips;
        if (from_.registrar != 0 && !is_refused) {
            const Judgement goes_on =
                ask(topology_.place(from_.registrar), plan_.scheme, Event::RelayedRegistration);
            out_.judgements.push_back(goes_on);
            if (!goes_on.is_allowed) {
                out_.endings.insert(ending_of(goes_on));
                return;
            }
        } else if (from_.registrar == 0 && plan_.has_wrong_password && !is_refused) {
            out_.endings.insert({401});
            return;
        }
        const Scheme contact = is_refused ? plan_.scheme : twisted(plan_.scheme, plan_.registered);
        const Judgement judgement = ask(from_, contact, Event::Registration);
        out_.judgements.push_back(judgement);
        // RFC 5630 §5.2: a SIPS Contact needs a SIPS Request-URI.
        const bool is_bound_by_less = contact == Scheme::Sips && plan_.scheme != Scheme::Sips;
        out_.endings.insert(!judgement.is_allowed ? Ending{judgement.answer.status}
                            : is_bound_by_less    ? Ending{400}
                                                  : Ending{judge_behind()});
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
        if (from_.registrar != 0) {
            // Who is not registered on its connection calls nobody: there is no password here.
            const bool is_honest = plan_.caller == Caller::Honest;
            if (!is_honest || !may_call(from_, plan_.user, enrolled_)) {
                out_.endings.insert({403});
                out_.flows.insert(Flow::MayNotCallBehind);
                return true;
            }
        } else if (plan_.caller == Caller::WrongPassword) {
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
            case Called::Contact:
                by_token();
                return;
            case Called::User:
                by_domain();
                return;
            case Called::Trunk:
            case Called::TwoTrunks:
                trunks(plan_.destinations);
                return;
        }
    }

    // Where its users are, the registrar behind knows; it finds them here.
    void by_domain() {
        const int registrar = topology_.place(plan_.called_place).registrar;
        if (registrar == 0 || registrar == from_.number) {
            location();
        } else {
            trunks({registrar});
            out_.flows.insert(Flow::CallsByRegistrar);
        }
    }

    // Its own phones alone, and nobody else.
    void by_token() {
        const auto is_mine = [&](const Place& each) { return each.registrar == from_.number; };
        if (std::ranges::none_of(topology_.places, is_mine)) {
            out_.endings.insert({404});
            out_.flows.insert(Flow::CalledByStranger);
            return;
        }
        // Without a word of who is there.
        std::vector<Judgement> refusals;
        bool could_be = false;
        for (const Place& each : topology_.places) {
            if (is_mine(each) && !could_be) {
                const Judgement same = ask(each, plan_.scheme, Event::Fork);
                could_be = same.is_allowed || ask(each, other_scheme(), Event::Fork).is_allowed;
                refusals.push_back(same);
            }
        }
        if (!could_be) {
            out_.judgements = refusals;
            for (const Judgement& each : refusals) {
                out_.endings.insert(ending_of(each));
            }
            return;
        }
        const Place& to = topology_.place(plan_.called_place);
        const auto phone = std::ranges::find_if(enrolled_, [&](const Enrolled& each) {
            return each.place == to.number && each.number == plan_.called_phone;
        });
        if (!is_mine(to) || phone == enrolled_.end()) {
            // RFC 5626 §5.3: its flow has failed. Who is not trusted learns nothing about that.
            out_.endings.insert({from_.is_trusted() ? 430 : 480, 0});
            return;
        }
        const Judgement judgement = ask(to, phone->contact, Event::Fork);
        out_.judgements.push_back(judgement);
        if (!judgement.is_allowed) {
            out_.endings.insert(from_.is_trusted() ? ending_of(judgement) : Ending{480, 0});
            return;
        }
        out_.legs[to.number].insert(judgement.leg);
        out_.endings = called(to, phone->number, judgement.leg);
        out_.flows.insert(Flow::CalledByRegistrar);
    }

    Scheme other_scheme() const {
        return plan_.scheme == Scheme::Sips ? Scheme::Sip : Scheme::Sips;
    }

    void trunks(const std::vector<int>& destinations) {
        std::vector<std::pair<const Place*, Scheme>> routes;
        Endings refusals;
        for (const int number : destinations) {
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
        if (!same.is_allowed && !ask(to, other_scheme(), Event::Fork).is_allowed) {
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
            const bool is_unknown = to.registrar == 0 && plan_.called_user > users_of_access;
            all.insert({is_unknown && from_.is_trusted() ? 404 : 480, 0});
        }
        if (sure > 0 && !is_any_risky) {
            all = {Ending{200}};
        }
        out_.endings.insert(all.begin(), all.end());
    }

    // What a call to one target may come to.
    Endings called(const Place& to, int who, Scheme leg) {
        if (plan_.is_message || plan_.is_subscription) {
            return {Ending{200}};
        }
        note_media(to);
        if (const int status = refuse_media(topology_, plan_.media, from_, to)) {
            // Of who is not there nobody would hear that.
            const bool is_hidden = to.is_access && !from_.is_trusted();
            return {is_hidden ? Ending{480, 0, true} : Ending{status, -1, true}};
        }
        const Answering& answering = plan_.answering(who);
        switch (answering.kind) {
            case Answering::Kind::Answer:
            case Answering::Kind::RingAnswer:
                return answered(to, answering.contact, leg);
            case Answering::Kind::Reject:
                return told_of(to, rejected(to, answering.status), answering);
            case Answering::Kind::Redirect:
                return redirected(to, answering, leg);
            case Answering::Kind::Ring:
                return {Ending{487}};
            case Answering::Kind::Mute:
                return {told(to, Ending{408, -1, true})};
        }
        return {};
    }

    void note_media(const Place& to) {
        const MediaWay way = media_way(topology_, from_, to);
        const bool is_any = from_.anchors_media || to.anchors_media;
        const bool passes = refuse_media(topology_, plan_.media, from_, to) == 0;
        if (topology_.has_engine() && way == MediaWay::Anchored && passes) {
            out_.flows.insert(Flow::Anchored);
            if (is_srtp(plan_.media, from_) && to.media_security == MediaSecurity::Off) {
                out_.flows.insert(Flow::SrtpBecomesRtp);
            }
            if (plan_.media == Media::Plain && to.is_trusted() &&
                to.media_security == MediaSecurity::Required) {
                out_.flows.insert(Flow::RtpBecomesSrtp);
            }
            if (plan_.media == Media::Dtls ||
                (plan_.media != Media::None &&
                 offered_by_engine(plan_.media, from_, to) == Media::Dtls)) {
                out_.flows.insert(Flow::KeysByHandshake);
            }
        } else if (way == MediaWay::Anchored) {
            out_.flows.insert(Flow::MediaRefused);
        } else if (is_any) {
            out_.flows.insert(way == MediaWay::None ? Flow::RefusedWithoutEngine
                                                    : Flow::WithoutEngine);
        }
    }

    Endings answered(const Place& to, Twist contact, Scheme leg) {
        // A 2xx is looked at for its description first, then for its Contact.
        if (plan_.media == Media::None &&
            refuse_media(topology_, natural_media(topology_, to), to, from_) != 0) {
            return {Ending{488}};
        }
        const bool is_allowed = ask(to, twisted(leg, contact), Event::RefreshByResponse).is_allowed;
        return {Ending{is_allowed ? 200 : 480}};
    }

    Ending rejected(const Place& to, int status) const {
        const bool hunts = std::ranges::find(hunting_triggers, status) != hunting_triggers.end();
        if (status == 401 || status == 407) {
            // A challenge is for us, never for the caller: but a registrar that asked for it.
            const bool passes = to.passes_challenges && to.registrar == from_.number;
            return {passes ? status : 480, -1, hunts};
        }
        return {status == 503 ? 500 : status, -1, hunts};
    }

    // Who is not trusted does not learn from a registrar behind, nor from phones that register
    // here, whom there is: but from a user who says so, other phones of the same registrar.
    Ending told(const Place& to, const Ending& ending, bool has_rung = false) const {
        const auto is_there = [&](const Place& each) { return each.registrar == to.number; };
        const bool is_phone = to.is_access && to.registrar == 0;
        if (from_.is_trusted() || (!is_phone && std::ranges::none_of(topology_.places, is_there))) {
            return ending;
        }
        constexpr std::array words_of_users{486, 488, 600, 603, 606};
        const bool is_users =
            std::ranges::find(words_of_users, ending.status) != std::ranges::end(words_of_users) ||
            (is_phone && (has_rung || ending.status < 400));
        const bool is_neighbour =
            is_phone ? from_.is_access && from_.registrar == 0 : from_.registrar == to.number;
        return is_users && (has_rung || is_neighbour) ? ending : Ending{480, 0, ending.hunts};
    }

    // Another phone of the user may have rung before, or not.
    Endings told_of(const Place& to, const Ending& ending, const Answering& answering) const {
        const bool is_phone = to.is_access && to.registrar == 0;
        const bool may_another_ring = std::ranges::any_of(plan_.answers, [](const Answering& each) {
            return each.early_dialogs > 0 || each.kind == Answering::Kind::Ring ||
                   each.kind == Answering::Kind::RingAnswer;
        });
        Endings out{told(to, ending, answering.early_dialogs > 0)};
        if (is_phone && may_another_ring) {
            out.insert(told(to, ending, true));
        }
        return out;
    }

    Endings redirected(const Place& to, const Answering& answering, Scheme leg) {
        Endings refusals;
        bool is_any_allowed = false;
        for (const Twist twist : answering.targets) {
            const Judgement judgement = ask(to, twisted(leg, twist), Event::Redirect);
            is_any_allowed = is_any_allowed || judgement.is_allowed;
            if (!judgement.is_allowed) {
                refusals.merge(told_of(to, ending_of(judgement), answering));
            }
        }
        if (!is_any_allowed) {
            return refusals;
        }
        // Phones have no peer by which a redirection could be followed.
        return to.recurses && !to.is_access ? answered(to, Twist::Same, leg)
                                            : told_of(to, Ending{302}, answering);
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

MediaWay media_way(const Topology& topology, const Place& from, const Place& to) {
    if (!from.anchors_media && !to.anchors_media) {
        return MediaWay::Bypass;
    }
    if (topology.engine != EngineMood::Down) {
        return MediaWay::Anchored;
    }
    const auto needs = [](const Place& each) { return each.anchors_media && each.needs_engine; };
    return needs(from) || needs(to) ? MediaWay::None : MediaWay::Bypass;
}

// SRTP where the other side speaks it, and else RTP with keys besides (RFC 8643). Keys that may not
// be on the leg that they come from are none.
Media offered_by_engine(Media media, const Place& from, const Place& to) {
    const bool is_secured = media == Media::Dtls || is_srtp(media, from);
    switch (to.media_security) {
        case MediaSecurity::Off:
            return Media::Plain;
        case MediaSecurity::Required:
            return to.is_trusted() ? Media::Sdes : Media::Dtls;
        case MediaSecurity::Preferred:
            break;
    }
    if (to.is_trusted()) {
        return is_secured ? Media::Sdes : Media::SdesOnAvp;
    }
    return is_secured ? Media::Dtls : Media::Plain;
}

bool may_call(const Place& place, int user, const std::vector<Enrolled>& enrolled) {
    if (!place.is_access || place.registrar == 0) {
        return true;
    }
    // The phone that plays this user is the first of it; a UDP socket proves nothing.
    const bool is_there = std::ranges::any_of(enrolled, [&](const Enrolled& each) {
        return each.place == place.number && each.user == user && each.number == user - 1;
    });
    return is_there && place.transport != sip::Transport::Udp;
}

Expectation expect_enrollment(const Topology& topology, const Place& place, int user,
                              Scheme contact) {
    Plan plan;
    plan.is_registration = true;
    plan.place = place.number;
    plan.user = user;
    plan.scheme = contact;
    return expect(plan, topology, {});
}

int expect_replacement(const Plan& plan, const Topology& topology,
                       const std::vector<Enrolled>& enrolled, const Replacement& asked) {
    const Place& caller = topology.place(plan.place);
    const bool is_sips = asked.scheme == Scheme::Sips;
    const bool is_rejected = asked.newcomer.sip_calls_in == SipCallsIn::Reject && !is_sips;
    if (asked.newcomer.is_trusted() ? is_rejected : is_sips) {
        return is_sips ? 403 : 480;
    }
    if (!may_call(asked.newcomer, plan.newcomer_user, enrolled)) {
        return 403;
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
    const Media media = natural_media(topology, asked.newcomer);
    const int refusal = refuse_media(topology, media, asked.newcomer, asked.remaining);
    return refusal == 0 ? 200 : refusal;
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
