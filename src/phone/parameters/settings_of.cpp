#include "phone/parameters/settings_of.h"

#include <algorithm>
#include <cstdlib>
#include <span>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "phone/access_domains.h"
#include "phone/servers.h"
#include "phone/target.h"
#include "sip/uri/uri.h"
#include "tls/context.h"

namespace ringwall::phone {
namespace {

// Values by their types. Every value in Values fits its type, so nothing here can fail but a name
// that is not in the catalogue.
class View {
public:
    View(const Values& values, unsigned n) : values_(values), n_(n) {}

    std::string text(std::string_view name) const {
        const Parameter* const parameter = find_parameter(name);
        CHECK(parameter != nullptr);
        return values_.get(*parameter, parameter->count == Count::Many ? n_ : 0);
    }
    bool is_changed(std::string_view name) const {
        return text(name) != find_parameter(name)->default_value;
    }
    Secret secret(std::string_view name) const { return Secret(text(name)); }
    bool flag(std::string_view name) const { return text(name) == "Yes"; }
    // An empty number or time is 0.
    template <class Number>
    Number number(std::string_view name) const {
        return static_cast<Number>(parse_whole_number(text(name)).value_or(0));
    }
    Duration time(std::string_view name) const {
        return parse_seconds(text(name)).value_or(Duration::zero());
    }
    double level(std::string_view name) const { return std::strtod(text(name).c_str(), nullptr); }
    std::vector<std::string> list(std::string_view name) const {
        std::vector<std::string> out;
        const std::string value = text(name);
        for (const std::string_view each : split(value, ',')) {
            if (!each.empty()) {
                out.emplace_back(each);
            }
        }
        return out;
    }
    // By the place of a choice in its list.
    template <class Enum>
    Enum choice(std::string_view name) const {
        std::string_view choices = find_parameter(name)->type.choices;
        const std::string value = text(name);
        std::size_t at = 0;
        while (choices.substr(0, choices.find('|')) != value) {
            choices.remove_prefix(choices.find('|') + 1);
            ++at;
        }
        return static_cast<Enum>(at);
    }

private:
    const Values& values_;
    unsigned n_;
};

// "$VERSION" is what the program calls itself.
std::string program_name(const std::string& name) {
    constexpr std::string_view own = "$VERSION";
    return name == own ? std::string() : name;
}

std::string with_macros(std::string text, const LineSettings& line) {
    const auto put = [&](std::string_view macro, const std::string& value) {
        if (const auto at = text.find(macro); at != std::string::npos) {
            text.replace(at, macro.size(), value);
        }
    };
    put("$PROXY", domain_of(line));
    put("$USER", sip::escape_user(line.user_id));
    return text.find('@') == std::string::npos ? text + "@" + domain_of(line) : text;
}

void read_sip(const View& view, PhoneSettings& out) {
    out.sip_user_agent_name = program_name(view.text("SIP User Agent Name"));
    out.sip_server_name = program_name(view.text("SIP Server Name"));
    out.sip_reg_user_agent_name = program_name(view.text("SIP Reg User Agent Name"));
    out.remove_last_reg = view.flag("Remove Last Reg");
    out.max_forward = view.number<unsigned>("Max Forward");
    out.max_redirection = view.number<unsigned>("Max Redirection");
    out.max_auth = view.number<unsigned>("Max Auth");
    if (view.is_changed("SIP TCP Port Min") || view.is_changed("SIP TCP Port Max")) {
        out.sip_tcp_ports = PortRange{view.number<std::uint16_t>("SIP TCP Port Min"),
                                      view.number<std::uint16_t>("SIP TCP Port Max")};
    }
    out.caller_id_header = view.choice<CallerIdHeader>("Caller ID Header");
    out.try_backup_rsc.patterns = view.list("Try Backup RSC");
    out.retry_reg_rsc.patterns = view.list("Retry Reg RSC");
    for (std::size_t i = 0; i < out.sit_rsc.size(); ++i) {
        out.sit_rsc[i].patterns = view.list("SIT" + std::to_string(i + 1) + " RSC");
    }
    out.nat_keep_alive_intvl = view.time("NAT Keep Alive Intvl");
}

void read_timers(const View& view, PhoneSettings& out) {
    out.sip_t1 = view.time("SIP T1");
    out.sip_t2 = view.time("SIP T2");
    out.sip_t4 = view.time("SIP T4");
    out.sip_timer_b = view.time("SIP Timer B");
    out.sip_timer_f = view.time("SIP Timer F");
    out.sip_timer_h = view.time("SIP Timer H");
    out.sip_timer_d = view.time("SIP Timer D");
    out.sip_timer_j = view.time("SIP Timer J");
    out.invite_expires = view.number<std::uint32_t>("INVITE Expires");
    out.reinvite_expires = view.number<std::uint32_t>("ReINVITE Expires");
    out.reg_min_expires = view.number<std::uint32_t>("Reg Min Expires");
    out.reg_max_expires = view.number<std::uint32_t>("Reg Max Expires");
    out.reg_retry_intvl = view.time("Reg Retry Intvl");
    out.reg_retry_long_intvl = view.time("Reg Retry Long Intvl");
    out.reg_retry_random_delay = view.time("Reg Retry Random Delay");
    out.reg_retry_long_random_delay = view.time("Reg Retry Long Random Delay");
    out.reg_retry_intvl_cap = view.time("Reg Retry Intvl Cap");
    out.sub_min_expires = view.number<std::uint32_t>("Sub Min Expires");
    out.sub_max_expires = view.number<std::uint32_t>("Sub Max Expires");
    out.sub_retry_intvl = view.time("Sub Retry Intvl");
}

void read_media(const View& view, PhoneSettings& out) {
    out.rtp_port_min = view.number<std::uint16_t>("RTP Port Min");
    out.rtp_port_max = view.number<std::uint16_t>("RTP Port Max");
    out.rtp_packet_size = view.time("RTP Packet Size");
    out.stats_in_bye = view.flag("Stats In BYE");
    out.avt_dynamic_payload = view.number<std::uint8_t>("AVT Dynamic Payload");
    out.dtmf_playback_level = view.level("DTMF Playback Level");
    out.dtmf_playback_length = view.time("DTMF Playback Length");
}

Tones tones_of(const View& view) {
    return {.dial = view.text("Dial Tone"),
            .outside_dial = view.text("Outside Dial Tone"),
            .prompt = view.text("Prompt Tone"),
            .busy = view.text("Busy Tone"),
            .reorder = view.text("Reorder Tone"),
            .ring_back = view.text("Ring Back Tone"),
            .call_waiting = view.text("Call Waiting Tone"),
            .confirm = view.text("Confirm Tone"),
            .mwi_dial = view.text("MWI Dial Tone"),
            .cfwd_dial = view.text("Cfwd Dial Tone"),
            .holding = view.text("Holding Tone"),
            .conference = view.text("Conference Tone"),
            .secure_call_indication = view.text("Secure Call Indication Tone"),
            .page = view.text("Page Tone"),
            .call_pickup = view.text("Call Pickup Tone"),
            .sit = {view.text("SIT1 Tone"), view.text("SIT2 Tone"), view.text("SIT3 Tone"),
                    view.text("SIT4 Tone")}};
}

Services services_of(const View& view) {
    return {.conference = view.flag("Conference Serv"),
            .attn_transfer = view.flag("Attn Transfer Serv"),
            .blind_transfer = view.flag("Blind Transfer Serv"),
            .dnd = view.flag("DND Serv"),
            .block_anc = view.flag("Block ANC Serv"),
            .block_cid = view.flag("Block CID Serv"),
            .secure_call = view.flag("Secure Call Serv"),
            .cfwd_all = view.flag("Cfwd All Serv"),
            .cfwd_busy = view.flag("Cfwd Busy Serv"),
            .cfwd_no_ans = view.flag("Cfwd No Ans Serv")};
}

void read_regional(const View& view, PhoneSettings& out) {
    constexpr int never = 255;
    out.tones = tones_of(view);
    for (std::size_t i = 0; i < out.cadences.size(); ++i) {
        out.cadences[i] = view.text("Cadence " + std::to_string(i + 1));
    }
    if (const auto delay = view.number<int>("Reorder Delay"); delay != never) {
        out.reorder_delay = std::chrono::seconds(delay);
    }
    out.call_back_expires = view.time("Call Back Expires");
    out.call_back_retry_intvl = view.time("Call Back Retry Intvl");
    out.call_back_delay = view.time("Call Back Delay");
    out.interdigit_long_timer = view.time("Interdigit Long Timer");
    out.interdigit_short_timer = view.time("Interdigit Short Timer");
}

void read_user(const View& view, PhoneSettings& out) {
    out.services = services_of(view);
    out.voice_mail_number = view.text("Voice Mail Number");
    for (std::size_t i = 2; i < out.speed_dial.size(); ++i) {
        out.speed_dial[i] = view.text("Speed Dial " + std::to_string(i));
    }
    out.cfwd_all_dest = view.text("Cfwd All Dest");
    out.cfwd_busy_dest = view.text("Cfwd Busy Dest");
    out.cfwd_no_ans_dest = view.text("Cfwd No Ans Dest");
    out.cfwd_no_ans_delay = view.time("Cfwd No Ans Delay");
    out.cw_setting = view.flag("CW Setting");
    out.block_cid_setting = view.flag("Block CID Setting");
    out.block_anc_setting = view.flag("Block ANC Setting");
    out.dnd_setting = view.flag("DND Setting");
    out.secure_call_setting = view.flag("Secure Call Setting");
    out.auto_answer_page = view.flag("Auto Answer Page");
}

void read_system(const View& view, PhoneSettings& out) {
    out.restricted_access_domains = view.list("Restricted Access Domains");
    out.tls_min_version = view.choice<TlsMinVersion>("TLS Min Version");
    out.tls_cipher_list = view.text("TLS Cipher List");
    out.custom_ca = view.text("Custom CA File");
    out.client_certificate = view.text("Client Certificate File");
    out.client_private_key = view.text("Client Private Key File");
}

// The three preferred ones, then all that are enabled. What is not built in counts as none.
std::vector<media::Codec> codecs_of(const View& view) {
    std::vector<media::Codec> out;
    const auto add = [&](std::string_view name) {
        const bool is_g722 = name == "G722";
        const bool is_opus = name == "OPUS";
        if ((is_g722 && !view.flag("G722 Enable")) || (is_opus && !view.flag("OPUS Enable")) ||
            (!is_g722 && !is_opus && name != "G711u" && name != "G711a")) {
            return;
        }
        const auto codec = is_g722           ? media::Codec::G722
                           : is_opus         ? media::Codec::Opus
                           : name == "G711u" ? media::Codec::Pcmu
                                             : media::Codec::Pcma;
        if (std::ranges::find(out, codec) == out.end()) {
            out.push_back(codec);
        }
    };
    add(view.text("Preferred Codec"));
    add(view.text("Second Preferred Codec"));
    add(view.text("Third Preferred Codec"));
    for (const std::string_view name : {"G711u", "G711a", "G722", "OPUS"}) {
        add(name);
    }
    return out;
}

void read_registration(const View& view, LineSettings& out) {
    out.proxy = view.text("Proxy");
    out.outbound_proxy = view.text("Outbound Proxy");
    out.alternate_proxy = view.text("Alternate Proxy");
    out.alternate_outbound_proxy = view.text("Alternate Outbound Proxy");
    out.use_outbound_proxy = view.flag("Use Outbound Proxy");
    out.use_ob_proxy_in_dialog = view.flag("Use OB Proxy In Dialog");
    out.is_register = view.flag("Register");
    out.make_call_without_reg = view.flag("Make Call Without Reg");
    out.ans_call_without_reg = view.flag("Ans Call Without Reg");
    out.register_expires = view.number<std::uint32_t>("Register Expires");
    out.use_dns_srv = view.flag("Use DNS SRV");
    out.dns_srv_auto_prefix = view.flag("DNS SRV Auto Prefix");
    out.proxy_fallback_intvl = view.time("Proxy Fallback Intvl");
    out.auto_register_when_failover = view.flag("Auto Register When Failover");
    out.proxy_redundancy_method = view.choice<ProxyRedundancyMethod>("Proxy Redundancy Method");
    out.tls_name_validate = view.flag("TLS Name Validate");
    out.display_name = view.text("Display Name");
    out.user_id = view.text("User ID");
    out.password = view.secret("Password");
    out.use_auth_id = view.flag("Use Auth ID");
    out.auth_id = view.text("Auth ID");
    out.reserved_auth_realm = view.text("Reserved Auth Realm");
}

void read_line_sip(const View& view, LineSettings& out) {
    constexpr std::optional<sip::Transport> transports[] = {
        sip::Transport::Udp, sip::Transport::Tcp, sip::Transport::Tls, std::nullopt};
    const auto transport = transports[view.choice<std::size_t>("SIP Transport")];
    out.is_transport_auto = !transport;
    out.sip_transport = transport.value_or(sip::Transport::Udp);
    out.sip_port = view.number<std::uint16_t>("SIP Port");
    out.sip_100rel_enable = view.flag("SIP 100REL Enable");
    out.sip_tos = view.number<std::uint8_t>("SIP TOS/DiffServ Value");
    out.rtp_tos = view.number<std::uint8_t>("RTP TOS/DiffServ Value");
    out.auth_invite = view.flag("Auth INVITE");
    out.auth_support_rfc8760 = view.flag("Auth Support RFC8760");
    out.auth_resync_reboot = view.flag("Auth Resync-Reboot");
    out.restrict_source_ip = view.flag("Restrict Source IP");
    out.secure_call_option = view.choice<SecureCallOption>("Secure Call Option");
    out.nat_keep_alive_enable = view.flag("NAT Keep Alive Enable");
    out.nat_keep_alive_msg = view.text("NAT Keep Alive Msg");
    out.nat_keep_alive_dest = view.text("NAT Keep Alive Dest");
    out.sip_proxy_require = view.text("SIP Proxy-Require");
    out.sip_remote_party_id = view.flag("SIP Remote-Party-ID");
    out.use_anonymous_with_rpid = view.flag("Use Anonymous With RPID");
    out.sticky_183 = view.flag("Sticky 183");
    out.reply_182_on_call_waiting = view.flag("Reply 182 On Call Waiting");
}

void read_line_calls(const View& view, LineSettings& out) {
    out.network_jitter_level = view.choice<media::JitterLevel>("Network Jitter Level");
    out.jitter_buffer_adjustment = view.choice<media::JitterAdjustment>("Jitter Buffer Adjustment");
    out.codecs = codecs_of(view);
    out.use_pref_codec_only = view.flag("Use Pref Codec Only");
    out.use_remote_pref_codec = view.flag("Use Remote Pref Codec");
    out.is_list_all_codecs = view.text("Codec Negotiation") == "List All";
    out.dtmf_process_avt = view.flag("DTMF Process AVT");
    out.dtmf_tx_method = view.choice<DtmfTxMethod>("DTMF Tx Method");
    out.voice_mail_server = view.text("Voice Mail Server");
    out.voice_mail_subscribe_interval = view.time("Voice Mail Subscribe Interval");
    out.mailbox_id = view.text("Mailbox ID");
    out.subscription_expires = view.number<std::uint32_t>("Subscription Expires");
    out.moh_server = view.text("MOH Server");
    out.conference_bridge_url = view.text("Conference Bridge URL");
    out.default_ring = view.text("Default Ring");
    out.auto_ans_page_on_active_call = view.flag("Auto Ans Page On Active Call");
    out.auth_page = view.flag("Auth Page");
    out.auth_page_realm = view.text("Auth Page Realm");
    out.auth_page_password = view.secret("Auth Page Password");
    out.dial_plan = view.text("Dial Plan");
    out.enable_ip_dialing = view.flag("Enable IP Dialing");
    out.emergency_number = view.list("Emergency Number");
}

class Drawing {
public:
    explicit Drawing(const Values& values) : values_(values) {}

