// Where workers say what calls are up, so that another process can go on with them
// (docs/decisions/0092). Any thread; waits for nothing. What is said here is counted with what is
// registered (registrar/journal.h): both are one journal.
#pragma once

#include <string_view>

#include "sbc/b2bua/kept_call.h"
#include "sbc/config/snapshot.h"

namespace ringwall::sbc {

class CallJournal {
public:
    virtual ~CallJournal() = default;

    // By its name, in the place of what was said of it before; `snapshot` knows its adjacencies.
    virtual void on_call(const SnapshotPtr& snapshot, b2bua::KeptCall call) = 0;
    // Its record was handed on before.
    virtual void on_call_over(std::string_view name) = 0;
};

}  // namespace ringwall::sbc
