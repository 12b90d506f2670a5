#include "sbc/console/commands.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "sbc/console/alarm_watch.h"
#include "sbc/console/command_match.h"
#include "sbc/console/show.h"
#include "sbc/console/show_admission.h"
#include "sbc/console/show_call_stats.h"
#include "sbc/console/show_trace.h"
#include "sbc/console/subscriber_commands.h"
#include "sbc/model/tree.h"
#include "sbc/model/word_values.h"

namespace ringwall::sbc::console {

namespace {

Answer end_session(const Desk& desk, const Arguments& rest) {
    if (rest.empty()) {
        return {.fault =
                    "'clear session' needs the number of a session; 'show sessions' has them "
                    "all",
                .word = 0};
    }
    const std::string& session = rest.front();
    if (session == desk.user.session) {
        return {.fault = "this is your own session; say 'exit'", .word = 0};
    }
    const std::string why = "This session was ended by " + desk.user.name + " (session " +
                            desk.user.session + "); what it had not committed is gone.";
    if (desk.sessions == nullptr || !desk.sessions->end_session(session, why)) {
        return {.fault = "there is no session " + shown(session) + "; 'show sessions' has them all",
                .word = 0};
    }
    return {};
}

Answer trace_of(const Desk& desk, const Arguments& rest, bool as_json) {
    if (rest.size() < 2 || !begins("trace", rest[1])) {
        return {.fault = "write 'calls CALL trace'", .word = 1};
    }
    std::string output = show_trace(desk.views, rest.front(), as_json);
    if (output.empty()) {
        return {.fault = "nothing is kept of a call " + shown(rest.front()) +
                         "; 'show services sbc sbe calls', 'refusals' and 'ended-calls' have all "
                         "that is",
                .word = 0};
    }
    return {.output = std::move(output)};
}

Answer last_of(const Desk& desk, const Arguments& rest, bool as_json,
               std::string (*show)(Views&, std::size_t, bool)) {
    constexpr std::size_t usual = 20;
    const auto count = rest.empty() ? usual : parse_number(rest.front());
    if (!count || *count == 0) {
        return {.fault = shown(rest.front()) + " is no number of lines; use a number from 1",
                .word = 0};
    }
    return {.output = show(desk.views, *count, as_json)};
}

std::vector<model::Suggestion> adjacencies(const Desk& desk) {
    std::vector<model::Suggestion> out;
    for (const Adjacency& each : desk.views.snapshot().adjacencies) {
        out.push_back({each.name, std::string(to_string(each.security)), true});
    }
    return out;
}

std::vector<model::Suggestion> calls(const Desk& desk) {
    std::vector<model::Suggestion> out;
    for (const CallRecord& each : desk.views.calls()) {
        out.push_back({each.call, each.caller + " -> " + each.callee, true});
    }
    return out;
}

std::vector<model::Suggestion> other_sessions(const Desk& desk) {
    std::vector<model::Suggestion> out;
    for (const OpenSession& each :
         desk.sessions == nullptr ? std::vector<OpenSession>() : desk.sessions->open_sessions()) {
        if (each.user.session != desk.user.session) {
            out.push_back({each.user.session, each.user.name, true});
        }
    }
    return out;
}

std::vector<model::Suggestion> saved_files(const Desk& desk) {
    std::vector<model::Suggestion> out;
    for (const std::string& each : desk.configuration.saved_files()) {
        out.push_back({each, "is there", true});
    }
    return out;
}

std::vector<model::Suggestion> versions(const Desk& desk) {
    std::vector<model::Suggestion> out;
    for (const datastore::Version& each : desk.datastore.versions()) {
        if (each.is_damaged) {
            continue;
        }
        out.push_back({std::to_string(each.number), each.author + " " + each.comment, true});
    }
    out.push_back({"VERSION", "the number of a commit", false});
    return out;
}

bool is_said(const Arguments& given, std::string_view word) {
    return std::ranges::any_of(given, [&](const std::string& each) { return each == word; });
}

std::vector<model::Suggestion> after_commit(const Desk& /*desk*/, const Arguments& given) {
    std::vector<model::Suggestion> out;
    const std::string last = given.empty() ? "" : given.back();
    if (is_said(given, "comment")) {
        out.push_back({"LINE", "why; the rest of the line", false});
        return out;
    }
    if (begins("label", last)) {
        return {{"WORD", "a name for this version", false}};
    }
    if (last.size() > 2 && begins("confirmed", last)) {
        out.push_back({"SECONDS", "1 to 65535; 600 where none are said", false});
    }
    for (const auto& each :
         {model::Suggestion{"comment", "Why: for the list of commits.", true},
          model::Suggestion{"label", "A name for this version.", true},
          model::Suggestion{"confirmed", "Is taken back unless 'commit' is said again.", true}}) {
        if (!is_said(given, each.word)) {
            out.push_back(each);
        }
    }
    out.push_back(model::end_of_line);
    return out;
}

std::vector<model::Suggestion> after_rollback(const Desk& desk, const Arguments& given) {
    if (given.empty()) {
        return {{"last", "A number of versions back.", true},
                {"to", "To the version with a number.", true},
                model::end_of_line};
    }
    if (given.size() == 1 && begins("to", given[0])) {
        return versions(desk);
    }
    if (given.size() == 1 && begins("last", given[0])) {
        return {{"NUMBER", "how many versions back; 1 where none is said", false},
                model::end_of_line};
    }
    return {model::end_of_line};
}

std::vector<model::Suggestion> after_show_configuration(const Desk& desk, const Arguments& given) {
    if (given.empty()) {
        return {{"diff", "What is gone and what is new.", true},
                {"failed", "Why the last commit failed.", true},
                {"running-config", "The configuration in force.", true},
                {"commit", "All commits ('commit list').", true},
                {"version", "What was committed once.", true},
                model::end_of_line};
    }
    if (given.size() == 1 && given[0].size() > 1 && begins("commit", given[0])) {
        return {{"list", "All commits, the newest first.", true}};
    }
    if (given.size() == 1 && begins("version", given[0])) {
        return versions(desk);
    }
    return {model::end_of_line};
}

std::vector<model::Suggestion> after_call_stats(const Desk& desk, const Arguments& given) {
    std::vector<model::Suggestion> out;
    if (!given.empty() && given.back() == "src-adjacency") {
        out = adjacencies(desk);
        out.push_back({"NAME", "of the adjacency that the calls came in by", false});
        return out;
    }
    if (given.empty()) {
        out.push_back({"global", "Of all calls.", true});
        out.push_back({"src-adjacency", "Of those that came in by one.", true});
    }
    if (given.empty() || given.back() == "global" ||
        (given.size() == 2 && given.front() == "src-adjacency")) {
        const auto intervals = call_stats_intervals();
        out.insert(out.end(), intervals.begin(), intervals.end());
    }
    out.push_back(model::end_of_line);
    return out;
}

std::vector<model::Suggestion> after_calls(const Desk& desk, const Arguments& given) {
    if (given.empty()) {
        std::vector<model::Suggestion> out = calls(desk);
        out.push_back({"CALL", "one that is up, or of 'refusals' or 'ended-calls'", false});
        out.push_back(model::end_of_line);
        return out;
    }
    return {given.size() == 1 ? model::Suggestion{"trace", "Why it went where it went.", true}
                              : model::end_of_line};
}

std::vector<model::Suggestion> after_explain(const Desk& desk, const Arguments& given) {
    if (given.empty()) {
        std::vector<model::Suggestion> out = adjacencies(desk);
        out.push_back({"ADJACENCY", "that the call would come in by", false});
        return out;
    }
    const std::size_t target = given.size() > 1 && given[1] == "as" ? 3 : 1;  // where 'to' stands
    if (given.size() < target) {
        return {{"IDENTITY", "who calls: alice@example.com, sip:alice@example.com, tel:+4930123",
                 false}};
    }
    if (given.size() == target) {
        std::vector<model::Suggestion> out{{"to", "Who is called.", true}};
        if (target == 1) {
            out.push_back({"as", "Who has proven to call.", true});
        }
        return out;
    }
    if (given.size() == target + 1) {
        return {{"URI", "who is called: sips:bob@example.com", false}};
    }
    return {model::end_of_line};
}

// "192.0.2.1", or "ipv4 192.0.2.1" as the field has it.
Answer clear_blacklist(Desk& desk, const Arguments& rest) {
    const bool is_named = !rest.empty() && (rest.front() == "ipv4" || rest.front() == "ipv6");
    const std::string word = rest.empty() ? "all" : rest.back();
    const auto address = IpAddress::parse(word);
    const bool is_all = word == "all" && !is_named;
    if ((!is_all && !address) || rest.size() > (is_named ? 2U : 1U)) {
        return {.fault = shown(word) + " is no address; write it like 192.0.2.1, or 'all'",
                .word = rest.size() - 1};
    }
    const std::size_t count = desk.views.clear_blacklist(is_all ? std::nullopt : address);
    return {.output = std::to_string(count) + (count == 1 ? " was" : " were") + " shut out.\n"};
}

std::vector<model::Suggestion> after_clear_blacklist(const Desk& desk, const Arguments& given) {
    if (!given.empty()) {
        return {model::end_of_line};
    }
    std::vector<model::Suggestion> out{{"all", "Of all sources.", true}};
    if (const Blacklist* const list = desk.views.blacklist()) {
        for (const Ban& each : list->bans(desk.views.now().monotonic)) {
            out.push_back({each.source.to_string(), std::string(to_string(each.reason)), true});
        }
    }
    out.push_back({"ADDRESS", "that is shut out or limited", false});
    return out;
}

}  // namespace

bool has_json(const Command& command) {
    return command.words.front() == "show" || command.words.front() == "explain";
}

const std::vector<Command>& commands() {
    using enum Command::Where;
    static constexpr std::size_t any = SIZE_MAX;
    static const std::vector<Command> all{
        {{"configure"},
         "",
         "Changes the configuration.",
         Exec,
         Role::Administrator,
         0,
         [](Desk& desk, const Arguments&, bool) { return desk.configuration.configure(); }},
        {{"exit"},
         "",
         "Leaves the mode, or the console.",
         Everywhere,
         Role::ReadOnly,
         0,
         [](Desk& desk, const Arguments&, bool) {
             ConfigurationMode& mode = desk.configuration;
             if (!mode.is_on()) {
                 return Answer{.ended = true};
             }
             return mode.place().empty() ? mode.end() : mode.leave(mode.place().size() - 1);
         }},
        {{"show", "services", "sbc", "sbe", "adjacencies"},
         "",
         "Security and address of each.",
         Everywhere,
         Role::ReadOnly,
         0,
         [](Desk& desk, const Arguments&, bool as_json) {
             return Answer{.output = show_adjacencies(desk.views, "", false, as_json)};
         }},
        {{"show", "services", "sbc", "sbe", "adjacencies", "detail"},
         "",
         "All of each.",
         Everywhere,
         Role::ReadOnly,
         0,
         [](Desk& desk, const Arguments&, bool as_json) {
             return Answer{.output = show_adjacencies(desk.views, "", true, as_json)};
         }},
        {{"show", "services", "sbc", "sbe", "adjacency"},
         "NAME",
         "All of one.",
         Everywhere,
         Role::ReadOnly,
         1,
         [](Desk& desk, const Arguments& rest, bool as_json) {
             const std::string name = rest.empty() ? "" : rest.front();
             std::string output = show_adjacencies(desk.views, name, true, as_json);
             if (name.empty() || output.empty()) {
                 return Answer{.fault = name.empty() ? "'adjacency' needs the NAME of one"
                                                     : no_adjacency(desk.views.snapshot(), name),
                               .word = 0};
             }
             return Answer{.output = std::move(output)};
         },
         adjacencies},
        {{"show", "services", "sbc", "sbe", "calls"},
         "[CALL trace]",
         "Those that are up; or why one went where it went, though it is over.",
         Everywhere,
         Role::ReadOnly,
         2,
         [](Desk& desk, const Arguments& rest, bool as_json) {
             return rest.empty() ? Answer{.output = show_calls(desk.views, as_json)}
                                 : trace_of(desk, rest, as_json);
         },
         nullptr,
         after_calls},
        {{"show", "services", "sbc", "sbe", "refusals"},
         "[NUMBER]",
         "The last requests that were refused, and by which stage.",
         Everywhere,
         Role::ReadOnly,
         1,
         [](Desk& desk, const Arguments& rest, bool as_json) {
             return last_of(desk, rest, as_json, show_refusals);
         }},
        {{"show", "services", "sbc", "sbe", "ended-calls"},
         "[NUMBER]",
         "The last calls that are over.",
         Everywhere,
         Role::ReadOnly,
         1,
         [](Desk& desk, const Arguments& rest, bool as_json) {
             return last_of(desk, rest, as_json, show_ended_calls);
         }},
        {{"show", "services", "sbc", "sbe", "registrations"},
         "",
         "Who is registered, from where, how long.",
         Everywhere,
         Role::ReadOnly,
         0,
         [](Desk& desk, const Arguments&, bool as_json) {
             return Answer{.output = show_registrations(desk.views, as_json)};
         }},
        {{"show", "services", "sbc", "sbe", "subscribers"},
         "",
         "Who may register here, and where that is kept.",
         Everywhere,
         Role::ReadOnly,
         0,
         [](Desk& desk, const Arguments&, bool as_json) {
             return Answer{.output = show_subscribers(desk.views.snapshot(), as_json)};
         }},
        {{"show", "services", "sbc", "sbe", "tls"},
         "",
         "Connections over TLS: version, cipher, identities.",
         Everywhere,
         Role::ReadOnly,
         0,
         [](Desk& desk, const Arguments&, bool as_json) {
             return Answer{.output = show_tls(desk.views, as_json)};
         }},
        {{"show", "services", "sbc", "sbe", "counters"},
         "",
         "What happened how often.",
         Everywhere,
         Role::ReadOnly,
         0,
         [](Desk& desk, const Arguments&, bool as_json) {
             return Answer{.output = show_counters(desk.views, as_json)};
         }},
        {{"show", "services", "sbc", "sbe", "overload"},
         "",
         "How long work waits for each worker, and what is turned away.",
         Everywhere,
         Role::ReadOnly,
         0,
         [](Desk& desk, const Arguments&, bool as_json) {
             return Answer{.output = show_overload(desk.views, as_json)};
         }},
        {{"show", "services", "sbc", "sbe", "call-stats"},
         "[global|src-adjacency NAME] [INTERVAL]",
         "Calls, and why attempts failed; INTERVAL is current5mins, previoushour ...",
         Everywhere,
         Role::ReadOnly,
         3,
         [](Desk& desk, const Arguments& rest, bool as_json) {
             auto shown = show_call_stats(desk.views, rest, as_json);
             return shown ? Answer{.output = std::move(*shown)}
                          : Answer{.fault = std::move(shown).error()};
         },
         nullptr,
         after_call_stats},
        {{"show", "services", "sbc", "sbe", "call-policy"},
         "",
         "The tables in force.",
         Everywhere,
         Role::ReadOnly,
         0,
         [](Desk& desk, const Arguments&, bool as_json) {
             return Answer{.output = show_call_policy(desk.views, as_json)};
         }},
        {{"show", "services", "sbc", "sbe", "cac-policy"},
         "",
         "The limits in force, and how many calls each of them counts.",
         Everywhere,
         Role::ReadOnly,
         0,
         [](Desk& desk, const Arguments&, bool as_json) {
             return Answer{.output = show_cac_policy(desk.views, as_json)};
         }},
        {{"show", "services", "sbc", "sbe", "blacklist"},
         "",
         "Which sources are shut out or limited, why and how long, and by which rules.",
         Everywhere,
         Role::ReadOnly,
         0,
         [](Desk& desk, const Arguments&, bool as_json) {
             return Answer{.output = show_blacklist(desk.views, as_json)};
         }},
        {{"show", "services", "sbc", "sbe", "certificates"},
         "",
         "Ours, and whom they name.",
         Everywhere,
         Role::ReadOnly,
         0,
         [](Desk& desk, const Arguments&, bool as_json) {
             return Answer{.output = show_certificates(desk.views, as_json)};
         }},
        {{"clear", "services", "sbc", "sbe", "call-stats"},
         "",
         "Counters begin at 0.",
         Everywhere,
         Role::Operator,
         0,
         [](Desk& desk, const Arguments&, bool) {
             desk.views.clear_counters();
             return Answer{};
         }},
        {{"clear", "services", "sbc", "sbe", "blacklist"},
         "[all|ADDRESS]",
         "Sources that are shut out or limited are so no more; or that one only.",
         Everywhere,
         Role::Operator,
         2,
         [](Desk& desk, const Arguments& rest, bool) { return clear_blacklist(desk, rest); },
         nullptr,
         after_clear_blacklist},
        {{"clear", "services", "sbc", "sbe", "call"},
         "CALL",
         "Ends a call; both parties hear BYE.",
         Everywhere,
         Role::Operator,
         1,
         [](Desk& desk, const Arguments& rest, bool) {
             if (rest.empty()) {
                 return Answer{.fault =
                                   "'call' needs the name of one; 'show services sbc sbe "
                                   "calls' has them all",
                               .word = 0};
             }
             if (!desk.views.end_call(rest.front())) {
                 return Answer{.fault = "there is no call " + shown(rest.front()) +
                                        "; 'show services sbc sbe calls' has them all",
                               .word = 0};
             }
             return Answer{};
         },
         calls},
        {{"subscriber", "add"},
         "USER@DOMAIN [username WORD] [realm WORD] [certificate-name WORD]",
         "A new one in the store; its password is asked for.",
         Exec,
         Role::Administrator,
         7,
         [](Desk& desk, const Arguments& rest, bool) { return add_subscriber(desk, rest); },
         nullptr,
         after_subscriber_add,
         words_of_subscriber_add},
        {{"subscriber", "password"},
         "USER@DOMAIN",
         "Another password for one in the store; it is asked for.",
         Exec,
         Role::Administrator,
         1,
         [](Desk& desk, const Arguments& rest, bool) {
             return change_subscriber_password(desk, rest);
         },
         stored_subscribers},
        {{"subscriber", "remove"},
         "USER@DOMAIN",
         "One in the store is none any more; its registrations end.",
         Exec,
         Role::Administrator,
         1,
         [](Desk& desk, const Arguments& rest, bool) { return remove_subscriber(desk, rest); },
         stored_subscribers},
        {{"explain", "call", "from"},
         "ADJACENCY [as IDENTITY] to URI",
         "What would become of a call, and why; nobody is called.",
         Everywhere,
         Role::ReadOnly,
         5,
         [](Desk& desk, const Arguments& rest, bool as_json) {
             return explain_call(desk.views, rest, as_json);
         },
         nullptr,
         after_explain},
        {{"show", "security-matrix"},
         "",
         "Which calls may go where, by the rules that decide.",
         Everywhere,
         Role::ReadOnly,
         0,
         [](Desk&, const Arguments&, bool as_json) {
             return Answer{.output = show_security_matrix(as_json)};
         }},
        {{"show", "running-config"},
         "",
         "The configuration in force.",
         Everywhere,
         Role::ReadOnly,
         0,
         [](Desk& desk, const Arguments&, bool as_json) {
             return desk.configuration.show_running(as_json);
         }},
        {{"show", "configuration"},
         "[diff|running-config|failed|commit list|version NUMBER]",
         "What is not committed yet; what runs; why the last commit failed; all commits.",
         Everywhere,
         Role::ReadOnly,
         2,
         [](Desk& desk, const Arguments& rest, bool as_json) {
             return desk.configuration.show_configuration(rest, as_json);
         },
         nullptr,
         after_show_configuration},
        {{"show", "alarms"},
         "",
         "What is wrong: files, certificates, a commit that waits, the media engine.",
         Everywhere,
         Role::ReadOnly,
         0,
         [](Desk& desk, const Arguments&, bool as_json) {
             std::string text;
             for (const std::string& each : alarms_of(desk.datastore, desk.views)) {
                 text += each + "\n";
             }
             return Answer{.output = text.empty() && !as_json ? "No alarms.\n"
                                                              : show_lines(text, as_json)};
         }},
        {{"show", "sessions"},
         "",
         "Who is at the console, since when, and who changes the configuration.",
         Everywhere,
         Role::ReadOnly,
         0,
         [](Desk& desk, const Arguments&, bool as_json) {
             const auto& writer = desk.datastore.writer();
             return Answer{.output = show_sessions(
                               desk.sessions == nullptr ? std::vector<OpenSession>{}
                                                        : desk.sessions->open_sessions(),
                               writer ? writer->session : "", desk.user.session, as_json)};
         }},
        {{"clear", "session"},
         "SESSION",
         "Ends another session; what it has not committed is gone.",
         Everywhere,
         Role::Administrator,
         1,
         [](Desk& desk, const Arguments& rest, bool) { return end_session(desk, rest); },
         other_sessions},
        {{"commit"},
         "[comment LINE|label WORD|confirmed [SECONDS]]",
         "What was changed is in force from now on.",
         Configuration,
         Role::Administrator,
         any,
         [](Desk& desk, const Arguments& rest, bool) { return desk.configuration.commit(rest); },
         nullptr,
         after_commit},
        {{"abort"},
         "",
         "Forgets what was changed, and leaves the configuration.",
         Configuration,
         Role::Administrator,
         0,
         [](Desk& desk, const Arguments&, bool) { return desk.configuration.abort(); }},
        {{"clear"},
         "",
         "Forgets what was changed.",
         Configuration,
         Role::Administrator,
         0,
         [](Desk& desk, const Arguments&, bool) { return desk.configuration.clear(); }},
        {{"end"},
         "",
         "Leaves the configuration.",
         Configuration,
         Role::Administrator,
         0,
         [](Desk& desk, const Arguments&, bool) { return desk.configuration.end(); }},
        {{"root"},
         "",
         "Leaves all modes but the outermost.",
         Configuration,
         Role::Administrator,
         0,
         [](Desk& desk, const Arguments&, bool) { return desk.configuration.leave(0); }},
        {{"pwd"},
         "",
         "The mode that one is in.",
         Configuration,
         Role::Administrator,
         0,
         [](Desk& desk, const Arguments&, bool) {
             return Answer{.output = model::path_of(desk.configuration.place()) + "\n"};
         }},
        {{"do"},
         "COMMAND",
         "A command of outside of the configuration.",
         Configuration,
         Role::Administrator,
         any,
         nullptr},
        {{"rollback"},
         "[last [NUMBER]|to VERSION]",
         "Takes the candidate back to an earlier version; a commit makes it so.",
         Configuration,
         Role::Administrator,
         2,
         [](Desk& desk, const Arguments& rest, bool) { return desk.configuration.rollback(rest); },
         nullptr,
         after_rollback},
        {{"load"},
         "FILE",
         "Says the commands of a file that was saved.",
         Configuration,
         Role::Administrator,
         1,
         [](Desk& desk, const Arguments& rest, bool) { return desk.configuration.load(rest); },
         saved_files},
        {{"save"},
         "FILE",
         "Writes the running configuration into a file of the store.",
         Everywhere,
         Role::Administrator,
         1,
         [](Desk& desk, const Arguments& rest, bool) { return desk.configuration.save(rest); },
         saved_files},
    };
    return all;
}

}  // namespace ringwall::sbc::console
