// The processor's vectors behind names that say what they do. A library is compiled for one level:
// AVX512 with bf16, AVX512, or AVX2 (compiler.py), and this file and simd_bf16.h ask which.
//
// `Vector` holds kLanes fp32 values. `Lanes` says which of them count: one bit, or one sign, each.
// bf16 exists in memory at every level; products of bf16 factors only where kHasBf16Products.
#pragma once
#include <immintrin.h>

#include <cmath>
#include <cstdint>
#include <cstring>

namespace striate {

using bf16_t = uint16_t;   // the upper half of an fp32

inline float to_float(bf16_t value) {
    uint32_t bits = uint32_t(value) << 16;
    float wide;
    std::memcpy(&wide, &bits, 4);
    return wide;
}

inline float to_float(float value) { return value; }

// Rounds to nearest, ties to even; NaN stays NaN.
inline bf16_t to_bf16(float value) {
    uint32_t bits;
    std::memcpy(&bits, &value, 4);
    if (value != value) return bf16_t((bits >> 16) | 0x40);
    return bf16_t((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

#if defined(__AVX512F__)

using Vector = __m512;
using Lanes = __mmask16;
constexpr int kLanes = 16;

inline Lanes first_lanes(int count) { return count >= 16 ? Lanes(0xffff) : Lanes((1u << (count > 0 ? count : 0)) - 1); }
inline Vector zero() { return _mm512_setzero_ps(); }
inline Vector broadcast(float value) { return _mm512_set1_ps(value); }
inline Vector load(const float* from) { return _mm512_loadu_ps(from); }
inline Vector load(const float* from, Lanes lanes) { return _mm512_maskz_loadu_ps(lanes, from); }
inline void store(float* to, Vector value) { _mm512_storeu_ps(to, value); }
// Straight to memory, to a place aligned to a vector; `finish_past_caches` before another thread reads it.
inline void store_past_caches(float* to, Vector value) { _mm512_stream_ps(to, value); }
inline void store(float* to, Vector value, Lanes lanes) { _mm512_mask_storeu_ps(to, lanes, value); }
inline Vector add(Vector a, Vector b) { return _mm512_add_ps(a, b); }
inline Vector subtract(Vector a, Vector b) { return _mm512_sub_ps(a, b); }
inline Vector multiply(Vector a, Vector b) { return _mm512_mul_ps(a, b); }
inline Vector divide(Vector a, Vector b) { return _mm512_div_ps(a, b); }
inline Vector square_root(Vector a) { return _mm512_sqrt_ps(a); }
inline Vector multiply_add(Vector a, Vector b, Vector sum) { return _mm512_fmadd_ps(a, b, sum); }
inline Vector larger(Vector a, Vector b) { return _mm512_max_ps(a, b); }     // b where either is NaN
inline Vector smaller(Vector a, Vector b) { return _mm512_min_ps(a, b); }    // b where either is NaN
inline Vector choose(Lanes lanes, Vector yes, Vector no) { return _mm512_mask_mov_ps(no, lanes, yes); }
inline Lanes is_greater(Vector a, Vector b) { return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ); }
inline Lanes is_at_most(Vector a, Vector b) { return _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ); }
inline Lanes is_equal(Vector a, Vector b) { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ); }
inline Lanes is_nan(Vector a) { return _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q); }
inline Lanes either(Lanes a, Lanes b) { return Lanes(a | b); }
inline Lanes both(Lanes a, Lanes b) { return Lanes(a & b); }
inline Lanes opposite(Lanes a) { return Lanes(~a); }
inline bool are_all(Lanes a) { return a == Lanes(0xffff); }
inline bool any(Lanes a) { return a != 0; }
inline float sum_of(Vector a) { return _mm512_reduce_add_ps(a); }
// One value a lane, `stride` values apart.
inline Vector gather(const float* from, int stride, Lanes lanes) {
    __m512i lane = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    return _mm512_mask_i32gather_ps(zero(), lanes, _mm512_mullo_epi32(lane, _mm512_set1_epi32(stride)), from, 4);
}

inline Vector load(const bf16_t* from) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i*)from)), 16));
}
inline Vector load(const bf16_t* from, Lanes lanes) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(lanes, from)), 16));
}

