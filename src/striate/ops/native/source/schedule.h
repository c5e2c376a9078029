// In which order a program's phases run. Memory is planned by it (plan.cpp), and it is what runs
// (program.cpp).
//
//     forward                              backward
//       tasks:  prepare all blocks           for each row of blocks, from the last to the first
//       chain:  block 0                        tasks:  prepare its blocks, finish those of the row before
//               block 1 ...                    chain:  its last block ... its first block
//                                            tasks:  finish the first row's blocks
//
// Phases of the scope `tasks` cut chains. All blocks are one row on the way back, but for those whose
// partial sums are more than their maps: each is a row of its own, so that they take turns in one
// place with these sums, at the price of a gradient of the whole batch between them.
#pragma once
#include <vector>

#include "program.h"

namespace striate {

struct Step {
    int block;
    const Phase* phase;
};

// All threads wait for each other before and after a stage: of the scope `samples`, a chain of phases
// that each group of samples goes through; or tasks that do not wait for each other.
struct Stage {
    Scope scope;
    std::vector<Step> steps;
};
using Schedule = std::vector<Stage>;

Schedule forward_schedule(const StriatePass& pass);
Schedule backward_schedule(const StriatePass& pass);

const Kind& kind_of(const StriateBlock& block);

// Bytes of all blocks' partial sums in one slot, and of all blocks' output maps.
int64_t partial_bytes_of(const StriatePass& pass);
int64_t map_bytes_of(const StriatePass& pass);

// How many samples of a slot go through one phase before the next phase.
int samples_together(const StriatePass& pass);

int64_t input_bytes(const StriateBlock& block);    // of one sample
int64_t output_bytes(const StriateBlock& block);

}  // namespace striate
