#include "scenario/flows.h"

#include <array>

#include "sip/header/replaces.h"

namespace ringwall::test {

namespace {

constexpr std::array<std::string_view, 4> places{"atlanta", "biloxi", "chicago", "server"};

std::string four_places(std::string_view open) {
    std::string adjacencies = "sbc mysbc\n sbe\n";
    std::string entries;
    int number = 4;
    for (const std::string_view each : places) {
        const std::string place(each);
        const std::string last = std::to_string(number);
        adjacencies +=
            "  adjacency sip " + place + "\n   security trusted-unencrypted\n   refer pass\n" +
            (place == open ? "   replaces trusted\n" : "") + "   signaling-address ipv4 192.0.2." +
            last + "\n   remote-address ipv4 192.0.2." + last +
            "0 255.255.255.255\n   signaling-peer 192.0.2." + last + "0\n   attach\n";
        entries += "    entry " + std::to_string(number - 3) + "\n     match-domain " + place +
                   ".example.com\n     dst-adjacency " + place + "\n     action complete\n";
        ++number;
    }
    return adjacencies +
           "  call-policy-set 1\n   first-call-routing-table BY-DOMAIN\n"
           "   rtg-dst-domain-table BY-DOMAIN\n" +
           entries + "  active-call-policy-set 1\n";
}

}  // namespace

Flows::Flows(std::string_view open)
    : Lab(four_places(open)),
      alice(net, ip("192.0.2.40"), sip::Transport::Udp, {ip("192.0.2.4"), 5060},
            {"alice", "atlanta.example.com", ""}, 501),
      bob(net, ip("192.0.2.50"), sip::Transport::Udp, {ip("192.0.2.5"), 5060},
          {"bob", "biloxi.example.com", ""}, 502),
      carol(net, ip("192.0.2.60"), sip::Transport::Udp, {ip("192.0.2.6"), 5060},
            {"carol", "chicago.example.com", ""}, 503),
      server(net, ip("192.0.2.70"), sip::Transport::Udp, {ip("192.0.2.7"), 5060},
             {"park", "server.example.com", ""}, 504) {}

void Flows::call(Phone& from, const FlowMessage& invite) {
    from.invite_fields = invite.fields;
    if (!invite.body.empty()) {
        from.offer = invite.body;
    }
    from.invite(invite.request_uri);
    net.run_for(1s);
}

void Flows::alice_calls_bob(const std::string& invite) {
    call(alice, flow_message(invite));
    ASSERT_TRUE(alice.is_in_call());
    ASSERT_EQ(bob.acks().size(), 1U);
    alices = *alice.dialog();
    bobs = *bob.dialog();
}

void Flows::reinvite(Phone& from, const FlowMessage& invite, Phone& to, const FlowMessage& answer) {
    from.dialog_fields = invite.fields;
    if (!invite.body.empty()) {
        from.offer = invite.body;
    }
    if (!answer.body.empty()) {
        to.offer = answer.body;
    }
    const auto heard = to.count("INVITE");
    from.reinvite();
    net.run_for(1s);
    from.dialog_fields.clear();
    ASSERT_EQ(to.count("INVITE"), heard + 1);
    EXPECT_EQ(to.last_request("INVITE")->body(), from.offer);
    EXPECT_EQ(from.last_response("INVITE")->status(), 200);
    EXPECT_EQ(from.last_response("INVITE")->body(), to.offer);
}

void Flows::take_over(Phone& from, const FlowMessage& invite, const std::string& uri,
                      const std::string& replaces) {
    FlowMessage said = invite;
    said.request_uri = uri;
    said.fields = without(std::move(said.fields), "Replaces");
    said.fields.emplace_back("Replaces", replaces);
    call(from, said);
}

void Flows::refer(Phone& from, const std::string& uri, Phone& to, const Phone::Fields& fields) {
    to.in_dialog_status = 0;
    Phone::Fields all = fields;
    all.emplace_back("Contact", from.contact());
    from.send("REFER", uri, all);
    net.run_for(1s);
    ASSERT_NE(to.last_request("REFER"), nullptr);
    to.respond(202, "accepted", {{"Contact", to.contact()}});
    to.in_dialog_status = 200;
    net.run_for(1s);
    ASSERT_EQ(from.last_response("REFER")->status(), 202);
    referred = *sip::Dialog::of_request(*to.last_request("REFER"), "accepted",
                                        sip::Dialog::State::Confirmed);
}

void Flows::notify(Phone& from, const FlowMessage& message, const std::string& body) {
    Phone::Fields fields = message.fields;
    fields.emplace_back("Contact", from.contact());
    from.within(*referred, sip::Method::Notify, fields, body);
    net.run_for(1s);
    ASSERT_EQ(from.last_response("NOTIFY")->status(), 200);
}

Flows::Target Flows::target(const Phone& phone) {
    const auto refer = phone.last_request("REFER");
    const auto target = refer->name_addrs(sip::HeaderName::ReferTo)->front();
    return {sip::with_scheme(target.uri, sip::Scheme::Sip),
            sip::uri_header(target.uri.headers, "Replaces")};
}

void Flows::hang_up(Phone& phone, sip::Dialog& dialog) {
    phone.within(dialog, sip::Method::Bye, {});
    net.run_for(1s);
}

std::string replaces_of(const sip::Dialog& dialog) {
    return dialog.call_id() + ";to-tag=" + dialog.remote_tag() + ";from-tag=" + dialog.local_tag();
}

std::string replaces_header(const sip::Dialog& dialog) {
    return sip::with_uri_header("Replaces=", "Replaces", replaces_of(dialog));
}

}  // namespace ringwall::test
