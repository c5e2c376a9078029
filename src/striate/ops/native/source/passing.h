// Inference: a map that only the next block reads is passed on sample by sample. It lies in one of two
// places of the thread that works on the sample, which take turns from block to block:
//
//     input -> [block 0] -> place 0 -> [block 1] -> place 1 -> [block 2] -> place 0 -> ... -> output
//
// So the maps stay in that thread's cache, and a batch takes no more memory than a sample.
#pragma once
#include <algorithm>

#include "schedule.h"
#include "soundness.h"
#include "threads.h"

namespace striate {

// Of fewer samples all maps are kept: many threads then may share a sample's rows, block by block.
constexpr int kLeastPassed = 16;

// For the plan: whether a block's map is passed on and needs no place among what is kept.
inline bool can_pass_on(const StriatePass& pass, const StriateBlock& block, const Kind& kind, const Kind& next) {
    if (block.training || pass.batch < kLeastPassed) return false;
    for (const Phase& phase : kind.inference)
        if (phase.scope == Scope::tasks) return false;
    return next.inference[0].scope == Scope::samples;
}

inline bool is_passed_on(const StriatePass& pass, int number) {
    return number >= 0 && number + 1 < pass.count && pass.blocks[number].kept_output < 0;
}

inline bool passes_on(const StriatePass& pass) {
    for (int i = 0; i < pass.count; i++)
        if (is_passed_on(pass, i)) return true;
    return false;
}

// Of one thread, for one sample.
class PassedMaps {
public:
    PassedMaps(const StriatePass& pass, int sample) : pass(pass), sample(sample) {
        int64_t largest = 0;
        for (int i = 0; i < pass.count; i++)
            if (is_passed_on(pass, i)) largest = std::max(largest, output_bytes(pass.blocks[i]));
        int64_t place = (largest + 127) / 64 * 64;
        places[0] = scratch_of<char>(kPassedMaps, 2 * place);
        places[1] = places[0] + place;
    }
    // Tells a call where its maps are. Kernels count from the whole batch's first sample.
    Call placed(Call call) const {
        int number = int(call.block - pass.blocks);
        if (is_passed_on(pass, number - 1)) call.input = start_of(number - 1);
        if (is_passed_on(pass, number)) call.output = start_of(number);
        return call;
    }

private:
    const StriatePass& pass;
    int sample;
    char* places[2];

    char* start_of(int number) const { return places[number % 2] - sample * output_bytes(pass.blocks[number]); }
};

// Looks at one sample of the input, which then is in the cache for whoever computes with it.
inline void look_at(const StriatePass& pass, int sample) {
    int64_t values = input_elements(pass.blocks[0]);
    if (!are_numbers(static_cast<const float*>(pass.input) + sample * values, values))
        __atomic_store_n(pass.unsound, 1, __ATOMIC_RELAXED);
}

}  // namespace striate
