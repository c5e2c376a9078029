// Input and gradient of the map, copied into the order of gradient_kernel.h: a few rows of some
// units at a time, so that both stay in the cache while all taps and filters pass over them.
//
//     input     [unit][row][column, zeros beside the input][channel][sample of the unit]
//     gradient  [unit][block of filters][row][column][filter, whole vectors][sample of the unit]
//
// In bf16 two samples share a unit; an odd one out stands beside zeros.
#pragma once
#include <cstring>

#include "convolution.h"
#include "gradient_kernel.h"

namespace striate {

// Which rows of which units are in the panels.
struct PanelRows {
    int first_sample, last_sample;    // of the batch; before `last_sample`
    int units;
    int first, last;                  // rows of the map
    int input_first, input_last;      // rows of the input
};

struct PanelShape {
    int columns;                        // of the input's panel
    int64_t input_row, gradient_row;    // elements of a row, the gradient's with all filters

    explicit PanelShape(const StriateBlock& block) {
        int group = block.bf16 ? 2 : 1;
        columns = covered_columns(block);
        input_row = int64_t(columns) * block.channels * group;
        gradient_row = int64_t(used_columns(block)) * padded_filters(block) * group;
    }
};

// Rows `first` to before `last` of the map, with the rows of input under them.
inline void set_rows(const StriateBlock& block, int first, int last, PanelRows& rows) {
    int reach = (block.window_height - 1) * block.dilation_height;
    rows.first = first;
    rows.last = last;
    rows.input_first = std::min(std::max(first * block.stride_height - block.top, 0), block.height);
    rows.input_last = std::min((last - 1) * block.stride_height + reach + 1 - block.top, block.height);
    rows.input_last = std::max(rows.input_last, rows.input_first);
}

// Interleaves `count` values of two sources; a vector's worth behind them may be overwritten. A null
// second source counts as zeros.
template <class Products, class Source>
inline void store_unit(const Source* first, const Source* second, int count, typename Products::Element* to) {
    int at = 0;
    if constexpr (sizeof(Source) == sizeof(bf16_t) && Products::kGroup == 2) {
        for (; second && at + kHalves <= count; at += kHalves, to += 2 * kHalves)
            store_turns(to, load_halves(first + at, first_half_lanes(kHalves)),
                        load_halves(second + at, first_half_lanes(kHalves)), 2);
    }
    for (; at < count; at += kLanes, to += kLanes * Products::kGroup) {
        Lanes wanted = first_lanes(count - at);
        Products::store_groups(to, load(first + at, wanted), second ? load(second + at, wanted) : zero());
    }
}

// `first` and `second`: the row's start in the input.
template <class Products, class Source>
void fill_input_row(const StriateBlock& block, const PanelShape& shape, const Source* first, const Source* second,
                    typename Products::Element* to) {
    int64_t place = int64_t(block.channels) * Products::kGroup;
    int left = std::min(block.left, shape.columns), kept = std::min(block.width, shape.columns - left);
    std::memset(to, 0, left * place * sizeof(*to));
    store_unit<Products>(first, second, kept * block.channels, to + left * place);
    std::memset(to + (left + kept) * place, 0, (shape.columns - left - kept) * place * sizeof(*to));
}

template <class Products, class Source>
void fill_input_unit(const Call& call, const PanelShape& shape, const PanelRows& rows, int sample,
                     typename Products::Element* panel) {
    const StriateBlock& block = *call.block;
    int64_t row_elements = int64_t(block.width) * block.channels;
    const Source* first = reinterpret_cast<const Source*>(call.input) + sample * input_elements(block);
    const Source* second = sample + 1 < rows.last_sample ? first + input_elements(block) : nullptr;
    for (int y = rows.input_first; y < rows.input_last; y++, panel += shape.input_row) {
        int64_t at = y * row_elements;
        fill_input_row<Products>(block, shape, first + at, second ? second + at : nullptr, panel);
    }
}

template <class Products>
void fill_input_panel(const Call& call, const PanelShape& shape, const PanelRows& rows,
                      typename Products::Element* panel) {
    int64_t unit_elements = (rows.input_last - rows.input_first) * shape.input_row;
    for (int unit = 0; unit < rows.units; unit++)
        with_element(input_is_fp32(*call.block), [&](auto element) {
            fill_input_unit<Products, decltype(element)>(call, shape, rows, rows.first_sample + unit * Products::kGroup,
                                                         panel + unit * unit_elements);
        });
}

// `first` and `second`: gradient maps of the unit's samples.
template <class Products>
void fill_gradient_unit(const StriateBlock& block, const GradientMap& map, const PanelRows& rows,
                        const typename Products::Element* first, const typename Products::Element* second,
                        typename Products::Element* panel) {
    const int filters = padded_filters(block), width = kTapVectors * kLanes, columns = used_columns(block);
    const int64_t step = int64_t(map.step) * block.filters;
    for (int begin = 0; begin < filters; begin += width) {
        int end = std::min(begin + width, filters), count = std::min(end, block.filters) - begin;
        // Places that are whole blocks stand side by side in both.
        bool joined = map.step == 1 && count == end - begin && count == block.filters;
        int pieces = joined ? 1 : columns, piece = joined ? columns * count : count;
        for (int y = rows.first; y < rows.last; y++) {
            int64_t at = y * map.row_elements + int64_t(map.left) * block.filters + begin;
            for (int x = 0; x < pieces; x++, at += step) {
                store_unit<Products>(first + at, second ? second + at : nullptr, piece, panel);
                panel += int64_t(joined ? columns : 1) * (end - begin) * Products::kGroup;
            }
        }
    }
}

// `maps`: of the samples from `rows.first_sample` on.
template <class Products>
void fill_gradient_panel(const Call& call, const PanelShape& shape, const PanelRows& rows,
                         const typename Products::Element* maps, typename Products::Element* panel) {
    GradientMap map = gradient_map(*call.block);
    for (int unit = 0; unit < rows.units; unit++) {
        const auto* first = maps + unit * Products::kGroup * map.elements;
        bool two = Products::kGroup == 2 && rows.first_sample + unit * 2 + 1 < rows.last_sample;
        fill_gradient_unit<Products>(*call.block, map, rows, first, two ? first + map.elements : nullptr,
                                     panel + unit * (rows.last - rows.first) * shape.gradient_row);
    }
}

}  // namespace striate
