// What the convolution's files share: sizes that follow from a block, and the phases.
//
//     packing           weights into the order of the products
//     micro_kernel      one row of a convolution: the register tile of forward and input gradient
//     convolution_forward           product, bias, pooling, ReLU, dropout: one pass over a sample
//     convolution_epilogue          ... what comes after the product
//     convolution_backward          a sample's gradient of the map, and from it:
//     convolution_input_gradient    the gradient to the input
//     spread_kernel     ... its register tile where the map is narrower than the input
//     convolution_weight_gradient   the gradients of kernel and bias
//     gradient_panels, pooled_panel, gradient_kernel     ... their operands and their register tile
#pragma once
#include <algorithm>

#include "dropout.h"
#include "packing.h"

namespace striate {

// Thread's own buffers (threads.h), by what they hold.
enum ConvolutionScratch { kInputRows, kRowSums, kMapGradient, kInputPanel, kGradientPanel };

// Places of a pooling window: their number must fit a byte, with one left over (kept_choice).
constexpr int kMostPlaces = 255;

inline bool pools(const StriateBlock& block) { return block.pool_height * block.pool_width > 1; }
// Places of the map that pooling windows cover: the rest is neither computed nor has a gradient.
inline int used_rows(const StriateBlock& block) {
    return std::min(block.map_height, block.output_height * block.pool_height - block.pool_top);
}
inline int used_columns(const StriateBlock& block) {
    return std::min(block.map_width, block.output_width * block.pool_width - block.pool_left);
}
// Columns of input and zeros beside it that the windows of one row cover.
inline int covered_columns(const StriateBlock& block) {
    return (used_columns(block) - 1) * block.stride_width + (block.window_width - 1) * block.dilation_width + 1;
}
inline int window_values(const StriateBlock& block) {
    return block.window_height * block.window_width * block.channels;
}
inline int padded_filters(const StriateBlock& block) { return round_up(block.filters, kLanes); }

// The gradient of a sample's map as a convolution to the input reads it:
// [row][left zeros, columns with strides - 1 zeros between, right zeros][filter].
struct GradientMap {
    int rows, columns;    // of the buffer
    int left;             // columns before the first place
    int start;            // where the first input column's window begins
    int step;             // from one place to the next, in columns
    int64_t row_elements, elements;
};
GradientMap gradient_map(const StriateBlock& block);

// What comes after the product, for one sample.
struct Finish {
    const Call& call;
    int64_t sample_start;    // of the sample in output and choice, in values
    Dropout dropout;
    const float* bias;
    Finish(const Call& call, int sample)
        : call(call), sample_start(sample * output_elements(*call.block)), dropout(*call.block, *call.pass, sample),
          bias(packed_bias(call)) {}
};
// Fills [column][filter] of one output row from the sums of its map rows (null: beyond the map).
void finish_row(const Finish& finish, int output_row, const LaneBlock& lanes, const float* const* sums);

void forward_sample(const Call& call, int sample, int slot, int band);
void backward_group(const Call& call, int begin, int end, int slot);

// Gradients of maps (GradientMap) have the products' element: of one sample, or of samples `begin` to
// before `end` one after another.
void input_gradient_of(const Call& call, int sample, const void* map);
void weight_gradient_of(const Call& call, int begin, int end, int slot, const void* maps);

int gradient_tasks(const Call& call);
void finish_gradients(const Call& call, int task, int slot, int band);

}  // namespace striate
