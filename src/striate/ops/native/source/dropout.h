// Dropout by a hash instead of a stream: whether a value is kept depends on the step's key, the
// number of its example in the whole batch and its place in the example's map. So neither the
// number of threads nor of processes changes what is dropped, and the way back needs no mask.
#pragma once
#include "program.h"
#include "simd.h"

namespace striate {

// Mixes all bits (the finaliser of MurmurHash3 on 64 bits; A. Appleby, 2011).
inline uint64_t mix_bits(uint64_t key) {
    key = (key ^ (key >> 33)) * 0xff51afd7ed558ccdull;
    key = (key ^ (key >> 33)) * 0xc4ceb9fe1a85ec53ull;
    return key ^ (key >> 33);
}

struct Dropout {
    bool active;
    uint32_t key, threshold;
    float scale;

    Dropout(const StriateBlock& block, const StriatePass& pass, int sample) {
        active = block.training && block.dropout > 0;
        key = uint32_t(mix_bits(block.dropout_key + 0x9e3779b97f4a7c15ull * uint64_t(pass.first_example + sample)));
        threshold = uint32_t(double(block.dropout) * 4294967296.0);
        scale = active ? 1.0f / (1.0f - block.dropout) : 1.0f;
    }

    // Which of the values from `place` on, counted in the sample's output map, are kept. The 32-bit
    // finaliser of MurmurHash3 on place and key.
    Lanes kept(uint32_t place) const {
        Words hash = mix(multiply_words(count_from(place), words(0x9e3779b1u)), words(key));
        hash = multiply_words(mix(hash, shift_right<16>(hash)), words(0x85ebca6bu));
        hash = multiply_words(mix(hash, shift_right<13>(hash)), words(0xc2b2ae35u));
        return is_at_least(mix(hash, shift_right<16>(hash)), words(threshold));
    }
};

}  // namespace striate
