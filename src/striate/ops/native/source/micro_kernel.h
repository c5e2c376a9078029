// One output row of a convolution, for one block of output lanes (filters, or input channels on the
// way back): sums of window values times packed weights.
//
//     for each tile of output columns                     (as many as registers hold)
//         for each row of the window
//             for each run of values that lie side by side   (one where columns are not dilated)
//                 for each group of the run                (1 fp32, 2 bf16)
//                     for each column x vector: sum += broadcast(input group) * weights
//
// Weights of a block: [window row][run][group][lane][1 | 2], read once from front to back a tile.
#pragma once
#include <array>
#include <utility>

#include "products.h"

namespace striate {

// Where one row of the window lies for the row's first column, and its packed weights.
template <class Products>
struct WindowRow {
    const typename Products::Element* input;
    const typename Products::Element* weights;
};

// How a window row is walked, in elements.
struct Walk {
    int runs;
    int64_t run_stride;
    int groups;               // whole groups of a run
    bool odd;                 // one more value after them
    int64_t column_stride;    // from one output column's window to the next one's
};

constexpr int kMostVectors = 4;

// What becomes of sums that need nothing but bias and ReLU: they go from the registers into the output row.
template <class Products>
struct Finished {
    typename Products::Element* output;   // of the row's first column, for the block's first lane
    int64_t step;                         // from one column to the next
    const float* bias;                    // whole vectors
    float floor;                          // 0: ReLU; -infinity: none
    int lanes;                            // that exist

    template <int kColumns, int kVectors>
    [[gnu::always_inline]] void store_tile(const Vector (&sums)[kColumns][kVectors], int column) const {
        Vector least = broadcast(floor);
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; v++) {
            Vector shift = load(bias + v * kLanes);
            Lanes wanted = first_lanes(lanes - v * kLanes);
            auto* to = output + column * step + v * kLanes;
#pragma GCC unroll 16
            for (int c = 0; c < kColumns; c++, to += step) store(to, larger(least, add(sums[c][v], shift)), wanted);
        }
    }
};

// Columns of a tile, so that sums, weights and one input value fit the registers.
constexpr int most_columns(int vectors) {
    constexpr int wide[kMostVectors] = {13, 13, 9, 6}, narrow[kMostVectors] = {6, 6, 4, 2};
    return kLanes == 16 ? wide[vectors - 1] : narrow[vectors - 1];
}

// Addresses of a tile's columns by few registers: base plus 0, 1 or 2 strides.
template <class Products, int kColumns>
struct Columns {
    using Element = typename Products::Element;
    const Element* bases[(kColumns + 2) / 3];
    int64_t stride;

    Columns(const Element* first, int64_t column_stride) : stride(column_stride) {
        for (int i = 0; i < (kColumns + 2) / 3; i++) bases[i] = first + 3 * i * column_stride;
    }
    const Element* at(int column) const { return bases[column / 3] + column % 3 * stride; }
    void advance() {
        for (const Element*& base : bases) base += Products::kGroup;
    }
};

template <class Products, int kColumns, int kVectors, bool kLast>
[[gnu::always_inline]] inline void add_products(const Columns<Products, kColumns>& columns,
                                                const typename Products::Element* weights,
                                                Vector (&sums)[kColumns][kVectors]) {
    typename Products::Factor factors[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; v++) factors[v] = Products::load_groups(weights + v * kLanes * Products::kGroup);
#pragma GCC unroll 16
    for (int c = 0; c < kColumns; c++) {
        auto value = kLast ? Products::broadcast_last(columns.at(c)) : Products::broadcast_group(columns.at(c));
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; v++) sums[c][v] = multiply_add(value, factors[v], sums[c][v]);
    }
}

template <class Products, int kColumns, int kVectors>
void multiply_tile(const WindowRow<Products>* rows, int row_count, const Walk& walk, int column, float* to,
                   const Finished<Products>* finished) {
    constexpr int step = kVectors * kLanes * Products::kGroup;
    Vector sums[kColumns][kVectors];
#pragma GCC unroll 16
    for (int c = 0; c < kColumns; c++)
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; v++) sums[c][v] = zero();
    for (int row = 0; row < row_count; row++) {
        const auto* weights = rows[row].weights;
        for (int run = 0; run < walk.runs; run++) {
            Columns<Products, kColumns> columns(rows[row].input + column * walk.column_stride + run * walk.run_stride, walk.column_stride);
            for (int group = 0; group < walk.groups; group++, columns.advance(), weights += step)
                add_products<Products, kColumns, kVectors, false>(columns, weights, sums);
            if (walk.odd) {
                add_products<Products, kColumns, kVectors, true>(columns, weights, sums);
                weights += step;
            }
        }
    }
    if (finished) return finished->store_tile(sums, column);
    to += int64_t(column) * kVectors * kLanes;
#pragma GCC unroll 16
    for (int c = 0; c < kColumns; c++)
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; v++) store(to + (c * kVectors + v) * kLanes, sums[c][v]);
}

template <class Products>
using Tile = void (*)(const WindowRow<Products>*, int, const Walk&, int, float*, const Finished<Products>*);

template <class Products, int kVectors, int... kIndex>
constexpr std::array<Tile<Products>, sizeof...(kIndex)> tiles_of(std::integer_sequence<int, kIndex...>) {
    return {multiply_tile<Products, kIndex + 1, kVectors>...};
}

template <class Products, int kVectors>
Tile<Products> tile_of(int columns) {
    static constexpr auto tiles =
        tiles_of<Products, kVectors>(std::make_integer_sequence<int, most_columns(kVectors)>{});
    return tiles[columns - 1];
}

// Sums of one output row: `to` holds [column][vectors x kLanes]; where they can be finished it is not touched.
template <class Products>
void multiply_row(const WindowRow<Products>* rows, int row_count, const Walk& walk, int columns, int vectors,
                  float* to, const Finished<Products>* finished = nullptr) {
    constexpr Tile<Products> (*choices[kMostVectors])(int) = {tile_of<Products, 1>, tile_of<Products, 2>,
                                                               tile_of<Products, 3>, tile_of<Products, 4>};
    int tiles = divide_up(columns, most_columns(vectors));
    for (int tile = 0; tile < tiles; tile++) {
        int begin = int(int64_t(columns) * tile / tiles), end = int(int64_t(columns) * (tile + 1) / tiles);
        choices[vectors - 1](end - begin)(rows, row_count, walk, begin, to, finished);
    }
}

}  // namespace striate
