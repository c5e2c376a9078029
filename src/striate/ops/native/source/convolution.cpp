// Convolution + bias (+ ReLU) (+ max pooling) (+ dropout): which blocks fit, memory, phases
// (convolution.h names the files).
#include "convolution.h"

namespace striate {

static bool fits(const StriateBlock& block) {
    if (block.bf16 && !kHasBf16Products) return false;
    return block.pool_height * block.pool_width <= kMostPlaces;
}

// [window value][filter, whole vectors], then one row for the bias.
static int64_t partial_bytes(const StriateBlock& block) {
    return (int64_t(window_values(block)) + 1) * padded_filters(block) * int64_t(sizeof(float));
}

static void plan(StriateBlock& block, const StriatePass& pass, Arenas& arenas) {
    int64_t element = element_bytes(!block.bf16);
    int64_t bias = padded_filters(block) * int64_t(sizeof(float));
    block.work_packed = arenas.forward.take(forward_packing(block).elements() * element + bias);
    if (!block.training) return;
    if (pools(block)) block.kept_choice = arenas.kept.take(pass.batch * output_elements(block));
    if (block.input_gradient) block.work_packed_back = arenas.backward.take(backward_packing(block).elements() * element);
}

static int forward_tasks(const Call& call) { return forward_packing(*call.block).blocks(); }
static int backward_tasks(const Call& call) {
    return call.block->input_gradient ? backward_packing(*call.block).blocks() : 0;
}

static const Phase kPrepare = {Scope::tasks, [](const Call& call, int index, int, int) { pack_forward(call, index); },
                               forward_tasks};
static const Phase kPrepareBack = {Scope::tasks, [](const Call& call, int index, int, int) { pack_backward(call, index); },
                                   backward_tasks};
static const Phase kForward = {Scope::samples, forward_sample};
static const Phase kBackward = {Scope::samples, nullptr, nullptr, nullptr, backward_group};
static const Phase kFinish = {Scope::tasks, finish_gradients, gradient_tasks};

const Kind kConvolution = {fits, partial_bytes, plan, kPrepare, {kForward}, {kForward}, kPrepareBack, {kBackward}, kFinish};

}  // namespace striate