inline __m256i round_to_bf16(Vector value) {
#if defined(__AVX512BF16__)
    return (__m256i)_mm512_cvtneps_pbh(value);
#else
    __m512i bits = _mm512_castps_si512(value);
    __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    __m512i rounded = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
    rounded = _mm512_mask_or_epi32(rounded, is_nan(value), bits, _mm512_set1_epi32(0x400000));
    return _mm512_cvtepi32_epi16(_mm512_srli_epi32(rounded, 16));
#endif
}
inline void store(bf16_t* to, Vector value) { _mm256_storeu_si256((__m256i*)to, round_to_bf16(value)); }
// Masked stores of narrow elements are slow on some processors, and masks are mostly full.
inline void store(bf16_t* to, Vector value, Lanes lanes) {
    if (are_all(lanes)) return store(to, value);
    _mm256_mask_storeu_epi16(to, lanes, round_to_bf16(value));
}

// Turns 16 rows of 16 lanes into columns: pairs of rows, then of pairs, then of quarters.
inline void transpose(Vector (&rows)[kLanes]) {
    Vector aside[16];
    for (int i = 0; i < 16; i += 2) {
        aside[i] = _mm512_unpacklo_ps(rows[i], rows[i + 1]);
        aside[i + 1] = _mm512_unpackhi_ps(rows[i], rows[i + 1]);
    }
    for (int i = 0; i < 16; i += 4) {
        rows[i] = _mm512_shuffle_ps(aside[i], aside[i + 2], 0x44);
        rows[i + 1] = _mm512_shuffle_ps(aside[i], aside[i + 2], 0xee);
        rows[i + 2] = _mm512_shuffle_ps(aside[i + 1], aside[i + 3], 0x44);
        rows[i + 3] = _mm512_shuffle_ps(aside[i + 1], aside[i + 3], 0xee);
    }
    for (int half = 0; half < 16; half += 8)
        for (int i = half; i < half + 4; i++) {
            aside[i] = _mm512_shuffle_f32x4(rows[i], rows[i + 4], 0x88);
            aside[i + 4] = _mm512_shuffle_f32x4(rows[i], rows[i + 4], 0xdd);
        }
    for (int i = 0; i < 8; i++) {
        rows[i] = _mm512_shuffle_f32x4(aside[i], aside[i + 8], 0x88);
        rows[i + 8] = _mm512_shuffle_f32x4(aside[i], aside[i + 8], 0xdd);
    }
}

// Small whole numbers, one a lane: the place of a maximum in its window, in memory one byte each.
using Places = __m512i;
inline Places places(int value) { return _mm512_set1_epi32(value); }
inline Places choose(Lanes lanes, Places yes, Places no) { return _mm512_mask_mov_epi32(no, lanes, yes); }
inline Places load_places(const uint8_t* from, Lanes lanes) {
    return _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(lanes, from));
}
inline void store_places(uint8_t* to, Places value, Lanes lanes) {
    if (are_all(lanes)) return _mm_storeu_si128((__m128i*)to, _mm512_cvtepi32_epi8(value));
    _mm_mask_storeu_epi8(to, lanes, _mm512_cvtepi32_epi8(value));
}
inline Lanes is_equal(Places a, Places b) { return _mm512_cmpeq_epi32_mask(a, b); }
// The values of `table` that `index` names, one a lane; only the index's lowest bits count.
inline Vector look_up(Vector table, Places index) { return _mm512_permutexvar_ps(index, table); }

// 32-bit arithmetic modulo 2^32, for hashes.
using Words = __m512i;
inline Words words(uint32_t value) { return _mm512_set1_epi32(int(value)); }
inline Words count_from(uint32_t first) {
    return _mm512_add_epi32(words(first), _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0));
}
inline Words add(Words a, Words b, int) { return _mm512_add_epi32(a, b); }
inline Words multiply_words(Words a, Words b) { return _mm512_mullo_epi32(a, b); }
inline Words mix(Words a, Words b) { return _mm512_xor_si512(a, b); }
template <int bits> inline Words shift_right(Words a) { return _mm512_srli_epi32(a, bits); }
inline Lanes is_at_least(Words a, Words b) { return _mm512_cmpge_epu32_mask(a, b); }   // unsigned

