// The folded convolution with pooling, ReLU and dropout, in one pass over a sample (first_layer.h).
//
//   for each row of the output
//     panels of patches                                       below
//     for each cell: a pooling window, or without pooling some adjacent places
//       for each block of filters                             one or two vectors
//         for each tile of the cell's patches
//           sums[patch][vector] = shift + products            all in registers
//           the largest so far and its number                 likewise
//         ReLU, dropout, store
//
// A tile's panel is [group of taps][patch][1 fp32 | 2 bf16], so that one pointer reaches all its
// patches. Cells with fewer patches repeat their first: it never beats itself.
#include <array>
#include <utility>

#include "dropout.h"
#include "first_layer.h"

namespace striate::first_layer {

// Patches of a tile, so that sums, weights and one value fit the registers.
constexpr int kMostPatches = kLanes == 16 ? 9 : 5;
constexpr int kMostCell = (kMostWindowPlaces / kMostPatches + 1) * kMostPatches;

namespace {

// How the output's rows are cut into cells.
struct CellPlan {
    int cells;       // of a row
    int tiles;       // of a cell
    int patches;     // of a tile

    explicit CellPlan(const StriateBlock& block) {
        int wanted = is_pooled(block) ? block.pool_height * block.pool_width : block.output_width;
        int all = divide_up(wanted, kMostPatches);
        patches = divide_up(wanted, all);
        tiles = is_pooled(block) ? all : 1;
        cells = is_pooled(block) ? block.output_width : all;
    }
    int cell_patches() const { return tiles * patches; }
};

// The places of the map that a cell computes, and what each is called in kept_choice.
struct Cell {
    int rows[kMostCell], columns[kMostCell], numbers[kMostCell];
    int count = 0;

    void add(int row, int column, int number) {
        rows[count] = row, columns[count] = column, numbers[count++] = number;
    }
    void fill_up(int wanted) {
        while (count < wanted) add(rows[0], columns[0], numbers[0]);
    }
};

Cell cell_of(const StriateBlock& block, const CellPlan& plan, int row, int index) {
    Cell cell;
    if (is_pooled(block)) {
        Window window = window_of(block, row, index);
        for (int y = window.rows.begin; y < window.rows.end; y++)
            for (int x = window.columns.begin; x < window.columns.end; x++)
                cell.add(y, x, (y - window.rows.begin + window.rows.first) * block.pool_width + x -
                                   window.columns.begin + window.columns.first);
    } else {
        int end = std::min((index + 1) * plan.patches, block.output_width);
        for (int x = index * plan.patches; x < end; x++) cell.add(row, x, 0);
    }
    cell.fill_up(plan.cell_patches());
    return cell;
}

// One patch into its column of a panel.
template <class Kind, class Element = typename Kind::Element>
void copy_patch(const PatchPlan& plan, const Element* from, int patches, Element* to) {
    constexpr int kCopied = 16 / sizeof(Element);
    Element patch[kMostTaps + 2 * kCopied];
    for (int run = 0; run < plan.runs; run++)
        for (int at = 0; at < plan.run_values; at += kCopied)
            std::memcpy(patch + run * plan.run_values + at, from + plan.offsets[run * plan.run_values] + at, 16);
    patch[plan.taps] = 0;
    for (int tap = 0; tap < plan.taps; tap += Kind::kGroup, to += patches * Kind::kGroup)
        std::memcpy(to, patch + tap, Kind::kGroup * sizeof(Element));
}

template <class Kind, class Element = typename Kind::Element>
void fill_panels(const PatchPlan& plan, const Cell& cell, int patches, const Element* sample, Element* to) {
    int64_t tile = int64_t(round_up(plan.taps, Kind::kGroup)) * patches;
    for (int i = 0; i < cell.count; i++)
        copy_patch<Kind>(plan, sample + plan.at(cell.rows[i], cell.columns[i]), patches,
                         to + i / patches * tile + i % patches * Kind::kGroup);
}

// What a cell's filters are computed from.
template <class Element>
struct Work {
    const Element* panel;
    const Element* weights;
    const float* shifts;
    int groups, tiles;
    const int* numbers;
};

template <class Kind, int kPatches, int kVectors>
[[gnu::always_inline]] inline void sum_patches(const Work<typename Kind::Element>& work, int tile,
                                               Vector (&sums)[kPatches][kVectors]) {
    const auto* panel = work.panel + int64_t(tile) * work.groups * kPatches * Kind::kGroup;
    const auto* weights = work.weights;
#pragma GCC unroll 9
    for (int p = 0; p < kPatches; p++)
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; v++) sums[p][v] = load(work.shifts + v * kLanes);
    for (int group = 0; group < work.groups; group++) {
        typename Kind::Factor factors[kVectors];
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; v++) factors[v] = Kind::load_groups(weights + v * kLanes * Kind::kGroup);
#pragma GCC unroll 9
        for (int p = 0; p < kPatches; p++) {
            auto value = Kind::broadcast_group(panel + p * Kind::kGroup);
#pragma GCC unroll 2
            for (int v = 0; v < kVectors; v++) sums[p][v] = multiply_add(value, factors[v], sums[p][v]);
        }
        panel += kPatches * Kind::kGroup;
        weights += kVectors * kLanes * Kind::kGroup;
    }
}

