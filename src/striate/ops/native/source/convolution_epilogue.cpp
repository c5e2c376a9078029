// What comes after the product, for one output row and one block of filters.
//
//     for each vector of filters
//         for each output column
//             best sum of the pooling window and its place
//             + bias, ReLU, dropout; store value and choice
//
// Bias and ReLU keep the order of values, so the maximum is looked for before them.
#include "convolution.h"

namespace striate {

// One vector of filters of one row: where it comes from and where it goes.
template <class Element>
struct FinishedVector {
    const float* const* sums;   // the window's map rows; null: beyond the map
    int64_t sum_step;           // from one column's sums to the next one's
    Element* output;
    uint8_t* choice;            // or null
    int64_t step;               // from one output column to the next
    Vector bias;
    Lanes wanted;
    uint32_t place;             // of the first value in the sample's output map
};

template <bool kRelu, bool kDropout, bool kChoice, class Element>
[[gnu::always_inline]] inline void finish_value(const FinishedVector<Element>& to, const Dropout& dropout, int column,
                                                Vector value, Places where) {
    value = add(value, to.bias);
    int64_t at = column * to.step;
    if (kRelu) {
        where = choose(is_dead(value), places(255), where);
        value = rectify(value);
    }
    if (kDropout) {
        Lanes kept = dropout.kept(to.place + uint32_t(at));
        value = multiply(value, choose(kept, broadcast(dropout.scale), zero()));
        where = choose(kept, where, places(255));
    }
    store(to.output + at, value, to.wanted);
    if (kChoice) store_places(to.choice + at, where, to.wanted);
}

template <bool kRelu, bool kDropout, class Element>
static void finish_plain(const FinishedVector<Element> to, const Dropout& dropout, int columns) {
    const float* sums = to.sums[0];
    for (int column = 0; column < columns; column++, sums += to.sum_step)
        finish_value<kRelu, kDropout, false>(to, dropout, column, load(sums), places(0));
}

// The part of a pooling window that lies on the map.
struct PoolingWindow {
    int first_row, last_row, first_column, last_column, width;
};

// The window's maximum and, where it is wanted, its place. `sums` are of the window's first column.
template <bool kChoice>
[[gnu::always_inline]] inline Vector pooled(const float* const* sums, int64_t offset, int64_t step, const PoolingWindow& window,
                                            Places& where) {
    Vector best = load(sums[window.first_row] + offset + window.first_column * step), total = zero();
    where = places(window.first_row * window.width + window.first_column);
    for (int j = window.first_row; j < window.last_row; j++)
        for (int i = window.first_column; i < window.last_column; i++) {
            Vector value = load(sums[j] + offset + i * step);
            if (kChoice) where = choose(is_greater(value, best), places(j * window.width + i), where);
            best = larger(value, best);
            total = add(total, value);
        }
    if (!any(is_nan(total))) return best;
    // The total of numbers is NaN seldom, too (infinity - infinity): a look at each value is always right.
    best = load(sums[window.first_row] + offset + window.first_column * step);
    where = places(window.first_row * window.width + window.first_column);
    for (int j = window.first_row; j < window.last_row; j++)
        for (int i = window.first_column; i < window.last_column; i++) {
            Vector value = load(sums[j] + offset + i * step);
            Lanes better = beats(value, best);
            where = choose(better, places(j * window.width + i), where);
            best = choose(better, value, best);
        }
    return best;
}

// `kPool`: side of square windows, known to the compiler; 0: any.
template <int kPool, bool kRelu, bool kDropout, bool kChoice, class Element>
static void finish_pooled(const StriateBlock& block, const FinishedVector<Element> to, const Dropout& dropout) {
    int columns = block.output_width, map_columns = used_columns(block), left = block.pool_left;
    PoolingWindow window{0, block.pool_height, 0, block.pool_width, block.pool_width};
    while (!to.sums[window.first_row]) window.first_row++;
    while (!to.sums[window.last_row - 1]) window.last_row--;
    bool whole_rows = window.last_row - window.first_row == kPool;
    for (int column = 0; column < columns; column++) {
        int first = column * window.width - left;
        window.first_column = std::max(-first, 0);
        window.last_column = std::min(window.width, map_columns - first);
        Places where;
        Vector best;
        if (kPool && whole_rows && window.last_column - window.first_column == kPool)
            best = pooled<kChoice>(to.sums, first * to.sum_step, to.sum_step, PoolingWindow{0, kPool, 0, kPool, kPool}, where);
        else
            best = pooled<kChoice>(to.sums, first * to.sum_step, to.sum_step, window, where);
        finish_value<kRelu, kDropout, kChoice>(to, dropout, column, best, where);
    }
}

template <bool kRelu, bool kDropout, bool kChoice, class Element>
static void finish_windows(const StriateBlock& block, const FinishedVector<Element>& to, const Dropout& dropout) {
    int side = block.pool_height == block.pool_width ? block.pool_width : 0;
    if (side == 2) return finish_pooled<2, kRelu, kDropout, kChoice>(block, to, dropout);
    if (side == 3) return finish_pooled<3, kRelu, kDropout, kChoice>(block, to, dropout);
    finish_pooled<0, kRelu, kDropout, kChoice>(block, to, dropout);
}

template <bool kRelu, bool kDropout, class Element>
static void finish_vector(const StriateBlock& block, const FinishedVector<Element>& to, const Dropout& dropout) {
    if (!pools(block)) return finish_plain<kRelu, kDropout>(to, dropout, block.output_width);
    if (!to.choice) return finish_windows<kRelu, kDropout, false>(block, to, dropout);
    finish_windows<kRelu, kDropout, true>(block, to, dropout);
}

template <class Element>
static void finish_lanes(const Finish& finish, int row, const LaneBlock& lanes, const float* const* sums) {
    const Call& call = finish.call;
    const StriateBlock& block = *call.block;
    int64_t place = int64_t(row) * block.output_width * block.filters + lanes.first;
    int64_t start = finish.sample_start + place;
    const float* map_rows[kMostPlaces];
    for (int v = 0; v < lanes.vectors; v++) {
        int64_t at = v * kLanes;
        Lanes wanted = first_lanes(lanes.count - v * kLanes);
        for (int j = 0; j < block.pool_height; j++) map_rows[j] = sums[j] ? sums[j] + at : nullptr;
        FinishedVector<Element> to{map_rows,
                                   lanes.vectors * kLanes,
                                   reinterpret_cast<Element*>(call.output) + start + at,
                                   block.kept_choice < 0 ? nullptr : call.kept<uint8_t>(block.kept_choice) + start + at,
                                   block.filters,
                                   load(finish.bias + lanes.first + at, wanted),
                                   wanted,
                                   uint32_t(place + at)};
        constexpr auto no = finish_vector<false, false, Element>, relu = finish_vector<true, false, Element>,
                       drop = finish_vector<false, true, Element>, both = finish_vector<true, true, Element>;
        (finish.dropout.active ? (block.relu ? both : drop) : (block.relu ? relu : no))(block, to, finish.dropout);
    }
}

void finish_row(const Finish& finish, int output_row, const LaneBlock& lanes, const float* const* sums) {
    with_element(output_is_fp32(*finish.call.block), [&](auto element) {
        finish_lanes<decltype(element)>(finish, output_row, lanes, sums);
    });
}

}  // namespace striate
