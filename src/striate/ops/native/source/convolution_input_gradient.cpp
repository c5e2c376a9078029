// The gradient to the input: the gradient of the map, convolved with the turned window.
//
//     for each block of input channels
//         for each input row
//             sums[column][channel] = rows of the map's gradient * packed weights     (micro_kernel.h)
//             store in the input's element
//
// Only rows of the map that really look at the input row take part; between columns that strides
// keep apart the map's gradient has zeros. Where it has them beside the map only, and the map is
// narrower than the input, the sums come another way round (spread_kernel.h).
#include "dropout.h"
#include "spread_kernel.h"
#include "threads.h"

namespace striate {

template <class Element>
static void store_row(const LaneBlock& lanes, const float* sums, int columns, int channels, float scale, Element* to) {
    for (int v = 0; v < lanes.vectors; v++) {
        Lanes wanted = first_lanes(lanes.count - v * kLanes);
        for (int column = 0; column < columns; column++)
            store(to + int64_t(column) * channels + v * kLanes,
                  multiply(load(sums + (int64_t(column) * lanes.vectors + v) * kLanes), broadcast(scale)), wanted);
    }
}

// `first`: the column of the map's buffer where rows begin.
template <class Products>
static int rows_for(const StriateBlock& block, int y, const GradientMap& shape, int first,
                    const typename Products::Element* map, const typename Products::Element* weights,
                    int64_t weights_row, WindowRow<Products>* rows) {
    int count = 0;
    for (int k = 0; k < block.window_height; k++) {
        int strided = y + block.top - k * block.dilation_height;
        int at = strided / block.stride_height;
        if (strided < 0 || strided % block.stride_height || at >= shape.rows) continue;
        rows[count++] = {map + at * shape.row_elements + int64_t(first) * block.filters, weights + k * weights_row};
    }
    return count;
}

template <class Products>
static void multiply_map(const Call& call, int sample, const typename Products::Element* map) {
    using Element = typename Products::Element;
    const StriateBlock& block = *call.block;
    const bool spread = spreads(block);
    const GradientMap shape = gradient_map(block);
    const int first = spread ? shape.left : shape.start;
    const float scale = Dropout(block, *call.pass, sample).scale;
    const Packing packing = backward_packing(block);
    const Walk walk = packing.walk(int64_t(block.dilation_width) * block.filters, block.filters);
    int64_t size = int64_t(spread ? spread_columns(block) : block.width) * packing.widest() * kLanes;
    float* sums = scratch_of<float>(kRowSums, size + block.window_height * int64_t(sizeof(WindowRow<Products>)));
    auto* rows = reinterpret_cast<WindowRow<Products>*>(sums + size);
    for (int index = 0; index < packing.blocks(); index++) {
        LaneBlock lanes = packing.block(index);
        const Element* weights = call.work<Element>(block.work_packed_back) + packing.lane_elements() * lanes.first;
        int64_t weights_row = int64_t(packing.row_groups()) * packing.group * lanes.vectors * kLanes;
        const float* first_sums = sums + (spread ? int64_t(block.left) * lanes.vectors * kLanes : 0);
        for (int y = 0; y < block.height; y++) {
            int count = rows_for<Products>(block, y, shape, first, map, weights, weights_row, rows);
            if (spread)
                spread_row(block, rows, count, lanes.vectors, sums);
            else
                multiply_row(rows, count, walk, block.width, lanes.vectors, sums);
            with_element(input_is_fp32(block), [&](auto element) {
                int64_t at = sample * input_elements(block) + int64_t(y) * block.width * block.channels + lanes.first;
                store_row(lanes, first_sums, block.width, block.channels, scale,
                          reinterpret_cast<decltype(element)*>(call.input_gradient) + at);
            });
        }
    }
}

void input_gradient_of(const Call& call, int sample, const void* map) {
    with_products(*call.block, [&](auto products) {
        using Products = decltype(products);
        multiply_map<Products>(call, sample, static_cast<const typename Products::Element*>(map));
    });
}

}  // namespace striate
