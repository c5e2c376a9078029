// The folded convolution with pooling, ReLU and dropout, in one pass over a sample (first_layer.h).
//
//   for each row of the output
//     panels of patches                                       below
//     for each cell: a pooling window, or without pooling some adjacent places
//       for each block of filters                             one or two vectors
//         for each tile of the cell's patches
//           sums[patch][vector] = shift + products            all in registers
//           the largest so far and its number                 likewise; two ways, with and without NaN
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

// The largest of a vector's sums, from `best` on, and its number; the first of equals. No NaN is among
// them. A tree of maxima and then a search has far shorter chains than comparing one by one.
template <int kPatches, int kVectors>
[[gnu::always_inline]] inline void search(const Vector (&sums)[kPatches][kVectors], int v, const int* names,
                                          Vector& best, Places& number) {
    Vector tree[kPatches];
#pragma GCC unroll 9
    for (int p = 0; p < kPatches; p++) tree[p] = sums[p][v];
#pragma GCC unroll 4
    for (int step = 1; step < kPatches; step *= 2)
#pragma GCC unroll 9
        for (int p = 0; p + step < kPatches; p += 2 * step) tree[p] = larger(tree[p], tree[p + step]);
    Lanes before = is_at_most(tree[0], best);
    best = larger(best, tree[0]);
    Places found = number;
#pragma GCC unroll 9
    for (int p = kPatches - 1; p >= 0; p--) found = choose(is_equal(sums[p][v], best), places(names[p]), found);
    number = choose(before, number, found);
}

// The same with NaN, which wins.
template <int kPatches, int kVectors>
void search_carefully(const Vector (&sums)[kPatches][kVectors], int v, const int* names, Vector& best, Places& number) {
    for (int p = 0; p < kPatches; p++) {
        Lanes wins = beats(sums[p][v], best);
        best = choose(wins, sums[p][v], best);
        number = choose(wins, places(names[p]), number);
    }
}

// Each vector's largest sums and their numbers, into `best` and `numbers`.
template <class Kind, int kPatches, int kVectors, bool kCareful>
void largest(const Work<typename Kind::Element>& work, Vector* best, Places* numbers) {
    for (int v = 0; v < kVectors; v++) {
        best[v] = broadcast(-INFINITY);
        numbers[v] = places(work.numbers[0]);
    }
    for (int tile = 0; tile < work.tiles; tile++) {
        Vector sums[kPatches][kVectors];
        sum_patches<Kind, kPatches, kVectors>(work, tile, sums);
        const int* names = work.numbers + tile * kPatches;
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; v++) {
            if (kCareful) search_carefully(sums, v, names, best[v], numbers[v]);
            else search(sums, v, names, best[v], numbers[v]);
        }
    }
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
Compute<Kind> compute_of(bool pooled, bool tame, int patches, int vectors,
                         std::integer_sequence<int, kIndex...>) {
    static constexpr Compute<Kind> kTable[3][2][sizeof...(kIndex)] = {
        {{all_sums<Kind, kIndex + 1, 1>...}, {all_sums<Kind, kIndex + 1, 2>...}},
        {{largest<Kind, kIndex + 1, 1, true>...}, {largest<Kind, kIndex + 1, 2, true>...}},
        {{largest<Kind, kIndex + 1, 1, false>...}, {largest<Kind, kIndex + 1, 2, false>...}}};
    return kTable[pooled ? 1 + tame : 0][vectors - 1][patches - 1];
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
struct Forward {
    using Element = typename Kind::Element;
    const Call& call;
    const StriateBlock& block = *call.block;
    PatchPlan patches{block};
    FilterPlan filters{block};
    CellPlan plan{block};
    const Element* weights = call.work<Element>(block.work_packed);
    const float* shifts = shifts_of(call, filters);

    void run(int sample) const {
        const Element* padded = padded_sample<Element>(call, sample, patches, kSample);
        auto compute = compute_of<Kind>(is_pooled(block), is_tame_all(padded), plan.patches, filters.vectors,
                                        std::make_integer_sequence<int, kMostPatches>{});
        Element* panel = scratch_of<Element>(kPatches, int64_t(plan.cell_patches()) * (patches.taps + 1));
        Target<Out> target(call, sample);
        for (int row = 0; row < block.output_height; row++)
            for (int index = 0; index < plan.cells; index++) {
                Cell cell = cell_of(block, plan, row, index);
                fill_panels<Kind>(patches, cell, plan.patches, padded, panel);
                run_cell(compute, cell, panel, row, index, target);
            }
    }

    bool is_tame_all(const Element* padded) const {
        return is_tame(padded, int64_t(patches.rows) * patches.columns * block.channels) &&
               is_tame(weights, filters.blocks * filters.block_elements()) &&
               is_tame(shifts, filters.padded_filters());
    }

    // All filters of one cell.
    void run_cell(Compute<Kind> compute, const Cell& cell, const Element* panel, int row, int index,
                  const Target<Out>& target) const {
        bool pooled = is_pooled(block);
        int column = pooled ? index : index * plan.patches;
        int count = pooled ? 1 : std::min(plan.patches, block.output_width - column);
        int64_t place = int64_t(row) * block.output_width + column;
        Vector best[kMostPatches * 2];
        Places numbers[2] = {places(0), places(0)};
        for (int part = 0; part < filters.blocks; part++) {
            int filter = part * filters.lanes();
            compute({panel, weights + part * filters.block_elements(), shifts + filter, filters.groups, plan.tiles,
                     cell.numbers}, best, numbers);
            for (int p = 0; p < count; p++)
                for (int v = 0; v < filters.vectors; v++)
                    target.finish(place + p, filter + v * kLanes, best[p * filters.vectors + v], numbers[v]);
        }
    }
};

}  // namespace

void forward_sample(const Call& call, int sample, int, int) {
    const StriateBlock& block = *call.block;
    with_products(block, [&](auto kind) {
        with_element(output_is_fp32(block),
                     [&](auto out) { Forward<decltype(kind), decltype(out)>{call}.run(sample); });
    });
}

}  // namespace striate::first_layer
