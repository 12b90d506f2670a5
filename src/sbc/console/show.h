// What the show commands print: for people in the words of the field, or as JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sbc/config/config_error.h"
#include "sbc/console/views.h"
#include "sbc/datastore/version_store.h"

namespace ringwall::sbc::console {

// Of one adjacency, or of all (""). Empty: there is none of that name.
std::string show_adjacencies(Views& views, std::string_view name, bool with_details, bool as_json);
// That there is none of this name, and which there are.
std::string no_adjacency(const Snapshot& snapshot, std::string_view name);
std::string show_calls(Views& views, bool as_json);
std::string show_registrations(Views& views, bool as_json);
// The connections over TLS: version, cipher, who the peer proved to be.
std::string show_tls(Views& views, bool as_json);
std::string show_counters(Views& views, bool as_json);
// How long what each worker handles has waited, and what it turns away.
std::string show_overload(Views& views, bool as_json);
std::string show_call_policy(Views& views, bool as_json);
std::string show_certificates(Views& views, bool as_json);
// As they are, or a list of them.
std::string show_lines(std::string text, bool as_json);
std::string show_errors(const ConfigErrors& errors, bool as_json);
// The newest first. `waiting`: the number of one that nobody has confirmed yet.
std::string show_versions(std::vector<datastore::Version> versions, std::optional<unsigned> waiting,
                          bool as_json);
// Every combination of two adjacencies and a call, decided by policy::permit.
std::string show_security_matrix(bool as_json);

}  // namespace ringwall::sbc::console
