// The two kinds of products that matrix-like kernels are made of, behind one face, so that each
// kernel is written once: fp32 factors, or pairs of bf16 factors whose two products are added.
//
// A *group* is what one product takes from memory for a lane: one fp32, or two bf16 side by side.
#pragma once
#include "program.h"
#include "simd.h"

namespace striate {

struct Fp32Products {
    using Element = float;
    using Factor = Vector;
    static constexpr int kGroup = 1;

    static Factor load_groups(const float* from) { return load(from); }
    static Factor broadcast_group(const float* from) { return broadcast(*from); }
    static Factor broadcast_last(const float* from) { return broadcast(*from); }
    static void store_groups(float* to, Vector first, Vector) { store(to, first); }
    static float one() { return 1; }
};

struct Bf16Products {
    using Element = bf16_t;
    using Factor = Pairs;
    static constexpr int kGroup = 2;

    static Factor load_groups(const bf16_t* from) { return load_pairs(from); }
    static Factor broadcast_group(const bf16_t* from) { return broadcast_pair(from); }
    // The last value of an odd number: what lies behind it must not count.
    static Factor broadcast_last(const bf16_t* from) { return broadcast_single(from); }
    static void store_groups(bf16_t* to, Vector first, Vector second) { store_pairs(to, first, second); }
    static bf16_t one() { return to_bf16(1); }
};

// Runs something with the products that a block is computed in.
template <class Run>
void with_products(const StriateBlock& block, Run&& run) {
    if constexpr (kHasBf16Products) {
        if (block.bf16) return run(Bf16Products{});
    }
    run(Fp32Products{});
}

// Runs something with a value of a map's element. Maps of bf16 occur only beside products of bf16.
template <class Run>
void with_element(bool fp32, Run&& run) {
    if constexpr (kHasBf16Products) {
        if (!fp32) return run(bf16_t{});
    }
    run(float{});
}

inline int round_up(int value, int multiple) { return (value + multiple - 1) / multiple * multiple; }
inline int divide_up(int value, int divisor) { return (value + divisor - 1) / divisor; }

}  // namespace striate
