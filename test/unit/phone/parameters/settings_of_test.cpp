#include "phone/parameters/settings_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "phone/parameters/profile.h"

namespace ringwall::phone {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::IsEmpty;
using ::testing::StartsWith;

DrawnSettings drawn(std::string_view profile) {
    Values values;
    EXPECT_THAT(read_profile(profile, values), IsEmpty());
    return settings_of(values);
}

// settings.h has its defaults for tests that want few words: they are those of the catalogue.
TEST(SettingsOf, DefaultsAreThoseOfTheCatalogue) {
    const DrawnSettings nothing = drawn("");
    EXPECT_THAT(nothing.remarks, IsEmpty());
    EXPECT_THAT(nothing.settings->lines, IsEmpty());
    PhoneSettings phone;
    phone.tones = nothing.settings->phone.tones;
    phone.cadences = nothing.settings->phone.cadences;
    phone.star_codes = nothing.settings->phone.star_codes;
    EXPECT_EQ(nothing.settings->phone, phone);
    EXPECT_EQ(phone.tones.dial, "350@-19,440@-19;10(*/0/1+2)");
    EXPECT_EQ(phone.cadences[0], "60(2/4)");
    EXPECT_EQ(phone.star_codes.size(), star_services().size());

    const DrawnSettings one = drawn("Proxy[1] \"a\" ; User ID[1] \"u\" ;");
    ASSERT_EQ(one.settings->lines.size(), 1U);
    LineSettings line;
    line.proxy = "a";
    line.user_id = "u";
    line.dial_plan = find_parameter("Dial Plan")->default_value;
    EXPECT_EQ(one.settings->lines[0], line);
}

TEST(SettingsOf, ReadsAPhone) {
    const DrawnSettings phone = drawn(R"(
        Restricted Access Domains "sip.example, 192.0.2.1" ;
        TLS Min Version "TLS 1.3" ;
        SIP T1 ".25" ;
        Retry Reg RSC "5*, 40?" ;
        Reorder Delay "5" ;
        Call Park Serv "No" ;
        SIP Transport[2] "TLS" ; SIP Port[2] "5070" ;
        Proxy[2] "sip.example:5061" ; User ID[2] "201" ; Password[2] "secret" ;
        SIP TOS/DiffServ Value[2] "0x60" ;
        Preferred Codec[2] "OPUS" ; Second Preferred Codec[2] "G729a" ; G722 Enable[2] "No" ;
        Emergency Number[2] "911, 112" ;
        Line Enable[4] "No" ; Register[4] "Yes" ; SIP Transport[4] "AUTO" ;
    )");
    EXPECT_THAT(phone.remarks, IsEmpty());
    const Settings& settings = *phone.settings;
    EXPECT_THAT(settings.phone.restricted_access_domains, ElementsAre("sip.example", "192.0.2.1"));
    EXPECT_EQ(settings.phone.tls_min_version, TlsMinVersion::Tls13);
    EXPECT_EQ(settings.phone.sip_t1, 250ms);
    EXPECT_TRUE(settings.phone.retry_reg_rsc.matches(503));
    EXPECT_TRUE(settings.phone.retry_reg_rsc.matches(404));
    EXPECT_FALSE(settings.phone.retry_reg_rsc.matches(410));
    EXPECT_EQ(settings.phone.reorder_delay, 5s);
    EXPECT_FALSE(find_star_code(settings.phone.star_codes, "*38"));
    ASSERT_EQ(settings.lines.size(), 2U);
    const LineSettings& line = settings.lines[0];
    EXPECT_EQ(line.number, 2U);
    EXPECT_EQ(line.sip_transport, sip::Transport::Tls);
    EXPECT_FALSE(line.is_transport_auto);
    EXPECT_TRUE(settings.lines[1].is_transport_auto);
    EXPECT_EQ(line.sip_port, 5070);
    EXPECT_EQ(line.sip_tos, 0x60);
    EXPECT_EQ(line.password.reveal(), "secret");
    EXPECT_THAT(line.codecs,
                ElementsAre(media::Codec::Opus, media::Codec::Pcmu, media::Codec::Pcma));
    EXPECT_THAT(line.emergency_number, ElementsAre("911", "112"));
    EXPECT_FALSE(settings.lines[1].line_enable);
}

TEST(SettingsOf, WhichDigestsAreOfferedIsTheLines) {
    const auto settings =
        drawn("Auth Support RFC8760[1] \"No\" ; Proxy[2] \"b.example\" ;").settings;
    EXPECT_FALSE(settings->lines[0].auth_support_rfc8760);
    EXPECT_TRUE(settings->lines[1].auth_support_rfc8760);
}

TEST(SettingsOf, LineKeysAreOfLinesThatThereAre) {
    const DrawnSettings keys = drawn(
        "Proxy[1] \"sip.example:5061\" ; User ID[1] \"u\" ; "
        "Extended Function[3] \"fnc=blf+sd;sub=201@$PROXY\" ; Extension[3] \"Disabled\" ; "
        "Extended Function[4] \"fnc=sd;sub=sip:x@other.example;vid=1\" ; "
        "Extended Function[5] \"fnc=blf;sub=201@$PROXY;vid=2\" ; "
        "Extended Function[6] \"fnc=xml\" ;");
    ASSERT_EQ(keys.settings->keys.size(), 2U);
    EXPECT_EQ(keys.settings->keys[0].number, 3U);
    EXPECT_EQ(keys.settings->keys[0].address, "sip:201@sip.example");
    EXPECT_EQ(keys.settings->keys[1].address, "sip:x@other.example");
    EXPECT_THAT(keys.remarks,
                ElementsAre("Extended Function[5] is of extension 2, which there is not; the key "
                            "does nothing",
                            "Extended Function[6]: there is no function \"xml\" here; there are "
                            "blf, sd and cp; the key does nothing"));
}

TEST(SettingsOf, CiphersAreThoseThatThePhoneSpeaks) {
    const DrawnSettings bad = drawn("TLS Cipher List \"no such:AES256-SHA\" ;");
    EXPECT_EQ(bad.settings->phone.tls_cipher_list, "");
    EXPECT_THAT(bad.remarks,
                ElementsAre("TLS Cipher List: \"no such:AES256-SHA\" has no cipher of TLS 1.2 that "
                            "this phone speaks; its own list is used"));
    const DrawnSettings good = drawn("TLS Cipher List \"AESGCM:!kRSA\" ;");
    EXPECT_EQ(good.settings->phone.tls_cipher_list, "AESGCM:!kRSA");
    EXPECT_THAT(good.remarks, IsEmpty());
}

// What is no address is neither watched nor called (RFC 3261 §19.1.1).
TEST(SettingsOf, TargetsAreAddresses) {
    const DrawnSettings drawn_settings = drawn(
        "Proxy[1] \"sip.example\" ; User ID[1] \"u\" ; Voice Mail Server[1] \"my server!\" ; "
        "Extended Function[3] \"fnc=blf+sd;sub=201@sip.example?Subject=x\" ; "
        "Cfwd All Dest \"202@sip.example?Subject=x\" ; Cfwd Busy Dest \"203\" ;");
    EXPECT_EQ(drawn_settings.settings->phone.cfwd_all_dest, "");
    EXPECT_EQ(drawn_settings.settings->phone.cfwd_busy_dest, "203");
    EXPECT_TRUE(drawn_settings.settings->keys.empty());
    EXPECT_EQ(drawn_settings.settings->lines[0].voice_mail_server, "");
    EXPECT_THAT(
        drawn_settings.remarks,
        ElementsAre("Cfwd All Dest: \"202@sip.example?Subject=x\" is neither a number nor a "
                    "SIP address; calls are not forwarded there",
                    "Voice Mail Server[1]: \"my server!\" is neither a host nor an address; "
                    "messages are not asked for",
                    "Extended Function[3]: sip:201@sip.example?Subject=x is no address; "
                    "the key does nothing"));
}

// An alternate that cannot be used is left out; the line starts all the same.
TEST(SettingsOf, AlternatesAreServersToo) {
    const std::string line = "Proxy[1] \"a.example\" ; User ID[1] \"u\" ; ";
    const DrawnSettings good = drawn(line +
                                     "Alternate Proxy[1] \"b.example:5061|c.example\" ; "
                                     "Auto Register When Failover[1] \"Yes\" ;");
    EXPECT_THAT(good.remarks, IsEmpty());
    EXPECT_EQ(good.settings->lines[0].alternate_proxy, "b.example:5061|c.example");
    EXPECT_TRUE(good.settings->lines[0].auto_register_when_failover);

    const DrawnSettings foreign = drawn("Restricted Access Domains \"a.example, b.example\" ; " +
                                        line + "Alternate Proxy[1] \"b.example|c.example\" ;");
    EXPECT_THAT(foreign.remarks,
                ElementsAre("Alternate Proxy[1] \"c.example\" is not in Restricted Access Domains; "
                            "it is not used"));
    EXPECT_TRUE(foreign.settings->lines[0].line_enable);
    EXPECT_EQ(foreign.settings->lines[0].alternate_proxy, "");

    const DrawnSettings outbound =
        drawn(line +
              "Outbound Proxy[1] \"o.example\" ; Use Outbound Proxy[1] \"Yes\" ; "
              "Alternate Proxy[1] \"b.example\" ;");
    EXPECT_THAT(outbound.remarks,
                ElementsAre("Alternate Proxy[1] is not used where an Outbound Proxy is; Alternate "
                            "Outbound Proxy[1] would be"));

    const DrawnSettings wrong =
        drawn(line +
              "Outbound Proxy[1] \"o.example\" ; Use Outbound Proxy[1] \"Yes\" ; "
              "Alternate Outbound Proxy[1] \"b.example:many\" ;");
    EXPECT_THAT(wrong.remarks,
                ElementsAre("Alternate Outbound Proxy[1]: 'many' is neither a port, p=0..65535, "
                            "w=0..65535 nor A=address,address; it is not used"));
}

// A terminal is not to obey what stands in a file.
TEST(UnknownParameter, IsNamedInPrint) {
    EXPECT_EQ(unknown_parameter("zq\x1b[2J\xff").substr(0, 31),
              "there is no parameter \"zq?[2J?\"");
}

// A line whose servers nobody can find is not started, and says why.
TEST(SettingsOf, ServersThatAreNoneAreNamed) {
    for (const std::string wrong :
         {"a:70000", "pbx.example.com:506O", "http://a", "|", ":5060", "a b", "a,b", "192.0.2.300",
          "a<b>", "a;b", "[2001:db8::zz]", "a..b", "a.example|b c"}) {
        const DrawnSettings proxy = drawn("User ID[1] \"u\" ; Proxy[1] \"" + wrong + "\" ;");
        ASSERT_EQ(proxy.remarks.size(), 1U) << wrong;
        EXPECT_THAT(proxy.remarks.front(), StartsWith("Proxy[1]: ")) << wrong;
        EXPECT_THAT(proxy.remarks.front(), EndsWith("; extension 1 is not started")) << wrong;
        EXPECT_FALSE(proxy.settings->lines[0].line_enable) << wrong;
        EXPECT_THAT(proxy.settings->lines[0].problem, StartsWith("Proxy[1]: ")) << wrong;
        const DrawnSettings outbound = drawn(
            "User ID[1] \"u\" ; Proxy[1] \"a.example\" ; Use Outbound Proxy[1] \"Yes\" ; "
            "Outbound Proxy[1] \"" +
            wrong + "\" ;");
        EXPECT_THAT(outbound.settings->lines[0].problem, StartsWith("Outbound Proxy[1]: "))
            << wrong;
    }
    for (const std::string good :
         {"a", "a.example.", "3cx", "my_pbx.lan:5061", "[2001:db8::1]:5061", "192.0.2.1",
          "_sip._udp.a.example", "localhost"}) {
        const DrawnSettings proxy = drawn("User ID[1] \"u\" ; Proxy[1] \"" + good + "\" ;");
        EXPECT_THAT(proxy.remarks, IsEmpty()) << good;
    }
}

TEST(SettingsOf, ContradictionsAreNamed) {
    const DrawnSettings proxy = drawn(
        "Restricted Access Domains \"sip.example\" ; Proxy[1] \"sip.example|other.example:5061\" ; "
        "User ID[1] \"u\" ;");
    EXPECT_THAT(proxy.remarks,
                ElementsAre("Proxy[1] \"other.example\" is not in Restricted Access Domains; "
                            "extension 1 is not started"));
    EXPECT_FALSE(proxy.settings->lines[0].line_enable);

    const DrawnSettings outbound = drawn(
        "Restricted Access Domains \"SIP.example\" ; Proxy[1] \"sip.example\" ; User ID[1] \"u\" ; "
        "Outbound Proxy[1] \"[2001:db8::1]:5061\" ; Use Outbound Proxy[1] \"Yes\" ;");
    EXPECT_THAT(outbound.remarks,
                ElementsAre("Outbound Proxy[1] \"[2001:db8::1]\" is not in Restricted Access "
                            "Domains; extension 1 is not started"));

    // One reading of the list: ports behind its hosts say nothing, and of addresses all forms are
    // one.
    const DrawnSettings listed = drawn(
        "Restricted Access Domains \"sip.example:5060, [2001:db8::1]\" ; User ID[1] \"u\" ; "
        "Proxy[1] \"SIP.example:5061:p=2|[2001:DB8:0::1]:5061\" ; "
        "NAT Keep Alive Dest[1] \"elsewhere.example\" ;");
    EXPECT_THAT(listed.remarks,
                ElementsAre("NAT Keep Alive Dest[1] \"elsewhere.example\" is not in "
                            "Restricted Access Domains; $PROXY is used"));
    EXPECT_TRUE(listed.settings->lines[0].line_enable);
    EXPECT_EQ(listed.settings->lines[0].nat_keep_alive_dest, "$PROXY");

    const DrawnSettings ports = drawn("RTP Port Min \"20000\" ; RTP Port Max \"20002\" ;");
    EXPECT_THAT(ports.remarks, ElementsAre("RTP Port Min 20000 and RTP Port Max 20002 leave too "
                                           "little between them; 16384 and 16538 are used"));
    EXPECT_EQ(ports.settings->phone.rtp_port_min, 16384);

    const DrawnSettings services = drawn(
        "Proxy[1] \"sip.example\" ; User ID[1] \"u\" ; Use DNS SRV[1] \"Yes\" ; "
        "Proxy[2] \"_sip._udp.sip.example\" ; User ID[2] \"u\" ; Use DNS SRV[2] \"Yes\" ;");
    EXPECT_THAT(services.remarks,
                ElementsAre("Use DNS SRV[1] is Yes, but DNS SRV Auto Prefix[1] is No and the "
                            "server's name does not begin with _sip; SRV records are not asked "
                            "for"));

    const DrawnSettings codes = drawn("DND Act Code \"*72\" ;");
    EXPECT_THAT(codes.remarks, ElementsAre("DND Act Code is *72, which is Cfwd All Act Code "
                                           "already; it is not used"));

    const DrawnSettings line =
        drawn("Auth INVITE[1] \"Yes\" ; Use Auth ID[1] \"Yes\" ; Use Outbound Proxy[1] \"Yes\" ;");
    EXPECT_EQ(line.remarks.size(), 4U);
    EXPECT_FALSE(line.settings->lines[0].is_register);
    EXPECT_FALSE(line.settings->lines[0].use_outbound_proxy);
}

}  // namespace
}  // namespace ringwall::phone
