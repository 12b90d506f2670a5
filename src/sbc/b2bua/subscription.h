// A subscription that passes through (RFC 6665): made by a SUBSCRIBE, or implied by a REFER outside
// any dialog (RFC 3515). It is a forwarded request that leaves pairs of dialogs behind: one for
// each notifier that the request was forked to, with a To tag of its own towards the subscriber.
//
//   subscriber  -- SUBSCRIBE -->  Subscription  -- SUBSCRIBE -->  notifier
//               <--- NOTIFY ----                <--- NOTIFY ----
//
// A dialog begins with the 2xx or with a NOTIFY, whichever comes first. It ends when a NOTIFY said
// "terminated", when either side knows no more of it, when no NOTIFY follows a 2xx within 64*T1
// (timer N), or when nobody refreshed it in time. Event packages are not looked at.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "sbc/b2bua/dialog_pair.h"
#include "sbc/b2bua/forwarded_request.h"

namespace ringwall::sbc::b2bua {

class Subscription final : public ForwardedRequest {
public:
    Subscription(CallHost& host, Setup setup);

    void on_request(sip::transaction::ServerId id, const sip::Hop& from,
                    const sip::MessagePtr& request) override;
    void on_response(sip::transaction::ClientId id, const sip::MessagePtr& response) override;
    void on_client_failed(sip::transaction::ClientId id,
                          sip::transaction::TerminationCause cause) override;
    std::uint32_t next_cseq(sip::transaction::ClientId id, std::uint32_t used) override;
    void on_sent_again(sip::transaction::ClientId id, const sip::MessagePtr& request) override;
    void on_timer(std::uint32_t cookie) override;
    std::vector<AdjacencyIndex> adjacencies() const override;
    void terminate(std::string_view reason) override;
    bool is_consistent() const override;

private:
    struct Entry {
        std::unique_ptr<DialogPair> pair;
        bool is_notified = false;  // a NOTIFY came: timer N has no more say
        bool is_ending = false;    // one that says "terminated"
        TimePoint deadline;
        std::optional<TimePoint> armed;  // when the timer goes that is started
    };

    void on_sending(const Attempt& attempt) override;
    void accept(const Attempt& attempt, const sip::MessagePtr& response) override;

    const Attempt* attempt_of(const sip::Message& notify) const;
    Entry* entry_of(const sip::Message& notify, const Attempt& attempt, const sip::Hop& from);
    Entry* add(const Attempt& attempt, const sip::Hop& notifier, sip::Dialog dialog);
    void on_notify(Entry& entry, const sip::Message& notify);
    void on_refreshed(Entry& entry, const sip::Message& response);
    void stand_for(Entry& entry, Duration duration);
    void arm(Entry& entry);
    void end(Entry& entry);
    void end_those_of_failed_attempts();
    void notify_terminated(Entry& entry, std::string_view reason);
    void unsubscribe(Entry& entry);
    void check_over();

    CallHost& host_;
    std::vector<Entry> entries_;
    std::optional<std::size_t> accepted_;  // the attempt whose 2xx passed
    Duration granted_;                     // by the last 2xx; before: asked for
};

}  // namespace ringwall::sbc::b2bua
