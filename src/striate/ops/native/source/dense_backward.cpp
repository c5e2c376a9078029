// The dense layer backward (dense.h).
//
//     mask (panel of units):      the gradient through dropout and ReLU, once, as
//                                 rows [sample][unit], as a panel [sample / depth][unit][sample % depth],
//                                 and turned around, as panels [unit / depth][sample][unit % depth];
//                                 the bias's gradient is its sum over the samples
//     gradient (block of features):
//         kernel gradient   rows: features of the input, transposed; panels: the masked gradient
//         input gradient    rows: the block's weights as they lie; panels: the turned gradient;
//                           sums [feature][sample] are transposed when they are stored
#include "dense_tile.h"
#include "threads.h"

namespace striate {

constexpr int kPanelSamples = kPanelVectors * kLanes;
constexpr int64_t kFarBytes = 16 << 20;   // a gradient that no cache keeps until somebody reads it

// Where the masked gradient lies in work_other_back.
template <class Products> struct Masked {
    using Element = typename Products::Element;
    Element *rows, *panels, *turned;
    int64_t padded_batch, padded_units;
    Masked(const Call& call, const DenseShape& shape) {
        padded_batch = round_up(shape.batch, 2);
        padded_units = shape.padded_units;
        rows = call.work<Element>(call.block->work_other_back);
        panels = rows + padded_batch * shape.sum_stride;
        turned = panels + padded_batch * shape.sum_stride;
    }
    Element* panel(int unit) const { return panels + unit * padded_batch; }
    // Of up to kPanelSamples samples.
    Element* turned_panel(int sample) const { return turned + sample * padded_units; }
};

static int panel_vectors(const DenseShape& shape, int sample) {
    return std::min(kPanelVectors, divide_up(shape.batch - sample, kLanes));
}

int64_t gradient_work_bytes(const DenseShape& shape) {
    int64_t samples = 2 * round_up(shape.batch, 2) + (shape.narrow ? 0 : round_up(shape.batch, kLanes));
    return samples * shape.sum_stride * int64_t(sizeof(float));
}

// Turns the rows of some vectors of units: squares of samples and groups, which have the bits of an fp32.
template <class Products>
static void turn_units(const Masked<Products>& masked, const DenseShape& shape, int first, int vectors) {
    const int groups = vectors * kLanes / Products::kGroup;
    for (int sample = 0; sample < shape.batch; sample += kLanes) {
        const int start = sample / kPanelSamples * kPanelSamples, step = panel_vectors(shape, start) * kLanes;
        float* to = reinterpret_cast<float*>(masked.turned_panel(start)) + int64_t(first / Products::kGroup) * step;
        for (int group = 0; group < groups; group += kLanes) {
            Vector square[kLanes];
            for (int i = 0; i < kLanes; i++) {
                const auto* row = masked.rows + int64_t(sample + i) * shape.sum_stride + first;
                bool there = sample + i < shape.batch;
                square[i] = there ? load(reinterpret_cast<const float*>(row) + group, first_lanes(groups - group)) : zero();
            }
            transpose(square);
            for (int i = 0; i < std::min(kLanes, groups - group); i++)
                store(to + int64_t(group + i) * step + sample - start, square[i]);
        }
    }
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
    if (call.input_gradient && !shape.narrow) turn_units(masked, shape, first, vectors);
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

// Whether the kernel's gradient goes past the caches, which saves reading what is overwritten.
static bool is_far(const DenseShape& shape, const float* gradient) {
    bool whole_lines = shape.units % kLanes == 0 && reinterpret_cast<uintptr_t>(gradient) % 64 == 0;
    return whole_lines && int64_t(shape.features) * shape.units * int64_t(sizeof(float)) >= kFarBytes;
}

static void copy_past_caches(const float* from, int64_t stride, int rows, int columns, float* to) {
    for (int row = 0; row < rows; row++)
        for (int column = 0; column < columns; column += kLanes, to += kLanes)
            store_past_caches(to, load(from + row * stride + column));
    finish_past_caches();
}

// Rows outside, so that the gradient is written from end to end; unless the panels are too much to
// be read again for every few rows.
template <class Products>
static void kernel_gradient(const Call& call, const DenseShape& shape, int first, int count) {
    using Element = typename Products::Element;
    const StriateBlock& block = *call.block;
    Masked<Products> masked(call, shape);
    bool fp32 = input_is_fp32(block), far = is_far(shape, block.kernel_gradient);
    int stride = round_up(shape.batch, kLanes);
    Element* rows = scratch_of<Element>(0, int64_t(round_up(count, kLanes)) * stride);
    copy_columns(call.input + first * element_bytes(fp32), fp32, shape.features, shape.batch, count, rows, stride);
    bool panels_are_small = masked.padded_batch * shape.padded_units * int64_t(sizeof(Element)) <= kPanelBytes;
    int together = panels_are_small ? kTileRows : count;
    float* room = far ? scratch_of<float>(1, int64_t(together) * shape.sum_stride) : nullptr;
    for (int row = 0; row < count; row += together) {
        float* gradient = block.kernel_gradient + int64_t(first + row) * shape.units;
        int here = std::min(together, count - row);
        for (int vector = 0; vector < shape.unit_vectors; vector += kPanelVectors) {
            int unit = vector * kLanes, vectors = std::min(kPanelVectors, shape.unit_vectors - vector);
            Product<Products> product = {rows + int64_t(row) * stride, stride, masked.panel(unit), shape.batch,
                                         (far ? room : gradient) + unit, far ? shape.sum_stride : shape.units,
                                         false, first_lanes(shape.units - unit - (vectors - 1) * kLanes)};
            multiply_all_rows(product, here, vectors);
        }
        if (far) copy_past_caches(room, shape.sum_stride, here, shape.units, gradient);
    }
}

// Stores sums [feature][sample] of some samples from `sample` on.
static void store_turned(const Call& call, const DenseShape& shape, const float* sums, int stride, int sample, int first,
                         int count) {
    const bool fp32 = input_is_fp32(*call.block);
    for (int i = 0; i < count; i += kLanes)
        for (int lane = 0; lane < stride && sample + lane < shape.batch; lane += kLanes) {
            Vector square[kLanes];
            for (int k = 0; k < kLanes; k++) square[k] = i + k < count ? load(sums + (i + k) * stride + lane) : zero();
            transpose(square);
            for (int k = 0; k < std::min(kLanes, shape.batch - sample - lane); k++)
                store_value(call.input_gradient, fp32, int64_t(sample + lane + k) * shape.features + first + i, square[k],
                            first_lanes(count - i));
        }
}

template <class Products>
static void input_gradient(const Call& call, const DenseShape& shape, int first, int count) {
    using Element = typename Products::Element;
    Masked<Products> masked(call, shape);
    Element* rows = scratch_of<Element>(0, int64_t(count) * shape.sum_stride);
    const float* kernel = call.block->kernel + int64_t(first) * shape.units;
    copy_rows(reinterpret_cast<const char*>(kernel), true, shape.units, count, shape.units, rows, shape.sum_stride);
    float* sums = scratch_of<float>(1, int64_t(count) * kPanelSamples);
    for (int sample = 0; sample < shape.batch; sample += kPanelSamples) {
        int vectors = panel_vectors(shape, sample);
        Product<Products> product = {rows, shape.sum_stride, masked.turned_panel(sample), shape.units,
                                     sums, vectors * kLanes, false, first_lanes(kLanes)};
        multiply_all_rows(product, count, vectors);
        store_turned(call, shape, sums, vectors * kLanes, sample, first, count);
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
