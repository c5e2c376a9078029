// Plans a program's memory by its schedule (schedule.h).
//
//     kept       output maps, choices, moments: of the whole batch, each in a place of its own
//     work       forward:  packed weights, partial sums
//                backward: packed weights, partial sums, gradients of maps       (in the same memory)
//
// A gradient of a map that is made and used within one chain is there for one group of samples a
// thread only, in the thread's *seat*; else for the whole batch, from the stage that makes it to the
// last one that reads it.
#include <algorithm>

#include "passing.h"
#include "schedule.h"

namespace striate {

int64_t Arena::take(int64_t wanted) {
    int64_t size = (wanted + 127) / 64 * 64, at = 0;   // room behind: kernels may read a vector past the end
    for (bool moved = true; moved;) {
        moved = false;
        for (const Place& place : places_) {
            bool meet = place.life.from <= life_.to && life_.from <= place.life.to;
            if (!meet || place.end <= at || at + size <= place.begin) continue;
            at = place.end;
            moved = true;
        }
    }
    places_.push_back({at, at + size, life_});
    bytes = std::max(bytes, at + size);
    return at;
}

// Partial sums cost memory and are added up at the end of each step, so their number is bounded.
constexpr int kMostSlots = 16;
constexpr int kSamplesPerSlot = 4;   // where there are enough samples to keep kFewSlots busy
constexpr int kFewSlots = 4;
constexpr int64_t kMostPartialBytes = int64_t(64) << 20;

static int count_slots(const StriatePass& pass) {
    int64_t each = partial_bytes_of(pass), most = std::min(kMostPartialBytes, 2 * map_bytes_of(pass));
    int64_t affordable = each ? std::max<int64_t>(most / each, 2) : kMostSlots;
    int64_t few = std::min((pass.batch + 1) / 2, kFewSlots);
    int64_t useful = std::max<int64_t>(few, (pass.batch + kSamplesPerSlot - 1) / kSamplesPerSlot);
    int64_t bound = std::max<int64_t>(std::min(affordable, useful), 1);
    int slots = kMostSlots;   // a power of two, which shares evenly among most numbers of threads
    while (slots > bound) slots /= 2;
    return slots;
}

int slot_begin(const StriatePass& pass, int slot) {
    int64_t pairs = (int64_t(pass.batch) + 1) / 2;
    return int(std::min<int64_t>(pairs * slot / pass.slots * 2, pass.batch));
}

// When a block's phases run on the way back, as numbers of stages and of steps.
struct Turn {
    int prepare_stage = -1, first_stage = -1, last_stage = -1, finish_stage = -1;
    int first_step = -1, last_step = -1;
};

static std::vector<Turn> turns_of(const StriatePass& pass, const Schedule& schedule) {
    std::vector<Turn> turns(pass.count);
    int step_number = 0;
    for (int stage = 0; stage < int(schedule.size()); stage++)
        for (const Step& step : schedule[stage].steps) {
            const Kind& kind = kind_of(pass.blocks[step.block]);
            Turn& turn = turns[step.block];
            int number = step_number++;
            if (step.phase == &kind.prepare_back) {
                turn.prepare_stage = stage;
                continue;
            }
            turn.finish_stage = stage;
            if (step.phase == &kind.finish) continue;
            turn.last_stage = stage;
            turn.last_step = number;
            if (turn.first_stage >= 0) continue;
            turn.first_stage = stage;
            turn.first_step = number;
        }
    for (Turn& turn : turns)
        if (turn.prepare_stage < 0) turn.prepare_stage = turn.first_stage;
    return turns;
}

// Sums that a block also needs on the way forward come before all others, so that they have one place.
static bool sums_forward(const Kind& kind) {
    for (const Phase& phase : kind.forward)
        if (phase.open) return true;
    return false;
}

static void plan_partial(const StriatePass& pass, const std::vector<Turn>& turns, int end, bool both_ways, Arenas& arenas) {
    for (int i = 0; i < pass.count; i++) {
        StriateBlock& block = pass.blocks[i];
        if (!block.training || !block.partial_stride || sums_forward(kind_of(block)) != both_ways) continue;
        int64_t bytes = pass.slots * block.partial_stride;
        if (both_ways) {
            arenas.backward.set_life(0, end);
            arenas.forward.take(bytes);
        } else {
            arenas.backward.set_life(turns[i].first_stage, turns[i].finish_stage);
        }
        block.work_partial = arenas.backward.take(bytes);
    }
}

static void plan_block(const StriatePass& pass, int number, const Turn& turn, Arenas& arenas) {
    StriateBlock& block = pass.blocks[number];
    bool last = number + 1 == pass.count;
    if (!last && !can_pass_on(pass, block, kind_of(block), kind_of(pass.blocks[number + 1])))
        block.kept_output = arenas.kept.take(pass.batch * output_bytes(block));
    arenas.backward.set_life(turn.prepare_stage, turn.last_stage);
    kind_of(block).plan(block, pass, arenas);
}

static void plan_gradients(StriatePass& pass, const std::vector<Turn>& turns, Arena& backward) {
    int together = std::min(samples_together(pass), pass.batch);
    int from = turns[0].last_stage, to = 0;   // stages with seats
    Arena seat;
    for (int i = 1; i < pass.count; i++) {
        StriateBlock& block = pass.blocks[i];
        const Turn &writer = turns[i], &reader = turns[i - 1];
        if (writer.last_stage == reader.last_stage) {
            seat.set_life(writer.last_step, reader.last_step);
            block.seat_gradient = seat.take(together * input_bytes(block));
            from = std::min(from, writer.last_stage);
            to = std::max(to, reader.last_stage);
        } else {
            backward.set_life(writer.last_stage, reader.last_stage);
            block.work_gradient = backward.take(pass.batch * input_bytes(block));
        }
    }
    backward.set_life(from, to);
    pass.seat_bytes = seat.bytes;
    if (seat.bytes) pass.work_seats = backward.take(pass.seats * seat.bytes);
}

static void plan_memory(StriatePass& pass) {
    Schedule schedule = backward_schedule(pass);
    std::vector<Turn> turns = turns_of(pass, schedule);
    int end = int(schedule.size());
    for (int i = 0; i < pass.count; i++) {
        StriateBlock& block = pass.blocks[i];
        block.kept_output = block.kept_choice = block.kept_moments = block.kept_other = -1;
        block.work_packed = block.work_packed_back = block.work_partial = -1;
        block.work_other = block.work_other_back = block.work_gradient = block.seat_gradient = -1;
        block.partial_stride = (kind_of(block).partial_bytes(block) + 63) / 64 * 64;
    }
    Arenas arenas;
    plan_partial(pass, turns, end, true, arenas);
    plan_partial(pass, turns, end, false, arenas);
    for (int i = 0; i < pass.count; i++) plan_block(pass, i, turns[i], arenas);
    pass.work_seats = pass.seat_bytes = 0;
    if (pass.blocks[0].training) plan_gradients(pass, turns, arenas.backward);
    pass.kept_bytes = arenas.kept.bytes;
    pass.work_bytes = std::max(arenas.forward.bytes, arenas.backward.bytes);
}

}  // namespace striate

extern "C" int32_t striate_plan(StriatePass* pass) {
    using namespace striate;
    for (int i = 0; i < pass->count; i++)
        if (!kind_of(pass->blocks[i]).fits(pass->blocks[i])) return STRIATE_UNSUPPORTED;
    pass->slots = count_slots(*pass);
    pass->seats = pass->threads > 0 ? std::min(pass->threads, pass->slots) : pass->slots;
    plan_memory(*pass);
    return STRIATE_OK;
}
