#include "sip/transaction/layer.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/check.h"
#include "base/hash_index.h"
#include "sip/transaction/client_transaction.h"
#include "sip/transaction/invite_client_transaction.h"
#include "sip/transaction/invite_server_transaction.h"
#include "sip/transaction/key.h"
#include "sip/transaction/server_transaction.h"
#include "sip/transaction/slot_map.h"

namespace ringwall::sip::transaction {
namespace {

constexpr std::string_view branch_cookie = "z9hG4bK";

using ServerMachine = std::variant<InviteServerTransaction, ServerTransaction>;
using ClientMachine = std::variant<InviteClientTransaction, ClientTransaction>;

struct Server {
    std::string key;
    std::uint64_t hash;
    ServerId id;
    ServerMachine machine;
};

struct Client {
    std::string key;
    ClientId id;
    ClientMachine machine;
};

bool is_terminated(const auto& machine) {
    return std::visit([](const auto& m) { return m.is_terminated(); }, machine);
}

ServerMachine make_server(ServerId id, const Hop& hop, MessagePtr request, const Timers& timers) {
    if (request->method() == Method::Invite) {
        return InviteServerTransaction(id, hop, std::move(request), timers);
    }
    return ServerTransaction(id, hop, std::move(request), timers);
}

ClientMachine make_client(ClientId id, const Hop& hop, MessagePtr request, const Timers& timers) {
    if (request->method() == Method::Invite) {
        return InviteClientTransaction(id, hop, std::move(request), timers);
    }
    return ClientTransaction(id, hop, std::move(request), timers);
}

}  // namespace

struct Layer::Tables {
    Tables(Timers t, HashKey key) : timers(t), hash_key(key) {}

    void on_request(const Hop& from, MessagePtr request, Actions& out);
    void on_ack(const Hop& from, MessagePtr ack, Actions& out);
    void on_response(const Hop& from, MessagePtr response, Actions& out);
    ServerId cancelled_by(const Message& cancel) const;
    Server* find_server(std::string_view key) const {
        return find_server(keyed_hash(hash_key, key), key);
    }
    Server* find_server(std::uint64_t hash, std::string_view key) const;
    Server* acknowledged_by(const Message& ack) const;

    // After every event: an ended transaction leaves nothing behind.
    void reap(const Server& server);
    void reap(const Client& client);