    DrawnSettings draw() {
        const View view(values_, 0);
        read_system(view, settings_.phone);
        read_sip(view, settings_.phone);
        read_timers(view, settings_.phone);
        read_media(view, settings_.phone);
        read_regional(view, settings_.phone);
        read_user(view, settings_.phone);
        read_star_codes(view);
        check_phone();
        for (const unsigned n : values_.extensions()) {
            LineSettings line;
            line.number = n;
            const View of_line(values_, n);
            line.line_enable = of_line.flag("Line Enable");
            line.srtp_method = of_line.choice<SrtpMethod>("SRTP Method");
            read_registration(of_line, line);
            read_line_sip(of_line, line);
            read_line_calls(of_line, line);
            if (line.line_enable) {
                check_line(line);
            }
            settings_.lines.push_back(std::move(line));
        }
        for (const unsigned n : values_.numbers_of(*find_parameter("Extended Function"))) {
            read_key(n);
        }
        return {std::make_shared<const Settings>(std::move(settings_)), std::move(remarks_)};
    }

private:
    void remark(std::string sentence) { remarks_.push_back(std::move(sentence)); }

    // Of services that there are; the first of two with one code has it.
    void read_star_codes(const View& view) {
        std::vector<StarCode>& out = settings_.phone.star_codes;
        for (const StarServiceRow& row : star_services()) {
            const std::string code = view.text(row.parameter);
            if (code.empty() || (!row.needs.empty() && !view.flag(row.needs))) {
                continue;
            }
            const auto same = std::ranges::find(out, code, &StarCode::code);
            if (same != out.end()) {
                const auto first =
                    std::ranges::find(star_services(), same->service, &StarServiceRow::service);
                remark(std::string(row.parameter) + " is " + code + ", which is " +
                       std::string(first->parameter) + " already; it is not used");
                continue;
            }
            out.push_back({row.service, row.then, code});
        }
    }

