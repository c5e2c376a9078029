// Runs a program's stages (schedule.h) in the memory that was planned for them (plan.cpp).
#include "program.h"

#include <algorithm>
#include <atomic>

#include "passing.h"
#include "schedule.h"
#include "threads.h"

namespace striate {

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

// Lets the gradients that live within a chain start so that sample `begin` lies at the seat's.
static void take_seat(const StriatePass& pass, int seat, int begin, std::vector<Call>& calls) {
    char* memory = pass.work + pass.work_seats + seat * pass.seat_bytes;
    for (int i = 1; i < pass.count; i++) {
        const StriateBlock& block = pass.blocks[i];
        if (block.seat_gradient < 0) continue;
        char* start = memory + block.seat_gradient - begin * input_bytes(block);
        calls[i - 1].output_gradient = start;
        if (block.input_gradient) calls[i].input_gradient = start;
    }
}

// All tasks of a stage in one go.
static void run_tasks_of(const Stage& stage, const std::vector<Call>& calls) {
    std::vector<int> ends;
    int total = 0;
    for (const Step& step : stage.steps) ends.push_back(total += step.phase->tasks(calls[step.block]));
    if (!total) return;
    parallel(total, [&](int task) {
        size_t at = std::upper_bound(ends.begin(), ends.end(), task) - ends.begin();
        int begin = at ? ends[at - 1] : 0;
        const Step& step = stage.steps[at];
        step.phase->run(calls[step.block], task - begin, 0, 0);
    });
}

static void run_group(const Phase& phase, const Call& call, int begin, int end, int slot) {
    if (phase.run_group) return phase.run_group(call, begin, end, slot);
    for (int sample = begin; sample < end; sample++) phase.run(call, sample, slot, 0);
}

static void run_slot(const StriatePass& pass, const Stage& chain, int slot, int seat, std::vector<Call>& calls) {
    int begin = slot_begin(pass, slot), end = slot_begin(pass, slot + 1), together = samples_together(pass);
    for (const Step& step : chain.steps)
        if (step.phase->open) step.phase->open(calls[step.block], slot);
    for (int first = begin; first < end; first += together) {
        take_seat(pass, seat, first, calls);
        for (const Step& step : chain.steps)
            run_group(*step.phase, calls[step.block], first, std::min(first + together, end), slot);
    }
}

// Whoever has a seat takes one slot after the other.
static void run_chain(const StriatePass& pass, const Stage& chain, const std::vector<Call>& calls) {
    std::atomic<int> next{0};
    parallel(pass.seats, [&](int seat) {
        std::vector<Call> own = calls;
        for (int slot; (slot = next.fetch_add(1)) < pass.slots;) run_slot(pass, chain, slot, seat, own);
    });
}

// Inference: a thread takes one sample through the whole chain.
static void run_through(const StriatePass& pass, const Stage& chain, const std::vector<Call>& calls) {
    bool asked = pass.unsound && chain.steps[0].block == 0;
    parallel(pass.batch, [&](int sample) {
        if (asked) look_at(pass, sample);
        PassedMaps maps(pass, sample);
        for (const Step& step : chain.steps) step.phase->run(maps.placed(calls[step.block]), sample, 0, 0);
    });
}

static void run_stages(const StriatePass& pass, const Schedule& schedule, const std::vector<Call>& calls) {
    for (const Stage& stage : schedule) {
        if (stage.scope == Scope::tasks)
            run_tasks_of(stage, calls);
        else if (pass.blocks[0].training)
            run_chain(pass, stage, calls);
        else
            run_through(pass, stage, calls);
    }
}

// Few samples and many threads: each block on its own, its samples cut into bands of rows.
static void run_bands(const StriatePass& pass, const Schedule& schedule, std::vector<Call>& calls) {
    int bands = (2 * thread_count() + pass.batch - 1) / std::max(pass.batch, 1);
    for (Call& call : calls) call.bands = std::max(std::min(bands, int(call.block->output_height)), 1);
    for (const Stage& stage : schedule) {
        if (stage.scope == Scope::tasks) {
            run_tasks_of(stage, calls);
            continue;
        }
        for (const Step& step : stage.steps) {
            const Call& call = calls[step.block];
            parallel(pass.batch * call.bands,
                     [&](int index) { step.phase->run(call, index / call.bands, 0, index % call.bands); });
        }
    }
}

static void forward(const StriatePass& pass) {
    std::vector<Call> calls = calls_of(pass, false);
    Schedule schedule = forward_schedule(pass);
    bool bands = !pass.blocks[0].training && !passes_on(pass) && pass.batch < thread_count();
    bool chained = !bands && kind_of(pass.blocks[0]).inference[0].scope == Scope::samples;
    if (pass.unsound && !chained) parallel(pass.batch, [&](int sample) { look_at(pass, sample); });
    if (bands) return run_bands(pass, schedule, calls);
    run_stages(pass, schedule, calls);
}

}  // namespace striate

extern "C" {

int32_t striate_interface(void) { return STRIATE_INTERFACE; }
int64_t striate_block_bytes(void) { return sizeof(StriateBlock); }
int64_t striate_pass_bytes(void) { return sizeof(StriatePass); }

int32_t striate_forward(const StriatePass* pass) {
    if (pass->batch) striate::forward(*pass);
    return STRIATE_OK;
}

int32_t striate_backward(const StriatePass* pass) {
    using namespace striate;
    run_stages(*pass, backward_schedule(*pass), calls_of(*pass, true));
    return STRIATE_OK;
}

}  // extern "C"
