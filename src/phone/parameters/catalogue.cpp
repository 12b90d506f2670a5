#include "phone/parameters/catalogue.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <vector>

#include "base/text.h"

namespace ringwall::phone {
namespace {

using namespace types;
using Kind = Type::Kind;

// A row a line, however long: it is a table.
// clang-format off
constexpr std::array rows = std::to_array<Parameter>({
    // System: System Configuration
    {"Restricted Access Domains", Page::System, "System Configuration", of(Kind::Hosts), "", Access::None, Use::Works, "The only servers that this phone talks to: names, separated by commas; empty is no restriction. Whatever comes from elsewhere gets no answer, and a line whose proxy is not in the list is not started."},
    {"Enable Web Server", Page::System, "System Configuration", yes_no(), "Yes", Access::None, Use::Kept, "Whether the pages of this phone are served."},
    {"Web Server Port", Page::System, "System Configuration", port(), "80", Access::None, Use::Kept, "The port of the pages."},
    {"Enable Web Admin Access", Page::System, "System Configuration", yes_no(), "Yes", Access::None, Use::Kept, "Whether the pages of the administrator are served."},
    {"Admin Passwd", Page::System, "System Configuration", secret(), "", Access::None, Use::Kept, "The password of the account admin."},
    {"User Password", Page::System, "System Configuration", secret(), "", Access::Write, Use::Kept, "The password of the account user."},
    {"Signaling Protocol", Page::System, "System Configuration", choice("SIP"), "SIP", Access::None, Use::Kept, "This phone speaks SIP only."},
    {"SPCP Auto-detect", Page::System, "System Configuration", yes_no(), "Yes", Access::None, Use::Kept, "There is no SPCP here to be detected."},
    {"Phone-UI-readonly", Page::System, "System Configuration", yes_no(), "No", Access::None, Use::Kept, "There is no menu on a display here."},
    {"Phone-UI-user-mode", Page::System, "System Configuration", yes_no(), "No", Access::None, Use::Kept, "There is no menu on a display here."},
    // System: Power Setting
    {"PoE Power Required", Page::System, "Power Setting", choice("Normal|Maximum"), "Normal", Access::None, Use::Kept, "The machine that this phone runs on has its own power."},
    // System: Internet Connection Type
    {"Connection Type", Page::System, "Internet Connection Type", choice("DHCP|Static IP"), "DHCP", Access::Write, Use::Kept, "Addresses are the system's, not this phone's."},
    // System: Static IP Settings
    {"Static IP", Page::System, "Static IP Settings", of(Kind::Ip), "", Access::Write, Use::Kept, "Addresses are the system's, not this phone's."},
    {"NetMask", Page::System, "Static IP Settings", of(Kind::Ip), "", Access::Write, Use::Kept, "Addresses are the system's, not this phone's."},
    {"Gateway", Page::System, "Static IP Settings", of(Kind::Ip), "", Access::Write, Use::Kept, "Routes are the system's, not this phone's."},
    // System: Optional Network Configuration
    {"HostName", Page::System, "Optional Network Configuration", text(), "", Access::Write, Use::Kept, "The name of the machine is the system's."},
    {"Domain", Page::System, "Optional Network Configuration", text(), "", Access::Write, Use::Kept, "The domain of the machine is the system's."},
    {"Primary DNS", Page::System, "Optional Network Configuration", of(Kind::Ip), "", Access::Write, Use::Kept, "Name servers are the system's."},
    {"Secondary DNS", Page::System, "Optional Network Configuration", of(Kind::Ip), "", Access::Write, Use::Kept, "Name servers are the system's."},
    {"DNS Server Order", Page::System, "Optional Network Configuration", choice("Manual|Manual,DHCP|DHCP,Manual"), "Manual", Access::None, Use::Kept, "Name servers are the system's."},
    {"DNS Query Mode", Page::System, "Optional Network Configuration", choice("Parallel|Sequential"), "Parallel", Access::None, Use::Kept, "How name servers are asked is the system's."},
    {"DNS Query TTL Ignore", Page::System, "Optional Network Configuration", yes_no(), "No", Access::None, Use::Kept, "Answers are kept for as long as they say."},
    {"Syslog Server", Page::System, "Optional Network Configuration", of(Kind::Host), "", Access::None, Use::Kept, "The log goes to standard error; the system takes it from there."},
    {"Debug Server", Page::System, "Optional Network Configuration", of(Kind::Host), "", Access::None, Use::Kept, "The log goes to standard error; the system takes it from there."},
    {"Debug Level", Page::System, "Optional Network Configuration", number(0, 3), "0", Access::None, Use::Kept, "How much is logged."},
    {"Layer 2 Logging", Page::System, "Optional Network Configuration", yes_no(), "No", Access::None, Use::Kept, "This phone does not see frames."},
    {"Primary NTP Server", Page::System, "Optional Network Configuration", of(Kind::Host), "", Access::None, Use::Kept, "The clock is the system's."},
    {"Secondary NTP Server", Page::System, "Optional Network Configuration", of(Kind::Host), "", Access::None, Use::Kept, "The clock is the system's."},
    // System: VLAN Settings
    {"Enable VLAN", Page::System, "VLAN Settings", yes_no(), "No", Access::Write, Use::Kept, "Frames are tagged by the system."},
    {"Enable CDP", Page::System, "VLAN Settings", yes_no(), "Yes", Access::None, Use::Kept, "This phone does not announce itself to switches."},
    {"Enable LLDP-MED", Page::System, "VLAN Settings", yes_no(), "Yes", Access::None, Use::Kept, "This phone does not announce itself to switches."},
    {"Network Startup Delay", Page::System, "VLAN Settings", number(1, 300), "3", Access::None, Use::Kept, "The network is up when this phone starts."},
    {"VLAN ID", Page::System, "VLAN Settings", number(0, 4095), "1", Access::Write, Use::Kept, "Frames are tagged by the system."},
    {"PC Port VLAN Highest Priority", Page::System, "VLAN Settings", choice("0|1|2|3|4|5|6|7|No Limit"), "No Limit", Access::None, Use::Kept, "There is no second port here."},
    {"Enable PC Port VLAN Tagging", Page::System, "VLAN Settings", yes_no(), "No", Access::None, Use::Kept, "There is no second port here."},
    {"PC Port VLAN ID", Page::System, "VLAN Settings", number(0, 4095), "1", Access::None, Use::Kept, "There is no second port here."},
    // System: Security Settings
    {"TLS Min Version", Page::System, "Security Settings", choice("TLS 1.0|TLS 1.1|TLS 1.2|TLS 1.3"), "TLS 1.2", Access::None, Use::Works, "The oldest version of TLS that is spoken to a server; 1.0 and 1.1 count as 1.2."},
    {"TLS Cipher List", Page::System, "Security Settings", text(1023), "", Access::None, Use::Works, "The ciphers of TLS, in OpenSSL's words; empty is this phone's own list."},
    {"Custom CA File", Page::System, "Security Settings", text(1023), "", Access::None, Use::Works, "A file of certificates (PEM) that servers are verified with; empty is the system's."},
    {"Client Certificate File", Page::System, "Security Settings", text(1023), "", Access::None, Use::Works, "The certificate (PEM) that this phone shows to servers; empty is none."},
    {"Client Private Key File", Page::System, "Security Settings", text(1023), "", Access::None, Use::Works, "The private key (PEM) of the client certificate."},
    // System: Inventory Settings
    {"Asset ID", Page::System, "Inventory Settings", text(), "", Access::None, Use::Kept, "A label of the owner's."},
    // SIP: SIP Parameters
    {"Max Forward", Page::Sip, "SIP Parameters", number(1, 255), "70", Access::None, Use::Works, "Max-Forwards of what this phone sends."},
    {"Max Redirection", Page::Sip, "SIP Parameters", number(0, 255), "5", Access::None, Use::Works, "How many times a call follows 3xx answers."},
    {"Max Auth", Page::Sip, "SIP Parameters", number(0, 255), "2", Access::None, Use::Works, "How many challenges are answered for one request."},
    {"SIP User Agent Name", Page::Sip, "SIP Parameters", text(), "$VERSION", Access::None, Use::Works, "User-Agent of requests; $VERSION, or empty, is this program and its version."},
    {"SIP Server Name", Page::Sip, "SIP Parameters", text(), "$VERSION", Access::None, Use::Works, "Server of responses; $VERSION, or empty, is what SIP User Agent Name says."},
    {"SIP Reg User Agent Name", Page::Sip, "SIP Parameters", text(), "", Access::None, Use::Works, "User-Agent of REGISTER, if it shall be another."},
    {"SIP Accept Language", Page::Sip, "SIP Parameters", text(), "", Access::None, Use::Kept, "Accept-Language of requests."},
    {"DTMF Relay MIME Type", Page::Sip, "SIP Parameters", text(), "application/dtmf-relay", Access::None, Use::Kept, "The type of a key in INFO."},
    {"Hook Flash MIME Type", Page::Sip, "SIP Parameters", text(), "application/hook-flash", Access::None, Use::Kept, "There is no hook to flash here."},
    {"Remove Last Reg", Page::Sip, "SIP Parameters", yes_no(), "No", Access::None, Use::Works, "Removes what was registered before a new registration."},
    {"Use Compact Header", Page::Sip, "SIP Parameters", yes_no(), "No", Access::None, Use::Kept, "Names of header fields are written out."},
    {"Escape Display Name", Page::Sip, "SIP Parameters", yes_no(), "No", Access::None, Use::Kept, "Display names are quoted as SIP wants it."},
    {"SIP-B Enable", Page::Sip, "SIP Parameters", yes_no(), "No", Access::None, Use::Kept, "BroadSoft's extensions are not here."},
    {"Talk Package", Page::Sip, "SIP Parameters", yes_no(), "No", Access::None, Use::Kept, "The event package talk is not here."},
    {"Hold Package", Page::Sip, "SIP Parameters", yes_no(), "No", Access::None, Use::Kept, "The event package hold is not here."},
    {"Conference Package", Page::Sip, "SIP Parameters", yes_no(), "No", Access::None, Use::Kept, "The event package conference is not here."},
    {"Notify Conference", Page::Sip, "SIP Parameters", yes_no(), "No", Access::None, Use::Kept, "The event package conference is not here."},
    {"RFC 2543 Call Hold", Page::Sip, "SIP Parameters", yes_no(), "Yes", Access::None, Use::Kept, "Calls are held by direction, never by the address 0.0.0.0; both are understood."},
    {"Random REG CID On Reboot", Page::Sip, "SIP Parameters", yes_no(), "No", Access::None, Use::Kept, "A registration has a new Call-ID after each start."},
    {"Mark All AVT Packets", Page::Sip, "SIP Parameters", yes_no(), "Yes", Access::None, Use::Kept, "The first packet of a key has the marker bit."},
    {"SIP TCP Port Min", Page::Sip, "SIP Parameters", port(), "5060", Access::None, Use::Works, "The first local port of connections; with the default of both the system chooses."},
    {"SIP TCP Port Max", Page::Sip, "SIP Parameters", port(), "5080", Access::None, Use::Works, "The last local port of connections; with the default of both the system chooses."},
    {"CTI Enable", Page::Sip, "SIP Parameters", yes_no(), "No", Access::None, Use::Kept, "This phone is controlled by its own interface."},
    {"Caller ID Header", Page::Sip, "SIP Parameters", choice("PAID-RPID-FROM|PAID-FROM|RPID-PAID-FROM|RPID-FROM|FROM"), "PAID-RPID-FROM", Access::None, Use::Works, "Where the caller's name is read from, first to last: P-Asserted-Identity, Remote-Party-ID, From."},
    {"SRTP Method", Page::Sip, "SIP Parameters", choice("s-descriptor"), "s-descriptor", Access::None, Use::Works, "How keys of secure calls are agreed: in the session description (RFC 4568). x-sipura is refused, because its RSA keys of 512 bits protect nothing."},
    {"Hold Target Before REFER", Page::Sip, "SIP Parameters", yes_no(), "No", Access::None, Use::Kept, "Whether the far end is held before it is transferred."},
    {"Dialog SDP Enable", Page::Sip, "SIP Parameters", yes_no(), "No", Access::None, Use::Kept, "Session descriptions in dialog-info are not here."},
    {"Keep Referee When REFER Failed", Page::Sip, "SIP Parameters", yes_no(), "No", Access::None, Use::Kept, "Whether a call goes on when its transfer has failed."},
    {"Display Diversion Info", Page::Sip, "SIP Parameters", yes_no(), "No", Access::None, Use::Kept, "Who has forwarded a call is in its event."},
    // SIP: SIP Timer Values (sec)
    {"SIP T1", Page::Sip, "SIP Timer Values (sec)", milliseconds(100, 64000), ".5", Access::None, Use::Works, "RFC 3261 T1, the estimate of the round trip."},
    {"SIP T2", Page::Sip, "SIP Timer Values (sec)", milliseconds(100, 64000), "4", Access::None, Use::Works, "RFC 3261 T2, the longest wait before a request is sent again."},
    {"SIP T4", Page::Sip, "SIP Timer Values (sec)", milliseconds(100, 64000), "5", Access::None, Use::Works, "RFC 3261 T4, how long a message may live in the network."},
    {"SIP Timer B", Page::Sip, "SIP Timer Values (sec)", milliseconds(100, 64000), "16", Access::None, Use::Works, "How long an INVITE waits for any answer."},
    {"SIP Timer F", Page::Sip, "SIP Timer Values (sec)", milliseconds(100, 64000), "16", Access::None, Use::Works, "How long another request waits for its answer."},
    {"SIP Timer H", Page::Sip, "SIP Timer Values (sec)", milliseconds(100, 64000), "16", Access::None, Use::Works, "How long an answer waits for its ACK."},
    {"SIP Timer D", Page::Sip, "SIP Timer Values (sec)", milliseconds(100, 64000), "16", Access::None, Use::Works, "How long answers to an INVITE are taken that come again."},
    {"SIP Timer J", Page::Sip, "SIP Timer Values (sec)", milliseconds(100, 64000), "16", Access::None, Use::Works, "How long requests are taken that come again."},
    {"INVITE Expires", Page::Sip, "SIP Timer Values (sec)", number(0, 2147483647), "240", Access::None, Use::Works, "Expires of an INVITE in seconds; 0 is no header field."},
    {"ReINVITE Expires", Page::Sip, "SIP Timer Values (sec)", number(0, 2147483647), "30", Access::None, Use::Works, "Expires of a re-INVITE in seconds; 0 is no header field."},
    {"Reg Min Expires", Page::Sip, "SIP Timer Values (sec)", number(1, 2147483647), "1", Access::None, Use::Works, "The shortest registration in seconds, whatever the registrar says."},
    {"Reg Max Expires", Page::Sip, "SIP Timer Values (sec)", number(1, 2147483647), "7200", Access::None, Use::Works, "The longest registration in seconds, whatever the registrar says."},
    {"Reg Retry Intvl", Page::Sip, "SIP Timer Values (sec)", seconds(1, 268435455), "30", Access::None, Use::Works, "How long after a failed REGISTER the next one is sent."},
    {"Reg Retry Long Intvl", Page::Sip, "SIP Timer Values (sec)", seconds(0, 268435455), "1200", Access::None, Use::Works, "The same where the status is not in Retry Reg RSC; 0 is never."},
    {"Reg Retry Random Delay", Page::Sip, "SIP Timer Values (sec)", or_empty(seconds(0, 268435455)), "", Access::None, Use::Works, "A random time of up to this is added to Reg Retry Intvl."},
    {"Reg Retry Long Random Delay", Page::Sip, "SIP Timer Values (sec)", or_empty(seconds(0, 268435455)), "", Access::None, Use::Works, "A random time of up to this is added to Reg Retry Long Intvl."},
    {"Reg Retry Intvl Cap", Page::Sip, "SIP Timer Values (sec)", or_empty(seconds(0, 268435455)), "", Access::None, Use::Works, "Reg Retry Intvl doubles with each failure up to this; empty or less than it: it does not."},
    {"Sub Min Expires", Page::Sip, "SIP Timer Values (sec)", number(1, 2147483647), "10", Access::None, Use::Works, "The shortest subscription in seconds, whatever the server says."},
    {"Sub Max Expires", Page::Sip, "SIP Timer Values (sec)", number(1, 2147483647), "7200", Access::None, Use::Works, "The longest subscription in seconds, whatever the server says."},
    {"Sub Retry Intvl", Page::Sip, "SIP Timer Values (sec)", seconds(1, 268435455), "10", Access::None, Use::Works, "How long after a failed SUBSCRIBE the next one is sent."},
    // SIP: Response Status Code Handling
    {"SIT1 RSC", Page::Sip, "Response Status Code Handling", of(Kind::ResponseTemplate), "", Access::None, Use::Works, "Status codes that play SIT1 Tone."},
    {"SIT2 RSC", Page::Sip, "Response Status Code Handling", of(Kind::ResponseTemplate), "", Access::None, Use::Works, "Status codes that play SIT2 Tone."},
    {"SIT3 RSC", Page::Sip, "Response Status Code Handling", of(Kind::ResponseTemplate), "", Access::None, Use::Works, "Status codes that play SIT3 Tone."},
    {"SIT4 RSC", Page::Sip, "Response Status Code Handling", of(Kind::ResponseTemplate), "", Access::None, Use::Works, "Status codes that play SIT4 Tone."},
    {"Try Backup RSC", Page::Sip, "Response Status Code Handling", of(Kind::ResponseTemplate), "", Access::None, Use::Works, "Status codes after which the next server is tried, as after silence."},
    {"Retry Reg RSC", Page::Sip, "Response Status Code Handling", of(Kind::ResponseTemplate), "", Access::None, Use::Works, "Status codes after which Reg Retry Intvl counts; empty is all."},
    // SIP: RTP Parameters
    {"RTP Port Min", Page::Sip, "RTP Parameters", number(1024, 65534), "16384", Access::None, Use::Works, "The first port of RTP."},
    {"RTP Port Max", Page::Sip, "RTP Parameters", number(1025, 65535), "16538", Access::None, Use::Works, "The last port of RTP."},
    {"RTP Packet Size", Page::Sip, "RTP Parameters", milliseconds(10, 60), "0.020", Access::None, Use::Works, "The length of a packet in seconds."},
    {"Max RTP ICMP Err", Page::Sip, "RTP Parameters", number(0, 255), "0", Access::None, Use::Kept, "Calls are not ended by ICMP, which anyone can send."},
    {"RTCP Tx Interval", Page::Sip, "RTP Parameters", number(0, 255), "0", Access::None, Use::Kept, "How often RTCP is sent is the standard's."},
    {"No UDP Checksum", Page::Sip, "RTP Parameters", yes_no(), "No", Access::None, Use::Kept, "Packets have their checksums."},
    {"Symmetric RTP", Page::Sip, "RTP Parameters", yes_no(), "No", Access::None, Use::Kept, "Sound goes where the session description says."},
    {"Stats In BYE", Page::Sip, "RTP Parameters", yes_no(), "No", Access::None, Use::Works, "Puts the figures of the call into P-RTP-Stat of BYE and of its answer."},
    // SIP: SDP Payload Types
    {"AVT Dynamic Payload", Page::Sip, "SDP Payload Types", number(96, 127), "101", Access::None, Use::Works, "The payload type of telephone-event (RFC 4733)."},
    {"INFOREQ Dynamic Payload", Page::Sip, "SDP Payload Types", or_empty(number(96, 127)), "", Access::None, Use::Kept, "INFOREQ is not here."},
    {"G726r16 Dynamic Payload", Page::Sip, "SDP Payload Types", number(2, 127), "98", Access::None, Use::Kept, "G.726 is not here."},
    {"G726r24 Dynamic Payload", Page::Sip, "SDP Payload Types", number(2, 127), "97", Access::None, Use::Kept, "G.726 is not here."},
    {"G726r32 Dynamic Payload", Page::Sip, "SDP Payload Types", number(2, 127), "2", Access::None, Use::Kept, "G.726 is not here."},
    {"G726r40 Dynamic Payload", Page::Sip, "SDP Payload Types", number(2, 127), "96", Access::None, Use::Kept, "G.726 is not here."},
    {"G729b Dynamic Payload", Page::Sip, "SDP Payload Types", number(96, 127), "99", Access::None, Use::Kept, "G.729 is not here."},
    {"EncapRTP Dynamic Payload", Page::Sip, "SDP Payload Types", number(96, 127), "112", Access::None, Use::Kept, "Media loopback is not here."},
    {"RTP-Start-Loopback Dynamic Payload", Page::Sip, "SDP Payload Types", number(96, 127), "113", Access::None, Use::Kept, "Media loopback is not here."},
    {"RTP-Start-Loopback Codec", Page::Sip, "SDP Payload Types", choice("G711u|G711a|G726-16|G726-24|G726-32|G726-40|G729a|G722"), "G711u", Access::None, Use::Kept, "Media loopback is not here."},
    {"AVT Codec Name", Page::Sip, "SDP Payload Types", text(), "telephone-event", Access::None, Use::Kept, "Codecs have the names of their standards."},
    {"G711u Codec Name", Page::Sip, "SDP Payload Types", text(), "PCMU", Access::None, Use::Kept, "Codecs have the names of their standards."},
    {"G711a Codec Name", Page::Sip, "SDP Payload Types", text(), "PCMA", Access::None, Use::Kept, "Codecs have the names of their standards."},
    {"G726r16 Codec Name", Page::Sip, "SDP Payload Types", text(), "G726-16", Access::None, Use::Kept, "G.726 is not here."},
    {"G726r24 Codec Name", Page::Sip, "SDP Payload Types", text(), "G726-24", Access::None, Use::Kept, "G.726 is not here."},
    {"G726r32 Codec Name", Page::Sip, "SDP Payload Types", text(), "G726-32", Access::None, Use::Kept, "G.726 is not here."},
    {"G726r40 Codec Name", Page::Sip, "SDP Payload Types", text(), "G726-40", Access::None, Use::Kept, "G.726 is not here."},
    {"G729a Codec Name", Page::Sip, "SDP Payload Types", text(), "G729a", Access::None, Use::Kept, "G.729 is not here."},
    {"G729b Codec Name", Page::Sip, "SDP Payload Types", text(), "G729ab", Access::None, Use::Kept, "G.729 is not here."},
    {"G723 Codec Name", Page::Sip, "SDP Payload Types", text(), "G723", Access::None, Use::Kept, "G.723 is not here."},
    {"G722 Codec Name", Page::Sip, "SDP Payload Types", text(), "G722", Access::None, Use::Kept, "Codecs have the names of their standards."},
    {"L16 Codec Name", Page::Sip, "SDP Payload Types", text(), "L16", Access::None, Use::Kept, "L16 is not here."},
    {"EncapRTP Codec Name", Page::Sip, "SDP Payload Types", text(), "encaprtp", Access::None, Use::Kept, "Media loopback is not here."},
    // SIP: NAT Support Parameters
    {"Handle VIA received", Page::Sip, "NAT Support Parameters", yes_no(), "No", Access::None, Use::Kept, "What a response says of this phone's address is not used."},
    {"Handle VIA rport", Page::Sip, "NAT Support Parameters", yes_no(), "No", Access::None, Use::Kept, "What a response says of this phone's port is not used."},
    {"Insert VIA received", Page::Sip, "NAT Support Parameters", yes_no(), "No", Access::None, Use::Kept, "Responses have received where SIP wants it."},
    {"Insert VIA rport", Page::Sip, "NAT Support Parameters", yes_no(), "No", Access::None, Use::Kept, "Responses have rport where it was asked for."},
    {"Substitute VIA Addr", Page::Sip, "NAT Support Parameters", yes_no(), "No", Access::None, Use::Kept, "Via has the local address."},
    {"Send Resp To Src Port", Page::Sip, "NAT Support Parameters", yes_no(), "No", Access::None, Use::Kept, "Responses go where SIP says (RFC 3581)."},
    {"STUN Enable", Page::Sip, "NAT Support Parameters", yes_no(), "No", Access::None, Use::Kept, "STUN is not here."},
    {"STUN Test Enable", Page::Sip, "NAT Support Parameters", yes_no(), "No", Access::None, Use::Kept, "STUN is not here."},
    {"STUN Server", Page::Sip, "NAT Support Parameters", of(Kind::Host), "", Access::None, Use::Kept, "STUN is not here."},
    {"EXT IP", Page::Sip, "NAT Support Parameters", of(Kind::Ip), "", Access::None, Use::Kept, "This phone's address is that of its sockets."},
    {"EXT RTP Port Min", Page::Sip, "NAT Support Parameters", or_empty(number(0, 65535)), "", Access::None, Use::Kept, "This phone's ports are those of its sockets."},
    {"NAT Keep Alive Intvl", Page::Sip, "NAT Support Parameters", seconds(1, 65535), "15", Access::None, Use::Works, "How often a message keeps a NAT open, and how soon a lost connection is noticed."},
    // SIP: Linksys Key System Parameters
    {"Linksys Key System", Page::Sip, "Linksys Key System Parameters", yes_no(), "No", Access::None, Use::Kept, "The key system is not here."},
    {"Multicast Address", Page::Sip, "Linksys Key System Parameters", of(Kind::Host), "224.168.168.168:6061", Access::None, Use::Kept, "The key system is not here."},
    {"Key System Auto Discovery", Page::Sip, "Linksys Key System Parameters", yes_no(), "Yes", Access::None, Use::Kept, "The key system is not here."},
    {"Key System IP Address", Page::Sip, "Linksys Key System Parameters", of(Kind::Ip), "", Access::None, Use::Kept, "The key system is not here."},
    {"Force LAN Codec", Page::Sip, "Linksys Key System Parameters", choice("none|G711u|G711a"), "none", Access::None, Use::Kept, "The key system is not here."},
    // Regional: Call Progress Tones
    {"Dial Tone", Page::Regional, "Call Progress Tones", of(Kind::Tone), "350@-19,440@-19;10(*/0/1+2)", Access::None, Use::Works, "Played while a number is awaited."},
    {"Outside Dial Tone", Page::Regional, "Call Progress Tones", of(Kind::Tone), "420@-16;10(*/0/1)", Access::None, Use::Works, "Played after a comma in the dial plan."},
    {"Prompt Tone", Page::Regional, "Call Progress Tones", of(Kind::Tone), "520@-19,620@-19;10(*/0/1+2)", Access::None, Use::Works, "Played while a number to forward or transfer to is awaited."},
    {"Busy Tone", Page::Regional, "Call Progress Tones", of(Kind::Tone), "480@-19,620@-19;10(.5/.5/1+2)", Access::None, Use::Works, "Played when the far end is busy."},
    {"Reorder Tone", Page::Regional, "Call Progress Tones", of(Kind::Tone), "480@-19,620@-19;10(.25/.25/1+2)", Access::None, Use::Works, "Played when a call has failed, or a number is invalid."},
    {"Off Hook Warning Tone", Page::Regional, "Call Progress Tones", of(Kind::Tone), "480@-10,620@0;10(.125/.125/1+2)", Access::None, Use::Kept, "There is no handset that could be left off."},
    {"Ring Back Tone", Page::Regional, "Call Progress Tones", of(Kind::Tone), "440@-19,480@-19;*(2/4/1+2)", Access::None, Use::Works, "Played while the far end rings."},
    {"Call Waiting Tone", Page::Regional, "Call Progress Tones", of(Kind::Tone), "440@-10;30(.3/9.7/1)", Access::None, Use::Works, "Played in a call when another comes."},
    {"Confirm Tone", Page::Regional, "Call Progress Tones", of(Kind::Tone), "600@-16;1(.25/.25/1)", Access::None, Use::Works, "Played when a star code was taken."},
    {"SIT1 Tone", Page::Regional, "Call Progress Tones", of(Kind::Tone), "985@-16,1428@-16,1777@-16;20(.380/0/1,.380/0/2,.380/0/3,0/4/0)", Access::None, Use::Works, "Played for the status codes of SIT1 RSC."},
    {"SIT2 Tone", Page::Regional, "Call Progress Tones", of(Kind::Tone), "914@-16,1371@-16,1777@-16;20(.274/0/1,.274/0/2,.380/0/3,0/4/0)", Access::None, Use::Works, "Played for the status codes of SIT2 RSC."},
    {"SIT3 Tone", Page::Regional, "Call Progress Tones", of(Kind::Tone), "914@-16,1371@-16,1777@-16;20(.380/0/1,.380/0/2,.380/0/3,0/4/0)", Access::None, Use::Works, "Played for the status codes of SIT3 RSC."},
    {"SIT4 Tone", Page::Regional, "Call Progress Tones", of(Kind::Tone), "985@-16,1371@-16,1777@-16;20(.380/0/1,.274/0/2,.380/0/3,0/4/0)", Access::None, Use::Works, "Played for the status codes of SIT4 RSC."},
    {"MWI Dial Tone", Page::Regional, "Call Progress Tones", of(Kind::Tone), "350@-19,440@-19;2(.1/.1/1+2);10(*/0/1+2)", Access::None, Use::Works, "Dial Tone while messages wait."},
    {"Cfwd Dial Tone", Page::Regional, "Call Progress Tones", of(Kind::Tone), "350@-19,440@-19;2(.2/.2/1+2);10(*/0/1+2)", Access::None, Use::Works, "Dial Tone while all calls are forwarded."},
    {"Holding Tone", Page::Regional, "Call Progress Tones", of(Kind::Tone), "600@-19;25(.1/.1/1,.1/.1/1,.1/9.5/1)", Access::None, Use::Works, "Played while the far end holds the call and plays nothing itself."},
    {"Conference Tone", Page::Regional, "Call Progress Tones", of(Kind::Tone), "350@-19;20(.1/.1/1,.1/9.7/1)", Access::None, Use::Works, "Played here in a conference; the others do not hear it."},
    {"Secure Call Indication Tone", Page::Regional, "Call Progress Tones", of(Kind::Tone), "397@-19,507@-19;15(0/2/0,.2/.1/1,.1/2.1/2)", Access::None, Use::Works, "Played when a call has become secure."},
    {"Page Tone", Page::Regional, "Call Progress Tones", of(Kind::Tone), "600@-16;.3(.05/0.05/1)", Access::None, Use::Works, "Played when a page begins."},
    {"Alert Tone", Page::Regional, "Call Progress Tones", of(Kind::Tone), "600@-19;.2(.05/0.05/1)", Access::None, Use::Kept, "There are no keys here that beep."},
    {"Call Pickup Tone", Page::Regional, "Call Progress Tones", of(Kind::Tone), "440@-10;30(.3/9.7/1)", Access::None, Use::Works, "Played when there is a call to pick up."},
    // Regional: Distinctive Ring Patterns
    {"Cadence 1", Page::Regional, "Distinctive Ring Patterns", of(Kind::Cadence), "60(2/4)", Access::None, Use::Works, "Ring 1."},
    {"Cadence 2", Page::Regional, "Distinctive Ring Patterns", of(Kind::Cadence), "60(.3/.2,1/.2,.3/4)", Access::None, Use::Works, "Ring 2."},
    {"Cadence 3", Page::Regional, "Distinctive Ring Patterns", of(Kind::Cadence), "60(.8/.4,.8/4)", Access::None, Use::Works, "Ring 3."},
    {"Cadence 4", Page::Regional, "Distinctive Ring Patterns", of(Kind::Cadence), "60(.4/.2,.3/.2,.8/4)", Access::None, Use::Works, "Ring 4."},
    {"Cadence 5", Page::Regional, "Distinctive Ring Patterns", of(Kind::Cadence), "60(.2/.2,.2/.2,.2/.2,1/4)", Access::None, Use::Works, "Ring 5."},
    {"Cadence 6", Page::Regional, "Distinctive Ring Patterns", of(Kind::Cadence), "60(.2/.4,.2/.4,.2/4)", Access::None, Use::Works, "Ring 6."},
    {"Cadence 7", Page::Regional, "Distinctive Ring Patterns", of(Kind::Cadence), "60(4.5/4)", Access::None, Use::Works, "Ring 7."},
    {"Cadence 8", Page::Regional, "Distinctive Ring Patterns", of(Kind::Cadence), "60(0.25/9.75)", Access::None, Use::Works, "Ring 8."},
    {"Cadence 9", Page::Regional, "Distinctive Ring Patterns", of(Kind::Cadence), "60(.4/.2,.4/2)", Access::None, Use::Works, "Ring 9."},
    // Regional: Control Timer Values (sec)
    {"Reorder Delay", Page::Regional, "Control Timer Values (sec)", number(0, 255), "255", Access::None, Use::Works, "How long after the far end has hung up Reorder Tone begins; 0 is at once, 255 never."},
    {"Call Back Expires", Page::Regional, "Control Timer Values (sec)", seconds(1, 65535), "1800", Access::None, Use::Works, "How long a call back is tried."},
    {"Call Back Retry Intvl", Page::Regional, "Control Timer Values (sec)", seconds(1, 65535), "30", Access::None, Use::Works, "How long after a busy answer a call back is tried again."},
    {"Call Back Delay", Page::Regional, "Control Timer Values (sec)", milliseconds(0, 65535000), ".5", Access::None, Use::Works, "How long a call back rings there before it rings here."},
    {"Interdigit Long Timer", Page::Regional, "Control Timer Values (sec)", milliseconds(1, 64000), "10", Access::None, Use::Works, "How long the next key is awaited while the number is not complete."},
    {"Interdigit Short Timer", Page::Regional, "Control Timer Values (sec)", milliseconds(1, 64000), "3", Access::None, Use::Works, "How long the next key is awaited while the number is complete, but could be longer."},
    // Regional: Vertical Service Activation Codes
    {"Call Return Code", Page::Regional, "Vertical Service Activation Codes", of(Kind::StarCode), "*69", Access::None, Use::Works, "Calls the last caller."},
    {"Blind Transfer Code", Page::Regional, "Vertical Service Activation Codes", of(Kind::StarCode), "*98", Access::None, Use::Works, "Transfers the far end to the number that follows."},
    {"Call Back Act Code", Page::Regional, "Vertical Service Activation Codes", of(Kind::StarCode), "*66", Access::None, Use::Works, "Calls the last number again until it is free."},
    {"Call Back Deact Code", Page::Regional, "Vertical Service Activation Codes", of(Kind::StarCode), "*86", Access::None, Use::Works, "Gives up a call back."},
    {"Cfwd All Act Code", Page::Regional, "Vertical Service Activation Codes", of(Kind::StarCode), "*72", Access::None, Use::Works, "Forwards all calls to the number that follows."},
    {"Cfwd All Deact Code", Page::Regional, "Vertical Service Activation Codes", of(Kind::StarCode), "*73", Access::None, Use::Works, "Forwards no longer all calls."},
    {"Cfwd Busy Act Code", Page::Regional, "Vertical Service Activation Codes", of(Kind::StarCode), "*90", Access::None, Use::Works, "Forwards calls while busy to the number that follows."},
    {"Cfwd Busy Deact Code", Page::Regional, "Vertical Service Activation Codes", of(Kind::StarCode), "*91", Access::None, Use::Works, "Forwards no longer while busy."},
    {"Cfwd No Ans Act Code", Page::Regional, "Vertical Service Activation Codes", of(Kind::StarCode), "*92", Access::None, Use::Works, "Forwards calls that nobody answers to the number that follows."},
    {"Cfwd No Ans Deact Code", Page::Regional, "Vertical Service Activation Codes", of(Kind::StarCode), "*93", Access::None, Use::Works, "Forwards no longer what nobody answers."},
    {"CW Act Code", Page::Regional, "Vertical Service Activation Codes", of(Kind::StarCode), "*56", Access::None, Use::Works, "Call waiting for all calls."},
    {"CW Deact Code", Page::Regional, "Vertical Service Activation Codes", of(Kind::StarCode), "*57", Access::None, Use::Works, "No call waiting."},
    {"CW Per Call Act Code", Page::Regional, "Vertical Service Activation Codes", of(Kind::StarCode), "*71", Access::None, Use::Works, "Call waiting in the next call."},
    {"CW Per Call Deact Code", Page::Regional, "Vertical Service Activation Codes", of(Kind::StarCode), "*70", Access::None, Use::Works, "No call waiting in the next call."},
    {"Block CID Act Code", Page::Regional, "Vertical Service Activation Codes", of(Kind::StarCode), "*67", Access::None, Use::Works, "Hides who calls in all calls."},
    {"Block CID Deact Code", Page::Regional, "Vertical Service Activation Codes", of(Kind::StarCode), "*68", Access::None, Use::Works, "Shows who calls in all calls."},
    {"Block CID Per Call Act Code", Page::Regional, "Vertical Service Activation Codes", of(Kind::StarCode), "*81", Access::None, Use::Works, "Hides who calls in the next call."},
    {"Block CID Per Call Deact Code", Page::Regional, "Vertical Service Activation Codes", of(Kind::StarCode), "*82", Access::None, Use::Works, "Shows who calls in the next call."},
    {"Block ANC Act Code", Page::Regional, "Vertical Service Activation Codes", of(Kind::StarCode), "*77", Access::None, Use::Works, "Refuses calls that hide who calls."},
    {"Block ANC Deact Code", Page::Regional, "Vertical Service Activation Codes", of(Kind::StarCode), "*87", Access::None, Use::Works, "Takes calls that hide who calls."},
    {"DND Act Code", Page::Regional, "Vertical Service Activation Codes", of(Kind::StarCode), "*78", Access::None, Use::Works, "Refuses all calls: do not disturb."},
    {"DND Deact Code", Page::Regional, "Vertical Service Activation Codes", of(Kind::StarCode), "*79", Access::None, Use::Works, "Takes calls again."},
    {"Secure All Call Act Code", Page::Regional, "Vertical Service Activation Codes", of(Kind::StarCode), "*16", Access::None, Use::Works, "Makes all calls secure."},
    {"Secure No Call Act Code", Page::Regional, "Vertical Service Activation Codes", of(Kind::StarCode), "*17", Access::None, Use::Works, "Makes no call secure by default."},
    {"Secure One Call Act Code", Page::Regional, "Vertical Service Activation Codes", of(Kind::StarCode), "*18", Access::None, Use::Works, "Makes the next call secure."},
    {"Secure One Call Deact Code", Page::Regional, "Vertical Service Activation Codes", of(Kind::StarCode), "*19", Access::None, Use::Works, "Does not make the next call secure."},
    {"Paging Code", Page::Regional, "Vertical Service Activation Codes", of(Kind::StarCode), "*96", Access::None, Use::Works, "Pages the number that follows."},
    {"Call Park Code", Page::Regional, "Vertical Service Activation Codes", of(Kind::StarCode), "*38", Access::None, Use::Works, "Parks the call."},
    {"Call Pickup Code", Page::Regional, "Vertical Service Activation Codes", of(Kind::StarCode), "*36", Access::None, Use::Works, "Picks up the call of the number that follows."},
    {"Call UnPark Code", Page::Regional, "Vertical Service Activation Codes", of(Kind::StarCode), "*39", Access::None, Use::Works, "Takes a parked call."},
    {"Group Call Pickup Code", Page::Regional, "Vertical Service Activation Codes", of(Kind::StarCode), "*37", Access::None, Use::Works, "Picks up a call of the group."},
    {"Media Loopback Code", Page::Regional, "Vertical Service Activation Codes", of(Kind::StarCode), "*03", Access::None, Use::Kept, "Media loopback is not here."},
    {"Referral Services Codes", Page::Regional, "Vertical Service Activation Codes", text(), "", Access::None, Use::Kept, "Codes that the server takes with a transfer."},
    {"Feature Dial Services Codes", Page::Regional, "Vertical Service Activation Codes", text(), "", Access::None, Use::Kept, "Codes that the server takes with the number that follows."},
    // Regional: Vertical Service Announcement Codes
    {"Service Annc Base Number", Page::Regional, "Vertical Service Announcement Codes", text(), "", Access::None, Use::Kept, "Announcements of the server's are not here."},
    {"Service Annc Extension Codes", Page::Regional, "Vertical Service Announcement Codes", text(), "", Access::None, Use::Kept, "Announcements of the server's are not here."},
    // Regional: Outbound Call Codec Selection Codes
    {"Prefer G711u Code", Page::Regional, "Outbound Call Codec Selection Codes", of(Kind::StarCode), "*017110", Access::None, Use::Works, "Prefers G.711 µ-law in the next call."},
    {"Force G711u Code", Page::Regional, "Outbound Call Codec Selection Codes", of(Kind::StarCode), "*027110", Access::None, Use::Works, "Offers G.711 µ-law alone in the next call."},
    {"Prefer G711a Code", Page::Regional, "Outbound Call Codec Selection Codes", of(Kind::StarCode), "*017111", Access::None, Use::Works, "Prefers G.711 A-law in the next call."},
    {"Force G711a Code", Page::Regional, "Outbound Call Codec Selection Codes", of(Kind::StarCode), "*027111", Access::None, Use::Works, "Offers G.711 A-law alone in the next call."},
    {"Prefer G723 Code", Page::Regional, "Outbound Call Codec Selection Codes", of(Kind::StarCode), "*01723", Access::None, Use::Kept, "G.723 is not here."},
    {"Force G723 Code", Page::Regional, "Outbound Call Codec Selection Codes", of(Kind::StarCode), "*02723", Access::None, Use::Kept, "G.723 is not here."},
    {"Prefer G722 Code", Page::Regional, "Outbound Call Codec Selection Codes", of(Kind::StarCode), "*01722", Access::None, Use::Works, "Prefers G.722 in the next call."},
    {"Force G722 Code", Page::Regional, "Outbound Call Codec Selection Codes", of(Kind::StarCode), "*02722", Access::None, Use::Works, "Offers G.722 alone in the next call."},
    {"Prefer L16 Code", Page::Regional, "Outbound Call Codec Selection Codes", of(Kind::StarCode), "*01016", Access::None, Use::Kept, "L16 is not here."},
    {"Force L16 Code", Page::Regional, "Outbound Call Codec Selection Codes", of(Kind::StarCode), "*02016", Access::None, Use::Kept, "L16 is not here."},
    {"Prefer G726r16 Code", Page::Regional, "Outbound Call Codec Selection Codes", of(Kind::StarCode), "*0172616", Access::None, Use::Kept, "G.726 is not here."},
    {"Force G726r16 Code", Page::Regional, "Outbound Call Codec Selection Codes", of(Kind::StarCode), "*0272616", Access::None, Use::Kept, "G.726 is not here."},
    {"Prefer G726r24 Code", Page::Regional, "Outbound Call Codec Selection Codes", of(Kind::StarCode), "*0172624", Access::None, Use::Kept, "G.726 is not here."},
    {"Force G726r24 Code", Page::Regional, "Outbound Call Codec Selection Codes", of(Kind::StarCode), "*0272624", Access::None, Use::Kept, "G.726 is not here."},
    {"Prefer G726r32 Code", Page::Regional, "Outbound Call Codec Selection Codes", of(Kind::StarCode), "*0172632", Access::None, Use::Kept, "G.726 is not here."},
    {"Force G726r32 Code", Page::Regional, "Outbound Call Codec Selection Codes", of(Kind::StarCode), "*0272632", Access::None, Use::Kept, "G.726 is not here."},
    {"Prefer G726r40 Code", Page::Regional, "Outbound Call Codec Selection Codes", of(Kind::StarCode), "*0172640", Access::None, Use::Kept, "G.726 is not here."},
    {"Force G726r40 Code", Page::Regional, "Outbound Call Codec Selection Codes", of(Kind::StarCode), "*0272640", Access::None, Use::Kept, "G.726 is not here."},
    {"Prefer G729a Code", Page::Regional, "Outbound Call Codec Selection Codes", of(Kind::StarCode), "*01729", Access::None, Use::Kept, "G.729 is not here."},
    {"Force G729a Code", Page::Regional, "Outbound Call Codec Selection Codes", of(Kind::StarCode), "*02729", Access::None, Use::Kept, "G.729 is not here."},
    // Regional: Miscellaneous
    {"Set Local Date (mm/dd)", Page::Regional, "Miscellaneous", text(), "", Access::None, Use::Kept, "The clock is the system's."},
    {"Set Local Time (HH/mm)", Page::Regional, "Miscellaneous", text(), "", Access::None, Use::Kept, "The clock is the system's."},
    {"Time Zone", Page::Regional, "Miscellaneous", text(), "GMT-08:00", Access::None, Use::Kept, "The time zone is the system's."},
    {"Time Offset (HH/mm)", Page::Regional, "Miscellaneous", text(), "", Access::None, Use::Kept, "The time zone is the system's."},
    {"Ignore DHCP Time Offset", Page::Regional, "Miscellaneous", yes_no(), "Yes", Access::None, Use::Kept, "The time zone is the system's."},
    {"Daylight Saving Time Rule", Page::Regional, "Miscellaneous", text(), "", Access::None, Use::Kept, "The time zone is the system's."},
    {"Daylight Saving Time Enable", Page::Regional, "Miscellaneous", yes_no(), "Yes", Access::None, Use::Kept, "The time zone is the system's."},
    {"DTMF Playback Level", Page::Regional, "Miscellaneous", of(Kind::PowerLevel), "-16", Access::None, Use::Works, "How loud a key is that is sent as a tone, in dBm."},
    {"DTMF Playback Length", Page::Regional, "Miscellaneous", milliseconds(40, 2000), ".1", Access::None, Use::Works, "How long a key is that is sent by a command."},
    {"Inband DTMF Boost", Page::Regional, "Miscellaneous", choice("0dB|3dB|6dB|9dB|12dB|15dB|18dB"), "12dB", Access::None, Use::Kept, "Keys are sent as loud as DTMF Playback Level says."},
    {"Dictionary Server Script", Page::Regional, "Miscellaneous", text(1023), "", Access::None, Use::Kept, "There is no display here."},
    {"Language Selection", Page::Regional, "Miscellaneous", text(), "", Access::None, Use::Kept, "There is no display here."},
    {"Default Character Encoding", Page::Regional, "Miscellaneous", choice("ISO-8859-1|UTF-8"), "ISO-8859-1", Access::None, Use::Kept, "All text is UTF-8."},
    // Phone: General
    {"Station Name", Page::Phone, "General", text(), "", Access::None, Use::Kept, "A name of the phone."},
    {"Station Display Name", Page::Phone, "General", text(), "", Access::None, Use::Kept, "A name of the phone on its display."},
    {"Voice Mail Number", Page::Phone, "General", text(39), "", Access::None, Use::Works, "The number that reaches the voice mail."},
    {"BMP Picture Download URL", Page::Phone, "General", text(1023), "", Access::None, Use::Kept, "There is no display here."},
    {"Select Logo", Page::Phone, "General", or_empty(choice("Default|BMP Picture|Text Logo|None")), "", Access::None, Use::Kept, "There is no display here."},
    {"Softkey Labels Font", Page::Phone, "General", choice("Normal|Narrow|Auto"), "Auto", Access::None, Use::Kept, "There is no display here."},
    {"Screen Saver Enable", Page::Phone, "General", yes_no(), "No", Access::Write, Use::Kept, "There is no display here."},
    {"Screen Saver Wait", Page::Phone, "General", number(0, 65535), "300", Access::Write, Use::Kept, "There is no display here."},
    {"Screen Saver Icon", Page::Phone, "General", choice("StationTime|Lock|Phone|DateTime|Background Picture"), "Background Picture", Access::Write, Use::Kept, "There is no display here."},
    // Phone: Line Key n
    {"Extension", Page::Phone, "Line Key n", choice("1|2|3|4|5|6|7|8|9|10|11|12|Disabled"), "1", Access::None, Use::Works, "Whose the key is: the extension that an Extended Function without vid is of; Disabled is extension 1.", Count::Many},
    {"Short Name", Page::Phone, "Line Key n", text(), "$USER", Access::None, Use::Kept, "There are no line keys here.", Count::Many},
    {"Share Call Appearance", Page::Phone, "Line Key n", choice("private|shared"), "private", Access::None, Use::Kept, "There are no line keys here.", Count::Many},
    {"Extended Function", Page::Phone, "Line Key n", text(255), "", Access::None, Use::Works, "What the key is for: fnc= of blf (watches a line), sd (calls it), cp (picks up what rings there), joined by +; sub= or usr= whose line; nme= its name; vid= the extension that asks.", Count::Many},
    // Phone: Miscellaneous Line Key Settings
    {"Line ID Mapping", Page::Phone, "Miscellaneous Line Key Settings", choice("Horizontal First|Vertical First"), "Vertical First", Access::None, Use::Kept, "There are no line keys here."},
    {"SCA Barge-In Enable", Page::Phone, "Miscellaneous Line Key Settings", yes_no(), "No", Access::None, Use::Kept, "Shared lines are not here."},
    {"SCA Sticky Auto Line Seize", Page::Phone, "Miscellaneous Line Key Settings", yes_no(), "No", Access::None, Use::Kept, "Shared lines are not here."},
    {"Line Navigation", Page::Phone, "Miscellaneous Line Key Settings", choice("Per Call|Per Line"), "Per Line", Access::None, Use::Kept, "There are no line keys here."},
    {"Call Appearance Per Line", Page::Phone, "Miscellaneous Line Key Settings", number(2, 10), "2", Access::None, Use::Kept, "There are no line keys here."},
    // Phone: Supplementary Services
    {"Conference Serv", Page::Phone, "Supplementary Services", yes_no(), "Yes", Access::None, Use::Works, "Conferences of three."},
    {"Attn Transfer Serv", Page::Phone, "Supplementary Services", yes_no(), "Yes", Access::None, Use::Works, "Transfers to somebody who was asked first."},
    {"Blind Transfer Serv", Page::Phone, "Supplementary Services", yes_no(), "Yes", Access::None, Use::Works, "Transfers to somebody who was not asked."},
    {"DND Serv", Page::Phone, "Supplementary Services", yes_no(), "Yes", Access::None, Use::Works, "Do not disturb."},
    {"Block ANC Serv", Page::Phone, "Supplementary Services", yes_no(), "Yes", Access::None, Use::Works, "Refusing calls that hide who calls."},
    {"Call Back Serv", Page::Phone, "Supplementary Services", yes_no(), "Yes", Access::None, Use::Works, "Calling a busy number until it is free."},
    {"Block CID Serv", Page::Phone, "Supplementary Services", yes_no(), "Yes", Access::None, Use::Works, "Hiding who calls."},
    {"Secure Call Serv", Page::Phone, "Supplementary Services", yes_no(), "Yes", Access::None, Use::Works, "Secure calls by star code and by Secure Call Setting."},
    {"Cfwd All Serv", Page::Phone, "Supplementary Services", yes_no(), "Yes", Access::None, Use::Works, "Forwarding all calls."},
    {"Cfwd Busy Serv", Page::Phone, "Supplementary Services", yes_no(), "Yes", Access::None, Use::Works, "Forwarding while busy."},
    {"Cfwd No Ans Serv", Page::Phone, "Supplementary Services", yes_no(), "Yes", Access::None, Use::Works, "Forwarding what nobody answers."},
    {"Paging Serv", Page::Phone, "Supplementary Services", yes_no(), "Yes", Access::None, Use::Works, "Paging."},
    {"Call Park Serv", Page::Phone, "Supplementary Services", yes_no(), "Yes", Access::None, Use::Works, "Parking calls."},
    {"Call Pick Up Serv", Page::Phone, "Supplementary Services", yes_no(), "Yes", Access::None, Use::Works, "Picking calls up."},
    {"ACD Login Serv", Page::Phone, "Supplementary Services", yes_no(), "No", Access::None, Use::Kept, "Call distribution is not here."},
    {"Group Call Pick Up Serv", Page::Phone, "Supplementary Services", yes_no(), "Yes", Access::None, Use::Works, "Picking calls of the group up."},
    {"ACD Ext", Page::Phone, "Supplementary Services", number(1, 4), "1", Access::None, Use::Kept, "Call distribution is not here."},
    {"Service Annc Serv", Page::Phone, "Supplementary Services", yes_no(), "No", Access::None, Use::Kept, "Announcements of the server's are not here."},
    // Phone: Ring Tone
    {"Ring1", Page::Phone, "Ring Tone", text(), "n=Classic-1;w=3;c=1", Access::None, Use::Kept, "Rings are events, and Cadence 1 to 9."},
    {"Ring2", Page::Phone, "Ring Tone", text(), "n=Classic-2;w=3;c=2", Access::None, Use::Kept, "Rings are events, and Cadence 1 to 9."},
    {"Ring3", Page::Phone, "Ring Tone", text(), "n=Classic-3;w=3;c=3", Access::None, Use::Kept, "Rings are events, and Cadence 1 to 9."},
    {"Ring4", Page::Phone, "Ring Tone", text(), "n=Classic-4;w=3;c=4", Access::None, Use::Kept, "Rings are events, and Cadence 1 to 9."},
    {"Ring5", Page::Phone, "Ring Tone", text(), "n=Simple-1;w=2;c=1", Access::None, Use::Kept, "Rings are events, and Cadence 1 to 9."},
    {"Ring6", Page::Phone, "Ring Tone", text(), "n=Simple-2;w=2;c=2", Access::None, Use::Kept, "Rings are events, and Cadence 1 to 9."},
    {"Ring7", Page::Phone, "Ring Tone", text(), "n=Simple-3;w=2;c=3", Access::None, Use::Kept, "Rings are events, and Cadence 1 to 9."},
    {"Ring8", Page::Phone, "Ring Tone", text(), "n=Simple-4;w=2;c=4", Access::None, Use::Kept, "Rings are events, and Cadence 1 to 9."},
    {"Ring9", Page::Phone, "Ring Tone", text(), "n=Simple-5;w=2;c=5", Access::None, Use::Kept, "Rings are events, and Cadence 1 to 9."},
    {"Ring10", Page::Phone, "Ring Tone", text(), "n=Office;w=4;c=1", Access::None, Use::Kept, "Rings are events, and Cadence 1 to 9."},
    {"Ring11", Page::Phone, "Ring Tone", text(), "n=Pulse;w=5;c=1", Access::None, Use::Kept, "Rings are events, and Cadence 1 to 9."},
    {"Ring12", Page::Phone, "Ring Tone", text(), "n=Du-dut;w=6;c=1", Access::None, Use::Kept, "Rings are events, and Cadence 1 to 9."},
    // Phone: Audio Input Gain (dB)
    {"Handset Input Gain", Page::Phone, "Audio Input Gain (dB)", choice("-6|0|6"), "0", Access::None, Use::Kept, "How loud a microphone is, is the system's."},
    {"Headset Input Gain", Page::Phone, "Audio Input Gain (dB)", choice("-18|-12|-6|0|6|12"), "0", Access::None, Use::Kept, "How loud a microphone is, is the system's."},
    {"Speakerphone Input Gain", Page::Phone, "Audio Input Gain (dB)", choice("-6|0|6"), "0", Access::None, Use::Kept, "How loud a microphone is, is the system's."},
    {"Acoustic Echo Canceller Enable", Page::Phone, "Audio Input Gain (dB)", yes_no(), "Yes", Access::None, Use::Kept, "Echo is not cancelled here."},
    {"Handset Additional Input Gain", Page::Phone, "Audio Input Gain (dB)", number(-3, 3), "0", Access::None, Use::Kept, "How loud a microphone is, is the system's."},
    {"Headset Additional Input Gain", Page::Phone, "Audio Input Gain (dB)", number(-3, 3), "0", Access::None, Use::Kept, "How loud a microphone is, is the system's."},
    {"Speakerphone Additional Input Gain", Page::Phone, "Audio Input Gain (dB)", number(-3, 3), "0", Access::None, Use::Kept, "How loud a microphone is, is the system's."},
    // Phone: Multiple Paging Group Parameters
    {"Group Paging Script", Page::Phone, "Multiple Paging Group Parameters", text(1023), "pggrp=224.168.168.168:34560;name=All;num=800;listen=yes;", Access::None, Use::Kept, "Multicast paging is not here."},
    // Phone: Broadsoft Settings
    {"Directory Enable", Page::Phone, "Broadsoft Settings", yes_no(), "No", Access::None, Use::Kept, "Directories are not here."},
    {"XSI Host Server", Page::Phone, "Broadsoft Settings", of(Kind::Host), "", Access::None, Use::Kept, "Directories are not here."},
    {"Directory Name", Page::Phone, "Broadsoft Settings", text(), "", Access::None, Use::Kept, "Directories are not here."},
    {"Directory Type", Page::Phone, "Broadsoft Settings", choice("Enterprise|Group|Personal"), "Enterprise", Access::None, Use::Kept, "Directories are not here."},
    {"Directory UserID", Page::Phone, "Broadsoft Settings", text(), "", Access::None, Use::Kept, "Directories are not here."},
    {"Directory Password", Page::Phone, "Broadsoft Settings", secret(), "", Access::None, Use::Kept, "Directories are not here."},
    // Phone: LDAP Corporate Directory Search
    {"LDAP Dir Enable", Page::Phone, "LDAP Corporate Directory Search", yes_no(), "No", Access::None, Use::Kept, "Directories are not here."},
    {"LDAP Corp Dir Name", Page::Phone, "LDAP Corporate Directory Search", text(), "", Access::None, Use::Kept, "Directories are not here."},
    {"LDAP Server", Page::Phone, "LDAP Corporate Directory Search", text(), "", Access::None, Use::Kept, "Directories are not here."},
    {"LDAP Auth Method", Page::Phone, "LDAP Corporate Directory Search", choice("None|Simple|DIGEST-MD5"), "None", Access::None, Use::Kept, "Directories are not here."},
    {"LDAP Client DN", Page::Phone, "LDAP Corporate Directory Search", text(255), "", Access::None, Use::Kept, "Directories are not here."},
    {"LDAP Username", Page::Phone, "LDAP Corporate Directory Search", text(), "", Access::None, Use::Kept, "Directories are not here."},
    {"LDAP Password", Page::Phone, "LDAP Corporate Directory Search", secret(), "", Access::None, Use::Kept, "Directories are not here."},
    {"LDAP Search Base", Page::Phone, "LDAP Corporate Directory Search", text(255), "", Access::None, Use::Kept, "Directories are not here."},
    {"LDAP Last Name Filter", Page::Phone, "LDAP Corporate Directory Search", text(255), "", Access::None, Use::Kept, "Directories are not here."},
    {"LDAP First Name Filter", Page::Phone, "LDAP Corporate Directory Search", text(255), "", Access::None, Use::Kept, "Directories are not here."},
    {"LDAP Search Item 3", Page::Phone, "LDAP Corporate Directory Search", text(), "", Access::None, Use::Kept, "Directories are not here."},
    {"LDAP Item 3 Filter", Page::Phone, "LDAP Corporate Directory Search", text(255), "", Access::None, Use::Kept, "Directories are not here."},
    {"LDAP Search Item 4", Page::Phone, "LDAP Corporate Directory Search", text(), "", Access::None, Use::Kept, "Directories are not here."},
    {"LDAP item 4 Filter", Page::Phone, "LDAP Corporate Directory Search", text(255), "", Access::None, Use::Kept, "Directories are not here."},
    {"LDAP Display Attrs", Page::Phone, "LDAP Corporate Directory Search", text(255), "", Access::None, Use::Kept, "Directories are not here."},
    {"LDAP Number Mapping", Page::Phone, "LDAP Corporate Directory Search", text(255), "", Access::None, Use::Kept, "Directories are not here."},
    // Phone: XML Service
    {"XML Directory Service Name", Page::Phone, "XML Service", text(), "", Access::None, Use::Kept, "There is no display here."},
    {"XML Directory Service URL", Page::Phone, "XML Service", text(1023), "", Access::None, Use::Kept, "There is no display here."},
    {"XML Application Service Name", Page::Phone, "XML Service", text(), "", Access::None, Use::Kept, "There is no display here."},
    {"XML Application Service URL", Page::Phone, "XML Service", text(1023), "", Access::None, Use::Kept, "There is no display here."},
    // Phone: Extension Mobility
    {"EM Enable", Page::Phone, "Extension Mobility", yes_no(), "No", Access::None, Use::Kept, "Extension mobility is not here."},
    {"EM User Domain", Page::Phone, "Extension Mobility", text(), "", Access::None, Use::Kept, "Extension mobility is not here."},
    {"EM Phone User ID", Page::Phone, "Extension Mobility", text(), "", Access::None, Use::Kept, "Extension mobility is not here."},
    {"EM Phone Password", Page::Phone, "Extension Mobility", secret(), "", Access::None, Use::Kept, "Extension mobility is not here."},
    {"EM Mobile User ID", Page::Phone, "Extension Mobility", text(), "", Access::None, Use::Kept, "Extension mobility is not here."},
    {"EM Mobile Password", Page::Phone, "Extension Mobility", secret(), "", Access::None, Use::Kept, "Extension mobility is not here."},
    // Ext: General
    {"Line Enable", Page::Ext, "General", yes_no(), "Yes", Access::None, Use::Works, "Whether this extension is in use.", Count::Many},
    // Ext: Share Line Appearance
    {"Share Ext", Page::Ext, "Share Line Appearance", choice("private|shared"), "private", Access::None, Use::Kept, "Shared lines are not here.", Count::Many},
    {"Shared User ID", Page::Ext, "Share Line Appearance", text(63), "", Access::None, Use::Kept, "Shared lines are not here.", Count::Many},
    {"Subscription Expires", Page::Ext, "Share Line Appearance", number(0, 2147483647), "3600", Access::None, Use::Works, "How long watching another line is asked for.", Count::Many},
    {"Restrict MWI", Page::Ext, "Share Line Appearance", yes_no(), "No", Access::None, Use::Kept, "Shared lines are not here.", Count::Many},
    {"Monitor User ID", Page::Ext, "Share Line Appearance", text(63), "", Access::None, Use::Kept, "Shared lines are not here.", Count::Many},
    // Ext: NAT Settings
    {"NAT Mapping Enable", Page::Ext, "NAT Settings", yes_no(), "No", Access::None, Use::Kept, "This phone's address is that of its sockets.", Count::Many},
    {"NAT Keep Alive Enable", Page::Ext, "NAT Settings", yes_no(), "No", Access::None, Use::Works, "Whether messages keep a NAT open.", Count::Many},
    {"NAT Keep Alive Msg", Page::Ext, "NAT Settings", text(), "$NOTIFY", Access::None, Use::Works, "What is sent for that: $NOTIFY, $REGISTER, $OPTIONS, or these octets.", Count::Many},
    {"NAT Keep Alive Dest", Page::Ext, "NAT Settings", text(255), "$PROXY", Access::None, Use::Works, "Where it is sent: $PROXY is the server in use, else a host.", Count::Many},
    // Ext: Network Settings
    {"SIP TOS/DiffServ Value", Page::Ext, "Network Settings", octet(), "0x68", Access::None, Use::Works, "The octet of the IP header for SIP.", Count::Many, "SIP ToS/DiffServ Value"},
    {"SIP CoS Value", Page::Ext, "Network Settings", number(0, 7), "3", Access::None, Use::Kept, "Frames are tagged by the system.", Count::Many},
    {"RTP TOS/DiffServ Value", Page::Ext, "Network Settings", octet(), "0xb8", Access::None, Use::Works, "The octet of the IP header for RTP.", Count::Many, "RTP ToS/DiffServ Value"},
    {"RTP CoS Value", Page::Ext, "Network Settings", number(0, 7), "6", Access::None, Use::Kept, "Frames are tagged by the system.", Count::Many},
    {"Network Jitter Level", Page::Ext, "Network Settings", choice("low|medium|high|very high|extremely high"), "high", Access::None, Use::Works, "How much of the sound is buffered at the start, and how slowly the buffer shrinks.", Count::Many},
    {"Jitter Buffer Adjustment", Page::Ext, "Network Settings", choice("up and down|up only|down only|disable"), "up and down", Access::None, Use::Works, "Which way the buffer may change.", Count::Many},
    // Ext: SIP Settings
    {"SIP Transport", Page::Ext, "SIP Settings", choice("UDP|TCP|TLS|AUTO"), "UDP", Access::None, Use::Works, "The transport to the server; AUTO: as its NAPTR and SRV records say. With TLS there is no UDP port, and calls are secure by default.", Count::Many},
    {"SIP Port", Page::Ext, "SIP Settings", number(1, 65535), "5060", Access::None, Use::Works, "The local port of this extension.", Count::Many},
    {"SIP 100REL Enable", Page::Ext, "SIP Settings", yes_no(), "No", Access::None, Use::Works, "Reliable provisional responses (RFC 3262).", Count::Many},
    {"EXT SIP Port", Page::Ext, "SIP Settings", or_empty(number(0, 65535)), "", Access::None, Use::Kept, "This phone's ports are those of its sockets.", Count::Many},
    {"Auth Resync-Reboot", Page::Ext, "SIP Settings", yes_no(), "Yes", Access::None, Use::Works, "Challenges NOTIFY that asks for resync, reboot or a report.", Count::Many},
    {"SIP Proxy-Require", Page::Ext, "SIP Settings", text(), "", Access::None, Use::Works, "Proxy-Require of what this phone sends.", Count::Many},
    {"SIP Remote-Party-ID", Page::Ext, "SIP Settings", yes_no(), "No", Access::None, Use::Works, "Remote-Party-ID in place of From for who calls.", Count::Many},
    {"SIP GUID", Page::Ext, "SIP Settings", yes_no(), "No", Access::None, Use::Kept, "A number of the device in REGISTER is not sent.", Count::Many},
    {"Referor Bye Delay", Page::Ext, "SIP Settings", number(0, 65535), "4", Access::None, Use::Kept, "When the transferor ends its call, in seconds after the transfer.", Count::Many},
    {"Refer-To Target Contact", Page::Ext, "SIP Settings", yes_no(), "No", Access::None, Use::Kept, "An attended transfer names the Contact of its target.", Count::Many},
    {"Referee Bye Delay", Page::Ext, "SIP Settings", number(0, 65535), "0", Access::None, Use::Kept, "When the transferee ends its old call.", Count::Many},
    {"SIP Debug Option", Page::Ext, "SIP Settings", choice("none|1-line|1-line excl. OPT|1-line excl. NTFY|1-line excl. REG|1-line excl. OPT/NTFY/REG|full|full excl. OPT|full excl. NTFY|full excl. REG|full excl. OPT/NTFY/REG"), "none", Access::None, Use::Kept, "Which messages are logged.", Count::Many},
    {"RTP Log Intvl", Page::Ext, "SIP Settings", number(0, 65535), "0", Access::None, Use::Kept, "The figures of a call come at its end.", Count::Many},
    {"Restrict Source IP", Page::Ext, "SIP Settings", yes_no(), "No", Access::None, Use::Works, "Drops what does not come from an address of the server in use.", Count::Many},
    {"Refer Target Bye Delay", Page::Ext, "SIP Settings", number(0, 65535), "0", Access::None, Use::Kept, "When the target of a transfer ends its old call.", Count::Many},
    {"Sticky 183", Page::Ext, "SIP Settings", yes_no(), "No", Access::None, Use::Works, "After a 183 a later 180 does not end the sound of the far end.", Count::Many},
    {"Auth INVITE", Page::Ext, "SIP Settings", yes_no(), "No", Access::None, Use::Works, "Challenges the initial INVITE, and NOTIFY of messages that was not subscribed to.", Count::Many},
    {"Auth Support RFC8760", Page::Ext, "SIP Settings", yes_no(), "Yes", Access::None, Use::Works, "Whether challenges offer SHA-256 before MD5. No: MD5 alone, for servers that know no other.", Count::Many},
    {"Reply 182 On Call Waiting", Page::Ext, "SIP Settings", yes_no(), "No", Access::None, Use::Works, "Answers a call that waits with 182 in place of 180.", Count::Many},
    {"Ntfy Refer On 1xx-To-Inv", Page::Ext, "SIP Settings", yes_no(), "Yes", Access::None, Use::Kept, "A transferor hears of 1xx too.", Count::Many},
    {"Use Anonymous With RPID", Page::Ext, "SIP Settings", yes_no(), "Yes", Access::None, Use::Works, "From is anonymous when the caller hides and Remote-Party-ID is used.", Count::Many},
    {"Use Local Addr In FROM", Page::Ext, "SIP Settings", yes_no(), "No", Access::None, Use::Kept, "From has the domain of the server.", Count::Many},
    {"Set G729 annexb", Page::Ext, "SIP Settings", choice("none|no|yes|follow silence supp setting"), "none", Access::None, Use::Kept, "G.729 is not here.", Count::Many},
    {"Voice Quality Report Address", Page::Ext, "SIP Settings", text(255), "", Access::None, Use::Kept, "Reports of quality are not sent.", Count::Many},
    {"Secure Call Option", Page::Ext, "SIP Settings", choice("Optional|Strict"), "Optional", Access::None, Use::Works, "Strict: over TLS SRTP only, else RTP only. Optional: an incoming call is answered in kind.", Count::Many},
    {"TLS Name Validate", Page::Ext, "SIP Settings", yes_no(), "Yes", Access::None, Use::Works, "Whether the name in the server's certificate must be the server's.", Count::Many},
    {"MediaSec Request", Page::Ext, "SIP Settings", yes_no(), "No", Access::None, Use::Kept, "Negotiation of media security by header fields is not here.", Count::Many},
    {"MediaSec Over TLS Only", Page::Ext, "SIP Settings", yes_no(), "No", Access::None, Use::Kept, "Negotiation of media security by header fields is not here.", Count::Many},
    // Ext: Call Feature Settings
    {"Blind Attn-Xfer Enable", Page::Ext, "Call Feature Settings", yes_no(), "No", Access::None, Use::Kept, "An attended transfer waits for the answer.", Count::Many},
    {"MOH Server", Page::Ext, "Call Feature Settings", text(255), "", Access::None, Use::Works, "Who plays music to those on hold: a number or an address.", Count::Many},
    {"Message Waiting", Page::Ext, "Call Feature Settings", yes_no(), "No", Access::None, Use::Kept, "Whether messages wait is said by the server.", Count::Many},
    {"Auth Page", Page::Ext, "Call Feature Settings", yes_no(), "No", Access::None, Use::Works, "Whether pages that would be answered by themselves are challenged: whoever pages must know Auth Page Password.", Count::Many},
    {"Default Ring", Page::Ext, "Call Feature Settings", choice("No Ring|1|2|3|4|5|6|7|8|9|10|11|12|User 1|User 2"), "1", Access::None, Use::Works, "The ring of this extension.", Count::Many},
    {"Auth Page Realm", Page::Ext, "Call Feature Settings", text(), "", Access::None, Use::Works, "The realm of challenges to pages; empty is the domain of the server.", Count::Many},
    {"Conference Bridge URL", Page::Ext, "Call Feature Settings", text(255), "", Access::None, Use::Works, "The server that mixes conferences; empty is this phone.", Count::Many},
    {"Auth Page Password", Page::Ext, "Call Feature Settings", secret(), "", Access::None, Use::Works, "The password of challenges to pages.", Count::Many},
    {"Mailbox ID", Page::Ext, "Call Feature Settings", text(63), "", Access::None, Use::Works, "The mailbox, if it is not the User ID.", Count::Many},
    {"Voice Mail Server", Page::Ext, "Call Feature Settings", text(255), "", Access::None, Use::Works, "Who says whether messages wait: the address that is subscribed to; empty is nobody.", Count::Many, "Mailbox Subscribe URL"},
    {"Voice Mail Subscribe Interval", Page::Ext, "Call Feature Settings", seconds(1, 2147483647), "86400", Access::None, Use::Works, "How long that subscription is good.", Count::Many, "Mailbox Subscribe Expires"},
    {"State Agent", Page::Ext, "Call Feature Settings", text(255), "", Access::None, Use::Kept, "Shared lines are not here.", Count::Many},
    {"CFWD Notify Serv", Page::Ext, "Call Feature Settings", yes_no(), "No", Access::None, Use::Kept, "Forwarding is not told to the server.", Count::Many},
    {"CFWD Notifier", Page::Ext, "Call Feature Settings", text(255), "", Access::None, Use::Kept, "Forwarding is not told to the server.", Count::Many},
    {"User ID with Domain", Page::Ext, "Call Feature Settings", yes_no(), "No", Access::None, Use::Kept, "The User ID is sent as it is.", Count::Many},
    {"Broadsoft ACD", Page::Ext, "Call Feature Settings", yes_no(), "No", Access::None, Use::Kept, "Call distribution is not here.", Count::Many},
    {"Auto Ans Page On Active Call", Page::Ext, "Call Feature Settings", yes_no(), "Yes", Access::None, Use::Works, "A page is answered during a call, which is held.", Count::Many},
    {"Feature Key Sync", Page::Ext, "Call Feature Settings", yes_no(), "No", Access::None, Use::Kept, "Settings are not told to the server.", Count::Many},
    // Ext: Proxy and Registration
    {"Proxy", Page::Ext, "Proxy and Registration", text(255), "", Access::None, Use::Works, "The server: a host, host:port, or several as host:port:p=1:w=2|host, each with its priority and weight.", Count::Many},
    {"Outbound Proxy", Page::Ext, "Proxy and Registration", text(255), "", Access::None, Use::Works, "Where requests are sent first.", Count::Many},
    {"Alternate Proxy", Page::Ext, "Proxy and Registration", text(255), "", Access::None, Use::Works, "Further servers, written as Proxy is: tried when all of Proxy's have failed.", Count::Many},
    {"Alternate Outbound Proxy", Page::Ext, "Proxy and Registration", text(255), "", Access::None, Use::Works, "The same after all of Outbound Proxy's, where that is used.", Count::Many},
    {"Use Outbound Proxy", Page::Ext, "Proxy and Registration", yes_no(), "No", Access::None, Use::Works, "Whether Outbound Proxy is used.", Count::Many},
    {"Use OB Proxy In Dialog", Page::Ext, "Proxy and Registration", yes_no(), "Yes", Access::None, Use::Works, "Whether it is used for requests within a dialog too.", Count::Many},
    {"Register", Page::Ext, "Proxy and Registration", yes_no(), "Yes", Access::None, Use::Works, "Whether this extension registers.", Count::Many},
    {"Make Call Without Reg", Page::Ext, "Proxy and Registration", yes_no(), "No", Access::None, Use::Works, "Whether it calls while it is not registered.", Count::Many},
    {"Register Expires", Page::Ext, "Proxy and Registration", number(0, 2147483647), "3600", Access::None, Use::Works, "How long a registration is asked for, in seconds.", Count::Many},
    {"Ans Call Without Reg", Page::Ext, "Proxy and Registration", yes_no(), "No", Access::None, Use::Works, "Whether it takes calls while it is not registered.", Count::Many},
    {"Use DNS SRV", Page::Ext, "Proxy and Registration", yes_no(), "No", Access::None, Use::Works, "Whether SRV records of the server's name are looked for.", Count::Many},
    {"DNS SRV Auto Prefix", Page::Ext, "Proxy and Registration", yes_no(), "No", Access::None, Use::Works, "Whether _sip._udp. or the like is put before the name.", Count::Many},
    {"Proxy Fallback Intvl", Page::Ext, "Proxy and Registration", seconds(0, 65535), "3600", Access::None, Use::Works, "How long after a failure the first server is tried again; 0 is never.", Count::Many},
    {"Proxy Redundancy Method", Page::Ext, "Proxy and Registration", choice("Normal|Based on SRV Port"), "Normal", Access::None, Use::Works, "Which SRV records count: all, or those with the port of the first.", Count::Many},
    {"Dual Registration", Page::Ext, "Proxy and Registration", yes_no(), "No", Access::None, Use::Kept, "This extension registers at one server at a time.", Count::Many},
    {"Auto Register When Failover", Page::Ext, "Proxy and Registration", yes_no(), "No", Access::None, Use::Works, "No: the first server is tried again as soon as Proxy Fallback Intvl is over; Yes: only when a REGISTER is due, at the next multiple of Register Expires.", Count::Many},
    // Ext: Subscriber Information
    {"Display Name", Page::Ext, "Subscriber Information", text(), "", Access::None, Use::Works, "The name that is shown to the far end.", Count::Many},
    {"User ID", Page::Ext, "Subscriber Information", text(63), "", Access::None, Use::Works, "The number or name of this extension.", Count::Many},
    {"Password", Page::Ext, "Subscriber Information", secret(127), "", Access::None, Use::Works, "Answers the server's challenges; and whoever is challenged by this phone must know it.", Count::Many},
    {"Use Auth ID", Page::Ext, "Subscriber Information", yes_no(), "No", Access::None, Use::Works, "Whether Auth ID is used in place of User ID for that.", Count::Many},
    {"Auth ID", Page::Ext, "Subscriber Information", text(127), "", Access::None, Use::Works, "The name that goes with the password.", Count::Many},
    {"Reserved Auth Realm", Page::Ext, "Subscriber Information", text(), "", Access::None, Use::Works, "The realm of this phone's own challenges; empty is the domain of the server.", Count::Many, "Reversed Auth Realm"},
    {"Mini Certificate", Page::Ext, "Subscriber Information", text(508), "", Access::None, Use::Kept, "For x-sipura, which is refused.", Count::Many},
    {"SRTP Private Key", Page::Ext, "Subscriber Information", secret(88), "", Access::None, Use::Kept, "For x-sipura, which is refused.", Count::Many},
    // Ext: Audio Configuration
    {"Preferred Codec", Page::Ext, "Audio Configuration", choice("G711u|G711a|G722|OPUS|G726-16|G726-24|G726-32|G726-40|G729a"), "G711u", Access::None, Use::Works, "The codec that is offered first. G.726 and G.729 are not here, and count as none.", Count::Many},
    {"Use Pref Codec Only", Page::Ext, "Audio Configuration", yes_no(), "No", Access::None, Use::Works, "Offers no other codec.", Count::Many},
    {"Second Preferred Codec", Page::Ext, "Audio Configuration", choice("Unspecified|G711u|G711a|G722|OPUS|G726-16|G726-24|G726-32|G726-40|G729a"), "Unspecified", Access::None, Use::Works, "The codec that is offered second.", Count::Many},
    {"Third Preferred Codec", Page::Ext, "Audio Configuration", choice("Unspecified|G711u|G711a|G722|OPUS|G726-16|G726-24|G726-32|G726-40|G729a"), "Unspecified", Access::None, Use::Works, "The codec that is offered third.", Count::Many},
    {"G729a Enable", Page::Ext, "Audio Configuration", yes_no(), "Yes", Access::None, Use::Kept, "G.729 is not here.", Count::Many},
    {"G723 Enable", Page::Ext, "Audio Configuration", yes_no(), "Yes", Access::None, Use::Kept, "G.723 is not here.", Count::Many},
    {"G722 Enable", Page::Ext, "Audio Configuration", yes_no(), "Yes", Access::None, Use::Works, "Whether G.722 may be used.", Count::Many},
    {"OPUS Enable", Page::Ext, "Audio Configuration", yes_no(), "Yes", Access::None, Use::Works, "Whether Opus may be used.", Count::Many},
    {"L16 Enable", Page::Ext, "Audio Configuration", yes_no(), "Yes", Access::None, Use::Kept, "L16 is not here.", Count::Many},
    {"G726-16 Enable", Page::Ext, "Audio Configuration", yes_no(), "Yes", Access::None, Use::Kept, "G.726 is not here.", Count::Many},
    {"G726-24 Enable", Page::Ext, "Audio Configuration", yes_no(), "Yes", Access::None, Use::Kept, "G.726 is not here.", Count::Many},
    {"G726-32 Enable", Page::Ext, "Audio Configuration", yes_no(), "Yes", Access::None, Use::Kept, "G.726 is not here.", Count::Many},
    {"G726-40 Enable", Page::Ext, "Audio Configuration", yes_no(), "Yes", Access::None, Use::Kept, "G.726 is not here.", Count::Many},
    {"Release Unused Codec", Page::Ext, "Audio Configuration", yes_no(), "Yes", Access::None, Use::Kept, "Codecs cost nothing until they are used.", Count::Many},
    {"DTMF Process AVT", Page::Ext, "Audio Configuration", yes_no(), "Yes", Access::None, Use::Works, "Whether keys of RFC 4733 are offered and taken.", Count::Many},
    {"Silence Supp Enable", Page::Ext, "Audio Configuration", yes_no(), "No", Access::None, Use::Kept, "Silence is sent as it is.", Count::Many},
    {"DTMF Tx Method", Page::Ext, "Audio Configuration", choice("InBand|AVT|INFO|Auto|InBand+INFO|AVT+INFO"), "Auto", Access::None, Use::Works, "How keys are sent: as tones, by RFC 4733, by INFO; Auto is RFC 4733 where the far end takes it, else tones.", Count::Many},
    {"DTMF Tx Volume for AVT Packet", Page::Ext, "Audio Configuration", number(0, 63), "0", Access::None, Use::Kept, "The level in RFC 4733 packets is that of DTMF Playback Level.", Count::Many},
    {"Use Remote Pref Codec", Page::Ext, "Audio Configuration", yes_no(), "No", Access::None, Use::Works, "In an answer the far end's preference decides.", Count::Many},
    {"Codec Negotiation", Page::Ext, "Audio Configuration", choice("Default|List All"), "Default", Access::None, Use::Works, "Answers with one codec, or with all in common.", Count::Many},
    // Ext: Dial Plan
    {"Dial Plan", Page::Ext, "Dial Plan", dial_plan(), "(*xx|[3469]11|0|00|[2-9]xxxxxx|1xxx[2-9]xxxxxxS0|xxxxxxxxxxxx.)", Access::None, Use::Works, "Which numbers are complete, and what is sent for them.", Count::Many},
    {"Caller ID Map", Page::Ext, "Dial Plan", text(255), "", Access::None, Use::Kept, "Numbers of callers are shown as they come.", Count::Many},
    {"Enable IP Dialing", Page::Ext, "Dial Plan", yes_no(), "No", Access::None, Use::Works, "Whether addresses may be dialled: user*192*0*2*1*5060.", Count::Many},
    {"Emergency Number", Page::Ext, "Dial Plan", text(), "", Access::None, Use::Works, "Numbers, separated by commas, that are called whatever the dial plan, registration or a busy line says.", Count::Many},
    // User: Call Forward
    {"Cfwd All Dest", Page::User, "Call Forward", text(), "", Access::Write, Use::Works, "Where all calls are forwarded to; empty is nowhere."},
    {"Cfwd Busy Dest", Page::User, "Call Forward", text(), "", Access::Write, Use::Works, "Where calls are forwarded to while busy."},
    {"Cfwd No Ans Dest", Page::User, "Call Forward", text(), "", Access::Write, Use::Works, "Where calls are forwarded to that nobody answers."},
    {"Cfwd No Ans Delay", Page::User, "Call Forward", seconds(1, 255), "20", Access::Write, Use::Works, "After how long."},
    // User: Speed Dial
    {"Speed Dial 2", Page::User, "Speed Dial", text(), "", Access::Write, Use::Works, "The number that 2 stands for."},
    {"Speed Dial 3", Page::User, "Speed Dial", text(), "", Access::Write, Use::Works, "The number that 3 stands for."},
    {"Speed Dial 4", Page::User, "Speed Dial", text(), "", Access::Write, Use::Works, "The number that 4 stands for."},
    {"Speed Dial 5", Page::User, "Speed Dial", text(), "", Access::Write, Use::Works, "The number that 5 stands for."},
    {"Speed Dial 6", Page::User, "Speed Dial", text(), "", Access::Write, Use::Works, "The number that 6 stands for."},
    {"Speed Dial 7", Page::User, "Speed Dial", text(), "", Access::Write, Use::Works, "The number that 7 stands for."},
    {"Speed Dial 8", Page::User, "Speed Dial", text(), "", Access::Write, Use::Works, "The number that 8 stands for."},
    {"Speed Dial 9", Page::User, "Speed Dial", text(), "", Access::Write, Use::Works, "The number that 9 stands for."},
    // User: Supplementary Services
    {"CW Setting", Page::User, "Supplementary Services", yes_no(), "Yes", Access::Write, Use::Works, "Whether a second call is taken while one goes on."},
    {"Block CID Setting", Page::User, "Supplementary Services", yes_no(), "No", Access::Write, Use::Works, "Hides who calls."},
    {"Block ANC Setting", Page::User, "Supplementary Services", yes_no(), "No", Access::Write, Use::Works, "Refuses calls that hide who calls."},
    {"DND Setting", Page::User, "Supplementary Services", yes_no(), "No", Access::Write, Use::Works, "Refuses all calls: do not disturb."},
    {"Secure Call Setting", Page::User, "Supplementary Services", yes_no(), "No", Access::None, Use::Works, "Makes calls secure by default on every extension. Over TLS they are so anyway."},
    {"Dial Assistance", Page::User, "Supplementary Services", yes_no(), "No", Access::Write, Use::Kept, "There is no display here."},
    {"Auto Answer Page", Page::User, "Supplementary Services", yes_no(), "Yes", Access::None, Use::Works, "Whether pages are answered at once."},
    {"Preferred Audio Device", Page::User, "Supplementary Services", choice("Speaker|Headset"), "Speaker", Access::Write, Use::Kept, "Which sound card is used is said where the call is made."},
    {"Send Audio To Speaker", Page::User, "Supplementary Services", yes_no(), "No", Access::Write, Use::Kept, "Which sound card is used is said where the call is made."},
    {"Time Format", Page::User, "Supplementary Services", choice("12hr|24hr"), "12hr", Access::Write, Use::Kept, "There is no display here."},
    {"Date Format", Page::User, "Supplementary Services", choice("month/day|day/month"), "month/day", Access::Write, Use::Kept, "There is no display here."},
    {"Miss Call Shortcut", Page::User, "Supplementary Services", yes_no(), "Yes", Access::Write, Use::Kept, "There is no display here."},
    {"Miss Call Banner", Page::User, "Supplementary Services", yes_no(), "Yes", Access::Write, Use::Kept, "There is no display here."},
    {"Accept Media Loopback Request", Page::User, "Supplementary Services", choice("never|automatic|manual"), "automatic", Access::None, Use::Kept, "Media loopback is not here."},
    {"Media Loopback Mode", Page::User, "Supplementary Services", choice("source|mirror"), "source", Access::None, Use::Kept, "Media loopback is not here."},
    {"Media Loopback Type", Page::User, "Supplementary Services", choice("media|packet"), "media", Access::None, Use::Kept, "Media loopback is not here."},
    {"Text Message", Page::User, "Supplementary Services", yes_no(), "Yes", Access::Write, Use::Kept, "Text messages are not here."},
    {"Text Message From 3rd Party", Page::User, "Supplementary Services", yes_no(), "No", Access::Write, Use::Kept, "Text messages are not here."},
    {"Alert Tone Off", Page::User, "Supplementary Services", yes_no(), "No", Access::Write, Use::Kept, "There are no keys here that beep."},
    {"Log Missed Calls for EXT 1", Page::User, "Supplementary Services", yes_no(), "Yes", Access::None, Use::Kept, "All calls are in the history."},
    {"Log Missed Calls for EXT 2", Page::User, "Supplementary Services", yes_no(), "Yes", Access::None, Use::Kept, "All calls are in the history."},
    {"Log Missed Calls for EXT 3", Page::User, "Supplementary Services", yes_no(), "Yes", Access::None, Use::Kept, "All calls are in the history."},
    {"Log Missed Calls for EXT 4", Page::User, "Supplementary Services", yes_no(), "Yes", Access::None, Use::Kept, "All calls are in the history."},
    {"Log Missed Calls for EXT 5", Page::User, "Supplementary Services", yes_no(), "Yes", Access::None, Use::Kept, "All calls are in the history."},
    {"Log Missed Calls for EXT 6", Page::User, "Supplementary Services", yes_no(), "Yes", Access::None, Use::Kept, "All calls are in the history."},
    {"Log Missed Calls for EXT 7", Page::User, "Supplementary Services", yes_no(), "Yes", Access::None, Use::Kept, "All calls are in the history."},
    {"Log Missed Calls for EXT 8", Page::User, "Supplementary Services", yes_no(), "Yes", Access::None, Use::Kept, "All calls are in the history."},
    {"Log Missed Calls for EXT 9", Page::User, "Supplementary Services", yes_no(), "Yes", Access::None, Use::Kept, "All calls are in the history."},
    {"Log Missed Calls for EXT 10", Page::User, "Supplementary Services", yes_no(), "Yes", Access::None, Use::Kept, "All calls are in the history."},
    {"Log Missed Calls for EXT 11", Page::User, "Supplementary Services", yes_no(), "Yes", Access::None, Use::Kept, "All calls are in the history."},
    {"Log Missed Calls for EXT 12", Page::User, "Supplementary Services", yes_no(), "Yes", Access::None, Use::Kept, "All calls are in the history."},
    // User: Audio Volume
    {"Ringer Volume", Page::User, "Audio Volume", number(0, 15), "8", Access::Write, Use::Kept, "How loud it is, is the system's."},
    {"Speaker Volume", Page::User, "Audio Volume", number(0, 15), "8", Access::Write, Use::Kept, "How loud it is, is the system's."},
    {"Handset Volume", Page::User, "Audio Volume", number(0, 15), "10", Access::Write, Use::Kept, "How loud it is, is the system's."},
    {"Headset Volume", Page::User, "Audio Volume", number(0, 15), "10", Access::Write, Use::Kept, "How loud it is, is the system's."},
    {"Handset Version", Page::User, "Audio Volume", choice("Auto|Original|v3"), "Auto", Access::Write, Use::Kept, "There is no handset here."},
    {"Deep Bass", Page::User, "Audio Volume", choice("Default|HiDef|Standard"), "Default", Access::Write, Use::Kept, "There is no handset here."},
    // User: LCD
    {"LCD Contrast", Page::User, "LCD", number(0, 30), "8", Access::Write, Use::Kept, "There is no display here."},
    {"Back Light Timer", Page::User, "LCD", choice("Off|10 s|20 s|30 s|Always On"), "10 s", Access::None, Use::Kept, "There is no display here."},
});
// clang-format on

constexpr std::string_view sip_port = "SIP Port";

// As profiles write names: blanks, brackets and slashes are '_'.
std::string tag_of(std::string_view name) {
    std::string tag(name);
    for (char& c : tag) {
        if (c == ' ' || c == '[' || c == ']' || c == '(' || c == ')' || c == '/') {
            c = '_';
        }
    }
    return tag;
}

const std::map<std::string, const Parameter*, std::less<>>& index() {
    static const auto by_tag = [] {
        std::map<std::string, const Parameter*, std::less<>> out;
        for (const Parameter& parameter : rows) {
            out.emplace(tag_of(parameter.name), &parameter);
            if (!parameter.also.empty()) {
                out.emplace(tag_of(parameter.also), &parameter);
            }
        }
        return out;
    }();
    return by_tag;
}

// Cuts "[1]", "{1}" or "_1_" off the end of `name`.
std::optional<unsigned> take_number(std::string_view& name) {
    constexpr std::string_view opening = "[{_";
    constexpr std::string_view closing = "]}_";
    const std::size_t kind = name.empty() ? std::string_view::npos : closing.find(name.back());
    if (kind == std::string_view::npos) {
        return std::nullopt;
    }
    const std::size_t open = name.rfind(opening[kind], name.size() - 2);
    if (open == std::string_view::npos) {
        return std::nullopt;
    }
    const auto number = parse_number(trim(name.substr(open + 1, name.size() - open - 2)), 999'999);
    if (!number) {
        return std::nullopt;
    }
    name = trim(name.substr(0, open));
    return static_cast<unsigned>(*number);
}

// How many letters must be changed, added or left out (Levenshtein).
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) {
        row[j] = j;
    }
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t same = diagonal + (to_lower(a[i - 1]) == to_lower(b[j - 1]) ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, same});
        }
    }
    return row.back();
}

}  // namespace

