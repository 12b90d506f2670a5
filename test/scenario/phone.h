// A SIP phone of a few lines on the same core as the product: it registers, calls, answers and
// hangs up, and does on request what honest phones do not. It keeps everything that it heard.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/shard.h"
#include "scenario/sim_network.h"
#include "sip/auth/digest.h"
#include "sip/dialog/dialog.h"

namespace ringwall::test {

class Phone final : public engine::ShardUser {
public:
    struct Account {
        std::string user;
        std::string domain;
        std::string password;
        std::string scheme = "sip";  // of its own URIs
    };
    using Fields = std::vector<std::pair<std::string, std::string>>;
    enum class OnInvite { Answer, Ring, EarlyMedia, RingThenAnswer, Reject, Redirect, Ignore };

    Phone(SimNetwork& net, const IpAddress& address, sip::Transport transport,
          const Endpoint& server, Account account, std::uint64_t seed = 7);
    ~Phone() override { node_.leave(); }
    Phone(const Phone&) = delete;
    Phone& operator=(const Phone&) = delete;

    // What it does.
    void register_now(std::uint32_t expires = 3600);
    void unregister() { register_now(0); }
    void set_scheme(const std::string& scheme) { account_.scheme = scheme; }
    void invite(const std::string& uri);
    void cancel();
    void ack_nothing() { acks_ = false; }
    void ack_now();  // what ack_nothing held back
    void bye();
    void reinvite() { in_dialog(sip::Method::Invite); }
    sip::transaction::ClientId in_dialog(sip::Method method);
    // Its call from here on: one that it held while it had another.
    void resume(const sip::Dialog& dialog) {
        dialog_ = dialog;
        is_confirmed_ = true;
    }
    // The ringing call; `tag` is another To tag than its own, as of a phone behind a proxy.
    void ring(int status = 180, const std::string& tag = {});
    void answer(const std::string& tag = {});
    void reject(int status);
    // A response to the INVITE that came last, written by the test; when it was answered, too.
    void say(int status, const std::string& tag, const Fields& fields,
             const std::string& body = {});
    // To the request that came last and is no INVITE, where in_dialog_status is 0.
    void respond(int status, const std::string& tag = {}, const Fields& fields = {},
                 const std::string& body = {});
    // A request within a dialog that the test keeps: of a subscription, say.
    sip::transaction::ClientId within(sip::Dialog& dialog, sip::Method method, const Fields& fields,
                                      const std::string& body = {});
    void answer_reinvite();  // that reinvite_status 0 held back
    void ring_reinvite();    // 180 for that one
    // A provisional response that asks for a PRACK, repeated until that comes; its own RSeq.
    void ring_reliably(int status, const std::string& body = {}, const std::string& tag = {});
    // Its next request goes by a new connection; the old one stays.
    void reconnect() { connection_ = {}; }
    // A request written by the test; what is missing of Via, From, To, Call-ID and CSeq is added.
    sip::transaction::ClientId send(const std::string& method, const std::string& uri,
                                    const Fields& fields, const std::string& body = {});

    // What the test answers itself: true, and the phone does nothing more with it.
    std::function<bool(sip::transaction::ServerId, const sip::MessagePtr&)> answered_by_test;
    // How it answers.
    OnInvite on_invite = OnInvite::Answer;
    int reject_status = 486;
    int reinvite_status = 200;   // 0: it keeps silent
    int in_dialog_status = 200;  // of other requests but BYE; 0: it keeps silent
    std::string redirect_to;     // Contact of the 302
    std::string contact_scheme;  // of its Contacts; empty: the account's
    std::string offer =
        "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"
        "m=audio 4000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n";
    std::string ack_body;      // of its ACKs: the answer where the 2xx bears the offer
    std::string record_route;  // of its responses, as behind a proxy
    bool answers_bye = true;
    bool obeys_cancel = true;  // false: it answers the CANCEL, but not yet the INVITE
    Fields invite_fields;      // further fields of its INVITEs outside of dialogs
    Fields success_fields;     // further fields of its 2xx to INVITE and UPDATE
    bool pracks = false;       // it acknowledges reliable provisional responses
    std::string prack_body;    // of its PRACKs
    std::string prack_answer;  // of its 2xx to PRACK
    std::string via_parameters = ";rport";
    std::uint16_t via_port = 5060;
    Fields dialog_fields;                 // further fields of its requests within dialogs
    std::string dialog_body;              // of those that bear no description of its own
    std::vector<std::string> extra_tags;  // further 2xx of a proxy that forked

