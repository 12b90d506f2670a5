#include "phone/control/server.h"

#include <array>
#include <condition_variable>
#include <ctime>
#include <deque>
#include <functional>
#include <future>
#include <list>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/log.h"
#include "base/text.h"
#include "media/background.h"
#include "net/bounded_server.h"
#include "phone/control/api.h"
#include "sip/header/media_type.h"

namespace ringwall::phone::control {

using nlohmann::json;

namespace {

constexpr std::size_t max_events = 256;
constexpr std::size_t max_body = 4096;
constexpr std::size_t max_streams = 3;  // each has a thread while it lasts
constexpr std::size_t other_threads = 3;
constexpr std::chrono::seconds roll_call_limit{5};  // as long as a write may take
constexpr int bad_request = 400;
constexpr int forbidden = 403;
constexpr int conflict = 409;
constexpr int unavailable = 503;

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

json to_json(const Line& line) {
    return {{"line", line.settings().number},
            {"user", line.address_of_record()},
            {"state", to_string(line.state())},
            {"registered", line.is_registered()},
            {"problem", line.problem()}};
}

json to_json(const Phone& phone, const Line& line) {
    const Mailbox& mailbox = phone.mailbox(line);
    json out = to_json(line);
    out["messages-waiting"] = mailbox.is_waiting;
    out["new-messages"] = mailbox.fresh;
    out["old-messages"] = mailbox.old;
    return out;
}

json to_json(Call& call) {
    const media::StreamStatistics sound = call.statistics();
    const auto milliseconds = [](Duration time) {
        return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
    };
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
            {"packets-late", sound.packets_late},
            {"packets-concealed", sound.packets_concealed},
            {"packets-refused", sound.packets_refused},
            {"jitter", milliseconds(sound.jitter)},
            {"playout-delay", milliseconds(sound.buffered)}};
}

json to_json(const WatchedLine& watched) {
    const OtherDialog* const ringing = watched.dialogs.ringing();
    return {{"key", watched.key.number},
            {"line", watched.key.line},
            {"name", watched.key.name},
            {"uri", watched.key.address},
            {"lamp", to_string(watched.dialogs.state())},
            {"caller", ringing == nullptr ? "" : ringing->remote}};
}

json to_json(const UserServices& services) {
    return {{"do-not-disturb", services.do_not_disturb},
            {"call-waiting", services.call_waiting},
            {"secure-calls", services.secure_calls},
            {"block-caller-id", services.blocks_caller_id},
            {"block-anonymous", services.blocks_anonymous},
            {"forward-all", services.forward_all},
            {"forward-busy", services.forward_busy},
            {"forward-no-answer", services.forward_no_answer}};
}

json error(std::string_view sentence) {
    return {{"error", sentence}};
}

json outcome(const Result<void, std::string>& result) {
    return result ? json::object() : error(result.error());
}

json to_json(const Configuration::Shown& shown) {
    return {{"name", shown.name},
            {"value", shown.value},
            {"default", shown.default_value},
            {"access", shown.access}};
}

std::string text_of(const json& body, const char* name) {
    const auto found = body.find(name);
    return found == body.end() ? "" : found->get<std::string>();
}

std::uint64_t number_of(const json& body, const char* name, std::uint64_t otherwise) {
    const auto found = body.find(name);
    return found == body.end() ? otherwise : found->get<std::uint64_t>();
}

bool is_number(const json& value) {
    return value.is_number_unsigned();
}

// What is wrong with it; empty: nothing.
std::string fault_of(const Field& field, const json& value) {
    const std::string name = "\"" + std::string(field.name) + "\"";
    switch (field.type) {
        case Field::Type::Text:
            return value.is_string() ? "" : name + " must be text";
        case Field::Type::Number: {
            const bool fits = is_number(value) && value.get<std::uint64_t>() >= field.least &&
                              value.get<std::uint64_t>() <= field.most;
            return fits ? ""
                        : name + " must be a number from " + std::to_string(field.least) + " to " +
                              std::to_string(field.most);
        }
        case Field::Type::Numbers:
            return value.is_array() && std::ranges::all_of(value, is_number)
                       ? ""
                       : name + " must be a list of numbers";
    }
    return "";
}

// The fields of a request, each of its type; what is wrong with them as {"error": sentence}.
json checked(const Operation& operation, json given) {
    if (!given.is_object()) {
        return error("the body must be a JSON object, and say so: Content-Type: application/json");
    }
    std::string names;
    for (const Field& field : operation.fields) {
        const auto found = given.find(field.name);
        if (found == given.end() && field.need == Field::Need::Required) {
            return error("\"" + std::string(field.name) +
                         "\" is missing: " + std::string(field.help));
        }
        if (found != given.end()) {
            if (std::string fault = fault_of(field, *found); !fault.empty()) {
                return error(fault);
            }
        }
        names.append(names.empty() ? "" : ", ").append(field.name);
    }
    for (const auto& [name, value] : given.items()) {
        if (std::ranges::find(operation.fields, name, &Field::name) == operation.fields.end()) {
            return error("there is no \"" + name + "\" here; there " +
                         (names.empty() ? "is nothing to say" : "are: " + names));
        }
    }
    return given;
}

json query_of(const Operation& operation, const httplib::Request& request) {
    json out = json::object();
    for (const auto& [name, value] : request.params) {
        const auto field = std::ranges::find(operation.fields, name, &Field::name);
        const bool is_numeric =
            field != operation.fields.end() && field->type == Field::Type::Number;
        const auto number = is_numeric ? parse_number(value) : std::nullopt;
        out[name] = number ? json(*number) : json(value);
    }
    return out;
}

json body_of(const httplib::Request& request) {
    if (!sip::is_media_type(request.get_header_value("Content-Type"), "application", "json")) {
        return nullptr;
    }
    return request.body.empty() ? json::object() : json::parse(request.body, nullptr, false);
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

std::string text_of(const json& what) {
    return what.dump(-1, ' ', false, json::error_handler_t::replace);
}

void say(httplib::Response& response, int status, const json& what) {
    response.status = status;
    response.set_content(text_of(what), "application/json");
}

// ---- what the phone does ------------------------------------------------------------------------

using Action = json (*)(Phone& phone, CallId call, const json& fields);

json dial(Phone& phone, CallId, const json& fields) {
    const auto dialled = phone.dial(number_of(fields, "line", 1) - 1, text_of(fields, "to"));
    if (!dialled) {
        return error(dialled.error());
    }
    return *dialled ? json{{"call", (*dialled)->value}} : json::object();
}

json press(Phone& phone, CallId, const json& fields) {
    const auto call = phone.press(static_cast<unsigned>(number_of(fields, "key", 0)));
    return call ? json{{"call", call->value}} : error(call.error());
}

json join(Phone& phone, CallId, const json& fields) {
    std::vector<CallId> calls;
    for (const json& each : fields.value("calls", json::array())) {
        calls.push_back({each.get<std::uint64_t>()});
    }
    return outcome(phone.conference(calls));
}

json transfer(Phone& phone, CallId call, const json& fields) {
    if (fields.contains("call") == fields.contains("to")) {
        return error(
            "a call is transferred \"to\" a number, or to the far end of another \"call\"");
    }
    return outcome(fields.contains("call")
                       ? phone.transfer(call, CallId{number_of(fields, "call", 0)})
                       : phone.transfer(call, text_of(fields, "to")));
}

template <class Function>
json with_call(Phone& phone, CallId call, Function function) {
    Call* const found = phone.call(call);
    return found == nullptr ? error("there is no such call") : function(*found);
}

json set_source(Phone& phone, CallId call, const json& fields) {
    return with_call(phone, call,
                     [&](Call& found) { return outcome(found.set_source(source_of(fields))); });
}

json record(Phone& phone, CallId call, const json& fields) {
    return with_call(phone, call,
                     [&](Call& found) { return outcome(found.record(text_of(fields, "path"))); });
}

std::string date_time(const std::optional<WallTime>& time) {
    if (!time) {
        return "";
    }
    const std::time_t seconds = std::chrono::system_clock::to_time_t(
        std::chrono::time_point_cast<std::chrono::system_clock::duration>(*time));
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    std::array<char, 24> text{};
    return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

json history(Phone& phone, CallId, const json&) {
    json out = json::array();
    for (const PastCall& each : phone.history().calls()) {
        out.push_back({{"call", each.id.value},
                       {"line", each.line},
                       {"incoming", each.origin == Call::Origin::Theirs},
                       {"remote", each.remote_uri},
                       {"remote-name", each.remote_name},
                       {"began", date_time(each.began)},
                       {"answered", date_time(each.answered)},
                       {"ended", date_time(each.ended)},
                       {"status", each.status}});
    }
    return out;
}

json state(Phone& phone, CallId, const json&) {
    json out = {{"lines", json::array()},
                {"keys", json::array()},
                {"calls", json::array()},
                {"services", to_json(phone.services())}};
    for (const auto& line : phone.lines()) {
        out["lines"].push_back(to_json(phone, *line));
    }
    for (const WatchedLine& watched : phone.watched()) {
        out["keys"].push_back(to_json(watched));
    }
    for (const auto& [id, call] : phone.calls()) {
        out["calls"].push_back(to_json(*call));
    }
    return out;
}

// By the names of the operations; those of the server itself are not here.
const std::map<std::string_view, Action>& actions() {
    static const std::map<std::string_view, Action> table{
        {"state", state},
        {"history", history},
        {"dial", dial},
        {"press", press},
        {"voice-mail",
         [](Phone& it, CallId, const json& fields) {
             const auto call = it.dial_voice_mail(number_of(fields, "line", 1) - 1);
             return call ? json{{"call", call->value}} : error(call.error());
         }},
        {"keypad",
         [](Phone& it, CallId, const json& fields) {
             return outcome(
                 it.press_keys(number_of(fields, "line", 1) - 1, text_of(fields, "keys")));
         }},
        {"answer", [](Phone& it, CallId call, const json&) { return outcome(it.answer(call)); }},
        {"reject",
         [](Phone& it, CallId call, const json& fields) {
             return outcome(it.reject(call, static_cast<int>(number_of(fields, "status", 486))));
         }},
        {"hangup", [](Phone& it, CallId call, const json&) { return outcome(it.hang_up(call)); }},
        {"hold", [](Phone& it, CallId call, const json&) { return outcome(it.hold(call, true)); }},
        {"resume",
         [](Phone& it, CallId call, const json&) { return outcome(it.hold(call, false)); }},
        {"digits",
         [](Phone& it, CallId call, const json& fields) {
             return outcome(it.send_digits(call, text_of(fields, "digits")));
         }},
        {"transfer", transfer},
        {"conference", join},
        {"source", set_source},
        {"record", record},
    };
    return table;
}

// "/calls/{call}/hold" as the pattern of a route.
std::string pattern_of(const Operation& operation) {
    std::string out(operation.path);
    if (const auto at = out.find("{call}"); at != std::string::npos) {
        out.replace(at, std::string_view("{call}").size(), R"((\d{1,18}))");
    }
    return out;
}

bool is_any_up(const Phone& phone) {
    return std::ranges::any_of(
        phone.calls(), [](const auto& each) { return each.second->state() != Call::State::Ended; });
}

}  // namespace

struct Server::Impl {
    Impl(Configuration& what, OnChanged tell) : configuration(what), on_changed(std::move(tell)) {}

    Configuration& configuration;
    OnChanged on_changed;
    net::BoundedServer server{max_streams + other_threads};
    std::thread thread;

    std::mutex phone_mutex;  // held while something is asked of the phone, so that it stays
    engine::Worker* worker = nullptr;
    Phone* phone = nullptr;
    // The phone's thread.
    Phone* quiet_phone = nullptr;  // the same, to the end of its farewell
    bool starts_when_quiet = false;

    std::mutex mutex;  // of the events: they are read by the server's threads
    std::condition_variable has_happened;
    std::deque<json> events;
    std::uint64_t last_event = 0;
    struct Stream {
        std::uint64_t after = 0;     // the last event that it told
        std::uint64_t answered = 0;  // the last roll call that its listener was there for
    };
    std::list<Stream> streams;
    std::uint64_t roll_calls = 0;  // at each, streams whose listener is gone end
    std::condition_variable has_answered;
    bool is_stopping = false;

    // Writes the profile, and reads what it names: the phone does not wait for files.
    media::Background background;

    void note(std::string_view what, json event) {
        {
            const std::lock_guard lock(mutex);
            event["event"] = ++last_event;
            event["what"] = what;
            events.push_back(std::move(event));
            if (events.size() > max_events) {
                events.pop_front();
            }
        }
        has_happened.notify_all();
    }
    // With the lock: nobody is left whose listener may be gone.
    bool is_roll_called() const {
        return std::ranges::all_of(
            streams, [this](const Stream& each) { return each.answered == roll_calls; });
    }
    // With the lock.
    json events_after(std::uint64_t number) {
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
        const std::lock_guard lock(phone_mutex);
        if (phone == nullptr) {
            return nullptr;
        }
        std::packaged_task<json()> task([&] {
            json out;
            phone->shard().work(worker->now(), [&] { out = function(*phone); });
            return out;
        });
        auto result = task.get_future();
        worker->post([&task] { task(); });
        return result.get();
    }
    // In the background, after what is to be done there already, and back with what it says.
    template <class Function>
    auto in_background(Function function) {
        using Task = std::packaged_task<decltype(function())()>;
        const auto task = std::make_shared<Task>(std::move(function));
        auto result = task->get_future();
        background.post([task] { (*task)(); });
        return result.get();
    }
    void answer(const Operation& operation, const httplib::Request& request,
                httplib::Response& response);
    void start_again();
    json act(const Operation& operation, CallId call, const json& fields);
    json set(const json& fields);
    json get(const json& fields) const;
    void stream(const json& fields, const httplib::Request& request, httplib::Response& response);
    bool write_events(Stream& stream, httplib::DataSink& sink);
    void set_routes();
};

json Server::Impl::get(const json& fields) const {
    json out = json::array();
    if (!fields.contains("name")) {
        for (const Configuration::Shown& each : configuration.changed()) {
            out.push_back(to_json(each));
        }
        return out;
    }
    const auto shown = configuration.get(text_of(fields, "name"));
    if (!shown) {
        return error(shown.error());
    }
    out.push_back(to_json(*shown));
    return out;
}

// The phone starts again with it: at once, or when the last call is over.
json Server::Impl::set(const json& fields) {
    const auto done = in_background(
        [&] { return configuration.set(text_of(fields, "name"), text_of(fields, "value")); });
    if (!done) {
        return error(done.error());
    }
    std::string_view starts = "not needed";
    if (done->is_new) {
        const json is_waiting = ask([this](Phone& it) {
            starts_when_quiet = is_any_up(it);
            return json(starts_when_quiet);
        });
        starts = is_waiting == true ? "after the last call" : "now";
        if (is_waiting != true) {  // also when it is just starting, maybe with what was before
            on_changed();
        }
    }
    return {{"remarks", done->remarks}, {"starts", starts}};
}

// On the phone's thread: with the profile as it stands now, when no call is up.
void Server::Impl::start_again() {
    if (const auto read = configuration.reload(); !read) {
        log::error("phone.profile-not-read", {{"reason", read.error()}});
        return;
    }
    starts_when_quiet = is_any_up(*quiet_phone);
    if (!starts_when_quiet) {
        on_changed();
    }
}

json Server::Impl::act(const Operation& operation, CallId call, const json& fields) {
    if (operation.name == "events") {
        const std::lock_guard lock(mutex);
        return events_after(number_of(fields, "after", 0));
    }
    if (operation.name == "get") {
        return in_background([&] { return get(fields); });
    }
    if (operation.name == "set") {
        return set(fields);
    }
    if (operation.name == "description") {
        return json::parse(description());
    }
    const Action action = actions().at(operation.name);
    return ask([&](Phone& it) { return action(it, call, fields); });
}

void Server::Impl::answer(const Operation& operation, const httplib::Request& request,
                          httplib::Response& response) {
    const bool is_get = operation.method == Operation::Method::Get;
    const json fields =
        checked(operation, is_get ? query_of(operation, request) : body_of(request));
    if (fields.contains("error")) {
        return say(response, bad_request, fields);
    }
    if (operation.answer == "stream") {
        return stream(fields, request, response);
    }
    const std::string digits = operation.has_call() ? request.matches[1].str() : "0";
    const json said = act(operation, CallId{parse_number(digits).value_or(0)}, fields);
    if (said.is_null()) {
        return say(response, unavailable, error("the phone is just starting again; ask once more"));
    }
    say(response, said.is_object() && said.contains("error") ? conflict : 200, said);
}

// What has happened since, or nothing for a while: then a comment, which tells whether anybody is
// still there. False: enough.
bool Server::Impl::write_events(Stream& stream, httplib::DataSink& sink) {
    std::string out;
    std::uint64_t roll_call = 0;
    {
        std::unique_lock lock(mutex);
        has_happened.wait_for(lock, stream_pause, [&] {
            return is_stopping || last_event > stream.after || roll_calls > stream.answered;
        });
        if (is_stopping) {
            return false;
        }
        roll_call = roll_calls;
        for (const json& each : events_after(stream.after)) {
            stream.after = each["event"].get<std::uint64_t>();
            out.append("id: ").append(std::to_string(stream.after)).append("\ndata: ");
            out.append(text_of(each)).append("\n\n");
        }
    }
    out.append(out.empty() ? ": still here\n\n" : "");
    if (!sink.is_writable() || !sink.write(out.data(), out.size())) {
        return false;
    }
    const std::lock_guard lock(mutex);
    stream.answered = roll_call;
    has_answered.notify_all();
    return true;
}

void Server::Impl::stream(const json& fields, const httplib::Request& request,
                          httplib::Response& response) {
    std::list<Stream>::iterator added;
    {
        std::unique_lock lock(mutex);
        if (streams.size() >= max_streams) {  // maybe some of them have nobody who listens any more
            ++roll_calls;
            has_happened.notify_all();
            has_answered.wait_for(lock, roll_call_limit, [&] {
                return is_stopping || streams.size() < max_streams || is_roll_called();
            });
        }
        if (streams.size() >= max_streams) {
            return say(response, unavailable,
                       error("there are " + std::to_string(max_streams) +
                             " streams already; end one, or ask for /events"));
        }
        const std::uint64_t after =
            number_of(fields, "after",
                      parse_number(request.get_header_value("Last-Event-ID")).value_or(last_event));
        added = streams.insert(streams.end(), {.after = after, .answered = roll_calls});
    }
    response.set_header("Cache-Control", "no-store");
    response.set_chunked_content_provider(
        "text/event-stream",
        [this, added](std::size_t, httplib::DataSink& sink) { return write_events(*added, sink); },
        [this, added](bool) {
            const std::lock_guard lock(mutex);
            streams.erase(added);
            has_answered.notify_all();
        });
}

void Server::Impl::set_routes() {
    server.set_pre_routing_handler([](const auto& request, auto& response) {
        if (is_of_this_machine(request)) {
            return httplib::Server::HandlerResponse::Unhandled;
        }
        say(response, forbidden, error("only for programs on this machine"));
        return httplib::Server::HandlerResponse::Handled;
    });
    for (const Operation& operation : operations()) {
        const auto handler = [this, &operation](const httplib::Request& request,
                                                httplib::Response& response) {
            answer(operation, request, response);
        };
        if (operation.method == Operation::Method::Get) {
            server.Get(pattern_of(operation), handler);
        } else {
            server.Post(pattern_of(operation), handler);
        }
    }
}

Server::Server(Configuration& configuration, OnChanged on_changed)
    : impl_(std::make_unique<Impl>(configuration, std::move(on_changed))) {}

Server::~Server() {
    stop();
}

Result<void, std::string> Server::listen(std::uint16_t port) {
    impl_->server.set_payload_max_length(max_body);
    impl_->set_routes();
    if (!impl_->server.bind_to_port("127.0.0.1", port)) {
        return fail("cannot listen on 127.0.0.1:" + std::to_string(port) +
                    " for control; end the program that has it, or choose another --control");
    }
    impl_->thread = std::thread([impl = impl_.get()] { impl->server.listen_after_bind(); });
    return {};
}

void Server::stop() {
    {
        const std::lock_guard lock(impl_->mutex);
        impl_->is_stopping = true;
    }
    impl_->has_happened.notify_all();
    impl_->has_answered.notify_all();
    if (impl_->thread.joinable()) {
        impl_->server.stop_at_once();
        impl_->thread.join();
    }
}

void Server::attach(engine::Worker& worker, Phone& phone) {
    const std::lock_guard lock(impl_->phone_mutex);
    impl_->worker = &worker;
    impl_->phone = impl_->quiet_phone = &phone;
    impl_->starts_when_quiet = false;
}

void Server::detach() {
    const std::lock_guard lock(impl_->phone_mutex);
    impl_->worker = nullptr;
    impl_->phone = nullptr;
}

void Server::on_line_changed(const Line& line) {
    impl_->note("line", to_json(line));
}

void Server::on_call_changed(Call& call) {
    impl_->note("call", to_json(call));
    if (impl_->starts_when_quiet && call.state() == Call::State::Ended &&
        !is_any_up(*impl_->quiet_phone)) {
        impl_->starts_when_quiet = false;
        impl_->on_changed();
    }
}

void Server::on_digit(Call& call, char digit) {
    impl_->note("digit", {{"call", call.id().value}, {"digit", std::string(1, digit)}});
}

void Server::on_transferred(Call& call, int status) {
    impl_->note("transfer", {{"call", call.id().value}, {"status", status}});
}

void Server::on_messages(const Line& line) {
    impl_->note("messages", {{"line", line.settings().number}});
}

void Server::on_call_back(Call& call) {
    impl_->note("call-back", {{"call", call.id().value}});
}

void Server::on_watched(const WatchedLine& watched) {
    impl_->note("key", to_json(watched));
}

// Into the profile too, as by set(): the next phone begins with it. This one has it already.
void Server::on_service(std::string_view parameter, std::string_view value) {
    impl_->background.post([&configuration = impl_->configuration, name = std::string(parameter),
                            text = std::string(value)] {
        if (const auto kept = configuration.set(name, text); !kept) {
            log::warning("phone.service-not-kept", {{"reason", kept.error()}});
        }
    });
}

void Server::wait_kept() {
    impl_->in_background([] {});
}

void Server::on_order(const Line& line, std::string_view event) {
    impl_->note("order", {{"line", line.settings().number}, {"order", event}});
    if (event != "report") {
        impl_->start_again();
    }
}

}  // namespace ringwall::phone::control
