#include "phone/servers.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/host_name.h"
#include "base/text.h"

namespace ringwall::phone {
namespace {

using sip::locate::Search;
using sip::locate::Way;

// "_sip._tls.example.com" stands for the services of example.com: the prefix is ours to make.
std::string_view without_service(std::string_view host) {
    for (int i = 0; i < 2 && host.starts_with('_'); ++i) {
        host.remove_prefix(std::min(host.find('.'), host.size() - 1) + 1);
    }
    return host;
}

// RFC 3261 §25.1.
bool is_host(std::string_view text) {
    const bool is_reference = text.starts_with('[') && text.ends_with(']');
    return is_reference ? IpAddress::parse(text.substr(1, text.size() - 2)).has_value()
                        : IpAddress::parse(text) || host_name(text);
}

Result<void, std::string> take(std::string_view part, ProxyEntry& entry) {
    const auto wrong = [&] {
        return fail("'" + std::string(part) +
                    "' is neither a port, p=0..65535, w=0..65535 nor "
                    "A=address,address");
    };
    const std::string_view value = part.substr(std::min<std::size_t>(2, part.size()));
    const bool is_named = part.size() > 2 && part[1] == '=';
    if (is_named && part.front() == 'A') {
        for (const std::string_view each : split(value, ',')) {
            const auto address = IpAddress::parse(each);
            if (!address) {
                return wrong();
            }
            entry.addresses.push_back(*address);
        }
        return {};
    }
    const auto number = parse_number(is_named ? value : part, 65'535);
    if (!number) {
        return wrong();
    }
    const auto found = static_cast<std::uint16_t>(*number);
    if (!is_named) {
        entry.port = found;
    } else if (part.front() == 'p') {
        entry.priority = found;
    } else if (part.front() == 'w') {
        entry.weight = found;
    } else {
        return wrong();
    }
    return {};
}

}  // namespace

Result<std::vector<ProxyEntry>, std::string> parse_proxy(std::string_view value) {
    std::vector<ProxyEntry> entries;
    for (std::string_view text : split(value, '|')) {
        ProxyEntry entry;
        entry.is_service = text.starts_with('_');
        std::size_t end = text.find(':');
        if (text.starts_with('[')) {
            const auto bracket = text.find(']');
            end = bracket == std::string_view::npos ? bracket : text.find(':', bracket);
        }
        entry.host = without_service(text.substr(0, end));
        if (entry.host.empty()) {
            return fail(std::string("a host name or address is missing"));
        }
        if (!is_host(entry.host)) {
            return fail("'" + entry.host + "' is neither a host name nor an address");
        }
        if (end != std::string_view::npos) {
            for (const std::string_view part : split(text.substr(end + 1), ':')) {
                TRY(take(part, entry));
            }
        }
        entries.push_back(std::move(entry));
    }
    return entries;
}

std::string domain_of(const LineSettings& settings) {
    const auto entries = parse_proxy(settings.proxy);
    return entries ? entries->front().host : "";
}

Servers::Servers(const LineSettings& settings, const AccessDomains& domains)
    : transport_(settings.sip_transport),
      is_auto_(settings.is_transport_auto),
      uses_srv_(settings.use_dns_srv),
      adds_prefix_(settings.dns_srv_auto_prefix),
      method_(settings.proxy_redundancy_method) {
    const bool by_outbound = settings.use_outbound_proxy && !settings.outbound_proxy.empty();
    add(by_outbound ? settings.outbound_proxy : settings.proxy, false);
    const std::string& alternate =
        by_outbound ? settings.alternate_outbound_proxy : settings.alternate_proxy;
    if (!domains.refused_of(alternate)) {
        add(alternate, true);
    }
}

void Servers::add(std::string_view value, bool is_alternate) {
    auto entries = parse_proxy(value);
    if (!entries) {
        return;
    }
    std::ranges::stable_sort(*entries, {}, &ProxyEntry::priority);
    for (ProxyEntry& entry : *entries) {
        entries_.push_back({std::move(entry), is_alternate});
    }
}

// None: as the DNS says.
std::optional<sip::Transport> Servers::transport() const {
    const bool is_open = is_auto_ && transport_ != sip::Transport::Tls;
    return is_open ? std::nullopt : std::optional(transport_);
}

// Those that it may be, the first where nothing is said (RFC 3263 §4.1).
std::vector<sip::Transport> Servers::transports() const {
    const auto only = transport();
    return only ? std::vector{*only}
                : std::vector{sip::Transport::Udp, sip::Transport::Tcp, sip::Transport::Tls};
}

std::uint16_t Servers::default_port() const {
    return sip::locate::default_port(transports().front());
}

void Servers::locate(IpAddress::Family family) {
    searches_.clear();
    for (const Named& named : entries_) {
        const ProxyEntry& entry = named.entry;
        const bool asks_for_services =
            is_auto_ || (uses_srv_ && (adds_prefix_ || entry.is_service));
        const std::uint16_t port =
            entry.port == 0 && !asks_for_services ? default_port() : entry.port;
        searches_.push_back({named, Search({sip::Scheme::Sip, entry.host, port, transport()},
                                           {transports(), family})});
    }
}

std::vector<dns::Question> Servers::open_questions() const {
    std::vector<dns::Question> questions;
    for (const Located& each : searches_) {
        if (each.named.entry.addresses.empty()) {
            const auto& open = each.search.open_questions();
            questions.insert(questions.end(), open.begin(), open.end());
        }
    }
    return questions;
}

bool Servers::on_answer(const dns::Question& question, const dns::Answer& answer, Random& random) {
    if (searches_.empty()) {
        return false;
    }
    for (Located& each : searches_) {
        each.search.on_answer(question, answer);
    }
    if (!open_questions().empty()) {
        return false;
    }
    conclude(random);
    return true;
}

void Servers::conclude(Random& random) {
    std::vector<Server> found;
    for (const bool is_alternate : {false, true}) {
        std::vector<Server> them = found_of(is_alternate, random);
        if (them.empty()) {  // what was found before is better than nothing
            std::ranges::copy_if(found_, std::back_inserter(them), [&](const Server& each) {
                return each.is_alternate == is_alternate;
            });
        }
        found.insert(found.end(), them.begin(), them.end());
    }
    searches_.clear();
    if (is_auto_ && !found.empty()) {
        transport_ = found.front().way.transport;
        std::erase_if(found, [&](const Server& each) { return each.way.transport != transport_; });
    }
    found_ = std::move(found);
    at_ = 0;
}

std::vector<Servers::Server> Servers::found_of(bool is_alternate, Random& random) const {
    std::vector<Server> found;
    // Of one priority by weight, as SRV records are.
    std::vector<dns::Srv> order;
    for (std::size_t i = 0; i < searches_.size(); ++i) {
        const auto& [entry, is_one] = searches_[i].named;
        if (is_one == is_alternate) {
            order.push_back(
                {entry.priority, entry.weight, static_cast<std::uint16_t>(i), entry.host});
        }
    }
    for (const dns::Srv& each : sip::locate::in_order(std::move(order), random)) {
        const Located& located = searches_[each.port];
        const ProxyEntry& entry = located.named.entry;
        std::vector<Way> ways;
        ways.reserve(entry.addresses.size());
        const std::uint16_t port = entry.port != 0 ? entry.port : default_port();
        for (const IpAddress& address : entry.addresses) {
            ways.push_back({transports().front(), {address, port}});
        }
        if (ways.empty()) {
            ways = located.search.ways(random);
        }
        for (const Way& way : ways) {
            found.push_back({way, entry.host, is_alternate});
        }
    }
    if (method_ == ProxyRedundancyMethod::BasedOnSrvPort && !found.empty()) {
        const std::uint16_t port = found.front().way.remote.port;
        std::erase_if(found, [&](const Server& each) { return each.way.remote.port != port; });
    }
    return found;
}

bool Servers::go_on() {
    at_ = at_ + 1 < found_.size() ? at_ + 1 : 0;
    return at_ != 0;
}

void Servers::stay_at(const Endpoint& remote) {
    const auto it =
        std::ranges::find_if(found_, [&](const Server& each) { return each.way.remote == remote; });
    // One that is nowhere any more is the last.
    at_ = it != found_.end() ? static_cast<std::size_t>(it - found_.begin()) : found_.size() - 1;
}

bool Servers::has(const IpAddress& address) const {
    return std::ranges::any_of(
        found_, [&](const Server& each) { return each.way.remote.address == address; });
}

}  // namespace ringwall::phone