    void read_key(unsigned n) {
        const View view(values_, n);
        const std::string value = view.text("Extended Function");
        if (value.empty()) {
            return;
        }
        const std::string name = "Extended Function[" + std::to_string(n) + "]";
        auto key = parse_extended_function(value);
        if (!key) {
            remark(name + ": " + key.error() + "; the key does nothing");
            return;
        }
        key->number = n;
        if (key->line == 0) {
            key->line = std::max(1U, view.number<unsigned>("Extension"));  // "Disabled" is 0
        }
        const auto line = std::ranges::find(settings_.lines, key->line, &LineSettings::number);
        if (line == settings_.lines.end() || !line->line_enable) {
            remark(name + " is of extension " + std::to_string(key->line) +
                   ", which there is not; the key does nothing");
            return;
        }
        const bool has_scheme = key->address.find(':') < key->address.find('@');
        key->address = (has_scheme ? "" : "sip:") + with_macros(key->address, *line);
        if (!is_target(key->address)) {
            remark(name + ": " + key->address + " is no address; the key does nothing");
            return;
        }
        settings_.keys.push_back(std::move(*key));
    }

    // A range that is none goes back to its defaults.
    template <class Number>
    void check_range(std::string_view least_name, Number& least, std::string_view most_name,
                     Number& most, Number room) {
        if (least <= most && static_cast<Number>(most - least) >= room) {
            return;
        }
        const auto by_default = [](std::string_view name) {
            return static_cast<Number>(
                parse_whole_number(find_parameter(name)->default_value).value_or(0));
        };
        remark(std::string(least_name) + " " + std::to_string(least) + " and " +
               std::string(most_name) + " " + std::to_string(most) + " leave too little between " +
               "them; " + std::to_string(by_default(least_name)) + " and " +
               std::to_string(by_default(most_name)) + " are used");
        least = by_default(least_name);
        most = by_default(most_name);
    }

