// One line: its way to its server, and its registration there.
//
//   Off -> Locating -> Connecting -> Up          over UDP: Locating -> Up
//               ^          |  failed   | lost: the same server again, at once; then the next;
//               +- Waiting <-----------+       when all have failed, after Reg Retry Intvl
//
// Two connections in a row that are lost sooner than that count as a failure.
//
// Over TLS and TCP there is one connection, for everything: registration, calls, keep-alive. A TLS
// server whose certificate does not verify or does not bear the configured name is not spoken to:
// not even a REGISTER goes out. Over UDP the socket is the phone's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "engine/shard.h"
#include "phone/access_domains.h"
#include "phone/servers.h"
#include "phone/settings.h"
#include "sip/auth/digest.h"
#include "sip/message_builder.h"
#include "sip/registration/client_registration.h"

namespace ringwall::phone {

class Line;

// What a line asks of the phone.
class LineHost {
public:
    virtual ~LineHost() = default;
    virtual void send_for(Line& line, const sip::Hop& hop, sip::MessagePtr request) = 0;
    enum class Timer : std::uint8_t { Registration, Reconnect, KeepAlive, Fallback };
    // Is there a call whose signalling goes by its server?
    virtual bool is_in_use(const Line& line) const = 0;
    virtual void start_timer(Line& line, Timer timer, Duration after) = 0;
    // Something of state() or is_registered() is another.
    virtual void on_line_changed(Line& line) = 0;
    // It is up, maybe from another address than before: its contact() may be another.
    virtual void on_line_reached(Line& line) = 0;
};

class Line {
public:
    enum class State : std::uint8_t { Off, Locating, Connecting, Up, Waiting };
    struct Sockets {
        FlowId udp;        // none: the line has no UDP
        Endpoint udp_end;  // what it is bound to
    };

    Line(engine::Shard& shard, Random& random, LineHost& host, SettingsPtr settings,
         std::size_t index, const AccessDomains& domains, std::shared_ptr<const tls::Context> tls,
         Sockets sockets);

    void start();
    // Removes the binding.
    void stop();

    const LineSettings& settings() const { return settings_->lines[index_]; }
    std::size_t index() const { return index_; }
    State state() const { return state_; }
    bool is_registered() const;
    // The first REGISTER has its final answer, or nothing is to be registered and it is up.
    bool has_started() const { return has_answer_; }
    bool is_quiet() const;  // after stop()
    // Why it is not registered, for people: "403 Forbidden", "certificate: ...". Empty: nothing.
    const std::string& problem() const { return problem_; }

    const std::string& domain() const { return domain_; }
    std::string address_of_record() const;  // "sip:alice@example.com"
    // A name-addr. SIPS in a call that is one (RFC 5630 §5.1.1).
    std::string contact(sip::Scheme scheme = sip::Scheme::Sip) const;
    sip::auth::Account account() const;
    // What its servers' challenges are answered with: of the realms that its registrar has shown,
    // and of the domain. A far end whose challenge a proxy passes on has another.
    std::vector<sip::auth::Account> accounts_at_server() const;
    std::string via() const { return via_over(transport_); }
    Endpoint local() const { return local_; }
    // With SIP Transport AUTO that of its server; TLS, before there is one.
    sip::Transport transport() const { return transport_; }
    // RFC 5630 §5.1.1: a SIPS URI over TLS alone.
    bool may_call(std::string_view target) const;
    // For a request now; over a connection that is being opened it waits there. None: nowhere.
    std::optional<sip::Hop> hop();
    // The server that is reached by this hop does not serve: to the next, where it is still that.
    void leave(const sip::Hop& hop, const std::string& problem);
    std::size_t server_count() const { return servers_.count(); }
    FlowId flow() const { return flow_; }
    bool has_flow(FlowId flow) const { return flow == flow_ || flow == better_flow_; }
    TimePoint now() const { return shard_.now().monotonic; }
    // Is this one of its servers?
    bool is_server(const IpAddress& address) const { return servers_.has(address); }
    bool is_server(const sip::Hop& hop) const {
        return is_stream() ? has_flow(hop.flow) : servers_.has(hop.remote.address);
    }

