#include "sbc/registrar/edge_registrar.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "base/text.h"
#include "sbc/policy/permit.h"
#include "sbc/registrar/contact_parameters.h"
#include "sbc/registrar/outbound.h"
#include "sbc/registrar/registrar_behind.h"
#include "sip/header/contact.h"
#include "sip/uri/uri.h"

namespace ringwall::sbc::registrar {
namespace {

RegisterOutcome refuse(int status, std::string reason = {}) {
    RegisterOutcome outcome;
    outcome.status = status;
    outcome.reason = std::move(reason);
    return outcome;
}

bool serves(const Adjacency& adjacency, std::string_view host) {
    return std::ranges::any_of(adjacency.domains, [&](const std::string& domain) {
        return equals_ignoring_case(domain, host);
    });
}

// Phones write the domain into the Request-URI; a few the name or address that they connect to.
bool is_meant_for_us(const Adjacency& adjacency, const sip::Uri& request_uri) {
    return serves(adjacency, request_uri.host) ||
           equals_ignoring_case(request_uri.host, adjacency.own_host()) ||
           IpAddress::parse(request_uri.host) == adjacency.signaling_address;
}

// RFC 5626 §6: a flow of an instance takes the place of the one with the same number, whatever
// their Contacts say. All others are known by their Contact (RFC 3261 §10.3); that a phone can take
// SIPS now, or cannot any more, makes no other of it (RFC 5630 §5.1.1.1).
bool is_same_contact(const Binding& binding, const Binding& other, const sip::Uri& contact) {
    if (binding.reg_id != 0 && other.reg_id != 0) {
        return binding.reg_id == other.reg_id &&
               equals_ignoring_case(binding.instance, other.instance);
    }
    if (binding.contact == contact.text) {
        return true;
    }
    auto bound = sip::parse_uri(binding.contact);
    if (!bound) {
        return false;
    }
    bound->scheme = contact.scheme;
    return sip::equivalent(*bound, contact);
}

// RFC 3261 §10.3 steps 6 and 7: a request that is older than what it would change.
bool is_out_of_order(const Binding& binding, const sip::Message& request) {
    return binding.call_id == request.call_id() && request.cseq().number <= binding.cseq;
}

std::int64_t whole_seconds(Duration left) {
    return std::chrono::ceil<std::chrono::seconds>(left).count();
}

constexpr std::size_t usual_parameters = 64;  // their names, and the numbers

// "<sip:alice@192.0.2.7>;expires=60": header parameters that we do not know are not repeated.
std::string contact_value(const Binding& binding, TimePoint now) {
    std::string out;
    out.reserve(binding.contact.size() + binding.instance.size() + usual_parameters);
    out.append("<").append(binding.contact).append(">;expires=");
    out.append(std::to_string(whole_seconds(binding.expires - now)));
    out.append(q_parameter(binding.q)).append(instance_parameter(binding.instance));
    if (binding.reg_id != 0) {
        out.append(";reg-id=").append(std::to_string(binding.reg_id));
    }
    return out;
}

void append_number(std::string& out, unsigned number, std::size_t digits) {
    const std::string text = std::to_string(number);
    out.append(digits - std::min(digits, text.size()), '0').append(text);
}

// RFC 3261 §20.17: "Sat, 13 Nov 2010 23:29:00 GMT". Not by way of printf.
std::string date_value(std::chrono::sys_seconds now) {
    static constexpr std::array weekdays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto day = std::chrono::floor<std::chrono::days>(now);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss time{now - day};
    std::string out;
    out.reserve(32);
    out.append(weekdays[std::chrono::weekday{day}.c_encoding()]).append(", ");
    append_number(out, static_cast<unsigned>(date.day()), 2);
    out.append(" ").append(months[static_cast<unsigned>(date.month()) - 1]).append(" ");
    append_number(out, static_cast<unsigned>(static_cast<int>(date.year())), 4);
    char separator = ' ';
    for (const auto count :
         {time.hours().count(), time.minutes().count(), time.seconds().count()}) {
        out.push_back(std::exchange(separator, ':'));
        append_number(out, static_cast<unsigned>(count), 2);
    }
    out.append(" GMT");
    return out;
}

// RFC 5626 §6: one flow at a time; and a client that wants one is told when it cannot have it.
std::optional<RegisterOutcome> refuse_flows(const sip::Message& request,
                                            const sip::Contacts& contacts) {
    if (std::ranges::none_of(contacts.list, is_flow)) {
        return std::nullopt;
    }
    const auto lasting = std::ranges::count_if(
        contacts.list, [](const sip::Contact& each) { return each.expires != 0U; });
    if (lasting > 1) {
        return refuse(400, "One Flow At A Time");
    }
    if (!can_keep_flows(request) && request.has_token(sip::HeaderName::Supported, "outbound")) {
        return refuse(439, "First Hop Lacks Outbound Support");
    }
    return std::nullopt;
}

constexpr std::size_t longest_path = 2048;  // octets: it stands in all that goes to the phone

// What needs TLS is not promised where it will not be had.
std::optional<RegisterOutcome> refuse_sips_path(const Adjacency& adjacency) {
    const policy::CallSecurity call = policy::call_from(adjacency, sip::Scheme::Sips);
    const auto permit = policy::permit(call, policy::target_of(adjacency, sip::Scheme::Sips),
                                       policy::Event::Registration);
    if (permit) {
        return std::nullopt;
    }
    RegisterOutcome outcome =
        refuse(policy::answer_to(permit.error(), policy::Event::Registration, call).status);
    outcome.rule = permit.error();
    outcome.scheme = sip::Scheme::Sips;
    return outcome;
}

// RFC 5630 §5.2: of what leads to a sips contact all is sips.
std::optional<RegisterOutcome> refuse_path(const Adjacency& adjacency, const sip::Message& request,
                                           const sip::Contacts& contacts) {
    const auto path = request.name_addrs(sip::HeaderName::Path);
    if (!path) {
        return refuse(400, "Bad Path");
    }
    std::size_t length = 0;
    for (const std::string_view each : request.values(sip::HeaderName::Path)) {
        length += each.size();
    }
    if (length > longest_path) {
        return refuse(400, "Path Too Long");
    }
    const bool is_any_sips = std::ranges::any_of(contacts.list, [](const sip::Contact& each) {
        return each.address.uri.scheme == sip::Scheme::Sips;
    });
    const bool is_all_sips = std::ranges::all_of(
        *path, [](const sip::NameAddr& each) { return each.uri.scheme == sip::Scheme::Sips; });
    const auto is_route = [](const sip::NameAddr& each) {
        return each.uri.scheme == sip::Scheme::Sip || each.uri.scheme == sip::Scheme::Sips;
    };
    if (!std::ranges::all_of(*path, is_route)) {
        return refuse(400, "Path Is No SIP URI");
    }
    if (is_any_sips && !is_all_sips) {
        return refuse(400, "SIPS Path Required");
    }
    const bool is_any_path_sips = std::ranges::any_of(
        *path, [](const sip::NameAddr& each) { return each.uri.scheme == sip::Scheme::Sips; });
    return is_any_path_sips ? refuse_sips_path(adjacency) : std::nullopt;
}

std::vector<std::string> path_of(const sip::Message& request) {
    std::vector<std::string> path;
    for (const std::string_view each : request.values(sip::HeaderName::Path)) {
        path.emplace_back(each);
    }
    return path;
}

// One REGISTER that was found to be its sender's business: what it makes of the bindings.
class Update {
public:
    // `before` are the user's; they stay where they are until after().
    Update(const sip::Message& request, std::vector<const Binding*> before, TimePoint now)
        : request_(request), size_before_(before.size()), kept_(std::move(before)), now_(now) {}

