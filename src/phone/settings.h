// What a phone is set to, as typed values: drawn from the parameters (phone/parameters) whole, kept
// as an immutable snapshot. Names are the parameters' names; times are Durations.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.h"
#include "base/time.h"
#include "media/port.h"
#include "phone/line_key.h"
#include "phone/star_codes.h"
#include "sip/transaction/actions.h"
#include "sip/transport.h"

namespace ringwall::phone {

enum class SrtpMethod : std::uint8_t { SDescriptor };  // x-sipura is refused
enum class SecureCallOption : std::uint8_t { Optional, Strict };
enum class TlsMinVersion : std::uint8_t { Tls10, Tls11, Tls12, Tls13 };
enum class DtmfTxMethod : std::uint8_t { InBand, Avt, Info, Auto, InBandAndInfo, AvtAndInfo };
enum class ProxyRedundancyMethod : std::uint8_t { Normal, BasedOnSrvPort };

// Where a caller's identity is read from, first to last.
enum class CallerIdHeader : std::uint8_t { PaidRpidFrom, PaidFrom, RpidPaidFrom, RpidFrom, From };

// "404, 5*, 61?": codes with wildcards. '?' is any digit, '*' any digits.
struct ResponseTemplate {
    std::vector<std::string> patterns;
    bool matches(int status) const;
    bool operator==(const ResponseTemplate&) const = default;
};

// ToneScripts of the Regional page, as media::ToneScript takes them; empty is silence.
struct Tones {
    std::string dial, outside_dial, prompt, busy, reorder, ring_back, call_waiting, confirm,
        mwi_dial, cfwd_dial, holding, conference, secure_call_indication, page, call_pickup;
    std::array<std::string, 4> sit;
    bool operator==(const Tones&) const = default;
};

// What there is at all ("… Serv" of the Phone page).
struct Services {
    bool conference = true, attn_transfer = true, blind_transfer = true, dnd = true,
         block_anc = true, block_cid = true, secure_call = true, cfwd_all = true, cfwd_busy = true,
         cfwd_no_ans = true;
    bool operator==(const Services&) const = default;
};

// The pages System and SIP, the Regional tones and the supplementary services.
struct PhoneSettings {
    std::vector<std::string> restricted_access_domains;  // empty: no restriction
    TlsMinVersion tls_min_version = TlsMinVersion::Tls12;
    std::string tls_cipher_list;
    std::string custom_ca;           // PEM file; empty: the system's
    std::string client_certificate;  // PEM files; empty: none
    std::string client_private_key;
    std::string sip_user_agent_name;  // empty: "Ringwall-Phone/VERSION"
    // SIP timers (RFC 3261 §17); B, F, H, D, J are 16 s by default on a phone.
    Duration sip_t1 = 500ms, sip_t2 = 4s, sip_t4 = 5s;
    Duration sip_timer_b = 16s, sip_timer_f = 16s, sip_timer_h = 16s, sip_timer_d = 16s,
             sip_timer_j = 16s;
    std::uint32_t invite_expires = 240, reinvite_expires = 30;  // seconds; 0: no header field
    std::uint32_t reg_min_expires = 1, reg_max_expires = 7200;
    Duration reg_retry_intvl = 30s;
    Duration reg_retry_long_intvl = 1200s;  // 0: no more tries
    Duration reg_retry_random_delay{}, reg_retry_long_random_delay{};
    Duration reg_retry_intvl_cap{};  // 0: no back-off
    Duration nat_keep_alive_intvl = 15s;
    unsigned max_forward = 70, max_redirection = 5, max_auth = 2;
    std::optional<PortRange> sip_tcp_ports;  // none: the system's choice
    ResponseTemplate try_backup_rsc, retry_reg_rsc;
    std::array<ResponseTemplate, 4> sit_rsc;  // that play SIT1 Tone, and so on
    std::uint16_t rtp_port_min = 16384, rtp_port_max = 16538;
    Duration rtp_packet_size = 20ms;
    bool cw_setting = true;
    bool dnd_setting = false;
    bool secure_call_setting = false;
    std::string cfwd_all_dest, cfwd_busy_dest, cfwd_no_ans_dest;
    Duration cfwd_no_ans_delay = 20s;
    // SIP page
    std::string sip_server_name;          // of responses; empty: the same
    std::string sip_reg_user_agent_name;  // of REGISTER; empty: the same
    bool remove_last_reg = false;
    CallerIdHeader caller_id_header = CallerIdHeader::PaidRpidFrom;
    std::uint32_t sub_min_expires = 10, sub_max_expires = 7200;
    Duration sub_retry_intvl = 10s;
    bool stats_in_bye = false;
    std::uint8_t avt_dynamic_payload = 101;
    // Regional
    Tones tones;
    std::array<std::string, 9> cadences;    // CadScripts, of ring 1 first
    std::optional<Duration> reorder_delay;  // none: no reorder tone
    Duration call_back_expires = 1800s, call_back_retry_intvl = 30s, call_back_delay = 500ms;
    Duration interdigit_long_timer = 10s, interdigit_short_timer = 3s;
    std::vector<StarCode> star_codes;  // of services that there are
    double dtmf_playback_level = -16;  // dBm
    Duration dtmf_playback_length = 100ms;
    // Phone and User
    Services services;
    std::string voice_mail_number;
    std::array<std::string, 10> speed_dial;  // 2 to 9
    bool block_cid_setting = false;
    bool block_anc_setting = false;
    bool auto_answer_page = true;
    bool operator==(const PhoneSettings&) const = default;
};

sip::transaction::Timers transaction_timers(const PhoneSettings& phone);

// One Ext n page.
struct LineSettings {
    unsigned number = 1;  // n
    bool line_enable = true;
    std::string problem;  // why that is false though Line Enable is Yes, for people
    // Proxy and Registration
    std::string proxy;  // host, host:port, or the list form of static redundancy
    std::string outbound_proxy;
    std::string alternate_proxy;  // further servers, after those of Proxy
    std::string alternate_outbound_proxy;
    bool use_outbound_proxy = false;
    bool use_ob_proxy_in_dialog = true;
    bool is_register = true;  // "Register"
    bool make_call_without_reg = false;
    bool ans_call_without_reg = false;
    std::uint32_t register_expires = 3600;
    bool use_dns_srv = false;
    bool dns_srv_auto_prefix = false;
    Duration proxy_fallback_intvl = 3600s;
    bool auto_register_when_failover = false;  // only a REGISTER goes back to the first server
    ProxyRedundancyMethod proxy_redundancy_method = ProxyRedundancyMethod::Normal;
    bool tls_name_validate = true;
    // Subscriber Information
    std::string display_name;
    std::string user_id;
    Secret password;
    bool use_auth_id = false;
    std::string auth_id;
    std::string reserved_auth_realm;  // empty: the line's domain
    // SIP Settings
    sip::Transport sip_transport = sip::Transport::Udp;
    bool is_transport_auto = false;  // as the DNS says; there is a UDP socket in case it is that
    std::uint16_t sip_port = 5060;
    bool sip_100rel_enable = false;
    std::uint8_t sip_tos = 0x68;
    std::uint8_t rtp_tos = 0xb8;
    bool auth_invite = false;
    bool auth_resync_reboot = true;
    bool auth_support_rfc8760 = true;  // challenges offer SHA-256 before MD5; else MD5 alone
    bool restrict_source_ip = false;
    SecureCallOption secure_call_option = SecureCallOption::Optional;
    SrtpMethod srtp_method = SrtpMethod::SDescriptor;
    // NAT Settings
    bool nat_keep_alive_enable = false;
    std::string nat_keep_alive_msg = "$NOTIFY";
    std::string nat_keep_alive_dest = "$PROXY";
    // Audio
    media::JitterLevel network_jitter_level = media::JitterLevel::High;
    media::JitterAdjustment jitter_buffer_adjustment = media::JitterAdjustment::UpAndDown;
    std::vector<media::Codec> codecs = {media::Codec::Pcmu, media::Codec::Pcma, media::Codec::G722,
                                        media::Codec::Opus};  // enabled, preferred first
    bool use_pref_codec_only = false;
    DtmfTxMethod dtmf_tx_method = DtmfTxMethod::Auto;
    // Call Feature Settings
    std::string voice_mail_server;  // empty: no subscription
    Duration voice_mail_subscribe_interval = 86400s;
    // Dial Plan
    std::string dial_plan;
    bool enable_ip_dialing = false;
    std::vector<std::string> emergency_number;
    // More of Call Feature and SIP Settings, and of Audio
    std::string mailbox_id;                     // empty: the User ID
    std::uint32_t subscription_expires = 3600;  // of watching other lines
    std::string moh_server;
    std::string conference_bridge_url;  // empty: we mix
    std::string default_ring = "1";     // "No Ring", a cadence, or "User 1"
    bool auto_ans_page_on_active_call = true;
    bool auth_page = false;
    std::string auth_page_realm;  // empty: the line's domain
    Secret auth_page_password;
    std::string sip_proxy_require;
    bool sip_remote_party_id = false;
    bool use_anonymous_with_rpid = true;
    bool sticky_183 = false;
    bool reply_182_on_call_waiting = false;
    bool use_remote_pref_codec = false;
    bool is_list_all_codecs = false;  // "Codec Negotiation": List All
    bool dtmf_process_avt = true;     // telephone-event is offered and taken
    bool operator==(const LineSettings&) const = default;
};

// What a line with a Voice Mail Server subscribes to.
std::string mailbox_uri(const LineSettings& line);

struct Settings {
    PhoneSettings phone;
    std::vector<LineKey> keys;        // by number; those that are for other lines than ours
    std::vector<LineSettings> lines;  // by number
};
using SettingsPtr = std::shared_ptr<const Settings>;

}  // namespace ringwall::phone
