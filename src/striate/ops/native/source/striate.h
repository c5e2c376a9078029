// The plain C interface of the native kernels. Python calls it by ctypes, so nothing here depends
// on PyTorch's or Python's own binary interface.
//
// A *program* is a row of blocks, each a fused run of layers:
//
//     CONVOLUTION   convolution + bias (+ ReLU) (+ max pooling) (+ dropout)
//     NORMALIZATION batch normalisation        (+ ReLU) (+ max pooling) (+ dropout)
//     FIRST         convolution + batch normalisation (+ ReLU) (+ max pooling) (+ dropout) on few
//                   input channels: the batch's moments follow from the covariance of the patches,
//                   so the map between the two is never stored (first_layer.cpp)
//     DENSE         matrix product + bias (+ ReLU) (+ dropout)
//     GLOBAL        global average or maximum pooling (+ dropout)
//
// Maps are channels-last and contiguous: (sample, row, column, channel). A sequence is an image of
// one row. Between blocks they are bf16 or fp32, sums are always fp32 or wider, weights and their
// gradients always fp32.
//
// Memory comes from the caller, in two arenas whose sizes `striate_plan` says: `kept` holds what
// the way back needs and belongs to one live forward pass; `work` is used within a call only.
#pragma once
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)   // everything else stays inside the library

#define STRIATE_INTERFACE 1

enum StriateKind { STRIATE_CONVOLUTION, STRIATE_NORMALIZATION, STRIATE_FIRST, STRIATE_DENSE, STRIATE_GLOBAL };

typedef struct StriateBlock {
    // --- What the caller says. ---------------------------------------------------------------
    int32_t kind;
    int32_t bf16;             // maps between blocks and the products' factors: 1 bf16, 0 fp32
    int32_t training;         // 1: keep what the way back needs, normalise by the batch
    int32_t input_is_fp32;    // the input map's element, whatever `bf16` says (a network's input)
    int32_t output_is_fp32;   // the output map's element (a network's scores)
    int32_t input_gradient;   // whether the way back goes on to the input
    int32_t height, width, channels;          // one sample's input; DENSE: 1, 1, features
    int32_t filters;                          // output channels; NORMALIZATION, GLOBAL: = channels
    int32_t window_height, window_width;      // of the convolution; 1, 1 elsewhere
    int32_t stride_height, stride_width;
    int32_t dilation_height, dilation_width;
    int32_t top, left;                        // rows and columns of zeros before the input
    int32_t map_height, map_width;            // after the convolution, before pooling
    int32_t relu;
    int32_t pool_height, pool_width;          // 1, 1: no pooling; stride = window
    int32_t pool_top, pool_left;              // places before the map that the first windows cover
    int32_t output_height, output_width;
    int32_t maximum;                          // GLOBAL: 1 maximum, 0 average
    float dropout;                            // the share set to zero, in training; 0: none
    float epsilon, momentum;                  // of the normalisation
    uint64_t dropout_key;                     // drawn anew for each step, see dropout.h

    const float* kernel;      // CONVOLUTION, FIRST: (filters, rows, columns, channels); DENSE: (features, units)
    const float* bias;        // (filters,) or null
    // NORMALIZATION and FIRST; also CONVOLUTION and DENSE that are followed by a normalisation in
    // inference, which is then folded into the packed weights. Null gamma: ones; null beta: zeros.
    const float* gamma;
    const float* beta;
    float* moving_mean;       // null: nothing to normalise (CONVOLUTION, DENSE)
    float* moving_variance;

    float* kernel_gradient;   // as kernel; overwritten. Null: not wanted (a frozen weight)
    float* bias_gradient;
    float* gamma_gradient;
    float* beta_gradient;

    // --- What `striate_plan` fills: bytes from the start of an arena; -1: not there. ------------
    int64_t kept_output;      // output map, where the next block reads it (the last block's: the caller's)
    int64_t kept_choice;      // uint8 a pooled value: place in its window; 255: ReLU or dropout closed it
    int64_t kept_moments;     // NORMALIZATION, FIRST: fp32 mean, 1 / deviation, ... as the kernel needs
    int64_t kept_other;       // anything else that a kernel keeps for the way back
    int64_t work_packed;      // packed weights, forward
    int64_t work_packed_back; // packed weights for the gradient to the input
    int64_t work_partial;     // slots x partial_stride bytes: partial sums over samples
    int64_t partial_stride;
    int64_t work_other;       // anything else, forward
    int64_t work_other_back;  // ... and backward
    // The gradient to this block's input map (the first block's: the caller's): of the whole batch, or
    // of one group of samples from the start of a seat, where no phase needs more of it at a time.
    int64_t work_gradient;
    int64_t seat_gradient;
} StriateBlock;

typedef struct StriatePass {
    StriateBlock* blocks;
    int32_t count;
    int32_t batch;            // samples
    int32_t slots;            // filled by striate_plan: groups of samples with their own partial sums
    int32_t packed;           // 1: `work` holds the packed weights of an earlier forward with the same weights
    int32_t threads;          // that will work at once, at most; 0: any number. More than that find no seat
    int32_t seats;            // filled by striate_plan: groups of samples on their way at the same time
    int64_t first_example;    // number of the first sample in the whole batch (keys dropout)
    int64_t kept_bytes;       // filled by striate_plan
    int64_t work_bytes;
    int64_t work_seats;       // filled by striate_plan: seats x seat_bytes, see StriateBlock.seat_gradient
    int64_t seat_bytes;
    const void* input;
    void* output;             // of the last block
    const void* output_gradient;  // element: output_is_fp32 of the last block
    void* input_gradient;     // element: that of the input map; null unless blocks[0].input_gradient
    char* kept;               // arenas, aligned to 64 bytes
    char* work;
    int32_t* unsound;         // forward in inference: set to 1 where the fp32 input holds NaN or infinity; null: not asked
} StriatePass;

// All functions answer 0, or one of these.
enum { STRIATE_OK = 0, STRIATE_UNSUPPORTED = 1 };

int32_t striate_interface(void);      // STRIATE_INTERFACE of the library that was loaded
int64_t striate_block_bytes(void);    // sizeof(StriateBlock), which the caller compares with its own
int64_t striate_pass_bytes(void);

void striate_set_threads(int32_t threads);

// Fills slots, sizes and offsets. STRIATE_UNSUPPORTED: this library has no kernel for a block.
int32_t striate_plan(StriatePass* pass);
int32_t striate_forward(const StriatePass* pass);
int32_t striate_backward(const StriatePass* pass);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
