#include "simulation/plan.h"

namespace ringwall::simulation {
namespace {

Answering draw_answering(bool is_stormy, Dice& dice) {
    Answering out;
    const std::size_t kind = dice.below(100);
    if (kind < 27) {
        out.kind = Answering::Kind::Answer;
    } else if (kind < 54) {
        out.kind = Answering::Kind::RingAnswer;
    } else if (kind < 65) {
        out.kind = Answering::Kind::Reject;
        out.status = dice.pick({486, 404, 480, 503, 500, 603, 600, 488, 401, 407, 415, 408});
    } else if (kind < 95) {
        out.kind = Answering::Kind::Redirect;
        for (std::size_t n = 1 + dice.below(2); n > 0; --n) {
            out.targets.push_back(dice.pick(
                {Twist::Same, Twist::Other, Twist::Other, Twist::Other, Twist::Tel, Twist::Odd}));
        }
    } else if (kind < 98 || !is_stormy) {
        out.kind = Answering::Kind::Ring;
    } else {
        out.kind = Answering::Kind::Mute;
    }
    if (dice.chance(10)) {
        out.contact = Twist::Other;
    }
    out.is_reliable = dice.chance(30);
    if (dice.chance(15)) {
        out.early_dialogs = 1 + static_cast<int>(dice.below(2));
    }
    if (dice.chance(8)) {
        out.surplus = 1;
    }
    return out;
}

Step draw_step(const Topology& topology, Dice& dice) {
    Step out;
    out.kind = dice.pick({Step::Kind::Reinvite, Step::Kind::Update, Step::Kind::Info});
    out.by_caller = dice.chance(50);
    if (dice.chance(40)) {
        out.kind = Step::Kind::Refer;
        out.contact = dice.chance(40) ? Twist::Other : Twist::Same;
        out.target_place = 1 + static_cast<int>(dice.below(topology.places.size()));
        out.target_user = 1 + static_cast<int>(dice.below(2));
    } else if (out.kind != Step::Kind::Info) {
        out.contact = dice.chance(25) ? Twist::Other : Twist::Same;
        out.answer = dice.chance(15) ? Twist::Other : Twist::Same;
    }
    return out;
}

Caller draw_caller(const Place& place, Dice& dice) {
    if (dice.chance(88)) {
        return Caller::Honest;
    }
    if (place.is_access) {
        return dice.pick({Caller::ForeignFrom, Caller::WrongPassword});
    }
    if (place.is_encrypted()) {
        return dice.pick({Caller::WrongName, Caller::NoCertificate, Caller::PlainOnTls});
    }
    return dice.pick({Caller::Stranger, Caller::TlsOnPlain});
}

const char* word(Scheme scheme) {
    switch (scheme) {
        case Scheme::Sip:
            return "sip";
        case Scheme::Sips:
            return "sips";
        case Scheme::Tel:
            return "tel";
        case Scheme::Other:
            return "im";
    }
    return "";
}

// Mostly by the registrar itself, who alone may.
bool draw_contact(Plan& plan, const Topology& topology, Dice& dice) {
    std::vector<int> own;
    std::vector<int> all;
    for (const Place& each : topology.places) {
        if (each.registrar != 0) {
            all.push_back(each.number);
        }
        if (each.registrar == plan.place) {
            own.push_back(each.number);
        }
    }
    if (all.empty() || !dice.chance(own.empty() ? 4 : 50)) {
        return false;
    }
    plan.called = Called::Contact;
    plan.called_place = dice.pick(own.empty() || dice.chance(10) ? all : own);
    plan.called_phone = static_cast<int>(dice.below(phones_of_access));
    return true;
}

void draw_target(Plan& plan, const Topology& topology, Dice& dice) {
    const bool is_sip = plan.scheme == Scheme::Sip || plan.scheme == Scheme::Sips;
    if (is_sip && topology.has_registrars() && draw_contact(plan, topology, dice)) {
        return;
    }
    const auto trunk = [&] {
        int number = 0;
        if (dice.chance(20)) {  // most rules are about these
            return topology.encrypted_trunk();
        }
        do {
            number = 1 + static_cast<int>(dice.below(topology.places.size()));
        } while (topology.place(number).is_access);
        return number;
    };
    const std::size_t kind = dice.below(100);
    const std::string scheme = word(plan.scheme);
    if (kind >= 60 && plan.scheme != Scheme::Tel) {
        do {
            plan.called_place = 1 + static_cast<int>(dice.below(topology.places.size()));
        } while (!topology.place(plan.called_place).is_access);
        plan.called = Called::User;
        plan.called_user = dice.chance(90) ? 1 + static_cast<int>(dice.below(2))
                                           : dice.pick({absent_user, users_of_access + 1});
        plan.uri = scheme + ":u" + std::to_string(plan.called_user) + "@" +
                   topology.place(plan.called_place).domain();
        return;
    }
    std::string number;
    if (kind < 5) {
        plan.called = Called::Nobody;
        number = "9";
    } else if (kind < 15) {
        plan.called = Called::TwoTrunks;
        const int first = trunk();
        int second = trunk();
        while (second == first) {
            second = trunk();
        }
        plan.destinations = {first, second};
        number = "8" + std::to_string(first) + std::to_string(second);
    } else {
        plan.called = Called::Trunk;
        plan.destinations = {trunk()};
        number = "7" + std::to_string(plan.destinations.front());
    }
    number += std::to_string(1000 + dice.below(9000));
    plan.uri = scheme + ":" + number;
    if (plan.scheme == Scheme::Tel) {
        plan.uri += ";phone-context=example.org";
    } else if (dice.chance(50)) {
        plan.uri += "@" + host_text(topology.place(plan.place).border().address);
    } else {
        plan.uri += "@pstn.example.org";
    }
}

void draw_registration(Plan& plan, const Topology& topology, Dice& dice) {
    plan.is_registration = true;
    do {
        plan.place = 1 + static_cast<int>(dice.below(topology.places.size()));
    } while (!topology.place(plan.place).is_access);
    plan.user = users_of_access;
    plan.scheme = dice.pick({Scheme::Sip, Scheme::Sips, Scheme::Sips});
    plan.registered = dice.pick({Twist::Same, Twist::Other, Twist::Other, Twist::Odd});
    plan.uri = std::string(word(plan.scheme)) + ":" + topology.place(plan.place).domain();
    plan.has_wrong_password = topology.has_registrars() && dice.chance(15);
}

// Most of them know how secure the call is.
void draw_newcomer(Plan& plan, const Topology& topology, Dice& dice) {
    plan.newcomer_place = 1 + static_cast<int>(dice.below(topology.places.size()));
    plan.newcomer_user = 1 + static_cast<int>(dice.below(2));
    const bool is_sips = (plan.scheme == Scheme::Sips) != dice.chance(15);
    plan.newcomer_scheme = is_sips ? Scheme::Sips : Scheme::Sip;
}

}  // namespace

Media natural_media(const Topology& topology, const Place& place) {
    if (!topology.has_engine() || place.media_security != MediaSecurity::Required) {
        return Media::Plain;
    }
    return place.is_trusted() ? Media::Sdes : Media::Dtls;
}

Plan draw_plan(int number, const Topology& topology, bool is_stormy, Dice& dice) {
    Plan plan;
    plan.number = number;
    plan.start = std::chrono::milliseconds(dice.below(60'000));
    if (dice.chance(6)) {
        draw_registration(plan, topology, dice);
        return plan;
    }
    plan.place = 1 + static_cast<int>(dice.below(topology.places.size()));
    plan.user = 1 + static_cast<int>(dice.below(2));
    const Place& place = topology.place(plan.place);
    plan.caller = draw_caller(place, dice);
    plan.scheme = dice.pick({Scheme::Sip, Scheme::Sip, Scheme::Sip, Scheme::Sip, Scheme::Sips,
                             Scheme::Sips, Scheme::Sips, Scheme::Sips, Scheme::Tel});
    plan.is_message = dice.chance(6);
    plan.is_subscription = !plan.is_message && dice.chance(6);
    const bool is_call = !plan.is_message && !plan.is_subscription;
    if (plan.caller == Caller::Honest && is_call && dice.chance(4)) {
        plan.scheme = Scheme::Other;
    }
    draw_target(plan, topology, dice);
    if (!is_call) {
        plan.media = Media::None;
        plan.answers.emplace_back();
        return plan;
    }
    if (dice.chance(3)) {
        plan.caller_contact = Twist::Other;
    }
    plan.media = dice.pick({Media::Plain, Media::Plain, Media::Plain, Media::Sdes, Media::Sdes,
                            Media::SdesOnAvp, Media::None});
    if (topology.has_engine() && dice.chance(30)) {
        plan.media = dice.pick({Media::Sdes, Media::Dtls});
    }
    plan.has_100rel = dice.chance(40);
    for (int i = 0; i < 3; ++i) {
        plan.answers.push_back(draw_answering(is_stormy, dice));
    }
    for (std::size_t n = dice.below(4); n > 0; --n) {
        plan.steps.push_back(draw_step(topology, dice));
    }
    plan.caller_hangs_up = dice.chance(50);
    plan.vanishes = dice.chance(6);
    if (!plan.vanishes && dice.chance(20)) {
        draw_newcomer(plan, topology, dice);
    }
    const bool rings = plan.answers[0].kind == Answering::Kind::Ring ||
                       plan.answers[1].kind == Answering::Kind::Ring ||
                       plan.answers[2].kind == Answering::Kind::Ring;
    if (rings) {
        plan.cancel_after = 20s;
    } else if (dice.chance(5)) {
        plan.cancel_after = std::chrono::milliseconds(dice.below(4000));
    }
    return plan;
}

}  // namespace ringwall::simulation
