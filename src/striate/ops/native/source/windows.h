// Which places a pooling window covers. Windows do not overlap (their stride is their size); the
// first may begin before the map and the last may end behind it, and only places that exist count.
#pragma once
#include <algorithm>

#include "program.h"

namespace striate {

// One axis of a window: the places from `begin` up to `end`, of which `begin` is number `first` in it.
struct Span {
    int begin, end, first;
};

inline Span span_of(int window, int size, int before, int extent) {
    int start = window * size - before;
    int begin = std::max(start, 0);
    return {begin, std::min(start + size, extent), begin - start};
}

struct Window {
    Span rows, columns;
};

inline Window window_of(const StriateBlock& block, int row, int column) {
    return {span_of(row, block.pool_height, block.pool_top, block.map_height),
            span_of(column, block.pool_width, block.pool_left, block.map_width)};
}

inline bool is_pooled(const StriateBlock& block) { return block.pool_height * block.pool_width > 1; }

constexpr int kMostWindowPlaces = 255;   // a place and "closed" fit into a byte
constexpr uint8_t kClosed = 255;

// Whether places fit into a byte and no window is empty.
inline bool windows_fit(const StriateBlock& block) {
    auto fits = [](int outputs, int size, int before, int extent) {
        return before >= 0 && before < size && (outputs - 1) * size - before < extent;
    };
    return int64_t(block.pool_height) * block.pool_width <= kMostWindowPlaces &&
           fits(block.output_height, block.pool_height, block.pool_top, block.map_height) &&
           fits(block.output_width, block.pool_width, block.pool_left, block.map_width);
}

}  // namespace striate