    // The refusal, or nothing.
    std::optional<RegisterOutcome> remove_all() {
        if (std::ranges::any_of(
                kept_, [&](const Binding* each) { return is_out_of_order(*each, request_); })) {
            return out_of_order();
        }
        kept_.clear();
        return std::nullopt;
    }

    // `binding` holds all but its expiry.
    std::optional<RegisterOutcome> apply(Binding binding, const sip::Uri& contact,
                                         std::chrono::seconds expiry) {
        const auto is_same = [&](const Binding& each) {
            return is_same_contact(each, binding, contact);
        };
        const auto existing =
            std::ranges::find_if(kept_, [&](const Binding* each) { return is_same(*each); });
        if (existing != kept_.end() && is_out_of_order(**existing, request_)) {
            return out_of_order();
        }
        std::erase_if(kept_, [&](const Binding* each) { return is_same(*each); });
        std::erase_if(added_, is_same);
        if (expiry != std::chrono::seconds(0)) {
            binding.expires = now_ + expiry;
            added_.push_back(std::move(binding));
        }
        return std::nullopt;
    }

    // One that was restored goes when its phone is back: RFC 3261 §10.2 has it use one Call-ID.
    void drop_stranded() {
        if (!added_.empty()) {
            std::erase_if(kept_, [&](const Binding* each) {
                return each->is_stranded() && each->call_id == request_.call_id();
            });
        }
    }

