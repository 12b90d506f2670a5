#include "net/resolver.h"

#include <ares.h>
#include <netdb.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <mutex>
#include <set>
#include <unordered_map>

#include "net/dns_message.h"

namespace ringwall::net {

namespace {

constexpr int first_timeout_ms = 2000;  // for each server; the second try waits twice as long
constexpr int tries = 2;
constexpr Duration hosts_lifetime = 30s;  // of what /etc/hosts says
constexpr const char* servers_file = "/etc/resolv.conf";

std::pair<std::int64_t, std::int64_t> time_of(const char* file) {
    struct stat status {};
    return stat(file, &status) == 0 ? std::pair<std::int64_t, std::int64_t>(status.st_mtim.tv_sec,
                                                                            status.st_mtim.tv_nsec)
                                    : std::pair<std::int64_t, std::int64_t>();
}

// "_sips._tcp.example.com" -> "example.com"
std::string host_of(const std::string& name) {
    std::string_view rest = name;
    while (rest.starts_with('_') && rest.find('.') != std::string_view::npos) {
        rest.remove_prefix(rest.find('.') + 1);
    }
    return std::string(rest);
}

}  // namespace

struct Resolver::Channel {
    // A descriptor of c-ares that the loop watches.
    struct Socket final : EventSource {
        Socket(Channel& its_channel, int its_fd) : channel(its_channel), fd(its_fd) {}
        void on_ready(Readiness readiness) override {
            ares_process_fd(channel.ares, readiness.is_readable ? fd : ARES_SOCKET_BAD,
                            readiness.is_writable ? fd : ARES_SOCKET_BAD);
        }
        Channel& channel;
        int fd;
        Loop::Watch watch = 0;
    };
    struct Asked {
        Channel& channel;
        dns::Question question;
    };

    explicit Channel(Loop& its_loop) : loop(its_loop) {}
    ~Channel() { close(); }
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;

    bool open();
    void close();
    void ask(const dns::Question& question);
    bool find_in_hosts(const dns::Question& question);
    std::vector<IpAddress> hosts(const std::string& name, int family) const;
    void on_socket(int fd, Interest interest);
    void hear(const dns::Question& question, dns::Answer answer);

    static void on_state(void* self, ares_socket_t fd, int readable, int writable);
    static void on_answer(void* asked, int status, int timeouts, unsigned char* bytes, int size);

