#include "phone/control/api.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace ringwall::phone::control {

using json = nlohmann::ordered_json;

namespace {

using enum Field::Type;
using enum Field::Need;
using enum Field::Place;
using enum Operation::Method;
constexpr std::uint64_t most_number = 999'999'999'999'999'999;

const std::vector<Operation>& table() {
    static const std::vector<Operation> rows{
        {"state", Get, "/state", "Lines and calls", {}, "State"},
        {"events",
         Get,
         "/events",
         "What has happened; the last 256 are kept",
         {{"after", Number, Optional, Option, "only what came after the event of this number", 0,
           most_number}},
         "Events"},
        {"follow",
         Get,
         "/events/stream",
         "What happens, as it happens",
         {{"after", Number, Optional, Option, "and before that what came after this event", 0,
           most_number}},
         "stream"},
        {"history",
         Get,
         "/history",
         "The calls since the phone started, the last first",
         {},
         "History"},
        {"dial",
         Post,
         "/dial",
         "Calls somebody, or does what a star code says",
         {{"to", Text, Required, Word, "a number, user@domain or a URI"},
          {"line", Number, Optional, Option, "the extension that calls, 1 if not said", 1, 1000}},
         "Dialled"},
        {"keypad",
         Post,
         "/keypad",
         "Presses keys one by one; what they come to by the dial plan and its timers is dialled",
         {{"keys", Text, Optional, Word, "0-9, * and #; none: lifts the handset"},
          {"line", Number, Optional, Option, "the extension that calls, 1 if not said", 1, 1000}}},
        {"answer", Post, "/calls/{call}/answer", "Answers a call that rings"},
        {"reject",
         Post,
         "/calls/{call}/reject",
         "Rejects a call that rings",
         {{"status", Number, Optional, Option, "the answer, 486 (busy) if not said", 400, 699}}},
        {"hangup", Post, "/calls/{call}/hangup", "Ends a call"},
        {"hold", Post, "/calls/{call}/hold", "Holds a call"},
        {"resume", Post, "/calls/{call}/resume", "Takes a held call up again"},
        {"digits",
         Post,
         "/calls/{call}/digits",
         "Sends keys in a call, as DTMF Tx Method says",
         {{"digits", Text, Required, Word, "0-9, *, #, A-D"}}},
        {"transfer",
         Post,
         "/calls/{call}/transfer",
         "Transfers a call, to a number or to the far end of another call",
         {{"to", Text, Optional, Word, "a number, user@domain or a URI"},
          {"call", Number, Optional, Option, "the call whose far end it goes to", 1, most_number}}},
        {"conference",
         Post,
         "/conference",
         "Joins two calls, at a bridge any number, so that everybody hears everybody; none: "
         "everybody is alone again",
         {{"calls", Numbers, Optional, Word, "the calls"}}},
        {"source",
         Post,
         "/calls/{call}/source",
         "What the far end is given to hear; neither tone nor file: silence",
         {{"tone", Number, Optional, Option, "a tone, in Hz", 1, 20'000},
          {"file", Text, Optional, Option,
           "a WAV file of this machine that can be played, again and again"}}},
        {"record",
         Post,
         "/calls/{call}/record",
         "Records a call, left what is said, right what is heard",
         {{"path", Text, Required, Word, "a WAV file of this machine, new: none is overwritten"}}},
        {"voice-mail",
         Post,
         "/voice-mail",
         "Calls Voice Mail Number",
         {{"line", Number, Optional, Option, "the extension that calls, 1 if not said", 1, 1000}},
         "Dialled"},
        {"press",
         Post,
         "/press",
         "Presses a line key: picks up the call that rings there, or else calls it",
         {{"key", Number, Required, Word, "the number of the key", 1, 1000}},
         "Dialled"},
        {"get",
         Get,
         "/parameters",
         "The parameters that differ from their defaults, or one; secrets are ***",
         {{"name", Text, Optional, Word, "as in \"Proxy[1]\""}},
         "Parameters"},
        {"set",
         Post,
         "/parameters",
         "Sets a parameter, in the profile too; the phone starts again when no call is up",
         {{"name", Text, Required, Word, "as in \"Proxy[1]\""},
          {"value", Text, Required, Word, "as in a profile, without quotes"}},
         "Set"},
        {"description", Get, "/openapi.json", "This description", {}, "Description"},
    };
    return rows;
}

// What is answered. Nothing else is in it: additionalProperties is false.
constexpr std::string_view schemas = R"({
  "Done": {"type": "object", "properties": {}},
  "Error": {"type": "object", "required": ["error"], "properties": {
    "error": {"type": "string", "description": "a sentence: what is wrong, and what would be right"}}},
  "State": {"type": "object", "required": ["lines", "keys", "calls", "services"], "properties": {
    "services": {"$ref": "#/components/schemas/Services"},
    "lines": {"type": "array", "items": {"$ref": "#/components/schemas/Line"}},
    "keys": {"type": "array", "items": {"$ref": "#/components/schemas/Key"}},
    "calls": {"type": "array", "items": {"$ref": "#/components/schemas/Call"}}}},
  "Services": {"type": "object", "required": ["do-not-disturb", "call-waiting", "secure-calls",
      "block-caller-id", "block-anonymous", "forward-all", "forward-busy", "forward-no-answer"],
    "description": "what star codes and the User page have set", "properties": {
    "do-not-disturb": {"type": "boolean"},
    "call-waiting": {"type": "boolean"},
    "secure-calls": {"type": "boolean"},
    "block-caller-id": {"type": "boolean"},
    "block-anonymous": {"type": "boolean"},
    "forward-all": {"type": "string", "description": "a number; empty: nowhere"},
    "forward-busy": {"type": "string"},
    "forward-no-answer": {"type": "string"}}},
  "Key": {"type": "object", "required": ["key", "line", "name", "uri", "lamp", "caller"],
    "description": "a line key with an Extended Function", "properties": {
    "key": {"type": "integer", "description": "its number"},
    "line": {"type": "integer", "description": "the extension that it is of"},
    "name": {"type": "string"},
    "uri": {"type": "string"},
    "lamp": {"type": "string", "enum": ["unknown", "idle", "ringing", "busy"]},
    "caller": {"type": "string", "description": "the URI of who calls there"}}},
  "Line": {"type": "object", "required": ["line", "user", "state", "registered", "problem",
      "messages-waiting", "new-messages", "old-messages"], "properties": {
    "line": {"type": "integer", "description": "the number of the extension"},
    "user": {"type": "string", "description": "the address-of-record"},
    "state": {"type": "string", "enum": ["off", "locating", "connecting", "up", "waiting"]},
    "registered": {"type": "boolean"},
    "problem": {"type": "string", "description": "why it is not registered, a sentence"},
    "messages-waiting": {"type": "boolean"},
    "new-messages": {"type": "integer"},
    "old-messages": {"type": "integer"}}},
  "Call": {"type": "object", "required": ["call", "line", "state", "incoming", "remote", "remote-name",
      "held", "held-by-peer", "secure", "status", "reason", "packets-sent", "packets-received",
      "packets-lost", "packets-late", "packets-concealed", "packets-refused", "jitter",
      "playout-delay"], "properties": {
    "call": {"type": "integer", "description": "its number"},
    "line": {"type": "integer", "description": "the number of the extension"},
    "state": {"type": "string", "enum": ["calling", "remote-ringing", "ringing",
      "answering", "active", "ended"]},
    "incoming": {"type": "boolean"},
    "remote": {"type": "string", "description": "the URI of the far end"},
    "remote-name": {"type": "string"},
    "held": {"type": "boolean"},
    "held-by-peer": {"type": "boolean"},
    "secure": {"type": "boolean", "description": "signalling and media are encrypted"},
    "status": {"type": "integer", "description": "why it ended, as a SIP status; 0: it has not"},
    "reason": {"type": "string"},
    "packets-sent": {"type": "integer"},
    "packets-received": {"type": "integer"},
    "packets-lost": {"type": "integer"},
    "packets-late": {"type": "integer", "description": "not there when they were to be played"},
    "packets-concealed": {"type": "integer", "description": "in whose place sound was made up"},
    "packets-refused": {"type": "integer", "description": "not authentic, or twice"},
    "jitter": {"type": "integer", "description": "of what is received (RFC 3550), in ms"},
    "playout-delay": {"type": "integer", "description": "how long what is received waits to be played, in ms"}}},
  "History": {"type": "array", "items": {"type": "object", "required": ["call", "line", "incoming",
      "remote", "remote-name", "began", "answered", "ended", "status"], "properties": {
    "call": {"type": "integer"},
    "line": {"type": "integer"},
    "incoming": {"type": "boolean"},
    "remote": {"type": "string", "description": "the URI of the far end"},
    "remote-name": {"type": "string"},
    "began": {"type": "string", "format": "date-time"},
    "answered": {"type": "string", "description": "a date-time; empty: it was not"},
    "ended": {"type": "string", "description": "a date-time; empty: it has not"},
    "status": {"type": "integer", "description": "why it ended, as a SIP status; 0: hung up"}}}},
  "Events": {"type": "array", "items": {"$ref": "#/components/schemas/Event"}},
  "Event": {"type": "object", "required": ["event", "what"], "properties": {
    "event": {"type": "integer", "description": "its number, from 1"},
    "what": {"type": "string", "enum": ["line", "call", "digit", "transfer", "messages", "order",
      "key", "call-back"],
      "description": "line, call and key: one of these has changed, and its members are in the event"},
    "call": {"type": "integer", "description": "the call that it is about"},
    "line": {"type": "integer", "description": "the extension that it is about"},
    "digit": {"type": "string", "description": "the far end pressed it"},
    "status": {"type": "integer", "description": "transfer: what came of it, a SIP status"},
    "order": {"type": "string", "description": "resync, check-sync, reboot, reboot_now, restart_now or report, from the line's server"}}},
  "Dialled": {"type": "object", "properties": {
    "call": {"type": "integer", "description": "the call; none: a star code, which is done"}}},
  "Parameters": {"type": "array", "items": {"type": "object",
    "required": ["name", "value", "default", "access"], "properties": {
      "name": {"type": "string"},
      "value": {"type": "string", "description": "*** for a secret that is there"},
      "default": {"type": "string"},
      "access": {"type": "string", "enum": ["na", "ro", "rw"], "description": "of the account user"}}}},
  "Set": {"type": "object", "required": ["remarks", "starts"], "properties": {
    "remarks": {"type": "array", "items": {"type": "string"},
      "description": "values that now contradict each other, and what is done instead"},
    "starts": {"type": "string", "enum": ["now", "after the last call", "not needed"]}}},
  "Description": {"type": "object", "additionalProperties": true}
})";

