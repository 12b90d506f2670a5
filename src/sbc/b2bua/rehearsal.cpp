#include "sbc/b2bua/rehearsal.h"

#include <algorithm>
#include <utility>

#include "sbc/b2bua/tag.h"
#include "sbc/peer_hop.h"
#include "sip/message_builder.h"

namespace ringwall::sbc::b2bua {

using sip::transaction::ClientId;
using sip::transaction::ServerId;

namespace {

class Stage final : public CallHost {
public:
    explicit Stage(CallHost& real) : real_(real) {}

    struct Sent {
        ClientId id;
        sip::Hop hop;
        sip::MessagePtr request;
    };
    const std::vector<Sent>& sent() const { return sent_; }
    sip::MessagePtr answer() const { return answer_; }
    AdjacencyIndex adjacency_of(const sip::Hop& hop) const {
        const auto found = std::ranges::find(phones_, hop, &registrar::Binding::hop);
        return found != phones_.end() ? found->adjacency : peer_of(hop).value_or(0);
    }

    Now now() const override { return real_.now(); }
    Random& random() override { return random_; }
    Bucket new_bucket() override { return {}; }
    const sip::transaction::Timers& timers() const override { return real_.timers(); }
    ClientId send_new(CallRef, const policy::Permit&, const sip::Hop& to,
                      sip::MessagePtr request) override {
        sent_.push_back({ClientId{sent_.size() + 1}, to, std::move(request)});
        return sent_.back().id;
    }
    ClientId send_in_dialog(CallRef, const sip::Hop&, sip::MessagePtr) override { return {}; }
    void send_ack(const sip::Hop&, const sip::MessagePtr&) override {}
    void refuse_unknown(ServerId, const sip::Hop&, const sip::Message&) override {}  // none comes
    void respond(ServerId, sip::MessagePtr response) override {
        if (response->status() >= 200 && answer_ == nullptr) {
            answer_ = std::move(response);
        }
    }
    bool can_answer(ServerId) override { return true; }
    ClientId cancel(CallRef, ClientId, const sip::transaction::Reasons&) override { return {}; }
    void start_timer(CallRef, Duration, std::uint32_t) override {}
    std::optional<sip::Hop> hop_to(CallRef call, AdjacencyIndex adjacency) override {
        return real_.hop_to(call, adjacency);
    }
    sip::Hop hop_of(ClientId, const sip::Hop& to) const override { return to; }
    std::optional<sip::Hop> hop_in_dialog(CallRef, const Leg&) override { return std::nullopt; }
    bool may_come_back(const Leg&) override { return false; }
    Proof proof_of(AdjacencyIndex adjacency, const sip::Hop&, std::string_view who) override {
        return {adjacency, "", std::string(who)};
    }
    bool is_peer_of(CallRef, const Leg&, const sip::Hop&) override { return false; }
    std::vector<registrar::Binding> find_location(CallRef call, std::string_view who) override {
        phones_ = real_.find_location(call, who);
        return phones_;
    }
    std::optional<registrar::Binding> find_contact(CallRef call, std::string_view token,
                                                   AdjacencyIndex behind) override {
        auto found = real_.find_contact(call, token, behind);
        if (found) {
            phones_ = {*found};
        }
        return found;
    }
    bool is_subscriber(std::string_view who) const override { return real_.is_subscriber(who); }
    void challenge_passes(std::string_view, AdjacencyIndex, const sip::Message&) override {}
    bool is_answer(std::string_view, AdjacencyIndex, const sip::HeaderLine&) override {
        return false;
    }
    std::optional<policy::CacRefusal> admit(CallRef, const policy::CacEvent& event,
                                            policy::CacGate::Urgency urgency) override {
        return real_.would_refuse(event, urgency);
    }
    std::optional<policy::CacRefusal> would_refuse(
        const policy::CacEvent& event, policy::CacGate::Urgency urgency) const override {
        return real_.would_refuse(event, urgency);
    }
    void own_tag(std::string_view, CallRef) override {}
    std::optional<std::string> vouch_for(const sip::DialogIds&, const Speaker&) override {
        return std::nullopt;
    }
    void own_call_id(std::string_view, CallRef) override {}
    bool is_elsewhere(std::string_view) const override { return false; }
    ServerId begin_errand(const OnBehalf&) override { return {}; }
    void drop_errand(ServerId, std::string_view) override {}
    bool join_errand(ServerId, std::string_view, const Leg&, const sip::Message&,
                     const sip::MessagePtr&) override {
        return false;
    }
    bool is_media_engine_up() const override { return real_.is_media_engine_up(); }
    // What is asked for has no description, so nothing is asked.
    media::Ticket ask_media(CallRef, std::string_view, std::string_view) override { return {}; }
    void forget_media(std::string_view) override {}
    bool keeps_calls() const override { return false; }
    void keep(CallRef, KeptCall) override {}
    void respond_when_kept(ServerId id, sip::MessagePtr response) override {
        respond(id, std::move(response));
    }
    void end(CallRef, const CallRecord&) override {}
    void release(CallRef) override {}
    void count_refusal(std::string_view) override {}
    void keep_refusal(CallRecord) override {}

private:
    CallHost& real_;
    SeededRandom random_{1};  // nothing of it is ever sent
    std::vector<Sent> sent_;
    std::vector<registrar::Binding> phones_;
    sip::MessagePtr answer_;
};

// A failure after which the next route is tried; 0: there is none.
int trigger(const Snapshot& snapshot, const Adjacency& adjacency) {
    const auto& triggers = snapshot.hunting_triggers(adjacency);
    const auto found =
        std::ranges::find_if(triggers, [](int status) { return status >= 400 && status < 600; });
    return found == triggers.end() ? 0 : *found;
}

}  // namespace

Rehearsed rehearse(CallHost& real, Call::Setup setup) {
    Stage stage(real);
    Rehearsed out;
    const SnapshotPtr snapshot = setup.snapshot;
    Call call(stage, std::move(setup));
    call.begin();
    const std::size_t at_once = stage.sent().size();
    out.answer = stage.answer();
    for (std::size_t i = 0; i < stage.sent().size(); ++i) {  // it grows
        const Stage::Sent sent = stage.sent()[i];
        const AdjacencyIndex to = stage.adjacency_of(sent.hop);
        out.attempts.push_back(
            {to, sent.hop, std::string(sent.request->request_uri_text()), i < at_once});
        if (const int status = trigger(*snapshot, snapshot->adjacencies[to])) {
            call.on_response(
                sent.id, sip::reply(*sent.request, status, make_tag({}, stage.random())).build());
        }
    }
    out.decisions = call.record_so_far("")->decisions;
    return out;
}

}  // namespace ringwall::sbc::b2bua
