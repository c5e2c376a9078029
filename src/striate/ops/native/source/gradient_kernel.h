// The register tile of a kernel's gradient: sums of products of input values and map gradients over
// places and samples.
//
//     for each unit (a pair of samples in bf16, one in fp32)
//         for each row, column of the map
//             for each tap x vector: sum += broadcast(input group) * gradient groups
//
// A *tap* is a value of the window's row; a tile takes taps that lie side by side. Panels:
//     input     [unit][row][column][channel][sample of the unit]
//     gradient  [unit][row][column][filter][sample of the unit]
#pragma once
#include <array>
#include <utility>

#include "products.h"
#include "simd.h"

namespace striate {

struct GradientWalk {
    int units, rows, columns;
    int64_t input_unit, input_row, input_column;    // distances in elements
    int64_t gradient_unit, gradient_row;
};

constexpr int kTapVectors = 2;
constexpr int kMostTaps = kLanes == 16 ? 12 : 6;

template <class Products, int kTaps, int kVectors>
[[gnu::always_inline]] inline void add_row(const typename Products::Element* values,
                                           const typename Products::Element* factors, int columns, int64_t step,
                                           Vector (&sums)[kTaps][kVectors]) {
    for (int column = 0; column < columns; column++) {
        typename Products::Factor factor[kVectors];
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; v++) factor[v] = Products::load_groups(factors + v * kLanes * Products::kGroup);
#pragma GCC unroll 16
        for (int t = 0; t < kTaps; t++) {
            auto value = Products::broadcast_group(values + t * Products::kGroup);
#pragma GCC unroll 2
            for (int v = 0; v < kVectors; v++) sums[t][v] = multiply_add(value, factor[v], sums[t][v]);
        }
        values += step;
        factors += kVectors * kLanes * Products::kGroup;
    }
}

// Adds to `partial`, or overwrites it: [tap][filter of the block]. Those may be far away in a big
// kernel, so they are sent for at the start and met at the end.
template <class Products, int kTaps, int kVectors>
void multiply_taps(const typename Products::Element* input, const typename Products::Element* gradient,
                   const GradientWalk& walk, float* partial, bool overwrite) {
    Vector sums[kTaps][kVectors];
#pragma GCC unroll 16
    for (int t = 0; t < kTaps; t++)
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; v++) {
            sums[t][v] = zero();
            fetch(partial + (t * kVectors + v) * kLanes);
        }
    for (int unit = 0; unit < walk.units; unit++)
        for (int row = 0; row < walk.rows; row++)
            add_row<Products, kTaps, kVectors>(input + unit * walk.input_unit + row * walk.input_row,
                                               gradient + unit * walk.gradient_unit + row * walk.gradient_row,
                                               walk.columns, walk.input_column, sums);
#pragma GCC unroll 16
    for (int t = 0; t < kTaps; t++)
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; v++) {
            float* to = partial + (t * kVectors + v) * kLanes;
            store(to, overwrite ? sums[t][v] : add(load(to), sums[t][v]));
        }
}

// The sums of `count` vectors of groups, which belong to `vectors` (1 or 2) vectors of filters in turns:
// the gradient of a tap that is 1 everywhere, the bias.
template <class Products>
void add_groups(const typename Products::Element* groups, int64_t count, int vectors, float* partial, bool overwrite) {
    constexpr int kSums = 8;   // enough that none waits for another
    const typename Products::Element ones[2] = {Products::one(), Products::one()};
    auto one = Products::broadcast_group(ones);
    Vector sums[kSums];
    for (Vector& sum : sums) sum = zero();
    int64_t at = 0;
    for (; at + kSums <= count; at += kSums)
#pragma GCC unroll 8
        for (int i = 0; i < kSums; i++)
            sums[i] = multiply_add(one, Products::load_groups(groups + (at + i) * kLanes * Products::kGroup), sums[i]);
    for (int i = 0; at + i < count; i++)
        sums[i] = multiply_add(one, Products::load_groups(groups + (at + i) * kLanes * Products::kGroup), sums[i]);
    for (int i = vectors; i < kSums; i++) sums[i % vectors] = add(sums[i % vectors], sums[i]);
    for (int v = 0; v < vectors; v++) {
        float* to = partial + v * kLanes;
        store(to, overwrite ? sums[v] : add(load(to), sums[v]));
    }
}

template <class Products>
using TapTile = void (*)(const typename Products::Element*, const typename Products::Element*, const GradientWalk&,
                         float*, bool);

template <class Products, int kVectors, int... kIndex>
constexpr std::array<TapTile<Products>, sizeof...(kIndex)> tap_tiles(std::integer_sequence<int, kIndex...>) {
    return {multiply_taps<Products, kIndex + 1, kVectors>...};
}

template <class Products>
TapTile<Products> tap_tile(int taps, int vectors) {
    using Counts = std::make_integer_sequence<int, kMostTaps>;
    static constexpr auto one = tap_tiles<Products, 1>(Counts{}), two = tap_tiles<Products, 2>(Counts{});
    return (vectors == 2 ? two : one)[taps - 1];
}

}  // namespace striate
