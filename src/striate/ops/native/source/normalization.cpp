// The kind NORMALIZATION: what fits, memory, and the order of phases (normalization.h).
#include "normalization.h"

#include <cmath>

#include "moments.h"
#include "simd.h"
#include "windows.h"

namespace striate {
namespace normalization {

void Coefficients::set(const StriateBlock& block, int channel, double exact_mean, double variance) {
    double gamma = block.gamma ? block.gamma[channel] : 1, beta = block.beta ? block.beta[channel] : 0;
    double deviation = std::sqrt(variance + block.epsilon);
    mean[channel] = float(exact_mean);
    inverse[channel] = float(1 / deviation);
    rest[channel] = float(exact_mean - mean[channel]);
    scale[channel] = float(gamma / deviation);
    offset[channel] = float(beta - (exact_mean - mean[channel]) * (gamma / deviation));
}

static bool fits(const StriateBlock& block) {
    bool has_shape = block.filters == block.channels && block.map_height == block.height &&
                     block.map_width == block.width && windows_fit(block);
    return has_shape && (kHasBf16Products || !block.bf16);
}

static int64_t partial_bytes(const StriateBlock& block) {
    return block.training ? Moments::bytes(block.channels) : 0;   // the gradients' sums need less
}

static void plan(StriateBlock& block, const StriatePass& pass, Arenas& arenas) {
    if (!block.training) {
        block.work_packed = arenas.forward.take(Coefficients::bytes(block.channels));
        return;
    }
    block.kept_moments = arenas.kept.take(Coefficients::bytes(block.channels));
    if (is_pooled(block)) block.kept_choice = arenas.kept.take(pass.batch * output_elements(block));
    block.work_other_back = arenas.backward.take(BackCoefficients::bytes(block.channels));
}

static int one_task(const Call&) { return 1; }
static int one_in_inference(const Call& call) { return call.block->training ? 0 : 1; }

// The coefficients of the moving statistics.
static void prepare_inference(const Call& call, int, int, int) {
    const StriateBlock& block = *call.block;
    Coefficients coefficients(call.work<float>(block.work_packed), block.channels);
    for (int channel = 0; channel < block.channels; channel++)
        coefficients.set(block, channel, block.moving_mean[channel], block.moving_variance[channel]);
}

}  // namespace normalization

using namespace normalization;

const Kind kNormalization = {
    fits,
    partial_bytes,
    plan,
    {Scope::tasks, prepare_inference, one_in_inference},
    {{Scope::samples, sum_moments, nullptr, clear_moments},
     {Scope::tasks, finish_moments, one_task},
     {Scope::samples, apply_normalization}},
    {{Scope::samples, apply_normalization}},
    {},
    {{Scope::samples, sum_gradients, nullptr, clear_gradient_sums},
     {Scope::tasks, finish_gradients, one_task},
     {Scope::samples, pass_gradient_back}},
    {},
};

}  // namespace striate
