#include "sip/auth/client_authentication.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace ringwall::sip::auth {
namespace {

constexpr std::size_t max_realms = 4;  // a proxy that forked may add up many (RFC 3261 §16.7)

bool is_better(Algorithm challenger, Algorithm topmost) {
    return topmost == Algorithm::Md5 && challenger != Algorithm::Md5;
}

// One for each realm that is challenged.
std::vector<Challenge> challenges_in(const Message& response, HeaderName field) {
    std::vector<Challenge> chosen;
    for (const HeaderLine& line : response.headers()) {
        if (line.id != field) {
            continue;
        }
        auto challenge = parse_challenge(line.value);
        if (!challenge) {
            continue;
        }
        const auto same = std::ranges::find(chosen, challenge->realm, &Challenge::realm);
        if (same == chosen.end() && chosen.size() < max_realms) {
            chosen.push_back(std::move(*challenge));
        } else if (same != chosen.end() && is_better(challenge->algorithm, same->algorithm)) {
            *same = std::move(*challenge);
        }
    }
    return chosen;
}

// What the request said to this realm.
std::optional<Credentials> credentials_in(const Message& request, HeaderName field,
                                          std::string_view realm) {
    for (const HeaderLine& line : request.headers()) {
        auto credentials = line.id == field ? parse_credentials(line.value)
                                            : Result<Credentials, ParseError>(fail(ParseError{}));
        if (credentials && credentials->realm == realm) {
            return std::move(*credentials);
        }
    }
    return std::nullopt;
}

}  // namespace

const Account* ClientAuthentication::account_for(std::string_view realm) const {
    const auto found = std::ranges::find_if(accounts_, [realm](const Account& account) {
        return account.realm.empty() || account.realm == realm;
    });
    return found == accounts_.end() ? nullptr : &*found;
}

ClientAuthentication::Verdict ClientAuthentication::on_challenge(const Message& request,
                                                                 const Message& response,
                                                                 Tries& tries) {
    const bool is_proxy = response.status() == 407;
    const HeaderName field = is_proxy ? HeaderName::ProxyAuthorization : HeaderName::Authorization;
    std::vector<Answer> fresh;
    bool is_stale = false;
    for (Challenge& challenge : challenges_in(
             response, is_proxy ? HeaderName::ProxyAuthenticate : HeaderName::WwwAuthenticate)) {
        const Account* account = account_for(challenge.realm);
        if (account == nullptr) {
            continue;
        }
        if (const auto said = credentials_in(request, field, challenge.realm)) {
            // A nonce of an earlier request may be too old without the server saying so.
            const bool is_new = said->nonce != challenge.nonce;
            if (!is_new || (!challenge.stale && tries.answered > 0)) {
                return Verdict::Refused;
            }
            is_stale = is_stale || challenge.stale;
        }
        fresh.push_back(Answer{field, static_cast<std::size_t>(account - accounts_.data()),
                               std::move(challenge), 0});
    }
    if (fresh.empty()) {
        return Verdict::NoAccount;
    }
    const bool may_be_stale = is_stale && stale_ == Stale::OnceMore;
    if (tries.answered >= max_answers_ && (!may_be_stale || std::exchange(tries.had_stale, true))) {
        return Verdict::TooOften;
    }
    ++tries.answered;
    for (Answer& answer : fresh) {
        std::erase_if(answers_, [&answer](const Answer& old) {
            return old.field == answer.field && old.challenge.realm == answer.challenge.realm;
        });
        if (answers_.size() >= 2 * max_realms) {
            answers_.erase(answers_.begin());
        }
        answers_.push_back(std::move(answer));
    }
    return Verdict::Answer;
}

void ClientAuthentication::sign(MessageBuilder& builder, std::string_view method,
                                std::string_view uri, std::string_view body, Random& random) {
    for (Answer& each : answers_) {
        builder.header(each.field,
                       to_string(auth::answer(each.challenge, accounts_[each.account], method, uri,
                                              ++each.count, random, body)));
    }
}

MessageBuilder ClientAuthentication::again(const Message& request, std::uint32_t cseq,
                                           Random& random) {
    auto builder = MessageBuilder::request(request.method_text(), request.request_uri_text());
    for (const HeaderLine& line : request.headers()) {
        const bool is_left_out =
            line.id == HeaderName::Via || line.id == HeaderName::ContentLength ||
            line.id == HeaderName::Authorization || line.id == HeaderName::ProxyAuthorization;
        if (line.id == HeaderName::CSeq) {
            builder.header(HeaderName::CSeq,
                           std::to_string(cseq) + " " + std::string(request.method_text()));
        } else if (!is_left_out) {
            builder.raw(line);
        }
    }
    sign(builder, request.method_text(), request.request_uri_text(), request.body(), random);
    builder.body(request.body());
    return builder;
}

}  // namespace ringwall::sip::auth
