// Three networks between which calls are transferred: West is the transferor, east the transferee,
// north the target.
#pragma once

#include <optional>
#include <string>

#include "scenario/border.h"
#include "sip/header/replaces.h"

namespace ringwall::test {

// Three networks that may refer each other; where a call goes, its domain says. `of_sbe`: further
// lines.
inline std::string three_domains(const std::string& refer,
                                 const std::string& norths_security = "trusted-unencrypted",
                                 const std::string& of_sbe = "") {
    std::string configuration = "sbc mysbc\n sbe\n" + of_sbe;
    int number = 4;
    for (const std::string name : {"west", "east", "north"}) {
        const std::string last = std::to_string(number++);
        configuration += "  adjacency sip " + name + "\n   security " +
                         (name == "north" ? norths_security : "trusted-unencrypted") +
                         "\n   refer " + refer + "\n   signaling-address ipv4 192.0.2." + last +
                         "\n   remote-address ipv4 192.0.2." + last +
                         "0 255.255.255.255\n   signaling-peer 192.0.2." + last + "0\n   attach\n";
    }
    configuration +=
        "  call-policy-set 1\n   first-call-routing-table BY-DOMAIN\n"
        "   rtg-dst-domain-table BY-DOMAIN\n";
    number = 0;
    for (const std::string name : {"west", "east", "north"}) {
        configuration += "    entry " + std::to_string(++number) + "\n     match-domain " + name +
                         ".example.net\n     dst-adjacency " + name + "\n     action complete\n";
    }
    return configuration + "  active-call-policy-set 1\n";
}

class Transfers : public Trunks {
protected:
    explicit Transfers(const std::string& refer = "pass", const std::string& of_sbe = "")
        : Trunks(three_domains(refer, "trusted-unencrypted", of_sbe)) {}

    void talk() {
        west.invite("sip:eric@east.example.net");
        net.run_for(1s);
        ASSERT_TRUE(west.is_in_call());
        ASSERT_EQ(east.acks().size(), 1U);
        to_east = *west.dialog();
        easts = *east.dialog();
    }
    void refer(sip::Dialog& dialog, const std::string& target, const Phone::Fields& more = {}) {
        Phone::Fields fields{{"Contact", west.contact()}, {"Refer-To", target}};
        fields.insert(fields.end(), more.begin(), more.end());
        west.within(dialog, sip::Method::Refer, fields);
        net.run_for(1s);
    }
    // East says yes, or whatever else.
    void accept(int status = 202) {
        east.respond(status, "", {{"Contact", east.contact()}});
        east.in_dialog_status = 200;
        net.run_for(1s);
    }
    void notify(const std::string& state, const std::string& line,
                const std::string& event = "refer") {
        east.within(*easts, sip::Method::Notify,
                    {{"Contact", east.contact()},
                     {"Event", event},
                     {"Subscription-State", state},
                     {"Content-Type", "message/sipfrag;version=2.0"}},
                    line + "\r\n");
        net.run_for(1s);
    }
    void west_hangs_up() {
        west.within(*to_east, sip::Method::Bye, {});
        net.run_for(1s);
    }

    std::optional<sip::Dialog> to_east;  // west's, of the call to be transferred
    std::optional<sip::Dialog> easts;    // east's, of the same
};

// RFC 5589 §7.1: the transferor has a call with the target, and east takes its place there.
class AttendedTransfers : public Transfers {
protected:
    explicit AttendedTransfers(const std::string& refer = "pass", const std::string& of_sbe = "")
        : Transfers(refer, of_sbe) {}

    void consult() {
        talk();
        west.invite("sip:nora@north.example.net");
        net.run_for(1s);
        ASSERT_TRUE(west.is_in_call());
        to_north = *west.dialog();
        norths = *north.dialog();
    }
    // The same, but it was east who called; then the two calls may live on different workers.
    void consult_in_a_call_that_came_in() {
        east.invite("sip:wendy@west.example.net");
        net.run_for(1s);
        ASSERT_TRUE(east.is_in_call());
        to_east = *west.dialog();
        easts = *east.dialog();
        west.invite("sip:nora@north.example.net");
        net.run_for(1s);
        ASSERT_TRUE(west.is_in_call());
        to_north = *west.dialog();
        norths = *north.dialog();
    }
    std::string replaces_of(const sip::Dialog& dialog) const {
        return dialog.call_id() + ";to-tag=" + dialog.remote_tag() +
               ";from-tag=" + dialog.local_tag();
    }
    std::string escaped(const std::string& value) const {
        return sip::with_uri_header("Replaces=", "Replaces", value);
    }
    // East does what the REFER says.
    void obey(const Phone::Fields& more = {}) {
        const auto refer = east.last_request("REFER");
        const auto target = refer->name_addrs(sip::HeaderName::ReferTo)->front();
        replaces = sip::uri_header(target.uri.headers, "Replaces");
        east.invite_fields = {{"Replaces", replaces}};
        east.invite_fields.insert(east.invite_fields.end(), more.begin(), more.end());
        east.invite(sip::with_scheme(target.uri, sip::Scheme::Sip));
        net.run_for(1s);
    }
    // East is referred to west's call with north, and does so.
    void take_the_place(const Phone::Fields& more = {}) {
        east.in_dialog_status = 0;
        refer(*to_east, "<sip:nora@north.example.net?" + escaped(replaces_of(*to_north)) + ">");
        accept();
        obey(more);
    }

    std::optional<sip::Dialog> to_north;
    std::optional<sip::Dialog> norths;
    std::string replaces;
};

}  // namespace ringwall::test
