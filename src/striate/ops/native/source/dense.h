// The dense layer's shapes, and what its files share.
//
//     y[sample][unit] = sum over features of x[sample][feature] * kernel[feature][unit]   (+ bias, ReLU, dropout)
//
// Three ways, by shape. All run as tasks over blocks of weights, so that each weight is read once:
//
//   wide    units in panels of kPanelVectors vectors, products in registers (dense_tile.h)
//           forward:  task (cut of the features, group of samples): partial sums -> finish: their sum
//           backward: task (block of features): its rows of the kernel's gradient and its columns of
//                     the input's gradient; nothing is added up between tasks
//   few     forward of a handful of samples: the kernel is read as it lies, since packing it would
//           cost more than the product; otherwise as wide
//   narrow  few units: dot products along the features (dense_narrow.cpp)
#pragma once
#include <algorithm>

#include "products.h"

namespace striate {

constexpr int kNarrowUnits = 4;
constexpr int kFewSamples = 4;
constexpr int kPanelVectors = kLanes == 16 ? 4 : 2;   // with 6 rows: as many sums as registers hold
constexpr int kTileRows = 6;
constexpr int kPanelBytes = 128 << 10;                // packed values that stay in the second cache

struct DenseShape {
    int features, units, batch;
    int unit_vectors, padded_units;   // units in whole vectors
    int sum_stride;                   // of a sample's sums: no power of two, which would crowd one set of the cache
    bool narrow, few;
    int cuts, cut_features;           // forward: the features in pieces, each with partial sums of its own
    int groups;                       // forward: the samples in groups
    int block_features, blocks;       // backward: features that one task works on
    int finishes;                     // tasks that add up the cuts

    DenseShape(const StriateBlock& block, const StriatePass& pass);
    int group_begin(int group) const { return int(int64_t(batch) * group / groups); }
    int finish_begin(int task) const { return int(int64_t(batch) * task / finishes); }
    int64_t partial_elements() const { return int64_t(cuts) * batch * sum_stride; }
};

// A map's rows of either element, read and written as fp32.
inline Vector load_value(const char* map, bool fp32, int64_t at, Lanes lanes) {
    return fp32 ? load(reinterpret_cast<const float*>(map) + at, lanes)
                : load(reinterpret_cast<const bf16_t*>(map) + at, lanes);
}
inline void store_value(char* map, bool fp32, int64_t at, Vector value, Lanes lanes) {
    if (fp32)
        store(reinterpret_cast<float*>(map) + at, value, lanes);
    else
        store(reinterpret_cast<bf16_t*>(map) + at, value, lanes);
}

// Bias and, in inference, the normalisation that follows: value * scale + shift, a unit each.
void fill_scale_and_shift(const StriateBlock& block, float* scale, float* shift, int padded_units);

// What comes after the sum, for one vector of units of one sample: scale, ReLU, dropout, store.
void finish_units(const Call& call, int sample, int unit, int units, Vector sum, const float* scale,
                  const float* shift);

// The gradient of what `finish_units` did after the bias, for one vector of units of one sample.
Vector masked_gradient(const Call& call, int sample, int unit, int units);

void narrow_forward(const Call& call, const DenseShape& shape, int task);
void narrow_backward(const Call& call, const DenseShape& shape, int task);
int narrow_tasks(const DenseShape& shape);

// The phases.
int pack_tasks(const Call& call);
void pack_task(const Call& call, int cut, int, int);
int product_tasks(const Call& call);
void product_task(const Call& call, int index, int, int);
int finish_tasks(const Call& call);
void finish_task(const Call& call, int index, int, int);
int mask_tasks(const Call& call);
void mask_task(const Call& call, int index, int, int);
int dense_gradient_tasks(const Call& call);
void dense_gradient_task(const Call& call, int index, int, int);
int64_t gradient_work_bytes(const DenseShape& shape);

}  // namespace striate
