// Batch normalisation (+ ReLU) (+ max pooling) (+ dropout).
//
// Forward, training        backward
//   samples: moments         samples: sums of g and g (x - mean), where the forward pass was open
//   task:    coefficients    task:    gradients of gamma and beta, coefficients
//   samples: apply           samples: gradient to the input
//
// With d = 1 / sqrt(variance + epsilon), xhat = (x - mean) d and y = gamma xhat + beta, and g the
// gradient that reaches y (zero where ReLU, pooling or dropout closed the way):
//
//   gradient to beta  = sum g
//   gradient to gamma = sum g xhat
//   gradient to x     = gamma d (g - sum g / n - xhat sum(g xhat) / n)      n places and samples
//
// S. Ioffe, C. Szegedy: Batch Normalization (2015), section 3. Nothing is divided by gamma.
//
// The mean is known better than fp32 holds it. What is left over, mean - fp32(mean), goes into the
// offsets, so that a mean far larger than the deviation costs no accuracy.
#pragma once
#include "program.h"

namespace striate::normalization {

// Values a channel, kept for the way back: y = (x - mean) scale + offset.
struct Coefficients {
    float *mean, *scale, *offset;
    float *inverse;    // 1 / deviation
    float *rest;       // mean - fp32(mean)

    Coefficients(float* from, int channels)
        : mean(from), scale(mean + channels), offset(scale + channels), inverse(offset + channels),
          rest(inverse + channels) {}

    static int64_t bytes(int channels) { return int64_t(channels) * 5 * sizeof(float); }

    void set(const StriateBlock& block, int channel, double exact_mean, double variance);
};

// Values a channel on the way back: gradient to x = g scale + (x - mean) slope + constant.
struct BackCoefficients {
    float *scale, *slope, *constant;

    BackCoefficients(float* from, int channels) : scale(from), slope(scale + channels), constant(slope + channels) {}

    static int64_t bytes(int channels) { return int64_t(channels) * 3 * sizeof(float); }
};

// The phases; see above.
void clear_moments(const Call& call, int slot);
void sum_moments(const Call& call, int sample, int slot, int band);
void finish_moments(const Call& call, int task, int slot, int band);
void apply_normalization(const Call& call, int sample, int slot, int band);
void clear_gradient_sums(const Call& call, int slot);
void sum_gradients(const Call& call, int sample, int slot, int band);
void finish_gradients(const Call& call, int task, int slot, int band);
void pass_gradient_back(const Call& call, int sample, int slot, int band);

}  // namespace striate::normalization
