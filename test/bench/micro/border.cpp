#include "micro/border.h"

#include <ctime>

#include "base/check.h"
#include "base/log.h"
#include "sbc/config/reader.h"

namespace ringwall::bench {

Border::Border(const std::string& configuration) {
    log::set_level(log::Level::Error);
    const auto read = sbc::read_configuration(
        configuration, "bench.conf", [](const std::string&) -> Result<std::string, std::string> {
            return fail(std::string("no such file"));
        });
    if (!read) check_failed(read.error().to_string().c_str(), __FILE__, __LINE__);
    snapshot_ = read->snapshot;
    sbc_ = std::make_unique<sbc::Sbc>(shared_, network_, random_, *this, snapshot_, now_);
    std::uint64_t id = 0;
    for (const auto& wanted : sbc::Sbc::listeners(*snapshot_)) {
        ++id;
        sbc_->add_listener({id}, wanted.local, wanted.transport, FlowId{id});
        if (wanted.transport == sip::Transport::Udp) listeners_[wanted.local.port] = {id};
    }
}

namespace {

// Of this thread, so that others on the same core do not count.
std::chrono::nanoseconds cpu_time() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

template <class Function>
void Border::timed(Function&& function) {
    const auto begun = cpu_time();
    function();
    taken_ += cpu_time() - begun;
}

std::vector<KeepingNetwork::Packet> Border::receive(std::uint16_t port, const Endpoint& from,
                                                    const std::string& bytes) {
    const engine::ListenerId listener = listeners_.at(port);
    timed([&] { sbc_->shard().on_datagram(listener, FlowId{listener.value}, from, bytes, now_); });
    return std::exchange(network_.sent, {});
}

void Border::pass(Duration duration) {
    now_.monotonic += duration;
    now_.wall += std::chrono::floor<std::chrono::milliseconds>(duration);
    timed([&] { sbc_->shard().on_time(now_); });
    network_.sent.clear();
}

double Border::seconds_taken() {
    return std::chrono::duration<double>(std::exchange(taken_, {})).count();
}

}  // namespace ringwall::bench
