// What comes after the product, for one output row and one block of filters.
//
//     for each output column
//         for each vector of filters
//             best sum of the pooling window and its place
//             + bias, ReLU, dropout; store value and choice
//
// Bias and ReLU keep the order of values, so the maximum is looked for before them.
#include "convolution.h"
#include "dropout.h"

namespace striate {

template <class Element>
struct RowFinish {
    const Call& call;
    const StriateBlock& block;
    const LaneBlock& lanes;
    const float* const* sums;
    Dropout dropout;
    Element* output;       // of the row, first lane
    uint8_t* choice;       // likewise, or null
    uint32_t place;        // likewise, in the sample's output map

    Vector sum_at(int row, int column, int v) const {
        return load(sums[row] + (int64_t(column) * lanes.vectors + v) * kLanes);
    }

    // The window's maximum; `where` becomes its place.
    Vector pooled(int column, int v, Places& where) const {
        int first = column * block.pool_width - block.pool_left;
        int begin = std::max(-first, 0), end = std::min(block.pool_width, used_columns(block) - first);
        Vector best = broadcast(-INFINITY);
        bool any = false;
        for (int j = 0; j < block.pool_height; j++) {
            if (!sums[j]) continue;
            for (int i = begin; i < end; i++) {
                Vector value = sum_at(j, first + i, v);
                Lanes better = beats(value, best);
                best = any ? choose(better, value, best) : value;
                where = any ? choose(better, places(j * block.pool_width + i), where)
                            : places(j * block.pool_width + i);
                any = true;
            }
        }
        return best;
    }

    void finish(int column, int v, Vector bias, Lanes wanted) const {
        Places where = places(0);
        Vector value = add(pools(block) ? pooled(column, v, where) : sum_at(0, column, v), bias);
        int64_t at = int64_t(column) * block.filters + v * kLanes;
        if (block.relu) {
            where = choose(is_dead(value), places(255), where);
            value = rectify(value);
        }
        if (dropout.active) {
            Lanes kept = dropout.kept(place + uint32_t(at));
            value = choose(kept, multiply(value, broadcast(dropout.scale)), zero());
            where = choose(kept, where, places(255));
        }
        store(output + at, value, wanted);
        if (choice) store_places(choice + at, where, wanted);
    }
};

template <class Element>
static void finish_columns(const Call& call, int sample, int row, const LaneBlock& lanes, const float* const* sums) {
    const StriateBlock& block = *call.block;
    int64_t place = int64_t(row) * block.output_width * block.filters + lanes.first;
    int64_t start = sample * output_elements(block) + place;
    uint8_t* choice = block.kept_choice < 0 ? nullptr : call.kept<uint8_t>(block.kept_choice) + start;
    RowFinish<Element> finish{call, block, lanes, sums, Dropout(block, *call.pass, sample),
                              reinterpret_cast<Element*>(call.output) + start, choice, uint32_t(place)};
    const float* biases = packed_bias(call) + lanes.first;
    for (int v = 0; v < lanes.vectors; v++) {
        Lanes wanted = first_lanes(lanes.count - v * kLanes);
        Vector bias = load(biases + v * kLanes, wanted);
        for (int column = 0; column < block.output_width; column++) finish.finish(column, v, bias, wanted);
    }
}

void finish_row(const Call& call, int sample, int output_row, const LaneBlock& lanes, const float* const* sums) {
    with_element(output_is_fp32(*call.block), [&](auto element) {
        finish_columns<decltype(element)>(call, sample, output_row, lanes, sums);
    });
}

}  // namespace striate
