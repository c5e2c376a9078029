// The dense layer with a handful of units: vectors run along the features, in fp32 at every precision.
//
//     forward:  for sample, for unit: the dot product of the sample's features and the unit's weights
//     backward: for vector of features:  for sample: kernel gradient += value * gradient of each unit
//                                                    input gradient   = weights * gradients of the units
#include "dense.h"
#include "threads.h"

namespace striate {

constexpr int64_t kNarrowWork = 16384;   // products that are worth a task

int narrow_tasks(const DenseShape& shape) {
    int64_t products = int64_t(shape.batch) * shape.features * shape.units;
    return int(std::max<int64_t>(std::min<int64_t>({products / kNarrowWork, shape.batch, 64}), 1));
}

// The kernel's columns [first, first + count), one after the other; a single one lies so already.
static const float* columns_of(const StriateBlock& block, int units, int first, int count, int stride, float* room) {
    if (units == 1) return block.kernel + first;
    for (int unit = 0; unit < units; unit++)
        for (int i = 0; i < count; i++) room[unit * int64_t(stride) + i] = block.kernel[int64_t(first + i) * units + unit];
    return room;
}

template <class Value> static float dot_product(const Value* values, const float* weights, int count) {
    constexpr int kSums = 4;
    Vector sums[kSums];
    for (Vector& sum : sums) sum = zero();
    int i = 0;
    for (; i + kSums * kLanes <= count; i += kSums * kLanes)
        for (int part = 0; part < kSums; part++)
            sums[part] = multiply_add(load(values + i + part * kLanes), load(weights + i + part * kLanes), sums[part]);
    for (; i < count; i += kLanes) {
        Lanes lanes = first_lanes(count - i);
        sums[0] = multiply_add(load(values + i, lanes), load(weights + i, lanes), sums[0]);
    }
    return sum_of(add(add(sums[0], sums[1]), add(sums[2], sums[3])));
}

void narrow_forward(const Call& call, const DenseShape& shape, int task) {
    const StriateBlock& block = *call.block;
    int stride = round_up(shape.features, kLanes), tasks = narrow_tasks(shape);
    float* room = shape.units == 1 ? nullptr : scratch_of<float>(0, int64_t(shape.units) * stride);
    const float* columns = columns_of(block, shape.units, 0, shape.features, stride, room);
    float scale[kLanes], shift[kLanes], sums[kLanes] = {};
    fill_scale_and_shift(block, scale, shift, kLanes);
    int end = int(int64_t(shape.batch) * (task + 1) / tasks);
    for (int sample = int(int64_t(shape.batch) * task / tasks); sample < end; sample++) {
        int64_t at = int64_t(sample) * shape.features;
        for (int unit = 0; unit < shape.units; unit++) {
            const float* weights = columns + unit * int64_t(stride);
            sums[unit] = input_is_fp32(block)
                             ? dot_product(reinterpret_cast<const float*>(call.input) + at, weights, shape.features)
                             : dot_product(reinterpret_cast<const bf16_t*>(call.input) + at, weights, shape.features);
        }
        finish_units(call, sample, 0, shape.units, load(sums), scale, shift);
    }
}

template <int kUnits>
static void narrow_vector(const Call& call, const DenseShape& shape, int first, int count) {
    const StriateBlock& block = *call.block;
    bool fp32 = input_is_fp32(block);
    const float* gradients = call.work<float>(block.work_other_back);   // rows of sum_stride (dense_backward.cpp)
    Lanes lanes = first_lanes(count);
    float room[kUnits * kLanes] = {};
    const float* columns = columns_of(block, kUnits, first, count, kLanes, room);
    Vector weights[kUnits], sums[kUnits];
    for (int unit = 0; unit < kUnits; unit++) {
        weights[unit] = load(columns + unit * kLanes, lanes);
        sums[unit] = zero();
    }
    for (int sample = 0; sample < shape.batch; sample++) {
        int64_t at = int64_t(sample) * shape.features + first;
        Vector value = load_value(call.input, fp32, at, lanes), back = zero();
        for (int unit = 0; unit < kUnits; unit++) {
            Vector gradient = broadcast(gradients[int64_t(sample) * shape.sum_stride + unit]);
            sums[unit] = multiply_add(value, gradient, sums[unit]);
            back = multiply_add(weights[unit], gradient, back);
        }
        if (call.input_gradient) store_value(call.input_gradient, fp32, at, back, lanes);
    }
    if (!block.kernel_gradient) return;
    for (int unit = 0; unit < kUnits; unit++) store(room + unit * kLanes, sums[unit]);
    for (int i = 0; i < count; i++)
        for (int unit = 0; unit < kUnits; unit++)
            block.kernel_gradient[int64_t(first + i) * kUnits + unit] = room[unit * kLanes + i];
}

void narrow_backward(const Call& call, const DenseShape& shape, int task) {
    static constexpr void (*by_units[kNarrowUnits])(const Call&, const DenseShape&, int, int) = {
        narrow_vector<1>, narrow_vector<2>, narrow_vector<3>, narrow_vector<4>};
    int begin = task * shape.block_features, end = std::min(begin + shape.block_features, shape.features);
    for (int first = begin; first < end; first += kLanes)
        by_units[shape.units - 1](call, shape, first, std::min(kLanes, end - first));
}

}  // namespace striate
