// What a kind of block gives the program (program.cpp), and what it gets.
//
// A program runs as a row of *phases*. Adjacent phases of the scope `samples` are chained: one
// sample goes through all of them before the next begins, so that its maps stay in the cache.
// A phase of the scope `tasks` waits for all before it and is waited for (batch moments).
//
// Order of sums is fixed: the batch is cut into `slots` groups of samples, a number that depends on
// shapes alone; each group is worked on by one thread in the order of its samples and has partial
// sums of its own, which are added up in the order of the groups. So the number of threads changes
// no bit.
#pragma once
#include <vector>

#include "striate.h"

namespace striate {

// One block in one pass, with all places worked out.
struct Call {
    const StriateBlock* block;
    const StriatePass* pass;
    // Maps start where the batch's first sample lies, or would lie: gradients that live within a chain
    // are only there for the samples at hand.
    const char* input;
    char* output;
    const char* output_gradient;
    char* input_gradient;      // null: not wanted
    int bands;                 // forward in inference may cut a sample's rows; else 1

    template <class T> T* kept(int64_t offset) const { return reinterpret_cast<T*>(pass->kept + offset); }
    template <class T> T* work(int64_t offset) const { return reinterpret_cast<T*>(pass->work + offset); }
    // The partial sums of one slot.
    template <class T> T* partial(int slot) const {
        return reinterpret_cast<T*>(pass->work + block->work_partial + slot * block->partial_stride);
    }
};

enum class Scope { none, samples, tasks };

// `index` is a sample (with `slot` its group and `band` its part of the rows) or a task.
struct Phase {
    Scope scope = Scope::none;
    void (*run)(const Call& call, int index, int slot, int band) = nullptr;
    int (*tasks)(const Call& call) = nullptr;     // scope `tasks` only
    // Called before the first sample of a slot: empties its partial sums. May be null.
    void (*open)(const Call& call, int slot) = nullptr;
    // Scope `samples` in training: takes samples of one slot, from `begin` to before `end`, at once
    // (as many as `samples_together` says, fewer at the slot's end). Null: `run` takes them one by one.
    void (*run_group)(const Call& call, int begin, int end, int slot) = nullptr;
};

// Gives places, aligned to 64 bytes, for what is needed from one moment to another: places that are
// not needed at the same time may overlap. What moments are, whoever plans decides (plan.cpp).
class Arena {
  public:
    int64_t bytes = 0;    // that all places together need

    void set_life(int from, int to) { life_ = {from, to}; }   // of what is taken from now on; the last included
    int64_t take(int64_t wanted);

  private:
    struct Life { int from, to; };
    struct Place { int64_t begin, end; Life life; };
    Life life_ = {0, 0};
    std::vector<Place> places_;
};

// What lies in `forward` is lost before the way back; what lies in `backward` was never there before.
struct Arenas {
    Arena kept, forward, backward;
};

constexpr int kPhases = 4;

struct Kind {
    // Whether this library can run the block.
    bool (*fits)(const StriateBlock& block);
    // Bytes of partial sums that one slot needs, 0 for none.
    int64_t (*partial_bytes)(const StriateBlock& block);
    // Takes kept_choice, kept_moments, kept_other, work_packed... The program itself takes
    // kept_output, work_partial and the gradients' places. What is taken from `backward` is there from
    // `prepare_back` to the last phase of `backward`, partial sums from its first phase to `finish`.
    void (*plan)(StriateBlock& block, const StriatePass& pass, Arenas& arenas);
    Phase prepare;                  // tasks; all blocks' together, before everything in forward
    Phase forward[kPhases];
    Phase inference[kPhases];       // in place of forward where block.training is 0
    Phase prepare_back;             // tasks; all blocks' together, before everything in backward
    Phase backward[kPhases];        // only the last one writes the gradient to the input
    Phase finish;                   // tasks; all blocks' together, after everything in backward
};

extern const Kind kConvolution, kNormalization, kFirst, kDense, kGlobal;

// The first sample of a slot. Slots have even numbers of samples, but for the last.
int slot_begin(const StriatePass& pass, int slot);

int64_t element_bytes(bool fp32);
bool input_is_fp32(const StriateBlock& block);
bool output_is_fp32(const StriateBlock& block);
int64_t input_elements(const StriateBlock& block);    // of one sample
int64_t map_elements(const StriateBlock& block);      // before pooling
int64_t output_elements(const StriateBlock& block);

}  // namespace striate