    void check_phone() {
        PhoneSettings& phone = settings_.phone;
        constexpr std::uint16_t ports_of_a_call = 3;  // an even port, and the next
        check_range("RTP Port Min", phone.rtp_port_min, "RTP Port Max", phone.rtp_port_max,
                    ports_of_a_call);
        if (phone.sip_tcp_ports) {
            check_range("SIP TCP Port Min", phone.sip_tcp_ports->first, "SIP TCP Port Max",
                        phone.sip_tcp_ports->last, std::uint16_t{0});
        }
        check_range<std::uint32_t>("Reg Min Expires", phone.reg_min_expires, "Reg Max Expires",
                                   phone.reg_max_expires, 0);
        check_range<std::uint32_t>("Sub Min Expires", phone.sub_min_expires, "Sub Max Expires",
                                   phone.sub_max_expires, 0);
        if (phone.sip_t2 < phone.sip_t1) {
            remark("SIP T2 is less than SIP T1; T1 is used for both");
            phone.sip_t2 = phone.sip_t1;
        }
        if (phone.reg_retry_intvl_cap != Duration::zero() &&
            phone.reg_retry_intvl_cap < phone.reg_retry_intvl) {
            remark("Reg Retry Intvl Cap is less than Reg Retry Intvl; the interval does not grow");
            phone.reg_retry_intvl_cap = Duration::zero();
        }
        check_ciphers(phone.tls_cipher_list);
        check_forwarding("Cfwd All Dest", phone.cfwd_all_dest);
        check_forwarding("Cfwd Busy Dest", phone.cfwd_busy_dest);
        check_forwarding("Cfwd No Ans Dest", phone.cfwd_no_ans_dest);
        if (phone.client_certificate.empty() != phone.client_private_key.empty()) {
            remark(
                "Client Certificate File and Client Private Key File belong together; "
                "without both, no certificate is shown");
            phone.client_certificate.clear();
            phone.client_private_key.clear();
        }
    }