#elif defined(__AVX2__)

using Vector = __m256;
using Lanes = __m256i;      // all bits of a lane set, or none
constexpr int kLanes = 8;

inline Lanes first_lanes(int count) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
inline Lanes lanes_of(Vector mask) { return _mm256_castps_si256(mask); }
inline Vector zero() { return _mm256_setzero_ps(); }
inline Vector broadcast(float value) { return _mm256_set1_ps(value); }
inline Vector load(const float* from) { return _mm256_loadu_ps(from); }
inline Vector load(const float* from, Lanes lanes) { return _mm256_maskload_ps(from, lanes); }
inline void store(float* to, Vector value) { _mm256_storeu_ps(to, value); }
inline void store_past_caches(float* to, Vector value) { _mm256_stream_ps(to, value); }
inline void store(float* to, Vector value, Lanes lanes) { _mm256_maskstore_ps(to, lanes, value); }
inline Vector add(Vector a, Vector b) { return _mm256_add_ps(a, b); }
inline Vector subtract(Vector a, Vector b) { return _mm256_sub_ps(a, b); }
inline Vector multiply(Vector a, Vector b) { return _mm256_mul_ps(a, b); }
inline Vector divide(Vector a, Vector b) { return _mm256_div_ps(a, b); }
inline Vector square_root(Vector a) { return _mm256_sqrt_ps(a); }
inline Vector multiply_add(Vector a, Vector b, Vector sum) { return _mm256_fmadd_ps(a, b, sum); }
inline Vector larger(Vector a, Vector b) { return _mm256_max_ps(a, b); }
inline Vector smaller(Vector a, Vector b) { return _mm256_min_ps(a, b); }
inline Vector choose(Lanes lanes, Vector yes, Vector no) { return _mm256_blendv_ps(no, yes, _mm256_castsi256_ps(lanes)); }
inline Lanes is_greater(Vector a, Vector b) { return lanes_of(_mm256_cmp_ps(a, b, _CMP_GT_OQ)); }
inline Lanes is_at_most(Vector a, Vector b) { return lanes_of(_mm256_cmp_ps(a, b, _CMP_LE_OQ)); }
inline Lanes is_equal(Vector a, Vector b) { return lanes_of(_mm256_cmp_ps(a, b, _CMP_EQ_OQ)); }
inline Lanes is_nan(Vector a) { return lanes_of(_mm256_cmp_ps(a, a, _CMP_UNORD_Q)); }
inline Lanes either(Lanes a, Lanes b) { return _mm256_or_si256(a, b); }
inline Lanes both(Lanes a, Lanes b) { return _mm256_and_si256(a, b); }
inline Lanes opposite(Lanes a) { return _mm256_xor_si256(a, _mm256_set1_epi32(-1)); }
inline bool are_all(Lanes a) { return _mm256_movemask_epi8(a) == -1; }
inline bool any(Lanes a) { return _mm256_movemask_epi8(a) != 0; }
inline float sum_of(Vector a) {
    alignas(32) float parts[8];
    _mm256_store_ps(parts, a);
    return ((parts[0] + parts[4]) + (parts[1] + parts[5])) + ((parts[2] + parts[6]) + (parts[3] + parts[7]));
}

// One value a lane, `stride` values apart.
inline Vector gather(const float* from, int stride, Lanes lanes) {
    __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    __m256i index = _mm256_mullo_epi32(lane, _mm256_set1_epi32(stride));
    return _mm256_mask_i32gather_ps(zero(), from, index, _mm256_castsi256_ps(lanes), 4);
}

