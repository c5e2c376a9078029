// The way back of a group of samples.
//
//     for each sample of the group
//         expand its output gradient to the gradient of the map   (through dropout, ReLU and pooling;
//                                                                  dropout's scale is left to the end)
//         gradient to the input                                    (convolution_input_gradient.cpp)
//     gradients of kernel and bias over the whole group            (convolution_weight_gradient.cpp)
//
// Where the gradient of the map is only wanted for these, it may come without the map (pooled_panel.h).
#include <cstring>
#include <type_traits>

#include "convolution.h"
#include "dropout.h"
#include "pooled_panel.h"
#include "simd.h"
#include "threads.h"

namespace striate {

GradientMap gradient_map(const StriateBlock& block) {
    int reach = (block.window_width - 1) * block.dilation_width;
    GradientMap map;
    map.step = block.stride_width;
    map.left = std::max(reach - block.left, 0);
    map.start = std::max(block.left - reach, 0);
    map.rows = used_rows(block);
    map.columns = std::max(map.left + (used_columns(block) - 1) * map.step + 1, map.start + block.width + reach);
    map.row_elements = int64_t(map.columns) * block.filters;
    map.elements = map.rows * map.row_elements;
    return map;
}

// One sample's output gradient and what decides where it goes on.
template <class Element, class Output>
struct Expansion {
    // Values go on as they are, bit by bit.
    static constexpr bool kBits = std::is_same_v<Element, bf16_t> && std::is_same_v<Output, bf16_t>;

    const StriateBlock& block;
    GradientMap shape;
    Dropout dropout;
    const Output* gradient;
    const Output* output;      // asked where ReLU closed; without pooling
    const uint8_t* choice;     // with pooling
    Element* map;

    Element* at(int row, int column) const {
        return map + row * shape.row_elements + int64_t(shape.left + column * shape.step) * block.filters;
    }

    void clear_borders() const {
        int64_t filters = block.filters;
        int end = shape.left + (used_columns(block) - 1) * shape.step + 1;
        for (int y = 0; y < shape.rows; y++) {
            Element* row = map + y * shape.row_elements;
            if (shape.step > 1) {
                std::memset(row, 0, shape.row_elements * sizeof(Element));
                continue;
            }
            std::memset(row, 0, shape.left * filters * sizeof(Element));
            std::memset(row + end * filters, 0, (shape.columns - end) * filters * sizeof(Element));
        }
    }

    // The gradient of `place` in the output, zero where ReLU or dropout closed it.
    Vector open(int64_t place, Lanes wanted) const {
        Vector value = load(gradient + place, wanted);
        if (block.relu)
            value = choose(is_dead(load(output + place, wanted)), zero(), value);
        else if (dropout.active)
            value = choose(dropout.kept(uint32_t(place)), value, zero());
        return value;
    }

    void copy_bits(int64_t place, int count, Element* to) const {
        for (int at = 0; at < count; at += kHalves) {
            HalfLanes wanted = first_half_lanes(count - at);
            Halves value = load_halves(gradient + place + at, wanted);
            if (block.relu) value = keep(opposite(is_dead(load_halves(output + place + at, wanted))), value);
            store_halves(to + at, value, wanted);
        }
    }

    void copy_places(int64_t place, int count, Element* to) const {
        if constexpr (kBits) {
            if (block.relu || !dropout.active) return copy_bits(place, count, to);
        }
        int done = 0;
        for (; done + kLanes <= count; done += kLanes) store(to + done, open(place + done, first_lanes(kLanes)));
        Lanes rest = first_lanes(count - done);
        if (done < count) store(to + done, open(place + done, rest), rest);
    }

    void expand_plain() const {
        int columns = shape.step == 1 ? 1 : used_columns(block);
        int count = shape.step == 1 ? used_columns(block) * block.filters : block.filters;
        for (int y = 0; y < shape.rows; y++)
            for (int x = 0; x < columns; x++)
                copy_places((int64_t(y) * block.output_width + x) * block.filters, count, at(y, x));
    }