    Timers timers;
    HashKey hash_key;
    SlotMap<ServerId, Server> servers;
    SlotMap<ClientId, Client> clients;
    // Peers choose the server keys, hence the keyed hash: no choice of theirs makes a search slow.
    // The client keys are our own, unguessable branches, and views into the entries.
    HashIndex servers_by_key;
    std::unordered_map<std::string_view, ClientId> clients_by_key;
};

void Layer::Tables::on_request(const Hop& from, MessagePtr request, Actions& out) {
    std::string key = server_key(*request, request->method_text(), request->to_tag());
    const std::uint64_t hash = keyed_hash(hash_key, key);
    if (Server* known = find_server(hash, key)) {
        std::visit([&](auto& m) { m.on_request(out); }, known->machine);
        reap(*known);
        return;
    }
    const ServerId cancelled =
        request->method() == Method::Cancel ? cancelled_by(*request) : ServerId{};
    const ServerId id = servers.insert([&](ServerId fresh) {
        return std::make_unique<Server>(
            Server{std::move(key), hash, fresh,
                   make_server(fresh, response_hop(*request, from), request, timers)});
    });
    servers_by_key.insert(hash, servers.slot_of(id));
    out.emplace_back(NewRequest{id, from, std::move(request), cancelled});
}

// RFC 3261 §17.2.3: an ACK belongs to the INVITE with its branch. One that belongs to none is for a
// 2xx, with a branch of its own.
void Layer::Tables::on_ack(const Hop& from, MessagePtr ack, Actions& out) {
    Server* server = acknowledged_by(*ack);
    if (server == nullptr) {
        out.emplace_back(Ack{from, std::move(ack)});
        return;
    }
    std::get<InviteServerTransaction>(server->machine).on_ack(from, std::move(ack), out);
    reap(*server);
}

// Without the magic cookie the ACK of an INVITE outside a dialog has the To tag of the response,
// which the INVITE had not: the second search is for that one, and the tag is compared with the
// response's.
Server* Layer::Tables::acknowledged_by(const Message& ack) const {
    Server* server = find_server(server_key(ack, "INVITE", ack.to_tag()));
    if (ack.top_via().has_rfc3261_branch()) {
        return server;
    }
    if (server == nullptr) {
        server = find_server(server_key(ack, "INVITE", ""));
    }
    if (server == nullptr) {
        return nullptr;
    }
    const auto& tag = std::get<InviteServerTransaction>(server->machine).final_to_tag();
    return tag && *tag == ack.to_tag() ? server : nullptr;
}

// RFC 3261 §9.2: the transaction with the key of the CANCEL, had that another method.
ServerId Layer::Tables::cancelled_by(const Message& cancel) const {
    const Server* server = find_server(server_key(cancel, "INVITE", cancel.to_tag()));
    return server == nullptr ? ServerId{} : server->id;
}

void Layer::Tables::on_response(const Hop& from, MessagePtr response, Actions& out) {
    const auto found = clients_by_key.find(client_key(*response));
    if (found == clients_by_key.end()) {
        out.emplace_back(Stray{from, std::move(response)});
        return;
    }
    Client& client = *clients.find(found->second);
    std::visit([&](auto& m) { m.on_response(from, std::move(response), out); }, client.machine);
    reap(client);
}

Server* Layer::Tables::find_server(std::uint64_t hash, std::string_view key) const {
    const auto slot =
        servers_by_key.find(hash, [&](std::uint32_t each) { return servers.at(each)->key == key; });
    return slot ? servers.at(*slot) : nullptr;
}

void Layer::Tables::reap(const Server& server) {
    if (is_terminated(server.machine)) {
        servers_by_key.erase(server.hash, servers.slot_of(server.id));
        servers.erase(server.id);
    }
}

void Layer::Tables::reap(const Client& client) {
    if (is_terminated(client.machine)) {
        clients_by_key.erase(client.key);
        clients.erase(client.id);
    }
}

Layer::Layer(Timers timers, HashKey key) : tables_(std::make_unique<Tables>(timers, key)) {}
Layer::~Layer() = default;

void Layer::on_message(const Hop& from, MessagePtr message, Actions& out) {
    if (!message->is_request()) {
        tables_->on_response(from, std::move(message), out);
    } else if (message->method() == Method::Ack) {
        tables_->on_ack(from, std::move(message), out);
    } else {
        tables_->on_request(from, std::move(message), out);
    }
}

void Layer::respond(ServerId id, MessagePtr response, Actions& out) {
    if (Server* server = tables_->servers.find(id)) {
        std::visit([&](auto& m) { m.respond(std::move(response), out); }, server->machine);
        tables_->reap(*server);
    }
}

void Layer::respond_once(ServerId id, MessagePtr response, Actions& out) {
    if (const Hop* const to = hop(id)) {
        out.emplace_back(Transmit{id, *to, std::move(response)});
        forget(id, out);
    }
}

ClientId Layer::send(const Hop& to, MessagePtr request, Actions& out) {
    CHECK(request->is_request() && request->method() != Method::Ack);
    const ClientId id = tables_->clients.insert([&](ClientId fresh) {
        return std::make_unique<Client>(
            Client{client_key(*request), fresh, make_client(fresh, to, request, tables_->timers)});
    });
    Client& client = *tables_->clients.find(id);
    const bool is_new = tables_->clients_by_key.emplace(client.key, id).second;
    CHECK(is_new);  // a branch is made for one request
    std::visit([&](auto& m) { m.start(out); }, client.machine);
    return id;
}

ClientId Layer::cancel(ClientId invite, const Reasons& reasons, Actions& out) {
    Client* client = tables_->clients.find(invite);
    auto* machine = client ? std::get_if<InviteClientTransaction>(&client->machine) : nullptr;
    if (machine == nullptr) {
        return {};
    }
    MessagePtr message = machine->cancel(reasons, out);
    return message ? send(machine->hop(), std::move(message), out) : ClientId{};
}

void Layer::rebind(ClientId id, const Hop& to) {
    if (Client* client = tables_->clients.find(id)) {
        std::visit([&](auto& m) { m.rebind(to); }, client->machine);
    }
}

void Layer::rebind(ServerId id, const Hop& to) {
    if (Server* server = tables_->servers.find(id)) {
        std::visit([&](auto& m) { m.rebind(to); }, server->machine);
    }
}

void Layer::forget(ServerId id, Actions& out) {
    if (Server* server = tables_->servers.find(id)) {
        std::visit([&](auto& m) { m.terminate(out); }, server->machine);
        tables_->reap(*server);
    }
}

void Layer::forget(ClientId id, Actions& out) {
    if (Client* client = tables_->clients.find(id)) {
        std::visit([&](auto& m) { m.terminate(out); }, client->machine);
        tables_->reap(*client);
    }
}

void Layer::on_timer(AnyId id, Timer timer, Actions& out) {
    const auto fire = [&](auto* entry) {
        if (entry != nullptr) {
            std::visit([&](auto& m) { m.on_timer(timer, out); }, entry->machine);
            tables_->reap(*entry);
        }
    };
    if (const auto* server = std::get_if<ServerId>(&id)) {
        fire(tables_->servers.find(*server));
    } else {
        fire(tables_->clients.find(std::get<ClientId>(id)));
    }
}

void Layer::on_transport_error(AnyId id, Actions& out) {
    const auto* client_id = std::get_if<ClientId>(&id);
    Client* client = client_id ? tables_->clients.find(*client_id) : nullptr;
    if (client != nullptr) {
        std::visit([&](auto& m) { m.on_transport_error(out); }, client->machine);
        tables_->reap(*client);
    }
}

MessagePtr Layer::request(ServerId id) const {
    const Server* server = tables_->servers.find(id);
    return server ? std::visit([](const auto& m) { return m.request(); }, server->machine)
                  : nullptr;
}

MessagePtr Layer::request(ClientId id) const {
    const Client* client = tables_->clients.find(id);
    return client ? std::visit([](const auto& m) { return m.request(); }, client->machine)
                  : nullptr;
}

const Hop* Layer::hop(ServerId id) const {
    const Server* server = tables_->servers.find(id);
    return server ? std::visit([](const auto& m) { return &m.hop(); }, server->machine) : nullptr;
}

const Hop* Layer::hop(ClientId id) const {
    const Client* client = tables_->clients.find(id);
    return client ? std::visit([](const auto& m) { return &m.hop(); }, client->machine) : nullptr;
}

bool Layer::has_provisional(ClientId id) const {
    const Client* client = tables_->clients.find(id);
    return client != nullptr &&
           std::visit([](const auto& m) { return m.has_provisional(); }, client->machine);
}

bool Layer::knows(const Message& cancel) const {
    const std::string own = server_key(cancel, cancel.method_text(), cancel.to_tag());
    return tables_->find_server(own) != nullptr || tables_->cancelled_by(cancel);
}

std::size_t Layer::server_count() const {
    return tables_->servers.size();
}
std::size_t Layer::client_count() const {
    return tables_->clients.size();
}

bool Layer::is_consistent() const {
    const Tables& t = *tables_;
    const auto is_sound = [](const auto& entry) {
        return std::visit([](const auto& m) { return !m.is_terminated() && m.is_consistent(); },
                          entry.machine);
    };
    return t.servers_by_key.size() == t.servers.size() &&
           t.clients_by_key.size() == t.clients.size() && t.servers.all_of([&](const Server& s) {
               return t.find_server(s.key) == &s && is_sound(s);
           }) &&
           t.clients.all_of([&](const Client& c) {
               const auto found = t.clients_by_key.find(c.key);
               return found != t.clients_by_key.end() && found->second == c.id && is_sound(c);
           });
}

Hop response_hop(const Message& request, const Hop& from) {
    Hop hop = from;
    if (from.transport == Transport::Udp) {
        // The address that stamp_source wrote into "received", not what a peer may have put there.
        const Via& via = request.top_via();
        if (!via.has_rport) {
            hop.remote.port = via.port != 0 ? via.port : 5060;
        }
    }
    return hop;
}

std::string make_branch(Bucket bucket, Random& random) {
    return std::string(branch_cookie) + bucket_token(bucket, random, 20);
}

Bucket bucket_of_branch(const Message& request) {
    const std::string_view branch = request.top_via().branch();
    return bucket_of(branch.substr(std::min(branch_cookie.size(), branch.size())))
        .value_or(Bucket{});
}

}  // namespace ringwall::sip::transaction
