// Ten thousand requests by chance, in worlds by chance: what explain says of each is what happens.
// Whoever is called says 486 at once, so a call goes as far as the border controller decides. In
// some worlds phones register at a registrar behind it, or media goes through a media engine.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "sbc/policy/pipeline.h"
#include "scenario/border.h"
#include "scenario/registrar.h"
#include "scenario/sim_media_engine.h"
#include "scenario/tls_contexts.h"
#include "simulation/dice.h"
#include "simulation/oracle.h"
#include "simulation/topology.h"

namespace ringwall::simulation {
namespace {

using sbc::Explanation;
using test::Phone;

constexpr int worlds = 250;
constexpr int requests_of_world = 40;
constexpr int trunk_host = 2;
constexpr int first_phone_host = 11;
constexpr int stranger_host = 40;

// Media is no part of it (the request that is made up has none), and some trunks are detached.
std::string configured(const Topology& topology, const std::set<int>& detached) {
    std::string text = topology.configuration();
    for (const char* word : {"media-security preferred", "media-security required"}) {
        for (std::size_t at = 0; (at = text.find(word)) != std::string::npos;) {
            text.replace(at, std::string_view(word).size(), "media-security off");
        }
    }
    for (const int number : detached) {
        const std::size_t block =
            text.find("  adjacency sip " + topology.place(number).name() + "\n");
        const std::string_view attach = "   attach\n";
        text.erase(text.find(attach, block), attach.size());
    }
    return text;
}

Topology draw_world(std::uint64_t seed, Dice& dice) {
    Topology topology = draw_topology(dice);
    Dice more(~seed);
    const std::size_t kind = more.below(10);
    if (kind < 3) {
        add_engine(topology, more);
    }
    if (kind >= 2 && kind < 5) {
        add_registrars(topology, more);
    }
    return topology;
}

struct Counts {
    std::map<Explanation::End, int> ends;
    std::map<std::string, int> rules;
    // What is not in every world.
    int without_engine = 0;  // 503
    int flow_failed = 0;     // 430
    int not_registered = 0;  // 403 to a phone at a registrar behind
    int called_by_registrar = 0;
    int called_at_registrar = 0;
};

class World {
public:
    explicit World(std::uint64_t seed)
        : dice_(seed),
          topology_(draw_world(seed, dice_)),
          detached_(draw_detached()),
          net_(seed),
          border_(net_, configured(topology_, detached_), seed + 1, dice_.chance(50) ? 1 : 4) {
        for (const Place& place : topology_.places) {
            place.is_access ? add_phones(place) : add_trunk(place);
        }
        if (topology_.has_engine()) {
            engine_ = std::make_unique<test::SimMediaEngine>(
                net_, Endpoint{*IpAddress::parse(engine_address), engine_port});
            engine_->is_silent = topology_.engine == EngineMood::Down;
        }
    }

    void run(Counts& counts) {
        for (const auto& [key, phone] : users_) {
            phone->register_now();
        }
        ASSERT_TRUE(net_.run_until(
            [&] {
                return std::ranges::all_of(enrolled_,
                                           [](const Phone* each) { return each->is_registered(); });
            },
            60s));
        net_.run_for(3s);  // who is refused has heard so, and whether the engine answers is known
        for (const auto& [key, phone] : users_) {
            if (topology_.place(key.first).revoked_phones.contains(key.second)) {
                phone->unregister();
            }
        }
        net_.run_for(1s);
        for (int i = 0; i < requests_of_world && !::testing::Test::HasFailure(); ++i) {
            one(counts);
        }
    }

private:
    std::set<int> draw_detached() {
        std::set<int> out;
        for (const Place& place : topology_.places) {
            if (!place.is_access && dice_.chance(15)) {
                out.insert(place.number);
            }
        }
        return out;
    }

    Phone& add(const Place& place, int host, Phone::Account account) {
        phones_.push_back(std::make_unique<Phone>(net_, place.address(host), place.transport,
                                                  place.border(), std::move(account),
                                                  7 + phones_.size()));
        Phone& phone = *phones_.back();
        phone.on_invite = Phone::OnInvite::Reject;
        phone.reject_status = 486;
        phone.offer.clear();
        return phone;
    }

