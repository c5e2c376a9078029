// One row of the gradient to the input, where the map is narrower than the input: each place of the map
// gives its products to the window's columns around it, so that no zero beside the map is multiplied.
//
//     for each tile of the map's columns                       (as many as registers hold)
//         for each row of the window, group of filters
//             for each place of the tile
//                 for each column of the window x vector: sum[place + column] += broadcast(group) * weights
//
// Tiles overlap by the window's width less one column: a tile goes on from the sums of the one before.
// Weights as micro_kernel.h has them, turned around: the window's last column first.
#pragma once
#include "convolution.h"

namespace striate {

constexpr int kSpreadWidth = 3;                         // columns of the window, of all windows that spread
constexpr int kSpreadVectors = kLanes == 16 ? 2 : 1;    // with kMostSpread places: as many as registers hold
constexpr int kMostSpread = 10;

// Only where the other way would multiply zeros.
inline bool spreads(const StriateBlock& block) {
    bool plain = block.window_width == kSpreadWidth && block.stride_width == 1 && block.dilation_width == 1;
    return plain && block.filters % (block.bf16 ? 2 : 1) == 0 && used_columns(block) < block.width;
}
// Columns of sums: those that the map reaches, from the padding's first column on, and at least the input's.
inline int spread_columns(const StriateBlock& block) {
    return std::max(used_columns(block) + kSpreadWidth - 1, block.left + block.width);
}

// Distances in elements; `sums` from one column to the next.
struct SpreadWalk {
    int groups;
    int64_t place, weights, weights_column, sums;
};

template <class Products, int kPlaces, int kVectors>
void spread_tile(const WindowRow<Products>* rows, int row_count, const SpreadWalk& walk, int first, int vector,
                 float* to) {
    constexpr int kColumns = kPlaces + kSpreadWidth - 1, kStep = kLanes * Products::kGroup;
    Vector sums[kColumns][kVectors];
    to += first * walk.sums + vector * kLanes;
#pragma GCC unroll 12
    for (int c = 0; c < kColumns; c++)
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; v++)
            sums[c][v] = first && c < kSpreadWidth - 1 ? load(to + c * walk.sums + v * kLanes) : zero();
    for (int row = 0; row < row_count; row++) {
        const auto* weights = rows[row].weights + vector * kStep;
        Columns<Products, kPlaces> places(rows[row].input + first * walk.place, walk.place);
        for (int group = 0; group < walk.groups; group++, weights += walk.weights, places.advance()) {
            typename Products::Factor factors[kSpreadWidth][kVectors];
#pragma GCC unroll 3
            for (int k = 0; k < kSpreadWidth; k++)
#pragma GCC unroll 2
                for (int v = 0; v < kVectors; v++)
                    factors[k][v] =
                        Products::load_groups(weights + (kSpreadWidth - 1 - k) * walk.weights_column + v * kStep);
#pragma GCC unroll 10
            for (int place = 0; place < kPlaces; place++) {
                auto value = Products::broadcast_group(places.at(place));
#pragma GCC unroll 3
                for (int k = 0; k < kSpreadWidth; k++)
#pragma GCC unroll 2
                    for (int v = 0; v < kVectors; v++)
                        sums[place + k][v] = multiply_add(value, factors[k][v], sums[place + k][v]);
            }
        }
    }
#pragma GCC unroll 12
    for (int c = 0; c < kColumns; c++)
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; v++) store(to + c * walk.sums + v * kLanes, sums[c][v]);
}

template <class Products>
using SpreadTile = void (*)(const WindowRow<Products>*, int, const SpreadWalk&, int, int, float*);

template <class Products, int kVectors, int... kIndex>
constexpr std::array<SpreadTile<Products>, sizeof...(kIndex)> spread_tiles(std::integer_sequence<int, kIndex...>) {
    return {spread_tile<Products, kIndex + 1, kVectors>...};
}

// Sums of one input row: `to` holds [spread_columns][vectors x kLanes]. Rows' input: the map's first place.
template <class Products>
void spread_row(const StriateBlock& block, const WindowRow<Products>* rows, int row_count, int vectors, float* to) {
    using Counts = std::make_integer_sequence<int, kMostSpread>;
    static constexpr std::array<SpreadTile<Products>, kMostSpread> by_vectors[2] = {
        spread_tiles<Products, 1>(Counts{}), spread_tiles<Products, kSpreadVectors>(Counts{})};
    const int64_t step = int64_t(vectors) * kLanes, filters = block.filters;
    const int columns = used_columns(block), groups = block.filters / Products::kGroup;
    const int reached = columns + kSpreadWidth - 1, tiles = divide_up(columns, kMostSpread);
    const SpreadWalk walk{groups, filters, step * Products::kGroup, groups * step * Products::kGroup, step};
    for (int vector = 0; vector < vectors; vector += kSpreadVectors) {
        const auto& tile_of_places = by_vectors[vector + kSpreadVectors <= vectors];
        for (int tile = 0; tile < tiles; tile++) {
            int first = columns * tile / tiles, last = columns * (tile + 1) / tiles;
            tile_of_places[last - first - 1](rows, row_count, walk, first, vector, to);
        }
    }
    std::fill(to + reached * step, to + spread_columns(block) * step, 0.0f);
}

}  // namespace striate
