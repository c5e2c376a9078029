// Plans memory for a row of blocks and runs their phases (program.h).
#include "program.h"

#include <algorithm>
#include <vector>

#include "threads.h"

namespace striate {

static const Kind* kind_of(const StriateBlock& block) {
    static const Kind* const kinds[] = {&kConvolution, &kNormalization, &kFirst, &kDense, &kGlobal};
    return kinds[block.kind];
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

// Partial sums cost memory and are added up at the end of each step, so their number is bounded.
constexpr int kMostSlots = 16;
constexpr int kSamplesPerSlot = 4;   // where there are enough samples to keep kFewSlots busy
constexpr int kFewSlots = 4;
constexpr int64_t kMostPartialBytes = int64_t(64) << 20;

static int count_slots(const StriatePass& pass) {
    int64_t each = 0;
    for (int i = 0; i < pass.count; i++) each += kind_of(pass.blocks[i])->partial_bytes(pass.blocks[i]);
    int64_t affordable = each ? std::max<int64_t>(kMostPartialBytes / each, 2) : kMostSlots;
    int64_t few = std::min((pass.batch + 1) / 2, kFewSlots);
    int64_t useful = std::max<int64_t>(few, (pass.batch + kSamplesPerSlot - 1) / kSamplesPerSlot);
    int64_t bound = std::max<int64_t>(std::min(affordable, useful), 1);
    int slots = kMostSlots;   // a power of two, which shares evenly among most numbers of threads
    while (slots > bound) slots /= 2;
    return slots;
}

static void plan_block(StriatePass& pass, int number, Arena& kept, Arena& work) {
    StriateBlock& block = pass.blocks[number];
    const Kind* kind = kind_of(block);
    block.kept_output = block.kept_choice = block.kept_moments = block.kept_other = -1;
    block.work_packed = block.work_packed_back = block.work_partial = block.work_gradient = -1;
    block.work_other = -1;
    bool last = number + 1 == pass.count;
    if (!last) {
        int64_t bytes = pass.batch * output_elements(block) * element_bytes(output_is_fp32(block));
        block.kept_output = kept.take(bytes);
    }
    block.partial_stride = (kind->partial_bytes(block) + 63) / 64 * 64;
    if (block.training && block.partial_stride) block.work_partial = work.take(pass.slots * block.partial_stride);
    kind->plan(block, pass, kept, work);
}

// Each block has a place of its own: threads work on different blocks at the same time.
static void plan_gradients(StriatePass& pass, Arena& work) {
    for (int i = 1; i < pass.count; i++) {
        StriateBlock& block = pass.blocks[i];
        block.work_gradient = work.take(pass.batch * input_elements(block) * element_bytes(input_is_fp32(block)));
    }
}

int slot_begin(const StriatePass& pass, int slot) {
    int64_t pairs = (int64_t(pass.batch) + 1) / 2;
    return int(std::min<int64_t>(pairs * slot / pass.slots * 2, pass.batch));
}

static std::vector<Call> calls_of(const StriatePass& pass, bool backward) {
    std::vector<Call> calls(pass.count);
    for (int i = 0; i < pass.count; i++) {
        StriateBlock& block = pass.blocks[i];
        bool first = i == 0, last = i + 1 == pass.count;
        Call& call = calls[i];
        call.block = &block;
        call.pass = &pass;
        call.bands = 1;
        call.input = first ? static_cast<const char*>(pass.input) : pass.kept + pass.blocks[i - 1].kept_output;
        call.output = last ? static_cast<char*>(pass.output) : pass.kept + block.kept_output;
        call.output_gradient = nullptr;
        call.input_gradient = nullptr;
        if (!backward) continue;
        call.output_gradient = last ? static_cast<const char*>(pass.output_gradient)
                                    : pass.work + pass.blocks[i + 1].work_gradient;
        if (block.input_gradient)
            call.input_gradient = first ? static_cast<char*>(pass.input_gradient) : pass.work + block.work_gradient;
    }
    return calls;
}

struct Step {
    const Call* call;
    const Phase* phase;
};

static int tasks_of(const Step& step) { return step.phase->tasks(*step.call); }

// All tasks of all steps together, in one go.
static void run_together(const std::vector<Step>& steps) {
    std::vector<int> ends;
    int total = 0;
    for (const Step& step : steps) ends.push_back(total += tasks_of(step));
    if (!total) return;
    parallel(total, [&](int task) {
        size_t at = std::upper_bound(ends.begin(), ends.end(), task) - ends.begin();
        int begin = at ? ends[at - 1] : 0;
        steps[at].phase->run(*steps[at].call, task - begin, 0, 0);
    });
}

// How many samples of a slot go through one phase before the next phase: more where maps are small,
// so that weights stay in the nearest cache and long sums in registers.
static int samples_together(const StriatePass& pass) {
    constexpr int64_t most = 8, budget = int64_t(512) << 10;
    int64_t largest = 1;
    for (int i = 0; i < pass.count; i++) {
        const StriateBlock& block = pass.blocks[i];
        largest = std::max({largest, 4 * input_elements(block), 4 * map_elements(block)});
    }
    return int(std::max<int64_t>(std::min(most, budget / largest / 2 * 2), 2));   // even: bf16 takes pairs
}

static void run_group(const Step& step, int begin, int end, int slot) {
    if (step.phase->run_group) return step.phase->run_group(*step.call, begin, end, slot);
    for (int sample = begin; sample < end; sample++) step.phase->run(*step.call, sample, slot, 0);
}

static void run_samples(const StriatePass& pass, const std::vector<Step>& chain) {
    int together = samples_together(pass);
    parallel(pass.slots, [&](int slot) {
        int begin = slot_begin(pass, slot), end = slot_begin(pass, slot + 1);
        for (const Step& step : chain)
            if (step.phase->open) step.phase->open(*step.call, slot);
        for (int first = begin; first < end; first += together)
            for (const Step& step : chain) run_group(step, first, std::min(first + together, end), slot);
    });
}

static void run_phases(const StriatePass& pass, const std::vector<Step>& steps) {
    std::vector<Step> chain;
    for (const Step& step : steps) {
        if (step.phase->scope == Scope::samples) {
            chain.push_back(step);
            continue;
        }
        if (!chain.empty()) run_samples(pass, chain);
        chain.clear();
        run_together({step});
    }
    if (!chain.empty()) run_samples(pass, chain);
}

// Few samples and many threads: each block on its own, its samples cut into bands of rows.
static void run_bands(const StriatePass& pass, const std::vector<Step>& steps, std::vector<Call>& calls) {
    int bands = (2 * thread_count() + pass.batch - 1) / std::max(pass.batch, 1);
    for (Call& call : calls) call.bands = std::max(std::min(bands, int(call.block->output_height)), 1);
    for (const Step& step : steps) {
        if (step.phase->scope == Scope::tasks) {
            run_together({step});
            continue;
        }
        int each = step.call->bands;
        parallel(pass.batch * each,
                 [&](int index) { step.phase->run(*step.call, index / each, 0, index % each); });
    }
}

static void add(std::vector<Step>& steps, const Call& call, const Phase& phase) {
    if (phase.scope != Scope::none) steps.push_back({&call, &phase});
}

static void forward(const StriatePass& pass) {
    std::vector<Call> calls = calls_of(pass, false);
    std::vector<Step> prepare, steps;
    bool training = false;
    for (const Call& call : calls) {
        const Kind* kind = kind_of(*call.block);
        training = training || call.block->training;
        add(prepare, call, kind->prepare);
        for (const Phase& phase : call.block->training ? kind->forward : kind->inference) add(steps, call, phase);
    }
    if (!pass.packed) run_together(prepare);
    if (!training && pass.batch < thread_count()) return run_bands(pass, steps, calls);
    run_phases(pass, steps);
}

static void backward(const StriatePass& pass) {
    std::vector<Call> calls = calls_of(pass, true);
    std::vector<Step> prepare, steps, finish;
    for (int i = pass.count - 1; i >= 0; i--) {
        const Kind* kind = kind_of(*calls[i].block);
        add(prepare, calls[i], kind->prepare_back);
        for (const Phase& phase : kind->backward) add(steps, calls[i], phase);
        add(finish, calls[i], kind->finish);
    }
    run_together(prepare);
    run_phases(pass, steps);
    run_together(finish);
}

}  // namespace striate

extern "C" {

int32_t striate_interface(void) { return STRIATE_INTERFACE; }
int64_t striate_block_bytes(void) { return sizeof(StriateBlock); }
int64_t striate_pass_bytes(void) { return sizeof(StriatePass); }

int32_t striate_plan(StriatePass* pass) {
    using namespace striate;
    for (int i = 0; i < pass->count; i++)
        if (!kind_of(pass->blocks[i])->fits(pass->blocks[i])) return STRIATE_UNSUPPORTED;
    pass->slots = count_slots(*pass);
    Arena kept, work;
    for (int i = 0; i < pass->count; i++) plan_block(*pass, i, kept, work);
    if (pass->blocks[0].training) plan_gradients(*pass, work);
    pass->kept_bytes = kept.bytes;
    pass->work_bytes = work.bytes;
    return STRIATE_OK;
}

int32_t striate_forward(const StriatePass* pass) {
    if (pass->batch) striate::forward(*pass);
    return STRIATE_OK;
}

int32_t striate_backward(const StriatePass* pass) {
    striate::backward(*pass);
    return STRIATE_OK;
}

}  // extern "C"