    void add_trunk(const Place& place) {
        Phone& trunk = add(place, trunk_host, {"trunk", place.domain(), "", "sip"});
        if (place.is_encrypted()) {
            trunk.node().set_client_identity(test::certificate_of(place.domain()));
            trunk.node().set_server_identity(test::certificate_of(place.domain()));
        }
        trunks_[place.number] = &trunk;
        trunk.answered_by_test = [this, &place, &trunk](sip::transaction::ServerId id,
                                                        const sip::MessagePtr& request) {
            return request->method() == sip::Method::Register &&
                   answer_register(place, trunk, id, request);
        };
    }

    // As the registrar of some.
    bool answer_register(const Place& registrar, Phone& trunk, sip::transaction::ServerId id,
                         const sip::MessagePtr& request) {
        const sip::Uri& who = request->to().uri;
        const auto phones =
            std::ranges::find(topology_.places, std::string(who.host), &Place::domain);
        const int user = who.user == "u1" ? 1 : 2;
        const bool is_known = phones != topology_.places.end() &&
                              phones->registrar == registrar.number &&
                              !phones->refused_users.contains(user);
        if (!is_known) {
            trunk.shard().respond(id, sip::reply(*request, 403, "t").build());
            return true;
        }
        behind_[registrar.number].emplace(request->contacts().list.front().address.uri.text);
        return test::accept_register(trunk, id, request);
    }

    // One with a sip contact, one with a sips contact, and one that never proves who it is.
    void add_phones(const Place& place) {
        for (int user = 1; user <= 2; ++user) {
            const std::string name = "u" + std::to_string(user);
            // RFC 5630 §5.2: a SIPS Contact needs a SIPS Request-URI, which is not for the
            // untrusted.
            const std::string scheme = user == 2 && place.is_trusted() ? "sips" : "sip";
            Phone& phone = add(place, first_phone_host + user,
                               {name, place.domain(), password_of(name), scheme});
            phone.contact_scheme = scheme;
            users_[{place.number, user}] = &phone;
            const Scheme contact = scheme == "sips" ? Scheme::Sips : Scheme::Sip;
            if (!detached_.contains(place.registrar) &&
                expect_enrollment(topology_, place, user, contact).allows(200, 0)) {
                enrolled_.push_back(&phone);
            }
        }
        strangers_[place.number] =
            &add(place, stranger_host, {"u1", place.domain(), "wrong", "sip"});
    }

    // Of a phone as its registrar knows it: mostly its own.
    std::string draw_uri_behind(const Place& caller, const std::string& scheme) {
        const auto own = behind_.find(caller.number);
        const auto& which = own != behind_.end() && dice_.chance(90) ? *own : *behind_.begin();
        const std::string uri = *std::next(
            which.second.begin(), static_cast<std::ptrdiff_t>(dice_.below(which.second.size())));
        return scheme + uri.substr(uri.find(':'));
    }

    std::string draw_uri(const Place& caller, const std::string& scheme) {
        if (!behind_.empty() && scheme != "tel" &&
            dice_.chance(behind_.contains(caller.number) ? 50 : 5)) {
            return draw_uri_behind(caller, scheme);
        }
        const Place& place = topology_.place(1 + static_cast<int>(dice_.below(6)));
        std::string number;
        if (place.is_access && scheme != "tel") {
            return scheme + ":u" + std::to_string(1 + dice_.below(5)) + "@" + place.domain();
        }
        if (dice_.chance(10)) {
            number = "9";
        } else if (dice_.chance(50)) {
            number = "7" + std::to_string(1 + dice_.below(3));
        } else {
            const std::size_t first = 1 + dice_.below(3);
            number = "8" + std::to_string(first) + std::to_string(1 + (first + dice_.below(2)) % 3);
        }
        number += std::to_string(1000 + dice_.below(9000));
        return scheme == "tel" ? "tel:" + number + ";phone-context=example.org"
                               : scheme + ":" + number + "@pstn.example.org";
    }

