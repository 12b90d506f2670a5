// What the shards of one program tell each other. A call lives on one shard; its peers' connections
// and datagrams may come in at others. Who receives parses, and hands over what names another as
// its owner; who sends over another's connection gives it the octets.
//
//      receiver                                   owner of the call
//        | --- HandedOver (flow, message) -------------> |
//        | <-- Octets --------------------------------- |
//        | --- FlowGone -------------------------------> |   to all that ever used it
//
// Between two shards letters arrive in the order in which they were posted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/id.h"
#include "base/random.h"
#include "engine/flow.h"
#include "engine/port.h"
#include "sip/message.h"
#include "sip/transport.h"

namespace ringwall::engine {

// A message for a call of yours. `flow` is what is known of the connection, for it is not yours;
// you will be told when it is gone. Of a datagram: nothing, you have the socket too.
struct HandedOver {
    Flow flow;
    sip::Hop from;
    sip::MessagePtr message;
};
// A CANCEL whose INVITE the asker does not know. It goes round; if nobody knows, the asker answers.
struct Search {
    HandedOver cancel;
    ShardNumber asker = 0;
};
// To be sent on a connection of yours.
struct Octets {
    FlowId flow;
    std::string bytes;
};
// `by` uses a connection of yours: FlowKnown follows when it stands, FlowGone when it is closed, at
// once if it is already.
struct Watch {
    FlowId flow;
    ShardNumber by = 0;
};
struct FlowKnown {
    Flow flow;
};
struct FlowGone {
    FlowId flow;
};
// To be opened by you, under this id. The asker watches it.
struct Open {
    FlowId flow;
    ConnectSpec spec;
    ShardNumber by = 0;
};
struct Close {
    FlowId flow;
    CloseReason reason = CloseReason::Shutdown;
};

using Letter = std::variant<HandedOver, Search, Octets, Watch, FlowKnown, FlowGone, Open, Close>;

// The others, as one shard sees them.
class Siblings {
public:
    virtual ~Siblings() = default;
    virtual ShardNumber count() const = 0;  // with this one
    // Kept until flush(), which sends all as one batch to each.
    virtual void post(ShardNumber to, Letter letter) = 0;
    virtual void flush() = 0;
    // As post and flush in one, from within a lock: whoever comes by the lock after it and posts to
    // the same shard is behind it.
    virtual void post_now(ShardNumber to, Letter letter) = 0;
};

// The bucket of the call that a message is for, as our own identifiers in it say: of a response the
// branch; of a request the To tag, or of an INVITE the dialog that it is to replace (RFC 3891).
std::optional<Bucket> owner_named_by(const sip::Message& message);

// Which shard is which: the number of one, and the way to the others. Alone by default.
struct Place {
    ShardNumber number = 0;
    Siblings* siblings = nullptr;

    ShardNumber count() const { return siblings == nullptr ? ShardNumber{1} : siblings->count(); }
    ShardNumber owner(Bucket bucket) const {
        return static_cast<ShardNumber>(bucket.value % count());
    }
    // A bucket of this shard: always the same one, for what answers without a call.
    Bucket own_bucket() const { return {static_cast<std::uint8_t>(number)}; }
    // Any of this shard's, for a new call.
    Bucket new_bucket(Random& random) const;
};

}  // namespace ringwall::engine
