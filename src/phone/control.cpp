#include "phone/control.h"

#define CPPHTTPLIB_THREAD_POOL_COUNT 1
#include <httplib.h>

#include <array>
#include <deque>
#include <future>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/visitor.h"

namespace ringwall::phone {

using nlohmann::json;

namespace {

constexpr std::size_t max_events = 256;
constexpr std::size_t max_body = 4096;
constexpr int bad_request = 400;
constexpr int forbidden = 403;
constexpr int conflict = 409;

std::string_view to_string(Line::State state) {
    switch (state) {
        case Line::State::Off:
            return "off";
        case Line::State::Locating:
            return "locating";
        case Line::State::Connecting:
            return "connecting";
        case Line::State::Up:
            return "up";
        case Line::State::Waiting:
            return "waiting";
    }
    return "";
}

json to_json(const Phone& phone, const Line& line) {
    const Mailbox& mailbox = phone.mailbox(line);
    return {{"line", line.settings().number},   {"user", line.address_of_record()},
            {"state", to_string(line.state())}, {"registered", line.is_registered()},
            {"problem", line.problem()},        {"messages-waiting", mailbox.is_waiting},
            {"new-messages", mailbox.fresh},    {"old-messages", mailbox.old}};
}

json to_json(Call& call) {
    const media::StreamStatistics sound = call.statistics();
    return {{"call", call.id().value},
            {"line", call.line().settings().number},
            {"state", to_string(call.state())},
            {"incoming", call.origin() == Call::Origin::Theirs},
            {"remote", call.remote_uri()},
            {"remote-name", call.remote_name()},
            {"held", call.is_held()},
            {"held-by-peer", call.is_held_by_peer()},
            {"secure", call.is_secure()},
            {"status", call.end_status()},
            {"reason", call.end_reason()},
            {"packets-sent", sound.packets_sent},
            {"packets-received", sound.packets_received},
            {"packets-lost", sound.packets_lost},
            {"packets-refused", sound.packets_refused}};
}

json outcome(const Result<void, std::string>& result) {
    return result ? json::object() : json{{"error", result.error()}};
}

std::string text_of(const json& body, const char* name) {
    const auto found = body.find(name);
    return found != body.end() && found->is_string() ? found->get<std::string>() : "";
}

std::uint64_t number_of(const json& body, const char* name, std::uint64_t otherwise) {
    const auto found = body.find(name);
    return found != body.end() && found->is_number_unsigned() ? found->get<std::uint64_t>()
                                                              : otherwise;
}

media::Source source_of(const json& body) {
    if (const std::string file = text_of(body, "file"); !file.empty()) {
        return media::File{file, true};
    }
    const auto hertz = static_cast<unsigned>(number_of(body, "tone", 0));
    return hertz == 0 ? media::Source(media::Silence{}) : media::Source(media::Tone{hertz});
}

bool is_of_this_machine(const httplib::Request& request) {
    const std::string host = request.get_header_value("Host");
    const std::string name = host.substr(0, host.rfind(':'));
    return !request.has_header("Origin") && (name == "127.0.0.1" || name == "localhost");
}

}  // namespace

struct Control::Impl {
    engine::Worker* worker = nullptr;
    Phone* phone = nullptr;
    httplib::Server server;
    std::thread thread;
    std::mutex mutex;  // of the events: they are read by the server's thread
    std::deque<json> events;
    std::uint64_t last_event = 0;

    void note(json event) {
        const std::lock_guard lock(mutex);
        event["event"] = ++last_event;
        events.push_back(std::move(event));
        if (events.size() > max_events) {
            events.pop_front();
        }
    }
    json events_after(std::uint64_t number) {
        const std::lock_guard lock(mutex);
        json out = json::array();
        for (const json& each : events) {
            if (each["event"].get<std::uint64_t>() > number) {
                out.push_back(each);
            }
        }
        return out;
    }

