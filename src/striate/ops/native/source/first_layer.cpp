// The kind FIRST: what fits, memory, the order of phases, and the algebra a filter (first_layer.h).
#include "first_layer.h"

#include <cmath>

namespace striate {
namespace first_layer {

static bool fits(const StriateBlock& block) {
    bool small = tap_count(block) <= kMostTaps && windows_fit(block);
    return small && block.training && !block.input_gradient && (kHasBf16Products || !block.bf16);
}

static int64_t partial_bytes(const StriateBlock& block) {
    return std::max(moment_bytes(block), gradient_bytes(block));
}

static void plan(StriateBlock& block, const StriatePass& pass, Arenas& arenas) {
    block.kept_choice = arenas.kept.take(pass.batch * output_elements(block));   // without pooling too
    block.kept_moments = arenas.kept.take(block.filters * int64_t(sizeof(double)));
    block.kept_other = arenas.kept.take(PatchMoments::bytes(tap_count(block)));
    block.work_packed = arenas.forward.take(FilterPlan(block).bytes());
}

static int one_task(const Call&) { return 1; }
static int a_task_a_block(const Call& call) { return FilterPlan(*call.block).blocks; }

static double gamma_of(const StriateBlock& block, int filter) { return block.gamma ? block.gamma[filter] : 1.0; }

static void move(float* moving, float momentum, double value) {
    *moving = float(double(*moving) * momentum + value * (1.0 - double(momentum)));
}

// One filter's statistics; answers 1 / deviation.
static double normalize(const StriateBlock& block, const PatchMoments& moments, int filter) {
    int taps = tap_count(block);
    const float* weights = block.kernel + int64_t(filter) * taps;
    double product[kMostTaps], variance = 0, mean = moments.along(weights, taps);
    moments.times(weights, taps, product);
    for (int tap = 0; tap < taps; tap++) variance += weights[tap] * product[tap];
    if (variance < 0) variance = 0;   // NaN stays
    if (block.bias) mean += block.bias[filter];
    if (block.moving_mean) move(block.moving_mean + filter, block.momentum, mean);
    if (block.moving_variance) move(block.moving_variance + filter, block.momentum, variance);
    return 1 / std::sqrt(variance + block.epsilon);
}

// Packs a block's weights from [lane][tap].
template <class Kind>
static void pack(const FilterPlan& plan, const float* folded, int taps, typename Kind::Element* to) {
    for (int tap = 0; tap < taps; tap += Kind::kGroup)
        for (int vector = 0; vector < plan.vectors; vector++, to += kLanes * Kind::kGroup) {
            const float* from = folded + vector * kLanes * taps + tap;
            bool two = Kind::kGroup == 2 && tap + 1 < taps;
            Kind::store_groups(to, gather(from, taps, first_lanes(kLanes)),
                               two ? gather(from + 1, taps, first_lanes(kLanes)) : zero());
        }
}

// Statistics and folded weights of a block of filters. The shift follows from the weights as they
// are rounded, so that rounding moves no channel's mean.
static void fold(const Call& call, int index, int, int) {
    const StriateBlock& block = *call.block;
    FilterPlan plan(block);
    int taps = tap_count(block), first = index * plan.lanes();
    PatchMoments moments(call.kept<double>(block.kept_other), taps);
    float folded[2 * kLanes * kMostTaps] = {};
    for (int lane = 0; lane < plan.lanes(); lane++) {
        int filter = first + lane;
        float& shift = shifts_of(call, plan)[filter] = 0;
        if (filter >= block.filters) continue;
        double inverse = normalize(block, moments, filter), scale = gamma_of(block, filter) * inverse;
        call.kept<double>(block.kept_moments)[filter] = inverse;
        float* to = folded + lane * taps;
        for (int tap = 0; tap < taps; tap++) {
            to[tap] = float(scale * block.kernel[int64_t(filter) * taps + tap]);
            if (block.bf16) to[tap] = to_float(to_bf16(to[tap]));
        }
        shift = float((block.beta ? block.beta[filter] : 0.0) - moments.along(to, taps));
    }
    with_products(block, [&](auto kind) {
        using Kind = decltype(kind);
        auto* to = call.work<typename Kind::Element>(block.work_packed) + index * plan.block_elements();
        pack<Kind>(plan, folded, taps, to);
    });
}

// Adds up the slots' sums for one filter: S, then sum g.
static void gather_sums(const Call& call, const FilterPlan& plan, int filter, int taps, double* sums) {
    double dropout = call.block->dropout > 0 ? 1.0 / (1.0 - double(call.block->dropout)) : 1.0;
    for (int tap = 0; tap <= taps; tap++) {
        sums[tap] = 0;
        for (int slot = 0; slot < call.pass->slots; slot++)
            sums[tap] += call.partial<float>(slot)[int64_t(tap) * plan.padded_filters() + filter];
        sums[tap] *= dropout;
    }
}

static void finish_filter(const Call& call, const FilterPlan& plan, const PatchMoments& moments, int filter) {
    const StriateBlock& block = *call.block;
    int taps = tap_count(block);
    const float* weights = block.kernel + int64_t(filter) * taps;
    double sums[kMostTaps + 1], product[kMostTaps], along = 0;
    gather_sums(call, plan, filter, taps, sums);
    // Patches were centred by the mean as fp32 has it.
    for (int tap = 0; tap < taps; tap++) {
        sums[tap] -= (moments.mean[tap] - float(moments.mean[tap])) * sums[taps];
        along += weights[tap] * sums[tap];
    }
    double inverse = call.kept<double>(block.kept_moments)[filter], scale = gamma_of(block, filter) * inverse;
    if (block.gamma_gradient) block.gamma_gradient[filter] = float(inverse * along);
    if (block.beta_gradient) block.beta_gradient[filter] = float(sums[taps]);
    if (block.bias_gradient) block.bias_gradient[filter] = 0;
    if (!block.kernel_gradient) return;
    moments.times(weights, taps, product);
    for (int tap = 0; tap < taps; tap++)
        block.kernel_gradient[int64_t(filter) * taps + tap] =
            float(scale * (sums[tap] - inverse * along * inverse * product[tap]));
}

static void finish(const Call& call, int index, int, int) {
    const StriateBlock& block = *call.block;
    FilterPlan plan(block);
    PatchMoments moments(call.kept<double>(block.kept_other), tap_count(block));
    int first = index * plan.lanes(), end = std::min(first + plan.lanes(), block.filters);
    for (int filter = first; filter < end; filter++) finish_filter(call, plan, moments, filter);
}

}  // namespace first_layer

using namespace first_layer;

const Kind kFirst = {
    fits,
    partial_bytes,
    plan,
    {},
    {{Scope::samples, sum_products, nullptr, clear_products},
     {Scope::tasks, finish_products, one_task},
     {Scope::tasks, fold, a_task_a_block},
     {Scope::samples, forward_sample}},
    {},   // in inference a convolution with the normalisation folded in does the same
    {},
    {{Scope::samples, sum_gradients, nullptr, clear_gradients}},
    {Scope::tasks, finish, a_task_a_block},
};

}  // namespace striate