json type_of(const Field& field) {
    switch (field.type) {
        case Text:
            return {{"type", "string"}};
        case Number:
            return {{"type", "integer"}, {"minimum", field.least}, {"maximum", field.most}};
        case Numbers:
            return {{"type", "array"}, {"items", {{"type", "integer"}, {"minimum", 1}}}};
    }
    return {};
}

json schema_of(std::string_view name) {
    return {{"$ref", "#/components/schemas/" + std::string(name)}};
}

json content(const char* type, json schema) {
    return {{"content", {{type, {{"schema", std::move(schema)}}}}}};
}

json parameters_of(const Operation& operation) {
    json out = json::array();
    if (operation.has_call()) {
        out.push_back({{"name", "call"},
                       {"in", "path"},
                       {"required", true},
                       {"schema", {{"type", "integer"}, {"minimum", 1}}},
                       {"description", "the number of the call"}});
    }
    if (operation.method == Get) {
        for (const Field& field : operation.fields) {
            out.push_back({{"name", field.name},
                           {"in", "query"},
                           {"required", field.need == Required},
                           {"schema", type_of(field)},
                           {"description", field.help}});
        }
    }
    return out;
}

json body_of(const Operation& operation) {
    json properties = json::object();
    json required = json::array();
    for (const Field& field : operation.fields) {
        json& property = properties[std::string(field.name)] = type_of(field);
        property["description"] = field.help;
        if (field.need == Required) {
            required.push_back(field.name);
        }
    }
    json schema = {{"type", "object"}, {"properties", properties}, {"additionalProperties", false}};
    if (!required.empty()) {
        schema["required"] = required;
    }
    json body = content("application/json", std::move(schema));
    body["required"] = true;
    return body;
}

