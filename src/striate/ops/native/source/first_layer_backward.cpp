// Sums for the gradients of one sample (first_layer.h).
//
//   for each row of the output
//     tables: what each tap of the patch is at each place of a window, less the mean
//       [window][tap, then a column of ones][some kLanes places]
//     for each vector of filters
//       for each block of up to ten taps                       sums in registers
//         for each window: sum[tap] += g * table[tap][choice]  a look-up: each lane has its own choice
//
// A slot's sums are [tap, then sum g][filter], fp32; slots are added in double.
#include <array>
#include <utility>

#include "first_layer.h"

namespace striate::first_layer {

constexpr int kMostTogether = kLanes == 16 ? 10 : 6;   // taps whose sums stay in registers
constexpr int kLaneBits = kLanes == 16 ? 4 : 3;

int64_t gradient_bytes(const StriateBlock& block) {
    return int64_t(tap_count(block) + 1) * FilterPlan(block).padded_filters() * int64_t(sizeof(float));
}

void clear_gradients(const Call& call, int slot) {
    std::memset(call.partial<char>(slot), 0, gradient_bytes(*call.block));
}

namespace {

// The tables of one row of windows.
struct Table {
    float* values;
    int parts;           // vectors of places
    int taps;            // with the column of ones

    Table(const StriateBlock& block, int taps_and_ones)
        : parts(divide_up(block.pool_height * block.pool_width, kLanes)), taps(taps_and_ones) {
        values = scratch_of<float>(kTable, int64_t(block.output_width) * window_values());
    }
    int64_t window_values() const { return int64_t(taps) * tap_values(); }
    int tap_values() const { return parts * kLanes; }
};

template <class Element>
void fill_window(const StriateBlock& block, const PatchPlan& plan, const Element* sample, const float* mean,
                 const Window& window, const Table& table, float* to) {
    std::memset(to, 0, table.window_values() * sizeof(float));
    for (int row = window.rows.begin; row < window.rows.end; row++)
        for (int column = window.columns.begin; column < window.columns.end; column++) {
            int number = (row - window.rows.begin + window.rows.first) * block.pool_width + column -
                         window.columns.begin + window.columns.first;
            const Element* patch = sample + plan.at(row, column);
            for (int tap = 0; tap < plan.taps; tap++)
                to[tap * table.tap_values() + number] = to_float(patch[plan.offsets[tap]]) - mean[tap];
            to[plan.taps * table.tap_values() + number] = 1;
        }
}

// One row's gradients for a vector of filters.
template <class Out>
struct Row {
    const Table& table;
    const Out* gradient;
    const uint8_t* choice;
    int windows;
    int64_t filters;       // from one window to the next
    Lanes lanes;
};

// Adds sum g * patch to kTaps sums, from tap `first` on.
template <class Out, int kTaps>
void add_taps(const Row<Out>& row, int first, float* to, int64_t stride) {
    Vector sums[kTaps];
#pragma GCC unroll 10
    for (int tap = 0; tap < kTaps; tap++) sums[tap] = load(to + tap * stride);
    const float* window = row.table.values + int64_t(first) * row.table.tap_values();
    for (int w = 0; w < row.windows; w++, window += row.table.window_values()) {
        Places number = load_places(row.choice + w * row.filters, row.lanes);
        Lanes closed = is_equal(number, places(kClosed));
        Vector reaching = choose(closed, zero(), load(row.gradient + w * row.filters, row.lanes));
        for (int part = 0; part < row.table.parts; part++) {
            Lanes here = row.table.parts == 1 ? row.lanes : is_equal(shift_right<kLaneBits>(number), places(part));
            Vector share = choose(here, reaching, zero());
#pragma GCC unroll 10
            for (int tap = 0; tap < kTaps; tap++) {
                Vector values = look_up(load(window + (tap * row.table.parts + part) * kLanes), number);
                sums[tap] = multiply_add(share, values, sums[tap]);
            }
        }
    }
#pragma GCC unroll 10
    for (int tap = 0; tap < kTaps; tap++) store(to + tap * stride, sums[tap]);
}

template <class Out, int... kIndex>
void add_some_taps(const Row<Out>& row, int first, int count, float* to, int64_t stride,
                   std::integer_sequence<int, kIndex...>) {
    static constexpr std::array<void (*)(const Row<Out>&, int, float*, int64_t), sizeof...(kIndex)> kTable = {
        add_taps<Out, kIndex + 1>...};
    kTable[count - 1](row, first, to, stride);
}

template <class Out>
void add_row(const Row<Out>& row, float* to, int64_t stride) {
    int blocks = divide_up(row.table.taps, kMostTogether);
    for (int block = 0; block < blocks; block++) {
        int begin = row.table.taps * block / blocks, end = row.table.taps * (block + 1) / blocks;
        add_some_taps(row, begin, end - begin, to + begin * stride, stride,
                      std::make_integer_sequence<int, kMostTogether>{});
    }
}

template <class Element, class Out>
void sum_sample(const Call& call, int number, float* sums) {
    const StriateBlock& block = *call.block;
    PatchPlan plan(block);
    PatchMoments moments(call.kept<double>(block.kept_other), plan.taps);
    float mean[kMostTaps];
    for (int tap = 0; tap < plan.taps; tap++) mean[tap] = float(moments.mean[tap]);
    const Element* sample = padded_sample<Element>(call, number, plan, kSample);
    Table table(block, plan.taps + 1);
    int64_t stride = FilterPlan(block).padded_filters();
    for (int row = 0; row < block.output_height; row++) {
        for (int column = 0; column < block.output_width; column++)
            fill_window(block, plan, sample, mean, window_of(block, row, column), table,
                        table.values + column * table.window_values());
        int64_t at = number * output_elements(block) + int64_t(row) * block.output_width * block.filters;
        const Out* gradient = reinterpret_cast<const Out*>(call.output_gradient) + at;
        const uint8_t* choice = call.kept<uint8_t>(block.kept_choice) + at;
        for (int filter = 0; filter < block.filters; filter += kLanes)
            add_row(Row<Out>{table, gradient + filter, choice + filter, block.output_width, block.filters,
                             first_lanes(block.filters - filter)},
                    sums + filter, stride);
    }
}

}  // namespace

void sum_gradients(const Call& call, int sample, int slot, int) {
    const StriateBlock& block = *call.block;
    with_products(block, [&](auto kind) {
        with_element(output_is_fp32(block), [&](auto out) {
            sum_sample<typename decltype(kind)::Element, decltype(out)>(call, sample, call.partial<float>(slot));
        });
    });
}

}  // namespace striate::first_layer