    // On the phone's thread, and back with what it says.
    template <class Function>
    json ask(Function function) {
        auto task = std::make_shared<std::packaged_task<json()>>([this, function] {
            phone->shard().wake(worker->now());
            return function(*phone);
        });
        auto result = task->get_future();
        worker->post([task] { (*task)(); });
        return result.get();
    }
    void set_routes();
    template <class Function>
    void post(const std::string& path, Function function);
};

// `function` gets the phone, the number in the path and the body.
template <class Function>
void Control::Impl::post(const std::string& path, Function function) {
    server.Post(
        path, [this, function](const httplib::Request& request, httplib::Response& response) {
            const json body =
                request.body.empty() ? json::object() : json::parse(request.body, nullptr, false);
            const bool is_json = request.get_header_value("Content-Type") == "application/json";
            if (!body.is_object() || !is_json) {
                response.status = bad_request;
                response.set_content(R"({"error":"the body must be a JSON object, and say so"})",
                                     "application/json");
                return;
            }
            const std::string digits = request.matches.size() > 1 ? request.matches[1].str() : "0";
            const CallId call{std::strtoull(digits.c_str(), nullptr, 10)};
            const json said = ask([&](Phone& it) { return function(it, call, body); });
            response.status = said.contains("error") ? conflict : 200;
            response.set_content(said.dump(-1, ' ', false, json::error_handler_t::replace),
                                 "application/json");
        });
}

void Control::Impl::set_routes() {
    server.set_pre_routing_handler([](const auto& request, auto& response) {
        if (is_of_this_machine(request)) {
            return httplib::Server::HandlerResponse::Unhandled;
        }
        response.status = forbidden;
        return httplib::Server::HandlerResponse::Handled;
    });
    const auto say = [](httplib::Response& response, const json& what) {
        response.set_content(what.dump(-1, ' ', false, json::error_handler_t::replace),
                             "application/json");
    };
    server.Get("/state", [this, say](const httplib::Request&, httplib::Response& response) {
        say(response, ask([](Phone& it) {
                json state = {{"lines", json::array()}, {"calls", json::array()}};
                for (const auto& line : it.lines()) {
                    state["lines"].push_back(to_json(it, *line));
                }
                for (const auto& [id, call] : it.calls()) {
                    state["calls"].push_back(to_json(*call));
                }
                return state;
            }));
    });
    server.Get("/events",
               [this, say](const httplib::Request& request, httplib::Response& response) {
                   const std::string after = request.get_param_value("after");
                   say(response, events_after(std::strtoull(after.c_str(), nullptr, 10)));
               });
    post("/dial", [](Phone& it, CallId, const json& body) {
        const auto dialled = it.dial(number_of(body, "line", 1) - 1, text_of(body, "to"));
        if (!dialled) {
            return json{{"error", dialled.error()}};
        }
        return *dialled ? json{{"call", (*dialled)->value}} : json::object();
    });
    post("/conference", [](Phone& it, CallId, const json& body) {
        std::vector<CallId> calls;
        for (const json& each : body.value("calls", json::array())) {
            if (each.is_number_unsigned()) {
                calls.push_back({each.get<std::uint64_t>()});
            }
        }
        return outcome(it.conference(calls));
    });
    post(R"(/calls/(\d{1,18})/answer)",
         [](Phone& it, CallId call, const json&) { return outcome(it.answer(call)); });
    post(R"(/calls/(\d{1,18})/hangup)",
         [](Phone& it, CallId call, const json&) { return outcome(it.hang_up(call)); });
    post(R"(/calls/(\d{1,18})/hold)",
         [](Phone& it, CallId call, const json&) { return outcome(it.hold(call, true)); });
    post(R"(/calls/(\d{1,18})/resume)",
         [](Phone& it, CallId call, const json&) { return outcome(it.hold(call, false)); });
    post(R"(/calls/(\d{1,18})/reject)", [](Phone& it, CallId call, const json& body) {
        const std::uint64_t status = number_of(body, "status", 486);
        return status < 400 || status > 699
                   ? json{{"error", "the status of a rejection is from 400 to 699"}}
                   : outcome(it.reject(call, static_cast<int>(status)));
    });
    post(R"(/calls/(\d{1,18})/digits)", [](Phone& it, CallId call, const json& body) {
        return outcome(it.send_digits(call, text_of(body, "digits")));
    });
    post(R"(/calls/(\d{1,18})/transfer)", [](Phone& it, CallId call, const json& body) {
        const CallId other{number_of(body, "call", 0)};
        return outcome(other ? it.transfer(call, other) : it.transfer(call, text_of(body, "to")));
    });
    const auto with_call = [](Phone& it, CallId call, auto function) {
        Call* const found = it.call(call);
        return found == nullptr ? json{{"error", "there is no such call"}} : function(*found);
    };
    post(R"(/calls/(\d{1,18})/source)", [with_call](Phone& it, CallId call, const json& body) {
        return with_call(it, call, [&](Call& found) {
            found.set_source(source_of(body));
            return json::object();
        });
    });
    post(R"(/calls/(\d{1,18})/record)", [with_call](Phone& it, CallId call, const json& body) {
        return with_call(it, call,
                         [&](Call& found) { return outcome(found.record(text_of(body, "path"))); });
    });
}

Control::Control() : impl_(std::make_unique<Impl>()) {}

Control::~Control() {
    stop();
}

Result<void, std::string> Control::listen(engine::Worker& worker, Phone& phone,
                                          std::uint16_t port) {
    impl_->worker = &worker;
    impl_->phone = &phone;
    impl_->server.new_task_queue = [] { return new httplib::ThreadPool(1); };
    impl_->server.set_payload_max_length(max_body);
    impl_->server.set_keep_alive_max_count(1);
    impl_->set_routes();
    if (!impl_->server.bind_to_port("127.0.0.1", port)) {
        return fail("cannot listen on 127.0.0.1:" + std::to_string(port) +
                    " for control; end the program that has it, or choose another --control");
    }
    impl_->thread = std::thread([impl = impl_.get()] { impl->server.listen_after_bind(); });
    return {};
}

void Control::stop() {
    if (impl_->thread.joinable()) {
        impl_->server.stop();
        impl_->thread.join();
    }
}

void Control::on_line_changed(const Line& line) {
    impl_->note({{"line", line.settings().number},
                 {"state", to_string(line.state())},
                 {"registered", line.is_registered()},
                 {"problem", line.problem()}});
}

void Control::on_call_changed(Call& call) {
    impl_->note(to_json(call));
}

void Control::on_digit(Call& call, char digit) {
    impl_->note({{"call", call.id().value}, {"digit", std::string(1, digit)}});
}

void Control::on_transferred(Call& call, int status) {
    impl_->note({{"call", call.id().value}, {"transfer", status}});
}

void Control::on_messages(const Line& line) {
    impl_->note({{"line", line.settings().number}, {"messages", true}});
}

void Control::on_order(const Line& line, std::string_view event) {
    impl_->note({{"line", line.settings().number}, {"order", event}});
}

}  // namespace ringwall::phone
