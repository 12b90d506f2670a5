// `permit` against its oracle, permit_table.h. The test walks through every combination of
// all columns, demands that exactly one row speaks of it, and compares verdict, reason and scheme
// of the leg with that row, and the answer with the second table. Then it spoils the tables, row by
// row, and demands to be failed.
#include <gtest/gtest.h>

#include <array>
#include <sstream>
#include <string>
#include <vector>

#include "unit/sbc/policy/permit_table.h"

namespace ringwall::sbc::policy {
namespace {

using sip::Scheme;
using namespace table;

struct Combination {
    CallSecurity call;
    Target target;
    Event event = Event::Initial;
};

std::string describe(const Combination& c) {
    std::ostringstream out;
    out << "caller " << int(c.call.caller) << " sip-calls-in " << int(c.call.sip_calls_in)
        << " call " << int(c.call.scheme) << " -> target " << int(c.target.security)
        << " sip-calls-out " << int(c.target.sip_calls_out) << " sips-conversion "
        << int(c.target.sips_conversion) << " untrusted-callers " << int(c.target.untrusted_callers)
        << " target's scheme " << int(c.target.scheme) << ", event " << int(c.event);
    return out.str();
}

bool speaks_of(const Row& row, const Combination& c) {
    return has(row.caller, c.call.caller) && has(row.call, c.call.scheme) &&
           has(row.target, c.target.security) && has(row.target_scheme, c.target.scheme) &&
           has(row.events, c.event) && has(row.sip_calls_in, c.call.sip_calls_in) &&
           has(row.sip_calls_out, c.target.sip_calls_out) &&
           has(row.sips_conversion, c.target.sips_conversion) &&
           has(row.untrusted_callers, c.target.untrusted_callers);
}

template <class Visit>
void for_every_combination(Visit visit) {
    constexpr std::array schemes{Scheme::Sip, Scheme::Sips, Scheme::Tel, Scheme::Other};
    constexpr std::array securities{Security::Untrusted, Security::TrustedEncrypted,
                                    Security::TrustedUnencrypted};
    constexpr std::array events{Event::Initial,
                                Event::Fork,
                                Event::Hunting,
                                Event::Redirect,
                                Event::RefreshByRequest,
                                Event::RefreshByResponse,
                                Event::Refer,
                                Event::Registration,
                                Event::RelayedRegistration};
    Combination c;
    for (auto caller : securities)
        for (auto in : {SipCallsIn::Insecure, SipCallsIn::Secure, SipCallsIn::Reject})
            for (auto call : schemes)
                for (auto target : securities)
                    for (auto out :
                         {SipCallsOut::Refuse, SipCallsOut::SecureOnly, SipCallsOut::Any})
                        for (auto conversion : {SipsConversion::Off, SipsConversion::ToSip})
                            for (auto callers : {UntrustedCallers::Allow, UntrustedCallers::Refuse})
                                for (auto scheme : schemes)
                                    for (auto event : events) {
                                        c.call = {caller, in, call};
                                        c.target = {target, out, conversion, callers, scheme};
                                        c.event = event;
                                        visit(c);
                                    }
}

// What permit says, in the words of a row.
Expected asked(const Combination& c) {
    const auto result = permit(c.call, c.target, c.event);
    if (!result) {
        return refused(result.error());
    }
    if (result->leg_scheme() == c.target.scheme) {
        return AS_IT_CAME;
    }
    return result->leg_scheme() == Scheme::Sips ? AS_SIPS : AS_SIP;
}

// A row that names the scheme means the same as AsItCame where that is the scheme which came.
bool agrees(const Expected& expected, const Expected& found, Scheme came) {
    const auto leg = [came](const Expected& e) {
        if (e.leg == Leg::Sip) return Scheme::Sip;
        if (e.leg == Leg::Sips) return Scheme::Sips;
        return came;
    };
    if ((expected.leg == Leg::Refused) != (found.leg == Leg::Refused)) {
        return false;
    }
    return expected.leg == Leg::Refused ? expected.refusal == found.refusal
                                        : leg(expected) == leg(found);
}

struct Examination {
    std::size_t combinations = 0;
    std::size_t complaints = 0;
    std::string first_complaints;  // some
    std::vector<std::size_t> row_hits, answer_hits;

