// The gradient's panel (gradient_panels.h) of a pooled bf16 map straight from the output's gradient and
// the choices: where nobody asks for the gradient to the input, the map's own gradient is never stored.
//
//     for each unit of two samples, block of filters
//         for each pooling window that lies on the wanted rows
//             for each of its places: the gradient where it was chosen, 0 elsewhere; samples in turns
#pragma once
#include "gradient_panels.h"

namespace striate {

inline bool fills_directly(const StriateBlock& block) {
    return block.bf16 && pools(block) && !block.input_gradient && !output_is_fp32(block);
}

// Up to kHalves filters of one output place, of both samples of a unit.
struct ChosenPair {
    Halves first, second;
    HalfPlaces first_choice, second_choice;

    ChosenPair(const bf16_t* gradient, const uint8_t* choice, int64_t other, bool two, HalfLanes wanted) {
        HalfLanes there = two ? wanted : first_half_lanes(0);
        first = load_halves(gradient, wanted);
        first_choice = load_half_places(choice, wanted);
        second = load_halves(gradient + other, there);
        second_choice = load_half_places(choice + other, there);
    }
    void store(int place, int vectors, bf16_t* to) const {
        store_turns(to, keep(is_equal(first_choice, place), first), keep(is_equal(second_choice, place), second), vectors);
    }
};

// One block of filters, `vectors` wide; `gradient` and `choice` are of the unit's first sample there.
inline void fill_pooled_block(const StriateBlock& block, const PanelRows& rows, const bf16_t* gradient,
                              const uint8_t* choice, bool two, int count, int vectors, bf16_t* panel) {
    const int height = block.pool_height, width = block.pool_width, columns = used_columns(block);
    const int64_t other = output_elements(block), place = int64_t(vectors) * kHalves, filters = block.filters;
    const HalfLanes wanted = first_half_lanes(count);
    for (int row = (rows.first + block.pool_top) / height; row * height - block.pool_top < rows.last; row++) {
        const int top = row * height - block.pool_top;
        const int first_row = std::max(rows.first - top, 0), last_row = std::min(height, rows.last - top);
        for (int column = 0; column < block.output_width; column++) {
            const int left = column * width - block.pool_left;
            const int first_column = std::max(-left, 0), last_column = std::min(width, columns - left);
            const int64_t at = (int64_t(row) * block.output_width + column) * filters;
            const ChosenPair pair(gradient + at, choice + at, other, two, wanted);
            bf16_t* to = panel + (int64_t(top - rows.first) * columns + left) * place;
            for (int j = first_row; j < last_row; j++)
                for (int i = first_column; i < last_column; i++)
                    pair.store(j * width + i, vectors, to + (int64_t(j) * columns + i) * place);
        }
    }
}

inline void fill_pooled_panel(const Call& call, const PanelShape& shape, const PanelRows& rows, bf16_t* panel) {
    const StriateBlock& block = *call.block;
    int filters = padded_filters(block), width = kTapVectors * kLanes;
    int64_t block_places = int64_t(rows.last - rows.first) * used_columns(block);
    for (int unit = 0; unit < rows.units; unit++) {
        int sample = rows.first_sample + unit * 2;
        int64_t start = sample * output_elements(block);
        const auto* gradient = reinterpret_cast<const bf16_t*>(call.output_gradient) + start;
        const uint8_t* choice = call.kept<uint8_t>(block.kept_choice) + start;
        bf16_t* to = panel + unit * (rows.last - rows.first) * shape.gradient_row;
        for (int begin = 0; begin < filters; begin += width) {
            int vectors = std::min(width, filters - begin) / kLanes, count = std::min(width, block.filters - begin);
            fill_pooled_block(block, rows, gradient + begin, choice + begin, sample + 1 < rows.last_sample, count,
                              vectors, to + block_places * begin * 2);
        }
    }
}

}  // namespace striate
