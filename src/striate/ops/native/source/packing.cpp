// Weights into the order of the products (packing.h).
//
//     for each window row, run, group of a block
//         for each vector of lanes: gather (forward) or load (back) the group's values
#include "packing.h"

#include <cmath>

#include "convolution.h"

namespace striate {

// Narrow maps fill the registers with more lanes instead of more columns.
static int wide_for(int columns) { return kLanes == 16 && columns <= most_columns(4) ? 4 : 2; }

static Packing packing_of(const StriateBlock& block, int lanes, int depth, int columns) {
    bool joined = block.dilation_width == 1 || block.window_width == 1;
    Packing packing;
    packing.lanes = lanes;
    packing.wide = wide_for(columns);
    packing.window_rows = block.window_height;
    packing.runs = joined ? 1 : block.window_width;
    packing.run_values = joined ? block.window_width * depth : depth;
    packing.group = block.bf16 ? 2 : 1;
    return packing;
}

Packing forward_packing(const StriateBlock& block) {
    return packing_of(block, block.filters, block.channels, used_columns(block));
}
Packing backward_packing(const StriateBlock& block) {
    return packing_of(block, block.channels, block.filters, block.width);
}

// Walks the values of a block in the order of the products: `place` says where the next one's weights
// stand, `load_at(place, vector)` fetches them.
template <class Products, class Place, class LoadAt>
static void pack_lanes(const Packing& packing, const LaneBlock& lanes, typename Products::Element* to, Place&& place,
                       LoadAt&& load_at) {
    for (int row = 0; row < packing.window_rows; row++)
        for (int run = 0; run < packing.runs; run++)
            for (int value = 0; value < packing.run_values; value += Products::kGroup) {
                bool two = Products::kGroup == 2 && value + 1 < packing.run_values;
                const float* first = place(row, run, value);
                const float* second = two ? place(row, run, value + 1) : nullptr;
                for (int v = 0; v < lanes.vectors; v++, to += kLanes * Products::kGroup)
                    Products::store_groups(to, load_at(first, v), two ? load_at(second, v) : zero());
            }
}

// The factor that a folded normalisation gives to a filter.
static float folded_scale(const StriateBlock& block, int filter) {
    if (!block.moving_mean) return 1;
    float gamma = block.gamma ? block.gamma[filter] : 1.0f;
    return float(gamma / std::sqrt(double(block.moving_variance[filter]) + block.epsilon));
}

static float folded_bias(const StriateBlock& block, int filter, float scale) {
    float bias = block.bias ? block.bias[filter] : 0.0f;
    if (!block.moving_mean) return bias;
    float beta = block.beta ? block.beta[filter] : 0.0f;
    return (bias - block.moving_mean[filter]) * scale + beta;
}

template <class Products>
static typename Products::Element* place_of(const Call& call, int64_t offset, const Packing& packing, int lane) {
    return call.work<typename Products::Element>(offset) + packing.lane_elements() * lane;
}

static float* bias_place(const Call& call) {
    const StriateBlock& block = *call.block;
    Packing packing = forward_packing(block);
    return reinterpret_cast<float*>(call.work<char>(block.work_packed) +
                                    packing.elements() * element_bytes(!block.bf16));
}
const float* packed_bias(const Call& call) { return bias_place(call); }

void pack_forward(const Call& call, int index) {
    const StriateBlock& block = *call.block;
    Packing packing = forward_packing(block);
    LaneBlock lanes = packing.block(index);
    float scales[kMostVectors * kLanes] = {};
    for (int lane = 0; lane < lanes.count; lane++) {
        scales[lane] = folded_scale(block, lanes.first + lane);
        bias_place(call)[lanes.first + lane] = folded_bias(block, lanes.first + lane, scales[lane]);
    }
    int values = window_values(block), row_values = block.window_width * block.channels;
    const float* kernel = block.kernel + int64_t(lanes.first) * values;
    auto place = [&](int row, int run, int value) { return kernel + row * row_values + run * packing.run_values + value; };
    auto load_at = [&](const float* from, int v) {
        Vector weights = gather(from + int64_t(v) * kLanes * values, values, first_lanes(lanes.count - v * kLanes));
        return block.moving_mean ? multiply(weights, load(scales + v * kLanes)) : weights;
    };
    with_products(block, [&](auto products) {
        using Products = decltype(products);
        pack_lanes<Products>(packing, lanes, place_of<Products>(call, block.work_packed, packing, lanes.first), place, load_at);
    });
}

// The window turned around in its columns; rows are turned by whoever walks them.
void pack_backward(const Call& call, int index) {
    const StriateBlock& block = *call.block;
    Packing packing = backward_packing(block);
    LaneBlock lanes = packing.block(index);
    int64_t values = window_values(block);
    const int filters = block.filters, width = block.window_width, channels = block.channels;
    int column = 0, filter = 0;   // of the next value in its run
    auto place = [&](int row, int run, int value) {
        if (value == 0) column = run, filter = 0;
        if (filter == filters) column++, filter = 0;
        int tap = row * width + width - 1 - column;
        return block.kernel + filter++ * values + int64_t(tap) * channels + lanes.first;
    };
    auto load_at = [&](const float* from, int v) {
        return load(from + v * kLanes, first_lanes(lanes.count - v * kLanes));
    };
    with_products(block, [&](auto products) {
        using Products = decltype(products);
        pack_lanes<Products>(packing, lanes, place_of<Products>(call, block.work_packed_back, packing, lanes.first), place, load_at);
    });
}

}  // namespace striate
