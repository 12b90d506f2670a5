#include "sbc/policy/caller_identity.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "sip/header/name_addr.h"
#include "sip/header/replaces.h"

namespace ringwall::sbc::policy {
namespace {

struct Word {
    std::string_view text;
    bool Privacy::*what;
};
constexpr std::array words{
    Word{"header", &Privacy::header},     Word{"session", &Privacy::session},
    Word{"user", &Privacy::user},         Word{"id", &Privacy::id},
    Word{"history", &Privacy::history},   Word{"none", &Privacy::none},
    Word{"critical", &Privacy::critical},
};

// Each priv-value of its Privacy fields, as written. RFC 3323 §4.2 has semicolons between them;
// a comma is what one that joins fields writes.
template <class Function>
void for_each_word(const sip::Message& message, const Function& call) {
    for (const sip::HeaderLine& line : message.headers()) {
        std::string_view rest = line.id == sip::HeaderName::Privacy ? line.value : "";
        while (!rest.empty()) {
            const auto end = std::min(rest.find_first_of(";,"), rest.size());
            if (const std::string_view word = trim(rest.substr(0, end)); !word.empty()) {
                call(word);
            }
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
    }
}

const Word* find(std::string_view text) {
    const auto* const found = std::ranges::find_if(
        words, [text](const Word& word) { return equals_ignoring_case(word.text, text); });
    return found == words.end() ? nullptr : found;
}

}  // namespace

Privacy privacy_of(const sip::Message& message) {
    Privacy asked;
    for_each_word(message, [&asked](std::string_view text) {
        const Word* word = find(text);
        asked.is_said = true;
        asked.*(word == nullptr ? &Privacy::unknown : word->what) = true;
    });
    return asked;
}

Privacy asked_in(const sip::Message& message, const Author& author) {
    const Privacy said = privacy_of(message);
    return said.is_said ? said : author.asked;
}

bool is_in_trust_domain(const Adjacency& adjacency) {
    return adjacency.privacy_mode() == PrivacyMode::Trusted;
}

bool is_believed(const Adjacency& from) {
    return is_in_trust_domain(from) && from.profile != Profile::Access;
}

std::string_view domain_named(const sip::Uri& uri) {
    if (uri.scheme == sip::Scheme::Tel) {  // RFC 3966 §5.1.5: a domain, or the digits of a number
        return uri.parameters.find("phone-context").value_or(std::string_view{});
    }
    if (uri.scheme != sip::Scheme::Other) {
        return uri.host;
    }
    const std::size_t at = uri.text.rfind('@');
    const std::string_view host =
        at == std::string_view::npos ? std::string_view{} : uri.text.substr(at + 1);
    return host.substr(0, host.find_first_of(";?:/"));
}

bool may_speak_for(const Adjacency& from, const sip::Uri& whom) {
    const std::string named = sip::unescape(domain_named(whom));
    std::string_view domain = named;
    domain.remove_suffix(domain.ends_with('.') ? 1 : 0);
    return std::ranges::none_of(from.barred_domains, [domain](const std::string& each) {
        return equals_ignoring_case(each, domain);
    });
}

bool may_be_replied_at(const Adjacency& from, std::string_view reply_to) {
    if (from.barred_domains.empty()) {
        return true;
    }
    const auto named = sip::parse_name_addr_list(reply_to);
    return named && std::ranges::all_of(*named, [&](const sip::NameAddr& each) {
               return may_speak_for(from, each.uri);
           });
}

bool may_name_referrer(const Adjacency& from, const Author& author, const sip::NameAddr& referrer) {
    if (author.is_ourselves) {  // who was referred does not say by whom
        return true;
    }
    return may_speak_for(from, referrer.uri) &&
           (from.profile != Profile::Access ||
            sip::address_of_record(referrer.uri) == author.address_of_record);
}

bool is_withheld(const Adjacency& to, const Privacy& asked) {
    return (asked.id || asked.user) && !is_in_trust_domain(to);
}

bool may_hear_identity(const Adjacency& to, const Privacy& asked) {
    switch (to.privacy_mode()) {
        case PrivacyMode::Trusted:
            return true;
        case PrivacyMode::OnRequest:
            return !is_withheld(to, asked);
        case PrivacyMode::Restricted:  // RFC 3325 §7: "none" is not ours to overrule
            return asked.none && !is_withheld(to, asked);
    }
    return false;
}

bool hides_user(const Adjacency& to, const Privacy& asked) {
    return asked.user && !is_in_trust_domain(to);
}

bool lacks_privacy(const Adjacency& to, const Privacy& asked, bool is_media_hidden) {
    return asked.critical && !is_in_trust_domain(to) &&
           (asked.unknown || (asked.session && !is_media_hidden));
}

std::string privacy_left(const sip::Message& message, const Adjacency& to, const Author& author) {
    std::string left;
    const bool is_inside = is_in_trust_domain(to);
    const auto is_done = [&](std::string_view text) {
        const Word* word = find(text);
        const auto is = [word](bool Privacy::*what) {
            return word != nullptr && word->what == what;
        };
        return is(&Privacy::header) || is(&Privacy::user) || is(&Privacy::critical) ||
               (is(&Privacy::session) && author.is_media_hidden);
    };
    for_each_word(message, [&](std::string_view word) {
        if (is_inside || !is_done(word)) {
            left.append(left.empty() ? "" : ";").append(word);
        }
    });
    return left;
}

bool asks_for_privacy(const Privacy& asked, const sip::HeaderLine& claim) {
    // RFC 7044 §10.1.2: an entry of History-Info may ask in its URI; elsewhere a parameter asks
    // (RFC 5806 §5).
    const bool is_history = equals_ignoring_case(claim.name, "History-Info");
    if (asked.id || asked.user ||
        (is_history && (asked.history || asked.header || asked.session))) {
        return true;
    }
    const auto named = sip::parse_name_addr_list(claim.value);
    return !named || std::ranges::any_of(*named, [](const sip::NameAddr& each) {
        const std::string in_uri = sip::uri_header(each.uri.headers, "Privacy");
        const auto parameter = each.parameters.find("privacy");
        return (!in_uri.empty() && !equals_ignoring_case(in_uri, "none")) ||
               (parameter && !equals_ignoring_case(*parameter, "off"));
    });
}

bool is_number(std::string_view user) {
    if (user.starts_with('+')) {
        user.remove_prefix(1);
    }
    const std::string_view digits = user.substr(0, user.find(';'));
    static constexpr std::string_view separators = "-.()";  // RFC 3966 §3: visual
    return digits.find_first_of("0123456789") != std::string_view::npos &&
           std::ranges::all_of(digits, [](char c) {
               return (c >= '0' && c <= '9') || separators.find(c) != std::string_view::npos;
           });
}

}  // namespace ringwall::sbc::policy
