// REGISTER, again and again, of many users in turn.
#pragma once

#include "load.h"

namespace ringwall::bench {

class RegisterLoad final : public Load {
public:
    RegisterLoad(const Options& options, Ends& ends, Random& random);

protected:
    void begin(std::size_t slot) override;
    void on_operation_message(Channel& channel, const Endpoint& from,
                              const sip::Message& message) override;
};

}  // namespace ringwall::bench
