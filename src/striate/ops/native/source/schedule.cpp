// The order of phases (schedule.h), and the sizes of blocks.
#include "schedule.h"

#include <algorithm>

namespace striate {

const Kind& kind_of(const StriateBlock& block) {
    static const Kind* const kinds[] = {&kConvolution, &kNormalization, &kFirst, &kDense, &kGlobal};
    return *kinds[block.kind];
}

int64_t element_bytes(bool fp32) { return fp32 ? 4 : 2; }
bool input_is_fp32(const StriateBlock& block) { return block.input_is_fp32 || !block.bf16; }
bool output_is_fp32(const StriateBlock& block) { return block.output_is_fp32 || !block.bf16; }
int64_t input_elements(const StriateBlock& block) {
    return int64_t(block.height) * block.width * block.channels;
}
int64_t map_elements(const StriateBlock& block) {
    return int64_t(block.map_height) * block.map_width * block.filters;
}
int64_t output_elements(const StriateBlock& block) {
    return int64_t(block.output_height) * block.output_width * block.filters;
}
int64_t input_bytes(const StriateBlock& block) { return input_elements(block) * element_bytes(input_is_fp32(block)); }
int64_t output_bytes(const StriateBlock& block) { return output_elements(block) * element_bytes(output_is_fp32(block)); }

int64_t partial_bytes_of(const StriatePass& pass) {
    int64_t bytes = 0;
    for (int i = 0; i < pass.count; i++) bytes += kind_of(pass.blocks[i]).partial_bytes(pass.blocks[i]);
    return bytes;
}

int64_t map_bytes_of(const StriatePass& pass) {
    int64_t bytes = 0;
    for (int i = 0; i < pass.count; i++)
        bytes += pass.batch * output_bytes(pass.blocks[i]);
    return bytes;
}

// More where maps are small, so that weights stay in the nearest cache and long sums in registers.
int samples_together(const StriatePass& pass) {
    constexpr int64_t most = 8, budget = int64_t(512) << 10;
    int64_t largest = 1;
    for (int i = 0; i < pass.count; i++) {
        const StriateBlock& block = pass.blocks[i];
        largest = std::max({largest, 4 * input_elements(block), 4 * map_elements(block)});
    }
    return int(std::max<int64_t>(std::min(most, budget / largest / 2 * 2), 2));   // even: bf16 takes pairs
}

static void add(std::vector<Step>& steps, int block, const Phase& phase) {
    if (phase.scope != Scope::none) steps.push_back({block, &phase});
}

static void add_chained(Schedule& schedule, int block, const Phase& phase) {
    if (phase.scope == Scope::none) return;
    bool joins = phase.scope == Scope::samples && !schedule.empty() && schedule.back().scope == Scope::samples;
    if (!joins) schedule.push_back({phase.scope, {}});
    schedule.back().steps.push_back({block, &phase});
}

// Moves what waits into a stage of its own.
static void add_together(Schedule& schedule, std::vector<Step>& waiting) {
    if (!waiting.empty()) schedule.push_back({Scope::tasks, waiting});
    waiting.clear();
}

Schedule forward_schedule(const StriatePass& pass) {
    Schedule schedule;
    std::vector<Step> waiting;
    for (int i = 0; !pass.packed && i < pass.count; i++) add(waiting, i, kind_of(pass.blocks[i]).prepare);
    add_together(schedule, waiting);
    for (int i = 0; i < pass.count; i++) {
        const Kind& kind = kind_of(pass.blocks[i]);
        for (const Phase& phase : pass.blocks[i].training ? kind.forward : kind.inference) add_chained(schedule, i, phase);
    }
    return schedule;
}

// Whether a block's partial sums are more than the maps before and behind it.
static bool is_heavy(const StriatePass& pass, int number) {
    if (number >= pass.count) return false;
    const StriateBlock& block = pass.blocks[number];
    return pass.slots * kind_of(block).partial_bytes(block) > pass.batch * (input_bytes(block) + output_bytes(block));
}

Schedule backward_schedule(const StriatePass& pass) {
    Schedule schedule;
    std::vector<Step> waiting;
    for (int last = pass.count - 1, first; last >= 0; last = first - 1) {
        first = last;
        while (first > 0 && !is_heavy(pass, first) && !is_heavy(pass, first - 1)) first--;
        for (int i = last; i >= first; i--) add(waiting, i, kind_of(pass.blocks[i]).prepare_back);
        add_together(schedule, waiting);
        for (int i = last; i >= first; i--) {
            for (const Phase& phase : kind_of(pass.blocks[i]).backward) add_chained(schedule, i, phase);
            add(waiting, i, kind_of(pass.blocks[i]).finish);
        }
    }
    add_together(schedule, waiting);
    return schedule;
}

}  // namespace striate
