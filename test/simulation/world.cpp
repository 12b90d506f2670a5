#include "simulation/world.h"

#include <memory>

#include "scenario/border.h"
#include "simulation/party.h"

namespace ringwall::simulation {
namespace {

// Workers: a call may come in at one and go out by a connection of another.
constexpr engine::ShardNumber one = 1;
constexpr engine::ShardNumber several = 4;
constexpr std::size_t steps_between_questions = 16;
constexpr int first_phone_host = 11;
constexpr int wrong_password_host = 20;
constexpr int registering_host = 21;

class World {
public:
    World(std::uint64_t seed, std::ostream* trace)
        : dice_(seed),
          trace_(trace),
          topology_(draw_topology(dice_)),
          is_stormy_(dice_.chance(30)),
          net_(seed),
          border_(net_, topology_.configuration(), seed + 1, dice_.chance(50) ? one : several) {
        for (const Place& place : topology_.places) {
            place.is_access ? add_phones(place) : add_trunk(place);
        }
        for (int i = 0; i < calls_of_world; ++i) {
            plans_.push_back(draw(i));
        }
        watch_ = std::make_unique<Watch>(topology_, plans_, enrolled_, !is_stormy_);
        net_.on_step([this] {
            watch_->look(net_.packets());
            // What is inconsistent stays so, and asking costs as much as all the rest: the step is
            // found by the replay.
            if (trace_ != nullptr || ++steps_ % steps_between_questions == 0) {
                ask_for_consistency();
            }
        });
    }

    Outcome run() {
        enroll();
        if (is_stormy_) {
            begin_storm();
        }
        for (const Plan& plan : plans_) {
            caller_of(plan).call(plan);
        }
        // The longest: 60 s until it begins, timer B, timer C, the storm.
        net_.run_for(700s);
        check_end();
        watch_->finish();
        if (trace_ != nullptr) {
            print();
        }
        return {watch_->violation(), watch_->tally(), plans_.size(), net_.packets().size()};
    }

private:
    // Left to itself, chance makes calls that are refused: every second one gets a few more throws.
    Plan draw(int number) {
        Plan plan = draw_plan(number, topology_, is_stormy_, dice_);
        const bool shall_succeed = dice_.chance(50);
        for (int i = 0; shall_succeed && i < 8 && !may_succeed(plan); ++i) {
            plan = draw_plan(number, topology_, is_stormy_, dice_);
        }
        return plan;
    }
    bool may_succeed(const Plan& plan) const {
        return expect(plan, topology_, enrolled_).allows(200, 0);
    }

