// Convolution + batch normalisation (+ ReLU) (+ max pooling) (+ dropout) on few input channels, in
// training, without storing the map between the convolution and the normalisation.
//
// Be p the patch of the input that the window sees at a place (taps), w a filter, z = w.p + bias the
// convolution. Over all n places of all samples p has the mean m and the covariance C, so that
//
//     mean of z = w.m + bias        variance of z = w.C w
//
// are known before any z is computed. With d = 1 / sqrt(w.C w + epsilon), the normalised output
// y = gamma d (w.(p - m)) + beta is a convolution by gamma d w, and pooling, ReLU and dropout follow
// in registers. The bias cancels; it is seen in the moving mean alone.
//
// Backward: g is the gradient that reaches y, not zero only where pooling, ReLU and dropout left the
// way open. normalization.h has the gradient that reaches z,
//
//     h = gamma d (g - sum g / n - xhat sum(g xhat) / n),      xhat = d w.(p - m)
//
// and the gradient to w is sum h p. With sum p = n m and sum xhat p = n d C w that is
//
//     S = sum g (p - m)                                        one vector of taps a filter
//     gradient to gamma = sum g xhat = d w.S
//     gradient to beta  = sum g
//     gradient to w     = gamma d (S - (d w.S) d C w)
//     gradient to bias  = sum h = 0
//
// so one pass over the open places is enough. Nothing is divided by gamma.
//
//   forward   samples: products of patches     first_layer_moments.cpp
//             task:    m, C
//             tasks:   filters, folded          first_layer.cpp
//             samples: convolution, pooling ... first_layer_forward.cpp
//   backward  samples: S, sum g                 first_layer_backward.cpp
//             tasks:   gradients                first_layer.cpp
#pragma once
#include "patches.h"
#include "windows.h"

namespace striate::first_layer {

// Mean and covariance of the patches, in kept_other.
struct PatchMoments {
    double *mean, *covariance;

    PatchMoments(double* from, int taps) : mean(from), covariance(from + taps) {}
    static int64_t bytes(int taps) { return int64_t(taps) * (taps + 1) * sizeof(double); }

    double along(const float* filter, int taps) const {
        double sum = 0;
        for (int tap = 0; tap < taps; tap++) sum += filter[tap] * mean[tap];
        return sum;
    }
    // C w.
    void times(const float* filter, int taps, double* to) const {
        for (int row = 0; row < taps; row++) {
            to[row] = 0;
            for (int tap = 0; tap < taps; tap++) to[row] += covariance[row * taps + tap] * filter[tap];
        }
    }
};

// How filters are computed together, and how their folded weights lie in work_packed:
//
//     [block of filters][group of taps][vector][lane][1 fp32 | 2 bf16]     then shifts: [filter], fp32
struct FilterPlan {
    int vectors;       // of a block
    int blocks;
    int groups;        // of taps: a product each
    int group;         // taps of a group

    explicit FilterPlan(const StriateBlock& block)
        : vectors(block.filters > kLanes ? 2 : 1), blocks(divide_up(block.filters, vectors * kLanes)),
          groups(divide_up(tap_count(block), block.bf16 ? 2 : 1)), group(block.bf16 ? 2 : 1) {}
    int lanes() const { return vectors * kLanes; }
    int padded_filters() const { return blocks * lanes(); }
    int64_t block_elements() const { return int64_t(groups) * lanes() * group; }
    int64_t weight_bytes() const { return blocks * block_elements() * (group == 2 ? 2 : 4); }
    int64_t bytes() const { return weight_bytes() + padded_filters() * int64_t(sizeof(float)); }
};

inline float* shifts_of(const Call& call, const FilterPlan& plan) {
    return reinterpret_cast<float*>(call.work<char>(call.block->work_packed) + plan.weight_bytes());
}

// Thread's own buffers (threads.h), by what they hold.
enum Scratch { kSample, kPatches, kTable };

int64_t moment_bytes(const StriateBlock& block);      // of partial sums
int64_t gradient_bytes(const StriateBlock& block);

void clear_products(const Call& call, int slot);
void sum_products(const Call& call, int sample, int slot, int band);
void finish_products(const Call& call, int task, int slot, int band);
void forward_sample(const Call& call, int sample, int slot, int band);
void clear_gradients(const Call& call, int slot);
void sum_gradients(const Call& call, int sample, int slot, int band);

}  // namespace striate::first_layer
