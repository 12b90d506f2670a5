// The tables of server and client transactions, and the matching rules (RFC 3261 §17.1.3, §17.2.3;
// RFC 2543 requests without the magic cookie match by Request-URI, To tag, From tag, Call-ID, CSeq
// and top Via). Pure: every effect is an Action appended to `out`, in the order to perform it.
//
// An id stays good until ServerEnded or ClientEnded (ClientFailed is followed by ClientEnded) is in
// `out`: when the owner gets to an action, the transaction that it names may be gone. A call with
// an id that is gone does nothing. An ACK for a non-2xx and retransmissions stay inside.
#pragma once

#include <memory>

#include "base/keyed_hash.h"
#include "base/random.h"
#include "sip/transaction/actions.h"

namespace ringwall::sip::transaction {

class Layer {
public:
    // `key` for the table of what peers name; a secret where there are strangers.
    explicit Layer(Timers timers, HashKey key = {});
    ~Layer();
    Layer(const Layer&) = delete;
    Layer& operator=(const Layer&) = delete;

    // A screened message from the wire. Requests must have been through stamp_source.
    void on_message(const Hop& from, MessagePtr message, Actions& out);
    // Of the user of a server transaction. Provisional or final; ignored after a final one, but in
    // Accepted (RFC 6026) further 2xx are transmitted: the user core repeats its 2xx.
    void respond(ServerId id, MessagePtr response, Actions& out);
    // The answer to whoever has proven nothing: said once, and nothing is kept for him (RFC 3261
    // §26.3.2.4, §8.2.7). The same request again is a new one, its ACK is nobody's. So the To tag
    // has to be the same for the same request.
    void respond_once(ServerId id, MessagePtr response, Actions& out);
    // A new client transaction. `request` bears our Via with a branch of make_branch; INVITE or not
    // by its method. Not for ACK.
    ClientId send(const Hop& to, MessagePtr request, Actions& out);
    // A CANCEL for an INVITE of ours (RFC 3261 §9.1), its own client transaction; none when there
    // has been no provisional response yet or a final one (the caller must wait or need not
    // bother).
    ClientId cancel(ClientId invite, const Reasons& reasons, Actions& out);
    // Its connection is another now: what is still to be sent goes to `to`.
    void rebind(ClientId id, const Hop& to);
    void rebind(ServerId id, const Hop& to);

    // Ends a transaction at once and without a word: silence is the answer.
    void forget(ServerId id, Actions& out);
    void forget(ClientId id, Actions& out);

    void on_timer(AnyId id, Timer timer, Actions& out);
    // Something could not be sent, or the connection on which a response is due has ended. A client
    // transaction without a final response fails. A server transaction stays as it is (RFC 3261
    // §17.2.4 as amended by RFC 6026): another connection may be bound, and its timers end it.
    void on_transport_error(AnyId id, Actions& out);

    // The request that made the transaction; null when it is gone. It is kept only as long as it
    // may be of use: by a server until the final response, by a client until its own.
    MessagePtr request(ServerId id) const;
    MessagePtr request(ClientId id) const;
    const Hop* hop(ServerId id) const;
    const Hop* hop(ClientId id) const;
    // A provisional response has come, and no final one yet.
    bool has_provisional(ClientId id) const;

    // A transaction of this CANCEL, or of the INVITE that it is for.
    bool knows(const Message& cancel) const;

    std::size_t server_count() const;
    std::size_t client_count() const;
    // The tables agree with each other, and in every transaction exactly the timers of its state
    // run.
    bool is_consistent() const;

private:
    struct Tables;
    std::unique_ptr<Tables> tables_;
};

// Where a response to `request`, received by `from`, goes (RFC 3261 §18.2.2, RFC 3581 §4): the same
// flow; over UDP to received and rport, else received and the sent-by port.
Hop response_hop(const Message& request, const Hop& from);

// "z9hG4bK" and an unguessable identifier that names its owner.
std::string make_branch(Bucket bucket, Random& random);
// The owner that the branch of a request of ours names.
Bucket bucket_of_branch(const Message& request);

}  // namespace ringwall::sip::transaction