json responses_of(const Operation& operation) {
    const bool is_stream = operation.answer == "stream";
    json done = is_stream ? content("text/event-stream", schema_of("Event"))
                          : content("application/json", schema_of(operation.answer));
    done["description"] = operation.answer == "Done" ? "done" : operation.answer;
    json out = {{"200", std::move(done)}};
    const auto refused = [&](const char* status, const char* why) {
        out[status] = content("application/json", schema_of("Error"));
        out[status]["description"] = why;
    };
    refused("400", "what was sent is not what is described here");
    refused("403", "from a page in a browser, or for another machine");
    if (operation.method == Post || operation.name == "get") {
        refused("409", "it cannot be done");
    }
    refused("503", is_stream ? "too many streams" : "the phone is just starting again");
    return out;
}

}  // namespace

std::span<const Operation> operations() {
    return table();
}

const Operation* find_operation(std::string_view name) {
    const auto found = std::ranges::find(table(), name, &Operation::name);
    return found == table().end() ? nullptr : &*found;
}

std::string description() {
    json out = {{"openapi", "3.0.3"},
                {"info",
                 {{"title", "ringwall-phone: control"},
                  {"version", "1"},
                  {"description",
                   "JSON over HTTP on the loopback address, for programs on this machine."}}},
                {"servers",
                 {{{"url", "http://127.0.0.1:{port}"},
                   {"variables", {{"port", {{"default", std::to_string(default_port)}}}}}}}},
                {"paths", json::object()},
                {"components", {{"schemas", json::parse(schemas)}}}};
    for (auto& [name, schema] : out["components"]["schemas"].items()) {
        json& closed = schema["type"] == "array" ? schema["items"] : schema;
        // An event bears what a line or a call bears.
        if (closed.contains("properties") && name != "Event") {
            closed["additionalProperties"] = false;
        }
    }
    for (const Operation& operation : operations()) {
        const char* const method = operation.method == Get ? "get" : "post";
        json& entry = out["paths"][std::string(operation.path)][method];
        entry = {{"operationId", operation.name}, {"summary", operation.summary}};
        if (json parameters = parameters_of(operation); !parameters.empty()) {
            entry["parameters"] = std::move(parameters);
        }
        if (operation.method == Post) {
            entry["requestBody"] = body_of(operation);
        }
        entry["responses"] = responses_of(operation);
    }
    return out.dump(2) + "\n";
}

}  // namespace ringwall::phone::control