    void complain(const Combination& c, const std::string& what) {
        if (++complaints <= 10) {
            first_complaints += what + ": " + describe(c) + "\n";
        }
    }
};

void examine_answer(const std::vector<AnswerRow>& table, Refusal refusal, const Combination& c,
                    Examination& out) {
    const AnswerRow* found = nullptr;
    for (std::size_t i = 0; i < table.size(); ++i) {
        const AnswerRow& row = table[i];
        if (!has(row.refusals, refusal) || !has(row.events, c.event) ||
            !has(row.call, c.call.scheme)) {
            continue;
        }
        if (found != nullptr) {
            out.complain(c, "answer rows " + std::to_string(found->number) + " and " +
                                std::to_string(row.number) + " both speak of it");
        }
        found = &row;
        ++out.answer_hits[i];
    }
    if (found == nullptr) {
        out.complain(c, "no answer row");
    } else if (answer_to(refusal, c.event, c.call) != found->answer) {
        out.complain(c, "answer row " + std::to_string(found->number) + " disagrees");
    }
}

bool everything(const Combination&) {
    return true;
}

// Of the combinations, those for which `among` holds.
template <class Among>
Examination examine(const std::vector<Row>& rows, const std::vector<AnswerRow>& answer_rows,
                    Among among) {
    Examination out;
    out.row_hits.resize(rows.size());
    out.answer_hits.resize(answer_rows.size());
    for_every_combination([&](const Combination& c) {
        if (!among(c)) {
            return;
        }
        ++out.combinations;
        const Row* found = nullptr;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            if (!speaks_of(rows[i], c)) {
                continue;
            }
            if (found != nullptr) {
                out.complain(c, "rows " + std::to_string(found->number) + " and " +
                                    std::to_string(rows[i].number) + " both speak of it");
            }
            found = &rows[i];
            ++out.row_hits[i];
        }
        if (found == nullptr) {
            out.complain(c, "no row");
            return;
        }
        if (!agrees(found->expected, asked(c), c.target.scheme)) {
            out.complain(c, "row " + std::to_string(found->number) + " disagrees");
        }
        if (found->expected.leg == Leg::Refused) {
            examine_answer(answer_rows, found->expected.refusal, c, out);
        }
    });
    return out;
}

TEST(PermitOracle, EveryCombinationHasOneRowAndPermitAgreesWithIt) {
    const Examination result = examine(oracle, answers, everything);

    EXPECT_EQ(result.complaints, 0u) << result.first_complaints;
    EXPECT_EQ(result.combinations, 3u * 3 * 4 * 3 * 3 * 2 * 2 * 4 * 9);
    for (std::size_t i = 0; i < oracle.size(); ++i) {
        EXPECT_GT(result.row_hits[i], 0u) << "row " << oracle[i].number << " speaks of nothing";
    }
    for (std::size_t i = 0; i < answers.size(); ++i) {
        EXPECT_GT(result.answer_hits[i], 0u) << "answer row " << answers[i].number << " is idle";
    }
}

// The oracle is worth something only if it can fail.
TEST(PermitOracle, AWrongVerdictInAnyRowIsNoticed) {
    for (std::size_t i = 0; i < oracle.size(); ++i) {
        const auto row_i = [i](const Combination& c) { return speaks_of(oracle[i], c); };
        auto spoilt = oracle;
        auto& expected = spoilt[i].expected;
        expected = expected.leg == Leg::Refused ? AS_IT_CAME : refused(Refusal::SchemeToSip);
        const Examination result = examine(spoilt, answers, row_i);
        EXPECT_GT(result.complaints, 0u) << "row " << oracle[i].number;
    }
}

TEST(PermitOracle, AWrongReasonOrSchemeInAnyRowIsNoticed) {
    for (std::size_t i = 0; i < oracle.size(); ++i) {
        const auto row_i = [i](const Combination& c) { return speaks_of(oracle[i], c); };
        auto spoilt = oracle;
        auto& expected = spoilt[i].expected;
        if (expected.leg == Leg::Refused) {
            expected.refusal = static_cast<Refusal>((int(expected.refusal) + 1) % refusal_count);
        } else {
            expected = expected.leg == Leg::Sips ? AS_SIP : AS_SIPS;
        }
        const Examination result = examine(spoilt, answers, row_i);
        EXPECT_GT(result.complaints, 0u) << "row " << oracle[i].number;
    }
}

TEST(PermitOracle, AMissingOrDoubledRowIsNoticed) {
    for (std::size_t i = 0; i < oracle.size(); ++i) {
        const auto row_i = [i](const Combination& c) { return speaks_of(oracle[i], c); };
        auto shorter = oracle;
        shorter.erase(shorter.begin() + static_cast<std::ptrdiff_t>(i));
        EXPECT_GT(examine(shorter, answers, row_i).complaints, 0u) << "row " << oracle[i].number;

        auto longer = oracle;
        longer.push_back(oracle[i]);
        EXPECT_GT(examine(longer, answers, row_i).complaints, 0u) << "row " << oracle[i].number;
    }
}

TEST(PermitOracle, AWrongAnswerInAnyRowIsNoticed) {
    for (std::size_t i = 0; i < answers.size(); ++i) {
        const auto row_i = [i](const Combination& c) {
            return has(answers[i].events, c.event) && has(answers[i].call, c.call.scheme);
        };
        for (int field = 0; field < 3; ++field) {
            auto spoilt = answers;
            Answer& answer = spoilt[i].answer;
            if (field == 0) ++answer.status;
            if (field == 1) answer.warning = answer.warning == 380 ? 381 : 380;
            if (field == 2) answer.ends_call = !answer.ends_call;
            EXPECT_GT(examine(oracle, spoilt, row_i).complaints, 0u)
                << "answer row " << answers[i].number << ", field " << field;
        }
    }
}

}  // namespace
}  // namespace ringwall::sbc::policy