    void one(Counts& counts) {
        int number = 0;
        do {
            number = 1 + static_cast<int>(dice_.below(6));
        } while (detached_.contains(number));
        const Place& place = topology_.place(number);
        std::string identity;
        Phone* caller = nullptr;
        if (!place.is_access) {
            caller = trunks_[number];
            identity = "trunk@" + place.domain();
        } else if (dice_.chance(10)) {
            caller = strangers_[number];
        } else {
            const int user = 1 + static_cast<int>(dice_.below(2));
            caller = users_[{number, user}];
            identity = "u" + std::to_string(user) + "@" + place.domain();
        }
        const std::string scheme = dice_.pick({"sip", "sip", "sips", "sips", "tel"});
        const std::string uri = draw_uri(place, scheme);
        const std::string before = caller->contact_scheme;
        caller->contact_scheme = scheme == "sips" ? "sips" : "sip";
        check(place, *caller, identity, uri, counts);
        caller->contact_scheme = before;
    }

    // All that are called are busy. Who is not trusted does not hear that of a registrar behind,
    // nor of a phone that registers here, where it does not register itself: not before it rings.
    int told_of_busy(const Place& caller, const Explanation& said) const {
        const auto registers_here = [](const Place& each) {
            return each.is_access && each.registrar == 0;
        };
        const auto is_kept = [&](const Explanation::Attempt& attempt) {
            const int called = static_cast<int>(attempt.adjacency) + 1;
            if (registers_here(topology_.place(called))) {
                return attempt.is_first && !registers_here(caller);
            }
            return attempt.is_first && caller.registrar != called &&
                   std::ranges::any_of(topology_.places, [called](const Place& each) {
                       return each.registrar == called;
                   });
        };
        return !caller.is_trusted() && std::ranges::any_of(said.attempts, is_kept) ? 480 : 486;
    }

    // Those that were sent to a place since.
    std::map<int, std::multiset<std::string>> invites_since(
        const std::map<const Phone*, std::size_t>& before) {
        std::map<int, std::multiset<std::string>> out;
        const auto look = [&](int number, const Phone& phone) {
            for (std::size_t i = before.at(&phone); i < phone.requests().size(); ++i) {
                if (phone.requests()[i]->method() == sip::Method::Invite) {
                    out[number].emplace(phone.requests()[i]->request_uri_text());
                }
            }
        };
        for (const auto& [number, trunk] : trunks_) {
            look(number, *trunk);
        }
        for (const auto& [key, phone] : users_) {
            look(key.first, *phone);
        }
        return out;
    }

    void check(const Place& place, Phone& caller, const std::string& identity,
               const std::string& uri, Counts& counts) {
        const Explanation said = border_.worker(dice_.below(border_.worker_count()))
                                     .explain({border_.index_of(place.name()), identity, uri});
        std::map<const Phone*, std::size_t> heard;
        for (const auto& phone : phones_) {
            heard[phone.get()] = phone->requests().size();
        }
        const std::size_t answers = caller.responses().size();
        const std::size_t records = border_.records.size();
        caller.invite(uri);
        ASSERT_TRUE(net_.run_until(
            [&] {
                return caller.responses().size() > answers &&
                       caller.responses().back()->status() >= 200 &&
                       (caller.responses().back()->status() != 401 ||
                        caller.responses().size() > answers + 1);
            },
            40s))
            << place.name() << " " << uri;
        const sip::Message& answer = *caller.responses().back();
        const std::string where = "from " + place.name() + " as '" + identity + "' to " + uri +
                                  "\n" + configured(topology_, detached_);
        ++counts.ends[said.end];
        count(place, uri, said, counts);
        std::map<int, std::multiset<std::string>> expected;
        for (const Explanation::Attempt& each : said.attempts) {
            if (each.is_first) {
                expected[static_cast<int>(each.adjacency) + 1].insert(each.request_uri);
            }
        }
        EXPECT_EQ(invites_since(heard), expected) << where;
        EXPECT_EQ(answer.status(),
                  said.end == Explanation::End::Called ? told_of_busy(place, said) : said.status)
            << where;
        if (said.end == Explanation::End::Refused) {
            EXPECT_EQ(answer.reason(), said.reason) << where;
        }
        net_.run_for(100ms);
        if (said.end == Explanation::End::Challenged || !said.is_readable) {
            EXPECT_EQ(border_.records.size(), records) << where;
            return;
        }
        ASSERT_EQ(border_.records.size(), records + 1) << where;
        check_trace(said, border_.records.back(), where, counts);
    }