    void check_ciphers(std::string& wanted) {
        if (!wanted.empty() && !tls::Context::has_ciphers(wanted)) {
            remark("TLS Cipher List: \"" + wanted + "\" has no cipher of TLS 1.2 that this phone " +
                   "speaks; its own list is used");
            wanted.clear();
        }
    }

    void check_forwarding(const std::string& name, std::string& to) {
        if (!to.empty() && !target_of(to, "a.line.s")) {
            remark(name + ": \"" + to + "\" is neither a number nor a SIP address; calls are not " +
                   "forwarded there");
            to.clear();
        }
    }

    void check_line(LineSettings& line) {
        const std::string ext = "[" + std::to_string(line.number) + "]";
        if (line.use_outbound_proxy && line.outbound_proxy.empty()) {
            remark("Use Outbound Proxy" + ext + " is Yes, but there is no Outbound Proxy" + ext +
                   "; none is used");
            line.use_outbound_proxy = false;
        }
        if (line.is_register && (line.proxy.empty() || line.user_id.empty())) {
            remark("Register" + ext + " is Yes, but there is no " +
                   (line.proxy.empty() ? "Proxy" : "User ID") + ext + "; it does not register");
            line.is_register = false;
        }
        if (line.use_auth_id && line.auth_id.empty()) {
            remark("Use Auth ID" + ext + " is Yes, but there is no Auth ID" + ext +
                   "; the User ID is used");
            line.use_auth_id = false;
        }
        if (line.auth_invite && line.password.empty()) {
            remark("Auth INVITE" + ext + " is Yes, but there is no Password" + ext +
                   ", so nobody can pass; every incoming call will be refused");
        }
        if (line.auth_page && line.auth_page_password.empty()) {
            remark("Auth Page" + ext + " is Yes, but there is no Auth Page Password" + ext +
                   ", so nobody can pass; every page will be refused");
        }
        check_servers(line, "Proxy" + ext, line.proxy);
        if (line.use_outbound_proxy) {
            check_servers(line, "Outbound Proxy" + ext, line.outbound_proxy);
        }
        if (!line.line_enable) {
            return;
        }
        check_mailbox(line, "Voice Mail Server" + ext);
        check_services(line, ext);
        check_alternates(line, ext);
        check_keep_alive(line, "NAT Keep Alive Dest" + ext);
    }