    // What it heard and knows.
    bool is_registered() const { return is_registered_; }
    bool is_in_call() const { return dialog_.has_value() && is_confirmed_; }
    const std::vector<sip::MessagePtr>& requests() const { return requests_; }
    const std::vector<sip::MessagePtr>& responses() const { return responses_; }
    const std::vector<sip::MessagePtr>& acks() const { return acks_heard_; }
    sip::MessagePtr last_request(std::string_view method) const;  // null: none
    sip::MessagePtr last_response(std::string_view method) const;
    const std::optional<sip::Dialog>& dialog() const { return dialog_; }
    // Its requests that ended without a final response.
    std::size_t failures() const { return failures_; }
    std::vector<int> statuses(std::string_view method) const;  // of responses to such requests
    std::size_t count(std::string_view method) const;          // of requests
    const std::string& invited_call_id() const { return invite_call_id_; }
    // As it was sent.
    sip::MessagePtr sent(sip::transaction::ClientId id) const {
        const auto found = sent_.find(id.value);
        return found == sent_.end() ? nullptr : found->second.request;
    }
    engine::Shard& shard() { return shard_; }
    SimNetwork::Node& node() { return node_; }
    std::string contact() const;

    // engine::ShardUser
    bool on_datagram_source(const engine::Flow&, const Endpoint&) override { return true; }
    engine::AcceptDecision on_accept(engine::ListenerId, const Endpoint&) override;
    bool on_established(const engine::Flow&) override { return true; }
    void on_flow_closed(const engine::Flow& flow, CloseReason, std::string_view) override;
    void on_request(sip::transaction::ServerId id, const sip::Hop& from,
                    const sip::MessagePtr& request, sip::transaction::ServerId cancelled) override;
    void on_ack(const sip::Hop& from, const sip::MessagePtr& request) override;
    void on_response(sip::transaction::ClientId id, const sip::Hop& from,
                     const sip::MessagePtr& response) override;
    void on_client_failed(sip::transaction::ClientId, sip::transaction::TerminationCause) override {
        ++failures_;
    }
    void on_client_ended(sip::transaction::ClientId) override {}
    void on_server_ended(sip::transaction::ServerId, sip::transaction::TerminationCause) override {}
    void on_timer(std::uint64_t cookie) override;
    void on_trace(engine::Direction, const sip::Hop&, const sip::Message&) override {}

private:
    struct Sent {
        std::string method;
        std::string uri;
        Fields fields;
        std::string body;
        bool is_second = false;             // it bears credentials already
        sip::MessagePtr request = nullptr;  // as it went out
    };
    // The test may have let time pass in which this phone heard nothing.
    engine::Shard& awake();
    sip::Hop hop();
    std::string via();
    std::string host() const;
    sip::transaction::ClientId send(Sent what, const std::string& call_id, std::uint32_t cseq,
                                    const std::string& from_tag);
    void answer_invite(sip::transaction::ServerId id, const sip::MessagePtr& request);
    sip::MessagePtr success(const sip::Message& request, const std::string& tag);
    sip::MessagePtr ack_for(sip::Dialog& dialog, std::uint32_t cseq);
    void repeat(const sip::transaction::ServerId& invite, sip::MessagePtr response);
    void acknowledge(const sip::Message& response);
    void acknowledge_provisional(sip::transaction::ClientId id, const sip::Message& response);
    void on_prack(sip::transaction::ServerId id, const sip::Message& prack);

    SimNetwork& net_;
    SimNetwork::Node& node_;
    sip::Transport transport_;
    Endpoint server_;
    Account account_;
    SeededRandom random_;
    engine::Shard shard_;
    FlowId socket_;
    FlowId connection_;
    std::shared_ptr<const tls::Context> tls_;
    std::map<std::uint64_t, Sent> sent_;  // by client transaction
    std::string register_call_id_;
    std::uint32_t cseq_ = 0;
    std::uint32_t nonce_count_ = 0;
    bool is_registered_ = false;
    bool acks_ = true;
    std::string invite_call_id_;
    sip::transaction::ClientId invite_;
    sip::transaction::ServerId other_;  // the last request that is no INVITE
    sip::transaction::ServerId incoming_;
    sip::MessagePtr incoming_request_;
    sip::MessagePtr last_incoming_;  // the same, also when it has been answered
    sip::transaction::ServerId reinvite_;
    sip::MessagePtr reinvite_request_;
    std::optional<sip::Dialog> dialog_;
    bool is_confirmed_ = false;
    struct Unacked {
        sip::transaction::ServerId invite;
        sip::MessagePtr response;
        Duration interval;
        int left;
    };
    std::optional<Unacked> unacked_;
    std::optional<Unacked> unpracked_;
    std::uint32_t rseq_ = 0;
    std::string pracked_;  // the last one that it acknowledged
    std::uint64_t repetition_ = 0;
    std::map<std::string, sip::MessagePtr> acks_sent_;  // by the 2xx's Call-ID, To tag and CSeq
    sip::MessagePtr not_acked_;
    bool is_cancelled_ = false;
    std::size_t failures_ = 0;
    std::vector<sip::MessagePtr> requests_, responses_, acks_heard_;
};

}  // namespace ringwall::test
