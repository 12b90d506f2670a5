// Watches the actions of one transaction: what no owner should ever be asked for ends the program.
#pragma once

#include <set>
#include <variant>
#include <vector>

#include "base/check.h"
#include "base/visitor.h"
#include "sip/transaction/actions.h"

namespace ringwall::fuzz {

class Witness {
public:
    using Timer = sip::transaction::Timer;

    void see(const sip::transaction::Action& action) {
        CHECK(!has_ended_);  // nothing comes after the end
        std::visit([this](const auto& a) { on(a); }, action);
    }
    void see(const sip::transaction::Actions& actions) {
        for (const auto& action : actions) {
            see(action);
        }
    }
    // The owner's clock takes it off the wheel before it tells the transaction.
    void expire(Timer timer) { running_.erase(timer); }

    const std::set<Timer>& running() const { return running_; }
    bool has_ended() const { return has_ended_; }

private:
    void on(const sip::transaction::Transmit& a) { CHECK(a.message != nullptr); }
    void on(const sip::transaction::StartTimer& a) {
        CHECK(a.after >= Duration(0));
        CHECK(running_.insert(a.timer).second);  // one that runs is not started again
    }
    void on(const sip::transaction::StopTimer& a) { CHECK(running_.erase(a.timer) == 1); }
    void on(const sip::transaction::NewRequest& a) { CHECK(a.request != nullptr); }
    void on(const sip::transaction::Ack& a) { CHECK(a.request != nullptr); }
    void on(const sip::transaction::NewResponse& a) {
        CHECK(a.response != nullptr);
        CHECK(a.response->status() >= 100);
    }
    void on(const sip::transaction::ClientFailed& a) {
        CHECK(a.request != nullptr);
        CHECK(a.cause != sip::transaction::TerminationCause::Normal);
        CHECK(!has_failed_);
        has_failed_ = true;
    }
    void on(const sip::transaction::ServerEnded&) { end(); }
    void on(const sip::transaction::ClientEnded&) { end(); }
    void on(const sip::transaction::Stray& a) { CHECK(a.response != nullptr); }
    void end() {
        CHECK(running_.empty());  // a timer of a transaction that is gone
        has_ended_ = true;
    }

    std::set<Timer> running_;
    bool has_failed_ = false;
    bool has_ended_ = false;
};

}  // namespace ringwall::fuzz