// Turns 8 rows of 8 lanes into columns: pairs of rows, then of pairs, then of halves.
inline void transpose(Vector (&rows)[kLanes]) {
    Vector aside[8];
    for (int i = 0; i < 8; i += 2) {
        aside[i] = _mm256_unpacklo_ps(rows[i], rows[i + 1]);
        aside[i + 1] = _mm256_unpackhi_ps(rows[i], rows[i + 1]);
    }
    for (int i = 0; i < 8; i += 4) {
        rows[i] = _mm256_shuffle_ps(aside[i], aside[i + 2], 0x44);
        rows[i + 1] = _mm256_shuffle_ps(aside[i], aside[i + 2], 0xee);
        rows[i + 2] = _mm256_shuffle_ps(aside[i + 1], aside[i + 3], 0x44);
        rows[i + 3] = _mm256_shuffle_ps(aside[i + 1], aside[i + 3], 0xee);
    }
    for (int i = 0; i < 4; i++) {
        aside[i] = _mm256_permute2f128_ps(rows[i], rows[i + 4], 0x20);
        aside[i + 4] = _mm256_permute2f128_ps(rows[i], rows[i + 4], 0x31);
    }
    for (int i = 0; i < 8; i++) rows[i] = aside[i];
}

// Places are few and read rarely; a loop through memory keeps them simple here.
using Places = __m256i;
using Words = __m256i;
inline Places places(int value) { return _mm256_set1_epi32(value); }
inline Places choose(Lanes lanes, Places yes, Places no) { return _mm256_blendv_epi8(no, yes, lanes); }
inline int lane_bits(Lanes lanes) { return _mm256_movemask_ps(_mm256_castsi256_ps(lanes)); }
inline Places load_places(const uint8_t* from, Lanes lanes) {
    alignas(32) int wide[8];
    int bits = lane_bits(lanes);
    for (int i = 0; i < 8; i++) wide[i] = (bits >> i) & 1 ? from[i] : 0;
    return _mm256_load_si256((const __m256i*)wide);
}
inline void store_places(uint8_t* to, Places value, Lanes lanes) {
    alignas(32) int wide[8];
    _mm256_store_si256((__m256i*)wide, value);
    int bits = lane_bits(lanes);
    for (int i = 0; i < 8; i++)
        if ((bits >> i) & 1) to[i] = uint8_t(wide[i]);
}
inline Lanes is_equal(Places a, Places b) { return _mm256_cmpeq_epi32(a, b); }
inline Vector look_up(Vector table, Places index) { return _mm256_permutevar8x32_ps(table, index); }
inline Words words(uint32_t value) { return _mm256_set1_epi32(int(value)); }
inline Words count_from(uint32_t first) { return _mm256_add_epi32(words(first), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)); }
inline Words add(Words a, Words b, int) { return _mm256_add_epi32(a, b); }
inline Words multiply_words(Words a, Words b) { return _mm256_mullo_epi32(a, b); }
inline Words mix(Words a, Words b) { return _mm256_xor_si256(a, b); }
template <int bits> inline Words shift_right(Words a) { return _mm256_srli_epi32(a, bits); }
inline Lanes is_at_least(Words a, Words b) { return _mm256_cmpeq_epi32(_mm256_max_epu32(a, b), a); }

inline Vector load(const bf16_t* from) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i*)from)), 16));
}
inline Vector load(const bf16_t* from, Lanes lanes) {
    alignas(16) bf16_t some[8] = {0};
    int bits = lane_bits(lanes);
    for (int i = 0; i < 8; i++)
        if ((bits >> i) & 1) some[i] = from[i];
    return load(some);
}
inline void store(bf16_t* to, Vector value, Lanes lanes) {
    alignas(32) float wide[8];
    _mm256_store_ps(wide, value);
    int bits = lane_bits(lanes);
    for (int i = 0; i < 8; i++)
        if ((bits >> i) & 1) to[i] = to_bf16(wide[i]);
}
inline void store(bf16_t* to, Vector value) { store(to, value, first_lanes(8)); }

#else
#error "the native kernels need AVX2 or AVX512"
#endif

inline void finish_past_caches() { _mm_sfence(); }

// The running maximum of a window as PyTorch takes it: the first of equals, and NaN wins.
inline Lanes beats(Vector candidate, Vector best) { return either(is_greater(candidate, best), is_nan(candidate)); }
// ReLU that lets NaN through.
inline Vector rectify(Vector value) { return larger(zero(), value); }
// Where ReLU's gradient is zero.
inline Lanes is_dead(Vector value) { return is_at_most(value, zero()); }

}  // namespace striate

#include "simd_bf16.h"