    // Calls give(place in the window, its gradient's place) for the window's places that the map has.
    // Numbers are copied out of the structures: stores of vectors could change those, as far as a compiler knows.
    template <class Give>
    [[gnu::always_inline]] inline void for_window(int row, int column, Give&& give) const {
        const int width = block.pool_width, step = shape.step * block.filters;
        const int64_t row_step = shape.row_elements;
        int top = row * block.pool_height - block.pool_top, left = column * width - block.pool_left;
        const int first_row = std::max(-top, 0), last_row = std::min(block.pool_height, shape.rows - top);
        const int first_column = std::max(-left, 0), last_column = std::min(width, used_columns(block) - left);
        Element* to = at(top, left);
        for (int j = first_row; j < last_row; j++)
            for (int i = first_column; i < last_column; i++) give(j * width + i, to + j * row_step + i * step);
    }

    // Gives the gradient of an output place to the place of its window that was chosen.
    void expand_window(int row, int column) const {
        const int filters = block.filters;
        int64_t place = (int64_t(row) * block.output_width + column) * filters;
        const Output* from = gradient + place;
        const uint8_t* from_choice = choice + place;
        if constexpr (kBits) {
            for (int filter = 0; filter < filters; filter += kHalves) {
                HalfLanes wanted = first_half_lanes(filters - filter);
                Halves value = load_halves(from + filter, wanted);
                HalfPlaces chosen = load_half_places(from_choice + filter, wanted);
                for_window(row, column, [=](int here, Element* to) {
                    store_halves(to + filter, keep(is_equal(chosen, here), value), wanted);
                });
            }
        } else {
            for (int filter = 0; filter < filters; filter += kLanes) {
                Lanes wanted = first_lanes(filters - filter);
                Vector value = load(from + filter, wanted);
                Places chosen = load_places(from_choice + filter, wanted);
                for_window(row, column, [=](int here, Element* to) {
                    store(to + filter, choose(is_equal(chosen, places(here)), value, zero()), wanted);
                });
            }
        }
    }

    void expand() const {
        clear_borders();
        if (!pools(block)) return expand_plain();
        for (int row = 0; row < block.output_height; row++)
            for (int column = 0; column < block.output_width; column++) expand_window(row, column);
    }
};

template <class Element>
static void expand_sample(const Call& call, int sample, Element* map) {
    const StriateBlock& block = *call.block;
    int64_t start = sample * output_elements(block);
    const uint8_t* choice = pools(block) ? call.kept<uint8_t>(block.kept_choice) + start : nullptr;
    with_element(output_is_fp32(block), [&](auto element) {
        using Output = decltype(element);
        Expansion<Element, Output>{block,
                                   gradient_map(block),
                                   Dropout(block, *call.pass, sample),
                                   reinterpret_cast<const Output*>(call.output_gradient) + start,
                                   reinterpret_cast<const Output*>(call.output) + start,
                                   choice,
                                   map}
            .expand();
    });
}

void backward_group(const Call& call, int begin, int end, int slot) {
    const StriateBlock& block = *call.block;
    bool weights = block.kernel_gradient || block.bias_gradient;
    if (!weights && !call.input_gradient) return;
    with_products(block, [&](auto products) {
        using Products = decltype(products);
        using Element = typename Products::Element;
        if (fills_directly(block)) return weight_gradient_of(call, begin, end, slot, nullptr);
        int64_t elements = gradient_map(block).elements;
        Element* maps = scratch_of<Element>(kMapGradient, (end - begin) * elements);
        for (int sample = begin; sample < end; sample++) {
            Element* map = maps + (sample - begin) * elements;
            expand_sample(call, sample, map);
            if (call.input_gradient) input_gradient_of(call, sample, map);
        }
        if (weights) weight_gradient_of(call, begin, end, slot, maps);
    });
}

}  // namespace striate