    void on_dns(const dns::Question& question, const dns::Answer& answer);
    // Of its flow. False: it is not the server that is wanted.
    bool on_established(const engine::Flow& flow);
    void on_flow_closed(FlowId flow, CloseReason reason, std::string_view detail);
    void on_pong() { has_pong_ = true, is_pong_due_ = false; }
    void on_response(const sip::Message& request, const sip::Message& response);
    void on_failed(const sip::Message& request);
    void on_timer(LineHost::Timer timer);

private:
    using Registration = sip::ClientRegistration;

    void locate();
    void ask_for_servers();
    void connect();
    void use(const Servers::Server& server);
    engine::ConnectSpec connect_spec(const Servers::Server& server) const;
    std::string distrust_of(const engine::Flow& flow, const Servers::Server& server) const;
    void fall_back_later();
    Duration until_fallback() const;
    void try_better();
    void on_servers_found();
    void stay();
    void ask_better(FlowId flow);
    void leave_better();
    void take_better();
    void go_back(const std::string& problem);
    // How long after the n-th failure in a row to try again, by its status, 0: silence. None:
    // never.
    std::optional<Duration> retry_after(int status, unsigned failures) const;
    void come_up();
    void register_anew(bool is_loss);
    void fail_over(std::string problem);
    void wait();
    void send_register(sip::MessageBuilder request);
    template <class Event>
    void tell(Event&& event);
    void keep_alive();
    void send_keep_alive();
    void send_keep_alive_message(const sip::Hop& hop);
    void send_plain(std::string_view method, const sip::Hop& hop, const std::string& call_id);
    void learn_realms(const sip::Message& response);
    bool is_better_asked(const sip::Message& request) const {
        return !better_call_id_.empty() && request.call_id() == better_call_id_;
    }
    void find_keep_alive();
    void conclude_keep_alive();
    void set_state(State state);
    std::chrono::seconds register_expires() const;
    Registration::Setup registration_setup();
    std::string via_over(sip::Transport transport) const;
    bool is_stream() const { return transport_ != sip::Transport::Udp; }

    engine::Shard& shard_;
    Random& random_;
    LineHost& host_;
    SettingsPtr settings_;
    std::size_t index_;
    const AccessDomains& domains_;
    std::shared_ptr<const tls::Context> tls_;
    Sockets sockets_;
    std::string domain_;
    std::vector<std::string> realms_;  // the domain, and those of its registrar's challenges
    std::string instance_;
    Servers servers_;
    sip::Transport transport_;
    std::optional<Registration> registration_;
    State state_ = State::Off;
    FlowId flow_;
    sip::Hop hop_;
    Endpoint local_;
    std::string problem_;
    std::string registered_contact_;
    unsigned failures_ = 0;     // rounds without a server, in a row
    TimePoint up_at_{};         // since then the connection stands, or stood
    unsigned brief_flows_ = 0;  // connections that did not last, in a row
    bool has_answer_ = false;
    bool is_stopping_ = false;
    bool is_loss_untold_ = false;  // to the registration
    bool has_pong_ = false;        // this server answers pings
    bool is_pong_due_ = false;
    TimePoint reconnect_at_ = TimePoint::max();
    TimePoint keep_alive_at_ = TimePoint::max();
    TimePoint fallback_at_ = TimePoint::max();
    std::optional<TimePoint> away_since_;  // from the first server
    bool is_looking_ = false;              // for a first server whose name nobody knew
    std::optional<Endpoint> fallen_from_;  // until the first server has registered us
    FlowId better_flow_;                   // to the first server, beside the one in use
    std::string better_call_id_;           // of the OPTIONS that asks whether it is there
    std::uint32_t keep_alive_cseq_ = 0;
    std::optional<sip::locate::Search> keep_alive_search_;  // of a NAT Keep Alive Dest
    std::optional<Endpoint> keep_alive_to_;
    bool has_given_up_ = false;  // Reg Retry Long Intvl is 0
};

bool is_sips_uri(std::string_view target);

}  // namespace ringwall::phone