    void check_mailbox(LineSettings& line, const std::string& name) {
        std::string& server = line.voice_mail_server;
        if (!server.empty() && !is_target(mailbox_uri(line))) {
            remark(name + ": \"" + server + "\" is neither a host nor an address; messages are " +
                   "not asked for");
            server.clear();
        }
    }

    void check_services(const LineSettings& line, const std::string& ext) {
        const auto servers =
            parse_proxy(line.use_outbound_proxy ? line.outbound_proxy : line.proxy);
        const bool is_any_named = servers && std::ranges::any_of(*servers, &ProxyEntry::is_service);
        if (line.use_dns_srv && !line.dns_srv_auto_prefix && !is_any_named) {
            remark("Use DNS SRV" + ext + " is Yes, but DNS SRV Auto Prefix" + ext +
                   " is No and the server's name does not begin with _sip; SRV records are not "
                   "asked for");
        }
    }

    // Every host of the list form has to be one, and in Restricted Access Domains.
    void check_servers(LineSettings& line, const std::string& name, std::string_view servers) {
        const AccessDomains domains(settings_.phone.restricted_access_domains);
        const auto entries = parse_proxy(servers);
        const auto refused = domains.refused_of(servers);
        if (servers.empty() || !line.line_enable || (entries && !refused)) {
            return;
        }
        line.problem = entries ? name + " \"" + *refused + "\" is not in Restricted Access Domains"
                               : name + ": " + entries.error();
        line.line_enable = false;
        remark(line.problem + "; extension " + std::to_string(line.number) + " is not started");
    }

