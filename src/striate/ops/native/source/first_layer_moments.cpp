// Mean and covariance of the patches (first_layer.h).
//
//   for each stretch of map rows
//     columns of values: [tap][place of the stretch], less a first estimate of their mean
//     for each pair of taps: products summed over the stretch      fp32 within a piece, double beyond
//
// Beside the taps stands a column of ones, whose products are the sums and the number of places.
// The estimate is the mean of the slot's first sample; slots are merged by Chan's formula.
#include "first_layer.h"

namespace striate::first_layer {

constexpr int kStretch = 512;          // places, about
constexpr int kPiece = 8 * kLanes;     // places whose products are added up in fp32

// A slot's partial sums.
struct Products {
    double* sums;      // (taps + 1) x (taps + 1), lower triangle
    float* centre;     // a channel

    Products(char* from, int taps)
        : sums(reinterpret_cast<double*>(from)), centre(reinterpret_cast<float*>(sums + (taps + 1) * (taps + 1))) {}
};

int64_t moment_bytes(const StriateBlock& block) {
    int64_t side = tap_count(block) + 1;
    return side * side * int64_t(sizeof(double)) + block.channels * int64_t(sizeof(float));
}

void clear_products(const Call& call, int slot) {
    std::memset(call.partial<char>(slot), 0, moment_bytes(*call.block));
}

template <class Element>
static void estimate(const StriateBlock& block, const Element* map, float* centre) {
    int64_t places = int64_t(block.height) * block.width;
    for (int channel = 0; channel < block.channels; channel++) {
        double sum = 0;
        for (int64_t place = 0; place < places; place++) sum += to_float(map[place * block.channels + channel]);
        centre[channel] = float(sum / double(places));
    }
}

template <class Element>
static void copy_centred(const Element* from, int64_t step, int count, float centre, float* to) {
    int at = 0;
    for (; step == 1 && at + kLanes <= count; at += kLanes)
        store(to + at, subtract(load(from + at), broadcast(centre)));
    for (; at < count; at++) to[at] = to_float(from[at * step]) - centre;
}

// Products of one column with `kOthers` ones, over `places` places, a multiple of kLanes. A filter may
// cancel nearly all of a smooth image, so little is added up before double takes over.
template <int kOthers>
static void add_products(const float* column, const float* others, int64_t stride, int places, double* to) {
    for (int begin = 0; begin < places; begin += kPiece) {
        Vector sums[kOthers];
        for (int i = 0; i < kOthers; i++) sums[i] = zero();
        for (int place = begin; place < std::min(begin + kPiece, places); place += kLanes) {
            Vector value = load(column + place);
            for (int i = 0; i < kOthers; i++) sums[i] = multiply_add(value, load(others + i * stride + place), sums[i]);
        }
        for (int i = 0; i < kOthers; i++) to[i] += sum_of(sums[i]);
    }
}

template <class Element>
static void sum_stretch(const StriateBlock& block, const PatchPlan& plan, const Element* sample, int begin, int end,
                        Products products) {
    int places = (end - begin) * block.map_width, rounded = round_up(places, kLanes);
    float* columns = scratch_of<float>(kPatches, int64_t(plan.taps + 1) * rounded);
    for (int tap = 0; tap <= plan.taps; tap++) {
        float* column = columns + int64_t(tap) * rounded;
        for (int row = begin; row < end && tap < plan.taps; row++)
            copy_centred(sample + plan.at(row, 0) + plan.offsets[tap], plan.column_step, block.map_width,
                         products.centre[tap % block.channels], column + (row - begin) * block.map_width);
        if (tap == plan.taps) std::fill(column, column + places, 1.0f);
        std::fill(column + places, column + rounded, 0.0f);
    }
    for (int tap = 0; tap <= plan.taps; tap++) {
        const float* column = columns + int64_t(tap) * rounded;
        double* to = products.sums + tap * (plan.taps + 1);
        int other = 0;
        for (; other + 4 <= tap + 1; other += 4)
            add_products<4>(column, columns + int64_t(other) * rounded, rounded, rounded, to + other);
        for (; other <= tap; other++)
            add_products<1>(column, columns + int64_t(other) * rounded, rounded, rounded, to + other);
    }
}

void sum_products(const Call& call, int sample, int slot, int) {
    const StriateBlock& block = *call.block;
    PatchPlan plan(block);
    Products products(call.partial<char>(slot), plan.taps);
    bool first = products.sums[plan.taps * (plan.taps + 1) + plan.taps] == 0;
    if (first) with_element(input_is_fp32(block), [&](auto element) {
        const auto* map = reinterpret_cast<const decltype(element)*>(call.input) + sample * input_elements(block);
        estimate(block, map, products.centre);
    });
    int rows = std::max(kStretch / block.map_width, 1);
    with_products(block, [&](auto kind) {
        auto* padded = padded_sample<typename decltype(kind)::Element>(call, sample, plan, kSample);
        for (int begin = 0; begin < block.map_height; begin += rows)
            sum_stretch(block, plan, padded, begin, std::min(begin + rows, block.map_height), products);
    });
}

// Adds a slot's moments to `all`, where covariances are still sums of products of deviations.
static void merge(const StriateBlock& block, int taps, Products slot, double& before, PatchMoments all) {
    const double* last = slot.sums + taps * (taps + 1);    // the column of ones
    double places = last[taps], share = places / (before + places);
    double steps[kMostTaps];
    for (int tap = 0; tap < taps; tap++) {
        steps[tap] = slot.centre[tap % block.channels] + last[tap] / places - all.mean[tap];
        all.mean[tap] += steps[tap] * share;
    }
    for (int one = 0; one < taps; one++)
        for (int other = 0; other < taps; other++) {
            int high = std::max(one, other), low = std::min(one, other);
            double inside = slot.sums[high * (taps + 1) + low] - last[one] * (last[other] / places);
            all.covariance[one * taps + other] += inside + steps[one] * steps[other] * (before * share);
        }
    before += places;
}

void finish_products(const Call& call, int, int, int) {
    const StriateBlock& block = *call.block;
    int taps = tap_count(block);
    PatchMoments all(call.kept<double>(block.kept_other), taps);
    std::memset(all.mean, 0, PatchMoments::bytes(taps));
    double places = 0;
    for (int slot = 0; slot < call.pass->slots; slot++)
        merge(block, taps, Products(call.partial<char>(slot), taps), places, all);
    for (int i = 0; i < taps * taps; i++) all.covariance[i] /= places;
}

}  // namespace striate::first_layer
