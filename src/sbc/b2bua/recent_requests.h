// Out-of-dialog requests that are under way, or were just answered, by what makes a request the
// same by every way that it comes (RFC 3261 §8.2.2.2): remembered as long as their transactions.
#pragma once

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <unordered_map>

#include "sip/message.h"
#include "sip/transaction/actions.h"

namespace ringwall::sbc::b2bua {

class RecentRequests {
public:
    void add(sip::transaction::ServerId id, const sip::Message& request);
    void on_server_ended(sip::transaction::ServerId id);
    bool contains(const sip::Message& request) const;
    std::size_t size() const { return identities_.size(); }

private:
    // Peers choose them, hence the tree: no choice of theirs makes a search slow.
    std::set<std::string> identities_;
    std::unordered_map<sip::transaction::ServerId, std::set<std::string>::iterator> by_server_;
};

}  // namespace ringwall::sbc::b2bua
