// The world of the documents' flows: Alice in Atlanta, Bob in Biloxi, Carol in Chicago and a
// server, each behind a trunk of its own; where a call goes, its domain says. What they say is
// printed there.
#pragma once

#include <optional>
#include <string>

#include "scenario/border.h"
#include "scenario/flow_messages.h"

namespace ringwall::test {

class Flows : public Lab {
protected:
    // Of the parties at `open` whoever is trusted may take the place.
    explicit Flows(std::string_view open = "server");

    // An INVITE as printed, and what becomes of it within a second.
    void call(Phone& from, const FlowMessage& invite);
    // Alice's call to Bob, of which both keep their side.
    void alice_calls_bob(const std::string& invite);
    // A re-INVITE as printed, in the call that the phone is in; the other one's answer is `answer`.
    void reinvite(Phone& from, const FlowMessage& invite, Phone& to, const FlowMessage& answer);
    // An INVITE as printed, but it takes the place of this dialog.
    void take_over(Phone& from, const FlowMessage& invite, const std::string& uri,
                   const std::string& replaces);
    // A REFER of its own outside of the call, and a phone that accepts it.
    void refer(Phone& from, const std::string& uri, Phone& to, const Phone::Fields& fields);
    // A NOTIFY of the phone that accepted it.
    void notify(Phone& from, const FlowMessage& message, const std::string& body);
    // The last REFER that this phone heard: whom it is to call, and in place of which dialog.
    struct Target {
        std::string uri;
        std::string replaces;
    };
    static Target target(const Phone& phone);
    void hang_up(Phone& phone, sip::Dialog& dialog);

    Phone alice;
    Phone bob;
    Phone carol;
    Phone server;
    std::optional<sip::Dialog> alices;    // of the call with Bob
    std::optional<sip::Dialog> bobs;      // of the same
    std::optional<sip::Dialog> referred;  // of who accepted a REFER
};

// As a dialog is named to whom it is with (RFC 3891 §3).
std::string replaces_of(const sip::Dialog& dialog);
// The same within a URI.
std::string replaces_header(const sip::Dialog& dialog);

}  // namespace ringwall::test
