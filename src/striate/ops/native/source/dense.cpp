// The dense layer: shapes, plan and what happens to a sum when it is complete (dense.h).
#include "dense.h"

#include "dropout.h"

namespace striate {

constexpr int kLeastCut = 128;                 // features: shorter sums are not worth a task
constexpr int kMostCuts = 16;
constexpr int kMostGroup = 256;                // samples for which a task packs its weights once
constexpr int64_t kMostPartials = 2 << 20;     // fp32 values, all cuts together
constexpr int64_t kFinishWork = 32768;         // values that one finishing task adds up

static int between(int64_t least, int64_t value, int64_t most) {
    return int(std::max(least, std::min(value, most)));
}

DenseShape::DenseShape(const StriateBlock& block, const StriatePass& pass) {
    features = int(input_elements(block));
    units = block.filters;
    batch = pass.batch;
    padded_units = round_up(units, kLanes);
    sum_stride = padded_units % 256 ? padded_units : padded_units + kLanes;
    unit_vectors = padded_units / kLanes;
    narrow = units <= kNarrowUnits;
    few = batch <= kFewSamples;
    int64_t sums = std::max<int64_t>(int64_t(batch) * sum_stride, 1);
    int wanted = between(1, std::min<int64_t>(features / kLeastCut, kMostPartials / sums), kMostCuts);
    cut_features = round_up(divide_up(features, wanted), 2);
    cuts = divide_up(features, cut_features);
    groups = std::max(divide_up(batch, kMostGroup), 1);
    int vectors = between(1, features / (8 * kLanes), kPanelVectors);
    block_features = vectors * kLanes;
    blocks = divide_up(features, block_features);
    finishes = between(1, cuts * sums / kFinishWork, std::min(batch, 64));
}

void fill_scale_and_shift(const StriateBlock& block, float* scale, float* shift, int padded_units) {
    bool normalized = !block.training && block.moving_mean;
    for (int unit = 0; unit < padded_units; unit++) {
        bool there = unit < block.filters;
        float bias = there && block.bias ? block.bias[unit] : 0.0f;
        scale[unit] = 1.0f;
        shift[unit] = bias;
        if (!normalized || !there) continue;
        float gamma = block.gamma ? block.gamma[unit] : 1.0f, beta = block.beta ? block.beta[unit] : 0.0f;
        scale[unit] = gamma / std::sqrt(block.moving_variance[unit] + block.epsilon);
        shift[unit] = (bias - block.moving_mean[unit]) * scale[unit] + beta;
    }
}

void finish_units(const Call& call, int sample, int unit, int units, Vector sum, const float* scale,
                  const float* shift) {
    const StriateBlock& block = *call.block;
    Vector value = multiply_add(sum, load(scale + unit), load(shift + unit));
    if (block.relu) value = rectify(value);
    Dropout dropout(block, *call.pass, sample);
    if (dropout.active) value = multiply(value, choose(dropout.kept(unit), broadcast(dropout.scale), zero()));
    store_value(call.output, output_is_fp32(block), int64_t(sample) * units + unit, value, first_lanes(units - unit));
}

Vector masked_gradient(const Call& call, int sample, int unit, int units) {
    const StriateBlock& block = *call.block;
    bool fp32 = output_is_fp32(block);
    Lanes lanes = first_lanes(units - unit);
    int64_t at = int64_t(sample) * units + unit;
    Vector gradient = load_value(call.output_gradient, fp32, at, lanes);
    if (block.relu) gradient = choose(is_dead(load_value(call.output, fp32, at, lanes)), zero(), gradient);
    Dropout dropout(block, *call.pass, sample);
    if (!dropout.active) return gradient;
    return choose(dropout.kept(unit), multiply(gradient, broadcast(dropout.scale)), zero());
}

static bool fits(const StriateBlock& block) {
    return block.pool_height == 1 && block.pool_width == 1 && (!block.bf16 || kHasBf16Products);
}

static int64_t no_partial_bytes(const StriateBlock&) { return 0; }

static void plan(StriateBlock& block, const StriatePass& pass, Arenas& arenas) {
    DenseShape shape(block, pass);
    if (!shape.narrow) block.work_other = arenas.forward.take(shape.partial_elements() * int64_t(sizeof(float)));
    if (block.training) block.work_other_back = arenas.backward.take(gradient_work_bytes(shape));
    if (block.training || shape.narrow || shape.few) return;
    int64_t weights = int64_t(round_up(shape.features, 2)) * shape.padded_units;
    block.work_packed = arenas.forward.take(weights * element_bytes(!block.bf16));
}

static Phase tasks(void (*run)(const Call&, int, int, int), int (*count)(const Call&)) {
    Phase phase;
    phase.scope = Scope::tasks;
    phase.run = run;
    phase.tasks = count;
    return phase;
}

static Kind make_kind() {
    Kind kind = {};
    kind.fits = fits;
    kind.partial_bytes = no_partial_bytes;
    kind.plan = plan;
    kind.prepare = tasks(pack_task, pack_tasks);
    kind.forward[0] = kind.inference[0] = tasks(product_task, product_tasks);
    kind.forward[1] = kind.inference[1] = tasks(finish_task, finish_tasks);
    kind.backward[0] = tasks(mask_task, mask_tasks);
    kind.backward[1] = tasks(dense_gradient_task, dense_gradient_tasks);
    return kind;
}

const Kind kDense = make_kind();

}  // namespace striate
