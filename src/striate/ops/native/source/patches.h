// The patches of a map's input: what a convolution's window sees at one place.
//
// A sample is copied once into a buffer with all zeros around it that windows reach, in the element
// of the products (so bf16 programs see rounded values everywhere):
//
//     value `tap` of the patch at (row, column) = values[at(row, column) + offsets[tap]]
//
// Taps are counted as the kernel has them: window row, window column, channel.
#pragma once
#include <algorithm>
#include <cstring>

#include "products.h"
#include "threads.h"

namespace striate {

constexpr int kMostTaps = 48;

inline int tap_count(const StriateBlock& block) { return block.window_height * block.window_width * block.channels; }

struct PatchPlan {
    int rows, columns;            // of the buffer
    int taps;
    int runs, run_values;         // taps that lie side by side: `runs` times `run_values`
    int64_t row_step, column_step;
    int64_t offsets[kMostTaps];

    explicit PatchPlan(const StriateBlock& block) {
        rows = (block.map_height - 1) * block.stride_height + (block.window_height - 1) * block.dilation_height + 1;
        columns = (block.map_width - 1) * block.stride_width + (block.window_width - 1) * block.dilation_width + 1;
        taps = tap_count(block);
        bool joined = block.dilation_width == 1 || block.window_width == 1;
        run_values = block.channels * (joined ? block.window_width : 1);
        runs = taps / run_values;
        row_step = int64_t(block.stride_height) * columns * block.channels;
        column_step = int64_t(block.stride_width) * block.channels;
        for (int tap = 0; tap < taps; tap++) {
            int place = tap / block.channels;
            int row = place / block.window_width * block.dilation_height;
            int column = place % block.window_width * block.dilation_width;
            offsets[tap] = (int64_t(row) * columns + column) * block.channels + tap % block.channels;
        }
    }
    int64_t at(int row, int column) const { return row * row_step + column * column_step; }
};

template <class Source, class Element>
void copy_rounded(const Source* from, int64_t count, Element* to) {
    for (int64_t i = 0; i < count; i += kLanes) {
        Lanes lanes = first_lanes(int(std::min<int64_t>(count - i, kLanes)));
        store(to + i, load(from + i, lanes), lanes);
    }
}

// The buffer of one sample, in scratch memory number `scratch_number`.
template <class Element>
const Element* padded_sample(const Call& call, int sample, const PatchPlan& plan, int scratch_number) {
    const StriateBlock& block = *call.block;
    int64_t channels = block.channels, row_values = plan.columns * channels, values = plan.rows * row_values;
    // Runs are copied sixteen bytes at a time, so some that lie behind the last are read too.
    Element* to = scratch_of<Element>(scratch_number, values + 2 * kLanes);
    std::memset(to, 0, (values + 2 * kLanes) * sizeof(Element));
    int kept = std::min(block.width, plan.columns - block.left);
    with_element(input_is_fp32(block), [&](auto element) {
        const auto* map = reinterpret_cast<const decltype(element)*>(call.input) + sample * input_elements(block);
        for (int row = 0; row < block.height && row + block.top < plan.rows && kept > 0; row++)
            copy_rounded(map + row * block.width * channels, kept * channels,
                         to + (row + block.top) * row_values + block.left * channels);
    });
    return to;
}

// Whether all values are so small that no sum of products can overflow or be NaN.
template <class Element>
bool is_tame(const Element* values, int64_t count) {
    Vector limit = broadcast(1e15f), least = broadcast(-1e15f);
    Lanes tame = first_lanes(kLanes);
    for (int64_t i = 0; i < count; i += kLanes) {
        Vector some = load(values + i, first_lanes(int(std::min<int64_t>(count - i, kLanes))));
        tame = both(tame, both(is_at_most(least, some), is_at_most(some, limit)));
    }
    return are_all(tame);
}

}  // namespace striate