    void count(const Place& place, const std::string& uri, const Explanation& said,
               Counts& counts) const {
        const bool is_called = said.end == Explanation::End::Called;
        const bool is_to_contact = uri.find(":rw-") != std::string::npos;
        counts.without_engine += said.status == 503 ? 1 : 0;
        counts.flow_failed += said.status == 430 ? 1 : 0;
        counts.not_registered += place.registrar != 0 && said.status == 403 ? 1 : 0;
        counts.called_by_registrar += is_called && is_to_contact ? 1 : 0;
        counts.called_at_registrar +=
            is_called && std::ranges::any_of(topology_.places,
                                             [&](const Place& each) {
                                                 return each.registrar != 0 &&
                                                        each.registrar != place.number &&
                                                        uri.ends_with("@" + each.domain());
                                             })
                ? 1
                : 0;
    }

    // The call's own trace is as far as it came of the one that was foretold.
    void check_trace(const Explanation& said, const sbc::CallRecord& record,
                     const std::string& where, Counts& counts) {
        const sbc::policy::DecisionTrace& real = record.decisions;
        const sbc::policy::DecisionTrace& foretold = said.decisions;
        EXPECT_EQ(real.stage(), foretold.stage()) << where;
        EXPECT_EQ(real.last(), foretold.last()) << where;
        EXPECT_EQ(real.rule(), foretold.rule()) << where;
        if (real.rule()) {
            ++counts.rules[std::string(to_string(*real.rule()))];
        }
        for (const sbc::policy::JudgedTarget& each : real.targets()) {
            if (each.refusal()) {
                ++counts.rules[std::string(to_string(*each.refusal()))];
            }
        }
        ASSERT_LE(real.targets().size(), foretold.targets().size()) << where;
        EXPECT_TRUE(std::ranges::equal(real.targets(),
                                       foretold.targets().subspan(0, real.targets().size())))
            << where;
        if (said.end == Explanation::End::Refused) {
            EXPECT_EQ(real.targets().size(), foretold.targets().size()) << where;
        }
    }

    Dice dice_;
    Topology topology_;
    std::set<int> detached_;
    test::SimNetwork net_;
    test::Border border_;
    std::vector<std::unique_ptr<Phone>> phones_;
    std::map<int, Phone*> trunks_;
    std::map<std::pair<int, int>, Phone*> users_;
    std::map<int, Phone*> strangers_;
    std::vector<Phone*> enrolled_;                 // who will be
    std::map<int, std::set<std::string>> behind_;  // by registrar: how it knows its phones
    std::unique_ptr<test::SimMediaEngine> engine_;
};

TEST(Explain, IsWhatHappens) {
    Counts counts;
    for (std::uint64_t seed = 1; seed <= worlds && !HasFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        World(seed).run(counts);
    }
    // Chance has been everywhere.
    EXPECT_GT(counts.ends[Explanation::End::Called], 1000);
    EXPECT_GT(counts.ends[Explanation::End::Refused], 1000);
    EXPECT_GT(counts.ends[Explanation::End::Challenged], 100);
    for (const auto refusal :
         {sbc::policy::Refusal::UntrustedCallerSecureTarget, sbc::policy::Refusal::SipCallsInReject,
          sbc::policy::Refusal::SecureCallUntrustedTarget, sbc::policy::Refusal::SipCallsOutRefuse,
          sbc::policy::Refusal::UntrustedCallerEncryptedTarget,
          sbc::policy::Refusal::UntrustedCallersRefuse, sbc::policy::Refusal::SchemeToSip,
          sbc::policy::Refusal::SchemeToSips}) {
        EXPECT_GT(counts.rules[std::string(to_string(refusal))], 0) << to_string(refusal);
    }
    EXPECT_GT(counts.without_engine, 20);
    EXPECT_GT(counts.flow_failed, 5);
    EXPECT_GT(counts.not_registered, 50);
    EXPECT_GT(counts.called_by_registrar, 50);
    EXPECT_GT(counts.called_at_registrar, 50);
    for (const auto& [end, count] : counts.ends) {
        RecordProperty("ends-" + std::to_string(int(end)), count);
    }
}

}  // namespace
}  // namespace ringwall::simulation
