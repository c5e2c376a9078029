// The gradients of kernel and bias over a group of samples.
//
//     for each stretch of rows (and units of samples, where maps are small)
//         fill the panels                                            (gradient_panels.h)
//         for each block of filters, row of the window, block of channels
//             for each tile of taps: partial[tap][filter] += ...     (gradient_kernel.h)
//
// The slot's partial sums: [block of filters][row of the window][column][channel][filter, whole
// vectors], then one row of all filters for the bias. At the end those of all slots are added up in
// their order.
#include "dropout.h"
#include "pooled_panel.h"
#include "threads.h"

namespace striate {

// Both panels together should leave room in a core's second cache.
constexpr int64_t kPanelBytes = int64_t(384) << 10;

template <class Products>
struct WeightGradient {
    using Element = typename Products::Element;
    const Call& call;
    const StriateBlock& block;
    PanelShape shape;
    float* partial;
    Element *input, *gradient;

    int64_t unit_input(const PanelRows& rows) const { return (rows.input_last - rows.input_first) * shape.input_row; }
    int64_t unit_gradient(const PanelRows& rows) const { return (rows.last - rows.first) * shape.gradient_row; }

    // Those of the rows whose window row `k` lies on the input.
    void clip(int k, const PanelRows& rows, int& first, int& last) const {
        auto at = [&](int y) { return y * block.stride_height + k * block.dilation_height - block.top; };
        first = rows.first;
        last = rows.last;
        while (first < last && at(first) < 0) first++;
        while (first < last && at(last - 1) >= block.height) last--;
    }

    // `taps` of a row, which lie side by side in the panel.
    void multiply(const Element* values, const Element* factors, const GradientWalk& walk, int taps, int vectors,
                  float* to, bool overwrite) const {
        int tiles = divide_up(taps, kMostTaps);
        for (int tile = 0; tile < tiles; tile++) {
            int first = int(int64_t(taps) * tile / tiles), last = int(int64_t(taps) * (tile + 1) / tiles);
            tap_tile<Products>(last - first, vectors)(values + first * Products::kGroup, factors, walk,
                                                      to + int64_t(first) * vectors * kLanes, overwrite);
        }
    }

    void multiply_window_row(const PanelRows& rows, int k, int filter, int vectors, bool overwrite) const {
        constexpr int kGroup = Products::kGroup;
        const int stride = vectors * kLanes, columns = used_columns(block);
        int first, last;
        clip(k, rows, first, last);
        const int64_t place = int64_t(block.channels) * kGroup, gradient_row = int64_t(columns) * stride * kGroup;
        GradientWalk walk{rows.units, last - first, columns, unit_input(rows), shape.input_row * block.stride_height,
                          place * block.stride_width, unit_gradient(rows), gradient_row};
        const int64_t filters_before = int64_t(rows.last - rows.first) * columns * filter * kGroup;
        const Element* factors = gradient + filters_before + (first - rows.first) * gradient_row;
        int input_row = first * block.stride_height + k * block.dilation_height - block.top - rows.input_first;
        const Element* values = input + (last > first ? input_row : 0) * shape.input_row;
        int row_taps = block.window_width * block.channels;
        float* to = partial + int64_t(window_values(block)) * filter + int64_t(k) * row_taps * stride;
        if (block.dilation_width == 1) return multiply(values, factors, walk, row_taps, vectors, to, overwrite);
        for (int column = 0; column < block.window_width; column++)
            multiply(values + column * block.dilation_width * place, factors, walk, block.channels, vectors,
                     to + int64_t(column) * block.channels * stride, overwrite);
    }

    void add_bias(const PanelRows& rows, int filter, int vectors, bool overwrite) const {
        int64_t places = int64_t(rows.last - rows.first) * used_columns(block);
        float* to = partial + int64_t(window_values(block)) * padded_filters(block) + filter;
        for (int unit = 0; unit < rows.units; unit++) {
            const Element* factors = gradient + unit * unit_gradient(rows) + places * filter * Products::kGroup;
            add_groups<Products>(factors, places * vectors, vectors, to, overwrite && unit == 0);
        }
    }

    void fill_gradient(const PanelRows& rows, const Element* maps) {
        if constexpr (Products::kGroup == 2) {
            if (fills_directly(block)) return fill_pooled_panel(call, shape, rows, gradient);
        }
        fill_gradient_panel<Products>(call, shape, rows, maps, gradient);
    }

