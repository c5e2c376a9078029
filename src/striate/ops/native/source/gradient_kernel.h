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

namespace striate {

struct GradientWalk {
    int units, rows, columns;
    int64_t input_unit, input_row, input_column;    // distances in elements
    int64_t gradient_unit, gradient_row;
};

constexpr int kTapVectors = 2;
constexpr int kMostTaps = kLanes == 16 ? 12 : 6;

// Adds to `partial`, or overwrites it: [tap][filter], `stride` from one tap to the next.
template <class Products, int kTaps, int kVectors>
void multiply_taps(const typename Products::Element* input, const typename Products::Element* gradient,
                   const GradientWalk& walk, float* partial, int64_t stride, bool overwrite) {
    constexpr int group = Products::kGroup;
    Vector sums[kTaps][kVectors];
#pragma GCC unroll 16
    for (int t = 0; t < kTaps; t++)
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; v++)
            sums[t][v] = overwrite ? zero() : load(partial + t * stride + v * kLanes);
    for (int unit = 0; unit < walk.units; unit++)
        for (int row = 0; row < walk.rows; row++) {
            const auto* values = input + unit * walk.input_unit + row * walk.input_row;
            const auto* factors = gradient + unit * walk.gradient_unit + row * walk.gradient_row;
            for (int column = 0; column < walk.columns; column++) {
                typename Products::Factor factor[kVectors];
#pragma GCC unroll 2
                for (int v = 0; v < kVectors; v++) factor[v] = Products::load_groups(factors + v * kLanes * group);
#pragma GCC unroll 16
                for (int t = 0; t < kTaps; t++) {
                    auto value = Products::broadcast_group(values + t * group);
#pragma GCC unroll 2
                    for (int v = 0; v < kVectors; v++) sums[t][v] = multiply_add(value, factor[v], sums[t][v]);
                }
                values += walk.input_column;
                factors += kVectors * kLanes * group;
            }
        }
#pragma GCC unroll 16
    for (int t = 0; t < kTaps; t++)
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; v++) store(partial + t * stride + v * kLanes, sums[t][v]);
}

template <class Products>
using TapTile = void (*)(const typename Products::Element*, const typename Products::Element*, const GradientWalk&,
                         float*, int64_t, bool);

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
