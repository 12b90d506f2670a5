// A dialog (RFC 3261 §12): a value. Early or confirmed; made from the request and the response that
// set it up; its route set is fixed then, its remote target is refreshed (§12.2).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sip/message.h"
#include "sip/message_builder.h"
#include "sip/parse_error.h"

namespace ringwall::sip {

class Dialog {
public:
    enum class State : std::uint8_t { Early, Confirmed };

    // §12.1.1, UAS: from a request that was answered with `local_tag`. Fault::BadContact when the
    // request has not exactly one usable Contact.
    static Result<Dialog, ParseError> of_request(const Message& request, std::string_view local_tag,
                                                 State state);
    // §12.1.2, UAC: from the request as we sent it and a response with a To tag. A response without
    // Contact (possible in a 1xx) gives a dialog whose target is the request's URI.
    static Result<Dialog, ParseError> of_response(const Message& request, const Message& response);
    // RFC 6665 §4.4.1, subscriber: from the SUBSCRIBE (or REFER) as we sent it and a NOTIFY that
    // came for it, maybe before its 2xx.
    static Result<Dialog, ParseError> of_notify(const Message& subscribe, const Message& notify);
    static Result<Dialog, ParseError> of_notify(std::string_view local_tag, std::uint32_t cseq,
                                                const Message& notify);

    // One that is confirmed, as what is written down of it, and as it goes on from there.
    struct Confirmed {
        std::string call_id, local_tag, remote_tag;
        std::string local_uri, remote_uri;  // From and To values without tag
        std::string remote_target;          // URI text
        std::vector<std::string> route_set;
        std::uint32_t local_cseq = 0;
        std::optional<std::uint32_t> remote_cseq;
    };
    Confirmed confirmed() const;
    static Dialog of(Confirmed confirmed);

    State state() const { return state_; }
    const std::string& call_id() const { return call_id_; }
    const std::string& local_tag() const { return local_tag_; }
    const std::string& remote_tag() const { return remote_tag_; }
    const std::string& remote_uri() const { return remote_uri_; }        // name-addr, without tag
    const std::string& remote_target() const { return remote_target_; }  // URI text
    const std::vector<std::string>& route_set() const { return route_set_; }  // name-addrs
    std::uint32_t local_cseq() const { return local_cseq_; }

    // The CSeq of a request of ours that is sent again because it was challenged (§22.2).
    std::uint32_t next_cseq() { return ++local_cseq_; }

    // UAC, §13.2.2.4: the 2xx confirms the early dialog and sets its route set anew. A repeated 2xx
    // changes nothing. With an error nothing has changed: the caller may still ACK and BYE.
    Result<void, ParseError> confirm(const Message& response);
    // UAS: the 2xx was sent.
    void confirm();

    // Starts an in-dialog request (§12.2.1.1): Request-URI and Route by the route set (loose and
    // strict), From, To, Call-ID, CSeq, Max-Forwards. The caller adds Via, Contact and the rest.
    // Counts local CSeq up, but for ACK and CANCEL, which take `cseq`.
    MessageBuilder request(Method method, std::string_view method_text,
                           std::uint32_t max_forwards = 70);
    MessageBuilder ack(std::uint32_t cseq) const;

    // §12.2.2: false when the CSeq of an in-dialog request is below the last one seen: 500. ACK and
    // CANCEL are not asked.
    bool accept_cseq(const Message& request);
    // The Contact of a target refresh, request or 2xx response (§12.2.1.2, §12.2.2). The caller has
    // judged its scheme before.
    void set_remote_target(std::string_view uri);

private:
    enum class Role : std::uint8_t { Uac, Uas };

    Dialog() = default;
    Result<void, ParseError> take_routes_and_target(const Message& response);
    MessageBuilder start(std::string_view method_text, std::uint32_t cseq,
                         std::uint32_t max_forwards) const;

    Role role_ = Role::Uac;
    State state_ = State::Early;
    std::string call_id_, local_tag_, remote_tag_;
    std::string local_uri_, remote_uri_;  // From and To values without tag
    std::string remote_target_;
    std::vector<std::string> route_set_;
    std::uint32_t local_cseq_ = 0;
    std::optional<std::uint32_t> remote_cseq_;
};

// The one Contact of a message that sets up or refreshes a dialog; none when there is none.
// Fault::BadContact for several, for "*", or one that is not a SIP or SIPS URI.
Result<std::optional<NameAddr>, ParseError> dialog_contact(const Message& message);
// What Dialog::of_request asks of a request: one such Contact, and a Record-Route, where it has
// one, of nothing but SIP and SIPS URIs.
bool can_begin_dialog(const Message& request);

}  // namespace ringwall::sip