    void multiply_rows(const PanelRows& rows, const Element* maps, bool overwrite) {
        input = scratch_of<Element>(kInputPanel, rows.units * unit_input(rows) + kLanes * kLanes);
        gradient = scratch_of<Element>(kGradientPanel, rows.units * unit_gradient(rows) + kLanes * kLanes);
        if (block.kernel_gradient) fill_input_panel<Products>(call, shape, rows, input);
        fill_gradient(rows, maps);
        int filters = padded_filters(block);
        for (int filter = 0; filter < filters; filter += kTapVectors * kLanes) {
            int vectors = std::min(kTapVectors, (filters - filter) / kLanes);
            if (block.bias_gradient) add_bias(rows, filter, vectors, overwrite);
            for (int k = 0; block.kernel_gradient && k < block.window_height; k++)
                multiply_window_row(rows, k, filter, vectors, overwrite);
        }
    }
};

template <class Products>
static void add_group(const Call& call, int begin, int end, bool overwrite, const typename Products::Element* maps,
                      float* partial) {
    const StriateBlock& block = *call.block;
    WeightGradient<Products> work{call, block, PanelShape(block), partial, nullptr, nullptr};
    int units = divide_up(end - begin, Products::kGroup), height = used_rows(block);
    int64_t row_bytes = (work.shape.input_row + work.shape.gradient_row) * int64_t(sizeof(*maps));
    int together = int(std::max<int64_t>(kPanelBytes / std::max<int64_t>(row_bytes, 1), 1));   // rows
    int stretches = divide_up(height, together), units_together = std::max(together / height, 1);
    for (int unit = 0; unit < units; unit += units_together)
        for (int stretch = 0; stretch < stretches; stretch++) {
            PanelRows rows;
            rows.first_sample = begin + unit * Products::kGroup;
            rows.last_sample = end;
            rows.units = std::min(units_together, units - unit);
            set_rows(block, height * stretch / stretches, height * (stretch + 1) / stretches, rows);
            work.multiply_rows(rows, maps ? maps + unit * Products::kGroup * gradient_map(block).elements : nullptr,
                               overwrite && unit == 0 && stretch == 0);
        }
}

void weight_gradient_of(const Call& call, int begin, int end, int slot, const void* maps) {
    const StriateBlock& block = *call.block;
    bool overwrite = begin == slot_begin(*call.pass, slot);
    float* partial = call.partial<float>(slot);
    with_products(block, [&](auto products) {
        using Products = decltype(products);
        add_group<Products>(call, begin, end, overwrite, static_cast<const typename Products::Element*>(maps), partial);
    });
}

// One block of filters and one row of the window each.
int gradient_tasks(const Call& call) {
    const StriateBlock& block = *call.block;
    if (!block.kernel_gradient && !block.bias_gradient) return 0;
    return divide_up(padded_filters(block), kTapVectors * kLanes) * block.window_height;
}

// Adds up `count` vectors, `stride` apart, over all slots in their order.
static void sum_slots(const Call& call, int64_t at, int count, int stride, float scale, Vector (&sums)[kLanes]) {
    for (Vector& sum : sums) sum = zero();
    int slots = call.pass->batch ? call.pass->slots : 0;
    for (int slot = 0; slot < slots; slot++) {
        const float* from = call.partial<float>(slot) + at;
        for (int i = 0; i < kLanes && i < count; i++) sums[i] = add(sums[i], load(from + i * stride));
    }
    for (Vector& sum : sums) sum = multiply(sum, broadcast(scale));
}

// Gradients of a vector of filters, from `first` on, for a row of the window.
static void finish_vector(const Call& call, int k, int first, int64_t start, int stride) {
    const StriateBlock& block = *call.block;
    int values = window_values(block), row_values = block.window_width * block.channels;
    int lanes = std::min(kLanes, block.filters - first);
    float scale = Dropout(block, *call.pass, 0).scale;
    Vector sums[kLanes];
    for (int begin = 0; block.kernel_gradient && begin < row_values; begin += kLanes) {
        int count = std::min(kLanes, row_values - begin), at = k * row_values + begin;
        sum_slots(call, start + int64_t(at) * stride, count, stride, scale, sums);
        transpose(sums);
        for (int lane = 0; lane < lanes; lane++)
            store(block.kernel_gradient + int64_t(first + lane) * values + at, sums[lane], first_lanes(count));
    }
    if (!block.bias_gradient || k > 0) return;
    sum_slots(call, int64_t(values) * padded_filters(block) + first, 1, 0, scale, sums);
    store(block.bias_gradient + first, sums[0], first_lanes(lanes));
}

void finish_gradients(const Call& call, int task, int, int) {
    const StriateBlock& block = *call.block;
    int k = task % block.window_height, filter = task / block.window_height * kTapVectors * kLanes;
    int stride = std::min(kTapVectors * kLanes, padded_filters(block) - filter);
    int64_t start = int64_t(window_values(block)) * filter;
    for (int v = 0; v < stride; v += kLanes) finish_vector(call, k, filter + v, start + v, stride);
}

}  // namespace striate
