#include "sbc/config/snapshot.h"

#include <algorithm>
#include <span>

#include "base/text.h"

namespace ringwall::sbc {

std::string_view to_string(Security security) {
    switch (security) {
        case Security::Untrusted:
            return "untrusted";
        case Security::TrustedEncrypted:
            return "trusted-encrypted";
        case Security::TrustedUnencrypted:
            return "trusted-unencrypted";
    }
    return "";
}

std::string_view to_string(SipCallsIn value) {
    switch (value) {
        case SipCallsIn::Insecure:
            return "insecure";
        case SipCallsIn::Secure:
            return "secure";
        case SipCallsIn::Reject:
            return "reject";
    }
    return "";
}

std::string_view to_string(SipCallsOut value) {
    switch (value) {
        case SipCallsOut::Refuse:
            return "refuse";
        case SipCallsOut::SecureOnly:
            return "secure-only";
        case SipCallsOut::Any:
            return "any";
    }
    return "";
}

std::string_view to_string(SipsConversion value) {
    switch (value) {
        case SipsConversion::Off:
            return "off";
        case SipsConversion::ToSip:
            return "to-sip";
    }
    return "";
}

std::string_view to_string(PrivacyMode value) {
    switch (value) {
        case PrivacyMode::Trusted:
            return "trusted";
        case PrivacyMode::OnRequest:
            return "on-request";
        case PrivacyMode::Restricted:
            return "restricted";
    }
    return "";
}

std::string_view to_string(SignatureMode value) {
    switch (value) {
        case SignatureMode::IfWhole:
            return "if-whole";
        case SignatureMode::Pass:
            return "pass";
        case SignatureMode::Drop:
            return "drop";
    }
    return "";
}

std::string_view to_string(UntrustedCallers value) {
    switch (value) {
        case UntrustedCallers::Allow:
            return "allow";
        case UntrustedCallers::Refuse:
            return "refuse";
    }
    return "";
}

std::string_view to_string(MediaSecurity value) {
    switch (value) {
        case MediaSecurity::Off:
            return "off";
        case MediaSecurity::Preferred:
            return "preferred";
        case MediaSecurity::Required:
            return "required";
    }
    return "";
}

std::string_view to_string(tls::ClientAuthentication value) {
    switch (value) {
        case tls::ClientAuthentication::Off:
            return "off";
        case tls::ClientAuthentication::Optional:
            return "optional";
        case tls::ClientAuthentication::Required:
            return "required";
    }
    return "";
}

bool Adjacency::has_users_of(std::string_view domain) const {
    domain.remove_suffix(domain.ends_with('.') ? 1 : 0);
    return profile == Profile::Access &&
           std::ranges::any_of(domains, [domain](std::string_view served) {
               return equals_ignoring_case(served, domain);
           });
}

namespace {

std::vector<std::string> barred_domains(std::span<const Adjacency> all, AdjacencyIndex index) {
    const Adjacency& its = all[index];
    std::vector<std::string> barred;
    if (its.is_trusted() || its.takes_own_callers || its.profile == Profile::Access) {
        return barred;
    }
    for (const Adjacency& phones : all) {
        if (phones.profile == Profile::Access) {
            barred.insert(barred.end(), phones.domains.begin(), phones.domains.end());
        }
    }
    for (const Adjacency& phones : all) {
        if (phones.registration_target == index) {
            std::erase_if(barred,
                          [&](const std::string& each) { return phones.has_users_of(each); });
        }
    }
    return barred;
}

}  // namespace

void Snapshot::note_domains() {
    for (AdjacencyIndex i = 0; i < adjacencies.size(); ++i) {
        Adjacency& its = adjacencies[i];
        its.is_named_as_domain = std::ranges::any_of(
            adjacencies, [&](const Adjacency& each) { return each.has_users_of(its.own_host()); });
        its.barred_domains = barred_domains(adjacencies, i);
    }
}

const Subscriber* Snapshot::subscriber(std::string_view address_of_record) const {
    const Subscriber* const configured = subscribers.find(address_of_record);
    return configured != nullptr || stored_subscribers == nullptr
               ? configured
               : stored_subscribers->find(address_of_record);
}

std::size_t Snapshot::subscriber_count(std::string_view domain) const {
    return subscribers.of(domain).size() +
           (stored_subscribers == nullptr ? 0 : stored_subscribers->of(domain).size());
}

const Subscriber& Snapshot::subscriber_of(std::string_view domain, std::size_t index) const {
    const auto configured = subscribers.of(domain);
    return index < configured.size() ? subscribers[configured[index]]
                                     : std::as_const(*stored_subscribers)[stored_subscribers->of(
                                           domain)[index - configured.size()]];
}

std::size_t Snapshot::subscriber_count() const {
    return subscribers.size() + (stored_subscribers == nullptr ? 0 : stored_subscribers->size());
}

std::string OutboundRegistration::uri() const {
    return (scheme == sip::Scheme::Sips ? "sips:" : "sip:") + user + "@" + domain;
}

std::string OutboundRegistration::registrar() const {
    return (scheme == sip::Scheme::Sips ? "sips:" : "sip:") + domain;
}

bool is_as_trusted(const Adjacency& one, const Adjacency& other) {
    return one.security == other.security && one.profile == other.profile;
}

std::string Adjacency::own_host() const {
    if (!local_id.empty()) {
        return local_id;
    }
    if (is_encrypted()) {
        const auto exact = std::ranges::find_if(
            certificate.names, [](const std::string& each) { return !each.starts_with("*"); });
        if (exact != certificate.names.end()) {
            return *exact;
        }
    }
    const std::string address = signaling_address.to_string();
    return signaling_address.family == IpAddress::Family::V6 ? "[" + address + "]" : address;
}

}  // namespace ringwall::sbc
