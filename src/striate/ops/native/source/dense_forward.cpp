// The dense layer forward: partial sums over cuts of the features, then their sum (dense.h).
//
//     task (cut, group of samples):
//         for a stretch of the cut's features, as many as make a panel block of kPanelBytes:
//             pack the stretch's weights, copy the samples' values of the stretch
//             (inference packs them once, for all batches until the weights change)
//             for panel of units: for tile of samples: sums (+)= values * weights
//     finish (some samples): the cuts' sums in their order, then bias, ReLU, dropout
#include "dense_tile.h"
#include "threads.h"

namespace striate {

static float* partial_of(const Call& call, const DenseShape& shape, int cut, int sample) {
    return call.work<float>(call.block->work_other) + (int64_t(cut) * shape.batch + sample) * shape.sum_stride;
}

// The features of a cut, and how many of them make a stretch: as many as kPanelBytes hold of all units
// where they are packed on the way, and of one panel's units where that was done before.
template <class Products>
struct Stretches {
    int begin, end, most;
    Stretches(const DenseShape& shape, int cut, bool packed)
        : begin(cut * shape.cut_features), end(std::min(begin + shape.cut_features, shape.features)) {
        int units = packed ? std::min(shape.padded_units, kPanelVectors * kLanes) : shape.padded_units;
        int fitting = kPanelBytes / int(units * sizeof(typename Products::Element));
        most = std::min(std::max(fitting, 32) / 2 * 2, round_up(end - begin, 2));
    }
};

template <class Products>
static void pack_stretch(const Call& call, const DenseShape& shape, int first, int length,
                         typename Products::Element* panels) {
    const float* kernel = call.block->kernel + int64_t(first) * shape.units;
    pack_panels<Products>(kernel, shape.units, length, shape.units, panels);
}

int pack_tasks(const Call& call) { return call.block->work_packed < 0 ? 0 : DenseShape(*call.block, *call.pass).cuts; }

// Cuts begin at even features, so a stretch's panels lie where its first feature's weights would.
void pack_task(const Call& call, int cut, int, int) {
    DenseShape shape(*call.block, *call.pass);
    with_products(*call.block, [&](auto products) {
        using Products = decltype(products);
        auto* packed = call.work<typename Products::Element>(call.block->work_packed);
        Stretches<Products> stretches(shape, cut, true);
        for (int first = stretches.begin; first < stretches.end; first += stretches.most)
            pack_stretch<Products>(call, shape, first, std::min(stretches.most, stretches.end - first),
                                   packed + int64_t(first) * shape.padded_units);
    });
}

template <class Products>
static void multiply_cut(const Call& call, const DenseShape& shape, int cut, int group) {
    using Element = typename Products::Element;
    const StriateBlock& block = *call.block;
    bool fp32 = input_is_fp32(block), packed = block.work_packed >= 0;
    int from = shape.group_begin(group), samples = shape.group_begin(group + 1) - from;
    const auto [begin, end, most] = Stretches<Products>(shape, cut, packed);
    int stride = round_up(most, kLanes);
    Element* panels = packed ? nullptr : scratch_of<Element>(0, int64_t(most) * shape.padded_units);
    Element* values = scratch_of<Element>(1, int64_t(samples) * stride);
    for (int first = begin; first < end; first += most) {
        int length = std::min(most, end - first);
        int64_t padded_length = round_up(length, Products::kGroup);
        if (packed)
            panels = call.work<Element>(block.work_packed) + int64_t(first) * shape.padded_units;
        else
            pack_stretch<Products>(call, shape, first, length, panels);
        const char* input = call.input + (int64_t(from) * shape.features + first) * element_bytes(fp32);
        copy_rows(input, fp32, shape.features, samples, length, values, stride);
        for (int vector = 0; vector < shape.unit_vectors; vector += kPanelVectors) {
            int unit = vector * kLanes;
            Product<Products> product = {values, stride, panels + unit * padded_length, length,
                                         partial_of(call, shape, cut, from) + unit, shape.sum_stride,
                                         first > begin, first_lanes(kLanes)};
            multiply_all_rows(product, samples, std::min(kPanelVectors, shape.unit_vectors - vector));
        }
    }
}

// A handful of samples: four rows of the kernel at a time, as they lie, added into the sums in the
// first cache.
template <int kSamples> static void multiply_few(const Call& call, const DenseShape& shape, int cut) {
    const StriateBlock& block = *call.block;
    constexpr int kTogether = 4;
    int begin = cut * shape.cut_features, end = std::min(begin + shape.cut_features, shape.features);
    int count = end - begin, stride = round_up(count, kLanes) + kTogether;
    float* values = scratch_of<float>(1, int64_t(kSamples) * stride);
    std::fill(values, values + int64_t(kSamples) * stride, 0.0f);
    bool fp32 = input_is_fp32(block);
    copy_rows(call.input + begin * element_bytes(fp32), fp32, shape.features, kSamples, count, values, stride);
    float* sums = partial_of(call, shape, cut, 0);
    std::fill(sums, sums + int64_t(kSamples) * shape.sum_stride, 0.0f);
    for (int feature = 0; feature < count; feature += kTogether) {
        int rows = std::min(kTogether, count - feature);
        const float* kernel = block.kernel + int64_t(begin + feature) * shape.units;
        for (int unit = 0; unit < shape.units; unit += kLanes) {
            Lanes lanes = first_lanes(shape.units - unit);
            Vector sum[kSamples];
            for (int sample = 0; sample < kSamples; sample++) sum[sample] = load(sums + sample * shape.sum_stride + unit);
            for (int row = 0; row < rows; row++) {
                Vector weights = load(kernel + int64_t(row) * shape.units + unit, lanes);
                for (int sample = 0; sample < kSamples; sample++)
                    sum[sample] = multiply_add(broadcast(values[sample * stride + feature + row]), weights, sum[sample]);
            }
            for (int sample = 0; sample < kSamples; sample++) store(sums + sample * shape.sum_stride + unit, sum[sample]);
        }
    }
}

int product_tasks(const Call& call) {
    DenseShape shape(*call.block, *call.pass);
    if (shape.narrow) return narrow_tasks(shape);
    return shape.few ? shape.cuts : shape.cuts * shape.groups;
}

void product_task(const Call& call, int index, int, int) {
    DenseShape shape(*call.block, *call.pass);
    if (shape.narrow) return narrow_forward(call, shape, index);
    if (shape.few) {
        static constexpr void (*few[kFewSamples])(const Call&, const DenseShape&, int) = {
            multiply_few<1>, multiply_few<2>, multiply_few<3>, multiply_few<4>};
        return few[shape.batch - 1](call, shape, index);
    }
    int cut = index % shape.cuts, group = index / shape.cuts;
    with_products(*call.block, [&](auto products) { multiply_cut<decltype(products)>(call, shape, cut, group); });
}

int finish_tasks(const Call& call) {
    DenseShape shape(*call.block, *call.pass);
    return shape.narrow ? 0 : shape.finishes;
}

void finish_task(const Call& call, int index, int, int) {
    DenseShape shape(*call.block, *call.pass);
    float* scale = scratch_of<float>(0, shape.padded_units);
    float* shift = scratch_of<float>(1, shape.padded_units);
    fill_scale_and_shift(*call.block, scale, shift, shape.padded_units);
    for (int sample = shape.finish_begin(index); sample < shape.finish_begin(index + 1); sample++)
        for (int unit = 0; unit < shape.units; unit += kLanes) {
            Vector sum = load(partial_of(call, shape, 0, sample) + unit);
            for (int cut = 1; cut < shape.cuts; cut++) sum = add(sum, load(partial_of(call, shape, cut, sample) + unit));
            finish_units(call, sample, unit, shape.units, sum, scale, shift);
        }
}

}  // namespace striate