std::string_view to_string(Page page) {
    switch (page) {
        case Page::System:
            return "System";
        case Page::Sip:
            return "SIP";
        case Page::Regional:
            return "Regional";
        case Page::Phone:
            return "Phone";
        case Page::Ext:
            return "Ext n";
        case Page::User:
            return "User";
    }
    return "";
}

std::string_view to_string(Access access) {
    switch (access) {
        case Access::None:
            return "na";
        case Access::Read:
            return "ro";
        case Access::Write:
            return "rw";
    }
    return "";
}

std::span<const Parameter> catalogue() {
    return rows;
}

std::string default_of(const Parameter& parameter, unsigned n) {
    if (parameter.name == sip_port && n > 0) {
        return std::to_string(5059 + n);
    }
    return std::string(parameter.default_value);
}

const Parameter* find_parameter(std::string_view name) {
    const auto found = index().find(tag_of(trim(name)));
    return found == index().end() ? nullptr : found->second;
}

std::optional<NameAndNumber> find_numbered(std::string_view text) {
    text = trim(text);
    if (const Parameter* const parameter = find_parameter(text)) {
        return NameAndNumber{parameter, 0};
    }
    const auto number = take_number(text);
    const Parameter* const parameter = number ? find_parameter(text) : nullptr;
    return parameter == nullptr ? std::nullopt : std::optional(NameAndNumber{parameter, *number});
}

std::string full_name(const Parameter& parameter, unsigned n) {
    std::string out(parameter.name);
    if (parameter.count == Count::Many) {
        out.append("[").append(std::to_string(n)).append("]");
    }
    return out;
}

std::string_view nearest_name(std::string_view name) {
    constexpr std::size_t longest = 64;  // of the catalogue's names, and more
    constexpr std::size_t far = 4;
    take_number(name);
    if (name.size() > longest) {
        return {};
    }
    const std::string tag = tag_of(name);
    std::size_t best = std::min(far, name.size() / 3 + 1);
    std::string_view nearest;
    for (const Parameter& parameter : rows) {
        const std::size_t length = parameter.name.size();
        if (std::max(length, tag.size()) - std::min(length, tag.size()) >= best) {
            continue;
        }
        const std::size_t how_far = distance(tag, tag_of(parameter.name));
        if (how_far < best) {
            best = how_far;
            nearest = parameter.name;
        }
    }
    return nearest;
}

}  // namespace ringwall::phone
