// The plain C interface of the optimisers' step: all tensors of a network in one call. Parameters,
// gradients and what an optimiser remembers stay the caller's own tensors; this gets their addresses.
//
// One step of one tensor, value by value (w weight, g gradient, a to c the rule's own tensors):
//
//     g = g / loss_scale                             then, where `sums` are kept:
//     sums += g                                      and no more, where `moves` is 0
//     g = (sums + g) / parts                         `sums` itself is left to the caller to empty
//     clip g                                         by its norm, the norm of all, or value by value
//     w *= 1 - rate * share * weight_decay           where the tensor decays
//     SGD       w -= r g        or  a = momentum a - r g,  w += a,  or  w += momentum a - r g (Nesterov)
//     ADAM      a += (g - a) (1 - beta_1),  b = beta_2 b + (1 - beta_2) g g,  c = max(c, b) where kept
//               w -= r correction a / (root of (c or b) + epsilon)
//     RMSPROP   a = beta_2 a + (1 - beta_2) g g,  b += (g - b) (1 - beta_2) where kept
//               q = r g / root of (a + epsilon - b b);  c = momentum c + q, w -= c where kept, else w -= q
//     average += (w - average) (1 - keep)            where kept
//
// with r = rate * share. All tensors of one parameter lie in memory alike and without gaps.
#pragma once
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

enum StriateRule { STRIATE_SGD, STRIATE_ADAM, STRIATE_RMSPROP };
enum StriateClip { STRIATE_CLIP_NOT, STRIATE_CLIP_NORM, STRIATE_CLIP_GLOBAL_NORM, STRIATE_CLIP_VALUE };

typedef struct StriateStep {
    int32_t rule;
    int32_t clip;
    int32_t count;               // tensors
    int32_t moves;
    int32_t nesterov;
    int32_t reserved;
    double rate, weight_decay, momentum, beta_1, beta_2, epsilon, correction;
    double loss_scale, parts, limit, keep;
    // One entry a tensor. A null table: none of the tensors has such a thing.
    const int64_t* lengths;
    const double* shares;        // of the rate
    const int32_t* decays;
    float* const* weights;
    const float* const* gradients;
    float* const* slots[3];      // a, b, c
    float* const* sums;
    float* const* averages;
} StriateStep;

int64_t striate_step_bytes(void);
void striate_step(const StriateStep* step);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
