// The transaction layer as its owner sees it: requests and responses of peers that repeat, mix up
// and forge, a user that answers and asks, timers and broken connections in any order. Every
// transaction that was announced ends once, with no timer left, and in the end nothing is.
#include <map>
#include <vector>

#include "fuzz/input.h"
#include "fuzz/target.h"
#include "fuzz/transaction_events.h"
#include "sip/transaction/layer.h"

namespace ringwall::fuzz {
namespace {

using namespace sip::transaction;
using sip::Hop;

class World {
public:
    explicit World(std::string_view octets) : input_(octets) {}

    void play() {
        while (!input_.is_empty()) {
            step();
            CHECK(layer_.is_consistent());
        }
        end();
    }

private:
    void step() {
        switch (input_.below(10)) {
            case 0:
            case 1:
                return hear_request();
            case 2:
                return answer();
            case 3:
                return ask();
            case 4:
            case 5:
                return hear_response();
            case 6:
                return cancel();
            case 7:
                return lose_connection();
            case 8:
                if (!servers_.empty() && input_.below(4) == 0) {
                    layer_.forget(pick(servers_), out_);
                    perform();
                }
                return;
            default:
                return pass_time();
        }
    }

    Hop hop() { return input_.flip() ? tls_hop() : udp_hop(); }
    template <class Id>
    Id pick(const std::vector<Id>& ids) {
        return ids[input_.below(std::min<std::size_t>(ids.size(), 256))];
    }

    Draft draft() {
        Draft draft;
        draft.method = input_.one_of({"INVITE", "ACK", "CANCEL", "BYE", "OPTIONS"});
        // Those without the magic cookie match by their fields (RFC 3261 §17.2.3).
        draft.branch = input_.one_of({"z9hG4bK1", "z9hG4bK2", "Z9HG4bk1", "1", ""});
        draft.sent_by = input_.one_of({"a.example.com", "a.example.com:5060"});
        draft.to_tag = input_.one_of({"", "", "8321234356", "other"});
        draft.from_tag = input_.one_of({"1", "2"});
        draft.cseq = input_.flip() ? 2 : 1;
        return draft;
    }
    void hear_request() {
        const sip::MessagePtr request = make(draft());
        layer_.on_message(hop(), request, out_);
        perform();
    }
    void answer() {
        if (servers_.empty()) {
            return;
        }
        const ServerId id = pick(servers_);
        const int status = input_.one_of(statuses);
        if (const sip::MessagePtr request = layer_.request(id)) {
            CHECK(layer_.hop(id) != nullptr);
            layer_.respond(id, answer_to(request, status), out_);
            perform();
        }
    }
    void ask() {
        Draft draft;
        draft.method = input_.one_of({"INVITE", "BYE", "OPTIONS"});
        draft.branch = "z9hG4bK-ours-" + std::to_string(++asked_);
        const sip::MessagePtr request = make(draft);
        const ClientId id = layer_.send(hop(), request, out_);
        clients_.push_back(id);
        requests_.push_back(request);
        perform();
    }
    // To any request that was ever sent, and to one that never was.
    void hear_response() {
        const std::size_t which = input_.below(std::min<std::size_t>(requests_.size() + 1, 256));
        const sip::MessagePtr request =
            which < requests_.size() ? requests_[which] : make({.branch = "z9hG4bK-not-ours"});
        const int status = input_.one_of(statuses);
        layer_.on_message(hop(), answer_to(request, status, input_.flip() ? "1" : "2"), out_);
        perform();
    }
    void cancel() {
        if (clients_.empty()) {
            return;
        }
        const ClientId id = pick(clients_);
        const bool may = layer_.has_provisional(id);
        const ClientId made = layer_.cancel(id, {}, out_);
        CHECK(!made || may);
        if (made) {
            clients_.push_back(made);
            requests_.push_back(layer_.request(made));
        }
        perform();
    }
    void lose_connection() {
        if (input_.flip() && !servers_.empty()) {
            layer_.on_transport_error(pick(servers_), out_);
        } else if (!clients_.empty()) {
            layer_.on_transport_error(pick(clients_), out_);
        }
        perform();
    }
    // A timer that runs, or one that does not: late, since a message overtook it.
    void pass_time() {
        const auto running = all_running();
        if (running.empty()) {
            return;
        }
        const auto [id, timer] = pick(running);
        fire(id, timer);
        fire(id, static_cast<Timer>(input_.below(12)));
    }
    void fire(const AnyId& id, Witness::Timer timer) {
        witnesses_[id].expire(timer);
        layer_.on_timer(id, timer, out_);
        perform();
    }

    std::vector<std::pair<AnyId, Witness::Timer>> all_running() const {
        std::vector<std::pair<AnyId, Witness::Timer>> running;
        for (const auto& [id, witness] : witnesses_) {
            for (const Witness::Timer timer : witness.running()) {
                running.emplace_back(id, timer);
            }
        }
        return running;
    }

    void perform() {
        for (const Action& action : out_) {
            if (const auto id = whose(action)) {
                witnesses_[*id].see(action);
            }
            if (const auto* fresh = std::get_if<NewRequest>(&action)) {
                servers_.push_back(fresh->id);
                CHECK(!fresh->cancelled || fresh->request->method() == sip::Method::Cancel);
            }
        }
        out_.clear();
        for (const auto& [id, witness] : witnesses_) {
            const auto* server = std::get_if<ServerId>(&id);
            const sip::Hop* hop = server ? layer_.hop(*server) : layer_.hop(std::get<ClientId>(id));
            CHECK((hop == nullptr) == witness.has_ended());
        }
    }
    static std::optional<AnyId> whose(const Action& action) {
        return std::visit(
            Visitor{
                [](const Transmit& a) -> std::optional<AnyId> { return a.transaction; },
                [](const StartTimer& a) -> std::optional<AnyId> { return a.transaction; },
                [](const StopTimer& a) -> std::optional<AnyId> { return a.transaction; },
                [](const Ack&) -> std::optional<AnyId> { return std::nullopt; },
                [](const Stray&) -> std::optional<AnyId> { return std::nullopt; },
                [](const auto& a) -> std::optional<AnyId> { return AnyId(a.id); },
            },
            action);
    }

    // The user gives up what nobody else can end; the rest is a matter of time.
    void end() {
        for (const ClientId id : clients_) {
            if (layer_.has_provisional(id)) {
                layer_.on_transport_error(id, out_);
                perform();
            }
        }
        for (int i = 0; i < 10'000; ++i) {
            const auto running = all_running();
            if (running.empty()) {
                break;
            }
            fire(running.back().first, running.back().second);
        }
        for (const ServerId id : servers_) {
            layer_.forget(id, out_);
            perform();
        }
        CHECK(layer_.server_count() == 0 && layer_.client_count() == 0);
        for (const auto& [id, witness] : witnesses_) {
            CHECK(witness.has_ended() && witness.running().empty());
        }
    }

    Input input_;
    Layer layer_{Timers{}};
    Actions out_;
    std::map<AnyId, Witness> witnesses_;
    std::vector<ServerId> servers_;
    std::vector<ClientId> clients_;
    std::vector<sip::MessagePtr> requests_;
    unsigned asked_ = 0;
};

}  // namespace

void run(std::string_view octets) {
    World(octets.substr(0, 512)).play();
}

}  // namespace ringwall::fuzz