    void check_alternates(LineSettings& line, const std::string& ext) {
        if (!line.use_outbound_proxy) {
            check_alternate("Alternate Proxy" + ext, line.alternate_proxy);
            return;
        }
        check_alternate("Alternate Outbound Proxy" + ext, line.alternate_outbound_proxy);
        if (!line.alternate_proxy.empty() && line.alternate_outbound_proxy.empty()) {
            remark("Alternate Proxy" + ext + " is not used where an Outbound Proxy is; Alternate " +
                   "Outbound Proxy" + ext + " would be");
        }
    }

    void check_alternate(const std::string& name, std::string& servers) {
        if (servers.empty()) {
            return;
        }
        const AccessDomains domains(settings_.phone.restricted_access_domains);
        const auto entries = parse_proxy(servers);
        const auto refused = domains.refused_of(servers);
        if (!entries) {
            remark(name + ": " + entries.error() + "; it is not used");
            servers.clear();
        } else if (refused) {
            remark(name + " \"" + *refused +
                   "\" is not in Restricted Access Domains; it is not used");
            servers.clear();
        }
    }

    void check_keep_alive(LineSettings& line, const std::string& name) {
        if (line.nat_keep_alive_dest.empty() || line.nat_keep_alive_dest == "$PROXY") {
            line.nat_keep_alive_dest = "$PROXY";
            return;
        }
        const AccessDomains domains(settings_.phone.restricted_access_domains);
        const auto entries = parse_proxy(line.nat_keep_alive_dest);
        if (!entries) {
            remark(name + ": " + entries.error() + "; $PROXY is used");
            line.nat_keep_alive_dest = "$PROXY";
        } else if (const auto refused = domains.refused_of(line.nat_keep_alive_dest)) {
            remark(name + " \"" + *refused +
                   "\" is not in Restricted Access Domains; $PROXY is used");
            line.nat_keep_alive_dest = "$PROXY";
        }
    }

    const Values& values_;
    Settings settings_;
    std::vector<std::string> remarks_;
};

}  // namespace

DrawnSettings settings_of(const Values& values) {
    return Drawing(values).draw();
}

}  // namespace ringwall::phone
