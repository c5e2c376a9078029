// How a convolution's weights lie for its products, for the way forward (lanes: filters) and for the
// gradient to the input (lanes: input channels).
//
//     [block of lanes][window row][run][group][lane][1 fp32 | 2 bf16]      lanes beyond the last: 0
//
// A *run* is a stretch of a window's row that lies side by side in memory: the whole row where
// columns are not dilated, else one place of it. Behind the weights forward stands the bias, fp32.
#pragma once
#include "micro_kernel.h"

namespace striate {

// Some vectors of lanes that are computed together.
struct LaneBlock {
    int first;      // lane
    int vectors;
    int count;      // lanes that exist
};

struct Packing {
    int lanes;          // filters or channels
    int wide;           // vectors of a block as a rule
    int window_rows;
    int runs, run_values;
    int group;          // values a product

    int vectors() const { return divide_up(lanes, kLanes); }
    int row_groups() const { return runs * divide_up(run_values, group); }
    // Elements of one lane.
    int64_t lane_elements() const { return int64_t(window_rows) * row_groups() * group; }
    int64_t elements() const { return lane_elements() * vectors() * kLanes; }
    int blocks() const { return wide == 2 ? (vectors() > 1 ? vectors() / 2 : 1) : divide_up(vectors(), wide); }
    // The last block takes what is left: one to three vectors, or up to four.
    LaneBlock block(int index) const {
        int first = index * wide, here = index + 1 < blocks() ? wide : vectors() - first;
        int left = lanes - first * kLanes;
        return {first * kLanes, here, left < here * kLanes ? left : here * kLanes};
    }
    // The most vectors that a block has.
    int widest() const {
        int most = wide == 2 ? 3 : wide;
        return vectors() < most ? vectors() : most;
    }
    int64_t block_elements(const LaneBlock& block) const { return lane_elements() * block.vectors * kLanes; }
    Walk walk(int64_t run_stride, int64_t column_stride) const {
        return {runs, run_stride, run_values / group, run_values % group != 0, column_stride};
    }
};

Packing forward_packing(const StriateBlock& block);
Packing backward_packing(const StriateBlock& block);

// Packs one block of lanes. Moving statistics, where there are any, are folded in.
void pack_forward(const Call& call, int index);
void pack_backward(const Call& call, int index);

// The bias, or null where there is none.
const float* packed_bias(const Call& call);

}  // namespace striate
