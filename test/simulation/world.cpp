#include "simulation/world.h"

#include <algorithm>
#include <memory>

#include "scenario/border.h"
#include "scenario/sim_media_engine.h"
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
constexpr int intruding_host = 22;

// A fifth of the worlds has a media engine, a fifth registrars, one in ten both. What else is drawn
// of a seed does not change with that.
Topology draw_world(std::uint64_t seed, Dice& dice) {
    Topology topology = draw_topology(dice);
    Dice more(~seed);
    const std::size_t kind = more.below(10);
    if (kind < 3) {
        add_engine(topology, more);
    }
    if (kind == 2 || kind == 3 || kind == 4) {
        add_registrars(topology, more);
    }
    return topology;
}

class World {
public:
    World(std::uint64_t seed, std::ostream* trace)
        : dice_(seed),
          trace_(trace),
          topology_(draw_world(seed, dice_)),
          is_stormy_(dice_.chance(30)),
          net_(seed),
          border_(net_, topology_.configuration(), seed + 1, dice_.chance(50) ? one : several) {
        if (topology_.has_engine()) {
            add_engine();
        }
        for (const Place& place : topology_.places) {
            place.is_access ? add_phones(place) : add_trunk(place);
        }
        for (int i = 0; i < calls_of_world; ++i) {
            plans_.push_back(draw(i));
        }
        const bool is_known = !is_stormy_ && topology_.engine != EngineMood::Careless &&
                              topology_.engine != EngineMood::Restarts;
        watch_ = std::make_unique<Watch>(topology_, plans_, enrolled_, is_known);
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
        if (topology_.has_engine()) {
            net_.run_for(3s);  // it is known whether it answers
        }
        if (topology_.engine == EngineMood::Restarts) {
            restart_engine();
        }
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
                                                   book_, dice_.below(1'000'000'000)));
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

    void add_engine() {
        engine_ = std::make_unique<test::SimMediaEngine>(
            net_, Endpoint{*IpAddress::parse(engine_address), engine_port});
        engine_->is_silent = topology_.engine == EngineMood::Down;
        engine_->refuses = topology_.engine == EngineMood::Refuses;
        engine_->is_careless = topology_.engine == EngineMood::Careless;
    }

    // What it had is gone with it.
    void restart_engine() {
        net_.at(std::chrono::milliseconds(dice_.below(40'000)), [this] {
            engine_->is_silent = true;
            net_.at(std::chrono::milliseconds(100 + dice_.below(20'000)), [this] {
                engine_->restart();
                engine_->is_silent = false;
            });
        });
    }

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
            const Scheme scheme = is_sips ? Scheme::Sips : Scheme::Sip;
            const bool is_granted =
                expect_enrollment(topology_, place, user, scheme).allows(200, 0);
            identity.is_away = !is_granted || is_revoked(identity);
            if (!identity.is_away) {
                enrolled_.push_back({place.number, user, i, scheme});
            }
            Party& party = add(std::move(identity));
            phones_.push_back(&party);
        }
    }
    static bool is_revoked(const Party::Identity& phone) {
        return phone.place->registrar != 0 && phone.place->revoked_phones.contains(phone.number);
    }
    Expectation expectation_of(const Party& phone) const {
        const bool is_sips = phone.identity().contact_scheme == "sips";
        const int user = phone.identity().user == "u1" ? 1 : 2;
        return expect_enrollment(topology_, *phone.identity().place, user,
                                 is_sips ? Scheme::Sips : Scheme::Sip);
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
            Party::Identity identity = phone(
                place, plan.user, plan.has_wrong_password ? intruding_host : registering_host);
            identity.password = plan.has_wrong_password ? "wrong" : identity.password;
            identity.number = phones_of_access;  // none of those that are known
            return extra(plan, std::move(identity));
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
        const int kind = !plan.is_registration     ? int(plan.caller)
                         : plan.has_wrong_password ? -2
                                                   : -1;
        const auto key = std::tuple(plan.place, kind, plan.user);
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
        // Some come back over a new connection, before anybody calls; some are not wanted any more.
        for (Party* phone : phones_) {
            const Expectation expected = expectation_of(*phone);
            const auto is_so = [&](const Ending& each) {
                return each.status == phone->enrollment();
            };
            if (std::ranges::none_of(expected.endings, is_so)) {
                watch_->complain("enroll", nullptr,
                                 phone->identity().place->name() + " " + phone->identity().user +
                                     " heard " + std::to_string(phone->enrollment()));
            }
            watch_->note(expected);
            if (dice_.chance(20) && !phone->identity().is_away) {
                phone->cut_after(100ms);
            } else if (phone->is_enrolled() && is_revoked(phone->identity())) {
                phone->enroll_again();
            }
        }
        net_.run_for(200ms);
        wait_for_phones();
        for (const Party* phone : phones_) {
            if (phone->identity().is_away) {
                watch_->bar(phone->identity().place->address(phone->identity().host));
                if (phone->is_enrolled()) {
                    watch_->complain("enroll", nullptr, "a phone that is refused is registered");
                }
            }
        }
    }

    void wait_for_phones() {
        const auto is_done = [](const Party* each) {
            return each->identity().is_away ? each->enrollment() != 0 : each->is_enrolled();
        };
        const bool are_all_done =
            net_.run_until([&] { return std::ranges::all_of(phones_, is_done); }, 60s);
        if (!are_all_done) {
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
        // rtpengine itself drops what nobody talks by: only where nothing is lost, nothing is left.
        if (engine_ != nullptr && !is_stormy_ && engine_->sessions() != 0) {
            watch_->complain("left-in-engine", nullptr, std::to_string(engine_->sessions()));
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
    std::unique_ptr<test::SimMediaEngine> engine_;
    AddressBook book_;
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