    std::size_t size_before() const { return size_before_; }
    std::size_t size_after() const { return kept_.size() + added_.size(); }
    // Ends the update.
    std::vector<Binding> after() {
        std::vector<Binding> all;
        all.reserve(size_after());
        for (const Binding* each : kept_) {
            all.push_back(*each);
        }
        std::ranges::move(added_, std::back_inserter(all));
        return all;
    }

private:
    static RegisterOutcome out_of_order() { return refuse(500, "CSeq Out Of Order"); }

    const sip::Message& request_;
    const std::size_t size_before_;
    std::vector<const Binding*> kept_;
    std::vector<Binding> added_;
    const TimePoint now_;
};

std::optional<RegisterOutcome> refuse_contact(const Adjacency& adjacency,
                                              const sip::Message& request,
                                              const sip::Uri& contact) {
    if (contact.scheme != sip::Scheme::Sip && contact.scheme != sip::Scheme::Sips) {
        return refuse(400, "Contact Is No SIP URI");
    }
    // RFC 5630 §5.2: else something secure would be bound by what need not be.
    if (contact.scheme == sip::Scheme::Sips && request.request_uri().scheme != sip::Scheme::Sips) {
        return refuse(400, "SIPS Request-URI Required");
    }
    const policy::CallSecurity call = policy::call_from(adjacency, request.to().uri.scheme);
    const auto permit = policy::permit(call, policy::target_of(adjacency, contact.scheme),
                                       policy::Event::Registration);
    if (permit) {
        return std::nullopt;
    }
    const auto answer = policy::answer_to(permit.error(), policy::Event::Registration, call);
    RegisterOutcome outcome = refuse(
        answer.status,
        permit.error() == policy::Refusal::RegistrationNeedsSips ? "SIPS Contact Required" : "");
    outcome.rule = permit.error();
    outcome.scheme = contact.scheme;
    return outcome;
}

// Would it change nothing but how long the binding lives? Then it is a sign of life, which the
// registrar behind need not see while it has granted more than half of its time yet.
bool is_sign_of_life(const Binding& held, const Binding& fresh, const sip::Message& request,
                     TimePoint now) {
    return held.behind && held.contact == fresh.contact && held.hop == fresh.hop &&
           held.adjacency == fresh.adjacency && held.call_id == fresh.call_id &&
           !is_out_of_order(held, request) && held.instance == fresh.instance &&
           held.reg_id == fresh.reg_id && held.q == fresh.q && held.path == fresh.path &&
           held.behind->expires - now > held.behind->granted / 2;
}

}  // namespace

EdgeRegistrar::EdgeRegistrar(Location& location, RegisterOrder& order, RegistrarLimits limits)
    : location_(location), order_(order), limits_(limits) {}

std::optional<RegisterOutcome> EdgeRegistrar::refuse_sender(const sip::Message& request,
                                                            const Registrant& registrant) const {
    const sip::Uri& to = request.to().uri;
    const Adjacency& adjacency = registrant.adjacency;
    if (adjacency.profile != Profile::Access) {
        return refuse(403, "No Registrations Here");
    }
    const bool is_sip = to.scheme == sip::Scheme::Sip || to.scheme == sip::Scheme::Sips;
    if (!is_sip || !serves(adjacency, to.host) ||
        !is_meant_for_us(adjacency, request.request_uri())) {
        return refuse(404, "Domain Not Served");
    }
    if (registrant.user.empty() || sip::address_of_record(to) != registrant.user) {
        return refuse(403, "Not Your Address-Of-Record");
    }
    return std::nullopt;
}

Binding EdgeRegistrar::binding_of(const sip::Message& request, const sip::Contact& contact,
                                  const Registrant& registrant, TimePoint now) const {
    Binding binding{
        .contact = std::string(contact.address.uri.text),
        .scheme = contact.address.uri.scheme,
        .address_of_record = std::string(registrant.user),
        .hop = registrant.from,
        .adjacency = registrant.index,
        .call_id = std::string(request.call_id()),
        .cseq = request.cseq().number,
        .expires = {},
        .refreshed = now,
        .instance = std::string(contact.instance),
        .reg_id = has_outbound(request) && is_flow(contact) ? contact.reg_id : 0,
        .user_agent = {},
        .q = contact.q,
        .path = path_of(request),
        .behind = {},
    };
    if (const sip::HeaderLine* agent = request.header(sip::HeaderName::UserAgent)) {
        binding.user_agent = agent->value;
    }
    return binding;
}

EdgeRegistrar::Change EdgeRegistrar::foresee(const sip::Message& request,
                                             const Registrant& registrant, TimePoint now) {
    Change change;
    bind(request, registrant, nullptr, &change, now);
    return change;
}

RegisterOutcome EdgeRegistrar::bind(const sip::Message& request, const Registrant& registrant,
                                    const sip::Message* granted, Change* foreseen, TimePoint now) {
    const Adjacency& adjacency = registrant.adjacency;
    if (auto refusal = refuse_sender(request, registrant)) {
        return std::move(*refusal);
    }
    const sip::Contacts& contacts = request.contacts();
    Location::Held held = location_.hold(registrant.user);
    if (granted != nullptr && order_.is_overtaken(request, registrant.user)) {
        return refuse(500, "CSeq Out Of Order");
    }
    const std::vector<const Binding*> before = held.find(now);
    Update update(request, before, now);
    if (contacts.is_star) {
        if (auto refusal = update.remove_all()) {
            return std::move(*refusal);
        }
    }
    if (auto refusal = refuse_flows(request, contacts)) {
        return std::move(*refusal);
    }
    if (auto refusal = refuse_path(adjacency, request, contacts)) {
        return std::move(*refusal);
    }
    for (const sip::Contact& each : contacts.list) {
        if (auto refusal = refuse_contact(adjacency, request, each.address.uri)) {
            return std::move(*refusal);
        }
        Binding binding = binding_of(request, each, registrant, now);
        std::chrono::seconds expiry{};
        if (adjacency.registration_target) {
            binding.behind = granted_behind(contact_token(request, each),
                                            asked_behind(adjacency, each), granted, now);
            if (!binding.behind) {
                return refuse(502, "Registrar's Answer Unreadable");
            }
            expiry = expiry_here(adjacency, registrant.from.transport, *binding.behind, now);
        } else {
            const std::uint32_t least = adjacency.reg_min_expiry;
            const std::uint32_t wanted =
                each.expires.value_or(std::max(limits_.default_expiry, least));
            if (wanted != 0 && wanted < least) {
                RegisterOutcome brief = refuse(423);
                brief.min_expires = least;
                return brief;
            }
            expiry = std::chrono::seconds(std::min(wanted, std::max(limits_.max_expiry, least)));
        }
        if (auto refusal = update.apply(std::move(binding), each.address.uri, expiry)) {
            return std::move(*refusal);
        }
    }
    update.drop_stranded();
    if (update.size_after() > std::max(limits_.contacts_per_user, update.size_before())) {
        return refuse(403, "Too Many Contacts");
    }
    if (update.size_after() > update.size_before() &&
        location_.binding_count() + update.size_after() - update.size_before() > limits_.bindings) {
        return refuse(500, "Registrar Is Full");
    }
    if (foreseen != nullptr) {
        const auto way_of = [](const Binding& each) {
            return std::pair(each.adjacency, each.hop.remote.address);
        };
        for (const Binding* each : before) {
            foreseen->before.push_back(way_of(*each));
        }
        std::ranges::transform(update.after(), std::back_inserter(foreseen->after), way_of);
    } else if (contacts.is_star || !contacts.list.empty()) {
        held.assign(update.after());
    }
    if (granted != nullptr) {
        order_.answered(request, registrant.user);
    }
    return outcome_of(request, held, now);
}

RegisterOutcome EdgeRegistrar::outcome_of(const sip::Message& request, const Location::Held& held,
                                          TimePoint now) const {
    RegisterOutcome outcome;
    outcome.address_of_record = sip::address_of_record(request.to().uri);
    for (const Binding* each : held.find(now)) {
        outcome.contacts.push_back(contact_value(*each, now));
    }
    outcome.is_registered = !outcome.contacts.empty();
    outcome.is_outbound =
        has_outbound(request) && std::ranges::any_of(request.contacts().list, is_flow);
    outcome.path = path_of(request);
    return outcome;
}

std::optional<RegisterOutcome> EdgeRegistrar::answer_here(const sip::Message& request,
                                                          const Registrant& registrant,
                                                          TimePoint now) {
    Change foreseen;
    if (RegisterOutcome refused = bind(request, registrant, nullptr, &foreseen, now);
        refused.status != 200) {
        return refused;
    }
    const sip::Contacts& contacts = request.contacts();
    Location::Held held = location_.hold(registrant.user);
    std::vector<Binding> after;
    for (const Binding* each : held.find(now)) {
        after.push_back(*each);
    }
    for (const sip::Contact& each : contacts.list) {
        const Binding fresh = binding_of(request, each, registrant, now);
        const auto same = std::ranges::find_if(after, [&](const Binding& binding) {
            return is_sign_of_life(binding, fresh, request, now);
        });
        if (same == after.end() || each.expires == 0U) {
            return std::nullopt;
        }
        same->cseq = fresh.cseq;
        same->refreshed = now;
        same->expires =
            now + expiry_here(registrant.adjacency, registrant.from.transport, *same->behind, now);
    }
    if (contacts.is_star || contacts.list.empty()) {
        return std::nullopt;
    }
    held.assign(std::move(after));
    return outcome_of(request, held, now);
}

// Only what came by the same way and in its order: whoever sends nonsense in a phone's name gets
// the same answer from the registrar.
std::vector<Binding> EdgeRegistrar::on_refused_behind(const sip::Message& request,
                                                      const Registrant& registrant, TimePoint now) {
    Location::Held held = location_.hold(registrant.user);
    std::vector<Binding> kept;
    std::vector<Binding> gone;
    for (const Binding* each : held.find(now)) {
        const bool is_its = each->hop == registrant.from && each->call_id == request.call_id() &&
                            !is_out_of_order(*each, request);
        (is_its ? gone : kept).push_back(*each);
    }
    if (!gone.empty()) {
        held.assign(std::move(kept));
        order_.answered(request, registrant.user);
    }
    return gone;
}

sip::MessageBuilder EdgeRegistrar::response(const sip::Message& request,
                                            const RegisterOutcome& outcome, std::string_view to_tag,
                                            WallTime now) {
    auto builder = sip::reply(request, outcome.status, to_tag, outcome.reason);
    for (const std::string& contact : outcome.contacts) {
        builder.header(sip::HeaderName::Contact, contact);
    }
    if (outcome.min_expires) {
        builder.header(sip::HeaderName::MinExpires, std::to_string(*outcome.min_expires));
    }
    for (const std::string& each : outcome.path) {
        builder.header(sip::HeaderName::Path, each);
    }
    if (outcome.is_outbound) {
        builder.header(sip::HeaderName::Require, "outbound");
    }
    if (outcome.status == 200) {
        const auto second = std::chrono::floor<std::chrono::seconds>(now);
        if (date_.empty() || date_of_ != second) {
            date_ = date_value(second);
            date_of_ = second;
        }
        builder.header(sip::HeaderName::Date, date_);
    }
    return builder;
}

}  // namespace ringwall::sbc::registrar
