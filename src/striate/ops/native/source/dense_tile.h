// A product of matrices in registers, and the layouts that it reads.
//
//     out[row][column] (+)= sum over k of rows[row][k] * panel[k][column]
//
// The tile is up to kTileRows rows by up to kPanelVectors vectors of columns:
//
//     for group of k (one fp32, two bf16):  load the panel's vectors       v v v v
//         for row:                          broadcast the row's group    r . . . .   sums stay in
//             for vector: multiply and add                               r . . . .   registers
//
// A panel lies as [k / group][column][k % group], its columns in whole vectors, zero where there are
// none. Rows lie one after the other.
#pragma once
#include "dense.h"

namespace striate {

template <class Products> struct Product {
    using Element = typename Products::Element;
    const Element* rows;
    int64_t row_stride;
    const Element* panel;
    int length;          // of the sum
    float* out;
    int64_t out_stride;
    bool adds;           // to what lies in `out`
    Lanes last;          // which columns of the last vector exist in `out`
};

template <class Products, int kRows, int kVectors> void multiply_rows_by_panel(const Product<Products>& product) {
    constexpr int kStep = kVectors * kLanes * Products::kGroup;
    Vector sums[kRows][kVectors];
    for (int row = 0; row < kRows; row++)
        for (int vector = 0; vector < kVectors; vector++) {
            const float* from = product.out + row * product.out_stride + vector * kLanes;
            Vector before = vector + 1 < kVectors ? load(from) : load(from, product.last);
            sums[row][vector] = product.adds ? before : zero();
        }
    const auto* panel = product.panel;
    auto step = [&](int k, auto broadcast_one) {
        typename Products::Factor columns[kVectors];
        for (int vector = 0; vector < kVectors; vector++)
            columns[vector] = Products::load_groups(panel + vector * kLanes * Products::kGroup);
        for (int row = 0; row < kRows; row++) {
            auto factor = broadcast_one(product.rows + row * product.row_stride + k);
            for (int vector = 0; vector < kVectors; vector++)
                sums[row][vector] = multiply_add(factor, columns[vector], sums[row][vector]);
        }
    };
    int whole = product.length / Products::kGroup * Products::kGroup;
    for (int k = 0; k < whole; k += Products::kGroup, panel += kStep) step(k, Products::broadcast_group);
    if (whole < product.length) step(whole, Products::broadcast_last);
    for (int row = 0; row < kRows; row++) {
        float* to = product.out + row * product.out_stride;
        for (int vector = 0; vector + 1 < kVectors; vector++) store(to + vector * kLanes, sums[row][vector]);
        store(to + (kVectors - 1) * kLanes, sums[row][kVectors - 1], product.last);
    }
}

template <class Products> using Tile = void (*)(const Product<Products>&);

template <class Products, int kVectors> Tile<Products> tile_of_rows(int rows) {
    static constexpr Tile<Products> tiles[kTileRows] = {
        multiply_rows_by_panel<Products, 1, kVectors>, multiply_rows_by_panel<Products, 2, kVectors>,
        multiply_rows_by_panel<Products, 3, kVectors>, multiply_rows_by_panel<Products, 4, kVectors>,
        multiply_rows_by_panel<Products, 5, kVectors>, multiply_rows_by_panel<Products, 6, kVectors>};
    return tiles[rows - 1];
}

template <class Products> Tile<Products> find_tile(int rows, int vectors) {
    if constexpr (kPanelVectors > 2) {
        if (vectors == 4) return tile_of_rows<Products, 4>(rows);
        if (vectors == 3) return tile_of_rows<Products, 3>(rows);
    }
    return vectors == 2 ? tile_of_rows<Products, 2>(rows) : tile_of_rows<Products, 1>(rows);
}

// As many equal tiles as the rows need: 32 rows are 5 5 6 5 5 6, never 6 6 6 6 6 2.
template <class Products> void multiply_all_rows(Product<Products> product, int rows, int vectors) {
    const auto* all = product.rows;
    float* out = product.out;
    int tiles = divide_up(rows, kTileRows);
    for (int tile = 0, begin = 0; tile < tiles; tile++) {
        int end = int(int64_t(rows) * (tile + 1) / tiles);
        product.rows = all + begin * product.row_stride;
        product.out = out + begin * product.out_stride;
        find_tile<Products>(end - begin, vectors)(product);
        begin = end;
    }
}

// Packs rows of fp32, one a k, into panels of kPanelVectors, which lie one after the other. Rows are
// read from end to end, as memory likes it.
template <class Products>
void pack_panels(const float* from, int64_t stride, int length, int columns, typename Products::Element* panels) {
    constexpr int kGroup = Products::kGroup, kWidth = kPanelVectors * kLanes;
    int64_t padded_length = round_up(length, kGroup);
    for (int k = 0; k < length; k += kGroup)
        for (int first = 0; first < columns; first += kWidth) {
            int width = std::min(kWidth, columns - first), padded = round_up(width, kLanes);
            auto* to = panels + first * padded_length + int64_t(k) * padded;
            const float* row = from + k * stride + first;
            for (int column = 0; column < width; column += kLanes) {
                Lanes lanes = first_lanes(width - column);
                Vector second = kGroup == 2 && k + 1 < length ? load(row + stride + column, lanes) : zero();
                Products::store_groups(to + column * kGroup, load(row + column, lanes), second);
            }
        }
}

// Copies the first columns of a map's samples into rows of factors.
template <class Element>
void copy_rows(const char* map, bool fp32, int64_t map_stride, int samples, int count, Element* rows, int64_t stride) {
    for (int sample = 0; sample < samples; sample++)
        for (int i = 0; i < count; i += kLanes) {
            Lanes lanes = first_lanes(count - i);
            store(rows + sample * stride + i, load_value(map, fp32, sample * map_stride + i, lanes));
        }
}

// The same transposed: one row a column of the map, samples along it.
template <class Element>
void copy_columns(const char* map, bool fp32, int64_t map_stride, int samples, int count, Element* rows,
                  int64_t stride) {
    for (int column = 0; column < count; column += kLanes)
        for (int sample = 0; sample < samples; sample += kLanes) {
            Vector square[kLanes];
            Lanes lanes = first_lanes(count - column);
            for (int i = 0; i < kLanes; i++)
                square[i] = sample + i < samples ? load_value(map, fp32, (sample + i) * map_stride + column, lanes)
                                                 : zero();
            transpose(square);
            for (int i = 0; i < std::min(kLanes, count - column); i++)
                store(rows + (column + i) * stride + sample, square[i]);
        }
}

}  // namespace striate