// Each vector's largest sums and their numbers, into `best` and `numbers`.
template <class Kind, int kPatches, int kVectors>
void largest(const Work<typename Kind::Element>& work, Vector* best, Places* numbers) {
    Vector value[kVectors];
    Places number[kVectors];
    for (int tile = 0; tile < work.tiles; tile++) {
        Vector sums[kPatches][kVectors];
        sum_patches<Kind, kPatches, kVectors>(work, tile, sums);
#pragma GCC unroll 9
        for (int p = 0; p < kPatches; p++) {
            Places here = places(work.numbers[tile * kPatches + p]);
#pragma GCC unroll 2
            for (int v = 0; v < kVectors; v++) {
                bool first = tile == 0 && p == 0;
                Lanes wins = first ? first_lanes(kLanes) : beats(sums[p][v], value[v]);
                value[v] = first ? sums[p][v] : choose(wins, sums[p][v], value[v]);
                number[v] = first ? here : choose(wins, here, number[v]);
            }
        }
    }
    for (int v = 0; v < kVectors; v++) best[v] = value[v], numbers[v] = number[v];
}

// All sums of a tile, [patch][vector], into `best`.
template <class Kind, int kPatches, int kVectors>
void all_sums(const Work<typename Kind::Element>& work, Vector* best, Places*) {
    Vector sums[kPatches][kVectors];
    sum_patches<Kind, kPatches, kVectors>(work, 0, sums);
    for (int p = 0; p < kPatches; p++)
        for (int v = 0; v < kVectors; v++) best[p * kVectors + v] = sums[p][v];
}

template <class Kind>
using Compute = void (*)(const Work<typename Kind::Element>&, Vector*, Places*);

template <class Kind, int... kIndex>
Compute<Kind> compute_of(bool pooled, int patches, int vectors, std::integer_sequence<int, kIndex...>) {
    static constexpr Compute<Kind> kTable[2][2][sizeof...(kIndex)] = {
        {{all_sums<Kind, kIndex + 1, 1>...}, {all_sums<Kind, kIndex + 1, 2>...}},
        {{largest<Kind, kIndex + 1, 1>...}, {largest<Kind, kIndex + 1, 2>...}}};
    return kTable[pooled][vectors - 1][patches - 1];
}

// Where a sample's results go.
template <class Out>
struct Target {
    const StriateBlock& block;
    Dropout dropout;
    Out* output;
    uint8_t* choice;

    Target(const Call& call, int sample)
        : block(*call.block), dropout(block, *call.pass, sample),
          output(reinterpret_cast<Out*>(call.output) + sample * output_elements(block)),
          choice(call.kept<uint8_t>(block.kept_choice) + sample * output_elements(block)) {}

    // ReLU, dropout and store for a vector of filters at one place.
    void finish(int64_t place, int filter, Vector value, Places number) const {
        int64_t at = place * block.filters + filter;
        Lanes lanes = first_lanes(block.filters - filter);
        if (block.relu) {
            number = choose(is_dead(value), places(kClosed), number);
            value = rectify(value);
        }
        if (dropout.active) {
            Lanes kept = dropout.kept(uint32_t(at));
            number = choose(kept, number, places(kClosed));
            value = multiply(value, choose(kept, broadcast(dropout.scale), zero()));
        }
        store(output + at, value, lanes);
        store_places(choice + at, number, lanes);
    }
};

template <class Kind, class Out>
void forward_rows(const Call& call, int sample) {
    using Element = typename Kind::Element;
    const StriateBlock& block = *call.block;
    PatchPlan patches(block);
    FilterPlan filters(block);
    CellPlan plan(block);
    bool pooled = is_pooled(block);
    auto compute = compute_of<Kind>(pooled, plan.patches, filters.vectors, std::make_integer_sequence<int, kMostPatches>{});
    const Element* padded = padded_sample<Element>(call, sample, patches, kSample);
    Element* panel = scratch_of<Element>(kPatches, int64_t(plan.cell_patches()) * (patches.taps + 1));
    Target<Out> target(call, sample);
    for (int row = 0; row < block.output_height; row++)
        for (int index = 0; index < plan.cells; index++) {
            Cell cell = cell_of(block, plan, row, index);
            fill_panels<Kind>(patches, cell, plan.patches, padded, panel);
            for (int filter = 0; filter < block.filters; filter += filters.lanes()) {
                const Element* weights = call.work<Element>(block.work_packed) + filter / filters.lanes() * filters.block_elements();
                Vector best[kMostPatches * 2];
                Places numbers[2] = {places(0), places(0)};
                compute({panel, weights, shifts_of(call, filters) + filter, filters.groups, plan.tiles, cell.numbers}, best, numbers);
                int64_t first = int64_t(row) * block.output_width + (pooled ? index : index * plan.patches);
                int count = pooled ? 1 : std::min(plan.patches, block.output_width - index * plan.patches);
                for (int p = 0; p < count; p++)
                    for (int v = 0; v < filters.vectors; v++)
                        target.finish(first + p, filter + v * kLanes, best[p * filters.vectors + v], numbers[v]);
            }
        }
}

}  // namespace

void forward_sample(const Call& call, int sample, int, int) {
    const StriateBlock& block = *call.block;
    with_products(block, [&](auto kind) {
        with_element(output_is_fp32(block), [&](auto out) { forward_rows<decltype(kind), decltype(out)>(call, sample); });
    });
}

}  // namespace striate::first_layer