    Party& add(Party::Identity identity) {
        parties_.push_back(std::make_unique<Party>(net_, std::move(identity), topology_, plans_,
                                                   dice_.below(1'000'000'000)));
        parties_.back()->on_hand_over([this](const Plan& plan, const std::string& replaces) {
            const bool is_phone = topology_.place(plan.newcomer_place).is_access;
            Party& newcomer = is_phone ? phone_of(plan.newcomer_place, plan.newcomer_user)
                                       : *trunks_[plan.newcomer_place];
            newcomer.take_over(plan, replaces);
        });
        return *parties_.back();
    }

    static Party::Identity trunk(const Place& place) {
        Party::Identity identity;
        identity.place = &place;
        identity.number = place.number;
        identity.transport = place.transport;
        identity.user = "trunk";
        identity.domain = place.domain();
        if (place.is_encrypted()) {
            identity.certificate = test::certificate_of(place.domain());
        }
        return identity;
    }

    static Party::Identity phone(const Place& place, int user, int host) {
        Party::Identity identity;
        identity.place = &place;
        identity.host = host;
        identity.transport = place.transport;
        identity.user = "u" + std::to_string(user);
        identity.domain = place.domain();
        identity.password = password_of(identity.user);
        return identity;
    }

    void add_trunk(const Place& place) { trunks_[place.number] = &add(trunk(place)); }

    // One with a sip contact, where it is trusted one with a sips contact, and one more of either.
    void add_phones(const Place& place) {
        for (int i = 0; i < 3; ++i) {
            const int user = i < 2 ? i + 1 : 1 + static_cast<int>(dice_.below(2));
            Party::Identity identity = phone(place, user, first_phone_host + i);
            identity.number = i;
            identity.enrolls = true;
            // Who is not trusted registers no SIPS Contact: its Request-URI would be SIPS.
            const bool is_sips = place.is_trusted() && (i == 1 || (i == 2 && dice_.chance(50)));
            identity.contact_scheme = is_sips ? "sips" : "sip";
            enrolled_.push_back({place.number, user, i, is_sips ? Scheme::Sips : Scheme::Sip});
            Party& party = add(std::move(identity));
            phones_.push_back(&party);
        }
    }

    Party& phone_of(int place, int user) {
        for (Party* each : phones_) {
            if (each->identity().place->number == place &&
                each->identity().user == "u" + std::to_string(user)) {
                return *each;
            }
        }
        return *phones_.front();
    }

    Party& caller_of(const Plan& plan) {
        const Place& place = topology_.place(plan.place);
        if (plan.is_registration) {
            return extra(plan, phone(place, plan.user, registering_host));
        }
        switch (plan.caller) {
            case Caller::Honest:
            case Caller::ForeignFrom:
                return place.is_access ? phone_of(plan.place, plan.user) : *trunks_[plan.place];
            case Caller::WrongPassword: {
                Party::Identity identity = phone(place, plan.user, wrong_password_host + plan.user);
                identity.password = "wrong";
                return extra(plan, std::move(identity));
            }
            case Caller::WrongName: {
                Party::Identity identity = trunk(place);
                identity.host = 3;
                identity.certificate = test::certificate_of("wrong.example.org");
                return extra(plan, std::move(identity));
            }
            case Caller::NoCertificate: {
                Party::Identity identity = trunk(place);
                identity.host = 4;
                identity.certificate = {};
                return extra(plan, std::move(identity));
            }
            case Caller::Stranger: {
                Party::Identity identity = trunk(place);
                identity.address = IpAddress::parse((place.is_v6 ? "fd00:99::" : "10.99.0.") +
                                                    std::to_string(place.number));
                return extra(plan, std::move(identity));
            }
            case Caller::PlainOnTls: {
                Party::Identity identity = trunk(place);
                identity.host = 5;
                identity.transport = sip::Transport::Tcp;
                identity.forces_doors = true;
                return extra(plan, std::move(identity));
            }
            case Caller::TlsOnPlain: {
                Party::Identity identity = trunk(place);
                identity.host = 5;
                identity.transport = sip::Transport::Tls;
                identity.certificate = test::certificate_of(place.domain());
                identity.forces_doors = true;
                return extra(plan, std::move(identity));
            }
        }
        return *parties_.front();
    }

    // One for each kind and place, made when it is first needed.
    Party& extra(const Plan& plan, Party::Identity identity) {
        const auto key =
            std::tuple(plan.place, plan.is_registration ? -1 : int(plan.caller), plan.user);
        const auto found = extras_.find(key);
        if (found != extras_.end()) {
            return *found->second;
        }
        identity.host += 40 * (plan.user - 1);
        Party& party = add(std::move(identity));
        extras_[key] = &party;
        return party;
    }

    void enroll() {
        for (Party* phone : phones_) {
            phone->enroll();
        }
        wait_for_phones();
        // Some come back over a new connection, before anybody calls.
        for (Party* phone : phones_) {
            if (dice_.chance(20)) {
                phone->cut_after(100ms);
            }
        }
        net_.run_for(200ms);
        wait_for_phones();
    }

    void wait_for_phones() {
        const bool are_all_there = net_.run_until(
            [this] {
                return std::all_of(phones_.begin(), phones_.end(),
                                   [](const Party* each) { return each->is_enrolled(); });
            },
            60s);
        if (!are_all_there) {
            watch_->complain("enroll", nullptr, "a phone could not register");
        }
    }

    void begin_storm() {
        test::Weather weather;
        weather.loss = static_cast<double>(dice_.below(8)) / 100;
        weather.duplicate = static_cast<double>(dice_.below(8)) / 100;
        weather.jitter = std::chrono::milliseconds(dice_.below(400));
        weather.piece = dice_.chance(50) ? 0 : 50 + dice_.below(500);
        net_.set_weather(weather);
        for (std::size_t n = dice_.below(4); n > 0; --n) {
            Party& victim = *parties_[dice_.below(parties_.size())];
            victim.cut_after(std::chrono::milliseconds(dice_.below(70'000)));
        }
    }

    void ask_for_consistency() {
        if (!border_.sbc().is_consistent()) {
            watch_->complain("is-consistent", nullptr, "the border controller is not");
        }
    }

    void check_end() {
        ask_for_consistency();
        for (const auto& party : parties_) {
            for (const Party::Open& open : party->open()) {
                // A phone that was away when the other side hung up is not told when it is back.
                const bool was_away = open.was_cut && party->identity().place->is_access;
                if (!is_stormy_ || !was_away) {
                    watch_->complain("half-up", open.plan,
                                     std::string(open.is_caller ? "caller" : "callee") + " at " +
                                         party->identity().place->name() + " is still in it");
                }
            }
            if (!is_stormy_) {
                for (const Plan* plan : party->unacknowledged()) {
                    watch_->complain("no-ack", plan,
                                     "callee at " + party->identity().place->name());
                }
            }
        }
        if (border_.sbc().calls() != 0) {
            watch_->complain("calls-left", nullptr, std::to_string(border_.sbc().calls()));
        }
        if (!border_.sbc().is_empty()) {
            watch_->complain("leak", nullptr, "something of a call, or of what finds it, is left");
        }
    }

    void print() {
        *trace_ << topology_.configuration();
        for (const auto& packet : net_.packets()) {
            *trace_ << "---- "
                    << std::chrono::duration_cast<std::chrono::milliseconds>(
                           packet.time.time_since_epoch())
                           .count()
                    << " ms " << packet.from.to_string() << " -> " << packet.to.to_string()
                    << (packet.is_encrypted ? " (TLS)" : "") << "\n"
                    << packet.bytes << "\n";
        }
    }

    Dice dice_;
    std::ostream* trace_;
    Topology topology_;
    bool is_stormy_;
    test::SimNetwork net_;
    test::Border border_;
    std::vector<Plan> plans_;
    std::vector<std::unique_ptr<Party>> parties_;
    std::map<int, Party*> trunks_;
    std::vector<Party*> phones_;
    std::map<std::tuple<int, int, int>, Party*> extras_;
    std::vector<Enrolled> enrolled_;
    std::unique_ptr<Watch> watch_;
    std::size_t steps_ = 0;
};

}  // namespace

Outcome run_world(std::uint64_t seed, std::ostream* trace) {
    return World(seed, trace).run();
}

}  // namespace ringwall::simulation