    Loop& loop;
    ares_channel ares = nullptr;
    std::pair<std::int64_t, std::int64_t> servers_time;
    std::unordered_map<int, std::unique_ptr<Socket>> sockets;
    // Closed while one of them may be at work.
    std::vector<std::unique_ptr<Socket>> closed;
    std::set<dns::Question> asking;
    std::vector<Answered> answers;
};

bool Resolver::Channel::open() {
    static std::once_flag once;
    std::call_once(once, [] { ares_library_init(ARES_LIB_INIT_ALL); });
    ares_options options{};
    options.timeout = first_timeout_ms;
    options.tries = tries;
    options.sock_state_cb = on_state;
    options.sock_state_cb_data = this;
    servers_time = time_of(servers_file);
    if (ares_init_options(&ares, &options,
                          ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB) !=
        ARES_SUCCESS) {
        ares = nullptr;
    }
    return ares != nullptr;
}

void Resolver::Channel::close() {
    if (ares != nullptr) {
        ares_destroy(std::exchange(ares, nullptr));
    }
}

void Resolver::Channel::ask(const dns::Question& question) {
    if (!asking.insert(question).second) {
        return;
    }
    // The operator, or DHCP, has named other servers.
    if (asking.size() == 1 && ares != nullptr && time_of(servers_file) != servers_time) {
        close();
    }
    if (ares == nullptr && !open()) {
        hear(question, {});
        return;
    }
    if (find_in_hosts(question)) {
        return;
    }
    ares_query(ares, question.name.c_str(), 1, number_of(question.type), on_answer,
               new Asked{*this, question});
}

// A name that the operator has written down has the addresses that stand there, and no services.
bool Resolver::Channel::find_in_hosts(const dns::Question& question) {
    const std::string name = host_of(question.name);
    const auto v4 = hosts(name, AF_INET);
    const auto v6 = hosts(name, AF_INET6);
    if (v4.empty() && v6.empty()) {
        return false;
    }
    dns::Answer answer;
    if (question.type == dns::RecordType::A) {
        answer.addresses = v4;
    } else if (question.type == dns::RecordType::Aaaa) {
        answer.addresses = v6;
    }
    answer.outcome = answer.addresses.empty() ? dns::Outcome::NoRecords : dns::Outcome::Records;
    answer.lifetime = hosts_lifetime;
    hear(question, std::move(answer));
    return true;
}

std::vector<IpAddress> Resolver::Channel::hosts(const std::string& name, int family) const {
    std::vector<IpAddress> out;
    hostent* host = nullptr;
    if (ares_gethostbyname_file(ares, name.c_str(), family, &host) != ARES_SUCCESS) {
        return out;
    }
    if (host->h_addrtype == family) {
        for (char** each = host->h_addr_list; *each != nullptr; ++each) {
            IpAddress address;
            address.family = family == AF_INET ? IpAddress::Family::V4 : IpAddress::Family::V6;
            std::memcpy(address.bytes.data(), *each, static_cast<std::size_t>(host->h_length));
            out.push_back(address);
        }
    }
    ares_free_hostent(host);
    return out;
}

void Resolver::Channel::hear(const dns::Question& question, dns::Answer answer) {
    asking.erase(question);
    answers.emplace_back(question, std::move(answer));
}

void Resolver::Channel::on_answer(void* asked, int status, int /*timeouts*/, unsigned char* bytes,
                                  int size) {
    const std::unique_ptr<Asked> self(static_cast<Asked*>(asked));
    if (status == ARES_EDESTRUCTION || status == ARES_ECANCELLED) {
        return;
    }
    dns::Answer answer;
    if (bytes != nullptr && size > 0) {
        answer = read_dns_answer({bytes, static_cast<std::size_t>(size)}, self->question);
    }
    self->channel.hear(self->question, std::move(answer));
}

void Resolver::Channel::on_state(void* self, ares_socket_t fd, int readable, int writable) {
    Interest interest = Interest::None;
    if (readable != 0) {
        interest = writable != 0 ? Interest::ReadAndWrite : Interest::Read;
    } else if (writable != 0) {
        interest = Interest::Write;
    }
    static_cast<Channel*>(self)->on_socket(fd, interest);
}

void Resolver::Channel::on_socket(int fd, Interest interest) {
    const auto found = sockets.find(fd);
    if (interest == Interest::None) {
        if (found != sockets.end()) {
            loop.unwatch(found->second->watch);
            closed.push_back(std::move(found->second));
            sockets.erase(found);
        }
        return;
    }
    if (found != sockets.end()) {
        loop.change(found->second->watch, interest);
        return;
    }
    auto socket = std::make_unique<Socket>(*this, fd);
    socket->watch = loop.watch(fd, interest, *socket);
    if (socket->watch != 0) {  // else the question runs out of time
        sockets.emplace(fd, std::move(socket));
    }
}

Resolver::Resolver(Loop& loop) : channel_(std::make_unique<Channel>(loop)) {}

Resolver::~Resolver() = default;

void Resolver::query(const dns::Question& question) {
    channel_->ask(question);
}

Duration Resolver::time_to_wait() const {
    if (!channel_->answers.empty()) {
        return Duration::zero();
    }
    timeval storage{};
    const timeval* wait =
        channel_->ares != nullptr ? ares_timeout(channel_->ares, nullptr, &storage) : nullptr;
    return wait == nullptr ? Duration::max()
                           : std::chrono::seconds(wait->tv_sec) + Duration(wait->tv_usec);
}

void Resolver::on_time() {
    if (channel_->ares != nullptr && !channel_->asking.empty()) {
        ares_process_fd(channel_->ares, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    }
    channel_->closed.clear();
}

std::vector<Resolver::Answered> Resolver::take_answers() {
    return std::exchange(channel_->answers, {});
}

}  // namespace ringwall::net
