// The model's tree as the types of the border controller.
#pragma once

#include "sbc/config/draft.h"
#include "sbc/model/tree.h"

namespace ringwall::sbc {

// Of a tree whose values are the model's: nothing is judged here.
Draft draft_of(const model::Tree& tree);

}  // namespace ringwall::sbc
