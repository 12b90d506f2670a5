#include "phone/control/command.h"

#include <httplib.h>
#include <sysexits.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "phone/control/api.h"

namespace ringwall::phone::control {

using nlohmann::json;

namespace {

constexpr std::chrono::seconds patience{10};

// What was said on the command line.
struct Said {
    std::uint16_t port = default_port;
    bool wants_json = false;
    std::uint64_t call = 0;
    std::map<std::string_view, std::string> texts;  // by field
    std::map<std::string_view, std::uint64_t> numbers;
    std::map<std::string_view, std::vector<std::uint64_t>> lists;
};

// Empty: it is one.
std::string is_number(const std::string& text) {
    return parse_number(text) ? "" : "'" + text + "' is not a number";
}

void add_field(CLI::App& command, const Field& field, const std::shared_ptr<Said>& said) {
    const bool is_word = field.place == Field::Place::Word;
    const std::string name = (is_word ? "" : "--") + std::string(field.name);
    const std::string help(field.help);
    CLI::Option* option = nullptr;
    switch (field.type) {
        case Field::Type::Text:
            option = command.add_option_function<std::string>(
                name, [said, &field](const std::string& text) { said->texts[field.name] = text; },
                help);
            break;
        case Field::Type::Number:
            option = command.add_option_function<std::uint64_t>(
                name, [said, &field](std::uint64_t number) { said->numbers[field.name] = number; },
                help);
            option->check(is_number)->check(CLI::Range(field.least, field.most));
            break;
        case Field::Type::Numbers:
            option = command.add_option_function<std::vector<std::uint64_t>>(
                name,
                [said, &field](const std::vector<std::uint64_t>& numbers) {
                    said->lists[field.name] = numbers;
                },
                help);
            option->check(is_number);
            break;
    }
    option->required(field.need == Field::Need::Required);
}

std::string path_of(const Operation& operation, const Said& said) {
    std::string path(operation.path);
    if (const auto at = path.find("{call}"); at != std::string::npos) {
        path.replace(at, std::string_view("{call}").size(), std::to_string(said.call));
    }
    return path;
}

json body_of(const Said& said) {
    json body = json::object();
    for (const auto& [name, text] : said.texts) {
        body[std::string(name)] = text;
    }
    for (const auto& [name, number] : said.numbers) {
        body[std::string(name)] = number;
    }
    for (const auto& [name, numbers] : said.lists) {
        body[std::string(name)] = numbers;
    }
    return body;
}

httplib::Params query_of(const Said& said) {
    httplib::Params query;
    for (const auto& [name, text] : said.texts) {
        query.emplace(name, text);
    }
    for (const auto& [name, number] : said.numbers) {
        query.emplace(name, std::to_string(number));
    }
    return query;
}

// ---- for people ---------------------------------------------------------------------------------

std::string plain(const json& value) {
    if (value.is_boolean()) {
        return value.get<bool>() ? "yes" : "no";
    }
    return value.is_string() ? value.get<std::string>() : value.dump();
}

// One line, of what is there: "line 1  user sip:201@example.com  state up".
void print_line(const json& object) {
    std::string out;
    for (const auto& [name, value] : object.items()) {
        const bool says_nothing = value == "" || value == false || value == json::array();
        if (!says_nothing) {
            out.append(out.empty() ? "" : "  ").append(name).append(" ").append(plain(value));
        }
    }
    if (!out.empty()) {
        std::printf("%s\n", out.c_str());
    }
}

void print_parameters(const json& list) {
    for (const json& each : list) {
        std::printf("%s \"%s\"\n", plain(each["name"]).c_str(), plain(each["value"]).c_str());
    }
}

void print(const Operation& operation, const json& answer) {
    if (operation.name == "description") {
        std::printf("%s\n", answer.dump(2).c_str());
    } else if (operation.answer == "Parameters") {
        print_parameters(answer);
    } else if (operation.answer == "State") {
        for (const char* part : {"lines", "keys", "calls"}) {
            for (const json& each : answer[part]) {
                print_line(each);
            }
        }
        print_line(answer["services"]);
    } else if (answer.is_array()) {
        for (const json& each : answer) {
            print_line(each);
        }
    } else {
        print_line(answer);
    }
}

int complain(int status, const std::string& sentence) {
    std::fprintf(stderr, "%s\n", sentence.c_str());
    return status;
}

// ---- asking -------------------------------------------------------------------------------------

int nobody(const Said& said) {
    return complain(EX_UNAVAILABLE, "no phone listens on 127.0.0.1:" + std::to_string(said.port) +
                                        "; is there one that was started with --control " +
                                        std::to_string(said.port) + "?");
}

// A JSON object on each line, until the phone ends.
int follow(httplib::Client& client, const std::string& path, const Said& said) {
    client.set_read_timeout(stream_pause + patience);
    std::string rest;
    int status = 0;
    const auto result = client.Get(
        path, query_of(said), httplib::Headers{},
        [&](const httplib::Response& response) {
            status = response.status;
            return true;
        },
        [&](const char* data, std::size_t length) {
            rest.append(data, length);
            for (auto end = rest.find('\n'); end != std::string::npos; end = rest.find('\n')) {
                constexpr std::string_view data_mark = "data: ";
                if (rest.starts_with(data_mark)) {
                    std::printf("%s\n",
                                rest.substr(data_mark.size(), end - data_mark.size()).c_str());
                    std::fflush(stdout);
                }
                rest.erase(0, end + 1);
            }
            return std::ferror(stdout) == 0;
        });
    if (status == 0) {
        return nobody(said);
    }
    if (status != 200) {
        const json answer = json::parse(rest, nullptr, false);
        return complain(1, answer.is_object() ? answer.value("error", "") : "it was refused");
    }
    return 0;
}

int ask(const Operation& operation, const Said& said) {
    httplib::Client client("127.0.0.1", said.port);
    client.set_read_timeout(patience);
    const std::string path = path_of(operation, said);
    if (operation.answer == "stream") {
        return follow(client, path, said);
    }
    const auto result =
        operation.method == Operation::Method::Get
            ? client.Get(path, query_of(said), httplib::Headers{})
            : client.Post(path, httplib::Headers{}, body_of(said).dump(), "application/json");
    if (!result) {
        return nobody(said);
    }
    const json answer = json::parse(result->body, nullptr, false);
    if (result->status != 200) {
        return complain(1, answer.is_object() ? answer.value("error", "it was refused")
                                              : "what answers on this port is no ringwall-phone");
    }
    if (said.wants_json) {
        std::printf("%s\n", answer.dump().c_str());
    } else {
        print(operation, answer);
    }
    return 0;
}

}  // namespace

void add_commands(CLI::App& app, int& status) {
    const auto said = std::make_shared<Said>();
    app.add_option("--control", said->port, "The port of the phone's control")
        ->capture_default_str()
        ->envname("RINGWALL_PHONE_CONTROL")
        ->check(CLI::Range(1, 65535));
    app.add_flag("--json", said->wants_json, "Print the answer as it is");
    app.require_subcommand(1);
    app.fallthrough();
    for (const Operation& operation : operations()) {
        CLI::App* const command =
            app.add_subcommand(std::string(operation.name), std::string(operation.summary));
        if (operation.has_call()) {
            command->add_option("call", said->call, "the number of the call")
                ->required()
                ->check(is_number);
        }
        for (const Field& field : operation.fields) {
            add_field(*command, field, said);
        }
        command->callback([&operation, said, &status] { status = ask(operation, *said); });
    }
}

}  // namespace ringwall::phone::control
