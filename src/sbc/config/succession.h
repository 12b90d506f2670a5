// A new configuration takes the place of the one that runs.
//
// An AdjacencyIndex is good for the life of the process: an adjacency keeps it by its name, one
// that is gone stays as an entry that is_removed, and one of the same name that comes later has it
// again. So whatever holds an index may go on holding it, and may use it in every later snapshot.
#pragma once

#include "sbc/config/snapshot.h"

namespace ringwall::sbc {

// `next` with the indices of `running`.
SnapshotPtr succeed(const Snapshot& running, Snapshot next);

}  // namespace ringwall::sbc
