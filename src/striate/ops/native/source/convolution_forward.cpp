// The way forward of one sample.
//
//     for each block of filters
//         for each output row
//             for each map row under its pooling windows
//                 sums[column][filter] = rows of input * packed weights     (micro_kernel.h)
//             bias, pooling, ReLU, dropout, store                          (convolution_epilogue.cpp)
//
// Rows of padding are skipped; columns of padding are copied with the input into a thread's buffer.
#include <cmath>
#include <cstring>

#include "convolution.h"
#include "threads.h"

namespace striate {

// `count` values, rounded where the product's element is narrower.
static void copy_values(const float* from, int64_t count, float* to) { std::memcpy(to, from, count * sizeof(float)); }
[[maybe_unused]] static void copy_values(const bf16_t* from, int64_t count, bf16_t* to) { std::memcpy(to, from, count * sizeof(bf16_t)); }
[[maybe_unused]] static void copy_values(const float* from, int64_t count, bf16_t* to) {
    int64_t at = 0;
    for (; at + kLanes <= count; at += kLanes) store(to + at, load(from + at));
    if (at < count) store(to + at, load(from + at, first_lanes(int(count - at))), first_lanes(int(count - at)));
}
[[maybe_unused]] static void copy_values(const bf16_t* from, int64_t count, float* to) {
    for (int64_t at = 0; at < count; at++) to[at] = to_float(from[at]);
}

template <class Element, class Source>
static void copy_row(const StriateBlock& block, const Source* from, int columns, Element* to) {
    int left = block.left, kept = std::min(block.width, columns - left);
    int64_t channels = block.channels;
    std::memset(to, 0, left * channels * sizeof(Element));
    copy_values(from, kept * channels, to + left * channels);
    int right = columns - left - kept;
    std::memset(to + (left + kept) * channels, 0, right * channels * sizeof(Element));
}

// The input's rows, with the zeros beside them that windows need.
template <class Products>
struct InputRows {
    const typename Products::Element* first_row;   // of row 0, though only the wanted ones are there
    int64_t row_elements;
};

template <class Products>
static InputRows<Products> input_rows(const Call& call, int sample, int first, int last) {
    using Element = typename Products::Element;
    const StriateBlock& block = *call.block;
    int columns = std::max(covered_columns(block), block.left);
    int64_t from_row = int64_t(block.width) * block.channels, row = int64_t(columns) * block.channels;
    int64_t start = sample * input_elements(block);
    bool same = input_is_fp32(block) == (sizeof(Element) == sizeof(float));
    if (same && block.left == 0 && columns <= block.width)
        return {reinterpret_cast<const Element*>(call.input) + start, from_row};
    Element* rows = scratch_of<Element>(kInputRows, (last - first) * row);
    with_element(input_is_fp32(block), [&](auto element) {
        const auto* source = reinterpret_cast<const decltype(element)*>(call.input) + start;
        for (int y = first; y < last; y++)
            copy_row(block, source + y * from_row, columns, rows + (y - first) * row);
    });
    return {rows - first * row, row};
}

template <class Products>
struct Forward {
    using Element = typename Products::Element;
    const Call& call;
    const StriateBlock& block;
    Packing packing;
    Walk walk;
    InputRows<Products> input;
    float* sums;                    // [row of the pooling window][column][lane]
    WindowRow<Products>* rows;

    // Sums of map row `y`.
    void multiply(int y, const LaneBlock& lanes, float* to, const Finished<Products>* finished = nullptr) {
        const Element* weights = call.work<Element>(block.work_packed) + packing.lane_elements() * lanes.first;
        int64_t row_elements = int64_t(packing.row_groups()) * packing.group * lanes.vectors * kLanes;
        int count = 0;
        for (int k = 0; k < block.window_height; k++) {
            int at = y * block.stride_height + k * block.dilation_height - block.top;
            if (at >= 0 && at < block.height)
                rows[count++] = {input.first_row + at * input.row_elements, weights + k * row_elements};
        }
        multiply_row(rows, count, walk, used_columns(block), lanes.vectors, to, finished);
    }

    // A row that nothing but bias and ReLU follows.
    void compute_plain(const Finish& finish, int row, const LaneBlock& lanes) {
        int64_t at = finish.sample_start + int64_t(row) * block.output_width * block.filters + lanes.first;
        Finished<Products> finished{reinterpret_cast<Element*>(call.output) + at, block.filters, finish.bias + lanes.first,
                                    block.relu ? 0.0f : -HUGE_VALF, lanes.count};
        multiply(row, lanes, sums, &finished);
    }

    void compute(const Finish& finish, int output_row, const LaneBlock& lanes) {
        const float* map_rows[kMostPlaces];
        for (int j = 0; j < block.pool_height; j++) {
            int y = output_row * block.pool_height + j - block.pool_top;
            float* to = sums + int64_t(j) * used_columns(block) * lanes.vectors * kLanes;
            map_rows[j] = y >= 0 && y < block.map_height ? to : nullptr;
            if (map_rows[j]) multiply(y, lanes, to);
        }
        finish_row(finish, output_row, lanes, map_rows);
    }
};

template <class Products>
static void forward_rows(const Call& call, int sample, int first, int last) {
    const StriateBlock& block = *call.block;
    int reach = (block.window_height - 1) * block.dilation_height;
    int top = std::max((first * block.pool_height - block.pool_top) * block.stride_height - block.top, 0);
    int end = (std::min(last * block.pool_height - block.pool_top, block.map_height) - 1) * block.stride_height;
    end = std::max(std::min(end + reach + 1 - block.top, block.height), top);
    InputRows<Products> input = input_rows<Products>(call, sample, std::min(top, end), end);
    Packing packing = forward_packing(block);
    Walk walk = packing.walk(int64_t(block.dilation_width) * block.channels, int64_t(block.stride_width) * block.channels);
    Finish finish(call, sample);
    // Rows that need nothing more than bias and ReLU are finished in registers.
    bool plain = !pools(block) && !finish.dropout.active && output_is_fp32(block) == (Products::kGroup == 1);
    int64_t sums = plain ? 0 : int64_t(block.pool_height) * used_columns(block) * packing.widest() * kLanes;
    float* memory = scratch_of<float>(kRowSums, sums + block.window_height * int64_t(sizeof(WindowRow<Products>)));
    auto* rows = reinterpret_cast<WindowRow<Products>*>(memory + sums);
    Forward<Products> forward{call, block, packing, walk, input, memory, rows};
    for (int index = 0; index < packing.blocks(); index++)
        for (int y = first; y < last; y++) {
            if (plain)
                forward.compute_plain(finish, y, packing.block(index));
            else
                forward.compute(finish, y, packing.block(index));
        }
}

void forward_sample(const Call& call, int sample, int, int band) {
    const StriateBlock& block = *call.block;
    int first = int(int64_t(block.output_height) * band / call.bands);
    int last = int(int64_t(block.output_height) * (band + 1) / call.bands);
    if (first == last) return;
    with_products(block, [&](auto products) { forward_rows<decltype(products)>(call, sample, first, last); });
}

}  // namespace striate
