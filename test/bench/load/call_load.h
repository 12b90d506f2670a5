// Calls: INVITE, 180, 200, ACK, BYE, 200, with caller and callee here. The callee keeps nothing: it
// answers what it hears. A latency is from the INVITE to its 200.
//
// Held: the calls stay up together; memory is read before, when all are up, and after all BYEs.
#pragma once

#include "load.h"

namespace ringwall::bench {

class CallLoad final : public Load {
public:
    CallLoad(const Options& options, Ends& ends, Random& random);

    // Held, after run(): ends the calls. What memory was and is used, for the result.
    nlohmann::json hang_up();

protected:
    void begin(std::size_t slot) override;
    void on_operation_message(Channel& channel, const Endpoint& from,
                              const sip::Message& message) override;

private:
    void answer(const Channel& channel, const Endpoint& from, const sip::Message& request);
    void on_response(const Channel& channel, std::size_t slot, const sip::Message& response);
    RequestIds ids(std::size_t slot, std::uint32_t cseq, std::string_view method);
    const Party& caller(std::size_t slot);

    std::vector<std::string> targets_;       // by slot
    std::vector<std::uint8_t> is_answered_;  // by slot
    // Held calls.
    ServerProcess server_;
    std::uint64_t memory_before_ = 0;
    std::vector<std::pair<std::size_t, std::string>> byes_;  // by caller
    std::size_t byes_answered_ = 0;
};

}  // namespace ringwall::bench
