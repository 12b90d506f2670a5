// Somebody types at the console, whatever it is: each line has one answer, a fault is a sentence
// and lies within the line, what is refused changes nothing, and only an administrator's commit
// changes what runs. The password of the corpus is shown nowhere and kept in no history.
#include "base/check.h"
#include "fuzz/input.h"
#include "fuzz/target.h"
#include "sbc/console/session.h"
#include "unit/sbc/console/fake_views.h"

namespace ringwall::fuzz {
namespace {

using namespace sbc::console;

constexpr Role roles[] = {Role::Administrator, Role::Operator, Role::ReadOnly};

bool is_one_line(std::string_view text) {
    return text.find_first_of(std::string_view("\0\r\x1b\x7f", 4)) == std::string_view::npos;
}

// As a value of the command that has a secret, and nowhere else.
bool is_password(std::string_view line) {
    return line.starts_with("password sesame");
}

void say(Session& session, std::string_view line, std::string& said) {
    const Reply reply = session.on_line(line);
    CHECK(!reply.fault_at || (reply.failed && *reply.fault_at <= line.size() + 1));
    CHECK(!reply.failed || (reply.output.ends_with('\n') && !reply.is_memorable));
    CHECK(reply.output.empty() || reply.output.ends_with('\n'));
    CHECK(reply.ended || !reply.prompt.empty());
    CHECK(!is_password(line) || !reply.is_memorable);
    said += reply.output;
}

void ask(Session& session, std::string_view line) {
    for (const auto& each : session.suggest(line)) {
        CHECK(!each.word.empty());
    }
}

}  // namespace

void run(std::string_view octets) {
    Input input(octets);
    const Role role = input.one_of(roles);
    sbc::datastore::FakeTarget target;
    FakeViews views(target);
    sbc::datastore::Datastore datastore(
        {.target = &target,
         .read_file = [](const std::string&) -> Result<std::string, std::string> {
             return fail(std::string("No such file or directory"));
         },
         .now = [] { return Now{}; }});
    std::string record;
    Session session({.datastore = &datastore,
                     .views = &views,
                     .audit = [&](const User&, std::string_view,
                                  const std::string& text) { record += text + "\n"; }},
                    {"ops", role, "1"});
    session.greet();
    bool has_password = false;
    bool has_other = false;
    std::string said;
    while (!input.is_empty()) {
        const std::string_view line = input.until('\n');
        if (!is_one_line(line)) {
            continue;
        }
        const bool names_it = line.find("sesame") != std::string_view::npos;
        has_password = has_password || (names_it && is_password(line));
        has_other = has_other || (names_it && !is_password(line));
        const auto before = datastore.generation();
        ask(session, line);
        CHECK(datastore.generation() == before);
        say(session, line, said);
        CHECK(role == Role::Administrator || datastore.generation() == before);
    }
    CHECK(!has_password || has_other || record.find("sesame") == std::string::npos);
    CHECK(!has_password || has_other || said.find("sesame") == std::string::npos);
    session.on_gone();
    CHECK(!datastore.writer());
}

}  // namespace ringwall::fuzz
