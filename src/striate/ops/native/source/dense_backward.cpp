// The dense layer backward (dense.h).
//
//     mask (panel of units):      the gradient through dropout and ReLU, once, as
//                                 rows [sample][unit] and as a panel [sample / depth][unit][sample % depth];
//                                 the bias's gradient is its sum over the samples
//     gradient (block of features):
//         kernel gradient   rows: features of the input, transposed; panels: the masked gradient
//         input gradient    rows: the masked gradient; panel: the block's weights, transposed
#include "dense_tile.h"
#include "threads.h"

namespace striate {

// Where the masked gradient lies in work_other_back.
template <class Products> struct Masked {
    using Element = typename Products::Element;
    Element *rows, *panels;
    int64_t padded_batch;
    Masked(const Call& call, const DenseShape& shape) {
        padded_batch = round_up(shape.batch, 2);
        rows = call.work<Element>(call.block->work_other_back);
        panels = rows + padded_batch * shape.sum_stride;
    }
    Element* panel(int unit) const { return panels + unit * padded_batch; }
};

int64_t gradient_work_bytes(const DenseShape& shape) {
    return 2 * int64_t(round_up(shape.batch, 2)) * shape.sum_stride * int64_t(sizeof(float));
}

template <class Products>
static void mask_panel(const Call& call, const DenseShape& shape, int first, int vectors) {
    constexpr int kGroup = Products::kGroup;
    Masked<Products> masked(call, shape);
    auto* panel = masked.panel(first);
    Vector sums[kPanelVectors];
    for (Vector& sum : sums) sum = zero();
    for (int sample = 0; sample < shape.batch; sample += kGroup)
        for (int vector = 0; vector < vectors; vector++, panel += kLanes * kGroup) {
            int unit = first + vector * kLanes;
            Vector group[2] = {masked_gradient(call, sample, unit, shape.units), zero()};
            if (kGroup == 2 && sample + 1 < shape.batch) group[1] = masked_gradient(call, sample + 1, unit, shape.units);
            for (int i = 0; i < kGroup; i++) store(masked.rows + int64_t(sample + i) * shape.sum_stride + unit, group[i]);
            Products::store_groups(panel, group[0], group[1]);
            sums[vector] = add(sums[vector], kGroup == 2 ? add(group[0], group[1]) : group[0]);
        }
    if (!call.block->bias_gradient) return;
    for (int vector = 0; vector < vectors; vector++) {
        int unit = first + vector * kLanes;
        store(call.block->bias_gradient + unit, sums[vector], first_lanes(shape.units - unit));
    }
}

int mask_tasks(const Call& call) {
    DenseShape shape(*call.block, *call.pass);
    return divide_up(shape.unit_vectors, kPanelVectors);
}

void mask_task(const Call& call, int index, int, int) {
    DenseShape shape(*call.block, *call.pass);
    int vector = index * kPanelVectors, vectors = std::min(kPanelVectors, shape.unit_vectors - vector);
    if (shape.narrow) return mask_panel<Fp32Products>(call, shape, vector * kLanes, vectors);
    with_products(*call.block, [&](auto products) {
        mask_panel<decltype(products)>(call, shape, vector * kLanes, vectors);
    });
}

// Rows outside, so that the gradient is written from end to end; unless the panels are too much to
// be read again for every few rows.
template <class Products>
static void kernel_gradient(const Call& call, const DenseShape& shape, int first, int count) {
    using Element = typename Products::Element;
    const StriateBlock& block = *call.block;
    Masked<Products> masked(call, shape);
    bool fp32 = input_is_fp32(block);
    int stride = round_up(shape.batch, kLanes);
    Element* rows = scratch_of<Element>(0, int64_t(round_up(count, kLanes)) * stride);
    copy_columns(call.input + first * element_bytes(fp32), fp32, shape.features, shape.batch, count, rows, stride);
    bool panels_are_small = masked.padded_batch * shape.padded_units * int64_t(sizeof(Element)) <= kPanelBytes;
    int together = panels_are_small ? kTileRows : count;
    for (int row = 0; row < count; row += together)
        for (int vector = 0; vector < shape.unit_vectors; vector += kPanelVectors) {
            int unit = vector * kLanes, vectors = std::min(kPanelVectors, shape.unit_vectors - vector);
            Product<Products> product = {rows + int64_t(row) * stride, stride, masked.panel(unit), shape.batch,
                                         block.kernel_gradient + int64_t(first + row) * shape.units + unit, shape.units,
                                         false, first_lanes(shape.units - unit - (vectors - 1) * kLanes)};
            multiply_all_rows(product, std::min(together, count - row), vectors);
        }
}

template <class Products>
static void input_gradient(const Call& call, const DenseShape& shape, int first, int count) {
    using Element = typename Products::Element;
    const StriateBlock& block = *call.block;
    Masked<Products> masked(call, shape);
    bool fp32 = input_is_fp32(block);
    int columns = round_up(count, kLanes);
    Element* panel = scratch_of<Element>(0, int64_t(columns) * round_up(shape.units, 2));
    pack_transposed<Products>(block.kernel + int64_t(first) * shape.units, shape.units, count, shape.units, panel);
    float* sums = scratch_of<float>(1, int64_t(kTileRows) * columns);
    for (int sample = 0; sample < shape.batch; sample += kTileRows) {
        int rows = std::min(kTileRows, shape.batch - sample);
        Product<Products> product = {masked.rows + int64_t(sample) * shape.sum_stride, shape.sum_stride, panel,
                                     shape.units, sums, columns, false, first_lanes(kLanes)};
        multiply_all_rows(product, rows, columns / kLanes);
        for (int row = 0; row < rows; row++)
            for (int i = 0; i < count; i += kLanes)
                store_value(call.input_gradient, fp32, int64_t(sample + row) * shape.features + first + i,
                            load(sums + row * columns + i), first_lanes(count - i));
    }
}

int dense_gradient_tasks(const Call& call) {
    return DenseShape(*call.block, *call.pass).blocks;
}

void dense_gradient_task(const Call& call, int index, int, int) {
    DenseShape shape(*call.block, *call.pass);
    if (shape.narrow) return narrow_backward(call, shape, index);
    int first = index * shape.block_features, count = std::min(shape.block_features, shape.features - first);
    with_products(*call.block, [&](auto products) {
        if (call.block->kernel_gradient) kernel_gradient<decltype(products)>(call, shape, first, count);
        if (call.input_gradient) input_gradient<decltype(products)>(call, shape, first, count);
    });
}

}  // namespace striate
