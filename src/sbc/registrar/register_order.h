// Which of a phone's REGISTERs is the newest that a registrar behind us has answered (RFC 3261
// §10.3 step 7). Bindings know it as long as they are there; this is for what a newer request has
// taken away, while the answer to an older one may still come. So a Call-ID is known here for as
// long as a REGISTER of it is under way, and no longer. For all workers, from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "sip/message.h"

namespace ringwall::sbc::registrar {

class RegisterOrder {
public:
    // It goes to the registrar; its answer has come, or will not. `user` is the canonical
    // address-of-record.
    void begin(const sip::Message& request, std::string_view user);
    void end(const sip::Message& request, std::string_view user);

    // The registrar's answer to it is in force: older ones come too late.
    void answered(const sip::Message& request, std::string_view user);
    bool is_overtaken(const sip::Message& request, std::string_view user) const;

    std::size_t size() const;

private:
    struct UnderWay {
        std::size_t count = 0;
        std::uint32_t newest = 0;  // CSeq number of what was answered
    };
    using Key = std::pair<std::string, std::string>;  // user, Call-ID
    static Key key_of(const sip::Message& request, std::string_view user);

    mutable std::mutex mutex_;
    std::map<Key, UnderWay> under_way_;
};

}  // namespace ringwall::sbc::registrar
